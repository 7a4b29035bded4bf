//! The Mochi compiler: source text to `.beam` bytes.
//!
//! The front half is `source`, `diag`, `lex`, `parse`, `check` with the data that they hand on: `ast`, `types`, `checked`. Everything here
//! is a pure function of its arguments: no files, clock or environment; no input makes it panic, hang or overflow the stack.

pub mod ast;
pub mod builtins;
pub mod checked;
pub mod diag;
pub mod highlight;
pub mod lex;
pub mod parse;
pub mod source;
pub mod types;

/// What the caller may choose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Make errors of what is merely warned of for the sake of older programs.
    pub strict: bool,
}
