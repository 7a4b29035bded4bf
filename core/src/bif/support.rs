//! What several families of BIFs share: errors with a cause, small maps with atoms as keys, options, time.

use super::{BifResult, Ctx, Fault};
use crate::atom::{Atom, am};
use crate::heap::{Alloc, build};
use crate::term::{Mem, Term, object};

/// A flat map with these atoms as keys, at most 32 and all different.
pub fn atom_map(a: &mut dyn Alloc, pairs: &[(Atom, Term)]) -> build::Built {
    let mut pairs = pairs.to_vec();
    debug_assert!(pairs.len() <= object::FLAT_MAP_LIMIT as usize);
    pairs.sort_unstable_by_key(|p| p.0);
    let keys: Vec<Term> = pairs.iter().map(|p| Term::atom(p.0)).collect();
    let keys = build::tuple(a, &keys)?;
    let at = a.words(object::FLAT_MAP_WORDS + pairs.len() as u32)?;
    let mem = a.mem();
    mem.set_word(at, 0, object::FLAT_MAP_HEADER);
    mem.set_word(at, 1, pairs.len() as u64);
    mem.set(at, 2, keys);
    for (i, p) in pairs.iter().enumerate() {
        mem.set(at, object::FLAT_MAP_WORDS + i as u32, p.1);
    }
    Ok(Term::boxed_at(at))
}

/// The pairs of a flat map, in the order of its keys; empty for any other term.
pub fn flat_pairs(mem: Mem, map: Term) -> Vec<(Term, Term)> {
    if !mem.is_flat_map(map) {
        return Vec::new();
    }
    let keys = mem.field(map, 2);
    let n = mem.map_size(map) as u32;
    (0..n).map(|i| (mem.field(keys, i + 1), mem.field(map, object::FLAT_MAP_WORDS + i))).collect()
}

impl Ctx<'_> {
    /// `badarg` whose error info says why: `erl_erts_errors` makes a sentence of it.
    pub fn badarg_cause(&mut self, cause: Atom) -> Fault {
        self.badarg_info(am::ERL_ERTS_ERRORS, cause)
    }

    /// `badarg` with the cause, for the formatter `module`.
    pub fn badarg_info(&mut self, module: Atom, cause: Atom) -> Fault {
        let info = match atom_map(self, &[(am::CAUSE, Term::atom(cause)), (am::MODULE, Term::atom(module))]) {
            Ok(info) => info,
            Err(e) => return e.into(),
        };
        let fault = self.badarg();
        self.proc.exception.info = info;
        fault
    }

    /// A list of `{Atom, Term}`, in one piece.
    pub fn pair_list(&mut self, pairs: &[(Atom, Term)]) -> BifResult {
        const WORDS: u32 = 3 + 2;
        if pairs.is_empty() {
            return Ok(Term::NIL);
        }
        let start = self.words(WORDS * pairs.len() as u32)?;
        let mem = self.sys.mem();
        for (n, (key, value)) in pairs.iter().enumerate() {
            let at = start + n as u32 * WORDS * 8;
            mem.set_word(at, 0, object::tuple_header(2));
            mem.set(at, 1, Term::atom(*key));
            mem.set(at, 2, *value);
            mem.set(at, 3, Term::boxed_at(at));
            let rest = if n + 1 < pairs.len() { Term::list_at(at + 3 * 8 + WORDS * 8) } else { Term::NIL };
            mem.set(at, 4, rest);
        }
        Ok(Term::list_at(start + 3 * 8))
    }
}

/// Units a second of a time unit; `None`: not a unit.
pub fn unit_per_second(mem: Mem, unit: Term) -> Option<i128> {
    if let Some(n) = unit.as_small() {
        return (n > 0).then_some(n as i128);
    }
    if unit.is_boxed() && mem.is_big(unit) {
        // A unit finer than any small integer: more than the clock can tell, but legal when positive.
        return (object::subtag(mem.header(unit)) == object::POS_BIG && object::arity(mem.header(unit)) == 1)
            .then(|| mem.field(unit, 1).raw() as i128);
    }
    Some(match unit.as_atom()? {
        am::SECOND | am::SECONDS => 1,
        am::MILLISECOND | am::MILLI_SECONDS => 1_000,
        am::MICROSECOND | am::MICRO_SECONDS => 1_000_000,
        am::NANOSECOND | am::NANO_SECONDS | am::NATIVE | am::PERF_COUNTER => 1_000_000_000,
        _ => return None,
    })
}
