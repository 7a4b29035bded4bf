//! shim
use super::*;
use crate::heap::number::*;
fn wrap(ctx: &mut Ctx<'_>, r: Result<Term, ArithError>) -> BifResult { match r { Ok(t) => Ok(t), Err(_) => Err(ctx.badarith()) } }
fn p(c: &mut Ctx<'_>, a: &[Term]) -> BifResult { let r = add(c, a[0], a[1]); wrap(c, r) }
fn m(c: &mut Ctx<'_>, a: &[Term]) -> BifResult { let r = sub(c, a[0], a[1]); wrap(c, r) }
fn t(c: &mut Ctx<'_>, a: &[Term]) -> BifResult { let r = mul(c, a[0], a[1]); wrap(c, r) }
fn d(c: &mut Ctx<'_>, a: &[Term]) -> BifResult { let r = int_div(c, a[0], a[1]); wrap(c, r) }
fn r(c: &mut Ctx<'_>, a: &[Term]) -> BifResult { let r = rem(c, a[0], a[1]); wrap(c, r) }
fn display(c: &mut Ctx<'_>, a: &[Term]) -> BifResult { let s = crate::term::print::write(c.sys.mem(), &c.sys.names(), a[0], true, 10000); c.sys.host.write(crate::host::Stream::Stdout, format!("{s}\n").as_bytes()); Ok(Term::bool(true)) }
pub const BIFS: &[Bif] = &[guard("+",2,p),guard("-",2,m),guard("*",2,t),guard("div",2,d),guard("rem",2,r),bif("erlang","display",1,display)];
