//! BIFs of module `ets`. Mirrors `erl_db.c` (OTP 27): access rights, errors with their causes, results and their order.

pub mod basic;
mod bound;
pub mod counter;
pub mod info;
pub mod match_spec;
pub mod owner;
pub mod select;
#[cfg(test)]
mod tests;
mod walk;

use super::support::atom_map;
use super::{BifResult, Ctx, Fault};
use crate::arena::Arena;
use crate::atom::{Atom, am};
use crate::ets::{Object, Protection, Table};
use crate::heap::refs::RefId;
use crate::process::job::Job;
use crate::system::SystemNames;
use crate::term::Term;

/// What a BIF wants to do with a table.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    Write,
    /// Only the owner may.
    Own,
}

impl Ctx<'_> {
    /// `badarg` of module `ets` without a known cause.
    fn ets_badarg(&mut self) -> Fault {
        let info = match atom_map(self, &[(am::MODULE, Term::atom(am::ERL_STDLIB_ERRORS))]) {
            Ok(info) => info,
            Err(e) => return e.into(),
        };
        let fault = self.badarg();
        self.proc.exception.info = info;
        fault
    }

    /// `badarg` of module `ets` with its cause.
    fn ets_fail(&mut self, cause: Atom) -> Fault {
        self.badarg_info(am::ERL_STDLIB_ERRORS, cause)
    }

    /// The table that a term names, whoever asks.
    fn find_table(&self, table: Term) -> Option<RefId> {
        match table.as_atom() {
            Some(name) => self.sys.ets.by_name(name),
            None => self.sys.mem().ref_id(table).filter(|id| self.sys.ets.get(*id).is_some()),
        }
    }

    /// The table that a term names, for a use that its protection allows. A list that is on its way in is in.
    fn open_table(&mut self, table: Term, access: Access) -> Result<RefId, Fault> {
        let id = self.allowed_table(table, access)?;
        self.settle(id);
        Ok(id)
    }

    /// The table that a term names, for a use that its protection allows.
    fn allowed_table(&mut self, table: Term, access: Access) -> Result<RefId, Fault> {
        let mem = self.sys.mem();
        if !table.is_atom() && !mem.is_ref(table) {
            return Err(self.ets_fail(am::TYPE));
        }
        let Some(id) = self.find_table(table) else { return Err(self.ets_fail(am::ID)) };
        let me = self.proc.pid;
        let allowed = self.sys.ets.get(id).is_some_and(|t| {
            t.owner == me
                || match access {
                    Access::Read => t.protection != Protection::Private,
                    Access::Write => t.protection == Protection::Public,
                    Access::Own => false,
                }
        });
        if allowed { Ok(id) } else { Err(self.ets_fail(am::ACCESS)) }
    }

    /// Ends the insertion of a long list that another process has begun: nobody sees a part of it.
    fn settle(&mut self, id: RefId) {
        let sys = &mut *self.sys;
        let names = SystemNames { atoms: &sys.atoms, code: &sys.code };
        if let Some(t) = sys.ets.get_mut(id) {
            t.settle(&mut sys.arena, &names, usize::MAX);
        }
    }

    /// Fixes a table for this process, or takes back one fixation.
    fn fix_table(&mut self, id: RefId, fix: bool) -> Result<(), Fault> {
        let me = self.proc.pid.raw();
        let now = (self.sys.now_ns(), self.sys.system_ns());
        let still = self.with_table(id, |t, arena, _| {
            if !fix {
                t.unfix(arena, me, false);
            } else {
                if !t.is_fixed() {
                    t.fixed_at = now;
                }
                *t.fixed.entry(me).or_insert(0) += 1;
            }
            t.fixed.contains_key(&me)
        })?;
        let mine = self.sys.ets.fixed_by.entry(me).or_default();
        if still {
            mine.insert(id);
        } else {
            mine.remove(&id);
            if mine.is_empty() {
                self.sys.ets.fixed_by.remove(&me);
            }
        }
        Ok(())
    }

    /// Gives the memory of deleted objects back, over slices; the call is made again with a job of phase 1.
    fn bury(&mut self, mut job: Box<Job>, args: &[Term]) -> Result<(), Fault> {
        let steps = self.steps();
        let sys = &mut *self.sys;
        let used = sys.ets.bury(&mut sys.arena, steps / 3);
        self.worked(used * 3);
        if self.sys.ets.graves.is_empty() {
            return Ok(());
        }
        job.phase = 1;
        Err(self.go_on_later(job, args))
    }

    /// A table that is known to exist, with what its operations need beside it.
    fn with_table<R>(
        &mut self,
        id: RefId,
        f: impl FnOnce(&mut Table, &mut Arena, &SystemNames<'_>) -> R,
    ) -> Result<R, Fault> {
        let sys = &mut *self.sys;
        let names = SystemNames { atoms: &sys.atoms, code: &sys.code };
        match sys.ets.get_mut(id) {
            Some(t) => Ok(f(t, &mut sys.arena, &names)),
            None => Err(self.ets_badarg()),
        }
    }

    /// As [`Ctx::with_table`], for reading.
    fn table(&mut self, id: RefId) -> Result<&Table, Fault> {
        if self.sys.ets.get(id).is_none() {
            return Err(self.ets_badarg());
        }
        self.sys.ets.get(id).ok_or(Fault::Raise)
    }

    /// Is the term a tuple with a key for this table?
    fn is_object(&self, keypos: u32, t: Term) -> bool {
        self.sys.mem().tuple_arity(t).is_some_and(|n| n >= keypos)
    }

    /// Puts a copy of a tuple, which is known to have a key, into the table.
    fn insert_object(&mut self, id: RefId, tuple: Term) -> Result<(), Fault> {
        let object = Object::new(&mut self.sys.arena, tuple)?;
        self.charge((object.words() / 64) as usize);
        self.with_table(id, |t, arena, names| t.insert(arena, names, object))
    }

    /// Copies of objects, as a list.
    fn object_list(&mut self, objects: &[Term]) -> BifResult {
        let mut out = Vec::with_capacity(objects.len());
        for o in objects {
            out.push(self.copy_in(*o)?);
        }
        self.charge(objects.len() / 4);
        self.list(&out)
    }
}

const TRUE: Term = Term::bool(true);
const END: Term = Term::atom(am::EOT);
