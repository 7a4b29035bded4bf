//! Golden files of diagnostics: `diagnostics/NAME.mochi` with the expected text beside it in `NAME.txt`. A first line `// strict`
//! checks in strict mode. `UPDATE_GOLDENS=1` writes the texts anew.

#![allow(clippy::expect_used, clippy::unwrap_used)]

use beambox_mochi::{Options, check, diag::render_all};
use std::path::{Path, PathBuf};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

fn sources() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder("diagnostics"))
        .expect("the folder of golden files")
        .filter_map(|e| e.ok().map(|e| e.path()))
        .filter(|p| p.extension().is_some_and(|e| e == "mochi"))
        .collect();
    files.sort();
    files
}

#[test]
fn diagnostics_are_as_recorded() {
    let update = std::env::var_os("UPDATE_GOLDENS").is_some();
    let files = sources();
    assert!(files.len() >= 40, "only {} golden files", files.len());
    let mut wrong = Vec::new();
    for path in files {
        let source = std::fs::read_to_string(&path).expect("a golden source");
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default().to_owned();
        let options = Options { strict: source.starts_with("// strict") };
        let (checked, found) = check(&source, &name, &options);
        assert_eq!(
            checked.is_none(),
            found.iter().any(|d| d.is_error()),
            "{name}: a program without errors comes through, others do not"
        );
        let text = render_all(&found, &source, &name) + "\n";
        let golden = path.with_extension("txt");
        if update {
            std::fs::write(&golden, &text).expect("write a golden file");
        } else if std::fs::read_to_string(&golden).unwrap_or_default() != text {
            wrong.push(format!("--- {name}\n{text}"));
        }
    }
    assert!(wrong.is_empty(), "{} differ (UPDATE_GOLDENS=1 accepts them):\n{}", wrong.len(), wrong.join("\n"));
}

/// Every code that the front half can emit stands in some golden file.
#[test]
fn every_code_is_covered() {
    fn codes(dir: &Path, found: &mut std::collections::BTreeSet<String>) {
        for entry in std::fs::read_dir(dir).expect("sources").flatten() {
            let path = entry.path();
            if path.is_dir() {
                codes(&path, found);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = std::fs::read_to_string(&path).expect("a source file");
                for piece in text.split('"') {
                    let code = piece.len() == 4
                        && piece.starts_with(['P', 'T'])
                        && piece.chars().skip(1).all(|c| c.is_ascii_digit());
                    if code {
                        found.insert(piece.to_owned());
                    }
                }
            }
        }
    }
    let mut all = std::collections::BTreeSet::new();
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for dir in ["parse", "check"] {
        codes(&src.join(dir), &mut all);
    }
    all.extend(["P040", "P041", "P042", "P043", "P045", "P046"].map(str::to_owned));
    let texts: String =
        sources().iter().filter_map(|p| std::fs::read_to_string(p.with_extension("txt")).ok()).collect();
    let missing: Vec<&String> = all.iter().filter(|c| !texts.contains(&format!("[{c}]"))).collect();
    assert!(missing.is_empty(), "no golden file shows {missing:?}");
}
