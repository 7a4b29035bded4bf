//! References to groups: back references and calls, by number and by name, and the check for calls that would never end.

use super::branch::State;
use super::group::{MAX_NAME, NUMBER_LIMIT};
use super::{Parsed, Parser};
use crate::ast::Node;
use crate::lengths;

impl Parser<'_> {
    /// A name up to its terminator, checked; the position is on the byte before the name.
    fn reference_name(&mut self, terminator: u8) -> Parsed<Vec<u32>> {
        self.i += 1;
        if self.at(0).is_ascii_digit() {
            return Err(84);
        }
        let name = self.word();
        if !self.second {
            if name.is_empty() {
                return Err(62);
            }
            if self.at(0) != terminator {
                return Err(42);
            }
            if name.len() > MAX_NAME {
                return Err(48);
            }
            return Ok(vec![1]);
        }
        let groups = self.groups_named(&name);
        if groups.is_empty() { Err(15) } else { Ok(groups) }
    }

    /// A back reference by name; the position is on the byte before the name.
    pub(super) fn named_reference(&mut self, s: &mut State, options: u32, terminator: u8) -> Parsed<()> {
        let groups = self.reference_name(terminator)?;
        let many = self.dup_names && groups.len() > 1;
        let groups = if many { groups } else { groups.into_iter().take(1).collect() };
        self.back_reference(s, options, groups);
        Ok(())
    }

    /// `\k<name>`, `\k'name'`, `\k{name}`, `\g{name}`; the position is on the letter.
    pub(super) fn reference_by_name(&mut self, s: &mut State, options: u32) -> Parsed<()> {
        let terminator = match self.at(1) {
            b'<' => b'>',
            b'\'' => b'\'',
            b'{' => b'}',
            _ => return Err(69),
        };
        self.i += 1;
        self.named_reference(s, options, terminator)
    }

    pub(super) fn named_call(&mut self, s: &mut State, terminator: u8) -> Parsed<()> {
        let groups = self.reference_name(terminator)?;
        self.call(s, groups.first().copied().unwrap_or(1))
    }

    /// `\g<..>` and `\g'..'`; the position is on the `g`.
    pub(super) fn call_by_escape(&mut self, s: &mut State) -> Parsed<()> {
        self.i += 1;
        let terminator = if self.at(0) == b'<' { b'>' } else { b'\'' };
        if !matches!(self.at(1), b'+' | b'-' | b'0'..=b'9') {
            return self.named_call(s, terminator);
        }
        let mut p = self.i + 2;
        while self.byte(p).is_ascii_digit() {
            p += 1;
        }
        if self.byte(p) != terminator {
            return Err(57);
        }
        self.i += 1;
        self.numbered_call(s, terminator)
    }

    /// A signed number; the position is on its first byte.
    pub(super) fn numbered_call(&mut self, s: &mut State, terminator: u8) -> Parsed<()> {
        let sign = self.at(0);
        if sign == b'+' {
            self.i += 1;
            if !self.at(0).is_ascii_digit() {
                return Err(63);
            }
        } else if sign == b'-' {
            if !self.at(1).is_ascii_digit() {
                return Err(12);
            }
            self.i += 1;
        }
        let mut n: u32 = 0;
        while self.at(0).is_ascii_digit() {
            if n > NUMBER_LIMIT {
                while self.at(0).is_ascii_digit() {
                    self.i += 1;
                }
                return Err(61);
            }
            n = n * 10 + u32::from(self.at(0) - b'0');
            self.i += 1;
        }
        if self.at(0) != terminator {
            return Err(29);
        }
        if matches!(sign, b'+' | b'-') {
            if n == 0 {
                return Err(58);
            }
            if sign == b'-' {
                if n > self.captures {
                    return Err(15);
                }
                n = self.captures - n + 1;
            } else {
                n = n.saturating_add(self.captures);
            }
        }
        self.call(s, n)
    }

    pub(super) fn call(&mut self, s: &mut State, group: u32) -> Parsed<()> {
        s.previous = true;
        if self.second {
            let open = self.open.iter().rposition(|o| o.capture == Some(group));
            let closed = self.closed.contains_key(&group);
            if group != 0 && !closed && open.is_none() && group > self.final_captures {
                return Err(15);
            }
            let from = if group == 0 { Some(0) } else { open.filter(|_| !closed) };
            if let Some(from) = from
                && self.cond_depth == 0
                && (from..self.open.len()).all(|level| self.open_could_be_empty(level))
            {
                return Err(40);
            }
            if !self.calls.contains(&group) {
                self.calls.push(group);
            }
        }
        self.push(Node::Recurse { group });
        s.call();
        Ok(())
    }

    /// Whether these nodes can match nothing, as far as is known now.
    pub(super) fn could_be_empty(&self, nodes: &[Node]) -> bool {
        lengths::could_be_empty(nodes, &|group| self.closed.get(&group).copied())
    }

    /// Whether an open branch can have matched nothing so far. An open assertion in it is looked into, but only at its
    /// first alternative; any other open group counts as empty.
    fn open_could_be_empty(&self, mut level: usize) -> bool {
        loop {
            let Some(open) = self.open.get(level) else { return true };
            if !self.could_be_empty(&open.nodes) {
                return false;
            }
            match self.open.get(level + 1) {
                Some(next) if next.assertion => match next.first_empty {
                    Some(empty) => return empty,
                    None => level += 1,
                },
                _ => return true,
            }
        }
    }
}
