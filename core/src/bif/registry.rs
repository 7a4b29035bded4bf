//! Registered names and the process dictionary.

use super::{Bif, BifResult, Ctx, Fault, bif, heavy};
use crate::atom::am;
use crate::heap::{HeapAlloc, REDZONE, order};
use crate::process::dict::Dictionary;
use crate::process::trace::flag;
use crate::system::SystemNames;
use crate::term::{Mem, Names, Term, hash};

pub const BIFS: &[Bif] = &[
    bif("erlang", "register", 2, register),
    bif("erlang", "unregister", 1, unregister),
    bif("erlang", "whereis", 1, whereis),
    bif("erlang", "registered", 0, registered),
    heavy("erlang", "put", 2, put),
    bif("erlang", "get", 0, get_0),
    bif("erlang", "get", 1, get_1),
    bif("erlang", "get_keys", 0, get_keys_0),
    bif("erlang", "get_keys", 1, get_keys_1),
    bif("erlang", "erase", 0, erase_0),
    heavy("erlang", "erase", 1, erase_1),
];

fn register(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let Some(name) = args[0].as_atom().filter(|a| *a != am::UNDEFINED) else {
        return Err(ctx.badarg_cause(am::NONE));
    };
    let pid = args[1];
    if !pid.is_local_pid() {
        return Err(ctx.badarg_cause(am::NONE));
    }
    let taken = ctx.sys.names.contains_key(&name);
    let cause = match ctx.signals().find_alive(pid) {
        None => am::NOTALIVE,
        Some((p, _)) => match p.name {
            Some(_) => am::REGISTERED_NAME,
            None if taken => am::REGISTERED_NAME,
            None => {
                p.name = Some(name);
                ctx.sys.names.insert(name, pid);
                if ctx.sys.tracing.on {
                    ctx.signals().trace_event(pid, flag::PROCS, am::REGISTER, &[Term::atom(name)])?;
                }
                return Ok(Term::bool(true));
            }
        },
    };
    Err(ctx.badarg_cause(cause))
}

fn unregister(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let Some(name) = args[0].as_atom() else { return Err(ctx.badarg()) };
    let Some(pid) = ctx.sys.names.remove(&name) else { return Err(ctx.badarg()) };
    if let Some((p, _)) = ctx.signals().find(pid) {
        p.name = None;
    }
    if ctx.sys.tracing.on {
        ctx.signals().trace_event(pid, flag::PROCS, am::UNREGISTER, &[Term::atom(name)])?;
    }
    Ok(Term::bool(true))
}

fn whereis(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let Some(name) = args[0].as_atom() else { return Err(ctx.badarg()) };
    Ok(ctx.sys.names.get(&name).copied().unwrap_or(Term::atom(am::UNDEFINED)))
}

fn registered(ctx: &mut Ctx<'_>, _: &[Term]) -> BifResult {
    let mut names: Vec<_> = ctx.sys.names.keys().copied().collect();
    names.sort_unstable();
    let names: Vec<Term> = names.into_iter().map(Term::atom).collect();
    ctx.list(&names)
}

/// Where the dictionary keeps a key: small integers by their value, atoms by their number, anything else by its internal hash, as in OTP.
pub(super) fn key_hash(mem: Mem, names: &dyn Names, key: Term) -> u64 {
    match (key.as_small(), key.as_atom()) {
        // The word without its tag, as OTP takes it: the same low bits for negative numbers too.
        (Some(n), _) => n as u64,
        (_, Some(atom)) => u64::from(atom.0),
        _ => hash::internal_hash(mem, names, key),
    }
}

/// Words that a term can have without a collection.
pub(super) fn words_left(ctx: &Ctx<'_>) -> u32 {
    ctx.proc.heap.free().saturating_sub(REDZONE)
}

/// Pairs live on the heap proper, so that a `put` collects where one of OTP would.
fn put(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    put_pair(ctx, args[0], args[1])
}

/// `put/2`; when it asks for a collection, nothing has changed.
pub(super) fn put_pair(ctx: &mut Ctx<'_>, key: Term, value: Term) -> BifResult {
    let mem = ctx.sys.mem();
    let hash = key_hash(mem, &ctx.sys.names(), key);
    let need = ctx.proc.dict.words_to_put(mem, hash, key, value);
    if need > 0 && words_left(ctx) < need {
        return Err(Fault::Collect(need));
    }
    let names = SystemNames { atoms: &ctx.sys.atoms, code: &ctx.sys.code };
    let mut alloc = HeapAlloc { heap: &mut ctx.proc.heap, arena: &mut ctx.sys.arena };
    let old = ctx.proc.dict.put(&mut alloc, &|mem, key| key_hash(mem, &names, key), key, value)?;
    Ok(old.unwrap_or(Term::atom(am::UNDEFINED)))
}

fn get_1(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let mem = ctx.sys.mem();
    let hash = key_hash(mem, &ctx.sys.names(), args[0]);
    Ok(ctx.proc.dict.get(mem, hash, args[0]).unwrap_or(Term::atom(am::UNDEFINED)))
}

fn erase_1(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let mem = ctx.sys.mem();
    let hash = key_hash(mem, &ctx.sys.names(), args[0]);
    let mut alloc = HeapAlloc { heap: &mut ctx.proc.heap, arena: &mut ctx.sys.arena };
    let old = ctx.proc.dict.erase(&mut alloc, hash, args[0])?;
    Ok(old.unwrap_or(Term::atom(am::UNDEFINED)))
}

/// The pairs as `get/0` lists them, as keys and values.
pub(super) fn all_pairs(mem: Mem, dict: &Dictionary) -> Vec<(Term, Term)> {
    let mut all: Vec<_> = dict.pairs(mem).map(|p| (mem.element(p, 1), mem.element(p, 2))).collect();
    all.reverse();
    all
}

/// Copies of the pairs: `put` may change a value in place.
fn get_0(ctx: &mut Ctx<'_>, _: &[Term]) -> BifResult {
    let all = all_pairs(ctx.sys.mem(), &ctx.proc.dict);
    let mut out = Vec::with_capacity(all.len());
    for (k, v) in all {
        out.push(ctx.tuple(&[k, v])?);
    }
    ctx.list(&out)
}

fn erase_0(ctx: &mut Ctx<'_>, _: &[Term]) -> BifResult {
    let mut all: Vec<Term> = ctx.proc.dict.pairs(ctx.sys.mem()).collect();
    all.reverse();
    let list = ctx.list(&all)?;
    ctx.proc.dict.clear();
    Ok(list)
}

fn get_keys_0(ctx: &mut Ctx<'_>, _: &[Term]) -> BifResult {
    let keys: Vec<Term> = all_pairs(ctx.sys.mem(), &ctx.proc.dict).into_iter().map(|p| p.0).collect();
    ctx.list(&keys)
}

fn get_keys_1(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let mem = ctx.sys.mem();
    let all = all_pairs(mem, &ctx.proc.dict).into_iter();
    let keys: Vec<Term> = all.filter(|p| order::exact_eq(mem, p.1, args[0])).map(|p| p.0).collect();
    ctx.list(&keys)
}
