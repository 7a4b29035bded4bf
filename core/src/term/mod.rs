//! Terms: one 64-bit word each, tagged as in ERTS.
//!
//! Owns the tag scheme, the immediate values, and [`Mem`], the handle through which the words behind a pointer are read.
//! A pointer inside a term is a 32-bit byte offset into the VM's arena ([`Addr`]), never a host address, so a word means the
//! same on every host. Mirrors `erl_term.h`.
//!
//! ```text
//! ........................................................ ......00   header (on a heap) or return address (on a stack)
//! 00000000000000000000000000000000 aaaaaaaaaaaaaaaaaaaaaaaaaaaaa001   cons cell at byte offset a
//! 00000000000000000000000000000000 aaaaaaaaaaaaaaaaaaaaaaaaaaaaa010   boxed object at byte offset a
//! nnnnnnnnnnnn (60-bit number: serial, then index) .......... 0011   local pid
//! nnnnnnnnnnnn (60-bit number) .............................. 0111   local port
//! iiiiiiiiiiii (58-bit index) ............................. 001011   atom
//! iiiiiiiiiiii (module slot and instruction) .............. 011011   catch tag (stack only)
//! 000000000000............................................. 111011   []
//! vvvvvvvvvvvv (60-bit signed) .............................. 1111   small integer
//! ```
//!
//! The word 0 is never a term ([`Term::NONE`]).

pub mod float_text;
pub mod hash;
mod map_hash;
pub mod mem;
pub mod names;
pub mod object;
pub mod phash;

pub use mem::{Addr, Mem};
pub use names::{FunKey, Names};
pub use object::Kind;

use crate::atom::Atom;

/// A tagged word. Equality of two `Term`s is identity of the words, not Erlang equality.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(transparent)]
pub struct Term(pub u64);

pub const TAG_MASK: u64 = 3;
pub const TAG_HEADER: u64 = 0;
pub const TAG_LIST: u64 = 1;
pub const TAG_BOXED: u64 = 2;
pub const TAG_IMMED: u64 = 3;

const IMMED_MASK: u64 = 0xF;
const IMMED_PID: u64 = 0x3;
const IMMED_PORT: u64 = 0x7;
const IMMED_SMALL: u64 = 0xF;
const IMMED2_MASK: u64 = 0x3F;
const IMMED2_ATOM: u64 = 0x0B;
const IMMED2_CATCH: u64 = 0x1B;
const IMMED2_NIL: u64 = 0x3B;

/// The largest small integer.
pub const MAX_SMALL: i64 = (1 << 59) - 1;
/// The least small integer.
pub const MIN_SMALL: i64 = -(1 << 59);

impl Term {
    /// No term at all: a word that is never a value.
    pub const NONE: Term = Term(0);
    pub const NIL: Term = Term(IMMED2_NIL);

    /// A small integer; the caller knows that `value` fits in 60 bits.
    #[inline(always)]
    pub const fn small(value: i64) -> Term {
        Term(((value as u64) << 4) | IMMED_SMALL)
    }

    /// A small integer, if `value` fits.
    #[inline(always)]
    pub const fn try_small(value: i64) -> Option<Term> {
        if value >= MIN_SMALL && value <= MAX_SMALL { Some(Term::small(value)) } else { None }
    }

    #[inline(always)]
    pub const fn atom(atom: Atom) -> Term {
        Term(((atom.0 as u64) << 6) | IMMED2_ATOM)
    }

    #[inline(always)]
    pub const fn bool(value: bool) -> Term {
        if value { Term::atom(crate::atom::am::TRUE) } else { Term::atom(crate::atom::am::FALSE) }
    }

    /// The cons cell at `addr`.
    #[inline(always)]
    pub const fn list_at(addr: Addr) -> Term {
        Term(addr as u64 | TAG_LIST)
    }

    /// The boxed object at `addr`.
    #[inline(always)]
    pub const fn boxed_at(addr: Addr) -> Term {
        Term(addr as u64 | TAG_BOXED)
    }

    #[inline(always)]
    pub const fn pid(number: u64) -> Term {
        Term((number << 4) | IMMED_PID)
    }

    #[inline(always)]
    pub const fn port(number: u64) -> Term {
        Term((number << 4) | IMMED_PORT)
    }

    /// A catch tag: where a `catch` or `try` continues. Lives in stack slots only.
    #[inline(always)]
    pub const fn catch(slot: u32, offset: u32) -> Term {
        Term((((slot as u64) << 32 | offset as u64) << 6) | IMMED2_CATCH)
    }

    #[inline(always)]
    pub const fn tag(self) -> u64 {
        self.0 & TAG_MASK
    }

    #[inline(always)]
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }
    #[inline(always)]
    pub const fn is_list(self) -> bool {
        self.0 & TAG_MASK == TAG_LIST
    }
    #[inline(always)]
    pub const fn is_boxed(self) -> bool {
        self.0 & TAG_MASK == TAG_BOXED
    }
    #[inline(always)]
    pub const fn is_immed(self) -> bool {
        self.0 & TAG_MASK == TAG_IMMED
    }
    #[inline(always)]
    pub const fn is_small(self) -> bool {
        self.0 & IMMED_MASK == IMMED_SMALL
    }
    #[inline(always)]
    pub const fn is_atom(self) -> bool {
        self.0 & IMMED2_MASK == IMMED2_ATOM
    }
    #[inline(always)]
    pub const fn is_catch(self) -> bool {
        self.0 & IMMED2_MASK == IMMED2_CATCH
    }
    #[inline(always)]
    pub const fn is_nil(self) -> bool {
        self.0 == Term::NIL.0
    }
    /// A pid of this node.
    #[inline(always)]
    pub const fn is_local_pid(self) -> bool {
        self.0 & IMMED_MASK == IMMED_PID
    }
    /// A port of this node.
    #[inline(always)]
    pub const fn is_local_port(self) -> bool {
        self.0 & IMMED_MASK == IMMED_PORT
    }
    #[inline(always)]
    pub const fn both_small(a: Term, b: Term) -> bool {
        a.0 & b.0 & IMMED_MASK == IMMED_SMALL
    }

    /// The value of a small integer (meaningless for any other term).
    #[inline(always)]
    pub const fn small_value(self) -> i64 {
        self.0 as i64 >> 4
    }
    #[inline(always)]
    pub const fn as_small(self) -> Option<i64> {
        if self.is_small() { Some(self.small_value()) } else { None }
    }
    #[inline(always)]
    pub const fn as_atom(self) -> Option<Atom> {
        if self.is_atom() { Some(Atom((self.0 >> 6) as u32)) } else { None }
    }
    #[inline(always)]
    pub fn is(self, atom: Atom) -> bool {
        self == Term::atom(atom)
    }
    #[inline(always)]
    pub fn as_bool(self) -> Option<bool> {
        if self == Term::bool(true) {
            Some(true)
        } else if self == Term::bool(false) {
            Some(false)
        } else {
            None
        }
    }
    /// The 60-bit number of a local pid or port.
    #[inline(always)]
    pub const fn id_number(self) -> u64 {
        self.0 >> 4
    }
    /// Module slot and instruction index of a catch tag.
    #[inline(always)]
    pub const fn catch_target(self) -> (u32, u32) {
        ((self.0 >> 38) as u32, (self.0 >> 6) as u32)
    }

    /// The byte offset behind a cons or boxed pointer.
    #[inline(always)]
    pub const fn addr(self) -> Addr {
        (self.0 as u32) & !3
    }

    #[inline(always)]
    pub const fn raw(self) -> u64 {
        self.0
    }
}

impl From<Atom> for Term {
    fn from(a: Atom) -> Term {
        Term::atom(a)
    }
}
impl From<bool> for Term {
    fn from(b: bool) -> Term {
        Term::bool(b)
    }
}

impl std::fmt::Debug for Term {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.is_small() {
            write!(f, "{}", self.small_value())
        } else if let Some(a) = self.as_atom() {
            write!(f, "atom#{}", a.0)
        } else if self.is_nil() {
            write!(f, "[]")
        } else if self.is_list() {
            write!(f, "cons@{:#x}", self.addr())
        } else if self.is_boxed() {
            write!(f, "boxed@{:#x}", self.addr())
        } else {
            write!(f, "word({:#x})", self.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_is_one_word() {
        assert_eq!(size_of::<Term>(), 8);
        assert_eq!(size_of::<Option<Atom>>(), 8);
    }

    #[test]
    fn smalls_round_trip_at_their_limits() {
        for v in [0, 1, -1, MAX_SMALL, MIN_SMALL] {
            assert_eq!(Term::try_small(v).and_then(Term::as_small), Some(v));
        }
        assert_eq!(Term::try_small(MAX_SMALL + 1), None);
        assert_eq!(Term::try_small(MIN_SMALL - 1), None);
    }

    #[test]
    fn catch_tags_carry_slot_and_offset() {
        assert_eq!(Term::catch(0x3FF_FFFF, u32::MAX).catch_target(), (0x3FF_FFFF, u32::MAX));
        assert!(Term::catch(1, 2).is_catch() && !Term::catch(1, 2).is_atom());
    }
}
