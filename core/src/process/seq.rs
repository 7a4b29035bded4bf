//! Sequential tracing of a process: the token that its messages carry on, and its two counters. Plain data that refers to no heap: a label that isn't
//! an immediate is kept in the external format. Mirrors the seq_trace fields of OTP's `Process`.

use crate::term::Term;
use std::sync::Arc;

/// Bits of a token's flags, with OTP's values.
pub mod flag {
    pub const SEND: u32 = 1;
    pub const RECEIVE: u32 = 1 << 1;
    pub const PRINT: u32 = 1 << 2;
    pub const TIMESTAMP: u32 = 1 << 3;
    pub const STRICT_MONOTONIC: u32 = 1 << 4;
    pub const MONOTONIC: u32 = 1 << 5;
}

/// What a token is marked with.
#[derive(Clone, Debug)]
pub enum Label {
    Immediate(Term),
    /// In the external term format.
    Packed(Arc<[u8]>),
}

/// `{Flags, Label, Serial, From, Last}`.
#[derive(Clone, Debug)]
pub struct Token {
    pub flags: u32,
    pub label: Label,
    pub serial: i64,
    /// A pid.
    pub from: Term,
    pub last: i64,
}

/// A process that has met sequential tracing.
#[derive(Clone, Debug, Default)]
pub struct Seq {
    pub token: Option<Token>,
    pub clock: i64,
    pub last: i64,
}

impl Seq {
    /// Counts one more event of the process `me` that the token goes with.
    pub fn step(&mut self, me: Term) {
        let Some(token) = &mut self.token else { return };
        self.clock += 1;
        (token.from, token.serial, token.last) = (me, self.clock, self.last);
    }
}
