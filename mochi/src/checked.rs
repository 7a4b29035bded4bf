//! What the checker hands to the code generator: the syntax tree, and tables that say what names mean and what types
//! expressions have.
//!
//! Invariants: a `Checked` exists only for programs without error diagnostics; every id in a table is an index into
//! the table of its kind; every expression node has a type (perhaps `any`); every mention of a variable, function, type or built-in has
//! a resolution, keyed by the `NodeId` that the variants of [`Resolution`] name.
//!
//! Left out: anything about registers, closures' layout or processes.

use crate::ast::{Name, NodeId, Program, Span};
use crate::builtins::{Builtin, PseudoMethod};
use crate::types::Type;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);
        impl $name {
            /// As an index into its table.
            pub fn index(self) -> usize { self.0 as usize }
        }
    )+};
}

ids! {
    /// Into [`Checked::variables`].
    VarId,
    /// Into [`Checked::functions`].
    FunId,
    /// Into [`Checked::structs`].
    StructId,
    /// Into [`Checked::unions`].
    UnionId,
    /// Into [`Checked::streams`].
    StreamId,
    /// Into [`Checked::agents`].
    AgentId,
    /// Into [`Checked::imports`].
    ImportId,
    /// Into [`Checked::externs`].
    ExternId,
}

/// What a mention of a name means.
///
/// Keys: `Expr::id` of an `ExprKind::Ident`, and of an `ExprKind::Field` where a whole path or a method is meant; `Ident::id` of
/// assignment, update and fetch targets, of struct-literal names, of stream names in `on`/`emit`, and of every declared variable
/// (its own `VarId`); `Pattern::id` of a `PatternKind::Name` and `name.id` of a `PatternKind::Variant`.
#[derive(Clone, Debug, PartialEq)]
pub enum Resolution {
    /// A variable of a function, block, query, pattern, agent, receiver.. (see [`VarKind`]).
    Local(VarId),
    /// A top-level variable.
    Global(VarId),
    /// A top-level function. Nested functions are `Local` with [`Variable::function`] set.
    Function(FunId),
    Builtin(Builtin),
    /// A variant: a nullary value, a constructor, or a pattern.
    Variant(UnionId, u32),
    Struct(StructId),
    /// `A {}`
    Agent(AgentId),
    Stream(StreamId),
    /// The bare name of an import.
    Module(ImportId),
    /// `alias.member` of an imported foreign or Mochi module, on the `Field` node.
    ForeignMember {
        import: ImportId,
        member: Name,
    },
    /// `strings.ToUpper` and the like, without an import.
    ImplicitForeign {
        module: Name,
        member: Name,
    },
    /// A declared `extern`.
    Extern(ExternId),
    /// On the `Field` node that a call has as callee: method of a struct, receiver is the base.
    Method(StructId, FunId),
    /// Bare name of a sibling method inside a method: same receiver.
    SiblingMethod(FunId),
    /// On the `Field` node that a call has as callee.
    Intent(AgentId, FunId),
    /// Bare name of an intent inside its agent: same instance.
    SiblingIntent(FunId),
    /// On the `Field` node that a call has as callee: `s.contains(x)`, `m.keys()`.
    PseudoMethod(PseudoMethod),
    /// On a `Field` node: `g.key`.
    GroupKey(VarId),
    /// On a `Field` node: `g.items`.
    GroupItems(VarId),
    /// A bare name after `group by` that means a field of the group's key.
    GroupKeyField(VarId, Name),
    /// A `Name {..}` literal whose name is not declared: a plain map.
    PlainMap,
    /// A name that nobody declares, accepted with a warning: null.
    Unknown,
}

/// How a variable comes into being.
#[derive(Clone, Debug, PartialEq)]
pub enum VarKind {
    Global,
    Local,
    Param,
    /// `for` variable, fresh at each iteration.
    Loop,
    /// Bound by a constructor pattern.
    Pattern,
    /// `from x in`, `join x in`: one row.
    QueryRow,
    /// `into g`
    Group,
    /// A nested named function.
    NestedFunction,
    /// Field of the receiver inside a method: index into [`StructInfo::fields`]. A fresh copy of the field per call.
    ReceiverField(StructId, u32),
    /// Field of the element inside `update`.
    UpdateField(StructId, u32),
    /// Field of the element inside `update` of a list of unknown type.
    DynamicUpdateField,
    /// `var` of an agent.
    AgentState(AgentId),
    /// `as e` of a handler.
    Event(StreamId),
}

/// One variable.
#[derive(Clone, Debug)]
pub struct Variable {
    pub name: Name,
    pub kind: VarKind,
    /// Where its name is declared.
    pub span: Span,
    /// May it be assigned?
    pub mutable: bool,
    /// Declared or inferred; `any` when redeclared with another type.
    pub ty: Type,
    /// Did the source write the type?
    pub annotated: bool,
    /// The function that it is a variable of; `Checked::main` for top-level code.
    pub owner: FunId,
    pub is_global: bool,
    /// Mentioned by a function inside its owner (globals: by any function but main).
    pub captured: bool,
    /// Assigned (the variable itself, `x = ..`, `x[i] = ..` counts too) after its declaration, anywhere.
    pub assigned: bool,
    /// Assigned by a function other than its owner.
    pub assigned_in_closure: bool,
    /// Target of `x[i] = ..`, `x.f = ..` or `update`.
    pub element_assigned: bool,
    /// Declared inside a loop body of its owner (so: fresh per iteration when captured).
    pub in_loop: bool,
    /// A nested function that a function before it mentions: it needs its cell at the start of its block.
    pub hoisted: bool,
    /// For nested named functions.
    pub function: Option<FunId>,
    /// Never mentioned after its declaration.
    pub unused: bool,
}

/// What kind of body a function is.
#[derive(Clone, Debug, PartialEq)]
pub enum FunKind {
    /// Top-level code; `Checked::main`.
    Main,
    TopLevel,
    Nested,
    Lambda,
    Method(StructId),
    Intent(AgentId),
    /// `on S as e` at top level (None) or in an agent.
    Handler(StreamId, Option<AgentId>),
}

/// One function body.
#[derive(Clone, Debug)]
pub struct Function {
    /// None for lambdas, main and handlers.
    pub name: Option<Name>,
    pub kind: FunKind,
    /// Id of the `Stmt` (top-level, nested, top-level handler), of the `FunDecl`'s name (methods, intents), of the `Expr`
    /// (lambdas) or of the `AgentMember::On`.
    pub node: NodeId,
    pub span: Span,
    pub export: bool,
    pub generics: Vec<Name>,
    /// In order; for handlers the event variable.
    pub params: Vec<VarId>,
    /// All variables that this function owns, parameters included, in order of declaration.
    pub locals: Vec<VarId>,
    /// Non-global variables of enclosing functions that this function or a function inside it mentions, in order of first mention.
    pub captures: Vec<VarId>,
    /// The enclosing function.
    pub parent: Option<FunId>,
    /// Parameter types.
    pub param_types: Vec<Type>,
    /// Declared result type, else `any`.
    pub ret: Type,
    /// Did the source write a result type?
    pub ret_annotated: bool,
    /// Contains `return` with a value.
    pub returns_value: bool,
    /// For nested functions: the variable that holds it.
    pub var: Option<VarId>,
}

/// A field of a struct, variant or stream.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldInfo {
    pub name: Name,
    pub ty: Type,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct StructInfo {
    pub name: Name,
    pub node: NodeId,
    pub span: Span,
    pub fields: Vec<FieldInfo>,
    pub methods: Vec<(Name, FunId)>,
}

#[derive(Clone, Debug)]
pub struct UnionInfo {
    pub name: Name,
    pub node: NodeId,
    pub span: Span,
    pub variants: Vec<VariantInfo>,
}

#[derive(Clone, Debug)]
pub struct VariantInfo {
    pub name: Name,
    pub span: Span,
    pub fields: Vec<FieldInfo>,
}

#[derive(Clone, Debug)]
pub struct StreamInfo {
    pub name: Name,
    pub node: NodeId,
    pub span: Span,
    pub fields: Vec<FieldInfo>,
}

#[derive(Clone, Debug)]
pub struct AgentInfo {
    pub name: Name,
    pub node: NodeId,
    pub span: Span,
    /// State variables in order; their initialisers run at instantiation, in the agent's `members` order.
    pub state: Vec<VarId>,
    pub intents: Vec<(Name, FunId)>,
    pub handlers: Vec<(StreamId, FunId)>,
}

#[derive(Clone, Debug)]
pub struct ImportInfo {
    /// None: a Mochi package.
    pub lang: Option<Name>,
    pub path: Name,
    pub alias: Name,
    pub auto: bool,
    pub node: NodeId,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct ExternInfo {
    /// Dotted path as declared.
    pub path: Vec<Name>,
    pub ty: Type,
    pub is_function: bool,
    /// The import that the path starts with.
    pub import: Option<ImportId>,
    pub node: NodeId,
    pub span: Span,
}

/// A checked program.
#[derive(Clone, Debug)]
pub struct Checked {
    pub program: Program,
    /// By `NodeId`: the type of every expression (others: `Type::Any`).
    pub types: Vec<Type>,
    /// By `NodeId`.
    pub resolutions: Vec<Option<Resolution>>,
    /// By `NodeId`: the function that a node in [`Function::node`] is.
    pub function_of: std::collections::HashMap<NodeId, FunId>,
    /// By `NodeId` of a `TypeExpr`: what it means.
    pub type_exprs: std::collections::HashMap<NodeId, Type>,
    pub variables: Vec<Variable>,
    pub functions: Vec<Function>,
    pub structs: Vec<StructInfo>,
    pub unions: Vec<UnionInfo>,
    pub streams: Vec<StreamInfo>,
    pub agents: Vec<AgentInfo>,
    pub imports: Vec<ImportInfo>,
    pub externs: Vec<ExternInfo>,
    /// The function that top-level code is.
    pub main: FunId,
}

impl Checked {
    /// Type of an expression, `any` when there is none.
    pub fn type_of(&self, id: NodeId) -> &Type {
        self.types.get(id.index()).unwrap_or(&Type::Any)
    }
    /// What the name at `id` means.
    pub fn resolution(&self, id: NodeId) -> Option<&Resolution> {
        self.resolutions.get(id.index()).and_then(Option::as_ref)
    }
    /// A variable. Ids come from this program's own tables.
    pub fn variable(&self, id: VarId) -> &Variable {
        &self.variables[id.index()]
    }
    /// A function. Ids come from this program's own tables.
    pub fn function(&self, id: FunId) -> &Function {
        &self.functions[id.index()]
    }
    /// The variable that the `Ident` with this id declares or mentions.
    pub fn var_at(&self, id: NodeId) -> Option<VarId> {
        match self.resolution(id)? {
            Resolution::Local(v) | Resolution::Global(v) => Some(*v),
            _ => None,
        }
    }
    /// The function that the node (see [`Function::node`]) is.
    pub fn fun_at(&self, id: NodeId) -> Option<FunId> {
        self.function_of.get(&id).copied()
    }
}
