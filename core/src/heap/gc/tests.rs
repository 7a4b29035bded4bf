//! Tests of the collector on hand-built heaps.

use super::*;
use crate::arena::Arena;
use crate::heap::{Alloc, HeapAlloc, binary, build, verify};
use crate::term::object;

fn heap(arena: &mut Arena) -> Heap {
    Heap::new(arena, 233, 46422, 65535).unwrap()
}

/// A list of `n` tuples `{I, [I], float}`.
fn sample(a: &mut dyn Alloc, n: i64) -> Term {
    let mut list = Term::NIL;
    for i in 0..n {
        let inner = build::cons(a, Term::small(i), Term::NIL).unwrap();
        let f = build::float(a, i as f64).unwrap();
        let t = build::tuple(a, &[Term::small(i), inner, f]).unwrap();
        list = build::cons(a, t, list).unwrap();
    }
    list
}

fn check(mem: Mem, mut list: Term, n: i64) {
    for i in (0..n).rev() {
        let t = mem.head(list);
        assert_eq!(mem.tuple_arity(t), Some(3));
        assert_eq!(mem.element(t, 1), Term::small(i));
        assert_eq!(mem.head(mem.element(t, 2)), Term::small(i));
        assert_eq!(mem.float_value(mem.element(t, 3)), i as f64);
        list = mem.tail(list);
    }
    assert!(list.is_nil());
}

#[test]
fn what_is_live_survives_many_collections_and_the_rest_goes() {
    let mut arena = Arena::new(64 << 20).unwrap();
    let mem = arena.mem();
    let mut h = heap(&mut arena);
    let mut roots = vec![Term::NIL; 3];
    for round in 0..200i64 {
        let n = round % 60;
        let t = sample(&mut HeapAlloc { heap: &mut h, arena: &mut arena }, n);
        let slot = (round % 3) as usize;
        roots[slot] = t;
        h.collect(&mut arena, 10, &mut roots).unwrap();
        verify::verify(&h, &arena, &mut roots).unwrap();
        check(mem, roots[slot], n);
    }
    assert!(h.minor_count > 10 && h.major_count >= 1);
    roots.fill(Term::NIL);
    h.collect_major(&mut arena, 0, &mut roots).unwrap();
    assert_eq!((h.used(), h.size(), h.old_start), (0, 233, 0));
    h.release(&mut arena);
    assert_eq!(arena.blocks(), 0);
}

#[test]
fn large_binaries_live_as_long_as_a_view_of_them() {
    let mut arena = Arena::new(64 << 20).unwrap();
    let mem = arena.mem();
    let mut h = heap(&mut arena);
    let mut a = HeapAlloc { heap: &mut h, arena: &mut arena };
    let big = binary::from_bytes(&mut a, &[7; 1000]).unwrap();
    let view = binary::part(&mut a, big, 8, 800).unwrap();
    assert_eq!(mem.header(view), object::SUB_BITS_HEADER);
    let mut roots = vec![view];
    for _ in 0..5 {
        h.collect(&mut arena, 0, &mut roots).unwrap();
        verify::verify(&h, &arena, &mut roots).unwrap();
        assert_eq!(mem.binary_to_vec(roots[0]), Some(vec![7; 100]));
    }
    assert_eq!(arena.blocks(), 2 + usize::from(h.old_start != 0));
    roots[0] = Term::NIL;
    h.collect_major(&mut arena, 0, &mut roots).unwrap();
    assert_eq!(arena.blocks(), 1);
}

#[test]
fn the_stack_is_moved_and_its_return_addresses_are_left_alone() {
    let mut arena = Arena::new(64 << 20).unwrap();
    let mem = arena.mem();
    let mut h = heap(&mut arena);
    let t = sample(&mut HeapAlloc { heap: &mut h, arena: &mut arena }, 5);
    push(&mut h, mem, t.raw());
    push(&mut h, mem, 0x4000_0004);
    h.collect(&mut arena, 500, &mut NoRoots).unwrap();
    assert_eq!(mem.word(h.sp, 0), 0x4000_0004);
    check(mem, mem.get(h.sp, 1), 5);
    assert!(h.free() >= 500);
}

#[test]
fn no_memory_leaves_the_heap_as_it_was() {
    let mut arena = Arena::new(8 << 20).unwrap();
    let mem = arena.mem();
    let mut h = heap(&mut arena);
    let mut roots = vec![sample(&mut HeapAlloc { heap: &mut h, arena: &mut arena }, 10)];
    assert_eq!(h.collect(&mut arena, 2 << 20, &mut roots).err(), Some(OutOfMemory));
    check(mem, roots[0], 10);
}
