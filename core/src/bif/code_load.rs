//! Loading code at run time: `prepare_loading`, `finish_loading`, `on_load`, `delete_module`, `load_nif`.
//!
//! Prepared code is an instance that has its slot and is nobody's current code; a reference stands for it. What was prepared
//! and is never finished stays until the VM ends. Mirrors `beam_bif_load.c`; see `docs/code-loading.md`.

use super::{Bif, BifResult, Ctx, Fault, bif};
use crate::atom::{Atom, am};
use crate::code::{CodePtr, FunEntry};
use crate::error::StopCause;
use crate::heap::Alloc;
use crate::heap::owner::{self, Holds};
use crate::load;
use crate::resources::Prepared;
use crate::term::{Term, object};
use beambox_beamfile::BeamFile;

pub const BIFS: &[Bif] = &[
    bif("erts_internal", "prepare_loading", 2, prepare_loading),
    bif("erts_internal", "beamfile_chunk", 2, beamfile_chunk),
    bif("erts_internal", "beamfile_module_md5", 1, beamfile_md5),
    bif("erlang", "has_prepared_code_on_load", 1, |c, a| {
        let id = c.sys.mem().ref_id(a[0]);
        match id.and_then(|id| c.sys.resources.prepared.get(&id)) {
            Some(p) => Ok(Term::bool(p.ready.on_load)),
            None => Err(c.badarg()),
        }
    }),
    bif("erlang", "finish_loading", 1, finish_loading),
    bif("erlang", "delete_module", 1, delete_module),
    bif("erlang", "call_on_load_function", 1, call_on_load_function),
    bif("erlang", "finish_after_on_load", 2, finish_after_on_load),
    bif("erlang", "load_nif", 2, load_nif),
    bif("erlang", "pre_loaded", 0, |c, _| {
        let all: Vec<Term> = c.sys.resources.preloaded.iter().rev().map(|m| Term::atom(*m)).collect();
        c.list(&all)
    }),
];

/// The parts of the VM that a module is loaded into.
fn into<'a>(ctx: &'a mut Ctx<'_>) -> load::Into<'a> {
    let sys = &mut *ctx.sys;
    load::Into { atoms: &mut sys.atoms, code: &mut sys.code, arena: &mut sys.arena, empty_tuple: sys.empty_tuple }
}

fn file_bytes(ctx: &mut Ctx<'_>, t: Term) -> Result<Vec<u8>, Fault> {
    let mem = ctx.sys.mem();
    match mem.bits(t).filter(|b| b.len % 8 == 0) {
        Some(bits) => Ok(bits.to_vec(mem)),
        None => Err(ctx.badarg()),
    }
}

/// `{error, badfile}`, with the reason in the log.
fn bad_file(ctx: &mut Ctx<'_>, module: &str, why: &str) -> BifResult {
    ctx.log_error(&format!("Error loading module {module}:\n  {why}\n\n"))?;
    super::prim_file::error(ctx, "badfile")
}

fn prepare_loading(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let Some(wanted) = a[0].as_atom() else { return Err(ctx.badarg()) };
    let bytes = file_bytes(ctx, a[1])?;
    ctx.charge(bytes.len() / 32);
    let name = ctx.sys.atoms.name_arc(wanted);
    let file = match BeamFile::parse(&bytes) {
        Ok(file) => file,
        Err(e) => return bad_file(ctx, &name, &e.to_string()),
    };
    if file.module_name() != &*name {
        return bad_file(ctx, &name, &format!("module name in object code is {}", file.module_name()));
    }
    match load::prepare(&mut into(ctx), &file) {
        Ok(ready) => {
            let id = ctx.sys.fresh_ref();
            ctx.sys.resources.prepared.insert(id, Prepared { ready });
            Ok(owner::make(ctx, id, Holds::Host, 0)?)
        }
        Err(e) => {
            if ctx.sys.atoms.len() >= ctx.sys.atoms.limit() {
                let limit = ctx.sys.atoms.limit();
                return Err(ctx.stop(StopCause::TooManyAtoms(limit)));
            }
            bad_file(ctx, &name, &e.to_string())
        }
    }
}

/// The chunk of that name, given as a list of four characters, or `undefined`.
fn beamfile_chunk(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let mut id = [0u8; 4];
    let name = ctx.list_to_vec(a[1])?;
    for (to, c) in id.iter_mut().zip(&name) {
        match c.as_small().and_then(|c| u8::try_from(c).ok()) {
            Some(c) => *to = c,
            None => return Err(ctx.badarg()),
        }
    }
    if name.len() != 4 {
        return Err(ctx.badarg());
    }
    let bytes = file_bytes(ctx, a[0])?;
    match chunk(&bytes, id) {
        Some((at, len)) if len > 0 => Ok(crate::heap::binary::part(ctx, a[0], at as u64 * 8, len as u64 * 8)?),
        _ => Ok(Term::atom(am::UNDEFINED)),
    }
}

/// Place and size of a chunk of an IFF file.
fn chunk(bytes: &[u8], id: [u8; 4]) -> Option<(usize, usize)> {
    if bytes.get(..4)? != b"FOR1" || bytes.get(8..12)? != b"BEAM" {
        return None;
    }
    let mut at = 12;
    loop {
        let header = bytes.get(at..at + 8)?;
        let len = u32::from_be_bytes(header.get(4..8)?.try_into().ok()?) as usize;
        if header.get(..4)? == id {
            bytes.get(at + 8..(at + 8).checked_add(len)?)?;
            return Some((at + 8, len));
        }
        at = (at + 8).checked_add(len)?.checked_next_multiple_of(4)?;
    }
}

fn beamfile_md5(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let bytes = file_bytes(ctx, a[0])?;
    match BeamFile::parse(&bytes) {
        Ok(file) => ctx.binary(&file.md5),
        Err(_) => Ok(Term::atom(am::UNDEFINED)),
    }
}

/// `{Why, [Module, ..]}`.
fn exceptions(ctx: &mut Ctx<'_>, why: &str, modules: &[Atom]) -> BifResult {
    let why = ctx.atom(why)?;
    // OTP conses them as it goes, so the last comes first.
    let modules: Vec<Term> = modules.iter().rev().map(|m| Term::atom(*m)).collect();
    let list = ctx.list(&modules)?;
    ctx.tuple(&[why, list])
}

fn finish_loading(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let mut ids = Vec::new();
    let mut modules: Vec<Atom> = Vec::new();
    let (mut on_load, mut twice) = (false, Vec::new());
    for t in ctx.list_to_vec(a[0])? {
        let id = ctx.sys.mem().ref_id(t);
        let Some((id, p)) = id.and_then(|id| Some((id, ctx.sys.resources.prepared.get(&id)?))) else {
            return Err(ctx.badarg());
        };
        on_load |= p.ready.on_load;
        if modules.contains(&p.ready.module) {
            twice.push(p.ready.module);
        }
        modules.push(p.ready.module);
        ids.push(id);
    }
    if on_load && ids.len() > 1 {
        return Err(ctx.system_limit());
    }
    if !twice.is_empty() {
        return exceptions(ctx, "duplicated", &twice);
    }
    let entry = |m: &Atom| ctx.sys.code.modules.get(m).copied().unwrap_or_default();
    let unpurged: Vec<Atom> =
        modules.iter().filter(|m| entry(m).current.is_some() && entry(m).old.is_some()).copied().collect();
    if !unpurged.is_empty() {
        return exceptions(ctx, "not_purged", &unpurged);
    }
    for id in ids {
        let Some(p) = ctx.sys.resources.prepared.remove(&id) else { continue };
        if p.ready.on_load {
            load::install_pending(&mut into(ctx), p.ready);
            return exceptions(ctx, "on_load", &modules);
        }
        load::install(&mut into(ctx), p.ready);
    }
    for module in modules {
        super::trace::pattern::loaded(ctx, module)?;
    }
    Ok(Term::atom(am::OK))
}

fn delete_module(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let Some(module) = a[0].as_atom() else { return Err(ctx.badarg()) };
    let entry = ctx.sys.code.modules.get(&module).copied().unwrap_or_default();
    if entry.old.is_some() && entry.current.is_some() {
        let name = ctx.sys.atoms.name_arc(module);
        ctx.log_error(&format!("Module {name} must be purged before deleting\n\n"))?;
        return Err(ctx.badarg());
    }
    let deleted = load::delete(&mut into(ctx), module);
    Ok(Term::atom(if deleted { am::TRUE } else { am::UNDEFINED }))
}

/// Index of the fun entry that stands for a module's `on_load` function: above every index of a file.
const ON_LOAD_INDEX: u32 = u32::MAX;

fn call_on_load_function(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let pending = a[0].as_atom().and_then(|m| Some((m, ctx.sys.code.modules.get(&m)?.on_load?)));
    let start = pending.and_then(|(m, slot)| {
        let instance = ctx.sys.code.instance(slot)?;
        Some((m, instance.on_load?, instance.md5))
    });
    let Some((module, at, md5)) = start else { return Err(ctx.badarg()) };
    let fun = local_fun(ctx, module, at, md5)?;
    Err(ctx.trap_fun(fun, &[]))
}

/// A fun of no arguments whose code is at `at`.
fn local_fun(ctx: &mut Ctx<'_>, module: Atom, at: CodePtr, uniq: [u8; 16]) -> BifResult {
    let entry = FunEntry {
        module,
        index: ON_LOAD_INDEX,
        old_index: ON_LOAD_INDEX,
        old_uniq: 0,
        uniq,
        arity: 0,
        num_free: 0,
        code: Some(at),
        function: am::ON_LOAD,
    };
    let index = ctx.sys.code.fun(entry);
    let to = ctx.words(3 + object::FUN_REF_WORDS)?;
    let mem = ctx.mem();
    let reference = to + 3 * 8;
    mem.set_word(to, 0, object::fun_header(0, 1));
    mem.set_word(to, 1, index as u64);
    mem.set(to, 2, Term::boxed_at(reference));
    mem.set_word(reference, 0, object::FUN_REF_HEADER);
    mem.set_word(reference, 1, index as u64);
    ctx.off_heap().link(mem, reference, 0);
    Ok(Term::boxed_at(to))
}

fn finish_after_on_load(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let (Some(module), Some(keep)) = (a[0].as_atom(), a[1].as_bool()) else { return Err(ctx.badarg()) };
    let entry = ctx.sys.code.modules.get(&module).copied().unwrap_or_default();
    let Some(slot) = entry.on_load else { return Err(ctx.badarg()) };
    if keep {
        if let Some(e) = ctx.sys.code.modules.get_mut(&module) {
            e.on_load = None;
        }
        load::make_current(&mut into(ctx), module, slot);
    }
    Ok(Term::bool(true))
}

/// Modules whose native functions OTP links into the emulator. Those that are missing here raise `not_loaded` when called.
const STATIC: [&str; 6] = ["erl_tracer", "prim_buffer", "prim_file", "prim_tty", "zlib", "crypto"];

/// Succeeds for modules whose native functions are BIFs here (the loader has put them in place already); libraries of
/// compiled C are refused by design, in the way in which OTP says that a file can't be opened.
fn load_nif(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let mut path = String::new();
    for c in ctx.list_to_vec(a[0])? {
        match c.as_small().and_then(|c| u32::try_from(c).ok()).and_then(char::from_u32) {
            Some(c) => path.push(c),
            None => return Err(ctx.badarg()),
        }
    }
    let name = path.rsplit('/').next().unwrap_or(&path);
    let provided = super::table::all().iter().any(|b| b.module == name);
    if provided || (STATIC.contains(&name) && name != "crypto") {
        return Ok(Term::atom(am::OK));
    }
    let text = format!("Failed to load NIF library: '{path}.so: this VM loads no native code'");
    let reason = ctx.atom("load_failed")?;
    let text = ctx.string(&text)?;
    let pair = ctx.tuple(&[reason, text])?;
    ctx.tuple(&[Term::atom(am::ERROR), pair])
}
