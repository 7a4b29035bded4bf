//! `cargo xtask test`: every check of the project, in an order that fails early, with one summary at the end.
//!
//! Invariant: a section that fails doesn't keep the later ones from running, and the exit code says whether any failed. Sections print
//! their runners' own output.

use std::process::Child;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use crate::paths::Paths;
use crate::run::{command, say, show};
use crate::{bundle, locked, setup, tidy, web};

/// What can be run by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Section {
    /// Formatting of the Rust sources.
    Fmt,
    /// The tree's own rules.
    Tidy,
    /// Lints of the Rust sources.
    Clippy,
    /// Unit and integration tests of all crates.
    Units,
    /// Conformance programs on the native VM.
    Native,
    /// Conformance programs on the raw wasm under wasmtime.
    Raw,
    /// Conformance programs on the web wasm under Node.
    Node,
    /// Conformance programs on the web wasm in Chromium.
    Chromium,
    /// Types, lints and unit tests of the page.
    Www,
    /// The page in a real browser.
    Browser,
    /// Conformance programs on the native VM with a collection at every reservation, each followed by a verification of the heap.
    Stress,
    /// Conformance programs on the native VM with every access checked.
    Checked,
    /// A part of OTP's own suites, on OTP booted by our program.
    Suites,
    /// OTP's compiler on our VM writes what real OTP's writes; Elixir runs.
    Proof,
    /// The tests of the OTP application `mochi`, on real OTP and on our VM.
    App,
    /// Packing with wasm-pack.
    Pack,
}

/// Runs the sections, all of them when none is named.
pub fn run(paths: &Paths, only: &[Section]) -> Result<()> {
    let sections: Vec<Section> = match only {
        [] => Section::value_variants().to_vec(),
        _ => only.to_vec(),
    };
    let has = |some: &[Section]| some.iter().any(|s| sections.contains(s));
    use Section::*;

    let lock = setup::lock(paths)?;
    let otp = setup::otp::otp(paths)?;
    if has(&[Raw, Node, Chromium, Www, Browser, Pack]) {
        setup::rust::wasm_target(paths)?;
    }
    if has(&[Chromium, Node, Www, Browser]) {
        setup::node::packages(paths)?;
    }
    let chromium = if has(&[Chromium, Browser]) { Some(setup::chromium::chromium(paths)?) } else { None };
    drop(lock);
    // wasm-pack takes minutes to build and is needed last, so it is built beside everything else.
    let packer = if has(&[Pack]) { install_wasm_pack(paths)? } else { None };

    let mut results = Vec::new();
    let mut packer = packer;
    for section in sections {
        say(format!("{} ...", name(section)));
        let start = Instant::now();
        let cargo = |args: &[&str]| {
            let mut cmd = command(&paths.root, "cargo", args);
            // Tests ask for OTP's programs by name.
            cmd.env("BEAMBOX_OTP", setup::otp::root(&otp))
                .env("PATH", web::path_with(&otp.join("erl")).unwrap_or_default());
            cmd
        };
        let conformance = |host: &str| {
            bundle::bundle(paths, &otp)?;
            let mut args = vec!["run", "--quiet", "--package", "beambox-tests", "--bin", "conformance"];
            if host == "raw" {
                args.extend(["--features", "wasm"]);
            }
            args.extend(["--", "--strict", "--host", host]);
            show(&mut cargo(&args))
        };
        let result = match section {
            Fmt => show(&mut cargo(&["fmt", "--all", "--check"])),
            Tidy => tidy::tidy(paths),
            Clippy => show(&mut cargo(&["clippy", "--quiet", "--workspace", "--all-targets", "--", "-D", "warnings"])),
            Units => bundle::bundle(paths, &otp).and_then(|()| show(&mut cargo(&unit_tests()))),
            Native => conformance("native"),
            Stress => bundle::bundle(paths, &otp)
                .and_then(|()| show(&mut with_feature(paths, &otp, "gc_stress", &["--strict".into()]))),
            Checked => bundle::bundle(paths, &otp)
                .and_then(|()| show(&mut with_feature(paths, &otp, "checked", &["--strict".into()]))),
            Suites => suites(paths, &CI_SUITES.map(String::from)),
            Proof => crate::proof::proof(paths),
            App => crate::app::app(paths, &otp),
            Raw => web::raw_wasm(paths).and_then(|raw| {
                conformance("raw")?;
                // What the embedding crate and the program do with this engine.
                let tests = ["test", "--package", "beambox", "--package", "beambox-cli", "--features", "wasm"];
                show(cargo(&tests).env("BEAMBOX_RAW_WASM", raw))
            }),
            Node => web::web_wasm(paths).and_then(|()| conformance("node")),
            Chromium => web::web_wasm(paths).and_then(|()| conformance("chromium")),
            // The tests of the face run programs, which need the page's bundle.
            Www => bundle::bundle(paths, &otp).and_then(|()| www(paths)),
            Browser => bundle::bundle(paths, &otp).and_then(|()| {
                web::web_wasm(paths)?;
                web::page(paths)?;
                let program = chromium.as_deref().context("no Chromium")?;
                show(command(&paths.www(), "npm", &["run", "--silent", "test:browser"]).env("CHROMIUM", program))
            }),
            Pack => finish(packer.take()).and_then(|()| web::pack(paths)),
        };
        results.push((section, start.elapsed(), result));
    }
    say("summary");
    let mut failed = 0;
    for (section, time, result) in &results {
        let seconds = time.as_secs();
        match result {
            Ok(()) => say(format!("  ok      {} ({seconds} s)", name(*section))),
            Err(error) => {
                failed += 1;
                say(format!("  FAILED  {} ({seconds} s): {error:#}", name(*section)));
            }
        }
    }
    match failed {
        0 => Ok(()),
        n => bail!("{n} of {} sections failed", results.len()),
    }
}

fn name(section: Section) -> &'static str {
    match section {
        Section::Fmt => "formatting",
        Section::Tidy => "tidy",
        Section::Clippy => "clippy",
        Section::Units => "tests of all crates",
        Section::Native => "conformance, native",
        Section::Stress => "conformance, a collection at every reservation",
        Section::Checked => "conformance, every access checked",
        Section::Suites => "OTP's own suites, a part",
        Section::Proof => "stdlib compiled on our VM, Elixir",
        Section::Raw => "conformance, raw wasm under wasmtime",
        Section::Node => "conformance, web wasm under Node",
        Section::Chromium => "conformance, web wasm in Chromium",
        Section::Www => "the page's types, lints and unit tests",
        Section::Browser => "the page in Chromium",
        Section::App => "the OTP application",
        Section::Pack => "wasm-pack",
    }
}

/// nextest where it is there: it runs the tests of all crates side by side.
fn unit_tests() -> Vec<&'static str> {
    match which::which("cargo-nextest") {
        Ok(_) => vec!["nextest", "run", "--workspace", "--no-fail-fast", "--no-tests", "pass"],
        Err(_) => vec!["test", "--workspace", "--no-fail-fast"],
    }
}

fn www(paths: &Paths) -> Result<()> {
    // The worker's types come with the web wasm.
    web::web_wasm(paths)?;
    show(&mut command(&paths.www(), "npm", &["run", "--silent", "check"]))?;
    show(&mut command(&paths.www(), "npm", &["run", "--silent", "test"]))
}

/// Starts the installation of wasm-pack as a process of its own, when it isn't there.
fn install_wasm_pack(paths: &Paths) -> Result<Option<Child>> {
    if setup::rust::has_wasm_pack(paths).is_some() {
        return Ok(None);
    }
    say("building wasm-pack beside the other work (about three minutes, once)");
    let xtask = std::env::current_exe().context("cannot find this program's own file")?;
    let child = command(&paths.root, xtask, &["setup", "wasm-pack"]).spawn().context("cannot start a second xtask")?;
    Ok(Some(child))
}

fn finish(child: Option<Child>) -> Result<()> {
    let Some(mut child) = child else { return Ok(()) };
    match child.wait()?.success() {
        true => Ok(()),
        false => bail!("wasm-pack can't be installed"),
    }
}

/// Sets up, builds and serves the page.
pub fn play(paths: &Paths, port: u16) -> Result<()> {
    let otp = locked(paths, |paths| {
        let otp = setup::otp::otp(paths)?;
        setup::rust::wasm_target(paths)?;
        setup::node::packages(paths)?;
        Ok(otp)
    })?;
    bundle::bundle(paths, &otp)?;
    web::web_wasm(paths)?;
    web::page(paths)?;
    crate::serve::serve(&paths.www().join("dist"), port)
}

/// The conformance runner, with whatever it needs built first.
pub fn conformance(paths: &Paths, args: &[String]) -> Result<()> {
    let otp = locked(paths, setup::otp::otp)?;
    bundle::bundle(paths, &otp)?;
    for (flag, feature) in [("--stress", "gc_stress"), ("--checked", "checked")] {
        if args.iter().any(|a| a == flag) {
            let args: Vec<String> = args.iter().filter(|a| *a != flag).cloned().collect();
            return show(&mut with_feature(paths, &otp, feature, &args));
        }
    }
    let asks = |host: &str| args.iter().any(|a| a.contains(host));
    let mut cargo = vec!["run", "--quiet", "--package", "beambox-tests", "--bin", "conformance"];
    if asks("raw") {
        web::raw_wasm(paths)?;
        cargo.extend(["--features", "wasm"]);
    }
    prepare_web(paths, args)?;
    cargo.push("--");
    show(command(&paths.root, "cargo", &cargo).args(args).env("BEAMBOX_OTP", setup::otp::root(&otp)))
}

/// COMPATIBILITY.md, from the tables of the core.
pub fn compat(paths: &Paths) -> Result<()> {
    let run = ["run", "--quiet", "--package", "beambox-core", "--example", "compat", "--", "--write"];
    show(&mut command(&paths.root, "cargo", &run))
}

/// The conformance runner built with a feature of the core for tests, with optimisation: `gc_stress` does a hundred times the work.
fn with_feature(paths: &Paths, otp: &std::path::Path, feature: &str, args: &[String]) -> std::process::Command {
    let run = [
        "run",
        "--quiet",
        "--profile",
        "stress",
        "--package",
        "beambox-tests",
        "--bin",
        "conformance",
        "--features",
        feature,
    ];
    let mut cargo = command(&paths.root, "cargo", &run);
    // A folder of its own: other features would make cargo build everything anew at each change between the two.
    cargo
        .arg("--target-dir")
        .arg(paths.target.join(if feature == "gc_stress" { "stress" } else { feature }))
        .arg("--")
        .args(args);
    cargo.env("BEAMBOX_OTP", setup::otp::root(otp));
    cargo
}

/// Suites that take seconds and touch much.
const CI_SUITES: [&str; 12] = [
    "lists",
    "maps",
    "dict",
    "queue",
    "proplists",
    "sets",
    "array",
    "calendar",
    "base64",
    "erl_scan",
    "math",
    "gen_event",
];

/// OTP's own suites, by our program, optimised.
pub fn suites(paths: &Paths, args: &[String]) -> Result<()> {
    let (otp, sources, extras) = locked(paths, |paths| {
        let otp = setup::otp::otp(paths)?;
        let extras = setup::otp::extras(paths, &otp)?;
        Ok((otp, setup::otp::sources(paths)?, extras))
    })?;
    bundle::bundle(paths, &otp)?;
    say("building the program");
    let target = paths.target.join("stress");
    let build = ["build", "--quiet", "--profile", "stress", "--package", "beambox-cli", "--target-dir"];
    show(command(&paths.root, "cargo", &build).arg(&target))?;
    let run = ["run", "--quiet", "--package", "beambox-tests", "--bin", "suites", "--", "--sources"];
    let mut runner = command(&paths.root, "cargo", &run);
    if let Some(dir) = extras {
        runner.arg(sources).arg("--libraries").arg(dir);
    } else {
        runner.arg(sources);
    }
    runner.arg("--beambox").arg(target.join("stress/beambox")).args(args);
    show(runner.env("BEAMBOX_OTP", setup::otp::root(&otp)))
}

/// Builds and installs what the hosts `node` and `chromium` need, if the arguments name one.
fn prepare_web(paths: &Paths, args: &[String]) -> Result<()> {
    let asks = |host: &str| args.iter().any(|a| a.contains(host));
    if asks("node") || asks("chromium") {
        locked(paths, setup::node::packages)?;
        web::web_wasm(paths)?;
    }
    if asks("chromium") {
        locked(paths, setup::chromium::chromium)?;
    }
    Ok(())
}

/// The benchmarks: ours in release mode against real OTP, or in a browser against ours, in the same run.
pub fn bench(paths: &Paths, args: &[String]) -> Result<()> {
    let otp = locked(paths, setup::otp::otp)?;
    bundle::bundle(paths, &otp)?;
    prepare_web(paths, args)?;
    let (flags, value) = web::release_flags();
    // A folder of its own: other flags would make cargo build everything anew at each change between the two.
    let target = paths.target.join("release-flags");
    say("building the VM in release mode (about two minutes when nothing is built yet)");
    let build = ["build", "--quiet", "--release", "--package", "beambox-tests", "--bin", "bench", "--target-dir"];
    show(command(&paths.root, "cargo", &build).arg(&target).env(flags, value))?;
    show(command(&paths.root, target.join("release/bench"), &[]).args(args).env("BEAMBOX_OTP", setup::otp::root(&otp)))
}
