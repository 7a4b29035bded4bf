//! Trace messages. Mirrors `erl_trace.c` (OTP 27): their shapes, their timestamps, and when there is none.

use super::Signals;
use crate::arena::OutOfMemory;
use crate::atom::{Atom, am};
use crate::heap::build::Built;
use crate::heap::{Alloc, build, copy};
use crate::process::State;
use crate::process::trace::{Tracee, flag};
use crate::term::Term;

/// The last element of a `trace_ts` message.
#[derive(Clone, Copy)]
pub enum Stamp {
    Now(i64),
    Monotonic(i64),
    Strict(i64, i64),
}

impl Stamp {
    pub fn build(self, a: &mut dyn Alloc) -> Built {
        match self {
            Stamp::Now(us) => {
                let (s, us) = (us.div_euclid(1_000_000), us.rem_euclid(1_000_000));
                let now = [s.div_euclid(1_000_000), s.rem_euclid(1_000_000), us].map(Term::small);
                build::tuple(a, &now)
            }
            Stamp::Monotonic(ns) => build::int(a, ns),
            Stamp::Strict(ns, unique) => {
                let ns = build::int(a, ns)?;
                build::tuple(a, &[ns, Term::small(unique)])
            }
        }
    }
}

impl Signals<'_> {
    /// The flags of a process; 0 when nothing is traced.
    #[inline]
    pub fn trace_flags(&mut self, pid: Term) -> u32 {
        if !self.sys.tracing.on {
            return 0;
        }
        self.find(pid).map_or(0, |(p, _)| p.trace_flags())
    }

    /// Tells every session that wants events of the kind `bit` of the process. The terms may lie on any heap.
    pub fn trace_event(&mut self, pid: Term, bit: u32, tag: Atom, data: &[Term]) -> Result<(), OutOfMemory> {
        if self.trace_flags(pid) & bit == 0 {
            return Ok(());
        }
        let Some((p, _)) = self.find(pid) else { return Ok(()) };
        let all: Vec<Tracee> = p.trace.as_ref().map(|t| t.tracees.clone()).unwrap_or_default();
        for t in all {
            if t.flags & bit != 0 {
                self.trace_message(pid, t, tag, data)?;
            }
        }
        Ok(())
    }

    /// One trace message. A tracer that is gone takes its session's interest in the process with it.
    pub fn trace_message(&mut self, pid: Term, t: Tracee, tag: Atom, data: &[Term]) -> Result<(), OutOfMemory> {
        if t.tracer == pid {
            return Ok(());
        }
        if self.find_alive(t.tracer).is_none() {
            if let Some((p, _)) = self.find(pid)
                && let Some(trace) = &mut p.trace
            {
                trace.tracees.retain(|x| x.session != t.session || x.tracer != t.tracer);
            }
            return Ok(());
        }
        let stamp = self.stamp(t.flags);
        let arena = &self.sys.arena;
        let words: u64 = data.iter().map(|d| arena.flat_size(*d)).sum::<u64>() + data.len() as u64 + 6 + 10;
        let scheduler = t.flags & flag::SCHEDULER_ID != 0;
        self.send_built_quietly(t.tracer, words, |a, lit| {
            let head = if stamp.is_some() { am::TRACE_TS } else { am::TRACE };
            let mut parts = vec![Term::atom(head), pid, Term::atom(tag)];
            for d in data {
                parts.push(copy::copy(a, lit, *d)?);
            }
            if scheduler {
                parts.push(Term::small(1));
            }
            if let Some(stamp) = stamp {
                parts.push(stamp.build(a)?);
            }
            build::tuple(a, &parts)
        })
    }

    /// The time stamp that these flags of `erlang:trace/3` ask for.
    pub fn stamp(&mut self, flags: u32) -> Option<Stamp> {
        if flags & flag::TIMESTAMP != 0 {
            let us = (self.sys.system_ns() / 1000).max(self.sys.last_now_us + 1);
            self.sys.last_now_us = us;
            return Some(Stamp::Now(us));
        }
        if flags & flag::STRICT_MONOTONIC != 0 {
            let unique = self.sys.fresh_unique() as i64;
            return Some(Stamp::Strict(self.sys.now_ns() as i64, unique));
        }
        (flags & flag::MONOTONIC != 0).then(|| Stamp::Monotonic(self.sys.now_ns() as i64))
    }

    /// A message that has just come to a process.
    pub(super) fn trace_receive(&mut self, to: Term, message: Term) -> Result<(), OutOfMemory> {
        if self.trace_flags(to) & flag::RECEIVE == 0 {
            return Ok(());
        }
        let Some((p, _)) = self.find(to) else { return Ok(()) };
        let all: Vec<Tracee> = p.trace.as_ref().map(|t| t.tracees.clone()).unwrap_or_default();
        for t in all {
            if t.flags & flag::RECEIVE == 0 {
                continue;
            }
            let pattern = &self.sys.tracing.session(t.session).receive;
            let (on, has_spec) = (pattern.on, pattern.spec.is_some());
            if !on {
                continue;
            }
            if has_spec
                && let Some(filter) = self.sys.tracing.receive_filter
                && let Some(p) = &mut self.current
            {
                let from = p.pid;
                if !filter(self.sys, p, t.session, from, message) {
                    continue;
                }
            }
            self.trace_message(to, t, am::RECEIVE, &[message])?;
        }
        Ok(())
    }

    /// The trace of a new process: what its parent hands down, then its own first event.
    pub(super) fn trace_spawn(&mut self, parent: Term, pid: Term, mfa: [Term; 3]) -> Result<(), OutOfMemory> {
        let new = self.sys.tracing.of_new_process();
        let inherited: Vec<Tracee> = match self.find(parent) {
            Some((p, _)) => p.trace.as_ref().map(|t| t.tracees.clone()).unwrap_or_default(),
            None => Vec::new(),
        };
        let mfa_of = |s: &mut Self| -> Result<Option<crate::process::mailbox::Message>, OutOfMemory> {
            let words = 4 + s.sys.arena.flat_size(mfa[2]);
            let lit = s.sys.arena.literal_base();
            let words = u32::try_from(words).map_err(|_| OutOfMemory)?;
            s.sys
                .message_with(words, |a| {
                    let args = copy::copy(a, lit, mfa[2])?;
                    build::tuple(a, &[mfa[0], mfa[1], args])
                })
                .map(Some)
        };
        let Some(tuple) = mfa_of(self)? else { return Ok(()) };
        self.trace_event(parent, flag::PROCS, am::SPAWN, &[pid, tuple.term])?;
        if let Some((p, _)) = self.find(pid) {
            for (session, flags, tracer) in new {
                p.set_trace(session, true, flags, tracer);
            }
            for t in &inherited {
                if t.flags & (flag::SET_ON_SPAWN | flag::SET_ON_FIRST_SPAWN) != 0 {
                    let first = t.flags & flag::SET_ON_FIRST_SPAWN != 0;
                    let drop = if first { flag::SET_ON_SPAWN | flag::SET_ON_FIRST_SPAWN } else { 0 };
                    p.set_trace(t.session, true, t.flags & !drop, t.tracer);
                }
            }
        }
        if let Some((p, _)) = self.find(parent)
            && let Some(trace) = &mut p.trace
        {
            for t in &mut trace.tracees {
                if t.flags & flag::SET_ON_FIRST_SPAWN != 0 {
                    t.flags &= !(flag::SET_ON_SPAWN | flag::SET_ON_FIRST_SPAWN);
                }
            }
        }
        let done = self.trace_event(pid, flag::PROCS, am::SPAWNED, &[parent, tuple.term]);
        self.sys.drop_message(tuple);
        done
    }

    /// A process links another: the events of both, and flags that are handed on.
    pub(super) fn trace_link(&mut self, from: Term, to: Term) -> Result<(), OutOfMemory> {
        self.trace_event(from, flag::PROCS, am::LINK, &[to])?;
        let inherited: Vec<Tracee> = match self.find(from) {
            Some((p, _)) => p.trace.as_ref().map(|t| t.tracees.clone()).unwrap_or_default(),
            None => Vec::new(),
        };
        for t in inherited {
            if t.flags & (flag::SET_ON_LINK | flag::SET_ON_FIRST_LINK) == 0 {
                continue;
            }
            let first = t.flags & flag::SET_ON_FIRST_LINK != 0;
            let drop = if first { flag::SET_ON_LINK | flag::SET_ON_FIRST_LINK } else { 0 };
            if let Some((p, _)) = self.find(to) {
                p.set_trace(t.session, true, t.flags & !drop, t.tracer);
            }
            if let Some((p, _)) = self.find(from) {
                p.set_trace(t.session, false, drop, t.tracer);
            }
        }
        self.trace_event(to, flag::PROCS, am::GETTING_LINKED, &[from])
    }

    /// Does the process live (and isn't ending)?
    pub fn is_alive(&mut self, pid: Term) -> bool {
        self.find(pid).is_some_and(|(p, _)| p.state != State::Exiting)
    }
}
