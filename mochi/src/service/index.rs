//! Places of names: one walk over a checked program.

use super::{Symbol, SymbolKind, Target, of_function};
use crate::ast::{
    AgentMember, Expr, ExprKind, Ident, NodeId, Pattern, PatternKind, Span, Stmt, StmtKind, TypeDeclKind,
};
use crate::checked::{AgentId, Checked, FunId, Resolution, StreamId, StructId, UnionId};
use crate::lower::plan::{Visit, walk_stmts};
use std::collections::HashMap;

/// What the walk found.
#[derive(Default)]
pub(super) struct Index {
    pub mentions: Vec<(Span, Target)>,
    /// Name and comment of each function that has one.
    pub functions: HashMap<FunId, (Span, Option<String>)>,
    /// Where each function's parameters and variables can be seen.
    pub ranges: HashMap<FunId, Span>,
    /// Names of declared types, streams and agents.
    pub declared: Vec<(Span, Target)>,
    /// Comments by the place of the declared name.
    pub docs: HashMap<Span, String>,
    pub symbols: Vec<Symbol>,
}

impl Index {
    pub(super) fn of(c: &Checked) -> Index {
        let mut walk = Walk { c, out: Index::default() };
        for v in &c.variables {
            walk.out.symbols.extend(
                (v.is_global && v.function.is_none()).then(|| symbol(&v.name, SymbolKind::Variable, v.span, v.span)),
            );
        }
        for (i, v) in c.variables.iter().enumerate() {
            walk.out.mentions.push((v.span, Target::Var(crate::checked::VarId(i as u32))));
        }
        walk_stmts(&c.program.stmts, &mut walk);
        let mut out = walk.out;
        out.mentions.extend(out.declared.iter().copied());
        // Of two things at one place the outer was added first.
        out.mentions.sort_by_key(|m| m.0);
        out.symbols.sort_by_key(|s| s.span);
        out
    }

    /// What is mentioned at a byte.
    pub(super) fn at(&self, at: u32) -> Option<(Span, Target)> {
        self.mentions
            .iter()
            .filter(|m| m.0.touches(at) && m.0.start < m.0.end)
            .min_by_key(|m| m.0.end - m.0.start)
            .copied()
    }
}

fn symbol(name: &str, kind: SymbolKind, span: Span, whole: Span) -> Symbol {
    Symbol { name: name.to_owned(), kind, span, whole }
}

struct Walk<'c> {
    c: &'c Checked,
    out: Index,
}

impl Walk<'_> {
    fn mention(&mut self, span: Span, id: NodeId) {
        let target = match self.c.resolution(id) {
            Some(Resolution::Local(v) | Resolution::Global(v)) => Target::Var(*v),
            Some(
                Resolution::Function(f)
                | Resolution::Method(_, f)
                | Resolution::SiblingMethod(f)
                | Resolution::Intent(_, f)
                | Resolution::SiblingIntent(f),
            ) => Target::Fun(*f),
            Some(Resolution::Builtin(b)) => Target::Builtin(*b),
            Some(Resolution::Variant(u, i)) => Target::Variant(*u, *i),
            Some(Resolution::Struct(s)) => Target::Struct(*s),
            Some(Resolution::Agent(a)) => Target::Agent(*a),
            Some(Resolution::Stream(s)) => Target::Stream(*s),
            _ => return,
        };
        self.out.mentions.push((span, target));
    }
    fn range(&mut self, node: NodeId, span: Span) {
        if let Some(f) = self.c.fun_at(node) {
            self.out.ranges.insert(f, span);
        }
    }
    fn ident(&mut self, i: &Ident) {
        self.mention(i.span, i.id);
    }
    fn pattern(&mut self, p: &Pattern) {
        match &p.kind {
            PatternKind::Name(_) => self.mention(p.span, p.id),
            PatternKind::Variant { name, args } => {
                self.ident(name);
                args.iter().for_each(|a| self.pattern(a));
            }
            _ => {}
        }
    }
    fn function(&mut self, node: NodeId, f: &crate::ast::FunDecl, doc: Option<&String>, kind: SymbolKind, whole: Span) {
        if let Some(id) = self.c.fun_at(node) {
            self.out.functions.insert(id, of_function(f, doc));
            self.out.ranges.insert(id, whole);
            if self.c.function(id).var.is_none() {
                self.out.mentions.push((f.name.span, Target::Fun(id)));
            }
            self.out.symbols.push(symbol(&f.name.name, kind, f.name.span, whole));
        }
    }
    fn declare(&mut self, name: &Ident, target: Target, kind: SymbolKind, whole: Span) {
        self.out.declared.push((name.span, target));
        self.out.symbols.push(symbol(&name.name, kind, name.span, whole));
    }
}

impl<'a> Visit<'a> for Walk<'_> {
    fn stmt(&mut self, s: &'a Stmt) {
        let name = match &s.kind {
            StmtKind::Let(l) => Some(&l.name),
            StmtKind::Fun(f) => Some(&f.name),
            StmtKind::Type(t) => Some(&t.name),
            StmtKind::Stream(t) => Some(&t.name),
            StmtKind::Agent(a) => Some(&a.name),
            _ => None,
        };
        if let (Some(name), Some(doc)) = (name, &s.doc) {
            self.out.docs.insert(name.span, doc.clone());
        }
        match &s.kind {
            StmtKind::Assign(a) => self.ident(&a.target),
            StmtKind::Fun(f) => self.function(s.id, f, s.doc.as_ref(), SymbolKind::Function, s.span),
            StmtKind::Type(t) => match &t.kind {
                TypeDeclKind::Struct { .. } => {
                    if let Some(i) = self.c.structs.iter().position(|x| x.name == t.name.name) {
                        self.declare(&t.name, Target::Struct(StructId(i as u32)), SymbolKind::Type, s.span);
                    }
                }
                TypeDeclKind::Union(variants) => {
                    if let Some(u) = self.c.unions.iter().position(|x| x.name == t.name.name) {
                        let u = UnionId(u as u32);
                        self.declare(&t.name, Target::Union(u), SymbolKind::Type, s.span);
                        for (i, v) in variants.iter().enumerate() {
                            self.declare(&v.name, Target::Variant(u, i as u32), SymbolKind::Variant, v.span);
                        }
                    }
                }
                TypeDeclKind::Alias(_) => {}
            },
            StmtKind::Stream(d) => {
                if let Some(i) = self.c.streams.iter().position(|x| x.name == d.name.name) {
                    self.declare(&d.name, Target::Stream(StreamId(i as u32)), SymbolKind::Stream, s.span);
                }
            }
            StmtKind::Agent(d) => {
                if let Some(i) = self.c.agents.iter().position(|x| x.name == d.name.name) {
                    self.declare(&d.name, Target::Agent(AgentId(i as u32)), SymbolKind::Agent, s.span);
                }
            }
            StmtKind::On(h) => {
                self.ident(&h.stream);
                self.range(s.id, s.span);
            }
            StmtKind::Emit { stream, .. } => self.ident(stream),
            StmtKind::FetchInto { target, .. } | StmtKind::Update { target, .. } => self.ident(target),
            _ => {}
        }
    }
    fn member(&mut self, m: &'a AgentMember) {
        match m {
            AgentMember::Assign(a) => self.ident(&a.target),
            AgentMember::On(id, h) => {
                self.ident(&h.stream);
                self.range(*id, h.body.span);
            }
            AgentMember::Intent(f) => {
                self.function(f.name.id, f, None, SymbolKind::Method, f.name.span.to(f.body.span));
            }
            AgentMember::Let(_) => {}
        }
    }
    fn method(&mut self, f: &'a crate::ast::FunDecl) {
        self.function(f.name.id, f, None, SymbolKind::Method, f.name.span.to(f.body.span));
    }
    fn expr(&mut self, e: &'a Expr) {
        match &e.kind {
            ExprKind::Ident(name) => {
                // Parentheses widen a span, so the name may be inside of it.
                let span = if e.span.end - e.span.start == name.len() as u32 { e.span } else { return };
                self.mention(span, e.id);
            }
            ExprKind::Fun(_) => self.range(e.id, e.span),
            ExprKind::Field { name, .. } => self.mention(name.span, e.id),
            ExprKind::Struct { name, .. } => self.ident(name),
            ExprKind::Match { arms, .. } => arms.iter().for_each(|a| self.pattern(&a.pattern)),
            _ => {}
        }
    }
}
