//! Flat maps: header, size, tuple of keys, values.

use super::super::Alloc;
use super::super::build::Built;
use super::compare_keys;
use crate::arena::OutOfMemory;
use crate::heap::order::exact_eq;
use crate::term::object::{self, FLAT_MAP_HEADER, FLAT_MAP_LIMIT, FLAT_MAP_WORDS};
use crate::term::{Mem, Names, Term};
use std::cmp::Ordering;

/// The tuple `{}`, which is the first literal of every VM (see `System::new`). The word there is 0, a tuple's header of arity
/// 0, even before the VM has written it.
pub(super) fn no_keys(a: &mut dyn Alloc) -> Term {
    Term::boxed_at(a.arena().literal_base())
}

pub(super) fn keys(mem: Mem, map: Term) -> Term {
    mem.field(map, 2)
}
/// Key number `i`, from 0.
pub(super) fn key(mem: Mem, map: Term, i: u32) -> Term {
    mem.element(keys(mem, map), i + 1)
}
/// Value number `i`, from 0.
#[inline(always)]
pub(super) fn value(mem: Mem, map: Term, i: u32) -> Term {
    mem.field(map, FLAT_MAP_WORDS + i)
}

/// Which key it is, from 0.
#[inline]
pub(super) fn position(mem: Mem, map: Term, key: Term) -> Option<u32> {
    let n = mem.map_size(map) as u32;
    let keys = keys(mem, map);
    if key.is_immed() {
        (0..n).find(|i| mem.element(keys, i + 1) == key)
    } else {
        (0..n).find(|i| exact_eq(mem, mem.element(keys, i + 1), key))
    }
}

/// A map of pairs that are in order and have no key twice. There are at most [`FLAT_MAP_LIMIT`].
pub(super) fn make(a: &mut dyn Alloc, pairs: &[(Term, Term)]) -> Built {
    let n = pairs.len() as u32;
    debug_assert!(n <= FLAT_MAP_LIMIT);
    let keys = if n == 0 {
        no_keys(a)
    } else {
        let at = a.words(n + 1)?;
        let mem = a.mem();
        mem.set_word(at, 0, object::tuple_header(n));
        for (i, p) in pairs.iter().enumerate() {
            mem.set(at, 1 + i as u32, p.0);
        }
        Term::boxed_at(at)
    };
    with_keys(a, keys, pairs.iter().map(|p| p.1))
}

/// A map with these keys and values.
pub(super) fn with_keys(a: &mut dyn Alloc, keys: Term, values: impl ExactSizeIterator<Item = Term>) -> Built {
    let n = values.len() as u32;
    let at = a.words(FLAT_MAP_WORDS + n)?;
    let mem = a.mem();
    mem.set_word(at, 0, FLAT_MAP_HEADER);
    mem.set_word(at, 1, n as u64);
    mem.set(at, 2, keys);
    for (i, v) in values.enumerate() {
        mem.set(at, FLAT_MAP_WORDS + i as u32, v);
    }
    Ok(Term::boxed_at(at))
}

/// Sorts pairs as a flat map has them; of pairs with the same key the last stays.
pub(super) fn sort(mem: Mem, names: &dyn Names, pairs: &mut Vec<(Term, Term)>) {
    pairs.sort_by(|x, y| compare_keys(mem, names, x.0, y.0));
    pairs.dedup_by(|next, kept| {
        let same = compare_keys(mem, names, next.0, kept.0) == Ordering::Equal;
        if same {
            kept.1 = next.1;
        }
        same
    });
}

fn with_value(a: &mut dyn Alloc, map: Term, i: u32, new: Term) -> Built {
    let mem = a.mem();
    if value(mem, map, i) == new {
        return Ok(map);
    }
    let words = FLAT_MAP_WORDS + mem.map_size(map) as u32;
    let at = a.words(words)?;
    mem.copy_words(map.addr(), at, words);
    mem.set(at, FLAT_MAP_WORDS + i, new);
    Ok(Term::boxed_at(at))
}

pub(super) fn update(a: &mut dyn Alloc, map: Term, key: Term, value: Term) -> Result<Option<Term>, OutOfMemory> {
    match position(a.mem(), map, key) {
        Some(i) => with_value(a, map, i, value).map(Some),
        None => Ok(None),
    }
}

pub(super) fn put(a: &mut dyn Alloc, names: &dyn Names, map: Term, new: Term, value: Term) -> Built {
    let mem = a.mem();
    if let Some(i) = position(mem, map, new) {
        return with_value(a, map, i, value);
    }
    let n = mem.map_size(map) as u32;
    if n >= FLAT_MAP_LIMIT {
        let mut pairs = super::pairs(mem, map);
        pairs.push((new, value));
        return super::from_pairs(a, names, &pairs);
    }
    let at = (0..n).find(|i| compare_keys(mem, names, key(mem, map, *i), new) != Ordering::Less).unwrap_or(n);
    let to = a.words(n + 2 + FLAT_MAP_WORDS + n + 1)?;
    let (old, made) = (keys(mem, map).addr(), to + 8 * (n + 2));
    // Header and keys, then header, size, keys and values; the new pair comes in between.
    mem.set_word(to, 0, object::tuple_header(n + 1));
    mem.copy_words(old + 8, to + 8, at);
    mem.set(to, 1 + at, new);
    mem.copy_words(old + 8 * (1 + at), to + 8 * (2 + at), n - at);
    let values = map.addr() + 8 * FLAT_MAP_WORDS;
    let new_values = made + 8 * FLAT_MAP_WORDS;
    mem.set_word(made, 0, FLAT_MAP_HEADER);
    mem.set_word(made, 1, n as u64 + 1);
    mem.set(made, 2, Term::boxed_at(to));
    mem.copy_words(values, new_values, at);
    mem.set(new_values, at, value);
    mem.copy_words(values + 8 * at, new_values + 8 * (at + 1), n - at);
    Ok(Term::boxed_at(made))
}

/// As [`put`] for each pair in turn. There is room for all of them.
pub(super) fn put_all(a: &mut dyn Alloc, names: &dyn Names, map: Term, new: &[(Term, Term)]) -> Built {
    let mem = a.mem();
    let mut pairs = super::pairs(mem, map);
    let (before, mut changed) = (pairs.len(), false);
    pairs.reserve_exact(new.len());
    for (key, value) in new {
        let there = pairs.iter().position(|p| p.0 == *key || !key.is_immed() && exact_eq(mem, p.0, *key));
        match there.and_then(|i| pairs.get_mut(i)) {
            Some(p) => {
                changed |= p.1 != *value;
                p.1 = *value;
            }
            None => {
                let at = pairs.iter().position(|p| compare_keys(mem, names, p.0, *key) != Ordering::Less);
                pairs.insert(at.unwrap_or(pairs.len()), (*key, *value));
            }
        }
    }
    if pairs.len() > before {
        make(a, &pairs)
    } else if changed {
        with_keys(a, keys(mem, map), pairs.iter().map(|p| p.1))
    } else {
        Ok(map)
    }
}

/// As [`update`] for each pair in turn; the first key that isn't there.
pub(super) fn update_all(
    a: &mut dyn Alloc,
    map: Term,
    new: &[(Term, Term)],
) -> Result<Result<Term, Term>, OutOfMemory> {
    let mem = a.mem();
    let mut changed = false;
    for (key, v) in new {
        match position(mem, map, *key) {
            Some(i) => changed |= value(mem, map, i) != *v,
            None => return Ok(Err(*key)),
        }
    }
    if !changed {
        return Ok(Ok(map));
    }
    let words = FLAT_MAP_WORDS + mem.map_size(map) as u32;
    let at = a.words(words)?;
    mem.copy_words(map.addr(), at, words);
    for (key, v) in new {
        if let Some(i) = position(mem, map, *key) {
            mem.set(at, FLAT_MAP_WORDS + i, *v);
        }
    }
    Ok(Ok(Term::boxed_at(at)))
}

pub(super) fn take(a: &mut dyn Alloc, map: Term, key: Term) -> Result<Option<(Term, Term)>, OutOfMemory> {
    let mem = a.mem();
    let Some(i) = position(mem, map, key) else { return Ok(None) };
    let mut pairs = super::pairs(mem, map);
    let (_, taken) = pairs.remove(i as usize);
    Ok(Some((make(a, &pairs)?, taken)))
}

/// The pairs of both; of a key that both have the pair of `y`. Gives back `y`, or the keys of `x`, where that is the result.
pub(super) fn merge(a: &mut dyn Alloc, names: &dyn Names, x: Term, y: Term) -> Built {
    let mem = a.mem();
    let (nx, ny) = (mem.map_size(x) as u32, mem.map_size(y) as u32);
    if nx == 0 {
        return Ok(y);
    }
    if ny == 0 {
        return Ok(x);
    }
    let mut pairs = Vec::with_capacity((nx + ny) as usize);
    let (mut i, mut j) = (0, 0);
    while i < nx && j < ny {
        let (kx, ky) = (key(mem, x, i), key(mem, y, j));
        match if kx == ky { Ordering::Equal } else { compare_keys(mem, names, kx, ky) } {
            Ordering::Less => {
                pairs.push((kx, value(mem, x, i)));
                i += 1;
            }
            order => {
                pairs.push((ky, value(mem, y, j)));
                j += 1;
                i += (order == Ordering::Equal) as u32;
            }
        }
    }
    pairs.extend((i..nx).map(|i| (key(mem, x, i), value(mem, x, i))));
    pairs.extend((j..ny).map(|j| (key(mem, y, j), value(mem, y, j))));
    let n = pairs.len() as u32;
    if n == ny {
        Ok(y)
    } else if n == nx {
        with_keys(a, keys(mem, x), pairs.iter().map(|p| p.1))
    } else if n <= FLAT_MAP_LIMIT {
        make(a, &pairs)
    } else {
        super::from_pairs(a, names, &pairs)
    }
}
