//! A parsed pattern. Depth is bounded by the limit of nested parentheses ([`MAX_DEPTH`]), so walks over it may recurse.

use crate::chars::Low;

/// PCRE's limit of nested parentheses.
pub const MAX_DEPTH: usize = 250;

/// No upper bound of a repeat.
pub const UNBOUNDED: u32 = u32::MAX;

/// A set of characters: those below 256 as bits, the others as sorted ranges.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct CharSet {
    pub low: Low,
    pub high: Vec<(u32, u32)>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Look {
    /// `^`, and in multiline mode.
    Circ,
    CircM,
    Doll,
    DollM,
    /// `\A`, `\G`, `\Z`, `\z`.
    Sod,
    Som,
    EodN,
    Eod,
    Word,
    NotWord,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Greed {
    Greedy,
    Lazy,
    Possessive,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Cond {
    /// Any of the groups has matched.
    Group(Vec<u32>),
    /// In a recursion into any group (empty), or into one of these.
    Recursion(Vec<u32>),
    Define,
    /// The first node of the first alternative is the assertion.
    Assert,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Kind {
    Capture(u32),
    Plain,
    Atomic,
    Ahead { negative: bool },
    Behind { negative: bool },
    Cond(Cond),
}

#[derive(Clone, Debug)]
pub struct Alt {
    pub nodes: Vec<Node>,
    /// Where the alternative ends in the pattern.
    pub end: u32,
    /// For a lookbehind: its length in characters.
    pub length: u32,
}

#[derive(Clone, Debug)]
pub struct Group {
    pub kind: Kind,
    pub alts: Vec<Alt>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verb {
    Commit,
    Prune,
    Skip,
    Then,
}

#[derive(Clone, Debug)]
pub enum Node {
    Char {
        c: u32,
        caseless: bool,
    },
    /// A set by its index; `size` is what PCRE's code for it takes.
    Set {
        id: u32,
        size: u16,
    },
    Any,
    AllAny,
    AnyByte,
    AnyNewline,
    Grapheme,
    Look(Look),
    /// `\K`.
    SetStart,
    BackRef {
        groups: Vec<u32>,
        caseless: bool,
    },
    Recurse {
        group: u32,
    },
    Group(Box<Group>),
    Repeat {
        node: Box<Node>,
        min: u32,
        max: u32,
        greed: Greed,
    },
    Verb {
        verb: Verb,
        name: Option<Vec<u8>>,
        at: u32,
    },
    Mark(Vec<u8>),
    Fail,
    /// `(*ACCEPT)` inside these open groups.
    Accept(Vec<u32>),
}

/// What PCRE knows of a character that a match must begin with, or must contain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Needed {
    Unset,
    No,
    Byte { byte: u8, caseless: bool, vary: bool },
}

impl Needed {
    pub fn is_set(self) -> bool {
        matches!(self, Needed::Byte { .. })
    }
}

/// A whole pattern.
#[derive(Debug)]
pub struct Pattern {
    pub root: Group,
    pub sets: Vec<CharSet>,
    pub options: u32,
    pub captures: u32,
    /// Names in alphabetical order with their groups.
    pub names: Vec<(Vec<u8>, u32)>,
    /// The groups that are called; 0 is the whole pattern.
    pub calls: Vec<u32>,
    pub backref_map: u32,
    pub has_then: bool,
    pub had_prune_or_skip: bool,
    /// Whether the pattern mentions a carriage return or line feed.
    pub has_crlf: bool,
    pub first: Needed,
    pub required: Needed,
    pub match_limit: Option<u32>,
    pub recursion_limit: Option<u32>,
}
