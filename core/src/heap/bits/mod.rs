//! The bit syntax: matching segments out of a bitstring and building one from segments.
//!
//! A match context is a view of bits with [`MATCH`] in its flags word, whose start moves. Mirrors `erl_bits.c`.

pub mod build;
pub mod matching;
pub mod utf;

#[cfg(test)]
mod tests;

/// Flag of a view that is a match context.
pub const MATCH: u64 = 1;
/// Little-endian segment.
pub const LITTLE: u32 = 2;
/// Signed segment.
pub const SIGNED: u32 = 4;
