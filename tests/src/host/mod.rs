//! The hosts: four ways to run one VM, and real OTP for what our own compiler writes.
//!
//! Invariant: every host gets the same modules, the same settings (a clock and entropy of the VM's own) and the same standard input, so that
//! a difference in output is a difference of the host.

pub mod native;
#[cfg(feature = "wasm")]
pub mod raw;
pub mod web;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;

/// How long a program may take on one of our hosts; a collection at every reservation takes its time.
pub const PATIENCE: Duration = Duration::from_secs(if cfg!(feature = "gc_stress") { 900 } else { 120 });

/// What to run.
#[derive(Clone, Debug)]
pub enum Work {
    /// `MODULE:main()` of a compiled module.
    Module { name: String, beam: PathBuf },
    /// A Mochi source file.
    Mochi { source: PathBuf },
}

/// One run.
#[derive(Clone, Debug)]
pub struct Job {
    pub work: Work,
    pub stdin: Vec<u8>,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    /// The exit status; 0 after a normal end.
    pub status: i32,
    /// Why it ended otherwise; for Mochi also the diagnostics that kept it from running.
    pub reason: String,
}

/// A way to run programs.
pub trait Host {
    /// Runs programs one after the other and reports each by its index. An error is the host's own failure (a panic, a hang, a lost
    /// browser), never the program's.
    fn run(&mut self, jobs: &[Job], report: &mut dyn FnMut(usize, Result<Outcome>));
}

/// The hosts by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Kind {
    /// The VM as part of this process.
    Native,
    /// The `raw` wasm under wasmtime.
    Raw,
    /// The `web` wasm under Node.
    Node,
    /// The `web` wasm in Chromium.
    Chromium,
}

impl Kind {
    /// The name in the expectations.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Native => "native",
            Kind::Raw => "raw",
            Kind::Node => "node",
            Kind::Chromium => "chromium",
        }
    }

    /// Starts the host.
    pub fn start(self) -> Result<Box<dyn Host>> {
        match self {
            Kind::Native => Ok(Box::new(native::Native::start()?)),
            #[cfg(feature = "wasm")]
            Kind::Raw => Ok(Box::new(raw::Raw::start()?)),
            #[cfg(not(feature = "wasm"))]
            Kind::Raw => anyhow::bail!("this harness was built without wasmtime: add `--features wasm`"),
            Kind::Node => Ok(Box::new(web::Web::start("node")?)),
            Kind::Chromium => Ok(Box::new(web::Web::start("chromium")?)),
        }
    }
}
