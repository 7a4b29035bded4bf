//! Between the types of compiler and VM and those of the protocol.

use crate::protocol::{Arg, Diagnostic, KeepsInfo, KeepsStep, ObjectInfo, ObjectWord, Severity};
use beambox_beamfile::etf::Value;
use beambox_core::observe::{Keeps, Object};
use beambox_mochi::diag;
use beambox_mochi::source::LineIndex;

/// The compiler's findings as the protocol has them.
pub(crate) fn diagnostics(found: &[diag::Diagnostic], source: &str, file: &str) -> Vec<Diagnostic> {
    let lines = LineIndex::new(source);
    found
        .iter()
        .map(|d| {
            let place = d.place(&lines);
            let severity = match d.severity {
                diag::Severity::Error => Severity::Error,
                diag::Severity::Warning => Severity::Warning,
            };
            Diagnostic {
                severity,
                code: d.code.to_string(),
                message: d.message.clone(),
                help: d.help.clone().unwrap_or_default(),
                from: place.start.byte,
                to: place.end.byte,
                from_utf16: place.start.utf16,
                to_utf16: place.end.utf16,
                line: place.start.line,
                column: place.start.column,
                rendered: d.render(&lines, file),
            }
        })
        .collect()
}

/// An argument as a term to be made.
pub(crate) fn value(arg: Arg) -> Value {
    match arg {
        Arg::Int(i) => Value::Int(i),
        Arg::Atom(name) => Value::Atom(name),
        Arg::String(text) => list(text.chars().map(|c| Value::Int(c as i64)).collect()),
        Arg::Binary(bytes) => Value::Binary(bytes),
        Arg::List(items) => list(items.into_iter().map(value).collect()),
    }
}

/// A proper list.
pub(crate) fn list(items: Vec<Value>) -> Value {
    if items.is_empty() { Value::Nil } else { Value::List(items, Box::new(Value::Nil)) }
}

pub(crate) fn object_info(object: Object) -> ObjectInfo {
    ObjectInfo {
        address: object.address,
        kind: object.kind,
        words: object.words,
        generation: object.generation,
        text: object.text,
        content: object.content.into_iter().map(|w| ObjectWord { text: w.text, target: w.target }).collect(),
    }
}

pub(crate) fn keeps_info(keeps: Keeps) -> KeepsInfo {
    let way = keeps.way.into_iter().map(|s| KeepsStep { address: s.address, kind: s.kind, text: s.text }).collect();
    KeepsInfo { retained: keeps.retained, holder: keeps.holder, way, left_out: keeps.left_out as u32 }
}
