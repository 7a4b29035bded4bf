//! The hash that big maps are ordered by: a MurmurHash3 of 128 bits over the words of a term.
//!
//! It gives OTP 27's values as far as a program can see them, that is for numbers, bitstrings and what is built of them (atoms, pids and external funs hash by where they
//! lie in a table). Explicit stacks. Mirrors the second half of `erl_term_hashing.c`.

use super::{Kind, Mem, Names, Term, object};

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
