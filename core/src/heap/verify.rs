//! The heap verifier: every word of a heap is what the layout rules say, and every pointer leads to an object.
//!
//! Run after each collection under `gc_stress`, and by tests. It finds what a collection would silently corrupt later.

use super::Heap;
use super::gc::Roots;
use crate::arena::Arena;
use crate::term::{Addr, TAG_HEADER, TAG_MASK, Term, object};

struct Verifier<'a> {
    arena: &'a Arena,
    ranges: Vec<(Addr, Addr)>,
}

impl Verifier<'_> {
    fn term(&self, t: Term, at: &dyn std::fmt::Display) -> Result<(), String> {
        if !(t.is_list() || t.is_boxed()) {
            return Ok(());
        }
        let a = t.addr();
        if self.arena.is_literal(a) {
            return Ok(());
        }
        if !self.ranges.iter().any(|r| a >= r.0 && a < r.1) {
            return Err(format!("{t:?} at {at} points outside of the heap"));
        }
        let first = self.arena.mem().word(a, 0);
        if t.is_boxed() && (first & TAG_MASK != TAG_HEADER || object::kind_of_header(first).is_none()) {
            return Err(format!("{t:?} at {at} points to {first:#x}, which is no header"));
        }
        if t.is_list() && first & TAG_MASK == TAG_HEADER {
            return Err(format!("{t:?} at {at} points to {first:#x}, which is no term"));
        }
        Ok(())
    }

    fn range(&self, from: Addr, to: Addr, what: &str) -> Result<(), String> {
        let mem = self.arena.mem();
        let mut at = from;
        while at < to {
            let w = mem.word(at, 0);
            if w & TAG_MASK == TAG_HEADER {
                if object::kind_of_header(w).is_none() {
                    return Err(format!("{w:#x} at {at:#x} in {what} is no header"));
                }
                at += 8 * (1 + object::layout(mem, at, w).raw);
            } else {
                self.term(Term(w), &format_args!("{at:#x} in {what}"))?;
                at += 8;
            }
        }
        if at != to { Err(format!("the last object of {what} runs over its end")) } else { Ok(()) }
    }
}

/// Checks a heap, its stack and its roots.
pub fn verify(heap: &Heap, arena: &Arena, roots: &mut dyn Roots) -> Result<(), String> {
    let mut ranges = vec![(heap.start, heap.top), (heap.old_start, heap.old_top)];
    ranges.extend(heap.frags.iter().map(|f| (f.start, f.start + f.used * 8)));
    let v = Verifier { arena, ranges };
    v.range(heap.start, heap.top, "the young generation")?;
    v.range(heap.old_start, heap.old_top, "the old generation")?;
    for f in &heap.frags {
        v.range(f.start, f.start + f.used * 8, "a fragment")?;
    }
    for i in 0..heap.stack_words() as u32 {
        v.term(arena.mem().get(heap.sp, i), &format_args!("stack word {i}"))?;
    }
    let mut result = Ok(());
    roots.visit(&mut |terms| {
        for t in terms.iter() {
            if result.is_ok() {
                result = v.term(*t, &"a root");
            }
        }
    });
    result
}
