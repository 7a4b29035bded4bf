//! Matching: a context and the segments taken from it. Every function leaves the context where it was when it returns `None`.

use super::{LITTLE, MATCH, SIGNED};
use crate::arena::OutOfMemory;
use crate::heap::binary::{self, Bits};
use crate::heap::{Alloc, build, number};
use crate::term::{Mem, Term, object};
use num_bigint::{BigInt, Sign};

/// A match, or no match.
pub type Matched = Result<Option<Term>, OutOfMemory>;

#[inline]
fn view_of(mem: Mem, t: Term) -> Option<u64> {
    if t.is_boxed() && mem.header(t) == object::SUB_BITS_HEADER { Some(mem.field(t, 1).raw()) } else { None }
}

impl Mem {
    /// Is this a match context?
    #[inline]
    pub fn is_match_context(self, t: Term) -> bool {
        view_of(self, t).is_some_and(|flags| flags & MATCH != 0)
    }
}

/// A match context of a bitstring; a context is taken as it is.
pub fn start(a: &mut dyn Alloc, t: Term) -> Matched {
    let mem = a.mem();
    if !mem.is_bitstring(t) {
        return Ok(None);
    }
    let (orig, from, to) = match view_of(mem, t) {
        Some(flags) if flags & MATCH != 0 => return Ok(Some(t)),
        Some(_) => (mem.field(t, 4), mem.field(t, 2).raw(), mem.field(t, 3).raw()),
        None => (t, 0, mem.field(t, 1).raw()),
    };
    let at = a.words(object::SUB_BITS_WORDS)?;
    mem.set_word(at, 0, object::SUB_BITS_HEADER);
    mem.set_word(at, 1, MATCH);
    mem.set_word(at, 2, from);
    mem.set_word(at, 3, to);
    mem.set(at, 4, orig);
    Ok(Some(Term::boxed_at(at)))
}

/// Bits that are left.
#[inline]
pub fn left(mem: Mem, ctx: Term) -> u64 {
    mem.field(ctx, 3).raw().saturating_sub(mem.field(ctx, 2).raw())
}

/// Position in bits, counted from the start of what the context views.
pub fn position(mem: Mem, ctx: Term) -> u64 {
    mem.field(ctx, 2).raw()
}

pub fn set_position(mem: Mem, ctx: Term, bits: u64) {
    let end = mem.field(ctx, 3).raw();
    mem.set_word(ctx.addr(), 2, bits.min(end));
}

/// Moves on over `n` bits that are there.
pub fn advance(mem: Mem, ctx: Term, n: u64) {
    mem.set_word(ctx.addr(), 2, mem.field(ctx, 2).raw() + n);
}

/// The next `n` bits, if there are as many; the context moves past them.
fn take(mem: Mem, ctx: Term, n: u64) -> Option<Bits> {
    let bits = mem.bits(ctx)?;
    if n > bits.len {
        return None;
    }
    advance(mem, ctx, n);
    Some(bits.part(0, n))
}

/// Skips `n` bits, if there are as many.
pub fn skip(mem: Mem, ctx: Term, n: u64) -> bool {
    take(mem, ctx, n).is_some()
}

/// A field of at most 64 bits.
pub fn read_small(mem: Mem, bits: Bits, flags: u32) -> i64 {
    let n = bits.len as u32;
    as_field(bits.read(mem, 0, n), n, flags)
}

/// What `n` bits, read most significant first, say in a field with these flags.
#[inline]
pub fn as_field(v: u64, n: u32, flags: u32) -> i64 {
    let v = if flags & LITTLE != 0 { swap(v, n) } else { v };
    if flags & SIGNED != 0 && n > 0 && n < 64 && v >> (n - 1) & 1 == 1 { (v | !0 << n) as i64 } else { v as i64 }
}

/// Byte order of a little-endian field of `n` bits whose bits were read in order: whole bytes first, then the rest as the
/// most significant bits.
pub fn swap(v: u64, n: u32) -> u64 {
    if n % 8 == 0 && n > 0 {
        return v.swap_bytes() >> (64 - n);
    }
    let (whole, rest) = (n / 8, n % 8);
    let mut out = 0;
    for i in 0..whole {
        let byte = v >> (n - 8 * (i + 1)) & 0xFF;
        out |= byte << (8 * i);
    }
    if rest > 0 {
        out |= (v & ((1 << rest) - 1)) << (8 * whole);
    }
    out
}

/// An integer of any size.
pub fn integer(a: &mut dyn Alloc, ctx: Term, n: u64, flags: u32) -> Matched {
    let mem = a.mem();
    let Some(bits) = take(mem, ctx, n) else { return Ok(None) };
    if n < 64 || (n == 64 && flags & SIGNED != 0) {
        return build::int(a, read_small(mem, bits, flags)).map(Some);
    }
    if n == 64 {
        return build::uint(a, read_small(mem, bits, flags) as u64).map(Some);
    }
    let mut bytes = bits.to_vec(mem);
    let rest = (n % 8) as u32;
    if flags & LITTLE != 0 {
        // The last byte's high bits are the most significant ones of the number.
        if rest > 0
            && let Some(last) = bytes.last_mut()
        {
            *last >>= 8 - rest;
        }
        bytes.reverse();
    } else if rest > 0 {
        let mut carry = 0u8;
        for b in &mut bytes {
            let out = carry << rest | *b >> (8 - rest);
            carry = *b & ((1u16 << (8 - rest)) - 1) as u8;
            *b = out;
        }
    }
    let mut v = BigInt::from_bytes_be(Sign::Plus, &bytes);
    if flags & SIGNED != 0 && v.bit(n - 1) {
        v -= BigInt::from(1) << n;
    }
    number::from_bigint(a, &v).map(Some)
}

/// A float of 16, 32 or 64 bits; other sizes, infinities and NaNs don't match.
pub fn float(a: &mut dyn Alloc, ctx: Term, n: u64, flags: u32) -> Matched {
    let mem = a.mem();
    if !matches!(n, 16 | 32 | 64) {
        return Ok(None);
    }
    let before = position(mem, ctx);
    let Some(bits) = take(mem, ctx, n) else { return Ok(None) };
    let raw = bits.read(mem, 0, n as u32);
    let raw = if flags & LITTLE != 0 { swap(raw, n as u32) } else { raw };
    let v = match n {
        16 => half_to_f64(raw as u16),
        32 => f32::from_bits(raw as u32) as f64,
        _ => f64::from_bits(raw),
    };
    if !v.is_finite() {
        set_position(mem, ctx, before);
        return Ok(None);
    }
    build::float(a, v).map(Some)
}

/// A half-precision number.
pub fn half_to_f64(h: u16) -> f64 {
    let sign = if h >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = ((h >> 10 & 0x1F) as i32, (h & 0x3FF) as f64);
    sign * match exponent {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        e => (1.0 + fraction / 1024.0) * 2f64.powi(e - 15),
    }
}

/// A bitstring of `n` bits.
pub fn bitstring(a: &mut dyn Alloc, ctx: Term, n: u64) -> Matched {
    let mem = a.mem();
    if n > left(mem, ctx) {
        return Ok(None);
    }
    let t = binary::part(a, ctx, 0, n)?;
    advance(mem, ctx, n);
    Ok(Some(t))
}

/// What is left, if it is a multiple of `unit` bits; the context moves to its end.
pub fn rest(a: &mut dyn Alloc, ctx: Term, unit: u64) -> Matched {
    let n = left(a.mem(), ctx);
    if n % unit.max(1) != 0 { Ok(None) } else { bitstring(a, ctx, n) }
}

/// What is left; the context stays.
pub fn tail(a: &mut dyn Alloc, ctx: Term) -> Result<Term, OutOfMemory> {
    let n = left(a.mem(), ctx);
    binary::part(a, ctx, 0, n)
}

/// Are the next `n` bits those of `bytes`? The context moves past them if so.
pub fn literal(mem: Mem, ctx: Term, bytes: &[u8], n: u64) -> bool {
    let Some(bits) = mem.bits(ctx) else { return false };
    if n > bits.len {
        return false;
    }
    let mut done = 0;
    while done < n {
        let k = (n - done).min(8) as u32;
        let Some(expected) = bytes.get((done / 8) as usize) else { return false };
        if bits.read(mem, done, k) != (*expected >> (8 - k)) as u64 {
            return false;
        }
        done += k as u64;
    }
    advance(mem, ctx, n);
    true
}

/// The next `n` (at most 64) bits as a number, without moving.
pub fn peek(mem: Mem, ctx: Term, n: u32) -> Option<u64> {
    let bits = mem.bits(ctx)?;
    if n as u64 > bits.len { None } else { Some(bits.read(mem, 0, n)) }
}
