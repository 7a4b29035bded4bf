//! A traced function is called, returns, or is left by an exception: what is told, counted and measured.
//!
//! Mirrors `erl_trace.c` and `beam_bp.c` (OTP 27). The interpreter owns the frames that wait for the return.

use super::super::{Ctx, Fault};
use crate::atom::{Atom, am};
use crate::bif::ets::match_spec::{Outcome, Spec};
use crate::process::trace::{Measured, Tracee, flag};
use crate::process::{CodePtr, Mfa};
use crate::term::Term;
use crate::tracing::{Actions, Measure};

/// Why a frame waits for the return.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wait {
    /// `return_to`.
    Caller,
    /// `return_trace`; with `true`, `exception_trace`.
    Value(bool),
    /// Time or memory that goes on being measured for the caller then.
    Measure,
}

/// A frame that is wanted.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    pub wait: Wait,
    pub session: u32,
    /// The tracer of a meta trace, or `[]`: the process's own.
    pub tracer: Term,
    /// What was measured before the call, or -1.
    pub time: i64,
    pub memory: i64,
}

/// A place in code as a small integer.
fn packed(m: Option<Measured>, session: u32) -> i64 {
    m.filter(|m| m.session == session).map_or(-1, |m| (m.at.slot as i64) << 32 | m.at.offset as i64)
}

fn unpacked(v: i64) -> Option<CodePtr> {
    (v >= 0).then_some(CodePtr { slot: (v >> 32) as u32, offset: v as u32 })
}

/// How the call came about: only a call through the export is one for global traces.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Local,
    Global,
    Bif,
}

/// The call of the function at `key`.
pub fn called(ctx: &mut Ctx<'_>, key: CodePtr, mfa: Mfa, args: &[Term], kind: Kind) -> Result<Vec<Frame>, Fault> {
    let mut frames = Vec::new();
    if ctx.proc.sensitive {
        return Ok(frames);
    }
    let Some(all) = ctx.sys.tracing.functions.get_mut(&key) else { return Ok(frames) };
    let mut work = Vec::new();
    for f in all {
        if kind != Kind::Global
            && let Some(c) = f.count.as_mut().filter(|c| !c.paused)
        {
            c.calls += 1;
        }
        let plain = match kind {
            Kind::Local => f.local.as_ref(),
            Kind::Global => f.global.as_ref(),
            Kind::Bif => f.local.as_ref().or(f.global.as_ref()),
        };
        let plain = plain.map(|p| p.map(|m| m.term));
        let meta = f.meta.as_ref().filter(|_| kind != Kind::Global).map(|(t, p)| (*t, p.map(|m| m.term)));
        let runs = |m: &Option<Measure>| kind != Kind::Global && m.as_ref().is_some_and(|m| !m.paused);
        let is_local = f.local.is_some();
        work.push((f.session, plain, is_local, meta, runs(&f.time), runs(&f.memory)));
    }
    for (session, plain, is_local, meta, time, memory) in work {
        if let Some((tracer, spec)) = meta {
            let t = Tracee { session, flags: flag::CALL | flag::TIMESTAMP, tracer };
            tell(ctx, t, mfa, args, spec, true, &mut frames)?;
        }
        if let Some(spec) = plain
            && let Some(t) = ctx.proc.tracee(session).filter(|t| t.flags & flag::CALL != 0)
        {
            if is_local && t.flags & flag::RETURN_TO != 0 && t.flags & flag::SILENT == 0 {
                frames.push(Frame { wait: Wait::Caller, session, tracer: Term::NIL, time: -1, memory: -1 });
            }
            let told = frames.len();
            if !tell(ctx, t, mfa, args, spec, false, &mut frames)? && is_local && frames.len() == told {
                frames.retain(|f| f.wait != Wait::Caller || f.session != session);
            }
        }
        if time || memory {
            let now = ctx.sys.now_ns();
            let words = ctx.proc.allocated_words();
            let trace = ctx.proc.trace_mut();
            let frame = Frame {
                wait: Wait::Measure,
                session,
                tracer: Term::NIL,
                time: if time { packed(trace.time, session) } else { -2 },
                memory: if memory { packed(trace.memory, session) } else { -2 },
            };
            let (before_time, before_memory) = (trace.time, trace.memory);
            if time {
                trace.time = Some(Measured { session, at: key, since: now });
                charge(ctx, before_time, now, 0, true);
                count(ctx, key, session, true);
            }
            if memory {
                ctx.proc.trace_mut().memory = Some(Measured { session, at: key, since: words });
                charge(ctx, before_memory, words, 0, false);
                count(ctx, key, session, false);
            }
            frames.push(frame);
        }
    }
    Ok(frames)
}

fn measure<'a>(ctx: &'a mut Ctx<'_>, at: CodePtr, session: u32, time: bool) -> Option<(&'a mut Measure, u64)> {
    let pid = ctx.proc.pid.raw();
    let f = ctx.sys.tracing.function_mut(at, session)?;
    let m = if time { f.time.as_mut() } else { f.memory.as_mut() };
    Some((m?, pid))
}

fn count(ctx: &mut Ctx<'_>, at: CodePtr, session: u32, time: bool) {
    if let Some((m, pid)) = measure(ctx, at, session, time) {
        m.of.entry(pid).or_default().0 += 1;
    }
}

/// Adds what was used since a measurement began.
fn charge(ctx: &mut Ctx<'_>, before: Option<Measured>, now: u64, calls: u64, time: bool) {
    let Some(b) = before else { return };
    if let Some((m, pid)) = measure(ctx, b.at, b.session, time)
        && !m.paused
    {
        let e = m.of.entry(pid).or_default();
        e.0 += calls;
        e.1 += now.saturating_sub(b.since);
    }
}

/// The end of a measured call: its function is charged, and the caller's measurement goes on.
pub fn measured(ctx: &mut Ctx<'_>, session: u32, time: i64, memory: i64) {
    let now = ctx.sys.now_ns();
    let words = ctx.proc.allocated_words();
    let trace = ctx.proc.trace_mut();
    let (t, m) = (trace.time, trace.memory);
    if time != -2 {
        trace.time = unpacked(time).map(|at| Measured { session, at, since: now });
        charge(ctx, t, now, 0, true);
    }
    if memory != -2 {
        ctx.proc.trace_mut().memory = unpacked(memory).map(|at| Measured { session, at, since: words });
        charge(ctx, m, words, 0, false);
    }
}

/// The message of a call, if its specification lets it pass. `false`: it doesn't match.
fn tell(
    ctx: &mut Ctx<'_>,
    t: Tracee,
    mfa: Mfa,
    args: &[Term],
    spec: Option<Term>,
    meta: bool,
    frames: &mut Vec<Frame>,
) -> Result<bool, Fault> {
    let me = ctx.proc.pid;
    let mut t = t;
    let mut extra = None;
    if let Some(spec) = spec {
        ctx.sys.tracing.actions = Actions { session: t.session, ..Actions::default() };
        let list = ctx.list(args)?;
        let spec = Spec::compile_trace(ctx.sys.mem(), &ctx.sys.names(), spec);
        let matched = match &spec {
            Some(spec) => matches!(ctx.run_spec(spec, list, false)?, Outcome::Value(_)),
            None => false,
        };
        if !matched {
            return Ok(false);
        }
        if !meta {
            t.flags = ctx.proc.tracee(t.session).map_or(0, |t| t.flags);
        }
        if !meta && t.flags & flag::SILENT != 0 {
            return Ok(true);
        }
        let actions = std::mem::take(&mut ctx.sys.tracing.actions);
        if actions.return_trace {
            let tracer = if meta { t.tracer } else { Term::NIL };
            let wait = Wait::Value(actions.exception_trace);
            frames.push(Frame { wait, session: t.session, tracer, time: -1, memory: -1 });
        }
        match actions.message {
            Some(m) if m.is(am::FALSE) => return Ok(true),
            Some(m) if m.is(am::TRUE) => {}
            other => extra = other,
        }
    } else if !meta && t.flags & flag::SILENT != 0 {
        return Ok(true);
    }
    let last = if t.flags & flag::ARITY != 0 { Term::small(mfa.arity as i64) } else { ctx.list(args)? };
    let call = ctx.tuple(&[Term::atom(mfa.module), Term::atom(mfa.function), last])?;
    match extra {
        Some(extra) => ctx.signals().trace_message(me, t, am::CALL, &[call, extra])?,
        None => ctx.signals().trace_message(me, t, am::CALL, &[call])?,
    }
    Ok(true)
}

/// An event of the end of a call: `return_from`, `exception_from` or `return_to`.
pub fn ended(
    ctx: &mut Ctx<'_>,
    session: u32,
    tracer: Term,
    needs: u32,
    tag: Atom,
    mfa: Mfa,
    value: Option<Term>,
) -> Result<(), Fault> {
    let me = ctx.proc.pid;
    let t = if tracer.is_local_pid() {
        Tracee { session, flags: flag::CALL | flag::TIMESTAMP, tracer }
    } else {
        match ctx.proc.tracee(session).filter(|t| t.flags & needs != 0 && t.flags & flag::SILENT == 0) {
            Some(t) => t,
            None => return Ok(()),
        }
    };
    let function = ctx.tuple(&[Term::atom(mfa.module), Term::atom(mfa.function), Term::small(mfa.arity as i64)])?;
    match value {
        Some(v) => ctx.signals().trace_message(me, t, tag, &[function, v])?,
        None => ctx.signals().trace_message(me, t, tag, &[function])?,
    }
    Ok(())
}
