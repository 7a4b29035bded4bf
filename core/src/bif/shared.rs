//! `persistent_term`, `atomics`, `counters`.

use super::code_purge::release_areas;
use super::support::atom_map;
use super::{Bif, BifResult, Ctx, bif};
use crate::atom::am;
use crate::heap::number;
use crate::heap::owner::{self, Array, Holds};
use crate::term::Term;

pub const BIFS: &[Bif] = &[
    bif("persistent_term", "put", 2, persistent_put),
    bif("persistent_term", "get", 0, persistent_all),
    bif("persistent_term", "get", 1, persistent_get),
    bif("persistent_term", "get", 2, persistent_get),
    bif("persistent_term", "erase", 1, persistent_erase),
    bif("persistent_term", "info", 0, persistent_info),
    bif("atomics", "new", 2, atomics_new),
    bif("erts_internal", "atomics_new", 2, atomics_new_flags),
    bif("atomics", "get", 2, |c, a| at(c, a).and_then(|(x, i)| c.number_of(x, x.get(c.sys.mem(), i)))),
    bif("atomics", "put", 3, |c, a| set(c, a).map(|_| OK)),
    bif("atomics", "add", 3, |c, a| update(c, a, u64::wrapping_add).map(|_| OK)),
    bif("atomics", "sub", 3, |c, a| sub(c, a).map(|_| OK)),
    bif("atomics", "add_get", 3, |c, a| update(c, a, u64::wrapping_add).and_then(|(x, _, new)| c.number_of(x, new))),
    bif("atomics", "sub_get", 3, |c, a| sub(c, a).and_then(|(x, _, new)| c.number_of(x, new))),
    bif("atomics", "exchange", 3, |c, a| set(c, a).and_then(|(x, old, _)| c.number_of(x, old))),
    bif("atomics", "compare_exchange", 4, compare_exchange),
    bif("atomics", "info", 1, atomics_info),
    bif("counters", "new", 2, counters_new),
    bif("counters", "get", 2, |c, a| {
        counter(c, a[0]).and_then(|r| {
            let (x, i) = at(c, &[r, a[1]])?;
            c.number_of(x, x.get(c.sys.mem(), i))
        })
    }),
    bif("counters", "add", 3, |c, a| {
        counter(c, a[0]).and_then(|r| update(c, &[r, a[1], a[2]], u64::wrapping_add)).map(|_| OK)
    }),
    bif("counters", "sub", 3, |c, a| counter(c, a[0]).and_then(|r| sub(c, &[r, a[1], a[2]])).map(|_| OK)),
    bif("counters", "put", 3, |c, a| counter(c, a[0]).and_then(|r| update(c, &[r, a[1], a[2]], |_, v| v)).map(|_| OK)),
    bif("counters", "info", 1, counters_info),
];

const OK: Term = Term::atom(am::OK);

fn persistent_put(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let words = ctx.sys.arena.flat_size(args[1]);
    ctx.charge((words / 16) as usize);
    let sys = &mut *ctx.sys;
    let names = crate::system::SystemNames { atoms: &sys.atoms, code: &sys.code };
    if let Some(area) = sys.shared.persistent.put(&mut sys.arena, &names, args[0], args[1])? {
        release_areas(ctx, vec![area])?;
    }
    Ok(OK)
}

fn persistent_get(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    match (ctx.sys.shared.persistent.get(ctx.sys.mem(), &ctx.sys.names(), args[0]), args.get(1)) {
        (Some(v), _) => Ok(v),
        (None, Some(default)) => Ok(*default),
        (None, None) => Err(ctx.badarg()),
    }
}

fn persistent_all(ctx: &mut Ctx<'_>, _: &[Term]) -> BifResult {
    let all: Vec<Term> = ctx.sys.shared.persistent.iter().collect();
    ctx.list(&all)
}

fn persistent_erase(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let mem = ctx.sys.mem();
    let sys = &mut *ctx.sys;
    let names = crate::system::SystemNames { atoms: &sys.atoms, code: &sys.code };
    let Some(area) = sys.shared.persistent.erase(mem, &names, args[0]) else { return Ok(Term::bool(false)) };
    release_areas(ctx, vec![area])?;
    Ok(Term::bool(true))
}

fn persistent_info(ctx: &mut Ctx<'_>, _: &[Term]) -> BifResult {
    let p = &ctx.sys.shared.persistent;
    let (count, bytes) = (p.len() as i64, p.words() as i64 * 8);
    Ok(atom_map(ctx, &[(am::COUNT, Term::small(count)), (am::MEMORY, Term::small(bytes))])?)
}

/// Most elements of an array: far more than the arena holds.
const MAX_LEN: i64 = 1 << 28;

fn new_array(ctx: &mut Ctx<'_>, len: Term, signed: bool) -> BifResult {
    match len.as_small() {
        Some(n @ 1..=MAX_LEN) => {
            let id = ctx.sys.fresh_ref();
            ctx.charge(n as usize / 64);
            Ok(owner::make(ctx, id, if signed { Holds::Signed } else { Holds::Unsigned }, n as u32)?)
        }
        Some(n) if n > MAX_LEN => Err(ctx.system_limit()),
        _ => Err(ctx.badarg()),
    }
}

fn atomics_new(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let mem = ctx.sys.mem();
    let mut signed = true;
    let mut t = args[1];
    while t.is_list() {
        let o = mem.head(t);
        t = mem.tail(t);
        let value = (mem.tuple_arity(o) == Some(2) && mem.element(o, 1).is(am::SIGNED))
            .then(|| mem.element(o, 2).as_bool())
            .flatten();
        match value {
            Some(b) => signed = b,
            None => return Err(ctx.badarg_cause(am::BADOPT)),
        }
    }
    if !t.is_nil() {
        return Err(ctx.badarg_cause(am::BADOPT));
    }
    new_array(ctx, args[0], signed)
}

/// As OTP's own `atomics` module calls it: bit 0 of the second argument is "signed".
fn atomics_new_flags(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    match args[1].as_small() {
        Some(flags) => new_array(ctx, args[0], flags & 1 != 0),
        None => Err(ctx.badarg()),
    }
}

/// The array and the index that `args` start with.
fn at(ctx: &mut Ctx<'_>, args: &[Term]) -> Result<(Array, u32), super::Fault> {
    let array = ctx.sys.mem().owned_array(args[0]);
    match (array, args[1].as_small()) {
        (Some(x), Some(i)) if i >= 1 && i <= x.len as i64 => Ok((x, i as u32)),
        _ => Err(ctx.badarg()),
    }
}

impl Ctx<'_> {
    fn number_of(&mut self, x: Array, bits: u64) -> BifResult {
        if x.signed { self.int(bits as i64) } else { self.uint(bits) }
    }
}

/// The bits of an operand: what fits 64 bits, signed or not.
fn bits(ctx: &mut Ctx<'_>, t: Term) -> Result<u64, super::Fault> {
    let mem = ctx.sys.mem();
    match number::to_i64(mem, t).map(|v| v as u64).or_else(|| number::to_u64(mem, t)) {
        Some(v) => Ok(v),
        None => Err(ctx.badarg()),
    }
}

/// As [`update`] with a value that the array must be able to hold.
fn set(ctx: &mut Ctx<'_>, args: &[Term]) -> Result<(Array, u64, u64), super::Fault> {
    let (x, _) = at(ctx, args)?;
    let mem = ctx.sys.mem();
    let fits = if x.signed { number::to_i64(mem, args[2]).is_some() } else { number::to_u64(mem, args[2]).is_some() };
    if fits { update(ctx, args, |_, v| v) } else { Err(ctx.badarg()) }
}

/// As [`update`] for `sub`, whose operand is negated before anything else.
fn sub(ctx: &mut Ctx<'_>, args: &[Term]) -> Result<(Array, u64, u64), super::Fault> {
    if !ctx.sys.mem().is_integer(args[2]) {
        return Err(ctx.badarith());
    }
    update(ctx, args, u64::wrapping_sub)
}

/// Changes an element; returns the array, the value before and the value after.
fn update(
    ctx: &mut Ctx<'_>,
    args: &[Term],
    f: impl FnOnce(u64, u64) -> u64,
) -> Result<(Array, u64, u64), super::Fault> {
    let (x, i) = at(ctx, args)?;
    let v = bits(ctx, args[2])?;
    let mem = ctx.sys.mem();
    let old = x.get(mem, i);
    let new = f(old, v);
    x.set(mem, i, new);
    Ok((x, old, new))
}

fn compare_exchange(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let (x, i) = at(ctx, args)?;
    let (expected, desired) = (bits(ctx, args[2])?, bits(ctx, args[3])?);
    let mem = ctx.sys.mem();
    let old = x.get(mem, i);
    if old == expected {
        x.set(mem, i, desired);
        return Ok(OK);
    }
    ctx.number_of(x, old)
}

fn atomics_info(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let (x, _) = at(ctx, &[args[0], Term::small(1)])?;
    let (max, min) =
        if x.signed { (ctx.int(i64::MAX)?, ctx.int(i64::MIN)?) } else { (ctx.uint(u64::MAX)?, Term::small(0)) };
    let size = Term::small(x.len as i64);
    let memory = Term::small(x.len as i64 * 8 + 40);
    Ok(atom_map(ctx, &[(am::SIZE, size), (am::MAX, max), (am::MIN, min), (am::MEMORY, memory)])?)
}

fn counters_new(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let mut kind = am::ATOMICS;
    let mem = ctx.sys.mem();
    let mut t = args[1];
    while t.is_list() {
        match mem.head(t).as_atom() {
            Some(k @ (am::ATOMICS | am::WRITE_CONCURRENCY)) => kind = k,
            _ => return Err(ctx.badarg_cause(am::BADOPT)),
        }
        t = mem.tail(t);
    }
    if !t.is_nil() {
        return Err(ctx.badarg_cause(am::BADOPT));
    }
    let array = new_array(ctx, args[0], true)?;
    ctx.tuple(&[Term::atom(kind), array])
}

/// The array's reference inside a counter.
fn counter(ctx: &mut Ctx<'_>, t: Term) -> BifResult {
    let mem = ctx.sys.mem();
    if mem.tuple_arity(t) == Some(2)
        && (mem.element(t, 1).is(am::ATOMICS) || mem.element(t, 1).is(am::WRITE_CONCURRENCY))
    {
        return Ok(mem.element(t, 2));
    }
    Err(ctx.badarg())
}

fn counters_info(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let r = counter(ctx, args[0])?;
    let (x, _) = at(ctx, &[r, Term::small(1)])?;
    let (size, memory) = (Term::small(x.len as i64), Term::small(x.len as i64 * 8 + 40));
    Ok(atom_map(ctx, &[(am::SIZE, size), (am::MEMORY, memory)])?)
}
