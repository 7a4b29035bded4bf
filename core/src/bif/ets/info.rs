//! `ets:info/1,2`.

use super::owner::TABLE_REF;
use crate::atom::{Atom, am};
use crate::bif::{Bif, BifResult, Ctx, Fault, bif};
use crate::ets::Store;
use crate::heap::binary;
use crate::heap::refs::{self, RefId};
use crate::term::{MIN_SMALL, Term};

pub const BIFS: &[Bif] = &[bif("ets", "info", 1, info_1), bif("ets", "info", 2, info_2)];

/// The items of `info/1`, in OTP's order.
const ITEMS: [Atom; 15] = [
    am::ID,
    am::DECENTRALIZED_COUNTERS,
    am::READ_CONCURRENCY,
    am::WRITE_CONCURRENCY,
    am::COMPRESSED,
    am::MEMORY,
    am::OWNER,
    am::HEIR,
    am::NAME,
    am::SIZE,
    am::NODE,
    am::NAMED_TABLE,
    am::TYPE,
    am::KEYPOS,
    am::PROTECTION,
];

fn target(ctx: &mut Ctx<'_>, table: Term) -> Result<Option<RefId>, Fault> {
    if !table.is_atom() && !ctx.sys.mem().is_ref(table) {
        return Err(ctx.ets_fail(am::TYPE));
    }
    if ctx.sys.mem().ref_id(table).is_some_and(|id| id.1 != TABLE_REF) {
        return Err(ctx.ets_fail(am::TYPE));
    }
    let id = ctx.find_table(table);
    if let Some(id) = id {
        ctx.settle(id);
    }
    Ok(id)
}

fn info_1(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let Some(id) = target(ctx, args[0])? else { return Ok(Term::atom(am::UNDEFINED)) };
    let mut pairs = Vec::with_capacity(ITEMS.len());
    for item in ITEMS {
        pairs.push((item, value(ctx, id, item)?));
    }
    ctx.pair_list(&pairs)
}

fn info_2(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let id = target(ctx, args[0])?;
    match (id, args[1].as_atom()) {
        (Some(id), Some(item)) => value(ctx, id, item),
        (None, _) => Ok(Term::atom(am::UNDEFINED)),
        (_, None) => Err(ctx.ets_badarg()),
    }
}

fn value(ctx: &mut Ctx<'_>, id: RefId, item: Atom) -> BifResult {
    let t = ctx.table(id)?;
    Ok(match item {
        am::ID => refs::make(ctx, id)?,
        am::DECENTRALIZED_COUNTERS => Term::bool(t.decentralized_counters),
        am::READ_CONCURRENCY => Term::bool(t.read_concurrency),
        am::WRITE_CONCURRENCY => t.write_concurrency,
        am::COMPRESSED => Term::bool(t.compressed),
        am::MEMORY => {
            let n = t.words();
            ctx.uint(n)?
        }
        am::OWNER => t.owner,
        am::HEIR => t.heir.as_ref().map_or(Term::atom(am::NONE), |h| h.pid),
        am::NAME => Term::atom(t.name),
        am::SIZE => Term::small(t.len() as i64),
        am::NODE => Term::atom(am::NONAME),
        am::NAMED_TABLE => Term::bool(t.named),
        am::TYPE => Term::atom(t.kind.atom()),
        am::KEYPOS => Term::small(t.keypos as i64),
        am::PROTECTION => Term::atom(t.protection.atom()),
        am::FIXED => Term::bool(t.is_fixed()),
        am::BINARY => return binaries(ctx, id),
        am::SAFE_FIXED | am::SAFE_FIXED_MONOTONIC_TIME => return fixations(ctx, id, item),
        am::STATS => match &t.store {
            Store::Tree(_) => Term::bool(false),
            Store::Hash(h) => {
                let (slots, longest, shortest, mean, deviation) = h.shape();
                let kept = h.kept();
                let e = [
                    Term::small(slots as i64),
                    ctx.float(mean)?,
                    ctx.float(deviation)?,
                    ctx.float((mean * (1.0 - 1.0 / slots as f64)).max(0.0).sqrt())?,
                    Term::small(shortest as i64),
                    Term::small(longest as i64),
                    Term::small(kept as i64),
                    Term::small(1),
                ];
                ctx.tuple(&e)?
            }
        },
        _ => return Err(ctx.ets_badarg()),
    })
}

/// `{Address, Bytes, References}` of each reference-counted binary in the table, as often as it is there.
fn binaries(ctx: &mut Ctx<'_>, id: RefId) -> BifResult {
    let mem = ctx.sys.mem();
    let mut blocks = Vec::new();
    ctx.table(id)?.visit_off_heap(&mut |list| blocks.extend(binary::blocks(mem, list)));
    ctx.charge(blocks.len());
    let mut out = Vec::with_capacity(blocks.len());
    for block in blocks {
        let (bytes, references) = (binary::block_bytes(mem, block) as u64, mem.word(block, 0));
        let parts = [ctx.uint(block.into())?, ctx.uint(bytes)?, ctx.uint(references)?];
        out.push(ctx.tuple(&parts)?);
    }
    ctx.list(&out)
}

/// `{When, [{Pid, Times}]}`, or `false`.
fn fixations(ctx: &mut Ctx<'_>, id: RefId, item: Atom) -> BifResult {
    let t = ctx.table(id)?;
    if !t.is_fixed() {
        return Ok(Term::bool(false));
    }
    let (monotonic, system) = t.fixed_at;
    let who: Vec<(Term, u32)> = t.fixed.iter().map(|(p, n)| (Term(*p), *n)).collect();
    let mut list = Vec::with_capacity(who.len());
    for (pid, n) in who {
        list.push(ctx.tuple(&[pid, Term::small(n as i64)])?);
    }
    let list = ctx.list(&list)?;
    let when = if item == am::SAFE_FIXED {
        let us = system.div_euclid(1000);
        let s = us.div_euclid(1_000_000);
        let parts = [s.div_euclid(1_000_000), s.rem_euclid(1_000_000), us.rem_euclid(1_000_000)];
        ctx.tuple(&parts.map(Term::small))?
    } else {
        ctx.int(MIN_SMALL.saturating_add(monotonic as i64))?
    };
    ctx.tuple(&[when, list])
}
