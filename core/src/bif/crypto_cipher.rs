//! The ciphers of OTP's `crypto`: AES in the modes ECB, CBC, CTR and GCM, DES and triple DES in ECB and CBC, ChaCha20 and ChaCha20-Poly1305. The block and stream
//! ciphers are RustCrypto's; modes are chained here, because a state has to be plain data between two calls. Mirrors
//! `api_ng.c` and `aead.c`.

use super::crypto::{bytes, fail, map, name_of, names, random};
use super::{Bif, BifResult, Ctx, Fault, bif};
use crate::heap::Alloc;
use crate::heap::owner::{self, Holds};
use crate::heap::refs;
use crate::resources::{CipherState, Padding};
use crate::term::Term;
use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use aes_gcm::aead::AeadInOut;
use chacha20::cipher::{KeyIvInit, StreamCipher, StreamCipherSeek};
use subtle::ConstantTimeEq;

pub const BIFS: &[Bif] = &[
    bif("crypto", "cipher_algorithms", 0, |c, _| names(c, CIPHERS.iter().map(|x| x.name))),
    bif("crypto", "cipher_info_nif", 1, cipher_info),
    bif("crypto", "ng_crypto_init_nif", 4, init),
    bif("crypto", "ng_crypto_update_nif", 2, update),
    bif("crypto", "ng_crypto_final_nif", 1, finish),
    bif("crypto", "ng_crypto_get_data_nif", 1, get_data),
    bif("crypto", "ng_crypto_one_time_nif", 5, one_time),
    bif("crypto", "aead_cipher_nif", 7, aead),
];

const BLOCK: usize = 16;
/// Most streams that may be under way at the same time.
const MAX_STATES: usize = 100_000;
/// ChaCha20's block.
const CHACHA_BLOCK: u64 = 64;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Mode {
    Ecb,
    Cbc,
    Ctr,
    Chacha,
    Gcm,
    ChachaPoly,
}

struct Cipher {
    name: &'static str,
    mode: Mode,
    key: usize,
    iv: usize,
    /// OpenSSL's number; 0: none.
    nid: i64,
}

const fn cipher(name: &'static str, mode: Mode, key: usize, iv: usize, nid: i64) -> Cipher {
    Cipher { name, mode, key, iv, nid }
}

static CIPHERS: &[Cipher] = &[
    cipher("chacha20", Mode::Chacha, 32, 16, 0),
    cipher("aes_192_cbc", Mode::Cbc, 24, 16, 423),
    cipher("aes_256_cbc", Mode::Cbc, 32, 16, 427),
    cipher("aes_128_ecb", Mode::Ecb, 16, 0, 418),
    cipher("aes_192_ecb", Mode::Ecb, 24, 0, 422),
    cipher("aes_256_ecb", Mode::Ecb, 32, 0, 426),
    cipher("chacha20_poly1305", Mode::ChachaPoly, 32, 12, 0),
    cipher("aes_256_gcm", Mode::Gcm, 32, 12, 901),
    cipher("aes_192_gcm", Mode::Gcm, 24, 12, 898),
    cipher("aes_256_ctr", Mode::Ctr, 32, 16, 0),
    cipher("aes_192_ctr", Mode::Ctr, 24, 16, 0),
    cipher("aes_128_ctr", Mode::Ctr, 16, 16, 0),
    cipher("aes_128_gcm", Mode::Gcm, 16, 12, 895),
    cipher("aes_128_cbc", Mode::Cbc, 16, 16, 419),
    cipher("des_ecb", Mode::Ecb, 8, 0, 29),
    cipher("des_cbc", Mode::Cbc, 8, 8, 31),
    cipher("des_ede3_cbc", Mode::Cbc, 24, 8, 44),
];

impl Cipher {
    /// Bytes of a block.
    fn block(&self) -> usize {
        if self.name.starts_with("des") { 8 } else { BLOCK }
    }
}

fn find(ctx: &Ctx<'_>, t: Term) -> Option<&'static Cipher> {
    let name = name_of(ctx, t);
    CIPHERS.iter().find(|c| c.name == name)
}

fn cipher_info(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let Some(c) = find(ctx, a[0]) else { return Err(ctx.badarg()) };
    let mode = ctx.atom(match c.mode {
        Mode::Ecb => "ecb_mode",
        Mode::Cbc => "cbc_mode",
        Mode::Ctr => "ctr_mode",
        Mode::Gcm => "gcm_mode",
        Mode::Chacha | Mode::ChachaPoly => "stream_cipher",
    })?;
    let nid = if c.nid == 0 { ctx.atom("undefined")? } else { Term::small(c.nid) };
    let block = if matches!(c.mode, Mode::Ecb | Mode::Cbc) { c.block() } else { 1 };
    map(
        ctx,
        &[
            ("type", nid),
            ("mode", mode),
            ("block_size", Term::small(block as i64)),
            ("iv_length", Term::small(c.iv as i64)),
            ("key_length", Term::small(c.key as i64)),
            ("prop_aead", Term::bool(matches!(c.mode, Mode::Gcm | Mode::ChachaPoly))),
        ],
    )
}

/// A block cipher with its key.
enum Keyed {
    K128(aes::Aes128),
    K192(aes::Aes192),
    K256(aes::Aes256),
    Des(des::Des),
    Des3(des::TdesEde3),
}

impl Keyed {
    fn new(c: &Cipher, key: &[u8]) -> Option<Keyed> {
        Some(match (c.block(), key.len()) {
            (8, 8) => Keyed::Des(des::Des::new_from_slice(key).ok()?),
            (8, _) => Keyed::Des3(des::TdesEde3::new_from_slice(key).ok()?),
            (_, 16) => Keyed::K128(aes::Aes128::new_from_slice(key).ok()?),
            (_, 24) => Keyed::K192(aes::Aes192::new_from_slice(key).ok()?),
            _ => Keyed::K256(aes::Aes256::new_from_slice(key).ok()?),
        })
    }
    /// One block; nothing happens to bytes that are none.
    fn encrypt(&self, block: &mut [u8]) {
        match self {
            Keyed::K128(c) => block.try_into().map(|b| c.encrypt_block(b)),
            Keyed::K192(c) => block.try_into().map(|b| c.encrypt_block(b)),
            Keyed::K256(c) => block.try_into().map(|b| c.encrypt_block(b)),
            Keyed::Des(c) => block.try_into().map(|b| c.encrypt_block(b)),
            Keyed::Des3(c) => block.try_into().map(|b| c.encrypt_block(b)),
        }
        .unwrap_or_default();
    }
    fn decrypt(&self, block: &mut [u8]) {
        match self {
            Keyed::K128(c) => block.try_into().map(|b| c.decrypt_block(b)),
            Keyed::K192(c) => block.try_into().map(|b| c.decrypt_block(b)),
            Keyed::K256(c) => block.try_into().map(|b| c.decrypt_block(b)),
            Keyed::Des(c) => block.try_into().map(|b| c.decrypt_block(b)),
            Keyed::Des3(c) => block.try_into().map(|b| c.decrypt_block(b)),
        }
        .unwrap_or_default();
    }
}

fn xor(a: &mut [u8], b: &[u8]) {
    a.iter_mut().zip(b).for_each(|(a, b)| *a ^= b);
}

/// Checks key, IV and options of `init` and `one_time`.
fn state(ctx: &mut Ctx<'_>, cipher: Term, key: Term, iv: Term, options: Term) -> Result<CipherState, Fault> {
    const FILE: &str = "api_ng.c";
    let Some(c) = find(ctx, cipher).filter(|c| !matches!(c.mode, Mode::Gcm | Mode::ChachaPoly)) else {
        return Err(fail(ctx, "badarg", FILE, 0, "Unknown cipher"));
    };
    let (key, iv) = (bytes(ctx, key)?, bytes(ctx, iv)?);
    if key.len() != c.key {
        return Err(fail(ctx, "badarg", FILE, 1, "Bad key size"));
    }
    if iv.len() != c.iv && c.iv > 0 {
        return Err(fail(ctx, "badarg", FILE, 2, "Bad iv size"));
    }
    let mut chain = [0; BLOCK];
    chain.iter_mut().zip(&iv).for_each(|(c, b)| *c = *b);
    let index = CIPHERS.iter().position(|x| x.name == c.name).unwrap_or(0);
    let mut s = CipherState {
        owner: ctx.proc.pid,
        cipher: index,
        encrypt: true,
        padding: Padding::Undefined,
        key,
        chain,
        buffer: Vec::new(),
        position: 0,
        size: 0,
        padded: None,
    };
    let flag = |ctx: &Ctx<'_>, t: Term| match name_of(ctx, t) {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    };
    if let Some(e) = flag(ctx, options) {
        s.encrypt = e;
        return Ok(s);
    }
    let mem = ctx.mem();
    let mut list = options;
    while list.is_list() {
        let item = mem.head(list);
        list = mem.tail(list);
        let pair = (mem.tuple_arity(item) == Some(2)).then(|| (mem.element(item, 1), mem.element(item, 2)));
        let Some((k, v)) = pair else { return Err(fail(ctx, "badarg", FILE, 3, "Bad option format")) };
        match (name_of(ctx, k), name_of(ctx, v)) {
            ("encrypt", "true") => s.encrypt = true,
            ("encrypt", "false") => s.encrypt = false,
            ("padding", "undefined") => s.padding = Padding::Undefined,
            ("padding", "none") => s.padding = Padding::None,
            ("padding", "pkcs_padding") => s.padding = Padding::Pkcs,
            ("padding", "zero") => s.padding = Padding::Zero,
            ("padding", "random") => s.padding = Padding::Random,
            ("padding", _) => return Err(fail(ctx, "badarg", FILE, 3, "Bad padding flag")),
            ("encrypt", _) => return Err(fail(ctx, "badarg", FILE, 3, "Bad encrypt flag")),
            _ => return Err(fail(ctx, "badarg", FILE, 3, "Bad option name")),
        }
    }
    if list.is_nil() { Ok(s) } else { Err(fail(ctx, "badarg", FILE, 3, "Bad options")) }
}

/// Takes data through the cipher; what is less than a block waits in the state.
fn process(s: &mut CipherState, data: &[u8]) -> Option<Vec<u8>> {
    let c = CIPHERS.get(s.cipher)?;
    let (mode, size) = (c.mode, c.block());
    s.size += data.len() as u64;
    match mode {
        Mode::Chacha => {
            let (counter, nonce) = s.chain.split_first_chunk::<4>()?;
            let start = u64::from(u32::from_le_bytes(*counter)) * CHACHA_BLOCK;
            let mut c = chacha20::ChaCha20::new_from_slices(&s.key, nonce).ok()?;
            c.try_seek(start + s.position).ok()?;
            let mut out = data.to_vec();
            c.try_apply_keystream(&mut out).ok()?;
            s.position += data.len() as u64;
            Some(out)
        }
        Mode::Ctr => {
            let aes = Keyed::new(c, &s.key)?;
            let mut out = Vec::with_capacity(data.len());
            for b in data {
                // The buffer has what is left of the current block of the key stream, the next byte last.
                if s.buffer.is_empty() {
                    s.buffer = s.chain.to_vec();
                    aes.encrypt(&mut s.buffer);
                    s.buffer.reverse();
                    s.chain = u128::from_be_bytes(s.chain).wrapping_add(1).to_be_bytes();
                }
                out.push(b ^ s.buffer.pop()?);
            }
            Some(out)
        }
        Mode::Ecb | Mode::Cbc => {
            let keyed = Keyed::new(c, &s.key)?;
            s.buffer.extend_from_slice(data);
            // When padding will be taken off, the last block waits for the end.
            let hold = !s.encrypt && s.padding == Padding::Pkcs && s.buffer.len() % size == 0;
            let whole = (s.buffer.len() / size - usize::from(hold && !s.buffer.is_empty())) * size;
            let rest = s.buffer.split_off(whole);
            let input = std::mem::replace(&mut s.buffer, rest);
            let mut out = Vec::with_capacity(input.len());
            for chunk in input.chunks_exact(size) {
                let mut block = chunk.to_vec();
                let chain = s.chain.get_mut(..size)?;
                if s.encrypt {
                    if mode == Mode::Cbc {
                        xor(&mut block, chain);
                    }
                    keyed.encrypt(&mut block);
                    chain.copy_from_slice(&block);
                } else {
                    keyed.decrypt(&mut block);
                    if mode == Mode::Cbc {
                        xor(&mut block, chain);
                    }
                    chain.copy_from_slice(chunk);
                }
                out.extend_from_slice(&block);
            }
            Some(out)
        }
        Mode::Gcm | Mode::ChachaPoly => None,
    }
}

/// What is left at the end, with padding put on or taken off.
fn last(ctx: &mut Ctx<'_>, s: &mut CipherState) -> Result<Vec<u8>, Fault> {
    let size = CIPHERS.get(s.cipher).filter(|c| matches!(c.mode, Mode::Ecb | Mode::Cbc)).map(Cipher::block);
    s.padded = Some(0);
    let Some(size) = size else { return Ok(Vec::new()) };
    let left = s.buffer.len() % size;
    let missing = size - left;
    let broken = |ctx: &mut Ctx<'_>, text| Err(fail(ctx, "error", "api_ng.c", -1, text));
    match s.padding {
        Padding::Undefined => return Ok(Vec::new()),
        Padding::None if left > 0 => return broken(ctx, "Padding 'none' but unfilled last block"),
        Padding::None => return Ok(Vec::new()),
        Padding::Pkcs if !s.encrypt => {
            let held = std::mem::take(&mut s.buffer);
            if held.is_empty() && s.size == 0 {
                return Ok(Vec::new());
            }
            s.padding = Padding::Undefined;
            let out = process(s, &held).unwrap_or_default();
            s.padding = Padding::Pkcs;
            let n = out.last().copied().map_or(0, usize::from);
            let good =
                out.len() == size && (1..=size).contains(&n) && out.iter().rev().take(n).all(|b| usize::from(*b) == n);
            if !good {
                return broken(ctx, "Can't finalize");
            }
            s.padded = Some(n);
            return Ok(out.get(..size - n).unwrap_or(&[]).to_vec());
        }
        Padding::Pkcs => {
            s.padded = Some(missing);
            return Ok(process(s, &vec![missing as u8; missing]).unwrap_or_default());
        }
        Padding::Zero | Padding::Random if left == 0 => return Ok(Vec::new()),
        Padding::Zero | Padding::Random if !s.encrypt => return broken(ctx, "Can't finalize"),
        _ => {}
    }
    s.padded = Some(missing);
    let fill = if s.padding == Padding::Zero { vec![0; missing] } else { random(ctx, missing) };
    Ok(process(s, &fill).unwrap_or_default())
}

fn init(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let s = state(ctx, a[0], a[1], a[2], a[3])?;
    ctx.sys.bury();
    if ctx.sys.resources.ciphers.len() >= MAX_STATES {
        return Err(ctx.system_limit());
    }
    let id = ctx.sys.fresh_ref();
    ctx.sys.resources.ciphers.insert(id, s);
    Ok(owner::make(ctx, id, Holds::Host, 0)?)
}

/// Takes a state out of the table; the caller puts it back.
fn take(ctx: &mut Ctx<'_>, t: Term) -> Result<(refs::RefId, CipherState), Fault> {
    let id = ctx.mem().ref_id(t);
    match id.and_then(|id| Some((id, ctx.sys.resources.ciphers.remove(&id)?))) {
        Some(found) => Ok(found),
        None => Err(fail(ctx, "badarg", "api_ng.c", 0, "Bad State")),
    }
}

fn update(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let data = bytes(ctx, a[1])?;
    let (id, mut s) = take(ctx, a[0])?;
    let out = process(&mut s, &data);
    ctx.sys.resources.ciphers.insert(id, s);
    match out {
        Some(b) => ctx.binary(&b),
        None => Err(fail(ctx, "error", "api_ng.c", 1, "Can't update")),
    }
}

fn finish(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let (id, mut s) = take(ctx, a[0])?;
    let out = last(ctx, &mut s);
    ctx.sys.resources.ciphers.insert(id, s);
    let out = out?;
    ctx.binary(&out)
}

fn get_data(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let (id, s) = take(ctx, a[0])?;
    let padding = ctx.atom(match s.padding {
        Padding::Undefined => "undefined",
        Padding::None => "none",
        Padding::Pkcs => "pkcs_padding",
        Padding::Zero => "zero",
        Padding::Random => "random",
    });
    let (size, padded, encrypt) = (s.size, s.padded, s.encrypt);
    ctx.sys.resources.ciphers.insert(id, s);
    let padded = match padded {
        Some(n) => Term::small(n as i64),
        None => ctx.atom("undefined")?,
    };
    let (padding, size) = (padding?, ctx.uint(size)?);
    map(ctx, &[("size", size), ("padding_size", padded), ("padding_type", padding), ("encrypt", Term::bool(encrypt))])
}

fn one_time(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let mut s = state(ctx, a[0], a[1], a[2], a[4])?;
    let data = bytes(ctx, a[3])?;
    let Some(mut out) = process(&mut s, &data) else {
        return Err(fail(ctx, "error", "api_ng.c", 3, "Can't update"));
    };
    out.extend(last(ctx, &mut s)?);
    ctx.binary(&out)
}

type Gcm<C> = aes_gcm::AesGcm<C, aes_gcm::aead::consts::U12>;

/// Encrypts in place and returns the tag.
fn seal<C: AeadInOut + KeyInit>(key: &[u8], iv: &[u8], aad: &[u8], data: &mut [u8]) -> Option<Vec<u8>> {
    let c = C::new_from_slice(key).ok()?;
    let nonce = aes_gcm::aead::Nonce::<C>::try_from(iv).ok()?;
    c.encrypt_inout_detached(&nonce, aad, data.into()).ok().map(|t| t.to_vec())
}

fn sealed(c: &Cipher, key: &[u8], iv: &[u8], aad: &[u8], data: &mut [u8]) -> Option<Vec<u8>> {
    match (c.mode, c.key) {
        (Mode::ChachaPoly, _) => seal::<chacha20poly1305::ChaCha20Poly1305>(key, iv, aad, data),
        (_, 16) => seal::<Gcm<aes::Aes128>>(key, iv, aad, data),
        (_, 24) => seal::<Gcm<aes::Aes192>>(key, iv, aad, data),
        _ => seal::<Gcm<aes::Aes256>>(key, iv, aad, data),
    }
}

/// `aead_cipher_nif(Cipher, Key, IV, Text, AAD, TagOrTagLength, Encrypt)`.
fn aead(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    const FILE: &str = "aead.c";
    let found = find(ctx, a[0]).filter(|c| matches!(c.mode, Mode::Gcm | Mode::ChachaPoly));
    let key = bytes(ctx, a[1])?;
    let Some(c) = found.filter(|c| c.key == key.len()) else {
        return Err(fail(ctx, "badarg", FILE, 0, "Unknown cipher or invalid key size"));
    };
    let (iv, mut text, aad) = (bytes(ctx, a[2])?, bytes(ctx, a[3])?, bytes(ctx, a[4])?);
    if iv.len() != c.iv {
        let other = if iv.is_empty() { "badarg" } else { "notsup" };
        return Err(fail(ctx, other, FILE, 2, "Bad IV length"));
    }
    let encrypt = match name_of(ctx, a[6]) {
        "true" => true,
        "false" => false,
        _ => return Err(fail(ctx, "badarg", FILE, 6, "Bad enc flag")),
    };
    ctx.charge(text.len() / 64);
    if encrypt {
        let Some(length) = a[5].as_small().filter(|n| (1..=16).contains(n)) else {
            return Err(fail(ctx, "badarg", FILE, 5, "Bad Tag length"));
        };
        let Some(mut tag) = sealed(c, &key, &iv, &aad, &mut text) else {
            return Err(fail(ctx, "error", FILE, 3, "Can't set in-data"));
        };
        tag.truncate(length as usize);
        let (text, tag) = (ctx.binary(&text)?, ctx.binary(&tag)?);
        return ctx.tuple(&[text, tag]);
    }
    let given = bytes(ctx, a[5])?;
    if !(1..=16).contains(&given.len()) {
        return Err(fail(ctx, "badarg", FILE, 5, "Bad Tag length"));
    }
    // Both are stream ciphers, so sealing the ciphertext opens it; sealing the result gives the tag it should have, of which
    // the caller may hold only a part.
    let opened = sealed(c, &key, &iv, &aad, &mut text).and_then(|_| {
        let mut again = text.clone();
        sealed(c, &key, &iv, &aad, &mut again)
    });
    let good = opened.as_deref().and_then(|t| t.get(..given.len())).is_some_and(|t| t.ct_eq(&given).into());
    if good { ctx.binary(&text) } else { ctx.atom("error") }
}
