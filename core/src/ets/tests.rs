//! Tests of the stores on their own: order, fixation, memory.

use super::hash::{Cursor, Duplicates};
use super::*;
use crate::arena::Arena;
use crate::atom::AtomTable;
use crate::code::CodeTable;
use crate::heap::{FragmentAlloc, build};
use crate::system::SystemNames;
use crate::term::Term;

struct World {
    arena: Arena,
    atoms: AtomTable,
    code: CodeTable,
}

impl World {
    fn new() -> World {
        World { arena: Arena::new(64 << 20).unwrap(), atoms: AtomTable::new(1 << 20), code: CodeTable::default() }
    }

    fn object(&mut self, key: Term, value: i64) -> Object {
        let mut a = FragmentAlloc::new(&mut self.arena, 3).unwrap();
        let t = build::tuple(&mut a, &[key, Term::small(value)]).unwrap();
        let at = a.fragment.start;
        let o = Object::new(&mut self.arena, t).unwrap();
        self.arena.free(at);
        o
    }
}

fn keys(w: &World, s: &HashStore) -> Vec<i64> {
    let mut out = vec![];
    let mut c = Cursor::START;
    while let Some((t, next)) = s.next_from(c) {
        out.push(w.arena.mem().element(t, 1).small_value());
        c = next;
    }
    out
}

fn put(w: &mut World, s: &mut HashStore, key: i64, value: i64, dup: Duplicates, fixed: bool) {
    let o = w.object(Term::small(key), value);
    let names = SystemNames { atoms: &w.atoms, code: &w.code };
    s.insert(&mut w.arena, &names, o, dup, fixed);
}

fn del(w: &mut World, s: &mut HashStore, key: i64, fixed: bool) -> usize {
    let names = SystemNames { atoms: &w.atoms, code: &w.code };
    s.delete_where(&mut w.arena, &names, Term::small(key), fixed, |_| true)
}

#[test]
fn a_set_is_traversed_in_otps_order() {
    let mut w = World::new();
    let mut s = HashStore::new(1);
    for i in 1..=20 {
        put(&mut w, &mut s, i, 0, Duplicates::No, false);
    }
    // As OTP 27 gives by ets:first/1 and ets:next/2.
    assert_eq!(keys(&w, &s), [5, 13, 10, 15, 11, 2, 20, 18, 12, 3, 6, 4, 19, 16, 7, 1, 17, 8, 9, 14]);
    assert_eq!(s.words() + 305, 445);
}

#[test]
fn tables_grow_and_shrink_and_lose_nothing() {
    let mut w = World::new();
    let before = w.arena.used();
    let mut s = HashStore::new(1);
    for i in 0..20_000 {
        put(&mut w, &mut s, i, 0, Duplicates::No, false);
    }
    assert_eq!(s.len(), 20_000);
    let mut k = keys(&w, &s);
    k.sort_unstable();
    assert!(k.iter().enumerate().all(|(i, k)| i as i64 == *k) && k.len() == 20_000);
    for i in 0..19_990 {
        assert_eq!(del(&mut w, &mut s, i, false), 1);
    }
    let mut k = keys(&w, &s);
    k.sort_unstable();
    assert_eq!(k, (19_990..20_000).collect::<Vec<_>>());
    assert!(s.chains() < 20_000);
    while let Some(o) = s.pop() {
        o.free(&mut w.arena);
    }
    assert_eq!(w.arena.used(), before);
}

#[test]
fn sizes_are_those_that_otp_shows() {
    let mut w = World::new();
    let mut s = HashStore::new(1);
    for (n, words) in [(256, 305), (257, 2615), (2304, 2615), (2305, 4663), (4353, 6711)] {
        for i in s.len() as i64..n {
            put(&mut w, &mut s, i, 0, Duplicates::No, false);
        }
        assert_eq!(305 + s.words() - 7 * n as u64, words, "{n} objects");
    }
}

#[test]
fn a_fixed_table_marks_what_is_deleted() {
    let mut w = World::new();
    let mut s = HashStore::new(1);
    for i in 1..=5 {
        put(&mut w, &mut s, i, 0, Duplicates::No, false);
    }
    let (_, after_first) = s.next_from(Cursor::START).unwrap();
    let order = keys(&w, &s);
    assert_eq!(del(&mut w, &mut s, order[1], true), 1);
    assert_eq!(del(&mut w, &mut s, order[1], true), 0);
    let (t, _) = s.next_from(after_first).unwrap();
    assert_eq!(w.arena.mem().element(t, 1).small_value(), order[2]);
    // The deleted key still shows the way; put in again it stands where it was.
    let names = SystemNames { atoms: &w.atoms, code: &w.code };
    let next = s.after(w.arena.mem(), &names, Term::small(order[1])).unwrap().unwrap();
    assert_eq!(w.arena.mem().element(next, 1).small_value(), order[2]);
    put(&mut w, &mut s, order[1], 7, Duplicates::No, true);
    assert_eq!(keys(&w, &s), order);
    assert_eq!(del(&mut w, &mut s, order[4], true), 1);
    s.unfix(&mut w.arena);
    assert_eq!((s.len(), keys(&w, &s).len()), (4, 4));
}

#[test]
fn bags_keep_duplicates_apart() {
    let mut w = World::new();
    let mut s = HashStore::new(1);
    for v in [1, 2, 2, 3] {
        put(&mut w, &mut s, 9, v, Duplicates::Different, false);
    }
    let values = |w: &World, s: &HashStore| -> Vec<i64> {
        let names = SystemNames { atoms: &w.atoms, code: &w.code };
        let mem = w.arena.mem();
        s.lookup(mem, &names, Term::small(9)).into_iter().map(|t| mem.element(t, 2).small_value()).collect()
    };
    assert_eq!(values(&w, &s), [1, 2, 3]);
    put(&mut w, &mut s, 9, 2, Duplicates::Any, false);
    assert_eq!(values(&w, &s), [1, 2, 3, 2]);
    let mem = w.arena.mem();
    let names = SystemNames { atoms: &w.atoms, code: &w.code };
    let two = |t: Term| mem.element(t, 2) == Term::small(2);
    assert_eq!(s.delete_where(&mut w.arena, &names, Term::small(9), false, two), 2);
    assert_eq!(values(&w, &s), [1, 3]);
}

#[test]
fn an_ordered_set_stays_in_order() {
    let mut w = World::new();
    let before = w.arena.used();
    let mut s = TreeStore::new(1);
    let mut x = 1u64;
    let mut all = std::collections::BTreeSet::new();
    for _ in 0..3000 {
        x = x.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        let k = (x >> 40) as i64 % 5000;
        let o = w.object(Term::small(k), 0);
        let names = SystemNames { atoms: &w.atoms, code: &w.code };
        s.insert(&mut w.arena, &names, o);
        all.insert(k);
        if x % 3 == 0 {
            let k = (x >> 33) as i64 % 5000;
            let gone = s.delete_where(&mut w.arena, &names, Term::small(k), |_| true);
            assert_eq!(gone == 1, all.remove(&k));
        }
    }
    let mem = w.arena.mem();
    let mut got = vec![];
    let mut at = s.first();
    while let Some(p) = at {
        got.push(mem.element(s.at(p).unwrap(), 1).small_value());
        at = s.step(p);
    }
    assert_eq!(got, all.iter().copied().collect::<Vec<_>>());
    assert_eq!(s.len(), all.len());
    let names = SystemNames { atoms: &w.atoms, code: &w.code };
    for k in [-1, 0, 17, 2500, 4999, 6000] {
        let key = |p| s.at(p).map(|t| mem.element(t, 1).small_value());
        assert_eq!(s.after(mem, &names, Term::small(k)).and_then(key), all.range(k + 1..).next().copied());
        assert_eq!(s.before(mem, &names, Term::small(k)).and_then(key), all.range(..k).next_back().copied());
    }
    assert_eq!(s.nth(100).map(|t| mem.element(t, 1).small_value()), all.iter().nth(100).copied());
    while let Some(o) = s.pop() {
        o.free(&mut w.arena);
    }
    assert_eq!(w.arena.used(), before);
}
