//! Moving live objects: Cheney's algorithm over the word layouts of [`object`].
//!
//! A moved boxed object's header becomes a boxed pointer to its new place; a moved cons cell's head becomes 0 and its tail
//! the new pointer. Recursion-free: the to-space itself is the queue.

use super::{Heap, Roots};
use crate::arena::Arena;
use crate::heap::OffHeap;
use crate::term::{Addr, Mem, TAG_BOXED, TAG_HEADER, TAG_MASK, Term, object};

/// Ends of the two generations after a minor collection.
pub(super) struct Survived {
    pub top: Addr,
    pub old_top: Addr,
}

struct Tracer {
    mem: Mem,
    literal_base: Addr,
    /// The old generation, whose objects stay (empty in a major collection).
    old: (Addr, Addr),
    /// What lies here has survived before and moves to the old generation (empty in a major collection).
    mature: (Addr, Addr),
    top: Addr,
    old_top: Addr,
}

impl Tracer {
    #[inline(always)]
    fn stays(&self, addr: Addr) -> bool {
        addr >= self.literal_base || (addr >= self.old.0 && addr < self.old.1)
    }

    /// The new place of a term, which is moved if it hasn't been yet. `TO_OLD`: to the old generation in any case.
    #[inline(always)]
    fn forward<const TO_OLD: bool>(&mut self, t: Term) -> Term {
        if !(t.is_list() || t.is_boxed()) {
            return t;
        }
        let from = t.addr();
        if self.stays(from) {
            return t;
        }
        let first = self.mem.word(from, 0);
        if t.is_list() {
            if first == 0 {
                return self.mem.get(from, 1);
            }
            let to = self.room::<TO_OLD>(from, 2);
            self.mem.set_word(to, 0, first);
            self.mem.set_word(to, 1, self.mem.word(from, 1));
            self.mem.set_word(from, 0, 0);
            let new = Term::list_at(to);
            self.mem.set(from, 1, new);
            new
        } else {
            if first & TAG_MASK == TAG_BOXED {
                return Term(first);
            }
            let words = object::layout(self.mem, from, first).words;
            let to = self.room::<TO_OLD>(from, words);
            let mem = self.mem;
            let copy = |i: u32| mem.set_word(to, i, mem.word(from, i));
            mem.set_word(to, 0, first);
            // Most objects are this small; a call would cost more than the words.
            match words {
                2 => copy(1),
                3 => [1, 2].into_iter().for_each(copy),
                4 => [1, 2, 3].into_iter().for_each(copy),
                5 => [1, 2, 3, 4].into_iter().for_each(copy),
                _ => mem.copy_words(from, to, words),
            }
            let new = Term::boxed_at(to);
            self.mem.set(from, 0, new);
            new
        }
    }

    #[inline(always)]
    fn room<const TO_OLD: bool>(&mut self, from: Addr, words: u32) -> Addr {
        let to_old = TO_OLD || (from >= self.mature.0 && from < self.mature.1);
        let top = if to_old { &mut self.old_top } else { &mut self.top };
        let at = *top;
        *top += words * 8;
        at
    }

    fn roots(&mut self, stack: Addr, stack_words: u32, roots: &mut dyn Roots) {
        for i in 0..stack_words {
            let t = self.mem.get(stack, i);
            let new = self.forward::<false>(t);
            self.mem.set(stack, i, new);
        }
        roots.visit(&mut |terms| {
            for t in terms {
                *t = self.forward::<false>(*t);
            }
        });
    }

    /// Scans moved objects from `at` on until no unscanned one is left; returns the end.
    fn scan<const OLD: bool>(&mut self, mut at: Addr) -> Addr {
        while at < if OLD { self.old_top } else { self.top } {
            let w = self.mem.word(at, 0);
            if w & TAG_MASK == TAG_HEADER {
                at += 8 * (1 + object::layout(self.mem, at, w).raw);
            } else {
                let new = self.forward::<OLD>(Term(w));
                self.mem.set(at, 0, new);
                at += 8;
            }
        }
        at
    }
}

fn copy_stack(heap: &Heap, mem: Mem, block: Addr, size: usize) -> (Addr, u32) {
    let words = heap.stack_words() as u32;
    let sp = block + (size as u32 - words) * 8;
    mem.copy_words(heap.sp, sp, words);
    (sp, words)
}

/// Moves the live objects of the young generation to `block`, the mature ones to the old generation.
pub(super) fn minor(heap: &Heap, arena: &Arena, block: Addr, size: usize, roots: &mut dyn Roots) -> Survived {
    let mem = arena.mem();
    let (sp, words) = copy_stack(heap, mem, block, size);
    let mut t = Tracer {
        mem,
        literal_base: arena.literal_base(),
        old: (heap.old_start, heap.old_end),
        mature: (heap.start, heap.high_water),
        top: block,
        old_top: heap.old_top,
    };
    t.roots(sp, words, roots);
    t.scan::<false>(block);
    // Objects of the old generation point to older ones only, so this moves nothing to the new block.
    t.scan::<true>(heap.old_top);
    Survived { top: t.top, old_top: t.old_top }
}

/// Moves all live objects to `block`; returns its new top.
pub(super) fn major(heap: &Heap, arena: &Arena, block: Addr, size: usize, roots: &mut dyn Roots) -> Addr {
    let mem = arena.mem();
    let (sp, words) = copy_stack(heap, mem, block, size);
    let mut t = Tracer { mem, literal_base: arena.literal_base(), old: (0, 0), mature: (0, 0), top: block, old_top: 0 };
    t.roots(sp, words, roots);
    t.scan::<false>(block);
    t.top
}

/// Re-aims pointers into a range of words that was moved as a whole.
#[derive(Clone, Copy)]
pub(super) struct Shift {
    pub from: Addr,
    pub to: Addr,
    pub delta: u32,
}

impl Shift {
    #[inline(always)]
    fn hits(self, addr: Addr) -> bool {
        addr >= self.from && addr < self.to
    }

    #[inline(always)]
    pub fn term(self, t: Term) -> Term {
        if (t.is_list() || t.is_boxed()) && self.hits(t.addr()) {
            Term((t.0 as u32).wrapping_add(self.delta) as u64)
        } else {
            t
        }
    }

    pub fn words(self, mem: Mem, at: Addr, words: u32) {
        for i in 0..words {
            mem.set(at, i, self.term(mem.get(at, i)));
        }
    }

    pub fn objects(self, mem: Mem, mut at: Addr, end: Addr) {
        while at < end {
            let w = mem.word(at, 0);
            if w & TAG_MASK == TAG_HEADER {
                at += 8 * (1 + object::layout(mem, at, w).raw);
            } else {
                mem.set(at, 0, self.term(Term(w)));
                at += 8;
            }
        }
    }

    /// The list's links, after its objects have been moved.
    pub fn off_heap(self, mem: Mem, list: &mut OffHeap) {
        let fix = |a: Addr| if self.hits(a) { a.wrapping_add(self.delta) } else { a };
        list.first = fix(list.first);
        let mut at = list.first;
        while at != 0 {
            let next = fix(mem.word(at, 2) as Addr);
            mem.set_word(at, 2, next as u64);
            at = next;
        }
    }
}
