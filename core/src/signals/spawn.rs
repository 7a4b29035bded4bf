//! The start of a process.

use super::Signals;
use super::monitor::{MonitorOpts, Target};
use crate::arena::OutOfMemory;
use crate::atom::am;
use crate::heap::gc::sizes;
use crate::heap::refs::RefId;
use crate::heap::{Heap, HeapAlloc, RESERVED, copy, gc};
use crate::process::{MaxHeap, Mfa, PROCESS_END, Priority, Process};
use crate::term::{Mem, Term};

/// What a new process calls first.
#[derive(Clone, Copy, Debug)]
pub struct Start {
    pub mfa: Mfa,
    /// For `erlang:apply/2`, the fun to call with no arguments; else [`Term::NONE`].
    pub fun: Term,
    /// The list of arguments as it is copied: for a fun `[Fun, []]`, as OTP has it.
    pub args: Term,
}

/// Options of `spawn_opt`.
#[derive(Clone, Copy, Debug, Default)]
pub struct SpawnOpts {
    pub link: bool,
    pub monitor: Option<MonitorOpts>,
    pub priority: Option<Priority>,
    pub fullsweep_after: Option<u32>,
    pub min_heap_size: Option<usize>,
    pub min_bin_vheap_size: Option<u64>,
    pub max_heap: Option<MaxHeap>,
    pub off_heap_messages: bool,
    pub async_dist: bool,
}

/// Why no process was made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SpawnError {
    /// The process table is full.
    TooMany,
    Memory,
}

impl From<OutOfMemory> for SpawnError {
    fn from(_: OutOfMemory) -> SpawnError {
        SpawnError::Memory
    }
}

/// The elements of a list of arguments; `None` when it isn't a proper list of at most 255.
pub fn arguments(mem: Mem, mut list: Term) -> Option<Vec<Term>> {
    let mut out = Vec::new();
    while list.is_list() && out.len() < 255 {
        out.push(mem.head(list));
        list = mem.tail(list);
    }
    list.is_nil().then_some(out)
}

impl Signals<'_> {
    /// Makes a process, runnable, and its link and monitor if wanted. The monitor's reference is given by the caller.
    /// The running process is the parent, if there is one; else the new process is its own group leader.
    pub fn spawn(&mut self, start: Start, opts: &SpawnOpts, reference: Option<RefId>) -> Result<Term, SpawnError> {
        let sys = &mut *self.sys;
        let pid = sys.procs.fresh_pid().ok_or(SpawnError::TooMany)?;
        let words = usize::try_from(sys.arena.flat_size(start.args)).map_err(|_| SpawnError::Memory)?;
        // What is asked for counts only above the VM's own least sizes, as in OTP.
        let least = sizes::at_least(sys.config.min_heap_size);
        let min = opts.min_heap_size.map_or(least, |words| sizes::at_least(words).max(least));
        let need = words + RESERVED as usize;
        let least_vheap = sys.config.min_bin_vheap_size as u64;
        // Alone, or with other options than these, OTP 27 doesn't look at it.
        let looked_at = opts.priority.is_some()
            || opts.min_heap_size.is_some()
            || opts.fullsweep_after.is_some()
            || opts.max_heap.is_some();
        let asked_vheap = opts.min_bin_vheap_size.filter(|words| looked_at && *words >= least_vheap);
        let min_vheap = asked_vheap.map_or(least_vheap, |words| sizes::at_least(words as usize) as u64);
        let fullsweep = opts.fullsweep_after.unwrap_or(sys.config.fullsweep_after);
        let mut heap = Heap::new(&mut sys.arena, need.max(min), min_vheap, fullsweep)?;
        heap.min_size = min;
        gc::push(&mut heap, sys.arena.mem(), PROCESS_END.to_word());
        let literal_base = sys.arena.literal_base();
        let copied = copy::copy(&mut HeapAlloc { heap: &mut heap, arena: &mut sys.arena }, literal_base, start.args);
        let args = match copied {
            Ok(args) => args,
            Err(e) => {
                heap.release(&mut sys.arena);
                return Err(e.into());
            }
        };
        let mut p = Process::new(pid, heap, start.mfa);
        let mem = sys.arena.mem();
        if start.fun.is_none() {
            p.start_call(start.mfa, arguments(mem, args).unwrap_or_default());
        } else {
            let fun = if args.is_list() { mem.head(args) } else { start.fun };
            p.start_fun(fun, Vec::new());
        }
        p.priority = opts.priority.unwrap_or(Priority::Normal);
        p.max_heap = opts.max_heap.unwrap_or(sys.shared.max_heap);
        p.off_heap_messages = opts.off_heap_messages;
        p.async_dist = opts.async_dist;
        p.group_leader = pid;
        p.parent = Term::atom(am::UNDEFINED);
        if let Some(parent) = &self.current {
            p.group_leader = parent.group_leader;
            p.parent = parent.pid;
        }
        let parent = p.parent;
        sys.run.push(&mut p);
        sys.procs.insert(Box::new(p));
        sys.counters.processes_created += 1;
        if self.sys.tracing.on {
            let arity = Term::small(start.mfa.arity as i64);
            let args = if start.args.is_list() || start.args.is_nil() { start.args } else { arity };
            self.trace_spawn(parent, pid, [Term::atom(start.mfa.module), Term::atom(start.mfa.function), args])?;
        }
        if opts.link && parent.is_local_pid() {
            self.link(parent, pid);
        }
        if let (Some(m), Some(id)) = (opts.monitor, reference) {
            self.monitor(parent, id, Target { pid, name: Term::NONE, port: false }, m)?;
        }
        Ok(pid)
    }
}

/// Why a process could not be started.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RootError {
    /// The process table is full.
    TooManyProcesses,
    OutOfMemory,
    /// A name or an argument can't be a term of this VM.
    BadTerm(String),
    /// The VM has panicked; what it said and where.
    Poisoned(String),
}

impl std::fmt::Display for RootError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            RootError::TooManyProcesses => f.write_str("the process table is full"),
            RootError::OutOfMemory => f.write_str("the memory limit of the VM is reached"),
            RootError::BadTerm(what) => write!(f, "not a term of this VM: {what}"),
            RootError::Poisoned(why) => f.write_str(why),
        }
    }
}
impl std::error::Error for RootError {}

/// Starts a process from outside of the VM: `module:function` with arguments given as a plain tree.
pub fn spawn_root(
    sys: &mut crate::system::System,
    module: &str,
    function: &str,
    args: &[beambox_beamfile::etf::Value],
) -> Result<Term, RootError> {
    use crate::heap::{FragmentAlloc, LiteralAlloc, build};
    use RootError as Failed;
    let bad = |what: String| Failed::BadTerm(what);
    let mut atom = |name: &str| sys.atoms.intern(name).map_err(|e| bad(format!("{name}: {e:?}")));
    let (module, function) = (atom(module)?, atom(function)?);
    let arity = u8::try_from(args.len()).map_err(|_| bad(format!("{} arguments", args.len())))?;
    // The arguments live in a literal area of their own until the new process has its copy.
    let mut area = LiteralAlloc::new(&mut sys.arena);
    let mut terms = Vec::with_capacity(args.len());
    for v in args {
        match crate::load::literal::build(&mut area, &mut sys.atoms, &mut sys.code, sys.empty_tuple, v) {
            Ok(t) => terms.push(t),
            Err(e) => {
                for f in area.areas {
                    sys.arena.free(f.start);
                }
                return Err(bad(e.to_string()));
            }
        }
    }
    let (areas, mut off_heap) = (area.areas, area.off_heap);
    // A copy in an ordinary fragment, because literals are shared and not copied.
    let words: u64 = terms.iter().map(|t| crate::heap::size::flat_size(sys.mem(), u32::MAX, *t)).sum::<u64>()
        + 2 * terms.len() as u64;
    let copied = (|| {
        let mut a = FragmentAlloc::new(&mut sys.arena, u32::try_from(words).map_err(|_| OutOfMemory)?)?;
        let mut copies = Vec::with_capacity(terms.len());
        for t in &terms {
            copies.push(copy::copy(&mut a, u32::MAX, *t)?);
        }
        let list = build::list(&mut a, &copies)?;
        Ok::<_, OutOfMemory>((list, a.fragment, a.off_heap))
    })();
    crate::heap::gc::sweep::release_all(&mut sys.arena, &mut off_heap);
    for f in areas {
        sys.arena.free(f.start);
    }
    let (list, fragment, mut off_heap) = copied.map_err(|_| Failed::OutOfMemory)?;
    let start = Start { mfa: Mfa { module, function, arity }, fun: Term::NONE, args: list };
    let pid = Signals::new(sys, None).spawn(start, &SpawnOpts::default(), None);
    crate::heap::gc::sweep::release_all(&mut sys.arena, &mut off_heap);
    sys.arena.free(fragment.start);
    pid.map_err(|e| match e {
        SpawnError::TooMany => Failed::TooManyProcesses,
        SpawnError::Memory => Failed::OutOfMemory,
    })
}
