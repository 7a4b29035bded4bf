//! What OTP's first processes need and no other family has: system processes, file names, signals, drivers (refused).

use super::{Bif, BifResult, Ctx, Fault, bif};
use crate::atom::am;
use crate::process::{Mfa, Priority};
use crate::signals::{SpawnOpts, Start};
use crate::term::Term;

pub const BIFS: &[Bif] = &[
    bif("erts_internal", "spawn_system_process", 3, spawn_system_process),
    bif("erts_internal", "is_system_process", 1, |c, a| {
        if !a[0].is_local_pid() {
            return Err(c.badarg());
        }
        Ok(Term::bool(c.sys.resources.system_processes.contains(&a[0].raw())))
    }),
    bif("erts_internal", "no_aux_work_threads", 0, |_, _| Ok(Term::small(1))),
    bif("erts_internal", "dirty_process_handle_signals", 1, |c, _| c.atom("noproc")),
    bif("erts_internal", "erase_persistent_terms", 0, |c, _| {
        let areas = c.sys.shared.persistent.erase_all();
        super::code_purge::release_areas(c, areas)?;
        Ok(Term::atom(am::OK))
    }),
    bif("erts_trace_cleaner", "check", 0, |_, _| Ok(Term::bool(false))),
    bif("erts_trace_cleaner", "send_trace_clean_signal", 1, |_, _| Ok(Term::atom(am::OK))),
    bif("erts_internal", "scheduler_wall_time", 1, |c, a| match a[0].as_bool() {
        // Not measured here: what is turned on stays off.
        Some(_) => Ok(Term::bool(false)),
        None => Err(c.badarg()),
    }),
    bif("erlang", "nodes", 2, nodes_with_info),
    bif("os", "set_signal", 2, |c, a| match (a[0].as_atom(), a[1].as_atom()) {
        (Some(_), Some(_)) => Ok(Term::atom(am::OK)),
        _ => Err(c.badarg()),
    }),
    bif("prim_file", "internal_name2native", 1, name_to_native),
    bif("prim_file", "internal_native2name", 1, native_to_name),
    bif("prim_file", "internal_normalize_utf8", 1, |c, a| match bytes(c, a[0])?.map(String::from_utf8) {
        Some(Ok(text)) => c.string(&text),
        _ => Err(c.badarg()),
    }),
    bif("prim_file", "is_translatable", 1, |c, a| Ok(Term::bool(native(c, a[0]).is_some()))),
    bif("erl_ddll", "loaded_drivers", 0, |c, _| c.tuple(&[Term::atom(am::OK), Term::NIL])),
    bif("erl_ddll", "try_load", 3, |c, _| Err(c.error_atom(am::NOTSUP))),
    bif("erl_ddll", "try_unload", 2, |c, _| Err(c.error_atom(am::NOTSUP))),
    bif("erl_ddll", "info", 2, |c, _| Err(c.badarg())),
    bif("erl_ddll", "format_error_int", 1, |c, _| c.string("Drivers can not be loaded into this VM")),
    bif("erl_ddll", "monitor", 2, |c, _| Err(c.error_atom(am::NOTSUP))),
    bif("erl_ddll", "demonitor", 1, |c, _| Err(c.error_atom(am::NOTSUP))),
];

/// A process that `init` leaves alone when it ends everything.
fn spawn_system_process(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let (Some(module), Some(function)) = (a[0].as_atom(), a[1].as_atom()) else { return Err(ctx.badarg()) };
    let arity = ctx.list_to_vec(a[2])?.len();
    let Ok(arity) = u8::try_from(arity) else { return Err(ctx.system_limit()) };
    let start = Start { mfa: Mfa { module, function, arity }, fun: Term::NONE, args: a[2] };
    let opts = SpawnOpts { priority: Some(Priority::Normal), ..SpawnOpts::default() };
    match ctx.signals().spawn(start, &opts, None) {
        Ok(pid) => {
            ctx.sys.resources.system_processes.insert(pid.raw());
            Ok(pid)
        }
        Err(crate::signals::spawn::SpawnError::TooMany) => Err(ctx.system_limit()),
        Err(crate::signals::spawn::SpawnError::Memory) => Err(Fault::Memory),
    }
}

fn bytes(ctx: &mut Ctx<'_>, t: Term) -> Result<Option<Vec<u8>>, Fault> {
    let mem = ctx.sys.mem();
    Ok(mem.bits(t).filter(|b| b.len % 8 == 0).map(|b| b.to_vec(mem)))
}

/// A name as the host has it: a binary as it is, text (also deep, with atoms in it) as UTF-8.
fn native(ctx: &mut Ctx<'_>, name: Term) -> Option<Vec<u8>> {
    let mem = ctx.sys.mem();
    if let Some(b) = mem.bits(name) {
        return (b.len % 8 == 0).then(|| b.to_vec(mem));
    }
    if name.is_atom() {
        return None;
    }
    let mut out = String::new();
    let mut stack = vec![name];
    while let Some(mut t) = stack.pop() {
        while t.is_list() {
            let head = mem.head(t);
            t = mem.tail(t);
            match head.as_small() {
                Some(c) => out.push(u32::try_from(c).ok().and_then(char::from_u32)?),
                None => {
                    stack.push(t);
                    t = head;
                }
            }
        }
        match t.as_atom() {
            Some(a) => out.push_str(ctx.sys.atoms.name(a)),
            None if t.is_nil() => {}
            None => return None,
        }
    }
    Some(out.into_bytes())
}

fn name_to_native(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    match native(ctx, a[0]) {
        Some(mut name) if !name.contains(&0) => {
            name.push(0);
            ctx.binary(&name)
        }
        _ => Err(ctx.badarg()),
    }
}

fn native_to_name(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    match bytes(ctx, a[0])?.map(String::from_utf8) {
        Some(Ok(text)) => ctx.string(&text),
        Some(Err(_)) => ctx.tuple(&[Term::atom(am::ERROR), Term::atom(am::WARNING)]),
        None => Err(ctx.badarg()),
    }
}

/// `nodes(What, #{connection_id => Bool, node_type => Bool})`: there is this node alone.
fn nodes_with_info(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let mem = ctx.sys.mem();
    let what = if a[0].is_list() { ctx.list_to_vec(a[0])? } else { vec![a[0]] };
    let mut this = false;
    for w in what {
        match w.as_atom() {
            Some(am::THIS | am::KNOWN) => this = true,
            Some(am::VISIBLE | am::HIDDEN | am::CONNECTED) => {}
            _ => return Err(ctx.badarg()),
        }
    }
    let mut info = Vec::new();
    for (k, v) in super::support::flat_pairs(mem, a[1]) {
        let Some(key) = k.as_atom() else { return Err(ctx.badarg()) };
        let value = match (ctx.sys.atoms.name(key), v.as_bool()) {
            ("connection_id", Some(wanted)) => wanted.then_some(am::UNDEFINED),
            ("node_type", Some(wanted)) => wanted.then_some(am::THIS),
            _ => return Err(ctx.badarg()),
        };
        info.extend(value.map(|value| (key, Term::atom(value))));
    }
    if !this {
        return Ok(Term::NIL);
    }
    let map = super::support::atom_map(ctx, &info)?;
    let pair = ctx.tuple(&[Term::atom(am::NONAME), map])?;
    ctx.list(&[pair])
}
