//! Building terms: small constructors over [`Alloc`].

use super::Alloc;
use crate::arena::OutOfMemory;
use crate::term::{Term, object};

/// A term, or no memory for it.
pub type Built = Result<Term, OutOfMemory>;

pub fn cons(a: &mut dyn Alloc, head: Term, tail: Term) -> Built {
    let at = a.words(2)?;
    a.mem().set(at, 0, head);
    a.mem().set(at, 1, tail);
    Ok(Term::list_at(at))
}

/// A tuple of the elements; `{}` is a literal of the VM, so callers with no elements use that.
pub fn tuple(a: &mut dyn Alloc, elements: &[Term]) -> Built {
    debug_assert!(elements.len() <= object::MAX_TUPLE);
    let at = a.words(elements.len() as u32 + 1)?;
    let mem = a.mem();
    mem.set_word(at, 0, object::tuple_header(elements.len() as u32));
    for (i, e) in elements.iter().enumerate() {
        mem.set(at, i as u32 + 1, *e);
    }
    Ok(Term::boxed_at(at))
}

/// A proper list of the elements, ending in `tail`.
pub fn list_with_tail(a: &mut dyn Alloc, elements: &[Term], tail: Term) -> Built {
    if elements.is_empty() {
        return Ok(tail);
    }
    let at = a.words(elements.len() as u32 * 2)?;
    let mem = a.mem();
    for (i, e) in elements.iter().enumerate() {
        let i = i as u32;
        mem.set(at, 2 * i, *e);
        let next = if i as usize + 1 == elements.len() { tail } else { Term::list_at(at + 16 * (i + 1)) };
        mem.set(at, 2 * i + 1, next);
    }
    Ok(Term::list_at(at))
}

pub fn list(a: &mut dyn Alloc, elements: &[Term]) -> Built {
    list_with_tail(a, elements, Term::NIL)
}

/// A list of the bytes as small integers.
pub fn byte_list(a: &mut dyn Alloc, bytes: &[u8], tail: Term) -> Built {
    let elements: Vec<Term> = bytes.iter().map(|b| Term::small(*b as i64)).collect();
    list_with_tail(a, &elements, tail)
}

/// A list of the code points.
pub fn char_list(a: &mut dyn Alloc, text: &str) -> Built {
    let n = text.chars().count() as u32;
    if n == 0 {
        return Ok(Term::NIL);
    }
    let start = a.words(2 * n)?;
    let mem = a.mem();
    let mut at = start;
    for c in text.chars() {
        mem.set(at, 0, Term::small(c as i64));
        mem.set(at, 1, Term::list_at(at + 16));
        at += 16;
    }
    mem.set(at - 16, 1, Term::NIL);
    Ok(Term::list_at(start))
}

pub fn float(a: &mut dyn Alloc, value: f64) -> Built {
    let at = a.words(2)?;
    a.mem().set_word(at, 0, object::FLOAT_HEADER);
    a.mem().set_word(at, 1, value.to_bits());
    Ok(Term::boxed_at(at))
}

/// An integer: small, or a bignum of one digit.
pub fn int(a: &mut dyn Alloc, value: i64) -> Built {
    if let Some(t) = Term::try_small(value) {
        return Ok(t);
    }
    one_digit(a, value.unsigned_abs(), value < 0)
}

pub fn uint(a: &mut dyn Alloc, value: u64) -> Built {
    if value <= crate::term::MAX_SMALL as u64 {
        return Ok(Term::small(value as i64));
    }
    one_digit(a, value, false)
}

fn one_digit(a: &mut dyn Alloc, magnitude: u64, negative: bool) -> Built {
    let at = a.words(2)?;
    a.mem().set_word(at, 0, object::header(if negative { object::NEG_BIG } else { object::POS_BIG }, 1));
    a.mem().set_word(at, 1, magnitude);
    Ok(Term::boxed_at(at))
}
