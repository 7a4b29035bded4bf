//! Blocks of deflate data: which of the three kinds is shortest, and its bits. Mirrors `trees.c` of zlib 1.3.

const LITERALS: usize = 256;
const END: usize = 256;
const L_CODES: usize = 286;
const D_CODES: usize = 30;
const BL_CODES: usize = 19;
const HEAP: usize = 2 * L_CODES + 1;
/// Symbols of a block.
const MOST_SYMBOLS: usize = (1 << 14) - 1;

const EXTRA_L: [u8; 29] = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const EXTRA_D: [u8; D_CODES] =
    [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];
const EXTRA_BL: [u8; BL_CODES] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 3, 7];
const BL_ORDER: [usize; BL_CODES] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/// The code of a length (less three), and its base.
fn length_code(len: usize) -> (usize, usize) {
    if len == 255 {
        return (28, 255);
    }
    code_of(&EXTRA_L[..28], len)
}

fn code_of(extra: &[u8], value: usize) -> (usize, usize) {
    let mut from = 0;
    for (code, e) in extra.iter().enumerate() {
        let next = from + (1 << e);
        if value < next {
            return (code, from);
        }
        from = next;
    }
    (extra.len() - 1, from - (1 << extra.last().copied().unwrap_or(0)))
}

/// One set of codes.
struct Tree {
    freq: [u32; HEAP],
    len: [u16; HEAP],
    code: [u16; HEAP],
    extra: &'static [u8],
    extra_base: usize,
    elems: usize,
    max_len: usize,
    fixed: fn(usize) -> usize,
    max_code: usize,
}

fn fixed_l(n: usize) -> usize {
    match n {
        0..=143 => 8,
        144..=255 => 9,
        256..=279 => 7,
        _ => 8,
    }
}

impl Tree {
    fn new(extra: &'static [u8], extra_base: usize, elems: usize, max_len: usize, fixed: fn(usize) -> usize) -> Tree {
        let (freq, len, code) = ([0; HEAP], [0; HEAP], [0; HEAP]);
        Tree { freq, len, code, extra, extra_base, elems, max_len, fixed, max_code: 0 }
    }

    /// Finds the lengths and codes of the symbols in use. Adds the bits of all of them to `sizes`: with these codes, and with fixed ones.
    fn build(&mut self, sizes: &mut (i64, i64)) {
        let mut depth = [0u8; HEAP];
        let mut dad = [0u16; HEAP];
        // The heap's first place is not used.
        let mut heap = [0u16; HEAP + 1];
        let mut count = 0;
        let mut max_code = None;
        for n in 0..self.elems {
            self.len[n] = 0;
            if self.freq[n] != 0 {
                count += 1;
                heap[count] = n as u16;
                max_code = Some(n);
            }
        }
        // At least two codes, so that a code has at least a bit.
        while count < 2 {
            let node = match max_code {
                None => 0,
                Some(n) if n < 2 => n + 1,
                Some(_) => 0,
            };
            if max_code.is_none_or(|n| n < 2) {
                max_code = Some(node);
            }
            count += 1;
            heap[count] = node as u16;
            self.freq[node] = 1;
            sizes.0 -= 1;
            sizes.1 -= (self.fixed)(node) as i64;
        }
        self.max_code = max_code.unwrap_or(0);
        for n in (1..=count / 2).rev() {
            self.down(&mut heap, count, n, &depth);
        }
        let mut node = self.elems;
        let mut sorted = Vec::with_capacity(HEAP);
        loop {
            let n = heap[1] as usize;
            heap[1] = heap[count];
            count -= 1;
            self.down(&mut heap, count, 1, &depth);
            let m = heap[1] as usize;
            sorted.push(n);
            sorted.push(m);
            self.freq[node] = self.freq[n] + self.freq[m];
            depth[node] = depth[n].max(depth[m]) + 1;
            (dad[n], dad[m]) = (node as u16, node as u16);
            heap[1] = node as u16;
            node += 1;
            self.down(&mut heap, count, 1, &depth);
            if count < 2 {
                break;
            }
        }
        sorted.push(heap[1] as usize);
        self.lengths(&sorted, &dad, sizes);
    }

    fn down(&self, heap: &mut [u16; HEAP + 1], count: usize, from: usize, depth: &[u8; HEAP]) {
        let smaller = |n: u16, m: u16| {
            let (n, m) = (n as usize, m as usize);
            self.freq[n] < self.freq[m] || self.freq[n] == self.freq[m] && depth[n] <= depth[m]
        };
        let v = heap[from];
        let mut k = from;
        let mut j = k * 2;
        while j <= count {
            if j < count && smaller(heap[j + 1], heap[j]) {
                j += 1;
            }
            if smaller(v, heap[j]) {
                break;
            }
            heap[k] = heap[j];
            k = j;
            j *= 2;
        }
        heap[k] = v;
    }

    /// `sorted`: nodes from the rarest to the root.
    fn lengths(&mut self, sorted: &[usize], dad: &[u16; HEAP], sizes: &mut (i64, i64)) {
        let mut counts = [0u16; 16];
        let mut overflow = 0i32;
        let mut order = sorted.iter().rev().copied();
        if let Some(root) = order.next() {
            self.len[root] = 0;
        }
        for n in order {
            let mut bits = self.len[dad[n] as usize] as usize + 1;
            if bits > self.max_len {
                bits = self.max_len;
                overflow += 1;
            }
            self.len[n] = bits as u16;
            if n > self.max_code {
                continue;
            }
            counts[bits] += 1;
            let extra = n.checked_sub(self.extra_base).and_then(|e| self.extra.get(e)).copied().unwrap_or(0) as i64;
            let freq = self.freq[n] as i64;
            sizes.0 += freq * (bits as i64 + extra);
            sizes.1 += freq * ((self.fixed)(n) as i64 + extra);
        }
        if overflow > 0 {
            while overflow > 0 {
                let mut bits = self.max_len - 1;
                while counts[bits] == 0 {
                    bits -= 1;
                }
                counts[bits] -= 1;
                counts[bits + 1] += 2;
                counts[self.max_len] -= 1;
                overflow -= 2;
            }
            let mut leaves = sorted.iter().copied().filter(|n| *n <= self.max_code);
            for bits in (1..=self.max_len).rev() {
                for _ in 0..counts[bits] {
                    let Some(m) = leaves.next() else { break };
                    sizes.0 += (bits as i64 - self.len[m] as i64) * self.freq[m] as i64;
                    self.len[m] = bits as u16;
                }
            }
        }
        self.codes(&counts);
    }

    fn codes(&mut self, counts: &[u16; 16]) {
        let mut next = [0u16; 16];
        let mut code = 0u16;
        for bits in 1..16 {
            code = (code + counts[bits - 1]) << 1;
            next[bits] = code;
        }
        for n in 0..=self.max_code {
            let len = self.len[n] as usize;
            if len != 0 {
                self.code[n] = next[len].reverse_bits() >> (16 - len);
                next[len] += 1;
            }
        }
    }

    /// The lengths, in runs: calls `f` with a code of the tree of lengths, and the value of its extra bits.
    fn runs(&self, f: &mut dyn FnMut(usize, usize)) {
        let mut last = usize::MAX;
        let mut next = self.len[0] as usize;
        let mut count = 0;
        let (mut most, mut least) = if next == 0 { (138, 3) } else { (7, 4) };
        for n in 0..=self.max_code {
            let now = next;
            next = if n == self.max_code { 0xFFFF } else { self.len[n + 1] as usize };
            count += 1;
            if count < most && now == next {
                continue;
            }
            if count < least {
                (0..count).for_each(|_| f(now, 0));
            } else if now != 0 {
                if now != last {
                    f(now, 0);
                    count -= 1;
                }
                f(16, count - 3);
            } else if count <= 10 {
                f(17, count - 3);
            } else {
                f(18, count - 11);
            }
            count = 0;
            last = now;
            (most, least) = match next {
                0 => (138, 3),
                _ if now == next => (6, 3),
                _ => (7, 4),
            };
        }
    }
}

/// Writes blocks.
pub(super) struct Blocks<'a> {
    data: &'a [u8],
    /// Where the block begins.
    start: usize,
    /// Distance (0: a literal) and length less three, or the literal.
    symbols: Vec<(u16, u8)>,
    l: Tree,
    d: Tree,
    out: Vec<u8>,
    bits: u64,
    filled: u32,
}

impl<'a> Blocks<'a> {
    pub fn new(data: &'a [u8]) -> Blocks<'a> {
        let mut b = Blocks {
            data,
            start: 0,
            symbols: Vec::with_capacity(MOST_SYMBOLS),
            l: Tree::new(&EXTRA_L, LITERALS + 1, L_CODES, 15, fixed_l),
            d: Tree::new(&EXTRA_D, 0, D_CODES, 15, |_| 5),
            out: Vec::new(),
            bits: 0,
            filled: 0,
        };
        b.clear();
        b
    }

    fn clear(&mut self) {
        self.symbols.clear();
        self.l.freq = [0; HEAP];
        self.d.freq = [0; HEAP];
        self.l.freq[END] = 1;
    }

    /// Notes a literal; `true`: the block is full.
    pub fn literal(&mut self, byte: u8) -> bool {
        self.symbols.push((0, byte));
        self.l.freq[byte as usize] += 1;
        self.symbols.len() == MOST_SYMBOLS
    }

    /// Notes a match; `true`: the block is full.
    pub fn pair(&mut self, distance: usize, len: usize) -> bool {
        self.symbols.push((distance as u16, (len - 3) as u8));
        self.l.freq[length_code(len - 3).0 + LITERALS + 1] += 1;
        self.d.freq[code_of(&EXTRA_D, distance - 1).0] += 1;
        self.symbols.len() == MOST_SYMBOLS
    }

    fn put(&mut self, value: usize, bits: u32) {
        self.bits |= (value as u64) << self.filled;
        self.filled += bits;
        while self.filled >= 8 {
            self.out.push(self.bits as u8);
            self.bits >>= 8;
            self.filled -= 8;
        }
    }

    fn align(&mut self) {
        if self.filled > 0 {
            self.out.push(self.bits as u8);
        }
        (self.bits, self.filled) = (0, 0);
    }

    /// Ends the block, which covers the data up to `end`.
    pub fn flush(&mut self, end: usize, last: bool) {
        let mut sizes = (0i64, 0i64);
        self.l.build(&mut sizes);
        self.d.build(&mut sizes);
        let mut bl = Tree::new(&EXTRA_BL, 0, BL_CODES, 7, |_| 0);
        for tree in [&self.l, &self.d] {
            tree.runs(&mut |code, _| bl.freq[code] += 1);
        }
        let mut bl_sizes = (sizes.0, 0);
        bl.build(&mut bl_sizes);
        let used = (3..BL_CODES).rev().find(|i| bl.len[BL_ORDER[*i]] != 0).unwrap_or(2) + 1;
        let best = (bl_sizes.0 + 3 * used as i64 + 14 + 3 + 7) >> 3;
        let fixed = (sizes.1 + 3 + 7) >> 3;
        let stored = end - self.start;
        if stored as i64 + 4 <= best.min(fixed) {
            self.stored(end, last);
        } else if fixed <= best {
            self.put(1 << 1 | usize::from(last), 3);
            let mut l = Tree::new(&EXTRA_L, LITERALS + 1, L_CODES + 2, 15, fixed_l);
            let mut counts = [0u16; 16];
            for n in 0..L_CODES + 2 {
                l.len[n] = fixed_l(n) as u16;
                counts[fixed_l(n)] += 1;
            }
            l.max_code = L_CODES + 1;
            l.codes(&counts);
            let mut d = Tree::new(&EXTRA_D, 0, D_CODES, 15, |_| 5);
            for n in 0..D_CODES {
                d.len[n] = 5;
                d.code[n] = (n as u16).reverse_bits() >> 11;
            }
            self.symbols(&l, &d);
        } else {
            self.put(2 << 1 | usize::from(last), 3);
            self.put(self.l.max_code + 1 - 257, 5);
            self.put(self.d.max_code, 5);
            self.put(used - 4, 4);
            BL_ORDER[..used].iter().for_each(|i| self.put(bl.len[*i] as usize, 3));
            let mut codes = Vec::new();
            for tree in [&self.l, &self.d] {
                tree.runs(&mut |code, extra| codes.push((code, extra)));
            }
            for (code, extra) in codes {
                self.put(bl.code[code] as usize, bl.len[code] as u32);
                self.put(extra, EXTRA_BL[code] as u32);
            }
            let empty = || Tree::new(&EXTRA_D, 0, D_CODES, 15, |_| 5);
            let (l, d) = (std::mem::replace(&mut self.l, empty()), std::mem::replace(&mut self.d, empty()));
            self.symbols(&l, &d);
            (self.l, self.d) = (l, d);
        }
        self.clear();
        self.start = end;
        if last {
            self.align();
        }
    }

    fn stored(&mut self, end: usize, last: bool) {
        let from = self.start;
        self.put(usize::from(last), 3);
        self.align();
        let len = (end - from) as u16;
        self.out.extend(len.to_le_bytes());
        self.out.extend((!len).to_le_bytes());
        self.out.extend_from_slice(&self.data[from..end]);
    }

    fn symbols(&mut self, l: &Tree, d: &Tree) {
        for (distance, value) in std::mem::take(&mut self.symbols) {
            let value = value as usize;
            if distance == 0 {
                self.put(l.code[value] as usize, l.len[value] as u32);
                continue;
            }
            let (code, from) = length_code(value);
            let symbol = code + LITERALS + 1;
            self.put(l.code[symbol] as usize, l.len[symbol] as u32);
            self.put(value - from, EXTRA_L[code] as u32);
            let distance = distance as usize - 1;
            let (code, from) = code_of(&EXTRA_D, distance);
            self.put(d.code[code] as usize, d.len[code] as u32);
            self.put(distance - from, EXTRA_D[code] as u32);
        }
        self.put(l.code[END] as usize, l.len[END] as u32);
    }

    /// Ends the last block; all bytes.
    pub fn finish(mut self) -> Vec<u8> {
        self.flush(self.data.len(), true);
        self.out
    }
}
