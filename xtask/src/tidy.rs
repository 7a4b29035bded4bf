//! `cargo xtask tidy`: rules of the tree that no compiler checks.
//!
//! Each rule is a function from a file's path and text to complaints, so that each is tested on samples. The files are those that git
//! knows. Leaves out formatting and lints: rustfmt, clippy, biome and tsc have them.

use std::fmt;
use std::fs;
use std::path::Path;

use anyhow::{Result, bail};

use crate::paths::Paths;
use crate::run::{command, quiet};

/// `core`'s modules in layers: each may use its own layer and those above it.
const LAYERS: &[&[&str]] = &[
    &["config", "host", "error", "guard", "atom", "trace"],
    &["term"],
    &["arena", "heap"],
    &["code"],
    &["load"],
    &["process"],
    &["ets", "timer", "shared", "resources", "system", "tracing"],
    &["signals"],
    &["bif"],
    &["interp"],
    &["sched"],
    &["observe", "vm", "boot"],
];

/// Crates by folder, and what each may depend on of ours. What isn't here (`tests`) may depend on anything, and nothing on it.
const CRATES: &[(&str, &[&str])] = &[
    ("beamfile", &[]),
    ("regex", &[]),
    ("core", &["beambox-beamfile", "beambox-regex"]),
    ("mochi", &["beambox-beamfile"]),
    ("playground", &["beambox-beamfile", "beambox-core", "beambox-mochi"]),
    ("wasm", &["beambox-playground"]),
    ("sandbox", &["beambox-beamfile", "beambox-core", "beambox-mochi", "beambox-playground"]),
    ("cli", &["beambox-beamfile", "beambox-core", "beambox-mochi", "beambox-playground", "beambox"]),
    ("xtask", &[]),
    ("xtask/bindgen", &[]),
];

/// Most lines of a source file.
const MOST_LINES: usize = 600;

/// One broken rule.
#[derive(Debug, PartialEq, Eq)]
struct Complaint {
    path: String,
    /// 1-based; 0: the file as a whole.
    line: usize,
    what: String,
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.what),
            line => write!(f, "{}:{line}: {}", self.path, self.what),
        }
    }
}

/// Checks every file of the tree; an error lists what is wrong.
pub fn tidy(paths: &Paths) -> Result<()> {
    let args = ["ls-files", "--cached", "--others", "--exclude-standard"];
    let files = quiet(&mut command(&paths.root, "git", &args))?;
    let mut complaints = Vec::new();
    let mut count = 0;
    for path in files.lines() {
        // A file that was deleted and isn't committed yet, or is no text, has nothing to check.
        let Ok(text) = fs::read_to_string(paths.root.join(path)) else { continue };
        count += 1;
        check(path, &text, &mut complaints);
    }
    if complaints.is_empty() {
        println!("tidy: {count} files, nothing to complain about");
        return Ok(());
    }
    for complaint in &complaints {
        println!("{complaint}");
    }
    bail!("tidy has {} complaints", complaints.len())
}

fn check(path: &str, text: &str, complaints: &mut Vec<Complaint>) {
    let extension = Path::new(path).extension().and_then(|e| e.to_str()).unwrap_or_default();
    let lock = path.ends_with(".lock") || path.ends_with("-lock.json");
    let mut complain = |line, what: String| complaints.push(Complaint { path: path.into(), line, what });
    if matches!(extension, "rs" | "ts" | "erl" | "mjs") {
        file_size(path, text, &mut complain);
    }
    if extension == "rs" {
        opening(text, &mut complain);
        safety(text, &mut complain);
        if let Some(inside) = path.strip_prefix("core/src/") {
            layers(inside, text, &mut complain);
        }
    }
    if let Some((_, allowed)) = CRATES.iter().find(|(dir, _)| path == format!("{dir}/Cargo.toml")) {
        direction(text, allowed, &mut complain);
    }
    if !lock {
        machine(text, &mut complain);
    }
}

/// No file is longer than a reader can keep in mind; tables are exempt.
fn file_size(path: &str, text: &str, complain: &mut impl FnMut(usize, String)) {
    // The hot loop is one function whose vocabulary is macros over its locals, which can't live in another file.
    let exempt = ["generated", "fixtures", "/table", "tables", "/op.rs", "interp/run.rs", "conformance/"];
    let lines = text.lines().count();
    if lines > MOST_LINES && !exempt.iter().any(|part| path.contains(part)) {
        complain(0, format!("{lines} lines, more than {MOST_LINES}: split it"));
    }
}

/// Every Rust file says first what it is.
fn opening(text: &str, complain: &mut impl FnMut(usize, String)) {
    if !text.starts_with("//!") {
        complain(1, "doesn't open with a //! line that says what the file owns".into());
    }
}

/// Every unsafe block has its reason within the three lines above it.
fn safety(text: &str, complain: &mut impl FnMut(usize, String)) {
    let lines: Vec<&str> = text.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        // In two parts for the same reason as in `machine`.
        let blocks = ["{", "impl"].iter().any(|after| code.contains(&["unsafe", after].join(" ")));
        if blocks && !lines[at.saturating_sub(3)..=at].iter().any(|near| near.contains("SAFETY")) {
            complain(at + 1, "an unsafe block without a SAFETY line above it".into());
        }
    }
}

/// A module of `core` uses only its own layer and those above.
fn layers(inside: &str, text: &str, complain: &mut impl FnMut(usize, String)) {
    let top = inside.split('/').next().unwrap_or_default().trim_end_matches(".rs");
    if top == "lib" || inside.ends_with("tests.rs") {
        return;
    }
    let layer_of = |name: &str| LAYERS.iter().position(|layer| layer.contains(&name));
    let Some(own) = layer_of(top) else {
        return complain(0, format!("the module {top} is in no layer: see LAYERS in xtask/src/tidy.rs"));
    };
    for (at, line) in text.lines().enumerate() {
        if line.trim() == "#[cfg(test)]" {
            // Tests may reach down to what uses them.
            break;
        }
        let code = line.split("//").next().unwrap_or_default();
        for (from, _) in code.match_indices("crate::") {
            let path = &code[from + "crate::".len()..];
            for name in first_names(path) {
                if layer_of(name).is_some_and(|layer| layer > own) {
                    complain(at + 1, format!("{top} uses {name}, which is in a later layer"));
                }
            }
        }
    }
}

/// The first names of a path that may begin with a group: `a::b` gives `a`, `{a::b, c}` gives `a` and `c`.
fn first_names(path: &str) -> Vec<&str> {
    let name_of = |text: &'_ str| text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    let Some(group) = path.strip_prefix('{') else { return vec![&path[..name_of(path)]] };
    let mut names = Vec::new();
    let mut depth = 0;
    let mut fresh = true;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => fresh = true,
            c if fresh && !c.is_whitespace() => {
                names.push(&group[at..at + name_of(&group[at..])]);
                fresh = false;
            }
            _ => {}
        }
    }
    names
}

/// A crate depends only on those that the design puts before it.
fn direction(text: &str, allowed: &[&str], complain: &mut impl FnMut(usize, String)) {
    let mut counts = false;
    for (at, line) in text.lines().enumerate() {
        if line.starts_with('[') {
            counts = line.contains("dependencies") && !line.contains("dev-dependencies");
        }
        let name = line.split(['=', '.', ' ']).next().unwrap_or_default();
        let ours = name == "beambox" || name.starts_with("beambox-") || name.starts_with("xtask");
        if counts && ours && !allowed.contains(&name) {
            complain(at + 1, format!("must not depend on {name}"));
        }
    }
}

/// No path of somebody's machine and no host of a registry or mirror.
fn machine(text: &str, complain: &mut impl FnMut(usize, String)) {
    // Spelt in two parts, so that this file doesn't break its own rule.
    let folders =
        [["/wo", "rk/"], ["/ro", "ot/"], ["/fa", "rm/"], ["/tm", "p/"], ["/ho", "me/"]].map(|parts| parts.concat());
    let hosts = [
        ["debian", ".org"],
        ["npmjs", ".org"],
        ["npmjs", ".com"],
        ["pythonhosted", ".org"],
        ["rust-lang", ".org"],
        ["crates", ".io/"],
    ]
    .map(|parts| parts.concat());
    for (at, line) in text.lines().enumerate() {
        for folder in &folders {
            for (from, _) in line.match_indices(folder.as_str()) {
                let before = line[..from].chars().next_back();
                let after = line[from + folder.len()..].chars().next();
                // Inside of a relative path the same name is no machine's.
                let absolute =
                    before.is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '.' | '}' | '_' | '-' | ')' | '*'));
                if absolute && after.is_some_and(|c| c.is_alphanumeric() || c == '.') {
                    complain(at + 1, format!("names a folder of a machine ({folder})"));
                }
            }
        }
        if line.contains("://") && hosts.iter().any(|host| line.contains(host.as_str())) {
            complain(at + 1, "names the host of a registry".into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(path: &str, text: &str) -> Vec<String> {
        let mut found = Vec::new();
        check(path, text, &mut found);
        found.into_iter().map(|c| c.what).collect()
    }

    #[test]
    fn layers_go_one_way() {
        let good = "//! x\nuse crate::term::Term;\nuse crate::{config::Config, heap::{a, b}};\n";
        assert_eq!(complaints("core/src/heap/gc.rs", good), Vec::<String>::new());
        let bad = complaints("core/src/term/mod.rs", "//! x\nuse crate::{config::Config, heap::{a, interp}, bif};\n");
        assert_eq!(bad, ["term uses heap, which is in a later layer", "term uses bif, which is in a later layer"]);
        let bad = complaints("core/src/code/x.rs", "//! x\nfn f() -> crate::process::Pid {}\n");
        assert_eq!(bad, ["code uses process, which is in a later layer"]);
        assert_eq!(complaints("core/src/code/x.rs", "//! x\n// as in crate::process\n"), Vec::<String>::new());
        assert_eq!(complaints("core/src/new.rs", "//! x\n").len(), 1);
        let tests = "//! x\n#[cfg(test)]\nmod tests { use crate::vm::Vm; }\n";
        assert_eq!(complaints("core/src/term/mod.rs", tests), Vec::<String>::new());
    }

    #[test]
    fn unsafe_blocks_say_why() {
        assert_eq!(complaints("core/src/arena.rs", "//! x\nfn f() { unsafe { g() } }\n").len(), 1);
        assert_eq!(
            complaints("core/src/arena.rs", "//! x\n// SAFETY: checked.\nlet a = unsafe { g() };\n"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn files_open_with_a_purpose_and_end_in_time() {
        assert_eq!(complaints("mochi/src/a.rs", "use x;\n").len(), 1);
        let long = format!("//! x\n{}", "\n".repeat(MOST_LINES));
        assert_eq!(complaints("mochi/src/a.rs", &long).len(), 1);
        assert_eq!(complaints("core/src/bif/table.rs", &long), Vec::<String>::new());
    }

    #[test]
    fn crates_depend_one_way() {
        let text = "[package]\nname = \"beambox-mochi\"\n[dependencies]\nbeambox-core.workspace = true\nserde = \"1\"\n[dev-dependencies]\nbeambox = \"1\"\n";
        assert_eq!(complaints("mochi/Cargo.toml", text), ["must not depend on beambox-core"]);
        assert_eq!(complaints("playground/Cargo.toml", text), Vec::<String>::new());
    }

    #[test]
    fn machines_stay_unnamed() {
        for folder in ["/wo\u{72}k/x", "see /ro\u{6f}t/.cargo", "\"/tm\u{70}/a\""] {
            assert_eq!(complaints("README.md", folder).len(), 1, "{folder}");
        }
        for fine in [".toolchain/otp/root/usr", "$x/root/usr", "./work/x", "a/tmp/b"] {
            assert_eq!(complaints("README.md", fine), Vec::<String>::new(), "{fine}");
        }
    }
}
