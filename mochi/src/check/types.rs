//! Types as written to types as meant.

use super::{Checker, TypeName};
use crate::ast::*;
use crate::diag::Diagnostic;
use crate::types::Type;

const TYPES: &[&str] = &["int", "int64", "float", "bigint", "bigrat", "string", "bool", "unit", "any", "list", "map"];

/// Names of other languages' types: (theirs, ours).
const FOREIGN: &[(&str, &str)] = &[
    ("str", "string"),
    ("String", "string"),
    ("boolean", "bool"),
    ("Bool", "bool"),
    ("number", "float"),
    ("double", "float"),
    ("Float", "float"),
    ("integer", "int"),
    ("Int", "int"),
    ("i64", "int"),
    ("i32", "int"),
    ("long", "int"),
    ("char", "string"),
    ("rune", "string"),
    ("byte", "int"),
    ("object", "any"),
    ("Any", "any"),
    ("dict", "map<string, any>"),
    ("array", "list<any>"),
    ("List", "list<any>"),
    ("Map", "map<string, any>"),
];

impl Checker<'_> {
    /// What a written type means; unknown names are T025.
    pub(super) fn type_of(&mut self, t: &TypeExpr) -> Type {
        // Asked twice (for a global, and at its declaration): report once.
        if let Some(known) = self.type_exprs.get(&t.id) {
            return known.clone();
        }
        let ty = match &t.kind {
            TypeKind::Error => Type::Error,
            TypeKind::Option(inner) => Type::option(self.type_of(inner)),
            TypeKind::Record(fields) => {
                let fields = fields.iter().map(|f| (f.name.name.clone(), self.type_of(&f.ty))).collect();
                Type::Record(std::sync::Arc::new(fields))
            }
            TypeKind::Fun(params, ret) => {
                let params = params.iter().map(|p| self.type_of(p)).collect();
                let ret = ret.as_ref().map_or(Type::Unit, |r| self.type_of(r));
                Type::fun(params, ret)
            }
            TypeKind::Generic(name, args) => {
                let types: Vec<Type> = args.iter().map(|a| self.type_of(a)).collect();
                let wanted = match &*name.name {
                    "list" => 1,
                    "map" => 2,
                    // Unknown generic names are `any`, as the reference has it.
                    _ => usize::MAX,
                };
                if wanted != usize::MAX && types.len() != wanted {
                    let d = Diagnostic::error(
                        "T047",
                        t.span,
                        format!(
                            "`{}` takes {wanted} type argument{}, not {}",
                            name.name,
                            if wanted == 1 { "" } else { "s" },
                            types.len()
                        ),
                    );
                    self.error(d.help(if wanted == 1 { "write `list<element>`" } else { "write `map<key, value>`" }));
                    Type::Error
                } else {
                    let mut types = types.into_iter();
                    match (&*name.name, types.next(), types.next()) {
                        ("list", Some(e), _) => Type::list(e),
                        ("map", Some(k), Some(v)) => Type::map(k, v),
                        _ => Type::Any,
                    }
                }
            }
            TypeKind::Name(name) => self.type_named(name, t.span),
        };
        self.type_exprs.insert(t.id, ty.clone());
        ty
    }

    fn type_named(&mut self, name: &Name, span: Span) -> Type {
        if self.ctx.iter().any(|c| c.generics.contains(name)) {
            return Type::Param(name.clone());
        }
        match self.type_names.get(name).cloned() {
            Some(TypeName::Struct(id)) => return Type::Struct(id, name.clone()),
            Some(TypeName::Union(id)) => return Type::Union(id, name.clone()),
            Some(TypeName::Alias(Some(t))) => return t,
            Some(TypeName::Alias(None)) => {
                let d = Diagnostic::error("T025", span, format!("the type alias `{name}` is defined by itself"));
                self.error(d.help(
                    "an alias must end in another type; for a recursive type use `type Name { .. }` or variants",
                ));
                return Type::Error;
            }
            Some(TypeName::Extern) => return Type::Any,
            None => {}
        }
        match &**name {
            "int" => return Type::Int,
            "int64" => return Type::Int64,
            "float" => return Type::Float,
            "bigint" => return Type::BigInt,
            "bigrat" => return Type::BigRat,
            "string" => return Type::String,
            "bool" => return Type::Bool,
            "unit" => return Type::Unit,
            "any" => return Type::Any,
            "list" => return Type::list(Type::Any),
            "map" => return Type::map(Type::Any, Type::Any),
            "void" => {
                let d = Diagnostic::error("T025", span, "`void` is an old name of `unit`")
                    .help("write `unit`, or leave the result type out");
                self.legacy("void", d);
                return Type::Unit;
            }
            _ => {}
        }
        let mut chars = name.chars();
        if let (Some(c), None) = (chars.next(), chars.next())
            && c.is_uppercase()
        {
            return Type::Any;
        }
        if let Some((u, i)) = self.variants.get(name).copied() {
            return Type::Variant(u, i, name.clone());
        }
        if let Some(id) = self.stream_names.get(name) {
            return Type::Stream(*id, name.clone());
        }
        if let Some(id) = self.agent_names.get(name) {
            return Type::Agent(*id, name.clone());
        }
        if self.reported_names.insert(format!("type {name}").into()) {
            let known: Vec<Name> = self.type_names.keys().cloned().collect();
            let close =
                super::scope::closest(name, known.iter().map(|n| &**n).chain(TYPES.iter().copied())).map(str::to_owned);
            let help = match FOREIGN.iter().find(|(f, _)| *f == &**name) {
                Some((_, ours)) => format!("Mochi's type is `{ours}`"),
                None => match close {
                    Some(c) => format!("did you mean `{c}`?"),
                    None => format!("declare it: `type {name} {{ .. }}`"),
                },
            };
            self.error(Diagnostic::error("T025", span, format!("there is no type `{name}`")).help(help));
        }
        Type::Error
    }
}
