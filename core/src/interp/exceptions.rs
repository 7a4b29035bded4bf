//! Exceptions: from the fault to the handler, and the stack trace.
//!
//! A handler is found by walking the stack: a word with tag 00 starts a frame, a catch tag in a frame is an active handler.
//! Between a fault and `build_stacktrace` a trace is *raw*: a tuple `{RAW, Class, Module|[], Function, Arity, Args, Info, Frame ..}`
//! of small integers and terms, which costs little and survives collections. Mirrors `beam_common.c`.

use super::{Flow, Machine, PROCESS_END, SliceEnd};
use crate::atom::am;
use crate::bif::Ctx;
use crate::code::operand::Src;
use crate::heap::Alloc;
use crate::heap::build::{self, Built};
use crate::process::{Class, CodePtr, Exception, Mfa};
use crate::term::{Mem, TAG_HEADER, TAG_MASK, Term};

/// First element of a raw trace.
const RAW: Term = Term::small(-0x7ACE);
const RAW_HEAD: usize = 7;
/// In place of the module: the trace is the list in the next element.
const GIVEN: Term = Term::small(1);

/// Takes the exception in the process to its handler, or ends the process. `at`: the instruction at fault.
#[cold]
#[inline(never)]
pub fn dispatch(m: &mut Machine<'_>, at: u32) -> Result<CodePtr, SliceEnd> {
    if m.proc.exception.trace.is_none() && m.proc.exception.frames.is_empty() {
        m.proc.exception.frames = frames(m, at);
    }
    let handler = find_handler(m);
    let below = handler.map_or(m.proc.heap.end, |h| h.0);
    super::breakpoint::unwound(m, below, handler.map(|h| h.1));
    match handler {
        Some((sp, target)) => {
            m.proc.heap.sp = sp;
            m.set_x(0, Term::NONE);
            Ok(target)
        }
        None => match exit_reason(m) {
            Ok(reason) => {
                m.proc.exit_reason = reason;
                Err(SliceEnd::Exited)
            }
            Err(f) => match m.fault(f) {
                Flow::End(end) => Err(end),
                _ => Err(SliceEnd::Exited),
            },
        },
    }
}

/// The instruction at fault, then the return addresses on the stack.
fn frames(m: &Machine<'_>, at: u32) -> Vec<CodePtr> {
    let first = CodePtr { slot: m.slot, offset: at };
    let mut out = vec![first];
    let callers = callers(m);
    // A call of a BIF has written its own return address.
    out.extend(callers.iter().skip(usize::from(callers.first() == Some(&first))));
    out
}

/// The calls that the return addresses on the stack belong to, innermost first.
pub fn callers(m: &Machine<'_>) -> Vec<CodePtr> {
    let mem = m.mem();
    let mut out = Vec::new();
    let mut a = m.proc.heap.sp;
    while a < m.proc.heap.end && out.len() < m.sys.shared.backtrace_depth + 1 {
        let w = mem.word(a, 0);
        if w != 0 && w & TAG_MASK == TAG_HEADER {
            let p = CodePtr::from_word(w);
            if p != PROCESS_END {
                // The call is the instruction before its return address.
                let call = CodePtr { slot: p.slot, offset: p.offset.saturating_sub(1) };
                if out.last() != Some(&call) {
                    out.push(call);
                }
            }
        }
        a += 8;
    }
    out
}

fn find_handler(m: &Machine<'_>) -> Option<(u32, CodePtr)> {
    let mem = m.mem();
    let (mut a, mut frame) = (m.proc.heap.sp, m.proc.heap.sp);
    while a < m.proc.heap.end {
        let w = mem.word(a, 0);
        if w & TAG_MASK == TAG_HEADER {
            frame = a;
        } else if Term(w).is_catch() {
            let (slot, offset) = Term(w).catch_target();
            return Some((frame, CodePtr { slot, offset }));
        }
        a += 8;
    }
    None
}

/// The reason that a process exits with when nothing catches its exception.
fn exit_reason(m: &mut Machine<'_>) -> Result<Term, crate::bif::Fault> {
    let e = &m.proc.exception;
    let (class, value) = (e.class, e.value);
    match class {
        Class::Exit => Ok(value),
        Class::Error => {
            let trace = trace_list(m)?;
            m.ctx().tuple(&[value, trace])
        }
        Class::Throw => {
            let trace = trace_list(m)?;
            let value = m.ctx().tuple(&[Term::atom(am::NOCATCH), value])?;
            m.ctx().tuple(&[value, trace])
        }
    }
}

/// The trace of the exception in the process, as a list.
fn trace_list(m: &mut Machine<'_>) -> Built {
    let e = m.proc.exception.clone();
    let mut ctx = Ctx { proc: m.proc, sys: m.sys };
    if is_raw(ctx.mem(), e.trace) {
        let restored = restore(ctx.mem(), e.trace);
        if !restored.trace.is_none() {
            return Ok(restored.trace);
        }
        return build_trace(&mut ctx, &restored);
    }
    if !e.trace.is_none() {
        return Ok(e.trace);
    }
    build_trace(&mut ctx, &e)
}

/// The list of `{M, F, Arity | Args, Location}` of an exception.
pub fn build_trace(ctx: &mut Ctx<'_>, e: &Exception) -> Built {
    let mut entries = Vec::new();
    if let Some(mfa) = e.current {
        let extra = match bif_error_info(ctx, mfa, e)? {
            Some(i) => build::list(ctx, &[i])?,
            None => Term::NIL,
        };
        entries.push(entry(ctx, mfa, e.args, extra)?);
    }
    for frame in &e.frames {
        if entries.len() >= ctx.sys.shared.backtrace_depth {
            break;
        }
        let Some(mfa) = ctx.sys.code.function_at(*frame) else { continue };
        let location = location(ctx, *frame)?;
        // The first function is the one at fault, unless that is a BIF.
        let first = entries.is_empty() && e.current.is_none();
        let location = match (first, error_info(ctx, e.info)?) {
            (true, Some(i)) => {
                let mem = ctx.mem();
                let mut parts = Vec::new();
                let mut t = location;
                while t.is_list() {
                    parts.push(mem.head(t));
                    t = mem.tail(t);
                }
                parts.push(i);
                build::list(ctx, &parts)?
            }
            _ => location,
        };
        let args = if first { e.args } else { Term::NONE };
        entries.push(entry(ctx, mfa, args, location)?);
    }
    build::list(ctx, &entries)
}

/// As [`error_info`] for a function that is at fault itself: a BIF's says at least which module explains its errors.
fn bif_error_info(ctx: &mut Ctx<'_>, mfa: Mfa, e: &Exception) -> Result<Option<Term>, crate::arena::OutOfMemory> {
    let is_bif = matches!(ctx.sys.code.target(mfa), crate::code::Target::Bif(_));
    if !e.info.is_none() || e.args.is_none() || !is_bif {
        return error_info(ctx, e.info);
    }
    let explains = match mfa.module {
        am::ERLANG | am::ATOMICS | am::COUNTERS | am::ERTS_INTERNAL | am::PERSISTENT_TERM => am::ERL_ERTS_ERRORS,
        am::CODE | am::OS => am::ERL_KERNEL_ERRORS,
        am::BINARY | am::ETS | am::LISTS | am::MAPS | am::MATH | am::RE | am::UNICODE => am::ERL_STDLIB_ERRORS,
        _ => return Ok(None),
    };
    let info = crate::bif::support::atom_map(ctx, &[(am::MODULE, Term::atom(explains))])?;
    error_info(ctx, info)
}

fn error_info(ctx: &mut Ctx<'_>, info: Term) -> Result<Option<Term>, crate::arena::OutOfMemory> {
    if info.is_none() {
        return Ok(None);
    }
    Ok(Some(build::tuple(ctx, &[Term::atom(am::ERROR_INFO), info])?))
}

fn entry(ctx: &mut Ctx<'_>, mfa: Mfa, args: Term, location: Term) -> Built {
    let last = if args.is_none() { Term::small(mfa.arity as i64) } else { args };
    build::tuple(ctx, &[Term::atom(mfa.module), Term::atom(mfa.function), last, location])
}

fn location(ctx: &mut Ctx<'_>, at: CodePtr) -> Built {
    let Some((file, line)) = ctx.sys.code.location_at(at).map(|(f, l)| (f.to_string(), l)) else {
        return Ok(Term::NIL);
    };
    let file = build::char_list(ctx, &file)?;
    let file = build::tuple(ctx, &[Term::atom(am::FILE), file])?;
    let line = build::tuple(ctx, &[Term::atom(am::LINE), Term::small(line as i64)])?;
    build::list(ctx, &[file, line])
}

/// The raw trace of the exception in the process.
fn raw_trace(m: &mut Machine<'_>) -> Built {
    let e = m.proc.exception.clone();
    if is_raw(m.mem(), e.trace) {
        return Ok(e.trace);
    }
    if !e.trace.is_none() {
        // A list that `raise/3` was given, which says nothing of the class.
        let zero = Term::small(0);
        return build::tuple(&mut m.ctx(), &[RAW, Term::small(e.class as i64), GIVEN, e.trace, zero, zero, zero]);
    }
    let opt = |t: Term| if t.is_none() { Term::small(0) } else { t };
    let mut words = vec![RAW, Term::small(e.class as i64)];
    match e.current {
        Some(mfa) => words.extend([Term::atom(mfa.module), Term::atom(mfa.function), Term::small(mfa.arity as i64)]),
        None => words.extend([Term::NIL; 3]),
    }
    words.extend([opt(e.args), opt(e.info)]);
    for f in &e.frames {
        words.push(Term::small((f.slot as i64) << 32 | f.offset as i64));
    }
    build::tuple(&mut m.ctx(), &words)
}

fn is_raw(mem: Mem, t: Term) -> bool {
    mem.tuple_arity(t).is_some_and(|n| n as usize >= RAW_HEAD) && mem.element(t, 1) == RAW
}

fn restore(mem: Mem, raw: Term) -> Exception {
    let get = |i| mem.element(raw, i);
    let opt = |t: Term| if t.is_small() { Term::NONE } else { t };
    let class = match get(2).as_small() {
        Some(1) => Class::Exit,
        Some(2) => Class::Throw,
        _ => Class::Error,
    };
    if get(3) == GIVEN {
        return Exception { class, trace: get(4), ..Exception::default() };
    }
    let current = match (get(3).as_atom(), get(4).as_atom(), get(5).as_small()) {
        (Some(module), Some(function), Some(n)) => Some(Mfa { module, function, arity: n as u8 }),
        _ => None,
    };
    let n = mem.tuple_arity(raw).unwrap_or(0);
    let frames = (RAW_HEAD as u32 + 1..=n)
        .filter_map(|i| get(i).as_small())
        .map(|v| CodePtr { slot: (v >> 32) as u32, offset: v as u32 })
        .collect();
    Exception { class, value: Term::NONE, trace: Term::NONE, current, args: opt(get(6)), info: opt(get(7)), frames }
}

/// Clears the exception: it has been handled.
fn handled(m: &mut Machine<'_>) {
    m.proc.exception = Exception::default();
    m.proc.catches = m.proc.catches.saturating_sub(1);
}

/// `try_case`: class, value and raw trace to x0, x1, x2.
pub fn try_case(m: &mut Machine<'_>, y: u16) -> Flow {
    let trace = match raw_trace(m) {
        Ok(t) => t,
        Err(e) => return m.fault(e.into()),
    };
    let (class, value) = (m.proc.exception.class, m.proc.exception.value);
    m.set_x(0, Term::atom(class.atom()));
    m.set_x(1, value);
    m.set_x(2, trace);
    let sp = m.proc.heap.sp;
    m.mem().set(sp, y as u32 + 1, Term::NIL);
    handled(m);
    if m.gc_desired()
        && let Err(f) = m.collect(0, 3)
    {
        return m.fault(f);
    }
    Flow::Next
}

/// `catch_end`: the value of a `catch` expression to x0.
pub fn catch_end(m: &mut Machine<'_>, y: u16) -> Flow {
    let sp = m.proc.heap.sp;
    m.mem().set(sp, y as u32 + 1, Term::NIL);
    if !m.x(0).is_none() {
        m.proc.catches = m.proc.catches.saturating_sub(1);
        return Flow::Next;
    }
    let (class, value) = (m.proc.exception.class, m.proc.exception.value);
    let result = match class {
        Class::Throw => Ok(value),
        Class::Exit => m.ctx().tuple(&[Term::atom(am::EXIT_), value]),
        Class::Error => trace_list(m).map_err(Into::into).and_then(|t| {
            let mut ctx = m.ctx();
            let pair = ctx.tuple(&[value, t])?;
            ctx.tuple(&[Term::atom(am::EXIT_), pair])
        }),
    };
    match result {
        Ok(t) => {
            m.set_x(0, t);
            handled(m);
            if m.gc_desired()
                && let Err(f) = m.collect(0, 1)
            {
                return m.fault(f);
            }
            Flow::Next
        }
        Err(f) => m.fault(f),
    }
}

/// `build_stacktrace`: a raw trace in x0 becomes a list.
pub fn build_stacktrace(m: &mut Machine<'_>) -> Flow {
    let raw = m.x(0);
    let mem = m.mem();
    if !is_raw(mem, raw) {
        return Flow::Next;
    }
    let e = restore(mem, raw);
    if !e.trace.is_none() {
        m.set_x(0, e.trace);
        return Flow::Next;
    }
    match build_trace(&mut m.ctx(), &e) {
        Ok(t) => {
            m.set_x(0, t);
            Flow::Next
        }
        Err(e) => m.fault(e.into()),
    }
}

/// `raw_raise`: class x0, value x1, trace x2 (raw or a list).
pub fn raw_raise(m: &mut Machine<'_>) -> Flow {
    let class = match m.x(0).as_atom() {
        Some(am::ERROR) => Class::Error,
        Some(am::EXIT) => Class::Exit,
        Some(am::THROW) => Class::Throw,
        _ => {
            m.set_x(0, Term::atom(am::BADARG));
            return Flow::Next;
        }
    };
    let (value, trace) = (m.x(1), m.x(2));
    again(m, class, value, trace)
}

/// `raise`: the class is in the raw trace.
pub fn raise(m: &mut Machine<'_>, t: Src, v: Src) -> Flow {
    let (trace, value) = (m.src(t), m.src(v));
    let class = if is_raw(m.mem(), trace) { restore(m.mem(), trace).class } else { Class::Error };
    again(m, class, value, trace)
}

fn again(m: &mut Machine<'_>, class: Class, value: Term, trace: Term) -> Flow {
    m.proc.exception = if is_raw(m.mem(), trace) {
        Exception { class, value, ..restore(m.mem(), trace) }
    } else {
        Exception { class, value, trace, ..Exception::default() }
    };
    Flow::Raise
}

/// `func_info`: no clause of the function matches.
pub fn function_clause(m: &mut Machine<'_>, mfa: Mfa) -> Flow {
    let args = m.xs(mfa.arity as usize).to_vec();
    let list = match build::list(&mut m.ctx(), &args) {
        Ok(l) => l,
        Err(e) => return m.fault(e.into()),
    };
    let flow = m.error(Term::atom(am::FUNCTION_CLAUSE));
    m.proc.exception.args = list;
    flow
}
