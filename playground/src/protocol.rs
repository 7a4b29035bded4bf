//! What a host and a session say to each other: plain serde data, sent as postcard where bytes have to cross (the `raw` face).
//!
//! Invariant: nothing here borrows, knows a VM or a host. New variants and fields are added at the end only: the position is the wire form.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use std::cell::Cell;

/// How a session runs its programs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Most bytes that the guest may allocate.
    pub max_memory: u64,
    /// Most atoms.
    pub max_atoms: u64,
    /// Most processes at a time.
    pub max_processes: u64,
    /// Seed of all that OTP takes from entropy, when the host gives none or must not.
    pub seed: u64,
    /// Time of the VM's own, that jumps to the next timer when every process waits, and entropy from the seed: the same program gives
    /// the same output and the same order of events on every host.
    pub deterministic: bool,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            max_memory: 512 << 20,
            max_atoms: 1 << 20,
            max_processes: 1 << 18,
            seed: 0x5EED,
            deterministic: false,
        }
    }
}

/// What to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Program {
    /// A Mochi program; `file` is the name that diagnostics and stack traces show.
    Mochi { source: String, file: String },
    /// A function of a module that was added or is in the bundle.
    Call { module: String, function: String, args: Vec<Arg> },
}

/// An argument of [`Program::Call`].
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum Arg {
    Int(i64),
    Atom(String),
    /// A list of code points, as `erl` passes command line arguments.
    String(String),
    Binary(Vec<u8>),
    List(Vec<Arg>),
}

/// How deep the lists of an argument may be nested in a message: reading them takes the host's stack.
pub const MOST_NESTED: usize = 64;

impl<'de> Deserialize<'de> for Arg {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Arg, D::Error> {
        /// The same shape, read by serde.
        #[derive(Deserialize)]
        #[serde(rename = "Arg")]
        enum Read {
            Int(i64),
            Atom(String),
            String(String),
            Binary(Vec<u8>),
            List(Vec<Arg>),
        }
        thread_local! {
            static DEPTH: Cell<usize> = const { Cell::new(0) };
        }
        if DEPTH.get() >= MOST_NESTED {
            return Err(D::Error::custom(format_args!("an argument is nested more than {MOST_NESTED} deep")));
        }
        DEPTH.set(DEPTH.get() + 1);
        let read = Read::deserialize(from);
        DEPTH.set(DEPTH.get() - 1);
        Ok(match read? {
            Read::Int(n) => Arg::Int(n),
            Read::Atom(name) => Arg::Atom(name),
            Read::String(text) => Arg::String(text),
            Read::Binary(bytes) => Arg::Binary(bytes),
            Read::List(items) => Arg::List(items),
        })
    }
}

impl Eq for Arg {}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Severity {
    Error,
    Warning,
}

/// One finding of the compiler.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    pub severity: Severity,
    /// For example `T002`.
    pub code: String,
    pub message: String,
    /// What to do about it; may be empty.
    pub help: String,
    /// Byte offsets into the source.
    pub from: u32,
    pub to: u32,
    /// The same in UTF-16 code units.
    pub from_utf16: u32,
    pub to_utf16: u32,
    /// 1-based, in code points.
    pub line: u32,
    pub column: u32,
    /// The finding as text, with the source line.
    pub rendered: String,
}

impl Diagnostic {
    /// Does it keep the program from running?
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// What [`crate::Session::advance`] found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Progress {
    /// Nothing was started.
    Idle,
    /// There is more to do at once.
    Busy,
    /// Every process waits; the next timer is due after so many nanoseconds.
    Timer(u64),
    /// Every process waits and one of them for standard input; the next timer, if there is one, is due after so many nanoseconds.
    Input(Option<u64>),
    /// The program needs a module: the embedder adds it, or says that it has none of that name, and advances again.
    Module(String),
    /// The program has ended.
    Ended(Exit),
}

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    /// As a process exit status: 0 success, 1 any failure, else what `halt/1` was given.
    pub status: i32,
    /// Why, when not by itself; empty after a normal end.
    pub reason: String,
    /// The same for programs to act upon.
    pub cause: Cause,
}

/// What ended a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cause {
    /// The first process has ended by itself.
    Finished,
    /// The first process has ended with an exit reason.
    Raised,
    /// `halt/1` with a status.
    Halted,
    /// `halt/1` with a slogan.
    Crashed,
    OutOfMemory,
    TooManyAtoms,
    /// Every process waits, and nothing is left that could wake one.
    Deadlock,
    /// The host has ended it.
    Stopped,
    /// A fault of the VM.
    Internal,
}

/// What lies at an address, see `docs/wire.md`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectInfo {
    pub address: u32,
    pub kind: u8,
    pub words: u32,
    pub generation: u8,
    /// The term, shortened.
    pub text: String,
    pub content: Vec<ObjectWord>,
}

/// One word of an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectWord {
    pub text: String,
    /// Address that it points to.
    pub target: Option<u32>,
}

/// Who keeps an object alive and what it keeps alive itself, see `docs/wire.md`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeepsInfo {
    /// Words that would become free with it, its own included.
    pub retained: u64,
    /// What holds it in the end; empty when nothing does.
    pub holder: String,
    pub way: Vec<KeepsStep>,
    /// Steps in the middle that were left out.
    pub left_out: u32,
}

/// An object on the way to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeepsStep {
    pub address: u32,
    pub kind: u8,
    /// The term, shortened.
    pub text: String,
}

/// What a host asks of the `raw` face; one session to an instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// Begins (afresh) a session. Answer: `Done`.
    Open(Settings),
    /// Modules to load on demand, as [`crate::Bundle`] writes them. Answer: `Done`.
    AddBundle(Vec<u8>),
    /// One `.beam` file; goes before a module of the same name in a bundle. Answer: `Done`.
    AddModule { name: String, beam: Vec<u8> },
    /// There is no module of that name, in answer to `Progress::Module`. Answer: `Done`.
    LackModule { name: String },
    /// Answer: `Diagnostics`.
    Check { source: String, file: String },
    /// Answer: `Diagnostics`; the program is started if none is an error.
    Run(Program),
    /// Runs for about so many reductions at most. Answer: `Progress`.
    Advance { reductions: u64 },
    /// Bytes for standard input. Answer: `Done`.
    PushInput(Vec<u8>),
    /// No more input will come. Answer: `Done`.
    CloseInput,
    /// Ends the program. Answer: `Done`.
    Stop,
    /// The process whose memory frames show. Answer: `Done`.
    Select { number: u32, serial: u32 },
    /// Answer: `Frame`.
    Frame,
    /// Answer: `Object`.
    Describe { address: u32 },
    /// Answer: `Keeps`. Takes time by the size of the process: not for every frame.
    Keeps { address: u32 },
    /// Answer: `Text`, metrics in Prometheus' format.
    Metrics,
    /// Answer: `Reductions`.
    Reductions,
}

/// The answer to a [`Request`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Response {
    Done,
    Diagnostics(Vec<Diagnostic>),
    Progress(Progress),
    /// Bytes as in `docs/wire.md`.
    Frame(Vec<u8>),
    Object(Option<ObjectInfo>),
    /// `None`: there is no such object, or its process is too large to be asked.
    Keeps(Option<KeepsInfo>),
    Text(String),
    Reductions(u64),
    /// The request could not be read or carried out; why.
    Failed(String),
}

/// Reads a request; a message that goes on after it is none.
///
/// # Errors
/// The bytes are no request; why.
pub fn read_request(bytes: &[u8]) -> Result<Request, String> {
    match postcard::take_from_bytes::<Request>(bytes) {
        Ok((request, [])) => Ok(request),
        Ok((_, rest)) => Err(format!("the request can't be read: {} bytes follow it", rest.len())),
        Err(error) => Err(format!("the request can't be read: {error}")),
    }
}
