//! Statements and blocks.

use super::{Mark, PResult, Parser, can_start_expr};
use crate::ast::*;
use crate::diag::Diagnostic;
use crate::lex::{Kw, P, Tok};

/// Words of other languages that begin a statement there: (word, what to write instead).
const FOREIGN: &[(&str, &str)] = &[
    ("const", "use `let` for a name that is never assigned again"),
    ("func", "functions are declared with `fun`"),
    ("function", "functions are declared with `fun`"),
    ("def", "functions are declared with `fun`"),
    ("fn", "functions are declared with `fun`"),
    ("elif", "write `else if`"),
    ("elseif", "write `else if`"),
    ("switch", "use `match value { pattern => result .. }`"),
    ("try", "Mochi has no exceptions: a failure ends the program"),
    ("throw", "Mochi has no exceptions; call `panic(message)`"),
    ("struct", "write `type Name { field: type .. }`"),
    ("class", "write `type Name { field: type .. }`, with `fun` members as methods"),
    ("do", "use `while`"),
    ("loop", "use `while true { .. }`"),
];

impl Parser<'_> {
    pub(super) fn program(&mut self) -> Program {
        let mut package = None;
        if self.at_kw(Kw::Package) {
            let mark = self.mark();
            self.bump();
            match self.ident("the package's name") {
                Ok(name) => package = Some(name),
                Err(_) => self.sync(mark),
            }
        }
        let mut stmts = Vec::new();
        while !self.at_eof() {
            if self.at(P::RBrace) {
                self.fail("P001", "this `}` closes nothing".to_owned(), "remove it, or look for a missing `{` above");
                self.bump();
                continue;
            }
            stmts.push(self.stmt());
        }
        Program { package, stmts, node_count: 0 }
    }

    /// `{ statements }`, and the height of the highest tree inside.
    pub(super) fn block(&mut self, after: &str) -> PResult<(Block, u16)> {
        self.nested(|p| {
            let id = p.id();
            let open = p.expect(P::LBrace, after)?;
            let saved = std::mem::take(&mut p.tallest);
            let no_struct = std::mem::replace(&mut p.no_struct, false);
            let mut stmts = Vec::new();
            while !p.at(P::RBrace) && !p.at_eof() {
                stmts.push(p.stmt());
            }
            p.no_struct = no_struct;
            let height = p.tallest + 1;
            p.tallest = saved.max(height);
            if height > super::MAX_HEIGHT {
                return Err(p.too_deep());
            }
            // A missing `}` at the end of the file leaves the block usable.
            let _ = p.expect_close(P::RBrace, open, "this block");
            Ok((Block { id, span: p.span_from(open), stmts }, height))
        })
    }

    pub(super) fn stmt(&mut self) -> Stmt {
        let mark = self.mark();
        let start = self.span();
        let id = self.id();
        let documented = matches!(
            self.tok(),
            Tok::Kw(
                Kw::Fun
                    | Kw::Type
                    | Kw::Let
                    | Kw::Var
                    | Kw::Stream
                    | Kw::Agent
                    | Kw::Extern
                    | Kw::Export
                    | Kw::Rule
                    | Kw::Fact
            )
        );
        let doc = if documented { self.doc_before() } else { None };
        let kind = match self.stmt_kind(mark) {
            Ok(kind) => kind,
            Err(_) => {
                self.sync(mark);
                StmtKind::Error
            }
        };
        if self.pos == mark.pos && !self.at_eof() {
            self.bump();
        }
        Stmt { id, span: self.span_from(start), doc, kind }
    }

    fn stmt_kind(&mut self, mark: Mark) -> PResult<StmtKind> {
        let kw = match self.tok().clone() {
            Tok::Kw(kw) => kw,
            Tok::Ident(word) => return self.word_stmt(&word),
            _ => return self.expr_stmt(),
        };
        match kw {
            Kw::Let | Kw::Var => Ok(StmtKind::Let(self.let_stmt(mark)?)),
            Kw::Fun if matches!(self.nth(1), Tok::Ident(_)) => Ok(StmtKind::Fun(Box::new(self.fun_decl(false)?))),
            Kw::Fun if matches!(self.nth(1), Tok::Kw(_)) => Ok(StmtKind::Fun(Box::new(self.fun_decl(false)?))),
            Kw::Export => {
                self.bump();
                if !self.at_kw(Kw::Fun) {
                    return Err(self.fail(
                        "P001",
                        format!("expected `fun` after `export`, found {}", self.found()),
                        "only functions can be exported",
                    ));
                }
                Ok(StmtKind::Fun(Box::new(self.fun_decl(true)?)))
            }
            Kw::Return => self.return_stmt(),
            Kw::If => self.if_stmt(),
            Kw::While => self.while_stmt(),
            Kw::For => self.for_stmt(),
            Kw::Break => {
                self.bump();
                Ok(StmtKind::Break)
            }
            Kw::Continue => {
                self.bump();
                Ok(StmtKind::Continue)
            }
            Kw::Expect => {
                self.bump();
                Ok(StmtKind::Expect(self.expr()?))
            }
            Kw::Test => self.test_stmt(),
            Kw::Type => self.type_decl(),
            Kw::Import => self.import(),
            Kw::Extern => self.extern_decl(),
            Kw::Stream => self.stream_decl(),
            Kw::On => {
                self.bump();
                Ok(StmtKind::On(self.on_handler()?))
            }
            Kw::Emit => self.emit_stmt(),
            Kw::Agent => self.agent_decl(),
            Kw::Fact => {
                self.bump();
                Ok(StmtKind::Fact(self.pred()?))
            }
            Kw::Rule => self.rule(),
            Kw::Fetch => self.fetch_stmt(),
            Kw::Package => Err(self.fail(
                "P001",
                "`package` stands only at the top of a file".to_owned(),
                "move it to the first line",
            )),
            Kw::Intent => Err(self.fail(
                "P001",
                "`intent` stands only inside an agent".to_owned(),
                "write `agent Name { intent f() { .. } }`, or use `fun`",
            )),
            Kw::Else => Err(self.fail(
                "P001",
                "this `else` belongs to no `if`".to_owned(),
                "is a `}` too many or too few above?",
            )),
            _ => self.expr_stmt(),
        }
    }

    #[inline(never)]
    fn test_stmt(&mut self) -> PResult<StmtKind> {
        self.bump();
        let name = self.str_lit("the test's name, a string")?;
        let (body, _) = self.block("after the test's name")?;
        Ok(StmtKind::Test { name, body })
    }

    #[inline(never)]
    fn emit_stmt(&mut self) -> PResult<StmtKind> {
        self.bump();
        let stream = self.ident("the stream's name")?;
        let fields = self.field_inits("the event's fields")?;
        Ok(StmtKind::Emit { stream, fields })
    }

    fn named_fun_ahead(&self) -> bool {
        self.at_kw(Kw::Fun) && matches!(self.nth(1), Tok::Ident(_))
    }

    /// A statement that begins with a name: some names are keywords here.
    #[inline(never)]
    fn word_stmt(&mut self, word: &str) -> PResult<StmtKind> {
        match (word, self.nth(1)) {
            ("bench", Tok::Str(_)) => {
                self.bump();
                let name = self.str_lit("the benchmark's name")?;
                let (body, _) = self.block("after the benchmark's name")?;
                return Ok(StmtKind::Bench { name, body });
            }
            ("model", Tok::Ident(_)) if self.nth_is(2, P::LBrace) => {
                self.bump();
                let name = self.ident("the model's name")?;
                let fields = self.field_inits("the model's settings")?;
                return Ok(StmtKind::Model { name, fields });
            }
            ("update", Tok::Ident(_)) if self.nth_word(2, "set") => return self.update_stmt(),
            _ => {}
        }
        if let Some((_, help)) = FOREIGN.iter().find(|(w, _)| *w == word) {
            let here = !self.nth_on_new_line(1);
            let foreign = match self.nth(1) {
                Tok::Ident(_) => here,
                Tok::P(P::LBrace) => here && matches!(word, "try" | "do" | "loop"),
                Tok::Str(_) | Tok::Int(_) => here,
                _ => false,
            };
            if foreign {
                return Err(self.fail("P001", format!("`{word}` is not a Mochi statement"), help));
            }
        }
        self.expr_stmt()
    }

    /// Expression or assignment.
    #[inline(never)]
    fn expr_stmt(&mut self) -> PResult<StmtKind> {
        let start = self.span();
        // Directly behind another statement, on its line?
        let before = self.pos.checked_sub(1).and_then(|p| self.tokens.get(p));
        let glued = before.is_some_and(|t| {
            let gap = self.source.get(t.span.end as usize..start.start as usize).unwrap_or_default();
            !matches!(t.tok, Tok::P(P::LBrace | P::RBrace)) && !gap.contains(['\n', ';'])
        });
        if !can_start_expr(self.tok()) {
            let help = match self.tok() {
                Tok::P(P::Pipe | P::Comma) => "the statement above may have ended earlier than you meant",
                _ => "",
            };
            return Err(self.fail("P001", format!("expected a statement, found {}", self.found()), help));
        }
        let expr = self.expr()?;
        if self.at(P::Assign) {
            return self.assign(expr);
        }
        self.foreign_operator()?;
        if !does_something(&expr) && self.last_error != Some(self.pos) {
            let span = self.span_from(start);
            if glued {
                let d = Diagnostic::error(
                    "P065",
                    span,
                    "this stands beside a finished statement, and its value would be thrown away",
                );
                return Err(self.report(d.help("is there an operator or a `,` missing before it? Several statements on one line are separated by `;`")));
            }
            self.diagnostics.push(
                Diagnostic::warning(
                    "P065",
                    span,
                    "this expression's value is thrown away, and computing it does nothing else",
                )
                .help("if it is a function's result, write `return` before it; if it is to be shown, `print(..)` it"),
            );
        }
        Ok(StmtKind::Expr(expr))
    }

    /// After a complete expression statement: operators of other languages.
    fn foreign_operator(&mut self) -> PResult<()> {
        if self.on_new_line() {
            return Ok(());
        }
        let word = match self.tok() {
            Tok::Ident(w) => w.clone(),
            Tok::P(P::Question) => {
                return Err(self.fail(
                    "P001",
                    "`?` stands only before `.` or `[`".to_owned(),
                    "there is no `a ? b : c`; write `if a then b else c`",
                ));
            }
            _ => return Ok(()),
        };
        let instead = match &*word {
            "and" => "&&",
            "or" => "||",
            "mod" => "%",
            _ => return Ok(()),
        };
        Err(self.fail("P001", format!("`{word}` is not an operator"), &format!("write `{instead}`")))
    }

    #[inline(never)]
    fn assign(&mut self, left: Expr) -> PResult<StmtKind> {
        let span = left.span;
        let mut path = Vec::new();
        let mut at = left;
        let target = loop {
            match at.kind {
                ExprKind::Ident(name) => break Some(Ident { id: at.id, span: at.span, name }),
                ExprKind::Field { base, name } => {
                    path.push(Access::Field(name));
                    at = *base;
                }
                ExprKind::Index { base, index } => {
                    path.push(Access::Index(*index));
                    at = *base;
                }
                _ => break None,
            }
        };
        path.reverse();
        let Some(target) = target else {
            let d = Diagnostic::error(
                "P001",
                span,
                "only a variable, an element `x[i]` or a field `x.f` can be assigned to",
            )
            .help("to compare, write `==`");
            return Err(self.report(d));
        };
        self.bump();
        let value = self.expr()?;
        Ok(StmtKind::Assign(AssignStmt { target, path, value }))
    }

    /// From `let` or `var` on. A bad value still declares the name.
    #[inline(never)]
    pub(super) fn let_stmt(&mut self, mark: Mark) -> PResult<LetStmt> {
        let mutable = self.at_kw(Kw::Var);
        let start = self.span();
        self.bump();
        if self.at(P::LBracket) || self.at(P::LBrace) || self.at(P::LParen) {
            return Err(self.fail(
                "P001",
                "a declaration names one variable; there is no destructuring".to_owned(),
                "declare each name on its own: `let a = xs[0]`",
            ));
        }
        let name = self.ident("the variable's name")?;
        let ty = if self.eat(P::Colon) { Some(self.type_expr()?) } else { None };
        let mut value = None;
        if self.eat(P::Assign) {
            value = Some(match self.expr().and_then(|e| self.foreign_operator().map(|()| e)) {
                Ok(e) => e,
                Err(_) => {
                    self.sync(mark);
                    self.error_expr()
                }
            });
        }
        if ty.is_none() && value.is_none() {
            let word = if mutable { "var" } else { "let" };
            let d = Diagnostic::error(
                "T000",
                self.span_from(start),
                format!("`{}` has neither a type nor a value", name.name),
            )
            .help(format!("give it a value, `{word} {0} = ..`, or a type, `{word} {0}: int`", name.name));
            self.report(d);
        }
        Ok(LetStmt { mutable, name, ty, value })
    }

    /// A condition or source before a block; after a mistake in it, the block is still found.
    #[inline(never)]
    fn header_expr(&mut self) -> PResult<Expr> {
        match self.with_no_struct(true, Self::expr) {
            Ok(e) => {
                if !self.at(P::LBrace) && !self.at(P::DotDot) && !self.at_kw(Kw::Then) {
                    let _ = self.expect(P::LBrace, "after this expression");
                    if self.skip_to_block() { Ok(e) } else { Err(super::Reported) }
                } else {
                    Ok(e)
                }
            }
            Err(r) => {
                if self.skip_to_block() {
                    Ok(self.error_expr())
                } else {
                    Err(r)
                }
            }
        }
    }

    #[inline(never)]
    fn if_stmt(&mut self) -> PResult<StmtKind> {
        let start = self.span();
        let mut branches = Vec::new();
        loop {
            self.bump();
            let cond = self.header_expr()?;
            if self.at_kw(Kw::Then) && branches.is_empty() {
                let expr = self.if_expr_after(start, cond)?;
                return Ok(StmtKind::Expr(expr));
            }
            let (body, _) = self.block("after the condition")?;
            branches.push((cond, body));
            self.branch_limit(branches.len())?;
            if !self.eat_kw(Kw::Else) {
                return Ok(StmtKind::If(IfStmt { branches, otherwise: None }));
            }
            if !self.at_kw(Kw::If) {
                let (body, _) = self.block("after `else`")?;
                return Ok(StmtKind::If(IfStmt { branches, otherwise: Some(body) }));
            }
        }
    }

    #[inline(never)]
    fn while_stmt(&mut self) -> PResult<StmtKind> {
        self.bump();
        let cond = self.header_expr()?;
        let (body, _) = self.block("after the condition")?;
        Ok(StmtKind::While { cond, body })
    }

    #[inline(never)]
    fn return_stmt(&mut self) -> PResult<StmtKind> {
        self.bump();
        let value =
            can_start_expr(self.tok()) && !(self.on_new_line() && self.at_kw(Kw::If)) && !self.named_fun_ahead();
        Ok(StmtKind::Return(if value { Some(self.expr()?) } else { None }))
    }

    #[inline(never)]
    fn for_stmt(&mut self) -> PResult<StmtKind> {
        self.bump();
        if self.at(P::LParen) {
            return Err(self.fail(
                "P001",
                "expected the loop variable's name, found `(`".to_owned(),
                "loops are `for i in 0..n { .. }` and `for x in xs { .. }`, without parentheses",
            ));
        }
        let var = self.ident("the loop variable's name")?;
        if !self.eat_kw(Kw::In) {
            let help = "loops are `for i in 0..n { .. }` and `for x in xs { .. }`";
            return Err(self.fail(
                "P001",
                format!("expected `in` after the loop variable, found {}", self.found()),
                help,
            ));
        }
        let first = self.header_expr()?;
        let source =
            if self.eat(P::DotDot) { ForSource::Range(first, self.header_expr()?) } else { ForSource::Each(first) };
        let (body, _) = self.block("after the loop's header")?;
        Ok(StmtKind::For(ForStmt { var, source, body }))
    }

    #[inline(never)]
    fn fetch_stmt(&mut self) -> PResult<StmtKind> {
        let start = self.span();
        self.bump();
        let url = self.expr()?;
        if self.eat_word("into") {
            let target = self.ident("the variable's name")?;
            let with = if self.eat_word("with") { Some(self.expr()?) } else { None };
            return Ok(StmtKind::FetchInto { url, target, with });
        }
        let with = if self.eat_word("with") { Some(Box::new(self.expr()?)) } else { None };
        let below = url.height.max(with.as_ref().map_or(0, |e| e.height));
        Ok(StmtKind::Expr(self.make(start, below, ExprKind::Fetch { url: Box::new(url), with })?))
    }

    #[inline(never)]
    fn update_stmt(&mut self) -> PResult<StmtKind> {
        self.bump();
        let target = self.ident("the list's name")?;
        self.bump();
        let open = self.span();
        if !self.at(P::LBrace) {
            return Err(self.fail(
                "P001",
                format!("expected `{{` after `set`, found {}", self.found()),
                "write `update xs set { field: value } where condition`",
            ));
        }
        let set = self.map_entries()?;
        let set_span = self.span_from(open);
        let cond = if self.eat_word("where") { Some(self.expr()?) } else { None };
        Ok(StmtKind::Update { target, set, set_span, cond })
    }

    pub(super) fn str_lit(&mut self, what: &str) -> PResult<StrLit> {
        match self.tok().clone() {
            Tok::Str(value) => Ok(StrLit { span: self.bump().span, value }),
            _ => Err(self.fail("P001", format!("expected {what}, found {}", self.found()), "")),
        }
    }
}

/// Could evaluating it matter? (Calls and everything that reaches the outside.)
fn does_something(e: &Expr) -> bool {
    let any = |es: &[Expr]| es.iter().any(does_something);
    let opt = |e: &Option<Box<Expr>>| e.as_deref().is_some_and(does_something);
    match &e.kind {
        ExprKind::Call { .. }
        | ExprKind::Fetch { .. }
        | ExprKind::Load { .. }
        | ExprKind::Save { .. }
        | ExprKind::Generate { .. }
        | ExprKind::LogicQuery(_)
        | ExprKind::Error => true,
        ExprKind::Int(_)
        | ExprKind::Float(_)
        | ExprKind::Str(_)
        | ExprKind::Bool(_)
        | ExprKind::None
        | ExprKind::Ident(_)
        | ExprKind::Fun(_) => false,
        ExprKind::Field { base, .. } | ExprKind::OptField { base, .. } => does_something(base),
        ExprKind::Index { base, index } | ExprKind::OptIndex { base, index } => {
            does_something(base) || does_something(index)
        }
        ExprKind::Slice { base, from, to, step } => does_something(base) || opt(from) || opt(to) || opt(step),
        ExprKind::Cast { expr, .. } | ExprKind::Unary { expr, .. } => does_something(expr),
        ExprKind::Binary { left, right, .. } => does_something(left) || does_something(right),
        ExprKind::List(es) => any(es),
        ExprKind::Map(entries) => {
            entries.iter().any(|e| does_something(&e.value) || matches!(&e.key, MapKey::Expr(k) if does_something(k)))
        }
        // `A {}` may start an agent.
        ExprKind::Struct { fields, .. } => fields.is_empty() || fields.iter().any(|f| does_something(&f.value)),
        ExprKind::If { branches, otherwise } => {
            branches.iter().any(|(c, b)| does_something(c) || does_something(b)) || opt(otherwise)
        }
        ExprKind::Match { value, arms } => {
            does_something(value)
                || arms.iter().any(|a| match &a.body {
                    ArmBody::Expr(e) => does_something(e),
                    ArmBody::Block(b) => !b.stmts.is_empty(),
                })
        }
        ExprKind::Query(q) => does_something(&q.select) || q.from.iter().any(|f| does_something(&f.source)),
    }
}
