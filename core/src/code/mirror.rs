//! Breakpoints at the start of functions.
//!
//! An instance with breakpoints has its code twice: the first half is what runs, with a [`Instr::Breakpoint`] in place of
//! the first instruction of each traced function; the second, the *mirror*, is the code as loaded. A breakpoint goes on at
//! its own place in the mirror, and everything that leaves the mirror (calls, returns, handlers) leads back to the first
//! half: calls within the module because their distance is corrected here, all others because they name places in the first
//! half. So the hot loop knows nothing of breakpoints. The code is replaced when an instance gets its first breakpoint; whoever
//! sets it keeps the former code until the interpreter has looked up the running instance again.

use super::op::Instr;
use super::table::Instance;

impl Instance {
    /// The place in the first half of a place in either.
    #[inline]
    pub fn home(&self, offset: u32) -> u32 {
        if self.mirror != 0 && offset >= self.mirror { offset - self.mirror } else { offset }
    }

    /// Sets or removes the breakpoint at `offset`; returns the former code if it was replaced, which must live until the
    /// interpreter has looked up the running instance again.
    pub fn set_breakpoint(&mut self, offset: u32, on: bool) -> Option<Box<[Instr]>> {
        let mut former = None;
        if self.mirror == 0 {
            if !on {
                return None;
            }
            let n = self.code.len() as u32;
            let mut double = self.code.to_vec();
            double.extend(self.code.iter().map(|i| leading_back(*i, n)));
            former = Some(std::mem::replace(&mut self.code, double.into()));
            self.mirror = n;
        }
        let original = self.code.get((offset + self.mirror) as usize).copied();
        if let (Some(original), Some(place)) = (original, self.code.get_mut(offset as usize)) {
            *place = if on { Instr::Breakpoint {} } else { leading_back_undone(original, self.mirror) };
        }
        former
    }

    pub fn has_breakpoint(&self, offset: u32) -> bool {
        self.code.get(offset as usize) == Some(&Instr::Breakpoint {})
    }
}

/// A call within the module.
fn is_local_call(i: &Instr) -> bool {
    i.name().starts_with("Call")
}

/// The instruction as it stands in the mirror, `n` further on.
fn leading_back(mut i: Instr, n: u32) -> Instr {
    if is_local_call(&i)
        && let Some(to) = i.target_mut()
    {
        *to -= n as i32;
    }
    i
}

fn leading_back_undone(mut i: Instr, n: u32) -> Instr {
    if is_local_call(&i)
        && let Some(to) = i.target_mut()
    {
        *to += n as i32;
    }
    i
}
