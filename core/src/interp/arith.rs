//! Arithmetic beyond small integers, and guard BIFs.

use super::{Flow, Machine, calls};
use crate::atom::{Atom, am};
use crate::bif::{Ctx, Fault};
use crate::code::op::Instr;
use crate::code::operand::{Dst, Src};
use crate::heap::number::{self, ArithError};
use crate::load::translate::NO_COLLECTION;
use crate::process::Mfa;
use crate::term::Term;

type Op = fn(&mut dyn crate::heap::Alloc, Term, Term) -> Result<Term, ArithError>;

/// A binary operation whose operands or result aren't small.
pub fn binary(m: &mut Machine<'_>, i: &Instr) -> Flow {
    let x = |r: u16| Src::x(r);
    let (op, name, a, b, d, live, fail): (Op, Atom, Term, Term, Dst, u8, i32) = match *i {
        Instr::Add { live, a, b, d, fail } => (number::add, am::PLUS, m.src(a), m.src(b), d, live, fail),
        Instr::AddXX { live, a, b, d } => (number::add, am::PLUS, m.src(x(a)), m.src(x(b)), Dst::x(d), live, 0),
        Instr::AddXC { live, s, d, c } => {
            (number::add, am::PLUS, m.src(x(s)), Term::small(c as i64 >> 4), Dst::x(d), live, 0)
        }
        Instr::AddYX { live, a, b, d } => (number::add, am::PLUS, m.src(Src::y(a)), m.src(x(b)), Dst::x(d), live, 0),
        Instr::AddYC { live, s, d, c } => {
            (number::add, am::PLUS, m.src(Src::y(s)), Term::small(c as i64 >> 4), Dst::x(d), live, 0)
        }
        Instr::Sub { live, a, b, d, fail } => (number::sub, am::MINUS, m.src(a), m.src(b), d, live, fail),
        Instr::SubXX { live, a, b, d } => (number::sub, am::MINUS, m.src(x(a)), m.src(x(b)), Dst::x(d), live, 0),
        Instr::Mul { live, a, b, d, fail } => (number::mul, am::TIMES, m.src(a), m.src(b), d, live, fail),
        Instr::IntDiv { live, a, b, d, fail } => (number::int_div, am::DIV_, m.src(a), m.src(b), d, live, fail),
        Instr::Rem { live, a, b, d, fail } => (number::rem, am::REM, m.src(a), m.src(b), d, live, fail),
        Instr::Band { live, a, b, d, fail } => (number::band, am::BAND, m.src(a), m.src(b), d, live, fail),
        Instr::Bor { live, a, b, d, fail } => (number::bor, am::BOR, m.src(a), m.src(b), d, live, fail),
        Instr::Bxor { live, a, b, d, fail } => (number::bxor, am::BXOR, m.src(a), m.src(b), d, live, fail),
        Instr::Bsl { live, a, b, d, fail } => (number::bsl, am::BSL, m.src(a), m.src(b), d, live, fail),
        Instr::Bsr { live, a, b, d, fail } => (number::bsr, am::BSR, m.src(a), m.src(b), d, live, fail),
        _ => return Flow::Next,
    };
    let (mut a, mut b) = (a, b);
    if let Err(f) = m.collect_if_desired(live as usize, &mut a, &mut b) {
        return m.fault(f);
    }
    let mut ctx = m.ctx();
    match op(&mut ctx, a, b) {
        Ok(v) => {
            m.set(d, v);
            Flow::Next
        }
        Err(ArithError::Memory) => m.fault(Fault::Memory),
        Err(_) if fail != 0 => Flow::Jump(fail),
        Err(e) => {
            let reason = if e == ArithError::SystemLimit { am::SYSTEM_LIMIT } else { am::BADARITH };
            let flow = m.error(Term::atom(reason));
            blame(m, name, &[a, b]);
            flow
        }
    }
}

/// An operator of module `erlang` at the top of the stack trace, with its arguments.
fn blame(m: &mut Machine<'_>, name: Atom, args: &[Term]) {
    let list = crate::heap::build::list(&mut m.ctx(), args).unwrap_or(Term::NONE);
    m.proc.exception.current = Some(Mfa { module: am::ERLANG, function: name, arity: args.len() as u8 });
    m.proc.exception.args = list;
}

/// A BIF in a guard, or one that the compiler calls like that in a body.
pub fn guard_bif(m: &mut Machine<'_>, bif: u32, args: &mut [Term], d: Dst, fail: i32, live: u8) -> Flow {
    match args {
        [a, rest @ ..] if rest.len() < 2 && live != NO_COLLECTION => {
            let mut none = Term::NIL;
            let b = rest.first_mut().unwrap_or(&mut none);
            if let Err(f) = m.collect_if_desired(live as usize, a, b) {
                return m.fault(f);
            }
        }
        _ => {}
    }
    let Some(b) = m.bifs.get(bif as usize) else { return Flow::Jump(0) };
    match (b.body)(&mut Ctx { proc: m.proc, sys: m.sys }, args) {
        Ok(v) => {
            m.set(d, v);
            Flow::Next
        }
        Err(f) => {
            let flow = m.fail_or(fail, f);
            if flow == Flow::Raise {
                calls::blame_bif(m, bif, args);
            }
            flow
        }
    }
}

/// A guard BIF of module `erlang` that has an instruction of its own, in its slow form.
pub fn named_guard_bif(m: &mut Machine<'_>, name: Atom, args: &[Src], d: Dst, fail: i32) -> Flow {
    let mut values: Vec<Term> = args.iter().map(|s| m.src(*s)).collect();
    let mfa = Mfa { module: am::ERLANG, function: name, arity: values.len() as u8 };
    match m.sys.code.target(mfa) {
        crate::code::Target::Bif(bif) => guard_bif(m, bif, &mut values, d, fail, NO_COLLECTION),
        _ => m.error(Term::atom(am::BADARG)),
    }
}

/// A number to a float register.
pub fn float_convert(m: &mut Machine<'_>, s: Src, d: u8) -> Flow {
    let t = m.src(s);
    let mem = m.mem();
    let value = if let Some(v) = t.as_small() { Some(v as f64) } else { number::to_f64(mem, t) };
    match value.filter(|v| v.is_finite()) {
        Some(v) => {
            m.f[d as usize & 15] = v;
            Flow::Next
        }
        None => m.error(Term::atom(am::BADARITH)),
    }
}
