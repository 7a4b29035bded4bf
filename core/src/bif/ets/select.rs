//! `match`, `match_object`, `select` and what is built on them.
//!
//! A traversal that is asked for in chunks goes on from a continuation: an opaque tuple `{Table, Pattern or Specification,
//! Kind, Limit, Direction, Place}`.

use super::bound;
use super::match_spec::{Outcome, Simple, Spec};
use super::walk::{At, STEPS_PER_OBJECT, Walk, part_of, start};
use super::{Access, END};
use crate::atom::am;
use crate::bif::{Bif, BifResult, Ctx, Fault, bif};
use crate::ets::hash::Cursor;
use crate::ets::{Kind, Store};
use crate::heap::order;
use crate::heap::refs::{self, RefId};
use crate::term::Term;

pub const BIFS: &[Bif] = &[
    bif("ets", "match", 1, go_on),
    bif("ets", "match", 2, |c, a| whole(c, a, What::Match, false)),
    bif("ets", "match", 3, |c, a| chunked(c, a, What::Match, false)),
    bif("ets", "match_object", 1, go_on),
    bif("ets", "match_object", 2, |c, a| whole(c, a, What::MatchObject, false)),
    bif("ets", "match_object", 3, |c, a| chunked(c, a, What::MatchObject, false)),
    bif("ets", "select", 1, go_on),
    bif("ets", "select", 2, |c, a| whole(c, a, What::Select, false)),
    bif("ets", "select", 3, |c, a| chunked(c, a, What::Select, false)),
    bif("ets", "select_reverse", 1, go_on),
    bif("ets", "select_reverse", 2, |c, a| whole(c, a, What::Select, true)),
    bif("ets", "select_reverse", 3, |c, a| chunked(c, a, What::Select, true)),
    bif("ets", "select_count", 2, select_count),
    bif("ets", "select_delete", 2, |c, a| Err(delete_chosen(c, a))),
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

/// The objects that can match at all, when every clause names the same key.
fn by_key(ctx: &mut Ctx<'_>, id: RefId, spec: &Spec) -> Result<Option<Vec<Term>>, Fault> {
    let mem = ctx.sys.mem();
    let Some(key) = spec.clauses.first().and_then(|c| c.key) else { return Ok(None) };
    if !spec.clauses.iter().all(|c| c.key.is_some_and(|k| order::exact_eq(mem, k, key))) {
        return Ok(None);
    }
    Ok(Some(ctx.with_table(id, |t, _, names| t.lookup(mem, names, key))?))
}

fn whole(ctx: &mut Ctx<'_>, args: &[Term], what: What, reverse: bool) -> BifResult {
    let id = ctx.open_table(args[0], Access::Read)?;
    let spec = compile(ctx, id, args[1], what)?;
    if let Some(few) = by_key(ctx, id, &spec)? {
        let mut out = Vec::new();
        ctx.charge(few.len() / 2);
        for o in few {
            if let Outcome::Value(v) = ctx.run_spec(&spec, o, true)? {
                out.push(v);
            }
        }
        return ctx.list(&out);
    }
    // Each result goes before those found so far; so ordered sets are walked from their end.
    let backwards = matches!(ctx.table(id)?.store, Store::Tree(_)) && !reverse;
    let mut w = Walk::new(ctx, id, backwards, &spec, None)?;
    let mut out = w.job.terms.get(1).copied().unwrap_or(Term::NIL);
    while let Some(o) = w.next(ctx)? {
        if let Outcome::Value(v) = ctx.run_spec(&spec, o, true)? {
            out = ctx.cons(v, out)?;
        }
    }
    if w.is_over(ctx)? {
        w.end(ctx)?;
        return Ok(out);
    }
    w.job.terms.truncate(1);
    w.job.terms.push(out);
    w.fix(ctx)?;
    Err(w.later(ctx, args))
}

fn chunked(ctx: &mut Ctx<'_>, args: &[Term], what: What, reverse: bool) -> BifResult {
    let &[table, spec, limit] = args else { return Err(ctx.badarg()) };
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
    let at = start(ctx, id, reverse, part_of(&compiled))?;
    // What is kept is the table, not its name: another may get that.
    let table = refs::make(ctx, id)?;
    chunk(ctx, args, id, &compiled, Chunk { table, spec, what, limit, reverse }, at)
}

/// What a chunked traversal keeps from one call to the next.
#[derive(Clone, Copy)]
struct Chunk {
    table: Term,
    spec: Term,
    what: What,
    limit: i64,
    reverse: bool,
}

fn chunk(ctx: &mut Ctx<'_>, args: &[Term], id: RefId, spec: &Spec, c: Chunk, from: At) -> BifResult {
    let mut w = Walk::new(ctx, id, c.reverse, spec, Some(from))?;
    let mut out = w.job.terms.split_off(1);
    let more = loop {
        if out.len() as i64 == c.limit {
            break true;
        }
        let Some(o) = w.next(ctx)? else {
            if w.is_over(ctx)? {
                break false;
            }
            w.fix(ctx)?;
            w.job.terms.extend(out);
            return Err(w.later(ctx, args));
        };
        if let Outcome::Value(v) = ctx.run_spec(spec, o, true)? {
            out.push(v);
        }
    };
    w.end(ctx)?;
    let (at, last) = (w.at, w.last);
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
            ctx.tuple(&[c.table, c.spec, c.what.atom(), limit, reverse, p])?
        }
    };
    ctx.tuple(&[results, rest])
}

/// Each of the three goes on with what any of them has begun.
fn go_on(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let continuation = args[0];
    if continuation == END {
        return Ok(END);
    }
    let mem = ctx.sys.mem();
    let e = |i| mem.element(continuation, i);
    if !mem.is_tuple(continuation) {
        return Err(ctx.ets_badarg());
    }
    let begun = |what: &What| mem.tuple_arity(continuation) == Some(6) && e(3) == what.atom();
    let Some(what) = [What::Match, What::MatchObject, What::Select].into_iter().find(begun) else {
        return Err(ctx.ets_fail(am::ID));
    };
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
    chunk(ctx, args, id, &compiled, Chunk { table: e(1), spec: e(2), what, limit, reverse }, at)
}

/// Goes through all objects that can match. `choose` says which of them `act` is for, and what for; `act` follows at the end of each slice, when the table
/// is fixed if the traversal goes on. The result is how many were chosen.
fn each<T>(
    ctx: &mut Ctx<'_>,
    args: &[Term],
    access: Access,
    check: impl Fn(&mut Ctx<'_>, RefId) -> Result<(), Fault>,
    choose: impl Fn(&mut Ctx<'_>, RefId, &Spec, Term) -> Result<Option<T>, Fault>,
    act: impl Fn(&mut Ctx<'_>, RefId, T) -> Result<(), Fault>,
) -> BifResult {
    let id = ctx.open_table(args[0], access)?;
    check(ctx, id)?;
    let spec = compile(ctx, id, args[1], What::Select)?;
    let mut chosen = Vec::new();
    if let Some(few) = by_key(ctx, id, &spec)? {
        ctx.charge(few.len() / 2);
        for o in few {
            chosen.extend(choose(ctx, id, &spec, o)?);
        }
        let n = chosen.len();
        for c in chosen {
            act(ctx, id, c)?;
        }
        return Ok(Term::small(n as i64));
    }
    let mut w = Walk::new(ctx, id, false, &spec, None)?;
    let fault = loop {
        match w.next(ctx)? {
            None => break None,
            Some(o) => match choose(ctx, id, &spec, o) {
                Ok(c) => chosen.extend(c),
                Err(f) => break Some(f),
            },
        }
    };
    let over = fault.is_some() || w.is_over(ctx)?;
    if !over {
        w.fix(ctx)?;
    }
    w.job.at += chosen.len();
    if matches!(ctx.table(id)?.store, Store::Hash(_)) {
        chosen.reverse();
    }
    for c in chosen {
        act(ctx, id, c)?;
    }
    if !over {
        return Err(w.later(ctx, args));
    }
    w.end(ctx)?;
    match fault {
        Some(f) => Err(f),
        None => Ok(Term::small(w.job.at as i64)),
    }
}

/// `select_delete`, as OTP's function of the name has it: `[{'_', [], [true]}]` empties the table.
fn delete_chosen(ctx: &mut Ctx<'_>, args: &[Term]) -> Fault {
    let mem = ctx.sys.mem();
    let only = |t: Term| (t.is_list() && mem.tail(t).is_nil()).then(|| mem.head(t));
    let all = args.get(1).and_then(|spec| only(*spec)).is_some_and(|clause| {
        mem.tuple_arity(clause) == Some(3)
            && mem.element(clause, 1).is(am::UNDERSCORE)
            && mem.element(clause, 2).is_nil()
            && only(mem.element(clause, 3)).is_some_and(|t| t == Term::bool(true))
    });
    match args.first() {
        Some(table) if all => ctx.trap(am::ETS, am::INTERNAL_DELETE_ALL, &[*table, Term::atom(am::UNDEFINED)]),
        _ => ctx.trap(am::ETS, am::INTERNAL_SELECT_DELETE, args),
    }
}

/// The object, if the specification's result for it is `true`.
fn if_true(ctx: &mut Ctx<'_>, _: RefId, spec: &Spec, o: Term) -> Result<Option<Term>, Fault> {
    let value = ctx.run_spec(spec, o, false)?;
    Ok(matches!(value, Outcome::Value(v) if v == Term::bool(true)).then_some(o))
}

fn select_count(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    each(ctx, args, Access::Read, |_, _| Ok(()), if_true, |_, _, _| Ok(()))
}

fn select_delete(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    each(
        ctx,
        args,
        Access::Write,
        |_, _| Ok(()),
        if_true,
        |ctx, id, o| {
            let mem = ctx.sys.mem();
            ctx.with_table(id, |t, arena, names| {
                t.delete_where(arena, names, mem.element(o, t.keypos), |x| x == o);
            })
        },
    )
}

fn select_replace(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let check = |ctx: &mut Ctx<'_>, id: RefId| match ctx.table(id)?.kind {
        Kind::Bag => Err(ctx.ets_fail(am::TABLE_TYPE)),
        _ => Ok(()),
    };
    let choose = |ctx: &mut Ctx<'_>, id: RefId, spec: &Spec, o: Term| {
        let Outcome::Value(v) = ctx.run_spec(spec, o, true)? else { return Ok(None) };
        let keypos = ctx.table(id)?.keypos;
        let mem = ctx.sys.mem();
        if !ctx.is_object(keypos, v) || !order::exact_eq(mem, mem.element(v, keypos), mem.element(o, keypos)) {
            return Err(ctx.ets_badarg());
        }
        Ok(Some((o, v)))
    };
    let id = ctx.open_table(args[0], Access::Write)?;
    check(ctx, id)?;
    let (mem, keypos) = (ctx.sys.mem(), ctx.table(id)?.keypos);
    if !bound::keeps_key(mem, &ctx.sys.names(), args[1], keypos) {
        return Err(ctx.ets_badarg());
    }
    each(
        ctx,
        args,
        Access::Write,
        |_, _| Ok(()),
        choose,
        |ctx, id, (o, v)| {
            if ctx.table(id)?.kind == Kind::DuplicateBag {
                let mem = ctx.sys.mem();
                ctx.with_table(id, |t, arena, names| {
                    t.delete_where(arena, names, mem.element(v, t.keypos), |x| x == o)
                })?;
            }
            ctx.insert_object(id, v)
        },
    )
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
    let mut job = ctx.job();
    if job.terms.is_empty() {
        job.terms = vec![args[0], args[2]];
    }
    let (mut rest, mut out) = (job.terms[0], job.terms[1]);
    let mem = ctx.sys.mem();
    let mut left = ctx.steps() / STEPS_PER_OBJECT;
    while rest.is_list() && left > 0 {
        left -= 1;
        ctx.worked(STEPS_PER_OBJECT);
        if let Outcome::Value(v) = ctx.run_spec(&spec, mem.head(rest), false)? {
            out = ctx.cons(v, out)?;
        }
        rest = mem.tail(rest);
    }
    if rest.is_list() {
        job.terms = vec![rest, out];
        return Err(ctx.go_on_later(job, args));
    }
    if rest.is_nil() { Ok(out) } else { Err(ctx.ets_badarg()) }
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
