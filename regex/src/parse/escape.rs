//! What follows a backslash, and the counts of a repeat.

use super::{Parsed, Parser};
use crate::ast::UNBOUNDED;
use crate::options::opt;
use crate::unicode::{self, Ranges};
use std::rc::Rc;

/// An escape sequence.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Esc {
    Char(u32),
    /// `\d` and the like, by its letter. `\g{name}` comes as `k`.
    Special(u8),
    BackRef(u32),
}

/// The largest number to which another digit may be added.
const NUMBER_LIMIT: u32 = i32::MAX as u32 / 10 - 1;

impl Parser<'_> {
    /// Reads the escape whose backslash is at the position; leaves the position on its last byte.
    pub(super) fn escape(&mut self, options: u32, in_class: bool) -> Parsed<Esc> {
        let utf = self.utf;
        let (mut c, len) = if utf { crate::chars::decode(self.text, self.i + 1) } else { (u32::from(self.at(1)), 1) };
        self.i += if c == 0 { 1 } else { len };
        if c == 0 {
            return Err(1);
        }
        let Ok(letter) = u8::try_from(c) else { return Ok(Esc::Char(c)) };
        match letter {
            b'a' => c = 7,
            b'e' => c = 27,
            b'f' => c = 12,
            b'n' => c = 10,
            b'r' => c = 13,
            b't' => c = 9,
            b'A' | b'B' | b'C' | b'D' | b'E' | b'G' | b'H' | b'K' | b'P' | b'Q' | b'R' | b'S' | b'V' | b'W' | b'X'
            | b'Z' | b'b' | b'd' | b'h' | b'k' | b'p' | b's' | b'v' | b'w' | b'z' => return Ok(Esc::Special(letter)),
            b'N' => {
                if self.at(1) == b'{' && !self.is_counted(self.i + 2) {
                    return Err(37);
                }
                return Ok(Esc::Special(letter));
            }
            b'l' | b'L' | b'u' | b'U' => return Err(37),
            b'g' if !in_class => return self.escape_g(),
            b'0'..=b'9' => return self.escape_digit(letter, in_class),
            b'o' => {
                if self.at(1) != b'{' {
                    return Err(81);
                }
                if self.at(2) == b'}' {
                    return Err(86);
                }
                return self.braced(8, 80);
            }
            b'x' => {
                if self.at(1) == b'{' {
                    if self.at(2) == b'}' {
                        self.i += 2;
                        return Err(86);
                    }
                    return self.braced(16, 79);
                }
                c = 0;
                for _ in 0..2 {
                    let Some(d) = char::from(self.at(1)).to_digit(16) else { break };
                    c = c * 16 + d;
                    self.i += 1;
                }
            }
            b'c' => {
                self.i += 1;
                let c = self.at(0);
                if c == 0 {
                    return Err(2);
                }
                if c > 127 {
                    return Err(68);
                }
                return Ok(Esc::Char(u32::from(c.to_ascii_uppercase() ^ 0x40)));
            }
            _ if letter.is_ascii_alphabetic() && letter != b'g' && options & opt::EXTRA != 0 => return Err(3),
            _ => {}
        }
        Ok(Esc::Char(c))
    }

    /// `{digits}` after `\x` or `\o`.
    fn braced(&mut self, base: u32, bad: u8) -> Parsed<Esc> {
        let max = if self.utf { 0x10FFFF } else { 0xFF };
        self.i += 2;
        let mut value: u32 = 0;
        let mut overflow = false;
        while let Some(d) = char::from(self.at(0)).to_digit(base) {
            self.i += 1;
            if overflow {
                continue;
            }
            value = value * base + d;
            overflow = value > max;
        }
        if overflow {
            return Err(34);
        }
        if self.at(0) != b'}' {
            return Err(bad);
        }
        if self.utf && (0xD800..=0xDFFF).contains(&value) {
            return Err(73);
        }
        Ok(Esc::Char(value))
    }

    /// Decimal digits from the next byte on; the position ends on the last one.
    fn digits(&mut self, mut value: u32) -> Parsed<u32> {
        while self.at(1).is_ascii_digit() {
            if value > NUMBER_LIMIT {
                while self.at(1).is_ascii_digit() {
                    self.i += 1;
                }
                return Err(61);
            }
            self.i += 1;
            value = value * 10 + u32::from(self.at(0) - b'0');
        }
        Ok(value)
    }

    fn escape_g(&mut self) -> Parsed<Esc> {
        if matches!(self.at(1), b'<' | b'\'') {
            return Ok(Esc::Special(b'g'));
        }
        let braced = self.at(1) == b'{';
        if braced {
            let mut p = self.i + 2;
            while matches!(self.byte(p), b'-' | b'0'..=b'9') {
                p += 1;
            }
            if !matches!(self.byte(p), 0 | b'}') {
                return Ok(Esc::Special(b'k'));
            }
            self.i += 1;
        }
        let negated = self.at(1) == b'-';
        if negated {
            self.i += 1;
        }
        let mut n = self.digits(0)?;
        if braced {
            self.i += 1;
            if self.at(0) != b'}' {
                return Err(57);
            }
        }
        if n == 0 {
            return Err(58);
        }
        if negated {
            if n > self.captures {
                return Err(15);
            }
            n = self.captures - (n - 1);
        }
        Ok(Esc::BackRef(n))
    }

    fn escape_digit(&mut self, first: u8, in_class: bool) -> Parsed<Esc> {
        if first != b'0' {
            if !in_class {
                let old = self.i;
                let n = self.digits(u32::from(first - b'0'))?;
                if n < 8 || n <= self.captures {
                    return Ok(Esc::BackRef(n));
                }
                self.i = old;
            }
            if first >= b'8' {
                return Ok(Esc::Char(u32::from(first)));
            }
        }
        let mut c = u32::from(first - b'0');
        for _ in 0..2 {
            if !matches!(self.at(1), b'0'..=b'7') {
                break;
            }
            self.i += 1;
            c = c * 8 + u32::from(self.at(0) - b'0');
        }
        if !self.utf && c > 0xFF {
            return Err(51);
        }
        Ok(Esc::Char(c))
    }

    /// The property named after the `p` or `P` at the position, and whether `^` negates it.
    pub(super) fn property(&mut self) -> Parsed<(Rc<Ranges>, bool)> {
        let mut negated = false;
        let mut name = Vec::new();
        let mut i = self.i + 1;
        let mut c = self.byte(i);
        if c == 0 {
            return self.malformed(i);
        }
        if c == b'{' {
            if self.byte(i + 1) == b'^' {
                negated = true;
                i += 1;
            }
            loop {
                // PCRE's buffer holds 31 characters.
                if name.len() >= 31 {
                    break;
                }
                i += 1;
                c = self.byte(i);
                if c == 0 {
                    return self.malformed(i);
                }
                if c == b'}' {
                    break;
                }
                name.push(c);
            }
            if c != b'}' {
                return self.malformed(i);
            }
        } else {
            name.push(c);
        }
        self.i = i;
        let name = String::from_utf8_lossy(&name).into_owned();
        if let Some(r) = self.properties.get(&name) {
            return Ok((r.clone(), negated));
        }
        let Some(r) = unicode::property(&name) else { return Err(47) };
        let r = Rc::new(r);
        self.properties.insert(name, r.clone());
        Ok((r, negated))
    }

    fn malformed<T>(&mut self, at: usize) -> Parsed<T> {
        self.i = at;
        Err(46)
    }

    /// A property by a name that is known to be good.
    pub(super) fn known_property(&mut self, name: &str) -> Rc<Ranges> {
        if let Some(r) = self.properties.get(name) {
            return r.clone();
        }
        let r = Rc::new(unicode::property(name).unwrap_or_default());
        self.properties.insert(name.to_owned(), r.clone());
        r
    }

    /// Whether a count stands at `p`, which is after a `{`.
    pub(super) fn is_counted(&self, p: usize) -> bool {
        let digits = |mut p: usize| {
            while self.byte(p).is_ascii_digit() {
                p += 1;
            }
            p
        };
        let end = digits(p);
        if end == p {
            return false;
        }
        match self.byte(end) {
            b'}' => true,
            b',' if self.byte(end + 1) == b'}' => true,
            b',' => {
                let last = digits(end + 1);
                last > end + 1 && self.byte(last) == b'}'
            }
            _ => false,
        }
    }

    /// Reads the count after the `{` at the position; leaves the position on the `}`.
    pub(super) fn counts(&mut self) -> Parsed<(u32, u32)> {
        self.i += 1;
        let min = self.count()?;
        if self.at(0) == b'}' {
            return Ok((min, min));
        }
        self.i += 1;
        if self.at(0) == b'}' {
            return Ok((min, UNBOUNDED));
        }
        let max = self.count()?;
        if max < min {
            return Err(4);
        }
        Ok((min, max))
    }

    fn count(&mut self) -> Parsed<u32> {
        let mut n = 0;
        while self.at(0).is_ascii_digit() {
            n = n * 10 + u32::from(self.at(0) - b'0');
            self.i += 1;
            if n > 65535 {
                return Err(5);
            }
        }
        Ok(n)
    }
}
