//! Node and the npm packages of the web front end.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::paths::Paths;
use crate::run::{command, quiet, show, step};

const REMEDY: &str = "install Node.js 20 or newer so that `node` and `npm` are on PATH";

/// Makes sure that Node is there and `www/node_modules` is what `package-lock.json` says.
pub fn packages(paths: &Paths) -> Result<()> {
    let www = paths.www();
    for tool in ["node", "npm"] {
        if which::which(tool).is_err() {
            bail!("`{tool}` is not on PATH: {REMEDY}");
        }
    }
    let lock = www.join("package-lock.json");
    let text = fs::read(&lock).context("www/package-lock.json can't be read")?;
    let wanted = format!("{:x}", Sha256::digest(&text));
    let stamp = www.join("node_modules/.beambox-lock");
    if fs::read_to_string(&stamp).ok().as_deref() == Some(&wanted) {
        return Ok(());
    }
    let version = quiet(Command::new("node").arg("--version")).context(REMEDY)?;
    let major: u32 = version.trim().trim_start_matches('v').split('.').next().and_then(|n| n.parse().ok()).unwrap_or(0);
    if major < 20 {
        bail!("Node {} is too old: {REMEDY}", version.trim());
    }
    step("fetching the page's npm packages (about half a minute, once)", || {
        // Not `npm ci`: it refuses a lock that lacks the optional packages of other platforms, and a registry that doesn't carry them
        // makes such a lock. This installs the locked versions all the same and writes neither file.
        show(&mut command(&www, "npm", &["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"]))
            .context(
                "npm can't fetch the packages: check the network or npm's registry setting, then `npm install` in www",
            )
    })?;
    fs::write(stamp, wanted)?;
    Ok(())
}
