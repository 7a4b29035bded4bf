//! Dataset queries.

use super::{Expr, Ident, Span};

/// A dataset query; clauses in evaluation order.
#[derive(Clone, Debug, PartialEq)]
pub struct Query {
    /// At least one; the first is the leftmost (outermost).
    pub from: Vec<FromClause>,
    pub joins: Vec<JoinClause>,
    pub cond: Option<Expr>,
    pub group: Option<GroupClause>,
    pub sort: Option<Expr>,
    pub skip: Option<Expr>,
    pub take: Option<Expr>,
    pub distinct: bool,
    pub select: Expr,
}

#[derive(Clone, Debug, PartialEq)]
pub struct FromClause {
    pub var: Ident,
    pub source: Expr,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinSide {
    Inner,
    Left,
    Right,
    Outer,
}

#[derive(Clone, Debug, PartialEq)]
pub struct JoinClause {
    pub side: JoinSide,
    pub var: Ident,
    pub source: Expr,
    pub on: Expr,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct GroupClause {
    /// At least one; several make a map key named by each expression's last field.
    pub keys: Vec<Expr>,
    pub into: Ident,
    pub having: Option<Expr>,
    pub span: Span,
}
