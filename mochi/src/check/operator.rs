//! Unary and binary operators, casts.

use super::fit::{Fit, fit, numeric_join};
use super::{Checker, Why};
use crate::ast::*;
use crate::diag::Diagnostic;
use crate::types::Type;

impl<'a> Checker<'a> {
    pub(super) fn unary(&mut self, span: Span, op: UnOp, e: &'a Expr) -> Type {
        let t = self.expr(e, None);
        match op {
            UnOp::Not => {
                if !matches!(t, Type::Bool | Type::Option(_) | Type::Null) && !t.is_dynamic() {
                    let d = Diagnostic::error("T020", span, format!("`!` turns a bool around, but this is `{t}`"));
                    self.soft(d.help("write a comparison, such as `x == 0` or `len(x) == 0`"));
                }
                Type::Bool
            }
            UnOp::Neg => {
                self.maybe_none(e, &t);
                let inner = t.unwrapped();
                if inner.is_numeric() || inner.is_dynamic() || *inner == Type::Null {
                    return inner.clone();
                }
                let d = Diagnostic::error("T020", span, format!("`-` needs a number, but this is `{t}`"));
                if *inner == Type::String && self.in_sort_key() {
                    self.error(d.help("to sort texts the other way round, sort and then `reverse(..)` the result"));
                } else {
                    self.error(d.help("only numbers can be negated"));
                }
                Type::Error
            }
        }
    }

    /// An option where a value is needed.
    fn maybe_none(&mut self, e: &Expr, t: &Type) {
        if let (Type::Option(_), false) = (t, self.is_narrowed(e)) {
            let d = Diagnostic::error("T058", e.span, "this may be none, and arithmetic with none gives none");
            self.soft(d.help("give a value for that case with `?? ..`, or test it first: `if x != none { .. }`"));
        }
    }

    /// Left-associative chains are long and deep on the left, so they are walked without recursion.
    pub(super) fn binary(&mut self, op: BinOp, op_span: Span, left: &'a Expr, right: &'a Expr) -> Type {
        let mut spine = vec![(op, op_span, left, right, None)];
        let mut at = left;
        while let ExprKind::Binary { op, op_span, left, right } = &at.kind {
            spine.push((*op, *op_span, left, right, Some(at.id)));
            at = left;
        }
        let mut t = self.expr(at, None);
        while let Some((op, op_span, left, right, id)) = spine.pop() {
            t = self.combine(op, op_span, left, t, right);
            if let Some(id) = id {
                self.set_type(id, &t);
            }
        }
        t
    }

    fn combine(&mut self, op: BinOp, op_span: Span, left: &'a Expr, a: Type, right: &'a Expr) -> Type {
        match op {
            BinOp::And | BinOp::Or => {
                let facts = self.facts(left);
                let known = if op == BinOp::And { facts.yes } else { facts.no };
                let b = self.narrowing(known, |c| c.expr(right, None));
                for (e, t) in [(left, &a), (right, &b)] {
                    if !matches!(t, Type::Bool) && !t.is_dynamic() {
                        let d = Diagnostic::error(
                            "T020",
                            e.span,
                            format!("`{}` joins bools, but this is `{t}`", op.text()),
                        );
                        self.soft(d.help("write a comparison"));
                    }
                }
                if a == Type::Bool && b == Type::Bool { Type::Bool } else { self.join(&a, &b) }
            }
            BinOp::Coalesce => {
                let inner = a.unwrapped().clone();
                // What has no other value than its literal says; a variable may be null in spite of its type.
                if matches!(
                    left.kind,
                    ExprKind::Int(_) | ExprKind::Float(_) | ExprKind::Str(_) | ExprKind::Bool(_) | ExprKind::List(_)
                ) {
                    let d = Diagnostic::error("T062", left.span, "this is never none, so `??` always gives it");
                    self.soft(d.help("take the `??` and what is behind it away"));
                }
                let b = self.expr(right, Some(&inner));
                match inner {
                    Type::Null => b,
                    inner => self.join(&inner, &b),
                }
            }
            BinOp::In => {
                let b = self.expr(right, None);
                self.membership(left.span, &a, right.span, &b);
                Type::Bool
            }
            BinOp::Union | BinOp::UnionAll | BinOp::Except | BinOp::Intersect => {
                let b = self.expr(right, None);
                for (e, t) in [(left, &a), (right, &b)] {
                    let inner = t.unwrapped();
                    if !matches!(inner, Type::List(_) | Type::Group(..) | Type::Null) && !inner.is_dynamic() {
                        let d = Diagnostic::error(
                            "T020",
                            e.span,
                            format!("`{}` combines lists, but this is `{t}`", op.text()),
                        );
                        self.error(d.help("put the value into a list: `[..]`"));
                    }
                }
                match (a.unwrapped(), b.unwrapped()) {
                    (Type::List(_), Type::List(_)) => self.join(a.unwrapped(), b.unwrapped()),
                    (Type::List(_), _) => a.unwrapped().clone(),
                    _ => Type::list(Type::Any),
                }
            }
            BinOp::Eq | BinOp::Ne | BinOp::Lt | BinOp::Le | BinOp::Gt | BinOp::Ge => {
                let b = self.expr(right, None);
                self.comparison(op, op_span, (left, &a), (right, &b));
                Type::Bool
            }
            BinOp::Add | BinOp::Sub | BinOp::Mul | BinOp::Div | BinOp::Rem => {
                let b = self.expr(right, None);
                self.maybe_none(left, &a);
                self.maybe_none(right, &b);
                self.arithmetic(op, left.span.to(right.span), op_span, a.unwrapped(), b.unwrapped(), right)
            }
        }
    }

    fn arithmetic(&mut self, op: BinOp, span: Span, op_span: Span, a: &Type, b: &Type, right: &Expr) -> Type {
        use Type::*;
        if matches!(op, BinOp::Div | BinOp::Rem) && matches!(right.kind, ExprKind::Int(0)) {
            let d =
                Diagnostic::warning("T020", right.span, "this divides by zero, which ends the program when it happens");
            self.diagnostics.push(d.help("test the divisor first"));
        }
        match (a, b) {
            (Error, _) | (_, Error) => Error,
            (Any | Param(_), _) | (_, Any | Param(_)) => {
                if self.strict && (*a == Any || *b == Any) {
                    let d = Diagnostic::error(
                        "T043",
                        op_span,
                        format!("all that is known of an operand of `{}` is `any`", op.text()),
                    );
                    self.soft(d.help("say what you expect with `as`, or declare the type of the variable"));
                }
                match (op, a, b) {
                    (BinOp::Add, String, _) | (BinOp::Add, _, String) => String,
                    (_, Float, _) | (_, _, Float) if op != BinOp::Add => Float,
                    _ => Any,
                }
            }
            (Null, t) | (t, Null) => Type::option(t.clone()),
            (a, b) if a.is_numeric() && b.is_numeric() => numeric_join(a, b),
            (String, _) | (_, String) if op == BinOp::Add => {
                let other = if *a == String { b } else { a };
                if !matches!(other, String) && !other.is_numeric() {
                    let d = Diagnostic::error(
                        "T020",
                        op_span,
                        format!("`+` joins a text and {other_} here", other_ = other.article()),
                    );
                    self.soft(d.help("write `str(..)` around what is not a string"));
                }
                String
            }
            (List(_), List(_)) if op == BinOp::Add => self.join(a, b),
            // Texts of numbers count as numbers beside numbers: keys of maps with int keys are such.
            (String, t) | (t, String) if t.is_numeric() => {
                let d = Diagnostic::error(
                    "T020",
                    op_span,
                    format!("`{}` computes with numbers, but one side is a string", op.text()),
                );
                self.soft(d.help("`int(..)` makes a number of a text"));
                t.clone()
            }
            _ => {
                let message = format!("`{}` cannot join `{a}` and `{b}`", op.text());
                let help = match (op, a, b) {
                    (BinOp::Add, List(_), _) => {
                        "to add one element use `append(xs, x)`; to join lists both sides must be lists".to_owned()
                    }
                    (_, Bool, _) | (_, _, Bool) => "`if .. then 1 else 0` makes a number of a bool".to_owned(),
                    (BinOp::Mul, String, _) => "to repeat a text use `repeat(s, n)`".to_owned(),
                    _ => "only numbers can be computed with; `+` also joins strings, and lists".to_owned(),
                };
                self.error(Diagnostic::error("T020", op_span, message).label(span, "in this expression").help(help));
                Error
            }
        }
    }

    fn comparison(&mut self, op: BinOp, op_span: Span, (le, a): (&Expr, &Type), (re, b): (&Expr, &Type)) {
        let equality = matches!(op, BinOp::Eq | BinOp::Ne);
        if equality && (*a == Type::Null || *b == Type::Null) {
            return;
        }
        for (e, t, other) in [(le, a, b), (re, b, a)] {
            if matches!(t, Type::Option(_))
                && !matches!(other, Type::Option(_))
                && !other.is_dynamic()
                && !self.is_narrowed(e)
            {
                let d = Diagnostic::error(
                    "T059",
                    e.span,
                    format!("this may be none, but the other side of `{}` is always a value", op.text()),
                );
                self.soft(d.help("give a value for that case with `?? ..`, or test it first: `if x != none { .. }`"));
                break;
            }
        }
        let (a, b) = (a.unwrapped(), b.unwrapped());
        let never = fit(a, b) == Fit::No && fit(b, a) == Fit::No
            || matches!((a, b), (Type::Struct(..), Type::Map(..)) | (Type::Map(..), Type::Struct(..)));
        if never {
            let d = Diagnostic::error(
                "T013",
                op_span,
                format!(
                    "`{a}` and `{b}` cannot be compared: `{}` is always {}",
                    op.text(),
                    if op == BinOp::Ne { "true" } else { "false" }
                ),
            );
            let help = match (a, b) {
                (Type::String, t) | (t, Type::String) if t.is_numeric() => "convert one side: `str(..)` or `int(..)`",
                _ => "compare values of one type",
            };
            self.soft(d.help(help));
        } else if !equality {
            let bad = [a, b].into_iter().find(|t| {
                matches!(t, Type::Bool | Type::Map(..) | Type::Record(_) | Type::Fun(_) | Type::Struct(..) | Type::Unit)
            });
            if let Some(t) = bad {
                let d = Diagnostic::error("T013", op_span, format!("values of `{t}` have no order"));
                self.soft(d.help("compare numbers, strings or lists of them"));
            }
        }
    }

    fn membership(&mut self, left: Span, a: &Type, right: Span, b: &Type) {
        match b.unwrapped() {
            Type::List(e) | Type::Group(_, e) => {
                if fit(a, e) == Fit::No {
                    let d = Diagnostic::error(
                        "T013",
                        left,
                        format!("the elements are `{e}`, so {a_} is never among them", a_ = a.article()),
                    );
                    self.soft(d.help("look for a value of the elements' type"));
                }
            }
            Type::String => {
                if !matches!(a.unwrapped(), Type::String) && !a.is_dynamic() {
                    let d =
                        Diagnostic::error("T013", left, format!("only a string can be in a string, but this is `{a}`"));
                    self.error(d.help("`str(..)` gives its text"));
                }
            }
            Type::Map(k, _) => self.map_key_in(a, k, left),
            Type::Record(_)
            | Type::Any
            | Type::Param(_)
            | Type::Error
            | Type::Null
            | Type::Struct(..)
            | Type::Union(..)
            | Type::Variant(..)
            | Type::Stream(..) => {}
            t => {
                let d = Diagnostic::error(
                    "T013",
                    right,
                    format!("`in` looks into a list, map or string, but this is `{t}`"),
                );
                self.error(d.help("write a list `[a, b]`, or compare with `==`"));
            }
        }
    }

    fn map_key_in(&mut self, a: &Type, k: &Type, span: Span) {
        if matches!(fit(a, k), Fit::No | Fit::Soft(Why::Shape)) {
            let d = Diagnostic::error("T019", span, format!("the keys of this map are `{k}`, but this is `{a}`"));
            self.soft(d.help("use a key of the declared type"));
        }
    }

    pub(super) fn cast(&mut self, span: Span, e: &'a Expr, ty: &TypeExpr) -> Type {
        let to = self.type_of(ty);
        let expected = matches!(to, Type::List(_) | Type::Map(..) | Type::Fun(_)).then_some(&to);
        let from = self.expr(e, expected);
        let text_to_number = *from.unwrapped() == Type::String
            && matches!(to.unwrapped(), Type::Int | Type::Int64 | Type::BigInt | Type::BigRat);
        if text_to_number {
            if !matches!(e.kind, ExprKind::Str(_)) || self.strict {
                let d = Diagnostic::error(
                    "T046",
                    span,
                    format!(
                        "this cast reads a number from a text, and fails at run time when it is none; `{to}` comes out"
                    ),
                );
                self.legacy("text cast", d.help("write `int(..)` to say so"));
            }
            return to;
        }
        let ok = castable(&from, &to);
        if !ok {
            let d =
                Diagnostic::error("T046", span, format!("{from_} cannot be cast to `{to}`", from_ = from.article()));
            let help = match (from.unwrapped(), &to) {
                (_, Type::String) => "`str(..)` gives its text",
                (Type::String, Type::Float) => "`float(..)` reads a number from a text",
                (_, Type::Bool) => "write a comparison, such as `x != 0`",
                _ => "a cast changes how a value is seen, or a number's kind; build the other value instead",
            };
            self.error(d.help(help));
        }
        to
    }
}

/// Can a cast from one to the other succeed?
fn castable(from: &Type, to: &Type) -> bool {
    use Type::*;
    match (from, to) {
        (a, b) if a.is_dynamic() || b.is_dynamic() || a == b => true,
        (Null | Unit, _) => true,
        (Option(a), b) | (b, Option(a)) => castable(a, b) || castable(b, a),
        (a, b) if a.is_numeric() && b.is_numeric() => true,
        (List(a) | Group(_, a), List(b)) => castable(a, b),
        (
            Map(..) | Record(_) | Struct(..) | Union(..) | Variant(..) | Stream(..),
            Map(..) | Record(_) | Struct(..) | Union(..) | Variant(..) | Stream(..),
        ) => true,
        (Fun(_), Fun(_)) => true,
        (_, Unit) => true,
        _ => false,
    }
}
