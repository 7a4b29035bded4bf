//! A hand-made process is walked, framed and described.

use super::map::{self, BlockKind, kind};
use super::wire::{Look, frame};
use super::{describe, text};
use crate::atom::am;
use crate::config::Config;
use crate::heap::{Heap, HeapAlloc, binary, build};
use crate::host::DenyAll;
use crate::process::{Mfa, Process};
use crate::system::System;
use crate::term::Term;

/// A system with one process whose heap holds a list, a tuple, a float, a big integer and two binaries.
fn setup() -> (System, Term) {
    let Ok(mut system) = System::new(Config::default(), Box::new(DenyAll)) else { panic!("no memory") };
    let Ok(heap) = Heap::new(&mut system.arena, 233, 46422, 65535) else { panic!("no memory") };
    let pid = system.procs.fresh_pid().unwrap_or(Term::NONE);
    let mut process = Process::new(pid, heap, Mfa { module: am::ERROR, function: am::EXIT, arity: 2 });
    let mut alloc = HeapAlloc { heap: &mut process.heap, arena: &mut system.arena };
    let built = (|| {
        let list = build::list(&mut alloc, &[Term::small(1), Term::atom(am::FALSE)])?;
        let float = build::float(&mut alloc, 2.5)?;
        let big = build::int(&mut alloc, i64::MAX)?;
        let short = binary::from_bytes(&mut alloc, b"short")?;
        let long = binary::from_bytes(&mut alloc, &[b'x'; 200])?;
        build::tuple(&mut alloc, &[list, float, big, short, long])
    })();
    let Ok(tuple) = built else { panic!("no memory") };
    process.heap.sp -= 16;
    system.arena.mem().set(process.heap.sp, 0, Term(4 << 2));
    system.arena.mem().set(process.heap.sp, 1, tuple);
    system.procs.insert(Box::new(process));
    (system, pid)
}

#[test]
fn the_walk_covers_every_word_once() {
    let (system, pid) = setup();
    let Some(process) = system.procs.get(pid) else { panic!("no process") };
    let mem = system.arena.mem();
    let blocks = map::blocks(process);
    let [young] = blocks[..] else { panic!("one block") };
    assert_eq!((young.kind, young.size, young.stack), (BlockKind::Young, 233, 2));
    let items: Vec<_> = young.items(mem).collect();
    let mut next = 0;
    for item in items.iter().filter(|i| i.offset < young.used) {
        assert_eq!(item.offset, next);
        next += item.words;
    }
    assert_eq!(next, young.used);
    let kinds: Vec<u8> = items.iter().map(|i| i.kind).collect();
    for expected in [kind::CONS, kind::FLOAT, kind::BIGNUM, kind::HEAP_BINARY, kind::OFF_HEAP_BINARY, kind::TUPLE] {
        assert!(kinds.contains(&expected), "{expected} in {kinds:?}");
    }
    assert_eq!(kinds[kinds.len() - 2..], [kind::RETURN_ADDRESS, kind::STACK_POINTER]);
}

#[test]
fn a_frame_is_the_same_for_the_same_state_and_within_its_limits() {
    let (system, pid) = setup();
    let look =
        Look { number: 3, selected: Some(pid), ended: None, program: None, max_rows: 10, max_objects: 4, time_ns: 5 };
    let bytes = frame(&system, look);
    assert_eq!(bytes, frame(&system, look));
    let word = |i: usize| bytes.chunks_exact(4).nth(i).map_or(0, |w| u32::from_le_bytes([w[0], w[1], w[2], w[3]]));
    assert_eq!((word(0), word(1), word(2) as usize, word(3)), (0x3146_5842, 1, bytes.len(), 3));
    assert_eq!((word(7), word(9), word(11)), (1, 1, 4), "rows, blocks, objects");
    assert_eq!(word(16), 0b101, "selected exists, objects cut");
    let none = frame(&system, Look { selected: None, max_rows: 0, ..look });
    assert!(none.len() < bytes.len());
}

#[test]
fn objects_are_described_by_any_of_their_words() {
    let (system, pid) = setup();
    let Some(process) = system.procs.get(pid) else { panic!("no process") };
    let tuple = system.arena.mem().get(process.heap.sp, 1);
    let Some(object) = describe(&system, process, tuple.addr() + 16) else { panic!("nothing there") };
    assert_eq!((object.address, object.kind, object.words), (tuple.addr(), kind::TUPLE, 6));
    assert!(
        object.text.starts_with("{[1, false], 2.5, 9223372036854775807, <<\"short\">>, <<\"xxx"),
        "{}",
        object.text
    );
    assert_eq!(object.content.len(), 6);
    assert_eq!(object.content[1].target, Some(process.heap.start));
    let Some(slot) = describe(&system, process, process.heap.sp) else { panic!("nothing there") };
    assert_eq!(slot.kind, kind::RETURN_ADDRESS);
    assert_eq!(describe(&system, process, process.heap.top), None);
    assert_eq!(describe(&system, process, 0), None);
    assert_eq!(describe(&system, process, u32::MAX), None);
}

#[test]
fn metrics_are_lines_that_prometheus_reads() {
    let (mut system, pid) = setup();
    let name = system.atoms.intern("a \"b\"\n\\").unwrap_or(am::ERROR);
    if let Some(p) = system.procs.get_mut(pid) {
        p.name = Some(name);
    }
    let text = super::metrics::prometheus(&system, 5, super::metrics::Rows::default());
    let mut families = std::collections::BTreeSet::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# ") {
            let mut words = rest.split(' ');
            if words.next() == Some("TYPE") {
                let name = words.next().unwrap_or_default();
                assert!(families.insert(name), "{name} twice");
                assert!(matches!(words.next(), Some("gauge" | "counter")), "{line}");
            }
            continue;
        }
        let Some((series, value)) = line.rsplit_once(' ') else { panic!("{line}") };
        assert!(value.parse::<f64>().is_ok(), "{line}");
        assert!(families.contains(series.split('{').next().unwrap_or_default()), "{line}: of no family");
    }
    let row = "erlang_vm_process_memory_bytes{pid=\"<0.0.0>\",name=\"a \\\"b\\\"\\n\\\\\"} ";
    assert!(text.contains(row), "{row} in {text}");
    for name in ["erlang_vm_memory_bytes_total{kind=\"total\"} ", "erlang_vm_process_count 1", "erlang_vm_processes 1"]
    {
        assert!(text.contains(name), "{name}");
    }
    let none = super::metrics::prometheus(&system, 5, super::metrics::Rows { processes: 0, tables: 0 });
    assert!(!none.contains("erlang_vm_process_memory_bytes{"));
}

#[test]
fn stale_pointers_are_shown_and_not_followed() {
    let (system, _) = setup();
    let space =
        text::Space { mem: system.arena.mem(), atoms: &system.atoms, code: &system.code, ranges: vec![(8, 64)] };
    assert_eq!(text::text(&space, Term::list_at(0xFFFF_FFF8), 50), "<0xfffffff8>");
    assert_eq!(text::text(&space, Term::boxed_at(72), 50), "<0x00000048>");
    assert!(space.holds(8, 7) && !space.holds(8, 8) && !space.holds(0, 1));
}

#[test]
fn long_lists_are_cut() {
    let (mut system, pid) = setup();
    let Some(mut process) = system.procs.check_out(pid) else { panic!("no process") };
    let mut alloc = HeapAlloc { heap: &mut process.heap, arena: &mut system.arena };
    let elements: Vec<Term> = (0..50).map(Term::small).collect();
    let Ok(list) = build::list(&mut alloc, &elements) else { panic!("no memory") };
    let ranges = vec![(process.heap.start, process.heap.top)];
    let space = text::Space { mem: system.arena.mem(), atoms: &system.atoms, code: &system.code, ranges };
    assert_eq!(text::text(&space, list, 12), "[0, 1, 2, 3, …");
}
