//! Calls, frames, jumps, exceptions, receive.

use super::{Done, Translator};
use crate::code::Mfa;
use crate::code::op::Instr;
use crate::code::operand::{Dst, Place, Src};
use crate::error::LoadError;
use crate::term::Term;
use beambox_beamfile::{Arg, Op};

impl<'a> Translator<'a> {
    /// Translates an instruction of this family; `false`: it is of another.
    pub(super) fn control(&mut self, op: Op, a: &'a [Arg]) -> Result<bool, LoadError> {
        match op {
            Op::Label => self.define_label(a)?,
            Op::FuncInfo => self.func_info(a)?,
            Op::Line => {
                let item = self.num(a, 0)?;
                self.line(item);
            }
            Op::ExecutableLine | Op::DebugLine | Op::IntCodeEnd | Op::NifStart => {}
            Op::OnLoad => self.e.on_load = Some(self.e.here()),
            Op::Call => {
                let to = self.target(a, 1)?;
                let cp = self.e.next_cp();
                self.e.push(Instr::Call { to, cp });
            }
            Op::CallLast => {
                let (to, n) = (self.target(a, 1)?, self.frame(a, 2)?);
                self.e.push(Instr::CallLast { to, n });
            }
            Op::CallOnly => {
                let to = self.target(a, 1)?;
                self.e.push(Instr::CallOnly { to });
            }
            Op::CallExt | Op::CallExtOnly | Op::CallExtLast => self.call_ext(op, a)?,
            Op::CallFun => {
                let arity = self.arity(a, 0)?;
                match self.tail_frame()? {
                    Some(n) => self.e.push(Instr::CallFunLast { arity, n }),
                    None => {
                        let cp = self.e.next_cp();
                        self.e.push(Instr::CallFun { arity, cp });
                    }
                }
            }
            Op::CallFun2 => {
                let (arity, f) = (self.arity(a, 1)?, self.src(a, 2)?);
                match self.tail_frame()? {
                    Some(n) => self.e.push(Instr::CallFun2Last { arity, f, n }),
                    None => {
                        let cp = self.e.next_cp();
                        self.e.push(Instr::CallFun2 { arity, f, cp });
                    }
                }
            }
            Op::Apply => {
                let (arity, cp) = (self.arity(a, 0)?, self.e.next_cp());
                self.e.push(Instr::Apply { arity, cp });
            }
            Op::ApplyLast => {
                let (arity, n) = (self.arity(a, 0)?, self.frame(a, 1)?);
                self.e.push(Instr::ApplyLast { arity, n });
            }
            Op::Return => self.e.push(Instr::Return {}),
            Op::Allocate | Op::AllocateZero => {
                let (n, live) = (self.frame(a, 0)?, self.live(a, 1)? as u16);
                self.e.push(Instr::Allocate { n, live });
                self.clear(n);
            }
            Op::AllocateHeap | Op::AllocateHeapZero => {
                let (n, words, live) = (self.frame(a, 0)?, self.words(a, 1)?, self.live(a, 2)? as u16);
                self.e.push(Instr::AllocateHeap { n, live, words });
                self.clear(n);
            }
            Op::Deallocate => {
                let n = self.frame(a, 0)?;
                if self.peek().is_some_and(|i| i.op == Op::Return) {
                    self.pos += 1;
                    self.e.push(Instr::DeallocReturn { n });
                } else {
                    self.e.push(Instr::Deallocate { n });
                }
            }
            Op::Trim => {
                let n = self.frame(a, 0)?;
                self.e.push(Instr::Trim { n });
            }
            Op::TestHeap => {
                let (words, live) = (self.words(a, 0)?, self.live(a, 1)? as u16);
                self.e.push(Instr::TestHeap { live, words });
            }
            Op::Jump => {
                let to = self.target(a, 0)?;
                self.e.push(Instr::Jump { to });
            }
            Op::Catch | Op::Try => {
                let (y, label) = (self.y_reg(a, 0)?, self.label(a, 1)?);
                self.e.catch(label, |tag| Instr::Catch { y, tag })?;
            }
            Op::CatchEnd => {
                let y = self.y_reg(a, 0)?;
                self.e.push(Instr::CatchEnd { y });
            }
            Op::TryEnd => {
                let y = self.y_reg(a, 0)?;
                self.e.push(Instr::TryEnd { y });
            }
            Op::TryCase => {
                let y = self.y_reg(a, 0)?;
                self.e.push(Instr::TryCase { y });
            }
            Op::TryCaseEnd => {
                let s = self.src(a, 0)?;
                self.e.push(Instr::TryCaseEnd { s });
            }
            Op::Badmatch => {
                let s = self.src(a, 0)?;
                self.e.push(Instr::Badmatch { s });
            }
            Op::IfEnd => self.e.push(Instr::IfEnd {}),
            Op::CaseEnd => {
                let s = self.src(a, 0)?;
                self.e.push(Instr::CaseEnd { s });
            }
            Op::Badrecord => {
                let s = self.src(a, 0)?;
                self.e.push(Instr::Badrecord { s });
            }
            Op::Raise => {
                let (t, v) = (self.src(a, 0)?, self.src(a, 1)?);
                self.e.push(Instr::Raise { t, v });
            }
            Op::RawRaise => self.e.push(Instr::RawRaise {}),
            Op::BuildStacktrace => self.e.push(Instr::BuildStacktrace {}),
            Op::Send => self.e.push(Instr::Send {}),
            Op::LoopRec => {
                let (fail, d) = (self.target(a, 0)?, self.dst(a, 1)?);
                self.e.push(Instr::LoopRec { d, fail });
            }
            Op::RemoveMessage => self.e.push(Instr::RemoveMessage {}),
            Op::LoopRecEnd => {
                let to = self.target(a, 0)?;
                self.e.push(Instr::LoopRecEnd { to });
            }
            Op::Wait => {
                let to = self.target(a, 0)?;
                self.e.push(Instr::Wait { to });
            }
            Op::WaitTimeout => {
                let (to, t) = (self.target(a, 0)?, self.src(a, 1)?);
                self.e.push(Instr::WaitTimeout { t, to });
            }
            Op::Timeout => self.e.push(Instr::Timeout {}),
            Op::RecvMarkerReserve => {
                let d = self.dst(a, 0)?;
                self.e.push(Instr::RecvMarkerReserve { d });
            }
            Op::RecvMarkerBind => {
                let (m, r) = (self.src(a, 0)?, self.src(a, 1)?);
                self.e.push(Instr::RecvMarkerBind { m, r });
            }
            Op::RecvMarkerClear => {
                let r = self.src(a, 0)?;
                self.e.push(Instr::RecvMarkerClear { r });
            }
            Op::RecvMarkerUse => {
                let r = self.src(a, 0)?;
                self.e.push(Instr::RecvMarkerUse { r });
            }
            Op::Move => self.mov(a)?,
            Op::Swap => {
                let (x, y) = (self.dst(a, 0)?, self.dst(a, 1)?);
                self.e.push(Instr::Swap { a: x, b: y });
            }
            Op::InitYregs => {
                let mut regs = Vec::new();
                for (n, _) in self.list(a, 0)?.iter().enumerate() {
                    regs.push(crate::code::operand::Wide(self.y_reg(self.list(a, 0)?, n)? as u32));
                }
                let at = self.e.side(&regs);
                self.e.push(Instr::InitY { at, n: regs.len() as u16 });
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Sets the slots of a frame that was just made, when something may raise before they are set.
    fn clear(&mut self, n: u16) {
        if n > 0 && self.findings.is_cleared(self.pos - 1) {
            let slots: Vec<_> = (0..n as u32).map(crate::code::operand::Wide).collect();
            let at = self.e.side(&slots);
            self.e.push(Instr::InitY { at, n });
        }
    }

    fn define_label(&mut self, a: &'a [Arg]) -> Done {
        let l = match self.arg(a, 0)? {
            Arg::U(v) => *v as u32,
            Arg::Label(l) => *l,
            _ => return Err(self.e.error("a label has no number")),
        };
        self.e.barrier();
        let here = self.e.here();
        let known = match self.e.labels.get_mut(l as usize) {
            Some(place) if l > 0 => place.replace(here),
            _ => return Err(self.e.error(format!("label {l} is out of range"))),
        };
        if known.is_some() {
            return Err(self.e.error(format!("label {l} is defined twice")));
        }
        if self.entry_next {
            self.entry_next = false;
            // A function that the VM implements itself: whatever the module says, the BIF is called.
            if let Some(mfa) = self.function
                && let Some(bif) = self.code.find_export(mfa).and_then(|x| self.bif_of(x))
            {
                self.e.push(Instr::CallBifOnly { arity: mfa.arity, bif });
            }
        }
        Ok(())
    }

    /// The frame that is dropped when what follows is `deallocate` and `return`, which are skipped then: compilers have no tail call of a
    /// fun, loaders make one.
    fn tail_frame(&mut self) -> Result<Option<u16>, LoadError> {
        let (Some(first), Some(second)) = (self.peek(), self.list.get(self.pos + 1)) else { return Ok(None) };
        if first.op != Op::Deallocate || second.op != Op::Return {
            return Ok(None);
        }
        let n = self.frame(&first.args, 0)?;
        self.pos += 2;
        Ok(Some(n))
    }

    fn func_info(&mut self, a: &'a [Arg]) -> Done {
        let (Arg::Atom(_), Arg::Atom(f)) = (self.arg(a, 0)?, self.arg(a, 1)?) else {
            return Err(self.e.error("func_info has no names"));
        };
        let mfa = Mfa { module: self.linked.module, function: self.atom(*f)?, arity: self.arity(a, 2)? };
        // The label before func_info, the line before it: both belong to this function.
        let line = self.e.lines.last().copied().filter(|l| l.0 == self.e.here());
        self.start_function(mfa);
        if let Some(l) = line {
            debug_assert_eq!(l.0, self.e.here());
        }
        self.e.push(Instr::FuncInfo { function: mfa.function.0, arity: mfa.arity as u32, module: mfa.module.0 });
        Ok(())
    }

    fn call_ext(&mut self, op: Op, a: &'a [Arg]) -> Done {
        let arity = self.arity(a, 0)?;
        let (mfa, export) = self.import(a, 1)?;
        if mfa.arity != arity {
            return Err(self.e.error(format!("a call with {arity} arguments of a function of {}", mfa.arity)));
        }
        let cp = self.e.next_cp();
        let i = match (op, self.bif_of(export)) {
            (Op::CallExt, Some(bif)) => Instr::CallBif { arity, bif, cp },
            (Op::CallExtOnly, Some(bif)) => Instr::CallBifOnly { arity, bif },
            (_, Some(bif)) => Instr::CallBifLast { arity, bif, n: self.frame(a, 2)? },
            (Op::CallExt, None) => Instr::CallExt { export, cp },
            (Op::CallExtOnly, None) => Instr::CallExtOnly { export },
            (_, None) => Instr::CallExtLast { export, n: self.frame(a, 2)? },
        };
        self.e.push(i);
        Ok(())
    }

    fn place(&mut self, a: &'a [Arg]) -> Result<(Src, Dst), LoadError> {
        Ok((self.src(a, 0)?, self.dst(a, 1)?))
    }

    fn mov(&mut self, a: &'a [Arg]) -> Done {
        let (s, d) = self.place(a)?;
        if matches!(s.kind(), Place::Const(_)) {
            return self.move_const(s, d);
        }
        let Some(next) = self.peek().filter(|i| i.op == Op::Move) else {
            self.e.mov(s, d);
            return Ok(());
        };
        let (s2, d2) = match (&next.args.first(), &next.args.get(1)) {
            (Some(Arg::X(_) | Arg::TypedX(..) | Arg::Y(_) | Arg::TypedY(..)), Some(_)) => {
                (self.src(&next.args, 0)?, self.dst(&next.args, 1)?)
            }
            _ => {
                self.e.mov(s, d);
                return Ok(());
            }
        };
        use Place::{X, Y};
        let fused = match (s.kind(), d.src().kind(), s2.kind(), d2.src().kind()) {
            (X(a), X(b), X(c), X(e)) => Some(Instr::MoveXX2 { s1: a as u16, d1: b as u16, s2: c as u16, d2: e as u16 }),
            (Y(a), X(b), Y(c), X(e)) => Some(Instr::MoveYX2 { s1: a as u16, d1: b as u16, s2: c as u16, d2: e as u16 }),
            (X(a), Y(b), X(c), Y(e)) => Some(Instr::MoveXY2 { s1: a as u16, d1: b as u16, s2: c as u16, d2: e as u16 }),
            _ => None,
        };
        match fused {
            Some(i) => {
                self.pos += 1;
                self.e.push(i);
            }
            None => self.e.mov(s, d),
        }
        Ok(())
    }

    fn move_const(&mut self, s: Src, d: Dst) -> Done {
        // `move C x0, return` and `move C x0, deallocate N, return`.
        let c: Term = match s.kind() {
            Place::Const(i) => self.e.consts.get(i as usize).copied().unwrap_or(Term::NIL),
            _ => Term::NIL,
        };
        if d == Dst::x(0) {
            match (self.peek().map(|i| i.op), self.list.get(self.pos + 1).map(|i| i.op)) {
                (Some(Op::Deallocate), Some(Op::Return)) => {
                    let n = self.frame(&self.list[self.pos].args, 0)?;
                    self.pos += 2;
                    self.e.push(Instr::ConstReturn { n, c: c.raw() });
                    return Ok(());
                }
                (Some(Op::Return), _) => {
                    self.pos += 1;
                    self.e.push(Instr::ConstReturn { n: 0, c: c.raw() });
                    return Ok(());
                }
                _ => {}
            }
        }
        self.e.mov(s, d);
        Ok(())
    }
}
