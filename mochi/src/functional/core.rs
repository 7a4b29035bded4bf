//! Core Erlang source text, for `erlc +from_core`.

use super::names::{escape, float};
use super::{F, Module};
use crate::core_ir::Const;
use std::fmt::Write;

/// The whole module.
pub(super) fn print(m: &Module) -> String {
    let mut p = Printer { out: String::new(), fresh: 0 };
    let exports: Vec<String> =
        m.funs.iter().filter(|f| f.exported).map(|f| format!("{}/{}", atom(&f.name), f.params.len())).collect();
    let _ = writeln!(p.out, "% Compiled from {}.", m.file.replace(['\n', '\r'], " "));
    let _ = writeln!(p.out, "module {} [{}]\n    attributes []", atom(&m.name), exports.join(", "));
    for f in &m.funs {
        let _ = write!(p.out, "\n{}/{} =\n    fun ({}) ->", atom(&f.name), f.params.len(), f.params.join(","));
        p.line(2);
        p.expr(&f.body, 2);
        p.out.push('\n');
    }
    p.out.push_str("end\n");
    p.out
}

struct Printer {
    out: String,
    /// Number of the last variable that this file has made up.
    fresh: usize,
}

fn atom(a: &str) -> String {
    format!("'{}'", escape(a, '\''))
}

/// Does evaluating it do nothing but give a value?
fn is_pure(f: &F) -> bool {
    match f {
        F::Lit(_) | F::Var(_) => true,
        F::Fun(_, _, es) | F::Tuple(es) | F::List(es) => es.iter().all(is_pure),
        _ => false,
    }
}

impl Printer {
    fn line(&mut self, depth: usize) {
        self.out.push('\n');
        for _ in 0..depth {
            self.out.push_str("    ");
        }
    }
    fn unused(&mut self) -> String {
        self.fresh += 1;
        format!("_{}", self.fresh)
    }

    fn clauses(&mut self, scrutinee: &F, clauses: [(String, &F); 2], depth: usize) {
        self.out.push_str("case ");
        self.expr(scrutinee, depth + 1);
        self.out.push_str(" of");
        for (pattern, f) in clauses {
            self.line(depth + 1);
            let _ = write!(self.out, "<{pattern}> when 'true' ->");
            self.line(depth + 2);
            self.expr(f, depth + 2);
        }
        self.line(depth);
        self.out.push_str("end");
    }

    /// The order of operands is not defined in Core Erlang: those that do something are named first. Gives what stands for them.
    fn ordered(&mut self, es: &[F], depth: usize) -> Vec<F> {
        if es.iter().filter(|e| !is_pure(e)).count() < 2 {
            return es.to_vec();
        }
        es.iter()
            .map(|e| {
                if is_pure(e) {
                    return e.clone();
                }
                let name = self.unused();
                let _ = write!(self.out, "let <{name}> = ");
                self.expr(e, depth + 1);
                self.out.push_str(" in");
                self.line(depth);
                F::Var(name)
            })
            .collect()
    }

    fn expr(&mut self, f: &F, depth: usize) {
        match f {
            F::Lit(c) => self.constant(c),
            F::Var(v) => self.out.push_str(v),
            F::Tuple(es) => {
                let es = self.ordered(es, depth);
                self.several("{", &es, "}", depth);
            }
            F::List(es) => {
                let es = self.ordered(es, depth);
                self.several("[", &es, "]", depth);
            }
            F::Remote(m, name, es) => {
                let es = self.ordered(es, depth);
                let _ = write!(self.out, "call {}:{}", atom(m), atom(name));
                self.several(" (", &es, ")", depth);
            }
            F::Local(name, es) => {
                let es = self.ordered(es, depth);
                let _ = write!(self.out, "apply {}/{}", atom(name), es.len());
                self.several(" (", &es, ")", depth);
            }
            F::Fun(name, params, given) if given.is_empty() => {
                let _ = write!(self.out, "{}/{}", atom(name), params.len());
            }
            F::Fun(name, params, given) => {
                let _ = write!(self.out, "fun ({}) -> ", params.join(","));
                let all: Vec<F> = params.iter().cloned().map(F::Var).chain(given.iter().cloned()).collect();
                self.expr(&F::Local(name.clone(), all), depth);
            }
            F::Not(x) => {
                self.out.push_str("call 'erlang':'not' (");
                self.expr(x, depth);
                self.out.push(')');
            }
            F::And(a, b) => self.choose(a, b, &F::bool(false), depth),
            F::Or(a, b) => self.choose(a, &F::bool(true), b, depth),
            F::Case(c, yes, no) => self.choose(c, yes, no, depth),
            F::Uncons(list, names, yes, no) => {
                let other = self.unused();
                self.clauses(list, [(format!("[{}|{}]", names[0], names[1]), yes), (other, no)], depth);
            }
            F::Block(binds, last) => {
                for (names, value) in binds {
                    match &names[..] {
                        [] => {
                            self.out.push_str("do ");
                            self.expr(value, depth + 1);
                        }
                        [one] => {
                            let _ = write!(self.out, "let <{one}> = ");
                            self.expr(value, depth + 1);
                            self.out.push_str(" in");
                        }
                        several => {
                            let tuple = self.unused();
                            let _ = write!(self.out, "let <{tuple}> = ");
                            self.expr(value, depth + 1);
                            self.out.push_str(" in");
                            for (i, name) in several.iter().enumerate() {
                                self.line(depth);
                                let _ =
                                    write!(self.out, "let <{name}> = call 'erlang':'element' ({}, {tuple}) in", i + 1);
                            }
                        }
                    }
                    self.line(depth);
                }
                self.expr(last, depth);
            }
        }
    }

    fn choose(&mut self, c: &F, yes: &F, no: &F, depth: usize) {
        let other = self.unused();
        self.clauses(c, [("'true'".to_owned(), yes), (other, no)], depth);
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
                self.out.push(',');
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
            Const::Bin(b) => {
                self.out.push_str("#{");
                for (i, byte) in b.iter().enumerate() {
                    let comma = if i > 0 { "," } else { "" };
                    let _ = write!(self.out, "{comma}#<{byte}>(8,1,'integer',['unsigned'|['big']])");
                }
                self.out.push_str("}#");
            }
            Const::Nil => self.out.push_str("[]"),
            Const::List(cs) => self.constants("[", cs.iter(), "]"),
            Const::Tuple(cs) => self.constants("{", cs.iter(), "}"),
            Const::Map(pairs) => {
                self.out.push_str("~{");
                for (i, (k, v)) in pairs.iter().enumerate() {
                    if i > 0 {
                        self.out.push(',');
                    }
                    self.constant(k);
                    self.out.push_str("=>");
                    self.constant(v);
                }
                self.out.push_str("}~");
            }
        }
    }
}
