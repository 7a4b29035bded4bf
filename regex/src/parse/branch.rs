//! One alternative: items and their repeats, and what they tell about the first and a required character.

use super::class::Class;
use super::escape::Esc;
use super::group::Parens;
use super::{Chars, Parsed, Parser};
use crate::ast::{Greed, Kind, Look, Needed, Node, UNBOUNDED};
use crate::chars;
use crate::options::opt;
use crate::unicode;

/// The state of a branch besides its nodes.
pub(super) struct State {
    pub first: Needed,
    pub required: Needed,
    /// What these were before the last item, for a repeat that may be zero.
    zero_first: Needed,
    zero_required: Needed,
    /// The last node can be repeated.
    pub previous: bool,
    /// The last item is a group that gave the first character.
    group_set_first: bool,
}

impl State {
    /// An item that matches something unknown: no first character from here on.
    pub fn no_first(&mut self) {
        if self.first == Needed::Unset {
            self.first = Needed::No;
        }
    }
    pub fn save(&mut self) {
        self.zero_first = self.first;
        self.zero_required = self.required;
    }
    /// A call of a group can't say what it begins with.
    pub fn call(&mut self) {
        self.no_first();
        self.zero_first = self.first;
        self.group_set_first = false;
    }
}

impl Parser<'_> {
    /// Reads one alternative into the innermost open branch; leaves the position on `|`, `)` or the end.
    pub(super) fn branch(&mut self, options: &mut u32) -> Parsed<Chars> {
        let mut s = State {
            first: Needed::Unset,
            required: Needed::Unset,
            zero_first: Needed::Unset,
            zero_required: Needed::Unset,
            previous: false,
            group_set_first: false,
        };
        let mut quoted = false;
        loop {
            if self.pushed > super::MAX_SIZE {
                self.i = self.text.len();
                return Err(20);
            }
            let c = self.at(0);
            if c == b'\\' && self.at(1) == b'E' {
                quoted = false;
                self.i += 2;
                continue;
            }
            if quoted && c != 0 {
                self.literal_here(&mut s, *options);
                self.i += 1;
                continue;
            }
            if c == b'\\' && self.at(1) == b'Q' {
                quoted = true;
                self.i += 2;
                continue;
            }
            if *options & opt::EXTENDED != 0 {
                let before = self.i;
                self.skip_extended(false);
                if self.i > before {
                    continue;
                }
            }
            if self.looking_at(0, b"(?#") {
                self.i += 3;
                self.skip_comment()?;
                self.i += 1;
                continue;
            }
            match c {
                0 | b'|' | b')' => return Ok(Chars { first: s.first, required: s.required }),
                b'^' => {
                    s.previous = false;
                    if *options & opt::MULTILINE != 0 {
                        if s.first == Needed::Unset {
                            s.first = Needed::No;
                            s.zero_first = Needed::No;
                        }
                        self.push(Node::Look(Look::CircM));
                    } else {
                        self.push(Node::Look(Look::Circ));
                    }
                }
                b'$' => {
                    s.previous = false;
                    let multi = *options & opt::MULTILINE != 0;
                    self.push(Node::Look(if multi { Look::DollM } else { Look::Doll }));
                }
                b'.' => {
                    s.no_first();
                    s.save();
                    s.previous = true;
                    self.push(if *options & opt::DOTALL != 0 { Node::AllAny } else { Node::Any });
                }
                b'[' if self.looking_at(1, b"[:<:]]") => self.word_edge(&mut s, *options, false),
                b'[' if self.looking_at(1, b"[:>:]]") => self.word_edge(&mut s, *options, true),
                b'[' => match self.class(*options, &mut quoted)? {
                    Class::Char(c) => self.literal(&mut s, *options, c),
                    Class::Set(node) => {
                        s.no_first();
                        s.save();
                        s.previous = true;
                        self.push(node);
                    }
                },
                b'*' => self.repeat(&mut s, *options, 0, UNBOUNDED)?,
                b'+' => self.repeat(&mut s, *options, 1, UNBOUNDED)?,
                b'?' => self.repeat(&mut s, *options, 0, 1)?,
                b'{' if self.is_counted(self.i + 1) => {
                    let (min, max) = self.counts()?;
                    self.repeat(&mut s, *options, min, max)?;
                }
                b'(' => self.paren(&mut s, options)?,
                b'\\' => self.backslash(&mut s, *options)?,
                _ => self.literal_here(&mut s, *options),
            }
            self.i += 1;
        }
    }

    fn paren(&mut self, s: &mut State, options: &mut u32) -> Parsed<()> {
        let vary_before = self.vary;
        match self.parens(s, options)? {
            Parens::Done => {}
            Parens::Group { kind, chars } => self.after_group(s, &kind, chars, vary_before),
        }
        Ok(())
    }

    /// Takes over what a group says about characters.
    fn after_group(&mut self, s: &mut State, kind: &Kind, mut sub: Chars, vary: bool) {
        s.save();
        s.group_set_first = false;
        match kind {
            Kind::Ahead { negative: false } => {
                if sub.required.is_set() && sub.first.is_set() {
                    s.required = sub.required;
                }
            }
            Kind::Ahead { .. } | Kind::Behind { .. } => {}
            _ => {
                if s.first == Needed::Unset {
                    if sub.first.is_set() {
                        s.first = sub.first;
                        s.group_set_first = true;
                    } else {
                        s.first = Needed::No;
                    }
                    s.zero_first = Needed::No;
                } else if sub.first.is_set() && !sub.required.is_set() {
                    sub.required = with_vary(sub.first, vary);
                }
                if sub.required.is_set() {
                    s.required = sub.required;
                }
            }
        }
    }

    /// `[[:<:]]` and `[[:>:]]`, which stand for `\b(?=\w)` and `\b(?<=\w)`.
    fn word_edge(&mut self, s: &mut State, options: u32, end: bool) {
        self.push(Node::Look(Look::Word));
        if let Some(word) = self.special_set(b'w', options & opt::UCP != 0) {
            let alt = crate::ast::Alt { nodes: vec![word], end: self.i as u32, length: 1 };
            let kind = if end { Kind::Behind { negative: false } } else { Kind::Ahead { negative: false } };
            self.push(Node::Group(Box::new(crate::ast::Group { kind, alts: vec![alt] })));
        }
        s.save();
        s.previous = true;
        self.i += 6;
    }

    fn backslash(&mut self, s: &mut State, options: u32) -> Parsed<()> {
        let ucp = options & opt::UCP != 0;
        match self.escape(options, false)? {
            Esc::Char(c) => self.literal(s, options, c),
            Esc::BackRef(group) => {
                s.save();
                self.back_reference(s, options, vec![group]);
            }
            Esc::Special(letter) => {
                if matches!(letter, b'd' | b'D' | b's' | b'S' | b'w' | b'W' | b'h' | b'H' | b'v' | b'V' | b'N' | b'C')
                    || matches!(letter, b'p' | b'P' | b'R' | b'X')
                {
                    s.no_first();
                }
                s.save();
                let look = |l| Node::Look(l);
                let node = match letter {
                    b'g' => return self.call_by_escape(s),
                    b'k' => return self.reference_by_name(s, options),
                    b'p' | b'P' => {
                        let (r, negated) = self.property()?;
                        self.range_set(&r, negated != (letter == b'P'))
                    }
                    b'N' => Node::Any,
                    b'C' if self.utf => Node::AnyByte,
                    b'C' => Node::AllAny,
                    b'R' => Node::AnyNewline,
                    b'X' => Node::Grapheme,
                    b'A' => look(Look::Sod),
                    b'G' => look(Look::Som),
                    b'Z' => look(Look::EodN),
                    b'z' => look(Look::Eod),
                    b'b' => look(Look::Word),
                    b'B' => look(Look::NotWord),
                    b'K' => Node::SetStart,
                    _ => match self.special_set(letter, ucp) {
                        Some(n) => n,
                        None => return Ok(()),
                    },
                };
                s.previous = !matches!(node, Node::Look(_) | Node::SetStart);
                self.push(node);
            }
        }
        Ok(())
    }

    pub(super) fn back_reference(&mut self, s: &mut State, options: u32, groups: Vec<u32>) {
        if s.first == Needed::Unset {
            s.first = Needed::No;
            s.zero_first = Needed::No;
        }
        s.previous = true;
        for g in &groups {
            self.referred(*g);
        }
        self.push(Node::BackRef { groups, caseless: options & opt::CASELESS != 0 });
    }

    /// The character at the position, which ends on its last byte.
    fn literal_here(&mut self, s: &mut State, options: u32) {
        let (c, len) = if self.utf { chars::decode(self.text, self.i) } else { (u32::from(self.at(0)), 1) };
        self.i += len - 1;
        self.literal(s, options, c);
    }

    fn literal(&mut self, s: &mut State, options: u32, c: u32) {
        let caseless = options & opt::CASELESS != 0;
        s.previous = true;
        self.push(Node::Char { c, caseless });
        if caseless && self.utf && unicode::fold(&[(c, c)]).iter().map(|(a, b)| b - a + 1).sum::<u32>() > 2 {
            // One of several cases: as a property, which has no first character. PCRE keeps what was saved before.
            if s.first == Needed::Unset {
                s.first = Needed::No;
                s.zero_first = Needed::No;
            }
            return;
        }
        self.has_crlf |= c == 13 || c == 10;
        let mut bytes = Vec::with_capacity(4);
        chars::encode(c, self.utf, &mut bytes);
        let (head, last) = (bytes.first().copied().unwrap_or(0), bytes.last().copied().unwrap_or(0));
        let many = bytes.len() > 1;
        if s.first == Needed::Unset {
            s.zero_first = Needed::No;
            s.zero_required = s.required;
            if !many || !caseless {
                s.first = Needed::Byte { byte: head, caseless, vary: false };
                if many {
                    s.required = Needed::Byte { byte: last, caseless: false, vary: self.vary };
                }
            } else {
                s.first = Needed::No;
                s.required = Needed::No;
            }
        } else {
            s.save();
            if !many || !caseless {
                s.required = Needed::Byte { byte: last, caseless, vary: self.vary };
            }
        }
    }

    /// White space and comments of extended mode; `all`: as often as they come.
    fn skip_extended(&mut self, all: bool) {
        loop {
            while self.i < self.text.len() && chars::is_space(self.at(0)) {
                self.i += 1;
            }
            if self.at(0) != b'#' {
                return;
            }
            self.i += 1;
            while self.i < self.text.len() {
                let n = self.newline.starts(self.text, self.i, self.utf);
                if n > 0 {
                    self.i += n;
                    break;
                }
                self.i += if self.utf { chars::decode(self.text, self.i).1 } else { 1 };
            }
            if !all {
                return;
            }
        }
    }

    /// The rest of `(?#...)`; leaves the position on the `)`.
    fn skip_comment(&mut self) -> Parsed<()> {
        while !matches!(self.at(0), 0 | b')') {
            self.i += 1;
        }
        if self.at(0) == 0 { Err(18) } else { Ok(()) }
    }

    /// Applies a repeat whose last byte is at the position to the last node.
    fn repeat(&mut self, s: &mut State, options: u32, min: u32, max: u32) -> Parsed<()> {
        if !s.previous {
            return Err(9);
        }
        if min == 0 {
            s.first = s.zero_first;
            s.required = s.zero_required;
        }
        if options & opt::EXTENDED != 0 {
            self.i += 1;
            self.skip_extended(true);
            self.i -= 1;
        }
        if self.looking_at(1, b"(?#") {
            self.i += 4;
            self.skip_comment()?;
        }
        let lazy_default = options & opt::UNGREEDY != 0;
        let greed = match self.at(1) {
            b'+' => {
                self.i += 1;
                Greed::Possessive
            }
            b'?' => {
                self.i += 1;
                if lazy_default { Greed::Greedy } else { Greed::Lazy }
            }
            _ if lazy_default => Greed::Lazy,
            _ => Greed::Greedy,
        };
        s.previous = false;
        let Some(node) = self.open.last_mut().and_then(|o| o.nodes.pop()) else { return Ok(()) };
        let mut max = max;
        let mut keep = true;
        match &node {
            Node::Char { c, caseless } if min > 1 => {
                if let Some(byte) = u8::try_from(*c).ok().filter(|b| !self.utf || *b < 128) {
                    let cased = *caseless;
                    s.required = Needed::Byte { byte, caseless: cased, vary: self.vary };
                }
            }
            Node::Group(g) => match &g.kind {
                Kind::Ahead { .. } | Kind::Behind { .. } => {
                    if min > 0 {
                        keep = false;
                    } else {
                        max = max.min(1);
                    }
                }
                Kind::Cond(crate::ast::Cond::Define) => keep = false,
                _ if min > 1 && s.group_set_first && !s.required.is_set() => s.required = s.first,
                _ => {}
            },
            _ => {}
        }
        self.push(if keep { Node::Repeat { node: Box::new(node), min, max, greed } } else { node });
        self.vary |= min != max;
        Ok(())
    }
}

fn with_vary(n: Needed, vary: bool) -> Needed {
    match n {
        Needed::Byte { byte, caseless, vary: v } => Needed::Byte { byte, caseless, vary: v || vary },
        other => other,
    }
}
