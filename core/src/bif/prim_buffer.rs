//! The native half of `prim_buffer`: a queue of bytes behind a reference. Mirrors `prim_buffer_nif.c`.
//!
//! A reference without an entry is an empty, unlocked buffer (see `resources`).

use super::{Bif, BifResult, Ctx, Fault, bif};
use crate::atom::am;
use crate::heap::owner::{self, Holds};
use crate::heap::refs::RefId;
use crate::term::Term;

pub const BIFS: &[Bif] = &[
    bif("prim_buffer", "new", 0, |c, _| {
        let id = c.sys.fresh_ref();
        Ok(owner::make(c, id, Holds::Host, 0)?)
    }),
    bif("prim_buffer", "size", 1, |c, a| {
        let id = buffer(c, a[0])?;
        Ok(Term::small(c.sys.resources.buffers.get(&id).map_or(0, |b| b.bytes.len()) as i64))
    }),
    bif("prim_buffer", "peek_head", 1, peek_head),
    bif("prim_buffer", "copying_read", 2, copying_read),
    bif("prim_buffer", "write", 2, write),
    bif("prim_buffer", "skip", 2, skip),
    bif("prim_buffer", "find_byte_index", 2, find_byte_index),
    bif("prim_buffer", "try_lock", 1, |c, a| {
        let id = buffer(c, a[0])?;
        let b = c.sys.resources.buffers.entry(id).or_default();
        let name = if std::mem::replace(&mut b.locked, true) { "busy" } else { "acquired" };
        c.atom(name)
    }),
    bif("prim_buffer", "unlock", 1, |c, a| {
        let id = buffer(c, a[0])?;
        match c.sys.resources.buffers.get_mut(&id) {
            Some(b) if b.locked => b.locked = false,
            _ => return Err(c.badarg()),
        }
        tidy(c, id);
        Ok(Term::atom(am::OK))
    }),
];

fn buffer(ctx: &mut Ctx<'_>, t: Term) -> Result<RefId, Fault> {
    match ctx.sys.mem().ref_id(t) {
        Some(id) => Ok(id),
        None => Err(ctx.badarg()),
    }
}

/// Forgets an empty buffer.
fn tidy(ctx: &mut Ctx<'_>, id: RefId) {
    if ctx.sys.resources.buffers.get(&id).is_some_and(|b| b.bytes.is_empty() && !b.locked) {
        ctx.sys.resources.buffers.remove(&id);
    }
}

fn peek_head(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let id = buffer(ctx, a[0])?;
    let Some(b) = ctx.sys.resources.buffers.get_mut(&id).filter(|b| !b.bytes.is_empty()) else {
        return Err(ctx.badarg());
    };
    let bytes = b.bytes.make_contiguous().to_vec();
    ctx.binary(&bytes)
}

/// A size that the buffer has.
fn size_in(ctx: &mut Ctx<'_>, id: RefId, t: Term) -> Result<usize, Fault> {
    let have = ctx.sys.resources.buffers.get(&id).map_or(0, |b| b.bytes.len());
    match t.as_small().and_then(|n| usize::try_from(n).ok()) {
        Some(n) if n <= have => Ok(n),
        _ => Err(ctx.badarg()),
    }
}

fn take(ctx: &mut Ctx<'_>, a: &[Term]) -> Result<Vec<u8>, Fault> {
    let id = buffer(ctx, a[0])?;
    let n = size_in(ctx, id, a[1])?;
    let out = ctx.sys.resources.buffers.get_mut(&id).map(|b| b.bytes.drain(..n).collect()).unwrap_or_default();
    tidy(ctx, id);
    Ok(out)
}

fn copying_read(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let bytes = take(ctx, a)?;
    ctx.binary(&bytes)
}

fn skip(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    take(ctx, a)?;
    Ok(Term::atom(am::OK))
}

fn write(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let id = buffer(ctx, a[0])?;
    let mem = ctx.sys.mem();
    let mut t = a[1];
    let mut out = Vec::new();
    while t.is_list() {
        let Some(bits) = mem.bits(mem.head(t)).filter(|b| b.len % 8 == 0) else { return Err(ctx.badarg()) };
        out.extend_from_slice(&bits.to_vec(mem));
        t = mem.tail(t);
    }
    if !t.is_nil() {
        return Err(ctx.badarg());
    }
    ctx.charge(out.len() / 256);
    ctx.sys.bury();
    let most = ctx.sys.config.max_memory as usize;
    let all: usize = ctx.sys.resources.buffers.values().map(|b| b.bytes.len()).sum();
    if all.saturating_add(out.len()) > most {
        return Err(ctx.system_limit());
    }
    ctx.sys.resources.buffers.entry(id).or_default().bytes.extend(out);
    tidy(ctx, id);
    Ok(Term::atom(am::OK))
}

fn find_byte_index(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let id = buffer(ctx, a[0])?;
    let Some(needle) = a[1].as_small().and_then(|n| u8::try_from(n).ok()) else { return Err(ctx.badarg()) };
    let found = ctx.sys.resources.buffers.get(&id).and_then(|b| b.bytes.iter().position(|x| *x == needle));
    match found {
        Some(at) => ctx.tuple(&[Term::atom(am::OK), Term::small(at as i64)]),
        None => ctx.atom("not_found"),
    }
}
