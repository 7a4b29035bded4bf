//! The dispatcher of everything that isn't hot: each instruction goes to its family.

use super::calls::Link;
use super::{Flow, Machine, SliceEnd, arith, bits, breakpoint, calls, data, exceptions, receive};
use crate::atom::am;
use crate::code::op::Instr;
use crate::error::StopCause;
use crate::process::{CodePtr, Mfa};
use crate::term::Term;

/// Executes one instruction; `at` is its index.
#[inline(never)]
pub fn execute(m: &mut Machine<'_>, i: &Instr, at: u32) -> Flow {
    match *i {
        Instr::Nop {} => Flow::Next,
        Instr::ProcessEnd {} => {
            m.proc.exit_reason = Term::atom(am::NORMAL);
            Flow::End(SliceEnd::Exited)
        }
        Instr::ApplyTrap {} => calls::start_trap(m),
        Instr::Breakpoint {} => breakpoint::hit(m, at),
        Instr::Trampoline { n } => breakpoint::trampoline(m, n, at),
        Instr::ReturnTrace {} => breakpoint::returned(m),
        Instr::Unreachable {} => {
            m.sys.stop.get_or_insert(StopCause::Internal(format!("{:?} ran off the end of its code", m.proc.pid)));
            Flow::End(SliceEnd::Stopped)
        }
        Instr::InitY { at, n } => {
            for k in 0..n as u32 {
                let y = m.side(at + k);
                let sp = m.proc.heap.sp;
                m.mem().set(sp, y, Term::NIL);
            }
            Flow::Next
        }
        Instr::CallExt { export, cp } => calls::undefined_export(m, export, Link::Return(cp)),
        Instr::CallExtOnly { export } => calls::undefined_export(m, export, Link::Drop(0)),
        Instr::CallExtLast { export, n } => calls::undefined_export(m, export, Link::Drop(n as u32)),
        Instr::CallBifOnly { arity, bif } => calls::tail_bif(m, bif, arity, None, at),
        Instr::CallBifLast { arity, bif, n } => calls::tail_bif(m, bif, arity, Some(n as u32), at),
        Instr::CallFun { arity, cp } => {
            let f = m.x(arity as usize);
            calls::call_fun(m, f, arity, Link::Return(cp))
        }
        Instr::CallFun2 { arity, f, cp } => {
            let f = m.src(f);
            calls::call_fun(m, f, arity, Link::Return(cp))
        }
        Instr::CallFunLast { arity, n } => {
            let f = m.x(arity as usize);
            calls::call_fun(m, f, arity, Link::Drop(n as u32))
        }
        Instr::CallFun2Last { arity, f, n } => {
            let f = m.src(f);
            calls::call_fun(m, f, arity, Link::Drop(n as u32))
        }
        Instr::Apply { arity, cp } => calls::apply(m, arity, Link::Return(cp)),
        Instr::ApplyLast { arity, n } => calls::apply(m, arity, Link::Drop(n as u32)),

        Instr::IsEq { .. }
        | Instr::IsNe { .. }
        | Instr::IsEqExact { .. }
        | Instr::IsEqXX { .. }
        | Instr::IsNeXX { .. }
        | Instr::IsNeExact { .. }
        | Instr::IsLt { .. }
        | Instr::IsGe { .. }
        | Instr::IsLtXX { .. }
        | Instr::IsGeXX { .. }
        | Instr::IsLtXC { .. }
        | Instr::IsGeXC { .. }
        | Instr::IsLtCX { .. }
        | Instr::IsGeCX { .. } => data::compare(m, i),
        Instr::IsFunction2 { f, arity, fail } => data::is_function2(m, f, arity, fail),
        Instr::SelectVal { s, fail, table } => data::select_linear(m, s, fail, table),
        Instr::SelectArity { s, fail, table } => data::select_arity(m, s, fail, table),
        // No compiler's code gets here. The frame need not be in order for an exception, so the process ends.
        Instr::Demand { .. } => {
            m.proc.exit_reason = Term::atom(am::BADARG);
            Flow::End(SliceEnd::Exited)
        }
        Instr::SetElement { v, t, i } => {
            let (v, t) = (m.src(v), m.src(t));
            m.mem().set(t.addr(), i, v);
            Flow::Next
        }
        Instr::UpdateRecord { s, d, at, n } => data::update_record(m, s, d, at, n),
        Instr::PutMapAssoc { live, s, d, at, n } => data::put_map_assoc(m, live, s, d, at, n),
        Instr::PutMapExact { live, s, d, at, n, fail } => data::put_map_exact(m, live, s, d, at, n as u32, fail),
        Instr::HasMapFields { s, n, at, fail } => data::has_map_fields(m, s, n as u32, at, fail),
        Instr::MakeFun { d, n, fun, at } => data::make_fun(m, d, n as u32, fun, at),

        Instr::Add { .. }
        | Instr::Sub { .. }
        | Instr::AddXC { .. }
        | Instr::AddXX { .. }
        | Instr::AddYC { .. }
        | Instr::AddYX { .. }
        | Instr::SubXX { .. }
        | Instr::Mul { .. }
        | Instr::IntDiv { .. }
        | Instr::Rem { .. }
        | Instr::Band { .. }
        | Instr::Bor { .. }
        | Instr::Bxor { .. }
        | Instr::Bsl { .. }
        | Instr::Bsr { .. } => arith::binary(m, i),
        Instr::Bif0 { d, bif } => arith::guard_bif(m, bif, &mut [], d, 0, crate::load::translate::NO_COLLECTION),
        Instr::Abs { live, a, d, fail, bif } | Instr::ByteSize { live, a, d, fail, bif } => {
            let a = m.src(a);
            arith::guard_bif(m, bif, &mut [a], d, fail, live)
        }
        Instr::Bif3 { live, d, at, fail, bif } => {
            let mut args = m.sides(at, 3);
            arith::guard_bif(m, bif, &mut args, d, fail, live)
        }
        Instr::Hd { s, d, fail } => arith::named_guard_bif(m, am::HD, &[s], d, fail),
        Instr::Tl { s, d, fail } => arith::named_guard_bif(m, am::TL, &[s], d, fail),
        Instr::TupleSize { s, d, fail } => arith::named_guard_bif(m, am::TUPLE_SIZE, &[s], d, fail),
        Instr::Element { i, s, d, fail } => arith::named_guard_bif(m, am::ELEMENT, &[i, s], d, fail),
        // The result was not finite, so the operation fails.
        Instr::FAdd { .. } | Instr::FSub { .. } | Instr::FMul { .. } | Instr::FDiv { .. } => {
            m.error(Term::atom(am::BADARITH))
        }
        Instr::FConv { s, d } => arith::float_convert(m, s, d),

        Instr::CatchEnd { y } => exceptions::catch_end(m, y),
        Instr::TryCase { y } => exceptions::try_case(m, y),
        Instr::TryCaseEnd { s } => {
            let v = m.src(s);
            m.error_pair(am::TRY_CLAUSE, v)
        }
        Instr::Badmatch { s } => {
            let v = m.src(s);
            m.error_pair(am::BADMATCH, v)
        }
        Instr::IfEnd {} => m.error(Term::atom(am::IF_CLAUSE)),
        Instr::CaseEnd { s } => {
            let v = m.src(s);
            m.error_pair(am::CASE_CLAUSE, v)
        }
        Instr::Badrecord { s } => {
            let v = m.src(s);
            m.error_pair(am::BADRECORD, v)
        }
        Instr::Raise { t, v } => exceptions::raise(m, t, v),
        Instr::RawRaise {} => exceptions::raw_raise(m),
        Instr::BuildStacktrace {} => exceptions::build_stacktrace(m),
        Instr::FuncInfo { function, arity, module } => {
            let mfa =
                Mfa { module: crate::atom::Atom(module), function: crate::atom::Atom(function), arity: arity as u8 };
            exceptions::function_clause(m, mfa)
        }

        Instr::Send {} => receive::send(m),
        Instr::LoopRec { d, fail } => receive::loop_rec(m, d, fail),
        Instr::RemoveMessage {} => receive::remove_message(m),
        Instr::LoopRecEnd { to } => receive::loop_rec_end(m, to, at),
        Instr::Wait { to } => receive::wait(m, to, at),
        Instr::WaitTimeout { t, to } => receive::wait_timeout(m, t, to, at),
        Instr::Timeout {} => receive::timeout(m),
        Instr::RecvMarkerReserve { d } => receive::marker_reserve(m, d),
        Instr::RecvMarkerBind { m: marker, r } => receive::marker_bind(m, marker, r),
        Instr::RecvMarkerClear { r } => receive::marker_clear(m, r),
        Instr::RecvMarkerUse { r } => receive::marker_use(m, r),

        Instr::BsStartMatch { .. }
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
        | Instr::BsInitWritable {} => bits::execute(m, i),

        // The others of a chain are still to come.
        _ if let Some(first) = i.alone() => execute(m, &first, at),
        _ => {
            m.sys.stop.get_or_insert(StopCause::Internal(format!("{} has no cold form", i.name())));
            Flow::End(SliceEnd::Stopped)
        }
    }
}

/// The code of the VM itself: process ends, traps, and a stub for every BIF.
pub fn internal_code(bifs: &[crate::bif::Bif]) -> Vec<Instr> {
    let mut code = vec![Instr::Unreachable {}; super::BIF_STUBS as usize];
    code[super::PROCESS_END.offset as usize] = Instr::ProcessEnd {};
    code[super::APPLY_TRAP.offset as usize] = Instr::ApplyTrap {};
    code[crate::code::ptr::RETURN_TRACE.offset as usize] = Instr::ReturnTrace {};
    for (n, b) in bifs.iter().enumerate() {
        code.push(Instr::CallBifOnly { arity: b.arity, bif: n as u32 });
    }
    code.push(Instr::Unreachable {});
    code
}

/// A place in the internal code?
pub fn is_internal(p: CodePtr) -> bool {
    p.slot == super::INTERNAL
}
