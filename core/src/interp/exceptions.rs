//! Exceptions: from the fault to the handler, and the stack trace.
//!
//! A handler is found by walking the stack: a word with tag 00 is a return address and ends a frame, a catch tag in a frame is an active handler.
//! Between a fault and `build_stacktrace` a trace is *raw*: a tuple `{RAW, Class, Module|[], Function, Arity, Args, Info, Frame ..}`
//! of small integers and terms, which costs little and survives collections. Mirrors `beam_common.c`.

use super::{Flow, Machine, PROCESS_END, SliceEnd};
use crate::atom::am;
use crate::bif::Ctx;
use crate::code::operand::Src;
use crate::heap::Alloc;
use crate::heap::build::{self, Built};
use crate::process::{Class, CodePtr, Exception, Mfa};
use crate::term::{Addr, Mem, TAG_HEADER, TAG_MASK, Term, object};

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
fn frames(m: &mut Machine<'_>, at: u32) -> Vec<CodePtr> {
    let mut out = std::mem::take(&mut m.proc.exception.frames);
    out.push(CodePtr { slot: m.slot, offset: at });
    add_callers(m, &mut out);
    out
}

/// The calls that the return addresses on the stack belong to, innermost first.
pub fn callers(m: &Machine<'_>) -> Vec<CodePtr> {
    let mut out = Vec::new();
    add_callers(m, &mut out);
    out
}

fn add_callers(m: &Machine<'_>, out: &mut Vec<CodePtr>) {
    let mem = m.mem();
    let most = m.sys.shared.backtrace_depth + 1;
    let mut a = m.proc.heap.sp;
    while a < m.proc.heap.end && out.len() < most {
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
}

fn find_handler(m: &Machine<'_>) -> Option<(u32, CodePtr)> {
    let mem = m.mem();
    let (mut a, mut frame) = (m.proc.heap.sp, m.proc.heap.sp);
    while a < m.proc.heap.end {
        let w = mem.word(a, 0);
        if w & TAG_MASK == TAG_HEADER {
            frame = a + 8;
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
    let e = std::mem::take(&mut m.proc.exception);
    let mut ctx = Ctx { proc: m.proc, sys: m.sys };
    let list = if is_raw(ctx.mem(), e.trace) {
        let restored = restore(ctx.mem(), e.trace);
        if restored.trace.is_none() { build_trace(&mut ctx, &restored) } else { Ok(restored.trace) }
    } else if e.trace.is_none() {
        build_trace(&mut ctx, &e)
    } else {
        Ok(e.trace)
    };
    m.proc.exception = e;
    list
}

/// Words of an entry: its cons cell and tuple, and what a location adds.
const ENTRY_WORDS: u32 = 7;
const LOCATION_WORDS: u32 = 7;

/// The list of `{M, F, Arity | Args, Location}` of an exception: all of its words at once, but for the arguments and the `error_info` of the
/// function at fault.
pub fn build_trace(ctx: &mut Ctx<'_>, e: &Exception) -> Built {
    // The function that failed is always there.
    let depth = ctx.sys.shared.backtrace_depth.max(1);
    let mut entries: Vec<(Mfa, Option<(Term, u32)>)> = Vec::with_capacity(1 + e.frames.len().min(depth));
    // The function at fault is a BIF, or the first on the stack.
    let info = match e.current {
        Some(mfa) => {
            entries.push((mfa, None));
            bif_error_info(ctx, mfa, e)?
        }
        None => error_info(ctx, e.info)?,
    };
    for frame in &e.frames {
        if entries.len() >= depth {
            break;
        }
        if let Some((mfa, location)) = ctx.sys.code.place_at(*frame) {
            entries.push((mfa, location));
        }
    }
    let located = entries.iter().filter(|e| e.1.is_some()).count() as u32;
    let words = entries.len() as u32 * ENTRY_WORDS + located * LOCATION_WORDS + if info.is_some() { 2 } else { 0 };
    if entries.is_empty() {
        return Ok(Term::NIL);
    }
    let start = ctx.words(words)?;
    let mem = ctx.mem();
    let mut at = start;
    let mut take = |words: u32| {
        let place = at;
        at += 8 * words;
        place
    };
    let mut link = 0;
    for (n, (mfa, location)) in entries.iter().enumerate() {
        let (cell, tuple) = (take(2), take(5));
        let mut rest = Term::NIL;
        if let Some(info) = info.filter(|_| n == 0) {
            rest = cons(mem, take(2), info, Term::NIL);
        }
        if let Some((file, line)) = location {
            let pair = take(3);
            mem.set_word(pair, 0, object::tuple_header(2));
            mem.set(pair, 1, Term::atom(am::LINE));
            mem.set(pair, 2, Term::small(*line as i64));
            rest = cons(mem, take(2), Term::boxed_at(pair), rest);
            rest = cons(mem, take(2), *file, rest);
        }
        let args = Some(e.args).filter(|a| n == 0 && !a.is_none()).unwrap_or(Term::small(mfa.arity as i64));
        mem.set_word(tuple, 0, object::tuple_header(4));
        for (i, t) in [Term::atom(mfa.module), Term::atom(mfa.function), args, rest].into_iter().enumerate() {
            mem.set(tuple, 1 + i as u32, t);
        }
        cons(mem, cell, Term::boxed_at(tuple), Term::NIL);
        if link != 0 {
            mem.set(link, 1, Term::list_at(cell));
        }
        link = cell;
    }
    Ok(Term::list_at(start))
}

fn cons(mem: Mem, at: Addr, head: Term, tail: Term) -> Term {
    mem.set(at, 0, head);
    mem.set(at, 1, tail);
    Term::list_at(at)
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

/// The raw trace of the exception in the process.
fn raw_trace(m: &mut Machine<'_>) -> Built {
    let e = &m.proc.exception;
    let (trace, class) = (e.trace, Term::small(e.class as i64));
    if is_raw(m.mem(), trace) {
        return Ok(trace);
    }
    if !trace.is_none() {
        // A list that `raise/3` was given, which says nothing of the class.
        let zero = Term::small(0);
        return build::tuple(&mut m.ctx(), &[RAW, class, GIVEN, trace, zero, zero, zero]);
    }
    let n = (RAW_HEAD + e.frames.len()) as u32;
    let at = m.ctx().words(n + 1)?;
    let (mem, e) = (m.mem(), &m.proc.exception);
    let opt = |t: Term| if t.is_none() { Term::small(0) } else { t };
    let [module, function, arity] = match e.current {
        Some(mfa) => [Term::atom(mfa.module), Term::atom(mfa.function), Term::small(mfa.arity as i64)],
        None => [Term::NIL; 3],
    };
    mem.set_word(at, 0, object::tuple_header(n));
    let head = [RAW, class, module, function, arity, opt(e.args), opt(e.info)];
    let frames = e.frames.iter().map(|f| Term::small((f.slot as i64) << 32 | f.offset as i64));
    for (i, t) in head.into_iter().chain(frames).enumerate() {
        mem.set(at, 1 + i as u32, t);
    }
    Ok(Term::boxed_at(at))
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
    let mut frames = std::mem::take(&mut m.proc.exception.frames);
    frames.clear();
    m.proc.exception = Exception { frames, ..Exception::default() };
    m.proc.catches = m.proc.catches.saturating_sub(1);
}

/// `try_case`: class, value and raw trace to x0, x1, x2.
pub fn try_case(m: &mut Machine<'_>, y: u16) -> Flow {
    if m.proc.exception.value.is_none() {
        return uncalled(m);
    }
    let trace = match raw_trace(m) {
        Ok(t) => t,
        Err(e) => return m.fault(e.into()),
    };
    let (class, value) = (m.proc.exception.class, m.proc.exception.value);
    m.set_x(0, Term::atom(class.atom()));
    m.set_x(1, value);
    m.set_x(2, trace);
    let sp = m.proc.heap.sp;
    m.mem().set(sp, y as u32, Term::NIL);
    handled(m);
    if m.gc_desired()
        && let Err(f) = m.collect(0, 3)
    {
        return m.fault(f);
    }
    Flow::Next
}

/// A handler was entered without an exception, which no compiler's code does: the process ends.
fn uncalled(m: &mut Machine<'_>) -> Flow {
    m.proc.exit_reason = Term::atom(am::BADARG);
    Flow::End(SliceEnd::Exited)
}

/// `catch_end`: the value of a `catch` expression to x0.
pub fn catch_end(m: &mut Machine<'_>, y: u16) -> Flow {
    let sp = m.proc.heap.sp;
    m.mem().set(sp, y as u32, Term::NIL);
    if !m.x(0).is_none() {
        m.proc.catches = m.proc.catches.saturating_sub(1);
        return Flow::Next;
    }
    let (class, value) = (m.proc.exception.class, m.proc.exception.value);
    if value.is_none() {
        return uncalled(m);
    }
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
