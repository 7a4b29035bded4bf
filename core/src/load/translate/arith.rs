//! Arithmetic, guard BIFs, floats.

use super::{Done, Translator};
use crate::atom::am;
use crate::code::Mfa;
use crate::code::op::Instr;
use crate::code::operand::Place;
use crate::error::LoadError;
use beambox_beamfile::{Arg, Op};

/// In place of a number of live registers: the instruction doesn't say which are live, so it must not collect.
pub const NO_COLLECTION: u8 = 255;

impl<'a> Translator<'a> {
    pub(super) fn arith(&mut self, op: Op, a: &'a [Arg]) -> Result<bool, LoadError> {
        match op {
            Op::Bif0 => {
                let (bif, d) = (self.guard_bif(a, 0, 0)?.1, self.dst(a, 1)?);
                self.e.push(Instr::Bif0 { d, bif });
            }
            Op::Bif1 => self.bif1(a, self.fail(a, 0)?, NO_COLLECTION, 1)?,
            Op::GcBif1 => self.bif1(a, self.fail(a, 0)?, self.live(a, 1)?, 2)?,
            Op::Bif2 => self.bif2(a, self.fail(a, 0)?, NO_COLLECTION, 1)?,
            Op::GcBif2 => self.bif2(a, self.fail(a, 0)?, self.live(a, 1)?, 2)?,
            Op::GcBif3 => {
                let (fail, live) = (self.fail(a, 0)?, self.live(a, 1)?);
                let (_, bif) = self.guard_bif(a, 2, 3)?;
                let mut side = Vec::new();
                for n in 3..6 {
                    let arg = self.arg(a, n)?;
                    side.push(self.wide(arg)?);
                }
                let d = self.dst(a, 6)?;
                let at = self.e.side(&side);
                self.e.push(Instr::Bif3 { live, d, at, fail, bif });
            }
            Op::Fmove => match (self.arg(a, 0)?, self.arg(a, 1)?) {
                (Arg::FReg(_), _) => {
                    let (s, d) = (self.freg(a, 0)?, self.dst(a, 1)?);
                    self.e.push(Instr::FStore { s, d });
                }
                _ => {
                    let (s, d) = (self.src(a, 0)?, self.freg(a, 1)?);
                    self.e.push(Instr::FLoad { s, d });
                }
            },
            Op::Fconv => {
                let (s, d) = (self.src(a, 0)?, self.freg(a, 1)?);
                self.e.push(Instr::FConv { s, d });
            }
            Op::Fadd | Op::Fsub | Op::Fmul | Op::Fdiv => {
                let (x, y, d) = (self.freg(a, 1)?, self.freg(a, 2)?, self.freg(a, 3)?);
                self.e.push(match op {
                    Op::Fadd => Instr::FAdd { a: x, b: y, d },
                    Op::Fsub => Instr::FSub { a: x, b: y, d },
                    Op::Fmul => Instr::FMul { a: x, b: y, d },
                    _ => Instr::FDiv { a: x, b: y, d },
                });
            }
            Op::Fnegate => {
                let (x, d) = (self.freg(a, 1)?, self.freg(a, 2)?);
                self.e.push(Instr::FNeg { a: x, d });
            }
            Op::Fclearerror | Op::Fcheckerror => {}
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The BIF with the import number in operand `n`.
    fn guard_bif(&self, a: &'a [Arg], n: usize, arity: u8) -> Result<(Mfa, u32), LoadError> {
        let (mfa, export) = self.import(a, n)?;
        if mfa.arity != arity {
            return Err(self.e.error(format!("a BIF of arity {} is called with {arity} arguments", mfa.arity)));
        }
        match self.bif_of(export) {
            Some(b) => Ok((mfa, b)),
            None => Err(self.e.error(format!(
                "the BIF {}:{}/{} does not exist in this VM",
                self.atoms.name(mfa.module),
                self.atoms.name(mfa.function),
                mfa.arity
            ))),
        }
    }

    fn bif1(&mut self, args: &'a [Arg], fail: i32, live: u8, n: usize) -> Done {
        let (mfa, bif) = self.guard_bif(args, n, 1)?;
        let (s, d) = (self.src(args, n + 1)?, self.dst(args, n + 2)?);
        self.e.push(match mfa.function {
            am::HD => Instr::Hd { s, d, fail },
            am::TL => Instr::Tl { s, d, fail },
            am::TUPLE_SIZE => Instr::TupleSize { s, d, fail },
            am::ABS => Instr::Abs { live, a: s, d, fail, bif },
            am::BYTE_SIZE => Instr::ByteSize { live, a: s, d, fail, bif },
            _ => Instr::Bif1 { live, a: s, d, fail, bif },
        });
        Ok(())
    }

    fn bif2(&mut self, args: &'a [Arg], fail: i32, live: u8, n: usize) -> Done {
        let (mfa, bif) = self.guard_bif(args, n, 2)?;
        let (a, b, d) = (self.src(args, n + 1)?, self.src(args, n + 2)?, self.dst(args, n + 3)?);
        let (pa, pb, pd) = (a.kind(), b.kind(), d.src().kind());
        if fail == 0
            && let Place::X(dx) = pd
        {
            let small = |t: Option<crate::term::Term>| t.and_then(|t| t.as_small());
            let add_const = |s: u32, v: i64| Instr::AddXC { live, s: s as u16, d: dx as u16, c: (v << 4) as u64 };
            let (ca, cb) = (small(self.const_of(a)), small(self.const_of(b)));
            let fused = match (mfa.function, pa, pb, ca, cb) {
                (am::PLUS, Place::X(s), _, _, Some(v)) | (am::PLUS, _, Place::X(s), Some(v), _) => {
                    Some(add_const(s, v))
                }
                (am::MINUS, Place::X(s), _, _, Some(v)) if v > crate::term::MIN_SMALL => Some(add_const(s, -v)),
                (am::PLUS, Place::Y(s), _, _, Some(v)) | (am::PLUS, _, Place::Y(s), Some(v), _) => {
                    Some(Instr::AddYC { live, s: s as u16, d: dx as u16, c: (v << 4) as u64 })
                }
                (am::MINUS, Place::Y(s), _, _, Some(v)) if v > crate::term::MIN_SMALL => {
                    Some(Instr::AddYC { live, s: s as u16, d: dx as u16, c: (-v << 4) as u64 })
                }
                (am::PLUS, Place::Y(a), Place::X(b), ..) => {
                    Some(Instr::AddYX { live, a: a as u16, b: b as u16, d: dx as u16 })
                }
                (am::PLUS, Place::X(a), Place::X(b), ..) => {
                    Some(Instr::AddXX { live, a: a as u16, b: b as u16, d: dx as u16 })
                }
                (am::MINUS, Place::X(a), Place::X(b), ..) => {
                    Some(Instr::SubXX { live, a: a as u16, b: b as u16, d: dx as u16 })
                }
                _ => None,
            };
            if let Some(i) = fused {
                self.e.push(i);
                return Ok(());
            }
        }
        self.e.push(match mfa.function {
            am::PLUS => Instr::Add { live, a, b, d, fail },
            am::MINUS => Instr::Sub { live, a, b, d, fail },
            am::TIMES => Instr::Mul { live, a, b, d, fail },
            am::DIV_ => Instr::IntDiv { live, a, b, d, fail },
            am::REM => Instr::Rem { live, a, b, d, fail },
            am::BAND => Instr::Band { live, a, b, d, fail },
            am::BOR => Instr::Bor { live, a, b, d, fail },
            am::BXOR => Instr::Bxor { live, a, b, d, fail },
            am::BSL => Instr::Bsl { live, a, b, d, fail },
            am::BSR => Instr::Bsr { live, a, b, d, fail },
            am::ELEMENT => Instr::Element { i: a, s: b, d, fail },
            _ => Instr::Bif2 { live, a, b, d, fail, bif },
        });
        Ok(())
    }
}
