//! What a module's code must keep to, so that its instructions need no checks when they run.
//!
//! Whoever writes a `.beam` file chooses its bytes, so the loader proves for every place in the code that can be reached: registers
//! that are read hold something; slots of the frame are set before a collection or an exception looks at them; frames are there where
//! they are used and gone where a function returns; heap words were reserved before they are filled; a handler is entered by an
//! exception; every loop makes a call or waits, so that reductions end it. What breaks such a rule is a [`LoadError`].
//!
//! Kinds of values (cons cell, tuple of so many elements, float, match context) are followed too, through calls within the module. Where
//! the proof falls short, as it does for what OTP's compiler knows of other modules' functions, the instruction gets a [`Demand`] before
//! it, which is checked when it runs.
//!
//! What is left out: the compiler's own types in the Type chunk, which nothing here believes. Mirrors `beam_validator.erl` in purpose.

mod bits;
mod data;
mod state;
mod step;

use crate::error::LoadError;
use beambox_beamfile::{Arg, BeamFile, Instr, Op};
use rustc_hash::{FxHashMap, FxHashSet};
use state::{Cell, Kind, State, next};

/// What an instruction needs of an operand, to be checked when it runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Demand {
    Cons,
    Float,
    /// A match context.
    Context,
    /// A tuple of at least so many elements.
    Tuple(u32),
    /// A tuple of exactly so many.
    Exact(u32),
}

/// What is left to do when the code runs.
#[derive(Default)]
pub struct Findings {
    /// Per generic instruction, what is demanded of which of its operands.
    pub demands: FxHashMap<usize, (usize, Demand)>,
    /// Functions, from one instruction to another, whose frames must be cleared when they are made: something may raise
    /// before all slots are set.
    pub cleared: Vec<(usize, usize)>,
}

impl Findings {
    pub fn is_cleared(&self, at: usize) -> bool {
        let n = self.cleared.partition_point(|f| f.0 <= at);
        n.checked_sub(1).and_then(|n| self.cleared.get(n)).is_some_and(|f| at < f.1)
    }
}

/// Most times that a function is looked at again because something that it depends on is known to be less.
const PATIENCE: usize = 10_000;

/// Most registers that are kept in mind for all labels together, and most that are compared: whoever writes a file chooses how many there are.
const MOST_KEPT: usize = 1 << 23;
const MOST_WORK: usize = 1 << 28;

/// A function of the file.
struct Function {
    /// Its entry label.
    entry: u32,
    arity: u8,
    /// Its instructions, from the label of its `func_info` on.
    from: usize,
    to: usize,
    /// What its arguments are; `None`: nobody is known to call it yet.
    args: Option<Vec<Kind>>,
    /// What it returns; `None`: it isn't known to return yet.
    result: Option<Kind>,
    /// The VM has a function of its own in its place, which returns anything.
    replaced: bool,
    /// Functions to look at again when more is known of its result.
    callers: FxHashSet<usize>,
    waits: bool,
    /// Its frames are cleared.
    cleared: bool,
}

struct Label {
    function: usize,
    at: usize,
}

struct Verifier<'a> {
    file: &'a BeamFile,
    functions: Vec<Function>,
    /// By label: where it stands.
    labels: Vec<Option<Label>>,
    /// By entry label: the function.
    entries: FxHashMap<u32, usize>,
    states: Vec<Option<State>>,
    demands: FxHashMap<usize, (usize, Demand)>,
    queue: Vec<usize>,
    /// Jumps between labels that neither call nor wait.
    edges: FxHashSet<(u32, u32)>,
    /// The last number given to a value.
    fresh: u32,
    /// Registers kept for labels, and registers looked at so far.
    kept: usize,
    work: usize,
    /// The function that is looked at, the instruction, the label before it.
    function: usize,
    at: usize,
    segment: u32,
    /// A label before the current instruction has lost something.
    again: bool,
    /// The function's frames must be cleared.
    clear: bool,
}

/// Checks the code of a file. `replaced`: does the VM have a function of its own in the place of this one?
pub fn verify(file: &BeamFile, replaced: impl Fn(u32, u8) -> bool) -> Result<Findings, LoadError> {
    let code = &file.code.instrs;
    let mut v = Verifier {
        file,
        functions: Vec::new(),
        labels: (0..file.code.label_count).map(|_| None).collect(),
        entries: FxHashMap::default(),
        states: (0..file.code.label_count).map(|_| None).collect(),
        demands: FxHashMap::default(),
        queue: Vec::new(),
        edges: FxHashSet::default(),
        fresh: 0,
        kept: 0,
        work: 0,
        function: 0,
        at: 0,
        segment: 0,
        again: false,
        clear: false,
    };
    v.find_functions(code, &replaced)?;
    v.roots()?;
    let mut turns = 0;
    loop {
        while let Some(f) = v.queue.pop() {
            turns += 1;
            if turns > PATIENCE + 20 * v.functions.len() {
                return Err(v.error("the code is too tangled to be checked"));
            }
            if let Some(f) = v.functions.get_mut(f) {
                f.waits = false;
            }
            v.function(f)?;
        }
        // Nobody calls the rest. It is looked at all the same.
        let Some(f) = v.functions.iter().position(|f| f.args.is_none()) else { break };
        v.call_from_outside(f);
    }
    v.loops()?;
    let cleared = v.functions.iter().filter(|f| f.cleared).map(|f| (f.from, f.to)).collect();
    Ok(Findings { demands: v.demands, cleared })
}

fn label_of(i: &Instr) -> Option<u32> {
    match i.args.first() {
        _ if i.op != Op::Label => None,
        Some(Arg::U(l)) => u32::try_from(*l).ok(),
        Some(Arg::Label(l)) => Some(*l),
        _ => None,
    }
}

impl<'a> Verifier<'a> {
    /// Are the frames of the current function cleared?
    fn is_cleared(&self) -> bool {
        self.functions.get(self.function).is_some_and(|f| f.cleared)
    }

    /// An error at the current instruction.
    fn error(&self, what: impl Into<String>) -> LoadError {
        let at = self.file.code.instrs.get(self.at);
        let name = at.map_or("", |i| i.op.name());
        LoadError::new("Code", at.map(|i| i.offset), format!("{name}: {}", what.into()))
    }

    /// Cuts the code into functions: each begins with the label before its `func_info`.
    fn find_functions(&mut self, code: &'a [Instr], replaced: &impl Fn(u32, u8) -> bool) -> Result<(), LoadError> {
        for (n, i) in code.iter().enumerate().filter(|(_, i)| i.op == Op::FuncInfo) {
            self.at = n;
            let (Some(Arg::Atom(name)), Some(Arg::U(arity))) = (i.args.get(1), i.args.get(2)) else {
                return Err(self.error("no name or arity"));
            };
            let arity = u8::try_from(*arity).map_err(|_| self.error("an arity above 255"))?;
            let mut from = n;
            while let Some(before) = from.checked_sub(1).filter(|b| matches!(code[*b].op, Op::Line | Op::Label)) {
                from = before;
                if code[before].op == Op::Label {
                    break;
                }
            }
            let Some(entry) = code.get(n + 1).and_then(label_of) else { return Err(self.error("no label behind it")) };
            if let Some(last) = self.functions.last_mut() {
                last.to = from;
            }
            let f = self.functions.len();
            if self.entries.insert(entry, f).is_some() {
                return Err(self.error(format!("label {entry} is the entry of two functions")));
            }
            let replaced = replaced(*name, arity);
            let result = replaced.then_some(Kind::Any);
            let callers = FxHashSet::default();
            let (args, waits, cleared) = (None, false, false);
            let to = code.len();
            self.functions.push(Function { entry, arity, from, to, args, result, replaced, callers, waits, cleared });
        }
        for (f, function) in self.functions.iter().enumerate() {
            for (n, i) in code.iter().enumerate().take(function.to).skip(function.from) {
                if let Some(place) = label_of(i).and_then(|l| self.labels.get_mut(l as usize)) {
                    *place = Some(Label { function: f, at: n });
                }
            }
        }
        Ok(())
    }

    /// Functions that are called from outside: with any arguments.
    fn roots(&mut self) -> Result<(), LoadError> {
        let mut indices = FxHashSet::default();
        let exports = self.file.exports.iter().map(|e| ("ExpT", e.label, e.arity));
        let lambdas = self.file.lambdas.iter().map(|l| ("FunT", l.label, l.arity));
        for (chunk, label, arity) in exports.chain(lambdas) {
            let f = self.entries.get(&label).copied();
            match f.filter(|f| self.functions.get(*f).is_some_and(|f| f.arity as u32 == arity)) {
                Some(f) => self.call_from_outside(f),
                None => {
                    let what = format!("label {label} is not the entry of a function of {arity} arguments");
                    return Err(LoadError::new(chunk, None, what));
                }
            }
        }
        for l in &self.file.lambdas {
            if l.num_free > l.arity {
                return Err(LoadError::new("FunT", None, "a fun has more free variables than arguments"));
            }
            if !indices.insert(l.index) {
                return Err(LoadError::new("FunT", None, format!("two funs have the index {}", l.index)));
            }
        }
        Ok(())
    }

    fn call_from_outside(&mut self, f: usize) {
        let arity = self.functions.get(f).map_or(0, |f| f.arity);
        self.call(f, &vec![Kind::Any; arity as usize]);
    }

    /// A call of the function with such arguments.
    fn call(&mut self, f: usize, args: &[Kind]) {
        let Some(function) = self.functions.get_mut(f) else { return };
        let joined = match &function.args {
            None => args.to_vec(),
            Some(known) => known.iter().zip(args).map(|(a, b)| a.join(*b)).collect(),
        };
        if function.args.as_ref() != Some(&joined) {
            function.args = Some(joined);
            self.enqueue(f);
        }
    }

    fn enqueue(&mut self, f: usize) {
        if let Some(function) = self.functions.get_mut(f)
            && !std::mem::replace(&mut function.waits, true)
        {
            self.queue.push(f);
        }
    }

    /// The current function returns this, too.
    fn returns(&mut self, kind: Kind) {
        let f = self.function;
        let Some(function) = self.functions.get_mut(f).filter(|f| !f.replaced) else { return };
        let joined = function.result.map_or(kind, |known| known.join(kind));
        if function.result != Some(joined) {
            function.result = Some(joined);
            for caller in function.callers.clone() {
                self.enqueue(caller);
            }
        }
    }

    /// What the function with this entry label returns, as far as is known; whoever asks is told when more is.
    fn result_of(&mut self, f: usize) -> Option<Kind> {
        let caller = self.function;
        let function = self.functions.get_mut(f)?;
        function.callers.insert(caller);
        function.result
    }

    fn cell(&mut self, kind: Kind) -> Cell {
        Cell { kind, value: next(&mut self.fresh) }
    }

    /// Goes through a function until nothing changes.
    fn function(&mut self, f: usize) -> Result<(), LoadError> {
        let Some(function) = self.functions.get(f) else { return Ok(()) };
        let (from, to, entry) = (function.from, function.to, function.entry);
        let args = function.args.clone().unwrap_or_default();
        self.function = f;
        loop {
            self.again = false;
            self.segment = 0;
            let mut state: Option<State> = None;
            for at in from..to {
                self.at = at;
                let Some(i) = self.file.code.instrs.get(at) else { break };
                if let Some(label) = label_of(i) {
                    if let Some(mut s) = state.take() {
                        s.fresh = None;
                        self.edge(label);
                        self.reach(label, &s)?;
                    }
                    if label == entry {
                        let cells = args.iter().map(|k| self.cell(*k)).collect();
                        self.reach(label, &State::new(cells))?;
                    }
                    self.segment = label;
                    state = self.states.get(label as usize).and_then(Clone::clone);
                } else if let Some(s) = state.take() {
                    state = self.step(i, s)?;
                }
            }
            if std::mem::take(&mut self.clear) {
                // From the start, with all that was known of its labels forgotten.
                for (label, state) in self.labels.iter().zip(&mut self.states) {
                    if label.as_ref().is_some_and(|l| l.function == f) {
                        *state = None;
                    }
                }
                if let Some(function) = self.functions.get_mut(f) {
                    function.cleared = true;
                }
                continue;
            }
            if state.is_some() {
                return Err(self.error("execution runs over the end of its function"));
            }
            if !self.again {
                return Ok(());
            }
        }
    }

    /// A jump from here to a label that neither calls nor waits.
    fn edge(&mut self, label: u32) {
        self.edges.insert((self.segment, label));
    }

    /// Execution may get to the label with this known.
    fn reach(&mut self, label: u32, s: &State) -> Result<(), LoadError> {
        let place = self.labels.get(label as usize).and_then(Option::as_ref);
        let Some(place) = place.filter(|l| l.function == self.function) else {
            return Err(self.error(format!("label {label} is not of this function")));
        };
        let back = place.at < self.at;
        let size = 1 + s.xs.len() + s.ys.len();
        self.work += size;
        if self.kept > MOST_KEPT || self.work > MOST_WORK {
            return Err(self.error("there are too many registers and labels to keep in mind"));
        }
        let Some(known) = self.states.get_mut(label as usize) else { return Ok(()) };
        let changed = match known {
            Some(known) => known.merge(s, &mut self.fresh),
            None => {
                *known = Some(s.clone());
                self.kept += size;
                true
            }
        };
        self.again |= changed && back;
        Ok(())
    }

    /// No way leads from a label back to it without a call or a wait: reductions could not end such a loop.
    fn loops(&self) -> Result<(), LoadError> {
        let mut next: FxHashMap<u32, Vec<u32>> = FxHashMap::default();
        for (from, to) in &self.edges {
            next.entry(*from).or_default().push(*to);
        }
        // Labels on the way that is being followed are open; those that lead to no loop are done.
        let (mut open, mut done) = (FxHashSet::default(), FxHashSet::default());
        let mut starts: Vec<u32> = next.keys().copied().collect();
        starts.sort_unstable();
        for start in starts {
            let mut stack = vec![(start, false)];
            while let Some((label, left)) = stack.pop() {
                if left {
                    open.remove(&label);
                    done.insert(label);
                    continue;
                }
                if done.contains(&label) || !open.insert(label) {
                    continue;
                }
                stack.push((label, true));
                for to in next.get(&label).into_iter().flatten() {
                    if open.contains(to) {
                        let what = format!("label {to} leads back to itself without a call");
                        return Err(LoadError::new("Code", None, what));
                    }
                    stack.push((*to, false));
                }
            }
        }
        Ok(())
    }
}
