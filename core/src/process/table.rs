//! All processes of a VM, by pid.
//!
//! Pids are numbered upwards; a process's slot is its number modulo the size of the table, as in ERTS, so a number is used
//! again only after the whole range. The running process is taken out of its slot while it runs.

use super::Process;
use crate::term::Term;

/// Bits of a pid's number; what is above is the serial.
pub const NUMBER_BITS: u32 = 28;

/// The process table.
pub struct ProcessTable {
    slots: Vec<Option<Box<Process>>>,
    next: u64,
    len: usize,
    limit: usize,
    /// Pid of the process that is out of its slot because it runs.
    running: Option<Term>,
}

impl ProcessTable {
    /// A table for at most `limit` processes (taken up to a power of two).
    pub fn new(limit: usize) -> ProcessTable {
        let limit = limit.clamp(16, 1 << 27).next_power_of_two();
        ProcessTable { slots: Vec::new(), next: 0, len: 0, limit, running: None }
    }

    fn slot(&self, pid: Term) -> usize {
        (pid.id_number() as usize) & (self.limit - 1)
    }

    /// A pid that no process has, or `None` when the table is full.
    pub fn fresh_pid(&mut self) -> Option<Term> {
        if self.len >= self.limit {
            return None;
        }
        loop {
            let number = self.next & ((1 << 60) - 1);
            self.next += 1;
            let pid = Term::pid(number);
            let slot = self.slot(pid);
            let taken =
                self.slots.get(slot).is_some_and(Option::is_some) || self.running.is_some_and(|r| self.slot(r) == slot);
            if !taken {
                return Some(pid);
            }
        }
    }

    /// The number that the next process will get, if its slot is free.
    pub fn next_number(&self) -> u64 {
        self.next & ((1 << 60) - 1)
    }

    /// Goes on with another number, for tests that need pids of a kind.
    pub fn set_next_number(&mut self, number: u64) -> u64 {
        self.next = number & ((1 << 60) - 1);
        self.next
    }

    /// Puts in a new process.
    pub fn insert(&mut self, process: Box<Process>) {
        let slot = self.slot(process.pid);
        if self.slots.len() <= slot {
            self.slots.resize_with((slot + 1).next_power_of_two(), || None);
        }
        self.slots[slot] = Some(process);
        self.len += 1;
    }

    pub fn get(&self, pid: Term) -> Option<&Process> {
        if !pid.is_local_pid() {
            return None;
        }
        self.slots.get(self.slot(pid))?.as_deref().filter(|p| p.pid == pid)
    }

    pub fn get_mut(&mut self, pid: Term) -> Option<&mut Process> {
        if !pid.is_local_pid() {
            return None;
        }
        let slot = self.slot(pid);
        self.slots.get_mut(slot)?.as_deref_mut().filter(|p| p.pid == pid)
    }

    /// Takes a process out to run it.
    pub fn check_out(&mut self, pid: Term) -> Option<Box<Process>> {
        self.get(pid)?;
        let slot = self.slot(pid);
        self.running = Some(pid);
        self.slots.get_mut(slot)?.take()
    }

    /// Puts a process back after its slice.
    pub fn check_in(&mut self, process: Box<Process>) {
        let slot = self.slot(process.pid);
        self.running = None;
        self.slots[slot] = Some(process);
    }

    /// The process that is checked out is gone for good.
    pub fn forget_running(&mut self) {
        self.running = None;
        self.len -= 1;
    }

    /// Is there such a process, running or not?
    pub fn exists(&self, pid: Term) -> bool {
        self.running == Some(pid) || self.get(pid).is_some()
    }

    pub fn running(&self) -> Option<Term> {
        self.running
    }

    pub fn len(&self) -> usize {
        self.len
    }
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
    pub fn limit(&self) -> usize {
        self.limit
    }

    /// All processes but the running one, by slot.
    pub fn iter(&self) -> impl Iterator<Item = &Process> {
        self.slots.iter().flatten().map(|p| &**p)
    }
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Process> {
        self.slots.iter_mut().flatten().map(|p| &mut **p)
    }
}
