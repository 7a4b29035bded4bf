//! Source text at the border: bytes to text, and places in it.
//!
//! Invariant: all spans in this crate are byte ranges of the text that the caller passed (a leading BOM counts), so editors can use them
//! without knowing of any preprocessing.

use crate::ast::Span;
use crate::diag::Diagnostic;

/// Bytes of a file as source text. Not UTF-8 is P999 with the place of the first bad byte.
pub fn from_bytes(bytes: &[u8]) -> Result<String, Diagnostic> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(e) => {
            let at = e.valid_up_to();
            let line = bytes.get(..at).unwrap_or_default().iter().filter(|b| **b == b'\n').count() + 1;
            Err(Diagnostic::error(
                "P999",
                Span::new(at, at + 1),
                format!("the file is not UTF-8 text: bad byte at offset {at}, line {line}"),
            )
            .help("Mochi sources are UTF-8; save the file in that encoding (or is it not a source file at all?)"))
        }
    }
}

/// A place for people and editors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// 1-based.
    pub line: u32,
    /// 1-based, in code points.
    pub column: u32,
    /// 0-based, bytes from the start of the text.
    pub byte: u32,
    /// 0-based, UTF-16 code units from the start of the text.
    pub utf16: u32,
    /// 0-based, UTF-16 code units from the start of the line.
    pub utf16_column: u32,
}

/// Line starts of one text; made once, asked often.
#[derive(Clone, Debug)]
pub struct LineIndex<'a> {
    source: &'a str,
    /// (byte, utf16) offset of each line's first character.
    starts: Vec<(u32, u32)>,
}

impl<'a> LineIndex<'a> {
    /// Index `source`. Lines end with LF (a CR before it belongs to the line end).
    pub fn new(source: &'a str) -> LineIndex<'a> {
        let mut starts = vec![(0, 0)];
        let mut utf16 = 0u32;
        for (i, c) in source.char_indices() {
            utf16 += c.len_utf16() as u32;
            if c == '\n' {
                starts.push((i as u32 + 1, utf16));
            }
        }
        LineIndex { source, starts }
    }

    /// Place of a byte offset; one inside a character counts as its start, one past the end as the end.
    pub fn position(&self, byte: u32) -> Position {
        let mut byte = (byte as usize).min(self.source.len());
        while !self.source.is_char_boundary(byte) {
            byte -= 1;
        }
        let line = self.starts.partition_point(|s| s.0 as usize <= byte).saturating_sub(1);
        let (start, utf16) = self.starts.get(line).copied().unwrap_or_default();
        let before = self.source.get(start as usize..byte).unwrap_or_default();
        let units: usize = before.chars().map(char::len_utf16).sum();
        Position {
            line: line as u32 + 1,
            column: before.chars().count() as u32 + 1,
            byte: byte as u32,
            utf16: utf16 + units as u32,
            utf16_column: units as u32,
        }
    }

    /// Text of a 1-based line without its end; empty when there is no such line.
    pub fn line_text(&self, line: u32) -> &'a str {
        let Some(i) = line.checked_sub(1) else { return "" };
        let Some(&(start, _)) = self.starts.get(i as usize) else { return "" };
        let end = self.starts.get(i as usize + 1).map_or(self.source.len(), |s| s.0 as usize);
        self.source.get(start as usize..end).unwrap_or_default().trim_end_matches(['\n', '\r'])
    }
}
