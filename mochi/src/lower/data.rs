//! Building aggregates: lists, maps, structs, variants, events, agents. Layouts are those of `mochi_list`, `mochi_map` and
//! `mochi_core` (see `docs/mochi-values.md`).

use super::plan::{MAPS, STRUCTS};
use super::{Fx, Lower};
use crate::ast;
use crate::checked::{AgentId, FieldInfo, FunId, FunKind, Resolution, StreamId, StructId, UnionId};
use crate::core_ir::{Const, Expr, Kind};
use std::sync::Arc;

/// Elements in a list's tail tuple (and its nodes).
const WIDTH: usize = 16;

fn constant(e: &Expr) -> Option<Const> {
    match &e.kind {
        Kind::Const(c) => Some(c.clone()),
        _ => None,
    }
}

impl Lower<'_> {
    /// A Mochi list of these elements.
    pub(crate) fn list_of(&mut self, xs: Vec<Expr>, line: u32) -> Expr {
        let n = xs.len();
        if n <= WIDTH {
            let tail = Expr::new(Kind::Tuple(xs), line);
            let head = [Const::atom("$v"), Const::Int(n as i64), Const::Int(4), Const::Tuple(vec![])];
            let mut parts: Vec<Expr> = head.into_iter().map(Expr::cst).collect();
            parts.push(tail);
            return Expr::new(Kind::Tuple(parts), line);
        }
        Expr::remote("mochi_list", "from_list", vec![Expr::new(Kind::List(xs), line)], line)
    }

    /// A Mochi map of these entries; later ones win.
    pub(crate) fn map_of(&mut self, pairs: Vec<(Expr, Expr)>, line: u32) -> Expr {
        let fixed: Option<Vec<(Const, Const)>> =
            pairs.iter().map(|(k, v)| Some((map_key(&constant(k)?)?, constant(v)?))).collect();
        if let Some(fixed) = fixed {
            let mut out: Vec<(Const, Const)> = vec![];
            for (k, v) in fixed {
                out.retain(|p| p.0 != k);
                out.push((k, v));
            }
            return Expr::cst(Const::Map(out));
        }
        let list = pairs.into_iter().map(|(k, v)| Expr::new(Kind::Tuple(vec![k, v]), line)).collect();
        Expr::remote("mochi_map", "from_pairs", vec![Expr::new(Kind::List(list), line)], line)
    }

    /// Second element of a struct's tuple: module, name, positions of fields, what to print in order.
    fn desc(&self, name: &str, fields: &[FieldInfo], methods: &[Arc<str>]) -> Const {
        let at = |i: usize| Const::Int(i as i64 + 3);
        let positions = fields.iter().enumerate().map(|(i, f)| (Const::str(&f.name), at(i))).collect();
        let mut order: Vec<(Arc<str>, Const)> =
            fields.iter().enumerate().map(|(i, f)| (f.name.clone(), at(i))).collect();
        order.push((Arc::from("__name"), Const::atom("name")));
        for m in methods {
            if !order.iter().any(|o| o.0 == *m) {
                order.push((m.clone(), Const::atom("method")));
            }
        }
        order.sort_by(|a, b| a.0.as_bytes().cmp(b.0.as_bytes()));
        let order = order.into_iter().map(|(n, p)| Const::Tuple(vec![Const::str(&n), p])).collect();
        Const::Tuple(vec![Const::atom(self.module), Const::str(name), Const::Map(positions), Const::List(order)])
    }
    pub(crate) fn struct_desc(&self, s: StructId) -> Const {
        let info = &self.c.structs[s.index()];
        let methods: Vec<_> = info.methods.iter().map(|m| m.0.clone()).collect();
        self.desc(&info.name, &info.fields, &methods)
    }
    fn tagged(&mut self, name: &str, desc: Const, values: Vec<Expr>, line: u32) -> Expr {
        let mut parts = vec![Expr::cst(Const::atom(name)), Expr::cst(desc)];
        parts.extend(values);
        Expr::new(Kind::Tuple(parts), line)
    }
    /// A variant's value; missing fields are null.
    pub(crate) fn variant(&mut self, u: UnionId, i: u32, mut values: Vec<Expr>, line: u32) -> Expr {
        let info = self.c.unions[u.index()].variants[i as usize].clone();
        values.resize(info.fields.len(), Expr::null());
        let desc = self.desc(&info.name, &info.fields, &[]);
        let empty = info.fields.is_empty();
        let v = self.tagged(&info.name, desc, values, line);
        if empty { v } else { self.in_cell(v, STRUCTS) }
    }
    /// Field values in the order of declaration; evaluated in the order of the source.
    fn ordered(
        &mut self,
        fx: &mut Fx,
        decl: &[FieldInfo],
        given: &[ast::FieldInit],
    ) -> (Vec<crate::core_ir::Stmt>, Vec<Expr>) {
        let same_order = given.len() == decl.len() && given.iter().zip(decl).all(|(g, d)| g.name.name == d.name);
        let mut pre = vec![];
        let mut values = vec![Expr::null(); decl.len()];
        for g in given {
            let x = self.expr(fx, &g.value);
            let Some(i) = decl.iter().position(|d| d.name == g.name.name) else { continue };
            values[i] = if same_order || matches!(x.kind, Kind::Const(_)) {
                x
            } else {
                let t = fx.fresh();
                pre.push(crate::core_ir::Stmt::Set(t, x));
                Expr::var(t)
            };
        }
        (pre, values)
    }
    fn seq(pre: Vec<crate::core_ir::Stmt>, e: Expr) -> Expr {
        if pre.is_empty() {
            return e;
        }
        let line = e.line;
        Expr::new(Kind::Seq(pre, Box::new(e)), line)
    }

    pub(crate) fn struct_literal(
        &mut self,
        fx: &mut Fx,
        name: &ast::Ident,
        fields: &[ast::FieldInit],
        line: u32,
    ) -> Expr {
        match self.c.resolution(name.id).cloned() {
            Some(Resolution::Struct(s)) => {
                let info = self.c.structs[s.index()].clone();
                let (pre, values) = self.ordered(fx, &info.fields, fields);
                let desc = self.struct_desc(s);
                let e = self.tagged(&info.name, desc, values, line);
                Self::seq(pre, self.in_cell(e, STRUCTS))
            }
            Some(Resolution::Variant(u, i)) => {
                let info = self.c.unions[u.index()].variants[i as usize].clone();
                let (pre, values) = self.ordered(fx, &info.fields, fields);
                let v = self.variant(u, i, values, line);
                Self::seq(pre, v)
            }
            Some(Resolution::Agent(a)) => self.new_agent(fx, a, fields, line),
            Some(Resolution::Stream(s)) => self.event(fx, s, fields, line),
            Some(Resolution::PlainMap) => {
                let mut pairs = vec![];
                for f in fields {
                    let v = self.expr(fx, &f.value);
                    pairs.push((Expr::cst(Const::str(&f.name.name)), v));
                }
                let m = self.map_of(pairs, line);
                self.in_cell(m, MAPS)
            }
            _ => self.unsupported(name.span, "this literal"),
        }
    }

    /// An event of a stream.
    pub(crate) fn event(&mut self, fx: &mut Fx, s: StreamId, fields: &[ast::FieldInit], line: u32) -> Expr {
        let info = self.c.streams[s.index()].clone();
        let (pre, values) = self.ordered(fx, &info.fields, fields);
        let desc = self.desc(&info.name, &info.fields, &[]);
        let e = self.tagged(&info.name, desc, values, line);
        Self::seq(pre, self.in_cell(e, STRUCTS))
    }
    pub(crate) fn handler_stream(&self, f: FunId) -> Option<Arc<str>> {
        match self.c.function(f).kind {
            FunKind::Handler(s, _) => Some(self.c.streams[s.index()].name.clone()),
            _ => None,
        }
    }

    /// Starts an agent: module, name, initialiser, handlers by stream, state keys; and the given field values.
    fn new_agent(&mut self, fx: &mut Fx, a: AgentId, fields: &[ast::FieldInit], line: u32) -> Expr {
        let info = self.c.agents[a.index()].clone();
        let handlers = info
            .handlers
            .iter()
            .map(|(s, f)| {
                let stream = Const::atom(&self.c.streams[s.index()].name);
                Const::Tuple(vec![stream, Const::Atom(self.fun_name(*f))])
            })
            .collect();
        let state = info
            .state
            .iter()
            .map(|v| {
                let name = &self.c.variable(*v).name;
                (Const::str(name), Const::atom(&format!("$s:{}.{name}", info.name)))
            })
            .collect();
        let spec = Const::Tuple(vec![
            Const::atom(self.module),
            Const::str(&info.name),
            Const::atom(&format!("{}.$init", info.name)),
            Const::List(handlers),
            Const::Map(state),
        ]);
        let mut pairs = vec![];
        for f in fields {
            let v = self.expr(fx, &f.value);
            pairs.push(Expr::new(Kind::Tuple(vec![Expr::cst(Const::str(&f.name.name)), v]), line));
        }
        let given = Expr::new(Kind::List(pairs), line);
        Expr::remote("mochi_agent", "new", vec![Expr::cst(spec), given], line)
    }
}

/// The key under which a map stores a constant: ints, and texts of ints, as ints; all else as text.
fn map_key(c: &Const) -> Option<Const> {
    match c {
        Const::Int(i) => Some(Const::Int(*i)),
        Const::Bin(b) => {
            let text = std::str::from_utf8(b).ok()?;
            match text.parse::<i64>() {
                Ok(n) if n.to_string() == text => Some(Const::Int(n)),
                _ if text.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => None, // perhaps a big one
                _ => Some(c.clone()),
            }
        }
        _ => None,
    }
}
