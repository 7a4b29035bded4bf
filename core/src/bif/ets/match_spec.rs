//! Match specifications: compiled to patterns and to operations of a small stack machine, then run on one object at a time.
//!
//! A guest chooses their depth and width, so compiling, matching and evaluating use stacks of their own. Guard functions are
//! the guard BIFs of the table. Mirrors `erl_db_util.c` (OTP 27); the functions that only trace specifications have are in
//! `bif::trace::action`.

mod run;

use super::bound::partly_bound;
use crate::atom::{Atom, am};
use crate::bif::trace::action::Action;
use crate::bif::{BifFn, Ctx, Fault, table};
use crate::heap::order;
use crate::heap::{build, map};
use crate::process::Exception;
use crate::term::{Mem, Names, Term};
use rustc_hash::FxHashMap;

/// A pattern; children are indices into the clause's patterns.
#[derive(Clone, Debug)]
enum Pat {
    Any,
    /// Binds, or compares with what is bound: index of the variable.
    Var(u32),
    /// Anything without parts: compared exactly.
    Const(Term),
    Tuple(Vec<u32>),
    Cons(u32, u32),
    /// Keys that must be there, and the patterns of their values.
    Map(Vec<(Term, u32)>),
}

/// An operation on the stack of values.
#[derive(Clone, Copy, Debug)]
enum Op {
    Const(Term),
    Var(u32),
    /// `'$_'`.
    Whole,
    /// `'$$'`: the values of all variables, by number.
    All,
    Tuple(u32),
    Cons,
    /// So many keys and values.
    Map(u32),
    Call(BifFn, u8),
    /// A function of trace specifications.
    Action(Action, u8),
    And(u32),
    Or(u32),
    Xor,
    Not,
    /// Goes to the label with `false` if the value is `false`; takes `true` away; anything else fails.
    AndAlso(u32),
    OrElse(u32),
    IsRecord,
    /// Takes the value away.
    Drop,
}

#[derive(Debug)]
struct Code {
    ops: Vec<Op>,
    labels: Vec<usize>,
    /// Calls functions, whose results may share parts of the object: the result must be copied whole.
    calls: bool,
    /// A function that fails makes a guard fail; in a body its value is [`FAILED`].
    part: Part,
}

/// A clause.
#[derive(Debug)]
pub struct Clause {
    pats: Vec<Pat>,
    /// Numbers of the head's variables, ascending; a variable's index is its place here.
    vars: Vec<u64>,
    guards: Vec<Code>,
    body: Code,
    /// The head's element at the key position, when it has no variables.
    pub key: Option<Term>,
    /// That element, when it has some and is a tuple or list: part of an ordered set.
    pub part: Option<Term>,
}

/// A compiled specification. Its terms lie where those that it was made of lie.
#[derive(Debug)]
pub struct Spec {
    pub clauses: Vec<Clause>,
}

/// Number of a variable atom: `'$7'` is 7.
pub(super) fn variable(names: &dyn Names, a: Atom) -> Option<u64> {
    let digits = names.atom_name(a).strip_prefix('$')?;
    if digits.is_empty() || digits.len() > 9 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

/// Has the pattern no variables and no `'_'`?
pub(super) fn is_ground(mem: Mem, names: &dyn Names, pattern: Term) -> bool {
    let mut stack = vec![pattern];
    while let Some(mut t) = stack.pop() {
        while t.is_list() {
            stack.push(mem.head(t));
            t = mem.tail(t);
        }
        if let Some(a) = t.as_atom() {
            if a == am::UNDERSCORE || variable(names, a).is_some() {
                return false;
            }
        } else if let Some(n) = mem.tuple_arity(t) {
            (1..=n).for_each(|i| stack.push(mem.element(t, i)));
        } else if mem.is_map(t) {
            // A map in a pattern matches larger maps too.
            return false;
        }
    }
    true
}

/// What is matched and returned when there is only a pattern.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Simple {
    /// `match`: the bindings.
    Bindings,
    /// `match_object`: the object.
    Object,
}

impl Spec {
    /// The specification that `match` and `match_object` stand for; `None`: it isn't a pattern.
    pub fn of_pattern(mem: Mem, names: &dyn Names, pattern: Term, what: Simple, keypos: u32) -> Option<Spec> {
        let (pats, vars) = head(mem, names, pattern)?;
        let op = if what == Simple::Bindings { Op::All } else { Op::Whole };
        let body = Code { ops: vec![op], labels: Vec::new(), calls: false, part: Part::Body };
        let key = key_of(mem, names, pattern, keypos);
        let part = partly_bound(mem, names, pattern, keypos);
        Some(Spec { clauses: vec![Clause { pats, vars, guards: Vec::new(), body, key, part }] })
    }

    /// A list of `{Head, Guards, Body}`; `None`: it isn't a match specification.
    pub fn compile(mem: Mem, names: &dyn Names, spec: Term, keypos: u32) -> Option<Spec> {
        Spec::compile_for(mem, names, spec, keypos, For::Tables)
    }

    /// The same for tracing: heads are lists of arguments.
    pub fn compile_trace(mem: Mem, names: &dyn Names, spec: Term) -> Option<Spec> {
        Spec::compile_for(mem, names, spec, 0, For::Tracing)
    }

    fn compile_for(mem: Mem, names: &dyn Names, spec: Term, keypos: u32, purpose: For) -> Option<Spec> {
        let mut clauses = Vec::new();
        let mut t = spec;
        while t.is_list() {
            clauses.push(clause(mem, names, mem.head(t), keypos, purpose)?);
            t = mem.tail(t);
        }
        t.is_nil().then_some(Spec { clauses })
    }
}

fn key_of(mem: Mem, names: &dyn Names, head: Term, keypos: u32) -> Option<Term> {
    let n = mem.tuple_arity(head)?;
    let key = if n >= keypos { mem.element(head, keypos) } else { return None };
    is_ground(mem, names, key).then_some(key)
}

fn list_of(mem: Mem, mut t: Term) -> Option<Vec<Term>> {
    let mut out = Vec::new();
    while t.is_list() {
        out.push(mem.head(t));
        t = mem.tail(t);
    }
    t.is_nil().then_some(out)
}

/// What a specification is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum For {
    Tables,
    Tracing,
}

fn clause(mem: Mem, names: &dyn Names, t: Term, keypos: u32, purpose: For) -> Option<Clause> {
    if mem.tuple_arity(t) != Some(3) {
        return None;
    }
    let pattern = mem.element(t, 1);
    let (pats, vars) = head(mem, names, pattern)?;
    let mut guards = Vec::new();
    for g in list_of(mem, mem.element(t, 2))? {
        guards.push(code(mem, names, &[g], &vars, (purpose, Part::Guard))?);
    }
    let mut body = list_of(mem, mem.element(t, 3))?;
    if body.is_empty() {
        match purpose {
            For::Tables => return None,
            // A trace specification without a body just matches.
            For::Tracing => body.push(Term::bool(true)),
        }
    }
    let body = code(mem, names, &body, &vars, (purpose, Part::Body))?;
    let tables = purpose == For::Tables;
    let key = if tables { key_of(mem, names, pattern, keypos) } else { None };
    let part = if tables { partly_bound(mem, names, pattern, keypos) } else { None };
    Some(Clause { pats, vars, guards, body, key, part })
}

/// The patterns of a head, the whole first, and the numbers of its variables.
/// `None`: a variable or `'_'` is the key of a map.
fn head(mem: Mem, names: &dyn Names, pattern: Term) -> Option<(Vec<Pat>, Vec<u64>)> {
    let mut pats = vec![Pat::Any];
    let mut vars = Vec::new();
    let mut work = vec![(pattern, 0u32)];
    while let Some((t, at)) = work.pop() {
        let mut child = |pats: &mut Vec<Pat>, t: Term| {
            let i = pats.len() as u32;
            pats.push(Pat::Any);
            work.push((t, i));
            i
        };
        let p = if let Some(a) = t.as_atom() {
            match variable(names, a) {
                // The number for now; the index when all are known.
                Some(n) => {
                    vars.push(n);
                    Pat::Var(n as u32)
                }
                None if a == am::UNDERSCORE => Pat::Any,
                None => Pat::Const(t),
            }
        } else if t.is_list() {
            let h = child(&mut pats, mem.head(t));
            Pat::Cons(h, child(&mut pats, mem.tail(t)))
        } else if let Some(n) = mem.tuple_arity(t) {
            Pat::Tuple((1..=n).map(|i| child(&mut pats, mem.element(t, i))).collect())
        } else if mem.is_map(t) {
            let pairs = map::pairs(mem, t);
            if pairs
                .iter()
                .any(|(k, _)| k.as_atom().is_some_and(|a| a == am::UNDERSCORE || variable(names, a).is_some()))
            {
                return None;
            }
            Pat::Map(pairs.into_iter().map(|(k, v)| (k, child(&mut pats, v))).collect())
        } else {
            Pat::Const(t)
        };
        pats[at as usize] = p;
    }
    vars.sort_unstable();
    vars.dedup();
    for p in &mut pats {
        if let Pat::Var(n) = p {
            *n = vars.binary_search(&(*n as u64)).unwrap_or(0) as u32;
        }
    }
    Some((pats, vars))
}

/// What is left to do while expressions are compiled.
enum Work {
    Expr(Term),
    Emit(Op),
    Label(u32),
}

/// Operations that evaluate the expressions and leave the value of the last; `None`: not an expression.
fn code(mem: Mem, names: &dyn Names, exprs: &[Term], vars: &[u64], place: (For, Part)) -> Option<Code> {
    let mut c = Code { ops: Vec::new(), labels: Vec::new(), calls: false, part: place.1 };
    let mut work = Vec::new();
    for (i, e) in exprs.iter().enumerate().rev() {
        if i + 1 < exprs.len() {
            work.push(Work::Emit(Op::Drop));
        }
        work.push(Work::Expr(*e));
    }
    while let Some(w) = work.pop() {
        match w {
            Work::Emit(op) => c.ops.push(op),
            Work::Label(l) => c.labels[l as usize] = c.ops.len(),
            Work::Expr(t) => expr((mem, names, vars), t, place, &mut c, &mut work)?,
        }
    }
    Some(c)
}

/// Which part of a clause an expression stands in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Part {
    Guard,
    Body,
}

fn expr(
    (mem, names, vars): (Mem, &dyn Names, &[u64]),
    t: Term,
    place: (For, Part),
    c: &mut Code,
    work: &mut Vec<Work>,
) -> Option<()> {
    if let Some(a) = t.as_atom() {
        let op = match variable(names, a) {
            Some(n) => Op::Var(vars.binary_search(&n).ok()? as u32),
            None => match names.atom_name(a) {
                "$_" => Op::Whole,
                "$$" => Op::All,
                _ => Op::Const(t),
            },
        };
        c.ops.push(op);
    } else if t.is_list() {
        work.push(Work::Emit(Op::Cons));
        work.push(Work::Expr(mem.tail(t)));
        work.push(Work::Expr(mem.head(t)));
    } else if let Some(n) = mem.tuple_arity(t) {
        let first = if n > 0 { mem.element(t, 1) } else { return None };
        if let Some(m) = mem.tuple_arity(first).filter(|_| n == 1) {
            work.push(Work::Emit(Op::Tuple(m)));
            (1..=m).rev().for_each(|i| work.push(Work::Expr(mem.element(first, i))));
        } else {
            let args: Vec<Term> = (2..=n).map(|i| mem.element(t, i)).collect();
            call(first.as_atom()?, names, &args, place, c, work)?;
        }
    } else if mem.is_map(t) {
        let pairs = map::pairs(mem, t);
        work.push(Work::Emit(Op::Map(pairs.len() as u32)));
        for (k, v) in pairs.into_iter().rev() {
            work.push(Work::Expr(v));
            work.push(Work::Expr(k));
        }
    } else {
        c.ops.push(Op::Const(t));
    }
    Some(())
}

/// Functions by name and arity that expressions may call.
fn function(name: &str, arity: usize) -> Option<BifFn> {
    use std::sync::OnceLock;
    static ALL: OnceLock<FxHashMap<(&'static str, u8), BifFn>> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        let usable = |b: &&crate::bif::Bif| b.module == "erlang" && (b.guard || matches!(b.name, "self" | "node"));
        table::all().iter().filter(usable).map(|b| ((b.name, b.arity), b.body)).collect()
    });
    all.get(&(name, u8::try_from(arity).ok()?)).copied()
}

fn call(
    f: Atom,
    names: &dyn Names,
    args: &[Term],
    (purpose, part): (For, Part),
    c: &mut Code,
    work: &mut Vec<Work>,
) -> Option<()> {
    let n = args.len() as u32;
    if purpose == For::Tracing
        && let Some((action, guard)) = Action::find(f, args.len())
    {
        if part == Part::Guard && !guard {
            return None;
        }
        work.push(Work::Emit(Op::Action(action, n as u8)));
        args.iter().rev().for_each(|a| work.push(Work::Expr(*a)));
        return Some(());
    }
    let op = match f {
        am::CONST if n == 1 => {
            c.ops.push(Op::Const(args[0]));
            return Some(());
        }
        am::AND if n > 0 => Op::And(n),
        am::OR if n > 0 => Op::Or(n),
        am::XOR if n == 2 => Op::Xor,
        am::NOT if n == 1 => Op::Not,
        am::ANDALSO | am::ORELSE if n > 0 => {
            let label = c.labels.len() as u32;
            c.labels.push(0);
            let between = if f == am::ANDALSO { Op::AndAlso(label) } else { Op::OrElse(label) };
            work.push(Work::Label(label));
            for (i, a) in args.iter().enumerate().rev() {
                if i + 1 < args.len() {
                    work.push(Work::Emit(between));
                }
                work.push(Work::Expr(*a));
            }
            return Some(());
        }
        am::IS_RECORD if n == 3 || n == 2 => {
            // The tag and the size are not evaluated.
            work.push(Work::Emit(Op::IsRecord));
            work.push(Work::Emit(Op::Const(args.get(2).copied().unwrap_or(Term::NIL))));
            work.push(Work::Emit(Op::Const(args[1])));
            work.push(Work::Expr(args[0]));
            return Some(());
        }
        _ => {
            c.calls = true;
            Op::Call(function(names.atom_name(f), args.len())?, n as u8)
        }
    };
    work.push(Work::Emit(op));
    args.iter().rev().for_each(|a| work.push(Work::Expr(*a)));
    Some(())
}

/// What running a specification on an object gave.
pub enum Outcome {
    NoMatch,
    Value(Term),
}

impl Clause {
    /// Matches the head; the bindings go to `bound`.
    fn matches(&self, mem: Mem, names: &dyn Names, object: Term, bound: &mut Vec<Term>) -> bool {
        bound.clear();
        bound.resize(self.vars.len(), Term::NONE);
        let mut work = vec![(0u32, object)];
        while let Some((p, t)) = work.pop() {
            match &self.pats[p as usize] {
                Pat::Any => {}
                Pat::Var(i) => {
                    let b = &mut bound[*i as usize];
                    if b.is_none() {
                        *b = t;
                    } else if !order::exact_eq(mem, *b, t) {
                        return false;
                    }
                }
                Pat::Const(c) => {
                    if *c != t && (c.is_immed() || !order::exact_eq(mem, *c, t)) {
                        return false;
                    }
                }
                Pat::Tuple(parts) => {
                    if mem.tuple_arity(t) != Some(parts.len() as u32) {
                        return false;
                    }
                    work.extend(parts.iter().enumerate().rev().map(|(i, p)| (*p, mem.element(t, i as u32 + 1))));
                }
                Pat::Cons(h, r) => {
                    if !t.is_list() {
                        return false;
                    }
                    work.push((*r, mem.tail(t)));
                    work.push((*h, mem.head(t)));
                }
                Pat::Map(pairs) => {
                    if !mem.is_map(t) {
                        return false;
                    }
                    for (k, p) in pairs {
                        match map::get(mem, names, t, *k) {
                            Some(v) => work.push((*p, v)),
                            None => return false,
                        }
                    }
                }
            }
        }
        true
    }
}
