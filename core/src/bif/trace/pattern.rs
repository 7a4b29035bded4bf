//! `trace_pattern`: which functions and events are traced, and how. Mirrors `erl_bif_trace.c` and `beam_bp.c` (OTP 27).
//!
//! Functions of loaded modules get a breakpoint at their entry, exports a trampoline, BIFs an entry under their stub. What is
//! set for `on_load` is set on each module that is loaded later.

use super::{receive_filter, session_of, tracer_of};
use crate::atom::{Atom, am};
use crate::bif::ets::match_spec::Spec;
use crate::bif::{Bif, BifResult, Ctx, Fault, bif};
use crate::code::op::Instr;
use crate::code::table::{FunctionRange, Instance};
use crate::code::{CodePtr, Target};
use crate::process::{BIF_STUBS, INTERNAL_SLOT, Mfa};
use crate::term::Term;
use crate::tracing::{CallCount, EventPattern, FunctionTrace, Kinds, Measure, OnLoad, Pattern};

pub const BIFS: &[Bif] = &[
    bif("erlang", "trace_pattern", 2, |c, a| trace_pattern(c, 0, &[a[0], a[1], Term::NIL])),
    bif("erlang", "trace_pattern", 3, |c, a| trace_pattern(c, 0, a)),
    bif("erts_internal", "trace_pattern", 3, |c, a| trace_pattern(c, 0, a)),
    bif("erts_internal", "trace_pattern", 4, |c, a| {
        let session = session_of(c, a[0])?;
        trace_pattern(c, session, &a[1..])
    }),
];

/// What to do with them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum To {
    Clear,
    Set,
    Restart,
    Pause,
}

/// The functions that `{M, F, A}` names; `None` is `'_'`.
#[derive(Clone, Copy)]
struct Which {
    module: Option<Atom>,
    function: Option<Atom>,
    arity: Option<u8>,
}

impl Which {
    fn matches(&self, m: Mfa) -> bool {
        self.module.is_none_or(|x| x == m.module)
            && self.function.is_none_or(|x| x == m.function)
            && self.arity.is_none_or(|x| x == m.arity)
    }
}

fn kinds(ctx: &mut Ctx<'_>, session: u32, list: Term) -> Option<Kinds> {
    let mem = ctx.sys.mem();
    let fixed = ctx.sys.tracing.session(session).tracer;
    let mut k = Kinds::default();
    let mut t = list;
    while t.is_list() {
        let o = mem.head(t);
        match o.as_atom() {
            Some(am::GLOBAL) if !k.breakpoint() => k.global = true,
            Some(_) if k.global => return None,
            Some(am::LOCAL) => k.local = true,
            Some(am::META) => k.meta = Some(k.meta.or(fixed).unwrap_or(ctx.proc.pid)),
            Some(am::CALL_COUNT) => k.count = true,
            Some(am::CALL_TIME) => k.time = true,
            Some(am::CALL_MEMORY) => k.memory = true,
            None if mem.tuple_arity(o).is_some() && fixed.is_none() => k.meta = Some(tracer_of(ctx, o, am::META)?),
            _ => return None,
        }
        t = mem.tail(t);
    }
    t.is_nil().then_some(k)
}

fn which(ctx: &Ctx<'_>, t: Term) -> Option<Which> {
    let mem = ctx.sys.mem();
    if mem.tuple_arity(t) != Some(3) {
        return None;
    }
    let any = |i| mem.element(t, i).is(am::UNDERSCORE);
    let name = |i| mem.element(t, i).as_atom();
    let arity = mem.element(t, 3);
    if name(1).is_none() || name(2).is_none() || !(arity.is_small() || any(3)) {
        return None;
    }
    // What comes after a `'_'` must be one too.
    if (any(1) && !any(2)) || (any(2) && !any(3)) {
        return None;
    }
    Some(Which {
        module: name(1).filter(|_| !any(1)),
        function: name(2).filter(|_| !any(2)),
        arity: if any(3) { None } else { Some(u8::try_from(arity.as_small()?).ok()?) },
    })
}

fn trace_pattern(ctx: &mut Ctx<'_>, session: u32, args: &[Term]) -> BifResult {
    let Some(k) = kinds(ctx, session, args[2]) else { return Err(ctx.badarg_cause(am::BADOPT)) };
    let mut spec = None;
    let to = match args[1].as_atom() {
        Some(am::FALSE) => To::Clear,
        Some(am::TRUE) => To::Set,
        Some(am::RESTART) => To::Restart,
        Some(am::PAUSE) => To::Pause,
        _ if args[1].is_nil() => To::Set,
        _ => {
            if Spec::compile_trace(ctx.sys.mem(), &ctx.sys.names(), args[1]).is_none() {
                return Err(ctx.badarg_cause(am::MATCH_SPEC));
            }
            spec = Some(args[1]);
            To::Set
        }
    };
    if spec.is_some() && !k.local && k.meta.is_none() && (k.count || k.time || k.memory) {
        return Err(ctx.badarg_cause(am::CALL_COUNT));
    }
    if args[0].is(am::ON_LOAD) {
        let spec = copied(ctx, spec)?;
        let s = ctx.sys.tracing.session(session);
        let old = match to {
            To::Clear => std::mem::take(&mut s.on_load),
            _ => s.on_load.replace(OnLoad { kinds: k, spec }),
        };
        drop_pattern(ctx, old.and_then(|o| o.spec));
        return Ok(Term::small(0));
    }
    if let Some(event) = args[0].as_atom() {
        if k.global || k.breakpoint() || matches!(to, To::Restart | To::Pause) {
            return Err(ctx.badarg_cause(am::NONE));
        }
        return event_pattern(ctx, session, event, spec, to);
    }
    let Some(which) = which(ctx, args[0]) else { return Err(ctx.badarg_cause(am::NONE)) };
    ctx.sys.tracing.retired.clear();
    let n = set_pattern(ctx, session, which, k, spec, to)?;
    ctx.charge(n as usize);
    // The code that runs may have been replaced: going through the VM's own code makes the interpreter look again.
    Err(ctx.trap(am::ERLANG, am::ABS, &[Term::small(n)]))
}

fn event_pattern(ctx: &mut Ctx<'_>, session: u32, event: Atom, spec: Option<Term>, to: To) -> BifResult {
    let message = match spec {
        Some(s) => Some(ctx.sys.message(s)?),
        None => None,
    };
    let new = EventPattern { on: to == To::Set, spec: message };
    let s = ctx.sys.tracing.session(session);
    let place = match event {
        am::SEND => &mut s.send,
        am::RECEIVE => &mut s.receive,
        _ => return Err(ctx.badarg_cause(am::NONE)),
    };
    let old = std::mem::replace(place, new);
    ctx.sys.tracing.receive_filter = Some(receive_filter);
    drop_pattern(ctx, old.spec);
    Ok(Term::small(1))
}

fn drop_pattern(ctx: &mut Ctx<'_>, p: Pattern) {
    if let Some(m) = p {
        ctx.sys.drop_message(m);
    }
}

fn drop_all(ctx: &mut Ctx<'_>, f: FunctionTrace) {
    for p in [f.local, f.global, f.meta.map(|m| m.1)].into_iter().flatten() {
        drop_pattern(ctx, p);
    }
}

/// Where calls of a function can be noticed: its entry, or the stub of a BIF.
pub(super) fn place_of(ctx: &Ctx<'_>, mfa: Mfa) -> Option<CodePtr> {
    if let Target::Bif(i) = ctx.sys.code.target(mfa) {
        return Some(CodePtr { slot: INTERNAL_SLOT, offset: BIF_STUBS + i });
    }
    let inst = ctx.sys.code.current(mfa.module)?;
    let f = inst.functions.iter().find(|f| f.function == mfa.function && f.arity == mfa.arity)?;
    Some(CodePtr { slot: inst.slot, offset: f.start + 1 })
}

/// All functions that match, exported or not.
fn functions(ctx: &Ctx<'_>, which: Which) -> Vec<(Mfa, CodePtr)> {
    let code = &ctx.sys.code;
    let mut out = Vec::new();
    for (module, entry) in &code.modules {
        let Some(inst) = entry.current.and_then(|s| code.instance(s)) else { continue };
        for f in &inst.functions {
            let mfa = Mfa { module: *module, function: f.function, arity: f.arity };
            if which.matches(mfa) && !matches!(code.target(mfa), Target::Bif(_)) {
                out.push((mfa, CodePtr { slot: inst.slot, offset: f.start + 1 }));
            }
        }
    }
    for e in &code.exports {
        if let Target::Bif(i) = e.target
            && which.matches(e.mfa)
        {
            out.push((e.mfa, CodePtr { slot: INTERNAL_SLOT, offset: BIF_STUBS + i }));
        }
    }
    out
}

/// All exports that match and lead somewhere.
fn exports(ctx: &Ctx<'_>, which: Which) -> Vec<u32> {
    let all = ctx.sys.code.exports.iter().enumerate();
    all.filter(|(_, e)| which.matches(e.mfa) && e.target != Target::Undefined).map(|(i, _)| i as u32).collect()
}

fn set_pattern(
    ctx: &mut Ctx<'_>,
    session: u32,
    which: Which,
    k: Kinds,
    spec: Option<Term>,
    to: To,
) -> Result<i64, Fault> {
    let exported = exports(ctx, which);
    let all = functions(ctx, which);
    if to == To::Set && !k.breakpoint() {
        for e in &exported {
            set_global(ctx, session, *e, Some(spec))?;
        }
        for (_, at) in &all {
            // A global trace takes the place of every other.
            if at.slot == INTERNAL_SLOT {
                continue;
            }
            if let Some(f) = take(ctx, *at, session) {
                drop_all(ctx, f);
            }
            refresh(ctx, *at);
        }
        ctx.sys.tracing.on = true;
        return Ok(exported.len() as i64);
    }
    if to != To::Clear || !k.breakpoint() {
        for e in &exported {
            set_global(ctx, session, *e, None)?;
        }
    }
    if !k.breakpoint() {
        return Ok(exported.len() as i64);
    }
    for (_, at) in &all {
        set_one(ctx, session, *at, k, spec, to)?;
        refresh(ctx, *at);
    }
    ctx.sys.tracing.on = true;
    Ok(all.len() as i64)
}

fn copied(ctx: &mut Ctx<'_>, spec: Option<Term>) -> Result<Pattern, Fault> {
    Ok(match spec {
        Some(s) => Some(ctx.sys.message(s)?),
        None => None,
    })
}

fn set_one(ctx: &mut Ctx<'_>, session: u32, at: CodePtr, k: Kinds, spec: Option<Term>, to: To) -> Result<(), Fault> {
    let clear = to == To::Clear;
    if k.local {
        let new = if clear { None } else { Some(copied(ctx, spec)?) };
        let old = std::mem::replace(&mut ctx.sys.tracing.function_entry(at, session).local, new);
        drop_pattern(ctx, old.flatten());
    }
    if let Some(tracer) = k.meta {
        let new = if clear { None } else { Some((tracer, copied(ctx, spec)?)) };
        let old = std::mem::replace(&mut ctx.sys.tracing.function_entry(at, session).meta, new);
        drop_pattern(ctx, old.and_then(|m| m.1));
    }
    let f = ctx.sys.tracing.function_entry(at, session);
    if k.count {
        f.count = match (to, f.count) {
            (To::Clear, _) => None,
            (To::Pause, Some(c)) => Some(CallCount { paused: true, ..c }),
            (To::Pause, None) => None,
            (To::Restart, _) => Some(CallCount::default()),
            (To::Set, c) => Some(CallCount { paused: false, ..c.unwrap_or_default() }),
        };
    }
    let measure = |m: Option<Measure>| match (to, m) {
        (To::Clear, _) | (To::Pause, None) => None,
        (To::Pause, Some(m)) => Some(Measure { paused: true, ..m }),
        (To::Restart, _) => Some(Measure::default()),
        (To::Set, m) => Some(Measure { paused: false, ..m.unwrap_or_default() }),
    };
    if k.time {
        f.time = measure(f.time.take());
    }
    if k.memory {
        f.memory = measure(f.memory.take());
    }
    Ok(())
}

fn take(ctx: &mut Ctx<'_>, at: CodePtr, session: u32) -> Option<FunctionTrace> {
    let all = ctx.sys.tracing.functions.get_mut(&at)?;
    let i = all.iter().position(|f| f.session == session)?;
    Some(all.swap_remove(i))
}

/// Sets or removes what notices the calls, by what is traced now.
fn refresh(ctx: &mut Ctx<'_>, at: CodePtr) {
    let tracing = &mut ctx.sys.tracing;
    if let Some(all) = tracing.functions.get_mut(&at) {
        all.retain(|f| !f.is_empty());
        if all.is_empty() {
            tracing.functions.remove(&at);
        }
    }
    let wanted = tracing.functions.contains_key(&at);
    if at.slot == INTERNAL_SLOT {
        tracing.bifs = tracing.functions.keys().any(|k| k.slot == INTERNAL_SLOT);
        return;
    }
    if at.slot == tracing.trampoline_slot {
        return;
    }
    let instance = ctx.sys.code.instances.get_mut(at.slot as usize).and_then(|i| i.as_mut());
    if let Some(i) = instance
        && i.has_breakpoint(at.offset) != wanted
        && let Some(former) = i.set_breakpoint(at.offset, wanted)
    {
        tracing.retired.push(former);
    }
}

/// Sets (`Some`) or clears the trace of calls through an export.
fn set_global(ctx: &mut Ctx<'_>, session: u32, export: u32, spec: Option<Option<Term>>) -> Result<(), Fault> {
    let Some(target) = ctx.sys.code.exports.get(export as usize).map(|e| e.target) else { return Ok(()) };
    let at = match target {
        Target::Bif(i) => CodePtr { slot: INTERNAL_SLOT, offset: BIF_STUBS + i },
        Target::Code(p) if p.slot == ctx.sys.tracing.trampoline_slot => p,
        Target::Code(_) if spec.is_some() => trampoline(ctx, export, target),
        _ => return Ok(()),
    };
    let new = match spec {
        None => None,
        Some(s) => Some(copied(ctx, s)?),
    };
    let old = std::mem::replace(&mut ctx.sys.tracing.function_entry(at, session).global, new);
    drop_pattern(ctx, old.flatten());
    refresh(ctx, at);
    if at.slot != INTERNAL_SLOT
        && !ctx.sys.tracing.functions.contains_key(&at)
        && let Some((_, original)) = ctx.sys.tracing.trampolines.get(at.offset as usize).copied()
        && let Some(e) = ctx.sys.code.exports.get_mut(export as usize)
    {
        e.target = original;
    }
    Ok(())
}

/// The trampoline of an export, made if need be, and the export leading to it.
fn trampoline(ctx: &mut Ctx<'_>, export: u32, target: Target) -> CodePtr {
    let sys = &mut *ctx.sys;
    if sys.tracing.trampoline_slot == 0 {
        let slot = sys.code.fresh_slot();
        if let Some(place) = sys.code.instances.get_mut(slot as usize) {
            *place = Some(Box::new(Instance::internal(slot, Vec::new())));
        }
        sys.tracing.trampoline_slot = slot;
    }
    let slot = sys.tracing.trampoline_slot;
    let n = match sys.tracing.trampolines.iter().position(|t| t.0 == export) {
        Some(n) => {
            sys.tracing.trampolines[n].1 = target;
            n as u32
        }
        None => {
            let n = sys.tracing.trampolines.len() as u32;
            sys.tracing.trampolines.push((export, target));
            let mfa = sys.code.exports.get(export as usize).map(|e| e.mfa);
            let instance = sys.code.instances.get_mut(slot as usize).and_then(|i| i.as_mut());
            if let (Some(mfa), Some(i)) = (mfa, instance) {
                let mut code = std::mem::take(&mut i.code).into_vec();
                code.push(Instr::Trampoline { n });
                i.code = code.into();
                i.functions.push(FunctionRange { start: n, function: mfa.function, arity: mfa.arity });
            }
            n
        }
    };
    let at = CodePtr { slot, offset: n };
    if let Some(e) = sys.code.exports.get_mut(export as usize) {
        e.target = Target::Code(at);
    }
    at
}

/// Forgets everything of a session.
pub(super) fn clear_session(ctx: &mut Ctx<'_>, session: u32) {
    ctx.sys.tracing.retired.clear();
    let places: Vec<CodePtr> = ctx.sys.tracing.functions.keys().copied().collect();
    for at in places {
        if let Some(f) = take(ctx, at, session) {
            drop_all(ctx, f);
        }
        refresh(ctx, at);
        if at.slot == ctx.sys.tracing.trampoline_slot
            && !ctx.sys.tracing.functions.contains_key(&at)
            && let Some((export, original)) = ctx.sys.tracing.trampolines.get(at.offset as usize).copied()
            && let Some(e) = ctx.sys.code.exports.get_mut(export as usize)
            && e.target == Target::Code(at)
        {
            e.target = original;
        }
    }
}

/// A module has been loaded: what is set for `on_load` is set on its functions.
pub fn loaded(ctx: &mut Ctx<'_>, module: Atom) -> Result<(), Fault> {
    let wanted =
        |(id, s): (&u32, &crate::tracing::Session)| Some((*id, s.on_load.as_ref()?.kinds, s.on_load.as_ref()?.spec));
    let all: Vec<_> = ctx.sys.tracing.sessions.iter().filter_map(wanted).collect();
    for (session, kinds, spec) in all {
        let which = Which { module: Some(module), function: None, arity: None };
        set_pattern(ctx, session, which, kinds, spec.map(|m| m.term), To::Set)?;
    }
    Ok(())
}
