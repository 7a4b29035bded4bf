//! The native functions of OTP's `crypto` as far as hashes, MACs, random numbers and small helpers go; ciphers are in
//! [`super::crypto_cipher`]. Over the RustCrypto crates. Mirrors the C sources of the application crypto.
//!
//! The state of a hash or MAC is a binary, where OTP has a reference: a value that needs no owner. What isn't here (public
//! keys, curves, engines) stays the stub of `crypto.erl`, which raises `nif_not_loaded`.

use super::{Bif, BifResult, Ctx, Fault, bif, host, support};
use crate::atom::am;
use crate::heap::Alloc;
use crate::term::Term;
use num_bigint::BigUint;
use sha2::Digest;
use sha2::digest::common::hazmat::{SerializableState, SerializedState};
use subtle::ConstantTimeEq;

pub const BIFS: &[Bif] = &[
    bif("crypto", "info_nif", 0, info),
    bif("crypto", "info_lib", 0, info_lib),
    bif("crypto", "info_fips", 0, |c, _| c.atom("not_supported")),
    bif("crypto", "enable_fips_mode_nif", 1, |c, a| match a[0].as_atom() {
        Some(am::FALSE) => Ok(Term::bool(true)),
        Some(am::TRUE) => Ok(Term::bool(false)),
        _ => Err(c.badarg()),
    }),
    bif("crypto", "hash_algorithms", 0, |c, _| names(c, HASHES.iter().map(|h| h.name))),
    bif("crypto", "mac_algorithms", 0, |c, _| names(c, ["hmac"].into_iter())),
    bif("crypto", "pubkey_algorithms", 0, |c, _| names(c, ["dh", "srp"].into_iter())),
    bif("crypto", "curve_algorithms", 0, |_, _| Ok(Term::NIL)),
    bif("crypto", "rsa_opts_algorithms", 0, |_, _| Ok(Term::NIL)),
    bif("crypto", "hash_info", 1, hash_info),
    bif("crypto", "hash_info_nif", 1, hash_info),
    bif("crypto", "hash_nif", 2, hash),
    bif("crypto", "hash_init_nif", 1, hash_init),
    bif("crypto", "hash_update_nif", 2, hash_update),
    bif("crypto", "hash_final_nif", 1, hash_final),
    bif("crypto", "mac_nif", 4, mac),
    bif("crypto", "mac_init_nif", 3, mac_init),
    bif("crypto", "mac_update_nif", 2, mac_update),
    bif("crypto", "mac_final_nif", 1, mac_final),
    bif("crypto", "pbkdf2_hmac_nif", 5, pbkdf2),
    bif("crypto", "strong_rand_bytes_nif", 1, strong_rand_bytes),
    bif("crypto", "strong_rand_range_nif", 1, strong_rand_range),
    bif("crypto", "do_exor", 2, exor),
    bif("crypto", "hash_equals_nif", 2, hash_equals),
    bif("crypto", "mod_exp_nif", 4, mod_exp),
];

/// Bytes of input that cost one reduction.
pub(super) const BYTES_PER_REDUCTION: usize = 64;
/// Most random bytes of one call, and longest number of `mod_pow`.
const MAX_RANDOM: i64 = 64 << 20;
pub(super) const MAX_NUMBER: usize = 2048;
/// Rounds of PBKDF2 in one slice.
const ROUNDS: u64 = 2000;

struct Hash {
    name: &'static str,
    size: usize,
    block: usize,
    /// OpenSSL's number.
    nid: i64,
    once: fn(&[&[u8]]) -> Vec<u8>,
    start: fn() -> Vec<u8>,
    update: fn(&[u8], &[u8]) -> Option<Vec<u8>>,
    finish: fn(&[u8]) -> Option<Vec<u8>>,
}

fn once<D: Digest>(parts: &[&[u8]]) -> Vec<u8> {
    let mut d = D::new();
    parts.iter().for_each(|p| d.update(p));
    d.finalize().to_vec()
}
fn start<D: Digest + SerializableState>() -> Vec<u8> {
    D::new().serialize().to_vec()
}
fn restore<D: Digest + SerializableState>(state: &[u8]) -> Option<D> {
    D::deserialize(&SerializedState::<D>::try_from(state).ok()?).ok()
}
fn update<D: Digest + SerializableState>(state: &[u8], data: &[u8]) -> Option<Vec<u8>> {
    let mut d = restore::<D>(state)?;
    d.update(data);
    Some(d.serialize().to_vec())
}
fn finish<D: Digest + SerializableState>(state: &[u8]) -> Option<Vec<u8>> {
    Some(restore::<D>(state)?.finalize().to_vec())
}

const fn hash_row<D: Digest + SerializableState>(name: &'static str, size: usize, block: usize, nid: i64) -> Hash {
    Hash { name, size, block, nid, once: once::<D>, start: start::<D>, update: update::<D>, finish: finish::<D> }
}

static HASHES: &[Hash] = &[
    hash_row::<sha3::Sha3_512>("sha3_512", 64, 72, 1099),
    hash_row::<sha3::Sha3_384>("sha3_384", 48, 104, 1098),
    hash_row::<sha3::Sha3_256>("sha3_256", 32, 136, 1097),
    hash_row::<sha3::Sha3_224>("sha3_224", 28, 144, 1096),
    hash_row::<sha2::Sha512>("sha512", 64, 128, 674),
    hash_row::<sha2::Sha384>("sha384", 48, 128, 673),
    hash_row::<sha2::Sha256>("sha256", 32, 64, 672),
    hash_row::<sha2::Sha224>("sha224", 28, 64, 675),
    hash_row::<sha1::Sha1>("sha", 20, 64, 64),
    hash_row::<md5::Md5>("md5", 16, 64, 4),
];

/// An error of a native function, of which `crypto.erl` makes `{Id, {File, Line}, Text}`. The file is OTP's; a line we don't
/// have. `argument` counts from 0.
pub(super) fn fail(ctx: &mut Ctx<'_>, id: &str, file: &str, argument: i64, text: &str) -> Fault {
    let build = |ctx: &mut Ctx<'_>| -> BifResult {
        let keys = ["c_file_name", "c_file_line_num", "c_function_arg_num"].map(|k| ctx.atom(k));
        let [Ok(a), Ok(b), Ok(c)] = keys else { return Err(ctx.badarg()) };
        let (Some(a), Some(b), Some(c)) = (a.as_atom(), b.as_atom(), c.as_atom()) else { return Err(ctx.badarg()) };
        let file = ctx.string(file)?;
        let info = support::atom_map(ctx, &[(a, file), (b, Term::small(0)), (c, Term::small(argument))])?;
        let (id, text) = (ctx.atom(id)?, ctx.string(text)?);
        ctx.tuple(&[id, info, text])
    };
    match build(ctx) {
        Ok(reason) => ctx.error(reason),
        Err(fault) => fault,
    }
}

/// The bytes of iodata, charged for.
pub(super) fn bytes(ctx: &mut Ctx<'_>, t: Term) -> Result<Vec<u8>, Fault> {
    match host::iodata(ctx, t) {
        Some(b) => {
            ctx.charge(b.len() / BYTES_PER_REDUCTION);
            Ok(b)
        }
        None => Err(ctx.badarg()),
    }
}

pub(super) fn name_of<'a>(ctx: &'a Ctx<'_>, t: Term) -> &'a str {
    t.as_atom().map_or("", |a| ctx.sys.atoms.name(a))
}

pub(super) fn names<'a>(ctx: &mut Ctx<'_>, all: impl Iterator<Item = &'a str>) -> BifResult {
    let mut out = Vec::new();
    for n in all {
        out.push(ctx.atom(n)?);
    }
    ctx.list(&out)
}

/// A map with atoms as keys.
pub(super) fn map(ctx: &mut Ctx<'_>, pairs: &[(&str, Term)]) -> BifResult {
    let mut out = Vec::with_capacity(pairs.len());
    for (k, v) in pairs {
        if let Some(a) = ctx.atom(k)?.as_atom() {
            out.push((a, *v));
        }
    }
    Ok(support::atom_map(ctx, &out)?)
}

fn info(ctx: &mut Ctx<'_>, _: &[Term]) -> BifResult {
    let (normal, linked) = (ctx.atom("normal")?, ctx.atom("static")?);
    let version = ctx.string("RustCrypto")?;
    map(
        ctx,
        &[
            ("compile_type", normal),
            ("link_type", linked),
            ("cryptolib_version_compiled", version),
            ("cryptolib_version_linked", version),
            ("fips_provider_available", Term::bool(false)),
        ],
    )
}

fn info_lib(ctx: &mut Ctx<'_>, _: &[Term]) -> BifResult {
    let name = ctx.binary(b"RustCrypto")?;
    let line = ctx.tuple(&[name, Term::small(0), name])?;
    ctx.list(&[line])
}

fn find(ctx: &Ctx<'_>, t: Term) -> Option<&'static Hash> {
    let name = name_of(ctx, t);
    HASHES.iter().find(|h| h.name == name)
}

fn hash_info(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let Some(h) = find(ctx, a[0]) else { return Err(ctx.badarg()) };
    let (size, block) = (Term::small(h.size as i64), Term::small(h.block as i64));
    map(ctx, &[("size", size), ("block_size", block), ("type", Term::small(h.nid))])
}

fn hash(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let Some(h) = find(ctx, a[0]) else { return Err(fail(ctx, "badarg", "hash.c", 0, "Bad digest type")) };
    let data = bytes(ctx, a[1])?;
    ctx.binary(&(h.once)(&[&data]))
}

/// A state's binary: the index of the hash, how many outer bytes follow (of an HMAC), these, and the hash's own state.
fn pack(index: usize, outer: &[u8], state: &[u8]) -> Vec<u8> {
    let mut out = vec![index as u8, outer.len() as u8];
    out.extend_from_slice(outer);
    out.extend_from_slice(state);
    out
}

fn unpack(bytes: &[u8]) -> Option<(usize, &'static Hash, &[u8], &[u8])> {
    let (head, rest) = bytes.split_at_checked(2)?;
    let (index, outer) = (usize::from(*head.first()?), usize::from(*head.get(1)?));
    let (outer, state) = rest.split_at_checked(outer)?;
    Some((index, HASHES.get(index)?, outer, state))
}

fn index_of(h: &Hash) -> usize {
    HASHES.iter().position(|x| x.name == h.name).unwrap_or(0)
}

fn hash_init(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let Some(h) = find(ctx, a[0]) else { return Err(fail(ctx, "badarg", "hash.c", 0, "Bad digest type")) };
    ctx.binary(&pack(index_of(h), &[], &(h.start)()))
}

/// A state with more data, for a hash (no outer bytes) or an HMAC.
fn updated(ctx: &mut Ctx<'_>, state: Term, data: Term, hmac: bool, file: &str) -> BifResult {
    let data = bytes(ctx, data)?;
    let state = ctx.mem().binary_to_vec(state).unwrap_or_default();
    let new = unpack(&state)
        .filter(|(_, _, outer, _)| outer.is_empty() != hmac)
        .and_then(|(i, h, outer, s)| Some(pack(i, outer, &(h.update)(s, &data)?)));
    match new {
        Some(b) => ctx.binary(&b),
        None => Err(fail(ctx, "badarg", file, 0, "Bad state")),
    }
}

fn hash_update(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    updated(ctx, a[0], a[1], false, "hash.c")
}

fn hash_final(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let state = ctx.mem().binary_to_vec(a[0]).unwrap_or_default();
    let done = unpack(&state).filter(|u| u.2.is_empty()).and_then(|(_, h, _, s)| (h.finish)(s));
    match done {
        Some(b) => ctx.binary(&b),
        None => Err(fail(ctx, "badarg", "hash.c", 0, "Bad state")),
    }
}

/// The key of an HMAC, filled up to a block, with `pad` on each byte.
fn padded(h: &Hash, key: &[u8], pad: u8) -> Vec<u8> {
    let mut k = if key.len() > h.block { (h.once)(&[key]) } else { key.to_vec() };
    k.resize(h.block, 0);
    k.iter_mut().for_each(|b| *b ^= pad);
    k
}

fn hmac(h: &Hash, key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let inner_key = padded(h, key, 0x36);
    let mut all: Vec<&[u8]> = vec![&inner_key];
    all.extend_from_slice(parts);
    let inner = (h.once)(&all);
    (h.once)(&[&padded(h, key, 0x5C), &inner])
}

/// The hash of an HMAC; other MACs and unknown hashes are errors.
fn hmac_hash(ctx: &mut Ctx<'_>, kind: Term, sub: Term) -> Result<&'static Hash, Fault> {
    match name_of(ctx, kind) {
        "hmac" => {}
        "cmac" | "poly1305" => return Err(fail(ctx, "notsup", "mac.c", 0, "Unsupported mac algorithm")),
        _ => return Err(fail(ctx, "badarg", "mac.c", 0, "Unknown mac algorithm")),
    }
    match find(ctx, sub) {
        Some(h) => Ok(h),
        None => Err(fail(ctx, "badarg", "mac.c", 1, "Bad digest algorithm for HMAC")),
    }
}

fn mac(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let h = hmac_hash(ctx, a[0], a[1])?;
    let (key, data) = (bytes(ctx, a[2])?, bytes(ctx, a[3])?);
    ctx.binary(&hmac(h, &key, &[&data]))
}

fn mac_init(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let h = hmac_hash(ctx, a[0], a[1])?;
    let key = bytes(ctx, a[2])?;
    let inner = (h.update)(&(h.start)(), &padded(h, &key, 0x36)).unwrap_or_default();
    ctx.binary(&pack(index_of(h), &padded(h, &key, 0x5C), &inner))
}

fn mac_update(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    updated(ctx, a[0], a[1], true, "mac.c")
}

fn mac_final(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let state = ctx.mem().binary_to_vec(a[0]).unwrap_or_default();
    let done = unpack(&state)
        .filter(|u| !u.2.is_empty())
        .and_then(|(_, h, outer, s)| Some((h.once)(&[outer, &(h.finish)(s)?])));
    match done {
        Some(b) => ctx.binary(&b),
        None => Err(fail(ctx, "badarg", "mac.c", 0, "Bad ref")),
    }
}

/// `pbkdf2_hmac_nif(Digest, Password, Salt, Rounds, Length)`. Between slices the salt is `{Salt, Done, U, T, Round}`.
fn pbkdf2(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let Some(h) = find(ctx, a[0]) else { return Err(fail(ctx, "badarg", "pbkdf2_hmac.c", 0, "Bad digest type")) };
    let mem = ctx.mem();
    let running = mem.tuple_arity(a[2]) == Some(5);
    let Some(password) = mem.binary_to_vec(a[1]) else {
        return Err(fail(ctx, "badarg", "pbkdf2_hmac.c", 1, "Not binary"));
    };
    if !running && !mem.is_binary(a[2]) {
        return Err(fail(ctx, "badarg", "pbkdf2_hmac.c", 2, "Not binary"));
    }
    let positive = |t: Term| t.as_small().and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0).map(u64::from);
    let (Some(rounds), Some(length)) = (positive(a[3]), positive(a[4])) else {
        return Err(fail(ctx, "badarg", "pbkdf2_hmac.c", 3, "Bad iterations or key length"));
    };
    if length as i64 > MAX_RANDOM {
        return Err(ctx.system_limit());
    }
    let part = |i| mem.binary_to_vec(mem.element(a[2], i)).unwrap_or_default();
    let (salt, mut done, mut u, mut t, mut round) = if running {
        (part(1), part(2), part(3), part(4), mem.element(a[2], 5).as_small().unwrap_or(0) as u64)
    } else {
        (bytes(ctx, a[2])?, Vec::new(), Vec::new(), Vec::new(), 0)
    };
    for _ in 0..ROUNDS {
        if done.len() as u64 >= length {
            break;
        }
        if round == 0 || u.len() != h.size || t.len() != h.size {
            let block = (done.len() / h.size) as u32 + 1;
            u = hmac(h, &password, &[&salt, &block.to_be_bytes()]);
            t = u.clone();
            round = 1;
        } else {
            u = hmac(h, &password, &[&u]);
            t.iter_mut().zip(&u).for_each(|(t, u)| *t ^= u);
            round += 1;
        }
        if round >= rounds {
            done.extend_from_slice(&t);
            round = 0;
        }
    }
    ctx.charge(ROUNDS as usize);
    if done.len() as u64 >= length {
        done.truncate(length as usize);
        return ctx.binary(&done);
    }
    let parts = [ctx.binary(&salt)?, ctx.binary(&done)?, ctx.binary(&u)?, ctx.binary(&t)?, Term::small(round as i64)];
    let state = ctx.tuple(&parts)?;
    Err(ctx.yield_with(&[a[0], a[1], state, a[3], a[4]]))
}

/// Random bytes: the host's, or the VM's own sequence where the host has none.
pub(super) fn random(ctx: &mut Ctx<'_>, n: usize) -> Vec<u8> {
    let mut out = vec![0; n];
    if !ctx.sys.host.entropy(&mut out) {
        for chunk in out.chunks_mut(8) {
            let r = ctx.sys.random_u64().to_le_bytes();
            chunk.iter_mut().zip(r).for_each(|(b, r)| *b = r);
        }
    }
    ctx.charge(n / BYTES_PER_REDUCTION);
    out
}

fn strong_rand_bytes(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    match a[0].as_small() {
        Some(n) if (0..=MAX_RANDOM).contains(&n) => {
            let b = random(ctx, n as usize);
            ctx.binary(&b)
        }
        Some(n) if n > MAX_RANDOM => Err(ctx.system_limit()),
        _ => Err(ctx.badarg()),
    }
}

/// A number below the given one, both big-endian.
fn strong_rand_range(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let Some(range) = ctx.mem().binary_to_vec(a[0]).filter(|b| b.len() <= MAX_NUMBER) else { return Err(ctx.badarg()) };
    let range = BigUint::from_bytes_be(&range);
    if range == BigUint::ZERO {
        return Err(ctx.badarg());
    }
    // So many bits more than needed that the remainder is as good as even.
    let n = range.bits().div_ceil(8) as usize + 16;
    let random = BigUint::from_bytes_be(&random(ctx, n));
    ctx.binary(&(random % range).to_bytes_be())
}

fn exor(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let (mut x, y) = (bytes(ctx, a[0])?, bytes(ctx, a[1])?);
    if x.len() != y.len() {
        return Err(ctx.badarg());
    }
    x.iter_mut().zip(y).for_each(|(x, y)| *x ^= y);
    ctx.binary(&x)
}

fn hash_equals(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let mem = ctx.mem();
    match (mem.binary_to_vec(a[0]), mem.binary_to_vec(a[1])) {
        (Some(x), Some(y)) if x.len() == y.len() => Ok(Term::bool(x.ct_eq(&y).into())),
        _ => Err(ctx.badarg()),
    }
}

fn mod_exp(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let mut n = Vec::new();
    for t in a.iter().take(3) {
        match ctx.mem().binary_to_vec(*t) {
            Some(b) if b.len() <= MAX_NUMBER => n.push(BigUint::from_bytes_be(&b)),
            Some(_) => return Err(ctx.system_limit()),
            None => return Err(ctx.badarg()),
        }
    }
    let [base, exponent, modulus] = n.as_slice() else { return Err(ctx.badarg()) };
    if *modulus == BigUint::ZERO {
        return Err(ctx.badarg());
    }
    ctx.charge((exponent.bits() * (modulus.bits() / 64 + 1).pow(2) / 4000) as usize + 1);
    let out = base.modpow(exponent, modulus).to_bytes_be();
    match a[3].as_small() {
        Some(0) => ctx.binary(&out),
        _ => {
            let mut with = (out.len() as u32).to_be_bytes().to_vec();
            with.extend(out);
            ctx.binary(&with)
        }
    }
}
