//! The syntax tree of a Mochi program: the complete grammar, nothing resolved or typed.
//!
//! Invariants: every node has a [`Span`] (byte range in the source) and a [`NodeId`] that is unique in its program and
//! smaller than [`Program::node_count`]; the height of an expression is at most
//! `parse::MAX_HEIGHT`, and statements and types nest at most `parse::MAX_NESTING` deep, so a recursive walk is
//! safe on a 1 MB stack. Parentheses leave no node: they only widen the span. `if .. else if ..` is one flat node.
//!
//! Left out: what names mean and what types expressions have (see [`crate::checked`]).

mod query;

pub use query::{FromClause, GroupClause, JoinClause, JoinSide, Query};

use std::sync::Arc;

/// An interned-by-sharing name or piece of text.
pub type Name = Arc<str>;

/// A half-open byte range in the source text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The range `start..end`.
    pub fn new(start: usize, end: usize) -> Span {
        Span { start: start as u32, end: end as u32 }
    }
    /// The smallest range that holds both.
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
    /// Is byte `offset` inside (or just at the end)?
    pub fn touches(self, offset: u32) -> bool {
        self.start <= offset && offset <= self.end
    }
}

/// Number of a node, dense from 0; key of the checker's side tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u32);

impl NodeId {
    /// As an index into a side table.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A name at a place. When it declares or mentions a variable, its `id` is the key of the resolution.
#[derive(Clone, Debug, PartialEq)]
pub struct Ident {
    pub id: NodeId,
    pub span: Span,
    pub name: Name,
}

/// A whole source file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Program {
    /// `package name`
    pub package: Option<Ident>,
    pub stmts: Vec<Stmt>,
    /// All `NodeId`s are below this.
    pub node_count: u32,
}

/// A statement or declaration.
#[derive(Clone, Debug, PartialEq)]
pub struct Stmt {
    pub id: NodeId,
    pub span: Span,
    /// Comment lines directly before a declaration, markers removed.
    pub doc: Option<String>,
    pub kind: StmtKind,
}

/// `{ statements }`; the span includes the braces.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    pub id: NodeId,
    pub span: Span,
    pub stmts: Vec<Stmt>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum StmtKind {
    /// `let`/`var`
    Let(LetStmt),
    /// `x[i][j].f = e`
    Assign(AssignStmt),
    /// `fun f(..) {..}`
    Fun(Box<FunDecl>),
    Return(Option<Expr>),
    If(IfStmt),
    While {
        cond: Expr,
        body: Block,
    },
    For(ForStmt),
    Break,
    Continue,
    Expect(Expr),
    Test {
        name: StrLit,
        body: Block,
    },
    Bench {
        name: StrLit,
        body: Block,
    },
    Type(TypeDecl),
    Import(Import),
    Extern(Extern),
    Stream(StreamDecl),
    On(OnHandler),
    Emit {
        stream: Ident,
        fields: Vec<FieldInit>,
    },
    Agent(AgentDecl),
    Model {
        name: Ident,
        fields: Vec<FieldInit>,
    },
    Fact(Pred),
    Rule {
        head: Pred,
        body: Vec<LogicCond>,
    },
    /// `fetch url into x with opts`: declares or assigns `target`
    FetchInto {
        url: Expr,
        target: Ident,
        with: Option<Expr>,
    },
    /// `update xs set {..} where c`
    Update {
        target: Ident,
        set: Vec<MapEntry>,
        set_span: Span,
        cond: Option<Expr>,
    },
    Expr(Expr),
    /// What could not be parsed; a diagnostic says why.
    Error,
}

/// A string literal where the grammar demands one.
#[derive(Clone, Debug, PartialEq)]
pub struct StrLit {
    pub span: Span,
    pub value: Name,
}

#[derive(Clone, Debug, PartialEq)]
pub struct LetStmt {
    /// `var` rather than `let`
    pub mutable: bool,
    pub name: Ident,
    pub ty: Option<TypeExpr>,
    pub value: Option<Expr>,
}

/// `target{[index]}{.field} = value`; the checker resolves `target.id`.
#[derive(Clone, Debug, PartialEq)]
pub struct AssignStmt {
    pub target: Ident,
    /// Outermost first. The parser also accepts indexes after fields (a superset of the grammar).
    pub path: Vec<Access>,
    pub value: Expr,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Access {
    Index(Expr),
    Field(Ident),
}

/// A named function: top level, nested, method or intent.
#[derive(Clone, Debug, PartialEq)]
pub struct FunDecl {
    pub export: bool,
    pub name: Ident,
    pub sig: FunSig,
    pub body: Block,
}

/// What comes between the name and the body of a function.
#[derive(Clone, Debug, PartialEq)]
pub struct FunSig {
    pub generics: Vec<Ident>,
    pub params: Vec<Param>,
    pub ret: Option<TypeExpr>,
    /// `! io, fs`; None when absent
    pub effects: Option<Vec<Ident>>,
    /// From the first type parameter or `(` to the end of the result type.
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Param {
    pub name: Ident,
    pub ty: Option<TypeExpr>,
}

/// `if c {..} else if d {..} else {..}`, flat.
#[derive(Clone, Debug, PartialEq)]
pub struct IfStmt {
    /// At least one.
    pub branches: Vec<(Expr, Block)>,
    pub otherwise: Option<Block>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct ForStmt {
    pub var: Ident,
    pub source: ForSource,
    pub body: Block,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ForSource {
    /// `a..b`, half open
    Range(Expr, Expr),
    Each(Expr),
}

#[derive(Clone, Debug, PartialEq)]
pub struct TypeDecl {
    pub name: Ident,
    pub kind: TypeDeclKind,
}

#[derive(Clone, Debug, PartialEq)]
pub enum TypeDeclKind {
    Struct {
        fields: Vec<FieldDecl>,
        methods: Vec<FunDecl>,
    },
    /// Sum type; one variant is possible.
    Union(Vec<VariantDecl>),
    Alias(TypeExpr),
}

#[derive(Clone, Debug, PartialEq)]
pub struct FieldDecl {
    pub name: Ident,
    pub ty: TypeExpr,
}

#[derive(Clone, Debug, PartialEq)]
pub struct VariantDecl {
    pub name: Ident,
    pub fields: Vec<FieldDecl>,
    pub span: Span,
}

/// `import [lang] "path" [as x] [auto]`
#[derive(Clone, Debug, PartialEq)]
pub struct Import {
    pub lang: Option<Ident>,
    pub path: StrLit,
    pub alias: Option<Ident>,
    pub auto: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Extern {
    Type(Ident),
    Object(Ident),
    Var { mutable: bool, path: Vec<Ident>, ty: TypeExpr },
    Fun { path: Vec<Ident>, params: Vec<Param>, ret: Option<TypeExpr> },
}

#[derive(Clone, Debug, PartialEq)]
pub struct StreamDecl {
    pub name: Ident,
    pub fields: Vec<FieldDecl>,
}

/// `on S as e {..}`
#[derive(Clone, Debug, PartialEq)]
pub struct OnHandler {
    pub stream: Ident,
    pub var: Ident,
    pub body: Block,
}

#[derive(Clone, Debug, PartialEq)]
pub struct AgentDecl {
    pub name: Ident,
    pub members: Vec<AgentMember>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum AgentMember {
    /// State variable, in order of declaration.
    Let(LetStmt),
    Assign(AssignStmt),
    /// The `NodeId` names the handler as a function.
    On(NodeId, OnHandler),
    Intent(Box<FunDecl>),
}

/// `name(arg, ..)` of facts, rules and logic queries.
#[derive(Clone, Debug, PartialEq)]
pub struct Pred {
    pub name: Ident,
    pub args: Vec<LogicTerm>,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum LogicTerm {
    Var(Ident),
    Str(StrLit),
    Int(i64, Span),
}

#[derive(Clone, Debug, PartialEq)]
pub enum LogicCond {
    Pred(Pred),
    NotEqual(Ident, Ident),
}

/// `name: value` in struct literals, emit, model, generate.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldInit {
    pub name: Ident,
    pub value: Expr,
}

/// A type as written.
#[derive(Clone, Debug, PartialEq)]
pub struct TypeExpr {
    pub id: NodeId,
    pub span: Span,
    pub kind: TypeKind,
}

#[derive(Clone, Debug, PartialEq)]
pub enum TypeKind {
    Name(Name),
    Generic(Ident, Vec<TypeExpr>),
    Fun(Vec<TypeExpr>, Option<Box<TypeExpr>>),
    Record(Vec<FieldDecl>),
    /// `T?`
    Option(Box<TypeExpr>),
    Error,
}

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    pub id: NodeId,
    pub span: Span,
    /// 1 for a leaf, else 1 + the highest child (blocks of function expressions count as 1).
    pub height: u16,
    pub kind: ExprKind,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    Int(i64),
    Float(f64),
    Str(Name),
    Bool(bool),
    /// `none`, `null`, `nil` (see the source span for the spelling)
    None,
    /// A bare name; the checker resolves `Expr::id`.
    Ident(Name),
    /// `base.name`; a method call is a `Call` of this.
    Field {
        base: Box<Expr>,
        name: Ident,
    },
    /// `base?.name`
    OptField {
        base: Box<Expr>,
        name: Ident,
    },
    Index {
        base: Box<Expr>,
        index: Box<Expr>,
    },
    /// `base?[index]`
    OptIndex {
        base: Box<Expr>,
        index: Box<Expr>,
    },
    /// `base[from:to:step]`; the step is evaluated and ignored
    Slice {
        base: Box<Expr>,
        from: Option<Box<Expr>>,
        to: Option<Box<Expr>>,
        step: Option<Box<Expr>>,
    },
    /// Function call, method call, or positional variant construction.
    Call {
        callee: Box<Expr>,
        args: Vec<Expr>,
    },
    Cast {
        expr: Box<Expr>,
        ty: TypeExpr,
    },
    Unary {
        op: UnOp,
        expr: Box<Expr>,
    },
    Binary {
        op: BinOp,
        op_span: Span,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    List(Vec<Expr>),
    Map(Vec<MapEntry>),
    /// `Name { f: e }`: struct, variant, agent instance or (undeclared name) plain map; the checker resolves `name.id`.
    Struct {
        name: Ident,
        fields: Vec<FieldInit>,
    },
    Fun(Box<FunExpr>),
    /// `if c then a else b`, flat like the statement
    If {
        branches: Vec<(Expr, Expr)>,
        otherwise: Option<Box<Expr>>,
    },
    Match {
        value: Box<Expr>,
        arms: Vec<MatchArm>,
    },
    Query(Box<Query>),
    LogicQuery(Pred),
    Generate {
        target: Ident,
        fields: Vec<FieldInit>,
    },
    Fetch {
        url: Box<Expr>,
        with: Option<Box<Expr>>,
    },
    Load {
        path: Option<StrLit>,
        ty: TypeExpr,
        with: Option<Box<Expr>>,
    },
    Save {
        value: Box<Expr>,
        path: Option<StrLit>,
        with: Option<Box<Expr>>,
    },
    /// What could not be parsed; a diagnostic says why.
    Error,
}

#[derive(Clone, Debug, PartialEq)]
pub struct MapEntry {
    pub key: MapKey,
    pub value: Expr,
}

#[derive(Clone, Debug, PartialEq)]
pub enum MapKey {
    /// A bare identifier: the string of its name.
    Name(Ident),
    Expr(Expr),
}

#[derive(Clone, Debug, PartialEq)]
pub struct FunExpr {
    pub sig: FunSig,
    pub body: FunBody,
}

#[derive(Clone, Debug, PartialEq)]
pub enum FunBody {
    Block(Block),
    Expr(Expr),
}

#[derive(Clone, Debug, PartialEq)]
pub struct MatchArm {
    pub pattern: Pattern,
    pub body: ArmBody,
    pub span: Span,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ArmBody {
    Expr(Expr),
    /// Statements; the arm's value is null.
    Block(Block),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    pub id: NodeId,
    pub span: Span,
    pub kind: PatternKind,
}

#[derive(Clone, Debug, PartialEq)]
pub enum PatternKind {
    Wild,
    Int(i64),
    Float(f64),
    Str(Name),
    Bool(bool),
    None,
    /// By resolution of `Pattern::id`: a nullary variant (test), inside a constructor also a new variable (binds), at the top
    /// of an arm also an existing variable (compares).
    Name(Name),
    /// Positional fields; the checker resolves `name.id` to a variant.
    Variant {
        name: Ident,
        args: Vec<Pattern>,
    },
    Error,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnOp {
    Neg,
    Not,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinOp {
    Mul,
    Div,
    Rem,
    Add,
    Sub,
    Lt,
    Le,
    Gt,
    Ge,
    Eq,
    Ne,
    In,
    And,
    Or,
    /// `??`
    Coalesce,
    Union,
    UnionAll,
    Except,
    Intersect,
}

impl BinOp {
    /// The operator as written.
    pub fn text(self) -> &'static str {
        match self {
            BinOp::Mul => "*",
            BinOp::Div => "/",
            BinOp::Rem => "%",
            BinOp::Add => "+",
            BinOp::Sub => "-",
            BinOp::Lt => "<",
            BinOp::Le => "<=",
            BinOp::Gt => ">",
            BinOp::Ge => ">=",
            BinOp::Eq => "==",
            BinOp::Ne => "!=",
            BinOp::In => "in",
            BinOp::And => "&&",
            BinOp::Or => "||",
            BinOp::Coalesce => "??",
            BinOp::Union => "union",
            BinOp::UnionAll => "union all",
            BinOp::Except => "except",
            BinOp::Intersect => "intersect",
        }
    }

    /// Binding strength; higher binds tighter. All are left associative.
    pub fn precedence(self) -> u8 {
        match self {
            BinOp::Mul | BinOp::Div | BinOp::Rem => 8,
            BinOp::Add | BinOp::Sub => 7,
            BinOp::Lt | BinOp::Le | BinOp::Gt | BinOp::Ge => 6,
            BinOp::Eq | BinOp::Ne | BinOp::In => 5,
            BinOp::And => 4,
            BinOp::Or => 3,
            BinOp::Coalesce => 2,
            BinOp::Union | BinOp::UnionAll | BinOp::Except | BinOp::Intersect => 1,
        }
    }
}
