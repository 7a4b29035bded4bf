//! Dataset queries and logic predicates.

use super::{PResult, Parser};
use crate::ast::*;
use crate::diag::Diagnostic;
use crate::lex::{Kw, P, Tok};

/// The clauses in their order.
const CLAUSES: &[&str] = &["from", "join", "where", "group", "sort", "skip", "take", "select"];

/// The highest expression in it.
fn tallest(q: &Query) -> u16 {
    let mut below = q.select.height;
    let mut see = |e: &Expr| below = below.max(e.height);
    q.from.iter().for_each(|f| see(&f.source));
    for j in &q.joins {
        see(&j.source);
        see(&j.on);
    }
    q.group.iter().flat_map(|g| g.keys.iter().chain(&g.having)).for_each(&mut see);
    [&q.cond, &q.sort, &q.skip, &q.take].into_iter().flatten().for_each(&mut see);
    below
}

impl Parser<'_> {
    /// At `from x in`.
    #[inline(never)]
    pub(super) fn query(&mut self) -> PResult<Expr> {
        let start = self.span();
        // On the heap from the beginning: queries nest, and this would be a large frame.
        let mut q = Box::new(Query {
            from: Vec::new(),
            joins: Vec::new(),
            cond: None,
            group: None,
            sort: None,
            skip: None,
            take: None,
            distinct: false,
            select: self.error_expr(),
        });
        let mut reached = 0;
        while self.next_clause(&mut q, &mut reached)? {}
        // `select distinct` of a variable called so: nothing follows it.
        q.distinct = self.at_word("distinct")
            && super::can_start_expr(self.nth(1))
            && !self.nth_on_new_line(1)
            && !self.nth_is(1, P::LParen);
        if q.distinct {
            self.bump();
        }
        q.select = self.expr()?;
        self.make(start, tallest(&q), ExprKind::Query(q))
    }

    /// Parse one clause; false after `select`.
    fn next_clause(&mut self, q: &mut Query, reached: &mut usize) -> PResult<bool> {
        let at = self.span();
        let Some(clause) = self.clause() else { return Err(self.no_clause()) };
        let rank = CLAUSES.iter().position(|c| *c == clause).unwrap_or(0);
        if rank < *reached || rank == *reached && !matches!(clause, "from" | "join") {
            self.out_of_order(at, clause, rank, *reached);
        }
        *reached = rank.max(*reached);
        match clause {
            "from" => self.source_clause(q)?,
            "join" => self.join(q, at)?,
            "group" => self.group(q, at)?,
            "where" => q.cond = Some(self.clause_expr(1)?),
            "sort" => q.sort = Some(self.clause_expr(2)?),
            "skip" => q.skip = Some(self.clause_expr(1)?),
            "take" => q.take = Some(self.clause_expr(1)?),
            _ => {
                self.bump();
                return Ok(false);
            }
        }
        Ok(true)
    }

    #[inline(never)]
    fn no_clause(&mut self) -> super::Reported {
        let help =
            "a query is `from x in xs [join ..] [where ..] [group by ..] [sort by ..] [skip n] [take n] select ..`";
        self.fail(
            "P001",
            format!("expected another clause of this query or its `select`, found {}", self.found()),
            help,
        )
    }

    #[inline(never)]
    fn out_of_order(&mut self, at: Span, clause: &str, rank: usize, reached: usize) {
        let before = CLAUSES.get(reached).copied().unwrap_or_default();
        let message = if rank == reached {
            format!("this query has a second `{clause}`")
        } else {
            format!("`{clause}` comes too late: it stands before `{before}`")
        };
        let d = Diagnostic::error("P001", at, message).help(format!("the order of clauses is {}", CLAUSES.join(", ")));
        self.report(d);
    }

    /// The expression after that many words.
    #[inline(never)]
    fn clause_expr(&mut self, words: usize) -> PResult<Expr> {
        for _ in 0..words {
            self.bump();
        }
        self.expr()
    }

    #[inline(never)]
    fn source_clause(&mut self, q: &mut Query) -> PResult<()> {
        self.bump();
        let var = self.ident("the row variable's name")?;
        self.expect_in()?;
        let source = self.expr()?;
        q.from.push(FromClause { var, source });
        Ok(())
    }

    /// Which clause begins here?
    fn clause(&self) -> Option<&'static str> {
        let Tok::Ident(word) = self.tok() else { return None };
        let by = self.nth_word(1, "by");
        match &**word {
            "from" => Some("from"),
            "join" => Some("join"),
            "left" | "right" | "outer" | "inner" if self.nth_word(1, "join") => Some("join"),
            "where" => Some("where"),
            "group" if by => Some("group"),
            "sort" | "order" if by => Some("sort"),
            "skip" => Some("skip"),
            "take" => Some("take"),
            "select" => Some("select"),
            _ => None,
        }
    }

    fn expect_in(&mut self) -> PResult<()> {
        if self.eat_kw(Kw::In) {
            return Ok(());
        }
        Err(self.fail(
            "P001",
            format!("expected `in` after the row variable, found {}", self.found()),
            "sources are `from x in xs`",
        ))
    }

    #[inline(never)]
    fn join(&mut self, q: &mut Query, start: Span) -> PResult<()> {
        let side = match self.tok() {
            Tok::Ident(w) => match &**w {
                "left" => JoinSide::Left,
                "right" => JoinSide::Right,
                "outer" => JoinSide::Outer,
                _ => JoinSide::Inner,
            },
            _ => JoinSide::Inner,
        };
        if !self.at_word("join") {
            self.bump();
        }
        self.bump();
        if self.at_word("from") && !matches!(self.nth(1), Tok::Kw(Kw::In)) {
            self.bump();
        }
        let var = self.ident("the row variable's name")?;
        self.expect_in()?;
        let source = self.expr()?;
        if !self.eat_kw(Kw::On) {
            return Err(self.fail(
                "P001",
                format!("expected `on` and the join's condition, found {}", self.found()),
                "write `join y in ys on x.id == y.id`",
            ));
        }
        let on = self.expr()?;
        q.joins.push(JoinClause { side, var, source, on, span: self.span_from(start) });
        Ok(())
    }

    #[inline(never)]
    fn group(&mut self, q: &mut Query, start: Span) -> PResult<()> {
        self.bump();
        self.bump();
        let mut keys = vec![self.expr()?];
        while self.eat(P::Comma) {
            keys.push(self.expr()?);
        }
        if !self.eat_word("into") {
            return Err(self.fail(
                "P001",
                format!("expected `into` and a name for the group, found {}", self.found()),
                "write `group by x.key into g`",
            ));
        }
        let into = self.ident("the group's name")?;
        let having = if self.eat_word("having") { Some(self.expr()?) } else { None };
        q.group = Some(GroupClause { keys, into, having, span: self.span_from(start) });
        Ok(())
    }

    /// `name(arg, ..)`
    pub(super) fn pred(&mut self) -> PResult<Pred> {
        let start = self.span();
        let name = self.ident("a predicate's name")?;
        let open = self.expect(P::LParen, "after the predicate's name")?;
        let mut args = Vec::new();
        while !self.at(P::RParen) {
            args.push(match self.tok().clone() {
                Tok::Ident(_) => LogicTerm::Var(self.ident("a variable")?),
                Tok::Str(_) => LogicTerm::Str(self.str_lit("a string")?),
                Tok::Int(n) => LogicTerm::Int(n, self.bump().span),
                _ => {
                    return Err(self.fail(
                        "P001",
                        format!("expected a variable, string or integer, found {}", self.found()),
                        "predicates take names (variables), strings and integers, nothing else",
                    ));
                }
            });
            if !self.eat(P::Comma) {
                break;
            }
        }
        self.expect_close(P::RParen, open, "the predicate")?;
        Ok(Pred { name, args, span: self.span_from(start) })
    }

    /// At `rule`.
    pub(super) fn rule(&mut self) -> PResult<StmtKind> {
        self.bump();
        let head = self.pred()?;
        self.expect(P::Turnstile, "after the rule's head")?;
        let mut body = Vec::new();
        loop {
            if self.nth_is(1, P::NotEq) {
                let a = self.ident("a variable")?;
                self.bump();
                body.push(LogicCond::NotEqual(a, self.ident("a variable")?));
            } else {
                body.push(LogicCond::Pred(self.pred()?));
            }
            if !self.eat(P::Comma) {
                return Ok(StmtKind::Rule { head, body });
            }
        }
    }
}
