//! Term order: `==`, `=:=`, `<` and the order of map keys.
//!
//! number < atom < reference < fun < port < pid < tuple < map < nil < list < bitstring. Integers and floats compare by exact
//! value in `==` and `<`; in the *exact* order (`=:=`, map keys) every integer is below every float and -0.0 below 0.0.
//! Nothing here recurses on the host's stack: a guest may nest a million deep. Mirrors `erts_cmp_compound` and `eq` of
//! `utils.c`.

mod hashed;
mod scalar;

pub(crate) use hashed::Leaves;
use hashed::{HashCompare, Phase, Step};
pub use scalar::{compare_bits, compare_numbers};

use crate::atom::am;
use crate::heap::external::Node;
use crate::term::{Addr, FunKey, Kind, Mem, Names, Term, hash, object};
use std::cmp::Ordering::{self, Equal, Greater, Less};

/// Erlang's term order as `<` and `==` see it (1 and 1.0 are equal).
#[inline]
pub fn compare(mem: Mem, names: &dyn Names, a: Term, b: Term) -> Ordering {
    if a == b {
        return Equal;
    }
    if Term::both_small(a, b) {
        return a.small_value().cmp(&b.small_value());
    }
    Comparer { mem, names, exact: false, stack: Vec::new() }.run(a, b)
}

/// As [`compare`], where neither names nor numbers of different types decide, nor anything nested deep: what sorting meets most. `None`: it
/// takes [`compare`].
pub fn compare_quick(mem: Mem, a: Term, b: Term) -> Option<Ordering> {
    let (mut a, mut b) = (a, b);
    if a.is_list() && b.is_list() {
        loop {
            let (x, y) = (mem.head(a), mem.head(b));
            if x != y {
                return Term::both_small(x, y).then(|| x.small_value().cmp(&y.small_value()));
            }
            (a, b) = (mem.tail(a), mem.tail(b));
            if a == b {
                return Some(Equal);
            }
            if !(a.is_list() && b.is_list()) {
                return match (a.is_nil(), b.is_nil()) {
                    (true, _) if b.is_list() => Some(Less),
                    (_, true) if a.is_list() => Some(Greater),
                    _ => None,
                };
            }
        }
    }
    if !(a.is_boxed() && b.is_boxed()) {
        return None;
    }
    let (x, y) = (mem.header(a), mem.header(b));
    if x == y && object::is_tuple_header(x) {
        let n = object::arity(x);
        let i = (1..=n).find(|i| mem.field(a, *i) != mem.field(b, *i));
        let Some(i) = i else { return Some(Equal) };
        let (p, q) = (mem.field(a, i), mem.field(b, i));
        return Term::both_small(p, q).then(|| p.small_value().cmp(&q.small_value()));
    }
    match (mem.bits(a), mem.bits(b)) {
        (Some(p), Some(q)) if mem.is_bitstring(a) && mem.is_bitstring(b) => Some(compare_bits(mem, p, q)),
        _ => None,
    }
}

/// The order of map keys: equal means `=:=`, and integers come before floats.
#[inline]
pub fn compare_exact(mem: Mem, names: &dyn Names, a: Term, b: Term) -> Ordering {
    if a == b {
        return Equal;
    }
    if Term::both_small(a, b) {
        return a.small_value().cmp(&b.small_value());
    }
    Comparer { mem, names, exact: true, stack: Vec::new() }.run(a, b)
}

/// `==`.
#[inline]
pub fn eq(mem: Mem, names: &dyn Names, a: Term, b: Term) -> bool {
    a == b || !(a.is_immed() && b.is_immed()) && compare(mem, names, a, b) == Equal
}

/// `=:=`.
#[inline]
pub fn exact_eq(mem: Mem, a: Term, b: Term) -> bool {
    a == b || a.tag() == b.tag() && !a.is_immed() && same(mem, a, b)
}

/// `=:=` of two different pointers of the same tag.
fn same(mem: Mem, a: Term, b: Term) -> bool {
    let mut runs: Vec<(Addr, Addr, u32)> = Vec::new();
    let (mut a, mut b) = (a, b);
    loop {
        // The caller's invariant holds here: the same pointer tag, different words.
        if a.is_list() {
            loop {
                let (x, y) = (mem.head(a), mem.head(b));
                let (ta, tb) = (mem.tail(a), mem.tail(b));
                if x != y {
                    if x.is_immed() || x.tag() != y.tag() {
                        return false;
                    }
                    if ta != tb {
                        runs.push((a.addr() + 8, b.addr() + 8, 1));
                    }
                    (a, b) = (x, y);
                    break;
                }
                if ta == tb {
                    let Some(next) = next_difference(mem, &mut runs) else { return true };
                    (a, b) = next;
                    break;
                }
                if !(ta.is_list() && tb.is_list()) {
                    (a, b) = (ta, tb);
                    break;
                }
                (a, b) = (ta, tb);
            }
        } else if object::is_tuple_header(mem.header(a)) {
            let h = mem.header(a);
            if h != mem.header(b) {
                return false;
            }
            // What differs at once is looked for in the whole tuple before anything is looked at closely.
            let n = object::arity(h);
            let (mut first, mut others) = (0, false);
            for i in 1..=n {
                let (x, y) = (mem.field(a, i), mem.field(b, i));
                if x != y {
                    if x.is_immed() || x.tag() != y.tag() {
                        return false;
                    }
                    others |= first != 0;
                    first = if first == 0 { i } else { first };
                }
            }
            if first == 0 {
                let Some(next) = next_difference(mem, &mut runs) else { return true };
                (a, b) = next;
            } else {
                if others {
                    runs.push((a.addr() + 8 * (first + 1), b.addr() + 8 * (first + 1), n - first));
                }
                (a, b) = (mem.field(a, first), mem.field(b, first));
            }
        } else {
            match boxed_same(mem, a, b) {
                Shallow::Different => return false,
                Shallow::Same => {}
                Shallow::Words(n, from) => runs.push((a.addr() + 8 * from, b.addr() + 8 * from, n)),
            }
            let Some(next) = next_difference(mem, &mut runs) else { return true };
            (a, b) = next;
        }
        if a.is_immed() || a.tag() != b.tag() {
            return false;
        }
    }
}

/// The next pair of words that differ, `None` when all runs are through.
fn next_difference(mem: Mem, runs: &mut Vec<(Addr, Addr, u32)>) -> Option<(Term, Term)> {
    while let Some((x, y, n)) = runs.pop() {
        for i in 0..n {
            let (p, q) = (mem.get(x, i), mem.get(y, i));
            if p != q {
                if i + 1 < n {
                    runs.push((x + 8 * (i + 1), y + 8 * (i + 1), n - i - 1));
                }
                return Some((p, q));
            }
        }
    }
    None
}

enum Shallow {
    Different,
    Same,
    /// So many words from that index must be equal.
    Words(u32, u32),
}

fn boxed_same(mem: Mem, a: Term, b: Term) -> Shallow {
    let (ha, hb) = (mem.header(a), mem.header(b));
    let yes = |c: bool| if c { Shallow::Same } else { Shallow::Different };
    let words_equal = |n: u32| (1..=n).all(|i| mem.field(a, i) == mem.field(b, i));
    match ha & object::HEADER_MASK {
        object::HEAP_BITS | object::SUB_BITS => match (mem.bits(a), mem.bits(b)) {
            (Some(x), Some(y)) => yes(x.len == y.len && compare_bits(mem, x, y) == Equal),
            _ => Shallow::Different,
        },
        object::REF => match (mem.ref_id(a), mem.ref_id(b)) {
            (Some(x), Some(y)) => yes(x == y),
            _ => Shallow::Different,
        },
        object::EXT_REF => match (mem.external_ref(a), mem.external_ref(b)) {
            // Numbers that one of them lacks count as 0.
            (Some((m, x)), Some((n, y))) => {
                let at = |v: &[u32], i: usize| v.get(i).copied().unwrap_or(0);
                yes(m == n && (0..x.len().max(y.len())).all(|i| at(&x, i) == at(&y, i)))
            }
            _ => Shallow::Different,
        },
        _ if ha != hb => Shallow::Different,
        object::TUPLE => Shallow::Words(object::arity(ha), 1),
        object::FLOAT => yes(words_equal(1)),
        object::FUN => {
            if mem.field(a, 1) != mem.field(b, 1) {
                return Shallow::Different;
            }
            Shallow::Words(object::fun_env_words(ha).saturating_sub(1), 2)
        }
        object::MAP => match object::map_kind(ha) {
            object::MAP_FLAT => {
                if mem.field(a, 1) != mem.field(b, 1) {
                    return Shallow::Different;
                }
                Shallow::Words(mem.map_size(a) as u32 + 1, 2)
            }
            object::MAP_NODE => Shallow::Words(object::map_bitmap(ha).count_ones(), 1),
            _ => {
                if mem.field(a, 1) != mem.field(b, 1) {
                    return Shallow::Different;
                }
                Shallow::Words(object::map_bitmap(ha).count_ones(), 2)
            }
        },
        _ => yes(words_equal(object::arity(ha))),
    }
}

/// Position of a term's type in the order.
fn rank(mem: Mem, t: Term) -> u8 {
    if t.is_small() {
        0
    } else if t.is_atom() {
        1
    } else if t.is_list() {
        9
    } else if t.is_nil() {
        8
    } else if t.is_local_port() {
        4
    } else if t.is_local_pid() {
        5
    } else if !t.is_boxed() {
        11
    } else {
        match mem.kind(t) {
            Some(Kind::Float | Kind::PosBig | Kind::NegBig) => 0,
            Some(Kind::Ref | Kind::ExtRef) => 2,
            Some(Kind::Fun) => 3,
            Some(Kind::ExtPort) => 4,
            Some(Kind::ExtPid) => 5,
            Some(Kind::Tuple) => 6,
            Some(Kind::FlatMap | Kind::HashHead | Kind::HashNode) => 7,
            _ => 10,
        }
    }
}

/// What is left to compare.
enum Frame {
    Pair(Term, Term),
    /// So many words at two addresses.
    Words(Addr, Addr, u32),
    /// The keys of a flat map are through, its values compare as `==`.
    ExactOff,
    Map(Box<HashCompare>),
}

struct Comparer<'a> {
    mem: Mem,
    names: &'a dyn Names,
    exact: bool,
    stack: Vec<Frame>,
}

impl Comparer<'_> {
    fn run(mut self, a: Term, b: Term) -> Ordering {
        let mut result = self.step(a, b);
        loop {
            if result != Equal {
                // What is left of the difference's surroundings doesn't matter, but a big map goes on looking.
                while !matches!(self.stack.last(), None | Some(Frame::Map(_))) {
                    self.stack.pop();
                }
            }
            result = match self.stack.pop() {
                None => return result,
                Some(Frame::Pair(x, y)) => self.step(x, y),
                Some(Frame::Words(x, y, n)) => self.words(x, y, n),
                Some(Frame::ExactOff) => {
                    self.exact = false;
                    Equal
                }
                Some(Frame::Map(mut m)) => match m.advance(self.mem, self.names, result) {
                    Step::Compare(x, y, exact) => {
                        self.exact = exact;
                        self.stack.push(Frame::Map(m));
                        self.step(x, y)
                    }
                    Step::Done(r) => {
                        self.exact = m.was_exact;
                        r
                    }
                },
            };
        }
    }

    /// Compares the first words of two runs that differ; the rest goes to the stack.
    fn words(&mut self, x: Addr, y: Addr, n: u32) -> Ordering {
        for i in 0..n {
            let (a, b) = (self.mem.get(x, i), self.mem.get(y, i));
            if a != b {
                if i + 1 < n {
                    self.stack.push(Frame::Words(x + 8 * (i + 1), y + 8 * (i + 1), n - i - 1));
                }
                return self.step(a, b);
            }
        }
        Equal
    }

    /// Leaves a run of words to the main loop.
    fn later(&mut self, x: Addr, y: Addr, n: u32) -> Ordering {
        self.stack.push(Frame::Words(x, y, n));
        Equal
    }

    /// Compares two terms as far as it goes without their parts; the parts go to the stack.
    fn step(&mut self, mut a: Term, mut b: Term) -> Ordering {
        let mem = self.mem;
        while a.is_list() && b.is_list() {
            if a == b {
                return Equal;
            }
            let (x, y) = (mem.head(a), mem.head(b));
            let (ta, tb) = (mem.tail(a), mem.tail(b));
            if x == y {
                (a, b) = (ta, tb);
            } else if Term::both_small(x, y) {
                return x.small_value().cmp(&y.small_value());
            } else {
                if ta != tb {
                    self.stack.push(Frame::Pair(ta, tb));
                }
                (a, b) = (x, y);
            }
        }
        if a == b {
            return Equal;
        }
        if let (Some(x), Some(y)) = (a.as_atom(), b.as_atom()) {
            return self.names.atom_name(x).cmp(self.names.atom_name(y));
        }
        let (ra, rb) = (rank(mem, a), rank(mem, b));
        if ra != rb {
            return ra.cmp(&rb);
        }
        match ra {
            0 => compare_numbers(mem, a, b, self.exact),
            2 => match (mem.ref_id(a), mem.ref_id(b)) {
                (Some(x), Some(y)) => (x.1, x.0).cmp(&(y.1, y.0)),
                _ => self.external(a, b),
            },
            3 => self.funs(a, b),
            4 | 5 if a.is_immed() && b.is_immed() => a.id_number().cmp(&b.id_number()),
            4 | 5 => self.external(a, b),
            6 => {
                let (x, y) = (object::arity(mem.header(a)), object::arity(mem.header(b)));
                if x != y {
                    return x.cmp(&y);
                }
                self.later(a.addr() + 8, b.addr() + 8, x)
            }
            7 => self.maps(a, b),
            10 => match (mem.bits(a), mem.bits(b)) {
                (Some(x), Some(y)) => compare_bits(mem, x, y),
                _ => Equal,
            },
            _ => a.0.cmp(&b.0),
        }
    }

    /// Two pids, ports or references, one of another node: pids by serial and number, then node; the others by node first.
    fn external(&self, a: Term, b: Term) -> Ordering {
        let key = |t: Term| {
            let here = Node { name: am::NONAME, creation: 0 };
            if let Some((node, n)) = self.mem.external_id(t) {
                return (node, [0, 0, 0, (n >> 32) as u32, n as u32]);
            }
            if let Some((node, numbers)) = self.mem.external_ref(t) {
                let mut all = [0; 5];
                for (to, n) in all.iter_mut().rev().zip(numbers) {
                    *to = n;
                }
                return (node, all);
            }
            if let Some(id) = self.mem.ref_id(t) {
                let [x, y, z] = id.numbers();
                return (here, [0, 0, z, y, x]);
            }
            let (n, low) = (t.id_number(), if t.is_local_pid() { 28 } else { 32 });
            (here, [0, 0, 0, (n >> low) as u32, (n & ((1 << low) - 1)) as u32])
        };
        let ((node_a, x), (node_b, y)) = (key(a), key(b));
        let name = |n: Node| self.names.atom_name(n.name);
        let nodes = name(node_a).cmp(name(node_b)).then(node_a.creation.cmp(&node_b.creation));
        if self.mem.is_pid(a) { x.cmp(&y).then(nodes) } else { nodes.then(x.cmp(&y)) }
    }

    fn funs(&mut self, a: Term, b: Term) -> Ordering {
        let mem = self.mem;
        let (ha, hb) = (mem.header(a), mem.header(b));
        let (na, nb) = (object::fun_env_words(ha), object::fun_env_words(hb));
        let (x, y) = (mem.field(a, 1).0, mem.field(b, 1).0);
        let name = |m| self.names.atom_name(m);
        match (na, nb) {
            (0, 0) => match (self.names.export_mfa(x), self.names.export_mfa(y)) {
                (Some((m1, f1, a1)), Some((m2, f2, a2))) => {
                    name(m1).cmp(name(m2)).then_with(|| name(f1).cmp(name(f2))).then(a1.cmp(&a2))
                }
                _ => x.cmp(&y),
            },
            (0, _) => Greater,
            (_, 0) => Less,
            _ => {
                if x != y {
                    let by_key = match (self.names.fun_key(x), self.names.fun_key(y)) {
                        (
                            Some(FunKey { module: m1, old_index: i1, old_uniq: u1, .. }),
                            Some(FunKey { module: m2, old_index: i2, old_uniq: u2, .. }),
                        ) => name(m1).cmp(name(m2)).then(i1.cmp(&i2)).then(u1.cmp(&u2)),
                        _ => x.cmp(&y),
                    };
                    if by_key != Equal {
                        return by_key;
                    }
                }
                if na != nb {
                    return na.cmp(&nb);
                }
                self.later(a.addr() + 16, b.addr() + 16, na - 1)
            }
        }
    }

    fn maps(&mut self, a: Term, b: Term) -> Ordering {
        let mem = self.mem;
        let (x, y) = (mem.map_size(a), mem.map_size(b));
        if x != y {
            return x.cmp(&y);
        }
        if !mem.is_flat_map(a) || !mem.is_flat_map(b) {
            return self.hash_maps(a, b);
        }
        let n = x as u32;
        if self.exact {
            // As OTP: only equality matters much, so keys and values compare as they lie.
            self.stack.push(Frame::Words(a.addr() + 24, b.addr() + 24, n));
            self.stack.push(Frame::Pair(mem.field(a, 2), mem.field(b, 2)));
            return Equal;
        }
        let (ka, kb) = (mem.field(a, 2), mem.field(b, 2));
        let (oa, ob) = (self.key_order(ka, n), self.key_order(kb, n));
        for (i, j) in oa.iter().zip(&ob).rev() {
            let (p, q) = (mem.field(a, 3 + i), mem.field(b, 3 + j));
            if p != q {
                self.stack.push(Frame::Pair(p, q));
            }
        }
        if ka != kb {
            self.stack.push(Frame::ExactOff);
            self.exact = true;
            for (i, j) in oa.iter().zip(&ob).rev() {
                let (p, q) = (mem.field(ka, 1 + i), mem.field(kb, 1 + j));
                if p != q {
                    self.stack.push(Frame::Pair(p, q));
                }
            }
        }
        Equal
    }

    /// Positions of a flat map's keys in term order. They lie in it but for the atoms, which lie by index.
    fn key_order(&self, keys: Term, n: u32) -> Vec<u32> {
        let mut order: Vec<u32> = (0..n).collect();
        let is_atom = |i: &u32| self.mem.field(keys, 1 + i).is_atom();
        if let Some(first) = order.iter().position(is_atom) {
            let end = order.iter().rposition(is_atom).map_or(first, |e| e + 1);
            if let Some(atoms) = order.get_mut(first..end) {
                let name = |i: &u32| self.mem.field(keys, 1 + i).as_atom().map_or("", |t| self.names.atom_name(t));
                atoms.sort_by(|i, j| name(i).cmp(name(j)));
            }
        }
        order
    }

    fn hash_maps(&mut self, a: Term, b: Term) -> Ordering {
        // Sizes are equal, so both are big unless one was built against the rules.
        let (mut left, mut right) = (Leaves::new(self.mem, a), Leaves::new(self.mem, b));
        let (Some(x), Some(y)) = (left.next(self.mem), right.next(self.mem)) else { return Equal };
        let m = HashCompare {
            left,
            right,
            a: Some(x),
            b: Some(y),
            least: Term::NONE,
            result: Equal,
            was_exact: self.exact,
            phase: Phase::SameKeys,
        };
        self.stack.push(Frame::Map(Box::new(m)));
        self.stack.push(Frame::Pair(x.0, y.0));
        self.exact = true;
        Equal
    }
}
