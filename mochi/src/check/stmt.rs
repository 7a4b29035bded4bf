//! Statements.

use super::{Checker, Deferred};
use crate::ast::*;
use crate::checked::*;
use crate::diag::Diagnostic;
use crate::types::Type;

impl<'a> Checker<'a> {
    /// A new scope with these statements.
    pub(super) fn block(&mut self, block: &'a Block) {
        let narrowed = self.narrowed.len();
        self.push_scope();
        for stmt in &block.stmts {
            if let StmtKind::Fun(decl) = &stmt.kind {
                self.announce_nested(stmt, decl);
            }
        }
        self.stmts(&block.stmts);
        self.pop_scope();
        self.narrowed.truncate(narrowed);
    }

    pub(super) fn stmts(&mut self, stmts: &'a [Stmt]) {
        for stmt in stmts {
            self.stmt(stmt);
        }
    }

    fn at_top(&self) -> bool {
        self.scopes.is_empty() && self.in_main()
    }

    fn stmt(&mut self, stmt: &'a Stmt) {
        match &stmt.kind {
            StmtKind::Let(l) => self.let_stmt(l),
            StmtKind::Assign(a) => self.assign(a),
            StmtKind::Fun(decl) => {
                if !self.at_top() {
                    self.nested_fun(stmt, decl);
                }
            }
            StmtKind::Return(value) => self.return_stmt(stmt.span, value.as_ref()),
            StmtKind::If(s) => self.if_stmt(s),
            StmtKind::While { cond, body } => {
                let narrow = self.condition(cond, "T040", "the condition of `while`");
                self.in_loop(|c| c.narrowing(narrow.yes, |c| c.block(body)));
            }
            StmtKind::For(f) => self.for_stmt(f),
            StmtKind::Break | StmtKind::Continue => {
                if self.ctx.last().is_none_or(|c| c.loop_depth == 0) {
                    let word = self.text(stmt.span);
                    let d = Diagnostic::error("T045", stmt.span, format!("`{word}` stands outside of any loop"));
                    let help = if self.in_main() {
                        "remove it"
                    } else {
                        "to leave a function, write `return`; a function inside a loop does not belong to the loop"
                    };
                    self.error(d.help(help));
                }
            }
            StmtKind::Expect(e) => {
                let t = self.expr(e, None);
                if !matches!(t, Type::Bool) && !t.is_dynamic() {
                    let d = Diagnostic::error("T011", e.span, format!("`expect` needs a bool, but this is `{t}`"));
                    self.soft(d.help("compare it with what you expect: `expect x == 3`"));
                }
            }
            StmtKind::Test { body, .. } | StmtKind::Bench { body, .. } => self.block(body),
            StmtKind::Type(decl) => {
                // Collected before, except inside function expressions.
                if !self.type_names.contains_key(&decl.name.name) {
                    self.late_declaration(stmt, &decl.name, "type");
                }
            }
            StmtKind::Stream(decl) => self.late_declaration(stmt, &decl.name, "stream"),
            StmtKind::Agent(decl) => {
                self.late_declaration(stmt, &decl.name, "agent");
                self.agent_state(decl);
            }
            StmtKind::Import(import) => {
                if !self.at_top() {
                    let d = Diagnostic::error(
                        "T008",
                        stmt.span,
                        format!("\"{}\" is imported inside a block", import.path.value),
                    );
                    self.error(d.help("move the import to the top of the file"));
                }
            }
            StmtKind::Extern(_) | StmtKind::Error => {}
            StmtKind::On(handler) => {
                if !self.at_top()
                    && let Some(stream) = self.stream_named(&handler.stream)
                {
                    // Registered when executed; its body is checked here, where it may capture.
                    let fun = self.new_fun(None, FunKind::Handler(stream, None), stmt.id, stmt.span, Some(self.cur()));
                    self.inline_body(|c| c.deferred_body(Deferred::Handler(fun, stream, None, handler)));
                }
            }
            StmtKind::Emit { stream, fields } => self.emit(stream, fields),
            StmtKind::Model { fields, .. } => {
                for f in fields {
                    self.expr(&f.value, None);
                }
            }
            StmtKind::Fact(pred) => self.predicate(pred),
            StmtKind::Rule { head, body } => self.rule(head, body),
            StmtKind::FetchInto { url, target, with } => self.fetch_into(url, target, with.as_ref()),
            StmtKind::Update { target, set, cond, .. } => self.update(target, set, cond.as_ref()),
            StmtKind::Expr(e) => {
                self.expr(e, None);
            }
        }
    }

    /// Keep what belongs to the place across a body that is checked in the middle of it.
    pub(super) fn inline_body(&mut self, f: impl FnOnce(&mut Self)) {
        let narrowed = std::mem::take(&mut self.narrowed);
        f(self);
        self.narrowed = narrowed;
    }

    fn in_loop(&mut self, f: impl FnOnce(&mut Self)) {
        if let Some(c) = self.ctx.last_mut() {
            c.loop_depth += 1;
        }
        f(self);
        if let Some(c) = self.ctx.last_mut() {
            c.loop_depth -= 1;
        }
    }

    fn late_declaration(&mut self, stmt: &Stmt, name: &Ident, what: &str) {
        if !self.at_top() {
            let d =
                Diagnostic::error("T025", stmt.span, format!("the {what} `{}` is declared inside a block", name.name));
            self.error(d.help("declare it at the top level of the file, where it is visible everywhere"));
        }
    }

    fn let_stmt(&mut self, l: &'a LetStmt) {
        let declared = l.ty.as_ref().map(|t| self.type_of(t));
        let found = l.value.as_ref().map(|v| self.expr(v, declared.as_ref()));
        if let (Some(to), Some(from), Some(v)) = (&declared, &found, &l.value) {
            self.flow("T008", v.span, from, to, &format!("`{}`", l.name.name));
        }
        if let Some(v) = &l.value {
            self.alias_check(l, v);
        }
        let ty = declared.clone().unwrap_or_else(|| self.widened(found.unwrap_or(Type::Error)));
        if self.at_top() {
            let Some(id) = self.globals.get(&l.name.name).copied() else { return };
            let again = !self.declared_globals.insert(id);
            let known = self.var(id).ty.clone();
            let annotated = self.var(id).annotated;
            self.variables[id.index()].ty = match (again, annotated && declared.is_none()) {
                (false, _) => ty,
                (true, true) if known == ty => ty,
                (true, _) if known == ty => ty,
                _ => Type::Any,
            };
            self.forget(&l.name.name);
            return;
        }
        let id = self.declare(&l.name, VarKind::Local, l.mutable, ty);
        self.variables[id.index()].annotated = declared.is_some();
        self.forget(&l.name.name);
    }

    /// The type of a variable with this initialiser.
    fn widened(&self, t: Type) -> Type {
        match t {
            Type::Null | Type::Unit => Type::Any,
            Type::Variant(u, _, n) => self.named(Type::Union(u, n)),
            t => t,
        }
    }

    /// `let a = [..] var b = a`: what is fixed becomes changeable through the back door.
    fn alias_check(&mut self, l: &LetStmt, v: &Expr) {
        if !l.mutable || !matches!(v.kind, ExprKind::Ident(_)) {
            return;
        }
        let Some(Resolution::Local(id) | Resolution::Global(id)) =
            self.resolutions.get(v.id.index()).cloned().flatten()
        else {
            return;
        };
        let source = self.var(id);
        if let (Some(declared), Type::List(inner)) = (&l.ty, &source.ty)
            && let Some(Type::List(outer)) = self.type_exprs.get(&declared.id)
            && **outer == Type::Any
            && !inner.is_dynamic()
        {
            let message = format!("`{}` would let other values than `{inner}` into `{}`", l.name.name, source.name);
            let d = Diagnostic::error("T052", v.span, message).label(source.span, "declared here");
            self.soft(d.help(format!("copy it: `{}[0:]`; both names are of the same list", source.name)));
            return;
        }
        if l.ty.is_some() {
            return;
        }
        let aggregate = matches!(source.ty, Type::List(_) | Type::Map(..) | Type::Struct(..) | Type::Record(_));
        if aggregate && !source.mutable && matches!(source.kind, VarKind::Global | VarKind::Local) {
            let d = Diagnostic::error(
                "T051",
                v.span,
                format!("`{}` would be a changeable second name for what `let {}` fixed", l.name.name, source.name),
            )
            .label(source.span, "declared with `let` here")
            .help(format!("copy it (for a list `{}[0:]`), or declare `{}` with `var`", source.name, source.name));
            self.soft(d);
        }
    }

    fn return_stmt(&mut self, span: Span, value: Option<&'a Expr>) {
        let expected = self.ctx.last().and_then(|c| c.ret.clone());
        let Some(value) = value else {
            if let Some(t) = expected.filter(|t| !matches!(t, Type::Unit | Type::Option(_)) && !t.is_dynamic()) {
                let d = Diagnostic::error(
                    "T010",
                    span,
                    format!("this function's result is `{t}`, but this `return` gives none"),
                );
                self.soft(d.help("return a value, or declare the result as optional with `?`"));
            }
            return;
        };
        let t = self.expr(value, expected.as_ref());
        if let Some(to) = expected {
            if to == Type::Unit && !matches!(t, Type::Unit | Type::Error) {
                let d = Diagnostic::error(
                    "T010",
                    value.span,
                    "this function is declared to give nothing (`unit`), but returns a value",
                );
                self.soft(d.help(format!("declare the result: `: {}`", super::type_source(&t))));
            } else {
                self.flow("T010", value.span, &t, &to, "the function's result");
            }
        }
        let t = match self.ctx.last().and_then(|c| c.returned.clone()) {
            Some(seen) => self.join(&seen, &t),
            None => t,
        };
        if let Some(c) = self.ctx.last_mut() {
            c.returned = Some(t);
        }
    }

    fn if_stmt(&mut self, s: &'a IfStmt) {
        let start = self.narrowed.len();
        let mut after = Vec::new();
        let mut all_leave = true;
        for (cond, body) in &s.branches {
            let narrow = self.condition(cond, "T040", "the condition of `if`");
            self.narrowing(narrow.yes, |c| c.block(body));
            // The branches below run only when this condition was false.
            all_leave &= leaves(body);
            after.extend(narrow.no.iter().cloned());
            self.narrowed.extend(narrow.no);
        }
        if let Some(body) = &s.otherwise {
            self.block(body);
        }
        self.narrowed.truncate(start);
        if all_leave {
            self.narrowed.extend(after);
        }
    }

    fn for_stmt(&mut self, f: &'a ForStmt) {
        let ty = match &f.source {
            ForSource::Range(a, b) => {
                for e in [a, b] {
                    let t = self.expr(e, None);
                    let ok = matches!(t.unwrapped(), Type::Int | Type::Int64 | Type::BigInt) || t.is_dynamic();
                    if !ok {
                        let d = Diagnostic::error(
                            "T023",
                            e.span,
                            format!("the bounds of a range are ints, but this is `{t}`"),
                        );
                        let d = d.help("convert it: `int(..)` or `as int`");
                        if *t.unwrapped() == Type::Float || t == Type::Null { self.soft(d) } else { self.error(d) }
                    }
                }
                Type::Int
            }
            ForSource::Each(e) => {
                let t = self.expr(e, None);
                self.element(&t, e.span, "T022", "iterated over")
            }
        };
        self.push_scope();
        if let Some(c) = self.ctx.last_mut() {
            c.loop_depth += 1;
        }
        self.declare(&f.var, VarKind::Loop, true, ty);
        self.forget(&f.var.name);
        if let Some(c) = self.ctx.last_mut() {
            c.loop_depth -= 1;
        }
        self.in_loop(|c| c.block(&f.body));
        self.pop_scope();
    }

    /// Type of what iterating over a `t` gives.
    pub(super) fn element(&mut self, t: &Type, span: Span, code: &'static str, what: &str) -> Type {
        match t {
            Type::List(e) => (**e).clone(),
            // The texts of the keys; those of ints count as numbers.
            Type::Map(k, _) if k.is_numeric() => (**k).clone(),
            Type::Map(..) | Type::Record(_) => Type::String,
            Type::String => Type::String,
            Type::Group(_, row) => (**row).clone(),
            Type::Any | Type::Param(_) => Type::Any,
            Type::Error => Type::Error,
            Type::Null => Type::Any,
            Type::Option(inner) => {
                if !self.is_narrowed_span(span) {
                    let d = Diagnostic::error("T058", span, "this may be none, which gives no elements");
                    self.soft(d.help("say so with `?? []`, or test it first"));
                }
                let inner = (**inner).clone();
                self.element(&inner, span, code, what)
            }
            Type::Struct(..) | Type::Union(..) | Type::Variant(..) | Type::Stream(..) => {
                let d = Diagnostic::error(code, span, format!("{t_} cannot be {what}", t_ = t.article()));
                self.soft(d.help("only lists, maps, strings and groups have elements"));
                Type::Any
            }
            _ => {
                let d = Diagnostic::error(code, span, format!("{t_} cannot be {what}", t_ = t.article()));
                let help = if t.is_numeric() {
                    "to count, write a range: `for i in 0..n`"
                } else {
                    "only lists, maps, strings and groups have elements"
                };
                self.error(d.help(help));
                Type::Error
            }
        }
    }

    /// A nested function can be mentioned by the functions before it.
    fn announce_nested(&mut self, stmt: &Stmt, decl: &FunDecl) {
        let fun = self.declare_fun(decl, FunKind::Nested, stmt.id, decl.name.span);
        self.function_of.insert(decl.name.id, fun);
        let ty = self.fun_type(fun);
        let var = self.new_var(&decl.name, VarKind::NestedFunction, false, ty);
        self.variables[var.index()].function = Some(fun);
        self.functions[fun.index()].var = Some(var);
        if let Some(scope) = self.scopes.last_mut() {
            scope.later.insert(decl.name.name.clone(), var);
        }
    }

    fn nested_fun(&mut self, stmt: &'a Stmt, decl: &'a FunDecl) {
        let Some(fun) = self.function_of.get(&stmt.id).copied() else { return };
        let Some(var) = self.functions[fun.index()].var else { return };
        self.bind(decl.name.name.clone(), var);
        let (method_of, agent) = self.ctx.last().map_or((None, None), |c| (c.method_of, c.agent));
        self.fun_body(fun, &decl.sig, &decl.body, method_of, agent);
    }

    fn agent_state(&mut self, decl: &'a AgentDecl) {
        let Some(id) = self.agent_names.get(&decl.name.name).copied() else { return };
        self.push_scope();
        let mut state = self.agents[id.index()].state.clone().into_iter();
        for member in &decl.members {
            match member {
                AgentMember::Let(l) => {
                    let Some(var) = state.next() else { continue };
                    let declared = self.var(var).annotated.then(|| self.var(var).ty.clone());
                    let found = l.value.as_ref().map(|v| self.expr(v, declared.as_ref()));
                    if let (Some(to), Some(from), Some(v)) = (&declared, &found, &l.value) {
                        self.flow("T008", v.span, from, to, &format!("`{}`", l.name.name));
                    }
                    if let (None, Some(found)) = (declared, found) {
                        self.variables[var.index()].ty = self.widened(found);
                    }
                    self.bind(l.name.name.clone(), var);
                }
                AgentMember::Assign(a) => self.assign(a),
                _ => {}
            }
        }
        self.pop_scope();
    }

    fn emit(&mut self, stream: &Ident, fields: &'a [FieldInit]) {
        match self.stream_named(stream) {
            Some(id) => {
                let infos = self.streams[id.index()].fields.clone();
                self.field_inits(stream, fields, &infos, "stream");
            }
            None => {
                for f in fields {
                    self.expr(&f.value, None);
                }
            }
        }
    }

    fn fetch_into(&mut self, url: &'a Expr, target: &Ident, with: Option<&'a Expr>) {
        self.fetch(url, with);
        if let Some(id) =
            self.find_var(&target.name).or(self.globals.get(&target.name).copied().filter(|_| self.at_top()))
        {
            if self.var(id).is_global && self.at_top() {
                self.declared_globals.insert(id);
            }
            self.resolve(target.id, self.var_resolution(id));
            self.note_assigned(id, false);
            return;
        }
        self.declare(target, VarKind::Local, true, Type::Any);
    }

    fn update(&mut self, target: &Ident, set: &'a [MapEntry], cond: Option<&'a Expr>) {
        let Some(id) = self.find_var(&target.name) else {
            self.undefined(target.span, &target.name, "T002");
            return;
        };
        self.resolve(target.id, self.var_resolution(id));
        self.note_assigned(id, true);
        let ty = self.var(id).ty.clone();
        let element = self.element(&ty, target.span, "T022", "updated element by element");
        let fields: Vec<(Name, Type, Option<StructId>)> = match &element {
            Type::Struct(s, _) => {
                self.structs[s.index()].fields.iter().map(|f| (f.name.clone(), f.ty.clone(), Some(*s))).collect()
            }
            Type::Record(fields) => fields.iter().map(|(n, t)| (n.clone(), t.clone(), None)).collect(),
            // What is not declared: every name that is set is a field.
            _ => set
                .iter()
                .filter_map(|e| match &e.key {
                    MapKey::Name(n) => Some((n.name.clone(), Type::Any, None)),
                    MapKey::Expr(_) => None,
                })
                .collect(),
        };
        self.scoped(|c| {
            for (i, (name, ty, owner)) in fields.iter().enumerate() {
                let ident = Ident { id: NodeId(u32::MAX), span: target.span, name: name.clone() };
                let kind = owner.map_or(VarKind::DynamicUpdateField, |s| VarKind::UpdateField(s, i as u32));
                c.declare(&ident, kind, false, ty.clone());
            }
            for entry in set {
                let found = c.expr(&entry.value, None);
                match &entry.key {
                    MapKey::Name(n) => match fields.iter().find(|f| f.0 == n.name) {
                        Some((_, ty, _)) => {
                            c.flow("T008", entry.value.span, &found, ty, &format!("the field `{}`", n.name))
                        }
                        None => {
                            let names: Vec<Name> = fields.iter().map(|f| f.0.clone()).collect();
                            c.unknown_field(n.span, &n.name, &element, &names);
                        }
                    },
                    MapKey::Expr(k) => {
                        let d = Diagnostic::error("T026", k.span, "the names of fields to set are written bare");
                        c.error(d.help("write `set { field: value }`"));
                    }
                }
            }
            if let Some(cond) = cond {
                c.condition(cond, "T033", "the condition of `where`");
            }
        });
    }

    fn predicate(&mut self, pred: &Pred) {
        let arity = pred.args.len();
        let first = *self.predicates.entry(pred.name.name.clone()).or_insert((arity, pred.span));
        if first.0 != arity {
            let d = Diagnostic::error(
                "T039",
                pred.span,
                format!(
                    "`{}` has {arity} argument{} here, but {} elsewhere, so they can never match",
                    pred.name.name,
                    if arity == 1 { "" } else { "s" },
                    first.0
                ),
            );
            self.error(
                d.label(first.1, "first used here")
                    .help("give every fact, rule and query of one name the same number of arguments"),
            );
        }
    }

    fn rule(&mut self, head: &Pred, body: &[LogicCond]) {
        self.predicate(head);
        let mut bound: Vec<&str> = Vec::new();
        for cond in body {
            if let LogicCond::Pred(p) = cond {
                self.predicate(p);
                bound.extend(
                    p.args.iter().filter_map(|a| if let LogicTerm::Var(v) = a { Some(&*v.name) } else { None }),
                );
            }
        }
        let mut free: Vec<&Ident> =
            head.args.iter().filter_map(|a| if let LogicTerm::Var(v) = a { Some(v) } else { None }).collect();
        for cond in body {
            if let LogicCond::NotEqual(a, b) = cond {
                free.extend([a, b]);
            }
        }
        for v in free {
            if !bound.contains(&&*v.name) {
                let d = Diagnostic::error(
                    "T002",
                    v.span,
                    format!("the variable `{}` gets no value from any condition of this rule", v.name),
                );
                self.soft(d.help("use it in a predicate on the right of `:-`"));
                return;
            }
        }
    }

    pub(super) fn logic_query(&mut self, pred: &Pred) {
        self.predicate(pred);
    }
}

/// Does a block always leave through `return`, `break` or `continue`?
fn leaves(block: &Block) -> bool {
    match block.stmts.last().map(|s| &s.kind) {
        Some(StmtKind::Return(_) | StmtKind::Break | StmtKind::Continue) => true,
        Some(StmtKind::If(s)) => s.otherwise.as_ref().is_some_and(leaves) && s.branches.iter().all(|b| leaves(&b.1)),
        _ => false,
    }
}
