//! Core IR to SSA, after Braun and others, "Simple and Efficient Construction of SSA Form" (2013).
//!
//! Every edge into a block with phis comes from a block of its own or one that ends in `Jump`, because conditional ends always go to
//! fresh blocks. In [`expr`] Mochi's operators get their fast path here: a BEAM instruction that is right for what the hint promises, tested or with a way out, and a
//! runtime call that is right for everything.

mod assigned;
mod expr;

use super::{Blk, Block, Func, Inst, Op, Operand, Phi, Term, Test, Val};
use crate::core_ir::{Const, Fun, Hint, Stmt, Var};
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
                assigned::statements(body, &mut written);
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
}
