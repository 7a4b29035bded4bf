//! Maps from many pairs at once.

use super::super::Alloc;
use super::super::build::{self, Built};
use super::flat;
use super::trie::{LEVELS, bit_at, make_node};
use crate::arena::OutOfMemory;
use crate::heap::order::compare_exact;
use crate::term::hash::internal_hash;
use crate::term::object::FLAT_MAP_LIMIT;
use crate::term::{Mem, Names, Term};
use std::cmp::Ordering;

/// A leaf of a trie that is being built.
#[derive(Clone, Copy)]
struct Leaf {
    hash: u64,
    cell: Term,
}

/// The hash with its sixteen groups of four bits in reverse order: sorted by it, leaves stand as the trie has them.
fn reversed(hash: u64) -> u64 {
    let h = hash.swap_bytes();
    h >> 4 & 0x0F0F_0F0F_0F0F_0F0F | (h & 0x0F0F_0F0F_0F0F_0F0F) << 4
}

/// A map of the pairs; of pairs with the same key the last counts.
pub fn from_pairs(a: &mut dyn Alloc, names: &dyn Names, pairs: &[(Term, Term)]) -> Built {
    if pairs.len() <= FLAT_MAP_LIMIT as usize {
        let mut pairs = pairs.to_vec();
        flat::sort(a.mem(), names, &mut pairs);
        return flat::make(a, &pairs);
    }
    let mem = a.mem();
    let words = u32::try_from(pairs.len() as u64 * 2).map_err(|_| OutOfMemory)?;
    let at = a.words(words)?;
    let mut leaves = Vec::with_capacity(pairs.len());
    for (i, (k, v)) in pairs.iter().enumerate() {
        let cell = at + 16 * i as u32;
        mem.set(cell, 0, *k);
        mem.set(cell, 1, *v);
        leaves.push(Leaf { hash: internal_hash(mem, names, *k), cell: Term::list_at(cell) });
    }
    order(mem, names, &mut leaves);
    if leaves.len() <= FLAT_MAP_LIMIT as usize {
        let mut pairs = leaves.iter().map(|l| (mem.head(l.cell), mem.tail(l.cell))).collect();
        flat::sort(mem, names, &mut pairs);
        return flat::make(a, &pairs);
    }
    subtree(a, &leaves, 0, Some(leaves.len() as u64))
}

/// Sorts leaves as a trie has them; of those with the same key the last one stays.
fn order(mem: Mem, names: &dyn Names, leaves: &mut Vec<Leaf>) {
    let same_hash_order = |x: &Leaf, y: &Leaf| compare_exact(mem, names, mem.head(x.cell), mem.head(y.cell));
    // Stable, so that the last of the pairs with the same key stays the last.
    leaves.sort_by(|x, y| reversed(x.hash).cmp(&reversed(y.hash)).then_with(|| same_hash_order(x, y)));
    leaves.dedup_by(|next, kept| {
        let same = next.hash == kept.hash && same_hash_order(next, kept) == Ordering::Equal;
        if same {
            *kept = *next;
        }
        same
    });
}

/// The number of parts that a large map is built of.
pub const PARTS: usize = 256;

/// The part that a hash belongs to; parts follow each other as a trie has them.
pub fn part_of(hash: u64) -> usize {
    (reversed(hash) >> 56) as usize
}

/// The subtree of the leaves `(hash, cell)` of one part, or `NONE` when there are none, and how many leaves it has: of those with the same key the last
/// one counts.
pub fn part(a: &mut dyn Alloc, names: &dyn Names, cells: &mut [(u64, Term)]) -> Result<(Term, u64), OutOfMemory> {
    let mut leaves: Vec<Leaf> = cells.iter().map(|(hash, cell)| Leaf { hash: *hash, cell: *cell }).collect();
    order(a.mem(), names, &mut leaves);
    if leaves.is_empty() {
        return Ok((Term::NONE, 0));
    }
    let size = leaves.len() as u64;
    Ok((subtree(a, &leaves, 2, None)?, size))
}

/// The map of all [`PARTS`], with more leaves than a flat map has.
pub fn join_parts(a: &mut dyn Alloc, parts: &[Term], size: u64) -> Built {
    let mut tops = [Term::NONE; 16];
    let (mut bitmap, mut n) = (0u16, 0);
    for (i, group) in parts.chunks(16).enumerate() {
        let there: Vec<Term> = group.iter().copied().filter(|t| !t.is_none()).collect();
        let below = (group.iter().enumerate()).filter(|(_, t)| !t.is_none()).fold(0u16, |all, (k, _)| all | 1 << k);
        let top = match there[..] {
            [] => continue,
            // A node with nothing but one leaf is left out.
            [one] if one.is_list() => one,
            _ => make_node(a, below, None, &there)?,
        };
        if let Some(slot) = tops.get_mut(n) {
            *slot = top;
        }
        bitmap |= 1 << i;
        n += 1;
    }
    make_node(a, bitmap, Some(size), tops.get(..n).unwrap_or(&[]))
}

/// The subtree of sorted leaves that share the hash bits above `level`. At most [`LEVELS`] deep.
fn subtree(a: &mut dyn Alloc, leaves: &[Leaf], level: u32, size: Option<u64>) -> Built {
    match leaves {
        [one] if size.is_none() => return Ok(one.cell),
        _ if level == LEVELS => {
            let cells: Vec<Term> = leaves.iter().map(|l| l.cell).collect();
            return build::tuple(a, &cells);
        }
        _ => {}
    }
    let mut children = [Term::NONE; 16];
    let (mut bitmap, mut n) = (0u16, 0);
    for group in leaves.chunk_by(|x, y| bit_at(x.hash, level) == bit_at(y.hash, level)) {
        if let (Some(first), Some(child)) = (group.first(), children.get_mut(n)) {
            bitmap |= bit_at(first.hash, level);
            *child = subtree(a, group, level + 1, None)?;
            n += 1;
        }
    }
    make_node(a, bitmap, size, children.get(..n).unwrap_or(&[]))
}
