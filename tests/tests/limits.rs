//! A guest that takes all it can get of one thing stops with the typed cause, or has an exception that it can catch; the VM can be looked at
//! and dropped afterwards. Real OTP compiles the guest.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::process::Command;

use beambox_playground::{Arg, Cause, Exit, Program, Progress, Session, Settings, Stream, World};
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
ports() -> port(0).
port(N) ->
    try open_port({fd, 0, 1}, [out]) of _ -> port(N + 1)
    catch error:system_limit -> {ports, N > 1000} end.
arrays_kept() -> array([]).
array(L) -> array([counters:new(1000, []) | L]).
arrays_dropped() -> array_dropped(20000, none).
array_dropped(0, A) -> atomics:get(A, 1);
array_dropped(N, _) ->
    A = atomics:new(1000, []), atomics:put(A, 1000, N), N = atomics:get(A, 1000),
    array_dropped(N - 1, A).
streams_kept() -> stream([]).
stream(L) ->
    try zlib:open() of Z -> ok = zlib:inflateInit(Z), stream([Z | L])
    catch error:system_limit -> {streams, length(L) > 3} end.
streams_dropped() -> stream_dropped(3000).
stream_dropped(0) -> done;
stream_dropped(N) -> Z = zlib:open(), ok = zlib:deflateInit(Z), stream_dropped(N - 1).
states_dropped() -> state(20000).
state(0) -> done;
state(N) -> crypto:crypto_init(aes_128_ctr, <<0:128>>, <<0:128>>, true), state(N - 1).
buffers() -> try buffer(prim_buffer:new()) catch error:system_limit -> {buffers, full} end.
buffer(B) -> prim_buffer:write(B, [binary:copy(<<1>>, 100000)]), buffer(B).
buffers_dropped() -> [prim_buffer:write(prim_buffer:new(), [<<0:8000>>]) || _ <- lists:seq(1, 50000)], done.
code_kept(Beam) -> code(Beam, []).
code(Beam, L) -> code(Beam, [erlang:prepare_loading(guest, Beam) | L]).
code_dropped(Beam) -> [erlang:prepare_loading(guest, Beam) || _ <- lists:seq(1, 2000)], done.
fun_entries() -> fun_entry(0).
fun_entry(N) -> binary_to_term(<<131, 112, 100:32, 0, N:128, 1:32, 0:32, 119, 5, "guest", 97, 0, 98, N:32, 88, 119, 13, "nonode@nohost", 1:32, 0:32, 0:32>>), fun_entry(N + 1).
exports() -> export(0).
export(N) -> [binary_to_term(<<131, 113, 119, 4, "m", (integer_to_binary(N rem 900 + 100))/binary, 119, 4, "f", (integer_to_binary(N div 900 rem 900 + 100))/binary, 97, A>>) || A <- lists:seq(0, 254)], export(N + 1).
sessions() -> trace:session_create(s, self(), []), sessions().
queue() ->
    P = spawn(fun ring/0), erlang:yield(),
    [begin erlang:suspend_process(P), erlang:resume_process(P) end || _ <- lists:seq(1, 100000)],
    {reductions, R0} = process_info(P, reductions),
    [erlang:yield() || _ <- lists:seq(1, 10)],
    {reductions, R} = process_info(P, reductions),
    true = R - R0 < 100000,
    done.
deep_reason() -> exit(nest(300000, [])).
deep_wait() -> put(deep, nest(300000, [])), self() ! nest(300000, []), ets:insert(ets:new(t, []), {1, nest(300000, [])}), ring().
nest(0, X) -> X;
nest(N, X) -> nest(N - 1, element(N rem 4 + 1, {[X], {X}, #{a => X}, fun() -> X end})).
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
    let args = if function.starts_with("code_") { vec![Arg::Binary(beam.to_vec())] } else { Vec::new() };
    session.run(Program::Call { module: "guest".into(), function: function.into(), args }).unwrap();
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
        "arrays_kept",
        "code_kept",
        "fun_entries",
        "exports",
        "sessions",
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
    for function in ["processes", "tables", "links", "ports", "streams_kept", "buffers", "replies"] {
        let (exit, session) = run(&beam, function);
        assert!(exit.status == 0, "{function}: {:?} {}", exit.cause, exit.reason);
        inspect(session, function);
    }
    let (exit, session) = run(&beam, "bits");
    assert!(exit.status != 0 && exit.cause != Cause::Internal, "{:?} {}", exit.cause, exit.reason);
    inspect(session, "bits");
}

#[test]
fn what_is_forgotten_comes_back() {
    let beam = guest();
    for function in ["arrays_dropped", "streams_dropped", "states_dropped", "buffers_dropped", "code_dropped", "queue"]
    {
        let (exit, session) = run(&beam, function);
        assert!(exit.status == 0, "{function}: {:?} {}", exit.cause, exit.reason);
        inspect(session, function);
    }
}

#[test]
fn deep_terms_are_shown_and_dropped() {
    let beam = guest();
    let (exit, session) = run(&beam, "deep_reason");
    assert!(exit.status == 1 && exit.reason.len() < 10_000, "{:?} {}", exit.cause, exit.reason.len());
    inspect(session, "deep_reason");
    let mut session = Session::new(Settings { deterministic: true, ..Settings::default() }, Box::new(Nowhere));
    session.add_module("guest", beam);
    session.run(Program::Call { module: "guest".into(), function: "deep_wait".into(), args: Vec::new() }).unwrap();
    for _ in 0..40 {
        assert_eq!(session.advance(100_000), Progress::Busy);
    }
    let frame = session.frame();
    assert!(frame.len() > 1 << 20, "{}", frame.len());
    // Whatever lies there: no text is as deep as the term.
    let described = (0..1 << 24).step_by(1 << 12).filter_map(|at| session.describe(at));
    assert!(described.map(|o| o.text.len()).max().is_none_or(|n| n < 10_000));
    inspect(session, "deep_wait");
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
