//! What `system_monitor` and `system_profile` tell of slices: long ones, long message queues, processes that become runnable and cease to be. The scheduler
//! calls it only while one of them is set. Mirrors `erl_trace.c` (OTP 27); there are no schedulers and ports to profile.

use super::{Ctx, Fault};
use crate::atom::{Atom, am};
use crate::process::{Mfa, Process};
use crate::system::System;
use crate::term::Term;

/// What was so at the beginning of a slice.
#[derive(Clone, Copy, Debug)]
pub struct Begun {
    at_ns: u64,
    place: Mfa,
}

fn place(sys: &System, p: &Process) -> Mfa {
    p.yielding.or_else(|| sys.code.function_at(p.ip)).unwrap_or(p.current)
}

/// A slice of the process begins.
pub fn begins(sys: &mut System, p: &mut Process) -> Begun {
    let begun = Begun { at_ns: sys.now_ns(), place: place(sys, p) };
    if !std::mem::replace(&mut p.active, true) {
        profile(sys, p, am::ACTIVE, Some(begun.place));
    }
    begun
}

/// The slice is over: it waits now, or has exited, or neither.
pub fn ended(sys: &mut System, p: &mut Process, begun: Begun, waits: bool, exited: bool) {
    let idle = exited || waits && p.mailbox.current().is_none();
    let out = place(sys, p);
    if idle {
        p.active = false;
        let left = (!exited).then_some(out);
        profile(sys, p, am::INACTIVE, left);
    }
    let Some(m) = sys.tracing.system_monitor.filter(|m| m.pid != p.pid) else { return };
    let took_ms = sys.now_ns().saturating_sub(begun.at_ns) / 1_000_000;
    let queued = p.mailbox.len() as u64;
    let mut ctx = Ctx { proc: p, sys };
    let mut done = Ok(());
    if let Some((off, on)) = m.long_message_queue {
        let long = if ctx.proc.long_queue { queued > off } else { queued > on };
        if long != ctx.proc.long_queue && !exited {
            ctx.proc.long_queue = long;
            done = tell(&mut ctx, m.pid, am::LONG_MESSAGE_QUEUE, Term::bool(long));
        }
    }
    if m.long_schedule > 0 && took_ms >= m.long_schedule && done.is_ok() {
        done = long_schedule(&mut ctx, m.pid, took_ms, begun.place, out);
    }
    if done.is_err() {
        out_of_memory(sys);
    }
}

fn long_schedule(ctx: &mut Ctx<'_>, to: Term, took_ms: u64, from: Mfa, until: Mfa) -> Result<(), Fault> {
    let took = ctx.uint(took_ms)?;
    let (from, until) = (mfa(ctx, from)?, mfa(ctx, until)?);
    let out = ctx.atom("out")?.as_atom().unwrap_or(am::UNDEFINED);
    let list = ctx.pair_list(&[(am::TIMEOUT, took), (am::IN, from), (out, until)])?;
    tell(ctx, to, am::LONG_SCHEDULE, list)
}

fn mfa(ctx: &mut Ctx<'_>, m: Mfa) -> Result<Term, Fault> {
    ctx.tuple(&[Term::atom(m.module), Term::atom(m.function), Term::small(i64::from(m.arity))])
}

/// `{monitor, Pid, What, Value}`.
fn tell(ctx: &mut Ctx<'_>, to: Term, what: Atom, value: Term) -> Result<(), Fault> {
    let me = ctx.proc.pid;
    let message = ctx.tuple(&[Term::atom(am::MONITOR), me, Term::atom(what), value])?;
    Ok(ctx.signals().send_copy(to, message)?)
}

/// `{profile, Pid, active | inactive, Mfa | 0, Time}`.
fn profile(sys: &mut System, p: &mut Process, what: Atom, at: Option<Mfa>) {
    let Some(profile) = sys.tracing.system_profile.filter(|s| s.runnable_procs && s.pid != p.pid) else { return };
    let mut ctx = Ctx { proc: p, sys };
    let told = (|| {
        let at = match at {
            Some(at) => mfa(&mut ctx, at)?,
            None => Term::small(0),
        };
        let stamp = ctx.signals().stamp(profile.stamp);
        let time = match stamp {
            Some(stamp) => stamp.build(&mut ctx)?,
            None => Term::small(0),
        };
        let me = ctx.proc.pid;
        let message = ctx.tuple(&[Term::atom(am::PROFILE), me, Term::atom(what), at, time])?;
        Ok::<_, Fault>(ctx.signals().send_copy(profile.pid, message)?)
    })();
    if told.is_err() {
        out_of_memory(sys);
    }
}

fn out_of_memory(sys: &mut System) {
    let limit = sys.arena.limit();
    sys.stop.get_or_insert(crate::error::StopCause::OutOfMemory(limit));
}
