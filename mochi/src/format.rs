//! The formatter: one layout for indentation, spaces and blank lines.
//!
//! Line breaks mean nothing in Mochi, so those of the text stay; every line is indented by what encloses it, spaces between tokens are made
//! uniform where they have one meaning, at most one blank line stays in a row. Comments keep their text.
//!
//! Invariants: the result has the same tokens and comments as the text; formatting it again changes nothing. A text with syntax errors
//! is not formatted.

use crate::ast::{AgentMember, ArmBody, Block, Expr, ExprKind, FunBody, Stmt, StmtKind, TypeDeclKind};
use crate::diag::Diagnostic;
use crate::lex::{Kw, P, Tok, lex};
use crate::lower::plan::{Visit, walk_stmts};
use std::collections::HashSet;

const INDENT: usize = 2;

/// The text in the usual layout; its errors if it has some.
pub fn format(source: &str) -> Result<String, Vec<Diagnostic>> {
    let (program, diagnostics) = crate::parse(source, "");
    let errors: Vec<Diagnostic> = diagnostics.into_iter().filter(|d| d.is_error() && d.code != "T000").collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    let mut shape = Shape::default();
    walk_stmts(&program.stmts, &mut shape);
    let once = layout(source, &shape);
    // The layout is made so that this always holds; a text is worth more than its layout.
    if same_tokens(source, &once) { Ok(once) } else { Ok(source.to_owned()) }
}

/// Where things begin that stand on lines of their own.
#[derive(Default)]
struct Shape {
    /// Statements, match arms, members of agents.
    starts: HashSet<u32>,
    /// Braces around statements.
    blocks: HashSet<u32>,
    /// First tokens of match arms.
    arms: HashSet<u32>,
    /// Operators between two operands.
    binary: HashSet<u32>,
    /// Ends of names after which the next brace encloses declarations.
    declared: Vec<u32>,
}

impl Shape {
    fn block(&mut self, b: &Block) {
        self.blocks.insert(b.span.start);
    }
}

impl<'a> Visit<'a> for Shape {
    fn stmt(&mut self, s: &'a Stmt) {
        self.starts.insert(s.span.start);
        match &s.kind {
            StmtKind::Fun(f) => self.block(&f.body),
            StmtKind::If(i) => {
                i.branches.iter().for_each(|b| self.block(&b.1));
                i.otherwise.iter().for_each(|b| self.block(b));
            }
            StmtKind::While { body, .. } | StmtKind::Test { body, .. } | StmtKind::Bench { body, .. } => {
                self.block(body)
            }
            StmtKind::For(f) => self.block(&f.body),
            StmtKind::On(h) => self.block(&h.body),
            StmtKind::Stream(d) => self.declared.push(d.name.span.end),
            StmtKind::Model { name, .. } => self.declared.push(name.span.end),
            StmtKind::Type(t) => {
                if matches!(t.kind, TypeDeclKind::Struct { .. }) {
                    self.declared.push(t.name.span.end);
                }
                if let TypeDeclKind::Struct { methods, .. } = &t.kind {
                    methods.iter().for_each(|m| self.block(&m.body));
                }
            }
            StmtKind::Agent(a) => {
                self.declared.push(a.name.span.end);
                for m in &a.members {
                    match m {
                        AgentMember::On(_, h) => self.block(&h.body),
                        AgentMember::Intent(f) => self.block(&f.body),
                        AgentMember::Let(_) | AgentMember::Assign(_) => {}
                    }
                }
            }
            _ => {}
        }
    }
    fn expr(&mut self, e: &'a Expr) {
        match &e.kind {
            ExprKind::Fun(f) => {
                if let FunBody::Block(b) = &f.body {
                    self.block(b);
                }
            }
            ExprKind::Binary { op_span, .. } => {
                self.binary.insert(op_span.start);
            }
            ExprKind::Match { arms, .. } => {
                for a in arms {
                    self.starts.insert(a.pattern.span.start);
                    self.arms.insert(a.pattern.span.start);
                    if let ArmBody::Block(b) = &a.body {
                        self.block(b);
                    }
                }
            }
            _ => {}
        }
    }
}

/// A token or comment of the text.
struct Item<'a> {
    text: &'a str,
    start: u32,
    tok: Option<Tok>,
    /// A brace that has spaces inside.
    wide: bool,
    /// An operator between two operands.
    binary: bool,
}

/// An open bracket.
struct Open {
    /// Of the line that it stands on.
    indent: usize,
    /// Statements or arms inside: a line that begins none goes on with one.
    statements: bool,
}

fn items(source: &str) -> Vec<Item<'_>> {
    let lexed = lex(source);
    let text = |start: u32, end: u32| source.get(start as usize..end as usize).unwrap_or_default();
    let mut all: Vec<Item<'_>> = lexed
        .tokens
        .into_iter()
        .filter(|t| t.tok != Tok::Eof)
        .map(|t| Item {
            text: text(t.span.start, t.span.end),
            start: t.span.start,
            tok: Some(t.tok),
            wide: false,
            binary: false,
        })
        .collect();
    all.extend(lexed.comments.iter().map(|c| Item {
        text: text(c.start, c.end),
        start: c.start,
        tok: None,
        wide: false,
        binary: false,
    }));
    all.sort_by_key(|i| i.start);
    all
}

fn same_tokens(a: &str, b: &str) -> bool {
    let (a, b) = (items(a), items(b));
    a.len() == b.len() && a.iter().zip(&b).all(|(x, y)| x.tok == y.tok && x.text.trim_end() == y.text.trim_end())
}

/// Sets what the tree says of the tokens.
fn mark(all: &mut [Item<'_>], shape: &Shape) {
    let brace = |i: &Item<'_>| i.tok == Some(Tok::P(P::LBrace));
    for i in all.iter_mut() {
        i.binary = shape.binary.contains(&i.start);
        i.wide = brace(i) && shape.blocks.contains(&i.start);
    }
    for at in &shape.declared {
        let from = all.partition_point(|i| i.start < *at);
        if let Some(b) = all.iter_mut().skip(from).find(|i| brace(i)) {
            b.wide = true;
        }
    }
    let mut open: Vec<usize> = vec![];
    for i in 0..all.len() {
        if shape.arms.contains(&all[i].start)
            && let Some(b) = open.last().copied()
        {
            all[b].wide |= brace(&all[b]);
        }
        match all[i].tok {
            Some(Tok::P(P::LBrace | P::LBracket | P::LParen)) => open.push(i),
            Some(Tok::P(P::RBrace | P::RBracket | P::RParen)) => {
                let wide = open.pop().is_some_and(|b| all[b].wide);
                all[i].wide = wide;
            }
            _ => {}
        }
    }
}

fn layout(source: &str, shape: &Shape) -> String {
    let mut all = items(source);
    mark(&mut all, shape);
    let mut out = String::with_capacity(source.len());
    let mut open: Vec<Open> = vec![];
    let mut indent = 0;
    // Does the line so far stand inside a statement that an earlier line began?
    let mut inside = false;
    let mut before: Option<usize> = None;
    for (i, item) in all.iter().enumerate() {
        let gap_start = before.map_or(0, |b| all[b].start as usize + all[b].text.len());
        let gap = source.get(gap_start..item.start as usize).unwrap_or_default();
        let lines = gap.matches('\n').count();
        let start = shape.starts.contains(&item.start);
        if shape.arms.contains(&item.start)
            && let Some(o) = open.last_mut()
        {
            o.statements = true;
        }
        // `else` stands behind the brace.
        let behind =
            item.tok == Some(Tok::Kw(Kw::Else)) && before.is_some_and(|b| all[b].tok == Some(Tok::P(P::RBrace)));
        if lines > 0 && !behind || before.is_none() {
            if before.is_some() {
                out.push('\n');
                if lines > 1 {
                    out.push('\n');
                }
            }
            let closes = matches!(item.tok, Some(Tok::P(P::RBrace | P::RBracket | P::RParen)));
            indent = match open.last() {
                Some(o) if closes => o.indent,
                Some(o) => {
                    let goes_on = o.statements && !starts_here(&all, i, start, shape);
                    o.indent + 1 + usize::from(goes_on)
                }
                None => usize::from(!closes && !starts_here(&all, i, start, shape) && (inside || item.tok.is_some())),
            };
            out.extend(std::iter::repeat_n(' ', indent * INDENT));
        } else if let Some(b) = before {
            if gap.contains(';') && all[b].tok.is_some() {
                out.push(';');
            }
            if space(&all, b, i, !gap.is_empty()) {
                out.push(' ');
            }
        }
        if start {
            inside = true;
        }
        out.push_str(if item.tok.is_none() { item.text.trim_end() } else { item.text });
        match item.tok {
            Some(Tok::P(P::LBrace)) => open.push(Open { indent, statements: shape.blocks.contains(&item.start) }),
            Some(Tok::P(P::LBracket | P::LParen)) => open.push(Open { indent, statements: false }),
            Some(Tok::P(P::RBrace | P::RBracket | P::RParen)) => {
                open.pop();
            }
            _ => {}
        }
        before = Some(i);
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

/// Does a statement begin at this item? Comments belong to what comes after them.
fn starts_here(all: &[Item<'_>], at: usize, start: bool, shape: &Shape) -> bool {
    if start || all[at].tok.is_some() {
        return start;
    }
    match all[at..].iter().find(|i| i.tok.is_some()) {
        Some(next) => {
            let closes = matches!(next.tok, Some(Tok::P(P::RBrace)));
            closes || shape.starts.contains(&next.start)
        }
        None => true,
    }
}

/// Is there a space between two items on a line? `had` says whether there is one now.
fn space(all: &[Item<'_>], a: usize, b: usize, had: bool) -> bool {
    let (Some(x), Some(y)) = (&all[a].tok, &all[b].tok) else { return true };
    let word = |t: &Tok| matches!(t, Tok::Ident(_) | Tok::Kw(_) | Tok::Int(_) | Tok::Float(_) | Tok::Str(_));
    let ends_value = |t: &Tok| {
        matches!(
            t,
            Tok::Ident(_) | Tok::Int(_) | Tok::Float(_) | Tok::Str(_) | Tok::Kw(Kw::True | Kw::False | Kw::None)
        ) || matches!(t, Tok::P(P::RParen | P::RBracket | P::RBrace))
    };
    let (left, right) = (&all[a], &all[b]);
    match (x, y) {
        _ if left.binary || right.binary => true,
        (x, y) if word(x) && word(y) => true,
        (Tok::P(P::LParen), _) | (_, Tok::P(P::RParen | P::Comma)) => false,
        (Tok::P(P::LBracket), _) | (_, Tok::P(P::RBracket)) => false,
        (Tok::P(P::LBrace), Tok::P(P::RBrace)) => false,
        (Tok::P(P::LBrace), _) => left.wide || had,
        (_, Tok::P(P::RBrace)) => right.wide || had,
        (Tok::P(P::Comma), _) => true,
        (Tok::P(P::Dot | P::DotDot), _) | (_, Tok::P(P::Dot | P::DotDot)) => {
            had && (number(x) || number(y)) && dot(x, y)
        }
        (_, Tok::P(P::Question)) => had,
        (Tok::P(P::Question), _) => had || word(y),
        (_, Tok::P(P::Colon)) => false,
        // A slice's colon keeps what it has, `:-` being a token.
        (Tok::P(P::Colon), _) => had || !in_brackets(all, a),
        // Of types; comparisons are binary.
        (Tok::P(P::Lt), _) | (_, Tok::P(P::Lt | P::Gt)) => false,
        (Tok::P(P::Gt), y) => word(y) || matches!(y, Tok::P(P::Assign | P::LBrace | P::Pipe | P::Bang | P::Arrow)),
        (_, Tok::P(P::GtEq)) => had,
        (_, Tok::P(P::LParen | P::LBracket)) if ends_value(x) || matches!(x, Tok::Kw(_)) => had,
        (Tok::P(P::Minus), _) => false,
        (Tok::P(P::Bang), _) => had && word(y),
        _ => true,
    }
}

fn number(t: &Tok) -> bool {
    matches!(t, Tok::Int(_) | Tok::Float(_))
}

/// Is one of them a single dot?
fn dot(x: &Tok, y: &Tok) -> bool {
    *x == Tok::P(P::Dot) || *y == Tok::P(P::Dot)
}

/// Is the innermost open bracket before an item a `[`?
fn in_brackets(all: &[Item<'_>], at: usize) -> bool {
    let mut depth = 0usize;
    for i in all.get(..at).unwrap_or_default().iter().rev() {
        match i.tok {
            Some(Tok::P(P::RBrace | P::RBracket | P::RParen)) => depth += 1,
            Some(Tok::P(p @ (P::LBrace | P::LBracket | P::LParen))) => match depth.checked_sub(1) {
                Some(d) => depth = d,
                None => return p == P::LBracket,
            },
            _ => {}
        }
    }
    false
}
