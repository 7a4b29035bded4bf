//! Any module, loaded and run for a bounded time on the core with its accesses checked: it is refused, or it runs without a
//! panic, and nothing that it does breaks what the loader has proved. Inputs are `.beam` files, changed in their decoded form.
#![no_main]

use beambox_beamfile::etf::Value;
use beambox_beamfile::{Arg, BeamFile, Export, Instr, Op};
use beambox_core::config::Config;
use beambox_core::error::StopCause;
use beambox_core::host::DenyAll;
use beambox_core::observe::{self, Look};
use beambox_core::sched::{Budget, Paused};
use beambox_core::vm::Vm;
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

/// Reductions of one module.
const REDUCTIONS: u64 = 60_000;
const SLICE: i32 = 500;
/// Most functions that are called.
const CALLS: usize = 40;

fn arguments(n: usize) -> Vec<Value> {
    let list = |items: Vec<Value>| Value::List(items, Box::new(Value::Nil));
    let all = [
        list((1..6).map(Value::Int).collect()),
        Value::Int(3),
        Value::Tuple(vec![Value::Atom("a".into()), Value::Int(1), Value::Float(2.5)]),
        Value::Binary(b"a binary that is longer than sixty-four bytes, so that it lies outside of the heap".to_vec()),
        Value::Map(vec![(Value::Atom("k".into()), list(vec![Value::Nil]))]),
        Value::Int(i64::MAX),
        Value::Atom("true".into()),
    ];
    (0..n).filter_map(|i| all.get((i + n) % all.len()).cloned()).collect()
}

fn run(bytes: &[u8]) {
    let Ok(file) = BeamFile::parse(bytes) else { return };
    if file.module_name() == "erlang" {
        return;
    }
    let config = Config {
        max_memory: 24 << 20,
        max_atoms: 1 << 16,
        max_processes: 256,
        autoload: false,
        ..Config::default()
    };
    let Ok(mut vm) = Vm::new(config, Box::new(DenyAll)) else { panic!("no VM") };
    if vm.sys.load_parsed(&file).is_err() {
        return;
    }
    let (module, mut calls) = (file.module_name().to_string(), 0);
    for Export { function, arity, .. } in &file.exports {
        let Some(name) = file.atom(*function) else { continue };
        if *arity <= 4 && calls < CALLS && vm.spawn(&module, name, &arguments(*arity as usize)).is_ok() {
            calls += 1;
        }
    }
    let mut used = 0;
    while used < REDUCTIONS {
        match vm.run(Budget { reductions: 10_000, skip_idle: true, slice: SLICE }) {
            Paused::Budget => used += 10_000,
            _ => break,
        }
    }
    match vm.stop_cause() {
        // A function that isn't for guards was called like one.
        Some(StopCause::Internal(why)) if !why.contains("guard BIF") => panic!("{why}"),
        _ => {}
    }
    let look = Look {
        number: 1,
        selected: vm.sys.procs.iter().map(|p| p.pid).next(),
        ended: None,
        program: None,
        max_rows: 64,
        max_objects: 10_000,
        time_ns: 0,
    };
    assert!(!observe::frame(&vm.sys, look).is_empty());
}

struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

/// A number near another one, or one that is often a limit.
fn number(r: &mut Random, n: u64) -> u64 {
    match r.below(5) {
        0 => n.wrapping_add(1),
        1 => n.saturating_sub(1),
        2 => r.below(8) as u64,
        3 => [0, 1, 16, 63, 64, 255, 256, 1023, 1024, 4095, 1 << 24, 1 << 31, u64::MAX][r.below(13)],
        _ => n,
    }
}

/// Another operand in the place of this one.
fn operand(r: &mut Random, file: &BeamFile, a: &mut Arg) {
    if let Arg::List(list) = a {
        match r.below(4) {
            0 if !list.is_empty() => drop(list.remove(r.below(list.len()))),
            1 if !list.is_empty() => list.push(list[r.below(list.len())].clone()),
            _ if !list.is_empty() => {
                let n = r.below(list.len());
                operand(r, file, &mut list[n]);
            }
            _ => {}
        }
        return;
    }
    if r.below(3) > 0 {
        // Of the same kind.
        match a {
            Arg::U(n) => *n = number(r, *n),
            Arg::I(n) => *n = number(r, *n as u64) as i64,
            Arg::X(n) | Arg::Y(n) | Arg::FReg(n) | Arg::TypedX(n, _) | Arg::TypedY(n, _) => {
                *n = if r.below(3) > 0 { r.below(6) as u16 } else { number(r, *n as u64) as u16 }
            }
            Arg::Label(l) => *l = r.below(file.code.label_count as usize) as u32,
            Arg::Atom(n) => *n = r.below(file.atoms.len()) as u32,
            Arg::Literal(n) => *n = r.below(file.literals.len()) as u32,
            Arg::Alloc(list) => list.iter_mut().for_each(|(_, n)| *n = number(r, *n)),
            _ => {}
        }
        return;
    }
    *a = match r.below(9) {
        0 | 1 => Arg::X(r.below(6) as u16),
        2 | 3 => Arg::Y(r.below(5) as u16),
        4 => Arg::Literal(r.below(file.literals.len()) as u32),
        5 => Arg::I(r.below(300) as i64 - 10),
        6 => Arg::Nil,
        7 => Arg::U(r.below(10) as u64),
        _ => Arg::Label(r.below(file.code.label_count as usize) as u32),
    };
}

fn change(r: &mut Random, file: &mut BeamFile) {
    let n = file.code.instrs.len();
    if n < 4 {
        return;
    }
    let at = r.below(n - 1);
    match r.below(12) {
        0 => drop(file.code.instrs.remove(at)),
        1 => file.code.instrs.swap(at, at + 1),
        2 => {
            let copy = file.code.instrs[r.below(n)].clone();
            file.code.instrs.insert(at, copy);
        }
        3 => {
            // Another instruction with operands of the same number.
            let arity = file.code.instrs[at].op.arity();
            let ops: Vec<Op> = Op::ALL.iter().copied().filter(|o| o.arity() == arity && o.removed().is_none()).collect();
            if let Some(op) = ops.get(r.below(ops.len())) {
                file.code.instrs[at].op = *op;
            }
        }
        4 => {
            let move_ = Instr::new(Op::Move, vec![Arg::X(r.below(5) as u16), Arg::Y(r.below(4) as u16)]);
            file.code.instrs.insert(at, move_);
        }
        5 if !file.exports.is_empty() => {
            let n = r.below(file.exports.len());
            let e = &mut file.exports[n];
            match r.below(2) {
                0 => e.arity = r.below(6) as u32,
                _ => e.label = r.below(file.code.label_count as usize) as u32,
            }
        }
        6 if !file.lambdas.is_empty() => {
            let n = r.below(file.lambdas.len());
            let l = &mut file.lambdas[n];
            match r.below(4) {
                0 => l.arity = r.below(6) as u32,
                1 => l.num_free = r.below(4) as u32,
                2 => l.index = r.below(4) as u32,
                _ => l.label = r.below(file.code.label_count as usize) as u32,
            }
        }
        7 if !file.imports.is_empty() => {
            let n = r.below(file.imports.len());
            file.imports[n].arity = r.below(5) as u32;
        }
        _ => {
            // Operands decide most, so they change most often.
            let mut i = file.code.instrs[at].clone();
            if !i.args.is_empty() && i.op != Op::Label {
                let which = r.below(i.args.len());
                operand(r, file, &mut i.args[which]);
                file.code.instrs[at] = i;
            }
        }
    }
}

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let mut r = Random(seed as u64 | 1 << 40);
    if r.below(16) > 0
        && let Ok(mut file) = BeamFile::parse(&data[..size])
    {
        for _ in 0..=r.below(3) {
            change(&mut r, &mut file);
        }
        let written = file.write();
        if written.len() <= max_size.min(data.len()) && BeamFile::parse(&written).is_ok() {
            data[..written.len()].copy_from_slice(&written);
            return written.len();
        }
    }
    fuzzer_mutate(data, size, max_size)
});

fuzz_target!(|bytes: &[u8]| run(bytes));
