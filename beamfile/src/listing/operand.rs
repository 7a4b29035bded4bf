//! Operands in a listing.

use super::{Done, Lister};
use crate::check::Role;
use crate::etf::{Value, write_atom};
use crate::model::{AllocKind, Arg, TypeInfo};
use crate::op::Op;
use std::fmt::Write;

/// True where a plain number is a set of flags of the bit syntax.
fn is_flags(op: Op, operand: usize) -> bool {
    matches!(
        (op, operand),
        (Op::BsGetInteger2 | Op::BsGetFloat2 | Op::BsGetBinary2, 5)
            | (Op::BsSkipBits2 | Op::BsInit2 | Op::BsInitBits, 4)
            | (Op::BsPutInteger | Op::BsPutFloat | Op::BsPutBinary, 3)
            | (Op::BsGetUtf8 | Op::BsGetUtf16 | Op::BsGetUtf32, 3)
            | (Op::BsSkipUtf8 | Op::BsSkipUtf16 | Op::BsSkipUtf32, 3)
            | (Op::BsPutUtf8 | Op::BsPutUtf16 | Op::BsPutUtf32, 1)
            | (Op::BsAppend, 6)
            | (Op::BsPrivateAppend, 4)
    )
}

impl Lister<'_> {
    /// Operands with commas; the first is the instruction's operand number `start`.
    pub(super) fn args(&mut self, op: Op, args: &[Arg], start: usize) -> Done {
        for (i, arg) in args.iter().enumerate() {
            if i > 0 {
                self.out.push(',');
            }
            match arg {
                Arg::U(n) if is_flags(op, start + i) => self.flags(*n)?,
                Arg::U(n) => self.number(op.role(start + i), *n)?,
                arg => self.arg(arg)?,
            }
        }
        Ok(())
    }

    fn number(&mut self, role: Role, n: u64) -> Done {
        let index = usize::try_from(n).unwrap_or(usize::MAX);
        match role {
            Role::Import => {
                let Some(import) = self.file.imports.get(index) else {
                    return write!(self.out, "{{import,{n}}}");
                };
                self.out.push_str("{extfunc,");
                write_atom(&mut self.out, self.file.atom(import.module).unwrap_or("?"))?;
                self.out.push(',');
                write_atom(&mut self.out, self.file.atom(import.function).unwrap_or("?"))?;
                write!(self.out, ",{}}}", import.arity)
            }
            Role::Lambda => match self.file.lambdas.get(index) {
                Some(lambda) => write!(self.out, "{{f,{}}}", lambda.label),
                None => write!(self.out, "{{lambda,{n}}}"),
            },
            Role::Line => {
                let place = self.file.lines.as_ref();
                match place.and_then(|lines| lines.location(n as u32, self.file.module_name())) {
                    Some((name, line)) => {
                        write!(self.out, "[{{location,{},{line}}}]", Value::string(&name))
                    }
                    None => write!(self.out, "[]"),
                }
            }
            Role::Number | Role::String => write!(self.out, "{n}"),
        }
    }

    fn flags(&mut self, flags: u64) -> Done {
        let names = [(2, "little"), (4, "signed"), (16, "native")];
        let set: Vec<_> = names.iter().filter(|(bit, _)| flags & bit != 0).map(|(_, name)| *name).collect();
        write!(self.out, "{{field_flags,[{}]}}", set.join(","))
    }

    pub(super) fn string(&mut self, offset: u64, size: u64) -> Done {
        let start = usize::try_from(offset).unwrap_or(usize::MAX);
        let end = start.saturating_add(usize::try_from(size).unwrap_or(usize::MAX));
        let bytes = self.file.strings.get(start..end).unwrap_or_default();
        write!(self.out, "{{string,{}}}", Value::Binary(bytes.to_vec()))
    }

    pub(super) fn segment(&mut self, op: Op, segment: &[Arg]) -> Done {
        if let [kind @ Arg::Atom(name), number, unit, flags, Arg::U(offset), size] = segment
            && self.file.atom(*name) == Some("string")
        {
            for arg in [kind, number, unit, flags] {
                self.arg(arg)?;
                self.out.push(',');
            }
            let bytes = match size {
                Arg::I(n) => u64::try_from(*n).unwrap_or(0),
                Arg::U(n) => *n,
                _ => 0,
            };
            self.string(*offset, bytes)?;
            self.out.push(',');
            return self.arg(size);
        }
        self.args(op, segment, op.arity())
    }

    /// The flat list of `bs_match`, grouped by command.
    pub(super) fn commands(&mut self, list: &[Arg]) -> Done {
        let mut rest = list;
        while let [Arg::Atom(name), more @ ..] = rest {
            let name = self.file.atom(*name).unwrap_or("?");
            let count = match name {
                "ensure_at_least" => 2,
                "ensure_exactly" | "skip" => 1,
                "binary" | "integer" => 5,
                "get_tail" | "=:=" => 3,
                _ => more.iter().take_while(|arg| !matches!(arg, Arg::Atom(_))).count(),
            };
            let (args, left) = more.split_at(count.min(more.len()));
            self.out.push('{');
            write_atom(&mut self.out, name)?;
            for arg in args {
                self.out.push(',');
                self.arg(arg)?;
            }
            self.out.push('}');
            rest = left;
            if !rest.is_empty() {
                self.out.push(',');
            }
        }
        // What is left is not a command; show it as it is.
        for (i, arg) in rest.iter().enumerate() {
            if i > 0 {
                self.out.push(',');
            }
            self.arg(arg)?;
        }
        Ok(())
    }

    pub(super) fn arg(&mut self, arg: &Arg) -> Done {
        match arg {
            Arg::U(n) => write!(self.out, "{n}"),
            Arg::I(n) => write!(self.out, "{{integer,{n}}}"),
            Arg::Big(n) => write!(self.out, "{{integer,{}}}", Value::Big(n.clone())),
            Arg::Atom(index) => {
                self.out.push_str("{atom,");
                write_atom(&mut self.out, self.file.atom(*index).unwrap_or("?"))?;
                self.out.push('}');
                Ok(())
            }
            Arg::Nil => write!(self.out, "nil"),
            Arg::X(n) => write!(self.out, "{{x,{n}}}"),
            Arg::Y(n) => write!(self.out, "{{y,{n}}}"),
            Arg::FReg(n) => write!(self.out, "{{fr,{n}}}"),
            Arg::TypedX(n, index) => self.typed('x', *n, *index),
            Arg::TypedY(n, index) => self.typed('y', *n, *index),
            Arg::Label(n) => write!(self.out, "{{f,{n}}}"),
            Arg::Char(n) => write!(self.out, "{{char,{n}}}"),
            Arg::Literal(index) => match self.file.literals.get(*index as usize) {
                Some(value @ Value::Float(_)) => write!(self.out, "{{float,{value}}}"),
                Some(value) => write!(self.out, "{{literal,{value}}}"),
                None => write!(self.out, "{{literal_index,{index}}}"),
            },
            Arg::List(items) => {
                self.out.push_str("{list,[");
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        self.out.push(',');
                    }
                    self.arg(item)?;
                }
                self.out.push_str("]}");
                Ok(())
            }
            Arg::Alloc(needs) => {
                self.out.push_str("{alloc,[");
                for (i, (kind, n)) in needs.iter().enumerate() {
                    let kind = match kind {
                        AllocKind::Words => "words",
                        AllocKind::Floats => "floats",
                        AllocKind::Funs => "funs",
                    };
                    write!(self.out, "{}{{{kind},{n}}}", if i > 0 { "," } else { "" })?;
                }
                self.out.push_str("]}");
                Ok(())
            }
        }
    }

    fn typed(&mut self, bank: char, register: u16, index: u32) -> Done {
        let types = self.file.types.as_ref().and_then(|t| t.entries.get(index as usize));
        match types {
            Some(info) => write!(self.out, "{{tr,{{{bank},{register}}},{}}}", type_text(info)),
            None => write!(self.out, "{{tr,{{{bank},{register}}},{{type,{index}}}}}"),
        }
    }
}

/// `any`, one kind, or a list of kinds; bounds and units stand with their kind.
fn type_text(info: &TypeInfo) -> String {
    const NAMES: [&str; 12] = [
        "t_atom",
        "t_bitstring",
        "t_cons",
        "t_float",
        "t_fun",
        "t_integer",
        "t_map",
        "nil",
        "pid",
        "port",
        "reference",
        "t_tuple",
    ];
    let bounded = info.min.is_some() || info.max.is_some() || info.unit.is_some_and(|unit| unit > 1);
    if info.kinds & TypeInfo::ALL_KINDS == TypeInfo::ALL_KINDS && !bounded {
        return "any".to_owned();
    }
    let mut kinds = Vec::new();
    for (bit, name) in NAMES.iter().enumerate() {
        let bit = 1 << bit;
        if info.kinds & bit == 0 {
            continue;
        }
        kinds.push(match (bit, info.unit) {
            (TypeInfo::INTEGER, _) if info.min.is_some() || info.max.is_some() => {
                let min = info.min.map_or("'-inf'".to_owned(), |n| n.to_string());
                let max = info.max.map_or("'+inf'".to_owned(), |n| n.to_string());
                format!("{{t_integer,{{{min},{max}}}}}")
            }
            (TypeInfo::BITSTRING, Some(unit)) if unit > 1 => format!("{{t_bitstring,{unit}}}"),
            _ => (*name).to_owned(),
        });
    }
    match kinds.as_slice() {
        [one] => one.clone(),
        _ => format!("[{}]", kinds.join(",")),
    }
}
