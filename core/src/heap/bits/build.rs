//! Building: the total size is known first, then segments are written one after the other.
//!
//! Appending to a binary that was built by appending is done in place while there is room behind its bits: the block
//! remembers how many bits are in use, and only a view that ends exactly there may go on. Anyone else's view is untouched,
//! because bits once written never change.

use super::matching::swap;
use super::{LITTLE, utf};
use crate::arena::OutOfMemory;
use crate::heap::binary::{self, BLOCK_HEADER, Bits, WRITABLE};
use crate::heap::{Alloc, number};
use crate::term::{Addr, Kind, Mem, Term, object};

/// Why a segment can't be built.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BuildError {
    /// The value or size is of the wrong type or range: `badarg`.
    BadArg,
    /// The result would be too large.
    SystemLimit,
    Memory,
}

impl From<OutOfMemory> for BuildError {
    fn from(_: OutOfMemory) -> BuildError {
        BuildError::Memory
    }
}

/// Most bits of a bitstring: what the arena could ever hold.
pub const MAX_BITS: u64 = (1 << 32) * 8;

/// A size operand in bits: a non-negative integer times the unit.
pub fn size_in_bits(mem: Mem, size: Term, unit: u32) -> Result<u64, BuildError> {
    match size.as_small() {
        Some(n) if n >= 0 => {
            (n as u64).checked_mul(unit as u64).filter(|n| *n < MAX_BITS).ok_or(BuildError::SystemLimit)
        }
        Some(_) => Err(BuildError::BadArg),
        None if mem.is_big(size) && mem.header(size) & object::HEADER_MASK == object::POS_BIG => {
            Err(BuildError::SystemLimit)
        }
        None => Err(BuildError::BadArg),
    }
}

/// A bitstring under construction.
#[derive(Debug)]
pub struct Builder {
    result: Term,
    data: Addr,
    /// Next bit to write, counted from `data`.
    at: u64,
}

/// Least room of a block that is made for appending, in bytes.
const APPEND_ROOM: usize = 256;

impl Builder {
    /// A bitstring of `bits` bits.
    pub fn new(a: &mut dyn Alloc, bits: u64) -> Result<Builder, BuildError> {
        if bits >= MAX_BITS {
            return Err(BuildError::SystemLimit);
        }
        let (result, data) = binary::uninit(a, bits)?;
        if bits % 8 != 0 {
            a.mem().bytes_mut(data + (bits / 8) as u32, 1)[0] = 0;
        }
        Ok(Builder { result, data, at: 0 })
    }

    /// The bitstring `base` with room for `more` bits behind it.
    pub fn append(a: &mut dyn Alloc, base: Term, more: u64, unit: u32) -> Result<Builder, BuildError> {
        let mem = a.mem();
        let bits = mem.bits(base).filter(|_| mem.is_bitstring(base)).ok_or(BuildError::BadArg)?;
        if bits.len % unit.max(1) as u64 != 0 {
            return Err(BuildError::BadArg);
        }
        let total = bits.len.checked_add(more).filter(|t| *t < MAX_BITS).ok_or(BuildError::SystemLimit)?;
        if let Some(b) = Builder::in_place(a, mem, base, bits, total)? {
            return Ok(b);
        }
        if more == 0 {
            return Ok(Builder { result: base, data: bits.base, at: bits.start + bits.len });
        }
        let room = (total.div_ceil(8) as usize).saturating_mul(2).max(APPEND_ROOM);
        let block = binary::new_block(a.arena(), room)?;
        let data = block + BLOCK_HEADER * 8;
        mem.set_word(block, 2, WRITABLE | total);
        clear_tail(mem, data, bits.len, total);
        binary::put_bits(mem, data, 0, bits);
        let reference = binary::adopt_block(a, block)?;
        let result = binary::view(a, reference, 0, total)?;
        Ok(Builder { result, data, at: bits.len })
    }

    /// Goes on behind the bits of a view that ends where its block's used bits end.
    fn in_place(
        a: &mut dyn Alloc,
        mem: Mem,
        base: Term,
        bits: Bits,
        total: u64,
    ) -> Result<Option<Builder>, BuildError> {
        if mem.header(base) != object::SUB_BITS_HEADER || mem.kind(mem.field(base, 4)) != Some(Kind::BinRef) {
            return Ok(None);
        }
        let reference = mem.field(base, 4);
        let block = mem.field(reference, 1).raw() as Addr;
        let state = mem.word(block, 2);
        let end = bits.start + bits.len;
        let new_end = bits.start + total;
        if state & WRITABLE == 0 || state & !WRITABLE != end || new_end > binary::block_bytes(mem, block) as u64 * 8 {
            return Ok(None);
        }
        let result = binary::view(a, reference.addr(), bits.start, total)?;
        mem.set_word(block, 2, WRITABLE | new_end);
        let data = block + BLOCK_HEADER * 8;
        clear_tail(mem, data, end, new_end);
        Ok(Some(Builder { result, data, at: end }))
    }

    /// The finished term.
    pub fn finish(self) -> Term {
        self.result
    }

    pub fn bytes(&mut self, mem: Mem, bytes: &[u8]) {
        if self.at % 8 == 0 {
            mem.bytes_mut(self.data + (self.at / 8) as u32, bytes.len()).copy_from_slice(bytes);
            self.at += bytes.len() as u64 * 8;
            return;
        }
        for chunk in bytes {
            binary::put_uint(mem, self.data, self.at, 8, *chunk as u64);
            self.at += 8;
        }
    }

    /// A bitstring; the caller has made room for its bits.
    pub fn bits(&mut self, mem: Mem, bits: Bits) {
        binary::put_bits(mem, self.data, self.at, bits);
        self.at += bits.len;
    }

    /// The low `n` bits of an integer.
    pub fn integer(&mut self, mem: Mem, value: Term, n: u64, flags: u32) -> Result<(), BuildError> {
        if let Some(v) = value.as_small() {
            self.small(mem, v, n, flags);
            return Ok(());
        }
        let v = number::to_bigint(mem, value).ok_or(BuildError::BadArg)?;
        let len = n.div_ceil(8) as usize;
        let mut bytes = v.to_signed_bytes_le();
        let fill = if v.sign() == num_bigint::Sign::Minus { 0xFF } else { 0 };
        bytes.resize(len, fill);
        self.le_bytes(mem, &bytes, n, flags);
        Ok(())
    }

    /// The low `n` bits of a small integer.
    pub fn small(&mut self, mem: Mem, v: i64, n: u64, flags: u32) {
        if n <= 64 {
            let n = n as u32;
            let v = if n < 64 { v as u64 & ((1u64 << n) - 1) } else { v as u64 };
            let v = if flags & LITTLE != 0 { unswap(v, n) } else { v };
            binary::put_uint(mem, self.data, self.at, n, v);
            self.at += n as u64;
            return;
        }
        let mut bytes = v.to_le_bytes().to_vec();
        bytes.resize(n.div_ceil(8) as usize, if v < 0 { 0xFF } else { 0 });
        self.le_bytes(mem, &bytes, n, flags);
    }

    /// The low `n` bits of a number given as little-endian bytes.
    fn le_bytes(&mut self, mem: Mem, bytes: &[u8], n: u64, flags: u32) {
        let rest = (n % 8) as u32;
        let whole = (n / 8) as usize;
        let put = |s: &mut Builder, b: u8, k: u32| {
            binary::put_uint(mem, s.data, s.at, k, b as u64);
            s.at += k as u64;
        };
        let high = if rest > 0 { bytes.get(whole).copied().unwrap_or(0) & ((1u16 << rest) - 1) as u8 } else { 0 };
        if flags & LITTLE != 0 {
            bytes.iter().take(whole).for_each(|b| put(self, *b, 8));
            put(self, high, rest);
        } else {
            put(self, high, rest);
            bytes.iter().take(whole).rev().for_each(|b| put(self, *b, 8));
        }
    }

    /// A float of 16, 32 or 64 bits.
    pub fn float(&mut self, mem: Mem, value: Term, n: u64, flags: u32) -> Result<(), BuildError> {
        let v = match value.as_small() {
            Some(v) => v as f64,
            None => number::to_f64(mem, value).filter(|v| v.is_finite()).ok_or(BuildError::BadArg)?,
        };
        let raw = match n {
            // What is too large for the size becomes an infinity, as in OTP.
            16 => f64_to_half(v) as u64,
            32 => (v as f32).to_bits() as u64,
            64 => v.to_bits(),
            _ => return Err(BuildError::BadArg),
        };
        let raw = if flags & LITTLE != 0 { swap(raw, n as u32) } else { raw };
        binary::put_uint(mem, self.data, self.at, n as u32, raw);
        self.at += n;
        Ok(())
    }

    /// A code point.
    pub fn utf(&mut self, mem: Mem, value: Term, kind: u8, flags: u32) -> Result<(), BuildError> {
        let bytes = utf_bytes(value, kind, flags)?;
        self.bytes(mem, &bytes);
        Ok(())
    }
}

/// The bytes of a code point segment.
pub fn utf_bytes(value: Term, kind: u8, flags: u32) -> Result<Vec<u8>, BuildError> {
    value
        .as_small()
        .and_then(|c| u64::try_from(c).ok())
        .and_then(|c| utf::encode(c, kind, flags))
        .ok_or(BuildError::BadArg)
}

/// The reverse of [`swap`]: the bits of a number in the order in which a little-endian field stores them.
#[inline]
pub fn unswap(v: u64, n: u32) -> u64 {
    if n % 8 == 0 && n > 0 {
        return v.swap_bytes() >> (64 - n);
    }
    let (whole, rest) = (n / 8, n % 8);
    let mut out = 0u64;
    for i in 0..whole {
        out = out << 8 | (v >> (8 * i) & 0xFF);
    }
    if rest > 0 {
        out = out << rest | (v >> (8 * whole) & ((1 << rest) - 1));
    }
    out
}

/// Zeroes the bytes that the new bits begin and end in, as far as they aren't in use.
fn clear_tail(mem: Mem, data: Addr, from: u64, to: u64) {
    if to % 8 != 0 && to / 8 >= from.div_ceil(8) {
        mem.bytes_mut(data + (to / 8) as u32, 1)[0] = 0;
    }
}

fn f64_to_half(v: f64) -> u16 {
    let sign = if v.is_sign_negative() { 0x8000u16 } else { 0 };
    let a = v.abs();
    if a >= 65520.0 {
        return sign | 0x7C00;
    }
    if a < 2f64.powi(-14) {
        return sign | round_even(a * 2f64.powi(24)) as u16;
    }
    let exponent = a.log2().floor() as i32;
    let exponent = if 2f64.powi(exponent) > a { exponent - 1 } else { exponent };
    let fraction = round_even((a / 2f64.powi(exponent) - 1.0) * 1024.0) as u32;
    sign | (((exponent + 15) as u32) * 1024 + fraction) as u16
}

fn round_even(v: f64) -> f64 {
    v.round_ties_even()
}
