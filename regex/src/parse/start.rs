//! The settings at the very start of a pattern: `(*UTF8)`, `(*CRLF)`, `(*LIMIT_MATCH=n)` and so on.

use crate::options::opt;

pub(super) struct Start {
    pub options: u32,
    /// Where the pattern proper begins.
    pub at: usize,
    pub match_limit: Option<u32>,
    pub recursion_limit: Option<u32>,
}

const SETTINGS: &[(&str, u32)] = &[
    ("UTF8)", opt::UTF),
    ("UTF)", opt::UTF),
    ("UCP)", opt::UCP),
    ("NO_AUTO_POSSESS)", 0),
    ("NO_START_OPT)", opt::NO_START_OPTIMIZE),
];
const NEWLINES: &[(&str, u32)] = &[
    ("CR)", opt::NEWLINE_CR),
    ("LF)", opt::NEWLINE_LF),
    ("CRLF)", opt::NEWLINE_CRLF),
    ("ANY)", opt::NEWLINE_ANY),
    ("ANYCRLF)", opt::NEWLINE_ANYCRLF),
];
const BSR: &[(&str, u32)] = &[("BSR_ANYCRLF)", opt::BSR_ANYCRLF), ("BSR_UNICODE)", opt::BSR_UNICODE)];

impl Start {
    pub fn read(&mut self, text: &[u8]) {
        let find = |list: &[(&str, u32)], t: &[u8]| {
            list.iter().find(|(n, _)| t.starts_with(n.as_bytes())).map(|(n, bits)| (n.len(), *bits))
        };
        while let Some(rest) = text.get(self.at..).and_then(|t| t.strip_prefix(b"(*")) {
            if let Some((n, bits)) = find(SETTINGS, rest) {
                self.options |= bits;
                self.at += 2 + n;
            } else if let Some((n, bits)) = find(NEWLINES, rest) {
                self.options = self.options & !opt::NEWLINE_BITS | bits;
                self.at += 2 + n;
            } else if let Some((n, bits)) = find(BSR, rest) {
                self.options = self.options & !(opt::BSR_ANYCRLF | opt::BSR_UNICODE) | bits;
                self.at += 2 + n;
            } else if let Some(r) = rest.strip_prefix(b"LIMIT_MATCH=") {
                let Some((n, value)) = number(r) else { break };
                self.match_limit = Some(self.match_limit.map_or(value, |v| v.min(value)));
                self.at += 2 + 12 + n;
            } else if let Some(r) = rest.strip_prefix(b"LIMIT_RECURSION=") {
                let Some((n, value)) = number(r) else { break };
                self.recursion_limit = Some(self.recursion_limit.map_or(value, |v| v.min(value)));
                self.at += 2 + 16 + n;
            } else {
                break;
            }
        }
    }
}

/// Digits and `)`: their length and the number, if it isn't too big.
fn number(t: &[u8]) -> Option<(usize, u32)> {
    let digits = t.iter().take_while(|c| c.is_ascii_digit()).count();
    let mut value: u32 = 0;
    for d in t.iter().take(digits) {
        if value > u32::MAX / 10 - 1 {
            return None;
        }
        value = value * 10 + u32::from(d - b'0');
    }
    (t.get(digits) == Some(&b')')).then_some((digits + 1, value))
}
