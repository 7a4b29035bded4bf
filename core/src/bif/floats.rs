//! The functions of module `math`, with results that are OTP's wherever its C library (glibc) rounds correctly, and the same on
//! every host. `pxfm` rounds correctly; hyperbolic functions and `log10` are put together from it as C libraries do
//! (FreeBSD's `msun`); `erf` and `erfc` are `libm`'s.

pub use libm::{atanh, erf, erfc, sinh};
pub use pxfm::{
    f_acos as acos, f_asin as asin, f_atan as atan, f_atan2 as atan2, f_cos as cos, f_exp as exp, f_log as log,
    f_log2 as log2, f_pow as pow, f_sin as sin, f_tan as tan,
};
use std::f64::consts::{LN_2, LOG10_E};

/// From here on a square plus or minus 1 is the square.
const LARGE: f64 = (1u64 << 28) as f64;

pub fn cosh(x: f64) -> f64 {
    let a = x.abs();
    if a < 0.5 * LN_2 {
        let t = libm::expm1(a);
        let w = 1.0 + t;
        1.0 + t * t / (w + w)
    } else if a < 22.0 {
        let t = exp(a);
        0.5 * t + 0.5 / t
    } else {
        let w = exp(0.5 * a);
        0.5 * w * w
    }
}

pub fn tanh(x: f64) -> f64 {
    let a = x.abs();
    let z = if a >= 22.0 {
        1.0
    } else if a >= 1.0 {
        1.0 - 2.0 / (libm::expm1(2.0 * a) + 2.0)
    } else {
        let t = libm::expm1(-2.0 * a);
        -t / (t + 2.0)
    };
    z.copysign(x)
}

pub fn asinh(x: f64) -> f64 {
    let a = x.abs();
    let w = if a > LARGE {
        log(a) + LN_2
    } else if a > 2.0 {
        log(2.0 * a + 1.0 / ((x * x + 1.0).sqrt() + a))
    } else {
        let t = x * x;
        libm::log1p(a + t / (1.0 + (1.0 + t).sqrt()))
    };
    w.copysign(x)
}

pub fn acosh(x: f64) -> f64 {
    if x > LARGE {
        log(x) + LN_2
    } else if x > 2.0 {
        log(2.0 * x - 1.0 / (x + (x * x - 1.0).sqrt()))
    } else {
        let t = x - 1.0;
        libm::log1p(t + (2.0 * t + t * t).sqrt())
    }
}

/// By the exponent and the logarithm of the rest, in two parts of log10(2).
#[allow(clippy::excessive_precision, clippy::approx_constant)]
pub fn log10(x: f64) -> f64 {
    const HIGH: f64 = 0.301_029_995_663_611_77;
    const LOW: f64 = 3.694_239_077_158_930_8e-13;
    if x <= 0.0 || !x.is_finite() {
        return libm::log10(x);
    }
    let (mut m, mut e) = libm::frexp(x);
    if e > 0 {
        (m, e) = (m * 2.0, e - 1);
    }
    let y = e as f64;
    y * LOW + LOG10_E * log(m) + y * HIGH
}
