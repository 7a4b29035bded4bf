//! The hot loop.
//!
//! `pc` points into the code of the running instance. It stays valid because code is only replaced between slices or by
//! BIFs, after which the loop looks its place up again, and an instance that runs is never freed. Heap top, stack pointer and
//! reductions are locals: [`spill`](spill) writes them to the process before anything else looks, `reload` reads them back.

use super::calls::Link;
use super::{APPLY_TRAP, Flow, Machine, Registers, SliceEnd, cold};
use crate::bif::table;
use crate::code::Instance;
use crate::code::op::{Instr, SelectTable};
use crate::code::operand::{Dst, REGISTERS, Src};
use crate::heap::{RESERVED, order};
use crate::process::{CodePtr, Process};
use crate::system::System;
use crate::term::{Term, object};

/// Where code and constants of the running instance are.
///
/// It stands in the machine, that is, in memory: values that only returns and constants need would take registers from those that every arm needs, and
/// LLVM would share one jump among all returns to keep them there.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    code: *const Instr,
    /// The return address of the first instruction, and how many there are.
    first: u64,
    end: u64,
    /// Constants, side table and selects are read through this: so a step into another module loads little.
    instance: *const Instance,
}

impl Place {
    /// No code.
    const NONE: Place = Place { code: std::ptr::null(), first: 0, end: 0, instance: std::ptr::null() };

    fn slot(self) -> u32 {
        CodePtr::from_word(self.first).slot
    }

    /// The instruction at a place in this instance's code.
    #[inline(always)]
    #[allow(unsafe_code)]
    fn at(self, word: u64) -> Option<*const Instr> {
        let distance = word.wrapping_sub(self.first);
        // A word that is no multiple of an instruction's size becomes too large.
        let inside = distance.rotate_right(CodePtr::SHIFT) < self.end;
        // SAFETY: the distance leads to an instruction of the code.
        inside.then(|| unsafe { self.code.byte_add(distance as usize) })
    }
}

#[inline(always)]
fn place_of(sys: &System, slot: u32) -> Option<Place> {
    let i = sys.code.instance(slot)?;
    let first = CodePtr { slot, offset: 0 }.to_word();
    Some(Place { code: i.code.as_ptr(), first, end: i.code.len() as u64, instance: i })
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
    /// They are used up in the call at `pc`, of a function of this module.
    PreemptLocal,
}

/// Runs a process that has been checked out, from `proc.ip` on, for `proc.budget` reductions. `fresh`: it was scheduled in; else its slice goes on.
#[allow(unsafe_code)]
pub fn run(regs: &mut Registers, proc: &mut Process, sys: &mut System, fresh: bool) -> SliceEnd {
    let x: *mut Term = regs.x.as_mut_ptr();
    let mut m = Machine { x, f: &mut regs.f, proc, sys, bifs: table::all(), slot: 0, here: Place::NONE };
    let mem = m.mem();
    let live = std::mem::take(&mut m.proc.live);
    m.xs(live.len()).copy_from_slice(&live);
    let arity = live.len();
    m.proc.live = live;
    m.proc.live.clear();

    let ip = m.proc.ip;
    match place_of(m.sys, ip.slot) {
        Some(place) => m.here = place,
        None => return lost(&mut m, ip),
    }
    m.slot = ip.slot;
    let Some(mut pc) = m.here.at(ip.to_word()) else {
        return lost(&mut m, ip);
    };
    // What was built on its heap while it didn't run may have to be collected, as ERTS does when it schedules a process in.
    if fresh
        && m.gc_desired()
        && let Err(f) = m.collect(0, arity)
    {
        return match m.fault(f) {
            Flow::End(end) => end,
            _ => SliceEnd::Exited,
        };
    }
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
            m.slot = m.here.slot();
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
    /// With `checked`: what the loader has made sure of, asserted.
    macro_rules! check {
        ($holds:expr, $what:literal) => {
            if cfg!(feature = "checked") && !$holds {
                violation(&m, &m.here, pc, $what);
            }
        };
    }
    macro_rules! x {
        ($i:expr) => {{
            let i = $i as usize;
            check!(i < REGISTERS, "a register beyond the file");
            // SAFETY: the loader checked every register number against the size of the register file.
            unsafe { *x.add(i) }
        }};
    }
    macro_rules! set_x {
        ($i:expr, $v:expr) => {{
            let (i, v) = ($i as usize, $v);
            check!(i < REGISTERS, "a register beyond the file");
            // SAFETY: as in `x!`.
            unsafe { *x.add(i) = v }
        }};
    }
    macro_rules! y {
        ($i:expr) => {{
            check!(sp + ($i as u32) * 8 < m.proc.heap.end, "a slot beyond the stack");
            mem.get(sp, $i as u32)
        }};
    }
    macro_rules! set_y {
        ($i:expr, $v:expr) => {{
            check!(sp + ($i as u32) * 8 < m.proc.heap.end, "a slot beyond the stack");
            mem.set(sp, $i as u32, $v)
        }};
    }
    /// The index of a constant; with `checked`, of one that is there.
    macro_rules! constant {
        ($i:expr) => {{
            check!($i < tables(&m.here).0, "a constant that isn't there");
            $i
        }};
    }
    /// The index of `n` words in the side table.
    macro_rules! side {
        ($at:expr, $n:expr) => {{
            check!($at as usize + $n as usize <= tables(&m.here).1, "operands that aren't there");
            $at as usize
        }};
    }
    /// The index of a select's table.
    macro_rules! table {
        ($at:expr) => {{
            check!(($at as usize) < tables(&m.here).2, "a table that isn't there");
            $at as usize
        }};
    }
    macro_rules! src {
        ($s:expr) => {{
            let Src(w) = $s;
            let i = (w & 0x3FFF) as usize;
            match w >> 14 {
                0 => x!(i),
                1 => y!(i),
                // SAFETY: the loader made the index of a constant of this instance.
                _ => unsafe { *(*m.here.instance).consts.as_ptr().add(constant!(i)) },
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
                _ => unsafe { *(*m.here.instance).consts.as_ptr().add(constant!(j)) },
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
    /// Goes to any place in loaded code, given as a return address: the value of an arm that ends with it is a place in another module.
    macro_rules! goto {
        ($word:expr) => {{
            let word: u64 = $word;
            if let Some(to) = m.here.at(word) {
                pc = to;
                continue;
            }
            word
        }};
    }
    /// Drops the `n` slots of a frame and returns to the address below them.
    macro_rules! ret {
        ($n:expr) => {{
            let n: u32 = $n as u32;
            // A return counts too, as in OTP; the next call ends the slice if that was the last one.
            reds -= 1;
            check!(sp + n * 8 < m.proc.heap.end, "a return without an address");
            let word = mem.word(sp, n);
            sp += (n + 1) * 8;
            goto!(word)
        }};
    }
    /// Pushes a return address. There is always a word for it: reservations leave some free.
    macro_rules! push {
        ($cp:expr) => {
            sp -= 8;
            mem.set_word(sp, 0, $cp);
        };
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
                goto!(p.to_word())
            } else if h != 0
                && env == 0
                && object::fun_arity(h) == arity
                && let Some(p) = m.sys.code.entry(mem.field(f, 1).raw() as u32)
            {
                // Of an exported function.
                $frame;
                count!(p);
                goto!(p.to_word())
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
                m.proc.ip = CodePtr { slot: m.here.slot(), offset: unsafe { pc.offset_from(m.here.code) as u32 } };
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
    /// Words on the heap that a reservation has made sure of.
    macro_rules! bump {
        ($words:expr) => {{
            let at = hp;
            hp += $words * 8;
            check!(hp <= sp, "a heap without room");
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
    /// The next instruction of a chain: its operands. If it turns out to be unusual, `pc` is at it already.
    macro_rules! then {
        ($name:ident { $($f:ident),* }) => {
            // SAFETY: the loader makes a chain only of instructions that stand behind one another.
            pc = unsafe { pc.add(1) };
            // SAFETY: as above; code doesn't change but for breakpoints, and those stand at labels, which chains don't go over.
            let Instr::$name { $($f,)* .. } = (unsafe { *pc }) else { unsafe { std::hint::unreachable_unchecked() } };
        };
    }
    /// A call within the module; `pc` is at it.
    macro_rules! call_only {
        ($to:expr) => {{
            reds -= 1;
            if reds > 0 {
                jump!($to)
            }
            break Leave::PreemptLocal;
        }};
    }
    macro_rules! call {
        ($to:expr, $cp:expr) => {{
            push!($cp);
            call_only!($to)
        }};
    }
    macro_rules! call_last {
        ($to:expr, $n:expr) => {{
            drop_frame!($n);
            call_only!($to)
        }};
    }
    macro_rules! then_call {
        () => {{
            then!(Call { to, cp });
            call!(to, cp)
        }};
    }
    macro_rules! then_call_only {
        () => {{
            then!(CallOnly { to });
            call_only!(to)
        }};
    }
    macro_rules! then_call_last {
        () => {{
            then!(CallLast { to, n });
            call_last!(to, n)
        }};
    }
    macro_rules! frame {
        ($n:expr, $live:expr) => {
            reserve!($n as u32, $live);
            sp -= ($n as u32) * 8;
        };
    }
    macro_rules! drop_frame {
        ($n:expr) => {
            sp += ($n as u32) * 8
        };
    }
    macro_rules! get_list {
        ($s:expr, $h:expr, $t:expr) => {
            let l: Term = src!($s);
            check!(l.is_list(), "no cons cell");
            let (a, b) = (Term(mem.word(l.addr(), 0)), Term(mem.word(l.addr(), 1)));
            set!($h, a);
            set!($t, b);
        };
    }
    macro_rules! is_cons_get {
        ($s:expr, $h:expr, $t:expr, $fail:expr) => {
            let l: Term = x!($s);
            if !l.is_list() {
                jump!($fail)
            }
            let (a, b) = (mem.head(l), mem.tail(l));
            set_x!($h, a);
            set_x!($t, b);
        };
    }
    /// A cons cell in words that are free.
    macro_rules! put_list {
        ($h:expr, $t:expr, $d:expr) => {
            let at = bump!(2);
            mem.set(at, 0, src!($h));
            mem.set(at, 1, src!($t));
            set!($d, Term::list_at(at));
        };
    }
    macro_rules! put_tuple {
        ($d:expr, $at:expr, $n:expr) => {
            let n: u32 = $n;
            let to = bump!(n + 1);
            mem.set_word(to, 0, object::tuple_header(n));
            // SAFETY: the loader put `n` operands there.
            let side = unsafe { (*m.here.instance).side.as_ptr().add(side!($at, n)) };
            for k in 0..n {
                // SAFETY: as above.
                let v = wide!(unsafe { *side.add(k as usize) });
                mem.set(to, k + 1, v);
            }
            set!($d, Term::boxed_at(to));
        };
    }
    macro_rules! update_record {
        ($s:expr, $d:expr, $at:expr, $n:expr) => {
            let old: Term = src!($s);
            // SAFETY: the loader put the size and `n` pairs there.
            let side = unsafe { (*m.here.instance).side.as_ptr().add(side!($at, 1 + 2 * $n)) };
            // SAFETY: as above.
            let size = unsafe { *side };
            check!(mem.tuple_arity(old) == Some(size), "no record of this size");
            let to = bump!(size + 1);
            for k in 0..=size {
                mem.set_word(to, k, mem.word(old.addr(), k));
            }
            for k in 0..$n as usize {
                // SAFETY: as above.
                let (index, v) = unsafe { (*side.add(1 + 2 * k), *side.add(2 + 2 * k)) };
                mem.set(to, index, wide!(v));
            }
            set!($d, Term::boxed_at(to));
        };
    }
    /// The word of a small integer plus the word of a constant that has no tag.
    macro_rules! add_const {
        ($a:expr, $c:expr, $d:expr) => {
            let a: Term = $a;
            if a.is_small()
                && let Some(sum) = (a.0 as i64).checked_add($c as i64)
            {
                set_x!($d, Term(sum as u64));
            } else {
                cold!()
            }
        };
    }
    macro_rules! add {
        ($a:expr, $b:expr, $d:expr) => {
            let (va, vb): (Term, Term) = ($a, $b);
            if Term::both_small(va, vb)
                && let Some(sum) = (va.0 as i64).checked_add((vb.0 & !0xF) as i64)
            {
                set!($d, Term(sum as u64));
            } else {
                float_result!(va, vb, $d, +)
            }
        };
    }
    macro_rules! sub {
        ($a:expr, $b:expr, $d:expr) => {
            let (va, vb): (Term, Term) = ($a, $b);
            if Term::both_small(va, vb)
                && let Some(diff) = (va.0 as i64).checked_sub((vb.0 & !0xF) as i64)
            {
                set!($d, Term(diff as u64));
            } else {
                float_result!(va, vb, $d, -)
            }
        };
    }
    macro_rules! mul {
        ($a:expr, $b:expr, $d:expr) => {
            let (va, vb): (Term, Term) = ($a, $b);
            if Term::both_small(va, vb)
                && let Some(product) = (va.0 as i64 & !0xF).checked_mul(vb.small_value())
            {
                set!($d, Term(product as u64 | 0xF));
            } else {
                float_result!(va, vb, $d, *)
            }
        };
    }
    macro_rules! rem {
        ($a:expr, $b:expr, $d:expr) => {
            let (va, vb): (Term, Term) = ($a, $b);
            if Term::both_small(va, vb)
                && let Some(r) = va.small_value().checked_rem(vb.small_value())
            {
                set!($d, Term::small(r));
            } else {
                cold!()
            }
        };
    }
    macro_rules! band {
        ($a:expr, $b:expr, $d:expr) => {
            let (va, vb): (Term, Term) = ($a, $b);
            if !Term::both_small(va, vb) {
                cold!()
            }
            set!($d, Term(va.0 & vb.0));
        };
    }
    macro_rules! element {
        ($i:expr, $s:expr, $d:expr) => {
            let (n, t): (Term, Term) = ($i, $s);
            let h = if n.is_small() && t.is_boxed() { mem.header(t) } else { 0 };
            let n = n.small_value();
            if object::is_tuple_header(h) && n >= 1 && n <= object::arity(h) as i64 {
                set!($d, mem.field(t, n as u32));
            } else {
                cold!()
            }
        };
    }
    macro_rules! abs {
        ($a:expr, $d:expr) => {
            let a: Term = $a;
            // The least small integer has no opposite that is small.
            if a.is_small() && a.0 != Term::small(crate::term::MIN_SMALL).0 {
                set!($d, Term::small(a.small_value().abs()));
            } else {
                cold!()
            }
        };
    }
    /// Goes on if the comparison of small integers, or floats, holds.
    macro_rules! compare {
        ($a:expr, $b:expr, $fail:expr, $op:tt) => {
            let (a, b): (Term, Term) = ($a, $b);
            let holds = if Term::both_small(a, b) {
                (a.0 as i64) $op (b.0 as i64)
            } else if mem.is_float(a) && mem.is_float(b) {
                float!(a) $op float!(b)
            } else if !a.is_immed() && !b.is_immed() && let Some(o) = order::compare_quick(mem, a, b) {
                (o as i8) $op 0
            } else {
                cold!()
            };
            if !holds {
                jump!($fail)
            }
        };
    }
    /// Goes on if the words are equal, or not equal, if that decides it.
    macro_rules! same {
        ($a:expr, $b:expr, $fail:expr) => {
            let (va, vb): (Term, Term) = ($a, $b);
            if va != vb {
                if va.is_immed() || vb.is_immed() || !order::exact_eq(mem, va, vb) {
                    jump!($fail)
                }
            }
        };
    }
    macro_rules! differ {
        ($a:expr, $b:expr, $fail:expr) => {
            let (va, vb): (Term, Term) = ($a, $b);
            if va == vb {
                jump!($fail)
            }
            if !(va.is_immed() || vb.is_immed()) && order::exact_eq(mem, va, vb) {
                jump!($fail)
            }
        };
    }
    macro_rules! init_y {
        ($at:expr, $n:expr) => {
            // SAFETY: the loader put `n` Y registers there.
            let side = unsafe { (*m.here.instance).side.as_ptr().add(side!($at, $n)) };
            for k in 0..$n as usize {
                // SAFETY: as above.
                set_y!(unsafe { *side.add(k) }, Term::NIL);
            }
        };
    }
    macro_rules! select {
        ($s:expr, $fail:expr, $table:expr) => {{
            let v: Term = src!($s);
            // SAFETY: the loader made the table's index; the instance outlives the slice.
            let table = unsafe { &*(*m.here.instance).selects.as_ptr().add(table!($table)) };
            if let SelectTable::Linear { .. } = table {
                cold!()
            }
            match table.find(v.0) {
                Some(d) => jump!(d),
                None => jump!($fail),
            }
        }};
    }
    macro_rules! select_arity {
        ($s:expr, $fail:expr, $table:expr) => {{
            let v: Term = src!($s);
            // SAFETY: the loader made the table's index; the instance outlives the slice.
            let table = unsafe { &*(*m.here.instance).selects.as_ptr().add(table!($table)) };
            match mem.tuple_arity(v).and_then(|n| table.find(Term::small(n as i64).0)) {
                Some(d) => jump!(d),
                None => jump!($fail),
            }
        }};
    }
    macro_rules! type_test {
        ($kind:expr, $s:expr, $fail:expr) => {
            use crate::code::op::TypeKind as K;
            let t: Term = src!($s);
            let yes = match $kind {
                k if k == K::Integer as u8 => mem.is_integer(t),
                k if k == K::Atom as u8 => t.is_atom(),
                k if k == K::List as u8 => t.is_list() || t.is_nil(),
                k if k == K::Float as u8 => mem.is_float(t),
                k if k == K::Map as u8 => mem.is_map(t),
                k => super::data::type_test(mem, k, t),
            };
            if !yes {
                jump!($fail)
            }
        };
    }
    macro_rules! tagged {
        ($arity:expr, $s:expr, $fail:expr, $c:expr) => {
            let t: Term = x!($s);
            if !(t.is_boxed() && mem.header(t) == object::tuple_header($arity as u32) && mem.field(t, 1).0 == $c) {
                jump!($fail)
            }
        };
    }
    macro_rules! tuple_of {
        ($s:expr, $fail:expr, $arity:expr) => {
            let t: Term = src!($s);
            if !(t.is_boxed() && mem.header(t) == object::tuple_header($arity)) {
                jump!($fail)
            }
        };
    }
    macro_rules! get_element2 {
        ($s:expr, $i:expr, $d1:expr, $d2:expr) => {
            let t: Term = x!($s);
            check!(mem.tuple_arity(t).is_some_and(|n| n > $i as u32), "no such element");
            let (a, b) = (mem.get(t.addr(), $i as u32), mem.get(t.addr(), $i as u32 + 1));
            set_x!($d1, a);
            set_x!($d2, b);
        };
    }
    macro_rules! start_match {
        ($s:expr, $d:expr) => {
            let t: Term = src!($s);
            if mem.is_match_context(t) {
                set!($d, t);
            } else if cfg!(feature = "gc_stress")
                || sp - hp < (object::SUB_BITS_WORDS + RESERVED) * 8
                || !mem.is_bitstring(t)
            {
                cold!()
            } else {
                let view = mem.header(t) == object::SUB_BITS_HEADER;
                let at = bump!(object::SUB_BITS_WORDS);
                mem.set_word(at, 0, object::SUB_BITS_HEADER);
                mem.set_word(at, 1, crate::heap::bits::MATCH);
                mem.set_word(at, 2, if view { mem.field(t, 2).0 } else { 0 });
                mem.set_word(at, 3, if view { mem.field(t, 3).0 } else { mem.field(t, 1).0 });
                mem.set(at, 4, if view { mem.field(t, 4) } else { t });
                set!($d, Term::boxed_at(at));
            }
        };
    }
    macro_rules! get_position {
        ($s:expr, $d:expr) => {
            let ctx: Term = src!($s);
            check!(mem.is_match_context(ctx), "no match context");
            set!($d, Term::small(mem.field(ctx, 2).raw() as i64));
        };
    }
    macro_rules! get_byte {
        ($unit:expr, $s:expr, $d:expr, $fail:expr) => {
            let ctx: Term = src!($s);
            check!(mem.is_match_context(ctx), "no match context");
            let (pos, end) = (mem.field(ctx, 2).raw(), mem.field(ctx, 3).raw());
            let left = end.saturating_sub(pos);
            if left < 8 || ($unit == 8 && left % 8 != 0) {
                jump!($fail)
            }
            let base = mem.bits_base(mem.field(ctx, 4)).wrapping_add((pos / 8) as u32);
            let byte = mem.word(base, 0).swap_bytes() << (pos % 8) >> 56;
            mem.set_word(ctx.addr(), 2, pos + 8);
            set!($d, Term::small(byte as i64));
        };
    }

    // What a `fault` or a cold operation said; the hot loop is entered again after it.
    loop {
        let leave = loop {
            // SAFETY: `pc` always points to an instruction of the running instance: every way to change it checks its target.
            let i: &Instr = unsafe { &*pc };
            check!(within(&m.here, pc), "no instruction");
            check!(hp >= m.proc.heap.start && hp <= sp && sp <= m.proc.heap.end, "a heap out of order");
            let to: u64 = match *i {
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
                Instr::Call { to, cp } => call!(to, cp),
                Instr::CallOnly { to } => call_only!(to),
                Instr::CallLast { to, n } => call_last!(to, n),
                Instr::CallExt { export, cp } => {
                    if let Some(p) = m.sys.code.entry(export) {
                        push!(cp);
                        count!(p);
                        goto!(p.to_word())
                    } else {
                        cold!()
                    }
                }
                Instr::CallExtOnly { export } => {
                    if let Some(p) = m.sys.code.entry(export) {
                        count!(p);
                        goto!(p.to_word())
                    } else {
                        cold!()
                    }
                }
                Instr::CallExtLast { export, n } => {
                    if let Some(p) = m.sys.code.entry(export) {
                        drop_frame!(n);
                        count!(p);
                        goto!(p.to_word())
                    } else {
                        cold!()
                    }
                }
                Instr::CallFun { arity, cp } => {
                    fun!(x!(arity), arity, {
                        push!(cp);
                    })
                }
                Instr::CallFun2 { arity, f, cp } => {
                    fun!(src!(f), arity, {
                        push!(cp);
                    })
                }
                Instr::CallFunLast { arity, n } => {
                    fun!(x!(arity), arity, drop_frame!(n))
                }
                Instr::CallFun2Last { arity, f, n } => {
                    fun!(src!(f), arity, drop_frame!(n))
                }
                Instr::Return {} => ret!(0),
                Instr::DeallocReturn { n } => {
                    ret!(n)
                }
                Instr::ConstReturn { n, c } => {
                    set_x!(0, Term(c));
                    ret!(n)
                }
                Instr::Allocate { n, live } => {
                    frame!(n, live);
                    next!()
                }
                Instr::AllocateHeap { n, live, words } => {
                    reserve!(n as u32 + words, live);
                    sp -= n as u32 * 8;
                    next!()
                }
                Instr::AllocateMove { n, live, s, d } => {
                    frame!(n, live);
                    set_y!(d, x!(s));
                    next!()
                }
                Instr::AllocateMove2 { n, live, s1, d1, s2, d2 } => {
                    frame!(n, live);
                    set_y!(d1, x!(s1));
                    set_y!(d2, x!(s2));
                    next!()
                }
                Instr::AllocateGetList { n, live, s, h, t } => {
                    frame!(n, live);
                    get_list!(s, h, t);
                    next!()
                }
                Instr::ReservePutList { live, h, t, d, words } => {
                    reserve!(words, live);
                    put_list!(h, t, d);
                    next!()
                }
                Instr::PutListReturn { live, n, h, t } => {
                    reserve!(2u32, live);
                    put_list!(h, t, Dst::x(0));
                    ret!(n)
                }
                Instr::Deallocate { n } => {
                    drop_frame!(n);
                    next!()
                }
                Instr::Trim { n } => {
                    drop_frame!(n);
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
                    is_cons_get!(s, h, t, fail);
                    next!()
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
                    tuple_of!(s, fail, arity);
                    next!()
                }
                Instr::IsTagged { arity, s, fail, c } => {
                    tagged!(arity, s, fail, c);
                    next!()
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
                    same!(src!(a), src!(b), fail);
                    next!()
                }
                Instr::IsEqXX { a, b, fail } => {
                    same!(x!(a), x!(b), fail);
                    next!()
                }
                Instr::IsNeExact { a, b, fail } => {
                    differ!(src!(a), src!(b), fail);
                    next!()
                }
                Instr::IsNeXX { a, b, fail } => {
                    differ!(x!(a), x!(b), fail);
                    next!()
                }
                Instr::IsEq { a, b, fail } => {
                    let (va, vb): (Term, Term) = (src!(a), src!(b));
                    if va != vb {
                        if va.is_immed() && vb.is_immed() {
                            jump!(fail)
                        }
                        cold!()
                    }
                    next!()
                }
                Instr::IsNe { a, b, fail } => {
                    let (va, vb): (Term, Term) = (src!(a), src!(b));
                    if va == vb {
                        jump!(fail)
                    }
                    if !(va.is_immed() && vb.is_immed()) {
                        cold!()
                    }
                    next!()
                }
                Instr::IsLtXX { a, b, fail } => {
                    compare!(x!(a), x!(b), fail, <);
                    next!()
                }
                Instr::IsGeXX { a, b, fail } => {
                    compare!(x!(a), x!(b), fail, >=);
                    next!()
                }
                Instr::IsLtXC { s, fail, c } => {
                    compare!(x!(s), Term(c), fail, <);
                    next!()
                }
                Instr::IsGeXC { s, fail, c } => {
                    compare!(x!(s), Term(c), fail, >=);
                    next!()
                }
                Instr::IsLtCX { s, fail, c } => {
                    compare!(Term(c), x!(s), fail, <);
                    next!()
                }
                Instr::IsGeCX { s, fail, c } => {
                    compare!(Term(c), x!(s), fail, >=);
                    next!()
                }
                Instr::IsLt { a, b, fail } => {
                    compare!(src!(a), src!(b), fail, <);
                    next!()
                }
                Instr::IsGe { a, b, fail } => {
                    compare!(src!(a), src!(b), fail, >=);
                    next!()
                }
                Instr::SelectVal { s, fail, table } => select!(s, fail, table),
                Instr::Demand { kind, s, n } => {
                    use crate::code::op::DemandKind as K;
                    let t: Term = src!(s);
                    let yes = match kind {
                        k if k == K::Tuple as u8 => mem.tuple_arity(t).is_some_and(|a| a >= n),
                        k if k == K::Exact as u8 => mem.tuple_arity(t) == Some(n),
                        k if k == K::Cons as u8 => t.is_list(),
                        k if k == K::Context as u8 => mem.is_match_context(t),
                        _ => mem.is_float(t),
                    };
                    if yes {
                        next!()
                    }
                    cold!()
                }
                Instr::PutListX { h, t, d } => {
                    let at = bump!(2);
                    mem.set(at, 0, x!(h));
                    mem.set(at, 1, x!(t));
                    set_x!(d, Term::list_at(at));
                    next!()
                }
                Instr::PutList { h, t, d } => {
                    put_list!(h, t, d);
                    next!()
                }
                Instr::GetList { s, h, t } => {
                    get_list!(s, h, t);
                    next!()
                }
                Instr::GetHd { s, d } => {
                    let l: Term = src!(s);
                    check!(l.is_list(), "no cons cell");
                    set!(d, Term(mem.word(l.addr(), 0)));
                    next!()
                }
                Instr::GetTl { s, d } => {
                    let l: Term = src!(s);
                    check!(l.is_list(), "no cons cell");
                    set!(d, Term(mem.word(l.addr(), 1)));
                    next!()
                }
                Instr::GetElementX { s, i, d } => {
                    let t: Term = x!(s);
                    check!(mem.tuple_arity(t).is_some_and(|n| n >= i as u32), "no such element");
                    set_x!(d, mem.get(t.addr(), i as u32));
                    next!()
                }
                Instr::GetElement2X { s, i, d1, d2 } => {
                    get_element2!(s, i, d1, d2);
                    next!()
                }
                Instr::GetElement { s, d, i } => {
                    let t: Term = src!(s);
                    check!(mem.tuple_arity(t).is_some_and(|n| n >= i), "no such element");
                    set!(d, mem.get(t.addr(), i));
                    next!()
                }
                Instr::PutTuple2 { d, at, n } => {
                    put_tuple!(d, at, n);
                    next!()
                }
                Instr::AddXC { s, d, c, .. } => {
                    add_const!(x!(s), c, d);
                    next!()
                }
                Instr::AddYC { s, d, c, .. } => {
                    add_const!(y!(s), c, d);
                    next!()
                }
                Instr::AddYX { a, b, d, .. } => {
                    add!(y!(a), x!(b), Dst::x(d));
                    next!()
                }
                Instr::AddXX { a, b, d, .. } => {
                    add!(x!(a), x!(b), Dst::x(d));
                    next!()
                }
                Instr::SubXX { a, b, d, .. } => {
                    sub!(x!(a), x!(b), Dst::x(d));
                    next!()
                }
                Instr::Add { a, b, d, .. } => {
                    add!(src!(a), src!(b), d);
                    next!()
                }
                Instr::Sub { a, b, d, .. } => {
                    sub!(src!(a), src!(b), d);
                    next!()
                }
                Instr::Mul { a, b, d, .. } => {
                    mul!(src!(a), src!(b), d);
                    next!()
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
                    rem!(src!(a), src!(b), d);
                    next!()
                }
                Instr::Band { a, b, d, .. } => {
                    band!(src!(a), src!(b), d);
                    next!()
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
                    check!(mem.is_match_context(ctx), "no match context");
                    // SAFETY: the loader put `n` checked commands there, none of which builds anything; `x` is the register file.
                    let matched = unsafe {
                        super::bits::match_quick(mem, x, sp, (*m.here.instance).side.as_ptr().add(at as usize), n, ctx)
                    };
                    if matched {
                        next!()
                    }
                    jump!(fail)
                }
                Instr::BsCreateQuick { live, d, n, at, fail } => {
                    guard!(super::build::create_quick(&mut m, live, d, n as u32, at, fail))
                }
                Instr::BsGetByte { unit, s, d, fail } => {
                    get_byte!(unit, s, d, fail);
                    next!()
                }
                Instr::UpdateRecord { s, d, at, n } => {
                    update_record!(s, d, at, n);
                    next!()
                }
                Instr::SelectArity { s, fail, table } => select_arity!(s, fail, table),
                Instr::BsStartMatch { s, d, .. } => {
                    start_match!(s, d);
                    next!()
                }
                Instr::BsTestUnit { s, fail, unit } => {
                    check!(mem.is_match_context(src!(s)), "no match context");
                    let left = crate::heap::bits::matching::left(mem, src!(s));
                    if unit == 1 || (if unit == 8 { left % 8 } else { left % unit.max(1) as u64 }) == 0 {
                        next!()
                    }
                    jump!(fail)
                }
                Instr::BsSetPosition { s, p } => {
                    let (ctx, p): (Term, Term) = (src!(s), src!(p));
                    check!(mem.is_match_context(ctx), "no match context");
                    crate::heap::bits::matching::set_position(mem, ctx, p.as_small().unwrap_or(0) as u64);
                    next!()
                }
                Instr::BsGetUtf { kind, s, d, fail, flags } => {
                    let ctx: Term = src!(s);
                    check!(mem.is_match_context(ctx), "no match context");
                    match crate::heap::bits::utf::take(mem, ctx, kind, flags) {
                        Some(c) => {
                            set!(d, Term::small(c as i64));
                            next!()
                        }
                        None => jump!(fail),
                    }
                }
                Instr::BsTestTail { s, fail, bits } => {
                    check!(mem.is_match_context(src!(s)), "no match context");
                    if crate::heap::bits::matching::left(mem, src!(s)) == bits as u64 {
                        next!()
                    }
                    jump!(fail)
                }
                Instr::BsGetPosition { s, d, .. } => {
                    get_position!(s, d);
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
                    check!(mem.is_float(t), "no float");
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
                    element!(src!(index), src!(s), d);
                    next!()
                }
                Instr::Abs { a, d, .. } => {
                    abs!(src!(a), d);
                    next!()
                }
                Instr::ByteSize { a, d, .. } => {
                    let t: Term = src!(a);
                    match mem.bits(t) {
                        Some(bits) => {
                            set!(d, Term::small(bits.len.div_ceil(8) as i64));
                            next!()
                        }
                        None => cold!(),
                    }
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
                    reds -= 1;
                    spill!();
                    // SAFETY: `pc` points into the code of `here`.
                    let at = unsafe { pc.offset_from(m.here.code) as u32 };
                    let flow = super::calls::call_bif(&mut m, bif, arity, at, Link::Return(cp));
                    if flow == Flow::Next && m.proc.budget > 0 && m.sys.tracing.retired.is_empty() {
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
                Instr::IsIntegerX { s, fail } => {
                    let t: Term = x!(s);
                    if t.is_small() || mem.is_integer(t) {
                        next!()
                    }
                    jump!(fail)
                }
                Instr::IsAtomX { s, fail } => {
                    if x!(s).is_atom() {
                        next!()
                    }
                    jump!(fail)
                }
                Instr::IsListX { s, fail } => {
                    if x!(s).is_list() || x!(s).is_nil() {
                        next!()
                    }
                    jump!(fail)
                }
                Instr::TypeTest { kind, s, fail } => {
                    type_test!(kind, s, fail);
                    next!()
                }
                Instr::ConsGetCall { s, fail } => {
                    if !x!(s).is_list() {
                        jump!(fail)
                    }
                    then!(AllocateGetList { n, live, s, h, t });
                    frame!(n, live);
                    get_list!(s, h, t);
                    then_call!()
                }
                Instr::ConsGet { s, fail } => {
                    if !x!(s).is_list() {
                        jump!(fail)
                    }
                    then!(AllocateGetList { n, live, s, h, t });
                    frame!(n, live);
                    get_list!(s, h, t);
                    next!()
                }
                Instr::ConsMoveGet { s, fail } => {
                    if !x!(s).is_list() {
                        jump!(fail)
                    }
                    then!(AllocateMove { n, live, s, d });
                    frame!(n, live);
                    set_y!(d, x!(s));
                    then!(GetList { s, h, t });
                    get_list!(s, h, t);
                    next!()
                }
                Instr::ConsMove { s, fail } => {
                    if !x!(s).is_list() {
                        jump!(fail)
                    }
                    then!(AllocateMove { n, live, s, d });
                    frame!(n, live);
                    set_y!(d, x!(s));
                    next!()
                }
                Instr::ConsMove2 { s, fail } => {
                    if !x!(s).is_list() {
                        jump!(fail)
                    }
                    then!(AllocateMove2 { n, live, s1, d1, s2, d2 });
                    frame!(n, live);
                    set_y!(d1, x!(s1));
                    set_y!(d2, x!(s2));
                    next!()
                }
                Instr::GetListMoveFun { s, h, t } => {
                    get_list!(s, h, t);
                    then!(MoveYX { s, d });
                    set_x!(d, y!(s));
                    then!(CallFun2 { arity, f, cp });
                    fun!(src!(f), arity, {
                        push!(cp);
                    })
                }
                Instr::GetListFun { s, h, t } => {
                    get_list!(s, h, t);
                    then!(CallFun2 { arity, f, cp });
                    fun!(src!(f), arity, {
                        push!(cp);
                    })
                }
                Instr::MoveYXFun { s, d } => {
                    set_x!(d, y!(s));
                    then!(CallFun2 { arity, f, cp });
                    fun!(src!(f), arity, {
                        push!(cp);
                    })
                }
                Instr::FrameAddCall { n, live, s, d } => {
                    frame!(n, live);
                    set_y!(d, x!(s));
                    then!(AddXC { s, d, c });
                    add_const!(x!(s), c, d);
                    then_call!()
                }
                Instr::FrameMoveCall { n, live, s, d } => {
                    frame!(n, live);
                    set_y!(d, x!(s));
                    then_call!()
                }
                Instr::FrameGetCall { n, live, s, h, t } => {
                    frame!(n, live);
                    get_list!(s, h, t);
                    then_call!()
                }
                Instr::AddYMoveCall { s, d, c, .. } => {
                    add_const!(y!(s), c, d);
                    then!(MoveXYXX { s1, d1, s2, d2 });
                    set_y!(d1, x!(s1));
                    set_x!(d2, x!(s2));
                    then_call!()
                }
                Instr::AddYMoveCallLast { s, d, c, .. } => {
                    add_const!(y!(s), c, d);
                    then!(MoveYX { s, d });
                    set_x!(d, y!(s));
                    then_call_last!()
                }
                Instr::AddMoveCallOnly { s, d, c, .. } => {
                    add_const!(x!(s), c, d);
                    then!(MoveXX { s, d });
                    set_x!(d, x!(s));
                    then_call_only!()
                }
                Instr::AddCall { s, d, c, .. } => {
                    add_const!(x!(s), c, d);
                    then_call!()
                }
                Instr::AddCallOnly { s, d, c, .. } => {
                    add_const!(x!(s), c, d);
                    then_call_only!()
                }
                Instr::AddElement { s, d, c, .. } => {
                    add_const!(x!(s), c, d);
                    then!(Element { i, s, d });
                    element!(src!(i), src!(s), d);
                    next!()
                }
                Instr::AddGetElement { s, d, c, .. } => {
                    add_const!(x!(s), c, d);
                    then!(GetElementX { s, i, d });
                    set_x!(d, mem.get(x!(s).addr(), i as u32));
                    next!()
                }
                Instr::AddYXReturn { a, b, d, .. } => {
                    add!(y!(a), x!(b), Dst::x(d));
                    then!(DeallocReturn { n });
                    ret!(n)
                }
                Instr::AddXXReturn { a, b, d, .. } => {
                    add!(x!(a), x!(b), Dst::x(d));
                    then!(Return {});
                    ret!(0)
                }
                Instr::AddXXBand { a, b, d, .. } => {
                    add!(x!(a), x!(b), Dst::x(d));
                    then!(Band { a, b, d });
                    band!(src!(a), src!(b), d);
                    next!()
                }
                Instr::SubAbs { a, b, d, .. } => {
                    sub!(x!(a), x!(b), Dst::x(d));
                    then!(Abs { a, d });
                    abs!(src!(a), d);
                    next!()
                }
                Instr::BandMoveCallOnly { a, b, d, .. } => {
                    band!(src!(a), src!(b), d);
                    then!(MoveXX { s, d });
                    set_x!(d, x!(s));
                    then_call_only!()
                }
                Instr::MulRem { a, b, d, .. } => {
                    mul!(src!(a), src!(b), d);
                    then!(Rem { a, b, d });
                    rem!(src!(a), src!(b), d);
                    next!()
                }
                Instr::MoveXXMoveYX2CallLast { s, d } => {
                    set_x!(d, x!(s));
                    then!(MoveYX2 { s1, d1, s2, d2 });
                    set_x!(d1, y!(s1));
                    set_x!(d2, y!(s2));
                    then_call_last!()
                }
                Instr::MoveYXTrimCall { s, d } => {
                    set_x!(d, y!(s));
                    then!(Trim { n });
                    drop_frame!(n);
                    then_call!()
                }
                Instr::MoveXXCall { s, d } => {
                    set_x!(d, x!(s));
                    then_call!()
                }
                Instr::MoveXXCallOnly { s, d } => {
                    set_x!(d, x!(s));
                    then_call_only!()
                }
                Instr::MoveXXCallLast { s, d } => {
                    set_x!(d, x!(s));
                    then_call_last!()
                }
                Instr::MoveXXReturn { s, d } => {
                    set_x!(d, x!(s));
                    then!(Return {});
                    ret!(0)
                }
                Instr::MoveYXCall { s, d } => {
                    set_x!(d, y!(s));
                    then_call!()
                }
                Instr::MoveYXCallLast { s, d } => {
                    set_x!(d, y!(s));
                    then_call_last!()
                }
                Instr::MoveYXReturn { s, d } => {
                    set_x!(d, y!(s));
                    then!(DeallocReturn { n });
                    ret!(n)
                }
                Instr::MoveXX2Call { s1, d1, s2, d2 } => {
                    set_x!(d1, x!(s1));
                    set_x!(d2, x!(s2));
                    then_call!()
                }
                Instr::MoveXX2CallOnly { s1, d1, s2, d2 } => {
                    set_x!(d1, x!(s1));
                    set_x!(d2, x!(s2));
                    then_call_only!()
                }
                Instr::MoveYX2Call { s1, d1, s2, d2 } => {
                    set_x!(d1, y!(s1));
                    set_x!(d2, y!(s2));
                    then_call!()
                }
                Instr::MoveYX2CallLast { s1, d1, s2, d2 } => {
                    set_x!(d1, y!(s1));
                    set_x!(d2, y!(s2));
                    then_call_last!()
                }
                Instr::MoveYX4CallLast { s1, d1, s2, d2 } => {
                    set_x!(d1, y!(s1));
                    set_x!(d2, y!(s2));
                    then!(MoveYX2 { s1, d1, s2, d2 });
                    set_x!(d1, y!(s1));
                    set_x!(d2, y!(s2));
                    then_call_last!()
                }
                Instr::MoveXYXXCall { s1, d1, s2, d2 } => {
                    set_y!(d1, x!(s1));
                    set_x!(d2, x!(s2));
                    then_call!()
                }
                Instr::MoveYXXXCall { s1, d1, s2, d2 } => {
                    set_x!(d1, y!(s1));
                    set_x!(d2, x!(s2));
                    then_call!()
                }
                Instr::MoveXXYXCallLast { s1, d1, s2, d2 } => {
                    set_x!(d1, x!(s1));
                    set_x!(d2, y!(s2));
                    then_call_last!()
                }
                Instr::TrimCall { n } => {
                    drop_frame!(n);
                    then_call!()
                }
                Instr::ReserveUpdateCallOnly { live, words } => {
                    reserve!(words, live);
                    then!(UpdateRecord { s, d, at, n });
                    update_record!(s, d, at, n);
                    then_call_only!()
                }
                Instr::ReserveTupleReturn { live, words } => {
                    reserve!(words, live);
                    then!(PutTuple2 { d, at, n });
                    put_tuple!(d, at, n);
                    then!(Return {});
                    ret!(0)
                }
                Instr::ReserveTupleDealloc { live, words } => {
                    reserve!(words, live);
                    then!(PutTuple2 { d, at, n });
                    put_tuple!(d, at, n);
                    then!(DeallocReturn { n });
                    ret!(n)
                }
                Instr::ReserveTuple { live, words } => {
                    reserve!(words, live);
                    then!(PutTuple2 { d, at, n });
                    put_tuple!(d, at, n);
                    next!()
                }
                Instr::ReserveListMoveCallOnly { live, h, t, d, words } => {
                    reserve!(words, live);
                    put_list!(h, t, d);
                    then!(MoveXX { s, d });
                    set_x!(d, x!(s));
                    then_call_only!()
                }
                Instr::ReserveListCallOnly { live, h, t, d, words } => {
                    reserve!(words, live);
                    put_list!(h, t, d);
                    then_call_only!()
                }
                Instr::ReserveListMove4 { live, h, t, d, words } => {
                    reserve!(words, live);
                    put_list!(h, t, d);
                    then!(MoveYX2 { s1, d1, s2, d2 });
                    set_x!(d1, y!(s1));
                    set_x!(d2, y!(s2));
                    then!(MoveYX2 { s1, d1, s2, d2 });
                    set_x!(d1, y!(s1));
                    set_x!(d2, y!(s2));
                    next!()
                }
                Instr::ConsGetNe { s, h, t, fail } => {
                    is_cons_get!(s, h, t, fail);
                    then!(IsNeXX { a, b, fail });
                    differ!(x!(a), x!(b), fail);
                    next!()
                }
                Instr::ConsGetGe { s, h, t, fail } => {
                    is_cons_get!(s, h, t, fail);
                    then!(IsGeXX { a, b, fail });
                    compare!(x!(a), x!(b), fail, >=);
                    next!()
                }
                Instr::ConsGetEq { s, h, t, fail } => {
                    is_cons_get!(s, h, t, fail);
                    then!(IsEqImm { s, fail, c });
                    if x!(s).0 == c {
                        next!()
                    }
                    jump!(fail)
                }
                Instr::ConsGetNil { s, h, t, fail } => {
                    is_cons_get!(s, h, t, fail);
                    then!(IsNilX { s, fail });
                    if x!(s).is_nil() {
                        next!()
                    }
                    jump!(fail)
                }
                Instr::GeXXGeXX { a, b, fail } => {
                    compare!(x!(a), x!(b), fail, >=);
                    then!(IsGeXX { a, b, fail });
                    compare!(x!(a), x!(b), fail, >=);
                    next!()
                }
                Instr::GeReserveList { a, b, fail } => {
                    compare!(x!(a), x!(b), fail, >=);
                    then!(ReservePutList { live, h, t, d, words });
                    reserve!(words, live);
                    put_list!(h, t, d);
                    next!()
                }
                Instr::GeXCGeCX { s, fail, c } => {
                    compare!(x!(s), Term(c), fail, >=);
                    then!(IsGeCX { s, fail, c });
                    compare!(Term(c), x!(s), fail, >=);
                    next!()
                }
                Instr::GeXCGeXC { s, fail, c } => {
                    compare!(x!(s), Term(c), fail, >=);
                    then!(IsGeXC { s, fail, c });
                    compare!(x!(s), Term(c), fail, >=);
                    next!()
                }
                Instr::IntegerGeXC { s, fail } => {
                    let t: Term = x!(s);
                    if !(t.is_small() || mem.is_integer(t)) {
                        jump!(fail)
                    }
                    then!(IsGeXC { s, fail, c });
                    compare!(x!(s), Term(c), fail, >=);
                    next!()
                }
                Instr::ConsGetInteger { s, h, t, fail } => {
                    is_cons_get!(s, h, t, fail);
                    then!(IsIntegerX { s, fail });
                    let t: Term = x!(s);
                    if t.is_small() || mem.is_integer(t) {
                        next!()
                    }
                    jump!(fail)
                }
                Instr::ConsHead { s, fail } => {
                    if !x!(s).is_list() {
                        jump!(fail)
                    }
                    then!(GetHd { s, d });
                    check!(src!(s).is_list(), "no cons cell");
                    set!(d, Term(mem.word(src!(s).addr(), 0)));
                    next!()
                }
                Instr::TupleSelect { s, fail } => {
                    if !mem.is_tuple(src!(s)) {
                        jump!(fail)
                    }
                    then!(SelectArity { s, fail, table });
                    select_arity!(s, fail, table)
                }
                Instr::FrameInit { n, live } => {
                    frame!(n, live);
                    then!(InitY { at, n });
                    init_y!(at, n);
                    next!()
                }
                Instr::YYTrimCall { s, d } => {
                    set_y!(d, y!(s));
                    then!(Trim { n });
                    drop_frame!(n);
                    then_call!()
                }
                Instr::CXMoveXX { d, c } => {
                    set_x!(d, Term(c));
                    then!(MoveXX { s, d });
                    set_x!(d, x!(s));
                    next!()
                }
                Instr::CXMoveYX2 { d, c } => {
                    set_x!(d, Term(c));
                    then!(MoveYX2 { s1, d1, s2, d2 });
                    set_x!(d1, y!(s1));
                    set_x!(d2, y!(s2));
                    next!()
                }
                Instr::CXCall { d, c } => {
                    set_x!(d, Term(c));
                    then_call!()
                }
                Instr::CXCallOnly { d, c } => {
                    set_x!(d, Term(c));
                    then_call_only!()
                }
                Instr::FrameMove3 { n, live, s1, d1, s2, d2 } => {
                    frame!(n, live);
                    set_y!(d1, x!(s1));
                    set_y!(d2, x!(s2));
                    then!(MoveXY { s, d });
                    set_y!(d, x!(s));
                    next!()
                }
                Instr::FrameMove4 { n, live, s1, d1, s2, d2 } => {
                    frame!(n, live);
                    set_y!(d1, x!(s1));
                    set_y!(d2, x!(s2));
                    then!(MoveXY2 { s1, d1, s2, d2 });
                    set_y!(d1, x!(s1));
                    set_y!(d2, x!(s2));
                    next!()
                }
                Instr::GetElement4 { s, i, d1, d2 } => {
                    get_element2!(s, i, d1, d2);
                    then!(GetElement2X { s, i, d1, d2 });
                    get_element2!(s, i, d1, d2);
                    next!()
                }
                Instr::GetElementSelect { s, i, d } => {
                    set_x!(d, mem.get(x!(s).addr(), i as u32));
                    then!(SelectVal { s, fail, table });
                    select!(s, fail, table)
                }
                Instr::GetElementEq { s, i, d } => {
                    set_x!(d, mem.get(x!(s).addr(), i as u32));
                    then!(IsEqImm { s, fail, c });
                    if x!(s).0 == c {
                        next!()
                    }
                    jump!(fail)
                }
                Instr::TaggedGet { arity, s, fail, c } => {
                    tagged!(arity, s, fail, c);
                    then!(GetElementX { s, i, d });
                    set_x!(d, mem.get(x!(s).addr(), i as u32));
                    next!()
                }
                Instr::ArityGet { s, fail, arity } => {
                    tuple_of!(s, fail, arity);
                    then!(GetElementX { s, i, d });
                    set_x!(d, mem.get(x!(s).addr(), i as u32));
                    next!()
                }
                Instr::ArityGet2 { s, fail, arity } => {
                    tuple_of!(s, fail, arity);
                    then!(GetElement2X { s, i, d1, d2 });
                    get_element2!(s, i, d1, d2);
                    next!()
                }
                Instr::TupleArityGet { s, fail } => {
                    if !mem.is_tuple(src!(s)) {
                        jump!(fail)
                    }
                    then!(TestArity { s, fail, arity });
                    if mem.header(src!(s)) != object::tuple_header(arity) {
                        jump!(fail)
                    }
                    then!(GetElementX { s, i, d });
                    set_x!(d, mem.get(x!(s).addr(), i as u32));
                    next!()
                }
                Instr::GetElementCallOnly { s, i, d } => {
                    set_x!(d, mem.get(x!(s).addr(), i as u32));
                    then_call_only!()
                }
                Instr::GetElementLt { s, i, d } => {
                    set_x!(d, mem.get(x!(s).addr(), i as u32));
                    then!(IsLtXX { a, b, fail });
                    compare!(x!(a), x!(b), fail, <);
                    next!()
                }
                Instr::GetElementAdd { s, i, d } => {
                    set_x!(d, mem.get(x!(s).addr(), i as u32));
                    then!(AddXC { s, d, c });
                    add_const!(x!(s), c, d);
                    next!()
                }
                Instr::MatchByte { s, d, .. } => {
                    start_match!(s, d);
                    then!(BsGetPosition { s, d });
                    get_position!(s, d);
                    then!(BsGetByte { unit, s, d, fail });
                    get_byte!(unit, s, d, fail);
                    next!()
                }
                Instr::MatchPosition { s, d, .. } => {
                    start_match!(s, d);
                    then!(BsGetPosition { s, d });
                    get_position!(s, d);
                    next!()
                }
                Instr::MakeFun { d, n, fun, at } => guard!(super::data::make_fun(&mut m, d, n as u32, fun, at)),
                Instr::PutMapAssoc { live, s, d, at, n } => {
                    guard!(super::data::put_map_assoc(&mut m, live, s, d, at, n))
                }
                Instr::PutMapExact { live, s, d, at, n, fail } => {
                    guard!(super::data::put_map_exact(&mut m, live, s, d, at, n as u32, fail))
                }
                Instr::InitY { at, n } => {
                    init_y!(at, n);
                    next!()
                }
                Instr::IsFunction2 { f, arity, fail } => {
                    let (f, arity): (Term, Term) = (src!(f), src!(arity));
                    if mem.is_fun(f) && arity.as_small() == Some(object::fun_arity(mem.header(f)) as i64) {
                        next!()
                    }
                    jump!(fail)
                }
                Instr::CatchEnd { y } if !x!(0).is_none() => {
                    set_y!(y, Term::NIL);
                    m.proc.catches = m.proc.catches.saturating_sub(1);
                    next!()
                }
                // All named, so that the jump table covers every tag and needs no range check.
                Instr::Nop { .. }
                | Instr::ProcessEnd { .. }
                | Instr::ApplyTrap { .. }
                | Instr::Unreachable { .. }
                | Instr::CallBifLast { .. }
                | Instr::CallBifOnly { .. }
                | Instr::Apply { .. }
                | Instr::ApplyLast { .. }
                | Instr::SetElement { .. }
                | Instr::HasMapFields { .. }
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
                | Instr::BsGetTail { .. }
                | Instr::BsMatch { .. }
                | Instr::BsGetInteger { .. }
                | Instr::BsGetFloat { .. }
                | Instr::BsGetBinary { .. }
                | Instr::BsSkip { .. }
                | Instr::BsMatchString { .. }
                | Instr::BsSkipUtf { .. }
                | Instr::BsCreateBin { .. }
                | Instr::BsInitWritable { .. }
                | Instr::Breakpoint { .. }
                | Instr::Trampoline { .. }
                | Instr::ReturnTrace { .. } => cold!(),
            };
            // Another instance.
            if let Some(new) = place_of(m.sys, CodePtr::from_word(to).slot)
                && let Some(at) = new.at(to)
            {
                m.here = new;
                pc = at;
                continue;
            }
            break Leave::Goto(CodePtr::from_word(to));
        };
        if !matches!(leave, Leave::Said(_)) {
            spill!();
        }
        // SAFETY: `pc` points into the code of `here`.
        let at = unsafe { pc.offset_from(m.here.code) as u32 };
        let flow = match leave {
            Leave::Cold => {
                if cfg!(feature = "gc_stress") {
                    m.proc.ip = CodePtr { slot: m.here.slot(), offset: at };
                }
                // SAFETY: as above; a copy, because the operation may change the code table.
                let i = unsafe { *pc };
                cold::execute(&mut m, &i, at)
            }
            Leave::Said(flow) => flow,
            Leave::Goto(p) => Flow::Goto(p),
            Leave::Collect(words, live) => {
                if cfg!(feature = "gc_stress") {
                    m.proc.ip = CodePtr { slot: m.here.slot(), offset: at };
                    collected = true;
                }
                match m.collect_in_code(words as usize, live as usize, at) {
                    Ok(()) => Flow::Jump(0),
                    Err(f) => m.fault(f),
                }
            }
            Leave::Preempt(to) => return preempt(&mut m, to),
            Leave::PreemptLocal => {
                // SAFETY: `pc` points to an instruction of `here`.
                let distance = unsafe { *pc }.target_mut().map_or(0, |to| *to);
                let to = CodePtr { slot: m.here.slot(), offset: at.wrapping_add_signed(distance) };
                return preempt(&mut m, to);
            }
        };
        let to = match flow {
            Flow::Next => CodePtr { slot: m.here.slot(), offset: at + 1 },
            Flow::Jump(d) => CodePtr { slot: m.here.slot(), offset: (at as i32 + d) as u32 },
            Flow::Goto(p) => p,
            Flow::Return => {
                let sp = m.proc.heap.sp;
                m.proc.heap.sp += 8;
                CodePtr::from_word(mem.word(sp, 0))
            }
            Flow::Raise => match super::exceptions::dispatch(&mut m, at) {
                Ok(p) => p,
                Err(end) => return end,
            },
            Flow::End(end) => return end,
        };
        reload!();
        // The code of the same instance is replaced when it gets its first breakpoint.
        if to.slot != m.here.slot() || !m.sys.tracing.retired.is_empty() {
            let Some(new) = place_of(m.sys, to.slot) else { return lost(&mut m, to) };
            m.here = new;
            m.slot = to.slot;
        }
        match m.here.at(to.to_word()) {
            Some(at) => pc = at,
            None => return lost(&mut m, to),
        }
    }
}

const _: () = assert!(size_of::<Instr>() == 1 << CodePtr::SHIFT);

/// A place in code that does not exist (any more): a wrong return address, or code that was unloaded under a process.
#[cold]
fn lost(m: &mut Machine<'_>, to: CodePtr) -> SliceEnd {
    m.sys.stop.get_or_insert(crate::error::StopCause::Internal(format!(
        "process {:?} went on at {to:?}, where there is no code, after {:?}",
        m.proc.pid, m.proc.ip
    )));
    SliceEnd::Stopped
}

/// Lengths of the running instance's constants, side table and selects.
#[allow(unsafe_code)]
#[inline(always)]
fn tables(here: &Place) -> (usize, usize, usize) {
    // SAFETY: the instance that runs is never freed.
    let instance = unsafe { &*here.instance };
    (instance.consts.len(), instance.side.len(), instance.selects.len())
}

/// Is this an instruction of the instance?
fn within(here: &Place, pc: *const Instr) -> bool {
    let offset = (pc as usize).wrapping_sub(here.code as usize);
    offset % size_of::<Instr>() == 0 && ((offset / size_of::<Instr>()) as u64) < here.end
}

/// With `checked`: the loader has let something through that it must not.
#[cold]
#[inline(never)]
fn violation(m: &Machine<'_>, here: &Place, pc: *const Instr, what: &str) -> ! {
    let offset = (pc as usize).wrapping_sub(here.code as usize) / size_of::<Instr>();
    let at = CodePtr { slot: here.slot(), offset: offset as u32 };
    let code = m.sys.code.instance(at.slot).and_then(|i| i.code.get(offset));
    let function = m
        .sys
        .code
        .function_at(at)
        .map(|f| format!("{}:{}/{}", m.sys.atoms.name(f.module), m.sys.atoms.name(f.function), f.arity));
    panic!("{what}: {code:?} at {at:?} in {}", function.unwrap_or_default())
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
