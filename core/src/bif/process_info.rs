//! `process_info/1,2`: what a process is, read from its own data. Mirrors `erl_bif_info.c` (OTP 27).

use super::flags::max_heap_map;
use super::process::priority_atom;
use super::{Bif, BifResult, Ctx, Fault, heavy};
use crate::atom::{Atom, am};
use crate::heap::{REDZONE, binary};
use crate::process::{CodePtr, Mfa, Process, State};
use crate::term::{Mem, TAG_HEADER, Term, object};

pub const BIFS: &[Bif] =
    &[heavy("erlang", "process_info", 1, process_info_1), heavy("erlang", "process_info", 2, process_info_2)];

/// What OTP 27 counts in `process_info(_, memory)` besides heaps, in bytes: its structure of a process, the table of rarer properties, a
/// message, a link, a monitor (in both processes; one by name takes more), an alias. Measured on a 64-bit system.
mod bytes {
    pub const PROCESS: u64 = 760;
    pub const PROPERTIES: u64 = 96;
    pub const MESSAGE: u64 = 88;
    pub const LINK: u64 = 48;
    pub const MONITOR: u64 = 72;
    pub const NAMED_MONITOR: u64 = 80;
    pub const ALIAS: u64 = 112;
}
/// Most entries of `current_stacktrace` (OTP's `backtrace_depth`).
const MAX_FRAMES: usize = 8;

/// The items of `process_info/1`, in OTP's order.
const DEFAULT_ITEMS: &[Atom] = &[
    am::CURRENT_FUNCTION,
    am::INITIAL_CALL,
    am::STATUS,
    am::MESSAGE_QUEUE_LEN,
    am::LINKS,
    am::DICTIONARY,
    am::TRAP_EXIT,
    am::ERROR_HANDLER,
    am::PRIORITY,
    am::GROUP_LEADER,
    am::TOTAL_HEAP_SIZE,
    am::HEAP_SIZE,
    am::STACK_SIZE,
    am::REDUCTIONS,
    am::GARBAGE_COLLECTION,
    am::SUSPENDING,
];

fn process_info_1(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let pid = args[0];
    if !pid.is_local_pid() {
        return Err(ctx.badarg());
    }
    let Some(p) = ctx.process(pid) else { return Ok(Term::atom(am::UNDEFINED)) };
    let mut items = Vec::new();
    if p.name.is_some() {
        items.push(am::REGISTERED_NAME);
    }
    items.extend_from_slice(DEFAULT_ITEMS);
    let mut out = Vec::with_capacity(items.len());
    for i in items {
        let Some(v) = item(ctx, pid, i)? else { return Ok(Term::atom(am::UNDEFINED)) };
        out.push(ctx.tuple(&[Term::atom(i), v])?);
    }
    ctx.list(&out)
}

pub(super) fn process_info_2(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let (pid, what) = (args[0], args[1]);
    if !pid.is_local_pid() {
        return Err(ctx.badarg());
    }
    if !(what.is_list() || what.is_nil()) {
        let value = keyed(ctx, pid, what)?;
        if value.is_none() {
            return Ok(Term::atom(am::UNDEFINED));
        }
        let unnamed = what.is(am::REGISTERED_NAME) && value.is_nil();
        return if unnamed { Ok(Term::NIL) } else { ctx.tuple(&[what, value]) };
    }
    let wanted = ctx.list_to_vec(what)?;
    let mem = ctx.sys.mem();
    let is_known = |w: &Term| is_pair(mem, *w) || w.as_atom().is_some_and(is_item);
    if !wanted.iter().all(is_known) {
        return Err(ctx.badarg());
    }
    if ctx.signals().find_alive(pid).is_none() {
        return Ok(Term::atom(am::UNDEFINED));
    }
    // OTP's order, which the sizes among the answers show: from last to first, messages before all; what is asked for twice is made once.
    let mut pairs = vec![Term::NONE; wanted.len()];
    let first = wanted.iter().position(|w| w.is(am::MESSAGES));
    // At most one of each item's name, however long the list is.
    let mut made: Vec<(Term, Term)> = Vec::new();
    for n in first.into_iter().chain((0..wanted.len()).rev()) {
        let (Some(w), Some(place)) = (wanted.get(n).copied(), pairs.get_mut(n)) else { continue };
        *place = match made.iter().find(|m| m.0 == w) {
            Some(same) => same.1,
            None => {
                let value = keyed(ctx, pid, w)?;
                let pair = ctx.tuple(&[w, value])?;
                if w.as_atom().is_some() {
                    made.push((w, pair));
                }
                pair
            }
        };
    }
    ctx.list(&pairs)
}

/// The value of an item (an atom or `{dictionary, Key}`); `NONE`: there is no such process.
fn keyed(ctx: &mut Ctx<'_>, pid: Term, what: Term) -> BifResult {
    let mem = ctx.sys.mem();
    if is_pair(mem, what) {
        return dictionary_key(ctx, pid, mem.element(what, 2));
    }
    let Some(a) = what.as_atom() else { return Err(ctx.badarg()) };
    Ok(item(ctx, pid, a)?.unwrap_or(Term::NONE))
}

/// Is it `{dictionary, Key}`?
fn is_pair(mem: Mem, what: Term) -> bool {
    mem.tuple_arity(what) == Some(2) && mem.element(what, 1).is(am::DICTIONARY)
}

fn dictionary_key(ctx: &mut Ctx<'_>, pid: Term, key: Term) -> BifResult {
    let mem = ctx.sys.mem();
    let hash = super::registry::key_hash(mem, &ctx.sys.names(), key);
    let found = match ctx.signals().find_alive(pid) {
        None => return Ok(Term::NONE),
        Some((p, _)) if p.sensitive => None,
        Some((p, _)) => p.dict.get(mem, hash, key),
    };
    ctx.copy_in(found.unwrap_or(Term::atom(am::UNDEFINED)))
}

/// What a process is doing.
fn status(s: State, running: bool) -> Atom {
    match s {
        _ if running => am::RUNNING,
        State::Runnable => am::RUNNABLE,
        State::Waiting => am::WAITING,
        State::Suspended { .. } => am::SUSPENDED,
        State::Exiting => am::EXITING,
    }
}

/// Words of the fragments of messages that haven't been received.
fn message_words(p: &Process) -> u64 {
    p.mailbox.iter().filter_map(|m| m.fragment).map(|(f, _)| f.used as u64).sum()
}

/// Words of the heap's blocks and fragments.
fn heap_words(p: &Process) -> u64 {
    (p.heap.size() + p.heap.old_size() + p.heap.frag_words) as u64
}

/// `process_info(_, total_heap_size)`: messages count unless they are to stay off the heap.
pub(super) fn total_heap_words(p: &Process) -> u64 {
    heap_words(p) + if p.off_heap_messages { 0 } else { message_words(p) }
}

/// Bytes of a process: `process_info(_, memory)`.
pub fn process_bytes(p: &Process) -> u64 {
    let r = &p.relations;
    let own = r.monitors.iter();
    let monitors: u64 = own.map(|(_, m)| if m.name.is_none() { bytes::MONITOR } else { bytes::NAMED_MONITOR }).sum();
    let targets = r.monitored_by.values();
    let monitored: u64 = targets.map(|m| if m.name.is_none() { bytes::MONITOR } else { bytes::NAMED_MONITOR }).sum();
    // The alias of a monitor is part of the monitor.
    let aliases = r.aliases.keys().filter(|id| !r.monitors.contains_key(id)).count() as u64;
    bytes::PROCESS
        + if p.rare_properties { bytes::PROPERTIES } else { 0 }
        + 8 * (heap_words(p) + message_words(p))
        + bytes::MESSAGE * p.mailbox.len() as u64
        + bytes::LINK * r.links.len() as u64
        + bytes::ALIAS * aliases
        + monitors
        + monitored
        + p.dict.table_bytes()
}

/// The value of one item; `None`: there is no such process.
fn item(ctx: &mut Ctx<'_>, pid: Term, what: Atom) -> Result<Option<Term>, Fault> {
    ctx.charge(1);
    let me = ctx.proc.pid;
    let mem = ctx.sys.mem();
    let Some(p) = ctx.process(pid) else {
        return if is_item(what) { Ok(None) } else { Err(ctx.badarg()) };
    };
    let atom = |a: Atom| Ok(Some(Term::atom(a)));
    let number: u64 = match what {
        am::REGISTERED_NAME => return Ok(Some(p.name.map_or(Term::NIL, Term::atom))),
        am::STATUS => return atom(status(p.state, pid == me)),
        am::TRAP_EXIT => return Ok(Some(Term::bool(p.trap_exit))),
        am::ERROR_HANDLER => return atom(p.error_handler),
        am::PRIORITY => return atom(priority_atom(p.priority)),
        am::GROUP_LEADER => return Ok(Some(p.group_leader)),
        am::PARENT => return Ok(Some(if p.parent.is_nil() { Term::atom(am::UNDEFINED) } else { p.parent })),
        am::ASYNC_DIST => return Ok(Some(Term::bool(p.async_dist))),
        am::MESSAGE_QUEUE_DATA => return atom(if p.off_heap_messages { am::OFF_HEAP } else { am::ON_HEAP }),
        am::LAST_CALLS => return Ok(Some(Term::bool(false))),
        am::SEQUENTIAL_TRACE_TOKEN => return super::seq_trace::token_of(ctx, pid).map(Some),
        am::MAGIC_REF => return Ok(Some(Term::NIL)),
        am::TRACE => 0,
        am::CATCHLEVEL => p.catches as u64,
        am::MESSAGE_QUEUE_LEN => p.mailbox.len() as u64,
        am::HEAP_SIZE => p.heap.size() as u64,
        am::STACK_SIZE => p.heap.stack_words() as u64,
        am::TOTAL_HEAP_SIZE => total_heap_words(p),
        am::MEMORY => process_bytes(p),
        am::MIN_HEAP_SIZE => p.heap.min_size as u64,
        am::MIN_BIN_VHEAP_SIZE => p.heap.min_vheap,
        am::FULLSWEEP_AFTER => p.heap.fullsweep_after as u64,
        am::REDUCTIONS if pid == me => p.reductions + p.used().max(0) as u64,
        am::REDUCTIONS => p.reductions,
        _ => return compound(ctx, pid, what, mem),
    };
    Ok(Some(ctx.uint(number)?))
}

fn is_item(what: Atom) -> bool {
    DEFAULT_ITEMS.contains(&what)
        || [
            am::REGISTERED_NAME,
            am::PARENT,
            am::ASYNC_DIST,
            am::MESSAGE_QUEUE_DATA,
            am::LAST_CALLS,
            am::SEQUENTIAL_TRACE_TOKEN,
            am::MAGIC_REF,
            am::TRACE,
            am::CATCHLEVEL,
            am::MEMORY,
            am::MIN_HEAP_SIZE,
            am::MIN_BIN_VHEAP_SIZE,
            am::FULLSWEEP_AFTER,
            am::MESSAGES,
            am::MONITORS,
            am::MONITORED_BY,
            am::LABEL,
            am::MAX_HEAP_SIZE,
            am::GARBAGE_COLLECTION_INFO,
            am::CURRENT_LOCATION,
            am::CURRENT_STACKTRACE,
            am::BACKTRACE,
            am::BINARY,
        ]
        .contains(&what)
}

/// Items whose values are lists and tuples.
fn compound(ctx: &mut Ctx<'_>, pid: Term, what: Atom, mem: Mem) -> Result<Option<Term>, Fault> {
    let Some(p) = ctx.process(pid) else { return Ok(None) };
    let value = match what {
        am::INITIAL_CALL => {
            let m = p.initial_call;
            ctx.mfa(m)?
        }
        am::CURRENT_FUNCTION => {
            let m = current_function(ctx, pid);
            ctx.mfa(m)?
        }
        am::LINKS => {
            let links: Vec<Term> = p.relations.links.iter().map(|l| Term(*l)).collect();
            ctx.list(&links)?
        }
        // What a sensitive process holds is nobody's business.
        am::MESSAGES | am::DICTIONARY if p.sensitive => Term::NIL,
        am::BACKTRACE if p.sensitive => ctx.binary(&[])?,
        am::MESSAGES => {
            let all: Vec<Term> = p.mailbox.iter().map(|m| m.term).collect();
            ctx.copied_list(&all)?
        }
        am::DICTIONARY => {
            let all = super::registry::all_pairs(mem, &p.dict);
            let mut out = Vec::with_capacity(all.len());
            for (k, v) in all {
                let (k, v) = (ctx.copy_in(k)?, ctx.copy_in(v)?);
                out.push(ctx.tuple(&[k, v])?);
            }
            ctx.list(&out)?
        }
        am::MONITORS => {
            let all: Vec<_> = p.relations.monitors.values().copied().collect();
            let mut out = Vec::with_capacity(all.len());
            for m in all {
                let what = if m.name.is_none() { m.pid } else { ctx.tuple(&[m.name, Term::atom(am::NONAME)])? };
                let kind = if m.port { am::PORT } else { am::PROCESS };
                out.push(ctx.tuple(&[Term::atom(kind), what])?);
            }
            ctx.list(&out)?
        }
        am::MONITORED_BY => {
            let all: Vec<Term> = p.relations.monitored_by.values().map(|m| m.pid).collect();
            ctx.list(&all)?
        }
        am::SUSPENDING => {
            let all: Vec<_> = p.suspending.iter().map(|(pid, n)| (Term(*pid), *n)).collect();
            let mut out = Vec::with_capacity(all.len());
            for (pid, n) in all {
                out.push(ctx.tuple(&[pid, Term::small(n as i64), Term::small(0)])?);
            }
            ctx.list(&out)?
        }
        am::LABEL => {
            let key = ctx.atom("$process_label")?;
            return Ok(Some(dictionary_key(ctx, pid, key)?).filter(|t| !t.is_none()));
        }
        am::MAX_HEAP_SIZE => {
            let m = p.max_heap;
            max_heap_map(ctx, m)?
        }
        am::GARBAGE_COLLECTION => garbage_collection(ctx, pid)?,
        am::GARBAGE_COLLECTION_INFO => garbage_collection_info(ctx, pid, pid == ctx.proc.pid)?,
        am::BINARY => binaries(ctx, pid, mem)?,
        am::CURRENT_LOCATION => match frames(ctx, pid, 1).first() {
            Some(f) => ctx.stack_entry(*f)?,
            None => return Ok(Some(Term::NIL)),
        },
        am::CURRENT_STACKTRACE => {
            let mut out = Vec::new();
            for f in frames(ctx, pid, MAX_FRAMES) {
                out.push(ctx.stack_entry(f)?);
            }
            ctx.list(&out)?
        }
        am::BACKTRACE => {
            let mine = (pid == ctx.proc.pid).then_some(&*ctx.proc);
            let Some(p) = mine.or_else(|| ctx.sys.procs.get(pid)) else { return Ok(None) };
            let text = super::backtrace::text(ctx.sys, p);
            ctx.binary(text.as_bytes())?
        }
        _ => return Err(ctx.badarg()),
    };
    Ok(Some(value))
}

fn garbage_collection(ctx: &mut Ctx<'_>, pid: Term) -> BifResult {
    let Some(p) = ctx.process(pid) else { return Ok(Term::NIL) };
    let (max, h) = (p.max_heap, &p.heap);
    let n = [h.min_vheap, h.min_size as u64, h.fullsweep_after as u64, h.minor_since_major as u64];
    let max = max_heap_map(ctx, max)?;
    let keys = [am::MIN_BIN_VHEAP_SIZE, am::MIN_HEAP_SIZE, am::FULLSWEEP_AFTER, am::MINOR_GCS];
    let mut pairs = vec![(am::MAX_HEAP_SIZE, max)];
    for (k, n) in keys.into_iter().zip(n) {
        pairs.push((k, ctx.uint(n)?));
    }
    ctx.pair_list(&pairs)
}

/// Words of the answer: eleven cells and pairs.
const INFO_WORDS: u64 = 11 * (2 + 3);

/// Sizes of a process's heap; `asked`: by the process itself.
pub(super) fn garbage_collection_info(ctx: &mut Ctx<'_>, pid: Term, asked: bool) -> BifResult {
    let Some(p) = ctx.process(pid) else { return Ok(Term::NIL) };
    let h = &p.heap;
    // The answer is part of what is told of oneself: OTP has taken all that is left of the heap for it, or a fragment if that doesn't suffice.
    let (mut used, mut fragments) = (h.used() as u64, h.frag_words as u64);
    if asked {
        let left = u64::from(h.free().saturating_sub(REDZONE));
        if left < INFO_WORDS { fragments += INFO_WORDS } else { used += left }
    }
    let recent = (h.high_water.saturating_sub(h.start) / 8) as u64;
    let items = [
        (am::OLD_HEAP_BLOCK_SIZE, h.old_size() as u64),
        (am::HEAP_BLOCK_SIZE, h.size() as u64),
        (am::MBUF_SIZE, fragments),
        (am::RECENT_SIZE, recent),
        (am::STACK_SIZE, h.stack_words() as u64),
        (am::OLD_HEAP_SIZE, h.old_used() as u64),
        (am::HEAP_SIZE, used),
        (am::BIN_VHEAP_SIZE, h.off_heap.words),
        (am::BIN_VHEAP_BLOCK_SIZE, h.vheap_size),
        (am::BIN_OLD_VHEAP_SIZE, h.old_off_heap.words),
        (am::BIN_OLD_VHEAP_BLOCK_SIZE, h.old_vheap_size),
    ];
    let mut pairs = Vec::new();
    for (k, n) in items {
        pairs.push((k, ctx.uint(n)?));
    }
    ctx.pair_list(&pairs)
}

/// `[{Id, Bytes, References}]` of the reference-counted binaries that the heap has handles of.
fn binaries(ctx: &mut Ctx<'_>, pid: Term, mem: Mem) -> BifResult {
    let Some(p) = ctx.process(pid) else { return Ok(Term::NIL) };
    let lists = [p.heap.off_heap.first, p.heap.old_off_heap.first];
    let mut found = Vec::new();
    for mut at in lists {
        while at != 0 {
            if mem.word(at, 0) == object::BIN_REF_HEADER {
                let block = mem.word(at, 1) as u32;
                found.push((block, binary::block_bytes(mem, block), mem.word(block, 0)));
            }
            at = mem.word(at, 2) as u32;
        }
    }
    let mut out = Vec::with_capacity(found.len());
    for (block, bytes, references) in found {
        let t = [ctx.uint(block as u64)?, ctx.uint(bytes as u64)?, ctx.uint(references)?];
        out.push(ctx.tuple(&t)?);
    }
    ctx.list(&out)
}

/// The function that a process is in. Of the running one: where its instruction pointer was left.
fn current_function(ctx: &mut Ctx<'_>, pid: Term) -> Mfa {
    let me = ctx.proc.pid;
    let Some(p) = ctx.process(pid) else {
        return Mfa { module: am::UNDEFINED, function: am::UNDEFINED, arity: 0 };
    };
    let current = p.current;
    if pid != me {
        return current;
    }
    frames(ctx, pid, 1).first().map_or(current, |f| f.0)
}

/// Functions on the stack, innermost first, at most `max`.
fn frames(ctx: &mut Ctx<'_>, pid: Term, max: usize) -> Vec<(Mfa, CodePtr)> {
    let mem = ctx.sys.mem();
    let me = ctx.proc.pid;
    let Some(p) = ctx.process(pid) else { return Vec::new() };
    let (ip, current, sp, words) = (p.ip, p.current, p.heap.sp, p.heap.stack_words() as u32);
    let mut out = match ctx.sys.code.function_at(ip) {
        Some(function) => vec![(function, ip)],
        // A process that hibernates has no stack, and of one that asks for itself the asking doesn't count.
        None if current.function == am::HIBERNATE || pid == me => Vec::new(),
        None => vec![(current, ip)],
    };
    for i in 0..words {
        if out.len() >= max {
            break;
        }
        let w = mem.word(sp, i);
        if w & 3 == TAG_HEADER && w != 0 {
            let mut ptr = CodePtr::from_word(w);
            // The call stands before the place to return to.
            ptr.offset = ptr.offset.saturating_sub(1);
            // As in OTP, equal neighbours count once.
            if out.last().is_none_or(|(_, last)| *last != ptr)
                && let Some(m) = ctx.sys.code.function_at(ptr)
            {
                out.push((m, ptr));
            }
        }
    }
    out.truncate(max);
    out
}

impl Ctx<'_> {
    fn mfa(&mut self, m: Mfa) -> BifResult {
        self.tuple(&[Term::atom(m.module), Term::atom(m.function), Term::small(m.arity as i64)])
    }

    /// Copies of terms that lie elsewhere, as a list.
    fn copied_list(&mut self, terms: &[Term]) -> BifResult {
        let mut out = Vec::with_capacity(terms.len());
        for t in terms {
            out.push(self.copy_in(*t)?);
        }
        self.list(&out)
    }

    /// `{M, F, A, [{file, F}, {line, L}]}`.
    pub(super) fn stack_entry(&mut self, (m, at): (Mfa, CodePtr)) -> BifResult {
        let place = self.sys.code.location_at(at).map(|(file, line)| (file.to_string(), line));
        let location = match place {
            None => Term::NIL,
            Some((file, line)) => {
                let file = self.string(&file)?;
                self.pair_list(&[(am::FILE, file), (am::LINE, Term::small(line as i64))])?
            }
        };
        let (module, function) = (Term::atom(m.module), Term::atom(m.function));
        self.tuple(&[module, function, Term::small(m.arity as i64), location])
    }
}
