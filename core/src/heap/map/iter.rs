//! Walking over maps.

use super::flat;
use super::trie::Node;
use crate::term::{Mem, Term};

/// The leaves of a trie (or of a part of one), in the order of iteration.
pub struct Leaves {
    mem: Mem,
    /// Nodes on the way to the next leaf, and the next child of each.
    stack: Vec<(Term, u32)>,
}

impl Leaves {
    pub fn new(mem: Mem, node: Term) -> Leaves {
        Leaves { mem, stack: vec![(node, 0)] }
    }
}

impl Iterator for Leaves {
    type Item = (Term, Term);

    fn next(&mut self) -> Option<(Term, Term)> {
        loop {
            let (node, i) = self.stack.last_mut()?;
            if node.is_list() {
                let pair = (self.mem.head(*node), self.mem.tail(*node));
                self.stack.pop();
                return Some(pair);
            }
            let n = Node::of(self.mem, *node);
            if *i >= n.count {
                self.stack.pop();
                continue;
            }
            let child = self.mem.field(*node, n.first + *i);
            *i += 1;
            if child.is_list() {
                return Some((self.mem.head(child), self.mem.tail(child)));
            }
            self.stack.push((child, 0));
        }
    }
}

/// All pairs, in the order of `maps:iterator/1`.
pub fn pairs(mem: Mem, map: Term) -> Vec<(Term, Term)> {
    let n = mem.map_size(map);
    if mem.is_flat_map(map) {
        return (0..n as u32).map(|i| (flat::key(mem, map, i), flat::value(mem, map, i))).collect();
    }
    let mut all = Vec::with_capacity(n);
    all.extend(Leaves::new(mem, map));
    all
}

/// What a trie is made of: `erts_debug:map_info/1`.
#[derive(Debug, Default)]
pub struct Shape {
    pub depth: u64,
    pub arrays: u64,
    /// Nodes of colliding keys, and nodes with a bitmap: how many, and how many by the number of children (from 1).
    pub collisions: (u64, [u64; 16]),
    pub bitmaps: (u64, [u64; 16]),
    /// How many, and how many by level.
    pub leaves: (u64, [u64; 18]),
}

/// The shape of a hash map.
pub fn shape(mem: Mem, map: Term) -> Shape {
    let mut s = Shape::default();
    let mut work = vec![(map, 0usize)];
    while let Some((node, level)) = work.pop() {
        if node.is_list() {
            s.leaves.0 += 1;
            s.leaves.1[level.min(17)] += 1;
            continue;
        }
        let n = Node::of(mem, node);
        let place = (n.count as usize).clamp(1, 16) - 1;
        if n.collision {
            s.collisions.0 += 1;
            s.collisions.1[place] += 1;
        } else if n.first == 2 && n.count == 16 {
            s.arrays += 1;
        } else {
            s.bitmaps.0 += 1;
            s.bitmaps.1[place] += 1;
        }
        s.depth = s.depth.max(level as u64 + 1);
        work.extend((0..n.count).map(|i| (mem.field(node, n.first + i), level + 1)));
    }
    s
}

/// Up to `want` pairs of a hash map from the leaf that `path` leads to (child indices from the root down; 0 where it ends), and
/// the path of the leaf after them, if there is one. `None`: the path leads nowhere. Colliding keys are never parted.
#[allow(clippy::type_complexity)]
pub fn walk(mem: Mem, map: Term, path: &[u8], want: usize) -> Option<(Vec<(Term, Term)>, Option<Vec<u8>>)> {
    let child = |node: Term, i: u32| mem.field(node, Node::of(mem, node).first + i);
    let mut stack: Vec<(Term, u32)> = Vec::new();
    let mut node = map;
    while !node.is_list() {
        let i = path.get(stack.len()).copied().unwrap_or(0) as u32;
        if i >= Node::of(mem, node).count {
            return None;
        }
        stack.push((node, i));
        node = child(node, i);
    }
    let mut pairs = Vec::with_capacity(want);
    // Invariant: the top of the stack is the next place to look at.
    while let Some((node, i)) = stack.last_mut() {
        let n = Node::of(mem, *node);
        if *i >= n.count {
            stack.pop();
            if let Some(up) = stack.last_mut() {
                up.1 += 1;
            }
            continue;
        }
        if pairs.len() >= want && !(n.collision && *i > 0) {
            let steps = stack.iter().map(|s| s.1 as u8).collect();
            return Some((pairs, Some(steps)));
        }
        let next = child(*node, *i);
        if next.is_list() {
            pairs.push((mem.head(next), mem.tail(next)));
            *i += 1;
        } else {
            stack.push((next, 0));
        }
    }
    Some((pairs, None))
}
