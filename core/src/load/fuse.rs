//! Two neighbours that become one instruction.
//!
//! The emitter asks here each time it is given an instruction and no label stands before it. The second of a pair must not
//! be able to raise or to be returned to, so that line numbers and return addresses stay what they were. Which pairs: those
//! that the compiler emits for nearly every body-recursive function.

use crate::code::op::Instr;
use crate::code::operand::{Dst, Place, Src};

fn x_dst(d: Dst) -> Option<u16> {
    match d.src().kind() {
        Place::X(r) => Some(r as u16),
        _ => None,
    }
}

/// The instruction that does what `a` and then `b` do, if there is one.
pub fn fuse(a: Instr, b: Instr) -> Option<Instr> {
    Some(match (a, b) {
        (Instr::Allocate { n, live }, Instr::MoveXY { s, d }) => {
            Instr::AllocateMove { live: u8::try_from(live).ok()?, n, s, d }
        }
        (Instr::Allocate { n, live }, Instr::MoveXY2 { s1, d1, s2, d2 }) => {
            Instr::AllocateMove2 { live: u8::try_from(live).ok()?, n, s1, d1, s2, d2 }
        }
        (Instr::AllocateMove { live, n, s, d }, Instr::MoveXY { s: s2, d: d2 }) => {
            Instr::AllocateMove2 { live, n, s1: s, d1: d, s2, d2 }
        }
        (Instr::Allocate { n, live }, Instr::GetList { s, h, t }) => {
            Instr::AllocateGetList { live: u8::try_from(live).ok()?, n, s, h, t }
        }
        (Instr::MoveXY { s, d }, Instr::MoveXX { s: s2, d: d2 }) => Instr::MoveXYXX { s1: s, d1: d, s2, d2 },
        (Instr::MoveYX { s, d }, Instr::MoveXX { s: s2, d: d2 }) => Instr::MoveYXXX { s1: s, d1: d, s2, d2 },
        (Instr::MoveXX { s, d }, Instr::MoveYX { s: s2, d: d2 }) => Instr::MoveXXYX { s1: s, d1: d, s2, d2 },
        (Instr::TestHeap { live, words }, Instr::PutList { h, t, d }) => {
            Instr::ReservePutList { live: u8::try_from(live).ok()?, h, t, d, words }
        }
        (Instr::TestHeap { live, words }, Instr::PutListX { h, t, d }) => {
            Instr::ReservePutList { live: u8::try_from(live).ok()?, h: Src::x(h), t: Src::x(t), d: Dst::x(d), words }
        }
        (Instr::ReservePutList { live, h, t, d, words: 2 }, Instr::DeallocReturn { n }) if x_dst(d) == Some(0) => {
            Instr::PutListReturn { live, n, h, t }
        }
        _ => return None,
    })
}
