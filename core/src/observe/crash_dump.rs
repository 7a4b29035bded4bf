//! An `erl_crash.dump` (format 0.5) of a VM, which OTP's `crashdump_viewer` reads. Mirrors `break.c` and `erl_process_dump.c`.
//!
//! Of each process the heap is dumped as far as something keeps it alive, of the literals what heaps refer to. A dump is text, and as large as that: what a
//! guest may hold, once more. Processes that call themselves sensitive show neither stack nor heap.

use super::graph::{Graph, SHARED_BINARY};
use super::map;
use crate::bif::etf::external_form;
use crate::bif::memory::Memory;
use crate::bif::process_info::process_bytes;
use crate::bif::time::civil_from_days;
use crate::heap::binary::{BLOCK_HEADER, block_bytes};
use crate::heap::print;
use crate::process::{CodePtr, PROCESS_END, Process, State};
use crate::system::System;
use crate::term::{Addr, Kind, Mem, TAG_HEADER, TAG_MASK, Term, object};
use crate::timer::Action;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// A fun or reference that takes more bytes than this in the external form is named only.
const MOST_EXTERNAL: u64 = 1 << 16;

/// The dump of a VM between two slices. `slogan`: why it is made; `unix_seconds`: when, shown as UTC; `now_ns`: the VM's own
/// time (`System::now_ns`).
pub fn crash_dump(system: &System, slogan: &str, unix_seconds: i64, now_ns: u64) -> String {
    let mut d =
        Dump { system, mem: system.mem(), out: String::new(), literals: BTreeSet::new(), binaries: BTreeMap::new() };
    let one_line = |text: &str| text.replace(['\n', '\r'], " ");
    d.line(format_args!("=erl_crash_dump:0.5\n{}\nSlogan: {}", ctime(unix_seconds), one_line(slogan)));
    d.line(format_args!("System version: Erlang/OTP 27 [erts-15.2.7] [source] [64-bit] [smp:1:1] (beambox)"));
    d.line(format_args!("Taints: (none)\nAtoms: {}", system.atoms.len()));
    d.memory();
    let mut processes: Vec<&Process> = system.procs.iter().collect();
    processes.sort_by_key(|p| p.pid.raw());
    processes.iter().for_each(|p| d.process(p));
    d.tables();
    d.timers(now_ns);
    d.line(format_args!("=no_distribution"));
    d.modules();
    processes.iter().filter(|p| !p.sensitive).for_each(|p| d.contents(p));
    d.literals();
    d.binaries();
    d.atoms();
    d.line(format_args!("=end"));
    d.out
}

/// `Sat Nov 21 20:00:00 2026`.
fn ctime(seconds: i64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil_from_days(days);
    let name = DAYS.get(days.rem_euclid(7) as usize).unwrap_or(&"");
    let month = MONTHS.get(month as usize - 1).unwrap_or(&"");
    format!("{name} {month} {day:2} {:02}:{:02}:{:02} {year}", rest / 3600, rest / 60 % 60, rest % 60)
}

struct Dump<'a> {
    system: &'a System,
    mem: Mem,
    out: String,
    /// Literals that something refers to.
    literals: BTreeSet<Addr>,
    /// Reference-counted binaries, by block.
    binaries: BTreeMap<Addr, u64>,
}

impl Dump<'_> {
    fn line(&mut self, text: std::fmt::Arguments<'_>) {
        let _ = writeln!(self.out, "{text}");
    }

    fn atom(&self, a: crate::atom::Atom) -> String {
        let mut out = String::new();
        print::atom(&mut out, self.system.atoms.name(a));
        out
    }

    fn mfa(&self, m: crate::process::Mfa) -> String {
        format!("{}:{}/{}", self.atom(m.module), self.atom(m.function), m.arity)
    }

    fn term(&self, t: Term) -> String {
        print::display(self.mem, &self.system.names(), t, usize::MAX)
    }

    fn place(&self, p: CodePtr) -> String {
        if p == PROCESS_END {
            return "<terminate process normally>".into();
        }
        match self.system.code.distance_at(p) {
            Some((f, distance)) => format!("{} + {}", self.mfa(f), distance << CodePtr::SHIFT),
            None => "unknown function".into(),
        }
    }

    fn memory(&mut self) {
        let m = Memory::of(self.system, None);
        self.line(format_args!("=memory\ntotal: {}\nprocesses: {}", m.total(), m.processes));
        self.line(format_args!("processes_used: {}\nsystem: {}", m.processes, m.system));
        self.line(format_args!("atom: {}\natom_used: {}", m.atoms, m.atoms));
        self.line(format_args!("binary: {}\ncode: {}\nets: {}", m.binaries, m.code, m.ets));
    }

    fn process(&mut self, p: &Process) {
        let state = match p.state {
            State::Runnable => "Scheduled",
            State::Waiting => "Waiting",
            State::Suspended { .. } => "Suspended",
            State::Exiting => "Exiting",
        };
        let pid = print::local_pid(p.pid);
        self.line(format_args!("=proc:{pid}\nState: {state}"));
        if let Some(name) = p.name {
            self.line(format_args!("Name: {}", self.atom(name)));
        }
        self.line(format_args!("Spawned as: {}", self.mfa(p.initial_call)));
        self.line(format_args!("Last scheduled in for: {}", self.mfa(p.current)));
        let parent = if p.parent.is_local_pid() { print::local_pid(p.parent) } else { "[]".into() };
        self.line(format_args!("Spawned by: {parent}\nMessage queue length: {}", p.mailbox.len()));
        self.line(format_args!("Number of heap fragments: {}", p.heap.frags.len()));
        self.line(format_args!("Heap fragment data: {}", p.heap.frag_words));
        let r = &p.relations;
        let links = r.links.iter().map(|l| self.term(Term(*l)));
        let reference = |id: &crate::heap::refs::RefId| format!("#Ref<0.{}.{}>", id.0, id.1);
        let to = r.monitors.iter().map(|(id, m)| format!("{{to,{},{}}}", self.term(m.pid), reference(id)));
        let from = r.monitored_by.iter().map(|(id, m)| format!("{{from,{},{}}}", self.term(m.pid), reference(id)));
        let all: Vec<String> = links.chain(to).chain(from).collect();
        if !all.is_empty() {
            self.line(format_args!("Link list: [{}]", all.join(", ")));
        }
        let h = &p.heap;
        let words = |from: Addr, to: Addr| to.saturating_sub(from) / 8;
        self.line(format_args!("Reductions: {}\nStack+heap: {}", p.reductions, h.size()));
        self.line(format_args!("OldHeap: {}\nHeap unused: {}", h.old_size(), words(h.top, h.sp)));
        self.line(format_args!("OldHeap unused: {}", words(h.old_top, h.old_end)));
        self.line(format_args!("BinVHeap: {}\nOldBinVHeap: {}", h.off_heap.words, h.old_off_heap.words));
        self.line(format_args!("BinVHeap unused: {}", h.vheap_size.saturating_sub(h.off_heap.words)));
        self.line(format_args!("OldBinVHeap unused: {}", h.old_vheap_size.saturating_sub(h.old_off_heap.words)));
        self.line(format_args!("Memory: {}", process_bytes(p)));
        if !p.sensitive {
            self.line(format_args!("Program counter: {:#018x} ({})", p.ip.to_word(), self.place(p.ip)));
            self.line(format_args!("arity = {}", p.live.len()));
        }
        self.line(format_args!("New heap start: {:X}\nNew heap top: {:X}", h.start, h.top));
        self.line(format_args!("Stack top: {:X}\nStack end: {:X}", h.sp, h.end));
        self.line(format_args!("Old heap start: {:X}\nOld heap top: {:X}", h.old_start, h.old_top));
        self.line(format_args!("Old heap end: {:X}", h.old_end));
    }

    fn tables(&mut self) {
        let mut all: Vec<_> = self.system.ets.all().collect();
        all.sort_by_key(|t| t.id);
        for (slot, t) in all.into_iter().enumerate() {
            let owner = if t.owner.is_local_pid() { print::local_pid(t.owner) } else { "[]".into() };
            let (name, kind) = (self.atom(t.name), self.atom(t.kind.atom()));
            self.line(format_args!("=ets:{owner}\nSlot: {slot}\nTable: {name}\nName: {name}"));
            self.line(format_args!("Objects: {}\nWords: {}\nType: {kind}", t.len(), t.words()));
            self.line(format_args!("Protection: {}\nCompressed: {}", self.atom(t.protection.atom()), t.compressed));
            self.line(format_args!("Write Concurrency: false\nRead Concurrency: false"));
        }
    }

    fn timers(&mut self, now: u64) {
        for (at_ns, action) in self.system.timers.all() {
            if let Action::Send { to, message, .. } = action {
                let left = at_ns.saturating_sub(now) / 1_000_000;
                let (to, message) = (self.term(*to), self.term(message.term));
                self.line(format_args!("=timer:{to}\nMessage: {message}\nTime left: {left}"));
            }
        }
    }

    fn modules(&mut self) {
        let code = &self.system.code;
        let bytes = |slot: Option<u32>| slot.and_then(|s| code.instance(s)).map(|i| i.bytes);
        let mut all: Vec<_> =
            code.modules.iter().map(|(name, m)| (self.atom(*name), bytes(m.current), bytes(m.old))).collect();
        all.sort();
        let sum = |sizes: &dyn Fn(&(String, Option<usize>, Option<usize>)) -> Option<usize>| {
            all.iter().filter_map(sizes).sum::<usize>()
        };
        let (current, old) = (sum(&|m| m.1), sum(&|m| m.2));
        self.line(format_args!("=loaded_modules\nCurrent code: {current}\nOld code: {old}"));
        for (name, current, old) in all {
            if current.is_some() || old.is_some() {
                self.line(format_args!("=mod:{name}\nCurrent size: {}", current.unwrap_or(0)));
            }
            if let Some(old) = old {
                self.line(format_args!("Old size: {old}"));
            }
        }
        for f in &code.funs {
            let address = f.code.map_or(0, |c| c.to_word());
            self.line(format_args!("=fun\nModule: {}\nUniq: {}", self.atom(f.module), f.old_uniq));
            self.line(format_args!("Index: {}\nAddress: {address:#018x}\nRefc: 1", f.old_index));
        }
    }

    /// Messages, dictionary, stack and heap of a process.
    fn contents(&mut self, p: &Process) {
        let pid = print::local_pid(p.pid);
        if !p.mailbox.is_empty() {
            self.line(format_args!("=proc_messages:{pid}"));
            for m in p.mailbox.iter() {
                let text = self.element(m.term);
                self.line(format_args!("{text}:N"));
            }
        }
        let pairs: Vec<Term> = p.dict.pairs(self.mem).collect();
        if !pairs.is_empty() {
            self.line(format_args!("=proc_dictionary:{pid}"));
            for pair in pairs {
                let text = self.element(pair);
                self.line(format_args!("{text}"));
            }
        }
        self.line(format_args!("=proc_stack:{pid}"));
        let mut y = 0;
        for at in (p.heap.sp..p.heap.end).step_by(8) {
            let word = self.mem.word(at, 0);
            if word & TAG_MASK == TAG_HEADER {
                let place = self.place(CodePtr::from_word(word));
                self.line(format_args!("0x{at:016x}:SReturn addr 0x{word:X} ({place})"));
                y = 0;
                continue;
            }
            let text = if Term(word).is_catch() {
                let (slot, offset) = Term(word).catch_target();
                let to = CodePtr { slot, offset };
                format!("SCatch 0x{:X} ({})", to.to_word(), self.place(to))
            } else {
                self.element(Term(word))
            };
            self.line(format_args!("y{y}:{text}"));
            y += 1;
        }
        self.line(format_args!("=proc_heap:{pid}"));
        let graph = Graph::of(self.system, p);
        for (node, size) in graph.nodes.iter().zip(graph.retained()) {
            if size > 0 && node.kind != SHARED_BINARY {
                self.object(node.address, node.kind);
            }
        }
    }

    /// What heaps refer to in literal areas, and what that refers to.
    fn literals(&mut self) {
        self.line(format_args!("=literals"));
        let mut done = BTreeSet::new();
        while let Some(at) = self.literals.pop_first() {
            if done.insert(at) {
                let (kind, _) = map::at(self.mem, at, u32::MAX);
                self.object(at, kind);
            }
        }
    }

    fn binaries(&mut self) {
        for (block, bytes) in std::mem::take(&mut self.binaries) {
            let data = self.mem.bytes(block + 8 * BLOCK_HEADER, bytes as usize);
            let text = BASE64.encode(data);
            self.line(format_args!("=binary:{block:X}\n{bytes:X}:{text}"));
        }
    }

    /// All atoms, the last one first.
    fn atoms(&mut self) {
        self.line(format_args!("=atoms"));
        for n in (0..self.system.atoms.len() as u32).rev() {
            let text = self.atom(crate::atom::Atom(n)).replace('\n', "\\n");
            self.line(format_args!("{text}"));
        }
    }

    /// A word that holds a term.
    fn element(&mut self, t: Term) -> String {
        if t.is_list() || t.is_boxed() {
            if t.addr() >= self.system.arena.literal_base() {
                self.literals.insert(t.addr());
            }
            return format!("H{:X}", t.addr());
        }
        match (t.as_atom(), t.as_small()) {
            (Some(a), _) => {
                let name = self.system.atoms.name(a);
                format!("A{:X}:{name}", name.len())
            }
            (_, Some(n)) => format!("I{n}"),
            _ if t.is_local_pid() => format!("P{}", print::local_pid(t)),
            _ if t.is_nil() || t.is_none() => "N".into(),
            // A port: `#Port<0.1>`, of which the dump has what is between the brackets.
            _ => format!("p{}", self.term(t).trim_start_matches("#Port")),
        }
    }

    fn elements(&mut self, at: Addr, words: std::ops::Range<u32>) -> String {
        let all: Vec<String> = words.map(|i| self.element(self.mem.get(at, i))).collect();
        all.join(",")
    }

    /// The line of an object.
    fn object(&mut self, at: Addr, kind: u8) {
        let mem = self.mem;
        if kind == map::kind::CONS {
            let (head, tail) = (self.element(mem.get(at, 0)), self.element(mem.get(at, 1)));
            return self.line(format_args!("{at:X}:l{head}|{tail}"));
        }
        let header = mem.word(at, 0);
        let Some(what) = object::kind_of_header(header).filter(|_| header & TAG_MASK == TAG_HEADER) else { return };
        let boxed = Term::boxed_at(at);
        let layout = object::layout(mem, at, header);
        let text = match what {
            Kind::Cons => return,
            Kind::Tuple => {
                let n = object::arity(header);
                format!("t{n:X}:{}", self.elements(at, 1..n + 1))
            }
            Kind::Float => {
                let text = format!("{:.20e}", mem.float_value(boxed));
                format!("F{:X}:{text}", text.len())
            }
            Kind::PosBig | Kind::NegBig => format!("B{}", self.term(boxed)),
            Kind::HeapBits => {
                let bytes = mem.binary_to_vec(boxed).unwrap_or_default();
                format!("Yh{:X}:{}", bytes.len(), BASE64.encode(bytes))
            }
            Kind::SubBits => self.view(at),
            Kind::BinRef => {
                let block = mem.word(at, 1) as Addr;
                let bytes = block_bytes(mem, block) as u64;
                self.binaries.insert(block, bytes);
                format!("Yc{block:X}:0:{bytes:X}")
            }
            Kind::FunRef => format!("Rf{:X}", mem.word(at, 1)),
            Kind::FlatMap => {
                let (keys, n) = (self.element(mem.get(at, 2)), mem.word(at, 1) as u32);
                format!("Mf{n:X}:{keys}:{}", self.elements(at, 3..3 + n))
            }
            Kind::HashHead => {
                let n = layout.words - 2;
                format!("Mh{:X}:{n:X}:{}", mem.word(at, 1), self.elements(at, 2..2 + n))
            }
            Kind::HashNode => {
                let n = layout.words - 1;
                format!("Mn{n:X}:{}", self.elements(at, 1..1 + n))
            }
            Kind::Fun | Kind::Ref | Kind::ExtPid | Kind::ExtPort | Kind::ExtRef => self.external(boxed),
        };
        self.line(format_args!("{at:X}:{text}"));
    }

    /// A view of a binary; bits that don't fill a byte are left out, as in OTP's dumps.
    fn view(&mut self, at: Addr) -> String {
        let mem = self.mem;
        let (from, to, orig) = (mem.word(at, 2), mem.word(at, 3), mem.get(at, 4));
        let (offset, size) = (from / 8, to.saturating_sub(from) / 8);
        if object::kind_of_header(mem.header(orig)) == Some(Kind::BinRef) {
            let block = mem.field(orig, 1).raw() as Addr;
            self.binaries.insert(block, block_bytes(mem, block) as u64);
            return format!("Yc{block:X}:{offset:X}:{size:X}");
        }
        let bytes = mem.binary_to_vec(orig).unwrap_or_default();
        let seen = bytes.get(offset as usize..(offset + size) as usize).unwrap_or_default();
        format!("Yh{:X}:{}", seen.len(), BASE64.encode(seen))
    }

    fn external(&self, t: Term) -> String {
        match external_form(self.system, t, MOST_EXTERNAL) {
            Some(bytes) => format!("E{:X}:{}", bytes.len(), BASE64.encode(bytes)),
            None => {
                // Its name as an atom.
                let name = print::display(self.mem, &self.system.names(), t, 80);
                let name: String = name.chars().take(80).collect();
                let mut bytes = vec![131, 119, name.len().min(255) as u8];
                bytes.extend(name.bytes().take(255));
                format!("E{:X}:{}", bytes.len(), BASE64.encode(bytes))
            }
        }
    }
}
