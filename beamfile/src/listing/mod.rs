//! A module as text, in the manner of `erlc -S`.
//!
//! Every form is an Erlang term, one instruction a line. It differs from the compiler's own listing where the file no
//! longer knows: comments on variables are gone, types are as coarse as the Type chunk, `vsn` is among the attributes.

mod operand;

use crate::etf::write_atom;
use crate::model::{Arg, BeamFile, Instr};
use crate::op::Op;
use std::collections::HashMap;
use std::fmt::Write;

impl BeamFile {
    /// The module as text, in the manner of `erlc -S`.
    pub fn listing(&self) -> String {
        let mut lister = Lister { file: self, out: String::new(), functions: HashMap::new() };
        // Writing to a string cannot fail.
        let _ = lister.module();
        lister.out
    }

    /// One instruction as `listing` shows it, without indentation and full stop.
    pub fn instr_text(&self, instr: &Instr) -> String {
        let mut lister = Lister { file: self, out: String::new(), functions: HashMap::new() };
        let _ = lister.instr(instr);
        lister.out
    }
}

type Done = Result<(), std::fmt::Error>;

struct Lister<'a> {
    file: &'a BeamFile,
    out: String,
    /// Entry label to name and arity.
    functions: HashMap<u32, (&'a str, u64)>,
}

/// Shape of an instruction in a listing, where it is more than its operands in order.
enum Shape {
    Plain,
    /// `{test,Name,Fail,[..]}`
    Test,
    /// `{test,Name,Fail,Live,[Source,..],Dst}`; operands are Fail Source Live .. Dst.
    TestLive,
    /// `{test,Name,Fail,Source,List}`
    TestList,
    /// `{bif,Name,Fail,[..],Dst}`; the BIF is an import.
    Bif,
    /// `{bif,Name,Fail,[..],Dst}`; the BIF is the instruction.
    FloatBif,
    /// `{gc_bif,Name,Fail,Live,[..],Dst}`
    GcBif,
}

fn shape(op: Op) -> Shape {
    match op {
        Op::IsLt | Op::IsGe | Op::IsEq | Op::IsNe | Op::IsEqExact | Op::IsNeExact => Shape::Test,
        Op::IsInteger | Op::IsFloat | Op::IsNumber | Op::IsAtom | Op::IsPid | Op::IsReference | Op::IsPort => {
            Shape::Test
        }
        Op::IsNil | Op::IsBinary | Op::IsList | Op::IsNonemptyList | Op::IsTuple | Op::TestArity => Shape::Test,
        Op::IsFunction | Op::IsBoolean | Op::IsFunction2 | Op::IsBitstr | Op::IsMap | Op::IsTaggedTuple => Shape::Test,
        Op::BsSkipBits2 | Op::BsTestTail2 | Op::BsTestUnit => Shape::Test,
        Op::BsSkipUtf8 | Op::BsSkipUtf16 | Op::BsSkipUtf32 => Shape::Test,
        Op::BsStartMatch3 | Op::BsGetInteger2 | Op::BsGetFloat2 | Op::BsGetBinary2 => Shape::TestLive,
        Op::BsGetUtf8 | Op::BsGetUtf16 | Op::BsGetUtf32 => Shape::TestLive,
        Op::HasMapFields => Shape::TestList,
        Op::Bif1 | Op::Bif2 => Shape::Bif,
        Op::Fadd | Op::Fsub | Op::Fmul | Op::Fdiv | Op::Fnegate => Shape::FloatBif,
        Op::GcBif1 | Op::GcBif2 | Op::GcBif3 => Shape::GcBif,
        _ => Shape::Plain,
    }
}

impl<'a> Lister<'a> {
    fn module(&mut self) -> Done {
        let file = self.file;
        self.out.push_str("{module, ");
        write_atom(&mut self.out, file.module_name())?;
        write!(self.out, "}}.  %% version = {}\n\n{{exports, [", file.code.version)?;
        let mut exports: Vec<_> =
            file.exports.iter().map(|e| (file.atom(e.function).unwrap_or("?"), e.arity)).collect();
        exports.sort_unstable();
        for (i, (name, arity)) in exports.into_iter().enumerate() {
            self.out.push_str(if i > 0 { ",{" } else { "{" });
            write_atom(&mut self.out, name)?;
            write!(self.out, ",{arity}}}")?;
        }
        self.out.push_str("]}.\n\n{attributes, ");
        match &file.attributes {
            Some(chunk) => write!(self.out, "{}", chunk.value)?,
            None => self.out.push_str("[]"),
        }
        write!(self.out, "}}.\n\n{{labels, {}}}.\n", file.code.label_count)?;
        self.code()
    }

    fn code(&mut self) -> Done {
        let instrs = &self.file.code.instrs;
        let mut heads: HashMap<usize, usize> = HashMap::new();
        for (i, instr) in instrs.iter().enumerate() {
            if instr.op != Op::FuncInfo {
                continue;
            }
            // The labels and the line just before belong to the function.
            let before = instrs.iter().take(i).rev().take_while(|p| matches!(p.op, Op::Label | Op::Line)).count();
            heads.insert(i - before, i);
            if let Some((name, arity, entry)) = self.function_at(i) {
                self.functions.insert(entry, (name, arity));
            }
        }
        for (i, instr) in instrs.iter().enumerate() {
            if let Some((name, arity, entry)) = heads.get(&i).and_then(|head| self.function_at(*head)) {
                self.out.push_str("\n\n{function, ");
                write_atom(&mut self.out, name)?;
                writeln!(self.out, ", {arity}, {entry}}}.")?;
            }
            match instr.op {
                Op::IntCodeEnd => continue,
                Op::Label => self.out.push_str("  "),
                _ => self.out.push_str("    "),
            }
            self.instr(instr)?;
            self.out.push('.');
            if let (Op::Call | Op::CallOnly | Op::CallLast, Some(Arg::Label(label))) = (instr.op, instr.args.get(1))
                && let Some((name, arity)) = self.functions.get(label).copied()
            {
                self.out.push_str(" % ");
                write_atom(&mut self.out, name)?;
                write!(self.out, "/{arity}")?;
            }
            self.out.push('\n');
        }
        Ok(())
    }

    /// Name, arity and entry label of the function whose `func_info` is here.
    fn function_at(&self, index: usize) -> Option<(&'a str, u64, u32)> {
        let instrs = &self.file.code.instrs;
        let [_, Arg::Atom(name), Arg::U(arity)] = instrs.get(index)?.args.as_slice() else {
            return None;
        };
        let entry = match instrs.get(index + 1) {
            Some(Instr { op: Op::Label, args, .. }) => match args.first() {
                Some(Arg::U(label)) => *label as u32,
                _ => 0,
            },
            _ => 0,
        };
        Some((self.file.atom(*name)?, *arity, entry))
    }

    fn instr(&mut self, instr: &Instr) -> Done {
        let (op, args) = (instr.op, instr.args.as_slice());
        match (shape(op), args) {
            (Shape::Test, [fail, rest @ ..]) => {
                self.test(op, fail)?;
                self.out.push_str(",[");
                self.args(op, rest, 1)?;
                self.out.push_str("]}");
                Ok(())
            }
            (Shape::TestLive, [fail, source, live, rest @ .., dst]) => {
                self.test(op, fail)?;
                self.out.push(',');
                self.arg(live)?;
                self.out.push_str(",[");
                self.arg(source)?;
                if !rest.is_empty() {
                    self.out.push(',');
                }
                self.args(op, rest, 3)?;
                self.out.push_str("],");
                self.arg(dst)?;
                self.out.push('}');
                Ok(())
            }
            (Shape::TestList, [fail, rest @ ..]) => {
                self.test(op, fail)?;
                self.out.push(',');
                self.args(op, rest, 1)?;
                self.out.push('}');
                Ok(())
            }
            (Shape::Bif, [fail, Arg::U(import), rest @ .., dst]) => {
                self.out.push_str("{bif,");
                self.bif_name(*import)?;
                self.bif_rest(op, None, fail, rest, dst)
            }
            (Shape::FloatBif, [fail, rest @ .., dst]) => {
                write!(self.out, "{{bif,{}", op.name())?;
                self.bif_rest(op, None, fail, rest, dst)
            }
            (Shape::GcBif, [fail, live, Arg::U(import), rest @ .., dst]) => {
                self.out.push_str("{gc_bif,");
                self.bif_name(*import)?;
                self.bif_rest(op, Some(live), fail, rest, dst)
            }
            _ => self.special(op, args),
        }
    }

    /// The instructions whose form differs one by one.
    fn special(&mut self, op: Op, args: &[Arg]) -> Done {
        match (op, args) {
            (Op::Bif0, [Arg::U(import), dst]) => {
                self.out.push_str("{bif,");
                self.bif_name(*import)?;
                self.bif_rest(op, None, &Arg::Label(0), &[], dst)
            }
            (Op::Raise, [trace, reason]) => {
                self.out.push_str("{bif,raise");
                self.bif_rest(op, None, &Arg::Label(0), &[trace.clone(), reason.clone()], &Arg::X(0))
            }
            (Op::BsAdd, [fail, sum @ .., dst]) => {
                self.out.push_str("{bs_add");
                self.bif_rest(op, None, fail, sum, dst)
            }
            (Op::MakeFun3, [Arg::U(index), dst, free]) => {
                let found = usize::try_from(*index).ok().and_then(|i| self.file.lambdas.get(i));
                let (label, uniq) = found.map_or((0, 0), |l| (l.label, l.old_uniq));
                write!(self.out, "{{make_fun3,{{f,{label}}},{index},{uniq},")?;
                self.arg(dst)?;
                self.out.push(',');
                self.arg(free)?;
                self.out.push('}');
                Ok(())
            }
            (Op::BsMatchString, [fail, context, Arg::U(bits), Arg::U(offset)]) => {
                self.test(op, fail)?;
                self.out.push_str(",[");
                self.arg(context)?;
                write!(self.out, ",{bits},")?;
                self.string(*offset, bits.div_ceil(8))?;
                self.out.push_str("]}");
                Ok(())
            }
            (Op::BsPutString, [Arg::U(size), Arg::U(offset)]) => {
                write!(self.out, "{{bs_put_string,{size},")?;
                self.string(*offset, *size)?;
                self.out.push('}');
                Ok(())
            }
            (Op::BsCreateBin, [head @ .., Arg::List(segments)]) => {
                self.out.push_str("{bs_create_bin,");
                self.args(op, head, 0)?;
                self.out.push_str(",{list,[");
                for (i, segment) in segments.chunks(6).enumerate() {
                    if i > 0 {
                        self.out.push(',');
                    }
                    self.segment(op, segment)?;
                }
                self.out.push_str("]}}");
                Ok(())
            }
            (Op::BsMatch, [fail, context, Arg::List(commands)]) => {
                self.out.push_str("{bs_match,");
                self.arg(fail)?;
                self.out.push(',');
                self.arg(context)?;
                self.out.push_str(",{commands,[");
                self.commands(commands)?;
                self.out.push_str("]}}");
                Ok(())
            }
            (_, []) => write_atom(&mut self.out, op.name()),
            _ => {
                self.out.push('{');
                write_atom(&mut self.out, op.name())?;
                self.out.push(',');
                self.args(op, args, 0)?;
                self.out.push('}');
                Ok(())
            }
        }
    }

    fn test(&mut self, op: Op, fail: &Arg) -> Done {
        write!(self.out, "{{test,{},", op.name())?;
        self.arg(fail)
    }

    fn bif_name(&mut self, import: u64) -> Done {
        let found = usize::try_from(import).ok().and_then(|i| self.file.imports.get(i));
        write_atom(&mut self.out, found.and_then(|i| self.file.atom(i.function)).unwrap_or("?"))
    }

    fn bif_rest(&mut self, op: Op, live: Option<&Arg>, fail: &Arg, args: &[Arg], dst: &Arg) -> Done {
        self.out.push(',');
        self.arg(fail)?;
        if let Some(live) = live {
            self.out.push(',');
            self.arg(live)?;
        }
        self.out.push_str(",[");
        // Past all operands that have a role of their own.
        self.args(op, args, op.arity())?;
        self.out.push_str("],");
        self.arg(dst)?;
        self.out.push('}');
        Ok(())
    }
}
