//! The programs: which there are, and what they are made of.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::places;

/// What a program is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Language {
    /// `tests/conformance/NAME.erl`, and `tests/memory/NAME.erl` where numbers of words are compared: real OTP compiles it, and real OTP's output is the expectation.
    Erlang,
    /// `tests/mochi/NAME.mochi`: our compiler compiles it, `NAME.out` is the expectation, `NAME.in` its standard input.
    Mochi,
}

/// One test program.
#[derive(Clone, Debug)]
pub struct Program {
    pub language: Language,
    /// The file's stem; for Erlang also the module.
    pub name: String,
    pub source: PathBuf,
}

impl Program {
    /// Does it print sizes of heaps?
    pub fn measures(&self) -> bool {
        self.source.parent().is_some_and(|dir| dir.ends_with("memory"))
    }

    /// Does it say that a collection at every reservation is too much for it?
    pub fn is_heavy(&self) -> bool {
        std::fs::read_to_string(&self.source).is_ok_and(|text| text.contains("%% Heavy:"))
    }

    /// The name in lists and on the command line: `lists_basic`, `mochi/hello`.
    pub fn label(&self) -> String {
        match self.language {
            Language::Erlang => self.name.clone(),
            Language::Mochi => format!("mochi/{}", self.name),
        }
    }
}

/// All programs, by label.
pub fn all() -> Result<Vec<Program>> {
    let mut programs = folder("conformance", "erl", Language::Erlang)?;
    programs.extend(folder("memory", "erl", Language::Erlang)?);
    programs.extend(folder("mochi", "mochi", Language::Mochi)?);
    programs.sort_by_key(Program::label);
    Ok(programs)
}

fn folder(name: &str, extension: &str, language: Language) -> Result<Vec<Program>> {
    let dir = places::root().join("tests").join(name);
    if !dir.is_dir() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(&dir).with_context(|| format!("cannot read {}", dir.display()))? {
        let source = entry?.path();
        if source.extension().is_some_and(|e| e == extension)
            && let Some(name) = source.file_stem().and_then(|s| s.to_str())
        {
            found.push(Program { language, name: name.to_string(), source: source.clone() });
        }
    }
    Ok(found)
}

/// A file beside the program's source with another extension, when there is one.
pub fn beside(source: &Path, extension: &str) -> Result<Option<Vec<u8>>> {
    let path = source.with_extension(extension);
    match path.exists() {
        true => Ok(Some(fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?)),
        false => Ok(None),
    }
}
