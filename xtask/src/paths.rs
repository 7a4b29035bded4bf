//! Where things lie: the workspace, what set-up fetched, what the builds wrote.
//!
//! Invariant: everything that set-up fetches is under `.toolchain/`, everything that is built under the target folder,
//! `www/dist` or `www/public`; nothing is written anywhere else.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The folders of one checkout.
#[derive(Clone, Debug)]
pub struct Paths {
    /// The workspace's root.
    pub root: PathBuf,
    /// What set-up fetched (`.toolchain`).
    pub toolchain: PathBuf,
    /// Cargo's target folder, as cargo itself sees it.
    pub target: PathBuf,
}

impl Paths {
    /// The paths of the checkout that this program was built in.
    pub fn find() -> Result<Paths> {
        let root =
            Path::new(env!("CARGO_MANIFEST_DIR")).parent().context("xtask's folder has no parent")?.to_path_buf();
        let target = match std::env::var_os("CARGO_TARGET_DIR") {
            Some(dir) => root.join(dir),
            None => root.join("target"),
        };
        Ok(Paths { toolchain: root.join(".toolchain"), target, root })
    }

    /// The web front end's folder.
    pub fn www(&self) -> PathBuf {
        self.root.join("www")
    }

    /// The bundle of OTP's and our own Erlang modules, as tests and native hosts read it.
    pub fn bundle(&self) -> PathBuf {
        self.target.join("bundle/otp.bundle")
    }

    /// The `raw` wasm, as the sandbox's engine and the harness read it.
    pub fn raw_wasm(&self) -> PathBuf {
        self.target.join("raw/beambox_raw.wasm")
    }
}
