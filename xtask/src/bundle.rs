//! `cargo xtask bundle`: OTP's own modules and ours, packed into one file for hosts that have no OTP.
//!
//! The modules are OTP's unmodified code, without debugging information and documentation. Two files are written: the full one for tests and
//! native hosts, and a smaller one for the page, whose programs are Mochi's. Both are made again only when OTP, our Erlang sources or this
//! file's lists have changed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::paths::Paths;
use crate::run::{command, quiet, step};

/// The format, shared with its readers by its one source file: depending on `playground` would make every chore wait for the VM's compilation.
#[path = "../../playground/src/bundle.rs"]
#[allow(dead_code)]
mod format;

/// The applications whose modules tests and native hosts may load.
const APPLICATIONS: &[&str] = &["stdlib", "kernel", "compiler", "erts", "crypto"];

/// Modules of stdlib that a page's program has no use for: they need files, a terminal, a network, or compile Erlang.
const NOT_FOR_THE_PAGE: &[&str] = &[
    "beam_lib",
    "c",
    "dets",
    "dets_server",
    "dets_sup",
    "dets_utils",
    "dets_v9",
    "edlin",
    "edlin_context",
    "edlin_expand",
    "edlin_key",
    "edlin_type_suggestion",
    "epp_dodger",
    "erl_abstract_code",
    "erl_compile",
    "erl_error",
    "erl_expand_records",
    "erl_lint",
    "erl_posix_msg",
    "erl_tar",
    "escript",
    "eval_bits",
    "file_sorter",
    "filelib",
    "log_mf_h",
    "ms_transform",
    "otp_internal",
    "peer",
    "pool",
    "qlc",
    "qlc_pt",
    "shell",
    "shell_default",
    "shell_docs",
    "shell_docs_markdown",
    "slave",
    "win32reg",
    "zip",
];

/// Modules of the other applications that the page's stdlib calls.
const ALSO_FOR_THE_PAGE: &[&str] = &[
    "application",
    "application_controller",
    "code",
    "error_handler",
    "error_logger",
    "erl_distribution",
    "erts_internal",
    "erlang",
    "file",
    "file_io_server",
    "global",
    "group",
    "heart",
    "inet",
    "init",
    "kernel",
    "logger",
    "logger_backend",
    "logger_config",
    "logger_filters",
    "logger_formatter",
    "logger_h_common",
    "logger_handler",
    "logger_olp",
    "logger_server",
    "logger_simple_h",
    "logger_std_h",
    "net_kernel",
    "os",
    "persistent_term",
    "pg",
    "atomics",
    "counters",
    "prim_eval",
    "rpc",
    "user",
    "erl_signal_handler",
];

/// Writes both bundles where they are out of date.
pub fn bundle(paths: &Paths, otp: &Path) -> Result<()> {
    let out = paths.target.join("bundle");
    let stamp = out.join("stamp");
    let page = paths.www().join("public/otp.bundle");
    let wanted = fingerprint(paths, otp)?;
    let fresh = fs::read_to_string(&stamp).ok().as_deref() == Some(&wanted);
    if fresh && paths.bundle().exists() && page.exists() {
        return Ok(());
    }
    step("packing OTP's modules for hosts without OTP (a few seconds)", || {
        let modules = collect(paths, otp, &out)?;
        let selected = modules.iter().filter(|(name, (from, _))| for_page(name, from));
        let selected = selected.map(|(name, (_, beam))| (name.clone(), beam.clone())).collect();
        write(&page, selected)?;
        write(&paths.bundle(), modules.into_iter().map(|(name, (_, beam))| (name, beam)).collect())?;
        fs::write(&stamp, &wanted)?;
        Ok(())
    })
}

fn for_page(name: &str, application: &str) -> bool {
    match application {
        "stdlib" => !NOT_FOR_THE_PAGE.contains(&name),
        "runtime-erl" => true,
        _ => ALSO_FOR_THE_PAGE.contains(&name),
    }
}

fn write(path: &Path, modules: Vec<(String, Vec<u8>)>) -> Result<()> {
    let file = format::Bundle::new(modules).and_then(|bundle| bundle.write()).context("cannot pack the modules")?;
    if let Some(dir) = path.parent() {
        fs::create_dir_all(dir)?;
    }
    fs::write(path, file).with_context(|| format!("cannot write {}", path.display()))
}

/// Everything that the bundles are made of, as one hash.
fn fingerprint(paths: &Paths, otp: &Path) -> Result<String> {
    let mut hash = Sha256::new();
    hash.update(otp.display().to_string());
    for dir in library_dirs(otp)? {
        hash.update(dir.1.display().to_string());
    }
    hash.update(include_str!("bundle.rs"));
    hash.update(include_str!("../erl/strip_beams.escript"));
    for source in sources(paths)? {
        hash.update(source.display().to_string());
        hash.update(fs::read(&source)?);
    }
    Ok(format!("{:x}", hash.finalize()))
}

/// The `ebin` folders of the bundled applications, found beside the `erl` program.
fn library_dirs(otp: &Path) -> Result<Vec<(&'static str, PathBuf)>> {
    let erl = fs::canonicalize(otp.join("erl")).context("no `erl` in OTP's bin folder")?;
    // `erl` is ROOT/bin/erl, or ROOT/erts-VERSION/bin/erl behind a link.
    let root = erl.ancestors().skip(2).take(2).find(|dir| dir.join("lib").is_dir() && dir.join("releases").is_dir());
    let root = root.with_context(|| format!("no OTP library beside {}", erl.display()))?;
    let mut dirs = Vec::new();
    for &application in APPLICATIONS {
        let mut found: Vec<PathBuf> = Vec::new();
        for entry in fs::read_dir(root.join("lib"))?.flatten().chain(fs::read_dir(root)?.flatten()) {
            let name = entry.file_name().to_string_lossy().into_owned();
            let ebin = entry.path().join("ebin");
            if name.strip_prefix(application).is_some_and(|rest| rest.starts_with('-')) && ebin.is_dir() {
                found.push(ebin);
            }
        }
        found.sort();
        match found.pop() {
            Some(dir) => dirs.push((application, dir)),
            None => bail!("OTP's application {application} isn't in {}", root.display()),
        }
    }
    Ok(dirs)
}

/// Our own Erlang sources.
fn sources(paths: &Paths) -> Result<Vec<PathBuf>> {
    let dir = paths.root.join("runtime-erl/src");
    let mut found: Vec<PathBuf> = match fs::read_dir(&dir) {
        Ok(entries) => entries.flatten().map(|e| e.path()).collect(),
        Err(_) => Vec::new(),
    };
    found.retain(|p| p.extension().is_some_and(|e| e == "erl" || e == "hrl"));
    found.sort();
    Ok(found)
}

/// Every module with its application and its stripped `.beam` file. Ours go before OTP's of the same name.
fn collect(paths: &Paths, otp: &Path, out: &Path) -> Result<BTreeMap<String, (&'static str, Vec<u8>)>> {
    let stripped = out.join("beam");
    if stripped.exists() {
        fs::remove_dir_all(&stripped)?;
    }
    let mut dirs = library_dirs(otp)?;
    let ours = out.join("runtime-erl");
    fs::create_dir_all(&ours)?;
    let sources = sources(paths)?;
    let mut erlc = command(&paths.root, otp.join("erlc"), &["+deterministic", "-o"]);
    erlc.arg(&ours).args(sources.iter().filter(|p| p.extension().is_some_and(|e| e == "erl")));
    if !sources.is_empty() {
        quiet(&mut erlc).context("runtime-erl doesn't compile")?;
    }
    dirs.push(("runtime-erl", ours));
    let mut modules = BTreeMap::new();
    for (application, dir) in dirs {
        let to = stripped.join(application);
        let script = paths.root.join("xtask/erl/strip_beams.escript");
        quiet(command(&paths.root, otp.join("escript"), &[]).arg(script).arg(&to).arg(&dir))?;
        for entry in fs::read_dir(&to)?.flatten() {
            if let Some(name) = entry.path().file_stem().and_then(|s| s.to_str()) {
                modules.insert(name.to_string(), (application, fs::read(entry.path())?));
            }
        }
    }
    Ok(modules)
}
