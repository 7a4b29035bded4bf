//! Pids, ports and references of other nodes.
//!
//! ```text
//! pid, port:  header, 0, node, number
//! reference:  header, numbers 0 and 1, numbers 2 and 3, number 4 and how many, node
//! ```
//!
//! `node` is the index of the node's name in the atom table with the creation above it; two 32-bit numbers share a word, the
//! first in the low half. Sizes in words are OTP 27's. Raw data all of it, so a collector need not look inside.

use super::Alloc;
use super::build::Built;
use crate::atom::Atom;
use crate::term::{Kind, Mem, Term, object};

/// A node as identifiers name it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Node {
    pub name: Atom,
    pub creation: u32,
}

impl Node {
    fn word(self) -> u64 {
        self.name.0 as u64 | (self.creation as u64) << 32
    }
    fn of(word: u64) -> Node {
        Node { name: Atom(word as u32), creation: (word >> 32) as u32 }
    }
}

/// Most numbers of a reference.
pub const MAX_REF_NUMBERS: usize = 5;

fn make(a: &mut dyn Alloc, subtag: u64, words: &[u64]) -> Built {
    let at = a.words(1 + words.len() as u32)?;
    let mem = a.mem();
    mem.set_word(at, 0, object::header(subtag, words.len() as u64));
    for (i, w) in words.iter().enumerate() {
        mem.set_word(at, 1 + i as u32, *w);
    }
    Ok(Term::boxed_at(at))
}

/// `number` has the serial above its low 32 bits.
pub fn pid(a: &mut dyn Alloc, node: Node, number: u64) -> Built {
    make(a, object::EXT_PID, &[0, node.word(), number])
}

pub fn port(a: &mut dyn Alloc, node: Node, number: u64) -> Built {
    make(a, object::EXT_PORT, &[0, node.word(), number])
}

/// A reference with 1 to [`MAX_REF_NUMBERS`] numbers, least significant first; numbers beyond those count nothing.
pub fn reference(a: &mut dyn Alloc, node: Node, numbers: &[u32]) -> Built {
    let n = |i: usize| numbers.get(i).copied().unwrap_or(0) as u64;
    let count = numbers.len().min(MAX_REF_NUMBERS) as u64;
    make(a, object::EXT_REF, &[n(0) | n(1) << 32, n(2) | n(3) << 32, n(4) | count << 32, node.word()])
}

impl Mem {
    /// Node and number of a pid or port of another node.
    pub fn external_id(self, t: Term) -> Option<(Node, u64)> {
        match self.kind(t)? {
            Kind::ExtPid | Kind::ExtPort => Some((Node::of(self.field(t, 2).0), self.field(t, 3).0)),
            _ => None,
        }
    }

    /// Node and numbers of a reference of another node.
    pub fn external_ref(self, t: Term) -> Option<(Node, Vec<u32>)> {
        if self.kind(t)? != Kind::ExtRef {
            return None;
        }
        let w = |i| self.field(t, i).0;
        let all = [w(1) as u32, (w(1) >> 32) as u32, w(2) as u32, (w(2) >> 32) as u32, w(3) as u32];
        let count = ((w(3) >> 32) as usize).min(MAX_REF_NUMBERS);
        Some((Node::of(w(4)), all.get(..count)?.to_vec()))
    }
}
