//! Names for variables and functions, each once in its function or module; and what the two printers share.

use std::collections::HashSet;

/// Gives each name once.
#[derive(Default)]
pub(super) struct Names {
    used: HashSet<String>,
}

impl Names {
    /// `base`, or `base` with a number.
    pub(super) fn fresh(&mut self, base: &str) -> String {
        let mut name = base.to_owned();
        let mut n = 1;
        while !self.used.insert(name.clone()) {
            n += 1;
            name = format!("{base}_{n}");
        }
        name
    }
    /// Is it taken?
    pub(super) fn take(&mut self, name: &str) {
        self.used.insert(name.to_owned());
    }
}

/// An Erlang variable's name for a Mochi name.
pub(super) fn variable(name: &str) -> String {
    let clean: String =
        name.chars().take(60).map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect();
    let mut chars = clean.chars();
    match chars.next() {
        Some(c) if c.is_ascii_alphabetic() => format!("{}{}", c.to_ascii_uppercase(), chars.as_str()),
        _ => format!("V{clean}"),
    }
}

/// Characters of a quoted atom or string: escaped as both Erlang and Core Erlang read them.
pub(super) fn escape(text: &str, quote: char) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if (c as u32) < 32 || (127..160).contains(&(c as u32)) => {
                out.push_str(&format!("\\x{{{:x}}}", c as u32));
            }
            c => out.push(c),
        }
    }
    out
}

/// A float that reads back the same.
pub(super) fn float(f: f64) -> String {
    let text = format!("{f:?}");
    match text.split_once('e') {
        Some((m, e)) if !m.contains('.') => format!("{m}.0e{e}"),
        _ => text,
    }
}
