//! Wrong input of every kind: no panic, no hang, no stack overflow, and always a diagnostic where something is wrong.
//!
//! Everything runs on a thread with the 1 MB stack that a browser gives.

#![allow(clippy::expect_used, clippy::unwrap_used)]

use beambox_mochi::{Options, check, parse, source, tokens};
use std::path::Path;

const STACK: usize = 1 << 20;

fn on_small_stack(f: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(STACK).spawn(f).expect("a thread").join().expect("no panic");
}

/// xorshift: the same cases in each run.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n.max(1) as u64) as usize
    }
}

/// Everything that takes a text, on that text.
fn survive(text: &str) -> bool {
    let (program, found) = parse(text, "fault.mochi");
    for d in &found {
        assert!(d.span.start <= d.span.end, "{d:?}");
        assert!(!d.message.is_empty());
    }
    assert!(program.node_count as usize <= text.len() * 4 + 64, "one node for some token");
    let strict = Options { strict: true };
    let (checked, found) = check(text, "fault.mochi", &strict);
    assert_eq!(checked.is_none(), found.iter().any(|d| d.is_error()));
    let (checked, found) = check(text, "fault.mochi", &Options::default());
    assert_eq!(checked.is_none(), found.iter().any(|d| d.is_error()));
    let _ = beambox_mochi::diag::render_all(&found, text, "fault.mochi");
    let mut last = 0;
    for (start, end, _) in tokens(text) {
        assert!(last <= start && start < end && end as usize <= text.len());
        assert!(text.is_char_boundary(start as usize) && text.is_char_boundary(end as usize));
        last = end;
    }
    checked.is_some()
}

fn samples() -> Vec<String> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join("syntax");
    let mut files: Vec<_> = std::fs::read_dir(dir).expect("samples").flatten().map(|e| e.path()).collect();
    files.sort();
    files
        .iter()
        .filter(|p| p.extension().is_some_and(|e| e == "mochi"))
        .map(|p| std::fs::read_to_string(p).expect("a sample"))
        .collect()
}

#[test]
fn bytes_that_are_no_text_are_refused() {
    let d = source::from_bytes(b"let x = \"\xff\"\n").expect_err("not UTF-8");
    assert_eq!(d.code, "P999");
    assert_eq!((d.span.start, d.span.end), (9, 10));
    assert!(source::from_bytes(b"FOR1\x00\x00\x02\xe4BEAM").is_err());
    assert_eq!(source::from_bytes("π".as_bytes()), Ok("π".to_owned()));
    let truncated = "let s = \"héllo\"".as_bytes();
    for n in 0..truncated.len() {
        let _ = source::from_bytes(truncated.get(..n).unwrap_or_default());
    }
}

#[test]
fn random_text_is_survived() {
    on_small_stack(|| {
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        let words = [
            "let", "var", "fun", "if", "else", "match", "{", "}", "(", ")", "[", "]", "=>", "=", "==", ":", ":-",
            "from", "in", "select", "where", "group", "by", "into", "x", "y", "Foo", "1", "2.5", "\"s\"", "+", "-",
            "*", ".", "..", ",", "?", "??", "agent", "on", "as", "stream", "emit", "type", "|", "return", "for",
            "while", "test", "fact", "rule", "query", "import", "extern", "none", "!", "<", ">", "fetch", "load",
            "save", "update", "set", "with", "join", "left", "intent", "generate", "#", "\n", ";", "then", "export",
            "\"", "/*", "0x", "int", "list",
        ];
        for _ in 0..600 {
            let n = random.below(120);
            let text: Vec<&str> =
                (0..n).map(|_| words.get(random.below(words.len())).copied().unwrap_or("x")).collect();
            survive(&text.join(" "));
        }
        for _ in 0..300 {
            let n = random.below(200);
            let bytes: Vec<u8> = (0..n).map(|_| random.below(256) as u8).collect();
            survive(&String::from_utf8_lossy(&bytes));
        }
    });
}

#[test]
fn truncated_programs_are_survived() {
    on_small_stack(|| {
        for text in samples() {
            assert!(survive(&text), "the whole sample is right");
            let step = text.len() / 97 + 1;
            for (n, _) in text.char_indices().step_by(step) {
                survive(text.get(..n).unwrap_or_default());
                survive(text.get(n..).unwrap_or_default());
            }
        }
    });
}

#[test]
fn deleted_doubled_and_swapped_tokens_are_survived() {
    on_small_stack(|| {
        let mut random = Random(42);
        for text in samples() {
            let tokens: Vec<(usize, usize)> = tokens(&text).iter().map(|t| (t.0 as usize, t.1 as usize)).collect();
            for _ in 0..60 {
                let (a, b) = tokens.get(random.below(tokens.len())).copied().unwrap_or((0, 0));
                let (c, d) = tokens.get(random.below(tokens.len())).copied().unwrap_or((0, 0));
                let part = |x: usize, y: usize| text.get(x..y).unwrap_or_default();
                survive(&format!("{}{}", part(0, a), part(b, text.len())));
                survive(&format!("{}{} {}", part(0, b), part(a, b), part(b, text.len())));
                survive(&format!("{}{}{}", part(0, a), part(c, d), part(b, text.len())));
            }
        }
    });
}

/// A mistake in one place leaves the diagnostics few: the median over many deletions is small.
#[test]
fn one_deleted_token_gives_few_diagnostics() {
    let mut counts = Vec::new();
    let mut random = Random(7);
    for text in samples() {
        let tokens = tokens(&text);
        for _ in 0..40 {
            let Some((a, b, _)) = tokens.get(random.below(tokens.len())).copied() else { continue };
            let broken =
                format!("{}{}", text.get(..a as usize).unwrap_or_default(), text.get(b as usize..).unwrap_or_default());
            let (_, found) = check(&broken, "broken.mochi", &Options::default());
            counts.push(found.iter().filter(|d| d.is_error()).count());
        }
    }
    counts.sort_unstable();
    let at = |p: usize| counts.get(counts.len() * p / 100).copied().unwrap_or(0);
    println!(
        "errors after one deletion: median {}, 90th {}, 99th {}, most {:?}",
        at(50),
        at(90),
        at(99),
        counts.last()
    );
    assert!(at(50) <= 1, "median {}", at(50));
    assert!(at(90) <= 3, "90th percentile {}", at(90));
}

#[test]
fn deep_nesting_is_refused() {
    on_small_stack(|| {
        let deep = 100_000;
        let cases: Vec<(&str, &str, &str)> = vec![
            ("let x = ", "(", ""),
            ("let x = ", "[", ""),
            ("let x = ", "{a: ", ""),
            ("let x = ", "-", "1"),
            ("let x = ", "!", "true"),
            ("let x = 1", " + 1", ""),
            ("let x = 1", " + (1", ""),
            ("let x = y", ".f", ""),
            ("let x = y", "[0]", ""),
            ("let x = y", "(1)", ""),
            ("let x = y", "?.f", ""),
            ("let x = y", " as int", ""),
            ("let x: ", "list<", ""),
            ("let x: ", "fun(", ""),
            ("let x: ", "{a: ", ""),
            ("let x = ", "fun() => ", "1"),
            ("let x = ", "fun() { return ", ""),
            ("", "if a { ", ""),
            ("", "if a { } else ", "{ }"),
            ("", "while a { ", ""),
            ("", "for i in 0..1 { ", ""),
            ("let x = ", "if a then ", "1"),
            ("let x = ", "if a then 1 else ", "1"),
            ("let x = ", "match a { 1 => ", ""),
            ("let x = ", "match a { 1 => { let y = ", ""),
            ("let x = match a { ", "A(", ""),
            ("let x = ", "from a in ", "b"),
            ("let x = ", "from a in b select ", "c"),
            ("", "fun f() { ", ""),
            ("let x = ", "f(", ""),
            ("let x = ", "P { f: ", ""),
            ("", "test \"t\" { ", ""),
            ("let x = a", " ?? b", ""),
            ("let x = a", " union b", ""),
            ("let x = 1", " && (2 || 3)", ""),
            ("type T { ", "fun f() { type T { ", ""),
            ("let x = ", "fetch ", "a"),
            ("let x = ", "save ", "a"),
            ("let x = ", "[1, [fun() { if a { ", ""),
        ];
        for (start, middle, end) in cases {
            let text = format!("{start}{}{end}\n", middle.repeat(deep));
            let (_, found) = parse(&text, "deep.mochi");
            assert!(found.iter().any(|d| d.is_error()), "{start}{middle} is refused, or ends badly");
            assert!(found.len() <= 3, "{start}{middle}: {} diagnostics", found.len());
            assert!(check(&text, "deep.mochi", &Options::default()).0.is_none());
            tokens(&text);
        }
    });
}

/// The deepest trees that are accepted can be walked (checked, cloned, dropped) on a small stack.
#[test]
fn what_is_accepted_fits_the_stack() {
    on_small_stack(|| {
        let chain = format!("let x = 1{}\n", " + 1".repeat(390));
        let cases = [
            chain,
            format!("let x = {}1{}\n", "(".repeat(110), ")".repeat(110)),
            format!("let x = {}1{}\n", "[".repeat(110), "]".repeat(110)),
            format!("let x = {}1\n", "-".repeat(390)),
            format!("let x = {}1\n", "fun() => ".repeat(110)),
            format!("let x = {}1{}\n", "fun() { return ".repeat(55), " }".repeat(55)),
            format!("{} {}\n", "if true {".repeat(110), "}".repeat(110)),
            format!("{} {}\n", "for i in [1] {".repeat(110), "}".repeat(110)),
            format!("let x = {}1\n", "if true then ".repeat(110)),
            format!("let x = {}1{}\n", "match 1 { _ => ".repeat(110), " }".repeat(110)),
            format!("let x = {}[1]{}\n", "from a in ".repeat(110), " select 1".repeat(110)),
            format!("let x: {}int{} = []\n", "list<".repeat(110), ">".repeat(110)),
            format!("let m = none\nlet x = m{}\n", ".f".repeat(390)),
            format!("let x = true{}\n", " && true".repeat(390)),
            format!("let x = {}1{}\n", "{a: ".repeat(110), "}".repeat(110)),
            format!("let x = {}1{}\n", "1 + (".repeat(110), ")".repeat(110)),
        ];
        for text in cases {
            let (program, found) = parse(&text, "deep.mochi");
            let shown: String = text.chars().take(40).collect();
            assert!(!found.iter().any(|d| d.code == "P999"), "{shown}");
            let copy = program.clone();
            assert!(copy == program);
            assert!(survive(&text), "{shown}");
        }
    });
}

#[test]
fn long_inputs_take_time_in_proportion() {
    on_small_stack(|| {
        let started = std::time::Instant::now();
        survive(&"let x = 1\n".repeat(20_000));
        survive(&format!("let xs = [{}]\n", "1, ".repeat(100_000)));
        survive(&"x ".repeat(50_000));
        survive(&"}".repeat(50_000));
        survive(&"/*/".repeat(50_000));
        survive(&"\"\\q".repeat(20_000));
        survive(&"match x { 1 => { a ".repeat(150));
        survive(&"fun f( ".repeat(20_000));
        survive(&"let é = 'x\n".repeat(5_000));
        assert!(started.elapsed().as_secs() < 60, "took {:?}", started.elapsed());
    });
}
