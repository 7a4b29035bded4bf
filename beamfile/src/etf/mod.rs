//! Erlang's external term format, to and from a plain tree.
//!
//! Owns [`Value`], its decoder and its encoder. No function here recurses: a term's depth is chosen by whoever wrote
//! the bytes, so decoding, encoding, cloning, comparing, printing and dropping all use work stacks on the heap.
//! Leaves out the atom cache of the distribution protocol. Facts from `erts/doc/guides/erl_ext_dist.md`.

mod decode;
mod encode;
mod print;
mod tag;
mod tree;

pub(crate) use decode::{MAX_ATOM_CHARS, MAX_INFLATED, decode_counted, inflate};
pub use decode::{MAX_NODES, decode, decode_bare, decode_prefix};
pub use print::{float_text, write_atom};

use num_bigint::BigInt;

/// A term.
///
/// It has a destructor, so match on a reference and take fields out with `std::mem::take`.
pub enum Value {
    /// An integer that `i64` holds.
    Int(i64),
    /// Any other integer.
    Big(BigInt),
    /// A finite float.
    Float(f64),
    /// An atom.
    Atom(String),
    /// The empty list.
    Nil,
    /// At least one element, then the tail, which is [`Value::Nil`] in a proper list. Strings are such lists, too.
    List(Vec<Value>, Box<Value>),
    /// A tuple.
    Tuple(Vec<Value>),
    /// A bitstring of whole bytes.
    Binary(Vec<u8>),
    /// A bitstring of whole bytes but for the last, of which only so many (1 to 7) high bits count.
    Bits(Vec<u8>, u8),
    /// A map, in the order of the bytes.
    Map(Vec<(Value, Value)>),
    /// `fun M:F/A`.
    ExportFun { module: String, function: String, arity: u32 },
    /// A pid.
    Pid { node: String, id: u32, serial: u32, creation: u32 },
    /// A port.
    Port { node: String, id: u64, creation: u32 },
    /// A reference.
    Ref { node: String, creation: u32, ids: Vec<u32> },
    /// A fun with its environment.
    Fun(Box<FunValue>),
}

/// A fun that was made at run time.
#[derive(Clone, Debug, PartialEq)]
pub struct FunValue {
    /// Arity.
    pub arity: u8,
    /// MD5 of the module's code.
    pub uniq: [u8; 16],
    /// Index within the module.
    pub index: u32,
    /// Module.
    pub module: String,
    /// Older index.
    pub old_index: i64,
    /// Older hash.
    pub old_uniq: i64,
    /// The process that made it: a [`Value::Pid`].
    pub creator: Value,
    /// The environment.
    pub free: Vec<Value>,
}

impl Value {
    /// A proper list; nil when there are no items.
    pub fn list(items: Vec<Value>) -> Value {
        if items.is_empty() { Value::Nil } else { Value::List(items, Box::new(Value::Nil)) }
    }

    /// A string as Erlang has it: the list of its characters.
    pub fn string(text: &str) -> Value {
        Value::list(text.chars().map(|c| Value::Int(i64::from(u32::from(c)))).collect())
    }

    /// An atom.
    pub fn atom(name: &str) -> Value {
        Value::Atom(name.to_owned())
    }
}

impl From<BigInt> for Value {
    /// The integer in its one form: [`Value::Int`] where `i64` holds it.
    fn from(n: BigInt) -> Value {
        match i64::try_from(&n) {
            Ok(small) => Value::Int(small),
            Err(_) => Value::Big(n),
        }
    }
}
