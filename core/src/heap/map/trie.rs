//! Hash maps: look-up, insertion and removal along one path of the trie.
//!
//! A path has at most 17 steps (root, 15 nodes, a tuple of colliding keys), so it is kept in an array.

use super::super::Alloc;
use super::super::build::{self, Built};
use super::flat;
use crate::arena::OutOfMemory;
use crate::heap::order::{compare_exact, exact_eq};
use crate::term::hash::internal_hash;
use crate::term::object::{self, FLAT_MAP_LIMIT};
use crate::term::{Mem, Names, Term};
use std::cmp::Ordering;

/// Levels of a trie; below them are tuples of colliding keys.
pub(super) const LEVELS: u32 = 16;

/// The four bits of a hash that choose the child at a level, as one bit of a bitmap.
pub(super) fn bit_at(hash: u64, level: u32) -> u16 {
    1 << (hash >> (4 * level) & 0xF)
}

/// What a node of a trie is.
#[derive(Clone, Copy)]
pub(super) struct Node {
    /// Index of the first child's word.
    pub first: u32,
    pub bitmap: u16,
    /// Number of children.
    pub count: u32,
    /// A tuple of colliding keys.
    pub collision: bool,
}

impl Node {
    #[inline]
    pub fn of(mem: Mem, node: Term) -> Node {
        let h = mem.header(node);
        if object::is_tuple_header(h) {
            return Node { first: 1, bitmap: 0, count: object::arity(h), collision: true };
        }
        let bitmap = object::map_bitmap(h);
        let first = if object::map_kind(h) == object::MAP_NODE { 1 } else { 2 };
        Node { first, bitmap, count: bitmap.count_ones(), collision: false }
    }

    /// Place among the children of the one for this bit.
    pub fn slot(self, bit: u16) -> u32 {
        (self.bitmap & (bit - 1)).count_ones()
    }
}

pub(super) fn head_header(bitmap: u16) -> u64 {
    if bitmap == 0xFFFF { object::HASH_HEAD_ARRAY_HEADER } else { object::hash_head_header(bitmap) }
}

/// A node with these children; `size` for the root.
pub(super) fn make_node(a: &mut dyn Alloc, bitmap: u16, size: Option<u64>, children: &[Term]) -> Built {
    let extra = 1 + size.is_some() as u32;
    let at = a.words(extra + children.len() as u32)?;
    let mem = a.mem();
    match size {
        Some(size) => {
            mem.set_word(at, 0, head_header(bitmap));
            mem.set_word(at, 1, size);
        }
        None => mem.set_word(at, 0, object::hash_node_header(bitmap)),
    }
    for (i, c) in children.iter().enumerate() {
        mem.set(at, extra + i as u32, *c);
    }
    Ok(Term::boxed_at(at))
}

pub(super) fn get(mem: Mem, names: &dyn Names, map: Term, key: Term) -> Option<Term> {
    let mut hash = internal_hash(mem, names, key);
    let mut node = map;
    loop {
        let n = Node::of(mem, node);
        if n.collision {
            let cell = (0..n.count).map(|i| mem.field(node, n.first + i)).find(|c| exact_eq(mem, mem.head(*c), key))?;
            return Some(mem.tail(cell));
        }
        let bit = 1 << (hash & 0xF);
        if n.bitmap & bit == 0 {
            return None;
        }
        let child = mem.field(node, n.first + n.slot(bit));
        if child.is_list() {
            return exact_eq(mem, mem.head(child), key).then(|| mem.tail(child));
        }
        hash >>= 4;
        node = child;
    }
}

#[derive(Clone, Copy)]
struct Step {
    node: Term,
    slot: u32,
    bit: u16,
}

struct Path {
    steps: [Step; LEVELS as usize + 1],
    len: usize,
}

impl Path {
    fn new() -> Path {
        Path { steps: [Step { node: Term::NONE, slot: 0, bit: 0 }; LEVELS as usize + 1], len: 0 }
    }
    fn push(&mut self, node: Term, slot: u32, bit: u16) {
        if let Some(s) = self.steps.get_mut(self.len) {
            *s = Step { node, slot, bit };
            self.len += 1;
        }
    }
    fn pop(&mut self) -> Option<Step> {
        self.len = self.len.checked_sub(1)?;
        self.steps.get(self.len).copied()
    }
    fn level(&self) -> u32 {
        self.len as u32
    }
}

/// How a child's place in its node changes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Change {
    Replace,
    Insert,
    Remove,
}

/// A copy of a node with one child changed; the root's size grows by `grow`.
fn with_child(a: &mut dyn Alloc, step: Step, child: Term, change: Change, grow: i64) -> Built {
    let mem = a.mem();
    let n = Node::of(mem, step.node);
    let (skip, put) = match change {
        Change::Replace => (1, 1),
        Change::Insert => (0, 1),
        Change::Remove => (1, 0),
    };
    let at = a.words(n.first + n.count + put - skip)?;
    let bitmap = match change {
        Change::Replace => n.bitmap,
        Change::Insert => n.bitmap | step.bit,
        Change::Remove => n.bitmap & !step.bit,
    };
    if n.collision {
        mem.set_word(at, 0, object::tuple_header(n.count + put - skip));
    } else if n.first == 2 {
        mem.set_word(at, 0, head_header(bitmap));
        mem.set_word(at, 1, (mem.map_size(step.node) as u64).wrapping_add_signed(grow));
    } else {
        mem.set_word(at, 0, object::hash_node_header(bitmap));
    }
    let (from, to) = (step.node.addr() + 8 * n.first, at + 8 * n.first);
    mem.copy_words(from, to, step.slot);
    if put == 1 {
        mem.set(to, step.slot, child);
    }
    mem.copy_words(from + 8 * (step.slot + skip), to + 8 * (step.slot + put), n.count - step.slot - skip);
    Ok(Term::boxed_at(at))
}

fn rebuild(a: &mut dyn Alloc, mut path: Path, mut child: Term, mut change: Change, grow: i64) -> Built {
    while let Some(step) = path.pop() {
        child = with_child(a, step, child, change, grow)?;
        change = Change::Replace;
    }
    Ok(child)
}

/// The map with the pair; `None` when `update` is set and there is no such key. The same value gives the map itself.
pub(super) fn insert(
    a: &mut dyn Alloc,
    names: &dyn Names,
    map: Term,
    key: Term,
    value: Term,
    update: bool,
) -> Result<Option<Term>, OutOfMemory> {
    let mem = a.mem();
    let hash = internal_hash(mem, names, key);
    let mut path = Path::new();
    let mut node = map;
    loop {
        if node.is_list() {
            if exact_eq(mem, mem.head(node), key) {
                if mem.tail(node) == value {
                    return Ok(Some(map));
                }
                let leaf = build::cons(a, key, value)?;
                return rebuild(a, path, leaf, Change::Replace, 0).map(Some);
            }
            if update {
                return Ok(None);
            }
            let leaf = build::cons(a, key, value)?;
            let pair = split(a, names, path.level(), (hash, leaf), node)?;
            return rebuild(a, path, pair, Change::Replace, 1).map(Some);
        }
        let n = Node::of(mem, node);
        if n.collision {
            let mut slot = 0;
            while slot < n.count {
                let cell = mem.field(node, n.first + slot);
                match compare_exact(mem, names, key, mem.head(cell)) {
                    Ordering::Less => break,
                    Ordering::Equal if mem.tail(cell) == value => return Ok(Some(map)),
                    Ordering::Equal => {
                        path.push(node, slot, 0);
                        let leaf = build::cons(a, key, value)?;
                        return rebuild(a, path, leaf, Change::Replace, 0).map(Some);
                    }
                    Ordering::Greater => slot += 1,
                }
            }
            if update {
                return Ok(None);
            }
            path.push(node, slot, 0);
            let leaf = build::cons(a, key, value)?;
            return rebuild(a, path, leaf, Change::Insert, 1).map(Some);
        }
        let bit = bit_at(hash, path.level());
        let slot = n.slot(bit);
        path.push(node, slot, bit);
        if n.bitmap & bit == 0 {
            if update {
                return Ok(None);
            }
            let leaf = build::cons(a, key, value)?;
            return rebuild(a, path, leaf, Change::Insert, 1).map(Some);
        }
        node = mem.field(node, n.first + slot);
    }
}

/// The subtree at `level` of two leaves with different keys.
fn split(a: &mut dyn Alloc, names: &dyn Names, level: u32, (hash, leaf): (u64, Term), other: Term) -> Built {
    let mem = a.mem();
    let other_hash = internal_hash(mem, names, mem.head(other));
    let mut parting = level;
    while parting < LEVELS && bit_at(hash, parting) == bit_at(other_hash, parting) {
        parting += 1;
    }
    let mut tree = if parting == LEVELS {
        let first = compare_exact(mem, names, mem.head(leaf), mem.head(other)) == Ordering::Less;
        build::tuple(a, &if first { [leaf, other] } else { [other, leaf] })?
    } else {
        let (x, y) = (bit_at(hash, parting), bit_at(other_hash, parting));
        make_node(a, x | y, None, &if x < y { [leaf, other] } else { [other, leaf] })?
    };
    for l in (level..parting).rev() {
        tree = make_node(a, bit_at(hash, l), None, &[tree])?;
    }
    Ok(tree)
}

/// The map without the key, and its value. With 32 pairs left the result is flat.
pub(super) fn take(
    a: &mut dyn Alloc,
    names: &dyn Names,
    map: Term,
    key: Term,
) -> Result<Option<(Term, Term)>, OutOfMemory> {
    let mem = a.mem();
    let hash = internal_hash(mem, names, key);
    let mut path = Path::new();
    let mut node = map;
    let found = loop {
        if node.is_list() {
            break node;
        }
        let n = Node::of(mem, node);
        if n.collision {
            let cell = |slot| mem.field(node, n.first + slot);
            let Some(slot) = (0..n.count).find(|s| exact_eq(mem, mem.head(cell(*s)), key)) else { return Ok(None) };
            path.push(node, slot, 0);
            break cell(slot);
        }
        let bit = bit_at(hash, path.level());
        if n.bitmap & bit == 0 {
            return Ok(None);
        }
        let slot = n.slot(bit);
        path.push(node, slot, bit);
        node = mem.field(node, n.first + slot);
    };
    if !exact_eq(mem, mem.head(found), key) {
        return Ok(None);
    }
    let taken = mem.tail(found);
    if mem.map_size(map) - 1 <= FLAT_MAP_LIMIT as usize {
        let mut pairs = super::pairs(mem, map);
        pairs.retain(|p| !exact_eq(mem, p.0, key));
        flat::sort(mem, names, &mut pairs);
        return Ok(Some((flat::make(a, &pairs)?, taken)));
    }
    Ok(Some((without_last(a, path)?, taken)))
}

/// The map without what the path leads to. A node that is left with one leaf gives its place to the leaf.
fn without_last(a: &mut dyn Alloc, mut path: Path) -> Built {
    let mem = a.mem();
    let mut child = Term::NONE;
    while let Some(step) = path.pop() {
        let n = Node::of(mem, step.node);
        if n.first == 2 {
            let change = if child.is_none() { Change::Remove } else { Change::Replace };
            return with_child(a, step, child, change, -1);
        }
        if child.is_none() {
            if n.count == 2 {
                let other = mem.field(step.node, n.first + 1 - step.slot);
                if other.is_list() {
                    child = other;
                    continue;
                }
            }
            if n.count > 1 {
                child = with_child(a, step, child, Change::Remove, 0)?;
            }
        } else if !(child.is_list() && n.count == 1) {
            child = with_child(a, step, child, Change::Replace, 0)?;
        }
    }
    Ok(child)
}
