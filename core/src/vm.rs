//! The public face of a VM: make one, load code, spawn, run, look at it.

use crate::arena::OutOfMemory;
use crate::atom::Atom;
use crate::bif::table;
use crate::code::{Instance, Target};
use crate::config::Config;
use crate::error::{LoadError, StopCause};
use crate::guard;
use crate::host::Host;
use crate::interp::{self, Registers, cold};
use crate::process::Mfa;
use crate::sched::{self, Budget, Paused};
use crate::system::System;
use crate::term::Term;
use beambox_beamfile::etf::Value;

fn broken(why: &str) -> String {
    format!("the VM panicked: {why}")
}

/// A BEAM.
pub struct Vm {
    pub sys: System,
    regs: Registers,
    /// A panic was caught in it: what it said and where.
    poisoned: Option<String>,
}

pub use crate::signals::spawn::RootError as SpawnError;

impl Vm {
    /// A VM without any module but the built-in functions.
    pub fn new(config: Config, host: Box<dyn Host>) -> Result<Vm, OutOfMemory> {
        let mut sys = System::new(config, host)?;
        let bifs = table::all();
        for (i, b) in bifs.iter().enumerate() {
            // The table's names are few; a limit that is too low for them is met at the first module.
            let (Ok(module), Ok(function)) = (sys.atoms.intern(b.module), sys.atoms.intern(b.name)) else { break };
            let mfa = Mfa { module, function, arity: b.arity };
            sys.code.bifs.push(mfa);
            if b.heavy {
                sys.code.heavy_bifs.insert(i as u32);
            }
            if sys.config.otp && b.module == "init" {
                continue;
            }
            let export = sys.code.export(mfa);
            if let Some(e) = sys.code.exports.get_mut(export as usize) {
                e.target = Target::Bif(i as u32);
            }
        }
        let slot = sys.code.fresh_slot();
        debug_assert_eq!(slot, interp::INTERNAL);
        let internal = Instance::internal(slot, cold::internal_code(bifs));
        if let Some(place) = sys.code.instances.get_mut(slot as usize) {
            *place = Some(Box::new(internal));
        }
        Ok(Vm { sys, regs: Registers::default(), poisoned: None })
    }

    /// Loads a `.beam` file; its former version, if any, becomes old code.
    pub fn load_module(&mut self, bytes: &[u8]) -> Result<Atom, LoadError> {
        let broken = |why: &str| LoadError::new("FOR1", None, broken(why));
        if let Some(why) = &self.poisoned {
            return Err(broken(why));
        }
        match guard::guarded(|| self.sys.load(bytes)) {
            Ok(loaded) => loaded,
            Err(why) => Err(broken(self.poison(why))),
        }
    }

    /// The atom of that name.
    pub fn atom(&mut self, name: &str) -> Option<Atom> {
        self.sys.atoms.intern(name).ok()
    }

    /// Is the function loaded and exported?
    pub fn is_exported(&self, module: &str, function: &str, arity: u8) -> bool {
        let (Some(module), Some(function)) = (self.sys.atoms.lookup(module), self.sys.atoms.lookup(function)) else {
            return false;
        };
        self.sys.code.target(Mfa { module, function, arity }) != Target::Undefined
    }

    /// Starts a process that calls `module:function` with the arguments. It runs when [`Vm::run`] is called.
    pub fn spawn(&mut self, module: &str, function: &str, args: &[Value]) -> Result<Term, SpawnError> {
        if let Some(why) = &self.poisoned {
            return Err(SpawnError::Poisoned(broken(why)));
        }
        match guard::guarded(|| crate::signals::spawn::spawn_root(&mut self.sys, module, function, args)) {
            Ok(spawned) => spawned,
            Err(why) => Err(SpawnError::Poisoned(broken(self.poison(why)))),
        }
    }

    /// Runs until the budget is used, every process waits, or the VM stops. Can be called again in each case but the last.
    /// A panic stops it with [`StopCause::Internal`] and poisons it.
    pub fn run(&mut self, budget: Budget) -> Paused {
        match guard::guarded(|| sched::run_until(&mut self.sys, &mut self.regs, budget)) {
            Ok(paused) => paused,
            Err(why) => {
                self.poison(why);
                Paused::Stopped
            }
        }
    }

    /// Has a panic been caught in it? Then what it said and where. Such a VM runs, loads and spawns nothing any more.
    pub fn poisoned(&self) -> Option<&str> {
        self.poisoned.as_deref()
    }

    /// Looks at the VM by `f`.
    ///
    /// # Errors
    /// `f` panicked, now or earlier; the VM is poisoned.
    pub fn look<R>(&mut self, f: impl FnOnce(&System) -> R) -> Result<R, String> {
        match guard::guarded(|| f(&self.sys)) {
            Ok(seen) => Ok(seen),
            Err(why) => Err(broken(self.poison(why))),
        }
    }

    /// Takes note of a panic; the first one counts.
    fn poison(&mut self, why: String) -> &str {
        let why = self.poisoned.get_or_insert(why);
        self.sys.stop = Some(StopCause::Internal(broken(why)));
        why
    }

    /// The module that [`Paused::Module`] is about.
    pub fn wanted_module(&self) -> Option<&str> {
        self.sys.wanted.map(|module| self.sys.atoms.name(module))
    }

    /// Why the VM has stopped, if it has.
    pub fn stop_cause(&self) -> Option<&StopCause> {
        self.sys.stop.as_ref()
    }

    /// Wakes processes that wait for the host (standard input).
    pub fn host_ready(&mut self) {
        let waiting: Vec<Term> = self.sys.input_waiters.drain(..).collect();
        for pid in waiting {
            self.sys.wake(pid);
        }
        if let Some(select) = self.sys.resources.select.take() {
            self.tell_ready(select);
        }
    }

    /// Does a process wait for standard input?
    pub fn wants_input(&self) -> bool {
        !self.sys.input_waiters.is_empty() || self.sys.resources.select.is_some()
    }

    /// `{select, Tty, Ref, ready_input}`, once.
    fn tell_ready(&mut self, select: crate::resources::Select) {
        use crate::heap::{build, owner, refs};
        let names = (self.sys.atoms.intern("select"), self.sys.atoms.intern("ready_input"));
        let (Ok(tag), Ok(ready)) = names else { return };
        let message = self.sys.message_with(2 * refs::REF_WORDS + 5, |a| {
            let (tty, reference) = (owner::find(a, select.tty)?, refs::make(a, select.reference)?);
            build::tuple(a, &[Term::atom(tag), tty, reference, Term::atom(ready)])
        });
        match message {
            Ok(message) => self.sys.deliver(select.pid, message),
            Err(OutOfMemory) => {
                let limit = self.sys.arena.limit();
                self.sys.stop.get_or_insert(StopCause::OutOfMemory(limit));
            }
        }
    }

    /// A term as `~w` shows it, cut at `limit` characters.
    pub fn show(&self, term: Term, limit: usize) -> String {
        crate::heap::print::write(self.sys.mem(), &self.sys.names(), term, true, limit)
    }
}
