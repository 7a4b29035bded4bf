//! Matching one character, and runs of it.

use crate::chars::{decode, in_low};
use crate::exec::Matcher;
use crate::program::{Rep, Single};
use crate::{Regex, unicode};

impl Matcher {
    /// The position after one character at `pos`, if it matches.
    #[inline(always)]
    pub(super) fn one(&self, re: &Regex, what: Single, s: &[u8], pos: usize) -> Option<usize> {
        let b = *s.get(pos)?;
        match what {
            Single::Byte(x) => (b == x).then_some(pos + 1),
            Single::Byte2(x, y) => (b == x || b == y).then_some(pos + 1),
            Single::Char(c) => {
                let (d, len) = decode(s, pos);
                (c == d).then_some(pos + len)
            }
            Single::Set(id) => {
                let set = re.program.sets.get(id as usize)?;
                if !re.utf || b < 128 {
                    return in_low(&set.low, b).then_some(pos + 1);
                }
                let (c, len) = decode(s, pos);
                let found = match u8::try_from(c) {
                    Ok(c) => in_low(&set.low, c),
                    Err(_) => unicode::contains(&set.high, c),
                };
                found.then_some(pos + len)
            }
            Single::Any => {
                if self.newline.starts(s, pos, re.utf) > 0 {
                    return None;
                }
                Some(pos + if re.utf && b > 127 { decode(s, pos).1 } else { 1 })
            }
            Single::AllAny => Some(pos + if b > 127 { decode(s, pos).1 } else { 1 }),
            Single::AnyByte => Some(pos + 1),
        }
    }

    /// Takes up to `max` characters from `pos` on: the position after them and their number.
    pub(super) fn many(&self, re: &Regex, what: Single, s: &[u8], pos: usize, max: u32) -> (usize, u32) {
        let rest = s.get(pos..).unwrap_or(&[]);
        let limit = (max as usize).min(rest.len());
        let run = |n: Option<usize>| {
            let n = n.unwrap_or(limit).min(limit);
            (pos + n, n as u32)
        };
        match what {
            Single::AnyByte => return run(None),
            Single::Byte(x) => return run(rest.iter().take(limit).position(|b| *b != x)),
            Single::Set(id) if !re.utf => {
                if let Some(set) = re.program.sets.get(id as usize) {
                    let low = &set.low;
                    return run(rest.iter().take(limit).position(|b| !in_low(low, *b)));
                }
            }
            Single::Any if !re.utf && self.newline == crate::options::Newline::Lf => {
                return run(memchr::memchr(b'\n', rest.get(..limit).unwrap_or(rest)));
            }
            _ => {}
        }
        let (mut at, mut n) = (pos, 0);
        while n < max
            && let Some(next) = self.one(re, what, s, at)
        {
            at = next;
            n += 1;
        }
        (at, n)
    }

    /// The position to which a greedy repeat gives back next, from `pos` (exclusive) down to `low`.
    pub(super) fn give_back(&mut self, re: &Regex, rep: &Rep, s: &[u8], low: usize, pos: usize) -> Option<usize> {
        if pos <= low {
            return None;
        }
        let bytewise = !re.utf || matches!(rep.what, Single::AnyByte | Single::Byte(_) | Single::Byte2(..));
        let mut at = if bytewise { pos - 1 } else { crate::chars::back(s, pos) };
        if let Some(next) = rep.next {
            // Only places where the next character follows; it is no continuation byte, so any such place is a good one.
            let window = s.get(low..=at).unwrap_or(&[]);
            let found = memchr::memrchr(next, window)?;
            let passed = (at - low - found) as u64;
            self.steps = self.steps.saturating_sub(passed / 8);
            self.calls = self.calls.saturating_add(passed as u32);
            at = low + found;
        }
        Some(at)
    }
}
