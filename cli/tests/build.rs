//! What `beambox build` writes for others: texts that OTP's compiler takes, and targets that stock OTP runs.
//!
//! Needs the OTP of set-up (`$BEAMBOX_OTP`, or `erl` on the PATH); without it these tests fail.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const PROGRAM: &str = "\
type Shape = Circle(r: float) | Square(side: int)
fun area(s: Shape): float { return match s { Circle(r) => 3.0 * r * r Square(k) => 1.0 * (k * k) } }
var total = 0.0
for s in [Circle { r: 2.0 }, Square { side: 3 }] { total = total + area(s) }
print(\"é\", total)
print(from x in [3, 1, 2] sort by -x select x * 10)
";
const SAID: &str = "é 21\n[30, 20, 10]\n";

fn root() -> PathBuf {
    beambox::otp::root(None).expect("the OTP of set-up: name it in BEAMBOX_OTP or put `erl` on the PATH")
}

fn run(command: &mut Command) -> (bool, String, String) {
    let path = std::env::var("PATH").unwrap_or_default();
    let Output { status, stdout, stderr } =
        command.env("PATH", format!("{}:{path}", root().join("bin").display())).output().expect("it starts");
    let text = |b: Vec<u8>| String::from_utf8_lossy(&b).into_owned();
    (status.success(), text(stdout), text(stderr))
}

fn beambox() -> Command {
    Command::new(env!("CARGO_BIN_EXE_beambox"))
}

/// A folder that looks like an installation of OTP, with the runtime in it.
fn runtime(work: &Path) -> PathBuf {
    let ebin = work.join("otp/lib/mochi-1/ebin");
    fs::create_dir_all(&ebin).unwrap();
    fs::create_dir_all(work.join("otp/lib/stdlib-1/ebin")).unwrap();
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../runtime-erl/src");
    let sources = fs::read_dir(sources).unwrap().map(|e| e.unwrap().path());
    let sources = sources.filter(|p| p.extension().is_some_and(|e| e == "erl"));
    let got = run(Command::new(root().join("bin/erlc")).arg("-o").arg(&ebin).args(sources));
    assert!(got.0, "{got:?}");
    work.join("otp")
}

#[test]
fn texts_compile_and_do_the_same() {
    let work = tempfile::tempdir().unwrap();
    let source = work.path().join("shapes.mochi");
    fs::write(&source, PROGRAM).unwrap();
    let runtime = runtime(work.path()).join("lib/mochi-1/ebin");
    for (form, options) in [("erl", None), ("core", Some("+from_core")), ("asm", None)] {
        let out = work.path().join(form);
        let got = run(beambox().arg("build").arg(&source).args(["--emit", form, "-o"]).arg(&out));
        assert!(got.0, "{form}: {got:?}");
        let file = PathBuf::from(got.1.trim());
        assert!(fs::read_to_string(&file).unwrap().contains("area"), "{form}");
        if form == "asm" {
            assert!(file.ends_with("mochi_main_shapes.S"), "{file:?}");
            continue;
        }
        let got = run(Command::new(root().join("bin/erlc")).args(options).arg("-o").arg(&out).arg(&file));
        assert!(got.0, "{form}: {got:?}");
        let mut erl = Command::new(root().join("bin/erl"));
        erl.arg("-noshell").arg("-pa").arg(&out).arg(&runtime);
        let got = run(erl.args(["-mochi_program", "mochi_main_shapes", "-s", "mochi_start"]));
        assert_eq!((got.0, got.1.as_str()), (true, SAID), "{form}: {got:?}");
    }
}

#[test]
fn targets_run_on_stock_otp() {
    let work = tempfile::tempdir().unwrap();
    let source = work.path().join("Shapes one.mochi");
    fs::write(&source, PROGRAM).unwrap();
    let runtime = runtime(work.path());
    for (target, program) in
        [("beam", None), ("beam-escript", Some("shapes_one")), ("beam-release", Some("bin/shapes_one"))]
    {
        let out = work.path().join(target);
        let got = run(beambox()
            .arg("build")
            .arg(&source)
            .args(["--target", target, "--otp"])
            .arg(&runtime)
            .arg("-o")
            .arg(&out));
        assert!(got.0, "{target}: {got:?}");
        let got = match program {
            Some(program) => run(&mut Command::new(out.join(program))),
            None => {
                let mut erl = Command::new(root().join("bin/erl"));
                erl.arg("-noshell").arg("-pa").arg(&out);
                run(erl.args(["-mochi_program", "mochi_main_shapes_one", "-s", "mochi_start"]))
            }
        };
        assert_eq!((got.0, got.1.as_str()), (true, SAID), "{target}: {got:?}");
    }
}

#[test]
fn a_failing_program_fails_as_a_target_too() {
    let work = tempfile::tempdir().unwrap();
    let source = work.path().join("bad.mochi");
    fs::write(&source, "print(1)\nlet z = 0\nprint(1 / z)\n").unwrap();
    let runtime = runtime(work.path());
    let built = run(beambox()
        .arg("build")
        .arg(&source)
        .args(["--target", "beam-escript", "--otp"])
        .arg(runtime)
        .arg("-o")
        .arg(work.path()));
    assert!(built.0, "{built:?}");
    let got = run(&mut Command::new(work.path().join("bad")));
    assert!(!got.0 && got.1.starts_with("1\ncall graph: __main\n") && got.2.contains("division by zero"), "{got:?}");
}

#[test]
fn a_runtime_that_is_missing_is_said() {
    let work = tempfile::tempdir().unwrap();
    let source = work.path().join("x.mochi");
    fs::write(&source, "print(1)\n").unwrap();
    let got = run(beambox()
        .arg("build")
        .arg(&source)
        .args(["--target", "beam", "--otp"])
        .arg(work.path())
        .arg("-o")
        .arg(work.path()));
    assert!(!got.0 && got.2.contains("no OTP here"), "{got:?}");
}
