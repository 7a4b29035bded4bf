//! UTF-8, UTF-16 and UTF-32 segments.

use super::LITTLE;
use super::matching::{advance, peek, swap};
use crate::term::{Mem, Term};

fn valid(c: u64) -> bool {
    c < 0xD800 || (0xE000..=0x10FFFF).contains(&c)
}

/// Takes the next code point; `kind` is 8, 16 or 32. `None`, and the context stays, when there is no valid one.
pub fn take(mem: Mem, ctx: Term, kind: u8, flags: u32) -> Option<u32> {
    let (c, n) = match kind {
        8 => utf8(mem, ctx)?,
        16 => utf16(mem, ctx, flags)?,
        _ => {
            let v = peek(mem, ctx, 32)?;
            (if flags & LITTLE != 0 { swap(v, 32) } else { v }, 32)
        }
    };
    if !valid(c) {
        return None;
    }
    advance(mem, ctx, n);
    Some(c as u32)
}

fn utf8(mem: Mem, ctx: Term) -> Option<(u64, u64)> {
    let b = peek(mem, ctx, 8)?;
    let (len, min, first) = match b {
        0..=0x7F => return Some((b, 8)),
        0xC2..=0xDF => (2, 0x80, b & 0x1F),
        0xE0..=0xEF => (3, 0x800, b & 0x0F),
        0xF0..=0xF4 => (4, 0x10000, b & 0x07),
        _ => return None,
    };
    let all = peek(mem, ctx, 8 * len)?;
    let mut c = first;
    for i in 1..len {
        let b = all >> (8 * (len - 1 - i)) & 0xFF;
        if b & 0xC0 != 0x80 {
            return None;
        }
        c = c << 6 | b & 0x3F;
    }
    if c < min { None } else { Some((c, 8 * len as u64)) }
}

fn utf16(mem: Mem, ctx: Term, flags: u32) -> Option<(u64, u64)> {
    let fix = |v: u64| if flags & LITTLE != 0 { swap(v, 16) } else { v };
    let first = fix(peek(mem, ctx, 16)?);
    if !(0xD800..0xE000).contains(&first) {
        return Some((first, 16));
    }
    let both = peek(mem, ctx, 32)?;
    let second = fix(both & 0xFFFF);
    if first >= 0xDC00 || !(0xDC00..0xE000).contains(&second) {
        return None;
    }
    Some((0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00), 32))
}

/// A code point as bytes of the encoding, or `None` if it is none.
pub fn encode(c: u64, kind: u8, flags: u32) -> Option<Vec<u8>> {
    if !valid(c) {
        return None;
    }
    let c = char::from_u32(c as u32)?;
    let order = |units: &[u16]| -> Vec<u8> {
        units.iter().flat_map(|u| if flags & LITTLE != 0 { u.to_le_bytes() } else { u.to_be_bytes() }).collect()
    };
    Some(match kind {
        8 => c.encode_utf8(&mut [0; 4]).as_bytes().to_vec(),
        16 => order(c.encode_utf16(&mut [0; 2])),
        _ if flags & LITTLE != 0 => (c as u32).to_le_bytes().to_vec(),
        _ => (c as u32).to_be_bytes().to_vec(),
    })
}
