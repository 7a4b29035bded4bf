//! A small store of compiled patterns: Erlang's compiled patterns are terms that carry the pattern's text, and programs that
//! give `re:run` the text each time are common.

use crate::{CompileError, Regex};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

/// Most patterns kept, and most bytes they may take together.
const MAX_PATTERNS: usize = 128;
const MAX_BYTES: usize = 2 << 20;

type Key = (Vec<u8>, u32);

/// Compiled patterns by text and options; the oldest go first.
#[derive(Debug, Default)]
pub struct Cache {
    patterns: HashMap<Key, Arc<Regex>>,
    order: VecDeque<Key>,
    bytes: usize,
}

impl Cache {
    /// The compiled pattern, compiled now if it isn't there; `true`: it was there.
    pub fn get(&mut self, pattern: &[u8], options: u32) -> Result<(Arc<Regex>, bool), CompileError> {
        let key = (pattern.to_vec(), options);
        if let Some(r) = self.patterns.get(&key) {
            return Ok((r.clone(), true));
        }
        let regex = Arc::new(Regex::new(pattern, options)?);
        let size = |key: &Key, r: &Regex| r.size() + 2 * key.0.len();
        let new = size(&key, &regex);
        if new <= MAX_BYTES {
            while self.patterns.len() >= MAX_PATTERNS || self.bytes + new > MAX_BYTES {
                let Some(old) = self.order.pop_front() else { break };
                if let Some(r) = self.patterns.remove(&old) {
                    self.bytes = self.bytes.saturating_sub(size(&old, &r));
                }
            }
            self.bytes += new;
            self.order.push_back(key.clone());
            self.patterns.insert(key, regex.clone());
        }
        Ok((regex, false))
    }
}
