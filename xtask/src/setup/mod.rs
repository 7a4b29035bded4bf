//! Set-up: each step looks first whether its tool is there, says in a line what it fetches when it isn't, and ends in one
//! clear line with the remedy when it can't.
//!
//! Invariant: a second run finds everything by looking at files, in far less than a second.

pub mod chromium;
pub mod debian;
pub mod node;
pub mod otp;
pub mod rust;

use std::fs::{self, File};

use anyhow::{Context, Result};

use crate::paths::Paths;
use crate::run::say;

/// Holds `.toolchain` for one set-up at a time; released when dropped.
pub struct Lock {
    _file: File,
}

/// Waits until no other set-up of this checkout runs.
pub fn lock(paths: &Paths) -> Result<Lock> {
    fs::create_dir_all(&paths.toolchain)?;
    let file = File::create(paths.toolchain.join("lock")).context("cannot write to .toolchain")?;
    if file.try_lock().is_err() {
        say("another set-up of this checkout is running; waiting for it");
        file.lock().context("cannot lock .toolchain")?;
    }
    Ok(Lock { _file: file })
}
