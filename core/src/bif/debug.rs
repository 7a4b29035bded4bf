//! The emulator's insides as OTP's own tests reach them: `erts_debug:get_internal_state/1` and `set_internal_state/2`.
//!
//! Closed until `set_internal_state(available_internal_state, true)` opens them; then unknown keys are bad arguments, as in OTP. The loop
//! limits of binary, Unicode and regular-expression BIFs are kept and given back, but change nothing: those BIFs yield by reductions here. Mirrors
//! the end of `erl_bif_info.c`.

use super::{Bif, BifResult, Ctx, Fault, bif};
use crate::atom::am;
use crate::heap::map;
use crate::process::State;
use crate::term::Term;

pub const BIFS: &[Bif] = &[
    bif("erts_debug", "get_internal_state", 1, get_internal_state),
    bif("erts_debug", "set_internal_state", 2, set_internal_state),
    bif("erts_debug", "map_info", 1, map_info),
];

/// `[{depth, _}, {arrays, _, []}, {collisions, _, _}, {bitmaps, _, _}, {leafs, _, _}]` of a hash map.
fn map_info(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let mem = ctx.sys.mem();
    if !mem.is_map(args[0]) {
        return Err(ctx.error_pair(am::BADMAP, args[0]));
    }
    if mem.is_flat_map(args[0]) {
        return Err(ctx.badarg());
    }
    let s = map::shape(mem, args[0]);
    ctx.charge(s.leaves.0 as usize / 10);
    let small = |n: u64| Term::small(n as i64);
    let depth = ctx.atom("depth")?;
    let arrays = ctx.atom("arrays")?;
    let mut out = vec![ctx.tuple(&[depth, small(s.depth)])?, ctx.tuple(&[arrays, small(s.arrays), Term::NIL])?];
    for (name, n, by) in [
        ("collisions", s.collisions.0, &s.collisions.1[..]),
        ("bitmaps", s.bitmaps.0, &s.bitmaps.1[..]),
        ("leafs", s.leaves.0, &s.leaves.1[..]),
    ] {
        let name = ctx.atom(name)?;
        let by: Vec<Term> = by.iter().map(|n| small(*n)).collect();
        let by = ctx.tuple(&by)?;
        out.push(ctx.tuple(&[name, small(n), by])?);
    }
    ctx.list(&out)
}

/// Words of a table's own record and of one of its extension blocks in OTP 27 (`DbTable_words`).
const TABLE_WORDS: (i64, i64) = (49, 6);

fn undef(ctx: &mut Ctx<'_>) -> Fault {
    ctx.error_atom(am::UNDEF)
}

fn name(ctx: &Ctx<'_>, t: Term) -> Option<String> {
    Some(ctx.sys.atoms.name(t.as_atom()?).to_string())
}

fn get_internal_state(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    if !ctx.sys.resources.internals.open {
        return Err(undef(ctx));
    }
    match name(ctx, args[0]).as_deref() {
        Some("available_internal_state" | "check_time_config") => Ok(Term::bool(true)),
        Some("force_heap_frags") => Ok(Term::bool(false)),
        Some("reds_left") => Ok(Term::small(i64::from(ctx.proc.budget))),
        Some("flxctr_memory_usage") => ctx.atom("notsup"),
        Some("next_pid") => Ok(Term::small(ctx.sys.procs.next_number() as i64)),
        Some("next_port") => Ok(Term::small(ctx.sys.resources.next_port as i64)),
        Some("check_io_debug") => ctx.tuple(&[Term::small(0), Term::small(0)]),
        Some("nbalance") => Ok(Term::small(0)),
        Some("memory") => super::system::all_memory(ctx),
        Some("max_atom_out_cache_index") => Ok(Term::small(2038)),
        Some("scheduler_dump") => Ok(Term::bool(false)),
        Some("min_unique_integer" | "min_unique_monotonic_integer") => Ok(Term::small(crate::term::MIN_SMALL)),
        None => state_of(ctx, args[0]),
        Some("DbTable_words") => ctx.tuple(&[Term::small(TABLE_WORDS.0), Term::small(TABLE_WORDS.1)]),
        _ => Err(ctx.badarg()),
    }
}

/// `{Key, Argument}`.
fn state_of(ctx: &mut Ctx<'_>, key: Term) -> BifResult {
    let mem = ctx.sys.mem();
    if mem.tuple_arity(key) != Some(2) {
        return Err(ctx.badarg());
    }
    let arg = mem.element(key, 2);
    match name(ctx, mem.element(key, 1)).as_deref() {
        Some("process_status") if arg.is_local_pid() => {
            let me = ctx.proc.pid;
            let status = match ctx.signals().find(arg).map(|(p, _)| p.state) {
                None => "undefined",
                Some(_) if arg == me => "running",
                Some(State::Runnable) => "runnable",
                Some(State::Waiting) => "waiting",
                Some(State::Suspended { .. }) => "suspended",
                Some(State::Exiting) => "exiting",
            };
            ctx.atom(status)
        }
        Some(what @ ("link_list" | "monitor_list")) if arg.is_local_pid() => {
            let Some(p) = ctx.process(arg) else { return Ok(Term::atom(am::UNDEFINED)) };
            let items: Vec<Term> = match what {
                "link_list" => p.relations.links.iter().map(|w| Term(*w)).collect(),
                _ => p.relations.monitors.values().chain(p.relations.monitored_by.values()).map(|m| m.pid).collect(),
            };
            ctx.list(&items)
        }
        Some("channel_number") if arg.is_atom() => Ok(Term::small(0)),
        Some("dist_ctrl") if arg.is_atom() => Ok(Term::atom(am::UNDEFINED)),
        Some("binary_info") if mem.is_bitstring(arg) => {
            let kind = match mem.kind(arg) {
                Some(crate::term::Kind::HeapBits) => "heap_binary",
                _ => return Err(ctx.badarg()),
            };
            ctx.atom(kind)
        }
        _ => Err(ctx.badarg()),
    }
}

fn set_internal_state(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let Some(key) = name(ctx, args[0]) else { return Err(ctx.badarg()) };
    if key == "available_internal_state"
        && let Some(open) = args[1].as_bool()
    {
        return Ok(Term::bool(std::mem::replace(&mut ctx.sys.resources.internals.open, open)));
    }
    if !ctx.sys.resources.internals.open {
        return Err(undef(ctx));
    }
    let value = name(ctx, args[1]);
    match (key.as_str(), value.as_deref()) {
        ("binary_loop_limit" | "re_loop_limit" | "unicode_loop_limit", text) => {
            let limit = match args[1].as_small() {
                Some(n) if n >= 0 => n,
                None if text == Some("default") => -1,
                _ => return Err(ctx.badarg()),
            };
            let limits = &mut ctx.sys.resources.internals.loop_limits;
            // What OTP begins with; it shows "no limit" as 0.
            let first = if key == "binary_loop_limit" { 0 } else { 40_000 };
            Ok(Term::small(limits.insert(key, limit).unwrap_or(first).max(0)))
        }
        // Nothing is done later than it seems: what was freed is free.
        ("wait", Some("deallocations" | "timer_cancellations" | "aux_work" | "thread_progress")) => {
            Ok(Term::atom(am::OK))
        }
        // The whole VM stands still for so long in OTP; nothing depends on it.
        ("block" | "sleep" | "test_long_gc_sleep", _) if args[1].as_small().is_some_and(|n| n >= 0) => {
            Ok(Term::bool(true))
        }
        // Whether a process may be collected: always, so only "yes" is taken.
        ("gc_state", Some("true")) => Ok(Term::bool(true)),
        ("kill_dist_connection", _) if args[1].is_atom() => Ok(Term::bool(false)),
        ("node_tab_delayed_delete" | "process_uniq_counter", _) => Ok(Term::atom(am::OK)),
        ("next_pid" | "next_port", _) => match args[1].as_small() {
            Some(n) if n >= 0 => {
                let next = if key == "next_pid" {
                    ctx.sys.procs.set_next_number(n as u64)
                } else {
                    ctx.sys.resources.next_port = ctx.sys.resources.next_port.max(n as u64);
                    ctx.sys.resources.next_port
                };
                Ok(Term::small(next as i64))
            }
            _ => Err(ctx.badarg()),
        },
        ("ets_force_trap", _) => ctx.atom("notsup"),
        ("ets_force_split" | "ets_debug_random_split_join", _) if ctx.sys.mem().tuple_arity(args[1]) == Some(2) => {
            Ok(Term::atom(am::OK))
        }
        ("reds_left", _) => match args[1].as_small().and_then(|n| i32::try_from(n).ok()) {
            Some(n) if n >= 0 => {
                ctx.proc.budget = n;
                Ok(Term::bool(true))
            }
            _ => Err(ctx.badarg()),
        },
        ("force_gc", _) if args[1].is_local_pid() => {
            let Some(p) = ctx.process(args[1]) else { return Ok(Term::bool(false)) };
            p.request_collection();
            Ok(Term::bool(true))
        }
        ("binary", _) => match args[1].as_small().and_then(|n| usize::try_from(n).ok()) {
            Some(n) if n as u64 <= ctx.sys.arena.limit() => ctx.binary(&vec![0; n]),
            Some(_) => Ok(Term::bool(false)),
            None => Err(ctx.badarg()),
        },
        // What a message would bring: a copy in a fragment of its own.
        ("mbuf", _) => ctx.copy_in(args[1]),
        _ => Err(ctx.badarg()),
    }
}
