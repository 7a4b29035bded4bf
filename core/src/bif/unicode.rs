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
            let tag = c.atom("incomplete")?;
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
                } else if let Some(at) = self.element(c, head)? {
                    let rest = self.rest_of(c, head, at)?;
                    let rest = build::cons(c, rest, tail)?;
                    return Err(wrap(c, rest, &tails)?);
                }
                t = tail;
                continue;
            }
            if !t.is_nil() {
                // An improper tail, or the whole input, must be a binary.
                if let Some(at) = self.element(c, t)? {
                    let rest = self.rest_of(c, t, at)?;
                    return Err(wrap(c, rest, &tails)?);
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
        if self.pending.is_empty() {
            return wrap(c, list, tails);
        }
        let inner = match wrap(c, list, tails)? {
            Stop::Error(t) => t,
            other => return Ok(other),
        };
        let bytes = crate::heap::binary::from_bytes(c, &self.pending)?;
        let last = build::cons(c, inner, Term::NIL)?;
        Ok(Stop::Error(build::cons(c, bytes, last)?))
    }

    /// Decodes a binary; `Some(n)`: the byte at which it is wrong (counted with what was pending).
    fn element(&mut self, c: &mut Ctx<'_>, t: Term) -> Result<Option<usize>, Stop> {
        let m = c.mem();
        let Some(bytes) = m.binary_to_vec(t) else { return Err(Stop::BadArg) };
        if self.latin1 {
            self.text.extend(bytes.iter().map(|b| *b as char));
            return Ok(None);
        }
        let mut all = std::mem::take(&mut self.pending);
        all.extend_from_slice(&bytes);
        match std::str::from_utf8(&all) {
            Ok(s) => {
                self.text.push_str(s);
                Ok(None)
            }
            Err(e) => {
                let good = e.valid_up_to();
                self.text.push_str(&String::from_utf8_lossy(&all[..good]));
                if e.error_len().is_none() {
                    self.pending = all.split_off(good);
                    return Ok(None);
                }
                self.pending = all;
                Ok(Some(good))
            }
        }
    }

    /// The undecoded bytes from `at` on.
    fn rest_of(&mut self, c: &mut Ctx<'_>, _: Term, at: usize) -> Result<Term, Stop> {
        let all = std::mem::take(&mut self.pending);
        Ok(crate::heap::binary::from_bytes(c, all.get(at..).unwrap_or(&[]))?)
    }
}

/// The rest of the innermost list, put in front of what is left of the lists around it.
fn wrap(c: &mut Ctx<'_>, rest: Term, tails: &[Term]) -> Result<Stop, Stop> {
    let mut t = rest;
    for tail in tails.iter().rev() {
        t = build::cons(c, t, *tail)?;
    }
    Ok(Stop::Error(t))
}
