//! Running a compiled match specification on one object.

use super::*;

/// The value of what failed in a body.
const FAILED: Term = Term::atom(am::EXIT_);

impl Ctx<'_> {
    /// Runs the specification on an object. The value lies on the process's heap, all of it when `copied`.
    pub fn run_spec(&mut self, spec: &Spec, object: Term, copied: bool) -> Result<Outcome, Fault> {
        let mem = self.sys.mem();
        let mut bound = Vec::new();
        for c in &spec.clauses {
            if !c.matches(mem, &self.sys.names(), object, &mut bound) {
                continue;
            }
            let mut passed = true;
            for g in &c.guards {
                if self.eval(g, &bound, object, false)? != Some(Term::bool(true)) {
                    passed = false;
                    break;
                }
            }
            if !passed {
                continue;
            }
            let value = self.eval(&c.body, &bound, object, copied && !c.body.calls)?;
            let value = value.unwrap_or(FAILED);
            let value = if copied && c.body.calls { self.copy_in(value)? } else { value };
            return Ok(Outcome::Value(value));
        }
        Ok(Outcome::NoMatch)
    }

    /// The value of the expressions, `None` when one failed. `copy`: parts of the object are copied where they are used.
    fn eval(&mut self, code: &Code, bound: &[Term], object: Term, copy: bool) -> Result<Option<Term>, Fault> {
        let mut s: Vec<Term> = Vec::new();
        let mut pc = 0;
        while let Some(op) = code.ops.get(pc) {
            pc += 1;
            let value = match *op {
                Op::Const(t) => t,
                Op::Var(i) => {
                    let t = bound.get(i as usize).copied().unwrap_or(Term::NIL);
                    if copy { self.copy_in(t)? } else { t }
                }
                Op::Whole => {
                    if copy {
                        self.copy_in(object)?
                    } else {
                        object
                    }
                }
                Op::All => {
                    let mut all = Vec::with_capacity(bound.len());
                    for t in bound {
                        all.push(if copy { self.copy_in(*t)? } else { *t });
                    }
                    self.list(&all)?
                }
                Op::Drop => {
                    s.pop();
                    continue;
                }
                Op::Tuple(n) => {
                    let at = s.len().saturating_sub(n as usize);
                    let parts = s.split_off(at);
                    self.tuple(&parts)?
                }
                Op::Cons => {
                    let (tail, head) = (pop(&mut s), pop(&mut s));
                    build::cons(self, head, tail)?
                }
                Op::Map(n) => {
                    let at = s.len().saturating_sub(2 * n as usize);
                    let parts = s.split_off(at);
                    let pairs: Vec<(Term, Term)> = parts.chunks_exact(2).map(|p| (p[0], p[1])).collect();
                    let (mut a, names) = self.split();
                    map::from_pairs(&mut a, &names, &pairs)?
                }
                Op::Call(f, n) => {
                    let at = s.len().saturating_sub(n as usize);
                    let args = s.split_off(at);
                    match f(self, &args) {
                        Ok(v) => v,
                        Err(Fault::Raise) => {
                            self.proc.exception = Exception::default();
                            if code.part == Part::Guard {
                                return Ok(None);
                            }
                            FAILED
                        }
                        Err(e) => return Err(e),
                    }
                }
                Op::Action(action, n) => {
                    let at = s.len().saturating_sub(n as usize);
                    let args = s.split_off(at);
                    match action.perform(self, &args)? {
                        Some(v) => v,
                        None if code.part == Part::Guard => return Ok(None),
                        None => FAILED,
                    }
                }
                Op::And(n) | Op::Or(n) => {
                    let at = s.len().saturating_sub(n as usize);
                    let (mut all, mut any) = (true, false);
                    let mut bad = false;
                    for t in s.split_off(at) {
                        match t.as_bool() {
                            Some(b) => (all, any) = (all && b, any || b),
                            None => bad = true,
                        }
                    }
                    match bad {
                        false => Term::bool(if matches!(op, Op::And(_)) { all } else { any }),
                        true if code.part == Part::Guard => return Ok(None),
                        true => FAILED,
                    }
                }
                Op::Xor => match (pop(&mut s).as_bool(), pop(&mut s).as_bool()) {
                    (Some(a), Some(b)) => Term::bool(a != b),
                    _ if code.part == Part::Guard => return Ok(None),
                    _ => FAILED,
                },
                Op::Not => match pop(&mut s).as_bool() {
                    Some(b) => Term::bool(!b),
                    None if code.part == Part::Guard => return Ok(None),
                    None => FAILED,
                },
                Op::AndAlso(label) | Op::OrElse(label) => {
                    let stop = matches!(op, Op::OrElse(_));
                    match pop(&mut s).as_bool() {
                        Some(b) if b == stop => {
                            pc = code.labels.get(label as usize).copied().unwrap_or(usize::MAX);
                            Term::bool(stop)
                        }
                        Some(_) => continue,
                        None if code.part == Part::Guard => return Ok(None),
                        None => {
                            pc = code.labels.get(label as usize).copied().unwrap_or(usize::MAX);
                            FAILED
                        }
                    }
                }
                Op::IsRecord => {
                    let (size, tag, t) = (pop(&mut s), pop(&mut s), pop(&mut s));
                    let mem = self.sys.mem();
                    let arity = mem.tuple_arity(t);
                    let sized = size.is_nil() || arity.is_some_and(|n| size == Term::small(n as i64));
                    Term::bool(arity.is_some_and(|n| n > 0) && sized && mem.element(t, 1) == tag)
                }
            };
            s.push(value);
        }
        Ok(s.pop())
    }
}

fn pop(s: &mut Vec<Term>) -> Term {
    s.pop().unwrap_or(Term::NIL)
}
