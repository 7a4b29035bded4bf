//! `binary:match`, `matches`, `split` and `compile_pattern`.
//!
//! One pattern is looked for with `memchr`, several with `aho-corasick`, leftmost first and of those that start at the same
//! place the longest; over slices. A compiled pattern is `{bm, Pattern}` or `{ac, Patterns}`: OTP has a magic reference as the second
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

/// What is looked for.
enum Needles {
    One(Box<memmem::Finder<'static>>),
    /// Single bytes only.
    Bytes(Box<[bool; 256]>),
    /// Little enough to try each at each place.
    Few(Vec<Vec<u8>>),
    Many(AhoCorasick),
}

/// Patterns times bytes of the subject up to which no automaton is worth its making.
const FEW: usize = 2048;
/// Bytes that are searched in one step.
const STEP_BYTES: usize = 32;
/// What a match takes at least in the result, in bytes.
const MATCH_BYTES: u64 = 40;

impl Needles {
    fn new(ctx: &mut Ctx<'_>, patterns: &[Term], subject: usize) -> Result<Needles, Fault> {
        let mut all = Vec::with_capacity(patterns.len());
        for p in patterns {
            all.push(whole(ctx, *p)?);
        }
        let mem = ctx.mem();
        let work = all.iter().map(|b| b.len as usize / 8).sum::<usize>();
        if let [one] = all[..] {
            return Ok(Needles::One(Box::new(memmem::Finder::new(&*bytes(mem, one)).into_owned())));
        }
        if work > MAX_PATTERNS {
            return Err(ctx.system_limit());
        }
        ctx.charge(work / 20);
        let all: Vec<_> = all.iter().map(|b| bytes(mem, *b)).collect();
        if work == all.len() {
            let mut set = Box::new([false; 256]);
            for b in all.iter().filter_map(|b| b.first()) {
                set[*b as usize] = true;
            }
            return Ok(Needles::Bytes(set));
        }
        if all.len().saturating_mul(subject) <= FEW {
            return Ok(Needles::Few(all.iter().map(|b| b.to_vec()).collect()));
        }
        // A full table of transitions suits small sets only.
        let kind = match work {
            0..=1024 => None,
            1025..=65536 => Some(AhoCorasickKind::ContiguousNFA),
            _ => Some(AhoCorasickKind::NoncontiguousNFA),
        };
        let mut builder = AhoCorasick::builder();
        match builder.match_kind(MatchKind::LeftmostLongest).kind(kind).build(all.iter().map(|b| &**b)) {
            Ok(ac) => Ok(Needles::Many(ac)),
            Err(_) => Err(ctx.system_limit()),
        }
    }

    /// Bytes of the longest.
    fn longest(&self) -> usize {
        match self {
            Needles::One(f) => f.needle().len(),
            Needles::Bytes(_) => 1,
            Needles::Few(all) => all.iter().map(Vec::len).max().unwrap_or(1),
            Needles::Many(ac) => ac.max_pattern_len(),
        }
    }

    /// Start and length of the first match, the longest of those that start there.
    fn find(&self, haystack: &[u8]) -> Option<(usize, usize)> {
        match self {
            Needles::One(f) => f.find(haystack).map(|at| (at, f.needle().len())),
            Needles::Bytes(set) => haystack.iter().position(|b| set[*b as usize]).map(|at| (at, 1)),
            Needles::Few(all) => (0..haystack.len()).find_map(|at| {
                let rest = haystack.get(at..)?;
                all.iter().filter(|p| rest.starts_with(p)).map(Vec::len).max().map(|n| (at, n))
            }),
            Needles::Many(ac) => ac.find(haystack).map(|m| (m.start(), m.len())),
        }
    }
}

/// A search that goes over slices, and the making of its result, from the last part on.
struct Search {
    needles: Needles,
    options: Options,
    /// The subject, when it doesn't lie on byte boundaries.
    copy: Option<Vec<u8>>,
    at: usize,
    over: bool,
    /// Start and end of what is found, or of the parts between.
    found: Vec<(u64, u64)>,
    list: Term,
}

/// The search of the call `args`, at its end; or the fault that goes on with it in the next slice.
fn search(ctx: &mut Ctx<'_>, args: &[Term], splitting: bool, global: bool) -> Result<(Box<Search>, usize), Fault> {
    let (state, all) = ctx.resume::<Search>();
    let subject = whole(ctx, args[0])?;
    let mut s = match state {
        Some(s) => s,
        None => {
            let mut options = options(ctx, args[0], args.get(2), splitting)?;
            options.global |= global;
            let patterns = patterns(ctx, args[1])?;
            let needles = Needles::new(ctx, &patterns, (options.end - options.start) as usize)?;
            let mem = ctx.mem();
            let copy = subject.aligned_bytes(mem).is_none().then(|| subject.to_vec(mem));
            let at = options.start as usize;
            Box::new(Search { needles, options, copy, at, over: false, found: Vec::new(), list: Term::NIL })
        }
    };
    let mem = ctx.mem();
    let haystack = s.copy.as_deref().or_else(|| subject.aligned_bytes(mem)).unwrap_or(&[]);
    let haystack = haystack.get(..s.options.end as usize).unwrap_or(haystack);
    let (longest, mut steps) = (s.needles.longest(), all);
    while !s.over {
        // A match that begins where the part has no room for the longest may be a longer one.
        let until = haystack.len().min(s.at.saturating_add(steps.saturating_mul(STEP_BYTES).max(4 * longest)));
        let sure = if until == haystack.len() { until } else { until + 1 - longest };
        let from = s.at;
        let part = haystack.get(from..until).unwrap_or(&[]);
        match s.needles.find(part).filter(|(start, _)| from + start < sure) {
            Some((start, len)) => {
                let start = from + start;
                s.found.push((start as u64, (start + len) as u64));
                s.at = start + len;
                s.over = !s.options.global;
            }
            None => {
                s.at = sure;
                s.over = until == haystack.len();
            }
        }
        steps = steps.saturating_sub(s.at.saturating_sub(from) / STEP_BYTES + 1);
        if s.found.len() as u64 * MATCH_BYTES > ctx.arena().limit() {
            return Err(Fault::Memory);
        }
        if steps == 0 && !s.over {
            ctx.worked(all);
            return Err(ctx.suspend(s, args));
        }
    }
    ctx.worked(all - steps);
    Ok((s, steps))
}

fn match_first(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let (s, _) = search(ctx, args, false, false)?;
    match s.found.first() {
        Some((from, to)) => ctx.tuple(&[Term::small(*from as i64), Term::small((to - from) as i64)]),
        None => Ok(am::NOMATCH.into()),
    }
}

fn match_all(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let (s, steps) = search(ctx, args, false, true)?;
    build(ctx, args, s, steps, |ctx, from, to| ctx.tuple(&[Term::small(from as i64), Term::small((to - from) as i64)]))
}

/// The list of what is found, over slices.
fn build(
    ctx: &mut Ctx<'_>,
    args: &[Term],
    mut s: Box<Search>,
    mut steps: usize,
    item: impl Fn(&mut Ctx<'_>, u64, u64) -> BifResult,
) -> BifResult {
    while let Some((from, to)) = s.found.pop() {
        let t = item(ctx, from, to)?;
        s.list = ctx.cons(t, s.list)?;
        steps = steps.saturating_sub(2);
        ctx.worked(2);
        if steps == 0 && !s.found.is_empty() {
            return Err(ctx.suspend(s, args));
        }
    }
    Ok(s.list)
}

fn split(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let subject = args[0];
    let (mut s, steps) = search(ctx, args, true, false)?;
    let size = whole(ctx, subject)?.len / 8;
    if s.list.is_nil() {
        let o = s.options;
        if s.found.is_empty() && !(size == 0 && (o.trim || o.trim_all)) {
            return ctx.list(&[subject]);
        }
        binary::pin(ctx.mem(), subject);
        // From here on the parts between what was found.
        let mut from = 0;
        for place in &mut s.found {
            let (start, end) = *place;
            *place = (from, start);
            from = end;
        }
        s.found.push((from, size));
        if o.trim_all {
            s.found.retain(|(from, to)| from < to);
        } else if o.trim {
            while s.found.last().is_some_and(|(from, to)| from == to) {
                s.found.pop();
            }
        }
    }
    build(ctx, args, s, steps, |ctx, from, to| Ok(binary::part(ctx, subject, from * 8, (to - from) * 8)?))
}
