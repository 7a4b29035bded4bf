//! BIFs on maps: module `maps`, the guards of `erlang`, and what `maps.erl` and `erts_debug.erl` ask of `erts_internal`.
//!
//! Mirrors the BIFs of `erl_map.c`. Those that build or walk large maps go on over slices (see `job`).

use super::{Bif, BifResult, Ctx, Fault, bif, guard};
use crate::atom::am;
use crate::heap::{Alloc, build, map, number};
use crate::term::{Kind, Term, object};

pub const BIFS: &[Bif] = &[
    guard("map_size", 1, map_size),
    guard("map_get", 2, get),
    guard("is_map_key", 2, is_key),
    bif("maps", "get", 2, get),
    bif("maps", "find", 2, find),
    bif("maps", "is_key", 2, is_key),
    bif("maps", "from_list", 1, from_list),
    bif("maps", "from_keys", 2, from_keys),
    bif("maps", "keys", 1, keys),
    bif("maps", "values", 1, values),
    bif("maps", "merge", 2, merge),
    bif("maps", "put", 3, put),
    bif("maps", "update", 3, update),
    bif("maps", "remove", 2, remove),
    bif("maps", "take", 2, take),
    bif("erts_internal", "map_next", 3, map_next),
    bif("erts_internal", "map_to_tuple_keys", 1, map_to_tuple_keys),
    bif("erts_internal", "map_hashmap_children", 1, map_hashmap_children),
    bif("erts_internal", "term_type", 1, term_type),
];

/// Fails with `{badmap, T}` unless `t` is a map.
fn check(ctx: &mut Ctx<'_>, t: Term) -> Result<(), Fault> {
    if ctx.mem().is_map(t) { Ok(()) } else { Err(ctx.error_pair(am::BADMAP, t)) }
}

fn lookup(ctx: &mut Ctx<'_>, key: Term, m: Term) -> Result<Option<Term>, Fault> {
    check(ctx, m)?;
    Ok(map::get(ctx.mem(), &ctx.sys.names(), m, key))
}

fn map_size(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    check(ctx, args[0])?;
    Ok(Term::small(ctx.mem().map_size(args[0]) as i64))
}

fn get(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    match lookup(ctx, args[0], args[1])? {
        Some(v) => Ok(v),
        None => Err(ctx.error_pair(am::BADKEY, args[0])),
    }
}

fn find(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    match lookup(ctx, args[0], args[1])? {
        Some(v) => ctx.tuple(&[am::OK.into(), v]),
        None => Ok(am::ERROR.into()),
    }
}

fn is_key(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    Ok(Term::bool(lookup(ctx, args[0], args[1])?.is_some()))
}

fn from_list(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let mem = ctx.mem();
    build_map(ctx, args, |t| (mem.tuple_arity(t) == Some(2)).then(|| (mem.element(t, 1), mem.element(t, 2))))
}

fn from_keys(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    build_map(ctx, args, |key| Some((key, args[1])))
}

/// A map of the list's elements, over as many slices as it takes. A large one is made of 256 parts, by the first eight bits of the keys' hashes:
/// gather, hash, build part by part, join.
fn build_map(ctx: &mut Ctx<'_>, args: &[Term], pair: impl Fn(Term) -> Option<(Term, Term)>) -> BifResult {
    let mut job = ctx.job();
    if job.phase == 0 {
        if job.terms.is_empty() {
            job.terms.push(args[0]);
        }
        if ctx.gather(&mut job)?.is_none() {
            return Err(ctx.go_on_later(job, args));
        }
        job.phase = 1;
        job.at = 1;
        if job.terms.len() <= SMALL {
            let pairs: Option<Vec<_>> = job.terms[1..].iter().map(|t| pair(*t)).collect();
            let Some(pairs) = pairs else { return Err(ctx.badarg()) };
            let (mut a, names) = ctx.split();
            return Ok(map::from_pairs(&mut a, &names, &pairs)?);
        }
    }
    if job.phase == 1 {
        // Each element becomes the cell of its pair; its hash stands at the same place in `words`.
        let until = job.terms.len().min(job.at + ctx.steps() / 2);
        ctx.worked(2 * (until - job.at));
        job.words.resize(until, 0);
        while job.at < until {
            let Some((key, value)) = pair(job.terms[job.at]) else { return Err(ctx.badarg()) };
            job.words[job.at] = crate::term::hash::internal_hash(ctx.mem(), &ctx.sys.names(), key);
            job.terms[job.at] = ctx.cons(key, value)?;
            job.at += 1;
        }
        if job.at < job.terms.len() {
            return Err(ctx.go_on_later(job, args));
        }
        split_by_hash(&mut job);
        (job.phase, job.at) = (2, 0);
    }
    build_parts(ctx, job, args)
}

/// Fewer elements than these are a map at once.
const SMALL: usize = 1000;

/// Puts the cells in the order of the parts that they belong to, those of one part as they came. The numbers of cells up to the end of each part
/// follow the hashes.
fn split_by_hash(job: &mut crate::process::job::Job) {
    let mut ends = [0usize; map::PARTS];
    for h in &job.words[1..] {
        ends[map::part_of(*h)] += 1;
    }
    let mut sum = 0;
    for e in &mut ends {
        sum += *e;
        *e = sum;
    }
    let mut next: Vec<usize> = std::iter::once(0).chain(ends).collect();
    let mut terms = vec![Term::NIL; sum];
    let mut words = vec![0; sum];
    for (t, h) in job.terms[1..].iter().zip(&job.words[1..]) {
        let place = &mut next[map::part_of(*h)];
        (terms[*place], words[*place]) = (*t, *h);
        *place += 1;
    }
    words.extend(ends.iter().map(|e| *e as u64));
    // The sizes of the parts that are built come after that, the parts themselves after the cells.
    (job.terms, job.words) = (terms, words);
}

fn build_parts(ctx: &mut Ctx<'_>, mut job: Box<crate::process::job::Job>, args: &[Term]) -> BifResult {
    let cells = job.words.len().saturating_sub(map::PARTS + job.at);
    let mut steps = ctx.steps();
    while job.at < map::PARTS {
        let end = job.words[cells + job.at] as usize;
        let from = if job.at == 0 { 0 } else { job.words[cells + job.at - 1] as usize };
        let mut part: Vec<(u64, Term)> = (from..end).map(|i| (job.words[i], job.terms[i])).collect();
        let cost = 4 * part.len() + 1;
        ctx.worked(cost);
        let (mut a, names) = ctx.split();
        let (node, size) = map::part(&mut a, &names, &mut part)?;
        job.terms.push(node);
        job.words.push(size);
        job.at += 1;
        steps = steps.saturating_sub(cost);
        if steps == 0 && job.at < map::PARTS {
            return Err(ctx.go_on_later(job, args));
        }
    }
    let size: u64 = job.words[cells + map::PARTS..].iter().sum();
    let (mut a, names) = ctx.split();
    if size <= u64::from(object::FLAT_MAP_LIMIT) {
        let mem = a.mem();
        let pairs: Vec<_> = job.terms[..cells].iter().map(|c| (mem.head(*c), mem.tail(*c))).collect();
        return Ok(map::from_pairs(&mut a, &names, &pairs)?);
    }
    Ok(map::join_parts(&mut a, &job.terms[cells..], size)?)
}

/// A list in the order in which OTP gives keys and values: that of iteration for flat maps, the reverse for others, which take as many slices as they need.
fn list_of(ctx: &mut Ctx<'_>, args: &[Term], item: impl Fn(&(Term, Term)) -> Term) -> BifResult {
    let m = args[0];
    check(ctx, m)?;
    let mem = ctx.mem();
    if mem.is_flat_map(m) {
        let items: Vec<Term> = map::pairs(mem, m).iter().map(item).collect();
        ctx.charge(items.len() / 15);
        return ctx.list(&items);
    }
    // What is done, and the path to the next leaf.
    let mut job = ctx.job();
    let path: Vec<u8> = job.words.iter().map(|w| *w as u8).collect();
    let want = ctx.steps().max(object::FLAT_MAP_LIMIT as usize);
    let Some((pairs, next)) = map::walk(mem, m, &path, want) else { return Err(ctx.badarg()) };
    ctx.worked(pairs.len());
    let mut items: Vec<Term> = pairs.iter().map(item).collect();
    items.reverse();
    let done = job.terms.first().copied().unwrap_or(Term::NIL);
    let list = build::list_with_tail(ctx, &items, done)?;
    match next {
        None => Ok(list),
        Some(path) => {
            job.terms = vec![list];
            job.words = path.into_iter().map(u64::from).collect();
            Err(ctx.go_on_later(job, args))
        }
    }
}

fn keys(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    list_of(ctx, args, |p| p.0)
}

fn values(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    list_of(ctx, args, |p| p.1)
}

fn merge(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    check(ctx, args[0])?;
    check(ctx, args[1])?;
    let (state, all) = ctx.resume::<map::Merge>();
    let mut state = state.map_or_else(|| map::Merge::new(args[0], args[1]), |s| *s);
    let mut steps = all;
    let (mut a, names) = ctx.split();
    let merged = state.run(&mut a, &names, &mut steps)?;
    ctx.worked(all - steps);
    match merged {
        Some(m) => Ok(m),
        None => Err(ctx.suspend(Box::new(state), args)),
    }
}

fn put(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    check(ctx, args[2])?;
    let (mut a, names) = ctx.split();
    Ok(map::put(&mut a, &names, args[2], args[0], args[1])?)
}

fn update(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    check(ctx, args[2])?;
    let (mut a, names) = ctx.split();
    match map::update(&mut a, &names, args[2], args[0], args[1])? {
        Some(m) => Ok(m),
        None => Err(ctx.error_pair(am::BADKEY, args[0])),
    }
}

fn remove(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    check(ctx, args[1])?;
    let (mut a, names) = ctx.split();
    Ok(map::remove(&mut a, &names, args[1], args[0])?)
}

fn take(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    check(ctx, args[1])?;
    let (mut a, names) = ctx.split();
    match map::take(&mut a, &names, args[1], args[0])? {
        Some((rest, value)) => ctx.tuple(&[value, rest]),
        None => Ok(am::ERROR.into()),
    }
}

/// `map_next(Path, Map, iterator)` gives `{K, V, {K2, V2, none | [Path | Map]}}`, `map_next(Path, Map, Acc)` the pairs in front
/// of `Acc` and, when there are more, path and map in front of those.
fn map_next(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let &[path, m, acc] = args else { return Err(ctx.badarg()) };
    let mem = ctx.mem();
    let iterator = acc.is(am::ITERATOR);
    if !mem.is_map(m) || !(iterator || acc.is_nil() || acc.is_list()) {
        return Err(ctx.badarg());
    }
    if iterator && (path.is_list() || path.is_nil()) {
        return ordered_next(ctx, path, m);
    }
    if mem.is_flat_map(m) {
        if !path.as_small().is_some_and(|p| p >= 0 && p <= mem.map_size(m) as i64) {
            return Err(ctx.badarg());
        }
        let pairs = map::pairs(mem, m);
        return if iterator {
            nested(ctx, &pairs, am::NONE.into())
        } else {
            let mut list = acc;
            for (k, v) in pairs.iter().rev() {
                let pair = ctx.tuple(&[*k, *v])?;
                list = ctx.cons(pair, list)?;
            }
            Ok(list)
        };
    }
    let Some(steps) = path_steps(ctx, path) else { return Err(ctx.badarg()) };
    let mut want = (ctx.proc.budget / 4).max(1) as usize;
    want = want.min(mem.map_size(m));
    if path == Term::small(0) {
        want = want.min(object::FLAT_MAP_LIMIT as usize);
    }
    let Some((pairs, next)) = map::walk(mem, m, &steps, want) else { return Err(ctx.badarg()) };
    ctx.charge(4 * pairs.len());
    let next = match next {
        Some(steps) => {
            let (low, high) = steps.iter().rev().fold((0u64, 0u64), |(l, h), s| (l << 4 | *s as u64, h << 4 | l >> 60));
            Some(number::from_i128(ctx, ((high as u128) << 64 | low as u128) as i128)?)
        }
        None => None,
    };
    if iterator {
        let end = match next {
            Some(p) => ctx.cons(p, m)?,
            None => am::NONE.into(),
        };
        return nested(ctx, &pairs, end);
    }
    let mut list = acc;
    for (k, v) in pairs {
        let pair = ctx.tuple(&[k, v])?;
        list = ctx.cons(pair, list)?;
    }
    if let Some(p) = next {
        list = ctx.cons(m, list)?;
        list = ctx.cons(p, list)?;
    }
    Ok(list)
}

fn nested(ctx: &mut Ctx<'_>, pairs: &[(Term, Term)], end: Term) -> BifResult {
    let mut t = end;
    for (k, v) in pairs.iter().rev() {
        t = ctx.tuple(&[*k, *v, t])?;
    }
    Ok(t)
}

/// The children to go to, from the root down: four bits each of a number that isn't negative.
fn path_steps(ctx: &Ctx<'_>, path: Term) -> Option<Vec<u8>> {
    let mem = ctx.mem();
    let digits: Vec<u64> = match path.as_small() {
        Some(v) => vec![u64::try_from(v).ok()?],
        None if mem.is_big(path) => {
            let n = number::to_bigint(mem, path)?;
            let (sign, digits) = n.to_u64_digits();
            if sign == num_bigint::Sign::Minus || digits.len() > 2 {
                return None;
            }
            digits
        }
        None => return None,
    };
    Some(digits.iter().flat_map(|d| (0..16).map(move |i| (d >> (4 * i) & 0xF) as u8)).collect())
}

/// An iterator with its own order: the path is the list of the keys to come.
fn ordered_next(ctx: &mut Ctx<'_>, path: Term, m: Term) -> BifResult {
    let mem = ctx.mem();
    let mut want = (ctx.proc.budget / 32).max(1) as usize;
    let mut pairs = Vec::new();
    let mut t = path;
    while t.is_list() && want > 0 {
        let key = mem.head(t);
        let Some(v) = map::get(mem, &ctx.sys.names(), m, key) else { return Err(ctx.badarg()) };
        pairs.push((key, v));
        t = mem.tail(t);
        want -= 1;
    }
    let end = if t.is_list() {
        ctx.cons(t, m)?
    } else if t.is_nil() {
        am::NONE.into()
    } else {
        return Err(ctx.badarg());
    };
    ctx.charge(32 * pairs.len());
    nested(ctx, &pairs, end)
}

fn map_to_tuple_keys(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    check(ctx, args[0])?;
    let mem = ctx.mem();
    if mem.is_flat_map(args[0]) { Ok(mem.field(args[0], 2)) } else { Err(ctx.badarg()) }
}

fn map_hashmap_children(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    check(ctx, args[0])?;
    let mem = ctx.mem();
    if mem.is_flat_map(args[0]) {
        return Err(ctx.badarg());
    }
    let layout = object::layout(mem, args[0].addr(), mem.header(args[0]));
    let children: Vec<Term> = (1 + layout.raw..layout.words).rev().map(|i| mem.field(args[0], i)).collect();
    Ok(build::list(ctx, &children)?)
}

/// What `erts_debug:size/1` wants to know of a term.
fn term_type(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let (t, mem) = (args[0], ctx.mem());
    let name = match mem.kind(t) {
        Some(Kind::Cons) => "list",
        Some(Kind::Tuple) => "tuple",
        Some(Kind::Float) => "hfloat",
        Some(Kind::PosBig | Kind::NegBig) => "bignum",
        Some(Kind::Ref) => "reference",
        Some(Kind::Fun) if object::fun_env_words(mem.header(t)) == 0 => "export",
        Some(Kind::Fun) => "fun",
        Some(Kind::FunRef | Kind::BinRef) => "refc_binary",
        Some(Kind::HeapBits) => "heap_binary",
        Some(Kind::SubBits) => "sub_binary",
        Some(Kind::FlatMap) => "flatmap",
        Some(Kind::HashHead) => "hashmap",
        Some(Kind::HashNode) => "hashmap_node",
        Some(Kind::ExtPid) => "external_pid",
        Some(Kind::ExtPort) => "external_port",
        Some(Kind::ExtRef) => "external_reference",
        None if t.is_small() => "fixnum",
        None if t.is_local_pid() => "pid",
        None if t.is_local_port() => "port",
        None if t.is_nil() => "nil",
        None => "atom",
    };
    ctx.atom(name)
}
