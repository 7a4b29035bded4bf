//! Expressions but calls and queries.

use super::plan::{LISTS, MAPS};
use super::{Fx, Lower};
use crate::ast::{self, ArmBody, BinOp, ExprKind, MapKey, UnOp};
use crate::checked::{FunId, Resolution};
use crate::core_ir::{Arith, Cmp, Const, Expr, Hint, Kind, Match, Stmt};
use crate::matching;
use crate::types::Type;
use std::sync::Arc;

impl Lower<'_> {
    pub(crate) fn exprs(&mut self, fx: &mut Fx, es: &[ast::Expr]) -> Vec<Expr> {
        es.iter().map(|e| self.expr(fx, e)).collect()
    }

    pub(crate) fn expr(&mut self, fx: &mut Fx, e: &ast::Expr) -> Expr {
        let outer = std::mem::replace(&mut self.creating, e.id);
        let x = self.value(fx, e);
        self.creating = outer;
        x
    }
    fn value(&mut self, fx: &mut Fx, e: &ast::Expr) -> Expr {
        let line = self.line(e.span);
        match &e.kind {
            ExprKind::Int(i) => Expr::cst(Const::Int(*i)),
            ExprKind::Float(f) => Expr::cst(Const::Float(*f)),
            ExprKind::Str(s) => Expr::cst(Const::str(s)),
            ExprKind::Bool(b) => Expr::cst(Const::bool(*b)),
            ExprKind::None => Expr::null(),
            ExprKind::Ident(name) => self.name(fx, e, name, line),
            ExprKind::Field { base, name } => self.field(fx, e, base, name, line),
            ExprKind::OptField { base, name } => {
                let b = self.expr(fx, base);
                Expr::remote("mochi_ref", "field", vec![b, Expr::cst(Const::str(&name.name))], line)
            }
            ExprKind::Index { base, index } | ExprKind::OptIndex { base, index } => {
                let (b, i) = (self.expr(fx, base), self.expr(fx, index));
                let fun = match self.c.type_of(base.id).unwrapped() {
                    Type::List(_) => ("mochi_list", "at"),
                    Type::Map(..) => ("mochi_map", "at"),
                    _ => ("mochi_ref", "index"),
                };
                Expr::remote(fun.0, fun.1, vec![b, i], line)
            }
            ExprKind::Slice { base, from, to, step } => {
                let b = self.expr(fx, base);
                let mut bound = |l: &mut Self, e: &Option<Box<ast::Expr>>| match e {
                    Some(e) => l.expr(fx, e),
                    None => Expr::null(),
                };
                let (x, y) = (bound(self, from), bound(self, to));
                let z = bound(self, step);
                let r = Expr::remote("mochi_ref", "slice", vec![b, x, y, z], line);
                match self.c.type_of(base.id).unwrapped() {
                    Type::String => r,
                    Type::List(_) => self.in_cell(r, LISTS),
                    _ => self.in_cell(r, LISTS | MAPS),
                }
            }
            ExprKind::Call { callee, args } => self.call(fx, e, callee, args, line),
            ExprKind::Cast { expr, ty } => self.cast(fx, expr, ty, line),
            ExprKind::Unary { op: UnOp::Neg, expr } => self.negate(fx, expr, line),
            ExprKind::Unary { op: UnOp::Not, expr } => {
                let h = self.hint_of(expr);
                let x = self.expr(fx, expr);
                Expr::new(Kind::Not(h, Box::new(x)), line)
            }
            ExprKind::Binary { op, left, right, .. } => self.binary(fx, *op, left, right, line),
            ExprKind::List(es) => {
                let xs = self.exprs(fx, es);
                let l = self.list_of(xs, line);
                self.in_cell(l, LISTS)
            }
            ExprKind::Map(entries) => {
                let mut pairs = vec![];
                for m in entries {
                    let k = match &m.key {
                        MapKey::Name(n) => Expr::cst(Const::str(&n.name)),
                        MapKey::Expr(k) => self.expr(fx, k),
                    };
                    let v = self.expr(fx, &m.value);
                    pairs.push((k, v));
                }
                let m = self.map_of(pairs, line);
                self.in_cell(m, MAPS)
            }
            ExprKind::Struct { name, fields } => self.struct_literal(fx, name, fields, line),
            ExprKind::Fun(_) => match self.c.fun_at(e.id) {
                Some(f) => self.closure(fx, f, line),
                None => self.unsupported(e.span, "this function"),
            },
            ExprKind::If { branches, otherwise } => {
                let mut rest = match otherwise {
                    Some(e) => self.expr(fx, e),
                    None => Expr::null(),
                };
                for (c, x) in branches.iter().rev() {
                    let h = self.hint_of(c);
                    let (c, x) = (self.expr(fx, c), self.expr(fx, x));
                    rest = Expr::new(Kind::If(h, Box::new(c), Box::new(x), Box::new(rest)), line);
                }
                rest
            }
            ExprKind::Match { value, arms } => {
                let x = self.expr(fx, value);
                let t = fx.fresh();
                let tree = matching::compile(self, fx, t, arms, line);
                let mut bodies = vec![];
                for a in arms {
                    let vars = matching::bound(self.c, &a.pattern);
                    let mut pre = vec![];
                    for v in vars {
                        // Bound in the slot; a captured and assigned one moves into its cell.
                        if self.storage[v.index()] == super::Storage::Boxed {
                            let slot = self.slot(fx, v);
                            pre.push(Stmt::Set(slot, Expr::remote("mochi_cell", "new", vec![Expr::var(slot)], line)));
                        }
                    }
                    bodies.push(match &a.body {
                        ArmBody::Expr(e) => {
                            let x = self.expr(fx, e);
                            if pre.is_empty() { x } else { Expr::new(Kind::Seq(pre, Box::new(x)), line) }
                        }
                        ArmBody::Block(b) => {
                            pre.extend(self.block(fx, b));
                            Expr::new(Kind::Seq(pre, Box::new(Expr::null())), line)
                        }
                    });
                }
                let m = Expr::new(Kind::Match(Box::new(Match { tree, arms: bodies })), line);
                Expr::new(Kind::Seq(vec![Stmt::Set(t, x)], Box::new(m)), line)
            }
            ExprKind::Query(q) => self.query(fx, q, line),
            ExprKind::LogicQuery(p) => self.logic_query(p, line),
            ExprKind::Generate { target, fields } => self.generate(fx, e.id, target, fields, line),
            ExprKind::Fetch { url, with } => self.fetch(fx, url, with.as_deref(), line),
            ExprKind::Load { path, ty, with } => self.load(fx, path.as_ref(), ty, with.as_deref(), line),
            ExprKind::Save { value, path, with } => self.save(fx, value, path.as_ref(), with.as_deref(), line),
            ExprKind::Error => self.unsupported(e.span, "this expression"),
        }
    }

    fn name(&mut self, fx: &mut Fx, e: &ast::Expr, name: &str, line: u32) -> Expr {
        let Some(r) = self.c.resolution(e.id).cloned() else {
            return self.unsupported(e.span, &format!("the name `{name}` here"));
        };
        match r {
            Resolution::Local(v) | Resolution::Global(v) => match self.c.variable(v).function {
                Some(f) => self.closure(fx, f, line),
                None => self.read(fx, v, line),
            },
            Resolution::Function(f) => self.closure(fx, f, line),
            Resolution::Variant(u, i) => {
                let info = &self.c.unions[u.index()].variants[i as usize];
                if info.fields.is_empty() {
                    return self.variant(u, i, vec![], line);
                }
                let n = info.fields.len();
                let params: Vec<u32> = (0..n as u32).collect();
                let name = self.new_name(&info.name.clone(), n);
                let v = self.variant(u, i, params.iter().map(|p| Expr::var(*p)).collect(), line);
                let f = self.add_fun(&name, params, n as u32, vec![Stmt::Return(v)], false);
                Expr::new(Kind::MakeFun(f, vec![]), line)
            }
            Resolution::Builtin(b) => self.builtin_value(b, e.span, line),
            Resolution::GroupKeyField(v, field) => {
                let g = self.read(fx, v, line);
                let key = Expr::remote("mochi_query", "key", vec![g], line);
                Expr::remote("mochi_ref", "field", vec![key, Expr::cst(Const::str(&field))], line)
            }
            Resolution::Unknown => Expr::null(),
            Resolution::Extern(x) => {
                let info = self.c.externs[x.index()].clone();
                let path: Vec<&str> = info.path.iter().map(|p| &**p).collect();
                self.foreign_value(&path.join("."), e.span, line)
            }
            _ => self.unsupported(e.span, &format!("`{name}` as a value")),
        }
    }

    /// A function as a value.
    pub(crate) fn closure(&mut self, fx: &mut Fx, f: FunId, line: u32) -> Expr {
        let id = self.fun_ids[f.index()];
        self.escapes(id);
        let caps = self.captures(fx, f);
        Expr::new(Kind::MakeFun(id, caps), line)
    }

    fn field(&mut self, fx: &mut Fx, e: &ast::Expr, base: &ast::Expr, name: &ast::Ident, line: u32) -> Expr {
        match self.c.resolution(e.id).cloned() {
            Some(Resolution::GroupKey(v)) => {
                let g = self.read(fx, v, line);
                return Expr::remote("mochi_query", "key", vec![g], line);
            }
            Some(Resolution::GroupItems(v)) => {
                let g = self.read(fx, v, line);
                let items = Expr::remote("mochi_query", "items", vec![g], line);
                return self.in_cell(items, LISTS | MAPS);
            }
            Some(Resolution::ForeignMember { import, member }) if self.c.imports[import.index()].lang.is_none() => {
                return self.package_member(import, &member, line);
            }
            Some(Resolution::Method(_, f)) => {
                let b = self.expr(fx, base);
                let fun = self.closure(fx, f, line);
                return Expr::remote("mochi_core", "bind", vec![fun, b], line);
            }
            Some(Resolution::ForeignMember { import, member }) => {
                let info = &self.c.imports[import.index()];
                let lang = info.lang.as_deref().unwrap_or("mochi");
                let path = format!("{lang}:{}.{member}", info.path);
                return self.foreign_value(&path, e.span, line);
            }
            Some(Resolution::ImplicitForeign { module, member }) => {
                return self.foreign_value(&format!("go:{module}.{member}"), e.span, line);
            }
            Some(Resolution::Extern(x)) => {
                let info = self.c.externs[x.index()].clone();
                let path = self.extern_path(&info);
                return self.foreign_value(&path, e.span, line);
            }
            Some(Resolution::Local(v) | Resolution::Global(v)) => return self.read(fx, v, line),
            _ => {}
        }
        let t = self.c.type_of(base.id).unwrapped().clone();
        let b = self.expr(fx, base);
        match &t {
            Type::Struct(s, _) => {
                let at = self.c.structs[s.index()].fields.iter().position(|f| f.name == name.name);
                match at {
                    Some(i) => self.struct_field(*s, i, b, line),
                    None => self.dynamic_field(b, &name.name, line),
                }
            }
            Type::Variant(u, v, _) => {
                let info = &self.c.unions[u.index()].variants[*v as usize];
                match info.fields.iter().position(|f| f.name == name.name) {
                    Some(i) => self.tagged_field(&info.name.clone(), info.fields.len(), i, &name.name, b, line),
                    None => self.dynamic_field(b, &name.name, line),
                }
            }
            Type::Stream(s, _) => {
                let info = &self.c.streams[s.index()];
                match info.fields.iter().position(|f| f.name == name.name) {
                    Some(i) => self.tagged_field(&info.name.clone(), info.fields.len(), i, &name.name, b, line),
                    None => self.dynamic_field(b, &name.name, line),
                }
            }
            // A row of a group of joined sources: its fields also go by their bare names.
            Type::Record(fields) if fields.iter().all(|f| f.0 != name.name) => {
                let key = Expr::cst(Const::str(&name.name));
                Expr::remote("mochi_ref", "row_field", vec![b, key], line)
            }
            Type::Agent(..) => {
                let key = Expr::cst(Const::str(&name.name));
                Expr::remote("mochi_agent", "field", vec![b, key], line)
            }
            _ => self.dynamic_field(b, &name.name, line),
        }
    }
    pub(crate) fn dynamic_field(&mut self, b: Expr, name: &str, line: u32) -> Expr {
        Expr::remote("mochi_ref", "field", vec![b, Expr::cst(Const::str(name))], line)
    }
    pub(crate) fn struct_field(&mut self, s: crate::checked::StructId, i: usize, b: Expr, line: u32) -> Expr {
        let info = &self.c.structs[s.index()];
        self.tagged_field(&info.name.clone(), info.fields.len(), i, &info.fields[i].name.clone(), b, line)
    }
    fn tagged_field(&mut self, tag: &Arc<str>, fields: usize, i: usize, name: &Arc<str>, b: Expr, line: u32) -> Expr {
        Expr::new(
            Kind::Field {
                tag: tag.clone(),
                arity: fields as u32 + 2,
                index: i as u32 + 2,
                name: name.clone(),
                base: Box::new(b),
            },
            line,
        )
    }

    fn negate(&mut self, fx: &mut Fx, expr: &ast::Expr, line: u32) -> Expr {
        match &expr.kind {
            ExprKind::Int(i) => return Expr::cst(Const::Int(-i)),
            ExprKind::Float(f) => return Expr::cst(Const::Float(-f)),
            _ => {}
        }
        let h = self.hint_of(expr);
        let x = self.expr(fx, expr);
        if h == Hint::Int {
            let zero = Box::new(Expr::cst(Const::Int(0)));
            // 0 - x is right for ints; what turns out to be a float may be a zero, so that goes to the runtime.
            let t = fx.fresh();
            let fast = Expr::new(Kind::Arith(Arith::Sub, Hint::Int, zero, Box::new(Expr::var(t))), line);
            let slow = Expr::remote("mochi_num", "neg", vec![Expr::var(t)], line);
            let test = Expr::new(Kind::Test(crate::core_ir::TypeTest::Integer, Box::new(Expr::var(t))), line);
            let pick = Expr::new(Kind::If(Hint::Bool, Box::new(test), Box::new(fast), Box::new(slow)), line);
            return Expr::new(Kind::Seq(vec![Stmt::Set(t, x)], Box::new(pick)), line);
        }
        Expr::remote("mochi_num", "neg", vec![x], line)
    }

    fn binary(&mut self, fx: &mut Fx, op: BinOp, left: &ast::Expr, right: &ast::Expr, line: u32) -> Expr {
        let (hl, hr) = (self.hint_of(left), self.hint_of(right));
        let (tl, tr) = (self.c.type_of(left.id).clone(), self.c.type_of(right.id).clone());
        let a = self.expr(fx, left);
        let b = self.expr(fx, right);
        let (a, b) = (Box::new(a), Box::new(b));
        let hint = match (hl, hr) {
            (Hint::Str, Hint::Str) => Hint::Str,
            (Hint::Float, Hint::Int | Hint::Float | Hint::Any) | (Hint::Int | Hint::Any, Hint::Float) => Hint::Float,
            (Hint::Int, Hint::Int | Hint::Any) | (Hint::Any, Hint::Int) => Hint::Int,
            (Hint::Bool, Hint::Bool) => Hint::Bool,
            _ => Hint::Any,
        };
        let arith = |op| {
            let rat = matches!(tl.unwrapped(), Type::BigRat) || matches!(tr.unwrapped(), Type::BigRat);
            let stringy = op == Arith::Add && (hl == Hint::Str || hr == Hint::Str);
            let h = if rat || stringy { Hint::Str } else { hint };
            Expr::new(Kind::Arith(op, h, a.clone(), b.clone()), line)
        };
        let cmp = |op| Expr::new(Kind::Cmp(op, hint, a.clone(), b.clone()), line);
        let call = |f| Expr::remote("mochi_core", f, vec![(*a).clone(), (*b).clone()], line);
        match op {
            BinOp::Add => {
                let lists = |t: &Type| matches!(t.unwrapped(), Type::List(_));
                if lists(&tl) || lists(&tr) {
                    let sum = Expr::remote("mochi_num", "add", vec![*a, *b], line);
                    // With a string it is a string.
                    return self.in_cell(sum, LISTS | MAPS);
                }
                let x = arith(Arith::Add);
                if hint == Hint::Any && hl != Hint::Str && hr != Hint::Str && hl == hr {
                    return self.in_cell(x, LISTS | MAPS);
                }
                x
            }
            BinOp::Sub => arith(Arith::Sub),
            BinOp::Mul => arith(Arith::Mul),
            BinOp::Div => arith(Arith::Div),
            BinOp::Rem => arith(Arith::Rem),
            BinOp::Lt => cmp(Cmp::Lt),
            BinOp::Le => cmp(Cmp::Le),
            BinOp::Gt => cmp(Cmp::Gt),
            BinOp::Ge => cmp(Cmp::Ge),
            BinOp::Eq => cmp(Cmp::Eq),
            BinOp::Ne => cmp(Cmp::Ne),
            BinOp::In => Expr::remote("mochi_core", "contains", vec![*b, *a], line),
            BinOp::And => Expr::new(Kind::And(hl, a, b), line),
            BinOp::Or => Expr::new(Kind::Or(hl, a, b), line),
            BinOp::Coalesce => {
                let t = fx.fresh();
                let is_null =
                    Expr::new(Kind::Test(crate::core_ir::TypeTest::Is(Const::null()), Box::new(Expr::var(t))), line);
                let pick = Expr::new(Kind::If(Hint::Bool, Box::new(is_null), b, Box::new(Expr::var(t))), line);
                Expr::new(Kind::Seq(vec![Stmt::Set(t, *a)], Box::new(pick)), line)
            }
            BinOp::Union => self.in_cell(call("union"), LISTS),
            BinOp::UnionAll => self.in_cell(call("union_all"), LISTS),
            BinOp::Except => self.in_cell(call("except"), LISTS),
            BinOp::Intersect => self.in_cell(call("intersect"), LISTS),
        }
    }

    fn cast(&mut self, fx: &mut Fx, expr: &ast::Expr, ty: &ast::TypeExpr, line: u32) -> Expr {
        let from = self.c.type_of(expr.id).clone();
        let to = self.c.type_exprs.get(&ty.id).cloned().unwrap_or(Type::Any);
        let x = self.expr(fx, expr);
        if let ExprKind::List(es) = &expr.kind
            && es.is_empty()
        {
            return x;
        }
        // Same scalar kind, or nothing to convert: as it is.
        if matches!(to, Type::Any | Type::Union(..) | Type::Variant(..) | Type::Param(_) | Type::Error)
            || (from == to && !matches!(to, Type::Int | Type::Float | Type::Int64 | Type::BigInt | Type::BigRat))
        {
            return x;
        }
        let spec = self.type_spec(&to, 0);
        let x = Expr::remote("mochi_core", "cast", vec![x, Expr::cst(spec)], line);
        let aggregate = matches!(to.unwrapped(), Type::List(_) | Type::Map(..) | Type::Record(_) | Type::Struct(..));
        if aggregate && self.structs_in_cells() {
            // More cells than needed do no harm.
            return Expr::remote("mochi_cell", "fresh_deep", vec![Expr::cst(Const::Int(7)), x], line);
        }
        x
    }

    /// A type as the runtime's `cast/2` takes it.
    pub(crate) fn type_spec(&self, t: &Type, depth: u32) -> Const {
        if depth > 6 {
            return Const::atom("any");
        }
        match t {
            Type::Int | Type::Int64 => Const::atom("int"),
            Type::BigInt => Const::atom("bigint"),
            Type::BigRat => Const::atom("bigrat"),
            Type::Float => Const::atom("float"),
            Type::String => Const::atom("string"),
            Type::Bool => Const::atom("bool"),
            Type::List(e) => Const::Tuple(vec![Const::atom("list"), self.type_spec(e, depth + 1)]),
            Type::Map(_, v) => Const::Tuple(vec![Const::atom("map"), self.type_spec(v, depth + 1)]),
            Type::Option(e) => Const::Tuple(vec![Const::atom("option"), self.type_spec(e, depth + 1)]),
            Type::Struct(s, _) => {
                let info = &self.c.structs[s.index()];
                let fields = info
                    .fields
                    .iter()
                    .map(|f| Const::Tuple(vec![Const::str(&f.name), self.type_spec(&f.ty, depth + 1)]))
                    .collect();
                let tag = Const::atom(&info.name);
                Const::Tuple(vec![Const::atom("struct"), tag, self.struct_desc(*s), Const::List(fields)])
            }
            _ => Const::atom("any"),
        }
    }
}
