//! The command line of `erl`: what its launcher `erlexec` takes out of it, and what goes to `init`.
//!
//! Emulator flags (`+...`) are read here: a few set limits, those that tune threads and allocators have no effect, what isn't
//! known is an error. Flags that need what this VM refuses (nodes, other programs) are errors that say so. Mirrors `erlexec.c` and
//! the flags of `erl_init.c`.

use super::words;
use std::path::Path;

/// A command line, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// For the emulator, with `-` in place of `+`; told by `-emu_args`.
    pub emulator: Vec<Vec<u8>>,
    /// For `init`.
    pub init: Vec<Vec<u8>>,
    pub environment: Vec<(String, String)>,
    pub print_arguments: bool,
    pub exit_after_printing: bool,
    pub print_version: bool,
    pub init_module: Option<String>,
    pub max_processes: Option<usize>,
    pub max_atoms: Option<usize>,
    pub max_ets_tables: Option<usize>,
}

/// Deepest nesting of files named by `-args_file`.
const MOST_FILES: usize = 20;

/// Flags of the emulator that have a value, by their first letters. Those without an effect tune what this VM doesn't have.
const VALUED: [&str; 27] = [
    "a", "A", "C", "e", "i", "n", "P", "Q", "t", "T", "R", "W", "K", "S", "SP", "SDcpu", "SDPcpu", "SDio", "IOt",
    "IOp", "IOPt", "IOPp", "IOs", "pc", "pad", "Muacul", "MMscs",
];
/// Families of flags of which each has a value.
const VALUED_FAMILIES: [(&str, &[&str]); 5] = [
    ("h", &["ms", "mbs", "pds", "max", "maxk", "maxel", "maxib", "mqd"]),
    ("r", &["g"]),
    (
        "s",
        &[
            "bt", "bwt", "bwtdcpu", "bwtdio", "cl", "ct", "ecio", "fwi", "tbt", "wct", "wt", "wtdcpu", "wtdio", "ss",
            "ssdcpu", "ssdio", "pp", "ub", "ws",
        ],
    ),
    ("z", &["dbbl", "dntgc", "ebwt", "hft", "osrl"]),
    ("J", &["Pperf", "Pfp", "PcoverX", "Pcover", "Msingle"]),
];
/// Flags without a value, or with one that is part of the word.
const PLAIN: [&str; 16] = ["B", "b", "c", "d", "D", "f", "l", "L", "M", "r", "v", "V", "w", "x", "X", "s"];

/// Takes a command line apart, `ERL_FLAGS` and the like included.
///
/// # Errors
/// What is wrong with it, for people.
pub fn parse(arguments: Vec<Vec<u8>>, environment: &dyn Fn(&str) -> Option<String>) -> Result<Line, String> {
    let mut all = Vec::new();
    let group = |name: &str| -> Result<Vec<Vec<u8>>, String> {
        match environment(name).filter(|v| !v.is_empty()) {
            Some(text) => words::split(text.as_bytes()).map_err(|e| format!("{name}: {e}")),
            None => Ok(Vec::new()),
        }
    };
    let (before, flags, after) = (group("ERL_AFLAGS")?, group("ERL_FLAGS")?, group("ERL_ZFLAGS")?);
    if !before.is_empty() {
        all.extend(before);
        all.push(b"--".to_vec());
    }
    let mut arguments = expand(arguments, 0)?;
    // What follows `-extra` goes to the very end.
    let extra = arguments.iter().position(|w| w == b"-extra").map(|at| arguments.split_off(at));
    all.extend(arguments);
    all.push(b"--".to_vec());
    for more in [flags, after] {
        if !more.is_empty() {
            all.extend(more);
            all.push(b"--".to_vec());
        }
    }
    all.extend(extra.unwrap_or_default());
    let mut line = Line::default();
    let mut words = all.into_iter().peekable();
    while let Some(word) = words.next() {
        match word.first() {
            Some(b'-') => {
                if word == b"-extra" {
                    // What follows is the program's, as it is.
                    line.init.push(word);
                    line.init.extend(words.by_ref());
                    break;
                }
                dashed(&mut line, word, &mut words)?;
            }
            Some(b'+') => plus(&mut line, &word, &mut words)?,
            _ => line.init.push(word),
        }
    }
    Ok(line)
}

/// Puts the words of files in place of `-args_file NAME`.
fn expand(all: Vec<Vec<u8>>, depth: usize) -> Result<Vec<Vec<u8>>, String> {
    let mut out = Vec::new();
    let mut words = all.into_iter();
    while let Some(word) = words.next() {
        if word == b"-extra" {
            out.push(word);
            out.extend(words.by_ref());
            break;
        }
        if word != b"-args_file" {
            out.push(word);
            continue;
        }
        let name = words.next().ok_or("Missing argument(s) for '-args_file'.")?;
        let name = String::from_utf8_lossy(&name).into_owned();
        if depth >= MOST_FILES {
            return Err(format!("Failed to open arguments file \"{name}\": too many files name each other"));
        }
        let text = std::fs::read(Path::new(&name))
            .map_err(|e| format!("Failed to open arguments file \"{name}\": {}", crate::failure::plain(&e)))?;
        let inside = words::split(&text).map_err(|e| format!("{name}: {e}"))?;
        out.extend(expand(inside, depth + 1)?);
    }
    Ok(out)
}

type Words<'a> = std::iter::Peekable<std::vec::IntoIter<Vec<u8>>>;

fn value(words: &mut Words<'_>, flag: &str) -> Result<String, String> {
    match words.next() {
        Some(v) if v != b"--" => Ok(String::from_utf8_lossy(&v).into_owned()),
        _ => Err(format!("Missing argument(s) for '{flag}'.")),
    }
}

fn dashed(line: &mut Line, word: Vec<u8>, words: &mut Words<'_>) -> Result<(), String> {
    let flag = String::from_utf8_lossy(&word).into_owned();
    let push = |line: &mut Line, all: &[&str]| line.init.extend(all.iter().map(|w| w.as_bytes().to_vec()));
    match flag.as_str() {
        "-sname" | "-name" | "-remsh" | "-setcookie" | "-proto_dist" if flag != "-setcookie" => {
            return Err(format!("{flag}: this VM has no other nodes to talk to"));
        }
        "-heart" | "-detached" | "-nohup" => return Err(format!("{flag}: this VM starts no other programs")),
        "-man" => return Err("-man: this VM starts no other programs".into()),
        "-emu_args" => line.print_arguments = true,
        "-emu_args_exit" => (line.print_arguments, line.exit_after_printing) = (true, true),
        "-env" => {
            let (name, v) = (value(words, "-env")?, value(words, "-env")?);
            line.environment.push((name, v));
        }
        "-epmd" => drop(value(words, "-epmd")?),
        "-noinput" => push(line, &["-noshell", "-noinput"]),
        "-version" => line.print_version = true,
        "-compile" => push(line, &["-noshell", "-noinput", "-s", "c", "lc_batch"]),
        "-make" => {
            push(line, &["-noshell", "-noinput", "-s", "make", "all_or_nothing"]);
            words.by_ref().for_each(drop);
        }
        _ => line.init.push(word),
    }
    Ok(())
}

fn number(flag: &str, text: &str, range: std::ops::RangeInclusive<usize>) -> Result<usize, String> {
    match text.parse() {
        Ok(n) if range.contains(&n) => Ok(n),
        _ => Err(format!("bad value '{text}' of {flag}: it must be from {} to {}", range.start(), range.end())),
    }
}

fn plus(line: &mut Line, word: &[u8], words: &mut Words<'_>) -> Result<(), String> {
    let flag = String::from_utf8_lossy(word).into_owned();
    let name = &flag[1..];
    let shown = |w: &str| format!("-{w}").into_bytes();
    let family =
        VALUED_FAMILIES.iter().any(|(first, rest)| name.strip_prefix(first).is_some_and(|r| rest.contains(&r)));
    let allocator = name.len() > 2 && name.starts_with('M');
    if VALUED.contains(&name) || family || allocator {
        let v = value(words, &flag)?;
        match name {
            "P" if v != "legacy" => line.max_processes = Some(number("+P", &v, 1024..=134_217_727)?),
            "t" => line.max_atoms = Some(number("+t", &v, 8192..=0x7FFF_FFFF)?),
            "e" => line.max_ets_tables = Some(number("+e", &v, 1..=1 << 24)?),
            "i" => line.init_module = Some(v.clone()),
            "W" if !["w", "i", "e"].contains(&v.as_str()) => {
                return Err(format!("bad value '{v}' of +W: it must be w, i or e"));
            }
            _ => {}
        }
        line.emulator.push(shown(name));
        line.emulator.push(v.into_bytes());
        return Ok(());
    }
    match name.get(..1) {
        Some(first) if PLAIN.contains(&first) => {
            line.print_version |= name == "V";
            // `+B i` and `+c true` may stand as two words.
            let follows: &[&[u8]] = match name {
                "B" => &[b"i", b"c", b"d"],
                "c" => &[b"true", b"false"],
                _ => &[],
            };
            line.emulator.push(shown(name));
            if let Some(v) = words.next_if(|w| follows.contains(&w.as_slice())) {
                line.emulator.push(v);
            }
            Ok(())
        }
        _ => Err(format!("bad flag '{flag}': the emulator has no such flag")),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<Vec<u8>> {
        text.split(' ').map(|w| w.as_bytes().to_vec()).collect()
    }

    fn line(text: &str) -> Line {
        parse(words(text), &|_| None).unwrap()
    }

    fn joined(w: &[Vec<u8>]) -> String {
        w.iter().map(|w| String::from_utf8_lossy(w).into_owned()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn words_go_where_erlexec_puts_them() {
        let l = line("+S 1 -noshell -eval x a -extra q +P");
        assert_eq!(joined(&l.emulator), "-S 1");
        assert_eq!(joined(&l.init), "-noshell -eval x a -- -extra q +P");
        assert_eq!(joined(&line("-noinput").init), "-noshell -noinput --");
        let l = line("+P 5000 +t 9000 +zdbbl 5 +hms 100 +Bd -env A b +i mine");
        assert_eq!((l.max_processes, l.max_atoms), (Some(5000), Some(9000)));
        assert_eq!(l.environment, [("A".to_string(), "b".to_string())]);
        assert_eq!(l.init_module.as_deref(), Some("mine"));
    }

    #[test]
    fn variables_add_their_groups() {
        let env = |name: &str| match name {
            "ERL_AFLAGS" => Some("-aa".to_string()),
            "ERL_FLAGS" => Some("-foo 'b r'".to_string()),
            "ERL_ZFLAGS" => Some("-zz".to_string()),
            _ => None,
        };
        let l = parse(words("plain"), &env).unwrap();
        assert_eq!(joined(&l.init), "-aa -- plain -- -foo b r -- -zz --");
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (text, why) in [
            ("-sname a", "no other nodes"),
            ("-name", "no other nodes"),
            ("-heart", "no other programs"),
            ("-detached", "no other programs"),
            ("+P", "Missing argument"),
            ("+P few", "bad value"),
            ("+P 1", "bad value"),
            ("+W q", "bad value"),
            ("+q", "bad flag"),
            ("+", "bad flag"),
            ("-env A", "Missing argument"),
            ("-args_file /nowhere/at/all", "Failed to open arguments file"),
        ] {
            let e = parse(words(text), &|_| None).unwrap_err();
            assert!(e.contains(why), "{text}: {e}");
        }
    }
}
