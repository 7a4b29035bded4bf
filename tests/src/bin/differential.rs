//! Random Erlang programs on our VM and on real OTP: `differential [--seconds N] [--seed N] [--functions N]`. What both print must be the same.

use std::fs;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use beambox_tests::host::{Job, Kind, Work};
use beambox_tests::{oracle, places, random_program};
use clap::Parser;

/// Runs random programs on our VM and on real OTP.
#[derive(Parser)]
#[command(name = "differential")]
struct Cli {
    /// How long.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// The first seed; each batch has the next one.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Functions of a batch.
    #[arg(long, default_value_t = 150)]
    functions: usize,
}

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// The number of batches that differ.
fn run(cli: &Cli) -> Result<usize> {
    let otp = places::otp()?;
    let found = places::target().join("fuzz/found");
    fs::create_dir_all(&found)?;
    let mut host = Kind::Native.start()?;
    let deadline = Instant::now() + Duration::from_secs(cli.seconds);
    let (mut batches, mut functions, mut differ) = (0, 0, 0);
    let mut seed = cli.seed;
    while Instant::now() < deadline {
        let work = tempfile::tempdir()?;
        let name = format!("random_{seed}");
        let source = work.path().join(format!("{name}.erl"));
        fs::write(&source, random_program::module(&name, seed, cli.functions))?;
        let compiled = Command::new(otp.join("erlc")).args(["-W0", "-o"]).arg(work.path()).arg(&source).output();
        let compiled = compiled.context("cannot start erlc")?;
        if !compiled.status.success() {
            let said = String::from_utf8_lossy(&compiled.stdout);
            fs::copy(&source, found.join(format!("{name}.erl")))?;
            bail!("seed {seed} doesn't compile:\n{}", said.lines().take(10).collect::<Vec<_>>().join("\n"));
        }
        let (expected, _, status) = oracle::run_on_otp(&otp, &[work.path()], &name)?;
        match status {
            Some(0) => {}
            // Too slow a program, or a machine with other work: nothing to compare with.
            None => {
                println!("seed {seed} takes too long on real OTP, left out");
                seed += 1;
                continue;
            }
            Some(status) => bail!("seed {seed} ends with status {status} on real OTP"),
        }
        let beam = work.path().join(format!("{name}.beam"));
        let jobs = [Job { work: Work::Module { name: name.clone(), beam: beam.clone() }, stdin: Vec::new() }];
        let mut why = None;
        host.run(&jobs, &mut |_, result| {
            why = match result {
                Err(error) => Some(format!("{error:#}")),
                Ok(o) if o.status != 0 => {
                    Some(format!("status {}: {} {}", o.status, o.reason, String::from_utf8_lossy(&o.stderr)))
                }
                Ok(o) if o.stdout != expected => Some(differences(&expected, &o.stdout)),
                Ok(_) => None,
            };
        });
        batches += 1;
        functions += cli.functions;
        if let Some(why) = why {
            differ += 1;
            fs::copy(&source, found.join(format!("{name}.erl")))?;
            println!("seed {seed} ({}):\n{why}", found.join(format!("{name}.erl")).display());
        }
        seed += 1;
    }
    println!("{batches} modules of {functions} functions, seeds {} to {}: {differ} differ", cli.seed, seed - 1);
    Ok(differ)
}

/// The first lines in which two outputs differ.
fn differences(expected: &[u8], got: &[u8]) -> String {
    let (expected, got) = (String::from_utf8_lossy(expected), String::from_utf8_lossy(got));
    let short = |line: &str| line.chars().take(600).collect::<String>();
    let mut out = Vec::new();
    for (a, b) in expected.lines().zip(got.lines()).filter(|(a, b)| a != b).take(4) {
        out.push(format!("  expected: {}\n  got:      {}", short(a), short(b)));
    }
    if expected.lines().count() != got.lines().count() {
        out.push(format!("  {} lines, expected {}", got.lines().count(), expected.lines().count()));
    }
    out.join("\n")
}
