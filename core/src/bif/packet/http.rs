//! Lines of HTTP, as `decode_packet` takes them apart: requests, responses, headers, and the URI of a request.
//!
//! Plain bytes in, ranges of them out; nothing is allocated but a header's name.

/// A URI of a request line; parts are ranges of the line's bytes.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Uri<'a> {
    Star,
    Path(&'a [u8]),
    Absolute { secure: bool, host: &'a [u8], port: Option<i64>, path: &'a [u8] },
    Scheme(&'a [u8], &'a [u8]),
    Text(&'a [u8]),
}

#[derive(PartialEq, Eq, Debug)]
pub(super) enum Http<'a> {
    Response { version: (i64, i64), status: i64, phrase: &'a [u8] },
    Request { method: &'a [u8], uri: Uri<'a>, version: (i64, i64) },
    Header { name: Vec<u8>, original: &'a [u8], value: &'a [u8] },
    End,
}

pub(super) const METHODS: &[&str] = &["OPTIONS", "GET", "HEAD", "POST", "PUT", "DELETE", "TRACE"];

/// Names of headers that come as atoms; a name's number is its place, from 1.
pub(super) const HEADERS: &[&str] = &[
    "Cache-Control",
    "Connection",
    "Date",
    "Pragma",
    "Transfer-Encoding",
    "Upgrade",
    "Via",
    "Accept",
    "Accept-Charset",
    "Accept-Encoding",
    "Accept-Language",
    "Authorization",
    "From",
    "Host",
    "If-Modified-Since",
    "If-Match",
    "If-None-Match",
    "If-Range",
    "If-Unmodified-Since",
    "Max-Forwards",
    "Proxy-Authorization",
    "Range",
    "Referer",
    "User-Agent",
    "Age",
    "Location",
    "Proxy-Authenticate",
    "Public",
    "Retry-After",
    "Server",
    "Vary",
    "Warning",
    "Www-Authenticate",
    "Allow",
    "Content-Base",
    "Content-Encoding",
    "Content-Language",
    "Content-Length",
    "Content-Location",
    "Content-Md5",
    "Content-Range",
    "Content-Type",
    "Etag",
    "Expires",
    "Last-Modified",
    "Accept-Ranges",
    "Set-Cookie",
    "Set-Cookie2",
    "X-Forwarded-For",
    "Cookie",
    "Keep-Alive",
    "Proxy-Connection",
];

/// Longest name of a header that is brought into its usual form.
const MAX_NAME: usize = 50;

fn is_special(b: u8) -> bool {
    !(33..128).contains(&b) || b"()<>@,;:\\\"/[]?={}".contains(&b)
}

/// Splits off what satisfies the test.
fn span(b: &[u8], test: impl Fn(u8) -> bool) -> (&[u8], &[u8]) {
    let n = b.iter().position(|x| !test(*x)).unwrap_or(b.len());
    b.split_at(n)
}

fn is_space(b: u8) -> bool {
    b == b' ' || b == b'\t'
}

fn digits(b: &[u8]) -> (Option<i64>, &[u8]) {
    let (number, rest) = span(b, |x| x.is_ascii_digit());
    // Numbers are C's 32-bit ones.
    let value = number.iter().fold(0i32, |n, d| n.wrapping_mul(10).wrapping_add((d - b'0') as i32));
    ((!number.is_empty()).then_some(value as i64), rest)
}

/// `1.1` and what follows.
pub(super) fn version(b: &[u8]) -> Option<((i64, i64), &[u8])> {
    let (major, rest) = digits(b);
    let (minor, rest) = digits(rest.strip_prefix(b".")?);
    Some(((major?, minor?), rest))
}

pub(super) fn parse_http(packet: &[u8], header: bool) -> Option<Http<'_>> {
    let n = packet.len();
    let line =
        if n >= 2 && packet[n - 2] == b'\r' { &packet[..n - 2] } else { packet.strip_suffix(b"\n").unwrap_or(packet) };
    if header {
        return parse_header(line);
    }
    if let Some(rest) = line.strip_prefix(b"HTTP/") {
        let (version, rest) = version(rest)?;
        let (space, rest) = span(rest, is_space);
        if space.is_empty() {
            return None;
        }
        let (status, rest) = digits(rest);
        let (space, phrase) = span(rest, is_space);
        if space.is_empty() && !phrase.is_empty() {
            return None;
        }
        return Some(Http::Response { version, status: status.unwrap_or(0), phrase });
    }
    let (method, rest) = span(line, |b| !is_special(b));
    let (space, rest) = span(rest, is_space);
    if method.is_empty() || space.is_empty() {
        return None;
    }
    let (uri, rest) = span(rest, |b| !is_space(b));
    if uri.is_empty() {
        return None;
    }
    let (_, rest) = span(rest, is_space);
    if rest.is_empty() {
        return Some(Http::Request { method, uri: parse_uri(uri), version: (0, 9) });
    }
    if rest.len() < 8 {
        return None;
    }
    let (version, _) = version(rest.strip_prefix(b"HTTP/")?)?;
    Some(Http::Request { method, uri: parse_uri(uri), version })
}

fn parse_uri(uri: &[u8]) -> Uri<'_> {
    if uri == b"*" {
        return Uri::Star;
    }
    if uri.len() <= 1 || uri[0] == b'/' {
        return Uri::Path(uri);
    }
    for (scheme, secure) in [(&b"http://"[..], false), (&b"https://"[..], true)] {
        if uri.get(..scheme.len()).is_some_and(|s| s.eq_ignore_ascii_case(scheme)) {
            return absolute(&uri[scheme.len()..], secure);
        }
    }
    match memchr::memchr(b':', uri) {
        None => Uri::Text(uri),
        Some(i) => Uri::Scheme(&uri[..i], &uri[i + 1..]),
    }
}

fn absolute(rest: &[u8], secure: bool) -> Uri<'_> {
    let (authority, path) = match memchr::memchr(b'/', rest) {
        None => (rest, &b"/"[..]),
        Some(i) => rest.split_at(i),
    };
    // An address in brackets has colons of its own.
    let colon = memchr::memchr(b':', authority);
    let end = match (colon, authority.first(), memchr::memchr(b']', authority)) {
        (None, ..) => authority.len(),
        (Some(_), Some(b'['), Some(close)) => close + 1,
        (Some(i), ..) => i,
    };
    let (host, rest) = authority.split_at(end);
    let port = match rest.strip_prefix(b":").map(digits) {
        Some((Some(n), [])) if n != 0 => Some(n),
        _ => None,
    };
    Uri::Absolute { secure, host, port, path }
}

fn parse_header(line: &[u8]) -> Option<Http<'_>> {
    if line.is_empty() {
        return Some(Http::End);
    }
    let (original, rest) = span(line, |b| !is_special(b));
    let value = rest.strip_prefix(b":")?;
    let mut name = original.to_vec();
    if name.len() <= MAX_NAME {
        let mut up = true;
        for b in &mut name {
            if up {
                b.make_ascii_uppercase();
                up = false;
            } else {
                b.make_ascii_lowercase();
                up = *b == b'-';
            }
        }
    }
    Some(Http::Header { name, original, value: span(value, is_space).1 })
}
