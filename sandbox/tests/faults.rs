//! Damaged `.beam` files, loaded and run with small budgets on every engine: each ends as an error or an outcome, none panics or hangs.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use beambox::{Arg, Engine, Error, StopCause};
use common::{PROBE, engines, small};
use std::time::{Duration, Instant};

/// A generator of its own, so that every run damages alike.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % most
    }
}

fn try_out(engine: Engine, beam: Vec<u8>, counts: &mut [usize; 3]) {
    let limit = Duration::from_secs(20);
    let builder = small(engine).memory_limit(16 << 20).reductions(100_000).output_limit(1 << 16).time_limit(limit);
    let mut sandbox = builder.build().unwrap();
    let args = ["args", "x"].map(|a| Arg::String(a.into())).to_vec();
    match sandbox.run_beam(beam, "main", vec![Arg::List(args)]) {
        Err(Error::NotABeam(_)) => counts[0] += 1,
        Err(Error::NoFunction { .. }) => counts[1] += 1,
        Err(other) => panic!("{engine:?}: {other}"),
        Ok(outcome) => {
            assert!(!matches!(outcome.cause, StopCause::TimeLimit(_)), "{engine:?}: a hang");
            assert!(!matches!(outcome.cause, StopCause::Internal(_)), "{engine:?}: {outcome:?}");
            counts[2] += 1;
        }
    }
}

/// For longer searches than a test may take.
fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

#[test]
fn flipped_bits() {
    for engine in engines() {
        let seed = number("BEAMBOX_FAULT_SEED").unwrap_or(7);
        let files = number("BEAMBOX_FAULTS").unwrap_or(if engine == Engine::Native { 600 } else { 300 });
        let (mut dice, mut counts, start) = (Dice(seed), [0; 3], Instant::now());
        for _ in 0..files {
            let mut beam = PROBE.to_vec();
            for _ in 0..1 + dice.below(3) {
                let at = dice.below(beam.len());
                beam[at] ^= 1 << dice.below(8);
            }
            try_out(engine, beam, &mut counts);
        }
        println!("{engine:?}: not a beam, no function, ran: {counts:?} in {:?}", start.elapsed());
        assert!(counts[0] > 20 && counts[2] > 20, "{counts:?}: the damage is one-sided");
    }
}

#[test]
fn cut_files() {
    for engine in engines() {
        let mut counts = [0; 3];
        for cut in (0..PROBE.len()).step_by(if engine == Engine::Native { 7 } else { 29 }) {
            try_out(engine, PROBE[..cut].to_vec(), &mut counts);
        }
        assert_eq!(counts[2], 0, "{engine:?}: a cut file ran");
    }
}
