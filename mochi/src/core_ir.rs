//! The core IR: what a checked Mochi program means, spelled out.
//!
//! Structured (blocks, `if`, one kind of loop), untyped at this level, every variable resolved to a number that is unique in its
//! function. What lowering has already decided: which variables live in cells (captured and assigned), which are module
//! globals, how values are represented, what is captured by which closure, and the match trees. [`crate::ssa`] turns each function
//! into basic blocks.
//!
//! Invariants: `Break` and `Continue` stand inside a `Loop`; a `Var` is set on every path before it is read (reading an unset
//! one yields null); the trailing `num_free` parameters of a function are its captured values.

use std::sync::Arc;

/// A function-local variable. Mutable: the SSA builder renames.
pub type Var = u32;
/// Index into [`Module::funs`].
pub type FunId = usize;

/// A constant term.
#[derive(Clone, Debug, PartialEq)]
pub enum Const {
    Int(i64),
    Float(f64),
    Atom(Arc<str>),
    Bin(Arc<[u8]>),
    /// The empty Erlang list.
    Nil,
    /// A proper Erlang list.
    List(Vec<Const>),
    Tuple(Vec<Const>),
    Map(Vec<(Const, Const)>),
}

impl Const {
    /// An atom.
    pub fn atom(s: &str) -> Const {
        Const::Atom(Arc::from(s))
    }
    /// A UTF-8 binary.
    pub fn str(s: &str) -> Const {
        Const::Bin(Arc::from(s.as_bytes()))
    }
    /// Mochi's null.
    pub fn null() -> Const {
        Const::atom("nil")
    }
    /// `true` or `false`.
    pub fn bool(b: bool) -> Const {
        Const::atom(if b { "true" } else { "false" })
    }
}

/// One module to be.
#[derive(Debug, Default)]
pub struct Module {
    pub name: String,
    /// The source file as messages name it.
    pub file: String,
    pub funs: Vec<Fun>,
}

/// One function.
#[derive(Debug)]
pub struct Fun {
    /// Name of the BEAM function; unique in the module together with its arity.
    pub name: String,
    pub params: Vec<Var>,
    /// How many trailing `params` are captured values.
    pub num_free: usize,
    pub exported: bool,
    /// May be called in ways that the module does not show (exported, or made a closure of): its parameters can be anything.
    pub escapes: bool,
    /// All variables are below this.
    pub var_count: u32,
    pub body: Block,
    /// Source line of the definition, from 1; 0 when there is none.
    pub line: u32,
    /// What the source calls some of the variables.
    pub names: Vec<(Var, Arc<str>)>,
}

pub type Block = Vec<Stmt>;

#[derive(Clone, Debug)]
pub enum Stmt {
    /// Defines or assigns.
    Set(Var, Expr),
    Eval(Expr),
    If(Expr, Block, Block),
    /// Runs until `Break` or `Return`; the end of the block continues.
    Loop(Block),
    Break,
    Continue,
    Return(Expr),
}

#[derive(Clone, Debug)]
pub struct Expr {
    pub kind: Kind,
    /// Source line from 1; 0 unknown.
    pub line: u32,
}

/// What the checker believes an operand to be. Never trusted: it chooses which fast path is tried first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hint {
    Int,
    Float,
    Str,
    Bool,
    Any,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arith {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cmp {
    Lt,
    Le,
    Gt,
    Ge,
    Eq,
    Ne,
}

/// Tests without a slow path; true or false for any term.
#[derive(Clone, Debug, PartialEq)]
pub enum TypeTest {
    Integer,
    Number,
    Binary,
    NonemptyList,
    /// A tuple of this arity whose first element is this atom.
    Tagged(u32, Arc<str>),
    /// A tuple of at least one element.
    Tuple,
    /// Exactly this term.
    Is(Const),
}

#[derive(Clone, Debug)]
pub enum Kind {
    Const(Const),
    Var(Var),
    /// Mochi arithmetic; the hint covers both operands.
    Arith(Arith, Hint, Box<Expr>, Box<Expr>),
    /// Mochi comparison.
    Cmp(Cmp, Hint, Box<Expr>, Box<Expr>),
    Test(TypeTest, Box<Expr>),
    /// Truthiness of the operand, negated.
    Not(Hint, Box<Expr>),
    /// The deciding operand.
    And(Hint, Box<Expr>, Box<Expr>),
    Or(Hint, Box<Expr>, Box<Expr>),
    /// By truthiness.
    If(Hint, Box<Expr>, Box<Expr>, Box<Expr>),
    /// Statements, then a value.
    Seq(Block, Box<Expr>),
    /// An Erlang tuple.
    Tuple(Vec<Expr>),
    /// An Erlang list.
    List(Vec<Expr>),
    Head(Box<Expr>),
    Tail(Box<Expr>),
    /// Zero-based element of a known tuple.
    Elem(u32, Box<Expr>),
    /// Element `index` if the operand is a tuple of `arity` tagged `tag`; else the slow expression (remote call with the operand first).
    Field {
        tag: Arc<str>,
        arity: u32,
        index: u32,
        name: Arc<str>,
        base: Box<Expr>,
    },
    /// A function of this module.
    Call(FunId, Vec<Expr>),
    Remote(&'static str, &'static str, Vec<Expr>),
    /// A function value.
    Apply(Box<Expr>, Vec<Expr>),
    /// A closure over the given values (the function's trailing parameters).
    MakeFun(FunId, Vec<Expr>),
    /// `erlang:get/1`; null when unset or kept elsewhere.
    Global(Arc<str>),
    /// Match: the scrutinee is already in a variable.
    Match(Box<Match>),
}

/// A compiled match: a tree of tests whose leaves bind variables and choose an arm.
#[derive(Clone, Debug)]
pub struct Match {
    pub tree: Tree,
    /// Bodies by arm number: each has its value.
    pub arms: Vec<Expr>,
}

#[derive(Clone, Debug)]
pub enum Tree {
    /// Nothing matches: null.
    Fail,
    Leaf {
        arm: usize,
        binds: Vec<(Var, Var)>,
    },
    /// Boolean test, then one way or the other.
    Test {
        test: Box<Expr>,
        yes: Box<Tree>,
        no: Box<Tree>,
    },
    /// Set a variable (a part of the scrutinee), then go on.
    Bind {
        var: Var,
        value: Box<Expr>,
        then: Box<Tree>,
    },
}

impl Expr {
    /// An expression at a line.
    pub fn new(kind: Kind, line: u32) -> Expr {
        Expr { kind, line }
    }
    /// A constant.
    pub fn cst(c: Const) -> Expr {
        Expr { kind: Kind::Const(c), line: 0 }
    }
    /// Null.
    pub fn null() -> Expr {
        Expr::cst(Const::null())
    }
    /// A variable's value.
    pub fn var(v: Var) -> Expr {
        Expr { kind: Kind::Var(v), line: 0 }
    }
    /// A runtime call.
    pub fn remote(module: &'static str, fun: &'static str, args: Vec<Expr>, line: u32) -> Expr {
        Expr { kind: Kind::Remote(module, fun, args), line }
    }
}
