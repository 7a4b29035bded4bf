//! The formatter: goldens in `tests/format` (`NAME.mochi`, `NAME.txt`; `UPDATE_GOLDENS=1` writes them), and on all programs that there are: the same tokens,
//! the same meaning, and nothing left to do the second time.

#![allow(clippy::expect_used, clippy::unwrap_used)]

use beambox_mochi::format::format;
use beambox_mochi::tokens;
use std::fs;
use std::path::{Path, PathBuf};

fn mochi_files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut all: Vec<PathBuf> = fs::read_dir(&folder)
        .expect("folder")
        .map(|e| e.expect("entry").path())
        .filter(|p| p.extension().is_some_and(|e| e == "mochi"))
        .collect();
    all.sort();
    all
}

fn words(source: &str) -> Vec<String> {
    tokens(source).iter().map(|t| source[t.0 as usize..t.1 as usize].trim_end().to_owned()).collect()
}

#[test]
fn goldens() {
    let files = mochi_files("tests/format");
    assert!(files.len() >= 3);
    for file in files {
        let done = format(&fs::read_to_string(&file).expect("source")).expect("no syntax errors");
        let golden = file.with_extension("txt");
        if std::env::var_os("UPDATE_GOLDENS").is_some() {
            fs::write(&golden, &done).expect("write");
        }
        assert_eq!(done, fs::read_to_string(&golden).unwrap_or_default(), "{}", file.display());
    }
}

#[test]
fn every_program_keeps_its_tokens_and_is_done_after_once() {
    let mut changed = 0;
    for folder in ["../tests/mochi", "tests/syntax", "tests/format"] {
        for file in mochi_files(folder) {
            let source = fs::read_to_string(&file).expect("source");
            let once = format(&source).expect("no syntax errors");
            assert_eq!(words(&once), words(&source), "{}", file.display());
            assert_eq!(format(&once).expect("no syntax errors"), once, "{}", file.display());
            assert!(once.lines().all(|l| l.trim_end() == l || l.contains('"')), "{}", file.display());
            // All on one line is another layout of the same program, unless a comment ends at its line's end.
            changed += usize::from(once != source);
        }
    }
    assert!(changed > 20, "only {changed} are laid out differently");
}

#[test]
fn texts_with_mistakes_are_left_alone() {
    for (source, code) in [("let x = ", "P050"), ("print((1)", "P051"), ("\"open", "P040"), ("}", "P001")] {
        let errors = format(source).expect_err(source);
        assert_eq!(errors[0].code, code, "{source}");
    }
    assert_eq!(format("").expect("nothing"), "");
    assert_eq!(format("\n\n// only\n\n\n/* this */").expect("comments"), "// only\n\n/* this */\n");
}
