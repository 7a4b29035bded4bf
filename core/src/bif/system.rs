//! The VM about itself: `system_info`, `statistics`, `memory`, collections on demand, nodes.

use super::memory::Memory;
use super::process_info::total_heap_words;
use super::{Bif, BifResult, Ctx, Fault, bif};
use crate::atom::{Atom, am};
use crate::heap::copy;
use crate::heap::gc::sizes;
use crate::process::State;
use crate::signals::Signals;
use crate::term::{MIN_SMALL, Term};

/// The release and the runtime version that the VM behaves as.
const OTP_RELEASE: &str = "27";
const ERTS_VERSION: &str = "15.2.7";
/// The largest `backtrace_depth`.
const MAX_BACKTRACE: usize = 64;
/// The most ports that OTP has at a time, if it isn't told otherwise.
pub const MAX_PORTS: u64 = 65536;

pub const BIFS: &[Bif] = &[
    bif("erlang", "system_info", 1, system_info),
    bif("erlang", "system_flag", 2, system_flag),
    bif("erlang", "statistics", 1, statistics),
    bif("erlang", "memory", 0, |c, _| memory(c, &MEMORY_KINDS)),
    bif("erlang", "memory", 1, memory_1),
    bif("erlang", "garbage_collect", 0, |c, _| {
        c.proc.request_collection();
        Ok(Term::bool(true))
    }),
    bif("erlang", "garbage_collect", 1, |c, a| garbage_collect(c, a[0], Term::NIL)),
    bif("erlang", "garbage_collect", 2, |c, a| garbage_collect(c, a[0], a[1])),
    bif("erlang", "garbage_collect_message_area", 0, |_, _| Ok(Term::bool(false))),
    bif("erlang", "node", 0, |_, _| Ok(Term::atom(am::NONAME))),
    bif("erlang", "node", 1, node_1),
    bif("erlang", "nodes", 0, |_, _| Ok(Term::NIL)),
    bif("erlang", "nodes", 1, |c, a| nodes(c, a[0])),
    bif("erlang", "is_alive", 0, |_, _| Ok(Term::bool(false))),
    bif("erlang", "get_cookie", 0, |c, _| c.atom("nocookie")),
    bif("erlang", "disconnect_node", 1, |_, _| Ok(Term::atom(am::IGNORED))),
];

fn node_1(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let mem = ctx.sys.mem();
    let t = args[0];
    if t.is_local_pid() || t.is_local_port() || mem.ref_id(t).is_some() {
        return Ok(Term::atom(am::NONAME));
    }
    let node = mem.external_id(t).map(|e| e.0).or_else(|| mem.external_ref(t).map(|e| e.0));
    match node {
        Some(node) => Ok(Term::atom(node.name)),
        None => Err(ctx.badarg()),
    }
}

fn nodes(ctx: &mut Ctx<'_>, what: Term) -> BifResult {
    let mem = ctx.sys.mem();
    let mut this = false;
    let list = if what.is_list() || what.is_nil() { what } else { ctx.list(&[what])? };
    let mut t = list;
    while t.is_list() {
        match mem.head(t).as_atom() {
            Some(am::THIS | am::KNOWN) => this = true,
            Some(am::VISIBLE | am::HIDDEN | am::CONNECTED) => {}
            _ => return Err(ctx.badarg()),
        }
        t = mem.tail(t);
    }
    if !t.is_nil() {
        return Err(ctx.badarg());
    }
    if this { ctx.list(&[Term::atom(am::NONAME)]) } else { Ok(Term::NIL) }
}

fn system_info(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let Some(item) = args[0].as_atom() else { return system_info_tuple(ctx, args[0]) };
    let sys = &*ctx.sys;
    let number: u64 = match item {
        am::WORDSIZE => 8,
        am::SCHEDULERS
        | am::SCHEDULERS_ONLINE
        | am::SCHEDULER_ID
        | am::LOGICAL_PROCESSORS
        | am::LOGICAL_PROCESSORS_AVAILABLE
        | am::LOGICAL_PROCESSORS_ONLINE
        | am::DIRTY_CPU_SCHEDULERS
        | am::DIRTY_CPU_SCHEDULERS_ONLINE
        | am::DIRTY_IO_SCHEDULERS => 1,
        am::PROCESS_LIMIT => sys.procs.limit() as u64,
        am::PROCESS_COUNT => sys.procs.len() as u64,
        am::ATOM_LIMIT => sys.atoms.limit() as u64,
        am::ATOM_COUNT => sys.atoms.len() as u64,
        am::ETS_LIMIT => sys.config.max_ets_tables as u64,
        am::ETS_COUNT => sys.ets.len() as u64,
        am::PORT_LIMIT => MAX_PORTS,
        am::PORT_COUNT => sys.resources.ports.len() as u64,
        am::OUTSTANDING_SYSTEM_REQUESTS_LIMIT => sys.shared.outstanding_requests,
        am::THREAD_POOL_SIZE => 0,
        am::TRACE_CONTROL_WORD => sys.tracing.sessions.get(&0).map_or(0, |s| s.control_word as u64),
        am::DELAYED_NODE_TABLE_GC => 60,
        am::COMPAT_REL => 27,
        am::CREATION => 0,
        am::DIST_BUF_BUSY_LIMIT => 1 << 20,
        _ => return system_fact(ctx, item),
    };
    ctx.uint(number)
}

/// Items whose values are atoms, strings and lists.
fn system_fact(ctx: &mut Ctx<'_>, item: Atom) -> BifResult {
    let text = match item {
        am::OTP_RELEASE => OTP_RELEASE.to_string(),
        am::VERSION => ERTS_VERSION.to_string(),
        am::SYSTEM_VERSION => {
            format!("Erlang/OTP {OTP_RELEASE} [erts-{ERTS_VERSION}] [64-bit] [smp:1:1] [ds:1:1:1] [async-threads:0]\n")
        }
        am::SYSTEM_ARCHITECTURE => "beambox".to_string(),
        am::MACHINE => "BEAM".to_string(),
        am::DRIVER_VERSION => "3.3".to_string(),
        am::NIF_VERSION => "2.17".to_string(),
        _ => {
            let atom = match item {
                am::EMU_FLAVOR => am::EMU,
                am::EMU_TYPE | am::BUILD_TYPE => am::OPT,
                am::SMP_SUPPORT | am::THREADS | am::TIME_CORRECTION => am::TRUE,
                am::KERNEL_POLL
                | am::DEBUG_COMPILED
                | am::PORT_PARALLELISM
                | am::ETS_ALWAYS_COMPRESS
                | am::ASYNC_DIST => am::FALSE,
                am::HEAP_TYPE => am::PRIVATE,
                am::ENDIAN => am::LITTLE,
                am::BREAK_IGNORED => am::FALSE,
                am::SEQUENTIAL_TRACER => return super::seq_trace::tracer(ctx),
                am::ALLOC_UTIL_ALLOCATORS => return Ok(Term::NIL),
                am::MULTI_SCHEDULING => am::DISABLED,
                am::TIME_WARP_MODE => am::MULTI_TIME_WARP,
                am::TIME_OFFSET => am::VOLATILE,
                am::TOLERANT_TIMEOFDAY => am::DISABLED,
                am::MESSAGE_QUEUE_DATA => am::ON_HEAP,
                am::DYNAMIC_TRACE => am::NONE,
                am::CPU_TOPOLOGY | am::MODIFIED_TIMING_LEVEL | am::C_COMPILER_USED => am::UNDEFINED,
                am::DYNAMIC_TRACE_PROBES => am::FALSE,
                am::SCHEDULER_BIND_TYPE => am::UNBOUND,
                am::HALT_FLUSH_TIMEOUT => am::INFINITY,
                am::UPDATE_CPU_INFO => am::UNCHANGED,
                am::MULTI_SCHEDULING_BLOCKERS
                | am::NORMAL_MULTI_SCHEDULING_BLOCKERS
                | am::CHECK_IO
                | am::TAINTS
                | am::DIST_CTRL => return Ok(Term::NIL),
                am::OS_TYPE => return super::host::os_type(ctx, &[]),
                am::OS_VERSION => return ctx.tuple(&[Term::small(0), Term::small(0), Term::small(0)]),
                am::START_TIME => return ctx.int(MIN_SMALL),
                _ => return system_report(ctx, item),
            };
            return Ok(Term::atom(atom));
        }
    };
    ctx.string(&text)
}

/// Items that are texts about the whole system, and descriptions of clocks and allocators.
fn system_report(ctx: &mut Ctx<'_>, item: Atom) -> BifResult {
    match ctx.sys.atoms.name(item) {
        // The length of a slice.
        "context_reductions" => return Ok(Term::small(4000)),
        "snifs" => return snifs(ctx),
        "eager_check_io" | "beam_jump_table" => return Ok(Term::bool(true)),
        "ets_realloc_moves" => return Ok(Term::bool(false)),
        "hipe_architecture" => return Ok(Term::atom(am::UNDEFINED)),
        "cpu_quota" => return ctx.atom("unknown"),
        "literal_test" => return ctx.atom("range"),
        "schedulers_state" => return ctx.tuple(&[Term::small(1); 3]),
        "reader_groups_map" => return Ok(Term::NIL),
        _ => {}
    }
    let undefined = Term::atom(am::UNDEFINED);
    match item {
        am::SCHEDULER_BINDINGS => ctx.tuple(&[Term::atom(am::UNBOUND)]),
        am::ALLOCATOR => ctx.tuple(&[undefined, Term::NIL, Term::NIL, Term::NIL]),
        am::SYSTEM_LOGGER => Ok(ctx.sys.resources.system_logger.unwrap_or(undefined)),
        am::END_TIME => ctx.int(i64::MAX),
        am::OS_MONOTONIC_TIME_SOURCE | am::OS_SYSTEM_TIME_SOURCE => {
            let host = ctx.atom("host")?;
            let now = match item {
                am::OS_SYSTEM_TIME_SOURCE => ctx.sys.system_ns(),
                _ => ctx.sys.now_ns() as i64,
            };
            let now = ctx.int(now)?;
            let no = Term::atom(am::NO);
            let mut about = vec![(am::FUNCTION, host), (am::RESOLUTION, Term::small(1_000_000_000))];
            if item == am::OS_MONOTONIC_TIME_SOURCE {
                about.push((am::EXTENDED, no));
            }
            about.extend([(am::PARALLEL, no), (am::TIME, now)]);
            ctx.pair_list(&about)
        }
        am::ALLOCATED_AREAS => {
            let values = measure(ctx);
            let names = [(am::ATOM_TABLE, 4), (am::LOADED_CODE, 7), (am::ETS_MISC, 8)];
            let mut out = Vec::new();
            for (name, i) in names {
                out.push((name, ctx.uint(values[i])?));
            }
            ctx.pair_list(&out)
        }
        am::LOADED => {
            let code = &ctx.sys.code;
            let mut rows: Vec<(String, usize)> = (code.modules.iter())
                .filter_map(|(m, e)| Some((ctx.sys.atoms.name(*m).to_string(), code.instance(e.current?)?.bytes)))
                .collect();
            rows.sort();
            let total: usize = rows.iter().map(|r| r.1).sum();
            let mut text = format!("Current code: {total}\nOld code: 0\n");
            rows.iter().for_each(|(name, bytes)| text.push_str(&format!("{name} {bytes}\n")));
            ctx.binary(text.as_bytes())
        }
        am::PROCS => {
            let mut text = String::new();
            for p in ctx.sys.procs.iter().chain(std::iter::once(&*ctx.proc)) {
                let pid = crate::heap::print::write(ctx.sys.mem(), &ctx.sys.names(), p.pid, true, 100);
                let (heap, queue) = (total_heap_words(p), p.mailbox.len());
                text.push_str(&format!("=proc:{pid}\nMessage queue length: {queue}\nStack+heap: {heap}\n"));
            }
            ctx.binary(text.as_bytes())
        }
        am::INFO | am::DIST => {
            let mut text = String::new();
            if item == am::INFO {
                let values = measure(ctx);
                text.push_str("=memory\n");
                for (kind, bytes) in MEMORY_KINDS.iter().zip(values) {
                    text.push_str(&format!("{}: {bytes}\n", ctx.sys.atoms.name(*kind)));
                }
            } else {
                text.push_str("=node:'nonode@nohost'\n=no_distribution\n");
            }
            ctx.binary(text.as_bytes())
        }
        _ => heap_setting(ctx, item),
    }
}

/// Defaults of new processes.
fn heap_setting(ctx: &mut Ctx<'_>, item: Atom) -> BifResult {
    let c = &ctx.sys.config;
    let min = sizes::at_least(c.min_heap_size) as i64;
    let (vheap, full) = (c.min_bin_vheap_size as i64, c.fullsweep_after as i64);
    let value = match item {
        am::MIN_HEAP_SIZE => Term::small(min),
        am::MIN_BIN_VHEAP_SIZE => Term::small(vheap),
        am::FULLSWEEP_AFTER => Term::small(full),
        am::MAX_HEAP_SIZE => {
            let max = ctx.sys.shared.max_heap;
            return super::flags::max_heap_map(ctx, max);
        }
        am::GARBAGE_COLLECTION => {
            let max = ctx.sys.shared.max_heap.words;
            let max = ctx.uint(max)?;
            return ctx.pair_list(&[
                (am::MAX_HEAP_SIZE, max),
                (am::MIN_BIN_VHEAP_SIZE, Term::small(vheap)),
                (am::MIN_HEAP_SIZE, Term::small(min)),
                (am::FULLSWEEP_AFTER, Term::small(full)),
            ]);
        }
        am::HEAP_SIZES => {
            let mut out = Vec::new();
            let mut s = sizes::at_least(1);
            while out.last() != Some(&Term::small(s as i64)) {
                out.push(Term::small(s as i64));
                s = sizes::next(s, 1);
            }
            // OTP's table goes on by the same rule, up to sizes that no arena has.
            let mut s = s as i64;
            while s + s / 5 < 1 << 50 {
                s += s / 5;
                out.push(Term::small(s));
            }
            return ctx.list(&out);
        }
        _ => return Err(ctx.badarg()),
    };
    ctx.tuple(&[Term::atom(item), value])
}

fn system_info_tuple(ctx: &mut Ctx<'_>, t: Term) -> BifResult {
    let mem = ctx.sys.mem();
    if mem.tuple_arity(t) == Some(2) {
        let (a, b) = (mem.element(t, 1), mem.element(t, 2));
        if a.is(am::WORDSIZE) && (b.is(am::INTERNAL) || b.is(am::EXTERNAL)) {
            return Ok(Term::small(8));
        }
        if a.is(am::ALLOCATOR) {
            return Ok(Term::bool(false));
        }
        // OTP's memory comes from no allocator here: nothing can be said of any.
        if a.as_atom().is_some_and(|a| ctx.sys.atoms.name(a) == "allocator_sizes") && (b.is_list() || b.is_nil()) {
            let mut out = Vec::new();
            for name in ctx.list_to_vec(b)? {
                out.push(ctx.tuple(&[name, Term::bool(false)])?);
            }
            return ctx.list(&out);
        }
        if a.as_atom().is_some_and(|a| ctx.sys.atoms.name(a) == "allocator_sizes") && b.is_atom() {
            return Ok(Term::bool(false));
        }
        // No processor is known, so none is defined, found or used.
        let which = b.as_atom().map(|b| ctx.sys.atoms.name(b));
        if a.is(am::CPU_TOPOLOGY) && matches!(which, Some("defined" | "detected" | "used")) {
            return Ok(Term::atom(am::UNDEFINED));
        }
    }
    Err(ctx.badarg())
}

/// Sets a flag of the system; the result is the value before. Flags of what isn't there (schedulers, cpus) can only be set
/// to what they are.
fn system_flag(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let v = args[1];
    match (args[0].as_atom(), v.as_small()) {
        (Some(am::SYSTEM_LOGGER), _) => super::log::set_logger(ctx, v),
        (Some(am::BACKTRACE_DEPTH), Some(n)) if n >= 0 => {
            let n = (n as usize).min(MAX_BACKTRACE);
            Ok(Term::small(std::mem::replace(&mut ctx.sys.shared.backtrace_depth, n) as i64))
        }
        (Some(am::SCHEDULERS_ONLINE | am::DIRTY_CPU_SCHEDULERS_ONLINE), Some(1)) => Ok(Term::small(1)),
        (Some(am::TRACE_CONTROL_WORD), Some(n @ 0..=0xFFFF_FFFF)) => {
            Ok(Term::small(std::mem::replace(&mut ctx.sys.tracing.session(0).control_word, n as u32) as i64))
        }
        (Some(am::MIN_HEAP_SIZE), Some(n @ 0..=0xFFF_FFFF)) => {
            let before = sizes::at_least(ctx.sys.config.min_heap_size) as i64;
            ctx.sys.config.min_heap_size = n as usize;
            Ok(Term::small(before))
        }
        (Some(am::MIN_BIN_VHEAP_SIZE), Some(n @ 0..=0xFFFF_FFFF)) => {
            let before = ctx.sys.config.min_bin_vheap_size as i64;
            ctx.sys.config.min_bin_vheap_size = sizes::at_least(n as usize);
            Ok(Term::small(before))
        }
        (Some(am::FULLSWEEP_AFTER), Some(n)) if n >= 0 => {
            let before = ctx.sys.config.fullsweep_after as i64;
            ctx.sys.config.fullsweep_after = u32::try_from(n).unwrap_or(u32::MAX);
            Ok(Term::small(before))
        }
        (Some(am::MAX_HEAP_SIZE), _) => {
            let before = ctx.sys.shared.max_heap;
            match super::process::max_heap(ctx, v, before) {
                Some(m) => ctx.sys.shared.max_heap = m,
                None => return Err(ctx.badarg()),
            }
            super::flags::max_heap_map(ctx, before)
        }
        (Some(flag @ (am::SCHEDULER_WALL_TIME | am::MICROSTATE_ACCOUNTING)), _) if v.as_bool().is_some() => {
            let on = v.as_bool() == Some(true);
            let flags = &mut ctx.sys.shared.accounting;
            let flag = if flag == am::SCHEDULER_WALL_TIME { &mut flags.0 } else { &mut flags.1 };
            Ok(Term::bool(std::mem::replace(flag, on)))
        }
        (Some(am::MICROSTATE_ACCOUNTING), _) if v.as_atom().is_some_and(|a| ctx.sys.atoms.name(a) == "reset") => {
            Ok(Term::bool(ctx.sys.shared.accounting.1))
        }
        (Some(am::OUTSTANDING_SYSTEM_REQUESTS_LIMIT), Some(n @ 1..=134_217_727)) => {
            let before = std::mem::replace(&mut ctx.sys.shared.outstanding_requests, n as u64);
            Ok(Term::small(before as i64))
        }
        (Some(am::CPU_TOPOLOGY), _) if v.is(am::UNDEFINED) => Ok(v),
        (Some(am::SCHEDULER_BIND_TYPE), _) if v.is(am::UNBOUND) => Ok(v),
        (Some(name), _) if super::seq_trace::FLAGS.contains(&name) => super::seq_trace::system_flag(ctx, name, v),
        (Some(am::MULTI_SCHEDULING), _) if v.is(am::BLOCK) || v.is(am::UNBLOCK) => Ok(Term::atom(am::DISABLED)),
        (Some(am::TIME_OFFSET), _) if v.is(am::FINALIZE) => Ok(Term::atom(am::VOLATILE)),
        (
            Some(
                am::BACKTRACE_DEPTH
                | am::SCHEDULERS_ONLINE
                | am::DIRTY_CPU_SCHEDULERS_ONLINE
                | am::TRACE_CONTROL_WORD
                | am::MIN_HEAP_SIZE
                | am::MIN_BIN_VHEAP_SIZE
                | am::FULLSWEEP_AFTER
                | am::SCHEDULER_WALL_TIME
                | am::MICROSTATE_ACCOUNTING
                | am::CPU_TOPOLOGY
                | am::SCHEDULER_BIND_TYPE
                | am::OUTSTANDING_SYSTEM_REQUESTS_LIMIT
                | am::MULTI_SCHEDULING,
            ),
            _,
        ) => Err(ctx.badarg()),
        _ => Err(ctx.badarg_cause(am::BADOPT)),
    }
}

fn statistics(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let Some(item) = args[0].as_atom() else { return Err(ctx.badarg()) };
    let now_ms = ctx.sys.now_ns() / 1_000_000;
    let reductions = ctx.sys.counters.reductions + ctx.proc.used().max(0) as u64;
    let queued = ctx.sys.run.len() as i64;
    let accounting = ctx.sys.shared.accounting;
    let c = ctx.sys.counters.clone();
    let since = &mut ctx.sys.shared.since;
    let (a, b) = match item {
        am::REDUCTIONS | am::EXACT_REDUCTIONS => {
            (reductions, reductions.saturating_sub(std::mem::replace(&mut since.reductions, reductions)))
        }
        am::RUNTIME => (now_ms, now_ms.saturating_sub(std::mem::replace(&mut since.runtime_ms, now_ms))),
        am::WALL_CLOCK => (now_ms, now_ms.saturating_sub(std::mem::replace(&mut since.wall_ms, now_ms))),
        am::CONTEXT_SWITCHES => (c.context_switches, 0),
        am::GARBAGE_COLLECTION => {
            let t = [ctx.uint(c.collections)?, ctx.uint(c.reclaimed_words)?, Term::small(0)];
            return ctx.tuple(&t);
        }
        am::IO => {
            let i = ctx.uint(c.input_bytes)?;
            let o = ctx.uint(c.output_bytes)?;
            let t = [ctx.tuple(&[Term::atom(am::INPUT), i])?, ctx.tuple(&[Term::atom(am::OUTPUT), o])?];
            return ctx.tuple(&t);
        }
        am::RUN_QUEUE | am::TOTAL_RUN_QUEUE_LENGTHS | am::TOTAL_RUN_QUEUE_LENGTHS_ALL => {
            return Ok(Term::small(queued));
        }
        am::RUN_QUEUE_LENGTHS | am::RUN_QUEUE_LENGTHS_ALL => return ctx.list(&[Term::small(queued)]),
        am::TOTAL_ACTIVE_TASKS | am::TOTAL_ACTIVE_TASKS_ALL => return Ok(Term::small(queued + 1)),
        am::ACTIVE_TASKS | am::ACTIVE_TASKS_ALL => return ctx.list(&[Term::small(queued + 1)]),
        am::MICROSTATE_ACCOUNTING if accounting.1 => return Ok(Term::NIL),
        am::SCHEDULER_WALL_TIME if accounting.0 => return wall_time(ctx, 1),
        am::SCHEDULER_WALL_TIME_ALL if accounting.0 => return wall_time(ctx, 3),
        am::SCHEDULER_WALL_TIME | am::SCHEDULER_WALL_TIME_ALL | am::MICROSTATE_ACCOUNTING => {
            return Ok(Term::atom(am::UNDEFINED));
        }
        _ => return Err(ctx.badarg()),
    };
    let t = [ctx.uint(a)?, ctx.uint(b)?];
    ctx.tuple(&t)
}

/// `[{Id, Active, Total}]` in nanoseconds: the VM counts as busy for as long as reductions are worth (see `sched`); the further schedulers of
/// OTP (dirty ones) never work.
fn wall_time(ctx: &mut Ctx<'_>, schedulers: i64) -> BifResult {
    let total = ctx.sys.now_ns();
    let active = (ctx.sys.counters.reductions * 100).min(total);
    let mut out = Vec::new();
    for id in 1..=schedulers {
        let (active, total) = (ctx.uint(if id == 1 { active } else { 0 })?, ctx.uint(total)?);
        out.push(ctx.tuple(&[Term::small(id), active, total])?);
    }
    ctx.list(&out)
}

/// The kinds of `erlang:memory/0`, in OTP's order.
const MEMORY_KINDS: [Atom; 9] =
    [am::TOTAL, am::PROCESSES, am::PROCESSES_USED, am::SYSTEM, am::ATOM, am::ATOM_USED, am::BINARY, am::CODE, am::ETS];

/// What `erlang:memory` tells, in the order of [`MEMORY_KINDS`].
fn measure(ctx: &Ctx<'_>) -> [u64; 9] {
    let m = Memory::of(ctx.sys, Some(ctx.proc));
    [m.total(), m.processes, m.processes, m.system, m.atoms, m.atoms, m.binaries, m.code, m.ets]
}

fn memory(ctx: &mut Ctx<'_>, kinds: &[Atom]) -> BifResult {
    let values = measure(ctx);
    let mut pairs = Vec::new();
    for k in kinds {
        let Some(i) = MEMORY_KINDS.iter().position(|m| m == k) else { return Err(ctx.badarg()) };
        pairs.push((*k, ctx.uint(values[i])?));
    }
    ctx.pair_list(&pairs)
}

/// What `erlang:memory/0` gives.
pub(super) fn all_memory(ctx: &mut Ctx<'_>) -> BifResult {
    memory(ctx, &MEMORY_KINDS)
}

fn memory_1(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    if let Some(kind) = args[0].as_atom() {
        let Some(i) = MEMORY_KINDS.iter().position(|m| *m == kind) else { return Err(ctx.badarg()) };
        let value = measure(ctx)[i];
        return ctx.uint(value);
    }
    let mut kinds = Vec::new();
    for k in ctx.list_to_vec(args[0])? {
        match k.as_atom() {
            Some(a) => kinds.push(a),
            None => return Err(ctx.badarg()),
        }
    }
    memory(ctx, &kinds)
}

/// Collects another process at once; the running one when the BIF has returned.
fn garbage_collect(ctx: &mut Ctx<'_>, pid: Term, options: Term) -> BifResult {
    let mem = ctx.sys.mem();
    let (mut major, mut asynchronous) = (true, None);
    let mut t = options;
    while t.is_list() {
        let o = mem.head(t);
        t = mem.tail(t);
        let pair = mem.tuple_arity(o) == Some(2);
        let v = if pair { mem.element(o, 2) } else { return Err(ctx.badarg_cause(am::BAD_OPTION)) };
        match (mem.element(o, 1).as_atom(), v.as_atom()) {
            (Some(am::ASYNC), _) => asynchronous = Some(v),
            (Some(am::TYPE), Some(am::MAJOR)) => major = true,
            (Some(am::TYPE), Some(am::MINOR)) => major = false,
            (Some(am::TYPE), _) => return Err(ctx.badarg()),
            _ => return Err(ctx.badarg_cause(am::BAD_OPTION)),
        }
    }
    if !t.is_nil() {
        return Err(ctx.badarg_cause(am::BAD_OPTION));
    }
    if !pid.is_local_pid() {
        return Err(ctx.badarg());
    }
    let me = ctx.proc.pid;
    let done = if pid == me {
        ctx.proc.gc_requested = true;
        ctx.proc.heap.need_fullsweep |= major;
        true
    } else {
        collect_other(ctx, pid, major)?
    };
    let Some(id) = asynchronous else { return Ok(Term::bool(done)) };
    let words = 4 + ctx.sys.arena.flat_size(id);
    Signals::new(ctx.sys, Some(ctx.proc)).send_built(me, words, |a, lit| {
        let id = copy::copy(a, lit, id)?;
        crate::heap::build::tuple(a, &[Term::atom(am::GARBAGE_COLLECT), id, Term::bool(done)])
    })?;
    Ok(Term::atom(am::ASYNC))
}

fn collect_other(ctx: &mut Ctx<'_>, pid: Term, major: bool) -> Result<bool, Fault> {
    let sys = &mut *ctx.sys;
    let Some(p) = sys.procs.get_mut(pid).filter(|p| p.state != State::Exiting) else { return Ok(false) };
    let done = p.collect(&mut sys.arena, 0, &mut [], major)?;
    sys.counters.collections += 1;
    sys.counters.reclaimed_words += done.reclaimed as u64;
    ctx.charge(done.reductions() as usize);
    Ok(true)
}

/// Modules whose built-in functions are NIFs of a library in OTP, not part of the emulator's own table.
const NIF_MODULES: [&str; 7] = ["crypto", "erl_tracer", "prim_buffer", "prim_file", "prim_tty", "zlib", "beambox"];

/// The built-in functions of the emulator itself, as `{M, F, A}`.
fn snifs(ctx: &mut Ctx<'_>) -> BifResult {
    let mut out = Vec::new();
    for b in super::table::all().iter().filter(|b| !NIF_MODULES.contains(&b.module)) {
        let (module, function) = (ctx.atom(b.module)?, ctx.atom(b.name)?);
        out.push(ctx.tuple(&[module, function, Term::small(i64::from(b.arity))])?);
    }
    ctx.list(&out)
}
