//! `unicode:characters_to_binary/2`, `characters_to_list/2`, `bin_is_7bit/1`, for the encodings latin1 and utf8; the others
//! are Erlang code in OTP's `unicode`, which is trapped to.
//!
//! A code point may be split over binaries of a list. What can't be decoded is returned as `{error | incomplete, Done, Rest}`
//! with the rest of the input nested as OTP nests it. Long input is converted over slices.

use super::{Bif, BifResult, Ctx, Fault, bif};
use crate::atom::am;
use crate::heap::Alloc;
use crate::heap::build;
use crate::term::Term;
use std::borrow::Cow;

pub const BIFS: &[Bif] = &[
    bif("unicode", "characters_to_binary", 2, |c, a| convert(c, a, Out::Binary)),
    bif("unicode", "characters_to_list", 2, |c, a| convert(c, a, Out::List)),
    bif("unicode", "bin_is_7bit", 1, bin_is_7bit),
];

#[derive(Clone, Copy, PartialEq)]
enum Out {
    Binary,
    List,
}

enum Stop {
    BadArg,
    /// The rest of the input, innermost part first.
    Error(Term),
    Memory,
}

impl From<crate::arena::OutOfMemory> for Stop {
    fn from(_: crate::arena::OutOfMemory) -> Stop {
        Stop::Memory
    }
}

fn bin_is_7bit(c: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    match c.mem().binary_to_vec(a[0]) {
        Some(b) => Ok(Term::bool(b.is_ascii())),
        None => Ok(Term::bool(false)),
    }
}

fn convert(c: &mut Ctx<'_>, a: &[Term], out: Out) -> BifResult {
    let latin1 = match a[1].as_atom().map(|e| c.sys.atoms.name(e)) {
        Some("latin1") => true,
        Some("unicode" | "utf8") => false,
        Some(_) | None => {
            let f = c.atom(if out == Out::Binary { "characters_to_binary_int" } else { "characters_to_list_int" })?;
            let Some(f) = f.as_atom() else { return Err(c.badarg()) };
            return Err(c.trap(am::UNICODE, f, a));
        }
    };
    let (state, all) = c.resume::<Decoder>();
    let mut d = state.map_or_else(|| Decoder::new(a[0], latin1), |d| *d);
    let mut steps = all;
    let result = d.all(c, out, &mut steps);
    c.worked(all - steps);
    match result {
        Ok(Some(t)) => Ok(t),
        Ok(None) => Err(c.suspend(Box::new(d), a)),
        Err(f) => Err(f),
    }
}

/// Bytes that are decoded, or characters that are put into a list, in one step.
const STEP_BYTES: usize = 16;

struct Decoder {
    text: String,
    /// The first bytes of a code point that goes on in the next binary.
    pending: Vec<u8>,
    latin1: bool,
    /// What comes next, unless all is read.
    next: Option<Term>,
    /// Tails of the lists that are being walked, outermost first.
    tails: Vec<Term>,
    /// Bytes of the next binary that are decoded.
    from: usize,
    /// How the input ended, and what was made of the text's end already, when that is to be a list.
    end: Option<(Result<(), Stop>, Term)>,
}

impl Decoder {
    fn new(data: Term, latin1: bool) -> Decoder {
        Decoder {
            text: String::new(),
            pending: Vec::new(),
            latin1,
            next: Some(data),
            tails: Vec::new(),
            from: 0,
            end: None,
        }
    }

    /// The function's result, or nothing when the steps are used up.
    fn all(&mut self, c: &mut Ctx<'_>, out: Out, steps: &mut usize) -> Result<Option<Term>, Fault> {
        if self.end.is_none() {
            match self.run(c, steps) {
                Ok(false) if self.text.len() as u64 > c.arena().limit() => return Err(Fault::Memory),
                Ok(false) => return Ok(None),
                Ok(true) => self.end = Some((Ok(()), Term::NIL)),
                Err(stop) => self.end = Some((Err(stop), Term::NIL)),
            }
        }
        let Some((end, list)) = &mut self.end else { return Ok(None) };
        let result = match out {
            Out::Binary => c.binary(self.text.as_bytes())?,
            Out::List => {
                while let Some(ch) = self.text.chars().next_back() {
                    if *steps == 0 {
                        return Ok(None);
                    }
                    *steps -= 1;
                    *list = c.cons(Term::small(ch as i64), *list)?;
                    self.text.pop();
                }
                *list
            }
        };
        match end {
            Ok(()) if self.pending.is_empty() => Ok(Some(result)),
            Ok(()) => {
                let rest = c.binary(&self.pending)?;
                let tag = if is_cut(&self.pending) { c.atom("incomplete")? } else { Term::atom(am::ERROR) };
                c.tuple(&[tag, result, rest]).map(Some)
            }
            Err(Stop::Error(rest)) => c.tuple(&[Term::atom(am::ERROR), result, *rest]).map(Some),
            Err(Stop::BadArg) => Err(c.badarg()),
            Err(Stop::Memory) => Err(Fault::Memory),
        }
    }

    /// Reads the input; `false` when the steps are used up.
    fn run(&mut self, c: &mut Ctx<'_>, steps: &mut usize) -> Result<bool, Stop> {
        let m = c.mem();
        while let Some(t) = self.next {
            if *steps == 0 {
                return Ok(false);
            }
            *steps -= 1;
            if t.is_list() {
                let (head, tail) = (m.head(t), m.tail(t));
                if head.is_list() || head.is_nil() {
                    self.tails.push(tail);
                    self.next = Some(head);
                    continue;
                }
                if m.is_integer(head) {
                    let good = if self.pending.is_empty() { self.code_point(head) } else { false };
                    if !good {
                        return Err(self.error(c, t)?);
                    }
                } else {
                    match self.element(c, head, steps)? {
                        Bytes::Good => {}
                        Bytes::More => return Ok(false),
                        Bytes::Bad => return Err(self.wrong_bytes(c, Some(tail))?),
                        Bytes::NoEnd => return Err(self.unended(c, t)?),
                    }
                }
                self.next = Some(tail);
                continue;
            }
            if !t.is_nil() {
                // An improper tail, or the whole input, must be a binary.
                match self.element(c, t, steps)? {
                    Bytes::Good => {}
                    Bytes::More => return Ok(false),
                    Bytes::Bad => return Err(self.wrong_bytes(c, None)?),
                    Bytes::NoEnd => return Err(self.unended(c, t)?),
                }
            }
            self.next = self.tails.pop();
        }
        Ok(true)
    }

    fn code_point(&mut self, t: Term) -> bool {
        let v = t.as_small().and_then(|v| u32::try_from(v).ok());
        let limit = if self.latin1 { 0xFF } else { 0x10FFFF };
        match v.filter(|v| *v <= limit).and_then(char::from_u32) {
            Some(ch) => {
                self.text.push(ch);
                true
            }
            None => false,
        }
    }

    /// The error at a code point, or at one that should have continued what is pending.
    fn error(&mut self, c: &mut Ctx<'_>, list: Term) -> Result<Stop, Stop> {
        if self.pending.is_empty() { wrap(c, list, &self.tails) } else { self.unended(c, list) }
    }

    /// The error in bytes that no code point begins with, which are pending: they stand where they stood.
    fn wrong_bytes(&mut self, c: &mut Ctx<'_>, tail: Option<Term>) -> Result<Stop, Stop> {
        let bytes = crate::heap::binary::from_bytes(c, &std::mem::take(&mut self.pending))?;
        let rest = match tail {
            Some(tail) => build::cons(c, bytes, tail)?,
            None => bytes,
        };
        wrap(c, rest, &self.tails)
    }

    /// The error after the beginning of a code point that doesn't go on: `[Pending, Rest]`, or what is pending alone when nothing follows. `after`
    /// follows in the innermost list.
    fn unended(&mut self, c: &mut Ctx<'_>, after: Term) -> Result<Stop, Stop> {
        let bytes = crate::heap::binary::from_bytes(c, &std::mem::take(&mut self.pending))?;
        let mut rest = after;
        for tail in self.tails.iter().rev() {
            rest = if rest.is_nil() { *tail } else { build::cons(c, rest, *tail)? };
        }
        if rest.is_nil() {
            return Ok(Stop::Error(bytes));
        }
        let last = build::cons(c, rest, Term::NIL)?;
        Ok(Stop::Error(build::cons(c, bytes, last)?))
    }

    /// Decodes a binary. What is pending is completed by its first bytes; bytes that don't suffice are added to it unseen, as in OTP.
    fn element(&mut self, c: &mut Ctx<'_>, t: Term, steps: &mut usize) -> Result<Bytes, Stop> {
        let m = c.mem();
        let bits = m.bits(t).filter(|b| m.is_bitstring(t) && b.len % 8 == 0).ok_or(Stop::BadArg)?;
        let all = (bits.len / 8) as usize;
        let part = |from: usize, n: usize| {
            let b = bits.part(from as u64 * 8, n as u64 * 8);
            b.aligned_bytes(m).map_or_else(|| Cow::Owned(b.to_vec(m)), Cow::Borrowed)
        };
        if let Some(length) = self.pending.first().and_then(|b| sequence_length(*b))
            && !self.latin1
        {
            let more = part(0, all.min(length.saturating_sub(self.pending.len())));
            if self.pending.len() + more.len() < length {
                self.pending.extend_from_slice(&more);
                return Ok(Bytes::Good);
            }
            let whole: Vec<u8> = self.pending.iter().chain(more.iter()).copied().collect();
            match std::str::from_utf8(&whole) {
                Ok(text) => self.text.push_str(text),
                Err(_) => return Ok(Bytes::NoEnd),
            }
            self.pending.clear();
            self.from = more.len();
        }
        let now = (all - self.from).min((*steps + 1).saturating_mul(STEP_BYTES));
        *steps = steps.saturating_sub(now / STEP_BYTES);
        let bytes = part(self.from, now);
        let last = self.from + now == all;
        if self.latin1 {
            self.text.extend(bytes.iter().map(|b| *b as char));
            self.from += now;
        } else {
            match std::str::from_utf8(&bytes) {
                Ok(text) => {
                    self.text.push_str(text);
                    self.from += now;
                }
                Err(e) => {
                    let (good, _) = bytes.split_at(e.valid_up_to());
                    self.text.push_str(&String::from_utf8_lossy(good));
                    self.from += good.len();
                    if last || e.error_len().is_some() {
                        let bad = part(self.from, all - self.from).into_owned();
                        self.pending = bad;
                        self.from = 0;
                        return Ok(if is_short(&self.pending) { Bytes::Good } else { Bytes::Bad });
                    }
                }
            }
        }
        if !last {
            return Ok(Bytes::More);
        }
        self.from = 0;
        Ok(Bytes::Good)
    }
}

/// What came of a binary.
enum Bytes {
    Good,
    /// The steps are used up before its end.
    More,
    /// What is pending begins with a byte that begins nothing, or is wrong as a whole.
    Bad,
    /// It doesn't end the code point that is pending.
    NoEnd,
}

/// Bytes of the code point that begins with this one.
fn sequence_length(first: u8) -> Option<usize> {
    match first {
        0xC0..=0xDF => Some(2),
        0xE0..=0xEF => Some(3),
        0xF0..=0xF7 => Some(4),
        _ => None,
    }
}

/// Are these fewer bytes than their first one announces?
fn is_short(bytes: &[u8]) -> bool {
    bytes.first().and_then(|b| sequence_length(*b)).is_some_and(|length| bytes.len() < length)
}

/// Are these the first bytes of a code point as OTP sees it, whatever the value that they begin?
fn is_cut(bytes: &[u8]) -> bool {
    is_short(bytes) && bytes.iter().skip(1).all(|b| b & 0xC0 == 0x80)
}

/// The rest of the innermost list, put in front of what is left of the lists around it.
fn wrap(c: &mut Ctx<'_>, rest: Term, tails: &[Term]) -> Result<Stop, Stop> {
    let mut t = rest;
    for tail in tails.iter().rev() {
        t = build::cons(c, t, *tail)?;
    }
    Ok(Stop::Error(t))
}
