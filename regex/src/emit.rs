//! From the tree to instructions. A called group is emitted a second time as a subroutine.

use crate::ast::{Alt, CharSet, Cond, Greed, Group, Kind, Node, Pattern, UNBOUNDED, Verb};
use crate::chars;
use crate::lengths;
use crate::options::opt;
use crate::program::{Count, Inst, Program, Rep, Single};
use crate::unicode;
use std::collections::HashMap;

/// The most instructions that a program may have.
const MAX_CODE: usize = 1 << 20;

/// Where `(*ACCEPT)` leads to, as a list of jumps that are patched when the place is known.
type Accepts = Vec<usize>;

struct Emitter<'a> {
    p: Program,
    pattern: &'a Pattern,
    utf: bool,
    /// For each assertion or subroutine around, and the whole pattern.
    accepts: Vec<Accepts>,
    calls: Vec<usize>,
    set_ids: HashMap<CharSet, u32>,
    /// No literals may be joined over this place, as something jumps to it.
    barrier: usize,
}

/// Compiles a tree; fails with PCRE's number for a pattern that is too large.
pub(crate) fn emit(pattern: &Pattern) -> Result<Program, u8> {
    let p = Program {
        code: Vec::new(),
        literals: Vec::new(),
        sets: pattern.sets.clone(),
        reps: Vec::new(),
        counts: Vec::new(),
        groups: Vec::new(),
        verb_names: Vec::new(),
        captures: pattern.captures,
        registers: 3 * (pattern.captures + 1) + 1,
    };
    let set_ids = p.sets.iter().enumerate().map(|(i, s)| (s.clone(), i as u32)).collect();
    let utf = pattern.options & opt::UTF != 0;
    let mut e = Emitter { p, pattern, utf, accepts: vec![Vec::new()], calls: Vec::new(), set_ids, barrier: 0 };
    e.alternatives(&pattern.root.alts, false, true)?;
    e.close_accepts();
    e.add(Inst::Match);
    e.subroutines()?;
    crate::peephole::run(&mut e.p, pattern);
    Ok(e.p)
}

impl Emitter<'_> {
    fn add(&mut self, inst: Inst) -> usize {
        self.p.code.push(inst);
        self.p.code.len() - 1
    }
    fn here(&mut self) -> u32 {
        self.barrier = self.p.code.len();
        self.p.code.len() as u32
    }
    fn slots(&mut self, n: u32) -> u32 {
        self.p.registers += n;
        self.p.registers - n
    }
    fn patch(&mut self, at: usize, to: u32) {
        match self.p.code.get_mut(at) {
            Some(Inst::Split { second, .. }) => *second = to,
            Some(Inst::Jump(t)) => *t = to,
            Some(Inst::NegStart { after, .. }) => *after = to,
            Some(Inst::NegEnd { or_else, .. }) => *or_else = Some(to),
            Some(
                Inst::CondStart { or_else, .. } | Inst::CondGroup { or_else, .. } | Inst::CondRecursion { or_else, .. },
            ) => *or_else = to,
            Some(Inst::Call { to: t, .. }) => *t = to,
            _ => {}
        }
    }

    /// The accepts of the innermost assertion, subroutine or pattern arrive here.
    fn close_accepts(&mut self) {
        let here = self.here();
        for at in self.accepts.pop().unwrap_or_default() {
            self.patch(at, here);
        }
    }

    fn subroutines(&mut self) -> Result<(), u8> {
        let pattern = self.pattern;
        let groups = lengths::groups(&pattern.root.alts);
        let mut at = HashMap::new();
        for number in &pattern.calls {
            let group = if *number == 0 { Some(&pattern.root) } else { groups.get(number).copied() };
            let Some(group) = group else { continue };
            at.insert(*number, self.here());
            self.accepts.push(Vec::new());
            // The alternatives of a called group don't catch a (*THEN).
            self.alternatives(&group.alts, false, false)?;
            self.close_accepts();
            self.add(Inst::Return);
        }
        for call in std::mem::take(&mut self.calls) {
            if let Some(Inst::Call { group, .. }) = self.p.code.get(call).copied()
                && let Some(to) = at.get(&group)
            {
                self.patch(call, *to);
            }
        }
        Ok(())
    }

    fn alternatives(&mut self, alts: &[Alt], behind: bool, catch: bool) -> Result<(), u8> {
        let mut ends = Vec::new();
        for (n, alt) in alts.iter().enumerate() {
            let split = if n + 1 < alts.len() {
                let first = self.p.code.len() as u32 + 1;
                Some(self.add(Inst::Split { first, second: 0 }))
            } else {
                None
            };
            self.barrier = self.p.code.len();
            if catch && alts.len() > 1 && self.pattern.has_then {
                self.add(Inst::CatchThen(alt.end));
            }
            if behind {
                self.add(Inst::Back(alt.length));
            }
            self.nodes(&alt.nodes)?;
            if let Some(split) = split {
                ends.push(self.add(Inst::Jump(0)));
                let next = self.here();
                self.patch(split, next);
            }
        }
        let end = self.here();
        for at in ends {
            self.patch(at, end);
        }
        Ok(())
    }

    fn nodes(&mut self, nodes: &[Node]) -> Result<(), u8> {
        for node in nodes {
            if self.p.code.len() > MAX_CODE {
                return Err(20);
            }
            self.node(node)?;
        }
        Ok(())
    }

    fn set_id(&mut self, set: CharSet) -> u32 {
        if let Some(id) = self.set_ids.get(&set) {
            return *id;
        }
        let id = self.p.sets.len() as u32;
        self.p.sets.push(set.clone());
        self.set_ids.insert(set, id);
        id
    }

    /// The matcher of a node that matches one character, if it is such a node.
    fn single(&mut self, node: &Node) -> Option<Single> {
        Some(match node {
            Node::Char { c, caseless } => self.character(*c, *caseless),
            Node::Set { id, .. } => Single::Set(*id),
            Node::Any => Single::Any,
            Node::AllAny if self.utf => Single::AllAny,
            Node::AllAny | Node::AnyByte => Single::AnyByte,
            _ => return None,
        })
    }

    fn character(&mut self, c: u32, caseless: bool) -> Single {
        let plain = if self.utf && c > 127 { Single::Char(c) } else { Single::Byte(c as u8) };
        if !caseless {
            return plain;
        }
        if !self.utf {
            let other = chars::flip(c as u8);
            return if u32::from(other) == c { plain } else { Single::Byte2(c as u8, other) };
        }
        let mut all = unicode::fold(&[(c, c)]);
        all.push((c, c));
        let all = unicode::normalise(all);
        let several: u32 = all.iter().map(|(a, b)| b - a + 1).sum();
        if several == 1 {
            return plain;
        }
        if let [(a, x), (b, y)] = all.as_slice()
            && a == x
            && b == y
            && *b < 128
        {
            return Single::Byte2(*a as u8, *b as u8);
        }
        let high = all.iter().filter(|(_, b)| *b > 255).map(|(a, b)| ((*a).max(256), *b)).collect();
        Single::Set(self.set_id(CharSet { low: unicode::low_of(&all), high }))
    }

    fn literal(&mut self, bytes: &[u8]) {
        let n = self.p.code.len();
        if n > self.barrier
            && let Some(Inst::Literal { at, len }) = self.p.code.last_mut()
            && (*at + *len) as usize == self.p.literals.len()
        {
            *len += bytes.len() as u32;
        } else {
            let at = self.p.literals.len() as u32;
            self.add(Inst::Literal { at, len: bytes.len() as u32 });
        }
        self.p.literals.extend_from_slice(bytes);
    }

    fn node(&mut self, node: &Node) -> Result<(), u8> {
        match node {
            Node::Char { c, caseless } => match self.character(*c, *caseless) {
                Single::Byte(b) => self.literal(&[b]),
                Single::Char(c) => {
                    let mut bytes = Vec::new();
                    chars::encode(c, true, &mut bytes);
                    self.literal(&bytes);
                }
                other => {
                    self.add(Inst::One(other));
                }
            },
            Node::Set { .. } | Node::Any | Node::AllAny | Node::AnyByte => {
                if let Some(s) = self.single(node) {
                    self.add(Inst::One(s));
                }
            }
            Node::AnyNewline => {
                self.add(Inst::Newline);
            }
            Node::Grapheme => {
                self.add(Inst::Grapheme);
            }
            Node::Look(l) => {
                self.add(Inst::Look(*l));
            }
            Node::SetStart => {
                self.add(Inst::SetStart);
            }
            Node::BackRef { groups, caseless } => {
                let index = self.p.groups.len() as u32;
                self.p.groups.push(groups.clone());
                self.add(Inst::BackRef { index, caseless: *caseless });
            }
            Node::Recurse { group } => {
                let at = self.add(Inst::Call { group: *group, to: 0 });
                self.calls.push(at);
            }
            Node::Group(g) => self.group(g)?,
            Node::Repeat { node, min, max, greed } => self.repeat(node, *min, *max, *greed)?,
            Node::Verb { verb, name, at } => {
                let name = match name {
                    Some(n) => self.verb_name(n),
                    None => u32::MAX,
                };
                self.add(Inst::Verb { verb: *verb, at: *at, name });
                debug_assert!(*verb != Verb::Then || self.pattern.has_then);
            }
            Node::Mark(n) => {
                let id = self.verb_name(n);
                self.add(Inst::Mark(id));
            }
            Node::Fail => {
                self.add(Inst::Fail);
            }
            Node::Accept(open) => {
                for n in open {
                    self.add(Inst::Close(*n));
                }
                let at = self.add(Inst::Jump(0));
                if let Some(a) = self.accepts.last_mut() {
                    a.push(at);
                }
            }
        }
        Ok(())
    }

    fn verb_name(&mut self, name: &[u8]) -> u32 {
        if let Some(i) = self.p.verb_names.iter().position(|n| n == name) {
            return i as u32;
        }
        self.p.verb_names.push(name.to_vec());
        self.p.verb_names.len() as u32 - 1
    }

    fn group(&mut self, g: &Group) -> Result<(), u8> {
        match &g.kind {
            Kind::Plain => self.alternatives(&g.alts, false, true)?,
            Kind::Capture(n) => {
                self.add(Inst::Open(*n));
                self.alternatives(&g.alts, false, true)?;
                self.add(Inst::Close(*n));
            }
            Kind::Atomic => {
                let slot = self.slots(1);
                self.add(Inst::AtomicStart(slot));
                self.alternatives(&g.alts, false, true)?;
                self.add(Inst::AtomicEnd(slot));
            }
            Kind::Ahead { negative } | Kind::Behind { negative } => {
                let behind = matches!(g.kind, Kind::Behind { .. });
                let slot = self.slots(2);
                self.accepts.push(Vec::new());
                let start = self.add(if *negative { Inst::NegStart { slot, after: 0 } } else { Inst::LookStart(slot) });
                self.alternatives(&g.alts, behind, true)?;
                self.close_accepts();
                if *negative {
                    self.add(Inst::NegEnd { slot, or_else: None });
                    let after = self.here();
                    self.patch(start, after);
                } else {
                    self.add(Inst::LookEnd(slot));
                }
            }
            Kind::Cond(c) => self.conditional(c, &g.alts)?,
        }
        Ok(())
    }

    fn conditional(&mut self, cond: &Cond, alts: &[Alt]) -> Result<(), u8> {
        let yes = alts.first().map_or(&[][..], |a| &a.nodes);
        let no = alts.get(1).map_or(&[][..], |a| &a.nodes);
        // What jumps to the second alternative.
        let mut to_else = Vec::new();
        let mut body = yes;
        match cond {
            Cond::Define => return Ok(()),
            Cond::Group(groups) | Cond::Recursion(groups) => {
                let index = self.p.groups.len() as u32;
                self.p.groups.push(groups.clone());
                to_else.push(self.add(match cond {
                    Cond::Group(_) => Inst::CondGroup { index, or_else: 0 },
                    _ => Inst::CondRecursion { index, or_else: 0 },
                }));
            }
            Cond::Assert => {
                body = yes.get(1..).unwrap_or(&[]);
                match yes.first() {
                    Some(Node::Group(g)) => {
                        let behind = matches!(g.kind, Kind::Behind { .. });
                        let negative =
                            matches!(g.kind, Kind::Ahead { negative: true } | Kind::Behind { negative: true });
                        let slot = self.slots(2);
                        self.accepts.push(Vec::new());
                        let start = self.add(if negative {
                            Inst::NegStart { slot, after: 0 }
                        } else {
                            Inst::CondStart { slot, or_else: 0 }
                        });
                        self.alternatives(&g.alts, behind, true)?;
                        self.close_accepts();
                        if negative {
                            to_else.push(self.add(Inst::NegEnd { slot, or_else: None }));
                            let after = self.here();
                            self.patch(start, after);
                        } else {
                            self.add(Inst::CondEnd(slot));
                            to_else.push(start);
                        }
                    }
                    // (?!) has become a failure: never true.
                    _ => to_else.push(self.add(Inst::Jump(0))),
                }
            }
        }
        self.barrier = self.p.code.len();
        self.nodes(body)?;
        let end = self.add(Inst::Jump(0));
        let or_else = self.here();
        for at in to_else {
            self.patch(at, or_else);
        }
        self.nodes(no)?;
        let after = self.here();
        self.patch(end, after);
        Ok(())
    }

    fn repeat(&mut self, node: &Node, min: u32, max: u32, greed: Greed) -> Result<(), u8> {
        if max == 0 {
            return Ok(());
        }
        if let Some(what) = self.single(node) {
            if (min, max) == (1, 1) {
                return self.node(node);
            }
            let unbounded = max == UNBOUNDED;
            if let Some(ascii) = self.ascii_word(node)
                && (min > 1 || (min == 1 && unbounded))
            {
                self.rep(Single::Set(ascii), min, min, Greed::Greedy);
                if max > min {
                    self.rep(what, 0, if unbounded { max } else { max - min }, greed);
                }
                return Ok(());
            }
            self.rep(what, min, max, greed);
            return Ok(());
        }
        let atomic = (greed == Greed::Possessive).then(|| self.slots(1));
        if let Some(slot) = atomic {
            self.add(Inst::AtomicStart(slot));
        }
        self.repeat_group(node, min, max, greed == Greed::Lazy)?;
        if let Some(slot) = atomic {
            self.add(Inst::AtomicEnd(slot));
        }
        Ok(())
    }

    fn rep(&mut self, what: Single, min: u32, max: u32, greed: Greed) {
        let id = self.p.reps.len() as u32;
        self.p.reps.push(Rep { what, min, max, greed, next: None });
        self.add(Inst::Rep(id));
    }

    /// For `\w` and `\W` of a UTF pattern without `ucp`: what the iterations that must be there match. PCRE looks only at
    /// ASCII in them, though a lone `\w` and the optional iterations know the letters of ISO 8859-1.
    fn ascii_word(&mut self, node: &Node) -> Option<u32> {
        let Node::Set { id, size: 1 } = node else { return None };
        let set = self.p.sets.get(*id as usize).filter(|_| self.utf)?;
        let mut ascii = set.clone();
        if set.low == chars::WORD {
            (ascii.low[2], ascii.low[3]) = (0, 0);
        } else if set.low == chars::WORD.map(|w| !w) {
            (ascii.low[2], ascii.low[3]) = (u64::MAX, u64::MAX);
        } else {
            return None;
        }
        Some(self.set_id(ascii))
    }

    fn repeat_group(&mut self, node: &Node, min: u32, max: u32, lazy: bool) -> Result<(), u8> {
        if (min, max) == (1, 1) {
            return self.node(node);
        }
        if min <= 1 && (max == UNBOUNDED || max == 1) {
            // An optional first iteration, then as many as there are.
            let skip = if min == 0 { Some(self.add(Inst::Split { first: 0, second: 0 })) } else { None };
            let body = self.here();
            let slot = self.slots(1);
            if max == UNBOUNDED {
                self.add(Inst::LoopMark(slot));
            }
            self.node(node)?;
            if max == UNBOUNDED {
                self.barrier = self.p.code.len();
                self.add(Inst::LoopEnd { slot, body, lazy });
            }
            let end = self.here();
            if let Some(at) = skip
                && let Some(i) = self.p.code.get_mut(at)
            {
                *i = if lazy {
                    Inst::Split { first: end, second: body }
                } else {
                    Inst::Split { first: body, second: end }
                };
            }
            return Ok(());
        }
        let slot = self.slots(2);
        let id = self.p.counts.len();
        self.p.counts.push(Count { slot, min, max, lazy, top: 0, enter: 0, end: 0 });
        self.add(Inst::CountInit(slot));
        let top = self.add(Inst::CountLoop(id as u32)) as u32;
        let enter = self.add(Inst::CountEnter(slot)) as u32;
        self.barrier = self.p.code.len();
        self.node(node)?;
        self.add(Inst::CountNext(id as u32));
        let end = self.here();
        if let Some(c) = self.p.counts.get_mut(id) {
            (c.top, c.enter, c.end) = (top, enter, end);
        }
        Ok(())
    }
}
