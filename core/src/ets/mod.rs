//! ETS: tables of tuples outside of any process's heap.
//!
//! Owns the tables themselves: [`hash`] for sets and bags, [`tree`] for ordered sets, over objects that live in fragments
//! of the arena. Knows nothing of processes but their pids; who may do what, match specifications and results are the BIFs'.
//! Mirrors `erl_db.c`, `erl_db_hash.c` and `erl_db_tree.c` (OTP 27): order of traversal and sizes in words are OTP's.

pub mod hash;
pub mod object;
pub mod table;
#[cfg(test)]
mod tests;
pub mod tree;

pub use hash::HashStore;
pub use object::Object;
pub use table::{Grave, Heir, Kind, Protection, Store, Table, Tables};
pub use tree::TreeStore;
