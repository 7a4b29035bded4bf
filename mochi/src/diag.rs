//! Diagnostics: what is wrong, where, why, and what to do.
//!
//! Invariant: a diagnostic is complete in itself (code, spans, prose); rendering needs only the source text. Codes are those
//! of the language reference: `Pxxx` from the parser, `Txxx` from the checker.

use crate::ast::Span;
use crate::source::{LineIndex, Position};
use std::fmt::Write;

/// Does it stop the build?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    Error,
    Warning,
}

impl Severity {
    /// `error`, `warning`
    pub fn text(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// A second place that helps to understand the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    pub span: Span,
    pub message: String,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// `T008`
    pub code: &'static str,
    pub severity: Severity,
    /// One sentence without a full stop: what is wrong, and why.
    pub message: String,
    pub span: Span,
    pub labels: Vec<Label>,
    /// What to do about it.
    pub help: Option<String>,
}

/// A diagnostic's place, both ends, for editors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub start: Position,
    pub end: Position,
}

impl Diagnostic {
    /// An error without labels or help.
    pub fn error(code: &'static str, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic { code, severity: Severity::Error, message: message.into(), span, labels: Vec::new(), help: None }
    }
    /// A warning without labels or help.
    pub fn warning(code: &'static str, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(code, span, message) }
    }
    /// With advice.
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }
    /// With a second place.
    pub fn label(mut self, span: Span, message: impl Into<String>) -> Diagnostic {
        self.labels.push(Label { span, message: message.into() });
        self
    }
    /// Does it stop the build?
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
    /// Line, column, byte and UTF-16 offsets of both ends.
    pub fn place(&self, lines: &LineIndex<'_>) -> Place {
        Place { start: lines.position(self.span.start), end: lines.position(self.span.end) }
    }

    /// As text, without a newline at the end:
    ///
    /// ```text
    /// error[T002]: undefined variable `x`
    ///   --> file.mochi:3:7
    ///
    ///   3 | print(x)
    ///     |       ^
    /// help: declare it first: `let x = ..`
    /// ```
    pub fn render(&self, lines: &LineIndex<'_>, file: &str) -> String {
        let mut out = format!("{}[{}]: {}\n", self.severity.text(), self.code, self.message);
        let start = lines.position(self.span.start);
        let last = self.labels.iter().map(|l| lines.position(l.span.start).line).fold(start.line, u32::max);
        let width = last.to_string().len().max(3);
        let _ = writeln!(out, "  --> {file}:{}:{}\n", start.line, start.column);
        excerpt(&mut out, lines, self.span, '^', "", width);
        for label in &self.labels {
            excerpt(&mut out, lines, label.span, '-', &label.message, width);
        }
        if let Some(help) = &self.help {
            let _ = writeln!(out, "help: {help}");
        }
        out.truncate(out.trim_end().len());
        out
    }
}

/// The first source line of `span`, underlined. Tabs count one column and are shown as one space; a very long line is shown around the place.
fn excerpt(out: &mut String, lines: &LineIndex<'_>, span: Span, mark: char, message: &str, width: usize) {
    const BEFORE: usize = 100;
    const WINDOW: usize = 160;
    let start = lines.position(span.start);
    let end = lines.position(span.end);
    let text = lines.line_text(start.line);
    let skip = (start.column as usize - 1).saturating_sub(BEFORE);
    let shown: String =
        text.chars().skip(skip).take(WINDOW).map(|c| if c.is_control() || c == '\u{feff}' { ' ' } else { c }).collect();
    let column = start.column as usize - 1 - skip;
    let length = if end.line == start.line {
        (end.column.saturating_sub(start.column) as usize).max(1)
    } else {
        text.chars().count().saturating_sub(start.column as usize - 1).max(1)
    };
    let length = length.min(WINDOW - column.min(WINDOW - 1));
    let dots = if skip > 0 { "…" } else { "" };
    let pad = if skip > 0 { " " } else { "" };
    let _ = writeln!(out, "{:>width$} | {dots}{}", start.line, shown.trim_end());
    let marks: String = std::iter::repeat_n(mark, length).collect();
    let line = format!("{:>width$} | {pad}{}{marks} {message}", "", " ".repeat(column));
    let _ = writeln!(out, "{}", line.trim_end());
}

/// More findings than this in one file help nobody.
pub const MAX_DIAGNOSTICS: usize = 200;

/// Put into source order; keep at most [`MAX_DIAGNOSTICS`], errors before warnings, earlier before later.
pub fn settle(diagnostics: &mut Vec<Diagnostic>) {
    if diagnostics.len() > MAX_DIAGNOSTICS {
        diagnostics.sort_by_key(|d| (d.severity, d.span.start, d.span.end));
        diagnostics.truncate(MAX_DIAGNOSTICS);
    }
    diagnostics.sort_by_key(|d| (d.span.start, d.span.end));
}

/// Of what the checker found in a text with syntax errors (at `broken`), keep what cannot come of these: errors some lines away from
/// them; and of undeclared names those that the text has nowhere else, since what declares the others may be what is broken.
pub(crate) fn keep_certain(found: &mut Vec<Diagnostic>, broken: &[Span], source: &str) {
    let lines = LineIndex::new(source);
    let line = |at: u32| lines.position(at).line;
    let near: Vec<u32> = broken.iter().map(|b| line(b.start)).collect();
    let mut names: std::collections::HashMap<&str, u32> = std::collections::HashMap::new();
    for (start, end, _) in crate::tokens(source) {
        *names.entry(source.get(start as usize..end as usize).unwrap_or_default()).or_default() += 1;
    }
    found.retain(|d| {
        let of_a_name = matches!(d.code, "T001" | "T002" | "T003" | "T025" | "T031");
        let name = source.get(d.span.start as usize..d.span.end as usize).unwrap_or_default();
        let at = line(d.span.start);
        d.is_error()
            && near.iter().all(|n| n.abs_diff(at) > 1)
            && matches!(
                d.code,
                "T006"
                    | "T024"
                    | "T039"
                    | "T045"
                    | "T008"
                    | "T007"
                    | "T020"
                    | "T001"
                    | "T002"
                    | "T003"
                    | "T025"
                    | "T031"
            )
            && (!of_a_name || names.get(name).copied().unwrap_or_default() == 1)
    });
}

/// All diagnostics as one text, separated by blank lines.
pub fn render_all(diagnostics: &[Diagnostic], source: &str, file: &str) -> String {
    let lines = LineIndex::new(source);
    let parts: Vec<String> = diagnostics.iter().map(|d| d.render(&lines, file)).collect();
    parts.join("\n\n")
}
