//! Erlang source text.

use super::names::{escape, float};
use super::{F, Fun, Module};
use crate::core_ir::Const;
use std::fmt::Write;

/// Words that are no atoms unless quoted.
const RESERVED: [&str; 29] = [
    "after", "and", "andalso", "band", "begin", "bnot", "bor", "bsl", "bsr", "bxor", "case", "catch", "cond", "div",
    "else", "end", "fun", "if", "let", "maybe", "not", "of", "or", "orelse", "receive", "rem", "try", "when", "xor",
];

/// The whole module.
pub(super) fn print(m: &Module) -> String {
    let mut p = Printer { out: String::new() };
    let _ = writeln!(p.out, "%% Compiled from {}.", m.file.replace(['\n', '\r'], " "));
    let _ = writeln!(p.out, "-module({}).", atom(&m.name));
    let exports: Vec<String> =
        m.funs.iter().filter(|f| f.exported).map(|f| format!("{}/{}", atom(&f.name), f.params.len())).collect();
    let _ = writeln!(p.out, "-export([{}]).", exports.join(", "));
    p.out.push_str("-compile(no_auto_import).\n");
    for f in &m.funs {
        p.fun(f);
    }
    p.out
}

struct Printer {
    out: String,
}

/// An atom as Erlang writes it.
fn atom(a: &str) -> String {
    let plain = a.starts_with(|c: char| c.is_ascii_lowercase())
        && a.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '@')
        && !RESERVED.contains(&a);
    if plain { a.to_owned() } else { format!("'{}'", escape(a, '\'')) }
}

impl Printer {
    fn line(&mut self, depth: usize) {
        self.out.push('\n');
        for _ in 0..depth {
            self.out.push_str("    ");
        }
    }

    fn fun(&mut self, f: &Fun) {
        let _ = write!(self.out, "\n{}({}) ->", atom(&f.name), f.params.join(", "));
        self.line(1);
        self.body(&f.body, 1);
        self.out.push_str(".\n");
    }

    /// A sequence, begun on a line of its own.
    fn body(&mut self, f: &F, depth: usize) {
        let F::Block(binds, last) = f else { return self.expr(f, depth) };
        for (names, value) in binds {
            match &names[..] {
                [] => {}
                [one] => {
                    let _ = write!(self.out, "{one} = ");
                }
                several => {
                    let _ = write!(self.out, "{{{}}} = ", several.join(", "));
                }
            }
            self.expr(value, depth);
            self.out.push(',');
            self.line(depth);
        }
        self.body(last, depth);
    }

    fn clause(&mut self, pattern: &str, f: &F, depth: usize) {
        self.line(depth + 1);
        let _ = write!(self.out, "{pattern} ->");
        self.line(depth + 2);
        self.body(f, depth + 2);
    }

    fn expr(&mut self, f: &F, depth: usize) {
        match f {
            F::Lit(c) => self.constant(c),
            F::Var(v) => self.out.push_str(v),
            F::Tuple(es) => self.several("{", es, "}", depth),
            F::List(es) => self.several("[", es, "]", depth),
            F::Remote(m, op, es) if m == "erlang" && matches!(&**op, "=:=" | "=/=") && es.len() == 2 => {
                self.operand(&es[0], depth);
                let _ = write!(self.out, " {op} ");
                self.operand(&es[1], depth);
            }
            F::Remote(m, name, es) => {
                let _ = write!(self.out, "{}:{}", atom(m), atom(name));
                self.several("(", es, ")", depth);
            }
            F::Local(name, es) => {
                self.out.push_str(&atom(name));
                self.several("(", es, ")", depth);
            }
            F::Fun(name, params, given) if given.is_empty() => {
                let _ = write!(self.out, "fun {}/{}", atom(name), params.len());
            }
            F::Fun(name, params, given) => {
                let _ = write!(self.out, "fun({}) -> {}({}", params.join(", "), atom(name), params.join(", "));
                for (i, g) in given.iter().enumerate() {
                    if i > 0 || !params.is_empty() {
                        self.out.push_str(", ");
                    }
                    self.expr(g, depth);
                }
                self.out.push_str(") end");
            }
            F::Not(x) => {
                self.out.push_str("not ");
                self.operand(x, depth);
            }
            F::And(a, b) | F::Or(a, b) => {
                self.operand(a, depth);
                self.out.push_str(if matches!(f, F::And(..)) { " andalso " } else { " orelse " });
                self.operand(b, depth);
            }
            F::Case(c, yes, no) => {
                self.out.push_str("case ");
                self.expr(c, depth);
                self.out.push_str(" of");
                self.clause("true", yes, depth);
                self.out.push(';');
                self.clause("false", no, depth);
                self.line(depth);
                self.out.push_str("end");
            }
            F::Uncons(list, names, yes, no) => {
                self.out.push_str("case ");
                self.expr(list, depth);
                self.out.push_str(" of");
                self.clause(&format!("[{} | {}]", names[0], names[1]), yes, depth);
                self.out.push(';');
                self.clause("[]", no, depth);
                self.line(depth);
                self.out.push_str("end");
            }
            F::Block(..) => {
                self.out.push_str("begin");
                self.line(depth + 1);
                self.body(f, depth + 1);
                self.line(depth);
                self.out.push_str("end");
            }
        }
    }

    /// Of an operator.
    fn operand(&mut self, f: &F, depth: usize) {
        let operator = match f {
            F::Not(_) | F::And(..) | F::Or(..) => true,
            F::Remote(m, op, _) => m == "erlang" && op.starts_with('='),
            _ => false,
        };
        if operator {
            self.out.push('(');
        }
        self.expr(f, depth);
        if operator {
            self.out.push(')');
        }
    }

    fn several(&mut self, open: &str, es: &[F], close: &str, depth: usize) {
        self.out.push_str(open);
        for (i, e) in es.iter().enumerate() {
            if i > 0 {
                self.out.push_str(", ");
            }
            self.expr(e, depth);
        }
        self.out.push_str(close);
    }

    fn constants<'c>(&mut self, open: &str, cs: impl Iterator<Item = &'c Const>, close: &str) {
        self.out.push_str(open);
        for (i, c) in cs.enumerate() {
            if i > 0 {
                self.out.push_str(", ");
            }
            self.constant(c);
        }
        self.out.push_str(close);
    }

    fn constant(&mut self, c: &Const) {
        match c {
            Const::Int(i) => {
                let _ = write!(self.out, "{i}");
            }
            Const::Float(f) => self.out.push_str(&float(*f)),
            Const::Atom(a) => self.out.push_str(&atom(a)),
            Const::Bin(b) => match std::str::from_utf8(b) {
                Ok("") => self.out.push_str("<<>>"),
                Ok(text) => {
                    let utf8 = if text.is_ascii() { "" } else { "/utf8" };
                    let _ = write!(self.out, "<<\"{}\"{utf8}>>", escape(text, '"'));
                }
                Err(_) => {
                    let bytes: Vec<String> = b.iter().map(u8::to_string).collect();
                    let _ = write!(self.out, "<<{}>>", bytes.join(", "));
                }
            },
            Const::Nil => self.out.push_str("[]"),
            Const::List(cs) => self.constants("[", cs.iter(), "]"),
            Const::Tuple(cs) => self.constants("{", cs.iter(), "}"),
            Const::Map(pairs) => {
                self.out.push_str("#{");
                for (i, (k, v)) in pairs.iter().enumerate() {
                    if i > 0 {
                        self.out.push_str(", ");
                    }
                    self.constant(k);
                    self.out.push_str(" => ");
                    self.constant(v);
                }
                self.out.push('}');
            }
        }
    }
}
