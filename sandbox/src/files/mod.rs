//! What a program's files are: real directories ([`RealFiles`]) or a tree in memory ([`MemoryFiles`]).

mod memory;
#[cfg(unix)]
mod real;

pub use beambox_core::host::files::{FileInfo, FileKind, FileResult, Files, OpenModes, Posix, Whence};
pub use memory::MemoryFiles;
#[cfg(unix)]
pub use real::RealFiles;
