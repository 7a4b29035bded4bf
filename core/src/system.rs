//! The state that all processes of a VM share, and that BIFs may touch: plain data, no behaviour of its own.

use crate::arena::{Arena, OutOfMemory};
use crate::atom::{Atom, AtomTable};
use crate::code::CodeTable;
use crate::config::Config;
use crate::error::StopCause;
use crate::heap::refs::RefId;
use crate::heap::{FragmentAlloc, build, copy};
use crate::host::Host;
use crate::process::mailbox::Message;
use crate::process::table::ProcessTable;
use crate::process::{Priority, Process, State};
use crate::term::{Mem, Term};
use crate::timer::Timers;
use rustc_hash::FxHashMap;
use std::collections::VecDeque;

/// The run queues, by priority. A process stands in at most one place ([`Process::queued`]); what isn't runnable any more is skipped.
#[derive(Default, Debug)]
pub struct RunQueues {
    pub low: VecDeque<Term>,
    pub normal: VecDeque<Term>,
    pub high: VecDeque<Term>,
    pub max: VecDeque<Term>,
    /// Turns that normal processes have had since a low one was picked (ERTS lets a low one wait for eight).
    pub skipped_low: u32,
}

impl RunQueues {
    /// Puts a process at the end of its queue; one that stands in a queue already stays where it is.
    pub fn push(&mut self, p: &mut Process) {
        if std::mem::replace(&mut p.queued, true) {
            return;
        }
        match p.priority {
            Priority::Low => self.low.push_back(p.pid),
            Priority::Normal => self.normal.push_back(p.pid),
            Priority::High => self.high.push_back(p.pid),
            Priority::Max => self.max.push_back(p.pid),
        }
    }

    pub fn len(&self) -> usize {
        self.low.len() + self.normal.len() + self.high.len() + self.max.len()
    }
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The next to run.
    pub fn pop(&mut self) -> Option<Term> {
        if let Some(p) = self.max.pop_front().or_else(|| self.high.pop_front()) {
            return Some(p);
        }
        if !self.low.is_empty() && (self.normal.is_empty() || self.skipped_low >= 7) {
            self.skipped_low = 0;
            return self.low.pop_front();
        }
        if !self.low.is_empty() {
            self.skipped_low += 1;
        }
        self.normal.pop_front()
    }
}

/// What the VM counts for `erlang:statistics/1` and the like.
#[derive(Default, Debug, Clone)]
pub struct Counters {
    pub reductions: u64,
    pub context_switches: u64,
    pub collections: u64,
    pub reclaimed_words: u64,
    pub processes_created: u64,
    pub input_bytes: u64,
    pub output_bytes: u64,
}

/// Reductions between two looks at the host's memory.
const AUDIT_EVERY: u64 = 1_000_000;

/// Everything that isn't one process's.
pub struct System {
    pub config: Config,
    pub host: Box<dyn Host>,
    pub arena: Arena,
    pub atoms: AtomTable,
    pub code: CodeTable,
    pub procs: ProcessTable,
    pub run: RunQueues,
    pub timers: Timers,
    pub names: FxHashMap<Atom, Term>,
    pub counters: Counters,
    pub ets: crate::ets::Tables,
    pub shared: crate::shared::Shared,
    /// Patterns of module `re`, compiled.
    pub patterns: beambox_regex::Cache,
    pub resources: crate::resources::Resources,
    pub tracing: crate::tracing::Tracing,
    /// The literal `{}`.
    pub empty_tuple: Term,
    /// The literal `[[]]`, the rest of the arguments with which `apply` starts a fun.
    pub no_arguments: Term,
    /// Set: the VM has stopped for good.
    pub stop: Option<StopCause>,
    /// The module that the host has to fetch before the running process can go on.
    pub wanted: Option<Atom>,
    /// The process that waits for it, and what is left of its slice.
    pub interrupted: Option<(Term, i32)>,
    /// The process whose end the embedder wants to know.
    pub watch: Option<Term>,
    /// Why it has ended, as text; empty after a normal end.
    pub watch_exit: Option<String>,
    /// Nanoseconds of the virtual clock (unused when the host has a clock).
    pub virtual_ns: u64,
    /// Processes that wait for standard input.
    pub input_waiters: Vec<Term>,
    /// Microseconds of the last `erlang:now/0`.
    pub last_now_us: i64,
    next_ref: u64,
    next_unique: u64,
    random: u64,
    /// Reductions at which to look at the host's memory next.
    audit_at: u64,
}

impl System {
    pub fn new(config: Config, host: Box<dyn Host>) -> Result<System, OutOfMemory> {
        let mut arena = Arena::new(config.max_memory)?;
        let at = arena.alloc_literal(1)?;
        arena.mem().set_word(at, 0, crate::term::object::tuple_header(0));
        let cell = arena.alloc_literal(2)?;
        arena.mem().set(cell, 0, Term::NIL);
        arena.mem().set(cell, 1, Term::NIL);
        Ok(System {
            atoms: AtomTable::new(config.max_atoms),
            procs: ProcessTable::new(config.max_processes),
            random: config.seed,
            config,
            host,
            arena,
            code: CodeTable::default(),
            run: RunQueues::default(),
            timers: Timers::default(),
            names: FxHashMap::default(),
            counters: Counters::default(),
            ets: crate::ets::Tables::default(),
            shared: crate::shared::Shared::default(),
            patterns: beambox_regex::Cache::default(),
            resources: crate::resources::Resources::default(),
            tracing: crate::tracing::Tracing::default(),
            empty_tuple: Term::boxed_at(at),
            no_arguments: Term::list_at(cell),
            stop: None,
            wanted: None,
            interrupted: None,
            watch: None,
            watch_exit: None,
            virtual_ns: 0,
            input_waiters: Vec::new(),
            last_now_us: 0,
            audit_at: AUDIT_EVERY,
            next_ref: 1,
            next_unique: 1,
        })
    }

    #[inline(always)]
    pub fn mem(&self) -> Mem {
        self.arena.mem()
    }

    /// Bytes of the host that the guest's processes, timers and tables take outside of the arena.
    pub fn host_bytes(&self) -> u64 {
        let processes: u64 = self.procs.iter().map(Process::host_bytes).sum();
        let tables = self.timers.host_bytes() + self.ets.host_bytes() + self.code.host_bytes();
        processes + tables + self.resources.host_bytes() + self.tracing.host_bytes()
    }

    /// Forgets what stands for references that are all gone: streams, open files, code that was prepared and never installed.
    pub fn bury(&mut self) {
        for id in self.arena.take_dead() {
            let r = &mut self.resources;
            r.zlib.remove(&id);
            r.ciphers.remove(&id);
            r.buffers.remove(&id);
            r.terminals.remove(&id);
            if let Some(handle) = r.files.remove(&id).and_then(|f| f.handle) {
                // Nobody is left to be told that closing failed.
                let _ = self.host.files().map(|f| f.close(handle));
            }
            let slot = r.prepared.remove(&id).map(|p| p.ready.slot as usize);
            if let Some(instance) = slot.and_then(|slot| self.code.instances.get_mut(slot)?.take()) {
                let mut off_heap = instance.literal_off_heap;
                crate::heap::gc::sweep::release_all(&mut self.arena, &mut off_heap);
                instance.literal_areas.iter().for_each(|f| self.arena.free(f.start));
            }
        }
    }

    /// Holds the guest to its limit of memory where that isn't the arena's: a flood of small messages, monitors or timers
    /// takes no words there. Called between slices; looks once in a million reductions.
    pub fn audit(&mut self) {
        if self.counters.reductions < self.audit_at {
            return;
        }
        self.audit_at = self.counters.reductions + AUDIT_EVERY;
        self.bury();
        let limit = self.config.max_memory;
        if self.stop.is_none() && self.arena.used() + self.host_bytes() > limit {
            self.stop = Some(StopCause::OutOfMemory(limit));
        }
    }

    /// Nanoseconds of the VM's monotonic clock.
    pub fn now_ns(&mut self) -> u64 {
        self.host.monotonic_ns().unwrap_or(self.virtual_ns)
    }

    /// Nanoseconds since 1970.
    pub fn system_ns(&mut self) -> i64 {
        match self.host.system_ns() {
            Some(ns) => ns,
            // 2025-01-01, so that a run without a clock is the same every time.
            None => 1_735_689_600_000_000_000 + self.now_ns() as i64,
        }
    }

    pub fn fresh_ref(&mut self) -> RefId {
        let n = self.next_ref;
        self.next_ref += 1;
        RefId(n, 0)
    }

    /// A positive integer that was never given before.
    pub fn fresh_unique(&mut self) -> u64 {
        let n = self.next_unique;
        self.next_unique += 1;
        n
    }

    /// 64 bits of entropy: the host's, or the next of the seeded sequence (splitmix64).
    pub fn random_u64(&mut self) -> u64 {
        let mut buf = [0; 8];
        if self.host.entropy(&mut buf) {
            return u64::from_le_bytes(buf);
        }
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.random ^ (self.random >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Makes a process runnable if it waits. A process that runs or is queued already stays where it is.
    pub fn wake(&mut self, pid: Term) {
        if let Some(p) = self.procs.get_mut(pid) {
            match p.state {
                State::Waiting => {
                    p.state = State::Runnable;
                    self.run.push(p);
                }
                State::Suspended { .. } => p.state = State::Suspended { runnable: true },
                State::Runnable | State::Exiting => {}
            }
        }
    }

    /// A copy of a term as a message in a fragment of its own.
    pub fn message(&mut self, term: Term) -> Result<Message, OutOfMemory> {
        let words = self.arena.flat_size(term);
        if words == 0 {
            return Ok(Message { term, fragment: None });
        }
        let words = u32::try_from(words).map_err(|_| OutOfMemory)?;
        let literal_base = self.arena.literal_base();
        let mut a = FragmentAlloc::new(&mut self.arena, words)?;
        let term = copy::copy(&mut a, literal_base, term)?;
        Ok(Message { term, fragment: Some((a.fragment, a.off_heap)) })
    }

    /// A message that `build` makes in a fragment of at most `words` words.
    pub fn message_with(
        &mut self,
        words: u32,
        build: impl FnOnce(&mut FragmentAlloc<'_>) -> build::Built,
    ) -> Result<Message, OutOfMemory> {
        let mut a = FragmentAlloc::new(&mut self.arena, words)?;
        let term = build(&mut a)?;
        Ok(Message { term, fragment: Some((a.fragment, a.off_heap)) })
    }

    /// Delivers a message to a process that isn't the running one; a missing process swallows it.
    pub fn deliver(&mut self, to: Term, message: Message) {
        match self.procs.get_mut(to) {
            Some(p) if p.state != State::Exiting => {
                p.mailbox.push(message);
                self.wake(to);
            }
            _ => self.drop_message(message),
        }
    }

    /// Gives a message's memory back.
    pub fn drop_message(&mut self, message: Message) {
        if let Some((fragment, mut off_heap)) = message.fragment {
            crate::heap::gc::sweep::release_all(&mut self.arena, &mut off_heap);
            self.arena.free(fragment.start);
        }
    }

    /// Copies `term` to `to` as a message: straight onto the receiver's heap when there is room, as ERTS does, else in a
    /// fragment. `to` must not be the running process.
    pub fn send_copy(&mut self, to: Term, term: Term) -> Result<(), OutOfMemory> {
        let Some(p) = self.procs.get_mut(to) else { return Ok(()) };
        if p.state == State::Exiting {
            return Ok(());
        }
        let words = self.arena.flat_size(term);
        if !p.off_heap_messages && words > 0 && words + (crate::heap::REDZONE as u64) < p.heap.free() as u64 {
            let literal_base = self.arena.literal_base();
            let mut a = crate::heap::HeapAlloc { heap: &mut p.heap, arena: &mut self.arena };
            let term = copy::copy(&mut a, literal_base, term)?;
            p.mailbox.push(Message { term, fragment: None });
            self.wake(to);
            return Ok(());
        }
        let message = self.message(term)?;
        self.deliver(to, message);
        Ok(())
    }

    /// Runs `f` on a process wherever it is: `current` while it runs, else the one in the table.
    pub fn with_process<R>(
        &mut self,
        current: &mut Process,
        pid: Term,
        f: impl FnOnce(&mut Process, &mut Arena) -> R,
    ) -> Option<R> {
        if pid == current.pid {
            return Some(f(current, &mut self.arena));
        }
        let p = self.procs.get_mut(pid)?;
        Some(f(p, &mut self.arena))
    }
}

/// The tables behind [`crate::term::Names`], borrowed apart from the arena.
#[derive(Clone, Copy)]
pub struct SystemNames<'a> {
    pub atoms: &'a AtomTable,
    pub code: &'a CodeTable,
}

impl crate::term::Names for SystemNames<'_> {
    fn atom_name(&self, atom: Atom) -> &str {
        self.atoms.name(atom)
    }
    fn fun_key(&self, entry: u64) -> Option<crate::term::FunKey> {
        let e = self.code.funs.get(entry as usize)?;
        Some(crate::term::FunKey {
            module: e.module,
            old_index: e.old_index,
            old_uniq: e.old_uniq,
            arity: e.arity.saturating_sub(e.num_free as u8),
        })
    }
    fn export_mfa(&self, export: u64) -> Option<(Atom, Atom, u8)> {
        let m = self.code.exports.get(export as usize)?.mfa;
        Some((m.module, m.function, m.arity))
    }
}

impl System {
    pub fn names(&self) -> SystemNames<'_> {
        SystemNames { atoms: &self.atoms, code: &self.code }
    }
}

impl System {
    /// As [`System::load`], of a file that has been read already.
    pub fn load_parsed(&mut self, file: &beambox_beamfile::BeamFile) -> Result<Atom, crate::error::LoadError> {
        let mut into = crate::load::Into {
            atoms: &mut self.atoms,
            code: &mut self.code,
            arena: &mut self.arena,
            empty_tuple: self.empty_tuple,
        };
        crate::load::load_file(&mut into, file)
    }

    /// Loads a `.beam` file; a full atom table stops the VM.
    pub fn load(&mut self, bytes: &[u8]) -> Result<Atom, crate::error::LoadError> {
        let mut into = crate::load::Into {
            atoms: &mut self.atoms,
            code: &mut self.code,
            arena: &mut self.arena,
            empty_tuple: self.empty_tuple,
        };
        let result = crate::load::load(&mut into, bytes);
        if result.is_err() && self.atoms.len() >= self.atoms.limit() {
            self.stop.get_or_insert(StopCause::TooManyAtoms(self.atoms.limit()));
        }
        result
    }
}
