//! Every program in `tests/mochi` is compiled and run on real OTP 27, all in one node; stdout, stderr and status must be as its files
//! say, and `beam_validator` must find nothing.
//!
//! `NAME.mochi` with `NAME.out` (standard output; what comes before `call graph:` when the program fails), and perhaps `NAME.in`, `NAME.err` (part of
//! standard error) and `NAME.exit`. OTP is looked for in `BEAMBOX_OTP` (a directory with `bin/erl`), then on PATH.
//! `UPDATE_EXPECT=1` writes `.out` files that do not exist yet.

#![allow(clippy::expect_used, clippy::unwrap_used)]

use beambox_mochi::compile::{compile_with_cells, module_name};
use beambox_mochi::package::{NoFiles, emit_with_files};
use beambox_mochi::{CompileResult, Emit, Options, compile, compile_as, diag};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn erl() -> PathBuf {
    if let Some(dir) = std::env::var_os("BEAMBOX_OTP") {
        let erl = Path::new(&dir).join("bin/erl");
        assert!(erl.exists(), "BEAMBOX_OTP names {}, which has no bin/erl", dir.to_string_lossy());
        return erl;
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|d| d.join("erl"))
        .find(|p| p.exists())
        .expect("no OTP 27: put `erl` on PATH, or set BEAMBOX_OTP to its directory, or run `cargo xtask setup`")
}

fn programs() -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = fs::read_dir(root().join("tests/mochi"))
        .expect("tests/mochi")
        .map(|e| e.expect("entry").path())
        .filter(|p| p.extension().is_some_and(|e| e == "mochi"))
        .collect();
    all.sort();
    all
}

/// Runs an Erlang expression with the driver loaded as `M`.
fn driver(expression: &str) -> std::process::Output {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/driver/mochi_driver.erl");
    Command::new(erl())
        .args(["-noshell", "-eval"])
        .arg(format!(
            "{{ok, M, B}} = compile:file({:?}, [binary, report]), {{module, _}} = code:load_binary(M, \"\", B), {expression}.",
            file.to_string_lossy(),
        ))
        .current_dir(env!("CARGO_TARGET_TMPDIR"))
        .env("MOCHI_NOW_SEED", "0")
        .output()
        .expect("erl starts")
}

#[test]
fn programs_give_what_they_should() {
    run_all("mochi-programs", compile_as);
}

/// The analysis that keeps aggregates out of cells changes no program's meaning.
#[test]
fn programs_give_the_same_with_cells_everywhere() {
    run_all("mochi-cells", compile_with_cells);
}

/// A second way from the core IR to a program: the code generator and the texts must agree.
#[test]
fn programs_give_the_same_as_erlang_text() {
    run_as("mochi-erl", "erl", |s, f, _, o| emit_with_files(s, f, o, &NoFiles, Emit::Erlang));
}

#[test]
fn programs_give_the_same_as_core_erlang_text() {
    run_as("mochi-core", "core", |s, f, _, o| emit_with_files(s, f, o, &NoFiles, Emit::Core));
}

type Compile = fn(&str, &str, &str, &Options) -> CompileResult;

fn run_all(folder: &str, compile: Compile) {
    run_as(folder, "beam", compile);
}

fn run_as(folder: &str, end: &str, compile: Compile) {
    let work = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
    let _ = fs::remove_dir_all(&work);
    fs::create_dir_all(&work).expect("working directory");
    let mut list = String::new();
    let mut wrong = vec![];
    let only = std::env::var("MOCHI_ONLY").unwrap_or_default();
    let programs: Vec<PathBuf> = programs().into_iter().filter(|p| p.to_string_lossy().contains(&only)).collect();
    for p in &programs {
        let name = p.file_stem().expect("name").to_string_lossy().into_owned();
        let source = fs::read_to_string(p).expect("source");
        let r = compile(&source, &format!("{name}.mochi"), &module_name(&name), &Options::default());
        if r.modules.is_empty() {
            wrong.push(format!("{name}: does not compile\n{}", diag::render_all(&r.diagnostics, &source, &name)));
            continue;
        }
        for (module, bytes) in &r.modules {
            fs::write(work.join(format!("{module}.{end}")), bytes).expect("write");
            list.push_str(&format!("{module} {name}\n"));
        }
        if let Ok(input) = fs::read(p.with_extension("in")) {
            fs::write(work.join(format!("{name}.in")), input).expect("write");
        }
    }
    fs::write(work.join("programs"), list).expect("write");
    let out = driver(&format!(
        "M:main([{:?}, {:?}])",
        root().join("runtime-erl/src").to_string_lossy(),
        work.to_string_lossy()
    ));
    assert!(out.status.success(), "{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    for p in &programs {
        let name = p.file_stem().expect("name").to_string_lossy().into_owned();
        let read = |ext: &str| fs::read_to_string(work.join(format!("{name}.{ext}"))).unwrap_or_default();
        let expected = |ext: &str| fs::read_to_string(p.with_extension(ext)).ok();
        if !work.join(format!("{name}.status")).exists() {
            continue;
        }
        let stdout = read("stdout");
        let visible = stdout.split("call graph:").next().unwrap_or_default().to_owned();
        if expected("out").is_none() && std::env::var_os("UPDATE_EXPECT").is_some() {
            fs::write(p.with_extension("out"), &visible).expect("write");
        }
        match expected("out") {
            Some(e) if e == visible => {}
            Some(e) => wrong.push(format!("{name}: expected output\n{e}\nbut got\n{stdout}\n{}", read("stderr"))),
            None => wrong.push(format!("{name}: there is no {name}.out; the output is\n{stdout}\n{}", read("stderr"))),
        }
        let status = expected("exit").map_or("0".to_owned(), |s| s.trim().to_owned());
        if read("status") != status {
            wrong.push(format!("{name}: exit status {}, expected {status}\n{}", read("status"), read("stderr")));
        }
        if let Some(e) = expected("err")
            && !read("stderr").contains(e.trim())
        {
            wrong.push(format!("{name}: stderr should have\n{e}\nbut is\n{}", read("stderr")));
        }
        // What OTP's compiler makes is its own affair, and loses types when it is disassembled.
        if end == "beam" && read("valid") != "ok" {
            wrong.push(format!("{name}: beam_validator says {}", read("valid")));
        }
    }
    assert!(wrong.is_empty(), "{} of {} wrong:\n\n{}", wrong.len(), programs.len(), wrong.join("\n----\n"));
}

/// Taking one token away at a time: a diagnostic, or a module that `beam_validator` and the loader accept; never a panic.
#[test]
fn damaged_programs_do_no_harm() {
    let work = Path::new(env!("CARGO_TARGET_TMPDIR")).join("mochi-damaged");
    let _ = fs::remove_dir_all(&work);
    fs::create_dir_all(&work).expect("working directory");
    let mut count = 0;
    for p in programs() {
        let source = fs::read_to_string(&p).expect("source");
        let tokens = beambox_mochi::tokens(&source);
        let step = (tokens.len() / 40).max(1);
        for (start, end, _) in tokens.iter().step_by(step) {
            let mut cut = source.clone();
            cut.replace_range(*start as usize..*end as usize, "");
            let name = format!("mochi_main_cut{count}");
            let r = compile_as(&cut, "cut.mochi", &name, &Options::default());
            let errors = r.diagnostics.iter().any(diag::Diagnostic::is_error);
            assert_eq!(errors, r.modules.is_empty(), "{}: errors and modules must exclude each other", p.display());
            for (name, bytes) in &r.modules {
                count += 1;
                fs::write(work.join(format!("{name}.beam")), bytes).expect("write");
                fs::write(work.join(format!("{name}.mochi")), &cut).expect("write");
            }
        }
    }
    assert!(count > 50, "only {count} still compile");
    let out = driver(&format!("M:check([{:?}])", work.to_string_lossy()));
    assert!(out.status.success(), "{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
}

/// What a host does not offer is a diagnostic at its place: an error where nothing could run, else a warning.
#[test]
fn what_is_not_offered_is_told() {
    for (source, line, error) in [
        ("print(1)\nimport \"./p\" as p\nprint(p.f())\n", 2, true),
        ("import go \"os\" as os\n\nprint(os.Getenv(\"X\"))\n", 3, false),
    ] {
        let r = compile(source, "x.mochi", &Options::default());
        assert_eq!(r.modules.is_empty(), error, "{source}");
        let d = r.diagnostics.iter().find(|d| d.code == "X001").expect("told");
        assert_eq!(d.is_error(), error, "{source}");
        assert_eq!(source[..d.span.start as usize].matches('\n').count() + 1, line, "{source}");
    }
}

/// The module's name is a fixed form of the file's.
#[test]
fn modules_are_named_after_files() {
    assert_eq!(module_name("a/b/Hello World.mochi"), "mochi_main_hello_world");
    assert_eq!(module_name("lists.mochi"), "mochi_main_lists");
    assert_eq!(module_name(""), "mochi_main_");
    let r = compile("print(1)", "x.mochi", &Options::default());
    assert_eq!(r.modules[0].0, "mochi_main_x");
}
