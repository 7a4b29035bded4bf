//! `beambox erl`, `erlc` and `escript`: unmodified OTP on this VM.

mod args;
mod words;

use crate::failure::Failure;
use args::Line;
use beambox::otp::{self, Otp};
use std::env;
use std::ffi::OsString;
use std::io::Write;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// Memory of a program, unless `--memory` says otherwise: all that a VM can have.
const MEMORY: u64 = 4 << 30;

/// Runs `erl` with these arguments; the exit status.
pub fn erl(arguments: Vec<OsString>) -> Result<i32, Failure> {
    let (own, rest) = own_options(arguments)?;
    let environment = |name: &str| env::var(name).ok();
    let line = args::parse(rest, &environment).map_err(Failure::Because)?;
    boot(&own, line, "erl")
}

/// Runs `erlc` with these arguments: OTP's compilers, as its `erlc` calls them.
pub fn erlc(arguments: Vec<OsString>) -> Result<i32, Failure> {
    let (own, rest) = own_options(arguments)?;
    // What `erlc` puts before its own arguments; `+` and `-` of those are OTP's to read.
    let mut line = Line::default();
    for word in
        ["-noinput", "-mode", "minimal", "-boot", "start_clean", "-s", "erl_compile", "compile_cmdline", "-extra"]
    {
        line.init.push(word.as_bytes().to_vec());
    }
    line.init.insert(0, b"-noshell".to_vec());
    if rest.is_empty() {
        return Err(Failure::Because("no file is given; `beambox erlc FILE.erl` compiles one".into()));
    }
    line.init.extend(rest);
    boot(&own, line, "erlc")
}

/// Runs a script with these arguments, as OTP's `escript` does.
pub fn escript(arguments: Vec<OsString>) -> Result<i32, Failure> {
    let (own, rest) = own_options(arguments)?;
    let mut line = Line::default();
    let mut rest = rest.into_iter().peekable();
    let mut flags = Vec::new();
    while let Some(word) = rest.next_if(|w| w.first() == Some(&b'-')) {
        flags.push(word);
    }
    let Some(file) = rest.next() else {
        return Err(Failure::Because("no script is given; `beambox escript FILE ARGS` runs one".into()));
    };
    let path = PathBuf::from(OsString::from_vec(file.clone()));
    if !path.is_file() {
        return Err(Failure::Because(format!("escript: Failed to open file: {}", path.display())));
    }
    let (emulator, more) = words::emulator_line(&path).map_err(|e| Failure::at(&path, e))?;
    let environment = |name: &str| env::var(name).ok();
    if emulator {
        let parsed = args::parse(more, &environment).map_err(Failure::Because)?;
        line = Line { init: Vec::new(), ..parsed.clone() };
        line.init.push(b"-boot".to_vec());
        line.init.push(b"no_dot_erlang".to_vec());
        line.init.push(b"-noshell".to_vec());
        line.init.extend(parsed.init);
    } else {
        for word in ["-boot", "no_dot_erlang", "-noshell"] {
            line.init.push(word.as_bytes().to_vec());
        }
    }
    for word in ["-run", "escript", "start"] {
        line.init.push(word.as_bytes().to_vec());
    }
    line.init.extend(flags.into_iter().map(|f| f[1..].to_vec()));
    line.init.push(b"-extra".to_vec());
    line.init.push(file);
    line.init.extend(rest);
    boot(&own, line, "escript")
}

/// Options of ours, which stand before OTP's.
#[derive(Debug, Default)]
struct Own {
    otp: Option<PathBuf>,
    memory: Option<u64>,
}

fn own_options(arguments: Vec<OsString>) -> Result<(Own, Vec<Vec<u8>>), Failure> {
    let mut own = Own::default();
    let mut rest = arguments.into_iter().peekable();
    while let Some(option) = rest.next_if(|w| w == "--otp" || w == "--memory") {
        let Some(value) = rest.next() else {
            return Err(Failure::Because(format!("{} needs a value", option.to_string_lossy())));
        };
        if option == "--otp" {
            own.otp = Some(value.into());
        } else {
            let size = crate::args::memory(&value.to_string_lossy());
            own.memory = Some(size.map_err(|e| Failure::Because(format!("--memory: {e}")))?);
        }
    }
    Ok((own, rest.map(OsString::into_vec).collect()))
}

fn boot(own: &Own, line: Line, progname: &str) -> Result<i32, Failure> {
    let root = otp::root(own.otp.as_deref())?;
    let version = otp::erts_version(&root)?;
    if line.print_version {
        let _ = writeln!(std::io::stderr(), "Erlang (BEAM) emulator version {version}");
        return Ok(0);
    }
    let bindir = root.join(format!("erts-{version}/bin"));
    let arguments = arguments(&line, &root, &bindir, progname);
    if line.print_arguments {
        let mut out = std::io::stdout().lock();
        for word in line.emulator.iter().chain([&b"--".to_vec()]).chain(&arguments) {
            // Who closed standard output doesn't want them.
            let _ = out.write_all(word).and_then(|()| out.write_all(b"\n"));
        }
        if line.exit_after_printing {
            return Ok(0);
        }
    }
    let mut environment: Vec<(String, String)> =
        env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?))).collect();
    let text = |p: &Path| p.display().to_string();
    environment.push(("ROOTDIR".into(), text(&root)));
    environment.push(("BINDIR".into(), text(&bindir)));
    environment.push(("PROGNAME".into(), progname.into()));
    environment.push(("EMU".into(), "beam".into()));
    environment.extend(line.environment);
    let cwd = env::current_dir().map_err(|e| Failure::Because(format!("the current directory: {e}")))?;
    let otp = Otp {
        root,
        args: arguments,
        init: line.init_module.unwrap_or_else(|| "init".into()),
        memory: own.memory.unwrap_or(MEMORY),
        max_processes: line.max_processes.unwrap_or(1 << 20),
        max_atoms: line.max_atoms.unwrap_or(1 << 20),
        max_ets_tables: line.max_ets_tables.unwrap_or(8192),
        environment,
        cwd,
    };
    Ok(otp::run(&otp)?)
}

/// Everything that `init` gets, as `erlexec` arranges it.
fn arguments(line: &Line, root: &Path, bindir: &Path, progname: &str) -> Vec<Vec<u8>> {
    let home = env::var_os("HOME").unwrap_or_else(|| "/".into());
    let mut out: Vec<Vec<u8>> = vec![
        b"-root".to_vec(),
        root.as_os_str().as_bytes().to_vec(),
        b"-bindir".to_vec(),
        bindir.as_os_str().as_bytes().to_vec(),
        b"-progname".to_vec(),
        progname.as_bytes().to_vec(),
        b"--".to_vec(),
        b"-home".to_vec(),
        home.into_vec(),
        b"--".to_vec(),
    ];
    out.extend(line.init.iter().cloned());
    out
}
