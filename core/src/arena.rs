//! The arena: one contiguous, lazily committed range of words that holds everything a guest can allocate.
//!
//! Owns the reservation and the blocks in it. Blocks come from `offset-allocator`, which keeps its book-keeping outside of
//! the memory that it manages: the arena's bytes are guest data only, and laying out the same sequence of blocks again
//! reproduces the same addresses. The address space is dealt out in pages of 1 MiB; small blocks share segments whose size
//! doubles, so that a small VM stays small. The limit on the memory of a VM is enforced here and nowhere else.

use crate::term::{Addr, Mem};
use offset_allocator::{Allocation, Allocator};
use rustc_hash::FxHashMap;

/// The arena's limit is reached, or its address space is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OutOfMemory;

const PAGE: u32 = 1 << 20;
const FIRST_SEGMENT: u32 = 4 << 20;
const LAST_SEGMENT: u32 = 64 << 20;
/// Blocks from this size on have pages of their own.
const LARGE: u32 = 1 << 20;

struct Segment {
    base: Addr,
    blocks: Allocator<u32>,
}

#[derive(Clone, Copy)]
struct Live {
    place: Allocation<u32>,
    segment: u32,
    words: u32,
}

const LARGE_SEGMENT: u32 = u32::MAX;
const LARGE_LITERAL: u32 = u32::MAX - 1;
/// Set in the segment number of a block in a literal segment.
const LITERAL_BIT: u32 = 1 << 30;

/// The memory of one VM.
pub struct Arena {
    mem: Mem,
    _backing: Backing,
    base: Addr,
    pages: Allocator<u32>,
    segments: Vec<Segment>,
    /// Pages of literal areas, all of them from `literal_base` on, so that one comparison tells a literal.
    literal_pages: Allocator<u32>,
    literal_base: Addr,
    literal_segments: Vec<Segment>,
    live: FxHashMap<Addr, Live>,
    /// Blocks that references own, by the reference's numbers, and those that are gone (see `heap::owner`).
    pub(crate) owned: FxHashMap<(u64, u32), Addr>,
    pub(crate) dead: Vec<(u64, u32)>,
    used: u64,
    peak: u64,
    limit: u64,
}

impl Arena {
    /// Reserves the address space; `limit` is the most bytes that blocks may take together.
    pub fn new(limit: u64) -> Result<Arena, OutOfMemory> {
        let limit = limit.clamp(FIRST_SEGMENT as u64 * 2, (1 << 32) - 4 * PAGE as u64);
        let (backing, mem, base, pages) = Backing::reserve(limit)?;
        Ok(Arena {
            mem,
            _backing: backing,
            base,
            pages: Allocator::with_max_allocs(pages - pages / 4, 8192),
            segments: Vec::new(),
            literal_pages: Allocator::with_max_allocs(pages / 4, 2048),
            literal_base: base + (pages - pages / 4) * PAGE,
            literal_segments: Vec::new(),
            live: FxHashMap::default(),
            owned: FxHashMap::default(),
            dead: Vec::new(),
            used: 0,
            peak: 0,
            limit,
        })
    }

    #[inline(always)]
    pub fn mem(&self) -> Mem {
        self.mem
    }

    /// Is this address in a literal area? Literals are never moved and never freed by a collection.
    #[inline(always)]
    pub fn is_literal(&self, addr: Addr) -> bool {
        addr >= self.literal_base
    }
    /// Every literal's address is at least this.
    #[inline(always)]
    pub fn literal_base(&self) -> Addr {
        self.literal_base
    }

    /// A block of at least one word. Its contents are whatever was there.
    pub fn alloc(&mut self, words: usize) -> Result<Addr, OutOfMemory> {
        self.alloc_in(words, false)
    }

    /// A block for literals.
    pub fn alloc_literal(&mut self, words: usize) -> Result<Addr, OutOfMemory> {
        self.alloc_in(words, true)
    }

    fn alloc_in(&mut self, words: usize, literal: bool) -> Result<Addr, OutOfMemory> {
        let bytes = (words.max(1) as u64) * 8;
        if bytes + self.used > self.limit {
            return Err(OutOfMemory);
        }
        let bytes = bytes as u32;
        let (addr, place, segment) = if bytes < LARGE {
            self.alloc_small(bytes / 8, literal)?
        } else if literal {
            let place = self.literal_pages.allocate(bytes.div_ceil(PAGE)).ok_or(OutOfMemory)?;
            (self.literal_base + place.offset * PAGE, place, LARGE_LITERAL)
        } else {
            let place = self.pages.allocate(bytes.div_ceil(PAGE)).ok_or(OutOfMemory)?;
            (self.base + place.offset * PAGE, place, LARGE_SEGMENT)
        };
        self.live.insert(addr, Live { place, segment, words: bytes / 8 });
        self.mem.mark(addr, bytes / 8, true);
        self.used += bytes as u64;
        self.peak = self.peak.max(self.used);
        Ok(addr)
    }

    fn alloc_small(&mut self, words: u32, literal: bool) -> Result<(Addr, Allocation<u32>, u32), OutOfMemory> {
        let (base, pages, segments, bit) = if literal {
            (self.literal_base, &mut self.literal_pages, &mut self.literal_segments, LITERAL_BIT)
        } else {
            (self.base, &mut self.pages, &mut self.segments, 0)
        };
        for (i, s) in segments.iter_mut().enumerate().rev() {
            if let Some(place) = s.blocks.allocate(words) {
                return Ok((s.base + place.offset * 8, place, i as u32 | bit));
            }
        }
        let bytes = (FIRST_SEGMENT << segments.len().min(8)).min(LAST_SEGMENT);
        let (bytes, at) = match pages.allocate(bytes / PAGE) {
            Some(p) => (bytes, p),
            None => (2 * PAGE, pages.allocate(2).ok_or(OutOfMemory)?),
        };
        let base = base + at.offset * PAGE;
        let mut blocks = Allocator::with_max_allocs(bytes / 8, bytes / 256);
        let place = blocks.allocate(words).ok_or(OutOfMemory)?;
        segments.push(Segment { base, blocks });
        Ok((base + place.offset * 8, place, (segments.len() - 1) as u32 | bit))
    }

    /// Gives a block back. An address that is no live block is ignored in release builds.
    pub fn free(&mut self, addr: Addr) {
        let Some(b) = self.live.remove(&addr) else {
            debug_assert!(false, "free of {addr:#x}, which is no block");
            return;
        };
        self.used -= b.words as u64 * 8;
        self.mem.mark(addr, b.words, false);
        if b.segment == LARGE_SEGMENT {
            self.pages.free(b.place);
        } else if b.segment == LARGE_LITERAL {
            self.literal_pages.free(b.place);
        } else if b.segment & LITERAL_BIT != 0 {
            if let Some(s) = self.literal_segments.get_mut((b.segment & !LITERAL_BIT) as usize) {
                s.blocks.free(b.place);
            }
        } else if let Some(s) = self.segments.get_mut(b.segment as usize) {
            s.blocks.free(b.place);
        }
    }

    /// Words of a live block.
    pub fn words(&self, addr: Addr) -> Option<usize> {
        self.live.get(&addr).map(|b| b.words as usize)
    }

    /// Bytes in live blocks.
    pub fn used(&self) -> u64 {
        self.used
    }
    /// The most bytes that were ever in live blocks at a time.
    pub fn peak(&self) -> u64 {
        self.peak
    }
    pub fn limit(&self) -> u64 {
        self.limit
    }
    /// Number of live blocks.
    pub fn blocks(&self) -> usize {
        self.live.len()
    }
}

#[cfg(not(target_arch = "wasm32"))]
struct Backing {
    _map: memmap2::MmapMut,
}

#[cfg(not(target_arch = "wasm32"))]
impl Backing {
    /// Backing, handle, first usable address, number of pages.
    #[allow(unsafe_code)]
    fn reserve(limit: u64) -> Result<(Backing, Mem, Addr, u32), OutOfMemory> {
        use crate::term::mem::{GUARD, MARKS, TAIL};
        let mut map = memmap2::MmapOptions::new()
            .len(GUARD + (1 << 32) + TAIL + MARKS)
            .no_reserve_swap()
            .map_anon()
            .map_err(|_| OutOfMemory)?;
        // SAFETY: the mapping covers GUARD bytes, every 32-bit offset, TAIL and MARKS bytes, and lives as long as the arena.
        let mem = unsafe { Mem::new(map.as_mut_ptr().add(GUARD)) };
        // The first page stays unused, so that 0 is never the address of an object.
        let pages = ((limit * 2).div_ceil(PAGE as u64)).clamp(64, 4094) as u32;
        Ok((Backing { _map: map }, mem, PAGE, pages))
    }
}

#[cfg(target_arch = "wasm32")]
struct Backing {
    start: *mut u8,
    layout: std::alloc::Layout,
}

#[cfg(target_arch = "wasm32")]
#[allow(unsafe_code)]
impl Backing {
    fn reserve(limit: u64) -> Result<(Backing, Mem, Addr, u32), OutOfMemory> {
        let pages = limit.div_ceil(PAGE as u64).max(16) as u32 + 4;
        let layout =
            std::alloc::Layout::from_size_align(pages as usize * PAGE as usize, 4096).map_err(|_| OutOfMemory)?;
        // SAFETY: the size is not zero. Untouched pages of linear memory are not committed by the engines.
        let start = unsafe { std::alloc::alloc(layout) };
        if start.is_null() {
            return Err(OutOfMemory);
        }
        // SAFETY: blocks come from the allocation only.
        let mem = unsafe { Mem::new() };
        Ok((Backing { start, layout }, mem, start as usize as u32, pages))
    }
}

#[cfg(target_arch = "wasm32")]
impl Drop for Backing {
    #[allow(unsafe_code)]
    fn drop(&mut self) {
        // SAFETY: allocated in `reserve` with the same layout.
        unsafe { std::alloc::dealloc(self.start, self.layout) }
    }
}

// SAFETY: the arena owns its mapping; nothing in it is tied to a thread.
#[allow(unsafe_code)]
unsafe impl Send for Arena {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_do_not_overlap_and_come_back() {
        let mut a = Arena::new(64 << 20).unwrap();
        let mut blocks = Vec::new();
        for i in 0..2000usize {
            let words = 1 + (i * 37) % 500;
            let at = a.alloc(words).unwrap();
            for w in 0..words {
                a.mem().set_word(at, w as u32, i as u64);
            }
            blocks.push((at, words, i));
        }
        let big = a.alloc(1 << 20).unwrap();
        for &(at, words, i) in &blocks {
            assert!((0..words).all(|w| a.mem().word(at, w as u32) == i as u64));
            a.free(at);
        }
        a.free(big);
        assert_eq!((a.used(), a.blocks()), (0, 0));
    }

    #[test]
    fn the_limit_is_hard() {
        let mut a = Arena::new(16 << 20).unwrap();
        assert_eq!(a.alloc(3 << 20), Err(OutOfMemory));
        let mut n = 0;
        while a.alloc(1000).is_ok() {
            n += 1;
        }
        assert!(n > 1500 && a.used() <= 16 << 20);
    }
}
