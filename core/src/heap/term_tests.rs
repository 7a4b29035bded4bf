//! Order and hashes, compared with what OTP 27 gives (`testdata/numbers.escript` made the tables).

use super::order;
use super::testing::{term, with_terms};
use crate::heap::{Alloc, build};
use crate::term::{Term, hash, phash};
use std::cmp::Ordering;

#[test]
fn hashes_are_otps() {
    with_terms(|a, names| {
        for line in include_str!("../../testdata/hashes.txt").lines() {
            let mut part = line.split(' ');
            let hex = part.next().unwrap();
            let t = term(a, names, hex);
            let mem = a.mem();
            assert_eq!(hash::phash2(mem, names, t).to_string(), part.next().unwrap(), "phash2 of {hex}");
            // OTP counts from 1, and gives 2^32 for what would be 0.
            assert_eq!((phash::phash(mem, names, t) as u64 + 1).to_string(), part.next().unwrap(), "phash of {hex}");
            let internal = part.next().unwrap();
            if internal != "-" {
                assert_eq!(hash::internal_hash(mem, names, t).to_string(), internal, "internal hash of {hex}");
            }
        }
    });
}

#[test]
fn order_is_otps() {
    with_terms(|a, names| {
        let text = include_str!("../../testdata/order.txt");
        let (terms, rows) = text.split_once("\n\n").unwrap();
        let hex: Vec<&str> = terms.lines().collect();
        let terms: Vec<Term> = hex.iter().map(|h| term(a, names, h)).collect();
        // Copies, so that nothing is equal by being the same pointer.
        let copies: Vec<Term> = hex.iter().map(|h| term(a, names, h)).collect();
        let mem = a.mem();
        for (i, row) in rows.lines().enumerate() {
            for (j, c) in row.chars().enumerate() {
                let (x, y) = (terms[i], copies[j]);
                let expected = match c {
                    'l' => Ordering::Less,
                    'g' => Ordering::Greater,
                    _ => Ordering::Equal,
                };
                assert_eq!(order::compare(mem, names, x, y), expected, "{} and {}", hex[i], hex[j]);
                assert_eq!(order::eq(mem, names, x, y), expected == Ordering::Equal, "{} == {}", hex[i], hex[j]);
                assert_eq!(order::exact_eq(mem, x, y), c == 'x', "{} =:= {}", hex[i], hex[j]);
                assert_eq!(
                    order::compare_exact(mem, names, x, y) == Ordering::Equal,
                    c == 'x',
                    "exact {} {}",
                    hex[i],
                    hex[j]
                );
                if c == 'x' {
                    assert_eq!(hash::internal_hash(mem, names, x), hash::internal_hash(mem, names, y));
                }
            }
        }
    });
}

#[test]
fn deep_terms_need_no_host_stack() {
    with_terms(|a, names| {
        let mut deep = [Term::NIL; 2];
        for d in &mut deep {
            for i in 0..300_000 {
                *d = match i % 3 {
                    0 => build::cons(a, *d, Term::NIL).unwrap(),
                    1 => build::tuple(a, &[*d, Term::small(1)]).unwrap(),
                    _ => build::cons(a, Term::small(1), *d).unwrap(),
                };
            }
        }
        let mem = a.mem();
        let [x, y] = deep;
        assert!(order::exact_eq(mem, x, y));
        assert_eq!(order::compare(mem, names, x, y), Ordering::Equal);
        assert_eq!(hash::internal_hash(mem, names, x), hash::internal_hash(mem, names, y));
        assert_eq!(hash::phash2(mem, names, x), hash::phash2(mem, names, y));
        assert_eq!(phash::phash(mem, names, x), phash::phash(mem, names, y));
    });
}
