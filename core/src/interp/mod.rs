//! The interpreter: registers, the hot loop, cold instructions by family, exceptions.
//!
//! [`run::run`] runs one process until its slice is over, it waits, it ends, or the VM stops. Between instructions all of a
//! process's state is in the process and the registers; inside the loop, heap top, stack pointer and reductions live in
//! locals that are spilled around every cold operation.

pub mod arith;
pub mod bits;
pub mod breakpoint;
pub mod build;
pub mod calls;
pub mod cold;
pub mod data;
pub mod exceptions;
pub mod receive;
pub mod run;

use crate::bif::{Bif, Ctx, Fault};
use crate::code::operand::{Dst, Place, REGISTERS, Src, Wide};
use crate::process::{CodePtr, Process};
use crate::system::System;
use crate::term::{Mem, Term};

/// The register file, shared by all processes of a VM: what is live of it is saved in a process that doesn't run.
pub struct Registers {
    x: Box<[Term; REGISTERS]>,
    f: [f64; 16],
}

impl Default for Registers {
    fn default() -> Registers {
        Registers { x: Box::new([Term::NIL; REGISTERS]), f: [0.0; 16] }
    }
}

/// How a slice ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SliceEnd {
    /// The reductions are used up; the process goes to the end of its queue.
    Preempted,
    /// It waits for a message or a timer.
    Waiting,
    /// It is done; `Process::exit_reason` says why.
    Exited,
    /// The VM has stopped (`System::stop`).
    Stopped,
    /// The host has to fetch a module first (`System::wanted`); the process goes on as if nothing had happened.
    Wanted,
}

/// What comes after a cold operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flow {
    /// The next instruction.
    Next,
    /// A distance from the current instruction.
    Jump(i32),
    /// Another place, maybe in another module.
    Goto(CodePtr),
    /// Return to the address on top of the stack.
    Return,
    /// An exception is in the process.
    Raise,
    /// The slice ends; the process has been told where to go on.
    End(SliceEnd),
}

pub use crate::process::BIF_STUBS;
/// Slot of the VM's own code.
pub const INTERNAL: u32 = crate::process::INTERNAL_SLOT;
pub use crate::process::PROCESS_END;
/// Where processes start and traps go.
pub const APPLY_TRAP: CodePtr = crate::process::START;

/// A running process with everything that an instruction can reach.
pub struct Machine<'a> {
    /// The register file. A raw pointer, because the hot loop holds one too; nothing else does while the machine lives.
    x: *mut Term,
    f: &'a mut [f64; 16],
    pub proc: &'a mut Process,
    pub sys: &'a mut System,
    pub bifs: &'static [Bif],
    /// Slot of the instance whose code runs.
    pub slot: u32,
    /// Where that code is: the hot loop's own.
    here: run::Place,
}

#[allow(unsafe_code)]
impl Machine<'_> {
    #[inline(always)]
    pub fn mem(&self) -> Mem {
        self.sys.arena.mem()
    }

    /// X register `i`; the loader has checked the number, and a wrong one is caught.
    #[inline(always)]
    pub fn x(&self, i: usize) -> Term {
        assert!(i < REGISTERS);
        // SAFETY: the register file has REGISTERS entries and lives as long as the machine.
        unsafe { *self.x.add(i) }
    }

    #[inline(always)]
    pub fn set_x(&mut self, i: usize, t: Term) {
        assert!(i < REGISTERS);
        // SAFETY: as in `x`.
        unsafe { *self.x.add(i) = t }
    }

    /// The first `n` X registers.
    #[inline(always)]
    pub fn xs(&mut self, n: usize) -> &mut [Term] {
        assert!(n <= REGISTERS);
        // SAFETY: as in `x`; the slice borrows the machine, so no other access happens while it lives.
        unsafe { std::slice::from_raw_parts_mut(self.x, n) }
    }

    #[inline(always)]
    pub fn y(&self, i: u32) -> Term {
        self.mem().get(self.proc.heap.sp, i)
    }

    fn place(&self, p: Place) -> Term {
        match p {
            Place::X(i) => self.x(i as usize),
            Place::Y(i) => self.y(i),
            Place::Const(i) => {
                self.sys.code.instance(self.slot).and_then(|c| c.consts.get(i as usize)).copied().unwrap_or(Term::NIL)
            }
        }
    }

    pub fn src(&self, s: Src) -> Term {
        self.place(s.kind())
    }

    pub fn wide(&self, w: u32) -> Term {
        self.place(Wide(w).kind())
    }

    pub fn set(&mut self, d: Dst, t: Term) {
        match d.src().kind() {
            Place::X(i) => self.set_x(i as usize, t),
            Place::Y(i) => {
                let sp = self.proc.heap.sp;
                self.mem().set(sp, i, t)
            }
            Place::Const(_) => {}
        }
    }

    /// A word of the running instance's side table.
    #[inline]
    pub fn side(&self, at: u32) -> u32 {
        self.sys.code.instance(self.slot).and_then(|c| c.side.get(at as usize)).copied().unwrap_or(0)
    }

    /// The values of `n` side-table operands.
    pub fn sides(&self, at: u32, n: u32) -> Vec<Term> {
        (at..at + n).map(|i| self.wide(self.side(i))).collect()
    }

    pub fn ctx(&mut self) -> Ctx<'_> {
        Ctx { proc: self.proc, sys: self.sys }
    }

    /// Collects so that `need` words can be had; `live` X registers are roots.
    #[cold]
    #[inline(never)]
    pub fn collect(&mut self, need: usize, live: usize) -> Result<(), Fault> {
        let x = self.x;
        assert!(live <= REGISTERS);
        // SAFETY: as in `xs`; process and system don't reach the register file.
        let regs = unsafe { std::slice::from_raw_parts_mut(x, live) };
        self.proc.gc_requested = false;
        let major = self.proc.heap.need_fullsweep;
        if self.proc.max_heap.words > 0 {
            crate::bif::misc::check_max_heap(&mut self.ctx(), need)?;
        }
        let watched = self.sys.tracing.system_monitor.map(|_| self.sys.now_ns());
        let traced = self.proc.trace.is_some();
        let coming = self.proc.coming_collection(major);
        if traced {
            crate::bif::trace::collection_begins(&mut self.ctx(), coming, need)?;
        }
        let done = self.proc.collect(&mut self.sys.arena, need, regs, major)?;
        if traced {
            crate::bif::trace::collection_ends(&mut self.ctx(), coming, done.reclaimed)?;
        }
        if let Some(started) = watched {
            crate::bif::misc::check_collection(&mut self.ctx(), started)?;
        }
        self.collected(done);
        Ok(())
    }

    /// Collects for an instruction of the code, at `at`. OTP's code calls its collector, so the return address is on the stack meanwhile and counts.
    pub fn collect_in_code(&mut self, need: usize, live: usize, at: u32) -> Result<(), Fault> {
        let room = self.proc.heap.free() > 0;
        if room {
            self.link(calls::Link::Return(CodePtr { slot: self.slot, offset: at + 1 }.to_word()));
        }
        let done = self.collect(need, live);
        if room {
            self.link(calls::Link::Drop(1));
        }
        done
    }

    /// Counts a collection of the running process, and charges for it.
    fn collected(&mut self, done: crate::heap::gc::Done) {
        self.sys.counters.collections += 1;
        self.sys.counters.reclaimed_words += done.reclaimed as u64;
        self.proc.budget -= done.reductions() as i32;
    }

    /// Is a collection due after something was built outside of the heap proper? (`ERTS_IS_GC_DESIRED`)
    #[inline]
    pub fn gc_desired(&self) -> bool {
        let h = &self.proc.heap;
        cfg!(feature = "gc_stress")
            || h.frag_words > h.free() as usize
            || h.off_heap.words > h.vheap_size
            || self.proc.gc_requested
    }

    /// Collects before an operation if that is due, with two values kept beside the live registers.
    pub fn collect_if_desired(&mut self, live: usize, a: &mut Term, b: &mut Term) -> Result<(), Fault> {
        if !self.gc_desired() {
            return Ok(());
        }
        if live + 2 > REGISTERS {
            return Ok(());
        }
        let saved = (self.x(live), self.x(live + 1));
        self.set_x(live, *a);
        self.set_x(live + 1, *b);
        self.collect(0, live + 2)?;
        (*a, *b) = (self.x(live), self.x(live + 1));
        self.set_x(live, saved.0);
        self.set_x(live + 1, saved.1);
        Ok(())
    }

    /// What follows from a fault that isn't handled where it happened.
    pub fn fault(&mut self, f: Fault) -> Flow {
        match f {
            Fault::Raise => Flow::Raise,
            Fault::Exit => Flow::End(SliceEnd::Exited),
            Fault::Memory => {
                let limit = self.sys.arena.limit();
                self.sys.stop.get_or_insert(crate::error::StopCause::OutOfMemory(limit));
                Flow::End(SliceEnd::Stopped)
            }
            Fault::Stop => Flow::End(SliceEnd::Stopped),
            Fault::Trap | Fault::Yield | Fault::Wait | Fault::Hibernate | Fault::Collect(_) => {
                self.sys.stop.get_or_insert(crate::error::StopCause::Internal("a guard BIF tried to trap".into()));
                Flow::End(SliceEnd::Stopped)
            }
        }
    }

    /// `fail`, or the exception when there is no label.
    pub fn fail_or(&mut self, fail: i32, f: Fault) -> Flow {
        if f == Fault::Raise && fail != 0 { Flow::Jump(fail) } else { self.fault(f) }
    }

    /// An error at the current instruction.
    pub fn error(&mut self, reason: Term) -> Flow {
        let f = self.ctx().error(reason);
        self.fault(f)
    }

    /// `error({Tag, Value})`.
    pub fn error_pair(&mut self, tag: crate::atom::Atom, value: Term) -> Flow {
        let f = self.ctx().error_pair(tag, value);
        self.fault(f)
    }
}
