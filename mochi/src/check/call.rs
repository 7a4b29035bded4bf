//! Calls: functions, closures, methods, intents, built-ins, constructors; partial application.

use super::Checker;
use crate::ast::*;
use crate::builtins::{Builtin, PseudoMethod};
use crate::checked::*;
use crate::diag::Diagnostic;
use crate::types::{FunType, Type};
use std::collections::HashMap;

impl<'a> Checker<'a> {
    pub(super) fn call(&mut self, e: &'a Expr, callee: &'a Expr, args: &'a [Expr]) -> Type {
        match &callee.kind {
            ExprKind::Ident(name) => self.call_name(e, callee, name, args),
            ExprKind::Field { base, name } => {
                if let Some(t) = self.module_member(callee, base, name) {
                    self.set_type(callee.id, &t);
                    return self.call_value(callee, &t, args, &name.name);
                }
                self.call_member(callee, base, name, args)
            }
            _ => {
                let t = self.expr(callee, None);
                self.call_value(callee, &t, args, "this function")
            }
        }
    }

    fn args(&mut self, args: &'a [Expr], wanted: &[Type]) -> Vec<Type> {
        args.iter().enumerate().map(|(i, a)| self.expr(a, wanted.get(i))).collect()
    }

    fn call_name(&mut self, e: &'a Expr, callee: &'a Expr, name: &Name, args: &'a [Expr]) -> Type {
        let var = self.find_var(name);
        if let Some(id) = var {
            let t = self.var(id).ty.clone();
            let callable = matches!(t.unwrapped(), Type::Fun(_)) || t.is_dynamic();
            // A number called like a function does not hide that function.
            if callable
                || !self.top_functions.contains_key(name)
                    && Builtin::by_name(name).is_none()
                    && !self.variants.contains_key(name)
            {
                let t = self.expr(callee, None);
                return self.call_value(callee, &t, args, name);
            }
        }
        if let Some((resolution, t)) = self.callable(name) {
            self.note_call(&resolution, callee.span);
            self.resolve(callee.id, resolution);
            self.set_type(callee.id, &t);
            return self.call_value(callee, &t, args, name);
        }
        if let Some((u, i)) = self.variants.get(name).copied() {
            return self.construct(callee, (u, i), name, args);
        }
        if let Some(id) = self.extern_names.get(&**name).copied() {
            self.resolve(callee.id, Resolution::Extern(id));
            let t = self.externs[id.index()].ty.clone();
            self.set_type(callee.id, &t);
            return self.call_value(callee, &t, args, name);
        }
        if let Some(b) = Builtin::by_name(name) {
            self.resolve(callee.id, Resolution::Builtin(b));
            return self.call_builtin(e, b, args);
        }
        if let Some(t) = self.group_key_field(callee, name) {
            self.set_type(callee.id, &t);
            return self.call_value(callee, &t, args, name);
        }
        self.undefined(callee.span, name, "T003");
        self.args(args, &[]);
        Type::Error
    }

    /// `Circle(2.0)`
    fn construct(&mut self, callee: &'a Expr, (u, i): (UnionId, u32), name: &Name, args: &'a [Expr]) -> Type {
        self.resolve(callee.id, Resolution::Variant(u, i));
        let fields = self.variant(u, i).map_or(Vec::new(), |v| v.fields.clone());
        let wanted: Vec<Type> = fields.iter().map(|f| f.ty.clone()).collect();
        let found = self.args(args, &wanted);
        for ((a, t), f) in args.iter().zip(&found).zip(&fields) {
            self.flow("T007", a.span, t, &f.ty, &format!("the field `{}`", f.name));
        }
        if let Some(extra) = args.get(fields.len()) {
            let d = Diagnostic::error(
                "T006",
                extra.span,
                format!("`{name}` has {}, but {} given", count(fields.len(), "field"), number(args.len())),
            );
            self.error(d.help("remove what is too much"));
        } else if args.len() < fields.len() {
            let missing: Vec<String> = fields.iter().skip(args.len()).map(|f| format!("`{}`", f.name)).collect();
            let d = Diagnostic::error(
                "T053",
                callee.span,
                format!("`{name}` is not complete: missing {}", missing.join(", ")),
            );
            self.soft(d.help("give every field a value"));
        }
        Type::Variant(u, i, name.clone())
    }

    /// Call a value of a known type.
    fn call_value(&mut self, callee: &'a Expr, t: &Type, args: &'a [Expr], name: &str) -> Type {
        match t {
            Type::Fun(f) => {
                let f = f.clone();
                self.call_fun(callee, &f, args, name)
            }
            Type::Any | Type::Param(_) | Type::Error => {
                self.args(args, &[]);
                if *t == Type::Error { Type::Error } else { Type::Any }
            }
            Type::Option(inner) if matches!(**inner, Type::Fun(_)) => {
                let d = Diagnostic::error("T058", callee.span, "this may be none, and none cannot be called");
                self.soft(d.help("test it first: `if f != none { .. }`"));
                let inner = (**inner).clone();
                self.call_value(callee, &inner, args, name)
            }
            _ => {
                self.args(args, &[]);
                let d = Diagnostic::error("T004", callee.span, format!("this is `{t}`, which cannot be called"));
                let help = match t {
                    Type::List(_) | Type::Map(..) => "elements are read with brackets: `x[i]`",
                    _ => {
                        "only functions can be called; is an operator missing before the `(`, or does the next line begin with one?"
                    }
                };
                self.error(d.help(help));
                Type::Error
            }
        }
    }

    fn call_fun(&mut self, callee: &'a Expr, f: &FunType, args: &'a [Expr], name: &str) -> Type {
        let found = self.args(args, &f.params);
        let mut bound: HashMap<Name, Type> = HashMap::new();
        for (i, ((a, t), p)) in args.iter().zip(&found).zip(&f.params).enumerate() {
            bind(p, t, &mut bound);
            let place = match args.len() {
                1 => format!("the argument of `{name}`"),
                _ => format!("argument {} of `{name}`", i + 1),
            };
            if callee_is_path(callee) {
                self.flow("T007", a.span, t, p, &place);
            } else {
                self.flow("T007", a.span, t, p, "the argument");
            }
        }
        if let Some(extra) = args.get(f.params.len()) {
            let last = args.last().map_or(extra.span, |l| extra.span.to(l.span));
            let d = Diagnostic::error(
                "T006",
                last,
                format!(
                    "`{}` takes {}, but {} given",
                    shown(callee, name),
                    count(f.params.len(), "argument"),
                    number(args.len())
                ),
            );
            let d = match self.declaration_of(callee) {
                Some(span) => d.label(span, "declared here"),
                None => d,
            };
            self.error(d.help("remove what is too much"));
        }
        let ret = substitute(&f.ret, &bound);
        if args.len() < f.params.len() {
            let rest = f.params.iter().skip(args.len()).map(|p| substitute(p, &bound)).collect();
            return Type::fun(rest, ret);
        }
        ret
    }

    fn declaration_of(&self, callee: &Expr) -> Option<Span> {
        match self.resolutions.get(callee.id.index())?.as_ref()? {
            Resolution::Function(f)
            | Resolution::SiblingMethod(f)
            | Resolution::SiblingIntent(f)
            | Resolution::Method(_, f)
            | Resolution::Intent(_, f) => self.functions.get(f.index()).map(|f| f.span),
            Resolution::Local(v) | Resolution::Global(v) => Some(self.var(*v).span),
            _ => None,
        }
    }

    /// `base.name(args)`: method, intent, pseudo-method, or a function in a field.
    fn call_member(&mut self, callee: &'a Expr, base: &'a Expr, name: &Ident, args: &'a [Expr]) -> Type {
        let t = self.expr(base, None);
        // A map of functions has its own.
        let own = self.group_or_record_field(&t, &name.name)
            || matches!(t.unwrapped(), Type::Map(_, v) if matches!(v.unwrapped(), Type::Fun(_)));
        if let (Some((p, min, max)), false) = (PseudoMethod::by_name(&name.name), own)
            && matches!(t.unwrapped(), Type::String | Type::List(_) | Type::Map(..) | Type::Record(_) | Type::Group(..))
        {
            self.resolve(callee.id, Resolution::PseudoMethod(p));
            let found = self.args(args, &[]);
            if args.len() < min || args.len() > max {
                let d = Diagnostic::error(
                    "T039",
                    callee.span,
                    format!("`{}` takes {}, but {} given", name.name, arity_text(min, max), number(args.len())),
                );
                self.error(d.help("see the reference of built-in methods"));
            }
            return match p {
                PseudoMethod::Contains | PseudoMethod::StartsWith => Type::Bool,
                PseudoMethod::PadStart => Type::String,
                PseudoMethod::Keys => Type::list(Type::String),
                PseudoMethod::Get => match t.unwrapped() {
                    Type::Map(_, v) => (**v).clone(),
                    _ => found.get(1).cloned().unwrap_or(Type::Any),
                },
            };
        }
        let f = self.field(callee, base, name, false);
        self.set_type(callee.id, &f);
        self.call_value(callee, &f, args, &name.name)
    }

    fn group_or_record_field(&self, t: &Type, name: &str) -> bool {
        matches!(t.unwrapped(), Type::Record(fields) if fields.iter().any(|f| &*f.0 == name))
    }

    fn call_builtin(&mut self, e: &'a Expr, b: Builtin, args: &'a [Expr]) -> Type {
        self.note_builtin(b, e.span);
        let found = self.args(args, &[]);
        let (min, max) = b.arity();
        let (min, max) = (min as usize, max as usize);
        if args.len() < min || max != 255 && args.len() > max {
            let d = Diagnostic::error(
                "T039",
                e.span,
                format!("`{}` takes {}, but {} given", b.name(), arity_text(min, max), number(args.len())),
            );
            let help = match b {
                Builtin::Min => "it takes one list: `min([a, b])`",
                Builtin::Max => "it takes one list: `max([a, b])`",
                Builtin::Reduce => "write `reduce(xs, fun(acc, x) => .., start)`",
                Builtin::Substring | Builtin::Substr | Builtin::Slice => {
                    "write the start and the end (not included), or use `s[a:b]`"
                }
                Builtin::Append | Builtin::Push => "write `xs = append(xs, value)`; one value at a time",
                _ => "built-in functions are not applied partially",
            };
            self.error(d.help(help));
            return b.result(&found);
        }
        if b == Builtin::Panic {
            let d = Diagnostic::error(
                "T003",
                e.span,
                "`panic` is not in the language's definition; it is accepted for the sake of older programs",
            );
            self.legacy(
                "panic",
                d.help("it prints its message to the error output and ends the program with status 1"),
            );
        }
        if let (Some(a), Some(t)) = (args.first(), found.first()) {
            self.builtin_operand(b, a.span, t);
        }
        b.result(&found)
    }

    /// The first argument's kind.
    fn builtin_operand(&mut self, b: Builtin, span: Span, t: &Type) {
        let inner = t.unwrapped();
        if inner.is_dynamic() || *inner == Type::Null {
            return;
        }
        let list = matches!(inner, Type::List(_) | Type::Group(..));
        let text = *inner == Type::String;
        let map =
            matches!(inner, Type::Map(..) | Type::Record(_) | Type::Struct(..) | Type::Union(..) | Type::Variant(..));
        let number = inner.is_numeric();
        let (code, ok, wants) = match b {
            Builtin::Len => ("T036", list || text || map, "a list, map or string"),
            Builtin::Count => ("T037", list || text || map, "a list or group"),
            Builtin::Avg => ("T038", list, "a list of numbers"),
            Builtin::Sum => ("T041", list, "a list of numbers"),
            Builtin::Min | Builtin::Max => ("T007", list, "a list"),
            Builtin::Append | Builtin::Push | Builtin::Concat | Builtin::Collect | Builtin::Reduce => {
                ("T007", list, "a list")
            }
            Builtin::Distinct => ("T057", list, "a list"),
            Builtin::First => ("T007", list || text, "a list"),
            Builtin::Exists => ("T007", list || text || map, "a list, map or string"),
            Builtin::Reverse | Builtin::Slice => ("T007", list || text, "a list or string"),
            Builtin::Keys | Builtin::Values => ("T007", map, "a map"),
            Builtin::Upper
            | Builtin::Trim
            | Builtin::Split
            | Builtin::Substring
            | Builtin::Substr
            | Builtin::PadStart
            | Builtin::ParseIntStr
            | Builtin::Repeat
            | Builtin::IndexOf => ("T007", text, "a string"),
            Builtin::Contains => ("T007", text || list || map, "a string or list"),
            Builtin::Abs | Builtin::Ceil | Builtin::Floor | Builtin::Round | Builtin::Pow => {
                ("T007", number, "a number")
            }
            Builtin::Sha256 => ("T007", text || list, "a string or a list of bytes"),
            Builtin::Num | Builtin::Denom => ("T007", number, "a rational"),
            Builtin::Range => ("T007", number, "an int"),
            Builtin::Eval | Builtin::Panic => ("T007", text, "a string"),
            Builtin::Int | Builtin::Float => ("T046", number || text || *inner == Type::Bool, "a number or a text"),
            _ => return,
        };
        if ok {
            if let (Builtin::Len | Builtin::First, Type::Option(_)) = (b, t) {
                // None has length 0 and no first element, as one expects.
            }
            return;
        }
        let d = Diagnostic::error(code, span, format!("`{}` takes {wants}, but this is `{t}`", b.name()));
        let help = match (b, number) {
            (Builtin::Len | Builtin::Count, true) => {
                "a number has no length; for its digits use `len(str(n))`".to_owned()
            }
            (Builtin::Min | Builtin::Max | Builtin::Sum | Builtin::Avg, _) => {
                format!("put the values into a list: `{}([a, b])`", b.name())
            }
            (
                Builtin::Upper
                | Builtin::Split
                | Builtin::Trim
                | Builtin::Substring
                | Builtin::PadStart
                | Builtin::Repeat,
                true,
            ) => "`str(..)` gives its text".to_owned(),
            _ => format!("pass {wants}"),
        };
        // These do something defined at run time.
        let soft = matches!(b, Builtin::Len | Builtin::Count) && !matches!(inner, Type::Fun(_));
        if soft { self.soft(d.help(help)) } else { self.error(d.help(help)) }
    }
}

fn callee_is_path(e: &Expr) -> bool {
    matches!(e.kind, ExprKind::Ident(_) | ExprKind::Field { .. })
}

fn shown<'n>(callee: &Expr, name: &'n str) -> &'n str {
    if callee_is_path(callee) { name } else { "this function" }
}

pub(super) fn count(n: usize, what: &str) -> String {
    match n {
        0 => format!("no {what}s"),
        1 => format!("1 {what}"),
        n => format!("{n} {what}s"),
    }
}

/// "1 is", "3 are"
fn number(n: usize) -> String {
    if n == 1 { "1 is".to_owned() } else { format!("{n} are") }
}

fn arity_text(min: usize, max: usize) -> String {
    match (min, max) {
        (a, b) if a == b => count(a, "argument"),
        (a, 255) => format!("at least {}", count(a, "argument")),
        (a, b) => format!("{a} to {b} arguments"),
    }
}

/// Let type parameters in `p` stand for what they meet in `t`.
fn bind(p: &Type, t: &Type, bound: &mut HashMap<Name, Type>) {
    match (p, t) {
        (Type::Param(n), t) => {
            bound.entry(n.clone()).or_insert_with(|| t.clone());
        }
        (Type::List(a), Type::List(b)) | (Type::Option(a), Type::Option(b)) => bind(a, b, bound),
        (Type::Option(a), b) => bind(a, b, bound),
        (Type::Map(k, v), Type::Map(k2, v2)) => {
            bind(k, k2, bound);
            bind(v, v2, bound);
        }
        (Type::Fun(a), Type::Fun(b)) => {
            for (x, y) in a.params.iter().zip(&b.params) {
                bind(x, y, bound);
            }
            bind(&a.ret, &b.ret, bound);
        }
        _ => {}
    }
}

/// Replace type parameters; unbound ones become `any`.
fn substitute(t: &Type, bound: &HashMap<Name, Type>) -> Type {
    match t {
        // A parameter of an enclosing generic function stays what it is.
        Type::Param(n) => bound.get(n).cloned().unwrap_or(Type::Any),
        Type::List(e) => Type::list(substitute(e, bound)),
        Type::Option(e) => Type::option(substitute(e, bound)),
        Type::Map(k, v) => Type::map(substitute(k, bound), substitute(v, bound)),
        Type::Fun(f) => Type::fun(f.params.iter().map(|p| substitute(p, bound)).collect(), substitute(&f.ret, bound)),
        t => t.clone(),
    }
}
