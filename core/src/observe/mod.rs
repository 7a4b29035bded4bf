//! Looking at a VM from outside, between two slices: frames and descriptions. Read-only; what is shown is read from the VM's own
//! heaps, never estimated.
//!
//! [`wire`] writes the binary form that `docs/wire.md` fixes, [`map`] walks a process's memory word by word, [`describe`] says what
//! lies at an address, [`text`] prints terms shortly.

pub mod describe;
pub mod map;
pub mod text;
pub mod wire;

pub use describe::{Object, Word, describe};
pub use wire::{Look, frame};

#[cfg(test)]
mod tests;
