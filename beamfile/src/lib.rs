//! The .beam file format, read and written; knows nothing of any VM.
//!
//! Owns chunks, compact terms, the generic opcode table, literals, lines, types and funs, and a textual listing.
//! Invariant: no input, however wrong, makes this crate panic, recurse without bound or allocate out of proportion.
//! Leaves out all meaning: what an instruction does is the VM's affair.

pub mod builder;
mod check;
mod code;
mod compact;
pub mod error;
pub mod etf;
mod listing;
pub mod model;
pub mod op;
mod read;
mod write;

pub use check::Role;
pub use error::{Error, ErrorKind};
pub use model::{
    AllocKind, Arg, AtomForm, AtomIdx, BeamFile, ChunkId, Code, Export, Import, Instr, Lambda, Layout, LineItem,
    LineTable, TermChunk, TypeInfo, TypeTable,
};
pub use op::Op;
pub use read::chunks;
