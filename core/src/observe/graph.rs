//! Who holds what: a process's objects as a graph, from the places that keep them alive to the binaries outside of its heap.
//!
//! Owns the retained sizes (what would become free if an object went: the objects that it *dominates*) and the way from a root to an object. A graph is a
//! copy, made between two slices; it depends on the process's memory alone. Literals are not part of it: they aren't the process's.
//! Retained sizes are those of a dominator tree, found by the semi-NCA algorithm (Georgiadis), without recursion.

use super::map::{self, BlockKind};
use crate::heap::binary::block_bytes;
use crate::process::{CodePtr, Mfa, Process};
use crate::system::System;
use crate::term::{Addr, Kind, Mem, TAG_HEADER, TAG_MASK, Term, object};

/// Kind of a node that is a reference-counted binary, beside those of [`map::kind`].
pub const SHARED_BINARY: u8 = 32;

/// Where an object lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    Young,
    /// In the young generation, and has survived a collection.
    Mature,
    Old,
    Fragment,
    /// In a message that has not been received; its place in the queue.
    Message(u32),
    /// Outside of all processes; how many references it has in the VM.
    Shared(u64),
}

/// One object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Node {
    pub address: Addr,
    /// Its words; of a shared binary its bytes in words, rounded up.
    pub words: u32,
    /// One of [`map::kind`], or [`SHARED_BINARY`].
    pub kind: u8,
    pub place: Place,
    /// Its edges: from here to where the next node's begin.
    edges: u32,
}

/// What keeps an object alive.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Holder {
    /// Slot `y` of a frame, of the function that the frame is of, if that is known.
    Stack {
        y: u32,
        function: Option<Mfa>,
    },
    /// A register, saved while the process doesn't run.
    Register(u32),
    /// A message in the queue.
    Message(u32),
    Dictionary,
    /// The value, trace or arguments of an exception on its way.
    Exception,
    /// Arguments of a call that is about to be made, or of work that goes on in the next slice.
    Call,
    /// The reason that it exits with, its label, or the tag of a monitor.
    Other,
}

/// A place that keeps an object alive: the index of the object's node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Root {
    pub holder: Holder,
    pub node: u32,
}

/// The objects of a process, by address; shared binaries come last.
#[derive(Debug, Default)]
pub struct Graph {
    pub nodes: Vec<Node>,
    pub roots: Vec<Root>,
    edges: Vec<u32>,
}

/// A binary of which a process sees only a small part, and still keeps all of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SmallView {
    /// The node of the binary.
    pub binary: u32,
    pub bytes: u64,
    /// Bytes of the largest part that is seen.
    pub seen: u64,
}

impl Graph {
    /// The graph of a process.
    pub fn of(system: &System, process: &Process) -> Graph {
        let mem = system.arena.mem();
        let mut g = Graph::default();
        for block in map::blocks(process) {
            for item in block.items(mem).filter(|i| i.offset < block.used) {
                let place = match block.kind {
                    BlockKind::Young if item.generation == 1 => Place::Mature,
                    BlockKind::Young => Place::Young,
                    BlockKind::Old => Place::Old,
                    BlockKind::Fragment => Place::Fragment,
                    BlockKind::Message => Place::Message(block.place),
                };
                let address = block.start + item.offset * 8;
                g.nodes.push(Node { address, words: item.words, kind: item.kind, place, edges: 0 });
            }
        }
        g.nodes.sort_unstable_by_key(|n| n.address);
        g.add_shared(mem);
        g.connect(mem);
        g.add_roots(system, process);
        g
    }

    /// The binaries outside that handles on the heap refer to, each once.
    fn add_shared(&mut self, mem: Mem) {
        let mut blocks: Vec<Addr> = self.nodes.iter().filter_map(|n| handle_of(mem, n)).collect();
        blocks.sort_unstable();
        blocks.dedup();
        self.nodes.extend(blocks.into_iter().map(|address| Node {
            address,
            words: block_bytes(mem, address).div_ceil(8) as u32,
            kind: SHARED_BINARY,
            place: Place::Shared(mem.word(address, 0)),
            edges: 0,
        }));
    }

    fn heap_nodes(&self) -> usize {
        self.nodes.partition_point(|n| n.kind != SHARED_BINARY)
    }

    /// The node of the object that begins at `address`.
    fn find(&self, address: Addr) -> Option<u32> {
        let heap = self.nodes.get(..self.heap_nodes())?;
        heap.binary_search_by_key(&address, |n| n.address).ok().map(|i| i as u32)
    }

    /// The node of the object, or shared binary, that covers the word at `address`.
    pub fn at(&self, address: Addr) -> Option<u32> {
        let end = |n: &Node| u64::from(n.address) + 8 * u64::from(n.words.max(1));
        let covers = |n: &Node| n.address <= address && u64::from(address) < end(n);
        let first = self.heap_nodes();
        let heap = self.nodes.get(..first)?.partition_point(|n| n.address <= address).checked_sub(1);
        let shared = || (first..self.nodes.len()).find(|i| self.nodes.get(*i).is_some_and(covers));
        let found = heap.filter(|i| self.nodes.get(*i).is_some_and(covers)).or_else(shared);
        found.map(|i| i as u32)
    }

    fn connect(&mut self, mem: Mem) {
        let first_shared = self.heap_nodes();
        for i in 0..self.nodes.len() {
            let (at, Some(node)) = (self.edges.len() as u32, self.nodes.get_mut(i)) else { break };
            node.edges = at;
            let node = *node;
            if node.kind == SHARED_BINARY || matches!(node.kind, map::kind::DEAD | map::kind::UNKNOWN) {
                continue;
            }
            let first = mem.word(node.address, 0);
            let raw = if first & TAG_MASK == TAG_HEADER { 1 + object::layout(mem, node.address, first).raw } else { 0 };
            for word in (raw..node.words).map(|k| mem.word(node.address, k)) {
                if let Some(to) = self.target(Term(word)) {
                    self.edges.push(to);
                }
            }
            if let Some(block) = handle_of(mem, &node) {
                let shared = self.nodes.get(first_shared..).unwrap_or_default();
                if let Ok(k) = shared.binary_search_by_key(&block, |n| n.address) {
                    self.edges.push((first_shared + k) as u32);
                }
            }
        }
    }

    fn target(&self, t: Term) -> Option<u32> {
        if t.is_list() || t.is_boxed() { self.find(t.addr()) } else { None }
    }

    fn add_roots(&mut self, system: &System, p: &Process) {
        let mem = system.arena.mem();
        let mut held: Vec<(Holder, Term)> = Vec::new();
        // A frame belongs to the function that is returned to above it; the topmost to the one that runs.
        let mut function = system.code.function_at(p.ip);
        let mut y = 0;
        for at in (p.heap.sp..p.heap.end).step_by(8) {
            let word = mem.word(at, 0);
            if word & TAG_MASK == TAG_HEADER {
                function = system.code.function_at(CodePtr::from_word(word));
                y = 0;
            } else {
                held.push((Holder::Stack { y, function }, Term(word)));
                y += 1;
            }
        }
        held.extend(p.live.iter().enumerate().map(|(i, t)| (Holder::Register(i as u32), *t)));
        held.extend(p.mailbox.iter().enumerate().map(|(i, m)| (Holder::Message(i as u32), m.term)));
        held.extend(p.dict.cells().map(|t| (Holder::Dictionary, t)));
        let e = &p.exception;
        held.extend([e.value, e.trace, e.args, e.info].map(|t| (Holder::Exception, t)));
        let job = p.job.iter().flat_map(|j| j.terms.iter());
        held.extend(p.trap.args.iter().chain([&p.trap.fun]).chain(job).map(|t| (Holder::Call, *t)));
        let tags = p.relations.monitors.values().map(|m| m.tag);
        held.extend([p.exit_reason, p.label].into_iter().chain(tags).map(|t| (Holder::Other, t)));
        for (holder, t) in held {
            if let Some(node) = self.target(t) {
                self.roots.push(Root { holder, node });
            }
        }
    }

    /// The nodes that a node points to.
    pub fn targets(&self, node: u32) -> &[u32] {
        let from = self.nodes.get(node as usize).map_or(0, |n| n.edges);
        let to = self.nodes.get(node as usize + 1).map_or(self.edges.len() as u32, |n| n.edges);
        self.edges.get(from as usize..to as usize).unwrap_or_default()
    }

    /// For each node the words that would become free with it, itself included: what can be reached through it only. 0: nothing keeps it alive, the next collection
    /// drops it. A shared binary counts as far as this process is concerned, whoever else refers to it.
    pub fn retained(&self) -> Vec<u64> {
        let order = Order::of(self);
        let idom = order.dominators(self);
        let mut sizes: Vec<u64> = order.vertex.iter().map(|v| self.words(*v)).collect();
        for n in (1..sizes.len()).rev() {
            if let (Some(own), Some(above)) = (sizes.get(n).copied(), idom.get(n).copied())
                && let Some(total) = sizes.get_mut(above as usize)
            {
                *total += own;
            }
        }
        let mut out = vec![0; self.nodes.len()];
        for (v, size) in order.vertex.iter().zip(sizes).skip(1) {
            if let Some(place) = out.get_mut(*v as usize) {
                *place = size;
            }
        }
        out
    }

    fn words(&self, node: u32) -> u64 {
        self.nodes.get(node as usize).map_or(0, |n| n.words as u64)
    }

    /// A shortest way from a root to the node: what holds it, then the objects on the way, the node last. `None`: nothing keeps it alive.
    pub fn path(&self, node: u32) -> Option<(Holder, Vec<u32>)> {
        const UNSEEN: u32 = u32::MAX;
        let mut from = vec![UNSEEN; self.nodes.len()];
        let mut queue = std::collections::VecDeque::new();
        let mut holder = std::collections::BTreeMap::new();
        for root in &self.roots {
            if let Some(f) = from.get_mut(root.node as usize)
                && *f == UNSEEN
            {
                *f = root.node;
                holder.insert(root.node, root.holder);
                queue.push_back(root.node);
            }
        }
        while let Some(at) = queue.pop_front() {
            if at == node {
                let mut way = vec![at];
                let mut at = at;
                while let Some(before) = from.get(at as usize).copied().filter(|b| *b != at) {
                    way.push(before);
                    at = before;
                }
                way.reverse();
                return Some((*holder.get(&at)?, way));
            }
            for to in self.targets(at) {
                if let Some(f) = from.get_mut(*to as usize)
                    && *f == UNSEEN
                {
                    *f = at;
                    queue.push_back(*to);
                }
            }
        }
        None
    }

    /// Shared binaries of which no view that is alive shows more than a tenth.
    pub fn small_views(&self, mem: Mem) -> Vec<SmallView> {
        let first = self.heap_nodes();
        let reached = Order::of(self).number;
        let alive = self.nodes.iter().zip(reached).filter(|(_, number)| *number != NONE).map(|(n, _)| n);
        // The handle stands between a view and its binary.
        let mut seen = vec![0u64; self.nodes.len() - first];
        for n in alive.filter(|n| matches!(n.kind, map::kind::SUB_BINARY | map::kind::MATCH_CONTEXT)) {
            let (from, to) = (mem.word(n.address, 2), mem.word(n.address, 3));
            let handle = self.target(Term(mem.word(n.address, 4)));
            let binary = handle.and_then(|h| self.targets(h).iter().find(|t| **t as usize >= first));
            if let Some(s) = binary.and_then(|b| seen.get_mut(*b as usize - first)) {
                *s = (*s).max(to.saturating_sub(from).div_ceil(8));
            }
        }
        let small = seen.into_iter().enumerate().filter_map(|(i, seen)| {
            let binary = (first + i) as u32;
            let bytes = block_bytes(mem, self.nodes.get(first + i)?.address) as u64;
            (seen > 0 && seen * 10 <= bytes).then_some(SmallView { binary, bytes, seen })
        });
        small.collect()
    }
}

/// The block that a handle refers to.
fn handle_of(mem: Mem, n: &Node) -> Option<Addr> {
    let is_handle = n.kind == map::kind::OFF_HEAP_BINARY
        && object::kind_of_header(mem.word(n.address, 0)).is_some_and(|k| k == Kind::BinRef);
    is_handle.then(|| mem.word(n.address, 1) as Addr)
}

/// The nodes that can be reached, in the order of a depth-first walk. Number 0 is the place above all roots.
struct Order {
    /// The node of each number.
    vertex: Vec<u32>,
    /// The number before it on the walk's tree.
    parent: Vec<u32>,
    /// The number of each node, or `NONE`.
    number: Vec<u32>,
}

const NONE: u32 = u32::MAX;

fn get(list: &[u32], i: u32) -> u32 {
    list.get(i as usize).copied().unwrap_or(0)
}

impl Order {
    fn of(g: &Graph) -> Order {
        let mut o = Order { vertex: vec![NONE], parent: vec![0], number: vec![NONE; g.nodes.len()] };
        let mut todo: Vec<(u32, u32)> = g.roots.iter().rev().map(|r| (r.node, 0)).collect();
        while let Some((node, parent)) = todo.pop() {
            let Some(number) = o.number.get_mut(node as usize).filter(|n| **n == NONE) else { continue };
            let mine = o.vertex.len() as u32;
            *number = mine;
            o.vertex.push(node);
            o.parent.push(parent);
            todo.extend(g.targets(node).iter().rev().map(|t| (*t, mine)));
        }
        o
    }

    /// The immediate dominator of each number, as a number.
    fn dominators(&self, g: &Graph) -> Vec<u32> {
        let n = self.vertex.len();
        let before = self.predecessors(g);
        let mut semi: Vec<u32> = (0..n as u32).collect();
        let mut best: Vec<u32> = (0..n as u32).collect();
        let mut ancestor = vec![NONE; n];
        let mut way = Vec::new();
        for w in (1..n as u32).rev() {
            let mut least = get(&self.parent, w);
            for v in before.of(w) {
                let u = eval(*v, &mut ancestor, &mut best, &semi, &mut way);
                least = least.min(get(&semi, u));
            }
            if let (Some(s), Some(a)) = (semi.get_mut(w as usize), ancestor.get_mut(w as usize)) {
                (*s, *a) = (least, get(&self.parent, w));
            }
        }
        let mut idom = self.parent.clone();
        for w in 1..n as u32 {
            let mut d = get(&idom, w);
            while d > get(&semi, w) {
                d = get(&idom, d);
            }
            if let Some(place) = idom.get_mut(w as usize) {
                *place = d;
            }
        }
        idom
    }

    fn predecessors(&self, g: &Graph) -> Predecessors {
        let mut count = vec![0u32; self.vertex.len() + 1];
        let edges = || {
            let inner = self.vertex.iter().enumerate().skip(1);
            let inner = inner.flat_map(|(m, v)| g.targets(*v).iter().map(move |t| (m as u32, *t)));
            g.roots.iter().map(|r| (0, r.node)).chain(inner)
        };
        for (_, to) in edges() {
            if let Some(c) = count.get_mut(get(&self.number, to) as usize + 1) {
                *c += 1;
            }
        }
        let mut total = 0;
        for c in &mut count {
            total += *c;
            *c = total;
        }
        let mut next = count.clone();
        let mut list = vec![0; total as usize];
        for (from, to) in edges() {
            if let Some(at) = next.get_mut(get(&self.number, to) as usize) {
                if let Some(place) = list.get_mut(*at as usize) {
                    *place = from;
                }
                *at += 1;
            }
        }
        Predecessors { start: count, list }
    }
}

/// Numbers from which there is an edge to each number.
struct Predecessors {
    start: Vec<u32>,
    list: Vec<u32>,
}

impl Predecessors {
    fn of(&self, n: u32) -> &[u32] {
        let (from, to) = (get(&self.start, n), get(&self.start, n + 1));
        self.list.get(from as usize..to as usize).unwrap_or_default()
    }
}

/// The number with the least semidominator on the way up from `v` in the forest of those that are done; the way is shortened.
fn eval(v: u32, ancestor: &mut [u32], best: &mut [u32], semi: &[u32], way: &mut Vec<u32>) -> u32 {
    if ancestor.get(v as usize).is_none_or(|a| *a == NONE) {
        return v;
    }
    way.clear();
    let mut at = v;
    while let Some(above) = ancestor.get(at as usize).copied()
        && ancestor.get(above as usize).is_some_and(|a| *a != NONE)
    {
        way.push(at);
        at = above;
    }
    // From the top down: each takes over what is best above it.
    for w in way.iter().rev() {
        let above = get(ancestor, *w);
        let (theirs, mine) = (get(best, above), get(best, *w));
        if get(semi, theirs) < get(semi, mine)
            && let Some(b) = best.get_mut(*w as usize)
        {
            *b = theirs;
        }
        let top = get(ancestor, above);
        if let Some(a) = ancestor.get_mut(*w as usize) {
            *a = top;
        }
    }
    get(best, v)
}
