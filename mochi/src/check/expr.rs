//! Expressions: dispatch, names, and what reaches the outside.

use super::Checker;
use crate::ast::*;
use crate::builtins::Builtin;
use crate::checked::*;
use crate::diag::Diagnostic;
use crate::types::Type;

/// Functions that people expect from other languages: (name, what to write).
const FOREIGN_FUNCTIONS: &[(&str, &str)] = &[
    ("println", "`print(..)` already ends the line"),
    ("printf", "there are no format strings; join texts with `+` and `str(..)`"),
    ("sprintf", "there are no format strings; join texts with `+` and `str(..)`"),
    ("format", "there are no format strings; join texts with `+` and `str(..)`"),
    ("log", "to write a line use `print(..)`; for logarithms import `python \"math\" as math`"),
    ("echo", "use `print(..)`"),
    ("length", "use `len(x)`"),
    ("size", "use `len(x)`"),
    ("toString", "use `str(x)`"),
    ("string", "use `str(x)`"),
    ("to_string", "use `str(x)`"),
    ("parseInt", "use `int(text)`"),
    ("toInt", "use `int(x)`"),
    ("to_int", "use `int(x)`"),
    (
        "sqrt",
        "it is no built-in: `import python \"math\" as math`, declare `extern fun math.sqrt(x: float): float`, and call `math.sqrt(x)`",
    ),
    ("sin", "it is no built-in: `import python \"math\" as math` and call `math.sin(x)`"),
    ("cos", "it is no built-in: `import python \"math\" as math` and call `math.cos(x)`"),
    ("map", "use a query: `from x in xs select f(x)`"),
    ("filter", "use a query: `from x in xs where p(x) select x`"),
    ("sort", "use a query: `from x in xs sort by x select x`"),
    ("sorted", "use a query: `from x in xs sort by x select x`"),
    ("reversed", "use `reverse(xs)`"),
    ("toUpperCase", "use `upper(s)`"),
    ("toLowerCase", "use `lower(s)`"),
    ("strip", "use `trim(s)`"),
    ("typeof", "types are known when the program is compiled; use `match` on variants"),
    ("exit", "`return` at the top level ends the program"),
    ("readline", "use `input()`"),
    ("read_line", "use `input()`"),
    ("assert", "use `expect condition`"),
    ("has", "use `key in map`"),
    ("delete", "build the map without that key"),
    ("random", "there is no random generator; `now()` may serve as a seed"),
];

impl<'a> Checker<'a> {
    /// Type of an expression, noted in the table.
    pub(super) fn expr(&mut self, e: &'a Expr, expected: Option<&Type>) -> Type {
        let t = self.expr_kind(e, expected);
        self.set_type(e.id, &t);
        t
    }

    fn expr_kind(&mut self, e: &'a Expr, expected: Option<&Type>) -> Type {
        match &e.kind {
            ExprKind::Int(_) => match expected {
                Some(t @ (Type::BigInt | Type::Int64)) => t.clone(),
                _ => Type::Int,
            },
            ExprKind::Float(_) => Type::Float,
            ExprKind::Str(_) => Type::String,
            ExprKind::Bool(_) => Type::Bool,
            ExprKind::None => {
                self.none_spelling(e.span);
                Type::Null
            }
            ExprKind::Error => Type::Error,
            ExprKind::Ident(name) => self.name(e, name),
            ExprKind::Field { base, name } => self.field(e, base, name, false),
            ExprKind::OptField { base, name } => self.field(e, base, name, true),
            ExprKind::Index { base, index } => self.index(e, base, index, false),
            ExprKind::OptIndex { base, index } => self.index(e, base, index, true),
            ExprKind::Slice { base, from, to, step } => self.slice(base, [from, to, step]),
            ExprKind::Call { callee, args } => self.call(e, callee, args),
            ExprKind::Cast { expr, ty } => self.cast(e.span, expr, ty),
            ExprKind::Unary { op, expr } => self.unary(e.span, *op, expr),
            ExprKind::Binary { op, op_span, left, right } => self.binary(*op, *op_span, left, right),
            ExprKind::List(items) => self.list(items, expected),
            ExprKind::Map(entries) => self.map(entries, expected),
            ExprKind::Struct { name, fields } => self.struct_literal(name, fields),
            ExprKind::Fun(f) => self.lambda(e, f, expected),
            ExprKind::If { branches, otherwise } => self.if_expr(branches, otherwise.as_deref(), expected),
            ExprKind::Match { value, arms } => self.match_expr(e.span, value, arms, expected),
            ExprKind::Query(q) => self.query(q),
            ExprKind::LogicQuery(pred) => {
                self.logic_query(pred);
                Type::list(Type::map(Type::String, Type::Any))
            }
            ExprKind::Generate { target, fields } => self.generate(target, fields),
            ExprKind::Fetch { url, with } => {
                self.fetch(url, with.as_deref());
                expected.cloned().unwrap_or(Type::Any)
            }
            ExprKind::Load { ty, with, .. } => {
                self.note_effect(super::effects::FS, e.span);
                self.options(with.as_deref(), &["format", "header", "delimiter"], "T061");
                let row = self.type_of(ty);
                Type::list(row)
            }
            ExprKind::Save { value, with, .. } => self.save(value, with.as_deref()),
        }
    }

    fn none_spelling(&mut self, span: Span) {
        let word = self.text(span);
        if word == "none" || word.starts_with('(') {
            return;
        }
        let what = if word == "nil" { "nil" } else { "null" };
        let d = Diagnostic::error("T002", span, format!("`{word}` is an old spelling of `none`"));
        self.legacy(what, d.help("write `none`"));
    }

    /// A bare name as a value.
    fn name(&mut self, e: &'a Expr, name: &Name) -> Type {
        if let Some(id) = self.find_var(name) {
            self.mention(id);
            self.resolve(e.id, self.var_resolution(id));
            let v = self.var(id);
            let t = v.ty.clone();
            return match t {
                Type::Option(inner) if self.is_narrowed(e) => (*inner).clone(),
                t => t,
            };
        }
        if let Some((resolution, t)) = self.callable(name) {
            self.note_call(&resolution, e.span);
            self.resolve(e.id, resolution);
            return t;
        }
        if let Some((u, i)) = self.variants.get(name).copied() {
            self.resolve(e.id, Resolution::Variant(u, i));
            let fields: Vec<Type> =
                self.variant(u, i).map_or(Vec::new(), |v| v.fields.iter().map(|f| f.ty.clone()).collect());
            let value = Type::Variant(u, i, name.clone());
            return if fields.is_empty() { value } else { Type::fun(fields, value) };
        }
        if let Some(id) = self.import_names.get(name).copied() {
            self.resolve(e.id, Resolution::Module(id));
            return Type::Any;
        }
        if let Some(id) = self.extern_names.get(&**name).copied() {
            self.resolve(e.id, Resolution::Extern(id));
            return self.externs[id.index()].ty.clone();
        }
        if let Some(t) = self.group_key_field(e, name) {
            return t;
        }
        if let Some(b) = Builtin::by_name(name) {
            self.resolve(e.id, Resolution::Builtin(b));
            self.note_builtin(b, e.span);
            return Type::Any;
        }
        self.undefined(e.span, name, "T002");
        Type::Error
    }

    /// A function of that name: sibling method or intent, nested function further down, top-level function.
    pub(super) fn callable(&mut self, name: &Name) -> Option<(Resolution, Type)> {
        let ctx = self.ctx.last();
        if let Some(s) = ctx.and_then(|c| c.method_of)
            && let Some((_, f)) = self.structs[s.index()].methods.iter().find(|m| m.0 == *name)
        {
            return Some((Resolution::SiblingMethod(*f), self.fun_type(*f)));
        }
        if let Some(a) = ctx.and_then(|c| c.agent)
            && let Some((_, f)) = self.agents[a.index()].intents.iter().find(|m| m.0 == *name)
        {
            return Some((Resolution::SiblingIntent(*f), self.fun_type(*f)));
        }
        if let Some(var) = self.find_later(name)
            && self.var(var).owner != self.cur()
        {
            self.mention(var);
            self.variables[var.index()].hoisted = true;
            return Some((Resolution::Local(var), self.var(var).ty.clone()));
        }
        if let Some(f) = self.top_functions.get(name).copied() {
            return Some((Resolution::Function(f), self.fun_type(f)));
        }
        None
    }

    pub(super) fn variant(&self, u: UnionId, i: u32) -> Option<&VariantInfo> {
        self.unions.get(u.index())?.variants.get(i as usize)
    }

    /// Report an undeclared name, once.
    pub(super) fn undefined(&mut self, span: Span, name: &Name, code: &'static str) {
        if !self.reported_names.insert(name.clone()) {
            return;
        }
        if code != "T003"
            && let Some(id) = self.globals.get(name)
        {
            let at = self.var(*id).span;
            let d = Diagnostic::error(code, span, format!("`{name}` is used before its declaration"))
                .label(at, "declared here");
            self.error(d.help("the top level runs from top to bottom: move the declaration up"));
            return;
        }
        if let Some(k) = self.group_keys.last()
            && k.hidden.contains(name)
        {
            let group = k.group_name.clone();
            let d = Diagnostic::error(
                code,
                span,
                format!("`{name}` is a single row, but after `group by` there are only groups"),
            );
            self.error(d.help(format!("use `{group}.key`, or an aggregate over the rows such as `sum(from {name} in {group} select {name}.field)`")));
            return;
        }
        let visible = self.visible_names();
        let builtins = Builtin::ALL.iter().map(|b| b.name());
        let close =
            super::scope::closest(name, visible.iter().map(|n| &**n).chain(builtins.filter(|_| code == "T003")))
                .map(str::to_owned);
        let (message, help) = if code == "T003" {
            let foreign = FOREIGN_FUNCTIONS.iter().find(|f| f.0 == &**name).map(|f| f.1.to_owned());
            let is_type = self
                .type_names
                .contains_key(name)
                .then(|| format!("`{name}` is a type; make a value with `{name} {{ field: value }}`"));
            // A slip in a name of another language.
            let slip = super::scope::closest(name, FOREIGN_FUNCTIONS.iter().map(|f| f.0))
                .and_then(|c| FOREIGN_FUNCTIONS.iter().find(|f| f.0 == c))
                .map(|f| f.1.to_owned());
            let help = is_type.or(foreign).or(close.map(|c| format!("did you mean `{c}`?"))).or(slip);
            (format!("there is no function `{name}`"), help.unwrap_or(format!("declare it: `fun {name}(..) {{ .. }}`")))
        } else {
            let foreign = match &**name {
                "True" => Some("write `true`"),
                "False" => Some("write `false`"),
                "None" | "undefined" | "NULL" | "Nil" => Some("write `none`"),
                "self" | "this" => {
                    Some("there is no `self`: inside a method the fields are variables of their own names")
                }
                "not" => Some("write `!`"),
                _ => None,
            };
            let is_type = self
                .type_names
                .contains_key(name)
                .then(|| format!("`{name}` is a type; make a value with `{name} {{ field: value }}`"));
            let help = foreign.map(str::to_owned).or(is_type).or(close.map(|c| format!("did you mean `{c}`?")));
            (
                format!("there is no variable `{name}` here"),
                help.unwrap_or(format!("declare it first: `let {name} = ..`")),
            )
        };
        self.error(Diagnostic::error(code, span, message).help(help));
    }

    fn generate(&mut self, target: &Ident, fields: &'a [FieldInit]) -> Type {
        self.note_effect(super::effects::NET, target.span);
        for f in fields {
            self.expr(&f.value, None);
        }
        match &*target.name {
            "text" => Type::String,
            "embedding" => Type::list(Type::Float),
            _ => {
                let ty = TypeExpr { id: target.id, span: target.span, kind: TypeKind::Name(target.name.clone()) };
                self.type_of(&ty)
            }
        }
    }

    pub(super) fn fetch(&mut self, url: &'a Expr, with: Option<&'a Expr>) {
        self.note_effect(super::effects::NET, url.span);
        let t = self.expr(url, None);
        if !matches!(t.unwrapped(), Type::String) && !t.is_dynamic() && !matches!(url.kind, ExprKind::Cast { .. }) {
            let d = Diagnostic::error("T028", url.span, format!("`fetch` needs a URL, a string, but this is `{t}`"));
            self.error(d.help("write `fetch \"https://..\"`"));
        }
        self.options(with, &["method", "headers", "body", "query", "timeout"], "T030");
    }

    /// The map after `with`.
    fn options(&mut self, with: Option<&'a Expr>, known: &[&str], code: &'static str) {
        let Some(with) = with else { return };
        let t = self.expr(with, None);
        if let ExprKind::Map(entries) = &with.kind {
            for entry in entries {
                let (name, span) = match &entry.key {
                    MapKey::Name(n) => (&n.name, n.span),
                    MapKey::Expr(Expr { kind: ExprKind::Str(s), span, .. }) => (s, *span),
                    MapKey::Expr(_) => continue,
                };
                if !known.contains(&&**name) {
                    let close = super::scope::closest(name, known.iter().copied());
                    let help =
                        close.map_or(format!("known are {}", known.join(", ")), |c| format!("did you mean `{c}`?"));
                    self.soft(Diagnostic::error(code, span, format!("there is no option `{name}` here")).help(help));
                }
            }
        } else if !matches!(t, Type::Map(..) | Type::Record(_) | Type::Struct(..)) && !t.is_dynamic() {
            let code = if code == "T030" { "T029" } else { code };
            let d =
                Diagnostic::error(code, with.span, format!("the options after `with` are a map, but this is `{t}`"));
            self.error(d.help(format!("write `with {{ name: value }}`; known are {}", known.join(", "))));
        }
    }

    fn save(&mut self, value: &'a Expr, with: Option<&'a Expr>) -> Type {
        self.note_effect(super::effects::FS, value.span);
        let t = self.expr(value, None);
        let rows = matches!(t.unwrapped(), Type::List(_)) || t.is_dynamic();
        if !rows {
            let d = Diagnostic::error(
                "T060",
                value.span,
                format!("`save` writes a list of maps or structs, but this is `{t}`"),
            );
            self.error(d.help("for a single row write `save [row]`"));
        }
        self.options(with, &["format", "header", "delimiter"], "T061");
        Type::Unit
    }
}
