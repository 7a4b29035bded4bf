//! What the WebAssembly builds need of Rust: the target, wasm-bindgen's program, wasm-pack.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::paths::Paths;
use crate::run::{command, quiet, show, step};

const TARGET: &str = "wasm32-unknown-unknown";
const WASM_PACK: &str = "0.15.1";

/// Makes sure that the standard library for wasm32 is there.
pub fn wasm_target(paths: &Paths) -> Result<()> {
    let libdir = quiet(&mut command(&paths.root, "rustc", &["--print", "target-libdir", "--target", TARGET]))?;
    if Path::new(libdir.trim()).is_dir() {
        return Ok(());
    }
    if which::which("rustup").is_err() {
        bail!(
            "Rust's {TARGET} target is missing and there is no rustup to add it: install rustup, or your distribution's package of that target"
        );
    }
    step("adding Rust's WebAssembly target (a few seconds, once)", || {
        quiet(&mut command(&paths.root, "rustup", &["target", "add", TARGET]))
            .context("rustup can't fetch the WebAssembly target: check the network, then `rustup target add wasm32-unknown-unknown`")
    })?;
    Ok(())
}

/// The `wasm-bindgen` program, built from the crate of the same version that the page's code is compiled with.
pub fn wasm_bindgen(paths: &Paths) -> Result<PathBuf> {
    let program = paths.target.join("release/wasm-bindgen");
    let what = "building wasm-bindgen's program (makes the page's JavaScript; about a minute, once)";
    let build =
        || show(&mut command(&paths.root, "cargo", &["build", "--quiet", "--release", "--package", "xtask-bindgen"]));
    if program.exists() {
        build()?
    } else {
        step(what, build)?
    }
    Ok(program)
}

/// A `wasm-pack` of the wanted version that is already there.
pub fn has_wasm_pack(paths: &Paths) -> Option<PathBuf> {
    let own = paths.toolchain.join("cargo/bin/wasm-pack");
    [which::which("wasm-pack").ok(), Some(own)].into_iter().flatten().find(|program| {
        let version = quiet(Command::new(program).arg("--version"));
        version.is_ok_and(|v| v.trim().ends_with(WASM_PACK))
    })
}

/// The `wasm-pack` program of the wanted version: the one on PATH, or one installed under `.toolchain/cargo`.
pub fn wasm_pack(paths: &Paths) -> Result<PathBuf> {
    if let Some(program) = has_wasm_pack(paths) {
        return Ok(program);
    }
    let dir = paths.toolchain.join("cargo");
    step("installing wasm-pack (packs the page's wasm; about three minutes, once)", || {
        let args = ["install", "--quiet", "--locked", "wasm-pack", "--version", WASM_PACK, "--root"];
        // Its own target folder: dependencies are built for one program only.
        show(command(&paths.root, "cargo", &args).arg(&dir).env("CARGO_TARGET_DIR", dir.join("build")))
            .context("cannot install wasm-pack: check the network, then `cargo install wasm-pack`")?;
        Ok(std::fs::remove_dir_all(dir.join("build"))?)
    })?;
    Ok(dir.join("bin/wasm-pack"))
}
