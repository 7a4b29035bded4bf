//! What must be known of the whole program before lowering: where each function's code is, and which aggregates need cells
//! ([`super::classes`]).

use super::Body;
use super::classes::Classes;
use crate::ast::{self, Access, AgentMember, ArmBody, Expr, ExprKind, FunBody, MapKey, Stmt, StmtKind};
use crate::checked::{Checked, FunId};
use std::collections::HashMap;

/// Kinds of aggregate, as bits (the runtime's `mochi_cell:fresh/2` takes the same).
pub(crate) const LISTS: u32 = 1;
pub(crate) const MAPS: u32 = 2;
pub(crate) const STRUCTS: u32 = 4;

#[derive(Default)]
pub(crate) struct Plan<'a> {
    pub bodies: HashMap<FunId, Body<'a>>,
    pub lets: Vec<&'a ast::LetStmt>,
    pub classes: Option<Classes>,
}

/// A callback for every statement and expression, outermost first.
pub(crate) trait Visit<'a> {
    fn stmt(&mut self, _s: &'a Stmt) {}
    fn member(&mut self, _m: &'a AgentMember) {}
    fn method(&mut self, _f: &'a ast::FunDecl) {}
    fn expr(&mut self, _e: &'a Expr) {}
}

/// Walks statements and all that is in them.
pub(crate) fn walk_stmts<'a>(stmts: &'a [Stmt], v: &mut dyn Visit<'a>) {
    for s in stmts {
        walk_stmt(s, v);
    }
}

fn walk_let<'a>(l: &'a ast::LetStmt, v: &mut dyn Visit<'a>) {
    if let Some(e) = &l.value {
        walk_expr(e, v);
    }
}

fn walk_assign<'a>(a: &'a ast::AssignStmt, v: &mut dyn Visit<'a>) {
    for p in &a.path {
        if let Access::Index(e) = p {
            walk_expr(e, v);
        }
    }
    walk_expr(&a.value, v);
}

fn walk_entries<'a>(entries: &'a [ast::MapEntry], v: &mut dyn Visit<'a>) {
    for e in entries {
        if let MapKey::Expr(k) = &e.key {
            walk_expr(k, v);
        }
        walk_expr(&e.value, v);
    }
}

pub(crate) fn walk_stmt<'a>(s: &'a Stmt, v: &mut dyn Visit<'a>) {
    v.stmt(s);
    match &s.kind {
        StmtKind::Let(l) => walk_let(l, v),
        StmtKind::Assign(a) => walk_assign(a, v),
        StmtKind::Fun(f) => walk_stmts(&f.body.stmts, v),
        StmtKind::Return(e) => e.iter().for_each(|e| walk_expr(e, v)),
        StmtKind::If(i) => {
            for (c, b) in &i.branches {
                walk_expr(c, v);
                walk_stmts(&b.stmts, v);
            }
            if let Some(b) = &i.otherwise {
                walk_stmts(&b.stmts, v);
            }
        }
        StmtKind::While { cond, body } => {
            walk_expr(cond, v);
            walk_stmts(&body.stmts, v);
        }
        StmtKind::For(f) => {
            match &f.source {
                ast::ForSource::Range(a, b) => {
                    walk_expr(a, v);
                    walk_expr(b, v);
                }
                ast::ForSource::Each(e) => walk_expr(e, v),
            }
            walk_stmts(&f.body.stmts, v);
        }
        StmtKind::Expect(e) | StmtKind::Expr(e) => walk_expr(e, v),
        StmtKind::Test { body, .. } | StmtKind::Bench { body, .. } => walk_stmts(&body.stmts, v),
        StmtKind::Type(t) => {
            if let ast::TypeDeclKind::Struct { methods, .. } = &t.kind {
                for m in methods {
                    v.method(m);
                    walk_stmts(&m.body.stmts, v);
                }
            }
        }
        StmtKind::On(h) => walk_stmts(&h.body.stmts, v),
        StmtKind::Emit { fields, .. } | StmtKind::Model { fields, .. } => {
            fields.iter().for_each(|f| walk_expr(&f.value, v));
        }
        StmtKind::Agent(a) => {
            for m in &a.members {
                v.member(m);
                match m {
                    AgentMember::Let(l) => walk_let(l, v),
                    AgentMember::Assign(a) => walk_assign(a, v),
                    AgentMember::On(_, h) => walk_stmts(&h.body.stmts, v),
                    AgentMember::Intent(f) => walk_stmts(&f.body.stmts, v),
                }
            }
        }
        StmtKind::FetchInto { url, with, .. } => {
            walk_expr(url, v);
            with.iter().for_each(|e| walk_expr(e, v));
        }
        StmtKind::Update { set, cond, .. } => {
            walk_entries(set, v);
            cond.iter().for_each(|e| walk_expr(e, v));
        }
        StmtKind::Break
        | StmtKind::Continue
        | StmtKind::Import(_)
        | StmtKind::Extern(_)
        | StmtKind::Stream(_)
        | StmtKind::Fact(_)
        | StmtKind::Rule { .. }
        | StmtKind::Error => {}
    }
}

pub(crate) fn walk_expr<'a>(e: &'a Expr, v: &mut dyn Visit<'a>) {
    v.expr(e);
    let mut go = |e: &'a Expr| walk_expr(e, v);
    match &e.kind {
        ExprKind::Field { base, .. } | ExprKind::OptField { base, .. } => go(base),
        ExprKind::Index { base, index } | ExprKind::OptIndex { base, index } => {
            go(base);
            go(index);
        }
        ExprKind::Slice { base, from, to, step } => {
            go(base);
            [from, to, step].into_iter().flatten().for_each(|e| go(e));
        }
        ExprKind::Call { callee, args } => {
            go(callee);
            args.iter().for_each(go);
        }
        ExprKind::Cast { expr, .. } | ExprKind::Unary { expr, .. } => go(expr),
        ExprKind::Binary { left, right, .. } => {
            go(left);
            go(right);
        }
        ExprKind::List(es) => es.iter().for_each(go),
        ExprKind::Map(es) => walk_entries(es, v),
        ExprKind::Struct { fields, .. } | ExprKind::Generate { fields, .. } => fields.iter().for_each(|f| go(&f.value)),
        ExprKind::Fun(f) => match &f.body {
            FunBody::Block(b) => walk_stmts(&b.stmts, v),
            FunBody::Expr(e) => walk_expr(e, v),
        },
        ExprKind::If { branches, otherwise } => {
            for (c, x) in branches {
                go(c);
                go(x);
            }
            otherwise.iter().for_each(|e| go(e));
        }
        ExprKind::Match { value, arms } => {
            go(value);
            for a in arms {
                match &a.body {
                    ArmBody::Expr(e) => walk_expr(e, v),
                    ArmBody::Block(b) => walk_stmts(&b.stmts, v),
                }
            }
        }
        ExprKind::Query(q) => {
            q.from.iter().for_each(|f| go(&f.source));
            for j in &q.joins {
                go(&j.source);
                go(&j.on);
            }
            q.cond.iter().for_each(&mut go);
            if let Some(g) = &q.group {
                g.keys.iter().for_each(&mut go);
                g.having.iter().for_each(&mut go);
            }
            [&q.sort, &q.skip, &q.take].into_iter().flatten().for_each(&mut go);
            go(&q.select);
        }
        ExprKind::Fetch { url, with } => {
            go(url);
            with.iter().for_each(|e| go(e));
        }
        ExprKind::Load { with, .. } => with.iter().for_each(|e| go(e)),
        ExprKind::Save { value, with, .. } => {
            go(value);
            with.iter().for_each(|e| go(e));
        }
        ExprKind::Int(_)
        | ExprKind::Float(_)
        | ExprKind::Str(_)
        | ExprKind::Bool(_)
        | ExprKind::None
        | ExprKind::Ident(_)
        | ExprKind::LogicQuery(_)
        | ExprKind::Error => {}
    }
}

struct Collect<'a> {
    c: &'a Checked,
    plan: Plan<'a>,
}

impl<'a> Collect<'a> {
    fn body(&mut self, id: ast::NodeId, body: Body<'a>) {
        if let Some(f) = self.c.fun_at(id) {
            self.plan.bodies.insert(f, body);
        }
    }
}

impl<'a> Visit<'a> for Collect<'a> {
    fn stmt(&mut self, s: &'a Stmt) {
        match &s.kind {
            StmtKind::Let(l) => self.plan.lets.push(l),
            StmtKind::Fun(f) => self.body(s.id, Body::Block(&f.body)),
            StmtKind::On(h) => self.body(s.id, Body::Block(&h.body)),
            _ => {}
        }
    }
    fn member(&mut self, m: &'a AgentMember) {
        match m {
            AgentMember::On(id, h) => self.body(*id, Body::Block(&h.body)),
            AgentMember::Intent(f) => self.body(f.name.id, Body::Block(&f.body)),
            AgentMember::Let(l) => self.plan.lets.push(l),
            AgentMember::Assign(_) => {}
        }
    }
    fn method(&mut self, f: &'a ast::FunDecl) {
        self.body(f.name.id, Body::Block(&f.body));
    }
    fn expr(&mut self, e: &'a Expr) {
        if let ExprKind::Fun(f) = &e.kind {
            self.body(
                e.id,
                match &f.body {
                    FunBody::Block(b) => Body::Block(b),
                    FunBody::Expr(e) => Body::Expr(e),
                },
            );
        }
    }
}

impl<'a> Plan<'a> {
    /// Of a program.
    pub fn of(c: &'a Checked, all_cells: bool) -> Plan<'a> {
        let mut v = Collect { c, plan: Plan::default() };
        walk_stmts(&c.program.stmts, &mut v);
        v.plan.bodies.insert(c.main, Body::Main);
        v.plan.classes = Some(Classes::of(c, all_cells));
        v.plan
    }
}
