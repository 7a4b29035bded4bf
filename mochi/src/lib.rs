//! The Mochi compiler: source text to `.beam` bytes.
//!
//! The front half is `source`, `diag`, `lex`, `parse`, `check` with the data that they hand on: `ast`, `types`, `checked`. Everything here
//! is a pure function of its arguments: no files, clock or environment; no input makes it panic, hang or overflow the stack.

pub mod ast;
pub mod builtins;
pub mod check;
pub mod checked;
pub mod codegen;
pub mod compile;
pub mod core_ir;
pub mod diag;
pub mod format;
mod functional;
pub mod highlight;
pub mod lex;
pub mod lower;
mod matching;
pub mod package;
pub mod parse;
pub mod regalloc;
pub mod service;
pub mod source;
pub mod ssa;
pub mod types;

pub use compile::{CompileResult, Emit, compile, compile_as};

/// What the caller may choose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Make errors of what is merely warned of for the sake of older programs.
    pub strict: bool,
}

/// Parse a whole text. The tree is there whatever happens; where it could not be read, it has `Error` nodes.
///
/// `file` is the name for messages; parsing itself needs it not.
pub fn parse(source: &str, _file: &str) -> (ast::Program, Vec<diag::Diagnostic>) {
    parse::parse(source)
}

/// Parse and check. `Some` when there is no error among the diagnostics; these are in source order.
///
/// A program with syntax errors is checked, too; of what is found only that is told which cannot come of them.
pub fn check(source: &str, file: &str, options: &Options) -> (Option<checked::Checked>, Vec<diag::Diagnostic>) {
    let (checked, diagnostics) = analyse(source, file, options);
    let failed = diagnostics.iter().any(diag::Diagnostic::is_error);
    ((!failed).then_some(checked), diagnostics)
}

/// The same, with whatever the checker knows of a program with errors.
pub(crate) fn analyse(source: &str, file: &str, options: &Options) -> (checked::Checked, Vec<diag::Diagnostic>) {
    let (program, mut diagnostics) = parse(source, file);
    let broken: Vec<ast::Span> =
        diagnostics.iter().filter(|d| d.is_error() && d.code != "T000").map(|d| d.span).collect();
    if options.strict {
        // The parser's warnings are older programs' habits.
        diagnostics.iter_mut().for_each(|d| d.severity = diag::Severity::Error);
    }
    let (checked, mut found) = check::check_program(program, source, options);
    if !broken.is_empty() {
        diag::keep_certain(&mut found, &broken, source);
    }
    diagnostics.extend(found);
    diag::settle(&mut diagnostics);
    (checked, diagnostics)
}

/// Tokens for colouring an editor: (start byte, end byte, kind), for any text.
pub fn tokens(source: &str) -> Vec<(u32, u32, highlight::TokenKind)> {
    highlight::tokens(source)
}
