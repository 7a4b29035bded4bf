//! Tests of signals on hand-built processes. A "program" is a sequence of BIF calls by one process.

#![allow(clippy::new_without_default)]

use super::*;
use crate::atom::{Atom, am};
use crate::bif::{BifResult, Ctx, Fault, table};
use crate::config::Config;
use crate::heap::Heap;
use crate::host::DenyAll;
use crate::process::Mfa;

/// A VM in which BIFs can be called without code.
pub struct World {
    pub sys: System,
}

impl World {
    pub fn new() -> World {
        let config = Config { max_memory: 64 << 20, ..Config::default() };
        World { sys: System::new(config, Box::new(DenyAll)).unwrap() }
    }

    /// A process that waits.
    pub fn process(&mut self) -> Term {
        let pid = self.sys.procs.fresh_pid().unwrap();
        let heap = Heap::new(&mut self.sys.arena, 233, 46422, 65535).unwrap();
        let mut p = Process::new(pid, heap, Mfa { module: am::ERLANG, function: am::APPLY, arity: 2 });
        p.state = State::Waiting;
        p.group_leader = pid;
        self.sys.procs.insert(Box::new(p));
        pid
    }

    /// Calls a BIF in the process, and cleans the process up when the BIF ended it.
    pub fn call(&mut self, pid: Term, module: &str, name: &str, args: &[Term]) -> BifResult {
        let bif = table::all()
            .iter()
            .find(|b| b.module == module && b.name == name && b.arity as usize == args.len())
            .unwrap_or_else(|| panic!("no BIF {module}:{name}/{}", args.len()));
        let mut p = self.sys.procs.check_out(pid).expect("the process is there");
        let result = (bif.body)(&mut Ctx { proc: &mut p, sys: &mut self.sys }, args);
        if result == Err(Fault::Exit) {
            let reason = p.exit_reason;
            process_exit(&mut self.sys, &mut p, reason).unwrap();
        } else {
            self.sys.procs.check_in(p);
        }
        result
    }

    pub fn erl(&mut self, pid: Term, name: &str, args: &[Term]) -> BifResult {
        self.call(pid, "erlang", name, args)
    }

    /// Runs what the scheduler would do with processes that were told to exit.
    pub fn settle(&mut self) {
        while let Some(pid) = self.sys.run.pop() {
            if self.sys.procs.get(pid).is_some_and(|p| p.state == State::Exiting) {
                let mut p = self.sys.procs.check_out(pid).unwrap();
                let reason = p.exit_reason;
                process_exit(&mut self.sys, &mut p, reason).unwrap();
            }
        }
    }

    /// Ends a process from within.
    pub fn end(&mut self, pid: Term, reason: Term) {
        let mut p = self.sys.procs.check_out(pid).unwrap();
        process_exit(&mut self.sys, &mut p, reason).unwrap();
        self.settle();
    }

    pub fn messages(&self, pid: Term) -> Vec<Term> {
        self.sys.procs.get(pid).unwrap().mailbox.iter().map(|m| m.term).collect()
    }

    pub fn alive(&self, pid: Term) -> bool {
        self.sys.procs.get(pid).is_some_and(|p| p.state != State::Exiting)
    }

    pub fn elements(&self, t: Term) -> Vec<Term> {
        let mem = self.sys.mem();
        (1..=mem.tuple_arity(t).unwrap()).map(|i| mem.element(t, i)).collect()
    }

    /// The value of the exception that the last failing BIF raised.
    pub fn raised(&self, pid: Term) -> Term {
        self.sys.procs.get(pid).unwrap().exception.value
    }
}

fn a(x: Atom) -> Term {
    Term::atom(x)
}
const TRUE: Term = Term::bool(true);

fn trap_exit(w: &mut World, pid: Term) {
    w.erl(pid, "process_flag", &[a(am::TRAP_EXIT), TRUE]).unwrap();
}

#[test]
fn an_exit_goes_through_links_and_stops_at_who_traps() {
    let mut w = World::new();
    let (p, q, r, s) = (w.process(), w.process(), w.process(), w.process());
    w.erl(p, "link", &[q]).unwrap();
    w.erl(q, "link", &[r]).unwrap();
    w.erl(r, "link", &[s]).unwrap();
    trap_exit(&mut w, r);
    w.end(p, a(am::BADARG));
    assert!(!w.alive(q) && w.alive(r) && w.alive(s));
    let m = w.messages(r);
    assert_eq!(w.elements(m[0]), [a(am::EXIT_), q, a(am::BADARG)]);
    assert_eq!(m.len(), 1);
    // A normal end hurts nobody, and removes the link.
    w.end(r, a(am::NORMAL));
    assert!(w.alive(s) && w.sys.procs.get(s).unwrap().relations.links.is_empty());
}

#[test]
fn kill_cannot_be_trapped_and_arrives_as_killed() {
    let mut w = World::new();
    let (p, q, r) = (w.process(), w.process(), w.process());
    trap_exit(&mut w, q);
    trap_exit(&mut w, r);
    w.erl(q, "link", &[r]).unwrap();
    w.erl(p, "exit", &[q, a(am::KILL)]).unwrap();
    w.settle();
    assert!(!w.alive(q));
    let m = w.messages(r);
    assert_eq!(w.elements(m[0]), [a(am::EXIT_), q, a(am::KILLED)]);
    // `kill` over a link can be trapped.
    w.erl(p, "link", &[r]).unwrap();
    w.end(p, a(am::KILL));
    let m = w.messages(r);
    assert_eq!(w.elements(m[1]), [a(am::EXIT_), p, a(am::KILL)]);
}

#[test]
fn normal_is_ignored_from_others_and_ends_oneself() {
    let mut w = World::new();
    let (p, q) = (w.process(), w.process());
    assert_eq!(w.erl(p, "exit", &[q, a(am::NORMAL)]), Ok(TRUE));
    assert!(w.alive(q));
    assert_eq!(w.erl(q, "exit", &[q, a(am::NORMAL)]), Err(Fault::Exit));
    assert!(!w.alive(q));
    assert_eq!(w.erl(p, "exit_signal", &[p, a(am::NORMAL)]), Ok(TRUE));
    trap_exit(&mut w, p);
    assert_eq!(w.erl(p, "exit", &[p, a(am::NORMAL)]), Ok(TRUE));
    let m = w.messages(p);
    assert_eq!(w.elements(m[0]), [a(am::EXIT_), p, a(am::NORMAL)]);
    assert_eq!(w.erl(p, "exit", &[a(am::OK), a(am::NORMAL)]), Err(Fault::Raise));
    assert_eq!(w.erl(p, "exit", &[q, a(am::KILL)]), Ok(TRUE));
}

#[test]
fn linking_to_nobody_raises_noproc_or_is_trapped() {
    let mut w = World::new();
    let (p, q) = (w.process(), w.process());
    w.end(q, a(am::NORMAL));
    assert_eq!(w.erl(p, "link", &[q]), Err(Fault::Raise));
    assert_eq!(w.raised(p), a(am::NOPROC));
    trap_exit(&mut w, p);
    assert_eq!(w.erl(p, "link", &[q]), Ok(TRUE));
    let m = w.messages(p);
    assert_eq!(w.elements(m[0]), [a(am::EXIT_), q, a(am::NOPROC)]);
}

#[test]
fn monitors_report_in_order_and_once() {
    let mut w = World::new();
    let (p, q) = (w.process(), w.process());
    let refs: Vec<Term> = (0..3).map(|_| w.erl(p, "monitor", &[a(am::PROCESS), q]).unwrap()).collect();
    w.erl(p, "demonitor", &[refs[1]]).unwrap();
    let reason = {
        let mut pq = w.sys.procs.check_out(q).unwrap();
        let r = Ctx { proc: &mut pq, sys: &mut w.sys }.tuple(&[a(am::BADARG), Term::small(7)]).unwrap();
        w.sys.procs.check_in(pq);
        r
    };
    w.end(q, reason);
    let mem = w.sys.mem();
    let got: Vec<_> = w.messages(p).iter().map(|m| w.elements(*m)).collect();
    assert_eq!(got.len(), 2);
    for (m, r) in got.iter().zip([refs[0], refs[2]]) {
        assert_eq!((m[0], m[2], m[3]), (a(am::DOWN), a(am::PROCESS), q));
        assert_eq!(mem.ref_id(m[1]), mem.ref_id(r));
        assert_eq!(w.elements(m[4]), [a(am::BADARG), Term::small(7)]);
    }
    assert!(w.sys.procs.get(p).unwrap().relations.monitors.is_empty());
    // A monitor on nobody fires at once; `flush` takes the message away again.
    let r = w.erl(p, "monitor", &[a(am::PROCESS), q]).unwrap();
    assert_eq!(w.messages(p).len(), 3);
    let flush = [a(am::FLUSH), a(am::INFO)];
    let opts = {
        let mut pp = w.sys.procs.check_out(p).unwrap();
        let l = Ctx { proc: &mut pp, sys: &mut w.sys }.list(&flush).unwrap();
        w.sys.procs.check_in(pp);
        l
    };
    assert_eq!(w.erl(p, "demonitor", &[r, opts]), Ok(Term::bool(false)));
    assert_eq!(w.messages(p).len(), 2);
}

#[test]
fn a_named_monitor_reports_name_and_node() {
    let mut w = World::new();
    let (p, q) = (w.process(), w.process());
    w.erl(q, "register", &[a(am::LOGGER), q]).unwrap();
    w.erl(p, "monitor", &[a(am::PROCESS), a(am::LOGGER)]).unwrap();
    w.end(q, a(am::NORMAL));
    let m = w.messages(p)[0];
    let object = w.elements(m)[3];
    assert_eq!(w.elements(object), [a(am::LOGGER), a(am::NONAME)]);
    assert_eq!(w.erl(p, "whereis", &[a(am::LOGGER)]), Ok(a(am::UNDEFINED)));
    assert_eq!(w.erl(p, "!", &[a(am::LOGGER), p]), Err(Fault::Raise));
}

#[test]
fn messages_keep_their_order_and_reach_oneself_and_aliases() {
    let mut w = World::new();
    let (p, q) = (w.process(), w.process());
    for i in 0..3 {
        w.erl(p, "send", &[q, Term::small(i)]).unwrap();
    }
    assert_eq!(w.messages(q), [0, 1, 2].map(Term::small));
    assert_eq!(w.sys.procs.get(q).unwrap().state, State::Runnable);
    w.erl(p, "!", &[p, Term::small(9)]).unwrap();
    assert_eq!(w.messages(p), [Term::small(9)]);
    let alias = w.erl(q, "alias", &[]).unwrap();
    w.erl(p, "send", &[alias, Term::small(3)]).unwrap();
    assert_eq!(w.erl(q, "unalias", &[alias]), Ok(TRUE));
    w.erl(p, "send", &[alias, Term::small(4)]).unwrap();
    assert_eq!(w.messages(q), [0, 1, 2, 3].map(Term::small));
    assert_eq!(w.erl(p, "send", &[Term::NIL, p]), Err(Fault::Raise));
}

#[test]
fn a_spawned_process_has_its_arguments_link_and_monitor() {
    let mut w = World::new();
    let p = w.process();
    let (args, opts) = {
        let mut pp = w.sys.procs.check_out(p).unwrap();
        let mut c = Ctx { proc: &mut pp, sys: &mut w.sys };
        let inner = c.list(&[Term::small(1), Term::small(2)]).unwrap();
        let args = c.list(&[inner, a(am::OK)]).unwrap();
        let min = c.tuple(&[a(am::MIN_HEAP_SIZE), Term::small(1000)]).unwrap();
        let opts = c.list(&[a(am::LINK), a(am::MONITOR), min]).unwrap();
        w.sys.procs.check_in(pp);
        (args, opts)
    };
    let got = w.erl(p, "spawn_opt", &[a(am::LISTS), a(am::MEMBER), args, opts]).unwrap();
    let pid = w.elements(got)[0];
    let mem = w.sys.mem();
    let child = w.sys.procs.get(pid).unwrap();
    assert_eq!(child.heap.size(), 1598);
    assert_eq!(child.trap.target, Some(Mfa { module: am::LISTS, function: am::MEMBER, arity: 2 }));
    assert_eq!(child.trap.args[1], a(am::OK));
    assert_ne!(child.trap.args[0], mem.head(args), "the argument is a copy");
    assert_eq!(mem.head(child.trap.args[0]), Term::small(1));
    assert!(child.relations.links.contains(&p.raw()) && child.relations.monitored_by.len() == 1);
    assert_eq!((child.parent, child.group_leader), (p, p));
    w.end(pid, a(am::NORMAL));
    assert_eq!(w.messages(p).len(), 1);
    let bad = w.erl(p, "spawn_opt", &[a(am::LISTS), a(am::MEMBER), args, a(am::OK)]);
    assert_eq!((bad, w.raised(p)), (Err(Fault::Raise), a(am::BADARG)));
    assert_eq!(w.erl(p, "spawn", &[a(am::LISTS), a(am::MEMBER), a(am::OK)]), Err(Fault::Raise));
    assert_eq!(w.erl(p, "spawn", &[Term::small(1)]), Err(Fault::Raise));
}

#[test]
fn the_process_table_has_a_limit() {
    let mut w = World::new();
    w.sys.procs = crate::process::table::ProcessTable::new(16);
    let p = w.process();
    for _ in 0..15 {
        w.erl(p, "spawn", &[a(am::LISTS), a(am::MEMBER), Term::NIL]).unwrap();
    }
    assert_eq!(w.erl(p, "spawn", &[a(am::LISTS), a(am::MEMBER), Term::NIL]), Err(Fault::Raise));
    assert_eq!(w.raised(p), a(am::SYSTEM_LIMIT));
}

#[test]
fn an_ended_process_leaves_nothing_behind() {
    let mut w = World::new();
    let p = w.process();
    let before = w.sys.arena.used();
    let q = w.process();
    let big = {
        let mut pp = w.sys.procs.check_out(p).unwrap();
        let t = Ctx { proc: &mut pp, sys: &mut w.sys }.binary(&[7; 1000]).unwrap();
        w.sys.procs.check_in(pp);
        t
    };
    let with_binary = w.sys.arena.used();
    for _ in 0..200 {
        w.erl(p, "send", &[q, big]).unwrap();
    }
    w.erl(p, "send_after", &[Term::small(1000), q, big]).unwrap();
    assert_eq!(w.sys.timers.len(), 1);
    w.erl(p, "exit", &[q, a(am::KILL)]).unwrap();
    w.settle();
    assert!(w.sys.timers.is_empty());
    let binary = with_binary - before - (w.process_heap_bytes());
    assert!(w.sys.arena.used() <= before + binary, "{} > {}", w.sys.arena.used(), before + binary);
}

impl World {
    fn process_heap_bytes(&self) -> u64 {
        233 * 8
    }
}

#[test]
fn timers_fire_can_be_read_and_cancelled() {
    let mut w = World::new();
    let p = w.process();
    let t = w.erl(p, "start_timer", &[Term::small(50), p, a(am::OK)]).unwrap();
    assert_eq!(w.erl(p, "read_timer", &[t]), Ok(Term::small(50)));
    w.sys.virtual_ns = 10_500_000;
    assert_eq!(w.erl(p, "read_timer", &[t]), Ok(Term::small(40)));
    let u = w.erl(p, "send_after", &[Term::small(5), p, a(am::ERROR)]).unwrap();
    assert_eq!(w.erl(p, "cancel_timer", &[u]), Ok(Term::small(5)));
    assert_eq!(w.erl(p, "cancel_timer", &[u]), Ok(Term::bool(false)));
    w.sys.virtual_ns = 60_000_000;
    let (id, timer) = w.sys.timers.pop_due_with_id(60_000_000).unwrap();
    Signals::new(&mut w.sys, None).fire(timer, id);
    let m = w.messages(p)[0];
    let e = w.elements(m);
    assert_eq!((e[0], e[2]), (a(am::TIMEOUT), a(am::OK)));
    assert_eq!(w.sys.mem().ref_id(e[1]), w.sys.mem().ref_id(t));
    assert!(w.sys.procs.get(p).unwrap().timers.is_empty());
    for bad in [Term::small(-1), a(am::OK)] {
        assert_eq!(w.erl(p, "send_after", &[bad, p, a(am::OK)]), Err(Fault::Raise));
    }
}

#[test]
fn suspension_counts_and_ends_with_the_suspender() {
    let mut w = World::new();
    let (p, q) = (w.process(), w.process());
    w.erl(p, "suspend_process", &[q]).unwrap();
    w.erl(p, "suspend_process", &[q]).unwrap();
    w.erl(p, "send", &[q, a(am::OK)]).unwrap();
    assert_eq!(w.sys.procs.get(q).unwrap().state, State::Suspended { runnable: true });
    w.erl(p, "resume_process", &[q]).unwrap();
    assert_eq!(w.sys.procs.get(q).unwrap().state, State::Suspended { runnable: true });
    w.end(p, a(am::NORMAL));
    assert_eq!(w.sys.procs.get(q).unwrap().state, State::Runnable);
}

#[test]
fn names_are_unique_and_go_with_their_process() {
    let mut w = World::new();
    let (p, q) = (w.process(), w.process());
    assert_eq!(w.erl(p, "register", &[a(am::LOGGER), p]), Ok(TRUE));
    assert_eq!(w.erl(q, "register", &[a(am::LOGGER), q]), Err(Fault::Raise));
    assert_eq!(w.erl(p, "register", &[a(am::USER), p]), Err(Fault::Raise));
    assert_eq!(w.erl(p, "register", &[a(am::UNDEFINED), q]), Err(Fault::Raise));
    assert_eq!(w.erl(q, "whereis", &[a(am::LOGGER)]), Ok(p));
    assert_eq!(w.erl(q, "unregister", &[a(am::LOGGER)]), Ok(TRUE));
    assert_eq!(w.erl(q, "unregister", &[a(am::LOGGER)]), Err(Fault::Raise));
    assert_eq!(w.erl(p, "register", &[a(am::LOGGER), p]), Ok(TRUE));
}

#[test]
fn the_dictionary_and_process_info_agree() {
    let mut w = World::new();
    let p = w.process();
    assert_eq!(w.erl(p, "put", &[a(am::OK), Term::small(1)]), Ok(a(am::UNDEFINED)));
    assert_eq!(w.erl(p, "put", &[a(am::OK), Term::small(2)]), Ok(Term::small(1)));
    assert_eq!(w.erl(p, "get", &[a(am::OK)]), Ok(Term::small(2)));
    let info = w.erl(p, "process_info", &[p, a(am::DICTIONARY)]).unwrap();
    let mem = w.sys.mem();
    let pair = mem.head(w.elements(info)[1]);
    assert_eq!(w.elements(pair), [a(am::OK), Term::small(2)]);
    let all = w.erl(p, "process_info", &[p]).unwrap();
    let first = mem.head(all);
    assert_eq!(w.elements(first)[0], a(am::CURRENT_FUNCTION));
    assert_eq!(w.erl(p, "erase", &[a(am::OK)]), Ok(Term::small(2)));
    assert_eq!(w.erl(p, "process_info", &[p, Term::small(1)]), Err(Fault::Raise));
    assert_eq!(w.erl(p, "process_info", &[p, a(am::LISTS)]), Err(Fault::Raise));
}

#[test]
fn clocks_and_dates() {
    let mut w = World::new();
    let p = w.process();
    // 2025-01-01 at the start of the virtual clock.
    let t = w.erl(p, "universaltime", &[]).unwrap();
    let d = w.elements(t);
    assert_eq!(w.elements(d[0]), [2025, 1, 1].map(Term::small));
    assert_eq!(w.erl(p, "system_time", &[a(am::SECOND)]), Ok(Term::small(1_735_689_600)));
    w.sys.virtual_ns = 1;
    assert_eq!(w.erl(p, "monotonic_time", &[a(am::MILLISECOND)]), Ok(Term::small(-576_460_752_304)));
    let unit = w.erl(p, "convert_time_unit", &[Term::small(-1), a(am::MILLISECOND), a(am::SECOND)]);
    assert_eq!(unit, Ok(Term::small(-1)));
    assert_eq!(w.erl(p, "monotonic_time", &[Term::small(0)]), Err(Fault::Raise));
    let leap = w.erl(p, "posixtime_to_universaltime", &[Term::small(951_782_400)]).unwrap();
    let d = w.elements(leap);
    assert_eq!(w.elements(d[0]), [2000, 2, 29].map(Term::small));
    assert_eq!(w.erl(p, "universaltime_to_posixtime", &[leap]), Ok(Term::small(951_782_400)));
    let (x, y) = (w.erl(p, "now", &[]).unwrap(), w.erl(p, "now", &[]).unwrap());
    assert_ne!(w.elements(x), w.elements(y));
}

#[test]
fn atomics_wrap_and_check_their_bounds() {
    let mut w = World::new();
    let p = w.process();
    let x = w.call(p, "atomics", "new", &[Term::small(2), Term::NIL]).unwrap();
    let one = Term::small(1);
    assert_eq!(w.call(p, "atomics", "add_get", &[x, one, Term::small(-5)]), Ok(Term::small(-5)));
    assert_eq!(w.call(p, "atomics", "exchange", &[x, one, Term::small(7)]), Ok(Term::small(-5)));
    assert_eq!(w.call(p, "atomics", "compare_exchange", &[x, one, Term::small(7), Term::small(8)]), Ok(a(am::OK)));
    assert_eq!(w.call(p, "atomics", "get", &[x, one]), Ok(Term::small(8)));
    for bad in [0, 3] {
        assert_eq!(w.call(p, "atomics", "get", &[x, Term::small(bad)]), Err(Fault::Raise));
    }
    assert_eq!(w.call(p, "atomics", "new", &[Term::small(0), Term::NIL]), Err(Fault::Raise));
    let c = w.call(p, "counters", "new", &[Term::small(1), Term::NIL]).unwrap();
    w.call(p, "counters", "add", &[c, one, Term::small(3)]).unwrap();
    assert_eq!(w.call(p, "counters", "get", &[c, one]), Ok(Term::small(3)));
}

#[test]
fn persistent_terms_are_read_without_copying() {
    let mut w = World::new();
    let p = w.process();
    let key = {
        let mut pp = w.sys.procs.check_out(p).unwrap();
        let t = Ctx { proc: &mut pp, sys: &mut w.sys }.tuple(&[a(am::OK), Term::small(1)]).unwrap();
        w.sys.procs.check_in(pp);
        t
    };
    w.call(p, "persistent_term", "put", &[key, key]).unwrap();
    let v = w.call(p, "persistent_term", "get", &[key]).unwrap();
    assert!(w.sys.arena.is_literal(v.addr()));
    assert_eq!(w.elements(v), [a(am::OK), Term::small(1)]);
    w.call(p, "persistent_term", "put", &[key, Term::small(4)]).unwrap();
    assert_eq!(w.call(p, "persistent_term", "get", &[key, a(am::ERROR)]), Ok(Term::small(4)));
    assert_eq!(w.call(p, "persistent_term", "erase", &[key]), Ok(TRUE));
    assert_eq!(w.call(p, "persistent_term", "get", &[key, a(am::ERROR)]), Ok(a(am::ERROR)));
    assert_eq!(w.call(p, "persistent_term", "get", &[key]), Err(Fault::Raise));
}

#[test]
fn facts_about_the_vm() {
    let mut w = World::new();
    let p = w.process();
    let mem = w.sys.mem();
    assert_eq!(w.erl(p, "system_info", &[a(am::WORDSIZE)]), Ok(Term::small(8)));
    let r = w.erl(p, "system_info", &[a(am::OTP_RELEASE)]).unwrap();
    assert_eq!(mem.head(r), Term::small('2' as i64));
    assert_eq!(w.erl(p, "system_info", &[a(am::LISTS)]), Err(Fault::Raise));
    assert_eq!(w.erl(p, "statistics", &[a(am::LISTS)]), Err(Fault::Raise));
    let before = w.erl(p, "memory", &[a(am::BINARY)]).unwrap().small_value();
    let mut pp = w.sys.procs.check_out(p).unwrap();
    let b = Ctx { proc: &mut pp, sys: &mut w.sys }.binary(&[1; 8000]).unwrap();
    w.sys.procs.check_in(pp);
    let after = w.erl(p, "memory", &[a(am::BINARY)]).unwrap().small_value();
    // Its bytes and what OTP adds to a binary.
    assert_eq!(after - before, 8056);
    let q = w.process();
    w.erl(p, "send", &[q, b]).unwrap();
    assert_eq!(w.erl(p, "memory", &[a(am::BINARY)]), Ok(Term::small(after)));
    assert_eq!(w.erl(p, "garbage_collect", &[q]), Ok(TRUE));
    assert!(w.sys.procs.get(q).unwrap().heap.major_count == 1);
    assert_eq!(w.erl(p, "halt", &[Term::small(3)]), Err(Fault::Stop));
}

#[test]
fn what_takes_no_words_of_the_arena_counts_too() {
    let mut w = World::new();
    let p = w.process();
    w.sys.counters.reductions = 2_000_000;
    w.sys.audit();
    assert_eq!(w.sys.stop, None);
    for i in 0..2_000_000 {
        let message = Message { term: Term::small(i), fragment: None };
        w.sys.deliver(p, message);
    }
    w.sys.counters.reductions = 4_000_000;
    w.sys.audit();
    assert_eq!(w.sys.stop, Some(crate::error::StopCause::OutOfMemory(64 << 20)));
}
