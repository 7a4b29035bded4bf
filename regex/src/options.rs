//! The options of a compilation and of a match, as bits.

/// Options of a pattern. Those that `(?imsxJUX)` can change are read where they stand.
pub mod opt {
    pub const CASELESS: u32 = 1;
    pub const MULTILINE: u32 = 1 << 1;
    pub const DOTALL: u32 = 1 << 2;
    pub const EXTENDED: u32 = 1 << 3;
    pub const ANCHORED: u32 = 1 << 4;
    pub const DOLLAR_ENDONLY: u32 = 1 << 5;
    pub const UNGREEDY: u32 = 1 << 6;
    pub const UTF: u32 = 1 << 7;
    pub const NO_AUTO_CAPTURE: u32 = 1 << 8;
    pub const FIRSTLINE: u32 = 1 << 9;
    pub const DUPNAMES: u32 = 1 << 10;
    pub const NEVER_UTF: u32 = 1 << 11;
    pub const UCP: u32 = 1 << 12;
    pub const NO_START_OPTIMIZE: u32 = 1 << 13;
    pub const NEWLINE_CR: u32 = 1 << 14;
    pub const NEWLINE_LF: u32 = 1 << 15;
    pub const NEWLINE_CRLF: u32 = NEWLINE_CR | NEWLINE_LF;
    pub const NEWLINE_ANY: u32 = 1 << 16;
    pub const NEWLINE_ANYCRLF: u32 = NEWLINE_ANY | NEWLINE_CR;
    pub const NEWLINE_BITS: u32 = NEWLINE_CR | NEWLINE_LF | NEWLINE_ANY;
    pub const BSR_ANYCRLF: u32 = 1 << 17;
    pub const BSR_UNICODE: u32 = 1 << 18;
    /// `(?X)`: unknown escapes are errors.
    pub const EXTRA: u32 = 1 << 19;
    /// Every bit that means something.
    pub const ALL: u32 = (1 << 20) - 1;
}

/// What ends a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Newline {
    Cr,
    Lf,
    CrLf,
    Any,
    AnyCrLf,
}

impl Newline {
    /// From option bits; `None` if they contradict each other. No bit at all means a line feed.
    pub fn from_bits(bits: u32) -> Option<Newline> {
        Some(match bits & opt::NEWLINE_BITS {
            0 | opt::NEWLINE_LF => Newline::Lf,
            opt::NEWLINE_CR => Newline::Cr,
            opt::NEWLINE_CRLF => Newline::CrLf,
            opt::NEWLINE_ANY => Newline::Any,
            opt::NEWLINE_ANYCRLF => Newline::AnyCrLf,
            _ => return None,
        })
    }

    /// The length of the newline that starts at `at`, or 0.
    #[inline]
    pub fn starts(self, s: &[u8], at: usize, utf: bool) -> usize {
        let Some(c) = s.get(at).copied() else { return 0 };
        let crlf = || s.get(at + 1) == Some(&b'\n');
        match self {
            Newline::Lf => usize::from(c == b'\n'),
            Newline::Cr => usize::from(c == b'\r'),
            Newline::CrLf => {
                if c == b'\r' && crlf() {
                    2
                } else {
                    0
                }
            }
            Newline::AnyCrLf | Newline::Any => match c {
                b'\n' => 1,
                b'\r' => 1 + usize::from(crlf()),
                _ if self == Newline::AnyCrLf => 0,
                0x0B | 0x0C => 1,
                0x85 if !utf => 1,
                0xC2 if utf && s.get(at + 1) == Some(&0x85) => 2,
                0xE2 if utf && s.get(at + 1) == Some(&0x80) && matches!(s.get(at + 2), Some(0xA8 | 0xA9)) => 3,
                _ => 0,
            },
        }
    }

    /// Whether a newline ends at `at`.
    #[inline]
    pub fn ends(self, s: &[u8], at: usize, utf: bool) -> bool {
        let back = |n: usize| at.checked_sub(n).and_then(|i| s.get(i)).copied();
        let Some(c) = back(1) else { return false };
        match self {
            Newline::Lf => c == b'\n',
            Newline::Cr => c == b'\r',
            Newline::CrLf => c == b'\n' && back(2) == Some(b'\r'),
            Newline::AnyCrLf => c == b'\n' || c == b'\r',
            Newline::Any => match c {
                0x0A..=0x0D => true,
                0x85 => !utf || back(2) == Some(0xC2),
                0xA8 | 0xA9 => utf && back(2) == Some(0x80) && back(3) == Some(0xE2),
                _ => false,
            },
        }
    }
}

/// Options of one match.
#[derive(Clone, Copy, Debug, Default)]
pub struct MatchOptions {
    pub anchored: bool,
    pub not_bol: bool,
    pub not_eol: bool,
    pub not_empty: bool,
    pub not_empty_at_start: bool,
    /// Newline and `\R` bits of [`opt`] that override the pattern's.
    pub newline_bits: u32,
    pub match_limit: Option<u32>,
    pub recursion_limit: Option<u32>,
}
