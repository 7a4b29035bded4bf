//! Retained sizes against the plain definition, ways to objects, deep and shared terms.

use super::graph::{Graph, Holder, SHARED_BINARY};
use crate::atom::am;
use crate::config::Config;
use crate::heap::{Alloc, Heap, HeapAlloc, binary, build, gc};
use crate::host::DenyAll;
use crate::process::{Mfa, Process};
use crate::system::System;
use crate::term::Term;

/// A process of so many words, with what `make` returns on its stack, above the place where processes end.
fn process(words: usize, make: impl FnOnce(&mut HeapAlloc<'_>) -> Vec<Term>) -> (System, Process) {
    let Ok(mut system) = System::new(Config::default(), Box::new(DenyAll)) else { panic!("no memory") };
    let Ok(heap) = Heap::new(&mut system.arena, words, 46422, 65535) else { panic!("no memory") };
    let pid = system.procs.fresh_pid().unwrap_or(Term::NONE);
    let mut p = Process::new(pid, heap, Mfa { module: am::ERROR, function: am::EXIT, arity: 2 });
    let roots = make(&mut HeapAlloc { heap: &mut p.heap, arena: &mut system.arena });
    let mem = system.arena.mem();
    gc::push(&mut p.heap, mem, crate::process::PROCESS_END.to_word());
    for t in roots {
        gc::push(&mut p.heap, mem, t.raw());
    }
    (system, p)
}

/// Words that can be reached when `without` isn't there.
fn reachable(g: &Graph, without: Option<u32>) -> u64 {
    let mut seen = vec![false; g.nodes.len()];
    let mut todo: Vec<u32> = g.roots.iter().map(|r| r.node).collect();
    let mut words = 0;
    while let Some(n) = todo.pop() {
        if Some(n) != without && !std::mem::replace(&mut seen[n as usize], true) {
            words += g.nodes[n as usize].words as u64;
            todo.extend(g.targets(n));
        }
    }
    words
}

#[test]
fn retained_is_what_goes_with_an_object() {
    let mut state = 88172645463325252u64;
    let mut random = move |n: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % n as u64) as usize
    };
    for round in 0..60 {
        let (system, p) = process(20_000, |a| {
            let mut terms = vec![Term::NIL, Term::small(7)];
            for _ in 0..round * 4 {
                let elements: Vec<Term> = (0..random(4) + 1).map(|_| terms[random(terms.len())]).collect();
                let made = match random(3) {
                    0 => build::list(a, &elements),
                    1 => binary::from_bytes(a, &[1; 100]),
                    _ => build::tuple(a, &elements),
                };
                terms.push(made.unwrap_or(Term::NIL));
            }
            // A way back up: what the collector must bear, and so must this.
            if let Some(t) = terms.iter().find(|t| t.is_list()) {
                a.mem().set(t.addr(), 1, terms[terms.len() - 1]);
            }
            (0..3).map(|_| terms[random(terms.len())]).collect()
        });
        let g = Graph::of(&system, &p);
        let all = reachable(&g, None);
        for (n, size) in g.retained().into_iter().enumerate() {
            assert_eq!(size, all - reachable(&g, Some(n as u32)), "round {round}, node {n} of {}", g.nodes.len());
        }
    }
}

#[test]
fn a_way_leads_from_what_holds_an_object_to_it() {
    let (system, p) = process(500, |a| {
        let made = (|| {
            let inner = build::tuple(a, &[Term::small(1)])?;
            let list = build::list(a, &[Term::NIL, inner])?;
            build::tuple(a, &[list])
        })();
        vec![Term::small(3), made.unwrap_or(Term::NIL), Term::NIL]
    });
    let g = Graph::of(&system, &p);
    // The tuple of one small integer was built first.
    let Some((holder, way)) = g.path(0) else { panic!("it is held") };
    assert!(matches!(holder, Holder::Stack { y: 1, .. }), "{holder:?}");
    assert_eq!(way.len(), 4, "tuple, two cells, tuple");
    assert_eq!(way.last(), Some(&0));
    assert_eq!(g.at(p.heap.start + 8), Some(0), "any of its words");
    assert_eq!(g.at(p.heap.top), None);
    assert_eq!(g.path(u32::MAX), None);
}

#[test]
fn the_answer_for_an_object_says_it_in_words() {
    let (system, p) = process(500, |a| {
        let inner = build::tuple(a, &[Term::small(1)]).unwrap_or(Term::NIL);
        let long: Vec<Term> = (0..40).map(Term::small).chain([inner]).collect();
        vec![build::list(a, &long).unwrap_or(Term::NIL)]
    });
    let Some(k) = super::keeps(&system, &p, p.heap.start) else { panic!("it is there") };
    assert_eq!((k.retained, k.holder.as_str(), k.way.len(), k.left_out), (2, "y(0) on the stack", 12, 30));
    assert_eq!(k.way.last().map(|s| (s.address, s.text.as_str())), Some((p.heap.start, "{1}")));
    assert_eq!(super::keeps(&system, &p, p.heap.sp), None, "a slot of the stack");
    assert_eq!(super::keeps(&system, &p, u32::MAX), None);
}

#[test]
fn garbage_retains_nothing_and_has_no_way() {
    let (system, p) = process(500, |a| {
        let _ = build::tuple(a, &[Term::NIL]);
        vec![]
    });
    let g = Graph::of(&system, &p);
    assert_eq!((g.retained(), g.path(0)), (vec![0], None));
}

#[test]
fn a_deep_term_needs_no_deep_stack() {
    const DEPTH: u32 = 300_000;
    let (system, p) = process(3 * DEPTH as usize, |a| {
        let mut t = Term::NIL;
        for _ in 0..DEPTH {
            t = a.words(2).map_or(Term::NIL, |at| {
                a.mem().set(at, 0, t);
                a.mem().set(at, 1, Term::NIL);
                Term::list_at(at)
            });
        }
        vec![t]
    });
    let g = Graph::of(&system, &p);
    assert_eq!(g.retained().iter().max(), Some(&(2 * DEPTH as u64)));
    assert_eq!(g.path(0).map(|w| w.1.len()), Some(DEPTH as usize));
}

#[test]
fn a_small_part_that_keeps_a_large_binary_is_found() {
    let (system, p) = process(500, |a| {
        let whole = binary::from_bytes(a, &[7; 2000]).unwrap_or(Term::NIL);
        let part = binary::part(a, whole, 80, 800).unwrap_or(Term::NIL);
        vec![part]
    });
    // The view of all of it is still there until a collection, but nothing holds it.
    let g = Graph::of(&system, &p);
    let found = g.small_views(system.arena.mem());
    assert_eq!(found.iter().map(|v| (v.bytes, v.seen)).collect::<Vec<_>>(), [(2000, 100)]);
    let binary = &g.nodes[found[0].binary as usize];
    assert_eq!((binary.kind, binary.words), (SHARED_BINARY, 250));
    assert_eq!(g.retained()[found[0].binary as usize], 250);
}
