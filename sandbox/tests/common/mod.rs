//! What the engines' tests share: every test runs on each engine that is built in.

#![allow(dead_code, clippy::unwrap_used, clippy::expect_used)]

use beambox::{Arg, Builder, Engine, Outcome, Sandbox};
use std::time::Duration;

/// The compiled `probe.erl`.
pub const PROBE: &[u8] = include_bytes!("../data/probe.beam");

/// The engines that there are.
pub fn engines() -> Vec<Engine> {
    if cfg!(feature = "wasm") { vec![Engine::Native, Engine::Wasm] } else { vec![Engine::Native] }
}

/// A small sandbox that no test outlives.
pub fn small(engine: Engine) -> Builder {
    Sandbox::builder().engine(engine).memory_limit(64 << 20).time_limit(Duration::from_secs(60))
}

/// Runs `probe:main(Args)`.
pub fn probe(builder: Builder, args: &[&str]) -> Outcome {
    let args = args.iter().map(|a| Arg::String((*a).into())).collect();
    let mut sandbox =
        builder.build().expect("is the bundle there? see `cargo xtask bundle`; the wasm: `cargo xtask wasm`");
    sandbox.run_beam(PROBE.to_vec(), "main", vec![Arg::List(args)]).expect("the probe starts")
}
