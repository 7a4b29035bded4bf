//! The operators, compared with what OTP 27 gives.

use super::*;
use crate::heap::testing::with_terms;

fn parse(a: &mut dyn Alloc, text: &str) -> Term {
    match text.strip_prefix('f') {
        Some(bits) => build::float(a, f64::from_bits(u64::from_str_radix(bits, 16).unwrap())).unwrap(),
        None => from_bigint(a, &BigInt::parse_bytes(text.as_bytes(), 36).unwrap()).unwrap(),
    }
}

fn show(mem: Mem, r: Arith) -> String {
    match r {
        Ok(t) => match mem.as_float(t) {
            Some(f) => format!("f{:X}", f.to_bits()),
            None => to_bigint(mem, t).unwrap().to_str_radix(36).to_uppercase(),
        },
        Err(BadArith) => "badarith".into(),
        Err(SystemLimit) => "system_limit".into(),
        Err(ArithError::Memory) => "memory".into(),
    }
}

#[test]
fn arithmetic_is_otps() {
    with_terms(|a, _| {
        for line in include_str!("../../testdata/arith.txt").lines() {
            let mut part = line.split(' ');
            let (op, x, y, expected) =
                (part.next().unwrap(), part.next().unwrap(), part.next().unwrap(), part.next().unwrap());
            let (x, y) = (parse(a, x), parse(a, y));
            let r = match op {
                "+" => add(a, x, y),
                "-" => sub(a, x, y),
                "*" => mul(a, x, y),
                "/" => div(a, x, y),
                "div" => int_div(a, x, y),
                "rem" => rem(a, x, y),
                "band" => band(a, x, y),
                "bor" => bor(a, x, y),
                "bxor" => bxor(a, x, y),
                "bsl" => bsl(a, x, y),
                "bsr" => bsr(a, x, y),
                "neg" => neg(a, x),
                "bnot" => bnot(a, x),
                "abs" => abs(a, x),
                "trunc" => trunc(a, x),
                "round" => round(a, x),
                "floor" => floor(a, x),
                "ceil" => ceil(a, x),
                "float" => match to_f64(a.mem(), x) {
                    Some(f) => Ok(build::float(a, f).unwrap()),
                    None => Err(BadArith),
                },
                other => panic!("{other}"),
            };
            let expected = if expected == "badarg" { "badarith" } else { expected };
            assert_eq!(show(a.mem(), r), expected, "{line}");
            if let Ok(t) = r {
                // The normal form: small exactly if it fits.
                assert!(
                    !a.mem().is_big(t) || to_i64(a.mem(), t).is_none_or(|v| Term::try_small(v).is_none()),
                    "{line}"
                );
            }
        }
    });
}

#[test]
fn what_is_no_number_is_badarith() {
    with_terms(|a, names| {
        let atom = Term::atom(names.atoms.intern("a").unwrap());
        let list = build::cons(a, atom, Term::NIL).unwrap();
        let big = from_i128(a, 1 << 100).unwrap();
        for f in [add, sub, mul, div, int_div, rem, band, bor, bxor, bsl, bsr] {
            for (x, y) in
                [(atom, big), (big, atom), (list, Term::small(1)), (Term::small(1), list), (Term::NIL, Term::NIL)]
            {
                assert_eq!(f(a, x, y), Err(BadArith));
            }
        }
        for f in [neg, abs, bnot, trunc] {
            for x in [atom, list, Term::NIL] {
                assert_eq!(f(a, x), Err(BadArith));
            }
        }
    });
}

#[test]
fn bignums_end_where_otps_do() {
    with_terms(|a, _| {
        let one = Term::small(1);
        let most = MAX_DIGITS as i64 * 64;
        assert!(bsl(a, one, Term::small(most - 1)).is_ok());
        assert_eq!(bsl(a, one, Term::small(most)), Err(SystemLimit));
        let top = bsl(a, one, Term::small(most - 1)).unwrap();
        assert_eq!(add(a, top, top), Err(SystemLimit));
        assert_eq!(mul(a, top, top), Err(SystemLimit));
        assert_eq!(bsl(a, top, top), Err(SystemLimit));
        assert_eq!(bsr(a, top, top), Ok(Term::small(0)));
    });
}
