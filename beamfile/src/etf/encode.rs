//! From terms to bytes, the same bytes that `term_to_binary(T, [{minor_version,2}])` gives in OTP 27.

use super::Value;
use super::tag;
use num_bigint::Sign;

impl Value {
    /// The term with its version byte.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = vec![tag::VERSION];
        self.encode_bare(&mut out);
        out
    }

    /// Appends the term without the version byte.
    pub fn encode_bare(&self, out: &mut Vec<u8>) {
        let mut stack = vec![self];
        // Where each fun that is being written began its size field, and how deep the stack was.
        let mut funs: Vec<(usize, usize)> = Vec::new();
        while let Some(value) = stack.pop() {
            node(value, out, &mut stack, &mut funs);
            while let Some((at, depth)) = funs.last().copied()
                && stack.len() <= depth
            {
                let size = (out.len() - at) as u32;
                if let Some(field) = out.get_mut(at..at + 4) {
                    field.copy_from_slice(&size.to_be_bytes());
                }
                funs.pop();
            }
        }
    }
}

fn node<'a>(value: &'a Value, out: &mut Vec<u8>, stack: &mut Vec<&'a Value>, funs: &mut Vec<(usize, usize)>) {
    match value {
        Value::Int(n) => integer(out, *n),
        Value::Big(n) => {
            let (sign, bytes) = n.to_bytes_le();
            magnitude(out, sign == Sign::Minus, &bytes);
        }
        Value::Float(x) => {
            out.push(tag::NEW_FLOAT);
            out.extend_from_slice(&x.to_bits().to_be_bytes());
        }
        Value::Atom(name) => atom(out, name),
        Value::Nil => out.push(tag::NIL),
        Value::List(items, tail) => list(items, tail, out, stack),
        Value::Tuple(items) => {
            match u8::try_from(items.len()) {
                Ok(count) => out.extend_from_slice(&[tag::SMALL_TUPLE, count]),
                Err(_) => tagged_u32(out, tag::LARGE_TUPLE, items.len()),
            }
            stack.extend(items.iter().rev());
        }
        Value::Map(pairs) => {
            tagged_u32(out, tag::MAP, pairs.len());
            stack.extend(pairs.iter().rev().flat_map(|(key, value)| [value, key]));
        }
        Value::Binary(bytes) => {
            tagged_u32(out, tag::BINARY, bytes.len());
            out.extend_from_slice(bytes);
        }
        Value::Bits(bytes, bits) => {
            tagged_u32(out, tag::BIT_BINARY, bytes.len());
            out.push(*bits);
            out.extend_from_slice(bytes);
        }
        Value::ExportFun { module, function, arity } => {
            out.push(tag::EXPORT);
            atom(out, module);
            atom(out, function);
            out.extend_from_slice(&[tag::SMALL_INTEGER, *arity as u8]);
        }
        Value::Pid { node, id, serial, creation } => {
            out.push(tag::NEW_PID);
            atom(out, node);
            for n in [id, serial, creation] {
                out.extend_from_slice(&n.to_be_bytes());
            }
        }
        Value::Port { node, id, creation } => {
            out.push(tag::V4_PORT);
            atom(out, node);
            out.extend_from_slice(&id.to_be_bytes());
            out.extend_from_slice(&creation.to_be_bytes());
        }
        Value::Ref { node, creation, ids } => {
            out.push(tag::NEWER_REFERENCE);
            out.extend_from_slice(&(ids.len() as u16).to_be_bytes());
            atom(out, node);
            out.extend_from_slice(&creation.to_be_bytes());
            for id in ids {
                out.extend_from_slice(&id.to_be_bytes());
            }
        }
        Value::Fun(fun) => {
            out.push(tag::NEW_FUN);
            funs.push((out.len(), stack.len()));
            out.extend_from_slice(&[0; 4]);
            out.push(fun.arity);
            out.extend_from_slice(&fun.uniq);
            out.extend_from_slice(&fun.index.to_be_bytes());
            out.extend_from_slice(&(fun.free.len() as u32).to_be_bytes());
            atom(out, &fun.module);
            integer(out, fun.old_index);
            integer(out, fun.old_uniq);
            stack.extend(fun.free.iter().rev());
            stack.push(&fun.creator);
        }
    }
}

fn list<'a>(items: &'a [Value], tail: &'a Value, out: &mut Vec<u8>, stack: &mut Vec<&'a Value>) {
    let start = stack.len();
    stack.extend(items);
    let mut end = tail;
    while let Value::List(more, rest) = end {
        stack.extend(more);
        end = rest;
    }
    let all = stack.get(start..).unwrap_or_default();
    let count = all.len();
    if count == 0 {
        stack.push(end);
        return;
    }
    if matches!(end, Value::Nil) && count <= usize::from(u16::MAX) {
        let bytes: Option<Vec<u8>> =
            all.iter().map(|v| if let Value::Int(n) = v { u8::try_from(*n).ok() } else { None }).collect();
        if let Some(bytes) = bytes {
            out.push(tag::STRING);
            out.extend_from_slice(&(count as u16).to_be_bytes());
            out.extend_from_slice(&bytes);
            stack.truncate(start);
            return;
        }
    }
    tagged_u32(out, tag::LIST, count);
    stack.push(end);
    if let Some(pending) = stack.get_mut(start..) {
        pending.reverse();
    }
}

fn tagged_u32(out: &mut Vec<u8>, tag: u8, n: usize) {
    out.push(tag);
    out.extend_from_slice(&(n as u32).to_be_bytes());
}

fn atom(out: &mut Vec<u8>, name: &str) {
    match u8::try_from(name.len()) {
        Ok(size) => out.extend_from_slice(&[tag::SMALL_ATOM_UTF8, size]),
        Err(_) => {
            out.push(tag::ATOM_UTF8);
            out.extend_from_slice(&(name.len() as u16).to_be_bytes());
        }
    }
    out.extend_from_slice(name.as_bytes());
}

fn integer(out: &mut Vec<u8>, n: i64) {
    if let Ok(byte) = u8::try_from(n) {
        out.extend_from_slice(&[tag::SMALL_INTEGER, byte]);
    } else if let Ok(word) = i32::try_from(n) {
        out.push(tag::INTEGER);
        out.extend_from_slice(&word.to_be_bytes());
    } else {
        let bytes = n.unsigned_abs().to_le_bytes();
        let used = bytes.iter().rposition(|b| *b != 0).map_or(1, |last| last + 1);
        magnitude(out, n < 0, bytes.get(..used).unwrap_or_default());
    }
}

fn magnitude(out: &mut Vec<u8>, negative: bool, bytes: &[u8]) {
    match u8::try_from(bytes.len()) {
        Ok(size) => out.extend_from_slice(&[tag::SMALL_BIG, size]),
        Err(_) => tagged_u32(out, tag::LARGE_BIG, bytes.len()),
    }
    out.push(u8::from(negative));
    out.extend_from_slice(bytes);
}
