//! Comparisons, selects, records, maps, funs: the cases that the hot loop leaves.

use super::{Flow, Machine};
use crate::atom::am;
use crate::code::op::{Instr, SelectTable, TypeKind};
use crate::code::operand::{Dst, Place, Src, Wide};
use crate::heap::order;
use crate::heap::{Alloc, map};
use crate::term::{Mem, Term, object};
use std::cmp::Ordering;

/// Type tests that aren't inlined in the hot loop.
#[inline(never)]
pub fn type_test(mem: Mem, kind: u8, t: Term) -> bool {
    match TypeKind::ALL.get(kind as usize) {
        Some(TypeKind::Integer) => mem.is_integer(t),
        Some(TypeKind::Float) => mem.is_float(t),
        Some(TypeKind::Number) => mem.is_number(t),
        Some(TypeKind::Atom) => t.is_atom(),
        Some(TypeKind::Pid) => mem.is_pid(t),
        Some(TypeKind::Reference) => mem.is_ref(t),
        Some(TypeKind::Port) => mem.is_port(t),
        Some(TypeKind::Binary) => mem.is_binary(t),
        Some(TypeKind::Bitstring) => mem.is_bitstring(t),
        Some(TypeKind::List) => t.is_list() || t.is_nil(),
        Some(TypeKind::Tuple) => mem.is_tuple(t),
        Some(TypeKind::Boolean) => t.as_bool().is_some(),
        Some(TypeKind::Function) => mem.is_fun(t),
        Some(TypeKind::Map) => mem.is_map(t),
        None => false,
    }
}

/// The comparing branches, for terms that aren't both small.
pub fn compare(m: &mut Machine<'_>, i: &Instr) -> Flow {
    let mem = m.mem();
    let x = |m: &Machine<'_>, r: u16| m.x(r as usize);
    let order = |m: &Machine<'_>, a: Term, b: Term| order::compare(mem, &m.sys.names(), a, b);
    let (yes, fail) = match *i {
        Instr::IsEqExact { a, b, fail } => (order::exact_eq(mem, m.src(a), m.src(b)), fail),
        Instr::IsNeExact { a, b, fail } => (!order::exact_eq(mem, m.src(a), m.src(b)), fail),
        Instr::IsEqXX { a, b, fail } => (order::exact_eq(mem, x(m, a), x(m, b)), fail),
        Instr::IsNeXX { a, b, fail } => (!order::exact_eq(mem, x(m, a), x(m, b)), fail),
        Instr::IsEq { a, b, fail } => (order(m, m.src(a), m.src(b)) == Ordering::Equal, fail),
        Instr::IsNe { a, b, fail } => (order(m, m.src(a), m.src(b)) != Ordering::Equal, fail),
        Instr::IsLt { a, b, fail } => (order(m, m.src(a), m.src(b)) == Ordering::Less, fail),
        Instr::IsGe { a, b, fail } => (order(m, m.src(a), m.src(b)) != Ordering::Less, fail),
        Instr::IsLtXX { a, b, fail } => (order(m, x(m, a), x(m, b)) == Ordering::Less, fail),
        Instr::IsGeXX { a, b, fail } => (order(m, x(m, a), x(m, b)) != Ordering::Less, fail),
        Instr::IsLtXC { s, fail, c } => (order(m, x(m, s), Term(c)) == Ordering::Less, fail),
        Instr::IsGeXC { s, fail, c } => (order(m, x(m, s), Term(c)) != Ordering::Less, fail),
        Instr::IsLtCX { s, fail, c } => (order(m, Term(c), x(m, s)) == Ordering::Less, fail),
        Instr::IsGeCX { s, fail, c } => (order(m, Term(c), x(m, s)) != Ordering::Less, fail),
        _ => (true, 0),
    };
    if yes { Flow::Next } else { Flow::Jump(fail) }
}

pub fn is_function2(m: &mut Machine<'_>, f: Src, arity: Src, fail: i32) -> Flow {
    let (f, arity) = (m.src(f), m.src(arity));
    let mem = m.mem();
    let yes = mem.is_fun(f) && arity.as_small() == Some(object::fun_arity(mem.header(f)) as i64);
    if yes { Flow::Next } else { Flow::Jump(fail) }
}

/// A select whose keys must be compared as terms.
pub fn select_linear(m: &mut Machine<'_>, s: Src, fail: i32, table: u32) -> Flow {
    let v = m.src(s);
    let mem = m.mem();
    let found = match m.sys.code.instance(m.slot).and_then(|c| c.selects.get(table as usize)) {
        Some(SelectTable::Linear { keys, to }) => {
            keys.iter().position(|k| order::exact_eq(mem, v, Term(*k))).and_then(|i| to.get(i).copied())
        }
        Some(t) => t.find(v.raw()),
        None => None,
    };
    Flow::Jump(found.unwrap_or(fail))
}

pub fn select_arity(m: &mut Machine<'_>, s: Src, fail: i32, table: u32) -> Flow {
    let Some(n) = m.mem().tuple_arity(m.src(s)) else { return Flow::Jump(fail) };
    let key = Term::small(n as i64).raw();
    let found = m.sys.code.instance(m.slot).and_then(|c| c.selects.get(table as usize)).and_then(|t| t.find(key));
    Flow::Jump(found.unwrap_or(fail))
}

/// A copy of a record with elements replaced. Side table: size, then index and value of each update.
pub fn update_record(m: &mut Machine<'_>, s: Src, d: Dst, at: u32, n: u32) -> Flow {
    let old = m.src(s);
    let size = m.side(at);
    let updates: Vec<(u32, Term)> = (0..n).map(|k| (m.side(at + 1 + 2 * k), m.wide(m.side(at + 2 + 2 * k)))).collect();
    let mem = m.mem();
    let to = match m.ctx().words(size + 1) {
        Ok(to) => to,
        Err(e) => return m.fault(e.into()),
    };
    mem.copy_words(old.addr(), to, size + 1);
    for (i, v) in updates {
        mem.set(to, i, v);
    }
    m.set(d, Term::boxed_at(to));
    Flow::Next
}

fn bad_map(m: &mut Machine<'_>, map: Term, fail: i32) -> Flow {
    if fail != 0 { Flow::Jump(fail) } else { m.error_pair(am::BADMAP, map) }
}

pub fn put_map_assoc(m: &mut Machine<'_>, live: u8, s: Src, d: Dst, at: u32, n: u32) -> Flow {
    if m.gc_desired()
        && let Err(f) = m.collect(0, live as usize)
    {
        return m.fault(f);
    }
    let old = m.src(s);
    if !m.mem().is_map(old) {
        return bad_map(m, old, 0);
    }
    let (mut few, mut many) = ([(Term::NIL, Term::NIL); FEW_PAIRS], Vec::new());
    let pairs = pairs(m, at, n, &mut few, &mut many);
    let mut ctx = m.ctx();
    let (mut a, names) = ctx.split();
    match map::put_all(&mut a, &names, old, pairs) {
        Ok(t) => {
            m.set(d, t);
            Flow::Next
        }
        Err(e) => m.fault(e.into()),
    }
}

/// Pairs that fit on the host's stack.
const FEW_PAIRS: usize = 4;

/// The keys and values of `n` pairs in the side table.
fn pairs<'a>(
    m: &Machine<'_>,
    at: u32,
    n: u32,
    few: &'a mut [(Term, Term); FEW_PAIRS],
    many: &'a mut Vec<(Term, Term)>,
) -> &'a [(Term, Term)] {
    let pair = |k: u32| (m.wide(m.side(at + 2 * k)), m.wide(m.side(at + 2 * k + 1)));
    if n as usize > FEW_PAIRS {
        many.extend((0..n).map(pair));
        return many;
    }
    for (k, p) in (0..n).zip(few.iter_mut()) {
        *p = pair(k);
    }
    &few[..n as usize]
}

pub fn put_map_exact(m: &mut Machine<'_>, live: u8, s: Src, d: Dst, at: u32, n: u32, fail: i32) -> Flow {
    if m.gc_desired()
        && let Err(f) = m.collect(0, live as usize)
    {
        return m.fault(f);
    }
    let old = m.src(s);
    if !m.mem().is_map(old) {
        return bad_map(m, old, fail);
    }
    let (mut few, mut many) = ([(Term::NIL, Term::NIL); FEW_PAIRS], Vec::new());
    let pairs = pairs(m, at, n, &mut few, &mut many);
    let mut ctx = m.ctx();
    let (mut a, names) = ctx.split();
    match map::update_all(&mut a, &names, old, pairs) {
        Ok(Ok(t)) => {
            m.set(d, t);
            Flow::Next
        }
        Ok(Err(_)) if fail != 0 => Flow::Jump(fail),
        Ok(Err(key)) => m.error_pair(am::BADKEY, key),
        Err(e) => m.fault(e.into()),
    }
}

pub fn has_map_fields(m: &mut Machine<'_>, s: Src, n: u32, at: u32, fail: i32) -> Flow {
    let t = m.src(s);
    // A compiler puts is_map in front; damaged code may not have it.
    if !m.mem().is_map(t) {
        return Flow::Jump(fail);
    }
    for k in 0..n {
        let key = m.wide(m.side(at + k));
        if map::get(m.mem(), &m.sys.names(), t, key).is_none() {
            return Flow::Jump(fail);
        }
    }
    Flow::Next
}

/// Puts the values of `n` keys where the side table says; `false`: one of them is missing, or it isn't a map.
#[inline(never)]
#[allow(unsafe_code)]
pub fn map_elements(m: &mut Machine<'_>, t: Term, n: u32, at: u32) -> bool {
    let mem = m.mem();
    // A compiler puts is_map in front; damaged code may not have it.
    if !mem.is_map(t) {
        return false;
    }
    let Some(instance) = m.sys.code.instance(m.slot) else { return false };
    let Some(side) = instance.side.get(at as usize..at as usize + 2 * n as usize) else { return false };
    let (flat, sp) = (mem.is_flat_map(t), m.proc.heap.sp);
    for pair in side.chunks_exact(2) {
        let key = match Wide(pair[0]).kind() {
            Place::X(i) => m.x(i as usize),
            Place::Y(i) => m.y(i),
            Place::Const(i) => instance.consts.get(i as usize).copied().unwrap_or(Term::NIL),
        };
        let found = if flat && key.is_immed() {
            let keys = mem.field(t, 2);
            let size = mem.map_size(t) as u32;
            (0..size).find(|i| mem.field(keys, i + 1) == key).map(|i| mem.field(t, 3 + i))
        } else {
            map::get(mem, &m.sys.names(), t, key)
        };
        let Some(v) = found else { return false };
        match Wide(pair[1]).kind() {
            Place::X(i) => {
                assert!((i as usize) < crate::code::operand::REGISTERS);
                // SAFETY: the register was just checked; nothing else holds a reference to the register file.
                unsafe { *m.x.add(i as usize) = v }
            }
            Place::Y(i) => mem.set(sp, i, v),
            Place::Const(_) => {}
        }
    }
    true
}

/// A fun: header, entry, free variables, and the fun reference at the end of its environment.
pub fn make_fun(m: &mut Machine<'_>, d: Dst, n: u32, fun: u32, at: u32) -> Flow {
    let Some(entry) = m.sys.code.funs.get(fun as usize) else { return Flow::Jump(0) };
    let arity = (entry.arity as u32).saturating_sub(n);
    let to = match m.ctx().words(2 + n + 1) {
        Ok(to) => to,
        Err(e) => return m.fault(e.into()),
    };
    let mem = m.mem();
    mem.set_word(to, 0, object::fun_header(arity, n + 1));
    mem.set_word(to, 1, fun as u64);
    mem.set(to, 2 + n, m.wide(m.side(at)));
    for k in 0..n {
        mem.set(to, 2 + k, m.wide(m.side(at + 1 + k)));
    }
    m.set(d, Term::boxed_at(to));
    Flow::Next
}
