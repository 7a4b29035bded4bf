//! Times the programs of `tests/bench` on our native VM and on real OTP, in the same run, and prints the ratios.
//!
//! A program times itself by its machine's own clock and prints the least of five times with a hash of its result; both machines must agree
//! on the hash. The table is meant for `docs/perf-log.md`, with the commit and the machine added by hand. One run on a busy machine proves little.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::rc::Rc;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail};
use beambox_playground::{Program, Progress, Session, Settings, Stream, World};
use beambox_tests::{oracle, places};
use clap::Parser;

/// Times programs on our VM and on real OTP.
#[derive(Parser)]
#[command(name = "bench")]
struct Cli {
    /// Only programs whose name contains one of these.
    names: Vec<String>,
}

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> Result<()> {
    if cfg!(debug_assertions) {
        eprintln!("warning: not a release build; `cargo xtask bench` makes one");
    }
    let otp = places::otp()?;
    let code = places::target().join("bench");
    fs::create_dir_all(&code)?;
    let sources = sources()?;
    let compiled =
        Command::new(otp.join("erlc")).arg("-o").arg(&code).args(&sources).output().context("cannot start erlc")?;
    if !compiled.status.success() {
        bail!("the benchmarks don't compile:\n{}", String::from_utf8_lossy(&compiled.stdout));
    }
    let bundle = fs::read(places::bundle()?)?;
    println!("| program | beambox, ms | real OTP, ms | ratio |\n|---|---:|---:|---:|");
    let mut product: f64 = 1.0;
    let mut count = 0;
    for source in &sources {
        let module = source.file_stem().and_then(|s| s.to_str()).unwrap_or_default();
        let Some(name) = module.strip_prefix("bench_").filter(|name| *name != "timer") else { continue };
        if !cli.names.is_empty() && !cli.names.iter().any(|n| name.contains(n.as_str())) {
            continue;
        }
        let (stdout, stderr, _) = oracle::run_on_otp(&otp, &[&code], module)?;
        let theirs =
            parse(&stdout).with_context(|| format!("real OTP on {name}: {}", String::from_utf8_lossy(&stderr)))?;
        let ours = parse(&native(module, &code, &bundle).with_context(|| format!("{name} on our VM"))?)?;
        if ours.1 != theirs.1 {
            bail!("{name} computes something else on our VM than on real OTP");
        }
        let ratio = ours.0 / theirs.0;
        product *= ratio;
        count += 1;
        println!("| {name} | {:.2} | {:.2} | {ratio:.2} |", ours.0 / 1000.0, theirs.0 / 1000.0);
    }
    if count > 1 {
        println!("| geometric mean | | | {:.2} |", product.powf(1.0 / f64::from(count)));
    }
    Ok(())
}

fn sources() -> Result<Vec<PathBuf>> {
    let dir = places::root().join("tests/bench");
    let mut found: Vec<PathBuf> = fs::read_dir(&dir)?.flatten().map(|e| e.path()).collect();
    found.retain(|p| p.extension().is_some_and(|e| e == "erl"));
    found.sort();
    Ok(found)
}

/// Microseconds and hash, as `bench_timer` prints them.
fn parse(output: &[u8]) -> Result<(f64, u64)> {
    let text = String::from_utf8_lossy(output);
    let mut words = text.split_whitespace();
    let mut next = || words.next().with_context(|| format!("it printed {text:?} instead of a time and a hash"));
    Ok((next()?.parse::<f64>()?.max(1.0), next()?.parse()?))
}

/// Output to a buffer, and the machine's clock.
struct Clocked {
    start: Instant,
    output: Rc<RefCell<Vec<u8>>>,
}

impl World for Clocked {
    fn write(&mut self, _: Stream, bytes: &[u8]) {
        self.output.borrow_mut().extend_from_slice(bytes);
    }
    fn monotonic_ns(&mut self) -> Option<u64> {
        u64::try_from(self.start.elapsed().as_nanos()).ok()
    }
}

/// Runs `MODULE:main()` on our VM; what it wrote.
fn native(module: &str, code: &Path, bundle: &[u8]) -> Result<Vec<u8>> {
    let output = Rc::new(RefCell::new(Vec::new()));
    let world = Clocked { start: Instant::now(), output: output.clone() };
    let mut session = Session::new(Settings::default(), Box::new(world));
    session.add_bundle(bundle).map_err(|e| anyhow!("{e}"))?;
    for name in [module, "bench_timer"] {
        session.add_module(name, fs::read(code.join(format!("{name}.beam")))?);
    }
    let call = Program::Call { module: module.into(), function: "main".into(), args: Vec::new() };
    session.run(call).map_err(|e| anyhow!("{e}"))?;
    session.close_input();
    loop {
        match session.advance(10_000_000) {
            Progress::Ended(exit) if exit.status == 0 => return Ok(output.take()),
            Progress::Ended(exit) => {
                bail!("status {}: {} {}", exit.status, exit.reason, String::from_utf8_lossy(&output.borrow()))
            }
            Progress::Timer(ns) => std::thread::sleep(std::time::Duration::from_nanos(ns)),
            Progress::Busy => {}
            Progress::Module(name) => session.lack_module(&name),
            Progress::Idle | Progress::Input(_) => bail!("the program waits for something that never comes"),
        }
    }
}
