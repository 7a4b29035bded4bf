//! The test harness: programs whose output real OTP decides, run on every host that the VM has.
//!
//! A *program* is an Erlang or Mochi source in this folder; a *host* is a way to run it; the file under `expectations/` names the pairs that
//! pass, and it only grows. The programs `conformance`, `bench` and `differential` are the front ends.

pub mod expect;
pub mod host;
pub mod oracle;
pub mod places;
pub mod program;
pub mod random_program;
pub mod suites;
