//! Literals: terms of a file's tree in a literal area.

use crate::atom::{Atom, AtomTable};
use crate::code::CodeTable;
use crate::code::Mfa;
use crate::error::LoadError;
use crate::heap::{Alloc, binary, build as make, map, number};
use crate::term::{FunKey, Names, Term, object};
use beambox_beamfile::etf::Value;

enum Work<'a> {
    Visit(&'a Value),
    Tuple(usize),
    List(usize),
    Map(usize),
}

/// The tables that ordering map keys needs.
struct Tables<'a>(&'a AtomTable, &'a CodeTable);

impl Names for Tables<'_> {
    fn atom_name(&self, atom: Atom) -> &str {
        self.0.name(atom)
    }
    fn fun_key(&self, _: u64) -> Option<FunKey> {
        None
    }
    fn export_mfa(&self, export: u64) -> Option<(Atom, Atom, u8)> {
        let m = self.1.exports.get(export as usize)?.mfa;
        Some((m.module, m.function, m.arity))
    }
}

/// Builds the term; atoms and export slots are made as needed. An explicit stack takes the place of recursion.
pub fn build(
    a: &mut dyn Alloc,
    atoms: &mut AtomTable,
    code: &mut CodeTable,
    empty_tuple: Term,
    value: &Value,
) -> Result<Term, LoadError> {
    let memory = |_| super::no_memory("LitT");
    let atom = |atoms: &mut AtomTable, name: &str| {
        atoms.intern(name).map_err(|e| LoadError::new("LitT", None, format!("atom {name:?}: {e:?}")))
    };
    let mut work = vec![Work::Visit(value)];
    let mut done: Vec<Term> = Vec::new();
    while let Some(w) = work.pop() {
        let t = match w {
            Work::Visit(v) => match v {
                Value::Int(i) => make::int(a, *i).map_err(memory)?,
                Value::Big(b) => number::from_bigint(a, b).map_err(memory)?,
                Value::Float(f) => make::float(a, *f).map_err(memory)?,
                Value::Atom(name) => Term::atom(atom(atoms, name)?),
                Value::Nil => Term::NIL,
                Value::Binary(bytes) => binary::from_bytes(a, bytes).map_err(memory)?,
                Value::Bits(bytes, last) => {
                    let bits = (bytes.len() as u64).saturating_sub(1) * 8 + *last as u64;
                    binary::bits_from_bytes(a, bytes, bits).map_err(memory)?
                }
                Value::Tuple(e) if e.is_empty() => empty_tuple,
                Value::Tuple(e) => {
                    if e.len() > object::MAX_TUPLE {
                        return Err(LoadError::new("LitT", None, format!("a tuple of {} elements", e.len())));
                    }
                    work.push(Work::Tuple(e.len()));
                    work.extend(e.iter().rev().map(Work::Visit));
                    continue;
                }
                Value::List(e, tail) => {
                    work.push(Work::List(e.len()));
                    work.push(Work::Visit(tail));
                    work.extend(e.iter().rev().map(Work::Visit));
                    continue;
                }
                Value::Map(pairs) => {
                    work.push(Work::Map(pairs.len()));
                    for (k, v) in pairs.iter().rev() {
                        work.push(Work::Visit(v));
                        work.push(Work::Visit(k));
                    }
                    continue;
                }
                Value::ExportFun { module, function, arity } => {
                    let mfa = Mfa {
                        module: atom(atoms, module)?,
                        function: atom(atoms, function)?,
                        arity: super::arity("LitT", *arity)?,
                    };
                    export_fun(a, code, mfa).map_err(memory)?
                }
                Value::Pid { .. } | Value::Port { .. } | Value::Ref { .. } | Value::Fun(_) => {
                    return Err(LoadError::new("LitT", None, "a pid, port, reference or local fun can't be a literal"));
                }
            },
            Work::Tuple(n) => {
                let e = done.split_off(done.len().saturating_sub(n));
                make::tuple(a, &e).map_err(memory)?
            }
            Work::List(n) => {
                let tail = done.pop().unwrap_or(Term::NIL);
                let e = done.split_off(done.len().saturating_sub(n));
                make::list_with_tail(a, &e, tail).map_err(memory)?
            }
            Work::Map(n) => {
                let flat = done.split_off(done.len().saturating_sub(2 * n));
                let pairs: Vec<(Term, Term)> = flat.chunks_exact(2).map(|p| (p[0], p[1])).collect();
                map::from_pairs(a, &Tables(atoms, code), &pairs).map_err(memory)?
            }
        };
        done.push(t);
    }
    Ok(done.pop().unwrap_or(Term::NIL))
}

/// `fun M:F/A`.
pub fn export_fun(a: &mut dyn Alloc, code: &mut CodeTable, mfa: Mfa) -> make::Built {
    let export = code.export(mfa);
    let at = a.words(2)?;
    a.mem().set_word(at, 0, object::fun_header(mfa.arity as u32, 0));
    a.mem().set_word(at, 1, export as u64);
    Ok(Term::boxed_at(at))
}
