//! What a built-in function keeps while its work takes more than one slice. Plain data: the terms are roots of the process's heap, the rest is numbers.

use crate::term::Term;

/// See the module's documentation. The call is made again with the arguments that it was made with, and finds its job.
#[derive(Clone, Debug, Default)]
pub struct Job {
    /// How far it is; each function has phases of its own.
    pub phase: u8,
    pub terms: Vec<Term>,
    pub words: Vec<u64>,
    pub at: usize,
}
