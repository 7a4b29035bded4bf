//! Segments against values that OTP 27 printed.

use super::build::Builder;
use super::*;
use crate::arena::Arena;
use crate::heap::{Alloc, Heap, HeapAlloc, binary};
use crate::term::Term;

fn with(f: impl FnOnce(&mut dyn Alloc)) {
    let mut arena = Arena::new(64 << 20).unwrap();
    let mut heap = Heap::new(&mut arena, 2586, 46422, 65535).unwrap();
    f(&mut HeapAlloc { heap: &mut heap, arena: &mut arena });
}

#[test]
fn integers_of_odd_sizes_in_both_orders() {
    with(|a| {
        // <<16#ABC:12, 16#ABC:12/little>> is <<171,203,202>>
        let mut b = Builder::new(a, 24).unwrap();
        b.integer(a.mem(), Term::small(0xABC), 12, 0).unwrap();
        b.integer(a.mem(), Term::small(0xABC), 12, LITTLE).unwrap();
        let t = b.finish();
        assert_eq!(a.mem().binary_to_vec(t), Some(vec![171, 203, 202]));
        let ctx = matching::start(a, t).unwrap().unwrap();
        assert_eq!(matching::integer(a, ctx, 12, 0).unwrap(), Some(Term::small(0xABC)));
        assert_eq!(matching::integer(a, ctx, 12, LITTLE | SIGNED).unwrap(), Some(Term::small(0xABC - 4096)));
        assert_eq!(matching::integer(a, ctx, 1, 0).unwrap(), None);
    });
}

#[test]
fn appending_goes_on_in_place_and_leaves_older_views_alone() {
    with(|a| {
        let mut t = binary::from_bytes(a, b"").unwrap();
        let mut first = None;
        for i in 0..1000u32 {
            let mut b = Builder::append(a, t, 8, 8).unwrap();
            b.integer(a.mem(), Term::small(i as i64), 8, 0).unwrap();
            t = b.finish();
            first.get_or_insert(t);
        }
        let bytes: Vec<u8> = (0..1000u32).map(|i| i as u8).collect();
        assert_eq!(a.mem().binary_to_vec(t), Some(bytes));
        let old = first.unwrap();
        let mut b = Builder::append(a, old, 8, 8).unwrap();
        b.integer(a.mem(), Term::small(99), 8, 0).unwrap();
        let forked = b.finish();
        assert_eq!(a.mem().binary_to_vec(forked), Some(vec![0, 99]));
        assert_eq!(a.mem().bits(t).unwrap().read(a.mem(), 8, 8), 1);
    });
}
