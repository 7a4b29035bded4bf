//! Terms as short text, for people who look at memory: bounded in length and work, with no recursion on the host's stack.
//!
//! Reads only addresses that lie in the given [`Space`], so that a stale pointer shows as such and can't lead astray.

use crate::atom::AtomTable;
use crate::code::CodeTable;
use crate::heap::binary::{BLOCK_HEADER, block_bytes};
use crate::process::table::NUMBER_BITS;
use crate::term::{Addr, Kind, Mem, Term, object};
use std::fmt::Write;

/// The addresses that may be read, and the tables that give names.
pub struct Space<'a> {
    pub mem: Mem,
    pub atoms: &'a AtomTable,
    pub code: &'a CodeTable,
    /// First and behind the last byte of each range, sorted.
    pub ranges: Vec<(Addr, Addr)>,
}

impl Space<'_> {
    /// Lie `words` words at `addr` in one of the ranges?
    pub fn holds(&self, addr: Addr, words: u32) -> bool {
        let next = self.ranges.partition_point(|r| r.0 <= addr);
        let Some((start, end)) = next.checked_sub(1).and_then(|i| self.ranges.get(i)) else { return false };
        addr >= *start && addr as u64 + words as u64 * 8 <= *end as u64 && addr % 8 == 0
    }

    /// Can the object that the term points to be read as a whole?
    fn readable(&self, term: Term) -> bool {
        let addr = term.addr();
        if term.is_list() {
            return self.holds(addr, 2);
        }
        if !self.holds(addr, 1) {
            return false;
        }
        let header = self.mem.word(addr, 0);
        // A flat map says its size in its second word.
        object::kind_of_header(header).is_some()
            && self.holds(addr, if header == object::FLAT_MAP_HEADER { 3 } else { 1 })
            && self.holds(addr, object::layout(self.mem, addr, header).words)
    }
}

enum Task {
    Term(Term),
    Text(&'static str),
    /// The rest of a list, after its first element.
    Tail(Term),
}

/// The term as Erlang text, cut after about `limit` characters.
pub fn text(space: &Space<'_>, term: Term, limit: usize) -> String {
    let mut out = String::new();
    let mut tasks = vec![Task::Term(term)];
    while let Some(task) = tasks.pop() {
        if out.len() >= limit {
            out.push('…');
            break;
        }
        match task {
            Task::Text(t) => out.push_str(t),
            Task::Term(t) => write_term(space, t, &mut out, &mut tasks, limit),
            Task::Tail(t) if t.is_nil() => out.push(']'),
            Task::Tail(t) if t.is_list() && space.readable(t) => {
                out.push_str(", ");
                tasks.push(Task::Tail(space.mem.tail(t)));
                tasks.push(Task::Term(space.mem.head(t)));
            }
            Task::Tail(t) => {
                out.push_str(" | ");
                tasks.push(Task::Text("]"));
                tasks.push(Task::Term(t));
            }
        }
    }
    out
}

fn write_term(space: &Space<'_>, t: Term, out: &mut String, tasks: &mut Vec<Task>, limit: usize) {
    if t.is_list() || t.is_boxed() {
        if !space.readable(t) {
            let _ = write!(out, "<{:#010x}>", t.addr());
        } else if t.is_list() {
            write_list(space, t, out, tasks, limit);
        } else {
            write_boxed(space, t, out, tasks, limit);
        }
        return;
    }
    if let Some(value) = t.as_small() {
        let _ = write!(out, "{value}");
    } else if let Some(atom) = t.as_atom() {
        write_atom(space.atoms.name(atom), out);
    } else if t.is_nil() {
        out.push_str("[]");
    } else if t.is_local_pid() {
        let (number, serial) = pid_parts(t);
        let _ = write!(out, "<0.{number}.{serial}>");
    } else if t.is_local_port() {
        let _ = write!(out, "#Port<0.{}>", t.id_number());
    } else if t.is_none() {
        out.push('_');
    } else {
        let _ = write!(out, "<word {:#x}>", t.raw());
    }
}

/// Number and serial of a local pid, as in `<0.number.serial>`.
pub fn pid_parts(pid: Term) -> (u32, u32) {
    let id = pid.id_number();
    ((id & ((1 << NUMBER_BITS) - 1)) as u32, (id >> NUMBER_BITS) as u32)
}

/// The local pid with this number and serial.
pub fn pid_of(number: u32, serial: u32) -> Term {
    Term::pid((serial as u64) << NUMBER_BITS | (number as u64 & ((1 << NUMBER_BITS) - 1)))
}

/// An atom, quoted where Erlang needs it.
pub fn write_atom(name: &str, out: &mut String) {
    let plain = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '@');
    if plain {
        out.push_str(name);
    } else {
        out.push('\'');
        out.extend(name.chars().flat_map(|c| c.escape_debug()));
        out.push('\'');
    }
}

fn write_list(space: &Space<'_>, list: Term, out: &mut String, tasks: &mut Vec<Task>, limit: usize) {
    let mut string = String::new();
    let mut at = list;
    while string.len() <= limit && at.is_list() && space.readable(at) {
        match space.mem.head(at).as_small().and_then(|v| u32::try_from(v).ok()).and_then(char::from_u32) {
            Some(c) if !c.is_control() || c == '\n' || c == '\t' => string.extend(c.escape_debug()),
            _ => break,
        }
        at = space.mem.tail(at);
    }
    if at.is_nil() || string.len() > limit {
        let _ = write!(out, "\"{string}\"");
        return;
    }
    out.push('[');
    tasks.push(Task::Tail(space.mem.tail(list)));
    tasks.push(Task::Term(space.mem.head(list)));
}

fn write_boxed(space: &Space<'_>, t: Term, out: &mut String, tasks: &mut Vec<Task>, limit: usize) {
    let mem = space.mem;
    let Some(kind) = mem.kind(t) else { return };
    let header = mem.header(t);
    let words = object::layout(mem, t.addr(), header).words;
    match kind {
        Kind::Cons => {}
        Kind::Tuple => {
            out.push('{');
            elements(tasks, (1..words).map(|i| mem.field(t, i)), limit, "}");
        }
        Kind::Float => {
            let _ = write!(out, "{:?}", mem.float_value(t));
        }
        Kind::PosBig | Kind::NegBig => write_big(space, t, words - 1, kind == Kind::NegBig, out),
        Kind::Ref => {
            let [a, b, c] = mem.ref_id(t).map_or([0; 3], |id| id.numbers());
            let _ = write!(out, "#Ref<0.{c}.{b}.{a}>");
        }
        Kind::Fun => write_fun(space, t, out),
        Kind::FunRef => out.push_str("<fun entry>"),
        Kind::HeapBits | Kind::SubBits => write_bits(space, t, out, limit),
        Kind::BinRef => {
            let block = mem.field(t, 1).0 as Addr;
            let _ = write!(out, "<off-heap binary of {} bytes>", block_bytes(mem, block));
        }
        Kind::FlatMap => {
            out.push_str("#{");
            let keys = mem.field(t, 2);
            let count = mem.map_size(t) as u32;
            if !space.readable(keys) {
                out.push_str("…}");
                return;
            }
            tasks.push(Task::Text("}"));
            for i in (1..=count.min(limit as u32)).rev() {
                tasks.push(Task::Term(mem.field(t, 2 + i)));
                tasks.push(Task::Text(" => "));
                tasks.push(Task::Term(mem.field(keys, i)));
                if i > 1 {
                    tasks.push(Task::Text(", "));
                }
            }
        }
        Kind::HashHead => {
            let _ = write!(out, "#{{… {} keys}}", mem.map_size(t));
        }
        Kind::HashNode => {
            let _ = write!(out, "<map node with {} children>", words - 1);
        }
        Kind::ExtPid => out.push_str("<external pid>"),
        Kind::ExtPort => out.push_str("<external port>"),
        Kind::ExtRef => out.push_str("<external reference>"),
    }
}

fn elements(tasks: &mut Vec<Task>, items: impl Iterator<Item = Term>, limit: usize, end: &'static str) {
    let first = tasks.len();
    for (i, item) in items.take(limit).enumerate() {
        if i > 0 {
            tasks.push(Task::Text(", "));
        }
        tasks.push(Task::Term(item));
    }
    tasks.push(Task::Text(end));
    if let Some(added) = tasks.get_mut(first..) {
        added.reverse();
    }
}

fn write_big(space: &Space<'_>, t: Term, limbs: u32, negative: bool, out: &mut String) {
    if limbs > 64 {
        let _ = write!(out, "<integer of {} bits>", limbs as u64 * 64);
        return;
    }
    let digits = (1..=limbs).flat_map(|i| {
        let w = space.mem.field(t, i).0;
        [w as u32, (w >> 32) as u32]
    });
    if negative {
        out.push('-');
    }
    let _ = write!(out, "{}", num_bigint::BigUint::new(digits.collect()));
}

fn write_fun(space: &Space<'_>, t: Term, out: &mut String) {
    let header = space.mem.header(t);
    let arity = object::fun_arity(header);
    let entry = space.mem.field(t, 1).0 as usize;
    if object::fun_env_words(header) == 0 {
        match space.code.exports.get(entry) {
            Some(export) => {
                out.push_str("fun ");
                write_atom(space.atoms.name(export.mfa.module), out);
                out.push(':');
                write_atom(space.atoms.name(export.mfa.function), out);
                let _ = write!(out, "/{}", export.mfa.arity);
            }
            None => {
                let _ = write!(out, "#Fun</{arity}>");
            }
        }
    } else {
        match space.code.funs.get(entry) {
            Some(fun) => {
                let _ = write!(out, "#Fun<{}.{}/{arity}>", space.atoms.name(fun.module), fun.index);
            }
            None => {
                let _ = write!(out, "#Fun</{arity}>");
            }
        }
    }
}

fn write_bits(space: &Space<'_>, t: Term, out: &mut String, limit: usize) {
    let mem = space.mem;
    if mem.header(t) == object::SUB_BITS_HEADER {
        let orig = mem.field(t, 4);
        let (start, end) = (mem.field(t, 2).0, mem.field(t, 3).0);
        if !space.readable(orig) {
            let _ = write!(out, "<bits {start} to {end} of {:#010x}>", orig.addr());
            return;
        }
        if mem.header(orig) == object::BIN_REF_HEADER && (mem.field(orig, 1).0 as Addr) < BLOCK_HEADER {
            return;
        }
    }
    let Some(bits) = mem.bits(t) else { return };
    let shown = bits.part(0, bits.len.min(limit as u64 * 8)).to_vec(mem);
    let more = if bits.len > limit as u64 * 8 { "…" } else { "" };
    if bits.len % 8 == 0
        && let Ok(s) = std::str::from_utf8(&shown)
        && !s.chars().any(|c| c.is_control() && c != '\n' && c != '\t')
    {
        let _ = write!(out, "<<\"{}\">>{more}", s.escape_debug());
        return;
    }
    out.push_str("<<");
    for (i, byte) in shown.iter().enumerate() {
        if out.len() >= limit {
            break;
        }
        let _ = write!(out, "{}{byte}", if i > 0 { "," } else { "" });
    }
    let rest = bits.len % 8;
    if rest != 0 && more.is_empty() {
        let _ = write!(out, ":{rest}");
    }
    let _ = write!(out, "{more}>>");
}
