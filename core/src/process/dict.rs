//! The process dictionary: a table that grows by linear hashing, of `{Key, Value}` tuples on the process's own heap.
//!
//! A slot holds `[]`, one pair, or a list of pairs. Pairs and lists are words of the heap like any others; the array of slots lies outside
//! and is a root. Sizes, growth and the order of pairs follow `erl_process_dict.c` (OTP 27), since `get/0` and `process_info` show them.

use crate::arena::OutOfMemory;
use crate::heap::{Alloc, build, order};
use crate::term::{Mem, Term};

/// Slots of a new table.
const INITIAL: usize = 8;
/// Bytes that OTP's table takes besides its slots.
const HEADER_BYTES: u64 = 24;

/// Pairs of one process.
#[derive(Default, Debug)]
pub struct Dictionary {
    /// As long as the array that OTP would have; slots from `used` on are `[]`. Empty: there is no table.
    slots: Vec<Term>,
    used: usize,
    /// The slots of one round of splitting, twice over, less one.
    mask: usize,
    /// The next slot to split.
    split: usize,
    len: usize,
}

/// The hash of a key; see [`crate::bif::registry`] for the rule.
pub type Hash<'a> = &'a dyn Fn(Mem, Term) -> u64;

impl Dictionary {
    pub fn len(&self) -> usize {
        self.len
    }
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes that OTP counts for the table besides the words on the heap.
    pub fn table_bytes(&self) -> u64 {
        if self.slots.is_empty() { 0 } else { HEADER_BYTES + 8 * self.slots.len() as u64 }
    }

    /// Bytes of the host that the dictionary takes.
    pub fn host_bytes(&self) -> u64 {
        (self.slots.capacity() * size_of::<Term>()) as u64
    }

    fn slot_of(&self, hash: u64) -> usize {
        let high = hash as usize & self.mask;
        if high >= self.used { hash as usize & (self.mask >> 1) } else { high }
    }

    fn bucket(&self, hash: u64) -> Term {
        self.slots.get(self.slot_of(hash)).copied().unwrap_or(Term::NIL)
    }

    pub fn get(&self, mem: Mem, hash: u64, key: Term) -> Option<Term> {
        pairs(mem, self.bucket(hash)).find(|p| is_key(mem, *p, key)).map(|p| mem.element(p, 2))
    }

    /// Most words that [`Dictionary::put`] takes for the pair itself; 0 when it changes a value in place.
    pub fn words_to_put(&self, mem: Mem, hash: u64, key: Term, value: Term) -> u32 {
        let bucket = self.bucket(hash);
        let there = pairs(mem, bucket).any(|p| is_key(mem, p, key));
        match there {
            true if value.is_immed() => 0,
            true if bucket.is_boxed() => 3,
            _ if bucket.is_boxed() => 7,
            _ if bucket.is_list() => 5,
            _ => 3,
        }
    }

    /// Sets a value; returns the one before.
    pub fn put(
        &mut self,
        a: &mut dyn Alloc,
        hashes: Hash<'_>,
        key: Term,
        value: Term,
    ) -> Result<Option<Term>, OutOfMemory> {
        let mem = a.mem();
        if self.slots.is_empty() {
            self.slots = vec![Term::NIL; INITIAL];
            (self.used, self.mask, self.split, self.len) = (INITIAL, 2 * INITIAL - 1, 0, 0);
        }
        let at = self.slot_of(hashes(mem, key));
        let bucket = self.slots[at];
        let pair = pairs(mem, bucket).find(|p| is_key(mem, *p, key));
        let old = pair.map(|p| mem.element(p, 2));
        if let Some(pair) = pair {
            if value.is_immed() {
                // The pair may be older than the last collection: only an immediate can be written into it.
                mem.set(pair.addr(), 2, value);
                return Ok(old);
            }
            self.slots[at] = without(mem, bucket, pair);
        }
        let new = build::tuple(a, &[key, value])?;
        self.slots[at] = match self.slots[at] {
            rest if rest.is_nil() && !bucket.is_list() => new,
            one if one.is_boxed() => {
                let tail = build::cons(a, one, Term::NIL)?;
                build::cons(a, new, tail)?
            }
            list => build::cons(a, new, list)?,
        };
        if old.is_none() {
            self.len += 1;
        }
        if self.used <= self.len {
            self.grow(a, hashes)?;
        }
        Ok(old)
    }

    /// Removes a key; returns its value.
    pub fn erase(&mut self, a: &mut dyn Alloc, hash: u64, key: Term) -> Result<Option<Term>, OutOfMemory> {
        let mem = a.mem();
        let bucket = self.bucket(hash);
        let Some(pair) = pairs(mem, bucket).find(|p| is_key(mem, *p, key)) else { return Ok(None) };
        let old = mem.element(pair, 2);
        let at = self.slot_of(hash);
        let rest = without(mem, bucket, pair);
        self.slots[at] = if rest.is_list() && mem.tail(rest).is_nil() { mem.head(rest) } else { rest };
        self.len -= 1;
        if self.used > INITIAL && self.used / 2 > self.len {
            self.shrink(a)?;
        }
        Ok(Some(old))
    }

    /// Removes everything.
    pub fn clear(&mut self) {
        *self = Dictionary::default();
    }

    /// The `{Key, Value}` tuples in the order of the slots; what programs see is the reverse of it.
    pub fn pairs(&self, mem: Mem) -> impl Iterator<Item = Term> + '_ {
        self.slots.iter().take(self.used).flat_map(move |bucket| pairs(mem, *bucket))
    }

    /// What holds the pairs, for who looks at memory.
    pub fn cells(&self) -> impl Iterator<Item = Term> + '_ {
        self.slots.iter().copied()
    }

    pub fn visit(&mut self, f: &mut dyn FnMut(&mut [Term])) {
        if !self.slots.is_empty() {
            f(&mut self.slots)
        }
    }

    fn grow(&mut self, a: &mut dyn Alloc, hashes: Hash<'_>) -> Result<(), OutOfMemory> {
        let mem = a.mem();
        let steps = ((self.used / 4) & 0xf).max(1);
        let size = array_size(self.used + steps);
        if size > self.slots.len() {
            self.slots.resize(size, Term::NIL);
        }
        let mut home = self.used - self.split;
        for _ in 0..steps {
            if self.split == home {
                home *= 2;
                self.mask = home * 2 - 1;
                self.split = 0;
            }
            let at = self.split;
            self.split += 1;
            self.used += 1;
            let bucket = self.slots[at];
            if bucket.is_boxed() {
                if self.slot_of(hashes(mem, mem.element(bucket, 1))) != at {
                    self.slots[at + home] = bucket;
                    self.slots[at] = Term::NIL;
                }
                continue;
            }
            let (mut stay, mut go) = (Term::NIL, Term::NIL);
            for pair in pairs(mem, bucket) {
                let stays = self.slot_of(hashes(mem, mem.element(pair, 1))) == at;
                let list = if stays { &mut stay } else { &mut go };
                *list = build::cons(a, pair, *list)?;
            }
            self.slots[at] = alone(mem, stay);
            self.slots[at + home] = alone(mem, go);
        }
        Ok(())
    }

    fn shrink(&mut self, a: &mut dyn Alloc) -> Result<(), OutOfMemory> {
        let mem = a.mem();
        let steps = (self.used * 3 / 10).min(self.used - INITIAL);
        for _ in 0..steps {
            if self.split == 0 {
                self.mask = self.used - 1;
                self.split = self.used / 2;
            }
            self.split -= 1;
            let (high, low) = (self.slots[self.used - 1], self.slots[self.split]);
            if !high.is_nil() {
                self.slots[self.split] = match (low.is_nil(), low.is_boxed(), high.is_boxed()) {
                    (true, ..) => high,
                    (_, true, true) => {
                        let tail = build::cons(a, high, Term::NIL)?;
                        build::cons(a, low, tail)?
                    }
                    (_, true, false) => build::cons(a, low, high)?,
                    (_, false, true) => build::cons(a, high, low)?,
                    (_, false, false) => {
                        let mut list = low;
                        for pair in pairs(mem, high) {
                            list = build::cons(a, pair, list)?;
                        }
                        list
                    }
                };
            }
            self.used -= 1;
            self.slots[self.used] = Term::NIL;
        }
        if self.used <= self.slots.len() / 4 {
            let size = array_size(self.used * 3 / 2);
            if size < self.slots.len() {
                self.slots.truncate(size);
                self.slots.shrink_to_fit();
            }
        }
        Ok(())
    }
}

/// Slots of the array that holds `need`.
fn array_size(need: usize) -> usize {
    if need <= 10 {
        return need;
    }
    let mut size = 20;
    while size < need {
        size *= 2;
    }
    size
}

fn is_key(mem: Mem, pair: Term, key: Term) -> bool {
    order::exact_eq(mem, mem.element(pair, 1), key)
}

/// The pairs of a bucket.
fn pairs(mem: Mem, bucket: Term) -> impl Iterator<Item = Term> {
    let mut rest = bucket;
    std::iter::from_fn(move || {
        if rest.is_list() {
            let pair = mem.head(rest);
            rest = mem.tail(rest);
            return Some(pair);
        }
        let pair = std::mem::replace(&mut rest, Term::NIL);
        pair.is_boxed().then_some(pair)
    })
}

/// A list of one pair is kept as the pair.
fn alone(mem: Mem, list: Term) -> Term {
    if list.is_list() && mem.tail(list).is_nil() { mem.head(list) } else { list }
}

/// The bucket without a pair that is in it. A list is changed in place: a cell's tail is always older than the cell.
fn without(mem: Mem, bucket: Term, pair: Term) -> Term {
    if !bucket.is_list() {
        return Term::NIL;
    }
    if mem.head(bucket) == pair {
        return mem.tail(bucket);
    }
    let mut before = bucket;
    loop {
        let cell = mem.tail(before);
        if !cell.is_list() {
            return bucket;
        }
        if mem.head(cell) == pair {
            mem.set(before.addr(), 1, mem.tail(cell));
            return bucket;
        }
        before = cell;
    }
}
