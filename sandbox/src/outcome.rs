//! What comes of a run, and why one could not be made.
//!
//! Invariant: whatever a guest does ends as a [`StopCause`]; an [`Error`] is about what the embedder handed in or what is missing.

use beambox_beamfile as beamfile;
use beambox_playground::{Cause, Diagnostic, Exit};
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// One finished run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// As a process exit status: 0 success, 1 any failure, else what the program gave `halt/1`.
    pub status: i32,
    /// What it wrote, as far as output is collected.
    pub stdout: Vec<u8>,
    /// The same for standard error.
    pub stderr: Vec<u8>,
    /// Why it ended.
    pub cause: StopCause,
    /// Has the program's own standard error already said why?
    pub reported: bool,
    /// What the compiler found, for a Mochi program; warnings of a program that ran, errors of one that did not.
    pub diagnostics: Vec<Diagnostic>,
    /// Reductions that it took.
    pub reductions: u64,
    /// Time that it took, by the host's clock.
    pub elapsed: Duration,
}

impl Outcome {
    /// Did it end well?
    pub fn success(&self) -> bool {
        self.status == 0
    }

    /// Standard output as text; what isn't UTF-8 is replaced.
    pub fn stdout_text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Standard error as text; what isn't UTF-8 is replaced.
    pub fn stderr_text(&self) -> String {
        String::from_utf8_lossy(&self.stderr).into_owned()
    }
}

/// Why a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StopCause {
    /// The program has ended by itself.
    Finished,
    /// The program called `halt/1` with this status.
    Halted(i32),
    /// The program's first process ended with this exit reason.
    Raised(String),
    /// The program called `halt/1` with a slogan.
    Crashed(String),
    /// The Mochi program has errors; see [`Outcome::diagnostics`].
    Rejected,
    /// Everything that the guest may allocate was used up.
    OutOfMemory,
    /// The atom table is full.
    TooManyAtoms,
    /// Every process waits, and nothing is left that could wake one.
    Deadlock,
    /// It took longer than this.
    TimeLimit(Duration),
    /// It took more reductions than this.
    ReductionLimit(u64),
    /// It wrote more than this many bytes.
    OutputLimit(u64),
    /// Its output could not be delivered.
    OutputFailed(String),
    /// The embedder stopped it, see [`crate::StopHandle`].
    Stopped,
    /// A fault of the VM itself. Under wasmtime also any trap.
    Internal(String),
}

impl StopCause {
    pub(crate) fn of(exit: Exit) -> StopCause {
        match exit.cause {
            Cause::Finished => StopCause::Finished,
            Cause::Raised => StopCause::Raised(exit.reason),
            Cause::Halted => StopCause::Halted(exit.status),
            Cause::Crashed => StopCause::Crashed(exit.reason),
            Cause::OutOfMemory => StopCause::OutOfMemory,
            Cause::TooManyAtoms => StopCause::TooManyAtoms,
            Cause::Deadlock => StopCause::Deadlock,
            Cause::Stopped => StopCause::Stopped,
            Cause::Internal => StopCause::Internal(exit.reason),
        }
    }
}

impl fmt::Display for StopCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StopCause::Finished => f.write_str("finished"),
            StopCause::Halted(status) => write!(f, "halted with status {status}"),
            StopCause::Raised(reason) => write!(f, "the program failed: {reason}"),
            StopCause::Crashed(reason) | StopCause::Internal(reason) => f.write_str(reason),
            StopCause::Rejected => f.write_str("the program has errors"),
            StopCause::OutOfMemory => f.write_str("out of memory: the program's limit is reached"),
            StopCause::TooManyAtoms => f.write_str("too many atoms: the program's limit is reached"),
            StopCause::Deadlock => f.write_str("every process waits, and nothing is left that could wake one"),
            StopCause::TimeLimit(limit) => write!(f, "stopped: the time limit of {limit:?} is reached"),
            StopCause::ReductionLimit(limit) => write!(f, "stopped: the limit of {limit} reductions is reached"),
            StopCause::OutputLimit(limit) => write!(f, "stopped: more than {limit} bytes of output"),
            StopCause::OutputFailed(why) => write!(f, "stopped: the output can't be written: {why}"),
            StopCause::Stopped => f.write_str("stopped"),
        }
    }
}

/// Why nothing could be run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// Neither a bundle nor an installation of OTP was found.
    NoModules,
    /// A place of modules is wrong.
    Modules { path: PathBuf, why: String },
    /// The bytes are not a `.beam` file.
    NotABeam(beamfile::Error),
    /// The `.beam` file does not export the function.
    NoFunction { module: String, function: String, arity: usize },
    /// The engine that was asked for isn't there; why, and what to do.
    NoEngine(String),
    /// The runtime modules of Mochi and of the I/O servers are in none of the places of modules.
    NoRuntime,
    /// The engine could not start a VM.
    Start(String),
}

impl Error {
    pub(crate) fn modules(path: &Path, why: String) -> Error {
        Error::Modules { path: path.to_path_buf(), why }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NoModules => f.write_str(
                "found no modules of OTP: name an OTP with BEAMBOX_OTP, put `erl` on the PATH, or make a bundle with `cargo xtask bundle`",
            ),
            Error::Modules { path, why } => write!(f, "{}: {why}", path.display()),
            Error::NotABeam(why) => write!(f, "not a .beam file that can be run: {why}"),
            Error::NoFunction { module, function, arity } => {
                write!(f, "the module {module} does not export {function}/{arity}")
            }
            Error::NoRuntime => f.write_str(
                "found no runtime modules of beambox: they are in the bundle that `cargo xtask bundle` makes (name it with BEAMBOX_BUNDLE)",
            ),
            Error::NoEngine(why) | Error::Start(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::NotABeam(why) => Some(why),
            _ => None,
        }
    }
}
