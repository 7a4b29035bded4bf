//! The process dictionary: pairs in the order of their insertion, found through a hash of the key.
//!
//! Keys and values are terms on the process's own heap and roots of its collections. The caller supplies hash and equality,
//! which live in a layer above.

use crate::term::Term;
use rustc_hash::FxHashMap;

/// Pairs of one process.
#[derive(Default, Debug)]
pub struct Dictionary {
    /// Key and value; `NONE` keys are holes.
    pairs: Vec<Term>,
    index: FxHashMap<u32, Vec<u32>>,
    len: usize,
}

impl Dictionary {
    pub fn len(&self) -> usize {
        self.len
    }
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes of the host that the dictionary takes.
    pub fn host_bytes(&self) -> u64 {
        let place = size_of::<u32>() + size_of::<Vec<u32>>() + 16;
        (self.pairs.capacity() * size_of::<Term>() + self.index.capacity() * place) as u64
    }

    fn find(&self, hash: u32, mut eq: impl FnMut(Term) -> bool) -> Option<usize> {
        let places = self.index.get(&hash)?;
        places.iter().map(|p| *p as usize).find(|p| self.pairs.get(*p).is_some_and(|k| eq(*k)))
    }

    pub fn get(&self, hash: u32, eq: impl FnMut(Term) -> bool) -> Option<Term> {
        self.find(hash, eq).and_then(|p| self.pairs.get(p + 1).copied())
    }

    /// Sets a value; returns the one before.
    pub fn put(&mut self, hash: u32, key: Term, value: Term, eq: impl FnMut(Term) -> bool) -> Option<Term> {
        if let Some(p) = self.find(hash, eq) {
            return self.pairs.get_mut(p + 1).map(|v| std::mem::replace(v, value));
        }
        self.index.entry(hash).or_default().push(self.pairs.len() as u32);
        self.pairs.extend([key, value]);
        self.len += 1;
        None
    }

    /// Removes a key; returns its value.
    pub fn erase(&mut self, hash: u32, eq: impl FnMut(Term) -> bool) -> Option<Term> {
        let p = self.find(hash, eq)?;
        let old = self.pairs.get(p + 1).copied();
        self.pairs[p] = Term::NONE;
        self.pairs[p + 1] = Term::NONE;
        if let Some(places) = self.index.get_mut(&hash) {
            places.retain(|q| *q as usize != p);
            if places.is_empty() {
                self.index.remove(&hash);
            }
        }
        self.len -= 1;
        if self.len == 0 {
            self.pairs.clear();
        } else if self.pairs.len() > 64 && self.len * 4 < self.pairs.len() / 2 {
            self.compact();
        }
        old
    }

    fn compact(&mut self) {
        let mut moved = FxHashMap::default();
        let mut pairs = Vec::with_capacity(self.len * 2);
        for (i, p) in self.pairs.chunks_exact(2).enumerate() {
            if !p[0].is_none() {
                moved.insert(i as u32 * 2, pairs.len() as u32);
                pairs.extend_from_slice(p);
            }
        }
        for places in self.index.values_mut() {
            for p in places {
                *p = moved.get(p).copied().unwrap_or(*p);
            }
        }
        self.pairs = pairs;
    }

    /// Removes everything.
    pub fn clear(&mut self) {
        *self = Dictionary::default();
    }

    /// Keys and values, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = (Term, Term)> + '_ {
        self.pairs.chunks_exact(2).filter(|p| !p[0].is_none()).map(|p| (p[0], p[1]))
    }

    pub fn visit(&mut self, f: &mut dyn FnMut(&mut [Term])) {
        f(&mut self.pairs)
    }
}
