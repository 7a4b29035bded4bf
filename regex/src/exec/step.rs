//! The loop over instructions, failing, and verbs.

use super::{Entry, Failed, Frame, Matcher, NONE, Outcome};
use crate::ast::{Greed, Look, UNBOUNDED, Verb};
use crate::chars::{self, decode};
use crate::options::opt;
use crate::program::{Inst, Program, Single};
use crate::{Regex, unicode};

pub(super) enum End {
    Suspended,
    Match,
    Limit(Outcome),
    Failed(Failed),
}

/// What to do after an instruction.
enum Next {
    Go,
    Fail,
    Stop(End),
}

impl Matcher {
    #[inline(always)]
    fn reg(&self, i: u32) -> u32 {
        self.regs.get(i as usize).copied().unwrap_or(NONE)
    }

    #[inline(always)]
    fn set_reg(&mut self, i: u32, value: u32) {
        if let Some(r) = self.regs.get_mut(i as usize) {
            self.stack.push(Entry::Undo { reg: i, old: *r });
            *r = value;
        }
    }

    /// Notes the height of the stack in a register.
    fn note_height(&mut self, slot: u32) {
        let old = self.reg(slot);
        self.stack.push(Entry::Undo { reg: slot, old });
        if let Some(r) = self.regs.get_mut(slot as usize) {
            *r = self.stack.len() as u32;
        }
    }

    /// Counts a try as PCRE would; true if a limit may be exceeded.
    #[inline(always)]
    fn count(&mut self) -> bool {
        self.calls = self.calls.saturating_add(1);
        self.calls > self.call_limit || self.stack.len() > self.stack_limit
    }

    /// Drops the choices above a height, but not the undo records.
    fn cut(&mut self, height: u32) {
        let height = height as usize;
        let mut kept = height;
        for i in height..self.stack.len() {
            if let Some(e @ Entry::Undo { .. }) = self.stack.get(i).copied()
                && let Some(to) = self.stack.get_mut(kept)
            {
                *to = e;
                kept += 1;
            }
        }
        self.stack.truncate(kept);
    }

    /// Goes back to a height, undoing all above it.
    fn unwind(&mut self, height: u32) {
        while self.stack.len() > height as usize {
            match self.stack.pop() {
                Some(Entry::Undo { reg, old }) => self.undo(reg, old),
                Some(Entry::Called) => {
                    self.frames.pop();
                }
                _ => {}
            }
        }
    }

    #[inline(always)]
    fn undo(&mut self, reg: u32, old: u32) {
        if let Some(r) = self.regs.get_mut(reg as usize) {
            *r = old;
        }
    }

    pub(super) fn steps(&mut self, re: &Regex, s: &[u8]) -> End {
        let p = &re.program;
        loop {
            if self.steps == 0 {
                return End::Suspended;
            }
            self.steps -= 1;
            let Some(inst) = p.code.get(self.pc as usize).copied() else { return End::Failed(Failed::Commit) };
            match self.step(re, p, s, inst) {
                Next::Go => {}
                Next::Fail => {
                    if let Some(end) = self.fail(re, s) {
                        return end;
                    }
                }
                Next::Stop(end) => return end,
            }
        }
    }

    #[inline(always)]
    fn step(&mut self, re: &Regex, p: &Program, s: &[u8], inst: Inst) -> Next {
        let pos = self.pos as usize;
        match inst {
            Inst::One(what) => match self.one(re, what, s, pos) {
                Some(next) => {
                    self.pos = next as u32;
                    self.pc += 1;
                }
                None => return Next::Fail,
            },
            Inst::Literal { at, len } => {
                let want = p.literals.get(at as usize..(at + len) as usize);
                if want.is_none() || s.get(pos..pos + len as usize) != want {
                    return Next::Fail;
                }
                self.pos += len;
                self.pc += 1;
            }
            Inst::Rep(id) => return self.rep(re, p, s, id),
            Inst::Open(n) => {
                self.set_reg(p.start_reg(n), self.pos);
                self.pc += 1;
            }
            Inst::Close(n) => {
                let start = self.reg(p.start_reg(n));
                self.set_reg(2 * n, start);
                self.set_reg(2 * n + 1, self.pos);
                self.pc += 1;
            }
            Inst::Split { first, second } => {
                self.stack.push(Entry::Try { pc: second, pos: self.pos });
                self.pc = first;
                return self.counted(re);
            }
            Inst::Jump(to) => self.pc = to,
            Inst::LoopMark(slot) => {
                self.set_reg(slot, self.pos);
                self.pc += 1;
            }
            Inst::LoopEnd { slot, body, lazy } => {
                let after = self.pc + 1;
                if self.reg(slot) == self.pos {
                    self.pc = after;
                    return Next::Go;
                }
                let (now, later) = if lazy { (after, body) } else { (body, after) };
                self.stack.push(Entry::Try { pc: later, pos: self.pos });
                self.pc = now;
                return self.counted(re);
            }
            Inst::CountInit(slot) => {
                self.set_reg(slot, 0);
                self.pc += 1;
            }
            Inst::CountLoop(id) => {
                let Some(c) = p.counts.get(id as usize) else { return Next::Fail };
                let n = self.reg(c.slot);
                if n < c.min {
                    self.pc = c.enter;
                } else if n >= c.max {
                    self.pc = c.end;
                } else {
                    let (now, later) = if c.lazy { (c.end, c.enter) } else { (c.enter, c.end) };
                    self.stack.push(Entry::Try { pc: later, pos: self.pos });
                    self.pc = now;
                    return self.counted(re);
                }
            }
            Inst::CountEnter(slot) => {
                let n = self.reg(slot);
                self.set_reg(slot, n.saturating_add(1).min(NONE - 1));
                self.set_reg(slot + 1, self.pos);
                self.pc += 1;
                return self.counted(re);
            }
            Inst::CountNext(id) => {
                let Some(c) = p.counts.get(id as usize) else { return Next::Fail };
                let idle = c.max == UNBOUNDED && self.reg(c.slot) >= c.min && self.reg(c.slot + 1) == self.pos;
                self.pc = if idle { c.end } else { c.top };
            }
            Inst::Match => {
                let start = self.reg(p.match_start_reg());
                let o = &self.options;
                if start == self.pos && (o.not_empty || (o.not_empty_at_start && start == self.from)) {
                    return Next::Fail;
                }
                return Next::Stop(End::Match);
            }
            other => return self.rare(re, p, s, other),
        }
        Next::Go
    }

    /// [`Next::Go`], unless a limit is exceeded.
    #[inline(always)]
    fn counted(&mut self, re: &Regex) -> Next {
        if self.count()
            && let Some(o) = self.over_limit(re)
        {
            return Next::Stop(End::Limit(o));
        }
        Next::Go
    }

    fn rep(&mut self, re: &Regex, p: &Program, s: &[u8], id: u32) -> Next {
        let Some(rep) = p.reps.get(id as usize) else { return Next::Fail };
        let pos = self.pos as usize;
        if rep.greed == Greed::Lazy {
            let (at, n) = if rep.min == 0 { (pos, 0) } else { self.many(re, rep.what, s, pos, rep.min) };
            if n < rep.min {
                return Next::Fail;
            }
            self.pos = at as u32;
            if rep.max > rep.min {
                let left = if rep.max == UNBOUNDED { UNBOUNDED } else { rep.max - rep.min };
                self.stack.push(Entry::Lazy { pc: self.pc, pos: self.pos, left });
            }
            self.pc += 1;
            return self.counted(re);
        }
        let (end, n) = self.many(re, rep.what, s, pos, rep.max);
        self.steps = self.steps.saturating_sub(u64::from(n) / 16);
        if n < rep.min {
            return Next::Fail;
        }
        if n > rep.min && rep.greed == Greed::Greedy {
            let mut low = pos;
            if !re.utf {
                low += rep.min as usize;
            } else {
                for _ in 0..rep.min {
                    low += if matches!(rep.what, Single::AnyByte) { 1 } else { decode(s, low).1 };
                }
            }
            self.stack.push(Entry::Greedy { pc: self.pc, low: low as u32, pos: end as u32 });
        }
        self.pos = end as u32;
        self.pc += 1;
        self.counted(re)
    }

    fn rare(&mut self, re: &Regex, p: &Program, s: &[u8], inst: Inst) -> Next {
        let pos = self.pos as usize;
        match inst {
            Inst::Newline => match self.any_newline(re, s, pos) {
                0 => return Next::Fail,
                n => self.pos += n,
            },
            Inst::Grapheme => {
                if pos >= s.len() {
                    return Next::Fail;
                }
                let read = |at: usize| if re.utf { decode(s, at) } else { (u32::from(s[at]), 1) };
                let (mut left, len) = read(pos);
                let mut at = pos + len;
                while at < s.len() {
                    let (right, len) = read(at);
                    if !unicode::joined(left, right) {
                        break;
                    }
                    left = right;
                    at += len;
                    self.steps = self.steps.saturating_sub(1);
                }
                self.pos = at as u32;
            }
            Inst::Look(l) => {
                if !self.look(re, s, pos, l) {
                    return Next::Fail;
                }
            }
            Inst::SetStart => self.set_reg(p.match_start_reg(), self.pos),
            Inst::BackRef { index, caseless } => {
                let groups = p.groups.get(index as usize).map_or(&[][..], |g| g);
                let Some(g) = groups.iter().find(|g| self.reg(2 * **g) != NONE) else { return Next::Fail };
                let (from, to) = (self.reg(2 * g) as usize, self.reg(2 * g + 1) as usize);
                let Some(end) = back_reference(re, s, from, to, pos, caseless) else { return Next::Fail };
                self.steps = self.steps.saturating_sub((end - pos) as u64 / 8);
                self.pos = end as u32;
            }
            Inst::AtomicStart(slot) => self.note_height(slot),
            Inst::AtomicEnd(slot) => {
                let height = self.reg(slot);
                self.cut(height);
            }
            Inst::LookStart(slot) => {
                self.set_reg(slot + 1, self.pos);
                self.note_height(slot);
            }
            Inst::LookEnd(slot) | Inst::CondEnd(slot) => {
                let height = self.reg(slot);
                self.cut(height);
                self.pos = self.reg(slot + 1);
            }
            Inst::NegStart { slot, after } => {
                self.note_height(slot);
                self.stack.push(Entry::Neg { pc: after, pos: self.pos });
            }
            Inst::NegEnd { slot, or_else } => {
                let height = self.reg(slot);
                let start = match self.stack.get(height as usize) {
                    Some(Entry::Neg { pos, .. }) => *pos,
                    _ => self.pos,
                };
                self.unwind(height);
                let Some(to) = or_else else { return Next::Fail };
                self.pc = to;
                self.pos = start;
                return Next::Go;
            }
            Inst::CondStart { slot, or_else } => {
                self.set_reg(slot + 1, self.pos);
                self.note_height(slot);
                self.stack.push(Entry::Cond { pc: or_else, pos: self.pos });
            }
            Inst::Back(n) => {
                let mut at = pos;
                if re.utf {
                    for _ in 0..n {
                        if at == 0 {
                            return Next::Fail;
                        }
                        at = chars::back(s, at);
                    }
                } else {
                    let Some(a) = pos.checked_sub(n as usize) else { return Next::Fail };
                    at = a;
                }
                self.pos = at as u32;
            }
            Inst::CondGroup { index, or_else } => {
                let groups = p.groups.get(index as usize).map_or(&[][..], |g| g);
                if !groups.iter().any(|g| self.reg(2 * g) != NONE) {
                    self.pc = or_else;
                    return Next::Go;
                }
            }
            Inst::CondRecursion { index, or_else } => {
                let groups = p.groups.get(index as usize).map_or(&[][..], |g| g);
                let now = self.frames.last().map(|f| f.group);
                let is = now.is_some_and(|n| groups.is_empty() || groups.contains(&n));
                if !is {
                    self.pc = or_else;
                    return Next::Go;
                }
            }
            Inst::Call { group, to } => {
                if self.frames.iter().any(|f| f.group == group && f.pos == self.pos) {
                    return Next::Stop(End::Limit(Outcome::RecursionLoop));
                }
                self.steps = self.steps.saturating_sub(self.frames.len() as u64 / 8);
                let height = self.stack.len() as u32;
                self.stack.push(Entry::Called);
                self.frames.push(Frame { group, pos: self.pos, back: self.pc + 1, height });
                self.pc = to;
                return self.counted(re);
            }
            Inst::Return => {
                let Some(f) = self.frames.last().copied() else { return Next::Fail };
                let start = self.reg(p.match_start_reg());
                self.unwind(f.height);
                self.set_reg(p.match_start_reg(), start);
                self.pc = f.back;
                return Next::Go;
            }
            Inst::CatchThen(end) => self.stack.push(Entry::CatchThen(end)),
            Inst::Verb { verb, at, name } => {
                if name != NONE && self.ignores_skip() {
                    self.pc += 1;
                    return Next::Go;
                }
                let data = if verb == Verb::Then { at } else { self.pos };
                self.stack.push(Entry::Verb { verb, data, name });
                self.pc += 1;
                return self.counted(re);
            }
            Inst::Mark(name) => {
                self.stack.push(Entry::Mark { name, pos: self.pos });
                self.pc += 1;
                return self.counted(re);
            }
            _ => return Next::Fail,
        }
        self.pc += 1;
        Next::Go
    }

    /// Goes back to the last choice; the end if there is none.
    fn fail(&mut self, re: &Regex, s: &[u8]) -> Option<End> {
        loop {
            self.steps = self.steps.saturating_sub(1);
            match self.stack.pop() {
                None => return Some(End::Failed(Failed::Plain)),
                Some(Entry::Undo { reg, old }) => {
                    self.undo(reg, old);
                    continue;
                }
                Some(Entry::Try { pc, pos }) => {
                    self.pc = pc;
                    self.pos = pos;
                }
                Some(Entry::Neg { pc, pos } | Entry::Cond { pc, pos }) => {
                    self.pc = pc;
                    self.pos = pos;
                    return None;
                }
                Some(Entry::Greedy { pc, low, pos }) => {
                    let Some(rep) = self.rep_at(re, pc) else { continue };
                    let Some(at) = self.give_back(re, &rep, s, low as usize, pos as usize) else { continue };
                    let at = at as u32;
                    if at > low {
                        self.stack.push(Entry::Greedy { pc, low, pos: at });
                    }
                    self.pc = pc + 1;
                    self.pos = at;
                }
                Some(Entry::Lazy { pc, pos, left }) => {
                    let Some(rep) = self.rep_at(re, pc) else { continue };
                    let Some(at) = self.one(re, rep.what, s, pos as usize) else { continue };
                    self.pos = at as u32;
                    if left > 1 {
                        let left = if left == UNBOUNDED { left } else { left - 1 };
                        self.stack.push(Entry::Lazy { pc, pos: self.pos, left });
                    }
                    self.pc = pc + 1;
                }
                Some(Entry::Called) => {
                    self.frames.pop();
                    continue;
                }
                Some(Entry::CatchThen(_) | Entry::Mark { .. }) => continue,
                Some(Entry::Verb { verb, data, name }) => match self.verb(re, verb, data, name) {
                    Some(f) => return Some(End::Failed(f)),
                    None => continue,
                },
            }
            if self.count()
                && let Some(o) = self.over_limit(re)
            {
                return Some(End::Limit(o));
            }
            return None;
        }
    }

    fn rep_at(&self, re: &Regex, pc: u32) -> Option<crate::program::Rep> {
        match re.program.code.get(pc as usize) {
            Some(Inst::Rep(id)) => re.program.reps.get(*id as usize).copied(),
            _ => None,
        }
    }

    /// A verb takes effect: everything back to what stops it fails. `None` if ordinary failing goes on from there.
    fn verb(&mut self, re: &Regex, mut verb: Verb, mut data: u32, mut name: u32) -> Option<Failed> {
        let _ = re;
        loop {
            match self.stack.pop() {
                None => {
                    return Some(match verb {
                        Verb::Commit => Failed::Commit,
                        Verb::Prune | Verb::Then => Failed::Prune,
                        Verb::Skip if name != NONE => Failed::SkipName,
                        Verb::Skip => Failed::Skip(data),
                    });
                }
                Some(Entry::Undo { reg, old }) => self.undo(reg, old),
                // A negative assertion becomes true: leave it to ordinary failing.
                Some(e @ Entry::Neg { .. }) => {
                    self.stack.push(e);
                    return None;
                }
                Some(e @ Entry::Cond { .. }) if verb == Verb::Then => {
                    self.stack.push(e);
                    return None;
                }
                Some(Entry::Called) => {
                    self.frames.pop();
                    return None;
                }
                Some(Entry::CatchThen(end)) if verb == Verb::Then && data < end => return None,
                Some(Entry::Mark { name: n, pos }) if verb == Verb::Skip && name == n => {
                    verb = Verb::Skip;
                    name = NONE;
                    data = pos;
                }
                Some(_) => {}
            }
        }
    }

    fn any_newline(&self, re: &Regex, s: &[u8], pos: usize) -> u32 {
        match s.get(pos).copied() {
            Some(b'\r') => 1 + u32::from(s.get(pos + 1) == Some(&b'\n')),
            Some(b'\n') => 1,
            _ if self.bsr_anycrlf => 0,
            Some(_) => crate::options::Newline::Any.starts(s, pos, re.utf) as u32,
            None => 0,
        }
    }

    fn look(&self, re: &Regex, s: &[u8], pos: usize, look: Look) -> bool {
        let at_last_newline = || {
            let n = self.newline.starts(s, pos, re.utf);
            pos >= s.len() || (n > 0 && pos + n == s.len())
        };
        match look {
            Look::Sod => pos == 0,
            Look::Circ => pos == 0 && !self.options.not_bol,
            Look::CircM => {
                if pos == 0 {
                    !self.options.not_bol
                } else {
                    pos != s.len() && self.newline.ends(s, pos, re.utf)
                }
            }
            Look::Som => pos == self.from as usize,
            Look::DollM => {
                if pos < s.len() {
                    self.newline.starts(s, pos, re.utf) > 0
                } else {
                    !self.options.not_eol
                }
            }
            Look::Doll if self.options.not_eol => false,
            Look::Doll if re.options & opt::DOLLAR_ENDONLY != 0 => pos >= s.len(),
            Look::Doll | Look::EodN => at_last_newline(),
            Look::Eod => pos >= s.len(),
            Look::Word | Look::NotWord => {
                let before = pos > 0 && {
                    let at = if re.utf { chars::back(s, pos) } else { pos - 1 };
                    is_word(re, s, at)
                };
                let after = pos < s.len() && is_word(re, s, pos);
                (before != after) == (look == Look::Word)
            }
        }
    }
}

fn is_word(re: &Regex, s: &[u8], at: usize) -> bool {
    let c = if re.utf { decode(s, at).0 } else { s.get(at).map_or(0, |b| u32::from(*b)) };
    if re.options & opt::UCP != 0 {
        return unicode::is_word(c);
    }
    u8::try_from(c).is_ok_and(chars::is_word)
}

/// The end of what a back reference matches at `pos`.
fn back_reference(re: &Regex, s: &[u8], from: usize, to: usize, pos: usize, caseless: bool) -> Option<usize> {
    let want = s.get(from..to)?;
    if !caseless {
        return s.get(pos..)?.starts_with(want).then_some(pos + want.len());
    }
    if !re.utf {
        let have = s.get(pos..pos + want.len())?;
        let same = |(a, b): (&u8, &u8)| a == b || chars::flip(*a) == *b;
        return have.iter().zip(want).all(same).then_some(pos + want.len());
    }
    let (mut i, mut at) = (from, pos);
    while i < to {
        if at >= s.len() {
            return None;
        }
        let (a, m) = decode(s, i);
        let (b, n) = decode(s, at);
        if a != b && !unicode::contains(&unicode::fold(&[(a, a)]), b) {
            return None;
        }
        i += m;
        at += n;
    }
    Some(at)
}
