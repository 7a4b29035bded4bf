//! Which nodes expressions unify and create.

use super::{Build, Node, scalar};
use crate::ast::{self, ArmBody, BinOp, Expr, ExprKind, FunBody, NodeId, Pattern, PatternKind};
use crate::builtins::Builtin;
use crate::checked::{FunId, Resolution, StructId};
use crate::types::Type;

impl<'a> Build<'a, '_> {
    // ---- expressions

    pub(super) fn parts(&mut self, n: Node, es: impl Iterator<Item = &'a Expr>) {
        let e = self.k.elem(n);
        for x in es {
            let p = self.expr(x);
            self.join(e, p);
        }
    }
    /// A new list with the elements of these.
    pub(super) fn gather<'e>(&mut self, id: NodeId, es: impl Iterator<Item = &'a Expr>) -> Node
    where
        'a: 'e,
    {
        let n = self.create(id);
        let e = self.k.elem(n);
        for x in es {
            if let Some(p) = self.expr(x) {
                let pe = self.k.elem(p);
                self.k.unify(e, pe);
            }
        }
        n
    }
    pub(super) fn merge(&mut self, a: Option<Node>, b: Option<Node>) -> Option<Node> {
        match (a, b) {
            (Some(a), Some(b)) => {
                self.k.unify(a, b);
                Some(a)
            }
            (a, b) => a.or(b),
        }
    }

    pub(super) fn expr(&mut self, e: &'a Expr) -> Option<Node> {
        let n = self.value(e);
        if scalar(self.c.type_of(e.id)) { None } else { n }
    }

    pub(super) fn value(&mut self, e: &'a Expr) -> Option<Node> {
        match &e.kind {
            ExprKind::Int(_) | ExprKind::Float(_) | ExprKind::Str(_) | ExprKind::Bool(_) | ExprKind::None => None,
            ExprKind::Ident(_) => self.name(e),
            ExprKind::Field { base, name } | ExprKind::OptField { base, name } => {
                match self.c.resolution(e.id) {
                    Some(Resolution::GroupItems(v)) => {
                        let (n, g) = (self.create(e.id), self.vars[v.index()]);
                        let (ne, ge) = (self.k.elem(n), self.k.elem(g));
                        self.k.unify(ne, ge);
                        return Some(n);
                    }
                    Some(Resolution::GroupKey(v)) => {
                        let g = self.vars[v.index()];
                        return Some(self.k.elem(g));
                    }
                    Some(Resolution::Local(v) | Resolution::Global(v)) => return Some(self.vars[v.index()]),
                    _ => {}
                }
                let b = self.expr(base);
                if let Type::Agent(a, _) = self.c.type_of(base.id).unwrapped() {
                    let state = self.c.agents[a.index()].state.iter().find(|v| self.c.variable(**v).name == name.name);
                    return state.map(|v| self.vars[v.index()]);
                }
                b.map(|b| self.k.elem(b))
            }
            ExprKind::Index { base, index } | ExprKind::OptIndex { base, index } => {
                let b = self.expr(base);
                self.expr(index);
                b.map(|b| self.k.elem(b))
            }
            ExprKind::Slice { base, from, to, step } => {
                [from, to, step].into_iter().flatten().for_each(|e| {
                    self.expr(e);
                });
                Some(self.gather(e.id, std::iter::once(&**base)))
            }
            ExprKind::Call { callee, args } => self.call(e, callee, args),
            ExprKind::Cast { expr, .. } => {
                // The value itself, or a copy of it made here.
                let n = self.create(e.id);
                let p = self.expr(expr);
                self.join(n, p);
                Some(n)
            }
            ExprKind::Unary { expr, .. } => {
                self.expr(expr);
                None
            }
            ExprKind::Binary { op, left, right, .. } => match op {
                BinOp::And | BinOp::Or | BinOp::Coalesce => {
                    let (a, b) = (self.expr(left), self.expr(right));
                    self.merge(a, b)
                }
                BinOp::Add | BinOp::Union | BinOp::UnionAll | BinOp::Except | BinOp::Intersect => {
                    Some(self.gather(e.id, [&**left, &**right].into_iter()))
                }
                _ => {
                    self.expr(left);
                    self.expr(right);
                    None
                }
            },
            ExprKind::List(es) => {
                let n = self.create(e.id);
                self.parts(n, es.iter());
                Some(n)
            }
            ExprKind::Map(entries) => {
                let n = self.create(e.id);
                for m in entries {
                    if let ast::MapKey::Expr(k) = &m.key {
                        self.expr(k);
                    }
                }
                self.parts(n, entries.iter().map(|m| &m.value));
                Some(n)
            }
            ExprKind::Struct { name, fields } => match self.c.resolution(name.id) {
                Some(Resolution::Agent(a)) => {
                    for f in fields {
                        let n = self.expr(&f.value);
                        let state = &self.c.agents[a.index()].state;
                        if let Some(v) = state.iter().find(|v| self.c.variable(**v).name == f.name.name) {
                            self.join(self.vars[v.index()], n);
                        }
                    }
                    None
                }
                _ => {
                    let n = self.create(e.id);
                    self.parts(n, fields.iter().map(|f| &f.value));
                    Some(n)
                }
            },
            ExprKind::Fun(f) => {
                if let Some(id) = self.c.fun_at(e.id) {
                    self.escapes(id);
                    self.inside(Some(id), |b| match &f.body {
                        FunBody::Block(blk) => b.stmts(&blk.stmts),
                        FunBody::Expr(x) => {
                            let n = b.expr(x);
                            b.join(b.rets[id.index()], n);
                        }
                    });
                }
                Some(self.escaped)
            }
            ExprKind::If { branches, otherwise } => {
                let mut n = None;
                for (c, x) in branches {
                    self.expr(c);
                    let p = self.expr(x);
                    n = self.merge(n, p);
                }
                if let Some(x) = otherwise {
                    let p = self.expr(x);
                    n = self.merge(n, p);
                }
                n
            }
            ExprKind::Match { value, arms } => {
                let v = self.expr(value);
                let mut n = None;
                for a in arms {
                    if let Some(v) = v {
                        self.pattern(&a.pattern, v);
                    }
                    match &a.body {
                        ArmBody::Expr(x) => {
                            let p = self.expr(x);
                            n = self.merge(n, p);
                        }
                        ArmBody::Block(b) => self.stmts(&b.stmts),
                    }
                }
                n
            }
            ExprKind::Query(q) => self.query(e, q),
            ExprKind::Generate { fields, .. } => {
                fields.iter().for_each(|f| {
                    self.expr(&f.value);
                });
                None
            }
            ExprKind::Fetch { url: x, with } => {
                self.expr(x);
                with.iter().for_each(|e| {
                    self.expr(e);
                });
                Some(self.create(e.id))
            }
            ExprKind::Load { with, .. } => {
                with.iter().for_each(|e| {
                    self.expr(e);
                });
                Some(self.create(e.id))
            }
            ExprKind::Save { value, with, .. } => {
                self.expr(value);
                with.iter().for_each(|e| {
                    self.expr(e);
                });
                None
            }
            ExprKind::LogicQuery(_) => Some(self.create(e.id)),
            ExprKind::Error => None,
        }
    }

    pub(super) fn name(&mut self, e: &'a Expr) -> Option<Node> {
        match self.c.resolution(e.id)? {
            Resolution::Local(v) | Resolution::Global(v) => match self.c.variable(*v).function {
                Some(f) => {
                    self.escapes(f);
                    Some(self.escaped)
                }
                None => Some(self.vars[v.index()]),
            },
            Resolution::Function(f) => {
                self.escapes(*f);
                Some(self.escaped)
            }
            // A constructor or built-in as a value; what it makes and takes goes through function values.
            Resolution::Variant(..) | Resolution::Builtin(_) => {
                self.k.created.insert(e.id, self.escaped);
                let inner = self.k.elem(self.escaped);
                self.k.unify(self.escaped, inner);
                Some(self.escaped)
            }
            Resolution::GroupKeyField(v, _) => {
                let g = self.vars[v.index()];
                let k = self.k.elem(g);
                Some(self.k.elem(k))
            }
            _ => None,
        }
    }

    pub(super) fn pattern(&mut self, p: &'a Pattern, n: Node) {
        match &p.kind {
            PatternKind::Name(_) => {
                if let Some(v) = self.var(p.id) {
                    self.k.unify(v, n);
                }
            }
            PatternKind::Variant { args, .. } => {
                let e = self.k.elem(n);
                for a in args {
                    self.pattern(a, e);
                }
            }
            _ => {}
        }
    }

    pub(super) fn query(&mut self, e: &'a Expr, q: &'a ast::Query) -> Option<Node> {
        for f in &q.from {
            let n = self.expr(&f.source);
            self.rows_into(f.var.id, n);
        }
        for j in &q.joins {
            let n = self.expr(&j.source);
            self.rows_into(j.var.id, n);
            self.expr(&j.on);
        }
        [&q.cond, &q.sort, &q.skip, &q.take].into_iter().flatten().for_each(|e| {
            self.expr(e);
        });
        if let Some(g) = &q.group {
            if let Some(into) = self.var(g.into.id) {
                let row = self.k.elem(into);
                for k in &g.keys {
                    let n = self.expr(k);
                    self.join(row, n);
                }
                if q.from.len() == 1 && q.joins.is_empty() {
                    if let Some(v) = self.var(q.from[0].var.id) {
                        self.k.unify(row, v);
                    }
                } else {
                    self.k.created.insert(g.into.id, row);
                    let part = self.k.elem(row);
                    let ids = q.from.iter().map(|f| f.var.id).chain(q.joins.iter().map(|j| j.var.id));
                    for id in ids.collect::<Vec<_>>() {
                        if let Some(v) = self.var(id) {
                            self.k.unify(part, v);
                        }
                    }
                }
            }
            g.having.iter().for_each(|e| {
                self.expr(e);
            });
        }
        let n = self.create(e.id);
        self.parts(n, std::iter::once(&q.select));
        Some(n)
    }

    // ---- calls

    pub(super) fn known(&mut self, f: FunId, args: &'a [Expr]) -> Option<Node> {
        let params = self.c.function(f).params.clone();
        for (i, a) in args.iter().enumerate() {
            let n = self.expr(a);
            if let Some(p) = params.get(i) {
                self.join(self.vars[p.index()], n);
            }
        }
        if args.len() < params.len() {
            self.escapes(f);
            return Some(self.escaped);
        }
        Some(self.rets[f.index()])
    }
    pub(super) fn receiver(&mut self, s: StructId, base: &'a Expr) {
        let n = self.expr(base);
        self.join(self.structs[s.index()], n);
    }
    pub(super) fn call(&mut self, e: &'a Expr, callee: &'a Expr, args: &'a [Expr]) -> Option<Node> {
        let base = match &callee.kind {
            ExprKind::Field { base, .. } => Some(&**base),
            _ => None,
        };
        match self.c.resolution(callee.id).cloned() {
            Some(Resolution::Builtin(b)) => return self.builtin(e, b, args),
            Some(Resolution::Variant(..)) => {
                let n = self.create(e.id);
                self.parts(n, args.iter());
                return Some(n);
            }
            Some(Resolution::Function(f) | Resolution::SiblingIntent(f) | Resolution::SiblingMethod(f)) => {
                return self.known(f, args);
            }
            Some(Resolution::Local(v) | Resolution::Global(v)) => {
                if let Some(f) = self.c.variable(v).function {
                    return self.known(f, args);
                }
            }
            Some(Resolution::Method(s, f)) => {
                if let Some(b) = base {
                    self.receiver(s, b);
                }
                return self.known(f, args);
            }
            Some(Resolution::Intent(_, f)) => {
                base.iter().for_each(|b| {
                    self.expr(b);
                });
                return self.known(f, args);
            }
            Some(Resolution::PseudoMethod(_)) => {
                let n = self.create(e.id);
                let b = base.and_then(|b| self.expr(b));
                for a in args {
                    let p = self.expr(a);
                    self.join(n, p);
                }
                if let Some(b) = b {
                    let inner = self.k.elem(b);
                    self.k.unify(n, inner);
                }
                return Some(n);
            }
            Some(Resolution::ForeignMember { .. } | Resolution::ImplicitForeign { .. } | Resolution::Extern(_)) => {
                args.iter().for_each(|a| {
                    self.expr(a);
                });
                return None;
            }
            _ => {}
        }
        // A function value, or a method or intent that only the run shows.
        let mut values = vec![];
        if let (ExprKind::Field { base, name }, None) = (&callee.kind, self.c.resolution(callee.id)) {
            if let Some(b) = self.expr(base) {
                for (i, s) in self.c.structs.iter().enumerate() {
                    if let Some((_, f)) = s.methods.iter().find(|m| m.0 == name.name) {
                        self.k.unify(self.structs[i], b);
                        self.escapes(*f);
                    }
                }
                let inner = self.k.elem(b);
                self.k.unify(inner, self.escaped);
            }
            for a in &self.c.agents {
                if let Some((_, f)) = a.intents.iter().find(|m| m.0 == name.name) {
                    self.escapes(*f);
                }
            }
        } else {
            values.push(self.expr(callee));
        }
        for a in args {
            values.push(self.expr(a));
        }
        for n in values {
            self.join(self.escaped, n);
        }
        Some(self.escaped)
    }

    pub(super) fn builtin(&mut self, e: &'a Expr, b: Builtin, args: &'a [Expr]) -> Option<Node> {
        use Builtin as B;
        match b {
            B::Append | B::Push => {
                let [xs, x] = args else { return None };
                let n = self.gather(e.id, std::iter::once(xs));
                self.parts(n, std::iter::once(x));
                Some(n)
            }
            B::Concat | B::Reverse | B::Distinct | B::Values | B::Slice | B::Collect => {
                Some(self.gather(e.id, args.iter()))
            }
            B::First | B::Min | B::Max => {
                let n = args.first().and_then(|a| self.expr(a));
                n.map(|n| self.k.elem(n))
            }
            B::Reduce => {
                for (i, a) in args.iter().enumerate() {
                    let n = self.expr(a);
                    let n = if i == 0 { n.map(|n| self.k.elem(n)) } else { n };
                    self.join(self.escaped, n);
                }
                Some(self.escaped)
            }
            _ => {
                args.iter().for_each(|a| {
                    self.expr(a);
                });
                Some(self.create(e.id))
            }
        }
    }
}
