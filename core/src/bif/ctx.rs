//! What a BIF can reach: its process, the system, and the ways to fail.

use crate::arena::{Arena, OutOfMemory};
use crate::atom::{Atom, AtomError, am};
use crate::error::StopCause;
use crate::heap::{Alloc, OffHeap, build, copy};
use crate::process::{Class, Mfa, Process};
use crate::system::System;
use crate::term::{Addr, Mem, Term};

/// Why a BIF has no value to return.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// An exception; class, reason and more are in `Process::exception`.
    Raise,
    /// `Process::trap` says what to call; its result is the BIF's result.
    Trap,
    /// Call the same BIF again in the next slice, with the arguments in `Process::trap.args`.
    Yield,
    /// The process waits (as in `receive`); the BIF is called again, with the arguments in `Process::trap.args`, when it
    /// wakes.
    Wait,
    /// As [`Fault::Trap`], but the stack is dropped and the call waits until a message is there (`erlang:hibernate/3`).
    Hibernate,
    /// Collect, so that this many words are free on the heap proper, and call the BIF again. Nothing may have changed yet.
    Collect(u32),
    /// The process has been told to exit (`Process::exit_reason` is set).
    Exit,
    /// The VM has stopped (`System::stop` is set).
    Stop,
    /// The memory limit is reached; the VM stops.
    Memory,
}

impl From<OutOfMemory> for Fault {
    fn from(_: OutOfMemory) -> Fault {
        Fault::Memory
    }
}

/// The context of a BIF call.
pub struct Ctx<'a> {
    pub proc: &'a mut Process,
    pub sys: &'a mut System,
}

impl Alloc for Ctx<'_> {
    #[inline(always)]
    fn mem(&self) -> Mem {
        self.sys.arena.mem()
    }
    #[inline(always)]
    fn words(&mut self, words: u32) -> Result<Addr, OutOfMemory> {
        self.proc.heap.words(&mut self.sys.arena, words)
    }
    #[inline(always)]
    fn off_heap(&mut self) -> &mut OffHeap {
        &mut self.proc.heap.off_heap
    }
    #[inline(always)]
    fn arena(&mut self) -> &mut Arena {
        &mut self.sys.arena
    }
}

impl Ctx<'_> {
    /// The heap to build on and the tables to look names up in, borrowed side by side.
    pub fn split(&mut self) -> (crate::heap::HeapAlloc<'_>, crate::system::SystemNames<'_>) {
        let sys = &mut *self.sys;
        let names = crate::system::SystemNames { atoms: &sys.atoms, code: &sys.code };
        (crate::heap::HeapAlloc { heap: &mut self.proc.heap, arena: &mut sys.arena }, names)
    }

    /// Charges reductions for work that grows with the arguments.
    #[inline]
    pub fn charge(&mut self, reductions: usize) {
        self.proc.budget = self.proc.budget.saturating_sub(reductions.min(1 << 20) as i32);
    }

    /// An exception of the given class.
    pub fn raise(&mut self, class: Class, reason: Term) -> Fault {
        let e = &mut self.proc.exception;
        *e = crate::process::Exception {
            class,
            value: reason,
            frames: std::mem::take(&mut e.frames),
            ..Default::default()
        };
        e.frames.clear();
        Fault::Raise
    }

    pub fn error(&mut self, reason: Term) -> Fault {
        self.raise(Class::Error, reason)
    }
    /// `error(Atom)`.
    pub fn error_atom(&mut self, reason: Atom) -> Fault {
        self.error(Term::atom(reason))
    }
    pub fn badarg(&mut self) -> Fault {
        self.error_atom(am::BADARG)
    }
    pub fn badarith(&mut self) -> Fault {
        self.error_atom(am::BADARITH)
    }
    pub fn system_limit(&mut self) -> Fault {
        self.error_atom(am::SYSTEM_LIMIT)
    }
    /// `error({Tag, Term})`, such as `{badkey, K}` or `{badmap, M}`.
    pub fn error_pair(&mut self, tag: Atom, term: Term) -> Fault {
        match build::tuple(self, &[Term::atom(tag), term]) {
            Ok(t) => self.error(t),
            Err(e) => e.into(),
        }
    }

    /// Calls another function in place of this BIF.
    pub fn trap(&mut self, module: Atom, function: Atom, args: &[Term]) -> Fault {
        self.proc.trap.target = Some(Mfa { module, function, arity: args.len() as u8 });
        self.proc.trap.fun = Term::NONE;
        self.proc.trap.args = args.to_vec();
        Fault::Trap
    }

    /// Calls a fun in place of this BIF.
    pub fn trap_fun(&mut self, fun: Term, args: &[Term]) -> Fault {
        self.proc.trap.target = None;
        self.proc.trap.fun = fun;
        self.proc.trap.args = args.to_vec();
        Fault::Trap
    }

    /// Goes on in the next slice with these arguments (as many as the BIF has).
    pub fn yield_with(&mut self, args: &[Term]) -> Fault {
        self.proc.trap.args = args.to_vec();
        Fault::Yield
    }

    /// Waits until something arrives, then runs again with these arguments.
    pub fn wait_with(&mut self, args: &[Term]) -> Fault {
        self.proc.trap.args = args.to_vec();
        Fault::Wait
    }

    /// Stops the VM.
    pub fn stop(&mut self, cause: StopCause) -> Fault {
        self.sys.stop = Some(cause);
        Fault::Stop
    }

    /// The atom of that name; too long a name is `system_limit`, a full table stops the VM.
    pub fn atom(&mut self, name: &str) -> Result<Term, Fault> {
        match self.sys.atoms.intern(name) {
            Ok(a) => Ok(Term::atom(a)),
            Err(AtomError::TooLong) => Err(self.system_limit()),
            Err(AtomError::TableFull) => {
                let limit = self.sys.atoms.limit();
                Err(self.stop(StopCause::TooManyAtoms(limit)))
            }
        }
    }

    pub fn cons(&mut self, head: Term, tail: Term) -> Result<Term, Fault> {
        Ok(build::cons(self, head, tail)?)
    }
    /// A tuple; `{}` is the shared literal.
    pub fn tuple(&mut self, elements: &[Term]) -> Result<Term, Fault> {
        if elements.is_empty() { Ok(self.sys.empty_tuple) } else { Ok(build::tuple(self, elements)?) }
    }
    pub fn list(&mut self, elements: &[Term]) -> Result<Term, Fault> {
        Ok(build::list(self, elements)?)
    }
    pub fn int(&mut self, value: i64) -> Result<Term, Fault> {
        Ok(build::int(self, value)?)
    }
    pub fn uint(&mut self, value: u64) -> Result<Term, Fault> {
        Ok(build::uint(self, value)?)
    }
    pub fn float(&mut self, value: f64) -> Result<Term, Fault> {
        Ok(build::float(self, value)?)
    }
    pub fn binary(&mut self, bytes: &[u8]) -> Result<Term, Fault> {
        Ok(crate::heap::binary::from_bytes(self, bytes)?)
    }
    /// A list of code points.
    pub fn string(&mut self, text: &str) -> Result<Term, Fault> {
        Ok(build::char_list(self, text)?)
    }
    /// A copy on this process's heap of a term that lies elsewhere (another heap, an ETS table).
    pub fn copy_in(&mut self, term: Term) -> Result<Term, Fault> {
        let literal_base = self.sys.arena.literal_base();
        Ok(copy::copy(self, literal_base, term)?)
    }

    /// The elements of a proper list, or `badarg`.
    pub fn list_to_vec(&mut self, list: Term) -> Result<Vec<Term>, Fault> {
        let mem = self.mem();
        let mut out = Vec::new();
        let mut t = list;
        while t.is_list() {
            out.push(mem.head(t));
            t = mem.tail(t);
        }
        if t.is_nil() { Ok(out) } else { Err(self.badarg()) }
    }
}
