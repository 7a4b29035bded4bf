//! Tokens for colouring an editor: never fails, whatever the text.
//!
//! Invariant: ranges ascend, do not overlap, and lie on character boundaries; what is not covered is white space.

use crate::builtins::Builtin;
use crate::lex::{Kw, P, Tok, lex};

/// How to colour a piece of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    Keyword,
    /// A word with a meaning in context (`select`, `where`), used so here.
    Contextual,
    /// `true`, `false`, `none`, `null`, `nil`
    Constant,
    Ident,
    /// A name that is called.
    Function,
    /// A built-in that is called.
    Builtin,
    /// A type's or variant's name.
    Type,
    Number,
    String,
    Comment,
    Operator,
    Punctuation,
    Error,
}

impl TokenKind {
    /// Stable name for style sheets.
    pub fn name(self) -> &'static str {
        match self {
            TokenKind::Keyword => "keyword",
            TokenKind::Contextual => "contextual",
            TokenKind::Constant => "constant",
            TokenKind::Ident => "ident",
            TokenKind::Function => "function",
            TokenKind::Builtin => "builtin",
            TokenKind::Type => "type",
            TokenKind::Number => "number",
            TokenKind::String => "string",
            TokenKind::Comment => "comment",
            TokenKind::Operator => "operator",
            TokenKind::Punctuation => "punctuation",
            TokenKind::Error => "error",
        }
    }
}

const TYPE_NAMES: &[&str] =
    &["int", "int64", "float", "bigint", "bigrat", "string", "bool", "unit", "void", "any", "list", "map"];

/// (start, end, kind) in bytes, comments included.
pub fn tokens(source: &str) -> Vec<(u32, u32, TokenKind)> {
    let lexed = lex(source);
    let toks = &lexed.tokens;
    let mut out: Vec<(u32, u32, TokenKind)> = Vec::with_capacity(toks.len() + lexed.comments.len());
    let is = |i: Option<usize>, p: P| i.and_then(|i| toks.get(i)).is_some_and(|t| t.tok == Tok::P(p));
    // Inside a query, clause words are coloured; it ends with its `select`.
    let mut in_query = false;
    for (i, t) in toks.iter().enumerate() {
        let next = Some(i + 1);
        let prev = i.checked_sub(1);
        let kind = match &t.tok {
            Tok::Eof => continue,
            Tok::Error => TokenKind::Error,
            Tok::Int(_) | Tok::Float(_) => TokenKind::Number,
            Tok::Str(_) => TokenKind::String,
            Tok::Kw(Kw::True | Kw::False | Kw::None) => TokenKind::Constant,
            Tok::Kw(_) => TokenKind::Keyword,
            Tok::P(p) => match p {
                P::LBrace
                | P::RBrace
                | P::LBracket
                | P::RBracket
                | P::LParen
                | P::RParen
                | P::Comma
                | P::Dot
                | P::Colon => TokenKind::Punctuation,
                _ => TokenKind::Operator,
            },
            Tok::Ident(name) => {
                let name = &**name;
                let member = is(prev, P::Dot) || is(next, P::Colon);
                let typed = is(prev, P::Colon) || is(prev, P::Lt);
                let word_before = prev.and_then(|i| toks.get(i)).is_some_and(|t| {
                    matches!(
                        t.tok,
                        Tok::Ident(_) | Tok::Str(_) | Tok::Int(_) | Tok::P(P::RParen | P::RBracket | P::RBrace)
                    )
                });
                if name == "from" && matches!(toks.get(i + 1).map(|t| &t.tok), Some(Tok::Ident(_))) {
                    in_query = true;
                }
                let clause = in_query
                    && matches!(
                        name,
                        "from"
                            | "where"
                            | "select"
                            | "distinct"
                            | "join"
                            | "left"
                            | "right"
                            | "outer"
                            | "group"
                            | "by"
                            | "into"
                            | "having"
                            | "sort"
                            | "order"
                            | "skip"
                            | "take"
                    );
                if clause && name == "select" {
                    in_query = false;
                }
                let infix =
                    matches!(name, "as" | "union" | "except" | "intersect" | "with" | "to" | "set" | "into" | "auto");
                if member {
                    if is(next, P::LParen) { TokenKind::Function } else { TokenKind::Ident }
                } else if matches!(name, "null" | "nil") {
                    TokenKind::Constant
                } else if clause || infix && word_before || name == "distinct" && word_before {
                    TokenKind::Contextual
                } else if matches!(name, "model" | "bench" | "update" | "query") && t.first && !is(next, P::Assign) {
                    TokenKind::Keyword
                } else if TYPE_NAMES.contains(&name) && (typed || !is(next, P::LParen)) {
                    TokenKind::Type
                } else if is(next, P::LParen) && Builtin::by_name(name).is_some() {
                    TokenKind::Builtin
                } else if name.starts_with(char::is_uppercase) {
                    TokenKind::Type
                } else if is(next, P::LParen) {
                    TokenKind::Function
                } else {
                    TokenKind::Ident
                }
            }
        };
        out.push((t.span.start, t.span.end, kind));
    }
    out.extend(lexed.comments.iter().map(|c| (c.start, c.end, TokenKind::Comment)));
    out.sort_unstable_by_key(|t| t.0);
    out
}
