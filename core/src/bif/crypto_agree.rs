//! Key agreement over the integers modulo a prime: Diffie-Hellman and SRP of OTP's `crypto`, and its older random numbers.
//!
//! Numbers are unsigned and big-endian, at most [`MAX_NUMBER`] bytes long; their arithmetic is num-bigint's, whose time depends on the numbers. What a host
//! must keep from others who measure its time isn't done here. Mirrors `dh.c`, `srp.c` and `rand.c`.

use super::crypto::{MAX_NUMBER, bytes, fail, random};
use super::{Bif, BifResult, Ctx, Fault, bif};
use crate::atom::am;
use crate::heap::Alloc;
use crate::term::Term;
use num_bigint::BigUint;

pub const BIFS: &[Bif] = &[
    bif("crypto", "dh_generate_key_nif", 4, dh_generate),
    bif("crypto", "dh_compute_key_nif", 3, dh_compute),
    bif("crypto", "srp_value_B_nif", 5, srp_host_public),
    bif("crypto", "srp_user_secret_nif", 7, srp_user_secret),
    bif("crypto", "srp_host_secret_nif", 5, srp_host_secret),
    bif("crypto", "rand_seed_nif", 1, rand_seed),
    bif("crypto", "rand_uniform_nif", 2, rand_uniform),
];

/// A number; a longer one than allowed is `system_limit`, what is no binary `badarg`.
fn number(ctx: &mut Ctx<'_>, t: Term) -> Result<BigUint, Fault> {
    match ctx.mem().binary_to_vec(t) {
        Some(b) if b.len() <= MAX_NUMBER => Ok(BigUint::from_bytes_be(&b)),
        Some(_) => Err(ctx.system_limit()),
        None => Err(ctx.badarg()),
    }
}

fn numbers<const N: usize>(ctx: &mut Ctx<'_>, all: &[Term]) -> Result<[BigUint; N], Fault> {
    let mut out = std::array::from_fn(|_| BigUint::ZERO);
    if all.len() != N {
        return Err(ctx.badarg());
    }
    for (n, t) in out.iter_mut().zip(all) {
        *n = number(ctx, *t)?;
    }
    Ok(out)
}

/// `base ^ exponent` modulo the prime, charged for.
fn power(ctx: &mut Ctx<'_>, base: &BigUint, exponent: &BigUint, prime: &BigUint) -> BigUint {
    ctx.charge((exponent.bits() * (prime.bits() / 64 + 1).pow(2) / 4000) as usize + 1);
    base.modpow(exponent, prime)
}

/// A number from 1 to `below - 1`, or of so many bits.
fn secret(ctx: &mut Ctx<'_>, below: &BigUint, bits: u64) -> BigUint {
    let one = BigUint::from(1u8);
    if bits > 0 {
        let n = BigUint::from_bytes_be(&random(ctx, bits.div_ceil(8) as usize)) % (&one << (bits - 1));
        return n + (one << (bits - 1));
    }
    let n = BigUint::from_bytes_be(&random(ctx, below.bits().div_ceil(8) as usize + 16));
    n % (below - &one) + one
}

/// Prime and generator of `[P, G]`.
fn group(ctx: &mut Ctx<'_>, list: Term, argument: i64) -> Result<(BigUint, BigUint), Fault> {
    let parts = ctx.list_to_vec(list)?;
    let [prime, generator] = numbers(ctx, &parts)?;
    if prime.bits() < 3 || !prime.bit(0) {
        return Err(fail(ctx, "error", "dh.c", argument, "Couldn't get the values"));
    }
    Ok((prime, generator))
}

/// `dh_generate_key_nif(PrivateKey | undefined, [P, G], 0, Bits)` is `{Public, Private}`.
fn dh_generate(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let (prime, generator) = group(ctx, a[1], 1)?;
    let bits = match a[3].as_small().map(u64::try_from) {
        Some(Ok(bits)) if bits <= prime.bits() => bits,
        _ => return Err(fail(ctx, "badarg", "dh.c", 3, "Private key length is too long")),
    };
    let private = match a[0].is(am::UNDEFINED) {
        true => secret(ctx, &(&prime - 1u8), bits),
        false => number(ctx, a[0])?,
    };
    let public = power(ctx, &generator, &private, &prime);
    let pair = [ctx.binary(&public.to_bytes_be())?, ctx.binary(&private.to_bytes_be())?];
    ctx.tuple(&pair)
}

/// `dh_compute_key_nif(Public, Private, [P, G])`: the shared secret.
fn dh_compute(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let [public, private] = numbers(ctx, a.get(..2).unwrap_or(&[]))?;
    let (prime, _) = group(ctx, a[2], 2)?;
    // These would give a secret that everybody knows.
    if public.bits() <= 1 || public >= &prime - 1u8 {
        return Err(fail(ctx, "error", "dh.c", -1, "Can't set the peer's public key"));
    }
    let shared = power(ctx, &public, &private, &prime);
    ctx.binary(&shared.to_bytes_be())
}

/// `(Multiplier, Verifier, Generator, Exponent, Prime)`: the host's public value, or `error`.
fn srp_host_public(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let [multiplier, verifier, generator, exponent, prime] = numbers(ctx, a)?;
    if prime == BigUint::ZERO {
        return Ok(Term::atom(am::ERROR));
    }
    let value = (multiplier * verifier + power(ctx, &generator, &exponent, &prime)) % &prime;
    if value == BigUint::ZERO { Ok(Term::atom(am::ERROR)) } else { ctx.binary(&value.to_bytes_be()) }
}

/// `(a, u, B, Multiplier, Generator, Exponent, Prime)`: `(B - k * g^x) ^ (a + u * x)`, or `error`.
fn srp_user_secret(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let [private, scrambler, host, multiplier, generator, exponent, prime] = numbers(ctx, a)?;
    if prime == BigUint::ZERO || &host % &prime == BigUint::ZERO {
        return Ok(Term::atom(am::ERROR));
    }
    let known = multiplier * power(ctx, &generator, &exponent, &prime) % &prime;
    let base = (host % &prime + &prime - known) % &prime;
    let secret = power(ctx, &base, &(private + scrambler * exponent), &prime);
    ctx.binary(&secret.to_bytes_be())
}

/// `(Verifier, b, u, A, Prime)`: `(A * v^u) ^ b`, or `error`.
fn srp_host_secret(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let [verifier, private, scrambler, user, prime] = numbers(ctx, a)?;
    if prime == BigUint::ZERO || &user % &prime == BigUint::ZERO {
        return Ok(Term::atom(am::ERROR));
    }
    let base = user * power(ctx, &verifier, &scrambler, &prime) % &prime;
    let secret = power(ctx, &base, &private, &prime);
    ctx.binary(&secret.to_bytes_be())
}

/// Entropy is the host's: a seed changes nothing, as where OpenSSL's generator has enough of its own.
fn rand_seed(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    bytes(ctx, a[0])?;
    Ok(Term::atom(am::OK))
}

/// A number with its length in 32 bits before it.
fn mpint(ctx: &mut Ctx<'_>, t: Term) -> Result<BigUint, Fault> {
    let all = ctx.mem().binary_to_vec(t).unwrap_or_default();
    match all.split_first_chunk::<4>() {
        Some((n, rest)) if u32::from_be_bytes(*n) as usize == rest.len() && rest.len() <= MAX_NUMBER => {
            Ok(BigUint::from_bytes_be(rest))
        }
        _ => Err(ctx.badarg()),
    }
}

/// A number from the first up to, but not, the second; all three with their length before them.
fn rand_uniform(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let (from, to) = (mpint(ctx, a[0])?, mpint(ctx, a[1])?);
    if from >= to {
        return Err(ctx.badarg());
    }
    let range = to - &from;
    let n = BigUint::from_bytes_be(&random(ctx, range.bits().div_ceil(8) as usize + 16)) % range + from;
    let bytes = if n == BigUint::ZERO { Vec::new() } else { n.to_bytes_be() };
    let mut out = (bytes.len() as u32).to_be_bytes().to_vec();
    out.extend(bytes);
    ctx.binary(&out)
}
