//! The names that every Mochi program has without declaring them: built-in functions with their arities and types, and the
//! pseudo-methods of strings, lists and maps.
//!
//! One table; a user's definition of the same name wins over it.

use crate::types::Type;

macro_rules! builtins {
    ($($(#[$doc:meta])* $variant:ident $name:literal $min:literal ..= $max:literal ;)+) => {
        /// A built-in function.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Builtin { $($(#[$doc])* $variant),+ }

        impl Builtin {
            /// All of them, in the table's order.
            pub const ALL: &'static [Builtin] = &[$(Builtin::$variant),+];
            /// By the name in the source.
            pub fn by_name(name: &str) -> Option<Builtin> {
                match name { $($name => Some(Builtin::$variant),)+ _ => None }
            }
            /// The name in the source.
            pub fn name(self) -> &'static str {
                match self { $(Builtin::$variant => $name),+ }
            }
            /// Fewest and most arguments; 255 means any number.
            pub fn arity(self) -> (u8, u8) {
                match self { $(Builtin::$variant => ($min, $max)),+ }
            }
        }
    };
}

builtins! {
    Print "print" 0..=255;
    Json "json" 1..=1;
    ToJson "to_json" 1..=1;
    Len "len" 1..=1;
    Str "str" 1..=1;
    Int "int" 1..=1;
    Float "float" 1..=1;
    Append "append" 2..=2;
    Push "push" 2..=2;
    Concat "concat" 1..=255;
    First "first" 1..=1;
    Reverse "reverse" 1..=1;
    Distinct "distinct" 1..=1;
    Range "range" 1..=3;
    Keys "keys" 1..=1;
    Values "values" 1..=1;
    Count "count" 1..=1;
    Exists "exists" 1..=1;
    Sum "sum" 1..=1;
    Avg "avg" 1..=1;
    Min "min" 1..=1;
    Max "max" 1..=1;
    Round "round" 1..=2;
    Abs "abs" 1..=1;
    Ceil "ceil" 1..=1;
    Floor "floor" 1..=1;
    Pow "pow" 2..=2;
    Upper "upper" 1..=1;
    Lower "lower" 1..=1;
    Trim "trim" 1..=1;
    Split "split" 2..=2;
    Join "join" 2..=2;
    Contains "contains" 2..=2;
    IndexOf "indexOf" 2..=2;
    Repeat "repeat" 2..=2;
    Substring "substring" 3..=3;
    Substr "substr" 3..=3;
    Slice "slice" 3..=3;
    PadStart "padStart" 3..=3;
    ParseIntStr "parseIntStr" 1..=2;
    Sha256 "sha256" 1..=1;
    Num "num" 1..=1;
    Denom "denom" 1..=1;
    /// Wall clock in nanoseconds.
    Now "now" 0..=0;
    Mem "mem" 0..=0;
    Input "input" 0..=0;
    Eval "eval" 1..=1;
    Reduce "reduce" 3..=3;
    Collect "collect" 1..=1;
    /// Not in the language; older programs call it: message to stderr, exit 1.
    Panic "panic" 1..=1;
}

/// A method that values of built-in types have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PseudoMethod {
    /// `s.contains(x)`, `xs.contains(x)`: `x in s`
    Contains,
    /// `s.starts_with(p)`
    StartsWith,
    /// `s.padStart(n, c)`
    PadStart,
    /// `m.keys()`
    Keys,
    /// `m.get(k, default)`
    Get,
}

impl PseudoMethod {
    /// By name, with the least and most arguments.
    pub fn by_name(name: &str) -> Option<(PseudoMethod, usize, usize)> {
        Some(match name {
            "contains" => (PseudoMethod::Contains, 1, 1),
            "starts_with" => (PseudoMethod::StartsWith, 1, 1),
            "padStart" => (PseudoMethod::PadStart, 2, 2),
            "keys" => (PseudoMethod::Keys, 0, 0),
            "get" => (PseudoMethod::Get, 1, 2),
            _ => return None,
        })
    }
}

impl Builtin {
    /// The result type for arguments of these types (which may be fewer than demanded after an error).
    pub fn result(self, args: &[Type]) -> Type {
        let arg = |i: usize| args.get(i).map_or(&Type::Any, Type::unwrapped);
        let elem = |t: &Type| match t {
            Type::List(e) => (**e).clone(),
            Type::Group(_, row) => (**row).clone(),
            Type::String => Type::String,
            _ => Type::Any,
        };
        match self {
            Builtin::Print | Builtin::Json | Builtin::Panic => Type::Unit,
            Builtin::ToJson
            | Builtin::Str
            | Builtin::Upper
            | Builtin::Lower
            | Builtin::Trim
            | Builtin::Join
            | Builtin::Repeat
            | Builtin::Substring
            | Builtin::Substr
            | Builtin::PadStart
            | Builtin::Input => Type::String,
            Builtin::Len
            | Builtin::Int
            | Builtin::Count
            | Builtin::IndexOf
            | Builtin::ParseIntStr
            | Builtin::Now
            | Builtin::Mem => Type::Int,
            Builtin::Float | Builtin::Avg => Type::Float,
            // The reference's checker says float; an int argument stays whole, so nothing is promised.
            Builtin::Ceil | Builtin::Floor => Type::Float,
            Builtin::Exists | Builtin::Contains => Type::Bool,
            Builtin::Append | Builtin::Push => match arg(0) {
                Type::List(e) if **e == Type::Any => Type::list(arg(1).clone()),
                Type::List(e) if **e == *arg(1) => arg(0).clone(),
                Type::List(e) if arg(1).is_dynamic() => Type::List(e.clone()),
                t @ (Type::List(_) | Type::Group(..)) => t.clone(),
                Type::Null => Type::list(arg(1).clone()),
                _ => Type::list(Type::Any),
            },
            Builtin::Concat | Builtin::Distinct | Builtin::Collect => match arg(0) {
                Type::List(e) => Type::List(e.clone()),
                Type::Group(_, row) => Type::List(row.clone()),
                _ => Type::list(Type::Any),
            },
            Builtin::First => elem(arg(0)),
            Builtin::Reverse | Builtin::Slice => arg(0).clone(),
            Builtin::Range => Type::list(Type::Int),
            Builtin::Keys | Builtin::Split => Type::list(Type::String),
            Builtin::Values => match arg(0) {
                Type::Map(_, v) => Type::List(v.clone()),
                _ => Type::list(Type::Any),
            },
            Builtin::Sum | Builtin::Min | Builtin::Max => elem(arg(0)),
            Builtin::Round => match arg(0) {
                t @ (Type::Int | Type::Int64 | Type::BigInt) if args.len() == 1 => t.clone(),
                _ => Type::Float,
            },
            Builtin::Abs => arg(0).clone(),
            Builtin::Pow => match (arg(0), arg(1)) {
                (Type::Int | Type::Int64, Type::Int | Type::Int64) => Type::Int,
                (Type::BigInt, Type::Int | Type::Int64 | Type::BigInt) => Type::BigInt,
                (Type::Float, _) | (_, Type::Float) => Type::Float,
                _ => Type::Any,
            },
            Builtin::Sha256 => Type::list(Type::Int),
            Builtin::Num | Builtin::Denom => Type::BigInt,
            Builtin::Eval => Type::Any,
            Builtin::Reduce => arg(2).clone(),
        }
    }
}
