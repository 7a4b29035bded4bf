//! Iolists: flattening, size, and the BIFs that take them.
//!
//! A list of lists may stand for far more than its own size (the same list many times), and for work without any output, so
//! the walk goes in slices: what is left to do is itself an iolist, with which the BIF is called again. Mirrors the iolist
//! parts of `utils.c`, `binary.c` and `io.c`.

use super::{Bif, BifResult, Ctx, Fault, bif};
use crate::heap::binary;
use crate::heap::{Alloc, build};
use crate::term::{Mem, Term};

pub const BIFS: &[Bif] = &[
    bif("erlang", "list_to_binary", 1, list_to_binary),
    bif("erlang", "iolist_to_binary", 1, iolist_to_binary),
    bif("erlang", "list_to_bitstring", 1, list_to_bitstring),
    bif("erlang", "iolist_size", 1, iolist_size),
    bif("erlang", "iolist_to_iovec", 1, iolist_to_iovec),
    bif("binary", "list_to_bin", 1, list_to_binary),
    bif("erts_internal", "iolist_size_continue", 2, size_continue),
];

/// Steps of a walk in one slice.
const STEPS: usize = 200_000;
/// Longer binaries stand alone in an io vector.
const IOVEC_SMALL: u64 = 512;

/// A piece of the output.
#[derive(Clone, Copy)]
enum Piece {
    /// So many of the walker's own bytes.
    Bytes(usize),
    /// The bits of this term.
    Bits(Term),
}

/// What a walk has found.
#[derive(Default)]
struct Found {
    pieces: Vec<Piece>,
    bytes: Vec<u8>,
    bits: u64,
    steps: usize,
    /// What is left to do, the next at the end, when the steps are used up.
    left: Vec<Term>,
}

/// What stops a walk for good.
struct Bad;

impl Found {
    fn byte(&mut self, b: u8) {
        self.bytes.push(b);
        match self.pieces.last_mut() {
            Some(Piece::Bytes(n)) => *n += 1,
            _ => self.pieces.push(Piece::Bytes(1)),
        }
        self.bits += 8;
    }

    /// Walks over the terms on the stack, the last first.
    fn walk(&mut self, mem: Mem, mut stack: Vec<Term>, any_bits: bool) -> Result<(), Bad> {
        while let Some(mut t) = stack.pop() {
            loop {
                if self.steps >= STEPS {
                    stack.push(t);
                    self.left = stack;
                    return Ok(());
                }
                self.steps += 1;
                if t.is_list() {
                    let head = mem.head(t);
                    match head.as_small() {
                        Some(b) => self.byte(u8::try_from(b).map_err(|_| Bad)?),
                        None if head.is_nil() => {}
                        None if head.is_list() => {
                            stack.push(mem.tail(t));
                            t = head;
                            continue;
                        }
                        None => self.term(mem, head, any_bits)?,
                    }
                    t = mem.tail(t);
                } else if t.is_nil() {
                    break;
                } else {
                    self.term(mem, t, any_bits)?;
                    break;
                }
            }
        }
        Ok(())
    }

    fn term(&mut self, mem: Mem, t: Term, any_bits: bool) -> Result<(), Bad> {
        let n = mem.is_bitstring(t).then(|| mem.bit_size(t)).flatten().ok_or(Bad)?;
        if n % 8 != 0 && !any_bits {
            return Err(Bad);
        }
        self.bits = self.bits.checked_add(n).ok_or(Bad)?;
        self.steps += (n / 1024) as usize;
        if n > 0 {
            self.pieces.push(Piece::Bits(t));
        }
        Ok(())
    }
}

/// All pieces of `t`, or the yield with the argument that goes on.
fn collect(ctx: &mut Ctx<'_>, t: Term, any_bits: bool) -> Result<Found, Fault> {
    let mem = ctx.mem();
    let mut found = Found::default();
    if found.walk(mem, vec![t], any_bits).is_err() {
        return Err(ctx.badarg());
    }
    ctx.charge(found.steps / 20);
    if found.left.is_empty() {
        return Ok(found);
    }
    // What was found so far stands in front, the runs of bytes as binaries.
    let mut parts = Vec::with_capacity(found.pieces.len() + found.left.len());
    let mut at = 0;
    for p in &found.pieces {
        parts.push(match *p {
            Piece::Bits(t) => t,
            Piece::Bytes(n) => {
                let bytes = found.bytes.get(at..at + n).unwrap_or(&[]);
                at += n;
                ctx.binary(bytes)?
            }
        });
    }
    parts.extend(found.left.iter().rev());
    let rest = ctx.list(&parts)?;
    Err(ctx.yield_with(&[rest]))
}

/// The bytes of an iolist or binary. A long walk yields in the middle, as the call `args` with what is left as its argument
/// number `n`.
pub(super) fn argument(ctx: &mut Ctx<'_>, args: &[Term], n: usize) -> Result<Vec<u8>, Fault> {
    let t = args.get(n).copied().unwrap_or(Term::NIL);
    let mem = ctx.mem();
    if let Some(bytes) = mem.binary_to_vec(t) {
        return Ok(bytes);
    }
    if !t.is_list() && !t.is_nil() {
        return Err(ctx.badarg());
    }
    let found = match collect(ctx, t, false) {
        Err(Fault::Yield) => {
            let mut rest = args.to_vec();
            if let (Some(slot), Some(left)) = (rest.get_mut(n), ctx.proc.trap.args.first()) {
                *slot = *left;
            }
            return Err(ctx.yield_with(&rest));
        }
        other => other?,
    };
    if found.bits / 8 > ctx.arena().limit() {
        return Err(Fault::Memory);
    }
    let mem = ctx.mem();
    let (mut out, mut at) = (Vec::with_capacity((found.bits / 8) as usize), 0);
    for p in &found.pieces {
        match *p {
            Piece::Bits(t) => out.extend(mem.bits(t).map(|b| b.to_vec(mem)).unwrap_or_default()),
            Piece::Bytes(n) => {
                out.extend_from_slice(found.bytes.get(at..at + n).unwrap_or(&[]));
                at += n;
            }
        }
    }
    Ok(out)
}

/// A bitstring of all pieces.
fn join(ctx: &mut Ctx<'_>, found: &Found) -> BifResult {
    if let [Piece::Bits(one)] = found.pieces[..] {
        return Ok(one);
    }
    if found.bits / 8 > ctx.arena().limit() {
        return Err(Fault::Memory);
    }
    let (term, data) = binary::uninit(ctx, found.bits)?;
    let mem = ctx.mem();
    let (mut to, mut at) = (0u64, 0usize);
    if found.bits % 8 != 0
        && let Some(last) = mem.bytes_mut(data, found.bits.div_ceil(8) as usize).last_mut()
    {
        *last = 0;
    }
    for p in &found.pieces {
        match *p {
            Piece::Bits(t) => {
                let Some(bits) = mem.bits(t) else { continue };
                binary::put_bits(mem, data, to, bits);
                to += bits.len;
            }
            Piece::Bytes(n) => {
                let bytes = found.bytes.get(at..at + n).unwrap_or(&[]);
                at += n;
                if to % 8 == 0 {
                    mem.bytes_mut(data + (to / 8) as u32, bytes.len()).copy_from_slice(bytes);
                } else {
                    for (i, b) in bytes.iter().enumerate() {
                        binary::put_uint(mem, data, to + 8 * i as u64, 8, *b as u64);
                    }
                }
                to += 8 * n as u64;
            }
        }
    }
    Ok(term)
}

fn list_to_binary(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    if !args[0].is_list() && !args[0].is_nil() {
        return Err(ctx.badarg());
    }
    let found = collect(ctx, args[0], false)?;
    join(ctx, &found)
}

fn iolist_to_binary(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    if ctx.mem().is_binary(args[0]) {
        return Ok(args[0]);
    }
    list_to_binary(ctx, args)
}

fn list_to_bitstring(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    if !args[0].is_list() && !args[0].is_nil() {
        return Err(ctx.badarg());
    }
    let found = collect(ctx, args[0], true)?;
    join(ctx, &found)
}

fn iolist_size(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    count(ctx, vec![args[0]], 0)
}

/// `iolist_size_continue(Left, Bytes)`: goes on with a list of what is left.
fn size_continue(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let mut left = ctx.list_to_vec(args[0])?;
    left.reverse();
    let Some(bytes) = crate::heap::number::to_u64(ctx.mem(), args[1]) else { return Err(ctx.badarg()) };
    count(ctx, left, bytes)
}

fn count(ctx: &mut Ctx<'_>, todo: Vec<Term>, before: u64) -> BifResult {
    let mut found = Found::default();
    if found.walk(ctx.mem(), todo, false).is_err() {
        return Err(ctx.badarg());
    }
    ctx.charge(found.steps / 20);
    let bytes = before.saturating_add(found.bits / 8);
    let total = ctx.uint(bytes)?;
    if found.left.is_empty() {
        return Ok(total);
    }
    found.left.reverse();
    let left = build::list(ctx, &found.left)?;
    let (module, function) = (ctx.atom("erts_internal")?, ctx.atom("iolist_size_continue")?);
    match (module.as_atom(), function.as_atom()) {
        (Some(m), Some(f)) => Err(ctx.trap(m, f, &[left, total])),
        _ => Err(ctx.badarg()),
    }
}

/// A list of binaries: long ones as they are, runs of bytes and short binaries in binaries of their own.
fn iolist_to_iovec(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let mem = ctx.mem();
    if mem.is_binary(args[0]) {
        return if mem.bit_size(args[0]) == Some(0) { Ok(Term::NIL) } else { ctx.list(&[args[0]]) };
    }
    if !args[0].is_list() && !args[0].is_nil() {
        return Err(ctx.badarg());
    }
    let found = collect(ctx, args[0], false)?;
    let mut out = Vec::new();
    let mut run: Vec<u8> = Vec::new();
    let mut at = 0;
    for p in &found.pieces {
        match *p {
            Piece::Bytes(n) => {
                run.extend_from_slice(found.bytes.get(at..at + n).unwrap_or(&[]));
                at += n;
            }
            Piece::Bits(t) => match mem.bits(t) {
                Some(b) if b.len > IOVEC_SMALL * 8 => {
                    if !run.is_empty() {
                        out.push(ctx.binary(&run)?);
                        run.clear();
                    }
                    out.push(t);
                }
                Some(b) => run.extend(b.to_vec(mem)),
                None => {}
            },
        }
    }
    if !run.is_empty() {
        out.push(ctx.binary(&run)?);
    }
    ctx.list(&out)
}
