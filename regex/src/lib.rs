//! PCRE's regular expressions as Erlang/OTP 27 has them (PCRE 8.4x), in safe Rust.
//!
//! Why a crate of our own: `regex` has no back references, look-around or recursion by design; `fancy-regex` has no
//! recursion, verbs, branch reset or conditionals on recursion, and gives neither PCRE's error texts nor its offsets; the
//! bindings to PCRE need a C compiler for wasm32. None can stop in the middle of a match, which `re:run/3` must: a pattern
//! from a guest may take exponential time.
//!
//! [`Regex::new`] compiles, [`Matcher`] matches in steps. Errors have PCRE's texts and offsets. What is left out:
//! callouts (they are read and ignored, as OTP sets none), partial matching and the JavaScript mode, which `re` doesn't
//! offer. Unicode's tables are those of `regex-syntax`, cut down to version 7 (see [`mod@unicode`]).
//!
//! Invariants: no panic and no unbounded recursion whatever the pattern or subject; a subject that isn't valid UTF-8 in UTF
//! mode gives a wrong answer, never more. Mirrors `erts/emulator/pcre`.

mod ast;
mod cache;
mod chars;
mod emit;
mod error;
mod exec;
mod lengths;
mod options;
mod parse;
mod peephole;
mod program;
mod start;
mod unicode;

pub use cache::Cache;
pub use error::CompileError;
pub use exec::{Matcher, Outcome};
pub use options::{MatchOptions, Newline, opt};

/// A compiled pattern.
#[derive(Debug)]
pub struct Regex {
    program: program::Program,
    start: start::StartInfo,
    names: Vec<(Vec<u8>, u32)>,
    options: u32,
    utf: bool,
    match_limit: Option<u32>,
    recursion_limit: Option<u32>,
}

impl Regex {
    /// Compiles a pattern with bits of [`opt`]. The pattern ends at its first zero byte, if it has one.
    pub fn new(pattern: &[u8], options: u32) -> Result<Regex, CompileError> {
        let tree = parse::parse(pattern, options)?;
        let program = emit::emit(&tree).map_err(|code| CompileError { code, offset: pattern.len() })?;
        let start = start::analyse(&tree);
        Ok(Regex {
            program,
            start,
            names: tree.names,
            options: tree.options,
            utf: tree.options & opt::UTF != 0,
            match_limit: tree.match_limit,
            recursion_limit: tree.recursion_limit,
        })
    }

    /// The number of capturing groups.
    pub fn captures(&self) -> u32 {
        self.program.captures
    }

    /// The named groups in alphabetical order; groups of one name in the order of the pattern.
    pub fn names(&self) -> &[(Vec<u8>, u32)] {
        &self.names
    }

    /// The options, those that the pattern itself begins with included.
    pub fn options(&self) -> u32 {
        self.options
    }

    /// About how many bytes the compiled pattern takes.
    pub fn size(&self) -> usize {
        let p = &self.program;
        let sets: usize = p.sets.iter().map(|s| 32 + s.high.len() * 8).sum();
        std::mem::size_of::<Regex>() + p.code.len() * 12 + p.literals.len() + sets + p.registers as usize * 4
    }
}
