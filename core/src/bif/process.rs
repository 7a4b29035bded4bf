//! Making processes, sending to them, ending them: `spawn*`, `!`, `exit/2`, `link`, suspension.
//!
//! Mirrors `bif.c` and the spawn functions of `erlang.erl` (OTP 27), which are BIFs here. There is one node; a spawn on
//! another gives what OTP gives when the node can't be reached.

use super::monitor::monitor_options;
use super::support::flat_pairs;
use super::{Bif, BifResult, Ctx, Fault, bif};
use crate::atom::{Atom, am};
use crate::heap::build;
use crate::heap::refs;
use crate::process::trace::flag;
use crate::process::{MaxHeap, Mfa, Priority, Process, State};
use crate::signals::monitor::MonitorOpts;
use crate::signals::send::SendError;
use crate::signals::spawn::{SpawnError, arguments};
use crate::signals::{ExitKind, Signals, SpawnOpts, Start};
use crate::term::Term;

pub const BIFS: &[Bif] = &[
    bif("erlang", "self", 0, self_),
    bif("erlang", "spawn", 1, |c, a| spawn_fun(c, a[0], &SpawnOpts::default())),
    bif("erlang", "spawn", 2, |c, a| on_node(c, a[0], |c| fun_start(c, a[1]), &SpawnOpts::default())),
    bif("erlang", "spawn", 3, |c, a| spawn_mfa(c, a[0], a[1], a[2], &SpawnOpts::default())),
    bif("erlang", "spawn", 4, |c, a| on_node(c, a[0], |c| mfa_start(c, a[1], a[2], a[3]), &SpawnOpts::default())),
    bif("erlang", "spawn_link", 1, |c, a| spawn_fun(c, a[0], &LINK)),
    bif("erlang", "spawn_link", 2, |c, a| on_node(c, a[0], |c| fun_start(c, a[1]), &LINK)),
    bif("erlang", "spawn_link", 3, |c, a| spawn_mfa(c, a[0], a[1], a[2], &LINK)),
    bif("erlang", "spawn_link", 4, |c, a| on_node(c, a[0], |c| mfa_start(c, a[1], a[2], a[3]), &LINK)),
    bif("erlang", "spawn_monitor", 1, |c, a| spawn_monitor_fun(c, a[0])),
    bif("erlang", "spawn_monitor", 2, |c, a| on_node(c, a[0], |c| fun0_start(c, a[1]), &with_monitor())),
    bif("erlang", "spawn_monitor", 3, |c, a| spawn_mfa(c, a[0], a[1], a[2], &with_monitor())),
    bif("erlang", "spawn_monitor", 4, |c, a| on_node(c, a[0], |c| mfa_start(c, a[1], a[2], a[3]), &with_monitor())),
    bif("erlang", "spawn_opt", 2, |c, a| {
        let start = fun_start(c, a[0])?;
        let o = spawn_options(c, a[1])?;
        spawn(c, start, &o)
    }),
    bif("erlang", "spawn_opt", 3, |c, a| {
        let o = spawn_options(c, a[2])?;
        on_node(c, a[0], |c| fun_start(c, a[1]), &o)
    }),
    bif("erlang", "spawn_opt", 4, |c, a| {
        let o = spawn_options(c, a[3])?;
        spawn_mfa(c, a[0], a[1], a[2], &o)
    }),
    bif("erlang", "spawn_opt", 5, |c, a| {
        let o = spawn_options(c, a[4])?;
        on_node(c, a[0], |c| mfa_start(c, a[1], a[2], a[3]), &o)
    }),
    bif("erlang", "!", 2, send_2),
    bif("erlang", "send", 2, send_2),
    bif("erlang", "send", 3, send_3),
    bif("erlang", "send_nosuspend", 2, send_nosuspend),
    bif("erlang", "send_nosuspend", 3, send_nosuspend),
    bif("erlang", "exit", 2, exit_2),
    bif("erlang", "exit_signal", 2, exit_signal),
    bif("erlang", "link", 1, link),
    bif("erlang", "unlink", 1, unlink),
    bif("erlang", "processes", 0, processes),
    bif("erlang", "is_process_alive", 1, is_process_alive),
    bif("erlang", "suspend_process", 1, suspend_process),
    bif("erlang", "suspend_process", 2, suspend_process),
    bif("erts_internal", "suspend_process", 2, suspend_process),
    bif("erlang", "resume_process", 1, resume_process),
    bif("erlang", "group_leader", 0, |c, _| Ok(c.proc.group_leader)),
    bif("erlang", "group_leader", 2, set_group_leader),
    bif("erlang", "yield", 0, yield_0),
    bif("erlang", "bump_reductions", 1, bump_reductions),
];

const LINK: SpawnOpts = SpawnOpts {
    link: true,
    monitor: None,
    priority: None,
    fullsweep_after: None,
    min_heap_size: None,
    min_bin_vheap_size: None,
    max_heap: None,
    off_heap_messages: false,
    async_dist: false,
};

fn with_monitor() -> SpawnOpts {
    SpawnOpts { monitor: Some(MonitorOpts::default()), ..SpawnOpts::default() }
}

impl Ctx<'_> {
    /// All processes, this one included.
    pub fn signals(&mut self) -> Signals<'_> {
        Signals::new(self.sys, Some(self.proc))
    }

    /// The process of that pid, wherever it is, unless it is exiting.
    pub fn process(&mut self, pid: Term) -> Option<&mut Process> {
        if pid == self.proc.pid {
            return Some(self.proc);
        }
        self.sys.procs.get_mut(pid).filter(|p| p.state != State::Exiting)
    }
}

fn self_(ctx: &mut Ctx<'_>, _: &[Term]) -> BifResult {
    Ok(ctx.proc.pid)
}

/// A process that applies a fun to no arguments, or `badarg`.
fn fun_start(ctx: &mut Ctx<'_>, fun: Term) -> Result<Start, Fault> {
    let mem = ctx.sys.mem();
    let is_pair = mem.tuple_arity(fun) == Some(2) && mem.element(fun, 1).is_atom() && mem.element(fun, 2).is_atom();
    if !mem.is_fun(fun) && !is_pair {
        return Err(ctx.badarg());
    }
    let rest = ctx.sys.no_arguments;
    let args = ctx.cons(fun, rest)?;
    Ok(Start { mfa: Mfa { module: am::ERLANG, function: am::APPLY, arity: 2 }, fun, args })
}

pub(super) fn fun0_start(ctx: &mut Ctx<'_>, fun: Term) -> Result<Start, Fault> {
    if !is_fun_of_arity_0(ctx, fun) {
        return Err(ctx.badarg());
    }
    fun_start(ctx, fun)
}

fn is_fun_of_arity_0(ctx: &Ctx<'_>, fun: Term) -> bool {
    let mem = ctx.sys.mem();
    mem.is_fun(fun) && crate::term::object::fun_arity(mem.header(fun)) == 0
}

pub(super) fn mfa_start(ctx: &mut Ctx<'_>, m: Term, f: Term, args: Term) -> Result<Start, Fault> {
    let mem = ctx.sys.mem();
    let (Some(module), Some(function)) = (m.as_atom(), f.as_atom()) else { return Err(ctx.badarg()) };
    let Some(list) = arguments(mem, args) else {
        // More than 255 arguments, or no list at all.
        let mut t = args;
        while t.is_list() {
            t = mem.tail(t);
        }
        return Err(if t.is_nil() { ctx.system_limit() } else { ctx.badarg() });
    };
    Ok(Start { mfa: Mfa { module, function, arity: list.len() as u8 }, fun: Term::NONE, args })
}

/// The pid, or `{Pid, Ref}` when a monitor is wanted.
fn spawn(ctx: &mut Ctx<'_>, start: Start, opts: &SpawnOpts) -> BifResult {
    let id = opts.monitor.map(|_| ctx.sys.fresh_ref());
    let words = ctx.sys.arena.flat_size(start.args);
    ctx.charge((words / 32) as usize);
    let pid = match ctx.signals().spawn(start, opts, id) {
        Ok(pid) => pid,
        Err(SpawnError::TooMany) => return Err(ctx.system_limit()),
        Err(SpawnError::Memory) => return Err(Fault::Memory),
    };
    inherits(ctx, pid, &start, opts, id)?;
    with_reference(ctx, pid, opts, id)
}

/// What a new process has of its parent's sequential trace.
pub(super) fn inherits(
    ctx: &mut Ctx<'_>,
    pid: Term,
    start: &Start,
    opts: &SpawnOpts,
    id: Option<refs::RefId>,
) -> Result<(), Fault> {
    if ctx.proc.seq.as_ref().is_none_or(|s| s.token.is_none()) {
        return Ok(());
    }
    let id = id.unwrap_or_else(|| ctx.sys.fresh_ref());
    let mfa = [Term::atom(start.mfa.module), Term::atom(start.mfa.function), Term::small(i64::from(start.mfa.arity))];
    super::seq_trace::spawned(ctx, pid, id, [mfa[0], mfa[1], mfa[2], start.args], opts)
}

fn with_reference(ctx: &mut Ctx<'_>, pid: Term, opts: &SpawnOpts, id: Option<refs::RefId>) -> BifResult {
    let (Some(m), Some(id)) = (opts.monitor, id) else { return Ok(pid) };
    let owner = ctx.proc.pid;
    let r = if m.alias.is_some() { refs::make_alias(ctx, id, owner)? } else { refs::make(ctx, id)? };
    ctx.tuple(&[pid, r])
}

fn spawn_fun(ctx: &mut Ctx<'_>, fun: Term, opts: &SpawnOpts) -> BifResult {
    let start = fun_start(ctx, fun)?;
    spawn(ctx, start, opts)
}

fn spawn_monitor_fun(ctx: &mut Ctx<'_>, fun: Term) -> BifResult {
    let start = fun0_start(ctx, fun)?;
    spawn(ctx, start, &with_monitor())
}

fn spawn_mfa(ctx: &mut Ctx<'_>, m: Term, f: Term, args: Term, opts: &SpawnOpts) -> BifResult {
    let start = mfa_start(ctx, m, f, args)?;
    spawn(ctx, start, opts)
}

fn on_node(
    ctx: &mut Ctx<'_>,
    node: Term,
    start: impl FnOnce(&mut Ctx<'_>) -> Result<Start, Fault>,
    opts: &SpawnOpts,
) -> BifResult {
    let start = start(ctx)?;
    if node.is(am::NONAME) {
        return spawn(ctx, start, opts);
    }
    if !node.is_atom() {
        return Err(ctx.badarg());
    }
    // No other node can be reached: a pid of nobody, and the signals that say so.
    let Some(pid) = ctx.sys.procs.fresh_pid() else { return Err(ctx.system_limit()) };
    let me = ctx.proc.pid;
    let reason = Term::atom(am::NOCONNECTION);
    let id = opts.monitor.map(|_| ctx.sys.fresh_ref());
    if let (Some(m), Some(id)) = (opts.monitor, id) {
        let monitor = crate::process::relations::Monitor {
            pid,
            name: Term::NONE,
            tag: m.tag,
            alias: m.alias.is_some(),
            port: false,
        };
        ctx.proc.relations.add_monitor(id, monitor);
        ctx.signals().down(me, id, pid, reason)?;
    }
    if opts.link {
        ctx.proc.relations.links.insert(pid.raw());
        if ctx.signals().exit(pid, me, reason, ExitKind::Link)? {
            return Err(Fault::Exit);
        }
    }
    with_reference(ctx, pid, opts, id)
}

/// `{low | normal | high | max}`.
pub(super) fn priority(term: Term) -> Option<Priority> {
    Some(match term.as_atom()? {
        am::LOW => Priority::Low,
        am::NORMAL => Priority::Normal,
        am::HIGH => Priority::High,
        am::MAX => Priority::Max,
        _ => return None,
    })
}

pub(super) fn priority_atom(p: Priority) -> Atom {
    match p {
        Priority::Low => am::LOW,
        Priority::Normal => am::NORMAL,
        Priority::High => am::HIGH,
        Priority::Max => am::MAX,
    }
}

/// The largest `min_heap_size` that is taken, in words (OTP's table of sizes goes on; ours is bounded by the arena).
const MAX_MIN_HEAP: i64 = 1 << 28;

fn size(term: Term) -> Option<i64> {
    term.as_small().filter(|n| (0..=MAX_MIN_HEAP).contains(n))
}

/// The value of `max_heap_size`: words, or a map.
pub(super) fn max_heap(ctx: &mut Ctx<'_>, term: Term, mut m: MaxHeap) -> Option<MaxHeap> {
    if let Some(n) = term.as_small() {
        m.words = u64::try_from(n).ok()?;
    } else if ctx.sys.mem().is_map(term) {
        // The size must be there; what else isn't has the default.
        let mut sized = false;
        for (k, v) in flat_pairs(ctx.sys.mem(), term) {
            match k.as_atom() {
                Some(am::SIZE) => {
                    m.words = u64::try_from(v.as_small()?).ok()?;
                    sized = true;
                }
                Some(am::KILL) => m.kill = v.as_bool()?,
                Some(am::ERROR_LOGGER) => m.error_logger = v.as_bool()?,
                Some(am::INCLUDE_SHARED_BINARIES) => m.include_shared_binaries = v.as_bool()?,
                _ => {}
            }
        }
        if !sized {
            return None;
        }
    } else {
        return None;
    }
    // OTP demands at least the default minimum.
    (m.words == 0 || m.words >= 233).then_some(m)
}

fn spawn_options(ctx: &mut Ctx<'_>, list: Term) -> Result<SpawnOpts, Fault> {
    let mem = ctx.sys.mem();
    let mut opts = SpawnOpts::default();
    let mut t = list;
    while t.is_list() {
        if spawn_option(ctx, &mut opts, mem.head(t)).is_none() {
            return Err(ctx.badarg_cause(am::BADOPT));
        }
        t = mem.tail(t);
    }
    if t.is_nil() { Ok(opts) } else { Err(ctx.badarg_cause(am::BADOPT)) }
}

pub(super) fn spawn_option(ctx: &mut Ctx<'_>, opts: &mut SpawnOpts, option: Term) -> Option<()> {
    if option.is(am::LINK) {
        opts.link = true;
        return Some(());
    }
    if option.is(am::MONITOR) {
        opts.monitor = Some(MonitorOpts::default());
        return Some(());
    }
    let mem = ctx.sys.mem();
    if mem.tuple_arity(option) != Some(2) {
        return None;
    }
    let v = mem.element(option, 2);
    match mem.element(option, 1).as_atom()? {
        am::MONITOR => opts.monitor = Some(monitor_options(ctx, v)?),
        am::PRIORITY => opts.priority = Some(priority(v)?),
        am::FULLSWEEP_AFTER => opts.fullsweep_after = Some(u64::try_from(v.as_small()?).ok()? as u16 as u32),
        am::MIN_HEAP_SIZE => opts.min_heap_size = Some(size(v)? as usize),
        am::MIN_BIN_VHEAP_SIZE => opts.min_bin_vheap_size = Some(size(v)? as u64),
        am::MAX_HEAP_SIZE => {
            let base = ctx.sys.shared.max_heap;
            opts.max_heap = Some(max_heap(ctx, v, base)?);
        }
        am::MESSAGE_QUEUE_DATA => match v.as_atom()? {
            am::ON_HEAP => opts.off_heap_messages = false,
            am::OFF_HEAP => opts.off_heap_messages = true,
            _ => return None,
        },
        am::ASYNC_DIST => opts.async_dist = v.as_bool()?,
        am::SCHEDULER => drop(v.as_small()?),
        _ => return None,
    }
    Some(())
}

/// Sends; the interpreter's `send` instruction comes here too.
pub fn send_message(ctx: &mut Ctx<'_>, dest: Term, message: Term) -> Result<(), Fault> {
    if dest.is_local_port() {
        super::ports::message(ctx, dest, message)?;
        return Ok(());
    }
    if ctx.sys.tracing.on {
        super::trace::sent(ctx, dest, message)?;
    }
    let marked = match ctx.sys.tracing.sequential {
        true => super::seq_trace::sending(ctx, dest, message)?,
        false => None,
    };
    if let Some(marked) = marked {
        let done = ctx.signals().send(dest, message);
        super::seq_trace::sent(ctx, marked);
        return match done {
            Ok(()) => Ok(()),
            Err(SendError::BadDestination) => Err(ctx.badarg()),
            Err(SendError::Memory) => Err(Fault::Memory),
        };
    }
    match ctx.signals().send(dest, message) {
        Ok(()) => Ok(()),
        Err(SendError::BadDestination) => Err(ctx.badarg()),
        Err(SendError::Memory) => Err(Fault::Memory),
    }
}

fn send_2(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    send_message(ctx, args[0], args[1])?;
    Ok(args[1])
}

fn send_3(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let mem = ctx.sys.mem();
    let mut t = args[2];
    while t.is_list() {
        if !mem.head(t).is(am::NOSUSPEND) && !mem.head(t).is(am::NOCONNECT) {
            return Err(ctx.badarg_cause(am::BADOPT));
        }
        t = mem.tail(t);
    }
    if !t.is_nil() {
        return Err(ctx.badarg_cause(am::BADOPT));
    }
    send_message(ctx, args[0], args[1])?;
    Ok(Term::atom(am::OK))
}

fn send_nosuspend(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    send_message(ctx, args[0], args[1])?;
    Ok(Term::bool(true))
}

fn exit_2(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let me = ctx.proc.pid;
    send_exit(ctx, args, me)
}

/// As `exit/2`, but `normal` doesn't end the calling process itself.
fn exit_signal(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    if args[0] == ctx.proc.pid && args[1].is(am::NORMAL) && !ctx.proc.trap_exit {
        return Ok(Term::bool(true));
    }
    exit_2(ctx, args)
}

fn send_exit(ctx: &mut Ctx<'_>, args: &[Term], from: Term) -> BifResult {
    let mem = ctx.sys.mem();
    if !args[0].is_local_pid() {
        let known = mem.is_pid(args[0]) || mem.is_port(args[0]) || mem.is_ref(args[0]);
        return if known { Ok(Term::bool(true)) } else { Err(ctx.badarg()) };
    }
    if ctx.signals().exit(from, args[0], args[1], ExitKind::Exit)? {
        return Err(Fault::Exit);
    }
    Ok(Term::bool(true))
}

fn link(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let me = ctx.proc.pid;
    if !args[0].is_local_pid() {
        return Err(ctx.badarg());
    }
    if ctx.signals().link(me, args[0]) {
        return Ok(Term::bool(true));
    }
    if !ctx.proc.trap_exit {
        return Err(ctx.error_atom(am::NOPROC));
    }
    let other = args[0];
    ctx.signals().send_built(me, 4, |a, _| build::tuple(a, &[Term::atom(am::EXIT_), other, Term::atom(am::NOPROC)]))?;
    Ok(Term::bool(true))
}

fn unlink(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let me = ctx.proc.pid;
    if !args[0].is_local_pid() {
        let mem = ctx.sys.mem();
        return if mem.is_pid(args[0]) || mem.is_port(args[0]) { Ok(Term::bool(true)) } else { Err(ctx.badarg()) };
    }
    let other = args[0];
    if ctx.sys.tracing.on {
        ctx.signals().trace_event(me, flag::PROCS, am::UNLINK, &[other])?;
        if ctx.proc.relations.links.contains(&other.raw()) {
            ctx.signals().trace_event(other, flag::PROCS, am::GETTING_UNLINKED, &[me])?;
        }
    }
    ctx.signals().unlink(me, other);
    Ok(Term::bool(true))
}

fn processes(ctx: &mut Ctx<'_>, _: &[Term]) -> BifResult {
    let mut pids: Vec<Term> = ctx.sys.procs.iter().filter(|p| p.state != State::Exiting).map(|p| p.pid).collect();
    pids.push(ctx.proc.pid);
    pids.sort_unstable_by_key(|p| p.id_number());
    ctx.charge(pids.len() / 8);
    ctx.list(&pids)
}

fn is_process_alive(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    if !args[0].is_local_pid() {
        return Err(ctx.badarg());
    }
    Ok(Term::bool(ctx.signals().find_alive(args[0]).is_some()))
}

fn suspend_process(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let me = ctx.proc.pid;
    let mem = ctx.sys.mem();
    if args[0] == me || !args[0].is_local_pid() {
        return Err(ctx.badarg());
    }
    let (mut unless, mut asynchronous) = (false, None);
    let mut t = args.get(1).copied().unwrap_or(Term::NIL);
    while t.is_list() {
        let o = mem.head(t);
        if o.is(am::UNLESS_SUSPENDING) {
            unless = true;
        } else if mem.tuple_arity(o) == Some(2) && mem.element(o, 1).is(am::ASYNCHRONOUS) {
            asynchronous = Some(mem.element(o, 2));
        } else if !o.is(am::ASYNCHRONOUS) {
            return Err(ctx.badarg_cause(am::BADOPT));
        }
        t = mem.tail(t);
    }
    if !t.is_nil() {
        return Err(ctx.badarg_cause(am::BADOPT));
    }
    let done = if unless && ctx.proc.suspending.contains_key(&args[0].raw()) {
        false
    } else if ctx.signals().suspend(me, args[0]) {
        true
    } else if asynchronous.is_none() {
        return Err(ctx.badarg());
    } else {
        false
    };
    if let Some(reply) = asynchronous {
        let alive = ctx.signals().find_alive(args[0]).is_some();
        let result = Term::atom(if alive { am::SUSPENDED } else { am::EXITED });
        let words = 3 + ctx.sys.arena.flat_size(reply);
        ctx.signals().send_built(me, words, |a, lit| {
            let reply = crate::heap::copy::copy(a, lit, reply)?;
            build::tuple(a, &[reply, result])
        })?;
        return Ok(Term::bool(true));
    }
    Ok(Term::bool(done || args.len() == 1))
}

fn resume_process(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let me = ctx.proc.pid;
    if !ctx.proc.suspending.contains_key(&args[0].raw()) {
        return Err(ctx.badarg());
    }
    if ctx.signals().find_alive(args[0]).is_none() {
        ctx.proc.suspending.remove(&args[0].raw());
        return Err(ctx.badarg());
    }
    ctx.signals().resume(me, args[0]);
    Ok(Term::bool(true))
}

fn set_group_leader(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    // The leader may be dead, as in OTP.
    if !args[0].is_local_pid() || !args[1].is_local_pid() {
        return Err(ctx.badarg());
    }
    let (leader, target) = (args[0], args[1]);
    match ctx.signals().find_alive(target) {
        Some((p, _)) => {
            p.group_leader = leader;
            Ok(Term::bool(true))
        }
        None => Err(ctx.badarg()),
    }
}

/// Ends the slice; the result is `true` when the process runs again.
fn yield_0(ctx: &mut Ctx<'_>, _: &[Term]) -> BifResult {
    ctx.proc.budget = 0;
    Ok(Term::bool(true))
}

fn bump_reductions(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    match args[0].as_small() {
        Some(n) if n >= 0 => {
            ctx.charge(n.min(1 << 20) as usize);
            Ok(Term::bool(true))
        }
        _ => Err(ctx.badarg()),
    }
}
