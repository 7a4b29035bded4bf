//! `unicode:characters_to_binary/2`, `characters_to_list/2`, `bin_is_7bit/1`, for the encodings latin1 and utf8; the others
//! are Erlang code in OTP's `unicode`, which is trapped to.
//!
//! A code point may be split over binaries of a list. What can't be decoded is returned as `{error | incomplete, Done, Rest}`
//! with the rest of the input nested as OTP nests it.

use super::{Bif, BifResult, Ctx, Fault, bif};
use crate::atom::am;
use crate::heap::Alloc;
use crate::heap::build;
use crate::term::Term;

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
    let mut d = Decoder { text: String::new(), pending: Vec::new(), latin1 };
    let end = d.run(c, a[0]);
    c.charge(d.text.len() / 20);
    let result = match out {
        Out::Binary => c.binary(d.text.as_bytes())?,
        Out::List => c.string(&d.text)?,
    };
    match end {
        Ok(()) if d.pending.is_empty() => Ok(result),
        Ok(()) => {
            let rest = c.binary(&d.pending)?;
            let tag = if is_cut(&d.pending) { c.atom("incomplete")? } else { Term::atom(am::ERROR) };
            c.tuple(&[tag, result, rest])
        }
        Err(Stop::Error(rest)) => c.tuple(&[Term::atom(am::ERROR), result, rest]),
        Err(Stop::BadArg) => Err(c.badarg()),
        Err(Stop::Memory) => Err(Fault::Memory),
    }
}

struct Decoder {
    text: String,
    /// The first bytes of a code point that goes on in the next binary.
    pending: Vec<u8>,
    latin1: bool,
}

impl Decoder {
    fn run(&mut self, c: &mut Ctx<'_>, data: Term) -> Result<(), Stop> {
        let m = c.mem();
        // Tails of the lists that are being walked, outermost first.
        let mut tails: Vec<Term> = Vec::new();
        let mut t = data;
        loop {
            if t.is_list() {
                let (head, tail) = (m.head(t), m.tail(t));
                if head.is_list() || head.is_nil() {
                    tails.push(tail);
                    t = head;
                    continue;
                }
                if m.is_integer(head) {
                    let good = if self.pending.is_empty() { self.code_point(head) } else { false };
                    if !good {
                        return Err(self.error(c, t, &tails)?);
                    }
                } else {
                    match self.element(c, head)? {
                        Bytes::Good => {}
                        Bytes::Bad => return Err(self.wrong_bytes(c, Some(tail), &tails)?),
                        Bytes::NoEnd => return Err(self.unended(c, t, &tails)?),
                    }
                }
                t = tail;
                continue;
            }
            if !t.is_nil() {
                // An improper tail, or the whole input, must be a binary.
                match self.element(c, t)? {
                    Bytes::Good => {}
                    Bytes::Bad => return Err(self.wrong_bytes(c, None, &tails)?),
                    Bytes::NoEnd => return Err(self.unended(c, t, &tails)?),
                }
            }
            match tails.pop() {
                Some(next) => t = next,
                None => return Ok(()),
            }
        }
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
    fn error(&mut self, c: &mut Ctx<'_>, list: Term, tails: &[Term]) -> Result<Stop, Stop> {
        if self.pending.is_empty() { wrap(c, list, tails) } else { self.unended(c, list, tails) }
    }

    /// The error in bytes that no code point begins with, which are pending: they stand where they stood.
    fn wrong_bytes(&mut self, c: &mut Ctx<'_>, tail: Option<Term>, tails: &[Term]) -> Result<Stop, Stop> {
        let bytes = crate::heap::binary::from_bytes(c, &std::mem::take(&mut self.pending))?;
        let rest = match tail {
            Some(tail) => build::cons(c, bytes, tail)?,
            None => bytes,
        };
        wrap(c, rest, tails)
    }

    /// The error after the beginning of a code point that doesn't go on: `[Pending, Rest]`, or what is pending alone when nothing follows. `after`
    /// follows in the innermost list.
    fn unended(&mut self, c: &mut Ctx<'_>, after: Term, tails: &[Term]) -> Result<Stop, Stop> {
        let bytes = crate::heap::binary::from_bytes(c, &std::mem::take(&mut self.pending))?;
        let mut rest = after;
        for tail in tails.iter().rev() {
            rest = if rest.is_nil() { *tail } else { build::cons(c, rest, *tail)? };
        }
        if rest.is_nil() {
            return Ok(Stop::Error(bytes));
        }
        let last = build::cons(c, rest, Term::NIL)?;
        Ok(Stop::Error(build::cons(c, bytes, last)?))
    }

    /// Decodes a binary. What is pending is completed by its first bytes; bytes that don't suffice are added to it unseen, as in OTP.
    fn element(&mut self, c: &mut Ctx<'_>, t: Term) -> Result<Bytes, Stop> {
        let m = c.mem();
        let Some(bytes) = m.binary_to_vec(t) else { return Err(Stop::BadArg) };
        if self.latin1 {
            self.text.extend(bytes.iter().map(|b| *b as char));
            return Ok(Bytes::Good);
        }
        let mut rest = bytes.as_slice();
        if let Some(length) = self.pending.first().and_then(|b| sequence_length(*b)) {
            let (more, after) = rest.split_at(rest.len().min(length.saturating_sub(self.pending.len())));
            if self.pending.len() + more.len() < length {
                self.pending.extend_from_slice(more);
                return Ok(Bytes::Good);
            }
            let whole: Vec<u8> = self.pending.iter().chain(more).copied().collect();
            match std::str::from_utf8(&whole) {
                Ok(text) => self.text.push_str(text),
                Err(_) => return Ok(Bytes::NoEnd),
            }
            self.pending.clear();
            rest = after;
        }
        match std::str::from_utf8(rest) {
            Ok(text) => {
                self.text.push_str(text);
                Ok(Bytes::Good)
            }
            Err(e) => {
                let (good, bad) = rest.split_at(e.valid_up_to());
                self.text.push_str(&String::from_utf8_lossy(good));
                self.pending = bad.to_vec();
                Ok(if is_short(bad) { Bytes::Good } else { Bytes::Bad })
            }
        }
    }
}

/// What came of a binary.
enum Bytes {
    Good,
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
