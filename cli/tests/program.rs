//! The program as people use it: help, exit statuses, messages, listings. `BEAMBOX_BLESS=1` writes the golden files anew.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// What a run of the program gave.
#[derive(Debug)]
struct Got {
    status: i32,
    out: String,
    err: String,
}

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../sandbox/tests/data").join(name)
}

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_beambox"));
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")).env_remove("COLUMNS");
    command
}

fn fed<S: AsRef<OsStr>>(input: &str, args: &[S]) -> Got {
    let mut child =
        program().args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A program that doesn't read its input may be gone before it is written.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let status = output.status.code().expect("it exits, it isn't killed");
    let got = Got { status, out: text(output.stdout), err: text(output.stderr) };
    assert!(!got.err.contains("panicked"), "{}", got.err);
    got
}

fn beambox<S: AsRef<OsStr>>(args: &[S]) -> Got {
    fed("", args)
}

fn golden(name: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("BEAMBOX_BLESS").is_some() {
        fs::write(&file, text).unwrap();
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(text, expected, "{name} differs; BEAMBOX_BLESS=1 writes it anew");
}

#[test]
fn help() {
    for (name, args) in [
        ("help.txt", &["--help"][..]),
        ("help-run.txt", &["run", "--help"]),
        ("help-build.txt", &["build", "--help"]),
        ("help-disasm.txt", &["disasm", "--help"]),
        ("help-fmt.txt", &["fmt", "--help"]),
    ] {
        let got = beambox(args);
        assert_eq!((got.status, got.err.as_str()), (0, ""), "{name}");
        golden(name, &got.out);
    }
    assert_eq!(beambox(&["--version"]).out, format!("beambox {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn wrong_usage_has_status_2() {
    for args in
        [&["run"][..], &["walk", "x"], &["run", "--engine", "steam", "x.mochi"], &["run", "--memory", "much", "x"]]
    {
        let got = beambox(args);
        assert_eq!(got.status, 2, "{args:?}: {got:?}");
        assert!(got.out.is_empty() && got.err.contains("--help"), "{args:?}: {got:?}");
    }
}

#[test]
fn a_listing() {
    let got = beambox(&[OsStr::new("disasm"), data("probe.beam").as_os_str()]);
    assert_eq!((got.status, got.err.as_str()), (0, ""));
    golden("disasm.txt", &got.out);
}

#[test]
fn errors_of_a_mochi_program() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().to_str().unwrap();
    let got = beambox(&["build", "golden/wrong.mochi", "-o", out]);
    assert_eq!((got.status, got.out.as_str()), (1, ""));
    golden("build-errors.txt", &got.err);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "nothing is written");
    let run = beambox(&["run", "golden/wrong.mochi"]);
    assert_eq!((run.status, run.out.as_str(), run.err), (1, "", got.err));
}

#[test]
fn what_is_built_runs() {
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("Sum up.mochi");
    fs::write(&source, "var sum = 0\nfor i in 1..101 { sum = sum + i }\nprint(sum)\n").unwrap();
    let out = dir.path().join("new/folder");
    let got = beambox(&[OsStr::new("build"), source.as_os_str(), OsStr::new("-o"), out.as_os_str()]);
    assert_eq!((got.status, got.err.as_str()), (0, ""));
    let beam = out.join("mochi_main_sum_up.beam");
    assert_eq!(got.out, format!("{}\n", beam.display()));
    for file in [beam, source] {
        let got = beambox(&[OsStr::new("run"), file.as_os_str()]);
        assert_eq!((got.status, got.out.as_str(), got.err.as_str()), (0, "5050\n", ""));
    }
}

#[test]
fn a_beam_gets_arguments_and_input_and_gives_its_status() {
    let probe = data("probe.beam");
    let run = |input: &str, args: &[&str]| {
        let mut all = vec![OsStr::new("run"), probe.as_os_str()];
        all.extend(args.iter().map(OsStr::new));
        fed(input, &all)
    };
    let got = run("", &["args", "a", "-x", "--engine", "ü"]);
    assert_eq!((got.status, got.out.as_str()), (0, "[\"a\",\"-x\",\"--engine\",\"ü\"]\n"), "{got:?}");
    let got = run("one\ntwo\n", &["echo"]);
    assert_eq!((got.status, got.out.as_str()), (0, "1: one\n2: two\n2 lines\n"), "{got:?}");
    let got = run("", &["halt", "7"]);
    assert_eq!((got.status, got.out.as_str(), got.err.as_str()), (7, "bye\n", ""));
    let got = run("", &["fail"]);
    assert!(got.status == 1 && got.err.contains("on_purpose"), "{got:?}");
    let got = run("", &["exit"]);
    assert!(got.status == 1 && got.err.contains("leaving"), "{got:?}");
}

#[test]
fn limits_end_a_program() {
    let probe = data("probe.beam");
    let run = |args: &[&str]| {
        let (options, rest) = args.split_at(2);
        let mut all = vec![OsStr::new("run")];
        all.extend(options.iter().map(OsStr::new));
        all.push(probe.as_os_str());
        all.extend(rest.iter().map(OsStr::new));
        beambox(&all)
    };
    let start = Instant::now();
    let got = run(&["--time", "300ms", "loop"]);
    assert_eq!((got.status, got.err.as_str()), (1, "error: stopped: the time limit of 300ms is reached\n"));
    assert!(start.elapsed() < Duration::from_secs(20));
    let got = run(&["--reductions", "100000", "loop"]);
    assert_eq!((got.status, got.err.as_str()), (1, "error: stopped: the limit of 100000 reductions is reached\n"));
    let got = run(&["--memory", "32MiB", "memory"]);
    assert!(got.status == 1 && got.err.contains("out of memory"), "{got:?}");
}

/// Files only when they are granted; a relative path starts at the folder given, and where there is nothing, at the program's.
#[test]
#[cfg(unix)]
fn files_of_the_host() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::create_dir(at("sub")).unwrap();
    fs::write(at("sub/people.csv"), "name,age\nAl,30\nBo,25\n").unwrap();
    let source = "type P { name: string age: int }\nlet ps = load \"people.csv\" as P\nprint(ps[1].name, len(ps))\n\
                  save (from p in ps select { n: p.name }) to \"out.json\" with { format: \"json\" }\n";
    fs::write(at("sub/prog.mochi"), source).unwrap();
    let run = |options: &[&str]| {
        let mut args = vec!["run".to_owned()];
        args.extend(options.iter().map(|o| (*o).to_owned()));
        args.push(at("sub/prog.mochi").display().to_string());
        beambox(&args)
    };
    let refused = run(&[]);
    assert!(refused.status == 1 && refused.err.contains("open people.csv: permission denied"), "{refused:?}");
    assert!(!at("out.json").exists());
    let granted = run(&[&format!("--files={}", dir.path().display())]);
    assert_eq!((granted.status, granted.out.as_str()), (0, "Bo 2\n"), "{granted:?}");
    assert_eq!(fs::read_to_string(at("out.json")).unwrap().trim(), r#"[{"n":"Al"},{"n":"Bo"}]"#);
    let nowhere = run(&["--files=/no/such/folder"]);
    assert!(nowhere.status == 1 && nowhere.err.starts_with("error: /no/such/folder: "), "{nowhere:?}");
}

#[test]
fn wrong_files() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let probe = fs::read(data("probe.beam")).unwrap();
    fs::write(at("text.beam"), "print(1)").unwrap();
    fs::write(at("cut.beam"), &probe[..200]).unwrap();
    fs::write(at("empty.beam"), "").unwrap();
    fs::write(at("binary.mochi"), &probe).unwrap();
    fs::write(at("notes.txt"), "x").unwrap();
    fs::create_dir(at("folder.beam")).unwrap();
    let told = |command: &str, name: &str, what: &str| {
        let got = beambox(&[OsStr::new(command), at(name).as_os_str()]);
        assert_eq!((got.status, got.out.as_str()), (1, ""), "{command} {name}");
        let prefix = format!("error: {}: ", at(name).display());
        assert!(got.err.starts_with(&prefix) && got.err.contains(what), "{command} {name}: {}", got.err);
        assert_eq!(got.err.lines().count(), 1, "{command} {name}: {}", got.err);
    };
    for command in ["run", "disasm"] {
        told(command, "none.beam", "no such file or directory");
        told(command, "folder.beam", "is a directory");
        for name in ["text.beam", "cut.beam", "empty.beam"] {
            told(command, name, "not a .beam file");
        }
    }
    for command in ["run", "build"] {
        told(command, "none.mochi", "no such file or directory");
        told(command, "binary.mochi", "is not text");
    }
    told("run", "notes.txt", "neither a .mochi nor a .beam file");
    let got =
        beambox(&[OsStr::new("run"), OsStr::new("-p"), at("nowhere").as_os_str(), data("probe.beam").as_os_str()]);
    assert!(got.status == 1 && got.err.contains("no such directory"), "{got:?}");
    let got =
        beambox(&[OsStr::new("run"), OsStr::new("--otp"), dir.path().as_os_str(), data("probe.beam").as_os_str()]);
    assert!(got.status == 1 && got.err.contains("no OTP here"), "{got:?}");
}

#[test]
fn a_closed_output_ends_it_quietly() {
    let probe = data("probe.beam");
    for (args, status) in [(vec!["disasm"], Some(0)), (vec!["run"], Some(1))] {
        let mut command = program();
        command.args(&args).arg(&probe).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if args == ["run"] {
            command.arg("write");
        }
        let mut child = command.spawn().unwrap();
        let mut first = [0; 4];
        let mut out = child.stdout.take().unwrap();
        out.read_exact(&mut first).unwrap();
        drop(out);
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{args:?}");
        // A listing that fits the pipe was written whole.
        assert_eq!(output.status.code(), status, "{args:?}");
    }
}

#[test]
fn the_wasm_engine_runs_or_says_why_not() {
    let probe = data("probe.beam");
    let got = beambox(&[OsStr::new("run"), OsStr::new("--engine"), OsStr::new("wasm"), probe.as_os_str()]);
    if cfg!(feature = "wasm") {
        assert_eq!((got.status, got.out.as_str(), got.err.as_str()), (0, "hello\n", ""));
    } else {
        assert_eq!(got.status, 1);
        assert!(got.err.contains("--features wasm"), "{got:?}");
    }
}
