//! Ports. There is one kind: `{fd, 0, 1}`, `{fd, 1, 1}`, `{fd, 2, 2}` and the like, for output to the standard streams,
//! which OTP's `standard_error` needs. Everything else (programs of the operating system, drivers) is refused by design:
//! `open_port/2` fails with `eacces` for a program and with `badarg` for what isn't known.

use super::{Bif, BifResult, Ctx, Fault, bif};
use crate::atom::{Atom, am};
use crate::heap::{build, copy};
use crate::host::Stream;
use crate::resources::Port;
use crate::term::Term;

pub const BIFS: &[Bif] = &[
    bif("erts_internal", "open_port", 2, open_port),
    bif("erts_internal", "port_command", 3, |c, a| {
        let Ok(port) = find(c, a[0]) else { return Ok(Term::atom(am::BADARG)) };
        let done = command(c, port.1, a[1]);
        if done { Ok(Term::bool(true)) } else { Ok(Term::atom(am::BADARG)) }
    }),
    bif("erts_internal", "port_control", 3, |_, _| Ok(Term::atom(am::BADARG))),
    bif("erts_internal", "port_call", 3, |_, _| Ok(Term::atom(am::BADARG))),
    bif("erts_internal", "port_close", 1, |c, a| {
        let Ok((number, _)) = find(c, a[0]) else { return Ok(Term::atom(am::BADARG)) };
        close(c, number, Term::atom(am::NORMAL))?;
        Ok(Term::bool(true))
    }),
    bif("erts_internal", "port_connect", 2, |c, a| {
        let Ok((number, _)) = find(c, a[0]) else { return Ok(Term::atom(am::BADARG)) };
        let new = a[1];
        if !new.is_local_pid() || c.signals().find_alive(new).is_none() {
            return Ok(Term::atom(am::BADARG));
        }
        if let Some(p) = c.sys.resources.ports.get_mut(&number) {
            p.owner = new;
        }
        Ok(Term::bool(true))
    }),
    bif("erts_internal", "port_info", 1, |c, a| {
        let mut out = Vec::new();
        for item in ["name", "links", "id", "connected", "input", "output", "os_pid"] {
            let item = c.atom(item)?;
            let pair = port_info_2(c, &[a[0], item])?;
            if pair.is_atom() {
                return Ok(pair);
            }
            out.push(pair);
        }
        c.list(&out)
    }),
    bif("erts_internal", "port_info", 2, port_info_2),
    bif("erlang", "port_set_data", 2, |c, a| {
        let (number, _) = find(c, a[0]).map_err(|_| c.badarg())?;
        if !a[1].is_immed() {
            return Err(c.badarg());
        }
        if let Some(p) = c.sys.resources.ports.get_mut(&number) {
            p.data = a[1];
        }
        Ok(Term::bool(true))
    }),
    bif("erlang", "port_get_data", 1, |c, a| match find(c, a[0]) {
        Ok((_, p)) if !p.data.is_none() => Ok(p.data),
        _ => Err(c.badarg()),
    }),
    bif("erlang", "ports", 0, |c, _| {
        let all: Vec<Term> = c.sys.resources.ports.keys().map(|n| Term::port(*n)).collect();
        c.list(&all)
    }),
];

/// Most ports at a time: OTP's default.
const MAX_PORTS: usize = 1 << 16;

fn name(port: Port) -> &'static str {
    match port.stream {
        Some(Stream::Stderr) => "2/2",
        _ => "0/1",
    }
}

fn find(ctx: &mut Ctx<'_>, t: Term) -> Result<(u64, Port), Fault> {
    let found = if t.is_local_port() {
        let n = t.id_number();
        ctx.sys.resources.ports.get(&n).map(|p| (n, *p))
    } else {
        None
    };
    match found {
        Some(found) => Ok(found),
        None => Err(ctx.badarg()),
    }
}

fn port_info_2(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let Ok((number, port)) = find(ctx, a[0]) else {
        let answer = if a[0].is_local_port() { am::UNDEFINED } else { am::BADARG };
        return Ok(Term::atom(answer));
    };
    let Some(item) = a[1].as_atom().map(|i| ctx.sys.atoms.name_arc(i)) else { return Ok(Term::atom(am::BADARG)) };
    let value = match &*item {
        "name" => ctx.string(name(port))?,
        "connected" => port.owner,
        "links" => ctx.list(&[port.owner])?,
        "id" => ctx.uint(number)?,
        "input" | "output" | "queue_size" | "memory" => Term::small(0),
        "monitors" | "monitored_by" => Term::NIL,
        "os_pid" => Term::atom(am::UNDEFINED),
        "registered_name" => return Ok(Term::NIL),
        "parallelism" | "locking" => Term::bool(false),
        _ => return Ok(Term::atom(am::BADARG)),
    };
    ctx.tuple(&[a[1], value])
}

fn open_port(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let mem = ctx.sys.mem();
    let t = a[0];
    if ctx.list_to_vec(a[1]).is_err() {
        return Ok(Term::atom(am::BADARG));
    }
    let kind = if mem.tuple_arity(t).is_some_and(|n| n >= 2) { mem.element(t, 1).as_atom() } else { None };
    let Some(kind) = kind.map(|k| ctx.sys.atoms.name_arc(k)) else { return Ok(Term::atom(am::BADARG)) };
    match &*kind {
        "fd" if mem.tuple_arity(t) == Some(3) => {
            let stream = match mem.element(t, 3).as_small() {
                Some(1) => Stream::Stdout,
                Some(2) => Stream::Stderr,
                _ => return Ok(Term::atom(am::BADARG)),
            };
            if ctx.sys.resources.ports.len() >= MAX_PORTS {
                return ctx.atom("system_limit");
            }
            let number = ctx.sys.resources.next_port;
            ctx.sys.resources.next_port += 1;
            let owner = ctx.proc.pid;
            ctx.sys.resources.ports.insert(number, Port { owner, stream: Some(stream), data: Term::NONE });
            let port = Term::port(number);
            ctx.proc.relations.links.insert(port.raw());
            Ok(port)
        }
        // `error:eacces`, as where the operating system forbids to start a program.
        "spawn" | "spawn_executable" if !known_options(ctx, a[1]) => ctx.atom("badopt"),
        "spawn" | "spawn_executable" => ctx.atom("eacces"),
        // No drivers.
        "spawn_driver" => Ok(Term::atom(am::BADARG)),
        _ => Ok(Term::atom(am::BADARG)),
    }
}

/// Are these options of `open_port/2`, whether or not they would mean something here?
fn known_options(ctx: &mut Ctx<'_>, list: Term) -> bool {
    const NAMES: &[&str] = &[
        "stream",
        "use_stdio",
        "nouse_stdio",
        "hide",
        "exit_status",
        "binary",
        "in",
        "out",
        "eof",
        "overlapped_io",
        "stderr_to_stdout",
        "parallelism",
    ];
    const PAIRS: &[&str] =
        &["packet", "line", "cd", "env", "args", "arg0", "parallelism", "busy_limits_port", "busy_limits_msgq"];
    let mem = ctx.sys.mem();
    let mut t = list;
    while t.is_list() {
        let o = mem.head(t);
        t = mem.tail(t);
        let pair = mem.tuple_arity(o) == Some(2);
        let name = if pair { mem.element(o, 1).as_atom() } else { o.as_atom() };
        let Some(name) = name.map(|n| ctx.sys.atoms.name(n)) else { return false };
        if !(if pair { PAIRS } else { NAMES }).contains(&name) {
            return false;
        }
    }
    true
}

fn command(ctx: &mut Ctx<'_>, port: Port, data: Term) -> bool {
    let Some(bytes) = super::host::iodata(ctx, data) else { return false };
    ctx.charge(bytes.len() / 64);
    if let Some(stream) = port.stream {
        ctx.sys.counters.output_bytes += bytes.len() as u64;
        ctx.sys.host.write(stream, &bytes);
    }
    true
}

/// Ends a port: its owner gets the exit signal of a link.
fn close(ctx: &mut Ctx<'_>, number: u64, reason: Term) -> Result<(), Fault> {
    let Some(port) = ctx.sys.resources.ports.remove(&number) else { return Ok(()) };
    let owner = port.owner;
    ctx.signals().port_down(Term::port(number), reason)?;
    if owner == ctx.proc.pid {
        // `port_close/1` unlinks first.
        ctx.proc.relations.links.remove(&Term::port(number).raw());
        return Ok(());
    }
    ctx.signals().exit(Term::port(number), owner, reason, crate::signals::ExitKind::Link)?;
    Ok(())
}

/// `Port ! {Owner, {command, Data}}` and the like. `false`: there is no such port.
pub fn message(ctx: &mut Ctx<'_>, port: Term, message: Term) -> Result<bool, Fault> {
    let number = port.id_number();
    let Some(p) = ctx.sys.resources.ports.get(&number).copied() else { return Ok(false) };
    let mem = ctx.sys.mem();
    let bad = |ctx: &mut Ctx<'_>| -> Result<bool, Fault> {
        let badsig = ctx.atom("badsig")?;
        let me = ctx.proc.pid;
        ctx.signals().exit(port, me, badsig, crate::signals::ExitKind::Exit)?;
        Ok(true)
    };
    if mem.tuple_arity(message) != Some(2) || mem.element(message, 1) != p.owner {
        return bad(ctx);
    }
    let what = mem.element(message, 2);
    let (tag, value): (Option<Atom>, Term) = match mem.tuple_arity(what) {
        Some(2) => (mem.element(what, 1).as_atom(), mem.element(what, 2)),
        _ => (what.as_atom(), Term::NONE),
    };
    let tag = tag.map(|t| ctx.sys.atoms.name_arc(t));
    let reply = match tag.as_deref() {
        Some("command") if !value.is_none() => {
            return if command(ctx, p, value) { Ok(true) } else { bad(ctx) };
        }
        Some("close") if value.is_none() => {
            ctx.sys.resources.ports.remove(&number);
            ctx.signals().port_down(port, Term::atom(am::NORMAL))?;
            if let Some((owner, _)) = ctx.signals().find(p.owner) {
                owner.relations.links.remove(&port.raw());
            }
            ctx.atom("closed")?
        }
        Some("connect") if value.is_local_pid() => {
            if let Some(port) = ctx.sys.resources.ports.get_mut(&number) {
                port.owner = value;
            }
            ctx.atom("connected")?
        }
        _ => return bad(ctx),
    };
    ctx.signals().send_built(p.owner, 4, |a, lit| {
        let port = copy::copy(a, lit, port)?;
        build::tuple(a, &[port, reply])
    })?;
    Ok(true)
}
