//! A process as plain data. Nothing here runs code; the interpreter and the scheduler do.

pub mod dict;
pub mod job;
pub mod mailbox;
pub mod seq;
pub mod table;
pub mod trace;

pub use crate::code::ptr::{BIF_STUBS, CodePtr, INTERNAL_SLOT, Mfa, PROCESS_END, START};

use crate::arena::{Arena, OutOfMemory};
use crate::atom::{Atom, am};
use crate::heap::gc::sweep::release_all;
use crate::heap::gc::{Coming, Done, Roots};
use crate::heap::{Heap, Packed, copy};
use crate::term::{Mem, Term};
use dict::Dictionary;
use mailbox::Mailbox;

/// What a process is doing, as the scheduler sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// In a run queue, or running.
    Runnable,
    /// In a `receive` with no matching message.
    Waiting,
    /// Held back by `erlang:suspend_process`; the flag says whether it would be runnable otherwise.
    Suspended { runnable: bool },
    /// Has an exit reason and only needs to be cleaned up.
    Exiting,
}

/// Class of an exception.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    Error,
    Exit,
    Throw,
}

impl Class {
    pub fn atom(self) -> Atom {
        match self {
            Class::Error => am::ERROR,
            Class::Exit => am::EXIT,
            Class::Throw => am::THROW,
        }
    }
}

/// The exception that is being raised in a process.
#[derive(Clone, Debug)]
pub struct Exception {
    pub class: Class,
    /// The reason, without stack trace.
    pub value: Term,
    /// A ready list for `erlang:raise/3`, or [`Term::NONE`]: to be built from `frames`.
    pub trace: Term,
    /// The function at fault when it is a BIF, with its arguments (a list, or `NONE`).
    pub current: Option<Mfa>,
    pub args: Term,
    /// `error_info` map to attach to the first entry, or `NONE`.
    pub info: Term,
    /// Return addresses, innermost first.
    pub frames: Vec<CodePtr>,
}

impl Default for Exception {
    fn default() -> Exception {
        Exception {
            class: Class::Error,
            value: Term::NONE,
            trace: Term::NONE,
            current: None,
            args: Term::NONE,
            info: Term::NONE,
            frames: Vec::new(),
        }
    }
}

/// A call that a BIF asks for: the result of the called function becomes the BIF's.
#[derive(Clone, Debug, Default)]
pub struct Trap {
    pub target: Option<Mfa>,
    /// A fun to call instead of `target`, or `NONE`.
    pub fun: Term,
    pub args: Vec<Term>,
}

/// Order in the run queues.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum Priority {
    Low,
    Normal,
    High,
    Max,
}

/// One process.
pub struct Process {
    pub pid: Term,
    pub heap: Heap,
    pub state: State,
    pub priority: Priority,
    /// Where it goes on.
    pub ip: CodePtr,
    /// X registers that are live while it doesn't run.
    pub live: Vec<Term>,
    /// Reductions before the current slice.
    pub reductions: u64,
    /// Reductions that the current slice may use, and those left of them.
    pub granted: i32,
    pub budget: i32,
    pub mailbox: Mailbox,
    /// The message at the save pointer is being matched, and lies in a fragment of its own.
    pub matched: bool,
    /// The timer of the `receive ... after` that it waits in.
    pub receive_timer: Option<u64>,
    /// That timer has fired.
    pub timed_out: bool,
    pub dict: Dictionary,
    pub exception: Exception,
    pub trap: Trap,
    /// Reason that it exits with.
    pub exit_reason: Term,
    pub trap_exit: bool,
    pub group_leader: Term,
    pub parent: Term,
    pub name: Option<Atom>,
    pub initial_call: Mfa,
    /// The function that it is in while it doesn't run, for `process_info`.
    pub current: Mfa,
    /// Frames whose catch tags are active.
    pub catches: u32,
    pub error_handler: Atom,
    pub label: Term,
    /// A BIF asked for a collection (`erlang:garbage_collect/0`): done at the next safe place, a major one if the heap says so.
    pub gc_requested: bool,
    /// Links, monitors, aliases: everything that other processes and this one know of each other.
    pub relations: relations::Relations,
    /// Timers (by their numbers) whose message goes to this process.
    pub timers: std::collections::BTreeSet<u64>,
    /// It stands in a run queue.
    pub queued: bool,
    /// How often it is suspended, by whomever.
    pub suspend_count: u32,
    /// Which processes it has suspended, and how often.
    pub suspending: std::collections::BTreeMap<u64, u32>,
    pub max_heap: MaxHeap,
    /// It owns or owned a table, or has another property for which OTP makes a table of rarer properties.
    pub rare_properties: bool,
    /// `message_queue_data` is `off_heap`: messages stay in fragments of their own until they are received.
    pub off_heap_messages: bool,
    pub async_dist: bool,
    pub sensitive: bool,
    /// Bound to the one scheduler (`process_flag(scheduler, 1)`), which changes nothing.
    pub bound: bool,
    /// For `system_profile`: known to be runnable. For `system_monitor`: known to have a long queue.
    pub active: bool,
    pub long_queue: bool,
    /// What is traced of it.
    pub trace: Option<Box<trace::ProcTrace>>,
    /// Its part in sequential tracing.
    pub seq: Option<Box<seq::Seq>>,
    /// A match of module `re` that goes on in the next slice, with its pattern and, if that was copied, its subject.
    pub matching: Option<Box<Matching>>,
    /// The work of a built-in function that goes on in the next slice.
    pub job: Option<Box<job::Job>>,
    /// How often the call that goes on had to start anew.
    pub restarts: u8,
    /// The built-in function that it goes on with, while it doesn't run.
    pub yielding: Option<Mfa>,
}

/// See [`Process::matching`].
#[derive(Debug)]
pub struct Matching {
    pub regex: std::sync::Arc<beambox_regex::Regex>,
    pub matcher: beambox_regex::Matcher,
    pub subject: Option<Vec<u8>>,
}

/// `max_heap_size` of a process: 0 words is no limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MaxHeap {
    pub words: u64,
    pub kill: bool,
    pub error_logger: bool,
    pub include_shared_binaries: bool,
}

impl Default for MaxHeap {
    fn default() -> MaxHeap {
        MaxHeap { words: 0, kill: true, error_logger: true, include_shared_binaries: false }
    }
}

pub mod relations {
    //! Links, monitors and aliases of one process.

    use crate::heap::refs::RefId;
    use crate::term::Term;
    use std::collections::BTreeMap;

    /// What a monitor looks at or reports to.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub struct Monitor {
        /// The other process.
        pub pid: Term,
        /// The name it was monitored by, an atom, or `NONE`.
        pub name: Term,
        /// The first element of the message, `'DOWN'` unless tagged, in the process that monitors; a root of its heap.
        pub tag: Term,
        /// The monitor's reference is an alias too.
        pub alias: bool,
        /// It is a port that is monitored.
        pub port: bool,
    }

    /// All relations, in orders that don't depend on addresses.
    #[derive(Default, Debug)]
    pub struct Relations {
        /// Linked processes and ports, as the words of their pids, in order.
        pub links: std::collections::BTreeSet<u64>,
        /// Monitors that this process has on others.
        pub monitors: BTreeMap<RefId, Monitor>,
        /// How many of `monitors` have a tag that lies on the heap.
        pub tagged: usize,
        /// Monitors that others have on this process.
        pub monitored_by: BTreeMap<RefId, Monitor>,
        /// Active aliases of this process, with the way they end.
        pub aliases: BTreeMap<RefId, AliasMode>,
    }

    impl Relations {
        pub fn add_monitor(&mut self, id: RefId, m: Monitor) {
            self.tagged += usize::from(!m.tag.is_immed());
            self.monitors.insert(id, m);
        }
        pub fn remove_monitor(&mut self, id: RefId) -> Option<Monitor> {
            let m = self.monitors.remove(&id)?;
            self.tagged -= usize::from(!m.tag.is_immed());
            Some(m)
        }
    }

    /// When an alias stops to be one.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub enum AliasMode {
        ExplicitUnalias,
        Demonitor,
        ReplyDemonitor,
    }
}

impl Process {
    pub fn new(pid: Term, heap: Heap, initial_call: Mfa) -> Process {
        Process {
            pid,
            heap,
            state: State::Runnable,
            priority: Priority::Normal,
            ip: START,
            live: Vec::new(),
            reductions: 0,
            granted: 0,
            budget: 0,
            mailbox: Mailbox::default(),
            matched: false,
            receive_timer: None,
            timed_out: false,
            dict: Dictionary::default(),
            exception: Exception::default(),
            trap: Trap::default(),
            exit_reason: Term::NONE,
            trap_exit: false,
            group_leader: Term::NIL,
            parent: Term::NIL,
            name: None,
            initial_call,
            current: initial_call,
            catches: 0,
            error_handler: am::ERROR_HANDLER,
            label: Term::NONE,
            gc_requested: false,
            relations: relations::Relations::default(),
            timers: Default::default(),
            queued: false,
            suspend_count: 0,
            suspending: Default::default(),
            max_heap: MaxHeap::default(),
            rare_properties: false,
            off_heap_messages: false,
            async_dist: false,
            sensitive: false,
            bound: false,
            active: false,
            long_queue: false,
            trace: None,
            seq: None,
            matching: None,
            job: None,
            restarts: 0,
            yielding: None,
        }
    }

    /// Bytes of the host that the process takes, besides what lies in the arena.
    pub fn host_bytes(&self) -> u64 {
        let r = &self.relations;
        let relations = r.monitors.len() + r.monitored_by.len() + r.aliases.len() + r.links.len();
        // A node of an ordered map holds key, value and its share of a node's spare room.
        let entry = size_of::<relations::Monitor>() + 48;
        let terms = self.live.capacity() + self.trap.args.capacity() + self.exception.frames.capacity();
        let own = size_of::<Process>() + relations * entry + self.timers.len() * 32 + terms * 8;
        own as u64 + self.mailbox.host_bytes() + self.dict.host_bytes()
    }

    /// Reductions that the current slice has used.
    pub fn used(&self) -> i32 {
        self.granted.saturating_sub(self.budget)
    }

    /// Leaves at most so many reductions of the current slice; those that it gives up don't count as used.
    pub fn shorten_slice(&mut self, left: i32) {
        let given_up = (self.budget - left).max(0);
        self.granted -= given_up;
        self.budget -= given_up;
    }

    /// Arranges that the first slice calls the function; the arguments lie on the process's own heap.
    pub fn start_call(&mut self, mfa: Mfa, args: Vec<Term>) {
        self.trap = Trap { target: Some(mfa), fun: Term::NONE, args };
        self.state = State::Runnable;
    }

    /// Arranges that the first slice calls the fun; fun and arguments lie on the process's own heap.
    pub fn start_fun(&mut self, fun: Term, args: Vec<Term>) {
        self.trap = Trap { target: None, fun, args };
        self.state = State::Runnable;
    }
}

/// The live terms of a process besides its heap and stack; `regs` are the X registers that are live while it runs.
pub struct ProcessRoots<'a> {
    pub regs: &'a mut [Term],
    pub process: &'a mut RootFields<'a>,
}

/// The parts of a process that hold terms, split off so that its heap can be borrowed beside them.
pub struct RootFields<'a> {
    pub live: &'a mut Vec<Term>,
    pub mailbox: &'a mut Mailbox,
    /// `message_queue_data` is `on_heap`: a collection moves waiting messages to the heap.
    pub messages_move: bool,
    pub dict: &'a mut Dictionary,
    pub exception: &'a mut Exception,
    pub trap: &'a mut Trap,
    pub exit_reason: &'a mut Term,
    pub label: &'a mut Term,
    pub relations: &'a mut relations::Relations,
    pub job: &'a mut Option<Box<job::Job>>,
}

impl Roots for ProcessRoots<'_> {
    fn visit(&mut self, f: &mut dyn FnMut(&mut [Term])) {
        use std::slice::from_mut;
        f(self.regs);
        let p = &mut *self.process;
        f(p.live);
        p.mailbox.visit(f);
        p.dict.visit(f);
        f(from_mut(&mut p.exception.value));
        f(from_mut(&mut p.exception.trace));
        f(from_mut(&mut p.exception.args));
        f(from_mut(&mut p.exception.info));
        f(from_mut(&mut p.trap.fun));
        f(&mut p.trap.args);
        f(from_mut(p.exit_reason));
        f(from_mut(p.label));
        if let Some(job) = p.job {
            job.moved();
            f(&mut job.terms);
        }
        if p.relations.tagged > 0 {
            for m in p.relations.monitors.values_mut() {
                f(from_mut(&mut m.tag));
            }
        }
    }

    fn waiting_words(&self) -> usize {
        if self.process.messages_move { self.process.mailbox.fragment_words() } else { 0 }
    }

    fn move_in(&mut self, heap: &mut Heap, arena: &mut Arena) -> Result<(), OutOfMemory> {
        if !self.process.messages_move || self.process.mailbox.fragment_words() == 0 {
            return Ok(());
        }
        let literal_base = arena.literal_base();
        self.process.mailbox.move_in(&mut |term, fragment, mut off_heap| {
            let mut room = Packed { heap: &mut *heap, arena: &mut *arena };
            let moved = copy::copy(&mut room, literal_base, term)?;
            release_all(arena, &mut off_heap);
            arena.free(fragment.start);
            Ok(moved)
        })
    }
}

impl Process {
    /// Collects so that `need` words can be had afterwards; `regs` are the live X registers. Under `gc_stress` the heap is
    /// verified.
    pub fn collect(
        &mut self,
        arena: &mut Arena,
        need: usize,
        regs: &mut [Term],
        force_major: bool,
    ) -> Result<Done, OutOfMemory> {
        #[cfg(feature = "gc_stress")]
        if !force_major && self.heap.off_heap.words <= self.heap.vheap_size && !self.heap.stress_due(need) {
            return Ok(Done::default());
        }
        self.with_roots(arena, regs, |heap, arena, roots| match force_major {
            true => heap.collect_major(arena, need, roots),
            false => heap.collect(arena, need, roots),
        })
    }

    /// The collection of a process that hibernates.
    pub fn collect_to_hibernate(&mut self, arena: &mut Arena) -> Result<Done, OutOfMemory> {
        self.with_roots(arena, &mut [], |heap, arena, roots| heap.hibernate(arena, roots))
    }

    /// Makes the fragment of the message that is being matched a part of the heap.
    pub fn adopt_matched(&mut self, mem: Mem) {
        self.matched = false;
        if let Some((fragment, off_heap)) = self.mailbox.current_mut().and_then(|m| m.fragment.take()) {
            self.heap.adopt(mem, fragment, off_heap);
        }
    }

    /// Asks for a major collection at the next safe place.
    pub fn request_collection(&mut self) {
        self.gc_requested = true;
        self.heap.need_fullsweep = true;
    }

    /// What a collection would be now.
    pub fn coming_collection(&self, force_major: bool) -> Coming {
        self.heap.coming_collection(force_major)
    }

    fn with_roots(
        &mut self,
        arena: &mut Arena,
        regs: &mut [Term],
        collect: impl FnOnce(&mut Heap, &mut Arena, &mut ProcessRoots<'_>) -> Result<Done, OutOfMemory>,
    ) -> Result<Done, OutOfMemory> {
        if self.matched {
            self.adopt_matched(arena.mem());
        }
        let mut fields = RootFields {
            live: &mut self.live,
            mailbox: &mut self.mailbox,
            messages_move: !self.off_heap_messages,
            dict: &mut self.dict,
            exception: &mut self.exception,
            trap: &mut self.trap,
            exit_reason: &mut self.exit_reason,
            label: &mut self.label,
            relations: &mut self.relations,
            job: &mut self.job,
        };
        let mut roots = ProcessRoots { regs, process: &mut fields };
        let done = collect(&mut self.heap, arena, &mut roots);
        #[cfg(feature = "gc_stress")]
        if let Err(what) = crate::heap::verify::verify(&self.heap, arena, &mut roots) {
            panic!("gc_stress: {what} at {:?}", self.ip);
        }
        done
    }
}
