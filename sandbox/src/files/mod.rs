//! What a program's files are: real directories ([`RealFiles`]) or a tree in memory ([`MemoryFiles`]).

mod memory;
mod real;

pub use memory::MemoryFiles;
pub use real::RealFiles;
