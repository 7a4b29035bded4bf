//! A process's heap: young generation with the stack at its other end, old generation, and fragments.
//!
//! ```text
//! start            high_water        top ->            <- sp      end
//!   | survivors of   | made since the  |      free       | stack    |
//!   | one collection | last collection |                 |          |
//! ```
//!
//! Owns the layout and the rule that nothing moves except in [`gc`]. What a BIF builds goes to the free words, or to a
//! fragment when they don't suffice; the next collection moves fragments in. Mirrors `erl_process.h` and `erl_message.h`.

pub mod alloc;
pub mod binary;
pub mod bits;
pub mod build;
pub mod copy;
pub mod deflate;
mod digits;
pub mod etf;
pub mod external;
pub mod gc;
pub mod map;
pub mod number;
pub mod order;
pub mod owner;
pub mod print;
pub mod refs;
pub mod size;
#[cfg(test)]
mod term_tests;
#[cfg(test)]
pub(crate) mod testing;
pub mod verify;

pub use alloc::{Alloc, Fragment, FragmentAlloc, HeapAlloc, LiteralAlloc, OffHeap, Packed};

use crate::arena::{Arena, OutOfMemory};
use crate::term::{Addr, Mem, Term};

/// Words between heap and stack that only return addresses may take (OTP's `S_REDZONE`).
pub const REDZONE: u32 = 3;
/// Words that are free between heap and stack after every reservation: the next return address and the red zone (OTP's `S_RESERVED`).
pub const RESERVED: u32 = 1 + REDZONE;

/// The heap of one process. Addresses are byte offsets, sizes are words.
#[derive(Debug)]
pub struct Heap {
    pub start: Addr,
    /// The next free word of the young generation.
    pub top: Addr,
    /// The word on top of the stack: the slot of the return address of the current frame.
    pub sp: Addr,
    pub end: Addr,
    /// What lies below has survived one collection.
    pub high_water: Addr,
    pub old_start: Addr,
    pub old_top: Addr,
    pub old_end: Addr,
    /// Off-heap objects of the young generation and of `frags`.
    pub off_heap: OffHeap,
    /// Off-heap objects of the old generation.
    pub old_off_heap: OffHeap,
    /// Fragments that belong to the young generation until the next collection.
    pub frags: Vec<Fragment>,
    /// Words in use in `frags`.
    pub frag_words: usize,
    pub min_size: usize,
    pub min_vheap: u64,
    pub vheap_size: u64,
    pub old_vheap_size: u64,
    /// Minor collections since the last major one.
    pub minor_since_major: u32,
    pub fullsweep_after: u32,
    pub grow_next: bool,
    pub need_fullsweep: bool,
    pub minor_count: u64,
    pub major_count: u64,
    /// Collections under `gc_stress` that were left out since the last one.
    #[cfg(feature = "gc_stress")]
    pub left_out: usize,
}

/// See [`Heap::mark`].
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    top: Addr,
    frags: usize,
    used: u32,
    words: usize,
}

impl Heap {
    /// A heap whose young generation has `size` words (taken up to the next size of the table).
    pub fn new(arena: &mut Arena, size: usize, min_vheap: u64, fullsweep_after: u32) -> Result<Heap, OutOfMemory> {
        let size = gc::sizes::at_least(size);
        let start = arena.alloc(size)?;
        let end = start + (size as u32) * 8;
        Ok(Heap {
            start,
            top: start,
            sp: end,
            end,
            high_water: start,
            old_start: 0,
            old_top: 0,
            old_end: 0,
            off_heap: OffHeap::default(),
            old_off_heap: OffHeap::default(),
            frags: Vec::new(),
            frag_words: 0,
            min_size: size,
            min_vheap,
            vheap_size: min_vheap,
            old_vheap_size: min_vheap,
            minor_since_major: 0,
            #[cfg(feature = "gc_stress")]
            left_out: 0,
            fullsweep_after,
            grow_next: false,
            need_fullsweep: false,
            minor_count: 0,
            major_count: 0,
        })
    }

    /// Words of the young generation's block, stack included (OTP's `heap_size` of `process_info`).
    pub fn size(&self) -> usize {
        ((self.end - self.start) / 8) as usize
    }
    /// Words in use below `top`.
    pub fn used(&self) -> usize {
        ((self.top - self.start) / 8) as usize
    }
    pub fn stack_words(&self) -> usize {
        ((self.end - self.sp) / 8) as usize
    }
    pub fn old_size(&self) -> usize {
        ((self.old_end - self.old_start) / 8) as usize
    }
    pub fn old_used(&self) -> usize {
        ((self.old_top - self.old_start) / 8) as usize
    }
    /// Words that a reservation can have without a collection.
    #[inline(always)]
    pub fn free(&self) -> u32 {
        (self.sp - self.top) / 8
    }

    /// Under `gc_stress`: is a collection due that nothing but the stress asks for? Heaps of up to 610 words collect every time. Larger ones, for which
    /// that would take time by the square of their size, so often that 128 words are moved for each time.
    #[cfg(feature = "gc_stress")]
    pub fn stress_due(&mut self, need: usize) -> bool {
        let live = self.young_used() + self.old_used() + self.stack_words();
        let room = self.free() as usize >= need + 2 * RESERVED as usize && self.frags.is_empty();
        self.left_out += 1;
        let due = !room || live <= 610 || self.left_out > live / 128;
        if due {
            self.left_out = 0;
        }
        due
    }

    /// `words` words for a term: from the heap if they fit, else from a fragment. Never collects.
    #[inline]
    pub fn words(&mut self, arena: &mut Arena, words: u32) -> Result<Addr, OutOfMemory> {
        if self.sp - self.top >= (words + REDZONE) * 8 {
            let at = self.top;
            self.top += words * 8;
            Ok(at)
        } else {
            self.fragment_words(arena, words)
        }
    }

    #[cold]
    #[inline(never)]
    fn fragment_words(&mut self, arena: &mut Arena, words: u32) -> Result<Addr, OutOfMemory> {
        if let Some(f) = self.frags.last_mut()
            && f.size - f.used >= words
        {
            let at = f.start + f.used * 8;
            f.used += words;
            self.frag_words += words as usize;
            return Ok(at);
        }
        // One who builds much outside of the heap gets larger and larger fragments.
        let size = words.max(32 << self.frags.len().min(6));
        let start = arena.alloc(size as usize)?;
        self.frags.push(Fragment { start, used: words, size });
        self.frag_words += words as usize;
        Ok(start)
    }

    /// Where allocation stands, for [`Heap::rewind`].
    pub fn mark(&self) -> Mark {
        Mark {
            top: self.top,
            frags: self.frags.len(),
            used: self.frags.last().map_or(0, |f| f.used),
            words: self.frag_words,
        }
    }

    /// Forgets what was built since the mark. Nothing may refer to it or be linked as an off-heap object, and nothing may have been
    /// collected or adopted in between.
    pub fn rewind(&mut self, mark: Mark, arena: &mut Arena) {
        self.top = mark.top;
        for f in self.frags.drain(mark.frags..) {
            arena.free(f.start);
        }
        if let Some(f) = self.frags.last_mut() {
            f.used = mark.used;
        }
        self.frag_words = mark.words;
    }

    /// Takes over a fragment, for example a message's, together with its off-heap objects.
    pub fn adopt(&mut self, mem: Mem, fragment: Fragment, off_heap: OffHeap) {
        self.frag_words += fragment.used as usize;
        // New allocations go to the last fragment: a message's has no room, so it goes below.
        let at = self.frags.len().saturating_sub(1);
        self.frags.insert(at, fragment);
        self.off_heap.append(mem, off_heap);
    }

    /// Gives everything back. The heap must not be used afterwards.
    pub fn release(&mut self, arena: &mut Arena) {
        gc::sweep::release_all(arena, &mut self.off_heap);
        gc::sweep::release_all(arena, &mut self.old_off_heap);
        for f in self.frags.drain(..) {
            arena.free(f.start);
        }
        arena.free(self.start);
        if self.old_start != 0 {
            arena.free(self.old_start);
        }
        (self.start, self.top, self.sp, self.end, self.old_start, self.old_top, self.old_end) = (0, 0, 0, 0, 0, 0, 0);
        self.frag_words = 0;
    }

    /// Y register `index` of the current frame.
    #[inline(always)]
    pub fn y(&self, mem: Mem, index: u32) -> Term {
        mem.get(self.sp, index)
    }
}
