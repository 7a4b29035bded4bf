//! The collector: generational, copying, per process.
//!
//! Owns the policy: minor or major, how large the new generation becomes, when it grows or shrinks. [`trace`] moves objects,
//! [`sweep`] drops what moved objects no longer hold outside. A collection sees the live terms through [`Roots`]; whatever
//! isn't reported there is gone. Mirrors the rules of `erl_gc.c` (OTP 27), so that the sizes that a program can read agree.

pub mod sizes;
pub mod sweep;
#[cfg(test)]
mod tests;
pub mod trace;

use super::{Heap, RESERVED};
use crate::arena::{Arena, OutOfMemory};
use crate::term::{Mem, Term};

/// The live terms of a process outside of its heap and stack: registers, dictionary, messages.
pub trait Roots {
    /// Calls `f` with every run of live terms, each exactly once.
    fn visit(&mut self, f: &mut dyn FnMut(&mut [Term]));

    /// Words of waiting messages in fragments of their own, which a collection moves to the heap.
    fn waiting_words(&self) -> usize {
        0
    }

    /// Moves those messages to the heap, which has room for them.
    fn move_in(&mut self, _heap: &mut Heap, _arena: &mut Arena) -> Result<(), OutOfMemory> {
        Ok(())
    }
}

/// No roots but the stack.
#[derive(Debug)]
pub struct NoRoots;
impl Roots for NoRoots {
    fn visit(&mut self, _: &mut dyn FnMut(&mut [Term])) {}
}

impl Roots for Vec<Term> {
    fn visit(&mut self, f: &mut dyn FnMut(&mut [Term])) {
        f(self)
    }
}

/// What a collection is going to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Coming {
    Minor,
    /// It begins as a minor one, which turns out to be impossible.
    MinorThenMajor,
    Major,
}

/// What a collection did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Done {
    pub major: bool,
    /// Words that are no longer in use.
    pub reclaimed: usize,
    /// Words that were moved: the work done.
    pub moved: usize,
}

impl Done {
    /// Reductions that the work costs (ERTS charges one for ten words).
    pub fn reductions(self) -> u32 {
        (self.moved / 10).min(4000) as u32
    }
}

impl Heap {
    /// Words of the young generation in use, fragments included.
    pub fn young_used(&self) -> usize {
        self.used() + self.frag_words
    }

    fn next_size(&self, words: usize, offset: usize) -> usize {
        sizes::next(words, offset).max(self.min_size)
    }

    /// Collects; afterwards `need` words can be had. On `OutOfMemory` the heap and
    /// the roots are consistent, but there is no room.
    pub fn collect(&mut self, arena: &mut Arena, need: usize, roots: &mut dyn Roots) -> Result<Done, OutOfMemory> {
        if self.minor_since_major < self.fullsweep_after
            && !self.need_fullsweep
            && let Some(done) = self.minor(arena, need + RESERVED as usize, roots)?
        {
            return Ok(done);
        }
        self.major(arena, need, roots)
    }

    /// A major collection whatever the counters say.
    pub fn collect_major(
        &mut self,
        arena: &mut Arena,
        need: usize,
        roots: &mut dyn Roots,
    ) -> Result<Done, OutOfMemory> {
        self.major(arena, need, roots)
    }

    /// Can a minor collection promote what has survived? When nothing has survived yet, OTP makes the first collection a major one.
    fn can_promote(&self) -> bool {
        let mature = self.high_water - self.start;
        self.old_start != 0 && mature <= self.old_end - self.old_top && self.old_off_heap.words < self.old_vheap_size
    }

    /// What the coming collection begins as, and what it ends as: a minor one that finds no room goes on as a major one.
    pub fn coming_collection(&self, force_major: bool) -> Coming {
        if force_major || self.need_fullsweep || self.minor_since_major >= self.fullsweep_after {
            return Coming::Major;
        }
        let fresh =
            self.old_start == 0 && self.high_water != self.start && self.old_off_heap.words < self.old_vheap_size;
        if fresh || self.can_promote() { Coming::Minor } else { Coming::MinorThenMajor }
    }

    fn minor(&mut self, arena: &mut Arena, need: usize, roots: &mut dyn Roots) -> Result<Option<Done>, OutOfMemory> {
        let mature = ((self.high_water - self.start) / 8) as usize;
        let before = self.young_used() + roots.waiting_words();
        if self.old_start == 0 && mature != 0 {
            let size = sizes::next(before, 1);
            self.old_start = arena.alloc(size)?;
            self.old_top = self.old_start;
            self.old_end = self.old_start + size as u32 * 8;
        }
        if !self.can_promote() {
            return Ok(None);
        }
        let stack = self.stack_words();
        let size = self.next_size(stack + before.max(need), 0);
        let block = arena.alloc(size)?;
        let old_top_before = self.old_top;
        let survived = trace::minor(self, arena, block, size, roots);
        self.old_top = survived.old_top;
        sweep::after_minor(arena, self);
        self.install(arena, block, size, survived.top, stack);
        // What lives now has survived one collection.
        self.high_water = self.top;
        roots.move_in(self, arena)?;
        self.minor_since_major += 1;
        self.minor_count += 1;

        let promoted = ((self.old_top - old_top_before) / 8) as usize;
        let after = promoted + self.used();
        let need_after = self.used() + need + stack;
        if self.size() > 3000 && 4 * need_after < self.size() && (self.size() > 8000 || self.size() > self.old_size()) {
            let mut wanted = 3 * need_after;
            if wanted * 9 < self.old_size() {
                wanted = wanted.max(self.old_size() / 8);
            }
            let wanted = if wanted < self.min_size { self.min_size } else { self.next_size(wanted, 0) };
            if wanted < self.size() {
                self.resize(arena, wanted, roots)?;
            }
        } else if need_after > self.size() {
            let size = self.next_size(need_after, 0);
            self.resize(arena, size, roots)?;
        }
        Ok(Some(Done { major: false, reclaimed: before.saturating_sub(after), moved: after }))
    }

    fn major(&mut self, arena: &mut Arena, need: usize, roots: &mut dyn Roots) -> Result<Done, OutOfMemory> {
        let before = self.young_used() + roots.waiting_words() + self.old_used();
        let stack = self.stack_words();
        let mut size = self.next_size(stack + before + RESERVED as usize, 0);
        if size == self.size() && self.grow_next {
            size = self.next_size(self.size(), 1);
        }
        let block = arena.alloc(size)?;
        self.grow_next = false;
        self.need_fullsweep = false;
        let top = trace::major(self, arena, block, size, roots);
        sweep::after_major(arena, self);
        self.install(arena, block, size, top, stack);
        self.drop_old(arena);
        self.high_water = self.top;
        roots.move_in(self, arena)?;
        self.minor_since_major = 0;
        self.major_count += 1;

        let after = self.used();
        let need_after = after + need + stack + RESERVED as usize;
        if self.size() < need_after {
            let size = self.next_size(need_after, 0);
            self.resize(arena, size, roots)?;
        } else if 3 * self.size() < 4 * need_after {
            self.grow_next = true;
        } else if 4 * need_after < self.size() && self.size() > self.min_size {
            let wanted = 2 * need_after;
            let size = if wanted < self.min_size { self.min_size } else { self.next_size(wanted, 0) };
            if size < self.size() {
                self.resize(arena, size, roots)?;
            }
        }
        Ok(Done { major: true, reclaimed: before.saturating_sub(after), moved: after })
    }

    /// The collection of a process that hibernates: afterwards the heap has no word to spare but the reserved ones.
    pub fn hibernate(&mut self, arena: &mut Arena, roots: &mut dyn Roots) -> Result<Done, OutOfMemory> {
        let before = self.young_used() + self.old_used();
        let stack = self.stack_words();
        let size = self.size() + self.old_used() + self.frag_words + RESERVED as usize;
        let block = arena.alloc(size)?;
        let top = trace::major(self, arena, block, size, roots);
        self.install(arena, block, size, top, stack);
        self.drop_old(arena);
        self.high_water = self.top;
        sweep::after_major(arena, self);
        self.major_count += 1;
        // To a block of the exact size, which the next collection takes up to one of the table's.
        self.resize(arena, self.used() + RESERVED as usize, roots)?;
        Ok(Done { major: true, reclaimed: before.saturating_sub(self.used()), moved: 2 * self.used() })
    }

    fn drop_old(&mut self, arena: &mut Arena) {
        if self.old_start != 0 {
            arena.free(self.old_start);
            (self.old_start, self.old_top, self.old_end) = (0, 0, 0);
        }
    }

    /// Puts the new block, whose stack the tracer has filled, in place of the young generation.
    fn install(&mut self, arena: &mut Arena, block: u32, size: usize, top: u32, stack: usize) {
        for f in self.frags.drain(..) {
            arena.free(f.start);
        }
        self.frag_words = 0;
        arena.free(self.start);
        self.start = block;
        self.end = block + size as u32 * 8;
        self.sp = self.end - stack as u32 * 8;
        self.top = top;
    }

    /// Moves the young generation to a block of `size` words, unchanged, and re-aims every pointer into it.
    fn resize(&mut self, arena: &mut Arena, size: usize, roots: &mut dyn Roots) -> Result<(), OutOfMemory> {
        let mem = arena.mem();
        let block = arena.alloc(size)?;
        let (used, stack) = (self.used() as u32, self.stack_words() as u32);
        let sp = block + (size as u32 - stack) * 8;
        mem.copy_words(self.start, block, used);
        mem.copy_words(self.sp, sp, stack);
        let shift = trace::Shift { from: self.start, to: self.top, delta: block.wrapping_sub(self.start) };
        shift.objects(mem, block, block + used * 8);
        shift.words(mem, sp, stack);
        roots.visit(&mut |terms| terms.iter_mut().for_each(|t| *t = shift.term(*t)));
        shift.off_heap(mem, &mut self.off_heap);
        self.high_water = self.high_water.wrapping_add(shift.delta);
        arena.free(self.start);
        self.start = block;
        self.end = block + size as u32 * 8;
        self.sp = sp;
        self.top = block + used * 8;
        Ok(())
    }
}

/// Pushes a word on the stack of a heap that has room (`RESERVED` words are always there after a collection).
pub fn push(heap: &mut Heap, mem: Mem, word: u64) {
    heap.sp -= 8;
    mem.set_word(heap.sp, 0, word);
}
