//! Conditions, and what they tell about options: `if x != none`, `if k in m`.
//!
//! A narrowed expression is remembered by its text (variables, fields and indexes by simple keys); assigning to a variable forgets
//! every text that mentions it. This is for warnings only: nothing is promised to the code generator.

use super::Checker;
use crate::ast::*;
use crate::diag::Diagnostic;
use crate::types::Type;

/// Texts that are not none when a condition is true, and when it is false.
#[derive(Debug, Default)]
pub(super) struct Narrow {
    pub yes: Vec<String>,
    pub no: Vec<String>,
}

impl<'a> Checker<'a> {
    /// A condition: bool or a soft report.
    pub(super) fn condition(&mut self, e: &'a Expr, code: &'static str, what: &str) -> Narrow {
        let t = self.expr(e, Some(&Type::Bool));
        if !matches!(t, Type::Bool | Type::Any | Type::Error | Type::Param(_)) {
            let d = Diagnostic::error(code, e.span, format!("{what} should be a bool, but this is `{t}`"));
            let help = match &t {
                Type::Option(inner) if **inner == Type::Bool => "say what none means: `?? false`",
                Type::Option(_) => "ask what you mean: `x != none`",
                t if t.is_numeric() => "ask what you mean: `n != 0`",
                Type::String | Type::List(_) | Type::Map(..) => "ask what you mean: `len(x) > 0`",
                _ => "write a comparison",
            };
            self.soft(d.help(help));
        }
        self.facts(e)
    }

    /// Run with these texts known not to be none.
    pub(super) fn narrowing<T>(&mut self, texts: Vec<String>, f: impl FnOnce(&mut Self) -> T) -> T {
        let start = self.narrowed.len();
        self.narrowed.extend(texts);
        let r = f(self);
        self.narrowed.truncate(start);
        r
    }

    /// What a condition tells.
    pub(super) fn facts(&self, e: &Expr) -> Narrow {
        let mut narrow = Narrow::default();
        match &e.kind {
            ExprKind::Binary { op: op @ (BinOp::Ne | BinOp::Eq), left, right, .. } => {
                let subject = match (&left.kind, &right.kind) {
                    (ExprKind::None, _) => right,
                    (_, ExprKind::None) => left,
                    _ => return narrow,
                };
                let texts: Vec<String> = self.path_text(subject).into_iter().collect();
                if *op == BinOp::Ne {
                    narrow.yes = texts;
                } else {
                    narrow.no = texts;
                }
            }
            ExprKind::Binary { op: BinOp::In, left, right, .. } => {
                if let (Some(map), Some(key)) = (self.path_text(right), self.path_text(left)) {
                    narrow.yes.push(format!("{map}[{key}]"));
                }
            }
            ExprKind::Binary { op: BinOp::And, left, right, .. } => {
                narrow.yes = self.facts(left).yes;
                narrow.yes.extend(self.facts(right).yes);
            }
            ExprKind::Binary { op: BinOp::Or, left, right, .. } => {
                narrow.no = self.facts(left).no;
                narrow.no.extend(self.facts(right).no);
            }
            ExprKind::Unary { op: UnOp::Not, expr } => {
                let inner = self.facts(expr);
                narrow = Narrow { yes: inner.no, no: inner.yes };
            }
            // A plain test for truth.
            ExprKind::Ident(_) | ExprKind::Index { .. } | ExprKind::Field { .. } => {
                narrow.yes.extend(self.path_text(e))
            }
            _ => {}
        }
        narrow
    }

    /// `x`, `x.f`, `x[k]` with simple keys, without white space.
    fn path_text(&self, e: &Expr) -> Option<String> {
        let simple = match &e.kind {
            ExprKind::Ident(_) | ExprKind::Int(_) | ExprKind::Str(_) => true,
            ExprKind::Field { base, .. } => self.path_text(base).is_some(),
            ExprKind::Index { base, index } => {
                self.path_text(base).is_some() && (self.path_text(index).is_some() || operands_simple(index))
            }
            ExprKind::Call { callee, args } => {
                matches!(&callee.kind, ExprKind::Ident(n) if &**n == "str" || &**n == "int")
                    && args.iter().all(|a| self.path_text(a).is_some())
            }
            ExprKind::Binary { .. } => operands_simple(e),
            _ => false,
        };
        simple.then(|| self.text(e.span).split_whitespace().collect())
    }

    pub(super) fn is_narrowed(&self, e: &Expr) -> bool {
        self.is_narrowed_span(e.span)
    }

    pub(super) fn is_narrowed_span(&self, span: Span) -> bool {
        if self.narrowed.is_empty() {
            return false;
        }
        let text: String = self.text(span).split_whitespace().collect();
        self.narrowed.contains(&text)
    }

    /// `name` has a new value.
    pub(super) fn forget(&mut self, name: &str) {
        let mentions = |text: &String| text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name);
        for text in &mut self.narrowed {
            if mentions(text) {
                text.clear();
            }
        }
    }

    /// `m[k]` was assigned.
    pub(super) fn remember_assigned(&mut self, span: Span) {
        let text: String = self.text(span).split_whitespace().collect();
        self.narrowed.push(text);
    }
}

fn operands_simple(e: &Expr) -> bool {
    match &e.kind {
        ExprKind::Ident(_) | ExprKind::Int(_) | ExprKind::Str(_) => true,
        ExprKind::Binary { left, right, .. } => operands_simple(left) && operands_simple(right),
        ExprKind::Unary { expr, .. } => operands_simple(expr),
        _ => false,
    }
}
