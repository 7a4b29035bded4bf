//! Exceptions on purpose: `error`, `exit/1`, `throw`, `raise`, `nif_error`, `halt`.

use super::{Bif, BifResult, Ctx, Fault, bif};
use crate::atom::am;
use crate::error::StopCause;
use crate::process::Class;
use crate::term::Term;

pub const BIFS: &[Bif] = &[
    bif("erlang", "error", 1, |c, a| Err(c.error(a[0]))),
    bif("erlang", "error", 2, error_2),
    bif("erlang", "error", 3, error_3),
    bif("erlang", "exit", 1, |c, a| Err(c.raise(Class::Exit, a[0]))),
    bif("erlang", "throw", 1, |c, a| Err(c.raise(Class::Throw, a[0]))),
    bif("erlang", "raise", 3, raise),
    bif("erlang", "nif_error", 1, |c, a| Err(c.error(a[0]))),
    bif("erlang", "nif_error", 2, error_2),
    bif("erlang", "halt", 0, |c, _| Err(c.stop(StopCause::Halted(0)))),
    bif("erlang", "halt", 1, |c, a| halt(c, a[0], Term::NIL)),
    bif("erlang", "halt", 2, |c, a| halt(c, a[0], a[1])),
];

fn error_2(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let fault = ctx.error(args[0]);
    if args[1].is_list() || args[1].is_nil() {
        ctx.proc.exception.args = args[1];
    }
    Err(fault)
}

/// `error(Reason, Args, [{error_info, Map}])`.
fn error_3(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let mem = ctx.sys.mem();
    // Whatever else stands there is ignored, as in OTP.
    let mut info = Term::NONE;
    let mut t = args[2];
    while t.is_list() {
        let o = mem.head(t);
        if mem.tuple_arity(o) == Some(2) && mem.element(o, 1).is(am::ERROR_INFO) && mem.is_map(mem.element(o, 2)) {
            info = mem.element(o, 2);
        }
        t = mem.tail(t);
    }
    let fault = error_2(ctx, args);
    ctx.proc.exception.info = info;
    fault
}

/// Entries of a stack trace that is raised again (`backtrace_depth`).
const DEPTH: usize = 8;

/// The trace that `raise/3` takes over: entries without a location get an empty one, and what is deeper than OTP's depth goes. `None`: not
/// a stack trace. Entries are `{M, F, ArityOrArgs}` or `{Fun, Args}`, each with or without a location; as in OTP, the third element may be anything.
fn whole_trace(ctx: &mut Ctx<'_>, list: Term) -> Result<Option<Term>, Fault> {
    let mem = ctx.sys.mem();
    let mut entries = Vec::new();
    let (mut t, mut same) = (list, true);
    while t.is_list() {
        let e = mem.head(t);
        let Some(n @ 2..=4) = mem.tuple_arity(e) else { return Ok(None) };
        let (first, second) = (mem.element(e, 1), mem.element(e, 2));
        let located = match n {
            2 if mem.is_fun(first) => false,
            3 if mem.is_fun(first) => true,
            3 if first.is_atom() && second.is_atom() => false,
            4 if first.is_atom() && second.is_atom() => true,
            _ => return Ok(None),
        };
        if located {
            let location = mem.element(e, n);
            if !location.is_list() && !location.is_nil() {
                return Ok(None);
            }
        }
        same &= located;
        entries.push((e, n, located));
        t = mem.tail(t);
    }
    if !t.is_nil() {
        return Ok(None);
    }
    if same && entries.len() <= DEPTH {
        return Ok(Some(list));
    }
    entries.truncate(DEPTH);
    let mut whole = Vec::with_capacity(entries.len());
    for (e, n, located) in entries {
        let mut parts: Vec<Term> = (1..=n).map(|i| mem.element(e, i)).collect();
        if !located {
            parts.push(Term::NIL);
        }
        whole.push(if located { e } else { ctx.tuple(&parts)? });
    }
    Ok(Some(ctx.list(&whole)?))
}

fn raise(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let class = match args[0].as_atom() {
        Some(am::ERROR) => Class::Error,
        Some(am::EXIT) => Class::Exit,
        Some(am::THROW) => Class::Throw,
        _ => return Ok(Term::atom(am::BADARG)),
    };
    let Some(trace) = whole_trace(ctx, args[2])? else { return Ok(Term::atom(am::BADARG)) };
    let fault = ctx.raise(class, args[1]);
    ctx.proc.exception.trace = trace;
    Err(fault)
}

fn halt(ctx: &mut Ctx<'_>, status: Term, options: Term) -> BifResult {
    let mem = ctx.sys.mem();
    let mut t = options;
    while t.is_list() {
        let o = mem.head(t);
        let known = mem.tuple_arity(o) == Some(2)
            && match mem.element(o, 1).as_atom() {
                Some(am::FLUSH) => mem.element(o, 2).as_bool().is_some(),
                Some(am::FLUSH_TIMEOUT) => mem.element(o, 2).is_small() || mem.element(o, 2).is(am::INFINITY),
                _ => false,
            };
        if !known {
            return Err(ctx.badarg_cause(am::BADOPT));
        }
        t = mem.tail(t);
    }
    if !t.is_nil() {
        return Err(ctx.badarg_cause(am::BADOPT));
    }
    let cause = match status.as_small() {
        // An exit status has eight bits, as on OTP's hosts.
        Some(n) if n >= 0 => StopCause::Halted((n & 0xFF) as i32),
        Some(_) => return Err(ctx.badarg()),
        None if mem.is_big(status) => match crate::heap::number::to_bigint(mem, status) {
            Some(n) if n.sign() == num_bigint::Sign::Plus => {
                StopCause::Halted(n.iter_u32_digits().next().unwrap_or(0) as i32 & 0xFF)
            }
            _ => return Err(ctx.badarg()),
        },
        None if status.is(am::ABORT) => StopCause::Crashed("abort".into()),
        None => StopCause::Crashed(slogan(ctx, status)?),
    };
    Err(ctx.stop(cause))
}

fn slogan(ctx: &mut Ctx<'_>, text: Term) -> Result<String, Fault> {
    if !text.is_list() && !text.is_nil() {
        return Err(ctx.badarg());
    }
    let chars = ctx.list_to_vec(text)?;
    let mut out = String::new();
    for c in chars.into_iter().take(1023) {
        match c.as_small().and_then(|c| u32::try_from(c).ok()).and_then(char::from_u32) {
            Some(c) => out.push(c),
            None => return Err(ctx.badarg()),
        }
    }
    Ok(out)
}
