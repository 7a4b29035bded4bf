//! The matcher: a backtracking machine whose whole state is data, so that it can stop after any number of steps and go on
//! later.
//!
//! One stack holds choices (where to go on if what follows fails) and undo records of registers. Failing pops records,
//! restoring registers, until a choice is found. Leaving an atomic group or an assertion drops the choices above the height
//! where it began and keeps the undo records. Leaving a called group unwinds the whole of its stack, which restores the
//! captures, as PCRE 8 does.

mod single;
mod step;

use crate::ast::Verb;
use crate::options::{MatchOptions, Newline, opt};
use crate::{Regex, start};

/// No position.
pub(crate) const NONE: u32 = u32::MAX;

/// How a match ended, for now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    Match,
    NoMatch,
    /// The budget is used up; call [`Matcher::run`] again.
    Suspended,
    MatchLimit,
    RecursionLimit,
    /// A group called itself at the same place.
    RecursionLoop,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Entry {
    Undo {
        reg: u32,
        old: u32,
    },
    Try {
        pc: u32,
        pos: u32,
    },
    /// A greedy repeat at `pc` that may give back down to `low`.
    Greedy {
        pc: u32,
        low: u32,
        pos: u32,
    },
    /// A lazy repeat at `pc` that may take `left` more.
    Lazy {
        pc: u32,
        pos: u32,
        left: u32,
    },
    /// A negative assertion.
    Neg {
        pc: u32,
        pos: u32,
    },
    /// An assertion that is a condition.
    Cond {
        pc: u32,
        pos: u32,
    },
    /// A called group began here.
    Called,
    CatchThen(u32),
    /// A verb, which takes effect when what follows it fails.
    Verb {
        verb: Verb,
        data: u32,
        name: u32,
    },
    Mark {
        name: u32,
        pos: u32,
    },
}

/// A call of a group.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frame {
    group: u32,
    /// Where it was called.
    pos: u32,
    back: u32,
    /// The height of the stack, with the `Called` on top of it.
    height: u32,
}

/// Why a start position failed.
pub(crate) enum Failed {
    Plain,
    Prune,
    Commit,
    /// Go on here.
    Skip(u32),
    /// No mark of that name: try again, without this `(*SKIP:name)`.
    SkipName,
}

/// A match of one pattern against one subject, which the caller passes to every [`Matcher::run`].
#[derive(Debug)]
pub struct Matcher {
    pub(crate) options: MatchOptions,
    pub(crate) newline: Newline,
    pub(crate) bsr_anycrlf: bool,
    pub(crate) anchored: bool,
    pub(crate) from: u32,
    /// Where the match is tried now.
    pub(crate) at: u32,
    running: bool,
    pub(crate) pc: u32,
    pub(crate) pos: u32,
    pub(crate) regs: Vec<u32>,
    pub(crate) stack: Vec<Entry>,
    pub(crate) frames: Vec<Frame>,
    /// PCRE's count of calls of its function `match` at this start.
    pub(crate) calls: u32,
    pub(crate) skips: u32,
    ignore_skips: u32,
    /// Where the required character was seen last.
    required_at: Option<u32>,
    max_stack: usize,
    pub(crate) call_limit: u32,
    /// Above this height of the stack a limit may be exceeded.
    pub(crate) stack_limit: usize,
    pub(crate) steps: u64,
}

/// PCRE's default for both limits.
const LIMIT: u32 = 10_000_000;
/// PCRE doesn't look for a required character further than this.
const REQUIRED_MAX: usize = 1000;

impl Matcher {
    /// A match of `regex` from byte `from` on. The stack takes at most `max_stack` bytes; more is a recursion limit.
    pub fn new(regex: &Regex, from: usize, options: MatchOptions, max_stack: usize) -> Matcher {
        let bits = if options.newline_bits & opt::NEWLINE_BITS != 0 { options.newline_bits } else { regex.options };
        let bsr = options.newline_bits & (opt::BSR_ANYCRLF | opt::BSR_UNICODE);
        let bsr = if bsr == 0 { regex.options } else { bsr };
        let mut regs = vec![NONE; regex.program.registers as usize];
        if let Some(r) = regs.get_mut(regex.program.match_start_reg() as usize) {
            *r = from as u32;
        }
        let max_stack = max_stack / std::mem::size_of::<Entry>();
        let limit = |a: Option<u32>, b: Option<u32>| a.unwrap_or(LIMIT).min(b.unwrap_or(u32::MAX));
        let depth = limit(options.recursion_limit, regex.recursion_limit) as usize;
        Matcher {
            newline: Newline::from_bits(bits).unwrap_or(Newline::Lf),
            bsr_anycrlf: bsr & opt::BSR_ANYCRLF != 0,
            anchored: options.anchored || regex.start.anchored,
            options,
            from: from as u32,
            at: from as u32,
            running: false,
            pc: 0,
            pos: from as u32,
            regs,
            stack: Vec::new(),
            frames: Vec::new(),
            calls: 0,
            skips: 0,
            ignore_skips: 0,
            required_at: None,
            max_stack,
            call_limit: limit(options.match_limit, regex.match_limit),
            stack_limit: max_stack.min(depth),
            steps: 0,
        }
    }

    /// Runs for about `budget` steps.
    pub fn run(&mut self, regex: &Regex, subject: &[u8], budget: u64) -> Outcome {
        self.steps = budget;
        loop {
            if !self.running {
                if !self.find_start(regex, subject) {
                    return Outcome::NoMatch;
                }
                self.begin(regex);
            }
            match self.steps(regex, subject) {
                step::End::Suspended => return Outcome::Suspended,
                step::End::Match => {
                    self.running = false;
                    return Outcome::Match;
                }
                step::End::Limit(o) => return o,
                step::End::Failed(f) => {
                    self.running = false;
                    if let Some(o) = self.after_failure(regex, subject, f) {
                        return o;
                    }
                    if self.steps == 0 {
                        return Outcome::Suspended;
                    }
                }
            }
        }
    }

    /// The steps that the last [`Matcher::run`] took of its budget.
    pub fn steps_used(&self, budget: u64) -> u64 {
        budget.saturating_sub(self.steps)
    }

    fn begin(&mut self, regex: &Regex) {
        self.running = true;
        self.pc = 0;
        self.pos = self.at;
        self.calls = 0;
        self.skips = 0;
        self.stack.clear();
        self.frames.clear();
        if let Some(r) = self.regs.get_mut(regex.program.match_start_reg() as usize) {
            *r = self.at;
        }
    }

    pub(crate) fn ignores_skip(&mut self) -> bool {
        self.skips += 1;
        self.skips <= self.ignore_skips
    }

    /// Moves on to the next place worth a try; false if there is none.
    fn find_start(&mut self, regex: &Regex, s: &[u8]) -> bool {
        let info = &regex.start;
        if info.no_optimize {
            return true;
        }
        let mut at = self.at as usize;
        let end = if info.first_line {
            let mut t = at;
            while t < s.len() && self.newline.starts(s, t, regex.utf) == 0 {
                t += 1;
            }
            t
        } else {
            s.len()
        };
        let window = s.get(at..end).unwrap_or(&[]);
        if !self.anchored {
            match info.first {
                start::First::Byte(b) => at += memchr::memchr(b, window).unwrap_or(window.len()),
                start::First::Either(a, b) => at += memchr::memchr2(a, b, window).unwrap_or(window.len()),
                start::First::Line if at > self.from as usize => {
                    while at < end && !self.newline.ends(s, at, regex.utf) {
                        at += if regex.utf { crate::chars::decode(s, at).1 } else { 1 };
                    }
                    if s.get(at - 1) == Some(&b'\r')
                        && matches!(self.newline, Newline::Any | Newline::AnyCrLf)
                        && s.get(at) == Some(&b'\n')
                    {
                        at += 1;
                    }
                }
                start::First::Line | start::First::Unknown => {}
                start::First::Set(ref set) => {
                    // Ours, not PCRE's: places where no alternative can begin are passed over. At the end PCRE tries once
                    // more and fails.
                    at += window.iter().position(|b| crate::chars::in_low(set, *b)).unwrap_or(window.len());
                }
            }
            let looked = (at - self.at as usize) as u64 / 16;
            self.steps = self.steps.saturating_sub(looked);
            self.at = at as u32;
        }
        if let Some((a, b)) = info.required
            && s.len() - at.min(s.len()) < REQUIRED_MAX
        {
            let p = at + usize::from(info.has_first() && !self.anchored);
            if self.required_at.is_none_or(|r| p > r as usize) {
                match s.get(p..).and_then(|w| memchr::memchr2(a, b, w)) {
                    Some(n) => self.required_at = Some((p + n) as u32),
                    None => return false,
                }
            }
        }
        true
    }

    /// Goes on after a start has failed; an outcome if that was the last.
    fn after_failure(&mut self, regex: &Regex, s: &[u8], failed: Failed) -> Option<Outcome> {
        let here = self.at as usize;
        let next = match failed {
            Failed::Commit => return Some(Outcome::NoMatch),
            Failed::SkipName => {
                self.ignore_skips = self.skips;
                here
            }
            Failed::Skip(to) if to as usize > here => to as usize,
            Failed::Skip(_) | Failed::Plain | Failed::Prune => {
                self.ignore_skips = 0;
                here + if regex.utf { crate::chars::decode(s, here).1 } else { 1 }
            }
        };
        if regex.start.first_line && self.newline.starts(s, here, regex.utf) > 0 {
            return Some(Outcome::NoMatch);
        }
        let mut next = next;
        if self.anchored || next > s.len() {
            return Some(Outcome::NoMatch);
        }
        if next > self.from as usize
            && s.get(next - 1) == Some(&b'\r')
            && s.get(next) == Some(&b'\n')
            && !regex.start.has_crlf
            && matches!(self.newline, Newline::Any | Newline::AnyCrLf | Newline::CrLf)
        {
            next += 1;
        }
        self.at = next as u32;
        None
    }

    /// After a match: start and end of a group, 0 being the whole; `None` if it has not matched.
    pub fn group(&self, regex: &Regex, n: u32) -> Option<(usize, usize)> {
        let reg = |i: u32| self.regs.get(i as usize).copied().filter(|r| *r != NONE);
        if n == 0 {
            return Some((reg(regex.program.match_start_reg())? as usize, self.pos as usize));
        }
        if n > regex.program.captures {
            return None;
        }
        Some((reg(2 * n)? as usize, reg(2 * n + 1)? as usize))
    }

    /// After a match: one more than the highest group that has matched.
    pub fn group_count(&self, regex: &Regex) -> u32 {
        (1..=regex.program.captures).rev().find(|n| self.group(regex, *n).is_some()).map_or(1, |n| n + 1)
    }

    /// Which limit is exceeded, if one is.
    pub(crate) fn over_limit(&self, regex: &Regex) -> Option<Outcome> {
        if self.calls > self.call_limit {
            return Some(Outcome::MatchLimit);
        }
        if self.stack.len() > self.max_stack {
            return Some(Outcome::RecursionLimit);
        }
        let limit =
            self.options.recursion_limit.unwrap_or(LIMIT).min(regex.recursion_limit.unwrap_or(u32::MAX)) as usize;
        let deep = self.stack.iter().filter(|e| !matches!(e, Entry::Undo { .. })).count();
        (deep > limit).then_some(Outcome::RecursionLimit)
    }
}
