//! Order of big maps: their pairs in the order of the hash tree, compared key by key.

use super::*;

/// The pairs of a map in the order of its tree (slots ascending, lowest bits of the hash first).
pub(crate) struct Leaves {
    /// Address, next and last word of the objects on the path; for a flat map the pairs come by index.
    path: Vec<(Addr, u32, u32)>,
    flat: Option<(Term, u32)>,
}

impl Leaves {
    pub(crate) fn new(mem: Mem, map: Term) -> Leaves {
        if mem.is_flat_map(map) {
            return Leaves { path: Vec::new(), flat: Some((map, 0)) };
        }
        let mut l = Leaves { path: Vec::new(), flat: None };
        l.enter(mem, map);
        l
    }

    fn enter(&mut self, mem: Mem, node: Term) {
        let h = mem.header(node);
        let (first, n) = match object::kind_of_header(h) {
            Some(Kind::HashHead) => (2, object::map_bitmap(h).count_ones()),
            Some(Kind::HashNode) => (1, object::map_bitmap(h).count_ones()),
            // Keys with the same hash.
            Some(Kind::Tuple) => (1, object::arity(h)),
            _ => (1, 0),
        };
        self.path.push((node.addr(), first, first + n));
    }

    pub(crate) fn next(&mut self, mem: Mem) -> Option<(Term, Term)> {
        if let Some((map, i)) = &mut self.flat {
            if *i as usize >= mem.map_size(*map) {
                return None;
            }
            *i += 1;
            return Some((mem.field(mem.field(*map, 2), *i), mem.field(*map, 2 + *i)));
        }
        loop {
            let (at, i, end) = self.path.last_mut()?;
            if *i >= *end {
                self.path.pop();
                continue;
            }
            let child = mem.get(*at, *i);
            *i += 1;
            if child.is_list() {
                return Some((mem.head(child), mem.tail(child)));
            }
            if child.is_boxed() {
                self.enter(mem, child);
            }
        }
    }
}

/// What the comparison asked for last.
pub(super) enum Phase {
    /// All keys so far were equal: are these?
    SameKeys,
    /// Values differed before: is this key less than that pair's?
    LessKey,
    /// Values of equal keys.
    Values,
    /// Keys have differed; are these equal?
    OtherKeys,
    /// Is this key, which the other map lacks, the least so far?
    LeastLeft,
    LeastRight,
}

pub(super) enum Step {
    Compare(Term, Term, bool),
    Done(Ordering),
}

/// Two big maps of the same size on the way through their trees. The order is decided by the least key that only one of
/// them has; if there is none, by the values of the least key whose values differ.
pub(super) struct HashCompare {
    pub(super) left: Leaves,
    pub(super) right: Leaves,
    pub(super) a: Option<(Term, Term)>,
    pub(super) b: Option<(Term, Term)>,
    pub(super) least: Term,
    pub(super) result: Ordering,
    pub(super) was_exact: bool,
    pub(super) phase: Phase,
}

impl HashCompare {
    pub(super) fn advance(&mut self, mem: Mem, names: &dyn Names, r: Ordering) -> Step {
        match self.phase {
            Phase::SameKeys if r != Equal => {
                if self.tree_order(mem, names, r) == Less {
                    self.least = self.a.map_or(Term::NONE, |p| p.0);
                    self.result = Less;
                    self.a = self.left.next(mem);
                } else {
                    self.least = self.b.map_or(Term::NONE, |p| p.0);
                    self.result = Greater;
                    self.b = self.right.next(mem);
                }
                self.other_keys(mem, names)
            }
            Phase::SameKeys if self.result != Equal => {
                self.phase = Phase::LessKey;
                Step::Compare(self.a.map_or(Term::NONE, |p| p.0), self.least, true)
            }
            Phase::SameKeys => self.values(),
            Phase::LessKey if r == Less => self.values(),
            Phase::LessKey => self.next_pair(mem),
            Phase::Values => {
                if r != Equal {
                    self.result = r;
                    self.least = self.a.map_or(Term::NONE, |p| p.0);
                }
                self.next_pair(mem)
            }
            Phase::OtherKeys if r == Equal => {
                self.a = self.left.next(mem);
                self.b = self.right.next(mem);
                self.other_keys(mem, names)
            }
            Phase::OtherKeys => self.lagging(mem, names, r),
            Phase::LeastLeft => {
                if let (Less, Some(p)) = (r, self.a) {
                    (self.least, self.result) = (p.0, Less);
                }
                self.a = self.left.next(mem);
                self.other_keys(mem, names)
            }
            Phase::LeastRight => {
                if let (Less, Some(p)) = (r, self.b) {
                    (self.least, self.result) = (p.0, Greater);
                }
                self.b = self.right.next(mem);
                self.other_keys(mem, names)
            }
        }
    }

    pub(super) fn values(&mut self) -> Step {
        self.phase = Phase::Values;
        match (self.a, self.b) {
            (Some(x), Some(y)) => Step::Compare(x.1, y.1, self.was_exact),
            _ => Step::Done(self.result),
        }
    }

    pub(super) fn next_pair(&mut self, mem: Mem) -> Step {
        self.a = self.left.next(mem);
        self.b = self.right.next(mem);
        self.phase = Phase::SameKeys;
        match (self.a, self.b) {
            (Some(x), Some(y)) => Step::Compare(x.0, y.0, true),
            _ => Step::Done(self.result),
        }
    }

    pub(super) fn other_keys(&mut self, mem: Mem, names: &dyn Names) -> Step {
        match (self.a, self.b) {
            (Some(x), Some(y)) => {
                self.phase = Phase::OtherKeys;
                Step::Compare(x.0, y.0, true)
            }
            _ => self.lagging(mem, names, Equal),
        }
    }

    /// Looks at the key of the tree that lags behind.
    pub(super) fn lagging(&mut self, mem: Mem, names: &dyn Names, r: Ordering) -> Step {
        match (self.a, self.b) {
            (None, None) => Step::Done(self.result),
            (Some(x), y) if y.is_none() || self.tree_order(mem, names, r) == Less => {
                self.phase = Phase::LeastLeft;
                Step::Compare(x.0, self.least, true)
            }
            (_, Some(y)) => {
                self.phase = Phase::LeastRight;
                Step::Compare(y.0, self.least, true)
            }
            (Some(_), None) => Step::Done(self.result),
        }
    }

    /// Which of the two current keys comes first in a tree; keys with the same hash lie in key order.
    pub(super) fn tree_order(&self, mem: Mem, names: &dyn Names, r: Ordering) -> Ordering {
        let path = |p: Option<(Term, Term)>| {
            let h = hash::internal_hash(mem, names, p.map_or(Term::NIL, |p| p.0)).swap_bytes();
            (h & 0x0F0F_0F0F_0F0F_0F0F) << 4 | h >> 4 & 0x0F0F_0F0F_0F0F_0F0F
        };
        path(self.a).cmp(&path(self.b)).then(r)
    }
}
