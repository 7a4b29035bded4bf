//! A guest that takes all it can get of one thing stops with the typed cause, or has an exception that it can catch; the VM can be looked at
//! and dropped afterwards. Real OTP compiles the guest.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::process::Command;

use beambox_playground::{Cause, Exit, Program, Progress, Session, Settings, Stream, World};
use beambox_tests::places;

const GUEST: &str = r#"
-module(guest).
-compile([export_all, nowarn_export_all]).

heap() -> grow([]).
grow(L) -> grow([L | L]).
recursion() -> recursion(0).
recursion(N) when N < 1 bsl 50 -> 1 + recursion(N + 1);
recursion(_) -> 0.
binaries() -> off([]).
off(L) -> off([binary:copy(<<7>>, 100000) | L]).
one_binary() -> catch binary:copy(<<0:8000>>, 1 bsl 40), catch <<0:(1 bsl 50)>>, double(<<1>>).
double(B) -> double(<<B/binary, B/binary>>).
bignum() -> big(1 bsl 1000).
big(N) -> big(N * N).
atoms() -> atom(0).
atom(N) -> list_to_atom("an atom " ++ integer_to_list(N)), atom(N + 1).
processes() -> process(0).
process(N) ->
    try spawn(fun() -> receive never -> ok end end) of _ -> process(N + 1)
    catch error:system_limit -> {processes, N > 50} end.
tables() -> table(0).
table(N) ->
    try ets:new(t, []) of _ -> table(N + 1)
    catch error:system_limit -> {tables, N > 1000} end.
rows() -> T = ets:new(t, []), row(T, 0).
row(T, N) -> ets:insert(T, {N, lists:seq(1, 20)}), row(T, N + 1).
terms() -> term(0).
term(N) -> persistent_term:put({t, N}, lists:seq(1, 100)), term(N + 1).
mailbox() -> message(0).
message(N) -> self() ! {N, N}, message(N + 1).
other_mailbox() -> P = spawn(fun() -> receive never -> ok end end), fill(P).
fill(P) -> P ! hello, fill(P).
timers() -> erlang:send_after(1000000000, self(), {tick, make_ref()}), timers().
monitors() -> P = spawn(fun() -> receive never -> ok end end), monitored(P).
monitored(P) -> monitor(process, P), monitored(P).
links() -> process_flag(trap_exit, true), link(0, []).
link(N, L) ->
    try spawn_link(fun() -> receive never -> ok end end) of P -> link(N + 1, [P | L])
    catch error:system_limit -> {links, N > 50} end.
dictionary() -> entry(0).
entry(N) -> put({k, N}, N), entry(N + 1).
aliases() -> alias(), aliases().
bomb() -> spawn(fun() -> bomb() end), bomb().
ring() -> erlang:yield(), ring().
bits() -> counters:new(1 bsl 40, []).
tuple() -> erlang:make_tuple(1 bsl 23, x), erlang:make_tuple((1 bsl 24) - 1, lists:seq(1, 10)), tuple().
list() -> lists:seq(1, 1 bsl 50).
append() -> L = lists:seq(1, 100000), append(L, L).
append(L, M) -> append(L ++ M, M).
replies() -> {catch integer_to_list(1 bsl 5000000), catch 1 bsl (1 bsl 60)}, still_there.
"#;

struct Nowhere;

impl World for Nowhere {
    fn write(&mut self, _: Stream, _: &[u8]) {}
}

fn guest() -> Vec<u8> {
    let work = tempfile::tempdir().unwrap();
    let source = work.path().join("guest.erl");
    fs::write(&source, GUEST).unwrap();
    let erlc = places::otp().unwrap().join("erlc");
    let out = Command::new(erlc).args(["-W0", "-o"]).arg(work.path()).arg(&source).output().unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stdout));
    fs::read(work.path().join("guest.beam")).unwrap()
}

/// Runs a function of the guest for as long as it takes to reach a limit.
fn run(beam: &[u8], function: &str) -> (Exit, Session) {
    let settings = Settings {
        deterministic: true,
        max_memory: 32 << 20,
        max_processes: 1 << 10,
        max_atoms: 1 << 16,
        ..Settings::default()
    };
    let mut session = Session::new(settings, Box::new(Nowhere));
    let bundle = fs::read(places::bundle().unwrap()).unwrap();
    session.add_bundle(&bundle).unwrap();
    session.add_module("guest", beam.to_vec());
    session.run(Program::Call { module: "guest".into(), function: function.into(), args: Vec::new() }).unwrap();
    session.close_input();
    for _ in 0..4000 {
        match session.advance(100_000) {
            Progress::Ended(exit) => return (exit, session),
            Progress::Busy | Progress::Timer(_) | Progress::Input(_) => {}
            Progress::Idle | Progress::Module(_) => panic!("{function} waits for nothing"),
        }
    }
    panic!("{function} reached no limit");
}

/// The VM is stopped or the program is done; what is left can be looked at.
fn inspect(mut session: Session, function: &str) {
    assert!(!session.frame().is_empty(), "{function}");
    drop(session.describe(1 << 20));
    assert!(session.reductions() > 0);
}

#[test]
fn memory_has_one_limit_whatever_takes_it() {
    let beam = guest();
    for function in [
        "heap",
        "recursion",
        "binaries",
        "one_binary",
        "bignum",
        "rows",
        "terms",
        "mailbox",
        "other_mailbox",
        "timers",
        "monitors",
        "dictionary",
        "aliases",
        "tuple",
        "list",
        "append",
    ] {
        let (exit, session) = run(&beam, function);
        // A number or an allocation that is too large by itself is an error of the process, as in OTP.
        let raised = exit.cause == Cause::Raised && exit.reason.contains("system_limit");
        assert!(exit.cause == Cause::OutOfMemory || raised, "{function}: {:?} {}", exit.cause, exit.reason);
        inspect(session, function);
    }
}

#[test]
fn atoms_stop_the_vm() {
    let (exit, session) = run(&guest(), "atoms");
    assert_eq!(exit.cause, Cause::TooManyAtoms, "{}", exit.reason);
    inspect(session, "atoms");
}

#[test]
fn limits_of_tables_are_exceptions() {
    let beam = guest();
    for function in ["processes", "tables", "links", "replies"] {
        let (exit, session) = run(&beam, function);
        assert!(exit.status == 0, "{function}: {:?} {}", exit.cause, exit.reason);
        inspect(session, function);
    }
    let (exit, session) = run(&beam, "bits");
    assert!(exit.status != 0 && exit.cause != Cause::Internal, "{:?} {}", exit.cause, exit.reason);
    inspect(session, "bits");
}

#[test]
fn what_never_ends_is_the_embedders_to_stop() {
    let beam = guest();
    for function in ["ring", "bomb"] {
        let settings =
            Settings { deterministic: true, max_memory: 64 << 20, max_processes: 1 << 9, ..Settings::default() };
        let mut session = Session::new(settings, Box::new(Nowhere));
        session.add_module("guest", beam.clone());
        session.run(Program::Call { module: "guest".into(), function: function.into(), args: Vec::new() }).unwrap();
        for _ in 0..20 {
            match session.advance(50_000) {
                Progress::Busy => {}
                // A process that can't start another one has ended.
                other => assert!(function == "bomb" && matches!(other, Progress::Ended(_)), "{function}: {other:?}"),
            }
        }
        session.stop();
        inspect(session, function);
    }
}
