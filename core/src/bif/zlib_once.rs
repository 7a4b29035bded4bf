//! `zlib:compress/1` and `zlib:uncompress/1` in one step, without a stream: OTP's compiler needs them for every module.

use super::{Bif, BifResult, Ctx, bif};
use crate::term::Term;
use std::io::Read;

pub const BIFS: &[Bif] = &[bif("zlib", "compress", 1, compress), bif("zlib", "uncompress", 1, uncompress)];

/// Most bytes that may come out.
const MOST: u64 = 1 << 30;

fn compress(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let Some(bytes) = super::host::iodata(ctx, a[0]) else { return Err(ctx.badarg()) };
    ctx.charge(bytes.len() / 16);
    let packed = crate::heap::deflate::zlib(&bytes, 6);
    ctx.binary(&packed)
}

fn uncompress(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let Some(bytes) = super::host::iodata(ctx, a[0]) else { return Err(ctx.badarg()) };
    let mut out = Vec::new();
    let mut reader = flate2::bufread::ZlibDecoder::new(&bytes[..]).take(MOST);
    let read = reader.read_to_end(&mut out);
    ctx.charge(out.len() / 32);
    match read {
        Ok(_) if (out.len() as u64) < MOST => ctx.binary(&out),
        _ => Err({
            let reason = ctx.atom("data_error")?;
            ctx.error(reason)
        }),
    }
}
