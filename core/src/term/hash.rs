//! Hashes of terms: the portable [`phash2`] and the hash that big maps are ordered by.
//!
//! Both give OTP 27's values. For [`phash2`] that holds for every term; for [`internal_hash`] it holds as far as a program can
//! see it, that is for numbers, bitstrings and what is built of them (atoms, pids and external funs hash by where they lie in
//! a table). Explicit stacks. Mirrors `erl_term_hashing.c`; the old `phash` is in [`super::phash`].

use super::{Kind, Mem, Names, Term, object};
use crate::atom::Atom;

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

fn block_hash(bytes: &[u8], start: u32) -> u32 {
    let (mut a, mut b, mut c) = (GOLDEN, GOLDEN, start);
    let le =
        |k: &[u8], at: usize| (0..4).fold(0u32, |w, i| w | (k.get(at + i).copied().unwrap_or(0) as u32) << (8 * i));
    let chunks = bytes.chunks_exact(12);
    let rest = chunks.remainder();
    for k in chunks {
        (a, b, c) = mix(a.wrapping_add(le(k, 0)), b.wrapping_add(le(k, 4)), c.wrapping_add(le(k, 8)));
    }
    c = c.wrapping_add(bytes.len() as u32);
    // The low byte of the third word is taken by the length.
    let third = (0..3).fold(0u32, |w, i| w | (rest.get(8 + i).copied().unwrap_or(0) as u32) << (8 * (i + 1)));
    mix(a.wrapping_add(le(rest, 0)), b.wrapping_add(le(rest, 4)), c.wrapping_add(third)).2
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
    let atom = |a: Atom| atom_hash(names.atom_name(a));
    let mut p = Portable { hash: 0 };
    let mut pairs = 0u32;
    let mut stack: Vec<Todo> = Vec::new();
    let mut next = Some(term);
    loop {
        while let Some(t) = next.take() {
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
                next = list(mem, &mut p, &mut stack, t);
            } else if t.is_local_pid() {
                p.one(t.id_number() as u32 & 0xFFF_FFFF, times(5));
            } else if t.is_local_port() {
                p.two(t.id_number() as u32, (t.id_number() >> 32) as u32, times(6));
            } else if t.is_boxed() {
                next = boxed(mem, names, &mut p, &mut pairs, &mut stack, t);
            }
        }
        match stack.pop() {
            None => return p.hash,
            Some(Todo::Term(t)) => next = Some(t),
            Some(Todo::Pair) => {
                pairs ^= p.hash;
                p.hash = 0;
            }
            Some(Todo::MapEnd(before_pairs, before)) => {
                p.hash = before;
                p.one(pairs, times(19));
                pairs = before_pairs;
            }
        }
    }
}

/// Hashes what a list starts with, as long as that are small integers: bytes four at a time. Gives what comes after them.
fn list(mem: Mem, p: &mut Portable, stack: &mut Vec<Todo>, mut t: Term) -> Option<Term> {
    loop {
        let (mut word, mut count) = (0u32, 0);
        while t.is_list()
            && let Some(b) = mem.head(t).as_small().filter(|b| (0..256).contains(b))
        {
            word = (word << 8).wrapping_add(b as u32);
            count += 1;
            if count == 4 {
                p.one(word, times(4));
                (word, count) = (0, 0);
            }
            t = mem.tail(t);
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
        Kind::HeapBits | Kind::SubBits => {
            let bits = mem.bits(t)?;
            let start = times(13).wrapping_add(p.hash);
            let (bytes, rest) = ((bits.len / 8) as usize, (bits.len % 8) as u32);
            if bits.len == 0 {
                p.hash = start;
            } else {
                p.hash = match bits.aligned_bytes(mem) {
                    Some(b) => block_hash(b, start),
                    None => block_hash(bits.to_vec(mem).get(..bytes).unwrap_or(&[]), start),
                };
                if rest > 0 {
                    p.two(rest, bits.read(mem, bytes as u64 * 8, rest) as u32, times(15));
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
        Kind::Cons | Kind::FunRef | Kind::BinRef => {}
    }
    None
}

// What a word that is mixed into the internal hash stands for.
const IMMEDIATE: u64 = 1;
const ARRAY_ELEMENT: u64 = 2;
const CAR: u64 = 3;
const CDR: u64 = 4;
const STRING: u64 = 5;
const TUPLE: u64 = 6;
const FLAT_MAP: u64 = 7;
const HASH_HEAD_ARRAY: u64 = 8;
const HASH_HEAD_BITMAP: u64 = 9;
const HASH_NODE: u64 = 10;
const BINARY: u64 = 11;
const LOCAL_FUN: u64 = 12;
const EXTERNAL_FUN: u64 = 13;
const NEG_BIGNUM: u64 = 14;
const POS_BIGNUM: u64 = 15;
const LOCAL_REF: u64 = 16;
const EXTERNAL: u64 = 17;
const FLOAT: u64 = 20;

const C1: u64 = 0x87C3_7B91_1142_53D5;
const C2: u64 = 0x4CF5_AD43_2745_937F;

fn finish(mut h: u64) -> u64 {
    h ^= h >> 33;
    h = h.wrapping_mul(0xFF51_AFD7_ED55_8CCD);
    h ^= h >> 33;
    h = h.wrapping_mul(0xC4CE_B9FE_1A85_EC53);
    h ^ h >> 33
}

/// A MurmurHash3 of 128 bits that takes words one by one.
struct Internal {
    alpha: u64,
    beta: u64,
    ticks: u64,
    /// `None` stands before the tail of a cell.
    stack: Vec<Option<Term>>,
}

fn alpha_word(x: u64) -> u64 {
    x.wrapping_mul(C1).rotate_left(31).wrapping_mul(C2)
}
fn beta_word(x: u64) -> u64 {
    x.wrapping_mul(C2).rotate_left(33).wrapping_mul(C1)
}

impl Internal {
    #[inline]
    fn alpha(&mut self, x: u64) {
        self.alpha = (self.alpha ^ alpha_word(x)).rotate_left(27).wrapping_add(self.beta);
        self.alpha = self.alpha.wrapping_mul(5).wrapping_add(0x52DC_E729);
        self.ticks += 1;
    }
    #[inline]
    fn beta(&mut self, x: u64) {
        self.beta = (self.beta ^ beta_word(x)).rotate_left(31).wrapping_add(self.alpha);
        self.beta = self.beta.wrapping_mul(5).wrapping_add(0x3849_5AB5);
        self.ticks += 1;
    }
    /// A part: at once if immediate, else later, with a mark that it was here.
    fn part(&mut self, t: Term) {
        if t.is_immed() {
            self.alpha(IMMEDIATE);
            self.beta(t.0);
        } else {
            self.alpha(ARRAY_ELEMENT);
            self.stack.push(Some(t));
        }
    }

    fn list(&mut self, mem: Mem, mut t: Term) -> Term {
        let (mut word, mut count) = (0u64, 0u64);
        while t.is_list()
            && let Some(b) = mem.head(t).as_small().filter(|b| (0..256).contains(b))
        {
            word = word << 8 | b as u64;
            count += 1;
            if count == 4 {
                self.alpha(STRING | count << 8 | word << 32);
                (word, count) = (0, 0);
            }
            t = mem.tail(t);
        }
        if count > 0 {
            self.alpha(STRING | count << 8 | word << 32);
        }
        if !t.is_list() {
            return t;
        }
        let (head, tail) = (mem.head(t), mem.tail(t));
        if head.is_immed() {
            self.alpha(IMMEDIATE | CAR << 32);
            self.beta(head.0);
            if !tail.is_list() {
                self.alpha(CDR);
            }
            tail
        } else {
            self.stack.push(Some(tail));
            if !tail.is_list() {
                self.stack.push(None);
            }
            self.alpha(CAR);
            head
        }
    }

    fn bytes(&mut self, bytes: &[u8]) {
        let le = |b: &[u8]| b.iter().rev().fold(0u64, |w, x| w << 8 | *x as u64);
        let chunks = bytes.chunks_exact(16);
        let rest = chunks.remainder();
        for c in chunks {
            self.alpha(le(&c[..8]));
            self.beta(le(&c[8..]));
        }
        let (low, high) = rest.split_at(rest.len().min(8));
        if !high.is_empty() {
            self.beta ^= beta_word(le(high));
        }
        if !low.is_empty() {
            self.alpha ^= alpha_word(le(low));
        }
    }

    /// Mixes in a boxed term; a part that comes at once is returned.
    fn boxed(&mut self, mem: Mem, names: &dyn Names, t: Term) -> Option<Term> {
        let h = mem.header(t);
        let arity = object::arity(h);
        match mem.kind(t)? {
            Kind::Tuple => {
                self.alpha(TUPLE);
                self.beta(arity as u64);
                for i in 1..arity {
                    self.part(mem.element(t, i));
                }
                return (arity > 0).then(|| mem.element(t, arity));
            }
            Kind::FlatMap => {
                let n = mem.map_size(t) as u32;
                self.alpha(FLAT_MAP);
                self.beta(n as u64);
                let keys = mem.field(t, 2);
                for i in 1..n {
                    self.part(mem.field(t, 2 + i));
                    self.part(mem.element(keys, i));
                }
                if n > 0 {
                    self.part(mem.field(t, 2 + n));
                    return Some(mem.element(keys, n));
                }
            }
            kind @ (Kind::HashHead | Kind::HashNode) => {
                let mut first = 1;
                if kind == Kind::HashHead {
                    first = 2;
                    self.alpha(if object::map_kind(h) == object::MAP_HEAD_ARRAY {
                        HASH_HEAD_ARRAY
                    } else {
                        HASH_HEAD_BITMAP
                    });
                    self.beta(mem.map_size(t) as u64);
                } else {
                    self.alpha(HASH_NODE);
                }
                for i in first..first + object::map_bitmap(h).count_ones() {
                    let child = mem.field(t, i);
                    if child.is_list() {
                        self.part(mem.tail(child));
                        self.part(mem.head(child));
                    } else {
                        self.stack.push(Some(child));
                    }
                }
            }
            Kind::Fun => {
                let entry = mem.field(t, 1).0;
                let env = object::fun_env_words(h);
                if env == 0 {
                    self.alpha(EXTERNAL_FUN);
                    self.beta(entry);
                } else {
                    let key = names.fun_key(entry)?;
                    let free = env - 1;
                    self.alpha(LOCAL_FUN | (free as u64) << 32);
                    self.beta(key.old_index as u64 | (key.old_uniq as u64) << 32);
                    self.alpha(IMMEDIATE);
                    self.beta(Term::atom(key.module).0);
                    for i in 1..free {
                        self.part(mem.field(t, 1 + i));
                    }
                    return (free > 0).then(|| mem.field(t, 1 + free));
                }
            }
            Kind::HeapBits | Kind::SubBits => {
                let bits = mem.bits(t)?;
                self.alpha(BINARY);
                self.beta(bits.len);
                let whole = (bits.len / 8) as usize;
                match bits.aligned_bytes(mem) {
                    Some(b) => self.bytes(b),
                    None => self.bytes(bits.to_vec(mem).get(..whole).unwrap_or(&[])),
                }
                let rest = (bits.len % 8) as u32;
                if rest != 0 {
                    self.alpha(bits.read(mem, whole as u64 * 8, rest));
                }
            }
            Kind::PosBig | Kind::NegBig => {
                let kind = if h & object::HEADER_MASK == object::NEG_BIG { NEG_BIGNUM } else { POS_BIGNUM };
                self.alpha(kind | (arity as u64) << 32);
                for i in 1..=arity {
                    let digit = mem.field(t, i).0;
                    // Digits go in pairs; one that is left over counts as a second.
                    if i % 2 == 1 && i < arity { self.alpha(digit) } else { self.beta(digit) }
                }
            }
            Kind::Ref => {
                let n = mem.ref_id(t)?.numbers();
                self.alpha(LOCAL_REF | (n[0] as u64) << 32);
                self.beta(n[1] as u64 | (n[2] as u64) << 32);
            }
            Kind::Float => {
                self.alpha(FLOAT);
                self.beta(mem.field(t, 1).0);
            }
            Kind::ExtPid | Kind::ExtPort | Kind::ExtRef => {
                self.alpha(EXTERNAL | h << 32);
                for i in 1..=arity {
                    self.beta(mem.field(t, i).0);
                }
            }
            Kind::Cons | Kind::FunRef | Kind::BinRef => {}
        }
        None
    }

    fn run(mut self, mem: Mem, names: &dyn Names, term: Term) -> u64 {
        let mut next = Some(term);
        loop {
            while let Some(t) = next.take() {
                if t.is_list() {
                    next = Some(self.list(mem, t));
                } else if t.is_boxed() {
                    next = self.boxed(mem, names, t);
                } else {
                    self.alpha(IMMEDIATE);
                    self.beta(t.0);
                }
            }
            match self.stack.pop() {
                Some(None) => self.beta(CDR),
                Some(t) => next = t,
                None => break,
            }
        }
        let mut a = self.alpha ^ self.ticks;
        let mut b = self.beta ^ self.ticks;
        a = a.wrapping_add(b);
        b = b.wrapping_add(a);
        a = finish(a);
        b = finish(b);
        a = a.wrapping_add(b);
        b = b.wrapping_add(a);
        a ^ b
    }
}

/// The hash of map keys. Equal (`=:=`) terms of one VM have the same hash; it must not leave the VM.
#[inline]
pub fn internal_hash(mem: Mem, names: &dyn Names, term: Term) -> u64 {
    if term.is_immed() {
        finish(term.0)
    } else {
        Internal { alpha: 0, beta: 0, ticks: 0, stack: Vec::new() }.run(mem, names, term)
    }
}
