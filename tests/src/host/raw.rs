//! The `raw` wasm under wasmtime, through the embedding crate, as a user of the second wall has it.

use std::time::Duration;

use anyhow::{Context, Result};
use beambox::{Engine, Modules, Sandbox, StopCause};

use super::{Host, Job, Outcome, PATIENCE, Work};
use crate::places;

/// The wasm host.
pub struct Raw {
    modules: Modules,
}

impl Raw {
    /// Compiles the VM's wasm (it is kept for the later programs) and reads the bundle.
    pub fn start() -> Result<Raw> {
        let raw = Raw { modules: Modules::bundle(places::bundle()?)? };
        raw.sandbox(&[])?;
        Ok(raw)
    }

    fn sandbox(&self, stdin: &[u8]) -> Result<Sandbox> {
        let sandbox = Sandbox::builder()
            .engine(Engine::Wasm)
            .raw_wasm(places::target().join("raw/beambox_raw.wasm"))
            .modules(self.modules.clone())
            .memory_limit(512 << 20)
            .time_limit(PATIENCE)
            .stdin(stdin.to_vec())
            .build();
        sandbox.context("the raw wasm doesn't start: run `cargo xtask wasm`")
    }

    fn one(&self, job: &Job) -> Result<Outcome> {
        let mut sandbox = self.sandbox(&job.stdin)?;
        let outcome = match &job.work {
            Work::Module { beam, .. } => sandbox.run_beam(std::fs::read(beam)?, "main", Vec::new())?,
            Work::Mochi { source } => {
                let file = source.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
                sandbox.run_mochi(&std::fs::read_to_string(source)?, &file)?
            }
        };
        if let StopCause::Internal(why) = &outcome.cause {
            anyhow::bail!("{why}");
        }
        if outcome.elapsed > PATIENCE + Duration::from_secs(5) {
            anyhow::bail!("the time limit came late: {:?}", outcome.elapsed);
        }
        let errors: Vec<&str> = outcome.diagnostics.iter().map(|d| d.rendered.as_str()).collect();
        let reason = format!("{} {}", outcome.cause, errors.join("\n"));
        Ok(Outcome { stdout: outcome.stdout, stderr: outcome.stderr, status: outcome.status, reason })
    }
}

impl Host for Raw {
    fn run(&mut self, jobs: &[Job], report: &mut dyn FnMut(usize, Result<Outcome>)) {
        for (at, job) in jobs.iter().enumerate() {
            report(at, self.one(job));
        }
    }
}
