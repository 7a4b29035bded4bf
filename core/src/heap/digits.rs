//! Magnitudes of bignums as 64-bit digits, least significant first: the operations whose time is linear, done without the
//! detour over `BigInt`. Results may have leading zero digits; [`super::number`] trims them.

use std::cmp::Ordering;

/// Sum of two magnitudes.
pub fn add(x: &[u64], y: &[u64]) -> Vec<u64> {
    let (long, short) = if x.len() >= y.len() { (x, y) } else { (y, x) };
    let mut out = Vec::with_capacity(long.len() + 1);
    let mut carry = false;
    for (i, d) in long.iter().enumerate() {
        let (s, c1) = d.overflowing_add(short.get(i).copied().unwrap_or(0));
        let (s, c2) = s.overflowing_add(carry as u64);
        out.push(s);
        carry = c1 | c2;
    }
    if carry {
        out.push(1);
    }
    out
}

/// Order of two magnitudes without leading zeros.
pub fn compare(x: &[u64], y: &[u64]) -> Ordering {
    x.len().cmp(&y.len()).then_with(|| x.iter().rev().cmp(y.iter().rev()))
}

/// `x - y`, where x is not the lesser.
pub fn sub(x: &[u64], y: &[u64]) -> Vec<u64> {
    let mut out = Vec::with_capacity(x.len());
    let mut borrow = false;
    for (i, d) in x.iter().enumerate() {
        let (s, b1) = d.overflowing_sub(y.get(i).copied().unwrap_or(0));
        let (s, b2) = s.overflowing_sub(borrow as u64);
        out.push(s);
        borrow = b1 | b2;
    }
    out
}

/// Product with one digit.
pub fn mul_one(x: &[u64], y: u64) -> Vec<u64> {
    let mut out = Vec::with_capacity(x.len() + 1);
    let mut carry = 0u64;
    for d in x {
        let p = *d as u128 * y as u128 + carry as u128;
        out.push(p as u64);
        carry = (p >> 64) as u64;
    }
    if carry != 0 {
        out.push(carry);
    }
    out
}

/// Product, digit by digit; for factors too short for anything cleverer.
pub fn mul(x: &[u64], y: &[u64]) -> Vec<u64> {
    let mut out = vec![0u64; x.len() + y.len()];
    for (i, a) in x.iter().enumerate() {
        let mut carry = 0u64;
        let Some(row) = out.get_mut(i..) else { break };
        for (o, b) in row.iter_mut().zip(y.iter().chain(std::iter::once(&0))) {
            let p = *a as u128 * *b as u128 + *o as u128 + carry as u128;
            *o = p as u64;
            carry = (p >> 64) as u64;
        }
    }
    out
}

/// Quotient and remainder by one digit, which is not 0.
pub fn div_one(x: &[u64], y: u64) -> (Vec<u64>, u64) {
    let mut out = vec![0; x.len()];
    let mut rest = 0u64;
    for (o, d) in out.iter_mut().zip(x).rev() {
        let n = (rest as u128) << 64 | *d as u128;
        *o = (n / y as u128) as u64;
        rest = (n % y as u128) as u64;
    }
    (out, rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use num_bigint::BigUint;

    fn big(d: &[u64]) -> BigUint {
        BigUint::new(d.iter().flat_map(|d| [*d as u32, (*d >> 32) as u32]).collect())
    }

    #[test]
    fn digit_arithmetic_is_that_of_num_bigint() {
        let max = u64::MAX;
        let samples: [&[u64]; 8] =
            [&[1], &[max], &[0, 1], &[max, max], &[5, max, max, 7], &[max, max, max, max], &[0, 0, 0, 1], &[3, 0, max]];
        for x in samples {
            for y in samples {
                assert_eq!(big(&add(x, y)), big(x) + big(y));
                assert_eq!(big(&mul(x, y)), big(x) * big(y));
                assert_eq!(compare(x, y), big(x).cmp(&big(y)));
                if compare(x, y).is_ge() {
                    assert_eq!(big(&sub(x, y)), big(x) - big(y));
                }
            }
            for y in [1, 10, 1 << 40, max] {
                assert_eq!(big(&mul_one(x, y)), big(x) * y);
                let (q, r) = div_one(x, y);
                assert_eq!((big(&q), r), (big(x) / y, u64::try_from(big(x) % y).unwrap()));
            }
        }
    }
}
