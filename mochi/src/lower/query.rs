//! Dataset queries, as loops in place (their clauses see the enclosing function's variables directly).
//!
//! Rows are Erlang tuples of the row variables' values; `mochi_query` sorts, groups and cuts lists of them. Order guarantees are those of the
//! reference's section 11.

use super::filter::Plan;
use super::plan::{LISTS, MAPS};
use super::{Fx, Lower};
use crate::ast::{self, ExprKind, JoinSide, Query};
use crate::builtins::Builtin;
use crate::checked::{Resolution, VarId};
use crate::core_ir::{Const, Expr, Kind, Stmt, TypeTest, Var};

fn cons(x: Expr, list: Var) -> Stmt {
    Stmt::Set(list, Expr::remote("mochi_core", "cons", vec![x, Expr::var(list)], 0))
}

impl Lower<'_> {
    fn row_var(&self, id: ast::NodeId) -> VarId {
        self.c.var_at(id).unwrap_or(VarId(0))
    }
    /// `for x in list { body }` over an Erlang list; `bind` takes the head.
    fn over(
        &mut self,
        fx: &mut Fx,
        list: Expr,
        out: &mut Vec<Stmt>,
        body: impl FnOnce(&mut Self, &mut Fx, Var, &mut Vec<Stmt>),
    ) {
        let l = fx.fresh();
        let head = fx.fresh();
        out.push(Stmt::Set(l, list));
        let it = || Box::new(Expr::var(l));
        let mut b = vec![Stmt::If(Expr::new(Kind::Test(TypeTest::NonemptyList, it()), 0), vec![], vec![Stmt::Break])];
        b.push(Stmt::Set(head, Expr::new(Kind::Head(it()), 0)));
        b.push(Stmt::Set(l, Expr::new(Kind::Tail(it()), 0)));
        body(self, fx, head, &mut b);
        out.push(Stmt::Loop(b));
    }
    fn tuple_of(&mut self, fx: &mut Fx, vars: &[VarId]) -> Expr {
        let parts = vars.iter().map(|v| self.read(fx, *v, 0)).collect();
        Expr::new(Kind::Tuple(parts), 0)
    }
    /// Takes a row apart.
    fn bind_row(&mut self, fx: &mut Fx, row: Var, vars: &[VarId], out: &mut Vec<Stmt>) {
        for (i, v) in vars.iter().enumerate() {
            let args = vec![Expr::cst(Const::Int(i as i64 + 1)), Expr::var(row)];
            self.declare(fx, *v, Expr::remote("erlang", "element", args, 0), out);
        }
    }

    pub(crate) fn query(&mut self, fx: &mut Fx, q: &Query, line: u32) -> Expr {
        match self.results(fx, q, false, line) {
            (pre, list, Some(f)) => {
                let list = Expr::remote("mochi_list", "from_reversed", vec![list], line);
                Expr::new(Kind::Seq(pre, Box::new(Expr::remote("mochi_query", f, vec![list], line))), line)
            }
            (pre, list, None) => {
                let list = Expr::remote("mochi_list", "from_reversed", vec![list], line);
                let out = if q.distinct { Expr::remote("mochi_query", "distinct", vec![list], line) } else { list };
                let out = self.in_cell(out, LISTS);
                Expr::new(Kind::Seq(pre, Box::new(out)), line)
            }
        }
    }

    /// A query that only an aggregate will see: its results as an Erlang list. `exists` needs but one of them.
    pub(crate) fn query_for(&mut self, fx: &mut Fx, q: &Query, b: Builtin, line: u32) -> Option<Expr> {
        let of_list =
            matches!(b, Builtin::Sum | Builtin::Avg | Builtin::Min | Builtin::Max | Builtin::Count | Builtin::Exists);
        let is_aggregate = q.group.is_none() && self.aggregate(&q.select).is_some();
        if !of_list || q.distinct || is_aggregate {
            return None;
        }
        let (pre, list, _) = self.results(fx, q, b == Builtin::Exists, line);
        let list = Expr::remote("lists", "reverse", vec![list], 0);
        Some(Expr::new(Kind::Seq(pre, Box::new(list)), line))
    }

    /// Statements that evaluate a query, what then has its results in reverse, and the aggregate that they are for. With `one`, a first result
    /// may be enough.
    fn results(&mut self, fx: &mut Fx, q: &Query, one: bool, line: u32) -> (Vec<Stmt>, Expr, Option<&'static str>) {
        let mut pre = vec![];
        let rows = fx.fresh();
        pre.push(Stmt::Set(rows, Expr::cst(Const::Nil)));
        let mut vars: Vec<VarId> = q.from.iter().map(|f| self.row_var(f.var.id)).collect();
        // A bare aggregate over all rows.
        let aggregate = q.group.is_none().then(|| self.aggregate(&q.select)).flatten();
        let select = aggregate.map_or(&q.select, |a| a.1);
        // What comes first after the loops is done in them: no list of rows is made for it.
        let flat = q.joins.is_empty();
        let (group, sort) = (q.group.as_ref().filter(|_| flat), q.sort.as_ref().filter(|_| flat && q.group.is_none()));
        let straight = flat && q.group.is_none() && q.sort.is_none() && q.skip.is_none() && q.take.is_none();
        // Sources of joins do not depend on rows: evaluated once. The from clauses nest.
        let plan = self.plan(fx, q, &vars, line, &mut pre);
        self.nested_loops(fx, q, &plan, 0, line, &mut pre, &mut |l, fx, out| {
            let row = match (group, sort) {
                _ if straight => l.expr(fx, select),
                (Some(g), _) => l.keyed_row(fx, q, g, &vars, line),
                (None, Some(s)) => {
                    let key = l.expr(fx, s);
                    let row = l.tuple_of(fx, &vars);
                    Expr::new(Kind::Tuple(vec![key, row]), 0)
                }
                (None, None) => l.tuple_of(fx, &vars),
            };
            out.push(cons(row, rows));
            if one && straight {
                out.push(Stmt::Break);
            }
        });
        if straight {
            return (pre, Expr::var(rows), aggregate.map(|a| a.0));
        }
        if !flat {
            pre.push(Stmt::Set(rows, Expr::remote("lists", "reverse", vec![Expr::var(rows)], 0)));
            for j in &q.joins {
                self.join(fx, j, rows, &mut vars, line, &mut pre);
            }
            if let Some(c) = &q.cond {
                let kept = fx.fresh();
                pre.push(Stmt::Set(kept, Expr::cst(Const::Nil)));
                self.over(fx, Expr::var(rows), &mut pre, |l, fx, row, out| {
                    l.bind_row(fx, row, &vars, out);
                    let c = l.expr(fx, c);
                    out.push(Stmt::If(c, vec![cons(Expr::var(row), kept)], vec![]));
                });
                pre.push(Stmt::Set(rows, Expr::remote("lists", "reverse", vec![Expr::var(kept)], 0)));
            }
            if let Some(g) = &q.group {
                let keyed = fx.fresh();
                pre.push(Stmt::Set(keyed, Expr::cst(Const::Nil)));
                self.over(fx, Expr::var(rows), &mut pre, |l, fx, row, out| {
                    l.bind_row(fx, row, &vars, out);
                    let item = l.keyed_row(fx, q, g, &vars, line);
                    out.push(cons(item, keyed));
                });
                pre.push(Stmt::Set(rows, Expr::var(keyed)));
            }
        } else if group.is_none() && sort.is_none() {
            pre.push(Stmt::Set(rows, Expr::remote("lists", "reverse", vec![Expr::var(rows)], 0)));
        }
        if let Some(g) = &q.group {
            self.groups(fx, g, rows, line, &mut pre);
            vars = vec![self.row_var(g.into.id)];
        }
        if let Some(s) = &q.sort {
            let mut keyed = rows;
            if sort.is_none() {
                keyed = fx.fresh();
                pre.push(Stmt::Set(keyed, Expr::cst(Const::Nil)));
                self.over(fx, Expr::var(rows), &mut pre, |l, fx, row, out| {
                    l.bind_row(fx, row, &vars, out);
                    let k = l.expr(fx, s);
                    out.push(cons(Expr::new(Kind::Tuple(vec![k, Expr::var(row)]), 0), keyed));
                });
            }
            pre.push(Stmt::Set(rows, Expr::remote("mochi_query", "sort", vec![Expr::var(keyed)], line)));
        }
        for (clause, fun) in [(&q.skip, "skip"), (&q.take, "take")] {
            if let Some(n) = clause {
                let n = self.expr(fx, n);
                pre.push(Stmt::Set(rows, Expr::remote("mochi_query", fun, vec![Expr::var(rows), n], line)));
            }
        }
        let results = fx.fresh();
        pre.push(Stmt::Set(results, Expr::cst(Const::Nil)));
        self.over(fx, Expr::var(rows), &mut pre, |l, fx, row, out| {
            l.bind_row(fx, row, &vars, out);
            let x = l.expr(fx, select);
            out.push(cons(x, results));
        });
        (pre, Expr::var(results), aggregate.map(|a| a.0))
    }

    #[allow(clippy::too_many_arguments)]
    fn nested_loops(
        &mut self,
        fx: &mut Fx,
        q: &Query,
        plan: &Plan<'_>,
        n: usize,
        line: u32,
        out: &mut Vec<Stmt>,
        inner: &mut dyn FnMut(&mut Self, &mut Fx, &mut Vec<Stmt>),
    ) {
        let Some(f) = q.from.get(n) else {
            inner(self, fx, out);
            return;
        };
        let v = self.row_var(f.var.id);
        let list = match plan.source.get(n).and_then(Option::as_ref) {
            Some(s) => self.candidates(fx, s.index, s.rows),
            None => {
                let source = self.expr(fx, &f.source);
                Expr::remote("mochi_query", "rows", vec![source], line)
            }
        };
        self.over(fx, list, out, |l, fx, head, body| {
            l.declare(fx, v, Expr::var(head), body);
            let conds: Vec<Expr> = plan.level.get(n).into_iter().flatten().map(|c| l.expr(fx, c)).collect();
            let mut then = vec![];
            l.nested_loops(fx, q, plan, n + 1, line, &mut then, inner);
            for c in conds.into_iter().rev() {
                then = vec![Stmt::If(c, then, vec![])];
            }
            body.append(&mut then);
        });
    }

    fn join(
        &mut self,
        fx: &mut Fx,
        j: &ast::JoinClause,
        rows: Var,
        vars: &mut Vec<VarId>,
        line: u32,
        pre: &mut Vec<Stmt>,
    ) {
        let v = self.row_var(j.var.id);
        let source = self.expr(fx, &j.source);
        let right = fx.fresh();
        pre.push(Stmt::Set(right, Expr::remote("mochi_query", "rows", vec![source], line)));
        let out_rows = fx.fresh();
        let hit = fx.fresh();
        pre.push(Stmt::Set(out_rows, Expr::cst(Const::Nil)));
        let nulls = |n: usize| vec![Expr::null(); n];
        let append = |row: Var, x: Expr| Expr::remote("erlang", "append_element", vec![Expr::var(row), x], 0);
        let left_vars = vars.clone();
        let is_false = |v: Var| Expr::new(Kind::Test(TypeTest::Is(Const::bool(false)), Box::new(Expr::var(v))), 0);
        let keys = self.equal_keys(&j.on, v, &left_vars);
        // The rows that an item of the right source could go with, for the sides that it leads.
        let by_right = |l: &mut Self, fx: &mut Fx, pre: &mut Vec<Stmt>| {
            keys.map(|(left, right)| (l.index(fx, Expr::var(rows), &left_vars, None, left, pre), right))
        };
        if j.side == JoinSide::Right {
            // The right source leads; its unmatched rows stay in place.
            let index = by_right(self, fx, pre);
            self.over(fx, Expr::var(right), pre, |l, fx, item, out| {
                l.declare(fx, v, Expr::var(item), out);
                out.push(Stmt::Set(hit, Expr::cst(Const::bool(false))));
                let candidates = l.candidates(fx, index, rows);
                l.over(fx, candidates, out, |l, fx, row, out| {
                    l.bind_row(fx, row, &left_vars, out);
                    let c = l.expr(fx, &j.on);
                    let yes = vec![
                        Stmt::Set(hit, Expr::cst(Const::bool(true))),
                        cons(append(row, Expr::var(item)), out_rows),
                    ];
                    out.push(Stmt::If(c, yes, vec![]));
                });
                let mut lone = nulls(left_vars.len());
                lone.push(Expr::var(item));
                out.push(Stmt::If(is_false(hit), vec![cons(Expr::new(Kind::Tuple(lone), 0), out_rows)], vec![]));
            });
        } else {
            let index = keys.map(|(left, key)| (self.index(fx, Expr::var(right), &[], Some(v), key, pre), left));
            self.over(fx, Expr::var(rows), pre, |l, fx, row, out| {
                l.bind_row(fx, row, &left_vars, out);
                out.push(Stmt::Set(hit, Expr::cst(Const::bool(false))));
                let candidates = l.candidates(fx, index, right);
                l.over(fx, candidates, out, |l, fx, item, out| {
                    l.declare(fx, v, Expr::var(item), out);
                    let c = l.expr(fx, &j.on);
                    let yes = vec![
                        Stmt::Set(hit, Expr::cst(Const::bool(true))),
                        cons(append(row, Expr::var(item)), out_rows),
                    ];
                    out.push(Stmt::If(c, yes, vec![]));
                });
                if j.side != JoinSide::Inner {
                    out.push(Stmt::If(is_false(hit), vec![cons(append(row, Expr::null()), out_rows)], vec![]));
                }
            });
            if j.side == JoinSide::Outer {
                let index = by_right(self, fx, pre);
                self.over(fx, Expr::var(right), pre, |l, fx, item, out| {
                    l.declare(fx, v, Expr::var(item), out);
                    out.push(Stmt::Set(hit, Expr::cst(Const::bool(false))));
                    let candidates = l.candidates(fx, index, rows);
                    l.over(fx, candidates, out, |l, fx, row, out| {
                        l.bind_row(fx, row, &left_vars, out);
                        let c = l.expr(fx, &j.on);
                        out.push(Stmt::If(c, vec![Stmt::Set(hit, Expr::cst(Const::bool(true)))], vec![]));
                    });
                    let mut lone = nulls(left_vars.len());
                    lone.push(Expr::var(item));
                    let add = cons(Expr::new(Kind::Tuple(lone), 0), out_rows);
                    out.push(Stmt::If(is_false(hit), vec![add], vec![]));
                });
            }
        }
        pre.push(Stmt::Set(rows, Expr::remote("lists", "reverse", vec![Expr::var(out_rows)], 0)));
        vars.push(v);
    }

    /// An `a.x == b.y` of a join's condition, as the side of the rows so far and that of the joined source: paths alone, which may be
    /// evaluated apart from the rest. The whole condition still decides; this only says who need not be asked.
    pub(super) fn equal_keys<'e>(
        &self,
        on: &'e ast::Expr,
        v: VarId,
        left: &[VarId],
    ) -> Option<(&'e ast::Expr, &'e ast::Expr)> {
        let ExprKind::Binary { op, left: a, right: b, .. } = &on.kind else { return None };
        match op {
            ast::BinOp::And => self.equal_keys(a, v, left).or_else(|| self.equal_keys(b, v, left)),
            ast::BinOp::Eq => {
                let (x, y) = (self.path_root(a)?, self.path_root(b)?);
                if y == v && left.contains(&x) {
                    Some((a, b))
                } else if x == v && left.contains(&y) {
                    Some((b, a))
                } else {
                    None
                }
            }
            _ => None,
        }
    }
    /// The variable of `v.x.y`.
    fn path_root(&self, e: &ast::Expr) -> Option<VarId> {
        match &e.kind {
            ExprKind::Ident(_) => self.c.var_at(e.id),
            ExprKind::Field { base, .. } if self.c.resolution(e.id).is_none() => self.path_root(base),
            _ => None,
        }
    }
    /// Rows (or items, bound to one variable) by key: the runtime's index of them.
    pub(super) fn index(
        &mut self,
        fx: &mut Fx,
        list: Expr,
        vars: &[VarId],
        one: Option<VarId>,
        key: &ast::Expr,
        pre: &mut Vec<Stmt>,
    ) -> Var {
        let keyed = fx.fresh();
        pre.push(Stmt::Set(keyed, Expr::cst(Const::Nil)));
        self.over(fx, list, pre, |l, fx, row, out| {
            match one {
                Some(v) => l.declare(fx, v, Expr::var(row), out),
                None => l.bind_row(fx, row, vars, out),
            }
            let k = l.expr(fx, key);
            out.push(cons(Expr::new(Kind::Tuple(vec![k, Expr::var(row)]), 0), keyed));
        });
        let index = fx.fresh();
        pre.push(Stmt::Set(index, Expr::remote("mochi_query", "index", vec![Expr::var(keyed)], 0)));
        index
    }
    /// Those of `all` that have the key, in their order.
    fn candidates(&mut self, fx: &mut Fx, index: Option<(Var, &ast::Expr)>, all: Var) -> Expr {
        match index {
            Some((index, key)) => {
                let k = self.expr(fx, key);
                Expr::remote("mochi_query", "candidates", vec![Expr::var(index), k], 0)
            }
            None => Expr::var(all),
        }
    }

    /// A row as `{Key, Item}`.
    fn keyed_row(&mut self, fx: &mut Fx, q: &Query, g: &ast::GroupClause, vars: &[VarId], line: u32) -> Expr {
        let key = if let [k] = g.keys.as_slice() {
            self.expr(fx, k)
        } else {
            let mut pairs = vec![];
            for (n, k) in g.keys.iter().enumerate() {
                let name = match &k.kind {
                    ExprKind::Field { name, .. } => name.name.to_string(),
                    ExprKind::Ident(n) => n.to_string(),
                    _ => format!("key{n}"),
                };
                pairs.push((Expr::cst(Const::str(&name)), self.expr(fx, k)));
            }
            self.map_of(pairs, line)
        };
        let item = if q.from.len() == 1 && q.joins.is_empty() {
            self.read(fx, vars[0], line)
        } else {
            let mut pairs = vec![];
            for v in vars {
                let name = self.c.variable(*v).name.clone();
                pairs.push((Expr::cst(Const::str(&name)), self.read(fx, *v, line)));
            }
            let m = self.map_of(pairs, line);
            let outer = std::mem::replace(&mut self.creating, g.into.id);
            let m = self.in_cell(m, MAPS);
            self.creating = outer;
            m
        };
        Expr::new(Kind::Tuple(vec![key, item]), 0)
    }

    /// Groups of keyed rows, which are in reverse.
    fn groups(&mut self, fx: &mut Fx, g: &ast::GroupClause, rows: Var, line: u32, pre: &mut Vec<Stmt>) {
        let groups = Expr::remote("mochi_query", "group", vec![Expr::var(rows)], line);
        let v = self.row_var(g.into.id);
        match &g.having {
            None => pre.push(Stmt::Set(rows, groups)),
            Some(h) => {
                let kept = fx.fresh();
                pre.push(Stmt::Set(kept, Expr::cst(Const::Nil)));
                self.over(fx, groups, pre, |l, fx, row, out| {
                    l.bind_row(fx, row, &[v], out);
                    let c = l.expr(fx, h);
                    out.push(Stmt::If(c, vec![cons(Expr::var(row), kept)], vec![]));
                });
                pre.push(Stmt::Set(rows, Expr::remote("lists", "reverse", vec![Expr::var(kept)], 0)));
            }
        }
    }

    /// `sum(e)` and the like as the whole of a select.
    fn aggregate<'e>(&self, e: &'e ast::Expr) -> Option<(&'static str, &'e ast::Expr)> {
        let ExprKind::Call { callee, args } = &e.kind else { return None };
        let [arg] = args.as_slice() else { return None };
        let Some(Resolution::Builtin(b)) = self.c.resolution(callee.id) else { return None };
        let f = match b {
            Builtin::Sum => "sum",
            Builtin::Avg => "avg",
            Builtin::Min => "min",
            Builtin::Max => "max",
            Builtin::Count => "count",
            _ => return None,
        };
        Some((f, arg))
    }
}
