//! [`Alloc`]: where new terms go. An allocation never collects, so a BIF may hold terms in Rust variables.

use super::Heap;
use crate::arena::{Arena, OutOfMemory};
use crate::term::{Addr, Mem, object};

/// The list of objects of one heap that own something outside of it: handles of reference-counted binaries and funs.
/// The list runs through word 2 of the objects themselves; 0 ends it.
#[derive(Debug, Default, Clone, Copy)]
pub struct OffHeap {
    pub first: Addr,
    /// Words of the binaries that the list holds (the virtual binary heap).
    pub words: u64,
}

impl OffHeap {
    /// Links in the object at `addr`, which holds `words` words outside.
    pub fn link(&mut self, mem: Mem, addr: Addr, words: u64) {
        mem.set_word(addr, 2, self.first as u64);
        self.first = addr;
        self.words += words;
    }

    /// Takes over all objects of `other`.
    pub fn append(&mut self, mem: Mem, other: OffHeap) {
        if other.first == 0 {
            return;
        }
        let mut last = other.first;
        loop {
            let next = mem.word(last, 2) as Addr;
            if next == 0 {
                break;
            }
            last = next;
        }
        mem.set_word(last, 2, self.first as u64);
        self.first = other.first;
        self.words += other.words;
    }
}

/// A block of words outside of the heap proper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fragment {
    pub start: Addr,
    /// Words in use.
    pub used: u32,
    /// Words of the block.
    pub size: u32,
}

/// A place for new terms.
pub trait Alloc {
    fn mem(&self) -> Mem;
    /// The address of `words` words that the caller fills at once.
    fn words(&mut self, words: u32) -> Result<Addr, OutOfMemory>;
    /// The list that new off-heap objects are linked into.
    fn off_heap(&mut self) -> &mut OffHeap;
    /// The arena, for what a term needs outside of the heap (a reference-counted binary's bytes).
    fn arena(&mut self) -> &mut Arena;
}

/// Terms on the heap of a running process.
pub struct HeapAlloc<'a> {
    pub heap: &'a mut Heap,
    pub arena: &'a mut Arena,
}

impl Alloc for HeapAlloc<'_> {
    #[inline(always)]
    fn mem(&self) -> Mem {
        self.arena.mem()
    }
    #[inline(always)]
    fn words(&mut self, words: u32) -> Result<Addr, OutOfMemory> {
        self.heap.words(self.arena, words)
    }
    #[inline(always)]
    fn off_heap(&mut self) -> &mut OffHeap {
        &mut self.heap.off_heap
    }
    #[inline(always)]
    fn arena(&mut self) -> &mut Arena {
        self.arena
    }
}

/// Terms on a heap that was made large enough for them: the reserved words may be used too, since the collection that asks for
/// this looks at the heap's size once more.
pub struct Packed<'a> {
    pub heap: &'a mut Heap,
    pub arena: &'a mut Arena,
}

impl Alloc for Packed<'_> {
    fn mem(&self) -> Mem {
        self.arena.mem()
    }
    fn words(&mut self, words: u32) -> Result<Addr, OutOfMemory> {
        if self.heap.sp - self.heap.top < words * 8 {
            return self.heap.words(self.arena, words);
        }
        let at = self.heap.top;
        self.heap.top += words * 8;
        Ok(at)
    }
    fn off_heap(&mut self) -> &mut OffHeap {
        &mut self.heap.off_heap
    }
    fn arena(&mut self) -> &mut Arena {
        self.arena
    }
}

/// Terms in one fragment of a known size: a message, an ETS object.
pub struct FragmentAlloc<'a> {
    pub arena: &'a mut Arena,
    pub fragment: Fragment,
    pub off_heap: OffHeap,
}

impl<'a> FragmentAlloc<'a> {
    /// A fragment of exactly `words` words.
    pub fn new(arena: &'a mut Arena, words: u32) -> Result<FragmentAlloc<'a>, OutOfMemory> {
        let start = arena.alloc(words.max(1) as usize)?;
        Ok(FragmentAlloc {
            arena,
            fragment: Fragment { start, used: 0, size: words.max(1) },
            off_heap: OffHeap::default(),
        })
    }
}

impl Alloc for FragmentAlloc<'_> {
    fn mem(&self) -> Mem {
        self.arena.mem()
    }
    fn words(&mut self, words: u32) -> Result<Addr, OutOfMemory> {
        let f = &mut self.fragment;
        if f.size - f.used < words {
            debug_assert!(false, "a fragment of {} words has no room for {words} more", f.size);
            return Err(OutOfMemory);
        }
        let at = f.start + f.used * 8;
        f.used += words;
        Ok(at)
    }
    fn off_heap(&mut self) -> &mut OffHeap {
        &mut self.off_heap
    }
    fn arena(&mut self) -> &mut Arena {
        self.arena
    }
}

/// Terms in literal areas: as many blocks as needed, none of which moves until the owner frees them.
pub struct LiteralAlloc<'a> {
    pub arena: &'a mut Arena,
    pub areas: Vec<Fragment>,
    pub off_heap: OffHeap,
}

impl<'a> LiteralAlloc<'a> {
    pub fn new(arena: &'a mut Arena) -> LiteralAlloc<'a> {
        LiteralAlloc { arena, areas: Vec::new(), off_heap: OffHeap::default() }
    }
}

impl Alloc for LiteralAlloc<'_> {
    fn mem(&self) -> Mem {
        self.arena.mem()
    }
    fn words(&mut self, words: u32) -> Result<Addr, OutOfMemory> {
        if let Some(f) = self.areas.last_mut()
            && f.size - f.used >= words
        {
            let at = f.start + f.used * 8;
            f.used += words;
            return Ok(at);
        }
        let size = words.max(if self.areas.is_empty() { 64 } else { 1024 });
        let start = self.arena.alloc_literal(size as usize)?;
        self.areas.push(Fragment { start, used: words, size });
        Ok(start)
    }
    fn off_heap(&mut self) -> &mut OffHeap {
        &mut self.off_heap
    }
    fn arena(&mut self) -> &mut Arena {
        self.arena
    }
}

/// Words that an off-heap object holds outside, for the virtual binary heap.
pub(crate) fn outside_words(mem: Mem, addr: Addr) -> u64 {
    let block = mem.word(addr, 1) as Addr;
    match mem.word(addr, 0) {
        object::BIN_REF_HEADER => super::binary::block_bytes(mem, block) as u64 / 8,
        object::OWNER_REF_HEADER => super::owner::weight(mem, block),
        _ => 0,
    }
}
