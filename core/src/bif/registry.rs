//! Registered names and the process dictionary.

use super::{Bif, BifResult, Ctx, bif};
use crate::atom::am;
use crate::heap::order;
use crate::process::trace::flag;
use crate::term::{Term, hash};

pub const BIFS: &[Bif] = &[
    bif("erlang", "register", 2, register),
    bif("erlang", "unregister", 1, unregister),
    bif("erlang", "whereis", 1, whereis),
    bif("erlang", "registered", 0, registered),
    bif("erlang", "put", 2, put),
    bif("erlang", "get", 0, get_0),
    bif("erlang", "get", 1, get_1),
    bif("erlang", "get_keys", 0, get_keys_0),
    bif("erlang", "get_keys", 1, get_keys_1),
    bif("erlang", "erase", 0, erase_0),
    bif("erlang", "erase", 1, erase_1),
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

fn key_hash(ctx: &Ctx<'_>, key: Term) -> u32 {
    let mem = ctx.sys.mem();
    let h = hash::internal_hash(mem, &ctx.sys.names(), key);
    (h ^ h >> 32) as u32
}

fn put(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let mem = ctx.sys.mem();
    let h = key_hash(ctx, args[0]);
    let old = ctx.proc.dict.put(h, args[0], args[1], |k| order::exact_eq(mem, k, args[0]));
    Ok(old.unwrap_or(Term::atom(am::UNDEFINED)))
}

fn get_1(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let mem = ctx.sys.mem();
    let h = key_hash(ctx, args[0]);
    let found = ctx.proc.dict.get(h, |k| order::exact_eq(mem, k, args[0]));
    Ok(found.unwrap_or(Term::atom(am::UNDEFINED)))
}

fn erase_1(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let mem = ctx.sys.mem();
    let h = key_hash(ctx, args[0]);
    let old = ctx.proc.dict.erase(h, |k| order::exact_eq(mem, k, args[0]));
    Ok(old.unwrap_or(Term::atom(am::UNDEFINED)))
}

fn get_0(ctx: &mut Ctx<'_>, _: &[Term]) -> BifResult {
    let pairs: Vec<_> = ctx.proc.dict.iter().collect();
    let mut out = Vec::with_capacity(pairs.len());
    for (k, v) in pairs {
        out.push(ctx.tuple(&[k, v])?);
    }
    ctx.list(&out)
}

fn erase_0(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let all = get_0(ctx, args)?;
    ctx.proc.dict.clear();
    Ok(all)
}

fn get_keys_0(ctx: &mut Ctx<'_>, _: &[Term]) -> BifResult {
    let keys: Vec<Term> = ctx.proc.dict.iter().map(|p| p.0).collect();
    ctx.list(&keys)
}

fn get_keys_1(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let mem = ctx.sys.mem();
    let keys: Vec<Term> = ctx.proc.dict.iter().filter(|p| order::exact_eq(mem, p.1, args[0])).map(|p| p.0).collect();
    ctx.list(&keys)
}
