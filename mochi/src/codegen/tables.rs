//! The tables of a module under construction: atoms, imports, literals, lines, types, labels; and the instruction list.

use crate::core_ir::Const;
use crate::ssa::infer::{self, Kinds};
use beambox_beamfile::etf::Value;
use beambox_beamfile::{
    Arg, BeamFile, Code, Export, Import, Instr, Lambda, LineItem, LineTable, Op, TermChunk, TypeInfo, TypeTable,
};
use std::collections::HashMap;

/// See the module's comment.
pub struct Tables {
    file: BeamFile,
    atoms: HashMap<String, u32>,
    imports: HashMap<(u32, u32, u32), u32>,
    literals: HashMap<String, u32>,
    lines: HashMap<u32, u32>,
    types: HashMap<Kinds, u32>,
    lambdas: HashMap<(u32, u32), u32>,
    table: LineTable,
    type_table: TypeTable,
    labels: u32,
    functions: u32,
}

impl Tables {
    /// Tables of an empty module; `source` is the name in the line table.
    pub fn new(module: &str, source: &str) -> Tables {
        let mut table = LineTable::default();
        table.files.push(source.to_owned());
        let mut t = Tables {
            file: BeamFile::default(),
            atoms: HashMap::new(),
            imports: HashMap::new(),
            literals: HashMap::new(),
            lines: HashMap::new(),
            types: HashMap::new(),
            lambdas: HashMap::new(),
            table,
            type_table: TypeTable::default(),
            labels: 1,
            functions: 0,
        };
        t.atom(module);
        t
    }
    /// Index of an atom.
    pub fn atom(&mut self, s: &str) -> u32 {
        if let Some(i) = self.atoms.get(s) {
            return *i;
        }
        let i = self.file.atoms.len() as u32;
        self.file.atoms.push(s.to_owned());
        self.atoms.insert(s.to_owned(), i);
        i
    }
    /// The module's own name.
    pub fn atom_zero(&self) -> u32 {
        0
    }
    /// A label of its own.
    pub fn new_label(&mut self) -> u32 {
        self.labels += 1;
        self.labels - 1
    }
    /// Index of an imported function.
    pub fn import(&mut self, m: &str, f: &str, arity: u32) -> u32 {
        let (m, f) = (self.atom(m), self.atom(f));
        let imports = &mut self.file.imports;
        *self.imports.entry((m, f, arity)).or_insert_with(|| {
            imports.push(Import { module: m, function: f, arity });
            imports.len() as u32 - 1
        })
    }
    /// Index of a fun entry for a function of this module.
    pub fn lambda(&mut self, name: &str, arity: u32, label: u32, num_free: u32) -> u32 {
        let function = self.atom(name);
        let lambdas = &mut self.file.lambdas;
        *self.lambdas.entry((label, num_free)).or_insert_with(|| {
            let index = lambdas.len() as u32;
            lambdas.push(Lambda { function, arity, label, index, num_free, old_uniq: 0 });
            index
        })
    }
    /// A constant as an operand.
    pub fn constant(&mut self, c: &Const) -> Arg {
        match c {
            Const::Int(i) => Arg::I(*i),
            Const::Atom(a) => Arg::Atom(self.atom(a)),
            Const::Nil => Arg::Nil,
            c => {
                // Debug text tells -0.0 from 0.0, which equality does not.
                let key = format!("{c:?}");
                let literals = &mut self.file.literals;
                Arg::Literal(*self.literals.entry(key).or_insert_with(|| {
                    literals.push(value(c));
                    literals.len() as u32 - 1
                }))
            }
        }
    }
    /// Index of a type; 0 means nothing is known.
    pub fn type_index(&mut self, kinds: Kinds) -> u32 {
        if kinds == 0 || kinds & infer::OTHER != 0 || kinds == infer::ANY {
            return 0;
        }
        let mut bits = 0;
        for (k, t) in [
            (infer::INT, TypeInfo::INTEGER),
            (infer::FLOAT, TypeInfo::FLOAT),
            (infer::BOOL, TypeInfo::ATOM),
            (infer::ATOM, TypeInfo::ATOM),
            (infer::CONS, TypeInfo::CONS),
            (infer::NIL, TypeInfo::NIL),
            (infer::TUPLE, TypeInfo::TUPLE),
            (infer::FUN, TypeInfo::FUN),
            (infer::BIN, TypeInfo::BITSTRING),
        ] {
            if kinds & k != 0 {
                bits |= t;
            }
        }
        let entries = &mut self.type_table.entries;
        *self.types.entry(kinds).or_insert_with(|| {
            let unit = (bits & TypeInfo::BITSTRING != 0).then_some(8);
            entries.push(TypeInfo { unit, ..TypeInfo::of(bits) });
            entries.len() as u32 - 1
        })
    }
    /// Appends an instruction.
    pub fn op(&mut self, op: Op, args: Vec<Arg>) {
        self.file.code.instrs.push(Instr::new(op, args));
    }
    /// A `line` instruction for a source line; 0 is "no location".
    pub fn line(&mut self, line: u32) {
        let items = &mut self.table.items;
        let item = if line == 0 {
            0
        } else {
            *self.lines.entry(line).or_insert_with(|| {
                items.push(LineItem { file: 1, line });
                items.len() as u32 - 1
            })
        };
        self.table.instr_count += 1;
        self.op(Op::Line, vec![Arg::U(u64::from(item))]);
    }
    /// Enters a finished function.
    pub fn function(&mut self, name: &str, arity: u32, label: u32, exported: bool) {
        self.functions += 1;
        let function = self.atom(name);
        let e = Export { function, arity, label };
        if exported {
            self.file.exports.push(e);
        } else {
            self.file.locals.push(e);
        }
    }
    /// The finished model.
    pub fn finish(mut self) -> BeamFile {
        self.op(Op::IntCodeEnd, vec![]);
        // Loaders take a low number for a file of an old compiler; 182 is what OTP 26 knows, the oldest that we promise.
        let max = self.file.code.instrs.iter().map(|i| i.op.number()).max().unwrap_or(0).max(182);
        self.file.code = Code {
            version: 0,
            opcode_max: u32::from(max),
            label_count: self.labels,
            function_count: self.functions,
            instrs: std::mem::take(&mut self.file.code.instrs),
        };
        self.file.lines = Some(self.table);
        self.file.types = Some(self.type_table);
        self.file.attributes = Some(TermChunk::from(Value::Nil));
        self.file.compile_info = Some(TermChunk::from(Value::Nil));
        self.file
    }
}

/// A constant as a term.
pub fn value(c: &Const) -> Value {
    match c {
        Const::Int(i) => Value::Int(*i),
        Const::Float(f) => Value::Float(*f),
        Const::Atom(a) => Value::Atom(a.to_string()),
        Const::Bin(b) => Value::Binary(b.to_vec()),
        Const::Nil => Value::Nil,
        Const::List(es) if es.is_empty() => Value::Nil,
        Const::List(es) => Value::List(es.iter().map(value).collect(), Box::new(Value::Nil)),
        Const::Tuple(es) => Value::Tuple(es.iter().map(value).collect()),
        Const::Map(kvs) => Value::Map(kvs.iter().map(|(k, v)| (value(k), value(v))).collect()),
    }
}
