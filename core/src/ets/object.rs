//! One object of a table: a tuple in a fragment of its own.

use crate::arena::{Arena, OutOfMemory};
use crate::heap::{Fragment, FragmentAlloc, OffHeap, copy, gc, size};
use crate::term::{Mem, Term};

/// A tuple that belongs to a table.
#[derive(Debug)]
pub struct Object {
    pub term: Term,
    fragment: Fragment,
    off_heap: OffHeap,
}

impl Object {
    /// A copy of `tuple`. Literals are copied too, since their module may go while the table stays.
    pub fn new(arena: &mut Arena, tuple: Term) -> Result<Object, OutOfMemory> {
        let words = size::flat_size(arena.mem(), u32::MAX, tuple);
        let words = u32::try_from(words).map_err(|_| OutOfMemory)?;
        let mut a = FragmentAlloc::new(arena, words)?;
        match copy::copy(&mut a, u32::MAX, tuple) {
            Ok(term) => Ok(Object { term, fragment: a.fragment, off_heap: a.off_heap }),
            Err(e) => {
                let (fragment, mut off_heap) = (a.fragment, a.off_heap);
                gc::sweep::release_all(arena, &mut off_heap);
                arena.free(fragment.start);
                Err(e)
            }
        }
    }

    /// Gives the memory back.
    pub fn free(mut self, arena: &mut Arena) {
        gc::sweep::release_all(arena, &mut self.off_heap);
        arena.free(self.fragment.start);
    }

    /// The element at the table's key position, which is known to exist.
    pub fn key(&self, mem: Mem, keypos: u32) -> Term {
        mem.element(self.term, keypos)
    }

    pub fn off_heap(&self) -> OffHeap {
        self.off_heap
    }

    pub fn words(&self) -> u64 {
        self.fragment.used as u64
    }
}
