//! Which creations of aggregates need a cell: by classes of aggregates that may be the same.
//!
//! After Steensgaard: one node per variable, result and creation; assignment, passing, returning and storing unify nodes; what is in an aggregate is one
//! node below it. A class needs cells when an assignment through a path changes a member of it and the root of the path is not its only name
//! ([`super::owned`]). All creations of the class then make cells, so every member is one.

mod expr;

use super::owned::Owned;
use crate::ast::{self, Access, AgentMember, ForSource, NodeId, Stmt, StmtKind};
use crate::checked::{Checked, FunId, Resolution, VarKind};
use crate::types::Type;
use std::collections::HashMap;

type Node = usize;

/// The classes of a program.
pub(crate) struct Classes {
    parent: Vec<Node>,
    elem: Vec<Option<Node>>,
    flagged: Vec<bool>,
    /// Of the value that the node (expression, `emit`, `into`) creates.
    created: HashMap<NodeId, Node>,
    /// Of what an assignment changes, by its target's id.
    changed: HashMap<NodeId, Node>,
    pub any: bool,
    all: bool,
}

struct Build<'a, 'o> {
    c: &'a Checked,
    owned: &'o Owned<'a>,
    k: Classes,
    vars: Vec<Node>,
    rets: Vec<Node>,
    structs: Vec<Node>,
    streams: Vec<Node>,
    /// Whatever passes through function values.
    escaped: Node,
    fun: FunId,
}

impl Classes {
    fn node(&mut self) -> Node {
        self.parent.push(self.parent.len());
        self.elem.push(None);
        self.flagged.push(false);
        self.parent.len() - 1
    }
    fn find(&self, mut n: Node) -> Node {
        while self.parent[n] != n {
            n = self.parent[n];
        }
        n
    }
    fn elem(&mut self, n: Node) -> Node {
        let n = self.find(n);
        match self.elem[n] {
            Some(e) => self.find(e),
            None => {
                let e = self.node();
                self.elem[n] = Some(e);
                e
            }
        }
    }
    fn unify(&mut self, a: Node, b: Node) {
        let mut work = vec![(a, b)];
        while let Some((a, b)) = work.pop() {
            let (a, b) = (self.find(a), self.find(b));
            if a == b {
                continue;
            }
            self.parent[b] = a;
            self.flagged[a] |= self.flagged[b];
            match (self.elem[a], self.elem[b]) {
                (Some(x), Some(y)) => work.push((x, y)),
                (None, e) => self.elem[a] = e,
                _ => {}
            }
        }
    }
    /// Must what is created here be in a cell?
    pub fn creates_cell(&self, id: NodeId) -> bool {
        self.all || self.created.get(&id).is_some_and(|n| self.flagged[self.find(*n)])
    }
    /// Is what the assignment with this target changes in a cell?
    pub fn changes_cell(&self, id: NodeId) -> bool {
        self.all || self.changed.get(&id).is_some_and(|n| self.flagged[self.find(*n)])
    }
    /// Of a program.
    pub fn of(c: &Checked, all: bool) -> Classes {
        let owned = Owned::of(c);
        let mut k = Classes {
            parent: vec![],
            elem: vec![],
            flagged: vec![],
            created: HashMap::new(),
            changed: HashMap::new(),
            any: all,
            all,
        };
        if !owned.has_assignments() {
            return k;
        }
        let vars = c.variables.iter().map(|_| k.node()).collect();
        let rets = c.functions.iter().map(|_| k.node()).collect();
        let structs = c.structs.iter().map(|_| k.node()).collect();
        let streams = c.streams.iter().map(|_| k.node()).collect();
        let escaped = k.node();
        // What a function value takes and gives may hold function values' things again.
        let mut b = Build { c, owned: &owned, k, vars, rets, structs, streams, escaped, fun: c.main };
        for (i, v) in c.variables.iter().enumerate() {
            match v.kind {
                VarKind::ReceiverField(s, _) => {
                    let e = b.k.elem(b.structs[s.index()]);
                    b.k.unify(b.vars[i], e);
                }
                VarKind::Event(s) => b.k.unify(b.vars[i], b.streams[s.index()]),
                _ => {}
            }
        }
        b.stmts(&c.program.stmts);
        let mut k = b.k;
        k.any = all || (0..k.parent.len()).any(|n| k.flagged[n]);
        k
    }
}

fn scalar(t: &Type) -> bool {
    matches!(
        t.unwrapped(),
        Type::Int | Type::Int64 | Type::Float | Type::BigInt | Type::BigRat | Type::String | Type::Bool
    )
}

impl<'a> Build<'a, '_> {
    fn var(&self, id: NodeId) -> Option<Node> {
        self.c.var_at(id).map(|v| self.vars[v.index()])
    }
    fn flag(&mut self, n: Node) {
        let n = self.k.find(n);
        self.k.flagged[n] = true;
    }
    fn create(&mut self, id: NodeId) -> Node {
        let n = self.k.node();
        self.k.created.insert(id, n);
        n
    }
    fn join(&mut self, a: Node, b: Option<Node>) {
        if let Some(b) = b {
            self.k.unify(a, b);
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
    /// A function whose callers cannot be seen.
    fn escapes(&mut self, f: FunId) {
        for p in self.c.function(f).params.clone() {
            self.k.unify(self.vars[p.index()], self.escaped);
        }
        self.k.unify(self.rets[f.index()], self.escaped);
    }

    // ---- statements

    fn stmts(&mut self, stmts: &'a [Stmt]) {
        for s in stmts {
            self.stmt(s);
        }
    }
    fn let_stmt(&mut self, l: &'a ast::LetStmt) {
        if let Some(e) = &l.value {
            let n = self.expr(e);
            if let (Some(v), Some(n)) = (self.var(l.name.id), n) {
                self.k.unify(v, n);
            }
        }
    }
    fn assign(&mut self, a: &'a ast::AssignStmt) {
        for p in &a.path {
            if let Access::Index(e) = p {
                self.expr(e);
            }
        }
        let value = self.expr(&a.value);
        let Some(mut at) = self.var(a.target.id) else { return };
        if a.path.is_empty() {
            self.join(at, value);
            return;
        }
        for _ in 1..a.path.len() {
            at = self.k.elem(at);
        }
        self.k.changed.insert(a.target.id, at);
        let e = self.k.elem(at);
        self.join(e, value);
        if !self.owned.owns(a) {
            self.flag(at);
        }
    }
    fn stmt(&mut self, s: &'a Stmt) {
        match &s.kind {
            StmtKind::Let(l) => self.let_stmt(l),
            StmtKind::Assign(a) => self.assign(a),
            StmtKind::Fun(f) => self.inside(self.c.fun_at(s.id), |b| b.stmts(&f.body.stmts)),
            StmtKind::Return(Some(e)) => {
                let n = self.expr(e);
                self.join(self.rets[self.fun.index()], n);
            }
            StmtKind::If(i) => {
                for (c, b) in &i.branches {
                    self.expr(c);
                    self.stmts(&b.stmts);
                }
                if let Some(b) = &i.otherwise {
                    self.stmts(&b.stmts);
                }
            }
            StmtKind::While { cond, body } => {
                self.expr(cond);
                self.stmts(&body.stmts);
            }
            StmtKind::For(f) => {
                match &f.source {
                    ForSource::Range(a, b) => {
                        self.expr(a);
                        self.expr(b);
                    }
                    ForSource::Each(e) => {
                        let n = self.expr(e);
                        self.rows_into(f.var.id, n);
                    }
                }
                self.stmts(&f.body.stmts);
            }
            StmtKind::Expect(e) | StmtKind::Expr(e) => {
                self.expr(e);
            }
            StmtKind::Test { body, .. } | StmtKind::Bench { body, .. } => self.stmts(&body.stmts),
            StmtKind::Type(t) => {
                if let ast::TypeDeclKind::Struct { methods, .. } = &t.kind {
                    for m in methods {
                        self.inside(self.c.fun_at(m.name.id), |b| b.stmts(&m.body.stmts));
                    }
                }
            }
            StmtKind::On(h) => self.inside(self.c.fun_at(s.id), |b| b.stmts(&h.body.stmts)),
            StmtKind::Emit { stream, fields } => {
                if let Some(Resolution::Stream(id)) = self.c.resolution(stream.id) {
                    let n = self.streams[id.index()];
                    self.k.created.insert(stream.id, n);
                    self.parts(n, fields.iter().map(|f| &f.value));
                } else {
                    fields.iter().for_each(|f| {
                        self.expr(&f.value);
                    });
                }
            }
            StmtKind::Model { fields, .. } => fields.iter().for_each(|f| {
                self.expr(&f.value);
            }),
            StmtKind::Agent(a) => {
                for m in &a.members {
                    match m {
                        AgentMember::Let(l) => self.let_stmt(l),
                        AgentMember::Assign(a) => self.assign(a),
                        AgentMember::On(id, h) => self.inside(self.c.fun_at(*id), |b| b.stmts(&h.body.stmts)),
                        AgentMember::Intent(f) => {
                            self.inside(self.c.fun_at(f.name.id), |b| b.stmts(&f.body.stmts));
                        }
                    }
                }
            }
            StmtKind::FetchInto { url, with, .. } => {
                self.expr(url);
                with.iter().for_each(|e| {
                    self.expr(e);
                });
            }
            StmtKind::Update { target, set, cond, .. } => {
                let Some(xs) = self.var(target.id) else { return };
                let item = self.k.elem(xs);
                self.flag(xs);
                self.flag(item);
                self.k.changed.insert(target.id, item);
                let part = self.k.elem(item);
                for (i, v) in self.c.variables.iter().enumerate() {
                    let field = matches!(v.kind, VarKind::UpdateField(..) | VarKind::DynamicUpdateField);
                    if field && s.span.start <= v.span.start && v.span.end <= s.span.end {
                        self.k.unify(part, self.vars[i]);
                    }
                }
                for e in set {
                    let n = self.expr(&e.value);
                    self.join(part, n);
                }
                cond.iter().for_each(|e| {
                    self.expr(e);
                });
            }
            _ => {}
        }
    }
    fn rows_into(&mut self, var: NodeId, source: Option<Node>) {
        if let (Some(v), Some(n)) = (self.var(var), source) {
            let e = self.k.elem(n);
            self.k.unify(v, e);
        }
    }
}
