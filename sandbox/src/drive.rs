//! One run, whatever the engine: start, feed, advance until the program ends or must not go on.
//!
//! Invariant: between two looks at the limits an engine runs [`CHUNK`] reductions at most, or a wait of [`NAP`].

use crate::Error;
use crate::builder::Limits;
use crate::outcome::{Outcome, StopCause};
use crate::outside::{Fed, Feed, Shared, Stdin};
use beambox_playground::{Cause, Diagnostic, Exit, Program, Progress, Request, Response, Settings};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Reductions between two looks at the clock: a few milliseconds.
const CHUNK: u64 = 50_000;
/// Longest wait between two looks at the clock.
const NAP: Duration = Duration::from_millis(20);

/// A session behind some wall.
pub(crate) trait Machine {
    /// Carries out a request.
    ///
    /// # Errors
    /// The machine is lost; why.
    fn answer(&mut self, request: Request) -> Result<Response, StopCause>;
}

/// What to run and how far.
pub(crate) struct Plan {
    pub settings: Settings,
    pub modules: Vec<(String, Vec<u8>)>,
    pub program: Program,
    pub stdin: Stdin,
    pub limits: Limits,
    pub stop: Arc<AtomicBool>,
    pub start: Instant,
}

/// When a run must end.
#[derive(Clone)]
pub(crate) struct Deadline {
    pub at: Option<Instant>,
    pub limit: Duration,
    pub stop: Arc<AtomicBool>,
}

impl Deadline {
    pub fn of(plan: &Plan) -> Deadline {
        let limit = plan.limits.time.unwrap_or_default();
        // A limit beyond the clock's range is none.
        Deadline { at: plan.limits.time.and_then(|t| plan.start.checked_add(t)), limit, stop: plan.stop.clone() }
    }

    /// Is it time? Then why.
    pub fn passed(&self) -> Option<StopCause> {
        if self.stop.load(Ordering::Relaxed) {
            return Some(StopCause::Stopped);
        }
        let at = self.at?;
        (Instant::now() >= at).then_some(StopCause::TimeLimit(self.limit))
    }
}

/// Runs it to its end.
///
/// # Errors
/// It could not be started.
pub(crate) fn drive(machine: &mut dyn Machine, plan: Plan, shared: &Shared) -> Result<Outcome, Error> {
    let mut run = Run { deadline: Deadline::of(&plan), machine, shared, diagnostics: Vec::new(), feed: Feed::Ended };
    let start = plan.start;
    let result = run.all(plan);
    let (cause, status, reported) = match result {
        Ok(Ended { cause, status, reported }) => (cause, status, reported),
        Err(Stop::Start(why)) => return Err(Error::Start(why)),
        Err(Stop::Cause(cause)) => (cause, 1, false),
    };
    let reductions = match run.machine.answer(Request::Reductions) {
        Ok(Response::Reductions(count)) => count,
        _ => 0,
    };
    let mut outside = shared.0.borrow_mut();
    Ok(Outcome {
        status,
        stdout: std::mem::take(&mut outside.stdout),
        stderr: std::mem::take(&mut outside.stderr),
        cause,
        reported,
        diagnostics: run.diagnostics,
        reductions,
        elapsed: start.elapsed(),
    })
}

struct Run<'a> {
    machine: &'a mut dyn Machine,
    shared: &'a Shared,
    deadline: Deadline,
    diagnostics: Vec<Diagnostic>,
    feed: Feed,
}

/// How the program ended.
struct Ended {
    cause: StopCause,
    status: i32,
    reported: bool,
}

impl Ended {
    /// The VM's own word on it. It tells the program's standard error about every end but an exit of the first process.
    fn by_itself(exit: Exit) -> Ended {
        let reported = exit.cause != Cause::Raised;
        Ended { status: exit.status, cause: StopCause::of(exit), reported }
    }
}

/// What keeps it from going on.
enum Stop {
    Start(String),
    Cause(StopCause),
}

impl From<StopCause> for Stop {
    fn from(cause: StopCause) -> Stop {
        Stop::Cause(cause)
    }
}

fn unexpected(response: Response) -> Stop {
    match response {
        Response::Failed(why) => Stop::Start(why),
        other => Stop::Cause(StopCause::Internal(format!("an answer that doesn't belong to its request: {other:?}"))),
    }
}

impl Run<'_> {
    fn done(&mut self, request: Request) -> Result<(), Stop> {
        match self.machine.answer(request)? {
            Response::Done => Ok(()),
            other => Err(unexpected(other)),
        }
    }

    fn all(&mut self, plan: Plan) -> Result<Ended, Stop> {
        let limit = plan.limits.reductions;
        self.done(Request::Open(plan.settings))?;
        for (name, beam) in plan.modules {
            self.done(Request::AddModule { name, beam })?;
        }
        // What starts every program; a session asks for the rest when it is called.
        self.module("beambox_start".into())?;
        match self.machine.answer(Request::Run(plan.program))? {
            Response::Diagnostics(found) => self.diagnostics = found,
            other => return Err(unexpected(other)),
        }
        if self.diagnostics.iter().any(Diagnostic::is_error) {
            return Err(StopCause::Rejected.into());
        }
        match plan.stdin {
            Stdin::Empty => self.done(Request::CloseInput)?,
            Stdin::Bytes(bytes) => {
                self.done(Request::PushInput(bytes))?;
                self.done(Request::CloseInput)?;
            }
            Stdin::Reader(reader) => self.feed = Feed::Unasked(reader),
        }
        loop {
            let reductions = match limit {
                None => CHUNK,
                Some(limit) => match limit.saturating_sub(self.reductions()?) {
                    0 => return Err(StopCause::ReductionLimit(limit).into()),
                    left => left.min(CHUNK),
                },
            };
            let progress = match self.machine.answer(Request::Advance { reductions })? {
                Response::Progress(progress) => progress,
                other => return Err(unexpected(other)),
            };
            if let Some(cause) = self.shared.0.borrow_mut().stop.take() {
                return Err(cause.into());
            }
            match progress {
                Progress::Ended(exit) => return Ok(Ended::by_itself(exit)),
                Progress::Idle => return Err(StopCause::Internal("a started program is idle".into()).into()),
                Progress::Busy => {}
                Progress::Module(name) => self.module(name)?,
                Progress::Timer(ns) => std::thread::sleep(self.nap(Some(ns))),
                Progress::Input(ns) => self.input(ns)?,
            }
            if let Some(cause) = self.deadline.passed() {
                return Err(cause.into());
            }
        }
    }

    /// Hands in a module that the program needs, or says that there is none.
    fn module(&mut self, name: String) -> Result<(), Stop> {
        let found = self.shared.0.borrow().modules.get(&name);
        match found {
            Some(beam) => self.done(Request::AddModule { name, beam }),
            None => self.done(Request::LackModule { name }),
        }
    }

    fn reductions(&mut self) -> Result<u64, Stop> {
        match self.machine.answer(Request::Reductions)? {
            Response::Reductions(count) => Ok(count),
            other => Err(unexpected(other)),
        }
    }

    /// How long to wait at most when the next timer is due after so long.
    fn nap(&self, ns: Option<u64>) -> Duration {
        let timer = ns.map_or(NAP, Duration::from_nanos);
        let end = self.deadline.at.map_or(NAP, |at| at.saturating_duration_since(Instant::now()));
        timer.min(end).min(NAP)
    }

    fn input(&mut self, timer: Option<u64>) -> Result<(), Stop> {
        match self.feed.wait(self.nap(timer)) {
            Fed::Bytes(bytes) => self.done(Request::PushInput(bytes)),
            Fed::End => self.done(Request::CloseInput),
            Fed::Nothing => Ok(()),
        }
    }
}
