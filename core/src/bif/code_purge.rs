//! Purging old code: who still runs it, its end, and the literals that processes took from it.
//!
//! OTP's own `erts_code_purger` drives this; its `literal area collector` has every process copy what it still refers to before
//! the area is given back. Without a booted OTP there are no such processes, and the areas are released at once. Mirrors
//! `beam_bif_load.c`.

use super::literals::release_from;
use super::{Bif, BifResult, Ctx, Fault, bif, heavy};
use crate::atom::{Atom, am};
use crate::heap::{build, copy};
use crate::process::{CodePtr, Process};
use crate::resources::LiteralAreas;
use crate::signals::ExitKind;
use crate::term::{Mem, TAG_HEADER, TAG_MASK, Term};

pub const BIFS: &[Bif] = &[
    bif("erts_internal", "purge_module", 2, purge_module),
    heavy("erts_internal", "check_process_code", 1, |c, a| {
        let Some(m) = a[0].as_atom() else { return Err(c.badarg()) };
        let me = c.proc.pid;
        Ok(Term::bool(runs_old_code(c, me, m)))
    }),
    bif("erts_internal", "check_dirty_process_code", 2, |_, _| Ok(Term::bool(false))),
    bif("erts_internal", "is_process_executing_dirty", 1, |_, _| Ok(Term::bool(false))),
    bif("erts_internal", "request_system_task", 3, |c, a| {
        let me = c.proc.pid;
        system_task(c, me, a[0], a[2])
    }),
    bif("erts_internal", "request_system_task", 4, |c, a| system_task(c, a[0], a[1], a[3])),
    bif("erts_literal_area_collector", "release_area_switch", 0, release_area_switch),
    bif("erts_literal_area_collector", "send_copy_request", 3, send_copy_request),
];

fn in_slot(mem: Mem, p: &Process, slot: u32) -> bool {
    if p.ip.slot == slot {
        return true;
    }
    (0..p.heap.stack_words() as u32).any(|i| {
        let w = mem.word(p.heap.sp, i);
        w != 0 && w & TAG_MASK == TAG_HEADER && CodePtr::from_word(w).slot == slot
    })
}

/// Does the process run, or will it return to, old code of the module? Old places in the trace of an exception are dropped.
fn runs_old_code(ctx: &mut Ctx<'_>, pid: Term, module: Atom) -> bool {
    let Some(slot) = ctx.sys.code.modules.get(&module).and_then(|m| m.old) else { return false };
    let mem = ctx.sys.mem();
    let mut signals = ctx.signals();
    let Some((p, _)) = signals.find_alive(pid) else { return false };
    if in_slot(mem, p, slot) {
        return true;
    }
    p.exception.frames.retain(|f| f.slot != slot);
    false
}

/// `{check_process_code, Id, Module}` and `{garbage_collect, Id, Type}`: done at once, and answered by a message.
fn system_task(ctx: &mut Ctx<'_>, requester: Term, pid: Term, request: Term) -> BifResult {
    let mem = ctx.sys.mem();
    if !pid.is_local_pid() || !requester.is_local_pid() || mem.tuple_arity(request) != Some(3) {
        return Err(ctx.badarg());
    }
    let (tag, id, what) = (mem.element(request, 1), mem.element(request, 2), mem.element(request, 3));
    let result = match (tag.as_atom().map(|t| ctx.sys.atoms.name_arc(t)).as_deref(), what.as_atom()) {
        (Some("check_process_code"), Some(module)) => runs_old_code(ctx, pid, module),
        (Some("garbage_collect"), Some(_)) => match ctx.signals().find_alive(pid) {
            Some((p, _)) => {
                p.request_collection();
                true
            }
            None => false,
        },
        _ => return Err(ctx.badarg()),
    };
    let words = 4 + ctx.sys.arena.flat_size(id);
    ctx.signals().send_built(requester, words, |a, lit| {
        let id = copy::copy(a, lit, id)?;
        build::tuple(a, &[tag, id, Term::bool(result)])
    })?;
    Ok(Term::atom(am::OK))
}

fn purge_module(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    if ctx.sys.resources.purger.is_some_and(|p| p != ctx.proc.pid) {
        return Err(ctx.error_atom(am::NOTSUP));
    }
    let (Some(module), Some(what)) = (a[0].as_atom(), a[1].as_atom()) else { return Err(ctx.badarg()) };
    let what = ctx.sys.atoms.name_arc(what);
    match &*what {
        "prepare" | "prepare_on_load" => {
            if ctx.sys.resources.purging.is_some() {
                return Err(ctx.badarg());
            }
            let Some(entry) = ctx.sys.code.modules.get_mut(&module) else { return Ok(Term::bool(false)) };
            if &*what == "prepare_on_load" {
                // The failed instance takes the place of the old code while it is purged.
                let Some(pending) = entry.on_load.take() else { return Ok(Term::bool(false)) };
                ctx.sys.resources.set_aside = entry.old.replace(pending);
            }
            if entry.old.is_none() {
                return Ok(Term::bool(false));
            }
            ctx.sys.resources.purging = Some(module);
            Ok(Term::bool(true))
        }
        "abort" | "complete" if ctx.sys.resources.purging != Some(module) => Err(ctx.badarg()),
        "abort" => {
            ctx.sys.resources.purging = None;
            Ok(Term::bool(false))
        }
        "complete" => complete(ctx, module),
        _ => Err(ctx.badarg()),
    }
}

fn complete(ctx: &mut Ctx<'_>, module: Atom) -> BifResult {
    ctx.sys.resources.purging = None;
    let aside = ctx.sys.resources.set_aside.take();
    let Some(slot) = ctx.sys.code.modules.get_mut(&module).and_then(|e| std::mem::replace(&mut e.old, aside)) else {
        return Ok(Term::bool(false));
    };
    // Who has come into the code since it was looked at can't be left there.
    let mem = ctx.sys.mem();
    let late: Vec<Term> = ctx.sys.procs.iter().filter(|p| in_slot(mem, p, slot)).map(|p| p.pid).collect();
    let me = ctx.proc.pid;
    for pid in late {
        ctx.signals().exit(me, pid, Term::atom(am::KILL), ExitKind::Exit)?;
    }
    for p in ctx.sys.procs.iter_mut() {
        p.exception.frames.retain(|f| f.slot != slot);
    }
    ctx.proc.exception.frames.retain(|f| f.slot != slot);
    for f in &mut ctx.sys.code.funs {
        if f.code.is_some_and(|c| c.slot == slot) {
            f.code = None;
        }
    }
    let Some(instance) = ctx.sys.code.instances.get_mut(slot as usize).and_then(Option::take) else {
        return Ok(Term::bool(true));
    };
    if !instance.literal_areas.is_empty() {
        release(ctx, LiteralAreas { areas: instance.literal_areas, off_heap: instance.literal_off_heap })?;
    }
    Ok(Term::bool(true))
}

/// Gives literal areas back once no process refers to them.
fn release(ctx: &mut Ctx<'_>, areas: LiteralAreas) -> Result<(), Fault> {
    ctx.sys.resources.areas.push_back(areas);
    let Some(collector) = ctx.sys.resources.collector else { return release_at_once(ctx) };
    let message = ctx.atom("copy_literals")?;
    Ok(ctx.signals().send_copy(collector, message)?)
}

/// As [`release`], for persistent terms.
pub(super) fn release_areas(ctx: &mut Ctx<'_>, areas: Vec<crate::shared::Area>) -> Result<(), Fault> {
    for (fragment, off_heap) in areas {
        release(ctx, LiteralAreas { areas: vec![fragment], off_heap })?;
    }
    Ok(())
}

/// Has every process copy what it refers to, and gives the areas back.
fn release_at_once(ctx: &mut Ctx<'_>) -> Result<(), Fault> {
    let mut pids: Vec<Term> = ctx.sys.procs.iter().map(|p| p.pid).collect();
    pids.push(ctx.proc.pid);
    for pid in pids {
        release_from(ctx, pid)?;
    }
    free_first(ctx);
    Ok(())
}

fn free_first(ctx: &mut Ctx<'_>) {
    let Some(mut area) = ctx.sys.resources.areas.pop_front() else { return };
    crate::heap::gc::sweep::release_all(&mut ctx.sys.arena, &mut area.off_heap);
    for f in area.areas {
        ctx.sys.arena.free(f.start);
    }
}

/// The collector is done with an area and takes the next, if there is one.
fn release_area_switch(ctx: &mut Ctx<'_>, _: &[Term]) -> BifResult {
    if ctx.sys.resources.collector != Some(ctx.proc.pid) {
        return Err(ctx.error_atom(am::NOTSUP));
    }
    if std::mem::take(&mut ctx.sys.resources.releasing) {
        free_first(ctx);
    }
    ctx.sys.resources.releasing = !ctx.sys.resources.areas.is_empty();
    Ok(Term::bool(ctx.sys.resources.releasing))
}

/// The process copies at once what it refers to in the area; `{copy_literals, {Area, Kind, Pid}, ok}` answers.
fn send_copy_request(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let me = ctx.proc.pid;
    if ctx.sys.resources.collector != Some(me) {
        return Err(ctx.error_atom(am::NOTSUP));
    }
    if !a[0].is_local_pid() {
        return Err(ctx.badarg());
    }
    release_from(ctx, a[0])?;
    let tag = ctx.atom("copy_literals")?;
    let (pid, area, kind) = (a[0], a[1], a[2]);
    let words = 8 + ctx.sys.arena.flat_size(area);
    ctx.signals().send_built(me, words, |a, lit| {
        let area = copy::copy(a, lit, area)?;
        let id = build::tuple(a, &[area, kind, pid])?;
        build::tuple(a, &[tag, id, Term::atom(am::OK)])
    })?;
    Ok(Term::atom(am::OK))
}
