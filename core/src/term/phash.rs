//! The hash behind the deprecated `erlang:phash/2`. Mirrors `make_hash` of `erl_term_hashing.c`; explicit stack.

use super::hash::{atom_hash, phash2};
use super::{Kind, Mem, Names, Term, object};

/// The primes that tell the kinds of terms apart, numbered from 1 as OTP does.
const PRIMES: [u32; 15] = [
    0, 268440163, 268439161, 268435459, 268436141, 268438633, 268437017, 268438039, 268437511, 268439627, 268440479,
    268440577, 268440581, 268440593, 268440611,
];

struct State {
    hash: u32,
}

impl State {
    /// `hash * prime + x`.
    fn step(&mut self, prime: usize, x: u32) {
        self.hash = self.hash.wrapping_mul(PRIMES[prime]).wrapping_add(x);
    }
    fn times(&mut self, prime: usize) {
        self.step(prime, 0);
    }
    fn bytes_of(&mut self, prime: usize, word: u32) {
        for b in word.to_le_bytes() {
            self.step(prime, b as u32);
        }
    }
    /// The magnitude of an integer, least digit first; the last digit counts with 4 bytes if it has no more.
    fn integer(&mut self, digits: impl Iterator<Item = u64>, negative: bool) {
        let mut digits = digits.peekable();
        while let Some(d) = digits.next() {
            self.bytes_of(2, d as u32);
            if digits.peek().is_some() || d >> 32 != 0 {
                self.bytes_of(2, (d >> 32) as u32);
            }
        }
        self.times(if negative { 4 } else { 3 });
    }
}

enum Todo {
    Term(Term),
    /// The tail of a cell: goes on as the same list.
    Tail(Term),
    /// After a list.
    ListEnd,
    /// After a tuple of that arity.
    TupleEnd(u32),
}

/// The 32-bit hash; `erlang:phash(T, R)` is `1 + phash rem R`.
pub fn phash(mem: Mem, names: &dyn Names, term: Term) -> u32 {
    let mut s = State { hash: 0 };
    let mut stack = vec![Todo::Term(term)];
    while let Some(todo) = stack.pop() {
        match todo {
            Todo::ListEnd => s.times(8),
            Todo::TupleEnd(arity) => s.step(9, arity),
            Todo::Tail(t) if !t.is_list() => stack.extend([Todo::ListEnd, Todo::Term(t)]),
            Todo::Tail(t) => list(mem, &mut s, &mut stack, t),
            Todo::Term(t) if t.is_list() => list(mem, &mut s, &mut stack, t),
            Todo::Term(t) => one(mem, names, &mut s, &mut stack, t),
        }
    }
    s.hash
}

fn list(mem: Mem, s: &mut State, stack: &mut Vec<Todo>, mut t: Term) {
    while let Some(b) = mem.head(t).as_small().filter(|b| (0..256).contains(b)) {
        s.step(2, b as u32);
        t = mem.tail(t);
        if !t.is_list() {
            stack.extend([Todo::ListEnd, Todo::Term(t)]);
            return;
        }
    }
    stack.extend([Todo::Tail(mem.tail(t)), Todo::Term(mem.head(t))]);
}

fn one(mem: Mem, names: &dyn Names, s: &mut State, stack: &mut Vec<Todo>, t: Term) {
    let atom = |a| atom_hash(names.atom_name(a));
    if let Some(v) = t.as_small() {
        return s.integer([v.unsigned_abs()].into_iter(), v < 0);
    }
    if let Some(a) = t.as_atom() {
        return s.step(1, atom(a));
    }
    if t.is_nil() {
        return s.step(3, 1);
    }
    if t.is_local_pid() {
        s.bytes_of(5, t.id_number() as u32 & 0xFFF_FFFF);
        return s.times(6);
    }
    if t.is_local_port() {
        return port(s, t.id_number());
    }
    let Some(kind) = mem.kind(t) else { return };
    let h = mem.header(t);
    let arity = object::arity(h);
    match kind {
        Kind::Tuple => {
            stack.push(Todo::TupleEnd(arity));
            stack.extend((1..=arity).rev().map(|i| Todo::Term(mem.element(t, i))));
        }
        Kind::PosBig | Kind::NegBig => s.integer((1..=arity).map(|i| mem.field(t, i).0), kind == Kind::NegBig),
        Kind::Float => {
            let f = mem.float_value(t);
            let w = if f == 0.0 { 0 } else { f.to_bits() };
            s.step(6, w as u32 ^ (w >> 32) as u32);
        }
        Kind::HeapBits | Kind::SubBits => {
            let Some(bits) = mem.bits(t) else { return };
            let (bytes, rest) = (bits.len / 8, (bits.len % 8) as u32);
            match bits.aligned_bytes(mem) {
                Some(b) => b.iter().for_each(|b| s.step(1, *b as u32)),
                None => (0..bytes).for_each(|i| s.step(1, bits.read(mem, i * 8, 8) as u32)),
            }
            if rest > 0 {
                s.step(1, bits.read(mem, bytes * 8, rest) as u32);
                s.step(12, rest);
            }
            s.step(4, bytes as u32);
        }
        Kind::Fun => {
            let entry = mem.field(t, 1).0;
            match object::fun_env_words(h) {
                0 => {
                    let Some((m, f, a)) = names.export_mfa(entry) else { return };
                    s.step(11, a as u32);
                    s.step(1, atom(m));
                    s.step(1, atom(f));
                }
                env => {
                    let Some(key) = names.fun_key(entry) else { return };
                    s.step(10, env - 1);
                    s.step(1, atom(key.module));
                    s.step(2, key.old_index);
                    s.step(2, key.old_uniq);
                    stack.extend((0..env - 1).rev().map(|i| Todo::Term(mem.field(t, 2 + i))));
                }
            }
        }
        Kind::FlatMap | Kind::HashHead | Kind::HashNode => s.step(13, PRIMES[14].wrapping_add(phash2(mem, names, t))),
        Kind::Ref => {
            s.bytes_of(9, mem.ref_id(t).map_or(0, |r| r.numbers()[0]));
            s.times(10);
        }
        Kind::ExtPid => {
            s.bytes_of(5, mem.external_id(t).map_or(0, |e| e.1 as u32));
            s.times(6);
        }
        Kind::ExtPort => port(s, mem.external_id(t).map_or(0, |e| e.1)),
        Kind::ExtRef => {
            s.bytes_of(9, mem.field(t, 1).0 as u32);
            s.times(10);
        }
        Kind::Cons | Kind::FunRef | Kind::BinRef => {}
    }
}

fn port(s: &mut State, number: u64) {
    if number >> 32 != 0 {
        s.bytes_of(11, (number >> 32) as u32);
    }
    s.bytes_of(9, number as u32);
    s.times(10);
}
