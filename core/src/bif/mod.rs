//! Built-in functions: one table ([`table`]), bodies by family.
//!
//! A BIF gets a [`Ctx`] and its arguments and returns a value or a [`Fault`]. It never collects (what it builds goes to free
//! heap words or to a fragment), never calls the interpreter, charges reductions for the work that it does, and keeps no
//! reference to bytes in the arena while it allocates.
//!
//! How to add one: write `fn name(ctx: &mut Ctx, args: &[Term]) -> BifResult` in its family and add its line to the family's
//! `BIFS`. `args` has exactly the declared arity.

pub mod arith;
pub mod backtrace;
pub mod binary;
pub mod binary_search;
pub mod boot;
pub mod code;
pub mod code_load;
pub mod code_purge;
pub mod control;
pub mod convert;
pub mod crypto;
pub mod crypto_agree;
pub mod crypto_cipher;
pub mod ctx;
pub mod debug;
pub mod digest;
pub mod etf;
pub mod ets;
pub mod flags;
pub mod floats;
pub mod host;
pub mod iolist;
pub mod job;
pub mod lists;
pub mod literals;
pub mod log;
pub mod maps;
pub mod memory;
pub mod misc;
pub mod mochi;
pub mod monitor;
pub mod packet;
pub mod ports;
pub mod prim_buffer;
pub mod prim_file;
pub mod prim_tty;
pub mod process;
pub mod process_info;
pub mod re;
pub mod re_options;
pub mod registry;
pub mod seq_trace;
pub mod shared;
pub mod spawn_request;
pub mod support;
pub mod system;
pub mod table;
pub mod time;
pub mod timers;
pub mod trace;
pub mod unicode;
pub mod watch;
pub mod zlib;
pub mod zlib_once;

pub use ctx::{Ctx, Fault};

use crate::term::Term;

/// What a BIF returns.
pub type BifResult = Result<Term, Fault>;
/// The body of a BIF.
pub type BifFn = fn(&mut Ctx<'_>, &[Term]) -> BifResult;

/// A line of the table.
#[derive(Clone, Copy)]
pub struct Bif {
    pub module: &'static str,
    pub name: &'static str,
    pub arity: u8,
    /// May stand in a guard: has no side effect, and a failure is just `false` there.
    pub guard: bool,
    /// Is called as a function is, with a return address on the stack, and costs only what it charges (OTP's `hbif`).
    pub heavy: bool,
    pub body: BifFn,
}

/// A line for a BIF with side effects or a cost that doesn't suit guards.
pub const fn bif(module: &'static str, name: &'static str, arity: u8, body: BifFn) -> Bif {
    Bif { module, name, arity, guard: false, heavy: false, body }
}

/// A line for a BIF that OTP calls as a function: what it tells of the stack, or needs of the heap, has the return address in it.
pub const fn heavy(module: &'static str, name: &'static str, arity: u8, body: BifFn) -> Bif {
    Bif { heavy: true, ..bif(module, name, arity, body) }
}

/// A line for a BIF of module `erlang` that guards may use.
pub const fn guard(name: &'static str, arity: u8, body: BifFn) -> Bif {
    Bif { module: "erlang", name, arity, guard: true, heavy: false, body }
}
