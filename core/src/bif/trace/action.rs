//! The functions that only match specifications of traces have. Mirrors `erl_db_util.c` (OTP 27).

use super::{flag_bit, flags_of};
use crate::atom::{Atom, am};
use crate::bif::{Ctx, Fault};
use crate::heap::Alloc;
use crate::process::trace::flag;
use crate::process::{CodePtr, Mfa};
use crate::term::{TAG_HEADER, Term};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    Message,
    ReturnTrace,
    ExceptionTrace,
    Caller,
    CallerLine,
    Stacktrace,
    ProcessDump,
    EnableTrace,
    DisableTrace,
    Trace,
    Silent,
    GetTcw,
    SetTcw,
    SetSeqToken,
    GetSeqToken,
    IsSeqTrace,
    Display,
}

impl Action {
    /// The function of that name and arity, and whether guards may call it.
    pub fn find(name: Atom, arity: usize) -> Option<(Action, bool)> {
        Some(match (name, arity) {
            (am::MESSAGE, 1) => (Action::Message, false),
            (am::RETURN_TRACE, 0) => (Action::ReturnTrace, false),
            (am::EXCEPTION_TRACE, 0) => (Action::ExceptionTrace, false),
            (am::CALLER, 0) => (Action::Caller, true),
            (am::CALLER_LINE, 0) => (Action::CallerLine, true),
            (am::CURRENT_STACKTRACE, 0 | 1) => (Action::Stacktrace, true),
            (am::PROCESS_DUMP, 0) => (Action::ProcessDump, false),
            (am::ENABLE_TRACE, 1 | 2) => (Action::EnableTrace, false),
            (am::DISABLE_TRACE, 1 | 2) => (Action::DisableTrace, false),
            (am::TRACE, 2 | 3) => (Action::Trace, false),
            (am::SILENT, 1) => (Action::Silent, false),
            (am::GET_TCW, 0) => (Action::GetTcw, true),
            (am::SET_TCW, 1) => (Action::SetTcw, false),
            (am::SET_SEQ_TOKEN, 2) => (Action::SetSeqToken, false),
            (am::GET_SEQ_TOKEN, 0) => (Action::GetSeqToken, true),
            (am::IS_SEQ_TRACE, 0) => (Action::IsSeqTrace, true),
            (am::DISPLAY, 1) => (Action::Display, false),
            _ => return None,
        })
    }

    /// Does it; `None`: the expression fails.
    pub fn perform(self, ctx: &mut Ctx<'_>, args: &[Term]) -> Result<Option<Term>, Fault> {
        const TRUE: Term = Term::bool(true);
        let session = ctx.sys.tracing.actions.session;
        Ok(Some(match self {
            Action::Message => {
                ctx.sys.tracing.actions.message = Some(args[0]);
                TRUE
            }
            Action::ReturnTrace => {
                ctx.sys.tracing.actions.return_trace = true;
                TRUE
            }
            Action::ExceptionTrace => {
                ctx.sys.tracing.actions.return_trace = true;
                ctx.sys.tracing.actions.exception_trace = true;
                TRUE
            }
            Action::Caller => match caller(ctx).and_then(|at| ctx.sys.code.function_at(at)) {
                Some(m) => mfa(ctx, m)?,
                None => Term::atom(am::UNDEFINED),
            },
            Action::CallerLine => {
                let at = caller(ctx);
                match at.and_then(|at| ctx.sys.code.function_at(at).map(|m| (at, m))) {
                    None => Term::atom(am::UNDEFINED),
                    Some((at, m)) => {
                        let line = match ctx.sys.code.location_at(at).map(|(f, l)| (f.to_string(), l)) {
                            None => Term::atom(am::UNDEFINED),
                            Some((file, line)) => {
                                let file = ctx.string(&file)?;
                                ctx.tuple(&[file, Term::small(line as i64)])?
                            }
                        };
                        let (module, function) = (Term::atom(m.module), Term::atom(m.function));
                        ctx.tuple(&[module, function, Term::small(m.arity as i64), line])?
                    }
                }
            }
            Action::Stacktrace => {
                let depth = match args.first() {
                    None => 8,
                    Some(n) => match n.as_small() {
                        Some(n @ 0..=64) => n as usize,
                        _ => return Ok(None),
                    },
                };
                let mut out = Vec::new();
                for at in callers(ctx, depth) {
                    if let Some(m) = ctx.sys.code.function_at(at) {
                        out.push(ctx.stack_entry((m, at))?);
                    }
                }
                ctx.list(&out)?
            }
            Action::ProcessDump => {
                let text = crate::heap::print::write(ctx.sys.mem(), &ctx.sys.names(), ctx.proc.pid, true, 100);
                let text = format!("=proc:{text}\nMessage queue length: {}\n", ctx.proc.mailbox.len());
                ctx.binary(text.as_bytes())?
            }
            Action::EnableTrace | Action::DisableTrace => {
                let (pid, name) = if args.len() == 2 { (args[0], args[1]) } else { (ctx.proc.pid, args[0]) };
                let Some(bits) = name.as_atom().and_then(flag_bit) else { return Ok(None) };
                let (on, off) = if self == Action::EnableTrace { (bits, 0) } else { (0, bits) };
                if !set_flags(ctx, session, pid, on, off) {
                    return Ok(None);
                }
                TRUE
            }
            Action::Trace => {
                let (pid, off, on) =
                    if args.len() == 3 { (args[0], args[1], args[2]) } else { (ctx.proc.pid, args[0], args[1]) };
                let (Some(off), Some(on)) = (flags_of(ctx, off), flags_of(ctx, on)) else { return Ok(None) };
                if !set_flags(ctx, session, pid, on.bits, off.bits) {
                    return Ok(None);
                }
                TRUE
            }
            Action::Silent => {
                match args[0].as_bool() {
                    Some(true) => drop(set_flags(ctx, session, ctx.proc.pid, flag::SILENT, 0)),
                    Some(false) => drop(set_flags(ctx, session, ctx.proc.pid, 0, flag::SILENT)),
                    None => {}
                }
                TRUE
            }
            Action::GetTcw => {
                let word = ctx.sys.tracing.session(0).control_word;
                ctx.uint(word as u64)?
            }
            Action::SetTcw => match args[0].as_small() {
                Some(n @ 0..=0xFFFF_FFFF) => {
                    let old = std::mem::replace(&mut ctx.sys.tracing.session(0).control_word, n as u32);
                    ctx.uint(old as u64)?
                }
                _ => return Ok(None),
            },
            // There are no sequential traces: no message carries a token.
            Action::SetSeqToken => return Ok(None),
            Action::GetSeqToken => Term::NIL,
            Action::IsSeqTrace => Term::bool(false),
            Action::Display => {
                super::super::convert::display(ctx, args)?;
                TRUE
            }
        }))
    }
}

/// Sets and clears flags of a process for a session that traces the calling one.
fn set_flags(ctx: &mut Ctx<'_>, session: u32, pid: Term, on: u32, off: u32) -> bool {
    let tracer = ctx.proc.tracee(session).map(|t| t.tracer);
    let tracer = tracer.or_else(|| ctx.sys.tracing.session(session).tracer);
    let mut signals = ctx.signals();
    let Some((p, _)) = signals.find_alive(pid) else { return false };
    if off != 0 {
        p.set_trace(session, false, off, Term::NIL);
    }
    if on != 0
        && let Some(tracer) = p.tracee(session).map(|t| t.tracer).or(tracer)
    {
        p.set_trace(session, true, on, tracer);
    }
    true
}

fn mfa(ctx: &mut Ctx<'_>, m: Mfa) -> Result<Term, Fault> {
    ctx.tuple(&[Term::atom(m.module), Term::atom(m.function), Term::small(m.arity as i64)])
}

/// Where the running function was called, frames of the tracing itself left out.
pub fn caller(ctx: &Ctx<'_>) -> Option<CodePtr> {
    callers(ctx, 1).first().copied()
}

/// The calls on the stack, innermost first.
pub fn callers(ctx: &Ctx<'_>, depth: usize) -> Vec<CodePtr> {
    let mem = ctx.mem();
    let (mut at, mut out) = (ctx.proc.heap.sp, Vec::new());
    while at < ctx.proc.heap.end && out.len() < depth {
        let w = mem.word(at, 0);
        if w != 0 && w & 3 == TAG_HEADER {
            let p = CodePtr::from_word(w);
            if p.slot != crate::process::INTERNAL_SLOT {
                out.push(CodePtr { slot: p.slot, offset: p.offset.saturating_sub(1) });
            }
        }
        at += 8;
    }
    out
}
