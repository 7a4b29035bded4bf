//! `match`, `match_object`, `select` and what is built on them.
//!
//! A traversal that is asked for in chunks goes on from a continuation: an opaque tuple `{Table, Pattern or Specification,
//! Kind, Limit, Direction, Place}`.

use super::match_spec::{Outcome, Simple, Spec};
use super::{Access, END};
use crate::atom::am;
use crate::bif::{Bif, BifResult, Ctx, Fault, bif};
use crate::ets::hash::Cursor;
use crate::ets::tree::Place;
use crate::ets::{Kind, Store};
use crate::heap::order;
use crate::heap::refs::RefId;
use crate::term::Term;

pub const BIFS: &[Bif] = &[
    bif("ets", "match", 1, |c, a| go_on(c, a[0], What::Match)),
    bif("ets", "match", 2, |c, a| whole(c, a[0], a[1], What::Match, false)),
    bif("ets", "match", 3, |c, a| chunked(c, a[0], a[1], What::Match, a[2], false)),
    bif("ets", "match_object", 1, |c, a| go_on(c, a[0], What::MatchObject)),
    bif("ets", "match_object", 2, |c, a| whole(c, a[0], a[1], What::MatchObject, false)),
    bif("ets", "match_object", 3, |c, a| chunked(c, a[0], a[1], What::MatchObject, a[2], false)),
    bif("ets", "select", 1, |c, a| go_on(c, a[0], What::Select)),
    bif("ets", "select", 2, |c, a| whole(c, a[0], a[1], What::Select, false)),
    bif("ets", "select", 3, |c, a| chunked(c, a[0], a[1], What::Select, a[2], false)),
    bif("ets", "select_reverse", 1, |c, a| go_on(c, a[0], What::Select)),
    bif("ets", "select_reverse", 2, |c, a| whole(c, a[0], a[1], What::Select, true)),
    bif("ets", "select_reverse", 3, |c, a| chunked(c, a[0], a[1], What::Select, a[2], true)),
    bif("ets", "select_count", 2, select_count),
    bif("ets", "select_delete", 2, |c, a| Err(c.trap(am::ETS, am::INTERNAL_SELECT_DELETE, a))),
    bif("ets", "internal_select_delete", 2, select_delete),
    bif("ets", "select_replace", 2, select_replace),
    bif("ets", "is_compiled_ms", 1, |c, a| {
        let compiled = compiled(c, a[0]).is_some();
        Ok(Term::bool(compiled))
    }),
    bif("ets", "match_spec_compile", 1, match_spec_compile),
    bif("ets", "match_spec_run_r", 3, match_spec_run_r),
    bif("erlang", "match_spec_test", 3, match_spec_test),
];

/// Which of the three a traversal is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Match,
    MatchObject,
    Select,
}

impl What {
    fn atom(self) -> Term {
        Term::atom(match self {
            What::Match => am::MATCH,
            What::MatchObject => am::MATCH_OBJECT,
            What::Select => am::SELECT,
        })
    }
}

/// Where a traversal is.
#[derive(Clone, Copy)]
enum At {
    Hash(Cursor),
    Tree(Option<Place>),
    End,
}

fn compile(ctx: &mut Ctx<'_>, id: RefId, spec: Term, what: What) -> Result<Spec, Fault> {
    let mem = ctx.sys.mem();
    let keypos = ctx.table(id)?.keypos;
    let names = ctx.sys.names();
    let spec = match what {
        What::Match => Spec::of_pattern(mem, &names, spec, Simple::Bindings, keypos),
        What::MatchObject => Spec::of_pattern(mem, &names, spec, Simple::Object, keypos),
        What::Select => Spec::compile(mem, &names, spec, keypos),
    };
    match spec {
        Some(s) => Ok(s),
        None => Err(ctx.ets_badarg()),
    }
}

fn start(ctx: &mut Ctx<'_>, id: RefId, reverse: bool) -> Result<At, Fault> {
    Ok(match &ctx.table(id)?.store {
        Store::Hash(_) => At::Hash(Cursor::START),
        Store::Tree(t) => At::Tree(if reverse { t.last() } else { t.first() }),
    })
}

/// The next object, and the place after it.
fn next(ctx: &mut Ctx<'_>, id: RefId, at: At, reverse: bool) -> Result<Option<(Term, At)>, Fault> {
    Ok(match (&ctx.table(id)?.store, at) {
        (Store::Hash(h), At::Hash(c)) => h.next_from(c).map(|(o, c)| (o, At::Hash(c))),
        (Store::Tree(t), At::Tree(Some(p))) => {
            let next = if reverse { t.step_back(p) } else { t.step(p) };
            t.at(p).map(|o| (o, next.map_or(At::End, |n| At::Tree(Some(n)))))
        }
        _ => None,
    })
}

/// The objects that can match at all, when every clause names the same key.
fn by_key(ctx: &mut Ctx<'_>, id: RefId, spec: &Spec) -> Result<Option<Vec<Term>>, Fault> {
    let mem = ctx.sys.mem();
    let Some(key) = spec.clauses.first().and_then(|c| c.key) else { return Ok(None) };
    if !spec.clauses.iter().all(|c| c.key.is_some_and(|k| order::exact_eq(mem, k, key))) {
        return Ok(None);
    }
    Ok(Some(ctx.with_table(id, |t, _, names| t.lookup(mem, names, key))?))
}

/// All objects that can match, in an order that the caller's results follow.
fn candidates(ctx: &mut Ctx<'_>, id: RefId, spec: &Spec, reverse: bool) -> Result<Vec<Term>, Fault> {
    if let Some(few) = by_key(ctx, id, spec)? {
        return Ok(few);
    }
    let mut at = start(ctx, id, reverse)?;
    let mut out = Vec::with_capacity(ctx.table(id)?.len());
    while let Some((o, n)) = next(ctx, id, at, reverse)? {
        out.push(o);
        at = n;
    }
    if matches!(ctx.table(id)?.store, Store::Hash(_)) {
        // OTP puts each result before those found so far.
        out.reverse();
    }
    Ok(out)
}

fn whole(ctx: &mut Ctx<'_>, table: Term, spec: Term, what: What, reverse: bool) -> BifResult {
    let id = ctx.open_table(table, Access::Read)?;
    let spec = compile(ctx, id, spec, what)?;
    let objects = candidates(ctx, id, &spec, reverse)?;
    let mut out = Vec::new();
    ctx.charge(objects.len() / 2);
    for o in objects {
        if let Outcome::Value(v) = ctx.run_spec(&spec, o, true)? {
            out.push(v);
        }
    }
    ctx.list(&out)
}

fn chunked(ctx: &mut Ctx<'_>, table: Term, spec: Term, what: What, limit: Term, reverse: bool) -> BifResult {
    let id = ctx.open_table(table, Access::Read)?;
    let limit = match limit.as_small() {
        Some(n) if n > 0 => n,
        _ => return Err(ctx.ets_badarg()),
    };
    let compiled = compile(ctx, id, spec, what)?;
    if let Some(few) = by_key(ctx, id, &compiled)? {
        // A lookup is done at once when its results are no more than asked for.
        let mut out = Vec::new();
        for o in few {
            if let Outcome::Value(v) = ctx.run_spec(&compiled, o, true)? {
                out.push(v);
            }
        }
        if out.is_empty() {
            return Ok(END);
        }
        if out.len() as i64 <= limit {
            let results = ctx.list(&out)?;
            return ctx.tuple(&[results, END]);
        }
    }
    let at = start(ctx, id, reverse)?;
    chunk(ctx, table, id, &compiled, Chunk { spec, what, limit, reverse }, at)
}

/// What a chunked traversal keeps from one call to the next.
#[derive(Clone, Copy)]
struct Chunk {
    spec: Term,
    what: What,
    limit: i64,
    reverse: bool,
}

fn chunk(ctx: &mut Ctx<'_>, table: Term, id: RefId, spec: &Spec, c: Chunk, from: At) -> BifResult {
    let mut out = Vec::new();
    let mut at = from;
    let mut last = Term::NONE;
    let mut seen = 0usize;
    let more = loop {
        if out.len() as i64 == c.limit {
            break true;
        }
        let Some((o, n)) = next(ctx, id, at, c.reverse)? else { break false };
        (at, last) = (n, o);
        seen += 1;
        if let Outcome::Value(v) = ctx.run_spec(spec, o, true)? {
            out.push(v);
        }
    };
    ctx.charge(seen / 2 + 1);
    if out.is_empty() && !more {
        return Ok(END);
    }
    let place = match at {
        _ if !more => None,
        At::Hash(cursor) => {
            out.reverse();
            Some(ctx.tuple(&[Term::small(cursor.slot as i64), Term::small(cursor.node as i64)])?)
        }
        _ => {
            let keypos = ctx.table(id)?.keypos;
            let key = ctx.sys.mem().element(last, keypos);
            let key = ctx.copy_in(key)?;
            Some(ctx.tuple(&[key])?)
        }
    };
    if place.is_none() && matches!(from, At::Hash(_)) {
        out.reverse();
    }
    let results = ctx.list(&out)?;
    let rest = match place {
        None => END,
        Some(p) => {
            let (limit, reverse) = (Term::small(c.limit), Term::bool(c.reverse));
            ctx.tuple(&[table, c.spec, c.what.atom(), limit, reverse, p])?
        }
    };
    ctx.tuple(&[results, rest])
}

fn go_on(ctx: &mut Ctx<'_>, continuation: Term, what: What) -> BifResult {
    if continuation == END {
        return Ok(END);
    }
    let mem = ctx.sys.mem();
    let e = |i| mem.element(continuation, i);
    if !mem.is_tuple(continuation) {
        return Err(ctx.ets_badarg());
    }
    if mem.tuple_arity(continuation) != Some(6) || e(3) != what.atom() {
        return Err(ctx.ets_fail(am::ID));
    }
    let (Some(limit), Some(reverse)) = (e(4).as_small().filter(|n| *n > 0), e(5).as_bool()) else {
        return Err(ctx.ets_badarg());
    };
    let id = ctx.open_table(e(1), Access::Read)?;
    let compiled = compile(ctx, id, e(2), what)?;
    let place = e(6);
    let at = ctx.with_table(id, |t, _, names| match (&t.store, mem.tuple_arity(place)) {
        (Store::Hash(h), Some(2)) => {
            let (slot, node) = (mem.element(place, 1).as_small()?, mem.element(place, 2).as_small()?);
            Some(At::Hash(h.revalidate(Cursor { slot: u32::try_from(slot).ok()?, node: u32::try_from(node).ok()? })))
        }
        (Store::Tree(s), Some(1)) => {
            let key = mem.element(place, 1);
            Some(At::Tree(if reverse { s.before(mem, names, key) } else { s.after(mem, names, key) }))
        }
        _ => None,
    })?;
    let Some(at) = at else { return Err(ctx.ets_badarg()) };
    chunk(ctx, e(1), id, &compiled, Chunk { spec: e(2), what, limit, reverse }, at)
}

/// The objects for which the specification's result is `true`.
fn chosen(ctx: &mut Ctx<'_>, id: RefId, spec: &Spec) -> Result<Vec<Term>, Fault> {
    let objects = candidates(ctx, id, spec, false)?;
    ctx.charge(objects.len() / 2);
    let mut out = Vec::new();
    for o in objects {
        if let Outcome::Value(v) = ctx.run_spec(spec, o, false)?
            && v == Term::bool(true)
        {
            out.push(o);
        }
    }
    Ok(out)
}

fn select_count(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let id = ctx.open_table(args[0], Access::Read)?;
    let spec = compile(ctx, id, args[1], What::Select)?;
    let n = chosen(ctx, id, &spec)?.len();
    Ok(Term::small(n as i64))
}

fn select_delete(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let id = ctx.open_table(args[0], Access::Write)?;
    let spec = compile(ctx, id, args[1], What::Select)?;
    let mem = ctx.sys.mem();
    let keypos = ctx.table(id)?.keypos;
    let objects = chosen(ctx, id, &spec)?;
    let n = objects.len();
    ctx.with_table(id, |t, arena, names| {
        for o in objects {
            t.delete_where(arena, names, mem.element(o, keypos), |x| x == o);
        }
    })?;
    Ok(Term::small(n as i64))
}

fn select_replace(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let id = ctx.open_table(args[0], Access::Write)?;
    let (kind, keypos) = {
        let t = ctx.table(id)?;
        (t.kind, t.keypos)
    };
    if kind == Kind::Bag {
        return Err(ctx.ets_fail(am::TABLE_TYPE));
    }
    let spec = compile(ctx, id, args[1], What::Select)?;
    let mem = ctx.sys.mem();
    let objects = candidates(ctx, id, &spec, false)?;
    ctx.charge(objects.len() / 2);
    let mut new = Vec::new();
    for o in objects {
        let Outcome::Value(v) = ctx.run_spec(&spec, o, true)? else { continue };
        let key = mem.element(o, keypos);
        if !ctx.is_object(keypos, v) || !order::exact_eq(mem, mem.element(v, keypos), key) {
            return Err(ctx.ets_badarg());
        }
        new.push((o, v));
    }
    let n = new.len();
    for (o, v) in new {
        if kind == Kind::DuplicateBag {
            let key = mem.element(v, keypos);
            ctx.with_table(id, |t, arena, names| t.delete_where(arena, names, key, |x| x == o))?;
        }
        ctx.insert_object(id, v)?;
    }
    Ok(Term::small(n as i64))
}

/// A compiled specification is `{match_spec, Specification}` to the program, which must not look inside.
fn compiled(ctx: &Ctx<'_>, t: Term) -> Option<Term> {
    let mem = ctx.sys.mem();
    (mem.tuple_arity(t) == Some(2) && mem.element(t, 1).is(am::MATCH_SPEC)).then(|| mem.element(t, 2))
}

fn match_spec_compile(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    // No clause at all is no specification here, though tables take it.
    if args[0].is_nil() || Spec::compile(ctx.sys.mem(), &ctx.sys.names(), args[0], 1).is_none() {
        return Err(ctx.ets_badarg());
    }
    ctx.tuple(&[Term::atom(am::MATCH_SPEC), args[0]])
}

/// The results for the elements of a list, each put before the third argument.
fn match_spec_run_r(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let Some(spec) = compiled(ctx, args[1]) else { return Err(ctx.ets_badarg()) };
    let Some(spec) = Spec::compile(ctx.sys.mem(), &ctx.sys.names(), spec, 1) else { return Err(ctx.ets_badarg()) };
    let mut out = args[2];
    let objects = ctx.list_to_vec(args[0])?;
    ctx.charge(objects.len() / 2);
    for o in objects {
        if let Outcome::Value(v) = ctx.run_spec(&spec, o, false)? {
            out = ctx.cons(v, out)?;
        }
    }
    Ok(out)
}

/// `{ok, Result, Flags, Warnings}` or `{error, [{error, Text}]}`.
fn match_spec_test(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let mem = ctx.sys.mem();
    let trace = args[2].is(am::TRACE);
    let fits = if trace { args[0].is_list() || args[0].is_nil() } else { mem.is_tuple(args[0]) };
    if !fits || !(trace || args[2].is(am::TABLE)) {
        return Err(ctx.badarg());
    }
    let spec = if trace {
        Spec::compile_trace(mem, &ctx.sys.names(), args[1])
    } else {
        Spec::compile(mem, &ctx.sys.names(), args[1], 1)
    };
    let Some(spec) = spec else {
        let text = ctx.string("not a match specification")?;
        let error = ctx.tuple(&[Term::atom(am::ERROR), text])?;
        let list = ctx.list(&[error])?;
        return ctx.tuple(&[Term::atom(am::ERROR), list]);
    };
    ctx.sys.tracing.actions = Default::default();
    let value = match ctx.run_spec(&spec, args[0], false)? {
        Outcome::Value(_) if trace => ctx.sys.tracing.actions.message.unwrap_or(Term::bool(true)),
        Outcome::Value(v) => v,
        Outcome::NoMatch => Term::bool(false),
    };
    let actions = std::mem::take(&mut ctx.sys.tracing.actions);
    let mut flags = Vec::new();
    if actions.exception_trace {
        flags.push(Term::atom(am::EXCEPTION_TRACE));
    }
    if actions.return_trace {
        flags.push(Term::atom(am::RETURN_TRACE));
    }
    let flags = ctx.list(&flags)?;
    ctx.tuple(&[Term::atom(am::OK), value, flags, Term::NIL])
}
