//! Errors for the embedder. What happens *inside* Erlang (class, reason, stack trace) is data in the process, not a Rust error.

use std::fmt;

/// Why a VM stopped for good. It can still be inspected and dropped.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StopCause {
    /// `erlang:halt/0,1,2` was called with this status.
    Halted(i32),
    /// `erlang:halt/1` was called with a slogan, or `abort`.
    Crashed(String),
    /// The arena's limit was reached; the figure is the limit in bytes.
    OutOfMemory(u64),
    /// The atom table is full; the figure is its limit.
    TooManyAtoms(usize),
    /// An invariant of the VM itself does not hold: a bug of ours, with what was seen.
    Internal(String),
}

impl fmt::Display for StopCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StopCause::Halted(status) => write!(f, "halted with status {status}"),
            StopCause::Crashed(slogan) => write!(f, "halted: {slogan}"),
            StopCause::OutOfMemory(limit) => write!(f, "out of memory: the limit of {limit} bytes is reached"),
            StopCause::TooManyAtoms(limit) => write!(f, "too many atoms: the limit of {limit} is reached"),
            StopCause::Internal(what) => write!(f, "internal error of the VM: {what}"),
        }
    }
}

/// Why a module could not be loaded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LoadError {
    /// The chunk at fault, such as `Code`.
    pub chunk: String,
    /// Byte offset in the chunk, where known.
    pub offset: Option<u32>,
    pub what: String,
}

impl LoadError {
    pub fn new(chunk: &str, offset: Option<u32>, what: impl Into<String>) -> LoadError {
        LoadError { chunk: chunk.into(), offset, what: what.into() }
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.offset {
            Some(at) => write!(f, "chunk {} at byte {at}: {}", self.chunk, self.what),
            None => write!(f, "chunk {}: {}", self.chunk, self.what),
        }
    }
}

impl std::error::Error for LoadError {}
