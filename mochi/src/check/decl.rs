//! First pass over the top level: everything that is visible everywhere; and the bodies that are checked last.

use super::scope::FunCtx;
use super::{Checker, Deferred, TypeName};
use crate::ast::*;
use crate::checked::*;
use crate::diag::Diagnostic;
use crate::types::Type;

/// Type declarations in the blocks of a statement (function expressions excepted).
fn nested_types<'a>(stmt: &'a Stmt, out: &mut Vec<(&'a Stmt, &'a TypeDecl)>) {
    let mut blocks: Vec<&'a Block> = Vec::new();
    match &stmt.kind {
        StmtKind::Fun(f) => blocks.push(&f.body),
        StmtKind::If(i) => {
            blocks.extend(i.branches.iter().map(|b| &b.1));
            blocks.extend(&i.otherwise);
        }
        StmtKind::While { body, .. } | StmtKind::Test { body, .. } | StmtKind::Bench { body, .. } => blocks.push(body),
        StmtKind::For(f) => blocks.push(&f.body),
        StmtKind::On(h) => blocks.push(&h.body),
        _ => {}
    }
    for inner in blocks.into_iter().flat_map(|b| &b.stmts) {
        if let StmtKind::Type(decl) = &inner.kind {
            out.push((inner, decl));
        }
        nested_types(inner, out);
    }
}

/// Names of types that every program has.
const BUILT_IN_TYPES: [&str; 12] =
    ["int", "int64", "float", "bigint", "bigrat", "string", "bool", "unit", "void", "any", "list", "map"];

impl<'a> Checker<'a> {
    pub(super) fn collect(&mut self, program: &'a Program) {
        // Types declared inside blocks are known everywhere too: their names are all that there is to them.
        let mut inner = Vec::new();
        for stmt in &program.stmts {
            nested_types(stmt, &mut inner);
        }
        for (stmt, decl) in &inner {
            self.collect_type_name(stmt, decl);
        }
        // Names of types first, since fields mention them in any order; aliases on demand.
        for stmt in &program.stmts {
            match &stmt.kind {
                StmtKind::Type(decl) => self.collect_type_name(stmt, decl),
                StmtKind::Extern(Extern::Type(name)) => {
                    self.type_names.insert(name.name.clone(), TypeName::Extern);
                }
                StmtKind::Stream(decl) => {
                    let id = StreamId(self.streams.len() as u32);
                    self.streams.push(StreamInfo {
                        name: decl.name.name.clone(),
                        node: stmt.id,
                        span: decl.name.span,
                        fields: Vec::new(),
                    });
                    self.stream_names.insert(decl.name.name.clone(), id);
                    self.resolve(decl.name.id, Resolution::Stream(id));
                }
                StmtKind::Agent(decl) => {
                    let id = AgentId(self.agents.len() as u32);
                    self.agents.push(AgentInfo {
                        name: decl.name.name.clone(),
                        node: stmt.id,
                        span: decl.name.span,
                        state: Vec::new(),
                        intents: Vec::new(),
                        handlers: Vec::new(),
                    });
                    self.agent_names.insert(decl.name.name.clone(), id);
                    self.resolve(decl.name.id, Resolution::Agent(id));
                }
                StmtKind::Import(import) => self.collect_import(stmt, import),
                _ => {}
            }
        }
        for _ in 0..2 {
            // Twice, so that an alias may mention a later one.
            for stmt in inner.iter().map(|i| i.0).chain(&program.stmts) {
                if let StmtKind::Type(TypeDecl { name, kind: TypeDeclKind::Alias(ty) }) = &stmt.kind
                    && matches!(self.type_names.get(&name.name), Some(TypeName::Alias(None)))
                    && self.alias_ready(ty)
                {
                    let t = self.type_of(ty);
                    self.type_names.insert(name.name.clone(), TypeName::Alias(Some(t)));
                }
            }
        }
        for stmt in inner.iter().map(|i| i.0).chain(&program.stmts) {
            self.collect_stmt(stmt);
        }
    }

    /// Are all aliases that it mentions resolved?
    fn alias_ready(&self, ty: &TypeExpr) -> bool {
        match &ty.kind {
            TypeKind::Name(n) => !matches!(self.type_names.get(n), Some(TypeName::Alias(None))),
            TypeKind::Generic(_, args) => args.iter().all(|a| self.alias_ready(a)),
            TypeKind::Fun(params, ret) => params.iter().chain(ret.as_deref()).all(|a| self.alias_ready(a)),
            TypeKind::Record(fields) => fields.iter().all(|f| self.alias_ready(&f.ty)),
            TypeKind::Option(t) => self.alias_ready(t),
            TypeKind::Error => true,
        }
    }

    fn collect_type_name(&mut self, stmt: &Stmt, decl: &TypeDecl) {
        let name = decl.name.name.clone();
        let entry = match &decl.kind {
            TypeDeclKind::Struct { .. } => {
                let id = StructId(self.structs.len() as u32);
                self.structs.push(StructInfo {
                    name: name.clone(),
                    node: stmt.id,
                    span: decl.name.span,
                    fields: Vec::new(),
                    methods: Vec::new(),
                });
                self.resolve(decl.name.id, Resolution::Struct(id));
                TypeName::Struct(id)
            }
            TypeDeclKind::Union(variants) => {
                let id = UnionId(self.unions.len() as u32);
                let infos = variants
                    .iter()
                    .map(|v| VariantInfo { name: v.name.name.clone(), span: v.span, fields: Vec::new() })
                    .collect();
                self.unions.push(UnionInfo {
                    name: name.clone(),
                    node: stmt.id,
                    span: decl.name.span,
                    variants: infos,
                });
                for (i, v) in variants.iter().enumerate() {
                    self.variants.insert(v.name.name.clone(), (id, i as u32));
                    self.resolve(v.name.id, Resolution::Variant(id, i as u32));
                }
                TypeName::Union(id)
            }
            TypeDeclKind::Alias(_) => TypeName::Alias(None),
        };
        self.type_names.insert(name, entry);
    }

    fn collect_import(&mut self, stmt: &Stmt, import: &Import) {
        let id = ImportId(self.imports.len() as u32);
        let alias = match &import.alias {
            Some(a) => a.name.clone(),
            None => {
                let base = import.path.value.rsplit('/').find(|p| !p.is_empty()).unwrap_or_default();
                base.strip_suffix(".mochi").unwrap_or(base).into()
            }
        };
        if let Some(a) = &import.alias {
            self.resolve(a.id, Resolution::Module(id));
        }
        self.import_names.insert(alias.clone(), id);
        self.imports.push(ImportInfo {
            lang: import.lang.as_ref().map(|l| l.name.clone()),
            path: import.path.value.clone(),
            alias,
            auto: import.auto,
            node: stmt.id,
            span: stmt.span,
        });
    }

    fn field_infos(&mut self, fields: &[FieldDecl]) -> Vec<FieldInfo> {
        let mut out: Vec<FieldInfo> = Vec::new();
        for f in fields {
            let ty = self.type_of(&f.ty);
            if let Some(first) = out.iter().find(|o| o.name == f.name.name) {
                let d =
                    Diagnostic::error("T008", f.name.span, format!("the field `{}` is declared twice", f.name.name))
                        .label(first.span, "first here");
                self.error(d.help("remove one of them, or rename it"));
                continue;
            }
            out.push(FieldInfo { name: f.name.name.clone(), ty, span: f.name.span });
        }
        out
    }

    fn collect_stmt(&mut self, stmt: &'a Stmt) {
        match &stmt.kind {
            StmtKind::Type(decl) => match (&decl.kind, self.type_names.get(&decl.name.name).cloned()) {
                (TypeDeclKind::Struct { fields, methods }, Some(TypeName::Struct(id))) => {
                    let infos = self.field_infos(fields);
                    self.structs[id.index()].fields = infos;
                    for m in methods {
                        let fun = self.declare_fun(m, FunKind::Method(id), m.name.id, m.name.span);
                        self.structs[id.index()].methods.push((m.name.name.clone(), fun));
                        self.deferred.push(Deferred::Method(fun, id, m));
                        for p in m.sig.params.iter().filter(|p| p.ty.is_none()) {
                            let d = Diagnostic::error(
                                "T005",
                                p.name.span,
                                format!("the parameter `{}` of a method has no type", p.name.name),
                            );
                            self.soft(d.help(format!("write `{}: int`, or whatever it takes", p.name.name)));
                        }
                    }
                }
                (TypeDeclKind::Union(variants), Some(TypeName::Union(id))) => {
                    for (i, v) in variants.iter().enumerate() {
                        let infos = self.field_infos(&v.fields);
                        if let Some(info) = self.unions[id.index()].variants.get_mut(i) {
                            info.fields = infos;
                        }
                    }
                }
                (TypeDeclKind::Alias(ty), Some(TypeName::Alias(None))) => {
                    self.type_of(ty);
                    self.type_names.insert(decl.name.name.clone(), TypeName::Alias(Some(Type::Error)));
                }
                _ => {}
            },
            StmtKind::Stream(decl) => {
                let infos = self.field_infos(&decl.fields);
                if let Some(id) = self.stream_names.get(&decl.name.name).copied() {
                    self.streams[id.index()].fields = infos;
                }
            }
            StmtKind::Fun(decl) => {
                let fun = self.declare_fun(decl, FunKind::TopLevel, stmt.id, decl.name.span);
                self.function_of.insert(decl.name.id, fun);
                self.resolve(decl.name.id, Resolution::Function(fun));
                if let Some(first) = self.top_functions.insert(decl.name.name.clone(), fun) {
                    let span = self.functions[first.index()].span;
                    let d = Diagnostic::warning(
                        "T008",
                        decl.name.span,
                        format!("the function `{}` is declared twice; this one replaces the first", decl.name.name),
                    );
                    self.soft(d.label(span, "first here").help("remove one of them, or rename it"));
                }
                self.deferred.push(Deferred::Fun(fun, decl));
            }
            StmtKind::Let(LetStmt { name, mutable, ty, .. }) => self.collect_global(name, *mutable, ty.as_ref()),
            StmtKind::FetchInto { target, .. } if !self.globals.contains_key(&target.name) => {
                self.collect_global(target, true, None)
            }
            StmtKind::Extern(decl) => self.collect_extern(stmt, decl),
            StmtKind::Agent(decl) => self.collect_agent(decl),
            StmtKind::On(handler) => {
                if let Some(stream) = self.stream_named(&handler.stream) {
                    let fun = self.new_fun(None, FunKind::Handler(stream, None), stmt.id, stmt.span, Some(FunId(0)));
                    self.deferred.push(Deferred::Handler(fun, stream, None, handler));
                }
            }
            _ => {}
        }
    }

    /// A top-level variable; declared again, it is the same variable.
    fn collect_global(&mut self, name: &Ident, mutable: bool, ty: Option<&TypeExpr>) {
        if let Some(id) = self.globals.get(&name.name).copied() {
            self.resolve(name.id, Resolution::Global(id));
            let v = &mut self.variables[id.index()];
            v.mutable |= mutable;
            v.assigned = true;
            return;
        }
        let t = ty.map(|t| self.type_of(t));
        let annotated = t.is_some();
        let id = self.new_var(name, VarKind::Global, mutable, t.unwrap_or(Type::Any));
        self.variables[id.index()].annotated = annotated;
        self.globals.insert(name.name.clone(), id);
    }

    fn collect_extern(&mut self, stmt: &Stmt, decl: &Extern) {
        let (path, ty, is_function) = match decl {
            Extern::Type(_) => return,
            Extern::Object(name) => (vec![name.name.clone()], Type::Any, false),
            Extern::Var { path, ty, .. } => (path.iter().map(|p| p.name.clone()).collect(), self.type_of(ty), false),
            Extern::Fun { path, params, ret } => {
                let params = params.iter().map(|p| p.ty.as_ref().map_or(Type::Any, |t| self.type_of(t))).collect();
                let ret = ret.as_ref().map_or(Type::Unit, |r| self.type_of(r));
                (path.iter().map(|p| p.name.clone()).collect::<Vec<_>>(), Type::fun(params, ret), true)
            }
        };
        let import = path.first().and_then(|p| self.import_names.get(p)).copied();
        let id = ExternId(self.externs.len() as u32);
        self.extern_names.insert(path.join("."), id);
        self.externs.push(ExternInfo { path, ty, is_function, import, node: stmt.id, span: stmt.span });
    }

    fn collect_agent(&mut self, decl: &'a AgentDecl) {
        let Some(id) = self.agent_names.get(&decl.name.name).copied() else { return };
        for member in &decl.members {
            match member {
                AgentMember::Let(l) => {
                    let t = l.ty.as_ref().map(|t| self.type_of(t));
                    let annotated = t.is_some();
                    let var = self.new_var(&l.name, VarKind::AgentState(id), l.mutable, t.unwrap_or(Type::Any));
                    self.variables[var.index()].annotated = annotated;
                    self.agents[id.index()].state.push(var);
                }
                AgentMember::Assign(_) => {}
                AgentMember::On(node, handler) => {
                    if let Some(stream) = self.stream_named(&handler.stream) {
                        let fun = self.new_fun(
                            None,
                            FunKind::Handler(stream, Some(id)),
                            *node,
                            handler.stream.span,
                            Some(FunId(0)),
                        );
                        self.agents[id.index()].handlers.push((stream, fun));
                        self.deferred.push(Deferred::Handler(fun, stream, Some(id), handler));
                    }
                }
                AgentMember::Intent(f) => {
                    let fun = self.declare_fun(f, FunKind::Intent(id), f.name.id, f.name.span);
                    self.agents[id.index()].intents.push((f.name.name.clone(), fun));
                    self.deferred.push(Deferred::Intent(fun, id, f));
                }
            }
        }
    }

    pub(super) fn stream_named(&mut self, name: &Ident) -> Option<StreamId> {
        if let Some(id) = self.stream_names.get(&name.name).copied() {
            self.resolve(name.id, Resolution::Stream(id));
            return Some(id);
        }
        if self.reported_names.insert(format!("stream {}", name.name).into()) {
            let known: Vec<Name> = self.stream_names.keys().cloned().collect();
            let close = super::scope::closest(&name.name, known.iter().map(|n| &**n)).map(str::to_owned);
            let help = close.map_or(format!("declare it: `stream {} {{ field: type }}`", name.name), |c| {
                format!("did you mean `{c}`?")
            });
            self.error(Diagnostic::error("T031", name.span, format!("there is no stream `{}`", name.name)).help(help));
        }
        None
    }

    /// Register a named function with its signature.
    pub(super) fn declare_fun(&mut self, decl: &FunDecl, kind: FunKind, node: NodeId, span: Span) -> FunId {
        let parent = Some(self.cur());
        let id = self.new_fun(Some(decl.name.name.clone()), kind, node, span, parent);
        let (generics, params, ret) = self.signature(&decl.sig);
        let f = &mut self.functions[id.index()];
        f.export = decl.export;
        f.generics = generics;
        f.param_types = params;
        f.ret_annotated = ret.is_some();
        f.ret = ret.unwrap_or(Type::Any);
        self.note_bound(id, &decl.sig, false);
        id
    }

    /// Type parameters, parameter types, declared result.
    pub(super) fn signature(&mut self, sig: &FunSig) -> (Vec<Name>, Vec<Type>, Option<Type>) {
        let generics: Vec<Name> = sig.generics.iter().map(|g| g.name.clone()).collect();
        for (i, g) in sig.generics.iter().enumerate() {
            if generics.iter().take(i).any(|n| *n == g.name) {
                let d = Diagnostic::error("T048", g.span, format!("the type parameter `{}` is there twice", g.name));
                self.error(d.help("give it another name, or take it away"));
            } else if BUILT_IN_TYPES.contains(&&*g.name) || self.type_names.contains_key(&g.name) {
                let d = Diagnostic::error(
                    "T049",
                    g.span,
                    format!("the type parameter `{}` hides the type of that name", g.name),
                );
                self.soft(d.help("type parameters are single letters by custom: `T`"));
            }
        }
        for (i, p) in sig.params.iter().enumerate() {
            if let Some(first) = sig.params.iter().take(i).find(|q| q.name.name == p.name.name && &*q.name.name != "_")
            {
                let d = Diagnostic::error(
                    "P070",
                    p.name.span,
                    format!("there are two parameters `{}`; this one hides the other", p.name.name),
                );
                self.soft(d.label(first.name.span, "the other").help("give it another name"));
            }
        }
        let cur = self.cur();
        // Only to have the type parameters in scope.
        self.ctx.push(FunCtx {
            id: cur,
            loop_depth: 0,
            generics: generics.clone(),
            ret: None,
            returned: None,
            method_of: None,
            agent: None,
        });
        let params = sig.params.iter().map(|p| p.ty.as_ref().map_or(Type::Any, |t| self.type_of(t))).collect();
        let ret = sig.ret.as_ref().map(|t| self.type_of(t));
        self.ctx.pop();
        (generics, params, ret)
    }

    pub(super) fn fun_type(&self, id: FunId) -> Type {
        let f = &self.functions[id.index()];
        Type::fun(f.param_types.clone(), f.ret.clone())
    }

    pub(super) fn deferred_body(&mut self, deferred: Deferred<'a>) {
        match deferred {
            Deferred::Fun(id, decl) => self.fun_body(id, &decl.sig, &decl.body, None, None),
            Deferred::Method(id, s, decl) => {
                self.scoped(|c| {
                    // Fields are variables of the method, below its parameters.
                    let fields = c.structs[s.index()].fields.clone();
                    c.enter(id, &[], Vec::new(), Some(s), None);
                    for (i, f) in fields.iter().enumerate() {
                        let ident = Ident { id: NodeId(u32::MAX), span: f.span, name: f.name.clone() };
                        c.declare(&ident, VarKind::ReceiverField(s, i as u32), true, f.ty.clone());
                    }
                    c.ctx.pop();
                    c.fun_body(id, &decl.sig, &decl.body, Some(s), None);
                });
            }
            Deferred::Intent(id, a, decl) => {
                self.scoped(|c| {
                    c.bind_state(a);
                    c.fun_body(id, &decl.sig, &decl.body, None, Some(a));
                });
            }
            Deferred::Handler(id, stream, agent, handler) => {
                self.scoped(|c| {
                    if let Some(a) = agent {
                        c.bind_state(a);
                    }
                    c.enter(id, &[], Vec::new(), None, agent);
                    c.push_scope();
                    let name = c.streams[stream.index()].name.clone();
                    let var = c.declare(&handler.var, VarKind::Event(stream), true, Type::Stream(stream, name.clone()));
                    c.functions[id.index()].params.push(var);
                    c.functions[id.index()].param_types.push(Type::Stream(stream, name));
                    c.block(&handler.body);
                    c.pop_scope();
                    c.ctx.pop();
                });
            }
        }
    }

    pub(super) fn bind_state(&mut self, agent: AgentId) {
        for var in self.agents[agent.index()].state.clone() {
            let name = self.var(var).name.clone();
            self.bind(name, var);
        }
    }

    pub(super) fn enter(
        &mut self,
        id: FunId,
        generics: &[Name],
        narrowed: Vec<String>,
        method_of: Option<StructId>,
        agent: Option<AgentId>,
    ) {
        self.narrowed = narrowed;
        let f = &self.functions[id.index()];
        let ret = f.ret_annotated.then(|| f.ret.clone());
        self.ctx.push(FunCtx { id, loop_depth: 0, generics: generics.to_vec(), ret, returned: None, method_of, agent });
    }

    /// Parameters and body of a function whose signature is known.
    pub(super) fn fun_body(
        &mut self,
        id: FunId,
        sig: &'a FunSig,
        body: &'a Block,
        method_of: Option<StructId>,
        agent: Option<AgentId>,
    ) {
        let saved = std::mem::take(&mut self.narrowed);
        let groups = std::mem::take(&mut self.group_keys);
        let generics = self.functions[id.index()].generics.clone();
        self.enter(id, &generics, Vec::new(), method_of, agent);
        self.push_scope();
        self.params(id, &sig.params);
        self.block(body);
        self.pop_scope();
        if let Some(ctx) = self.ctx.pop() {
            self.functions[id.index()].returns_value = ctx.returned.is_some();
        }
        self.narrowed = saved;
        self.group_keys = groups;
    }

    pub(super) fn params(&mut self, id: FunId, params: &[Param]) {
        let types = self.functions[id.index()].param_types.clone();
        for (i, p) in params.iter().enumerate() {
            let ty = types.get(i).cloned().unwrap_or(Type::Any);
            let var = self.declare(&p.name, VarKind::Param, true, ty);
            self.variables[var.index()].annotated = p.ty.is_some();
            self.functions[id.index()].params.push(var);
        }
    }
}
