//! Work that goes on over slices. A function whose time depends on how much a guest hands it looks how much work is left in the slice, does so much,
//! and yields with a [`Job`]; the same call goes on in the next slice. Other processes run in between, and a slice stays as long as any other.

use super::{Ctx, Fault};
use crate::process::job::Job;
use crate::term::Term;

/// Steps of such work that cost a reduction.
const STEPS_PER_REDUCTION: usize = 10;

impl Ctx<'_> {
    /// The job of the call that goes on, or a new one.
    pub fn job(&mut self) -> Box<Job> {
        self.proc.job.take().unwrap_or_default()
    }

    /// Steps of work that are left in this slice; at least a few, so that every slice gets somewhere.
    pub fn steps(&self) -> usize {
        (self.proc.budget.max(0) as usize * STEPS_PER_REDUCTION).max(200)
    }

    /// Charges steps of work.
    pub fn worked(&mut self, steps: usize) {
        self.charge(steps / STEPS_PER_REDUCTION);
    }

    /// The state that the call that goes on has kept, and the steps that it may take now. A call whose state a collection took starts anew, with longer
    /// slices, so that it gets to its end.
    pub fn resume<T: std::any::Any + Send>(&mut self) -> (Option<Box<T>>, usize) {
        let state = match self.proc.job.take() {
            None => {
                self.proc.restarts = 0;
                None
            }
            Some(mut job) => {
                self.proc.restarts = self.proc.restarts.saturating_add(job.lost as u8);
                job.held()
            }
        };
        (state, self.steps() << (3 * self.proc.restarts.min(3)))
    }

    /// Goes on with this state in the next slice.
    pub fn suspend<T: std::any::Any + Send>(&mut self, state: Box<T>, args: &[Term]) -> Fault {
        let mut job = Box::new(Job::default());
        job.hold(state);
        self.go_on_later(job, args)
    }

    /// Goes on with the job in the next slice. `args` are those of the call.
    pub fn go_on_later(&mut self, job: Box<Job>, args: &[Term]) -> Fault {
        self.proc.job = Some(job);
        self.proc.budget = 0;
        self.yield_with(args)
    }

    /// The elements of a proper list at the end of the job's terms, gathered over as many slices as it takes: `None` when the slice is over. The list's
    /// rest is the job's first term, which the caller has put there.
    pub fn gather(&mut self, job: &mut Job) -> Result<Option<()>, Fault> {
        let mem = self.sys.mem();
        let mut steps = self.steps();
        let Some(mut rest) = job.terms.first().copied() else { return Err(self.badarg()) };
        let all = steps;
        while rest.is_list() && steps > 0 {
            job.terms.push(mem.head(rest));
            rest = mem.tail(rest);
            steps -= 1;
        }
        if let Some(first) = job.terms.first_mut() {
            *first = rest;
        }
        self.worked(all - steps);
        if rest.is_list() {
            return Ok(None);
        }
        if rest.is_nil() { Ok(Some(())) } else { Err(self.badarg()) }
    }
}
