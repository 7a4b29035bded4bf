//! The embedding API, on every engine: what programs get, and how each of their misdeeds ends.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use beambox::{Arg, Error, Modules, Sandbox, StopCause, Stream};
use common::{PROBE, engines, probe, small};
use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

#[test]
fn a_program_gets_its_arguments_and_its_output_is_collected() {
    for engine in engines() {
        let outcome = probe(small(engine), &["args", "one", "two"]);
        assert_eq!(outcome.stdout_text(), "[\"one\",\"two\"]\n", "{engine:?}: {outcome:?}");
        assert!(outcome.success() && outcome.stderr.is_empty(), "{engine:?}: {outcome:?}");
        assert!(outcome.reductions > 0);
    }
}

#[test]
fn a_function_is_called_with_terms() {
    for engine in engines() {
        let mut sandbox = small(engine).build().unwrap();
        let outcome = sandbox.run_beam(PROBE.to_vec(), "plus", vec![Arg::Int(40), Arg::Int(2)]).unwrap();
        assert_eq!(outcome.stdout_text(), "42\n", "{engine:?}");
    }
}

#[test]
fn input_reaches_the_program() {
    for engine in engines() {
        let outcome = probe(small(engine).stdin("a\nb\nc"), &["echo"]);
        assert_eq!(outcome.stdout_text(), "1: a\n2: b\n3: c3 lines\n", "{engine:?}: {outcome:?}");
        let reader = beambox::Stdin::Reader(Box::new(io::Cursor::new(b"x\ny\n".to_vec())));
        let outcome = probe(small(engine).stdin(reader), &["echo"]);
        assert_eq!(outcome.stdout_text(), "1: x\n2: y\n2 lines\n", "{engine:?}: {outcome:?}");
    }
}

#[test]
fn mochi_runs_and_its_errors_are_diagnostics() {
    for engine in engines() {
        let mut sandbox = small(engine).build().unwrap();
        let outcome = sandbox.run_mochi("var n = 1\nfor i in 1..31 { n = n * i }\nprint(n)", "f.mochi").unwrap();
        assert_eq!(outcome.stdout_text(), "265252859812191058636308480000000\n", "{engine:?}: {outcome:?}");
        let outcome = sandbox.run_mochi("let x = 1\nprint(y)", "wrong.mochi").unwrap();
        assert_eq!((outcome.cause, outcome.status), (StopCause::Rejected, 1));
        assert_eq!(outcome.diagnostics[0].line, 2);
        assert!(outcome.diagnostics[0].rendered.contains("wrong.mochi:2:7"));
    }
}

#[test]
fn statuses_and_failures() {
    for engine in engines() {
        let outcome = probe(small(engine), &["halt", "3"]);
        assert_eq!((outcome.status, outcome.stdout_text()), (3, "bye\n".into()), "{engine:?}: {outcome:?}");
        assert_eq!(outcome.cause, StopCause::Halted(3));
        let outcome = probe(small(engine), &["fail"]);
        assert_eq!(outcome.status, 1, "{engine:?}: {outcome:?}");
        let told = format!("{} {}", outcome.stderr_text(), outcome.cause);
        assert!(told.contains("on_purpose"), "{engine:?}: {outcome:?}");
    }
}

#[test]
fn an_endless_loop_is_stopped_by_time_and_by_reductions() {
    for engine in engines() {
        let limit = Duration::from_millis(300);
        let start = Instant::now();
        let outcome = probe(small(engine).time_limit(limit), &["loop"]);
        assert_eq!(outcome.cause, StopCause::TimeLimit(limit), "{engine:?}");
        assert!(start.elapsed() < Duration::from_secs(20), "{engine:?}");
        let outcome = probe(small(engine).reductions(500_000), &["loop"]);
        assert_eq!(outcome.cause, StopCause::ReductionLimit(500_000), "{engine:?}");
        assert!(outcome.reductions < 1_000_000, "{engine:?}: {}", outcome.reductions);
    }
}

#[test]
fn another_thread_can_stop_it() {
    for engine in engines() {
        let mut sandbox = small(engine).build().unwrap();
        let handle = sandbox.stop_handle();
        let stopper = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(200));
            handle.stop();
        });
        let args = vec![Arg::List(vec![Arg::String("loop".into())])];
        let outcome = sandbox.run_beam(PROBE.to_vec(), "main", args).unwrap();
        stopper.join().unwrap();
        assert_eq!(outcome.cause, StopCause::Stopped, "{engine:?}");
        let args = vec![Arg::List(vec![])];
        sandbox.stop_handle().reset();
        assert_eq!(sandbox.run_beam(PROBE.to_vec(), "main", args).unwrap().stdout_text(), "hello\n");
    }
}

#[test]
fn bombs_end_as_typed_causes() {
    for engine in engines() {
        for bomb in ["memory", "binaries"] {
            let outcome = probe(small(engine).memory_limit(32 << 20), &[bomb]);
            assert_eq!(outcome.cause, StopCause::OutOfMemory, "{engine:?} {bomb}: {outcome:?}");
        }
        let outcome = probe(small(engine), &["atoms"]);
        assert!(matches!(outcome.cause, StopCause::TooManyAtoms | StopCause::OutOfMemory), "{engine:?}: {outcome:?}");
        let outcome = probe(small(engine).process_limit(1000).time_limit(Duration::from_secs(2)), &["fork"]);
        assert_ne!(outcome.status, 0, "{engine:?}: {outcome:?}");
        let outcome = probe(small(engine).memory_limit(256 << 20), &["deep"]);
        assert_eq!(outcome.stdout_text(), "3000000\n", "{engine:?}");
    }
}

#[test]
fn output_is_limited_and_can_fail() {
    for engine in engines() {
        let outcome = probe(small(engine).output_limit(1000), &["write"]);
        assert_eq!((outcome.cause, outcome.stdout.len()), (StopCause::OutputLimit(1000), 1000), "{engine:?}");
        let seen = Arc::new(Mutex::new(0));
        let count = seen.clone();
        let sink = move |_: Stream, bytes: &[u8]| {
            let mut seen = count.lock().unwrap();
            *seen += bytes.len();
            if *seen > 200 { Err(io::Error::other("full")) } else { Ok(()) }
        };
        let outcome = probe(small(engine).output(sink), &["write"]);
        assert_eq!(outcome.cause, StopCause::OutputFailed("full".into()), "{engine:?}");
        assert!(outcome.stdout.is_empty() && *seen.lock().unwrap() > 200);
    }
}

#[test]
fn time_is_the_vms_own_unless_granted() {
    for engine in engines() {
        let start = Instant::now();
        let outcome = probe(small(engine), &["sleep", "3600000"]);
        assert_eq!(outcome.stdout_text(), "awake\n", "{engine:?}: {outcome:?}");
        assert!(start.elapsed() < Duration::from_secs(50));
        let outcome = probe(small(engine).real_time(true), &["sleep", "200"]);
        assert_eq!(outcome.stdout_text(), "awake\n", "{engine:?}: {outcome:?}");
        assert!(outcome.elapsed >= Duration::from_millis(200), "{engine:?}: {outcome:?}");
        let limit = Duration::from_millis(200);
        let outcome = probe(small(engine).real_time(true).time_limit(limit), &["sleep", "3600000"]);
        assert_eq!(outcome.cause, StopCause::TimeLimit(limit), "{engine:?}");
    }
}

#[test]
fn a_program_that_waits_for_nothing_ends() {
    for engine in engines() {
        let outcome = probe(small(engine), &["wait"]);
        assert_eq!((outcome.cause, outcome.status), (StopCause::Deadlock, 1), "{engine:?}");
    }
}

#[test]
fn wrong_beams_are_errors() {
    let mut sandbox = Sandbox::builder().modules(Modules::none()).build().unwrap();
    for bytes in [&b""[..], b"FOR1", b"#!/bin/sh", &PROBE[..100]] {
        assert!(matches!(sandbox.run_beam(bytes.to_vec(), "main", vec![]), Err(Error::NotABeam(_))));
    }
    let none = sandbox.run_beam(PROBE.to_vec(), "none", vec![]);
    assert_eq!(none, Err(Error::NoFunction { module: "probe".into(), function: "none".into(), arity: 0 }));
    assert_eq!(sandbox.run_mochi("print(1)", "x.mochi"), Err(Error::NoRuntime));
}

#[test]
fn a_sandbox_can_be_sent_to_a_thread() {
    fn send<T: Send>() {}
    send::<Sandbox>();
}
