//! Bit syntax: matching works on a context, building reserves for itself.

use super::state::{Kind, State};
use super::step::After;
use super::{Demand, Verifier};
use beambox_beamfile::{Arg, Instr, Op};

impl<'a> Verifier<'a> {
    pub(super) fn matching(&mut self, i: &'a Instr, mut s: State) -> After {
        match i.op {
            Op::BsStartMatch3 | Op::BsStartMatch4 => {
                let (live, from) = if i.op == Op::BsStartMatch3 { (2, 1) } else { (1, 2) };
                let (label, live) = (self.label(i, 0)?, self.number(i, live)?);
                let from = self.arg(i, from)?;
                self.read(&s, from)?;
                self.collects(&mut s, live)?;
                self.fails(&s, label)?;
                self.write(&mut s, i, 3, Kind::Context)?;
            }
            Op::BsGetInteger2 | Op::BsGetFloat2 | Op::BsGetBinary2 => {
                let (label, live) = (self.target(i, 0)?, self.number(i, 2)?);
                let size = self.arg(i, 3)?;
                self.read(&s, size)?;
                self.demand(&mut s, i, 1, Demand::Context)?;
                self.collects(&mut s, live)?;
                self.branch(label, &s)?;
                let kind = if i.op == Op::BsGetFloat2 { Kind::Float } else { Kind::Any };
                self.write(&mut s, i, 6, kind)?;
            }
            Op::BsSkipBits2 => {
                let label = self.target(i, 0)?;
                let size = self.arg(i, 2)?;
                self.read(&s, size)?;
                self.demand(&mut s, i, 1, Demand::Context)?;
                self.branch(label, &s)?;
            }
            Op::BsTestTail2
            | Op::BsTestUnit
            | Op::BsMatchString
            | Op::BsSkipUtf8
            | Op::BsSkipUtf16
            | Op::BsSkipUtf32 => {
                let label = self.target(i, 0)?;
                self.demand(&mut s, i, 1, Demand::Context)?;
                self.branch(label, &s)?;
            }
            Op::BsGetUtf8 | Op::BsGetUtf16 | Op::BsGetUtf32 => {
                let label = self.target(i, 0)?;
                self.demand(&mut s, i, 1, Demand::Context)?;
                self.branch(label, &s)?;
                self.write(&mut s, i, 4, Kind::Any)?;
            }
            Op::BsGetTail | Op::BsGetPosition => {
                self.demand(&mut s, i, 0, Demand::Context)?;
                let live = self.number(i, 2)?;
                self.collects(&mut s, live)?;
                self.write(&mut s, i, 1, Kind::Any)?;
            }
            Op::BsSetPosition => {
                let position = self.arg(i, 1)?;
                self.read(&s, position)?;
                self.demand(&mut s, i, 0, Demand::Context)?;
            }
            Op::BsMatch => {
                let label = self.target(i, 0)?;
                self.demand(&mut s, i, 1, Demand::Context)?;
                return self.commands(i, s, label);
            }
            Op::BsCreateBin => {
                let (label, live) = (self.label(i, 0)?, self.number(i, 2)?);
                // It may collect before it looks at its operands.
                self.collects(&mut s, live)?;
                for segment in self.list(i, 5)?.chunks(6) {
                    let [kind, _, _, _, value, size] = segment else { return Err(self.error("half a segment")) };
                    let is_string = matches!(kind, Arg::Atom(a) if self.file.atom(*a) == Some("string"));
                    if !is_string {
                        self.read(&s, value)?;
                        self.read(&s, size)?;
                    }
                }
                self.fails(&s, label)?;
                s.room = super::step::words(self.arg(i, 1)?);
                self.write(&mut s, i, 4, Kind::Any)?;
            }
            Op::BsInitWritable => {
                self.collects(&mut s, 1)?;
                s.xs[0] = self.cell(Kind::Any);
            }
            // The translator refuses what it doesn't know.
            _ => {}
        }
        Ok(Some(s))
    }

    /// The commands of `bs_match`: what they write, and which registers a collection on the way leaves.
    fn commands(&mut self, i: &'a Instr, mut s: State, label: u32) -> After {
        let list = self.list(i, 2)?;
        let (mut live, mut to, mut n) = (None, Vec::new(), 0);
        // Bits that are known to be there; whether a command may fail after one that may have collected.
        let (mut sure, mut late) = (0u64, false);
        while let Some(command) = list.get(n) {
            let Arg::Atom(name) = command else { return Err(self.error("no command")) };
            let number = |at: usize| match list.get(at) {
                Some(Arg::U(v)) => u32::try_from(*v).ok(),
                Some(Arg::I(v)) => u32::try_from(*v).ok(),
                _ => None,
            };
            let bits = |at: usize| number(at).unwrap_or(u32::MAX) as u64;
            let (length, taken, place) = match self.file.atom(*name).unwrap_or_default() {
                "ensure_at_least" => (3, None, None),
                "integer" | "binary" => (6, Some(bits(n + 3).saturating_mul(bits(n + 4))), Some(5)),
                "=:=" => (4, None, None),
                "get_tail" => (4, Some(0), Some(3)),
                "skip" => (2, Some(bits(n + 1)), None),
                _ => (2, None, None),
            };
            match taken.and_then(|bits| sure.checked_sub(bits)) {
                Some(left) => sure = left,
                // It may fail.
                None => {
                    late |= live.is_some();
                    sure = match self.file.atom(*name) {
                        Some("ensure_at_least" | "ensure_exactly") => bits(n + 1),
                        Some("=:=") => sure.saturating_sub(bits(n + 2)),
                        _ => 0,
                    };
                }
            }
            if let Some(place) = place {
                let Some(here) = number(n + 1) else { return Err(self.error("no number of live registers")) };
                live = Some(live.map_or(here, |l: u32| l.min(here)));
                to.push(list.get(n + place).ok_or_else(|| self.error("half a command"))?);
            }
            n += length;
        }
        s.room = 0;
        let mut there = s.clone();
        if let Some(live) = live {
            self.collects(&mut s, live)?;
        }
        if late {
            there = s.clone();
        }
        for a in &to {
            self.disturb(&mut there, a)?;
            let cell = self.cell(Kind::Any);
            self.put(&mut s, a, cell)?;
        }
        self.branch(label, &there)?;
        Ok(Some(s))
    }
}
