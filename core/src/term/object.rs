//! The closed set of heap object kinds, written once.
//!
//! Every boxed object starts with a header word; a cons cell has none. [`layout`] says of any header how many words the
//! object has and how many of them after the header are raw data; **all words after the raw ones are terms**. Collector,
//! copier, verifier and memory picture are derived from that one rule. Mirrors `erl_term.h`, `erl_bits.h`, `erl_fun.h` and
//! `erl_map.h` of OTP 27; sizes in words are OTP 27's on 64 bits.
//!
//! ```text
//! arity (26+ bits) .... tttt 00      tttt: subtag; arity: words after the header, except for funs and maps
//! fun:    num_env << 8 | arity       num_env: words of environment, the trailing fun reference included
//! map:    value:16, arity:8, mm      mm: 0 flat, 1 node, 2 head with 16 children, 3 head with a bitmap
//! ```

use super::{Addr, Mem, Term};

pub const SUBTAG_MASK: u64 = 0x3C;
pub const HEADER_MASK: u64 = 0x3F;

pub const TUPLE: u64 = 0x0 << 2;
pub const FUN_REF: u64 = 0x1 << 2;
pub const POS_BIG: u64 = 0x2 << 2;
pub const NEG_BIG: u64 = 0x3 << 2;
pub const REF: u64 = 0x4 << 2;
pub const FUN: u64 = 0x5 << 2;
pub const FLOAT: u64 = 0x6 << 2;
pub const HEAP_BITS: u64 = 0x8 << 2;
pub const SUB_BITS: u64 = 0x9 << 2;
pub const BIN_REF: u64 = 0xA << 2;
pub const MAP: u64 = 0xB << 2;
pub const EXT_PID: u64 = 0xC << 2;
pub const EXT_PORT: u64 = 0xD << 2;
pub const EXT_REF: u64 = 0xE << 2;

/// What a heap object is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Kind {
    Cons,
    Tuple,
    Float,
    PosBig,
    NegBig,
    /// A reference of this node: header, then numbers; see [`crate::heap::refs`]. One that owns something has header, block, next
    /// off-heap object.
    Ref,
    /// A fun: header, entry, environment, and for a local fun a [`Kind::FunRef`] at the end of the environment.
    Fun,
    /// Keeps a fun's entry alive: header, entry, next off-heap object.
    FunRef,
    /// Bytes on the heap: header, size in bits, data.
    HeapBits,
    /// A view of bits: header, flags, start bit, end bit, and the [`Kind::BinRef`] or [`Kind::HeapBits`] that it views.
    SubBits,
    /// A handle of a reference-counted binary: header, address of the binary's block, next off-heap object.
    BinRef,
    /// header, size, tuple of keys, values.
    FlatMap,
    /// header, size, children.
    HashHead,
    /// header, children.
    HashNode,
    ExtPid,
    ExtPort,
    ExtRef,
}

/// Size and shape of an object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Layout {
    /// Words of the whole object, the header included.
    pub words: u32,
    /// Words after the header that are data; the rest are terms.
    pub raw: u32,
}

#[inline(always)]
pub const fn header(subtag: u64, arity: u64) -> u64 {
    arity << 6 | subtag
}
/// The arity field of a header: words after it (not for funs and maps).
#[inline(always)]
pub const fn arity(header: u64) -> u32 {
    (header >> 6) as u32 & 0x3FF_FFFF
}
#[inline(always)]
pub const fn tuple_header(arity: u32) -> u64 {
    header(TUPLE, arity as u64)
}
#[inline(always)]
pub const fn is_tuple_header(h: u64) -> bool {
    h & HEADER_MASK == TUPLE
}
/// The largest arity of a tuple.
pub const MAX_TUPLE: usize = (1 << 24) - 1;

pub const FLOAT_HEADER: u64 = header(FLOAT, 1);
pub const SUB_BITS_HEADER: u64 = header(SUB_BITS, 4);
pub const BIN_REF_HEADER: u64 = header(BIN_REF, 2);
pub const FUN_REF_HEADER: u64 = header(FUN_REF, 2);
/// A reference that keeps a block outside of its heap alive (`heap::owner`): a plain one in size and layout, told by a bit that no
/// arity reaches.
pub const OWNER_REF_HEADER: u64 = header(REF, 2) | 1 << 40;
/// Words of a view of bits.
pub const SUB_BITS_WORDS: u32 = 5;
/// Words of a handle of a reference-counted binary.
pub const BIN_REF_WORDS: u32 = 3;
pub const FUN_REF_WORDS: u32 = 3;

#[inline(always)]
pub const fn fun_header(arity: u32, env_words: u32) -> u64 {
    header(FUN, (env_words as u64) << 8 | arity as u64)
}
#[inline(always)]
pub const fn fun_arity(h: u64) -> u32 {
    (h >> 6) as u32 & 0xFF
}
/// Words of a fun's environment, the trailing fun reference included; 0 for an external fun.
#[inline(always)]
pub const fn fun_env_words(h: u64) -> u32 {
    (h >> 14) as u32
}

pub const MAP_FLAT: u64 = 0;
pub const MAP_NODE: u64 = 1;
pub const MAP_HEAD_ARRAY: u64 = 2;
pub const MAP_HEAD_BITMAP: u64 = 3;

const fn map_header(kind: u64, arity: u64, value: u16) -> u64 {
    header(MAP, ((value as u64) << 8 | arity) << 2 | kind)
}
/// Largest number of keys of a flat map.
pub const FLAT_MAP_LIMIT: u32 = 32;
pub const FLAT_MAP_HEADER: u64 = map_header(MAP_FLAT, 1, 0);
/// Words of a flat map before its values: header, size, keys.
pub const FLAT_MAP_WORDS: u32 = 3;
pub const HASH_HEAD_ARRAY_HEADER: u64 = map_header(MAP_HEAD_ARRAY, 1, 0xFFFF);
#[inline(always)]
pub const fn hash_head_header(bitmap: u16) -> u64 {
    map_header(MAP_HEAD_BITMAP, 1, bitmap)
}
#[inline(always)]
pub const fn hash_node_header(bitmap: u16) -> u64 {
    map_header(MAP_NODE, 0, bitmap)
}
#[inline(always)]
pub const fn map_kind(h: u64) -> u64 {
    h >> 6 & 3
}
/// Bitmap of the children of a hash node or head.
#[inline(always)]
pub const fn map_bitmap(h: u64) -> u16 {
    (h >> 16) as u16
}

/// The subtag bits of a header.
#[inline(always)]
pub const fn subtag(h: u64) -> u64 {
    h & SUBTAG_MASK
}

/// Kind of the boxed object with this header; `None` for a word that is no header of ours.
#[inline]
pub const fn kind_of_header(h: u64) -> Option<Kind> {
    Some(match h & HEADER_MASK {
        TUPLE => Kind::Tuple,
        FUN_REF => Kind::FunRef,
        POS_BIG => Kind::PosBig,
        NEG_BIG => Kind::NegBig,
        REF => Kind::Ref,
        FUN => Kind::Fun,
        FLOAT => Kind::Float,
        HEAP_BITS => Kind::HeapBits,
        SUB_BITS => Kind::SubBits,
        BIN_REF => Kind::BinRef,
        MAP => match map_kind(h) {
            MAP_FLAT => Kind::FlatMap,
            MAP_NODE => Kind::HashNode,
            _ => Kind::HashHead,
        },
        EXT_PID => Kind::ExtPid,
        EXT_PORT => Kind::ExtPort,
        EXT_REF => Kind::ExtRef,
        _ => return None,
    })
}

/// Layout of the boxed object whose header `h` stands at `addr` (a flat map's size is its second word).
#[inline]
pub fn layout(mem: Mem, addr: Addr, h: u64) -> Layout {
    match h & HEADER_MASK {
        TUPLE => Layout { words: arity(h) + 1, raw: 0 },
        FUN => {
            let env = fun_env_words(h) & 0xFFFF;
            Layout { words: 2 + env, raw: 1 }
        }
        SUB_BITS => Layout { words: SUB_BITS_WORDS, raw: 3 },
        MAP => match map_kind(h) {
            MAP_FLAT => Layout { words: FLAT_MAP_WORDS + mem.word(addr, 1) as u32, raw: 1 },
            MAP_NODE => Layout { words: 1 + map_bitmap(h).count_ones(), raw: 0 },
            _ => Layout { words: 2 + map_bitmap(h).count_ones(), raw: 1 },
        },
        _ => Layout { words: arity(h) + 1, raw: arity(h) },
    }
}

/// Does a header of this kind link into the off-heap list of its heap?
#[inline(always)]
pub const fn is_off_heap_header(h: u64) -> bool {
    matches!(h & HEADER_MASK, BIN_REF | FUN_REF) || h == OWNER_REF_HEADER
}

impl Mem {
    /// Kind of what a pointer term points to; `None` for immediates and for words that are no objects.
    pub fn kind(self, term: Term) -> Option<Kind> {
        if term.is_list() {
            Some(Kind::Cons)
        } else if term.is_boxed() {
            kind_of_header(self.header(term))
        } else {
            None
        }
    }

    /// Subtag of a boxed term, if it is one.
    #[inline(always)]
    pub fn boxed_subtag(self, term: Term) -> Option<u64> {
        if term.is_boxed() { Some(subtag(self.header(term))) } else { None }
    }

    #[inline(always)]
    fn has(self, term: Term, tag: u64) -> bool {
        term.is_boxed() && self.header(term) & HEADER_MASK == tag
    }
    #[inline(always)]
    pub fn is_tuple(self, term: Term) -> bool {
        self.has(term, TUPLE)
    }
    /// Arity of a tuple.
    #[inline(always)]
    pub fn tuple_arity(self, term: Term) -> Option<u32> {
        if self.is_tuple(term) { Some(arity(self.header(term))) } else { None }
    }
    /// Element `index` (from 1) of a tuple that has one.
    #[inline(always)]
    pub fn element(self, tuple: Term, index: u32) -> Term {
        self.field(tuple, index)
    }
    #[inline(always)]
    pub fn is_float(self, term: Term) -> bool {
        self.has(term, FLOAT)
    }
    /// Value of a float term (meaningless for any other boxed term).
    #[inline(always)]
    pub fn float_value(self, term: Term) -> f64 {
        f64::from_bits(self.field(term, 1).0)
    }
    #[inline(always)]
    pub fn as_float(self, term: Term) -> Option<f64> {
        if self.is_float(term) { Some(self.float_value(term)) } else { None }
    }
    #[inline(always)]
    pub fn is_big(self, term: Term) -> bool {
        term.is_boxed() && self.header(term) & (HEADER_MASK & !4) == POS_BIG
    }
    #[inline(always)]
    pub fn is_integer(self, term: Term) -> bool {
        term.is_small() || self.is_big(term)
    }
    #[inline(always)]
    pub fn is_number(self, term: Term) -> bool {
        self.is_integer(term) || self.is_float(term)
    }
    #[inline(always)]
    pub fn is_fun(self, term: Term) -> bool {
        self.has(term, FUN)
    }
    #[inline(always)]
    pub fn is_map(self, term: Term) -> bool {
        self.has(term, MAP)
    }
    #[inline(always)]
    pub fn is_flat_map(self, term: Term) -> bool {
        term.is_boxed() && self.header(term) == FLAT_MAP_HEADER
    }
    #[inline(always)]
    pub fn is_bitstring(self, term: Term) -> bool {
        term.is_boxed() && self.header(term) & (HEADER_MASK & !4) == HEAP_BITS
    }
    #[inline(always)]
    pub fn is_ref(self, term: Term) -> bool {
        self.has(term, REF) || self.has(term, EXT_REF)
    }
    #[inline(always)]
    pub fn is_pid(self, term: Term) -> bool {
        term.is_local_pid() || self.has(term, EXT_PID)
    }
    #[inline(always)]
    pub fn is_port(self, term: Term) -> bool {
        term.is_local_port() || self.has(term, EXT_PORT)
    }
    /// Number of pairs of a map.
    #[inline(always)]
    pub fn map_size(self, map: Term) -> usize {
        self.field(map, 1).0 as usize
    }
}
