//! Type tests, comparisons, selects, lists, tuples, maps, funs.

use super::super::select;
use super::{Done, Translator};
use crate::code::op::{Instr, TypeKind};
use crate::code::operand::{Dst, Place, Src, Wide};
use crate::error::LoadError;
use crate::term::Term;
use beambox_beamfile::{Arg, Op};

fn x_of(s: Src) -> Option<u16> {
    match s.kind() {
        Place::X(r) => Some(r as u16),
        _ => None,
    }
}

fn x_dst(d: Dst) -> Option<u16> {
    x_of(d.src())
}

impl<'a> Translator<'a> {
    /// The constant behind a source.
    pub(super) fn const_of(&self, s: Src) -> Option<Term> {
        match s.kind() {
            Place::Const(i) => self.e.consts.get(i as usize).copied(),
            _ => None,
        }
    }

    pub(super) fn data(&mut self, op: Op, a: &'a [Arg]) -> Result<bool, LoadError> {
        let kind = match op {
            Op::IsInteger => Some(TypeKind::Integer),
            Op::IsFloat => Some(TypeKind::Float),
            Op::IsNumber => Some(TypeKind::Number),
            Op::IsAtom => Some(TypeKind::Atom),
            Op::IsPid => Some(TypeKind::Pid),
            Op::IsReference => Some(TypeKind::Reference),
            Op::IsPort => Some(TypeKind::Port),
            Op::IsBinary => Some(TypeKind::Binary),
            Op::IsBitstr => Some(TypeKind::Bitstring),
            Op::IsList => Some(TypeKind::List),
            Op::IsBoolean => Some(TypeKind::Boolean),
            Op::IsFunction => Some(TypeKind::Function),
            Op::IsMap => Some(TypeKind::Map),
            _ => None,
        };
        if let Some(kind) = kind {
            let (fail, s) = (self.target(a, 0)?, self.src(a, 1)?);
            self.e.push(match (kind, x_of(s)) {
                (TypeKind::Integer, Some(s)) => Instr::IsIntegerX { s, fail },
                (TypeKind::Atom, Some(s)) => Instr::IsAtomX { s, fail },
                (TypeKind::List, Some(s)) => Instr::IsListX { s, fail },
                _ => Instr::TypeTest { kind: kind as u8, s, fail },
            });
            return Ok(true);
        }
        match op {
            Op::IsNonemptyList => self.is_cons(a)?,
            Op::IsNil => {
                let (fail, s) = (self.target(a, 0)?, self.src(a, 1)?);
                self.e.push(match x_of(s) {
                    Some(s) => Instr::IsNilX { s, fail },
                    None => Instr::IsNil { s, fail },
                });
            }
            Op::IsTuple => self.is_tuple(a)?,
            Op::TestArity => {
                let (fail, s, arity) = (self.target(a, 0)?, self.src(a, 1)?, self.num_below(a, 2, 1 << 24)? as u32);
                let proven = !self.findings.demands.contains_key(&(self.pos - 1));
                self.e.push(match proven {
                    true => Instr::TestArity { s, fail, arity },
                    false => Instr::IsTupleOfArity { s, fail, arity },
                });
            }
            Op::IsTaggedTuple => self.is_tagged(a)?,
            Op::IsEq | Op::IsNe | Op::IsEqExact | Op::IsNeExact | Op::IsLt | Op::IsGe => self.compare(op, a)?,
            Op::IsFunction2 => {
                let (fail, f, arity) = (self.target(a, 0)?, self.src(a, 1)?, self.src(a, 2)?);
                self.e.push(Instr::IsFunction2 { f, arity, fail });
            }
            Op::SelectVal | Op::SelectTupleArity => self.select(op, a)?,
            Op::PutList => {
                let (h, t, d) = (self.src(a, 0)?, self.src(a, 1)?, self.dst(a, 2)?);
                self.e.push(match (x_of(h), x_of(t), x_dst(d)) {
                    (Some(h), Some(t), Some(d)) => Instr::PutListX { h, t, d },
                    _ => Instr::PutList { h, t, d },
                });
            }
            Op::GetList => {
                let (s, h, t) = (self.src(a, 0)?, self.dst(a, 1)?, self.dst(a, 2)?);
                self.e.push(Instr::GetList { s, h, t });
            }
            Op::GetHd => {
                let (s, d) = (self.src(a, 0)?, self.dst(a, 1)?);
                self.e.push(Instr::GetHd { s, d });
            }
            Op::GetTl => {
                let (s, d) = (self.src(a, 0)?, self.dst(a, 1)?);
                self.e.push(Instr::GetTl { s, d });
            }
            Op::PutTuple2 => {
                let d = self.dst(a, 0)?;
                let mut elements = Vec::new();
                for e in self.list(a, 1)? {
                    elements.push(self.wide(e)?);
                }
                if elements.is_empty() {
                    return Err(self.e.error("put_tuple2 without elements"));
                }
                let at = self.e.side(&elements);
                self.e.push(Instr::PutTuple2 { d, at, n: elements.len() as u32 });
            }
            Op::GetTupleElement => self.get_element(a)?,
            Op::SetTupleElement => {
                let (v, t, i) = (self.src(a, 0)?, self.src(a, 1)?, self.num_below(a, 2, 1 << 24)? as u32 + 1);
                self.e.push(Instr::SetElement { v, t, i });
            }
            Op::UpdateRecord => {
                let (size, s, d) = (self.num_below(a, 1, 1 << 24)? as u32, self.src(a, 2)?, self.dst(a, 3)?);
                let mut side = vec![Wide(size)];
                let pairs = self.list(a, 4)?;
                for (n, p) in pairs.chunks(2).enumerate() {
                    let i = self.num_below(pairs, 2 * n, size as u64 + 1)?;
                    let Some(v) = p.get(1) else { return Err(self.e.error("update_record with half a pair")) };
                    side.push(Wide(i as u32));
                    side.push(self.wide(v)?);
                }
                let at = self.e.side(&side);
                self.e.push(Instr::UpdateRecord { s, d, at, n: (pairs.len() / 2) as u32 });
            }
            Op::PutMapAssoc | Op::PutMapExact => {
                let (fail, s, d, live) = (self.fail(a, 0)?, self.src(a, 1)?, self.dst(a, 2)?, self.live(a, 3)?);
                let list = self.list(a, 4)?;
                let side = self.pairs(list)?;
                let n = (side.len() / 2) as u32;
                let at = self.e.side(&side);
                self.e.push(if op == Op::PutMapAssoc {
                    Instr::PutMapAssoc { live, s, d, at, n }
                } else {
                    Instr::PutMapExact { live, s, d, at, n: n as u16, fail }
                });
            }
            Op::HasMapFields => {
                let (fail, s) = (self.target(a, 0)?, self.src(a, 1)?);
                let mut side = Vec::new();
                for k in self.list(a, 2)? {
                    side.push(self.wide(k)?);
                }
                let at = self.e.side(&side);
                self.e.push(Instr::HasMapFields { s, n: side.len() as u16, at, fail });
            }
            Op::GetMapElements => {
                let (fail, s) = (self.target(a, 0)?, self.src(a, 1)?);
                let list = self.list(a, 2)?;
                let side = self.pairs(list)?;
                for p in side.chunks(2) {
                    if p.get(1).is_some_and(|d| matches!(d.kind(), Place::Const(_))) {
                        return Err(self.e.error("a map element goes to a constant"));
                    }
                }
                let at = self.e.side(&side);
                self.e.push(Instr::GetMapElements { s, n: (side.len() / 2) as u16, at, fail });
            }
            Op::MakeFun3 => {
                let (index, d) = (self.num(a, 0)?, self.dst(a, 1)?);
                let Some(lambda) = self.linked.lambdas.get(index as usize) else {
                    return Err(self.e.error(format!("fun {index} does not exist")));
                };
                // What makes an environment's end comes first, then the free variables.
                let mut side = vec![Wide::constant(self.e.constant(lambda.reference))];
                for e in self.list(a, 2)? {
                    side.push(self.wide(e)?);
                }
                if self.file.lambdas.get(index as usize).is_none_or(|l| l.num_free as usize + 1 != side.len()) {
                    let n = side.len() - 1;
                    return Err(self.e.error(format!("fun {index} is made with {n} free variables")));
                }
                if let Some(literal) = lambda.literal {
                    let s = self.e.const_src(literal);
                    self.e.mov(s, d);
                } else {
                    let at = self.e.side(&side);
                    self.e.push(Instr::MakeFun { d, n: side.len() as u16 - 1, fun: lambda.index, at });
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn pairs(&mut self, list: &'a [Arg]) -> Result<Vec<Wide>, LoadError> {
        if list.len() % 2 != 0 || list.len() > 0x1FFFE {
            return Err(self.e.error(format!("{} operands are no pairs", list.len())));
        }
        list.iter().map(|e| self.wide(e)).collect()
    }

    fn is_cons(&mut self, a: &'a [Arg]) -> Done {
        let (fail, s) = (self.target(a, 0)?, self.src(a, 1)?);
        let Some(x) = x_of(s) else {
            self.e.push(Instr::IsCons { s, fail });
            return Ok(());
        };
        if let Some(next) = self.peek().filter(|i| i.op == Op::GetList)
            && self.src(&next.args, 0)? == s
            && let (Some(h), Some(t)) = (x_dst(self.dst(&next.args, 1)?), x_dst(self.dst(&next.args, 2)?))
        {
            self.pos += 1;
            self.e.push(Instr::IsConsGet { s: x, h, t, fail });
            return Ok(());
        }
        self.e.push(Instr::IsConsX { s: x, fail });
        Ok(())
    }

    fn is_tuple(&mut self, a: &'a [Arg]) -> Done {
        let (fail, s) = (self.target(a, 0)?, self.src(a, 1)?);
        if let Some(next) = self.peek().filter(|i| i.op == Op::TestArity)
            && self.src(&next.args, 1)? == s
            && self.target(&next.args, 0)? == fail
        {
            let arity = self.num_below(&next.args, 2, 1 << 24)? as u32;
            self.pos += 1;
            self.e.push(Instr::IsTupleOfArity { s, fail, arity });
            return Ok(());
        }
        self.e.push(Instr::IsTuple { s, fail });
        Ok(())
    }

    fn is_tagged(&mut self, a: &'a [Arg]) -> Done {
        let (fail, s, arity) = (self.target(a, 0)?, self.src(a, 1)?, self.num_below(a, 2, 1 << 24)? as u32);
        let tag = self.src(a, 3)?;
        let c = self.const_of(tag).filter(|t| t.is_atom());
        let Some(c) = c else { return Err(self.e.error("is_tagged_tuple without an atom")) };
        match (x_of(s), u8::try_from(arity)) {
            (Some(s), Ok(arity)) => self.e.push(Instr::IsTagged { arity, s, fail, c: c.raw() }),
            _ => {
                // Through a scratch register, which programs never see.
                let d = crate::code::operand::SCRATCH + 7;
                self.e.push(Instr::IsTupleOfArity { s, fail, arity });
                self.e.push(Instr::GetElement { s, d: Dst::x(d), i: 1 });
                self.e.push(Instr::IsEqImm { s: d, fail, c: c.raw() });
            }
        }
        Ok(())
    }

    fn compare(&mut self, op: Op, args: &'a [Arg]) -> Done {
        let (fail, a, b) = (self.target(args, 0)?, self.src(args, 1)?, self.src(args, 2)?);
        let (ca, cb) = (self.const_of(a), self.const_of(b));
        let small = |t: Option<Term>| t.filter(|t| t.is_small()).map(Term::raw);
        let i = match op {
            Op::IsEqExact | Op::IsNeExact => {
                let imm = match (x_of(a), cb, x_of(b), ca) {
                    (Some(s), Some(c), ..) | (.., Some(s), Some(c)) if c.is_immed() => Some((s, c.raw())),
                    _ => None,
                };
                match (imm, op) {
                    (Some((s, c)), Op::IsEqExact) => Instr::IsEqImm { s, fail, c },
                    (Some((s, c)), _) => Instr::IsNeImm { s, fail, c },
                    (None, _) if let (Some(a), Some(b)) = (x_of(a), x_of(b)) => match op {
                        Op::IsEqExact => Instr::IsEqXX { a, b, fail },
                        _ => Instr::IsNeXX { a, b, fail },
                    },
                    (None, Op::IsEqExact) => Instr::IsEqExact { a, b, fail },
                    (None, _) => Instr::IsNeExact { a, b, fail },
                }
            }
            Op::IsEq => Instr::IsEq { a, b, fail },
            Op::IsNe => Instr::IsNe { a, b, fail },
            Op::IsLt => match (x_of(a), x_of(b), small(ca), small(cb)) {
                (Some(a), Some(b), ..) => Instr::IsLtXX { a, b, fail },
                (Some(s), _, _, Some(c)) => Instr::IsLtXC { s, fail, c },
                (_, Some(s), Some(c), _) => Instr::IsLtCX { s, fail, c },
                _ => Instr::IsLt { a, b, fail },
            },
            _ => match (x_of(a), x_of(b), small(ca), small(cb)) {
                (Some(a), Some(b), ..) => Instr::IsGeXX { a, b, fail },
                (Some(s), _, _, Some(c)) => Instr::IsGeXC { s, fail, c },
                (_, Some(s), Some(c), _) => Instr::IsGeCX { s, fail, c },
                _ => Instr::IsGe { a, b, fail },
            },
        };
        self.e.push(i);
        Ok(())
    }

    fn select(&mut self, op: Op, a: &'a [Arg]) -> Done {
        let (s, fail) = (self.src(a, 0)?, self.target(a, 1)?);
        let list = self.list(a, 2)?;
        if list.len() % 2 != 0 {
            return Err(self.e.error("a select with half a pair"));
        }
        let mut pairs = Vec::with_capacity(list.len() / 2);
        for n in (0..list.len()).step_by(2) {
            let key = match op {
                Op::SelectTupleArity => Some(Term::small(self.num_below(list, n, 1 << 24)? as i64)),
                _ => self.term(&list[n])?,
            };
            let Some(key) = key else { return Err(self.e.error("a select by something that is no constant")) };
            pairs.push((key, self.target(list, n + 1)?));
        }
        let table = select::table(&pairs);
        self.e.select(table, |table| {
            if op == Op::SelectVal {
                Instr::SelectVal { s, fail, table }
            } else {
                Instr::SelectArity { s, fail, table }
            }
        });
        Ok(())
    }

    fn get_element(&mut self, a: &'a [Arg]) -> Done {
        let (s, i, d) = (self.src(a, 0)?, self.num_below(a, 1, 1 << 24)? as u32 + 1, self.dst(a, 2)?);
        let (Some(sx), Some(dx), Ok(i16)) = (x_of(s), x_dst(d), u16::try_from(i)) else {
            self.e.push(Instr::GetElement { s, d, i });
            return Ok(());
        };
        if let Some(next) = self.peek().filter(|n| n.op == Op::GetTupleElement)
            && self.src(&next.args, 0)? == s
            && sx != dx
            && !self.findings.demands.contains_key(&self.pos)
            && self.num(&next.args, 1)? == i as u64
            && let Some(d2) = x_dst(self.dst(&next.args, 2)?)
        {
            self.pos += 1;
            self.e.push(Instr::GetElement2X { s: sx, i: i16, d1: dx, d2 });
            return Ok(());
        }
        self.e.push(Instr::GetElementX { s: sx, i: i16, d: dx });
        Ok(())
    }
}
