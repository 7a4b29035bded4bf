//! Conditions and expressions: each operator's fast path, and the runtime call that is right for everything.
//!
//! Invariant: whatever the hint says, the result is that of the runtime call; the fast path is taken only for operands for which the BEAM's
//! instruction does the same.

use super::{Blk, Builder, Op, Operand, Term, Test};
use crate::core_ir::{Arith, Cmp, Const, Expr, Hint, Kind, Match, Tree, TypeTest, Var};

fn swap_cmp(op: Cmp) -> (Test, bool) {
    // (test, swap operands)
    match op {
        Cmp::Lt => (Test::Lt, false),
        Cmp::Ge => (Test::Ge, false),
        Cmp::Gt => (Test::Lt, true),
        Cmp::Le => (Test::Ge, true),
        Cmp::Eq => (Test::Eq, false),
        Cmp::Ne => (Test::Ne, false),
    }
}

fn cmp_runtime(op: Cmp) -> &'static str {
    match op {
        Cmp::Lt => "lt",
        Cmp::Le => "le",
        Cmp::Gt => "gt",
        Cmp::Ge => "ge",
        Cmp::Eq => "eq",
        Cmp::Ne => "ne",
    }
}

impl Builder {
    // ---- conditions

    /// Branches on the truth of `e`.
    pub(super) fn cond(&mut self, e: &Expr, hint: Hint, yes: Blk, no: Blk) {
        if self.dead {
            return;
        }
        match &e.kind {
            Kind::Not(h, x) => self.cond(x, *h, no, yes),
            Kind::And(h, a, b) => {
                let mid = self.block();
                self.cond(a, *h, mid, no);
                self.enter(mid);
                self.cond(b, *h, yes, no);
            }
            Kind::Or(h, a, b) => {
                let mid = self.block();
                self.cond(a, *h, yes, mid);
                self.enter(mid);
                self.cond(b, *h, yes, no);
            }
            Kind::Cmp(op, h, a, b) => {
                let (x, y) = self.pair(a, b);
                self.compare(*op, *h, x, y, yes, no, e.line);
            }
            Kind::Test(t, x) => {
                let v = self.expr(x);
                self.type_test(t, v, yes, no);
            }
            Kind::Const(Const::Atom(a)) if &**a == "true" => self.jump(yes),
            Kind::Const(Const::Atom(a)) if &**a == "false" => self.jump(no),
            _ => {
                let v = self.expr(e);
                self.truth(v, hint, yes, no);
            }
        }
    }
    pub(super) fn pair(&mut self, a: &Expr, b: &Expr) -> (Operand, Operand) {
        let x = self.expr(a);
        let y = self.expr(b);
        (self.resolve(x), y)
    }
    pub(super) fn truth(&mut self, v: Operand, _hint: Hint, yes: Blk, no: Blk) {
        if self.dead {
            return;
        }
        let v = self.resolve(v);
        let (a, b) = (self.block(), self.block());
        self.br(Test::EqExact, vec![v.clone(), Operand::Const(Const::bool(true))], yes, a);
        self.enter(a);
        self.br(Test::EqExact, vec![v.clone(), Operand::Const(Const::bool(false))], no, b);
        self.enter(b);
        let t = self.remote("mochi_core", "truthy", vec![v], 0);
        self.br(Test::EqExact, vec![t, Operand::Const(Const::bool(true))], yes, no);
    }
    pub(super) fn type_test(&mut self, t: &TypeTest, v: Operand, yes: Blk, no: Blk) {
        if self.dead {
            return;
        }
        let (test, args) = match t {
            TypeTest::Integer => (Test::Integer, vec![v]),
            TypeTest::Number => (Test::Number, vec![v]),
            TypeTest::Binary => (Test::Binary, vec![v]),
            TypeTest::NonemptyList => (Test::NonemptyList, vec![v]),
            TypeTest::Tuple => (Test::Tuple, vec![v]),
            TypeTest::Tagged(n, a) => (Test::Tagged(*n, a.clone()), vec![v]),
            TypeTest::Is(c) => (Test::EqExact, vec![v, Operand::Const(c.clone())]),
        };
        self.br(test, args, yes, no);
    }
    #[allow(clippy::too_many_arguments)]
    pub(super) fn compare(&mut self, op: Cmp, hint: Hint, x: Operand, y: Operand, yes: Blk, no: Blk, line: u32) {
        if self.dead {
            return;
        }
        let (test, swap) = swap_cmp(op);
        let eq = matches!(op, Cmp::Eq | Cmp::Ne);
        let args = if swap { vec![y.clone(), x.clone()] } else { vec![x.clone(), y.clone()] };
        // A scalar constant decides which fast path fits, whatever the hint says.
        let kind = |o: &Operand| match o {
            Operand::Const(Const::Int(_) | Const::Float(_)) => Some(Hint::Int),
            Operand::Const(Const::Bin(_)) => Some(Hint::Str),
            Operand::Const(Const::Atom(_)) => Some(Hint::Bool),
            _ => None,
        };
        let known = kind(&x).or(kind(&y));
        if eq && known.is_some() {
            // Comparing anything with a scalar constant (no NaN, no function, no cell): the BEAM's `==` is Mochi's.
            self.br(test, args, yes, no);
            return;
        }
        // Ordering with null, a boolean or another kind of constant is the runtime's affair.
        let odd = !eq
            && match (kind(&x), kind(&y)) {
                (Some(a), Some(b)) => a != b || a == Hint::Bool,
                (Some(Hint::Bool), _) | (_, Some(Hint::Bool)) => true,
                _ => false,
            };
        let guard = match (known, hint) {
            _ if odd => None,
            (Some(Hint::Int), _) => Some(Test::Number),
            (Some(Hint::Str), _) => Some(Test::Binary),
            (_, Hint::Int) => Some(Test::Integer),
            (_, Hint::Float) => Some(Test::Number),
            (_, Hint::Str) => Some(Test::Binary),
            _ => None,
        };
        let slow = self.block();
        if let Some(g) = guard {
            for o in [&x, &y] {
                if kind(o).is_none() {
                    self.guard(g.clone(), vec![o.clone()], slow);
                    if eq {
                        break; // one scalar side is enough
                    }
                }
            }
            self.br(test, args, yes, no);
        } else {
            self.jump(slow);
        }
        self.enter(slow);
        let r = self.remote("mochi_core", cmp_runtime(op), vec![x, y], line);
        self.br(Test::EqExact, vec![r, Operand::Const(Const::bool(true))], yes, no);
    }

    // ---- expressions

    pub(super) fn exprs(&mut self, es: &[Expr]) -> Vec<Operand> {
        es.iter().map(|e| self.expr(e)).collect()
    }
    pub(super) fn null(&self) -> Operand {
        Operand::Const(Const::null())
    }
    /// A boolean (or other two-way) result as a value.
    pub(super) fn materialise(&mut self, e: &Expr) -> Operand {
        let (yes, no, join) = (self.block(), self.block(), self.block());
        let parted = self.part();
        self.cond(e, Hint::Any, yes, no);
        let t = self.temp();
        for (b, v) in [(yes, true), (no, false)] {
            self.enter(b);
            self.write(t, Operand::Const(Const::bool(v)));
            self.jump(join);
        }
        self.meet(join, parted);
        self.read(t)
    }

    pub(super) fn expr(&mut self, e: &Expr) -> Operand {
        if self.dead {
            return self.null();
        }
        match &e.kind {
            Kind::Const(c) => Operand::Const(c.clone()),
            Kind::Var(v) => self.read(*v),
            Kind::Arith(op, h, a, b) => {
                let (x, y) = self.pair(a, b);
                self.arith(*op, *h, x, y, e.line)
            }
            Kind::Cmp(..) | Kind::Test(..) | Kind::Not(..) => self.materialise(e),
            Kind::And(h, a, b) | Kind::Or(h, a, b) => {
                let and = matches!(e.kind, Kind::And(..));
                let t = self.temp();
                let x = self.expr(a);
                let parted = self.part();
                self.write(t, x.clone());
                let (more, join) = (self.block(), self.block());
                // The join is reached from conditional ends too: give those edges blocks of their own.
                let short = self.block();
                if and {
                    self.truth(x, *h, more, short);
                } else {
                    self.truth(x, *h, short, more);
                }
                self.enter(short);
                self.jump(join);
                self.enter(more);
                let y = self.expr(b);
                self.write(t, y);
                self.jump(join);
                self.meet(join, parted);
                self.read(t)
            }
            Kind::If(h, c, a, b) => {
                let (yes, no, join) = (self.block(), self.block(), self.block());
                let t = self.temp();
                let parted = self.part();
                self.cond(c, *h, yes, no);
                for (blk, x) in [(yes, a), (no, b)] {
                    self.enter(blk);
                    let v = self.expr(x);
                    self.write(t, v);
                    self.jump(join);
                }
                self.meet(join, parted);
                self.read(t)
            }
            Kind::Seq(body, x) => {
                self.stmts(body);
                self.expr(x)
            }
            Kind::Tuple(es) => {
                let args = self.exprs(es);
                if let Some(c) = all_const(&args) {
                    return Operand::Const(Const::Tuple(c));
                }
                self.inst(Op::Tuple, args, e.line)
            }
            Kind::List(es) => {
                let args = self.exprs(es);
                if let Some(c) = all_const(&args) {
                    return Operand::Const(if c.is_empty() { Const::Nil } else { Const::List(c) });
                }
                let mut tail = Operand::Const(Const::Nil);
                for a in args.into_iter().rev() {
                    tail = self.inst(Op::Cons, vec![a, tail], e.line);
                }
                tail
            }
            Kind::Head(x) => {
                let v = self.expr(x);
                self.inst(Op::Hd, vec![v], e.line)
            }
            Kind::Tail(x) => {
                let v = self.expr(x);
                self.inst(Op::Tl, vec![v], e.line)
            }
            Kind::Elem(i, x) => {
                let v = self.expr(x);
                self.inst(Op::Elem(*i), vec![v], e.line)
            }
            Kind::Field { tag, arity, index, name, base } => {
                let v = self.expr(base);
                let (fast, slow, join) = (self.block(), self.block(), self.block());
                let t = self.temp();
                let parted = self.part();
                self.br(Test::Tagged(*arity, tag.clone()), vec![v.clone()], fast, slow);
                self.enter(fast);
                let x = self.inst(Op::Elem(*index), vec![v.clone()], e.line);
                self.write(t, x);
                self.jump(join);
                self.enter(slow);
                let place = Operand::Const(Const::Int(*index as i64 + 1));
                let args = vec![v, Operand::Const(Const::str(name)), Operand::Const(Const::Atom(tag.clone())), place];
                let x = self.remote("mochi_ref", "field_at", args, e.line);
                self.write(t, x);
                self.jump(join);
                self.meet(join, parted);
                self.read(t)
            }
            Kind::Call(f, args) => {
                let a = self.exprs(args);
                self.inst(Op::Call(*f), a, e.line)
            }
            Kind::Remote(m, f, args) => {
                let a = self.exprs(args);
                self.remote(m, f, a, e.line)
            }
            Kind::MakeFun(f, caps) => {
                let a = self.exprs(caps);
                self.inst(Op::MakeFun(*f), a, e.line)
            }
            Kind::Apply(f, args) => {
                let fv = self.expr(f);
                let a = self.exprs(args);
                self.apply(fv, a, e.line)
            }
            Kind::Global(key) => {
                let v = self.inst(Op::Bif("get"), vec![Operand::Const(Const::Atom(key.clone()))], e.line);
                let (ok, slow, join) = (self.block(), self.block(), self.block());
                let t = self.temp();
                let parted = self.part();
                self.br(Test::EqExact, vec![v.clone(), Operand::Const(Const::atom("undefined"))], slow, ok);
                self.enter(ok);
                self.write(t, v);
                self.jump(join);
                self.enter(slow);
                let x = self.remote("mochi_core", "global", vec![Operand::Const(Const::Atom(key.clone()))], e.line);
                self.write(t, x);
                self.jump(join);
                self.meet(join, parted);
                self.read(t)
            }
            Kind::Match(m) => self.matching(m),
        }
    }

    pub(super) fn apply(&mut self, fv: Operand, args: Vec<Operand>, line: u32) -> Operand {
        if self.dead {
            return self.null();
        }
        let (fast, slow, join) = (self.block(), self.block(), self.block());
        let t = self.temp();
        let parted = self.part();
        self.br(Test::Fun(args.len() as u32), vec![fv.clone()], fast, slow);
        self.enter(fast);
        let mut full = args.clone();
        full.push(fv.clone());
        let x = self.inst(Op::CallFun, full, line);
        self.write(t, x);
        self.jump(join);
        self.enter(slow);
        let mut list = Operand::Const(Const::Nil);
        for a in args.into_iter().rev() {
            list = self.inst(Op::Cons, vec![a, list], 0);
        }
        let x = self.remote("mochi_core", "call", vec![fv, list], line);
        self.write(t, x);
        self.jump(join);
        self.meet(join, parted);
        self.read(t)
    }

    pub(super) fn arith(&mut self, op: Arith, hint: Hint, x: Operand, y: Operand, line: u32) -> Operand {
        if self.dead {
            return self.null();
        }
        let runtime = match op {
            // What is declared a float is computed with as one, even when an int has come there.
            Arith::Add if hint == Hint::Float => "float_add",
            Arith::Sub if hint == Hint::Float => "float_sub",
            Arith::Mul if hint == Hint::Float => "float_mul",
            Arith::Div if hint == Hint::Float => "float_divide",
            Arith::Rem if hint == Hint::Float => "float_rem",
            Arith::Add if hint == Hint::Int => "add_num",
            Arith::Add if hint == Hint::Str => "join",
            Arith::Add => "add",
            Arith::Sub => "sub",
            Arith::Mul => "mul",
            Arith::Div => "divide",
            Arith::Rem => "rem",
        };
        let float_const = |o: &Operand| matches!(o, Operand::Const(Const::Float(_)));
        let t = self.temp();
        let (slow, join) = (self.block(), self.block());
        let parted = self.part();
        let is_const = |o: &Operand| matches!(o, Operand::Const(_));
        if hint == Hint::Float && !matches!(op, Arith::Rem | Arith::Div) && !float_const(&x) && !float_const(&y) {
            let tested = if is_const(&x) { y.clone() } else { x.clone() };
            self.guard(Test::Float, vec![tested], slow);
        }
        let bif = match op {
            Arith::Add if hint == Hint::Str => None,
            Arith::Add => Some("+"),
            Arith::Sub => Some("-"),
            Arith::Mul => Some("*"),
            Arith::Rem if hint == Hint::Float => None,
            Arith::Rem => Some("rem"),
            Arith::Div if float_const(&x) || float_const(&y) => Some("/"),
            Arith::Div if hint == Hint::Float => {
                // `/` is right as soon as one side is a float.
                if !is_const(&x) {
                    self.guard(Test::Float, vec![x.clone()], slow);
                } else {
                    self.guard(Test::Float, vec![y.clone()], slow);
                }
                Some("/")
            }
            Arith::Div => Some("div"),
        };
        match bif {
            Some(bif) => {
                let dst = self.val();
                let ok = self.block();
                self.end(Term::Try { bif, args: vec![x.clone(), y.clone()], dst, ok, fail: slow });
                self.enter(ok);
                self.write(t, Operand::Val(dst));
                self.jump(join);
            }
            None => self.jump(slow),
        }
        self.enter(slow);
        let r = self.remote("mochi_num", runtime, vec![x, y], line);
        self.write(t, r);
        self.jump(join);
        self.meet(join, parted);
        self.read(t)
    }

    pub(super) fn matching(&mut self, m: &Match) -> Operand {
        if self.dead {
            return self.null();
        }
        let t = self.temp();
        let arms: Vec<Blk> = m.arms.iter().map(|_| self.block()).collect();
        let join = self.block();
        let parted = self.part();
        self.tree(&m.tree, &arms, t, join);
        for (blk, body) in arms.iter().zip(&m.arms) {
            self.enter(*blk);
            if self.dead {
                continue;
            }
            let v = self.expr(body);
            self.write(t, v);
            self.jump(join);
        }
        self.meet(join, parted);
        self.read(t)
    }
    pub(super) fn tree(&mut self, tree: &Tree, arms: &[Blk], result: Var, join: Blk) {
        if self.dead {
            return;
        }
        match tree {
            Tree::Fail => {
                self.write(result, Operand::Const(Const::null()));
                self.jump(join);
            }
            Tree::Leaf { arm, binds } => {
                for (to, from) in binds {
                    let v = self.read(*from);
                    self.write(*to, v);
                }
                self.jump(arms[*arm]);
            }
            Tree::Test { test, yes, no } => {
                let (y, n) = (self.block(), self.block());
                self.cond(test, Hint::Bool, y, n);
                self.enter(y);
                self.tree(yes, arms, result, join);
                self.enter(n);
                self.tree(no, arms, result, join);
            }
            Tree::Bind { var, value, then } => {
                let v = self.expr(value);
                self.write(*var, v);
                self.tree(then, arms, result, join);
            }
        }
    }
}

fn all_const(args: &[Operand]) -> Option<Vec<Const>> {
    args.iter()
        .map(|a| match a {
            Operand::Const(c) => Some(c.clone()),
            Operand::Val(_) => None,
        })
        .collect()
}
