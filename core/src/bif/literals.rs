//! Taking a process's terms out of the literals of purged code.
//!
//! Every word of the process that points into the areas is aimed at a copy on the process's own heap. A message that waits in
//! a fragment of its own is made anew. Keeps the rule of generations by asking for a major collection: an old object may
//! now point at a young one.

use super::{Ctx, Fault};
use crate::arena::OutOfMemory;
use crate::heap::gc::Roots;
use crate::heap::{Alloc, Fragment, FragmentAlloc, HeapAlloc, copy, size};
use crate::process::mailbox::Message;
use crate::process::{ProcessRoots, RootFields};
use crate::term::{Addr, Mem, TAG_HEADER, TAG_MASK, Term, object};
use rustc_hash::FxHashMap;

/// Address ranges of the areas that are going away.
struct Going(Vec<(Addr, Addr)>);

impl Going {
    fn hits(&self, t: Term) -> bool {
        (t.is_list() || t.is_boxed()) && self.0.iter().any(|(from, to)| t.addr() >= *from && t.addr() < *to)
    }
}

/// Calls `f` with the place of every term in a range of objects.
fn each(mem: Mem, mut at: Addr, end: Addr, f: &mut dyn FnMut(Addr)) {
    while at < end {
        let w = mem.word(at, 0);
        if w & TAG_MASK == TAG_HEADER {
            at += 8 * (1 + object::layout(mem, at, w).raw);
        } else {
            f(at);
            at += 8;
        }
    }
}

/// Has a process copy what it refers to of the areas that are released next.
pub fn release_from(ctx: &mut Ctx<'_>, pid: Term) -> Result<(), Fault> {
    let Some(first) = ctx.sys.resources.areas.front() else { return Ok(()) };
    let going = Going(first.areas.iter().map(|f| (f.start, f.start + f.used * 8)).collect());
    ctx.charge(100);
    timers(ctx, &going)?;
    messages(ctx, pid, &going)?;
    let mem = ctx.sys.mem();
    let mut signals = ctx.signals();
    let Some((p, arena)) = signals.find(pid) else { return Ok(()) };
    let h = &p.heap;
    let mut places = Vec::new();
    let mut note = |at: Addr| {
        if going.hits(mem.get(at, 0)) {
            places.push(at);
        }
    };
    each(mem, h.start, h.top, &mut note);
    each(mem, h.old_start, h.old_top, &mut note);
    h.frags.iter().for_each(|f| each(mem, f.start, f.start + f.used * 8, &mut note));
    (0..h.stack_words() as u32).for_each(|i| note(h.sp + i * 8));
    let mut roots = Vec::new();
    visit(p, &mut |terms| roots.extend(terms.iter().copied().filter(|t| going.hits(*t))));
    if places.is_empty() && roots.is_empty() {
        return Ok(());
    }
    let mut copies: FxHashMap<u64, Term> = FxHashMap::default();
    for t in places.iter().map(|at| mem.get(*at, 0)).chain(roots) {
        if let std::collections::hash_map::Entry::Vacant(place) = copies.entry(t.raw()) {
            let mut a = HeapAlloc { heap: &mut p.heap, arena };
            place.insert(copy::copy(&mut a, u32::MAX, t)?);
        }
    }
    let fresh = |t: Term| copies.get(&t.raw()).copied().unwrap_or(t);
    for at in places {
        mem.set(at, 0, fresh(mem.get(at, 0)));
    }
    visit(p, &mut |terms| terms.iter_mut().for_each(|t| *t = fresh(*t)));
    p.heap.need_fullsweep = true;
    Ok(())
}

/// The terms of a process besides heap and stack.
fn visit(p: &mut crate::process::Process, f: &mut dyn FnMut(&mut [Term])) {
    let mut fields = RootFields {
        live: &mut p.live,
        mailbox: &mut p.mailbox,
        messages_move: false,
        dict: &mut p.dict,
        exception: &mut p.exception,
        trap: &mut p.trap,
        exit_reason: &mut p.exit_reason,
        label: &mut p.label,
        relations: &mut p.relations,
        job: &mut p.job,
    };
    ProcessRoots { regs: &mut [], process: &mut fields }.visit(f);
}

fn fragment_hits(mem: Mem, going: &Going, term: Term, fragment: Fragment) -> bool {
    let mut hit = going.hits(term);
    each(mem, fragment.start, fragment.start + fragment.used * 8, &mut |at| hit |= going.hits(mem.get(at, 0)));
    hit
}

/// A message without any literal.
fn renewed(ctx: &mut Ctx<'_>, old: Message) -> Result<Message, Fault> {
    let words = size::flat_size(ctx.sys.mem(), u32::MAX, old.term);
    let words = u32::try_from(words).map_err(|_| OutOfMemory)?;
    let mut a = FragmentAlloc::new(ctx.arena(), words)?;
    let term = copy::copy(&mut a, u32::MAX, old.term)?;
    let fragment = Some((a.fragment, a.off_heap));
    ctx.sys.drop_message(old);
    Ok(Message { term, fragment })
}

fn messages(ctx: &mut Ctx<'_>, pid: Term, going: &Going) -> Result<(), Fault> {
    let mem = ctx.sys.mem();
    let mut signals = ctx.signals();
    let Some((p, _)) = signals.find(pid) else { return Ok(()) };
    let hits = |m: &Message| match m.fragment {
        Some((f, _)) => fragment_hits(mem, going, m.term, f),
        None => false,
    };
    let old: Vec<(usize, Message)> =
        p.mailbox.iter().enumerate().filter(|(_, m)| hits(m)).map(|(i, m)| (i, *m)).collect();
    for (i, m) in old {
        let new = renewed(ctx, m)?;
        if let Some((p, _)) = ctx.signals().find(pid) {
            p.mailbox.replace(i, new);
        }
    }
    Ok(())
}

/// Messages of timers, whoever they are for.
fn timers(ctx: &mut Ctx<'_>, going: &Going) -> Result<(), Fault> {
    let mem = ctx.sys.mem();
    let hits = |m: &Message| match m.fragment {
        Some((f, _)) => fragment_hits(mem, going, m.term, f),
        None => going.hits(m.term),
    };
    let old: Vec<(usize, Message)> =
        ctx.sys.timers.messages().enumerate().filter(|(_, m)| hits(m)).map(|(i, m)| (i, *m)).collect();
    for (i, m) in old {
        let new = renewed(ctx, m)?;
        if let Some(place) = ctx.sys.timers.messages_mut().nth(i) {
            *place = new;
        }
    }
    Ok(())
}
