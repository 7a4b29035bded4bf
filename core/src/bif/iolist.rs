//! Iolists: flattening, size, and the BIFs that take them.
//!
//! A list of lists may stand for far more than its own size (the same list many times), and for work without any output, so
//! the walk goes over slices (see `job`). Mirrors the iolist parts of `utils.c`, `binary.c` and `io.c`.

use super::{Bif, BifResult, Ctx, Fault, bif};
use crate::heap::Alloc;
use crate::heap::binary;
use crate::term::{Mem, Term};

pub const BIFS: &[Bif] = &[
    bif("erlang", "list_to_binary", 1, list_to_binary),
    bif("erlang", "iolist_to_binary", 1, iolist_to_binary),
    bif("erlang", "list_to_bitstring", 1, list_to_bitstring),
    bif("erlang", "iolist_size", 1, iolist_size),
    bif("erlang", "iolist_to_iovec", 1, iolist_to_iovec),
    bif("binary", "list_to_bin", 1, list_to_binary),
];

/// Longer binaries stand alone in an io vector.
const IOVEC_SMALL: u64 = 512;

/// Pieces and bytes that a walk keeps in the host's memory; what is more becomes a binary, which counts.
const MOST_HELD: usize = 4 << 20;

/// A piece of the output.
#[derive(Clone, Copy)]
enum Piece {
    /// So many of the walker's own bytes.
    Bytes(usize),
    /// The bits of this term.
    Bits(Term),
}

/// A walk and what it has found.
struct Found {
    pieces: Vec<Piece>,
    bytes: Vec<u8>,
    bits: u64,
    /// What is left to do, the next at the end.
    stack: Vec<Term>,
}

/// What stops a walk for good.
struct Bad;

impl Found {
    fn new(t: Term) -> Found {
        Found { pieces: Vec::new(), bytes: Vec::new(), bits: 0, stack: vec![t] }
    }

    fn byte(&mut self, b: u8) {
        self.bytes.push(b);
        match self.pieces.last_mut() {
            Some(Piece::Bytes(n)) => *n += 1,
            _ => self.pieces.push(Piece::Bytes(1)),
        }
        self.bits += 8;
    }

    /// Walks for as many steps, of which it uses up what it takes; `false` when something is left to do.
    fn walk(&mut self, mem: Mem, any_bits: bool, steps: &mut usize) -> Result<bool, Bad> {
        while let Some(mut t) = self.stack.pop() {
            loop {
                if *steps == 0 {
                    self.stack.push(t);
                    return Ok(false);
                }
                *steps -= 1;
                if t.is_list() {
                    let head = mem.head(t);
                    match head.as_small() {
                        Some(b) => self.byte(u8::try_from(b).map_err(|_| Bad)?),
                        None if head.is_nil() => {}
                        None if head.is_list() => {
                            self.stack.push(mem.tail(t));
                            t = head;
                            continue;
                        }
                        None => self.term(mem, head, any_bits, steps)?,
                    }
                    t = mem.tail(t);
                } else if t.is_nil() {
                    break;
                } else {
                    self.term(mem, t, any_bits, steps)?;
                    break;
                }
            }
        }
        Ok(true)
    }

    fn term(&mut self, mem: Mem, t: Term, any_bits: bool, steps: &mut usize) -> Result<(), Bad> {
        let n = mem.is_bitstring(t).then(|| mem.bit_size(t)).flatten().ok_or(Bad)?;
        if n % 8 != 0 && !any_bits {
            return Err(Bad);
        }
        self.bits = self.bits.checked_add(n).ok_or(Bad)?;
        *steps = steps.saturating_sub((n / 1024) as usize);
        if n > 0 {
            self.pieces.push(Piece::Bits(t));
        }
        Ok(())
    }
}

/// All pieces of the call's first argument, over slices.
fn collect(ctx: &mut Ctx<'_>, args: &[Term], any_bits: bool) -> Result<Found, Fault> {
    let (state, all) = ctx.resume::<Found>();
    let mut found = state.map_or_else(|| Found::new(args[0]), |s| *s);
    let mut steps = all;
    let walked = found.walk(ctx.mem(), any_bits, &mut steps);
    ctx.worked(all - steps);
    match walked {
        Ok(true) => Ok(found),
        Ok(false) if found.bits / 8 > ctx.arena().limit() => Err(Fault::Memory),
        Ok(false) => {
            if found.pieces.len() + found.bytes.len() > MOST_HELD {
                let joined = join(ctx, &found)?;
                found.pieces = vec![Piece::Bits(joined)];
                found.bytes.clear();
            }
            Err(ctx.suspend(Box::new(found), args))
        }
        Err(Bad) => Err(ctx.badarg()),
    }
}

/// The bytes of an iolist or binary. A long walk yields in the middle, as the call `args` whose argument number `n` is a binary of what was found so far, followed
/// by what is left: so it can go before work with a job of its own.
pub(super) fn argument(ctx: &mut Ctx<'_>, args: &[Term], n: usize) -> Result<Vec<u8>, Fault> {
    let t = args.get(n).copied().unwrap_or(Term::NIL);
    let mem = ctx.mem();
    if let Some(bytes) = mem.binary_to_vec(t) {
        return Ok(bytes);
    }
    if !t.is_list() && !t.is_nil() {
        return Err(ctx.badarg());
    }
    let all = ctx.steps();
    let (mut found, mut steps) = (Found::new(t), all);
    let walked = found.walk(mem, false, &mut steps);
    ctx.worked(all - steps);
    let Ok(done) = walked else { return Err(ctx.badarg()) };
    if found.bits / 8 > ctx.arena().limit() {
        return Err(Fault::Memory);
    }
    if !done {
        let mut rest = vec![join(ctx, &found)?];
        rest.extend(found.stack.iter().rev());
        let rest = ctx.list(&rest)?;
        let mut args = args.to_vec();
        if let Some(slot) = args.get_mut(n) {
            *slot = rest;
        }
        ctx.proc.budget = 0;
        return Err(ctx.yield_with(&args));
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
    let found = collect(ctx, args, false)?;
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
    let found = collect(ctx, args, true)?;
    join(ctx, &found)
}

fn iolist_size(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let (state, all) = ctx.resume::<Found>();
    let mut found = state.map_or_else(|| Found::new(args[0]), |s| *s);
    let mut steps = all;
    let walked = found.walk(ctx.mem(), false, &mut steps);
    ctx.worked(all - steps);
    match walked {
        Ok(true) => ctx.uint(found.bits / 8),
        Ok(false) => {
            // Only the number counts.
            found.pieces.clear();
            found.bytes.clear();
            Err(ctx.suspend(Box::new(found), args))
        }
        Err(Bad) => Err(ctx.badarg()),
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
    let found = collect(ctx, args, false)?;
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
