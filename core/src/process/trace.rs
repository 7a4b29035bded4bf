//! What is traced of a process, and for whom. Data only; `signals::trace` makes the messages.

use crate::code::CodePtr;
use crate::term::Term;

/// Trace flags, as bits.
pub mod flag {
    pub const SEND: u32 = 1;
    pub const RECEIVE: u32 = 1 << 1;
    pub const CALL: u32 = 1 << 2;
    pub const PROCS: u32 = 1 << 3;
    pub const RUNNING: u32 = 1 << 4;
    pub const EXITING: u32 = 1 << 5;
    pub const GC: u32 = 1 << 6;
    pub const SET_ON_SPAWN: u32 = 1 << 7;
    pub const SET_ON_FIRST_SPAWN: u32 = 1 << 8;
    pub const SET_ON_LINK: u32 = 1 << 9;
    pub const SET_ON_FIRST_LINK: u32 = 1 << 10;
    pub const ARITY: u32 = 1 << 11;
    pub const RETURN_TO: u32 = 1 << 12;
    pub const SILENT: u32 = 1 << 13;
    pub const TIMESTAMP: u32 = 1 << 14;
    pub const STRICT_MONOTONIC: u32 = 1 << 15;
    pub const MONOTONIC: u32 = 1 << 16;
    pub const SCHEDULER_ID: u32 = 1 << 17;
    pub const PORTS: u32 = 1 << 18;
    pub const RUNNING_PORTS: u32 = 1 << 19;
    pub const RUNNING_PROCS: u32 = 1 << 20;
    /// What `all` stands for.
    pub const ALL: u32 = (1 << 21) - 1;
    /// What a new process inherits from one with `set_on_spawn`.
    pub const INHERITED: u32 = (1 << 21) - 1;
}

/// One session's interest in a process.
#[derive(Clone, Copy, Debug)]
pub struct Tracee {
    pub session: u32,
    pub flags: u32,
    /// The process that gets the messages.
    pub tracer: Term,
}

/// Time or memory that is being measured: for which function of which session, and since when.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    pub session: u32,
    pub at: CodePtr,
    pub since: u64,
}

/// The tracing of a process that is traced, or runs functions that are.
#[derive(Clone, Debug, Default)]
pub struct ProcTrace {
    pub tracees: Vec<Tracee>,
    /// Frames of return traces on the stack.
    pub frames: u32,
    pub time: Option<Measured>,
    pub memory: Option<Measured>,
    /// Words that earlier collections have taken from the heap: with the words in use, all that was ever allocated.
    pub allocated: u64,
}

impl ProcTrace {
    pub fn of(&self, session: u32) -> Option<Tracee> {
        self.tracees.iter().copied().find(|t| t.session == session)
    }
    pub fn of_mut(&mut self, session: u32) -> Option<&mut Tracee> {
        self.tracees.iter_mut().find(|t| t.session == session)
    }
}

impl super::Process {
    /// The flags of all sessions together.
    #[inline]
    pub fn trace_flags(&self) -> u32 {
        match &self.trace {
            None => 0,
            Some(_) if self.sensitive => 0,
            Some(t) => t.tracees.iter().fold(0, |all, t| all | t.flags),
        }
    }

    /// The flags of one session.
    pub fn tracee(&self, session: u32) -> Option<Tracee> {
        self.trace.as_ref().and_then(|t| t.of(session))
    }

    pub fn trace_mut(&mut self) -> &mut ProcTrace {
        self.trace.get_or_insert_default()
    }

    /// Sets or clears flags; a session without flags forgets the process.
    pub fn set_trace(&mut self, session: u32, on: bool, flags: u32, tracer: Term) {
        if !on && self.trace.is_none() {
            return;
        }
        let t = self.trace_mut();
        match t.of_mut(session) {
            Some(one) if on => {
                one.flags |= flags;
                one.tracer = tracer;
            }
            Some(one) => one.flags &= !flags,
            None if on => t.tracees.insert(0, Tracee { session, flags, tracer }),
            None => {}
        }
        t.tracees.retain(|t| t.flags != 0);
    }

    /// Words that the process has allocated in its life, collections left out of account.
    pub fn allocated_words(&self) -> u64 {
        let used = (self.heap.used() + self.heap.frag_words) as u64;
        self.trace.as_ref().map_or(0, |t| t.allocated).wrapping_add(used)
    }
}
