//! Dataset queries: row variables, groups, the type of the result.

use super::Checker;
use crate::ast::*;
use crate::builtins::Builtin;
use crate::checked::*;
use crate::diag::Diagnostic;
use crate::types::Type;

/// What names mean after `group by`.
#[derive(Debug)]
pub(super) struct GroupNames {
    pub group: VarId,
    pub group_name: Name,
    /// Row variables, which are gone.
    pub hidden: Vec<Name>,
    /// Names that the key's parts go by.
    pub parts: Vec<(Name, Type)>,
}

impl<'a> Checker<'a> {
    pub(super) fn query(&mut self, q: &'a Query) -> Type {
        self.push_scope();
        let mut rows: Vec<(Name, Type)> = Vec::new();
        for f in &q.from {
            let t = self.expr(&f.source, None);
            let row = self.element(&t, f.source.span, "T032", "queried");
            self.declare(&f.var, VarKind::QueryRow, true, row.clone());
            rows.push((f.var.name.clone(), row));
        }
        for j in &q.joins {
            let t = self.expr(&j.source, None);
            let row = self.element(&t, j.source.span, "T034", "joined");
            self.declare(&j.var, VarKind::QueryRow, true, row.clone());
            rows.push((j.var.name.clone(), row));
            self.condition(&j.on, "T035", "the condition of `on`");
        }
        let facts = match &q.cond {
            Some(cond) => self.pure(|c| c.condition(cond, "T033", "the condition of `where`"), "where").yes,
            None => Vec::new(),
        };
        let result = self.narrowing(facts, |c| {
            let grouped = q.group.as_ref().map(|g| c.group(g, &rows));
            let result = c.tail(q);
            if grouped.is_some() {
                c.group_keys.pop();
                c.pop_scope();
            }
            result
        });
        self.pop_scope();
        result
    }

    /// `group by .. into g`: opens the scope in which only the group is left.
    fn group(&mut self, g: &'a GroupClause, rows: &[(Name, Type)]) {
        let types: Vec<Type> = g.keys.iter().map(|k| self.expr(k, None)).collect();
        let named: Vec<(Name, Type)> =
            g.keys.iter().zip(&types).filter_map(|(k, t)| last_name(k).map(|n| (n, t.clone()))).collect();
        let key = match types.as_slice() {
            [one] => one.clone(),
            _ => Type::Record(std::sync::Arc::new(named.clone())),
        };
        let row = match rows {
            [(_, one)] => one.clone(),
            rows => Type::Record(std::sync::Arc::new(rows.to_vec())),
        };
        let mut parts = named;
        if let Type::Record(fields) = &key {
            parts.extend(fields.iter().cloned());
        }
        if let (Some(k), Type::Map(..)) = (g.keys.first(), &key)
            && let ExprKind::Map(entries) = &k.kind
        {
            parts.extend(entries.iter().filter_map(|e| match &e.key {
                MapKey::Name(n) => Some((n.name.clone(), Type::Any)),
                MapKey::Expr(Expr { kind: ExprKind::Str(s), .. }) => Some((s.clone(), Type::Any)),
                MapKey::Expr(_) => None,
            }));
        }
        // The rows' names go out of scope; a name outside of the query shows again.
        let hidden: Vec<Name> = rows.iter().map(|r| r.0.clone()).collect();
        self.push_scope();
        let ty = Type::Group(std::sync::Arc::new(key), std::sync::Arc::new(row));
        let group = self.declare(&g.into, VarKind::Group, true, ty);
        if let Some(scope) = self.scopes.len().checked_sub(2).and_then(|i| self.scopes.get_mut(i)) {
            scope.names.clear();
        }
        self.group_keys.push(GroupNames { group, group_name: g.into.name.clone(), hidden, parts });
        if let Some(having) = &g.having {
            self.pure(|c| c.condition(having, "T042", "the condition of `having`"), "having");
        }
    }

    /// Sort, skip, take, select.
    fn tail(&mut self, q: &'a Query) -> Type {
        if let Some(sort) = &q.sort {
            let saved = std::mem::replace(&mut self.sort_key, true);
            let t = self.expr(sort, None);
            self.sort_key = saved;
            if matches!(t.unwrapped(), Type::Fun(_) | Type::Unit | Type::Agent(..)) {
                let d = Diagnostic::error("T056", sort.span, format!("values of `{t}` have no order to sort by"));
                self.soft(d.help("sort by a number, a string, or a list of them: `sort by [a, -b]`"));
            }
        }
        for (e, what) in [(&q.skip, "skip"), (&q.take, "take")] {
            let Some(e) = e else { continue };
            let t = self.expr(e, None);
            if !matches!(t.unwrapped(), Type::Int | Type::Int64 | Type::BigInt) && !t.is_dynamic() {
                let d = Diagnostic::error(
                    "T055",
                    e.span,
                    format!("`{what}` needs a number of rows, an int, but this is `{t}`"),
                );
                self.error(d.help("write an int"));
            }
        }
        if let Some(t) = self.aggregate(q) {
            return t;
        }
        let t = self.expr(&q.select, None);
        Type::list(match t {
            Type::Null => Type::Any,
            Type::Variant(u, _, n) => self.named(Type::Union(u, n)),
            t => t,
        })
    }

    /// `select sum(e)` without groups: one value over all rows.
    fn aggregate(&mut self, q: &'a Query) -> Option<Type> {
        let ExprKind::Call { callee, args } = &q.select.kind else { return None };
        let (ExprKind::Ident(name), [arg], None) = (&callee.kind, args.as_slice(), &q.group) else { return None };
        let b = Builtin::by_name(name)
            .filter(|b| matches!(b, Builtin::Sum | Builtin::Avg | Builtin::Min | Builtin::Max | Builtin::Count))?;
        if self.top_functions.contains_key(name)
            || self.find_var(name).is_some_and(|v| matches!(self.var(v).ty, Type::Fun(_) | Type::Any))
        {
            return None;
        }
        self.resolve(callee.id, Resolution::Builtin(b));
        let t = self.expr(arg, None);
        let result = match b {
            Builtin::Count => Type::Int,
            Builtin::Avg => Type::Float,
            _ => t.unwrapped().clone(),
        };
        self.set_type(q.select.id, &result);
        Some(result)
    }

    /// A bare name that means a part of the group's key.
    pub(super) fn group_key_field(&mut self, e: &Expr, name: &Name) -> Option<Type> {
        let keys = self.group_keys.last()?;
        let (_, t) = keys.parts.iter().find(|p| p.0 == *name)?;
        let (t, group) = (t.clone(), keys.group);
        self.mention(group);
        self.resolve(e.id, Resolution::GroupKeyField(group, name.clone()));
        Some(t)
    }

    pub(super) fn in_sort_key(&self) -> bool {
        self.sort_key
    }

    /// Whatever is called inside must be pure.
    fn pure<T>(&mut self, f: impl FnOnce(&mut Self) -> T, what: &'static str) -> T {
        let from = self.calls.len();
        let r = f(self);
        self.pure_zones.push((from, self.calls.len(), what));
        r
    }
}

/// The last name of `a.b.c`.
fn last_name(e: &Expr) -> Option<Name> {
    match &e.kind {
        ExprKind::Ident(n) => Some(n.clone()),
        ExprKind::Field { name, .. } => Some(name.name.clone()),
        _ => None,
    }
}
