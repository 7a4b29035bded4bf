//! Options and capture specifications of module `re`. Mirrors the parsing in `erl_bif_re.c`.

use super::Ctx;
use crate::atom::am;
use crate::heap::Alloc;
use crate::term::Term;
use beambox_regex::{MatchOptions, Regex, opt};

/// Options of a call, read once for compilation and match.
#[derive(Clone, Copy)]
pub(super) struct Options {
    /// Bits of [`opt`] for compiling.
    pub compile: u32,
    pub run: MatchOptions,
    /// One that only compilation, or only a match, may have.
    pub compile_only: bool,
    pub run_only: bool,
    pub unicode: bool,
    pub global: bool,
    pub report_errors: bool,
    pub offset: usize,
    /// What to capture and as which type.
    pub capture: Option<(Term, Option<Term>)>,
}

/// Reads the list; `None` if an option is none.
pub(super) fn options(ctx: &Ctx<'_>, list: Term) -> Option<Options> {
    let mem = ctx.mem();
    let name = |t: Term| t.as_atom().map(|a| ctx.sys.atoms.name(a));
    let mut o = Options {
        compile: 0,
        run: MatchOptions::default(),
        compile_only: false,
        run_only: false,
        unicode: false,
        global: false,
        report_errors: false,
        offset: 0,
        capture: None,
    };
    let mut list = list;
    while list.is_list() {
        let item = mem.head(list);
        list = mem.tail(list);
        match mem.tuple_arity(item) {
            Some(2) => {
                let value = mem.element(item, 2);
                let number =
                    || value.as_small().and_then(|n| i32::try_from(n).ok()).and_then(|n| u32::try_from(n).ok());
                match name(mem.element(item, 1))? {
                    "capture" => o.capture = Some((value, None)),
                    "offset" => o.offset = number()? as usize,
                    "match_limit" => o.run.match_limit = Some(number()?),
                    "match_limit_recursion" => o.run.recursion_limit = Some(number()?),
                    "newline" => {
                        let bits = match name(value)? {
                            "cr" => opt::NEWLINE_CR,
                            "crlf" => opt::NEWLINE_CRLF,
                            "lf" => opt::NEWLINE_LF,
                            "anycrlf" => opt::NEWLINE_ANYCRLF,
                            "any" => opt::NEWLINE_ANY,
                            _ => return None,
                        };
                        o.compile |= bits;
                        o.run.newline_bits |= bits;
                        continue;
                    }
                    _ => return None,
                }
                o.run_only = true;
            }
            Some(3) if name(mem.element(item, 1)) == Some("capture") => {
                o.capture = Some((mem.element(item, 2), Some(mem.element(item, 3))));
                o.run_only = true;
            }
            Some(_) => return None,
            None => flag(&mut o, name(item)?)?,
        }
    }
    list.is_nil().then_some(o)
}

fn flag(o: &mut Options, name: &str) -> Option<()> {
    let bit = match name {
        "anchored" => {
            o.compile |= opt::ANCHORED;
            o.run.anchored = true;
            return Some(());
        }
        "bsr_anycrlf" | "bsr_unicode" => {
            let bit = if name == "bsr_anycrlf" { opt::BSR_ANYCRLF } else { opt::BSR_UNICODE };
            o.compile |= bit;
            o.run.newline_bits |= bit;
            return Some(());
        }
        "notempty" | "notempty_atstart" | "notbol" | "noteol" | "report_errors" | "global" => {
            let field = match name {
                "notempty" => &mut o.run.not_empty,
                "notempty_atstart" => &mut o.run.not_empty_at_start,
                "notbol" => &mut o.run.not_bol,
                "noteol" => &mut o.run.not_eol,
                "report_errors" => &mut o.report_errors,
                _ => &mut o.global,
            };
            *field = true;
            o.run_only = true;
            return Some(());
        }
        "no_start_optimize" => opt::NO_START_OPTIMIZE,
        "caseless" => opt::CASELESS,
        "dollar_endonly" => opt::DOLLAR_ENDONLY,
        "dotall" => opt::DOTALL,
        "extended" => opt::EXTENDED,
        "firstline" => opt::FIRSTLINE,
        "multiline" => opt::MULTILINE,
        "no_auto_capture" => opt::NO_AUTO_CAPTURE,
        "dupnames" => opt::DUPNAMES,
        "ungreedy" => opt::UNGREEDY,
        "ucp" => opt::UCP,
        "never_utf" => opt::NEVER_UTF,
        "unicode" => {
            o.unicode = true;
            opt::UTF
        }
        _ => return None,
    };
    o.compile |= bit;
    o.compile_only = true;
    Some(())
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Index,
    List,
    Binary,
}

/// One element of a capture list.
pub(super) enum Pick {
    Group(i64),
    /// The first of these that has matched.
    FirstOf(Vec<u32>),
}

pub(super) enum Capture {
    All,
    AllButFirst,
    None,
    Picks(Vec<Pick>),
}

/// What a match returns. `Err`: not a capture specification; a name list that is too long to walk is one, too.
pub(super) fn capture(ctx: &mut Ctx<'_>, o: &Options, regex: &Regex) -> Result<(Capture, Form), ()> {
    let Some((values, form)) = o.capture else { return Ok((Capture::All, Form::Index)) };
    let mem = ctx.mem();
    let form = match form {
        None => Form::Index,
        Some(t) => match t.as_atom().map(|a| ctx.sys.atoms.name(a)) {
            Some("index") => Form::Index,
            Some("list") => Form::List,
            Some("binary") => Form::Binary,
            _ => return Err(()),
        },
    };
    let duplicates = regex.options() & opt::DUPNAMES != 0;
    if let Some(a) = values.as_atom() {
        let capture = match ctx.sys.atoms.name(a) {
            "all" => Capture::All,
            "none" => Capture::None,
            "all_but_first" => Capture::AllButFirst,
            "first" => Capture::Picks(vec![Pick::Group(0)]),
            "all_names" if regex.names().is_empty() => Capture::None,
            "all_names" => {
                let mut picks = Vec::new();
                let mut last: Option<&[u8]> = None;
                for (name, group) in regex.names() {
                    if !duplicates {
                        picks.push(Pick::Group(i64::from(*group)));
                    } else if last != Some(name) {
                        picks.push(by_name(regex, name, true));
                    }
                    last = Some(name);
                }
                Capture::Picks(picks)
            }
            _ => return Err(()),
        };
        return Ok((capture, form));
    }
    if values.is_nil() {
        return Ok((Capture::None, form));
    }
    if !values.is_list() {
        return Err(());
    }
    let mut picks = Vec::new();
    let mut list = values;
    while list.is_list() {
        let v = mem.head(list);
        list = mem.tail(list);
        if let Some(n) = v.as_small() {
            picks.push(Pick::Group(i64::from(i32::try_from(n).map_err(|_| ())?)));
        } else if let Some(a) = v.as_atom() {
            picks.push(by_name(regex, ctx.sys.atoms.name(a).as_bytes(), duplicates));
        } else if mem.is_bitstring(v) || v.is_list() || v.is_nil() {
            let name = match super::iolist::argument(ctx, &[v], 0) {
                Ok(bytes) => bytes,
                Err(_) => return Err(()),
            };
            // As a C string.
            let end = memchr::memchr(0, &name).unwrap_or(name.len());
            picks.push(by_name(regex, name.get(..end).unwrap_or(&name), duplicates));
        } else {
            return Err(());
        }
    }
    if list.is_nil() { Ok((Capture::Picks(picks), form)) } else { Err(()) }
}

fn by_name(regex: &Regex, name: &[u8], duplicates: bool) -> Pick {
    let mut groups = regex.names().iter().filter(|(n, _)| n == name).map(|(_, g)| *g);
    if duplicates {
        return Pick::FirstOf(groups.collect());
    }
    groups.next().map_or(Pick::Group(-1), |g| Pick::Group(i64::from(g)))
}

/// `{badarg, #{cause => badopt}}`'s atom, for the error info.
pub(super) const BAD_OPTION: crate::atom::Atom = am::BADOPT;
