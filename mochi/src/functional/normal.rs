//! Core IR with its statements taken out of its expressions: what remains inside an expression has neither statements nor matches, so it neither
//! assigns variables nor leaves the function or a loop.
//!
//! Invariant: operands are evaluated in the order of the core IR; what is evaluated before something that was taken out is kept in a
//! variable of its own.

use crate::core_ir::{Block, Const, Expr, Kind, Match, Stmt, Tree, TypeTest, Var};

/// Where a value goes.
#[derive(Clone, Copy)]
enum To {
    Var(Var),
    Nowhere,
    Return,
}

/// Rewrites a function's body; `next` is the first unused variable and is counted up.
pub(super) fn normalise(body: &[Stmt], next: &mut Var) -> Block {
    let mut n = Normal { next };
    n.block(body)
}

struct Normal<'a> {
    next: &'a mut Var,
}

impl Normal<'_> {
    fn fresh(&mut self) -> Var {
        *self.next += 1;
        *self.next - 1
    }

    fn block(&mut self, stmts: &[Stmt]) -> Block {
        let mut out = vec![];
        self.stmts(stmts, &mut out);
        out
    }

    fn stmts(&mut self, stmts: &[Stmt], out: &mut Block) {
        for s in stmts {
            match s {
                Stmt::Set(v, e) => self.put(e, To::Var(*v), out),
                Stmt::Eval(e) => self.put(e, To::Nowhere, out),
                Stmt::Return(e) => self.put(e, To::Return, out),
                Stmt::If(c, a, b) => {
                    let c = self.simple(c, out);
                    let (a, b) = (self.block(a), self.block(b));
                    out.push(Stmt::If(c, a, b));
                }
                Stmt::Loop(b) => {
                    let b = self.block(b);
                    out.push(Stmt::Loop(b));
                }
                Stmt::Break => out.push(Stmt::Break),
                Stmt::Continue => out.push(Stmt::Continue),
            }
        }
    }

    /// Statements that compute `e` and send its value somewhere.
    fn put(&mut self, e: &Expr, to: To, out: &mut Block) {
        match &e.kind {
            _ if is_simple(e) => out.push(send(e.clone(), to)),
            Kind::Seq(b, x) => {
                self.stmts(b, out);
                self.put(x, to, out);
            }
            Kind::If(_, c, a, b) => {
                let c = self.simple(c, out);
                let (mut yes, mut no) = (vec![], vec![]);
                self.put(a, to, &mut yes);
                self.put(b, to, &mut no);
                out.push(Stmt::If(c, yes, no));
            }
            Kind::Match(m) => self.matching(m, to, out),
            _ => {
                let x = self.simple(e, out);
                out.push(send(x, to));
            }
        }
    }

    /// An expression without statements that has the value of `e` after what is put in front of it.
    fn simple(&mut self, e: &Expr, out: &mut Block) -> Expr {
        if is_simple(e) {
            return e.clone();
        }
        let kind = match &e.kind {
            Kind::Seq(..) | Kind::If(..) | Kind::Match(_) => {
                let t = self.fresh();
                self.put(e, To::Var(t), out);
                Kind::Var(t)
            }
            Kind::And(h, a, b) | Kind::Or(h, a, b) => {
                let and = matches!(e.kind, Kind::And(..));
                let t = self.fresh();
                self.put(a, To::Var(t), out);
                let mut more = vec![];
                self.put(b, To::Var(t), &mut more);
                let (yes, no) = if and { (more, vec![]) } else { (vec![], more) };
                let _ = h;
                out.push(Stmt::If(Expr::var(t), yes, no));
                Kind::Var(t)
            }
            Kind::Arith(op, h, a, b) => {
                let [a, b] = self.two(a, b, out);
                Kind::Arith(*op, *h, a, b)
            }
            Kind::Cmp(op, h, a, b) => {
                let [a, b] = self.two(a, b, out);
                Kind::Cmp(*op, *h, a, b)
            }
            Kind::Test(t, a) => Kind::Test(t.clone(), Box::new(self.simple(a, out))),
            Kind::Not(h, a) => Kind::Not(*h, Box::new(self.simple(a, out))),
            Kind::Head(a) => Kind::Head(Box::new(self.simple(a, out))),
            Kind::Tail(a) => Kind::Tail(Box::new(self.simple(a, out))),
            Kind::Elem(i, a) => Kind::Elem(*i, Box::new(self.simple(a, out))),
            Kind::Field { tag, arity, index, name, base } => Kind::Field {
                tag: tag.clone(),
                arity: *arity,
                index: *index,
                name: name.clone(),
                base: Box::new(self.simple(base, out)),
            },
            Kind::Tuple(es) => Kind::Tuple(self.several(es.iter(), out)),
            Kind::List(es) => Kind::List(self.several(es.iter(), out)),
            Kind::Call(f, es) => Kind::Call(*f, self.several(es.iter(), out)),
            Kind::Remote(m, f, es) => Kind::Remote(m, f, self.several(es.iter(), out)),
            Kind::MakeFun(f, es) => Kind::MakeFun(*f, self.several(es.iter(), out)),
            Kind::Apply(f, es) => {
                let mut all = self.several(std::iter::once(&**f).chain(es), out).into_iter();
                let f = all.next().unwrap_or_else(Expr::null);
                Kind::Apply(Box::new(f), all.collect())
            }
            Kind::Const(_) | Kind::Var(_) | Kind::Global(_) => e.kind.clone(),
        };
        Expr::new(kind, e.line)
    }

    fn two(&mut self, a: &Expr, b: &Expr, out: &mut Block) -> [Box<Expr>; 2] {
        let mut both = self.several([a, b].into_iter(), out).into_iter();
        let mut one = || Box::new(both.next().unwrap_or_else(Expr::null));
        [one(), one()]
    }

    fn several<'e>(&mut self, es: impl Iterator<Item = &'e Expr>, out: &mut Block) -> Vec<Expr> {
        let es: Vec<&Expr> = es.collect();
        let last = es.iter().rposition(|e| !is_simple(e));
        es.into_iter()
            .enumerate()
            .map(|(i, e)| match last {
                Some(last) if i < last && !matches!(e.kind, Kind::Const(_)) => {
                    let t = self.fresh();
                    self.put(e, To::Var(t), out);
                    Expr::var(t)
                }
                _ => self.simple(e, out),
            })
            .collect()
    }

    fn matching(&mut self, m: &Match, to: To, out: &mut Block) {
        let mut leaves = vec![0; m.arms.len()];
        count_leaves(&m.tree, &mut leaves);
        let mut arms: Vec<Block> = m
            .arms
            .iter()
            .map(|e| {
                let mut b = vec![];
                self.put(e, to, &mut b);
                b
            })
            .collect();
        if leaves.iter().all(|n| *n <= 1) {
            let fail = send(Expr::null(), to);
            self.tree(&m.tree, &mut |arm| arms.get_mut(arm).map(std::mem::take).unwrap_or_default(), &fail, out);
            return;
        }
        // An arm that is reached in several ways: first which arm, then the arm.
        let chosen = self.fresh();
        let number = |n: usize| Expr::cst(Const::Int(n as i64));
        let fail = Stmt::Set(chosen, number(arms.len()));
        self.tree(&m.tree, &mut |arm| vec![Stmt::Set(chosen, number(arm))], &fail, out);
        let mut rest = vec![send(Expr::null(), to)];
        for (i, b) in arms.into_iter().enumerate().rev() {
            let is = Kind::Test(TypeTest::Is(Const::Int(i as i64)), Box::new(Expr::var(chosen)));
            rest = vec![Stmt::If(Expr::new(is, 0), b, rest)];
        }
        out.append(&mut rest);
    }

    fn tree(&mut self, t: &Tree, arm: &mut dyn FnMut(usize) -> Block, fail: &Stmt, out: &mut Block) {
        let mut at = t;
        loop {
            match at {
                Tree::Fail => {
                    out.push(fail.clone());
                    return;
                }
                Tree::Leaf { arm: a, binds } => {
                    out.extend(binds.iter().map(|(v, from)| Stmt::Set(*v, Expr::var(*from))));
                    out.append(&mut arm(*a));
                    return;
                }
                Tree::Test { test, yes, no } => {
                    let c = self.simple(test, out);
                    let (mut a, mut b) = (vec![], vec![]);
                    self.tree(yes, arm, fail, &mut a);
                    self.tree(no, arm, fail, &mut b);
                    out.push(Stmt::If(c, a, b));
                    return;
                }
                Tree::Bind { var, value, then } => {
                    self.put(value, To::Var(*var), out);
                    at = then;
                }
            }
        }
    }
}

fn count_leaves(t: &Tree, out: &mut [usize]) {
    match t {
        Tree::Fail => {}
        Tree::Leaf { arm, .. } => {
            if let Some(n) = out.get_mut(*arm) {
                *n += 1;
            }
        }
        Tree::Test { yes, no, .. } => {
            count_leaves(yes, out);
            count_leaves(no, out);
        }
        Tree::Bind { then, .. } => count_leaves(then, out),
    }
}

fn send(e: Expr, to: To) -> Stmt {
    match to {
        To::Var(v) => Stmt::Set(v, e),
        To::Nowhere => Stmt::Eval(e),
        To::Return => Stmt::Return(e),
    }
}

/// Has it neither statements nor matches inside?
fn is_simple(e: &Expr) -> bool {
    match &e.kind {
        Kind::Seq(..) | Kind::Match(_) => false,
        _ => operands(e).into_iter().all(is_simple),
    }
}

/// The expressions right inside of an expression, but for those of matches.
pub(super) fn operands(e: &Expr) -> Vec<&Expr> {
    match &e.kind {
        Kind::Const(_) | Kind::Var(_) | Kind::Global(_) | Kind::Match(_) => vec![],
        Kind::Arith(_, _, a, b) | Kind::Cmp(_, _, a, b) | Kind::And(_, a, b) | Kind::Or(_, a, b) => vec![a, b],
        Kind::Test(_, a) | Kind::Not(_, a) | Kind::Head(a) | Kind::Tail(a) | Kind::Elem(_, a) | Kind::Seq(_, a) => {
            vec![a]
        }
        Kind::Field { base, .. } => vec![base],
        Kind::If(_, c, a, b) => vec![c, a, b],
        Kind::Tuple(es) | Kind::List(es) | Kind::Call(_, es) | Kind::Remote(_, _, es) | Kind::MakeFun(_, es) => {
            es.iter().collect()
        }
        Kind::Apply(f, es) => std::iter::once(&**f).chain(es).collect(),
    }
}
