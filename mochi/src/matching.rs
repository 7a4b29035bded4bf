//! Match trees: arms with nested patterns become one tree of tests, so that no test is made twice on a way.
//!
//! Rows are arms with the tests that they still need. The first test of the first row splits all rows into those that can
//! still match when it holds and those that can when it does not (as in Maranget, "Compiling pattern matching to good decision trees",
//! with the simplest column choice). Bodies are never copied: leaves name an arm.

use crate::ast::{MatchArm, Pattern, PatternKind};
use crate::checked::{Checked, Resolution, VarId, VarKind};
use crate::core_ir::{Cmp, Const, Expr, Hint, Kind, Tree, TypeTest, Var};
use crate::lower::{Fx, Lower};
use std::sync::Arc;

/// A tree beyond this many nodes is refused.
const MAX_NODES: usize = 20_000;

#[derive(Clone)]
struct Row<'a> {
    todo: Vec<(Var, &'a Pattern)>,
    binds: Vec<(Var, Var)>,
    arm: usize,
}

#[derive(Clone, PartialEq)]
enum Test {
    /// Name and number of fields.
    Variant(Arc<str>, usize),
    Literal(Const),
    /// Equal to a variable's value.
    Value(VarId),
    /// Unknown name: a variant of that name, whatever its type.
    Name(Arc<str>),
}

struct Compiler<'l, 'a, 'f> {
    l: &'l mut Lower<'a>,
    fx: &'f mut Fx,
    line: u32,
    nodes: usize,
}

/// The variable that a name pattern declares, if it does.
fn binding(c: &Checked, p: &Pattern) -> Option<VarId> {
    match c.resolution(p.id)? {
        Resolution::Local(v) | Resolution::Global(v) => {
            let var = c.variable(*v);
            (var.kind == VarKind::Pattern && var.span == p.span).then_some(*v)
        }
        _ => None,
    }
}

/// All variables that a pattern binds.
pub(crate) fn bound(c: &Checked, p: &Pattern) -> Vec<VarId> {
    let mut out = vec![];
    let mut work = vec![p];
    while let Some(p) = work.pop() {
        match &p.kind {
            PatternKind::Name(_) => out.extend(binding(c, p)),
            PatternKind::Variant { args, .. } => work.extend(args),
            _ => {}
        }
    }
    out
}

/// The tree for `arms` over the value in `scrutinee`.
pub(crate) fn compile(l: &mut Lower<'_>, fx: &mut Fx, scrutinee: Var, arms: &[MatchArm], line: u32) -> Tree {
    let rows = arms
        .iter()
        .enumerate()
        .map(|(arm, a)| Row { todo: vec![(scrutinee, &a.pattern)], binds: vec![], arm })
        .collect();
    let mut c = Compiler { l, fx, line, nodes: 0 };
    let plain = c.plain(scrutinee);
    let tree = c.tree(rows);
    let nodes = c.nodes;
    if nodes > MAX_NODES {
        let span = arms.first().map(|a| a.span).unwrap_or_default();
        l.unsupported(span, "a match with so many combinations");
        return Tree::Fail;
    }
    match plain {
        Some(value) => Tree::Bind { var: scrutinee, value: Box::new(value), then: Box::new(tree) },
        None => tree,
    }
}

impl<'a> Compiler<'_, '_, '_> {
    /// What to look at instead of a value that may be in a cell.
    fn plain(&self, v: Var) -> Option<Expr> {
        self.l.structs_in_cells().then(|| Expr::remote("mochi_cell", "plain", vec![Expr::var(v)], self.line))
    }

    /// What must be tested, or nothing when the pattern always matches (then perhaps a variable is bound).
    fn test_of(&self, p: &Pattern) -> Option<Test> {
        let c = self.l.checked();
        match &p.kind {
            PatternKind::Wild => None,
            PatternKind::Int(i) => Some(Test::Literal(Const::Int(*i))),
            PatternKind::Float(f) => Some(Test::Literal(Const::Float(*f))),
            PatternKind::Str(s) => Some(Test::Literal(Const::str(s))),
            PatternKind::Bool(b) => Some(Test::Literal(Const::bool(*b))),
            PatternKind::None => Some(Test::Literal(Const::null())),
            PatternKind::Name(name) => match c.resolution(p.id) {
                Some(Resolution::Variant(u, i)) => {
                    let v = &c.unions[u.index()].variants[*i as usize];
                    Some(Test::Variant(v.name.clone(), v.fields.len()))
                }
                Some(Resolution::Struct(s)) => {
                    let s = &c.structs[s.index()];
                    Some(Test::Variant(s.name.clone(), s.fields.len()))
                }
                Some(Resolution::Local(v) | Resolution::Global(v)) => match binding(c, p) {
                    Some(_) => None,
                    None => Some(Test::Value(*v)),
                },
                _ => Some(Test::Name(name.clone())),
            },
            PatternKind::Variant { name, .. } => match c.resolution(name.id) {
                Some(Resolution::Variant(u, i)) => {
                    let v = &c.unions[u.index()].variants[*i as usize];
                    Some(Test::Variant(v.name.clone(), v.fields.len()))
                }
                Some(Resolution::Struct(s)) => {
                    let s = &c.structs[s.index()];
                    Some(Test::Variant(s.name.clone(), s.fields.len()))
                }
                _ => Some(Test::Name(name.name.clone())),
            },
            PatternKind::Error => Some(Test::Name(Arc::from(""))),
        }
    }

    /// Moves what needs no test out of a row.
    fn settle(&mut self, row: &mut Row<'a>) {
        let mut rest = vec![];
        for (v, p) in std::mem::take(&mut row.todo) {
            if self.test_of(p).is_some() {
                rest.push((v, p));
            } else if let Some(var) = binding(self.l.checked(), p) {
                let slot = self.l.slot(self.fx, var);
                row.binds.push((slot, v));
            }
        }
        row.todo = rest;
    }

    fn tree(&mut self, mut rows: Vec<Row<'a>>) -> Tree {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Tree::Fail;
        }
        for r in &mut rows {
            self.settle(r);
        }
        let Some(first) = rows.first() else { return Tree::Fail };
        let Some(&(var, pattern)) = first.todo.first() else {
            return Tree::Leaf { arm: first.arm, binds: first.binds.clone() };
        };
        let Some(test) = self.test_of(pattern) else { return Tree::Fail };
        // Variables for the parts, made once.
        let parts: Vec<Var> = match &test {
            Test::Variant(_, n) => (0..*n).map(|_| self.fx.fresh()).collect(),
            _ => vec![],
        };
        let (mut yes, mut no) = (vec![], vec![]);
        for r in &rows {
            let Some(at) = r.todo.iter().position(|(v, _)| *v == var) else {
                yes.push(r.clone());
                no.push(r.clone());
                continue;
            };
            let p = r.todo[at].1;
            let Some(t) = self.test_of(p) else { continue };
            if t == test {
                let mut r = r.clone();
                r.todo.remove(at);
                if let PatternKind::Variant { args, .. } = &p.kind {
                    let parts = parts.iter().zip(args).map(|(v, p)| (*v, p));
                    r.todo.splice(at..at, parts);
                }
                yes.push(r);
            } else {
                if !exclusive(&t, &test) {
                    yes.push(r.clone());
                }
                no.push(r.clone());
            }
        }
        let wanted: Vec<bool> = parts
            .iter()
            .map(|p| yes.iter().any(|r| r.todo.iter().any(|(v, p2)| v == p && !matches!(p2.kind, PatternKind::Wild))))
            .collect();
        let mut then = self.tree(yes);
        for (n, (part, used)) in parts.iter().zip(wanted).enumerate().rev() {
            if !used {
                continue;
            }
            if let Some(value) = self.plain(*part) {
                // Tests look through the cell; what is bound is the reference itself, so only tested parts are unwrapped.
                if tests_var(&then, *part) {
                    let inner = self.fx.fresh();
                    then = redirect(then, *part, inner);
                    let _ = value;
                    let look = Expr::remote("mochi_cell", "plain", vec![Expr::var(*part)], self.line);
                    then = Tree::Bind { var: inner, value: Box::new(look), then: Box::new(then) };
                }
            }
            let value = Expr::new(Kind::Elem(n as u32 + 2, Box::new(Expr::var(var))), self.line);
            then = Tree::Bind { var: *part, value: Box::new(value), then: Box::new(then) };
        }
        let no = self.tree(no);
        let test = self.test_expr(&test, var);
        Tree::Test { test: Box::new(test), yes: Box::new(then), no: Box::new(no) }
    }

    fn test_expr(&mut self, t: &Test, var: Var) -> Expr {
        let v = Box::new(Expr::var(var));
        let kind = match t {
            Test::Variant(name, n) => Kind::Test(TypeTest::Tagged(*n as u32 + 2, name.clone()), v),
            Test::Literal(c) if *c == Const::null() => Kind::Test(TypeTest::Is(c.clone()), v),
            Test::Literal(c) => {
                let hint = match c {
                    Const::Int(_) | Const::Float(_) => Hint::Int,
                    Const::Bin(_) => Hint::Str,
                    _ => Hint::Bool,
                };
                Kind::Cmp(Cmp::Eq, hint, v, Box::new(Expr::cst(c.clone())))
            }
            Test::Value(x) => {
                let other = self.l.read(self.fx, *x, self.line);
                Kind::Cmp(Cmp::Eq, Hint::Any, v, Box::new(other))
            }
            Test::Name(n) => {
                let args = vec![*v, Expr::cst(Const::str(n))];
                let call = Expr::remote("mochi_core", "is_variant", args, self.line);
                Kind::Not(Hint::Bool, Box::new(Expr::new(Kind::Not(Hint::Bool, Box::new(call)), self.line)))
            }
        };
        Expr::new(kind, self.line)
    }
}

/// Can both hold of one value?
fn exclusive(a: &Test, b: &Test) -> bool {
    match (a, b) {
        (Test::Variant(x, n), Test::Variant(y, m)) => x != y || n != m,
        (Test::Literal(Const::Int(x)), Test::Literal(Const::Int(y))) => x != y,
        (Test::Literal(Const::Bin(x)), Test::Literal(Const::Bin(y))) => x != y,
        (Test::Literal(Const::Atom(x)), Test::Literal(Const::Atom(y))) => x != y,
        (Test::Literal(_), Test::Variant(..)) | (Test::Variant(..), Test::Literal(_)) => true,
        _ => false,
    }
}

/// Does the tree test (or take apart) the variable?
fn tests_var(t: &Tree, v: Var) -> bool {
    match t {
        Tree::Fail | Tree::Leaf { .. } => false,
        Tree::Test { test, yes, no } => mentions(test, v) || tests_var(yes, v) || tests_var(no, v),
        Tree::Bind { value, then, .. } => mentions(value, v) || tests_var(then, v),
    }
}
fn mentions(e: &Expr, v: Var) -> bool {
    match &e.kind {
        Kind::Var(x) => *x == v,
        Kind::Test(_, a) | Kind::Not(_, a) | Kind::Elem(_, a) => mentions(a, v),
        Kind::Cmp(_, _, a, b) => mentions(a, v) || mentions(b, v),
        Kind::Remote(_, _, args) => args.iter().any(|a| mentions(a, v)),
        _ => false,
    }
}
/// Makes tests and takings apart look at another variable; leaves still bind the old one.
fn redirect(t: Tree, from: Var, to: Var) -> Tree {
    match t {
        Tree::Test { mut test, yes, no } => {
            replace(&mut test, from, to);
            Tree::Test { test, yes: Box::new(redirect(*yes, from, to)), no: Box::new(redirect(*no, from, to)) }
        }
        Tree::Bind { var, mut value, then } => {
            replace(&mut value, from, to);
            Tree::Bind { var, value, then: Box::new(redirect(*then, from, to)) }
        }
        t => t,
    }
}
fn replace(e: &mut Expr, from: Var, to: Var) {
    match &mut e.kind {
        Kind::Var(x) if *x == from => *x = to,
        Kind::Test(_, a) | Kind::Not(_, a) | Kind::Elem(_, a) => replace(a, from, to),
        Kind::Cmp(_, _, a, b) => {
            replace(a, from, to);
            replace(b, from, to);
        }
        Kind::Remote(_, _, args) => args.iter_mut().for_each(|a| replace(a, from, to)),
        _ => {}
    }
}
