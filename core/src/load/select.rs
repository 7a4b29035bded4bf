//! Tables of `select_val` and `select_tuple_arity`: dense, sorted or linear, whichever fits the keys.

use crate::code::op::SelectTable;
use crate::term::Term;

/// The table for these keys; targets are labels. The first of equal keys counts.
pub fn table(pairs: &[(Term, i32)]) -> SelectTable {
    let mut unique: Vec<(Term, i32)> = Vec::with_capacity(pairs.len());
    let mut seen = rustc_hash::FxHashSet::default();
    for p in pairs {
        if seen.insert(p.0.raw()) {
            unique.push(*p);
        }
    }
    if unique.iter().any(|(t, _)| !t.is_immed()) {
        return SelectTable::Linear {
            keys: unique.iter().map(|p| p.0.raw()).collect(),
            to: unique.iter().map(|p| p.1).collect(),
        };
    }
    if unique.len() >= 3 && unique.iter().all(|(t, _)| t.is_small()) {
        let values: Vec<i64> = unique.iter().map(|p| p.0.small_value()).collect();
        let (min, max) = (values.iter().min().copied().unwrap_or(0), values.iter().max().copied().unwrap_or(0));
        let span = max.wrapping_sub(min);
        if (0..(unique.len() as i64) * 4).contains(&span) {
            let mut to = vec![0; span as usize + 1];
            for (v, (_, label)) in values.iter().zip(&unique) {
                to[(v - min) as usize] = *label;
            }
            return SelectTable::Dense { base: min, to };
        }
    }
    unique.sort_by_key(|p| p.0.raw());
    SelectTable::Sorted { keys: unique.iter().map(|p| p.0.raw()).collect(), to: unique.iter().map(|p| p.1).collect() }
}
