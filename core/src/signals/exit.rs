//! Exit signals, and the end of a process.

use super::Signals;
use crate::arena::OutOfMemory;
use crate::atom::am;
use crate::heap::{HeapAlloc, build, copy};
use crate::process::relations::Relations;
use crate::process::trace::flag;
use crate::process::{Process, State};
use crate::system::System;
use crate::term::Term;
use crate::timer::Action;

/// What sent an exit signal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ExitKind {
    /// `erlang:exit/2`: `kill` can't be trapped, and `normal` from a process to itself ends it.
    Exit,
    /// The end of a linked process: takes effect only while the link exists, and removes it.
    Link,
}

impl Signals<'_> {
    /// Sends an exit signal. A target that it ends has `exit_reason` set, on its own heap; unless it is the running process
    /// it is also marked as exiting and queued, for the scheduler to clean up. Returns whether the running process was hit.
    pub fn exit(&mut self, from: Term, to: Term, reason: Term, kind: ExitKind) -> Result<bool, OutOfMemory> {
        let Some((p, _)) = self.find_alive(to) else { return Ok(false) };
        if kind == ExitKind::Link && !p.relations.links.remove(&from.raw()) {
            return Ok(false);
        }
        if kind == ExitKind::Link && self.sys.tracing.on {
            self.trace_event(to, flag::PROCS, am::GETTING_UNLINKED, &[from])?;
        }
        let Some((p, arena)) = self.find_alive(to) else { return Ok(false) };
        let kill = kind == ExitKind::Exit && reason.is(am::KILL);
        if p.trap_exit && !kill {
            let words = arena.flat_size(reason) + 4 + arena.flat_size(from);
            self.send_built(to, words, |a, lit| {
                let reason = copy::copy(a, lit, reason)?;
                let from = copy::copy(a, lit, from)?;
                build::tuple(a, &[Term::atom(am::EXIT_), from, reason])
            })?;
            return Ok(false);
        }
        if reason.is(am::NORMAL) && !(kind == ExitKind::Exit && from == to) {
            return Ok(false);
        }
        let reason = if kill { Term::atom(am::KILLED) } else { reason };
        let literal_base = arena.literal_base();
        p.exit_reason = copy::copy(&mut HeapAlloc { heap: &mut p.heap, arena }, literal_base, reason)?;
        if self.is_current(to) {
            return Ok(true);
        }
        self.begin_exit(to);
        Ok(false)
    }

    /// Marks a process that has its exit reason and doesn't run, and queues it.
    fn begin_exit(&mut self, pid: Term) {
        let Some(p) = self.sys.procs.get_mut(pid) else { return };
        p.state = State::Exiting;
        self.sys.run.push(p);
    }

    /// Links two processes. `false`: there is no process `other`.
    pub fn link(&mut self, a: Term, b: Term) -> bool {
        if a == b {
            return true;
        }
        if self.find_alive(b).is_none() {
            return false;
        }
        for (x, y) in [(a, b), (b, a)] {
            if let Some((p, _)) = self.find(x) {
                p.relations.links.insert(y.raw());
            }
        }
        if self.sys.tracing.on && self.trace_link(a, b).is_err() {
            let limit = self.sys.arena.limit();
            self.sys.stop.get_or_insert(crate::error::StopCause::OutOfMemory(limit));
        }
        true
    }

    pub fn unlink(&mut self, a: Term, b: Term) {
        for (x, y) in [(a, b), (b, a)] {
            if let Some((p, _)) = self.find(x) {
                p.relations.links.remove(&y.raw());
            }
        }
    }
}

/// Ends a process that the scheduler has checked out of the table: timers, tables, name, links, monitors, suspensions,
/// mailbox and heap, in OTP's order. `reason` lies on the process's own heap. Afterwards the pid is free
/// (the table has forgotten it) and the struct can be dropped.
pub fn process_exit(sys: &mut System, proc: &mut Process, reason: Term) -> Result<(), OutOfMemory> {
    proc.state = State::Exiting;
    let pid = proc.pid;
    if let Some(id) = proc.receive_timer.take() {
        sys.timers.cancel(id);
    }
    for id in std::mem::take(&mut proc.timers) {
        if let Some(t) = sys.timers.cancel(id)
            && let Action::Send { message, .. } = t.action
        {
            sys.drop_message(message);
        }
    }
    if sys.tracing.on {
        let mut s = Signals::new(sys, Some(proc));
        s.trace_event(pid, flag::PROCS, am::EXIT, &[reason])?;
    }
    let done = relations_end(sys, proc, pid, reason);
    for m in proc.mailbox.drain() {
        sys.drop_message(m);
    }
    proc.heap.release(&mut sys.arena);
    if sys.procs.running() == Some(pid) {
        sys.procs.forget_running();
    }
    done
}

fn relations_end(sys: &mut System, proc: &mut Process, pid: Term, reason: Term) -> Result<(), OutOfMemory> {
    super::tables::owner_exit(sys, proc)?;
    if let Some(name) = proc.name.take()
        && sys.names.get(&name) == Some(&pid)
    {
        sys.names.remove(&name);
        if sys.tracing.on {
            Signals::new(sys, Some(proc)).trace_event(pid, flag::PROCS, am::UNREGISTER, &[Term::atom(name)])?;
        }
    }
    let Relations { links, monitors, monitored_by, .. } = std::mem::take(&mut proc.relations);
    let suspending = std::mem::take(&mut proc.suspending);
    let mut s = Signals::new(sys, Some(proc));
    for other in links {
        s.exit(pid, Term(other), reason, ExitKind::Link)?;
    }
    for (id, m) in monitors {
        if let Some((p, _)) = s.find(m.pid) {
            p.relations.monitored_by.remove(&id);
        }
    }
    for (id, m) in monitored_by {
        s.down(m.pid, id, pid, reason)?;
    }
    for (other, times) in suspending {
        for _ in 0..times {
            s.resume(pid, Term(other));
        }
    }
    Ok(())
}
