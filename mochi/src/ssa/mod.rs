//! Functions as basic blocks in static single assignment form, close to BEAM instructions.
//!
//! [`build`] makes them from core IR, [`infer`] finds out what values can be and removes needless tests, [`split`] cuts each
//! function at its loop headers, so that what remains is acyclic and every loop is a tail call (the VM preempts and counts reductions at
//! calls only). Mirrors the division of labour of OTP's `beam_ssa*` passes, not their code.
//!
//! Invariants: a value is defined once and its definition dominates its uses; `preds` match the terminators; phi arguments are one
//! per predecessor.

pub mod build;
pub mod infer;
pub mod split;

use crate::core_ir::{Const, FunId};
use std::sync::Arc;

/// An SSA value, dense per function.
pub type Val = u32;
/// Index into [`Func::blocks`].
pub type Blk = usize;

#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    Val(Val),
    Const(Const),
}

impl Operand {
    /// The value, unless constant.
    pub fn val(&self) -> Option<Val> {
        match self {
            Operand::Val(v) => Some(*v),
            Operand::Const(_) => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    Move,
    /// Arithmetic that cannot fail for its operands.
    GcBif(&'static str),
    /// `get/1` and other BIFs that allocate nothing.
    Bif(&'static str),
    Tuple,
    Cons,
    /// Zero-based element of a tuple.
    Elem(u32),
    Hd,
    Tl,
    Call(FunId),
    CallExt(&'static str, &'static str),
    /// The last argument is the function, tested for its arity before.
    CallFun,
    MakeFun(FunId),
}

impl Op {
    /// Does it clobber the x registers?
    pub fn is_call(&self) -> bool {
        matches!(self, Op::Call(_) | Op::CallExt(..) | Op::CallFun)
    }
    /// May it go when nobody uses its result?
    pub fn is_pure(&self) -> bool {
        !self.is_call()
    }
}

#[derive(Clone, Debug)]
pub struct Inst {
    pub dst: Val,
    pub op: Op,
    pub args: Vec<Operand>,
    pub line: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    Lt,
    Ge,
    Eq,
    Ne,
    EqExact,
    Integer,
    Float,
    Number,
    Binary,
    Tuple,
    NonemptyList,
    Tagged(u32, Arc<str>),
    /// A function of this arity.
    Fun(u32),
}

#[derive(Clone, Debug)]
pub enum Term {
    Jump(Blk),
    Br {
        test: Test,
        args: Vec<Operand>,
        yes: Blk,
        no: Blk,
    },
    /// Arithmetic with a way out: `dst` is defined on the `ok` edge only.
    Try {
        bif: &'static str,
        args: Vec<Operand>,
        dst: Val,
        ok: Blk,
        fail: Blk,
    },
    /// Atoms or integers, all distinct.
    Switch {
        arg: Operand,
        cases: Vec<(Const, Blk)>,
        default: Blk,
    },
    Ret(Operand),
    /// Only after [`split`]: to the function of that root.
    Tail {
        root: Blk,
        args: Vec<Operand>,
    },
    /// Not yet set.
    None,
}

impl Term {
    /// Successors, in order.
    pub fn succs(&self) -> Vec<Blk> {
        match self {
            Term::Jump(b) => vec![*b],
            Term::Br { yes, no, .. } => vec![*yes, *no],
            Term::Try { ok, fail, .. } => vec![*ok, *fail],
            Term::Switch { cases, default, .. } => cases.iter().map(|c| c.1).chain([*default]).collect(),
            Term::Ret(_) | Term::Tail { .. } | Term::None => vec![],
        }
    }
    /// Rewrites every successor.
    pub fn map_succs(&mut self, mut f: impl FnMut(Blk) -> Blk) {
        match self {
            Term::Jump(b) => *b = f(*b),
            Term::Br { yes, no, .. } => {
                *yes = f(*yes);
                *no = f(*no);
            }
            Term::Try { ok, fail, .. } => {
                *ok = f(*ok);
                *fail = f(*fail);
            }
            Term::Switch { cases, default, .. } => {
                for c in cases.iter_mut() {
                    c.1 = f(c.1);
                }
                *default = f(*default);
            }
            Term::Ret(_) | Term::Tail { .. } | Term::None => {}
        }
    }
    /// Operands that it reads.
    pub fn args(&self) -> &[Operand] {
        match self {
            Term::Br { args, .. } | Term::Try { args, .. } | Term::Tail { args, .. } => args,
            Term::Switch { arg, .. } | Term::Ret(arg) => std::slice::from_ref(arg),
            Term::Jump(_) | Term::None => &[],
        }
    }
    /// The same, to rewrite.
    pub fn args_mut(&mut self) -> &mut [Operand] {
        match self {
            Term::Br { args, .. } | Term::Try { args, .. } | Term::Tail { args, .. } => args,
            Term::Switch { arg, .. } | Term::Ret(arg) => std::slice::from_mut(arg),
            Term::Jump(_) | Term::None => &mut [],
        }
    }
}

/// Chooses by predecessor.
#[derive(Clone, Debug)]
pub struct Phi {
    pub dst: Val,
    pub args: Vec<(Blk, Operand)>,
}

#[derive(Clone, Debug)]
pub struct Block {
    pub phis: Vec<Phi>,
    pub insts: Vec<Inst>,
    pub term: Term,
    pub preds: Vec<Blk>,
    /// Target of a back edge.
    pub is_loop: bool,
}

impl Default for Block {
    fn default() -> Self {
        Block { phis: vec![], insts: vec![], term: Term::None, preds: vec![], is_loop: false }
    }
}

/// A function in SSA form. Block 0 is the entry and has no predecessors.
#[derive(Clone, Debug)]
pub struct Func {
    pub params: Vec<Val>,
    pub blocks: Vec<Block>,
    pub val_count: u32,
}

impl Func {
    /// Recomputes predecessors of what is reachable; unreachable blocks are emptied and phi arguments from them dropped.
    pub fn clean(&mut self) {
        let n = self.blocks.len();
        let mut seen = vec![false; n];
        let mut work = vec![0];
        while let Some(b) = work.pop() {
            if std::mem::replace(&mut seen[b], true) {
                continue;
            }
            work.extend(self.blocks[b].term.succs());
        }
        for b in &mut self.blocks {
            b.preds.clear();
        }
        for (b, reached) in seen.into_iter().enumerate() {
            if !reached {
                self.blocks[b] = Block::default();
                continue;
            }
            for s in self.blocks[b].term.succs() {
                if !self.blocks[s].preds.contains(&b) {
                    self.blocks[s].preds.push(b);
                }
            }
        }
        for b in &mut self.blocks {
            let preds = &b.preds;
            for p in &mut b.phis {
                p.args.retain(|a| preds.contains(&a.0));
            }
        }
    }
}
