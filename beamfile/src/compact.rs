//! Compact terms: how operands stand in the Code chunk, and lines in the Line chunk.
//!
//! Owns both directions. Reading takes any valid form, writing gives the shortest, as OTP's `beam_asm:encode/2` does.
//! The low three bits of the first byte are a tag, the rest says how long the number is:
//!
//! ```text
//!   nnnn0ttt                      0 to 15
//!   nnn01ttt nnnnnnnn             to 2047
//!   sss11ttt bytes                2 + sss bytes, signed, big-endian (sss < 7)
//!   11111ttt length bytes         9 + length bytes, where length is itself a compact term with tag 0
//! ```

use crate::error::{Error, ErrorKind};
use crate::model::{AllocKind, Arg};
use num_bigint::BigInt;

const TAG_U: u8 = 0;
const TAG_I: u8 = 1;
const TAG_A: u8 = 2;
const TAG_X: u8 = 3;
const TAG_Y: u8 = 4;
const TAG_F: u8 = 5;
const TAG_H: u8 = 6;
const TAG_Z: u8 = 7;

const EXT_LIST: u8 = 1;
const EXT_FREG: u8 = 2;
const EXT_ALLOC: u8 = 3;
const EXT_LITERAL: u8 = 4;
const EXT_TYPED: u8 = 5;

/// Longest integer operand, in bytes. OTP moves integers of more than 16 bytes to the literal table.
const MAX_INT_BYTES: usize = 1 << 16;

/// A cursor over a chunk's body.
pub(crate) struct Reader<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) at: usize,
}

enum Number {
    Small(i64),
    Big(BigInt),
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes, at: 0 }
    }

    pub(crate) fn left(&self) -> usize {
        self.bytes.len() - self.at
    }

    pub(crate) fn fail<T>(&self, at: usize, kind: ErrorKind) -> Result<T, Error> {
        Err(Error::new(None, at, kind))
    }

    pub(crate) fn take(&mut self, count: usize, what: &'static str) -> Result<&'a [u8], Error> {
        match self.at.checked_add(count).and_then(|end| self.bytes.get(self.at..end)) {
            Some(bytes) => {
                self.at += count;
                Ok(bytes)
            }
            None => self.fail(self.at, ErrorKind::Truncated { what }),
        }
    }

    pub(crate) fn u8(&mut self, what: &'static str) -> Result<u8, Error> {
        Ok(self.take(1, what)?.first().copied().unwrap_or(0))
    }

    pub(crate) fn u32(&mut self, what: &'static str) -> Result<u32, Error> {
        Ok(self.take(4, what)?.iter().fold(0, |n, b| n << 8 | u32::from(*b)))
    }

    /// Checks that a table of `count` entries of at least `size` bytes can be there at all, before anything is allocated.
    pub(crate) fn count(&self, count: u32, size: usize, what: &'static str) -> Result<usize, Error> {
        let count = count as usize;
        match count.checked_mul(size) {
            Some(bytes) if bytes <= self.left() => Ok(count),
            _ => self.fail(self.at, ErrorKind::Truncated { what }),
        }
    }

    fn number(&mut self, first: u8) -> Result<Number, Error> {
        if first & 0x08 == 0 {
            return Ok(Number::Small(i64::from(first >> 4)));
        }
        if first & 0x10 == 0 {
            let low = self.u8("an operand")?;
            return Ok(Number::Small(i64::from(first & 0xe0) << 3 | i64::from(low)));
        }
        let start = self.at;
        let length = match first >> 5 {
            7 => {
                let next = self.u8("an operand's length")?;
                if next & 7 != TAG_U || next & 0xf8 == 0xf8 {
                    return self.fail(start, ErrorKind::BadOperand("an integer's length is not a plain number"));
                }
                match self.number(next)? {
                    Number::Small(n) if (0..MAX_INT_BYTES as i64).contains(&n) => n as usize + 9,
                    _ => {
                        return self
                            .fail(start, ErrorKind::TooLarge { what: "an integer operand", limit: MAX_INT_BYTES });
                    }
                }
            }
            short => usize::from(short) + 2,
        };
        let bytes = self.take(length, "an operand")?;
        if length <= 8 {
            let negative = bytes.first().is_some_and(|b| b & 0x80 != 0);
            let start = if negative { -1i64 } else { 0 };
            return Ok(Number::Small(bytes.iter().fold(start, |n, b| n << 8 | i64::from(*b))));
        }
        let big = BigInt::from_signed_bytes_be(bytes);
        Ok(match i64::try_from(&big) {
            Ok(small) => Number::Small(small),
            Err(_) => Number::Big(big),
        })
    }

    /// A number of tag `u` where nothing else may stand.
    pub(crate) fn plain(&mut self, what: &'static str) -> Result<u64, Error> {
        let at = self.at;
        let first = self.u8(what)?;
        if first & 7 != TAG_U {
            return self.fail(at, ErrorKind::BadOperand("a plain number was expected"));
        }
        self.unsigned(first, at)
    }

    fn unsigned(&mut self, first: u8, at: usize) -> Result<u64, Error> {
        match self.number(first)? {
            Number::Small(n) if n >= 0 => Ok(n as u64),
            Number::Small(_) => self.fail(at, ErrorKind::BadOperand("a negative number stands where none may")),
            Number::Big(n) => match u64::try_from(n) {
                Ok(n) => Ok(n),
                Err(_) => self.fail(at, ErrorKind::BadOperand("a number does not fit in 64 bits")),
            },
        }
    }

    fn index32(&mut self, first: u8, at: usize) -> Result<u32, Error> {
        match u32::try_from(self.unsigned(first, at)?) {
            Ok(n) => Ok(n),
            Err(_) => self.fail(at, ErrorKind::BadOperand("an index does not fit in 32 bits")),
        }
    }

    fn register(&mut self, first: u8, at: usize) -> Result<u16, Error> {
        match u16::try_from(self.unsigned(first, at)?) {
            Ok(n) if n <= MAX_REGISTER => Ok(n),
            _ => self.fail(at, ErrorKind::BadOperand("there are only 1024 registers")),
        }
    }

    /// A line item: either a new file (tag a) or a line (tag i).
    pub(crate) fn line_entry(&mut self) -> Result<LineEntry, Error> {
        let at = self.at;
        let first = self.u8("the line table")?;
        match first & 7 {
            TAG_A => Ok(LineEntry::File(self.index32(first, at)?)),
            TAG_I => Ok(LineEntry::Line(self.index32(first, at)?)),
            _ => self.fail(at, ErrorKind::BadOperand("neither a line nor a file stands in the line table")),
        }
    }

    /// One operand. Indices are not checked here. `listed` is true within a list, where no other list may stand.
    pub(crate) fn operand(&mut self, listed: bool) -> Result<Arg, Error> {
        let at = self.at;
        let first = self.u8("an instruction")?;
        match first & 7 {
            TAG_U => Ok(Arg::U(self.unsigned(first, at)?)),
            TAG_I => Ok(match self.number(first)? {
                Number::Small(n) => Arg::I(n),
                Number::Big(n) => Arg::Big(n),
            }),
            TAG_A => Ok(match self.index32(first, at)? {
                0 => Arg::Nil,
                n => Arg::Atom(n - 1),
            }),
            TAG_X => Ok(Arg::X(self.register(first, at)?)),
            TAG_Y => Ok(Arg::Y(self.register(first, at)?)),
            TAG_F => Ok(Arg::Label(self.index32(first, at)?)),
            TAG_H => Ok(Arg::Char(self.index32(first, at)?)),
            _ => self.extended(first, at, listed),
        }
    }

    fn extended(&mut self, first: u8, at: usize, listed: bool) -> Result<Arg, Error> {
        if first & 0x08 != 0 {
            return self.fail(at, ErrorKind::BadOperand("an extended tag is out of range"));
        }
        match first >> 4 {
            EXT_LIST if listed => self.fail(at, ErrorKind::BadOperand("a list stands within a list")),
            EXT_LIST => {
                let count = self.plain("an operand list")?;
                let count = self.count(u32::try_from(count).unwrap_or(u32::MAX), 1, "an operand list")?;
                let mut items = Vec::with_capacity(count.min(64));
                for _ in 0..count {
                    items.push(self.operand(true)?);
                }
                Ok(Arg::List(items))
            }
            EXT_FREG => {
                let at = self.at;
                let first = self.u8("a float register")?;
                if first & 7 != TAG_U {
                    return self.fail(at, ErrorKind::BadOperand("a float register has no plain number"));
                }
                Ok(Arg::FReg(self.register(first, at)?))
            }
            EXT_ALLOC => {
                let count = self.plain("an allocation list")?;
                let count = self.count(u32::try_from(count).unwrap_or(u32::MAX), 2, "an allocation list")?;
                let mut needs = Vec::with_capacity(count.min(4));
                for _ in 0..count {
                    let at = self.at;
                    let kind = match self.plain("an allocation list")? {
                        0 => AllocKind::Words,
                        1 => AllocKind::Floats,
                        2 => AllocKind::Funs,
                        _ => {
                            return self.fail(at, ErrorKind::BadOperand("an unknown kind of heap need"));
                        }
                    };
                    needs.push((kind, self.plain("an allocation list")?));
                }
                Ok(Arg::Alloc(needs))
            }
            EXT_LITERAL => {
                let at = self.at;
                match u32::try_from(self.plain("a literal's index")?) {
                    Ok(n) => Ok(Arg::Literal(n)),
                    Err(_) => self.fail(at, ErrorKind::BadOperand("an index does not fit in 32 bits")),
                }
            }
            EXT_TYPED => {
                let at = self.at;
                let first = self.u8("a typed register")?;
                let register = match first & 7 {
                    TAG_X | TAG_Y => self.register(first, at)?,
                    _ => return self.fail(at, ErrorKind::BadOperand("only registers have types")),
                };
                let at = self.at;
                let Ok(index) = u32::try_from(self.plain("a type's index")?) else {
                    return self.fail(at, ErrorKind::BadOperand("an index does not fit in 32 bits"));
                };
                Ok(if first & 7 == TAG_X { Arg::TypedX(register, index) } else { Arg::TypedY(register, index) })
            }
            _ => self.fail(at, ErrorKind::BadOperand("an unknown extended tag")),
        }
    }
}

/// Highest register number that the format allows.
pub(crate) const MAX_REGISTER: u16 = 1023;

/// What [`Reader::line_entry`] found.
pub(crate) enum LineEntry {
    File(u32),
    Line(u32),
}

/// Appends a number with the given tag.
fn put(out: &mut Vec<u8>, tag: u8, n: i128) {
    if (0..16).contains(&n) {
        out.push((n as u8) << 4 | tag);
    } else if (16..0x800).contains(&n) {
        out.push(((n >> 3) as u8 & 0xe0) | 0x08 | tag);
        out.push(n as u8);
    } else {
        put_bytes(out, tag, significant(&n.to_be_bytes(), n < 0));
    }
}

/// Drops sign bytes, but keeps two at least: one-byte forms do not exist.
fn significant(bytes: &[u8], negative: bool) -> &[u8] {
    let fill = if negative { 0xff } else { 0 };
    let mut rest = bytes;
    while let [first, second, ..] = rest
        && rest.len() > 2
        && *first == fill
        && (second & 0x80 != 0) == negative
    {
        rest = rest.get(1..).unwrap_or(rest);
    }
    rest
}

fn put_bytes(out: &mut Vec<u8>, tag: u8, bytes: &[u8]) {
    if bytes.len() <= 8 {
        out.push((bytes.len().saturating_sub(2) as u8) << 5 | 0x18 | tag);
    } else {
        out.push(0xf8 | tag);
        put(out, TAG_U, bytes.len() as i128 - 9);
    }
    out.extend_from_slice(bytes);
}

/// Appends a plain number.
pub(crate) fn put_plain(out: &mut Vec<u8>, n: u64) {
    put(out, TAG_U, i128::from(n));
}

/// Appends a file index to a line table.
pub(crate) fn put_line_file(out: &mut Vec<u8>, file: u32) {
    put(out, TAG_A, i128::from(file));
}

/// Appends a line to a line table.
pub(crate) fn put_line(out: &mut Vec<u8>, line: u32) {
    put(out, TAG_I, i128::from(line));
}

/// Appends an operand.
pub(crate) fn put_operand(out: &mut Vec<u8>, arg: &Arg) {
    match arg {
        Arg::U(n) => put(out, TAG_U, i128::from(*n)),
        Arg::I(n) => put(out, TAG_I, i128::from(*n)),
        Arg::Big(n) => match i128::try_from(n) {
            Ok(n) => put(out, TAG_I, n),
            Err(_) => put_bytes(out, TAG_I, &n.to_signed_bytes_be()),
        },
        Arg::Atom(index) => put(out, TAG_A, i128::from(*index) + 1),
        Arg::Nil => put(out, TAG_A, 0),
        Arg::X(n) => put(out, TAG_X, i128::from(*n)),
        Arg::Y(n) => put(out, TAG_Y, i128::from(*n)),
        Arg::Label(n) => put(out, TAG_F, i128::from(*n)),
        Arg::Char(n) => put(out, TAG_H, i128::from(*n)),
        Arg::FReg(n) => {
            out.push(EXT_FREG << 4 | TAG_Z);
            put(out, TAG_U, i128::from(*n));
        }
        Arg::TypedX(n, index) | Arg::TypedY(n, index) => {
            out.push(EXT_TYPED << 4 | TAG_Z);
            put(out, if matches!(arg, Arg::TypedX(..)) { TAG_X } else { TAG_Y }, i128::from(*n));
            put(out, TAG_U, i128::from(*index));
        }
        Arg::Literal(index) => {
            out.push(EXT_LITERAL << 4 | TAG_Z);
            put(out, TAG_U, i128::from(*index));
        }
        Arg::List(items) => {
            out.push(EXT_LIST << 4 | TAG_Z);
            put(out, TAG_U, items.len() as i128);
            for item in items {
                put_operand(out, item);
            }
        }
        Arg::Alloc(needs) => {
            out.push(EXT_ALLOC << 4 | TAG_Z);
            put(out, TAG_U, needs.len() as i128);
            for (kind, n) in needs {
                let kind = match kind {
                    AllocKind::Words => 0,
                    AllocKind::Floats => 1,
                    AllocKind::Funs => 2,
                };
                put(out, TAG_U, kind);
                put(out, TAG_U, i128::from(*n));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(arg: &Arg) -> Vec<u8> {
        let mut bytes = Vec::new();
        put_operand(&mut bytes, arg);
        let mut reader = Reader::new(&bytes);
        assert_eq!(reader.operand(false).as_ref(), Ok(arg), "{bytes:?}");
        assert_eq!(reader.left(), 0);
        bytes
    }

    /// Bytes as `beam_asm:encode/2` of OTP 27 gives them.
    #[test]
    fn integers_are_encoded_as_otp_does() {
        for (n, bytes) in [
            (0, &[0x01][..]),
            (5, &[81]),
            (15, &[0xf1]),
            (16, &[0x09, 16]),
            (1000, &[105, 232]),
            (2047, &[233, 255]),
            (2048, &[25, 8, 0]),
            (32767, &[25, 0x7f, 0xff]),
            (32768, &[57, 0, 0x80, 0]),
            (-1, &[25, 255, 255]),
            (-32768, &[25, 0x80, 0]),
            (-32769, &[57, 0xff, 0x7f, 0xff]),
            (-4294967295, &[121, 255, 0, 0, 0, 1]),
            (4294967295, &[121, 0, 255, 255, 255, 255]),
            (429496729501, &[121, 99, 255, 255, 255, 157]),
            (i64::MAX, &[0xd9, 0x7f, 255, 255, 255, 255, 255, 255, 255]),
            (i64::MIN, &[0xd9, 0x80, 0, 0, 0, 0, 0, 0, 0]),
        ] {
            assert_eq!(round_trip(&Arg::I(n)), bytes, "{n}");
        }
        assert_eq!(round_trip(&Arg::U(u64::MAX)), [&[0xf8, 0, 0][..], &[255; 8]].concat());
        assert_eq!(round_trip(&Arg::Big(BigInt::from(u64::MAX))), [&[0xf9, 0, 0][..], &[255; 8]].concat());
        let wide = round_trip(&Arg::Big(-(BigInt::from(1) << 4000u32)));
        assert_eq!(wide.len(), 3 + 501);
    }

    #[test]
    fn every_operand_comes_back() {
        for arg in [
            Arg::U(3),
            Arg::Nil,
            Arg::Atom(0),
            Arg::Atom(70_000),
            Arg::X(0),
            Arg::X(1023),
            Arg::Y(17),
            Arg::FReg(3),
            Arg::TypedX(5, 900),
            Arg::TypedY(1, 0),
            Arg::Label(0),
            Arg::Label(1 << 30),
            Arg::Char(0x10ffff),
            Arg::Literal(100_000),
            Arg::Alloc(vec![(AllocKind::Words, 9), (AllocKind::Floats, 0), (AllocKind::Funs, 77)]),
            Arg::List(Vec::new()),
            Arg::List(vec![Arg::Nil, Arg::TypedX(1, 2), Arg::Literal(3), Arg::I(-7)]),
        ] {
            round_trip(&arg);
        }
    }

    #[test]
    fn longer_forms_than_needed_are_read() {
        for bytes in
            [&[0x09u8, 5][..], &[0x19, 0, 5], &[0xd9, 0, 0, 0, 0, 0, 0, 0, 5], &[0xf9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5]]
        {
            assert_eq!(Reader::new(bytes).operand(false), Ok(Arg::I(5)));
        }
    }
}
