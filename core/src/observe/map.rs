//! The walk over a process's memory: blocks, and the objects in them, in the order of their addresses.
//!
//! A heap is dense: an object begins where the one before ends. A word with a header's tag begins a boxed object, whose size
//! the rule of [`object::layout`] gives; any other word is the head of a list cell, unless what follows can't be its tail.

use crate::process::Process;
use crate::term::{Addr, Kind, Mem, TAG_HEADER, TAG_MASK, Term, object};

/// Kinds of object as they go over the wire; numbers are never given a new meaning.
pub mod kind {
    pub const UNKNOWN: u8 = 0;
    pub const TUPLE: u8 = 1;
    pub const CONS: u8 = 2;
    pub const MAP: u8 = 3;
    pub const MAP_NODE: u8 = 4;
    pub const HEAP_BINARY: u8 = 5;
    pub const OFF_HEAP_BINARY: u8 = 6;
    pub const SUB_BINARY: u8 = 7;
    pub const MATCH_CONTEXT: u8 = 8;
    pub const FUN: u8 = 9;
    pub const BIGNUM: u8 = 10;
    pub const FLOAT: u8 = 11;
    pub const REFERENCE: u8 = 12;
    pub const EXTERNAL: u8 = 13;
    pub const LITERAL: u8 = 14;
    pub const RECORD: u8 = 15;
    pub const RETURN_ADDRESS: u8 = 16;
    pub const STACK_VALUE: u8 = 17;
    pub const STACK_POINTER: u8 = 18;
    pub const CATCH: u8 = 19;
    pub const DEAD: u8 = 20;
}

/// Kinds of block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub enum BlockKind {
    Young = 0,
    Old = 1,
    Fragment = 2,
    Message = 3,
}

/// One contiguous block of a process. Sizes are words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Block {
    pub kind: BlockKind,
    pub start: Addr,
    pub size: u32,
    /// Words in use from the start.
    pub used: u32,
    /// Words of stack at the end.
    pub stack: u32,
    /// Words from the start that have survived a collection.
    pub high_water: u32,
    /// Place in the message queue.
    pub place: u32,
}

/// One object in a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Item {
    /// Words from the block's start.
    pub offset: u32,
    pub words: u32,
    /// One of [`kind`].
    pub kind: u8,
    /// 0 young, 1 young and survived a collection, 2 old.
    pub generation: u8,
}

/// The blocks of a process: heaps, fragments, and messages that it has not received yet.
pub fn blocks(process: &Process) -> Vec<Block> {
    let heap = &process.heap;
    let words = |bytes: u32| bytes / 8;
    let mut all = Vec::new();
    if heap.start != 0 {
        all.push(Block {
            kind: BlockKind::Young,
            start: heap.start,
            size: words(heap.end - heap.start),
            used: words(heap.top - heap.start),
            stack: words(heap.end - heap.sp),
            high_water: words(heap.high_water.saturating_sub(heap.start)),
            place: 0,
        });
    }
    let plain = |kind, start, size, used, place| Block { kind, start, size, used, stack: 0, high_water: 0, place };
    if heap.old_start != 0 {
        all.push(plain(
            BlockKind::Old,
            heap.old_start,
            words(heap.old_end - heap.old_start),
            words(heap.old_top - heap.old_start),
            0,
        ));
    }
    all.extend(heap.frags.iter().map(|f| plain(BlockKind::Fragment, f.start, f.size, f.used, 0)));
    for (place, message) in process.mailbox.iter().enumerate() {
        if let Some((f, _)) = &message.fragment {
            all.push(plain(BlockKind::Message, f.start, f.size, f.used, place as u32));
        }
    }
    all
}

impl Block {
    /// The objects of the block: those of its heap, then its stack slots.
    pub fn items(self, mem: Mem) -> impl Iterator<Item = Item> {
        let heap = Walk { mem, start: self.start, at: 0, end: self.used, block: self };
        let first = self.size - self.stack;
        let stack = (first..self.size).map(move |offset| Item {
            offset,
            words: 1,
            kind: slot_kind(mem.word(self.start, offset)),
            generation: 0,
        });
        heap.chain(stack)
    }
}

struct Walk {
    mem: Mem,
    start: Addr,
    at: u32,
    end: u32,
    block: Block,
}

impl Iterator for Walk {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        if self.at >= self.end {
            return None;
        }
        let offset = self.at;
        let (kind, words) = at(self.mem, self.start + offset * 8, self.end - offset);
        self.at += words;
        let generation = match self.block.kind {
            BlockKind::Old => 2,
            BlockKind::Young if offset < self.block.high_water => 1,
            _ => 0,
        };
        Some(Item { offset, words, kind, generation })
    }
}

/// Kind and size of the object at `addr`, at most `left` words.
pub fn at(mem: Mem, addr: Addr, left: u32) -> (u8, u32) {
    let first = mem.word(addr, 0);
    if first & TAG_MASK != TAG_HEADER {
        let whole = left >= 2 && mem.word(addr, 1) & TAG_MASK != TAG_HEADER;
        return if whole { (kind::CONS, 2) } else { (kind::DEAD, 1) };
    }
    let Some(what) = object::kind_of_header(first) else { return (kind::UNKNOWN, 1) };
    let words = object::layout(mem, addr, first).words.clamp(1, left);
    (wire_kind(mem, addr, what), words)
}

fn wire_kind(mem: Mem, addr: Addr, what: Kind) -> u8 {
    match what {
        Kind::Cons => kind::CONS,
        Kind::Tuple => kind::TUPLE,
        Kind::Float => kind::FLOAT,
        Kind::PosBig | Kind::NegBig => kind::BIGNUM,
        Kind::Ref => kind::REFERENCE,
        Kind::Fun => kind::FUN,
        Kind::FunRef => kind::RECORD,
        Kind::HeapBits => kind::HEAP_BINARY,
        // A match context is a view with flags set in its first data word.
        Kind::SubBits if mem.word(addr, 1) & 1 != 0 => kind::MATCH_CONTEXT,
        Kind::SubBits => kind::SUB_BINARY,
        Kind::BinRef => kind::OFF_HEAP_BINARY,
        Kind::FlatMap => kind::MAP,
        Kind::HashHead | Kind::HashNode => kind::MAP_NODE,
        Kind::ExtPid | Kind::ExtPort | Kind::ExtRef => kind::EXTERNAL,
    }
}

/// Kind of a stack slot by its word.
pub fn slot_kind(word: u64) -> u8 {
    let term = Term(word);
    if term.is_none() {
        kind::DEAD
    } else if word & TAG_MASK == TAG_HEADER {
        kind::RETURN_ADDRESS
    } else if term.is_catch() {
        kind::CATCH
    } else if term.is_immed() {
        kind::STACK_VALUE
    } else {
        kind::STACK_POINTER
    }
}
