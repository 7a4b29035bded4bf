//! Lists, tuples, type tests, and a few functions on any term.

use super::{Bif, BifResult, Ctx, Fault, bif, guard};
use crate::heap::order;
use crate::heap::{Alloc, build};
use crate::term::hash::{Phash2, internal_hash};
use crate::term::{Mem, Term, object};
use rustc_hash::FxHashMap;

/// A type test.
macro_rules! test {
    ($name:literal, |$m:ident, $t:ident| $e:expr) => {
        guard($name, 1, |c, a| {
            let ($m, $t): (Mem, Term) = (c.mem(), a[0]);
            let _ = $m;
            Ok(Term::bool($e))
        })
    };
}

pub const BIFS: &[Bif] = &[
    test!("is_atom", |m, t| t.is_atom()),
    test!("is_list", |m, t| t.is_list() || t.is_nil()),
    test!("is_tuple", |m, t| m.is_tuple(t)),
    test!("is_integer", |m, t| m.is_integer(t)),
    test!("is_float", |m, t| m.is_float(t)),
    test!("is_number", |m, t| m.is_number(t)),
    test!("is_pid", |m, t| m.is_pid(t)),
    test!("is_port", |m, t| m.is_port(t)),
    test!("is_reference", |m, t| m.is_ref(t)),
    test!("is_binary", |m, t| m.is_binary(t)),
    test!("is_bitstring", |m, t| m.is_bitstring(t)),
    test!("is_boolean", |m, t| t.as_bool().is_some()),
    test!("is_map", |m, t| m.is_map(t)),
    guard("is_record", 2, is_record_2),
    guard("is_record", 3, is_record_3),
    guard("hd", 1, |c, a| if a[0].is_list() { Ok(c.mem().head(a[0])) } else { Err(c.badarg()) }),
    guard("tl", 1, |c, a| if a[0].is_list() { Ok(c.mem().tail(a[0])) } else { Err(c.badarg()) }),
    guard("length", 1, length),
    bif("erlang", "++", 2, append),
    bif("erlang", "append", 2, append),
    bif("erlang", "--", 2, subtract),
    bif("erlang", "subtract", 2, subtract),
    guard("tuple_size", 1, tuple_size),
    guard("size", 1, size),
    guard("element", 2, element),
    bif("erlang", "setelement", 3, setelement),
    bif("erlang", "make_tuple", 2, |c, a| make_tuple(c, a[0], a[1], Term::NIL)),
    bif("erlang", "make_tuple", 3, |c, a| make_tuple(c, a[0], a[1], a[2])),
    bif("erlang", "append_element", 2, append_element),
    bif("erlang", "insert_element", 3, insert_element),
    bif("erlang", "delete_element", 2, delete_element),
    bif("erlang", "tuple_to_list", 1, tuple_to_list),
    bif("erlang", "list_to_tuple", 1, list_to_tuple),
    bif("lists", "member", 2, member),
    bif("lists", "reverse", 2, reverse),
    bif("lists", "keymember", 3, |c, a| Ok(Term::bool(key_find(c, a)?.is_some()))),
    bif("lists", "keyfind", 3, |c, a| Ok(key_find(c, a)?.unwrap_or(Term::bool(false)))),
    bif("lists", "keysearch", 3, keysearch),
    bif("erts_debug", "flat_size", 1, flat_size),
    bif("erts_debug", "same", 2, |_, a| Ok(Term::bool(a[0] == a[1]))),
    bif("erlang", "phash2", 1, phash2_1),
    bif("erlang", "phash2", 2, phash2_2),
    bif("erlang", "phash", 2, phash),
    bif("erts_debug", "size_shared", 1, |c, a| {
        let literals = c.sys.arena.literal_base();
        shared_size(c, a, literals)
    }),
];

fn is_record_2(c: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    if !a[1].is_atom() {
        return Err(c.badarg());
    }
    let m = c.mem();
    Ok(Term::bool(m.tuple_arity(a[0]).is_some_and(|n| n >= 1) && m.element(a[0], 1) == a[1]))
}

fn is_record_3(c: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let m = c.mem();
    if !a[1].is_atom() || !m.is_integer(a[2]) {
        return Err(c.badarg());
    }
    let arity = m.tuple_arity(a[0]).map(i64::from).filter(|n| *n > 0);
    Ok(Term::bool(arity.is_some() && arity == a[2].as_small() && m.element(a[0], 1) == a[1]))
}

/// Number of elements of a proper list.
fn proper_length(m: Mem, mut t: Term) -> Option<usize> {
    let mut n = 0;
    while t.is_list() {
        n += 1;
        t = m.tail(t);
    }
    t.is_nil().then_some(n)
}

fn length(c: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    match proper_length(c.mem(), a[0]) {
        Some(n) => {
            c.charge(n / 8);
            Ok(Term::small(n as i64))
        }
        None => Err(c.badarg()),
    }
}

/// `A ++ B`, over slices: the elements of A are gathered, then cells are built from the last one on.
fn append(c: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    if a[0].is_nil() && c.proc.job.is_none() {
        return Ok(a[1]);
    }
    let mut job = c.job();
    if job.phase == 0 {
        if job.terms.is_empty() {
            job.terms = vec![a[0]];
        }
        if c.gather(&mut job)?.is_none() {
            return Err(c.go_on_later(job, a));
        }
        // From here on the first term is the result so far.
        job.terms[0] = a[1];
        job.phase = 1;
    }
    let from = job.terms.len().saturating_sub(c.steps()).max(1);
    let part = build::list_with_tail(c, &job.terms[from..], job.terms[0])?;
    c.worked(job.terms.len() - from);
    job.terms.truncate(from);
    if from == 1 {
        return Ok(part);
    }
    job.terms[0] = part;
    Err(c.go_on_later(job, a))
}

/// What `--` has done so far.
struct Subtraction {
    /// What is to be taken out, by its hash: each value, and how often.
    values: FxHashMap<u64, Vec<(Term, usize)>>,
    left: Term,
    right: Term,
    kept: Vec<Term>,
    /// Kept elements that are in the result already, from the last one on.
    result: Term,
    /// Are the values complete?
    known: bool,
}

/// `A -- B`: each element of B takes the first equal one out of A. B is looked up by hash, so that the cost is not the product of the lengths; over
/// slices.
fn subtract(c: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let (state, all) = c.resume::<Subtraction>();
    let fresh = || Subtraction {
        values: FxHashMap::default(),
        left: a[0],
        right: a[1],
        kept: Vec::new(),
        result: Term::NIL,
        known: false,
    };
    let mut s = state.map_or_else(fresh, |s| *s);
    let mut steps = all;
    let done = s.run(c, &mut steps)?;
    c.worked(all - steps);
    match done {
        Some(_) if a[0].is_nil() || a[1].is_nil() => Ok(a[0]),
        Some(list) => Ok(list),
        None => Err(c.suspend(Box::new(s), a)),
    }
}

impl Subtraction {
    fn run(&mut self, c: &mut Ctx<'_>, steps: &mut usize) -> Result<Option<Term>, Fault> {
        let m = c.mem();
        while !self.known {
            if !self.right.is_list() {
                if !self.right.is_nil() {
                    return Err(c.badarg());
                }
                self.known = true;
                break;
            }
            if *steps == 0 {
                return Ok(None);
            }
            *steps = steps.saturating_sub(2);
            let t = m.head(self.right);
            let same = self.values.entry(internal_hash(m, &c.sys.names(), t)).or_default();
            match same.iter_mut().find(|(v, _)| order::exact_eq(m, *v, t)) {
                Some((_, n)) => *n += 1,
                None => same.push((t, 1)),
            }
            self.right = m.tail(self.right);
        }
        while self.left.is_list() {
            if *steps == 0 {
                return Ok(None);
            }
            *steps = steps.saturating_sub(2);
            let t = m.head(self.left);
            let hash = internal_hash(m, &c.sys.names(), t);
            let known = self.values.get_mut(&hash);
            match known.and_then(|same| same.iter_mut().find(|(v, n)| *n > 0 && order::exact_eq(m, *v, t))) {
                Some((_, n)) => *n -= 1,
                None => self.kept.push(t),
            }
            self.left = m.tail(self.left);
        }
        if !self.left.is_nil() {
            return Err(c.badarg());
        }
        let from = self.kept.len().saturating_sub(*steps);
        self.result = build::list_with_tail(c, self.kept.get(from..).unwrap_or(&[]), self.result)?;
        *steps -= self.kept.len() - from;
        self.kept.truncate(from);
        Ok((from == 0).then_some(self.result))
    }
}

fn tuple_size(c: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    match c.mem().tuple_arity(a[0]) {
        Some(n) => Ok(Term::small(n as i64)),
        None => Err(c.badarg()),
    }
}

/// The tuple's arity, and the index if it lies in `1..=most(arity)`.
fn index(c: &mut Ctx<'_>, i: Term, t: Term, extra: u32) -> Result<(u32, u32), Fault> {
    let n = c.mem().tuple_arity(t);
    match (n, i.as_small()) {
        (Some(n), Some(i)) if i >= 1 && i <= (n + extra) as i64 => Ok((n, i as u32)),
        _ => Err(c.badarg()),
    }
}

fn element(c: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let (_, i) = index(c, a[0], a[1], 0)?;
    Ok(c.mem().element(a[1], i))
}

fn elements(m: Mem, t: Term) -> Vec<Term> {
    (1..=m.tuple_arity(t).unwrap_or(0)).map(|i| m.element(t, i)).collect()
}

fn setelement(c: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let (n, i) = index(c, a[0], a[1], 0)?;
    let at = c.words(n + 1)?;
    let m = c.mem();
    m.copy_words(a[1].addr(), at, n + 1);
    m.set(at, i, a[2]);
    Ok(Term::boxed_at(at))
}

fn make_tuple(c: &mut Ctx<'_>, n: Term, initial: Term, list: Term) -> BifResult {
    let n = match n.as_small() {
        Some(n) if (0..=object::MAX_TUPLE as i64).contains(&n) => n as usize,
        _ => return Err(c.badarg()),
    };
    if n == 0 && list.is_nil() {
        return c.tuple(&[]);
    }
    // The guest chooses the size: it is the arena that says whether it fits.
    let at = c.words(n as u32 + 1)?;
    let m = c.mem();
    m.set_word(at, 0, object::tuple_header(n as u32));
    for i in 1..=n as u32 {
        m.set(at, i, initial);
    }
    c.charge(n / 64);
    for pair in c.list_to_vec(list)? {
        let place = if m.tuple_arity(pair) == Some(2) { m.element(pair, 1).as_small() } else { None };
        match place.filter(|i| (1..=n as i64).contains(i)) {
            Some(i) => m.set(at, i as u32, m.element(pair, 2)),
            None => return Err(c.badarg()),
        }
    }
    Ok(Term::boxed_at(at))
}

fn append_element(c: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let m = c.mem();
    if !m.is_tuple(a[0]) || m.tuple_arity(a[0]) == Some(object::MAX_TUPLE as u32) {
        return Err(c.badarg());
    }
    let mut e = elements(m, a[0]);
    e.push(a[1]);
    c.tuple(&e)
}

fn insert_element(c: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let (_, i) = index(c, a[0], a[1], 1)?;
    let mut e = elements(c.mem(), a[1]);
    e.insert(i as usize - 1, a[2]);
    c.tuple(&e)
}

fn delete_element(c: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let (_, i) = index(c, a[0], a[1], 0)?;
    let mut e = elements(c.mem(), a[1]);
    e.remove(i as usize - 1);
    c.tuple(&e)
}

fn tuple_to_list(c: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let m = c.mem();
    if !m.is_tuple(a[0]) {
        return Err(c.badarg());
    }
    let e = elements(m, a[0]);
    c.list(&e)
}

fn list_to_tuple(c: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let e = c.list_to_vec(a[0])?;
    if e.len() > object::MAX_TUPLE {
        return Err(c.badarg());
    }
    c.tuple(&e)
}

/// Looks through a list over slices: the first element that fits, if there is one.
fn search(
    c: &mut Ctx<'_>,
    a: &[Term],
    list: Term,
    fits: impl Fn(Mem, &crate::system::SystemNames<'_>, Term) -> bool,
) -> Result<Option<Term>, Fault> {
    let m = c.mem();
    let mut t = match c.proc.job.take() {
        Some(job) => job.terms.first().copied().unwrap_or(Term::NIL),
        None => list,
    };
    let all = c.steps();
    let mut steps = all;
    let names = c.sys.names();
    let mut found = None;
    while t.is_list() && steps > 0 {
        let e = m.head(t);
        if fits(m, &names, e) {
            found = Some(e);
            break;
        }
        t = m.tail(t);
        steps -= 1;
    }
    c.worked(all - steps);
    if found.is_some() || t.is_nil() {
        return Ok(found);
    }
    if !t.is_list() {
        return Err(c.badarg());
    }
    let mut job = c.job();
    job.terms.push(t);
    Err(c.go_on_later(job, a))
}

fn member(c: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let found = search(c, a, a[1], |m, _, e| order::exact_eq(m, e, a[0]))?;
    Ok(Term::bool(found.is_some()))
}

/// Over slices: what is left, and what is done.
fn reverse(c: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let m = c.mem();
    let mut job = c.job();
    let (mut from, mut result) = match job.terms[..] {
        [from, result] => (from, result),
        _ => (a[0], a[1]),
    };
    let all = c.steps();
    let (mut n, mut t) = (0, from);
    while t.is_list() && n < all {
        n += 1;
        t = m.tail(t);
    }
    if !t.is_list() && !t.is_nil() {
        return Err(c.badarg());
    }
    c.worked(n);
    if n > 0 {
        let at = c.words(n as u32 * 2)?;
        for i in 0..n as u32 {
            m.set(at, 2 * i, m.head(from));
            m.set(at, 2 * i + 1, result);
            result = Term::list_at(at + 16 * i);
            from = m.tail(from);
        }
    }
    if from.is_nil() {
        return Ok(result);
    }
    job.terms = vec![from, result];
    Err(c.go_on_later(job, a))
}

/// The first tuple whose element at the position compares equal to the key.
fn key_find(c: &mut Ctx<'_>, a: &[Term]) -> Result<Option<Term>, Fault> {
    let position = match a[1].as_small() {
        Some(n) if n >= 1 => u32::try_from(n).unwrap_or(u32::MAX),
        _ => return Err(c.badarg()),
    };
    search(c, a, a[2], |m, names, e| {
        m.tuple_arity(e).is_some_and(|k| k >= position) && order::eq(m, names, m.element(e, position), a[0])
    })
}

fn keysearch(c: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    match key_find(c, a)? {
        Some(t) => c.tuple(&[Term::atom(crate::atom::am::VALUE), t]),
        None => Ok(Term::bool(false)),
    }
}

fn flat_size(c: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let words = crate::heap::size::flat_size(c.sys.mem(), u32::MAX, a[0]);
    c.uint(words)
}

/// Words of a term with shared parts counted once.
fn shared_size(c: &mut Ctx<'_>, a: &[Term], literal_base: u32) -> BifResult {
    let m = c.mem();
    let mut seen = rustc_hash::FxHashSet::default();
    let (mut total, mut work) = (0u64, vec![a[0]]);
    while let Some(t) = work.pop() {
        if !(t.is_list() || t.is_boxed())
            || t.addr() >= literal_base
            || t == c.sys.empty_tuple
            || !seen.insert(t.addr())
        {
            continue;
        }
        if t.is_list() {
            total += 2;
            work.extend([m.head(t), m.tail(t)]);
            continue;
        }
        let l = object::layout(m, t.addr(), m.header(t));
        total += l.words as u64;
        work.extend((1 + l.raw..l.words).map(|i| m.field(t, i)));
    }
    c.uint(total)
}

/// Over slices.
fn portable_hash(c: &mut Ctx<'_>, a: &[Term]) -> Result<u32, Fault> {
    let (state, all) = c.resume::<Phash2>();
    let mut state = state.map_or_else(|| Phash2::new(a[0]), |s| *s);
    let mut steps = all;
    let hash = state.run(c.mem(), &c.sys.names(), &mut steps);
    c.worked(all - steps);
    match hash {
        Some(h) => Ok(h),
        None => Err(c.suspend(Box::new(state), a)),
    }
}

fn phash2_1(c: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let h = portable_hash(c, a)?;
    Ok(Term::small((h & ((1 << 27) - 1)) as i64))
}

fn phash2_2(c: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let range = match a[1].as_small() {
        Some(n) if (1..=1 << 32).contains(&n) => n as u64,
        _ => return Err(c.badarg()),
    };
    let h = portable_hash(c, a)? as u64;
    Ok(Term::small((h % range) as i64))
}

/// Arity of a tuple, or whole bytes of a bitstring.
fn size(c: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let mem = c.sys.mem();
    match if mem.is_bitstring(a[0]) { mem.bit_size(a[0]) } else { None } {
        Some(bits) => Ok(Term::small((bits / 8) as i64)),
        None => tuple_size(c, a),
    }
}

/// The deprecated hash, from 1 to the range, which is at most 2^32.
fn phash(c: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let mem = c.sys.mem();
    let Some(range) = crate::heap::number::to_u64(mem, a[1]).filter(|n| (1..=1 << 32).contains(n)) else {
        return Err(c.badarg());
    };
    let h = crate::term::phash::phash(mem, &c.sys.names(), a[0]);
    Ok(Term::small(1 + (h as u64 % range) as i64))
}
