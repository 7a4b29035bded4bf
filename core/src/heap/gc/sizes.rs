//! The table of heap sizes: every heap's size is one of these, in words. Rule of `erts_init_gc` in `erl_gc.c`.

const COUNT: usize = 128;

const fn table() -> ([u64; COUNT], usize) {
    let mut t = [0u64; COUNT];
    t[0] = 12;
    t[1] = 38;
    let mut i = 2;
    while i < 23 {
        t[i] = t[i - 1] + t[i - 2] + 1;
        i += 1;
    }
    // From about a million words on, growth slows down to a fifth.
    while i < COUNT && t[i - 1] < 1 << 29 {
        t[i] = t[i - 1] + t[i - 1] / 5;
        i += 1;
    }
    (t, i)
}

const TABLE: ([u64; COUNT], usize) = table();

/// The least size of the table that is at least `words`.
pub fn at_least(words: usize) -> usize {
    next(words, 0)
}

/// The size `offset` steps above the least one that is at least `words`; the greatest for anything larger, and the least, whatever the offset, for what is less than it.
pub fn next(words: usize, offset: usize) -> usize {
    let (t, n) = (&TABLE.0[..TABLE.1], TABLE.1);
    if (words as u64) < TABLE.0[0] {
        return TABLE.0[0] as usize;
    }
    let i = t.partition_point(|s| *s < words as u64);
    if i >= n {
        return words;
    }
    t[(i + offset).min(n - 1)] as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sizes_are_those_that_process_info_shows() {
        let mut sizes = vec![];
        let mut s = 0;
        while sizes.len() < 12 {
            s = at_least(s + 1);
            sizes.push(s);
        }
        assert_eq!(sizes, [12, 38, 51, 90, 142, 233, 376, 610, 987, 1598, 2586, 4185]);
        assert_eq!(next(233, 1), 376);
        assert_eq!(next(234, 0), 376);
        assert_eq!((next(11, 1), next(12, 1)), (12, 38));
    }
}
