//! `binary:match`, `matches`, `split` and `compile_pattern`.
//!
//! One pattern is looked for with `memchr`, several with `aho-corasick`, leftmost first and of those that start at the same
//! place the longest. A compiled pattern is `{bm, Pattern}` or `{ac, Patterns}`: OTP has a magic reference as the second
//! element; here it is the patterns themselves, so a process's heap holds all there is. Mirrors `erl_bif_binary.c`.

use super::binary::{bytes, range, whole};
use super::{Bif, BifResult, Ctx, Fault, bif};
use crate::atom::am;
use crate::heap::{Alloc, binary};
use crate::term::{Mem, Term};
use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};
use memchr::memmem;

/// Most bytes of several patterns together: the automaton takes some forty times as much of the host's memory, which no
/// limit of the VM counts.
const MAX_PATTERNS: usize = 4 << 20;

pub const BIFS: &[Bif] = &[
    bif("binary", "compile_pattern", 1, compile_pattern),
    bif("binary", "match", 2, match_first),
    bif("binary", "match", 3, match_first),
    bif("binary", "matches", 2, match_all),
    bif("binary", "matches", 3, match_all),
    bif("binary", "split", 2, split),
    bif("binary", "split", 3, split),
];

/// The binaries to look for, none of them empty, or `badarg`.
fn patterns(ctx: &mut Ctx<'_>, t: Term) -> Result<Vec<Term>, Fault> {
    let mem = ctx.mem();
    let mut given = t;
    if mem.tuple_arity(t) == Some(2) {
        let (tag, inner) = (mem.element(t, 1), mem.element(t, 2));
        let fits = if tag.is(am::BM) { mem.is_binary(inner) } else { tag.is(am::AC) && inner.is_list() };
        if !fits {
            return Err(ctx.badarg());
        }
        given = inner;
    }
    let all = if mem.is_bitstring(given) { vec![given] } else { ctx.list_to_vec(given)? };
    for p in &all {
        if whole(ctx, *p)?.len == 0 {
            return Err(ctx.badarg());
        }
    }
    if all.is_empty() { Err(ctx.badarg()) } else { Ok(all) }
}

fn compile_pattern(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    if ctx.mem().is_tuple(args[0]) {
        return Err(ctx.badarg());
    }
    match patterns(ctx, args[0])?[..] {
        [one] => ctx.tuple(&[am::BM.into(), one]),
        _ => ctx.tuple(&[am::AC.into(), args[0]]),
    }
}

#[derive(Default, Clone, Copy)]
struct Options {
    global: bool,
    trim: bool,
    trim_all: bool,
    start: u64,
    end: u64,
}

/// Options of `split` (with `splitting`) or of the others. As in OTP, what follows an improper list's last cell is ignored.
fn options(ctx: &mut Ctx<'_>, subject: Term, list: Option<&Term>, splitting: bool) -> Result<Options, Fault> {
    let size = whole(ctx, subject)?.len / 8;
    let mem = ctx.mem();
    let mut o = Options { end: size, ..Options::default() };
    let mut l = list.copied().unwrap_or(Term::NIL);
    if !l.is_list() && !l.is_nil() {
        return Err(ctx.badarg());
    }
    while l.is_list() {
        let t = mem.head(l);
        l = mem.tail(l);
        if splitting && t.is(am::GLOBAL) {
            o.global = true;
        } else if splitting && t.is(am::TRIM) {
            o.trim = true;
        } else if splitting && t.is(am::TRIM_ALL) {
            o.trim_all = true;
        } else {
            let Some((start, end)) = scope(mem, t, size) else { return Err(ctx.badarg()) };
            (o.start, o.end) = (start, end);
        }
    }
    Ok(o)
}

fn scope(mem: Mem, t: Term, size: u64) -> Option<(u64, u64)> {
    let pair = |t: Term| (mem.tuple_arity(t) == Some(2)).then(|| (mem.element(t, 1), mem.element(t, 2)));
    let (tag, place) = pair(t)?;
    let (pos, len) = pair(place)?;
    if tag.is(am::SCOPE) { range(mem, pos, len, size) } else { None }
}

/// Start and length of the first match, or of all that don't overlap.
fn find(ctx: &mut Ctx<'_>, subject: Term, patterns: &[Term], o: Options) -> Result<Vec<(usize, usize)>, Fault> {
    let subject = whole(ctx, subject)?;
    let mut needles = Vec::with_capacity(patterns.len());
    for p in patterns {
        needles.push(whole(ctx, *p)?);
    }
    let mem = ctx.mem();
    let (start, len) = (o.start as usize, (o.end - o.start) as usize);
    let haystack = bytes(mem, subject.part(o.start * 8, len as u64 * 8));
    let most = if o.global { usize::MAX } else { 1 };
    let mut work = needles.iter().map(|b| b.len as usize / 8).sum::<usize>();
    let found: Vec<(usize, usize)> = if let [one] = needles[..] {
        let needle = bytes(mem, one);
        memmem::find_iter(&haystack, &*needle).take(most).map(|at| (start + at, needle.len())).collect()
    } else {
        let all: Vec<_> = needles.iter().map(|b| bytes(mem, *b)).collect();
        if work > MAX_PATTERNS {
            return Err(ctx.system_limit());
        }
        // A full table of transitions suits small sets only.
        let kind = match work {
            0..=1024 => None,
            1025..=65536 => Some(AhoCorasickKind::ContiguousNFA),
            _ => Some(AhoCorasickKind::NoncontiguousNFA),
        };
        let mut builder = AhoCorasick::builder();
        let built = builder.match_kind(MatchKind::LeftmostLongest).kind(kind).build(all.iter().map(|b| &**b));
        let Ok(ac) = built else { return Err(ctx.system_limit()) };
        ac.find_iter(&*haystack).take(most).map(|m| (start + m.start(), m.len())).collect()
    };
    work += if o.global { len } else { found.first().map_or(len, |f| f.0 - start) };
    ctx.charge(work / 100 + found.len());
    Ok(found)
}

fn match_first(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let o = options(ctx, args[0], args.get(2), false)?;
    let p = patterns(ctx, args[1])?;
    match find(ctx, args[0], &p, o)?.first() {
        Some((at, len)) => ctx.tuple(&[Term::small(*at as i64), Term::small(*len as i64)]),
        None => Ok(am::NOMATCH.into()),
    }
}

fn match_all(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let o = Options { global: true, ..options(ctx, args[0], args.get(2), false)? };
    let p = patterns(ctx, args[1])?;
    let mut out = Vec::new();
    for (at, len) in find(ctx, args[0], &p, o)? {
        out.push(ctx.tuple(&[Term::small(at as i64), Term::small(len as i64)])?);
    }
    ctx.list(&out)
}

fn split(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let subject = args[0];
    let o = options(ctx, subject, args.get(2), true)?;
    let p = patterns(ctx, args[1])?;
    let found = find(ctx, subject, &p, o)?;
    let size = whole(ctx, subject)?.len / 8;
    if found.is_empty() && !(size == 0 && (o.trim || o.trim_all)) {
        return ctx.list(&[subject]);
    }
    let mut ranges = Vec::with_capacity(found.len() + 1);
    let mut from = 0;
    for (at, len) in found {
        ranges.push((from, at as u64));
        from = (at + len) as u64;
    }
    ranges.push((from, size));
    if o.trim_all {
        ranges.retain(|(from, to)| from < to);
    } else if o.trim {
        while ranges.last().is_some_and(|(from, to)| from == to) {
            ranges.pop();
        }
    }
    let mut out = Vec::with_capacity(ranges.len());
    for (from, to) in ranges {
        out.push(binary::part(ctx, subject, from * 8, (to - from) * 8)?);
    }
    ctx.list(&out)
}
