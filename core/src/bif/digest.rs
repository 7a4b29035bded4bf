//! Checksums of iodata: MD5, CRC-32, Adler-32. Mirrors `erl_bif_chksum.c`; the context of `md5_init/0` is opaque, so its
//! bytes are ours.

use super::{Bif, BifResult, Ctx, Fault, bif};
use crate::heap::{Alloc, number};
use crate::term::Term;
use md5::digest::common::hazmat::{SerializableState, SerializedState};
use md5::{Digest, Md5};

pub const BIFS: &[Bif] = &[
    bif("erlang", "md5", 1, md5_1),
    bif("erlang", "md5_init", 0, md5_init),
    bif("erlang", "md5_update", 2, md5_update),
    bif("erlang", "md5_final", 1, md5_final),
    bif("erlang", "crc32", 1, |c, a| crc32(c, 0, a, 0)),
    bif("erlang", "crc32", 2, |c, a| {
        let start = checksum(c, a[0])?;
        crc32(c, start, a, 1)
    }),
    bif("erlang", "crc32_combine", 3, crc32_combine),
    bif("erlang", "adler32", 1, |c, a| adler32(c, 1, a, 0)),
    bif("erlang", "adler32", 2, |c, a| {
        let start = checksum(c, a[0])?;
        adler32(c, start, a, 1)
    }),
    bif("erlang", "adler32_combine", 3, adler32_combine),
];

/// Bytes that are worth a step.
const STEP_BYTES: usize = 16;

/// A checksum in the making: its state, the bytes if the argument is no plain binary, and how many are through.
struct Running<H> {
    sum: H,
    copy: Option<Vec<u8>>,
    at: usize,
}

/// Takes the bytes of argument number `n` into a checksum, over slices. Anything but iodata is `badarg`.
fn run<H: Send + 'static>(
    ctx: &mut Ctx<'_>,
    args: &[Term],
    n: usize,
    start: H,
    update: impl FnOnce(&mut H, &[u8]),
) -> Result<H, Fault> {
    let mem = ctx.mem();
    let data = args.get(n).copied().unwrap_or(Term::NIL);
    let in_place = mem.bits(data).filter(|b| mem.is_binary(data) && b.is_aligned()).and_then(|b| b.aligned_bytes(mem));
    let (state, all) = ctx.resume::<Running<H>>();
    let mut r = match state {
        Some(r) => *r,
        None if in_place.is_some() => Running { sum: start, copy: None, at: 0 },
        None => Running { sum: start, copy: Some(super::iolist::argument(ctx, args, n)?), at: 0 },
    };
    let bytes = r.copy.as_deref().or(in_place).unwrap_or(&[]);
    let now = (bytes.len() - r.at).min(all.saturating_mul(STEP_BYTES));
    update(&mut r.sum, bytes.get(r.at..r.at + now).unwrap_or(&[]));
    r.at += now;
    ctx.worked(now / STEP_BYTES);
    if r.at < bytes.len() { Err(ctx.suspend(Box::new(r), args)) } else { Ok(r.sum) }
}

/// A number of 32 bits.
fn checksum(ctx: &mut Ctx<'_>, t: Term) -> Result<u32, Fault> {
    match number::to_u64(ctx.mem(), t).and_then(|v| u32::try_from(v).ok()) {
        Some(v) => Ok(v),
        None => Err(ctx.badarg()),
    }
}

fn md5_1(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let md5 = run(ctx, args, 0, Md5::new(), |m, b| m.update(b))?;
    ctx.binary(&md5.finalize())
}

fn md5_init(ctx: &mut Ctx<'_>, _: &[Term]) -> BifResult {
    ctx.binary(&Md5::new().serialize())
}

fn md5_context(ctx: &mut Ctx<'_>, t: Term) -> Result<Md5, Fault> {
    let state = ctx.mem().binary_to_vec(t).and_then(|b| SerializedState::<Md5>::try_from(b.as_slice()).ok());
    match state.and_then(|s| Md5::deserialize(&s).ok()) {
        Some(c) => Ok(c),
        None => Err(ctx.badarg()),
    }
}

fn md5_update(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let context = md5_context(ctx, args[0])?;
    let context = run(ctx, args, 1, context, |m, b| m.update(b))?;
    ctx.binary(&context.serialize())
}

fn md5_final(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let context = md5_context(ctx, args[0])?;
    ctx.binary(&context.finalize())
}

fn crc32(ctx: &mut Ctx<'_>, start: u32, args: &[Term], n: usize) -> BifResult {
    let h = run(ctx, args, n, crc32fast::Hasher::new_with_initial(start), |h, b| h.update(b))?;
    Ok(Term::small(h.finalize() as i64))
}

fn crc32_combine(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let (first, second, len) = (checksum(ctx, args[0])?, checksum(ctx, args[1])?, checksum(ctx, args[2])?);
    let mut h = crc32fast::Hasher::new_with_initial(first);
    h.combine(&crc32fast::Hasher::new_with_initial_len(second, len as u64));
    Ok(Term::small(h.finalize() as i64))
}

fn adler32(ctx: &mut Ctx<'_>, start: u32, args: &[Term], n: usize) -> BifResult {
    let h = run(ctx, args, n, adler2::Adler32::from_checksum(start), |h, b| h.write_slice(b))?;
    Ok(Term::small(h.checksum() as i64))
}

/// Adler-32 of two runs of bytes from the sums of each, as zlib combines them.
fn adler32_combine(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    const BASE: u64 = 65521;
    let (first, second, len) =
        (checksum(ctx, args[0])? as u64, checksum(ctx, args[1])? as u64, checksum(ctx, args[2])? as u64);
    if len == 0 {
        return Ok(Term::small(first as i64));
    }
    let rem = len % BASE;
    let mut low = first & 0xFFFF;
    let mut high = rem * low % BASE;
    low += (second & 0xFFFF) + BASE - 1;
    high += (first >> 16) + (second >> 16) + BASE - rem;
    // At most three times the base, as zlib subtracts.
    for _ in 0..2 {
        low -= if low >= BASE { BASE } else { 0 };
    }
    high -= if high >= BASE << 1 { BASE << 1 } else { 0 };
    high -= if high >= BASE { BASE } else { 0 };
    Ok(Term::small((low | high << 16) as i64))
}
