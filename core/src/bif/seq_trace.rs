//! Sequential tracing: `erlang:seq_trace/2` and its kin under module `seq_trace`, tokens that messages and spawns carry on, and what the system tracer is
//! told. The tracer is a process; tracer modules are NIF libraries and refused. The signals of links and monitors carry no token. Mirrors
//! `erl_bif_trace.c` and `seq_trace_output_generic` of `erl_trace.c` (OTP 27).

use super::{Bif, BifResult, Ctx, Fault, bif};
use crate::atom::{Atom, am};
use crate::heap::refs::{self, RefId};
use crate::process::seq::{Label, Seq, Token, flag};
use crate::process::trace::flag as trace_flag;
use crate::signals::SpawnOpts;
use crate::term::Term;
use std::sync::Arc;

pub const BIFS: &[Bif] = &[
    bif("erlang", "seq_trace", 2, seq_trace),
    bif("erlang", "seq_trace_info", 1, info),
    bif("erlang", "seq_trace_print", 1, |c, a| print(c, None, a[0])),
    bif("erlang", "seq_trace_print", 2, |c, a| print(c, Some(a[0]), a[1])),
];

/// The system flags that are set here.
pub(super) const FLAGS: [Atom; 2] = [am::SEQUENTIAL_TRACER, am::RESET_SEQ_TRACE];

fn bit(name: Atom) -> Option<u32> {
    Some(match name {
        am::SEND => flag::SEND,
        am::RECEIVE => flag::RECEIVE,
        am::PRINT => flag::PRINT,
        am::TIMESTAMP => flag::TIMESTAMP,
        am::STRICT_MONOTONIC_TIMESTAMP => flag::STRICT_MONOTONIC,
        am::MONOTONIC_TIMESTAMP => flag::MONOTONIC,
        _ => return None,
    })
}

fn label_term(ctx: &mut Ctx<'_>, label: &Label) -> BifResult {
    match label {
        Label::Immediate(t) => Ok(*t),
        Label::Packed(bytes) => super::etf::unpacked(ctx, bytes),
    }
}

fn label_of(ctx: &mut Ctx<'_>, t: Term) -> Result<Label, Fault> {
    if t.is_immed() { Ok(Label::Immediate(t)) } else { Ok(Label::Packed(super::etf::packed(ctx, t)?.into())) }
}

fn token_term(ctx: &mut Ctx<'_>, token: &Token) -> BifResult {
    let label = label_term(ctx, &token.label)?;
    ctx.tuple(&[
        Term::small(i64::from(token.flags)),
        label,
        Term::small(token.serial),
        token.from,
        Term::small(token.last),
    ])
}

/// The token of a process, or `[]`: `process_info(_, sequential_trace_token)`.
pub(super) fn token_of(ctx: &mut Ctx<'_>, pid: Term) -> BifResult {
    let token = ctx.process(pid).and_then(|p| p.seq.as_ref()).and_then(|s| s.token.clone());
    match token {
        Some(token) => token_term(ctx, &token),
        None => Ok(Term::NIL),
    }
}

/// The calling process's token, made if it has none; from now on sends look whether they carry one.
fn token<'a>(ctx: &'a mut Ctx<'_>) -> &'a mut Token {
    ctx.sys.tracing.on = true;
    ctx.sys.tracing.sequential = true;
    let me = ctx.proc.pid;
    let seq = ctx.proc.seq.get_or_insert_default();
    let last = seq.last;
    let zero = Label::Immediate(Term::small(0));
    seq.token.get_or_insert(Token { flags: 0, label: zero, serial: 0, from: me, last })
}

fn seq_trace(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let (Some(what), mem) = (args[0].as_atom(), ctx.sys.mem()) else { return Err(ctx.badarg()) };
    match (what, bit(what), args[1].as_bool()) {
        (_, Some(bit), Some(on)) => {
            let token = token(ctx);
            let before = token.flags & bit != 0;
            token.flags = if on { token.flags | bit } else { token.flags & !bit };
            Ok(Term::bool(before))
        }
        (am::LABEL, ..) => {
            let new = label_of(ctx, args[1])?;
            let before = std::mem::replace(&mut token(ctx).label, new);
            label_term(ctx, &before)
        }
        (am::SERIAL, ..) if mem.tuple_arity(args[1]) == Some(2) => {
            let (Some(last), Some(serial)) = (mem.element(args[1], 1).as_small(), mem.element(args[1], 2).as_small())
            else {
                return Err(ctx.badarg());
            };
            let token = token(ctx);
            let before = (token.last, token.serial);
            (token.last, token.serial) = (last, serial);
            let seq = ctx.proc.seq.get_or_insert_default();
            (seq.last, seq.clock) = (last, serial);
            ctx.tuple(&[Term::small(before.0), Term::small(before.1)])
        }
        (am::SEQUENTIAL_TRACE_TOKEN, ..) if args[1].is_nil() => {
            let me = ctx.proc.pid;
            let before = token_of(ctx, me)?;
            if let Some(seq) = &mut ctx.proc.seq {
                seq.token = None;
            }
            Ok(before)
        }
        _ => Err(ctx.badarg()),
    }
}

fn info(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let Some(what) = args[0].as_atom() else { return Err(ctx.badarg()) };
    let token = ctx.proc.seq.as_ref().and_then(|s| s.token.clone());
    let value = match (bit(what), token) {
        (Some(bit), token) => Term::bool(token.is_some_and(|t| t.flags & bit != 0)),
        (None, None) if matches!(what, am::LABEL | am::SERIAL) => return Ok(Term::NIL),
        (None, None) if what == am::SPAWN => Term::bool(false),
        (None, Some(token)) if what == am::LABEL => label_term(ctx, &token.label)?,
        (None, Some(token)) if what == am::SERIAL => {
            ctx.tuple(&[Term::small(token.last), Term::small(token.serial)])?
        }
        _ => return Err(ctx.badarg()),
    };
    ctx.tuple(&[args[0], value])
}

fn print(ctx: &mut Ctx<'_>, label: Option<Term>, what: Term) -> BifResult {
    let Some(token) = ctx.proc.seq.as_ref().and_then(|s| s.token.clone()) else { return Ok(Term::bool(false)) };
    if let Some(label) = label {
        let own = label_term(ctx, &token.label)?;
        if !crate::heap::order::exact_eq(ctx.sys.mem(), own, label) {
            return Ok(Term::bool(false));
        }
    }
    let Some(token) = step(ctx) else { return Ok(Term::bool(false)) };
    output(ctx, &token, flag::PRINT, Term::NIL, what)?;
    Ok(Term::bool(true))
}

/// One more event of the calling process; the token that goes with it.
fn step(ctx: &mut Ctx<'_>) -> Option<Token> {
    let me = ctx.proc.pid;
    let seq = ctx.proc.seq.as_mut()?;
    seq.step(me);
    seq.token.clone()
}

/// Tells the system tracer of an event, if there is one and the token wants it.
fn output(ctx: &mut Ctx<'_>, token: &Token, kind: u32, to: Term, message: Term) -> Result<(), Fault> {
    let Some(tracer) = ctx.sys.tracing.system_tracer else { return Ok(()) };
    if token.flags & kind == 0 || ctx.proc.sensitive {
        return Ok(());
    }
    if !ctx.signals().is_alive(tracer) {
        ctx.sys.tracing.system_tracer = None;
        return Ok(());
    }
    let tag = match kind {
        flag::SEND => am::SEND,
        flag::RECEIVE => am::RECEIVE,
        _ => am::PRINT,
    };
    let serials = ctx.tuple(&[Term::small(token.last), Term::small(token.serial)])?;
    let event = ctx.tuple(&[Term::atom(tag), serials, token.from, to, message])?;
    let label = label_term(ctx, &token.label)?;
    let mut parts = vec![Term::atom(am::SEQ_TRACE), label, event];
    let stamps = [
        (flag::TIMESTAMP, trace_flag::TIMESTAMP),
        (flag::STRICT_MONOTONIC, trace_flag::STRICT_MONOTONIC),
        (flag::MONOTONIC, trace_flag::MONOTONIC),
    ];
    let wanted = stamps.iter().filter(|s| token.flags & s.0 != 0).fold(0, |all, s| all | s.1);
    if let Some(stamp) = ctx.signals().stamp(wanted) {
        parts.push(stamp.build(ctx)?);
    }
    let told = ctx.tuple(&parts)?;
    Ok(ctx.signals().send_copy(tracer, told)?)
}

/// A message that is about to be sent: who gets it, how long that queue is, and the token that goes with it.
pub struct Sending {
    to: Term,
    queued: usize,
    token: Option<Arc<Token>>,
}

/// Before a send of the calling process, once sequential tracing is in use.
pub fn sending(ctx: &mut Ctx<'_>, dest: Term, message: Term) -> Result<Option<Sending>, Fault> {
    let mem = ctx.sys.mem();
    let named = if mem.tuple_arity(dest) == Some(2) { mem.element(dest, 1) } else { dest };
    let to = match named.as_atom() {
        Some(name) => ctx.sys.names.get(&name).copied(),
        None if mem.is_ref(dest) => mem.alias_pid(dest),
        None => dest.is_local_pid().then_some(dest),
    };
    let Some(to) = to else { return Ok(None) };
    let Some(queued) = ctx.signals().find_alive(to).map(|(p, _)| p.mailbox.len()) else { return Ok(None) };
    let token = step(ctx);
    if let Some(token) = &token {
        output(ctx, token, flag::SEND, to, message)?;
    }
    // The tracer's own queue may have grown by what it was told.
    let queued = if ctx.sys.tracing.system_tracer == Some(to) {
        ctx.signals().find_alive(to).map_or(queued, |(p, _)| p.mailbox.len())
    } else {
        queued
    };
    Ok(Some(Sending { to, queued, token: token.map(Arc::new) }))
}

/// After the send: the message that has come last carries the token, or takes the receiver's away.
pub fn sent(ctx: &mut Ctx<'_>, s: Sending) {
    if let Some((p, _)) = ctx.signals().find_alive(s.to)
        && p.mailbox.len() > s.queued
    {
        p.mailbox.mark_last(s.token);
    }
}

/// The calling process takes the message at its save pointer. What the VM itself has sent leaves the token alone.
#[cold]
pub fn received(ctx: &mut Ctx<'_>) -> Result<(), Fault> {
    let Some(mark) = ctx.proc.mailbox.current_mark() else { return Ok(()) };
    let seq = ctx.proc.seq.get_or_insert_default();
    let Some(token) = mark else {
        seq.token = None;
        return Ok(());
    };
    seq.last = token.serial;
    seq.clock = seq.clock.max(token.serial);
    seq.token = Some((*token).clone());
    let (me, message) = (ctx.proc.pid, ctx.proc.mailbox.current().map_or(Term::NIL, |m| m.term));
    output(ctx, &token, flag::RECEIVE, me, message)
}

/// A process that was just made inherits the token, as if it had been asked for by a message and answered by another.
pub fn spawned(ctx: &mut Ctx<'_>, child: Term, id: RefId, start: [Term; 4], opts: &SpawnOpts) -> Result<(), Fault> {
    let Some(token) = step(ctx) else { return Ok(()) };
    let me = ctx.proc.pid;
    let reference = refs::make(ctx, id)?;
    let mut options = Vec::new();
    if opts.monitor.is_some() {
        options.push(Term::atom(am::MONITOR));
    }
    if opts.link {
        options.push(Term::atom(am::LINK));
    }
    let options = ctx.list(&options)?;
    let [module, function, arity, args] = start;
    let mfa = ctx.tuple(&[module, function, arity])?;
    let (request, reply) = (ctx.atom("spawn_request")?, Term::atom(am::SPAWN_REPLY));
    let leader = ctx.proc.group_leader;
    let asked = ctx.tuple(&[request, reference, me, leader, mfa, options, reply, args])?;
    output(ctx, &token, flag::SEND, child, asked)?;
    output(ctx, &token, flag::RECEIVE, child, asked)?;
    let mut seq = Seq { clock: token.serial, last: token.serial, token: Some(token) };
    seq.step(child);
    let answered = ctx.tuple(&[reply, reference, Term::atom(am::OK), child])?;
    if let Some(token) = seq.token.clone() {
        output(ctx, &token, flag::SEND, me, answered)?;
        if let Some(own) = &mut ctx.proc.seq {
            (own.last, own.clock) = (token.serial, token.serial);
        }
        output(ctx, &token, flag::RECEIVE, me, answered)?;
    }
    if let Some(p) = ctx.process(child) {
        p.seq = Some(Box::new(seq));
    }
    Ok(())
}

/// `{sequential_tracer, Pid | false}`.
pub(super) fn tracer(ctx: &mut Ctx<'_>) -> BifResult {
    let now = current_tracer(ctx);
    ctx.tuple(&[Term::atom(am::SEQUENTIAL_TRACER), now])
}

fn current_tracer(ctx: &mut Ctx<'_>) -> Term {
    let tracer = ctx.sys.tracing.system_tracer;
    tracer.filter(|pid| ctx.signals().is_alive(*pid)).unwrap_or(Term::bool(false))
}

pub(super) fn system_flag(ctx: &mut Ctx<'_>, name: Atom, value: Term) -> BifResult {
    if name == am::SEQUENTIAL_TRACER {
        let before = current_tracer(ctx);
        ctx.sys.tracing.system_tracer = match value {
            v if v.as_bool() == Some(false) => None,
            pid if pid.is_local_pid() && ctx.signals().is_alive(pid) => Some(pid),
            _ => return Err(ctx.badarg()),
        };
        return Ok(before);
    }
    // `reset_seq_trace` takes any value.
    let pids: Vec<Term> = ctx.sys.procs.iter().map(|p| p.pid).chain([ctx.proc.pid]).collect();
    ctx.charge(pids.len());
    for pid in pids {
        if let Some((p, _)) = ctx.signals().find(pid) {
            p.seq = None;
            p.mailbox.clear_marks();
        }
    }
    Ok(Term::bool(true))
}
