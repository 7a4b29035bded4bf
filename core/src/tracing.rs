//! Trace sessions, and what is traced of functions. Data only: the messages are made in `signals::trace`, the calls are
//! noticed in `interp::breakpoint`, and `bif::trace` has the functions that a program calls.
//!
//! Session 0 is the one of `erlang:trace/3`; the others are made by `trace:session_create/3`. Match specifications are kept
//! as terms in a fragment of their own and compiled when they are used.

use crate::code::{CodePtr, Target};
use crate::heap::refs::RefId;
use crate::process::Process;
use crate::process::mailbox::Message;
use crate::process::trace::flag;
use crate::system::System;
use crate::term::Term;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// A match specification, or none: everything matches.
pub type Pattern = Option<Message>;

/// The pattern of an event (`send`, `receive`).
#[derive(Debug)]
pub struct EventPattern {
    pub on: bool,
    pub spec: Pattern,
}

impl Default for EventPattern {
    fn default() -> EventPattern {
        EventPattern { on: true, spec: None }
    }
}

/// Which kinds of trace a call is about.
#[derive(Clone, Copy, Debug, Default)]
pub struct Kinds {
    pub global: bool,
    pub local: bool,
    pub meta: Option<Term>,
    pub count: bool,
    pub time: bool,
    pub memory: bool,
}

impl Kinds {
    pub fn breakpoint(&self) -> bool {
        self.local || self.meta.is_some() || self.count || self.time || self.memory
    }
}

/// A pattern for modules to come.
#[derive(Debug)]
pub struct OnLoad {
    pub kinds: Kinds,
    pub spec: Pattern,
}

/// One session.
#[derive(Debug, Default)]
pub struct Session {
    pub name: Term,
    /// The tracer of all its messages; none for session 0.
    pub tracer: Option<Term>,
    pub reference: Option<RefId>,
    pub send: EventPattern,
    pub receive: EventPattern,
    /// Flags and tracer of processes that will be made.
    pub new_processes: Option<(u32, Term)>,
    pub new_ports: Option<(u32, Term)>,
    pub control_word: u32,
    pub on_load: Option<OnLoad>,
}

/// A counter that can be paused.
#[derive(Clone, Copy, Debug, Default)]
pub struct CallCount {
    pub paused: bool,
    pub calls: u64,
}

/// Calls and amounts (nanoseconds or words), by process.
#[derive(Clone, Debug, Default)]
pub struct Measure {
    pub paused: bool,
    pub of: BTreeMap<u64, (u64, u64)>,
}

/// What one session traces of a function.
#[derive(Debug, Default)]
pub struct FunctionTrace {
    pub session: u32,
    /// Calls of processes with the `call` flag.
    pub local: Option<Pattern>,
    /// The same, of calls through the export only.
    pub global: Option<Pattern>,
    pub meta: Option<(Term, Pattern)>,
    pub count: Option<CallCount>,
    pub time: Option<Measure>,
    pub memory: Option<Measure>,
}

impl FunctionTrace {
    pub fn is_empty(&self) -> bool {
        self.local.is_none()
            && self.global.is_none()
            && self.meta.is_none()
            && self.count.is_none()
            && self.time.is_none()
            && self.memory.is_none()
    }
}

/// What a match specification of a call asks for besides its value.
#[derive(Clone, Copy, Debug, Default)]
pub struct Actions {
    pub session: u32,
    /// The value of the message, when `message` was called.
    pub message: Option<Term>,
    pub return_trace: bool,
    pub exception_trace: bool,
}

/// Decides whether an arriving message is worth telling: of the session, from, the message.
pub type Filter = fn(&mut System, &mut Process, u32, Term, Term) -> bool;

/// What `system_monitor` was asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemMonitor {
    pub pid: Term,
    pub long_gc: u64,
    pub long_schedule: u64,
    pub large_heap: u64,
    pub long_message_queue: Option<(u64, u64)>,
    pub busy_port: bool,
    pub busy_dist_port: bool,
}

/// What `system_profile` was asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemProfile {
    pub pid: Term,
    pub runnable_procs: bool,
    pub runnable_ports: bool,
    pub exclusive: bool,
    pub scheduler: bool,
    /// Flags of `erlang:trace/3` that say which time is told.
    pub stamp: u32,
}

/// All of it.
#[derive(Debug, Default)]
pub struct Tracing {
    /// Something is traced: the one question that code that isn't traced asks.
    pub on: bool,
    /// Sequential tracing has been used: sends look for tokens.
    pub sequential: bool,
    /// The process that is told of what happens to tokens.
    pub system_tracer: Option<Term>,
    pub sessions: BTreeMap<u32, Session>,
    next_session: u32,
    /// By the function's entry; a BIF's is its stub in the VM's own code.
    pub functions: FxHashMap<CodePtr, Vec<FunctionTrace>>,
    /// Some of `functions` are BIFs.
    pub bifs: bool,
    /// Per trampoline: the export, and where it leads.
    pub trampolines: Vec<(u32, Target)>,
    /// The slot of the trampolines' code; 0 while there is none.
    pub trampoline_slot: u32,
    pub actions: Actions,
    pub system_monitor: Option<SystemMonitor>,
    pub system_profile: Option<SystemProfile>,
    pub receive_filter: Option<Filter>,
    /// Code that was replaced by code with breakpoints; an interpreter may still be in it until its next call.
    pub retired: Vec<Box<[crate::code::op::Instr]>>,
}

impl Tracing {
    /// Bytes of the host that sessions and breakpoints take, about.
    pub fn host_bytes(&self) -> u64 {
        let retired: usize = self.retired.iter().map(|code| size_of_val(&**code)).sum();
        (self.sessions.len() * 2 * size_of::<Session>()
            + self.functions.len() * 2 * size_of::<FunctionTrace>()
            + retired) as u64
    }

    /// Session 0 or another.
    pub fn session(&mut self, id: u32) -> &mut Session {
        self.sessions.entry(id).or_default()
    }

    pub fn create(&mut self, name: Term, tracer: Term, reference: RefId) -> u32 {
        self.next_session += 1;
        let id = self.next_session;
        let session = Session { name, tracer: Some(tracer), reference: Some(reference), ..Session::default() };
        self.sessions.insert(id, session);
        id
    }

    /// The id of a session by its reference.
    pub fn by_reference(&self, reference: RefId) -> Option<u32> {
        self.sessions.iter().find(|(_, s)| s.reference == Some(reference)).map(|(id, _)| *id)
    }

    pub fn function(&self, at: CodePtr, session: u32) -> Option<&FunctionTrace> {
        self.functions.get(&at)?.iter().find(|f| f.session == session)
    }

    pub fn function_mut(&mut self, at: CodePtr, session: u32) -> Option<&mut FunctionTrace> {
        self.functions.get_mut(&at)?.iter_mut().find(|f| f.session == session)
    }

    /// The entry of a function for a session, made if need be.
    pub fn function_entry(&mut self, at: CodePtr, session: u32) -> &mut FunctionTrace {
        let all = self.functions.entry(at).or_default();
        let i = match all.iter().position(|f| f.session == session) {
            Some(i) => i,
            None => {
                all.push(FunctionTrace { session, ..FunctionTrace::default() });
                all.len() - 1
            }
        };
        &mut all[i]
    }

    /// Flags and tracers of a process that is made now.
    pub fn of_new_process(&self) -> Vec<(u32, u32, Term)> {
        let new = |(id, s): (&u32, &Session)| s.new_processes.map(|(flags, tracer)| (*id, flags, tracer));
        self.sessions.iter().filter_map(new).filter(|n| n.1 & flag::INHERITED != 0).collect()
    }
}
