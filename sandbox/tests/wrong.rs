//! The embedding API used wrongly: names that none has, limits at their ends, input and output that fail or panic. Each call gives an
//! error or an outcome with a typed cause, and the sandbox can be used again.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use beambox::{Arg, Error, Sandbox, Stdin, StopCause, Stream};
use common::{PROBE, engines, probe, small};
use std::io::{self, Read};
use std::time::Duration;

/// The sandbox still runs programs.
fn usable(sandbox: &mut Sandbox) {
    let outcome = sandbox.run_beam(PROBE.to_vec(), "main", vec![Arg::List(vec![])]).unwrap();
    assert_eq!(outcome.stdout_text(), "hello\n", "{outcome:?}");
}

#[test]
fn names_that_no_module_and_no_function_has() {
    let long = "x".repeat(300);
    for engine in engines() {
        let mut sandbox = small(engine).build().unwrap();
        for name in ["", "no such module", "../../etc/passwd", "/etc/passwd", "a\0b", "\u{1F41B}", long.as_str()] {
            match sandbox.run_function(name, "main", vec![]) {
                Ok(outcome) => {
                    assert!(outcome.status == 1 && outcome.cause != StopCause::Finished, "{name:?}: {outcome:?}")
                }
                Err(Error::Start(why)) => assert!(!why.is_empty(), "{name:?}"),
                Err(other) => panic!("{name:?}: {other}"),
            }
            let missing = sandbox.run_beam(PROBE.to_vec(), name, vec![]);
            assert!(matches!(missing, Err(Error::NoFunction { .. })), "{name:?}: {missing:?}");
        }
        let odd = vec![Arg::Atom(long.clone())];
        for args in [vec![Arg::Int(0); 300], odd] {
            match sandbox.run_function("lists", "reverse", args) {
                Ok(outcome) => assert_eq!(outcome.status, 1, "{outcome:?}"),
                Err(Error::Start(why)) => assert!(!why.is_empty()),
                Err(other) => panic!("{other}"),
            }
        }
        usable(&mut sandbox);
    }
}

#[test]
fn limits_at_their_ends() {
    for engine in engines() {
        let none = probe(small(engine).reductions(0), &["args"]);
        assert_eq!((none.cause, none.reductions), (StopCause::ReductionLimit(0), 0), "{engine:?}");
        let none = probe(small(engine).time_limit(Duration::ZERO), &["loop"]);
        assert_eq!(none.cause, StopCause::TimeLimit(Duration::ZERO), "{engine:?}");
        let none = probe(small(engine).output_limit(0), &["write"]);
        assert_eq!((none.cause, none.stdout.len()), (StopCause::OutputLimit(0), 0), "{engine:?}");
        let none = probe(small(engine).memory_limit(0), &["args"]);
        // The VM takes a few megabytes for itself, in which a small program fits.
        assert!(matches!(none.cause, StopCause::OutOfMemory | StopCause::Halted(0)), "{engine:?}: {none:?}");
        let all = small(engine).reductions(u64::MAX).time_limit(Duration::MAX).output_limit(u64::MAX);
        let all = probe(all.process_limit(u64::MAX), &["args", "x"]);
        assert_eq!(all.stdout_text(), "[\"x\"]\n", "{engine:?}: {all:?}");
    }
}

/// Input that fails, or panics.
struct Broken(bool);

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        assert!(self.0, "the reader is broken");
        Err(io::Error::other("no input today"))
    }
}

#[test]
fn input_that_fails_or_panics_has_ended() {
    for engine in engines() {
        for fails in [true, false] {
            let outcome = probe(small(engine).stdin(Stdin::Reader(Box::new(Broken(fails)))), &["echo"]);
            assert!(!matches!(outcome.cause, StopCause::TimeLimit(_)), "{engine:?}: {outcome:?}");
            assert_eq!(outcome.stdout_text(), "0 lines\n", "{engine:?}: {outcome:?}");
        }
    }
}

#[test]
fn output_that_panics_ends_the_run_with_the_place() {
    let sink = |_: Stream, _: &[u8]| -> io::Result<()> { panic!("the sink is broken") };
    // Natively only: in the other engine the panic is the host function's, and wasmtime hands it through.
    let mut sandbox = small(beambox::Engine::Native).output(sink).build().unwrap();
    for _ in 0..2 {
        let outcome = sandbox.run_beam(PROBE.to_vec(), "main", vec![Arg::List(vec![])]).unwrap();
        let StopCause::Internal(why) = &outcome.cause else { panic!("{outcome:?}") };
        assert!(why.contains("the sink is broken, at ") && why.contains("wrong.rs:"), "{why}");
    }
}

#[test]
fn a_stop_before_the_run_ends_it_at_once() {
    for engine in engines() {
        let mut sandbox = small(engine).build().unwrap();
        sandbox.stop_handle().stop();
        let endless = vec![Arg::List(vec![Arg::String("loop".into())])];
        let outcome = sandbox.run_beam(PROBE.to_vec(), "main", endless).unwrap();
        assert_eq!((outcome.cause, outcome.reductions < 200_000), (StopCause::Stopped, true), "{engine:?}");
        sandbox.stop_handle().reset();
        usable(&mut sandbox);
    }
}
