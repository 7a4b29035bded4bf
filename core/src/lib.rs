//! The BEAM: terms, heaps, loader, interpreter, scheduler. No I/O, no clock: the world is reached through [`host::Host`].
//!
//! Layers, each using only those above it: `config host error guard atom`, `term`, `arena heap`, `code`, `load`, `process`,
//! `ets timer system`, `bif`, `interp`, `sched`, `observe vm`. See `ARCHITECTURE.md`.

pub mod arena;
pub mod atom;
pub mod bif;
pub mod boot;
pub mod code;
pub mod config;
pub mod error;
pub mod ets;
pub mod guard;
pub mod heap;
pub mod host;
pub mod interp;
pub mod load;
pub mod observe;
pub mod process;
pub mod resources;
pub mod sched;
pub mod shared;
pub mod signals;
pub mod system;
pub mod term;
pub mod timer;
pub mod tracing;
pub mod vm;
