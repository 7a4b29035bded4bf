//! Runs OTP's stdlib suites on our VM and on real OTP: `suites --sources DIR --beambox PROGRAM [--bless] [NAME[:CASE]..]`.
//!
//! `tests/expectations/suites.txt` lists the cases that pass on real OTP and not yet here, each with its reason; one that fails and isn't
//! listed is a regression, one that is listed and passes has to be taken off (`--bless`).

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use beambox_tests::places;
use beambox_tests::suites::{ALL, Report, Suites, Verdict};
use clap::Parser;

/// The least part of the cases passing on real OTP that must pass here.
const BAR: f64 = 0.97;

/// Runs OTP's stdlib suites on our VM and on real OTP.
#[derive(Parser)]
#[command(name = "suites")]
struct Cli {
    /// The root of OTP's source tree.
    #[arg(long)]
    sources: PathBuf,
    /// Our program.
    #[arg(long)]
    beambox: PathBuf,
    /// A folder of applications besides OTP's (PropEr).
    #[arg(long)]
    libraries: Option<PathBuf>,
    /// Write what fails now into the list, and take off it what passes.
    #[arg(long)]
    bless: bool,
    /// Suites, or `SUITE:CASE`; all when none is named.
    names: Vec<String>,
}

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> Result<bool> {
    let mut wanted: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for name in &cli.names {
        let (suite, case) = name.split_once(':').map_or((name.as_str(), None), |(s, c)| (s, Some(c)));
        wanted.entry(suite).or_default().extend(case.map(String::from));
    }
    if wanted.is_empty() {
        wanted = ALL.iter().map(|name| (*name, Vec::new())).collect();
    }
    let suites = Suites::prepare(&cli.sources, cli.libraries.as_deref())?;
    let mut listed = load()?;
    let (mut there, mut here, mut bad) = (0, 0, 0);
    let mut low = Vec::new();
    for (suite, cases) in &wanted {
        let start = Instant::now();
        suites.compile(suite)?;
        let otp = suites.on_otp(suite)?;
        let ours = suites.on_ours(&cli.beambox, suite, cases)?;
        let (all, passed, failed) = compare(suite, cases, &otp, &ours, &mut listed, cli.bless);
        println!("suite {suite}: {passed} of {all} cases that pass on real OTP ({} s)\n", start.elapsed().as_secs());
        if f64::from(passed) < BAR * f64::from(all) && cases.is_empty() {
            low.push(*suite);
        }
        there += all;
        here += passed;
        bad += failed;
    }
    if cli.bless {
        save(&listed)?;
    }
    let part = f64::from(here) / f64::from(there.max(1));
    println!("{here} of {there} cases, {:.1} %; {bad} failed that should pass", part * 100.0);
    if !low.is_empty() {
        println!("less than {:.0} % of {}", BAR * 100.0, low.join(", "));
    }
    Ok(bad == 0 && low.is_empty())
}

/// Prints each difference: how many cases pass on real OTP, how many of them here, how many fail unexpectedly.
fn compare(
    suite: &str,
    cases: &[String],
    otp: &Report,
    ours: &Report,
    listed: &mut BTreeMap<String, String>,
    bless: bool,
) -> (u32, u32, u32) {
    let (mut all, mut passed, mut failed) = (0, 0, 0);
    for (path, _) in otp.cases.iter().filter(|(_, verdict)| **verdict == Verdict::Passed) {
        let last = path.rsplit('/').next().unwrap_or(path);
        if !cases.is_empty() && !cases.iter().any(|c| c == last) {
            continue;
        }
        all += 1;
        let name = format!("{suite}:{path}");
        let why = match ours.cases.get(path) {
            Some(Verdict::Passed) => {
                passed += 1;
                if listed.contains_key(&name) {
                    match bless {
                        true => drop(listed.remove(&name)),
                        false => println!("test {name} ... ok, though listed (`--bless` takes it off)"),
                    }
                }
                continue;
            }
            Some(Verdict::Skipped(why)) => format!("skipped: {why}"),
            Some(Verdict::Failed(why)) => why.clone(),
            None => "never ran".to_string(),
        };
        match listed.get(&name) {
            Some(reason) => println!("test {name} ... ignored: {reason}"),
            None => {
                failed += u32::from(!bless);
                println!("test {name} ... FAILED\n    {why}");
            }
        }
        if bless {
            listed.entry(name).or_insert_with(|| why.chars().take(160).collect());
        }
    }
    if !ours.complete {
        println!("{suite}: our VM didn't come to the end\n{}", ours.errors);
    }
    (all, passed, failed)
}

const HEAD: &str = "\
# Cases of OTP's stdlib suites that pass on real OTP 27 and not here, with the reason. `cargo xtask suites` runs them all.
";

fn path() -> PathBuf {
    places::root().join("tests/expectations/suites.txt")
}

fn load() -> Result<BTreeMap<String, String>> {
    let text = fs::read_to_string(path()).unwrap_or_default();
    let mut listed = BTreeMap::new();
    for line in text.lines().filter(|l| !l.trim().is_empty() && !l.starts_with('#')) {
        let Some((name, why)) = line.split_once(' ') else { bail!("a case without a reason: {line}") };
        listed.insert(name.to_string(), why.trim().to_string());
    }
    Ok(listed)
}

fn save(listed: &BTreeMap<String, String>) -> Result<()> {
    let lines: String = listed.iter().map(|(name, why)| format!("{name} {}\n", why.replace('\n', " "))).collect();
    fs::write(path(), format!("{HEAD}{lines}")).context("cannot write the expectations")
}
