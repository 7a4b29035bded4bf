//! The code table.

use super::op::{Instr, SelectTable};
use super::ptr::{CodePtr, Mfa};
use crate::atom::Atom;
use crate::heap::Fragment;
use crate::term::Term;
use rustc_hash::{FxHashMap, FxHashSet};

/// Where a call of an export goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// Nothing there: the error handler is called.
    Undefined,
    Code(CodePtr),
    /// Index into the BIF table.
    Bif(u32),
}

/// One exported or called function.
#[derive(Clone, Copy, Debug)]
pub struct Export {
    pub mfa: Mfa,
    pub target: Target,
}

/// A fun's code: made by `make_fun` instructions and by `binary_to_term`.
#[derive(Clone, Debug)]
pub struct FunEntry {
    pub module: Atom,
    pub index: u32,
    /// Position in the module's table.
    pub old_index: u32,
    pub old_uniq: u32,
    pub uniq: [u8; 16],
    pub arity: u8,
    pub num_free: u32,
    /// Where it starts; `None` while its module isn't loaded.
    pub code: Option<CodePtr>,
    /// Name and arity (free variables included) of the function that the compiler made of it.
    pub function: Atom,
}

/// A function's place in an instance, for stack traces.
#[derive(Clone, Copy, Debug)]
pub struct FunctionRange {
    /// Index of its first instruction (the `func_info`).
    pub start: u32,
    pub function: Atom,
    pub arity: u8,
}

/// One loaded version of a module.
pub struct Instance {
    pub module: Atom,
    pub slot: u32,
    pub code: Box<[Instr]>,
    /// Constants that [`Src`](super::operand::Src) and [`Wide`](super::operand::Wide) name.
    pub consts: Box<[Term]>,
    /// Operands of instructions with lists.
    pub side: Box<[u32]>,
    pub selects: Vec<SelectTable>,
    /// Bytes that `bs_match_string` and `bs_create_bin` refer to.
    pub strings: Vec<u8>,
    /// Sorted by `start`.
    pub functions: Vec<FunctionRange>,
    /// Instruction index of the first instruction after a `line`, and the line's item; sorted.
    pub lines: Vec<(u32, Location)>,
    pub files: Vec<String>,
    /// `{file, Name}` of each, literals of the instance.
    pub file_terms: Vec<Term>,
    pub literals: Vec<Term>,
    pub literal_areas: Vec<Fragment>,
    pub literal_off_heap: crate::heap::OffHeap,
    pub exports: Vec<(Atom, u8, CodePtr)>,
    /// Indices of its funs in the code table.
    pub funs: Vec<u32>,
    pub md5: [u8; 16],
    pub attributes: Term,
    pub compile_info: Term,
    pub on_load: Option<CodePtr>,
    /// Bytes that the instance takes, for `erlang:memory(code)`.
    pub bytes: usize,
    /// Where the mirror of the code starts (see [`super::mirror`]); 0: there is none.
    pub mirror: u32,
}

impl Instance {
    /// The VM's own code.
    pub fn internal(slot: u32, code: Vec<Instr>) -> Instance {
        Instance {
            module: crate::atom::am::EMPTY,
            slot,
            code: code.into(),
            consts: Box::new([]),
            side: Box::new([]),
            selects: Vec::new(),
            strings: Vec::new(),
            functions: Vec::new(),
            lines: Vec::new(),
            files: Vec::new(),
            file_terms: Vec::new(),
            literals: Vec::new(),
            literal_areas: Vec::new(),
            literal_off_heap: crate::heap::OffHeap::default(),
            exports: Vec::new(),
            funs: Vec::new(),
            md5: [0; 16],
            attributes: Term::NIL,
            compile_info: Term::NIL,
            on_load: None,
            bytes: 0,
            mirror: 0,
        }
    }
}

impl Instance {
    /// Which of its functions the instruction belongs to.
    fn function_of(&self, offset: u32) -> Option<usize> {
        self.functions.partition_point(|f| f.start <= offset).checked_sub(1)
    }

    /// The line of an instruction of this function. A line holds only inside its own function.
    fn line_of(&self, f: &FunctionRange, offset: u32) -> Option<Location> {
        let i = self.lines.partition_point(|l| l.0 <= offset).checked_sub(1)?;
        let (at, loc) = self.lines.get(i)?;
        (*at >= f.start && loc.line != 0).then_some(*loc)
    }
}

/// A source position.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Location {
    pub file: u32,
    pub line: u32,
}

/// The two versions of a module.
#[derive(Clone, Copy, Default, Debug)]
pub struct ModuleEntry {
    pub current: Option<u32>,
    pub old: Option<u32>,
    /// The instance whose `on_load` function runs; becomes current when that succeeds.
    pub on_load: Option<u32>,
}

/// All loaded code.
#[derive(Default)]
pub struct CodeTable {
    pub exports: Vec<Export>,
    /// The functions of the BIF table, by index.
    pub bifs: Vec<Mfa>,
    /// Those of them that are called as functions are.
    pub heavy_bifs: FxHashSet<u32>,
    by_mfa: FxHashMap<Mfa, u32>,
    pub modules: FxHashMap<Atom, ModuleEntry>,
    /// Slot 0 is never used, so that no code pointer is the word 0.
    pub instances: Vec<Option<Box<Instance>>>,
    pub funs: Vec<FunEntry>,
    /// By module, digest, index, arity and free variables: whoever encodes a fun in external format chooses all of them.
    fun_index: FxHashMap<(Atom, [u8; 16], u32, u8, u32), u32>,
}

impl CodeTable {
    /// The export slot of a function, made if need be.
    pub fn export(&mut self, mfa: Mfa) -> u32 {
        if let Some(&i) = self.by_mfa.get(&mfa) {
            return i;
        }
        let i = self.exports.len() as u32;
        self.exports.push(Export { mfa, target: Target::Undefined });
        self.by_mfa.insert(mfa, i);
        i
    }

    /// The export slot, if there is one.
    pub fn find_export(&self, mfa: Mfa) -> Option<u32> {
        self.by_mfa.get(&mfa).copied()
    }

    /// Where the code of an export starts; a BIF's is a stub in the VM's own code.
    #[inline(always)]
    pub fn entry(&self, export: u32) -> Option<CodePtr> {
        match self.exports.get(export as usize)?.target {
            Target::Code(p) => Some(p),
            Target::Bif(i) => Some(CodePtr { slot: super::ptr::INTERNAL_SLOT, offset: super::ptr::BIF_STUBS + i }),
            Target::Undefined => None,
        }
    }

    /// Where a call of the function goes.
    pub fn target(&self, mfa: Mfa) -> Target {
        self.find_export(mfa).map_or(Target::Undefined, |i| self.exports[i as usize].target)
    }

    pub fn current(&self, module: Atom) -> Option<&Instance> {
        let slot = self.modules.get(&module)?.current?;
        self.instance(slot)
    }

    pub fn old(&self, module: Atom) -> Option<&Instance> {
        let slot = self.modules.get(&module)?.old?;
        self.instance(slot)
    }

    #[inline]
    pub fn instance(&self, slot: u32) -> Option<&Instance> {
        self.instances.get(slot as usize)?.as_deref()
    }

    /// A free slot for an instance.
    pub fn fresh_slot(&mut self) -> u32 {
        if self.instances.is_empty() {
            self.instances.push(None);
        }
        if let Some(i) = (1..self.instances.len()).find(|i| self.instances[*i].is_none()) {
            return i as u32;
        }
        self.instances.push(None);
        (self.instances.len() - 1) as u32
    }

    /// Bytes of the host that code and its tables take. Literals lie in the arena, where they are counted.
    pub fn host_bytes(&self) -> u64 {
        let literals = |i: &Instance| i.literal_areas.iter().map(|f| f.size as usize * 8).sum::<usize>();
        let one = |i: &Instance| {
            let tables = i.functions.len() * size_of::<FunctionRange>() + i.lines.len() * 12 + i.exports.len() * 16;
            (i.bytes + tables).saturating_sub(literals(i))
        };
        let code: usize = self.instances.iter().flatten().map(|i| size_of::<Instance>() + one(i)).sum();
        // A key of an index takes as much as its entry, more or less.
        let exports = self.exports.len() * 2 * size_of::<Export>();
        (code + exports + self.funs.len() * 2 * size_of::<FunEntry>()) as u64
    }

    /// The entry of a fun of this module; made if need be.
    pub fn fun(&mut self, entry: FunEntry) -> u32 {
        let key = (entry.module, entry.uniq, entry.index, entry.arity, entry.num_free);
        if let Some(&i) = self.fun_index.get(&key) {
            let known = &mut self.funs[i as usize];
            if entry.code.is_some() {
                *known = entry;
            }
            return i;
        }
        let i = self.funs.len() as u32;
        self.funs.push(entry);
        self.fun_index.insert(key, i);
        i
    }

    /// Function that the instruction at `ptr` belongs to.
    pub fn function_at(&self, ptr: CodePtr) -> Option<Mfa> {
        let inst = self.instance(ptr.slot)?;
        let offset = inst.home(ptr.offset);
        let f = inst.functions.get(inst.function_of(offset)?)?;
        Some(Mfa { module: inst.module, function: f.function, arity: f.arity })
    }

    /// The function that the instruction at `ptr` belongs to, and how many instructions lie before it there.
    pub fn distance_at(&self, ptr: CodePtr) -> Option<(Mfa, u32)> {
        if ptr.slot == super::ptr::INTERNAL_SLOT {
            let bif = ptr.offset.checked_sub(super::ptr::BIF_STUBS)?;
            return Some((*self.bifs.get(bif as usize)?, 0));
        }
        let inst = self.instance(ptr.slot)?;
        let offset = inst.home(ptr.offset);
        let f = inst.functions.get(inst.function_of(offset)?)?;
        Some((Mfa { module: inst.module, function: f.function, arity: f.arity }, offset - f.start))
    }

    /// File and line of the instruction at `ptr`.
    pub fn location_at(&self, ptr: CodePtr) -> Option<(&str, u32)> {
        let inst = self.instance(ptr.slot)?;
        let offset = inst.home(ptr.offset);
        let loc = inst.line_of(inst.functions.get(inst.function_of(offset)?)?, offset)?;
        Some((inst.files.get(loc.file as usize).map_or("", |f| f), loc.line))
    }

    /// For stack traces: the function that the instruction at `ptr` belongs to, and its file, as `{file, Name}`, and line.
    pub fn place_at(&self, ptr: CodePtr) -> Option<(Mfa, Option<(Term, u32)>)> {
        let inst = self.instance(ptr.slot)?;
        let offset = inst.home(ptr.offset);
        let f = inst.functions.get(inst.function_of(offset)?)?;
        let location = inst.line_of(f, offset);
        let location = location.and_then(|l| Some((*inst.file_terms.get(l.file as usize)?, l.line)));
        Some((Mfa { module: inst.module, function: f.function, arity: f.arity }, location))
    }
}
