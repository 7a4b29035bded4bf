//! The native half of `prim_tty`: standard input and output, and the terminal if there is one.
//!
//! Input is told of by a message (`{select, Tty, Ref, ready_input}`), which [`crate::vm::Vm::host_ready`] sends when the
//! embedder says that there is some. Capabilities of terminals are a table of the common ones instead of the system's
//! termcap: every terminal of today understands them, and a `dumb` one is refused as OTP refuses it. Mirrors
//! `prim_tty_nif.c`.

use super::{Bif, BifResult, Ctx, Fault, bif};
use crate::atom::am;
use crate::heap::owner::{self, Holds};
use crate::heap::refs::RefId;
use crate::host::terminal::{LineModes, Standard};
use crate::host::{Input, Stream};
use crate::resources::Select;
use crate::term::Term;
use unicode_width::UnicodeWidthChar;

pub const BIFS: &[Bif] = &[
    bif("prim_tty", "isatty", 1, isatty),
    bif("prim_tty", "tty_create", 0, |c, _| {
        let id = c.sys.fresh_ref();
        c.sys.resources.terminals.insert(id);
        let tty = owner::make(c, id, Holds::Host, 0)?;
        c.tuple(&[Term::atom(am::OK), tty])
    }),
    bif("prim_tty", "tty_init", 3, init),
    bif("prim_tty", "tty_set", 1, |c, a| {
        tty(c, a[0])?;
        Ok(Term::atom(am::OK))
    }),
    bif("prim_tty", "setlocale", 1, |c, _| Ok(Term::bool(c.sys.host.terminal().is_none_or(|t| t.utf8())))),
    bif("prim_tty", "tty_select", 3, select),
    bif("prim_tty", "tty_encoding", 1, |_, _| Ok(Term::atom(am::UTF8))),
    bif("prim_tty", "tty_window_size", 1, window_size),
    bif("prim_tty", "write_nif", 2, write),
    bif("prim_tty", "read_nif", 2, read),
    bif("prim_tty", "tty_read_signal", 2, |c, _| Err(c.badarg())),
    bif("prim_tty", "isprint", 1, |c, a| {
        let ch = character(c, a[0])?;
        Ok(Term::bool(ch.is_some_and(|ch| ch.width().is_some())))
    }),
    bif("prim_tty", "wcwidth", 1, |c, a| match character(c, a[0])?.and_then(UnicodeWidthChar::width) {
        Some(width) => Ok(Term::small(width as i64)),
        None => super::prim_file::error(c, "not_printable"),
    }),
    bif("prim_tty", "wcswidth", 1, wcswidth),
    bif("prim_tty", "sizeof_wchar", 0, |c, _| c.tuple(&[Term::atom(am::OK), Term::small(4)])),
    bif("prim_tty", "tgetent_nif", 1, tgetent),
    bif("prim_tty", "tgetnum_nif", 1, |_, _| Ok(Term::bool(false))),
    bif("prim_tty", "tgetflag_nif", 1, |c, a| {
        let name = capability(c, a[0])?;
        Ok(Term::bool(name == "xn" || name == "bs" || name == "am"))
    }),
    bif("prim_tty", "tgetstr_nif", 1, tgetstr),
    bif("prim_tty", "tgoto_nif", 1, |_, _| Ok(Term::bool(false))),
    bif("prim_tty", "tgoto_nif", 2, |_, _| Ok(Term::bool(false))),
    bif("prim_tty", "tgoto_nif", 3, |_, _| Ok(Term::bool(false))),
];

fn tty(ctx: &mut Ctx<'_>, t: Term) -> Result<RefId, Fault> {
    match ctx.sys.mem().ref_id(t).filter(|id| ctx.sys.resources.terminals.contains(id)) {
        Some(id) => Ok(id),
        None => Err(ctx.badarg()),
    }
}

fn isatty(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let stream = match a[0].as_atom() {
        Some(am::STDOUT) => Standard::Output(Stream::Stdout),
        Some(am::STDERR) => Standard::Output(Stream::Stderr),
        Some(name) if ctx.sys.atoms.name(name) == "stdin" => Standard::Input,
        _ => {
            tty(ctx, a[0])?;
            Standard::Input
        }
    };
    Ok(Term::bool(ctx.sys.host.terminal().is_some_and(|t| t.is_terminal(stream))))
}

/// `tty_init(Tty, stdout, #{canon, echo, sig})`.
fn init(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    tty(ctx, a[0])?;
    let mem = ctx.sys.mem();
    let mut modes = LineModes::default();
    for (k, v) in super::support::flat_pairs(mem, a[2]) {
        let (Some(k), Some(v)) = (k.as_atom(), v.as_bool()) else { continue };
        match ctx.sys.atoms.name(k) {
            "canon" => modes.canonical = v,
            "echo" => modes.echo = v,
            "sig" => modes.signals = Some(v),
            _ => {}
        }
    }
    if ctx.sys.host.terminal().is_some_and(|t| t.set_modes(modes)) {
        Ok(Term::atom(am::OK))
    } else {
        super::prim_file::error(ctx, "enotsup")
    }
}

fn select(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let id = tty(ctx, a[0])?;
    wait(ctx, id, a[2])?;
    Ok(Term::atom(am::OK))
}

/// Notes who is to be told of input.
fn wait(ctx: &mut Ctx<'_>, tty: RefId, reference: Term) -> Result<(), Fault> {
    let Some(reference) = ctx.sys.mem().ref_id(reference) else { return Err(ctx.badarg()) };
    ctx.sys.resources.select = Some(Select { pid: ctx.proc.pid, tty, reference });
    Ok(())
}

fn window_size(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    tty(ctx, a[0])?;
    match ctx.sys.host.terminal().and_then(|t| t.size()) {
        Some((columns, rows)) => {
            let size = ctx.tuple(&[Term::small(columns as i64), Term::small(rows as i64)])?;
            ctx.tuple(&[Term::atom(am::OK), size])
        }
        None => super::prim_file::error(ctx, "enotsup"),
    }
}

fn write(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    tty(ctx, a[0])?;
    let Some(bytes) = super::host::iodata(ctx, a[1]) else { return Err(ctx.badarg()) };
    ctx.charge(bytes.len() / 64);
    ctx.sys.counters.output_bytes += bytes.len() as u64;
    ctx.sys.host.write(Stream::Stdout, &bytes);
    Ok(Term::atom(am::OK))
}

/// Bytes of one read, as OTP's buffer has them.
const READ_BYTES: usize = 1024;

fn read(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let id = tty(ctx, a[0])?;
    let bytes = match ctx.sys.host.read(READ_BYTES) {
        Input::Eof => return super::prim_file::error(ctx, "closed"),
        Input::Bytes(b) => b,
        Input::Pending => Vec::new(),
    };
    ctx.sys.counters.input_bytes += bytes.len() as u64;
    wait(ctx, id, a[1])?;
    let b = ctx.binary(&bytes)?;
    ctx.tuple(&[Term::atom(am::OK), b])
}

fn character(ctx: &mut Ctx<'_>, t: Term) -> Result<Option<char>, Fault> {
    match t.as_small() {
        Some(n) => Ok(u32::try_from(n).ok().and_then(char::from_u32)),
        None => Err(ctx.badarg()),
    }
}

fn wcswidth(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let Some(bytes) = super::host::iodata(ctx, a[0]) else { return Err(ctx.badarg()) };
    let text = String::from_utf8_lossy(&bytes);
    let mut sum = 0;
    for c in text.chars() {
        match c.width() {
            Some(width) => sum += width as i64,
            None => return super::prim_file::error(ctx, "not_printable"),
        }
    }
    Ok(Term::small(sum))
}

/// The name in an argument `[Name, 0]`, cut to the two letters that termcap knows.
fn capability(ctx: &mut Ctx<'_>, t: Term) -> Result<String, Fault> {
    let mut name = terminal_kind(ctx, t)?;
    name.truncate(2);
    Ok(name)
}

fn terminal_kind(ctx: &mut Ctx<'_>, t: Term) -> Result<String, Fault> {
    let Some(bytes) = super::host::iodata(ctx, t) else { return Err(ctx.badarg()) };
    Ok(bytes.into_iter().take_while(|b| *b != 0).map(char::from).collect())
}

/// Kinds of terminals that understand the sequences of [`tgetstr`].
const KINDS: [&str; 14] = [
    "xterm",
    "screen",
    "tmux",
    "rxvt",
    "linux",
    "vt100",
    "vt102",
    "vt220",
    "ansi",
    "alacritty",
    "kitty",
    "konsole",
    "foot",
    "wezterm",
];

fn tgetent(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let kind = terminal_kind(ctx, a[0])?;
    if KINDS.iter().any(|k| kind.starts_with(k)) {
        return Ok(Term::atom(am::OK));
    }
    super::prim_file::error(ctx, "enoent")
}

fn tgetstr(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let sequence: &[u8] = match capability(ctx, a[0])?.as_str() {
        "cl" => b"\x1b[H\x1b[2J",
        "up" => b"\x1b[A",
        "do" => b"\n",
        "nd" => b"\x1b[C",
        "le" | "bc" => b"\x08",
        "ta" => b"\t",
        "cd" => b"\x1b[J",
        _ => return Ok(Term::bool(false)),
    };
    let b = ctx.binary(sequence)?;
    ctx.tuple(&[Term::atom(am::OK), b])
}
