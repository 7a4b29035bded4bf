//! Messages to whatever can be a destination, and messages of timers.

use super::Signals;
use crate::arena::OutOfMemory;
use crate::atom::am;
use crate::heap::refs::RefId;
use crate::process::State;
use crate::process::mailbox::Message;
use crate::term::Term;
use crate::timer::{Action, Timer};

/// Why a message could not be sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SendError {
    /// Not a destination, or a name that nothing is registered under.
    BadDestination,
    Memory,
}

impl From<OutOfMemory> for SendError {
    fn from(_: OutOfMemory) -> SendError {
        SendError::Memory
    }
}

impl Signals<'_> {
    /// Sends a copy of `message` to a pid, a registered name, `{Name, Node}`, or an alias. What is gone swallows it.
    pub fn send(&mut self, dest: Term, message: Term) -> Result<(), SendError> {
        if dest.is_local_pid() {
            return Ok(self.send_term(dest, message)?);
        }
        if let Some(name) = dest.as_atom() {
            let pid = *self.sys.names.get(&name).ok_or(SendError::BadDestination)?;
            return Ok(self.send_term(pid, message)?);
        }
        let mem = self.sys.mem();
        if mem.tuple_arity(dest) == Some(2) {
            let (name, node) = (mem.element(dest, 1), mem.element(dest, 2));
            let (Some(name), Some(node)) = (name.as_atom(), node.as_atom()) else {
                return Err(SendError::BadDestination);
            };
            if node == am::NONAME
                && let Some(pid) = self.sys.names.get(&name).copied()
            {
                self.send_copy(pid, message)?;
            }
            return Ok(());
        }
        if mem.is_ref(dest) {
            if let (Some(id), Some(pid)) = (mem.ref_id(dest), mem.alias_pid(dest)) {
                self.send_to_alias(id, pid, message)?;
            }
            return Ok(());
        }
        if mem.is_pid(dest) || mem.is_port(dest) {
            return Ok(());
        }
        Err(SendError::BadDestination)
    }

    /// A term of the running process goes to a process. What one sends to itself isn't copied, unless its messages stay off the heap.
    fn send_term(&mut self, to: Term, term: Term) -> Result<(), OutOfMemory> {
        match &mut self.current {
            Some(p) if p.pid == to && p.state != State::Exiting && !p.off_heap_messages => {
                p.mailbox.push(Message { term, fragment: None });
            }
            _ => return self.send_copy(to, term),
        }
        if self.sys.tracing.on { self.trace_receive(to, term) } else { Ok(()) }
    }

    fn send_to_alias(&mut self, id: RefId, pid: Term, message: Term) -> Result<(), OutOfMemory> {
        if self.use_alias(id, pid) { self.send_copy(pid, message) } else { Ok(()) }
    }

    /// Does what a timer that is due asks for, except `Action::Receive`, which is the scheduler's.
    pub fn fire(&mut self, timer: Timer, id: u64) {
        let Action::Send { to, message, .. } = timer.action else { return };
        let pid = match to.as_atom() {
            Some(name) => self.sys.names.get(&name).copied(),
            None => Some(to),
        };
        let Some(pid) = pid.filter(|p| p.is_local_pid()) else { return self.sys.drop_message(message) };
        if let Some((p, _)) = self.find(pid) {
            p.timers.remove(&id);
        }
        self.deliver(pid, message);
    }
}
