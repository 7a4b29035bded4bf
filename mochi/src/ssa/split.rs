//! Cuts a function into pieces without loops: each loop header, and each block that two pieces would share, becomes the entry
//! of a BEAM function of its own; its phis and live values become parameters, and jumps to it tail calls.
//!
//! Why: the BEAM preempts a process and counts its work at calls. A jump backwards would make a loop that cannot be stopped.

use super::{Blk, Block, Func, Inst, Op, Operand, Term, Val};
use crate::core_ir::Const;
use std::collections::HashMap;

/// Most parameters that a piece takes in registers; the rest travel in a tuple.
const MAX_PARAMS: usize = 200;

/// A set of values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Set(Vec<u64>);

impl Set {
    /// Room for `n` values.
    pub fn new(n: u32) -> Set {
        Set(vec![0; (n as usize).div_ceil(64)])
    }
    /// Adds a value; nothing in a set without room.
    pub fn insert(&mut self, v: Val) {
        if let Some(w) = self.0.get_mut(v as usize / 64) {
            *w |= 1 << (v % 64);
        }
    }
    /// Takes a value out.
    pub fn remove(&mut self, v: Val) {
        if let Some(w) = self.0.get_mut(v as usize / 64) {
            *w &= !(1 << (v % 64));
        }
    }
    /// Did it grow?
    pub fn union(&mut self, o: &Set) -> bool {
        let mut grew = false;
        for (a, b) in self.0.iter_mut().zip(&o.0) {
            grew |= *b & !*a != 0;
            *a |= b;
        }
        grew
    }
    /// In ascending order.
    pub fn iter(&self) -> impl Iterator<Item = Val> + '_ {
        self.0.iter().enumerate().flat_map(|(i, w)| {
            let mut w = *w;
            std::iter::from_fn(move || {
                if w == 0 {
                    return None;
                }
                let bit = w.trailing_zeros();
                w &= w - 1;
                Some(i as u32 * 64 + bit)
            })
        })
    }
}

/// A loop-free part: a BEAM function.
#[derive(Clone, Debug)]
pub struct Piece {
    pub root: Blk,
    pub params: Vec<Val>,
    /// In reverse post-order, the root first; every predecessor of a block comes before it.
    pub blocks: Vec<Blk>,
}

/// Sets by block, empty for blocks that it does not know: a piece is a small part of a long function.
#[derive(Debug, Default)]
pub struct Lives {
    sets: HashMap<Blk, Set>,
    none: Set,
}

impl std::ops::Index<Blk> for Lives {
    type Output = Set;
    fn index(&self, b: Blk) -> &Set {
        self.sets.get(&b).unwrap_or(&self.none)
    }
}

/// Live values at the start of each of `blocks` (phi results not included).
pub fn live_in(f: &Func, blocks: &[Blk]) -> Lives {
    let sets = blocks.iter().map(|b| (*b, Set::new(f.val_count))).collect();
    let mut live = Lives { sets, none: Set::default() };
    loop {
        let mut changed = false;
        for &b in blocks.iter().rev() {
            let mut s = live_out(f, b, &live);
            let blk = &f.blocks[b];
            if let Term::Try { dst, .. } = &blk.term {
                s.remove(*dst);
            }
            for v in blk.term.args().iter().filter_map(Operand::val) {
                s.insert(v);
            }
            for i in blk.insts.iter().rev() {
                s.remove(i.dst);
                for v in i.args.iter().filter_map(Operand::val) {
                    s.insert(v);
                }
            }
            for p in &blk.phis {
                s.remove(p.dst);
            }
            changed |= live.sets.get_mut(&b).is_some_and(|l| l.union(&s));
        }
        if !changed {
            return live;
        }
    }
}

/// Live values at the end of a block: what its successors need, their phis' arguments included.
pub fn live_out(f: &Func, b: Blk, live: &Lives) -> Set {
    let mut s = Set::new(f.val_count);
    for t in f.blocks[b].term.succs() {
        s.union(&live[t]);
        for p in &f.blocks[t].phis {
            for (from, a) in &p.args {
                if *from == b
                    && let Operand::Val(v) = a
                {
                    s.insert(*v);
                }
            }
        }
    }
    s
}

/// Reachable blocks in reverse post-order; `stop` blocks are not entered (but for the start).
pub fn rpo(f: &Func, start: Blk, stop: &dyn Fn(Blk) -> bool) -> Vec<Blk> {
    let mut seen = vec![false; f.blocks.len()];
    let mut order = vec![];
    let mut stack = vec![(start, f.blocks[start].term.succs(), 0usize)];
    seen[start] = true;
    while let Some((b, succs, i)) = stack.last_mut() {
        // Last successor first, so that the first one follows its block directly.
        if *i < succs.len() {
            let s = succs[succs.len() - 1 - *i];
            *i += 1;
            if !seen[s] && !stop(s) {
                seen[s] = true;
                stack.push((s, f.blocks[s].term.succs(), 0));
            }
        } else {
            order.push(*b);
            stack.pop();
        }
    }
    order.reverse();
    order
}

/// Gives every edge from a block with several successors to one with several predecessors a block of its own.
fn split_critical_edges(f: &mut Func) {
    for b in 0..f.blocks.len() {
        let succs = f.blocks[b].term.succs();
        if succs.len() < 2 {
            continue;
        }
        for s in succs {
            if f.blocks[s].preds.len() < 2 {
                continue;
            }
            let new = f.blocks.len();
            f.blocks.push(Block { term: Term::Jump(s), preds: vec![b], ..Block::default() });
            f.blocks[b].term.map_succs(|t| if t == s { new } else { t });
            for p in &mut f.blocks[s].preds {
                if *p == b {
                    *p = new;
                }
            }
            for a in f.blocks[s].phis.iter_mut().flat_map(|p| &mut p.args) {
                if a.0 == b {
                    a.0 = new;
                }
            }
        }
    }
}

/// Cuts. Afterwards jumps between pieces are `Term::Tail`, and `preds` are those within a piece.
pub fn split(f: &mut Func) -> Vec<Piece> {
    split_critical_edges(f);
    let all = rpo(f, 0, &|_| false);
    let mut owner: Vec<Option<Blk>> = vec![None; f.blocks.len()];
    let mut roots = vec![];
    for &b in &all {
        let blk = &f.blocks[b];
        let mut own = None;
        let mut cut = b == 0 || (blk.is_loop && blk.preds.len() > 1);
        if !cut {
            for p in &blk.preds {
                match (own, owner[*p]) {
                    (_, None) => cut = true, // an edge backwards that no loop header announced
                    (None, o) => own = o,
                    (Some(a), Some(o)) => cut |= a != o,
                }
            }
        }
        owner[b] = if cut { Some(b) } else { own };
        if cut {
            roots.push(b);
        }
    }
    let live = live_in(f, &all);
    let mut pieces = vec![];
    for &r in &roots {
        let mut params: Vec<Val> = if r == 0 {
            f.params.clone()
        } else {
            f.blocks[r].phis.iter().map(|p| p.dst).chain(live[r].iter()).collect()
        };
        if r != 0 {
            let preds = f.blocks[r].preds.clone();
            let extra = params.len() > MAX_PARAMS;
            for p in preds {
                let mut args: Vec<Operand> = f.blocks[r]
                    .phis
                    .iter()
                    .map(|phi| {
                        phi.args.iter().find(|a| a.0 == p).map_or(Operand::Const(Const::null()), |a| a.1.clone())
                    })
                    .chain(live[r].iter().map(Operand::Val))
                    .collect();
                if extra {
                    let rest = args.split_off(MAX_PARAMS);
                    let dst = f.val_count;
                    f.val_count += 1;
                    f.blocks[p].insts.push(Inst { dst, op: Op::Tuple, args: rest, line: 0 });
                    args.push(Operand::Val(dst));
                }
                f.blocks[p].term = Term::Tail { root: r, args };
            }
            f.blocks[r].phis.clear();
            f.blocks[r].preds.clear();
            if extra {
                let rest = params.split_off(MAX_PARAMS);
                let packed = f.val_count;
                f.val_count += 1;
                params.push(packed);
                let unpack = rest.iter().enumerate().map(|(i, v)| Inst {
                    dst: *v,
                    // Not `Elem`: nothing on this side of the call shows that it is a tuple.
                    op: Op::Bif("element"),
                    args: vec![Operand::Const(Const::Int(i as i64 + 1)), Operand::Val(packed)],
                    line: 0,
                });
                f.blocks[r].insts.splice(0..0, unpack);
            }
        }
        pieces.push(Piece { root: r, params, blocks: vec![] });
    }
    for p in &mut pieces {
        p.blocks = rpo(f, p.root, &|_| false);
    }
    pieces
}
