//! Calls: BIFs, funs, apply, what isn't defined yet.

use super::{APPLY_TRAP, Flow, Machine, PROCESS_END, SliceEnd};
use crate::atom::{Atom, am};
use crate::bif::{Ctx, Fault};
use crate::code::Target;
use crate::code::operand::REGISTERS;
use crate::heap::build;
use crate::host::Supply;
use crate::process::{CodePtr, Mfa, State};
use crate::term::{Term, object};

/// What a call does with the caller's frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Link {
    /// It stays, and this return address is pushed.
    Return(u64),
    /// A tail call: its slots, so many words, are dropped.
    Drop(u32),
}

impl Machine<'_> {
    /// The call is made: nothing more can go wrong in the caller.
    #[inline]
    pub fn link(&mut self, link: Link) {
        match link {
            Link::Return(cp) => {
                let mem = self.mem();
                crate::heap::gc::push(&mut self.proc.heap, mem, cp)
            }
            Link::Drop(words) => self.proc.heap.sp += words * 8,
        }
    }
}

/// Calls a BIF with the first X registers; its value goes to x0. `at`: the calling instruction, which is executed again
/// after a yield. `link` is for the function that the BIF may go on in.
///
/// While it runs, and in the collection that may be due after it, there is a return address on the stack, as in OTP: of the instruction behind this one, or
/// of the caller if the BIF is called as a function is.
#[allow(unsafe_code)]
pub fn call_bif(m: &mut Machine<'_>, bif: u32, arity: u8, at: u32, link: Link) -> Flow {
    let Some(b) = m.bifs.get(bif as usize) else { return Flow::Jump(0) };
    m.proc.ip = CodePtr { slot: m.slot, offset: at };
    enter_bif(m, at);
    if m.sys.tracing.bifs {
        let args = m.xs(arity as usize).to_vec();
        return super::breakpoint::traced_bif(m, bif, &args, at, link);
    }
    // SAFETY: an arity is at most 255; no BIF can reach the register file, so nothing writes to the slice while it lives.
    let args = unsafe { std::slice::from_raw_parts(m.x, arity as usize) };
    match (b.body)(&mut Ctx { proc: m.proc, sys: m.sys }, args) {
        Ok(v) => bif_value(m, v),
        Err(f) => {
            let args = args.to_vec();
            bif_fault(m, f, bif, &args, at, link)
        }
    }
}

#[inline(always)]
fn enter_bif(m: &mut Machine<'_>, at: u32) {
    if m.slot != super::INTERNAL {
        m.link(Link::Return(CodePtr { slot: m.slot, offset: at + 1 }.to_word()));
    }
}

#[inline(always)]
fn leave_bif(m: &mut Machine<'_>) {
    if m.slot != super::INTERNAL {
        m.link(Link::Drop(1));
    }
}

/// Is a collection due after a BIF? Where OTP calls it in place, its JIT for x86-64 compares the *bytes* that are free with the *words* of the fragments (and three):
/// what the BIF has built stays outside of the heap much longer than [`Machine::gc_desired`] would leave it there.
#[inline(always)]
fn gc_desired(m: &Machine<'_>) -> bool {
    let h = &m.proc.heap;
    if m.slot == super::INTERNAL {
        return m.gc_desired();
    }
    cfg!(feature = "gc_stress")
        || h.frag_words + 3 > 8 * h.free() as usize
        || h.off_heap.words > h.vheap_size
        || m.proc.gc_requested
}

/// The value of a BIF, after a collection if one is due.
#[inline(always)]
pub(super) fn bif_value(m: &mut Machine<'_>, value: Term) -> Flow {
    m.set_x(0, value);
    if gc_desired(m)
        && let Err(f) = m.collect(0, 1)
    {
        return m.fault(f);
    }
    leave_bif(m);
    Flow::Next
}

#[cold]
pub(super) fn bif_fault(m: &mut Machine<'_>, f: Fault, bif: u32, args: &[Term], at: u32, link: Link) -> Flow {
    if let Fault::Collect(words) = f {
        let done = m.collect(words as usize, args.len());
        leave_bif(m);
        // The same instruction once more; a frame that it drops is still there.
        return done.map_or_else(|f| m.fault(f), |()| Flow::Jump(0));
    }
    leave_bif(m);
    match f {
        Fault::Trap => start_call(m, link),
        Fault::Hibernate => hibernate(m),
        Fault::Yield | Fault::Wait => {
            m.proc.live = std::mem::take(&mut m.proc.trap.args);
            m.proc.ip = CodePtr { slot: m.slot, offset: at };
            m.proc.yielding = bif_mfa(m, bif);
            if f == Fault::Wait {
                m.proc.state = State::Waiting;
                Flow::End(SliceEnd::Waiting)
            } else {
                Flow::End(SliceEnd::Preempted)
            }
        }
        Fault::Raise => {
            blame_bif(m, bif, args);
            Flow::Raise
        }
        other => m.fault(other),
    }
}

/// Drops the stack and shrinks the heap to what the coming call needs.
fn hibernate(m: &mut Machine<'_>) -> Flow {
    let mem = m.mem();
    m.proc.heap.sp = m.proc.heap.end;
    crate::heap::gc::push(&mut m.proc.heap, mem, PROCESS_END.to_word());
    m.proc.catches = 0;
    m.proc.current = Mfa { module: am::ERLANG, function: am::HIBERNATE, arity: 3 };
    m.proc.live.clear();
    m.proc.ip = APPLY_TRAP;
    if !m.proc.mailbox.is_empty() {
        // Not at once: the caller of a BIF in tail position would drop its frame, which is gone already.
        return Flow::End(SliceEnd::Preempted);
    }
    match m.proc.collect_to_hibernate(&mut m.sys.arena) {
        Ok(done) => m.collected(done),
        Err(e) => return m.fault(e.into()),
    }
    m.proc.state = State::Waiting;
    Flow::End(SliceEnd::Waiting)
}

fn bif_mfa(m: &mut Machine<'_>, bif: u32) -> Option<Mfa> {
    let b = m.bifs.get(bif as usize)?;
    if b.module == "re" {
        // OTP goes on in a function of its own, whose name shows.
        let function = m.sys.atoms.intern("re_run_trap").ok()?;
        return Some(Mfa { module: am::ERLANG, function, arity: 3 });
    }
    let (module, function) = (m.sys.atoms.intern(b.module).ok()?, m.sys.atoms.intern(b.name).ok()?);
    Some(Mfa { module, function, arity: b.arity })
}

/// Puts a BIF and its arguments at the top of the stack trace, except for those whose purpose is to raise.
pub fn blame_bif(m: &mut Machine<'_>, bif: u32, args: &[Term]) {
    let Some(b) = m.bifs.get(bif as usize) else { return };
    if b.module == "erlang" && matches!((b.name, b.arity), ("error", _) | ("exit", 1) | ("throw", 1) | ("raise", 3)) {
        return;
    }
    let Some(&mfa) = m.sys.code.bifs.get(bif as usize) else { return };
    let list = build::list(&mut m.ctx(), args).unwrap_or(Term::NONE);
    let e = &mut m.proc.exception;
    e.current = Some(mfa);
    if e.class == crate::process::Class::Error {
        e.args = list;
    }
}

/// After a BIF that was called in the middle of a function: the slice may be over.
#[cold]
pub fn after_bif(m: &mut Machine<'_>, flow: Flow, at: u32) -> Flow {
    if flow != Flow::Next || m.proc.budget > 0 {
        return flow;
    }
    let x0 = m.x(0);
    m.proc.live = vec![x0];
    m.proc.ip = CodePtr { slot: m.slot, offset: at + 1 };
    Flow::End(SliceEnd::Preempted)
}

/// Calls a BIF in tail position and returns its value; `slots`: of the frame that is dropped, if there is one. A BIF that traps has dropped it already; one that
/// yields, waits or collects runs again at `at`.
pub fn tail_bif(m: &mut Machine<'_>, bif: u32, arity: u8, slots: Option<u32>, at: u32) -> Flow {
    // Without a frame OTP makes one of no slots, which may collect.
    if slots.is_none()
        && m.slot != super::INTERNAL
        && m.proc.heap.free() < crate::heap::RESERVED
        && let Err(f) = m.collect(0, arity as usize)
    {
        return m.fault(f);
    }
    let slots = slots.unwrap_or(0);
    let flow = call_bif(m, bif, arity, at, Link::Drop(slots));
    // Call and return count, but not those of a heavy BIF: what has been counted for the call of that goes back.
    let heavy = m.bifs.get(bif as usize).is_some_and(|b| b.heavy);
    m.proc.budget += if heavy { 1 } else { -2 };
    if flow != Flow::Next {
        return flow;
    }
    m.link(Link::Drop(slots));
    Flow::Return
}

/// A new process, or a trap at the end of a slice: calls what `Process::trap` says, with the return address that is on the stack.
pub fn start_trap(m: &mut Machine<'_>) -> Flow {
    start_call(m, Link::Drop(0))
}

/// Calls what `Process::trap` says.
fn start_call(m: &mut Machine<'_>, link: Link) -> Flow {
    let args = std::mem::take(&mut m.proc.trap.args);
    let fun = std::mem::replace(&mut m.proc.trap.fun, Term::NONE);
    let n = args.len().min(255);
    m.xs(n).copy_from_slice(&args[..n]);
    match m.proc.trap.target.take() {
        Some(mfa) => call_mfa(m, mfa, link),
        None => call_fun(m, fun, n as u8, link),
    }
}

/// Calls a function by name; the arguments are in the X registers.
fn call_mfa(m: &mut Machine<'_>, mfa: Mfa, link: Link) -> Flow {
    let export = m.sys.code.export(mfa);
    match m.sys.code.entry(export) {
        Some(p) => {
            m.link(link);
            Flow::Goto(p)
        }
        None => undefined_export(m, export, link),
    }
}

/// A call of a function that isn't there: the host may have its module; else the call is `undef`.
pub fn undefined_export(m: &mut Machine<'_>, export: u32, link: Link) -> Flow {
    let Some(e) = m.sys.code.exports.get(export as usize).copied() else { return Flow::Jump(0) };
    match autoload(m, e.mfa.module) {
        Ready::Yes => {}
        Ready::Stopped => return Flow::End(SliceEnd::Stopped),
        Ready::Later => {
            let args = m.xs(e.mfa.arity as usize).to_vec();
            m.proc.start_call(e.mfa, args);
            return await_module(m, e.mfa.module, link);
        }
    }
    if let Some(p) = m.sys.code.entry(export) {
        m.link(link);
        return Flow::Goto(p);
    }
    // A loaded error handler gets its chance, as in OTP.
    let handler = Mfa { module: m.proc.error_handler, function: am::UNDEFINED_FUNCTION, arity: 3 };
    if e.mfa != handler
        && let Target::Code(p) = m.sys.code.target(handler)
    {
        let args = m.xs(e.mfa.arity as usize).to_vec();
        match build::list(&mut m.ctx(), &args) {
            Ok(list) => {
                m.set_x(0, Term::atom(e.mfa.module));
                m.set_x(1, Term::atom(e.mfa.function));
                m.set_x(2, list);
                m.link(link);
                return Flow::Goto(p);
            }
            Err(e) => return m.fault(e.into()),
        }
    }
    undef(m, e.mfa, link)
}

/// `undef`. After a tail call the caller is no longer part of the trace.
fn undef(m: &mut Machine<'_>, mfa: Mfa, link: Link) -> Flow {
    let args = m.xs(mfa.arity as usize).to_vec();
    let list = match build::list(&mut m.ctx(), &args) {
        Ok(l) => l,
        Err(e) => return m.fault(e.into()),
    };
    let flow = m.error(Term::atom(am::UNDEF));
    m.proc.exception.current = Some(mfa);
    m.proc.exception.args = list;
    if let Link::Drop(_) = link {
        m.link(link);
        m.proc.exception.frames = super::exceptions::callers(m);
    }
    flow
}

/// Whether a call can go on after its module was asked for.
enum Ready {
    Yes,
    Stopped,
    Later,
}

/// Stops in front of a call, which `Process::trap` holds, until the host has fetched its module.
fn await_module(m: &mut Machine<'_>, module: Atom, link: Link) -> Flow {
    m.link(link);
    m.proc.live.clear();
    m.proc.ip = APPLY_TRAP;
    m.sys.wanted = Some(module);
    Flow::End(SliceEnd::Wanted)
}

/// Loads a module that the host has, if it isn't loaded.
fn autoload(m: &mut Machine<'_>, module: Atom) -> Ready {
    if !m.sys.config.autoload || m.sys.code.modules.get(&module).is_some_and(|e| e.current.is_some()) {
        return Ready::Yes;
    }
    let name = m.sys.atoms.name_arc(module);
    let bytes = match m.sys.host.load_module(&name) {
        Supply::Beam(bytes) => bytes,
        Supply::Absent => return Ready::Yes,
        Supply::Later => return Ready::Later,
    };
    let loaded = m.sys.load(&bytes);
    if let Ok(module) = &loaded
        && let Err(f) = crate::bif::trace::pattern::loaded(&mut m.ctx(), *module)
    {
        m.fault(f);
    }
    if let Err(e) = loaded {
        let text = format!("=ERROR: loading of {name} failed: {e}\n");
        m.sys.host.write(crate::host::Stream::Stderr, text.as_bytes());
    }
    if m.sys.stop.is_some() { Ready::Stopped } else { Ready::Yes }
}

/// Calls a fun with the first X registers.
pub fn call_fun(m: &mut Machine<'_>, fun: Term, arity: u8, link: Link) -> Flow {
    let mem = m.mem();
    if !mem.is_fun(fun) {
        return bad_fun(m, fun);
    }
    let h = mem.header(fun);
    if object::fun_arity(h) != arity as u32 {
        return bad_arity(m, fun, arity);
    }
    let entry = mem.field(fun, 1).raw();
    let env = object::fun_env_words(h);
    let to = if env == 0 {
        match m.sys.code.entry(entry as u32) {
            Some(p) => p,
            None => {
                let flow = undefined_export(m, entry as u32, link);
                return count(m, flow);
            }
        }
    } else {
        let free = env - 1;
        if arity as usize + free as usize >= REGISTERS {
            return m.error(Term::atom(am::SYSTEM_LIMIT));
        }
        for k in 0..free {
            let v = mem.field(fun, 2 + k);
            m.set_x(arity as usize + k as usize, v);
        }
        match m.sys.code.funs.get(entry as usize).and_then(|f| f.code) {
            Some(p) => p,
            None => {
                let module = m.sys.code.funs.get(entry as usize).map(|f| f.module);
                match module.map_or(Ready::Yes, |module| autoload(m, module)) {
                    Ready::Yes => {}
                    Ready::Stopped => return Flow::End(SliceEnd::Stopped),
                    Ready::Later => {
                        let args = m.xs(arity as usize).to_vec();
                        m.proc.start_fun(fun, args);
                        m.proc.budget -= 1;
                        return await_module(m, module.unwrap_or(am::ERROR_HANDLER), link);
                    }
                }
                match m.sys.code.funs.get(entry as usize).and_then(|f| f.code) {
                    Some(p) => p,
                    None => return bad_fun(m, fun),
                }
            }
        }
    };
    m.link(link);
    count(m, Flow::Goto(to))
}

/// A call costs a reduction; at the end of the slice the process stops in front of the callee.
fn count(m: &mut Machine<'_>, flow: Flow) -> Flow {
    m.proc.budget -= 1;
    let Flow::Goto(to) = flow else { return flow };
    if m.proc.budget > 0 {
        return flow;
    }
    let arity = if to.slot == super::INTERNAL {
        m.bifs.get(to.offset.saturating_sub(super::BIF_STUBS) as usize).map_or(0, |b| b.arity)
    } else {
        m.sys.code.function_at(to).map_or(0, |f| f.arity)
    };
    m.proc.live = m.xs(arity as usize).to_vec();
    m.proc.ip = to;
    Flow::End(SliceEnd::Preempted)
}

fn bad_fun(m: &mut Machine<'_>, fun: Term) -> Flow {
    m.error_pair(am::BADFUN, fun)
}

fn bad_arity(m: &mut Machine<'_>, fun: Term, arity: u8) -> Flow {
    let args = m.xs(arity as usize).to_vec();
    let mut ctx = m.ctx();
    let pair = build::list(&mut ctx, &args).and_then(|l| build::tuple(&mut ctx, &[fun, l]));
    match pair {
        Ok(pair) => m.error_pair(am::BADARITY, pair),
        Err(e) => m.fault(e.into()),
    }
}

/// `apply`: module and function are in the X registers after the arguments.
pub fn apply(m: &mut Machine<'_>, arity: u8, link: Link) -> Flow {
    let (module, function) = (m.x(arity as usize), m.x(arity as usize + 1));
    let (Some(module), Some(function)) = (module.as_atom(), function.as_atom()) else {
        return bad_apply(m, arity, module, function);
    };
    let export = m.sys.code.export(Mfa { module, function, arity });
    let flow = match m.sys.code.entry(export) {
        Some(p) => {
            m.link(link);
            Flow::Goto(p)
        }
        None => undefined_export(m, export, link),
    };
    count(m, flow)
}

/// `apply` of what isn't a module and a function: the fault of `erlang:apply/3`, as OTP says it.
fn bad_apply(m: &mut Machine<'_>, arity: u8, module: Term, function: Term) -> Flow {
    let args = m.xs(arity as usize).to_vec();
    let mut ctx = m.ctx();
    match build::list(&mut ctx, &args).and_then(|l| build::list(&mut ctx, &[module, function, l])) {
        Ok(args) => {
            let flow = m.error(Term::atom(am::BADARG));
            m.proc.exception.current = Some(Mfa { module: am::ERLANG, function: am::APPLY, arity: 3 });
            m.proc.exception.args = args;
            flow
        }
        Err(e) => m.fault(e.into()),
    }
}

/// The place where a process with a prepared trap starts.
pub fn start_place() -> CodePtr {
    APPLY_TRAP
}
