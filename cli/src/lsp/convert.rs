//! Between byte offsets and the protocol's places (lines from 0, UTF-16 code units), and between the compiler's kinds and the protocol's.

use beambox_mochi::ast::Span;
use beambox_mochi::diag;
use beambox_mochi::highlight::TokenKind;
use beambox_mochi::service::SymbolKind;
use beambox_mochi::source::LineIndex;
use lsp_types::{
    Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, Location, NumberOrString, Position, Range,
    SemanticToken, SemanticTokenType, SemanticTokens, Uri,
};

/// An open text with the starts of its lines.
pub(super) struct Text {
    source: String,
    starts: Vec<usize>,
}

impl Text {
    pub(super) fn new(source: String) -> Text {
        let starts = std::iter::once(0).chain(source.match_indices('\n').map(|(i, _)| i + 1)).collect();
        Text { source, starts }
    }

    pub(super) fn source(&self) -> &str {
        &self.source
    }

    fn position(&self, byte: u32) -> Position {
        let mut byte = (byte as usize).min(self.source.len());
        while !self.source.is_char_boundary(byte) {
            byte -= 1;
        }
        let line = self.starts.partition_point(|s| *s <= byte).saturating_sub(1);
        let start = self.starts.get(line).copied().unwrap_or_default();
        let units = self.source.get(start..byte).unwrap_or_default().chars().map(char::len_utf16).sum::<usize>();
        Position { line: line as u32, character: units as u32 }
    }

    pub(super) fn range(&self, span: Span) -> Range {
        Range { start: self.position(span.start), end: self.position(span.end) }
    }

    pub(super) fn whole(&self) -> Range {
        self.range(Span::new(0, self.source.len()))
    }

    /// A place beyond a line's end counts as its end, one beyond the text as the text's end.
    pub(super) fn offset(&self, at: Position) -> u32 {
        let Some(start) = self.starts.get(at.line as usize).copied() else { return self.source.len() as u32 };
        let line = self.source.get(start..).unwrap_or_default();
        let line = line.split('\n').next().unwrap_or_default();
        let mut units = 0;
        let found = line.char_indices().find(|(_, c)| {
            let here = units >= at.character as usize;
            units += c.len_utf16();
            here
        });
        (start + found.map_or(line.len(), |f| f.0)) as u32
    }

    pub(super) fn diagnostic(&self, d: &diag::Diagnostic, uri: &Uri) -> Diagnostic {
        let label = |l: &diag::Label| DiagnosticRelatedInformation {
            location: Location { uri: uri.clone(), range: self.range(l.span) },
            message: l.message.clone(),
        };
        let help = d.help.as_ref().map(|h| format!("\nhelp: {h}")).unwrap_or_default();
        Diagnostic {
            range: self.range(d.span),
            severity: Some(if d.is_error() { DiagnosticSeverity::ERROR } else { DiagnosticSeverity::WARNING }),
            code: Some(NumberOrString::String(d.code.to_owned())),
            source: Some("mochi".to_owned()),
            message: format!("{}{help}", d.message),
            related_information: (!d.labels.is_empty()).then(|| d.labels.iter().map(label).collect()),
            ..Diagnostic::default()
        }
    }

    /// Colours; tokens over several lines are cut at the lines' ends.
    pub(super) fn semantic_tokens(&self) -> SemanticTokens {
        let lines = LineIndex::new(&self.source);
        let mut data = vec![];
        let (mut last_line, mut last_column) = (0, 0);
        for (start, end, kind) in beambox_mochi::tokens(&self.source) {
            let Some(token_type) = token_type(kind) else { continue };
            let mut at = start as usize;
            for part in self.source.get(start as usize..end as usize).unwrap_or_default().split_inclusive('\n') {
                let length = part.trim_end_matches(['\n', '\r']).chars().map(char::len_utf16).sum::<usize>();
                let place = lines.position(at as u32);
                let (line, column) = (place.line - 1, place.utf16_column);
                at += part.len();
                if length == 0 {
                    continue;
                }
                let same = line == last_line;
                data.push(SemanticToken {
                    delta_line: line - last_line,
                    delta_start: if same { column - last_column } else { column },
                    length: length as u32,
                    token_type,
                    token_modifiers_bitset: 0,
                });
                (last_line, last_column) = (line, column);
            }
        }
        SemanticTokens { result_id: None, data }
    }
}

/// The legend; [`token_type`] gives places in it.
pub(super) fn token_types() -> Vec<SemanticTokenType> {
    vec![
        SemanticTokenType::KEYWORD,
        SemanticTokenType::VARIABLE,
        SemanticTokenType::FUNCTION,
        SemanticTokenType::TYPE,
        SemanticTokenType::NUMBER,
        SemanticTokenType::STRING,
        SemanticTokenType::COMMENT,
        SemanticTokenType::OPERATOR,
    ]
}

fn token_type(kind: TokenKind) -> Option<u32> {
    Some(match kind {
        TokenKind::Keyword | TokenKind::Contextual | TokenKind::Constant => 0,
        TokenKind::Ident => 1,
        TokenKind::Function | TokenKind::Builtin => 2,
        TokenKind::Type => 3,
        TokenKind::Number => 4,
        TokenKind::String => 5,
        TokenKind::Comment => 6,
        TokenKind::Operator => 7,
        TokenKind::Punctuation | TokenKind::Error => return None,
    })
}

pub(super) fn symbol_kind(kind: SymbolKind) -> lsp_types::SymbolKind {
    match kind {
        SymbolKind::Variable | SymbolKind::Keyword => lsp_types::SymbolKind::VARIABLE,
        SymbolKind::Function => lsp_types::SymbolKind::FUNCTION,
        SymbolKind::Method => lsp_types::SymbolKind::METHOD,
        SymbolKind::Field => lsp_types::SymbolKind::FIELD,
        SymbolKind::Type => lsp_types::SymbolKind::STRUCT,
        SymbolKind::Variant => lsp_types::SymbolKind::ENUM_MEMBER,
        SymbolKind::Stream => lsp_types::SymbolKind::EVENT,
        SymbolKind::Agent => lsp_types::SymbolKind::CLASS,
    }
}
