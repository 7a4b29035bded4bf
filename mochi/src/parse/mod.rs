//! The parser: tokens to the syntax tree, by recursive descent, with recovery.
//!
//! Invariants: terminates on every input (each statement consumes a token); reports one mistake once, at the token where it shows;
//! nests at most [`MAX_NESTING`] deep and builds trees at most [`MAX_HEIGHT`] high, beyond which it says so and stops,
//! so neither it nor any later recursive walk can overflow a 1 MB stack. After a mistake it resumes at the next statement
//! (by indentation, statement keywords and braces).
//!
//! This file holds the machinery; statements are in `stmt`, declarations in `decl`, expressions in `expr` and `literal`, queries in `query`, types and
//! patterns in `types`.

mod decl;
mod expr;
mod literal;
mod query;
mod stmt;
mod types;

use crate::ast::{Expr, ExprKind, Ident, NodeId, Program, Span};
use crate::diag::Diagnostic;
use crate::lex::{Kw, Lexed, P, Tok, Token, lex};

/// How deep brackets, blocks, types and the like nest at most.
pub const MAX_NESTING: u32 = 120;
/// How high a tree is at most, from any statement's root to its deepest leaf (operator chains count).
pub const MAX_HEIGHT: u16 = 400;

/// Parse a whole text. The diagnostics are in source order; warnings are `P065` only.
pub fn parse(source: &str) -> (Program, Vec<Diagnostic>) {
    let Lexed { tokens, comments, diagnostics, unterminated } = lex(source);
    let nil_declared = tokens.windows(2).any(|w| {
        matches!(w, [a, b] if matches!(a.tok, Tok::Kw(Kw::Let | Kw::Var)) && matches!(&b.tok, Tok::Ident(n) if is_null_word(n)))
    });
    let mut parser = Parser {
        source,
        tokens,
        comments,
        diagnostics,
        unterminated,
        nil_declared,
        pos: 0,
        next_id: 0,
        braces: 0,
        depth: 0,
        tallest: 0,
        no_struct: false,
        aborted: false,
        last_error: None,
    };
    let mut program = parser.program();
    program.node_count = parser.next_id;
    let mut diagnostics = parser.diagnostics;
    crate::diag::settle(&mut diagnostics);
    (program, diagnostics)
}

fn is_null_word(name: &str) -> bool {
    matches!(name, "nil" | "null")
}

/// A mistake was found (and reported, unless it follows from one that was).
#[derive(Debug)]
struct Reported;

type PResult<T> = Result<T, Reported>;

/// Where a statement began, for recovery.
#[derive(Clone, Copy)]
struct Mark {
    pos: usize,
    braces: u32,
}

struct Parser<'a> {
    source: &'a str,
    tokens: Vec<Token>,
    comments: Vec<Span>,
    diagnostics: Vec<Diagnostic>,
    unterminated: bool,
    /// The program has a variable called `nil` or `null`, so these are names in it.
    nil_declared: bool,
    pos: usize,
    next_id: u32,
    /// `{` consumed and not yet closed.
    braces: u32,
    depth: u32,
    /// Highest tree made since the innermost open block began.
    tallest: u16,
    /// In a condition or `for` source: `Name {` is not a struct literal.
    no_struct: bool,
    aborted: bool,
    /// Token position of the last report.
    last_error: Option<usize>,
}

impl Parser<'_> {
    fn token(&self) -> Token {
        self.tokens.get(self.pos).cloned().unwrap_or(Token {
            tok: Tok::Eof,
            span: Span::default(),
            first: true,
            column: 0,
        })
    }

    fn tok(&self) -> &Tok {
        self.nth(0)
    }

    fn nth(&self, n: usize) -> &Tok {
        self.tokens.get(self.pos + n).map_or(&Tok::Eof, |t| &t.tok)
    }

    fn span(&self) -> Span {
        self.tokens.get(self.pos).map_or(Span::default(), |t| t.span)
    }

    /// Is the current token the first on its line?
    fn on_new_line(&self) -> bool {
        self.nth_on_new_line(0)
    }

    fn nth_on_new_line(&self, n: usize) -> bool {
        self.tokens.get(self.pos + n).is_none_or(|t| t.first)
    }

    fn prev_span(&self) -> Span {
        self.pos.checked_sub(1).and_then(|p| self.tokens.get(p)).map_or(Span::default(), |t| t.span)
    }

    /// From `start` to the end of the last consumed token.
    fn span_from(&self, start: Span) -> Span {
        let end = self.prev_span().end;
        Span { start: start.start, end: end.max(start.start) }
    }

    fn bump(&mut self) -> Token {
        let token = self.token();
        match token.tok {
            Tok::P(P::LBrace) => self.braces += 1,
            Tok::P(P::RBrace) => self.braces = self.braces.saturating_sub(1),
            _ => {}
        }
        if self.pos + 1 < self.tokens.len() {
            self.pos += 1;
        }
        token
    }

    fn at(&self, p: P) -> bool {
        *self.tok() == Tok::P(p)
    }

    fn at_kw(&self, kw: Kw) -> bool {
        *self.tok() == Tok::Kw(kw)
    }

    fn at_word(&self, word: &str) -> bool {
        self.nth_word(0, word)
    }

    fn nth_word(&self, n: usize, word: &str) -> bool {
        matches!(self.nth(n), Tok::Ident(name) if &**name == word)
    }

    fn nth_is(&self, n: usize, p: P) -> bool {
        *self.nth(n) == Tok::P(p)
    }

    fn at_eof(&self) -> bool {
        *self.tok() == Tok::Eof
    }

    fn eat(&mut self, p: P) -> bool {
        let yes = self.at(p);
        if yes {
            self.bump();
        }
        yes
    }

    fn eat_kw(&mut self, kw: Kw) -> bool {
        let yes = self.at_kw(kw);
        if yes {
            self.bump();
        }
        yes
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let yes = self.at_word(word);
        if yes {
            self.bump();
        }
        yes
    }

    fn id(&mut self) -> NodeId {
        let id = NodeId(self.next_id);
        self.next_id += 1;
        id
    }

    /// The current token in words.
    fn found(&self) -> String {
        let text = match self.tok() {
            Tok::Ident(n) => format!("the name `{n}`"),
            Tok::Kw(kw) => format!("the reserved word `{}`", kw.text()),
            Tok::P(p) => format!("`{}`", p.text()),
            Tok::Int(_) | Tok::Float(_) => "a number".to_owned(),
            Tok::Str(_) => "a string".to_owned(),
            Tok::Error => "something unreadable".to_owned(),
            Tok::Eof => "the end of the file".to_owned(),
        };
        if self.on_new_line() && !self.at_eof() && self.pos > 0 { format!("{text} of the next line") } else { text }
    }

    /// Report, unless it would repeat or follow from an earlier report.
    #[inline(never)]
    fn report(&mut self, d: Diagnostic) -> Reported {
        let known = *self.tok() == Tok::Error || self.at_eof() && self.unterminated;
        if !self.aborted && !known && self.last_error != Some(self.pos) {
            self.last_error = Some(self.pos);
            self.diagnostics.push(d);
        }
        Reported
    }

    /// Report at the current token. What is missing at the end of a line (or of the file) is shown there, not at the next line's start.
    #[inline(never)]
    fn fail(&mut self, code: &'static str, message: String, help: &str) -> Reported {
        let missing = message.starts_with("expected")
            && !message.starts_with("expected a statement")
            && self.on_new_line()
            && self.pos > 0;
        let span = if missing || self.at_eof() {
            let end = self.prev_span().end;
            Span { start: end, end: end + 1 }
        } else {
            self.span()
        };
        let d = Diagnostic::error(code, span, message);
        self.report(if help.is_empty() { d } else { d.help(help) })
    }

    /// `p`, or a report that says after what it is missing.
    #[inline(never)]
    fn expect(&mut self, p: P, after: &str) -> PResult<Span> {
        let span = self.span();
        if self.eat(p) {
            return Ok(span);
        }
        let help = match (p, self.tok()) {
            (P::LBrace, Tok::P(P::Assign)) => "`=` assigns; to compare, write `==`",
            (P::LBrace, _) => "the body stands in braces: `{ .. }`",
            (P::Colon, Tok::P(P::Turnstile)) => "`:-` is one token of logic rules; leave a space: `: -`",
            (P::Colon, Tok::P(P::Assign)) => "values are given with `:` here, as in `name: value`",
            _ => "",
        };
        Err(self.fail("P001", format!("expected `{}` {after}, found {}", p.text(), self.found()), help))
    }

    /// The closing bracket of the one at `open`.
    #[inline(never)]
    fn expect_close(&mut self, p: P, open: Span, inside: &str) -> PResult<Span> {
        let span = self.span();
        if self.eat(p) {
            return Ok(span);
        }
        let end = self.prev_span().end;
        let place = if self.at_eof() || self.on_new_line() { Span { start: end, end: end + 1 } } else { span };
        let message = format!("expected `{}` to close {inside}, found {}", p.text(), self.found());
        let d = Diagnostic::error("P051", place, message).label(open, "opened here");
        let d = match self.tok() {
            Tok::P(P::Turnstile) => d.help("`:-` is one token of logic rules; leave a space: `: -`"),
            Tok::P(P::Assign) => d.help("fields are given with `:`; to compare, write `==`"),
            Tok::P(P::Question) => d.help("there is no `a ? b : c`; write `if a then b else c`"),
            t if can_start_expr(t) && !self.on_new_line() => d.help("is there a `,` or an operator missing before it?"),
            _ => d,
        };
        Err(self.report(d))
    }

    /// A name; `what` completes "expected ..".
    #[inline(never)]
    fn ident(&mut self, what: &str) -> PResult<Ident> {
        match self.tok().clone() {
            Tok::Ident(name) => {
                let span = self.bump().span;
                Ok(Ident { id: self.id(), span, name })
            }
            Tok::Kw(kw) => Err(self.fail(
                "P001",
                format!("expected {what}, but `{}` is a reserved word", kw.text()),
                "choose another name, such as the same word with a `_` at its end",
            )),
            _ => Err(self.fail("P001", format!("expected {what}, found {}", self.found()), "")),
        }
    }

    /// A name where a reserved word is harmless too: after a dot, or as a key.
    fn member_ident(&mut self, what: &str) -> PResult<Ident> {
        if let Tok::Kw(kw) = *self.tok() {
            let span = self.bump().span;
            return Ok(Ident { id: self.id(), span, name: kw.text().into() });
        }
        self.ident(what)
    }

    /// Run one level deeper, or stop the whole parse with a report.
    fn nested<T>(&mut self, f: impl FnOnce(&mut Self) -> PResult<T>) -> PResult<T> {
        if self.depth >= MAX_NESTING {
            return Err(self.too_deep());
        }
        self.depth += 1;
        let result = f(self);
        self.depth -= 1;
        result
    }

    #[inline(never)]
    fn too_deep(&mut self) -> Reported {
        let d = Diagnostic::error("P999", self.span(), format!("this is nested too deeply: the limit is {MAX_NESTING} levels, or {MAX_HEIGHT} operators or branches in a chain"))
            .help("give inner parts names with `let`, or move them into functions");
        self.last_error = None;
        let r = self.report(d);
        self.aborted = true;
        self.pos = self.tokens.len().saturating_sub(1);
        r
    }

    /// `else if` chains are flat here, but not for everybody who walks them.
    fn branch_limit(&mut self, branches: usize) -> PResult<()> {
        if branches > MAX_HEIGHT as usize { Err(self.too_deep()) } else { Ok(()) }
    }

    /// Make an expression whose highest child has height `below`.
    #[inline(never)]
    fn make(&mut self, start: Span, below: u16, kind: ExprKind) -> PResult<Expr> {
        let height = below + 1;
        if height > MAX_HEIGHT {
            return Err(self.too_deep());
        }
        self.tallest = self.tallest.max(height);
        Ok(Expr { id: self.id(), span: self.span_from(start), height, kind })
    }

    fn error_expr(&mut self) -> Expr {
        let at = self.prev_span().end;
        Expr { id: self.id(), span: Span { start: at, end: at }, height: 1, kind: ExprKind::Error }
    }

    /// Run with `Name {` meaning a struct literal (`false`) or not (`true`).
    fn with_no_struct<T>(&mut self, no_struct: bool, f: impl FnOnce(&mut Self) -> PResult<T>) -> PResult<T> {
        let saved = std::mem::replace(&mut self.no_struct, no_struct);
        let result = f(self);
        self.no_struct = saved;
        result
    }

    fn mark(&self) -> Mark {
        Mark { pos: self.pos, braces: self.braces }
    }

    /// After a mistake in the statement that began at `mark`: skip to where the next one seems to begin.
    fn sync(&mut self, mark: Mark) {
        let start = self.tokens.get(mark.pos).map_or((0, true), |t| (t.column, t.first));
        let mut depth = self.braces.saturating_sub(mark.braces);
        loop {
            let token = self.token();
            let starts = matches!(token.tok, Tok::Ident(_)) || starts_stmt(&token.tok);
            let fresh = token.first && self.pos > mark.pos && start.1;
            match token.tok {
                Tok::Eof => break,
                Tok::P(P::RBrace) if fresh && token.column < start.0 => break,
                Tok::P(P::RBrace) if depth == 0 => break,
                Tok::P(P::RBrace) => depth -= 1,
                Tok::P(P::LBrace) => depth += 1,
                _ if fresh && starts && token.column <= start.0 => break,
                // Even inside brackets: these never occur in an expression.
                _ if depth == 0 && self.pos > mark.pos && only_starts_stmt(&token.tok) && (token.first || !start.1) => {
                    break;
                }
                _ => {}
            }
            self.bump();
        }
        // What the statement had opened is given up.
        self.braces = mark.braces;
    }

    /// Skip to a `{` on this line, for a header that went wrong.
    fn skip_to_block(&mut self) -> bool {
        let mut first = true;
        while !self.at_eof() && !self.at(P::RBrace) && (first || !self.on_new_line()) {
            if self.at(P::LBrace) {
                return true;
            }
            first = false;
            self.bump();
        }
        false
    }

    /// Comment lines that end directly above the current token, without their marks.
    fn doc_before(&self) -> Option<String> {
        let token = self.tokens.get(self.pos)?;
        let floor = if self.pos == 0 { 0 } else { self.prev_span().end };
        let end = self.comments.partition_point(|c| c.start < token.span.start);
        let mut lines: Vec<String> = Vec::new();
        let mut below = token.span.start;
        for comment in self.comments.get(..end)?.iter().rev() {
            if comment.start < floor {
                break;
            }
            let gap = self.source.get(comment.end as usize..below as usize)?;
            if gap.matches('\n').count() != 1 {
                break;
            }
            let text = self.source.get(comment.start as usize..comment.end as usize)?;
            // A comment behind code belongs to that code.
            let line = self.source.get(floor as usize..comment.start as usize)?;
            if floor > 0 && !line.contains('\n') {
                break;
            }
            let text = text.trim_start_matches(['/', '#', '*']).trim_end_matches("*/").trim();
            lines.push(text.to_owned());
            below = comment.start;
        }
        lines.reverse();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }
}

/// Can a token begin an expression?
fn can_start_expr(tok: &Tok) -> bool {
    match tok {
        Tok::Ident(_) | Tok::Int(_) | Tok::Float(_) | Tok::Str(_) => true,
        Tok::P(p) => matches!(p, P::LParen | P::LBracket | P::LBrace | P::Minus | P::Bang),
        Tok::Kw(kw) => matches!(
            kw,
            Kw::If
                | Kw::Fun
                | Kw::Match
                | Kw::Generate
                | Kw::Fetch
                | Kw::Load
                | Kw::Save
                | Kw::None
                | Kw::True
                | Kw::False
        ),
        Tok::Error | Tok::Eof => false,
    }
}

/// Does a token begin a statement, as far as recovery is concerned?
fn starts_stmt(tok: &Tok) -> bool {
    only_starts_stmt(tok)
        || matches!(tok, Tok::Kw(Kw::If | Kw::Fun | Kw::Match | Kw::Fetch | Kw::Load | Kw::Save | Kw::On | Kw::Package))
}

/// Does a token occur nowhere but at the beginning of a statement (or member)?
fn only_starts_stmt(tok: &Tok) -> bool {
    matches!(
        tok,
        Tok::Kw(
            Kw::Test
                | Kw::Expect
                | Kw::Agent
                | Kw::Intent
                | Kw::Stream
                | Kw::Emit
                | Kw::Type
                | Kw::Extern
                | Kw::Import
                | Kw::Return
                | Kw::Break
                | Kw::Continue
                | Kw::Let
                | Kw::Var
                | Kw::For
                | Kw::While
                | Kw::Export
                | Kw::Fact
                | Kw::Rule
        )
    )
}
