//! One session: the VM of the program that runs or ran last, the modules that it may load, its input, and what is looked at.
//!
//! Invariant: every run has a VM of its own, so a program can't be disturbed by the one before; a VM whose program has ended or was
//! stopped is kept until the next run, so that it can be looked at. No call runs for much longer than its budget says. A panic of the VM
//! or the compiler, natively, is an error of the call (`core::guard`); the VM in which it was is not run again, and the next run has a fresh one.

use crate::bundle::Bundle;
use crate::convert::{diagnostics, keeps_info, list, object_info, value};
use crate::protocol::{
    Arg, Cause, Diagnostic, Exit, KeepsInfo, ObjectInfo, Program, Progress, Request, Response, Settings, Severity,
};
use crate::world::{SessionHost, Shared, Stream, Supply, World};
use beambox_beamfile::etf::Value;
use beambox_core::config::Config;
use beambox_core::error::StopCause;
use beambox_core::guard::guarded;
use beambox_core::observe::{self, Look};
use beambox_core::sched::{Budget, Paused, SLICE};
use beambox_core::term::Term;
use beambox_core::vm::Vm;
use std::cell::RefCell;
use std::rc::Rc;

/// Most rows of processes and of objects in a frame.
const MAX_ROWS: usize = 4096;
const MAX_OBJECTS: usize = 200_000;
/// What runs a compiled Mochi program in the process that calls it, and then halts: a function of one argument, the program's module.
const MOCHI_RUN: (&str, &str) = ("mochi_core", "run");
/// What starts the I/O servers and then the program in a process of its own: a function of module, function and arguments. A session
/// that has no such module calls the program's function itself.
const START: (&str, &str) = ("beambox_start", "start");

enum State {
    Idle,
    Running,
    Ended(Exit),
}

/// See the module's documentation.
pub struct Session {
    settings: Settings,
    shared: Rc<RefCell<Shared>>,
    vm: Option<Vm>,
    state: State,
    /// The first process; when it ends, the program has ended.
    main: Term,
    /// The process that runs the program, once it is known: `main`, or the one that `main` starts.
    program: Term,
    /// What the program is called in frames.
    title: String,
    /// The process that frames show, if it was chosen; otherwise `program`.
    selected: Term,
    frames: u32,
}

impl Session {
    /// A session without modules.
    pub fn new(settings: Settings, world: Box<dyn World>) -> Session {
        let shared = Rc::new(RefCell::new(Shared::new(world, settings.deterministic)));
        let (main, program, selected, title) = (Term::NONE, Term::NONE, Term::NONE, String::new());
        Session { settings, shared, vm: None, state: State::Idle, main, program, title, selected, frames: 0 }
    }

    /// Adds a bundle of modules that are loaded when they are called; replaces the one before.
    ///
    /// # Errors
    /// The file is not a bundle; why.
    pub fn add_bundle(&mut self, file: &[u8]) -> Result<(), String> {
        let bundle = Bundle::read(file).map_err(|e| e.to_string())?;
        self.shared.borrow_mut().bundle = Rc::new(bundle);
        Ok(())
    }

    /// Uses a bundle that others use too.
    pub fn share_bundle(&mut self, bundle: Rc<Bundle>) {
        self.shared.borrow_mut().bundle = bundle;
    }

    /// Adds a `.beam` file, which goes before a module of the same name in the bundle.
    pub fn add_module(&mut self, name: &str, beam: Vec<u8>) {
        let mut shared = self.shared.borrow_mut();
        shared.absent.remove(name);
        shared.modules.insert(name.to_string(), beam);
    }

    /// Says that there is no such module, in answer to [`Progress::Module`].
    pub fn lack_module(&mut self, name: &str) {
        self.shared.borrow_mut().absent.insert(name.to_string());
    }

    /// Number of modules that can be loaded.
    pub fn module_count(&self) -> usize {
        let shared = self.shared.borrow();
        shared.bundle.len() + shared.modules.len()
    }

    /// Compiles a Mochi program and forgets it.
    pub fn check(&self, source: &str, file: &str) -> Vec<Diagnostic> {
        match compile(source, file) {
            Ok(result) => diagnostics(&result.diagnostics, source, file),
            Err(why) => vec![internal(why)],
        }
    }

    /// Starts a program in a fresh VM; the one before is gone. Nothing is started when a finding is an error.
    ///
    /// # Errors
    /// The VM or the process can't be made.
    pub fn run(&mut self, program: Program) -> Result<Vec<Diagnostic>, String> {
        self.vm = None;
        self.state = State::Idle;
        (self.main, self.program, self.selected) = (Term::NONE, Term::NONE, Term::NONE);
        self.shared.borrow_mut().forget_input();
        let (found, title, module, function, args) = match program {
            Program::Mochi { source, file } => {
                let result = compile(&source, &file)?;
                let found = diagnostics(&result.diagnostics, &source, &file);
                let main = match result.modules.first() {
                    Some((name, _)) if !found.iter().any(Diagnostic::is_error) => name.clone(),
                    _ => return Ok(found),
                };
                self.shared.borrow_mut().modules.extend(result.modules);
                (found, file, MOCHI_RUN.0.to_string(), MOCHI_RUN.1.to_string(), vec![Arg::Atom(main)])
            }
            Program::Call { module, function, args } => {
                (Vec::new(), format!("{module}:{function}/{}", args.len()), module, function, args)
            }
        };
        self.title = title;
        let config = Config {
            max_memory: self.settings.max_memory,
            max_atoms: self.settings.max_atoms as usize,
            max_processes: self.settings.max_processes as usize,
            seed: self.settings.seed,
            ..Config::default()
        };
        let host = SessionHost::new(self.shared.clone());
        let mut vm = guarded(|| Vm::new(config, Box::new(host)))
            .map_err(|why| format!("the VM panicked: {why}"))?
            .map_err(|_| "there is no memory for a VM".to_string())?;
        let args: Vec<_> = args.into_iter().map(value).collect();
        let served = matches!(self.shared.borrow_mut().module(START.0), Supply::Beam(_));
        self.main = if served {
            let args = [Value::Atom(module), Value::Atom(function), list(args)];
            vm.spawn(START.0, START.1, &args).map_err(|e| e.to_string())?
        } else {
            vm.spawn(&module, &function, &args).map_err(|e| e.to_string())?
        };
        if !served {
            self.program = self.main;
        }
        vm.sys.watch = Some(self.main);
        self.vm = Some(vm);
        self.state = State::Running;
        Ok(found)
    }

    /// Runs for about so many reductions at most.
    pub fn advance(&mut self, reductions: u64) -> Progress {
        match &self.state {
            State::Idle => return Progress::Idle,
            State::Ended(exit) => return Progress::Ended(exit.clone()),
            State::Running => {}
        }
        let Some(vm) = self.vm.as_mut() else { return Progress::Idle };
        let readable = {
            let shared = self.shared.borrow();
            !shared.input.is_empty() || shared.input_closed
        };
        if readable {
            vm.host_ready();
        }
        let slice = i32::try_from(reductions).unwrap_or(SLICE).min(SLICE);
        let paused = vm.run(Budget { reductions, skip_idle: true, slice });
        if let Some(cause) = vm.stop_cause() {
            let exit = stopped(cause);
            if let StopCause::Halted(_) = cause {
            } else {
                self.complain(&exit.reason);
            }
            return self.ended(exit);
        }
        if !vm.sys.procs.exists(self.main) {
            let reason = vm.sys.watch_exit.take().unwrap_or_default();
            let (status, cause) = if reason.is_empty() { (0, Cause::Finished) } else { (1, Cause::Raised) };
            return self.ended(Exit { status, reason, cause });
        }
        match paused {
            Paused::Budget | Paused::Stopped => Progress::Busy,
            Paused::Module => Progress::Module(vm.wanted_module().unwrap_or_default().to_string()),
            Paused::Idle { next_timer_ns } => {
                let wait = next_timer_ns.map(|at| at.saturating_sub(vm.sys.now_ns()));
                match wait {
                    _ if !vm.sys.input_waiters.is_empty() => Progress::Input(wait),
                    Some(ns) => Progress::Timer(ns),
                    None => {
                        let reason = "every process waits, and nothing is left that could wake one";
                        self.complain(reason);
                        self.ended(Exit { status: 1, reason: reason.into(), cause: Cause::Deadlock })
                    }
                }
            }
        }
    }

    fn ended(&mut self, exit: Exit) -> Progress {
        self.state = State::Ended(exit.clone());
        Progress::Ended(exit)
    }

    fn complain(&self, reason: &str) {
        // What can't be said is in the exit's reason.
        let _ = guarded(|| self.shared.borrow_mut().world.write(Stream::Stderr, format!("{reason}\n").as_bytes()));
    }

    /// Ends the program; its processes stay to be looked at until the next run.
    pub fn stop(&mut self) {
        if let State::Running = self.state {
            self.state = State::Ended(Exit { status: 1, reason: "stopped".into(), cause: Cause::Stopped });
        }
    }

    /// Bytes for the program's standard input.
    pub fn push_input(&mut self, bytes: &[u8]) {
        self.shared.borrow_mut().input.extend(bytes);
    }

    /// No more input will come.
    pub fn close_input(&mut self) {
        self.shared.borrow_mut().input_closed = true;
    }

    /// Reductions of the program so far.
    pub fn reductions(&self) -> u64 {
        self.vm.as_ref().map_or(0, |vm| vm.sys.counters.reductions)
    }

    /// Chooses the process whose memory frames show.
    pub fn select(&mut self, number: u32, serial: u32) {
        self.selected = observe::text::pid_of(number, serial);
    }

    /// The process that frames show.
    fn shown(&mut self) -> Term {
        if self.program.is_none()
            && let Some(vm) = &self.vm
        {
            // The first process monitors the program, and nothing else.
            let first = vm.sys.procs.get(self.main);
            let started = first.and_then(|p| p.relations.monitors.values().next());
            self.program = started.map_or(Term::NONE, |monitor| monitor.pid);
        }
        [self.selected, self.program, self.main].into_iter().find(|pid| !pid.is_none()).unwrap_or(Term::NONE)
    }

    /// A frame, as in `docs/wire.md`; empty before the first run.
    pub fn frame(&mut self) -> Vec<u8> {
        let shown = self.shown();
        let Some(vm) = self.vm.as_mut() else { return Vec::new() };
        self.frames = self.frames.wrapping_add(1);
        let time_ns = vm.sys.now_ns();
        let look = Look {
            number: self.frames,
            selected: Some(shown).filter(|pid| !pid.is_none()),
            ended: None,
            program: (!self.program.is_none()).then_some((self.program, self.title.as_str())),
            max_rows: MAX_ROWS,
            max_objects: MAX_OBJECTS,
            time_ns,
        };
        // A VM whose picture can't be made has none.
        vm.look(|sys| observe::frame(sys, look)).unwrap_or_default()
    }

    /// What lies at an address of the selected process, or of a literal.
    pub fn describe(&mut self, address: u32) -> Option<ObjectInfo> {
        let shown = self.shown();
        let vm = self.vm.as_mut()?;
        let seen = vm.look(|sys| observe::describe(sys, sys.procs.get(shown)?, address));
        seen.ok().flatten().map(object_info)
    }

    /// Who keeps the object at an address of the selected process alive, and how much that keeps alive itself. Takes time by the size of the process.
    pub fn keeps(&mut self, address: u32) -> Option<KeepsInfo> {
        let shown = self.shown();
        let vm = self.vm.as_mut()?;
        let seen = vm.look(|sys| observe::keeps(sys, sys.procs.get(shown)?, address));
        seen.ok().flatten().map(keeps_info)
    }

    /// The VM's state as Prometheus text; empty before the first run.
    pub fn metrics(&mut self) -> String {
        let Some(vm) = self.vm.as_mut() else { return String::new() };
        let now = vm.sys.now_ns();
        vm.look(|sys| observe::metrics::prometheus(sys, now, observe::metrics::Rows::default())).unwrap_or_default()
    }

    /// Carries out a request of the `raw` face.
    pub fn answer(&mut self, request: Request) -> Response {
        match request {
            Request::Open(_) => return Response::Failed("a session is opened by the face".into()),
            Request::AddBundle(bytes) => {
                if let Err(why) = self.add_bundle(&bytes) {
                    return Response::Failed(why);
                }
            }
            Request::AddModule { name, beam } => self.add_module(&name, beam),
            Request::LackModule { name } => self.lack_module(&name),
            Request::Check { source, file } => return Response::Diagnostics(self.check(&source, &file)),
            Request::Run(program) => {
                return match self.run(program) {
                    Ok(found) => Response::Diagnostics(found),
                    Err(why) => Response::Failed(why),
                };
            }
            Request::Advance { reductions } => return Response::Progress(self.advance(reductions)),
            Request::PushInput(bytes) => self.push_input(&bytes),
            Request::CloseInput => self.close_input(),
            Request::Stop => self.stop(),
            Request::Select { number, serial } => self.select(number, serial),
            Request::Frame => return Response::Frame(self.frame()),
            Request::Describe { address } => return Response::Object(self.describe(address)),
            Request::Keeps { address } => return Response::Keeps(self.keeps(address)),
            Request::Metrics => return Response::Text(self.metrics()),
            Request::Reductions => return Response::Reductions(self.reductions()),
        }
        Response::Done
    }
}

/// Compiles a Mochi program.
///
/// # Errors
/// The compiler panicked; what it said and where.
fn compile(source: &str, file: &str) -> Result<beambox_mochi::CompileResult, String> {
    guarded(|| beambox_mochi::compile(source, file, &beambox_mochi::Options::default()))
        .map_err(|why| format!("the compiler panicked: {why}"))
}

/// A finding about the compiler itself.
fn internal(message: String) -> Diagnostic {
    let rendered = format!("error: {message}\n");
    Diagnostic {
        severity: Severity::Error,
        code: "X000".into(),
        message,
        help: "this is a bug of beambox; the program may be right".into(),
        from: 0,
        to: 0,
        from_utf16: 0,
        to_utf16: 0,
        line: 1,
        column: 1,
        rendered,
    }
}

fn stopped(cause: &StopCause) -> Exit {
    let kind = match cause {
        StopCause::Halted(status) => return Exit { status: *status, reason: String::new(), cause: Cause::Halted },
        StopCause::Crashed(_) => Cause::Crashed,
        StopCause::OutOfMemory(_) => Cause::OutOfMemory,
        StopCause::TooManyAtoms(_) => Cause::TooManyAtoms,
        StopCause::Internal(_) => Cause::Internal,
    };
    Exit { status: 1, reason: cause.to_string(), cause: kind }
}
