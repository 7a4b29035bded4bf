//! What a pattern is compiled to: instructions for the backtracking machine in [`crate::exec`].
//!
//! Registers hold everything that backtracking must restore: captures, where groups began, loop counters, heights of the
//! stack. The first are `2 * (captures + 1)` for captures, `captures + 1` for the starts of open groups, then [`Regs`].

use crate::ast::{CharSet, Greed, Look, Verb};

/// One character (or byte) to match.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Single {
    Byte(u8),
    /// Either of two bytes.
    Byte2(u8, u8),
    /// A code point of more than one byte, in a UTF pattern.
    Char(u32),
    Set(u32),
    /// Anything but the start of a newline.
    Any,
    AllAny,
    AnyByte,
}

#[derive(Clone, Copy, Debug)]
pub struct Rep {
    pub what: Single,
    pub min: u32,
    pub max: u32,
    pub greed: Greed,
    /// The byte that must follow, if that is known.
    pub next: Option<u8>,
}

#[derive(Clone, Copy, Debug)]
pub struct Count {
    /// The counter; the next register has where the iteration began.
    pub slot: u32,
    pub min: u32,
    pub max: u32,
    pub lazy: bool,
    pub top: u32,
    pub enter: u32,
    pub end: u32,
}

#[derive(Clone, Copy, Debug)]
pub enum Inst {
    One(Single),
    /// A run of bytes of [`Program::literals`].
    Literal {
        at: u32,
        len: u32,
    },
    Rep(u32),
    Newline,
    Grapheme,
    Look(Look),
    SetStart,
    BackRef {
        index: u32,
        caseless: bool,
    },
    Open(u32),
    Close(u32),
    /// Goes on at `first`, and at `second` if that fails.
    Split {
        first: u32,
        second: u32,
    },
    Jump(u32),
    /// Notes where an iteration begins.
    LoopMark(u32),
    /// Goes round again, unless the iteration matched nothing.
    LoopEnd {
        slot: u32,
        body: u32,
        lazy: bool,
    },
    CountInit(u32),
    CountLoop(u32),
    CountEnter(u32),
    CountNext(u32),
    /// Notes the height of the stack; `AtomicEnd` drops the choices above it.
    AtomicStart(u32),
    AtomicEnd(u32),
    /// As the atomic ones, and the position is restored.
    LookStart(u32),
    LookEnd(u32),
    /// A negative assertion, which goes on at `after` if its body fails.
    NegStart {
        slot: u32,
        after: u32,
    },
    /// Its body has matched: fail, or go to `or_else`.
    NegEnd {
        slot: u32,
        or_else: Option<u32>,
    },
    CondStart {
        slot: u32,
        or_else: u32,
    },
    CondEnd(u32),
    /// Goes back so many characters.
    Back(u32),
    CondGroup {
        index: u32,
        or_else: u32,
    },
    CondRecursion {
        index: u32,
        or_else: u32,
    },
    Call {
        group: u32,
        to: u32,
    },
    Return,
    /// An alternative that ends at this place in the pattern, and so catches a `(*THEN)` before it.
    CatchThen(u32),
    /// `name`: of `(*SKIP:name)`, else `u32::MAX`.
    Verb {
        verb: Verb,
        at: u32,
        name: u32,
    },
    Mark(u32),
    Fail,
    Match,
}

/// A compiled pattern.
#[derive(Debug)]
pub struct Program {
    pub code: Vec<Inst>,
    pub literals: Vec<u8>,
    pub sets: Vec<CharSet>,
    pub reps: Vec<Rep>,
    pub counts: Vec<Count>,
    /// Groups of back references and conditions.
    pub groups: Vec<Vec<u32>>,
    pub verb_names: Vec<Vec<u8>>,
    pub captures: u32,
    pub registers: u32,
}

impl Program {
    /// The register of the place where a group began.
    pub fn start_reg(&self, group: u32) -> u32 {
        2 * (self.captures + 1) + group
    }
    /// The register of the start of the match, which `\K` moves.
    pub fn match_start_reg(&self) -> u32 {
        3 * (self.captures + 1)
    }
}
