//! Looking at a VM from outside, between two slices: frames and descriptions. Read-only; what is shown is read from the VM's own
//! heaps, never estimated.
//!
//! [`wire`] writes the binary form that `docs/wire.md` fixes, [`map`] walks a process's memory word by word, [`describe`] says what
//! lies at an address, [`text`] prints terms shortly, [`graph`] says who keeps what alive and how much that is, [`metrics`] is
//! for dashboards.

pub mod crash_dump;
pub mod describe;
pub mod graph;
pub mod keep;
pub mod map;
pub mod metrics;
pub mod text;
pub mod wire;

pub use describe::{Object, Word, describe};
pub use keep::{Keeps, keeps};
pub use wire::{Look, frame};

#[cfg(test)]
mod graph_tests;
#[cfg(test)]
mod tests;
