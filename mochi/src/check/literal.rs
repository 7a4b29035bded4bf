//! Lists, maps, struct literals and function expressions.

use super::Checker;
use super::scope::FunCtx;
use crate::ast::*;
use crate::checked::*;
use crate::diag::Diagnostic;
use crate::types::Type;
use std::sync::Arc;

impl<'a> Checker<'a> {
    pub(super) fn list(&mut self, items: &'a [Expr], expected: Option<&Type>) -> Type {
        let wanted = match expected.map(Type::unwrapped) {
            Some(Type::List(e)) => Some((**e).clone()),
            _ => None,
        };
        let mut element: Option<Type> = None;
        let mut mixed: Option<(Span, Type)> = None;
        for item in items {
            let t = self.expr(item, wanted.as_ref());
            element = Some(match element {
                None => t,
                Some(so_far) => {
                    let joined = self.join(&so_far, &t);
                    let lost = joined == Type::Any && so_far != Type::Any && t != Type::Any;
                    if lost && mixed.is_none() {
                        mixed = Some((item.span, t));
                    }
                    if lost
                        && wanted.is_none()
                        && !self.in_sort_key()
                        && mixed.as_ref().is_some_and(|m| m.0 == item.span)
                    {
                        let d = Diagnostic::error(
                            "T008",
                            item.span,
                            format!(
                                "this list's elements are `{so_far}` so far, but this is {}",
                                mixed.as_ref().map_or(String::new(), |m| format!("`{}`", m.1))
                            ),
                        );
                        self.soft(d.help("make all elements one type, or declare the list as `list<any>`"));
                    }
                    joined
                }
            });
        }
        match (wanted, element) {
            // An element that does not fit is reported by whoever expects the list.
            (Some(w), None) => Type::list(w),
            (Some(w), Some(e)) if super::fit::fit(&e, &w) == super::Fit::Yes => Type::list(w),
            (_, Some(Type::Null)) => Type::list(Type::Any),
            (_, e) => Type::list(e.unwrap_or(Type::Any)),
        }
    }

    pub(super) fn map(&mut self, entries: &'a [MapEntry], expected: Option<&Type>) -> Type {
        let wanted = match expected.map(Type::unwrapped) {
            Some(Type::Map(k, v)) => Some(((**k).clone(), (**v).clone())),
            _ => None,
        };
        let mut key: Option<Type> = None;
        let mut value: Option<Type> = None;
        let mut fields: Option<Vec<(Name, Type)>> = Some(Vec::new());
        let mut mixed = false;
        for entry in entries {
            let (k, name) = match &entry.key {
                MapKey::Name(n) => (Type::String, Some(n.name.clone())),
                MapKey::Expr(e) => {
                    let t = self.expr(e, wanted.as_ref().map(|w| &w.0));
                    let name = if let ExprKind::Str(s) = &e.kind { Some(s.clone()) } else { None };
                    (t, name)
                }
            };
            let v = self.expr(&entry.value, wanted.as_ref().map(|w| &w.1));
            match (&mut fields, name) {
                (Some(fields), Some(name)) => match fields.iter_mut().find(|f| f.0 == name) {
                    Some(f) => f.1 = v.clone(),
                    None => fields.push((name, v.clone())),
                },
                _ => fields = None,
            }
            key = Some(key.map_or(k.clone(), |so_far| self.join(&so_far, &k)));
            value = Some(match value {
                None => v,
                Some(so_far) => {
                    let joined = self.join(&so_far, &v);
                    mixed |= joined != so_far;
                    joined
                }
            });
        }
        if let Some((k, v)) = wanted {
            let fits = |found: &Option<Type>, to: &Type| {
                found.as_ref().is_none_or(|f| super::fit::fit(f, to) == super::Fit::Yes)
            };
            if fits(&key, &k) && fits(&value, &v) {
                return Type::map(k, v);
            }
        }
        match (key, value, fields) {
            (Some(_), Some(_), Some(fields)) if mixed => Type::Record(Arc::new(fields)),
            (Some(k), Some(v), _) => Type::map(k, if v == Type::Null { Type::Any } else { v }),
            _ => Type::map(Type::Any, Type::Any),
        }
    }

    pub(super) fn struct_literal(&mut self, name: &Ident, fields: &'a [FieldInit]) -> Type {
        if let Some(super::TypeName::Struct(id)) = self.type_names.get(&name.name) {
            let id = *id;
            self.resolve(name.id, Resolution::Struct(id));
            let infos = self.structs[id.index()].fields.clone();
            self.field_inits(name, fields, &infos, "struct");
            return Type::Struct(id, name.name.clone());
        }
        if let Some((u, i)) = self.variants.get(&name.name).copied() {
            self.resolve(name.id, Resolution::Variant(u, i));
            let infos = self.variant(u, i).map_or(Vec::new(), |v| v.fields.clone());
            self.field_inits(name, fields, &infos, "variant");
            return Type::Variant(u, i, name.name.clone());
        }
        if let Some(id) = self.agent_names.get(&name.name).copied() {
            self.resolve(name.id, Resolution::Agent(id));
            let infos: Vec<FieldInfo> = self.agents[id.index()]
                .state
                .iter()
                .map(|v| FieldInfo {
                    name: self.var(*v).name.clone(),
                    ty: self.var(*v).ty.clone(),
                    span: self.var(*v).span,
                })
                .collect();
            // Initial values stand in for what is not given.
            self.given_fields(name, fields, &infos);
            return Type::Agent(id, name.name.clone());
        }
        if let Some(id) = self.stream_names.get(&name.name).copied() {
            self.resolve(name.id, Resolution::Stream(id));
            let infos = self.streams[id.index()].fields.clone();
            self.field_inits(name, fields, &infos, "stream");
            return Type::Stream(id, name.name.clone());
        }
        for f in fields {
            self.expr(&f.value, None);
        }
        if let Some(super::TypeName::Alias(Some(t))) = self.type_names.get(&name.name).cloned() {
            self.resolve(name.id, Resolution::PlainMap);
            if let Type::Struct(id, n) = &t {
                self.resolve(name.id, Resolution::Struct(*id));
                return Type::Struct(*id, n.clone());
            }
            return t;
        }
        self.resolve(name.id, Resolution::PlainMap);
        if self.reported_names.insert(format!("type {}", name.name).into()) {
            let known: Vec<Name> =
                self.type_names.keys().chain(self.variants.keys()).chain(self.agent_names.keys()).cloned().collect();
            let close = super::scope::closest(&name.name, known.iter().map(|n| &**n));
            let help = close
                .map_or(format!("declare it: `type {} {{ .. }}`, or write the map as `{{ .. }}`", name.name), |c| {
                    format!("did you mean `{c}`?")
                });
            let d = Diagnostic::error(
                "T025",
                name.span,
                format!("there is no type `{}`, so this makes a plain map", name.name),
            );
            self.soft(d.help(help));
        }
        // Reported: nothing follows from it.
        Type::Error
    }

    /// Every given field exists once and fits.
    fn given_fields(&mut self, owner: &Ident, fields: &'a [FieldInit], infos: &[FieldInfo]) {
        for (n, f) in fields.iter().enumerate() {
            let info = infos.iter().find(|i| i.name == f.name.name);
            let found = self.expr(&f.value, info.map(|i| &i.ty));
            match info {
                Some(info) => {
                    let ty = info.ty.clone();
                    self.flow("T008", f.value.span, &found, &ty, &format!("the field `{}`", f.name.name));
                }
                None => {
                    let known: Vec<&str> = infos.iter().map(|i| &*i.name).collect();
                    let close = super::scope::closest(&f.name.name, known.iter().copied());
                    let help = match close {
                        Some(c) => format!("did you mean `{c}`?"),
                        None if known.is_empty() => format!("`{}` has no fields", owner.name),
                        None => format!("`{}` has {}", owner.name, known.join(", ")),
                    };
                    self.error(
                        Diagnostic::error(
                            "T026",
                            f.name.span,
                            format!("`{}` has no field `{}`", owner.name, f.name.name),
                        )
                        .help(help),
                    );
                }
            }
            if let Some(first) = fields.get(..n).and_then(|fs| fs.iter().find(|g| g.name.name == f.name.name)) {
                let d = Diagnostic::error("T026", f.name.span, format!("the field `{}` is given twice", f.name.name))
                    .label(first.name.span, "first here");
                self.error(d.help("remove one of them"));
            }
        }
    }

    pub(super) fn field_inits(&mut self, owner: &Ident, fields: &'a [FieldInit], infos: &[FieldInfo], what: &str) {
        let before = self.diagnostics.len();
        self.given_fields(owner, fields, infos);
        let missing: Vec<String> = infos
            .iter()
            .filter(|i| !fields.iter().any(|f| f.name.name == i.name))
            .map(|i| format!("`{}`", i.name))
            .collect();
        // A misspelt field is not missing as well.
        let misspelt = self.diagnostics.iter().skip(before).any(|d| d.code == "T026");
        if !missing.is_empty() && !misspelt {
            let many = if missing.len() == 1 { "field is" } else { "fields are" };
            let d = Diagnostic::error(
                "T053",
                owner.span,
                format!("the {what} `{}` is not complete: the {many} missing: {}", owner.name, missing.join(", ")),
            );
            self.soft(d.help("give every field a value; a missing one would be none"));
        }
    }

    pub(super) fn lambda(&mut self, e: &'a Expr, f: &'a FunExpr, expected: Option<&Type>) -> Type {
        let id = self.new_fun(None, FunKind::Lambda, e.id, e.span, Some(self.cur()));
        let (generics, mut params, ret) = self.signature(&f.sig);
        let mut inferred_ret = None;
        if let Some(Type::Fun(wanted)) = expected.map(Type::unwrapped) {
            for (i, p) in f.sig.params.iter().enumerate() {
                if let (None, Some(slot), Some(w)) = (&p.ty, params.get_mut(i), wanted.params.get(i)) {
                    *slot = w.clone();
                }
            }
            inferred_ret = Some(wanted.ret.clone()).filter(|r| *r != Type::Unit);
        }
        let fun = &mut self.functions[id.index()];
        fun.generics = generics.clone();
        fun.param_types = params.clone();
        fun.ret_annotated = ret.is_some();
        fun.ret = ret.clone().unwrap_or(Type::Any);
        self.note_bound(id, &f.sig, true);
        let (method_of, agent) = self.ctx.last().map_or((None, None), |c| (c.method_of, c.agent));
        self.ctx.push(FunCtx { id, loop_depth: 0, generics, ret: ret.clone(), returned: None, method_of, agent });
        self.push_scope();
        self.params(id, &f.sig.params);
        let narrowed = self.narrowed.clone();
        let body = match &f.body {
            FunBody::Expr(b) => {
                let t = self.expr(b, ret.as_ref().or(inferred_ret.as_ref()));
                if let Some(to) = ret.as_ref().filter(|t| **t != Type::Unit) {
                    self.flow("T010", b.span, &t, to, "the function's result");
                }
                t
            }
            FunBody::Block(b) => {
                self.block(b);
                Type::Any
            }
        };
        self.narrowed = narrowed;
        self.pop_scope();
        let returned = self.ctx.pop().and_then(|c| c.returned);
        let is_block = matches!(f.body, FunBody::Block(_));
        let fun = &mut self.functions[id.index()];
        fun.returns_value = !is_block || returned.is_some();
        let ret = match (ret, is_block) {
            (Some(r), _) => r,
            (None, false) => body,
            (None, true) => returned.unwrap_or(Type::Any),
        };
        fun.ret = ret.clone();
        Type::fun(params, ret)
    }
}
