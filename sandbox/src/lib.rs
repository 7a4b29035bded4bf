//! Embed the BEAM: natively, or as wasm inside wasmtime.
//!
//! ```no_run
//! use beambox::{Sandbox, StopCause};
//! use std::time::Duration;
//!
//! # fn main() -> Result<(), beambox::Error> {
//! let mut sandbox = Sandbox::builder().memory_limit(64 << 20).time_limit(Duration::from_secs(2)).build()?;
//! let outcome = sandbox.run_mochi("print(6 * 7)", "answer.mochi")?;
//! assert_eq!(outcome.stdout_text(), "42\n");
//!
//! let endless = sandbox.run_mochi("while true { }", "endless.mochi")?;
//! assert!(matches!(endless.cause, StopCause::TimeLimit(_)));
//! # Ok(())
//! # }
//! ```
//!
//! A [`Sandbox`] denies everything that its [`Builder`] does not grant: a program has no files, network or environment at all, and clocks,
//! entropy and input only when asked for. Whatever the program does ends as a typed [`StopCause`].
//!
//! Programs are Mochi sources ([`Sandbox::run_mochi`]) or `.beam` files of an OTP 26, 27 or 28 compiler ([`Sandbox::run_beam`]). OTP's own
//! modules are read, when they are called, from where [`Modules`] finds them.
//!
//! [`Engine::Wasm`] runs the VM itself as wasm inside wasmtime, a second wall around code that nobody trusts. It needs the feature `wasm`
//! and the `raw` wasm that `cargo xtask wasm` builds.

mod builder;
mod drive;
pub mod files;
mod modules;
mod native;
#[cfg(unix)]
pub mod otp;
mod outcome;
mod outside;
#[cfg(unix)]
mod terminal;
#[cfg(feature = "wasm")]
mod wasm;

pub use beambox_playground::{Arg, Diagnostic, Severity, Stream};
pub use builder::{Builder, Engine, Limits, Sandbox, StopHandle};
pub use modules::Modules;
pub use outcome::{Error, Outcome, StopCause};
pub use outside::Stdin;
