//! Watching the system as a whole, the limit of a process's heap, and insides that OTP's own modules and tests ask for.
//!
//! `system_monitor` reports large heaps and long collections here, long slices and message queues in `watch`; busy ports never come about. Mirrors
//! `erl_bif_trace.c`, `erl_gc.c` and `erl_bif_info.c` (OTP 27).

use super::process_info::{garbage_collection_info, total_heap_words};
use super::{Bif, BifResult, Ctx, Fault, bif};
use crate::atom::{Atom, am};
use crate::heap::gc::sizes;
use crate::heap::{build, number};
use crate::process::trace::flag;
use crate::term::Term;
use crate::tracing::{SystemMonitor, SystemProfile};

pub const BIFS: &[Bif] = &[
    bif("erlang", "system_monitor", 0, |c, _| monitor_settings(c)),
    bif("erlang", "system_monitor", 1, system_monitor_1),
    bif("erlang", "system_monitor", 2, |c, a| system_monitor(c, a[0], a[1])),
    bif("erlang", "system_profile", 0, |c, _| profile_settings(c)),
    bif("erlang", "system_profile", 2, system_profile),
    bif("erts_internal", "system_check", 1, system_check),
    bif("erts_internal", "process_display", 2, process_display),
    bif("erlang", "process_display", 2, process_display),
    bif("erts_debug", "copy_shared", 2, |c, a| if a[1].as_bool().is_some() { Ok(a[0]) } else { Err(c.badarg()) }),
    bif("erts_debug", "instructions", 0, instructions),
    bif("erts_debug", "interpreter_size", 0, |_, _| Ok(Term::small(0))),
    // As on an emulator that compiles nothing for coverage.
    bif("code", "coverage_support", 0, |_, _| Ok(Term::bool(false))),
    bif("code", "get_coverage_mode", 0, |_, _| Ok(Term::atom(am::NONE))),
    bif("code", "get_coverage_mode", 1, |c, _| Err(c.badarg())),
    bif("code", "get_coverage", 2, |c, _| Err(c.badarg())),
    bif("code", "reset_coverage", 1, |c, _| Err(c.badarg())),
    bif("code", "set_coverage_mode", 1, |c, _| Err(c.badarg())),
    bif("erts_internal", "get_creation", 0, |_, _| Ok(Term::small(0))),
];

fn monitor_settings(ctx: &mut Ctx<'_>) -> BifResult {
    let Some(m) = ctx.sys.tracing.system_monitor else { return Ok(Term::atom(am::UNDEFINED)) };
    let mut out = Vec::new();
    if m.busy_dist_port {
        out.push(Term::atom(am::BUSY_DIST_PORT));
    }
    if m.busy_port {
        out.push(Term::atom(am::BUSY_PORT));
    }
    let numbers = [(am::LARGE_HEAP, m.large_heap), (am::LONG_SCHEDULE, m.long_schedule), (am::LONG_GC, m.long_gc)];
    for (name, n) in numbers {
        if n != 0 {
            let n = ctx.uint(n)?;
            out.push(ctx.tuple(&[Term::atom(name), n])?);
        }
    }
    if let Some((off, on)) = m.long_message_queue {
        let (off, on) = (ctx.uint(off)?, ctx.uint(on)?);
        let pair = ctx.tuple(&[off, on])?;
        out.push(ctx.tuple(&[Term::atom(am::LONG_MESSAGE_QUEUE), pair])?);
    }
    let list = ctx.list(&out)?;
    ctx.tuple(&[m.pid, list])
}

fn system_monitor_1(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    if args[0].is(am::UNDEFINED) {
        return system_monitor(ctx, args[0], Term::NIL);
    }
    let mem = ctx.sys.mem();
    match mem.tuple_arity(args[0]) {
        Some(2) => system_monitor(ctx, mem.element(args[0], 1), mem.element(args[0], 2)),
        _ => Err(ctx.badarg()),
    }
}

fn system_monitor(ctx: &mut Ctx<'_>, pid: Term, list: Term) -> BifResult {
    let new = if pid.is(am::UNDEFINED) || list.is_nil() {
        None
    } else {
        match monitor_options(ctx, pid, list) {
            Some(m) if ctx.signals().is_alive(pid) => Some(m),
            _ => return Err(ctx.badarg()),
        }
    };
    let before = monitor_settings(ctx)?;
    ctx.sys.tracing.system_monitor = new;
    Ok(before)
}

fn monitor_options(ctx: &Ctx<'_>, pid: Term, list: Term) -> Option<SystemMonitor> {
    let mem = ctx.sys.mem();
    if !pid.is_local_pid() || !list.is_list() {
        return None;
    }
    let mut m = SystemMonitor { pid, ..SystemMonitor::default() };
    let mut t = list;
    while t.is_list() {
        let o = mem.head(t);
        if mem.tuple_arity(o) == Some(2) {
            let v = mem.element(o, 2);
            let n = number::to_u64(mem, v);
            match mem.element(o, 1).as_atom()? {
                am::LONG_GC => m.long_gc = n?.max(1),
                am::LONG_SCHEDULE => m.long_schedule = n?.max(1),
                am::LARGE_HEAP => m.large_heap = n?.max(16384),
                am::LONG_MESSAGE_QUEUE if mem.tuple_arity(v) == Some(2) => {
                    let (off, on) = (mem.element(v, 1).as_small()?, mem.element(v, 2).as_small()?);
                    if off < 0 || on <= off {
                        return None;
                    }
                    m.long_message_queue = Some((off as u64, on as u64));
                }
                _ => return None,
            }
        } else {
            match o.as_atom()? {
                am::BUSY_PORT => m.busy_port = true,
                am::BUSY_DIST_PORT => m.busy_dist_port = true,
                _ => return None,
            }
        }
        t = mem.tail(t);
    }
    t.is_nil().then_some(m)
}

fn profile_settings(ctx: &mut Ctx<'_>) -> BifResult {
    let Some(p) = ctx.sys.tracing.system_profile else { return Ok(Term::atom(am::UNDEFINED)) };
    let mut out = Vec::new();
    for (name, on) in [
        (am::EXCLUSIVE, p.exclusive),
        (am::SCHEDULER, p.scheduler),
        (am::RUNNABLE_PORTS, p.runnable_ports),
        (am::RUNNABLE_PROCS, p.runnable_procs),
    ] {
        if on {
            out.push(Term::atom(name));
        }
    }
    let list = ctx.list(&out)?;
    ctx.tuple(&[p.pid, list])
}

/// Of processes [`super::watch`] tells; there are no schedulers and no ports to profile.
fn system_profile(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let mut new = None;
    if !args[0].is(am::UNDEFINED) && !args[1].is_nil() {
        let mem = ctx.sys.mem();
        if !args[0].is_local_pid() || !ctx.signals().is_alive(args[0]) {
            return Err(ctx.badarg());
        }
        let mut p = SystemProfile { pid: args[0], stamp: flag::TIMESTAMP, ..SystemProfile::default() };
        let mut t = args[1];
        while t.is_list() {
            match mem.head(t).as_atom() {
                Some(am::RUNNABLE_PROCS) => p.runnable_procs = true,
                Some(am::RUNNABLE_PORTS) => p.runnable_ports = true,
                Some(am::EXCLUSIVE) => p.exclusive = true,
                Some(am::SCHEDULER) => p.scheduler = true,
                Some(am::TIMESTAMP) => p.stamp = flag::TIMESTAMP,
                Some(am::STRICT_MONOTONIC_TIMESTAMP) => p.stamp = flag::STRICT_MONOTONIC,
                Some(am::MONOTONIC_TIMESTAMP) => p.stamp = flag::MONOTONIC,
                _ => return Err(ctx.badarg()),
            }
            t = mem.tail(t);
        }
        if !t.is_nil() {
            return Err(ctx.badarg());
        }
        new = Some(p);
    }
    let before = profile_settings(ctx)?;
    ctx.sys.tracing.system_profile = new;
    Ok(before)
}

fn system_check(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    if args[0].is(am::SCHEDULERS) { Ok(Term::atom(am::OK)) } else { Err(ctx.badarg()) }
}

/// `process_display(Pid, backtrace)`: the stack to standard error.
fn process_display(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    if !args[1].is(am::BACKTRACE) {
        return Err(ctx.badarg_cause(am::BADOPT));
    }
    if !args[0].is_local_pid() {
        return Err(ctx.badarg());
    }
    let pair = super::process_info::process_info_2(ctx, args)?;
    let mem = ctx.sys.mem();
    if mem.tuple_arity(pair) != Some(2) {
        return Err(ctx.badarg());
    }
    let text = mem.binary_to_vec(mem.element(pair, 2)).unwrap_or_default();
    ctx.sys.host.write(crate::host::Stream::Stderr, &text);
    Ok(Term::bool(true))
}

/// The names of the VM's own instructions.
fn instructions(ctx: &mut Ctx<'_>, _: &[Term]) -> BifResult {
    let mut out = Vec::new();
    for (name, ..) in crate::code::op::REFERENCE {
        out.push(ctx.string(name)?);
    }
    ctx.list(&out)
}

/// Before a collection: a process that would go over its `max_heap_size` is reported and ended, as its flags say.
pub fn check_max_heap(ctx: &mut Ctx<'_>, need: usize) -> Result<(), Fault> {
    let max = ctx.proc.max_heap;
    let h = &ctx.proc.heap;
    let waiting: usize = ctx.proc.mailbox.iter().filter_map(|m| m.fragment).map(|(f, _)| f.used as usize).sum();
    let before = h.used() + h.frag_words + waiting;
    let above = (h.end.saturating_sub(h.top) / 8) as usize;
    let mut size = before;
    if h.old_size() > 0 {
        size += h.old_size();
    } else if h.high_water > h.start {
        size += sizes::next(before, 1);
    }
    size += sizes::at_least(above + before.max(need + crate::heap::RESERVED as usize));
    let mut counted = size as u64;
    if max.include_shared_binaries {
        counted += h.off_heap.words + h.old_off_heap.words;
    }
    if counted <= max.words {
        return Ok(());
    }
    let me = ctx.proc.pid;
    if max.error_logger {
        report_max_heap(ctx, size as u64)?;
    }
    if ctx.proc.trace_flags() & flag::GC != 0 {
        let info = garbage_collection_info(ctx, me, false)?;
        ctx.signals().trace_event(me, flag::GC, am::GC_MAX_HEAP_SIZE, &[info])?;
    }
    if max.kill {
        ctx.proc.exit_reason = Term::atom(am::KILLED);
        return Err(Fault::Exit);
    }
    Ok(())
}

/// OTP's report of a heap that is too large, to its logger or to standard error.
fn report_max_heap(ctx: &mut Ctx<'_>, size: u64) -> Result<(), Fault> {
    const FORMAT: &str = "     Process:            ~p ~n     Context:            maximum heap size reached~n     \
         Max Heap Size:      ~p~n     Total Heap Size:    ~p~n     Kill:               ~p~n     Error Logger:       \
         ~p~n     Message Queue Len:  ~p~n     GC Info:            ~p~n     Stacktrace:         ~p~n";
    let (me, max) = (ctx.proc.pid, ctx.proc.max_heap);
    let info = garbage_collection_info(ctx, me, false)?;
    let trace = super::process_info::process_info_2(ctx, &[me, Term::atom(am::CURRENT_STACKTRACE)])?;
    let mem = ctx.sys.mem();
    let trace = if mem.tuple_arity(trace) == Some(2) { mem.element(trace, 2) } else { Term::NIL };
    let (most, size, queued) = (ctx.uint(max.words)?, ctx.uint(size)?, ctx.proc.mailbox.len() as i64);
    let args = [me, most, size, Term::bool(max.kill), Term::bool(true), Term::small(queued), info, trace];
    let logger = ctx.sys.resources.system_logger.or_else(|| ctx.sys.names.get(&am::LOGGER).copied());
    let Some(logger) = logger.filter(|l| ctx.sys.procs.exists(*l)) else {
        let mut parts = FORMAT.split('~');
        let mut text = String::from("=ERROR REPORT====\n");
        text.push_str(parts.next().unwrap_or_default());
        let mut values = args.iter();
        for part in parts {
            match part.strip_prefix('n') {
                Some(rest) => text.push_str(&format!("\n{rest}")),
                None => {
                    if let Some(v) = values.next() {
                        text.push_str(&crate::heap::print::write(ctx.sys.mem(), &ctx.sys.names(), *v, true, 4000));
                    }
                    text.push_str(part.get(1..).unwrap_or_default());
                }
            }
        }
        text.push('\n');
        ctx.sys.host.write(crate::host::Stream::Stderr, text.as_bytes());
        return Ok(());
    };
    let args = ctx.list(&args)?;
    let mut meta = Vec::new();
    let about = [(ctx.atom("emulator")?, Term::bool(true)), (ctx.atom("tag")?, Term::atom(am::ERROR))];
    let about: Vec<_> = about.iter().filter_map(|(k, v)| Some((k.as_atom()?, *v))).collect();
    let about = super::support::atom_map(ctx, &about)?;
    let time = ctx.sys.system_ns() / 1000;
    let time = ctx.int(time)?;
    let leader = ctx.proc.group_leader;
    for (key, value) in [("error_logger", about), ("gl", leader), ("pid", me), ("time", time)] {
        if let Some(key) = ctx.atom(key)?.as_atom() {
            meta.push((key, value));
        }
    }
    let meta = super::support::atom_map(ctx, &meta)?;
    let format = ctx.string(FORMAT)?;
    let log = ctx.atom("log")?;
    let message = build::tuple(ctx, &[log, Term::atom(am::ERROR), format, args, meta])?;
    Ok(ctx.signals().send_copy(logger, message)?)
}

/// After a collection that began at `started` (nanoseconds): the system monitor may want to know of a large heap, or that it took long.
pub fn check_collection(ctx: &mut Ctx<'_>, started: u64) -> Result<(), Fault> {
    let Some(m) = ctx.sys.tracing.system_monitor.filter(|m| m.pid != ctx.proc.pid) else { return Ok(()) };
    if m.long_gc > 0 {
        let took_ms = ctx.sys.now_ns().saturating_sub(started) / 1_000_000;
        if took_ms >= m.long_gc {
            tell_of_heap(ctx, m.pid, am::LONG_GC, Some(took_ms))?;
        }
    }
    if m.large_heap > 0 && total_heap_words(ctx.proc) >= m.large_heap {
        tell_of_heap(ctx, m.pid, am::LARGE_HEAP, None)?;
    }
    Ok(())
}

fn tell_of_heap(ctx: &mut Ctx<'_>, to: Term, what: Atom, took_ms: Option<u64>) -> Result<(), Fault> {
    let (me, h) = (ctx.proc.pid, &ctx.proc.heap);
    let sizes = [
        (am::OLD_HEAP_BLOCK_SIZE, h.old_size() as u64),
        (am::HEAP_BLOCK_SIZE, h.size() as u64),
        (am::MBUF_SIZE, h.frag_words as u64),
        (am::STACK_SIZE, h.stack_words() as u64),
        (am::OLD_HEAP_SIZE, h.old_used() as u64),
        (am::HEAP_SIZE, h.used() as u64),
    ];
    let mut info = Vec::new();
    for (name, n) in took_ms.map(|ms| (am::TIMEOUT, ms)).into_iter().chain(sizes) {
        info.push((name, ctx.uint(n)?));
    }
    let info = ctx.pair_list(&info)?;
    let message = ctx.tuple(&[Term::atom(am::MONITOR), me, Term::atom(what), info])?;
    Ok(ctx.signals().send_copy(to, message)?)
}
