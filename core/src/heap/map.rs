//! shim
use super::{Alloc, build::Built};
use crate::arena::OutOfMemory;
use crate::term::*;
pub fn get(mem: Mem, _n: &dyn Names, map: Term, key: Term) -> Option<Term> {
    if !mem.is_flat_map(map) { return None; }
    let keys = mem.field(map, 2);
    let n = mem.map_size(map) as u32;
    (1..=n).find(|i| order::exact_eq(mem, mem.element(keys, *i), key)).map(|i| mem.field(map, 2 + i))
}
pub fn pairs(mem: Mem, map: Term) -> Vec<(Term, Term)> {
    let keys = mem.field(map, 2);
    (1..=mem.map_size(map) as u32).map(|i| (mem.element(keys, i), mem.field(map, 2 + i))).collect()
}
pub fn put(a: &mut dyn Alloc, n: &dyn Names, map: Term, key: Term, v: Term) -> Built {
    let mut p = pairs(a.mem(), map); p.push((key, v)); from_pairs(a, n, &p)
}
pub fn update(a: &mut dyn Alloc, n: &dyn Names, map: Term, key: Term, v: Term) -> Result<Option<Term>, OutOfMemory> {
    if get(a.mem(), n, map, key).is_none() { return Ok(None); } put(a, n, map, key, v).map(Some)
}
pub fn from_pairs(a: &mut dyn Alloc, n: &dyn Names, p: &[(Term, Term)]) -> Built {
    let mem = a.mem();
    let mut v: Vec<(Term, Term)> = vec![];
    for (k, x) in p { if let Some(e) = v.iter_mut().find(|e| order::exact_eq(mem, e.0, *k)) { e.1 = *x } else { v.push((*k, *x)) } }
    v.sort_by(|x, y| order::compare_exact(mem, n, x.0, y.0));
    let keys: Vec<Term> = v.iter().map(|p| p.0).collect();
    let kt = super::build::tuple(a, &keys)?;
    let at = a.words(3 + v.len() as u32)?;
    mem.set_word(at, 0, object::FLAT_MAP_HEADER); mem.set_word(at, 1, v.len() as u64); mem.set(at, 2, kt);
    for (i, p) in v.iter().enumerate() { mem.set(at, 3 + i as u32, p.1); }
    Ok(Term::boxed_at(at))
}
