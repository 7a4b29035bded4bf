//! The engine through its public interface: slices, limits, bad input of every kind.

use beambox_regex::{Cache, MatchOptions, Matcher, Outcome, Regex, opt};

const STACK: usize = 16 << 20;

/// Runs to the end in slices of `slice` steps; the outcome and the number of slices.
fn run(re: &Regex, subject: &[u8], options: MatchOptions, slice: u64) -> (Outcome, u32, Vec<Option<(usize, usize)>>) {
    let mut m = Matcher::new(re, 0, options, STACK);
    for n in 1.. {
        let outcome = m.run(re, subject, slice);
        if outcome == Outcome::Suspended {
            continue;
        }
        let groups = match outcome {
            Outcome::Match => (0..m.group_count(re)).map(|g| m.group(re, g)).collect(),
            _ => Vec::new(),
        };
        return (outcome, n, groups);
    }
    unreachable!()
}

fn all(pattern: &str, subject: &str) -> Vec<Option<(usize, usize)>> {
    let Ok(re) = Regex::new(pattern.as_bytes(), 0) else { panic!("{pattern} doesn't compile") };
    run(&re, subject.as_bytes(), MatchOptions::default(), u64::MAX).2
}

#[test]
fn the_result_does_not_depend_on_the_slices() {
    for (pattern, subject) in [
        ("(a|ab)(c|bcd)(d*)", "abcd"),
        ("^(?:((.)(?1)\\2|)|((.)(?3)\\4|.))$", "abcdcba"),
        ("(?>a+)b|(\\w)\\1", "aaacc"),
        ("(?<=(\\d{2}))x(?!y)", "12xy34x"),
        ("(*COMMIT)(x+)(*SKIP)y|z", "xxz"),
    ] {
        let re = Regex::new(pattern.as_bytes(), 0).unwrap();
        let whole = run(&re, subject.as_bytes(), MatchOptions::default(), u64::MAX);
        assert_eq!(whole.1, 1);
        for slice in [1, 2, 7] {
            let parts = run(&re, subject.as_bytes(), MatchOptions::default(), slice);
            assert_eq!((parts.0, parts.2), (whole.0, whole.2.clone()), "{pattern} in slices of {slice}");
            assert!(parts.1 > 1, "{pattern} isn't suspended");
        }
    }
}

#[test]
fn a_catastrophic_pattern_stops_at_its_limit() {
    let re = Regex::new(b"(a+)*zz", opt::NO_START_OPTIMIZE).unwrap();
    let subject = [b'a'; 40];
    let limited = MatchOptions { match_limit: Some(10_000), ..MatchOptions::default() };
    let (outcome, slices, _) = run(&re, &subject, limited, 1000);
    assert_eq!(outcome, Outcome::MatchLimit);
    assert!(slices > 1);
}

#[test]
fn the_stack_is_bounded() {
    let re = Regex::new(b"(?:(a)|b)*c", opt::NO_START_OPTIMIZE).unwrap();
    let subject = vec![b'a'; 1 << 20];
    let mut m = Matcher::new(&re, 0, MatchOptions::default(), 1 << 20);
    assert_eq!(m.run(&re, &subject, u64::MAX), Outcome::RecursionLimit);
}

#[test]
fn a_recursion_without_progress_is_found() {
    let re = Regex::new(b"(?(?=(?R))a|b)", 0).unwrap();
    assert_eq!(run(&re, b"b", MatchOptions::default(), u64::MAX).0, Outcome::RecursionLoop);
}

#[test]
fn captures_are_those_of_pcre() {
    assert_eq!(all("(a)|(b)", "b"), [Some((0, 1)), None, Some((0, 1))]);
    assert_eq!(all("(?:(a)|b)*", "ab"), [Some((0, 2)), Some((0, 1))]);
    assert_eq!(all("a\\Kb", "ab"), [Some((1, 2))]);
    assert_eq!(all("(a)(?1)", "aa"), [Some((0, 2)), Some((0, 1))]);
}

#[test]
fn errors_have_text_and_offset() {
    for (pattern, text, offset) in [
        ("a(", "missing )", 2),
        ("a)b", "unmatched parentheses", 1),
        ("[z-a]", "range out of order in character class", 3),
        ("(?<=a*)b", "lookbehind assertion is not fixed length", 6),
        ("\\p{Foo}", "unknown property name after \\P or \\p", 6),
    ] {
        let e = Regex::new(pattern.as_bytes(), 0).unwrap_err();
        assert_eq!((e.text(), e.offset), (text, offset), "{pattern}");
    }
    assert_eq!(Regex::new(b"\xff", opt::UTF).unwrap_err().text(), "invalid UTF-8 string");
    let both = opt::BSR_ANYCRLF | opt::BSR_UNICODE;
    assert_eq!(Regex::new(b"a", both).unwrap_err().text(), "inconsistent NEWLINE options");
}

#[test]
fn deep_and_large_patterns_are_errors() {
    let nested = |n: usize| [b"(".repeat(n), b")".repeat(n)].concat();
    assert!(Regex::new(&nested(200), 0).is_ok());
    assert!(Regex::new(&nested(100_000), 0).is_err());
    assert!(Regex::new(b"(((a{1,600}b){1,100}){1,100})", 0).is_err());
    assert!(Regex::new(&b"(?:".repeat(100_000), 0).is_err());
    assert_eq!(Regex::new(&b"K".repeat(10_000_000), opt::CASELESS | opt::UTF).unwrap_err().code, 20);
    assert!(Regex::new(&b"[".repeat(100_000), 0).is_err());
}

/// Every short string over the characters that mean something, as a pattern: no panic, and every match ends.
#[test]
fn odd_patterns_do_no_harm() {
    let alphabet = b"()[]{}*+?|\\^$-:<>=!#PRC&'1a,";
    let mut seed: u64 = 42;
    let mut next = || {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 33) as usize
    };
    let mut compiled = 0;
    for _ in 0..30_000 {
        let pattern: Vec<u8> = (0..next() % 12).map(|_| alphabet[next() % alphabet.len()]).collect();
        let options = [0, opt::UTF, opt::CASELESS | opt::UTF | opt::UCP, opt::EXTENDED | opt::MULTILINE][next() % 4];
        if let Ok(re) = Regex::new(&pattern, options) {
            compiled += 1;
            let limits = MatchOptions { match_limit: Some(10_000), ..MatchOptions::default() };
            run(&re, b"a1(a)\n-", limits, 10_000);
        }
    }
    assert!(compiled > 1000);
}

/// A subject that isn't UTF-8 gives some answer in UTF mode.
#[test]
fn a_bad_subject_does_no_harm() {
    for pattern in ["(?i)é+\\X\\R?", "[^a]*.\\w", "(?<=.{2})\\b(.)\\1", "\\p{L}+|\\C"] {
        let re = Regex::new(pattern.as_bytes(), opt::UTF).unwrap();
        for subject in [&b"\xff\xfe"[..], b"\xe2\x82", b"a\xc3", b"\xf0\x9f\x98", b"\x80\x80a"] {
            run(&re, subject, MatchOptions::default(), 1000);
        }
    }
    let re = Regex::new(b"a", 0).unwrap();
    let mut m = Matcher::new(&re, 10, MatchOptions::default(), STACK);
    assert_eq!(m.run(&re, b"a", 1000), Outcome::NoMatch);
}

#[test]
fn the_cache_keeps_and_forgets() {
    let mut cache = Cache::default();
    assert!(!cache.get(b"a", 0).unwrap().1);
    assert!(cache.get(b"a", 0).unwrap().1);
    assert!(!cache.get(b"a", opt::CASELESS).unwrap().1);
    assert!(cache.get(b"(", 0).is_err());
    for n in 0..1000 {
        cache.get(format!("x{n}").as_bytes(), 0).unwrap();
    }
    assert!(!cache.get(b"a", 0).unwrap().1);
}

/// Found by the fuzz target `regex`: the last byte of the subject begins a character that isn't there.
#[test]
fn groups_stay_inside_of_a_subject_that_is_no_utf8() {
    for (pattern, subject) in
        [(&b"(*UTF8).*"[..], &b"y\x86\xff\xff\xceW\xc3"[..]), (b"(*UTF8)(.)*", b"\xf0"), (b"(*UTF8)\\w.", b"a\xe2\x82")]
    {
        let re = Regex::new(pattern, 0).unwrap();
        let (_, _, groups) = run(&re, subject, MatchOptions::default(), u64::MAX);
        assert!(groups.iter().flatten().all(|(from, to)| from.max(to) <= &subject.len()), "{groups:?}");
    }
}
