//! Loading: a `.beam` file becomes an instance of a module.
//!
//! [`translate`] turns generic instructions into specialised ones and validates them as it goes (registers, labels, arities,
//! live counts, table indices); [`emit`] keeps the growing code. Nothing of the system but atoms, export slots and fun
//! entries changes before the whole file has been accepted. Mirrors `beam_load.c` and the rules of `ops.tab` in purpose.

pub mod emit;
mod fuse;
pub mod literal;
mod select;
pub mod translate;
mod verify;

use crate::arena::{Arena, OutOfMemory};
use crate::atom::{Atom, AtomError, AtomTable, am};
use crate::code::{CodePtr, Mfa};
use crate::code::{CodeTable, FunEntry, Instance, Target};
use crate::error::LoadError;
use crate::heap::{Alloc, LiteralAlloc, build};
use crate::term::{Term, object};
use beambox_beamfile::BeamFile;

/// Where files' atoms, imports and funs are in this VM.
pub(crate) struct Linked {
    pub module: Atom,
    pub atoms: Vec<Atom>,
    /// Per import: its function and its export slot.
    pub imports: Vec<(Mfa, u32)>,
    pub literals: Vec<Term>,
    /// Per lambda: its index in the code table's funs.
    pub funs: Vec<u32>,
    /// What instructions make funs of them with.
    pub lambdas: Vec<Lambda>,
}

/// The literals of one lambda, as in OTP 27: what stands at the end of every environment, and the fun itself if it captures nothing.
pub(crate) struct Lambda {
    /// Index in the code table's funs.
    pub index: u32,
    pub reference: Term,
    pub literal: Option<Term>,
}

impl Lambda {
    fn build(a: &mut dyn Alloc, index: u32, arity: u32, num_free: u32) -> Result<Lambda, OutOfMemory> {
        let at = a.words(object::FUN_REF_WORDS)?;
        let mem = a.mem();
        mem.set_word(at, 0, object::FUN_REF_HEADER);
        mem.set_word(at, 1, u64::from(index));
        a.off_heap().link(mem, at, 0);
        let reference = Term::boxed_at(at);
        if num_free > 0 {
            return Ok(Lambda { index, reference, literal: None });
        }
        let fun = a.words(3)?;
        mem.set_word(fun, 0, object::fun_header(arity, 1));
        mem.set_word(fun, 1, u64::from(index));
        mem.set(fun, 2, reference);
        Ok(Lambda { index, reference, literal: Some(Term::boxed_at(fun)) })
    }
}

fn no_memory(chunk: &str) -> LoadError {
    LoadError::new(chunk, None, "the memory limit of the VM is reached")
}

pub(crate) fn intern(atoms: &mut AtomTable, name: &str) -> Result<Atom, LoadError> {
    atoms.intern(name).map_err(|e| match e {
        AtomError::TooLong => {
            LoadError::new("AtU8", None, format!("an atom has more than {} characters", crate::atom::MAX_ATOM_CHARS))
        }
        AtomError::TableFull => LoadError::new("AtU8", None, "the atom table is full"),
    })
}

fn arity(chunk: &str, n: u32) -> Result<u8, LoadError> {
    u8::try_from(n).map_err(|_| LoadError::new(chunk, None, format!("arity {n} is above 255")))
}

/// `{file, Name}`, as stack traces have it.
fn file_term(area: &mut LiteralAlloc<'_>, name: &str) -> Result<Term, LoadError> {
    let made = build::char_list(area, name).and_then(|name| build::tuple(area, &[Term::atom(am::FILE), name]));
    made.map_err(|_| no_memory("Line"))
}

/// The parts of a VM that a module is loaded into.
pub struct Into<'a> {
    pub atoms: &'a mut AtomTable,
    pub code: &'a mut CodeTable,
    pub arena: &'a mut Arena,
    /// The literal `{}`.
    pub empty_tuple: Term,
}

/// Loads a module: what was its current instance becomes the old one. Returns the module's name.
pub fn load(into: &mut Into<'_>, bytes: &[u8]) -> Result<Atom, LoadError> {
    let file = BeamFile::parse(bytes).map_err(|e| LoadError::new("file", None, e.to_string()))?;
    load_file(into, &file)
}

/// As [`load`], of a file that has been read already.
pub fn load_file(into: &mut Into<'_>, file: &BeamFile) -> Result<Atom, LoadError> {
    let module = intern(into.atoms, file.module_name())?;
    if into.code.modules.get(&module).is_some_and(|m| m.old.is_some()) {
        return Err(LoadError::new("Code", None, "not_purged: the module has old code"));
    }
    let ready = prepare(into, file)?;
    install(into, ready);
    Ok(module)
}

/// An instance that has its slot and is nobody's current code yet.
#[derive(Debug)]
pub struct Prepared {
    pub module: Atom,
    pub slot: u32,
    /// It has an `on_load` function, which must run before it becomes current.
    pub on_load: bool,
    fun_code: Vec<(u32, CodePtr)>,
}

/// Makes an instance of a file. Nothing calls it until it is given to [`install`].
pub fn prepare(into: &mut Into<'_>, file: &BeamFile) -> Result<Prepared, LoadError> {
    let mut atoms = Vec::with_capacity(file.atoms.len());
    for name in &file.atoms {
        atoms.push(intern(into.atoms, name)?);
    }
    let atom_of = |i: u32, chunk: &str| {
        atoms.get(i as usize).copied().ok_or_else(|| LoadError::new(chunk, None, format!("atom {i} does not exist")))
    };
    let module = atom_of(0, "AtU8")?;
    let mut imports = Vec::with_capacity(file.imports.len());
    for i in &file.imports {
        let mfa = Mfa {
            module: atom_of(i.module, "ImpT")?,
            function: atom_of(i.function, "ImpT")?,
            arity: arity("ImpT", i.arity)?,
        };
        imports.push((mfa, into.code.export(mfa)));
    }
    let slot = into.code.fresh_slot();
    let mut funs = Vec::with_capacity(file.lambdas.len());
    for l in &file.lambdas {
        if l.num_free > 200 {
            return Err(LoadError::new("FunT", None, format!("a fun has {} free variables", l.num_free)));
        }
        funs.push(into.code.fun(FunEntry {
            module,
            index: l.index,
            old_index: l.index,
            old_uniq: l.old_uniq,
            uniq: file.md5,
            arity: arity("FunT", l.arity)?,
            num_free: l.num_free,
            code: None,
            function: atom_of(l.function, "FunT")?,
        }));
    }
    let mut area = LiteralAlloc::new(into.arena);
    let mut literals = Vec::with_capacity(file.literals.len());
    let mut build =
        |v: &beambox_beamfile::etf::Value| literal::build(&mut area, into.atoms, into.code, into.empty_tuple, v);
    let mut failed = None;
    for v in &file.literals {
        match build(v) {
            Ok(t) => literals.push(t),
            Err(e) => {
                failed = Some(e);
                break;
            }
        }
    }
    let chunk_term =
        |c: &Option<beambox_beamfile::TermChunk>,
         build: &mut dyn FnMut(&beambox_beamfile::etf::Value) -> Result<Term, LoadError>| {
            c.as_ref().map_or(Ok(Term::NIL), |c| build(&c.value))
        };
    let attributes = chunk_term(&file.attributes, &mut build);
    let compile_info = chunk_term(&file.compile_info, &mut build);
    let mut lambdas = Vec::with_capacity(funs.len());
    for (l, index) in file.lambdas.iter().zip(&funs) {
        match Lambda::build(&mut area, *index, l.arity, l.num_free) {
            Ok(lambda) => lambdas.push(lambda),
            Err(_) => {
                failed = failed.or(Some(LoadError::new("FunT", None, "no memory for the module's funs".to_string())))
            }
        }
    }
    let linked = Linked { module, atoms, imports, literals, funs, lambdas };
    let translated = match failed {
        Some(e) => Err(e),
        None => translate::translate(into.atoms, into.code, &mut area, file, &linked, slot),
    };
    let file_terms = match &translated {
        Ok(code) => code.files.iter().map(|f| file_term(&mut area, f)).collect::<Result<Vec<_>, _>>(),
        Err(_) => Ok(Vec::new()),
    };
    let (areas, mut off_heap) = (area.areas, area.off_heap);
    let give_back = |into: &mut Into<'_>, off_heap: &mut crate::heap::OffHeap| {
        crate::heap::gc::sweep::release_all(into.arena, off_heap);
        for f in &areas {
            into.arena.free(f.start);
        }
    };
    let (code, attributes, compile_info, file_terms) = match (translated, attributes, compile_info, file_terms) {
        (Ok(c), Ok(a), Ok(i), Ok(f)) => (c, a, i, f),
        (Err(e), ..) | (_, Err(e), ..) | (_, _, Err(e), _) | (.., Err(e)) => {
            give_back(into, &mut off_heap);
            return Err(e);
        }
    };
    let mut exports = Vec::with_capacity(file.exports.len());
    for e in &file.exports {
        let place = code.labels.get(e.label as usize).copied().flatten();
        let (Some(offset), Some(&function)) = (place, linked.atoms.get(e.function as usize)) else {
            give_back(into, &mut off_heap);
            return Err(LoadError::new("ExpT", None, format!("label {} of an export does not exist", e.label)));
        };
        exports.push((function, arity("ExpT", e.arity)?, CodePtr { slot, offset }));
    }
    let mut fun_code = Vec::new();
    for (l, index) in file.lambdas.iter().zip(&linked.funs) {
        match code.labels.get(l.label as usize).copied().flatten() {
            Some(offset) => fun_code.push((*index, CodePtr { slot, offset })),
            None => {
                give_back(into, &mut off_heap);
                return Err(LoadError::new("FunT", None, format!("label {} of a fun does not exist", l.label)));
            }
        }
    }
    let literal_words: usize = areas.iter().map(|f| f.size as usize).sum();
    let bytes =
        code.instrs.len() * 16 + code.side.len() * 4 + code.consts.len() * 8 + literal_words * 8 + code.strings.len();
    let instance = Instance {
        module,
        slot,
        code: code.instrs.into(),
        consts: code.consts.into(),
        side: code.side.into(),
        selects: code.selects,
        strings: code.strings,
        functions: code.functions,
        lines: code.lines,
        files: code.files,
        file_terms,
        literals: linked.literals,
        literal_areas: areas,
        literal_off_heap: off_heap,
        exports,
        funs: linked.funs,
        md5: file.md5,
        attributes,
        compile_info,
        on_load: code.on_load.map(|offset| CodePtr { slot, offset }),
        bytes,
        mirror: 0,
    };
    let on_load = instance.on_load.is_some();
    if let Some(place) = into.code.instances.get_mut(slot as usize) {
        *place = Some(Box::new(instance));
    }
    Ok(Prepared { module, slot, on_load, fun_code })
}

/// Makes an instance the current one of its module; what was current is old now.
pub fn install(into: &mut Into<'_>, ready: Prepared) {
    let Prepared { module, slot, fun_code, .. } = ready;
    link_funs(into.code, &fun_code);
    make_current(into, module, slot);
}

/// Makes an instance the one whose `on_load` function is to run. Its funs can be called, its exports cannot.
pub fn install_pending(into: &mut Into<'_>, ready: Prepared) {
    link_funs(into.code, &ready.fun_code);
    into.code.modules.entry(ready.module).or_default().on_load = Some(ready.slot);
}

fn link_funs(code: &mut CodeTable, fun_code: &[(u32, CodePtr)]) {
    for (index, ptr) in fun_code {
        if let Some(f) = code.funs.get_mut(*index as usize) {
            f.code = Some(*ptr);
        }
    }
}

/// Makes the instance in a slot the current one of its module.
pub fn make_current(into: &mut Into<'_>, module: Atom, slot: u32) {
    let entry = into.code.modules.entry(module).or_default();
    let previous = entry.current.take();
    entry.old = previous;
    entry.current = Some(slot);
    // What only the previous instance exported is undefined now.
    let gone: Vec<(Atom, u8)> = previous
        .and_then(|p| into.code.instance(p))
        .map(|i| i.exports.iter().map(|(f, a, _)| (*f, *a)).collect())
        .unwrap_or_default();
    for (function, arity) in gone {
        set_target(into, Mfa { module, function, arity }, Target::Undefined);
    }
    let exports: Vec<(Atom, u8, CodePtr)> = into.code.instance(slot).map(|i| i.exports.clone()).unwrap_or_default();
    for (function, arity, ptr) in exports {
        set_target(into, Mfa { module, function, arity }, Target::Code(ptr));
    }
}

/// Takes a module's current code away: it is old now, and no export leads to it. `false`: there is none.
pub fn delete(into: &mut Into<'_>, module: Atom) -> bool {
    let Some(entry) = into.code.modules.get_mut(&module) else { return false };
    let Some(slot) = entry.current.take() else { return false };
    entry.old = Some(slot);
    let gone: Vec<(Atom, u8)> =
        into.code.instance(slot).map(|i| i.exports.iter().map(|(f, a, _)| (*f, *a)).collect()).unwrap_or_default();
    for (function, arity) in gone {
        set_target(into, Mfa { module, function, arity }, Target::Undefined);
    }
    true
}

/// A BIF stays what it is, whatever a module exports under its name (as `erlang:nif_error` stubs do).
fn set_target(into: &mut Into<'_>, mfa: Mfa, target: Target) {
    let i = into.code.export(mfa);
    let e = &mut into.code.exports[i as usize];
    if !matches!(e.target, Target::Bif(_)) {
        e.target = target;
    }
}

/// Does the loader know the opcode? Asks the translator itself, with an instruction that has no operands.
pub fn knows(op: beambox_beamfile::Op) -> bool {
    let mut file = BeamFile::default();
    file.code.instrs.push(beambox_beamfile::Instr { op, args: Vec::new(), offset: 0 });
    let (mut atoms, code) = (AtomTable::new(crate::config::Config::default().max_atoms), CodeTable::default());
    let Ok(mut arena) = Arena::new(1 << 20) else { return false };
    let mut area = LiteralAlloc::new(&mut arena);
    let linked = Linked {
        module: crate::atom::am::EMPTY,
        atoms: Vec::new(),
        imports: Vec::new(),
        literals: Vec::new(),
        funs: Vec::new(),
        lambdas: Vec::new(),
    };
    match translate::translate(&mut atoms, &code, &mut area, &file, &linked, 2) {
        Ok(_) => true,
        Err(e) => !e.to_string().contains("is not supported"),
    }
}
