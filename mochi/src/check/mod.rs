//! The checker: names, types and rules; from the syntax tree to [`Checked`].
//!
//! One walk resolves names and infers types. Bodies of top-level functions, methods, intents and handlers come after the top-level
//! statements, so that they see the types of all globals. Rules that older programs break without harm are *soft*: a warning, and
//! an error under [`Options::strict`]. A mistake gives its expression the type `Error`, which fits everywhere, so nothing
//! follows from it; an undeclared name is reported once.
//!
//! Left out: effects of imported code, and flow analysis beyond the narrowing of options by conditions.

mod call;
mod decl;
mod effects;
mod expr;
mod fit;
mod literal;
mod matching;
mod member;
mod narrow;
mod operator;
mod query;
mod scope;
mod stmt;
mod types;

use crate::Options;
use crate::ast::*;
use crate::checked::*;
use crate::diag::Diagnostic;
use crate::types::Type;
use fit::{Fit, Why};
use scope::{FunCtx, Scope};
use std::collections::{HashMap, HashSet};

/// Check a program. With errors among the diagnostics the tables have what could be found out, for editors; nothing may be made of them.
pub fn check_program(program: Program, source: &str, options: &Options) -> (Checked, Vec<Diagnostic>) {
    let nodes = program.node_count as usize;
    let mut checker = Checker {
        source,
        strict: options.strict,
        diagnostics: Vec::new(),
        types: vec![Type::Any; nodes],
        resolutions: vec![None; nodes],
        function_of: HashMap::new(),
        type_exprs: HashMap::new(),
        variables: Vec::new(),
        functions: Vec::new(),
        structs: Vec::new(),
        unions: Vec::new(),
        streams: Vec::new(),
        agents: Vec::new(),
        imports: Vec::new(),
        externs: Vec::new(),
        globals: HashMap::new(),
        declared_globals: HashSet::new(),
        top_functions: HashMap::new(),
        type_names: HashMap::new(),
        variants: HashMap::new(),
        stream_names: HashMap::new(),
        agent_names: HashMap::new(),
        import_names: HashMap::new(),
        extern_names: HashMap::new(),
        predicates: HashMap::new(),
        scopes: Vec::new(),
        ctx: Vec::new(),
        deferred: Vec::new(),
        group_keys: Vec::new(),
        narrowed: Vec::new(),
        reported_names: HashSet::new(),
        legacy_seen: HashSet::new(),
        calls: Vec::new(),
        bounds: Vec::new(),
        pure_zones: Vec::new(),
        sort_key: false,
    };
    checker.run(&program);
    let mut diagnostics = std::mem::take(&mut checker.diagnostics);
    crate::diag::settle(&mut diagnostics);
    let checked = Checked {
        types: checker.types,
        resolutions: checker.resolutions,
        function_of: checker.function_of,
        type_exprs: checker.type_exprs,
        variables: checker.variables,
        functions: checker.functions,
        structs: checker.structs,
        unions: checker.unions,
        streams: checker.streams,
        agents: checker.agents,
        imports: checker.imports,
        externs: checker.externs,
        main: FunId(0),
        program,
    };
    (checked, diagnostics)
}

/// What a type name stands for.
#[derive(Clone, Debug)]
enum TypeName {
    Struct(StructId),
    Union(UnionId),
    /// Resolved on first use; `None` while that happens.
    Alias(Option<Type>),
    Extern,
}

/// A function whose body is checked after the top-level statements.
enum Deferred<'a> {
    Fun(FunId, &'a FunDecl),
    Method(FunId, StructId, &'a FunDecl),
    Intent(FunId, AgentId, &'a FunDecl),
    Handler(FunId, StreamId, Option<AgentId>, &'a OnHandler),
}

struct Checker<'a> {
    source: &'a str,
    strict: bool,
    diagnostics: Vec<Diagnostic>,
    types: Vec<Type>,
    resolutions: Vec<Option<Resolution>>,
    function_of: HashMap<NodeId, FunId>,
    type_exprs: HashMap<NodeId, Type>,
    variables: Vec<Variable>,
    functions: Vec<Function>,
    structs: Vec<StructInfo>,
    unions: Vec<UnionInfo>,
    streams: Vec<StreamInfo>,
    agents: Vec<AgentInfo>,
    imports: Vec<ImportInfo>,
    externs: Vec<ExternInfo>,
    globals: HashMap<Name, VarId>,
    declared_globals: HashSet<VarId>,
    top_functions: HashMap<Name, FunId>,
    type_names: HashMap<Name, TypeName>,
    variants: HashMap<Name, (UnionId, u32)>,
    stream_names: HashMap<Name, StreamId>,
    agent_names: HashMap<Name, AgentId>,
    import_names: HashMap<Name, ImportId>,
    extern_names: HashMap<String, ExternId>,
    /// Logic predicates: arity and where first seen.
    predicates: HashMap<Name, (usize, Span)>,
    scopes: Vec<Scope>,
    ctx: Vec<FunCtx>,
    deferred: Vec<Deferred<'a>>,
    /// After `group by`: the group, the names that its key goes by, and the rows' variables that are gone.
    group_keys: Vec<query::GroupNames>,
    /// Texts of expressions that are known not to be none here.
    narrowed: Vec<String>,
    reported_names: HashSet<Name>,
    legacy_seen: HashSet<&'static str>,
    /// (caller, callee or own effect, where): for effects.
    calls: Vec<(FunId, effects::Cause, Span)>,
    bounds: Vec<effects::Bound>,
    /// Inside `sort by`.
    sort_key: bool,
    /// Predicates that must be pure: from which entry of `calls` to which.
    pure_zones: Vec<(usize, usize, &'static str)>,
}

impl<'a> Checker<'a> {
    fn run(&mut self, program: &'a Program) {
        let main = self.new_fun(None, FunKind::Main, NodeId(u32::MAX), Span::default(), None);
        self.function_of.remove(&NodeId(u32::MAX));
        self.ctx.push(FunCtx {
            id: main,
            loop_depth: 0,
            generics: Vec::new(),
            ret: None,
            returned: None,
            method_of: None,
            agent: None,
        });
        self.collect(program);
        self.stmts(&program.stmts);
        for deferred in std::mem::take(&mut self.deferred) {
            self.deferred_body(deferred);
        }
        self.check_effects();
    }

    /// A hard error.
    fn error(&mut self, d: Diagnostic) {
        self.diagnostics.push(d);
    }

    /// Tolerated for the sake of older programs.
    fn soft(&mut self, d: Diagnostic) {
        let severity = if self.strict { crate::diag::Severity::Error } else { crate::diag::Severity::Warning };
        self.diagnostics.push(Diagnostic { severity, ..d });
    }

    /// Older spelling: in permissive mode one warning for the whole file.
    fn legacy(&mut self, what: &'static str, d: Diagnostic) {
        if self.strict || self.legacy_seen.insert(what) {
            self.soft(d);
        }
    }

    /// Text of a span.
    fn text(&self, span: Span) -> &'a str {
        self.source.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    fn set_type(&mut self, id: NodeId, ty: &Type) {
        if let Some(slot) = self.types.get_mut(id.index()) {
            *slot = ty.clone();
        }
    }

    fn join(&self, a: &Type, b: &Type) -> Type {
        self.named(fit::join(a, b))
    }

    /// Unions carry their own name (a join of two variants has one of theirs).
    fn named(&self, t: Type) -> Type {
        match t {
            Type::Union(u, _) => Type::Union(u, self.unions[u.index()].name.clone()),
            t => t,
        }
    }

    /// A value of type `from` at `span` goes to a place of type `to`: report with `code` when it does not fit. `place` completes
    /// ".. is expected ..".
    fn flow(&mut self, code: &'static str, span: Span, from: &Type, to: &Type, place: &str) {
        let (message, help) = match fit::fit(from, to) {
            Fit::Yes => return,
            Fit::No => {
                let d = Diagnostic::error(code, span, format!("{place} is `{to}`, but this is `{from}`"));
                let help = conversion_help(from, to);
                self.error(if help.is_empty() { d } else { d.help(help) });
                return;
            }
            Fit::Soft(Why::Any) => {
                // Inside a container nothing more is known than that.
                (
                    format!("{place} is `{to}`, but all that is known of this is `{from}`"),
                    format!("say what you expect: `as {}`", type_source(to)),
                )
            }
            Fit::Soft(Why::Option) => (
                format!("{place} is `{to}`, but this may be none"),
                "give a value for that case with `?? ..`, or test it first: `if x != none { .. }`".to_owned(),
            ),
            Fit::Soft(Why::Null) => (
                format!("{place} is `{to}`, but this is none"),
                format!("declare the place as `{}?` if it may be empty", type_source(to)),
            ),
            Fit::Soft(Why::Narrowing) => {
                (format!("{place} is `{to}`, but this is `{from}`"), format!("convert it: `as {}`", type_source(to)))
            }
            Fit::Soft(Why::Shape) => (
                format!("{place} is `{to}`, but this is `{from}`"),
                "convert it with `as`, or build a value of that type".to_owned(),
            ),
        };
        self.soft(Diagnostic::error(code, span, message).help(help));
    }
}

/// A type as one writes it in a program.
fn type_source(t: &Type) -> String {
    match t {
        Type::List(e) => format!("list<{}>", type_source(e)),
        Type::Map(k, v) => format!("map<{}, {}>", type_source(k), type_source(v)),
        Type::Option(e) => format!("{}?", type_source(e)),
        t => t.to_string(),
    }
}

/// What to write when the types cannot meet.
fn conversion_help(from: &Type, to: &Type) -> String {
    match (from, to) {
        (t, Type::String) if t.is_numeric() || *t == Type::Bool => "`str(..)` gives its text".to_owned(),
        (Type::String, Type::Int) => "`int(..)` reads an integer from a text".to_owned(),
        (Type::String, Type::Float) => "`float(..)` reads a number from a text".to_owned(),
        (Type::Bool, t) if t.is_numeric() => "`if .. then 1 else 0` makes a number of it".to_owned(),
        (t, Type::Bool) if t.is_numeric() => "compare it, for example with `!= 0`".to_owned(),
        (t, Type::List(e)) if fit::fit(t, e) == Fit::Yes => "put it into a list: `[..]`".to_owned(),
        (Type::List(e), t) if fit::fit(e, t) == Fit::Yes => "take one element: `xs[0]`".to_owned(),
        _ => "change the value, or the declared type".to_owned(),
    }
}
