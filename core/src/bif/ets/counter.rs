//! `update_counter` and `update_element`: changing an object in place.

use super::{Access, TRUE};
use crate::atom::am;
use crate::bif::{Bif, BifResult, Ctx, Fault, bif};
use crate::ets::Kind;
use crate::heap::number::{self, ArithError};
use crate::heap::order;
use crate::heap::refs::RefId;
use crate::term::Term;
use std::cmp::Ordering;

pub const BIFS: &[Bif] = &[
    bif("ets", "update_counter", 3, update_counter),
    bif("ets", "update_counter", 4, update_counter),
    bif("ets", "update_element", 3, update_element),
    bif("ets", "update_element", 4, update_element),
];

/// The object to update: the one with the key, or else the default (which is put in only when the update succeeds).
struct Found {
    keypos: u32,
    object: Term,
    is_new: bool,
}

fn find(ctx: &mut Ctx<'_>, id: RefId, key: Term, default: Option<Term>, counter: bool) -> Result<Option<Found>, Fault> {
    let mem = ctx.sys.mem();
    let (kind, keypos) = {
        let t = ctx.table(id)?;
        (t.kind, t.keypos)
    };
    if matches!(kind, Kind::Bag | Kind::DuplicateBag) {
        return Err(if counter { ctx.ets_fail(am::TABLE_TYPE) } else { ctx.ets_badarg() });
    }
    if let Some(object) = ctx.with_table(id, |t, _, names| t.get(mem, names, key))? {
        return Ok(Some(Found { keypos, object, is_new: false }));
    }
    let Some(default) = default else { return Ok(None) };
    if !ctx.is_object(keypos, default) {
        return Err(ctx.ets_badarg());
    }
    // The default takes the key that was asked for.
    let mut elements = ctx.elements(default);
    elements[keypos as usize - 1] = key;
    let object = ctx.tuple(&elements)?;
    Ok(Some(Found { keypos, object, is_new: true }))
}

impl Ctx<'_> {
    fn elements(&self, tuple: Term) -> Vec<Term> {
        let mem = self.sys.mem();
        (1..=mem.tuple_arity(tuple).unwrap_or(0)).map(|i| mem.element(tuple, i)).collect()
    }
}

/// Puts the changed elements in place: without a copy when only immediates change.
fn store(ctx: &mut Ctx<'_>, id: RefId, f: &Found, elements: &[Term]) -> Result<(), Fault> {
    let mem = ctx.sys.mem();
    if !f.is_new {
        let old = ctx.elements(f.object);
        let simple = old.iter().zip(elements).all(|(o, n)| o == n || (o.is_immed() && n.is_immed()));
        if simple {
            for (i, (o, n)) in old.iter().zip(elements).enumerate() {
                if o != n {
                    mem.set(f.object.addr(), i as u32 + 1, *n);
                }
            }
            return Ok(());
        }
    }
    let tuple = ctx.tuple(elements)?;
    ctx.insert_object(id, tuple)
}

/// `{Pos, Incr}` or `{Pos, Incr, Threshold, SetValue}`, or only the increment of the element after the key.
fn operation(ctx: &Ctx<'_>, keypos: u32, t: Term) -> Option<(u64, Term, Option<(Term, Term)>)> {
    let mem = ctx.sys.mem();
    if mem.is_integer(t) {
        return Some((keypos as u64 + 1, t, None));
    }
    let n = mem.tuple_arity(t)?;
    let pos = u64::try_from(mem.element(t, 1).as_small()?).ok()?;
    let incr = mem.element(t, 2);
    let limit = match n {
        2 => None,
        4 => Some((mem.element(t, 3), mem.element(t, 4))),
        _ => return None,
    };
    let integers = mem.is_integer(incr) && limit.is_none_or(|(a, b)| mem.is_integer(a) && mem.is_integer(b));
    integers.then_some((pos, incr, limit))
}

fn apply(ctx: &mut Ctx<'_>, f: &Found, elements: &mut [Term], op: Term) -> Result<Term, Fault> {
    let mem = ctx.sys.mem();
    let Some((pos, incr, limit)) = operation(ctx, f.keypos, op) else { return Err(ctx.ets_badarg()) };
    if pos == f.keypos as u64 {
        return Err(ctx.ets_fail(am::KEYPOS));
    }
    let Some(old) = pos.checked_sub(1).and_then(|i| elements.get(i as usize).copied()) else {
        return Err(ctx.ets_fail(am::POSITION));
    };
    if !mem.is_integer(old) {
        return Err(ctx.ets_badarg());
    }
    let mut new = match number::add(ctx, old, incr) {
        Ok(n) => n,
        Err(ArithError::Memory) => return Err(Fault::Memory),
        Err(_) => return Err(ctx.ets_badarg()),
    };
    if let Some((threshold, set)) = limit {
        let up = order::compare_numbers(mem, incr, Term::small(0), true) != Ordering::Less;
        let over = order::compare_numbers(mem, new, threshold, true);
        if (up && over == Ordering::Greater) || (!up && over == Ordering::Less) {
            new = set;
        }
    }
    elements[pos as usize - 1] = new;
    Ok(new)
}

fn update_counter(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let id = ctx.open_table(args[0], Access::Write)?;
    if args.get(3).is_some_and(|d| !ctx.sys.mem().is_tuple(*d)) {
        return Err(ctx.ets_badarg());
    }
    let Some(f) = find(ctx, id, args[1], args.get(3).copied(), true)? else { return Err(ctx.ets_fail(am::BADKEY)) };
    let mut elements = ctx.elements(f.object);
    let is_list = args[2].is_list() || args[2].is_nil();
    let ops = if is_list { ctx.list_to_vec(args[2])? } else { vec![args[2]] };
    let mut values = Vec::with_capacity(ops.len());
    for op in ops {
        if is_list && ctx.sys.mem().is_integer(op) {
            return Err(ctx.ets_badarg());
        }
        values.push(apply(ctx, &f, &mut elements, op)?);
    }
    store(ctx, id, &f, &elements)?;
    // A value may lie in the table's memory, and go with the object that was replaced: the sum never does.
    if is_list { ctx.list(&values) } else { values.first().copied().ok_or(Fault::Raise) }
}

fn update_element(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let id = ctx.open_table(args[0], Access::Write)?;
    let mem = ctx.sys.mem();
    if args.get(3).is_some_and(|d| !mem.is_tuple(*d)) {
        return Err(ctx.ets_badarg());
    }
    let Some(f) = find(ctx, id, args[1], args.get(3).copied(), false)? else { return Ok(Term::bool(false)) };
    let specs = if mem.is_tuple(args[2]) { vec![args[2]] } else { ctx.list_to_vec(args[2])? };
    let mut changes = Vec::with_capacity(specs.len());
    for s in specs {
        match (mem.tuple_arity(s) == Some(2)).then(|| mem.element(s, 1).as_small()).flatten() {
            Some(pos) => changes.push((pos, mem.element(s, 2))),
            None => return Err(ctx.ets_badarg()),
        }
    }
    let keypos = ctx.table(id)?.keypos as i64;
    if changes.iter().any(|(p, _)| *p == keypos) {
        return Err(ctx.ets_fail(am::KEYPOS));
    }
    if changes.iter().any(|(p, _)| *p < 1) {
        return Err(ctx.ets_fail(am::POSITION));
    }
    let mut elements = ctx.elements(f.object);
    for (pos, value) in changes {
        match elements.get_mut(pos as usize - 1) {
            Some(e) => *e = value,
            None => return Err(ctx.ets_fail(am::POSITION)),
        }
    }
    store(ctx, id, &f, &elements)?;
    Ok(TRUE)
}
