//! Timers: what is to happen at which nanosecond of the VM's clock. Plain data; the scheduler fires them.

use crate::heap::refs::RefId;
use crate::process::mailbox::Message;
use crate::term::Term;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// What a timer does.
#[derive(Clone, Copy, Debug)]
pub enum Action {
    /// Ends the `receive ... after` of the process.
    Receive(Term),
    /// Sends a message to a process or registered name (`erlang:send_after/3`, `start_timer/3`).
    Send { to: Term, message: Message, reference: RefId, started_by: Term },
}

/// A timer that has not fired.
#[derive(Clone, Copy, Debug)]
pub struct Timer {
    pub at_ns: u64,
    pub action: Action,
}

/// All timers, by time and then by the order in which they were started.
#[derive(Default, Debug)]
pub struct Timers {
    queue: BTreeMap<(u64, u64), Action>,
    at: FxHashMap<u64, u64>,
    by_ref: FxHashMap<RefId, u64>,
    next: u64,
}

impl Timers {
    /// Starts a timer; the result names it.
    pub fn start(&mut self, at_ns: u64, action: Action) -> u64 {
        self.next += 1;
        let id = self.next;
        if let Action::Send { reference, .. } = &action {
            self.by_ref.insert(*reference, id);
        }
        self.queue.insert((at_ns, id), action);
        self.at.insert(id, at_ns);
        id
    }

    /// Takes a timer out before it fires.
    pub fn cancel(&mut self, id: u64) -> Option<Timer> {
        let at_ns = self.at.remove(&id)?;
        let action = self.queue.remove(&(at_ns, id))?;
        if let Action::Send { reference, .. } = &action {
            self.by_ref.remove(reference);
        }
        Some(Timer { at_ns, action })
    }

    /// Bytes of the host that the timers take.
    pub fn host_bytes(&self) -> u64 {
        (self.queue.len() * (size_of::<Action>() + 16) + (self.at.capacity() + self.by_ref.capacity()) * 32) as u64
    }

    /// The timer of that reference.
    pub fn by_ref(&self, reference: RefId) -> Option<(u64, u64)> {
        let id = *self.by_ref.get(&reference)?;
        Some((id, *self.at.get(&id)?))
    }

    /// Those that wait, by time.
    pub fn all(&self) -> impl Iterator<Item = (u64, &Action)> {
        self.queue.iter().map(|((at, _), action)| (*at, action))
    }

    /// When the next one fires.
    pub fn next_ns(&self) -> Option<u64> {
        self.queue.first_key_value().map(|((at, _), _)| *at)
    }

    /// The next timer that is due.
    pub fn pop_due(&mut self, now_ns: u64) -> Option<Timer> {
        self.pop_due_with_id(now_ns).map(|(_, t)| t)
    }

    /// As [`Timers::pop_due`], with the timer's name.
    pub fn pop_due_with_id(&mut self, now_ns: u64) -> Option<(u64, Timer)> {
        let ((at_ns, id), _) = self.queue.first_key_value()?;
        let id = *id;
        if *at_ns > now_ns {
            return None;
        }
        Some((id, self.cancel(id)?))
    }

    pub fn len(&self) -> usize {
        self.queue.len()
    }
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// The messages of all timers that have one, in order of time.
    pub fn messages(&self) -> impl Iterator<Item = &Message> {
        self.queue.values().filter_map(|a| match a {
            Action::Send { message, .. } => Some(message),
            Action::Receive(_) => None,
        })
    }

    /// As [`Timers::messages`], to be replaced.
    pub fn messages_mut(&mut self) -> impl Iterator<Item = &mut Message> {
        self.queue.values_mut().filter_map(|a| match a {
            Action::Send { message, .. } => Some(message),
            Action::Receive(_) => None,
        })
    }

    /// Timers with a message, for what must look at them all.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &Action)> {
        self.queue.iter().map(|((at, _), a)| (*at, a))
    }
}
