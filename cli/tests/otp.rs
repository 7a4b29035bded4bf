//! Unmodified OTP on this VM, beside the real one: programs print the same, modules compile to the same bytes, statuses agree.
//!
//! Needs the OTP of set-up (`$BEAMBOX_OTP`, or `erl` on the PATH); without it every test here fails. What can't be the same (pids, times,
//! sizes of heaps) is hidden before outputs are compared.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

#[derive(Debug, PartialEq, Eq)]
struct Got {
    status: i32,
    out: String,
    err: String,
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn root() -> PathBuf {
    beambox::otp::root(None).expect("the OTP of set-up: name it in BEAMBOX_OTP or put `erl` on the PATH")
}

/// OTP's own program.
fn real(program: &str) -> Command {
    Command::new(root().join("bin").join(program))
}

/// Ours.
fn ours(program: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_beambox"));
    command.arg(program).env("BEAMBOX_OTP", root());
    command
}

fn run(command: &mut Command, input: &[u8]) -> Got {
    for name in ["ERL_FLAGS", "ERL_AFLAGS", "ERL_ZFLAGS", "ERL_LIBS"] {
        command.env_remove(name);
    }
    command.env("LC_ALL", "C.UTF-8").env("ERL_CRASH_DUMP_SECONDS", "0");
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut stdin = child.stdin.take().unwrap();
    // A program that doesn't read its input may be gone before it is written.
    let _ = stdin.write_all(input);
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    let status = output.status.code().expect("it exits, it isn't killed");
    let got = Got { status, out: text(output.stdout), err: text(output.stderr) };
    assert!(!got.err.contains("panicked"), "{}", got.err);
    got
}

/// Puts `<pid>` and the like in place of what differs from run to run.
fn hidden(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let mut line = line.to_string();
        if line.starts_with('=')
            && let Some(at) = line.find("==== ")
        {
            line.truncate(at + 4);
        }
        for size in ["heap_size: ", "stack_size: ", "reductions: "] {
            if let Some(at) = line.find(size) {
                line.truncate(at + size.len());
            }
        }
        while let Some(at) = line.find("<0.") {
            let Some(len) = line[at..].find('>') else { break };
            line.replace_range(at..at + len + 1, "<pid>");
        }
        out.push_str(&line);
        out.push('\n');
    }
    out
}

/// Compiles a program with both compilers, which must agree to the byte, and runs it on both machines.
fn same(name: &str, input: &[u8]) {
    let work = tempfile::tempdir().unwrap();
    let source = folder("tests/otp").join(format!("{name}.erl"));
    let mut beams = Vec::new();
    for (place, mut erlc) in [("real", real("erlc")), ("ours", ours("erlc"))] {
        let out = work.path().join(place);
        fs::create_dir(&out).unwrap();
        let got = run(erlc.args(["+deterministic", "-o"]).arg(&out).arg(&source), b"");
        assert_eq!(got.status, 0, "{place} erlc: {got:?}");
        beams.push(fs::read(out.join(format!("{name}.beam"))).unwrap());
    }
    assert!(beams[0] == beams[1], "{name}.beam differs");
    let mut outputs = Vec::new();
    for (place, mut erl) in [("real", real("erl")), ("ours", ours("erl"))] {
        let here = work.path().join(format!("{place}-cwd"));
        fs::create_dir(&here).unwrap();
        erl.current_dir(&here).arg("-noshell").arg("-pa").arg(work.path().join("real"));
        let got = run(erl.args(["-s", name, "main", "-s", "init", "stop"]), input);
        outputs.push((got.status, hidden(&got.out)));
    }
    let [expected, got] = &outputs[..] else { unreachable!() };
    for (e, g) in expected.1.lines().zip(got.1.lines()) {
        assert_eq!(g, e, "{name}: the first line that differs (left: ours)");
    }
    assert_eq!(got, expected, "{name}");
    assert!(!expected.1.is_empty(), "{name} prints something");
}

#[test]
fn two_versions_purges_and_literals() {
    same("load_versions", b"");
}

#[test]
fn a_purge_costs_the_holders_of_literals_their_size() {
    same("load_literals", b"");
}

#[test]
fn on_load_functions() {
    same("load_on_load", b"");
}

#[test]
fn files() {
    same("files", b"");
}

#[test]
fn crash_reports() {
    same("reports", b"");
}

#[test]
fn standard_streams() {
    same("streams", "first line\nabcdef\n42 word\n{term, [1]}.\n\u{20ac}\nlast".as_bytes());
}

#[test]
fn the_shell_reads_expressions() {
    let input = b"1+2.\nlists:seq(1, 5).\nX = foo.\nY = 1/0.\nX.\nf().\nrd(r, {a, b}).\n#r{a = 1}.\nhalt(5).\n";
    let after_banner = |got: Got| {
        let at = got.out.find("1> ").expect("a prompt");
        let text = hidden(&got.out[at..]);
        // Whether the last prompt is seen before `halt` is a matter of time.
        let text = text
            .trim_end()
            .rsplit_once('\n')
            .filter(|(_, last)| last.ends_with('>'))
            .map_or(text.clone(), |t| t.0.into());
        (got.status, text.trim_end().to_string())
    };
    let expected = after_banner(run(&mut real("erl"), input));
    assert_eq!(after_banner(run(&mut ours("erl"), input)), expected);
    assert_eq!(expected.0, 5);
}

#[test]
fn statuses() {
    for (eval, status) in [
        ("halt().", 0),
        ("halt(3).", 3),
        ("halt(200, [{flush, false}]).", 200),
        ("init:stop().", 0),
        ("init:stop(9).", 9),
        ("spawn(fun() -> timer:sleep(20), halt(4) end), timer:sleep(infinity).", 4),
    ] {
        for mut erl in [real("erl"), ours("erl")] {
            let got = run(erl.args(["-noinput", "-eval", eval]), b"");
            assert_eq!((got.status, got.out.as_str()), (status, ""), "{eval}: {got:?}");
        }
    }
    let got = run(ours("erl").args(["-noshell", "-eval", "error(wrong)."]), b"");
    assert!(got.status == 1 && got.err.contains("Runtime terminating during boot ({wrong"), "{got:?}");
}

#[test]
fn arguments_reach_init() {
    let print = "io:format(\"~p~n~p~n\", [init:get_plain_arguments(), [A || {K, _} = A <- init:get_arguments(), \
                 K =/= root, K =/= bindir, K =/= progname, K =/= home, K =/= eval, K =/= pa]]), halt().";
    let work = tempfile::tempdir().unwrap();
    let file = work.path().join("args");
    fs::write(&file, "-from file 'with space' # comment\n-more\n").unwrap();
    let all = |mut erl: Command| {
        erl.args(["-noshell", "-eval", print, "-flag", "a", "b"]).arg("-args_file").arg(&file);
        run(erl.args(["-env", "SOME", "value", "-extra", "x", "-y", "+P"]), b"")
    };
    assert_eq!(all(ours("erl")), all(real("erl")));
}

#[test]
fn scripts() {
    let work = tempfile::tempdir().unwrap();
    let file = work.path().join("sum");
    let text = "#!/usr/bin/env escript\n%% -*- erlang -*-\n%%! -some flag\nmain(Args) ->\n    \
                io:format(\"~p ~p~n\", [init:get_argument(some), lists:sum([list_to_integer(A) || A <- Args])]),\n    \
                io:format(\"~ts\", [io:get_line(\"\")]),\n    halt(length(Args)).\n";
    fs::write(&file, text).unwrap();
    for args in [&["1", "2", "-3"][..], &[], &["no"]] {
        let both = [real("escript"), ours("escript")].map(|mut e| {
            let got = run(e.arg(&file).args(args), b"a line\n");
            (got.status, hidden(&got.out))
        });
        assert_eq!(both[1], both[0], "{args:?}");
    }
    let got = run(ours("escript").arg(work.path().join("none")), b"");
    assert!(got.status == 1 && got.err.contains("Failed to open file"), "{got:?}");
}

#[test]
fn the_compiler_says_the_same() {
    let work = tempfile::tempdir().unwrap();
    let file = work.path().join("bad.erl");
    fs::write(&file, "-module(bad).\n-export([f/1]).\nf(X) ->\n    Y = 1,\n    g(X).\n").unwrap();
    let both = [real("erlc"), ours("erlc")].map(|mut e| {
        let got = run(e.current_dir(work.path()).arg("bad.erl"), b"");
        (got.status, got.out)
    });
    assert_eq!(both[1], both[0]);
    assert_eq!(both[1].0, 1);
}

#[test]
fn the_runtime_modules_compile_to_the_same_bytes() {
    let work = tempfile::tempdir().unwrap();
    let mut sources: Vec<PathBuf> =
        fs::read_dir(folder("../runtime-erl/src")).unwrap().map(|e| e.unwrap().path()).collect();
    sources.retain(|s| s.extension().is_some_and(|e| e == "erl"));
    sources.sort();
    for (place, mut erlc) in [("real", real("erlc")), ("ours", ours("erlc"))] {
        let out = work.path().join(place);
        fs::create_dir(&out).unwrap();
        let got = run(erlc.args(["+deterministic", "-o"]).arg(&out).args(&sources), b"");
        assert_eq!(got.status, 0, "{place} erlc: {got:?}");
    }
    for source in &sources {
        let beam = format!("{}.beam", source.file_stem().unwrap().to_string_lossy());
        let read = |place: &str| fs::read(work.path().join(place).join(&beam)).unwrap();
        assert!(read("real") == read("ours"), "{beam} differs");
    }
    assert!(sources.len() > 5);
}

/// A program for a dump, and one that has OTP's viewer read it.
const DUMPED: &str = "
    register(shop, spawn(fun() -> put(key, {a, \"dictionary\"}), receive never -> ok end end)),
    shop ! {message, 1.5, <<1,2,3>>, binary:copy(<<\"0123456789\">>, 20), -(1 bsl 80), #{k => [v]},
            maps:from_keys(lists:seq(1, 40), x)},
    shop ! [fun lists:map/2, <<5:3>>, \"literal\" | improper],
    T = ets:new(stock, [ordered_set, named_table]), ets:insert(T, [{N} || N <- lists:seq(1, 7)]),
    erlang:send_after(100000, shop, later),
    timer:sleep(10), halt(\"no more shelves\").";
const VIEWED: &str = "
    File = hd(init:get_plain_arguments()),
    {ok, _} = crashdump_viewer:start_link(), ok = crashdump_viewer:read_file(File),
    {ok, General, Warnings} = crashdump_viewer:general_info(),
    io:format(\"~p ~p~n\", [[element(N, General) || N <- [1, 6, 7]], Warnings]),
    {ok, Processes, _} = crashdump_viewer:processes(),
    [Shop] = [P || P <- Processes, element(3, P) =:= \"shop\"],
    {ok, Details, _} = crashdump_viewer:proc_details(pid_to_list(element(2, Shop))),
    io:format(\"~p~n\", [[element(N, Details) || N <- [1, 3, 4, 7, 9, 10, 17, 18]]]),
    {ok, Tables, _} = crashdump_viewer:ets_tables(all),
    io:format(\"~p~n\", [[[element(N, E) || N <- [4, 5, 7, 9]] || E <- Tables, element(4, E) =:= \"stock\"]]),
    {ok, Atoms, _} = crashdump_viewer:atoms(), {ok, Modules, _} = crashdump_viewer:loaded_modules(),
    {ok, Memory, _} = crashdump_viewer:memory(), {ok, Timers, _} = crashdump_viewer:timers(all),
    {ok, Funs, _} = crashdump_viewer:funs(),
    io:format(\"~p~n\", [{length(Atoms) > 1000, length(Modules) > 50, [K || {K, _} <- Memory],
                         [element(3, T) || T <- Timers, element(3, T) =:= \"later\"], length(Funs) > 100}]),
    halt().";

#[test]
fn a_crash_dump_shows_in_otps_viewer_what_one_of_otps_shows() {
    let work = tempfile::tempdir().unwrap();
    let both = [real("erl"), ours("erl")].map(|mut erl| {
        let dump = work.path().join("a.dump");
        erl.args(["-noshell", "-eval", DUMPED]).env("ERL_CRASH_DUMP", &dump);
        let made = erl.env("LC_ALL", "C.UTF-8").stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8_lossy(&made.stderr).replace(&dump.display().to_string(), "DUMP");
        let viewed = run(real("erl").args(["-noshell", "-eval", VIEWED, "-extra"]).arg(&dump), b"");
        // `['#CDVBin',Offset,Size,Place]`: where a binary begins in the file differs.
        let mut parts = viewed.out.split("['#CDVBin',");
        let mut seen = parts.next().unwrap_or_default().to_string();
        for part in parts {
            let (binary, rest) = part.split_once(']').unwrap_or((part, ""));
            seen += &format!("<binary {}>{rest}", binary.rsplit_once(',').map_or("", |b| b.0));
        }
        (made.status.code(), said, seen, viewed.err)
    });
    assert_eq!(both[1], both[0]);
    assert!(both[0].2.contains("{a,\"dictionary\"}"), "{both:?}");
}

#[test]
fn what_is_wrong_is_said() {
    let work = tempfile::tempdir().unwrap();
    let empty = work.path().display().to_string();
    let none = work.path().join("none").display().to_string();
    for (args, status, why) in [
        (&["erl", "--otp", &none][..], 1, "No such file"),
        (&["erl", "--otp", &empty], 1, "no OTP here"),
        (&["erl", "--otp"], 1, "needs a value"),
        (&["erl", "--memory", "much"], 1, "not a size"),
        (&["erl", "+Q"], 1, "Missing argument"),
        (&["erl", "+q"], 1, "bad flag"),
        (&["erl", "-sname", "x"], 1, "no other nodes"),
        (&["erl", "-heart"], 1, "no other programs"),
        (&["erl", "-noshell", "-boot", &none], 1, "cannot get bootfile"),
        (&["erl", "-noshell", "-s", "no_such_module"], 1, "undef"),
        (&["erl", "-noshell", "-eval", "1 +"], 1, "Failed to eval"),
        (&["erlc"], 1, "no file is given"),
        (&["escript"], 1, "no script is given"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_beambox"));
        command.env("BEAMBOX_OTP", root()).args(args).current_dir(work.path());
        let got = run(&mut command, b"");
        assert_eq!(got.status, status, "{args:?}: {got:?}");
        assert!(got.err.contains(why) || got.out.contains(why), "{args:?}: {got:?}");
    }
    // A boot file that is no boot file.
    fs::write(work.path().join("odd.boot"), b"not a term").unwrap();
    let odd = work.path().join("odd").display().to_string();
    let got = run(ours("erl").args(["-noshell", "-boot", &odd]), b"");
    assert_eq!(got.status, 1, "{got:?}");
    // Little memory is a clear end, not a crash.
    let mut command = ours("erl");
    command.args(["--memory", "16MiB", "-noshell", "-eval", "lists:seq(1, 100000000)."]);
    let got = run(&mut command, b"");
    assert!(got.status == 1 && got.err.contains("memory"), "{got:?}");
}

#[test]
fn terminals_are_told_apart_from_files() {
    let print = "io:format(\"~p~n\", [[prim_tty:isatty(stdin), prim_tty:isatty(stdout), io:columns()]]), halt().";
    let both = [real("erl"), ours("erl")].map(|mut e| run(e.args(["-noshell", "-eval", print]), b"").out);
    assert_eq!(both[1], both[0]);
}
