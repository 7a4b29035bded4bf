//! Building bitstrings whose segments are integers and strings of known sizes, maybe behind a binary that is appended to.
//!
//! The bits go through one word to where the result will be; only when all of them are there the result is made, so a segment
//! that doesn't fit in here (a bignum, something that is no integer) leaves everything to the general way of `bits`. Writes run
//! up to a word beyond the last bit: on the heap into free words, in a block into room that is nobody's.

use super::bits::{RESULT_WORDS, create_bin};
use super::{Flow, Machine};
use crate::code::operand::{Dst, Place, Wide};
use crate::heap::RESERVED;
use crate::heap::binary::{self, BLOCK_HEADER, HEAP_LIMIT, WRITABLE};
use crate::heap::bits::build::unswap;
use crate::load::translate::{LITTLE, quick, segment};
use crate::term::{Addr, Mem, Term, object};

/// Bits on their way to memory, most significant first.
struct Writer {
    mem: Mem,
    at: Addr,
    /// The last `n` bits, which aren't in memory yet.
    word: u64,
    n: u32,
}

impl Writer {
    /// The low `size` bits (1 to 64) of `v`, whose other bits are 0.
    #[inline(always)]
    fn put(&mut self, v: u64, size: u32) {
        if self.n + size <= 64 {
            self.word = if size == 64 { v } else { self.word << size | v };
            self.n += size;
            return;
        }
        let first = 64 - self.n;
        let rest = size - first;
        let full = if first == 0 { self.word } else { self.word << first | v >> rest };
        self.mem.set_word(self.at, 0, full.swap_bytes());
        self.at += 8;
        self.word = if rest == 64 { v } else { v & ((1 << rest) - 1) };
        self.n = rest;
    }

    #[inline(always)]
    fn finish(&mut self) {
        if self.n > 0 {
            self.mem.set_word(self.at, 0, (self.word << (64 - self.n)).swap_bytes());
        }
    }

    fn bytes(&mut self, bytes: &[u8]) {
        if self.n % 8 != 0 || bytes.len() <= 8 {
            bytes.iter().for_each(|b| self.put(*b as u64, 8));
            return;
        }
        self.finish();
        self.at += self.n / 8;
        (self.word, self.n) = (0, 0);
        self.mem.bytes_mut(self.at, bytes.len()).copy_from_slice(bytes);
        self.at += bytes.len() as u32;
    }
}

/// Is it a multiple of the unit? Nearly all units are 1 or 8.
fn aligned(bits: u64, unit: u32) -> bool {
    unit == 1 || if unit == 8 { bits % 8 == 0 } else { bits % unit.max(1) as u64 == 0 }
}

/// Where the result is.
enum Target {
    /// On the heap, from its first free word.
    Heap,
    /// A longer view of what this handle has, from and to these bits.
    Longer { reference: Term, start: u64, end: u64 },
}

/// `create_bin` of integers and strings. Side table: bits of those segments, the general form of `create_bin`, then two words a
/// segment (see [`quick`]).
pub fn create_quick(m: &mut Machine<'_>, live: u8, d: Dst, n: u32, at: u32, fail: i32) -> Flow {
    match try_quick(m, n as usize, at as usize) {
        Some(t) => {
            m.set(d, t);
            m.proc.budget -= 1;
            Flow::Next
        }
        None => create_bin(m, live, d, n, at + 1, fail),
    }
}

fn try_quick(m: &mut Machine<'_>, n: usize, at: usize) -> Option<Term> {
    let mem = m.mem();
    let instance = m.sys.code.instance(m.slot)?;
    let value = |w: u32| match Wide(w).kind() {
        Place::X(i) => m.x(i as usize),
        Place::Y(i) => m.y(i),
        Place::Const(i) => instance.consts.get(i as usize).copied().unwrap_or(Term::NIL),
    };
    let list = at + 2 + n * segment::WORDS;
    let bits = *instance.side.get(at)? as u64;
    let need = *instance.side.get(at + 1)? + RESULT_WORDS + RESERVED;
    let mut items = instance.side.get(list..list + n * quick::WORDS)?;
    if m.gc_desired() || m.proc.heap.free() < need {
        return None;
    }
    let top = m.proc.heap.top;
    let (place, mut w) = match items {
        [quick::APPEND, base, rest @ ..] => {
            items = rest;
            let unit = *instance.side.get(at + 3)?;
            let base = value(*base);
            if !mem.is_bitstring(base) || mem.header(base) != object::SUB_BITS_HEADER {
                return None;
            }
            let (reference, start, from) = (mem.field(base, 4), mem.field(base, 2).raw(), mem.field(base, 3).raw());
            if mem.header(reference) != object::BIN_REF_HEADER || !aligned(from.wrapping_sub(start), unit) {
                return None;
            }
            let block = mem.field(reference, 1).raw() as Addr;
            let end = from + bits;
            if mem.word(block, 2) != WRITABLE | from || end + 64 > binary::block_bytes(mem, block) as u64 * 8 {
                return None;
            }
            let at = block + BLOCK_HEADER * 8 + (from / 8) as u32;
            let n = (from % 8) as u32;
            let word = if n == 0 { 0 } else { (mem.word(at, 0) & 0xFF) >> (8 - n) };
            (Target::Longer { reference, start, end }, Writer { mem, at, word, n })
        }
        _ if bits > HEAP_LIMIT as u64 * 8 => return None,
        _ => {
            if bits > 0 {
                // The padding of the last word.
                mem.set_word(top, 1 + bits.div_ceil(64) as u32, 0);
            }
            (Target::Heap, Writer { mem, at: top + 16, word: 0, n: 0 })
        }
    };
    for item in items.chunks_exact(quick::WORDS) {
        let &[what, v] = item else { return None };
        if what & quick::STRING != 0 {
            let len = (what & !quick::STRING) as usize;
            w.bytes(instance.strings.get(v as usize..v as usize + len)?);
            continue;
        }
        let (size, v) = (what & 0xFF, value(v).as_small()? as u64);
        if size > 0 {
            let v = if size < 64 { v & ((1 << size) - 1) } else { v };
            w.put(if what & (LITTLE << quick::FLAGS) != 0 { unswap(v, size) } else { v }, size);
        }
    }
    w.finish();
    Some(match place {
        Target::Heap => {
            let words = bits.div_ceil(64);
            mem.set_word(top, 0, object::header(object::HEAP_BITS, 1 + words));
            mem.set_word(top, 1, bits);
            m.proc.heap.top = top + (2 + words as u32) * 8;
            Term::boxed_at(top)
        }
        Target::Longer { reference, start, end } => {
            let block = mem.field(reference, 1).raw() as Addr;
            mem.set_word(block, 2, WRITABLE | end);
            mem.set_word(top, 0, object::SUB_BITS_HEADER);
            mem.set_word(top, 1, 0);
            mem.set_word(top, 2, start);
            mem.set_word(top, 3, end);
            mem.set(top, 4, reference);
            m.proc.heap.top = top + object::SUB_BITS_WORDS * 8;
            Term::boxed_at(top)
        }
    })
}
