//! A large map from many pairs, step by step: the pairs are dealt out to [`super::PARTS`] by the hashes of their keys, each part is built by itself, and
//! the parts are joined. Between two steps no term may move.

use super::super::Alloc;
use super::super::build;
use super::build::{PARTS, from_pairs, join_parts, part, part_of};
use crate::arena::OutOfMemory;
use crate::term::hash::internal_hash;
use crate::term::object::FLAT_MAP_LIMIT;
use crate::term::{Names, Term};

/// A map that is being built.
pub struct Stepwise {
    pairs: Vec<(Term, Term)>,
    /// Pairs that are dealt out.
    dealt: usize,
    /// Hash and cell of each pair, by its part.
    parts: Vec<Vec<(u64, Term)>>,
    built: Vec<Term>,
    size: u64,
}

impl Stepwise {
    /// Of pairs with the same key the last counts.
    pub fn new(pairs: Vec<(Term, Term)>) -> Stepwise {
        Stepwise { pairs, dealt: 0, parts: vec![Vec::new(); PARTS], built: Vec::new(), size: 0 }
    }

    /// Goes on for about so many steps; the map when it is done.
    pub fn run(
        &mut self,
        a: &mut dyn Alloc,
        names: &dyn Names,
        steps: &mut usize,
    ) -> Result<Option<Term>, OutOfMemory> {
        while let Some((key, value)) = self.pairs.get(self.dealt).copied() {
            if *steps == 0 {
                return Ok(None);
            }
            *steps -= 1;
            let hash = internal_hash(a.mem(), names, key);
            let cell = build::cons(a, key, value)?;
            if let Some(part) = self.parts.get_mut(part_of(hash)) {
                part.push((hash, cell));
            }
            self.dealt += 1;
        }
        while let Some(cells) = self.parts.get_mut(self.built.len()) {
            if *steps == 0 {
                return Ok(None);
            }
            *steps = steps.saturating_sub(4 * cells.len() + 1);
            let (node, size) = part(a, names, &mut std::mem::take(cells))?;
            self.built.push(node);
            self.size += size;
        }
        if self.size <= u64::from(FLAT_MAP_LIMIT) {
            return from_pairs(a, names, &self.pairs).map(Some);
        }
        join_parts(a, &self.built, self.size).map(Some)
    }
}
