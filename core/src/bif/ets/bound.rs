//! What a match specification says of the key: that a replacement keeps it, or which part of an ordered set can match at all.
//! Mirrors `db_match_keeps_key` of `erl_db_util.c` and the partly bound keys of `erl_db_tree.c`.

use super::match_spec::{is_ground, variable};
use crate::atom::am;
use crate::heap::order;
use crate::term::{Mem, Names, Term};
use std::cmp::Ordering;

/// Does every clause of a `select_replace` make an object with the key that its head has matched, whatever that is?
pub fn keeps_key(mem: Mem, names: &dyn Names, mut spec: Term, keypos: u32) -> bool {
    while spec.is_list() {
        let clause = mem.head(spec);
        if mem.tuple_arity(clause) != Some(3)
            || !clause_keeps(mem, names, mem.element(clause, 1), mem.element(clause, 3), keypos)
        {
            return false;
        }
        spec = mem.tail(spec);
    }
    true
}

fn clause_keeps(mem: Mem, names: &dyn Names, head: Term, body: Term, keypos: u32) -> bool {
    if !body.is_list() || !mem.tail(body).is_nil() {
        return false;
    }
    let body = mem.head(body);
    if body.is(am::DOLLAR_UNDERSCORE) {
        return true;
    }
    let key = |t: Term| mem.tuple_arity(t).filter(|n| *n >= keypos).map(|_| mem.element(t, keypos));
    let (made, constant) = match mem.tuple_arity(body) {
        Some(2) if mem.element(body, 1).is(am::CONST) => (mem.element(body, 2), true),
        Some(1) => (mem.element(body, 1), false),
        _ => return false,
    };
    let (Some(matched), Some(built)) = (key(head), key(made)) else { return false };
    if builds_the_same(mem, names, matched, built, constant) {
        return true;
    }
    // `{element, KeyPos, '$_'}`
    !constant
        && mem.tuple_arity(built) == Some(3)
        && mem.element(built, 1).is(am::ELEMENT)
        && mem.element(built, 2).as_small() == Some(keypos as i64)
        && mem.element(built, 3).is(am::DOLLAR_UNDERSCORE)
}

/// Does the body's term always build what the head's term has matched? `constant`: the body's is a term as it stands.
fn builds_the_same(mem: Mem, names: &dyn Names, matched: Term, built: Term, constant: bool) -> bool {
    let mut todo = vec![(matched, built, constant)];
    while let Some((a, mut b, mut constant)) = todo.pop() {
        if b.is_list() {
            if !a.is_list() {
                return false;
            }
            todo.push((mem.tail(a), mem.tail(b), constant));
            todo.push((mem.head(a), mem.head(b), constant));
            continue;
        }
        if let Some(n) = mem.tuple_arity(b) {
            if !constant {
                match n {
                    1 if mem.is_tuple(mem.element(b, 1)) => b = mem.element(b, 1),
                    2 if mem.element(b, 1).is(am::CONST) => {
                        b = mem.element(b, 2);
                        constant = true;
                        todo.push((a, b, constant));
                        continue;
                    }
                    _ => return false,
                }
            }
            if mem.tuple_arity(a) != mem.tuple_arity(b) {
                return false;
            }
            let n = mem.tuple_arity(b).unwrap_or(0);
            todo.extend((1..=n).map(|i| (mem.element(a, i), mem.element(b, i), constant)));
            continue;
        }
        if let Some(atom) = b.as_atom() {
            let whole = atom == am::UNDERSCORE || atom == am::DOLLAR_UNDERSCORE || atom == am::DOLLAR_DOLLAR;
            if a != b || whole || (constant && variable(names, atom).is_some()) {
                return false;
            }
        } else if mem.is_map(b) || !order::exact_eq(mem, a, b) {
            // A map in a head matches larger ones too.
            return false;
        }
    }
    true
}

/// The key of a head, if it is a tuple or list with variables: some keys of an ordered set can't match it, and those that can lie side by side.
pub fn partly_bound(mem: Mem, names: &dyn Names, head: Term, keypos: u32) -> Option<Term> {
    mem.tuple_arity(head).filter(|n| *n >= keypos)?;
    let key = mem.element(head, keypos);
    ((mem.is_tuple(key) || key.is_list()) && !is_ground(mem, names, key)).then_some(key)
}

/// Where a key stands to those that a partly bound key can match: less, greater, or possibly among them.
pub fn against(mem: Mem, names: &dyn Names, key: Term, bound: Term) -> Ordering {
    let one = |k: Term, b: Term| order::compare(mem, names, k, b);
    if let (Some(n), Some(m)) = (mem.tuple_arity(key), mem.tuple_arity(bound)) {
        if n != m {
            return n.cmp(&m);
        }
        for i in 1..=n {
            let b = mem.element(bound, i);
            if !is_ground(mem, names, b) {
                return Ordering::Equal;
            }
            match one(mem.element(key, i), b) {
                Ordering::Equal => {}
                other => return other,
            }
        }
        return Ordering::Equal;
    }
    let (mut key, mut bound) = (key, bound);
    while key.is_list() && bound.is_list() {
        if !is_ground(mem, names, mem.head(bound)) {
            return Ordering::Equal;
        }
        match one(mem.head(key), mem.head(bound)) {
            Ordering::Equal => {}
            other => return other,
        }
        (key, bound) = (mem.tail(key), mem.tail(bound));
    }
    // The rest of the bound is a variable, or of another kind than the key's.
    match bound.as_atom() {
        Some(a) if a == am::UNDERSCORE || variable(names, a).is_some() => Ordering::Equal,
        _ => one(key, bound),
    }
}
