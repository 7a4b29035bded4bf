//! The one error of this crate: which chunk, where in it, and what is wrong.

use crate::model::ChunkId;
use std::fmt;

/// Why bytes are not a `.beam` file (or not an external term).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The chunk; `None` when the fault lies in the file's outer form, or in a term on its own.
    pub chunk: Option<ChunkId>,
    /// Bytes from the start of the chunk's body, or of the file or term when `chunk` is `None`. In a compressed chunk
    /// it counts the bytes after decompression.
    pub offset: usize,
    /// What is wrong.
    pub kind: ErrorKind,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Not a `.beam` file at all.
    NotBeam,
    /// The bytes end too early; `what` was to be read there.
    Truncated { what: &'static str },
    /// A needed chunk is absent.
    MissingChunk,
    /// A chunk that may be there only once is there again.
    DuplicateChunk,
    /// The gzip or zlib stream is damaged.
    Compression(String),
    /// More than this crate is willing to unpack or build.
    TooLarge { what: &'static str, limit: usize },
    /// A version that this crate does not know.
    Version { found: u32 },
    /// No such opcode.
    UnknownOpcode(u8),
    /// An opcode that the header says cannot occur.
    OpcodeAboveMax { opcode: u8, max: u32 },
    /// A malformed compact term.
    BadOperand(&'static str),
    /// An index beyond its table.
    IndexRange { what: &'static str, index: u64, size: u64 },
    /// Text that is not in its encoding.
    BadText { what: &'static str },
    /// A tag that no external term has.
    BadTermTag(u8),
    /// Any other rule that is broken.
    Invalid(&'static str),
}

impl Error {
    pub(crate) fn new(chunk: Option<ChunkId>, offset: usize, kind: ErrorKind) -> Error {
        Error { chunk, offset, kind }
    }

    pub(crate) fn in_chunk(mut self, id: ChunkId) -> Error {
        self.chunk = Some(id);
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(id) = self.chunk {
            let name = String::from_utf8_lossy(&id);
            write!(f, "chunk {name:?}, ")?;
        }
        write!(f, "byte {}: {}", self.offset, self.kind)
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ErrorKind::NotBeam => write!(f, "this is not a .beam file"),
            ErrorKind::Truncated { what } => write!(f, "the data ends in the middle of {what}"),
            ErrorKind::MissingChunk => write!(f, "the file has no such chunk"),
            ErrorKind::DuplicateChunk => write!(f, "the file has this chunk twice"),
            ErrorKind::Compression(why) => write!(f, "the compressed data is damaged ({why})"),
            ErrorKind::TooLarge { what, limit } => {
                write!(f, "{what} is larger than the limit of {limit}")
            }
            ErrorKind::Version { found } => write!(f, "version {found} is not known"),
            ErrorKind::UnknownOpcode(op) => write!(f, "there is no opcode {op}"),
            ErrorKind::OpcodeAboveMax { opcode, max } => {
                write!(f, "opcode {opcode} is above the file's own maximum of {max}")
            }
            ErrorKind::BadOperand(why) => write!(f, "bad operand: {why}"),
            ErrorKind::IndexRange { what, index, size } => {
                write!(f, "{what} {index} does not exist (there are {size})")
            }
            ErrorKind::BadText { what } => write!(f, "{what} is not valid text"),
            ErrorKind::BadTermTag(tag) => write!(f, "no external term starts with the tag {tag}"),
            ErrorKind::Invalid(why) => write!(f, "{why}"),
        }
    }
}

impl std::error::Error for Error {}
