//! BIFs on binaries: sizes, parts, conversions; module `binary` but for searching, which is in [`super::binary_search`].
//!
//! Mirrors `binary.c` and the rest of `erl_bif_binary.c`.

use super::{Bif, BifResult, Ctx, Fault, bif, guard};
use crate::atom::am;
use crate::heap::binary::{self, Bits};
use crate::heap::{Alloc, build, number};
use crate::term::{Mem, Term};
use num_bigint::{BigInt, Sign};
use std::borrow::Cow;

pub const BIFS: &[Bif] = &[
    guard("byte_size", 1, byte_size),
    guard("bit_size", 1, bit_size),
    guard("size", 1, size),
    guard("binary_part", 2, part_2),
    guard("binary_part", 3, part_3),
    bif("erlang", "split_binary", 2, split_binary),
    bif("erlang", "binary_to_list", 1, binary_to_list_1),
    bif("erlang", "binary_to_list", 3, binary_to_list_3),
    bif("erlang", "bitstring_to_list", 1, bitstring_to_list),
    bif("binary", "part", 2, part_2),
    bif("binary", "part", 3, part_3),
    bif("binary", "at", 2, at),
    bif("binary", "first", 1, first),
    bif("binary", "last", 1, last),
    bif("binary", "copy", 1, copy_1),
    bif("binary", "copy", 2, copy_2),
    bif("binary", "referenced_byte_size", 1, referenced_byte_size),
    bif("binary", "encode_unsigned", 1, encode_unsigned_1),
    bif("binary", "encode_unsigned", 2, encode_unsigned_2),
    bif("binary", "decode_unsigned", 1, decode_unsigned_1),
    bif("binary", "decode_unsigned", 2, decode_unsigned_2),
    bif("binary", "longest_common_prefix", 1, longest_common_prefix),
    bif("binary", "longest_common_suffix", 1, longest_common_suffix),
];

/// The bits of a bitstring, or `badarg`.
pub(super) fn bits(ctx: &mut Ctx<'_>, t: Term) -> Result<Bits, Fault> {
    let mem = ctx.mem();
    match mem.bits(t) {
        Some(b) if mem.is_bitstring(t) => Ok(b),
        _ => Err(ctx.badarg()),
    }
}

/// The bits of a binary (whole bytes), or `badarg`.
pub(super) fn whole(ctx: &mut Ctx<'_>, t: Term) -> Result<Bits, Fault> {
    let b = bits(ctx, t)?;
    if b.len % 8 == 0 { Ok(b) } else { Err(ctx.badarg()) }
}

/// The bytes of a binary, copied only if they aren't on byte boundaries. Not to be kept over an allocation.
pub(super) fn bytes<'a>(mem: Mem, b: Bits) -> Cow<'a, [u8]> {
    match b.aligned_bytes(mem) {
        Some(s) => Cow::Borrowed(s),
        None => Cow::Owned(b.to_vec(mem)),
    }
}

fn byte_size(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let b = bits(ctx, args[0])?;
    Ok(Term::small(b.len.div_ceil(8) as i64))
}

fn bit_size(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let b = bits(ctx, args[0])?;
    Ok(Term::small(b.len as i64))
}

fn size(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    if let Some(n) = ctx.mem().tuple_arity(args[0]) {
        return Ok(Term::small(n as i64));
    }
    let b = bits(ctx, args[0])?;
    Ok(Term::small((b.len / 8) as i64))
}

fn part_2(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let mem = ctx.mem();
    if mem.tuple_arity(args[1]) != Some(2) {
        return Err(ctx.badarg());
    }
    part_3(ctx, &[args[0], mem.element(args[1], 1), mem.element(args[1], 2)])
}

/// Start and end, in bytes, of the part that position and (possibly negative) length say, if it lies within `size` bytes.
pub(super) fn range(mem: Mem, pos: Term, len: Term, size: u64) -> Option<(u64, u64)> {
    let (pos, len) = (number::to_u64(mem, pos)?, number::to_i64(mem, len)?);
    let other = pos.checked_add_signed(len)?;
    let (start, end) = (pos.min(other), pos.max(other));
    (end <= size).then_some((start, end))
}

fn part_3(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let b = whole(ctx, args[0])?;
    match range(ctx.mem(), args[1], args[2], b.len / 8) {
        Some((start, end)) => {
            binary::pin(ctx.mem(), args[0]);
            Ok(binary::part(ctx, args[0], start * 8, (end - start) * 8)?)
        }
        None => Err(ctx.badarg()),
    }
}

fn split_binary(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let b = bits(ctx, args[0])?;
    match number::to_u64(ctx.mem(), args[1]).and_then(|n| n.checked_mul(8)) {
        Some(at) if at <= b.len => {
            let left = binary::part(ctx, args[0], 0, at)?;
            let right = binary::part(ctx, args[0], at, b.len - at)?;
            ctx.tuple(&[left, right])
        }
        _ => Err(ctx.badarg()),
    }
}

/// The bytes as a list that ends in `tail`.
fn byte_list(ctx: &mut Ctx<'_>, b: Bits, tail: Term) -> BifResult {
    let n = b.len / 8;
    ctx.charge((n / 16) as usize);
    let words = u32::try_from(n * 2).map_err(|_| Fault::Memory)?;
    if n == 0 {
        return Ok(tail);
    }
    let at = ctx.words(words)?;
    let mem = ctx.mem();
    for i in 0..n as u32 {
        mem.set(at, 2 * i, Term::small(b.read(mem, i as u64 * 8, 8) as i64));
        mem.set(at, 2 * i + 1, Term::list_at(at + 16 * (i + 1)));
    }
    mem.set(at, words - 1, tail);
    Ok(Term::list_at(at))
}

fn binary_to_list_1(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let b = whole(ctx, args[0])?;
    byte_list(ctx, b, Term::NIL)
}

/// Positions count from 1, and both ends are in.
fn binary_to_list_3(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let b = whole(ctx, args[0])?;
    let mem = ctx.mem();
    match (number::to_u64(mem, args[1]), number::to_u64(mem, args[2])) {
        (Some(start), Some(stop)) if start >= 1 && start <= stop && stop <= b.len / 8 => {
            byte_list(ctx, b.part((start - 1) * 8, (stop - start + 1) * 8), Term::NIL)
        }
        _ => Err(ctx.badarg()),
    }
}

fn bitstring_to_list(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let b = bits(ctx, args[0])?;
    let rest = b.len % 8;
    let mut tail = Term::NIL;
    if rest != 0 {
        let last = binary::part(ctx, args[0], b.len - rest, rest)?;
        tail = ctx.cons(last, Term::NIL)?;
    }
    byte_list(ctx, b, tail)
}

fn byte_at(ctx: &mut Ctx<'_>, t: Term, index: impl Fn(u64) -> Option<u64>) -> BifResult {
    let b = whole(ctx, t)?;
    match index(b.len / 8) {
        Some(i) if i < b.len / 8 => Ok(Term::small(b.read(ctx.mem(), i * 8, 8) as i64)),
        _ => Err(ctx.badarg()),
    }
}

fn at(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let index = number::to_u64(ctx.mem(), args[1]);
    byte_at(ctx, args[0], |_| index)
}

fn first(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    byte_at(ctx, args[0], |_| Some(0))
}

fn last(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    byte_at(ctx, args[0], |n| n.checked_sub(1))
}

fn copy_1(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    copy(ctx, args[0], Term::small(1))
}

fn copy_2(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    copy(ctx, args[0], args[1])
}

fn copy(ctx: &mut Ctx<'_>, t: Term, times: Term) -> BifResult {
    let Some(times) = number::to_u64(ctx.mem(), times) else { return Err(ctx.badarg()) };
    let b = whole(ctx, t)?;
    let Some(total) = b.len.checked_mul(times).filter(|n| *n < u64::MAX) else { return Err(ctx.system_limit()) };
    if total / 8 > ctx.arena().limit() {
        return Err(Fault::Memory);
    }
    ctx.charge((total / 512) as usize);
    let (copied, data) = binary::uninit(ctx, total)?;
    if total > 0 {
        let mem = ctx.mem();
        binary::put_bits(mem, data, 0, b);
        // Doubling what is there already.
        let (mut done, total) = (b.len / 8, total / 8);
        while done < total {
            let n = done.min(total - done);
            mem.copy_bytes(data, data + done as u32, n as usize);
            done += n;
        }
    }
    Ok(copied)
}

/// Bytes of the block behind the binary; as in OTP 27, the size of one on the heap comes in bits.
fn referenced_byte_size(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let b = bits(ctx, args[0])?;
    let mem = ctx.mem();
    let bytes = binary::referenced_bytes(mem, args[0]);
    ctx.uint(bytes.unwrap_or(b.len))
}

fn is_little(ctx: &mut Ctx<'_>, t: Term) -> Result<bool, Fault> {
    if t.is(am::BIG) {
        Ok(false)
    } else if t.is(am::LITTLE) {
        Ok(true)
    } else {
        Err(ctx.badarg())
    }
}

fn encode_unsigned_1(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    encode_unsigned(ctx, args[0], false)
}

fn encode_unsigned_2(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let little = is_little(ctx, args[1])?;
    encode_unsigned(ctx, args[0], little)
}

fn encode_unsigned(ctx: &mut Ctx<'_>, t: Term, little: bool) -> BifResult {
    match number::to_bigint(ctx.mem(), t) {
        Some(n) if n.sign() != Sign::Minus => {
            let bytes = if little { n.to_bytes_le().1 } else { n.to_bytes_be().1 };
            ctx.charge(bytes.len() / 64);
            ctx.binary(&bytes)
        }
        _ => Err(ctx.badarg()),
    }
}

fn decode_unsigned_1(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    decode_unsigned(ctx, args[0], false)
}

fn decode_unsigned_2(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let little = is_little(ctx, args[1])?;
    decode_unsigned(ctx, args[0], little)
}

fn decode_unsigned(ctx: &mut Ctx<'_>, t: Term, little: bool) -> BifResult {
    let b = whole(ctx, t)?;
    let n = {
        let bytes = bytes(ctx.mem(), b);
        if little { BigInt::from_bytes_le(Sign::Plus, &bytes) } else { BigInt::from_bytes_be(Sign::Plus, &bytes) }
    };
    ctx.charge((b.len / 512) as usize);
    match number::from_big_checked(ctx, &n) {
        Ok(t) => Ok(t),
        Err(number::ArithError::Memory) => Err(Fault::Memory),
        Err(_) => Err(ctx.system_limit()),
    }
}

fn longest_common_prefix(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    longest_common(ctx, args[0], |x, y| x.iter().zip(y).take_while(|(a, b)| a == b).count())
}

fn longest_common_suffix(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    longest_common(ctx, args[0], |x, y| x.iter().rev().zip(y.iter().rev()).take_while(|(a, b)| a == b).count())
}

fn longest_common(ctx: &mut Ctx<'_>, list: Term, common: fn(&[u8], &[u8]) -> usize) -> BifResult {
    let items = ctx.list_to_vec(list)?;
    let mut all = Vec::with_capacity(items.len());
    for t in items {
        all.push(whole(ctx, t)?);
    }
    let mem = ctx.mem();
    let Some((one, others)) = all.split_first() else { return Err(ctx.badarg()) };
    let shortest = all.iter().map(|b| b.len / 8).min().unwrap_or(0);
    let mut n = shortest as usize;
    let one = bytes(mem, *one);
    let mut work = 0;
    for b in others {
        if n == 0 {
            break;
        }
        // With every step only the part that all had in common so far counts.
        let other = bytes(mem, *b);
        n = n.min(common(&one, &other));
        work += n;
    }
    ctx.charge(work / 80);
    Ok(build::uint(ctx, n as u64)?)
}
