//! Copying a term to another heap: messages, spawn arguments, ETS objects, literals.
//!
//! Sharing is not preserved, as in OTP. An explicit work stack takes the place of recursion, since a guest chooses the depth.

use super::build::Built;
use super::{Alloc, binary, owner};
use crate::term::{Addr, Kind, Mem, Term, object};

/// A deep copy of `term`. What lies from `literal_base` on is shared, not copied; give `u32::MAX` to copy literals too.
pub fn copy(a: &mut dyn Alloc, literal_base: u32, term: Term) -> Built {
    if !needs_copy(term, literal_base) {
        return Ok(term);
    }
    let mem = a.mem();
    // Where to write the copy of which term; the result itself has no slot.
    let mut work: Vec<(Addr, Term)> = Vec::new();
    let result = copy_one(a, mem, literal_base, term, &mut work)?;
    while let Some((slot, t)) = work.pop() {
        let copied = copy_one(a, mem, literal_base, t, &mut work)?;
        mem.set(slot, 0, copied);
    }
    Ok(result)
}

#[inline(always)]
fn needs_copy(t: Term, literal_base: u32) -> bool {
    (t.is_list() || t.is_boxed()) && t.addr() < literal_base
}

fn copy_one(a: &mut dyn Alloc, mem: Mem, lit: u32, term: Term, work: &mut Vec<(Addr, Term)>) -> Built {
    if term.is_list() {
        return copy_list(a, mem, lit, term, work);
    }
    let from = term.addr();
    let h = mem.word(from, 0);
    match object::kind_of_header(h) {
        // There is one `{}`, and it is on no heap (`flat_size` counts nothing for it).
        Some(Kind::Tuple) if h == object::tuple_header(0) => return Ok(term),
        Some(Kind::SubBits) => return copy_bits(a, mem, term),
        Some(Kind::Ref) if h == object::OWNER_REF_HEADER => return owner::share(a, mem.word(from, 1) as Addr),
        Some(Kind::BinRef) => return binary::share(a, mem, from).map(Term::boxed_at),
        Some(Kind::FunRef) => {
            let at = a.words(object::FUN_REF_WORDS)?;
            mem.copy_words(from, at, object::FUN_REF_WORDS);
            a.off_heap().link(mem, at, 0);
            return Ok(Term::boxed_at(at));
        }
        _ => {}
    }
    let l = object::layout(mem, from, h);
    let at = a.words(l.words)?;
    mem.copy_words(from, at, l.words);
    for i in 1 + l.raw..l.words {
        let t = mem.get(at, i);
        if needs_copy(t, lit) {
            work.push((at + 8 * i, t));
        }
    }
    Ok(Term::boxed_at(at))
}

/// The spine of a list is copied in a loop, so that the work stack holds its elements only.
fn copy_list(a: &mut dyn Alloc, mem: Mem, lit: u32, list: Term, work: &mut Vec<(Addr, Term)>) -> Built {
    let first = a.words(2)?;
    let (mut at, mut t) = (first, list);
    loop {
        let head = mem.head(t);
        mem.set(at, 0, head);
        if needs_copy(head, lit) {
            work.push((at, head));
        }
        let tail = mem.tail(t);
        if !needs_copy(tail, lit) {
            mem.set(at, 1, tail);
            break;
        }
        if tail.is_boxed() {
            mem.set(at, 1, tail);
            work.push((at + 8, tail));
            break;
        }
        let next = a.words(2)?;
        mem.set(at, 1, Term::list_at(next));
        at = next;
        t = tail;
    }
    Ok(Term::list_at(first))
}

fn copy_bits(a: &mut dyn Alloc, mem: Mem, term: Term) -> Built {
    let orig = mem.field(term, 4);
    if mem.kind(orig) == Some(Kind::BinRef) {
        let reference = binary::share(a, mem, orig.addr())?;
        let at = a.words(object::SUB_BITS_WORDS)?;
        mem.copy_words(term.addr(), at, object::SUB_BITS_WORDS);
        mem.set_word(at, 1, 0);
        mem.set(at, 4, Term::boxed_at(reference));
        return Ok(Term::boxed_at(at));
    }
    match mem.bits(term) {
        Some(bits) => binary::heap_bits(a, bits),
        None => Ok(Term::NIL),
    }
}
