//! Expressions: precedence climbing over unary, postfix and primary forms.

use super::{PResult, Parser, can_start_expr, is_null_word};
use crate::ast::*;
use crate::diag::Diagnostic;
use crate::lex::{Kw, P, Tok};

/// Height of an optional child.
fn height(e: &Option<Box<Expr>>) -> u16 {
    e.as_ref().map_or(0, |e| e.height)
}

impl Parser<'_> {
    // The functions below are split so that a level of nesting costs little stack: whatever is rare or large has a frame of its own.

    pub(super) fn expr(&mut self) -> PResult<Expr> {
        if self.depth >= super::MAX_NESTING {
            return Err(self.too_deep());
        }
        self.depth += 1;
        let result = self.binary(0);
        self.depth -= 1;
        result
    }

    /// Inside brackets, where `Name {` is a struct literal again.
    pub(super) fn inner_expr(&mut self) -> PResult<Expr> {
        let saved = std::mem::replace(&mut self.no_struct, false);
        let result = self.expr();
        self.no_struct = saved;
        result
    }

    fn bin_op(&self) -> Option<(BinOp, usize)> {
        let op = match self.tok() {
            Tok::P(p) => match p {
                P::Star => BinOp::Mul,
                P::Slash => BinOp::Div,
                P::Percent => BinOp::Rem,
                P::Plus => BinOp::Add,
                P::Minus => BinOp::Sub,
                P::Lt => BinOp::Lt,
                P::LtEq => BinOp::Le,
                P::Gt => BinOp::Gt,
                P::GtEq => BinOp::Ge,
                P::EqEq => BinOp::Eq,
                P::NotEq => BinOp::Ne,
                P::AndAnd => BinOp::And,
                P::OrOr => BinOp::Or,
                P::Coalesce => BinOp::Coalesce,
                _ => return None,
            },
            Tok::Kw(Kw::In) => BinOp::In,
            Tok::Ident(word) => {
                let op = match &**word {
                    "union" => BinOp::Union,
                    "except" => BinOp::Except,
                    "intersect" => BinOp::Intersect,
                    _ => return None,
                };
                let all = op == BinOp::Union && *self.nth(1) == Tok::Kw(Kw::All);
                if all {
                    return Some((BinOp::UnionAll, 2));
                }
                // A variable of that name that begins the next statement.
                if !can_start_expr(self.nth(1)) {
                    return None;
                }
                op
            }
            _ => return None,
        };
        Some((op, 1))
    }

    fn binary(&mut self, min: u8) -> PResult<Expr> {
        let left = self.unary()?;
        match self.bin_op() {
            Some((op, _)) if op.precedence() > min => self.binary_rest(min, left),
            _ => Ok(left),
        }
    }

    #[inline(never)]
    fn binary_rest(&mut self, min: u8, mut left: Expr) -> PResult<Expr> {
        // Parentheses belong to the span already.
        let start = left.span;
        while let Some((op, tokens)) = self.bin_op() {
            if op.precedence() <= min {
                break;
            }
            let op_start = self.span();
            for _ in 0..tokens {
                self.bump();
            }
            let op_span = self.span_from(op_start);
            self.doubled_operator(op)?;
            let right = self.binary(op.precedence())?;
            let below = left.height.max(right.height);
            left = self.make(
                start,
                below,
                ExprKind::Binary { op, op_span, left: Box::new(left), right: Box::new(right) },
            )?;
        }
        Ok(left)
    }

    /// `+=`, `++`, `**`
    #[inline(never)]
    fn doubled_operator(&mut self, op: BinOp) -> PResult<()> {
        let (message, help) = match (op, self.tok()) {
            (BinOp::Add | BinOp::Sub | BinOp::Mul | BinOp::Div | BinOp::Rem, Tok::P(P::Assign)) => {
                (format!("`{}=` does not exist", op.text()), format!("write it out: `x = x {} ..`", op.text()))
            }
            (BinOp::Add, Tok::P(P::Plus)) => ("`++` does not exist".to_owned(), "write `x = x + 1`".to_owned()),
            (BinOp::Mul, Tok::P(P::Star)) => {
                ("`**` does not exist".to_owned(), "write `pow(base, exponent)`".to_owned())
            }
            _ => return Ok(()),
        };
        Err(self.fail("P001", message, &help))
    }

    fn unary(&mut self) -> PResult<Expr> {
        if self.at(P::Minus) || self.at(P::Bang) { self.prefixed() } else { self.postfix() }
    }

    #[inline(never)]
    fn prefixed(&mut self) -> PResult<Expr> {
        let mut ops = Vec::new();
        loop {
            let op = match self.tok() {
                Tok::P(P::Minus) => UnOp::Neg,
                Tok::P(P::Bang) => UnOp::Not,
                _ => break,
            };
            ops.push((op, self.bump().span));
        }
        if ops.len() > super::MAX_HEIGHT as usize {
            return Err(self.too_deep());
        }
        let mut e = self.postfix()?;
        for (op, start) in ops.into_iter().rev() {
            let below = e.height;
            e = self.make(start, below, ExprKind::Unary { op, expr: Box::new(e) })?;
        }
        Ok(e)
    }

    fn postfix(&mut self) -> PResult<Expr> {
        let e = self.primary()?;
        match self.tok() {
            Tok::P(P::LParen | P::Dot | P::LBracket | P::Question) => self.postfix_rest(e),
            Tok::Ident(word) if &**word == "as" => self.postfix_rest(e),
            _ => Ok(e),
        }
    }

    #[inline(never)]
    fn postfix_rest(&mut self, mut e: Expr) -> PResult<Expr> {
        let start = e.span;
        loop {
            let below = e.height;
            let optional = self.at(P::Question);
            let next = if optional { self.nth(1) } else { self.tok() };
            e = match next {
                Tok::P(P::LParen) if !optional => {
                    let args = self.args()?;
                    let below = args.iter().map(|a| a.height).fold(below, u16::max);
                    self.make(start, below, ExprKind::Call { callee: Box::new(e), args })?
                }
                Tok::P(P::Dot) => {
                    if optional {
                        self.bump();
                    }
                    self.bump();
                    let name = self.member_ident("a field or method name after the dot")?;
                    let base = Box::new(e);
                    self.make(
                        start,
                        below,
                        if optional { ExprKind::OptField { base, name } } else { ExprKind::Field { base, name } },
                    )?
                }
                Tok::P(P::LBracket) if optional => {
                    self.bump();
                    let open = self.bump().span;
                    let index = self.inner_expr()?;
                    self.expect_close(P::RBracket, open, "this index")?;
                    let below = below.max(index.height);
                    self.make(start, below, ExprKind::OptIndex { base: Box::new(e), index: Box::new(index) })?
                }
                Tok::P(P::LBracket) => self.index_or_slice(start, e)?,
                Tok::Ident(word) if &**word == "as" && !optional => {
                    self.bump();
                    let ty = self.type_expr()?;
                    self.make(start, below, ExprKind::Cast { expr: Box::new(e), ty })?
                }
                _ => return Ok(e),
            };
        }
    }

    #[inline(never)]
    fn index_or_slice(&mut self, start: Span, base: Expr) -> PResult<Expr> {
        let open = self.bump().span;
        let part = |p: &mut Self| -> PResult<Option<Box<Expr>>> {
            if can_start_expr(p.tok()) { Ok(Some(Box::new(p.inner_expr()?))) } else { Ok(None) }
        };
        let from = part(self)?;
        let mut to = None;
        let mut step = None;
        let mut slice = false;
        if self.colon_in_slice() {
            slice = true;
            to = part(self)?;
            if self.colon_in_slice() {
                step = part(self)?;
            }
        }
        if from.is_none() && to.is_none() && step.is_none() && self.at(P::RBracket) {
            self.bump();
            let d = Diagnostic::error(
                "P060",
                self.span_from(open),
                if slice { "this slice has no bounds" } else { "the index is missing" },
            )
            .help("write `xs[i]` for an element, `xs[a:b]` for a part; for a copy of all of it, `xs[0:]`");
            self.report(d);
            return self.make(start, base.height, ExprKind::Error);
        }
        self.expect_close(P::RBracket, open, "this index")?;
        let below = base.height.max(height(&from)).max(height(&to)).max(height(&step));
        let base = Box::new(base);
        let kind = match from {
            Some(index) if !slice => ExprKind::Index { base, index },
            from => ExprKind::Slice { base, from, to, step },
        };
        self.make(start, below, kind)
    }

    /// A `:`; a `:-` is reported and taken for `:` before a negative bound (the `-` does not matter any more).
    fn colon_in_slice(&mut self) -> bool {
        if self.at(P::Turnstile) {
            self.fail(
                "P001",
                "`:-` is one token of logic rules, not a colon and a minus".to_owned(),
                "leave a space: `xs[1: -1]`",
            );
            self.bump();
            return true;
        }
        self.eat(P::Colon)
    }

    /// `(a, b)`; a trailing comma is fine.
    #[inline(never)]
    fn args(&mut self) -> PResult<Vec<Expr>> {
        let open = self.bump().span;
        let mut args = Vec::new();
        while !self.at(P::RParen) {
            args.push(self.inner_expr()?);
            if self.at(P::Colon) && matches!(args.last().map(|a| &a.kind), Some(ExprKind::Ident(_))) {
                return Err(self.fail(
                    "P001",
                    "arguments have no names here".to_owned(),
                    "pass the values alone, in the order of the parameters",
                ));
            }
            if !self.eat(P::Comma) {
                break;
            }
        }
        self.expect_close(P::RParen, open, "the arguments")?;
        Ok(args)
    }

    fn primary(&mut self) -> PResult<Expr> {
        match self.tok() {
            Tok::P(P::LParen) => self.paren(),
            Tok::P(P::LBracket) => self.list(),
            Tok::P(P::LBrace) => self.map(),
            Tok::Kw(Kw::If) => self.if_expr(),
            Tok::Kw(Kw::Fun) => self.fun_expr(),
            Tok::Kw(Kw::Match) => self.match_expr(),
            Tok::Kw(kw) => {
                let kw = *kw;
                self.keyword_expr(kw)
            }
            Tok::Ident(_) => self.name_expr(),
            _ => self.literal(),
        }
    }

    #[inline(never)]
    fn if_expr(&mut self) -> PResult<Expr> {
        let start = self.bump().span;
        let cond = self.with_no_struct(true, Self::expr)?;
        self.if_expr_after(start, cond)
    }

    #[inline(never)]
    fn literal(&mut self) -> PResult<Expr> {
        let start = self.span();
        match self.tok().clone() {
            Tok::Int(n) => {
                self.bump();
                self.make(start, 0, ExprKind::Int(n))
            }
            Tok::Float(x) => {
                self.bump();
                self.make(start, 0, ExprKind::Float(x))
            }
            Tok::Str(s) => {
                self.bump();
                self.make(start, 0, ExprKind::Str(s))
            }
            _ => Err(self.no_expr()),
        }
    }

    #[inline(never)]
    fn paren(&mut self) -> PResult<Expr> {
        let start = self.bump().span;
        let mut e = self.inner_expr()?;
        if self.at(P::Comma) {
            return Err(self.fail(
                "P001",
                "there are no tuples".to_owned(),
                "use a list `[a, b]`, or a map `{x: a, y: b}`",
            ));
        }
        self.expect_close(P::RParen, start, "this parenthesis")?;
        e.span = self.span_from(start);
        Ok(e)
    }

    #[inline(never)]
    fn no_expr(&mut self) -> super::Reported {
        let help = match self.tok() {
            Tok::P(P::Turnstile) => "`:-` is one token of logic rules; leave a space: `: -`",
            Tok::P(P::Assign) => "`=` assigns; to compare, write `==`",
            Tok::P(P::Lt | P::Gt | P::LtEq | P::GtEq | P::EqEq | P::NotEq | P::Plus | P::Star | P::Slash) => {
                "is something missing before the operator?"
            }
            Tok::Kw(_) if !self.on_new_line() => "reserved words cannot be used as names",
            _ => "",
        };
        self.fail("P050", format!("expected an expression, found {}", self.found()), help)
    }

    #[inline(never)]
    fn name_expr(&mut self) -> PResult<Expr> {
        let start = self.span();
        let Tok::Ident(name) = self.tok().clone() else { return Err(self.no_expr()) };
        if is_null_word(&name) && !self.nil_declared && !self.nth_is(1, P::Colon) {
            self.bump();
            return self.make(start, 0, ExprKind::None);
        }
        if &*name == "from"
            && matches!(self.nth(1), Tok::Ident(_))
            && (*self.nth(2) == Tok::Kw(Kw::In) || !self.nth_on_new_line(1))
        {
            return self.query();
        }
        if &*name == "query"
            && matches!(self.nth(1), Tok::Ident(_))
            && self.nth_is(2, P::LParen)
            && !self.nth_on_new_line(1)
        {
            self.bump();
            let pred = self.pred()?;
            return self.make(start, 0, ExprKind::LogicQuery(pred));
        }
        if self.nth_is(1, P::LBrace) && self.struct_literal_ahead() {
            return self.struct_literal();
        }
        self.bump();
        self.make(start, 0, ExprKind::Ident(name))
    }

    #[inline(never)]
    fn keyword_expr(&mut self, kw: Kw) -> PResult<Expr> {
        let start = self.span();
        match kw {
            Kw::True | Kw::False => {
                self.bump();
                self.make(start, 0, ExprKind::Bool(kw == Kw::True))
            }
            Kw::None => {
                self.bump();
                self.make(start, 0, ExprKind::None)
            }
            Kw::Generate => {
                self.bump();
                let target = self.ident("what to generate: `text`, `embedding` or a type")?;
                let fields = self.field_inits("the settings")?;
                let below = fields.iter().map(|f| f.value.height).max().unwrap_or(0);
                self.make(start, below, ExprKind::Generate { target, fields })
            }
            Kw::Fetch => {
                self.bump();
                let url = Box::new(self.expr()?);
                let with = self.with_clause()?;
                let below = url.height.max(height(&with));
                // `fetch url as T` casts what comes back.
                if matches!(url.kind, ExprKind::Cast { .. })
                    && let ExprKind::Cast { expr, ty } = url.kind
                {
                    let fetch = self.make(start, below, ExprKind::Fetch { url: expr, with })?;
                    return self.make(start, fetch.height, ExprKind::Cast { expr: Box::new(fetch), ty });
                }
                self.make(start, below, ExprKind::Fetch { url, with })
            }
            Kw::Load => {
                self.bump();
                let path = if matches!(self.tok(), Tok::Str(_)) { Some(self.str_lit("the path")?) } else { None };
                if !self.eat_word("as") {
                    return Err(self.fail(
                        "P001",
                        format!("expected `as` and the rows' type, found {}", self.found()),
                        "write `load \"file\" as Type`",
                    ));
                }
                let ty = self.type_expr()?;
                let with = self.with_clause()?;
                self.make(start, height(&with), ExprKind::Load { path, ty, with })
            }
            Kw::Save => {
                self.bump();
                let value = Box::new(self.expr()?);
                let path = if self.eat_word("to") { Some(self.str_lit("the path, a string")?) } else { None };
                let with = self.with_clause()?;
                self.make(start, value.height.max(height(&with)), ExprKind::Save { value, path, with })
            }
            _ => Err(self.no_expr()),
        }
    }

    fn with_clause(&mut self) -> PResult<Option<Box<Expr>>> {
        if self.eat_word("with") { Ok(Some(Box::new(self.expr()?))) } else { Ok(None) }
    }

    /// After `if cond`.
    pub(super) fn if_expr_after(&mut self, start: Span, cond: Expr) -> PResult<Expr> {
        let mut branches = Vec::new();
        let mut cond = cond;
        let otherwise = loop {
            let value = if self.eat_kw(Kw::Then) {
                self.expr()?
            } else if self.at(P::LBrace) {
                self.braced_expr()?
            } else {
                return Err(self.fail(
                    "P001",
                    format!("expected `then` or `{{` after the condition, found {}", self.found()),
                    "write `if c then a else b`, or `if c { a } else { b }`",
                ));
            };
            branches.push((cond, value));
            self.branch_limit(branches.len())?;
            if !self.eat_kw(Kw::Else) {
                break None;
            }
            if self.eat_kw(Kw::If) {
                cond = self.with_no_struct(true, Self::expr)?;
                continue;
            }
            break Some(Box::new(if self.at(P::LBrace) && !self.map_ahead() {
                self.braced_expr()?
            } else {
                self.expr()?
            }));
        };
        let below = branches.iter().fold(height(&otherwise), |h, (c, v)| h.max(c.height).max(v.height));
        self.make(start, below, ExprKind::If { branches, otherwise })
    }

    /// `{ expr }`
    fn braced_expr(&mut self) -> PResult<Expr> {
        let open = self.bump().span;
        if super::only_starts_stmt(self.tok()) {
            return Err(self.fail(
                "P001",
                "an `if` used as a value has one expression in each brace, no statements".to_owned(),
                "declare a `var` before, and assign it in an `if` statement",
            ));
        }
        let e = self.inner_expr()?;
        self.expect_close(P::RBrace, open, "this branch")?;
        Ok(e)
    }

    #[inline(never)]
    fn fun_expr(&mut self) -> PResult<Expr> {
        let start = self.bump().span;
        let sig = self.fun_sig()?;
        let (body, below) = if self.eat(P::Arrow) {
            let e = self.expr()?;
            let h = e.height;
            (FunBody::Expr(e), h)
        } else if self.at(P::LBrace) {
            let (block, h) = self.block("")?;
            (FunBody::Block(block), h)
        } else {
            return Err(self.fail(
                "P001",
                format!("expected the function's body, found {}", self.found()),
                "write `fun(x: int): int => x + 1`, or a block `fun(x: int): int { return x + 1 }`",
            ));
        };
        self.make(start, below, ExprKind::Fun(Box::new(FunExpr { sig, body })))
    }

    #[inline(never)]
    fn match_expr(&mut self) -> PResult<Expr> {
        let start = self.bump().span;
        let value = Box::new(self.with_no_struct(true, Self::expr)?);
        let open = self.expect(P::LBrace, "before the arms of this `match`")?;
        let mut below = value.height;
        let mut arms = Vec::new();
        while !self.at(P::RBrace) && !self.at_eof() {
            let arm_start = self.span();
            let pattern = self.arm_pattern()?;
            if !self.eat(P::Arrow) {
                return Err(self.fail(
                    "P001",
                    format!("expected `=>` after the pattern, found {}", self.found()),
                    "arms are `pattern => result`",
                ));
            }
            let body = if self.at(P::LBrace) && !self.map_ahead() {
                let (block, h) = self.block("")?;
                below = below.max(h);
                ArmBody::Block(block)
            } else if self.at(P::RBrace) || self.at(P::Comma) || self.at(P::Arrow) {
                let d = Diagnostic::error("P061", self.span_from(arm_start), "this arm has no result")
                    .help("write an expression after `=>`; `none` if there is nothing to give");
                self.report(d);
                ArmBody::Expr(self.error_expr())
            } else {
                let e = self.inner_expr()?;
                below = below.max(e.height);
                ArmBody::Expr(e)
            };
            // The reference has no commas here; they are harmless.
            self.eat(P::Comma);
            arms.push(MatchArm { pattern, body, span: self.span_from(arm_start) });
        }
        self.expect_close(P::RBrace, open, "this `match`")?;
        self.make(start, below, ExprKind::Match { value, arms })
    }
}
