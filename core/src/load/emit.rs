//! The code of one instance while it grows: instructions, constants, side table, labels, lines.

use crate::code::CodePtr;
use crate::code::op::{Instr, SelectTable};
use crate::code::operand::{Dst, MAX_X, SCRATCH, SRC_LIMIT, Src, Wide};
use crate::code::table::{FunctionRange, Location};
use crate::error::LoadError;
use crate::term::Term;
use rustc_hash::FxHashMap;

/// The largest index of a Y register.
pub const MAX_Y: u16 = 4095;

/// Most instructions of a chain.
const LONGEST_CHAIN: usize = 3;

/// See the module's description.
pub struct Emitter {
    slot: u32,
    pub instrs: Vec<Instr>,
    pub consts: Vec<Term>,
    const_index: FxHashMap<u64, u32>,
    pub side: Vec<u32>,
    pub selects: Vec<SelectTable>,
    pub strings: Vec<u8>,
    /// Instruction index of each label.
    pub labels: Vec<Option<u32>>,
    pub functions: Vec<FunctionRange>,
    pub lines: Vec<(u32, Location)>,
    pub files: Vec<String>,
    pub on_load: Option<u32>,
    /// Instructions whose tag is a label to resolve.
    catches: Vec<(u32, u32)>,
    /// Instruction and table of a select, to resolve.
    select_at: Vec<(u32, u32)>,
    /// Byte offset of the generic instruction that is being translated, for errors.
    pub offset: u32,
    scratch: u16,
    /// Instructions before this index are not fused with later ones.
    barrier: u32,
}

impl Emitter {
    pub fn new(slot: u32, labels: usize) -> Emitter {
        Emitter {
            slot,
            instrs: Vec::new(),
            consts: Vec::new(),
            const_index: FxHashMap::default(),
            side: Vec::new(),
            selects: Vec::new(),
            strings: Vec::new(),
            labels: vec![None; labels],
            functions: Vec::new(),
            lines: Vec::new(),
            files: Vec::new(),
            on_load: None,
            catches: Vec::new(),
            select_at: Vec::new(),
            offset: 0,
            scratch: 0,
            barrier: 0,
        }
    }

    /// An error at the current instruction.
    pub fn error(&self, what: impl Into<String>) -> LoadError {
        LoadError::new("Code", Some(self.offset), what)
    }

    pub fn here(&self) -> u32 {
        self.instrs.len() as u32
    }

    /// Appends an instruction, or makes one of it and the one before it.
    pub fn push(&mut self, i: Instr) {
        if self.here() > self.barrier
            && let Some(last) = self.instrs.last_mut()
            && let Some(both) = super::fuse::fuse(*last, i)
        {
            *last = both;
            return;
        }
        self.instrs.push(i);
    }

    /// A label stands here: what comes next can be jumped to.
    pub fn barrier(&mut self) {
        self.barrier = self.here();
    }

    /// The return address of the instruction after the next one to be pushed.
    pub fn next_cp(&self) -> u64 {
        CodePtr { slot: self.slot, offset: self.here() + 1 }.to_word()
    }

    /// A new generic instruction begins: scratch registers are free again.
    pub fn begin(&mut self, offset: u32) {
        self.offset = offset;
        self.scratch = 0;
    }

    pub fn constant(&mut self, t: Term) -> u32 {
        if let Some(&i) = self.const_index.get(&t.raw()) {
            return i;
        }
        let i = self.consts.len() as u32;
        self.consts.push(t);
        self.const_index.insert(t.raw(), i);
        i
    }

    /// A constant as a source: through a scratch register when the index doesn't fit.
    pub fn const_src(&mut self, t: Term) -> Src {
        let i = self.constant(t);
        if i < SRC_LIMIT {
            return Src::constant(i as u16);
        }
        let d = SCRATCH + self.scratch;
        self.scratch = (self.scratch + 1) % 8;
        self.push(Instr::MoveCX { d, c: t.raw() });
        Src::x(d)
    }

    pub fn x(&self, r: u16) -> Result<u16, LoadError> {
        if r < MAX_X { Ok(r) } else { Err(self.error(format!("there is no register x{r}"))) }
    }

    pub fn y(&self, r: u16) -> Result<u16, LoadError> {
        if r <= MAX_Y { Ok(r) } else { Err(self.error(format!("there is no register y{r}"))) }
    }

    pub fn freg(&self, r: u64) -> Result<u8, LoadError> {
        if r < 16 { Ok(r as u8) } else { Err(self.error(format!("there is no register fr{r}"))) }
    }

    /// Puts operands in the side table; returns where.
    pub fn side(&mut self, words: &[Wide]) -> u32 {
        let at = self.side.len() as u32;
        self.side.extend(words.iter().map(|w| w.0));
        at
    }

    /// The label number as a not yet resolved target.
    pub fn target(&self, label: u32) -> Result<i32, LoadError> {
        if (label as usize) < self.labels.len() && label > 0 {
            Ok(label as i32)
        } else {
            Err(self.error(format!("label {label} does not exist")))
        }
    }

    /// As [`Emitter::target`]; label 0 stays 0: "raise".
    pub fn fail(&self, label: u32) -> Result<i32, LoadError> {
        if label == 0 { Ok(0) } else { self.target(label) }
    }

    pub fn catch(&mut self, label: u32, make: impl FnOnce(u64) -> Instr) -> Result<(), LoadError> {
        self.target(label)?;
        self.catches.push((self.here(), label));
        self.push(make(0));
        Ok(())
    }

    /// A select with its table, whose targets are label numbers.
    pub fn select(&mut self, table: SelectTable, make: impl FnOnce(u32) -> Instr) {
        let index = self.selects.len() as u32;
        self.selects.push(table);
        self.select_at.push((self.here(), index));
        self.push(make(index));
    }

    fn resolve(&self, from: u32, label: i32) -> Result<i32, LoadError> {
        let at = self.labels.get(label as usize).copied().flatten();
        let at = at.ok_or_else(|| LoadError::new("Code", None, format!("label {label} is used but not defined")))?;
        Ok(at as i32 - from as i32)
    }

    /// Turns label numbers into distances.
    pub fn finish(&mut self) -> Result<(), LoadError> {
        self.push(Instr::Unreachable {});
        for i in 0..self.instrs.len() {
            let mut instr = self.instrs[i];
            if let Some(t) = instr.target_mut()
                && *t != 0
            {
                *t = self.resolve(i as u32, *t)?;
                self.instrs[i] = instr;
            }
        }
        for (at, label) in std::mem::take(&mut self.catches) {
            let to = self.resolve(at, label as i32)? + at as i32;
            let word = Term::catch(self.slot, to as u32).raw();
            match &mut self.instrs[at as usize] {
                Instr::Catch { tag, .. } => *tag = word,
                other => return Err(LoadError::new("Code", None, format!("{other:?} has no tag"))),
            }
        }
        for (at, index) in std::mem::take(&mut self.select_at) {
            let mut table = self.selects[index as usize].clone();
            let (SelectTable::Dense { to, .. } | SelectTable::Sorted { to, .. } | SelectTable::Linear { to, .. }) =
                &mut table;
            for t in to.iter_mut().filter(|t| **t != 0) {
                *t = self.resolve(at, *t)?;
            }
            self.selects[index as usize] = table;
        }
        self.chain();
        Ok(())
    }

    /// Puts chains in place of their first instructions. None goes on over a label: nothing but its own beginning leads into one.
    fn chain(&mut self) {
        let mut labelled = vec![false; self.instrs.len() + 1];
        for at in self.labels.iter().flatten() {
            if let Some(l) = labelled.get_mut(*at as usize) {
                *l = true;
            }
        }
        let mut i = 0;
        while i < self.instrs.len() {
            let most = self.instrs.len().min(i + LONGEST_CHAIN);
            let end = (i + 1..most).find(|k| labelled[*k]).unwrap_or(most);
            match Instr::chained(&self.instrs[i..end]) {
                Some((chain, n)) => {
                    self.instrs[i] = chain;
                    i += n;
                }
                None => i += 1,
            }
        }
    }

    /// Moves `s` to `d`.
    pub fn mov(&mut self, s: Src, d: Dst) {
        use crate::code::operand::Place::*;
        let (s, d) = (s.kind(), d.src().kind());
        let i = match (s, d) {
            (X(s), X(d)) => Instr::MoveXX { s: s as u16, d: d as u16 },
            (X(s), Y(d)) => Instr::MoveXY { s: s as u16, d: d as u16 },
            (Y(s), X(d)) => Instr::MoveYX { s: s as u16, d: d as u16 },
            (Y(s), Y(d)) => Instr::MoveYY { s: s as u16, d: d as u16 },
            (Const(c), X(d)) => Instr::MoveCX { d: d as u16, c: self.consts[c as usize].raw() },
            (Const(c), Y(d)) => Instr::MoveCY { d: d as u16, c: self.consts[c as usize].raw() },
            (_, Const(_)) => Instr::Nop {},
        };
        self.push(i);
    }
}
