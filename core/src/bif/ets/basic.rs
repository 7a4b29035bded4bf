//! Putting in, looking up, deleting, walking.

use super::{Access, END, TRUE};
use crate::atom::am;
use crate::bif::{Bif, BifResult, Ctx, Fault, bif};
use crate::ets::hash::Cursor;
use crate::ets::{Grave, Kind, Object, Store, Table};
use crate::heap::order;
use crate::heap::refs::RefId;
use crate::term::{Mem, Names, Term};

pub const BIFS: &[Bif] = &[
    bif("ets", "insert", 2, insert),
    bif("ets", "insert_new", 2, insert_new),
    bif("ets", "lookup", 2, lookup),
    bif("ets", "lookup_element", 3, lookup_element),
    bif("ets", "lookup_element", 4, lookup_element),
    bif("ets", "member", 2, member),
    bif("ets", "take", 2, take),
    bif("ets", "delete", 2, delete_key),
    bif("ets", "delete_object", 2, delete_object),
    bif("ets", "delete_all_objects", 1, delete_all),
    bif("ets", "internal_delete_all", 2, internal_delete_all),
    bif("ets", "first", 1, |c, a| walk(c, a[0], None, true, false)),
    bif("ets", "last", 1, |c, a| walk(c, a[0], None, false, false)),
    bif("ets", "next", 2, |c, a| walk(c, a[0], Some(a[1]), true, false)),
    bif("ets", "prev", 2, |c, a| walk(c, a[0], Some(a[1]), false, false)),
    bif("ets", "first_lookup", 1, |c, a| walk(c, a[0], None, true, true)),
    bif("ets", "last_lookup", 1, |c, a| walk(c, a[0], None, false, true)),
    bif("ets", "next_lookup", 2, |c, a| walk(c, a[0], Some(a[1]), true, true)),
    bif("ets", "prev_lookup", 2, |c, a| walk(c, a[0], Some(a[1]), false, true)),
    bif("ets", "slot", 2, slot),
];

/// The tuples of the second argument of `insert`: one, or a proper list, all with a key.
fn objects(ctx: &mut Ctx<'_>, keypos: u32, t: Term) -> Result<Vec<Term>, Fault> {
    if ctx.is_object(keypos, t) {
        return Ok(vec![t]);
    }
    let mem = ctx.sys.mem();
    let mut out = Vec::new();
    let mut list = t;
    while list.is_list() {
        let o = mem.head(list);
        if !ctx.is_object(keypos, o) {
            return Err(ctx.ets_badarg());
        }
        out.push(o);
        list = mem.tail(list);
    }
    if list.is_nil() { Ok(out) } else { Err(ctx.ets_badarg()) }
}

fn insert(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    if let Some(result) = insert_long(ctx, args, false)? {
        return Ok(result);
    }
    let id = ctx.open_table(args[0], Access::Write)?;
    let keypos = ctx.table(id)?.keypos;
    let all = objects(ctx, keypos, args[1])?;
    ctx.charge(all.len() / 2);
    for o in all {
        ctx.insert_object(id, o)?;
    }
    Ok(TRUE)
}

fn insert_new(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    if let Some(result) = insert_long(ctx, args, true)? {
        return Ok(result);
    }
    let id = ctx.open_table(args[0], Access::Write)?;
    let keypos = ctx.table(id)?.keypos;
    let all = objects(ctx, keypos, args[1])?;
    ctx.charge(all.len());
    let mem = ctx.sys.mem();
    let taken =
        ctx.with_table(id, |t, _, names| all.iter().any(|o| t.get(mem, names, mem.element(*o, keypos)).is_some()))?;
    if taken {
        return Ok(Term::bool(false));
    }
    for o in all {
        ctx.insert_object(id, o)?;
    }
    Ok(TRUE)
}

/// Longer lists are put in over slices.
const LONG: usize = 1000;

fn is_long(mem: Mem, mut list: Term) -> bool {
    for _ in 0..LONG {
        if !list.is_list() {
            return false;
        }
        list = mem.tail(list);
    }
    true
}

/// Puts a long list in: its objects are looked at and copied, and then go in all together, as far as others can see: who uses the table in between
/// ends the work (`settle`). `None`: the list isn't long.
fn insert_long(ctx: &mut Ctx<'_>, args: &[Term], new: bool) -> Result<Option<Term>, Fault> {
    let mem = ctx.sys.mem();
    if !is_long(mem, args[1]) {
        return Ok(None);
    }
    let mut job = ctx.job();
    let pid = ctx.proc.pid.raw();
    if job.phase < 2 {
        let id = ctx.open_table(args[0], Access::Write)?;
        let keypos = ctx.table(id)?.keypos;
        if job.terms.is_empty() {
            job.terms = vec![args[1]];
            // Of a call that failed on its way.
            let left = ctx.sys.ets.staged.remove(&pid);
            ctx.sys.ets.graves.extend(left.map(Grave::Loose));
        }
        let mut steps = ctx.steps() as i64;
        let mut rest = job.terms[0];
        while rest.is_list() && steps > 0 {
            let o = mem.head(rest);
            if job.phase == 0 {
                if !ctx.is_object(keypos, o) {
                    return Err(ctx.ets_badarg());
                }
                steps -= 1;
                ctx.worked(1);
            } else {
                let object = Object::new(&mut ctx.sys.arena, o)?;
                let cost = 5 + object.words() / 6;
                steps -= cost as i64;
                ctx.worked(cost as usize);
                ctx.sys.ets.staged.entry(pid).or_default().push(object);
            }
            rest = mem.tail(rest);
        }
        job.terms[0] = rest;
        if !rest.is_list() {
            if !rest.is_nil() {
                return Err(ctx.ets_badarg());
            }
            job.terms = vec![args[1]];
            job.phase += 1;
        }
        if job.phase < 2 {
            return Err(ctx.go_on_later(job, args));
        }
    }
    if job.phase == 2 {
        job.phase = 3;
        let mut staged = ctx.sys.ets.staged.remove(&pid).unwrap_or_default();
        let id = match ctx.open_table(args[0], Access::Write) {
            Ok(id) => id,
            Err(f) => {
                ctx.sys.ets.graves.push(Grave::Loose(staged));
                return Err(f);
            }
        };
        let keypos = ctx.table(id)?.keypos;
        let is_there = |t: &Table, names: &dyn Names, o: &Object| t.get(mem, names, o.key(mem, keypos)).is_some();
        if new && ctx.with_table(id, |t, _, names| staged.iter().any(|o| is_there(t, names, o)))? {
            ctx.sys.ets.graves.push(Grave::Loose(staged));
            return Ok(Some(Term::bool(false)));
        }
        staged.reverse();
        ctx.with_table(id, |t, _, _| (t.pending, t.pending_by) = (staged, pid))?;
    }
    if ctx.sys.ets.cut.remove(&pid) {
        return Err(ctx.ets_fail(am::ID));
    }
    // Another process may have put in what was left, and deleted or renamed the table after that.
    let Some(id) = ctx.find_table(args[0]) else { return Ok(Some(TRUE)) };
    if ctx.table(id)?.pending_by != pid {
        return Ok(Some(TRUE));
    }
    let most = ctx.steps() / 5;
    let n = ctx.with_table(id, |t, arena, names| t.settle(arena, names, most))?;
    ctx.worked(n * 5);
    if ctx.table(id)?.pending.is_empty() {
        return Ok(Some(TRUE));
    }
    Err(ctx.go_on_later(job, args))
}

fn found(ctx: &mut Ctx<'_>, id: RefId, key: Term) -> Result<Vec<Term>, Fault> {
    let mem = ctx.sys.mem();
    ctx.with_table(id, |t, _, names| t.lookup(mem, names, key))
}

fn lookup(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let id = ctx.open_table(args[0], Access::Read)?;
    let objects = found(ctx, id, args[1])?;
    ctx.object_list(&objects)
}

fn lookup_element(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let id = ctx.open_table(args[0], Access::Read)?;
    let pos = match args[2].as_small() {
        Some(p) if p >= 1 => p as u64,
        _ => return Err(ctx.ets_badarg()),
    };
    let mem = ctx.sys.mem();
    let objects = found(ctx, id, args[1])?;
    if objects.is_empty() {
        return match args.get(3) {
            Some(default) => Ok(*default),
            None => Err(ctx.ets_fail(am::BADKEY)),
        };
    }
    let mut elements = Vec::with_capacity(objects.len());
    for o in objects {
        if mem.tuple_arity(o).is_none_or(|n| pos > n as u64) {
            return Err(ctx.ets_badarg());
        }
        elements.push(mem.element(o, pos as u32));
    }
    let kind = ctx.table(id)?.kind;
    if matches!(kind, Kind::Bag | Kind::DuplicateBag) { ctx.object_list(&elements) } else { ctx.copy_in(elements[0]) }
}

fn member(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let id = ctx.open_table(args[0], Access::Read)?;
    let mem = ctx.sys.mem();
    let is_there = ctx.with_table(id, |t, _, names| match t.kind {
        Kind::Bag | Kind::DuplicateBag => !t.lookup(mem, names, args[1]).is_empty(),
        _ => t.get(mem, names, args[1]).is_some(),
    })?;
    Ok(Term::bool(is_there))
}

fn take(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let id = ctx.open_table(args[0], Access::Write)?;
    let objects = found(ctx, id, args[1])?;
    let list = ctx.object_list(&objects)?;
    ctx.with_table(id, |t, arena, names| t.delete_where(arena, names, args[1], |_| true))?;
    Ok(list)
}

fn delete_key(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let id = ctx.open_table(args[0], Access::Write)?;
    ctx.with_table(id, |t, arena, names| t.delete_where(arena, names, args[1], |_| true))?;
    Ok(TRUE)
}

fn delete_object(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let id = ctx.open_table(args[0], Access::Write)?;
    let keypos = ctx.table(id)?.keypos;
    if !ctx.is_object(keypos, args[1]) {
        return Err(ctx.ets_badarg());
    }
    let mem = ctx.sys.mem();
    let key = mem.element(args[1], keypos);
    let same = |o: Term| order::exact_eq(mem, o, args[1]);
    ctx.with_table(id, |t, arena, names| t.delete_where(arena, names, key, same))?;
    Ok(TRUE)
}

/// Empties the table; returns how many objects there were.
fn clear(ctx: &mut Ctx<'_>, args: &[Term]) -> Result<usize, Fault> {
    let mut job = ctx.job();
    if job.phase == 0 {
        let id = ctx.open_table(args[0], Access::Write)?;
        job.at = ctx.table(id)?.len();
        if let Some(store) = ctx.with_table(id, |t, _, _| t.clear())? {
            ctx.sys.ets.graves.push(Grave::Store(store));
        }
    }
    let n = job.at;
    ctx.bury(job, args)?;
    Ok(n)
}

fn delete_all(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    clear(ctx, args)?;
    Ok(TRUE)
}

fn internal_delete_all(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let n = clear(ctx, args)?;
    Ok(Term::small(n as i64))
}

/// The object to go to: the first or last, or the neighbour of a key. `Err`: a set has no such key.
fn neighbour(t: &Table, mem: Mem, names: &dyn Names, key: Option<Term>, forward: bool) -> Result<Option<Term>, ()> {
    match (&t.store, key) {
        // Sets and bags have no order: last is first, and the one before is the one after.
        (Store::Hash(h), None) => Ok(h.next_from(Cursor::START).map(|(o, _)| o)),
        (Store::Hash(h), Some(k)) => h.after(mem, names, k),
        (Store::Tree(s), None) => Ok(if forward { s.first() } else { s.last() }.and_then(|p| s.at(p))),
        // Not a key, though one may be called so.
        (Store::Tree(_), Some(k)) if k == END => Err(()),
        (Store::Tree(s), Some(k)) => {
            let place = if forward { s.after(mem, names, k) } else { s.before(mem, names, k) };
            Ok(place.and_then(|p| s.at(p)))
        }
    }
}

/// A key, or with `objects` `{Key, Objects}`, or the end.
fn walk(ctx: &mut Ctx<'_>, table: Term, key: Option<Term>, forward: bool, objects: bool) -> BifResult {
    let id = ctx.open_table(table, Access::Read)?;
    let mem = ctx.sys.mem();
    let keypos = ctx.table(id)?.keypos;
    let next = ctx.with_table(id, |t, _, names| neighbour(t, mem, names, key, forward))?;
    let object = match next {
        Err(()) => return Err(ctx.ets_badarg()),
        Ok(None) => return Ok(END),
        Ok(Some(o)) => o,
    };
    let in_table = mem.element(object, keypos);
    let key = ctx.copy_in(in_table)?;
    if !objects {
        return Ok(key);
    }
    let all = found(ctx, id, in_table)?;
    let list = ctx.object_list(&all)?;
    ctx.tuple(&[key, list])
}

fn slot(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let id = ctx.open_table(args[0], Access::Read)?;
    let Some(n) = args[1].as_small().and_then(|n| usize::try_from(n).ok()) else { return Err(ctx.ets_badarg()) };
    let objects = match &ctx.table(id)?.store {
        Store::Hash(h) if n == h.chains() => return Ok(END),
        Store::Hash(h) => h.chain(n),
        Store::Tree(s) if n == s.len() => return Ok(END),
        Store::Tree(s) => s.nth(n).map(|o| vec![o]),
    };
    match objects {
        Some(o) => ctx.object_list(&o),
        None => Err(ctx.ets_badarg()),
    }
}
