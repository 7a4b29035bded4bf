//! Chromium for the browser tests: the machine's own, or Debian's package unpacked with whatever it lacks here.
//!
//! Chromium is started once, headless, and must render a page before set-up calls it found.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::debian::{Apt, Arch, available, codename};
use crate::paths::Paths;
use crate::run::step;

const REMEDY: &str = "install chromium so that it is on PATH, or name the program in BEAMBOX_CHROMIUM";

/// The program to start; it was seen to render.
pub fn chromium(paths: &Paths) -> Result<PathBuf> {
    let note = paths.toolchain.join("chromium.path");
    let program = find(paths)?;
    let text = program.display().to_string();
    if fs::read_to_string(&note).ok().as_deref() == Some(&text) {
        return Ok(program);
    }
    if !renders(&program) {
        bail!("{} doesn't render a page headlessly: {REMEDY}", program.display());
    }
    fs::create_dir_all(&paths.toolchain)?;
    fs::write(note, text)?;
    Ok(program)
}

fn find(paths: &Paths) -> Result<PathBuf> {
    if let Some(program) = std::env::var_os("BEAMBOX_CHROMIUM").filter(|p| !p.is_empty()) {
        let program = PathBuf::from(program);
        if !program.exists() {
            bail!("BEAMBOX_CHROMIUM names {}, which doesn't exist", program.display());
        }
        return Ok(program);
    }
    for name in ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"] {
        if let Ok(program) = which::which(name) {
            return Ok(program);
        }
    }
    let dest = paths.toolchain.join("chromium");
    let program = dest.join("chromium");
    let stamp = dest.join("complete");
    let place = dest.display().to_string();
    if program.exists() && fs::read_to_string(&stamp).ok().as_deref() == Some(&place) {
        return Ok(program);
    }
    let Some(release) = codename().filter(|_| available()) else {
        bail!("no Chromium found, and this machine is no Debian whose package could be unpacked: {REMEDY}");
    };
    step("unpacking Chromium from Debian's packages (for the browser tests; 400 MB, about a minute, once)", || {
        if dest.exists() {
            fs::remove_dir_all(&dest).context("cannot remove a half-done .toolchain/chromium")?;
        }
        unpack(&dest, &release).with_context(|| format!("cannot fetch Chromium; {REMEDY}"))
    })?;
    fs::write(stamp, place)?;
    Ok(program)
}

fn unpack(dest: &Path, release: &str) -> Result<()> {
    let arch = Arch::of_this_machine()?;
    let root = dest.join("root");
    let apt = Apt::open(&dest.join("apt"), release, true)?;
    apt.closure("chromium")?;
    apt.unpack(&root)?;
    let real = root.join("usr/lib/chromium/chromium");
    if !real.exists() {
        bail!("Debian's chromium package holds no usr/lib/chromium/chromium");
    }
    // The sandbox helper of an unpacked package can't be set-uid root, hence --no-sandbox: this program is for our own pages.
    let (root, multiarch) = (root.display(), arch.multiarch);
    let script = format!(
        "#!/bin/sh\n\
         # Written by `cargo xtask`: Chromium from an unpacked Debian package, for the tests' own pages only.\n\
         root='{root}'\n\
         LD_LIBRARY_PATH=\"$root/usr/lib/{multiarch}:$root/lib/{multiarch}:$root/usr/lib/{multiarch}/pulseaudio\
         ${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}\"\n\
         export LD_LIBRARY_PATH\n\
         [ -e /etc/fonts/fonts.conf ] || export FONTCONFIG_SYSROOT=\"$root\"\n\
         exec \"$root/usr/lib/chromium/chromium\" --no-sandbox \"$@\"\n"
    );
    let program = dest.join("chromium");
    fs::write(&program, script)?;
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

/// Whether the program runs a page's script headlessly and prints the resulting document within 60 seconds.
fn renders(program: &Path) -> bool {
    let page = "data:text/html,<body><script>document.body.append('beam'+'box')</script>";
    let child = Command::new(program)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"])
        .args(["--disable-component-update", "--disable-sync", "--no-first-run", "--disable-dev-shm-usage"])
        .args(["--dump-dom", page])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut child) = child else { return false };
    let deadline = Instant::now() + Duration::from_secs(60);
    while Instant::now() < deadline {
        match child.try_wait() {
            Ok(Some(_)) => {
                let out = child.wait_with_output().map(|o| o.stdout).unwrap_or_default();
                return String::from_utf8_lossy(&out).contains("beambox");
            }
            Ok(None) => std::thread::sleep(Duration::from_millis(50)),
            Err(_) => return false,
        }
    }
    // It hangs; nothing more can be learnt from it.
    let _ = child.kill();
    let _ = child.wait();
    false
}
