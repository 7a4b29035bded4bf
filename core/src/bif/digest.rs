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
    bif("erlang", "crc32", 1, |c, a| crc32(c, 0, a[0])),
    bif("erlang", "crc32", 2, |c, a| {
        let start = checksum(c, a[0])?;
        crc32(c, start, a[1])
    }),
    bif("erlang", "crc32_combine", 3, crc32_combine),
    bif("erlang", "adler32", 1, |c, a| adler32(c, 1, a[0])),
    bif("erlang", "adler32", 2, |c, a| {
        let start = checksum(c, a[0])?;
        adler32(c, start, a[1])
    }),
    bif("erlang", "adler32_combine", 3, adler32_combine),
];

/// The bytes of iodata; anything else is `badarg`.
fn bytes(ctx: &mut Ctx<'_>, data: Term) -> Result<Vec<u8>, Fault> {
    match super::host::iodata(ctx, data) {
        Some(bytes) => {
            ctx.charge(bytes.len() / 64);
            Ok(bytes)
        }
        None => Err(ctx.badarg()),
    }
}

/// A number of 32 bits.
fn checksum(ctx: &mut Ctx<'_>, t: Term) -> Result<u32, Fault> {
    match number::to_u64(ctx.mem(), t).and_then(|v| u32::try_from(v).ok()) {
        Some(v) => Ok(v),
        None => Err(ctx.badarg()),
    }
}

fn md5_1(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let data = bytes(ctx, args[0])?;
    ctx.binary(&Md5::digest(data))
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
    let mut context = md5_context(ctx, args[0])?;
    context.update(bytes(ctx, args[1])?);
    ctx.binary(&context.serialize())
}

fn md5_final(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let context = md5_context(ctx, args[0])?;
    ctx.binary(&context.finalize())
}

fn crc32(ctx: &mut Ctx<'_>, start: u32, data: Term) -> BifResult {
    let mut h = crc32fast::Hasher::new_with_initial(start);
    h.update(&bytes(ctx, data)?);
    Ok(Term::small(h.finalize() as i64))
}

fn crc32_combine(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let (first, second, len) = (checksum(ctx, args[0])?, checksum(ctx, args[1])?, checksum(ctx, args[2])?);
    let mut h = crc32fast::Hasher::new_with_initial(first);
    h.combine(&crc32fast::Hasher::new_with_initial_len(second, len as u64));
    Ok(Term::small(h.finalize() as i64))
}

fn adler32(ctx: &mut Ctx<'_>, start: u32, data: Term) -> BifResult {
    let mut h = adler2::Adler32::from_checksum(start);
    h.write_slice(&bytes(ctx, data)?);
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
