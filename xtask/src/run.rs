//! Running other programs: either with their output shown, or quietly with the output's end shown on failure.

use std::ffi::OsStr;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

/// Says in one line what comes next. All of xtask's own words go to stderr, so that stdout belongs to what it runs.
pub fn say(text: impl AsRef<str>) {
    let mut err = std::io::stderr().lock();
    let (on, off) = if err.is_terminal() { ("\x1b[1m", "\x1b[0m") } else { ("", "") };
    // A closed stderr is no reason to stop working.
    let _ = writeln!(err, "{on}xtask:{off} {}", text.as_ref());
}

/// Says what a long step does, runs it, and says how long it took when that was more than two seconds.
pub fn step<T>(what: &str, body: impl FnOnce() -> Result<T>) -> Result<T> {
    say(what);
    let start = Instant::now();
    let value = body()?;
    let seconds = start.elapsed().as_secs_f32();
    if seconds > 2.0 {
        say(format!("... done in {seconds:.0} s"));
    }
    Ok(value)
}

/// A command in `dir`, with nothing on standard input.
pub fn command<S: AsRef<OsStr>>(dir: &Path, program: S, args: &[&str]) -> Command {
    let mut cmd = Command::new(program);
    cmd.args(args).current_dir(dir).stdin(Stdio::null());
    cmd
}

/// Runs `cmd` with its output shown; an error names the command when it fails.
pub fn show(cmd: &mut Command) -> Result<()> {
    let status = cmd.status().with_context(|| format!("cannot start {}", name(cmd)))?;
    if !status.success() {
        bail!("{} failed ({status})", name(cmd));
    }
    Ok(())
}

/// Runs `cmd` without showing its output, and returns its stdout. On failure the error carries the output's last lines.
pub fn quiet(cmd: &mut Command) -> Result<String> {
    let out = cmd.output().with_context(|| format!("cannot start {}", name(cmd)))?;
    let stdout = String::from_utf8_lossy(&out.stdout).into_owned();
    if !out.status.success() {
        let stderr = String::from_utf8_lossy(&out.stderr);
        let all: Vec<&str> = stdout.lines().chain(stderr.lines()).collect();
        let tail = all[all.len().saturating_sub(15)..].join("\n  ");
        bail!("{} failed ({})\n  {tail}", name(cmd), out.status);
    }
    Ok(stdout)
}

/// The command's first words, for messages.
fn name(cmd: &Command) -> String {
    let program = Path::new(cmd.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let args: Vec<_> = cmd.get_args().take(6).map(|a| a.to_string_lossy().into_owned()).collect();
    format!("`{program} {}`", args.join(" "))
}
