//! Conversions between numbers, atoms, identifiers and text. Mirrors the conversions of `bif.c` and `big.c`.
//!
//! `erlang:list_to_integer` and its kin are Erlang functions in OTP; here they are BIFs and never meet its segment size.

use super::{Bif, BifResult, Ctx, bif};
use crate::atom::{MAX_ATOM_CHARS, am};
use crate::heap::print;
use crate::heap::refs::RefId;
use crate::heap::{Alloc, build, number, owner};
use crate::term::{Mem, Term, float_text};
use num_bigint::{BigInt, Sign};

pub const BIFS: &[Bif] = &[
    bif("erlang", "integer_to_list", 1, integer_to_list),
    bif("erlang", "integer_to_list", 2, integer_to_list),
    bif("erlang", "integer_to_binary", 1, integer_to_binary),
    bif("erlang", "integer_to_binary", 2, integer_to_binary),
    bif("erlang", "list_to_integer", 1, list_to_integer),
    bif("erlang", "list_to_integer", 2, list_to_integer),
    bif("erlang", "binary_to_integer", 1, binary_to_integer),
    bif("erlang", "binary_to_integer", 2, binary_to_integer),
    bif("erts_internal", "list_to_integer", 2, list_to_integer_prefix),
    bif("erts_internal", "binary_to_integer", 2, binary_to_integer_or_atom),
    bif("erlang", "float_to_list", 1, float_to_list),
    bif("erlang", "float_to_list", 2, float_to_list),
    bif("erlang", "float_to_binary", 1, float_to_binary),
    bif("erlang", "float_to_binary", 2, float_to_binary),
    bif("erlang", "list_to_float", 1, list_to_float),
    bif("erlang", "binary_to_float", 1, binary_to_float),
    bif("string", "list_to_float", 1, list_to_float_prefix),
    bif("erlang", "list_to_atom", 1, list_to_atom),
    bif("erlang", "list_to_existing_atom", 1, list_to_existing_atom),
    bif("erlang", "binary_to_atom", 1, binary_to_atom),
    bif("erlang", "binary_to_atom", 2, binary_to_atom),
    bif("erlang", "binary_to_existing_atom", 1, binary_to_existing_atom),
    bif("erlang", "binary_to_existing_atom", 2, binary_to_existing_atom),
    bif("erlang", "atom_to_list", 1, atom_to_list),
    bif("erlang", "atom_to_binary", 1, atom_to_binary),
    bif("erlang", "atom_to_binary", 2, atom_to_binary),
    bif("erlang", "pid_to_list", 1, |c, a| identifier(c, a[0], Mem::is_pid)),
    bif("erlang", "port_to_list", 1, |c, a| identifier(c, a[0], Mem::is_port)),
    bif("erlang", "ref_to_list", 1, |c, a| identifier(c, a[0], Mem::is_ref)),
    bif("erlang", "fun_to_list", 1, |c, a| identifier(c, a[0], Mem::is_fun)),
    bif("erlang", "list_to_pid", 1, list_to_pid),
    bif("erlang", "list_to_port", 1, list_to_port),
    bif("erlang", "list_to_ref", 1, list_to_ref),
    bif("erts_internal", "term_to_string", 2, term_to_string),
    bif("erlang", "display", 1, display),
    bif("erlang", "display_string", 1, |c, a| display_string(c, am::STDOUT, a[0])),
    bif("erlang", "display_string", 2, |c, a| match a[0].as_atom() {
        Some(device) => display_string(c, device, a[1]),
        None => Err(c.badarg()),
    }),
];

/// Digits from which an integer has more than OTP's number of bits, whatever they are.
const fn too_long(digits: usize, base: u32) -> bool {
    digits > 4_194_304 || digits > 1_262_611 && base >= 10
}

fn base(args: &[Term], index: usize) -> Option<u32> {
    match args.get(index) {
        None => Some(10),
        Some(b) => b.as_small().filter(|b| (2..=36).contains(b)).map(|b| b as u32),
    }
}

fn integer_text(ctx: &mut Ctx<'_>, args: &[Term]) -> Result<String, super::Fault> {
    let Some(base) = base(args, 1) else { return Err(ctx.badarg()) };
    if let (Some(v), 10) = (args[0].as_small(), base) {
        return Ok(v.to_string());
    }
    let Some(v) = number::to_bigint(ctx.mem(), args[0]) else { return Err(ctx.badarg()) };
    // The time grows with the square of the size.
    let digits = v.bits() as usize / 64;
    ctx.charge(digits + digits * digits / 4096);
    Ok(number::to_text(&v, base))
}

fn integer_to_list(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let text = integer_text(ctx, args)?;
    Ok(build::byte_list(ctx, text.as_bytes(), Term::NIL)?)
}

fn integer_to_binary(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let text = integer_text(ctx, args)?;
    ctx.binary(text.as_bytes())
}

/// Sign and digits of a number's text.
fn split_sign(text: &[u8]) -> (Sign, &[u8]) {
    let (sign, mut digits) = match text {
        [b'-', rest @ ..] => (Sign::Minus, rest),
        [b'+', rest @ ..] => (Sign::Plus, rest),
        _ => (Sign::Plus, text),
    };
    while let [b'0', rest @ ..] = digits
        && !rest.is_empty()
    {
        digits = rest;
    }
    (sign, digits)
}

/// The integer that is the whole text; `None` if it isn't one.
fn parse_integer(ctx: &mut Ctx<'_>, text: &[u8], base: u32) -> Result<Option<Term>, super::Fault> {
    let (sign, digits) = split_sign(text);
    if digits.is_empty() {
        return Ok(None);
    }
    if digits.len() <= 11
        && let Ok(text) = std::str::from_utf8(digits)
    {
        let small = if digits.iter().all(|d| (*d as char).is_digit(base)) {
            i64::from_str_radix(text, base).ok()
        } else {
            None
        };
        return Ok(small.map(|v| Term::small(if sign == Sign::Minus { -v } else { v })));
    }
    if too_long(digits.len(), base) {
        return Err(ctx.system_limit());
    }
    ctx.charge(digits.len() / 64 + digits.len() / 4096 * (digits.len() / 4096));
    let Some(v) = number::from_digits(digits, base) else { return Ok(None) };
    match number::from_big_checked(ctx, &BigInt::from_biguint(sign, v)) {
        Ok(t) => Ok(Some(t)),
        Err(_) => Err(ctx.system_limit()),
    }
}

fn list_to_integer(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    if let (Some(base), Some(text)) = (base(args, 1), bytes_of_list(ctx.mem(), args[0]))
        && let Some(v) = parse_integer(ctx, &text, base)?
    {
        return Ok(v);
    }
    Err(ctx.badarg())
}

fn binary_to_integer(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    if let (Some(base), Some(text)) = (base(args, 1), ctx.mem().binary_to_vec(args[0]))
        && let Some(v) = parse_integer(ctx, &text, base)?
    {
        return Ok(v);
    }
    Err(ctx.badarg())
}

/// The integer, `badarg`, or `big` for what only `erlang` can tell the error of.
fn binary_to_integer_or_atom(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    if let (Some(base), Some(text)) = (base(args, 1), ctx.mem().binary_to_vec(args[0])) {
        if too_long(split_sign(&text).1.len(), base) {
            return Ok(Term::atom(am::BIG));
        }
        if let Some(v) = parse_integer(ctx, &text, base)? {
            return Ok(v);
        }
    }
    Ok(Term::atom(am::BADARG))
}

/// The integer that a list starts with and the rest of the list, or an atom that says what is wrong.
fn list_to_integer_prefix(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    if args[0].is_nil() {
        return Ok(Term::atom(am::NO_INTEGER));
    }
    if !args[0].is_list() {
        return Ok(Term::atom(am::NOT_A_LIST));
    }
    let Some(base) = base(args, 1) else { return Ok(Term::atom(am::BADARG)) };
    let mem = ctx.mem();
    let mut text = Vec::new();
    let mut rest = args[0];
    while rest.is_list() {
        let Some(c) = mem.head(rest).as_small().and_then(|c| u8::try_from(c).ok()) else { break };
        let sign = text.is_empty() && matches!(c, b'+' | b'-');
        if !sign && !(c as char).is_digit(base) {
            break;
        }
        text.push(c);
        rest = mem.tail(rest);
    }
    if too_long(text.len(), base) {
        return Ok(Term::atom(am::BIG));
    }
    match parse_integer(ctx, &text, base)? {
        Some(v) => ctx.tuple(&[v, rest]),
        None => Ok(Term::atom(am::NO_INTEGER)),
    }
}

/// The bytes of a proper list of bytes.
fn bytes_of_list(mem: Mem, mut list: Term) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    while list.is_list() {
        out.push(u8::try_from(mem.head(list).as_small()?).ok()?);
        list = mem.tail(list);
    }
    list.is_nil().then_some(out)
}

fn float_text(ctx: &mut Ctx<'_>, args: &[Term]) -> Option<String> {
    enum Format {
        Short,
        Fixed,
        Scientific,
    }
    let mem = ctx.mem();
    let f = mem.as_float(args[0])?;
    let (mut format, mut decimals, mut compact) = (Format::Scientific, 20, false);
    let mut options = args.get(1).copied().unwrap_or(Term::NIL);
    while options.is_list() {
        let option = mem.head(options);
        options = mem.tail(options);
        if option.is(am::COMPACT) {
            compact = true;
        } else if option.is(am::SHORT) {
            format = Format::Short;
        } else if mem.tuple_arity(option) == Some(2) {
            // Only 32 bits of the number count, as in OTP.
            decimals = mem.element(option, 2).as_small()? as i32;
            format = match mem.element(option, 1) {
                t if t.is(am::DECIMALS) => Format::Fixed,
                t if t.is(am::SCIENTIFIC) => Format::Scientific,
                _ => return None,
            };
        } else {
            return None;
        }
    }
    if !options.is_nil() {
        return None;
    }
    match format {
        Format::Short => Some(float_text::shortest(f)),
        Format::Fixed => float_text::fixed(f, usize::try_from(decimals).ok()?, compact),
        // A negative precision is C's default of 6.
        Format::Scientific => float_text::scientific(f, usize::try_from(decimals).unwrap_or(6)),
    }
}

fn float_to_list(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    match float_text(ctx, args) {
        Some(text) => Ok(build::byte_list(ctx, text.as_bytes(), Term::NIL)?),
        None => Err(ctx.badarg()),
    }
}

fn float_to_binary(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    match float_text(ctx, args) {
        Some(text) => ctx.binary(text.as_bytes()),
        None => Err(ctx.badarg()),
    }
}

fn list_to_float(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    match bytes_of_list(ctx.mem(), args[0]).and_then(|t| float_text::parse(&t)) {
        Some(f) => ctx.float(f),
        None => Err(ctx.badarg()),
    }
}

fn binary_to_float(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    match ctx.mem().binary_to_vec(args[0]).and_then(|t| float_text::parse(&t)) {
        Some(f) => ctx.float(f),
        None => Err(ctx.badarg()),
    }
}

/// The float that a list starts with and the rest of the list, or `{error, Reason}`.
fn list_to_float_prefix(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let mem = ctx.mem();
    if !args[0].is_list() {
        let reason = if args[0].is_nil() { am::NO_FLOAT } else { am::NOT_A_LIST };
        return ctx.tuple(&[Term::atom(am::ERROR), Term::atom(reason)]);
    }
    let mut text = Vec::new();
    let mut t = args[0];
    while t.is_list() {
        match mem.head(t).as_small().and_then(|c| u8::try_from(c).ok()) {
            Some(c @ (b'0'..=b'9' | b'+' | b'-' | b'.' | b',' | b'e' | b'E')) => text.push(c),
            _ => break,
        }
        t = mem.tail(t);
    }
    let Some((f, n)) = float_text::parse_prefix(&text) else {
        return ctx.tuple(&[Term::atom(am::ERROR), Term::atom(am::NO_FLOAT)]);
    };
    let rest = (0..n).fold(args[0], |t, _| mem.tail(t));
    let f = ctx.float(f)?;
    ctx.tuple(&[f, rest])
}

/// The characters of a list; `Err(true)` if there are more than an atom can have.
fn atom_text(mem: Mem, mut list: Term) -> Result<String, bool> {
    let (mut out, mut count) = (String::new(), 0);
    while list.is_list() {
        if count == MAX_ATOM_CHARS {
            return Err(true);
        }
        let c = mem.head(list).as_small().and_then(|c| u32::try_from(c).ok()).and_then(char::from_u32).ok_or(false)?;
        out.push(c);
        count += 1;
        list = mem.tail(list);
    }
    if list.is_nil() { Ok(out) } else { Err(false) }
}

fn list_to_atom(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    match atom_text(ctx.mem(), args[0]) {
        Ok(name) => ctx.atom(&name),
        Err(true) => Err(ctx.system_limit()),
        Err(false) => Err(ctx.badarg()),
    }
}

fn list_to_existing_atom(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let found = atom_text(ctx.mem(), args[0]).ok().and_then(|name| ctx.sys.atoms.lookup(&name));
    found.map(Term::atom).ok_or_else(|| ctx.badarg())
}

/// The text of a binary in the encoding that the second argument names.
fn encoded_text(mem: Mem, args: &[Term]) -> Option<String> {
    let latin1 = match args.get(1) {
        Some(t) if t.is(am::LATIN1) => true,
        Some(t) if !t.is(am::UTF8) && !t.is(am::UNICODE) => return None,
        _ => false,
    };
    let bytes = mem.binary_to_vec(args[0])?;
    if latin1 { Some(bytes.iter().map(|b| *b as char).collect()) } else { String::from_utf8(bytes).ok() }
}

fn binary_to_atom(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    match encoded_text(ctx.mem(), args) {
        Some(name) => ctx.atom(&name),
        None => Err(ctx.badarg()),
    }
}

fn binary_to_existing_atom(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let found = encoded_text(ctx.mem(), args).and_then(|name| ctx.sys.atoms.lookup(&name));
    found.map(Term::atom).ok_or_else(|| ctx.badarg())
}

fn atom_to_list(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let Some(a) = args[0].as_atom() else { return Err(ctx.badarg()) };
    let name = ctx.sys.atoms.name_arc(a);
    ctx.string(&name)
}

fn atom_to_binary(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let Some(a) = args[0].as_atom() else { return Err(ctx.badarg()) };
    let name = ctx.sys.atoms.name_arc(a);
    match args.get(1) {
        Some(t) if t.is(am::LATIN1) => {
            match name.chars().map(|c| u8::try_from(c as u32)).collect::<Result<Vec<u8>, _>>() {
                Ok(bytes) => ctx.binary(&bytes),
                Err(_) => Err(ctx.badarg()),
            }
        }
        Some(t) if !t.is(am::UTF8) && !t.is(am::UNICODE) => Err(ctx.badarg()),
        _ => ctx.binary(name.as_bytes()),
    }
}

/// The printed form of a term of that kind.
fn identifier(ctx: &mut Ctx<'_>, t: Term, is: fn(Mem, Term) -> bool) -> BifResult {
    if !is(ctx.mem(), t) {
        return Err(ctx.badarg());
    }
    let text = print::display(ctx.mem(), &ctx.sys.names(), t, usize::MAX);
    Ok(build::byte_list(ctx, text.as_bytes(), Term::NIL)?)
}

/// The numbers between the dots of `Start N.N.. >`.
fn numbers(ctx: &mut Ctx<'_>, list: Term, start: &str) -> Option<Vec<u64>> {
    let text = String::from_utf8(bytes_of_list(ctx.mem(), list)?).ok()?;
    let inner = text.strip_prefix(start)?.strip_suffix('>')?;
    inner.split('.').map(|n| if n.starts_with('+') { None } else { n.parse().ok() }).collect()
}

fn list_to_pid(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    match numbers(ctx, args[0], "<").as_deref() {
        Some([0, number, serial]) if *number < 1 << 28 && *serial < 1 << 32 => Ok(Term::pid(serial << 28 | number)),
        _ => Err(ctx.badarg()),
    }
}

fn list_to_port(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    match numbers(ctx, args[0], "#Port<").as_deref() {
        Some([0, number]) if *number < 1 << 60 => Ok(Term::port(*number)),
        _ => Err(ctx.badarg()),
    }
}

fn list_to_ref(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let parts = numbers(ctx, args[0], "#Ref<");
    let words: Option<Vec<u32>> = parts.unwrap_or_default().iter().map(|n| u32::try_from(*n).ok()).collect();
    match words.as_deref() {
        Some([0, c, b, a]) => Ok(owner::find(ctx, RefId::from_numbers([*a, *b, *c]))?),
        _ => Err(ctx.badarg()),
    }
}

/// The bytes that `display` writes, as a list; the second argument limits them.
fn term_to_string(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let limit = match args[1].as_small() {
        Some(n) => n.max(0) as usize,
        None if args[1].is(am::UNDEFINED) => usize::MAX,
        None => return Err(ctx.badarg()),
    };
    let text = print::display(ctx.mem(), &ctx.sys.names(), args[0], limit);
    Ok(build::byte_list(ctx, text.as_bytes(), Term::NIL)?)
}

pub(super) fn display(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let mut text = print::display(ctx.mem(), &ctx.sys.names(), args[0], 1 << 24);
    // OTP writes the line's end like that to whatever standard output is.
    text.push_str("\r\n");
    ctx.charge(text.len() / 16);
    ctx.sys.host.write(crate::host::Stream::Stdout, text.as_bytes());
    Ok(Term::bool(true))
}

/// Writes a string or the bytes of a binary.
fn display_string(ctx: &mut Ctx<'_>, device: crate::atom::Atom, text: Term) -> BifResult {
    let stream = match device {
        am::STDOUT => crate::host::Stream::Stdout,
        am::STDERR => crate::host::Stream::Stderr,
        _ => return Err(ctx.badarg()),
    };
    let mem = ctx.mem();
    let bytes = match mem.binary_to_vec(text) {
        Some(bytes) => bytes,
        None => {
            let mut out = String::new();
            let mut t = text;
            while t.is_list() {
                match mem.head(t).as_small().and_then(|c| u32::try_from(c).ok()).and_then(char::from_u32) {
                    Some(c) => out.push(c),
                    None => return Err(ctx.badarg()),
                }
                t = mem.tail(t);
            }
            if !t.is_nil() {
                return Err(ctx.badarg());
            }
            out.into_bytes()
        }
    };
    ctx.charge(bytes.len() / 16);
    ctx.sys.host.write(stream, &bytes);
    Ok(Term::bool(true))
}
