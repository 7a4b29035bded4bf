//! `erlang:decode_packet/3`: where a packet ends, what its body is, and the parts of HTTP and TLS lines.
//!
//! Mirrors `packet_parser.c` and `erl_bif_port.c` (OTP 27). [`length`] and the parsers work on plain bytes; the rest builds
//! terms.

mod http;

use self::http::{HEADERS, Http, METHODS, Uri, parse_http};
use super::{Bif, BifResult, Ctx, Fault, bif};
use crate::atom::am;
use crate::heap::{Alloc, binary, number};
use crate::term::Term;

pub const BIFS: &[Bif] = &[bif("erlang", "decode_packet", 3, decode_packet)];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Raw,
    /// So many bytes of length in front.
    Counted(usize),
    SunRm,
    Asn1,
    Cdr,
    FastCgi,
    Line,
    Tpkt,
    /// `header`: not the first line; `binaries`: strings come as such.
    Http {
        header: bool,
        binaries: bool,
    },
    Tls,
}

/// What limits a packet.
#[derive(Clone, Copy, Debug)]
struct Limits {
    /// Most bytes; 0: any.
    packet: usize,
    /// Lines are cut there; 0: never.
    line: usize,
    delimiter: u8,
}

/// Where a packet ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Length {
    Bytes(usize),
    /// Nobody knows yet.
    More,
    Invalid,
}

fn kind(t: Term, line: &str) -> Option<Kind> {
    if let Some(n) = t.as_small() {
        return match n {
            0 => Some(Kind::Raw),
            1 | 2 | 4 => Some(Kind::Counted(n as usize)),
            _ => None,
        };
    }
    Some(match line {
        "raw" => Kind::Raw,
        "asn1" => Kind::Asn1,
        "sunrm" => Kind::SunRm,
        "cdr" => Kind::Cdr,
        "fcgi" => Kind::FastCgi,
        "line" => Kind::Line,
        "tpkt" => Kind::Tpkt,
        "http" => Kind::Http { header: false, binaries: false },
        "httph" => Kind::Http { header: true, binaries: false },
        "http_bin" => Kind::Http { header: false, binaries: true },
        "httph_bin" => Kind::Http { header: true, binaries: true },
        "ssl_tls" => Kind::Tls,
        _ => return None,
    })
}

/// A big-endian number.
fn uint(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |n, b| n << 8 | *b as usize)
}

fn little(bytes: &[u8]) -> usize {
    bytes.iter().rev().fold(0, |n, b| n << 8 | *b as usize)
}

fn length(kind: Kind, b: &[u8], l: Limits) -> Length {
    let counted = |head: usize, body: usize| {
        // OTP counts in 32 bits and refuses what wraps.
        match head.checked_add(body) {
            Some(all) if (l.packet == 0 || body <= l.packet) && all <= i32::MAX as usize => Length::Bytes(all),
            _ => Length::Invalid,
        }
    };
    let head = |n: usize| b.get(..n);
    match kind {
        Kind::Raw if b.is_empty() => Length::More,
        Kind::Raw => Length::Bytes(b.len()),
        Kind::Counted(n) => head(n).map_or(Length::More, |h| counted(n, uint(h))),
        Kind::SunRm => head(4).map_or(Length::More, |h| counted(4, uint(h) & 0x7FFF_FFFF)),
        Kind::Line => line_length(b, l),
        Kind::Asn1 => match asn1_length(b) {
            Ok((h, body)) => counted(h, body),
            Err(other) => other,
        },
        Kind::Cdr => match head(12) {
            None => Length::More,
            Some(h) if &h[..4] != b"GIOP" => Length::Invalid,
            Some(h) => counted(12, if h[6] & 1 != 0 { little(&h[8..]) } else { uint(&h[8..]) }),
        },
        Kind::FastCgi => match head(8) {
            None => Length::More,
            Some(h) if h[0] != 1 => Length::Invalid,
            Some(h) => counted(8, uint(&h[4..6]) + h[6] as usize),
        },
        Kind::Tpkt => match head(4) {
            None => Length::More,
            Some(h) if h[0] != 3 => Length::Invalid,
            Some(h) => match uint(&h[2..]).checked_sub(4) {
                Some(body) => counted(4, body),
                None => Length::Invalid,
            },
        },
        Kind::Tls => match head(5) {
            None => Length::More,
            Some(h) if is_old_hello(h) => match (uint(&h[..2]) & 0x7FFF).checked_sub(3) {
                Some(body) => counted(5, body),
                None => Length::Invalid,
            },
            Some(h) => counted(5, uint(&h[3..])),
        },
        Kind::Http { header, .. } => http_length(b, l, header),
    }
}

/// A hello of SSL 2.
fn is_old_hello(h: &[u8]) -> bool {
    h[0] & 0x80 != 0 && h[2] == 1
}

fn line_length(b: &[u8], l: Limits) -> Length {
    match memchr::memchr(l.delimiter, b) {
        None if l.packet != 0 && b.len() > l.packet => Length::Invalid,
        None if l.line != 0 && b.len() >= l.line => Length::Bytes(l.line),
        None => Length::More,
        Some(i) if l.packet != 0 && i + 1 > l.packet => Length::Invalid,
        Some(i) if l.line != 0 && i + 1 > l.line => Length::Bytes(l.line),
        Some(i) => Length::Bytes(i + 1),
    }
}

/// Bytes of tag and length, and the length.
fn asn1_length(b: &[u8]) -> Result<(usize, usize), Length> {
    if b.len() < 2 {
        return Err(Length::More);
    }
    let mut at = 1;
    if b[0] & 0x1F == 0x1F {
        while b.get(at).is_some_and(|x| x & 0x80 != 0) {
            at += 1;
        }
        if b.len() - at < 2 {
            return Err(Length::More);
        }
        at += 1;
    }
    let Some(first) = b.get(at) else { return Err(Length::More) };
    let n = (first & 0x7F) as usize;
    at += 1;
    if first & 0x80 == 0 {
        return Ok((at, n));
    }
    match b.get(at..at + n) {
        None => Err(Length::More),
        Some(_) if n > 4 => Err(Length::Invalid),
        Some(bytes) => Ok((at + n, uint(bytes))),
    }
}

fn http_length(b: &[u8], l: Limits, header: bool) -> Length {
    if b == b"\n" || b == b"\r\n" {
        return Length::Bytes(b.len());
    }
    let most = if l.packet != 0 { l.packet } else { l.line };
    let mut from = 0;
    loop {
        let Some(i) = memchr::memchr(b'\n', b.get(from..).unwrap_or_default()) else {
            return if most != 0 && b.len() >= most { Length::Invalid } else { Length::More };
        };
        let end = from + i + 1;
        let done = if most != 0 && end > most { Length::Invalid } else { Length::Bytes(end) };
        if !header {
            return done;
        }
        match b.get(end) {
            // The next line may still belong to this one.
            None => return if done == Length::Invalid { done } else { Length::More },
            Some(b' ' | b'\t') if end > 2 => from = end,
            Some(_) => return done,
        }
    }
}

fn decode_packet(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let mem = ctx.mem();
    let name = args[0].as_atom().map(|a| ctx.sys.atoms.name_arc(a));
    let Some(kind) = kind(args[0], name.as_deref().unwrap_or("")) else { return Err(ctx.badarg_cause(am::BADOPT)) };
    let Some(bits) = mem.bits(args[1]) else { return Err(ctx.badarg()) };
    let mut limits = Limits { packet: 0, line: 0, delimiter: b'\n' };
    let mut t = args[2];
    while t.is_list() {
        let o = mem.head(t);
        let pair = (mem.tuple_arity(o) == Some(2)).then(|| (mem.element(o, 1), mem.element(o, 2)));
        let value = pair.and_then(|p| number::to_u64(mem, p.1)).filter(|n| *n <= u32::MAX as u64);
        let option = pair.and_then(|p| p.0.as_atom()).map(|a| ctx.sys.atoms.name_arc(a));
        match (option.as_deref(), value) {
            (Some("packet_size"), Some(n)) => limits.packet = n as usize,
            (Some("line_length"), Some(n)) => limits.line = n as usize,
            (Some("line_delimiter"), Some(n @ 0..=255)) if kind == Kind::Line => limits.delimiter = n as u8,
            _ => return Err(ctx.badarg()),
        }
        t = mem.tail(t);
    }
    if !t.is_nil() || bits.len % 8 != 0 {
        return Err(ctx.badarg());
    }
    let all = bits.to_vec(mem);
    ctx.charge(all.len() / 256);
    let size = match length(kind, &all, limits) {
        Length::Bytes(n) if n != 0 && n <= all.len() => n,
        Length::Invalid => return invalid(ctx),
        Length::More | Length::Bytes(0) => return ctx.tuple(&[Term::atom(am::MORE), Term::atom(am::UNDEFINED)]),
        Length::Bytes(n) => {
            let n = ctx.uint(n as u64)?;
            return ctx.tuple(&[Term::atom(am::MORE), n]);
        }
    };
    let packet = &all[..size];
    let body = match kind {
        Kind::Http { header, binaries } => match parse_http(packet, header) {
            Some(h) => http_term(ctx, h, binaries)?,
            None => {
                let line = text(ctx, packet, binaries)?;
                let tag = ctx.atom("http_error")?;
                ctx.tuple(&[tag, line])?
            }
        },
        Kind::Tls => tls_term(ctx, packet)?,
        _ => {
            let (from, to) = match kind {
                Kind::Counted(n) => (n, size),
                Kind::FastCgi => (0, size - packet[6] as usize),
                _ => (0, size),
            };
            binary::part(ctx, args[1], from as u64 * 8, (to - from) as u64 * 8)?
        }
    };
    let rest = binary::part(ctx, args[1], size as u64 * 8, (all.len() - size) as u64 * 8)?;
    ctx.tuple(&[Term::atom(am::OK), body, rest])
}

fn invalid(ctx: &mut Ctx<'_>) -> BifResult {
    let why = ctx.atom("invalid")?;
    ctx.tuple(&[Term::atom(am::ERROR), why])
}

/// A string: a binary or a list.
fn text(ctx: &mut Ctx<'_>, bytes: &[u8], binaries: bool) -> BifResult {
    if binaries {
        return ctx.binary(bytes);
    }
    let list: Vec<Term> = bytes.iter().map(|b| Term::small(*b as i64)).collect();
    ctx.list(&list)
}

fn pair(ctx: &mut Ctx<'_>, (a, b): (i64, i64)) -> BifResult {
    ctx.tuple(&[Term::small(a), Term::small(b)])
}

fn known(ctx: &mut Ctx<'_>, bytes: &[u8], names: &[&str]) -> Result<Option<(Term, i64)>, Fault> {
    match names.iter().position(|n| n.as_bytes() == bytes) {
        Some(i) => Ok(Some((ctx.atom(names[i])?, i as i64 + 1))),
        None => Ok(None),
    }
}

fn http_term(ctx: &mut Ctx<'_>, h: Http<'_>, binaries: bool) -> BifResult {
    match h {
        Http::End => ctx.atom("http_eoh"),
        Http::Response { version, status, phrase } => {
            let parts =
                [ctx.atom("http_response")?, pair(ctx, version)?, Term::small(status), text(ctx, phrase, binaries)?];
            ctx.tuple(&parts)
        }
        Http::Request { method, uri, version } => {
            let method = match known(ctx, method, METHODS)? {
                Some((atom, _)) => atom,
                None => text(ctx, method, binaries)?,
            };
            let uri = uri_term(ctx, uri, binaries)?;
            let parts = [ctx.atom("http_request")?, method, uri, pair(ctx, version)?];
            ctx.tuple(&parts)
        }
        Http::Header { name, original, value } => {
            let (name, number) = match known(ctx, &name, HEADERS)? {
                Some(found) => found,
                None => (text(ctx, &name, binaries)?, 0),
            };
            let (original, value) = (text(ctx, original, binaries)?, text(ctx, value, binaries)?);
            let parts = [ctx.atom("http_header")?, Term::small(number), name, original, value];
            ctx.tuple(&parts)
        }
    }
}

fn uri_term(ctx: &mut Ctx<'_>, uri: Uri<'_>, binaries: bool) -> BifResult {
    match uri {
        Uri::Star => ctx.atom("*"),
        Uri::Text(s) => text(ctx, s, binaries),
        Uri::Path(s) => {
            let parts = [ctx.atom("abs_path")?, text(ctx, s, binaries)?];
            ctx.tuple(&parts)
        }
        Uri::Scheme(a, b) => {
            let parts = [ctx.atom("scheme")?, text(ctx, a, binaries)?, text(ctx, b, binaries)?];
            ctx.tuple(&parts)
        }
        Uri::Absolute { secure, host, port, path } => {
            let parts = [
                ctx.atom("absoluteURI")?,
                ctx.atom(if secure { "https" } else { "http" })?,
                text(ctx, host, binaries)?,
                port.map_or(Term::atom(am::UNDEFINED), Term::small),
                text(ctx, path, binaries)?,
            ];
            ctx.tuple(&parts)
        }
    }
}

/// `{ssl_tls, [], ContentType, {Major, Minor}, Bin}`.
fn tls_term(ctx: &mut Ctx<'_>, p: &[u8]) -> BifResult {
    let tag = ctx.atom("ssl_tls")?;
    let (kind, version, bin) = if is_old_hello(p) {
        // The hello as its successor would frame it: type 1 and the length in three bytes.
        let mut bytes = vec![1];
        bytes.extend_from_slice(&((p.len() - 3) as u32).to_be_bytes()[1..]);
        bytes.extend_from_slice(&p[3..]);
        (22, (p[3] as i64, p[4] as i64), ctx.binary(&bytes)?)
    } else {
        (p[0] as i64, (p[1] as i64, p[2] as i64), ctx.binary(&p[5..])?)
    };
    let version = pair(ctx, version)?;
    ctx.tuple(&[tag, Term::NIL, Term::small(kind), version, bin])
}

#[cfg(test)]
mod tests {
    use super::*;

    const NO_LIMITS: Limits = Limits { packet: 0, line: 0, delimiter: b'\n' };

    #[test]
    fn every_cut_of_a_packet_is_more_or_the_same_length() {
        let packets: &[(Kind, &[u8])] = &[
            (Kind::Counted(2), b"\0\x03abc"),
            (Kind::Asn1, b"\x30\x82\0\x02ab"),
            (Kind::Asn1, b"\x1f\x81\x01\x02ab"),
            (Kind::Cdr, b"GIOP\x01\0\x01\0\x02\0\0\0ab"),
            (Kind::FastCgi, b"\x01\0\0\0\0\x02\x01\0abp"),
            (Kind::Tpkt, b"\x03\0\0\x06ab"),
            (Kind::Tls, b"\x16\x03\x03\0\x02ab"),
            (Kind::Tls, b"\x80\x05\x01\x03\x01\0\0"),
            (Kind::Line, b"line\n"),
        ];
        for (kind, packet) in packets {
            for n in 0..=packet.len() {
                match length(*kind, &packet[..n], NO_LIMITS) {
                    Length::Bytes(b) => assert_eq!(b, packet.len(), "{kind:?} {n}"),
                    other => assert!(other == Length::More && n < packet.len(), "{kind:?} {n} {other:?}"),
                }
            }
        }
    }

    #[test]
    fn bytes_that_are_no_packet_are_refused() {
        assert_eq!(length(Kind::Cdr, b"nonsense.......", NO_LIMITS), Length::Invalid);
        assert_eq!(length(Kind::Tpkt, b"\x03\0\0\x01", NO_LIMITS), Length::Invalid);
        assert_eq!(length(Kind::Asn1, b"\x30\x85aaaaaaaa", NO_LIMITS), Length::Invalid);
        assert_eq!(length(Kind::Counted(4), b"\xff\xff\xff\xff", NO_LIMITS), Length::Invalid);
        assert_eq!(parse_http(b"HTTP/x.1 200 OK\r\n", false), None);
        assert_eq!(parse_http(b"GET\r\n", false), None);
        assert_eq!(parse_http(b"Name value\r\n", true), None);
    }
}
