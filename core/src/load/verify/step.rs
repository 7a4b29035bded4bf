//! What each instruction asks for and leaves behind.

use super::state::{Cell, DEAD, Frame, Kind, State};
use super::{Demand, Verifier};
use crate::error::LoadError;
use crate::load::translate::reserved;
use beambox_beamfile::etf::Value;
use beambox_beamfile::{Arg, Instr, Op};

/// What is known after an instruction; `None`: it isn't left that way.
pub(super) type After = Result<Option<State>, LoadError>;

/// Words that an allocation asks for.
pub(super) fn words(a: &Arg) -> u32 {
    u32::try_from(reserved(a).unwrap_or(0)).unwrap_or(u32::MAX)
}

/// BIFs that raise whatever they are called with, so that nothing comes after them.
fn raises(module: &str, function: &str, arity: u32) -> bool {
    module == "erlang" && matches!((function, arity), ("error", 1 | 2) | ("exit" | "throw", 1))
}

impl<'a> Verifier<'a> {
    pub(super) fn arg(&self, i: &'a Instr, n: usize) -> Result<&'a Arg, LoadError> {
        i.args.get(n).ok_or_else(|| self.error(format!("operand {n} is missing")))
    }

    pub(super) fn list(&self, i: &'a Instr, n: usize) -> Result<&'a [Arg], LoadError> {
        match self.arg(i, n)? {
            Arg::List(l) => Ok(l),
            _ => Err(self.error(format!("operand {n} is no list"))),
        }
    }

    pub(super) fn number(&self, i: &'a Instr, n: usize) -> Result<u32, LoadError> {
        match self.arg(i, n)? {
            Arg::U(v) => u32::try_from(*v).map_err(|_| self.error(format!("operand {n} is too large"))),
            Arg::I(v) => u32::try_from(*v).map_err(|_| self.error(format!("operand {n} is no number"))),
            _ => Err(self.error(format!("operand {n} is no number"))),
        }
    }

    /// A label, 0 when there is none.
    pub(super) fn label(&self, i: &'a Instr, n: usize) -> Result<u32, LoadError> {
        match self.arg(i, n)? {
            Arg::Label(l) => Ok(*l),
            Arg::U(0) | Arg::Nil | Arg::Atom(_) => Ok(0),
            _ => Err(self.error(format!("operand {n} is no label"))),
        }
    }

    /// A label that must be there.
    pub(super) fn target(&self, i: &'a Instr, n: usize) -> Result<u32, LoadError> {
        match self.label(i, n)? {
            0 => Err(self.error("it may fail and doesn't say where to go on")),
            l => Ok(l),
        }
    }

    fn slot(&self, s: &State, y: u16) -> Result<usize, LoadError> {
        match s.frame {
            Frame::Present if (y as usize) < s.ys.len() => Ok(y as usize),
            _ => Err(self.error(format!("there is no y{y} here"))),
        }
    }

    /// What an operand holds.
    pub(super) fn look(&mut self, s: &State, a: &Arg) -> Result<Cell, LoadError> {
        Ok(match a {
            Arg::X(r) | Arg::TypedX(r, _) => s.xs.get(*r as usize).copied().unwrap_or(DEAD),
            Arg::Y(r) | Arg::TypedY(r, _) => s.ys.get(*r as usize).copied().unwrap_or(DEAD),
            Arg::Literal(l) => {
                let kind = match self.file.literals.get(*l as usize) {
                    Some(Value::List(..)) => Kind::Cons,
                    Some(Value::Float(_)) => Kind::Float,
                    Some(Value::Tuple(e)) => Kind::Exact(e.len() as u32),
                    _ => Kind::Any,
                };
                self.cell(kind)
            }
            _ => self.cell(Kind::Any),
        })
    }

    /// An operand that must hold a term.
    pub(super) fn read(&mut self, s: &State, a: &Arg) -> Result<Cell, LoadError> {
        let cell = self.look(s, a)?;
        if cell.kind.is_term() { Ok(cell) } else { Err(self.error(format!("{a:?} holds no term here"))) }
    }

    pub(super) fn reads(&mut self, s: &State, args: &[Arg]) -> Result<(), LoadError> {
        args.iter().try_for_each(|a| self.read(s, a).map(drop))
    }

    /// Operands of instruction `i`, by number.
    pub(super) fn operands(&mut self, s: &State, i: &'a Instr, which: &[usize]) -> Result<(), LoadError> {
        which.iter().try_for_each(|n| {
            let a = self.arg(i, *n)?;
            self.read(s, a).map(drop)
        })
    }

    pub(super) fn put(&mut self, s: &mut State, a: &Arg, cell: Cell) -> Result<(), LoadError> {
        match a {
            Arg::X(r) | Arg::TypedX(r, _) => {
                let r = *r as usize;
                if r >= crate::code::operand::MAX_X as usize {
                    return Err(self.error(format!("there is no register x{r}")));
                }
                if s.xs.len() <= r {
                    s.xs.resize(r + 1, DEAD);
                }
                s.xs[r] = cell;
            }
            Arg::Y(r) | Arg::TypedY(r, _) => {
                let y = self.slot(s, *r)?;
                if s.ys[y].kind.is_tag() {
                    return Err(self.error(format!("y{r} holds the tag of a catch or try")));
                }
                s.ys[y] = cell;
            }
            _ => return Err(self.error(format!("{a:?} is no register"))),
        }
        Ok(())
    }

    /// A new value in operand `n`.
    pub(super) fn write(&mut self, s: &mut State, i: &'a Instr, n: usize, kind: Kind) -> Result<(), LoadError> {
        let cell = self.cell(kind);
        let a = self.arg(i, n)?;
        self.put(s, a, cell)
    }

    /// A way to a label with this known.
    pub(super) fn branch(&mut self, label: u32, s: &State) -> Result<(), LoadError> {
        self.edge(label);
        let mut there = s.clone();
        there.fresh = None;
        self.reach(label, &there)
    }

    /// The instruction may raise: to the handler in the lowest slot that has one, or out of the function.
    pub(super) fn raise(&mut self, s: &State) -> Result<(), LoadError> {
        if !s.frame_is_clean() {
            if self.is_cleared() {
                return Err(self.error("it may raise while slots of the frame are not set"));
            }
            self.clear = true;
            return Ok(());
        }
        let Some(tag) = s.ys.iter().map(|y| y.kind).find(|k| k.is_tag()) else { return Ok(()) };
        let (label, x0) = match tag {
            Kind::Catch(label) => (label, vec![self.cell(Kind::Caught)]),
            Kind::Try(label) => (label, Vec::new()),
            _ => return Err(self.error("it may raise where the handler depends on the way to here")),
        };
        let there = State { ys: s.ys.clone(), frame: s.frame, ..State::new(x0) };
        self.edge(label);
        self.reach(label, &there)
    }

    /// It fails: to the label, or by raising when there is none.
    pub(super) fn fails(&mut self, s: &State, label: u32) -> Result<(), LoadError> {
        if label == 0 { self.raise(s) } else { self.branch(label, s) }
    }

    /// It may collect, with so many live X registers; the others are gone.
    pub(super) fn collects(&mut self, s: &mut State, live: u32) -> Result<(), LoadError> {
        let live = live as usize;
        if s.xs.len() < live || s.xs[..live].iter().any(|x| !x.kind.is_term()) {
            return Err(self.error(format!("not all of the {live} live X registers hold a term")));
        }
        if !s.frame_is_clean() {
            return Err(self.error("it may collect while slots of the frame are not set"));
        }
        s.xs.truncate(live);
        s.room = 0;
        Ok(())
    }

    pub(super) fn takes(&mut self, s: &mut State, words: u32) -> Result<(), LoadError> {
        match s.room.checked_sub(words) {
            Some(left) => s.room = left,
            None => return Err(self.error(format!("{words} words are built, {} are reserved", s.room))),
        }
        Ok(())
    }

    /// Operand `n` must be of a kind: it is, or that is checked when the code runs.
    pub(super) fn demand(&mut self, s: &mut State, i: &'a Instr, n: usize, what: Demand) -> Result<Cell, LoadError> {
        let kind = match what {
            Demand::Cons => Kind::Cons,
            Demand::Float => Kind::Float,
            Demand::Context => Kind::Context,
            Demand::Tuple(n) => Kind::Tuple(n),
            Demand::Exact(n) => Kind::Exact(n),
        };
        let a = self.arg(i, n)?;
        let cell = self.read(s, a)?;
        if !cell.kind.within(kind) {
            self.demands.insert(self.at, (n, what));
            s.refine(cell.value, kind);
        }
        Ok(cell)
    }

    /// A call that comes back: the arguments are there, everything is in order for a collection and an exception.
    fn call_in_body(&mut self, mut s: State, args: u32, result: Option<Kind>) -> After {
        if s.frame != Frame::Present {
            return Err(self.error("a call without a frame"));
        }
        self.collects(&mut s, args)?;
        self.raise(&s)?;
        let Some(kind) = result else { return Ok(None) };
        s.xs = vec![self.cell(kind)];
        s.floats = 0;
        Ok(Some(s))
    }

    /// The frame goes; `None`: there must be none.
    fn leave(&mut self, s: &State, frame: Option<u32>) -> Result<(), LoadError> {
        let fits = match frame {
            None => s.frame == Frame::Absent,
            Some(n) => s.frame == Frame::Present && s.ys.len() == n as usize,
        };
        if !fits {
            return Err(self.error("the frame is not of the size that is left"));
        }
        if s.ys.iter().any(|y| y.kind.is_tag()) {
            return Err(self.error("the frame is left with a catch or try open"));
        }
        Ok(())
    }

    fn call_at_end(&mut self, mut s: State, args: u32, frame: Option<u32>, result: Option<Kind>) -> After {
        self.leave(&s, frame)?;
        // What is dropped with the frame no collection sees.
        s.ys.clear();
        s.frame = Frame::Absent;
        self.collects(&mut s, args)?;
        if let Some(kind) = result {
            self.returns(kind);
        }
        Ok(None)
    }

    /// The arguments of a call within the module: what the callee is known to return.
    fn callee(&mut self, s: &State, i: &'a Instr) -> Result<Option<Kind>, LoadError> {
        let (arity, label) = (self.number(i, 0)?, self.target(i, 1)?);
        let f = self.entries.get(&label).copied();
        let f = f.filter(|f| self.functions.get(*f).is_some_and(|f| f.arity as u32 == arity));
        let Some(f) = f else {
            return Err(self.error(format!("label {label} is not the entry of a function of {arity} arguments")));
        };
        let args: Vec<Kind> = (0..arity as usize).map(|n| s.xs.get(n).map_or(Kind::Dead, |x| x.kind)).collect();
        if args.iter().all(|k| k.is_term()) {
            self.call(f, &args);
        }
        Ok(self.result_of(f))
    }

    /// Module, name and arity of the import in operand `n`.
    pub(super) fn import(&self, i: &'a Instr, n: usize) -> Result<(&'a str, &'a str, u32), LoadError> {
        let import = self.file.imports.get(self.number(i, n)? as usize);
        let import = import.ok_or_else(|| self.error("no such import"))?;
        let name = |atom| self.file.atom(atom).unwrap_or_default();
        Ok((name(import.module), name(import.function), import.arity))
    }

    /// One step; what is known behind the instruction.
    pub(super) fn step(&mut self, i: &'a Instr, mut s: State) -> After {
        // What only moves and reads leaves a tuple that was just made as fresh as it is.
        use Op::{DebugLine, ExecutableLine, GetTupleElement, Line, Move, SetTupleElement, Swap};
        if !matches!(i.op, Line | ExecutableLine | DebugLine | Move | Swap | GetTupleElement | SetTupleElement) {
            s.fresh = None;
        }
        match i.op {
            Op::Line | Op::ExecutableLine | Op::DebugLine | Op::NifStart | Op::Fclearerror | Op::Fcheckerror => {}
            Op::IntCodeEnd => return Err(self.error("it can be reached")),
            Op::OnLoad => {
                if self.functions.get(self.function).is_none_or(|f| f.arity != 0 || f.entry != self.segment) {
                    return Err(self.error("not the start of a function without arguments"));
                }
            }
            Op::FuncInfo => {
                let arity = self.number(i, 2)?;
                let mut end = s.clone();
                end.xs.truncate(arity as usize);
                if end.xs.len() < arity as usize || end.xs.iter().any(|x| !x.kind.is_term()) {
                    return Err(self.error("the arguments are gone"));
                }
                self.raise(&s)?;
                return Ok(None);
            }

            Op::Call => {
                let result = self.callee(&s, i)?;
                let arity = self.number(i, 0)?;
                return self.call_in_body(s, arity, result);
            }
            Op::CallOnly | Op::CallLast => {
                let result = self.callee(&s, i)?;
                let frame = if i.op == Op::CallLast { Some(self.number(i, 2)?) } else { None };
                let arity = self.number(i, 0)?;
                return self.call_at_end(s, arity, frame, result);
            }
            Op::CallExt => {
                let (arity, (module, function, n)) = (self.number(i, 0)?, self.import(i, 1)?);
                let result = if raises(module, function, n) { None } else { Some(Kind::Any) };
                let mut after = self.call_in_body(s, arity, result)?;
                if let Some(s) = after.as_mut() {
                    let made = (module, function, n) == ("erlang", "setelement", 3);
                    s.fresh = s.xs.first().filter(|_| made).map(|x0| x0.value);
                }
                return Ok(after);
            }
            Op::CallExtOnly | Op::CallExtLast => {
                let (arity, (module, function, n)) = (self.number(i, 0)?, self.import(i, 1)?);
                if raises(module, function, n) {
                    // It doesn't come to leaving the frame, so that may be of any size.
                    self.collects(&mut s, arity)?;
                    self.raise(&s)?;
                    return Ok(None);
                }
                let frame = if i.op == Op::CallExtLast { Some(self.number(i, 2)?) } else { None };
                return self.call_at_end(s, arity, frame, Some(Kind::Any));
            }
            Op::CallFun => {
                let arity = self.number(i, 0)?;
                return self.call_in_body(s, arity.saturating_add(1), Some(Kind::Any));
            }
            Op::CallFun2 => {
                let arity = self.number(i, 1)?;
                self.operands(&s, i, &[2])?;
                return self.call_in_body(s, arity, Some(Kind::Any));
            }
            Op::Apply => {
                let arity = self.number(i, 0)?;
                return self.call_in_body(s, arity.saturating_add(2), Some(Kind::Any));
            }
            Op::ApplyLast => {
                let (arity, n) = (self.number(i, 0)?, self.number(i, 1)?);
                return self.call_at_end(s, arity.saturating_add(2), Some(n), Some(Kind::Any));
            }
            Op::Send => return self.call_in_body(s, 2, Some(Kind::Any)),
            Op::Return => {
                self.leave(&s, None)?;
                let x0 = self.read(&s, &Arg::X(0))?;
                self.returns(x0.kind);
                return Ok(None);
            }

            Op::Allocate | Op::AllocateZero | Op::AllocateHeap | Op::AllocateHeapZero => {
                let heap = matches!(i.op, Op::AllocateHeap | Op::AllocateHeapZero);
                let (n, live) = (self.number(i, 0)?, self.number(i, if heap { 2 } else { 1 })?);
                if s.frame != Frame::Absent {
                    return Err(self.error("there is a frame already"));
                }
                if n > crate::load::emit::MAX_Y as u32 {
                    return Err(self.error(format!("a frame of {n} slots")));
                }
                self.collects(&mut s, live)?;
                if heap {
                    s.room = words(self.arg(i, 1)?);
                }
                s.frame = Frame::Present;
                let cleared = self.is_cleared();
                s.ys = (0..n).map(|_| if cleared { self.cell(Kind::Any) } else { DEAD }).collect();
            }
            Op::Deallocate => {
                let n = self.number(i, 0)?;
                self.leave(&s, Some(n))?;
                s.frame = Frame::Absent;
                s.ys.clear();
            }
            Op::Trim => {
                let n = self.number(i, 0)? as usize;
                if s.frame != Frame::Present || n > s.ys.len() || s.ys[..n].iter().any(|y| y.kind.is_tag()) {
                    return Err(self.error(format!("{n} slots can't be dropped here")));
                }
                s.ys.drain(..n);
            }
            Op::TestHeap => {
                let live = self.number(i, 1)?;
                self.collects(&mut s, live)?;
                s.room = words(self.arg(i, 0)?);
            }
            Op::InitYregs => {
                for y in self.list(i, 0)? {
                    if !matches!(y, Arg::Y(_) | Arg::TypedY(..)) {
                        return Err(self.error("not a slot of the frame"));
                    }
                    let cell = self.cell(Kind::Any);
                    self.put(&mut s, y, cell)?;
                }
            }

            Op::Catch | Op::Try => {
                let (Arg::Y(y), label) = (self.arg(i, 0)?, self.target(i, 1)?) else {
                    return Err(self.error("not a slot of the frame"));
                };
                let y = self.slot(&s, *y)?;
                if s.ys[..=y].iter().any(|c| c.kind.is_tag()) {
                    return Err(self.error("an older handler would be found first"));
                }
                s.ys[y] = self.cell(if i.op == Op::Catch { Kind::Catch(label) } else { Kind::Try(label) });
            }
            Op::CatchEnd | Op::TryEnd | Op::TryCase => {
                let Arg::Y(y) = self.arg(i, 0)? else { return Err(self.error("not a slot of the frame")) };
                let y = self.slot(&s, *y)?;
                let tag = s.ys[y].kind;
                let fits = match i.op {
                    Op::CatchEnd => matches!(tag, Kind::Catch(_)),
                    _ => matches!(tag, Kind::Try(_)),
                };
                if !fits || s.ys[..y].iter().any(|c| c.kind.is_tag()) {
                    return Err(self.error(format!("y{y} holds no tag of its kind, or an outer one")));
                }
                s.ys[y] = self.cell(Kind::Any);
                match i.op {
                    Op::CatchEnd => {
                        if !s.xs.first().is_some_and(|x| x.kind.is_term() || x.kind == Kind::Caught) {
                            return Err(self.error("x0 holds nothing"));
                        }
                        s.xs = vec![self.cell(Kind::Any)];
                        self.collects(&mut s, 1)?;
                    }
                    Op::TryCase => {
                        // Whether an exception led here is looked at when it runs.
                        s.xs = (0..3).map(|_| self.cell(Kind::Any)).collect();
                        self.collects(&mut s, 3)?;
                    }
                    _ => {}
                }
            }
            Op::TryCaseEnd | Op::Badmatch | Op::CaseEnd | Op::Badrecord => {
                self.operands(&s, i, &[0])?;
                self.raise(&s)?;
                return Ok(None);
            }
            Op::IfEnd => {
                self.raise(&s)?;
                return Ok(None);
            }
            Op::Raise => {
                self.operands(&s, i, &[0, 1])?;
                self.raise(&s)?;
                return Ok(None);
            }
            Op::RawRaise => {
                self.reads(&s, &[Arg::X(0), Arg::X(1), Arg::X(2)])?;
                self.raise(&s)?;
                s.xs[0] = self.cell(Kind::Any);
            }
            Op::BuildStacktrace => {
                self.collects(&mut s, 1)?;
                s.xs[0] = self.cell(Kind::Any);
            }

            Op::LoopRec => {
                let label = self.target(i, 0)?;
                self.branch(label, &s)?;
                self.write(&mut s, i, 1, Kind::Any)?;
            }
            Op::RemoveMessage | Op::Timeout => {}
            Op::LoopRecEnd | Op::Wait => {
                let label = self.target(i, 0)?;
                self.collects(&mut s, 0)?;
                s.floats = 0;
                self.reach(label, &s)?;
                return Ok(None);
            }
            Op::WaitTimeout => {
                // The time is looked at before the process waits for the first time, and no more than compared: a
                // register that is gone does no harm.
                let label = self.target(i, 0)?;
                if !matches!(self.arg(i, 1)?, Arg::X(_) | Arg::TypedX(..)) {
                    self.operands(&s, i, &[1])?;
                }
                self.collects(&mut s, 0)?;
                s.floats = 0;
                self.reach(label, &s)?;
                self.raise(&s)?;
            }
            Op::RecvMarkerReserve => self.write(&mut s, i, 0, Kind::Any)?,
            Op::RecvMarkerBind => self.operands(&s, i, &[0, 1])?,
            Op::RecvMarkerClear | Op::RecvMarkerUse => self.operands(&s, i, &[0])?,

            Op::Move => {
                let (from, to) = (self.arg(i, 0)?, self.arg(i, 1)?);
                let cell = self.read(&s, from)?;
                self.put(&mut s, to, cell)?;
            }
            Op::Swap => {
                let (a, b) = (self.arg(i, 0)?, self.arg(i, 1)?);
                let (va, vb) = (self.read(&s, a)?, self.read(&s, b)?);
                self.put(&mut s, a, vb)?;
                self.put(&mut s, b, va)?;
            }
            Op::Jump => {
                let label = self.target(i, 0)?;
                self.branch(label, &s)?;
                return Ok(None);
            }

            Op::IsInteger
            | Op::IsFloat
            | Op::IsNumber
            | Op::IsAtom
            | Op::IsPid
            | Op::IsReference
            | Op::IsPort
            | Op::IsNil
            | Op::IsBinary
            | Op::IsBitstr
            | Op::IsList
            | Op::IsNonemptyList
            | Op::IsTuple
            | Op::IsFunction
            | Op::IsBoolean
            | Op::IsMap
            | Op::TestArity
            | Op::IsTaggedTuple => {
                let (label, a) = (self.target(i, 0)?, self.arg(i, 1)?);
                let cell = self.read(&s, a)?;
                self.branch(label, &s)?;
                match i.op {
                    Op::IsNonemptyList => s.refine(cell.value, Kind::Cons),
                    Op::IsFloat => s.refine(cell.value, Kind::Float),
                    Op::IsTuple => s.refine(cell.value, Kind::Tuple(0)),
                    Op::TestArity | Op::IsTaggedTuple => {
                        let n = self.number(i, 2)?;
                        if i.op == Op::TestArity && !cell.kind.within(Kind::Tuple(0)) {
                            self.demands.insert(self.at, (1, Demand::Tuple(0)));
                        }
                        s.refine(cell.value, Kind::Exact(n));
                    }
                    _ => {}
                }
            }
            Op::IsLt | Op::IsGe | Op::IsEq | Op::IsNe | Op::IsEqExact | Op::IsNeExact | Op::IsFunction2 => {
                let label = self.target(i, 0)?;
                self.operands(&s, i, &[1, 2])?;
                self.branch(label, &s)?;
            }
            Op::SelectVal | Op::SelectTupleArity => {
                let (a, label) = (self.arg(i, 0)?, self.target(i, 1)?);
                let cell = self.read(&s, a)?;
                self.branch(label, &s)?;
                for pair in self.list(i, 2)?.chunks(2) {
                    let (key, Some(Arg::Label(to))) = (&pair[0], pair.get(1)) else {
                        return Err(self.error("a value without a label"));
                    };
                    let mut there = s.clone();
                    if let (Op::SelectTupleArity, Arg::U(n)) = (i.op, key) {
                        there.refine(cell.value, Kind::Exact(u32::try_from(*n).unwrap_or(0)));
                    }
                    self.branch(*to, &there)?;
                }
                return Ok(None);
            }
            _ => return self.data(i, s),
        }
        Ok(Some(s))
    }
}
