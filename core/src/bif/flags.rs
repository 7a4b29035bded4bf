//! `process_flag/2,3`.

use super::process::{max_heap, priority, priority_atom};
use super::support::atom_map;
use super::{Bif, BifResult, Ctx, bif};
use crate::atom::am;
use crate::heap::gc::sizes;
use crate::process::MaxHeap;
use crate::term::Term;

pub const BIFS: &[Bif] = &[
    bif("erlang", "process_flag", 2, process_flag),
    bif("erlang", "process_flag", 3, process_flag_3),
    bif("erts_internal", "process_flag", 3, process_flag_3),
];

/// The least `min_heap_size`, in words.
const MIN_HEAP: usize = 233;
/// The least virtual binary heap, in words.
const MIN_VHEAP: u64 = 46422;

/// The value of `max_heap_size` as `process_flag` and `process_info` show it.
pub(super) fn max_heap_map(ctx: &mut Ctx<'_>, m: MaxHeap) -> BifResult {
    let size = ctx.uint(m.words)?;
    Ok(atom_map(
        ctx,
        &[
            (am::ERROR_LOGGER, Term::bool(m.error_logger)),
            (am::INCLUDE_SHARED_BINARIES, Term::bool(m.include_shared_binaries)),
            (am::KILL, Term::bool(m.kill)),
            (am::SIZE, size),
        ],
    )?)
}

/// Sets a flag of the calling process; the result is the value before.
fn process_flag(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let v = args[1];
    let (boolean, small) = (v.as_bool(), v.as_small().filter(|n| *n >= 0));
    let mem = ctx.sys.mem();
    let flag = if mem.tuple_arity(args[0]) == Some(2) { mem.element(args[0], 1) } else { args[0] };
    if flag.is(am::MONITOR_NODES) {
        return monitor_nodes(ctx, args[0], boolean);
    }
    if args[0].is(am::SCHEDULER) {
        // There is one scheduler; 0 is none in particular.
        return match small {
            Some(n) if n <= 1 => {
                let bound = std::mem::replace(&mut ctx.proc.bound, n == 1);
                Ok(Term::small(i64::from(bound)))
            }
            _ => Err(ctx.badarg()),
        };
    }
    let p = &mut *ctx.proc;
    let old = match (args[0].as_atom(), boolean, small) {
        (Some(am::TRAP_EXIT), Some(b), _) => Term::bool(std::mem::replace(&mut p.trap_exit, b)),
        (Some(am::SENSITIVE), Some(b), _) => Term::bool(std::mem::replace(&mut p.sensitive, b)),
        (Some(am::ASYNC_DIST), Some(b), _) => Term::bool(std::mem::replace(&mut p.async_dist, b)),
        (Some(am::PRIORITY), ..) => match priority(v) {
            Some(new) => Term::atom(priority_atom(std::mem::replace(&mut p.priority, new))),
            None => return Err(ctx.badarg()),
        },
        (Some(am::ERROR_HANDLER), ..) => match v.as_atom() {
            Some(new) => {
                p.rare_properties |= new != am::ERROR_HANDLER;
                Term::atom(std::mem::replace(&mut p.error_handler, new))
            }
            None => return Err(ctx.badarg()),
        },
        (Some(am::FULLSWEEP_AFTER), _, Some(n)) => {
            // OTP keeps 16 bits.
            let n = n as u16 as u32;
            Term::small(std::mem::replace(&mut p.heap.fullsweep_after, n) as i64)
        }
        (Some(am::MIN_HEAP_SIZE), _, Some(n)) if n <= 1 << 28 => {
            let n = sizes::at_least(n as usize).max(MIN_HEAP);
            Term::small(std::mem::replace(&mut p.heap.min_size, n) as i64)
        }
        (Some(am::MIN_BIN_VHEAP_SIZE), _, Some(n)) if n <= 1 << 40 => {
            let n = (sizes::at_least(n as usize) as u64).max(MIN_VHEAP);
            Term::small(std::mem::replace(&mut p.heap.min_vheap, n) as i64)
        }
        (Some(am::MAX_HEAP_SIZE), ..) => {
            let before = ctx.proc.max_heap;
            // What a map leaves out is as the system has it, not as it was.
            let base = ctx.sys.shared.max_heap;
            match max_heap(ctx, v, base) {
                Some(m) => ctx.proc.max_heap = m,
                None => return Err(ctx.badarg()),
            }
            return max_heap_map(ctx, before);
        }
        (Some(am::MESSAGE_QUEUE_DATA), ..) => {
            let off = match v.as_atom() {
                Some(am::ON_HEAP) => false,
                Some(am::OFF_HEAP) => true,
                _ => return Err(ctx.badarg()),
            };
            Term::atom(if std::mem::replace(&mut p.off_heap_messages, off) { am::OFF_HEAP } else { am::ON_HEAP })
        }
        // Nothing is saved: `process_info(_, last_calls)` says so.
        (Some(am::SAVE_CALLS), _, Some(0)) => Term::small(0),
        (
            Some(
                am::TRAP_EXIT
                | am::SENSITIVE
                | am::ASYNC_DIST
                | am::FULLSWEEP_AFTER
                | am::MIN_HEAP_SIZE
                | am::MIN_BIN_VHEAP_SIZE,
            ),
            ..,
        ) => return Err(ctx.badarg()),
        (Some(am::SAVE_CALLS), ..) => return Err(ctx.badarg_cause(am::NONE)),
        _ => return Err(ctx.badarg_cause(am::BADOPT)),
    };
    Ok(old)
}

/// `monitor_nodes` and `{monitor_nodes, Options}`: no node ever comes or goes, so only the subscriptions are counted, apart for each set of options
/// (a map, as `net_kernel` makes it). The result is their number before.
fn monitor_nodes(ctx: &mut Ctx<'_>, flag: Term, on: Option<bool>) -> BifResult {
    let mem = ctx.sys.mem();
    let options = if flag.is_atom() { Term::NIL } else { mem.element(flag, 2) };
    let bits = if options.is_nil() { Some(0) } else { node_options(ctx, options) };
    let (Some(on), Some(bits)) = (on, bits) else { return Err(ctx.badarg()) };
    let key = (ctx.proc.pid.raw(), bits);
    let all = &mut ctx.sys.resources.node_monitors;
    let before = all.get(&key).copied().unwrap_or(0);
    if on {
        all.insert(key, before + 1);
    } else {
        all.remove(&key);
    }
    Ok(Term::small(before))
}

/// The options as bits; `None`: one isn't known. Without `list => true`, what is told comes as a map.
fn node_options(ctx: &Ctx<'_>, options: Term) -> Option<u8> {
    const AS_MAP: u8 = 16;
    let mem = ctx.sys.mem();
    if !mem.is_flat_map(options) {
        return None;
    }
    let mut bits = AS_MAP;
    for (key, value) in super::support::flat_pairs(mem, options) {
        match (ctx.sys.atoms.name(key.as_atom()?), value.as_bool()) {
            ("list", Some(true)) => bits &= !AS_MAP,
            ("connection_id", Some(on)) => bits |= u8::from(on),
            ("nodedown_reason", Some(on)) => bits |= u8::from(on) << 1,
            ("node_type", None) => match ctx.sys.atoms.name(value.as_atom()?) {
                "visible" => bits |= 4,
                "hidden" => bits |= 8,
                "all" => bits |= 12,
                _ => return None,
            },
            _ => return None,
        }
    }
    Some(bits)
}

/// `save_calls` and `async_dist` of another process; the first is always 0.
fn process_flag_3(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    if !args[0].is_local_pid() {
        return Err(ctx.badarg_cause(am::BADTYPE));
    }
    let ok = args[1].is(am::SAVE_CALLS) && args[2] == Term::small(0) && ctx.signals().find_alive(args[0]).is_some();
    if ok { Ok(Term::small(0)) } else { Err(ctx.badarg()) }
}
