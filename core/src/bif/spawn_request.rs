//! `spawn_request/1..5`: a spawn whose result comes as a message; and small BIFs about tracing that isn't there.

use super::process::{fun0_start, mfa_start, spawn_option};
use super::{Bif, BifResult, Ctx, Fault, bif};
use crate::atom::am;
use crate::heap::{build, copy, refs};
use crate::signals::spawn::SpawnError;
use crate::signals::{SpawnOpts, Start};
use crate::term::Term;

pub const BIFS: &[Bif] = &[
    bif("erlang", "spawn_request", 1, |c, a| request_fun(c, Term::atom(am::NONAME), a[0], Term::NIL)),
    bif("erlang", "spawn_request", 2, |c, a| {
        if a[0].is_atom() {
            request_fun(c, a[0], a[1], Term::NIL)
        } else {
            request_fun(c, Term::atom(am::NONAME), a[0], a[1])
        }
    }),
    bif("erlang", "spawn_request", 3, |c, a| {
        if c.sys.mem().is_fun(a[1]) {
            request_fun(c, a[0], a[1], a[2])
        } else {
            request(c, &[Term::atom(am::NONAME), a[0], a[1], a[2], Term::NIL])
        }
    }),
    bif("erlang", "spawn_request", 4, |c, a| {
        if a[2].is_atom() {
            request(c, &[a[0], a[1], a[2], a[3], Term::NIL])
        } else {
            request(c, &[Term::atom(am::NONAME), a[0], a[1], a[2], a[3]])
        }
    }),
    bif("erlang", "spawn_request", 5, request),
    // A request is answered at once: there is never one to abandon.
    bif("erlang", "spawn_request_abandon", 1, |c, a| {
        if c.sys.mem().is_ref(a[0]) { Ok(Term::bool(false)) } else { Err(c.badarg()) }
    }),
    bif("erlang", "dt_put_tag", 1, |_, _| Ok(Term::atom(am::UNDEFINED))),
    bif("erlang", "dt_get_tag", 0, |_, _| Ok(Term::atom(am::UNDEFINED))),
    bif("erlang", "dt_get_tag_data", 0, |_, _| Ok(Term::atom(am::UNDEFINED))),
    bif("erlang", "dt_spread_tag", 1, |_, _| Ok(Term::bool(true))),
    bif("erlang", "dt_restore_tag", 1, |_, _| Ok(Term::bool(true))),
    bif("erlang", "dt_prepend_vm_tag_data", 1, |_, a| Ok(a[0])),
    bif("erlang", "dt_append_vm_tag_data", 1, |_, a| Ok(a[0])),
];

/// Which of the two replies are wanted, and their tag.
struct Reply {
    success: bool,
    error: bool,
    tag: Term,
}

fn request_fun(ctx: &mut Ctx<'_>, node: Term, fun: Term, options: Term) -> BifResult {
    let start = fun0_start(ctx, fun)?;
    perform(ctx, node, start, options)
}

/// Node, module, function, arguments, options.
fn request(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let start = mfa_start(ctx, args[1], args[2], args[3])?;
    perform(ctx, args[0], start, args[4])
}

/// The options; `None` in place of those of the spawn when one is unknown, which is told in the reply.
fn options(ctx: &mut Ctx<'_>, list: Term) -> Result<(Option<SpawnOpts>, Reply), Fault> {
    let mem = ctx.sys.mem();
    let (mut opts, mut known) = (SpawnOpts::default(), true);
    let mut reply = Reply { success: true, error: true, tag: Term::atom(am::SPAWN_REPLY) };
    let mut t = list;
    while t.is_list() {
        let o = mem.head(t);
        t = mem.tail(t);
        let pair = mem.tuple_arity(o) == Some(2);
        match if pair { mem.element(o, 1).as_atom() } else { None } {
            Some(am::REPLY_TAG) => reply.tag = mem.element(o, 2),
            Some(am::REPLY) => {
                (reply.success, reply.error) = match mem.element(o, 2).as_atom() {
                    Some(am::YES) => (true, true),
                    Some(am::NO) => (false, false),
                    Some(am::ERROR_ONLY) => (false, true),
                    Some(am::SUCCESS_ONLY) => (true, false),
                    _ => {
                        known = false;
                        (true, true)
                    }
                }
            }
            _ => known &= spawn_option(ctx, &mut opts, o).is_some(),
        }
    }
    if !t.is_nil() {
        return Err(ctx.badarg_cause(am::BADOPT));
    }
    Ok((known.then_some(opts), reply))
}

fn perform(ctx: &mut Ctx<'_>, node: Term, start: Start, list: Term) -> BifResult {
    if !node.is_atom() {
        return Err(ctx.badarg());
    }
    let (opts, reply) = options(ctx, list)?;
    let id = ctx.sys.fresh_ref();
    let me = ctx.proc.pid;
    let is_alias = opts.is_some_and(|o| o.monitor.is_some_and(|m| m.alias.is_some()));
    let outcome = match opts {
        None => Err(am::BADOPT),
        Some(_) if !node.is(am::NONAME) => Err(am::NOCONNECTION),
        Some(opts) => match ctx.signals().spawn(start, &opts, Some(id)) {
            Ok(pid) => {
                super::process::inherits(ctx, pid, &start, &opts, Some(id))?;
                Ok(pid)
            }
            Err(SpawnError::TooMany) => Err(am::SYSTEM_LIMIT),
            Err(SpawnError::Memory) => return Err(Fault::Memory),
        },
    };
    let (wanted, result, value) = match outcome {
        Ok(pid) => (reply.success, am::OK, pid),
        Err(why) => (reply.error, am::ERROR, Term::atom(why)),
    };
    if wanted {
        let words = 5 + 4 + ctx.sys.arena.flat_size(reply.tag);
        ctx.signals().send_built(me, words, |a, lit| {
            let tag = copy::copy(a, lit, reply.tag)?;
            let r = if is_alias { refs::make_alias(a, id, me)? } else { refs::make(a, id)? };
            build::tuple(a, &[tag, r, Term::atom(result), value])
        })?;
    }
    Ok(if is_alias { refs::make_alias(ctx, id, me)? } else { refs::make(ctx, id)? })
}
