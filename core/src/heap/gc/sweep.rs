//! After the move: off-heap objects that were left behind give up what they hold; the others are linked anew.

use super::Heap;
use crate::arena::Arena;
use crate::heap::alloc::outside_words;
use crate::heap::{OffHeap, binary, owner};
use crate::term::{Addr, TAG_BOXED, TAG_MASK, Term, object};

/// Drops what the off-heap object at `addr` holds.
fn drop_object(arena: &mut Arena, addr: Addr) {
    let mem = arena.mem();
    let block = mem.word(addr, 1) as Addr;
    match mem.word(addr, 0) {
        object::BIN_REF_HEADER => binary::release(arena, block),
        object::OWNER_REF_HEADER => owner::release(arena, block),
        _ => {}
    }
    // A fun reference holds its entry, which lives as long as its module's code: nothing to give up here.
}

/// Gives up everything that the list holds, and empties it.
pub fn release_all(arena: &mut Arena, list: &mut OffHeap) {
    let mem = arena.mem();
    let mut at = list.first;
    while at != 0 {
        let next = mem.word(at, 2) as Addr;
        drop_object(arena, at);
        at = next;
    }
    *list = OffHeap::default();
}

/// Walks a list whose objects lay in from-space, which is freed afterwards. The links of the old places are as they were: only
/// headers changed.
fn sort_out(arena: &mut Arena, list: OffHeap, mut keep: impl FnMut(Addr, u64)) {
    let mem = arena.mem();
    let mut at = list.first;
    while at != 0 {
        let next = mem.word(at, 2) as Addr;
        let h = mem.word(at, 0);
        if h & TAG_MASK == TAG_BOXED {
            let new = Term(h).addr();
            keep(new, outside_words(mem, new));
        } else {
            drop_object(arena, at);
        }
        at = next;
    }
}

pub(super) fn after_minor(arena: &mut Arena, heap: &mut Heap) {
    let mem = arena.mem();
    let (mut young, mut old) = (OffHeap::default(), heap.old_off_heap);
    let in_old = |a: Addr| a >= heap.old_start && a < heap.old_end;
    sort_out(
        arena,
        heap.off_heap,
        |a, words| if in_old(a) { old.link(mem, a, words) } else { young.link(mem, a, words) },
    );
    (heap.off_heap, heap.old_off_heap) = (young, old);
    if heap.off_heap.words >= heap.vheap_size {
        heap.vheap_size = next_vheap(heap.off_heap.words, heap.vheap_size).max(heap.min_vheap);
    }
}

pub(super) fn after_major(arena: &mut Arena, heap: &mut Heap) {
    let mem = arena.mem();
    let mut young = OffHeap::default();
    sort_out(arena, heap.off_heap, |a, words| young.link(mem, a, words));
    sort_out(arena, heap.old_off_heap, |a, words| young.link(mem, a, words));
    (heap.off_heap, heap.old_off_heap) = (young, OffHeap::default());
    heap.vheap_size = next_vheap(heap.off_heap.words, heap.vheap_size).max(heap.min_vheap);
    heap.old_vheap_size = next_vheap(0, heap.old_vheap_size).max(heap.min_vheap);
}

/// The size of a virtual binary heap that holds `used` words: grows when three quarters full, shrinks below a quarter.
fn next_vheap(used: u64, size: u64) -> u64 {
    if used > size / 4 * 3 {
        crate::heap::gc::sizes::next(used as usize, 1).max(size as usize) as u64
    } else if used < size / 4 {
        crate::heap::gc::sizes::at_least((size / 2).max(1) as usize) as u64
    } else {
        size
    }
}
