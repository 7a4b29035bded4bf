//! A VM's state as Prometheus text, so that dashboards for the BEAM draw it unchanged.
//!
//! Names and kinds are those of prometheus.erl's collectors `vm_memory`, `vm_statistics` and `vm_system_info`: the older ones and, where 6.0 renamed them, the
//! newer ones beside. `erlang_vm_process_*` and `erlang_vm_ets_table_*` are per process and table, for the panels of the troubleshooting guide.

use crate::bif::memory::Memory;
use crate::bif::process_info::process_bytes;
use crate::heap::print::local_pid;
use crate::system::System;
use std::fmt::Write;

/// Which families come for each process and each table: those with the most memory first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rows {
    /// Most processes.
    pub processes: usize,
    /// Most tables.
    pub tables: usize,
}

impl Default for Rows {
    fn default() -> Rows {
        Rows { processes: 1000, tables: 1000 }
    }
}

/// The metrics between two slices, `time_ns` after the start (`Vm::now_ns`), in Prometheus' text format (version 0.0.4).
pub fn prometheus(system: &System, time_ns: u64, rows: Rows) -> String {
    let mut out = Text::default();
    memory(&mut out, system);
    statistics(&mut out, system, time_ns);
    system_info(&mut out, system);
    per_process(&mut out, system, rows.processes);
    per_table(&mut out, system, rows.tables);
    out.0
}

#[derive(Default)]
struct Text(String);

impl Text {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = write!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    }

    fn one(&mut self, name: &str, kind: &str, help: &str, value: impl std::fmt::Display) {
        self.family(name, kind, help);
        let _ = writeln!(self.0, "{name} {value}");
    }

    /// The same under two names: the older one and prometheus.erl 6's.
    fn both(&mut self, names: [&str; 2], kind: &str, help: &str, value: impl std::fmt::Display + Copy) {
        for name in names {
            self.one(name, kind, help, value);
        }
    }

    fn labelled(&mut self, name: &str, help: &str, label: &str, rows: &[(&str, u64)]) {
        self.family(name, "gauge", help);
        for (value, n) in rows {
            let _ = writeln!(self.0, "{name}{{{label}=\"{value}\"}} {n}");
        }
    }
}

fn memory(out: &mut Text, system: &System) {
    let m = Memory::of(system, None);
    let other = m.system - m.atoms - m.binaries - m.code - m.ets;
    let kinds = [
        ("system", m.system),
        ("processes", m.processes),
        ("total", m.total()),
        ("ets", m.ets),
        ("binary", m.binaries),
        ("atom", m.atoms),
        ("code", m.code),
    ];
    let used = |n| [("used", n), ("free", 0)];
    let parts = [("atom", m.atoms), ("binary", m.binaries), ("code", m.code), ("ets", m.ets), ("other", other)];
    for end in ["_total", ""] {
        let name = |middle: &str| format!("erlang_vm_memory_{middle}bytes{end}");
        out.labelled(&name(""), "Bytes in use, by kind; total is system and processes.", "kind", &kinds);
        out.labelled(&name("processes_"), "Bytes of the processes.", "usage", &used(m.processes));
        out.labelled(&name("atom_"), "Bytes of atoms.", "usage", &used(m.atoms));
        out.labelled(&name("system_"), "Bytes that are no process's, by use.", "usage", &parts);
    }
    out.one("erlang_vm_memory_ets_tables", "gauge", "ETS tables.", system.ets.len());
    out.one("erlang_vm_memory_dets_tables", "gauge", "DETS tables; the VM doesn't count them.", 0);
}

fn statistics(out: &mut Text, system: &System, nanos: u64) {
    let c = &system.counters;
    let stat = |rest: &str| format!("erlang_vm_statistics_{rest}");
    let mut both = |old: &str, new: &str, kind: &str, help: &str, value: u64| {
        out.both([&stat(old), &stat(new)], kind, help, value);
    };
    let (switches, collections) = ("context_switches", "garbage_collection_number_of_gcs");
    both(switches, "context_switches_total", "counter", "Times that a process was scheduled in.", c.context_switches);
    both(collections, &format!("{collections}_total"), "counter", "Collections.", c.collections);
    for (unit, n) in [("words", c.reclaimed_words), ("bytes", c.reclaimed_words * 8)] {
        let old = format!("garbage_collection_{unit}_reclaimed");
        both(&old, &format!("{old}_total"), "counter", "Reclaimed by collections.", n);
    }
    both("run_queues_length_total", "run_queues_length", "gauge", "Processes ready to run.", system.run.len() as u64);
    let seconds = nanos as f64 / 1e9;
    for (name, help) in [("runtime", "Time spent running."), ("wallclock_time", "Time since the start.")] {
        out.one(&stat(&format!("{name}_milliseconds")), "counter", help, nanos / 1_000_000);
        out.one(&stat(&format!("{name}_seconds_total")), "counter", help, seconds);
    }
    let counters = [
        ("reductions_total", "Reductions.", c.reductions),
        ("bytes_received_total", "Bytes read.", c.input_bytes),
        ("bytes_output_total", "Bytes written.", c.output_bytes),
    ];
    for (name, help, n) in counters {
        out.one(&stat(name), "counter", help, n);
    }
    for name in ["dirty_cpu_run_queue_length", "dirty_io_run_queue_length"] {
        out.one(&stat(name), "gauge", "There are no dirty schedulers.", 0);
    }
}

fn system_info(out: &mut Text, system: &System) {
    let counted = [
        (["erlang_vm_process_count", "erlang_vm_processes"], "Processes.", system.procs.len()),
        (["erlang_vm_port_count", "erlang_vm_ports"], "Ports.", system.resources.ports.len()),
        (["erlang_vm_atom_count", "erlang_vm_atoms"], "Atoms.", system.atoms.len()),
    ];
    for (names, help, n) in counted {
        out.both(names, "gauge", help, n);
    }
    let limits = [
        ("erlang_vm_process_limit", "Most processes at a time.", system.procs.limit()),
        ("erlang_vm_port_limit", "Most ports at a time.", crate::bif::system::MAX_PORTS as usize),
        ("erlang_vm_atom_limit", "Most atoms.", system.atoms.limit()),
        ("erlang_vm_ets_limit", "Most ETS tables.", system.config.max_ets_tables),
        ("erlang_vm_schedulers", "Schedulers.", 1),
        ("erlang_vm_schedulers_online", "Schedulers online.", 1),
        ("erlang_vm_wordsize_bytes", "Bytes of a word.", 8),
    ];
    for (name, help, n) in limits {
        out.one(name, "gauge", help, n);
    }
}

fn per_process(out: &mut Text, system: &System, most: usize) {
    let mut all: Vec<_> = system.procs.iter().map(|p| (process_bytes(p), p)).collect();
    all.sort_by_key(|(bytes, p)| (std::cmp::Reverse(*bytes), p.pid.raw()));
    all.truncate(most);
    let label = |p: &crate::process::Process| {
        let name = p.name.map_or(String::new(), |n| escaped(system.atoms.name(n)));
        format!("pid=\"{}\",name=\"{name}\"", local_pid(p.pid))
    };
    let mut family = |name: &str, help: &str, value: &dyn Fn(u64, &crate::process::Process) -> u64| {
        out.family(name, "gauge", help);
        for (bytes, p) in &all {
            let _ = writeln!(out.0, "{name}{{{}}} {}", label(p), value(*bytes, p));
        }
    };
    family("erlang_vm_process_memory_bytes", "Bytes of a process, as process_info tells them.", &|bytes, _| bytes);
    let queue = "Messages in the queue of a process.";
    family("erlang_vm_process_message_queue_len", queue, &|_, p| p.mailbox.len() as u64);
}

fn per_table(out: &mut Text, system: &System, most: usize) {
    let mut all: Vec<_> = system.ets.all().collect();
    all.sort_by_key(|t| (std::cmp::Reverse(t.words()), t.id));
    all.truncate(most);
    let mut family = |name: &str, help: &str, value: &dyn Fn(&crate::ets::Table) -> u64| {
        out.family(name, "gauge", help);
        for t in &all {
            let (table, owner) = (escaped(system.atoms.name(t.name)), local_pid(t.owner));
            let _ = writeln!(out.0, "{name}{{table=\"{table}\",owner=\"{owner}\"}} {}", value(t));
        }
    };
    family("erlang_vm_ets_table_memory_words", "Words of a table.", &|t| t.words());
    family("erlang_vm_ets_table_size", "Objects in a table.", &|t| t.len() as u64);
}

/// The value of a label: backslash, quote and newline escaped.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
