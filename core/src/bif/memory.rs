//! Bytes by kind, as `erlang:memory` tells them: read from the heaps and tables, each block counted once.

use super::process_info::process_bytes;
use crate::heap::{OffHeap, binary};
use crate::process::Process;
use crate::system::System;
use crate::term::{Mem, object};
use rustc_hash::FxHashSet;

/// What OTP 27's own structures add on x86-64: to the bytes of a binary, to an object of a table, to a table.
const BINARY: u64 = 56;
const OBJECT: u64 = 8;
const TABLE: u64 = 16;
/// Bytes of an atom besides its name, the same on every host.
const ATOM: usize = 16;

/// Bytes by the kinds of `erlang:memory/0`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Memory {
    /// Heaps, fragments, messages and what OTP counts for a process.
    pub processes: u64,
    /// All the rest; the four below and persistent terms.
    pub system: u64,
    pub atoms: u64,
    /// Reference-counted binaries.
    pub binaries: u64,
    /// Instructions, the tables of functions, lines, exports and funs, literals.
    pub code: u64,
    pub ets: u64,
}

impl Memory {
    /// What a VM uses; `running`: the process that is checked out, if one is.
    pub fn of(sys: &System, running: Option<&Process>) -> Memory {
        let mem = sys.mem();
        let mut seen = FxHashSet::default();
        let (mut processes, mut binaries) = (0, 0);
        for p in sys.procs.iter().chain(running) {
            processes += process_bytes(p);
            binaries += count_blocks(mem, p.heap.off_heap, &mut seen);
            binaries += count_blocks(mem, p.heap.old_off_heap, &mut seen);
            for (_, off_heap) in p.mailbox.iter().filter_map(|m| m.fragment) {
                binaries += count_blocks(mem, off_heap, &mut seen);
            }
        }
        for t in sys.ets.all() {
            t.visit_off_heap(&mut |o| binaries += count_blocks(mem, o, &mut seen));
        }
        sys.ets.visit_loose(&mut |o| binaries += count_blocks(mem, o, &mut seen));
        let atoms = (sys.atoms.name_bytes() + sys.atoms.len() * ATOM) as u64;
        let literals = |i: &crate::code::Instance| i.literal_areas.iter().map(|f| f.size as u64 * 8).sum::<u64>();
        let code = sys.code.host_bytes() + sys.code.instances.iter().flatten().map(|i| literals(i)).sum::<u64>();
        let objects: u64 = sys.ets.all().map(|t| t.len() as u64).sum();
        let ets = sys.ets.words() * 8 + OBJECT * objects + TABLE * sys.ets.len() as u64;
        let system = atoms + binaries + code + ets + sys.shared.persistent.words() * 8;
        Memory { processes, system, atoms, binaries, code, ets }
    }

    pub fn total(&self) -> u64 {
        self.processes + self.system
    }
}

/// Bytes of the blocks of reference-counted binaries in a list, each block counted once.
fn count_blocks(mem: Mem, list: OffHeap, seen: &mut FxHashSet<u32>) -> u64 {
    let (mut at, mut bytes) = (list.first, 0);
    while at != 0 {
        if mem.word(at, 0) == object::BIN_REF_HEADER {
            let block = mem.word(at, 1) as u32;
            if seen.insert(block) {
                bytes += (binary::block_bytes(mem, block) as u64 + BINARY).div_ceil(8) * 8;
            }
        }
        at = mem.word(at, 2) as u32;
    }
    bytes
}
