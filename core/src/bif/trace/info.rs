//! `trace_info`: what is traced. Mirrors `erl_bif_trace.c` (OTP 27).

use super::pattern::place_of;
use super::{FLAGS, session_of};
use crate::atom::{Atom, am};
use crate::bif::{Bif, BifResult, Ctx, bif};
use crate::code::Target;
use crate::process::Mfa;
use crate::term::Term;
use crate::tracing::{FunctionTrace, Measure, Pattern};

pub const BIFS: &[Bif] = &[
    bif("erlang", "trace_info", 2, |c, a| info(c, 0, a[0], a[1])),
    bif("erts_internal", "trace_info", 3, |c, a| {
        if a[0].is(am::ANY) {
            return sessions(c, a[1], a[2]);
        }
        let session = session_of(c, a[0])?;
        info(c, session, a[1], a[2])
    }),
];

fn info(ctx: &mut Ctx<'_>, session: u32, what: Term, key: Term) -> BifResult {
    let mem = ctx.sys.mem();
    let Some(key) = key.as_atom() else { return Err(ctx.badarg()) };
    if mem.is_tuple(what) {
        return of_function(ctx, session, what, key);
    }
    match what.as_atom() {
        Some(am::SEND | am::RECEIVE) if key == am::MATCH_SPEC => {
            let s = ctx.sys.tracing.session(session);
            let event = if what.is(am::SEND) { &s.send } else { &s.receive };
            let (on, spec) = (event.on, event.spec.map(|m| m.term));
            let value = match spec {
                Some(spec) if on => ctx.copy_in(spec)?,
                _ => Term::bool(on),
            };
            return pair(ctx, key, value);
        }
        Some(am::SEND | am::RECEIVE) => return Err(ctx.badarg()),
        Some(am::ON_LOAD) => return of_on_load(ctx, session, key),
        _ => {}
    }
    let (flags, tracer) = if what.is_local_pid() {
        if key != am::FLAGS && key != am::TRACER {
            return Err(ctx.badarg());
        }
        let Some(tracee) = ctx.signals().find_alive(what).map(|(p, _)| p.tracee(session)) else {
            return Ok(Term::atom(am::UNDEFINED));
        };
        match tracee {
            Some(t) if ctx.signals().is_alive(t.tracer) => (t.flags, t.tracer),
            _ => (0, Term::NIL),
        }
    } else {
        match what.as_atom() {
            Some(am::NEW | am::NEW_PROCESSES) => {
                ctx.sys.tracing.session(session).new_processes.unwrap_or((0, Term::NIL))
            }
            Some(am::NEW_PORTS) => (0, Term::NIL),
            _ => return Err(ctx.badarg_cause(am::BADOPT)),
        }
    };
    match key {
        am::FLAGS => {
            let list: Vec<Term> = FLAGS.iter().rev().filter(|f| flags & f.1 != 0).map(|f| Term::atom(f.0)).collect();
            let list = ctx.list(&list)?;
            pair(ctx, key, list)
        }
        am::TRACER => pair(ctx, key, tracer),
        _ => Err(ctx.badarg()),
    }
}

fn pair(ctx: &mut Ctx<'_>, key: Atom, value: Term) -> BifResult {
    ctx.tuple(&[Term::atom(key), value])
}

fn function_of(ctx: &Ctx<'_>, t: Term) -> Option<Mfa> {
    let mem = ctx.sys.mem();
    if mem.tuple_arity(t) != Some(3) {
        return None;
    }
    Some(Mfa {
        module: mem.element(t, 1).as_atom()?,
        function: mem.element(t, 2).as_atom()?,
        arity: u8::try_from(mem.element(t, 3).as_small()?).ok()?,
    })
}

/// The trace through the export, if that is on.
fn global<'a>(ctx: &'a Ctx<'_>, mfa: Mfa, session: u32) -> Option<&'a FunctionTrace> {
    let at = match ctx.sys.code.target(mfa) {
        Target::Code(p) if p.slot == ctx.sys.tracing.trampoline_slot => p,
        Target::Bif(_) => place_of(ctx, mfa)?,
        _ => return None,
    };
    ctx.sys.tracing.function(at, session).filter(|f| f.global.is_some())
}

fn of_function(ctx: &mut Ctx<'_>, session: u32, t: Term, key: Atom) -> BifResult {
    let Some(mfa) = function_of(ctx, t) else { return Err(ctx.badarg()) };
    let Some(at) = place_of(ctx, mfa) else { return pair(ctx, key, Term::atom(am::UNDEFINED)) };
    let f = match global(ctx, mfa, session) {
        Some(f) => f,
        None => match ctx.sys.tracing.function(at, session) {
            Some(f) => f,
            None => return pair(ctx, key, Term::bool(false)),
        },
    };
    let traced = match (&f.global, &f.local) {
        (Some(_), _) => am::GLOBAL,
        (None, Some(_)) => am::LOCAL,
        _ => am::FALSE,
    };
    let plain: Option<Pattern> = f.global.or(f.local);
    let meta = f.meta;
    let (count, time, memory) = (f.count, f.time.clone(), f.memory.clone());
    let value = |ctx: &mut Ctx<'_>, key: Atom| -> BifResult {
        Ok(match key {
            am::TRACED => Term::atom(traced),
            am::MATCH_SPEC => source(ctx, plain)?,
            am::META => meta.map_or(Term::bool(false), |m| m.0),
            am::META_MATCH_SPEC => source(ctx, meta.map(|m| m.1))?,
            am::CALL_COUNT => match count {
                Some(c) => ctx.uint(c.calls)?,
                None => Term::bool(false),
            },
            am::CALL_TIME => measures(ctx, &time, true)?,
            am::CALL_MEMORY => measures(ctx, &memory, false)?,
            _ => return Err(ctx.badarg()),
        })
    };
    if key != am::ALL {
        let v = value(ctx, key)?;
        // No meta tracer is the empty list, for programs of old.
        let v = if key == am::META && v.is(am::FALSE) { Term::NIL } else { v };
        return pair(ctx, key, v);
    }
    let mut out = Vec::new();
    for k in [am::TRACED, am::MATCH_SPEC, am::META, am::META_MATCH_SPEC, am::CALL_MEMORY, am::CALL_TIME, am::CALL_COUNT]
    {
        out.push((k, value(ctx, k)?));
    }
    let list = ctx.pair_list(&out)?;
    pair(ctx, key, list)
}

/// The source of a pattern: `[]` when everything matches, `false` when there is none.
fn source(ctx: &mut Ctx<'_>, p: Option<Pattern>) -> BifResult {
    match p {
        None => Ok(Term::bool(false)),
        Some(None) => Ok(Term::NIL),
        Some(Some(m)) => ctx.copy_in(m.term),
    }
}

/// `[{Pid, Calls, Seconds, Microseconds}]` or `[{Pid, Calls, Words}]`.
fn measures(ctx: &mut Ctx<'_>, m: &Option<Measure>, time: bool) -> BifResult {
    let Some(m) = m else { return Ok(Term::bool(false)) };
    let mut out = Vec::new();
    for (pid, (calls, amount)) in &m.of {
        let calls = ctx.uint(*calls)?;
        let t = if time {
            let us = amount / 1000;
            ctx.tuple(&[Term(*pid), calls, Term::small((us / 1_000_000) as i64), Term::small((us % 1_000_000) as i64)])?
        } else {
            let words = ctx.uint(*amount)?;
            ctx.tuple(&[Term(*pid), calls, words])?
        };
        out.push(t);
    }
    ctx.list(&out)
}

/// The pattern for modules to come.
fn of_on_load(ctx: &mut Ctx<'_>, session: u32, key: Atom) -> BifResult {
    let Some(o) = &ctx.sys.tracing.session(session).on_load else { return pair(ctx, key, Term::bool(false)) };
    let (k, spec) = (o.kinds, o.spec);
    let plain = (k.local || !k.breakpoint()).then_some(spec);
    let value = |ctx: &mut Ctx<'_>, key: Atom| -> BifResult {
        Ok(match key {
            am::TRACED if !k.breakpoint() => Term::atom(am::GLOBAL),
            am::TRACED if k.local => Term::atom(am::LOCAL),
            am::TRACED => Term::bool(false),
            am::MATCH_SPEC => source(ctx, plain)?,
            am::META => k.meta.unwrap_or(Term::bool(false)),
            am::META_MATCH_SPEC => source(ctx, k.meta.map(|_| spec))?,
            am::CALL_COUNT => Term::bool(k.count),
            am::CALL_TIME => Term::bool(k.time),
            am::CALL_MEMORY => Term::bool(k.memory),
            _ => return Err(ctx.badarg()),
        })
    };
    if key != am::ALL {
        let v = value(ctx, key)?;
        return pair(ctx, key, v);
    }
    let mut out = Vec::new();
    for k in [am::TRACED, am::MATCH_SPEC, am::META, am::META_MATCH_SPEC, am::CALL_COUNT] {
        out.push((k, value(ctx, k)?));
    }
    let list = ctx.pair_list(&out)?;
    pair(ctx, key, list)
}

/// The sessions that something is traced for: `{session, [{Name, Id}]}`.
fn sessions(ctx: &mut Ctx<'_>, what: Term, key: Term) -> BifResult {
    if !key.is(am::SESSION) {
        return Err(ctx.badarg());
    }
    ctx.sys.tracing.session(0);
    // The oldest first, session 0 last.
    let mut ids: Vec<u32> = ctx.sys.tracing.sessions.keys().copied().filter(|id| *id != 0).collect();
    ids.push(0);
    if what.is_local_pid() {
        let mut signals = ctx.signals();
        let Some((p, _)) = signals.find_alive(what) else { return Ok(Term::atom(am::UNDEFINED)) };
        let all = p.trace.as_ref().map(|t| t.tracees.clone()).unwrap_or_default();
        ids.retain(|id| all.iter().any(|t| t.session == *id));
    } else if ctx.sys.mem().is_tuple(what) {
        let Some(mfa) = function_of(ctx, what) else { return Err(ctx.badarg()) };
        let Some(at) = place_of(ctx, mfa) else { return Ok(Term::atom(am::UNDEFINED)) };
        ids.retain(|id| ctx.sys.tracing.function(at, *id).is_some() || global(ctx, mfa, *id).is_some());
    } else {
        let tracing = &ctx.sys.tracing;
        let of = |id: &u32| tracing.sessions.get(id);
        match what.as_atom() {
            Some(am::ANY) => {}
            Some(am::SEND) => ids.retain(|id| of(id).is_some_and(|s| s.send.on)),
            Some(am::RECEIVE) => ids.retain(|id| of(id).is_some_and(|s| s.receive.on)),
            Some(am::NEW | am::NEW_PROCESSES) => ids.retain(|id| of(id).is_some_and(|s| s.new_processes.is_some())),
            Some(am::ON_LOAD | am::NEW_PORTS) => ids.clear(),
            _ => return Err(ctx.badarg_cause(am::BADOPT)),
        }
    }
    let mut out = Vec::new();
    for id in ids {
        let (name, weak) = match ctx.sys.tracing.sessions.get(&id) {
            Some(s) if id != 0 => (s.name, Term::small(id as i64 - 1)),
            _ => (Term::atom(am::LEGACY), Term::atom(am::DEFAULT)),
        };
        out.push(ctx.tuple(&[name, weak])?);
    }
    let list = ctx.list(&out)?;
    pair(ctx, am::SESSION, list)
}
