//! What kinds of term each value can be, for the whole module at once, and the tests that this makes needless.
//!
//! Optimistic fixpoint: kinds start empty and grow along definitions, calls and returns. Only what construction proves counts; the
//! checker's types do not enter, because Mochi lets null and `any` flow everywhere. Functions that escape take any arguments.

use super::{Blk, Func, Inst, Op, Operand, Term, Test, Val};
use crate::core_ir::{Const, Module};

/// A union of kinds.
pub type Kinds = u16;
pub const INT: Kinds = 1;
pub const FLOAT: Kinds = 1 << 1;
pub const BOOL: Kinds = 1 << 2;
/// Atoms but `true` and `false`.
pub const ATOM: Kinds = 1 << 3;
pub const BIN: Kinds = 1 << 4;
pub const CONS: Kinds = 1 << 5;
pub const NIL: Kinds = 1 << 6;
pub const TUPLE: Kinds = 1 << 7;
pub const FUN: Kinds = 1 << 8;
pub const OTHER: Kinds = 1 << 9;
pub const ANY: Kinds = (1 << 10) - 1;
pub const NUMBER: Kinds = INT | FLOAT;

/// Kinds of every value of every function.
#[derive(Debug)]
pub struct Facts {
    pub vals: Vec<Vec<Kinds>>,
}

/// Kinds of a constant.
pub fn const_kinds(c: &Const) -> Kinds {
    match c {
        Const::Int(_) => INT,
        Const::Float(_) => FLOAT,
        Const::Atom(a) if &**a == "true" || &**a == "false" => BOOL,
        Const::Atom(_) => ATOM,
        Const::Bin(_) => BIN,
        Const::Nil => NIL,
        Const::List(_) => CONS,
        Const::Tuple(_) => TUPLE,
        Const::Map(_) => OTHER,
    }
}

/// Kinds of an operand.
pub fn kinds(vals: &[Kinds], o: &Operand) -> Kinds {
    match o {
        Operand::Val(v) => vals.get(*v as usize).copied().unwrap_or(ANY),
        Operand::Const(c) => const_kinds(c),
    }
}

fn arith(bif: &str, a: Kinds, b: Kinds) -> Kinds {
    match bif {
        "/" => FLOAT,
        "div" | "rem" => INT,
        _ => {
            let (a, b) = (a & NUMBER, b & NUMBER);
            if a == 0 || b == 0 {
                0
            } else if a == FLOAT || b == FLOAT {
                FLOAT
            } else if a == INT && b == INT {
                INT
            } else {
                NUMBER
            }
        }
    }
}

/// Results that the runtime promises (see `mochi_core.erl`).
fn runtime(m: &str, f: &str) -> Kinds {
    match (m, f) {
        ("mochi_core", "lt" | "le" | "gt" | "ge" | "eq" | "ne" | "truthy" | "contains") => BOOL,
        ("mochi_core", "len") => INT,
        ("mochi_ref", "iter") => CONS | NIL,
        ("mochi_core", "str") => BIN,
        _ => ANY,
    }
}

/// Successors that can be taken as far as is known: none while an operand has no value yet.
fn taken(f: &Func, b: Blk, vals: &[Kinds]) -> Vec<Blk> {
    let term = &f.blocks[b].term;
    let unknown = term.args().iter().any(|a| kinds(vals, a) == 0);
    match term {
        Term::Br { .. } | Term::Try { .. } | Term::Switch { .. } if unknown => vec![],
        Term::Br { test, args, yes, no } => match outcome(test, args, vals).or_else(|| second_bool_test(f, b, vals)) {
            Some(true) => vec![*yes],
            Some(false) => vec![*no],
            None => vec![*yes, *no],
        },
        Term::Try { bif, args, ok, .. } if never_fails(bif, args, vals) => vec![*ok],
        t => t.succs(),
    }
}

/// Arithmetic on what must be integers.
fn never_fails(bif: &str, args: &[Operand], vals: &[Kinds]) -> bool {
    args.iter().all(|a| kinds(vals, a) == INT)
        && match bif {
            "+" | "-" | "*" => true,
            "div" | "rem" => matches!(args.get(1), Some(Operand::Const(Const::Int(n))) if *n != 0),
            _ => false,
        }
}

/// Runs to the fixpoint. `funcs[i]` is `module.funs[i]`. Only what can be reached counts, so that a slow path does not spoil
/// the very facts that make it unreachable.
pub fn infer(module: &Module, funcs: &[Func]) -> Facts {
    let mut vals: Vec<Vec<Kinds>> = funcs.iter().map(|f| vec![0; f.val_count as usize]).collect();
    let mut reach: Vec<Vec<bool>> = funcs.iter().map(|f| vec![false; f.blocks.len()]).collect();
    let mut rets: Vec<Kinds> = vec![0; funcs.len()];
    for (i, f) in funcs.iter().enumerate() {
        let meta = &module.funs[i];
        let own = meta.params.len() - meta.num_free;
        for (n, p) in f.params.iter().enumerate() {
            if meta.escapes || (n >= own && meta.num_free > 0) {
                vals[i][*p as usize] = ANY;
            }
        }
        reach[i][0] = true;
    }
    let mut dirty = vec![true; funcs.len()];
    // Who calls whom, to revisit callers when a result grows.
    let mut callers: Vec<Vec<usize>> = vec![vec![]; funcs.len()];
    for (i, f) in funcs.iter().enumerate() {
        for inst in f.blocks.iter().flat_map(|b| &b.insts) {
            if let Op::Call(g) = inst.op
                && !callers[g].contains(&i)
            {
                callers[g].push(i);
            }
        }
    }
    // Definitions before uses, but for what comes around a loop: few rounds, however long the function is.
    let orders: Vec<Vec<Blk>> = funcs.iter().map(|f| super::split::rpo(f, 0, &|_| false)).collect();
    while let Some(i) = dirty.iter().position(|d| *d) {
        dirty[i] = false;
        let f = &funcs[i];
        loop {
            let mut changed = false;
            for &b in &orders[i] {
                if reach[i][b] {
                    changed |= flow(f, b, &mut vals[i], &mut reach[i], &rets);
                }
            }
            if !changed {
                break;
            }
        }
        for (b, blk) in f.blocks.iter().enumerate().filter(|(b, _)| reach[i][*b]) {
            if let Term::Ret(o) = &blk.term {
                let k = kinds(&vals[i], o);
                if rets[i] | k != rets[i] {
                    rets[i] |= k;
                    for c in &callers[i] {
                        dirty[*c] = true;
                    }
                }
            }
            for inst in &f.blocks[b].insts {
                let Op::Call(g) = inst.op else { continue };
                for (n, a) in inst.args.iter().enumerate() {
                    let k = kinds(&vals[i], a);
                    let p = funcs[g].params[n] as usize;
                    if vals[g][p] | k != vals[g][p] {
                        vals[g][p] |= k;
                        dirty[g] = true;
                    }
                }
            }
        }
    }
    Facts { vals }
}

/// One block: what its instructions give, and where it can go. Did anything grow?
fn flow(f: &Func, b: Blk, vals: &mut [Kinds], reach: &mut [bool], rets: &[Kinds]) -> bool {
    let mut changed = false;
    let mut grow = |vals: &mut [Kinds], v: Val, k: Kinds| {
        if let Some(slot) = vals.get_mut(v as usize)
            && *slot | k != *slot
        {
            *slot |= k;
            changed = true;
        }
    };
    let blk = &f.blocks[b];
    for p in &blk.phis {
        let mut k = 0;
        for (from, a) in &p.args {
            if reach[*from] && taken(f, *from, vals).contains(&b) {
                k |= kinds(vals, a);
            }
        }
        grow(vals, p.dst, k);
    }
    for inst in &blk.insts {
        let arg = |n: usize| inst.args.get(n).map_or(ANY, |o| kinds(vals, o));
        let k = match &inst.op {
            Op::Move => arg(0),
            Op::GcBif(n) => arith(n, arg(0), arg(1)),
            Op::Bif(_) | Op::Elem(_) | Op::Hd | Op::Tl | Op::CallFun => ANY,
            Op::Tuple => TUPLE,
            Op::Cons => CONS,
            Op::MakeFun(_) => FUN,
            Op::CallExt(m, n) => runtime(m, n),
            Op::Call(g) => rets.get(*g).copied().unwrap_or(ANY),
        };
        grow(vals, inst.dst, k);
    }
    if let Term::Try { bif, args, dst, .. } = &blk.term
        && let [x, y] = args.as_slice()
    {
        let k = arith(bif, kinds(vals, x), kinds(vals, y));
        grow(vals, *dst, k);
    }
    for s in taken(f, b, vals) {
        if !std::mem::replace(&mut reach[s], true) {
            changed = true;
        }
    }
    changed
}

/// Yes, no, or don't know.
fn outcome(test: &Test, args: &[Operand], vals: &[Kinds]) -> Option<bool> {
    let k = |n: usize| args.get(n).map_or(ANY, |o| kinds(vals, o));
    let by = |set: Kinds| {
        let have = k(0);
        if have == 0 {
            None
        } else if have & !set == 0 {
            Some(true)
        } else if have & set == 0 {
            Some(false)
        } else {
            None
        }
    };
    match test {
        Test::Integer => by(INT),
        Test::Float => by(FLOAT),
        Test::Number => by(NUMBER),
        Test::Binary => by(BIN).filter(|yes| *yes || k(0) & OTHER == 0),
        Test::Tuple => by(TUPLE),
        Test::NonemptyList => by(CONS),
        Test::Tagged(..) => match &args[0] {
            Operand::Const(c) => Some(matches!((c, test), (Const::Tuple(es), Test::Tagged(n, a))
                if es.len() == *n as usize && es.first() == Some(&Const::Atom(a.clone())))),
            _ => by(TUPLE).filter(|yes| !yes),
        },
        Test::Fun(_) => by(FUN).filter(|yes| !yes),
        Test::EqExact => match (&args[0], &args[1]) {
            (Operand::Const(a), Operand::Const(b)) => Some(a == b),
            _ if k(0) != 0 && k(1) != 0 && k(0) & k(1) == 0 => Some(false),
            _ => None,
        },
        Test::Lt | Test::Ge | Test::Eq | Test::Ne => match (&args[0], &args[1]) {
            (Operand::Const(Const::Int(a)), Operand::Const(Const::Int(b))) => Some(match test {
                Test::Lt => a < b,
                Test::Ge => a >= b,
                Test::Eq => a == b,
                _ => a != b,
            }),
            _ => None,
        },
    }
}

/// Uses the facts: folds tests, makes sure arithmetic plain, drops what is unused.
pub fn simplify(f: &mut Func, vals: &[Kinds]) {
    for b in 0..f.blocks.len() {
        let new = match &f.blocks[b].term {
            Term::Br { test, args, yes, no } => {
                match outcome(test, args, vals).or_else(|| second_bool_test(f, b, vals)) {
                    Some(true) => Some(Term::Jump(*yes)),
                    Some(false) => Some(Term::Jump(*no)),
                    None => None,
                }
            }
            Term::Try { bif, args, dst, ok, .. } if never_fails(bif, args, vals) => {
                let inst = Inst { dst: *dst, op: Op::GcBif(bif), args: args.clone(), line: 0 };
                let ok = *ok;
                f.blocks[b].insts.push(inst);
                Some(Term::Jump(ok))
            }
            _ => None,
        };
        if let Some(t) = new {
            f.blocks[b].term = t;
        }
    }
    f.clean();
    drop_trivial_phis(f);
    thread_jumps(f);
    drop_unused(f);
}

/// `v =:= false` right after `v =:= true` failed, when `v` is a boolean.
fn second_bool_test(f: &Func, b: Blk, vals: &[Kinds]) -> Option<bool> {
    let Term::Br { test: Test::EqExact, args, .. } = &f.blocks[b].term else { return None };
    let [p] = f.blocks[b].preds.as_slice() else { return None };
    let Term::Br { test: Test::EqExact, args: before, no, .. } = &f.blocks[*p].term else { return None };
    let is = |o: &Operand, t: &str| matches!(o, Operand::Const(Const::Atom(a)) if &**a == t);
    let fits = *no == b
        && before[0] == args[0]
        && is(&before[1], "true")
        && is(&args[1], "false")
        && kinds(vals, &args[0]) == BOOL;
    fits.then_some(true)
}

/// Phis that have one source left.
fn drop_trivial_phis(f: &mut Func) {
    let mut replaced: std::collections::HashMap<Val, Operand> = Default::default();
    let resolve = |r: &std::collections::HashMap<Val, Operand>, o: &Operand| {
        let mut o = o.clone();
        while let Operand::Val(v) = &o {
            match r.get(v) {
                Some(n) => o = n.clone(),
                None => break,
            }
        }
        o
    };
    loop {
        let mut changed = false;
        for b in &mut f.blocks {
            b.phis.retain(|p| {
                let mut same: Option<Operand> = None;
                for (_, a) in &p.args {
                    let a = resolve(&replaced, a);
                    if a == Operand::Val(p.dst) || same.as_ref() == Some(&a) {
                        continue;
                    }
                    if same.is_some() {
                        return true;
                    }
                    same = Some(a);
                }
                replaced.insert(p.dst, same.unwrap_or(Operand::Const(Const::null())));
                changed = true;
                false
            });
        }
        if !changed {
            break;
        }
    }
    if replaced.is_empty() {
        return;
    }
    for b in &mut f.blocks {
        let args = b
            .phis
            .iter_mut()
            .flat_map(|p| p.args.iter_mut().map(|a| &mut a.1))
            .chain(b.insts.iter_mut().flat_map(|i| i.args.iter_mut()))
            .chain(b.term.args_mut());
        for a in args {
            *a = resolve(&replaced, a);
        }
    }
}

/// Edges to empty blocks without phis that only jump on to blocks without phis.
fn thread_jumps(f: &mut Func) {
    let n = f.blocks.len();
    let target = |f: &Func, mut b: Blk| {
        for _ in 0..n {
            let blk = &f.blocks[b];
            match blk.term {
                Term::Jump(t)
                    if blk.phis.is_empty()
                        && blk.insts.is_empty()
                        && !blk.is_loop
                        && !f.blocks[t].is_loop
                        && f.blocks[t].phis.is_empty()
                        && t != b =>
                {
                    b = t;
                }
                _ => break,
            }
        }
        b
    };
    for b in 0..n {
        let mut term = std::mem::replace(&mut f.blocks[b].term, Term::None);
        term.map_succs(|s| target(f, s));
        if let Term::Br { yes, no, .. } = &term
            && yes == no
        {
            term = Term::Jump(*yes);
        }
        f.blocks[b].term = term;
    }
    f.clean();
}

/// Pure instructions and phis whose results nobody reads.
fn drop_unused(f: &mut Func) {
    let mut used = vec![false; f.val_count as usize];
    let mut work: Vec<Val> = vec![];
    let mut defs: Vec<Option<Vec<Val>>> = vec![None; f.val_count as usize];
    let ops = |args: &[Operand]| args.iter().filter_map(Operand::val).collect::<Vec<_>>();
    for b in &f.blocks {
        for p in &b.phis {
            defs[p.dst as usize] = Some(p.args.iter().filter_map(|a| a.1.val()).collect());
        }
        for i in &b.insts {
            if i.op.is_pure() {
                defs[i.dst as usize] = Some(ops(&i.args));
            } else {
                work.extend(ops(&i.args));
            }
        }
        work.extend(ops(b.term.args()));
    }
    while let Some(v) = work.pop() {
        if !std::mem::replace(&mut used[v as usize], true)
            && let Some(d) = &defs[v as usize]
        {
            work.extend(d);
        }
    }
    for b in &mut f.blocks {
        b.phis.retain(|p| used[p.dst as usize]);
        b.insts.retain(|i| !i.op.is_pure() || used[i.dst as usize]);
    }
}
