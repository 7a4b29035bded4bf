//! Every index that a file holds, against the table that it points into.
//!
//! What an operand means here is only what is needed to know its table. Whether instructions make sense together
//! (registers, live counts, operand kinds) is for a loader to check.

use crate::error::{Error, ErrorKind};
use crate::model::{Arg, BeamFile, ChunkId, Instr};
use crate::op::Op;

/// What a plain number among an instruction's operands stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Itself.
    Number,
    /// Index into [`BeamFile::imports`].
    Import,
    /// Index into [`BeamFile::lambdas`].
    Lambda,
    /// Index into the line table's items.
    Line,
    /// Offset into [`BeamFile::strings`].
    String,
}

impl Op {
    /// The role of this operand, when it is a plain number.
    pub fn role(self, operand: usize) -> Role {
        match (self, operand) {
            (Op::CallExt | Op::CallExtLast | Op::CallExtOnly, 1) => Role::Import,
            (Op::Bif0, 0) | (Op::Bif1 | Op::Bif2, 1) | (Op::GcBif1 | Op::GcBif2 | Op::GcBif3, 2) => Role::Import,
            (Op::MakeFun2 | Op::MakeFun3 | Op::CallFun2, 0) => Role::Lambda,
            (Op::Line | Op::ExecutableLine, 0) | (Op::DebugLine, 1) => Role::Line,
            (Op::BsPutString, 1) | (Op::BsMatchString, 3) => Role::String,
            _ => Role::Number,
        }
    }
}

pub(crate) fn check(file: &BeamFile) -> Result<(), Error> {
    if file.atoms.is_empty() {
        return range(b"AtU8", 0, "atom", 0, 0);
    }
    let atoms = file.atoms.len() as u64;
    let labels = u64::from(file.code.label_count);
    for (i, import) in file.imports.iter().enumerate() {
        range(b"ImpT", 4 + i * 12, "atom", import.module.into(), atoms)?;
        range(b"ImpT", 8 + i * 12, "atom", import.function.into(), atoms)?;
    }
    for (id, table) in [(b"ExpT", &file.exports), (b"LocT", &file.locals)] {
        for (i, entry) in table.iter().enumerate() {
            range(id, 4 + i * 12, "atom", entry.function.into(), atoms)?;
            range(id, 12 + i * 12, "label", entry.label.into(), labels)?;
        }
    }
    for (i, lambda) in file.lambdas.iter().enumerate() {
        range(b"FunT", 4 + i * 24, "atom", lambda.function.into(), atoms)?;
        range(b"FunT", 12 + i * 24, "label", lambda.label.into(), labels)?;
    }
    file.code.instrs.iter().try_for_each(|instr| instruction(file, instr))
}

fn range(chunk: &ChunkId, at: usize, what: &'static str, index: u64, size: u64) -> Result<(), Error> {
    match index < size {
        true => Ok(()),
        false => Err(Error::new(Some(*chunk), at, ErrorKind::IndexRange { what, index, size })),
    }
}

fn instruction(file: &BeamFile, instr: &Instr) -> Result<(), Error> {
    let at = instr.offset as usize;
    for (i, arg) in instr.args.iter().enumerate() {
        operand(file, at, arg)?;
        let Arg::U(n) = arg else { continue };
        match instr.op.role(i) {
            Role::Number => {}
            Role::Import => range(b"Code", at, "import", *n, file.imports.len() as u64)?,
            Role::Lambda => range(b"Code", at, "fun", *n, file.lambdas.len() as u64)?,
            Role::Line => {
                if let Some(lines) = &file.lines {
                    range(b"Code", at, "line item", *n, lines.items.len() as u64)?;
                }
            }
            Role::String => {
                let size = match (instr.op, instr.args.get(i.wrapping_sub(1)), instr.args.first()) {
                    (Op::BsMatchString, Some(Arg::U(bits)), _) => bits.div_ceil(8),
                    (_, _, Some(Arg::U(bytes))) => *bytes,
                    _ => {
                        return Err(Error::new(Some(*b"Code"), at, ErrorKind::BadOperand("a size was expected")));
                    }
                };
                string(file, at, *n, size)?;
            }
        }
    }
    if let (Op::Label, Some(Arg::U(label))) = (instr.op, instr.args.first()) {
        range(b"Code", at, "label", *label, file.code.label_count.into())?;
    }
    if let (Op::BsCreateBin, Some(Arg::List(segments))) = (instr.op, instr.args.get(5)) {
        return created(file, at, segments);
    }
    Ok(())
}

/// The segments of `bs_create_bin`, of which some are in the string table.
fn created(file: &BeamFile, at: usize, segments: &[Arg]) -> Result<(), Error> {
    for segment in segments.chunks(6) {
        if let [Arg::Atom(kind), _, _, _, source, size] = segment
            && file.atom(*kind) == Some("string")
        {
            match (source, size) {
                (Arg::U(offset), Arg::I(size)) if *size >= 0 => string(file, at, *offset, *size as u64)?,
                (Arg::U(offset), Arg::U(size)) => string(file, at, *offset, *size)?,
                _ => {
                    return Err(Error::new(Some(*b"Code"), at, ErrorKind::BadOperand("a string segment is malformed")));
                }
            }
        }
    }
    Ok(())
}

fn string(file: &BeamFile, at: usize, offset: u64, size: u64) -> Result<(), Error> {
    let there = file.strings.len() as u64;
    match offset.checked_add(size) {
        Some(end) if end <= there => Ok(()),
        end => {
            let kind = ErrorKind::IndexRange { what: "string table byte", index: end.unwrap_or(u64::MAX), size: there };
            Err(Error::new(Some(*b"Code"), at, kind))
        }
    }
}

fn operand(file: &BeamFile, at: usize, arg: &Arg) -> Result<(), Error> {
    match arg {
        Arg::Atom(index) => range(b"Code", at, "atom", u64::from(*index), file.atoms.len() as u64),
        Arg::Literal(index) => range(b"Code", at, "literal", u64::from(*index), file.literals.len() as u64),
        Arg::Label(label) => range(b"Code", at, "label", u64::from(*label), file.code.label_count.max(1).into()),
        Arg::TypedX(_, index) | Arg::TypedY(_, index) => match &file.types {
            Some(types) => range(b"Code", at, "type", u64::from(*index), types.entries.len() as u64),
            None => Ok(()),
        },
        Arg::List(items) => items.iter().try_for_each(|item| match item {
            // Lists do not nest in a file, so this goes one level down at most.
            Arg::List(_) => Err(Error::new(Some(*b"Code"), at, ErrorKind::BadOperand("a list stands within a list"))),
            item => operand(file, at, item),
        }),
        _ => Ok(()),
    }
}
