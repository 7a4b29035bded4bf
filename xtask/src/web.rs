//! Building what runs in a browser and under wasmtime: the two faces of the `wasm` crate, and the page.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::paths::Paths;
use crate::run::{command, quiet, say, show, step};
use crate::setup;

const TARGET: &str = "wasm32-unknown-unknown";

/// How LLVM is told to keep the interpreter's loop as it is written: up to 20 % faster, and above all steady from build to build. Nothing depends
/// on it for correctness.
pub const RELEASE_FLAGS: &str =
    "-Cllvm-args=-tail-dup-pred-size=1000 -tail-dup-succ-size=1000 -enable-tail-merge=0 -align-all-functions=6";

/// The variables that give [`RELEASE_FLAGS`] to cargo: its separator lets one flag contain spaces.
pub fn release_flags() -> (&'static str, String) {
    ("CARGO_ENCODED_RUSTFLAGS", RELEASE_FLAGS.to_string())
}

/// A cargo build of one face, in release mode, into its own folder: both faces are the same crate and would overwrite each other's file.
fn face(paths: &Paths, features: &[&str], folder: &str) -> Result<PathBuf> {
    let dir = paths.target.join(folder);
    let mut cargo =
        command(&paths.root, "cargo", &["build", "--release", "--package", "beambox-wasm", "--target", TARGET]);
    let (flags, value) = release_flags();
    cargo.args(features).arg("--target-dir").arg(&dir).env(flags, value);
    show(&mut cargo)?;
    Ok(dir.join(TARGET).join("release/beambox_wasm.wasm"))
}

/// The `web` face with its JavaScript, in `www/src/generated`.
pub fn web_wasm(paths: &Paths) -> Result<()> {
    setup::rust::wasm_target(paths)?;
    let bindgen = setup::rust::wasm_bindgen(paths)?;
    step("building the VM for the browser (release; about two minutes when nothing is built yet)", || {
        let wasm = face(paths, &[], "web")?;
        let out = paths.www().join("src/generated");
        // By content, not by time: another build may have written there in between.
        let stamp = out.join("made-from");
        let mut hash = Sha256::new();
        hash.update(fs::read(&wasm)?);
        hash.update(fs::read(&bindgen)?);
        let wanted = format!("{:x}", hash.finalize());
        if fs::read_to_string(&stamp).ok().as_deref() == Some(&wanted) && out.join("beambox_wasm_bg.wasm").exists() {
            return Ok(());
        }
        let mut cmd = Command::new(&bindgen);
        cmd.arg(&wasm).arg("--out-dir").arg(&out).args(["--out-name", "beambox_wasm", "--target", "web"]);
        quiet(&mut cmd)?;
        Ok(fs::write(stamp, wanted)?)
    })
}

/// The `raw` face; its path is what the sandbox's wasm engine and the harness read.
pub fn raw_wasm(paths: &Paths) -> Result<PathBuf> {
    setup::rust::wasm_target(paths)?;
    step("building the VM for wasmtime (release; about two minutes when nothing is built yet)", || {
        let wasm = face(paths, &["--no-default-features", "--features", "raw"], "raw")?;
        let out = paths.raw_wasm();
        if let Some(dir) = out.parent() {
            fs::create_dir_all(dir)?;
        }
        // An unchanged file keeps its time: the sandbox keeps what it compiled from it.
        let bytes = fs::read(&wasm)?;
        if fs::read(&out).ok().as_ref() != Some(&bytes) {
            fs::write(&out, bytes).context("cannot copy the raw wasm")?;
        }
        Ok(out)
    })
}

/// The page, in `www/dist`. Needs the web wasm, the bundle and the npm packages.
pub fn page(paths: &Paths) -> Result<()> {
    step("building the page", || {
        show(&mut command(&paths.www(), "npm", &["run", "--silent", "build", "--", "--logLevel", "warn"]))
    })
}

/// `wasm-pack build wasm --target web`, as a user of the crate would pack it; into a folder of its own.
pub fn pack(paths: &Paths) -> Result<()> {
    let wasm_pack = setup::rust::wasm_pack(paths)?;
    let bindgen = setup::rust::wasm_bindgen(paths)?;
    step("packing the wasm crate with wasm-pack", || {
        let out = paths.target.join("wasm-pack-out");
        let mut cmd = command(&paths.root, &wasm_pack, &["build", "wasm", "--target", "web", "--mode", "no-install"]);
        let (flags, value) = release_flags();
        cmd.arg("--out-dir").arg(&out).env(flags, value).env("PATH", path_with(&bindgen)?);
        cmd.env("CARGO_TARGET_DIR", paths.target.join("web"));
        show(&mut cmd)?;
        let packed = out.join("beambox_wasm_bg.wasm");
        let size = fs::metadata(&packed).with_context(|| format!("wasm-pack wrote no {}", packed.display()))?.len();
        say(format!("wasm-pack wrote {} KiB of wasm", size / 1024));
        Ok(())
    })
}

/// PATH with a program's folder in front.
pub fn path_with(program: &Path) -> Result<std::ffi::OsString> {
    let dir = program.parent().context("a program without a folder")?.to_path_buf();
    let rest = std::env::var_os("PATH").unwrap_or_default();
    Ok(std::env::join_paths(std::iter::once(dir).chain(std::env::split_paths(&rest)))?)
}
