//! Sizes and orders that OTP 27 gave, and random edits against an ordinary map.

use super::*;
use crate::arena::Arena;
use crate::atom::Atom;
use crate::heap::order::exact_eq;
use crate::heap::size::flat_size;
use crate::heap::{Heap, HeapAlloc};
use crate::term::{FunKey, MIN_SMALL};
use std::collections::BTreeMap;

pub(crate) struct NoNames;
impl Names for NoNames {
    fn atom_name(&self, _: Atom) -> &str {
        ""
    }
    fn fun_key(&self, _: u64) -> Option<FunKey> {
        None
    }
    fn export_mfa(&self, _: u64) -> Option<(Atom, Atom, u8)> {
        None
    }
}

fn with_alloc(f: impl FnOnce(&mut dyn Alloc)) {
    let mut arena = Arena::new(256 << 20).unwrap();
    let mut heap = Heap::new(&mut arena, 1 << 20, 46422, 65535).unwrap();
    f(&mut HeapAlloc { heap: &mut heap, arena: &mut arena });
    heap.release(&mut arena);
    assert_eq!(arena.blocks(), 0);
}

fn ints(n: i64) -> Vec<(Term, Term)> {
    (1..=n).map(|i| (Term::small(i), Term::small(i))).collect()
}

fn size(a: &mut dyn Alloc, t: Term) -> u64 {
    let lit = a.arena().literal_base();
    flat_size(a.mem(), lit, t)
}

#[test]
fn sizes_in_words_are_otps() {
    with_alloc(|a| {
        for (n, words) in [(0, 3), (1, 6), (2, 8), (32, 68), (33, 123), (40, 148), (100, 364), (1000, 3712)] {
            let m = from_pairs(a, &NoNames, &ints(n)).unwrap();
            assert_eq!((n, size(a, m)), (n, words));
            let mut one_by_one = empty(a).unwrap();
            for (k, v) in ints(n) {
                one_by_one = put(a, &NoNames, one_by_one, k, v).unwrap();
            }
            assert_eq!((n, size(a, one_by_one)), (n, words));
            assert!(exact_eq(a.mem(), m, one_by_one));
        }
    });
}

#[test]
fn iteration_goes_in_otps_order() {
    with_alloc(|a| {
        let m = from_pairs(a, &NoNames, &ints(40)).unwrap();
        let keys: Vec<i64> = pairs(a.mem(), m).iter().map(|p| p.0.small_value()).collect();
        let otp = [
            18, 4, 34, 12, 19, 29, 13, 2, 7, 38, 31, 8, 10, 23, 9, 15, 35, 36, 32, 1, 25, 28, 20, 6, 11, 17, 24, 37,
            40, 14, 33, 3, 16, 30, 21, 5, 27, 26, 22, 39,
        ];
        assert_eq!(keys, otp);
    });
}

#[test]
fn flat_keys_are_sorted_and_shared() {
    with_alloc(|a| {
        let f = crate::heap::build::float(a, 1.0).unwrap();
        let tuple = crate::heap::build::tuple(a, &[Term::small(1)]).unwrap();
        let keys =
            [tuple, f, Term::NIL, Term::small(MIN_SMALL), Term::atom(Atom(9)), Term::atom(Atom(3)), Term::small(1)];
        let given: Vec<_> = keys.iter().map(|k| (*k, Term::NIL)).collect();
        let m = from_pairs(a, &NoNames, &given).unwrap();
        let got: Vec<Term> = pairs(a.mem(), m).iter().map(|p| p.0).collect();
        let want =
            [Term::small(MIN_SMALL), Term::small(1), f, Term::atom(Atom(3)), Term::atom(Atom(9)), tuple, Term::NIL];
        assert_eq!(got, want);
        let changed = put(a, &NoNames, m, f, Term::small(7)).unwrap();
        assert_eq!(a.mem().field(changed, 2), a.mem().field(m, 2));
        assert_eq!(put(a, &NoNames, changed, f, Term::small(7)).unwrap(), changed);
        assert_eq!(update(a, &NoNames, m, Term::small(2), f).unwrap(), None);
        assert_eq!(remove(a, &NoNames, m, Term::small(2)).unwrap(), m);
        let twice = from_pairs(a, &NoNames, &[(f, Term::small(1)), (f, Term::small(2))]).unwrap();
        assert_eq!(get(a.mem(), &NoNames, twice, f), Some(Term::small(2)));
        assert_eq!(a.mem().map_size(twice), 1);
    });
}

#[test]
fn random_edits_agree_with_an_ordinary_map() {
    with_alloc(|a| {
        let mem = a.mem();
        let (mut m, mut model) = (empty(a).unwrap(), BTreeMap::new());
        let mut seed = 1u64;
        let mut next = |n: u64| {
            seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (seed >> 33) % n
        };
        for round in 0..12_000 {
            // Grows to some hundred keys and shrinks again, through both forms.
            let (k, v) = (next(400) as i64, next(3) as i64);
            let key = Term::small(k * 1_000_003);
            let grow = (round / 1500) % 2 == 0;
            if next(10) < if grow { 8 } else { 2 } {
                if next(2) == 0 {
                    m = put(a, &NoNames, m, key, Term::small(v)).unwrap();
                    model.insert(k, v);
                } else {
                    let new = update(a, &NoNames, m, key, Term::small(v)).unwrap();
                    assert_eq!(new.is_some(), model.contains_key(&k));
                    if let Some(new) = new {
                        m = new;
                        model.insert(k, v);
                    }
                }
            } else {
                let taken = take(a, &NoNames, m, key).unwrap();
                assert_eq!(taken.map(|t| t.1.small_value()), model.remove(&k));
                if let Some((rest, _)) = taken {
                    m = rest;
                }
            }
            assert_eq!(mem.map_size(m), model.len());
            assert_eq!(mem.is_flat_map(m), model.len() <= 32);
            if round % 100 == 0 {
                let given: Vec<_> = model.iter().map(|(k, v)| (Term::small(*k * 1_000_003), Term::small(*v))).collect();
                let fresh = from_pairs(a, &NoNames, &given).unwrap();
                assert!(exact_eq(mem, m, fresh));
                for (k, v) in given {
                    assert_eq!(get(mem, &NoNames, m, k), Some(v));
                }
            }
        }
    });
}

#[test]
fn merging_equals_putting_and_shares() {
    with_alloc(|a| {
        let mem = a.mem();
        for (x, y) in
            [(0..0, 0..5), (0..20, 10..30), (0..20, 15..40), (0..300, 250..260), (5..9, 0..300), (0..400, 200..900)]
        {
            let pairs =
                |r: std::ops::Range<i64>, v| r.map(|i| (Term::small(i * 77_777), Term::small(v))).collect::<Vec<_>>();
            let (px, py) = (pairs(x, 1), pairs(y, 2));
            let (mx, my) = (from_pairs(a, &NoNames, &px).unwrap(), from_pairs(a, &NoNames, &py).unwrap());
            let merged = merge(a, &NoNames, mx, my).unwrap();
            let want = from_pairs(a, &NoNames, &[px, py].concat()).unwrap();
            assert!(exact_eq(mem, merged, want));
            let again = merge(a, &NoNames, merged, my).unwrap();
            assert!(exact_eq(mem, again, merged) && (again == merged || mem.is_flat_map(my)));
            assert_eq!(merge(a, &NoNames, mx, mx).unwrap(), mx);
        }
    });
}
