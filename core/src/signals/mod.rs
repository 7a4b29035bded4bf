//! Signals between processes: messages, exits, links, monitors, aliases, and the start and end of a process.
//!
//! The VM is single-threaded, so a signal takes effect in its target's plain data at the moment that it is sent; the order of
//! signals between a pair of processes holds by construction. Owns the rules of OTP 27's `erl_proc_sig_queue.c` and of the
//! exit of a process in `erl_process.c`. Runs no code: the scheduler performs what a signal has arranged.

pub mod exit;
pub mod monitor;
pub mod send;
pub mod spawn;
mod tables;
#[cfg(test)]
pub mod tests;
pub mod trace;

pub use exit::{ExitKind, process_exit};
pub use spawn::{SpawnOpts, Start};

use crate::arena::{Arena, OutOfMemory};
use crate::heap::build::Built;
use crate::heap::{FragmentAlloc, HeapAlloc, REDZONE, copy};
use crate::process::mailbox::Message;
use crate::process::{Process, State};
use crate::system::System;
use crate::term::Term;

/// All processes of a VM, the running one included, which stands outside of the table while it runs.
pub struct Signals<'a> {
    pub sys: &'a mut System,
    /// The process that is checked out of the table, if one is.
    pub current: Option<&'a mut Process>,
}

impl<'a> Signals<'a> {
    pub fn new(sys: &'a mut System, current: Option<&'a mut Process>) -> Signals<'a> {
        Signals { sys, current }
    }

    /// The process of that pid, and the arena; `None` when there is none (an exiting process is still there).
    pub fn find(&mut self, pid: Term) -> Option<(&mut Process, &mut Arena)> {
        match &mut self.current {
            Some(p) if p.pid == pid => Some((p, &mut self.sys.arena)),
            _ => self.sys.procs.get_mut(pid).map(|p| (p, &mut self.sys.arena)),
        }
    }

    /// As [`Signals::find`], without processes that have begun to exit.
    pub fn find_alive(&mut self, pid: Term) -> Option<(&mut Process, &mut Arena)> {
        self.find(pid).filter(|(p, _)| p.state != State::Exiting)
    }

    fn is_current(&self, pid: Term) -> bool {
        self.current.as_ref().is_some_and(|p| p.pid == pid)
    }

    /// Puts a ready message into the queue of `to`, or drops it when there is no such process.
    pub fn deliver(&mut self, to: Term, message: Message) {
        let term = message.term;
        self.deliver_quietly(to, message);
        if self.sys.tracing.on && self.trace_receive(to, term).is_err() {
            let limit = self.sys.arena.limit();
            self.sys.stop.get_or_insert(crate::error::StopCause::OutOfMemory(limit));
        }
    }

    /// As [`Signals::deliver`], without telling tracers.
    fn deliver_quietly(&mut self, to: Term, message: Message) {
        match &mut self.current {
            Some(p) if p.pid == to && p.state != State::Exiting => p.mailbox.push(message),
            Some(p) if p.pid == to => self.sys.drop_message(message),
            _ => self.sys.deliver(to, message),
        }
    }

    /// Copies `term` into the queue of `to`.
    pub fn send_copy(&mut self, to: Term, term: Term) -> Result<(), OutOfMemory> {
        self.send_copy_quietly(to, term)?;
        if self.sys.tracing.on { self.trace_receive(to, term) } else { Ok(()) }
    }

    fn send_copy_quietly(&mut self, to: Term, term: Term) -> Result<(), OutOfMemory> {
        if !self.is_current(to) {
            return self.sys.send_copy(to, term);
        }
        let Some(p) = &mut self.current else { return Ok(()) };
        if p.state == State::Exiting {
            return Ok(());
        }
        let words = self.sys.arena.flat_size(term);
        if !p.off_heap_messages && words + (REDZONE as u64) < p.heap.free() as u64 {
            let literal_base = self.sys.arena.literal_base();
            let mut a = HeapAlloc { heap: &mut p.heap, arena: &mut self.sys.arena };
            let term = copy::copy(&mut a, literal_base, term)?;
            p.mailbox.push(Message { term, fragment: None });
            return Ok(());
        }
        let message = self.sys.message(term)?;
        p.mailbox.push(message);
        Ok(())
    }

    /// Sends a message that `build` makes in at most `words` words.
    pub fn send_built(
        &mut self,
        to: Term,
        words: u64,
        build: impl FnOnce(&mut FragmentAlloc<'_>, u32) -> Built,
    ) -> Result<(), OutOfMemory> {
        if self.find_alive(to).is_none() {
            return Ok(());
        }
        let message = self.built(words, build)?;
        self.deliver(to, message);
        Ok(())
    }

    /// As [`Signals::send_built`], without telling tracers.
    fn send_built_quietly(
        &mut self,
        to: Term,
        words: u64,
        build: impl FnOnce(&mut FragmentAlloc<'_>, u32) -> Built,
    ) -> Result<(), OutOfMemory> {
        let message = self.built(words, build)?;
        self.deliver_quietly(to, message);
        Ok(())
    }

    fn built(
        &mut self,
        words: u64,
        build: impl FnOnce(&mut FragmentAlloc<'_>, u32) -> Built,
    ) -> Result<Message, OutOfMemory> {
        let words = u32::try_from(words).map_err(|_| OutOfMemory)?;
        let literal_base = self.sys.arena.literal_base();
        self.sys.message_with(words, |a| build(a, literal_base))
    }
}
