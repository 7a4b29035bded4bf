//! Traced functions: breakpoints, trampolines of exports, BIFs, and the frames that wait for a return.
//!
//! A frame of a trace is `FRAME` words under the return address [`RETURN_TRACE`]: module, function, arity, kind, session,
//! tracer, and the time and memory measurements to go back to. It looks like any frame to the collector and to handlers.

use super::calls::Link;
use super::{Flow, Machine};
use crate::atom::am;
use crate::bif::trace::call::{self, Frame, Kind, Wait};
use crate::bif::{Ctx, Fault};
use crate::code::Target;
use crate::code::ptr::RETURN_TRACE;
use crate::process::trace::flag;
use crate::process::{BIF_STUBS, CodePtr, INTERNAL_SLOT, Mfa};
use crate::term::Term;

/// Words of a frame, the return address left out.
const FRAME: u32 = 8;

fn kind_of(w: Wait) -> i64 {
    match w {
        Wait::Caller => 0,
        Wait::Value(false) => 1,
        Wait::Value(true) => 2,
        Wait::Measure => 3,
    }
}

/// A function with a breakpoint is called: the instruction in front of which the process stands is in the mirror.
pub fn hit(m: &mut Machine<'_>, at: u32) -> Flow {
    let here = CodePtr { slot: m.slot, offset: at };
    let Some(n) = m.sys.code.instance(m.slot).map(|i| i.mirror) else { return Flow::Next };
    match m.sys.code.function_at(here) {
        Some(mfa) => announce(m, here, mfa, Kind::Local, Flow::Jump(n as i32)),
        None => Flow::Jump(n as i32),
    }
}

/// A traced export is called.
pub fn trampoline(m: &mut Machine<'_>, n: u32, at: u32) -> Flow {
    let Some((export, target)) = m.sys.tracing.trampolines.get(n as usize).copied() else { return Flow::Next };
    let Some(mfa) = m.sys.code.exports.get(export as usize).map(|e| e.mfa) else { return Flow::Next };
    let to = match target {
        Target::Code(p) => p,
        Target::Bif(i) => CodePtr { slot: INTERNAL_SLOT, offset: BIF_STUBS + i },
        Target::Undefined => return super::calls::undefined_export(m, export, Link::Drop(0)),
    };
    let here = CodePtr { slot: m.slot, offset: at };
    announce(m, here, mfa, Kind::Global, Flow::Goto(to))
}

/// Tells of the call, pushes the frames that are wanted, and goes on.
fn announce(m: &mut Machine<'_>, key: CodePtr, mfa: Mfa, kind: Kind, then: Flow) -> Flow {
    let arity = mfa.arity as usize;
    let args = m.xs(arity).to_vec();
    let frames = match call::called(&mut m.ctx(), key, mfa, &args, kind) {
        Ok(f) => f,
        Err(f) => return m.fault(f),
    };
    for f in frames {
        if let Err(e) = push(m, mfa, f, arity) {
            return m.fault(e);
        }
    }
    if m.gc_desired()
        && let Err(f) = m.collect(0, arity)
    {
        return m.fault(f);
    }
    then
}

/// Is the innermost frame one that waits for the same thing already? A tail call needs no second one.
fn waits(m: &Machine<'_>, f: &Frame) -> bool {
    let (mem, sp) = (m.mem(), m.proc.heap.sp);
    matches!(f.wait, Wait::Caller | Wait::Measure)
        && mem.word(sp, 0) == RETURN_TRACE.to_word()
        && mem.get(sp, 4) == Term::small(kind_of(f.wait))
        && mem.get(sp, 5) == Term::small(f.session as i64)
}

fn push(m: &mut Machine<'_>, mfa: Mfa, f: Frame, live: usize) -> Result<(), Fault> {
    if waits(m, &f) {
        return Ok(());
    }
    if m.proc.heap.free() < FRAME + 1 + crate::heap::RESERVED {
        m.collect(FRAME as usize + 1, live)?;
    }
    let mem = m.mem();
    let words = [
        Term::small(f.memory),
        Term::small(f.time),
        f.tracer,
        Term::small(f.session as i64),
        Term::small(kind_of(f.wait)),
        Term::small(mfa.arity as i64),
        Term::atom(mfa.function),
        Term::atom(mfa.module),
    ];
    for w in words {
        crate::heap::gc::push(&mut m.proc.heap, mem, w.raw());
    }
    crate::heap::gc::push(&mut m.proc.heap, mem, RETURN_TRACE.to_word());
    m.proc.trace_mut().frames += 1;
    Ok(())
}

/// What a frame at `sp` says.
struct Seen {
    mfa: Mfa,
    kind: i64,
    session: u32,
    tracer: Term,
    time: i64,
    memory: i64,
}

fn read(m: &Machine<'_>, sp: u32) -> Option<Seen> {
    let mem = m.mem();
    let n = |i| mem.get(sp, i).as_small();
    Some(Seen {
        mfa: Mfa { module: mem.get(sp, 1).as_atom()?, function: mem.get(sp, 2).as_atom()?, arity: n(3)? as u8 },
        kind: n(4)?,
        session: n(5)? as u32,
        tracer: mem.get(sp, 6),
        time: n(7)?,
        memory: n(8)?,
    })
}

/// A traced function has returned x0.
pub fn returned(m: &mut Machine<'_>) -> Flow {
    let sp = m.proc.heap.sp;
    // The address of this instruction is off the stack already.
    let seen = read(m, sp - 8);
    m.proc.heap.sp += FRAME * 8;
    let trace = m.proc.trace_mut();
    trace.frames = trace.frames.saturating_sub(1);
    if let Some(s) = seen {
        let value = m.x(0);
        let done = match s.kind {
            0 => match call_site(m) {
                Some(mfa) => call::ended(&mut m.ctx(), s.session, s.tracer, flag::RETURN_TO, am::RETURN_TO, mfa, None),
                None => Ok(()),
            },
            1 | 2 => call::ended(&mut m.ctx(), s.session, s.tracer, flag::CALL, am::RETURN_FROM, s.mfa, Some(value)),
            _ => {
                call::measured(&mut m.ctx(), s.session, s.time, s.memory);
                Ok(())
            }
        };
        if let Err(f) = done {
            return m.fault(f);
        }
    }
    if m.gc_desired()
        && let Err(f) = m.collect(0, 1)
    {
        return m.fault(f);
    }
    Flow::Return
}

/// The function that the process returns to, frames of the tracing left out.
fn call_site(m: &mut Machine<'_>) -> Option<Mfa> {
    let at = crate::bif::trace::action::caller(&m.ctx())?;
    m.sys.code.function_at(at)
}

/// An exception drops the stack below `sp`: the functions that are left that way, then where it is handled.
#[inline]
pub fn unwound(m: &mut Machine<'_>, sp: u32, handler: Option<CodePtr>) {
    if m.proc.trace.as_ref().is_some_and(|t| t.frames > 0) {
        tell_unwound(m, sp, handler);
    }
}

#[cold]
fn tell_unwound(m: &mut Machine<'_>, to: u32, handler: Option<CodePtr>) {
    let mut at = m.proc.heap.sp;
    let mut returns = Vec::new();
    while at < to {
        if m.mem().word(at, 0) != RETURN_TRACE.to_word() {
            at += 8;
            continue;
        }
        let trace = m.proc.trace_mut();
        trace.frames = trace.frames.saturating_sub(1);
        if let Some(s) = read(m, at) {
            match s.kind {
                0 => returns.push(s.session),
                2 => {
                    let (class, value) = (m.proc.exception.class, m.proc.exception.value);
                    let mut ctx = m.ctx();
                    let told = ctx.tuple(&[Term::atom(class.atom()), value]).and_then(|pair| {
                        let needs = flag::CALL;
                        call::ended(&mut ctx, s.session, s.tracer, needs, am::EXCEPTION_FROM, s.mfa, Some(pair))
                    });
                    if let Err(f) = told {
                        m.fault(f);
                    }
                }
                3 => call::measured(&mut m.ctx(), s.session, s.time, s.memory),
                _ => {}
            }
        }
        at += (FRAME + 1) * 8;
    }
    let place = handler.and_then(|h| m.sys.code.function_at(h));
    if let Some(mfa) = place {
        returns.dedup();
        for session in returns {
            if let Err(f) = call::ended(&mut m.ctx(), session, Term::NIL, flag::RETURN_TO, am::RETURN_TO, mfa, None) {
                m.fault(f);
            }
        }
    }
}

/// Calls a BIF while some BIFs are traced.
#[cold]
pub fn traced_bif(m: &mut Machine<'_>, bif: u32, args: &[Term], at: u32, link: Link) -> Flow {
    let Some(b) = m.bifs.get(bif as usize) else { return Flow::Jump(0) };
    let key = CodePtr { slot: INTERNAL_SLOT, offset: BIF_STUBS + bif };
    let mut frames = Vec::new();
    let mut mfa = None;
    if m.sys.tracing.functions.contains_key(&key)
        && let (Some(module), Some(function)) = (m.sys.atoms.lookup(b.module), m.sys.atoms.lookup(b.name))
    {
        let name = Mfa { module, function, arity: b.arity };
        mfa = Some(name);
        frames = match call::called(&mut m.ctx(), key, name, args, Kind::Bif) {
            Ok(f) => f,
            Err(f) => return m.fault(f),
        };
    }
    let result = (b.body)(&mut Ctx { proc: m.proc, sys: m.sys }, args);
    if let Some(mfa) = mfa
        && let Err(f) = bif_ended(m, mfa, &frames, result)
    {
        return m.fault(f);
    }
    match result {
        Ok(v) => super::calls::bif_value(m, v),
        Err(f) => super::calls::bif_fault(m, f, bif, args, at, link),
    }
}

/// The end of a traced BIF, for the frames that a function would have had.
fn bif_ended(m: &mut Machine<'_>, mfa: Mfa, frames: &[Frame], result: Result<Term, Fault>) -> Result<(), Fault> {
    for f in frames.iter().rev() {
        match (f.wait, result) {
            (Wait::Value(_), Ok(v)) => {
                call::ended(&mut m.ctx(), f.session, f.tracer, flag::CALL, am::RETURN_FROM, mfa, Some(v))?
            }
            (Wait::Value(true), Err(Fault::Raise)) => {
                let (class, value) = (m.proc.exception.class, m.proc.exception.value);
                let mut ctx = m.ctx();
                let pair = ctx.tuple(&[Term::atom(class.atom()), value])?;
                call::ended(&mut ctx, f.session, f.tracer, flag::CALL, am::EXCEPTION_FROM, mfa, Some(pair))?
            }
            (Wait::Caller, Ok(_)) => {
                let ip = m.proc.ip;
                if let Some(to) = m.sys.code.function_at(ip) {
                    call::ended(&mut m.ctx(), f.session, f.tracer, flag::RETURN_TO, am::RETURN_TO, to, None)?
                }
            }
            (Wait::Measure, _) => call::measured(&mut m.ctx(), f.session, f.time, f.memory),
            _ => {}
        }
    }
    Ok(())
}
