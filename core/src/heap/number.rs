//! Integers and floats: bignums to and from `BigInt`, and the arithmetic of the operators.
//!
//! Smalls and bignums of one digit compute in 128 bits; larger ones go through `num_bigint`. Results are in OTP's normal form:
//! small if it fits, else a bignum without leading zero digits. A bignum has at most [`MAX_DIGITS`] digits, beyond is
//! `system_limit`; a float result that isn't finite is `badarith`. Mirrors `erl_arith.c` and `big.c`.

use super::Alloc;
use super::build::{self, Built};
use super::digits;
use crate::arena::OutOfMemory;
use crate::term::{Mem, Term, object};
use num_bigint::{BigInt, BigUint, Sign};

/// Most 64-bit digits of a bignum (OTP's `BIG_ARITY_MAX`).
pub const MAX_DIGITS: usize = (1 << 16) - 1;

/// Why an operator has no result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ArithError {
    /// Not a number, division by zero, or a float out of range.
    BadArith,
    /// An integer of more than [`MAX_DIGITS`] digits.
    SystemLimit,
    /// The memory limit of the VM.
    Memory,
}

impl From<OutOfMemory> for ArithError {
    fn from(_: OutOfMemory) -> ArithError {
        ArithError::Memory
    }
}

/// What the operators return.
pub type Arith = Result<Term, ArithError>;

use ArithError::{BadArith, SystemLimit};

fn is_negative(mem: Mem, big: Term) -> bool {
    mem.header(big) & object::HEADER_MASK == object::NEG_BIG
}

/// Digits of a bignum, least significant first.
fn digits_of(mem: Mem, big: Term) -> impl Iterator<Item = u64> {
    (1..=object::arity(mem.header(big))).map(move |i| mem.field(big, i).0)
}

/// The value of an integer term.
pub fn to_bigint(mem: Mem, t: Term) -> Option<BigInt> {
    if let Some(v) = t.as_small() {
        return Some(BigInt::from(v));
    }
    if !mem.is_big(t) {
        return None;
    }
    let words: Vec<u32> = digits_of(mem, t).flat_map(|d| [d as u32, (d >> 32) as u32]).collect();
    Some(BigInt::new(if is_negative(mem, t) { Sign::Minus } else { Sign::Plus }, words))
}

/// An integer term of any size; the caller knows that it has at most [`MAX_DIGITS`] digits.
pub fn from_bigint(a: &mut dyn Alloc, v: &BigInt) -> Built {
    let n = v.bits().div_ceil(64) as u32;
    if n <= 1
        && let Ok(i) = i128::try_from(v)
    {
        return from_i128(a, i);
    }
    let at = a.words(n + 1)?;
    let mem = a.mem();
    mem.set_word(
        at,
        0,
        object::header(if v.sign() == Sign::Minus { object::NEG_BIG } else { object::POS_BIG }, n as u64),
    );
    for (i, d) in v.iter_u64_digits().enumerate() {
        mem.set_word(at, i as u32 + 1, d);
    }
    Ok(Term::boxed_at(at))
}

/// As [`from_bigint`], with the limit on the size checked.
pub fn from_big_checked(a: &mut dyn Alloc, v: &BigInt) -> Arith {
    if v.bits() > MAX_DIGITS as u64 * 64 { Err(SystemLimit) } else { Ok(from_bigint(a, v)?) }
}

/// An integer term.
pub fn from_i128(a: &mut dyn Alloc, v: i128) -> Built {
    if let Ok(i) = i64::try_from(v)
        && let Some(t) = Term::try_small(i)
    {
        return Ok(t);
    }
    let magnitude = v.unsigned_abs();
    let n = if magnitude >> 64 == 0 { 1 } else { 2 };
    let at = a.words(n + 1)?;
    let mem = a.mem();
    mem.set_word(at, 0, object::header(if v < 0 { object::NEG_BIG } else { object::POS_BIG }, n as u64));
    mem.set_word(at, 1, magnitude as u64);
    if n == 2 {
        mem.set_word(at, 2, (magnitude >> 64) as u64);
    }
    Ok(Term::boxed_at(at))
}

/// The value of an integer of at most one digit.
fn to_i128(mem: Mem, t: Term) -> Option<i128> {
    if let Some(v) = t.as_small() {
        return Some(v as i128);
    }
    if !mem.is_big(t) || object::arity(mem.header(t)) != 1 {
        return None;
    }
    let d = mem.field(t, 1).0 as i128;
    Some(if is_negative(mem, t) { -d } else { d })
}

/// The value of an integer that fits in 64 bits with sign.
pub fn to_i64(mem: Mem, t: Term) -> Option<i64> {
    to_i128(mem, t).and_then(|v| i64::try_from(v).ok())
}

/// The value of an integer that fits in 64 bits without sign.
pub fn to_u64(mem: Mem, t: Term) -> Option<u64> {
    to_i128(mem, t).and_then(|v| u64::try_from(v).ok())
}

/// A number as a float, rounded digit by digit as OTP does; `None` for a bignum out of range and for other terms.
pub fn to_f64(mem: Mem, t: Term) -> Option<f64> {
    if let Some(v) = t.as_small() {
        return Some(v as f64);
    }
    if mem.is_float(t) {
        return Some(mem.float_value(t));
    }
    if !mem.is_big(t) {
        return None;
    }
    let mut d = 0.0;
    for i in (1..=object::arity(mem.header(t))).rev() {
        d = d * 18_446_744_073_709_551_616.0 + mem.field(t, i).0 as f64;
        if !f64::is_finite(d) {
            return None;
        }
    }
    Some(if is_negative(mem, t) { -d } else { d })
}

/// The integer with the value of a finite float without fraction.
pub fn from_whole_f64(a: &mut dyn Alloc, f: f64) -> Built {
    if f.abs() < (1u128 << 126) as f64 {
        return from_i128(a, f as i128);
    }
    let bits = f.to_bits();
    let exponent = (bits >> 52 & 0x7FF) as u32;
    let mantissa = bits & ((1 << 52) - 1) | 1 << 52;
    let v = BigInt::from(mantissa) << exponent.saturating_sub(1075);
    from_bigint(a, &if f < 0.0 { -v } else { v })
}

fn to_integer(a: &mut dyn Alloc, x: Term, rounded: fn(f64) -> f64) -> Arith {
    let mem = a.mem();
    match mem.as_float(x) {
        Some(f) => Ok(from_whole_f64(a, rounded(f))?),
        None if mem.is_integer(x) => Ok(x),
        None => Err(BadArith),
    }
}

/// `trunc(X)`; an error means that X is no number (`badarg`).
pub fn trunc(a: &mut dyn Alloc, x: Term) -> Arith {
    to_integer(a, x, f64::trunc)
}
/// `round(X)`: halves away from zero.
pub fn round(a: &mut dyn Alloc, x: Term) -> Arith {
    to_integer(a, x, f64::round)
}
/// `floor(X)`.
pub fn floor(a: &mut dyn Alloc, x: Term) -> Arith {
    to_integer(a, x, f64::floor)
}
/// `ceil(X)`.
pub fn ceil(a: &mut dyn Alloc, x: Term) -> Arith {
    to_integer(a, x, f64::ceil)
}

fn float_result(a: &mut dyn Alloc, f: f64) -> Arith {
    if f.is_finite() { Ok(build::float(a, f)?) } else { Err(BadArith) }
}

/// Sign and magnitude of an integer.
fn load(mem: Mem, t: Term) -> Option<(bool, Vec<u64>)> {
    if let Some(v) = t.as_small() {
        return Some((v < 0, if v == 0 { Vec::new() } else { vec![v.unsigned_abs()] }));
    }
    if !mem.is_big(t) {
        return None;
    }
    Some((is_negative(mem, t), digits_of(mem, t).collect()))
}

/// An integer from sign and magnitude, in normal form.
fn store(a: &mut dyn Alloc, negative: bool, magnitude: &[u64]) -> Arith {
    let n = magnitude.iter().rposition(|d| *d != 0).map_or(0, |i| i + 1);
    if n <= 1 {
        let v = magnitude.first().copied().unwrap_or(0) as i128;
        return Ok(from_i128(a, if negative { -v } else { v })?);
    }
    if n > MAX_DIGITS {
        return Err(SystemLimit);
    }
    let at = a.words(n as u32 + 1)?;
    let mem = a.mem();
    mem.set_word(at, 0, object::header(if negative { object::NEG_BIG } else { object::POS_BIG }, n as u64));
    for (i, d) in magnitude.iter().take(n).enumerate() {
        mem.set_word(at, i as u32 + 1, *d);
    }
    Ok(Term::boxed_at(at))
}

/// Factors up to this many digits are multiplied digit by digit.
const SHORT: usize = 24;

/// What [`big`] computes.
#[derive(Clone, Copy, PartialEq)]
enum Op {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
}

/// Sum, difference, product, quotient or remainder of integers of any size; the divisor isn't 0.
fn big(a: &mut dyn Alloc, x: Term, y: Term, op: Op) -> Arith {
    let mem = a.mem();
    let (Some((p, u)), Some((q, v))) = (load(mem, x), load(mem, y)) else { return Err(BadArith) };
    match op {
        Op::Add | Op::Sub => {
            let q = q ^ (op == Op::Sub);
            if p == q {
                store(a, p, &digits::add(&u, &v))
            } else if digits::compare(&u, &v).is_ge() {
                store(a, p, &digits::sub(&u, &v))
            } else {
                store(a, q, &digits::sub(&v, &u))
            }
        }
        Op::Mul => {
            if u.len() + v.len() > MAX_DIGITS + 1 {
                return Err(SystemLimit);
            }
            let negative = p != q;
            match (u.as_slice(), v.as_slice()) {
                ([], _) | (_, []) => Ok(Term::small(0)),
                (u, [d]) => store(a, negative, &digits::mul_one(u, *d)),
                ([d], v) => store(a, negative, &digits::mul_one(v, *d)),
                (u, v) if u.len().min(v.len()) <= SHORT => store(a, negative, &digits::mul(u, v)),
                _ => from_big_checked(a, &(to_bigint(mem, x).ok_or(BadArith)? * to_bigint(mem, y).ok_or(BadArith)?)),
            }
        }
        Op::Div | Op::Rem => match v.as_slice() {
            [] => Err(BadArith),
            [d] => {
                let (quotient, rest) = digits::div_one(&u, *d);
                if op == Op::Div { store(a, p != q, &quotient) } else { store(a, p, &[rest]) }
            }
            _ if digits::compare(&u, &v).is_lt() => Ok(if op == Op::Div { Term::small(0) } else { x }),
            _ => {
                let (n, d) = (to_bigint(mem, x).ok_or(BadArith)?, to_bigint(mem, y).ok_or(BadArith)?);
                from_big_checked(a, &if op == Op::Div { n / d } else { n % d })
            }
        },
    }
}

/// An operator on numbers, float if one of them is.
fn mixed(
    a: &mut dyn Alloc,
    x: Term,
    y: Term,
    small: fn(i128, i128) -> Option<i128>,
    op: Op,
    float: fn(f64, f64) -> f64,
) -> Arith {
    let mem = a.mem();
    if mem.is_float(x) || mem.is_float(y) {
        return match (to_f64(mem, x), to_f64(mem, y)) {
            (Some(f), Some(g)) => float_result(a, float(f, g)),
            _ => Err(BadArith),
        };
    }
    whole(a, x, y, small, op)
}

/// Arithmetic on integers.
fn whole(a: &mut dyn Alloc, x: Term, y: Term, small: fn(i128, i128) -> Option<i128>, op: Op) -> Arith {
    let mem = a.mem();
    if let (Some(p), Some(q)) = (to_i128(mem, x), to_i128(mem, y))
        && let Some(r) = small(p, q)
    {
        return Ok(from_i128(a, r)?);
    }
    big(a, x, y, op)
}

/// A bitwise operator on integers.
fn integers(
    a: &mut dyn Alloc,
    x: Term,
    y: Term,
    small: fn(i128, i128) -> Option<i128>,
    big: fn(BigInt, BigInt) -> BigInt,
) -> Arith {
    let mem = a.mem();
    if let (Some(p), Some(q)) = (to_i128(mem, x), to_i128(mem, y))
        && let Some(r) = small(p, q)
    {
        return Ok(from_i128(a, r)?);
    }
    match (to_bigint(mem, x), to_bigint(mem, y)) {
        (Some(p), Some(q)) => from_big_checked(a, &big(p, q)),
        _ => Err(BadArith),
    }
}

/// `X + Y`.
#[inline]
pub fn add(a: &mut dyn Alloc, x: Term, y: Term) -> Arith {
    if Term::both_small(x, y) {
        return Ok(build::int(a, x.small_value() + y.small_value())?);
    }
    mixed(a, x, y, i128::checked_add, Op::Add, |p, q| p + q)
}

/// `X - Y`.
#[inline]
pub fn sub(a: &mut dyn Alloc, x: Term, y: Term) -> Arith {
    if Term::both_small(x, y) {
        return Ok(build::int(a, x.small_value() - y.small_value())?);
    }
    mixed(a, x, y, i128::checked_sub, Op::Sub, |p, q| p - q)
}

/// `X * Y`.
#[inline]
pub fn mul(a: &mut dyn Alloc, x: Term, y: Term) -> Arith {
    if Term::both_small(x, y)
        && let Some(v) = x.small_value().checked_mul(y.small_value())
    {
        return Ok(build::int(a, v)?);
    }
    mixed(a, x, y, i128::checked_mul, Op::Mul, |p, q| p * q)
}

/// `X / Y`, always a float.
pub fn div(a: &mut dyn Alloc, x: Term, y: Term) -> Arith {
    let mem = a.mem();
    match (to_f64(mem, x), to_f64(mem, y)) {
        (Some(f), Some(g)) => float_result(a, f / g),
        _ => Err(BadArith),
    }
}

/// `X div Y`, towards zero.
#[inline]
pub fn int_div(a: &mut dyn Alloc, x: Term, y: Term) -> Arith {
    if y == Term::small(0) {
        return Err(BadArith);
    }
    if Term::both_small(x, y) {
        return Ok(build::int(a, x.small_value() / y.small_value())?);
    }
    whole(a, x, y, i128::checked_div, Op::Div)
}

/// `X rem Y`, with the sign of X.
#[inline]
pub fn rem(a: &mut dyn Alloc, x: Term, y: Term) -> Arith {
    if y == Term::small(0) {
        return Err(BadArith);
    }
    if Term::both_small(x, y) {
        return Ok(Term::small(x.small_value() % y.small_value()));
    }
    whole(a, x, y, i128::checked_rem, Op::Rem)
}

/// `-X`.
pub fn neg(a: &mut dyn Alloc, x: Term) -> Arith {
    let mem = a.mem();
    if let Some(f) = mem.as_float(x) {
        return Ok(build::float(a, -f)?);
    }
    if let Some(v) = to_i128(mem, x) {
        return Ok(from_i128(a, -v)?);
    }
    with_sign(a, x, !mem.is_big(x) || !is_negative(mem, x))
}

/// `abs(X)`; an error means that X is no number (`badarg`).
pub fn abs(a: &mut dyn Alloc, x: Term) -> Arith {
    let mem = a.mem();
    if let Some(f) = mem.as_float(x) {
        return if f <= 0.0 { Ok(build::float(a, f.abs())?) } else { Ok(x) };
    }
    if let Some(v) = x.as_small() {
        return Ok(build::int(a, v.abs())?);
    }
    if mem.is_big(x) && !is_negative(mem, x) {
        return Ok(x);
    }
    with_sign(a, x, false)
}

/// A copy of a bignum with another sign. No result leaves the normal form: the callers handle what fits a small.
fn with_sign(a: &mut dyn Alloc, x: Term, negative: bool) -> Arith {
    let mem = a.mem();
    if !mem.is_big(x) {
        return Err(BadArith);
    }
    let n = object::arity(mem.header(x));
    let at = a.words(n + 1)?;
    mem.copy_words(x.addr(), at, n + 1);
    mem.set_word(at, 0, object::header(if negative { object::NEG_BIG } else { object::POS_BIG }, n as u64));
    Ok(Term::boxed_at(at))
}

/// `X band Y`.
#[inline]
pub fn band(a: &mut dyn Alloc, x: Term, y: Term) -> Arith {
    if Term::both_small(x, y) {
        return Ok(Term(x.0 & y.0));
    }
    integers(a, x, y, |p, q| Some(p & q), |p, q| p & q)
}

/// `X bor Y`.
#[inline]
pub fn bor(a: &mut dyn Alloc, x: Term, y: Term) -> Arith {
    if Term::both_small(x, y) {
        return Ok(Term(x.0 | y.0));
    }
    integers(a, x, y, |p, q| Some(p | q), |p, q| p | q)
}

/// `X bxor Y`.
#[inline]
pub fn bxor(a: &mut dyn Alloc, x: Term, y: Term) -> Arith {
    if Term::both_small(x, y) {
        return Ok(Term::small(x.small_value() ^ y.small_value()));
    }
    integers(a, x, y, |p, q| Some(p ^ q), |p, q| p ^ q)
}

/// `bnot X`.
pub fn bnot(a: &mut dyn Alloc, x: Term) -> Arith {
    let mem = a.mem();
    if let Some(v) = to_i128(mem, x) {
        return Ok(from_i128(a, !v)?);
    }
    match to_bigint(mem, x) {
        Some(v) => from_big_checked(a, &!v),
        None => Err(BadArith),
    }
}

/// `X bsl Y`; a negative Y shifts right.
pub fn bsl(a: &mut dyn Alloc, x: Term, y: Term) -> Arith {
    shift(a, x, y, false)
}

/// `X bsr Y`; a negative Y shifts left.
pub fn bsr(a: &mut dyn Alloc, x: Term, y: Term) -> Arith {
    shift(a, x, y, true)
}

fn shift(a: &mut dyn Alloc, x: Term, y: Term, right: bool) -> Arith {
    let mem = a.mem();
    if !mem.is_integer(x) || !mem.is_integer(y) {
        return Err(BadArith);
    }
    let mut by = match y.as_small() {
        Some(v) => v,
        None if is_negative(mem, y) => i64::MIN + 1,
        None => i64::MAX,
    };
    if right {
        by = -by;
    }
    if by == 0 || x == Term::small(0) {
        return Ok(x);
    }
    if by < 0 {
        return shift_right(a, x, by.unsigned_abs());
    }
    let by = by as u64;
    if let Some(v) = x.as_small()
        && by <= 64
    {
        return Ok(from_i128(a, (v as i128) << by)?);
    }
    let v = to_bigint(mem, x).ok_or(BadArith)?;
    if by / 64 + v.bits().div_ceil(64) > MAX_DIGITS as u64 + 8 {
        return Err(SystemLimit);
    }
    from_big_checked(a, &(v << by))
}

fn shift_right(a: &mut dyn Alloc, x: Term, by: u64) -> Arith {
    let mem = a.mem();
    if let Some(v) = x.as_small() {
        return Ok(Term::small(v >> by.min(63)));
    }
    if by >= object::arity(mem.header(x)) as u64 * 64 {
        return Ok(Term::small(if is_negative(mem, x) { -1 } else { 0 }));
    }
    let v = to_bigint(mem, x).ok_or(BadArith)?;
    from_big_checked(a, &(v >> by))
}

/// Digits from which text and number are converted by halves.
const LONG: usize = 1024;

/// The digits of an integer in a base of 2 to 36, capital letters.
pub fn to_text(v: &BigInt, base: u32) -> String {
    let mut out = String::new();
    if v.sign() == Sign::Minus {
        out.push('-');
    }
    // Work left: a part and the digits it must fill.
    let mut parts: Vec<(BigUint, usize)> = vec![(v.magnitude().clone(), 0)];
    while let Some((n, width)) = parts.pop() {
        let estimate = (n.bits() as f64 / (base as f64).log2()) as usize + 1;
        if estimate > LONG {
            let low = estimate / 2;
            let power = BigUint::from(base).pow(low as u32);
            let high = &n / &power;
            let rest = n - &high * &power;
            parts.push((rest, low));
            parts.push((high, width.saturating_sub(low)));
            continue;
        }
        let text = n.to_str_radix(base).to_ascii_uppercase();
        out.extend(std::iter::repeat_n('0', width.saturating_sub(text.len())));
        out.push_str(&text);
    }
    out
}

/// The number that digits of a base from 2 to 36 give; `None` if one isn't a digit of the base.
pub fn from_digits(digits: &[u8], base: u32) -> Option<BigUint> {
    if digits.len() <= LONG {
        let text = std::str::from_utf8(digits).ok()?;
        if !digits.iter().all(|d| (*d as char).is_digit(base)) {
            return None;
        }
        return BigUint::parse_bytes(text.as_bytes(), base);
    }
    // By halves; the depth is the logarithm of the length.
    let (high, low) = digits.split_at(digits.len() / 2);
    let power = BigUint::from(base).pow(low.len() as u32);
    Some(from_digits(high, base)? * power + from_digits(low, base)?)
}

#[cfg(test)]
#[path = "number_tests.rs"]
mod tests;
