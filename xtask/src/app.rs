//! The section `app`: the tests of the OTP application `mochi`, on real OTP with coverage and Dialyzer, then on OTP booted by our program.
//!
//! Everything is compiled by real `erlc` into `target/app`; `runtime-erl/test/app_runner.erl` runs it and ends with a status. Where
//! PropEr and Dialyzer can't be had (no Debian tools, not installed), their parts are left out with a word about it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::paths::Paths;
use crate::run::{command, quiet, say, show};
use crate::setup;

/// Runs all of it.
pub fn app(paths: &Paths, otp: &Path) -> Result<()> {
    let extras = setup::otp::extras(paths, otp)?;
    let erl = |program: &Path, args: &[&str]| {
        let mut cmd = command(&paths.root, program, args);
        if let Some(dir) = &extras {
            cmd.env("ERL_LIBS", dir);
        }
        cmd
    };
    let ebin = compiled(paths, otp, &erl)?;
    let beambox = program(paths)?;
    let programs = mochi_programs(paths, &beambox)?;
    let options = |logs: &str, more: &[&str]| {
        let mut all = vec![
            "-ebin".to_string(),
            ebin.display().to_string(),
            "-programs".into(),
            programs.display().to_string(),
            "-logs".into(),
            paths.target.join("app").join(logs).display().to_string(),
        ];
        all.extend(more.iter().map(ToString::to_string));
        format!("app_runner:main([{}])", all.iter().map(|a| format!("{a:?}")).collect::<Vec<_>>().join(","))
    };
    let ebin_text = ebin.display().to_string();

    say("on real OTP, with coverage");
    let call = options("logs-otp", &["-numtests", "100", "-cover"]);
    show(&mut erl(&otp.join("erl"), &["-noshell", "-pa", &ebin_text, "-eval", &call]))?;

    match setup::otp::has(otp, extras.as_deref(), "dialyzer") {
        true => {
            say("Dialyzer (the first time some minutes for OTP's own modules)");
            let script = paths.root.join("runtime-erl/test/dialyze.escript").display().to_string();
            let plt = paths.target.join("app/otp.plt").display().to_string();
            show(&mut erl(&otp.join("escript"), &[&script, &plt, &ebin_text]))?;
        }
        false => say("no Dialyzer here: its part is left out"),
    }

    say("on our VM");
    let call = options("logs-ours", &["-numtests", "20"]);
    let root = setup::otp::root(otp).display().to_string();
    show(&mut erl(&beambox, &["erl", "--otp", &root, "-noshell", "-pa", &ebin_text, "-eval", &call]))
}

/// The application and its tests, compiled.
fn compiled(paths: &Paths, otp: &Path, erl: &dyn Fn(&Path, &[&str]) -> Command) -> Result<PathBuf> {
    let ebin = paths.target.join("app/ebin");
    if ebin.exists() {
        fs::remove_dir_all(&ebin)?;
    }
    fs::create_dir_all(&ebin)?;
    let out = ebin.display().to_string();
    let mut ours = Vec::new();
    for folder in ["src", "test"] {
        let dir = paths.root.join("runtime-erl").join(folder);
        let mut sources: Vec<PathBuf> = fs::read_dir(&dir)?.flatten().map(|e| e.path()).collect();
        sources.retain(|p| p.extension().is_some_and(|e| e == "erl"));
        sources.sort();
        if folder == "src" {
            ours.extend(sources.iter().filter_map(|p| Some(p.file_stem()?.to_string_lossy().into_owned())));
        } else if !setup::otp::has(otp, setup::otp::extras(paths, otp)?.as_deref(), "proper") {
            say("no PropEr here: the properties are left out");
            sources.retain(|p| !p.file_name().is_some_and(|n| n.to_string_lossy().starts_with("prop_")));
        }
        // Behaviours of ours are looked up where the modules go.
        let mut erlc = erl(&otp.join("erlc"), &["+debug_info", "-pa", &out, "-o", &out]);
        quiet(erlc.args(&sources)).with_context(|| format!("runtime-erl/{folder} doesn't compile"))?;
    }
    let text = fs::read_to_string(paths.root.join("runtime-erl/src/mochi.app.src"))?;
    let mochi: Vec<&str> = ours.iter().map(String::as_str).filter(|m| m.starts_with("mochi")).collect();
    fs::write(ebin.join("mochi.app"), text.replace("{modules, []}", &format!("{{modules, [{}]}}", mochi.join(", "))))?;
    Ok(ebin)
}

/// Our program, optimised.
fn program(paths: &Paths) -> Result<PathBuf> {
    let target = paths.target.join("stress");
    let build = ["build", "--quiet", "--profile", "stress", "--package", "beambox-cli", "--target-dir"];
    show(command(&paths.root, "cargo", &build).arg(&target))?;
    Ok(target.join("stress/beambox"))
}

/// The Mochi programs of the tests, compiled, beside what they read and should print.
fn mochi_programs(paths: &Paths, beambox: &Path) -> Result<PathBuf> {
    let out = paths.target.join("app/programs");
    if out.exists() {
        fs::remove_dir_all(&out)?;
    }
    fs::create_dir_all(&out)?;
    let mut count = 0;
    for entry in fs::read_dir(paths.root.join("tests/mochi"))?.flatten() {
        let path = entry.path();
        match path.extension().and_then(|e| e.to_str()) {
            Some("mochi") => {
                quiet(command(&paths.root, beambox, &["build"]).arg(&path).arg("-o").arg(&out))?;
                count += 1;
            }
            Some("out" | "in") => {
                fs::copy(&path, out.join(entry.file_name()))?;
            }
            _ => {}
        }
    }
    match count {
        0 => bail!("no Mochi programs in tests/mochi"),
        _ => Ok(out),
    }
}
