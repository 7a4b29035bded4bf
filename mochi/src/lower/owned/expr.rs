//! Uses of values in expressions, and how many levels of a result are fresh.

use super::{NEVER, Owned, Use, keep_parts, root_of, scalar};
use crate::ast::{ArmBody, BinOp, Expr, ExprKind, FunBody, MapKey, NodeId};
use crate::builtins::Builtin;
use crate::checked::{Checked, FunId, Resolution, VarId, VarKind};
use crate::lower::plan::{Visit, walk_expr};
use crate::types::Type;

impl<'a> Owned<'a> {
    // ---- expressions

    pub(super) fn look(&mut self, e: &'a Expr) {
        self.expr(e, Use::Look);
    }
    pub(super) fn keep(&mut self, e: &'a Expr) {
        self.expr(e, Use::Keep(0));
    }
    /// The value goes into a variable, container or result; how many of its levels have no other name.
    pub(super) fn flow(&mut self, e: &'a Expr) -> u8 {
        if self.scalar_expr(e) {
            self.look(e);
            return NEVER;
        }
        self.fresh(e, Use::Keep(0))
    }
    pub(super) fn expr(&mut self, e: &'a Expr, u: Use) {
        let u = if self.scalar_expr(e) { Use::Look } else { u };
        self.fresh(e, u);
    }

    /// Visits `e` as used like `u`, and says how many levels of its value are fresh (or given away by their only name).
    pub(super) fn fresh(&mut self, e: &'a Expr, u: Use) -> u8 {
        match &e.kind {
            ExprKind::Int(_) | ExprKind::Float(_) | ExprKind::Str(_) | ExprKind::Bool(_) | ExprKind::None => NEVER,
            ExprKind::Ident(_) => self.name(e, u),
            ExprKind::Field { base, .. } | ExprKind::OptField { base, .. } => {
                if let Some(Resolution::GroupItems(v) | Resolution::GroupKey(v)) = self.c.resolution(e.id) {
                    let v = *v;
                    self.sink(v, 0);
                }
                self.expr(base, u.of_element());
                0
            }
            ExprKind::Index { base, index } | ExprKind::OptIndex { base, index } => {
                self.racing([&**base, &**index]);
                self.expr(base, u.of_element());
                self.look(index);
                0
            }
            ExprKind::Slice { base, from, to, step } => {
                self.expr(base, keep_parts(u));
                [from, to, step].into_iter().flatten().for_each(|e| self.look(e));
                self.elements(e)
            }
            ExprKind::Call { callee, args } => self.call(e, callee, args, u),
            ExprKind::Cast { expr, .. } => {
                // Either the same value or a copy.
                self.fresh_unless_scalar(expr, u)
            }
            ExprKind::Unary { expr, .. } => {
                self.look(expr);
                NEVER
            }
            ExprKind::Binary { op, left, right, .. } => match op {
                BinOp::And | BinOp::Or | BinOp::Coalesce => {
                    let a = self.fresh_unless_scalar(left, u);
                    let b = self.fresh_unless_scalar(right, u);
                    a.min(b)
                }
                BinOp::Add | BinOp::Union | BinOp::UnionAll | BinOp::Except | BinOp::Intersect => {
                    self.racing([&**left, &**right]);
                    self.expr(left, keep_parts(u));
                    self.expr(right, keep_parts(u));
                    self.elements(e)
                }
                _ => {
                    self.racing([&**left, &**right]);
                    self.look(left);
                    self.look(right);
                    NEVER
                }
            },
            ExprKind::List(es) => self.parts(es.iter(), u),
            ExprKind::Map(entries) => {
                for m in entries {
                    if let MapKey::Expr(k) = &m.key {
                        self.look(k);
                    }
                }
                self.parts(entries.iter().map(|m| &m.value), u)
            }
            ExprKind::Struct { name, fields } => {
                if let Some(Resolution::Agent(_)) = self.c.resolution(name.id) {
                    fields.iter().for_each(|f| self.look(&f.value));
                    return NEVER;
                }
                self.parts(fields.iter().map(|f| &f.value), u)
            }
            ExprKind::Fun(f) => {
                self.inside(self.c.fun_at(e.id), |o| match &f.body {
                    FunBody::Block(b) => o.stmts(&b.stmts),
                    FunBody::Expr(e) => {
                        let depth = o.flow(e);
                        o.sink_ret(depth);
                    }
                });
                NEVER
            }
            ExprKind::If { branches, otherwise } => {
                let mut depth = NEVER;
                for (c, x) in branches {
                    self.look(c);
                    depth = depth.min(self.fresh_unless_scalar(x, u));
                }
                if let Some(x) = otherwise {
                    depth = depth.min(self.fresh_unless_scalar(x, u));
                }
                depth
            }
            ExprKind::Match { value, arms } => {
                self.expr(value, Use::Keep(1));
                let mut depth = NEVER;
                for a in arms {
                    match &a.body {
                        ArmBody::Expr(x) => depth = depth.min(self.fresh_unless_scalar(x, u)),
                        ArmBody::Block(b) => self.stmts(&b.stmts),
                    }
                }
                depth
            }
            ExprKind::Query(q) => {
                for s in q.from.iter().map(|f| &f.source).chain(q.joins.iter().map(|j| &j.source)) {
                    self.expr(s, Use::Keep(1));
                }
                let looks = q.joins.iter().map(|j| &j.on).chain(&q.cond).chain(&q.sort).chain(&q.skip).chain(&q.take);
                looks.for_each(|e| self.look(e));
                if let Some(g) = &q.group {
                    g.keys.iter().for_each(|k| self.keep(k));
                    g.having.iter().for_each(|e| self.look(e));
                }
                self.flow(&q.select).saturating_add(1).min(NEVER)
            }
            ExprKind::Generate { fields, .. } => {
                fields.iter().for_each(|f| self.keep(&f.value));
                0
            }
            ExprKind::Fetch { url, with } => {
                self.look(url);
                with.iter().for_each(|e| self.look(e));
                0
            }
            ExprKind::Load { with, .. } => {
                with.iter().for_each(|e| self.look(e));
                0
            }
            ExprKind::Save { value, with, .. } => {
                self.look(value);
                with.iter().for_each(|e| self.look(e));
                NEVER
            }
            ExprKind::LogicQuery(_) | ExprKind::Error => 0,
        }
    }
    pub(super) fn fresh_unless_scalar(&mut self, e: &'a Expr, u: Use) -> u8 {
        if self.scalar_expr(e) {
            self.look(e);
            return NEVER;
        }
        self.fresh(e, u)
    }
    /// A new list whose elements come from elsewhere: deep only if they are scalars.
    pub(super) fn elements(&self, e: &Expr) -> u8 {
        match self.c.type_of(e.id).unwrapped() {
            Type::List(t) if scalar(t) => NEVER,
            Type::Map(_, t) if scalar(t) => NEVER,
            t if scalar(t) => NEVER,
            _ => 1,
        }
    }
    pub(super) fn parts(&mut self, es: impl Iterator<Item = &'a Expr>, u: Use) -> u8 {
        let mut depth = NEVER;
        for e in es {
            if u == Use::Look {
                self.look(e);
            } else {
                depth = depth.min(self.flow(e).saturating_add(1));
            }
        }
        depth.min(NEVER)
    }

    pub(super) fn name(&mut self, e: &'a Expr, u: Use) -> u8 {
        let Some(v) = self.c.var_at(e.id) else { return NEVER };
        let var = self.c.variable(v);
        if var.function.is_some() {
            return NEVER;
        }
        match u {
            Use::Look => 0,
            Use::Keep(0) if self.given_away(v, e.id) => self.level[v.index()],
            Use::Keep(n) => {
                self.sink(v, n);
                0
            }
        }
    }
    /// The last mention of a local, in the loop that declares it: the name is not used again.
    pub(super) fn given_away(&self, v: VarId, id: NodeId) -> bool {
        let var = self.c.variable(v);
        if var.captured || var.kind != VarKind::Local && var.kind != VarKind::Global {
            return false;
        }
        self.mentions.get(&v).is_some_and(|m| match (m.last, m.declared) {
            (Some((last, _, at)), Some(declared)) => last == id && at == declared,
            _ => false,
        })
    }

    pub(super) fn call(&mut self, e: &'a Expr, callee: &'a Expr, args: &'a [Expr], u: Use) -> u8 {
        match self.c.resolution(callee.id).cloned() {
            Some(Resolution::Builtin(b)) => return self.builtin(e, b, args, u),
            Some(Resolution::Variant(..)) => return self.parts(args.iter(), u),
            Some(Resolution::Function(f) | Resolution::SiblingIntent(f)) => return self.known(f, None, args),
            Some(Resolution::Local(v) | Resolution::Global(v)) => {
                if let Some(f) = self.c.variable(v).function {
                    return self.known(f, None, args);
                }
            }
            Some(Resolution::Method(_, f)) => {
                if let ExprKind::Field { base, .. } = &callee.kind {
                    return self.known(f, Some(base), args);
                }
            }
            Some(Resolution::SiblingMethod(f)) => return self.known(f, None, args),
            Some(Resolution::Intent(..)) => {
                if let ExprKind::Field { base, .. } = &callee.kind {
                    self.look(base);
                }
                // Copied both ways.
                args.iter().for_each(|a| self.look(a));
                return NEVER;
            }
            Some(Resolution::PseudoMethod(_)) => {
                if let ExprKind::Field { base, .. } = &callee.kind {
                    self.expr(base, Use::Keep(1));
                }
                args.iter().for_each(|a| self.keep(a));
                return self.elements(e).min(1);
            }
            _ => {}
        }
        self.keep(callee);
        args.iter().for_each(|a| self.keep(a));
        0
    }
    pub(super) fn known(&mut self, f: FunId, receiver: Option<&'a Expr>, args: &'a [Expr]) -> u8 {
        if let Some(r) = receiver {
            self.expr(r, Use::Keep(1));
        }
        self.racing(args);
        let params = &self.c.function(f).params;
        for (i, a) in args.iter().enumerate() {
            let u = match params.get(i) {
                Some(p) if args.len() >= params.len() => {
                    let kept = self.level[p.index()];
                    if self.is_path_assigned(*p) {
                        Use::Keep(0)
                    } else if kept < NEVER {
                        Use::Keep(kept)
                    } else if self.may_change_meanwhile(a) {
                        Use::Keep(0)
                    } else {
                        Use::Look
                    }
                }
                _ => Use::Keep(0),
            };
            self.expr(a, u);
        }
        if args.len() < params.len() {
            return 0;
        }
        self.ret[f.index()]
    }
    /// Operands are evaluated one after the other: what is read from a shared variable must show what a later operand's call does to it.
    pub(super) fn racing(&mut self, operands: impl IntoIterator<Item = &'a Expr> + Clone) {
        struct Calls<'c> {
            c: &'c Checked,
            found: bool,
        }
        impl<'a> Visit<'a> for Calls<'_> {
            fn expr(&mut self, e: &'a Expr) {
                if let ExprKind::Call { callee, .. } = &e.kind
                    && !matches!(self.c.resolution(callee.id), Some(Resolution::Builtin(b)) if *b != Builtin::Reduce)
                {
                    self.found = true;
                }
            }
        }
        let mut calls = Calls { c: self.c, found: false };
        for o in operands.clone() {
            walk_expr(o, &mut calls);
        }
        if !calls.found {
            return;
        }
        for o in operands {
            if self.may_change_meanwhile(o)
                && !self.scalar_expr(o)
                && let Some(v) = root_of(o).and_then(|r| self.c.var_at(r.id))
            {
                self.sink(v, 0);
            }
        }
    }
    /// Could the callee change what the argument's variable holds, through the variable?
    pub(super) fn may_change_meanwhile(&self, a: &Expr) -> bool {
        match root_of(a).and_then(|r| self.c.var_at(r.id)) {
            Some(v) => {
                let var = self.c.variable(v);
                (var.captured || matches!(var.kind, VarKind::AgentState(_))) && self.is_path_assigned(v)
            }
            _ => false,
        }
    }

    pub(super) fn builtin(&mut self, e: &'a Expr, b: Builtin, args: &'a [Expr], u: Use) -> u8 {
        use Builtin as B;
        self.racing(args);
        match b {
            B::Append | B::Push => {
                let [xs, x] = args else {
                    args.iter().for_each(|a| self.keep(a));
                    return 0;
                };
                // A list given away keeps its elements' only names.
                let first = match &xs.kind {
                    ExprKind::Ident(_) => match self.c.var_at(xs.id) {
                        Some(v) if self.given_away(v, xs.id) => self.level[v.index()].max(1),
                        _ => {
                            self.expr(xs, keep_parts(u));
                            self.elements(e)
                        }
                    },
                    _ => self.fresh_unless_scalar(xs, Use::Keep(1)).max(1),
                };
                let elem = if u == Use::Look {
                    self.look(x);
                    NEVER
                } else {
                    self.flow(x).saturating_add(1)
                };
                first.min(elem).min(NEVER)
            }
            B::Concat | B::Reverse | B::Distinct | B::Values | B::Slice => {
                args.iter().for_each(|a| self.expr(a, keep_parts(u)));
                self.elements(e)
            }
            B::First | B::Min | B::Max => {
                args.iter().for_each(|a| self.expr(a, u.of_element()));
                0
            }
            B::Collect | B::Reduce => {
                args.iter().for_each(|a| self.keep(a));
                0
            }
            // Everything else looks at its arguments, and makes deep new values.
            _ => {
                args.iter().for_each(|a| self.look(a));
                NEVER
            }
        }
    }
}
