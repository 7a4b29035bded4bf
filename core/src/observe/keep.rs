//! Who keeps an object alive, and how much it keeps alive itself: [`graph`](super::graph)'s answers for one object, in words.

use super::graph::{Graph, Holder};
use super::map;
use super::text::{Space, text};
use crate::process::Process;
use crate::system::System;
use crate::term::{Addr, TAG_HEADER, TAG_MASK, Term};

/// A process with more words than these is not asked: its graph would take as many again, and long.
pub const MOST_WORDS: usize = 4 << 20;
/// Steps of a way that are told: so many at its beginning, as many at its end.
const ENDS: usize = 6;
const PREVIEW: usize = 48;

/// The answer for one object.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Keeps {
    /// Words that would become free with it, its own included; 0 when nothing keeps it alive.
    pub retained: u64,
    /// What holds it in the end; empty when nothing does.
    pub holder: String,
    /// From the object that the holder points to, to this one; the middle of a long way is left out.
    pub way: Vec<Step>,
    /// Steps that were left out.
    pub left_out: usize,
}

/// An object on the way.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    pub address: Addr,
    /// One of [`map::kind`], or [`super::graph::SHARED_BINARY`].
    pub kind: u8,
    /// The term, shortened.
    pub text: String,
}

/// What keeps the object of a process that covers the word at `address`, and what that keeps. `None`: there is no such object (stack slots are none), or the process is too large.
pub fn keeps(system: &System, process: &Process, address: Addr) -> Option<Keeps> {
    let heap = &process.heap;
    if heap.used() + heap.old_used() + heap.frag_words > MOST_WORDS {
        return None;
    }
    let g = Graph::of(system, process);
    let node = g.at(address)?;
    let retained = g.retained().get(node as usize).copied()?;
    let Some((holder, way)) = g.path(node) else {
        return Some(Keeps { retained, holder: String::new(), way: Vec::new(), left_out: 0 });
    };
    let mem = system.arena.mem();
    let mut ranges: Vec<(Addr, Addr)> = map::blocks(process).iter().map(|b| (b.start, b.start + b.used * 8)).collect();
    ranges.sort_unstable();
    let space = Space { mem, atoms: &system.atoms, code: &system.code, ranges };
    let left_out = way.len().saturating_sub(2 * ENDS);
    let told = way.iter().enumerate().filter(|(i, _)| *i < ENDS || *i >= ENDS + left_out);
    let steps = told.filter_map(|(_, n)| g.nodes.get(*n as usize)).map(|n| {
        let boxed = mem.word(n.address, 0) & TAG_MASK == TAG_HEADER;
        let text = match n.kind {
            super::graph::SHARED_BINARY => format!("{} bytes", crate::heap::binary::block_bytes(mem, n.address)),
            _ if boxed => text(&space, Term::boxed_at(n.address), PREVIEW),
            _ => text(&space, Term::list_at(n.address), PREVIEW),
        };
        Step { address: n.address, kind: n.kind, text }
    });
    Some(Keeps { retained, holder: holder_text(system, holder), way: steps.collect(), left_out })
}

fn holder_text(system: &System, holder: Holder) -> String {
    match holder {
        Holder::Stack { y, function: Some(f) } => {
            format!("y({y}) of {}:{}/{}", system.atoms.name(f.module), system.atoms.name(f.function), f.arity)
        }
        Holder::Stack { y, function: None } => format!("y({y}) on the stack"),
        Holder::Register(n) => format!("x({n})"),
        Holder::Message(n) => format!("message {} of the queue", n + 1),
        Holder::Dictionary => "the process dictionary".into(),
        Holder::Exception => "an exception on its way".into(),
        Holder::Call => "a call that is about to be made".into(),
        Holder::Other => "the process itself".into(),
    }
}
