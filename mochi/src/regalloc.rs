//! Registers for one loop-free piece: linear scan over x registers, frame slots (y) for what lives over a call.
//!
//! The frame is made as late as possible: at the block that dominates all blocks with calls ("the frame block"), so that short paths have
//! none. Blocks that it dominates form the framed region. A value that lives over a call has a y slot there; outside the region, and while it
//! enters or leaves it, it has an x register.
//!
//! Invariants: two values that are live at once never share a register of one kind; parameter `i` is in x`i` at entry; slots are initialised
//! right after `allocate`, so no call ever sees an undefined one.

use crate::ssa::split::{Lives, Piece, live_in, live_out};
use crate::ssa::{Blk, Func, Op, Operand, Term, Val};
use std::collections::HashMap;

/// Where everything is.
#[derive(Debug)]
pub struct Alloc {
    /// By value.
    pub x: Vec<Option<u16>>,
    /// By value; valid in the framed region.
    pub y: Vec<Option<u16>>,
    /// Where the frame is made.
    pub frame_block: Option<Blk>,
    /// Slots of the frame.
    pub frame_size: u16,
    /// By block: has the frame.
    pub framed: Vec<bool>,
    /// By block: live at its start, phi results not included.
    pub live_in: Lives,
    /// An x register above all in use.
    pub scratch: u16,
}

impl Alloc {
    /// Register of a value as seen from a block with or without the frame.
    pub fn loc(&self, v: Val, framed: bool) -> Loc {
        match (framed, self.y[v as usize], self.x[v as usize]) {
            (true, Some(y), _) => Loc::Y(y),
            (_, _, Some(x)) => Loc::X(x),
            (_, Some(y), None) => Loc::Y(y),
            (_, None, None) => Loc::X(self.scratch),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Loc {
    X(u16),
    Y(u16),
}

/// Is the block's last instruction a call whose result is returned at once, and that may drop the caller's frame?
pub fn tail_call(f: &Func, b: Blk) -> bool {
    let blk = &f.blocks[b];
    match (blk.insts.last(), &blk.term) {
        (Some(i), Term::Ret(Operand::Val(v))) => i.dst == *v && matches!(i.op, Op::Call(_) | Op::CallFun),
        _ => false,
    }
}

/// Does this block need the frame?
fn needs_frame(f: &Func, b: Blk) -> bool {
    let insts = &f.blocks[b].insts;
    let tail = tail_call(f, b);
    insts
        .iter()
        .enumerate()
        .any(|(n, i)| i.op.is_call() && !(tail && n + 1 == insts.len() && matches!(i.op, Op::Call(_))))
}

/// Immediate dominators of a piece, as positions in `piece.blocks`.
fn dominators(f: &Func, piece: &Piece, pos: &HashMap<Blk, usize>) -> Vec<usize> {
    let mut idom = vec![0; piece.blocks.len()];
    for (n, &b) in piece.blocks.iter().enumerate().skip(1) {
        let mut dom = None;
        for p in f.blocks[b].preds.iter().filter_map(|p| pos.get(p).copied()) {
            dom = Some(match dom {
                None => p,
                Some(d) => common(&idom, d, p),
            });
        }
        idom[n] = dom.unwrap_or(0);
    }
    idom
}

fn common(idom: &[usize], mut a: usize, mut b: usize) -> usize {
    while a != b {
        if a > b {
            a = idom[a];
        } else {
            b = idom[b];
        }
    }
    a
}

/// Allocates.
pub fn allocate(f: &Func, piece: &Piece) -> Alloc {
    let pos: HashMap<Blk, usize> = piece.blocks.iter().enumerate().map(|(i, b)| (*b, i)).collect();
    let live = live_in(f, &piece.blocks);
    let idom = dominators(f, piece, &pos);
    let mut frame = None;
    for (n, &b) in piece.blocks.iter().enumerate() {
        if needs_frame(f, b) {
            frame = Some(match frame {
                None => n,
                Some(d) => common(&idom, d, n),
            });
        }
    }
    let mut framed = vec![false; f.blocks.len()];
    if let Some(d) = frame {
        for n in d..piece.blocks.len() {
            if common(&idom, d, n) == d {
                framed[piece.blocks[n]] = true;
            }
        }
    }
    let frame_block = frame.map(|d| piece.blocks[d]);

    // Values that live over a call.
    let nv = f.val_count as usize;
    let mut crossing = vec![false; nv];
    for &b in &piece.blocks {
        if !framed[b] {
            continue;
        }
        let mut s = live_out(f, b, &live);
        for v in f.blocks[b].term.args().iter().filter_map(Operand::val) {
            s.insert(v);
        }
        if let Term::Try { dst, .. } = &f.blocks[b].term {
            s.remove(*dst);
        }
        let tail = tail_call(f, b);
        for (n, i) in f.blocks[b].insts.iter().enumerate().rev() {
            s.remove(i.dst);
            if i.op.is_call() && !(tail && n + 1 == f.blocks[b].insts.len()) {
                for v in s.iter() {
                    crossing[v as usize] = true;
                }
            }
            for v in i.args.iter().filter_map(Operand::val) {
                s.insert(v);
            }
        }
    }

    // Intervals over the linear order.
    let mut range: Vec<Option<(u32, u32)>> = vec![None; nv];
    let mut outside = vec![false; nv]; // seen where there is no frame, or on the way in
    let mut hints: Vec<Option<u16>> = vec![None; nv];
    let mut at = 2u32;
    let touch = |range: &mut Vec<Option<(u32, u32)>>, v: Val, p: u32| {
        let r = range[v as usize].get_or_insert((p, p));
        r.0 = r.0.min(p);
        r.1 = r.1.max(p);
    };
    for p in &piece.params {
        touch(&mut range, *p, 0);
        outside[*p as usize] = true;
    }
    let mut max_call = 0usize;
    for &b in &piece.blocks {
        let blk = &f.blocks[b];
        let note = |outside: &mut Vec<bool>, v: Val| {
            if !framed[b] || Some(b) == frame_block {
                outside[v as usize] = true;
            }
        };
        for v in live[b].iter() {
            touch(&mut range, v, at);
            note(&mut outside, v);
        }
        for p in &blk.phis {
            touch(&mut range, p.dst, at);
            note(&mut outside, p.dst);
        }
        let inside = |outside: &mut Vec<bool>, v: Val| {
            if !framed[b] {
                outside[v as usize] = true;
            }
        };
        at += 2;
        for i in &blk.insts {
            for (n, a) in i.args.iter().enumerate() {
                if let Operand::Val(v) = a {
                    touch(&mut range, *v, at);
                    inside(&mut outside, *v);
                    if i.op.is_call() {
                        hints[*v as usize].get_or_insert(n as u16);
                    }
                }
            }
            if i.op.is_call() {
                max_call = max_call.max(i.args.len());
                hints[i.dst as usize].get_or_insert(0);
            }
            touch(&mut range, i.dst, at + 1);
            inside(&mut outside, i.dst);
            at += 2;
        }
        for (n, a) in blk.term.args().iter().enumerate() {
            if let Operand::Val(v) = a {
                touch(&mut range, *v, at);
                inside(&mut outside, *v);
                match blk.term {
                    Term::Tail { .. } => {
                        hints[*v as usize].get_or_insert(n as u16);
                    }
                    Term::Ret(_) => {
                        hints[*v as usize].get_or_insert(0);
                    }
                    _ => {}
                }
            }
        }
        if let Term::Tail { args, .. } = &blk.term {
            max_call = max_call.max(args.len());
        }
        if let Term::Try { dst, .. } = &blk.term {
            touch(&mut range, *dst, at + 1);
            inside(&mut outside, *dst);
        }
        at += 1;
        for v in live_out(f, b, &live).iter() {
            touch(&mut range, v, at);
            // On a way out of the framed region it is moved back to an x register.
        }
        at += 1;
    }

    let mut order: Vec<Val> = (0..f.val_count).filter(|v| range[*v as usize].is_some()).collect();
    order.sort_by_key(|v| range[*v as usize].map(|r| r.0));
    let mut x = vec![None; nv];
    let mut y = vec![None; nv];
    let mut fixed: HashMap<Val, u16> = HashMap::new();
    for (i, p) in piece.params.iter().enumerate() {
        fixed.insert(*p, i as u16);
    }
    let is_crossing = |v: Val| crossing[v as usize];
    let max_x = scan(&order, &range, &mut x, &hints, &fixed, |v| !is_crossing(v) || outside[v as usize]);
    let max_y = scan(&order, &range, &mut y, &[], &HashMap::new(), is_crossing);
    let scratch = max_x.max(max_call as u16 + 1).max(piece.params.len() as u16);
    Alloc { x, y, frame_block, frame_size: max_y, framed, live_in: live, scratch }
}

/// Linear scan over closed intervals; returns one more than the highest register.
fn scan(
    order: &[Val],
    range: &[Option<(u32, u32)>],
    out: &mut [Option<u16>],
    hints: &[Option<u16>],
    fixed: &HashMap<Val, u16>,
    wanted: impl Fn(Val) -> bool,
) -> u16 {
    let mut active: Vec<(u32, u16)> = vec![];
    let mut max = 0u16;
    for &v in order.iter().filter(|v| wanted(**v)) {
        let Some((start, end)) = range[v as usize] else { continue };
        active.retain(|a| a.0 >= start);
        let taken = |r: u16| active.iter().any(|a| a.1 == r);
        let reg = match fixed.get(&v) {
            Some(r) => *r,
            None => match hints.get(v as usize).copied().flatten() {
                Some(h) if h < 16 && !taken(h) => h,
                _ => (0..u16::MAX).find(|r| !taken(*r)).unwrap_or(0),
            },
        };
        active.push((end, reg));
        out[v as usize] = Some(reg);
        max = max.max(reg + 1);
    }
    max
}
