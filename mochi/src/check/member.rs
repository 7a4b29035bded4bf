//! Fields, indexes, slices, and assignment through them.

use super::Checker;
use crate::ast::*;
use crate::builtins::PseudoMethod;
use crate::checked::*;
use crate::diag::Diagnostic;
use crate::types::Type;

impl<'a> Checker<'a> {
    /// `base.name` as a value.
    pub(super) fn field(&mut self, e: &'a Expr, base: &'a Expr, name: &Ident, optional: bool) -> Type {
        if let Some(t) = self.module_member(e, base, name) {
            return t;
        }
        let t = self.expr(base, None);
        let result = self.field_type(e, base, &t, name, optional);
        match result {
            Type::Option(inner) if self.is_narrowed(e) => (*inner).clone(),
            t => t,
        }
    }

    /// `alias.member`, `strings.ToUpper`; None when `base` is a value.
    pub(super) fn module_member(&mut self, e: &'a Expr, base: &'a Expr, name: &Ident) -> Option<Type> {
        let ExprKind::Ident(module) = &base.kind else { return None };
        if self.find_var(module).is_some() {
            return None;
        }
        let path = format!("{module}.{}", name.name);
        let declared = self.extern_names.get(&path).copied();
        if let Some(import) = self.import_names.get(module).copied() {
            self.resolve(base.id, Resolution::Module(import));
            self.resolve(e.id, Resolution::ForeignMember { import, member: name.name.clone() });
            return Some(declared.map_or(Type::Any, |d| self.externs[d.index()].ty.clone()));
        }
        if let Some(id) = declared {
            self.resolve(e.id, Resolution::Extern(id));
            return Some(self.externs[id.index()].ty.clone());
        }
        if &**module == "strings" && !self.globals.contains_key(module) {
            self.resolve(e.id, Resolution::ImplicitForeign { module: module.clone(), member: name.name.clone() });
            return Some(Type::Any);
        }
        None
    }

    fn field_type(&mut self, e: &'a Expr, base: &Expr, t: &Type, name: &Ident, optional: bool) -> Type {
        match t {
            Type::Any | Type::Param(_) | Type::Error => t.clone(),
            Type::Null => Type::Null,
            Type::Option(inner) => {
                if !optional && !self.is_narrowed(base) {
                    let d = Diagnostic::error("T058", base.span, "this may be none, and then it has no fields");
                    self.soft(d.help(format!("write `?.{}` to get none in that case, or test it first", name.name)));
                }
                let inner = (**inner).clone();
                let t = self.field_type(e, base, &inner, name, false);
                if optional { Type::option(t) } else { t }
            }
            Type::Struct(s, _) => {
                let info = &self.structs[s.index()];
                if let Some(f) = info.fields.iter().find(|f| f.name == name.name) {
                    return f.ty.clone();
                }
                if let Some((_, m)) = info.methods.iter().find(|m| m.0 == name.name) {
                    let (s, m) = (*s, *m);
                    self.resolve(e.id, Resolution::Method(s, m));
                    self.note_call(&Resolution::Method(s, m), e.span);
                    return self.fun_type(m);
                }
                let names: Vec<Name> = info
                    .fields
                    .iter()
                    .map(|f| f.name.clone())
                    .chain(info.methods.iter().map(|m| m.0.clone()))
                    .collect();
                self.unknown_field(name.span, &name.name, t, &names);
                Type::Error
            }
            Type::Union(u, _) | Type::Variant(u, ..) => {
                let only = if let Type::Variant(_, i, _) = t { Some(*i as usize) } else { None };
                let variants = &self.unions[u.index()].variants;
                let found: Vec<Type> = variants
                    .iter()
                    .enumerate()
                    .filter(|(i, _)| only.is_none_or(|o| o == *i))
                    .filter_map(|(_, v)| v.fields.iter().find(|f| f.name == name.name).map(|f| f.ty.clone()))
                    .collect();
                if let Some(first) = found.first() {
                    return found.iter().fold(first.clone(), |a, b| self.join(&a, b));
                }
                let names: Vec<Name> = variants.iter().flat_map(|v| v.fields.iter().map(|f| f.name.clone())).collect();
                self.unknown_field(name.span, &name.name, t, &names);
                Type::Error
            }
            Type::Stream(s, _) => {
                let fields = &self.streams[s.index()].fields;
                if let Some(f) = fields.iter().find(|f| f.name == name.name) {
                    return f.ty.clone();
                }
                let names: Vec<Name> = fields.iter().map(|f| f.name.clone()).collect();
                self.unknown_field(name.span, &name.name, t, &names);
                Type::Error
            }
            Type::Agent(a, _) => {
                let info = &self.agents[a.index()];
                if let Some((_, f)) = info.intents.iter().find(|i| i.0 == name.name) {
                    let (a, f) = (*a, *f);
                    self.resolve(e.id, Resolution::Intent(a, f));
                    self.note_call(&Resolution::Intent(a, f), e.span);
                    return self.fun_type(f);
                }
                let names: Vec<Name> = info.intents.iter().map(|i| i.0.clone()).collect();
                let hidden = info.state.iter().any(|v| self.var(*v).name == name.name);
                if hidden {
                    let d = Diagnostic::error(
                        "T026",
                        name.span,
                        format!("`{}` is the agent's own state, which nobody else can read", name.name),
                    );
                    self.error(d.help("declare an intent that returns it"));
                } else {
                    self.unknown_field(name.span, &name.name, t, &names);
                }
                Type::Error
            }
            Type::Record(fields) => match fields.iter().find(|f| f.0 == name.name) {
                Some(f) => f.1.clone(),
                None => self.row_field(fields, &name.name),
            },
            Type::Map(_, v) => (**v).clone(),
            Type::Group(key, row) => {
                let var = self.resolutions.get(base.id.index()).and_then(|r| match r {
                    Some(Resolution::Local(v)) => Some(*v),
                    _ => None,
                });
                match &*name.name {
                    "key" => {
                        if let Some(v) = var {
                            self.resolve(e.id, Resolution::GroupKey(v));
                        }
                        (**key).clone()
                    }
                    "items" => {
                        if let Some(v) = var {
                            self.resolve(e.id, Resolution::GroupItems(v));
                        }
                        Type::List(row.clone())
                    }
                    "count" => Type::Int,
                    _ => Type::Any,
                }
            }
            Type::String | Type::List(_) => {
                if let Some((p, ..)) = PseudoMethod::by_name(&name.name) {
                    self.resolve(e.id, Resolution::PseudoMethod(p));
                    return Type::Any;
                }
                let help = match &*name.name {
                    "length" | "size" | "len" | "count" => "use `len(x)`".to_owned(),
                    "append" | "push" | "add" => "use `xs = append(xs, value)`".to_owned(),
                    n @ ("split" | "trim" | "upper" | "lower" | "reverse" | "join" | "indexOf" | "first"
                    | "substring" | "repeat") => {
                        format!("it is a function: `{n}(x, ..)`")
                    }
                    _ => format!("{t_} has no fields; its functions are called as `f(x)`", t_ = t.article()),
                };
                let d = Diagnostic::error(
                    "T027",
                    name.span,
                    format!("{t_} has no field `{}`", name.name, t_ = t.article()),
                );
                self.error(d.help(help));
                Type::Error
            }
            _ => {
                let d = Diagnostic::error(
                    "T027",
                    name.span,
                    format!("{t_} has no field `{}`: it is not a struct or map", name.name, t_ = t.article()),
                );
                self.error(d.help("only structs, maps, events and groups have fields"));
                Type::Error
            }
        }
    }

    /// A field of one of a joined row's parts.
    fn row_field(&self, parts: &[(Name, Type)], name: &Name) -> Type {
        let found = parts.iter().find_map(|(_, t)| match t.unwrapped() {
            Type::Record(fields) => fields.iter().find(|f| f.0 == *name).map(|f| f.1.clone()),
            Type::Struct(s, _) => self.structs[s.index()].fields.iter().find(|f| f.name == *name).map(|f| f.ty.clone()),
            _ => None,
        });
        found.unwrap_or(Type::Any)
    }

    pub(super) fn unknown_field(&mut self, span: Span, name: &Name, t: &Type, known: &[Name]) {
        let close = super::scope::closest(name, known.iter().map(|n| &**n));
        let help = match close {
            Some(c) => format!("did you mean `{c}`?"),
            None if known.is_empty() => format!("`{t}` has none"),
            None => format!("`{t}` has {}", known.iter().map(|n| &**n).collect::<Vec<_>>().join(", ")),
        };
        self.error(Diagnostic::error("T026", span, format!("`{t}` has no field `{name}`")).help(help));
    }

    pub(super) fn index(&mut self, e: &'a Expr, base: &'a Expr, index: &'a Expr, optional: bool) -> Type {
        let t = self.expr(base, None);
        let i = self.expr(index, None);
        let mut subject = t.clone();
        if let Type::Option(inner) = &t {
            if !optional && !self.is_narrowed(base) {
                let d = Diagnostic::error("T058", base.span, "this may be none, and then indexing it gives none");
                self.soft(d.help("write `?[..]` to say so, give a default with `??`, or test it first"));
            }
            subject = (**inner).clone();
        }
        let result = self.index_type(&subject, base.span, &i, index.span);
        match result {
            Type::Option(inner) if self.is_narrowed(e) => (*inner).clone(),
            t if optional => Type::option(t),
            t => t,
        }
    }

    /// Element type of `t[i]`; reports what cannot be indexed.
    fn index_type(&mut self, t: &Type, span: Span, i: &Type, index_span: Span) -> Type {
        match t {
            Type::List(e) => {
                self.int_index(i, index_span, "a list");
                (**e).clone()
            }
            Type::String => {
                self.int_index(i, index_span, "a string");
                Type::String
            }
            Type::Group(_, row) => {
                self.int_index(i, index_span, "a group");
                (**row).clone()
            }
            Type::Map(k, v) => {
                self.map_key(i, k, index_span);
                Type::option((**v).clone())
            }
            Type::Null => Type::Null,
            Type::Record(_) | Type::Struct(..) | Type::Union(..) | Type::Variant(..) | Type::Stream(..) => Type::Any,
            Type::Any | Type::Error | Type::Param(_) => t.clone(),
            _ => {
                let d = Diagnostic::error("T018", span, format!("{t_} cannot be indexed", t_ = t.article()));
                let help = if matches!(t, Type::Fun(_)) {
                    "a function is called with parentheses: `f(x)`"
                } else {
                    "only lists, strings and maps have elements"
                };
                self.error(d.help(help));
                Type::Error
            }
        }
    }

    fn int_index(&mut self, i: &Type, span: Span, what: &str) {
        let ok = matches!(i, Type::Int | Type::Int64 | Type::BigInt) || i.is_dynamic();
        if ok {
            return;
        }
        let d = Diagnostic::error("T015", span, format!("the index of {what} is an int, but this is `{i}`"));
        match i {
            Type::Float | Type::BigRat | Type::Option(_) | Type::Null => self.soft(d.help("make it an int: `int(..)`")),
            Type::String => self.error(d.help("only maps are indexed by strings; `int(..)` makes an int of a text")),
            _ => self.error(d.help("use an int")),
        }
    }

    fn map_key(&mut self, i: &Type, k: &Type, span: Span) {
        use super::fit::{Fit, fit};
        if matches!(fit(i, k), Fit::No | Fit::Soft(super::Why::Shape)) {
            let d = Diagnostic::error("T019", span, format!("the keys of this map are `{k}`, but this is `{i}`"));
            let help = if *k == Type::String { "`str(..)` gives its text" } else { "use a key of the declared type" };
            self.soft(d.help(help));
        }
    }

    pub(super) fn slice(&mut self, base: &'a Expr, bounds: [&'a Option<Box<Expr>>; 3]) -> Type {
        let t = self.expr(base, None);
        for bound in bounds.into_iter().flatten() {
            let i = self.expr(bound, None);
            self.int_index(&i, bound.span, "a slice");
        }
        match t.unwrapped() {
            Type::List(_) | Type::String => t.unwrapped().clone(),
            Type::Group(_, row) => Type::List(row.clone()),
            Type::Map(..) | Type::Record(_) | Type::Struct(..) => {
                let d = Diagnostic::error(
                    "T017",
                    base.span,
                    format!("{t_} has no order, so it cannot be sliced", t_ = t.article()),
                );
                self.error(d.help("slice the list of its keys: `keys(m)[a:b]`"));
                Type::Error
            }
            Type::Any | Type::Error | Type::Param(_) | Type::Null => t,
            _ => {
                let d = Diagnostic::error("T018", base.span, format!("{t_} cannot be sliced", t_ = t.article()));
                self.error(d.help("only lists and strings have parts"));
                Type::Error
            }
        }
    }

    /// `target{[i]}{.f} = value`
    pub(super) fn assign(&mut self, a: &'a AssignStmt) {
        let Some(id) = self.find_var(&a.target.name) else {
            let other = if self.top_functions.contains_key(&a.target.name) { Some("function") } else { None };
            match other {
                Some(what) => {
                    let d = Diagnostic::error(
                        "T009",
                        a.target.span,
                        format!("`{}` is a {what} and cannot be assigned", a.target.name),
                    );
                    self.error(d.help("declare a variable: `var f = ..`"));
                }
                None => self.undeclared_target(&a.target),
            }
            self.expr(&a.value, None);
            return;
        };
        self.resolve(a.target.id, self.var_resolution(id));
        let t = self.var(id).ty.clone();
        self.set_type(a.target.id, &t);
        if !self.check_mutable(a, id) {
            self.expr(&a.value, None);
            return;
        }
        let mut place = t;
        let mut described = format!("`{}`", a.target.name);
        for access in &a.path {
            place = match access {
                Access::Index(index) => {
                    let i = self.expr(index, None);
                    described = "an element here".to_owned();
                    match place.unwrapped().clone() {
                        Type::String => {
                            let d =
                                Diagnostic::error("T009", index.span, "the characters of a string cannot be changed");
                            self.error(d.help("build a new string: `s[0:i] + c + s[i + 1:]`"));
                            Type::Error
                        }
                        inner => match self.index_type(&inner, a.target.span, &i, index.span) {
                            Type::Option(t) => (*t).clone(),
                            t => t,
                        },
                    }
                }
                Access::Field(name) => {
                    described = format!("the field `{}`", name.name);
                    self.assigned_field(&place, name)
                }
            };
        }
        let found = self.expr(&a.value, Some(&place));
        self.note_assigned(id, !a.path.is_empty());
        self.assigned_type(a, id, &found, &place, &described);
        self.forget(&a.target.name);
        if !a.path.is_empty() {
            let end = self.text(Span { start: a.target.span.start, end: a.value.span.start }).rfind('=').unwrap_or(0);
            self.remember_assigned(Span { start: a.target.span.start, end: a.target.span.start + end as u32 });
        }
    }

    fn undeclared_target(&mut self, target: &Ident) {
        if !self.reported_names.insert(target.name.clone()) {
            return;
        }
        let visible = self.visible_names();
        let close = super::scope::closest(&target.name, visible.iter().map(|n| &**n));
        let help =
            close.map_or(format!("declare it first: `var {} = ..`", target.name), |c| format!("did you mean `{c}`?"));
        self.error(
            Diagnostic::error("T001", target.span, format!("there is no variable `{}` to assign to", target.name))
                .help(help),
        );
    }

    /// False after an error.
    fn check_mutable(&mut self, a: &AssignStmt, id: VarId) -> bool {
        let v = self.var(id);
        if v.mutable {
            return true;
        }
        let (span, name, kind) = (v.span, v.name.clone(), v.kind.clone());
        if matches!(kind, VarKind::UpdateField(..) | VarKind::DynamicUpdateField | VarKind::NestedFunction) {
            let d = Diagnostic::error("T009", a.target.span, format!("`{name}` cannot be assigned"));
            self.error(d.help("declare a variable of another name with `var`"));
            return false;
        }
        let element = !a.path.is_empty();
        let message = if element {
            format!("`{name}` was declared with `let`, so nothing in it can be changed")
        } else {
            format!("`{name}` was declared with `let`, so it keeps its value")
        };
        let d = Diagnostic::error("T024", a.target.span, message)
            .label(span, "declared here")
            .help(format!("declare it with `var {name}`"));
        if element {
            self.soft(d)
        } else {
            self.error(d)
        }
        element
    }

    fn assigned_field(&mut self, place: &Type, name: &Ident) -> Type {
        match place.unwrapped() {
            Type::Struct(s, _) => {
                let info = &self.structs[s.index()];
                if let Some(f) = info.fields.iter().find(|f| f.name == name.name) {
                    return f.ty.clone();
                }
                let names: Vec<Name> = info.fields.iter().map(|f| f.name.clone()).collect();
                self.unknown_field(name.span, &name.name, place, &names);
                Type::Error
            }
            Type::Map(_, v) => (**v).clone(),
            Type::Record(_)
            | Type::Any
            | Type::Error
            | Type::Param(_)
            | Type::Null
            | Type::Union(..)
            | Type::Variant(..)
            | Type::Stream(..) => Type::Any,
            t => {
                let d = Diagnostic::error(
                    "T027",
                    name.span,
                    format!("{t_} has no field `{}`: it is not a struct or map", name.name, t_ = t.article()),
                );
                self.error(d.help("only structs and maps have fields"));
                Type::Error
            }
        }
    }

    /// A value of another type: an error where the type was written, else the variable turns `any`.
    fn assigned_type(&mut self, a: &AssignStmt, id: VarId, found: &Type, place: &Type, described: &str) {
        use super::fit::{Fit, fit};
        let annotated = self.var(id).annotated;
        match fit(found, place) {
            Fit::Yes => {}
            // What is inferred from `[]`, `{}` or a first value is no promise.
            Fit::Soft(super::Why::Any) if !annotated => {}
            Fit::No if !annotated => {
                let d = Diagnostic::error(
                    "T009",
                    a.value.span,
                    format!("{described} is `{place}` so far, but this is `{found}`"),
                );
                let help = format!("declare it as what it may be: `var {}: any`", a.target.name);
                self.soft(d.help(help));
                if a.path.is_empty() {
                    self.variables[id.index()].ty = Type::Any;
                }
            }
            f => {
                self.flow("T009", a.value.span, found, place, described);
                if a.path.is_empty() && f != Fit::No && !annotated {
                    self.variables[id.index()].ty = Type::Any;
                }
            }
        }
    }
}
