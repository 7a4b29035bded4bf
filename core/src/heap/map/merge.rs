//! `maps:merge/2`: two tries are walked side by side, and what only one of them has is shared.

use super::super::Alloc;
use super::super::build::{self, Built};
use super::trie::{LEVELS, Node, bit_at, make_node};
use super::{flat, iter};
use crate::arena::OutOfMemory;
use crate::heap::order::{compare_exact, exact_eq};
use crate::term::hash::internal_hash;
use crate::term::{Mem, Names, Term};
use std::cmp::Ordering;

/// The pairs of both maps; of a key that both have, the pair of `y`.
pub fn merge(a: &mut dyn Alloc, names: &dyn Names, x: Term, y: Term) -> Built {
    let mem = a.mem();
    if x == y {
        return Ok(x);
    }
    match (mem.is_flat_map(x), mem.is_flat_map(y)) {
        (true, true) => flat::merge(a, names, x, y),
        (true, false) if mem.map_size(x) == 0 => Ok(y),
        (false, true) if mem.map_size(y) == 0 => Ok(x),
        (true, false) => {
            // A pair of the smaller one counts only if the bigger hasn't its key.
            let mut all = y;
            for (k, v) in super::pairs(mem, x) {
                if !super::is_key(mem, names, y, k) {
                    all = super::put(a, names, all, k, v)?;
                }
            }
            Ok(all)
        }
        (false, true) => {
            let mut all = x;
            for (k, v) in super::pairs(mem, y) {
                all = super::put(a, names, all, k, v)?;
            }
            Ok(all)
        }
        (false, false) => tries(a, names, x, y),
    }
}

/// Result of merging two subtrees: the tree, and how many pairs of the two were under the same key.
struct Merged {
    tree: Term,
    doubles: u64,
}

fn tries(a: &mut dyn Alloc, names: &dyn Names, x: Term, y: Term) -> Built {
    let mem = a.mem();
    let m = subtrees(a, names, x, y, 0)?;
    if m.tree != x && m.tree != y {
        let size = (mem.map_size(x) + mem.map_size(y)) as u64 - m.doubles;
        mem.set_word(m.tree.addr(), 1, size);
    }
    Ok(m.tree)
}

/// Bitmap and children of a node, or of a leaf as if it were one.
fn children(mem: Mem, names: &dyn Names, t: Term, level: u32) -> (u16, Term, u32) {
    if t.is_list() {
        return (bit_at(internal_hash(mem, names, mem.head(t)), level), t, 0);
    }
    let n = Node::of(mem, t);
    (n.bitmap, t, n.first)
}

/// At most [`LEVELS`] deep.
fn subtrees(a: &mut dyn Alloc, names: &dyn Names, x: Term, y: Term, level: u32) -> Result<Merged, OutOfMemory> {
    let mem = a.mem();
    if x == y {
        return Ok(Merged { tree: x, doubles: iter::Leaves::new(mem, x).count() as u64 });
    }
    if x.is_list() && y.is_list() && exact_eq(mem, mem.head(x), mem.head(y)) {
        return Ok(Merged { tree: y, doubles: 1 });
    }
    if level == LEVELS {
        return collisions(a, names, x, y);
    }
    let ((xs, xn, xi), (ys, yn, yi)) = (children(mem, names, x, level), children(mem, names, y, level));
    let child = |t: Term, first: u32, bits: u16, bit: u16| {
        if t.is_list() { t } else { mem.field(t, first + (bits & (bit - 1)).count_ones()) }
    };
    let mut out = [Term::NONE; 16];
    let (mut n, mut doubles) = (0, 0);
    let (mut only_x, mut only_y) = (!x.is_list(), !y.is_list());
    for bit in (0..16).map(|i| 1u16 << i).filter(|b| (xs | ys) & b != 0) {
        let cx = (xs & bit != 0).then(|| child(xn, xi, xs, bit));
        let cy = (ys & bit != 0).then(|| child(yn, yi, ys, bit));
        let tree = match (cx, cy) {
            (Some(cx), Some(cy)) => {
                let m = subtrees(a, names, cx, cy, level + 1)?;
                doubles += m.doubles;
                m.tree
            }
            (Some(t), None) | (None, Some(t)) => t,
            (None, None) => continue,
        };
        only_x &= cx == Some(tree);
        only_y &= cy == Some(tree);
        if let Some(slot) = out.get_mut(n) {
            *slot = tree;
            n += 1;
        }
    }
    let tree = if only_x {
        x
    } else if only_y {
        y
    } else {
        let head = (level == 0).then_some(0);
        make_node(a, xs | ys, head, out.get(..n).unwrap_or(&[]))?
    };
    Ok(Merged { tree, doubles })
}

/// Two leaves or tuples of leaves whose keys have the same hash.
fn collisions(a: &mut dyn Alloc, names: &dyn Names, x: Term, y: Term) -> Result<Merged, OutOfMemory> {
    let mem = a.mem();
    let cells = |t: Term| -> Vec<Term> {
        if t.is_list() { vec![t] } else { (1..=mem.tuple_arity(t).unwrap_or(0)).map(|i| mem.element(t, i)).collect() }
    };
    let (xs, ys) = (cells(x), cells(y));
    let both = xs.len() + ys.len();
    let mut all = [xs, ys].concat();
    let order = |p: &Term, q: &Term| compare_exact(mem, names, mem.head(*p), mem.head(*q));
    all.sort_by(order);
    all.dedup_by(|next, kept| {
        let same = order(next, kept) == Ordering::Equal;
        if same {
            *kept = *next;
        }
        same
    });
    Ok(Merged { tree: build::tuple(a, &all)?, doubles: (both - all.len()) as u64 })
}
