//! The section `proof`: OTP's compiler on our VM writes the bytes that real `erlc` writes, and Elixir runs.
//!
//! Invariant: what can't be fetched is an error, nothing is left out silently. Both sides read the same sources and the same flags.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::paths::Paths;
use crate::run::{command, quiet, say, show};
use crate::{locked, setup};

/// What `cargo xtask test` compiles: the largest modules of stdlib and some of each kind.
const PART: [&str; 12] = [
    "erl_parse",
    "erl_lint",
    "gen_statem",
    "qlc",
    "ets",
    "lists",
    "rand",
    "sofs",
    "string",
    "erl_eval",
    "io_lib_format",
    "sets",
];

/// The section of `cargo xtask test`.
pub fn proof(paths: &Paths) -> Result<()> {
    stdlib(paths, &PART.map(String::from))?;
    elixir(paths)
}

/// Our program, optimised.
fn program(paths: &Paths) -> Result<PathBuf> {
    let target = paths.target.join("stress");
    let build = ["build", "--quiet", "--profile", "stress", "--package", "beambox-cli", "--target-dir"];
    show(command(&paths.root, "cargo", &build).arg(&target))?;
    Ok(target.join("stress/beambox"))
}

/// Compiles modules of stdlib (all of them when none is named) with both compilers and compares the files byte by byte.
pub fn stdlib(paths: &Paths, modules: &[String]) -> Result<()> {
    let (otp, sources) = locked(paths, |paths| Ok((setup::otp::otp(paths)?, setup::otp::sources(paths)?)))?;
    let beambox = program(paths)?;
    let work = paths.target.join("proof");
    if work.exists() {
        fs::remove_dir_all(&work)?;
    }
    let lib = sources.join("lib");
    let src = work.join("src");
    for dir in ["src", "real", "ours"] {
        fs::create_dir_all(work.join(dir))?;
    }
    for file in fs::read_dir(lib.join("stdlib/src"))?.flatten() {
        fs::copy(file.path(), src.join(file.file_name()))?;
    }
    let root = setup::otp::root(&otp).display().to_string();
    let erlc = |real: bool, dir: &Path, args: &[&str]| {
        let mut cmd = match real {
            true => command(dir, otp.join("erlc"), &[]),
            false => command(dir, &beambox, &["erlc", "--otp", &root]),
        };
        cmd.args(args);
        for name in ["ERL_COMPILER_OPTIONS", "ERL_FLAGS", "ERL_AFLAGS", "ERL_ZFLAGS", "ERL_LIBS"] {
            cmd.env_remove(name);
        }
        cmd
    };

    // The parser is made by `yecc`, which runs on both sides too, and names the file that it writes.
    for (real, dir) in [(true, "real"), (false, "ours")] {
        let dir = work.join(dir);
        fs::copy(src.join("erl_parse.yrl"), dir.join("erl_parse.yrl"))?;
        quiet(&mut erlc(real, &dir, &["erl_parse.yrl"]))?;
    }
    same(&work, "erl_parse.erl")?;
    fs::rename(work.join("real/erl_parse.erl"), src.join("erl_parse.erl"))?;

    let names = match modules {
        [] => erl_files(&src)?,
        _ => modules.to_vec(),
    };
    let kernel = lib.join("kernel/include").display().to_string();
    let include = lib.join("stdlib/include").display().to_string();
    let files: Vec<String> = names.iter().map(|m| format!("{m}.erl")).collect();
    for (real, dir) in [(true, "real"), (false, "ours")] {
        say(format!("compiling {} modules of stdlib on {}", files.len(), if real { "real OTP" } else { "our VM" }));
        let out = format!("../{dir}");
        let mut cmd = erlc(real, &src, &["+deterministic", "+debug_info", "-I", &include, "-I", &kernel, "-o", &out]);
        quiet(cmd.args(&files))?;
    }
    for module in &names {
        same(&work, &format!("{module}.beam"))?;
    }
    say(format!("{} modules are byte for byte the same", names.len()));
    Ok(())
}

fn erl_files(dir: &Path) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for path in fs::read_dir(dir)?.flatten().map(|e| e.path()) {
        if path.extension().is_some_and(|e| e == "erl")
            && let Some(stem) = path.file_stem()
        {
            names.push(stem.to_string_lossy().into_owned());
        }
    }
    names.sort();
    match names.len() {
        0 => bail!("no modules in {}", dir.display()),
        _ => Ok(names),
    }
}

/// Fails unless both sides wrote the same file.
fn same(work: &Path, file: &str) -> Result<()> {
    let read = |side: &str| {
        let path = work.join(side).join(file);
        fs::read(&path).with_context(|| format!("{} wasn't written", path.display()))
    };
    let (real, ours) = (read("real")?, read("ours")?);
    if real == ours {
        return Ok(());
    }
    let at = real.iter().zip(&ours).take_while(|(a, b)| a == b).count();
    bail!(
        "{file} differs from byte {at} on ({} bytes on real OTP, {} here): see {}",
        real.len(),
        ours.len(),
        work.display()
    )
}

/// Runs the scripts of `tests/elixir` on both machines: what they print must be the same.
pub fn elixir(paths: &Paths) -> Result<()> {
    let (otp, elixir) = locked(paths, |paths| {
        let otp = setup::otp::otp(paths)?;
        let elixir = setup::otp::elixir(paths)?;
        Ok((otp, elixir))
    })?;
    let beambox = program(paths)?;
    let root = setup::otp::root(&otp).display().to_string();
    let lib = elixir.join("lib").display().to_string();
    let ebin = elixir.join("lib/elixir/ebin").display().to_string();
    let mut scripts: Vec<PathBuf> =
        fs::read_dir(paths.root.join("tests/elixir"))?.flatten().map(|e| e.path()).collect();
    scripts.sort();
    if scripts.is_empty() {
        bail!("no scripts in tests/elixir");
    }
    for script in scripts {
        let text = script.display().to_string();
        let args = ["-noshell", "-elixir_root", &lib, "-pa", &ebin, "-s", "elixir", "start_cli", "-extra", &text];
        let run = |mut cmd: std::process::Command| quiet(cmd.env("LC_ALL", "C.UTF-8").env_remove("ERL_LIBS"));
        let real = run(command(&paths.root, otp.join("erl"), &args))?;
        let mut ours = command(&paths.root, &beambox, &["erl", "--otp", &root]);
        ours.args(args);
        let ours = run(ours)?;
        if real.trim().is_empty() || real != ours {
            bail!("{text} prints on real OTP:\n{real}\nand here:\n{ours}");
        }
        say(format!("{text}: the same {} lines", real.lines().count()));
    }
    Ok(())
}
