//! Real OTP 27: the oracle of the tests, and the source of the stdlib's `.beam` files.
//!
//! In order: the folder that `BEAMBOX_OTP` names, `erl` on PATH, what an earlier set-up unpacked, Debian 13's packages.
//! 27 or newer is accepted from a developer's own machine; the expectations in the repository are those of 27.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::debian::{Apt, Arch, available};
use crate::paths::Paths;
use crate::run::{quiet, say, step};

const REMEDY: &str = "install Erlang/OTP 27 so that `erl` is on PATH, or name its folder in BEAMBOX_OTP";

/// Debian 13's packages of OTP: all the applications whose `.beam` files the tests read.
const OTP: &[&str] = &[
    "erlang-base",
    "erlang-dev",
    "erlang-crypto",
    "erlang-asn1",
    "erlang-public-key",
    "erlang-ssl",
    "erlang-inets",
    "erlang-syntax-tools",
    "erlang-parsetools",
    "erlang-tools",
    "erlang-runtime-tools",
    "erlang-xmerl",
    "erlang-eunit",
    "erlang-common-test",
    "erlang-observer",
    "erlang-src",
    "libjs-jquery",
    "libjs-jquery-tablesorter",
];

/// The libraries that those programs were linked against; an older Debian's own would be too old.
const LIBRARIES: &[&str] = &[
    "libc6",
    "libgcc-s1",
    "libstdc++6",
    "libtinfo6",
    "zlib1g",
    "libzstd1",
    "libssl3t64",
    "libsystemd0",
    "libcap2",
    "patchelf",
];

/// The folder with `erl`, `erlc` and `escript` of an OTP of at least 27.
pub fn otp(paths: &Paths) -> Result<PathBuf> {
    let bin = find(paths)?;
    fs::create_dir_all(&paths.toolchain)?;
    let note = paths.toolchain.join("otp.path");
    let text = bin.display().to_string();
    if fs::read_to_string(&note).ok().as_deref() != Some(&text) {
        fs::write(note, text)?;
    }
    Ok(bin)
}

/// The parts of OTP's source tree that the project's tests run: stdlib's suites and the sources of what is compiled.
const SOURCES: &[&str] = &["lib/stdlib", "lib/kernel", "lib/compiler"];

/// The root of OTP 27's source tree, from Debian 13's source package (48 MB) unless `BEAMBOX_OTP_SOURCES` names one.
pub fn sources(paths: &Paths) -> Result<PathBuf> {
    const REMEDY: &str = "unpack OTP 27's sources yourself and name their root in BEAMBOX_OTP_SOURCES";
    let suite = "lib/stdlib/test/lists_SUITE.erl";
    if let Some(dir) = std::env::var_os("BEAMBOX_OTP_SOURCES").filter(|d| !d.is_empty()) {
        let dir = PathBuf::from(dir);
        if !dir.join(suite).exists() {
            bail!("BEAMBOX_OTP_SOURCES names {}, which is no OTP source tree", dir.display());
        }
        return Ok(dir);
    }
    let dest = paths.toolchain.join("otp-sources");
    let stamp = dest.join("complete");
    if stamp.exists() {
        return Ok(dest);
    }
    if !available() {
        bail!("OTP's sources can't be fetched without Debian's tools: {REMEDY}");
    }
    step("fetching OTP 27's sources from Debian 13 (the suites that the tests run; 48 MB, once)", || {
        if dest.exists() {
            fs::remove_dir_all(&dest).context("cannot remove a half-done .toolchain/otp-sources")?;
        }
        let apt = Apt::open(&dest.join("apt"), "trixie", false)?;
        apt.sources("erlang", SOURCES, &dest).with_context(|| format!("cannot fetch OTP's sources; {REMEDY}"))
    })?;
    fs::write(stamp, "")?;
    Ok(dest)
}

/// Erlang applications that the tests use besides OTP's own base: PropEr, and Dialyzer where OTP was installed without it.
const EXTRAS: &[&str] = &["erlang-proper", "erlang-proper-dev", "erlang-dialyzer"];

/// A folder for `ERL_LIBS` with PropEr and Dialyzer, from Debian 13's packages; none where OTP has them itself or they can't be had.
pub fn extras(paths: &Paths, otp: &Path) -> Result<Option<PathBuf>> {
    let dest = paths.toolchain.join("erlang-extras");
    let lib = dest.join("root/usr/lib/erlang/lib");
    if dest.join("complete").exists() {
        return Ok(Some(lib));
    }
    if (has(otp, None, "proper") && has(otp, None, "dialyzer")) || !available() {
        return Ok(None);
    }
    step("fetching PropEr and Dialyzer from Debian 13 (1 MB, once)", || {
        if dest.exists() {
            fs::remove_dir_all(&dest).context("cannot remove a half-done .toolchain/erlang-extras")?;
        }
        let apt = Apt::open(&dest.join("apt"), "trixie", false)?;
        apt.packages(EXTRAS)?;
        apt.unpack(&dest.join("root"))
    })?;
    fs::write(dest.join("complete"), "")?;
    Ok(Some(lib))
}

/// The folder of Elixir (with `lib` in it): what `BEAMBOX_ELIXIR` names, or Debian 13's package (4 MB), unpacked.
pub fn elixir(paths: &Paths) -> Result<PathBuf> {
    const REMEDY: &str = "install Elixir 1.18 and name its folder in BEAMBOX_ELIXIR";
    let start = "lib/elixir/ebin/elixir.beam";
    if let Some(dir) = std::env::var_os("BEAMBOX_ELIXIR").filter(|d| !d.is_empty()) {
        let dir = PathBuf::from(dir);
        if !dir.join(start).exists() {
            bail!("BEAMBOX_ELIXIR names {}, which holds no Elixir: {REMEDY}", dir.display());
        }
        return Ok(dir);
    }
    let dest = paths.toolchain.join("elixir");
    let dir = dest.join("root/usr/lib/elixir");
    if dest.join("complete").exists() {
        return Ok(dir);
    }
    if !available() {
        bail!("Elixir can't be fetched without Debian's tools: {REMEDY}");
    }
    step("fetching Elixir from Debian 13 (4 MB, once)", || {
        if dest.exists() {
            fs::remove_dir_all(&dest).context("cannot remove a half-done .toolchain/elixir")?;
        }
        let apt = Apt::open(&dest.join("apt"), "trixie", false)?;
        apt.packages(&["elixir"]).with_context(|| format!("cannot fetch Elixir; {REMEDY}"))?;
        apt.unpack(&dest.join("root"))
    })?;
    if !dir.join(start).exists() {
        bail!("Debian's package of Elixir has no {start}: {REMEDY}");
    }
    fs::write(dest.join("complete"), "")?;
    Ok(dir)
}

/// Is an Erlang application there, compiled, in OTP's library or in that of the extras?
pub fn has(otp: &Path, extras: Option<&Path>, application: &str) -> bool {
    let library = fs::canonicalize(otp.join("erl"))
        .ok()
        .and_then(|erl| erl.ancestors().skip(2).take(2).map(|dir| dir.join("lib")).find(|lib| lib.is_dir()));
    library.iter().map(PathBuf::as_path).chain(extras).filter_map(|lib| fs::read_dir(lib).ok()).any(|entries| {
        entries.flatten().any(|e| {
            let name = e.file_name().to_string_lossy().into_owned();
            name.strip_prefix(application).is_some_and(|rest| rest.starts_with('-')) && e.path().join("ebin").is_dir()
        })
    })
}

/// What `BEAMBOX_OTP` is for the programs that xtask starts: the folder above `bin`.
pub fn root(bin: &Path) -> &Path {
    bin.parent().unwrap_or(bin)
}

fn find(paths: &Paths) -> Result<PathBuf> {
    if let Some(dir) = std::env::var_os("BEAMBOX_OTP").filter(|d| !d.is_empty()) {
        let dir = PathBuf::from(dir);
        let dir = if dir.join("bin/erl").exists() { dir.join("bin") } else { dir };
        return match release(&dir) {
            Some(n) if n >= 27 => Ok(dir),
            Some(n) => bail!("BEAMBOX_OTP names OTP {n}; 27 is needed: {REMEDY}"),
            None => bail!("BEAMBOX_OTP names {}, where no `erl` runs: {REMEDY}", dir.display()),
        };
    }
    let on_path = which::which("erl").ok().and_then(|erl| Some(erl.parent()?.to_path_buf()));
    if let Some(dir) = on_path {
        match release(&dir) {
            Some(27) => return Ok(dir),
            Some(n) if n > 27 => {
                say(format!("`erl` on PATH is OTP {n}; expectations are those of 27, small differences may show"));
                return Ok(dir);
            }
            Some(n) => say(format!("`erl` on PATH is OTP {n}, too old; looking further")),
            None => {}
        }
    }
    let dest = paths.toolchain.join("otp");
    let bin = dest.join("root/usr/lib/erlang/bin");
    let stamp = dest.join("complete");
    // The unpacked scripts name their own place, so a moved checkout needs a new set-up.
    let place = dest.display().to_string();
    if fs::read_to_string(&stamp).ok().as_deref() == Some(&place) && bin.join("erl").exists() {
        return Ok(bin);
    }
    if !available() {
        bail!("no OTP 27 found, and this machine has no Debian tools to unpack one with: {REMEDY}");
    }
    step("unpacking OTP 27 from Debian 13's packages (the oracle and the stdlib; 120 MB, about 10 s, once)", || {
        if dest.exists() {
            fs::remove_dir_all(&dest).context("cannot remove a half-done .toolchain/otp")?;
        }
        unpack(&dest).with_context(|| format!("cannot fetch OTP 27; {REMEDY}"))
    })?;
    match release(&bin) {
        Some(27) => {}
        Some(n) => bail!("Debian's packages hold OTP {n} instead of 27: {REMEDY}"),
        None => bail!("the OTP unpacked under .toolchain/otp doesn't start on this machine: {REMEDY}"),
    }
    fs::write(stamp, place)?;
    Ok(bin)
}

/// The OTP release of the `erl` in `bin`: from its files when they lie as usual (no start of a VM), else asked.
fn release(bin: &Path) -> Option<u32> {
    let erl = bin.join("erl");
    let real = fs::canonicalize(&erl).ok()?;
    let starts = real.parent()?.parent()?.join("releases/start_erl.data");
    if let Ok(text) = fs::read_to_string(starts)
        && let Some(number) = text.split_whitespace().nth(1).and_then(|r| r.parse().ok())
    {
        return Some(number);
    }
    let ask = "io:put_chars(erlang:system_info(otp_release)), halt().";
    quiet(Command::new(erl).args(["-noinput", "-boot", "start_clean", "-eval", ask])).ok()?.trim().parse().ok()
}

fn unpack(dest: &Path) -> Result<()> {
    let arch = Arch::of_this_machine()?;
    let root = dest.join("root");
    let apt = Apt::open(&dest.join("apt"), "trixie", false)?;
    let names: Vec<&str> = OTP.iter().chain(LIBRARIES).copied().collect();
    apt.packages(&names)?;
    apt.unpack(&root)?;

    let lib = root.join("usr/lib").join(arch.multiarch);
    let loader = lib.join(arch.loader);
    let erlang = root.join("usr/lib/erlang");
    // patchelf comes from the same packages, so it too needs their loader.
    let patchelf = || {
        let mut cmd = Command::new(&loader);
        cmd.arg("--library-path").arg(&lib).arg(root.join("usr/bin/patchelf"));
        cmd
    };
    for file in executables(&erlang)? {
        let bytes = fs::read(&file)?;
        if bytes.starts_with(b"\x7fELF") {
            // Shared objects name no interpreter and stay as they are.
            if quiet(patchelf().arg("--print-interpreter").arg(&file)).is_ok() {
                let mut cmd = patchelf();
                cmd.arg("--set-interpreter").arg(&loader).args(["--force-rpath", "--set-rpath"]).arg(&lib).arg(&file);
                quiet(&mut cmd)?;
            }
        } else if bytes.starts_with(b"#!")
            && let Ok(text) = std::str::from_utf8(&bytes)
            && text.contains("=/usr/lib/erlang")
        {
            fs::write(&file, text.replace("=/usr/lib/erlang", &format!("={}", erlang.display())))?;
        }
    }
    Ok(())
}

fn executables(dir: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut todo = vec![dir.to_path_buf()];
    while let Some(dir) = todo.pop() {
        for entry in fs::read_dir(dir)? {
            let entry = entry?;
            let meta = fs::symlink_metadata(entry.path())?;
            if meta.is_dir() {
                todo.push(entry.path());
            } else if meta.is_file() && meta.permissions().mode() & 0o111 != 0 {
                found.push(entry.path());
            }
        }
    }
    Ok(found)
}
