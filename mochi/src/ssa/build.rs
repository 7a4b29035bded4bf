//! Core IR to SSA, after Braun and others, "Simple and Efficient Construction of SSA Form" (2013).
//!
//! Every edge into a block with phis comes from a block of its own or one that ends in `Jump`, because conditional ends always go to
//! fresh blocks. Mochi's operators get their fast path here: a BEAM instruction that is right for what the hint promises, tested or with a way out, and a
//! runtime call that is right for everything.

use super::{Blk, Block, Func, Inst, Op, Operand, Phi, Term, Test, Val};
use crate::core_ir::{Arith, Cmp, Const, Expr, Fun, Hint, Kind, Match, Stmt, Tree, TypeTest, Var};
use std::collections::{HashMap, HashSet};

struct Builder {
    blocks: Vec<Block>,
    sealed: Vec<bool>,
    incomplete: HashMap<Blk, Vec<(Var, Val)>>,
    defs: HashMap<(Var, Blk), Operand>,
    replaced: HashMap<Val, Operand>,
    phi_home: HashMap<Val, Blk>,
    /// For a block where ways meet again: the block that they all come from, and the variables written between. Any other variable has
    /// there the value that it has at the end of that block, and needs no phi.
    shortcuts: HashMap<Blk, (Blk, HashSet<Var>)>,
    /// Every write, in order.
    writes: Vec<Var>,
    vals: u32,
    cur: Blk,
    /// (header, exit) of the enclosing loops
    loops: Vec<(Blk, Blk)>,
    /// Temporaries of expressions that join.
    next_var: Var,
    dead: bool,
}

/// Builds one function.
pub fn build(f: &Fun) -> Func {
    let mut b = Builder {
        blocks: vec![],
        sealed: vec![],
        incomplete: HashMap::new(),
        defs: HashMap::new(),
        replaced: HashMap::new(),
        phi_home: HashMap::new(),
        shortcuts: HashMap::new(),
        writes: vec![],
        vals: 0,
        cur: 0,
        loops: vec![],
        next_var: f.var_count,
        dead: false,
    };
    b.cur = b.block();
    b.sealed[0] = true;
    let mut params = vec![];
    for p in &f.params {
        let v = b.val();
        params.push(v);
        b.write(*p, Operand::Val(v));
    }
    b.stmts(&f.body);
    if !b.dead {
        b.end(Term::Ret(Operand::Const(Const::null())));
    }
    b.finish(params)
}

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
    fn block(&mut self) -> Blk {
        self.blocks.push(Block::default());
        self.sealed.push(false);
        self.blocks.len() - 1
    }
    fn val(&mut self) -> Val {
        self.vals += 1;
        self.vals - 1
    }
    fn temp(&mut self) -> Var {
        self.next_var += 1;
        self.next_var - 1
    }

    fn end(&mut self, term: Term) {
        let from = self.cur;
        if !matches!(self.blocks[from].term, Term::None) {
            return;
        }
        for s in term.succs() {
            if !self.blocks[s].preds.contains(&from) {
                self.blocks[s].preds.push(from);
            }
        }
        self.blocks[from].term = term;
    }
    fn jump(&mut self, to: Blk) {
        if !self.dead {
            self.end(Term::Jump(to));
        }
    }
    /// Where ways part: to be given to `meet`.
    fn part(&self) -> (Blk, usize) {
        (self.cur, self.writes.len())
    }
    /// Goes on in `b`, to which all ways lead that parted there.
    fn meet(&mut self, b: Blk, parted: (Blk, usize)) {
        let written = self.writes.get(parted.1..).unwrap_or_default().iter().copied().collect();
        self.shortcuts.insert(b, (parted.0, written));
        self.enter(b);
    }
    /// Goes on in `b`, all of whose predecessors are known.
    fn enter(&mut self, b: Blk) {
        self.seal(b);
        self.cur = b;
        self.dead = self.blocks[b].preds.is_empty();
    }

    // ---- variables

    fn write(&mut self, var: Var, value: Operand) {
        self.writes.push(var);
        self.defs.insert((var, self.cur), value);
    }
    fn read(&mut self, var: Var) -> Operand {
        let v = self.read_in(var, self.cur);
        self.resolve(v)
    }
    fn resolve(&self, mut v: Operand) -> Operand {
        while let Operand::Val(x) = &v {
            match self.replaced.get(x) {
                Some(r) => v = r.clone(),
                None => break,
            }
        }
        v
    }
    /// Walks up to the definition; phis on the way are filled from a work list, not by recursion, because programs can be long.
    fn read_in(&mut self, var: Var, start: Blk) -> Operand {
        struct Pending {
            block: Blk,
            dst: Val,
            preds: Vec<Blk>,
            args: Vec<(Blk, Operand)>,
            /// Blocks below that want the value.
            below: Vec<Blk>,
        }
        let mut stack: Vec<Pending> = vec![];
        let mut chain = vec![];
        let mut b = start;
        loop {
            let found = if let Some(v) = self.defs.get(&(var, b)) {
                v.clone()
            } else {
                if let Some((from, written)) = self.shortcuts.get(&b)
                    && !written.contains(&var)
                {
                    b = *from;
                    continue;
                }
                chain.push(b);
                if !self.sealed[b] {
                    let dst = self.new_phi(b);
                    self.incomplete.entry(b).or_default().push((var, dst));
                    Operand::Val(dst)
                } else {
                    match self.blocks[b].preds.as_slice() {
                        [] => Operand::Const(Const::null()),
                        [p] => {
                            b = *p;
                            continue;
                        }
                        preds => {
                            let preds = preds.to_vec();
                            let dst = self.new_phi(b);
                            self.defs.insert((var, b), Operand::Val(dst));
                            let below = std::mem::take(&mut chain);
                            let first = preds[0];
                            stack.push(Pending { block: b, dst, preds, args: vec![], below });
                            b = first;
                            continue;
                        }
                    }
                }
            };
            let mut value = self.resolve(found);
            loop {
                for c in chain.drain(..) {
                    self.defs.insert((var, c), value.clone());
                }
                let Some(top) = stack.last_mut() else { return value };
                let from = top.preds[top.args.len()];
                top.args.push((from, value));
                if let Some(next) = top.preds.get(top.args.len()) {
                    b = *next;
                    break;
                }
                let Some(done) = stack.pop() else { return Operand::Const(Const::null()) };
                if let Some(phi) = self.blocks[done.block].phis.iter_mut().find(|p| p.dst == done.dst) {
                    phi.args = done.args;
                }
                value = self.try_trivial(done.dst);
                chain = done.below;
            }
        }
    }
    fn new_phi(&mut self, b: Blk) -> Val {
        let dst = self.val();
        self.blocks[b].phis.push(Phi { dst, args: vec![] });
        self.phi_home.insert(dst, b);
        dst
    }
    fn fill_phi(&mut self, var: Var, b: Blk, dst: Val) -> Operand {
        let preds = self.blocks[b].preds.clone();
        let mut args = vec![];
        for p in preds {
            args.push((p, self.read_in(var, p)));
        }
        if let Some(phi) = self.blocks[b].phis.iter_mut().find(|p| p.dst == dst) {
            phi.args = args;
        }
        self.try_trivial(dst)
    }
    fn try_trivial(&mut self, dst: Val) -> Operand {
        let Some(&home) = self.phi_home.get(&dst) else { return self.resolve(Operand::Val(dst)) };
        let Some(at) = self.blocks[home].phis.iter().position(|p| p.dst == dst) else {
            return self.resolve(Operand::Val(dst));
        };
        let mut same: Option<Operand> = None;
        for (_, a) in &self.blocks[home].phis[at].args {
            let a = self.resolve(a.clone());
            if a == Operand::Val(dst) || Some(&a) == same.as_ref() {
                continue;
            }
            if same.is_some() {
                return Operand::Val(dst);
            }
            same = Some(a);
        }
        let same = same.unwrap_or(Operand::Const(Const::null()));
        self.blocks[home].phis.remove(at);
        self.phi_home.remove(&dst);
        self.replaced.insert(dst, same.clone());
        same
    }
    fn seal(&mut self, b: Blk) {
        if self.sealed[b] {
            return;
        }
        self.sealed[b] = true;
        for (var, dst) in self.incomplete.remove(&b).unwrap_or_default() {
            self.fill_phi(var, b, dst);
        }
    }

    fn finish(mut self, params: Vec<Val>) -> Func {
        for b in 0..self.blocks.len() {
            self.seal(b);
        }
        // Phis that became trivial because others did.
        loop {
            let vals: Vec<Val> = self.blocks.iter().flat_map(|b| b.phis.iter().map(|p| p.dst)).collect();
            let before = self.replaced.len();
            for v in vals {
                self.try_trivial(v);
            }
            if self.replaced.len() == before {
                break;
            }
        }
        let mut blocks = std::mem::take(&mut self.blocks);
        for b in &mut blocks {
            for p in &mut b.phis {
                for a in &mut p.args {
                    a.1 = self.resolve(a.1.clone());
                }
            }
            for i in &mut b.insts {
                for a in &mut i.args {
                    *a = self.resolve(a.clone());
                }
            }
            for a in b.term.args_mut() {
                *a = self.resolve(a.clone());
            }
        }
        let mut f = Func { params, blocks, val_count: self.vals };
        f.clean();
        f
    }

    // ---- instructions

    fn inst(&mut self, op: Op, args: Vec<Operand>, line: u32) -> Operand {
        let dst = self.val();
        self.blocks[self.cur].insts.push(Inst { dst, op, args, line });
        Operand::Val(dst)
    }
    fn remote(&mut self, m: &'static str, f: &'static str, args: Vec<Operand>, line: u32) -> Operand {
        self.inst(Op::CallExt(m, f), args, line)
    }
    fn br(&mut self, test: Test, args: Vec<Operand>, yes: Blk, no: Blk) {
        if yes == no {
            self.jump(yes);
        } else {
            self.end(Term::Br { test, args, yes, no });
        }
    }
    /// Tests and goes on in the yes branch; returns to `no` otherwise.
    fn guard(&mut self, test: Test, args: Vec<Operand>, no: Blk) {
        let yes = self.block();
        self.br(test, args, yes, no);
        self.enter(yes);
    }

    // ---- statements

    fn stmts(&mut self, body: &[Stmt]) {
        for s in body {
            if self.dead {
                return;
            }
            self.stmt(s);
        }
    }
    fn stmt(&mut self, s: &Stmt) {
        match s {
            Stmt::Set(v, e) => {
                let x = self.expr(e);
                self.write(*v, x);
            }
            Stmt::Eval(e) => {
                self.expr(e);
            }
            Stmt::If(c, a, b) => {
                let (yes, no, join) = (self.block(), self.block(), self.block());
                let parted = self.part();
                self.cond(c, Hint::Any, yes, no);
                for (blk, body) in [(yes, a), (no, b)] {
                    self.enter(blk);
                    self.stmts(body);
                    self.jump(join);
                }
                self.meet(join, parted);
            }
            Stmt::Loop(body) => {
                let (head, exit) = (self.block(), self.block());
                self.blocks[head].is_loop = true;
                let mut written = HashSet::new();
                assigned(body, &mut written);
                self.shortcuts.insert(head, (self.cur, written.clone()));
                self.shortcuts.insert(exit, (head, written));
                self.jump(head);
                self.cur = head;
                self.dead = false;
                self.loops.push((head, exit));
                self.stmts(body);
                self.loops.pop();
                self.jump(head);
                self.seal(head);
                self.enter(exit);
            }
            Stmt::Break | Stmt::Continue => {
                if let Some(&(head, exit)) = self.loops.last() {
                    self.jump(if matches!(s, Stmt::Break) { exit } else { head });
                }
                self.dead = true;
            }
            Stmt::Return(e) => {
                let x = self.expr(e);
                if !self.dead {
                    self.end(Term::Ret(x));
                }
                self.dead = true;
            }
        }
    }

    // ---- conditions

    /// Branches on the truth of `e`.
    fn cond(&mut self, e: &Expr, hint: Hint, yes: Blk, no: Blk) {
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
    fn pair(&mut self, a: &Expr, b: &Expr) -> (Operand, Operand) {
        let x = self.expr(a);
        let y = self.expr(b);
        (self.resolve(x), y)
    }
    fn truth(&mut self, v: Operand, _hint: Hint, yes: Blk, no: Blk) {
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
    fn type_test(&mut self, t: &TypeTest, v: Operand, yes: Blk, no: Blk) {
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
    fn compare(&mut self, op: Cmp, hint: Hint, x: Operand, y: Operand, yes: Blk, no: Blk, line: u32) {
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

    fn exprs(&mut self, es: &[Expr]) -> Vec<Operand> {
        es.iter().map(|e| self.expr(e)).collect()
    }
    fn null(&self) -> Operand {
        Operand::Const(Const::null())
    }
    /// A boolean (or other two-way) result as a value.
    fn materialise(&mut self, e: &Expr) -> Operand {
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

    fn expr(&mut self, e: &Expr) -> Operand {
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
                let x = self.remote("mochi_core", "field", vec![v, Operand::Const(Const::str(name))], e.line);
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

    fn apply(&mut self, fv: Operand, args: Vec<Operand>, line: u32) -> Operand {
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

    fn arith(&mut self, op: Arith, hint: Hint, x: Operand, y: Operand, line: u32) -> Operand {
        if self.dead {
            return self.null();
        }
        let runtime = match op {
            Arith::Add if matches!(hint, Hint::Int | Hint::Float) => "add_num",
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
                if !matches!(x, Operand::Const(_)) {
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
        let r = self.remote("mochi_core", runtime, vec![x, y], line);
        self.write(t, r);
        self.jump(join);
        self.meet(join, parted);
        self.read(t)
    }

    fn matching(&mut self, m: &Match) -> Operand {
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
    fn tree(&mut self, tree: &Tree, arms: &[Blk], result: Var, join: Blk) {
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

/// Variables that statements assign.
fn assigned(stmts: &[Stmt], out: &mut HashSet<Var>) {
    for s in stmts {
        match s {
            Stmt::Set(v, e) => {
                out.insert(*v);
                assigned_in(e, out);
            }
            Stmt::Eval(e) | Stmt::Return(e) => assigned_in(e, out),
            Stmt::If(c, a, b) => {
                assigned_in(c, out);
                assigned(a, out);
                assigned(b, out);
            }
            Stmt::Loop(b) => assigned(b, out),
            Stmt::Break | Stmt::Continue => {}
        }
    }
}

/// Variables that the statements inside an expression assign.
fn assigned_in(e: &Expr, out: &mut HashSet<Var>) {
    match &e.kind {
        Kind::Const(_) | Kind::Var(_) | Kind::Global(_) => {}
        Kind::Arith(_, _, a, b) | Kind::Cmp(_, _, a, b) | Kind::And(_, a, b) | Kind::Or(_, a, b) => {
            assigned_in(a, out);
            assigned_in(b, out);
        }
        Kind::Test(_, a) | Kind::Not(_, a) | Kind::Head(a) | Kind::Tail(a) | Kind::Elem(_, a) => assigned_in(a, out),
        Kind::Field { base, .. } => assigned_in(base, out),
        Kind::If(_, c, a, b) => [c, a, b].into_iter().for_each(|e| assigned_in(e, out)),
        Kind::Seq(b, x) => {
            assigned(b, out);
            assigned_in(x, out);
        }
        Kind::Tuple(es) | Kind::List(es) | Kind::Call(_, es) | Kind::Remote(_, _, es) | Kind::MakeFun(_, es) => {
            es.iter().for_each(|e| assigned_in(e, out));
        }
        Kind::Apply(f, es) => {
            assigned_in(f, out);
            es.iter().for_each(|e| assigned_in(e, out));
        }
        Kind::Match(m) => {
            assigned_by_tree(&m.tree, out);
            m.arms.iter().for_each(|e| assigned_in(e, out));
        }
    }
}

fn assigned_by_tree(t: &Tree, out: &mut HashSet<Var>) {
    match t {
        Tree::Fail => {}
        Tree::Leaf { binds, .. } => out.extend(binds.iter().map(|b| b.0)),
        Tree::Test { test, yes, no } => {
            assigned_in(test, out);
            assigned_by_tree(yes, out);
            assigned_by_tree(no, out);
        }
        Tree::Bind { var, value, then } => {
            out.insert(*var);
            assigned_in(value, out);
            assigned_by_tree(then, out);
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
