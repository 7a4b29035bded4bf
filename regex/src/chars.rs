//! Characters below 256: the classes of ISO 8859-1, which OTP gives to PCRE, and the decoding of checked UTF-8.

/// A set of the code points below 256.
pub type Low = [u64; 4];

const fn ranges(list: &[(u8, u8)]) -> Low {
    let mut out = [0u64; 4];
    let mut i = 0;
    while i < list.len() {
        let mut c = list[i].0 as usize;
        while c <= list[i].1 as usize {
            out[c / 64] |= 1 << (c % 64);
            c += 1;
        }
        i += 1;
    }
    out
}

pub const DIGIT: Low = ranges(&[(b'0', b'9')]);
pub const SPACE: Low = ranges(&[(9, 13), (32, 32)]);
pub const WORD: Low = ranges(&[
    (b'0', b'9'),
    (b'A', b'Z'),
    (b'_', b'_'),
    (b'a', b'z'),
    (170, 170),
    (181, 181),
    (186, 186),
    (192, 214),
    (216, 246),
    (248, 255),
]);
const ALPHA: Low =
    ranges(&[(b'A', b'Z'), (b'a', b'z'), (170, 170), (181, 181), (186, 186), (192, 214), (216, 246), (248, 255)]);
const ALNUM: Low = ranges(&[
    (b'0', b'9'),
    (b'A', b'Z'),
    (b'a', b'z'),
    (170, 170),
    (181, 181),
    (186, 186),
    (192, 214),
    (216, 246),
    (248, 255),
]);
const LOWER: Low = ranges(&[(b'a', b'z'), (170, 170), (181, 181), (186, 186), (223, 246), (248, 255)]);
const UPPER: Low = ranges(&[(b'A', b'Z'), (192, 214), (216, 222)]);
const PUNCT: Low = ranges(&[
    (33, 47),
    (58, 64),
    (91, 96),
    (123, 126),
    (160, 169),
    (171, 180),
    (182, 185),
    (187, 191),
    (215, 215),
    (247, 247),
]);

/// The POSIX classes in PCRE's order.
pub const POSIX: [(&str, Low); 14] = [
    ("alpha", ALPHA),
    ("lower", LOWER),
    ("upper", UPPER),
    ("alnum", ALNUM),
    ("ascii", [u64::MAX; 4]),
    ("blank", ranges(&[(9, 9), (32, 32)])),
    ("cntrl", ranges(&[(0, 31), (127, 159)])),
    ("digit", DIGIT),
    ("graph", ranges(&[(33, 126), (160, 255)])),
    ("print", ranges(&[(32, 126), (160, 255)])),
    ("punct", PUNCT),
    ("space", SPACE),
    ("word", WORD),
    ("xdigit", ranges(&[(b'0', b'9'), (b'A', b'F'), (b'a', b'f')])),
];

/// Horizontal and vertical space, as `\h` and `\v` mean them.
pub const HSPACE: &[(u32, u32)] = &[
    (9, 9),
    (32, 32),
    (0xA0, 0xA0),
    (0x1680, 0x1680),
    (0x180E, 0x180E),
    (0x2000, 0x200A),
    (0x202F, 0x202F),
    (0x205F, 0x205F),
    (0x3000, 0x3000),
];
pub const VSPACE: &[(u32, u32)] = &[(10, 13), (0x85, 0x85), (0x2028, 0x2029)];

#[inline]
pub fn in_low(set: &Low, c: u8) -> bool {
    set[(c >> 6) as usize] & (1 << (c & 63)) != 0
}

pub fn is_word(c: u8) -> bool {
    in_low(&WORD, c)
}
pub fn is_space(c: u8) -> bool {
    in_low(&SPACE, c)
}
pub fn is_letter(c: u8) -> bool {
    in_low(&ALPHA, c)
}

/// The other case of a byte in ISO 8859-1, or the byte itself.
pub fn flip(c: u8) -> u8 {
    match c {
        b'A'..=b'Z' | 192..=214 | 216..=222 => c + 32,
        b'a'..=b'z' | 224..=246 | 248..=254 => c - 32,
        _ => c,
    }
}

/// The code point at `at` of checked UTF-8, and its length, which stays inside of the text whatever the bytes. Past the end: `(0, 1)`.
#[inline]
pub fn decode(s: &[u8], at: usize) -> (u32, usize) {
    let b = |i: usize| s.get(at + i).map_or(0, |b| u32::from(*b & 0x3F));
    let left = s.len().saturating_sub(at);
    match s.get(at).copied() {
        None => (0, 1),
        // A continuation byte, which only `\C` can lead to, stands for itself.
        Some(c) if c < 0xC0 => (u32::from(c), 1),
        Some(c) if c < 0xE0 => ((u32::from(c & 0x1F) << 6) | b(1), left.min(2)),
        Some(c) if c < 0xF0 => ((u32::from(c & 0x0F) << 12) | (b(1) << 6) | b(2), left.min(3)),
        Some(c) => ((u32::from(c & 0x07) << 18) | (b(1) << 12) | (b(2) << 6) | b(3), left.min(4)),
    }
}

/// The start of the code point before `at`, which is more than 0.
#[inline]
pub fn back(s: &[u8], at: usize) -> usize {
    let mut i = at - 1;
    while i > 0 && s.get(i).is_some_and(|b| b & 0xC0 == 0x80) {
        i -= 1;
    }
    i
}

/// The bytes of a code point: UTF-8, or the one byte.
pub fn encode(c: u32, utf: bool, out: &mut Vec<u8>) {
    match char::from_u32(c) {
        Some(ch) if utf => {
            let mut buf = [0; 4];
            out.extend_from_slice(ch.encode_utf8(&mut buf).as_bytes());
        }
        _ => out.push(c as u8),
    }
}
