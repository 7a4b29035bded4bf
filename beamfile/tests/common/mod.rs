//! Finding a real OTP for the tests of this crate.
//!
//! `BEAMBOX_OTP` names a root folder with `bin/erl` and `lib/`; without it, `erl` on PATH is asked for its own. A test that
//! needs OTP fails when there is none: a skipped test would look like a passed one.

#![allow(dead_code, clippy::unwrap_used, clippy::expect_used)]

use std::path::{Path, PathBuf};
use std::process::Command;

/// An OTP installation.
pub struct Otp {
    /// The folder that has `bin/` and `lib/`.
    pub root: PathBuf,
}

impl Otp {
    /// The installation, or a panic that says what to do.
    pub fn find() -> Otp {
        if let Some(root) = std::env::var_os("BEAMBOX_OTP") {
            let root = PathBuf::from(root);
            assert!(
                root.join("bin/erl").exists() && root.join("lib").is_dir(),
                "BEAMBOX_OTP is {}, which has no bin/erl and lib/; run `cargo xtask test`, which sets it",
                root.display()
            );
            return Otp { root };
        }
        let asked = Command::new("erl")
            .args(["-noshell", "-boot", "start_clean", "-eval", "io:put_chars(code:root_dir()), halt()."])
            .output();
        match asked {
            Ok(answer) if answer.status.success() => {
                Otp { root: PathBuf::from(String::from_utf8_lossy(&answer.stdout).trim()) }
            }
            _ => panic!("this test needs OTP 27 and found neither BEAMBOX_OTP nor erl on PATH; run `cargo xtask test`"),
        }
    }

    /// A program of the installation.
    pub fn command(&self, program: &str) -> Command {
        Command::new(self.root.join("bin").join(program))
    }

    /// Every `.beam` file under `lib/`, sorted.
    pub fn beams(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.root.join("lib")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).unwrap() {
                let entry = entry.unwrap();
                let path = entry.path();
                if entry.file_type().unwrap().is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|e| e == "beam") {
                    found.push(path);
                }
            }
        }
        found.sort();
        assert!(found.len() > 200, "{} holds only {} .beam files", self.root.display(), found.len());
        found
    }

    /// The `.beam` file of one module.
    pub fn beam(&self, module: &str) -> PathBuf {
        let name = format!("{module}.beam");
        self.beams()
            .into_iter()
            .find(|path| path.file_name().is_some_and(|n| n == name.as_str()))
            .unwrap_or_else(|| panic!("OTP has no {name}"))
    }
}

/// A fresh folder for one test.
pub fn scratch(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// A small deterministic random generator (SplitMix64).
pub struct Random(pub u64);

impl Random {
    /// The next 64 bits.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit.max(1) as u64) as usize
    }
}
