//! Real OTP: compiles the Erlang programs, and decides what they print.
//!
//! Both results are kept under the target folder, by the hash of the source and of the OTP that made them, so that only a changed program
//! starts `erl` again. A program that fails or prints nothing on real OTP is an error of the test suite, never an expectation.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::Mutex;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::places;
use crate::program::{Language, Program};

/// How long a program may take on real OTP.
const PATIENCE: Duration = Duration::from_secs(60);

/// An Erlang program as real OTP knows it.
#[derive(Clone, Debug)]
pub struct Known {
    /// Its compiled form.
    pub beam: PathBuf,
    /// What it prints.
    pub stdout: Vec<u8>,
}

/// Compiles the Erlang programs among these and learns what they print.
pub fn learn(programs: &[Program]) -> Result<BTreeMap<String, Known>> {
    let otp = places::otp()?;
    let identity = identity(&otp)?;
    let dir = places::target().join("conformance");
    fs::create_dir_all(&dir)?;
    let erlang: Vec<&Program> = programs.iter().filter(|p| p.language == Language::Erlang).collect();
    let mut known = BTreeMap::new();
    let mut unknown = Vec::new();
    for program in erlang {
        let source = fs::read(&program.source).with_context(|| format!("cannot read {}", program.source.display()))?;
        let mut hash = Sha256::new();
        hash.update(&identity);
        hash.update(&source);
        if program.name.starts_with("app_") {
            // Programs of Mochi's runtime are asked about again when it changes; `stamp` is a hash of its sources, too.
            hash.update(fs::read(places::target().join("bundle/stamp")).unwrap_or_default());
        }
        let home = dir.join(&format!("{:x}", hash.finalize())[..32]);
        let entry = Known { beam: home.join(format!("{}.beam", program.name)), stdout: Vec::new() };
        match fs::read(home.join("stdout")) {
            Ok(stdout) if entry.beam.exists() => {
                known.insert(program.name.clone(), Known { stdout, ..entry });
            }
            _ => unknown.push((program, home)),
        }
    }
    if unknown.is_empty() {
        return Ok(known);
    }
    eprintln!("asking real OTP about {} programs", unknown.len());
    let queue = Mutex::new(unknown.into_iter());
    let learnt = Mutex::new(Ok(known));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, |n| n.get()).min(4) {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().ok().and_then(|mut q| q.next());
                    let Some((program, home)) = next else { break };
                    let answer = ask(&otp, program, &home);
                    let Ok(mut all) = learnt.lock() else { break };
                    match (&mut *all, answer) {
                        (Ok(map), Ok(entry)) => drop(map.insert(program.name.clone(), entry)),
                        (Ok(_), Err(error)) => *all = Err(error),
                        (Err(_), _) => break,
                    }
                }
            });
        }
    });
    learnt.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// What tells one OTP from another: its release files name the exact versions.
pub fn identity(otp: &Path) -> Result<String> {
    let erl = fs::canonicalize(otp.join("erl")).context("no `erl` in OTP's bin folder")?;
    let data =
        erl.ancestors().skip(2).take(2).find_map(|dir| fs::read_to_string(dir.join("releases/start_erl.data")).ok());
    Ok(format!("oracle 4 {} {}", erl.display(), data.unwrap_or_default()))
}

/// Works in a folder of its own and moves it to its place when all is there: tests are processes of their own and may ask at the same time.
fn ask(otp: &Path, program: &Program, home: &Path) -> Result<Known> {
    let parent = home.parent().context("the oracle's folder has no parent")?;
    let work = tempfile::Builder::new().prefix("asking-").tempdir_in(parent)?;
    let compiled =
        Command::new(otp.join("erlc")).args(["+deterministic", "-o"]).arg(work.path()).arg(&program.source).output();
    let compiled = compiled.context("cannot start erlc")?;
    if !compiled.status.success() {
        bail!("real OTP doesn't compile {}:\n{}", program.label(), String::from_utf8_lossy(&compiled.stdout));
    }
    // Programs may use the runtime of Mochi, as it lies beside the bundle.
    let runtime = places::target().join("bundle/runtime-erl");
    let (stdout, stderr, status) = run_on_otp(otp, &[work.path(), &runtime], &program.name)?;
    if status != Some(0) || stdout.is_empty() {
        bail!("real OTP doesn't run {} to its end:\n{}", program.label(), String::from_utf8_lossy(&stderr));
    }
    fs::write(work.path().join("stdout"), &stdout)?;
    // Another process may have been faster; what it found is as good.
    if let Err(error) = fs::rename(work.path(), home)
        && !home.join("stdout").exists()
    {
        return Err(error).with_context(|| format!("cannot keep the answer at {}", home.display()));
    }
    Ok(Known { beam: home.join(format!("{}.beam", program.name)), stdout })
}

/// Runs `MODULE:main()` on real OTP: its output, its errors, its exit status (`None`: it did not end in time).
///
/// No log handler: what the VM reports about crashed processes goes nowhere, here as on our hosts.
pub fn run_on_otp(otp: &Path, code: &[&Path], module: &str) -> Result<(Vec<u8>, Vec<u8>, Option<i32>)> {
    let main = format!(
        "io:setopts([{{encoding, unicode}}]), logger:set_primary_config(level, none), logger:remove_handler(default), \
         try {module}:main() of _ -> halt(0) catch C:R:S -> io:format(standard_error, \"~p~n\", [{{C, R, S}}]), halt(1) end."
    );
    let mut erl = Command::new(otp.join("erl"));
    erl.args(["-noinput", "-boot", "start_clean"]);
    for dir in code {
        erl.arg("-pa").arg(dir);
    }
    erl.arg("-eval").arg(main).env("LC_ALL", "C.UTF-8").stdin(Stdio::null());
    collect(&mut erl, None, PATIENCE).context("cannot start erl")
}

/// What is written to a command's standard input, on a thread of its own.
pub type Feed = Box<dyn FnOnce(ChildStdin) + Send>;

/// Runs a command to its end or to the end of our patience: output, errors, exit status.
pub fn collect(
    command: &mut Command,
    feed: Option<Feed>,
    patience: Duration,
) -> Result<(Vec<u8>, Vec<u8>, Option<i32>)> {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    if let (Some(feed), Some(stdin)) = (feed, child.stdin.take()) {
        std::thread::spawn(move || feed(stdin));
    }
    let stdout = drain(child.stdout.take());
    let stderr = drain(child.stderr.take());
    let deadline = Instant::now() + patience;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break Some(status.code().unwrap_or(-1));
        }
        if Instant::now() > deadline {
            child.kill()?;
            child.wait()?;
            break None;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    Ok((stdout.join().unwrap_or_default(), stderr.join().unwrap_or_default(), status))
}

/// Reads a pipe to its end on a thread, so that it can't fill up and block the child.
fn drain(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // A pipe that breaks has given what it had.
            let _ = pipe.read_to_end(&mut bytes);
        }
        bytes
    })
}
