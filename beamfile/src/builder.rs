//! Building a module from nothing: interned tables, labels, functions.
//!
//! Owns the numbering that the compiler's assembler does in OTP (`beam_dict.erl`, `beam_asm.erl`): tables in order of first use,
//! exports and locals last defined first, funs by index, label count, function count, highest opcode. It checks form (operand
//! counts, labels defined once), not sense: whether registers are live is the caller's affair.

use crate::etf::Value;
use crate::model::{
    Arg, AtomIdx, BeamFile, Export, Import, Instr, Lambda, LineItem, LineTable, TermChunk, TypeInfo, TypeTable,
};
use crate::op::Op;
use num_bigint::BigInt;
use std::collections::{HashMap, HashSet};
use std::fmt;

/// A function that the module has or will have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FunctionRef {
    /// Label of its `func_info`; jump there to raise `function_clause`.
    pub info: u32,
    /// Label of its first instruction; call this one.
    pub entry: u32,
}

/// A module in the making.
///
/// ```
/// use beambox_beamfile::{Arg, Op, builder::Builder};
/// let mut b = Builder::new("hello");
/// let f = b.declare("world", 0);
/// b.begin(f, true, Some(("hello.mochi", 1)));
/// let ok = b.atom("ok");
/// b.emit(Op::Move, vec![Arg::Atom(ok), Arg::X(0)]);
/// b.emit(Op::Return, vec![]);
/// b.module_info();
/// let bytes = b.finish()?.write();
/// # Ok::<(), beambox_beamfile::builder::BuildError>(())
/// ```
#[derive(Debug)]
pub struct Builder {
    file: BeamFile,
    lines: LineTable,
    types: TypeTable,
    next_label: u32,
    defined: HashSet<u32>,
    used: HashSet<u32>,
    functions: HashMap<(AtomIdx, u32), FunctionRef>,
    names: HashMap<FunctionRef, (AtomIdx, u32)>,
    begun: HashSet<FunctionRef>,
    atom_ids: HashMap<String, AtomIdx>,
    import_ids: HashMap<Import, u32>,
    literal_ids: HashMap<Vec<u8>, u32>,
    line_ids: HashMap<LineItem, u32>,
    file_ids: HashMap<String, u32>,
    type_ids: HashMap<TypeInfo, u32>,
    lambda_ids: HashMap<u32, u32>,
    attributes: Vec<(String, Value)>,
    error: Option<BuildError>,
}

/// What the caller did wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildError {
    /// An instruction with the wrong number of operands.
    Operands { op: Op, given: usize },
    /// A label that stands twice in the code.
    LabelTwice(u32),
    /// A label that is referred to and stands nowhere.
    LabelMissing(u32),
    /// A function that was declared but never begun.
    FunctionMissing { name: String, arity: u32 },
    /// A function that was begun twice.
    FunctionTwice { name: String, arity: u32 },
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BuildError::Operands { op, given } => {
                write!(f, "{} takes {} operands and was given {given}", op.name(), op.arity())
            }
            BuildError::LabelTwice(label) => write!(f, "label {label} is placed twice"),
            BuildError::LabelMissing(label) => {
                write!(f, "label {label} is used but placed nowhere")
            }
            BuildError::FunctionMissing { name, arity } => {
                write!(f, "function {name}/{arity} has no body")
            }
            BuildError::FunctionTwice { name, arity } => {
                write!(f, "function {name}/{arity} has two bodies")
            }
        }
    }
}

impl std::error::Error for BuildError {}

impl Builder {
    /// An empty module of this name.
    pub fn new(module: &str) -> Builder {
        let mut builder = Builder {
            file: BeamFile::default(),
            lines: LineTable::default(),
            types: TypeTable::default(),
            next_label: 1,
            defined: HashSet::new(),
            used: HashSet::new(),
            functions: HashMap::new(),
            names: HashMap::new(),
            begun: HashSet::new(),
            atom_ids: HashMap::new(),
            import_ids: HashMap::new(),
            literal_ids: HashMap::new(),
            line_ids: HashMap::new(),
            file_ids: HashMap::from([(format!("{module}.erl"), 0)]),
            type_ids: HashMap::from([(TypeInfo::ANY, 0)]),
            lambda_ids: HashMap::new(),
            attributes: Vec::new(),
            error: None,
        };
        builder.atom(module);
        builder
    }

    /// The atom's index.
    pub fn atom(&mut self, name: &str) -> AtomIdx {
        if let Some(index) = self.atom_ids.get(name) {
            return *index;
        }
        let index = self.file.atoms.len() as u32;
        self.file.atoms.push(name.to_owned());
        self.atom_ids.insert(name.to_owned(), index);
        index
    }

    /// The import's index, to be used as [`Arg::U`].
    pub fn import(&mut self, module: &str, function: &str, arity: u32) -> u32 {
        let import = Import { module: self.atom(module), function: self.atom(function), arity };
        let next = self.file.imports.len() as u32;
        let imports = &mut self.file.imports;
        *self.import_ids.entry(import).or_insert_with(|| {
            imports.push(import);
            next
        })
    }

    /// A constant as an operand: immediate where there is such a form, else an entry of the literal table.
    pub fn constant(&mut self, value: &Value) -> Arg {
        match value {
            Value::Int(n) => Arg::I(*n),
            Value::Big(n) => self.integer(n.clone()),
            Value::Atom(name) => Arg::Atom(self.atom(name)),
            Value::Nil => Arg::Nil,
            other => Arg::Literal(self.literal(other)),
        }
    }

    /// An integer of any size as an operand. From 129 bits on it is a literal, as OTP has it.
    pub fn integer(&mut self, n: BigInt) -> Arg {
        match i64::try_from(&n) {
            Ok(small) => Arg::I(small),
            Err(_) if n.bits() <= 128 => Arg::Big(n),
            Err(_) => Arg::Literal(self.literal(&Value::Big(n))),
        }
    }

    /// The index of a literal; equal literals share one.
    pub fn literal(&mut self, value: &Value) -> u32 {
        let next = self.file.literals.len() as u32;
        let literals = &mut self.file.literals;
        *self.literal_ids.entry(value.encode()).or_insert_with(|| {
            literals.push(value.clone());
            next
        })
    }

    /// The offset of these bytes in the string table.
    pub fn string(&mut self, bytes: &[u8]) -> u32 {
        let table = &mut self.file.strings;
        if bytes.is_empty() {
            return 0;
        }
        if let Some(found) = table.windows(bytes.len()).position(|window| window == bytes) {
            return found as u32;
        }
        let offset = table.len() as u32;
        table.extend_from_slice(bytes);
        offset
    }

    /// The index of a type, for [`Arg::TypedX`] and [`Arg::TypedY`]; 0 is any.
    pub fn type_index(&mut self, info: TypeInfo) -> u32 {
        let next = self.types.entries.len() as u32;
        let entries = &mut self.types.entries;
        *self.type_ids.entry(info).or_insert_with(|| {
            entries.push(info);
            next
        })
    }

    /// The index of a place in the source, for the `line` instruction.
    pub fn line_item(&mut self, file: &str, line: u32) -> u32 {
        let next_file = self.lines.files.len() as u32 + 1;
        let files = &mut self.lines.files;
        let file = *self.file_ids.entry(file.to_owned()).or_insert_with(|| {
            files.push(file.to_owned());
            next_file
        });
        let item = LineItem { file, line };
        let next = self.lines.items.len() as u32;
        let items = &mut self.lines.items;
        *self.line_ids.entry(item).or_insert_with(|| {
            items.push(item);
            next
        })
    }

    /// The index of the fun whose body is the local function at `label`, for `make_fun3`. `arity` is that function's own, with
    /// the free variables, which come last, included.
    pub fn lambda(&mut self, function: &str, arity: u32, label: u32, num_free: u32) -> u32 {
        let function = self.atom(function);
        let next = self.file.lambdas.len() as u32;
        let lambdas = &mut self.file.lambdas;
        self.used.insert(label);
        *self.lambda_ids.entry(label).or_insert_with(|| {
            lambdas.push(Lambda { function, arity, label, index: next, num_free, old_uniq: 0 });
            next
        })
    }

    /// A label that is used nowhere yet.
    pub fn label(&mut self) -> u32 {
        let label = self.next_label;
        self.next_label += 1;
        label
    }

    /// Places a label here.
    pub fn place(&mut self, label: u32) {
        self.emit(Op::Label, vec![Arg::U(u64::from(label))]);
    }

    /// The labels of a function, whose body may come later. The same name and arity give the same labels.
    pub fn declare(&mut self, name: &str, arity: u32) -> FunctionRef {
        let name = self.atom(name);
        if let Some(found) = self.functions.get(&(name, arity)) {
            return *found;
        }
        let function = FunctionRef { info: self.label(), entry: self.label() };
        self.functions.insert((name, arity), function);
        self.names.insert(function, (name, arity));
        function
    }

    /// Starts a function's body: both labels, its line and `func_info`.
    pub fn begin(&mut self, function: FunctionRef, exported: bool, place: Option<(&str, u32)>) {
        let Some(&(name, arity)) = self.names.get(&function) else {
            self.fail(BuildError::LabelMissing(function.entry));
            return;
        };
        if !self.begun.insert(function) {
            let name = self.file.atom(name).unwrap_or_default().to_owned();
            self.fail(BuildError::FunctionTwice { name, arity });
        }
        let export = Export { function: name, arity, label: function.entry };
        if exported {
            self.file.exports.push(export)
        } else {
            self.file.locals.push(export)
        }
        self.file.code.function_count += 1;
        self.place(function.info);
        self.line(place);
        self.emit(Op::FuncInfo, vec![Arg::Atom(0), Arg::Atom(name), Arg::U(u64::from(arity))]);
        self.place(function.entry);
    }

    /// A `line` instruction; `None` for "no location".
    pub fn line(&mut self, place: Option<(&str, u32)>) {
        let item = place.map_or(0, |(file, line)| self.line_item(file, line));
        self.emit(Op::Line, vec![Arg::U(u64::from(item))]);
    }

    /// Appends an instruction.
    pub fn emit(&mut self, op: Op, args: Vec<Arg>) {
        if args.len() != op.arity() {
            self.fail(BuildError::Operands { op, given: args.len() });
            return;
        }
        let code = &mut self.file.code;
        code.opcode_max = code.opcode_max.max(u32::from(op.number()));
        match op {
            Op::Label => {
                if let Some(Arg::U(label)) = args.first()
                    && !self.defined.insert(*label as u32)
                {
                    let label = *label as u32;
                    self.fail(BuildError::LabelTwice(label));
                }
            }
            Op::Line | Op::ExecutableLine | Op::DebugLine => {
                self.lines.instr_count += 1;
                self.lines.flags |= u32::from(op == Op::ExecutableLine);
            }
            _ => {}
        }
        self.note(&args);
        self.file.code.instrs.push(Instr::new(op, args));
    }

    /// Adds `module_info/0` and `module_info/1`, which every module needs.
    pub fn module_info(&mut self) {
        for arity in 0..2u16 {
            let function = self.declare("module_info", u32::from(arity));
            let import = self.import("erlang", "get_module_info", u32::from(arity) + 1);
            self.begin(function, true, None);
            if arity == 1 {
                self.emit(Op::Move, vec![Arg::X(0), Arg::X(1)]);
            }
            self.emit(Op::Move, vec![Arg::Atom(0), Arg::X(0)]);
            self.emit(Op::CallExtOnly, vec![Arg::U(u64::from(arity) + 1), Arg::U(u64::from(import))]);
        }
    }

    /// Adds a module attribute; `value` is what stands in `-name(value)`, in a list.
    pub fn attribute(&mut self, name: &str, value: Value) {
        self.attributes.push((name.to_owned(), value));
    }

    /// Sets `module_info(compile)`, a list of pairs.
    pub fn compile_info(&mut self, value: Value) {
        self.file.compile_info = Some(TermChunk::from(value));
    }

    /// Adds a chunk of one's own.
    pub fn chunk(&mut self, id: [u8; 4], bytes: Vec<u8>) {
        self.file.other.push((id, bytes));
    }

    /// The module's name.
    pub fn module_name(&self) -> &str {
        self.file.module_name()
    }

    /// The finished file. The first mistake in the calls before is reported here.
    pub fn finish(mut self) -> Result<BeamFile, BuildError> {
        self.emit(Op::IntCodeEnd, Vec::new());
        let missing = self.names.iter().filter(|(f, _)| !self.begun.contains(f)).map(|(_, n)| *n).min();
        if let Some((name, arity)) = missing {
            let name = self.file.atom(name).unwrap_or_default().to_owned();
            self.fail(BuildError::FunctionMissing { name, arity });
        }
        if let Some(label) = self.used.difference(&self.defined).min().copied() {
            self.fail(BuildError::LabelMissing(label));
        }
        if let Some(error) = self.error {
            return Err(error);
        }
        let mut file = self.file;
        file.code.label_count = self.next_label;
        // As in OTP: a release too old for the format shall refuse the file by this number.
        file.code.opcode_max = file.code.opcode_max.max(u32::from(Op::MakeFun3.number()));
        file.exports.reverse();
        file.locals.reverse();
        file.lines = Some(self.lines);
        file.types = Some(self.types);
        file.seal();
        let mut attributes = self.attributes;
        if !attributes.iter().any(|(name, _)| name == "vsn") {
            let version = Value::from(BigInt::from_bytes_be(num_bigint::Sign::Plus, &file.md5));
            attributes.insert(0, ("vsn".to_owned(), Value::list(vec![version])));
        }
        let attributes =
            attributes.into_iter().map(|(name, value)| Value::Tuple(vec![Value::Atom(name), value])).collect();
        file.attributes = Some(TermChunk::from(Value::list(attributes)));
        Ok(file)
    }

    fn fail(&mut self, error: BuildError) {
        self.error.get_or_insert(error);
    }

    fn note(&mut self, args: &[Arg]) {
        for arg in args {
            match arg {
                Arg::Label(0) => {}
                Arg::Label(label) => {
                    self.used.insert(*label);
                }
                Arg::TypedX(..) | Arg::TypedY(..) => {
                    let code = &mut self.file.code;
                    code.opcode_max = code.opcode_max.max(u32::from(Op::CallFun2.number()));
                }
                Arg::List(items) => {
                    for item in items {
                        if let Arg::Label(label) = item
                            && *label != 0
                        {
                            self.used.insert(*label);
                        }
                    }
                }
                _ => {}
            }
        }
    }
}
