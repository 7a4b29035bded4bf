//! Functions as values and loaded code: `apply`, `make_fun`, `fun_info`, `module_info`, `function_exported`, `hibernate`.

use super::{Bif, BifResult, Ctx, Fault, bif, guard, heavy};
use crate::atom::{Atom, am};
use crate::code::Target;
use crate::heap::Alloc;
use crate::process::Mfa;
use crate::term::{Term, object};

pub const BIFS: &[Bif] = &[
    bif("erlang", "apply", 2, apply_2),
    bif("erlang", "apply", 3, apply_3),
    bif("erlang", "make_fun", 3, make_fun),
    bif("erlang", "fun_info", 1, fun_info_1),
    bif("erlang", "fun_info", 2, fun_info_2),
    bif("erlang", "fun_info_mfa", 1, fun_info_mfa),
    bif("erlang", "function_exported", 3, function_exported),
    bif("erlang", "is_builtin", 3, is_builtin),
    bif("erlang", "get_module_info", 1, module_info_1),
    bif("erlang", "get_module_info", 2, module_info_2),
    bif("erlang", "module_loaded", 1, module_loaded),
    bif("erlang", "loaded", 0, loaded),
    bif("erlang", "check_old_code", 1, check_old_code),
    heavy("erlang", "hibernate", 3, hibernate),
    bif("erlang", "hibernate", 0, |c, _| {
        Ok({
            c.proc.request_collection();
            Term::atom(am::OK)
        })
    }),
    guard("is_function", 1, |c, a| Ok(Term::bool(c.mem().is_fun(a[0])))),
    guard("is_function", 2, is_function_2),
];

fn proper_args(ctx: &mut Ctx<'_>, list: Term) -> Result<Vec<Term>, Fault> {
    let args = ctx.list_to_vec(list)?;
    if args.len() > 255 { Err(ctx.system_limit()) } else { Ok(args) }
}

fn apply_2(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let args = proper_args(ctx, a[1])?;
    Err(ctx.trap_fun(a[0], &args))
}

fn apply_3(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let args = proper_args(ctx, a[2])?;
    match (a[0].as_atom(), a[1].as_atom()) {
        (Some(m), Some(f)) => Err(ctx.trap(m, f, &args)),
        _ => Err(ctx.badarg()),
    }
}

fn mfa(ctx: &mut Ctx<'_>, a: &[Term]) -> Result<Mfa, Fault> {
    match (a[0].as_atom(), a[1].as_atom(), a[2].as_small().and_then(|n| u8::try_from(n).ok())) {
        (Some(module), Some(function), Some(arity)) => Ok(Mfa { module, function, arity }),
        _ => Err(ctx.badarg()),
    }
}

fn make_fun(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let mfa = mfa(ctx, a)?;
    let export = ctx.sys.code.export(mfa);
    let at = ctx.words(2)?;
    ctx.mem().set_word(at, 0, object::fun_header(mfa.arity as u32, 0));
    ctx.mem().set_word(at, 1, export as u64);
    Ok(Term::boxed_at(at))
}

fn is_function_2(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let mem = ctx.mem();
    match a[1].as_small() {
        Some(n) if n >= 0 => Ok(Term::bool(mem.is_fun(a[0]) && object::fun_arity(mem.header(a[0])) as i64 == n)),
        None if mem.is_big(a[1]) => Ok(Term::bool(false)),
        _ => Err(ctx.badarg()),
    }
}

fn fun_item(ctx: &mut Ctx<'_>, fun: Term, item: Atom) -> BifResult {
    let mem = ctx.mem();
    if !mem.is_fun(fun) {
        return Err(ctx.badarg());
    }
    let h = mem.header(fun);
    let (arity, env) = (object::fun_arity(h), object::fun_env_words(h));
    let entry = mem.field(fun, 1).raw() as usize;
    let name = ctx.sys.atoms.name_arc(item);
    if env == 0 {
        let Some(e) = ctx.sys.code.exports.get(entry).map(|e| e.mfa) else { return Err(ctx.badarg()) };
        return match &*name {
            "module" => Ok(Term::atom(e.module)),
            "name" => Ok(Term::atom(e.function)),
            "arity" => Ok(Term::small(arity as i64)),
            "env" => Ok(Term::NIL),
            "type" => ctx.atom("external"),
            "new_index" | "new_uniq" | "index" | "uniq" | "pid" => Ok(Term::atom(am::UNDEFINED)),
            "refc" => Ok(Term::atom(am::UNDEFINED)),
            _ => Err(ctx.badarg()),
        };
    }
    let Some(e) = ctx.sys.code.funs.get(entry).cloned() else { return Err(ctx.badarg()) };
    match &*name {
        "module" => Ok(Term::atom(e.module)),
        "name" => Ok(Term::atom(e.function)),
        "arity" => Ok(Term::small(arity as i64)),
        "env" => {
            let free: Vec<Term> = (0..env - 1).map(|i| mem.field(fun, 2 + i)).collect();
            ctx.list(&free)
        }
        "type" => ctx.atom("local"),
        "new_index" | "index" => Ok(Term::small(e.index as i64)),
        "uniq" => Ok(Term::small(e.old_uniq as i64)),
        "new_uniq" => ctx.binary(&e.uniq),
        "pid" => Ok(Term::pid(0)),
        "refc" => Ok(Term::small(2)),
        _ => Err(ctx.badarg()),
    }
}

fn fun_info_2(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let Some(item) = a[1].as_atom() else { return Err(ctx.badarg()) };
    let v = fun_item(ctx, a[0], item)?;
    ctx.tuple(&[a[1], v])
}

fn fun_info_1(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let mem = ctx.mem();
    if !mem.is_fun(a[0]) {
        return Err(ctx.badarg());
    }
    let items: &[&str] = if object::fun_env_words(mem.header(a[0])) == 0 {
        &["module", "name", "arity", "env", "type"]
    } else {
        &["pid", "module", "new_index", "new_uniq", "index", "uniq", "name", "arity", "env", "type"]
    };
    let mut out = Vec::new();
    for i in items {
        let key = ctx.atom(i)?;
        let v = fun_item(ctx, a[0], key.as_atom().unwrap_or(am::UNDEFINED))?;
        out.push(ctx.tuple(&[key, v])?);
    }
    ctx.list(&out)
}

fn fun_info_mfa(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let module = fun_item(ctx, a[0], am::MODULE)?;
    let name = fun_item(ctx, a[0], am::NAME)?;
    let arity = fun_item(ctx, a[0], am::ARITY)?;
    ctx.tuple(&[module, name, arity])
}

fn function_exported(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let (Some(module), Some(function), Some(n)) = (a[0].as_atom(), a[1].as_atom(), a[2].as_small()) else {
        return Err(ctx.badarg());
    };
    let Ok(arity) = u8::try_from(n) else { return Ok(Term::bool(false)) };
    Ok(Term::bool(ctx.sys.code.target(Mfa { module, function, arity }) != Target::Undefined))
}

fn is_builtin(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    // No function has such an arity, which is no error here.
    if a[0].is_atom() && a[1].is_atom() && a[2].as_small().is_some_and(|n| !(0..=255).contains(&n)) {
        return Ok(Term::bool(false));
    }
    let mfa = mfa(ctx, a)?;
    Ok(Term::bool(matches!(ctx.sys.code.target(mfa), Target::Bif(_))))
}

fn instance_data(ctx: &mut Ctx<'_>, module: Term, item: &str) -> BifResult {
    let Some(m) = module.as_atom() else { return Err(ctx.badarg()) };
    let Some(i) = ctx.sys.code.current(m) else { return Err(ctx.badarg()) };
    match item {
        "module" => Ok(module),
        "md5" => {
            let md5 = i.md5;
            ctx.binary(&md5)
        }
        "exports" | "functions" => {
            let list: Vec<(Atom, u8)> = if item == "exports" {
                i.exports.iter().map(|(f, a, _)| (*f, *a)).collect()
            } else {
                i.functions.iter().map(|f| (f.function, f.arity)).collect()
            };
            pairs(ctx, &list)
        }
        "attributes" => Ok(i.attributes),
        "compile" => Ok(i.compile_info),
        "native" => Ok(Term::bool(false)),
        "nifs" => Ok(Term::NIL),
        "native_addresses" => Ok(Term::NIL),
        _ => Err(ctx.badarg()),
    }
}

fn pairs(ctx: &mut Ctx<'_>, list: &[(Atom, u8)]) -> BifResult {
    let mut out = Vec::with_capacity(list.len());
    for (f, a) in list {
        out.push(ctx.tuple(&[Term::atom(*f), Term::small(*a as i64)])?);
    }
    ctx.list(&out)
}

fn module_info_2(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let Some(item) = a[1].as_atom() else { return Err(ctx.badarg()) };
    let item = ctx.sys.atoms.name_arc(item);
    instance_data(ctx, a[0], &item)
}

fn module_info_1(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let mut out = Vec::new();
    for item in ["module", "exports", "attributes", "compile", "md5"] {
        let (key, value) = (ctx.atom(item)?, instance_data(ctx, a[0], item)?);
        out.push(ctx.tuple(&[key, value])?);
    }
    ctx.list(&out)
}

fn module_loaded(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let Some(m) = a[0].as_atom() else { return Err(ctx.badarg()) };
    Ok(Term::bool(ctx.sys.code.current(m).is_some()))
}

fn loaded(ctx: &mut Ctx<'_>, _: &[Term]) -> BifResult {
    let mut all: Vec<Atom> =
        ctx.sys.code.modules.iter().filter(|(_, e)| e.current.is_some()).map(|(m, _)| *m).collect();
    all.sort();
    let all: Vec<Term> = all.into_iter().map(Term::atom).collect();
    ctx.list(&all)
}

fn check_old_code(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let Some(m) = a[0].as_atom() else { return Err(ctx.badarg()) };
    Ok(Term::bool(ctx.sys.code.old(m).is_some()))
}

/// Drops the stack; the process goes on by calling the function when a message arrives.
fn hibernate(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let (Some(m), Some(f)) = (a[0].as_atom(), a[1].as_atom()) else { return Err(ctx.badarg()) };
    proper_args(ctx, a[2])?;
    // The list of arguments stays on the heap until the process wakes, as in OTP.
    let _ = ctx.trap(am::ERLANG, am::APPLY, &[Term::atom(m), Term::atom(f), a[2]]);
    Err(Fault::Hibernate)
}
