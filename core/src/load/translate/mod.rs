//! Generic instructions to specialised ones.
//!
//! One pass over the code; labels are resolved at its end. Families: [`control`], [`data`], [`arith`], [`bits`]. Adjacent
//! generic instructions have no label between them, so common pairs are fused here.

mod arith;
mod bits;
pub use arith::NO_COLLECTION;
pub use bits::{LITTLE, QUICK_BITS, command, quick, segment};
mod control;
mod data;

use super::Linked;
use super::emit::Emitter;
use super::verify::{self, Demand, Findings};
use crate::atom::AtomTable;
use crate::code::Mfa;
use crate::code::op::{DemandKind, Instr};
use crate::code::operand::{Dst, Src, Wide};
use crate::code::table::{FunctionRange, Location};
use crate::code::{CodeTable, Target};
use crate::error::LoadError;
use crate::heap::Alloc;
use crate::term::Term;
use beambox_beamfile::{self as bf, AllocKind, Arg, BeamFile};

type Done = Result<(), LoadError>;

/// The largest version of the opcode table that is known: that of OTP 28.
const MAX_OPCODE: u32 = 200;

pub(super) struct Translator<'a> {
    pub e: Emitter,
    pub file: &'a BeamFile,
    pub linked: &'a Linked,
    pub atoms: &'a mut AtomTable,
    pub code: &'a CodeTable,
    pub area: &'a mut dyn Alloc,
    pub list: &'a [bf::Instr],
    pub pos: usize,
    /// The function that is being translated.
    pub function: Option<Mfa>,
    /// Its first label is its entry.
    pub entry_next: bool,
    /// What [`super::verify`] leaves to be checked when the code runs.
    pub findings: Findings,
}

/// Translates the code of a file.
pub(crate) fn translate(
    atoms: &mut AtomTable,
    code: &CodeTable,
    area: &mut dyn Alloc,
    file: &BeamFile,
    linked: &Linked,
    slot: u32,
) -> Result<Emitter, LoadError> {
    let c = &file.code;
    if c.opcode_max > MAX_OPCODE {
        return Err(LoadError::new("Code", None, format!("opcode {} is newer than this VM", c.opcode_max)));
    }
    if c.label_count as usize > c.instrs.len() * 2 + 2 {
        return Err(LoadError::new(
            "Code",
            None,
            format!("{} labels are more than there are instructions", c.label_count),
        ));
    }
    let findings = verify::verify(file, |function, arity| {
        let Some(&function) = linked.atoms.get(function as usize) else { return false };
        matches!(code.target(Mfa { module: linked.module, function, arity }), Target::Bif(_))
    })?;
    let mut e = Emitter::new(slot, c.label_count as usize);
    e.strings = file.strings.clone();
    if let Some(lines) = &file.lines {
        e.files.push(format!("{}.erl", file.module_name()));
        e.files.extend(lines.files.iter().cloned());
    }
    let mut t = Translator {
        e,
        file,
        linked,
        atoms,
        code,
        area,
        list: &c.instrs,
        pos: 0,
        function: None,
        entry_next: false,
        findings,
    };
    while t.pos < t.list.len() {
        let i = &t.list[t.pos];
        t.e.begin(i.offset);
        t.demand(i)?;
        t.pos += 1;
        t.instr(i)?;
    }
    t.e.finish()?;
    Ok(t.e)
}

/// Words that an allocation list asks for.
pub(super) fn reserved(a: &Arg) -> Option<u64> {
    match a {
        Arg::U(v) => Some(*v),
        Arg::Alloc(list) => Some(list.iter().fold(0u64, |sum, (kind, count)| {
            sum.saturating_add(count.saturating_mul(match kind {
                AllocKind::Words => 1,
                AllocKind::Floats => 2,
                AllocKind::Funs => FUN_WORDS as u64,
            }))
        })),
        _ => None,
    }
}

/// Words of a fun: header, entry, and the word that points to the fun reference; free variables are counted as words by the compiler.
pub(super) const FUN_WORDS: u32 = 3;

impl<'a> Translator<'a> {
    /// The generic instruction after the current one, if no label stands between.
    pub fn peek(&self) -> Option<&'a bf::Instr> {
        self.list.get(self.pos)
    }

    /// The check that the next instruction needs, if it needs one.
    fn demand(&mut self, i: &'a bf::Instr) -> Done {
        let Some((operand, demand)) = self.findings.demands.get(&self.pos).copied() else { return Ok(()) };
        if i.op == bf::Op::TestArity {
            // Its own form for terms that may be no tuples does it.
            return Ok(());
        }
        let s = self.src(&i.args, operand)?;
        let (kind, n) = match demand {
            Demand::Cons => (DemandKind::Cons, 0),
            Demand::Float => (DemandKind::Float, 0),
            Demand::Context => (DemandKind::Context, 0),
            Demand::Tuple(n) => (DemandKind::Tuple, n),
            Demand::Exact(n) => (DemandKind::Exact, n),
        };
        self.e.push(Instr::Demand { kind: kind as u8, s, n });
        Ok(())
    }

    fn instr(&mut self, i: &'a bf::Instr) -> Done {
        let a = &i.args[..];
        if self.control(i.op, a)? || self.data(i.op, a)? || self.arith(i.op, a)? || self.bits(i.op, a)? {
            return Ok(());
        }
        Err(self.e.error(format!("instruction {} is not supported: OTP 26 and later do not emit it", i.op.name())))
    }

    pub fn arg(&self, a: &'a [Arg], n: usize) -> Result<&'a Arg, LoadError> {
        a.get(n).ok_or_else(|| self.e.error(format!("operand {n} is missing")))
    }

    fn wrong(&self, n: usize, a: &Arg, what: &str) -> LoadError {
        self.e.error(format!("operand {n} is {a:?}, not {what}"))
    }

    pub fn num(&self, a: &'a [Arg], n: usize) -> Result<u64, LoadError> {
        match self.arg(a, n)? {
            Arg::U(v) => Ok(*v),
            Arg::I(v) if *v >= 0 => Ok(*v as u64),
            other => Err(self.wrong(n, other, "a number")),
        }
    }

    /// A number below `limit`.
    pub fn num_below(&self, a: &'a [Arg], n: usize, limit: u64) -> Result<u64, LoadError> {
        let v = self.num(a, n)?;
        if v < limit { Ok(v) } else { Err(self.e.error(format!("operand {n} is {v}, which is not below {limit}"))) }
    }

    /// Number of live X registers.
    pub fn live(&self, a: &'a [Arg], n: usize) -> Result<u8, LoadError> {
        Ok(self.num_below(a, n, 256)? as u8)
    }

    pub fn arity(&self, a: &'a [Arg], n: usize) -> Result<u8, LoadError> {
        self.live(a, n)
    }

    /// Y registers of a frame.
    pub fn frame(&self, a: &'a [Arg], n: usize) -> Result<u16, LoadError> {
        Ok(self.num_below(a, n, super::emit::MAX_Y as u64 + 1)? as u16)
    }

    pub fn label(&self, a: &'a [Arg], n: usize) -> Result<u32, LoadError> {
        match self.arg(a, n)? {
            Arg::Label(l) => Ok(*l),
            // `no_fail` and `resume` of bs_start_match4, and a missing label.
            Arg::U(0) | Arg::Nil | Arg::Atom(_) => Ok(0),
            other => Err(self.wrong(n, other, "a label")),
        }
    }

    pub fn target(&self, a: &'a [Arg], n: usize) -> Result<i32, LoadError> {
        self.e.target(self.label(a, n)?)
    }

    pub fn fail(&self, a: &'a [Arg], n: usize) -> Result<i32, LoadError> {
        self.e.fail(self.label(a, n)?)
    }

    pub fn list(&self, a: &'a [Arg], n: usize) -> Result<&'a [Arg], LoadError> {
        match self.arg(a, n)? {
            Arg::List(l) => Ok(l),
            other => Err(self.wrong(n, other, "a list")),
        }
    }

    /// Words that an allocation list asks for.
    pub fn words(&self, a: &'a [Arg], n: usize) -> Result<u32, LoadError> {
        let arg = self.arg(a, n)?;
        let total = reserved(arg).ok_or_else(|| self.wrong(n, arg, "an allocation"))?;
        if total < 1 << 26 { Ok(total as u32) } else { Err(self.e.error(format!("{total} words are too many"))) }
    }

    /// The term of a constant operand.
    pub fn term(&mut self, a: &Arg) -> Result<Option<Term>, LoadError> {
        Ok(Some(match a {
            Arg::I(v) => match Term::try_small(*v) {
                Some(t) => t,
                None => crate::heap::build::int(self.area, *v).map_err(|_| super::no_memory("Code"))?,
            },
            Arg::U(v) => crate::heap::build::uint(self.area, *v).map_err(|_| super::no_memory("Code"))?,
            Arg::Char(c) => Term::small(*c as i64),
            Arg::Big(b) => crate::heap::number::from_bigint(self.area, b).map_err(|_| super::no_memory("Code"))?,
            Arg::Atom(i) => Term::atom(self.atom(*i)?),
            Arg::Nil => Term::NIL,
            Arg::Literal(i) => *self
                .linked
                .literals
                .get(*i as usize)
                .ok_or_else(|| self.e.error(format!("literal {i} does not exist")))?,
            _ => return Ok(None),
        }))
    }

    pub fn atom(&self, i: u32) -> Result<crate::atom::Atom, LoadError> {
        self.linked.atoms.get(i as usize).copied().ok_or_else(|| self.e.error(format!("atom {i} does not exist")))
    }

    /// A value's place, its type annotation dropped.
    pub fn src(&mut self, a: &'a [Arg], n: usize) -> Result<Src, LoadError> {
        let arg = self.arg(a, n)?;
        self.src_of(arg, n)
    }

    pub fn src_of(&mut self, arg: &'a Arg, n: usize) -> Result<Src, LoadError> {
        match arg {
            Arg::X(r) | Arg::TypedX(r, _) => Ok(Src::x(self.e.x(*r)?)),
            Arg::Y(r) | Arg::TypedY(r, _) => Ok(Src::y(self.e.y(*r)?)),
            other => match self.term(other)? {
                Some(t) => Ok(self.e.const_src(t)),
                None => Err(self.wrong(n, other, "a value")),
            },
        }
    }

    pub fn wide(&mut self, arg: &'a Arg) -> Result<Wide, LoadError> {
        match arg {
            Arg::X(r) | Arg::TypedX(r, _) => Ok(Wide::x(self.e.x(*r)? as u32)),
            Arg::Y(r) | Arg::TypedY(r, _) => Ok(Wide::y(self.e.y(*r)? as u32)),
            other => match self.term(other)? {
                Some(t) => Ok(Wide::constant(self.e.constant(t))),
                None => Err(self.wrong(0, other, "a value")),
            },
        }
    }

    pub fn dst(&self, a: &'a [Arg], n: usize) -> Result<Dst, LoadError> {
        match self.arg(a, n)? {
            Arg::X(r) | Arg::TypedX(r, _) => Ok(Dst::x(self.e.x(*r)?)),
            Arg::Y(r) | Arg::TypedY(r, _) => Ok(Dst::y(self.e.y(*r)?)),
            other => Err(self.wrong(n, other, "a register")),
        }
    }

    pub fn y_reg(&self, a: &'a [Arg], n: usize) -> Result<u16, LoadError> {
        match self.arg(a, n)? {
            Arg::Y(r) | Arg::TypedY(r, _) => self.e.y(*r),
            other => Err(self.wrong(n, other, "a Y register")),
        }
    }

    pub fn freg(&self, a: &'a [Arg], n: usize) -> Result<u8, LoadError> {
        match self.arg(a, n)? {
            Arg::FReg(r) => self.e.freg(*r as u64),
            other => Err(self.wrong(n, other, "a float register")),
        }
    }

    /// The import with the number in operand `n`: its function and export slot.
    pub fn import(&self, a: &'a [Arg], n: usize) -> Result<(Mfa, u32), LoadError> {
        let i = self.num(a, n)?;
        self.linked.imports.get(i as usize).copied().ok_or_else(|| self.e.error(format!("import {i} does not exist")))
    }

    /// The BIF of an export slot, if it is called in place.
    pub fn bif_of(&self, export: u32) -> Option<u32> {
        match self.code.exports.get(export as usize)?.target {
            Target::Bif(i) if !self.code.heavy_bifs.contains(&i) => Some(i),
            _ => None,
        }
    }

    pub(super) fn start_function(&mut self, mfa: Mfa) {
        self.function = Some(mfa);
        self.entry_next = true;
        let start = self.e.here();
        self.e.functions.push(FunctionRange { start, function: mfa.function, arity: mfa.arity });
    }

    pub(super) fn line(&mut self, item: u64) {
        let Some(lines) = &self.file.lines else { return };
        let Some(i) = lines.items.get(item as usize) else { return };
        let loc = if item == 0 { Location { file: 0, line: 0 } } else { Location { file: i.file, line: i.line } };
        let here = self.e.here();
        match self.e.lines.last_mut() {
            Some(last) if last.0 == here => last.1 = loc,
            _ => self.e.lines.push((here, loc)),
        }
    }
}
