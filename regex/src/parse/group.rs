//! Everything that begins with a parenthesis, and references to groups.

use super::branch::State;
use super::{Chars, Parsed, Parser};
use crate::ast::{Alt, Cond, Group, Kind, MAX_DEPTH, Needed, Node, Verb};
use crate::chars;

use crate::options::opt;

/// PCRE's limits on names.
pub(super) const MAX_NAME: usize = 32;
const MAX_NAMES: usize = 10000;
const MAX_MARK: usize = 255;
pub(super) const NUMBER_LIMIT: u32 = i32::MAX as u32 / 10 - 1;

/// What a parenthesis was.
pub(super) enum Parens {
    /// Something complete: a verb, a setting, a call.
    Done,
    /// A group, which has been pushed.
    Group { kind: Kind, chars: Chars },
}

/// What is allowed after the name of a verb.
#[derive(Clone, Copy, PartialEq)]
enum Argument {
    Needed,
    Allowed,
    Forbidden,
}

const VERBS: &[(&[u8], Argument)] = &[
    (b"", Argument::Needed),
    (b"MARK", Argument::Needed),
    (b"ACCEPT", Argument::Forbidden),
    (b"COMMIT", Argument::Forbidden),
    (b"F", Argument::Forbidden),
    (b"FAIL", Argument::Forbidden),
    (b"PRUNE", Argument::Allowed),
    (b"SKIP", Argument::Allowed),
    (b"THEN", Argument::Allowed),
];

impl Parser<'_> {
    /// Reads what the `(` at the position begins; leaves the position on its last byte.
    pub(super) fn parens(&mut self, s: &mut State, options: &mut u32) -> Parsed<Parens> {
        self.i += 1;
        if self.at(0) == b'*' && (self.at(1) == b':' || chars::is_letter(self.at(1))) {
            self.verb(s)?;
            return Ok(Parens::Done);
        }
        let mut kind = Kind::Plain;
        let mut new_options = *options;
        let mut reset = false;
        if self.at(0) == b'?' {
            self.i += 1;
            match self.at(0) {
                b'|' => {
                    reset = true;
                    self.i += 1;
                }
                b':' => self.i += 1,
                b'(' => kind = Kind::Cond(self.condition()?),
                b'=' => {
                    kind = Kind::Ahead { negative: false };
                    self.i += 1;
                }
                b'!' => {
                    self.i += 1;
                    if self.at(0) == b')'
                        && !matches!(self.at(1), b'*' | b'+' | b'?')
                        && !(self.at(1) == b'{' && self.is_counted(self.i + 2))
                    {
                        self.push(Node::Fail);
                        s.previous = false;
                        return Ok(Parens::Done);
                    }
                    kind = Kind::Ahead { negative: true };
                }
                b'<' => match self.at(1) {
                    b'=' | b'!' => {
                        kind = Kind::Behind { negative: self.at(1) == b'!' };
                        self.i += 2;
                    }
                    c if chars::is_word(c) => kind = self.named_group(*options)?,
                    _ => {
                        self.i += 1;
                        return Err(24);
                    }
                },
                b'>' => {
                    kind = Kind::Atomic;
                    self.i += 1;
                }
                b'C' => {
                    self.callout()?;
                    s.previous = false;
                    return Ok(Parens::Done);
                }
                b'P' => {
                    self.i += 1;
                    match self.at(0) {
                        b'=' => {
                            self.named_reference(s, *options, b')')?;
                            return Ok(Parens::Done);
                        }
                        b'>' => {
                            self.named_call(s, b')')?;
                            return Ok(Parens::Done);
                        }
                        b'<' => kind = self.named_group(*options)?,
                        _ => return Err(41),
                    }
                }
                b'\'' => kind = self.named_group(*options)?,
                b'&' => {
                    self.named_call(s, b')')?;
                    return Ok(Parens::Done);
                }
                b'R' => {
                    self.i += 1;
                    if self.at(0) != b')' {
                        return Err(29);
                    }
                    self.call(s, 0)?;
                    return Ok(Parens::Done);
                }
                b'-' if !self.at(1).is_ascii_digit() => {
                    if self.settings(s, options, &mut new_options)? {
                        return Ok(Parens::Done);
                    }
                }
                b'-' | b'+' | b'0'..=b'9' => {
                    self.numbered_call(s, b')')?;
                    return Ok(Parens::Done);
                }
                _ => {
                    if self.settings(s, options, &mut new_options)? {
                        return Ok(Parens::Done);
                    }
                }
            }
        } else if *options & opt::NO_AUTO_CAPTURE == 0 {
            self.captures += 1;
            kind = Kind::Capture(self.captures);
        }
        self.group(s, kind, new_options, reset)
    }

    fn group(&mut self, s: &mut State, kind: Kind, options: u32, reset: bool) -> Parsed<Parens> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.too_deep());
        }
        let assertion = matches!(kind, Kind::Ahead { .. } | Kind::Behind { .. });
        s.previous = true;
        if assertion && self.cond_assert {
            s.previous = false;
            self.cond_assert = false;
        }
        let capture = if let Kind::Capture(n) = kind { Some(n) } else { None };
        let conditional = usize::from(matches!(kind, Kind::Cond(_)));
        self.cond_depth += conditional;
        let (alts, mut chars) = self.alternatives(options, &kind, reset)?;
        self.cond_depth -= conditional;
        self.depth -= 1;
        if self.second
            && let Kind::Cond(c) = &kind
        {
            if *c == Cond::Define {
                if alts.len() > 1 {
                    return Err(54);
                }
            } else if alts.len() > 2 {
                return Err(27);
            }
            if alts.len() == 1 {
                chars = Chars { first: Needed::No, required: Needed::No };
            }
        }
        if self.at(0) != b')' {
            return Err(14);
        }
        let define = kind == Kind::Cond(Cond::Define);
        let referred = capture.is_some() && self.open_captures.pop().is_some_and(|o| o.referred);
        if let Some(n) = capture
            && self.second
        {
            let empty = alts.iter().any(|a| self.could_be_empty(&a.nodes));
            self.closed.entry(n).or_insert(empty);
        }
        let end = self.i as u32;
        let mut node = Node::Group(Box::new(Group { kind: kind.clone(), alts }));
        if referred {
            let alt = Alt { nodes: vec![node], end, length: 0 };
            node = Node::Group(Box::new(Group { kind: Kind::Atomic, alts: vec![alt] }));
        }
        self.push(node);
        // In a DEFINE group characters mean nothing.
        Ok(if define || !self.second { Parens::Done } else { Parens::Group { kind, chars } })
    }

    /// The error of a pattern that is nested too deeply: PCRE goes on until its workspace is full, if that is where the
    /// pattern leads, and names the place.
    fn too_deep(&mut self) -> u8 {
        const WORKSPACE: usize = 3996;
        const PLAIN: usize = 3;
        const CAPTURE: usize = 5;
        // What the open groups take: all groups plain, but for those that capture.
        let captures = self.open.iter().filter(|o| o.capture.is_some()).count() + 1;
        let mut used = PLAIN + captures * CAPTURE + (self.depth - captures) * PLAIN;
        let mut at = self.i;
        while used <= WORKSPACE {
            let (len, size) = match self.text.get(at..) {
                Some([b'(', b'?', b':' | b'>', ..]) => (3, PLAIN),
                Some([b'(', c, ..]) if *c != b'?' && *c != b'*' => (1, CAPTURE),
                _ => return 82,
            };
            at += len;
            used += size;
        }
        self.i = at;
        87
    }

    fn verb(&mut self, s: &mut State) -> Parsed<()> {
        s.previous = false;
        let at = self.i as u32;
        self.i += 1;
        let start = self.i;
        while chars::is_letter(self.at(0)) {
            self.i += 1;
        }
        let name = self.text.get(start..self.i).unwrap_or(&[]).to_vec();
        let mut arg = Vec::new();
        if self.at(0) == b':' {
            self.i += 1;
            let from = self.i;
            while !matches!(self.at(0), 0 | b')') {
                self.i += 1;
            }
            arg = self.text.get(from..self.i).unwrap_or(&[]).to_vec();
            if arg.len() > MAX_MARK {
                return Err(75);
            }
        }
        if self.at(0) != b')' {
            return Err(60);
        }
        let Some((name, argument)) = VERBS.iter().find(|(n, _)| *n == name.as_slice()) else { return Err(60) };
        match argument {
            Argument::Needed if arg.is_empty() => return Err(66),
            Argument::Forbidden if !arg.is_empty() => return Err(59),
            _ => {}
        }
        let named = (!arg.is_empty()).then(|| arg.clone());
        let node = match *name {
            b"" | b"MARK" => Node::Mark(arg),
            b"ACCEPT" => {
                self.had_accept = true;
                s.no_first();
                Node::Accept(self.open_captures.iter().rev().map(|o| o.number).collect())
            }
            b"COMMIT" => Node::Verb { verb: Verb::Commit, name: None, at },
            b"PRUNE" => Node::Verb { verb: Verb::Prune, name: None, at },
            b"SKIP" => Node::Verb { verb: Verb::Skip, name: named, at },
            b"THEN" => Node::Verb { verb: Verb::Then, name: None, at },
            _ => Node::Fail,
        };
        match &node {
            Node::Verb { verb: Verb::Then, .. } => self.has_then = true,
            Node::Verb { verb: Verb::Prune | Verb::Skip, .. } => self.had_prune_or_skip = true,
            _ => {}
        }
        self.push(node);
        Ok(())
    }

    fn callout(&mut self) -> Parsed<()> {
        self.i += 1;
        let mut n = 0;
        while self.at(0).is_ascii_digit() {
            n = n * 10 + u32::from(self.at(0) - b'0');
            self.i += 1;
            if n > 255 {
                return Err(38);
            }
        }
        if self.at(0) != b')' { Err(39) } else { Ok(()) }
    }

    /// `(?imsxJUX-...)`: whether it is complete, else a group follows.
    fn settings(&mut self, s: &mut State, options: &mut u32, new_options: &mut u32) -> Parsed<bool> {
        let (mut set, mut unset, mut minus) = (0, 0, false);
        while !matches!(self.at(0), b')' | b':') {
            let bit = match self.at(0) {
                b'-' => {
                    minus = true;
                    0
                }
                b'J' => opt::DUPNAMES,
                b'i' => opt::CASELESS,
                b'm' => opt::MULTILINE,
                b's' => opt::DOTALL,
                b'x' => opt::EXTENDED,
                b'U' => opt::UNGREEDY,
                b'X' => opt::EXTRA,
                _ => return Err(12),
            };
            *(if minus { &mut unset } else { &mut set }) |= bit;
            self.i += 1;
        }
        *new_options = (*options | set) & !unset;
        if self.at(0) == b')' {
            *options = *new_options;
            s.previous = false;
            return Ok(true);
        }
        self.i += 1;
        Ok(false)
    }

    /// The condition of `(?(`, whose second parenthesis is at the position.
    fn condition(&mut self) -> Parsed<Cond> {
        let mut at = self.i;
        if self.looking_at(1, b"?C") {
            let mut p = self.i + 3;
            while self.byte(p).is_ascii_digit() {
                p += 1;
            }
            if self.byte(p) == b')' {
                at = p + 1;
            }
            if self.byte(at) != b'(' {
                return Err(28);
            }
        }
        if self.byte(at + 1) == b'?'
            && (matches!(self.byte(at + 2), b'=' | b'!')
                || (self.byte(at + 2) == b'<' && matches!(self.byte(at + 3), b'=' | b'!')))
        {
            self.cond_assert = true;
            return Ok(Cond::Assert);
        }
        self.i += 1;
        let mut recursion = false;
        let mut terminator = 0;
        let mut sign = None;
        match self.at(0) {
            b'R' if self.at(1) == b'&' => {
                recursion = true;
                terminator = 0xFF;
                self.i += 2;
            }
            b'<' => {
                terminator = b'>';
                self.i += 1;
            }
            b'\'' => {
                terminator = b'\'';
                self.i += 1;
            }
            c @ (b'-' | b'+') => {
                sign = Some(c);
                self.i += 1;
            }
            c if c.is_ascii_digit() => sign = Some(0),
            _ => {}
        }
        let mut number = 0;
        let mut name = Vec::new();
        if sign.is_some() {
            while self.at(0).is_ascii_digit() {
                if number > NUMBER_LIMIT {
                    while self.at(0).is_ascii_digit() {
                        self.i += 1;
                    }
                    return Err(61);
                }
                number = number * 10 + u32::from(self.at(0) - b'0');
                self.i += 1;
            }
        } else {
            if self.at(0).is_ascii_digit() {
                return Err(84);
            }
            if !chars::is_word(self.at(0)) {
                return Err(28);
            }
            name = self.word();
        }
        if terminator != 0 && terminator != 0xFF {
            if self.at(0) != terminator {
                return Err(26);
            }
            self.i += 1;
        }
        if self.at(0) != b')' {
            return Err(26);
        }
        self.i += 1;
        if !self.second {
            return Ok(if name == b"DEFINE" && terminator == 0 { Cond::Define } else { Cond::Group(Vec::new()) });
        }
        if let Some(sign) = sign {
            if number == 0 {
                return Err(35);
            }
            let n = i64::from(number);
            let now = i64::from(self.captures);
            let n = match sign {
                b'-' => now - n + 1,
                b'+' => now + n,
                _ => n,
            };
            if n <= 0 || n > i64::from(self.final_captures) {
                return Err(15);
            }
            self.top_backref = self.top_backref.max(n as u32);
            return Ok(Cond::Group(vec![n as u32]));
        }
        let groups = self.groups_named(&name);
        if let Some(first) = groups.first() {
            self.top_backref = self.top_backref.max(*first);
            return Ok(if recursion { Cond::Recursion(groups) } else { Cond::Group(groups) });
        }
        if terminator != 0 {
            return Err(15);
        }
        if name.first() == Some(&b'R') {
            let mut n: u32 = 0;
            for d in name.iter().skip(1) {
                if !d.is_ascii_digit() {
                    return Err(15);
                }
                if n > NUMBER_LIMIT {
                    return Err(61);
                }
                n = n * 10 + u32::from(d - b'0');
            }
            return Ok(Cond::Recursion(if n == 0 { Vec::new() } else { vec![n] }));
        }
        if name == b"DEFINE" {
            return Ok(Cond::Define);
        }
        Err(15)
    }

    /// Word characters from the position on.
    pub(super) fn word(&mut self) -> Vec<u8> {
        let from = self.i;
        while self.i < self.text.len() && chars::is_word(self.at(0)) {
            self.i += 1;
        }
        self.text.get(from..self.i).unwrap_or(&[]).to_vec()
    }

    /// A capturing group's name; the position is on its `<` or `'`.
    fn named_group(&mut self, options: u32) -> Parsed<Kind> {
        let terminator = if self.at(0) == b'<' { b'>' } else { b'\'' };
        self.i += 1;
        if self.at(0).is_ascii_digit() {
            return Err(84);
        }
        let name = self.word();
        let number = self.captures + 1;
        if !self.second {
            if self.at(0) != terminator {
                return Err(42);
            }
            if self.names.len() >= MAX_NAMES {
                return Err(49);
            }
            if name.len() > MAX_NAME {
                return Err(48);
            }
            let mut known = false;
            for (n, g) in &self.names {
                if *n == name {
                    if *g == number {
                        known = true;
                        break;
                    }
                    if options & opt::DUPNAMES == 0 {
                        return Err(43);
                    }
                    self.dup_names = true;
                } else if *g == number {
                    return Err(65);
                }
            }
            if !known {
                self.names.push((name, number));
            }
        }
        self.i += 1;
        self.captures = number;
        Ok(Kind::Capture(number))
    }
}
