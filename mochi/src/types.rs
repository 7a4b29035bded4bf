//! Static types as the checker infers them, and how messages print them.
//!
//! A type is what the checker *believes*: with the permissive rules null can inhabit every type (missing map keys,
//! variables without a value, functions without `return`), `any` flows everywhere, and an `int` may be a bignum. A code
//! generator may use a type to choose a representation only where the value's own construction proves it.

use crate::ast::Name;
use crate::checked::{AgentId, StreamId, StructId, UnionId};
use std::fmt;
use std::sync::Arc;

/// A static type. Cheap to clone.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    Int,
    /// `int64`: the same values as `Int`, another name.
    Int64,
    Float,
    BigInt,
    BigRat,
    String,
    Bool,
    Unit,
    Any,
    /// The type of `none` alone.
    Null,
    List(Arc<Type>),
    Map(Arc<Type>, Arc<Type>),
    Option(Arc<Type>),
    Fun(Arc<FunType>),
    Struct(StructId, Name),
    Union(UnionId, Name),
    /// One variant of a union, by index.
    Variant(UnionId, u32, Name),
    /// Anonymous structure: `{a: int}` as a type.
    Record(Arc<Vec<(Name, Type)>>),
    /// An event of a stream.
    Stream(StreamId, Name),
    Agent(AgentId, Name),
    /// `into g`: key type and row type.
    Group(Arc<Type>, Arc<Type>),
    /// A type parameter of a generic function.
    Param(Name),
    /// Already reported: silences followers.
    Error,
}

/// Shape of a function type.
#[derive(Clone, Debug, PartialEq)]
pub struct FunType {
    pub params: Vec<Type>,
    pub ret: Type,
}

impl Type {
    /// `[t]`
    pub fn list(t: Type) -> Type {
        Type::List(Arc::new(t))
    }
    /// `{k: v}`
    pub fn map(k: Type, v: Type) -> Type {
        Type::Map(Arc::new(k), Arc::new(v))
    }
    /// `option[t]`; an option of an option is the same option.
    pub fn option(t: Type) -> Type {
        match t {
            Type::Option(_) | Type::Any | Type::Error => t,
            t => Type::Option(Arc::new(t)),
        }
    }
    /// `fun(params): ret`
    pub fn fun(params: Vec<Type>, ret: Type) -> Type {
        Type::Fun(Arc::new(FunType { params, ret }))
    }
    /// `any`, a type parameter, or an error: nothing is known.
    pub fn is_dynamic(&self) -> bool {
        matches!(self, Type::Any | Type::Error | Type::Param(_))
    }
    /// int, int64, float, bigint, bigrat.
    pub fn is_numeric(&self) -> bool {
        matches!(self, Type::Int | Type::Int64 | Type::Float | Type::BigInt | Type::BigRat)
    }
    /// For messages: "an `int`", "a `string`".
    pub fn article(&self) -> String {
        let text = self.to_string();
        let vowel = text.starts_with(['a', 'e', 'i', 'o', 'A', 'E', 'I', 'O']);
        format!("{} `{text}`", if vowel { "an" } else { "a" })
    }
    /// The type without an outer option.
    pub fn unwrapped(&self) -> &Type {
        match self {
            Type::Option(t) => t,
            t => t,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Int => f.write_str("int"),
            Type::Int64 => f.write_str("int64"),
            Type::Float => f.write_str("float"),
            Type::BigInt => f.write_str("bigint"),
            Type::BigRat => f.write_str("bigrat"),
            Type::String => f.write_str("string"),
            Type::Bool => f.write_str("bool"),
            Type::Unit => f.write_str("unit"),
            Type::Any | Type::Error => f.write_str("any"),
            Type::Null => f.write_str("none"),
            Type::List(t) => write!(f, "[{t}]"),
            Type::Map(k, v) => write!(f, "{{{k}: {v}}}"),
            Type::Option(t) => write!(f, "option[{t}]"),
            Type::Fun(t) => {
                f.write_str("fun(")?;
                for (i, p) in t.params.iter().enumerate() {
                    if i > 0 {
                        f.write_str(", ")?;
                    }
                    write!(f, "{p}")?;
                }
                f.write_str(")")?;
                if t.ret != Type::Unit {
                    write!(f, ": {}", t.ret)?;
                }
                Ok(())
            }
            Type::Struct(_, n)
            | Type::Union(_, n)
            | Type::Variant(_, _, n)
            | Type::Stream(_, n)
            | Type::Agent(_, n)
            | Type::Param(n) => f.write_str(n),
            Type::Record(fields) => {
                f.write_str("{")?;
                for (i, (n, t)) in fields.iter().enumerate() {
                    if i > 0 {
                        f.write_str(", ")?;
                    }
                    write!(f, "{n}: {t}")?;
                }
                f.write_str("}")
            }
            Type::Group(k, r) => write!(f, "group[{k}, {r}]"),
        }
    }
}
