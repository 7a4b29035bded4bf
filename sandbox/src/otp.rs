//! Unmodified OTP on this machine's files, streams and terminal: what `erl` is to OTP's own emulator.
//!
//! Everything after the preloaded modules is OTP's own; this finds them, boots, and drives the VM until it halts. Not a sandbox: the
//! program has the files and the environment of this process.

use crate::files::RealFiles;
use crate::outside::{Fed, Feed, Stdin};
use crate::terminal::ProcessTerminal;
use crate::{Error, modules};
use beambox_core::boot::{self, PRELOADED};
use beambox_core::config::Config;
use beambox_core::error::StopCause;
use beambox_core::host::files::Files;
use beambox_core::host::terminal::Terminal;
use beambox_core::host::{Host, Input, Stream};
use beambox_core::observe::crash_dump::crash_dump;
use beambox_core::sched::{Budget, Paused};
use beambox_core::vm::Vm;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Reductions between two looks at standard input.
const CHUNK: u64 = 400_000;
/// Longest wait at a time.
const NAP: Duration = Duration::from_millis(200);

/// A crash dump, where OTP's emulator writes one: to `$ERL_CRASH_DUMP` or `erl_crash.dump`, unless `$ERL_CRASH_DUMP_SECONDS` is 0.
fn write_dump(vm: &mut Vm, slogan: &str) {
    if std::env::var("ERL_CRASH_DUMP_SECONDS").is_ok_and(|s| s.trim() == "0") {
        return;
    }
    let path = std::env::var_os("ERL_CRASH_DUMP").unwrap_or_else(|| "erl_crash.dump".into());
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs() as i64);
    let now = vm.sys.now_ns();
    let Ok(dump) = vm.look(|sys| crash_dump(sys, slogan, seconds, now)) else { return };
    let shown = Path::new(&path).display();
    let done = match std::fs::write(&path, dump) {
        Ok(()) => "done".into(),
        Err(error) => error.to_string(),
    };
    let _ = write!(io::stderr(), "\r\nCrash dump is being written to: {shown}...{done}\r\n");
}

/// What to boot.
#[derive(Clone, Debug)]
pub struct Otp {
    /// Root of the installation, with `lib` and `releases`.
    pub root: PathBuf,
    /// Everything that `init:boot/1` gets, as `erlexec` puts it together.
    pub args: Vec<Vec<u8>>,
    /// The module that takes the place of `init`.
    pub init: String,
    /// Most bytes that the program may use.
    pub memory: u64,
    pub max_processes: usize,
    pub max_atoms: usize,
    pub max_ets_tables: usize,
    /// The program's environment.
    pub environment: Vec<(String, String)>,
    /// The program's current directory at the start.
    pub cwd: PathBuf,
}

/// The root of the installation of OTP at `given`, else `$BEAMBOX_OTP`, else that of the `erl` on the PATH.
///
/// # Errors
/// There is none, or what was given is none.
pub fn root(given: Option<&Path>) -> Result<PathBuf, Error> {
    let place = match given {
        Some(dir) => dir.to_path_buf(),
        None => modules::variable("BEAMBOX_OTP").or_else(modules::installed).ok_or(Error::NoModules)?,
    };
    let real = std::fs::canonicalize(&place).map_err(|e| Error::modules(&place, e.to_string()))?;
    let up = real.parent().map(Path::to_path_buf).unwrap_or_default();
    let tries = [real.clone(), real.join("lib/erlang"), up];
    let found = tries.into_iter().find(|root| modules::ebins(&root.join("lib")).is_some());
    found.ok_or_else(|| Error::modules(&place, "no OTP here: lib/stdlib-* is missing".into()))
}

/// The version of the emulator that an installation has, such as `15.2.7`.
///
/// # Errors
/// There is no `erts-*` in it.
pub fn erts_version(root: &Path) -> Result<String, Error> {
    let mut found: Vec<String> = Vec::new();
    for folder in [root.to_path_buf(), root.join("lib")] {
        let Ok(entries) = std::fs::read_dir(folder) else { continue };
        for entry in entries.flatten() {
            if let Some(version) = entry.file_name().to_string_lossy().strip_prefix("erts-") {
                found.push(version.to_string());
            }
        }
    }
    let numbers = |v: &String| v.split('.').map(|n| n.parse::<u64>().unwrap_or(0)).collect::<Vec<_>>();
    found.sort_by_key(numbers);
    found.pop().ok_or_else(|| Error::modules(root, "no OTP here: erts-* is missing".into()))
}

/// The preloaded modules of an installation.
fn preloaded(root: &Path) -> Result<Vec<(String, Vec<u8>)>, Error> {
    let version = erts_version(root)?;
    let places = [root.join(format!("lib/erts-{version}/ebin")), root.join(format!("erts-{version}/ebin"))];
    let mut out = Vec::new();
    for name in PRELOADED {
        let file = format!("{name}.beam");
        let Some(bytes) = places.iter().find_map(|folder| std::fs::read(folder.join(&file)).ok()) else {
            return Err(Error::modules(root, format!("the preloaded module {name} is missing")));
        };
        out.push((name.to_string(), bytes));
    }
    Ok(out)
}

#[derive(Default)]
struct Incoming {
    bytes: VecDeque<u8>,
    closed: bool,
}

struct ProcessHost {
    start: Instant,
    files: RealFiles,
    terminal: ProcessTerminal,
    input: Rc<RefCell<Incoming>>,
}

impl Host for ProcessHost {
    fn write(&mut self, stream: Stream, bytes: &[u8]) {
        // A program that nobody listens to may go on, as it may on OTP.
        let _ = match stream {
            Stream::Stdout => {
                let mut out = io::stdout().lock();
                out.write_all(bytes).and_then(|()| out.flush())
            }
            Stream::Stderr => io::stderr().lock().write_all(bytes),
        };
    }
    fn read(&mut self, max: usize) -> Input {
        let mut input = self.input.borrow_mut();
        let count = max.min(input.bytes.len());
        if count > 0 {
            return Input::Bytes(input.bytes.drain(..count).collect());
        }
        if input.closed { Input::Eof } else { Input::Pending }
    }
    fn monotonic_ns(&mut self) -> Option<u64> {
        Some(self.start.elapsed().as_nanos() as u64)
    }
    fn system_ns(&mut self) -> Option<i64> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
        i64::try_from(since.as_nanos()).ok()
    }
    fn entropy(&mut self, buf: &mut [u8]) -> bool {
        getrandom::fill(buf).is_ok()
    }
    fn files(&mut self) -> Option<&mut dyn Files> {
        Some(&mut self.files)
    }
    fn terminal(&mut self) -> Option<&mut dyn Terminal> {
        Some(&mut self.terminal)
    }
}

/// Boots and runs until the VM halts; the exit status. Standard streams and terminal are this process's.
///
/// # Errors
/// It could not be booted, or the VM stopped for another reason than a halt.
pub fn run(otp: &Otp) -> Result<i32, Error> {
    let modules = preloaded(&otp.root)?;
    let config = Config {
        max_memory: otp.memory,
        max_processes: otp.max_processes,
        max_atoms: otp.max_atoms,
        max_ets_tables: otp.max_ets_tables,
        autoload: false,
        otp: true,
        ..Config::default()
    };
    let input = Rc::new(RefCell::new(Incoming::default()));
    let host = ProcessHost {
        start: Instant::now(),
        files: RealFiles::new(&otp.cwd),
        terminal: ProcessTerminal::new(),
        input: input.clone(),
    };
    let mut vm = Vm::new(config, Box::new(host)).map_err(|_| Error::Start("there is no memory for a VM".into()))?;
    for (name, value) in &otp.environment {
        // What is too large for the table isn't seen; nothing else is lost by it.
        let _ = vm.sys.shared.environment.put(name.clone(), value.clone());
    }
    boot::boot(&mut vm, &modules, &otp.init, &otp.args).map_err(|e| Error::Start(e.to_string()))?;
    let mut feed = Feed::of(Stdin::Reader(Box::new(io::stdin())));
    loop {
        let paused = vm.run(Budget { reductions: CHUNK, ..Budget::default() });
        let next = match paused {
            Paused::Stopped => break,
            // OTP's code server loads; nobody asks the host.
            Paused::Budget | Paused::Module => Some(Duration::ZERO),
            Paused::Idle { next_timer_ns } => {
                next_timer_ns.map(|at| Duration::from_nanos(at.saturating_sub(vm.sys.now_ns())))
            }
        };
        if !vm.wants_input() {
            std::thread::sleep(next.unwrap_or(NAP).min(NAP));
            continue;
        }
        let ready = {
            let input = input.borrow();
            !input.bytes.is_empty() || input.closed
        };
        if !ready {
            let mut input = input.borrow_mut();
            match feed.wait(next.unwrap_or(NAP).min(NAP)) {
                Fed::Bytes(bytes) => input.bytes.extend(bytes),
                Fed::End => input.closed = true,
                Fed::Nothing => continue,
            }
        }
        vm.host_ready();
    }
    match vm.stop_cause() {
        Some(StopCause::Halted(status)) => Ok(*status),
        Some(StopCause::Crashed(slogan)) => {
            // OTP's emulator ends the lines that it writes itself so.
            let _ = write!(io::stderr(), "{slogan}\r\n");
            let slogan = slogan.clone();
            write_dump(&mut vm, &slogan);
            Ok(1)
        }
        Some(other) => Err(Error::Start(other.to_string())),
        None => Ok(0),
    }
}
