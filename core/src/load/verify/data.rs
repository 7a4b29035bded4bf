//! Terms that are built and taken apart, guard BIFs, floats.

use super::state::{Kind, State};
use super::step::After;
use super::{Demand, Verifier};
use crate::error::LoadError;
use beambox_beamfile::{Arg, Instr, Op};

/// Guard BIFs that take anything.
fn total(function: &str, arity: u32) -> bool {
    match arity {
        0 => matches!(function, "self" | "node"),
        1 => function.starts_with("is_"),
        2 => matches!(function, "=:=" | "=/=" | "==" | "/=" | "<" | ">=" | ">" | "=<" | "max" | "min"),
        _ => false,
    }
}

/// Guard BIFs whose result is built: they use up what was reserved.
fn builds(function: &str) -> bool {
    !matches!(
        function,
        "=:="
            | "=/="
            | "=="
            | "/="
            | "<"
            | ">="
            | ">"
            | "=<"
            | "and"
            | "or"
            | "xor"
            | "not"
            | "hd"
            | "tl"
            | "element"
            | "self"
            | "node"
            | "map_get"
            | "max"
            | "min"
            | "is_map_key"
            | "tuple_size"
            | "get"
            | "is_function"
            | "is_record"
            | "is_atom"
            | "is_binary"
            | "is_bitstring"
            | "is_boolean"
            | "is_float"
            | "is_integer"
            | "is_list"
            | "is_map"
            | "is_number"
            | "is_pid"
            | "is_port"
            | "is_reference"
            | "is_tuple"
    )
}

impl<'a> Verifier<'a> {
    /// One step of this family, or of matching.
    pub(super) fn data(&mut self, i: &'a Instr, mut s: State) -> After {
        match i.op {
            Op::PutList => {
                self.operands(&s, i, &[0, 1])?;
                self.takes(&mut s, 2)?;
                self.write(&mut s, i, 2, Kind::Cons)?;
            }
            Op::GetList => {
                self.demand(&mut s, i, 0, Demand::Cons)?;
                self.write(&mut s, i, 1, Kind::Any)?;
                self.write(&mut s, i, 2, Kind::Any)?;
            }
            Op::GetHd | Op::GetTl => {
                self.demand(&mut s, i, 0, Demand::Cons)?;
                self.write(&mut s, i, 1, Kind::Any)?;
            }
            Op::PutTuple2 => {
                let elements = self.list(i, 1)?;
                self.reads(&s, elements)?;
                let n = elements.len() as u32;
                self.takes(&mut s, n + 1)?;
                self.write(&mut s, i, 0, Kind::Exact(n))?;
            }
            Op::GetTupleElement => {
                let n = self.number(i, 1)?.saturating_add(1);
                self.demand(&mut s, i, 0, Demand::Tuple(n))?;
                self.write(&mut s, i, 2, Kind::Any)?;
            }
            Op::SetTupleElement => {
                let n = self.number(i, 2)?.saturating_add(1);
                let (value, tuple) = (self.arg(i, 0)?, self.arg(i, 1)?);
                let value = self.read(&s, value)?;
                let fresh = self.read(&s, tuple)?.value;
                if s.fresh != Some(fresh) {
                    return Err(self.error("not a tuple that was just made by setelement/3"));
                }
                let cell = self.demand(&mut s, i, 1, Demand::Tuple(n))?;
                if cell.value == value.value {
                    return Err(self.error("a tuple would become an element of itself"));
                }
            }
            Op::UpdateRecord => {
                let n = self.number(i, 1)?;
                for pair in self.list(i, 4)?.chunks(2) {
                    let (Arg::U(at), Some(value)) = (&pair[0], pair.get(1)) else {
                        return Err(self.error("an element without a value"));
                    };
                    if *at == 0 || *at > n as u64 {
                        return Err(self.error(format!("there is no element {at}")));
                    }
                    self.read(&s, value)?;
                }
                self.demand(&mut s, i, 2, Demand::Exact(n))?;
                self.takes(&mut s, n.saturating_add(1))?;
                self.write(&mut s, i, 3, Kind::Exact(n))?;
            }
            Op::PutMapAssoc | Op::PutMapExact => {
                let (label, live) = (self.label(i, 0)?, self.number(i, 3)?);
                // It may collect before it looks at its operands.
                self.collects(&mut s, live)?;
                self.operands(&s, i, &[1])?;
                let pairs = self.list(i, 4)?;
                self.reads(&s, pairs)?;
                self.fails(&s, label)?;
                self.write(&mut s, i, 2, Kind::Any)?;
            }
            Op::HasMapFields => {
                let label = self.target(i, 0)?;
                self.operands(&s, i, &[1])?;
                let keys = self.list(i, 2)?;
                self.reads(&s, keys)?;
                self.branch(label, &s)?;
            }
            Op::GetMapElements => {
                let label = self.target(i, 0)?;
                self.operands(&s, i, &[1])?;
                let pairs = self.list(i, 2)?;
                // Some of them may have been written when one is missing.
                let mut there = s.clone();
                for pair in pairs.chunks(2) {
                    let Some(to) = pair.get(1) else { return Err(self.error("a key without a place")) };
                    self.read(&s, &pair[0])?;
                    self.disturb(&mut there, to)?;
                    let cell = self.cell(Kind::Any);
                    self.put(&mut s, to, cell)?;
                }
                self.branch(label, &there)?;
            }
            Op::MakeFun3 => {
                let lambda = self.file.lambdas.get(self.number(i, 0)? as usize);
                let free = self.list(i, 2)?;
                if lambda.is_none_or(|l| l.num_free as usize != free.len()) {
                    return Err(self.error("not as many free variables as the fun has"));
                }
                self.reads(&s, free)?;
                s.room = s.room.saturating_sub(crate::load::translate::FUN_WORDS + free.len() as u32);
                self.write(&mut s, i, 1, Kind::Any)?;
            }

            Op::Bif0 => {
                let (_, function, _) = self.import(i, 0)?;
                if !total(function, 0) {
                    self.raise(&s)?;
                }
                if builds(function) {
                    s.room = 0;
                }
                self.write(&mut s, i, 1, Kind::Any)?;
            }
            Op::Bif1 | Op::Bif2 => {
                let label = self.label(i, 0)?;
                let (_, function, n) = self.import(i, 1)?;
                let args = i.args.get(2..i.args.len() - 1).unwrap_or_default();
                if args.len() != n as usize {
                    return Err(self.error("not as many arguments as the function takes"));
                }
                self.reads(&s, args)?;
                if label != 0 || !total(function, n) {
                    self.fails(&s, label)?;
                }
                if builds(function) {
                    s.room = 0;
                }
                self.write(&mut s, i, i.args.len() - 1, Kind::Any)?;
            }
            Op::GcBif1 | Op::GcBif2 | Op::GcBif3 => {
                let (label, live) = (self.label(i, 0)?, self.number(i, 1)?);
                self.import(i, 2)?;
                let args = i.args.get(3..i.args.len() - 1).unwrap_or_default();
                self.reads(&s, args)?;
                self.collects(&mut s, live)?;
                self.fails(&s, label)?;
                self.write(&mut s, i, i.args.len() - 1, Kind::Any)?;
            }

            Op::Fmove => match (self.arg(i, 0)?, self.arg(i, 1)?) {
                (Arg::FReg(f), _) => {
                    self.float(&s, *f)?;
                    self.takes(&mut s, 2)?;
                    self.write(&mut s, i, 1, Kind::Float)?;
                }
                (_, Arg::FReg(f)) => {
                    self.demand(&mut s, i, 0, Demand::Float)?;
                    s.floats |= 1u16.checked_shl(*f as u32).unwrap_or(0);
                }
                _ => return Err(self.error("no float register")),
            },
            Op::Fconv => {
                self.operands(&s, i, &[0])?;
                self.raise(&s)?;
                let Arg::FReg(f) = self.arg(i, 1)? else { return Err(self.error("no float register")) };
                s.floats |= 1u16.checked_shl(*f as u32).unwrap_or(0);
            }
            Op::Fadd | Op::Fsub | Op::Fmul | Op::Fdiv | Op::Fnegate => {
                let last = i.args.len() - 1;
                for n in 1..=last {
                    let Arg::FReg(f) = self.arg(i, n)? else { return Err(self.error("no float register")) };
                    if n < last {
                        self.float(&s, *f)?;
                    } else {
                        self.raise(&s)?;
                        s.floats |= 1u16.checked_shl(*f as u32).unwrap_or(0);
                    }
                }
            }
            _ => return self.matching(i, s),
        }
        Ok(Some(s))
    }

    /// A register that may or may not have been written.
    pub(super) fn disturb(&mut self, s: &mut State, a: &Arg) -> Result<(), LoadError> {
        if self.look(s, a)?.kind.is_term() {
            let cell = self.cell(Kind::Any);
            self.put(s, a, cell)?;
        }
        Ok(())
    }

    fn float(&self, s: &State, f: u16) -> Result<(), LoadError> {
        match 1u16.checked_shl(f as u32) {
            Some(bit) if s.floats & bit != 0 => Ok(()),
            _ => Err(self.error(format!("fr{f} is not set"))),
        }
    }
}
