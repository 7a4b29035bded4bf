//! [`Mem`]: reading and writing the words of the arena.
//!
//! Natively the arena is a reservation that covers every 32-bit offset plus a guard on both sides, so an access needs no
//! check and a wrong offset can hurt only the guest's own words, as in a WebAssembly engine. On wasm32 the base is zero: an
//! [`Addr`] is the linear-memory address itself and the module is the sandbox.
//!
//! With the feature `checked` every access must lie in a block that the arena has dealt out: a bitmap behind the mapping has a
//! bit for each word. What lies elsewhere panics with the place of the access. Reads may run over a block's end inside their last
//! word, as reads of unaligned bytes do.

use super::Term;

/// A byte offset into the arena; a multiple of 8 for every object.
pub type Addr = u32;

/// Bytes readable before offset 0 in a native reservation.
pub const GUARD: usize = 1 << 16;

/// Bytes after the last 32-bit offset: a header may claim up to 2^26 words past an object.
pub const TAIL: usize = 1 << 29;

/// Bytes of the bitmap of words in use, behind the tail.
#[cfg(all(feature = "checked", not(target_arch = "wasm32")))]
pub const MARKS: usize = (1 << 32) / 8 / 8;
#[cfg(not(all(feature = "checked", not(target_arch = "wasm32"))))]
pub const MARKS: usize = 0;

/// A copyable handle to the arena's words. Valid as long as the VM that handed it out lives.
#[derive(Clone, Copy)]
pub struct Mem {
    #[cfg(not(target_arch = "wasm32"))]
    base: *mut u8,
}

#[allow(unsafe_code)]
impl Mem {
    /// # Safety
    /// `base` is the start of a readable and writable mapping of 4 GiB that has [`GUARD`] mapped bytes before it and [`TAIL`]
    /// and [`MARKS`] after it, and that outlives every use of the handle.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) unsafe fn new(base: *mut u8) -> Mem {
        Mem { base }
    }

    /// # Safety
    /// Only blocks inside the arena may be accessed through the handle.
    #[cfg(target_arch = "wasm32")]
    pub(crate) unsafe fn new() -> Mem {
        Mem {}
    }

    #[inline(always)]
    fn ptr(self, addr: Addr) -> *mut u8 {
        #[cfg(not(target_arch = "wasm32"))]
        {
            self.base.wrapping_add(addr as usize)
        }
        #[cfg(target_arch = "wasm32")]
        {
            addr as usize as *mut u8
        }
    }

    /// With `checked`: do all these bytes lie in blocks that are in use?
    #[inline(always)]
    #[cfg_attr(feature = "checked", track_caller)]
    fn check(self, addr: Addr, len: usize) {
        #[cfg(all(feature = "checked", not(target_arch = "wasm32")))]
        if len > 0 {
            let last = addr as u64 + len as u64 - 1;
            for word in [addr as u64 / 8, last / 8] {
                // SAFETY: the bitmap has a bit for each word of the mapping; a larger number is caught by the first test.
                let used = word < 1 << 29 && unsafe { *self.marks().add(word as usize / 8) } & 1 << (word % 8) != 0;
                assert!(used, "an access to {len} bytes at {addr:#x}, which no block holds");
            }
        }
        #[cfg(not(all(feature = "checked", not(target_arch = "wasm32"))))]
        let _ = (addr, len);
    }

    #[cfg(all(feature = "checked", not(target_arch = "wasm32")))]
    fn marks(self) -> *mut u8 {
        self.base.wrapping_add((1 << 32) + TAIL)
    }

    /// With `checked`: these words are a block in use now, or are none any more.
    #[inline]
    pub(crate) fn mark(self, addr: Addr, words: u32, used: bool) {
        #[cfg(all(feature = "checked", not(target_arch = "wasm32")))]
        {
            let (mut word, end) = (addr as usize / 8, addr as usize / 8 + words as usize);
            while word < end {
                // SAFETY: blocks lie in the mapping, and the bitmap has a bit for each of its words.
                unsafe {
                    let byte = self.marks().add(word / 8);
                    if word % 8 == 0 && end - word >= 8 {
                        *byte = if used { 0xFF } else { 0 };
                        word += 8;
                    } else {
                        *byte = if used { *byte | 1 << (word % 8) } else { *byte & !(1 << (word % 8)) };
                        word += 1;
                    }
                }
            }
        }
        #[cfg(not(all(feature = "checked", not(target_arch = "wasm32"))))]
        let _ = (addr, words, used);
    }

    /// The word at `addr + 8 * index`.
    #[cfg_attr(feature = "checked", track_caller)]
    #[inline(always)]
    pub fn word(self, addr: Addr, index: u32) -> u64 {
        self.check(addr.wrapping_add(index.wrapping_mul(8)), 1);
        let p = self.ptr(addr.wrapping_add(index.wrapping_mul(8)));
        // SAFETY: any 32-bit offset lies inside the mapping (see `new`); unaligned access is allowed by `read_unaligned`.
        unsafe { p.cast::<u64>().read_unaligned() }
    }

    #[cfg_attr(feature = "checked", track_caller)]
    #[inline(always)]
    pub fn set_word(self, addr: Addr, index: u32, value: u64) {
        self.check(addr.wrapping_add(index.wrapping_mul(8)), 8);
        let p = self.ptr(addr.wrapping_add(index.wrapping_mul(8)));
        // SAFETY: as in `word`.
        unsafe { p.cast::<u64>().write_unaligned(value) }
    }

    /// The term at `addr + 8 * index`.
    #[cfg_attr(feature = "checked", track_caller)]
    #[inline(always)]
    pub fn get(self, addr: Addr, index: u32) -> Term {
        Term(self.word(addr, index))
    }

    #[inline(always)]
    pub fn set(self, addr: Addr, index: u32, value: Term) {
        self.set_word(addr, index, value.0)
    }

    /// Word `index` behind a cons or boxed pointer of known tag; the tag folds into the displacement.
    #[cfg_attr(feature = "checked", track_caller)]
    #[inline(always)]
    pub fn at<const TAG: u64>(self, term: Term, index: u32) -> u64 {
        debug_assert_eq!(term.tag(), TAG);
        #[cfg(feature = "checked")]
        assert_eq!(term.tag(), TAG, "a term of another kind");
        self.check((term.0 as u32).wrapping_add(8 * index).wrapping_sub(TAG as u32), 8);
        let p = self.ptr(term.0 as u32).wrapping_add(8 * index as usize).wrapping_sub(TAG as usize);
        // SAFETY: a 32-bit offset plus an index of at most 2^24 words lies inside the mapping or faults in the guard pages
        // of the process (object sizes are bounded when objects are made; see `object`).
        unsafe { p.cast::<u64>().read_unaligned() }
    }

    /// Head of a cons cell.
    #[cfg_attr(feature = "checked", track_caller)]
    #[inline(always)]
    pub fn head(self, list: Term) -> Term {
        Term(self.at::<{ super::TAG_LIST }>(list, 0))
    }

    /// Tail of a cons cell.
    #[cfg_attr(feature = "checked", track_caller)]
    #[inline(always)]
    pub fn tail(self, list: Term) -> Term {
        Term(self.at::<{ super::TAG_LIST }>(list, 1))
    }

    /// Header word of a boxed object.
    #[cfg_attr(feature = "checked", track_caller)]
    #[inline(always)]
    pub fn header(self, boxed: Term) -> u64 {
        self.at::<{ super::TAG_BOXED }>(boxed, 0)
    }

    /// Word `index` (the header is 0) of a boxed object.
    #[cfg_attr(feature = "checked", track_caller)]
    #[inline(always)]
    pub fn field(self, boxed: Term, index: u32) -> Term {
        Term(self.at::<{ super::TAG_BOXED }>(boxed, index))
    }

    /// Copies `words` words; the ranges may overlap.
    #[cfg_attr(feature = "checked", track_caller)]
    #[inline]
    pub fn copy_words(self, from: Addr, to: Addr, words: u32) {
        self.check(from, words as usize * 8);
        self.check(to, words as usize * 8);
        debug_assert!(from as u64 + words as u64 * 8 <= 1 << 32 && to as u64 + words as u64 * 8 <= 1 << 32);
        // SAFETY: both ranges lie inside the mapping (an object never crosses the end of the arena).
        unsafe { std::ptr::copy(self.ptr(from), self.ptr(to), words as usize * 8) }
    }

    /// `len` bytes at `addr`. The slice must not be kept over anything that writes to the arena.
    #[cfg_attr(feature = "checked", track_caller)]
    #[inline]
    pub fn bytes<'a>(self, addr: Addr, len: usize) -> &'a [u8] {
        self.check(addr, len);
        assert!(addr as u64 + len as u64 <= 1 << 32);
        // SAFETY: the range was checked to lie inside the mapping; the VM is single-threaded and callers drop the slice
        // before the arena is written.
        unsafe { std::slice::from_raw_parts(self.ptr(addr), len) }
    }

    /// As [`Mem::bytes`], writable.
    #[cfg_attr(feature = "checked", track_caller)]
    #[inline]
    #[allow(clippy::mut_from_ref)]
    pub fn bytes_mut<'a>(self, addr: Addr, len: usize) -> &'a mut [u8] {
        self.check(addr, len);
        assert!(addr as u64 + len as u64 <= 1 << 32);
        // SAFETY: as in `bytes`; callers hold no other slice of the range.
        unsafe { std::slice::from_raw_parts_mut(self.ptr(addr), len) }
    }

    /// Copies bytes inside the arena; the ranges may overlap.
    #[cfg_attr(feature = "checked", track_caller)]
    #[inline]
    pub fn copy_bytes(self, from: Addr, to: Addr, len: usize) {
        self.check(from, len);
        self.check(to, len);
        assert!(from as u64 + len as u64 <= 1 << 32 && to as u64 + len as u64 <= 1 << 32);
        // SAFETY: both ranges were checked to lie inside the mapping.
        unsafe { std::ptr::copy(self.ptr(from), self.ptr(to), len) }
    }
}

impl std::fmt::Debug for Mem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Mem")
    }
}
