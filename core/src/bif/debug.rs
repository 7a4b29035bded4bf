//! The emulator's insides as OTP's own tests reach them: `erts_debug:get_internal_state/1` and `set_internal_state/2`.
//!
//! Closed until `set_internal_state(available_internal_state, true)` opens them; then unknown keys are bad arguments, as in OTP. The loop
//! limits of binary, Unicode and regular-expression BIFs are kept and given back, but change nothing: those BIFs yield by reductions here. Mirrors
//! the end of `erl_bif_info.c`.

use super::{Bif, BifResult, Ctx, Fault, bif};
use crate::atom::am;
use crate::term::Term;

pub const BIFS: &[Bif] = &[
    bif("erts_debug", "get_internal_state", 1, get_internal_state),
    bif("erts_debug", "set_internal_state", 2, set_internal_state),
];

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
        Some("DbTable_words") => ctx.tuple(&[Term::small(TABLE_WORDS.0), Term::small(TABLE_WORDS.1)]),
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
            let first = if key == "re_loop_limit" { 40_000 } else { 0 };
            Ok(Term::small(limits.insert(key, limit).unwrap_or(first).max(0)))
        }
        // Nothing is done later than it seems: what was freed is free.
        ("wait", Some("deallocations" | "timer_cancellations" | "aux_work" | "thread_progress")) => {
            Ok(Term::atom(am::OK))
        }
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
