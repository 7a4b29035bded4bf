//! What is known at a place in the code: registers, frame, heap room. And what is known when two ways meet.

use rustc_hash::FxHashMap;

/// What a register holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Nothing that may be read or kept over a collection.
    Dead,
    /// x0 where a `catch` goes on: a value, or the mark of an exception.
    Caught,
    /// Some term.
    Any,
    Cons,
    Float,
    /// A tuple of at least so many elements.
    Tuple(u32),
    /// A tuple of exactly so many.
    Exact(u32),
    /// A match context: for everything but matching, a bitstring like any other.
    Context,
    /// In a frame: the tag of a `catch`, with the label of its handler.
    Catch(u32),
    /// In a frame: the tag of a `try`.
    Try(u32),
    /// In a frame: a tag on one way here, something else on another.
    Torn,
}

impl Kind {
    pub fn is_tag(self) -> bool {
        matches!(self, Kind::Catch(_) | Kind::Try(_) | Kind::Torn)
    }

    /// May it be an operand like any other?
    pub fn is_term(self) -> bool {
        use Kind::*;
        matches!(self, Any | Cons | Float | Tuple(_) | Exact(_) | Context)
    }

    /// Does everything of this kind belong to the other?
    pub fn within(self, other: Kind) -> bool {
        match (self, other) {
            (a, b) if a == b => true,
            (Kind::Tuple(a) | Kind::Exact(a), Kind::Tuple(b)) => a >= b,
            (a, Kind::Any) => a.is_term(),
            _ => false,
        }
    }

    /// What both belong to.
    pub fn join(self, other: Kind) -> Kind {
        use Kind::*;
        match (self, other) {
            (a, b) if a == b => a,
            (a, b) if a.is_tag() || b.is_tag() => Torn,
            (Dead, _) | (_, Dead) => Dead,
            (Caught, _) | (_, Caught) => Caught,
            (Tuple(a) | Exact(a), Tuple(b) | Exact(b)) => Tuple(a.min(b)),
            _ => Any,
        }
    }
}

/// A register: registers with the same number hold the same value, so what a test says of one it says of all.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cell {
    pub kind: Kind,
    pub value: u32,
}

pub const DEAD: Cell = Cell { kind: Kind::Dead, value: 0 };

/// The frame of the function.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Frame {
    Absent,
    Present,
    /// There on one way and not on another, or of different sizes: only slots of both can be read. `clean`: all hold terms.
    Torn {
        clean: bool,
    },
}

/// What is known at a place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct State {
    /// X registers; those behind the end are dead.
    pub xs: Vec<Cell>,
    pub frame: Frame,
    pub ys: Vec<Cell>,
    /// Float registers that were set.
    pub floats: u16,
    /// Heap words that are reserved.
    pub room: u32,
    /// The value of a tuple that `setelement/3` has just made: nothing can hold it but registers.
    pub fresh: Option<u32>,
}

impl State {
    pub fn new(xs: Vec<Cell>) -> State {
        State { xs, frame: Frame::Absent, ys: Vec::new(), floats: 0, room: 0, fresh: None }
    }

    /// Do all slots of the frame hold something that may be looked at?
    pub fn frame_is_clean(&self) -> bool {
        match self.frame {
            Frame::Torn { clean } => clean,
            _ => self.ys.iter().all(|y| y.kind != Kind::Dead),
        }
    }

    /// Every register that holds this value is of this kind.
    pub fn refine(&mut self, value: u32, kind: Kind) {
        for cell in self.xs.iter_mut().chain(&mut self.ys) {
            if cell.value == value && cell.kind.is_term() && !cell.kind.within(kind) {
                cell.kind = kind;
            }
        }
    }

    /// Makes this what is known when `other` may also have led here; whether that is less than before.
    pub fn merge(&mut self, other: &State, fresh: &mut u32) -> bool {
        let mut changed = false;
        if self.xs.len() > other.xs.len() {
            self.xs.truncate(other.xs.len());
            changed = true;
        }
        if self.frame != other.frame || self.ys.len() != other.ys.len() {
            let tags = |s: &State| s.ys.iter().any(|y| y.kind.is_tag());
            let clean = self.frame_is_clean() && other.frame_is_clean() && !tags(self) && !tags(other);
            let both = self.ys.len().min(other.ys.len());
            changed |= self.frame != Frame::Torn { clean } || both < self.ys.len();
            self.frame = Frame::Torn { clean };
            self.ys.truncate(both);
        }
        // A group of equal values stays together as far as the other state has them equal, too.
        let mut groups = Groups::default();
        let count = self.xs.len() + self.ys.len();
        let small = count <= 24;
        for n in 0..count {
            let theirs = if n < self.xs.len() { other.xs[n] } else { other.ys[n - self.xs.len()] };
            let split_at = self.xs.len();
            let mine = if n < split_at { &mut self.xs[n] } else { &mut self.ys[n - split_at] };
            let kind = mine.kind.join(theirs.kind);
            let (value, split) = groups.find((mine.value, theirs.value), small, fresh);
            changed |= kind != mine.kind || split;
            *mine = Cell { kind, value };
        }
        if self.floats & !other.floats != 0 {
            self.floats &= other.floats;
            changed = true;
        }
        if self.room > other.room {
            self.room = other.room;
            changed = true;
        }
        changed
    }
}

/// Numbers for pairs of numbers: the first pair with some first number keeps it.
#[derive(Default)]
struct Groups {
    few: Vec<((u32, u32), u32)>,
    many: FxHashMap<(u32, u32), u32>,
    taken: FxHashMap<u32, ()>,
}

impl Groups {
    fn find(&mut self, pair: (u32, u32), small: bool, fresh: &mut u32) -> (u32, bool) {
        if small {
            if let Some((_, v)) = self.few.iter().find(|(p, _)| *p == pair) {
                return (*v, false);
            }
            let split = self.few.iter().any(|(p, _)| p.0 == pair.0);
            let value = if split { next(fresh) } else { pair.0 };
            self.few.push((pair, value));
            return (value, split);
        }
        if let Some(v) = self.many.get(&pair) {
            return (*v, false);
        }
        let split = self.taken.insert(pair.0, ()).is_some();
        let value = if split { next(fresh) } else { pair.0 };
        self.many.insert(pair, value);
        (value, split)
    }
}

/// A number that no value has yet.
pub fn next(fresh: &mut u32) -> u32 {
    *fresh += 1;
    *fresh
}
