//! Maps: flat up to 32 keys, above that a hash trie (HAMT).
//!
//! A flat map has its keys in a tuple, in the order of [`compare_keys`], and its values in the map itself; maps with the same
//! keys often share the tuple. A hash map is a trie over the 64 bits of [`internal_hash`], four bits a level, lowest first:
//! leaves are cons cells `[K|V]`, a node that holds one leaf only is left out, and keys whose whole hash is the same stand in
//! a tuple in [`compare_exact`]'s order. The shape of a trie depends on its keys alone. Sizes in words, sharing and order of
//! iteration are OTP 27's; mirrors `erl_map.c`. Leaves out yielding, but for [`Stepwise`] and [`Merge`]: callers charge reductions by size.
//!
//! [`internal_hash`]: crate::term::hash::internal_hash

mod build;
mod flat;
mod iter;
mod merge;
mod stepwise;
mod trie;

#[cfg(test)]
mod tests;

pub use build::{PARTS, from_pairs, join_parts, part, part_of};
pub use iter::{Leaves, Shape, pairs, shape, walk};
pub use merge::{Merge, merge};
pub use stepwise::Stepwise;

use super::Alloc;
use super::build::Built;
use crate::arena::OutOfMemory;
use crate::heap::order::compare_exact;
use crate::term::{Mem, Names, Term, object};
use std::cmp::Ordering;

/// The order of the keys of a flat map: atoms by index, everything else as the exact term order has it.
pub fn compare_keys(mem: Mem, names: &dyn Names, a: Term, b: Term) -> Ordering {
    match (a.as_atom(), b.as_atom()) {
        (Some(x), Some(y)) => x.cmp(&y),
        _ => compare_exact(mem, names, a, b),
    }
}

/// The map without pairs.
pub fn empty(a: &mut dyn Alloc) -> Built {
    flat::make(a, &[])
}

/// The value of a key.
#[inline]
pub fn get(mem: Mem, names: &dyn Names, map: Term, key: Term) -> Option<Term> {
    if mem.is_flat_map(map) {
        flat::position(mem, map, key).map(|i| flat::value(mem, map, i))
    } else {
        trie::get(mem, names, map, key)
    }
}

/// Has the map such a key?
pub fn is_key(mem: Mem, names: &dyn Names, map: Term, key: Term) -> bool {
    get(mem, names, map, key).is_some()
}

/// The map with the pair added or its value replaced. The same value under the same key gives the map itself.
pub fn put(a: &mut dyn Alloc, names: &dyn Names, map: Term, key: Term, value: Term) -> Built {
    if a.mem().is_flat_map(map) {
        flat::put(a, names, map, key, value)
    } else {
        Ok(trie::insert(a, names, map, key, value, false)?.unwrap_or(map))
    }
}

/// As [`put`] for pairs one after the other, of which the last with a key counts. A small map is made once.
pub fn put_all(a: &mut dyn Alloc, names: &dyn Names, map: Term, pairs: &[(Term, Term)]) -> Built {
    if let [(key, value)] = pairs {
        return put(a, names, map, *key, *value);
    }
    if a.mem().is_flat_map(map) && a.mem().map_size(map) + pairs.len() <= object::FLAT_MAP_LIMIT as usize {
        return flat::put_all(a, names, map, pairs);
    }
    pairs.iter().try_fold(map, |map, (key, value)| put(a, names, map, *key, *value))
}

/// As [`update`] for pairs one after the other; the key that the map lacks, if there is one. A small map is made once.
pub fn update_all(
    a: &mut dyn Alloc,
    names: &dyn Names,
    map: Term,
    pairs: &[(Term, Term)],
) -> Result<Result<Term, Term>, OutOfMemory> {
    if let ([_, _, ..], true) = (pairs, a.mem().is_flat_map(map)) {
        return flat::update_all(a, map, pairs);
    }
    let mut map = map;
    for (key, value) in pairs {
        match update(a, names, map, *key, *value)? {
            Some(next) => map = next,
            None => return Ok(Err(*key)),
        }
    }
    Ok(Ok(map))
}

/// The map with another value under a key that it has; `None` when it hasn't.
pub fn update(
    a: &mut dyn Alloc,
    names: &dyn Names,
    map: Term,
    key: Term,
    value: Term,
) -> Result<Option<Term>, OutOfMemory> {
    if a.mem().is_flat_map(map) {
        flat::update(a, map, key, value)
    } else {
        trie::insert(a, names, map, key, value, true)
    }
}

/// The map without the key, and the key's value; `None` when there is no such key.
pub fn take(a: &mut dyn Alloc, names: &dyn Names, map: Term, key: Term) -> Result<Option<(Term, Term)>, OutOfMemory> {
    if a.mem().is_flat_map(map) { flat::take(a, map, key) } else { trie::take(a, names, map, key) }
}

/// The map without the key; the map itself when there is no such key.
pub fn remove(a: &mut dyn Alloc, names: &dyn Names, map: Term, key: Term) -> Built {
    Ok(take(a, names, map, key)?.map_or(map, |(rest, _)| rest))
}
