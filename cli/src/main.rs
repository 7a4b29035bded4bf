//! The `beambox` program: run, build and disassemble from the command line.
//!
//! Owns arguments, files and exit statuses; everything else is the sandbox's, the compiler's or the file format's. Invariant: every
//! failure is one clear message on standard error and exit status 1 (2 for wrong usage), never a panic.

mod args;
mod build;
mod disasm;
#[cfg(unix)]
mod erl;
mod failure;
mod fmt;
mod lsp;
mod mochi_files;
mod run;
mod target;

use args::{Cli, Command};
use clap::Parser;
use failure::Failure;
use std::io::Write;

fn main() {
    let cli = Cli::parse();
    let result = match cli.command {
        Command::Run(options) => run::run(options),
        Command::Build(options) => build::build(&options).map(|()| 0),
        Command::Disasm(options) => disasm::disasm(&options).map(|()| 0),
        Command::Fmt(options) => fmt::fmt(&options),
        Command::Lsp => lsp::lsp().map(|()| 0),
        #[cfg(unix)]
        Command::Erl(raw) => erl::erl(raw.args),
        #[cfg(unix)]
        Command::Erlc(raw) => erl::erlc(raw.args),
        #[cfg(unix)]
        Command::Escript(raw) => erl::escript(raw.args),
    };
    let status = match result {
        Ok(status) => status,
        Err(failure) => {
            // Whoever closed standard error can't be told.
            let _ = match &failure {
                Failure::Said => Ok(()),
                Failure::Because(why) => writeln!(std::io::stderr(), "error: {why}"),
            };
            1
        }
    };
    std::process::exit(status);
}
