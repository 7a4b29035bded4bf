//! A query's condition taken apart: what `where` asks of the first sources alone is asked before the later ones are gone through.
//!
//! Invariant: rows and their order are those of asking the whole condition of each combination. So only conditions move that can neither
//! fail nor do anything, and none moves over one that could.

use super::{Fx, Lower};
use crate::ast::{BinOp, Expr, ExprKind, Query, UnOp};
use crate::checked::VarId;
use crate::core_ir::{Expr as Core, Stmt, Var};

/// What the loops over the sources need beyond the query itself.
pub(super) struct Plan<'e> {
    /// The conditions that are asked as soon as the source of that number has a row.
    pub level: Vec<Vec<&'e Expr>>,
    /// Rows of the sources that no row changes: taken once; by key, when a condition compares one.
    pub source: Vec<Option<Source<'e>>>,
}

pub(super) struct Source<'e> {
    pub rows: Var,
    pub index: Option<(Var, &'e Expr)>,
}

impl Lower<'_> {
    /// Evaluates into `out` what can be evaluated before the loops.
    pub(super) fn plan<'e>(
        &mut self,
        fx: &mut Fx,
        q: &'e Query,
        vars: &[VarId],
        line: u32,
        out: &mut Vec<Stmt>,
    ) -> Plan<'e> {
        let mut level: Vec<Vec<&Expr>> = vec![vec![]; q.from.len()];
        let Some(last) = q.from.len().checked_sub(1) else { return Plan { level, source: vec![] } };
        let mut parts = vec![];
        if let Some(c) = q.cond.as_ref().filter(|_| q.joins.is_empty()) {
            conjuncts(c, &mut parts);
        }
        let mut free = true;
        for c in parts {
            free = free && self.is_total(c);
            let at = if free { self.last_mentioned(c, vars) } else { last };
            if let Some(l) = level.get_mut(at) {
                l.push(c);
            }
        }
        let steady = last > 0 && q.from.iter().all(|f| self.is_steady(&f.source));
        let mut source = vec![];
        for (n, f) in q.from.iter().enumerate() {
            let own = !vars.iter().any(|v| self.mentions(&f.source, *v));
            if n == 0 || !steady || !own {
                source.push(None);
                continue;
            }
            let rows = fx.fresh();
            let list = self.expr(fx, &f.source);
            out.push(Stmt::Set(rows, Core::remote("mochi_query", "rows", vec![list], line)));
            let (v, left) = (vars[n], &vars[..n]);
            let keys = level[n].iter().find_map(|c| self.equal_keys(c, v, left));
            let index = keys.map(|(left, key)| (self.index(fx, Core::var(rows), &[], Some(v), key, out), left));
            source.push(Some(Source { rows, index }));
        }
        Plan { level, source }
    }

    /// The number of the last source whose row the condition names.
    fn last_mentioned(&self, e: &Expr, vars: &[VarId]) -> usize {
        (0..vars.len()).rev().find(|n| self.mentions(e, vars[*n])).unwrap_or(0)
    }

    /// Only asked of expressions that `is_total` or `is_steady` has seen.
    fn mentions(&self, e: &Expr, v: VarId) -> bool {
        match &e.kind {
            ExprKind::Ident(_) => self.c.var_at(e.id) == Some(v),
            ExprKind::Field { base, .. } => self.mentions(base, v),
            ExprKind::Unary { expr, .. } => self.mentions(expr, v),
            ExprKind::Binary { left, right, .. } => self.mentions(left, v) || self.mentions(right, v),
            ExprKind::List(es) => es.iter().any(|x| self.mentions(x, v)),
            _ => false,
        }
    }

    /// A variable: evaluating it once is evaluating it each time, as no clause of a query assigns.
    fn is_steady(&self, e: &Expr) -> bool {
        match &e.kind {
            ExprKind::Ident(_) => self.c.var_at(e.id).is_some(),
            ExprKind::Field { base, .. } => self.c.resolution(e.id).is_none() && self.is_steady(base),
            _ => false,
        }
    }

    /// Neither fails nor does anything, whatever the values of its variables.
    fn is_total(&self, e: &Expr) -> bool {
        match &e.kind {
            ExprKind::Int(_) | ExprKind::Float(_) | ExprKind::Str(_) | ExprKind::Bool(_) | ExprKind::None => true,
            ExprKind::Ident(_) => self.c.var_at(e.id).is_some(),
            ExprKind::Field { base, .. } => self.c.resolution(e.id).is_none() && self.is_total(base),
            ExprKind::Unary { op: UnOp::Not, expr } => self.is_total(expr),
            ExprKind::Binary { op, left, right, .. } => {
                let parts = self.is_total(left) && self.is_total(right);
                match op {
                    BinOp::And | BinOp::Or | BinOp::Eq | BinOp::Ne | BinOp::Lt | BinOp::Le | BinOp::Gt | BinOp::Ge => {
                        parts
                    }
                    BinOp::Add | BinOp::Sub | BinOp::Mul => parts && self.c.type_of(e.id).is_numeric(),
                    BinOp::In => parts && matches!(right.kind, ExprKind::List(_)),
                    _ => false,
                }
            }
            ExprKind::List(es) => es.iter().all(|x| self.is_total(x)),
            _ => false,
        }
    }
}

/// `a && b && c` as its parts, in order.
fn conjuncts<'e>(e: &'e Expr, out: &mut Vec<&'e Expr>) {
    match &e.kind {
        ExprKind::Binary { op: BinOp::And, left, right, .. } => {
            conjuncts(left, out);
            conjuncts(right, out);
        }
        _ => out.push(e),
    }
}
