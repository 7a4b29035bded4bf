//! The builder and the sandbox that it makes.
//!
//! Invariant: a sandbox keeps settings only; every run has a VM of its own, so runs can't disturb each other.

use crate::drive::{Machine, Plan, drive};
use crate::files::Files;
use crate::modules::Modules;
use crate::native::Native;
use crate::outcome::{Error, Outcome};
use crate::outside::{Outside, Shared, Sink, Stdin};
use beambox_beamfile::BeamFile;
use beambox_playground::{Arg, Diagnostic, Program, Settings, Stream};
use std::cell::RefCell;
use std::io;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// What runs the program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Engine {
    /// The VM in this process.
    #[default]
    Native,
    /// The VM as wasm inside wasmtime: a second wall around untrusted code, at some cost in speed. Needs the feature `wasm`.
    Wasm,
}

/// How far a program may go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes that the guest may allocate; the VM's arena takes 8 MiB at least and 4 GiB at most.
    pub memory: u64,
    /// Wall-clock time.
    pub time: Option<Duration>,
    /// Reductions, that is, calls of functions and work of their weight.
    pub reductions: Option<u64>,
    /// Bytes of output, both streams together.
    pub output: u64,
    /// Processes at a time.
    pub processes: u64,
    /// Atoms.
    pub atoms: u64,
}

impl Default for Limits {
    /// 512 MiB, no limit on time and reductions, 64 MiB of output, 262,144 processes, 1,048,576 atoms.
    fn default() -> Limits {
        let Settings { max_memory: memory, max_processes: processes, max_atoms: atoms, .. } = Settings::default();
        Limits { memory, time: None, reductions: None, output: 64 << 20, processes, atoms }
    }
}

/// Stops a run from another thread. Good for all runs of its sandbox, until [`StopHandle::reset`].
#[derive(Clone, Debug, Default)]
pub struct StopHandle(Arc<AtomicBool>);

impl StopHandle {
    /// The run in progress, and any that begins later, ends with [`crate::StopCause::Stopped`].
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
    /// Runs are possible again.
    pub fn reset(&self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

/// Settings of a sandbox. What isn't granted is denied.
#[derive(Default)]
pub struct Builder {
    engine: Engine,
    limits: Limits,
    modules: Option<Modules>,
    folders: Vec<PathBuf>,
    own: Vec<(String, Vec<u8>)>,
    stdin: Stdin,
    sink: Option<Sink>,
    real_time: bool,
    entropy: bool,
    files: Option<Box<dyn Files + Send>>,
    seed: Option<u64>,
    raw_wasm: Option<PathBuf>,
}

impl Builder {
    /// What runs the program; native by default.
    pub fn engine(mut self, engine: Engine) -> Builder {
        self.engine = engine;
        self
    }
    /// All limits at once.
    pub fn limits(mut self, limits: Limits) -> Builder {
        self.limits = limits;
        self
    }
    /// Most bytes that the guest may allocate.
    pub fn memory_limit(mut self, bytes: u64) -> Builder {
        self.limits.memory = bytes;
        self
    }
    /// Longest time that a run may take.
    pub fn time_limit(mut self, time: Duration) -> Builder {
        self.limits.time = Some(time);
        self
    }
    /// Most reductions that a run may take: unlike time, the same on every machine.
    pub fn reductions(mut self, count: u64) -> Builder {
        self.limits.reductions = Some(count);
        self
    }
    /// Most bytes of output.
    pub fn output_limit(mut self, bytes: u64) -> Builder {
        self.limits.output = bytes;
        self
    }
    /// Most processes at a time.
    pub fn process_limit(mut self, count: u64) -> Builder {
        self.limits.processes = count;
        self
    }
    /// Where OTP's modules come from; by default [`Modules::find`] looks.
    pub fn modules(mut self, modules: Modules) -> Builder {
        self.modules = Some(modules);
        self
    }
    /// A folder of `.beam` files, which go before OTP's. Several calls: the first folder goes first.
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Builder {
        self.folders.push(folder.into());
        self
    }
    /// A module by name, which goes before all others of that name.
    pub fn module(mut self, name: impl Into<String>, beam: Vec<u8>) -> Builder {
        self.own.push((name.into(), beam));
        self
    }
    /// Standard input of the next run; later runs find it empty until [`Sandbox::set_stdin`].
    pub fn stdin(mut self, stdin: impl Into<Stdin>) -> Builder {
        self.stdin = stdin.into();
        self
    }
    /// Receives output as it is written, instead of collecting it in the [`Outcome`]. An error stops the run.
    pub fn output(mut self, sink: impl FnMut(Stream, &[u8]) -> io::Result<()> + Send + 'static) -> Builder {
        self.sink = Some(Box::new(sink));
        self
    }
    /// Grants the host's clocks. Without them the VM keeps a time of its own, which jumps to the next timer when every process waits, so
    /// that a program gives the same output every time.
    pub fn real_time(mut self, yes: bool) -> Builder {
        self.real_time = yes;
        self
    }
    /// Grants the host's entropy. Without it, all that OTP takes from entropy follows from the seed.
    pub fn entropy(mut self, yes: bool) -> Builder {
        self.entropy = yes;
        self
    }
    /// Grants these files, such as [`crate::files::MemoryFiles`], to the first run; the programs of [`Engine::Wasm`] get none.
    pub fn files(mut self, files: impl Files + Send + 'static) -> Builder {
        self.files = Some(Box::new(files));
        self
    }
    /// The seed that stands for entropy.
    pub fn seed(mut self, seed: u64) -> Builder {
        self.seed = Some(seed);
        self
    }
    /// The `raw` wasm for [`Engine::Wasm`]; by default `$BEAMBOX_RAW_WASM`, or what `cargo xtask wasm` has built beside this program.
    pub fn raw_wasm(mut self, file: impl Into<PathBuf>) -> Builder {
        self.raw_wasm = Some(file.into());
        self
    }

    /// The sandbox. Looks for modules and engine now, so that runs don't fail for the lack of them.
    ///
    /// # Errors
    /// One of the two isn't there.
    pub fn build(self) -> Result<Sandbox, Error> {
        let mut modules = match self.modules {
            Some(modules) => modules,
            None => Modules::find()?,
        };
        for folder in self.folders.into_iter().rev() {
            modules = modules.and_folder(folder);
        }
        let wall = match self.engine {
            Engine::Native => Wall::Native,
            Engine::Wasm => Wall::wasm(self.raw_wasm)?,
        };
        Ok(Sandbox {
            wall,
            limits: self.limits,
            modules,
            own: self.own,
            stdin: self.stdin,
            sink: self.sink,
            real_time: self.real_time,
            entropy: self.entropy,
            files: self.files,
            seed: self.seed,
            stop: StopHandle::default(),
        })
    }
}

/// An engine that is ready.
enum Wall {
    Native,
    #[cfg(feature = "wasm")]
    Wasm(Arc<crate::wasm::Ready>),
}

impl Wall {
    #[cfg(feature = "wasm")]
    fn wasm(file: Option<PathBuf>) -> Result<Wall, Error> {
        crate::wasm::Ready::find(file).map(Wall::Wasm)
    }
    #[cfg(not(feature = "wasm"))]
    fn wasm(_file: Option<PathBuf>) -> Result<Wall, Error> {
        let why = "this program was built without the wasm engine: build it with `--features wasm`";
        Err(Error::NoEngine(why.into()))
    }
}

/// Runs programs, each in a VM of its own.
pub struct Sandbox {
    wall: Wall,
    limits: Limits,
    modules: Modules,
    own: Vec<(String, Vec<u8>)>,
    stdin: Stdin,
    sink: Option<Sink>,
    real_time: bool,
    entropy: bool,
    files: Option<Box<dyn Files + Send>>,
    seed: Option<u64>,
    stop: StopHandle,
}

impl Sandbox {
    /// Settings to choose.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Standard input of the next run.
    pub fn set_stdin(&mut self, stdin: impl Into<Stdin>) {
        self.stdin = stdin.into();
    }

    /// Stops runs of this sandbox from another thread.
    pub fn stop_handle(&self) -> StopHandle {
        self.stop.clone()
    }

    /// What the compiler finds in a Mochi program, without running it.
    pub fn check_mochi(source: &str, file: &str) -> Vec<Diagnostic> {
        struct Mute;
        impl beambox_playground::World for Mute {
            fn write(&mut self, _: Stream, _: &[u8]) {}
        }
        beambox_playground::Session::new(Settings::default(), Box::new(Mute)).check(source, file)
    }

    /// Compiles and runs a Mochi program; `file` is the name that diagnostics and stack traces show. A program with errors is an
    /// [`Outcome`] too, with [`crate::StopCause::Rejected`].
    ///
    /// # Errors
    /// The VM can't be started.
    pub fn run_mochi(&mut self, source: &str, file: &str) -> Result<Outcome, Error> {
        if self.modules.get("mochi_core").is_none() {
            return Err(Error::NoRuntime);
        }
        self.run(Program::Mochi { source: source.into(), file: file.into() }, Vec::new())
    }

    /// Runs a function of a `.beam` file. The program ends when the function returns.
    ///
    /// # Errors
    /// The bytes are not a `.beam` file, the function isn't exported, or the VM can't be started.
    pub fn run_beam(&mut self, beam: Vec<u8>, function: &str, args: Vec<Arg>) -> Result<Outcome, Error> {
        let module = exported(&beam, function, args.len())?;
        let program = Program::Call { module: module.clone(), function: function.into(), args };
        self.run(program, vec![(module, beam)])
    }

    /// Runs a function of a module that is in the folders, of OTP, or was added by name.
    ///
    /// # Errors
    /// The VM can't be started.
    pub fn run_function(&mut self, module: &str, function: &str, args: Vec<Arg>) -> Result<Outcome, Error> {
        self.run(Program::Call { module: module.into(), function: function.into(), args }, Vec::new())
    }

    fn run(&mut self, program: Program, more: Vec<(String, Vec<u8>)>) -> Result<Outcome, Error> {
        let start = Instant::now();
        let defaults = Settings::default();
        let settings = Settings {
            max_memory: self.limits.memory,
            max_atoms: self.limits.atoms,
            max_processes: self.limits.processes,
            seed: self.seed.unwrap_or(defaults.seed),
            deterministic: !self.real_time && !self.entropy,
        };
        let outside = Rc::new(RefCell::new(Outside {
            modules: self.modules.clone(),
            sink: self.sink.take(),
            stdout: Vec::new(),
            stderr: Vec::new(),
            left: self.limits.output,
            limit: self.limits.output,
            clock: self.real_time.then_some(start),
            entropy: self.entropy,
            files: self.files.take().map(|files| files as Box<dyn Files>),
            stop: None,
        }));
        let shared = Shared(outside.clone());
        let plan = Plan {
            settings,
            modules: self.own.iter().cloned().chain(more).collect(),
            program,
            stdin: std::mem::take(&mut self.stdin),
            limits: self.limits.clone(),
            stop: self.stop.0.clone(),
            start,
        };
        let result = self.machine(&plan, &shared).and_then(|mut machine| drive(&mut *machine, plan, &shared));
        self.sink = outside.borrow_mut().sink.take();
        result
    }

    fn machine(&self, _plan: &Plan, shared: &Shared) -> Result<Box<dyn Machine>, Error> {
        match &self.wall {
            Wall::Native => Ok(Box::new(Native::new(shared.clone()))),
            #[cfg(feature = "wasm")]
            Wall::Wasm(ready) => Ok(Box::new(crate::wasm::Guest::start(ready.clone(), _plan, shared.clone())?)),
        }
    }
}

/// The name of the module in a `.beam` file that exports the function.
fn exported(beam: &[u8], function: &str, arity: usize) -> Result<String, Error> {
    let file = BeamFile::parse(beam).map_err(Error::NotABeam)?;
    let name = |at: beambox_beamfile::AtomIdx| file.atoms.get(at as usize).map(String::as_str).unwrap_or_default();
    let module = name(0).to_string();
    let found = file.exports.iter().any(|e| name(e.function) == function && e.arity as usize == arity);
    if found { Ok(module) } else { Err(Error::NoFunction { module, function: function.into(), arity }) }
}
