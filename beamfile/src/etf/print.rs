//! Terms as Erlang text, in the manner of `~p` but on one line.

use super::Value;
use std::fmt::{self, Write};

enum Task<'a> {
    Term(&'a Value),
    Text(&'static str),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut stack = vec![Task::Term(self)];
        while let Some(task) = stack.pop() {
            match task {
                Task::Text(text) => f.write_str(text)?,
                Task::Term(value) => print_node(value, f, &mut stack)?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn print_node<'a>(value: &'a Value, f: &mut fmt::Formatter<'_>, stack: &mut Vec<Task<'a>>) -> fmt::Result {
    match value {
        Value::Int(n) => write!(f, "{n}"),
        // Decimal digits take quadratic time, so a really big integer is shown in base 16, which Erlang reads as well.
        Value::Big(n) if n.bits() > 8192 => {
            write!(f, "{}16#{:X}", if n.sign() == num_bigint::Sign::Minus { "-" } else { "" }, n.magnitude())
        }
        Value::Big(n) => write!(f, "{n}"),
        Value::Float(x) => f.write_str(&float_text(*x)),
        Value::Atom(name) => write_atom(f, name),
        Value::Nil => f.write_str("[]"),
        Value::Binary(bytes) => write_binary(f, bytes, 8),
        Value::Bits(bytes, bits) => write_binary(f, bytes, *bits),
        Value::List(items, tail) => match (string_of(items), &**tail) {
            (Some(text), Value::Nil) => write_quoted(f, &text, '"'),
            (_, tail) => {
                f.write_str("[")?;
                stack.push(Task::Text("]"));
                if !matches!(tail, Value::Nil) {
                    stack.push(Task::Term(tail));
                    stack.push(Task::Text("|"));
                }
                push_items(items, stack);
                Ok(())
            }
        },
        Value::Tuple(items) => {
            f.write_str("{")?;
            stack.push(Task::Text("}"));
            push_items(items, stack);
            Ok(())
        }
        Value::Map(pairs) => {
            f.write_str("#{")?;
            stack.push(Task::Text("}"));
            for (i, (key, value)) in pairs.iter().enumerate().rev() {
                stack.push(Task::Term(value));
                stack.push(Task::Text(" => "));
                stack.push(Task::Term(key));
                if i > 0 {
                    stack.push(Task::Text(","));
                }
            }
            Ok(())
        }
        Value::ExportFun { module, function, arity } => {
            f.write_str("fun ")?;
            write_atom(f, module)?;
            f.write_str(":")?;
            write_atom(f, function)?;
            write!(f, "/{arity}")
        }
        Value::Pid { id, serial, .. } => write!(f, "<0.{id}.{serial}>"),
        Value::Port { id, .. } => write!(f, "#Port<0.{id}>"),
        Value::Ref { ids, .. } => {
            f.write_str("#Ref<0")?;
            for id in ids.iter().rev() {
                write!(f, ".{id}")?;
            }
            f.write_str(">")
        }
        Value::Fun(fun) => {
            f.write_str("#Fun<")?;
            write_atom(f, &fun.module)?;
            write!(f, ".{}.{}>", fun.old_index, fun.old_uniq)
        }
    }
}

fn push_items<'a>(items: &'a [Value], stack: &mut Vec<Task<'a>>) {
    for (i, item) in items.iter().enumerate().rev() {
        stack.push(Task::Term(item));
        if i > 0 {
            stack.push(Task::Text(","));
        }
    }
}

fn printable(c: u32) -> bool {
    matches!(c, 8..=13 | 27 | 32..=126 | 160..=255)
}

fn string_of(items: &[Value]) -> Option<String> {
    let mut text = String::with_capacity(items.len());
    for item in items {
        match item {
            Value::Int(n) => {
                let c = u32::try_from(*n).ok().filter(|c| printable(*c))?;
                text.push(char::from_u32(c)?);
            }
            _ => return None,
        }
    }
    Some(text)
}

fn write_quoted(f: &mut impl Write, text: &str, quote: char) -> fmt::Result {
    f.write_char(quote)?;
    for c in text.chars() {
        match c {
            '\n' => f.write_str("\\n")?,
            '\t' => f.write_str("\\t")?,
            '\r' => f.write_str("\\r")?,
            '\u{8}' => f.write_str("\\b")?,
            '\u{b}' => f.write_str("\\v")?,
            '\u{c}' => f.write_str("\\f")?,
            '\u{1b}' => f.write_str("\\e")?,
            '\\' => f.write_str("\\\\")?,
            c if c == quote => write!(f, "\\{c}")?,
            '\u{7f}' => f.write_str("\\d")?,
            c if c.is_control() => write!(f, "\\{:03o}", c as u32)?,
            c => f.write_char(c)?,
        }
    }
    f.write_char(quote)
}

fn write_binary(f: &mut impl Write, bytes: &[u8], last_bits: u8) -> fmt::Result {
    if last_bits == 8 && !bytes.is_empty() && bytes.iter().all(|b| printable(u32::from(*b))) {
        let text: String = bytes.iter().map(|b| char::from(*b)).collect();
        f.write_str("<<")?;
        write_quoted(f, &text, '"')?;
        return f.write_str(">>");
    }
    f.write_str("<<")?;
    for (i, byte) in bytes.iter().enumerate() {
        if i > 0 {
            f.write_str(",")?;
        }
        if i + 1 == bytes.len() && last_bits != 8 {
            let shift = 8u32.saturating_sub(u32::from(last_bits)).min(7);
            write!(f, "{}:{last_bits}", byte >> shift)?;
        } else {
            write!(f, "{byte}")?;
        }
    }
    f.write_str(">>")
}

const RESERVED: &[&str] = &[
    "after", "and", "andalso", "band", "begin", "bnot", "bor", "bsl", "bsr", "bxor", "case", "catch", "cond", "div",
    "else", "end", "fun", "if", "let", "maybe", "not", "of", "or", "orelse", "receive", "rem", "try", "when", "xor",
];

/// Writes an atom, in quotes where Erlang needs them.
pub fn write_atom(f: &mut impl Write, name: &str) -> fmt::Result {
    let mut chars = name.chars();
    let plain = chars.next().is_some_and(|c| c.is_ascii_lowercase() || matches!(c, 'ß'..='ÿ' if c != '÷'))
        && chars.all(|c| {
            c.is_ascii_alphanumeric() || c == '_' || c == '@' || matches!(c, 'À'..='ÿ' if c != '×' && c != '÷')
        })
        && !RESERVED.contains(&name);
    if plain { f.write_str(name) } else { write_quoted(f, name, '\'') }
}

/// A float's shortest text that reads back the same, laid out as Erlang does.
pub fn float_text(x: f64) -> String {
    let scientific = format!("{x:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |m| ("-", m));
    let digits: String = mantissa.chars().filter(|c| *c != '.').collect();
    let count = digits.len() as i32;
    let with_exponent = {
        let (first, rest) = digits.split_at(1);
        let rest = if rest.is_empty() { "0" } else { rest };
        format!("{sign}{first}.{rest}e{exponent}")
    };
    // Plain notation unless it is longer, or would hide that the float no longer holds every integer.
    let plain = if exponent >= 0 {
        if exponent + 1 >= count {
            format!("{sign}{digits}{}.0", "0".repeat((exponent + 1 - count) as usize))
        } else {
            let (whole, part) = digits.split_at(exponent as usize + 1);
            format!("{sign}{whole}.{part}")
        }
    } else {
        format!("{sign}0.{}{digits}", "0".repeat((-exponent - 1) as usize))
    };
    let wide = x.abs() >= 9_007_199_254_740_992.0;
    if plain.len() > with_exponent.len() || wide { with_exponent } else { plain }
}
