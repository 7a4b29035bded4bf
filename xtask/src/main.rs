//! `cargo xtask`: set-up and every chore of the project. See `cargo xtask help`.

mod bundle;
mod paths;
mod run;
mod setup;

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
    /// Fetch what is missing, without building or running anything.
    Setup {
        /// What to set up; everything when nothing is named.
        what: Vec<Tool>,
    },
    /// Pack OTP's modules and ours for hosts without OTP.
    Bundle,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Tool {
    Otp,
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
            Tool::Wasm => setup::rust::wasm_target(paths).map(|()| println!("wasm: present"))?,
            Tool::Npm => setup::node::packages(paths).map(|()| println!("npm: present"))?,
            Tool::Chromium => println!("chromium: {}", setup::chromium::chromium(paths)?.display()),
            Tool::WasmBindgen => println!("wasm-bindgen: {}", setup::rust::wasm_bindgen(paths)?.display()),
            Tool::WasmPack => println!("wasm-pack: {}", setup::rust::wasm_pack(paths)?.display()),
        }
    }
    Ok(())
}
