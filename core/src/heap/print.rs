//! Terms as text: as `io:format("~w")` ([`write`]) and as `erlang:display/1` ([`display`]) write them.
//!
//! The pairs of a map come in the order in which they lie. Explicit stack. Mirrors `io_lib:write` and `erl_printf_term.c`.

use crate::heap::binary::Bits;
use crate::heap::number;
use crate::heap::order::Leaves;
use crate::term::{Kind, Mem, Names, Term, float_text, object};
use std::fmt::Write as _;

/// The term as `~w` (`~tw` for atoms beyond Latin-1) writes it, cut with `...` after about `limit` characters. With
/// `quoted` off, atoms appear as they are.
pub fn write(mem: Mem, names: &dyn Names, term: Term, quoted: bool, limit: usize) -> String {
    Printer { mem, names, quoted, display: false, limit, out: String::new(), todo: Vec::new() }.run(term)
}

/// The term as `erlang:display/1` writes it, without the line's end.
pub fn display(mem: Mem, names: &dyn Names, term: Term, limit: usize) -> String {
    Printer { mem, names, quoted: true, display: true, limit, out: String::new(), todo: Vec::new() }.run(term)
}

/// `<0.N.S>` of a pid of this node.
pub fn local_pid(pid: Term) -> String {
    let n = pid.id_number();
    format!("<0.{}.{}>", n & 0xFFF_FFFF, n >> 28)
}

enum Todo {
    Text(&'static str),
    Term(Term),
    /// The rest of a list, after its first element.
    Tail(Term),
    /// Elements of a tuple from that index on.
    Elements(Term, u32),
    /// The rest of a map, after its first pair.
    Pairs(Leaves),
}

struct Printer<'a> {
    mem: Mem,
    names: &'a dyn Names,
    quoted: bool,
    display: bool,
    limit: usize,
    out: String,
    todo: Vec<Todo>,
}

impl Printer<'_> {
    fn run(mut self, term: Term) -> String {
        self.todo.push(Todo::Term(term));
        while let Some(todo) = self.todo.pop() {
            if self.out.len() > self.limit {
                self.out.push_str("...");
                break;
            }
            match todo {
                Todo::Text(t) => self.out.push_str(t),
                Todo::Term(t) => self.term(t),
                Todo::Tail(t) if t.is_nil() => self.out.push(']'),
                Todo::Tail(t) if t.is_list() => {
                    self.out.push(',');
                    self.todo.push(Todo::Tail(self.mem.tail(t)));
                    self.todo.push(Todo::Term(self.mem.head(t)));
                }
                Todo::Tail(t) => {
                    self.out.push('|');
                    self.todo.push(Todo::Text("]"));
                    self.todo.push(Todo::Term(t));
                }
                Todo::Elements(t, i) => {
                    if i > object::arity(self.mem.header(t)) {
                        self.out.push('}');
                    } else {
                        if i > 1 {
                            self.out.push(',');
                        }
                        self.todo.push(Todo::Elements(t, i + 1));
                        self.todo.push(Todo::Term(self.mem.element(t, i)));
                    }
                }
                Todo::Pairs(leaves) => self.pair(leaves, false),
            }
        }
        self.out
    }

    fn pair(&mut self, mut leaves: Leaves, first: bool) {
        let Some((k, v)) = leaves.next(self.mem) else { return self.out.push('}') };
        if !first {
            self.out.push(',');
        }
        self.todo.extend([
            Todo::Pairs(leaves),
            Todo::Term(v),
            Todo::Text(if self.display { "=>" } else { " => " }),
            Todo::Term(k),
        ]);
    }

    fn push(&mut self, args: std::fmt::Arguments<'_>) {
        // Writing to a string can't fail.
        let _ = self.out.write_fmt(args);
    }

    fn term(&mut self, t: Term) {
        let mem = self.mem;
        if let Some(v) = t.as_small() {
            return self.push(format_args!("{v}"));
        }
        if let Some(a) = t.as_atom() {
            let name = self.names.atom_name(a);
            return match (self.quoted, self.display) {
                (false, _) => self.out.push_str(name),
                (_, false) => atom(&mut self.out, name),
                (_, true) => display_atom(&mut self.out, name),
            };
        }
        if t.is_nil() {
            return self.out.push_str("[]");
        }
        if t.is_list() {
            if self.display
                && let Some(text) = printable(mem, t)
            {
                return self.display_string(&text);
            }
            self.out.push('[');
            self.todo.push(Todo::Tail(mem.tail(t)));
            self.todo.push(Todo::Term(mem.head(t)));
            return;
        }
        if t.is_local_pid() {
            return self.out.push_str(&local_pid(t));
        }
        if t.is_local_port() {
            return self.push(format_args!("#Port<0.{}>", t.id_number()));
        }
        match mem.kind(t) {
            Some(kind) => self.boxed(t, kind),
            None => self.push(format_args!("<unknown:{:x}>", t.0)),
        }
    }

    fn boxed(&mut self, t: Term, kind: Kind) {
        let mem = self.mem;
        match kind {
            Kind::Tuple => {
                self.out.push('{');
                self.todo.push(Todo::Elements(t, 1));
            }
            Kind::Float if self.display => {
                let text = float_text::scientific(mem.float_value(t), 6).unwrap_or_default();
                self.out.push_str(&text);
            }
            Kind::Float => self.out.push_str(&float_text::shortest(mem.float_value(t))),
            Kind::PosBig | Kind::NegBig => match number::to_bigint(mem, t) {
                // The text of an enormous number is made only if it is wanted.
                Some(v) if v.bits() / 4 > self.limit as u64 => self.out.push_str("<bignum>"),
                Some(v) => self.out.push_str(&number::to_text(&v, 10)),
                None => {}
            },
            Kind::HeapBits | Kind::SubBits => {
                if let Some(bits) = mem.bits(t) {
                    self.bits(bits);
                }
            }
            Kind::FlatMap | Kind::HashHead | Kind::HashNode => {
                self.out.push_str("#{");
                self.pair(Leaves::new(mem, t), true);
            }
            Kind::Ref => {
                let [a, b, c] = mem.ref_id(t).map_or([0; 3], |r| r.numbers());
                self.push(format_args!("#Ref<0.{c}.{b}.{a}>"));
            }
            Kind::Fun => self.fun(t),
            Kind::ExtPid | Kind::ExtPort => {
                // Another node shows as the index of its name's atom.
                if let Some((node, n)) = mem.external_id(t) {
                    let name = node.name.0;
                    match kind {
                        Kind::ExtPid => self.push(format_args!("<{name}.{}.{}>", n as u32, n >> 32)),
                        _ => self.push(format_args!("#Port<{name}.{n}>")),
                    }
                }
            }
            Kind::ExtRef => {
                if let Some((node, numbers)) = mem.external_ref(t) {
                    self.push(format_args!("#Ref<{}", node.name.0));
                    for n in numbers.iter().rev() {
                        self.push(format_args!(".{n}"));
                    }
                    self.out.push('>');
                }
            }
            Kind::Cons | Kind::FunRef | Kind::BinRef => self.out.push_str("<internal>"),
        }
    }

    fn fun(&mut self, t: Term) {
        let entry = self.mem.field(t, 1).0;
        if object::fun_env_words(self.mem.header(t)) > 0 {
            let Some(key) = self.names.fun_key(entry) else { return self.out.push_str("#Fun<unknown>") };
            let module = self.names.atom_name(key.module);
            return self.push(format_args!("#Fun<{module}.{}.{}>", key.old_index, key.old_uniq as i32));
        }
        let Some((m, f, a)) = self.names.export_mfa(entry) else { return self.out.push_str("fun unknown") };
        let write = if self.display { display_atom } else { atom };
        self.out.push_str("fun ");
        write(&mut self.out, self.names.atom_name(m));
        self.out.push(':');
        write(&mut self.out, self.names.atom_name(f));
        self.push(format_args!("/{a}"));
    }

    fn bits(&mut self, bits: Bits) {
        let (bytes, rest) = (bits.len / 8, (bits.len % 8) as u32);
        let byte = |i: u64| bits.read(self.mem, i * 8, 8) as u8;
        if self.display && rest == 0 && bytes > 0 && (0..bytes).all(|i| (b' '..127).contains(&byte(i))) {
            self.out.push_str("<<\"");
            for i in 0..bytes.min(self.limit as u64) {
                if byte(i) == b'"' {
                    self.out.push('\\');
                }
                self.out.push(byte(i) as char);
            }
            return self.out.push_str("\">>");
        }
        self.out.push_str("<<");
        for i in 0..bytes {
            if self.out.len() > self.limit {
                return self.out.push_str("...>>");
            }
            let comma = if i > 0 { "," } else { "" };
            let b = bits.read(self.mem, i * 8, 8);
            self.push(format_args!("{comma}{b}"));
        }
        if rest > 0 {
            let comma = if bytes > 0 { "," } else { "" };
            let b = bits.read(self.mem, bytes * 8, rest);
            self.push(format_args!("{comma}{b}:{rest}"));
        }
        self.out.push_str(">>");
    }

    fn display_string(&mut self, text: &[u8]) {
        self.out.push('"');
        for b in text.iter().take(self.limit) {
            match b {
                b'\n' => self.out.push_str("\\n"),
                b'"' => self.out.push_str("\\\""),
                b => self.out.push(*b as char),
            }
        }
        self.out.push('"');
    }
}

/// The characters of a list that `display` shows as a string.
fn printable(mem: Mem, mut t: Term) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    while t.is_list() {
        let b = u8::try_from(mem.head(t).as_small()?).ok()?;
        let control = b < b' ' || b == 127 || (128..160).contains(&b);
        if control && !matches!(b, b'\n' | b'\t' | b'\r') {
            return None;
        }
        out.push(b);
        t = mem.tail(t);
    }
    t.is_nil().then_some(out)
}

fn is_lower(c: char) -> bool {
    c.is_ascii_lowercase() || ('ß'..='ÿ').contains(&c) && c != '÷'
}

fn is_name(c: char) -> bool {
    is_lower(c) || c.is_ascii_alphanumeric() || c == '_' || ('À'..='Þ').contains(&c) && c != '×'
}

/// The atom with that name in source form, quoted if need be.
pub fn atom(out: &mut String, name: &str) {
    let mut chars = name.chars();
    if chars.next().is_some_and(is_lower) && chars.all(|c| is_name(c) || c == '@') && !RESERVED.contains(&name) {
        return out.push_str(name);
    }
    out.push('\'');
    escaped(out, name, |c| match c {
        '\x1B' => Some("\\e"),
        '\x7F' => Some("\\d"),
        _ => None,
    });
    out.push('\'');
}

/// As [`atom`], with the choices of `erlang:display/1`: no letters for escape and delete, of which the latter is shown as it is.
fn display_atom(out: &mut String, name: &str) {
    let mut chars = name.chars();
    if chars.next().is_some_and(is_lower) && chars.all(is_name) {
        return out.push_str(name);
    }
    out.push('\'');
    escaped(out, name, |c| (c == '\x7F').then_some("\x7F"));
    out.push('\'');
}

/// The characters of a quoted atom; `own` has the first word on each.
fn escaped(out: &mut String, name: &str, own: impl Fn(char) -> Option<&'static str>) {
    for c in name.chars() {
        match c {
            _ if let Some(text) = own(c) => out.push_str(text),
            '\'' => out.push_str("\\'"),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x0B' => out.push_str("\\v"),
            '\x08' => out.push_str("\\b"),
            '\x0C' => out.push_str("\\f"),
            c if (c as u32) < 160 && !(' '..='~').contains(&c) => {
                let _ = write!(out, "\\{:03o}", c as u32);
            }
            c => out.push(c),
        }
    }
}

/// Words that an atom must be quoted to be (`erl_scan:reserved_word/1`; `maybe` is not reserved unless enabled).
const RESERVED: &[&str] = &[
    "after", "and", "andalso", "band", "begin", "bnot", "bor", "bsl", "bsr", "bxor", "case", "catch", "cond", "div",
    "else", "end", "fun", "if", "let", "maybe", "not", "of", "or", "orelse", "receive", "rem", "try", "when", "xor",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::heap::testing::{term, unhex, with_terms};
    use crate::heap::{Alloc, build};

    #[test]
    fn text_is_otps() {
        with_terms(|a, names| {
            for line in include_str!("../../testdata/print.txt").lines() {
                let mut part = line.split(' ').map(str::to_string);
                let hex = part.next().unwrap();
                let mut text = || String::from_utf8(unhex(&part.next().unwrap())).unwrap();
                let (written, displayed) = (text(), text());
                // The table has the bytes of display's UTF-8 as characters.
                let displayed =
                    String::from_utf8_lossy(&displayed.chars().map(|c| c as u8).collect::<Vec<u8>>()).into_owned();
                let t = term(a, names, &hex);
                // io_lib shows the bytes of a fun's names; we show the names.
                if !written.contains("fun Ã") {
                    assert_eq!(write(a.mem(), names, t, true, usize::MAX), written, "{hex}");
                }
                // Latin-1 strings are bytes there, and characters here.
                if !displayed.contains('"') {
                    assert_eq!(display(a.mem(), names, t, usize::MAX), displayed, "{hex}");
                }
            }
        });
    }

    #[test]
    fn long_and_deep_terms_are_cut() {
        with_terms(|a, names| {
            let mut t = Term::NIL;
            for _ in 0..200_000 {
                t = build::cons(a, t, Term::NIL).unwrap();
            }
            assert_eq!(write(a.mem(), names, t, true, 5), "[[[[[[...");
            assert_eq!(write(a.mem(), names, t, true, usize::MAX).len(), 400_002);
        });
    }
}
