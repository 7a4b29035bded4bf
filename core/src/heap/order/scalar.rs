//! Order of numbers and of bitstrings, by exact value.

use crate::heap::binary::Bits;
use crate::term::{Mem, Term, object};
use num_bigint::BigInt;
use num_traits::FromPrimitive;
use std::cmp::Ordering::{self, Equal, Greater, Less};

/// Lexicographic order of bits; of two where one starts the other, the shorter is less.
pub fn compare_bits(mem: Mem, a: Bits, b: Bits) -> Ordering {
    let common = a.len.min(b.len);
    let (x, y) = (a.part(0, common), b.part(0, common));
    let mut done = 0;
    if let (Some(p), Some(q)) = (x.aligned_bytes(mem), y.aligned_bytes(mem)) {
        match p.cmp(q) {
            Equal => done = p.len() as u64 * 8,
            other => return other,
        }
    }
    while done < common {
        let n = (common - done).min(56) as u32;
        match x.read(mem, done, n).cmp(&y.read(mem, done, n)) {
            Equal => done += n as u64,
            other => return other,
        }
    }
    a.len.cmp(&b.len)
}

/// Order of two numbers; `exact` puts integers before floats.
pub fn compare_numbers(mem: Mem, a: Term, b: Term, exact: bool) -> Ordering {
    match (mem.as_float(a), mem.as_float(b)) {
        (Some(x), Some(y)) if exact => sortable(x).cmp(&sortable(y)),
        (Some(x), Some(y)) => x.partial_cmp(&y).unwrap_or(Equal),
        (None, Some(_)) if exact => Less,
        (Some(_), None) if exact => Greater,
        (None, Some(f)) => int_float(mem, a, f),
        (Some(f), None) => int_float(mem, b, f).reverse(),
        (None, None) => compare_integers(mem, a, b),
    }
}

fn compare_integers(mem: Mem, a: Term, b: Term) -> Ordering {
    match (a.as_small(), b.as_small()) {
        (Some(x), Some(y)) => x.cmp(&y),
        (Some(_), None) => {
            if is_negative_big(mem, b) {
                Greater
            } else {
                Less
            }
        }
        (None, Some(_)) => {
            if is_negative_big(mem, a) {
                Less
            } else {
                Greater
            }
        }
        (None, None) => {
            let (na, nb) = (is_negative_big(mem, a), is_negative_big(mem, b));
            if na != nb {
                return if na { Less } else { Greater };
            }
            let (x, y) = (object::arity(mem.header(a)), object::arity(mem.header(b)));
            let mut r = x.cmp(&y);
            if r == Equal {
                r = (1..=x)
                    .rev()
                    .map(|i| mem.field(a, i).0.cmp(&mem.field(b, i).0))
                    .find(|o| *o != Equal)
                    .unwrap_or(Equal);
            }
            if na { r.reverse() } else { r }
        }
    }
}

fn is_negative_big(mem: Mem, t: Term) -> bool {
    mem.header(t) & object::HEADER_MASK == object::NEG_BIG
}

/// The bits of a float as an integer that sorts alike, -0.0 below 0.0.
fn sortable(f: f64) -> u64 {
    let b = f.to_bits();
    if b >> 63 == 1 { !b } else { b ^ 1 << 63 }
}

/// Order of an integer and a float by their exact values.
fn int_float(mem: Mem, i: Term, f: f64) -> Ordering {
    const SMALL_END: f64 = (1u64 << 59) as f64;
    if let Some(v) = i.as_small() {
        if f.abs() < (1u64 << 53) as f64 {
            (v as f64).partial_cmp(&f).unwrap_or(Equal)
        } else if f > SMALL_END {
            Less
        } else if f < -SMALL_END {
            Greater
        } else {
            v.cmp(&(f as i64))
        }
    } else if f.abs() < SMALL_END {
        if is_negative_big(mem, i) { Less } else { Greater }
    } else {
        match (crate::heap::number::to_bigint(mem, i), BigInt::from_f64(f)) {
            (Some(x), Some(y)) => x.cmp(&y),
            _ => Equal,
        }
    }
}
