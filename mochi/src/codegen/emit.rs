//! Instructions of one loop-free piece: moves, calls, the frame, and live counts.
//!
//! Invariant (what `beam_validator` asks of us): at every instruction that may collect garbage, x registers below the live count are
//! defined (holes are filled with nil first), and all frame slots are initialised.

use super::Labels;
use super::tables::Tables;
use crate::core_ir::{Const, Module};
use crate::regalloc::{Alloc, Loc, allocate, tail_call};
use crate::ssa::infer::{self, Kinds};
use crate::ssa::split::{Piece, Set, live_out};
use crate::ssa::{Blk, Func, Inst, Op as S, Operand, Term, Test, Val};
use beambox_beamfile::{AllocKind, Arg, Op};
use std::collections::{BTreeSet, HashMap};

/// What all pieces share.
pub struct Context<'a> {
    pub module: &'a Module,
    pub funcs: &'a [Func],
    pub labels: &'a Labels,
    pub vals: &'a [Kinds],
}

struct Emit<'a> {
    t: &'a mut Tables,
    cx: &'a Context<'a>,
    f: &'a Func,
    fun: usize,
    alloc: Alloc,
    labels: HashMap<Blk, u32>,
    /// Defined x registers at this point.
    defined: BTreeSet<u16>,
    /// The same at the start of blocks yet to come.
    entry_defined: HashMap<Blk, BTreeSet<u16>>,
    framed: bool,
}

/// Writes one piece as a function.
pub fn piece(t: &mut Tables, cx: &Context<'_>, fun: usize, p: &Piece, name: &str, entry: u32) {
    let f = &cx.funcs[fun];
    let alloc = allocate(f, p);
    let labels = p.blocks.iter().map(|b| (*b, if *b == p.root { entry } else { t.new_label() })).collect();
    let atom = t.atom(name);
    let module = t.atom_zero();
    t.op(Op::Label, vec![Arg::U(u64::from(entry) - 1)]);
    t.line(cx.module.funs[fun].line);
    t.op(Op::FuncInfo, vec![Arg::Atom(module), Arg::Atom(atom), Arg::U(p.params.len() as u64)]);
    let mut e =
        Emit { t, cx, f, fun, alloc, labels, defined: BTreeSet::new(), entry_defined: HashMap::new(), framed: false };
    e.entry_defined.insert(p.root, (0..p.params.len() as u16).collect());
    for (n, &b) in p.blocks.iter().enumerate() {
        e.block(b, p.blocks.get(n + 1).copied());
    }
}

fn arg(l: Loc) -> Arg {
    match l {
        Loc::X(x) => Arg::X(x),
        Loc::Y(y) => Arg::Y(y),
    }
}

impl Emit<'_> {
    fn label(&self, b: Blk) -> Arg {
        Arg::Label(self.labels.get(&b).copied().unwrap_or(0))
    }
    fn loc(&self, v: Val) -> Loc {
        self.alloc.loc(v, self.framed)
    }
    fn kinds(&self, o: &Operand) -> Kinds {
        infer::kinds(self.cx.vals, o)
    }
    /// An operand as a source.
    fn src(&mut self, o: &Operand) -> Arg {
        match o {
            Operand::Val(v) => arg(self.loc(*v)),
            Operand::Const(c) => self.t.constant(c),
        }
    }
    /// The same with what is known of its type.
    fn typed(&mut self, o: &Operand) -> Arg {
        let a = self.src(o);
        let k = self.kinds(o);
        match (a, if matches!(o, Operand::Val(_)) { self.t.type_index(k) } else { 0 }) {
            (a, 0) => a,
            (Arg::X(x), i) => Arg::TypedX(x, i),
            (Arg::Y(y), i) => Arg::TypedY(y, i),
            (a, _) => a,
        }
    }
    /// An operand that must be in a register.
    fn reg(&mut self, o: &Operand) -> Arg {
        let a = self.typed(o);
        if matches!(o, Operand::Const(_)) {
            let s = Arg::X(self.alloc.scratch);
            self.t.op(Op::Move, vec![a, s.clone()]);
            self.defined.insert(self.alloc.scratch);
            return s;
        }
        a
    }
    fn mov(&mut self, from: Arg, to: Loc) {
        if from != arg(to) {
            self.t.op(Op::Move, vec![from, arg(to)]);
        }
        if let Loc::X(x) = to {
            self.defined.insert(x);
        }
    }
    /// All moves at once.
    fn parallel(&mut self, moves: Vec<(Arg, Loc)>) {
        let mut todo: Vec<(Arg, Loc)> = moves.into_iter().filter(|(a, l)| *a != arg(*l)).collect();
        while !todo.is_empty() {
            // A move whose target nobody else still reads.
            let ready =
                (0..todo.len()).find(|i| !todo.iter().enumerate().any(|(j, (a, _))| j != *i && *a == arg(todo[*i].1)));
            match ready {
                Some(i) => {
                    let (a, l) = todo.swap_remove(i);
                    self.mov(a, l);
                }
                None => {
                    // A cycle: put one source aside.
                    let a = todo[0].0.clone();
                    let s = Loc::X(self.alloc.scratch);
                    self.mov(a.clone(), s);
                    for m in &mut todo {
                        if m.0 == a {
                            m.0 = arg(s);
                        }
                    }
                }
            }
        }
    }
    /// Live count over the x registers of `live` and of `args`; fills holes.
    fn live_count(&mut self, live: &Set, args: &[Operand]) -> u64 {
        let mut n = 0;
        for v in live.iter().chain(args.iter().filter_map(Operand::val)) {
            if let Loc::X(x) = self.loc(v) {
                n = n.max(x + 1);
            }
        }
        for x in 0..n {
            if !self.defined.contains(&x) {
                self.t.op(Op::Move, vec![Arg::Nil, Arg::X(x)]);
                self.defined.insert(x);
            }
        }
        self.defined.retain(|x| *x < n);
        u64::from(n)
    }

    fn block(&mut self, b: Blk, next: Option<Blk>) {
        self.defined = self.entry_defined.remove(&b).unwrap_or_default();
        let Arg::Label(l) = self.label(b) else { return };
        self.t.op(Op::Label, vec![Arg::U(u64::from(l))]);
        self.framed = self.alloc.framed[b];
        if self.alloc.frame_block == Some(b) {
            self.make_frame(b);
        }
        let f = self.f;
        let blk = &f.blocks[b];
        // Live after each instruction, from behind.
        let mut live = live_out(f, b, &self.alloc.live_in);
        let mut after_term = live.clone();
        for v in blk.term.args().iter().filter_map(Operand::val) {
            live.insert(v);
        }
        if let Term::Try { dst, .. } = &blk.term {
            after_term.remove(*dst);
            live.remove(*dst);
        }
        let mut after = Vec::with_capacity(blk.insts.len());
        for i in blk.insts.iter().rev() {
            live.remove(i.dst);
            after.push(live.clone());
            for v in i.args.iter().filter_map(Operand::val) {
                live.insert(v);
            }
        }
        after.reverse();
        let tail = tail_call(f, b);
        for (n, i) in blk.insts.iter().enumerate() {
            if tail && n + 1 == blk.insts.len() {
                self.tail(i);
                return;
            }
            self.inst(i, &after[n]);
        }
        self.term(b, &after_term, next);
    }

    fn make_frame(&mut self, b: Blk) {
        let f = self.f;
        let blk = &f.blocks[b];
        let incoming: Vec<Val> = self.alloc.live_in[b]
            .iter()
            .chain(blk.phis.iter().map(|p| p.dst))
            .chain(
                // Parameters arrive whether they are used or not; the unused need no register.
                std::iter::empty(),
            )
            .collect();
        let mut n = 0;
        for v in &incoming {
            if let Some(x) = self.alloc.x[*v as usize] {
                n = n.max(x + 1);
            }
        }
        for x in 0..n {
            if !self.defined.contains(&x) {
                self.t.op(Op::Move, vec![Arg::Nil, Arg::X(x)]);
            }
        }
        self.defined = (0..n).collect();
        self.t.op(Op::Allocate, vec![Arg::U(u64::from(self.alloc.frame_size)), Arg::U(u64::from(n))]);
        let mut set = BTreeSet::new();
        for v in incoming {
            if let (Some(y), Some(x)) = (self.alloc.y[v as usize], self.alloc.x[v as usize]) {
                self.t.op(Op::Move, vec![Arg::X(x), Arg::Y(y)]);
                set.insert(y);
            }
        }
        let rest: Vec<Arg> = (0..self.alloc.frame_size).filter(|y| !set.contains(y)).map(Arg::Y).collect();
        if !rest.is_empty() {
            self.t.op(Op::InitYregs, vec![Arg::List(rest)]);
        }
    }

    /// Arguments into x0, x1, ...
    fn call_args(&mut self, args: &[Operand]) {
        let mut moves = vec![];
        for (n, a) in args.iter().enumerate() {
            let s = self.src(a);
            moves.push((s, Loc::X(n as u16)));
        }
        self.parallel(moves);
    }
    fn target(&self, g: usize) -> Arg {
        Arg::Label(self.cx.labels.get(&(g, 0)).copied().unwrap_or(0))
    }

    fn inst(&mut self, i: &Inst, after: &Set) {
        let dst = self.loc(i.dst);
        match &i.op {
            S::Move => {
                let s = self.src(&i.args[0]);
                self.mov(s, dst);
                return;
            }
            S::Call(_) | S::CallExt(..) | S::CallFun => {
                self.call_args(&i.args);
                self.t.line(i.line);
                let n = i.args.len() as u64;
                match &i.op {
                    S::Call(g) => self.t.op(Op::Call, vec![Arg::U(n), self.target(*g)]),
                    S::CallExt(m, f) => {
                        let import = self.t.import(m, f, n as u32);
                        self.t.op(Op::CallExt, vec![Arg::U(n), Arg::U(u64::from(import))]);
                    }
                    _ => self.t.op(Op::CallFun, vec![Arg::U(n - 1)]),
                }
                self.defined = BTreeSet::from([0]);
                let used = self.alloc.x[i.dst as usize].is_some() || self.alloc.y[i.dst as usize].is_some();
                if used {
                    self.mov(Arg::X(0), dst);
                }
                return;
            }
            S::GcBif(name) => {
                let args: Vec<Arg> = i.args.iter().map(|a| self.typed(a)).collect();
                let live = self.live_count(after, &i.args);
                let import = self.t.import("erlang", name, args.len() as u32);
                let mut all = vec![Arg::Label(0), Arg::U(live), Arg::U(u64::from(import))];
                let op = if args.len() == 1 { Op::GcBif1 } else { Op::GcBif2 };
                all.extend(args);
                all.push(arg(dst));
                self.t.op(op, all);
            }
            S::Bif(name) => {
                let import = self.t.import("erlang", name, i.args.len() as u32);
                let mut all = vec![Arg::Label(0), Arg::U(u64::from(import))];
                for a in &i.args {
                    let a = self.src(a);
                    all.push(a);
                }
                all.push(arg(dst));
                self.t.op(if i.args.len() == 1 { Op::Bif1 } else { Op::Bif2 }, all);
            }
            S::Elem(n) => {
                let s = self.reg(&i.args[0]);
                self.t.op(Op::GetTupleElement, vec![untyped(s), Arg::U(u64::from(*n)), arg(dst)]);
            }
            S::Hd | S::Tl => {
                let s = self.reg(&i.args[0]);
                let op = if i.op == S::Hd { Op::GetHd } else { Op::GetTl };
                self.t.op(op, vec![untyped(s), arg(dst)]);
            }
            S::Tuple => {
                let live = self.live_count(after, &i.args);
                self.t.op(Op::TestHeap, vec![Arg::U(i.args.len() as u64 + 1), Arg::U(live)]);
                let args = i.args.iter().map(|a| self.src(a)).collect();
                self.t.op(Op::PutTuple2, vec![arg(dst), Arg::List(args)]);
            }
            S::Cons => {
                let live = self.live_count(after, &i.args);
                self.t.op(Op::TestHeap, vec![Arg::U(2), Arg::U(live)]);
                let (h, t) = (self.src(&i.args[0]), self.src(&i.args[1]));
                self.t.op(Op::PutList, vec![h, t, arg(dst)]);
            }
            S::MakeFun(g) => {
                let live = self.live_count(after, &i.args);
                let need = vec![(AllocKind::Words, i.args.len() as u64), (AllocKind::Floats, 0), (AllocKind::Funs, 1)];
                self.t.op(Op::TestHeap, vec![Arg::Alloc(need), Arg::U(live)]);
                let fun = &self.cx.module.funs[*g];
                let label = self.cx.labels.get(&(*g, 0)).copied().unwrap_or(0);
                let index = self.t.lambda(&fun.name, fun.params.len() as u32, label, fun.num_free as u32);
                let args = i.args.iter().map(|a| self.src(a)).collect();
                self.t.op(Op::MakeFun3, vec![Arg::U(u64::from(index)), arg(dst), Arg::List(args)]);
            }
        }
        if let Loc::X(x) = dst {
            self.defined.insert(x);
        }
    }

    fn tail(&mut self, i: &Inst) {
        self.call_args(&i.args);
        self.t.line(i.line);
        let n = i.args.len() as u64;
        match &i.op {
            S::Call(g) => {
                let l = self.target(*g);
                self.call_last(n, l);
            }
            _ => {
                self.t.op(Op::CallFun, vec![Arg::U(n.saturating_sub(1))]);
                self.ret();
            }
        }
    }
    fn call_last(&mut self, n: u64, label: Arg) {
        if self.framed {
            self.t.op(Op::CallLast, vec![Arg::U(n), label, Arg::U(u64::from(self.alloc.frame_size))]);
        } else {
            self.t.op(Op::CallOnly, vec![Arg::U(n), label]);
        }
    }
    fn ret(&mut self) {
        if self.framed {
            self.t.op(Op::Deallocate, vec![Arg::U(u64::from(self.alloc.frame_size))]);
        }
        self.t.op(Op::Return, vec![]);
    }

    /// Control goes to `to`: what is defined there.
    fn flows(&mut self, to: Blk) {
        match self.entry_defined.get_mut(&to) {
            Some(s) => s.retain(|x| self.defined.contains(x)),
            None => {
                self.entry_defined.insert(to, self.defined.clone());
            }
        }
    }
    fn goto(&mut self, to: Blk, next: Option<Blk>) {
        if next != Some(to) {
            let l = self.label(to);
            self.t.op(Op::Jump, vec![l]);
        }
    }

    fn term(&mut self, b: Blk, after: &Set, next: Option<Blk>) {
        let f = self.f;
        match &f.blocks[b].term {
            Term::Jump(s) => {
                let (here, there) = (self.framed, self.alloc.framed[*s] && self.alloc.frame_block != Some(*s));
                let mut moves = vec![];
                for p in &f.blocks[*s].phis {
                    if let Some((_, a)) = p.args.iter().find(|a| a.0 == b) {
                        let a = a.clone();
                        let from = self.src(&a);
                        moves.push((from, self.alloc.loc(p.dst, there)));
                    }
                }
                if here && !there {
                    for v in self.alloc.live_in[*s].iter() {
                        moves.push((arg(self.alloc.loc(v, true)), self.alloc.loc(v, false)));
                    }
                }
                self.parallel(moves);
                if here && !there {
                    self.t.op(Op::Deallocate, vec![Arg::U(u64::from(self.alloc.frame_size))]);
                }
                self.flows(*s);
                self.goto(*s, next);
            }
            Term::Br { test, args, yes, no } => {
                self.test(test, args, *no);
                self.flows(*yes);
                self.flows(*no);
                self.goto(*yes, next);
            }
            Term::Try { bif, args, dst, ok, fail } => {
                let operands: Vec<Arg> = args.iter().map(|a| self.typed(a)).collect();
                let live = self.live_count(after, args);
                let import = self.t.import("erlang", bif, 2);
                let d = self.loc(*dst);
                let mut all = vec![self.label(*fail), Arg::U(live), Arg::U(u64::from(import))];
                all.extend(operands);
                all.push(arg(d));
                self.t.op(Op::GcBif2, all);
                self.flows(*fail);
                if let Loc::X(x) = d {
                    self.defined.insert(x);
                }
                self.flows(*ok);
                self.goto(*ok, next);
            }
            Term::Switch { arg: o, cases, default } => {
                let s = self.reg(o);
                let mut list = vec![];
                for (c, to) in cases {
                    list.push(self.t.constant(c));
                    list.push(self.label(*to));
                    self.flows(*to);
                }
                self.flows(*default);
                let l = self.label(*default);
                self.t.op(Op::SelectVal, vec![s, l, Arg::List(list)]);
            }
            Term::Ret(o) => {
                let s = self.src(o);
                self.mov(s, Loc::X(0));
                self.ret();
            }
            Term::Tail { root, args } => {
                self.call_args(args);
                let l = Arg::Label(self.cx.labels.get(&(self.fun, *root)).copied().unwrap_or(0));
                self.call_last(args.len() as u64, l);
            }
            Term::None => {
                let s = self.t.constant(&Const::null());
                self.mov(s, Loc::X(0));
                self.ret();
            }
        }
    }

    fn test(&mut self, test: &Test, args: &[Operand], no: Blk) {
        let fail = self.label(no);
        let (op, extra) = match test {
            Test::Lt => (Op::IsLt, None),
            Test::Ge => (Op::IsGe, None),
            Test::Eq => (Op::IsEq, None),
            Test::Ne => (Op::IsNe, None),
            Test::EqExact => (Op::IsEqExact, None),
            Test::Integer => (Op::IsInteger, None),
            Test::Float => (Op::IsFloat, None),
            Test::Number => (Op::IsNumber, None),
            Test::Binary => (Op::IsBinary, None),
            Test::Tuple => (Op::IsTuple, None),
            Test::NonemptyList => (Op::IsNonemptyList, None),
            Test::Tagged(n, a) => {
                let a = self.t.atom(a);
                (Op::IsTaggedTuple, Some(vec![Arg::U(u64::from(*n)), Arg::Atom(a)]))
            }
            Test::Fun(n) => (Op::IsFunction2, Some(vec![Arg::I(i64::from(*n))])),
        };
        let mut all = vec![fail];
        if args.len() == 2 {
            // One side may be constant, not both.
            let both = args.iter().all(|a| matches!(a, Operand::Const(_)));
            if both {
                let first = self.reg(&args[0]);
                all.push(first);
            } else {
                let a = self.typed(&args[0]);
                all.push(a);
            }
            let second = self.typed(&args[1]);
            all.push(second);
        } else {
            let a = self.reg(&args[0]);
            all.push(a);
        }
        all.extend(extra.unwrap_or_default());
        self.t.op(op, all);
    }
}

/// Where the format wants a plain register.
fn untyped(a: Arg) -> Arg {
    match a {
        Arg::TypedX(x, _) => Arg::X(x),
        Arg::TypedY(y, _) => Arg::Y(y),
        a => a,
    }
}
