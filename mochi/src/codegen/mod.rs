//! From SSA pieces to a `.beam` file.
//!
//! [`emit`] writes the instructions of one piece; this file drives the passes and keeps the module's tables ([`tables`]).

mod emit;
mod tables;

use crate::core_ir::Module;
use crate::ssa::{build, infer, split};
use beambox_beamfile as bf;
use std::collections::HashMap;
use tables::Tables;

/// Entry labels: (function, root block) to label.
type Labels = HashMap<(usize, usize), u32>;

/// The bytes of the module.
pub fn generate(module: &Module) -> Vec<u8> {
    model(module).write()
}

/// The module as a file model.
pub fn model(module: &Module) -> bf::BeamFile {
    let mut funcs: Vec<_> = module.funs.iter().map(build::build).collect();
    let facts = infer::infer(module, &funcs);
    for (f, vals) in funcs.iter_mut().zip(&facts.vals) {
        infer::simplify(f, vals);
    }
    // Simplifying removed ways that cannot be taken, so a second round knows more.
    let facts = infer::infer(module, &funcs);
    for (f, vals) in funcs.iter_mut().zip(&facts.vals) {
        infer::simplify(f, vals);
    }
    let mut t = Tables::new(&module.name, &module.file);
    let mut labels: Labels = HashMap::new();
    let mut pieces = vec![];
    for (i, f) in funcs.iter_mut().enumerate() {
        for p in split::split(f) {
            t.new_label(); // func_info
            let entry = t.new_label();
            labels.insert((i, p.root), entry);
            pieces.push((i, p));
        }
    }
    for (i, p) in &pieces {
        let fun = &module.funs[*i];
        let name = if p.root == 0 { fun.name.clone() } else { format!("{}-loop-{}-", fun.name, p.root) };
        let entry = labels[&(*i, p.root)];
        let vals = facts.vals.get(*i).map(Vec::as_slice).unwrap_or_default();
        let cx = emit::Context { module, funcs: &funcs, labels: &labels, vals };
        emit::piece(&mut t, &cx, *i, p, &name, entry);
        let exported = fun.exported && p.root == 0;
        t.function(&name, p.params.len() as u32, entry, exported);
    }
    module_info(&mut t);
    t.finish()
}

/// `module_info/0,1`, as every module has them.
fn module_info(t: &mut Tables) {
    use bf::{Arg, Op};
    for arity in 0..2u64 {
        let info = t.new_label();
        let entry = t.new_label();
        let name = t.atom("module_info");
        let module = t.atom_zero();
        t.op(Op::Label, vec![Arg::U(u64::from(info))]);
        t.line(0);
        t.op(Op::FuncInfo, vec![Arg::Atom(module), Arg::Atom(name), Arg::U(arity)]);
        t.op(Op::Label, vec![Arg::U(u64::from(entry))]);
        if arity == 1 {
            t.op(Op::Move, vec![Arg::X(0), Arg::X(1)]);
        }
        t.op(Op::Move, vec![Arg::Atom(module), Arg::X(0)]);
        let import = t.import("erlang", "get_module_info", arity as u32 + 1);
        t.op(Op::CallExtOnly, vec![Arg::U(arity + 1), Arg::U(u64::from(import))]);
        t.function("module_info", arity as u32, entry, true);
    }
}
