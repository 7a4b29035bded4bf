//! From bytes to terms.
//!
//! Invariant: every count is checked against the bytes that are left before anything is made for it, the number of nodes is
//! bounded by [`MAX_NODES`], and depth costs heap, not stack. Not checked: that a map's keys differ.

use super::Value;
use super::tag;
use super::tree::{Assembler, Open};
use crate::compact::Reader;
use crate::error::{Error, ErrorKind};
use num_bigint::{BigInt, Sign};
use std::io::Read;

/// Most terms, sub-terms counted, that one decoding makes. A string of n characters is n terms.
pub const MAX_NODES: usize = 4 << 20;

/// Most bytes that a compressed term may unpack to.
pub(crate) const MAX_INFLATED: usize = 64 << 20;

/// OTP 27's own limit for integers, 4,194,304 bits, in bytes.
const MAX_BIG_BYTES: usize = 4_194_304 / 8;

/// Most characters of an atom.
pub(crate) const MAX_ATOM_CHARS: usize = 255;

/// A term with its version byte; nothing may follow.
pub fn decode(bytes: &[u8]) -> Result<Value, Error> {
    let mut budget = MAX_NODES;
    decode_counted(bytes, &mut budget)
}

/// As [`decode`], with a budget of nodes that several terms share.
pub(crate) fn decode_counted(bytes: &[u8], budget: &mut usize) -> Result<Value, Error> {
    let (value, used) = prefix(bytes, budget)?;
    match used == bytes.len() {
        true => Ok(value),
        false => Err(Error::new(None, used, ErrorKind::Invalid("bytes follow the end of the term"))),
    }
}

/// A term with its version byte, and how many bytes it took.
pub fn decode_prefix(bytes: &[u8]) -> Result<(Value, usize), Error> {
    let mut budget = MAX_NODES;
    prefix(bytes, &mut budget)
}

/// A term without the version byte, and how many bytes it took.
pub fn decode_bare(bytes: &[u8]) -> Result<(Value, usize), Error> {
    let mut budget = MAX_NODES;
    let mut reader = Reader::new(bytes);
    let value = term(&mut reader, &mut budget)?;
    Ok((value, reader.at))
}

fn prefix(bytes: &[u8], budget: &mut usize) -> Result<(Value, usize), Error> {
    let mut reader = Reader::new(bytes);
    if reader.u8("a term")? != tag::VERSION {
        return reader.fail(0, ErrorKind::Invalid("a term does not start with the byte 131"));
    }
    if bytes.get(1) != Some(&tag::COMPRESSED) {
        let value = term(&mut reader, budget)?;
        return Ok((value, reader.at));
    }
    reader.at = 2;
    let size = reader.u32("a compressed term")? as usize;
    let (plain, used) = inflate(bytes.get(6..).unwrap_or_default(), size)?;
    let mut inner = Reader::new(&plain);
    let value = term(&mut inner, budget)?;
    match inner.left() {
        0 => Ok((value, 6 + used)),
        _ => inner.fail(inner.at, ErrorKind::Invalid("bytes follow the end of the term")),
    }
}

/// Unpacks a zlib stream that must give exactly `size` bytes; also how many bytes of input it took.
pub(crate) fn inflate(bytes: &[u8], size: usize) -> Result<(Vec<u8>, usize), Error> {
    if size > MAX_INFLATED {
        let kind = ErrorKind::TooLarge { what: "unpacked data", limit: MAX_INFLATED };
        return Err(Error::new(None, 0, kind));
    }
    let mut decoder = flate2::bufread::ZlibDecoder::new(bytes);
    let mut plain = Vec::new();
    // One byte more than promised is enough to see that the promise is wrong.
    let read = decoder.by_ref().take(size as u64 + 1).read_to_end(&mut plain);
    let at = decoder.total_in() as usize;
    match read {
        Err(why) => Err(Error::new(None, at, ErrorKind::Compression(why.to_string()))),
        Ok(got) if got != size => Err(Error::new(
            None,
            at,
            ErrorKind::Compression("it does not unpack to the size that it states".to_owned()),
        )),
        Ok(_) => Ok((plain, at)),
    }
}

fn term(reader: &mut Reader<'_>, budget: &mut usize) -> Result<Value, Error> {
    let mut tree = Assembler::default();
    loop {
        let at = reader.at;
        *budget = match budget.checked_sub(1) {
            Some(left) => left,
            None => return reader.fail(at, too_many()),
        };
        if let Err(why) = node(reader, &mut tree, budget)? {
            return reader.fail(at, ErrorKind::Invalid(why));
        }
        if let Some(value) = tree.take() {
            return Ok(value);
        }
    }
}

fn too_many() -> ErrorKind {
    ErrorKind::TooLarge { what: "the number of terms", limit: MAX_NODES }
}

/// Reads one node into the tree. The inner error is a rule that the tree found broken.
fn node(r: &mut Reader<'_>, tree: &mut Assembler, budget: &mut usize) -> Result<Result<(), &'static str>, Error> {
    const WHAT: &str = "a term";
    let at = r.at;
    let leaf = match r.u8(WHAT)? {
        tag::SMALL_INTEGER => Value::Int(i64::from(r.u8(WHAT)?)),
        tag::INTEGER => Value::Int(i64::from(r.u32(WHAT)? as i32)),
        tag::SMALL_BIG => {
            let size = usize::from(r.u8(WHAT)?);
            big(r, size)?
        }
        tag::LARGE_BIG => {
            let size = r.u32(WHAT)? as usize;
            big(r, size)?
        }
        tag::NEW_FLOAT => {
            let bytes = r.take(8, WHAT)?;
            float(r, at, f64::from_bits(bytes.iter().fold(0, |n, b| n << 8 | u64::from(*b))))?
        }
        tag::FLOAT => {
            let text = r.take(31, WHAT)?;
            let text = text.split(|b| *b == 0).next().unwrap_or_default();
            match std::str::from_utf8(text).ok().and_then(|t| t.trim().parse::<f64>().ok()) {
                Some(x) => float(r, at, x)?,
                None => return r.fail(at, ErrorKind::BadText { what: "a float" }),
            }
        }
        tag @ (tag::ATOM | tag::SMALL_ATOM | tag::ATOM_UTF8 | tag::SMALL_ATOM_UTF8) => {
            Value::Atom(atom_text(r, tag, at)?)
        }
        tag::NIL => Value::Nil,
        tag::STRING => {
            let size = r.take(2, WHAT)?.iter().fold(0, |n, b| n << 8 | usize::from(*b));
            let bytes = r.take(size, "a string")?;
            *budget = match budget.checked_sub(size) {
                Some(left) => left,
                None => return r.fail(at, too_many()),
            };
            let mut step = tree.open(Open::List, size + 1);
            for byte in bytes {
                step = step.and_then(|()| tree.push(Value::Int(i64::from(*byte))));
            }
            return Ok(step.and_then(|()| tree.push(Value::Nil)));
        }
        tag::LIST => {
            let count = r.u32(WHAT)?;
            let count = r.count(count, 1, "a list")?;
            return Ok(tree.open(Open::List, count + 1));
        }
        tag::SMALL_TUPLE => {
            let count = u32::from(r.u8(WHAT)?);
            let count = r.count(count, 1, "a tuple")?;
            return Ok(tree.open(Open::Tuple, count));
        }
        tag::LARGE_TUPLE => {
            let count = r.u32(WHAT)?;
            let count = r.count(count, 1, "a tuple")?;
            return Ok(tree.open(Open::Tuple, count));
        }
        tag::MAP => {
            let count = r.u32(WHAT)?;
            let count = r.count(count, 2, "a map")?;
            return Ok(tree.open(Open::Map, count * 2));
        }
        tag::NEW_FUN => {
            r.u32(WHAT)?;
            let arity = r.u8(WHAT)?;
            let mut uniq = [0; 16];
            uniq.copy_from_slice(r.take(16, WHAT)?);
            let index = r.u32(WHAT)?;
            let free = r.u32(WHAT)?;
            let free = r.count(free, 1, "a fun")?;
            return Ok(tree.open(Open::Fun { arity, uniq, index }, free + 4));
        }
        tag::BINARY => {
            let size = r.u32(WHAT)? as usize;
            Value::Binary(r.take(size, "a binary")?.to_vec())
        }
        tag::BIT_BINARY => {
            let size = r.u32(WHAT)? as usize;
            let bits = r.u8(WHAT)?;
            bitstring(r.take(size, "a bitstring")?, bits).map_or_else(
                || r.fail(at, ErrorKind::Invalid("a bitstring's last byte has no such number of bits")),
                Ok,
            )?
        }
        tag::EXPORT => {
            let module = atom(r)?;
            let function = atom(r)?;
            if r.u8(WHAT)? != tag::SMALL_INTEGER {
                return r.fail(at, ErrorKind::Invalid("a fun's arity is not a small integer"));
            }
            Value::ExportFun { module, function, arity: u32::from(r.u8(WHAT)?) }
        }
        tag @ (tag::PID | tag::NEW_PID) => {
            let node = atom(r)?;
            let (id, serial) = (r.u32(WHAT)?, r.u32(WHAT)?);
            Value::Pid { node, id, serial, creation: creation(r, tag == tag::NEW_PID)? }
        }
        tag @ (tag::PORT | tag::NEW_PORT | tag::V4_PORT) => {
            let node = atom(r)?;
            let high = if tag == tag::V4_PORT { u64::from(r.u32(WHAT)?) << 32 } else { 0 };
            let id = high | u64::from(r.u32(WHAT)?);
            Value::Port { node, id, creation: creation(r, tag != tag::PORT)? }
        }
        tag::REFERENCE => {
            let node = atom(r)?;
            let ids = vec![r.u32(WHAT)?];
            Value::Ref { node, creation: creation(r, false)?, ids }
        }
        tag @ (tag::NEW_REFERENCE | tag::NEWER_REFERENCE) => {
            let count = r.take(2, WHAT)?.iter().fold(0, |n, b| n << 8 | u32::from(*b));
            if !(1..=5).contains(&count) {
                return r.fail(at, ErrorKind::Invalid("a reference has one to five words"));
            }
            let node = atom(r)?;
            let creation = creation(r, tag == tag::NEWER_REFERENCE)?;
            let mut ids = Vec::with_capacity(5);
            for _ in 0..count {
                ids.push(r.u32(WHAT)?);
            }
            Value::Ref { node, creation, ids }
        }
        other => return r.fail(at, ErrorKind::BadTermTag(other)),
    };
    Ok(tree.push(leaf))
}

fn creation(r: &mut Reader<'_>, wide: bool) -> Result<u32, Error> {
    if wide { r.u32("a term") } else { Ok(u32::from(r.u8("a term")?)) }
}

fn float(r: &Reader<'_>, at: usize, x: f64) -> Result<Value, Error> {
    if x.is_finite() { Ok(Value::Float(x)) } else { r.fail(at, ErrorKind::Invalid("a float is not finite")) }
}

fn big(r: &mut Reader<'_>, size: usize) -> Result<Value, Error> {
    let at = r.at;
    let sign = if r.u8("an integer")? == 0 { Sign::Plus } else { Sign::Minus };
    if size > MAX_BIG_BYTES {
        return r.fail(at, ErrorKind::TooLarge { what: "an integer, in bytes,", limit: MAX_BIG_BYTES });
    }
    Ok(Value::from(BigInt::from_bytes_le(sign, r.take(size, "an integer")?)))
}

fn bitstring(bytes: &[u8], bits: u8) -> Option<Value> {
    match (bytes.len(), bits) {
        (0, 0) => Some(Value::Binary(Vec::new())),
        (0, _) | (_, 0) | (_, 9..) => None,
        (_, 8) => Some(Value::Binary(bytes.to_vec())),
        (_, bits) => {
            let mut bytes = bytes.to_vec();
            if let Some(last) = bytes.last_mut() {
                *last &= 0xffu8 << (8 - bits);
            }
            Some(Value::Bits(bytes, bits))
        }
    }
}

fn atom(r: &mut Reader<'_>) -> Result<String, Error> {
    let at = r.at;
    match r.u8("an atom")? {
        tag @ (tag::ATOM | tag::SMALL_ATOM | tag::ATOM_UTF8 | tag::SMALL_ATOM_UTF8) => atom_text(r, tag, at),
        _ => r.fail(at, ErrorKind::Invalid("an atom was expected")),
    }
}

fn atom_text(r: &mut Reader<'_>, tag: u8, at: usize) -> Result<String, Error> {
    let size = match tag {
        tag::SMALL_ATOM | tag::SMALL_ATOM_UTF8 => usize::from(r.u8("an atom")?),
        _ => r.take(2, "an atom")?.iter().fold(0, |n, b| n << 8 | usize::from(*b)),
    };
    let bytes = r.take(size, "an atom")?;
    let text = match tag {
        tag::ATOM | tag::SMALL_ATOM => Some(bytes.iter().map(|b| char::from(*b)).collect::<String>()),
        _ => std::str::from_utf8(bytes).ok().map(str::to_owned),
    };
    match text {
        Some(text) if text.chars().count() <= MAX_ATOM_CHARS => Ok(text),
        Some(_) => r.fail(at, ErrorKind::TooLarge { what: "an atom, in characters,", limit: MAX_ATOM_CHARS }),
        None => r.fail(at, ErrorKind::BadText { what: "an atom" }),
    }
}
