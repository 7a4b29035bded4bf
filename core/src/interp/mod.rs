//! The interpreter.

pub mod op;
