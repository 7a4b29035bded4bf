//! Bytes to terms.
//!
//! Values wait on a stack until the term around them is complete, so what the bytes get wrong leaves no half-made object.

use super::super::external::{self, MAX_REF_NUMBERS, Node};
use super::super::refs::{self, RefId};
use super::super::{Alloc, binary, build, map, number, owner};
use super::{FunInfo, Refused, Tables, VERSION, local_hash, tag, unpack};
use crate::atom::{Atom, am};
use crate::term::{Term, object};
use num_bigint::{BigInt, Sign};

/// Why bytes are no term.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bad {
    /// The bytes are wrong, or name something that `safe` forbids to make.
    Term,
    TooManyAtoms,
    Memory,
}

impl From<Refused> for Bad {
    fn from(r: Refused) -> Bad {
        match r {
            Refused::Unsafe => Bad::Term,
            Refused::TooManyAtoms => Bad::TooManyAtoms,
        }
    }
}

/// A decoded term.
pub struct Decoded {
    pub term: Term,
    /// Bytes that it took, the version byte included.
    pub used: usize,
}

/// Decodes an encoding that starts with the version byte at once; bytes after it are left alone.
pub fn decode(
    a: &mut dyn Alloc,
    tables: &mut dyn Tables,
    empty_tuple: Term,
    bytes: &[u8],
    safe: bool,
) -> Result<Decoded, Bad> {
    let mut d = Decoding::new(safe);
    loop {
        if let Some(done) = d.run(a, tables, empty_tuple, bytes, &mut usize::MAX.clone())? {
            return Ok(done);
        }
    }
}

/// A decoding in the making, which can be left and gone on with, with the same bytes, as long as no term moves in between.
pub struct Decoding {
    safe: bool,
    /// What was packed, and how many bytes that took.
    plain: Option<(Vec<u8>, usize)>,
    state: State,
}

impl Decoding {
    pub fn new(safe: bool) -> Decoding {
        Decoding { safe, plain: None, state: State::default() }
    }

    /// Goes on for about as many steps, of which it uses up what it takes; the term when it is done.
    pub fn run(
        &mut self,
        a: &mut dyn Alloc,
        tables: &mut dyn Tables,
        empty_tuple: Term,
        bytes: &[u8],
        steps: &mut usize,
    ) -> Result<Option<Decoded>, Bad> {
        if !self.state.started {
            self.state.started = true;
            match bytes {
                [VERSION, tag::COMPRESSED, rest @ ..] => {
                    let plain = unpack(rest, a.arena().limit()).ok_or(Bad::Term)?;
                    *steps = steps.saturating_sub(plain.0.len() / 100);
                    self.plain = Some(plain);
                }
                [VERSION, ..] => self.state.at = 1,
                _ => return Err(Bad::Term),
            }
        }
        let bytes = self.plain.as_ref().map_or(bytes, |(plain, _)| plain.as_slice());
        let s = std::mem::take(&mut self.state);
        let mut d = Decoder { a, tables, empty_tuple, bytes, safe: self.safe, s };
        let term = d.run(steps)?;
        self.state = d.s;
        let used = self.plain.as_ref().map_or(self.state.at, |(_, used)| 2 + used);
        Ok(term.map(|term| Decoded { term, used }))
    }
}

/// A term whose parts are being read.
enum Frame {
    Tuple,
    /// Elements and tail.
    List,
    Map,
    Fun(FunInfo),
}

struct Open {
    frame: Frame,
    /// Where its values begin on the stack of values.
    base: usize,
    /// Values that it needs.
    need: usize,
}

#[derive(Default)]
struct State {
    started: bool,
    at: usize,
    /// A `local` encoding: `[]` stands for this node. The hash that guards it, and where the bytes begin that it guards.
    local: Option<(u32, usize)>,
    values: Vec<Term>,
    open: Vec<Open>,
    /// A large map whose pairs are complete.
    map: Option<(map::Stepwise, usize)>,
}

struct Decoder<'a> {
    a: &'a mut dyn Alloc,
    tables: &'a mut dyn Tables,
    empty_tuple: Term,
    bytes: &'a [u8],
    safe: bool,
    s: State,
}

/// Pairs of a map that is built at once.
const SMALL_MAP: usize = 1000;

impl<'a> Decoder<'a> {
    fn take(&mut self, n: usize) -> Result<&'a [u8], Bad> {
        let end = self.s.at.checked_add(n).ok_or(Bad::Term)?;
        let s = self.bytes.get(self.s.at..end).ok_or(Bad::Term)?;
        self.s.at = end;
        Ok(s)
    }
    fn u8(&mut self) -> Result<u8, Bad> {
        self.take(1)?.first().copied().ok_or(Bad::Term)
    }
    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Bad> {
        self.take(N)?.first_chunk::<N>().copied().ok_or(Bad::Term)
    }
    fn u16(&mut self) -> Result<u16, Bad> {
        Ok(u16::from_be_bytes(self.fixed()?))
    }
    fn u32(&mut self) -> Result<u32, Bad> {
        Ok(u32::from_be_bytes(self.fixed()?))
    }
    fn u64(&mut self) -> Result<u64, Bad> {
        Ok(u64::from_be_bytes(self.fixed()?))
    }

    /// A number of terms that follow: each takes a byte at least.
    fn count(&mut self, n: u64) -> Result<usize, Bad> {
        let left = (self.bytes.len() - self.s.at) as u64;
        if n <= left { Ok(n as usize) } else { Err(Bad::Term) }
    }

    /// The term, or nothing when the steps are used up.
    fn run(&mut self, steps: &mut usize) -> Result<Option<Term>, Bad> {
        if self.s.at <= 1 && self.s.local.is_none() && self.bytes.get(self.s.at) == Some(&tag::LOCAL) {
            self.s.at += 1;
            let hash = self.u32()?;
            self.s.local = Some((hash, self.s.at));
        }
        loop {
            if *steps == 0 {
                return Ok(None);
            }
            *steps -= 1;
            if !self.is_complete() {
                let from = self.s.at;
                if let Some(t) = self.one()? {
                    self.s.values.push(t);
                }
                *steps = steps.saturating_sub((self.s.at - from) / 1024);
            }
            // Whatever is complete now is made.
            while self.is_complete() {
                if !self.close(steps)? {
                    return Ok(None);
                }
            }
            if self.s.open.is_empty() {
                break;
            }
        }
        if let Some((hash, from)) = self.s.local
            && local_hash(self.tables.salt(), self.bytes.get(from..self.s.at).unwrap_or(&[])) != hash
        {
            return Err(Bad::Term);
        }
        self.s.values.pop().map(Some).ok_or(Bad::Term)
    }

    /// Are all parts of the innermost open term there?
    fn is_complete(&self) -> bool {
        self.s.open.last().is_some_and(|o| self.s.values.len() >= o.base + o.need)
    }

    /// Makes the innermost term, whose parts are all there; `false` when that takes more steps than are left.
    fn close(&mut self, steps: &mut usize) -> Result<bool, Bad> {
        let Some(o) = self.s.open.last_mut() else { return Ok(true) };
        match o.frame {
            // A part of a long list from its end: that part is the tail of the rest.
            Frame::List if o.need > steps.saturating_add(2) => {
                let parts = self.s.values.split_off(o.base + o.need - *steps - 2);
                o.need -= parts.len() - 1;
                let part = self.finish(Frame::List, &parts)?;
                self.s.values.push(part);
                *steps = 0;
                return Ok(false);
            }
            Frame::Map if o.need > 2 * SMALL_MAP => {
                let base = o.base;
                let (mut map, n) = match self.s.map.take() {
                    Some(map) => map,
                    None => {
                        let parts = self.s.values.get(base..).unwrap_or(&[]);
                        let pairs: Vec<(Term, Term)> = parts.chunks_exact(2).map(|p| (p[0], p[1])).collect();
                        let n = pairs.len();
                        (map::Stepwise::new(pairs), n)
                    }
                };
                let Some(done) = map.run(self.a, &Plain(&*self.tables), steps)? else {
                    self.s.map = Some((map, n));
                    return Ok(false);
                };
                if self.a.mem().map_size(done) != n {
                    return Err(Bad::Term);
                }
                self.s.values.truncate(base);
                self.s.values.push(done);
                self.s.open.pop();
                return Ok(true);
            }
            _ => {}
        }
        if let Some(o) = self.s.open.pop() {
            let parts = self.s.values.split_off(o.base);
            *steps = steps.saturating_sub(parts.len());
            let t = self.finish(o.frame, &parts)?;
            self.s.values.push(t);
        }
        Ok(true)
    }

    fn finish(&mut self, frame: Frame, parts: &[Term]) -> Result<Term, Bad> {
        Ok(match frame {
            Frame::Tuple => build::tuple(self.a, parts)?,
            Frame::List => match parts.split_last() {
                Some((tail, elements)) => build::list_with_tail(self.a, elements, *tail)?,
                None => return Err(Bad::Term),
            },
            Frame::Map => {
                let pairs: Vec<(Term, Term)> = parts.chunks_exact(2).map(|p| (p[0], p[1])).collect();
                let m = map::from_pairs(self.a, &Plain(&*self.tables), &pairs)?;
                if self.a.mem().map_size(m) != pairs.len() {
                    return Err(Bad::Term);
                }
                m
            }
            Frame::Fun(info) => self.fun(info, parts)?,
        })
    }

    fn expect(&mut self, frame: Frame, need: usize) -> Result<Option<Term>, Bad> {
        self.s.open.push(Open { frame, base: self.s.values.len(), need });
        Ok(None)
    }

    /// Reads a tag and what belongs to it: a whole term, or the start of one.
    fn one(&mut self) -> Result<Option<Term>, Bad> {
        let tag = self.u8()?;
        Ok(Some(match tag {
            tag::SMALL_INTEGER => Term::small(self.u8()? as i64),
            tag::INTEGER => Term::small(self.u32()? as i32 as i64),
            tag::SMALL_BIG | tag::LARGE_BIG => self.big(tag)?,
            tag::NEW_FLOAT => {
                let f = f64::from_bits(self.u64()?);
                if !f.is_finite() {
                    return Err(Bad::Term);
                }
                build::float(self.a, f)?
            }
            tag::FLOAT => {
                let text = self.take(31)?;
                let text = text.split(|b| *b == 0).next().unwrap_or(&[]);
                let text = std::str::from_utf8(text).map_err(|_| Bad::Term)?;
                let plain = text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
                match text.parse::<f64>() {
                    Ok(f) if f.is_finite() && plain => build::float(self.a, f)?,
                    _ => return Err(Bad::Term),
                }
            }
            tag::ATOM
            | tag::SMALL_ATOM
            | tag::ATOM_UTF8
            | tag::SMALL_ATOM_UTF8
            | tag::NUMBERED_ATOM2
            | tag::NUMBERED_ATOM3 => Term::atom(self.atom(tag)?),
            tag::NIL => Term::NIL,
            tag::STRING => {
                let n = self.u16()? as usize;
                let bytes = self.take(n)?;
                build::byte_list(self.a, bytes, Term::NIL)?
            }
            tag::LIST => {
                let n = self.u32()? as u64;
                let n = self.count(n)?;
                return self.expect(Frame::List, n + 1);
            }
            tag::SMALL_TUPLE | tag::LARGE_TUPLE => {
                let n = if tag == tag::SMALL_TUPLE { self.u8()? as u64 } else { self.u32()? as u64 };
                let n = self.count(n)?;
                if n > object::MAX_TUPLE {
                    return Err(Bad::Term);
                }
                if n > 0 {
                    return self.expect(Frame::Tuple, n);
                }
                self.empty_tuple
            }
            tag::MAP => {
                let n = self.u32()? as u64 * 2;
                let n = self.count(n)?;
                if n > 0 {
                    return self.expect(Frame::Map, n);
                }
                map::empty(self.a)?
            }
            tag::BINARY => {
                let n = self.u32()? as usize;
                let bytes = self.take(n)?;
                binary::from_bytes(self.a, bytes)?
            }
            tag::BIT_BINARY => {
                let n = self.u32()? as usize;
                let last = self.u8()? as u64;
                if (last == 0) != (n == 0) || last > 8 {
                    return Err(Bad::Term);
                }
                let bytes = self.take(n)?;
                binary::bits_from_bytes(self.a, bytes, (n as u64 * 8).saturating_sub(8) + last)?
            }
            tag::PID | tag::NEW_PID => self.pid(tag)?,
            tag::PORT | tag::NEW_PORT | tag::V4_PORT => self.port(tag)?,
            tag::REFERENCE | tag::NEW_REFERENCE | tag::NEWER_REFERENCE => self.reference(tag)?,
            tag::EXPORT => {
                let (module, function) = (self.any_atom()?, self.any_atom()?);
                let arity = match self.u8()? {
                    tag::SMALL_INTEGER => self.u8()?,
                    tag::INTEGER => u8::try_from(self.u32()?).map_err(|_| Bad::Term)?,
                    _ => return Err(Bad::Term),
                };
                let export = self.tables.export(module, function, arity, self.safe)?;
                let at = self.a.words(2)?;
                self.a.mem().set_word(at, 0, object::fun_header(arity as u32, 0));
                self.a.mem().set_word(at, 1, export);
                Term::boxed_at(at)
            }
            tag::NEW_FUN => return self.open_fun(),
            _ => return Err(Bad::Term),
        }))
    }

    fn big(&mut self, tag: u8) -> Result<Term, Bad> {
        let n = if tag == tag::SMALL_BIG { self.u8()? as usize } else { self.u32()? as usize };
        let sign = self.u8()?;
        let digits = self.take(n)?;
        let v = BigInt::from_bytes_le(if sign == 0 { Sign::Plus } else { Sign::Minus }, digits);
        number::from_big_checked(self.a, &v).map_err(|e| match e {
            number::ArithError::Memory => Bad::Memory,
            _ => Bad::Term,
        })
    }

    fn any_atom(&mut self) -> Result<Atom, Bad> {
        let tag = self.u8()?;
        self.atom(tag)
    }

    fn atom(&mut self, tag: u8) -> Result<Atom, Bad> {
        let n = match tag {
            tag::ATOM | tag::ATOM_UTF8 => self.u16()? as usize,
            tag::SMALL_ATOM | tag::SMALL_ATOM_UTF8 => self.u8()? as usize,
            tag::NUMBERED_ATOM2 => {
                let number = self.u16()?.into();
                return self.tables.numbered(number).ok_or(Bad::Term);
            }
            tag::NUMBERED_ATOM3 => {
                let [a, b, c] = self.fixed()?;
                return self.tables.numbered(u32::from_be_bytes([0, a, b, c])).ok_or(Bad::Term);
            }
            _ => return Err(Bad::Term),
        };
        let bytes = self.take(n)?;
        let latin: String;
        let name = if matches!(tag, tag::ATOM | tag::SMALL_ATOM) {
            latin = bytes.iter().map(|b| *b as char).collect();
            latin.as_str()
        } else {
            std::str::from_utf8(bytes).map_err(|_| Bad::Term)?
        };
        Ok(self.tables.intern(name, self.safe)?)
    }

    /// The node of an identifier: its name, or `None` for this node in a `local` encoding.
    fn node(&mut self) -> Result<Option<Atom>, Bad> {
        match self.u8()? {
            tag::NIL if self.s.local.is_some() => Ok(None),
            tag => self.atom(tag).map(Some),
        }
    }

    fn creation(&mut self, long: bool) -> Result<u32, Bad> {
        if long { self.u32() } else { Ok(self.u8()? as u32 & 3) }
    }

    /// The node as a foreign one, if it is not this.
    fn foreign(name: Option<Atom>, creation: u32) -> Option<Node> {
        let name = name?;
        (name != am::NONAME || creation != 0).then_some(Node { name, creation })
    }

    fn pid(&mut self, tag: u8) -> Result<Term, Bad> {
        let name = self.node()?;
        let (number, serial) = (self.u32()?, self.u32()?);
        let creation = self.creation(tag == tag::NEW_PID)?;
        Ok(match Self::foreign(name, creation) {
            Some(node) => external::pid(self.a, node, number as u64 | (serial as u64) << 32)?,
            None if number < 1 << 28 => Term::pid(number as u64 | (serial as u64) << 28),
            None => return Err(Bad::Term),
        })
    }

    fn port(&mut self, tag: u8) -> Result<Term, Bad> {
        let name = self.node()?;
        let number = if tag == tag::V4_PORT { self.u64()? } else { self.u32()? as u64 };
        let creation = self.creation(tag != tag::PORT)?;
        Ok(match Self::foreign(name, creation) {
            Some(node) => external::port(self.a, node, number)?,
            None if number < 1 << 60 => Term::port(number),
            None => return Err(Bad::Term),
        })
    }

    fn reference(&mut self, tag: u8) -> Result<Term, Bad> {
        let count = if tag == tag::REFERENCE { 1 } else { self.u16()? as usize };
        if count == 0 || count > MAX_REF_NUMBERS {
            return Err(Bad::Term);
        }
        let name = self.node()?;
        let mut numbers = Vec::with_capacity(count);
        let creation = if tag == tag::REFERENCE {
            numbers.push(self.u32()?);
            self.creation(false)?
        } else {
            let c = self.creation(tag == tag::NEWER_REFERENCE)?;
            for _ in 0..count {
                numbers.push(self.u32()?);
            }
            c
        };
        Ok(match (Self::foreign(name, creation), &numbers[..]) {
            (Some(node), _) => external::reference(self.a, node, &numbers)?,
            (None, [a, b, c]) => owner::find(self.a, RefId::from_numbers([*a, *b, *c]))?,
            (None, [a, b, c, low, high]) => {
                let pid = Term(*low as u64 | (*high as u64) << 32);
                if !pid.is_local_pid() {
                    return Err(Bad::Term);
                }
                refs::make_alias(self.a, RefId::from_numbers([*a, *b, *c]), pid)?
            }
            _ => return Err(Bad::Term),
        })
    }

    /// The fixed part of a fun; its environment follows.
    fn open_fun(&mut self) -> Result<Option<Term>, Bad> {
        // The size is not to be relied on: OTP wrote wrong ones for years.
        self.u32()?;
        let arity = self.u8()?;
        let uniq = self.fixed::<16>()?;
        let index = self.u32()?;
        let free = self.u32()? as u64;
        let num_free = self.count(free)?;
        let module = self.any_atom()?;
        let (old_index, old_uniq) = (self.integer()?, self.integer()?);
        match self.u8()? {
            tag @ (tag::PID | tag::NEW_PID) => self.pid(tag)?,
            _ => return Err(Bad::Term),
        };
        if arity as usize + num_free > 255 {
            return Err(Bad::Term);
        }
        let info = FunInfo {
            module,
            index,
            old_index: old_index as u32,
            old_uniq: old_uniq as u32,
            uniq,
            arity,
            num_free: num_free as u32,
        };
        if num_free == 0 {
            return self.fun(info, &[]).map(Some);
        }
        self.expect(Frame::Fun(info), num_free)
    }

    fn integer(&mut self) -> Result<i64, Bad> {
        match self.u8()? {
            tag::SMALL_INTEGER => Ok(self.u8()? as i64),
            tag::INTEGER => Ok(self.u32()? as i32 as i64),
            tag::SMALL_BIG => {
                let t = self.big(tag::SMALL_BIG)?;
                t.as_small().ok_or(Bad::Term)
            }
            _ => Err(Bad::Term),
        }
    }

    fn fun(&mut self, info: FunInfo, free: &[Term]) -> Result<Term, Bad> {
        let (arity, n) = (info.arity, free.len() as u32);
        let entry = self.tables.fun_entry(info, self.safe)?;
        // The module may be loaded already: its code relies on what it knows of the fun.
        if !self.tables.fun(entry).is_some_and(|f| f.arity == arity && f.num_free == n) {
            return Err(Bad::Term);
        }
        let words = 2 + n + 1;
        let at = self.a.words(words + object::FUN_REF_WORDS)?;
        let mem = self.a.mem();
        let reference = at + 8 * words;
        mem.set_word(at, 0, object::fun_header(arity as u32, n + 1));
        mem.set_word(at, 1, entry);
        for (i, t) in free.iter().enumerate() {
            mem.set(at, 2 + i as u32, *t);
        }
        mem.set(at, 2 + n, Term::boxed_at(reference));
        mem.set_word(reference, 0, object::FUN_REF_HEADER);
        mem.set_word(reference, 1, entry);
        self.a.off_heap().link(mem, reference, 0);
        Ok(Term::boxed_at(at))
    }
}

/// Tables as the plain names that maps are ordered by.
struct Plain<'a>(&'a dyn Tables);

impl crate::term::Names for Plain<'_> {
    fn atom_name(&self, atom: Atom) -> &str {
        self.0.atom_name(atom)
    }
    fn fun_key(&self, entry: u64) -> Option<crate::term::FunKey> {
        self.0.fun_key(entry)
    }
    fn export_mfa(&self, export: u64) -> Option<(Atom, Atom, u8)> {
        self.0.export_mfa(export)
    }
}
