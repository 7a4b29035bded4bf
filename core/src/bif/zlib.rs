//! The native functions of OTP's `zlib`, over `zlib-rs`. Mirrors `zlib_nif.c`.
//!
//! A stream is a reference whose number stands in the table of streams of [`Resources`](crate::resources::Resources). It goes when the
//! last copy of its reference is collected, and at the latest with its owner. Compressed bytes are not those of the C library, but
//! any decompressor takes them.

use super::{Bif, BifResult, Ctx, Fault, bif, iolist};
use crate::atom::am;
use crate::heap::Alloc;
use crate::heap::owner::{self, Holds};
use crate::heap::refs::RefId;
use crate::resources::{Codec, Eos, ZStream};
use crate::term::Term;
use zlib_rs::{Deflate, DeflateConfig, DeflateFlush, Inflate, InflateError, InflateFlush, Status, Strategy};

pub const BIFS: &[Bif] = &[
    bif("zlib", "open_nif", 0, open),
    bif("zlib", "close_nif", 1, close),
    bif("zlib", "set_controller_nif", 2, set_controller),
    bif("zlib", "deflateInit_nif", 6, deflate_init),
    bif("zlib", "deflateSetDictionary_nif", 2, deflate_set_dictionary),
    bif("zlib", "deflateReset_nif", 1, |c, a| reset(c, a, true)),
    bif("zlib", "deflateEnd_nif", 1, |c, a| end(c, a, true)),
    bif("zlib", "deflateParams_nif", 3, deflate_params),
    bif("zlib", "deflate_nif", 4, |c, a| codec(c, a, true)),
    bif("zlib", "inflateInit_nif", 3, inflate_init),
    bif("zlib", "inflateSetDictionary_nif", 2, inflate_set_dictionary),
    bif("zlib", "inflateGetDictionary_nif", 1, inflate_get_dictionary),
    bif("zlib", "inflateReset_nif", 1, |c, a| reset(c, a, false)),
    bif("zlib", "inflateEnd_nif", 1, |c, a| end(c, a, false)),
    bif("zlib", "inflate_nif", 4, |c, a| codec(c, a, false)),
    bif("zlib", "getStash_nif", 1, get_stash),
    bif("zlib", "clearStash_nif", 1, clear_stash),
    bif("zlib", "setStash_nif", 2, set_stash),
    bif("zlib", "enqueue_nif", 2, enqueue),
];

/// About what one compressor takes of the host's memory.
const STREAM_BYTES: u64 = 400_000;
/// Largest chunk of output.
const MAX_CHUNK: i64 = 16 << 20;
/// How much a decompressor can refer back to.
const WINDOW: usize = 32768;
/// Bytes of input that cost one reduction.
const BYTES_PER_REDUCTION: usize = 20;

fn fail(ctx: &mut Ctx<'_>, reason: &str) -> Fault {
    match ctx.atom(reason) {
        Ok(t) => ctx.error(t),
        Err(f) => f,
    }
}

/// The number of the stream, whose owner the caller must be.
fn stream(ctx: &mut Ctx<'_>, t: Term) -> Result<RefId, Fault> {
    let Some(id) = ctx.mem().ref_id(t) else { return Err(ctx.badarg()) };
    match ctx.sys.resources.zlib.get(&id) {
        None => Err(ctx.badarg()),
        Some(z) if z.owner != ctx.proc.pid => Err(fail(ctx, "not_on_controlling_process")),
        Some(_) => Ok(id),
    }
}

/// The stream, if it compresses (or decompresses, as asked).
fn working<'a>(ctx: &'a mut Ctx<'_>, t: Term, deflating: bool) -> Result<&'a mut ZStream, Fault> {
    let id = stream(ctx, t)?;
    let fits = |c: &Codec| if deflating { matches!(c, Codec::Deflate(_)) } else { matches!(c, Codec::Inflate(_)) };
    if !ctx.sys.resources.zlib.get(&id).is_some_and(|z| fits(&z.codec)) {
        return Err(fail(ctx, "not_initialized"));
    }
    match ctx.sys.resources.zlib.get_mut(&id) {
        Some(z) => Ok(z),
        None => Err(Fault::Raise),
    }
}

fn number(ctx: &mut Ctx<'_>, t: Term) -> Result<i64, Fault> {
    match t.as_small().filter(|n| i32::try_from(*n).is_ok()) {
        Some(n) => Ok(n),
        None => Err(ctx.badarg()),
    }
}

fn open(ctx: &mut Ctx<'_>, _: &[Term]) -> BifResult {
    let id = ctx.sys.fresh_ref();
    ctx.sys.bury();
    let most = ctx.sys.config.max_memory / STREAM_BYTES / 2;
    if ctx.sys.resources.zlib.len() as u64 >= most.max(4) {
        return Err(ctx.system_limit());
    }
    let owner = ctx.proc.pid;
    ctx.sys.resources.zlib.insert(id, ZStream::new(owner));
    Ok(owner::make(ctx, id, Holds::Host, 0)?)
}

fn close(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let id = stream(ctx, a[0])?;
    match ctx.sys.resources.zlib.get_mut(&id) {
        Some(z) if !matches!(z.codec, Codec::Closed) => {
            // The entry stays, as a closed stream is still told from no stream at all.
            *z = ZStream { codec: Codec::Closed, ..ZStream::new(z.owner) };
            Ok(Term::atom(am::OK))
        }
        _ => Err(fail(ctx, "not_initialized")),
    }
}

fn set_controller(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    if ctx.mem().ref_id(a[0]).is_none_or(|id| !ctx.sys.resources.zlib.contains_key(&id)) || !a[1].is_local_pid() {
        return Err(ctx.badarg());
    }
    let id = stream(ctx, a[0])?;
    if let Some(z) = ctx.sys.resources.zlib.get_mut(&id) {
        z.owner = a[1];
    }
    Ok(Term::atom(am::OK))
}

/// The stream, which must be new or ended.
fn idle(ctx: &mut Ctx<'_>, t: Term) -> Result<RefId, Fault> {
    let id = stream(ctx, t)?;
    if ctx.sys.resources.zlib.get(&id).is_some_and(|z| !matches!(z.codec, Codec::None)) {
        return Err(fail(ctx, "already_initialized"));
    }
    Ok(id)
}

fn deflate_init(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let mut n = [0; 5];
    for (to, t) in n.iter_mut().zip(a.iter().skip(1)) {
        *to = number(ctx, *t)?;
    }
    let [level, method, bits, memory, strategy] = n;
    let id = idle(ctx, a[0])?;
    let strategy = match strategy {
        0 => Strategy::Default,
        1 => Strategy::Filtered,
        2 => Strategy::HuffmanOnly,
        3 => Strategy::Rle,
        4 => Strategy::Fixed,
        _ => return Err(fail(ctx, "stream_error")),
    };
    let bits_fit = matches!(bits, 8..=15 | 25..=31 | -15..=-9);
    if !(-1..=9).contains(&level) || method != 8 || !(1..=9).contains(&memory) || !bits_fit {
        return Err(fail(ctx, "stream_error"));
    }
    let config = DeflateConfig {
        level: level as i32,
        window_bits: bits as i32,
        mem_level: memory as i32,
        strategy,
        ..DeflateConfig::default()
    };
    if let Some(z) = ctx.sys.resources.zlib.get_mut(&id) {
        z.begin(Codec::Deflate(Deflate::new_with_config(config)), bits);
    }
    Ok(Term::atom(am::OK))
}

fn inflate_init(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let (bits, eos) = (number(ctx, a[1])?, number(ctx, a[2])?);
    let id = idle(ctx, a[0])?;
    if !matches!(bits, 8..=15 | 24..=31 | 40..=47 | -15..=-8) {
        return Err(fail(ctx, "stream_error"));
    }
    let eos = match eos {
        0 => Eos::Error,
        1 => Eos::Reset,
        _ => Eos::Cut,
    };
    if let Some(z) = ctx.sys.resources.zlib.get_mut(&id) {
        z.begin(Codec::Inflate(inflater(bits)), bits);
        z.eos = eos;
    }
    Ok(Term::atom(am::OK))
}

/// For window bits that have been checked.
fn inflater(bits: i64) -> Inflate {
    Inflate::new(bits > 0, bits.unsigned_abs() as u8)
}

fn deflate_set_dictionary(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let dictionary = iolist::argument(ctx, a, 1)?;
    let z = working(ctx, a[0], true)?;
    let raw = z.bits < 0;
    let Codec::Deflate(d) = &mut z.codec else { return Err(ctx.badarg()) };
    match d.set_dictionary(&dictionary) {
        // OTP starts the checksum of a raw stream's dictionary at 0, not 1.
        Ok(_) if raw => ctx.uint(u64::from(zlib_rs::adler32::adler32(0, &dictionary))),
        Ok(adler) => ctx.uint(u64::from(adler)),
        Err(_) => Err(fail(ctx, "stream_error")),
    }
}

fn inflate_set_dictionary(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let dictionary = iolist::argument(ctx, a, 1)?;
    let z = working(ctx, a[0], false)?;
    let Codec::Inflate(i) = &mut z.codec else { return Err(ctx.badarg()) };
    match i.set_dictionary(&dictionary) {
        Ok(_) => {
            z.remember(&dictionary, WINDOW);
            Ok(Term::atom(am::OK))
        }
        Err(InflateError::DataError) => Err(fail(ctx, "data_error")),
        Err(_) => Err(fail(ctx, "stream_error")),
    }
}

fn inflate_get_dictionary(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let window = working(ctx, a[0], false)?.window.clone();
    ctx.binary(&window)
}

fn reset(ctx: &mut Ctx<'_>, a: &[Term], deflating: bool) -> BifResult {
    let z = working(ctx, a[0], deflating)?;
    match &mut z.codec {
        Codec::Deflate(d) => d.reset(),
        Codec::Inflate(i) => *i = inflater(z.bits),
        _ => {}
    }
    z.ended = false;
    z.clear();
    Ok(Term::atom(am::OK))
}

fn end(ctx: &mut Ctx<'_>, a: &[Term], deflating: bool) -> BifResult {
    let z = working(ctx, a[0], deflating)?;
    // A compressor that has taken input and not been finished complains, as the C library's does.
    let busy = match &z.codec {
        Codec::Deflate(d) => !z.ended && d.total_in() + d.total_out() > 0,
        _ => !z.ended,
    };
    let bad = busy || !z.input.is_empty();
    z.codec = Codec::None;
    z.clear();
    if bad { Err(fail(ctx, "data_error")) } else { Ok(Term::atom(am::OK)) }
}

fn deflate_params(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let (level, strategy) = (number(ctx, a[1])?, number(ctx, a[2])?);
    let z = working(ctx, a[0], true)?;
    let Codec::Deflate(d) = &mut z.codec else { return Err(ctx.badarg()) };
    if !(-1..=9).contains(&level) || !(0..=4).contains(&strategy) {
        return Err(fail(ctx, "stream_error"));
    }
    // The crate's safe interface takes no strategy, and refuses a level that needs another algorithm once there was input.
    // Then the old one stays: a matter of size and speed, not of what a decompressor gets.
    let _ = d.set_level(level as i32);
    Ok(Term::atom(am::OK))
}

fn enqueue(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let id = stream(ctx, a[0])?;
    if !ctx.sys.resources.zlib.get(&id).is_some_and(|z| matches!(z.codec, Codec::Deflate(_) | Codec::Inflate(_))) {
        return Err(fail(ctx, "not_initialized"));
    }
    let bytes = iolist::argument(ctx, a, 1)?;
    ctx.charge(bytes.len() / 1000);
    let most = ctx.sys.config.max_memory as usize;
    let Some(z) = ctx.sys.resources.zlib.get_mut(&id) else { return Err(ctx.badarg()) };
    if z.input.len().saturating_add(bytes.len()) > most {
        return Err(ctx.system_limit());
    }
    z.input.extend(bytes);
    Ok(Term::atom(am::OK))
}

/// What zlib's return codes come down to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Code {
    Ok,
    End,
    /// No progress was possible.
    Buffer,
    NeedDictionary(u32),
    Data,
    Stream,
}

/// One call of the codec: what it returns, takes and gives.
fn step(codec: &mut Codec, input: &[u8], output: &mut [u8], flush: i64) -> (Code, usize, usize) {
    match codec {
        Codec::Deflate(d) => {
            let (i, o) = (d.total_in(), d.total_out());
            let flush = match flush {
                0 => DeflateFlush::NoFlush,
                1 => DeflateFlush::PartialFlush,
                2 => DeflateFlush::SyncFlush,
                3 => DeflateFlush::FullFlush,
                4 => DeflateFlush::Finish,
                _ => return (Code::Stream, 0, 0),
            };
            let code = match d.compress(input, output, flush) {
                Ok(Status::Ok) => Code::Ok,
                Ok(Status::StreamEnd) => Code::End,
                Ok(Status::BufError) => Code::Buffer,
                Err(_) => Code::Stream,
            };
            (code, (d.total_in() - i) as usize, (d.total_out() - o) as usize)
        }
        Codec::Inflate(d) => {
            let (i, o) = (d.total_in(), d.total_out());
            let flush = match flush {
                0 => InflateFlush::NoFlush,
                2 | 3 => InflateFlush::SyncFlush,
                4 => InflateFlush::Finish,
                _ => return (Code::Stream, 0, 0),
            };
            let code = match d.decompress(input, output, flush) {
                Ok(Status::Ok) => Code::Ok,
                Ok(Status::StreamEnd) => Code::End,
                Ok(Status::BufError) => Code::Buffer,
                Err(InflateError::NeedDict { dict_id }) => Code::NeedDictionary(dict_id),
                Err(InflateError::DataError) => Code::Data,
                Err(_) => Code::Stream,
            };
            (code, (d.total_in() - i) as usize, (d.total_out() - o) as usize)
        }
        Codec::None | Codec::Closed => (Code::Stream, 0, 0),
    }
}

fn codec(ctx: &mut Ctx<'_>, a: &[Term], deflating: bool) -> BifResult {
    let (limit, chunk, flush) = (number(ctx, a[1])?, number(ctx, a[2])?, number(ctx, a[3])?);
    if limit < 1 || !(1..=MAX_CHUNK).contains(&chunk) {
        return Err(ctx.badarg());
    }
    let z = working(ctx, a[0], deflating)?;
    if !deflating && z.ended && !z.input.is_empty() {
        match z.eos {
            Eos::Error => return Err(fail(ctx, "data_error")),
            Eos::Reset => {
                z.codec = Codec::Inflate(inflater(z.bits));
                z.ended = false;
            }
            Eos::Cut => z.clear(),
        }
    }
    let mut output = vec![0; chunk as usize];
    let (mut code, mut taken, mut given) = (Code::Ok, 0, 0);
    while code == Code::Ok && taken < limit as usize && !z.input.is_empty() {
        let (front, _) = z.input.as_slices();
        let block = front.get(..front.len().min(limit as usize)).unwrap_or(front);
        let (c, i, o) = step(&mut z.codec, block, output.get_mut(given..).unwrap_or(&mut []), 0);
        code = c;
        taken += i;
        given += o;
        z.input.drain(..i.min(z.input.len()));
        if given >= output.len() || i == 0 {
            break;
        }
    }
    let left = z.input.len();
    if code == Code::Ok && left == 0 && given < output.len() {
        let (c, _, o) = step(&mut z.codec, &[], output.get_mut(given..).unwrap_or(&mut []), flush);
        code = c;
        given += o;
    }
    output.truncate(given);
    if code == Code::End {
        z.ended = true;
    }
    if !deflating {
        z.remember(&output, WINDOW);
    }
    ctx.charge((taken + given) / BYTES_PER_REDUCTION + 1);
    match code {
        Code::Data => return Err(fail(ctx, "data_error")),
        Code::Stream => return Err(fail(ctx, "stream_error")),
        _ if taken == 0 && given == 0 && left != 0 => return Err(fail(ctx, "data_error")),
        _ => {}
    }
    let list = if output.is_empty() {
        Term::NIL
    } else {
        let b = ctx.binary(&output)?;
        ctx.list(&[b])?
    };
    if left == 0 && (given as i64) < chunk {
        let tag = ctx.atom("finished")?;
        return ctx.tuple(&[tag, list]);
    }
    if let Code::NeedDictionary(adler) = code {
        let (tag, adler) = (ctx.atom("need_dictionary")?, ctx.uint(u64::from(adler))?);
        return ctx.tuple(&[tag, adler, list]);
    }
    let tag = ctx.atom("continue")?;
    ctx.tuple(&[tag, list])
}

fn get_stash(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let id = stream(ctx, a[0])?;
    match ctx.sys.resources.zlib.get(&id).and_then(|z| z.stash.clone()) {
        None => ctx.atom("empty"),
        Some((kind, bytes)) => {
            let bytes = ctx.binary(&bytes)?;
            let list = ctx.list(&[bytes])?;
            let pair = ctx.tuple(&[Term::atom(kind), list])?;
            ctx.tuple(&[Term::atom(am::OK), pair])
        }
    }
}

fn clear_stash(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let id = stream(ctx, a[0])?;
    match ctx.sys.resources.zlib.get_mut(&id).and_then(|z| z.stash.take()) {
        Some(_) => Ok(Term::atom(am::OK)),
        None => Err(ctx.error_atom(am::ERROR)),
    }
}

/// Keeps `{Kind, Output}`, which is all that `zlib.erl` ever stashes, without the shape of the output.
fn set_stash(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let id = stream(ctx, a[0])?;
    let mem = ctx.mem();
    let parts = (mem.tuple_arity(a[1]) == Some(2)).then(|| (mem.element(a[1], 1).as_atom(), mem.element(a[1], 2)));
    let Some((Some(kind), output)) = parts else { return Err(ctx.badarg()) };
    if ctx.sys.resources.zlib.get(&id).is_none_or(|z| z.stash.is_some()) {
        return Err(ctx.error_atom(am::ERROR));
    }
    let bytes = match iolist::argument(ctx, &[output], 0) {
        Err(Fault::Yield) => return Err(ctx.system_limit()),
        other => other?,
    };
    if let Some(z) = ctx.sys.resources.zlib.get_mut(&id) {
        z.stash = Some((kind, bytes));
    }
    Ok(Term::atom(am::OK))
}
