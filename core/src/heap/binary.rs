//! Bitstrings: heap bits, reference-counted binaries, views.
//!
//! A reference-counted binary is a block of the arena: `[references, size in bytes, state, data ...]`. `state` has
//! [`WRITABLE`] while the block has spare room behind its `used` bits and may grow in place: the low 63 bits are then the
//! number of bits in use, and only a view that ends exactly there may append. Mirrors `erl_bits.h` and `erl_binary.h`.

use super::Alloc;
use super::build::Built;
use crate::arena::{Arena, OutOfMemory};
use crate::term::{Addr, Kind, Mem, Term, object};

/// The largest bitstring that lives on a process's heap, in bytes.
pub const HEAP_LIMIT: usize = 64;
/// Words of a block before its data.
pub const BLOCK_HEADER: u32 = 3;
/// Set in a block's state word when the block may be appended to in place.
pub const WRITABLE: u64 = 1 << 63;
/// Set when the block was writable and is not any more; the low bits are the number of bits in use.
const PINNED: u64 = 1 << 62;

/// A run of bits in the arena.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bits {
    /// Address of the byte that bit 0 is counted from.
    pub base: Addr,
    /// First bit, from the most significant bit of `base`.
    pub start: u64,
    /// Number of bits.
    pub len: u64,
}

impl Bits {
    /// Do the bits start and end on byte boundaries?
    pub fn is_aligned(self) -> bool {
        self.start % 8 == 0 && self.len % 8 == 0
    }

    /// The part from bit `from` with `len` bits; the caller knows that it lies inside.
    pub fn part(self, from: u64, len: u64) -> Bits {
        debug_assert!(from + len <= self.len);
        Bits { base: self.base, start: self.start + from, len }
    }

    /// The whole bytes, if the bits start on a byte boundary (trailing bits beyond the last whole byte are left out).
    pub fn aligned_bytes<'a>(self, mem: Mem) -> Option<&'a [u8]> {
        if self.start % 8 != 0 {
            return None;
        }
        Some(mem.bytes(self.base + (self.start / 8) as u32, (self.len / 8) as usize))
    }

    /// Up to 64 bits from bit `from`, as an unsigned number, most significant bit first.
    #[inline]
    pub fn read(self, mem: Mem, from: u64, n: u32) -> u64 {
        debug_assert!(n <= 64 && from + n as u64 <= self.len);
        if n == 0 {
            return 0;
        }
        let bit = self.start + from;
        let first = self.base + (bit / 8) as u32;
        let shift = (bit % 8) as u32;
        if shift + n <= 64 {
            return mem.word(first, 0).swap_bytes() << shift >> (64 - n);
        }
        let bytes = (shift + n).div_ceil(8);
        let mut acc: u128 = 0;
        for b in mem.bytes(first, bytes as usize) {
            acc = acc << 8 | *b as u128;
        }
        let acc = acc >> (bytes * 8 - shift - n);
        if n == 64 { acc as u64 } else { acc as u64 & ((1 << n) - 1) }
    }

    /// The bits as bytes, most significant first; the last byte is padded with zeros.
    pub fn to_vec(self, mem: Mem) -> Vec<u8> {
        let n = self.len.div_ceil(8) as usize;
        let mut out = vec![0; n];
        copy_out(mem, self, &mut out);
        out
    }
}

fn copy_out(mem: Mem, bits: Bits, out: &mut [u8]) {
    if bits.len == 0 {
        return;
    }
    let n = bits.len.div_ceil(8) as usize;
    let shift = (bits.start % 8) as u32;
    let first = bits.base + (bits.start / 8) as u32;
    if shift == 0 {
        out[..n].copy_from_slice(mem.bytes(first, n));
    } else {
        let total = ((bits.start % 8) + bits.len).div_ceil(8) as usize;
        let src = mem.bytes(first, total);
        for (i, o) in out[..n].iter_mut().enumerate() {
            let low = src.get(i + 1).copied().unwrap_or(0);
            *o = src[i] << shift | (low as u16 >> (8 - shift)) as u8;
        }
    }
    let rest = (bits.len % 8) as u32;
    if rest != 0 {
        out[n - 1] &= 0xFFu8 << (8 - rest);
    }
}

impl Mem {
    /// The bits of a bitstring or match context.
    #[inline]
    pub fn bits(self, term: Term) -> Option<Bits> {
        if !term.is_boxed() {
            return None;
        }
        let h = self.header(term);
        if h & object::HEADER_MASK == object::HEAP_BITS {
            Some(Bits { base: term.addr() + 16, start: 0, len: self.field(term, 1).0 })
        } else if h == object::SUB_BITS_HEADER {
            let (start, end) = (self.field(term, 2).0, self.field(term, 3).0);
            Some(Bits { base: self.bits_base(self.field(term, 4)), start, len: end.saturating_sub(start) })
        } else {
            None
        }
    }

    /// Address of the data of what a view refers to.
    #[inline]
    pub fn bits_base(self, orig: Term) -> Addr {
        if self.header(orig) == object::BIN_REF_HEADER {
            self.field(orig, 1).0 as Addr + BLOCK_HEADER * 8
        } else {
            orig.addr() + 16
        }
    }

    /// Number of bits of a bitstring.
    pub fn bit_size(self, term: Term) -> Option<u64> {
        self.bits(term).map(|b| b.len)
    }

    /// The bytes of a binary (a bitstring of whole bytes), copied out.
    pub fn binary_to_vec(self, term: Term) -> Option<Vec<u8>> {
        let b = self.bits(term)?;
        if b.len % 8 == 0 { Some(b.to_vec(self)) } else { None }
    }

    /// Is the term a binary, that is, a bitstring of whole bytes?
    pub fn is_binary(self, term: Term) -> bool {
        self.is_bitstring(term) && self.bit_size(term).is_some_and(|n| n % 8 == 0)
    }
}

/// Bytes of a block's data.
pub fn block_bytes(mem: Mem, block: Addr) -> usize {
    mem.word(block, 1) as usize
}

/// The blocks that a list of off-heap objects refers to, each as often as it does.
pub fn blocks(mem: Mem, list: super::OffHeap) -> Vec<Addr> {
    let (mut at, mut out) = (list.first, Vec::new());
    while at != 0 {
        if mem.word(at, 0) == object::BIN_REF_HEADER {
            out.push(mem.word(at, 1) as Addr);
        }
        at = mem.word(at, 2) as Addr;
    }
    out
}

/// A new block with one reference and room for `bytes` bytes; the data is not initialised.
pub fn new_block(arena: &mut Arena, bytes: usize) -> Result<Addr, OutOfMemory> {
    let block = arena.alloc(BLOCK_HEADER as usize + bytes.div_ceil(8))?;
    let mem = arena.mem();
    mem.set_word(block, 0, 1);
    mem.set_word(block, 1, bytes as u64);
    mem.set_word(block, 2, 0);
    Ok(block)
}

/// Drops one reference of a block, and the block with the last one.
pub fn release(arena: &mut Arena, block: Addr) {
    let mem = arena.mem();
    let n = mem.word(block, 0);
    if n <= 1 {
        arena.free(block);
    } else {
        mem.set_word(block, 0, n - 1);
    }
}

/// A handle, on the heap of `a`, of a block whose reference the caller hands over.
pub fn adopt_block(a: &mut dyn Alloc, block: Addr) -> Result<Addr, OutOfMemory> {
    let mem = a.mem();
    let at = match a.words(object::BIN_REF_WORDS) {
        Ok(at) => at,
        Err(e) => {
            release(a.arena(), block);
            return Err(e);
        }
    };
    mem.set_word(at, 0, object::BIN_REF_HEADER);
    mem.set_word(at, 1, block as u64);
    let words = block_bytes(mem, block) as u64 / 8;
    a.off_heap().link(mem, at, words);
    Ok(at)
}

/// A new handle of the block that the handle at `reference` has.
pub fn share(a: &mut dyn Alloc, mem: Mem, reference: Addr) -> Result<Addr, OutOfMemory> {
    let block = mem.word(reference, 1) as Addr;
    mem.set_word(block, 0, mem.word(block, 0) + 1);
    adopt_block(a, block)
}

/// A view of `len` bits from bit `start` of the block behind the handle at `reference`.
pub fn view(a: &mut dyn Alloc, reference: Addr, start: u64, len: u64) -> Built {
    let at = a.words(object::SUB_BITS_WORDS)?;
    let mem = a.mem();
    mem.set_word(at, 0, object::SUB_BITS_HEADER);
    mem.set_word(at, 1, 0);
    mem.set_word(at, 2, start);
    mem.set_word(at, 3, start + len);
    mem.set(at, 4, Term::boxed_at(reference));
    Ok(Term::boxed_at(at))
}

/// Uninitialised room for a bitstring of `bits` bits: the term, and where its data starts. The caller fills
/// `bits.div_ceil(8)` bytes at once and zeroes the padding of the last.
pub fn uninit(a: &mut dyn Alloc, bits: u64) -> Result<(Term, Addr), OutOfMemory> {
    let bytes = usize::try_from(bits.div_ceil(8)).map_err(|_| OutOfMemory)?;
    if bytes <= HEAP_LIMIT {
        let words = bytes.div_ceil(8) as u32;
        let at = a.words(2 + words)?;
        let mem = a.mem();
        mem.set_word(at, 0, object::header(object::HEAP_BITS, 1 + words as u64));
        mem.set_word(at, 1, bits);
        if words > 0 {
            mem.set_word(at, 1 + words, 0);
        }
        Ok((Term::boxed_at(at), at + 16))
    } else {
        let block = new_block(a.arena(), bytes)?;
        let reference = adopt_block(a, block)?;
        Ok((view(a, reference, 0, bits)?, block + BLOCK_HEADER * 8))
    }
}

/// A binary with these bytes.
pub fn from_bytes(a: &mut dyn Alloc, bytes: &[u8]) -> Built {
    bits_from_bytes(a, bytes, bytes.len() as u64 * 8)
}

/// A bitstring with the first `bits` bits of `bytes`.
pub fn bits_from_bytes(a: &mut dyn Alloc, bytes: &[u8], bits: u64) -> Built {
    let n = bits.div_ceil(8) as usize;
    let (term, data) = uninit(a, bits)?;
    let out = a.mem().bytes_mut(data, n);
    out.copy_from_slice(&bytes[..n]);
    if bits % 8 != 0 {
        out[n - 1] &= 0xFFu8 << (8 - bits % 8);
    }
    Ok(term)
}

/// A heap bitstring (or, above [`HEAP_LIMIT`] bytes, a binary of its own) with a copy of the bits.
pub fn heap_bits(a: &mut dyn Alloc, bits: Bits) -> Built {
    let (term, data) = uninit(a, bits.len)?;
    let mem = a.mem();
    copy_out(mem, bits, mem.bytes_mut(data, bits.len.div_ceil(8) as usize));
    Ok(term)
}

/// The part of a bitstring (or match context) from bit `from` with `len` bits: a copy up to 64 bytes, else a view.
pub fn part(a: &mut dyn Alloc, term: Term, from: u64, len: u64) -> Built {
    let mem = a.mem();
    let Some(bits) = mem.bits(term) else { return Ok(Term::NIL) };
    let wanted = bits.part(from, len);
    let is_view = mem.header(term) == object::SUB_BITS_HEADER;
    if len <= HEAP_LIMIT as u64 * 8 || !is_view || mem.kind(mem.field(term, 4)) != Some(Kind::BinRef) {
        return heap_bits(a, wanted);
    }
    let reference = mem.field(term, 4).addr();
    view(a, reference, wanted.start, len)
}

/// Ends the appending in place to the block behind a bitstring, as OTP does when a part of it is taken: what is used of it is its size from now on.
pub fn pin(mem: Mem, term: Term) {
    if let Some(block) = block_of(mem, term) {
        let state = mem.word(block, 2);
        if state & WRITABLE != 0 {
            mem.set_word(block, 2, state & !WRITABLE | PINNED);
        }
    }
}

/// Bytes of the block behind a bitstring, if there is one: as many as there is room for, or those in use once it is pinned.
pub fn referenced_bytes(mem: Mem, term: Term) -> Option<u64> {
    let block = block_of(mem, term)?;
    let state = mem.word(block, 2);
    let pinned = state & PINNED != 0 && state & WRITABLE == 0;
    Some(if pinned { (state & !PINNED).div_ceil(8) } else { block_bytes(mem, block) as u64 })
}

fn block_of(mem: Mem, term: Term) -> Option<Addr> {
    let is_view = mem.kind(term) == Some(Kind::SubBits) && mem.kind(mem.field(term, 4)) == Some(Kind::BinRef);
    is_view.then(|| mem.field(mem.field(term, 4), 1).0 as Addr)
}

/// Copies bits to `at`, bit `to`; neighbouring bits of the destination's bytes are kept.
pub fn put_bits(mem: Mem, at: Addr, to: u64, bits: Bits) {
    if bits.len == 0 {
        return;
    }
    if to % 8 == 0 && bits.start % 8 == 0 {
        let whole = (bits.len / 8) as usize;
        let dst = at + (to / 8) as u32;
        let src = bits.base + (bits.start / 8) as u32;
        mem.copy_bytes(src, dst, whole);
        let rest = (bits.len % 8) as u32;
        if rest != 0 {
            let mask = 0xFFu8 << (8 - rest);
            let b = mem.bytes(src + whole as u32, 1)[0];
            let d = &mut mem.bytes_mut(dst + whole as u32, 1)[0];
            *d = b & mask | *d & !mask;
        }
        return;
    }
    let mut done = 0;
    while done < bits.len {
        let n = (bits.len - done).min(56) as u32;
        put_uint(mem, at, to + done, n, bits.read(mem, done, n));
        done += n as u64;
    }
}

/// Writes the low `n` (at most 64) bits of `value`, most significant first, at bit `to` from `at`; neighbours are kept.
pub fn put_uint(mem: Mem, at: Addr, to: u64, n: u32, value: u64) {
    if n == 0 {
        return;
    }
    let shift = (to % 8) as u32;
    let bytes = (shift + n).div_ceil(8);
    let out = mem.bytes_mut(at + (to / 8) as u32, bytes as usize);
    if shift == 0 && n % 8 == 0 {
        let value = (value << (64 - n)).to_be_bytes();
        for (o, v) in out.iter_mut().zip(value) {
            *o = v;
        }
        return;
    }
    let tail = bytes * 8 - shift - n;
    let mask: u128 = if n == 64 { u64::MAX as u128 } else { (1u128 << n) - 1 } << tail;
    let value = (value as u128) << tail & mask;
    for (i, o) in out.iter_mut().enumerate() {
        let s = 8 * (bytes - 1 - i as u32);
        *o = (*o & !((mask >> s) as u8)) | (value >> s) as u8;
    }
}
