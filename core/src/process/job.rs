//! What a built-in function keeps while its work takes more than one slice. The terms are roots of the process's heap, the rest is numbers, or a state of the
//! function's own that may hold addresses of the heap and so lasts until the next collection only.

use crate::term::Term;
use std::any::Any;

/// See the module's documentation. The call is made again with the arguments that it was made with, and finds its job.
#[derive(Default)]
pub struct Job {
    /// How far it is; each function has phases of its own.
    pub phase: u8,
    pub terms: Vec<Term>,
    pub words: Vec<u64>,
    pub at: usize,
    /// A state that a collection makes worthless.
    held: Option<Box<dyn Any + Send>>,
    /// A collection has taken the state, and the call starts anew.
    pub lost: bool,
}

impl Job {
    /// Keeps a state until the next collection.
    pub fn hold<T: Any + Send>(&mut self, state: Box<T>) {
        self.held = Some(state);
    }

    /// The state, if there is one and no collection came in between.
    pub fn held<T: Any + Send>(&mut self) -> Option<Box<T>> {
        self.held.take()?.downcast().ok()
    }

    /// Objects are about to move.
    pub fn moved(&mut self) {
        self.lost |= self.held.take().is_some();
    }
}

impl std::fmt::Debug for Job {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Job").field("phase", &self.phase).field("at", &self.at).finish_non_exhaustive()
    }
}
