//! Modules that no compiler writes: the loader refuses each for its own reason, or its wrong instruction ends the process.

#![allow(clippy::unwrap_used)]

use beambox_beamfile::builder::{Builder, FunctionRef};
use beambox_beamfile::etf::Value;
use beambox_beamfile::{Arg, Op};
use beambox_core::config::Config;
use beambox_core::host::DenyAll;
use beambox_core::sched::{Budget, Paused, SLICE};
use beambox_core::vm::Vm;

fn vm() -> Vm {
    Vm::new(Config { max_memory: 32 << 20, ..Config::default() }, Box::new(DenyAll)).unwrap()
}

/// A module whose `f/1` has this body, behind the label of its entry.
fn module(body: impl FnOnce(&mut Builder, FunctionRef)) -> Vec<u8> {
    let mut b = Builder::new("bad");
    let f = b.declare("f", 1);
    b.begin(f, true, None);
    body(&mut b, f);
    b.finish().unwrap().write()
}

fn x(n: u16) -> Arg {
    Arg::X(n)
}
fn y(n: u16) -> Arg {
    Arg::Y(n)
}
fn u(n: u64) -> Arg {
    Arg::U(n)
}
fn label(n: u32) -> Arg {
    Arg::Label(n)
}

/// The module is refused with these words.
#[track_caller]
fn refused(why: &str, body: impl FnOnce(&mut Builder, FunctionRef)) {
    let mut vm = vm();
    match vm.load_module(&module(body)) {
        Ok(_) => panic!("loaded, though: {why}"),
        Err(e) => assert!(e.to_string().contains(why), "{e}"),
    }
    assert!(vm.stop_cause().is_none());
}

/// The module is loaded, and `f(Arg)` ends with this reason.
#[track_caller]
fn ends(reason: &str, arg: Value, body: impl FnOnce(&mut Builder, FunctionRef)) {
    let mut vm = vm();
    vm.load_module(&module(body)).unwrap();
    let pid = vm.spawn("bad", "f", &[arg]).unwrap();
    vm.sys.watch = Some(pid);
    let paused = vm.run(Budget { reductions: 100_000, skip_idle: true, slice: SLICE });
    assert!(matches!(paused, Paused::Idle { .. }), "{paused:?}");
    assert_eq!(vm.stop_cause(), None);
    let said = vm.sys.watch_exit.clone().unwrap();
    assert!(said.contains(reason), "{said}");
}

#[test]
fn registers_that_hold_nothing() {
    refused("X(1) holds no term here", |b, _| {
        b.emit(Op::Move, vec![x(1), x(0)]);
        b.emit(Op::Return, vec![]);
    });
    refused("X(1) holds no term here", |b, _| {
        b.emit(Op::Allocate, vec![u(0), u(1)]);
        b.emit(Op::Move, vec![x(0), x(1)]);
        b.emit(Op::TestHeap, vec![u(2), u(1)]);
        b.emit(Op::PutList, vec![x(1), Arg::Nil, x(0)]);
        b.emit(Op::Deallocate, vec![u(0)]);
        b.emit(Op::Return, vec![]);
    });
    refused("not all of the 2 live X registers hold a term", |b, _| {
        b.emit(Op::TestHeap, vec![u(2), u(2)]);
        b.emit(Op::Return, vec![]);
    });
    refused("there are only 1024 registers", |b, _| {
        b.emit(Op::Move, vec![x(0), x(1024)]);
        b.emit(Op::Return, vec![]);
    });
    refused("fr3 is not set", |b, _| {
        b.emit(Op::TestHeap, vec![u(2), u(1)]);
        b.emit(Op::Fmove, vec![Arg::FReg(3), x(0)]);
        b.emit(Op::Return, vec![]);
    });
    // Set on one way only.
    refused("X(1) holds no term here", |b, _| {
        let other = b.label();
        b.emit(Op::IsAtom, vec![label(other), x(0)]);
        b.emit(Op::Move, vec![x(0), x(1)]);
        b.place(other);
        b.emit(Op::Move, vec![x(1), x(0)]);
        b.emit(Op::Return, vec![]);
    });
}

#[test]
fn frames() {
    refused("there is no y0 here", |b, _| {
        b.emit(Op::Move, vec![x(0), y(0)]);
        b.emit(Op::Return, vec![]);
    });
    refused("the frame is not of the size that is left", |b, _| {
        b.emit(Op::Allocate, vec![u(1), u(1)]);
        b.emit(Op::Deallocate, vec![u(3)]);
        b.emit(Op::Return, vec![]);
    });
    refused("the frame is not of the size that is left", |b, _| {
        b.emit(Op::Allocate, vec![u(1), u(1)]);
        b.emit(Op::Return, vec![]);
    });
    refused("there is a frame already", |b, _| {
        b.emit(Op::Allocate, vec![u(0), u(1)]);
        b.emit(Op::Allocate, vec![u(0), u(1)]);
        b.emit(Op::Return, vec![]);
    });
    refused("a call without a frame", |b, f| {
        b.emit(Op::Call, vec![u(1), label(f.entry)]);
        b.emit(Op::Return, vec![]);
    });
    refused("it may collect while slots of the frame are not set", |b, f| {
        b.emit(Op::Allocate, vec![u(1), u(1)]);
        b.emit(Op::Call, vec![u(1), label(f.entry)]);
        b.emit(Op::Deallocate, vec![u(1)]);
        b.emit(Op::Return, vec![]);
    });
    refused("2 slots can't be dropped here", |b, _| {
        b.emit(Op::Allocate, vec![u(1), u(1)]);
        b.emit(Op::Trim, vec![u(2), u(0)]);
        b.emit(Op::Return, vec![]);
    });
    refused("it can be reached", |b, _| {
        b.emit(Op::Move, vec![Arg::Nil, x(0)]);
    });
}

#[test]
fn heap_words_that_nobody_reserved() {
    refused("2 words are built, 0 are reserved", |b, _| {
        b.emit(Op::PutList, vec![x(0), Arg::Nil, x(0)]);
        b.emit(Op::Return, vec![]);
    });
    refused("3 words are built, 2 are reserved", |b, _| {
        b.emit(Op::TestHeap, vec![u(2), u(1)]);
        b.emit(Op::PutTuple2, vec![x(0), Arg::List(vec![x(0), x(0)])]);
        b.emit(Op::Return, vec![]);
    });
    // What a BIF builds is gone from what was reserved.
    refused("2 words are built, 0 are reserved", |b, _| {
        let plus = b.import("erlang", "+", 2);
        b.emit(Op::TestHeap, vec![u(2), u(1)]);
        b.emit(Op::GcBif2, vec![label(0), u(1), u(plus.into()), x(0), x(0), x(0)]);
        b.emit(Op::PutList, vec![x(0), Arg::Nil, x(0)]);
        b.emit(Op::Return, vec![]);
    });
}

#[test]
fn loops_that_no_reduction_ends() {
    refused("leads back to itself without a call", |b, f| b.emit(Op::Jump, vec![label(f.entry)]));
    refused("leads back to itself without a call", |b, f| {
        let other = b.label();
        b.emit(Op::IsAtom, vec![label(other), x(0)]);
        b.emit(Op::Return, vec![]);
        b.place(other);
        b.emit(Op::IsAtom, vec![label(f.entry), x(0)]);
        b.emit(Op::Return, vec![]);
    });
    // Through a handler that is entered again and again.
    refused("leads back to itself without a call", |b, _| {
        let (again, handler) = (b.label(), b.label());
        b.emit(Op::Allocate, vec![u(1), u(1)]);
        b.emit(Op::InitYregs, vec![Arg::List(vec![y(0)])]);
        b.place(again);
        b.emit(Op::Try, vec![y(0), label(handler)]);
        b.emit(Op::IfEnd, vec![]);
        b.place(handler);
        b.emit(Op::TryCase, vec![y(0)]);
        b.emit(Op::Jump, vec![label(again)]);
    });
    refused("doesn't say where to go on", |b, _| {
        b.emit(Op::BsStartMatch3, vec![label(0), x(0), u(1), x(0)]);
        b.emit(Op::BsTestTail2, vec![label(0), x(0), u(0)]);
        b.emit(Op::Return, vec![]);
    });
}

#[test]
fn labels_calls_and_funs() {
    refused("is not of this function", |b, _| {
        let g = b.declare("g", 0);
        b.emit(Op::Jump, vec![label(g.entry)]);
        b.begin(g, true, None);
        b.emit(Op::Move, vec![Arg::Nil, x(0)]);
        b.emit(Op::Return, vec![]);
    });
    refused("is not the entry of a function of 2 arguments", |b, f| b.emit(Op::CallOnly, vec![u(2), label(f.entry)]));
    refused("is not the entry of a function of 1 arguments", |b, f| b.emit(Op::CallOnly, vec![u(1), label(f.info)]));
    refused("more free variables than arguments", |b, f| {
        let l = b.lambda("f", 1, f.entry, 2);
        b.emit(Op::MakeFun3, vec![u(l.into()), x(0), Arg::List(vec![x(0), x(0)])]);
        b.emit(Op::Return, vec![]);
    });
    refused("there is no element 0", |b, _| {
        b.emit(Op::TestHeap, vec![u(3), u(1)]);
        let copy = Arg::Atom(b.atom("copy"));
        b.emit(Op::UpdateRecord, vec![copy, u(2), x(0), x(0), Arg::List(vec![u(0), Arg::Nil])]);
        b.emit(Op::Return, vec![]);
    });
    refused("not a tuple that was just made", |b, _| {
        b.emit(Op::SetTupleElement, vec![x(0), x(0), u(0)]);
        b.emit(Op::Return, vec![]);
    });
}

#[test]
fn tags_of_handlers() {
    refused("Y(0) holds no term here", |b, _| {
        let handler = b.label();
        b.emit(Op::Allocate, vec![u(1), u(1)]);
        b.emit(Op::Catch, vec![y(0), label(handler)]);
        b.emit(Op::Move, vec![y(0), x(0)]);
        b.place(handler);
        b.emit(Op::CatchEnd, vec![y(0)]);
        b.emit(Op::Deallocate, vec![u(1)]);
        b.emit(Op::Return, vec![]);
    });
    refused("the frame is left with a catch or try open", |b, _| {
        let handler = b.label();
        b.emit(Op::Allocate, vec![u(1), u(1)]);
        b.emit(Op::Catch, vec![y(0), label(handler)]);
        b.place(handler);
        b.emit(Op::Deallocate, vec![u(1)]);
        b.emit(Op::Return, vec![]);
    });
    refused("an older handler would be found first", |b, _| {
        let handler = b.label();
        b.emit(Op::Allocate, vec![u(2), u(1)]);
        b.emit(Op::Catch, vec![y(0), label(handler)]);
        b.emit(Op::Catch, vec![y(1), label(handler)]);
        b.place(handler);
        b.emit(Op::CatchEnd, vec![y(0)]);
        b.emit(Op::Return, vec![]);
    });
    // A handler that is entered like any label.
    ends("badarg", Value::Nil, |b, _| {
        let handler = b.label();
        b.emit(Op::Allocate, vec![u(1), u(1)]);
        b.emit(Op::Try, vec![y(0), label(handler)]);
        b.emit(Op::Jump, vec![label(handler)]);
        b.place(handler);
        b.emit(Op::TryCase, vec![y(0)]);
        b.emit(Op::Move, vec![x(1), x(0)]);
        b.emit(Op::Deallocate, vec![u(1)]);
        b.emit(Op::Return, vec![]);
    });
}

#[test]
fn values_of_another_kind() {
    ends("badarg", Value::Int(7), |b, _| {
        b.emit(Op::GetList, vec![x(0), x(0), x(1)]);
        b.emit(Op::Return, vec![]);
    });
    for (arg, good) in [(Value::Tuple(vec![Value::Nil]), false), (Value::Tuple(vec![Value::Nil, Value::Nil]), true)] {
        ends(if good { "" } else { "badarg" }, arg, |b, _| {
            b.emit(Op::GetTupleElement, vec![x(0), u(1), x(0)]);
            b.emit(Op::Return, vec![]);
        });
    }
    ends("badarg", Value::Nil, |b, _| {
        b.emit(Op::Fmove, vec![x(0), Arg::FReg(0)]);
        b.emit(Op::TestHeap, vec![u(2), u(1)]);
        b.emit(Op::Fmove, vec![Arg::FReg(0), x(0)]);
        b.emit(Op::Return, vec![]);
    });
    ends("badarg", Value::Nil, |b, f| {
        b.emit(Op::BsTestTail2, vec![label(f.info), x(0), u(0)]);
        b.emit(Op::Return, vec![]);
    });
    // A match that its code says can't fail.
    ends("badarg", Value::Nil, |b, _| {
        let no_fail = Arg::Atom(b.atom("no_fail"));
        b.emit(Op::BsStartMatch4, vec![no_fail, u(1), x(0), x(0)]);
        b.emit(Op::BsGetTail, vec![x(0), x(0), u(1)]);
        b.emit(Op::Return, vec![]);
    });
}

#[test]
fn what_may_raise_before_the_frame_is_set_has_it_cleared() {
    // The word of an older frame, a catch's tag, must not be found where y0 is.
    ends("badarg", Value::Int(1), |b, _| {
        let (inner, handler) = (b.label(), b.label());
        let (hd, tag) = (b.import("erlang", "hd", 1), b.declare("tag", 1));
        b.emit(Op::Allocate, vec![u(1), u(1)]);
        b.emit(Op::Move, vec![x(0), y(0)]);
        b.emit(Op::Call, vec![u(1), label(tag.entry)]);
        b.emit(Op::Move, vec![y(0), x(0)]);
        b.emit(Op::Deallocate, vec![u(1)]);
        b.emit(Op::Jump, vec![label(inner)]);
        b.place(inner);
        b.emit(Op::Allocate, vec![u(1), u(1)]);
        b.emit(Op::Bif1, vec![label(0), u(hd.into()), x(0), x(0)]);
        b.emit(Op::InitYregs, vec![Arg::List(vec![y(0)])]);
        b.emit(Op::Deallocate, vec![u(1)]);
        b.emit(Op::Return, vec![]);
        b.begin(tag, false, None);
        b.emit(Op::Allocate, vec![u(1), u(1)]);
        b.emit(Op::Catch, vec![y(0), label(handler)]);
        b.place(handler);
        b.emit(Op::CatchEnd, vec![y(0)]);
        b.emit(Op::Deallocate, vec![u(1)]);
        b.emit(Op::Return, vec![]);
    });
}

#[test]
fn what_is_too_much_to_check_is_refused() {
    refused("too many registers and labels", |b, f| {
        b.emit(Op::Allocate, vec![u(1000), u(1)]);
        b.emit(Op::InitYregs, vec![Arg::List((0..1000).map(y).collect())]);
        for _ in 0..9000 {
            let next = b.label();
            b.emit(Op::IsAtom, vec![label(next), x(0)]);
            b.place(next);
        }
        b.emit(Op::CallLast, vec![u(1), label(f.entry), u(1000)]);
    });
}

/// As OTP's compiler writes it: moves may stand between, and the tuple may be in another register.
#[test]
fn a_tuple_that_was_just_made_may_be_changed() {
    for own in [false, true] {
        let body = |b: &mut Builder, _: FunctionRef| {
            let setelement = b.import("erlang", "setelement", 3);
            b.emit(Op::Allocate, vec![u(1), u(1)]);
            b.emit(Op::Move, vec![x(0), x(1)]);
            b.emit(Op::Move, vec![x(0), y(0)]);
            b.emit(Op::Move, vec![Arg::I(2), x(0)]);
            b.emit(Op::Move, vec![Arg::Nil, x(2)]);
            b.emit(Op::CallExt, vec![u(3), u(setelement.into())]);
            b.emit(Op::Move, vec![x(0), x(3)]);
            b.emit(Op::SetTupleElement, vec![if own { x(0) } else { y(0) }, x(3), u(0)]);
            b.emit(Op::Deallocate, vec![u(1)]);
            b.emit(Op::Return, vec![]);
        };
        match own {
            true => refused("a tuple would become an element of itself", body),
            false => ends("", Value::Tuple(vec![Value::Int(1), Value::Int(2)]), body),
        }
    }
}
