//! Deflate, byte for byte as the zlib library packs at its levels 1 to 9.
//!
//! OTP's compiler stores literals packed by zlib, and `term_to_binary` can pack, so a program can see these bytes; crates that pack as well or
//! better give others. This owns the search for matches, with zlib's hash, its limits by level and its lazy evaluation; [`trees`]
//! owns the blocks. Mirrors `deflate.c` of zlib 1.3, default strategy and memory level, all input given at once.

mod trees;

use trees::Blocks;

const MIN_MATCH: usize = 3;
const MAX_MATCH: usize = 258;
const WINDOW: usize = 1 << 15;
/// A match may lie no farther back.
const MAX_DISTANCE: usize = WINDOW - (MAX_MATCH + MIN_MATCH + 1);
/// A match of three bytes farther back than this is not worth its bits.
const TOO_FAR: usize = 4096;

/// When the search is content, by level.
struct Effort {
    /// A match so long in hand quarters the search for a better one.
    good: usize,
    /// A match so long is not improved on.
    lazy: usize,
    /// A match so long ends the search.
    nice: usize,
    chain: usize,
}

const fn effort(good: usize, lazy: usize, nice: usize, chain: usize) -> Effort {
    Effort { good, lazy, nice, chain }
}

const EFFORTS: [Effort; 9] = [
    effort(4, 4, 8, 4),
    effort(4, 5, 16, 8),
    effort(4, 6, 32, 32),
    effort(4, 4, 16, 16),
    effort(8, 16, 32, 32),
    effort(8, 16, 128, 128),
    effort(8, 32, 128, 256),
    effort(32, 128, 258, 1024),
    effort(32, 258, 258, 4096),
];

struct Search<'a> {
    data: &'a [u8],
    effort: &'a Effort,
    /// Last place of each hash, plus none: 0, as zlib has it, so that nothing matches the first byte.
    head: Vec<u32>,
    /// The place before, of the same hash, by place in the window.
    before: Vec<u32>,
}

impl Search<'_> {
    /// Notes the string at `at` and gives the last place of its hash, 0 for none.
    fn insert(&mut self, at: usize) -> usize {
        let Some([a, b, c]) = self.data.get(at..at + 3).and_then(|s| s.first_chunk::<3>()) else { return 0 };
        let hash = ((*a as usize) << 10 ^ (*b as usize) << 5 ^ *c as usize) & 0x7FFF;
        let found = std::mem::replace(&mut self.head[hash], at as u32);
        self.before[at % WINDOW] = found;
        found as usize
    }

    /// The longest match at `at` that is longer than `have`, starting with the place `from`: its length (at most what is left) and
    /// place; `None` when nothing is longer.
    fn longest(&self, at: usize, from: usize, have: usize) -> Option<(usize, usize)> {
        let left = self.data.len() - at;
        let nice = self.effort.nice.min(left);
        let mut chain = if have >= self.effort.good { self.effort.chain / 4 } else { self.effort.chain };
        let limit = at.saturating_sub(MAX_DISTANCE);
        let scan = &self.data[at..at + left.min(MAX_MATCH)];
        let (mut best, mut place, mut found) = (have, from, None);
        loop {
            // Only a string that differs at the end of the best so far can't be longer.
            if best < scan.len() && self.data[place + best] == scan[best] {
                let len = scan.iter().zip(&self.data[place..]).take_while(|(a, b)| a == b).count();
                if len > best && len >= MIN_MATCH {
                    (best, found) = (len, Some((len, place)));
                    if len >= nice {
                        break;
                    }
                }
            }
            place = self.before[place % WINDOW] as usize;
            chain -= 1;
            if place <= limit || chain == 0 {
                break;
            }
        }
        found
    }

    fn in_reach(&self, at: usize, place: usize) -> bool {
        place != 0 && at - place <= MAX_DISTANCE
    }
}

/// Raw deflate data.
pub fn deflate(data: &[u8], level: u32) -> Vec<u8> {
    let level = level.clamp(1, 9);
    let effort = &EFFORTS[level as usize - 1];
    let mut s = Search { data, effort, head: vec![0; 1 << 15], before: vec![0; WINDOW] };
    let mut blocks = Blocks::new(data);
    if level <= 3 {
        fast(&mut s, &mut blocks)
    } else {
        slow(&mut s, &mut blocks)
    }
    blocks.finish()
}

/// Takes each match that is found.
fn fast(s: &mut Search<'_>, out: &mut Blocks<'_>) {
    let mut at = 0;
    while at < s.data.len() {
        let place = s.insert(at);
        let found = if s.in_reach(at, place) { s.longest(at, place, MIN_MATCH - 1) } else { None };
        match found {
            Some((len, place)) => {
                let full = out.pair(at - place, len);
                let left = s.data.len() - at - len;
                if len <= s.effort.lazy && left >= MIN_MATCH {
                    for i in at + 1..at + len {
                        s.insert(i);
                    }
                }
                at += len;
                if full {
                    out.flush(at, false);
                }
            }
            None => {
                let full = out.literal(s.data[at]);
                at += 1;
                if full {
                    out.flush(at, false);
                }
            }
        }
    }
}

/// Takes a match only when the next byte doesn't start a longer one.
fn slow(s: &mut Search<'_>, out: &mut Blocks<'_>) {
    let (mut at, mut len, mut place) = (0, MIN_MATCH - 1, 0);
    let mut waiting = false;
    while at < s.data.len() {
        let head = s.insert(at);
        let (last_len, last_place) = (len, place);
        len = MIN_MATCH - 1;
        if last_len < s.effort.lazy && s.in_reach(at, head) {
            // When nothing is longer, zlib keeps the length in hand, which then loses against itself.
            match s.longest(at, head, last_len) {
                Some((l, p)) => (len, place) = (l, p),
                None => len = last_len.min(s.data.len() - at),
            }
            if len == MIN_MATCH && at - place > TOO_FAR {
                len = MIN_MATCH - 1;
            }
        }
        if last_len >= MIN_MATCH && len <= last_len {
            let full = out.pair(at - 1 - last_place, last_len);
            let last_insert = (s.data.len() - MIN_MATCH).min(at + last_len - 2);
            for i in at + 1..=last_insert {
                s.insert(i);
            }
            at += last_len - 1;
            waiting = false;
            len = MIN_MATCH - 1;
            if full {
                out.flush(at, false);
            }
        } else if waiting {
            if out.literal(s.data[at - 1]) {
                out.flush(at, false);
            }
            at += 1;
        } else {
            waiting = true;
            at += 1;
        }
    }
    if waiting {
        out.literal(s.data[at - 1]);
    }
}

/// Zlib data: header, deflate data, checksum.
pub fn zlib(data: &[u8], level: u32) -> Vec<u8> {
    let flags: u16 = match level {
        0 | 1 => 0,
        2..=5 => 1,
        6 => 2,
        _ => 3,
    };
    let header = 0x7800 | flags << 6;
    let header = header + (31 - header % 31);
    let mut out = header.to_be_bytes().to_vec();
    out.extend(deflate(data, level));
    out.extend(adler2::adler32_slice(data).to_be_bytes());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    /// Text, numbers, noise and repeats in turn, the same every time.
    fn sample(len: usize) -> Vec<u8> {
        let mut seed = 12345u32;
        let mut next = || {
            seed = seed.wrapping_mul(1_103_515_245).wrapping_add(12345);
            seed >> 16
        };
        let words = ["alpha ", "beta,", "gamma\n", "delta(", "function_clause ", "x", "0123456789"];
        let mut out = Vec::new();
        while out.len() < len {
            match next() % 5 {
                0 => out.extend(std::iter::repeat_n((next() % 7) as u8, (next() % 400) as usize)),
                1 => (0..next() % 60).for_each(|_| out.push(next() as u8)),
                2 if out.len() > 40_000 => {
                    let from = out.len() - 1 - (next() as usize % 36_000);
                    let piece = out[from..(from + 300).min(out.len())].to_vec();
                    out.extend(piece);
                }
                _ => (0..next() % 30).for_each(|_| out.extend(words[next() as usize % words.len()].as_bytes())),
            }
        }
        out.truncate(len);
        out
    }

    #[test]
    fn what_is_packed_unpacks() {
        for len in [0, 1, 2, 3, 4, 5, 100, 1000, 40_000, 300_000] {
            let data = sample(len);
            for level in 1..=9 {
                let packed = zlib(&data, level);
                let mut plain = Vec::new();
                flate2::read::ZlibDecoder::new(&packed[..]).read_to_end(&mut plain).unwrap();
                assert_eq!(plain, data, "{len} bytes at level {level}");
            }
        }
    }

    /// Checksums of what zlib 1.2.13 gives for the same samples (`zlib.adler32(zlib.compress(data, level))` in Python).
    #[test]
    fn the_bytes_are_zlibs() {
        let sums: Vec<(usize, u32, u32)> = [0, 3, 1000, 40_000, 300_000]
            .into_iter()
            .flat_map(|len| (1..=9).map(move |level| (len, level, adler2::adler32_slice(&zlib(&sample(len), level)))))
            .collect();
        assert_eq!(sums, ZLIB);
    }

    const ZLIB: &[(usize, u32, u32)] = &[
        (0, 1, 0x03e2007e),
        (0, 2, 0x066d00db),
        (0, 3, 0x066d00db),
        (0, 4, 0x066d00db),
        (0, 5, 0x066d00db),
        (0, 6, 0x081f0119),
        (0, 7, 0x09d10157),
        (0, 8, 0x09d10157),
        (0, 9, 0x09d10157),
        (3, 1, 0x0e4d022d),
        (3, 2, 0x11ef028a),
        (3, 3, 0x11ef028a),
        (3, 4, 0x11ef028a),
        (3, 5, 0x11ef028a),
        (3, 6, 0x145b02c8),
        (3, 7, 0x16c70306),
        (3, 8, 0x16c70306),
        (3, 9, 0x16c70306),
        (1000, 1, 0x70e3965a),
        (1000, 2, 0xf2f1966c),
        (1000, 3, 0xf2f1966c),
        (1000, 4, 0x0be5975c),
        (1000, 5, 0x893e972d),
        (1000, 6, 0xd16a976b),
        (1000, 7, 0x19a597a9),
        (1000, 8, 0x19a597a9),
        (1000, 9, 0x19a597a9),
        (40000, 1, 0x112a88f7),
        (40000, 2, 0x83113da9),
        (40000, 3, 0x1a3b2486),
        (40000, 4, 0x3569882a),
        (40000, 5, 0x42179212),
        (40000, 6, 0xb4f84d4b),
        (40000, 7, 0x788a1d7c),
        (40000, 8, 0xafee07a1),
        (40000, 9, 0x6534d959),
        (300000, 1, 0x36b06fe2),
        (300000, 2, 0xe5221d22),
        (300000, 3, 0x49adca15),
        (300000, 4, 0xb757c4ef),
        (300000, 5, 0x7354f661),
        (300000, 6, 0xc15722ac),
        (300000, 7, 0x2fd488e3),
        (300000, 8, 0x05060c26),
        (300000, 9, 0xf74126a6),
    ];
}
