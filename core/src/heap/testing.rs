//! For tests: a heap to build terms on, and a reader of the tables in `testdata`, whose terms are in external format.

use crate::arena::Arena;
use crate::atom::{Atom, AtomTable};
use crate::heap::order;
use crate::heap::{Alloc, LiteralAlloc, binary, build, number};
use crate::term::{FunKey, Mem, Names, Term, hash, object};
use num_bigint::{BigInt, Sign};

/// Atoms and exports, as far as tests need them.
pub struct TestNames {
    pub atoms: AtomTable,
    pub exports: Vec<(Atom, Atom, u8)>,
}

impl Names for TestNames {
    fn atom_name(&self, atom: Atom) -> &str {
        self.atoms.name(atom)
    }
    fn fun_key(&self, _: u64) -> Option<FunKey> {
        None
    }
    fn export_mfa(&self, export: u64) -> Option<(Atom, Atom, u8)> {
        self.exports.get(export as usize).copied()
    }
}

pub fn names() -> TestNames {
    TestNames { atoms: AtomTable::new(1 << 20), exports: Vec::new() }
}

/// Runs `f` with a place to build terms.
pub fn with_terms(f: impl FnOnce(&mut LiteralAlloc<'_>, &mut TestNames)) {
    let mut arena = Arena::new(64 << 20).unwrap();
    f(&mut LiteralAlloc::new(&mut arena), &mut names());
}

pub fn unhex(s: &str) -> Vec<u8> {
    (0..s.len() / 2).map(|i| u8::from_str_radix(&s[2 * i..2 * i + 2], 16).unwrap()).collect()
}

/// The term of a hex external format.
pub fn term(a: &mut dyn Alloc, names: &mut TestNames, text: &str) -> Term {
    let bytes = unhex(text);
    let mut r = Reader { bytes: &bytes, at: 1 };
    r.term(a, names)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, n: usize) -> &'a [u8] {
        self.at += n;
        &self.bytes[self.at - n..self.at]
    }
    fn uint(&mut self, n: usize) -> usize {
        self.take(n).iter().fold(0, |w, b| w << 8 | *b as usize)
    }
    fn terms(&mut self, a: &mut dyn Alloc, names: &mut TestNames, n: usize) -> Vec<Term> {
        (0..n).map(|_| self.term(a, names)).collect()
    }
    fn big(&mut self, a: &mut dyn Alloc, n: usize) -> Term {
        let sign = if self.uint(1) == 1 { Sign::Minus } else { Sign::Plus };
        number::from_bigint(a, &BigInt::from_bytes_le(sign, self.take(n))).unwrap()
    }
    fn atom(&mut self, names: &mut TestNames, n: usize) -> Term {
        Term::atom(names.atoms.intern(std::str::from_utf8(self.take(n)).unwrap()).unwrap())
    }
    fn term(&mut self, a: &mut dyn Alloc, names: &mut TestNames) -> Term {
        match self.uint(1) {
            70 => build::float(a, f64::from_bits(self.uint(8) as u64)).unwrap(),
            97 => Term::small(self.uint(1) as i64),
            98 => Term::small(self.uint(4) as u32 as i32 as i64),
            110 => {
                let n = self.uint(1);
                self.big(a, n)
            }
            111 => {
                let n = self.uint(4);
                self.big(a, n)
            }
            104 => {
                let n = self.uint(1);
                let e = self.terms(a, names, n);
                build::tuple(a, &e).unwrap()
            }
            106 => Term::NIL,
            107 => {
                let n = self.uint(2);
                build::byte_list(a, self.take(n), Term::NIL).unwrap()
            }
            108 => {
                let n = self.uint(4);
                let e = self.terms(a, names, n);
                let tail = self.term(a, names);
                build::list_with_tail(a, &e, tail).unwrap()
            }
            109 => {
                let n = self.uint(4);
                binary::from_bytes(a, self.take(n)).unwrap()
            }
            77 => {
                let (n, last) = (self.uint(4), self.uint(1));
                let whole = binary::from_bytes(a, self.take(n)).unwrap();
                binary::part(a, whole, 0, (n * 8 - 8 + last) as u64).unwrap()
            }
            113 => {
                let (m, f) = (self.term(a, names), self.term(a, names));
                let n = self.term(a, names).small_value() as u8;
                let key = (m.as_atom().unwrap(), f.as_atom().unwrap(), n);
                let index = names.exports.iter().position(|e| *e == key).unwrap_or_else(|| {
                    names.exports.push(key);
                    names.exports.len() - 1
                });
                let at = a.words(2).unwrap();
                a.mem().set_word(at, 0, object::fun_header(n as u32, 0));
                a.mem().set_word(at, 1, index as u64);
                Term::boxed_at(at)
            }
            116 => {
                let n = self.uint(4);
                let pairs: Vec<(Term, Term)> = (0..n).map(|_| (self.term(a, names), self.term(a, names))).collect();
                map(a, names, pairs)
            }
            118 => {
                let n = self.uint(2);
                self.atom(names, n)
            }
            119 => {
                let n = self.uint(1);
                self.atom(names, n)
            }
            tag => panic!("tag {tag}"),
        }
    }
}

/// A map in the layout that OTP gives it.
pub fn map(a: &mut dyn Alloc, names: &TestNames, mut pairs: Vec<(Term, Term)>) -> Term {
    let mem = a.mem();
    if pairs.len() > 32 {
        let hashed = pairs.iter().map(|p| (hash::internal_hash(mem, names, p.0), *p)).collect();
        return hamt(a, hashed, 0);
    }
    pairs.sort_by(|x, y| match (x.0.as_atom(), y.0.as_atom()) {
        (Some(p), Some(q)) => p.cmp(&q),
        _ => order::compare_exact(mem, names, x.0, y.0),
    });
    let keys: Vec<Term> = pairs.iter().map(|p| p.0).collect();
    let keys = build::tuple(a, &keys).unwrap();
    let at = a.words(3 + pairs.len() as u32).unwrap();
    mem.set_word(at, 0, object::FLAT_MAP_HEADER);
    mem.set_word(at, 1, pairs.len() as u64);
    mem.set(at, 2, keys);
    for (i, p) in pairs.iter().enumerate() {
        mem.set(at, 3 + i as u32, p.1);
    }
    Term::boxed_at(at)
}

fn hamt(a: &mut dyn Alloc, pairs: Vec<(u64, (Term, Term))>, level: u32) -> Term {
    let mem: Mem = a.mem();
    let total = pairs.len() as u64;
    let mut bitmap = 0u16;
    let mut children = Vec::new();
    for slot in 0..16 {
        let here: Vec<_> = pairs.iter().filter(|p| p.0 >> (4 * level) & 15 == slot).copied().collect();
        if here.is_empty() {
            continue;
        }
        bitmap |= 1 << slot;
        children.push(match here.as_slice() {
            [(_, (k, v))] => build::cons(a, *k, *v).unwrap(),
            _ => hamt(a, here, level + 1),
        });
    }
    let root = level == 0;
    let at = a.words(1 + root as u32 + children.len() as u32).unwrap();
    let header = match (root, bitmap) {
        (true, 0xFFFF) => object::HASH_HEAD_ARRAY_HEADER,
        (true, b) => object::hash_head_header(b),
        (false, b) => object::hash_node_header(b),
    };
    mem.set_word(at, 0, header);
    if root {
        mem.set_word(at, 1, total);
    }
    for (i, c) in children.iter().enumerate() {
        mem.set(at, 1 + root as u32 + i as u32, *c);
    }
    Term::boxed_at(at)
}
