//! Times the programs of `tests/bench` on our native VM and on real OTP, in the same run, and prints the ratios; with `--host`, in a browser
//! and on our native VM; with `--mochi`, Mochi programs beside hand-written Erlang on our native VM.
//!
//! A program times itself by its machine's own clock, at its own size and at ten times that, and prints the least of several times with a
//! hash of its results; both machines must agree on the hash. The ratio at ten times the size tells whether the complexity is OTP's. The table is meant for `docs/perf-log.md`, with the commit and the machine added by hand. One run on a busy machine proves little.

use std::cell::RefCell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::rc::Rc;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail};
use beambox_playground::{Arg, Program, Progress, Session, Settings, Stream, World};
use beambox_tests::host::Kind;
use beambox_tests::host::web::Web;
use beambox_tests::{oracle, places};
use clap::Parser;

/// Times programs on our VM and on real OTP, or in a browser and natively.
#[derive(Parser)]
#[command(name = "bench")]
struct Cli {
    /// Compare this host of ours (`node` or `chromium`) with our own native one, instead of that with real OTP.
    #[arg(long)]
    host: Option<Kind>,
    /// Mochi programs (`tests/bench/mochi`) beside the same written by hand in Erlang, both on our native VM.
    #[arg(long)]
    mochi: bool,
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
    let sources = sources(if cli.mochi { "tests/bench/mochi" } else { "tests/bench" })?;
    let timer = places::root().join("tests/bench/pair_timer.erl");
    let compiled = Command::new(otp.join("erlc"))
        .arg("-o")
        .arg(&code)
        .args(&sources)
        .arg(&timer)
        .output()
        .context("cannot start erlc")?;
    if !compiled.status.success() {
        bail!("the benchmarks don't compile:\n{}", String::from_utf8_lossy(&compiled.stdout));
    }
    let bundle = fs::read(places::bundle()?)?;
    if cli.mochi {
        return pairs(cli, &sources, &code, &bundle);
    }
    let web = match cli.host {
        None => None,
        Some(Kind::Node) => Some(Web::start("node")?),
        Some(Kind::Chromium) => Some(Web::start("chromium")?),
        Some(other) => bail!("programs can't be timed on the host {}", other.name()),
    };
    let (this, that) = match cli.host {
        None => ("beambox", "real OTP"),
        Some(host) => (host.name(), "native"),
    };
    println!("| program | {this}, ms | {that}, ms | ratio | ratio at 10 times the size |\n|---|---:|---:|---:|---:|");
    let mut product = (1.0f64, 1.0f64);
    let mut count = 0;
    for source in &sources {
        let module = source.file_stem().and_then(|s| s.to_str()).unwrap_or_default();
        let Some(name) = module.strip_prefix("bench_").filter(|name| *name != "timer") else { continue };
        if !cli.names.is_empty() && !cli.names.iter().any(|n| name.contains(n.as_str())) {
            continue;
        }
        let ours = parse(&native(module, &code, &bundle).with_context(|| format!("{name} on our VM"))?)?;
        let (this, that) = match &web {
            None => {
                let (stdout, stderr, _) = oracle::run_on_otp(&otp, &[&code], module)?;
                let said = || format!("real OTP on {name}: {}", String::from_utf8_lossy(&stderr));
                (ours, parse(&stdout).with_context(said)?)
            }
            Some(web) => (parse(&web.timed(module, &code).with_context(|| format!("{name} in the browser"))?)?, ours),
        };
        if this.hash != that.hash {
            bail!("{name} computes something else on one machine than on the other");
        }
        let (ratio, large) = (this.small / that.small, this.large / that.large);
        product = (product.0 * ratio, product.1 * large);
        count += 1;
        println!("| {name} | {:.2} | {:.2} | {ratio:.2} | {large:.2} |", this.small / 1000.0, that.small / 1000.0);
    }
    if count > 1 {
        let mean = |product: f64| product.powf(1.0 / f64::from(count));
        println!("| geometric mean | | | {:.2} | {:.2} |", mean(product.0), mean(product.1));
    }
    Ok(())
}

/// Mochi beside Erlang. Both must print the same.
fn pairs(cli: &Cli, sources: &[PathBuf], code: &Path, bundle: &[u8]) -> Result<()> {
    println!("| program | Mochi, ms | Erlang, ms | ratio |\n|---|---:|---:|---:|");
    let (mut product, mut count) = (1.0f64, 0);
    for source in sources {
        let name = source.file_stem().and_then(|s| s.to_str()).unwrap_or_default();
        if !cli.names.is_empty() && !cli.names.iter().any(|n| name.contains(n.as_str())) {
            continue;
        }
        let file = format!("{name}.mochi");
        let text = fs::read_to_string(source.with_extension("mochi"))?;
        let compiled = beambox_mochi::compile(&text, &file, &beambox_mochi::Options::default());
        let (module, bytes) = compiled.modules.first().with_context(|| {
            format!("{file} doesn't compile:\n{}", beambox_mochi::diag::render_all(&compiled.diagnostics, &text, &file))
        })?;
        fs::write(code.join(format!("{module}.beam")), bytes)?;
        let timed = |module: &str| -> Result<(String, f64)> {
            let args = vec![Arg::Atom(module.into())];
            let output = call("pair_timer", args, code, bundle).with_context(|| format!("{module} on our VM"))?;
            let text = String::from_utf8_lossy(&output).into_owned();
            let (printed, time) =
                text.trim_end().rsplit_once('\n').with_context(|| format!("{module} printed {text:?}"))?;
            Ok((printed.to_owned(), time.parse::<f64>()?.max(1.0)))
        };
        let (ours, hand) = (timed(module)?, timed(name)?);
        if ours.0 != hand.0 {
            bail!("{name} prints {:?} in Mochi and {:?} in Erlang", ours.0, hand.0);
        }
        let ratio = ours.1 / hand.1;
        product *= ratio;
        count += 1;
        println!("| {name} | {:.2} | {:.2} | {ratio:.2} |", ours.1 / 1000.0, hand.1 / 1000.0);
    }
    if count > 1 {
        println!("| geometric mean | | | {:.2} |", product.powf(1.0 / f64::from(count)));
    }
    Ok(())
}

fn sources(folder: &str) -> Result<Vec<PathBuf>> {
    let dir = places::root().join(folder);
    let mut found: Vec<PathBuf> = fs::read_dir(&dir)?.flatten().map(|e| e.path()).collect();
    found.retain(|p| p.extension().is_some_and(|e| e == "erl") && !p.ends_with("pair_timer.erl"));
    found.sort();
    Ok(found)
}

/// What `bench_timer` prints: microseconds at a program's own size and at ten times that, and the hash of the results.
struct Timed {
    small: f64,
    large: f64,
    hash: u64,
}

fn parse(output: &[u8]) -> Result<Timed> {
    let text = String::from_utf8_lossy(output);
    let mut words = text.split_whitespace();
    let mut next = || words.next().with_context(|| format!("it printed {text:?} instead of two times and a hash"));
    Ok(Timed {
        small: next()?.parse::<f64>()?.max(1.0),
        large: next()?.parse::<f64>()?.max(1.0),
        hash: next()?.parse()?,
    })
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
    call(module, Vec::new(), code, bundle)
}

fn call(module: &str, args: Vec<Arg>, code: &Path, bundle: &[u8]) -> Result<Vec<u8>> {
    let output = Rc::new(RefCell::new(Vec::new()));
    let world = Clocked { start: Instant::now(), output: output.clone() };
    let mut session = Session::new(Settings::default(), Box::new(world));
    session.add_bundle(bundle).map_err(|e| anyhow!("{e}"))?;
    for entry in fs::read_dir(code)?.flatten().filter(|e| e.path().extension().is_some_and(|x| x == "beam")) {
        let path = entry.path();
        session.add_module(path.file_stem().and_then(|s| s.to_str()).unwrap_or_default(), fs::read(&path)?);
    }
    let call = Program::Call { module: module.into(), function: "main".into(), args };
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
