//! Hashes of terms: the portable [`phash2`] and the hash that big maps are ordered by.
//!
//! Both give OTP 27's values. For [`phash2`] that holds for every term; what [`internal_hash`] promises stands in its own file.
//! Explicit stacks. Mirrors `erl_term_hashing.c`; the old `phash` is in [`super::phash`].

use super::{Kind, Mem, Names, Term, object};
use crate::atom::Atom;

pub use super::map_hash::internal_hash;

/// The hash of an atom's name that OTP keeps in its table.
pub fn atom_hash(name: &str) -> u32 {
    let bytes = name.as_bytes();
    let mut h: u32 = 0;
    let mut i = 0;
    while let Some(&b) = bytes.get(i) {
        let mut v = b;
        i += 1;
        // A Latin-1 character counts as its one byte.
        if let Some(&next) = bytes.get(i)
            && v & 0xFE == 0xC2
            && next & 0xC0 == 0x80
        {
            v = v << 6 | next & 0x3F;
            i += 1;
        }
        h = (h << 4).wrapping_add(v as u32);
        let g = h & 0xF000_0000;
        h ^= g >> 24;
        h ^= g;
    }
    h
}

const GOLDEN: u32 = 0x9E37_79B9;

/// `n` times the golden ratio: the constants that tell the kinds of terms apart.
const fn times(n: u32) -> u32 {
    GOLDEN.wrapping_mul(n)
}

/// Bob Jenkins' mix of three words; the third comes back.
#[inline]
fn mix(mut a: u32, mut b: u32, mut c: u32) -> (u32, u32, u32) {
    a = a.wrapping_sub(b).wrapping_sub(c) ^ (c >> 13);
    b = b.wrapping_sub(c).wrapping_sub(a) ^ (a << 8);
    c = c.wrapping_sub(a).wrapping_sub(b) ^ (b >> 13);
    a = a.wrapping_sub(b).wrapping_sub(c) ^ (c >> 12);
    b = b.wrapping_sub(c).wrapping_sub(a) ^ (a << 16);
    c = c.wrapping_sub(a).wrapping_sub(b) ^ (b >> 5);
    a = a.wrapping_sub(b).wrapping_sub(c) ^ (c >> 3);
    b = b.wrapping_sub(c).wrapping_sub(a) ^ (a << 10);
    c = c.wrapping_sub(a).wrapping_sub(b) ^ (b >> 15);
    (a, b, c)
}

/// Jenkins' hash of a run of bytes, which may be given piece by piece.
struct Block {
    abc: (u32, u32, u32),
    length: usize,
}

fn le(k: &[u8], at: usize) -> u32 {
    (0..4).fold(0u32, |w, i| w | (k.get(at + i).copied().unwrap_or(0) as u32) << (8 * i))
}

impl Block {
    /// Bytes of a step.
    const SIZE: usize = 12;

    fn new(start: u32) -> Block {
        Block { abc: (GOLDEN, GOLDEN, start), length: 0 }
    }

    /// Takes whole blocks in; what is left over at the end counts for nothing here.
    fn blocks(&mut self, bytes: &[u8]) {
        let (mut a, mut b, mut c) = self.abc;
        for k in bytes.chunks_exact(Block::SIZE) {
            (a, b, c) = mix(a.wrapping_add(le(k, 0)), b.wrapping_add(le(k, 4)), c.wrapping_add(le(k, 8)));
        }
        (self.abc, self.length) = ((a, b, c), self.length + bytes.len() / Block::SIZE * Block::SIZE);
    }

    /// The hash, with the last bytes, which are no whole block.
    fn end(self, rest: &[u8]) -> u32 {
        let (a, b, c) = self.abc;
        let c = c.wrapping_add((self.length + rest.len()) as u32);
        // The low byte of the third word is taken by the length.
        let third = (0..3).fold(0u32, |w, i| w | (rest.get(8 + i).copied().unwrap_or(0) as u32) << (8 * (i + 1)));
        mix(a.wrapping_add(le(rest, 0)), b.wrapping_add(le(rest, 4)), c.wrapping_add(third)).2
    }
}

struct Portable {
    hash: u32,
}

impl Portable {
    fn two(&mut self, x: u32, y: u32, kind: u32) {
        self.hash = mix(kind.wrapping_add(x), kind.wrapping_add(y), self.hash).2;
    }
    fn one(&mut self, x: u32, kind: u32) {
        self.two(x, 0, kind);
    }
    fn small(&mut self, v: i64) {
        if (-(1 << 27)..1 << 27).contains(&v) {
            let v = v as i32;
            if v < 0 {
                self.one(v.wrapping_neg() as u32, GOLDEN);
            }
            self.one(v as u32, GOLDEN);
        } else {
            let t = v.unsigned_abs();
            self.two(t as u32, (t >> 32) as u32, times(if v < 0 { 10 } else { 11 }));
        }
    }
}

enum Todo {
    Term(Term),
    /// A pair of a map is hashed: it counts by exclusive or, and the next starts from 0.
    Pair,
    /// A map's pairs are through; what was before it.
    MapEnd(u32, u32),
}

/// The 32-bit hash behind `erlang:phash2/1` (which keeps 27 bits of it) and `phash2/2`.
pub fn phash2(mem: Mem, names: &dyn Names, term: Term) -> u32 {
    let mut h = Phash2::new(term);
    loop {
        if let Some(hash) = h.run(mem, names, &mut usize::MAX.clone()) {
            return hash;
        }
    }
}

/// [`phash2`] step by step. Between two runs no term may move.
pub struct Phash2 {
    p: Portable,
    pairs: u32,
    stack: Vec<Todo>,
    next: Option<Term>,
    /// A bitstring that is being hashed, and how many of its bits are done.
    bits: Option<(Term, u64, Block)>,
}

impl Phash2 {
    pub fn new(term: Term) -> Phash2 {
        Phash2 { p: Portable { hash: 0 }, pairs: 0, stack: Vec::new(), next: Some(term), bits: None }
    }

    /// Goes on for as many steps, of which it uses up what it takes; the hash when it is done.
    pub fn run(&mut self, mem: Mem, names: &dyn Names, steps: &mut usize) -> Option<u32> {
        let atom = |a: Atom| atom_hash(names.atom_name(a));
        loop {
            while let Some(t) = self.next.take() {
                if *steps == 0 {
                    self.next = Some(t);
                    return None;
                }
                *steps -= 1;
                let p = &mut self.p;
                if let Some(v) = t.as_small() {
                    p.small(v);
                } else if let Some(a) = t.as_atom() {
                    if p.hash == 0 {
                        p.hash = atom(a);
                    } else {
                        p.one(atom(a), times(3));
                    }
                } else if t.is_nil() {
                    if p.hash == 0 {
                        p.hash = 3_468_870_702;
                    } else {
                        p.one(2, times(2));
                    }
                } else if t.is_list() {
                    self.next = list(mem, p, &mut self.stack, t, steps);
                } else if t.is_local_pid() {
                    p.one(t.id_number() as u32 & 0xFFF_FFFF, times(5));
                } else if t.is_local_port() {
                    p.two(t.id_number() as u32, (t.id_number() >> 32) as u32, times(6));
                } else if t.is_boxed() {
                    if mem.is_bitstring(t) {
                        self.bits = Some((t, 0, Block::new(times(13).wrapping_add(p.hash))));
                    } else {
                        self.next = boxed(mem, names, p, &mut self.pairs, &mut self.stack, t);
                    }
                }
            }
            if !self.bitstring(mem, steps) {
                return None;
            }
            match self.stack.pop() {
                None => return Some(self.p.hash),
                Some(Todo::Term(t)) => self.next = Some(t),
                Some(Todo::Pair) => {
                    self.pairs ^= self.p.hash;
                    self.p.hash = 0;
                }
                Some(Todo::MapEnd(before_pairs, before)) => {
                    self.p.hash = before;
                    self.p.one(self.pairs, times(19));
                    self.pairs = before_pairs;
                }
            }
        }
    }

    /// Goes on with the bitstring that is being hashed, if there is one; `false` when the steps are used up.
    fn bitstring(&mut self, mem: Mem, steps: &mut usize) -> bool {
        let Some((t, done, mut block)) = self.bits.take() else { return true };
        let Some(bits) = mem.bits(t) else { return true };
        let start = block.abc.2;
        if bits.len == 0 {
            self.p.hash = start;
            return true;
        }
        let bytes = bits.len / 8;
        let whole = bytes - bytes % Block::SIZE as u64 - done;
        // A step is two blocks.
        let now = whole.min((*steps as u64).saturating_mul(2 * Block::SIZE as u64));
        *steps -= (now / (2 * Block::SIZE as u64)) as usize;
        let with = |from: u64, n: u64, f: &mut dyn FnMut(&[u8])| {
            let part = bits.part(from * 8, n * 8);
            match part.aligned_bytes(mem) {
                Some(b) => f(b),
                None => f(&part.to_vec(mem)),
            }
        };
        with(done, now, &mut |b| block.blocks(b));
        let done = done + now;
        if now < whole {
            self.bits = Some((t, done, block));
            return false;
        }
        let mut last = Vec::new();
        with(done, bytes - done, &mut |b| last.extend_from_slice(b));
        self.p.hash = block.end(&last);
        let rest = (bits.len % 8) as u32;
        if rest > 0 {
            self.p.two(rest, bits.read(mem, bytes * 8, rest) as u32, times(15));
        }
        true
    }
}

/// Hashes what a list starts with, as long as that are small integers: bytes four at a time. Gives what comes after them.
fn list(mem: Mem, p: &mut Portable, stack: &mut Vec<Todo>, mut t: Term, steps: &mut usize) -> Option<Term> {
    loop {
        let (mut word, mut count) = (0u32, 0);
        while t.is_list()
            && let Some(b) = mem.head(t).as_small().filter(|b| (0..256).contains(b))
        {
            word = (word << 8).wrapping_add(b as u32);
            count += 1;
            t = mem.tail(t);
            if count == 4 {
                p.one(word, times(4));
                (word, count) = (0, 0);
                *steps = steps.saturating_sub(1);
                if *steps == 0 {
                    return Some(t);
                }
            }
        }
        if count > 0 {
            p.one(word, times(4));
        }
        if !t.is_list() {
            return Some(t);
        }
        let head = mem.head(t);
        let Some(v) = head.as_small() else {
            stack.push(Todo::Term(mem.tail(t)));
            return Some(head);
        };
        p.small(v);
        t = mem.tail(t);
        if !t.is_list() {
            return Some(t);
        }
    }
}

fn boxed(
    mem: Mem,
    names: &dyn Names,
    p: &mut Portable,
    pairs: &mut u32,
    stack: &mut Vec<Todo>,
    t: Term,
) -> Option<Term> {
    let h = mem.header(t);
    let arity = object::arity(h);
    let atom = |a: Atom| atom_hash(names.atom_name(a));
    match mem.kind(t)? {
        Kind::Tuple => {
            p.one(arity, times(9));
            for i in (2..=arity).rev() {
                stack.push(Todo::Term(mem.element(t, i)));
            }
            return (arity > 0).then(|| mem.element(t, 1));
        }
        Kind::FlatMap => {
            let n = mem.map_size(t) as u32;
            p.one(n, times(16));
            if n > 0 {
                stack.push(Todo::MapEnd(std::mem::take(pairs), std::mem::take(&mut p.hash)));
                let keys = mem.field(t, 2);
                for i in 0..n {
                    stack.extend([Todo::Pair, Todo::Term(mem.field(t, 3 + i)), Todo::Term(mem.element(keys, 1 + i))]);
                }
            }
        }
        kind @ (Kind::HashHead | Kind::HashNode) => {
            let mut first = 1;
            if kind == Kind::HashHead {
                first = 2;
                p.one(mem.map_size(t) as u32, times(16));
                stack.push(Todo::MapEnd(std::mem::take(pairs), std::mem::take(&mut p.hash)));
            }
            for i in first..first + object::map_bitmap(h).count_ones() {
                let child = mem.field(t, i);
                if child.is_list() {
                    stack.extend([Todo::Pair, Todo::Term(mem.tail(child)), Todo::Term(mem.head(child))]);
                } else if let Some(n) = mem.tuple_arity(child) {
                    for cell in (1..=n).map(|j| mem.element(child, j)).filter(|c| c.is_list()) {
                        stack.extend([Todo::Pair, Todo::Term(mem.tail(cell)), Todo::Term(mem.head(cell))]);
                    }
                } else {
                    stack.push(Todo::Term(child));
                }
            }
        }
        Kind::Fun => {
            let entry = mem.field(t, 1).0;
            match object::fun_env_words(h) {
                0 => {
                    let (m, f, a) = names.export_mfa(entry)?;
                    p.two(a as u32, atom(m), GOLDEN);
                    p.one(atom(f), times(14));
                }
                env => {
                    let key = names.fun_key(entry)?;
                    p.two(env - 1, atom(key.module), GOLDEN);
                    p.two(key.old_index, key.old_uniq, GOLDEN);
                    for i in (1..env - 1).rev() {
                        stack.push(Todo::Term(mem.field(t, 2 + i)));
                    }
                    return (env > 1).then(|| mem.field(t, 2));
                }
            }
        }
        Kind::PosBig | Kind::NegBig => {
            let kind = times(if h & object::HEADER_MASK == object::NEG_BIG { 10 } else { 11 });
            for d in (1..=arity).map(|i| mem.field(t, i).0) {
                p.two(d as u32, (d >> 32) as u32, kind);
            }
        }
        Kind::Ref => p.one(mem.ref_id(t)?.numbers()[0], times(7)),
        Kind::Float => {
            let f = mem.float_value(t);
            let w = if f == 0.0 { 0 } else { f.to_bits() };
            p.two((w >> 32) as u32, w as u32, times(12));
        }
        Kind::ExtPid => p.one(mem.external_id(t)?.1 as u32, times(5)),
        Kind::ExtPort => {
            let n = mem.external_id(t)?.1;
            p.two(n as u32, (n >> 32) as u32, times(6));
        }
        Kind::ExtRef => p.one(mem.field(t, 1).0 as u32, times(7)),
        // Bitstrings are hashed apart, piece by piece.
        Kind::HeapBits | Kind::SubBits | Kind::Cons | Kind::FunRef | Kind::BinRef => {}
    }
    None
}
