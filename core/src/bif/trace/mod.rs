//! Tracing: `erlang:trace/3`, module `trace`'s sessions, and what the scheduler, the collector and sends tell tracers.
//!
//! Mirrors `erl_bif_trace.c` (OTP 27). Tracers are processes; a tracer module is a NIF library and refused. Ports aren't
//! there, so what is said of them sets nothing.

pub mod action;
pub mod call;
pub mod info;
pub mod pattern;

use super::ets::match_spec::{Outcome, Spec};
use super::{Bif, BifResult, Ctx, Fault, bif};
use crate::atom::{Atom, am};
use crate::heap::gc::Coming;
use crate::heap::refs;
use crate::process::trace::flag;
use crate::process::{Process, State};
use crate::system::System;
use crate::term::Term;

pub const BIFS: &[Bif] = &[
    bif("erlang", "trace", 3, |c, a| trace(c, 0, a)),
    bif("erts_internal", "trace", 3, |c, a| trace(c, 0, a)),
    bif("erts_internal", "trace", 4, |c, a| {
        let session = session_of(c, a[0])?;
        trace(c, session, &a[1..])
    }),
    bif("erts_internal", "trace_session_create", 3, session_create),
    bif("erts_internal", "trace_session_destroy", 1, session_destroy),
    bif("erlang", "trace_delivered", 1, trace_delivered),
];

/// The flags by name, in the order in which `trace_info` lists them (last first).
pub(super) const FLAGS: &[(Atom, u32)] = &[
    (am::TIMESTAMP, flag::TIMESTAMP),
    (am::STRICT_MONOTONIC_TIMESTAMP, flag::STRICT_MONOTONIC),
    (am::MONOTONIC_TIMESTAMP, flag::MONOTONIC),
    (am::SEND, flag::SEND),
    (am::RECEIVE, flag::RECEIVE),
    (am::SET_ON_SPAWN, flag::SET_ON_SPAWN),
    (am::CALL, flag::CALL),
    (am::PROCS, flag::PROCS),
    (am::SET_ON_FIRST_SPAWN, flag::SET_ON_FIRST_SPAWN),
    (am::SET_ON_LINK, flag::SET_ON_LINK),
    (am::SET_ON_FIRST_LINK, flag::SET_ON_FIRST_LINK),
    (am::RUNNING, flag::RUNNING),
    (am::EXITING, flag::EXITING),
    (am::GARBAGE_COLLECTION, flag::GC),
    (am::ARITY, flag::ARITY),
    (am::RETURN_TO, flag::RETURN_TO),
    (am::SILENT, flag::SILENT),
    (am::SCHEDULER_ID, flag::SCHEDULER_ID),
    (am::PORTS, flag::PORTS),
    (am::RUNNING_PORTS, flag::RUNNING_PORTS),
    (am::RUNNING_PROCS, flag::RUNNING_PROCS),
];

pub(super) fn flag_bit(name: Atom) -> Option<u32> {
    if name == am::ALL {
        return Some(flag::ALL);
    }
    FLAGS.iter().find(|f| f.0 == name).map(|f| f.1)
}

/// What a list of flags says.
pub(super) struct Flags {
    pub bits: u32,
    pub tracer: Option<Term>,
}

/// The flags of a list; `None`: one isn't a flag.
pub(super) fn flags_of(ctx: &mut Ctx<'_>, list: Term) -> Option<Flags> {
    let mem = ctx.sys.mem();
    let mut out = Flags { bits: 0, tracer: None };
    let mut t = list;
    while t.is_list() {
        let item = mem.head(t);
        if let Some(a) = item.as_atom() {
            match flag_bit(a) {
                Some(bits) => out.bits |= bits,
                None if a == am::CPU_TIMESTAMP => {}
                None => return None,
            }
        } else {
            out.tracer = Some(tracer_of(ctx, item, am::TRACER)?);
        }
        t = mem.tail(t);
    }
    t.is_nil().then_some(out)
}

/// The process of `{tracer, Pid}`, or of `Pid` itself.
pub(super) fn tracer_of(ctx: &mut Ctx<'_>, t: Term, key: Atom) -> Option<Term> {
    let mem = ctx.sys.mem();
    let pid = if mem.tuple_arity(t) == Some(2) && mem.element(t, 1).is(key) { mem.element(t, 2) } else { t };
    let alive = pid.is_local_pid() && ctx.signals().find_alive(pid).is_some();
    alive.then_some(pid)
}

/// The session that a term names: `{Ref, {Name, Id}}` or `{Name, Id}`.
pub(super) fn session_of(ctx: &mut Ctx<'_>, t: Term) -> Result<u32, Fault> {
    let mem = ctx.sys.mem();
    if mem.tuple_arity(t) == Some(2) {
        let (first, second) = (mem.element(t, 1), mem.element(t, 2));
        let found = match mem.ref_id(first) {
            Some(id) => ctx.sys.tracing.by_reference(id),
            None => second
                .as_small()
                .and_then(|n| u32::try_from(n + 1).ok())
                .filter(|id| *id != 0 && ctx.sys.tracing.sessions.get(id).is_some_and(|s| s.name == first)),
        };
        if let Some(id) = found {
            return Ok(id);
        }
    }
    Err(ctx.badarg_cause(am::SESSION))
}

/// `trace(Pids, How, Flags)` of a session.
fn trace(ctx: &mut Ctx<'_>, session: u32, args: &[Term]) -> BifResult {
    let fixed = ctx.sys.tracing.session(session).tracer;
    let flags = flags_of(ctx, args[2]).filter(|f| fixed.is_none() || f.tracer.is_none());
    let Some(flags) = flags else { return Err(ctx.badarg_cause(am::BADOPT)) };
    let Some(on) = args[1].as_bool() else { return Err(ctx.badarg()) };
    let tracer = fixed.or(flags.tracer).unwrap_or(ctx.proc.pid);
    let mut count = 0;
    if args[0].is_local_pid() {
        if !set(ctx, session, args[0], on, flags.bits, tracer) {
            return Err(ctx.badarg());
        }
        count = 1;
    } else {
        let (existing, new) = match args[0].as_atom() {
            Some(am::ALL | am::PROCESSES) => (true, true),
            Some(am::EXISTING | am::EXISTING_PROCESSES) => (true, false),
            Some(am::NEW | am::NEW_PROCESSES) => (false, true),
            Some(am::PORTS | am::EXISTING_PORTS | am::NEW_PORTS) => return Ok(Term::small(0)),
            _ => return Err(ctx.badarg()),
        };
        if existing {
            let mut pids: Vec<Term> =
                ctx.sys.procs.iter().filter(|p| p.state != State::Exiting).map(|p| p.pid).collect();
            pids.push(ctx.proc.pid);
            ctx.charge(pids.len());
            for pid in pids {
                if set(ctx, session, pid, on, flags.bits, tracer) {
                    count += 1;
                }
            }
        }
        if new {
            let s = ctx.sys.tracing.session(session);
            let before = s.new_processes.map_or(0, |n| n.0);
            let now = if on { before | flags.bits } else { before & !flags.bits };
            s.new_processes = (now != 0).then_some((now, tracer));
        }
    }
    if on {
        ctx.sys.tracing.on = true;
    }
    Ok(Term::small(count))
}

/// `false`: another tracer has it.
fn set(ctx: &mut Ctx<'_>, session: u32, pid: Term, on: bool, bits: u32, tracer: Term) -> bool {
    let other = match ctx.signals().find_alive(pid) {
        Some((p, _)) => p.tracee(session).map(|t| t.tracer).filter(|t| *t != tracer),
        None => return false,
    };
    if on
        && let Some(other) = other
        && ctx.signals().is_alive(other)
    {
        return false;
    }
    if let Some((p, _)) = ctx.signals().find_alive(pid) {
        p.set_trace(session, on, bits, tracer);
    }
    true
}

fn session_create(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    if !args[0].is_atom() {
        return Err(ctx.badarg());
    }
    let Some(tracer) = tracer_of(ctx, args[1], am::EMPTY) else { return Err(ctx.badarg()) };
    if !args[2].is_nil() {
        return Err(ctx.badarg());
    }
    let reference = ctx.sys.fresh_ref();
    let id = ctx.sys.tracing.create(args[0], tracer, reference);
    let weak = ctx.tuple(&[args[0], Term::small(id as i64 - 1)])?;
    let reference = refs::make(ctx, reference)?;
    ctx.tuple(&[reference, weak])
}

fn session_destroy(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let mem = ctx.sys.mem();
    let shaped = mem.tuple_arity(args[0]) == Some(2)
        && (mem.ref_id(mem.element(args[0], 1)).is_some() || mem.element(args[0], 1).is_atom());
    let Ok(session) = session_of(ctx, args[0]) else {
        ctx.proc.exception = Default::default();
        return if shaped { Ok(Term::bool(false)) } else { Err(ctx.badarg_cause(am::SESSION)) };
    };
    pattern::clear_session(ctx, session);
    let pids: Vec<Term> = ctx.sys.procs.iter().map(|p| p.pid).chain([ctx.proc.pid]).collect();
    for pid in pids {
        if let Some((p, _)) = ctx.signals().find(pid) {
            p.set_trace(session, false, u32::MAX, Term::NIL);
        }
    }
    if let Some(s) = ctx.sys.tracing.sessions.remove(&session) {
        for message in [s.send.spec, s.receive.spec, s.on_load.and_then(|o| o.spec)].into_iter().flatten() {
            ctx.sys.drop_message(message);
        }
    }
    Ok(Term::bool(true))
}

/// Everything is delivered when the event happens, so the answer comes at once.
fn trace_delivered(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    if !args[0].is_local_pid() && !args[0].is(am::ALL) {
        return Err(ctx.badarg());
    }
    let (me, whom, id) = (ctx.proc.pid, args[0], ctx.sys.fresh_ref());
    ctx.signals().send_built(me, 4 + 4, |a, _| {
        let r = refs::make(a, id)?;
        crate::heap::build::tuple(a, &[Term::atom(am::TRACE_DELIVERED), whom, r])
    })?;
    Ok(refs::make(ctx, id)?)
}

/// The calling process is about to send.
pub fn sent(ctx: &mut Ctx<'_>, dest: Term, message: Term) -> Result<(), Fault> {
    if ctx.proc.trace_flags() & flag::SEND == 0 {
        return Ok(());
    }
    let me = ctx.proc.pid;
    let reached = match dest.as_atom() {
        Some(name) => match ctx.sys.names.get(&name) {
            Some(pid) => Some(*pid),
            // The send itself will fail.
            None => return Ok(()),
        },
        None => dest.is_local_pid().then_some(dest),
    };
    let gone = reached.is_some_and(|pid| !ctx.signals().is_alive(pid));
    let tag = if gone { am::SEND_TO_NON_EXISTING_PROCESS } else { am::SEND };
    let all = ctx.proc.trace.as_ref().map(|t| t.tracees.clone()).unwrap_or_default();
    for t in all {
        if t.flags & flag::SEND == 0 {
            continue;
        }
        let event = &ctx.sys.tracing.session(t.session).send;
        let (on, spec) = (event.on, event.spec.map(|m| m.term));
        let passes = match spec {
            Some(spec) if on => {
                let head = ctx.list(&[dest, message])?;
                matches(ctx, t.session, spec, head)?
            }
            _ => on,
        };
        if passes {
            ctx.signals().trace_message(me, t, tag, &[message, dest])?;
        }
    }
    Ok(())
}

/// Does a list match a specification of an event?
fn matches(ctx: &mut Ctx<'_>, session: u32, spec: Term, head: Term) -> Result<bool, Fault> {
    ctx.sys.tracing.actions = crate::tracing::Actions { session, ..Default::default() };
    let Some(spec) = Spec::compile_trace(ctx.sys.mem(), &ctx.sys.names(), spec) else { return Ok(false) };
    let matched = matches!(ctx.run_spec(&spec, head, false)?, Outcome::Value(_));
    let message = ctx.sys.tracing.actions.message.take();
    Ok(matched && message != Some(Term::bool(false)))
}

/// As a filter of arriving messages: `[Node, From, Message]`.
pub(super) fn receive_filter(sys: &mut System, p: &mut Process, session: u32, from: Term, message: Term) -> bool {
    let Some(spec) = sys.tracing.session(session).receive.spec.map(|m| m.term) else { return true };
    let mut ctx = Ctx { proc: p, sys };
    let Ok(head) = ctx.list(&[Term::atom(am::NONAME), from, message]) else { return true };
    matches(&mut ctx, session, spec, head).unwrap_or(true)
}

/// A process goes in or out of its slice.
pub fn scheduled(sys: &mut System, p: &mut Process, begins: bool) {
    let now = sys.now_ns();
    if let Some(t) = p.trace.as_mut().and_then(|t| t.time.as_mut()) {
        // Between slices `since` is the time that was used up so far.
        t.since = now.wrapping_sub(t.since);
    }
    let ended = !begins && !p.exit_reason.is_none();
    let wanted = if ended { flag::EXITING } else { flag::RUNNING | flag::RUNNING_PROCS };
    if p.trace_flags() & wanted == 0 {
        return;
    }
    let mut ctx = Ctx { proc: p, sys };
    let place = at(&ctx);
    let tag = match (begins, ended) {
        (true, _) => am::IN,
        (false, false) => am::OUT,
        (false, true) => am::OUT_EXITED,
    };
    let me = ctx.proc.pid;
    let parts = [Term::atom(place.module), Term::atom(place.function), Term::small(place.arity as i64)];
    let done = match ctx.tuple(&parts) {
        Ok(mfa) => {
            let data = if ended { Term::small(0) } else { mfa };
            ctx.signals().trace_event(me, wanted, tag, &[data]).is_ok()
        }
        Err(_) => false,
    };
    if !done {
        let limit = sys.arena.limit();
        sys.stop.get_or_insert(crate::error::StopCause::OutOfMemory(limit));
    }
}

/// The function that a process which doesn't run is in.
fn at(ctx: &Ctx<'_>) -> crate::process::Mfa {
    let yielding = ctx.proc.yielding;
    yielding.or_else(|| ctx.sys.code.function_at(ctx.proc.ip)).unwrap_or(ctx.proc.current)
}

/// `words`: that are needed, or that were reclaimed.
fn collection(ctx: &mut Ctx<'_>, tag: Atom, words: usize) -> Result<(), Fault> {
    if ctx.proc.trace_flags() & flag::GC == 0 {
        return Ok(());
    }
    let me = ctx.proc.pid;
    // The message is a copy, and what it was copied from must not weigh on the heap that it describes.
    let mark = ctx.proc.heap.mark();
    let info = super::process_info::garbage_collection_info(ctx, me, false)?;
    let words = ctx.tuple(&[Term::atom(am::WORDSIZE), Term::small(words as i64)])?;
    let info = ctx.cons(words, info)?;
    ctx.signals().trace_event(me, flag::GC, tag, &[info])?;
    ctx.proc.heap.rewind(mark, &mut ctx.sys.arena);
    Ok(())
}

/// A collection of the process is about to start.
pub fn collection_begins(ctx: &mut Ctx<'_>, coming: Coming, need: usize) -> Result<(), Fault> {
    if coming != Coming::Major {
        collection(ctx, am::GC_MINOR_START, need)?;
    }
    if coming == Coming::MinorThenMajor {
        collection(ctx, am::GC_MINOR_END, 0)?;
    }
    if coming != Coming::Minor {
        collection(ctx, am::GC_MAJOR_START, need)?;
    }
    let used = (ctx.proc.heap.used() + ctx.proc.heap.frag_words) as u64;
    if let Some(t) = &mut ctx.proc.trace {
        t.allocated = t.allocated.wrapping_add(used);
    }
    Ok(())
}

/// A collection is over.
pub fn collection_ends(ctx: &mut Ctx<'_>, coming: Coming, reclaimed: usize) -> Result<(), Fault> {
    let used = (ctx.proc.heap.used() + ctx.proc.heap.frag_words) as u64;
    if let Some(t) = &mut ctx.proc.trace {
        t.allocated = t.allocated.wrapping_sub(used);
    }
    collection(ctx, if coming == Coming::Minor { am::GC_MINOR_END } else { am::GC_MAJOR_END }, reclaimed)
}
