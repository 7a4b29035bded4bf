//! What happens to a process's ETS tables when it ends, and the message of a table that changes hands.

use super::Signals;
use crate::arena::OutOfMemory;
use crate::atom::am;
use crate::ets::Grave;
use crate::heap::refs::{self, RefId};
use crate::heap::{build, copy};
use crate::process::Process;
use crate::system::System;
use crate::term::Term;

impl Signals<'_> {
    /// Makes `to` the owner and sends it `{'ETS-TRANSFER', Table, From, Data}`.
    pub fn transfer_table(&mut self, id: RefId, to: Term, from: Term, data: Term) -> Result<(), OutOfMemory> {
        let Some(table) = self.sys.ets.get(id) else { return Ok(()) };
        let name = table.named.then_some(Term::atom(table.name));
        self.sys.ets.set_owner(id, to);
        let words = 5 + refs::REF_WORDS as u64 + self.sys.arena.flat_size(data);
        self.send_built(to, words, |a, lit| {
            let data = copy::copy(a, lit, data)?;
            let table = match name {
                Some(n) => n,
                None => refs::make(a, id)?,
            };
            build::tuple(a, &[Term::atom(am::ETS_TRANSFER), table, from, data])
        })
    }
}

/// Ends the fixations of a process that ends; gives its tables to their heirs, or deletes them.
pub(super) fn owner_exit(sys: &mut System, proc: &mut Process) -> Result<(), OutOfMemory> {
    let pid = proc.pid;
    for id in sys.ets.fixed_by.remove(&pid.raw()).unwrap_or_default() {
        if let Some(t) = sys.ets.get_mut(id) {
            t.unfix(&mut sys.arena, pid.raw(), true);
        }
    }
    sys.ets.cut.remove(&pid.raw());
    if let Some(staged) = sys.ets.staged.remove(&pid.raw()) {
        sys.ets.graves.push(Grave::Loose(staged));
    }
    for id in sys.ets.owned_by(pid) {
        let heir = sys.ets.get_mut(id).and_then(|t| t.heir.take());
        if let Some(heir) = heir {
            let mut signals = Signals::new(sys, Some(proc));
            if heir.pid != pid && signals.find_alive(heir.pid).is_some() {
                signals.transfer_table(id, heir.pid, pid, heir.data.term)?;
                sys.drop_message(heir.data);
                continue;
            }
            sys.drop_message(heir.data);
        }
        sys.ets.delete(id);
    }
    Ok(())
}
