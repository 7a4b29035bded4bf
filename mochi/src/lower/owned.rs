//! Which variables are the only name of what they hold.
//!
//! For every variable: the shallowest level at which something in it may have a second name (0 the aggregate itself, 1 its elements, and so on;
//! `NEVER` when nothing has). Flow-insensitive, over the whole program, to a fixpoint: levels start at `NEVER` and sink. A use makes a second name unless the
//! value is only looked at. Two things keep common programs free of cells: a function that only looks at a parameter borrows it, and a local whose last mention hands it on gives it
//! away.
//!
//! Errs to the safe side only; what it says "owned" of may be changed by making a new version (see `docs/mochi-values.md`).

mod expr;
mod scan;

use super::plan::walk_stmts;
use crate::ast::{self, Access, AgentMember, BinOp, Expr, ExprKind, ForSource, NodeId, Span, Stmt, StmtKind};
use crate::builtins::Builtin;
use crate::checked::{Checked, FunId, FunKind, Resolution, VarId, VarKind};
use crate::types::Type;
use scan::Scan;
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

impl<'a> Owned<'a> {
    /// Analyses a program.
    pub fn of(c: &'a Checked) -> Owned<'a> {
        let mut s = Scan {
            c,
            mentions: HashMap::new(),
            loops: vec![],
            assigns: vec![],
            siblings: HashSet::new(),
            updates: false,
        };
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
                VarKind::Param
                    | VarKind::Loop
                    | VarKind::Pattern
                    | VarKind::QueryRow
                    | VarKind::Group
                    | VarKind::ReceiverField(..)
                    | VarKind::UpdateField(..)
                    | VarKind::DynamicUpdateField
                    | VarKind::Event(_)
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
        let touched = self
            .assigns
            .iter()
            .any(|a| a.root == root && f.body.span.start <= a.span.start && a.span.end <= f.body.span.end);
        let var = self.c.variable(root);
        self.level[lv.index()] == NEVER
            && !self.is_path_assigned(lv)
            && !touched
            && !var.captured
            && !matches!(var.kind, VarKind::AgentState(_))
    }
    fn is_path_assigned(&self, v: VarId) -> bool {
        self.assigns.iter().any(|a| a.root == v)
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
