//! Tests of `ets` through its BIFs; what is expected is what OTP 27 gave.

#![allow(clippy::cloned_ref_to_slice_refs, clippy::enum_variant_names)]

use crate::atom::{Atom, am};
use crate::bif::{BifResult, Ctx, Fault};
use crate::heap::order;
use crate::signals::tests::World;
use crate::term::Term;

/// A term to build.
#[derive(Clone)]
enum T {
    A(Atom),
    S(&'static str),
    I(i64),
    T(Vec<T>),
    L(Vec<T>),
    X(Term),
}
use T::{A, I, L, S, X};

fn tuple(v: &[T]) -> T {
    T::T(v.to_vec())
}

struct Run {
    w: World,
    pid: Term,
}

impl Run {
    fn new() -> Run {
        let mut w = World::new();
        let pid = w.process();
        Run { w, pid }
    }

    fn build(&mut self, t: &T) -> Term {
        let mut p = self.w.sys.procs.check_out(self.pid).unwrap();
        let r = go(&mut Ctx { proc: &mut p, sys: &mut self.w.sys }, t);
        self.w.sys.procs.check_in(p);
        r
    }

    fn ets(&mut self, f: &str, args: &[T]) -> BifResult {
        let args: Vec<Term> = args.iter().map(|t| self.build(t)).collect();
        self.w.call(self.pid, "ets", f, &args)
    }

    /// Calls, and compares the result.
    fn is(&mut self, f: &str, args: &[T], expected: T) {
        let got = self.ets(f, args).unwrap_or_else(|e| panic!("ets:{f} failed: {e:?}"));
        let expected = self.build(&expected);
        assert!(order::exact_eq(self.w.sys.mem(), got, expected), "ets:{f} gave {:?}", self.show(got));
    }

    fn fails(&mut self, f: &str, args: &[T], cause: Option<Atom>) {
        assert_eq!(self.ets(f, args), Err(Fault::Raise), "ets:{f}");
        let e = &self.w.sys.procs.get(self.pid).unwrap().exception;
        assert_eq!(e.value, Term::atom(am::BADARG));
        let info = crate::bif::support::flat_pairs(self.w.sys.mem(), e.info);
        let got = info.iter().find(|p| p.0.is(am::CAUSE)).and_then(|p| p.1.as_atom());
        assert_eq!(got, cause, "ets:{f}");
    }

    fn show(&self, t: Term) -> Vec<String> {
        let mem = self.w.sys.mem();
        let mut out = vec![];
        let mut t = t;
        while t.is_list() {
            let h = mem.head(t);
            out.push(match mem.tuple_arity(h) {
                Some(n) => format!("{:?}", (1..=n).map(|i| mem.element(h, i)).collect::<Vec<_>>()),
                None => format!("{h:?}"),
            });
            t = mem.tail(t);
        }
        out.push(format!("{t:?}"));
        out
    }
}

fn go(c: &mut Ctx<'_>, t: &T) -> Term {
    match t {
        A(a) => Term::atom(*a),
        S(s) => c.atom(s).unwrap(),
        I(i) => Term::small(*i),
        X(t) => *t,
        T::T(v) => {
            let e: Vec<Term> = v.iter().map(|t| go(c, t)).collect();
            c.tuple(&e).unwrap()
        }
        L(v) => {
            let e: Vec<Term> = v.iter().map(|t| go(c, t)).collect();
            c.list(&e).unwrap()
        }
    }
}

const TRUE: T = A(am::TRUE);
const FALSE: T = A(am::FALSE);
const END: T = A(am::EOT);

fn new(r: &mut Run, options: &[T]) -> T {
    X(r.ets("new", &[S("t"), L(options.to_vec())]).unwrap())
}

#[test]
fn a_set_keeps_one_object_a_key() {
    let mut r = Run::new();
    let t = new(&mut r, &[]);
    let o = |k: &'static str, v| tuple(&[S(k), I(v)]);
    r.is("insert", &[t.clone(), L(vec![o("a", 1), o("b", 2), o("a", 3)])], TRUE);
    r.is("lookup", &[t.clone(), S("a")], L(vec![o("a", 3)]));
    r.is("insert_new", &[t.clone(), L(vec![o("c", 1), o("b", 2)])], FALSE);
    r.is("insert_new", &[t.clone(), L(vec![])], TRUE);
    r.is("lookup_element", &[t.clone(), S("a"), I(2)], I(3));
    r.fails("lookup_element", &[t.clone(), S("q"), I(2)], Some(am::BADKEY));
    r.is("lookup_element", &[t.clone(), S("q"), I(2), S("d")], S("d"));
    r.fails("lookup_element", &[t.clone(), S("a"), I(5), S("d")], None);
    r.fails("insert", &[t.clone(), tuple(&[])], None);
    r.fails("insert", &[S("nowhere"), o("a", 1)], Some(am::ID));
    r.is("take", &[t.clone(), S("a")], L(vec![o("a", 3)]));
    r.is("member", &[t.clone(), S("a")], FALSE);
    r.is("delete", &[t.clone()], TRUE);
    r.fails("lookup", &[t, S("a")], Some(am::ID));
}

#[test]
fn the_empty_tuple_can_be_key_and_value() {
    let mut r = Run::new();
    let t = new(&mut r, &[]);
    let o = tuple(&[tuple(&[]), tuple(&[I(1), tuple(&[])])]);
    r.is("insert", &[t.clone(), o.clone()], TRUE);
    r.is("lookup", &[t, tuple(&[])], L(vec![o]));
}

#[test]
fn traversals_give_otps_order() {
    let mut r = Run::new();
    let t = new(&mut r, &[]);
    for i in 1..=20 {
        r.is("insert", &[t.clone(), tuple(&[I(i), S("a")])], TRUE);
    }
    let order = [14, 9, 8, 17, 1, 7, 16, 19, 4, 6, 3, 12, 18, 20, 2, 11, 15, 10, 13, 5];
    let all = L(order.iter().map(|k| L(vec![I(*k)])).collect());
    r.is("match", &[t.clone(), tuple(&[S("$1"), S("_")])], all);
    let first = r.ets("match", &[t.clone(), tuple(&[S("$1"), S("_")]), I(5)]).unwrap();
    let e = r.w.elements(first);
    let five = r.build(&L([11, 15, 10, 13, 5].iter().map(|k| L(vec![I(*k)])).collect()));
    assert!(order::exact_eq(r.w.sys.mem(), e[0], five));
    let mut n = 5;
    let mut c = e[1];
    loop {
        let next = r.ets("match", &[X(c)]).unwrap();
        if next == Term::atom(am::EOT) {
            break;
        }
        let e = r.w.elements(next);
        n += r.show(e[0]).len() - 1;
        c = e[1];
    }
    assert_eq!(n, 20);
    r.is("first", &[t.clone()], I(5));
    r.is("next", &[t.clone(), I(5)], I(13));
    r.is("next", &[t.clone(), I(14)], END);
    r.fails("next", &[t.clone(), I(99)], None);
    r.is("info", &[t, A(am::MEMORY)], I(445));
}

#[test]
fn ordered_sets_walk_both_ways() {
    let mut r = Run::new();
    let t = new(&mut r, &[A(am::ORDERED_SET)]);
    for i in 1..=8 {
        r.is("insert", &[t.clone(), tuple(&[I(i), I(i)])], TRUE);
    }
    let ms = L(vec![tuple(&[tuple(&[S("$1"), S("_")]), L(vec![]), L(vec![S("$1")])])]);
    let ints = |v: &[i64]| L(v.iter().map(|i| I(*i)).collect());
    r.is("select", &[t.clone(), ms.clone()], ints(&[1, 2, 3, 4, 5, 6, 7, 8]));
    r.is("select_reverse", &[t.clone(), ms.clone()], ints(&[8, 7, 6, 5, 4, 3, 2, 1]));
    let chunk = r.ets("select", &[t.clone(), ms.clone(), I(5)]).unwrap();
    let rest = r.w.elements(chunk)[1];
    r.is("select", &[X(rest)], tuple(&[ints(&[6, 7, 8]), END]));
    r.is("last", &[t.clone()], I(8));
    r.is("prev", &[t.clone(), I(8)], I(7));
    r.is("next", &[t.clone(), I(100)], END);
    r.is("slot", &[t.clone(), I(0)], L(vec![tuple(&[I(1), I(1)])]));
    r.is("slot", &[t.clone(), I(8)], END);
    r.is("next_lookup", &[t.clone(), I(1)], tuple(&[I(2), L(vec![tuple(&[I(2), I(2)])])]));
    r.is("info", &[t, A(am::MEMORY)], I(203));
}

#[test]
fn counters_and_elements() {
    let mut r = Run::new();
    let t = new(&mut r, &[]);
    r.is("insert", &[t.clone(), tuple(&[S("a"), I(3)])], TRUE);
    let op = |v: &[i64]| tuple(&v.iter().map(|i| I(*i)).collect::<Vec<_>>());
    r.is("update_counter", &[t.clone(), S("a"), I(1)], I(4));
    r.is("update_counter", &[t.clone(), S("a"), op(&[2, 5, 6, 0])], I(0));
    let ops = L(vec![op(&[2, 1]), op(&[2, 2]), op(&[2, -10, 0, 100])]);
    r.is("update_counter", &[t.clone(), S("a"), ops], L(vec![I(1), I(3), I(100)]));
    r.fails("update_counter", &[t.clone(), S("q"), I(1)], Some(am::BADKEY));
    r.is("update_counter", &[t.clone(), S("q"), I(1), tuple(&[S("z"), I(10)])], I(11));
    r.is("lookup", &[t.clone(), S("q")], L(vec![tuple(&[S("q"), I(11)])]));
    r.fails("update_counter", &[t.clone(), S("a"), op(&[1, 1])], Some(am::KEYPOS));
    r.fails("update_counter", &[t.clone(), S("a"), op(&[3, 1])], Some(am::POSITION));
    r.fails("update_counter", &[t.clone(), S("a"), S("x")], None);
    r.is("update_element", &[t.clone(), S("a"), tuple(&[I(2), L(vec![I(1)])])], TRUE);
    r.is("lookup", &[t.clone(), S("a")], L(vec![tuple(&[S("a"), L(vec![I(1)])])]));
    r.is("update_element", &[t.clone(), S("no"), tuple(&[I(2), S("x")])], FALSE);
    r.fails("update_element", &[t.clone(), S("a"), tuple(&[I(1), S("x")])], Some(am::KEYPOS));
    r.fails("update_element", &[t, S("a"), tuple(&[I(5), S("x")])], Some(am::POSITION));
    let b = new(&mut r, &[A(am::BAG)]);
    r.fails("update_counter", &[b, S("a"), I(1)], Some(am::TABLE_TYPE));
}

#[test]
fn match_specifications() {
    let mut r = Run::new();
    let t = new(&mut r, &[A(am::ORDERED_SET)]);
    for (k, v) in [("a", I(1)), ("b", I(2)), ("c", S("x"))] {
        r.is("insert", &[t.clone(), tuple(&[S(k), v])], TRUE);
    }
    let ms = |guards: Vec<T>, body: T| L(vec![tuple(&[tuple(&[S("$1"), S("$2")]), L(guards), L(vec![body])])]);
    let eq = |k: &'static str| tuple(&[S("=:="), S("$1"), S(k)]);
    let sel = |r: &mut Run, g: Vec<T>, b: T, expected: Vec<T>| r.is("select", &[t.clone(), ms(g, b)], L(expected));
    sel(&mut r, vec![], S("$$"), vec![L(vec![S("a"), I(1)]), L(vec![S("b"), I(2)]), L(vec![S("c"), S("x")])]);
    sel(&mut r, vec![], tuple(&[tuple(&[])]), vec![tuple(&[]), tuple(&[]), tuple(&[])]);
    sel(&mut r, vec![], tuple(&[A(am::CONST), S("$1")]), vec![S("$1"), S("$1"), S("$1")]);
    let pair = tuple(&[tuple(&[S("$2"), S("$1")])]);
    sel(
        &mut r,
        vec![tuple(&[A(am::ANDALSO), TRUE, TRUE])],
        pair,
        vec![tuple(&[I(1), S("a")]), tuple(&[I(2), S("b")]), tuple(&[S("x"), S("c")])],
    );
    sel(&mut r, vec![tuple(&[A(am::ANDALSO), TRUE, I(2)])], S("$1"), vec![]);
    sel(&mut r, vec![tuple(&[A(am::ORELSE), FALSE, TRUE, I(2)])], S("$2"), vec![I(1), I(2), S("x")]);
    sel(&mut r, vec![tuple(&[A(am::IS_RECORD), S("$_"), S("b"), I(2)])], S("$_"), vec![tuple(&[S("b"), I(2)])]);
    sel(&mut r, vec![], L(vec![S("$1")]), vec![L(vec![S("a")]), L(vec![S("b")]), L(vec![S("c")])]);
    let _ = eq;
    for bad in [
        ms(vec![tuple(&[S("no_such_function"), S("$2")])], S("$_")),
        ms(vec![], S("$3")),
        ms(vec![], tuple(&[])),
        ms(vec![], tuple(&[S("a"), S("b")])),
        L(vec![S("a")]),
        S("a"),
    ] {
        r.fails("select", &[t.clone(), bad], None);
    }
    r.is("match", &[t.clone(), tuple(&[S("$1"), S("$1")])], L(vec![]));
    r.is("match", &[t.clone(), S("a")], L(vec![]));
    r.is("match_object", &[t.clone(), tuple(&[S("b"), S("_")])], L(vec![tuple(&[S("b"), I(2)])]));
    r.is(
        "match",
        &[t.clone(), tuple(&[S("$2"), S("$1")])],
        L(vec![L(vec![I(1), S("a")]), L(vec![I(2), S("b")]), L(vec![S("x"), S("c")])]),
    );
    let two = L(vec![tuple(&[tuple(&[S("_"), I(2)]), L(vec![]), L(vec![TRUE])])]);
    r.is("select_count", &[t.clone(), two.clone()], I(1));
    r.is("internal_select_delete", &[t.clone(), two], I(1));
    let new = ms(vec![], tuple(&[tuple(&[S("$1"), S("new")])]));
    r.is("select_replace", &[t.clone(), new], I(2));
    r.is("lookup", &[t.clone(), S("a")], L(vec![tuple(&[S("a"), S("new")])]));
    let other_key = ms(vec![], tuple(&[tuple(&[S("x"), S("new")])]));
    r.fails("select_replace", &[t, other_key], None);
}

#[test]
fn rights_heirs_and_the_end_of_the_owner() {
    let mut r = Run::new();
    let mut other = Run { pid: r.w.process(), w: World::new() };
    let q = other.pid;
    std::mem::swap(&mut other.w, &mut r.w);
    // `other` now has the world; it is the table's owner.
    let heir = tuple(&[A(am::HEIR), X(r.pid), S("data")]);
    let t = X(other.ets("new", &[S("named"), L(vec![A(am::NAMED_TABLE), heir])]).unwrap());
    other.is("insert", &[t.clone(), tuple(&[S("a"), I(1)])], TRUE);
    other.fails("new", &[S("named"), L(vec![A(am::NAMED_TABLE)])], Some(am::ALREADY_EXISTS));
    std::mem::swap(&mut other.w, &mut r.w);
    r.is("lookup", &[t.clone(), S("a")], L(vec![tuple(&[S("a"), I(1)])]));
    r.fails("insert", &[t.clone(), tuple(&[S("a"), I(2)])], Some(am::ACCESS));
    r.w.end(q, Term::atom(am::NORMAL));
    let m = r.w.messages(r.pid)[0];
    let e = r.w.elements(m);
    assert_eq!((e[0], e[2]), (Term::atom(am::ETS_TRANSFER), q));
    r.is("insert", &[t.clone(), tuple(&[S("a"), I(2)])], TRUE);
    r.is("info", &[t.clone(), A(am::OWNER)], X(r.pid));
    r.is("rename", &[t, S("renamed")], S("renamed"));
    r.is("whereis", &[S("named")], S("undefined"));
    let used = r.w.sys.arena.used();
    let _ = used;
    r.w.end(r.pid, Term::atom(am::NORMAL));
    assert!(r.w.sys.ets.is_empty());
}
