//! What follows a repeated character: if it can't be that character, the repeat need not give anything back.

use crate::ast::{Greed, Pattern};
use crate::options::opt;
use crate::program::{Inst, Program, Single};

/// Fills in [`crate::program::Rep::next`] and makes repeats possessive where that changes nothing.
pub(crate) fn run(p: &mut Program, pattern: &Pattern) {
    let utf = pattern.options & opt::UTF != 0;
    for pc in 0..p.code.len() {
        let Some(Inst::Rep(id)) = p.code.get(pc).copied() else { continue };
        let Some(rep) = p.reps.get(id as usize).copied() else { continue };
        let mut next = pc + 1;
        while let Some(Inst::Open(_) | Inst::Close(_)) = p.code.get(next) {
            next += 1;
        }
        let follow = match p.code.get(next) {
            Some(Inst::One(s)) => Some(*s),
            Some(Inst::Literal { at, .. }) => p.literals.get(*at as usize).map(|b| Single::Byte(*b)),
            Some(Inst::Rep(r)) => p.reps.get(*r as usize).filter(|r| r.min > 0).map(|r| r.what),
            _ => None,
        };
        let Some(follow) = follow else { continue };
        let exclusive = disjoint(p, rep.what, follow, utf);
        if let Some(r) = p.reps.get_mut(id as usize) {
            if let Single::Byte(b) = follow {
                r.next = Some(b);
            }
            if exclusive && r.greed == Greed::Greedy {
                r.greed = Greed::Possessive;
            }
        }
    }
}

fn disjoint(p: &Program, a: Single, b: Single, utf: bool) -> bool {
    let Some(a) = low(p, a, utf) else { return false };
    let Some(b) = low(p, b, utf) else { return false };
    a.0.iter().zip(b.0).all(|(x, y)| x & y == 0) && !(a.1 && b.1)
}

/// The code points below 256, and whether there are others. A lone lead byte of a literal counts as "others".
fn low(p: &Program, s: Single, utf: bool) -> Option<([u64; 4], bool)> {
    let bit = |b: u8| {
        let mut l = [0; 4];
        l[(b >> 6) as usize] = 1 << (b & 63);
        l
    };
    Some(match s {
        Single::Byte(b) if utf && b > 127 => {
            // Some code point above 127.
            let mut l = [0, 0, u64::MAX, u64::MAX];
            l[0] = 0;
            (l, true)
        }
        Single::Byte(b) => (bit(b), false),
        Single::Byte2(a, b) => {
            let (x, y) = (bit(a), bit(b));
            ([x[0] | y[0], x[1] | y[1], x[2] | y[2], x[3] | y[3]], false)
        }
        Single::Char(_) => ([0, 0, u64::MAX, u64::MAX], true),
        Single::Set(id) => {
            let set = p.sets.get(id as usize)?;
            (set.low, !set.high.is_empty())
        }
        Single::Any | Single::AllAny | Single::AnyByte => return None,
    })
}
