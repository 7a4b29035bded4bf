//! Character classes in brackets, and the sets behind `\d`, `\p{..}` and the like.

use super::escape::Esc;
use super::{Parsed, Parser};
use crate::ast::{CharSet, Node};
use crate::chars::{self, HSPACE, Low, POSIX, VSPACE};
use crate::options::opt;
use crate::unicode;

/// What a class turns out to be.
pub(super) enum Class {
    /// One character: no class at all.
    Char(u32),
    Set(Node),
}

/// A class that is being read.
#[derive(Default)]
struct Builder {
    low: Low,
    high: Vec<(u32, u32)>,
    /// PCRE would need an extended class.
    extended: bool,
    has_property: bool,
    /// Contains a negated special such as `\S`, which takes in all that is above 255.
    flip: bool,
    /// 1 only if there was just one character.
    singles: u32,
}

impl Builder {
    fn add_low(&mut self, low: &Low, negated: bool) {
        for (mine, theirs) in self.low.iter_mut().zip(low) {
            *mine |= if negated { !theirs } else { *theirs };
        }
    }

    fn add_ranges(&mut self, ranges: &[(u32, u32)], utf: bool) {
        self.add_low(&unicode::low_of(ranges), false);
        if utf {
            for (a, b) in ranges.iter().filter(|(_, b)| *b > 255) {
                self.high.push(((*a).max(256), *b));
                self.extended = true;
            }
        }
    }

    fn add_property(&mut self, ranges: &[(u32, u32)], negated: bool, utf: bool) {
        if negated {
            self.add_ranges(&unicode::complement(ranges), utf);
        } else {
            self.add_ranges(ranges, utf);
        }
        self.extended = true;
        self.has_property = true;
    }

    fn finish(mut self, negated: bool, utf: bool, ucp: bool) -> CharSet {
        if negated {
            self.low.iter_mut().for_each(|w| *w = !*w);
        }
        if !utf {
            return CharSet { low: self.low, high: Vec::new() };
        }
        let all = vec![(256, 0x10FFFF)];
        let high = if self.extended && (self.has_property || !self.flip || ucp) {
            if self.flip && !negated && !ucp {
                all
            } else {
                let high = unicode::normalise(self.high);
                if negated {
                    let mut low_too = high;
                    low_too.push((0, 255));
                    unicode::complement(&unicode::normalise(low_too))
                } else {
                    high
                }
            }
        } else if negated != self.flip {
            all
        } else {
            Vec::new()
        };
        CharSet { low: self.low, high }
    }
}

impl Parser<'_> {
    /// A set from ranges, for an escape outside of a class.
    pub(super) fn range_set(&mut self, ranges: &[(u32, u32)], negated: bool) -> Node {
        let mut b = Builder::default();
        b.add_property(ranges, negated, self.utf);
        let set = b.finish(false, self.utf, true);
        self.set(set, 3)
    }

    /// The set of a special escape such as `\d`, outside of a class.
    pub(super) fn special_set(&mut self, letter: u8, ucp: bool) -> Option<Node> {
        let negated = letter.is_ascii_uppercase();
        let mut b = Builder::default();
        match letter.to_ascii_lowercase() {
            b'h' => return Some(self.range_set(HSPACE, negated)),
            b'v' => return Some(self.range_set(VSPACE, negated)),
            l @ (b'd' | b's' | b'w') if ucp => {
                let r = self.known_property(ucp_name(l));
                return Some(self.range_set(&r, negated));
            }
            l @ (b'd' | b's' | b'w') => {
                b.add_low(low_class(l), negated);
                b.flip = negated;
            }
            _ => return None,
        }
        let set = b.finish(false, self.utf, false);
        Some(self.set(set, 1))
    }

    /// Whether `[:`, `[.` or `[=` at `at` is closed; the position of the closing pair.
    fn posix_end(&self, at: usize) -> Option<usize> {
        let terminator = self.byte(at + 1);
        if !matches!(terminator, b':' | b'.' | b'=') {
            return None;
        }
        let mut p = at + 2;
        loop {
            match self.byte(p) {
                0 => return None,
                b'\\' if matches!(self.byte(p + 1), b']' | b'\\') => p += 1,
                b'[' if self.byte(p + 1) == terminator => return None,
                b']' => return None,
                c if c == terminator && self.byte(p + 1) == b']' => return Some(p),
                _ => {}
            }
            p += 1;
        }
    }

    /// Reads the class whose `[` is at the position; leaves the position on its `]`. The flag `quoted` says whether `\Q` is
    /// in force, on entry and afterwards.
    pub(super) fn class(&mut self, options: u32, quoted: &mut bool) -> Parsed<Class> {
        let utf = self.utf;
        let ucp = options & opt::UCP != 0;
        if matches!(self.at(1), b':' | b'.' | b'=') && self.posix_end(self.i).is_some() {
            return Err(if self.at(1) == b':' { 13 } else { 31 });
        }
        let mut negated = false;
        loop {
            self.i += 1;
            match self.at(0) {
                b'\\' if self.at(1) == b'E' => self.i += 1,
                b'\\' if self.looking_at(1, b"Q\\E") => self.i += 3,
                b'\\' => break,
                b'^' if !negated => negated = true,
                _ => break,
            }
        }
        let mut b = Builder::default();
        if self.at(0) == 0 {
            return Err(6);
        }
        loop {
            if let Some(c) = self.class_item(&mut b, options, quoted)? {
                // A single character, unless it begins a range or ends a class of one.
                if b.singles < 2 {
                    b.singles += 1;
                }
                if !*quoted && !b.has_property && b.singles == 1 && self.at(1) == b']' {
                    self.i += 1;
                    if !negated {
                        return Ok(Class::Char(c));
                    }
                    self.add_chars(&mut b, options, c, c);
                    // As PCRE's "not this character": everything else, whatever is above 255 included.
                    b.flip = false;
                    b.extended = utf;
                    let set = b.finish(true, utf, ucp);
                    return Ok(Class::Set(self.set(set, 2)));
                }
                self.add_chars(&mut b, options, c, c);
            }
            self.i += 1;
            match self.at(0) {
                0 => return Err(6),
                b']' if !*quoted => break,
                _ => {}
            }
        }
        let set = b.finish(negated, utf, ucp);
        let size = 33 + if set.high.is_empty() { 0 } else { 4 + set.high.len().min(1000) as u16 * 5 };
        Ok(Class::Set(self.set(set, size)))
    }

    fn add_chars(&mut self, b: &mut Builder, options: u32, from: u32, to: u32) {
        if options & opt::CASELESS == 0 {
            b.add_ranges(&[(from, to)], self.utf);
        } else if self.utf {
            let mut r = unicode::fold(&[(from, to)]);
            r.push((from, to));
            b.add_ranges(&unicode::normalise(r), true);
        } else {
            for c in from..=to.min(255) {
                let other = u32::from(chars::flip(c as u8));
                b.add_ranges(&[(c, c), (other, other)], false);
            }
        }
    }

    /// Reads one item; a single character is returned, everything else is added.
    fn class_item(&mut self, b: &mut Builder, options: u32, quoted: &mut bool) -> Parsed<Option<u32>> {
        let utf = self.utf;
        let mut c = u32::from(self.at(0));
        if utf && c > 127 {
            let (ch, len) = chars::decode(self.text, self.i);
            c = ch;
            self.i += len - 1;
        }
        if *quoted {
            if c == u32::from(b'\\') && self.at(1) == b'E' {
                *quoted = false;
                self.i += 1;
                return Ok(None);
            }
        } else if c == u32::from(b'[')
            && let Some(end) = self.posix_end(self.i)
        {
            self.posix(b, options, end)?;
            return Ok(None);
        } else if c == u32::from(b'\\') {
            match self.escape(options, true)? {
                Esc::Char(ch) => c = ch,
                Esc::Special(b'b') => c = 8,
                Esc::Special(b'N') => return Err(71),
                Esc::Special(b'Q') => {
                    if self.looking_at(1, b"\\E") {
                        self.i += 2;
                    } else {
                        *quoted = true;
                    }
                    return Ok(None);
                }
                Esc::Special(b'E') => return Ok(None),
                Esc::Special(letter) => {
                    if self.class_special(b, letter, options)? {
                        return Ok(None);
                    }
                    if options & opt::EXTRA != 0 {
                        return Err(7);
                    }
                    c = u32::from(letter);
                }
                Esc::BackRef(_) => return Ok(None),
            }
        }
        self.class_range(b, options, quoted, c)
    }

    fn class_range(&mut self, b: &mut Builder, options: u32, quoted: &mut bool, c: u32) -> Parsed<Option<u32>> {
        while self.looking_at(1, b"\\E") {
            *quoted = false;
            self.i += 2;
        }
        let old = self.i;
        self.has_crlf |= c == 13 || c == 10;
        if *quoted || self.at(1) != b'-' {
            return Ok(Some(c));
        }
        self.i += 2;
        while self.looking_at(0, b"\\E") {
            self.i += 2;
        }
        while self.looking_at(0, b"\\Q") {
            self.i += 2;
            if self.looking_at(0, b"\\E") {
                self.i += 2;
                continue;
            }
            *quoted = true;
            break;
        }
        if self.at(0) == 0 || (!*quoted && self.at(0) == b']') {
            self.i = old;
            return Ok(Some(c));
        }
        let mut d = u32::from(self.at(0));
        if self.utf {
            let (ch, len) = chars::decode(self.text, self.i);
            d = ch;
            self.i += len - 1;
        }
        if !*quoted {
            if d == u32::from(b'\\') {
                match self.escape(options, true)? {
                    Esc::Char(ch) => d = ch,
                    Esc::Special(b'b') => d = 8,
                    _ => return Err(83),
                }
            } else if d == u32::from(b'[') && self.posix_end(self.i).is_some() {
                return Err(83);
            }
        }
        if d < c {
            return Err(8);
        }
        if d == c {
            return Ok(Some(c));
        }
        b.singles = 2;
        self.has_crlf |= d == 13 || d == 10;
        self.add_chars(b, options, c, d);
        Ok(None)
    }

    fn class_special(&mut self, b: &mut Builder, letter: u8, options: u32) -> Parsed<bool> {
        let utf = self.utf;
        let negated = letter.is_ascii_uppercase();
        match letter.to_ascii_lowercase() {
            l @ (b'd' | b's' | b'w') => {
                if options & opt::UCP != 0 {
                    let r = self.known_property(ucp_name(l));
                    b.add_property(&r, negated, utf);
                } else {
                    b.add_low(low_class(l), negated);
                    b.flip |= negated;
                }
            }
            l @ (b'h' | b'v') => {
                let list = if l == b'h' { HSPACE } else { VSPACE };
                if negated {
                    b.add_ranges(&unicode::complement(list), utf);
                } else {
                    b.add_ranges(list, utf);
                }
            }
            b'p' => {
                let (r, inverted) = self.property()?;
                b.add_property(&r, negated != inverted, utf);
            }
            _ => return Ok(false),
        }
        b.singles += 2;
        Ok(true)
    }

    /// `[:name:]` inside of a class, with its end known.
    fn posix(&mut self, b: &mut Builder, options: u32, end: usize) -> Parsed<()> {
        if self.at(1) != b':' {
            return Err(31);
        }
        self.i += 2;
        let negated = self.at(0) == b'^';
        if negated {
            b.flip = true;
            self.i += 1;
        }
        let name = self.text.get(self.i..end).unwrap_or(&[]);
        let Some((mut name, mut low)) = POSIX.iter().find(|(n, _)| n.as_bytes() == name).copied() else {
            return Err(30);
        };
        if options & opt::CASELESS != 0 && matches!(name, "lower" | "upper") {
            (name, low) = POSIX[0];
        }
        let utf = self.utf;
        if options & opt::UCP != 0 {
            let property = match name {
                "alpha" => Some("L"),
                "lower" => Some("Ll"),
                "upper" => Some("Lu"),
                "alnum" => Some("Xan"),
                "digit" => Some("Nd"),
                "space" => Some("Xps"),
                "word" => Some("Xwd"),
                _ => None,
            };
            if let Some(p) = property {
                let r = self.known_property(p);
                b.add_property(&r, negated, utf);
                self.i = end + 1;
                return Ok(());
            }
            match name {
                "blank" => {
                    let list = if negated { unicode::complement(HSPACE) } else { HSPACE.to_vec() };
                    b.add_ranges(&list, utf);
                    b.singles = 2;
                    self.i = end + 1;
                    return Ok(());
                }
                "graph" | "print" | "punct" => {
                    b.add_property(&unicode::posix_ucp(name), negated, utf);
                    self.i = end + 1;
                    return Ok(());
                }
                _ if negated && utf && (b.extended || self.byte(end + 2) != b']') => {
                    b.high.push((256, 0x10FFFF));
                    b.extended = true;
                }
                _ => {}
            }
        }
        b.add_low(&low, negated);
        b.singles = 2;
        self.i = end + 1;
        Ok(())
    }
}

fn ucp_name(letter: u8) -> &'static str {
    match letter {
        b'd' => "Nd",
        b's' => "Xsp",
        _ => "Xwd",
    }
}

fn low_class(letter: u8) -> &'static Low {
    match letter {
        b'd' => &chars::DIGIT,
        b's' => &chars::SPACE,
        _ => &chars::WORD,
    }
}
