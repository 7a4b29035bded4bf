//! Operators of module `erlang`, rounding, `min`/`max`, and module `math`. Mirrors `erl_arith.c`, `erl_bif_guard.c`,
//! `erl_bif_op.c` and `erl_math.c`.

use super::{Bif, BifResult, Ctx, Fault, bif, floats, guard};
use crate::heap::number::{self, Arith, ArithError};
use crate::heap::order;
use crate::heap::{Alloc, build};
use crate::term::Term;
use std::cmp::Ordering;

pub const BIFS: &[Bif] = &[
    guard("+", 1, plus1),
    guard("-", 1, minus1),
    guard("+", 2, plus),
    guard("-", 2, minus),
    guard("*", 2, times),
    guard("/", 2, divide),
    guard("div", 2, int_div),
    guard("rem", 2, rem),
    guard("band", 2, band),
    guard("bor", 2, bor),
    guard("bxor", 2, bxor),
    guard("bsl", 2, bsl),
    guard("bsr", 2, bsr),
    guard("bnot", 1, bnot),
    guard("==", 2, eq),
    guard("/=", 2, ne),
    guard("=:=", 2, exact_eq),
    guard("=/=", 2, exact_ne),
    guard("<", 2, lt),
    guard("=<", 2, le),
    guard(">", 2, gt),
    guard(">=", 2, ge),
    guard("and", 2, and),
    guard("or", 2, or),
    guard("xor", 2, xor),
    guard("not", 1, not),
    guard("abs", 1, abs),
    guard("float", 1, float),
    guard("trunc", 1, trunc),
    guard("round", 1, round),
    guard("floor", 1, floor),
    guard("ceil", 1, ceil),
    guard("min", 2, min),
    guard("max", 2, max),
    bif("erts_internal", "cmp_term", 2, cmp_term),
    bif("math", "acos", 1, |c, a| math(c, a, floats::acos)),
    bif("math", "acosh", 1, |c, a| math(c, a, floats::acosh)),
    bif("math", "asin", 1, |c, a| math(c, a, floats::asin)),
    bif("math", "asinh", 1, |c, a| math(c, a, floats::asinh)),
    bif("math", "atan", 1, |c, a| math(c, a, floats::atan)),
    bif("math", "atan2", 2, |c, a| math2(c, a, floats::atan2)),
    bif("math", "atanh", 1, |c, a| math(c, a, floats::atanh)),
    bif("math", "ceil", 1, |c, a| math(c, a, f64::ceil)),
    bif("math", "cos", 1, |c, a| math(c, a, floats::cos)),
    bif("math", "cosh", 1, |c, a| math(c, a, floats::cosh)),
    bif("math", "erf", 1, |c, a| math(c, a, floats::erf)),
    bif("math", "erfc", 1, |c, a| math(c, a, floats::erfc)),
    bif("math", "exp", 1, |c, a| math(c, a, floats::exp)),
    bif("math", "floor", 1, |c, a| math(c, a, f64::floor)),
    bif("math", "fmod", 2, |c, a| math2(c, a, |x, y| x % y)),
    bif("math", "log", 1, |c, a| math(c, a, floats::log)),
    bif("math", "log10", 1, |c, a| math(c, a, floats::log10)),
    bif("math", "log2", 1, |c, a| math(c, a, floats::log2)),
    bif("math", "pow", 2, |c, a| math2(c, a, floats::pow)),
    bif("math", "sin", 1, |c, a| math(c, a, floats::sin)),
    bif("math", "sinh", 1, |c, a| math(c, a, floats::sinh)),
    bif("math", "sqrt", 1, |c, a| math(c, a, f64::sqrt)),
    bif("math", "tan", 1, |c, a| math(c, a, floats::tan)),
    bif("math", "tanh", 1, |c, a| math(c, a, floats::tanh)),
];

/// The failure of an operator.
pub fn arith_fault(ctx: &mut Ctx<'_>, e: ArithError) -> Fault {
    match e {
        ArithError::BadArith => ctx.badarith(),
        ArithError::SystemLimit => ctx.system_limit(),
        ArithError::Memory => Fault::Memory,
    }
}

type Unary = fn(&mut dyn Alloc, Term) -> Arith;
type Binary = fn(&mut dyn Alloc, Term, Term) -> Arith;

fn unary(ctx: &mut Ctx<'_>, args: &[Term], op: Unary) -> BifResult {
    op(ctx, args[0]).map_err(|e| arith_fault(ctx, e))
}

fn binary(ctx: &mut Ctx<'_>, args: &[Term], op: Binary) -> BifResult {
    op(ctx, args[0], args[1]).map_err(|e| arith_fault(ctx, e))
}

/// As [`unary`], for functions that give `badarg` for what isn't a number.
fn rounding(ctx: &mut Ctx<'_>, args: &[Term], op: Unary) -> BifResult {
    op(ctx, args[0]).map_err(|e| if e == ArithError::BadArith { ctx.badarg() } else { arith_fault(ctx, e) })
}

fn plus1(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    if ctx.mem().is_number(args[0]) { Ok(args[0]) } else { Err(ctx.badarith()) }
}
fn minus1(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    unary(ctx, args, number::neg)
}
fn plus(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    binary(ctx, args, number::add)
}
fn minus(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    binary(ctx, args, number::sub)
}
fn times(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    binary(ctx, args, number::mul)
}
fn divide(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    binary(ctx, args, number::div)
}
fn int_div(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    binary(ctx, args, number::int_div)
}
fn rem(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    binary(ctx, args, number::rem)
}
fn band(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    binary(ctx, args, number::band)
}
fn bor(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    binary(ctx, args, number::bor)
}
fn bxor(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    binary(ctx, args, number::bxor)
}
fn bsl(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    binary(ctx, args, number::bsl)
}
fn bsr(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    binary(ctx, args, number::bsr)
}
fn bnot(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    unary(ctx, args, number::bnot)
}

fn compare(ctx: &mut Ctx<'_>, args: &[Term]) -> Ordering {
    order::compare(ctx.mem(), &ctx.sys.names(), args[0], args[1])
}
fn eq(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    Ok(Term::bool(order::eq(ctx.mem(), &ctx.sys.names(), args[0], args[1])))
}
fn ne(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    Ok(Term::bool(!order::eq(ctx.mem(), &ctx.sys.names(), args[0], args[1])))
}
fn exact_eq(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    Ok(Term::bool(order::exact_eq(ctx.mem(), args[0], args[1])))
}
fn exact_ne(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    Ok(Term::bool(!order::exact_eq(ctx.mem(), args[0], args[1])))
}
fn lt(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    Ok(Term::bool(compare(ctx, args).is_lt()))
}
fn le(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    Ok(Term::bool(compare(ctx, args).is_le()))
}
fn gt(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    Ok(Term::bool(compare(ctx, args).is_gt()))
}
fn ge(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    Ok(Term::bool(compare(ctx, args).is_ge()))
}
/// The first argument if they are equal.
fn min(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    Ok(if compare(ctx, args).is_gt() { args[1] } else { args[0] })
}
fn max(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    Ok(if compare(ctx, args).is_lt() { args[1] } else { args[0] })
}
/// Less, equal or greater in the order of map keys, as -1, 0, 1.
fn cmp_term(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    Ok(Term::small(order::compare_exact(ctx.mem(), &ctx.sys.names(), args[0], args[1]) as i64))
}

fn logical(ctx: &mut Ctx<'_>, args: &[Term], op: fn(bool, bool) -> bool) -> BifResult {
    match (args[0].as_bool(), args[1].as_bool()) {
        (Some(x), Some(y)) => Ok(Term::bool(op(x, y))),
        _ => Err(ctx.badarg()),
    }
}
fn and(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    logical(ctx, args, |x, y| x && y)
}
fn or(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    logical(ctx, args, |x, y| x || y)
}
fn xor(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    logical(ctx, args, |x, y| x != y)
}
fn not(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    match args[0].as_bool() {
        Some(b) => Ok(Term::bool(!b)),
        None => Err(ctx.badarg()),
    }
}

fn abs(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    rounding(ctx, args, number::abs)
}
fn trunc(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    rounding(ctx, args, number::trunc)
}
fn round(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    rounding(ctx, args, number::round)
}
fn floor(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    rounding(ctx, args, number::floor)
}
fn ceil(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    rounding(ctx, args, number::ceil)
}
fn float(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    if ctx.mem().is_float(args[0]) {
        return Ok(args[0]);
    }
    match number::to_f64(ctx.mem(), args[0]) {
        Some(f) => ctx.float(f),
        None => Err(ctx.badarg()),
    }
}

/// What is no number is `badarg`; an argument too large for a float or a result that isn't finite is `badarith`.
fn math_result(ctx: &mut Ctx<'_>, args: &[Term], value: Option<f64>) -> BifResult {
    match value {
        Some(f) if f.is_finite() => Ok(build::float(ctx, f)?),
        None if !args.iter().all(|t| ctx.mem().is_number(*t)) => Err(ctx.badarg()),
        _ => Err(ctx.badarith()),
    }
}
fn math(ctx: &mut Ctx<'_>, args: &[Term], f: fn(f64) -> f64) -> BifResult {
    let value = number::to_f64(ctx.mem(), args[0]).map(f);
    math_result(ctx, args, value)
}
fn math2(ctx: &mut Ctx<'_>, args: &[Term], f: fn(f64, f64) -> f64) -> BifResult {
    let (x, y) = (number::to_f64(ctx.mem(), args[0]), number::to_f64(ctx.mem(), args[1]));
    math_result(ctx, args, x.zip(y).map(|(x, y)| f(x, y)))
}
