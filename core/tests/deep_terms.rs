//! Terms nested a million deep as literals, arguments, messages and in the picture of the memory: nothing recurses on the host's stack.
//! What programs do with them is compared with real OTP in `tests/conformance/deep_recursion.erl`.

#![allow(clippy::unwrap_used)]

use beambox_beamfile::builder::Builder;
use beambox_beamfile::etf::Value;
use beambox_beamfile::{Arg, Op};
use beambox_core::config::Config;
use beambox_core::host::DenyAll;
use beambox_core::observe::{self, Look};
use beambox_core::sched::{Budget, Paused, SLICE};
use beambox_core::vm::Vm;

const DEEP: usize = 1_000_000;

/// `[[[..]]]`, or `{{{..}}}`.
fn nested(tuple: bool) -> Value {
    let mut v = Value::Nil;
    for _ in 0..DEEP {
        v = if tuple { Value::Tuple(vec![v]) } else { Value::List(vec![v], Box::new(Value::Nil)) };
    }
    v
}

/// `keep(X)` sends itself `{X, Literal}`, takes it out, hashes and compares the two, collects, and waits for ever with both.
fn module(literal: &Value) -> Vec<u8> {
    let mut b = Builder::new("deep");
    let keep = b.declare("keep", 1);
    b.begin(keep, true, None);
    let (self_, collect) = (b.import("erlang", "self", 0), b.import("erlang", "garbage_collect", 0));
    let (hash, bytes) = (b.import("erlang", "phash2", 1), b.import("erlang", "term_to_binary", 1));
    let (decode, put) = (b.import("erlang", "binary_to_term", 1), b.import("erlang", "put", 2));
    let literal = b.constant(literal);
    let (wait, wrong, end) = (b.label(), b.label(), b.label());
    let frame = |n| vec![Arg::U(n), Arg::U(1)];
    b.emit(Op::Allocate, frame(2));
    b.emit(Op::Move, vec![Arg::X(0), Arg::Y(0)]);
    b.emit(Op::InitYregs, vec![Arg::List(vec![Arg::Y(1)])]);
    // The literal and the argument are equal, and so are their hashes.
    b.emit(Op::IsEqExact, vec![Arg::Label(wrong), Arg::X(0), literal.clone()]);
    b.emit(Op::CallExt, vec![Arg::U(1), Arg::U(hash.into())]);
    b.emit(Op::Move, vec![Arg::X(0), Arg::Y(1)]);
    b.emit(Op::Move, vec![literal.clone(), Arg::X(0)]);
    b.emit(Op::CallExt, vec![Arg::U(1), Arg::U(hash.into())]);
    b.emit(Op::IsEqExact, vec![Arg::Label(wrong), Arg::X(0), Arg::Y(1)]);
    // There and back through the external format.
    b.emit(Op::Move, vec![Arg::Y(0), Arg::X(0)]);
    b.emit(Op::CallExt, vec![Arg::U(1), Arg::U(bytes.into())]);
    b.emit(Op::CallExt, vec![Arg::U(1), Arg::U(decode.into())]);
    b.emit(Op::IsEqExact, vec![Arg::Label(wrong), Arg::X(0), literal.clone()]);
    b.emit(Op::Move, vec![Arg::X(0), Arg::Y(1)]);
    // As a message to itself, which it takes out.
    b.emit(Op::TestHeap, vec![Arg::U(3), Arg::U(1)]);
    b.emit(Op::PutTuple2, vec![Arg::X(1), Arg::List(vec![Arg::X(0), literal.clone()])]);
    b.emit(Op::Bif0, vec![Arg::U(self_.into()), Arg::X(0)]);
    b.emit(Op::Send, vec![]);
    b.place(wait);
    b.emit(Op::LoopRec, vec![Arg::Label(end), Arg::X(0)]);
    b.emit(Op::RemoveMessage, vec![]);
    b.emit(Op::Move, vec![Arg::X(0), Arg::X(1)]);
    b.emit(Op::Move, vec![Arg::I(1), Arg::X(0)]);
    b.emit(Op::CallExt, vec![Arg::U(2), Arg::U(put.into())]);
    b.emit(Op::CallExt, vec![Arg::U(0), Arg::U(collect.into())]);
    b.emit(Op::Jump, vec![Arg::Label(end)]);
    b.place(end);
    b.emit(Op::Wait, vec![Arg::Label(wait)]);
    b.place(wrong);
    b.emit(Op::IfEnd, vec![]);
    b.finish().unwrap().write()
}

#[test]
fn a_million_deep() {
    for tuple in [false, true] {
        let term = nested(tuple);
        let mut vm = Vm::new(Config::default(), Box::new(DenyAll)).unwrap();
        vm.load_module(&module(&term)).unwrap();
        let pid = vm.spawn("deep", "keep", &[term]).unwrap();
        vm.sys.watch = Some(pid);
        let paused = vm.run(Budget { reductions: 1 << 40, skip_idle: true, slice: SLICE });
        assert!(matches!(paused, Paused::Idle { next_timer_ns: None }), "{paused:?} {:?}", vm.stop_cause());
        assert!(vm.sys.procs.exists(pid), "{:?}", vm.sys.watch_exit);
        let look = Look {
            number: 1,
            selected: Some(pid),
            ended: None,
            program: None,
            max_rows: 16,
            max_objects: 1 << 20,
            time_ns: 0,
        };
        assert!(observe::frame(&vm.sys, look).len() > 1000);
        let process = vm.sys.procs.get(pid).unwrap();
        assert!(process.heap.used() > DEEP);
        let (first, last) = (process.heap.start, process.heap.top - 16);
        for address in [first, last] {
            drop(observe::describe(&vm.sys, process, address));
        }
        assert!(vm.show(beambox_core::term::Term::boxed_at(first), 100).len() < 400);
        // A process with such terms on its heap dies, and the VM is dropped with the literal.
    }
}
