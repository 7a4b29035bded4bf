//! `monitor`, `demonitor`, `alias`, `unalias`.

use super::{Bif, BifResult, Ctx, bif};
use crate::atom::am;
use crate::heap::refs::{self, RefId};
use crate::process::relations::AliasMode;
use crate::signals::monitor::{MonitorOpts, Target};
use crate::term::Term;

pub const BIFS: &[Bif] = &[
    bif("erlang", "monitor", 2, |c, a| monitor(c, a[0], a[1], MonitorOpts::default())),
    bif("erlang", "monitor", 3, monitor_3),
    bif("erlang", "demonitor", 1, |c, a| demonitor(c, a[0], Term::NIL)),
    bif("erlang", "demonitor", 2, |c, a| demonitor(c, a[0], a[1])),
    bif("erlang", "alias", 0, |c, _| alias(c, Term::NIL)),
    bif("erlang", "alias", 1, |c, a| alias(c, a[0])),
    bif("erlang", "unalias", 1, unalias),
    bif("erlang", "monitor_node", 2, monitor_node),
    bif("erlang", "monitor_node", 3, monitor_node),
];

/// The options of `monitor/3` and of `spawn_opt`'s `{monitor, Opts}`; `None`: a bad option.
pub(super) fn monitor_options(ctx: &mut Ctx<'_>, list: Term) -> Option<MonitorOpts> {
    let mem = ctx.sys.mem();
    let mut opts = MonitorOpts::default();
    let mut t = list;
    while t.is_list() {
        let o = mem.head(t);
        if mem.tuple_arity(o) != Some(2) {
            return None;
        }
        let v = mem.element(o, 2);
        match mem.element(o, 1).as_atom()? {
            am::ALIAS => {
                opts.alias = Some(match v.as_atom()? {
                    am::EXPLICIT_UNALIAS => AliasMode::ExplicitUnalias,
                    am::DEMONITOR => AliasMode::Demonitor,
                    am::REPLY_DEMONITOR => AliasMode::ReplyDemonitor,
                    _ => return None,
                });
            }
            am::TAG => opts.tag = v,
            _ => return None,
        }
        t = mem.tail(t);
    }
    t.is_nil().then_some(opts)
}

fn monitor_3(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    match monitor_options(ctx, args[2]) {
        Some(opts) => monitor(ctx, args[0], args[1], opts),
        None => Err(ctx.badarg_cause(am::BADOPT)),
    }
}

fn monitor(ctx: &mut Ctx<'_>, kind: Term, item: Term, opts: MonitorOpts) -> BifResult {
    let mem = ctx.sys.mem();
    let me = ctx.proc.pid;
    let target = match kind.as_atom() {
        Some(am::PROCESS) if item.is_local_pid() => Target { pid: item, name: Term::NONE, port: false },
        Some(kind @ (am::PROCESS | am::PORT)) if !item.is_local_port() => {
            let name = if item.is_atom() {
                item
            } else if mem.tuple_arity(item) == Some(2) && mem.element(item, 2).is(am::NONAME) {
                mem.element(item, 1)
            } else {
                return Err(ctx.badarg());
            };
            let Some(atom) = name.as_atom() else { return Err(ctx.badarg()) };
            // No port has a name here, so one that is looked for by name isn't there.
            let port = kind == am::PORT;
            let pid = if port { Term::NIL } else { ctx.sys.names.get(&atom).copied().unwrap_or(Term::NIL) };
            Target { pid, name, port }
        }
        // The clock never changes its offset here: such a monitor never fires.
        Some(am::TIME_OFFSET) if item.is(am::CLOCK_SERVICE) => Target { pid: me, name: Term::NONE, port: false },
        Some(am::PORT) => Target { pid: item, name: Term::NONE, port: true },
        Some(am::PROCESS | am::TIME_OFFSET) => return Err(ctx.badarg()),
        _ => return Err(ctx.badarg_cause(am::BADTYPE)),
    };
    let id = ctx.sys.fresh_ref();
    let reference = if opts.alias.is_some() { refs::make_alias(ctx, id, me)? } else { refs::make(ctx, id)? };
    ctx.signals().monitor(me, id, target, opts)?;
    Ok(reference)
}

fn demonitor(ctx: &mut Ctx<'_>, reference: Term, options: Term) -> BifResult {
    let mem = ctx.sys.mem();
    let Some(id) = mem.ref_id(reference) else { return Err(ctx.badarg()) };
    let (mut flush, mut info) = (false, false);
    let mut t = options;
    while t.is_list() {
        match mem.head(t).as_atom() {
            Some(am::FLUSH) => flush = true,
            Some(am::INFO) => info = true,
            _ => return Err(ctx.badarg()),
        }
        t = mem.tail(t);
    }
    if !t.is_nil() {
        return Err(ctx.badarg());
    }
    let me = ctx.proc.pid;
    let found = ctx.signals().demonitor(me, id);
    if !found && flush {
        flush_down(ctx, id);
    }
    Ok(Term::bool(found || !info))
}

/// Removes the message of a monitor that has fired, as `receive {_, Ref, _, _, _} -> true after 0 -> true end` would.
fn flush_down(ctx: &mut Ctx<'_>, id: RefId) {
    let mem = ctx.sys.mem();
    let taken =
        ctx.proc.mailbox.take_first(|t| mem.tuple_arity(t) == Some(5) && mem.ref_id(mem.element(t, 2)) == Some(id));
    if let Some(m) = taken {
        ctx.sys.drop_message(m);
    }
}

fn alias(ctx: &mut Ctx<'_>, options: Term) -> BifResult {
    let mem = ctx.sys.mem();
    let mut mode = AliasMode::ExplicitUnalias;
    let mut t = options;
    while t.is_list() {
        match mem.head(t).as_atom() {
            Some(am::EXPLICIT_UNALIAS) => mode = AliasMode::ExplicitUnalias,
            Some(am::REPLY) => mode = AliasMode::ReplyDemonitor,
            _ => return Err(ctx.badarg()),
        }
        t = mem.tail(t);
    }
    if !t.is_nil() {
        return Err(ctx.badarg());
    }
    let id = ctx.sys.fresh_ref();
    ctx.proc.relations.aliases.insert(id, mode);
    let me = ctx.proc.pid;
    Ok(refs::make_alias(ctx, id, me)?)
}

fn unalias(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let Some(id) = ctx.sys.mem().ref_id(args[0]) else { return Err(ctx.badarg()) };
    Ok(Term::bool(ctx.proc.relations.aliases.remove(&id).is_some()))
}

/// There is no distribution: every node is down, which is an error (`notalive`) as on a node without a name.
fn monitor_node(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let mem = ctx.sys.mem();
    let mut t = args.get(2).copied().unwrap_or(Term::NIL);
    while t.is_list() && mem.head(t).is(am::ALLOW_PASSIVE_CONNECT) {
        t = mem.tail(t);
    }
    if !t.is_nil() {
        return Err(ctx.badarg_cause(am::BADOPT));
    }
    if args[0].is_atom() && !args[0].is(am::NONAME) {
        return Err(ctx.error_atom(am::NOTALIVE));
    }
    if args[0].is_atom() && args[1].as_bool().is_some() { Ok(Term::bool(true)) } else { Err(ctx.badarg()) }
}
