//! Core IR to functions: assignments become bindings, loops functions that call themselves, what follows a branch that may leave becomes a
//! function of its own.
//!
//! Invariant: all that leaves a function or a loop stands in tail position, so no value says "left"; a loop without `return` inside that
//! something follows gives back the tuple of the variables that are needed after it.

use super::names::{Names, variable};
use super::normal::{normalise, operands};
use super::{F, Fun, Module};
use crate::core_ir::{self as ir, Arith, Cmp, Const, Expr, Hint, Kind, Stmt, TypeTest, Var};
use std::collections::{BTreeSet, HashMap};

/// Depth of nested branches at which what follows gets a function of its own.
const DEEP: usize = 40;

type Vars = BTreeSet<Var>;
/// What each variable is called now.
type Env = HashMap<Var, F>;

/// What happens at the end of a block.
#[derive(Clone)]
enum Next {
    /// The function ends with null.
    End,
    /// These variables' values are given back.
    Give(Vec<Var>),
    /// A function goes on with these variables' values.
    Go(String, Vec<Var>),
}

impl Next {
    fn vars(&self) -> Vars {
        match self {
            Next::End => Vars::new(),
            Next::Give(v) | Next::Go(_, v) => v.iter().copied().collect(),
        }
    }
}

#[derive(Clone)]
struct Ctx {
    next: Next,
    /// Of the innermost loop.
    out: Next,
    again: Next,
}

impl Ctx {
    fn then(&self, next: Next) -> Ctx {
        Ctx { next, ..self.clone() }
    }
    fn live(&self) -> Live {
        Live { next: self.next.vars(), out: self.out.vars(), again: self.again.vars() }
    }
}

/// Variables needed at the places that a block can lead to.
#[derive(Clone)]
struct Live {
    next: Vars,
    out: Vars,
    again: Vars,
}

/// The module's functions.
pub(super) fn module(m: &ir::Module) -> Module {
    let mut names = Names::default();
    m.funs.iter().for_each(|f| names.take(&f.name));
    let mut b = Build { m, names, funs: vec![], fun: String::new(), own: Names::default(), hints: HashMap::new() };
    for f in &m.funs {
        b.function(f);
    }
    Module { name: m.name.clone(), file: m.file.clone(), funs: b.funs }
}

struct Build<'a> {
    m: &'a ir::Module,
    /// Of functions.
    names: Names,
    funs: Vec<Fun>,
    /// The function at work: its name, its variables' names.
    fun: String,
    own: Names,
    hints: HashMap<Var, String>,
}

impl Build<'_> {
    fn function(&mut self, f: &ir::Fun) {
        let mut next = f.var_count;
        let body = normalise(&f.body, &mut next);
        self.fun = f.name.clone();
        self.hints = f.names.iter().map(|(v, n)| (*v, variable(n))).collect();
        let ctx = Ctx { next: Next::End, out: Next::End, again: Next::End };
        let at = self.funs.len();
        let (params, body) = self.part(&f.params, &body, &ctx);
        // Its parts come after it.
        self.funs.insert(at, Fun { name: f.name.clone(), params, exported: f.exported, body });
    }

    /// Parameters and body of a function over these variables.
    fn part(&mut self, params: &[Var], body: &[Stmt], ctx: &Ctx) -> (Vec<String>, F) {
        let outer = std::mem::take(&mut self.own);
        let mut env = Env::new();
        let params = params.iter().map(|v| self.name(*v, &mut env)).collect();
        let f = self.block(body, env, ctx, 0);
        self.own = outer;
        (params, f)
    }

    /// A new function of the module; its name.
    fn new_part(&mut self, what: &str, params: &[Var], body: &[Stmt], ctx: &Ctx, name: Option<String>) -> String {
        let name = name.unwrap_or_else(|| self.names.fresh(&format!("{}@{what}", self.fun)));
        let at = self.funs.len();
        let (params, body) = self.part(params, body, ctx);
        self.funs.insert(at, Fun { name: name.clone(), params, exported: false, body });
        name
    }

    /// A new name for a variable, from now on its own.
    fn name(&mut self, v: Var, env: &mut Env) -> String {
        let base = self.hints.get(&v).cloned().unwrap_or_else(|| "T".to_owned());
        let name = self.own.fresh(&base);
        env.insert(v, F::Var(name.clone()));
        name
    }

    fn values(&self, vars: &[Var], env: &Env) -> Vec<F> {
        vars.iter().map(|v| env.get(v).cloned().unwrap_or_else(F::null)).collect()
    }

    fn go(&self, next: &Next, env: &Env) -> F {
        match next {
            Next::End => F::null(),
            Next::Give(vars) => match &mut self.values(vars, env)[..] {
                [] => F::Lit(Const::atom("ok")),
                [one] => one.clone(),
                several => F::Tuple(several.to_vec()),
            },
            Next::Go(f, vars) => F::Local(f.clone(), self.values(vars, env)),
        }
    }

    fn block(&mut self, stmts: &[Stmt], mut env: Env, ctx: &Ctx, depth: usize) -> F {
        let lives = lives(stmts, &ctx.live());
        let mut binds: Vec<(Vec<String>, F)> = vec![];
        let done = |binds: Vec<(Vec<String>, F)>, f: F| if binds.is_empty() { f } else { F::Block(binds, Box::new(f)) };
        let mut i = 0;
        while let Some(s) = stmts.get(i) {
            let rest = stmts.get(i + 1..).unwrap_or_default();
            let after = lives.get(i + 1).cloned().unwrap_or_default();
            let last = rest.is_empty();
            i += 1;
            match s {
                Stmt::Set(v, e) => {
                    let f = self.expr(e, &env, &mut binds);
                    if f.is_atomic() {
                        env.insert(*v, f);
                    } else if after.contains(v) {
                        let name = self.name(*v, &mut env);
                        binds.push((vec![name], f));
                    } else {
                        binds.push((vec![], f));
                    }
                }
                Stmt::Eval(e) => {
                    let f = self.expr(e, &env, &mut binds);
                    if !f.is_atomic() {
                        binds.push((vec![], f));
                    }
                }
                Stmt::Return(e) => {
                    let f = self.expr(e, &env, &mut binds);
                    return done(binds, f);
                }
                Stmt::Break => return done(binds, self.go(&ctx.out, &env)),
                Stmt::Continue => return done(binds, self.go(&ctx.again, &env)),
                Stmt::If(c, a, b) => {
                    if let Some((head, tail, more)) = uncons(c, a, b, rest) {
                        // The rest of a loop over a list.
                        let mut inner = env.clone();
                        let list = self.expr(uncons_list(c), &env, &mut binds);
                        let names = [self.name(head, &mut inner), self.name(tail, &mut inner)];
                        let yes = self.block(more, inner, ctx, depth + 1);
                        let no = self.go(&ctx.out, &env);
                        return done(binds, F::Uncons(Box::new(list), names, Box::new(yes), Box::new(no)));
                    }
                    let mut bind = |b: &mut Self| b.cond(c, &env, &mut binds);
                    let c = bind(self);
                    let case = |c: F, y: F, n: F| F::Case(Box::new(c), Box::new(y), Box::new(n));
                    if last {
                        let y = self.block(a, env.clone(), ctx, depth + 1);
                        let n = self.block(b, env, ctx, depth + 1);
                        return done(binds, case(c, y, n));
                    }
                    if !leaves(a) && !leaves(b) {
                        let mut set = Vars::new();
                        assigned(a, &mut set);
                        assigned(b, &mut set);
                        let vars: Vec<Var> = set.intersection(&after).copied().collect();
                        let inner = ctx.then(Next::Give(vars.clone()));
                        let y = self.block(a, env.clone(), &inner, depth + 1);
                        let n = self.block(b, env.clone(), &inner, depth + 1);
                        let names = vars.iter().map(|v| self.name(*v, &mut env)).collect();
                        binds.push((names, case(c, y, n)));
                        continue;
                    }
                    let (ya, na) = (always_leaves(a), always_leaves(b));
                    if (ya || na) && depth < DEEP {
                        let (y, n) = if ya {
                            (self.block(a, env.clone(), ctx, depth + 1), self.two(b, rest, env, ctx, depth + 1))
                        } else {
                            (self.two(a, rest, env.clone(), ctx, depth + 1), self.block(b, env, ctx, depth + 1))
                        };
                        return done(binds, case(c, y, n));
                    }
                    let params: Vec<Var> = after.iter().copied().collect();
                    let join = self.new_part("then", &params, rest, ctx, None);
                    let inner = ctx.then(Next::Go(join, params));
                    let y = self.block(a, env.clone(), &inner, 0);
                    let n = self.block(b, env, &inner, 0);
                    return done(binds, case(c, y, n));
                }
                Stmt::Loop(body) => {
                    let name = self.names.fresh(&format!("{}@loop", self.fun));
                    let mut set = Vars::new();
                    assigned(body, &mut set);
                    let (out, then) = if last {
                        (ctx.next.clone(), None)
                    } else if returns(body) {
                        let params: Vec<Var> = after.iter().copied().collect();
                        (Next::Go(self.new_part("after", &params, rest, ctx, None), params), None)
                    } else {
                        let vars: Vec<Var> = set.intersection(&after).copied().collect();
                        (Next::Give(vars.clone()), Some(vars))
                    };
                    // What the function around gives back at its ends stands in the loop's tail, too.
                    let params: Vec<Var> = loop_live(body, &out.vars()).into_iter().collect();
                    let again = Next::Go(name.clone(), params.clone());
                    let inner = Ctx { next: again.clone(), out, again: again.clone() };
                    self.new_part("loop", &params, body, &inner, Some(name));
                    let start = self.go(&again, &env);
                    let Some(vars) = then else { return done(binds, start) };
                    let names = vars.iter().map(|v| self.name(*v, &mut env)).collect();
                    binds.push((names, start));
                }
            }
        }
        done(binds, self.go(&ctx.next, &env))
    }

    /// One block after the other.
    fn two(&mut self, a: &[Stmt], b: &[Stmt], env: Env, ctx: &Ctx, depth: usize) -> F {
        if a.is_empty() {
            return self.block(b, env, ctx, depth);
        }
        let both: Vec<Stmt> = a.iter().chain(b).cloned().collect();
        self.block(&both, env, ctx, depth)
    }

    // ---- expressions

    fn exprs(&mut self, es: &[Expr], env: &Env, binds: &mut Vec<(Vec<String>, F)>) -> Vec<F> {
        es.iter().map(|e| self.expr(e, env, binds)).collect()
    }

    /// A boolean.
    fn cond(&mut self, e: &Expr, env: &Env, binds: &mut Vec<(Vec<String>, F)>) -> F {
        match &e.kind {
            Kind::Not(_, x) => F::Not(Box::new(self.cond(x, env, binds))),
            Kind::And(_, a, b) | Kind::Or(_, a, b) => {
                let (a, mut late) = (Box::new(self.cond(a, env, binds)), vec![]);
                let b = self.cond(b, env, &mut late);
                let b = Box::new(if late.is_empty() { b } else { F::Block(late, Box::new(b)) });
                if matches!(e.kind, Kind::And(..)) { F::And(a, b) } else { F::Or(a, b) }
            }
            Kind::Cmp(..) | Kind::Test(..) => self.expr(e, env, binds),
            Kind::Const(Const::Atom(a)) if matches!(&**a, "true" | "false") => F::bool(&**a == "true"),
            _ => {
                let x = self.expr(e, env, binds);
                F::remote("mochi_core", "truthy", vec![x])
            }
        }
    }

    /// Is its value always a boolean?
    fn is_boolean(e: &Expr) -> bool {
        match &e.kind {
            Kind::Cmp(..) | Kind::Test(..) | Kind::Not(..) => true,
            Kind::And(_, a, b) | Kind::Or(_, a, b) => Self::is_boolean(a) && Self::is_boolean(b),
            Kind::Const(Const::Atom(a)) => matches!(&**a, "true" | "false"),
            _ => false,
        }
    }

    /// In a branch of its own.
    fn branch(&mut self, e: &Expr, env: &Env) -> F {
        let mut binds = vec![];
        let f = self.expr(e, env, &mut binds);
        if binds.is_empty() { f } else { F::Block(binds, Box::new(f)) }
    }

    fn expr(&mut self, e: &Expr, env: &Env, binds: &mut Vec<(Vec<String>, F)>) -> F {
        match &e.kind {
            Kind::Const(c) => F::Lit(c.clone()),
            Kind::Var(v) => env.get(v).cloned().unwrap_or_else(F::null),
            Kind::Arith(op, h, a, b) => {
                let [a, b] = [self.expr(a, env, binds), self.expr(b, env, binds)];
                F::remote("mochi_num", arith(*op, *h), vec![a, b])
            }
            Kind::Cmp(op, _, a, b) => {
                let [a, b] = [self.expr(a, env, binds), self.expr(b, env, binds)];
                F::remote("mochi_core", compare(*op), vec![a, b])
            }
            Kind::Test(t, x) => {
                let x = self.expr(x, env, binds);
                let erlang = |f: &str, args: Vec<F>| F::remote("erlang", f, args);
                match t {
                    TypeTest::Integer => erlang("is_integer", vec![x]),
                    TypeTest::Number => erlang("is_number", vec![x]),
                    TypeTest::Binary => erlang("is_binary", vec![x]),
                    TypeTest::Tuple => erlang("is_tuple", vec![x]),
                    TypeTest::Tagged(n, a) => {
                        erlang("is_record", vec![x, F::Lit(Const::Atom(a.clone())), F::Lit(Const::Int(i64::from(*n)))])
                    }
                    TypeTest::Is(c) => erlang("=:=", vec![x, F::Lit(c.clone())]),
                    TypeTest::NonemptyList => erlang("=/=", vec![x, F::Lit(Const::Nil)]),
                }
            }
            Kind::Not(..) => self.cond(e, env, binds),
            Kind::And(_, a, b) | Kind::Or(_, a, b) => {
                if Self::is_boolean(e) {
                    return self.cond(e, env, binds);
                }
                let first = self.expr(a, env, binds);
                let first = self.atomic(first, binds);
                let test = F::remote("mochi_core", "truthy", vec![first.clone()]);
                let second = self.branch(b, env);
                let (y, n) = if matches!(e.kind, Kind::And(..)) { (second, first) } else { (first, second) };
                F::Case(Box::new(test), Box::new(y), Box::new(n))
            }
            Kind::If(_, c, a, b) => {
                let c = self.cond(c, env, binds);
                let (y, n) = (self.branch(a, env), self.branch(b, env));
                F::Case(Box::new(c), Box::new(y), Box::new(n))
            }
            Kind::Tuple(es) => F::Tuple(self.exprs(es, env, binds)),
            Kind::List(es) => F::List(self.exprs(es, env, binds)),
            Kind::Head(x) => F::remote("erlang", "hd", vec![self.expr(x, env, binds)]),
            Kind::Tail(x) => F::remote("erlang", "tl", vec![self.expr(x, env, binds)]),
            Kind::Elem(i, x) => {
                let x = self.expr(x, env, binds);
                F::remote("erlang", "element", vec![F::Lit(Const::Int(i64::from(*i) + 1)), x])
            }
            Kind::Field { name, base, .. } => {
                let x = self.expr(base, env, binds);
                F::remote("mochi_ref", "field", vec![x, F::Lit(Const::str(name))])
            }
            Kind::Call(f, es) => {
                let es = self.exprs(es, env, binds);
                F::Local(self.m.funs.get(*f).map(|f| f.name.clone()).unwrap_or_default(), es)
            }
            Kind::Remote(m, f, es) => F::remote(m, f, self.exprs(es, env, binds)),
            Kind::Apply(f, es) => {
                let f = self.expr(f, env, binds);
                let es = self.exprs(es, env, binds);
                F::remote("mochi_core", "call", vec![f, F::List(es)])
            }
            Kind::MakeFun(f, es) => {
                let mut given = vec![];
                for e in es {
                    let x = self.expr(e, env, binds);
                    given.push(self.atomic(x, binds));
                }
                let (name, arity) = self.m.funs.get(*f).map(|f| (f.name.clone(), f.params.len())).unwrap_or_default();
                let params = (0..arity.saturating_sub(given.len())).map(|_| self.own.fresh("A")).collect();
                F::Fun(name, params, given)
            }
            Kind::Global(key) => F::remote("mochi_core", "read_global", vec![F::Lit(Const::Atom(key.clone()))]),
            // Taken out before.
            Kind::Seq(_, x) => self.expr(x, env, binds),
            Kind::Match(_) => F::null(),
        }
    }

    fn atomic(&mut self, f: F, binds: &mut Vec<(Vec<String>, F)>) -> F {
        if f.is_atomic() {
            return f;
        }
        let name = self.own.fresh("T");
        binds.push((vec![name.clone()], f));
        F::Var(name)
    }
}

fn arith(op: Arith, hint: Hint) -> &'static str {
    match (op, hint) {
        (Arith::Add, Hint::Float) => "float_add",
        (Arith::Sub, Hint::Float) => "float_sub",
        (Arith::Mul, Hint::Float) => "float_mul",
        (Arith::Div, Hint::Float) => "float_divide",
        (Arith::Rem, Hint::Float) => "float_rem",
        (Arith::Add, Hint::Int) => "add_num",
        (Arith::Add, _) => "add",
        (Arith::Sub, _) => "sub",
        (Arith::Mul, _) => "mul",
        (Arith::Div, _) => "divide",
        (Arith::Rem, _) => "rem",
    }
}

fn compare(op: Cmp) -> &'static str {
    match op {
        Cmp::Lt => "lt",
        Cmp::Le => "le",
        Cmp::Gt => "gt",
        Cmp::Ge => "ge",
        Cmp::Eq => "eq",
        Cmp::Ne => "ne",
    }
}

// ---- shapes

/// `if list is not empty {} else { break }; head = hd(list); list = tl(list)`: the variables, and what follows.
fn uncons<'s>(c: &Expr, a: &[Stmt], b: &[Stmt], rest: &'s [Stmt]) -> Option<(Var, Var, &'s [Stmt])> {
    let Kind::Test(TypeTest::NonemptyList, x) = &c.kind else { return None };
    let Kind::Var(list) = x.kind else { return None };
    let ([], [Stmt::Break]) = (a, b) else { return None };
    let [Stmt::Set(head, h), Stmt::Set(tail, t), more @ ..] = rest else { return None };
    let is = |e: &Expr| matches!(e.kind, Kind::Var(v) if v == list);
    let heads = matches!(&h.kind, Kind::Head(x) if is(x)) && matches!(&t.kind, Kind::Tail(x) if is(x));
    (heads && *tail == list && *head != list).then_some((*head, *tail, more))
}

fn uncons_list(c: &Expr) -> &Expr {
    match &c.kind {
        Kind::Test(_, x) => x,
        _ => c,
    }
}

/// May it end other than at its end?
fn leaves(stmts: &[Stmt]) -> bool {
    stmts.iter().any(|s| match s {
        Stmt::Break | Stmt::Continue | Stmt::Return(_) => true,
        Stmt::If(_, a, b) => leaves(a) || leaves(b),
        Stmt::Loop(b) => returns(b),
        Stmt::Set(..) | Stmt::Eval(_) => false,
    })
}

fn returns(stmts: &[Stmt]) -> bool {
    stmts.iter().any(|s| match s {
        Stmt::Return(_) => true,
        Stmt::If(_, a, b) => returns(a) || returns(b),
        Stmt::Loop(b) => returns(b),
        _ => false,
    })
}

fn always_leaves(stmts: &[Stmt]) -> bool {
    stmts.iter().any(|s| match s {
        Stmt::Break | Stmt::Continue | Stmt::Return(_) => true,
        Stmt::If(_, a, b) => always_leaves(a) && always_leaves(b),
        _ => false,
    })
}

fn assigned(stmts: &[Stmt], out: &mut Vars) {
    for s in stmts {
        match s {
            Stmt::Set(v, _) => {
                out.insert(*v);
            }
            Stmt::If(_, a, b) => {
                assigned(a, out);
                assigned(b, out);
            }
            Stmt::Loop(b) => assigned(b, out),
            _ => {}
        }
    }
}

fn reads(e: &Expr, out: &mut Vars) {
    if let Kind::Var(v) = e.kind {
        out.insert(v);
    }
    operands(e).into_iter().for_each(|x| reads(x, out));
}

// ---- liveness

/// The variables needed before each statement, and at the end.
fn lives(stmts: &[Stmt], live: &Live) -> Vec<Vars> {
    let mut all = vec![live.next.clone()];
    let mut at = live.next.clone();
    for s in stmts.iter().rev() {
        at = before(s, at, live);
        all.push(at.clone());
    }
    all.reverse();
    all
}

fn live_in(stmts: &[Stmt], next: Vars, live: &Live) -> Vars {
    stmts.iter().rev().fold(next, |at, s| before(s, at, live))
}

fn before(s: &Stmt, mut after: Vars, live: &Live) -> Vars {
    match s {
        Stmt::Set(v, e) => {
            after.remove(v);
            reads(e, &mut after);
            after
        }
        Stmt::Eval(e) => {
            reads(e, &mut after);
            after
        }
        Stmt::Return(e) => {
            let mut out = Vars::new();
            reads(e, &mut out);
            out
        }
        Stmt::Break => live.out.clone(),
        Stmt::Continue => live.again.clone(),
        Stmt::If(c, a, b) => {
            let mut out = live_in(a, after.clone(), live);
            out.append(&mut live_in(b, after, live));
            reads(c, &mut out);
            out
        }
        Stmt::Loop(b) => loop_live(b, &after),
    }
}

/// At a loop's head, by what is needed after it.
fn loop_live(body: &[Stmt], after: &Vars) -> Vars {
    let mut head = Vars::new();
    loop {
        let live = Live { next: head.clone(), out: after.clone(), again: head.clone() };
        let found = live_in(body, head.clone(), &live);
        if found.is_subset(&head) {
            return head;
        }
        head.extend(found);
    }
}
