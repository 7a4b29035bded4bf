//! `maps:merge/2`: two tries are walked side by side, and what only one of them has is shared.

use super::super::Alloc;
use super::super::build::{self, Built};
use super::flat;
use super::trie::{LEVELS, Node, bit_at, make_node};
use crate::arena::OutOfMemory;
use crate::heap::order::{compare_exact, exact_eq};
use crate::term::hash::internal_hash;
use crate::term::{Mem, Names, Term};
use std::cmp::Ordering;

/// The pairs of both maps; of a key that both have, the pair of `y`.
pub fn merge(a: &mut dyn Alloc, names: &dyn Names, x: Term, y: Term) -> Built {
    let mut m = Merge::new(x, y);
    loop {
        if let Some(map) = m.run(a, names, &mut usize::MAX.clone())? {
            return Ok(map);
        }
    }
}

/// Two maps of which one at least is flat.
fn with_flat(a: &mut dyn Alloc, names: &dyn Names, x: Term, y: Term) -> Built {
    let mem = a.mem();
    match (mem.is_flat_map(x), mem.is_flat_map(y)) {
        (true, true) => flat::merge(a, names, x, y),
        (true, _) if mem.map_size(x) == 0 => Ok(y),
        (_, true) if mem.map_size(y) == 0 => Ok(x),
        (true, _) => {
            // A pair of the smaller one counts only if the bigger hasn't its key.
            let mut all = y;
            for (k, v) in super::pairs(mem, x) {
                if !super::is_key(mem, names, y, k) {
                    all = super::put(a, names, all, k, v)?;
                }
            }
            Ok(all)
        }
        _ => {
            let mut all = x;
            for (k, v) in super::pairs(mem, y) {
                all = super::put(a, names, all, k, v)?;
            }
            Ok(all)
        }
    }
}

/// Result of merging two subtrees: the tree, and how many pairs of the two were under the same key.
struct Merged {
    tree: Term,
    doubles: u64,
}

/// One of two nodes that are being merged: its bitmap, the node or leaf, and the place of its first child.
#[derive(Clone, Copy)]
struct Side {
    bits: u16,
    node: Term,
    first: u32,
}

impl Side {
    /// A leaf counts as a node that has nothing else.
    fn of(mem: Mem, names: &dyn Names, t: Term, level: u32) -> Side {
        if t.is_list() {
            return Side { bits: bit_at(internal_hash(mem, names, mem.head(t)), level), node: t, first: 0 };
        }
        let n = Node::of(mem, t);
        Side { bits: n.bitmap, node: t, first: n.first }
    }

    fn child(self, mem: Mem, bit: u16) -> Option<Term> {
        if self.bits & bit == 0 {
            None
        } else if self.node.is_list() {
            Some(self.node)
        } else {
            Some(mem.field(self.node, self.first + (self.bits & (bit - 1)).count_ones()))
        }
    }
}

/// Two nodes whose children are being merged.
struct Pair {
    x: Side,
    y: Side,
    /// The child that is next, as its number.
    next: u32,
    children: Vec<Term>,
    doubles: u64,
    /// Is everything so far as in one of the two?
    only_x: bool,
    only_y: bool,
}

/// A merge that can be left and gone on with as long as no term moves in between.
pub struct Merge {
    x: Term,
    y: Term,
    started: bool,
    /// From the roots down; at most [`LEVELS`] deep.
    path: Vec<Pair>,
    done: Option<Merged>,
}

impl Merge {
    pub fn new(x: Term, y: Term) -> Merge {
        Merge { x, y, started: false, path: Vec::new(), done: None }
    }

    /// Goes on for as many steps, of which it uses up what it takes; the map when it is done.
    pub fn run(
        &mut self,
        a: &mut dyn Alloc,
        names: &dyn Names,
        steps: &mut usize,
    ) -> Result<Option<Term>, OutOfMemory> {
        let mem = a.mem();
        let (x, y) = (self.x, self.y);
        if x == y {
            return Ok(Some(x));
        }
        if mem.is_flat_map(x) || mem.is_flat_map(y) {
            return with_flat(a, names, x, y).map(Some);
        }
        if !self.started {
            self.started = true;
            self.enter(a, names, x, y)?;
        }
        loop {
            let level = self.path.len() as u32 - 1;
            let Some(p) = self.path.last_mut() else { return Err(OutOfMemory) };
            if let Some(m) = self.done.take() {
                let bit = 1u16 << p.next;
                p.doubles += m.doubles;
                p.only_x &= p.x.child(mem, bit) == Some(m.tree);
                p.only_y &= p.y.child(mem, bit) == Some(m.tree);
                p.children.push(m.tree);
                p.next += 1;
            }
            if *steps == 0 {
                return Ok(None);
            }
            *steps -= 1;
            if p.next == 16 {
                let tree = if p.only_x {
                    p.x.node
                } else if p.only_y {
                    p.y.node
                } else {
                    make_node(a, p.x.bits | p.y.bits, (level == 0).then_some(0), &p.children)?
                };
                let doubles = p.doubles;
                self.path.pop();
                if self.path.is_empty() {
                    if tree != x && tree != y {
                        let size = (mem.map_size(x) + mem.map_size(y)) as u64 - doubles;
                        mem.set_word(tree.addr(), 1, size);
                    }
                    return Ok(Some(tree));
                }
                self.done = Some(Merged { tree, doubles });
                continue;
            }
            let bit = 1u16 << p.next;
            match (p.x.child(mem, bit), p.y.child(mem, bit)) {
                (Some(x), Some(y)) => self.enter(a, names, x, y)?,
                (Some(tree), None) | (None, Some(tree)) => self.done = Some(Merged { tree, doubles: 0 }),
                (None, None) => p.next += 1,
            }
        }
    }

    /// Merges two leaves at once, and goes down into nodes.
    fn enter(&mut self, a: &mut dyn Alloc, names: &dyn Names, x: Term, y: Term) -> Result<(), OutOfMemory> {
        let mem = a.mem();
        let level = self.path.len() as u32;
        if x.is_list() && y.is_list() && (x == y || exact_eq(mem, mem.head(x), mem.head(y))) {
            self.done = Some(Merged { tree: y, doubles: 1 });
        } else if level == LEVELS {
            self.done = Some(collisions(a, names, x, y)?);
        } else {
            let (only_x, only_y) = (!x.is_list(), !y.is_list());
            let (x, y) = (Side::of(mem, names, x, level), Side::of(mem, names, y, level));
            self.path.push(Pair { x, y, next: 0, children: Vec::new(), doubles: 0, only_x, only_y });
        }
        Ok(())
    }
}

/// Two leaves or tuples of leaves whose keys have the same hash.
fn collisions(a: &mut dyn Alloc, names: &dyn Names, x: Term, y: Term) -> Result<Merged, OutOfMemory> {
    let mem = a.mem();
    if x == y {
        return Ok(Merged { tree: x, doubles: mem.tuple_arity(x).unwrap_or(0) as u64 });
    }
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
