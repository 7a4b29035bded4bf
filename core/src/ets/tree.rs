//! Ordered sets: runs of at most [`RUN`] objects in the order of their keys.
//!
//! A key is found by two binary searches. Keys are compared as `==` does, so `1` and `1.0` are one key.

use super::Object;
use crate::arena::Arena;
use crate::heap::order;
use crate::term::{Mem, Names, Term};
use std::cmp::Ordering;

/// Most objects of a run.
const RUN: usize = 128;
/// Words that an object takes besides its tuple.
const HEADER: u64 = 5;

/// The objects of an ordered set.
#[derive(Debug)]
pub struct TreeStore {
    /// No run is empty.
    runs: Vec<Vec<Object>>,
    len: usize,
    words: u64,
    keypos: u32,
}

/// A place: run and index in it.
pub type Place = (usize, usize);

impl TreeStore {
    pub fn new(keypos: u32) -> TreeStore {
        TreeStore { runs: Vec::new(), len: 0, words: 0, keypos }
    }
    pub fn len(&self) -> usize {
        self.len
    }
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
    /// Words of all objects with their headers.
    pub fn words(&self) -> u64 {
        self.words
    }

    /// Bytes of the host that the runs take.
    pub fn host_bytes(&self) -> u64 {
        ((self.len * 2 + RUN) * size_of::<Object>()) as u64
    }

    /// All objects in order.
    pub fn objects(&self) -> impl Iterator<Item = &Object> {
        self.runs.iter().flatten()
    }

    fn cmp(&self, mem: Mem, names: &dyn Names, o: &Object, key: Term) -> Ordering {
        order::compare(mem, names, o.key(mem, self.keypos), key)
    }

    /// Place of the object with the key, or of the first after it.
    fn search(&self, mem: Mem, names: &dyn Names, key: Term) -> Result<Place, Place> {
        let run =
            self.runs.partition_point(|r| r.last().is_some_and(|o| self.cmp(mem, names, o, key) == Ordering::Less));
        match self.runs.get(run) {
            None => Err((run, 0)),
            Some(r) => match r.binary_search_by(|o| self.cmp(mem, names, o, key)) {
                Ok(i) => Ok((run, i)),
                Err(i) => Err((run, i)),
            },
        }
    }

    pub fn get(&self, mem: Mem, names: &dyn Names, key: Term) -> Option<Term> {
        let (r, i) = self.search(mem, names, key).ok()?;
        self.at((r, i))
    }

    pub fn at(&self, (r, i): Place) -> Option<Term> {
        self.runs.get(r)?.get(i).map(|o| o.term)
    }

    /// Puts an object in, in place of the one with its key.
    pub fn insert(&mut self, arena: &mut Arena, names: &dyn Names, object: Object) {
        let mem = arena.mem();
        let key = object.key(mem, self.keypos);
        self.words += object.words() + HEADER;
        match self.search(mem, names, key) {
            Ok((r, i)) => {
                let old = std::mem::replace(&mut self.runs[r][i], object);
                self.words -= old.words() + HEADER;
                old.free(arena);
            }
            Err((r, i)) => {
                self.len += 1;
                // Past the last run: at the end of it.
                let (r, i) = match self.runs.last() {
                    None => {
                        self.runs.push(vec![object]);
                        return;
                    }
                    Some(last) if r == self.runs.len() => (r - 1, last.len()),
                    Some(_) => (r, i),
                };
                let run = &mut self.runs[r];
                run.insert(i, object);
                if run.len() > RUN {
                    // Ascending insertion leaves full runs behind.
                    let at = if i == RUN { RUN } else { RUN / 2 };
                    let rest = run.split_off(at);
                    self.runs.insert(r + 1, rest);
                }
            }
        }
    }

    fn remove(&mut self, arena: &mut Arena, (r, i): Place) {
        let o = self.runs[r].remove(i);
        self.words -= o.words() + HEADER;
        self.len -= 1;
        o.free(arena);
        if self.runs[r].is_empty() {
            self.runs.remove(r);
        } else if self.runs[r].len() < RUN / 4
            && let Some(next) = self.runs.get(r + 1)
            && next.len() + self.runs[r].len() <= RUN / 2
        {
            let rest = self.runs.remove(r + 1);
            self.runs[r].extend(rest);
        }
    }

    /// Deletes the object with the key if it fulfils `f`.
    pub fn delete_where(
        &mut self,
        arena: &mut Arena,
        names: &dyn Names,
        key: Term,
        f: impl FnOnce(Term) -> bool,
    ) -> usize {
        match self.search(arena.mem(), names, key) {
            Ok(at) if self.at(at).is_some_and(f) => {
                self.remove(arena, at);
                1
            }
            _ => 0,
        }
    }

    /// Takes any object out of a store that is of no table any more.
    pub fn pop(&mut self) -> Option<Object> {
        while let Some(run) = self.runs.last_mut() {
            match run.pop() {
                Some(o) => return Some(o),
                None => drop(self.runs.pop()),
            }
        }
        None
    }

    pub fn first(&self) -> Option<Place> {
        (!self.runs.is_empty()).then_some((0, 0))
    }
    pub fn last(&self) -> Option<Place> {
        let r = self.runs.len().checked_sub(1)?;
        Some((r, self.runs[r].len() - 1))
    }
    /// The place after a place.
    pub fn step(&self, (r, i): Place) -> Option<Place> {
        if i + 1 < self.runs.get(r)?.len() { Some((r, i + 1)) } else { (r + 1 < self.runs.len()).then_some((r + 1, 0)) }
    }
    /// The place before a place.
    pub fn step_back(&self, (r, i): Place) -> Option<Place> {
        if i > 0 {
            return Some((r, i - 1));
        }
        let r = r.checked_sub(1)?;
        Some((r, self.runs.get(r)?.len().checked_sub(1)?))
    }

    /// The first place whose key is not less, as `stand` says of keys, in their order.
    pub fn first_where(&self, mem: Mem, stand: &dyn Fn(Term) -> Ordering) -> Option<Place> {
        let less = |o: &Object| stand(o.key(mem, self.keypos)) == Ordering::Less;
        let run = self.runs.partition_point(|r| r.last().is_some_and(less));
        Some((run, self.runs.get(run)?.partition_point(less)))
    }
    /// The last place whose key is not greater.
    pub fn last_where(&self, mem: Mem, stand: &dyn Fn(Term) -> Ordering) -> Option<Place> {
        let not_greater = |o: &Object| stand(o.key(mem, self.keypos)) != Ordering::Greater;
        let run = self.runs.partition_point(|r| r.first().is_some_and(not_greater)).checked_sub(1)?;
        Some((run, self.runs.get(run)?.partition_point(not_greater).checked_sub(1)?))
    }

    /// The first place whose key is greater.
    pub fn after(&self, mem: Mem, names: &dyn Names, key: Term) -> Option<Place> {
        match self.search(mem, names, key) {
            Ok(at) => self.step(at),
            Err(at) => self.at(at).map(|_| at),
        }
    }
    /// The last place whose key is less.
    pub fn before(&self, mem: Mem, names: &dyn Names, key: Term) -> Option<Place> {
        match self.search(mem, names, key) {
            Ok(at) => self.step_back(at),
            Err((r, _)) if r >= self.runs.len() => self.last(),
            Err(at) => self.step_back(at),
        }
    }

    /// The object number `n`, from 0.
    pub fn nth(&self, mut n: usize) -> Option<Term> {
        for r in &self.runs {
            match r.get(n) {
                Some(o) => return Some(o.term),
                None => n -= r.len(),
            }
        }
        None
    }
}
