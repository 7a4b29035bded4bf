//! The public model of a `.beam` file: plain data, no behaviour beyond small look-ups.
//!
//! Invariant: what [`BeamFile::parse`](crate::BeamFile::parse) returns has every atom, import, lambda, literal, string and
//! type index in range. A file built by hand is the builder's own responsibility; use [`crate::builder`].

use crate::etf::Value;
use crate::op::Op;
use num_bigint::BigInt;

/// Index into [`BeamFile::atoms`], counted from 0 (the file counts from 1; 0 there is nil).
pub type AtomIdx = u32;

/// Four bytes that name a chunk.
pub type ChunkId = [u8; 4];

/// A whole `.beam` file.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct BeamFile {
    /// Atom table; `atoms[0]` is the module's name.
    pub atoms: Vec<String>,
    /// The instructions.
    pub code: Code,
    /// String table: bytes that instructions refer to by offset.
    pub strings: Vec<u8>,
    /// Functions of other modules (and BIFs) that the code calls.
    pub imports: Vec<Import>,
    /// Exported functions.
    pub exports: Vec<Export>,
    /// Functions that are not exported.
    pub locals: Vec<Export>,
    /// Funs.
    pub lambdas: Vec<Lambda>,
    /// Literals, decoded.
    pub literals: Vec<Value>,
    /// Line table.
    pub lines: Option<LineTable>,
    /// Types of registers that the compiler could prove.
    pub types: Option<TypeTable>,
    /// `-module_info(attributes)`.
    pub attributes: Option<TermChunk>,
    /// `-module_info(compile)`.
    pub compile_info: Option<TermChunk>,
    /// All other chunks (Dbgi, Docs, Meta, ...), untouched.
    pub other: Vec<(ChunkId, Vec<u8>)>,
    /// How the file was laid out; the default is what OTP 27 writes.
    pub layout: Layout,
    /// MD5 of the essential chunks as they were read, which is what `module_info(md5)` says. Not written.
    pub md5: [u8; 16],
}

impl BeamFile {
    /// The module's name, `atoms[0]`; empty when the table is.
    pub fn module_name(&self) -> &str {
        self.atoms.first().map_or("", String::as_str)
    }

    /// The text of an atom.
    pub fn atom(&self, index: AtomIdx) -> Option<&str> {
        self.atoms.get(index as usize).map(String::as_str)
    }
}

/// Choices of encoding that do not change a file's meaning, kept so that what is read is written back the same.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Layout {
    /// Order of chunks. Chunks that are not named come after these, in OTP's own order.
    pub order: Vec<ChunkId>,
    /// Form of the atom table.
    pub atoms: AtomForm,
    /// True for the form of OTP 28, in which literals are not compressed.
    pub literals_uncompressed: bool,
}

/// Form of the atom table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum AtomForm {
    /// `AtU8` with lengths of one byte (to OTP 27). Atoms over 255 bytes make the writer take `Utf8Long`.
    #[default]
    Utf8,
    /// `AtU8` with a negative count and lengths as compact terms (OTP 28).
    Utf8Long,
    /// `Atom`, in Latin-1 (before OTP 20).
    Latin1,
}

/// The Code chunk.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Code {
    /// Version of the instruction set; 0.
    pub version: u32,
    /// Highest opcode in use; a loader refuses a file whose number it does not know.
    pub opcode_max: u32,
    /// One more than the highest label.
    pub label_count: u32,
    /// Number of functions.
    pub function_count: u32,
    /// All instructions, `int_code_end` included.
    pub instrs: Vec<Instr>,
}

/// A generic instruction.
#[derive(Clone, Debug, PartialEq)]
pub struct Instr {
    /// The opcode.
    pub op: Op,
    /// As many as [`Op::arity`] says.
    pub args: Vec<Arg>,
    /// Byte offset in the Code chunk's body; 0 when built by hand.
    pub offset: u32,
}

impl Instr {
    /// An instruction built by hand.
    pub fn new(op: Op, args: Vec<Arg>) -> Instr {
        Instr { op, args, offset: 0 }
    }
}

/// An operand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arg {
    /// A plain number: arity, size, index into a table, ... .
    U(u64),
    /// A small integer term.
    I(i64),
    /// An integer term that `i64` does not hold.
    Big(BigInt),
    /// An atom term.
    Atom(AtomIdx),
    /// The empty list.
    Nil,
    /// X register.
    X(u16),
    /// Y register, a slot of the frame.
    Y(u16),
    /// Float register.
    FReg(u16),
    /// X register whose type is known: index into the type table.
    TypedX(u16, u32),
    /// Y register whose type is known: index into the type table.
    TypedY(u16, u32),
    /// A label; 0 stands for "none: raise".
    Label(u32),
    /// A character (never written by current compilers).
    Char(u32),
    /// A list of operands. Lists do not nest.
    List(Vec<Arg>),
    /// What an allocation needs, by kind.
    Alloc(Vec<(AllocKind, u64)>),
    /// Index into [`BeamFile::literals`].
    Literal(u32),
}

/// Kind of heap need in an allocation list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AllocKind {
    /// Words.
    Words,
    /// Boxed floats.
    Floats,
    /// Funs (without their free variables).
    Funs,
}

/// A function of some module that the code refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Import {
    /// Module.
    pub module: AtomIdx,
    /// Function.
    pub function: AtomIdx,
    /// Arity.
    pub arity: u32,
}

/// A function of this module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Export {
    /// Name.
    pub function: AtomIdx,
    /// Arity.
    pub arity: u32,
    /// Entry label.
    pub label: u32,
}

/// A fun's entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Lambda {
    /// Name of the function that holds the body.
    pub function: AtomIdx,
    /// Arity of that function: the fun's arity plus `num_free`.
    pub arity: u32,
    /// Entry label.
    pub label: u32,
    /// Index of the fun within the module.
    pub index: u32,
    /// Number of free variables.
    pub num_free: u32,
    /// A hash that old code compares funs by.
    pub old_uniq: u32,
}

/// The Line chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineTable {
    /// Version; 0.
    pub version: u32,
    /// Bit 0: there are `executable_line` instructions; bit 1: counters are wanted.
    pub flags: u32,
    /// Number of `line` and `executable_line` instructions in the code.
    pub instr_count: u32,
    /// What `line` instructions index; item 0 means "no location".
    pub items: Vec<LineItem>,
    /// File names; a [`LineItem::file`] of `n > 0` is `files[n - 1]`.
    pub files: Vec<String>,
}

impl Default for LineTable {
    fn default() -> LineTable {
        LineTable {
            version: 0,
            flags: 0,
            instr_count: 0,
            items: vec![LineItem { file: 0, line: 0 }],
            files: Vec::new(),
        }
    }
}

impl LineTable {
    /// The file and line of an item; `None` for item 0 and for indices out of range. `module` names file 0.
    pub fn location(&self, item: u32, module: &str) -> Option<(String, u32)> {
        if item == 0 {
            return None;
        }
        let found = self.items.get(item as usize)?;
        let file = match found.file {
            0 => format!("{module}.erl"),
            n => self.files.get(n as usize - 1)?.clone(),
        };
        Some((file, found.line))
    }
}

/// A place in a source file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LineItem {
    /// 0 for the module's own `.erl`, else one more than the index into [`LineTable::files`].
    pub file: u32,
    /// Line, from 1; 0 when unknown.
    pub line: u32,
}

/// The Type chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypeTable {
    /// Version as read; 2 is OTP 26, 3 is OTP 27 and 28. The entries mean the same in both.
    pub version: u32,
    /// The types; index 0 is "any" by convention.
    pub entries: Vec<TypeInfo>,
}

impl Default for TypeTable {
    fn default() -> TypeTable {
        TypeTable { version: 3, entries: vec![TypeInfo::ANY] }
    }
}

/// A set of values, as the Type chunk can say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TypeInfo {
    /// Union of kinds, see [`TypeInfo::ATOM`] and the others.
    pub kinds: u16,
    /// Lower bound of the integers among them.
    pub min: Option<i64>,
    /// Upper bound of the integers among them.
    pub max: Option<i64>,
    /// Every bitstring among them has a multiple of so many bits (1 to 256).
    pub unit: Option<u16>,
}

impl TypeInfo {
    /// Atom.
    pub const ATOM: u16 = 1;
    /// Bitstring or match context.
    pub const BITSTRING: u16 = 1 << 1;
    /// Cons cell.
    pub const CONS: u16 = 1 << 2;
    /// Float.
    pub const FLOAT: u16 = 1 << 3;
    /// Fun.
    pub const FUN: u16 = 1 << 4;
    /// Integer.
    pub const INTEGER: u16 = 1 << 5;
    /// Map.
    pub const MAP: u16 = 1 << 6;
    /// Nil.
    pub const NIL: u16 = 1 << 7;
    /// Pid.
    pub const PID: u16 = 1 << 8;
    /// Port.
    pub const PORT: u16 = 1 << 9;
    /// Reference.
    pub const REFERENCE: u16 = 1 << 10;
    /// Tuple.
    pub const TUPLE: u16 = 1 << 11;
    /// OTP 26 only, beside BITSTRING: what is meant is a match context and nothing else.
    pub const CONTEXT_ONLY: u16 = 1 << 15;
    /// OTP 26 only, beside BITSTRING: match contexts are meant, too.
    pub const CONTEXT_TOO: u16 = 1 << 14;
    /// All kinds.
    pub const ALL_KINDS: u16 = 0xfff;

    /// Any term.
    pub const ANY: TypeInfo = TypeInfo { kinds: Self::ALL_KINDS, min: None, max: None, unit: None };

    /// A type without bounds or unit.
    pub const fn of(kinds: u16) -> TypeInfo {
        TypeInfo { kinds, min: None, max: None, unit: None }
    }

    /// True when nothing but these kinds can occur.
    pub const fn is_subset(self, kinds: u16) -> bool {
        self.kinds & Self::ALL_KINDS & !kinds == 0
    }
}

/// A chunk that holds one term in the external format.
#[derive(Clone, Debug, PartialEq)]
pub struct TermChunk {
    /// The term.
    pub value: Value,
    /// Its bytes, written back as they are. Empty: encode `value`.
    pub raw: Vec<u8>,
}

impl From<Value> for TermChunk {
    fn from(value: Value) -> TermChunk {
        TermChunk { value, raw: Vec::new() }
    }
}
