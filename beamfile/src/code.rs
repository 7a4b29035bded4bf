//! The Code chunk, both ways.

use crate::compact::{Reader, put_operand};
use crate::error::{Error, ErrorKind};
use crate::model::{Code, Instr};
use crate::op::Op;

/// A label costs two bytes at least; this many more may be left unused.
const SPARE_LABELS: usize = 1 << 20;

pub(crate) fn parse(body: &[u8]) -> Result<Code, Error> {
    let mut reader = Reader::new(body);
    let head = reader.u32("the code's header")? as usize;
    if head < 16 {
        return reader.fail(0, ErrorKind::Invalid("the code's header is too short"));
    }
    let version = reader.u32("the code's header")?;
    let opcode_max = reader.u32("the code's header")?;
    let label_count = reader.u32("the code's header")?;
    let function_count = reader.u32("the code's header")?;
    if version != 0 {
        return reader.fail(4, ErrorKind::Version { found: version });
    }
    if label_count as usize > body.len() + SPARE_LABELS {
        return reader.fail(12, ErrorKind::TooLarge { what: "the number of labels", limit: body.len() + SPARE_LABELS });
    }
    reader.take(head - 16, "the code's header")?;
    let mut instrs = Vec::new();
    let mut functions = 0u32;
    while reader.left() > 0 {
        let at = reader.at;
        let number = reader.u8("an instruction")?;
        let Some(op) = Op::from_u8(number) else {
            return reader.fail(at, ErrorKind::UnknownOpcode(number));
        };
        if u32::from(number) > opcode_max {
            return reader.fail(at, ErrorKind::OpcodeAboveMax { opcode: number, max: opcode_max });
        }
        let mut args = Vec::with_capacity(op.arity());
        for _ in 0..op.arity() {
            args.push(reader.operand(false)?);
        }
        functions += u32::from(op == Op::FuncInfo);
        instrs.push(Instr { op, args, offset: u32::try_from(at).unwrap_or(u32::MAX) });
    }
    if instrs.last().map(|last| last.op) != Some(Op::IntCodeEnd) {
        return reader.fail(reader.at, ErrorKind::Truncated { what: "the code: int_code_end is missing" });
    }
    if functions != function_count {
        return reader.fail(16, ErrorKind::Invalid("the number of functions is not what the header says"));
    }
    Ok(Code { version, opcode_max, label_count, function_count, instrs })
}

pub(crate) fn write(code: &Code) -> Vec<u8> {
    let mut out = Vec::with_capacity(20 + code.instrs.len() * 4);
    for word in [16, code.version, code.opcode_max, code.label_count, code.function_count] {
        out.extend_from_slice(&word.to_be_bytes());
    }
    for instr in &code.instrs {
        out.push(instr.op.number());
        for arg in &instr.args {
            put_operand(&mut out, arg);
        }
    }
    out
}
