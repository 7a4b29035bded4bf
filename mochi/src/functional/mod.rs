//! A compiled program as functions of a functional language: what `--emit erl` and `--emit core` write.
//!
//! Made from the same core IR as the `.beam` file, by other means: [`normal`] takes statements out of expressions, [`build`] turns
//! assignments into bindings and loops into functions, [`erl`] and [`core`] print. Nothing is inferred here: arithmetic and comparison
//! are the runtime's functions, so the text is slower than the `.beam` file and does the same.
//!
//! Leaves out: lines for stack traces.

mod build;
mod core;
mod erl;
mod names;
mod normal;

use crate::core_ir::{self as ir, Const};

/// One module.
#[derive(Debug)]
pub(crate) struct Module {
    pub name: String,
    /// The source file as messages name it.
    pub file: String,
    pub funs: Vec<Fun>,
}

/// One function.
#[derive(Debug)]
pub(crate) struct Fun {
    pub name: String,
    pub params: Vec<String>,
    pub exported: bool,
    pub body: F,
}

/// An expression.
#[derive(Clone, Debug)]
pub(crate) enum F {
    Lit(Const),
    Var(String),
    Tuple(Vec<F>),
    List(Vec<F>),
    /// Of another module.
    Remote(String, String, Vec<F>),
    /// Of this module.
    Local(String, Vec<F>),
    /// The function of this module with these parameters and then the given values.
    Fun(String, Vec<String>, Vec<F>),
    /// Of booleans.
    Not(Box<F>),
    And(Box<F>, Box<F>),
    Or(Box<F>, Box<F>),
    /// By a boolean.
    Case(Box<F>, Box<F>, Box<F>),
    /// A list: names of head and tail, what to do with them, what to do when it is empty.
    Uncons(Box<F>, [String; 2], Box<F>, Box<F>),
    /// Bindings in order (no name: for its effect; several names: a tuple of them), then the value.
    Block(Vec<(Vec<String>, F)>, Box<F>),
}

impl F {
    fn null() -> F {
        F::Lit(Const::null())
    }
    fn bool(b: bool) -> F {
        F::Lit(Const::bool(b))
    }
    fn remote(m: &str, f: &str, args: Vec<F>) -> F {
        F::Remote(m.to_owned(), f.to_owned(), args)
    }
    /// May it be repeated or left out without changing anything?
    fn is_atomic(&self) -> bool {
        matches!(self, F::Lit(_) | F::Var(_))
    }
}

/// The module as Erlang source text.
pub(crate) fn erlang(m: &ir::Module) -> String {
    erl::print(&build::module(m))
}

/// The module as Core Erlang source text.
pub(crate) fn core_erlang(m: &ir::Module) -> String {
    core::print(&build::module(m))
}
