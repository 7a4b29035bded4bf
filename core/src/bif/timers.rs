//! Timers that send messages: `send_after`, `start_timer`, `cancel_timer`, `read_timer`. Times are milliseconds.

use super::{Bif, BifResult, Ctx, Fault, bif};
use crate::atom::am;
use crate::heap::{build, copy, refs};
use crate::term::{MIN_SMALL, Term};
use crate::timer::Action;

pub const BIFS: &[Bif] = &[
    bif("erlang", "send_after", 3, |c, a| start(c, a[0], a[1], a[2], Term::NIL, false)),
    bif("erlang", "send_after", 4, |c, a| start(c, a[0], a[1], a[2], a[3], false)),
    bif("erlang", "start_timer", 3, |c, a| start(c, a[0], a[1], a[2], Term::NIL, true)),
    bif("erlang", "start_timer", 4, |c, a| start(c, a[0], a[1], a[2], a[3], true)),
    bif("erlang", "cancel_timer", 1, |c, a| cancel(c, a[0], Term::NIL)),
    bif("erlang", "cancel_timer", 2, |c, a| cancel(c, a[0], a[1])),
    bif("erlang", "read_timer", 1, |c, a| read(c, a[0], Term::NIL)),
    bif("erlang", "read_timer", 2, |c, a| read(c, a[0], a[1])),
];

/// The longest relative time: OTP's limit of 2^32 - 1 seconds or so; ours is what the clock's 64 bits hold.
const MAX_MS: i64 = i64::MAX / 2_000_000;

fn start(ctx: &mut Ctx<'_>, time: Term, dest: Term, message: Term, options: Term, wrap: bool) -> BifResult {
    let absolute = match option(ctx, options, am::ABS, am::ABS) {
        Some((abs, _)) => abs,
        None => return Err(ctx.badarg_cause(am::BADOPT)),
    };
    let Some(ms) = time.as_small() else { return Err(ctx.badarg_cause(am::TIME)) };
    if !absolute && !(0..=MAX_MS).contains(&ms) {
        return Err(ctx.badarg_cause(am::TIME));
    }
    if !dest.is_atom() && !ctx.sys.mem().is_pid(dest) {
        return Err(ctx.badarg());
    }
    let now = ctx.sys.now_ns();
    let at_ns = if absolute {
        // Milliseconds of `monotonic_time`, whose zero lies far in the future of its start.
        let ns = ms as i128 * 1_000_000 - MIN_SMALL as i128;
        match u64::try_from(ns.max(0)) {
            Ok(ns) => ns.max(now),
            Err(_) => return Err(ctx.badarg_cause(am::TIME)),
        }
    } else if (0..=MAX_MS).contains(&ms) {
        now.saturating_add(ms as u64 * 1_000_000)
    } else {
        return Err(ctx.badarg_cause(am::TIME));
    };
    let id = ctx.sys.fresh_ref();
    let message = if wrap {
        let words = ctx.sys.arena.flat_size(message) + 4 + refs::REF_WORDS as u64;
        let Ok(words) = u32::try_from(words) else { return Err(Fault::Memory) };
        let literal_base = ctx.sys.arena.literal_base();
        ctx.sys.message_with(words, |a| {
            let message = copy::copy(a, literal_base, message)?;
            let r = refs::make(a, id)?;
            build::tuple(a, &[Term::atom(am::TIMEOUT), r, message])
        })?
    } else {
        ctx.sys.message(message)?
    };
    let started_by = ctx.proc.pid;
    let alive = dest.is_atom() || ctx.signals().find_alive(dest).is_some();
    if alive {
        let timer = ctx.sys.timers.start(at_ns, Action::Send { to: dest, message, reference: id, started_by });
        if let Some((p, _)) = ctx.signals().find(dest) {
            p.timers.insert(timer);
        }
    } else {
        ctx.sys.drop_message(message);
    }
    Ok(refs::make(ctx, id)?)
}

/// Two boolean options of the form `{Key, Bool}`; `None`: a bad option.
fn option(
    ctx: &Ctx<'_>,
    list: Term,
    first: crate::atom::Atom,
    second: crate::atom::Atom,
) -> Option<(bool, Option<bool>)> {
    let mem = ctx.sys.mem();
    let (mut a, mut b) = (false, None);
    let mut t = list;
    while t.is_list() {
        let o = mem.head(t);
        if mem.tuple_arity(o) != Some(2) {
            return None;
        }
        let v = mem.element(o, 2).as_bool()?;
        match mem.element(o, 1).as_atom()? {
            k if k == first => a = v,
            k if k == second => b = Some(v),
            _ => return None,
        }
        t = mem.tail(t);
    }
    t.is_nil().then_some((a, b))
}

/// Milliseconds that are left, rounded up, or `false`.
fn remaining(ctx: &mut Ctx<'_>, at_ns: Option<u64>) -> BifResult {
    match at_ns {
        None => Ok(Term::bool(false)),
        Some(at) => {
            let now = ctx.sys.now_ns();
            ctx.uint(at.saturating_sub(now).div_ceil(1_000_000))
        }
    }
}

fn cancel(ctx: &mut Ctx<'_>, reference: Term, options: Term) -> BifResult {
    let Some(id) = ctx.sys.mem().ref_id(reference) else { return Err(ctx.badarg()) };
    let Some((asynchronous, info)) = option(ctx, options, am::ASYNC, am::INFO) else { return Err(ctx.badarg()) };
    let mut at = None;
    if let Some((timer, _)) = ctx.sys.timers.by_ref(id)
        && let Some(t) = ctx.sys.timers.cancel(timer)
    {
        at = Some(t.at_ns);
        if let Action::Send { to, message, .. } = t.action {
            ctx.sys.drop_message(message);
            if let Some((p, _)) = ctx.signals().find(to) {
                p.timers.remove(&timer);
            }
        }
    }
    let left = remaining(ctx, at)?;
    reply(ctx, am::CANCEL_TIMER, id, left, asynchronous, info.unwrap_or(true))
}

fn read(ctx: &mut Ctx<'_>, reference: Term, options: Term) -> BifResult {
    let Some(id) = ctx.sys.mem().ref_id(reference) else { return Err(ctx.badarg()) };
    let Some((asynchronous, _)) = option(ctx, options, am::ASYNC, am::ASYNC) else { return Err(ctx.badarg()) };
    let at = ctx.sys.timers.by_ref(id).map(|(_, at)| at);
    let left = remaining(ctx, at)?;
    reply(ctx, am::READ_TIMER, id, left, asynchronous, true)
}

/// The result, or `ok` and the result in a message.
fn reply(
    ctx: &mut Ctx<'_>,
    tag: crate::atom::Atom,
    id: refs::RefId,
    left: Term,
    asynchronous: bool,
    info: bool,
) -> BifResult {
    if asynchronous && info {
        let me = ctx.proc.pid;
        let words = 4 + refs::REF_WORDS as u64 + ctx.sys.arena.flat_size(left);
        ctx.signals().send_built(me, words, |a, lit| {
            let left = copy::copy(a, lit, left)?;
            let r = refs::make(a, id)?;
            build::tuple(a, &[Term::atom(tag), r, left])
        })?;
    }
    Ok(if asynchronous || !info { Term::atom(am::OK) } else { left })
}
