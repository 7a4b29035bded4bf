//! The external term format, to and from terms.
//!
//! Owns encoding and decoding of terms on heaps; what a fun or an export is comes from [`Tables`], which the layers above
//! implement. The bytes are OTP 27's, but for compressed data, which another zlib packs. Nothing recurses, and decoding never
//! takes more memory than the bytes justify. Leaves out the atom cache of the distribution. Mirrors `external.c`; the format
//! of files (with trees instead of terms) is in `beambox_beamfile::etf`.

mod decode;
mod encode;
mod packed;
mod tag;

#[cfg(test)]
mod tests;

pub use decode::{Bad, Decoded, Decoding, decode};
pub use encode::{Encoded, Encoding, Options, Progress, encode};
pub use packed::{pack, unpack};

use crate::arena::OutOfMemory;
use crate::atom::Atom;
use crate::term::Names;

/// What the format says of a local fun.
#[derive(Clone, Debug)]
pub struct FunInfo {
    pub module: Atom,
    pub index: u32,
    pub old_index: u32,
    pub old_uniq: u32,
    pub uniq: [u8; 16],
    /// Without the free variables.
    pub arity: u8,
    pub num_free: u32,
}

/// Why a table has no such entry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refused {
    /// It would have to be made, and that is not allowed, or it can't be.
    Unsafe,
    /// The atom table is full.
    TooManyAtoms,
}

/// The tables of a VM, as far as the format needs them.
pub trait Tables: Names {
    /// The entry with this index.
    fn fun(&self, entry: u64) -> Option<FunInfo>;
    /// The atom; not made when `safe`.
    fn intern(&mut self, name: &str, safe: bool) -> Result<Atom, Refused>;
    /// The atom with this number in the table.
    fn numbered(&self, _number: u32) -> Option<Atom> {
        None
    }
    /// Index of the export; when `safe`, only of one that has code.
    fn export(&mut self, module: Atom, function: Atom, arity: u8, safe: bool) -> Result<u64, Refused>;
    /// Index of the fun's entry; when `safe`, only of one that is there.
    fn fun_entry(&mut self, fun: FunInfo, safe: bool) -> Result<u64, Refused>;
    /// What the hash of `local` encodings starts from: another one in every VM.
    fn salt(&self) -> u32;
}

/// The first byte of an encoded term.
pub const VERSION: u8 = 131;

/// The hash that guards an encoding for this VM only.
fn local_hash(salt: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(salt ^ 0x811C_9DC5, |h, b| (h ^ *b as u32).wrapping_mul(0x0100_0193))
}

impl From<OutOfMemory> for Bad {
    fn from(_: OutOfMemory) -> Bad {
        Bad::Memory
    }
}
