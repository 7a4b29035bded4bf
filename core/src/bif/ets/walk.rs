//! A traversal of a table: where it is, the part of an ordered set that it has to go through, and how it goes on over slices.

use super::bound;
use super::match_spec::Spec;
use crate::bif::{Ctx, Fault};
use crate::ets::Store;
use crate::ets::hash::Cursor;
use crate::ets::tree::Place;
use crate::heap::refs::RefId;
use crate::process::job::Job;
use crate::term::Term;
use std::cmp::Ordering;

/// Where a traversal is.
#[derive(Clone, Copy)]
pub(super) enum At {
    Hash(Cursor),
    Tree(Option<Place>),
    End,
}

pub(super) fn start(ctx: &mut Ctx<'_>, id: RefId, reverse: bool, part: Option<Term>) -> Result<At, Fault> {
    let mem = ctx.sys.mem();
    ctx.with_table(id, |t, _, names| match (&t.store, part) {
        (Store::Hash(_), _) => At::Hash(Cursor::START),
        (Store::Tree(t), None) => At::Tree(if reverse { t.last() } else { t.first() }),
        (Store::Tree(t), Some(part)) => {
            let stand = |key| bound::against(mem, names, key, part);
            At::Tree(if reverse { t.last_where(mem, &stand) } else { t.first_where(mem, &stand) })
        }
    })
}

/// Of an ordered set, the part that can match, if the specification says so.
pub(super) fn part_of(spec: &Spec) -> Option<Term> {
    match &spec.clauses[..] {
        [one] => one.part,
        _ => None,
    }
}

/// The next object, and the place after it.
fn next(ctx: &mut Ctx<'_>, id: RefId, at: At, reverse: bool) -> Result<Option<(Term, At)>, Fault> {
    Ok(match (&ctx.table(id)?.store, at) {
        (Store::Hash(h), At::Hash(c)) => h.next_from(c).map(|(o, c)| (o, At::Hash(c))),
        (Store::Tree(t), At::Tree(Some(p))) => {
            let next = if reverse { t.step_back(p) } else { t.step(p) };
            t.at(p).map(|o| (o, next.map_or(At::End, |n| At::Tree(Some(n)))))
        }
        _ => None,
    })
}

/// Steps of a slice that an object takes.
pub(super) const STEPS_PER_OBJECT: usize = 5;

/// A traversal that goes over slices. Between two of them the table is fixed, and the place is kept as chain and node, or as the last key. The terms of the job
/// are that key and then the caller's.
pub(super) struct Walk {
    id: RefId,
    pub at: At,
    reverse: bool,
    pub job: Box<Job>,
    pub last: Term,
    /// Keys beyond this part of an ordered set can't match.
    part: Option<Term>,
    /// Objects that fit into this slice.
    left: usize,
    all: usize,
}

impl Walk {
    /// From the start (`from`: from there), or from where the call has left off.
    pub fn new(ctx: &mut Ctx<'_>, id: RefId, reverse: bool, spec: &Spec, from: Option<At>) -> Result<Walk, Fault> {
        let part = part_of(spec);
        let mut job = ctx.job();
        let at = if job.phase == 0 {
            job.terms = vec![Term::NIL];
            match from {
                Some(at) => at,
                None => start(ctx, id, reverse, part)?,
            }
        } else {
            let mem = ctx.sys.mem();
            let key = job.terms.first().copied().unwrap_or(Term::NIL);
            let cursor = match job.words[..] {
                [slot, node] => Cursor { slot: slot as u32, node: node as u32 },
                _ => Cursor::START,
            };
            ctx.with_table(id, |t, _, names| match &t.store {
                Store::Hash(_) => At::Hash(cursor),
                Store::Tree(s) => At::Tree(if reverse { s.before(mem, names, key) } else { s.after(mem, names, key) }),
            })?
        };
        let all = (ctx.steps() / STEPS_PER_OBJECT).max(50);
        Ok(Walk { id, at, reverse, job, last: Term::NONE, part, left: all, all })
    }

    /// The next object of this slice.
    pub fn next(&mut self, ctx: &mut Ctx<'_>) -> Result<Option<Term>, Fault> {
        if self.left == 0 {
            return Ok(None);
        }
        let mut found = next(ctx, self.id, self.at, self.reverse)?;
        if let (Some((o, _)), Some(part), At::Tree(_)) = (found, self.part, self.at) {
            let mem = ctx.sys.mem();
            let key = mem.element(o, ctx.table(self.id)?.keypos);
            let beyond = if self.reverse { Ordering::Less } else { Ordering::Greater };
            if bound::against(mem, &ctx.sys.names(), key, part) == beyond {
                found = None;
            }
        }
        if let Some((o, at)) = found {
            self.left -= 1;
            (self.at, self.last) = (at, o);
        } else {
            self.at = At::End;
        }
        Ok(found.map(|(o, _)| o))
    }

    /// Is the traversal through?
    pub fn is_over(&self, ctx: &mut Ctx<'_>) -> Result<bool, Fault> {
        Ok(next(ctx, self.id, self.at, self.reverse)?.is_none())
    }

    /// Fixes the table, at the first slice's end.
    pub fn fix(&mut self, ctx: &mut Ctx<'_>) -> Result<(), Fault> {
        ctx.worked((self.all - self.left) * STEPS_PER_OBJECT);
        self.all = self.left;
        if self.job.phase == 0 {
            self.job.phase = 1;
            ctx.fix_table(self.id, true)?;
        }
        let keypos = ctx.table(self.id)?.keypos;
        match self.at {
            At::Hash(c) => self.job.words = vec![u64::from(c.slot), u64::from(c.node)],
            _ => {
                let key = ctx.sys.mem().element(self.last, keypos);
                let key = ctx.copy_in(key)?;
                if let Some(first) = self.job.terms.first_mut() {
                    *first = key;
                }
            }
        }
        Ok(())
    }

    /// Goes on in the next slice.
    pub fn later(self, ctx: &mut Ctx<'_>, args: &[Term]) -> Fault {
        ctx.go_on_later(self.job, args)
    }

    /// The end, of the whole traversal.
    pub fn end(&mut self, ctx: &mut Ctx<'_>) -> Result<(), Fault> {
        ctx.worked((self.all - self.left) * STEPS_PER_OBJECT);
        if self.job.phase == 1 {
            self.job.phase = 0;
            ctx.fix_table(self.id, false)?;
        }
        Ok(())
    }
}
