//! Which types fit where, and the join of two types.

use crate::types::Type;

/// How well a value of one type fits a place of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Fit {
    Yes,
    /// May work at run time: a warning, in strict mode an error.
    Soft(Why),
    /// Cannot be right.
    No,
}

/// Why a fit is only soft.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Why {
    /// `any` into a typed place.
    Any,
    /// May be none.
    Option,
    /// Is none.
    Null,
    /// A float into an int and the like.
    Narrowing,
    /// Another shape of map, record, struct or function.
    Shape,
}

/// Does a value of type `from` fit a place of type `to`?
pub(super) fn fit(from: &Type, to: &Type) -> Fit {
    use Type::*;
    match (from, to) {
        (Error | Param(_), _) | (_, Error | Any | Param(_)) => Fit::Yes,
        (Any, Option(_)) => Fit::Yes,
        (Any, _) => Fit::Soft(Why::Any),
        (a, b) if a == b => Fit::Yes,
        (Null, Option(_)) => Fit::Yes,
        (Null, _) => Fit::Soft(Why::Null),
        (Option(a), Option(b)) => fit(a, b),
        (a, Option(b)) => fit(a, b),
        (Option(a), b) => fit(a, b).max(Fit::Soft(Why::Option)),
        (_, Unit) | (Unit, _) | (_, Null) => Fit::Soft(Why::Shape),
        (Int, Int64) | (Int64, Int) => Fit::Yes,
        (Int | Int64, Float | BigInt | BigRat) | (BigInt, BigRat) => Fit::Yes,
        (a, b) if a.is_numeric() && b.is_numeric() => Fit::Soft(Why::Narrowing),
        (List(a), List(b)) => fit(a, b),
        (Group(_, a), List(b)) => fit(a, b),
        (Map(k, v), Map(k2, v2)) => soften(fit(k, k2)).max(fit(v, v2)),
        (Record(fields), Map(k, v)) => {
            let key = soften(fit(&String, k));
            fields.iter().fold(key, |worst, (_, t)| worst.max(fit(t, v)))
        }
        (Record(a), Record(b)) => b.iter().fold(Fit::Yes, |worst, (name, t)| {
            let found = a.iter().find(|(n, _)| n == name).map_or(Fit::Soft(Why::Shape), |(_, f)| fit(f, t));
            worst.max(found)
        }),
        (Map(..) | Struct(..), Map(..) | Record(_)) => Fit::Soft(Why::Shape),
        (Map(..) | Record(_), Struct(..) | Union(..) | Variant(..) | Stream(..)) => Fit::Soft(Why::Shape),
        (Union(..) | Variant(..) | Stream(..), Map(..) | Record(_)) => Fit::Soft(Why::Shape),
        (Variant(u, ..), Union(u2, _)) if u == u2 => Fit::Yes,
        (Variant(u, ..) | Union(u, _), Variant(u2, ..)) if u == u2 => Fit::Soft(Why::Shape),
        (Fun(a), Fun(b)) => {
            if a.params.len() != b.params.len() {
                return Fit::Soft(Why::Shape);
            }
            let ret = if b.ret == Unit || a.ret == Unit { Fit::Yes } else { soften_any(fit(&a.ret, &b.ret)) };
            a.params.iter().zip(&b.params).fold(ret, |worst, (pa, pb)| worst.max(soften_any(fit(pb, pa))))
        }
        _ => Fit::No,
    }
}

fn soften(f: Fit) -> Fit {
    if f == Fit::No { Fit::Soft(Why::Shape) } else { f }
}

/// `any` in a function's type is no news.
fn soften_any(f: Fit) -> Fit {
    if f == Fit::Soft(Why::Any) { Fit::Yes } else { f }
}

/// The type of a value that is one or the other.
pub(super) fn join(a: &Type, b: &Type) -> Type {
    use Type::*;
    match (a, b) {
        (a, b) if a == b => a.clone(),
        (Error, t) | (t, Error) => t.clone(),
        (Any, _) | (_, Any) => Any,
        (Null | Unit, t) | (t, Null | Unit) => Type::option(t.clone()),
        (Option(a), Option(b)) => Type::option(join(a, b)),
        (Option(a), b) | (b, Option(a)) => Type::option(join(a, b)),
        (Int, Int64) | (Int64, Int) => Int64,
        (List(a), List(b)) => match (&**a, &**b) {
            // An empty literal joins with anything.
            (Any, _) | (_, Any) => Type::list(Any),
            (a, b) => Type::list(join(a, b)),
        },
        (Map(k, v), Map(k2, v2)) => Type::map(join(k, k2), join(v, v2)),
        // Rows of a table: the same fields, or some missing in some.
        (Record(a), Record(b)) => {
            let mut fields: Vec<(crate::ast::Name, Type)> = a
                .iter()
                .map(|(n, t)| match b.iter().find(|f| f.0 == *n) {
                    Some((_, u)) => (n.clone(), join(t, u)),
                    None => (n.clone(), Type::option(t.clone())),
                })
                .collect();
            fields.extend(
                b.iter().filter(|f| !a.iter().any(|g| g.0 == f.0)).map(|(n, t)| (n.clone(), Type::option(t.clone()))),
            );
            Record(std::sync::Arc::new(fields))
        }
        (Record(fields), Map(k, v)) | (Map(k, v), Record(fields)) => {
            Type::map(join(k, &String), fields.iter().fold((**v).clone(), |t, f| join(&t, &f.1)))
        }
        (Variant(u, _, n), Variant(u2, ..)) if u == u2 => Union(*u, n.clone()),
        (Union(u, n), Variant(u2, ..)) | (Variant(u2, ..), Union(u, n)) if u == u2 => Union(*u, n.clone()),
        _ => Any,
    }
}

/// The result of arithmetic on two numeric types.
pub(super) fn numeric_join(a: &Type, b: &Type) -> Type {
    let rank = |t: &Type| match t {
        Type::Int => 0,
        Type::Int64 => 1,
        Type::BigInt => 2,
        Type::BigRat => 3,
        _ => 4,
    };
    if rank(a) >= rank(b) { a.clone() } else { b.clone() }
}
