//! Statements.

use super::{Fx, Lower};
use crate::ast::{self, AgentMember, ForSource, StmtKind};
use crate::checked::{Resolution, VarId};
use crate::core_ir::{Arith, Cmp, Const, Expr, Hint, Kind, Stmt, TypeTest};
use crate::types::Type;

impl Lower<'_> {
    pub(crate) fn stmts(&mut self, fx: &mut Fx, stmts: &[ast::Stmt], out: &mut Vec<Stmt>) {
        for s in stmts {
            self.stmt(fx, s, out);
        }
    }
    pub(crate) fn block(&mut self, fx: &mut Fx, b: &ast::Block) -> Vec<Stmt> {
        let mut out = vec![];
        self.stmts(fx, &b.stmts, &mut out);
        out
    }

    fn stmt(&mut self, fx: &mut Fx, s: &ast::Stmt, out: &mut Vec<Stmt>) {
        let line = self.line(s.span);
        match &s.kind {
            StmtKind::Let(l) => self.let_stmt(fx, l, out),
            StmtKind::Assign(a) => self.assign(fx, a, line, out),
            // A nested function's captured cells exist already: nothing to do where it is declared.
            StmtKind::Fun(_) | StmtKind::Type(_) | StmtKind::Stream(_) | StmtKind::Extern(_) | StmtKind::Agent(_) => {
                if let StmtKind::Agent(a) = &s.kind {
                    self.agent_init(a);
                }
            }
            StmtKind::Return(e) => {
                let x = match e {
                    Some(e) => self.expr(fx, e),
                    None => Expr::null(),
                };
                out.push(Stmt::Return(x));
            }
            StmtKind::If(i) => {
                let mut rest = match &i.otherwise {
                    Some(b) => self.block(fx, b),
                    None => vec![],
                };
                for (c, b) in i.branches.iter().rev() {
                    let cond = self.expr(fx, c);
                    let body = self.block(fx, b);
                    rest = vec![Stmt::If(cond, body, rest)];
                }
                out.append(&mut rest);
            }
            StmtKind::While { cond, body } => {
                let c = self.expr(fx, cond);
                let mut b = vec![Stmt::If(c, vec![], vec![Stmt::Break])];
                self.stmts(fx, &body.stmts, &mut b);
                out.push(Stmt::Loop(b));
            }
            StmtKind::For(f) => self.for_stmt(fx, f, line, out),
            StmtKind::Break => out.push(Stmt::Break),
            StmtKind::Continue => out.push(Stmt::Continue),
            StmtKind::Expect(e) => {
                let x = self.expr(fx, e);
                let t = fx.fresh();
                out.push(Stmt::Set(t, x));
                let text = self.line_text(line);
                let message = format!("expect condition failed at {}:{line}: {text}", self.file);
                let fail = Expr::remote("mochi_core", "fail", vec![Expr::cst(Const::str(&message))], line);
                out.push(Stmt::If(
                    Expr::new(Kind::Test(TypeTest::Is(Const::bool(true)), Box::new(Expr::var(t))), line),
                    vec![],
                    vec![Stmt::Eval(fail)],
                ));
            }
            StmtKind::Test { body, .. } => {
                let mut b = self.block(fx, body);
                out.append(&mut b);
            }
            StmtKind::Bench { name, body } => {
                let t = fx.fresh();
                out.push(Stmt::Set(t, Expr::remote("mochi_core", "bench_start", vec![], line)));
                let mut b = self.block(fx, body);
                out.append(&mut b);
                let args = vec![Expr::cst(Const::str(&name.value)), Expr::var(t)];
                out.push(Stmt::Eval(Expr::remote("mochi_core", "bench_end", args, line)));
            }
            StmtKind::Import(i) => {
                if i.lang.is_none() {
                    match self.imports.get(&*i.path.value) {
                        Some(module) => {
                            let args = vec![Expr::cst(Const::atom(module))];
                            out.push(Stmt::Eval(Expr::remote("mochi_core", "import", args, line)));
                        }
                        None => {
                            self.unsupported(s.span, "importing a Mochi package where there are no files");
                        }
                    }
                }
            }
            StmtKind::On(_) => {
                let Some(f) = self.c.fun_at(s.id) else { return };
                let fun = self.closure(fx, f, line);
                if let Some(stream) = self.handler_stream(f) {
                    let args = vec![Expr::cst(Const::atom(&stream)), fun];
                    out.push(Stmt::Eval(Expr::remote("mochi_stream", "on", args, line)));
                }
            }
            StmtKind::Emit { stream, fields } => {
                let Some(Resolution::Stream(id)) = self.c.resolution(stream.id).cloned() else {
                    self.unsupported(stream.span, "emitting to this");
                    return;
                };
                let outer = std::mem::replace(&mut self.creating, stream.id);
                let event = self.event(fx, id, fields, line);
                self.creating = outer;
                let args = vec![Expr::cst(Const::atom(&stream.name)), event];
                out.push(Stmt::Eval(Expr::remote("mochi_stream", "emit", args, line)));
            }
            StmtKind::Model { name, fields } => {
                let x = self.model(fx, name, fields, line);
                out.push(Stmt::Eval(x));
            }
            StmtKind::Fact(p) => {
                let x = self.fact(p, line);
                out.push(Stmt::Eval(x));
            }
            StmtKind::Rule { head, body } => {
                let x = self.rule(head, body, line);
                out.push(Stmt::Eval(x));
            }
            StmtKind::FetchInto { url, target, with } => {
                self.fetch_into(fx, url, target, with.as_ref(), line, out);
            }
            StmtKind::Update { target, set, cond, .. } => self.update(fx, target, set, cond.as_ref(), s, out),
            StmtKind::Expr(e) => {
                let x = self.expr(fx, e);
                out.push(Stmt::Eval(x));
            }
            StmtKind::Error => {
                self.unsupported(s.span, "this statement");
            }
        }
    }

    fn let_stmt(&mut self, fx: &mut Fx, l: &ast::LetStmt, out: &mut Vec<Stmt>) {
        let Some(v) = self.c.var_at(l.name.id) else { return };
        let early = matches!(self.storage[v.index()], super::Storage::Boxed) && self.captures_itself(v, l);
        if early {
            self.declare(fx, v, Expr::null(), out);
        }
        let x = match &l.value {
            Some(e) => self.expr(fx, e),
            None => Expr::null(),
        };
        let x = self.convert_declared(x, &self.c.variable(v).ty.clone(), l, self.line(l.name.span));
        if early {
            self.write(fx, v, x, out);
        } else {
            self.declare(fx, v, x, out);
        }
    }
    fn captures_itself(&self, v: VarId, l: &ast::LetStmt) -> bool {
        l.value.as_ref().is_some_and(|value| {
            self.c
                .functions
                .iter()
                .any(|f| f.captures.contains(&v) && value.span.start <= f.span.start && f.span.end <= value.span.end)
        })
    }
    /// `let q: bigrat = 1` converts its initialiser; all else stays as it is.
    fn convert_declared(&mut self, x: Expr, t: &Type, l: &ast::LetStmt, line: u32) -> Expr {
        if l.ty.is_some() && *t == Type::BigRat {
            return Expr::remote("mochi_num", "to_bigrat", vec![x], line);
        }
        x
    }

    fn for_stmt(&mut self, fx: &mut Fx, f: &ast::ForStmt, line: u32, out: &mut Vec<Stmt>) {
        let Some(v) = self.c.var_at(f.var.id) else { return };
        let mut body = vec![];
        match &f.source {
            ForSource::Range(a, b) => {
                let (x, y) = (self.expr(fx, a), self.expr(fx, b));
                let (count, end) = (fx.fresh(), fx.fresh());
                out.push(Stmt::Set(count, x));
                out.push(Stmt::Set(end, y));
                let more = Kind::Cmp(Cmp::Lt, Hint::Int, Box::new(Expr::var(count)), Box::new(Expr::var(end)));
                body.push(Stmt::If(Expr::new(more, line), vec![], vec![Stmt::Break]));
                self.declare(fx, v, Expr::var(count), &mut body);
                let one = Box::new(Expr::cst(Const::Int(1)));
                let next = Kind::Arith(Arith::Add, Hint::Int, Box::new(Expr::var(count)), one);
                body.push(Stmt::Set(count, Expr::new(next, line)));
            }
            ForSource::Each(e) => {
                let x = self.expr(fx, e);
                let list = fx.fresh();
                out.push(Stmt::Set(list, Expr::remote("mochi_ref", "iter", vec![x], line)));
                self.each(fx, list, v, line, &mut body);
            }
        }
        self.stmts(fx, &f.body.stmts, &mut body);
        out.push(Stmt::Loop(body));
    }
    /// Start of a loop body over the Erlang list in `list`: leaves at its end, else takes the head into `v`.
    pub(crate) fn each(&mut self, fx: &mut Fx, list: u32, v: VarId, line: u32, body: &mut Vec<Stmt>) {
        let l = || Box::new(Expr::var(list));
        let more = Expr::new(Kind::Test(TypeTest::NonemptyList, l()), line);
        body.push(Stmt::If(more, vec![], vec![Stmt::Break]));
        let head = fx.fresh();
        body.push(Stmt::Set(head, Expr::new(Kind::Head(l()), line)));
        body.push(Stmt::Set(list, Expr::new(Kind::Tail(l()), line)));
        self.declare(fx, v, Expr::var(head), body);
    }

    /// The function that sets a new agent's state: takes the given field values as an Erlang map.
    fn agent_init(&mut self, a: &ast::AgentDecl) {
        let c = self.c;
        let mut fx = Fx { vars: Default::default(), next: 1, receiver: None };
        let mut body = vec![];
        for m in &a.members {
            match m {
                AgentMember::Let(l) => {
                    let Some(v) = c.var_at(l.name.id) else { continue };
                    let line = self.line(l.name.span);
                    let given = vec![Expr::var(0), Expr::cst(Const::str(&l.name.name))];
                    let has = Expr::remote("mochi_agent", "given", given.clone(), line);
                    let mut no = vec![];
                    let x = match &l.value {
                        Some(e) => self.expr(&mut fx, e),
                        None => Expr::null(),
                    };
                    self.declare(&mut fx, v, x, &mut no);
                    let mut yes = vec![];
                    let x = Expr::remote("mochi_agent", "given_value", given, line);
                    self.declare(&mut fx, v, x, &mut yes);
                    body.push(Stmt::If(has, yes, no));
                }
                AgentMember::Assign(s) => {
                    let line = self.line(s.target.span);
                    self.assign(&mut fx, s, line, &mut body);
                }
                AgentMember::On(..) | AgentMember::Intent(_) => {}
            }
        }
        let name = format!("{}.$init", a.name.name);
        self.add_fun(&name, vec![0], fx.next, body, true);
    }
}
