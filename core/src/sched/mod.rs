//! The scheduler: picks a process, runs a slice, fires timers, cleans up after the dead.
//!
//! Cooperative and deterministic: queues and timers are plain data in [`System`], and with a virtual clock the same program
//! runs the same way every time. A slice is 4000 reductions, as in ERTS.

use crate::interp::{Registers, SliceEnd, run::run};
use crate::process::{Process, State};
use crate::system::System;
use crate::term::Term;
use crate::timer::Action;

/// Reductions of a slice.
pub const SLICE: i32 = 4000;

/// How far a VM may run.
#[derive(Clone, Copy, Debug)]
pub struct Budget {
    /// Most reductions before control comes back (the last slice may go over).
    pub reductions: u64,
    /// Jump the virtual clock to the next timer when every process waits. With a host clock this has no effect.
    pub skip_idle: bool,
    /// Reductions of a slice: [`SLICE`], or less for an embedder who wants to watch every few.
    pub slice: i32,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget { reductions: u64::MAX, skip_idle: true, slice: SLICE }
    }
}

/// Why control came back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Paused {
    /// The budget is used; there is more to do.
    Budget,
    /// Every process waits. `next_timer_ns`: when, on the VM's clock, the next timer fires.
    Idle { next_timer_ns: Option<u64> },
    /// A process needs a module that the host has to fetch first ([`Vm::wanted_module`](crate::vm::Vm::wanted_module)).
    Module,
    /// The VM has stopped: see [`System::stop`].
    Stopped,
}

/// Objects of deleted ETS tables whose memory is given back before a slice.
const BURIED: usize = 1000;

/// Runs processes until the budget is used, all wait, or the VM stops.
pub fn run_until(sys: &mut System, regs: &mut Registers, budget: Budget) -> Paused {
    let mut left = budget.reductions;
    sys.wanted = None;
    loop {
        if sys.stop.is_some() {
            return Paused::Stopped;
        }
        fire_timers(sys);
        sys.audit();
        if sys.stop.is_some() {
            return Paused::Stopped;
        }
        // A slice that a missing module interrupted goes on before anything else happens, so that runs are the same on every host.
        let interrupted = sys.interrupted.take();
        let Some((pid, most)) = interrupted.or_else(|| Some((sys.run.pop()?, budget.slice.clamp(1, SLICE)))) else {
            match sys.timers.next_ns() {
                Some(at) if budget.skip_idle && sys.host.monotonic_ns().is_none() => {
                    sys.virtual_ns = sys.virtual_ns.max(at);
                    continue;
                }
                _ if sys.ets.bury(&mut sys.arena, BURIED) > 0 => continue,
                next_timer_ns => return Paused::Idle { next_timer_ns },
            }
        };
        sys.ets.bury(&mut sys.arena, BURIED);
        let Some(mut process) = sys.procs.check_out(pid) else { continue };
        process.queued &= interrupted.is_some();
        let used = slice(sys, regs, process, most, interrupted.is_none());
        left = left.saturating_sub(used.max(1));
        if sys.wanted.is_some() {
            return Paused::Module;
        }
        if left == 0 && sys.stop.is_none() {
            return Paused::Budget;
        }
    }
}

/// Runs one process that is checked out for one slice of `most` reductions, or the rest of one; returns the reductions used.
fn slice(sys: &mut System, regs: &mut Registers, mut p: Box<Process>, most: i32, fresh: bool) -> u64 {
    match p.state {
        State::Runnable => {}
        State::Exiting => {
            finish(sys, p);
            return 1;
        }
        State::Waiting | State::Suspended { .. } => {
            sys.procs.check_in(p);
            return 0;
        }
    }
    (p.granted, p.budget) = (most, most);
    sys.counters.context_switches += u64::from(fresh);
    trace_running(sys, &mut p, true);
    let watched = sys.tracing.system_monitor.is_some() || sys.tracing.system_profile.is_some();
    let begun = watched.then(|| crate::bif::watch::begins(sys, &mut p));
    p.yielding = None;
    let end = run(regs, &mut p, sys, fresh);
    if let Some(begun) = begun {
        let (waits, exited) = (end == SliceEnd::Waiting, end == SliceEnd::Exited);
        crate::bif::watch::ended(sys, &mut p, begun, waits, exited);
    }
    trace_running(sys, &mut p, false);
    let least = i32::from(fresh && end != SliceEnd::Wanted);
    let used = p.used().max(least) as u64;
    p.reductions += used;
    sys.counters.reductions += used;
    // Without a clock of the host, time passes with the work: a microsecond for ten reductions.
    sys.virtual_ns += used * 100;
    match end {
        SliceEnd::Preempted => {
            if p.state == State::Runnable {
                sys.run.push(&mut p);
            }
            sys.procs.check_in(p);
        }
        SliceEnd::Waiting => {
            // Something may have arrived in the very slice in which it went to wait.
            if p.mailbox.current().is_some() && p.state == State::Waiting {
                p.state = State::Runnable;
                sys.run.push(&mut p);
            }
            sys.procs.check_in(p);
        }
        SliceEnd::Exited => finish(sys, p),
        SliceEnd::Wanted => {
            match p.budget {
                left if left > 0 => sys.interrupted = Some((p.pid, left)),
                _ => sys.run.push(&mut p),
            }
            sys.procs.check_in(p);
        }
        SliceEnd::Stopped => sys.procs.check_in(p),
    }
    used
}

/// Tells tracers that a process goes in or out; the time that it is out is nobody's.
fn trace_running(sys: &mut System, p: &mut Process, begins: bool) {
    if p.trace.is_none() {
        return;
    }
    crate::bif::trace::scheduled(sys, p, begins);
}

/// The end of a process: signals to those who care, and its memory back.
fn finish(sys: &mut System, mut p: Box<Process>) {
    report(sys, &p);
    let reason = if p.exit_reason.is_none() { Term::atom(crate::atom::am::NORMAL) } else { p.exit_reason };
    if sys.watch == Some(p.pid) {
        let normal = reason.is(crate::atom::am::NORMAL) || reason.is(crate::atom::am::SHUTDOWN);
        let text = crate::heap::print::write(sys.mem(), &sys.names(), reason, true, 4000);
        sys.watch_exit = Some(if normal { String::new() } else { text });
    }
    p.state = State::Exiting;
    for port in sys.resources.ports_of(p.pid) {
        if crate::signals::Signals::new(sys, Some(&mut p)).port_down(port, reason).is_err() {
            let limit = sys.arena.limit();
            sys.stop.get_or_insert(crate::error::StopCause::OutOfMemory(limit));
        }
    }
    for (id, m) in p.relations.monitors.iter().filter(|(_, m)| m.port) {
        sys.resources.port_monitors.remove(&(m.pid.raw(), *id));
    }
    for handle in sys.resources.owner_gone(p.pid) {
        // Nobody is left to be told that closing failed.
        let _ = sys.host.files().map(|f| f.close(handle));
    }
    sys.procs.forget_running();
    if crate::signals::process_exit(sys, &mut p, reason).is_err() {
        let limit = sys.arena.limit();
        sys.stop.get_or_insert(crate::error::StopCause::OutOfMemory(limit));
    }
}

/// Says on standard error that a process died of an uncaught error, where no logger does.
fn report(sys: &mut System, p: &Process) {
    use crate::process::Class;
    let mem = sys.mem();
    // Only errors that nothing caught carry frames or a trace here.
    let uncaught = p.exception.class != Class::Exit && !p.exception.value.is_none();
    if !uncaught || mem.tuple_arity(p.exit_reason) != Some(2) {
        return;
    }
    if let Some(logger) = crate::bif::log::logger(sys) {
        const FORMAT: &str = "Error in process ~p with exit value:~n~p~n";
        let about = Some((p.pid, p.group_leader));
        match crate::bif::log::message(sys, FORMAT, &[p.pid, p.exit_reason], about) {
            Ok(message) => sys.deliver(logger, message),
            Err(crate::arena::OutOfMemory) => {
                let limit = sys.arena.limit();
                sys.stop.get_or_insert(crate::error::StopCause::OutOfMemory(limit));
            }
        }
        return;
    }
    let text = crate::heap::print::write(mem, &sys.names(), p.exit_reason, true, 4000);
    let pid = crate::heap::print::write(mem, &sys.names(), p.pid, true, 100);
    let line = format!("=ERROR REPORT====\nError in process {pid} with exit value:\n{text}\n\n");
    sys.host.write(crate::host::Stream::Stderr, line.as_bytes());
}

fn fire_timers(sys: &mut System) {
    if sys.timers.is_empty() {
        return;
    }
    let now = sys.now_ns();
    while let Some((id, t)) = sys.timers.pop_due_with_id(now) {
        if let Action::Receive(pid) = t.action {
            if let Some(p) = sys.procs.get_mut(pid) {
                p.timed_out = true;
                p.receive_timer = None;
                // The loop's head finds no message and comes to `wait_timeout`, which falls through.
                sys.wake(pid);
            }
        } else {
            crate::signals::Signals::new(sys, None).fire(t, id);
        }
    }
}
