//! Size of a term in words, without sharing and without literals (`erts_debug:flat_size/1`).

use crate::arena::Arena;
use crate::term::{Kind, Mem, Term, object};

/// Words that a copy of the term takes. Sharing is not preserved, as in OTP's message copy; literals count nothing when
/// `literal_base` is the arena's and everything when it is `u32::MAX`.
pub fn flat_size(mem: Mem, literal_base: u32, term: Term) -> u64 {
    if term.is_immed() {
        return 0;
    }
    let mut total = 0u64;
    let mut stack = vec![term];
    while let Some(mut t) = stack.pop() {
        loop {
            if !(t.is_list() || t.is_boxed()) || t.addr() >= literal_base {
                break;
            }
            if t.is_list() {
                total += 2;
                let head = mem.head(t);
                if !head.is_immed() {
                    stack.push(head);
                }
                t = mem.tail(t);
                continue;
            }
            let h = mem.header(t);
            let at = t.addr();
            if h == object::SUB_BITS_HEADER {
                total += copied_bits_words(mem, t);
                break;
            }
            if h == object::tuple_header(0) && literal_base == u32::MAX {
                // There is one `{}`, and it is on no heap.
                break;
            }
            let l = object::layout(mem, at, h);
            total += l.words as u64;
            for i in 1 + l.raw..l.words {
                let e = mem.get(at, i);
                if !e.is_immed() {
                    stack.push(e);
                }
            }
            break;
        }
    }
    total
}

/// Words of the copy of a view of bits: a copied view keeps its reference-counted binary; a match context over a heap
/// binary takes the bytes along.
fn copied_bits_words(mem: Mem, t: Term) -> u64 {
    let orig = mem.field(t, 4);
    match mem.kind(orig) {
        Some(Kind::BinRef) => (object::SUB_BITS_WORDS + object::BIN_REF_WORDS) as u64,
        _ => {
            let bits = mem.field(t, 3).0.saturating_sub(mem.field(t, 2).0);
            2 + bits.div_ceil(64)
        }
    }
}

impl Arena {
    /// Words that a message with this term takes.
    pub fn flat_size(&self, term: Term) -> u64 {
        if term.is_immed() { 0 } else { flat_size(self.mem(), self.literal_base(), term) }
    }
}
