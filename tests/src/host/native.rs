//! The VM in this process, each program on a thread of its own, so that a panic or a hang is that program's failure alone.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use anyhow::{Context, Result, anyhow};
use beambox_playground::{Program, Progress, Session, Settings, Stream, World};

use super::{Host, Job, Outcome, PATIENCE, Work};
use crate::places;

/// Reductions between two looks at the clock.
const SLICE: u64 = 1_000_000;

/// The native host.
pub struct Native {
    bundle: Arc<Vec<u8>>,
}

impl Native {
    /// Reads the bundle.
    pub fn start() -> Result<Native> {
        let bundle = std::fs::read(places::bundle()?).context("cannot read the bundle")?;
        Ok(Native { bundle: Arc::new(bundle) })
    }
}

impl Host for Native {
    fn run(&mut self, jobs: &[Job], report: &mut dyn FnMut(usize, Result<Outcome>)) {
        let next = AtomicUsize::new(0);
        let (sender, receiver) = mpsc::channel();
        let (this, next) = (&*self, &next);
        std::thread::scope(|scope| {
            for _ in 0..std::thread::available_parallelism().map_or(1, |n| n.get()).min(8) {
                let sender = sender.clone();
                scope.spawn(move || {
                    while let at = next.fetch_add(1, Ordering::Relaxed)
                        && let Some(job) = jobs.get(at)
                    {
                        // The receiver lives as long as this scope.
                        let _ = sender.send((at, this.one(job)));
                    }
                });
            }
            drop(sender);
            for (at, result) in receiver {
                report(at, result);
            }
        });
    }
}

impl Native {
    fn one(&self, job: &Job) -> Result<Outcome> {
        let (sender, receiver) = mpsc::channel();
        let (job, bundle) = (job.clone(), self.bundle.clone());
        std::thread::spawn(move || {
            // A receiver that has lost patience is gone.
            let _ = sender.send(session(&job, &bundle));
        });
        match receiver.recv_timeout(PATIENCE) {
            Ok(result) => result,
            Err(mpsc::RecvTimeoutError::Timeout) => Err(anyhow!("no end after {} s", PATIENCE.as_secs())),
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(anyhow!("the VM panicked")),
        }
    }
}

/// What a session writes.
struct Capture(Rc<RefCell<Outcome>>);

impl World for Capture {
    fn write(&mut self, stream: Stream, bytes: &[u8]) {
        let mut outcome = self.0.borrow_mut();
        match stream {
            Stream::Stdout => outcome.stdout.extend_from_slice(bytes),
            Stream::Stderr => outcome.stderr.extend_from_slice(bytes),
        }
    }
}

fn session(job: &Job, bundle: &[u8]) -> Result<Outcome> {
    let outcome = Rc::new(RefCell::new(Outcome::default()));
    let settings = Settings { deterministic: true, ..Settings::default() };
    let mut session = Session::new(settings, Box::new(Capture(outcome.clone())));
    session.add_bundle(bundle).map_err(|e| anyhow!("{e}"))?;
    let program = match &job.work {
        Work::Module { name, beam } => {
            session.add_module(name, std::fs::read(beam)?);
            Program::Call { module: name.clone(), function: "main".into(), args: Vec::new() }
        }
        Work::Mochi { source } => {
            let file = source.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            Program::Mochi { source: std::fs::read_to_string(source)?, file }
        }
    };
    let found = session.run(program).map_err(|e| anyhow!("{e}"))?;
    let errors: Vec<String> = found.iter().filter(|d| d.is_error()).map(|d| d.rendered.clone()).collect();
    if !errors.is_empty() {
        return Ok(Outcome { status: 1, reason: errors.join("\n"), ..Outcome::default() });
    }
    session.push_input(&job.stdin);
    session.close_input();
    let exit = loop {
        match session.advance(SLICE) {
            Progress::Ended(exit) => break exit,
            Progress::Idle => return Err(anyhow!("the session is idle right after a program was started")),
            Progress::Input(_) => return Err(anyhow!("the program waits for input that was closed")),
            Progress::Module(name) => session.lack_module(&name),
            // The VM's own clock jumps to the next timer by itself.
            Progress::Busy | Progress::Timer(_) => {}
        }
    };
    let mut outcome = outcome.take();
    outcome.status = exit.status;
    outcome.reason = exit.reason;
    Ok(outcome)
}
