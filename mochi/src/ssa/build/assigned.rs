//! Which variables a part of the core IR assigns: what a loop's header needs phis for.

use crate::core_ir::{Expr, Kind, Stmt, Tree, Var};
use std::collections::HashSet;

/// Variables that statements assign.
pub(super) fn statements(stmts: &[Stmt], out: &mut HashSet<Var>) {
    for s in stmts {
        match s {
            Stmt::Set(v, e) => {
                out.insert(*v);
                expression(e, out);
            }
            Stmt::Eval(e) | Stmt::Return(e) => expression(e, out),
            Stmt::If(c, a, b) => {
                expression(c, out);
                statements(a, out);
                statements(b, out);
            }
            Stmt::Loop(b) => statements(b, out),
            Stmt::Break | Stmt::Continue => {}
        }
    }
}

/// Variables that the statements inside an expression assign.
fn expression(e: &Expr, out: &mut HashSet<Var>) {
    match &e.kind {
        Kind::Const(_) | Kind::Var(_) | Kind::Global(_) => {}
        Kind::Arith(_, _, a, b) | Kind::Cmp(_, _, a, b) | Kind::And(_, a, b) | Kind::Or(_, a, b) => {
            expression(a, out);
            expression(b, out);
        }
        Kind::Test(_, a) | Kind::Not(_, a) | Kind::Head(a) | Kind::Tail(a) | Kind::Elem(_, a) => expression(a, out),
        Kind::Field { base, .. } => expression(base, out),
        Kind::If(_, c, a, b) => [c, a, b].into_iter().for_each(|e| expression(e, out)),
        Kind::Seq(b, x) => {
            statements(b, out);
            expression(x, out);
        }
        Kind::Tuple(es) | Kind::List(es) | Kind::Call(_, es) | Kind::Remote(_, _, es) | Kind::MakeFun(_, es) => {
            es.iter().for_each(|e| expression(e, out));
        }
        Kind::Apply(f, es) => {
            expression(f, out);
            es.iter().for_each(|e| expression(e, out));
        }
        Kind::Match(m) => {
            tree(&m.tree, out);
            m.arms.iter().for_each(|e| expression(e, out));
        }
    }
}

fn tree(t: &Tree, out: &mut HashSet<Var>) {
    match t {
        Tree::Fail => {}
        Tree::Leaf { binds, .. } => out.extend(binds.iter().map(|b| b.0)),
        Tree::Test { test, yes, no } => {
            expression(test, out);
            tree(yes, out);
            tree(no, out);
        }
        Tree::Bind { var, value, then } => {
            out.insert(*var);
            expression(value, out);
            tree(then, out);
        }
    }
}
