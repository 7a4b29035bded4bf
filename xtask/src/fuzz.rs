//! `cargo xtask fuzz TARGET`: builds a fuzz target with coverage counters, gives it seeds of the project's own, and runs it.
//!
//! The targets are libFuzzer's; stable Rust builds them with the counters that cargo-fuzz asks for, without its sanitizers. Inputs are kept in
//! `target/fuzz/corpus`, what is found in `target/fuzz/found`. No part of `cargo xtask test`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use clap::ValueEnum;

use crate::paths::Paths;
use crate::run::{command, quiet, say, show};
use crate::{bundle, locked, setup};

/// What can be fuzzed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Target {
    /// Reading and writing `.beam` files.
    Beamfile,
    /// The external term format.
    Etf,
    /// Loading and running changed modules, every access checked.
    Exec,
    /// The Mochi compiler.
    Mochi,
    /// Regular expressions.
    Regex,
    /// Random Erlang programs, on ours and on real OTP.
    Differential,
}

const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing";

/// Builds and runs a target for so many seconds.
pub fn fuzz(paths: &Paths, target: Target, seconds: u64) -> Result<()> {
    let otp = locked(paths, setup::otp::otp)?;
    if target == Target::Differential {
        return differential(paths, &otp, seconds);
    }
    let name = format!("{target:?}").to_lowercase();
    let dir = paths.target.join("fuzz");
    let (corpus, found) = (dir.join("corpus").join(&name), dir.join("found"));
    fs::create_dir_all(&corpus)
        .and_then(|()| fs::create_dir_all(&found))
        .context("cannot make the fuzzer's folders")?;
    seeds(paths, target, &otp, &corpus)?;
    say(format!("building the fuzz target {name}"));
    let host = quiet(&mut command(&paths.root, "rustc", &["-vV"]))?;
    let host = host.lines().find_map(|l| l.strip_prefix("host: ")).context("rustc doesn't say what its host is")?;
    // With a target of its own, so that the flags are not for build scripts.
    let build = ["build", "--quiet", "--release", "--bin", &name, "--target", host, "--target-dir"];
    let mut cargo = command(&paths.root.join("fuzz"), "cargo", &build);
    show(cargo.arg(dir.join("build")).env("RUSTFLAGS", FLAGS))?;
    let program = dir.join("build").join(host).join("release").join(&name);
    let mut run = command(&dir, program, &["-timeout=20", "-rss_limit_mb=4000", "-print_final_stats=1"]);
    run.arg(format!("-max_total_time={seconds}")).arg(format!("-artifact_prefix={}/{name}-", found.display()));
    show(run.arg(&corpus))
}

fn copy(from: &Path, extension: &str, most: u64, to: &Path) -> Result<()> {
    for entry in fs::read_dir(from).with_context(|| format!("cannot list {}", from.display()))?.flatten() {
        let path = entry.path();
        let short = entry.metadata().is_ok_and(|m| m.is_file() && m.len() < most);
        if short && path.extension().is_some_and(|e| e == extension) {
            fs::copy(&path, to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

/// Inputs to start from.
fn seeds(paths: &Paths, target: Target, otp: &Path, corpus: &Path) -> Result<()> {
    match target {
        Target::Beamfile | Target::Exec => {
            let mut erlc =
                command(&paths.root.join("fuzz/seeds"), otp.join("erlc"), &["+deterministic", "+no_docs", "-o"]);
            erlc.arg(corpus);
            for entry in fs::read_dir(paths.root.join("fuzz/seeds"))?.flatten() {
                erlc.arg(entry.path());
            }
            show(&mut erlc)
        }
        Target::Mochi => copy(&paths.root.join("tests/mochi"), "mochi", 1 << 14, corpus),
        Target::Etf | Target::Regex | Target::Differential => Ok(()),
    }
}

/// Random programs, with a runner of the harness.
fn differential(paths: &Paths, otp: &Path, seconds: u64) -> Result<()> {
    bundle::bundle(paths, otp)?;
    let build =
        ["run", "--quiet", "--profile", "stress", "--package", "beambox-tests", "--bin", "differential", "--features"];
    let mut cargo = command(&paths.root, "cargo", &build);
    cargo.arg("checked").arg("--target-dir").arg(paths.target.join("checked"));
    show(cargo.args(["--", "--seconds"]).arg(seconds.to_string()).env("BEAMBOX_OTP", setup::otp::root(otp)))
}
