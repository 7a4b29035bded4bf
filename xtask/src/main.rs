//! `cargo xtask`: set-up and every chore of the project. See `cargo xtask help`.

mod app;
mod bundle;
mod fuzz;
mod paths;
mod proof;
mod run;
mod serve;
mod setup;
mod suite;
mod tidy;
mod web;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand, ValueEnum};

use crate::paths::Paths;

/// Set-up and every chore of beambox. `play` and `test` are the two commands that a newcomer needs.
#[derive(Parser)]
#[command(name = "cargo xtask", version)]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Set up what is missing, build everything in release mode, and serve the page.
    Play {
        /// The port on 127.0.0.1.
        #[arg(long, default_value_t = 8080)]
        port: u16,
    },
    /// Set up what is missing and run every test.
    #[command(alias = "ci")]
    Test {
        /// Only these sections.
        #[arg(long, value_delimiter = ',')]
        only: Vec<suite::Section>,
    },
    /// Check the tree's own rules.
    Tidy,
    /// Run conformance programs; what follows goes to the runner (see `cargo xtask conformance -- --help`), `--stress` collects at every reservation, `--checked` checks every access.
    Conformance {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Compile modules of OTP's stdlib on our VM and on real OTP, and compare the bytes: all of them, or those named.
    Stdlib { modules: Vec<String> },
    /// Run OTP's own stdlib suites on ours and on real OTP: `suites [--bless] [NAME[:CASE]..]`.
    Suites {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Run a fuzz target (beamfile, etf, exec, mochi, regex, differential); what it finds stays in `target/fuzz`.
    Fuzz {
        target: fuzz::Target,
        /// How long.
        #[arg(long, default_value_t = 1800)]
        seconds: u64,
    },
    /// Time programs on ours and on real OTP; what follows goes to the runner.
    Bench {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        args: Vec<String>,
    },
    /// Build the VM for browsers and for wasmtime.
    Wasm,
    /// Pack the wasm crate with wasm-pack.
    Pack,
    /// Fetch what is missing, without building or running anything.
    Setup {
        /// What to set up; everything when nothing is named.
        what: Vec<Tool>,
    },
    /// Write COMPATIBILITY.md from the tables of opcodes and built-in functions.
    Compat,
    /// Pack OTP's modules and ours for hosts without OTP.
    Bundle,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Tool {
    Otp,
    OtpSources,
    Elixir,
    Wasm,
    Npm,
    Chromium,
    WasmBindgen,
    WasmPack,
}

fn main() -> ExitCode {
    match chore(Cli::parse().chore) {
        Ok(code) => code,
        Err(error) => {
            run::say(format!("error: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn chore(chore: Chore) -> Result<ExitCode> {
    let paths = Paths::find()?;
    match chore {
        Chore::Setup { what } => set_up(&paths, &what)?,
        Chore::Play { port } => suite::play(&paths, port)?,
        Chore::Test { only } => suite::run(&paths, &only)?,
        Chore::Tidy => tidy::tidy(&paths)?,
        Chore::Conformance { args } => suite::conformance(&paths, &args)?,
        Chore::Stdlib { modules } => proof::stdlib(&paths, &modules)?,
        Chore::Suites { args } => suite::suites(&paths, &args)?,
        Chore::Fuzz { target, seconds } => fuzz::fuzz(&paths, target, seconds)?,
        Chore::Bench { args } => suite::bench(&paths, &args)?,
        Chore::Wasm => web::web_wasm(&paths).and_then(|()| web::raw_wasm(&paths)).map(drop)?,
        Chore::Compat => suite::compat(&paths)?,
        Chore::Pack => web::pack(&paths)?,
        Chore::Bundle => bundle::bundle(&paths, &locked(&paths, setup::otp::otp)?)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// One step of set-up, while no other set-up runs.
fn locked<T>(paths: &Paths, step: impl FnOnce(&Paths) -> Result<T>) -> Result<T> {
    let _lock = setup::lock(paths)?;
    step(paths)
}

/// Sets up the named tools and prints where they are.
fn set_up(paths: &Paths, what: &[Tool]) -> Result<()> {
    let all = <Tool as ValueEnum>::value_variants();
    let _lock = setup::lock(paths)?;
    for tool in if what.is_empty() { all } else { what } {
        match tool {
            Tool::Otp => println!("otp: {}", setup::otp::otp(paths)?.display()),
            Tool::OtpSources => println!("otp-sources: {}", setup::otp::sources(paths)?.display()),
            Tool::Elixir => println!("elixir: {}", setup::otp::elixir(paths)?.display()),
            Tool::Wasm => setup::rust::wasm_target(paths).map(|()| println!("wasm: present"))?,
            Tool::Npm => setup::node::packages(paths).map(|()| println!("npm: present"))?,
            Tool::Chromium => println!("chromium: {}", setup::chromium::chromium(paths)?.display()),
            Tool::WasmBindgen => println!("wasm-bindgen: {}", setup::rust::wasm_bindgen(paths)?.display()),
            Tool::WasmPack => println!("wasm-pack: {}", setup::rust::wasm_pack(paths)?.display()),
        }
    }
    Ok(())
}
