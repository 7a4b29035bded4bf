//! The world outside as a program sees it: standard output and input, environment, and small facts of the platform.

use super::{Bif, BifResult, Ctx, Fault, bif};
use crate::atom::am;
use crate::host::{Input, Stream};
use crate::term::Term;

pub const BIFS: &[Bif] = &[
    bif("beambox", "write", 2, write),
    bif("beambox", "read", 1, read),
    bif("os", "getenv", 1, getenv),
    bif("os", "getenv", 2, getenv),
    bif("os", "putenv", 2, putenv),
    bif("os", "unsetenv", 1, unsetenv),
    bif("os", "env", 0, env),
    bif("os", "getpid", 0, |c, _| c.string("1")),
    bif("os", "type", 0, os_type),
    bif("os", "version", 0, |c, _| c.tuple(&[Term::small(0), Term::small(0), Term::small(0)])),
    bif("io", "printable_range", 0, |_, _| Ok(Term::atom(am::LATIN1))),
    bif("file", "native_name_encoding", 0, |_, _| Ok(Term::atom(am::UTF8))),
    bif("net_kernel", "dflag_unicode_io", 1, |_, _| Ok(Term::bool(true))),
    bif("error_logger", "warning_map", 0, |_, _| Ok(Term::atom(am::WARNING))),
    bif("init", "get_argument", 1, |_, _| Ok(Term::atom(am::ERROR))),
    bif("init", "get_arguments", 0, |_, _| Ok(Term::NIL)),
    bif("init", "get_plain_arguments", 0, |_, _| Ok(Term::NIL)),
    bif("init", "get_status", 0, |c, _| c.tuple(&[Term::atom(am::STARTED), Term::atom(am::STARTED)])),
    bif("init", "stop", 0, |c, _| Err(c.stop(crate::error::StopCause::Halted(0)))),
    bif("init", "stop", 1, stop),
];

/// Steps of a walk over iodata that has no slices: no honest list takes as many.
const MOST_STEPS: u32 = 1 << 28;

/// The bytes of iodata, or `None`. Deep lists are walked on a stack of our own.
pub(super) fn iodata(ctx: &Ctx<'_>, data: Term) -> Option<Vec<u8>> {
    let mem = ctx.sys.mem();
    let mut out = Vec::new();
    let mut stack = vec![data];
    // A list whose parts are shared may stand for any number of steps.
    let mut steps = MOST_STEPS;
    while let Some(mut t) = stack.pop() {
        if let Some(bits) = mem.bits(t) {
            if bits.len % 8 != 0 || out.len() as u64 + bits.len / 8 > ctx.sys.arena.limit() {
                return None;
            }
            match bits.aligned_bytes(mem) {
                Some(b) => out.extend_from_slice(b),
                None => out.extend_from_slice(&bits.to_vec(mem)),
            }
            continue;
        }
        while t.is_list() {
            steps = steps.checked_sub(1)?;
            let head = mem.head(t);
            t = mem.tail(t);
            match head.as_small() {
                Some(b) => out.push(u8::try_from(b).ok()?),
                None => {
                    stack.push(t);
                    t = head;
                    if mem.is_bitstring(t) {
                        stack.push(t);
                        t = Term::NIL;
                    }
                }
            }
        }
        if mem.is_bitstring(t) {
            stack.push(t);
        } else if !t.is_nil() {
            return None;
        }
    }
    Some(out)
}

/// `beambox:write(stdout | stderr, iodata()) -> ok`.
fn write(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let stream = match args[0].as_atom() {
        Some(am::STDOUT) => Stream::Stdout,
        Some(am::STDERR) => Stream::Stderr,
        _ => return Err(ctx.badarg()),
    };
    let Some(bytes) = iodata(ctx, args[1]) else { return Err(ctx.badarg()) };
    ctx.charge(bytes.len() / 64);
    ctx.sys.counters.output_bytes += bytes.len() as u64;
    ctx.sys.host.write(stream, &bytes);
    Ok(Term::atom(am::OK))
}

/// `beambox:read(MaxBytes) -> binary() | eof`; waits until the host has something.
fn read(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let Some(max @ 1..=0x100_0000) = args[0].as_small() else { return Err(ctx.badarg()) };
    match ctx.sys.host.read(max as usize) {
        Input::Eof => Ok(Term::atom(am::EOF)),
        Input::Bytes(b) => {
            let b = &b[..b.len().min(max as usize)];
            ctx.sys.counters.input_bytes += b.len() as u64;
            ctx.binary(b)
        }
        Input::Pending => {
            let me = ctx.proc.pid;
            if !ctx.sys.input_waiters.contains(&me) {
                ctx.sys.input_waiters.push(me);
            }
            Err(ctx.wait_with(args))
        }
    }
}

/// A flat string of code points without zero, or `badarg`.
fn text(ctx: &mut Ctx<'_>, list: Term) -> Result<String, Fault> {
    let mut out = String::new();
    for c in ctx.list_to_vec(list)? {
        match c.as_small().and_then(|c| u32::try_from(c).ok()).and_then(char::from_u32) {
            Some(c) if c != '\0' => out.push(c),
            _ => return Err(ctx.badarg()),
        }
    }
    Ok(out)
}

fn getenv(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let name = text(ctx, args[0])?;
    match ctx.sys.shared.environment.get(&name).map(str::to_string) {
        Some(v) => ctx.string(&v),
        None => Ok(args.get(1).copied().unwrap_or(Term::bool(false))),
    }
}

fn putenv(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let (name, value) = (text(ctx, args[0])?, text(ctx, args[1])?);
    if name.is_empty() || name.contains('=') {
        return Err(ctx.badarg());
    }
    if ctx.sys.shared.environment.put(name, value) { Ok(Term::bool(true)) } else { Err(ctx.system_limit()) }
}

fn unsetenv(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let name = text(ctx, args[0])?;
    ctx.sys.shared.environment.remove(&name);
    Ok(Term::bool(true))
}

fn env(ctx: &mut Ctx<'_>, _: &[Term]) -> BifResult {
    let all: Vec<(String, String)> =
        ctx.sys.shared.environment.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
    let mut out = Vec::with_capacity(all.len());
    for (k, v) in all {
        let (k, v) = (ctx.string(&k)?, ctx.string(&v)?);
        out.push(ctx.tuple(&[k, v])?);
    }
    ctx.list(&out)
}

pub(super) fn os_type(ctx: &mut Ctx<'_>, _: &[Term]) -> BifResult {
    ctx.tuple(&[Term::atom(am::UNIX), Term::atom(am::LINUX)])
}

fn stop(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    match args[0].as_small() {
        Some(n) if n >= 0 => Err(ctx.stop(crate::error::StopCause::Halted((n & 0xFF) as i32))),
        _ => Err(ctx.badarg()),
    }
}
