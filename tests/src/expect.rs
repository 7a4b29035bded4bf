//! Which program passes on which host: `tests/expectations/conformance.txt`, a set that only grows.
//!
//! One line per program, `NAME: HOST HOST ..`. Lines that begin with `#` are comments. A program that isn't listed for a host is on the
//! wishlist there: it may fail, and when it passes the runner asks for it to be listed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::places;

const HEAD: &str = "\
# Which program passes on which host. This set only grows: a listed program that fails is a regression.
# `cargo xtask conformance --bless` adds what passes newly.
";

/// The pairs of program and host that pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passing {
    hosts: BTreeMap<String, BTreeSet<String>>,
}

fn path() -> PathBuf {
    places::root().join("tests/expectations/conformance.txt")
}

impl Passing {
    /// Reads the file; there may be none yet.
    pub fn load() -> Result<Passing> {
        match path().exists() {
            true => Passing::parse(&fs::read_to_string(path()).context("cannot read the expectations")?),
            false => Ok(Passing::default()),
        }
    }

    fn parse(text: &str) -> Result<Passing> {
        let mut passing = Passing::default();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let Some((name, hosts)) = line.split_once(':') else {
                bail!("line {} of the expectations has no colon: {line}", number + 1);
            };
            let hosts = hosts.split_whitespace().map(String::from).collect();
            if passing.hosts.insert(name.trim().to_string(), hosts).is_some() {
                bail!("the expectations name {name} twice");
            }
        }
        Ok(passing)
    }

    /// Writes the file.
    pub fn save(&self) -> Result<()> {
        let mut text = HEAD.to_string();
        for (name, hosts) in &self.hosts {
            let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
            text += &format!("{name}: {}\n", hosts.join(" "));
        }
        if let Some(dir) = path().parent() {
            fs::create_dir_all(dir)?;
        }
        fs::write(path(), text).context("cannot write the expectations")
    }

    /// Whether the program is expected to pass on this host.
    pub fn contains(&self, program: &str, host: &str) -> bool {
        self.hosts.get(program).is_some_and(|hosts| hosts.contains(host))
    }

    /// Adds a pair.
    pub fn insert(&mut self, program: &str, host: &str) {
        self.hosts.entry(program.to_string()).or_default().insert(host.to_string());
    }

    /// Listed programs that no longer exist.
    pub fn unknown<'a>(&'a self, programs: &'a BTreeSet<String>) -> impl Iterator<Item = &'a str> {
        self.hosts.keys().filter(|name| !programs.contains(*name)).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read() {
        let passing = Passing::parse("# head\n\na: native raw\nmochi/b: node\n").unwrap_or_else(|e| panic!("{e}"));
        assert!(passing.contains("a", "raw") && passing.contains("mochi/b", "node"));
        assert!(!passing.contains("a", "node") && !passing.contains("c", "native"));
    }

    #[test]
    fn wrong_lines_are_errors() {
        assert!(Passing::parse("no colon here").is_err());
        assert!(Passing::parse("a: native\na: raw\n").is_err());
    }
}
