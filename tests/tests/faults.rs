//! Damaged `.beam` files: hundreds of real ones with flipped bits, foreign bytes or cut ends are loaded and run. Each must end as a typed error, as a
//! failed program or as a normal run: no panic, no hang. Real OTP compiles the programs, so that the damage hits real code.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use beambox_playground::{Program, Progress, Session, Settings, Stream, World};
use beambox_tests::{oracle, places, program};

/// Programs that between them use most of the instruction set.
const VICTIMS: &[&str] = &[
    "bin_match",
    "bin_construct",
    "control_flow",
    "exc_classes",
    "funs",
    "guards",
    "maps_small",
    "proc_basic",
    "records",
    "comprehensions",
];

/// Reductions that a damaged program may use; many are endless loops now.
const BUDGET: u64 = 400_000;

/// How long one damaged program may take at most, wherever it hangs.
const PATIENCE: Duration = Duration::from_secs(20);

struct Nowhere;

impl World for Nowhere {
    fn write(&mut self, _: Stream, _: &[u8]) {}
}

/// A small generator of its own, so that a seed means the same for ever.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

fn fresh() -> Session {
    let settings = Settings {
        deterministic: true,
        max_memory: 64 << 20,
        max_processes: 1 << 10,
        max_atoms: 1 << 17,
        ..Settings::default()
    };
    let mut session = Session::new(settings, Box::new(Nowhere));
    let bundle = places::bundle().and_then(|path| Ok(fs::read(path)?)).unwrap_or_else(|e| panic!("{e:#}"));
    session.add_bundle(&bundle).unwrap_or_else(|e| panic!("{e}"));
    session
}

/// Runs `main/0` of these bytes; whether it came to a normal end. A panic is noted, and the session replaced.
fn attempt(session: &mut Session, name: &str, beam: Vec<u8>, what: &str, panics: &mut Vec<String>) -> bool {
    let result = catch_unwind(AssertUnwindSafe(|| run(session, name, beam, what)));
    result.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        panics.push(format!("{name}, {what}: {}", text.unwrap_or("a panic")));
        *session = fresh();
        false
    })
}

fn run(session: &mut Session, name: &str, beam: Vec<u8>, what: &str) -> bool {
    let start = Instant::now();
    session.add_module(name, beam);
    let call = Program::Call { module: name.into(), function: "main".into(), args: Vec::new() };
    let mut good = false;
    if session.run(call).is_ok() {
        session.close_input();
        let mut used = 0;
        while used < BUDGET {
            match session.advance(BUDGET / 20) {
                Progress::Ended(exit) => {
                    good = exit.status == 0;
                    break;
                }
                Progress::Idle | Progress::Input(_) | Progress::Module(_) => break,
                Progress::Busy | Progress::Timer(_) => used += BUDGET / 20,
            }
        }
        session.stop();
    }
    assert!(start.elapsed() < PATIENCE, "{name}, {what}: took {:?}", start.elapsed());
    good
}

fn victims() -> Vec<(String, Vec<u8>)> {
    let mut programs = program::all().unwrap_or_else(|e| panic!("{e:#}"));
    programs.retain(|p| VICTIMS.contains(&p.label().as_str()));
    let known = oracle::learn(&programs).unwrap_or_else(|e| panic!("{e:#}"));
    assert_eq!(known.len(), VICTIMS.len());
    known.into_iter().map(|(name, k)| (name, fs::read(k.beam).unwrap_or_else(|e| panic!("{e}")))).collect()
}

#[test]
fn undamaged_programs_run() {
    let mut session = fresh();
    let mut panics = Vec::new();
    let good = victims()
        .into_iter()
        .filter(|(name, beam)| attempt(&mut session, name, beam.clone(), "undamaged", &mut panics))
        .count();
    assert!(good > VICTIMS.len() / 2, "only {good} of the undamaged programs run to their end");
    assert!(panics.is_empty(), "{} panics:\n{}", panics.len(), panics.join("\n"));
}

#[test]
fn flipped_bits_do_no_harm() {
    let mut session = fresh();
    let mut panics = Vec::new();
    let mut random = Random(0x5EED_2026);
    for (name, beam) in victims() {
        for round in 0..40 {
            let mut bad = beam.clone();
            let mut places = Vec::new();
            for _ in 0..=random.below(3) {
                let at = random.below(bad.len());
                bad[at] ^= 1 << random.below(8);
                places.push(at);
            }
            attempt(&mut session, &name, bad, &format!("round {round}, bits flipped at {places:?}"), &mut panics);
        }
    }
    assert!(panics.is_empty(), "{} panics:\n{}", panics.len(), panics.join("\n"));
}

#[test]
fn foreign_bytes_do_no_harm() {
    let mut session = fresh();
    let mut panics = Vec::new();
    let mut random = Random(0xBAD_F00D);
    for (name, beam) in victims() {
        for round in 0..15 {
            let mut bad = beam.clone();
            let length = 1 + random.below(16);
            let at = random.below(bad.len() - length);
            for byte in &mut bad[at..at + length] {
                *byte = random.below(256) as u8;
            }
            attempt(&mut session, &name, bad, &format!("round {round}, {length} foreign bytes at {at}"), &mut panics);
        }
    }
    assert!(panics.is_empty(), "{} panics:\n{}", panics.len(), panics.join("\n"));
}

#[test]
fn cut_files_are_errors() {
    let mut session = fresh();
    let mut panics = Vec::new();
    let mut random = Random(0xC07);
    for (name, beam) in victims() {
        for _ in 0..15 {
            let at = random.below(beam.len());
            let good = attempt(&mut session, &name, beam[..at].to_vec(), &format!("cut at {at}"), &mut panics);
            assert!(!good, "{name} cut at {at} still runs to its end");
        }
    }
    assert!(panics.is_empty(), "{} panics:\n{}", panics.len(), panics.join("\n"));
}

#[test]
fn what_is_no_beam_file_is_an_error() {
    let mut session = fresh();
    let mut panics = Vec::new();
    for garbage in [&b""[..], b"FOR1", b"FOR1\0\0\0\x04BEAM", b"not a module at all", &[0xff; 4096], &[0; 64]] {
        assert!(!attempt(&mut session, "garbage", garbage.to_vec(), "garbage", &mut panics));
    }
    assert!(panics.is_empty(), "{} panics:\n{}", panics.len(), panics.join("\n"));
}
