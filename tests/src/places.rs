//! Where the harness finds things: the checkout, the target folder, OTP, the bundle. Set-up (`cargo xtask`) says where it put them.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// The workspace's root.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Cargo's target folder.
pub fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(dir) => root().join(dir),
        None => root().join("target"),
    }
}

/// What set-up noted in `.toolchain/NAME.path`, unless the environment says otherwise.
fn noted(variable: &str, name: &str) -> Result<PathBuf> {
    if let Some(value) = std::env::var_os(variable).filter(|v| !v.is_empty()) {
        return Ok(PathBuf::from(value));
    }
    let note = root().join(".toolchain").join(format!("{name}.path"));
    let text = std::fs::read_to_string(note)
        .with_context(|| format!("{name} isn't set up: run `cargo xtask setup {name}`"))?;
    Ok(PathBuf::from(text))
}

/// The folder of real OTP's programs; `BEAMBOX_OTP` may name it or the folder above it.
pub fn otp() -> Result<PathBuf> {
    let named = noted("BEAMBOX_OTP", "otp")?;
    let bin = named.join("bin");
    Ok(if bin.join("erl").exists() { bin } else { named })
}

/// The browser.
pub fn chromium() -> Result<PathBuf> {
    noted("BEAMBOX_CHROMIUM", "chromium")
}

/// The file of OTP's and our modules.
pub fn bundle() -> Result<PathBuf> {
    let path = target().join("bundle/otp.bundle");
    if !path.exists() {
        bail!("there is no bundle of OTP's modules: run `cargo xtask bundle`");
    }
    Ok(path)
}
