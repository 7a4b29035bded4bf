//! The text of `process_info(P, backtrace)` and `process_display/2`: program counter, frames, return addresses. Mirrors `erts_stack_dump`.

use crate::heap::print;
use crate::process::{CodePtr, PROCESS_END, Process};
use crate::system::System;
use crate::term::{TAG_HEADER, TAG_MASK, Term};
use std::fmt::Write;

/// Bytes of an instruction: distances are shown in bytes, as OTP shows them.
const INSTRUCTION: u32 = 1 << CodePtr::SHIFT;

/// The stack of a process as text, innermost frame first. Empty for a process that calls itself sensitive.
pub fn text(sys: &System, p: &Process) -> String {
    if p.sensitive {
        return String::new();
    }
    let (mem, names) = (sys.mem(), sys.names());
    let mut out = format!("Program counter: {} ({})\n", address(p.ip), place(sys, p.ip));
    let (mut at, mut y) = (p.heap.sp, 0);
    while at < p.heap.end {
        let word = mem.word(at, 0);
        if word & TAG_MASK == TAG_HEADER {
            let to = CodePtr::from_word(word);
            let _ = writeln!(out, "\n{at:#018x} Return addr {} ({})", address(to), place(sys, to));
            y = 0;
        } else {
            let _ = write!(out, "{:<8} ", format!("y({y})"));
            if Term(word).is_catch() {
                let (slot, offset) = Term(word).catch_target();
                let to = CodePtr { slot, offset };
                let _ = writeln!(out, "Catch {} ({})", address(to), place(sys, to));
            } else {
                let _ = writeln!(out, "{}", print::display(mem, &names, Term(word), usize::MAX));
            }
            y += 1;
        }
        at += 8;
    }
    out
}

fn address(p: CodePtr) -> String {
    format!("{:#018x}", p.to_word())
}

/// `Module:Function/Arity + Bytes`.
fn place(sys: &System, p: CodePtr) -> String {
    if p == PROCESS_END {
        return "<terminate process normally>".into();
    }
    let Some((f, distance)) = sys.code.distance_at(p) else { return "unknown function".into() };
    let name = |a| {
        let mut out = String::new();
        print::atom(&mut out, sys.atoms.name(a));
        out
    };
    format!("{}:{}/{} + {}", name(f.module), name(f.function), f.arity, distance * INSTRUCTION)
}
