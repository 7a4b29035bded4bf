//! Checked syntax tree to core IR: every decision about representation is taken here (see `docs/mochi-values.md`).
//!
//! Invariant: what cannot be lowered yet becomes diagnostic X001 at its place and no module at all, never code that does something
//! else. Types of the checker are hints only.

mod assign;
mod call;
mod classes;
mod data;
mod expr;
mod filter;
mod outside;
mod owned;
pub(crate) mod plan;
mod query;
mod stmt;

use crate::ast::{self, Span};
use crate::checked::{Checked, FunId, FunKind, VarId, VarKind};
use crate::compile::Unit;
use crate::core_ir::{self as ir, Const, Expr, Hint, Kind, Stmt, Var};
use crate::diag::Diagnostic;
use crate::types::Type;
use plan::Plan;
use std::collections::HashMap;
use std::sync::Arc;

/// Top-level variables that no function mentions and that live in registers all the same; more of them become globals, so that a long script
/// does not carry hundreds of values through each of its loops.
const MAX_IN_REGISTERS: usize = 100;

/// Where a Mochi variable lives.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Storage {
    /// In a variable of the function (captured by value).
    Local,
    /// In a cell that closures share.
    Boxed,
    /// In the process that runs the program, or the agent, under this key.
    Global(Arc<str>),
}

/// State for the function being lowered.
pub(crate) struct Fx {
    vars: HashMap<VarId, Var>,
    next: Var,
    /// The receiver, inside methods and functions in them.
    receiver: Option<Var>,
}

impl Fx {
    pub(crate) fn fresh(&mut self) -> Var {
        self.next += 1;
        self.next - 1
    }
}

pub(crate) struct Lower<'a> {
    c: &'a Checked,
    source: &'a str,
    file: &'a str,
    module: &'a str,
    /// Of the keys of globals.
    prefix: String,
    /// Modules of imported packages, by path.
    pub(crate) imports: &'a HashMap<String, String>,
    line_starts: Vec<u32>,
    pub(crate) diags: Vec<Diagnostic>,
    storage: Vec<Storage>,
    plan: Plan<'a>,
    /// Core function of each checked function.
    fun_ids: Vec<ir::FunId>,
    /// Captured variables of each checked function, nested functions resolved to what they capture.
    free: Vec<Vec<VarId>>,
    /// Inside a method.
    in_method: Vec<bool>,
    funs: Vec<Option<ir::Fun>>,
    names: HashMap<(String, usize), ()>,
    /// The node (see [`classes`]) whose value is being made.
    creating: ast::NodeId,
}

/// Lowers a whole program to one module; `all_cells` puts every aggregate into a cell, needed or not.
pub(crate) fn lower<'a>(
    c: &'a Checked,
    unit: &Unit<'a>,
    imports: &'a HashMap<String, String>,
    all_cells: bool,
) -> (Option<ir::Module>, Vec<Diagnostic>) {
    let Unit { source, file, module, package } = *unit;
    let mut line_starts = vec![0];
    line_starts.extend(source.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(i, _)| i as u32 + 1));
    let mut l = Lower {
        c,
        source,
        file,
        module,
        prefix: if package { format!("$g:{module}:") } else { "$g:".to_owned() },
        imports,
        line_starts,
        diags: vec![],
        storage: vec![],
        plan: Plan::of(c, all_cells),
        fun_ids: vec![],
        free: vec![],
        in_method: vec![],
        funs: vec![],
        names: HashMap::new(),
        creating: ast::NodeId(u32::MAX),
    };
    l.storage = l.place_variables();
    l.free = (0..c.functions.len()).map(|f| l.captured(f)).collect();
    l.in_method = (0..c.functions.len()).map(|f| l.has_receiver(f)).collect();
    l.program();
    if l.diags.iter().any(Diagnostic::is_error) {
        return (None, l.diags);
    }
    let funs = l.funs.into_iter().flatten().collect();
    (Some(ir::Module { name: module.to_owned(), file: file.to_owned(), funs }), l.diags)
}

impl<'a> Lower<'a> {
    // ---- small helpers

    pub(crate) fn line(&self, span: Span) -> u32 {
        self.line_starts.partition_point(|s| *s <= span.start) as u32
    }
    /// The trimmed source line of a place.
    pub(crate) fn line_text(&self, line: u32) -> &'a str {
        self.source.lines().nth(line as usize - 1).unwrap_or_default().trim()
    }
    pub(crate) fn unsupported(&mut self, span: Span, what: &str) -> Expr {
        self.diags.push(
            Diagnostic::error("X001", span, format!("not supported yet: {what}"))
                .help("this compiler does not translate it yet; the program is fine as Mochi"),
        );
        Expr::null()
    }
    pub(crate) fn hint(&self, t: &Type) -> Hint {
        match t.unwrapped() {
            Type::Int | Type::Int64 | Type::BigInt => Hint::Int,
            Type::Float => Hint::Float,
            Type::String => Hint::Str,
            Type::Bool => Hint::Bool,
            _ => Hint::Any,
        }
    }
    pub(crate) fn hint_of(&self, e: &ast::Expr) -> Hint {
        self.hint(self.c.type_of(e.id))
    }

    // ---- variables

    fn place_variables(&self) -> Vec<Storage> {
        let c = self.c;
        // A function in a variable's own initialiser that captures the variable: the closure exists before its value.
        let mut early = vec![false; c.variables.len()];
        for l in &self.plan.lets {
            if let (Some(v), Some(value)) = (c.var_at(l.name.id), &l.value) {
                early[v.index()] |= c.functions.iter().any(|f| {
                    f.captures.contains(&v) && value.span.start <= f.span.start && f.span.end <= value.span.end
                });
            }
        }
        let mut in_main = 0;
        c.variables
            .iter()
            .enumerate()
            .map(|(i, v)| match v.kind {
                _ if v.is_global && !v.captured && v.function.is_none() && {
                    in_main += 1;
                    in_main > MAX_IN_REGISTERS
                } =>
                {
                    Storage::Global(Arc::from(format!("{}{}", self.prefix, v.name)))
                }
                VarKind::AgentState(a) => {
                    Storage::Global(Arc::from(format!("$s:{}.{}", c.agents[a.index()].name, v.name)))
                }
                _ if v.function.is_some() => Storage::Local,
                _ if v.is_global && v.captured => Storage::Global(Arc::from(format!("{}{}", self.prefix, v.name))),
                _ if v.captured && (v.assigned || v.element_assigned || early[i]) => Storage::Boxed,
                _ => Storage::Local,
            })
            .collect()
    }

    /// Variables that a function needs from outside.
    fn captured(&self, f: usize) -> Vec<VarId> {
        let mut out = vec![];
        let mut seen = vec![f];
        let mut work: Vec<VarId> = self.c.functions[f].captures.iter().rev().copied().collect();
        while let Some(v) = work.pop() {
            let var = self.c.variable(v);
            match var.function {
                Some(g) => {
                    if !seen.contains(&g.index()) {
                        seen.push(g.index());
                        work.extend(self.c.function(g).captures.iter().rev());
                    }
                }
                None => {
                    let own = var.owner.index() == f;
                    if !own && !matches!(self.storage[v.index()], Storage::Global(_)) && !out.contains(&v) {
                        out.push(v);
                    }
                }
            }
        }
        out
    }
    fn has_receiver(&self, f: usize) -> bool {
        let mut at = Some(FunId(f as u32));
        while let Some(f) = at {
            let fun = self.c.function(f);
            if matches!(fun.kind, FunKind::Method(_)) {
                return true;
            }
            at = fun.parent;
        }
        false
    }

    /// The core variable of a Mochi variable in this function.
    pub(crate) fn slot(&mut self, fx: &mut Fx, v: VarId) -> Var {
        if let Some(x) = fx.vars.get(&v) {
            return *x;
        }
        let x = fx.fresh();
        fx.vars.insert(v, x);
        x
    }
    /// Reads a variable.
    pub(crate) fn read(&mut self, fx: &mut Fx, v: VarId, line: u32) -> Expr {
        match self.storage[v.index()].clone() {
            Storage::Local => Expr::var(self.slot(fx, v)),
            Storage::Boxed => Expr::remote("mochi_cell", "get", vec![Expr::var(self.slot(fx, v))], line),
            Storage::Global(key) => Expr::new(Kind::Global(key), line),
        }
    }
    /// Brings a variable into being.
    pub(crate) fn declare(&mut self, fx: &mut Fx, v: VarId, e: Expr, out: &mut Vec<Stmt>) {
        match self.storage[v.index()] {
            Storage::Boxed => {
                let x = self.slot(fx, v);
                out.push(Stmt::Set(x, Expr::remote("mochi_cell", "new", vec![e], 0)));
            }
            _ => self.write(fx, v, e, out),
        }
    }
    /// Assigns a variable.
    pub(crate) fn write(&mut self, fx: &mut Fx, v: VarId, e: Expr, out: &mut Vec<Stmt>) {
        match self.storage[v.index()].clone() {
            Storage::Local => {
                let x = self.slot(fx, v);
                out.push(Stmt::Set(x, e));
            }
            Storage::Boxed => {
                let x = self.slot(fx, v);
                out.push(Stmt::Eval(Expr::remote("mochi_cell", "set", vec![Expr::var(x), e], 0)));
            }
            Storage::Global(key) => {
                let key = Expr::cst(Const::Atom(key));
                let local = self.c.agents.is_empty() || matches!(self.c.variable(v).kind, VarKind::AgentState(_));
                out.push(Stmt::Eval(if local {
                    Expr::remote("erlang", "put", vec![key, e], 0)
                } else {
                    Expr::remote("mochi_core", "set_global", vec![key, e], 0)
                }));
            }
        }
    }

    // ---- functions

    fn unique_name(&mut self, base: &str, arity: usize, always: bool) -> String {
        let mut name = base.to_owned();
        let reserved = ["main", "module_info", "__mochi__"];
        let mut n = self.names.len();
        while always && name == base
            || reserved.contains(&name.as_str())
            || name.len() > 200
            || self.names.contains_key(&(name.clone(), arity))
        {
            let stem: String = base.chars().take(60).collect();
            name = format!("{stem}${n}");
            n += 1;
        }
        self.names.insert((name.clone(), arity), ());
        name
    }

    fn program(&mut self) {
        let c = self.c;
        // Ids first, so that calls can refer to what comes later.
        for (i, f) in c.functions.iter().enumerate() {
            self.fun_ids.push(i);
            let free = self.free[i].len() + usize::from(self.in_method[i]);
            let arity = f.params.len() + free;
            let own = f.name.as_deref().unwrap_or("fun");
            let (base, always) = match &f.kind {
                FunKind::Main => ("main".to_owned(), false),
                FunKind::TopLevel => (own.to_owned(), false),
                FunKind::Nested | FunKind::Lambda => (own.to_owned(), true),
                FunKind::Method(s) => (format!("{}.{own}", c.structs[s.index()].name), false),
                FunKind::Intent(a) => (format!("{}.{own}", c.agents[a.index()].name), false),
                FunKind::Handler(s, a) => {
                    let s = &c.streams[s.index()].name;
                    match a {
                        Some(a) => (format!("{} on {s}", c.agents[a.index()].name), true),
                        None => (format!("on {s}"), true),
                    }
                }
            };
            let name = if f.kind == FunKind::Main { "main".to_owned() } else { self.unique_name(&base, arity, always) };
            self.funs.push(Some(ir::Fun {
                name,
                params: vec![],
                num_free: 0,
                exported: false,
                escapes: false,
                var_count: 0,
                body: vec![],
                line: self.line(f.span),
                names: vec![],
            }));
        }
        for i in 0..c.functions.len() {
            self.function(FunId(i as u32));
        }
        let info = Const::Tuple(vec![Const::str(self.file), Const::str(self.source)]);
        self.add_fun("__mochi__", vec![], 0, vec![Stmt::Return(Expr::cst(info))], true);
    }

    /// Adds a function that the source does not have.
    pub(crate) fn add_fun(
        &mut self,
        name: &str,
        params: Vec<Var>,
        var_count: u32,
        body: Vec<Stmt>,
        exported: bool,
    ) -> ir::FunId {
        self.funs.push(Some(ir::Fun {
            name: name.to_owned(),
            params,
            num_free: 0,
            exported,
            escapes: true,
            var_count,
            body,
            line: 0,
            names: vec![],
        }));
        self.funs.len() - 1
    }
    pub(crate) fn new_name(&mut self, base: &str, arity: usize) -> String {
        self.unique_name(base, arity, true)
    }
    /// Marks a core function as callable from where the module does not show.
    pub(crate) fn escapes(&mut self, f: ir::FunId) {
        if let Some(Some(f)) = self.funs.get_mut(f) {
            f.escapes = true;
        }
    }
    pub(crate) fn fun_name(&self, f: FunId) -> Arc<str> {
        self.funs.get(f.index()).and_then(Option::as_ref).map_or(Arc::from(""), |f| Arc::from(f.name.as_str()))
    }

    fn function(&mut self, id: FunId) {
        let c = self.c;
        let f = c.function(id);
        let mut fx = Fx { vars: HashMap::new(), next: 0, receiver: None };
        let mut params = vec![];
        let mut body = vec![];
        let method = match f.kind {
            FunKind::Method(s) => Some(s),
            _ => None,
        };
        if method.is_some() {
            let r = fx.fresh();
            fx.receiver = Some(r);
            params.push(r);
        }
        for p in &f.params {
            let boxed = self.storage[p.index()] == Storage::Boxed;
            let x = fx.fresh();
            params.push(x);
            if boxed {
                let cell = fx.fresh();
                fx.vars.insert(*p, cell);
                body.push(Stmt::Set(cell, Expr::remote("mochi_cell", "new", vec![Expr::var(x)], 0)));
            } else {
                match self.storage[p.index()] {
                    // Cannot be today; kept right all the same.
                    Storage::Global(_) => self.write(&mut fx, *p, Expr::var(x), &mut body),
                    _ => {
                        fx.vars.insert(*p, x);
                    }
                }
            }
        }
        let mut num_free = 0;
        for v in self.free[id.index()].clone() {
            let x = fx.fresh();
            fx.vars.insert(v, x);
            params.push(x);
            num_free += 1;
        }
        if self.in_method[id.index()] && method.is_none() {
            let r = fx.fresh();
            fx.receiver = Some(r);
            params.push(r);
            num_free += 1;
        }
        if let (Some(s), Some(r)) = (method, fx.receiver) {
            for v in &f.locals {
                if let VarKind::ReceiverField(_, n) = c.variable(*v).kind {
                    let e = self.struct_field(s, n as usize, Expr::var(r), self.line(f.span));
                    self.declare(&mut fx, *v, e, &mut body);
                }
            }
        }
        match self.find_body(id) {
            Body::Main => self.stmts(&mut fx, &c.program.stmts, &mut body),
            Body::Block(b) => self.stmts(&mut fx, &b.stmts, &mut body),
            Body::Expr(e) => {
                let x = self.expr(&mut fx, e);
                body.push(Stmt::Return(x));
            }
            Body::Missing => {}
        }
        let exported = matches!(f.kind, FunKind::Main | FunKind::Method(_) | FunKind::Intent(_))
            || matches!(f.kind, FunKind::Handler(_, Some(_)))
            || f.export;
        let lambda = matches!(f.kind, FunKind::Lambda | FunKind::Handler(..));
        if let Some(Some(out)) = self.funs.get_mut(id.index()) {
            out.params = params;
            out.num_free = num_free;
            out.exported = exported;
            out.escapes |= exported || lambda;
            out.var_count = fx.next;
            out.body = body;
            out.names = fx.vars.iter().map(|(v, x)| (*x, c.variable(*v).name.clone())).collect();
        }
    }

    fn find_body(&self, id: FunId) -> Body<'a> {
        self.plan.bodies.get(&id).copied().unwrap_or(Body::Missing)
    }

    /// Values for a function's captured parameters, as seen from `fx`.
    pub(crate) fn captures(&mut self, fx: &mut Fx, f: FunId) -> Vec<Expr> {
        let mut out: Vec<Expr> =
            self.free[f.index()].clone().into_iter().map(|v| Expr::var(self.slot(fx, v))).collect();
        if self.in_method[f.index()] && !matches!(self.c.function(f).kind, FunKind::Method(_)) {
            out.push(fx.receiver.map_or(Expr::null(), Expr::var));
        }
        out
    }
}

/// The code of a function.
#[derive(Clone, Copy)]
pub(crate) enum Body<'a> {
    Main,
    Block(&'a ast::Block),
    Expr(&'a ast::Expr),
    Missing,
}

impl<'a> Lower<'a> {
    /// For the match compiler: may a struct be in a cell?
    pub(crate) fn structs_in_cells(&self) -> bool {
        self.plan.classes.as_ref().is_some_and(|c| c.any)
    }
    pub(crate) fn checked(&self) -> &'a Checked {
        self.c
    }
}
