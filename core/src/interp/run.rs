//! The hot loop.
//!
//! `pc` points into the code of the running instance. It stays valid because code is only replaced between slices or by
//! BIFs, after which the loop looks its place up again, and an instance that runs is never freed. Heap top, stack pointer and
//! reductions are locals: [`spill`](spill) writes them to the process before anything else looks, `reload` reads them back.

use super::{APPLY_TRAP, Flow, Machine, Registers, SliceEnd, cold};
use crate::bif::table;
use crate::code::Instance;
use crate::code::op::{Instr, SelectTable};
use crate::code::operand::{Dst, Src};
use crate::heap::RESERVED;
use crate::process::{CodePtr, Process};
use crate::system::System;
use crate::term::{TAG_HEADER, Term, object};

/// Where code and constants of the running instance are.
#[derive(Clone, Copy)]
struct Place {
    code: *const Instr,
    len: u32,
    slot: u32,
    /// Constants, side table and selects are read through this: so a step into another module loads little.
    instance: *const Instance,
}

fn place_of(sys: &System, slot: u32) -> Option<Place> {
    let i = sys.code.instance(slot)?;
    Some(Place { code: i.code.as_ptr(), len: i.code.len() as u32, slot, instance: i })
}

/// Why the hot loop is left.
enum Leave {
    /// The instruction at `pc` is the cold dispatcher's.
    Cold,
    /// Something that spilled and ran already says what comes next.
    Said(Flow),
    /// Words to make sure of and live X registers; the instruction starts again.
    Collect(u32, u32),
    /// To a place that isn't there.
    Goto(CodePtr),
    /// The reductions are used up in front of this function.
    Preempt(CodePtr),
}

/// Runs a process that has been checked out, from `proc.ip` on, for `proc.budget` reductions.
#[allow(unsafe_code)]
pub fn run(regs: &mut Registers, proc: &mut Process, sys: &mut System) -> SliceEnd {
    let x: *mut Term = regs.x.as_mut_ptr();
    let mut m = Machine { x, f: &mut regs.f, proc, sys, bifs: table::all(), slot: 0 };
    let mem = m.mem();
    let live = std::mem::take(&mut m.proc.live);
    m.xs(live.len()).copy_from_slice(&live);
    m.proc.live = live;
    m.proc.live.clear();

    let Some(mut here) = place_of(m.sys, m.proc.ip.slot) else {
        let ip = m.proc.ip;
        return lost(&mut m, ip);
    };
    m.slot = here.slot;
    if m.proc.ip.offset >= here.len {
        let ip = m.proc.ip;
        return lost(&mut m, ip);
    }
    // SAFETY: the offset was just checked against the length of the instance's code.
    let mut pc: *const Instr = unsafe { here.code.add(m.proc.ip.offset as usize) };
    let mut hp = m.proc.heap.top;
    let mut sp = m.proc.heap.sp;
    let mut reds = m.proc.budget;
    // With `gc_stress`: has the instruction that is about to run collected already?
    let mut collected = false;

    /// Writes the locals to the process.
    macro_rules! spill {
        () => {
            m.proc.heap.top = hp;
            m.proc.heap.sp = sp;
            m.proc.budget = reds;
        };
    }
    /// Reads them back.
    macro_rules! reload {
        () => {
            hp = m.proc.heap.top;
            sp = m.proc.heap.sp;
            reds = m.proc.budget;
        };
    }
    macro_rules! x {
        ($i:expr) => {{
            let i = $i as usize;
            // SAFETY: the loader checked every register number against the size of the register file.
            unsafe { *x.add(i) }
        }};
    }
    macro_rules! set_x {
        ($i:expr, $v:expr) => {{
            let (i, v) = ($i as usize, $v);
            // SAFETY: as in `x!`.
            unsafe { *x.add(i) = v }
        }};
    }
    macro_rules! y {
        ($i:expr) => {
            mem.get(sp, $i as u32 + 1)
        };
    }
    macro_rules! set_y {
        ($i:expr, $v:expr) => {
            mem.set(sp, $i as u32 + 1, $v)
        };
    }
    macro_rules! src {
        ($s:expr) => {{
            let Src(w) = $s;
            let i = (w & 0x3FFF) as usize;
            match w >> 14 {
                0 => x!(i),
                1 => y!(i),
                // SAFETY: the loader made the index of a constant of this instance.
                _ => unsafe { *(*here.instance).consts.as_ptr().add(i) },
            }
        }};
    }
    /// The value of an operand in the side table.
    macro_rules! wide {
        ($w:expr) => {{
            let w: u32 = $w;
            let j = (w & 0x3FFF_FFFF) as usize;
            match w >> 30 {
                0 => x!(j),
                1 => y!(j),
                // SAFETY: the loader made the index of a constant of this instance.
                _ => unsafe { *(*here.instance).consts.as_ptr().add(j) },
            }
        }};
    }
    macro_rules! set {
        ($d:expr, $v:expr) => {{
            let Dst(w) = $d;
            let v = $v;
            if w < 0x4000 { set_x!(w, v) } else { set_y!(w & 0x3FFF, v) }
        }};
    }
    macro_rules! next {
        () => {{
            // SAFETY: the last instruction of an instance never falls through.
            pc = unsafe { pc.add(1) };
            continue;
        }};
    }
    macro_rules! jump {
        ($d:expr) => {{
            // SAFETY: the loader resolved the distance to a label of this instance.
            pc = unsafe { pc.offset($d as isize) };
            continue;
        }};
    }
    /// Goes to any place in loaded code: the value of an arm that ends with it is a place in another module.
    macro_rules! goto {
        ($ptr:expr) => {{
            let p: CodePtr = $ptr;
            if p.slot == here.slot && p.offset < here.len {
                // SAFETY: the offset was just checked.
                pc = unsafe { here.code.add(p.offset as usize) };
                continue;
            }
            p
        }};
    }
    /// Returns to the address in the frame on top of the stack.
    macro_rules! ret {
        () => {{
            let w = mem.word(sp, 0);
            mem.set_word(sp, 0, 0);
            goto!(CodePtr::from_word(w))
        }};
    }
    /// Leaves the instruction to the cold dispatcher.
    macro_rules! cold {
        () => {
            break Leave::Cold
        };
    }
    /// Makes sure of heap words; `live` X registers survive. After a collection the instruction starts again.
    macro_rules! reserve {
        ($words:expr, $live:expr) => {
            if cfg!(feature = "gc_stress") && !collected {
                break Leave::Collect($words, $live as u32);
            }
            if ((sp - hp) as u64) < ($words as u64 + RESERVED as u64) * 8 {
                break Leave::Collect($words, $live as u32);
            }
            if cfg!(feature = "gc_stress") {
                collected = false;
            }
        };
    }
    /// Counts a call; at the end of the slice the process stops in front of the callee.
    macro_rules! count {
        ($callee:expr) => {
            reds -= 1;
            if reds <= 0 {
                break Leave::Preempt($callee);
            }
        };
    }
    /// Calls a fun of this node's loaded code; the rest is cold.
    macro_rules! fun {
        ($fun:expr, $arity:expr, $frame:expr) => {{
            let (f, arity): (Term, u32) = ($fun, $arity as u32);
            let h = if mem.is_fun(f) { mem.header(f) } else { 0 };
            let env = object::fun_env_words(h);
            if h != 0
                && object::fun_arity(h) == arity
                && env != 0
                && arity + env <= 255
                && let Some(e) = m.sys.code.funs.get(mem.field(f, 1).raw() as usize)
                && let Some(p) = e.code
            {
                for k in 0..env - 1 {
                    set_x!(arity + k, mem.field(f, 2 + k));
                }
                $frame;
                count!(p);
                goto!(p)
            } else {
                cold!()
            }
        }};
    }
    /// Calls what may use the heap, raise or collect.
    macro_rules! guard {
        ($call:expr) => {{
            spill!();
            if cfg!(feature = "gc_stress") {
                // SAFETY: `pc` points into the code of `here`.
                m.proc.ip = CodePtr { slot: here.slot, offset: unsafe { pc.offset_from(here.code) as u32 } };
            }
            match $call {
                Flow::Next => {
                    reload!();
                    next!()
                }
                Flow::Jump(d) => {
                    reload!();
                    jump!(d)
                }
                other => break Leave::Said(other),
            }
        }};
    }
    macro_rules! local {
        ($to:expr) => {{
            // SAFETY: the loader resolved the distance to a label of this instance.
            let offset = unsafe { pc.offset($to as isize).offset_from(here.code) as u32 };
            CodePtr { slot: here.slot, offset }
        }};
    }
    /// Words on the heap that a reservation has made sure of.
    macro_rules! bump {
        ($words:expr) => {{
            let at = hp;
            hp += $words * 8;
            at
        }};
    }
    macro_rules! float {
        ($t:expr) => {
            f64::from_bits(mem.field($t, 1).raw())
        };
    }
    /// The finite result of an operation on two floats, if there is room on the heap for it; the rest is cold.
    macro_rules! float_result {
        ($a:expr, $b:expr, $d:expr, $op:tt) => {{
            if mem.is_float($a) && mem.is_float($b) && !cfg!(feature = "gc_stress") {
                let v = float!($a) $op float!($b);
                if v.is_finite() && sp - hp >= (2 + RESERVED) * 8 {
                    let at = bump!(2);
                    mem.set_word(at, 0, object::FLOAT_HEADER);
                    mem.set_word(at, 1, v.to_bits());
                    set!($d, Term::boxed_at(at));
                    next!()
                }
            }
            cold!()
        }};
    }
    macro_rules! compare_branch {
        ($a:expr, $b:expr, $fail:expr, $op:tt) => {{
            let (a, b): (Term, Term) = ($a, $b);
            if Term::both_small(a, b) {
                if (a.0 as i64) $op (b.0 as i64) { next!() } else { jump!($fail) }
            }
            if mem.is_float(a) && mem.is_float(b) {
                if float!(a) $op float!(b) { next!() } else { jump!($fail) }
            }
            cold!()
        }};
    }

    // What a `fault` or a cold operation said; the hot loop is entered again after it.
    loop {
        let leave = loop {
            // SAFETY: `pc` always points to an instruction of the running instance: every way to change it checks its target.
            let i: &Instr = unsafe { &*pc };
            let to: CodePtr = match *i {
                Instr::MoveXX { s, d } => {
                    set_x!(d, x!(s));
                    next!()
                }
                Instr::MoveXY { s, d } => {
                    set_y!(d, x!(s));
                    next!()
                }
                Instr::MoveYX { s, d } => {
                    set_x!(d, y!(s));
                    next!()
                }
                Instr::MoveYY { s, d } => {
                    set_y!(d, y!(s));
                    next!()
                }
                Instr::MoveCX { d, c } => {
                    set_x!(d, Term(c));
                    next!()
                }
                Instr::MoveCY { d, c } => {
                    set_y!(d, Term(c));
                    next!()
                }
                Instr::MoveXX2 { s1, d1, s2, d2 } => {
                    set_x!(d1, x!(s1));
                    set_x!(d2, x!(s2));
                    next!()
                }
                Instr::MoveYX2 { s1, d1, s2, d2 } => {
                    set_x!(d1, y!(s1));
                    set_x!(d2, y!(s2));
                    next!()
                }
                Instr::MoveXY2 { s1, d1, s2, d2 } => {
                    set_y!(d1, x!(s1));
                    set_y!(d2, x!(s2));
                    next!()
                }
                Instr::MoveXYXX { s1, d1, s2, d2 } => {
                    set_y!(d1, x!(s1));
                    set_x!(d2, x!(s2));
                    next!()
                }
                Instr::MoveYXXX { s1, d1, s2, d2 } => {
                    set_x!(d1, y!(s1));
                    set_x!(d2, x!(s2));
                    next!()
                }
                Instr::MoveXXYX { s1, d1, s2, d2 } => {
                    set_x!(d1, x!(s1));
                    set_x!(d2, y!(s2));
                    next!()
                }
                Instr::Swap { a, b } => {
                    let (va, vb) = (src!(a.src()), src!(b.src()));
                    set!(a, vb);
                    set!(b, va);
                    next!()
                }
                Instr::Jump { to } => jump!(to),
                Instr::Call { to, cp } => {
                    mem.set_word(sp, 0, cp);
                    count!(local!(to));
                    jump!(to)
                }
                Instr::CallOnly { to } => {
                    count!(local!(to));
                    jump!(to)
                }
                Instr::CallLast { to, n } => {
                    sp += (n as u32 + 1) * 8;
                    count!(local!(to));
                    jump!(to)
                }
                Instr::CallExt { export, cp } => {
                    mem.set_word(sp, 0, cp);
                    if let Some(p) = m.sys.code.entry(export) {
                        count!(p);
                        goto!(p)
                    } else {
                        cold!()
                    }
                }
                Instr::CallExtOnly { export } => {
                    if let Some(p) = m.sys.code.entry(export) {
                        count!(p);
                        goto!(p)
                    } else {
                        cold!()
                    }
                }
                Instr::CallExtLast { export, n } => {
                    if let Some(p) = m.sys.code.entry(export) {
                        sp += (n as u32 + 1) * 8;
                        count!(p);
                        goto!(p)
                    } else {
                        cold!()
                    }
                }
                Instr::CallFun { arity, cp } => {
                    fun!(x!(arity), arity, mem.set_word(sp, 0, cp))
                }
                Instr::CallFun2 { arity, f, cp } => {
                    fun!(src!(f), arity, mem.set_word(sp, 0, cp))
                }
                Instr::CallFunLast { arity, n } => {
                    fun!(x!(arity), arity, sp += (n as u32 + 1) * 8)
                }
                Instr::CallFun2Last { arity, f, n } => {
                    fun!(src!(f), arity, sp += (n as u32 + 1) * 8)
                }
                Instr::Return {} => ret!(),
                Instr::DeallocReturn { n } => {
                    sp += (n as u32 + 1) * 8;
                    ret!()
                }
                Instr::ConstReturn { n, c } => {
                    set_x!(0, Term(c));
                    sp += n as u32 * 8;
                    ret!()
                }
                Instr::Allocate { n, live } => {
                    reserve!(n as u32 + 1, live);
                    sp -= (n as u32 + 1) * 8;
                    mem.set_word(sp, 0, 0);
                    next!()
                }
                Instr::AllocateHeap { n, live, words } => {
                    reserve!(n as u32 + 1 + words, live);
                    sp -= (n as u32 + 1) * 8;
                    mem.set_word(sp, 0, 0);
                    next!()
                }
                Instr::AllocateMove { n, live, s, d } => {
                    reserve!(n as u32 + 1, live);
                    sp -= (n as u32 + 1) * 8;
                    mem.set_word(sp, 0, 0);
                    set_y!(d, x!(s));
                    next!()
                }
                Instr::AllocateMove2 { n, live, s1, d1, s2, d2 } => {
                    reserve!(n as u32 + 1, live);
                    sp -= (n as u32 + 1) * 8;
                    mem.set_word(sp, 0, 0);
                    set_y!(d1, x!(s1));
                    set_y!(d2, x!(s2));
                    next!()
                }
                Instr::AllocateGetList { n, live, s, h, t } => {
                    reserve!(n as u32 + 1, live);
                    sp -= (n as u32 + 1) * 8;
                    mem.set_word(sp, 0, 0);
                    let l: Term = src!(s);
                    let (a, b) = (Term(mem.word(l.addr(), 0)), Term(mem.word(l.addr(), 1)));
                    set!(h, a);
                    set!(t, b);
                    next!()
                }
                Instr::ReservePutList { live, h, t, d, words } => {
                    reserve!(words, live);
                    let at = bump!(2);
                    mem.set(at, 0, src!(h));
                    mem.set(at, 1, src!(t));
                    set!(d, Term::list_at(at));
                    next!()
                }
                Instr::PutListReturn { live, n, h, t } => {
                    reserve!(2u32, live);
                    let at = bump!(2);
                    mem.set(at, 0, src!(h));
                    mem.set(at, 1, src!(t));
                    set_x!(0, Term::list_at(at));
                    sp += (n as u32 + 1) * 8;
                    ret!()
                }
                Instr::Deallocate { n } => {
                    sp += (n as u32 + 1) * 8;
                    next!()
                }
                Instr::Trim { n } => {
                    sp += n as u32 * 8;
                    mem.set_word(sp, 0, 0);
                    next!()
                }
                Instr::TestHeap { live, words } => {
                    reserve!(words, live);
                    next!()
                }
                Instr::IsConsX { s, fail } => {
                    if x!(s).is_list() {
                        next!()
                    }
                    jump!(fail)
                }
                Instr::IsCons { s, fail } => {
                    if src!(s).is_list() {
                        next!()
                    }
                    jump!(fail)
                }
                Instr::IsConsGet { s, h, t, fail } => {
                    let l: Term = x!(s);
                    if l.is_list() {
                        let (a, b) = (mem.head(l), mem.tail(l));
                        set_x!(h, a);
                        set_x!(t, b);
                        next!()
                    }
                    jump!(fail)
                }
                Instr::IsNilX { s, fail } => {
                    if x!(s).is_nil() {
                        next!()
                    }
                    jump!(fail)
                }
                Instr::IsNil { s, fail } => {
                    if src!(s).is_nil() {
                        next!()
                    }
                    jump!(fail)
                }
                Instr::IsTuple { s, fail } => {
                    if mem.is_tuple(src!(s)) {
                        next!()
                    }
                    jump!(fail)
                }
                Instr::TestArity { s, fail, arity } => {
                    if mem.header(src!(s)) == object::tuple_header(arity) {
                        next!()
                    }
                    jump!(fail)
                }
                Instr::IsTupleOfArity { s, fail, arity } => {
                    let t: Term = src!(s);
                    if t.is_boxed() && mem.header(t) == object::tuple_header(arity) {
                        next!()
                    }
                    jump!(fail)
                }
                Instr::IsTagged { arity, s, fail, c } => {
                    let t: Term = x!(s);
                    if t.is_boxed() && mem.header(t) == object::tuple_header(arity as u32) && mem.field(t, 1).0 == c {
                        next!()
                    }
                    jump!(fail)
                }
                Instr::IsEqImm { s, fail, c } => {
                    if x!(s).0 == c {
                        next!()
                    }
                    jump!(fail)
                }
                Instr::IsNeImm { s, fail, c } => {
                    if x!(s).0 != c {
                        next!()
                    }
                    jump!(fail)
                }
                Instr::IsEqExact { a, b, fail } => {
                    let (va, vb): (Term, Term) = (src!(a), src!(b));
                    if va == vb {
                        next!()
                    }
                    if va.is_immed() || vb.is_immed() {
                        jump!(fail)
                    }
                    cold!()
                }
                Instr::IsEqXX { a, b, fail } => {
                    let (va, vb): (Term, Term) = (x!(a), x!(b));
                    if va == vb {
                        next!()
                    }
                    if va.is_immed() || vb.is_immed() {
                        jump!(fail)
                    }
                    cold!()
                }
                Instr::IsNeXX { a, b, fail } => {
                    let (va, vb): (Term, Term) = (x!(a), x!(b));
                    if va == vb {
                        jump!(fail)
                    }
                    if va.is_immed() || vb.is_immed() {
                        next!()
                    }
                    cold!()
                }
                Instr::IsNeExact { a, b, fail } => {
                    let (va, vb): (Term, Term) = (src!(a), src!(b));
                    if va == vb {
                        jump!(fail)
                    }
                    if va.is_immed() || vb.is_immed() {
                        next!()
                    }
                    cold!()
                }
                Instr::IsLtXX { a, b, fail } => compare_branch!(x!(a), x!(b), fail, <),
                Instr::IsGeXX { a, b, fail } => compare_branch!(x!(a), x!(b), fail, >=),
                Instr::IsLtXC { s, fail, c } => compare_branch!(x!(s), Term(c), fail, <),
                Instr::IsGeXC { s, fail, c } => compare_branch!(x!(s), Term(c), fail, >=),
                Instr::IsLtCX { s, fail, c } => compare_branch!(Term(c), x!(s), fail, <),
                Instr::IsGeCX { s, fail, c } => compare_branch!(Term(c), x!(s), fail, >=),
                Instr::IsLt { a, b, fail } => compare_branch!(src!(a), src!(b), fail, <),
                Instr::IsGe { a, b, fail } => compare_branch!(src!(a), src!(b), fail, >=),
                Instr::SelectVal { s, fail, table } => {
                    let v: Term = src!(s);
                    // SAFETY: the loader made the table's index; the instance outlives the slice.
                    let table = unsafe { &*(*here.instance).selects.as_ptr().add(table as usize) };
                    if let SelectTable::Linear { .. } = table {
                        cold!()
                    }
                    match table.find(v.0) {
                        Some(d) => jump!(d),
                        None => jump!(fail),
                    }
                }
                Instr::PutListX { h, t, d } => {
                    let at = bump!(2);
                    mem.set(at, 0, x!(h));
                    mem.set(at, 1, x!(t));
                    set_x!(d, Term::list_at(at));
                    next!()
                }
                Instr::PutList { h, t, d } => {
                    let at = bump!(2);
                    mem.set(at, 0, src!(h));
                    mem.set(at, 1, src!(t));
                    set!(d, Term::list_at(at));
                    next!()
                }
                Instr::GetList { s, h, t } => {
                    let l: Term = src!(s);
                    let (a, b) = (Term(mem.word(l.addr(), 0)), Term(mem.word(l.addr(), 1)));
                    set!(h, a);
                    set!(t, b);
                    next!()
                }
                Instr::GetHd { s, d } => {
                    let l: Term = src!(s);
                    set!(d, Term(mem.word(l.addr(), 0)));
                    next!()
                }
                Instr::GetTl { s, d } => {
                    let l: Term = src!(s);
                    set!(d, Term(mem.word(l.addr(), 1)));
                    next!()
                }
                Instr::GetElementX { s, i, d } => {
                    let t: Term = x!(s);
                    set_x!(d, mem.get(t.addr(), i as u32));
                    next!()
                }
                Instr::GetElement2X { s, i, d1, d2 } => {
                    let t: Term = x!(s);
                    let (a, b) = (mem.get(t.addr(), i as u32), mem.get(t.addr(), i as u32 + 1));
                    set_x!(d1, a);
                    set_x!(d2, b);
                    next!()
                }
                Instr::GetElement { s, d, i } => {
                    let t: Term = src!(s);
                    set!(d, mem.get(t.addr(), i));
                    next!()
                }
                Instr::PutTuple2 { d, at, n } => {
                    let to = bump!(n + 1);
                    mem.set_word(to, 0, object::tuple_header(n));
                    for k in 0..n {
                        // SAFETY: the loader put `n` operands there.
                        let w = unsafe { *(*here.instance).side.as_ptr().add((at + k) as usize) };
                        let v = wide!(w);
                        mem.set(to, k + 1, v);
                    }
                    set!(d, Term::boxed_at(to));
                    next!()
                }
                Instr::AddXC { s, d, c, .. } => {
                    let a: Term = x!(s);
                    if a.is_small()
                        && let Some(sum) = (a.0 as i64).checked_add(c as i64)
                    {
                        set_x!(d, Term(sum as u64));
                        next!()
                    }
                    cold!()
                }
                Instr::AddYC { s, d, c, .. } => {
                    let a: Term = y!(s);
                    if a.is_small()
                        && let Some(sum) = (a.0 as i64).checked_add(c as i64)
                    {
                        set_x!(d, Term(sum as u64));
                        next!()
                    }
                    cold!()
                }
                Instr::AddYX { a, b, d, .. } => {
                    let (va, vb): (Term, Term) = (y!(a), x!(b));
                    if Term::both_small(va, vb)
                        && let Some(sum) = (va.0 as i64).checked_add((vb.0 & !0xF) as i64)
                    {
                        set_x!(d, Term(sum as u64));
                        next!()
                    }
                    cold!()
                }
                Instr::AddXX { a, b, d, .. } => {
                    let (va, vb): (Term, Term) = (x!(a), x!(b));
                    if Term::both_small(va, vb)
                        && let Some(sum) = (va.0 as i64).checked_add((vb.0 & !0xF) as i64)
                    {
                        set_x!(d, Term(sum as u64));
                        next!()
                    }
                    float_result!(va, vb, Dst::x(d), +)
                }
                Instr::SubXX { a, b, d, .. } => {
                    let (va, vb): (Term, Term) = (x!(a), x!(b));
                    if Term::both_small(va, vb)
                        && let Some(diff) = (va.0 as i64).checked_sub((vb.0 & !0xF) as i64)
                    {
                        set_x!(d, Term(diff as u64));
                        next!()
                    }
                    float_result!(va, vb, Dst::x(d), -)
                }
                Instr::Add { a, b, d, .. } => {
                    let (va, vb): (Term, Term) = (src!(a), src!(b));
                    if Term::both_small(va, vb)
                        && let Some(sum) = (va.0 as i64).checked_add((vb.0 & !0xF) as i64)
                    {
                        set!(d, Term(sum as u64));
                        next!()
                    }
                    float_result!(va, vb, d, +)
                }
                Instr::Sub { a, b, d, .. } => {
                    let (va, vb): (Term, Term) = (src!(a), src!(b));
                    if Term::both_small(va, vb)
                        && let Some(diff) = (va.0 as i64).checked_sub((vb.0 & !0xF) as i64)
                    {
                        set!(d, Term(diff as u64));
                        next!()
                    }
                    float_result!(va, vb, d, -)
                }
                Instr::Mul { a, b, d, .. } => {
                    let (va, vb): (Term, Term) = (src!(a), src!(b));
                    if Term::both_small(va, vb)
                        && let Some(product) = (va.0 as i64 & !0xF).checked_mul(vb.small_value())
                    {
                        set!(d, Term(product as u64 | 0xF));
                        next!()
                    }
                    float_result!(va, vb, d, *)
                }
                Instr::IntDiv { a, b, d, .. } => {
                    let (va, vb): (Term, Term) = (src!(a), src!(b));
                    if Term::both_small(va, vb)
                        && let Some(q) = va.small_value().checked_div(vb.small_value())
                        && let Some(t) = Term::try_small(q)
                    {
                        set!(d, t);
                        next!()
                    }
                    cold!()
                }
                Instr::Rem { a, b, d, .. } => {
                    let (va, vb): (Term, Term) = (src!(a), src!(b));
                    if Term::both_small(va, vb)
                        && let Some(r) = va.small_value().checked_rem(vb.small_value())
                    {
                        set!(d, Term::small(r));
                        next!()
                    }
                    cold!()
                }
                Instr::Band { a, b, d, .. } => {
                    let (va, vb): (Term, Term) = (src!(a), src!(b));
                    if Term::both_small(va, vb) {
                        set!(d, Term(va.0 & vb.0));
                        next!()
                    }
                    cold!()
                }
                Instr::Bor { a, b, d, .. } => {
                    let (va, vb): (Term, Term) = (src!(a), src!(b));
                    if Term::both_small(va, vb) {
                        set!(d, Term(va.0 | vb.0));
                        next!()
                    }
                    cold!()
                }
                Instr::Bxor { a, b, d, .. } => {
                    let (va, vb): (Term, Term) = (src!(a), src!(b));
                    if Term::both_small(va, vb) {
                        set!(d, Term((va.0 ^ vb.0) | 0xF));
                        next!()
                    }
                    cold!()
                }
                Instr::Bsr { a, b, d, .. } => {
                    let (va, vb): (Term, Term) = (src!(a), src!(b));
                    if Term::both_small(va, vb) && vb.0 as i64 >= 0 {
                        let shift = vb.small_value().min(63);
                        set!(d, Term::small(va.small_value() >> shift));
                        next!()
                    }
                    cold!()
                }
                Instr::BsMatchQuick { s, n, at, fail } => {
                    let ctx: Term = src!(s);
                    // SAFETY: the loader put `n` checked commands there, none of which builds anything; `x` is the register file.
                    let matched = unsafe {
                        super::bits::match_quick(mem, x, sp, (*here.instance).side.as_ptr().add(at as usize), n, ctx)
                    };
                    if matched {
                        next!()
                    }
                    jump!(fail)
                }
                Instr::BsGetByte { unit, s, d, fail } => {
                    let ctx: Term = src!(s);
                    let (pos, end) = (mem.field(ctx, 2).raw(), mem.field(ctx, 3).raw());
                    let left = end.saturating_sub(pos);
                    if left < 8 || (unit == 8 && left % 8 != 0) {
                        jump!(fail)
                    }
                    let base = mem.bits_base(mem.field(ctx, 4)) + (pos / 8) as u32;
                    let byte = mem.word(base, 0).swap_bytes() << (pos % 8) >> 56;
                    mem.set_word(ctx.addr(), 2, pos + 8);
                    set!(d, Term::small(byte as i64));
                    next!()
                }
                Instr::UpdateRecord { s, d, at, n } if !cfg!(feature = "gc_stress") => {
                    let old: Term = src!(s);
                    // SAFETY: the loader put the size and `n` pairs there.
                    let side = unsafe { (*here.instance).side.as_ptr().add(at as usize) };
                    // SAFETY: as above.
                    let size = unsafe { *side };
                    let to = bump!(size + 1);
                    for k in 0..=size {
                        mem.set_word(to, k, mem.word(old.addr(), k));
                    }
                    for k in 0..n as usize {
                        // SAFETY: as above.
                        let (index, v) = unsafe { (*side.add(1 + 2 * k), *side.add(2 + 2 * k)) };
                        mem.set(to, index, wide!(v));
                    }
                    set!(d, Term::boxed_at(to));
                    next!()
                }
                Instr::SelectArity { s, fail, table } => {
                    let v: Term = src!(s);
                    // SAFETY: the loader made the table's index; the instance outlives the slice.
                    let table = unsafe { &*(*here.instance).selects.as_ptr().add(table as usize) };
                    match mem.tuple_arity(v).and_then(|n| table.find(Term::small(n as i64).0)) {
                        Some(d) => jump!(d),
                        None => jump!(fail),
                    }
                }
                Instr::BsStartMatch { s, d, .. } if mem.is_match_context(src!(s)) => {
                    set!(d, src!(s));
                    next!()
                }
                Instr::BsTestTail { s, fail, bits } => {
                    if crate::heap::bits::matching::left(mem, src!(s)) == bits as u64 {
                        next!()
                    }
                    jump!(fail)
                }
                Instr::BsGetPosition { s, d, .. } => {
                    let ctx: Term = src!(s);
                    set!(d, Term::small(mem.field(ctx, 2).raw() as i64));
                    next!()
                }
                Instr::FAdd { a, b, d } => {
                    let v = m.f[a as usize & 15] + m.f[b as usize & 15];
                    m.f[d as usize & 15] = v;
                    if v.is_finite() {
                        next!()
                    }
                    cold!()
                }
                Instr::FSub { a, b, d } => {
                    let v = m.f[a as usize & 15] - m.f[b as usize & 15];
                    m.f[d as usize & 15] = v;
                    if v.is_finite() {
                        next!()
                    }
                    cold!()
                }
                Instr::FMul { a, b, d } => {
                    let v = m.f[a as usize & 15] * m.f[b as usize & 15];
                    m.f[d as usize & 15] = v;
                    if v.is_finite() {
                        next!()
                    }
                    cold!()
                }
                Instr::FDiv { a, b, d } => {
                    let v = m.f[a as usize & 15] / m.f[b as usize & 15];
                    m.f[d as usize & 15] = v;
                    if v.is_finite() {
                        next!()
                    }
                    cold!()
                }
                Instr::FNeg { a, d } => {
                    m.f[d as usize & 15] = -m.f[a as usize & 15];
                    next!()
                }
                Instr::FLoad { s, d } => {
                    let t: Term = src!(s);
                    m.f[d as usize & 15] = f64::from_bits(mem.word(t.addr(), 1));
                    next!()
                }
                Instr::FStore { s, d } => {
                    let at = bump!(2);
                    mem.set_word(at, 0, object::FLOAT_HEADER);
                    mem.set_word(at, 1, m.f[s as usize & 15].to_bits());
                    set!(d, Term::boxed_at(at));
                    next!()
                }
                Instr::Hd { s, d, .. } => {
                    let t: Term = src!(s);
                    if t.is_list() {
                        set!(d, mem.head(t));
                        next!()
                    }
                    cold!()
                }
                Instr::Tl { s, d, .. } => {
                    let t: Term = src!(s);
                    if t.is_list() {
                        set!(d, mem.tail(t));
                        next!()
                    }
                    cold!()
                }
                Instr::Element { i: index, s, d, .. } => {
                    let (n, t): (Term, Term) = (src!(index), src!(s));
                    if n.is_small() && t.is_boxed() {
                        let h = mem.header(t);
                        let n = n.small_value();
                        if object::is_tuple_header(h) && n >= 1 && n <= object::arity(h) as i64 {
                            set!(d, mem.field(t, n as u32));
                            next!()
                        }
                    }
                    cold!()
                }
                Instr::TupleSize { s, d, .. } => {
                    if let Some(n) = mem.tuple_arity(src!(s)) {
                        set!(d, Term::small(n as i64));
                        next!()
                    }
                    cold!()
                }
                Instr::Catch { y, tag } => {
                    m.proc.catches += 1;
                    set_y!(y, Term(tag));
                    next!()
                }
                Instr::TryEnd { y } => {
                    m.proc.catches = m.proc.catches.saturating_sub(1);
                    set_y!(y, Term::NIL);
                    next!()
                }
                Instr::CallBif { arity, bif, cp } => {
                    mem.set_word(sp, 0, cp);
                    reds -= 1;
                    spill!();
                    // SAFETY: `pc` points into the code of `here`.
                    let at = unsafe { pc.offset_from(here.code) as u32 };
                    let flow = super::calls::call_bif(&mut m, bif, arity, at);
                    if flow == Flow::Next {
                        // As after a return: no address stays that a stack trace would take for a call.
                        let sp = m.proc.heap.sp;
                        mem.set_word(sp, 0, 0);
                    }
                    if flow == Flow::Next && m.proc.budget > 0 && !m.gc_desired() && m.sys.tracing.retired.is_empty() {
                        reload!();
                        next!()
                    }
                    break Leave::Said(super::calls::after_bif(&mut m, flow, at));
                }
                Instr::Bif1 { live, a, d, fail, bif } => {
                    let a: Term = src!(a);
                    guard!(super::arith::guard_bif(&mut m, bif, &mut [a], d, fail, live))
                }
                Instr::Bif2 { live, a, b, d, fail, bif } => {
                    let (a, b): (Term, Term) = (src!(a), src!(b));
                    guard!(super::arith::guard_bif(&mut m, bif, &mut [a, b], d, fail, live))
                }
                Instr::GetMapElements { s, n, at, fail } => {
                    let t: Term = src!(s);
                    spill!();
                    match super::data::map_elements(&mut m, t, n as u32, at) {
                        true => next!(),
                        false => jump!(fail),
                    }
                }
                Instr::TypeTest { kind, s, fail } => {
                    use crate::code::op::TypeKind as K;
                    let t: Term = src!(s);
                    let yes = match kind {
                        k if k == K::Integer as u8 => mem.is_integer(t),
                        k if k == K::Atom as u8 => t.is_atom(),
                        k if k == K::List as u8 => t.is_list() || t.is_nil(),
                        k if k == K::Float as u8 => mem.is_float(t),
                        k if k == K::Map as u8 => mem.is_map(t),
                        k => super::data::type_test(mem, k, t),
                    };
                    if yes {
                        next!()
                    }
                    jump!(fail)
                }
                // All named, so that the jump table covers every tag and needs no range check.
                Instr::Nop { .. }
                | Instr::ProcessEnd { .. }
                | Instr::ApplyTrap { .. }
                | Instr::Unreachable { .. }
                | Instr::InitY { .. }
                | Instr::CallBifLast { .. }
                | Instr::CallBifOnly { .. }
                | Instr::Apply { .. }
                | Instr::ApplyLast { .. }
                | Instr::IsEq { .. }
                | Instr::IsNe { .. }
                | Instr::IsFunction2 { .. }
                | Instr::SetElement { .. }
                | Instr::UpdateRecord { .. }
                | Instr::PutMapAssoc { .. }
                | Instr::PutMapExact { .. }
                | Instr::HasMapFields { .. }
                | Instr::MakeFun { .. }
                | Instr::Bsl { .. }
                | Instr::Bif0 { .. }
                | Instr::Bif3 { .. }
                | Instr::FConv { .. }
                | Instr::CatchEnd { .. }
                | Instr::TryCase { .. }
                | Instr::TryCaseEnd { .. }
                | Instr::Badmatch { .. }
                | Instr::IfEnd { .. }
                | Instr::CaseEnd { .. }
                | Instr::Badrecord { .. }
                | Instr::Raise { .. }
                | Instr::RawRaise { .. }
                | Instr::BuildStacktrace { .. }
                | Instr::FuncInfo { .. }
                | Instr::Send { .. }
                | Instr::LoopRec { .. }
                | Instr::RemoveMessage { .. }
                | Instr::LoopRecEnd { .. }
                | Instr::Wait { .. }
                | Instr::WaitTimeout { .. }
                | Instr::Timeout { .. }
                | Instr::RecvMarkerReserve { .. }
                | Instr::RecvMarkerBind { .. }
                | Instr::RecvMarkerClear { .. }
                | Instr::RecvMarkerUse { .. }
                | Instr::BsStartMatch { .. }
                | Instr::BsSetPosition { .. }
                | Instr::BsGetTail { .. }
                | Instr::BsMatch { .. }
                | Instr::BsGetInteger { .. }
                | Instr::BsGetFloat { .. }
                | Instr::BsGetBinary { .. }
                | Instr::BsSkip { .. }
                | Instr::BsTestUnit { .. }
                | Instr::BsMatchString { .. }
                | Instr::BsGetUtf { .. }
                | Instr::BsSkipUtf { .. }
                | Instr::BsCreateBin { .. }
                | Instr::BsCreateQuick { .. }
                | Instr::BsInitWritable { .. }
                | Instr::Breakpoint { .. }
                | Instr::Trampoline { .. }
                | Instr::ReturnTrace { .. } => cold!(),
            };
            // Another instance.
            match place_of(m.sys, to.slot) {
                Some(new) if to.offset < new.len => {
                    here = new;
                    m.slot = to.slot;
                    // SAFETY: the offset was just checked.
                    pc = unsafe { here.code.add(to.offset as usize) };
                }
                _ => break Leave::Goto(to),
            }
        };
        if !matches!(leave, Leave::Said(_)) {
            spill!();
        }
        // SAFETY: `pc` points into the code of `here`.
        let at = unsafe { pc.offset_from(here.code) as u32 };
        let flow = match leave {
            Leave::Cold => {
                if cfg!(feature = "gc_stress") {
                    m.proc.ip = CodePtr { slot: here.slot, offset: at };
                }
                // SAFETY: as above; a copy, because the operation may change the code table.
                let i = unsafe { *pc };
                cold::execute(&mut m, &i, at)
            }
            Leave::Said(flow) => flow,
            Leave::Goto(p) => Flow::Goto(p),
            Leave::Collect(words, live) => {
                if cfg!(feature = "gc_stress") {
                    m.proc.ip = CodePtr { slot: here.slot, offset: at };
                    collected = true;
                }
                match m.collect(words as usize, live as usize) {
                    Ok(()) => Flow::Jump(0),
                    Err(f) => m.fault(f),
                }
            }
            Leave::Preempt(to) => return preempt(&mut m, to),
        };
        let to = match flow {
            Flow::Next => CodePtr { slot: here.slot, offset: at + 1 },
            Flow::Jump(d) => CodePtr { slot: here.slot, offset: (at as i32 + d) as u32 },
            Flow::Goto(p) => p,
            Flow::Return => {
                let sp = m.proc.heap.sp;
                let w = mem.word(sp, 0);
                mem.set_word(sp, 0, 0);
                CodePtr::from_word(w)
            }
            Flow::Raise => match super::exceptions::dispatch(&mut m, at) {
                Ok(p) => p,
                Err(end) => return end,
            },
            Flow::End(end) => return end,
        };
        reload!();
        // The code of the same instance is replaced when it gets its first breakpoint.
        if to.slot != here.slot || !m.sys.tracing.retired.is_empty() {
            let Some(new) = place_of(m.sys, to.slot) else { return lost(&mut m, to) };
            here = new;
            m.slot = to.slot;
        }
        if to.offset >= here.len {
            return lost(&mut m, to);
        }
        // SAFETY: the offset was just checked.
        pc = unsafe { here.code.add(to.offset as usize) };
    }
}

// A header word never equals a term, so uninitialised return addresses can't be mistaken.
const _: () = assert!(TAG_HEADER == 0);

/// A place in code that does not exist (any more): a wrong return address, or code that was unloaded under a process.
#[cold]
fn lost(m: &mut Machine<'_>, to: CodePtr) -> SliceEnd {
    m.sys.stop.get_or_insert(crate::error::StopCause::Internal(format!(
        "process {:?} went on at {to:?}, where there is no code, after {:?}",
        m.proc.pid, m.proc.ip
    )));
    SliceEnd::Stopped
}

/// Ends the slice in front of a function: its arguments are saved.
#[cold]
#[inline(never)]
fn preempt(m: &mut Machine<'_>, to: CodePtr) -> SliceEnd {
    let arity = if to.slot == super::INTERNAL {
        if to == APPLY_TRAP {
            0
        } else {
            m.bifs.get((to.offset.saturating_sub(super::BIF_STUBS)) as usize).map_or(0, |b| b.arity)
        }
    } else {
        m.sys.code.function_at(to).map_or(0, |f| f.arity)
    };
    let args = m.xs(arity as usize).to_vec();
    m.proc.live = args;
    m.proc.ip = to;
    if let Some(f) = m.sys.code.function_at(to) {
        m.proc.current = f;
    }
    SliceEnd::Preempted
}
