//! The `web` wasm, under Node or in Chromium, by the page's own scripts (`www/tests/hosts`): programs in as JSON, results out as JSON.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::{Host, Job, Outcome, PATIENCE, Work};
use crate::oracle::collect;
use crate::places;

/// A program as the scripts read it; see `www/tests/hosts/programs.mjs`.
#[derive(Serialize)]
struct Order {
    name: String,
    #[serde(flatten)]
    work: OrderWork,
    input: String,
    /// The machine's clock instead of one of the VM's own.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    clock: bool,
}

#[derive(Serialize)]
#[serde(untagged)]
enum OrderWork {
    Mochi { source: String },
    Module { beams: Vec<(String, String)>, module: String, function: &'static str },
}

/// A result as the scripts write it.
#[derive(Deserialize)]
struct Answer {
    stdout: String,
    stderr: String,
    status: i32,
    reason: String,
}

/// The statuses by which the scripts say that the host itself failed.
const TOO_LONG: i32 = 124;
const BROKEN: i32 = 125;

/// A script to run.
pub struct Web {
    script: &'static str,
}

impl Web {
    /// Looks whether everything is there; `script` is `node` or `chromium`.
    pub fn start(script: &'static str) -> Result<Web> {
        if !places::root().join("www/src/generated/beambox_wasm_bg.wasm").exists() {
            bail!("the web wasm isn't built: run `cargo xtask wasm`");
        }
        Ok(Web { script })
    }

    /// Runs `MODULE:main()` by the machine's clock, with the modules of a folder beside the bundle's; what it wrote.
    pub fn timed(&self, module: &str, code: &Path) -> Result<Vec<u8>> {
        let mut beams = Vec::new();
        for entry in std::fs::read_dir(code)?.flatten().filter(|e| e.path().extension().is_some_and(|x| x == "beam")) {
            let name = entry.path().file_stem().and_then(|s| s.to_str()).unwrap_or_default().to_string();
            beams.push((name, STANDARD.encode(std::fs::read(entry.path())?)));
        }
        let work = OrderWork::Module { beams, module: module.to_string(), function: "main" };
        let answers = self.send(&[Order { name: module.to_string(), work, input: String::new(), clock: true }])?;
        match answers.into_iter().next() {
            Some(answer) if answer.status == 0 => Ok(answer.stdout.into_bytes()),
            Some(answer) => bail!("status {}: {} {}", answer.status, answer.reason, answer.stderr),
            None => bail!("no answer"),
        }
    }

    fn batch(&self, jobs: &[Job]) -> Result<Vec<Answer>> {
        self.send(&jobs.iter().map(order).collect::<Result<Vec<Order>>>()?)
    }

    fn send(&self, orders: &[Order]) -> Result<Vec<Answer>> {
        let www = places::root().join("www");
        let mut node = Command::new("node");
        node.arg(www.join(format!("tests/hosts/{}.mjs", self.script)));
        node.arg(www.join("src/generated")).arg(places::bundle()?).current_dir(&www).stdin(Stdio::piped());
        if self.script == "chromium" {
            node.env("CHROMIUM", places::chromium()?);
        }
        let count = orders.len();
        let orders = serde_json::to_vec(orders)?;
        let feed = move |mut pipe: std::process::ChildStdin| {
            // A script that ends early says why on stderr.
            let _ = pipe.write_all(&orders);
        };
        let patience = PATIENCE + Duration::from_secs(20) * u32::try_from(count)?;
        let (stdout, stderr, status) =
            collect(&mut node, Some(Box::new(feed)), patience).context("cannot start node")?;
        match status {
            Some(0) => {}
            None => bail!("no answer after {} s", patience.as_secs()),
            Some(_) => bail!("the script failed: {}", String::from_utf8_lossy(&stderr)),
        }
        let answers: Vec<Answer> = serde_json::from_slice(&stdout).context("the script answers nonsense")?;
        match answers.len() == count {
            true => Ok(answers),
            false => bail!("{} answers to {count} programs", answers.len()),
        }
    }
}

fn order(job: &Job) -> Result<Order> {
    let input = String::from_utf8(job.stdin.clone()).context("standard input of a web job must be UTF-8")?;
    let (name, work) = match &job.work {
        Work::Module { name, beam } => {
            let beams = vec![(name.clone(), STANDARD.encode(std::fs::read(beam)?))];
            (name.clone(), OrderWork::Module { beams, module: name.clone(), function: "main" })
        }
        Work::Mochi { source } => {
            (source.display().to_string(), OrderWork::Mochi { source: std::fs::read_to_string(source)? })
        }
    };
    Ok(Order { name, work, input, clock: false })
}

/// The page gives every program its own name; the other hosts know the file's.
fn named(text: &str, job: &Job) -> String {
    match &job.work {
        Work::Mochi { source } => {
            let name = source.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            text.replace("playground.mochi", &name)
        }
        Work::Module { .. } => text.to_string(),
    }
}

impl Host for Web {
    fn run(&mut self, jobs: &[Job], report: &mut dyn FnMut(usize, Result<Outcome>)) {
        match self.batch(jobs) {
            Ok(answers) => {
                for (at, (answer, job)) in answers.into_iter().zip(jobs).enumerate() {
                    let (stderr, reason) = (named(&answer.stderr, job), named(&answer.reason, job));
                    report(
                        at,
                        match answer.status {
                            TOO_LONG | BROKEN => Err(anyhow!("{reason}")),
                            status => Ok(Outcome {
                                stdout: answer.stdout.into_bytes(),
                                stderr: stderr.into_bytes(),
                                status,
                                reason,
                            }),
                        },
                    );
                }
            }
            Err(error) => {
                let why = format!("{error:#}");
                (0..jobs.len()).for_each(|at| report(at, Err(anyhow!("{why}"))));
            }
        }
    }
}
