//! Making, renaming, giving away and deleting tables; fixation.

use super::{Access, TRUE};
use crate::atom::{Atom, am};
use crate::bif::{Bif, BifResult, Ctx, Fault, bif};
use crate::ets::table::Heir;
use crate::ets::{Kind, Protection, Table};
use crate::heap::refs::{self, RefId};
use crate::heap::{build, copy};
use crate::term::Term;

pub const BIFS: &[Bif] = &[
    bif("ets", "new", 2, new),
    bif("ets", "delete", 1, delete),
    bif("ets", "rename", 2, rename),
    bif("ets", "give_away", 3, give_away),
    bif("ets", "setopts", 2, setopts),
    bif("ets", "safe_fixtable", 2, safe_fixtable),
    bif("ets", "whereis", 1, whereis),
    bif("ets", "internal_request_all", 0, internal_request_all),
    bif("ets", "all", 0, all),
];

/// The name of a named table, else its reference.
fn handle(ctx: &mut Ctx<'_>, id: RefId) -> BifResult {
    let name = ctx.table(id)?.named.then_some(ctx.table(id)?.name);
    match name {
        Some(n) => Ok(Term::atom(n)),
        None => Ok(refs::make(ctx, id)?),
    }
}

/// The third number of a table's reference, by which it is known as one after the table is gone.
pub(super) const TABLE_REF: u32 = 1;

fn new(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let Some(name) = args[0].as_atom() else { return Err(ctx.ets_badarg()) };
    let me = ctx.proc.pid;
    let mut t = Table::new(RefId(0, 0), name, Kind::Set, 1, me);
    let mut heir = None;
    for o in ctx.list_to_vec(args[1])? {
        if option(ctx, &mut t, &mut heir, o).is_none() {
            return Err(ctx.ets_badarg());
        }
    }
    if t.named && ctx.sys.ets.by_name(name).is_some() {
        return Err(ctx.ets_fail(am::ALREADY_EXISTS));
    }
    if ctx.sys.ets.len() >= ctx.sys.config.max_ets_tables {
        return Err(ctx.system_limit());
    }
    let id = RefId(ctx.sys.fresh_ref().0, TABLE_REF);
    let mut made = Table::new(id, name, t.kind, t.keypos, me);
    made.named = t.named;
    made.protection = t.protection;
    made.read_concurrency = t.read_concurrency;
    made.write_concurrency = t.write_concurrency;
    made.decentralized_counters = t.decentralized_counters;
    made.compressed = t.compressed;
    if let Some((pid, data)) = heir {
        made.heir = Some(Heir { pid, data: ctx.sys.message(data)? });
    }
    ctx.sys.ets.add(made);
    ctx.proc.rare_properties = true;
    handle(ctx, id)
}

fn option(ctx: &Ctx<'_>, t: &mut Table, heir: &mut Option<(Term, Term)>, o: Term) -> Option<()> {
    let mem = ctx.sys.mem();
    if let Some(a) = o.as_atom() {
        match a {
            am::SET => t.kind = Kind::Set,
            am::ORDERED_SET => t.kind = Kind::OrderedSet,
            am::BAG => t.kind = Kind::Bag,
            am::DUPLICATE_BAG => t.kind = Kind::DuplicateBag,
            am::NAMED_TABLE => t.named = true,
            am::COMPRESSED => t.compressed = true,
            _ => t.protection = protection(a)?,
        }
        return Some(());
    }
    let v = |i| mem.element(o, i);
    match (mem.tuple_arity(o)?, v(1).as_atom()?) {
        (2, am::KEYPOS) => t.keypos = v(2).as_small().filter(|p| (1..1 << 24).contains(p))? as u32,
        (2, am::READ_CONCURRENCY) => t.read_concurrency = v(2).as_bool()?,
        (2, am::WRITE_CONCURRENCY) => {
            // `{debug_hash_fixed_number_of_locks, N}` is for OTP's own tests.
            let locks = mem.tuple_arity(v(2)) == Some(2) && mem.element(v(2), 2).as_small().is_some_and(|n| n > 0);
            if v(2).as_bool().is_none() && !v(2).is(am::AUTO) && !locks {
                return None;
            }
            t.write_concurrency = if locks { Term::bool(true) } else { v(2) };
            if v(2).is(am::AUTO) {
                t.decentralized_counters = true;
            }
        }
        (2, am::DECENTRALIZED_COUNTERS) => t.decentralized_counters = v(2).as_bool()?,
        (2, am::HEIR) if v(2).is(am::NONE) => *heir = None,
        (3, am::HEIR) if v(2).is_local_pid() => *heir = Some((v(2), v(3))),
        _ => return None,
    }
    Some(())
}

fn protection(a: Atom) -> Option<Protection> {
    Some(match a {
        am::PRIVATE => Protection::Private,
        am::PROTECTED => Protection::Protected,
        am::PUBLIC => Protection::Public,
        _ => return None,
    })
}

fn delete(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let job = ctx.job();
    if job.phase == 0 {
        let id = ctx.allowed_table(args[0], Access::Write)?;
        if let Some(heir) = ctx.sys.ets.delete(id) {
            ctx.sys.drop_message(heir.data);
        }
    }
    ctx.bury(job, args)?;
    Ok(TRUE)
}

fn rename(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let id = ctx.open_table(args[0], Access::Write)?;
    let Some(name) = args[1].as_atom() else { return Err(ctx.ets_badarg()) };
    if ctx.table(id)?.named && ctx.sys.ets.by_name(name).is_some() {
        return Err(ctx.ets_badarg());
    }
    ctx.sys.ets.rename(id, name);
    handle(ctx, id)
}

fn give_away(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let id = ctx.open_table(args[0], Access::Own)?;
    let (me, to) = (ctx.proc.pid, args[1]);
    if !to.is_local_pid() {
        return Err(ctx.ets_badarg());
    }
    if to == me {
        return Err(ctx.ets_fail(am::OWNER));
    }
    if ctx.process(to).is_none() {
        return Err(ctx.ets_fail(am::NOT_ALIVE));
    }
    ctx.signals().transfer_table(id, to, me, args[2])?;
    Ok(TRUE)
}

fn setopts(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let id = ctx.open_table(args[0], Access::Own)?;
    let mem = ctx.sys.mem();
    let options = if mem.is_tuple(args[1]) { vec![args[1]] } else { ctx.list_to_vec(args[1])? };
    let (mut heir, mut prot) = (None, None);
    for o in options {
        let v = |i| mem.element(o, i);
        match (mem.tuple_arity(o), v_atom(mem.tuple_arity(o), || v(1))) {
            (Some(2), Some(am::HEIR)) if v(2).is(am::NONE) && heir.is_none() => heir = Some(None),
            (Some(3), Some(am::HEIR)) if v(2).is_local_pid() && heir.is_none() => heir = Some(Some((v(2), v(3)))),
            (Some(2), Some(am::PROTECTION)) if prot.is_none() => match v(2).as_atom().and_then(protection) {
                Some(p) => prot = Some(p),
                None => return Err(ctx.ets_badarg()),
            },
            _ => return Err(ctx.ets_badarg()),
        }
    }
    if let Some(h) = heir {
        let new = match h {
            Some((pid, data)) => Some(Heir { pid, data: ctx.sys.message(data)? }),
            None => None,
        };
        let old = ctx.with_table(id, |t, _, _| std::mem::replace(&mut t.heir, new))?;
        if let Some(old) = old {
            ctx.sys.drop_message(old.data);
        }
    }
    if let Some(p) = prot {
        ctx.with_table(id, |t, _, _| t.protection = p)?;
    }
    Ok(TRUE)
}

fn v_atom(arity: Option<u32>, first: impl FnOnce() -> Term) -> Option<Atom> {
    arity.filter(|n| *n > 0).and_then(|_| first().as_atom())
}

fn safe_fixtable(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let id = ctx.open_table(args[0], Access::Read)?;
    let Some(fix) = args[1].as_bool() else { return Err(ctx.ets_badarg()) };
    ctx.fix_table(id, fix)?;
    Ok(TRUE)
}

fn whereis(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let mem = ctx.sys.mem();
    if !args[0].is_atom() && !mem.is_ref(args[0]) {
        return Err(ctx.ets_badarg());
    }
    match ctx.find_table(args[0]) {
        Some(id) => Ok(refs::make(ctx, id)?),
        None => Ok(Term::atom(am::UNDEFINED)),
    }
}

fn all(ctx: &mut Ctx<'_>, _: &[Term]) -> BifResult {
    let ids: Vec<RefId> = ctx.sys.ets.all().map(|t| t.id).collect();
    let mut out: Vec<Term> = Vec::with_capacity(ids.len());
    for id in ids {
        out.push(handle(ctx, id)?);
    }
    ctx.list(&out)
}

/// What OTP's `ets:all/0` is made of: a reference, and one message `{Ref, Tables}` for the only scheduler.
fn internal_request_all(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let list = all(ctx, args)?;
    let id: RefId = ctx.sys.fresh_ref();
    let me = ctx.proc.pid;
    let words = 3 + refs::REF_WORDS as u64 + ctx.sys.arena.flat_size(list);
    let sent: Result<(), Fault> = ctx
        .signals()
        .send_built(me, words, |a, lit| {
            let list = copy::copy(a, lit, list)?;
            let r = refs::make(a, id)?;
            build::tuple(a, &[r, list])
        })
        .map_err(Fault::from);
    sent?;
    Ok(refs::make(ctx, id)?)
}
