//! Module `re`: compiling and running PCRE's regular expressions with [`beambox_regex`]. The loops for `global`, and all that
//! concerns unicode lists, are OTP's own `re.erl`, which is trapped to as OTP does.
//!
//! The binary in a `{re_pattern, ..}` tuple is a header, the options and the pattern's text. It is compiled again when it
//! is used (mostly found in a cache), so a forged one is at worst another pattern. A match runs in slices: between them it
//! is kept in [`Process::matching`](crate::process::Process::matching). Mirrors `erl_bif_re.c`.

use super::re_options::{BAD_OPTION, Capture, Form, Options, Pick, capture, options};
use super::{Bif, BifResult, Ctx, Fault, bif, iolist};
use crate::atom::{Atom, am};
use crate::heap::{Alloc, binary};
use crate::process::Matching;
use crate::term::Term;
use beambox_regex::{MatchOptions, Matcher, Outcome, Regex, opt};
use std::sync::Arc;

pub const BIFS: &[Bif] = &[
    bif("re", "version", 0, version),
    bif("re", "compile", 1, compile),
    bif("re", "compile", 2, compile),
    bif("re", "run", 2, |c, a| run(c, a, true)),
    bif("re", "run", 3, |c, a| run(c, a, true)),
    bif("re", "internal_run", 4, internal_run),
    bif("re", "inspect", 2, inspect),
];

/// What `re:version/0` says; the release of PCRE that the engine follows.
const VERSION: &[u8] = b"8.45 2021-06-15";
/// The head of a compiled pattern's binary.
const MAGIC: &[u8] = b"BBre\x01";
/// Steps of a match that cost one reduction; OTP's factor.
const STEPS_PER_REDUCTION: u64 = 10;
/// Most bytes of a match's stack.
const MAX_STACK: usize = 128 << 20;

fn version(ctx: &mut Ctx<'_>, _: &[Term]) -> BifResult {
    ctx.binary(VERSION)
}

fn bad_option(ctx: &mut Ctx<'_>) -> Fault {
    ctx.badarg_info(am::ERL_STDLIB_ERRORS, BAD_OPTION)
}

fn trap_re(ctx: &mut Ctx<'_>, function: &str, args: &[Term]) -> Fault {
    match ctx.atom(function) {
        Ok(f) => match f.as_atom() {
            Some(f) => ctx.trap(am::RE, f, args),
            None => ctx.badarg(),
        },
        Err(fault) => fault,
    }
}

fn compile(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let list = args.get(1).copied().unwrap_or(Term::NIL);
    let Some(o) = options(ctx, list).filter(|o| !o.run_only) else { return Err(bad_option(ctx)) };
    if o.unicode && !ctx.mem().is_bitstring(args[0]) {
        return Err(trap_re(ctx, "ucompile", &[args[0], list]));
    }
    let pattern = iolist::argument(ctx, args, 0)?;
    match compiled(ctx, &pattern, o.compile) {
        Ok(regex) => {
            let tuple = pattern_tuple(ctx, &regex, &pattern, &o)?;
            let ok = Term::atom(am::OK);
            ctx.tuple(&[ok, tuple])
        }
        Err(e) => {
            let reason = error_reason(ctx, e)?;
            ctx.tuple(&[Term::atom(am::ERROR), reason])
        }
    }
}

/// From the cache, or compiled now.
fn compiled(ctx: &mut Ctx<'_>, pattern: &[u8], options: u32) -> Result<Arc<Regex>, beambox_regex::CompileError> {
    let found = ctx.sys.patterns.get(pattern, options);
    if !matches!(found, Ok((_, true))) {
        ctx.charge(pattern.len() / 4 + 10);
    }
    found.map(|f| f.0)
}

/// `{Text, Offset}`.
fn error_reason(ctx: &mut Ctx<'_>, e: beambox_regex::CompileError) -> BifResult {
    let text = ctx.string(e.text())?;
    ctx.tuple(&[text, Term::small(e.offset as i64)])
}

fn pattern_tuple(ctx: &mut Ctx<'_>, regex: &Regex, pattern: &[u8], o: &Options) -> BifResult {
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&o.compile.to_le_bytes());
    bytes.extend_from_slice(pattern);
    let bytes = ctx.binary(&bytes)?;
    let crlf =
        matches!(regex.options() & opt::NEWLINE_BITS, opt::NEWLINE_ANY | opt::NEWLINE_CRLF | opt::NEWLINE_ANYCRLF);
    ctx.tuple(&[
        Term::atom(am::RE_PATTERN),
        Term::small(i64::from(regex.captures())),
        Term::small(i64::from(o.unicode)),
        Term::small(i64::from(crlf)),
        bytes,
    ])
}

/// The pattern of a `{re_pattern, ..}` tuple.
fn pattern_of(ctx: &mut Ctx<'_>, tuple: Term) -> Result<Arc<Regex>, Fault> {
    let mem = ctx.mem();
    let numbers = (2..=4).all(|i| mem.element(tuple, i).is_small());
    if !mem.element(tuple, 1).is(am::RE_PATTERN) || !numbers {
        return Err(ctx.badarg());
    }
    let bytes = mem.binary_to_vec(mem.element(tuple, 5)).unwrap_or_default();
    let found = bytes.strip_prefix(MAGIC).and_then(|b| b.split_first_chunk::<4>());
    let Some((options, pattern)) = found else { return Err(ctx.badarg()) };
    match compiled(ctx, pattern, u32::from_le_bytes(*options)) {
        Ok(r) => Ok(r),
        Err(_) => Err(ctx.badarg()),
    }
}

fn internal_run(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    match args[3].as_atom() {
        Some(am::TRUE) => run(ctx, args, true),
        Some(am::FALSE) => run(ctx, args, false),
        _ => Err(ctx.badarg()),
    }
}

fn run(ctx: &mut Ctx<'_>, args: &[Term], first: bool) -> BifResult {
    if let Some(m) = ctx.proc.matching.take() {
        return go_on(ctx, args, m);
    }
    let list = args.get(2).copied().unwrap_or(Term::NIL);
    let Some(o) = options(ctx, list) else { return Err(bad_option(ctx)) };
    let mem = ctx.mem();
    let (subject, pattern) = (args[0], args[1]);
    let as_list = o.capture.is_some_and(|c| c.1.is_some_and(|t| t.as_atom() == list_atom(ctx)));
    let by_erlang = |unicode: bool| unicode && (!mem.is_bitstring(subject) || (as_list && !o.global));
    let regex = if mem.tuple_arity(pattern) == Some(5) {
        if o.compile_only {
            return Err(ctx.badarg());
        }
        let regex = pattern_of(ctx, pattern)?;
        let unicode = mem.element(pattern, 3).as_small().unwrap_or(0) != 0;
        if by_erlang(unicode) {
            return Err(trap_re(ctx, "urun", &[subject, pattern, list]));
        }
        if o.global {
            let rest = ctx.tuple(&[list, Term::atom(am::FALSE)])?;
            return Err(trap_re(ctx, "grun", &[subject, pattern, rest]));
        }
        regex
    } else {
        if !mem.is_bitstring(pattern) && !pattern.is_list() && !pattern.is_nil() {
            return Err(ctx.badarg());
        }
        if o.unicode && (!mem.is_bitstring(pattern) || by_erlang(true)) {
            return Err(trap_re(ctx, "urun", &[subject, pattern, list]));
        }
        let text = iolist::argument(ctx, args, 1)?;
        let regex = match compiled(ctx, &text, o.compile) {
            Ok(r) => r,
            Err(e) if o.report_errors => {
                let reason = error_reason(ctx, e)?;
                let tag = ctx.atom("compile")?;
                let reason = ctx.tuple(&[tag, reason])?;
                return ctx.tuple(&[Term::atom(am::ERROR), reason]);
            }
            Err(_) => return Err(ctx.badarg()),
        };
        if o.global {
            let tuple = pattern_tuple(ctx, &regex, &text, &o)?;
            let rest = ctx.tuple(&[list, Term::bool(o.compile_only), pattern])?;
            return Err(trap_re(ctx, "grun", &[subject, tuple, rest]));
        }
        regex
    };
    // The capture specification is checked before the subject.
    if capture(ctx, &o, &regex).is_err() {
        return Err(ctx.badarg());
    }
    start(ctx, args, &o, regex, first)
}

fn list_atom(ctx: &mut Ctx<'_>) -> Option<Atom> {
    ctx.atom("list").ok().and_then(|t| t.as_atom())
}

fn start(ctx: &mut Ctx<'_>, args: &[Term], o: &Options, regex: Arc<Regex>, first: bool) -> BifResult {
    let mem = ctx.mem();
    let in_place = mem.bits(args[0]).filter(|b| b.is_aligned()).and_then(|b| b.aligned_bytes(mem));
    let copied = match in_place {
        Some(_) => None,
        None => Some(iolist::argument(ctx, args, 0)?),
    };
    let subject = in_place.or(copied.as_deref()).unwrap_or(&[]);
    let (length, at) = (subject.len(), o.offset);
    if u32::try_from(length).is_err() {
        return Err(ctx.system_limit());
    }
    if first && regex.options() & opt::UTF != 0 {
        let inside = subject.get(at).is_some_and(|b| at > 0 && b & 0xC0 == 0x80);
        if inside {
            return Err(ctx.badarg());
        }
        check_utf8(ctx, args, subject)?;
    }
    let both = opt::BSR_ANYCRLF | opt::BSR_UNICODE;
    if at > length
        || o.run.newline_bits & both == both
        || beambox_regex::Newline::from_bits(o.run.newline_bits).is_none()
    {
        // OTP doesn't expect PCRE's answer to these.
        return Err(ctx.error_atom(am::INTERNAL_ERROR));
    }
    let run: MatchOptions = o.run;
    let room = (ctx.sys.config.max_memory / 4).min(MAX_STACK as u64) as usize;
    let matcher = Matcher::new(&regex, at, run, room);
    go_on(ctx, args, Box::new(Matching { regex, matcher, subject: copied }))
}

/// Bytes of a subject whose encoding is checked for a reduction.
const CHECKED_PER_REDUCTION: usize = 16;

/// Fails unless the subject is UTF-8; a long one is checked over several slices.
fn check_utf8(ctx: &mut Ctx<'_>, args: &[Term], subject: &[u8]) -> Result<(), Fault> {
    let mut job = ctx.job();
    let rest = subject.get(job.at..).unwrap_or(&[]);
    let most = (ctx.proc.budget.max(50) as usize) * CHECKED_PER_REDUCTION;
    let (part, last) = if rest.len() <= most { (rest, true) } else { (rest.get(..most).unwrap_or(rest), false) };
    ctx.charge(part.len() / CHECKED_PER_REDUCTION);
    match std::str::from_utf8(part) {
        Ok(_) if last => Ok(()),
        Ok(_) => {
            job.at += part.len();
            Err(ctx.go_on_later(job, args))
        }
        // A character that the end of the part cuts is for the next one.
        Err(e) if !last && e.error_len().is_none() => {
            job.at += e.valid_up_to();
            Err(ctx.go_on_later(job, args))
        }
        Err(_) => Err(ctx.badarg()),
    }
}

/// Runs a match for the rest of the slice.
fn go_on(ctx: &mut Ctx<'_>, args: &[Term], mut m: Box<Matching>) -> BifResult {
    let mem = ctx.mem();
    let in_place = if m.subject.is_none() { mem.bits(args[0]).and_then(|b| b.aligned_bytes(mem)) } else { None };
    let subject = m.subject.as_deref().or(in_place).unwrap_or(&[]);
    let budget = (ctx.proc.budget.max(10) as u64) * STEPS_PER_REDUCTION;
    let outcome = m.matcher.run(&m.regex, subject, budget);
    ctx.charge((m.matcher.steps_used(budget) / STEPS_PER_REDUCTION) as usize + 1);
    match outcome {
        Outcome::Suspended => {
            ctx.proc.budget = 0;
            ctx.proc.matching = Some(m);
            Err(ctx.yield_with(args))
        }
        Outcome::Match => matched(ctx, args, &m),
        Outcome::NoMatch | Outcome::RecursionLoop => Ok(Term::atom(am::NOMATCH)),
        Outcome::MatchLimit => limit(ctx, args, am::MATCH_LIMIT),
        Outcome::RecursionLimit => {
            let tag = ctx.atom("match_limit_recursion")?;
            limit(ctx, args, tag.as_atom().unwrap_or(am::MATCH_LIMIT))
        }
    }
}

fn limit(ctx: &mut Ctx<'_>, args: &[Term], which: Atom) -> BifResult {
    let list = args.get(2).copied().unwrap_or(Term::NIL);
    if options(ctx, list).is_some_and(|o| o.report_errors) {
        return ctx.tuple(&[Term::atom(am::ERROR), Term::atom(which)]);
    }
    Ok(Term::atom(am::NOMATCH))
}

fn matched(ctx: &mut Ctx<'_>, args: &[Term], m: &Matching) -> BifResult {
    let list = args.get(2).copied().unwrap_or(Term::NIL);
    let Some(o) = options(ctx, list) else { return Err(bad_option(ctx)) };
    let Ok((wanted, form)) = capture(ctx, &o, &m.regex) else { return Err(ctx.badarg()) };
    let group = |n: u32| m.matcher.group(&m.regex, n);
    let count = m.matcher.group_count(&m.regex);
    let groups: Vec<Option<(usize, usize)>> = match &wanted {
        Capture::None => return Ok(Term::atom(am::MATCH)),
        Capture::All => (0..count).map(group).collect(),
        Capture::AllButFirst => (1..count).map(group).collect(),
        Capture::Picks(picks) => picks
            .iter()
            .map(|p| match p {
                Pick::Group(n) => u32::try_from(*n).ok().filter(|n| *n < count).and_then(group),
                Pick::FirstOf(all) => all.iter().find_map(|n| group(*n)),
            })
            .collect(),
    };
    let mut out = Vec::with_capacity(groups.len());
    for g in groups {
        out.push(value(ctx, args[0], m, g, form)?);
    }
    ctx.charge(out.len() / 10);
    let list = ctx.list(&out)?;
    ctx.tuple(&[Term::atom(am::MATCH), list])
}

/// A captured part. With `\K` in an assertion its end may lie before its start.
fn value(ctx: &mut Ctx<'_>, subject: Term, m: &Matching, group: Option<(usize, usize)>, form: Form) -> BifResult {
    if form == Form::Index {
        let (at, len) = group.map_or((-1, 0), |(a, b)| (a as i64, b as i64 - a as i64));
        return ctx.tuple(&[Term::small(at), Term::small(len)]);
    }
    let (from, to) = group.map_or((0, 0), |(a, b)| (a, b.max(a)));
    if form == Form::Binary && m.subject.is_none() {
        binary::pin(ctx.mem(), subject);
        return Ok(binary::part(ctx, subject, from as u64 * 8, (to - from) as u64 * 8)?);
    }
    let mem = ctx.mem();
    let bytes = match &m.subject {
        Some(s) => s.get(from..to).unwrap_or(&[]).to_vec(),
        None => {
            mem.bits(subject).and_then(|b| b.aligned_bytes(mem)).and_then(|s| s.get(from..to)).unwrap_or(&[]).to_vec()
        }
    };
    if form == Form::Binary {
        return ctx.binary(&bytes);
    }
    let elements: Vec<Term> = bytes.iter().map(|b| Term::small(i64::from(*b))).collect();
    ctx.list(&elements)
}

fn inspect(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    if ctx.mem().tuple_arity(args[0]) != Some(5) {
        return Err(ctx.badarg());
    }
    let regex = pattern_of(ctx, args[0])?;
    if args[1].as_atom() != Some(am::NAMELIST) {
        return Err(ctx.badarg());
    }
    let mut names: Vec<Term> = Vec::new();
    let mut last: Option<&[u8]> = None;
    for (name, _) in regex.names() {
        if last != Some(name) || regex.options() & opt::DUPNAMES == 0 {
            names.push(ctx.binary(name)?);
        }
        last = Some(name);
    }
    let list = ctx.list(&names)?;
    ctx.tuple(&[args[1], list])
}
