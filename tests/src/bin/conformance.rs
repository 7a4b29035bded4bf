//! Runs the conformance programs on the hosts and compares with real OTP: `conformance [--host ..] [--strict] [--bless] [NAME..]`.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use beambox_tests::expect::Passing;
use beambox_tests::host::{Job, Kind, Outcome, Work};
use beambox_tests::oracle::{self, Known};
use beambox_tests::program::{self, Language, Program};
use clap::Parser;

/// Runs programs on our hosts and compares their output with the expectation.
#[derive(Parser)]
#[command(name = "conformance")]
struct Cli {
    /// Hosts to run on.
    #[arg(long = "host", value_delimiter = ',', default_value = "native")]
    hosts: Vec<Kind>,
    /// Also fail when a program passes that isn't listed yet.
    #[arg(long)]
    strict: bool,
    /// Add what passes to the expectations.
    #[arg(long)]
    bless: bool,
    /// Only programs whose name contains one of these.
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
    let all = program::all()?;
    let labels: BTreeSet<String> = all.iter().map(Program::label).collect();
    let mut passing = Passing::load()?;
    let gone: Vec<&str> = passing.unknown(&labels).collect();
    if !gone.is_empty() {
        bail!("the expectations name programs that don't exist: {}", gone.join(", "));
    }
    let wanted = |p: &&Program| cli.names.is_empty() || cli.names.iter().any(|n| p.label().contains(n.as_str()));
    let mut chosen: Vec<Program> = all.iter().filter(wanted).cloned().collect();
    if cfg!(feature = "gc_stress") {
        // Collections at every reservation change the sizes of heaps, which is what these programs print.
        chosen.retain(|p| !p.measures() && !p.is_heavy());
        println!(
            "without the programs of tests/memory, whose heaps aren't OTP's when every reservation collects, and the heavy ones"
        );
    }
    if chosen.is_empty() {
        bail!("no program's name contains {}", cli.names.join(" or "));
    }
    let known = oracle::learn(&chosen)?;
    let mut good = true;
    for &kind in &cli.hosts {
        let tasks = chosen.iter().map(|p| prepare(p, known.get(&p.name))).collect::<Result<Vec<Task>>>()?;
        good &= one_host(cli, kind, &tasks, &mut passing)?;
    }
    if cli.bless {
        passing.save()?;
    }
    Ok(good)
}

/// A program ready to run.
struct Task {
    label: String,
    job: Job,
    expected: Expected,
}

/// What must come of it.
struct Expected {
    stdout: Vec<u8>,
    /// The exit status.
    status: i32,
    /// Part of what it says on standard error or as its reason.
    stderr: String,
}

/// What a failing Mochi program prints after its own output: names of the VM's making, which are no part of the expectation.
const TRACE: &str = "call graph:";

fn prepare(program: &Program, known: Option<&Known>) -> Result<Task> {
    let (work, stdin, stdout) = match program.language {
        Language::Erlang => {
            let known = known.with_context(|| format!("real OTP said nothing about {}", program.name))?;
            let work = Work::Module { name: program.name.clone(), beam: known.beam.clone() };
            (work, Vec::new(), known.stdout.clone())
        }
        Language::Mochi => {
            let expected = program::beside(&program.source, "out")?;
            let expected = expected.with_context(|| format!("{} has no .out file", program.label()))?;
            let stdin = program::beside(&program.source, "in")?.unwrap_or_default();
            (Work::Mochi { source: program.source.clone() }, stdin, expected)
        }
    };
    let beside = |extension| -> Result<Option<String>> {
        let bytes = program::beside(&program.source, extension)?;
        Ok(bytes.map(|b| String::from_utf8_lossy(&b).trim().to_string()))
    };
    let status = beside("exit")?.map_or(Ok(0), |text| text.parse()).context("an .exit file holds no number")?;
    let expected = Expected { stdout, status, stderr: beside("err")?.unwrap_or_default() };
    Ok(Task { label: program.label(), job: Job { work, stdin }, expected })
}

/// Runs everything on one host; whether all is as it should be.
fn one_host(cli: &Cli, kind: Kind, tasks: &[Task], passing: &mut Passing) -> Result<bool> {
    let start = Instant::now();
    println!("\nrunning {} programs on {}", tasks.len(), kind.name());
    let mut host = kind.start().with_context(|| format!("the host {} doesn't start", kind.name()))?;
    let (mut passed, mut failed, mut wishes) = (0, 0, 0);
    let jobs: Vec<Job> = tasks.iter().map(|task| task.job.clone()).collect();
    host.run(&jobs, &mut |at, result| {
        let Some(task) = tasks.get(at) else { return };
        let label = &task.label;
        let listed = passing.contains(label, kind.name());
        match verdict(&task.expected, result) {
            Ok(()) if listed || cli.bless => {
                passing.insert(label, kind.name());
                passed += 1;
                println!("test {label} ... ok");
            }
            Ok(()) => {
                passed += 1;
                println!("test {label} ... ok (newly: `cargo xtask conformance --bless` lists it)");
            }
            Err(why) if listed => {
                failed += 1;
                println!("test {label} ... FAILED\n{}", indent(&why));
            }
            Err(why) => {
                wishes += 1;
                // In the whole suite the reasons of wishes would bury those of failures.
                let why = if cli.strict { String::new() } else { format!("\n{}", indent(&why)) };
                println!("test {label} ... ignored (wishlist){why}");
            }
        }
    });
    let word = if failed == 0 { "ok" } else { "FAILED" };
    println!(
        "\ntest result: {word}. {passed} passed; {failed} failed; {wishes} ignored; 0 measured; 0 filtered out; finished in {:.2}s",
        start.elapsed().as_secs_f32()
    );
    Ok(failed == 0)
}

/// Whether a result is what was expected, or why not.
fn verdict(expected: &Expected, result: Result<Outcome>) -> Result<(), String> {
    let mut outcome = result.map_err(|error| format!("{error:#}"))?;
    let said = format!("{}{}", String::from_utf8_lossy(&outcome.stderr), outcome.reason);
    if expected.status != 0 {
        let text = String::from_utf8_lossy(&outcome.stdout);
        let own = text.split_inclusive('\n').take_while(|line| !line.starts_with(TRACE)).collect::<String>();
        outcome.stdout = own.into_bytes();
    }
    if outcome.status != expected.status {
        return Err(format!("status {}: {said}\n{}", outcome.status, difference(&expected.stdout, &outcome.stdout)));
    }
    if outcome.stdout != expected.stdout {
        return Err(difference(&expected.stdout, &outcome.stdout));
    }
    match said.contains(&expected.stderr) {
        true => Ok(()),
        false => Err(format!("expected on standard error: {}\n  got: {said}", expected.stderr)),
    }
}

/// The first line in which two outputs differ.
fn difference(expected: &[u8], got: &[u8]) -> String {
    let (expected, got) = (String::from_utf8_lossy(expected), String::from_utf8_lossy(got));
    let (mut left, mut right) = (expected.lines(), got.lines());
    let short = |line: Option<&str>| line.map_or("(end of output)".to_string(), |l| l.chars().take(400).collect());
    for number in 1.. {
        match (left.next(), right.next()) {
            (None, None) => break,
            (a, b) if a == b => {}
            (a, b) => return format!("line {number}\n  expected: {}\n  got:      {}", short(a), short(b)),
        }
    }
    "the outputs differ in line ends only".to_string()
}

fn indent(text: &str) -> String {
    text.lines().take(12).map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}
