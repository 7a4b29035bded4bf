//! Which variables are the only name of what they hold.
//!
//! For every variable: the shallowest level at which something in it may have a second name (0 the aggregate itself, 1 its elements, and so on;
//! `NEVER` when nothing has). Flow-insensitive, over the whole program, to a fixpoint: levels start at `NEVER` and sink. A use makes a second name unless the
//! value is only looked at. Two things keep common programs free of cells: a function that only looks at a parameter borrows it, and a local whose last mention hands it on gives it
//! away.
//!
//! Errs to the safe side only; what it says "owned" of may be changed by making a new version (see `docs/mochi-values.md`).

use super::plan::{Visit, walk_stmts};
use crate::ast::{self, Access, AgentMember, ArmBody, BinOp, Expr, ExprKind, ForSource, FunBody, MapKey, NodeId, Span, Stmt, StmtKind};
use crate::builtins::Builtin;
use crate::checked::{Checked, FunId, FunKind, Resolution, VarId, VarKind};
use crate::types::Type;
use std::collections::{HashMap, HashSet};

/// Nothing has a second name.
const NEVER: u8 = 200;

/// How a value is used.
#[derive(Clone, Copy, PartialEq)]
enum Use {
    /// Looked at; nothing of it stays anywhere.
    Look,
    /// Gets a second name from this level on.
    Keep(u8),
}

impl Use {
    /// The use of an aggregate that this use of its element means.
    fn of_element(self) -> Use {
        match self {
            Use::Look => Use::Look,
            Use::Keep(n) => Use::Keep(n.saturating_add(1).min(NEVER)),
        }
    }
}

/// An assignment through a path.
struct PathAssign {
    root: VarId,
    span: Span,
}

#[derive(Default)]
struct Mentions {
    /// Node of the mention that comes last in the text, its offset, and its innermost loop.
    last: Option<(NodeId, u32, u32)>,
    /// Innermost loop at the declaration.
    declared: Option<u32>,
}

pub(crate) struct Owned<'a> {
    c: &'a Checked,
    level: Vec<u8>,
    ret: Vec<u8>,
    assigns: Vec<PathAssign>,
    updates: bool,
    mentions: HashMap<VarId, Mentions>,
    sibling_intents: HashSet<FunId>,
    changed: bool,
    fun: FunId,
}

/// Types whose values cannot be changed, so that names of them do not matter.
fn scalar(t: &Type) -> bool {
    matches!(
        t.unwrapped(),
        Type::Int | Type::Int64 | Type::Float | Type::BigInt | Type::BigRat | Type::String | Type::Bool
    )
}

/// First pass: mentions and loops, path assignments.
struct Scan<'a> {
    c: &'a Checked,
    mentions: HashMap<VarId, Mentions>,
    loops: Vec<(Span, u32)>,
    assigns: Vec<PathAssign>,
    siblings: HashSet<FunId>,
    updates: bool,
}

impl<'a> Scan<'a> {
    fn loop_at(&self, at: u32) -> u32 {
        // Innermost: the last one that starts before and ends after.
        self.loops.iter().rev().find(|(s, _)| s.start <= at && at < s.end).map_or(0, |l| l.1)
    }
    fn mention(&mut self, id: NodeId, span: Span) {
        if let Some(v) = self.c.var_at(id) {
            let at = self.loop_at(span.start);
            let m = self.mentions.entry(v).or_default();
            if m.last.is_none_or(|l| l.1 <= span.start) {
                m.last = Some((id, span.start, at));
            }
        }
    }
    fn body(&mut self, span: Span) {
        let n = self.loops.len() as u32 + 1;
        self.loops.push((span, n));
    }
}

impl<'a> Visit<'a> for Scan<'a> {
    fn stmt(&mut self, s: &'a Stmt) {
        match &s.kind {
            StmtKind::Let(l) => {
                let at = self.loop_at(l.name.span.start);
                if let Some(v) = self.c.var_at(l.name.id) {
                    self.mentions.entry(v).or_default().declared = Some(at);
                }
            }
            StmtKind::Assign(a) => {
                self.mention(a.target.id, a.target.span);
                self.assign(a, s.span);
            }
            StmtKind::While { .. } => self.body(s.span),
            StmtKind::For(f) => self.body(f.body.span),
            StmtKind::Update { target, .. } => {
                self.updates = true;
                self.mention(target.id, target.span);
            }
            StmtKind::FetchInto { target, .. } => self.mention(target.id, target.span),
            _ => {}
        }
    }
    fn member(&mut self, m: &'a AgentMember) {
        if let AgentMember::Assign(a) = m {
            self.assign(a, a.target.span.to(a.value.span));
        }
    }
    fn expr(&mut self, e: &'a Expr) {
        match &e.kind {
            ExprKind::Ident(_) => {
                self.mention(e.id, e.span);
                if let Some(Resolution::SiblingIntent(f)) = self.c.resolution(e.id) {
                    self.siblings.insert(*f);
                }
            }
            // A closure or a query may run its parts many times.
            ExprKind::Fun(_) | ExprKind::Query(_) => self.body(e.span),
            _ => {}
        }
    }
}

impl<'a> Scan<'a> {
    fn assign(&mut self, a: &'a ast::AssignStmt, span: Span) {
        if !a.path.is_empty()
            && let Some(root) = self.c.var_at(a.target.id)
        {
            self.assigns.push(PathAssign { root, span });
        }
    }
}

impl<'a> Owned<'a> {
    /// Analyses a program.
    pub fn of(c: &'a Checked) -> Owned<'a> {
        let mut s = Scan { c, mentions: HashMap::new(), loops: vec![], assigns: vec![], siblings: HashSet::new(), updates: false };
        walk_stmts(&c.program.stmts, &mut s);
        let mut o = Owned {
            c,
            level: vec![NEVER; c.variables.len()],
            ret: vec![NEVER; c.functions.len()],
            assigns: s.assigns,
            updates: s.updates,
            mentions: s.mentions,
            sibling_intents: s.siblings,
            changed: true,
            fun: c.main,
        };
        if o.assigns.is_empty() {
            return o;
        }
        while o.changed {
            o.changed = false;
            o.fun = c.main;
            o.stmts(&c.program.stmts);
        }
        o
    }

    /// Does anything assign through a path?
    pub fn has_assignments(&self) -> bool {
        !self.assigns.is_empty() || self.updates
    }

    /// Is the assignment's root the only name of all that the path leads through?
    pub fn owns(&self, a: &ast::AssignStmt) -> bool {
        self.c.var_at(a.target.id).is_some_and(|v| {
            let outside = matches!(
                self.c.variable(v).kind,
                VarKind::Param | VarKind::Loop | VarKind::Pattern | VarKind::QueryRow | VarKind::Group
                    | VarKind::ReceiverField(..) | VarKind::UpdateField(..) | VarKind::DynamicUpdateField | VarKind::Event(_)
            );
            !outside && self.level[v.index()] as usize >= a.path.len()
        })
    }

    fn sink(&mut self, v: VarId, level: u8) {
        let l = &mut self.level[v.index()];
        if level < *l {
            *l = level;
            self.changed = true;
        }
    }
    fn sink_ret(&mut self, level: u8) {
        let f = self.fun.index();
        if level < self.ret[f] {
            self.ret[f] = level;
            self.changed = true;
        }
    }
    fn scalar_expr(&self, e: &Expr) -> bool {
        scalar(self.c.type_of(e.id))
    }

    // ---- statements

    fn stmts(&mut self, stmts: &'a [Stmt]) {
        for s in stmts {
            self.stmt(s);
        }
    }
    fn inside(&mut self, f: Option<FunId>, body: impl FnOnce(&mut Self)) {
        let before = self.fun;
        if let Some(f) = f {
            self.fun = f;
        }
        body(self);
        self.fun = before;
    }
    fn let_stmt(&mut self, l: &'a ast::LetStmt) {
        if let (Some(v), Some(e)) = (self.c.var_at(l.name.id), &l.value) {
            let depth = self.flow(e);
            self.sink(v, depth);
        }
    }
    fn assign(&mut self, a: &'a ast::AssignStmt) {
        for p in &a.path {
            if let Access::Index(e) = p {
                self.look(e);
            }
        }
        let Some(v) = self.c.var_at(a.target.id) else {
            self.flow(&a.value);
            return;
        };
        if a.path.is_empty()
            && let Some(depth) = self.append_to_itself(v, &a.value)
        {
            self.sink(v, depth);
            return;
        }
        let depth = self.flow(&a.value);
        self.sink(v, depth.saturating_add(a.path.len() as u8).min(NEVER));
    }
    /// `x = append(x, e)`, `x = x + [e]`: the old version of `x` is gone, its elements stay where they are.
    fn append_to_itself(&mut self, v: VarId, e: &'a Expr) -> Option<u8> {
        let is_v = |o: &Self, e: &Expr| matches!(e.kind, ExprKind::Ident(_)) && o.c.var_at(e.id) == Some(v);
        match &e.kind {
            ExprKind::Call { callee, args } => {
                let Some(Resolution::Builtin(Builtin::Append | Builtin::Push)) = self.c.resolution(callee.id) else {
                    return None;
                };
                let [first, second] = args.as_slice() else { return None };
                if !is_v(self, first) {
                    return None;
                }
                Some(self.flow(second).saturating_add(1).min(NEVER))
            }
            ExprKind::Binary { op: BinOp::Add, left, right, .. } if is_v(self, left) && !is_v(self, right) => {
                let fresh = self.fresh(right, Use::Keep(1));
                Some(fresh.max(1))
            }
            _ => None,
        }
    }

    fn stmt(&mut self, s: &'a Stmt) {
        match &s.kind {
            StmtKind::Let(l) => self.let_stmt(l),
            StmtKind::Assign(a) => self.assign(a),
            StmtKind::Fun(f) => self.inside(self.c.fun_at(s.id), |o| o.stmts(&f.body.stmts)),
            StmtKind::Return(Some(e)) => {
                let f = self.c.function(self.fun);
                // What an intent returns is copied.
                if matches!(f.kind, FunKind::Intent(_)) && !self.sibling_intents.contains(&self.fun) {
                    self.look(e);
                    return;
                }
                // Returning a local ends its life, wherever the statement is.
                let depth = match (&e.kind, self.c.var_at(e.id)) {
                    (ExprKind::Ident(_), Some(v))
                        if self.c.variable(v).kind == VarKind::Local
                            && !self.c.variable(v).captured
                            && self.c.variable(v).function.is_none() =>
                    {
                        self.level[v.index()]
                    }
                    _ => self.flow(e),
                };
                self.sink_ret(depth);
            }
            StmtKind::If(i) => {
                for (c, b) in &i.branches {
                    self.look(c);
                    self.stmts(&b.stmts);
                }
                if let Some(b) = &i.otherwise {
                    self.stmts(&b.stmts);
                }
            }
            StmtKind::While { cond, body } => {
                self.look(cond);
                self.stmts(&body.stmts);
            }
            StmtKind::For(f) => {
                match &f.source {
                    ForSource::Range(a, b) => {
                        self.look(a);
                        self.look(b);
                    }
                    ForSource::Each(e) => {
                        let borrowed = self.borrowing_loop(f, e);
                        self.expr(e, if borrowed { Use::Look } else { Use::Keep(1) });
                    }
                }
                self.stmts(&f.body.stmts);
            }
            StmtKind::Expect(e) | StmtKind::Expr(e) => self.look(e),
            StmtKind::Test { body, .. } | StmtKind::Bench { body, .. } => self.stmts(&body.stmts),
            StmtKind::Type(t) => {
                if let ast::TypeDeclKind::Struct { methods, .. } = &t.kind {
                    for m in methods {
                        self.inside(self.c.fun_at(m.name.id), |o| o.stmts(&m.body.stmts));
                    }
                }
            }
            StmtKind::On(h) => self.inside(self.c.fun_at(s.id), |o| o.stmts(&h.body.stmts)),
            // Events are copied.
            StmtKind::Emit { fields, .. } => fields.iter().for_each(|f| self.look(&f.value)),
            StmtKind::Model { fields, .. } => fields.iter().for_each(|f| self.keep(&f.value)),
            StmtKind::Agent(a) => {
                for m in &a.members {
                    match m {
                        AgentMember::Let(l) => self.let_stmt(l),
                        AgentMember::Assign(a) => self.assign(a),
                        AgentMember::On(id, h) => self.inside(self.c.fun_at(*id), |o| o.stmts(&h.body.stmts)),
                        AgentMember::Intent(f) => {
                            self.inside(self.c.fun_at(f.name.id), |o| o.stmts(&f.body.stmts));
                        }
                    }
                }
            }
            StmtKind::FetchInto { url, with, .. } => {
                self.look(url);
                with.iter().for_each(|e| self.look(e));
            }
            StmtKind::Update { target, set, cond, .. } => {
                if let Some(v) = self.c.var_at(target.id) {
                    self.sink(v, 0);
                }
                set.iter().for_each(|e| self.keep(&e.value));
                cond.iter().for_each(|e| self.look(e));
            }
            _ => {}
        }
    }

    /// The loop variable is only looked at, and nothing in the body changes the source.
    fn borrowing_loop(&self, f: &'a ast::ForStmt, e: &Expr) -> bool {
        let Some(lv) = self.c.var_at(f.var.id) else { return false };
        if scalar(&self.c.variable(lv).ty) {
            return true;
        }
        let root = root_of(e).and_then(|r| self.c.var_at(r.id));
        let Some(root) = root else { return self.level[lv.index()] == NEVER && !self.is_path_assigned(lv) };
        let touched = self.assigns.iter().any(|a| {
            a.root == root && f.body.span.start <= a.span.start && a.span.end <= f.body.span.end
        });
        let var = self.c.variable(root);
        self.level[lv.index()] == NEVER && !self.is_path_assigned(lv) && !touched && !var.captured
            && !matches!(var.kind, VarKind::AgentState(_))
    }
    fn is_path_assigned(&self, v: VarId) -> bool {
        self.assigns.iter().any(|a| a.root == v)
    }

    // ---- expressions

    fn look(&mut self, e: &'a Expr) {
        self.expr(e, Use::Look);
    }
    fn keep(&mut self, e: &'a Expr) {
        self.expr(e, Use::Keep(0));
    }
    /// The value goes into a variable, container or result; how many of its levels have no other name.
    fn flow(&mut self, e: &'a Expr) -> u8 {
        if self.scalar_expr(e) {
            self.look(e);
            return NEVER;
        }
        self.fresh(e, Use::Keep(0))
    }
    fn expr(&mut self, e: &'a Expr, u: Use) {
        let u = if self.scalar_expr(e) { Use::Look } else { u };
        self.fresh(e, u);
    }

    /// Visits `e` as used like `u`, and says how many levels of its value are fresh (or given away by their only name).
    fn fresh(&mut self, e: &'a Expr, u: Use) -> u8 {
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
    fn fresh_unless_scalar(&mut self, e: &'a Expr, u: Use) -> u8 {
        if self.scalar_expr(e) {
            self.look(e);
            return NEVER;
        }
        self.fresh(e, u)
    }
    /// A new list whose elements come from elsewhere: deep only if they are scalars.
    fn elements(&self, e: &Expr) -> u8 {
        match self.c.type_of(e.id).unwrapped() {
            Type::List(t) if scalar(t) => NEVER,
            Type::Map(_, t) if scalar(t) => NEVER,
            t if scalar(t) => NEVER,
            _ => 1,
        }
    }
    fn parts(&mut self, es: impl Iterator<Item = &'a Expr>, u: Use) -> u8 {
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

    fn name(&mut self, e: &'a Expr, u: Use) -> u8 {
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
    fn given_away(&self, v: VarId, id: NodeId) -> bool {
        let var = self.c.variable(v);
        if var.captured || var.kind != VarKind::Local && var.kind != VarKind::Global {
            return false;
        }
        self.mentions.get(&v).is_some_and(|m| match (m.last, m.declared) {
            (Some((last, _, at)), Some(declared)) => last == id && at == declared,
            _ => false,
        })
    }

    fn call(&mut self, e: &'a Expr, callee: &'a Expr, args: &'a [Expr], u: Use) -> u8 {
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
    fn known(&mut self, f: FunId, receiver: Option<&'a Expr>, args: &'a [Expr]) -> u8 {
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
    fn racing(&mut self, operands: impl IntoIterator<Item = &'a Expr> + Clone) {
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
            super::plan::walk_expr(o, &mut calls);
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
    fn may_change_meanwhile(&self, a: &Expr) -> bool {
        match root_of(a).and_then(|r| self.c.var_at(r.id)) {
            Some(v) => {
                let var = self.c.variable(v);
                (var.captured || matches!(var.kind, VarKind::AgentState(_))) && self.is_path_assigned(v)
            }
            _ => false,
        }
    }

    fn builtin(&mut self, e: &'a Expr, b: Builtin, args: &'a [Expr], u: Use) -> u8 {
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

/// The variable at the start of `x[i].f..`.
fn root_of(e: &Expr) -> Option<&Expr> {
    let mut at = e;
    while let ExprKind::Index { base, .. } | ExprKind::Field { base, .. } = &at.kind {
        at = base;
    }
    matches!(at.kind, ExprKind::Ident(_)).then_some(at)
}

/// Use of an operand whose elements end up in the result.
fn keep_parts(u: Use) -> Use {
    match u {
        Use::Look => Use::Look,
        Use::Keep(_) => Use::Keep(1),
    }
}
