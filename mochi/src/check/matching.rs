//! `if` and `match` as expressions.

use super::Checker;
use crate::ast::*;
use crate::checked::*;
use crate::diag::Diagnostic;
use crate::types::Type;

impl<'a> Checker<'a> {
    pub(super) fn if_expr(
        &mut self,
        branches: &'a [(Expr, Expr)],
        otherwise: Option<&'a Expr>,
        expected: Option<&Type>,
    ) -> Type {
        let start = self.narrowed.len();
        let mut result: Option<Type> = None;
        let mut first = None;
        let mut add = |c: &mut Self, e: &'a Expr, t: Type| {
            result = Some(match result.take() {
                None => {
                    first = Some(t.clone());
                    t
                }
                Some(so_far) => c.branch_join(e.span, &so_far, &t, "the branches of this `if`", expected),
            });
        };
        for (cond, value) in branches {
            let narrow = self.condition(cond, "T040", "the condition of `if`");
            let t = self.narrowing(narrow.yes, |c| c.expr(value, expected));
            add(self, value, t);
            self.narrowed.extend(narrow.no);
        }
        if let Some(e) = otherwise {
            let t = self.expr(e, expected);
            add(self, e, t);
        }
        self.narrowed.truncate(start);
        let t = result.unwrap_or(Type::Error);
        if otherwise.is_none() { Type::option(t) } else { t }
    }

    /// Type of one more alternative; soft report when it is another.
    fn branch_join(&mut self, span: Span, so_far: &Type, t: &Type, what: &str, expected: Option<&Type>) -> Type {
        let joined = self.join(so_far, t);
        if so_far.is_numeric() && t.is_numeric() {
            return if so_far == t { t.clone() } else { Type::Any };
        }
        let lost = joined == Type::Any && *so_far != Type::Any && *t != Type::Any;
        if lost && !matches!(expected, Some(Type::Any)) {
            let d = Diagnostic::error("T008", span, format!("{what} are `{so_far}` so far, but this is `{t}`"));
            self.soft(d.help("give all of them one type"));
        }
        joined
    }

    pub(super) fn match_expr(
        &mut self,
        span: Span,
        value: &'a Expr,
        arms: &'a [MatchArm],
        expected: Option<&Type>,
    ) -> Type {
        let subject = self.expr(value, None);
        if arms.is_empty() {
            let d = Diagnostic::error("P062", span, "this `match` has no arms, so its value is always none");
            self.soft(d.help("write `pattern => value` between the braces"));
        }
        let mut result: Option<Type> = None;
        let mut seen: Vec<&Pattern> = Vec::new();
        let mut closed: Option<Span> = None;
        for arm in arms {
            if let Some(by) = closed {
                let d = Diagnostic::warning(
                    "T054",
                    arm.pattern.span,
                    "this arm is never reached: an arm above takes every value",
                )
                .label(by, "this one");
                self.soft(d.help("put the arm for everything else last"));
            } else if let Some(same) = seen.iter().find(|p| same_pattern(p, &arm.pattern)) {
                let d = Diagnostic::warning(
                    "T054",
                    arm.pattern.span,
                    "this arm is never reached: an arm above has the same pattern",
                )
                .label(same.span, "this one");
                self.soft(d.help("remove one of them"));
            }
            self.push_scope();
            self.pattern(&arm.pattern, &subject, true);
            let narrowed = self.narrowed.clone();
            if !matches!(arm.pattern.kind, PatternKind::Wild | PatternKind::None) {
                let text: String = self.text(value.span).split_whitespace().collect();
                self.narrowed.push(text);
            }
            let t = match &arm.body {
                ArmBody::Expr(e) => {
                    let t = self.expr(e, expected);
                    Some((e.span, t))
                }
                ArmBody::Block(b) => {
                    self.block(b);
                    None
                }
            };
            self.narrowed = narrowed;
            self.pop_scope();
            if let Some((at, t)) = t {
                result = Some(match result {
                    None => t,
                    Some(so_far) => self.branch_join(at, &so_far, &t, "the results of this `match`", expected),
                });
            }
            if matches!(arm.pattern.kind, PatternKind::Wild) {
                closed = closed.or(Some(arm.pattern.span));
            }
            seen.push(&arm.pattern);
        }
        if closed.is_none() {
            self.exhaustive(span, &subject, arms);
        }
        result.unwrap_or(Type::Null)
    }

    /// Resolve and check a pattern against a value of type `t`.
    fn pattern(&mut self, p: &Pattern, t: &Type, top: bool) {
        let literal = match &p.kind {
            PatternKind::Wild | PatternKind::Error => return,
            PatternKind::None => return,
            PatternKind::Int(_) => Type::Int,
            PatternKind::Float(_) => Type::Float,
            PatternKind::Str(_) => Type::String,
            PatternKind::Bool(_) => Type::Bool,
            PatternKind::Name(name) => return self.name_pattern(p, name, t, top),
            PatternKind::Variant { name, args } => return self.variant_pattern(p, name, args, t),
        };
        let subject = t.unwrapped();
        let numbers = literal.is_numeric() && subject.is_numeric();
        if !numbers && super::fit::fit(&literal, subject) == super::Fit::No {
            let d =
                Diagnostic::error("T008", p.span, format!("the value is `{t}`, so it never equals this `{literal}`"));
            self.soft(d.help("write a pattern of the value's type"));
        }
    }

    fn name_pattern(&mut self, p: &Pattern, name: &Name, t: &Type, top: bool) {
        if let Some((u, i)) = self.variants.get(name).copied() {
            self.resolve(p.id, Resolution::Variant(u, i));
            self.variant_of(p.span, name, u, t);
            return;
        }
        if !top {
            let ident = Ident { id: p.id, span: p.span, name: name.clone() };
            self.declare(&ident, VarKind::Pattern, true, t.clone());
            self.forget(name);
            return;
        }
        if let Some(id) = self.find_var(name) {
            self.mention(id);
            self.resolve(p.id, self.var_resolution(id));
            return;
        }
        self.resolve(p.id, Resolution::Unknown);
        if !self.reported_names.insert(name.clone()) {
            return;
        }
        let names: Vec<Name> = self.variants.keys().cloned().collect();
        let close = super::scope::closest(name, names.iter().map(|n| &**n));
        let help = match close {
            Some(c) => format!("did you mean `{c}`?"),
            None => "a pattern does not bind the whole value to a name; write `_` for everything else".to_owned(),
        };
        self.error(
            Diagnostic::error("T002", p.span, format!("there is neither a variant nor a variable `{name}`")).help(help),
        );
    }

    fn variant_pattern(&mut self, p: &Pattern, name: &Ident, args: &[Pattern], t: &Type) {
        let Some((u, i)) = self.variants.get(&name.name).copied() else {
            if self.reported_names.insert(name.name.clone()) {
                let names: Vec<Name> = self.variants.keys().cloned().collect();
                let close = super::scope::closest(&name.name, names.iter().map(|n| &**n));
                let help = close.map_or("only variants of a declared type can be taken apart".to_owned(), |c| {
                    format!("did you mean `{c}`?")
                });
                self.error(
                    Diagnostic::error("T063", name.span, format!("there is no variant `{}`", name.name)).help(help),
                );
            }
            for a in args {
                self.pattern(a, &Type::Error, false);
            }
            return;
        };
        self.resolve(name.id, Resolution::Variant(u, i));
        self.resolve(p.id, Resolution::Variant(u, i));
        self.variant_of(p.span, &name.name, u, t);
        let (fields, declared) = self.variant(u, i).map_or((Vec::new(), p.span), |v| (v.fields.clone(), v.span));
        if args.len() != fields.len() {
            let d = Diagnostic::error(
                "T039",
                p.span,
                format!(
                    "`{}` has {}, but the pattern has {}",
                    name.name,
                    super::call::count(fields.len(), "field"),
                    args.len()
                ),
            );
            self.error(
                d.label(declared, "declared here")
                    .help("write one name for each field, or `_` for those that do not matter"),
            );
        }
        for (n, a) in args.iter().enumerate() {
            let ty = fields.get(n).map_or(Type::Error, |f| f.ty.clone());
            self.pattern(a, &ty, false);
        }
    }

    /// Does the value's type have variants of this union?
    fn variant_of(&mut self, span: Span, name: &str, u: UnionId, t: &Type) {
        let fits = match t.unwrapped() {
            Type::Union(u2, _) | Type::Variant(u2, ..) => *u2 == u,
            t => t.is_dynamic() || matches!(t, Type::Map(..) | Type::Record(_) | Type::Null),
        };
        if !fits {
            let d = Diagnostic::error("T008", span, format!("the value is `{t}`, so it is never a `{name}`"));
            self.error(
                d.label(self.unions[u.index()].span, format!("`{name}` is a variant of this type"))
                    .help("match against patterns of the value's own type"),
            );
        }
    }

    /// Without `_`: are all variants (or both bools) there? Soft T050 otherwise.
    fn exhaustive(&mut self, span: Span, subject: &Type, arms: &[MatchArm]) {
        let mut missing: Vec<String> = Vec::new();
        match subject.unwrapped() {
            Type::Union(u, _) | Type::Variant(u, ..) => {
                for (i, v) in self.unions[u.index()].variants.iter().enumerate() {
                    let whole = arms.iter().any(|a| self.covers(&a.pattern, *u, i as u32));
                    if !whole {
                        missing.push(format!("`{}`", v.name));
                    }
                }
            }
            Type::Bool => {
                for b in [true, false] {
                    if !arms.iter().any(|a| a.pattern.kind == PatternKind::Bool(b)) {
                        missing.push(format!("`{b}`"));
                    }
                }
            }
            _ => return,
        }
        if missing.is_empty() {
            return;
        }
        let keyword = Span { start: span.start, end: span.start + 5 };
        let d = Diagnostic::error(
            "T050",
            keyword,
            format!("this `match` has no arm for {}, and gives none then", missing.join(", ")),
        );
        self.soft(d.help("add the missing arms, or `_ => ..` for everything else"));
    }

    /// Does the pattern match every value of that variant?
    fn covers(&self, p: &Pattern, u: UnionId, i: u32) -> bool {
        let is = |id: NodeId| self.resolutions.get(id.index()).cloned().flatten() == Some(Resolution::Variant(u, i));
        match &p.kind {
            PatternKind::Name(_) => is(p.id),
            PatternKind::Variant { name, args } => {
                is(name.id)
                    && args.iter().all(|a| match &a.kind {
                        PatternKind::Wild => true,
                        PatternKind::Name(_) => {
                            matches!(self.resolutions.get(a.id.index()), Some(Some(Resolution::Local(_))))
                        }
                        // Several arms may share the work of a field; then no claim is made.
                        PatternKind::Variant { .. } | PatternKind::Bool(_) => true,
                        _ => false,
                    })
            }
            _ => false,
        }
    }
}

/// Do two patterns match exactly the same values?
fn same_pattern(a: &Pattern, b: &Pattern) -> bool {
    match (&a.kind, &b.kind) {
        (PatternKind::Variant { name: n, args }, PatternKind::Variant { name: m, args: brgs }) => {
            // Names inside only bind (or name nullary variants, where equal names are equal).
            n.name == m.name
                && args.len() == brgs.len()
                && args.iter().zip(brgs).all(|(x, y)| same_pattern(x, y) || binds(x) && binds(y))
        }
        (PatternKind::Name(n), PatternKind::Name(m)) => n == m,
        (PatternKind::Error, _) => false,
        (a, b) => a == b,
    }
}

fn binds(p: &Pattern) -> bool {
    match &p.kind {
        PatternKind::Wild => true,
        PatternKind::Name(n) => n.starts_with(|c: char| c.is_lowercase() || c == '_'),
        _ => false,
    }
}
