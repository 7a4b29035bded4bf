//! What goes to a module of the runtime as a whole: facts, rules and logic queries, `load` and `save`, `fetch`, `model` and `generate`.

use super::{Fx, Lower};
use crate::ast::{self, FieldInit, LogicCond, LogicTerm, Pred};
use crate::core_ir::{Const, Expr, Kind, Stmt};
use crate::types::Type;

fn term(t: &LogicTerm) -> Const {
    match t {
        LogicTerm::Var(v) => Const::Tuple(vec![Const::atom("var"), Const::str(&v.name)]),
        LogicTerm::Str(s) => Const::str(&s.value),
        LogicTerm::Int(i, _) => Const::Int(*i),
    }
}

fn terms(p: &Pred) -> Const {
    Const::List(p.args.iter().map(term).collect())
}

fn atom(p: &Pred) -> Const {
    Const::Tuple(vec![Const::str(&p.name.name), terms(p)])
}

impl Lower<'_> {
    pub(crate) fn fact(&mut self, p: &Pred, line: u32) -> Expr {
        let args = vec![Expr::cst(Const::str(&p.name.name)), Expr::cst(terms(p))];
        Expr::remote("mochi_logic", "fact", args, line)
    }

    pub(crate) fn rule(&mut self, head: &Pred, body: &[LogicCond], line: u32) -> Expr {
        let conditions = body
            .iter()
            .map(|c| match c {
                LogicCond::Pred(p) => atom(p),
                LogicCond::NotEqual(a, b) => {
                    Const::Tuple(vec![Const::atom("!="), Const::str(&a.name), Const::str(&b.name)])
                }
            })
            .collect();
        let args = vec![Expr::cst(atom(head)), Expr::cst(Const::List(conditions))];
        Expr::remote("mochi_logic", "rule", args, line)
    }

    pub(crate) fn logic_query(&mut self, p: &Pred, line: u32) -> Expr {
        let args = vec![Expr::cst(Const::str(&p.name.name)), Expr::cst(terms(p))];
        let found = Expr::remote("mochi_logic", "query", args, line);
        self.all_fresh(found, line)
    }

    pub(crate) fn load(
        &mut self,
        fx: &mut Fx,
        path: Option<&ast::StrLit>,
        ty: &ast::TypeExpr,
        with: Option<&ast::Expr>,
        line: u32,
    ) -> Expr {
        let options = self.optional(fx, with);
        let to = self.c.type_exprs.get(&ty.id).cloned().unwrap_or(Type::Any);
        let spec = self.type_spec(&to, 0);
        let rows = Expr::remote("mochi_data", "load", vec![path_of(path), options, Expr::cst(spec)], line);
        self.all_fresh(rows, line)
    }

    pub(crate) fn save(
        &mut self,
        fx: &mut Fx,
        value: &ast::Expr,
        path: Option<&ast::StrLit>,
        with: Option<&ast::Expr>,
        line: u32,
    ) -> Expr {
        let rows = self.expr(fx, value);
        let options = self.optional(fx, with);
        Expr::remote("mochi_data", "save", vec![rows, path_of(path), options], line)
    }

    pub(crate) fn fetch(&mut self, fx: &mut Fx, url: &ast::Expr, with: Option<&ast::Expr>, line: u32) -> Expr {
        let url = self.expr(fx, url);
        let options = self.optional(fx, with);
        let value = Expr::remote("mochi_fetch", "fetch", vec![url, options], line);
        self.all_fresh(value, line)
    }

    pub(crate) fn generate(
        &mut self,
        fx: &mut Fx,
        id: ast::NodeId,
        target: &ast::Ident,
        fields: &[FieldInit],
        line: u32,
    ) -> Expr {
        let fields = self.named_values(fx, fields, line);
        let mut args = vec![Expr::cst(Const::str(&target.name)), fields];
        // The answer becomes a value of the program's type.
        let ty = self.c.type_of(id).clone();
        if matches!(ty, Type::Struct(..)) {
            args.push(Expr::cst(self.type_spec(&ty, 0)));
        }
        let value = Expr::remote("mochi_llm", "generate", args, line);
        self.all_fresh(value, line)
    }

    pub(crate) fn model(&mut self, fx: &mut Fx, name: &ast::Ident, fields: &[FieldInit], line: u32) -> Expr {
        let fields = self.named_values(fx, fields, line);
        Expr::remote("mochi_llm", "model", vec![Expr::cst(Const::str(&name.name)), fields], line)
    }

    fn named_values(&mut self, fx: &mut Fx, fields: &[FieldInit], line: u32) -> Expr {
        let mut pairs = vec![];
        for f in fields {
            let x = self.expr(fx, &f.value);
            pairs.push(Expr::new(Kind::Tuple(vec![Expr::cst(Const::str(&f.name.name)), x]), line));
        }
        Expr::new(Kind::List(pairs), line)
    }

    fn optional(&mut self, fx: &mut Fx, e: Option<&ast::Expr>) -> Expr {
        match e {
            Some(e) => self.expr(fx, e),
            None => Expr::null(),
        }
    }

    /// A value that the runtime made all through: in cells if the program has any (more of them than needed do no harm).
    fn all_fresh(&self, e: Expr, line: u32) -> Expr {
        if !self.structs_in_cells() {
            return e;
        }
        Expr::remote("mochi_cell", "fresh_deep", vec![Expr::cst(Const::Int(7)), e], line)
    }

    /// `fetch url into x`
    pub(crate) fn fetch_into(
        &mut self,
        fx: &mut Fx,
        url: &ast::Expr,
        target: &ast::Ident,
        with: Option<&ast::Expr>,
        line: u32,
        out: &mut Vec<Stmt>,
    ) {
        let x = self.fetch(fx, url, with, line);
        match self.c.var_at(target.id) {
            Some(v) if self.c.variable(v).span == target.span => self.declare(fx, v, x, out),
            Some(v) => self.write(fx, v, x, out),
            None => out.push(Stmt::Eval(x)),
        }
    }
}

fn path_of(path: Option<&ast::StrLit>) -> Expr {
    path.map_or(Expr::null(), |p| Expr::cst(Const::str(&p.value)))
}
