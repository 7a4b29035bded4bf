//! What processes share besides tables: persistent terms, the environment.
//!
//! A persistent term lives among the literals, so reading it copies nothing. What a `put` or `erase` replaces goes the way of purged
//! code's literals: processes that refer to it copy it, then its area is given back. Arrays of atomics
//! belong to their references (`heap::owner`).

use crate::arena::{Arena, OutOfMemory};
use crate::heap::order;
use crate::heap::{Fragment, LiteralAlloc, OffHeap, build, copy, size};
use crate::term::{Mem, Names, Term, hash};
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;

/// Persistent terms: pairs `{Key, Value}` among the literals.
#[derive(Default, Debug)]
pub struct PersistentTerms {
    pairs: Vec<Term>,
    /// The area of each pair.
    areas: Vec<Area>,
    index: FxHashMap<u64, Vec<u32>>,
    live: usize,
    words: u64,
}

/// A literal area with the off-heap objects in it.
pub type Area = (Fragment, OffHeap);

impl PersistentTerms {
    fn find(&self, mem: Mem, hash: u64, key: Term) -> Option<usize> {
        let places = self.index.get(&hash)?;
        places.iter().map(|p| *p as usize).find(|p| order::exact_eq(mem, mem.element(self.pairs[*p], 1), key))
    }

    pub fn get(&self, mem: Mem, names: &dyn Names, key: Term) -> Option<Term> {
        let at = self.find(mem, hash::internal_hash(mem, names, key), key)?;
        Some(mem.element(self.pairs[at], 2))
    }

    /// Sets a term; a value equal to the present one changes nothing. The result is the area that is to be given back.
    pub fn put(
        &mut self,
        arena: &mut Arena,
        names: &dyn Names,
        key: Term,
        value: Term,
    ) -> Result<Option<Area>, OutOfMemory> {
        let mem = arena.mem();
        let hash = hash::internal_hash(mem, names, key);
        let found = self.find(mem, hash, key);
        if let Some(at) = found {
            let old = mem.element(self.pairs[at], 2);
            if order::exact_eq(mem, old, value) {
                return Ok(None);
            }
            if old.is_immed() && value.is_immed() {
                mem.set(self.pairs[at].addr(), 2, value);
                return Ok(None);
            }
        }
        let (pair, area) = literal_pair(arena, key, value)?;
        self.words += u64::from(area.0.used);
        let Some(at) = found else {
            self.index.entry(hash).or_default().push(self.pairs.len() as u32);
            self.pairs.push(pair);
            self.areas.push(area);
            self.live += 1;
            return Ok(None);
        };
        self.pairs[at] = pair;
        let old = std::mem::replace(&mut self.areas[at], area);
        self.words -= u64::from(old.0.used);
        Ok(Some(old))
    }

    /// Removes a term; the result is its area, which is to be given back, or `None` when there was none.
    pub fn erase(&mut self, mem: Mem, names: &dyn Names, key: Term) -> Option<Area> {
        let hash = hash::internal_hash(mem, names, key);
        let at = self.find(mem, hash, key)?;
        self.live -= 1;
        self.pairs[at] = Term::NONE;
        if let Some(places) = self.index.get_mut(&hash) {
            places.retain(|p| *p as usize != at);
        }
        let area = self.areas[at];
        self.words -= u64::from(area.0.used);
        if self.live == 0 {
            self.pairs.clear();
            self.areas.clear();
            self.index.clear();
        }
        Some(area)
    }

    /// Removes all terms; the result is their areas.
    pub fn erase_all(&mut self) -> Vec<Area> {
        let live = self.pairs.iter().zip(&self.areas).filter(|(pair, _)| !pair.is_none());
        let areas = live.map(|(_, area)| *area).collect();
        *self = PersistentTerms::default();
        areas
    }

    /// The pairs, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = Term> + '_ {
        self.pairs.iter().copied().filter(|t| !t.is_none())
    }
    pub fn len(&self) -> usize {
        self.live
    }
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }
    /// Words that the terms take among the literals.
    pub fn words(&self) -> u64 {
        self.words
    }
}

/// `{Key, Value}` in a literal area of exactly its size.
fn literal_pair(arena: &mut Arena, key: Term, value: Term) -> Result<(Term, Area), OutOfMemory> {
    let mem = arena.mem();
    let words = 3 + size::flat_size(mem, u32::MAX, key) + size::flat_size(mem, u32::MAX, value);
    let words32 = u32::try_from(words).map_err(|_| OutOfMemory)?;
    let start = arena.alloc_literal(words as usize)?;
    let mut a = LiteralAlloc::new(arena);
    a.areas.push(Fragment { start, used: 0, size: words32 });
    let key = copy::copy(&mut a, u32::MAX, key)?;
    let value = copy::copy(&mut a, u32::MAX, value)?;
    let pair = build::tuple(&mut a, &[key, value])?;
    let fragment = Fragment { start, used: words32, size: words32 };
    Ok((pair, (fragment, a.off_heap)))
}

/// Environment variables that the program has set itself; those of the host are not seen.
#[derive(Default, Debug)]
pub struct Environment {
    vars: BTreeMap<String, String>,
    bytes: usize,
}

impl Environment {
    /// Most bytes of all names and values.
    const LIMIT: usize = 1 << 20;

    pub fn get(&self, name: &str) -> Option<&str> {
        self.vars.get(name).map(|v| v.as_str())
    }
    /// `false`: there is no room.
    pub fn put(&mut self, name: String, value: String) -> bool {
        let more = name.len() + value.len();
        if self.bytes + more > Environment::LIMIT {
            return false;
        }
        self.remove(&name);
        self.bytes += more;
        self.vars.insert(name, value);
        true
    }
    pub fn remove(&mut self, name: &str) {
        if let Some((k, v)) = self.vars.remove_entry(name) {
            self.bytes -= k.len() + v.len();
        }
    }
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.vars.iter().map(|(k, v)| (k.as_str(), v.as_str()))
    }
}

/// What `erlang:statistics/1` said last, for the "since last call" half of its answers.
#[derive(Default, Debug, Clone, Copy)]
pub struct SinceLast {
    pub reductions: u64,
    pub runtime_ms: u64,
    pub wall_ms: u64,
}

/// The shared state of a VM.
#[derive(Debug)]
pub struct Shared {
    /// Most entries of a stack trace.
    pub backtrace_depth: usize,
    /// `max_heap_size` of processes that don't set it.
    pub max_heap: crate::process::MaxHeap,
    pub persistent: PersistentTerms,
    pub environment: Environment,
    pub since: SinceLast,
    /// `system_flag`s of scheduler wall time and microstate accounting.
    pub accounting: (bool, bool),
    /// `outstanding_system_requests_limit`; kept and shown.
    pub outstanding_requests: u64,
}

impl Default for Shared {
    fn default() -> Shared {
        Shared {
            backtrace_depth: 8,
            max_heap: Default::default(),
            persistent: Default::default(),
            environment: Default::default(),
            since: Default::default(),
            accounting: (false, false),
            outstanding_requests: 4,
        }
    }
}
