//! Sets and bags: linear hashing with chains, as `erl_db_hash.c` (OTP 27) has it, so that traversal has OTP's order.
//!
//! An object keeps its place in its chain while the table is fixed: what is deleted then is only marked, and goes when the
//! last fixation ends.

use super::Object;
use crate::arena::Arena;
use crate::heap::order;
use crate::term::{Mem, Names, Term, hash};

const FIRST_SEGMENT: usize = 256;
const NEXT_SEGMENT: usize = 2048;
/// Words that an object takes besides its tuple.
const HEADER: u64 = 4;
const NONE: u32 = u32::MAX;

#[derive(Debug)]
struct Node {
    object: Option<Object>,
    hash: u64,
    next: u32,
    /// Deleted while the table was fixed.
    deleted: bool,
}

/// A place in the traversal: the chain, and the node in it (`NONE`: the chain's first).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cursor {
    pub slot: u32,
    pub node: u32,
}

impl Cursor {
    pub const START: Cursor = Cursor { slot: 0, node: NONE };
}

/// The objects of a set or bag.
#[derive(Debug)]
pub struct HashStore {
    chains: Vec<u32>,
    nodes: Vec<Node>,
    free: u32,
    /// Greatest index under the current mask.
    mask: usize,
    /// Slots that OTP would have allocated, for `memory` and for when to shrink.
    slots: usize,
    len: usize,
    marked: usize,
    words: u64,
    keypos: u32,
}

/// How a new object relates to those with its key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Duplicates {
    /// One object a key.
    No,
    /// Several objects a key, all different.
    Different,
    Any,
}

fn key_hash(mem: Mem, names: &dyn Names, key: Term) -> u64 {
    match key.as_atom() {
        Some(a) => hash::atom_hash(names.atom_name(a)) as u64,
        None => hash::internal_hash(mem, names, key),
    }
}

impl HashStore {
    pub fn new(keypos: u32) -> HashStore {
        HashStore {
            chains: vec![NONE; FIRST_SEGMENT],
            nodes: Vec::new(),
            free: NONE,
            mask: FIRST_SEGMENT - 1,
            slots: FIRST_SEGMENT,
            len: 0,
            marked: 0,
            words: 0,
            keypos,
        }
    }

    pub fn len(&self) -> usize {
        self.len
    }
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Words of all objects with their headers, and of the segments beyond the first.
    pub fn words(&self) -> u64 {
        let segments = (self.slots - FIRST_SEGMENT) / NEXT_SEGMENT;
        // The first of them comes with a table of segments.
        self.words + if segments == 0 { 0 } else { 262 + (segments * NEXT_SEGMENT) as u64 }
    }

    /// Objects that are marked as deleted and stay until the table is fixed no longer.
    pub fn kept(&self) -> usize {
        self.nodes.iter().filter(|n| n.deleted && n.object.is_some()).count()
    }

    /// Words of the notes of which chains have objects that are only marked as deleted: two a chain.
    pub fn deletion_words(&self) -> u64 {
        if self.marked == 0 {
            return 0;
        }
        let marked = self.nodes.iter().filter(|n| n.deleted);
        let slots: std::collections::BTreeSet<usize> = marked.map(|n| self.slot_of(n.hash)).collect();
        2 * slots.len() as u64
    }

    fn slot_of(&self, hash: u64) -> usize {
        let ix = hash as usize & self.mask;
        if ix >= self.chains.len() { ix & (self.mask >> 1) } else { ix }
    }

    /// Bytes of the host that chains and places take.
    pub fn host_bytes(&self) -> u64 {
        (self.nodes.capacity() * size_of::<Node>() + self.chains.capacity() * 4) as u64
    }

    /// All objects, in no order.
    pub fn objects(&self) -> impl Iterator<Item = &Object> {
        self.nodes.iter().filter_map(|n| n.object.as_ref())
    }

    fn node(&self, at: u32) -> Option<&Node> {
        self.nodes.get(at as usize)
    }

    fn object(&self, at: u32) -> Option<&Object> {
        self.node(at).and_then(|n| n.object.as_ref())
    }

    fn has_key(&self, mem: Mem, at: u32, hash: u64, key: Term) -> bool {
        self.node(at).is_some_and(|n| {
            n.hash == hash && n.object.as_ref().is_some_and(|o| order::exact_eq(mem, o.key(mem, self.keypos), key))
        })
    }

    /// The first node with the key, marked or not, and the one before it in the chain.
    fn find(&self, mem: Mem, hash: u64, key: Term) -> Option<(u32, u32)> {
        let (mut before, mut at) = (NONE, self.chains[self.slot_of(hash)]);
        while let Some(n) = self.node(at) {
            if self.has_key(mem, at, hash, key) {
                return Some((before, at));
            }
            (before, at) = (at, n.next);
        }
        None
    }

    /// All nodes with the key, in the order of the chain (newest first in a bag), marked ones left out.
    fn all(&self, mem: Mem, hash: u64, key: Term) -> Vec<u32> {
        let mut out = Vec::new();
        let Some((_, mut at)) = self.find(mem, hash, key) else { return out };
        while let Some(n) = self.node(at) {
            if !self.has_key(mem, at, hash, key) {
                break;
            }
            if !n.deleted {
                out.push(at);
            }
            at = n.next;
        }
        out
    }

    /// The objects with the key, oldest first.
    pub fn lookup(&self, mem: Mem, names: &dyn Names, key: Term) -> Vec<Term> {
        let nodes = self.all(mem, key_hash(mem, names, key), key);
        nodes.into_iter().rev().filter_map(|at| self.object(at)).map(|o| o.term).collect()
    }

    /// The object with the key in a set, without a list around it.
    pub fn get(&self, mem: Mem, names: &dyn Names, key: Term) -> Option<Term> {
        let (_, at) = self.find(mem, key_hash(mem, names, key), key)?;
        let mut at = at;
        while let Some(n) = self.node(at).filter(|n| n.deleted) {
            at = n.next;
            if !self.has_key(mem, at, key_hash(mem, names, key), key) {
                return None;
            }
        }
        self.object(at).map(|o| o.term)
    }

    /// Puts an object in. An object of a set replaces the one with its key.
    pub fn insert(&mut self, arena: &mut Arena, names: &dyn Names, object: Object, dup: Duplicates, fixed: bool) {
        let mem = arena.mem();
        let key = object.key(mem, self.keypos);
        let hash = key_hash(mem, names, key);
        let found = self.find(mem, hash, key);
        if let Some((before, at)) = found {
            if dup == Duplicates::No {
                return self.replace(arena, at, object);
            }
            if dup == Duplicates::Different {
                let (mut last, mut same) = (before, at);
                while self.has_key(mem, same, hash, key) {
                    let next = self.node(same).map_or(NONE, |n| n.next);
                    if self.object(same).is_some_and(|o| order::exact_eq(mem, o.term, object.term)) {
                        let came_back = self.node(same).is_some_and(|n| n.deleted);
                        self.unmark(same);
                        if came_back && same != at {
                            // It is the last that was inserted now, and stands before the others.
                            let slot = self.slot_of(hash);
                            self.set_next(slot, last, next);
                            self.nodes[same as usize].next = at;
                            self.set_next(slot, before, same);
                        }
                        return object.free(arena);
                    }
                    (last, same) = (same, next);
                }
            }
        }
        self.words += object.words() + HEADER;
        let node = Node { object: Some(object), hash, next: NONE, deleted: false };
        let at = self.new_node(node);
        let slot = self.slot_of(hash);
        match found {
            // Before the first with the same key.
            Some((before, first)) => {
                self.nodes[at as usize].next = first;
                self.set_next(slot, before, at);
            }
            None => {
                let (mut last, mut n) = (NONE, self.chains[slot]);
                while let Some(node) = self.node(n) {
                    (last, n) = (n, node.next);
                }
                self.set_next(slot, last, at);
            }
        }
        self.len += 1;
        if self.len > self.chains.len() && !fixed {
            self.grow();
        }
    }

    fn new_node(&mut self, node: Node) -> u32 {
        if self.free != NONE {
            let at = self.free;
            self.free = self.nodes[at as usize].next;
            self.nodes[at as usize] = node;
            return at;
        }
        self.nodes.push(node);
        (self.nodes.len() - 1) as u32
    }

    fn set_next(&mut self, slot: usize, before: u32, at: u32) {
        match self.nodes.get_mut(before as usize) {
            Some(n) => n.next = at,
            None => self.chains[slot] = at,
        }
    }

    fn replace(&mut self, arena: &mut Arena, at: u32, object: Object) {
        self.unmark(at);
        self.words += object.words();
        let old = self.nodes.get_mut(at as usize).and_then(|n| n.object.replace(object));
        if let Some(o) = old {
            self.words -= o.words();
            o.free(arena);
        }
    }

    fn unmark(&mut self, at: u32) {
        if let Some(n) = self.nodes.get_mut(at as usize)
            && n.deleted
        {
            n.deleted = false;
            self.marked -= 1;
            self.len += 1;
        }
    }

    /// Removes the node `at`, or marks it while the table is fixed.
    fn remove(&mut self, arena: &mut Arena, slot: usize, before: u32, at: u32, fixed: bool) {
        let Some(n) = self.nodes.get_mut(at as usize) else { return };
        if n.deleted {
            return;
        }
        self.len -= 1;
        if fixed {
            n.deleted = true;
            self.marked += 1;
            return;
        }
        self.unlink(arena, slot, before, at);
    }

    fn unlink(&mut self, arena: &mut Arena, slot: usize, before: u32, at: u32) {
        let Some(n) = self.nodes.get_mut(at as usize) else { return };
        let next = n.next;
        let object = n.object.take();
        n.next = self.free;
        self.free = at;
        self.set_next(slot, before, next);
        if let Some(o) = object {
            self.words -= o.words() + HEADER;
            o.free(arena);
        }
    }

    /// Deletes what has the key and fulfils `f`; returns how many went.
    pub fn delete_where(
        &mut self,
        arena: &mut Arena,
        names: &dyn Names,
        key: Term,
        fixed: bool,
        mut f: impl FnMut(Term) -> bool,
    ) -> usize {
        let mem = arena.mem();
        let hash = key_hash(mem, names, key);
        let slot = self.slot_of(hash);
        let Some((mut before, mut at)) = self.find(mem, hash, key) else { return 0 };
        let mut gone = 0;
        while self.has_key(mem, at, hash, key) {
            let (next, deleted) = self.node(at).map_or((NONE, true), |n| (n.next, n.deleted));
            let wanted = !deleted && self.object(at).is_some_and(|o| f(o.term));
            if wanted {
                gone += 1;
                self.remove(arena, slot, before, at, fixed);
            }
            if !wanted || fixed {
                before = at;
            }
            at = next;
        }
        if !fixed {
            self.shrink();
        }
        gone
    }

    /// Takes any object out of a store that is of no table any more.
    pub fn pop(&mut self) -> Option<Object> {
        while let Some(n) = self.nodes.pop() {
            if n.object.is_some() {
                return n.object;
            }
        }
        None
    }

    /// Deletes everything but keeps chains and places (while the table is fixed).
    pub fn mark_all(&mut self) {
        for n in &mut self.nodes {
            if n.object.is_some() && !n.deleted {
                n.deleted = true;
                self.marked += 1;
            }
        }
        self.len = 0;
    }

    /// The last fixation has ended: what was marked goes.
    pub fn unfix(&mut self, arena: &mut Arena) {
        if self.marked > 0 {
            for slot in 0..self.chains.len() {
                let (mut before, mut at) = (NONE, self.chains[slot]);
                while let Some(n) = self.node(at) {
                    let next = n.next;
                    if n.deleted {
                        self.unlink(arena, slot, before, at);
                    } else {
                        before = at;
                    }
                    at = next;
                }
            }
            self.marked = 0;
        }
        self.grow();
        self.shrink();
    }

    /// Splits chains until there are about as many as objects, at most five at a time.
    fn grow(&mut self) {
        for _ in 0..5 {
            let active = self.chains.len();
            if self.len <= active {
                return;
            }
            if active == self.slots {
                self.slots += NEXT_SEGMENT;
            }
            let mut from = if active <= self.mask {
                active & (self.mask >> 1)
            } else {
                self.mask = self.mask << 1 | 1;
                0
            };
            self.chains.push(NONE);
            // Two chains in the order of the old one.
            let mut at = self.chains[from];
            let (first, second) = (from, active);
            let mut tails = [NONE, NONE];
            self.chains[first] = NONE;
            while let Some(n) = self.nodes.get_mut(at as usize) {
                let next = std::mem::replace(&mut n.next, NONE);
                from = n.hash as usize & self.mask;
                let which = usize::from(from == second);
                let (slot, tail) = (if which == 1 { second } else { first }, tails[which]);
                self.set_next(slot, tail, at);
                tails[which] = at;
                at = next;
            }
        }
    }

    /// Joins the last chain with its partner when far fewer objects than slots are left.
    fn shrink(&mut self) {
        let enough = self.slots >= FIRST_SEGMENT + 2 * NEXT_SEGMENT;
        let limit = if enough { (self.slots - NEXT_SEGMENT) / 2 } else { 0 };
        for _ in 0..5 {
            let active = self.chains.len();
            if self.len >= limit || active <= FIRST_SEGMENT {
                return;
            }
            let Some(source) = self.chains.pop() else { return };
            let from = active - 1;
            let low = self.mask >> 1;
            let to = from & low;
            if from == low + 1 {
                self.mask = low;
            }
            if self.slots - from >= NEXT_SEGMENT {
                self.slots -= NEXT_SEGMENT;
            }
            if source != NONE {
                let mut last = source;
                while let Some(n) = self.node(last).filter(|n| n.next != NONE) {
                    last = n.next;
                }
                let head = self.chains[to];
                if let Some(n) = self.nodes.get_mut(last as usize) {
                    n.next = head;
                }
                self.chains[to] = source;
            }
        }
    }

    /// The object at or after the place, and the place after it.
    pub fn next_from(&self, cursor: Cursor) -> Option<(Term, Cursor)> {
        let mut slot = cursor.slot as usize;
        let mut at = if cursor.node == NONE { *self.chains.get(slot)? } else { cursor.node };
        loop {
            while let Some(n) = self.node(at) {
                let next = match n.next {
                    NONE => Cursor { slot: slot as u32 + 1, node: NONE },
                    node => Cursor { slot: slot as u32, node },
                };
                if let (Some(o), false) = (&n.object, n.deleted) {
                    return Some((o.term, next));
                }
                at = n.next;
            }
            slot += 1;
            at = *self.chains.get(slot)?;
        }
    }

    /// Is the place still there? A chunked traversal of a table that isn't fixed may find it gone, and then starts the
    /// chain anew.
    pub fn revalidate(&self, cursor: Cursor) -> Cursor {
        let Some(first) = self.chains.get(cursor.slot as usize) else { return cursor };
        let mut at = *first;
        while let Some(n) = self.node(at) {
            if at == cursor.node {
                return cursor;
            }
            at = n.next;
        }
        Cursor { slot: cursor.slot, node: NONE }
    }

    /// The first object of the key after this one; `Err`: the key isn't there. Marked objects still show the way.
    #[allow(clippy::result_unit_err)]
    pub fn after(&self, mem: Mem, names: &dyn Names, key: Term) -> Result<Option<Term>, ()> {
        let hash = key_hash(mem, names, key);
        let (_, mut at) = self.find(mem, hash, key).ok_or(())?;
        while self.has_key(mem, at, hash, key) {
            at = self.node(at).map_or(NONE, |n| n.next);
        }
        let slot = self.slot_of(hash) as u32;
        let cursor = if at == NONE { Cursor { slot: slot + 1, node: NONE } } else { Cursor { slot, node: at } };
        Ok(self.next_from(cursor).map(|(t, _)| t))
    }

    /// All objects of one chain, for `ets:slot/2`; `None`: past the last chain.
    pub fn chain(&self, slot: usize) -> Option<Vec<Term>> {
        let mut at = *self.chains.get(slot)?;
        let mut out = Vec::new();
        while let Some(n) = self.node(at) {
            if let (Some(o), false) = (&n.object, n.deleted) {
                out.push(o.term);
            }
            at = n.next;
        }
        Some(out)
    }
    /// Number of chains, length of the longest and the shortest, mean and standard deviation.
    pub fn shape(&self) -> (usize, usize, usize, f64, f64) {
        let lengths: Vec<usize> = (0..self.chains.len()).map(|s| self.chain(s).map_or(0, |c| c.len())).collect();
        let n = lengths.len();
        let mean = self.len as f64 / n as f64;
        let variance = lengths.iter().map(|l| (*l as f64 - mean).powi(2)).sum::<f64>() / n as f64;
        let longest = lengths.iter().copied().max().unwrap_or(0);
        let shortest = lengths.iter().copied().min().unwrap_or(0);
        (n, longest, shortest, mean, variance.sqrt())
    }

    pub fn chains(&self) -> usize {
        self.chains.len()
    }
}
