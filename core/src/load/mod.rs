//! Loading: a `.beam` file becomes an instance of a module.
//!
//! [`translate`] turns generic instructions into specialised ones and validates them as it goes (registers, labels, arities,
//! live counts, table indices); [`emit`] keeps the growing code. Nothing of the system but atoms, export slots and fun
//! entries changes before the whole file has been accepted. Mirrors `beam_load.c` and the rules of `ops.tab` in purpose.

pub mod emit;
pub mod literal;
mod select;
pub mod translate;

use crate::atom::{Atom, AtomError};
use crate::code::{FunEntry, Instance, Target};
use crate::error::{LoadError, StopCause};
use crate::heap::LiteralAlloc;
use crate::process::{CodePtr, Mfa};
use crate::system::System;
use crate::term::Term;
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
}

fn no_memory(chunk: &str) -> LoadError {
    LoadError::new(chunk, None, "the memory limit of the VM is reached")
}

pub(crate) fn intern(sys: &mut System, name: &str) -> Result<Atom, LoadError> {
    sys.atoms.intern(name).map_err(|e| match e {
        AtomError::TooLong => {
            LoadError::new("AtU8", None, format!("an atom has more than {} characters", crate::atom::MAX_ATOM_CHARS))
        }
        AtomError::TableFull => {
            sys.stop = Some(StopCause::TooManyAtoms(sys.atoms.limit()));
            LoadError::new("AtU8", None, "the atom table is full")
        }
    })
}

fn arity(chunk: &str, n: u32) -> Result<u8, LoadError> {
    u8::try_from(n).map_err(|_| LoadError::new(chunk, None, format!("arity {n} is above 255")))
}

/// Loads a module: what was its current instance becomes the old one. Returns the module's name.
pub fn load(sys: &mut System, bytes: &[u8]) -> Result<Atom, LoadError> {
    let file = BeamFile::parse(bytes).map_err(|e| LoadError::new("file", None, e.to_string()))?;
    load_file(sys, &file)
}

/// As [`load`], of a file that has been read already.
pub fn load_file(sys: &mut System, file: &BeamFile) -> Result<Atom, LoadError> {
    let mut atoms = Vec::with_capacity(file.atoms.len());
    for name in &file.atoms {
        atoms.push(intern(sys, name)?);
    }
    let atom_of = |i: u32, chunk: &str| {
        atoms.get(i as usize).copied().ok_or_else(|| LoadError::new(chunk, None, format!("atom {i} does not exist")))
    };
    let module = atom_of(0, "AtU8")?;
    if sys.code.modules.get(&module).is_some_and(|m| m.old.is_some()) {
        return Err(LoadError::new("Code", None, "not_purged: the module has old code"));
    }
    let mut imports = Vec::with_capacity(file.imports.len());
    for i in &file.imports {
        let mfa = Mfa {
            module: atom_of(i.module, "ImpT")?,
            function: atom_of(i.function, "ImpT")?,
            arity: arity("ImpT", i.arity)?,
        };
        imports.push((mfa, sys.code.export(mfa)));
    }
    let slot = sys.code.fresh_slot();
    let mut funs = Vec::with_capacity(file.lambdas.len());
    for l in &file.lambdas {
        if l.num_free > 200 {
            return Err(LoadError::new("FunT", None, format!("a fun has {} free variables", l.num_free)));
        }
        funs.push(sys.code.fun(FunEntry {
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
    let mut area = LiteralAlloc::new(&mut sys.arena);
    let mut literals = Vec::with_capacity(file.literals.len());
    let mut build =
        |v: &beambox_beamfile::etf::Value| literal::build(&mut area, &mut sys.atoms, &mut sys.code, sys.empty_tuple, v);
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
    let linked = Linked { module, atoms, imports, literals, funs };
    let translated = match failed {
        Some(e) => Err(e),
        None => translate::translate(&mut sys.atoms, &sys.code, &mut area, file, &linked, slot),
    };
    let (areas, mut off_heap) = (area.areas, area.off_heap);
    let give_back = |sys: &mut System, off_heap: &mut crate::heap::OffHeap| {
        crate::heap::gc::sweep::release_all(&mut sys.arena, off_heap);
        for f in &areas {
            sys.arena.free(f.start);
        }
    };
    let (code, attributes, compile_info) = match (translated, attributes, compile_info) {
        (Ok(c), Ok(a), Ok(i)) => (c, a, i),
        (Err(e), _, _) | (_, Err(e), _) | (_, _, Err(e)) => {
            give_back(sys, &mut off_heap);
            return Err(e);
        }
    };
    let mut exports = Vec::with_capacity(file.exports.len());
    for e in &file.exports {
        let place = code.labels.get(e.label as usize).copied().flatten();
        let (Some(offset), Some(&function)) = (place, linked.atoms.get(e.function as usize)) else {
            give_back(sys, &mut off_heap);
            return Err(LoadError::new("ExpT", None, format!("label {} of an export does not exist", e.label)));
        };
        exports.push((function, arity("ExpT", e.arity)?, CodePtr { slot, offset }));
    }
    let mut fun_code = Vec::new();
    for (l, index) in file.lambdas.iter().zip(&linked.funs) {
        match code.labels.get(l.label as usize).copied().flatten() {
            Some(offset) => fun_code.push((*index, CodePtr { slot, offset })),
            None => {
                give_back(sys, &mut off_heap);
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
    };
    install(sys, instance, &fun_code);
    Ok(module)
}

/// Makes an instance the current one of its module.
fn install(sys: &mut System, instance: Instance, fun_code: &[(u32, CodePtr)]) {
    let (module, slot) = (instance.module, instance.slot);
    let entry = sys.code.modules.entry(module).or_default();
    let previous = entry.current.take();
    entry.old = previous;
    entry.current = Some(slot);
    // What only the previous instance exported is undefined now.
    let gone: Vec<(Atom, u8)> = previous
        .and_then(|p| sys.code.instance(p))
        .map(|i| i.exports.iter().map(|(f, a, _)| (*f, *a)).collect())
        .unwrap_or_default();
    for (function, arity) in gone {
        set_target(sys, Mfa { module, function, arity }, Target::Undefined);
    }
    for (function, arity, ptr) in &instance.exports {
        set_target(sys, Mfa { module, function: *function, arity: *arity }, Target::Code(*ptr));
    }
    for (index, ptr) in fun_code {
        if let Some(f) = sys.code.funs.get_mut(*index as usize) {
            f.code = Some(*ptr);
        }
    }
    if let Some(place) = sys.code.instances.get_mut(slot as usize) {
        *place = Some(Box::new(instance));
    }
}

/// A BIF stays what it is, whatever a module exports under its name (as `erlang:nif_error` stubs do).
fn set_target(sys: &mut System, mfa: Mfa, target: Target) {
    let i = sys.code.export(mfa);
    let e = &mut sys.code.exports[i as usize];
    if !matches!(e.target, Target::Bif(_)) {
        e.target = target;
    }
}
