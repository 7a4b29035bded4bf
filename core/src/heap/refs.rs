//! References of this node: header, two words with three 32-bit numbers, and for an alias the pid behind it.
//!
//! Sizes as in OTP 27: 3 words, 4 for a reference that is an alias. References that own something are those of `owner`.

use super::Alloc;
use super::build::Built;
use crate::term::{Mem, Term, object};

/// The numbers of a reference, least significant first, as ETF and printing have them in reverse order.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct RefId(pub u64, pub u32);

impl RefId {
    /// The three 32-bit numbers, least significant first.
    pub fn numbers(self) -> [u32; 3] {
        [self.0 as u32, (self.0 >> 32) as u32, self.1]
    }
    pub fn from_numbers(n: [u32; 3]) -> RefId {
        RefId(n[0] as u64 | (n[1] as u64) << 32, n[2])
    }
}

/// Words of a plain reference.
pub const REF_WORDS: u32 = 3;

pub fn make(a: &mut dyn Alloc, id: RefId) -> Built {
    let at = a.words(3)?;
    let mem = a.mem();
    mem.set_word(at, 0, object::header(object::REF, 2));
    mem.set_word(at, 1, id.0);
    mem.set_word(at, 2, id.1 as u64);
    Ok(Term::boxed_at(at))
}

/// A reference that a message can be sent to.
pub fn make_alias(a: &mut dyn Alloc, id: RefId, pid: Term) -> Built {
    let at = a.words(4)?;
    let mem = a.mem();
    mem.set_word(at, 0, object::header(object::REF, 3));
    mem.set_word(at, 1, id.0);
    mem.set_word(at, 2, id.1 as u64);
    mem.set(at, 3, pid);
    Ok(Term::boxed_at(at))
}

impl Mem {
    /// The numbers of a reference of this node.
    pub fn ref_id(self, term: Term) -> Option<RefId> {
        if self.boxed_subtag(term)? != object::REF {
            return None;
        }
        if self.header(term) == object::OWNER_REF_HEADER {
            return Some(super::owner::id(self, self.field(term, 1).0 as u32));
        }
        Some(RefId(self.field(term, 1).0, self.field(term, 2).0 as u32))
    }

    /// The pid behind an alias reference.
    pub fn alias_pid(self, term: Term) -> Option<Term> {
        let h = if term.is_boxed() { self.header(term) } else { return None };
        if h == object::header(object::REF, 3) { Some(self.field(term, 3)) } else { None }
    }
}
