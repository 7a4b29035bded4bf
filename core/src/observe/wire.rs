//! Frames: the flat binary form of a snapshot, as `docs/wire.md` fixes it.
//!
//! Invariant: a frame depends on the VM's state and the [`Look`] alone; the same state gives the same bytes.

use super::map::{self, Block, BlockKind};
use super::text::{pid_parts, write_atom};
use crate::heap::binary::block_bytes;
use crate::process::{Mfa, Priority, Process, State};
use crate::system::System;
use crate::term::{Addr, Mem, Term, object};

const MAGIC: u32 = 0x3146_5842;
const VERSION: u32 = 1;
const HEADER_WORDS: usize = 24;

/// What the reader wants to see.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    /// Goes into the frame.
    pub number: u32,
    /// The process whose memory is mapped.
    pub selected: Option<Term>,
    /// A process that is no more in the table and is shown as it last was.
    pub ended: Option<&'a Process>,
    /// The process that runs the embedder's program, and the name to show for it.
    pub program: Option<(Term, &'a str)>,
    /// Most rows of processes.
    pub max_rows: usize,
    /// Most rows of objects.
    pub max_objects: usize,
    /// Nanoseconds since the VM began.
    pub time_ns: u64,
}

/// One frame.
pub fn frame(system: &System, look: Look<'_>) -> Vec<u8> {
    let mem = system.arena.mem();
    let mut text = Vec::new();
    let mut rows: Vec<u32> = Vec::new();
    let mut row_count = 0;
    let mut collections = (0u64, 0u64);
    let mut off_heap_bytes = 0u64;
    for process in system.procs.iter().chain(look.ended) {
        let binaries = binary_bytes(mem, process);
        off_heap_bytes += binaries;
        collections.0 += process.heap.minor_count;
        collections.1 += process.heap.major_count;
        if row_count < look.max_rows {
            write_row(system, process, look, binaries, &mut rows, &mut text);
            row_count += 1;
        }
    }
    let cut_rows = row_count < system.procs.len();

    let mut blocks: Vec<u32> = Vec::new();
    let mut block_count = 0u32;
    let mut objects: Vec<u32> = Vec::new();
    let mut cut_objects = false;
    let living = look.selected.and_then(|pid| system.procs.get(pid));
    let dead = look.ended.filter(|p| living.is_none() && Some(p.pid) == look.selected);
    if let Some(process) = living.or(dead) {
        for block in map::blocks(process) {
            let first = (objects.len() / 3) as u32;
            for item in block.items(mem) {
                if objects.len() / 3 >= look.max_objects {
                    cut_objects = true;
                    break;
                }
                objects.extend([item.offset, item.words, item.kind as u32 | (item.generation as u32) << 8]);
            }
            let count = (objects.len() / 3) as u32 - first;
            write_block(&block, first, count, &mut blocks);
            block_count += 1;
        }
    }
    let flags = u32::from(living.is_some() || dead.is_some())
        | u32::from(dead.is_some()) << 1
        | u32::from(cut_objects) << 2
        | u32::from(cut_rows) << 3;

    let totals: [f64; 12] = [
        look.time_ns as f64 / 1e6,
        system.counters.reductions as f64,
        system.procs.len() as f64,
        system.run.len() as f64,
        system.arena.used() as f64,
        system.arena.limit() as f64,
        off_heap_bytes as f64,
        system.atoms.len() as f64,
        system.ets.words() as f64,
        collections.0 as f64,
        collections.1 as f64,
        system.timers.len() as f64,
    ];
    let (number, serial) = look.selected.map_or((0, 0), pid_parts);

    let round = |n: usize| n.next_multiple_of(8);
    let totals_at = HEADER_WORDS * 4;
    let rows_at = totals_at + totals.len() * 8;
    let blocks_at = round(rows_at + rows.len() * 4);
    let objects_at = round(blocks_at + blocks.len() * 4);
    let text_at = round(objects_at + objects.len() * 4);
    let length = round(text_at + text.len());

    let mut out = Vec::with_capacity(length);
    let header: [u32; HEADER_WORDS] = [
        MAGIC,
        VERSION,
        length as u32,
        look.number,
        totals_at as u32,
        totals.len() as u32,
        rows_at as u32,
        row_count as u32,
        blocks_at as u32,
        block_count,
        objects_at as u32,
        (objects.len() / 3) as u32,
        text_at as u32,
        text.len() as u32,
        number,
        serial,
        flags,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
    ];
    put_u32(&mut out, &header);
    for value in totals {
        out.extend(value.to_le_bytes());
    }
    put_u32(&mut out, &rows);
    out.resize(blocks_at, 0);
    put_u32(&mut out, &blocks);
    out.resize(objects_at, 0);
    put_u32(&mut out, &objects);
    out.resize(text_at, 0);
    out.extend(text);
    out.resize(length, 0);
    out
}

fn put_u32(out: &mut Vec<u8>, values: &[u32]) {
    for value in values {
        out.extend(value.to_le_bytes());
    }
}

fn write_block(block: &Block, first: u32, count: u32, out: &mut Vec<u32>) {
    out.extend([
        block.kind as u32,
        block.start,
        block.size,
        block.used,
        block.stack,
        block.high_water,
        first,
        count,
        block.place,
        0,
        0,
        0,
    ]);
}

fn put_text(value: &str, text: &mut Vec<u8>) -> [u32; 2] {
    let at = text.len() as u32;
    text.extend(value.as_bytes());
    [at, value.len() as u32]
}

fn put_f64(value: f64) -> [u32; 2] {
    let bits = value.to_bits();
    [bits as u32, (bits >> 32) as u32]
}

fn write_row(system: &System, p: &Process, look: Look<'_>, binaries: u64, rows: &mut Vec<u32>, text: &mut Vec<u8>) {
    let (number, serial) = pid_parts(p.pid);
    let state = match p.state {
        _ if look.ended.is_some_and(|e| std::ptr::eq(e, p)) => 5,
        State::Runnable => 0,
        State::Waiting => 2,
        State::Suspended { .. } => 3,
        State::Exiting => 4,
    };
    let priority = match p.priority {
        Priority::Max => 0,
        Priority::High => 1,
        Priority::Normal => 2,
        Priority::Low => 3,
    };
    let h = &p.heap;
    let blocks = map::blocks(p);
    let sum = |of: BlockKind| blocks.iter().filter(|b| b.kind == of).map(|b| b.size as u64).sum::<u64>();
    let fragments = sum(BlockKind::Fragment);
    let memory = 8 * blocks.iter().map(|b| b.size as u64).sum::<u64>();
    rows.extend([number, serial, state, u32::from(p.trap_exit) | u32::from(p.name.is_some()) << 1]);
    let own = look.program.filter(|(pid, _)| *pid == p.pid).map(|(_, name)| name.to_string());
    rows.extend(put_text(&own.unwrap_or_else(|| name(system, p)), text));
    rows.extend(put_text(&mfa_text(system, p.current), text));
    rows.extend([
        p.mailbox.len() as u32,
        h.used() as u32,
        h.size() as u32,
        h.old_used() as u32,
        h.old_size() as u32,
        h.stack_words() as u32,
        fragments as u32,
        priority,
        h.minor_count as u32,
        h.major_count as u32,
    ]);
    rows.extend(put_f64(p.reductions as f64));
    rows.extend(put_f64(binaries as f64));
    rows.extend(put_f64(memory as f64));
}

/// `module:function/arity`.
pub fn mfa_text(system: &System, mfa: Mfa) -> String {
    let mut out = String::new();
    write_atom(system.atoms.name(mfa.module), &mut out);
    out.push(':');
    write_atom(system.atoms.name(mfa.function), &mut out);
    out.push_str(&format!("/{}", mfa.arity));
    out
}

/// Registered name, the name in its label, or the initial call: for a process of `proc_lib` the one that its dictionary holds.
fn name(system: &System, p: &Process) -> String {
    if let Some(atom) = p.name {
        return system.atoms.name(atom).to_string();
    }
    let mem = system.arena.mem();
    let entry = |key: &str| {
        let key = Term::atom(system.atoms.lookup(key)?);
        p.dict.pairs(mem).find(|pair| mem.element(*pair, 1) == key).map(|pair| mem.element(pair, 2))
    };
    if let Some(label) = entry("$process_label").and_then(|label| label_text(system, label)) {
        return label;
    }
    if let Some(value) = entry("$initial_call")
        && mem.tuple_arity(value) == Some(3)
        && let (Some(module), Some(function)) = (mem.element(value, 1).as_atom(), mem.element(value, 2).as_atom())
    {
        let arity = mem.element(value, 3).as_small().and_then(|a| u8::try_from(a).ok()).unwrap_or(0);
        return mfa_text(system, Mfa { module, function, arity });
    }
    mfa_text(system, p.initial_call)
}

/// A label's name: an atom, a binary, or the second element of a pair, such as `{mochi_agent, <<"Account">>}`.
fn label_text(system: &System, label: Term) -> Option<String> {
    const MOST: u64 = 100;
    let mem = system.arena.mem();
    let name = if mem.tuple_arity(label) == Some(2) { mem.element(label, 2) } else { label };
    if let Some(atom) = name.as_atom() {
        return Some(system.atoms.name(atom).to_string());
    }
    let bits = mem.bits(name).filter(|bits| bits.len > 0 && bits.len <= MOST * 8)?;
    String::from_utf8(bits.to_vec(mem)).ok().filter(|text| !text.contains(char::is_control))
}

/// Bytes of the binaries outside of its heap that a process refers to; one that it has several handles of counts each time.
fn binary_bytes(mem: Mem, p: &Process) -> u64 {
    [p.heap.off_heap.first, p.heap.old_off_heap.first]
        .into_iter()
        .flat_map(|first| {
            let there = |at: Addr| Some(at).filter(|at| *at != 0);
            std::iter::successors(there(first), move |at| there(mem.word(*at, 2) as Addr))
        })
        .filter(|at| mem.word(*at, 0) == object::BIN_REF_HEADER)
        .map(|at| block_bytes(mem, mem.word(at, 1) as Addr) as u64)
        .sum()
}
