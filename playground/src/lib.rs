//! A host-neutral session: sources, compiler, VM, events and snapshots.
//!
//! [`protocol`] is what a host and a session say to each other, [`session`] is the session itself, [`world`] what it needs of its host, [`bundle`] the file with OTP's modules.
//! Nothing here does I/O or knows a browser.

pub mod bundle;
mod convert;
pub mod protocol;
pub mod session;
pub mod world;

pub use beambox_core::guard;
pub use bundle::Bundle;
pub use protocol::{
    Arg, Cause, Diagnostic, Exit, KeepsInfo, KeepsStep, ObjectInfo, ObjectWord, Program, Progress, Request, Response,
    Settings, Severity,
};
pub use session::Session;
pub use world::{Stream, Supply, World};
