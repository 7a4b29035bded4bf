//! Assignment through a path, and `update`.
//!
//! `x[i][j].f = e` reads the way down, changes the innermost aggregate, and writes the way back: an aggregate in a cell changes in place (and writing it back
//! changes nothing), a plain one is replaced by its new version.

use super::plan::{LISTS, MAPS, STRUCTS};
use super::{Fx, Lower};
use crate::ast::{self, Access, MapEntry, MapKey};
use crate::checked::{VarId, VarKind};
use crate::core_ir::{Const, Expr, Stmt, Var};

enum Step {
    Index(Var),
    Field(Const),
}

impl Lower<'_> {
    pub(crate) fn assign(&mut self, fx: &mut Fx, a: &ast::AssignStmt, line: u32, out: &mut Vec<Stmt>) {
        let Some(v) = self.c.var_at(a.target.id) else {
            self.unsupported(a.target.span, "assigning to this name");
            return;
        };
        if a.path.is_empty() {
            let x = self.expr(fx, &a.value);
            self.write(fx, v, x, out);
            return;
        }
        // Left to right: indexes, then the value.
        let mut steps = vec![];
        for p in &a.path {
            steps.push(match p {
                Access::Index(e) => {
                    let x = self.expr(fx, e);
                    let t = fx.fresh();
                    out.push(Stmt::Set(t, x));
                    Step::Index(t)
                }
                Access::Field(f) => Step::Field(Const::str(&f.name)),
            });
        }
        let x = self.expr(fx, &a.value);
        let mut value = fx.fresh();
        out.push(Stmt::Set(value, x));
        let key = |s: &Step| match s {
            Step::Index(t) => Expr::var(*t),
            Step::Field(c) => Expr::cst(c.clone()),
        };
        let mut parts = vec![fx.fresh()];
        let root = self.read(fx, v, line);
        out.push(Stmt::Set(parts[0], root));
        for s in &steps[..steps.len() - 1] {
            let fun = if matches!(s, Step::Index(_)) { "index_for_set" } else { "field" };
            let last = parts[parts.len() - 1];
            let t = fx.fresh();
            out.push(Stmt::Set(t, Expr::remote("mochi_ref", fun, vec![Expr::var(last), key(s)], line)));
            parts.push(t);
        }
        for (n, (s, part)) in steps.iter().zip(&parts).enumerate().rev() {
            let innermost = n + 1 == steps.len();
            let fun = match (s, innermost) {
                (Step::Index(_), true) => "set_index",
                (Step::Index(_), false) => "put_index",
                (Step::Field(_), true) => "set_field",
                (Step::Field(_), false) => "put_field",
            };
            let mut args = vec![Expr::var(*part), key(s), Expr::var(value)];
            if innermost {
                args.push(self.cell_mask(a.target.id));
            }
            value = fx.fresh();
            out.push(Stmt::Set(value, Expr::remote("mochi_ref", fun, args, line)));
        }
        self.write(fx, v, Expr::var(value), out);
    }

    pub(crate) fn update(
        &mut self,
        fx: &mut Fx,
        target: &ast::Ident,
        set: &[MapEntry],
        cond: Option<&ast::Expr>,
        s: &ast::Stmt,
        out: &mut Vec<Stmt>,
    ) {
        let line = self.line(s.span);
        let Some(v) = self.c.var_at(target.id) else {
            self.unsupported(target.span, "updating this name");
            return;
        };
        let (list, done, item) = (fx.fresh(), fx.fresh(), fx.fresh());
        let source = self.read(fx, v, line);
        out.push(Stmt::Set(list, Expr::remote("mochi_ref", "iter", vec![source], line)));
        out.push(Stmt::Set(done, Expr::cst(Const::Nil)));
        let mut body = vec![];
        let it = || Box::new(Expr::var(list));
        use crate::core_ir::{Kind, TypeTest};
        let more = Expr::new(Kind::Test(TypeTest::NonemptyList, it()), line);
        body.push(Stmt::If(more, vec![], vec![Stmt::Break]));
        body.push(Stmt::Set(item, Expr::new(Kind::Head(it()), line)));
        body.push(Stmt::Set(list, Expr::new(Kind::Tail(it()), line)));
        let fields: Vec<VarId> = (0..self.c.variables.len() as u32)
            .map(VarId)
            .filter(|f| {
                let var = self.c.variable(*f);
                let field = matches!(var.kind, VarKind::UpdateField(..) | VarKind::DynamicUpdateField);
                field && s.span.start <= var.span.start && var.span.end <= s.span.end
            })
            .collect();
        let declared: Vec<VarId> = if fields.is_empty() { self.update_fields(s) } else { fields };
        for f in declared {
            let name = self.c.variable(f).name.clone();
            let args = vec![Expr::var(item), Expr::cst(Const::str(&name))];
            self.declare(fx, f, Expr::remote("mochi_ref", "field", args, line), &mut body);
        }
        let mut change = vec![];
        let mut pairs = vec![];
        for e in set {
            let key = match &e.key {
                MapKey::Name(n) => Expr::cst(Const::str(&n.name)),
                MapKey::Expr(k) => self.expr(fx, k),
            };
            let value = self.expr(fx, &e.value);
            pairs.push(Expr::new(Kind::Tuple(vec![key, value]), line));
        }
        let pairs = Expr::new(Kind::List(pairs), line);
        let cells = self.cell_mask(target.id);
        let new = Expr::remote("mochi_ref", "update_fields", vec![Expr::var(item), pairs, cells], line);
        change.push(Stmt::Set(item, new));
        match cond {
            Some(c) => {
                let c = self.expr(fx, c);
                body.push(Stmt::If(c, change, vec![]));
            }
            None => body.append(&mut change),
        }
        body.push(Stmt::Set(done, Expr::remote("mochi_core", "cons", vec![Expr::var(item), Expr::var(done)], 0)));
        out.push(Stmt::Loop(body));
        let root = self.read(fx, v, line);
        let new = Expr::remote("mochi_ref", "rebuild", vec![root, Expr::var(done)], line);
        self.write(fx, v, new, out);
    }
    /// Field variables of an `update`, by the names that it mentions.
    fn update_fields(&self, s: &ast::Stmt) -> Vec<VarId> {
        struct Find<'b> {
            c: &'b crate::checked::Checked,
            found: Vec<VarId>,
        }
        impl<'a> super::plan::Visit<'a> for Find<'_> {
            fn expr(&mut self, e: &'a ast::Expr) {
                if let Some(v) = self.c.var_at(e.id)
                    && matches!(self.c.variable(v).kind, VarKind::UpdateField(..) | VarKind::DynamicUpdateField)
                    && !self.found.contains(&v)
                {
                    self.found.push(v);
                }
            }
        }
        let mut f = Find { c: self.c, found: vec![] };
        super::plan::walk_stmt(s, &mut f);
        f.found
    }

    /// 7 when what the assignment changes is in a cell, else 0.
    fn cell_mask(&self, target: ast::NodeId) -> Expr {
        let cell = self.plan.classes.as_ref().is_some_and(|c| c.changes_cell(target));
        Expr::cst(Const::Int(if cell { 7 } else { 0 }))
    }

    /// Puts a new aggregate of these kinds into a cell where the program needs it.
    pub(crate) fn in_cell(&self, e: Expr, kind: u32) -> Expr {
        if !self.plan.classes.as_ref().is_some_and(|c| c.creates_cell(self.creating)) {
            return e;
        }
        let line = e.line;
        if kind == LISTS || kind == MAPS || kind == STRUCTS {
            Expr::remote("mochi_cell", "new", vec![e], line)
        } else {
            let mask = Expr::cst(Const::Int(i64::from(LISTS | MAPS | STRUCTS)));
            Expr::remote("mochi_cell", "fresh", vec![mask, e], line)
        }
    }
}
