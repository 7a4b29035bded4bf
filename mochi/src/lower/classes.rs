//! Which creations of aggregates need a cell: by classes of aggregates that may be the same.
//!
//! After Steensgaard: one node per variable, result and creation; assignment, passing, returning and storing unify nodes; what is in an aggregate is one
//! node below it. A class needs cells when an assignment through a path changes a member of it and the root of the path is not its only name
//! ([`super::owned`]). All creations of the class then make cells, so every member is one.

use super::owned::Owned;
use crate::ast::{self, Access, AgentMember, ArmBody, BinOp, Expr, ExprKind, ForSource, FunBody, NodeId, Pattern, PatternKind, Stmt, StmtKind};
use crate::builtins::Builtin;
use crate::checked::{Checked, FunId, Resolution, StructId, VarKind};
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

    // ---- expressions

    fn parts(&mut self, n: Node, es: impl Iterator<Item = &'a Expr>) {
        let e = self.k.elem(n);
        for x in es {
            let p = self.expr(x);
            self.join(e, p);
        }
    }
    /// A new list with the elements of these.
    fn gather<'e>(&mut self, id: NodeId, es: impl Iterator<Item = &'a Expr>) -> Node
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
    fn merge(&mut self, a: Option<Node>, b: Option<Node>) -> Option<Node> {
        match (a, b) {
            (Some(a), Some(b)) => {
                self.k.unify(a, b);
                Some(a)
            }
            (a, b) => a.or(b),
        }
    }

    fn expr(&mut self, e: &'a Expr) -> Option<Node> {
        let n = self.value(e);
        if scalar(self.c.type_of(e.id)) { None } else { n }
    }

    fn value(&mut self, e: &'a Expr) -> Option<Node> {
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

    fn name(&mut self, e: &'a Expr) -> Option<Node> {
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

    fn pattern(&mut self, p: &'a Pattern, n: Node) {
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

    fn query(&mut self, e: &'a Expr, q: &'a ast::Query) -> Option<Node> {
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

    fn known(&mut self, f: FunId, args: &'a [Expr]) -> Option<Node> {
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
    fn receiver(&mut self, s: StructId, base: &'a Expr) {
        let n = self.expr(base);
        self.join(self.structs[s.index()], n);
    }
    fn call(&mut self, e: &'a Expr, callee: &'a Expr, args: &'a [Expr]) -> Option<Node> {
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

    fn builtin(&mut self, e: &'a Expr, b: Builtin, args: &'a [Expr]) -> Option<Node> {
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

