//! What an editor asks about a program: what is at a place, where it is declared and mentioned, what can be written there.
//!
//! Works on texts with mistakes as far as the parser and checker come. Places are byte offsets. Pure; the protocol of editors is another's affair.

mod index;

use crate::ast::{FunDecl, Span};
use crate::builtins::Builtin;
use crate::checked::{AgentId, Checked, FunId, StreamId, StructId, UnionId, VarId, VarKind};
use crate::diag::Diagnostic;
use crate::types::Type;
use crate::{Options, lex};
use index::Index;
use std::collections::BTreeMap;

/// What a name means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Var(VarId),
    Fun(FunId),
    Builtin(Builtin),
    Struct(StructId),
    Union(UnionId),
    Variant(UnionId, u32),
    Stream(StreamId),
    Agent(AgentId),
}

/// A kind of thing that can be written at a place, or that a file declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SymbolKind {
    Variable,
    Function,
    Method,
    Field,
    Type,
    Variant,
    Stream,
    Agent,
    Keyword,
}

/// A suggestion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    pub name: String,
    pub kind: SymbolKind,
    /// Its type, in short.
    pub detail: String,
}

/// A declaration, for an outline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    pub name: String,
    pub kind: SymbolKind,
    pub span: Span,
    pub whole: Span,
}

/// One text, looked at once.
pub struct Analysis {
    source: String,
    diagnostics: Vec<Diagnostic>,
    checked: Checked,
    index: Index,
}

impl Analysis {
    /// Looks at a text.
    pub fn new(source: &str, file: &str, options: &Options) -> Analysis {
        let (checked, diagnostics) = crate::analyse(source, file, options);
        let index = Index::of(&checked);
        Analysis { source: source.to_owned(), diagnostics, checked, index }
    }

    /// Everything that is to be told.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// The name at a place, and what it means.
    pub fn target(&self, at: u32) -> Option<(Span, Target)> {
        let checked = &self.checked;
        if let Some(found) = self.index.at(at) {
            return Some(found);
        }
        // Names of types stand in places that no resolution is kept for.
        let (span, name) = self.word(at)?;
        let target = if let Some(i) = checked.structs.iter().position(|s| &*s.name == name) {
            Target::Struct(StructId(i as u32))
        } else if let Some(i) = checked.unions.iter().position(|u| &*u.name == name) {
            Target::Union(UnionId(i as u32))
        } else if let Some(i) = checked.streams.iter().position(|s| &*s.name == name) {
            Target::Stream(StreamId(i as u32))
        } else if let Some(i) = checked.agents.iter().position(|a| &*a.name == name) {
            Target::Agent(AgentId(i as u32))
        } else {
            return None;
        };
        Some((span, target))
    }

    fn word(&self, at: u32) -> Option<(Span, &str)> {
        let tokens = lex::lex(&self.source).tokens;
        let t = tokens.into_iter().find(|t| t.span.touches(at) && matches!(t.tok, lex::Tok::Ident(_)))?;
        Some((t.span, self.source.get(t.span.start as usize..t.span.end as usize)?))
    }

    /// Where a thing's name is declared; nothing for what every program has.
    pub fn declaration(&self, target: Target) -> Option<Span> {
        let (c, index) = (&self.checked, &self.index);
        match target {
            Target::Var(v) => Some(c.variable(v).span),
            Target::Fun(f) => index.functions.get(&f).map(|f| f.0),
            Target::Builtin(_) => None,
            Target::Struct(_) | Target::Union(_) | Target::Stream(_) | Target::Agent(_) | Target::Variant(..) => {
                index.declared.iter().find(|d| d.1 == target).map(|d| d.0)
            }
        }
    }

    /// All places of a thing's name in the text, its declaration too, in order.
    pub fn mentions(&self, target: Target) -> Vec<Span> {
        let mut all: Vec<Span> = self.index.mentions.iter().filter(|m| m.1 == target).map(|m| m.0).collect();
        if let Some(name) = self.type_name(target) {
            // Types are mentioned where only their names tell.
            for t in lex::lex(&self.source).tokens {
                if matches!(&t.tok, lex::Tok::Ident(n) if **n == *name)
                    && self.target(t.span.start).is_some_and(|f| f.1 == target)
                {
                    all.push(t.span);
                }
            }
        }
        all.extend(self.declaration(target));
        all.sort();
        all.dedup();
        all
    }

    fn type_name(&self, target: Target) -> Option<String> {
        let c = &self.checked;
        Some(match target {
            Target::Struct(i) => c.structs.get(i.index())?.name.to_string(),
            Target::Union(i) => c.unions.get(i.index())?.name.to_string(),
            Target::Stream(i) => c.streams.get(i.index())?.name.to_string(),
            Target::Agent(i) => c.agents.get(i.index())?.name.to_string(),
            _ => return None,
        })
    }

    /// What to show about the name at a place: Mochi text, then perhaps the comment of its declaration.
    pub fn hover(&self, at: u32) -> Option<(Span, String, Option<String>)> {
        let (span, target) = self.target(at)?;
        let (c, index) = (&self.checked, &self.index);
        let fields = |fs: &[crate::checked::FieldInfo]| {
            let all: Vec<String> = fs.iter().map(|f| format!("{}: {}", f.name, f.ty)).collect();
            all.join(", ")
        };
        let (text, doc) = match target {
            Target::Var(v) => {
                let var = c.variable(v);
                match var.function {
                    Some(f) => (signature(c, f), None),
                    None => {
                        let word = match var.kind {
                            VarKind::Param => "parameter",
                            VarKind::Loop
                            | VarKind::QueryRow
                            | VarKind::Group
                            | VarKind::Pattern
                            | VarKind::Event(_) => "let",
                            VarKind::ReceiverField(..) | VarKind::UpdateField(..) | VarKind::DynamicUpdateField => {
                                "field"
                            }
                            _ if var.mutable => "var",
                            _ => "let",
                        };
                        (format!("{word} {}: {}", var.name, var.ty), None)
                    }
                }
            }
            Target::Fun(f) => (signature(c, f), index.functions.get(&f).and_then(|f| f.1.clone())),
            Target::Builtin(b) => (builtin(b), None),
            Target::Struct(i) => {
                let s = c.structs.get(i.index())?;
                (format!("type {} {{ {} }}", s.name, fields(&s.fields)), None)
            }
            Target::Union(i) => {
                let u = c.unions.get(i.index())?;
                let all: Vec<String> =
                    u.variants.iter().map(|v| format!("{}({})", v.name, fields(&v.fields))).collect();
                (format!("type {} = {}", u.name, all.join(" | ").replace("()", "")), None)
            }
            Target::Variant(u, i) => {
                let u = c.unions.get(u.index())?;
                let v = u.variants.get(i as usize)?;
                (format!("{}({}): {}", v.name, fields(&v.fields), u.name).replace("()", ""), None)
            }
            Target::Stream(i) => {
                let s = c.streams.get(i.index())?;
                (format!("stream {} {{ {} }}", s.name, fields(&s.fields)), None)
            }
            Target::Agent(i) => (format!("agent {}", c.agents.get(i.index())?.name), None),
        };
        let doc = doc.or_else(|| index.docs.get(&self.declaration(target)?).cloned());
        Some((span, text, doc))
    }

    /// What could be written at a place: after a dot the members of what is before it, else names in sight, built-ins and keywords.
    pub fn completions(&self, at: u32) -> Vec<Completion> {
        let before = self.source.get(..at as usize).unwrap_or_default();
        let stem = before.trim_end_matches(|c: char| c.is_alphanumeric() || c == '_');
        let mut found: BTreeMap<String, Completion> = BTreeMap::new();
        let mut add = |name: &str, kind: SymbolKind, detail: String| {
            found.entry(name.to_owned()).or_insert(Completion { name: name.to_owned(), kind, detail });
        };
        if let Some(base) = stem.strip_suffix('.') {
            let end = base.trim_end().len() as u32;
            self.members(end, &mut add);
            return found.into_values().collect();
        }
        let (c, index) = (&self.checked, &self.index);
        let inside = |f: FunId| f == c.main || index.ranges.get(&f).is_some_and(|r| r.touches(at));
        for v in &c.variables {
            let visible = v.is_global || inside(v.owner) && v.span.start < at;
            if visible && !matches!(v.kind, VarKind::DynamicUpdateField) {
                let kind = if v.function.is_some() { SymbolKind::Function } else { SymbolKind::Variable };
                add(&v.name, kind, v.ty.to_string());
            }
        }
        for f in index.functions.keys() {
            let fun = c.function(*f);
            if let (Some(name), crate::checked::FunKind::TopLevel) = (&fun.name, &fun.kind) {
                add(name, SymbolKind::Function, signature(c, *f));
            }
        }
        c.structs.iter().for_each(|s| add(&s.name, SymbolKind::Type, "type".into()));
        c.streams.iter().for_each(|s| add(&s.name, SymbolKind::Stream, "stream".into()));
        c.agents.iter().for_each(|a| add(&a.name, SymbolKind::Agent, "agent".into()));
        for u in &c.unions {
            add(&u.name, SymbolKind::Type, "type".into());
            u.variants.iter().for_each(|v| add(&v.name, SymbolKind::Variant, u.name.to_string()));
        }

        Builtin::ALL.iter().for_each(|b| add(b.name(), SymbolKind::Function, builtin(*b)));
        lex::KEYWORDS.iter().for_each(|k| add(k, SymbolKind::Keyword, String::new()));
        found.into_values().collect()
    }

    fn members(&self, end: u32, add: &mut dyn FnMut(&str, SymbolKind, String)) {
        let c = &self.checked;
        let Some((_, Target::Var(v))) = self.target(end) else { return };
        let fields = |fs: &[crate::checked::FieldInfo], add: &mut dyn FnMut(&str, SymbolKind, String)| {
            fs.iter().for_each(|f| add(&f.name, SymbolKind::Field, f.ty.to_string()));
        };
        match c.variable(v).ty.unwrapped() {
            Type::Struct(s, _) => {
                let Some(s) = c.structs.get(s.index()) else { return };
                fields(&s.fields, add);
                s.methods.iter().for_each(|(n, f)| add(n, SymbolKind::Method, signature(c, *f)));
            }
            Type::Variant(u, i, _) => {
                let variant = c.unions.get(u.index()).and_then(|u| u.variants.get(*i as usize));
                variant.iter().for_each(|v| fields(&v.fields, add));
            }
            Type::Stream(s, _) => {
                c.streams.get(s.index()).iter().for_each(|s| fields(&s.fields, add));
            }
            Type::Record(fs) => fs.iter().for_each(|(n, t)| add(n, SymbolKind::Field, t.to_string())),
            Type::Agent(a, _) => {
                let Some(a) = c.agents.get(a.index()) else { return };
                a.intents.iter().for_each(|(n, f)| add(n, SymbolKind::Method, signature(c, *f)));
            }
            Type::Group(k, r) => {
                add("key", SymbolKind::Field, k.to_string());
                add("items", SymbolKind::Field, format!("[{r}]"));
            }
            Type::String | Type::List(_) => add("contains", SymbolKind::Method, "fun(any): bool".into()),
            Type::Map(k, v) => {
                add("keys", SymbolKind::Method, format!("fun(): [{k}]"));
                add("get", SymbolKind::Method, format!("fun({k}, {v}): {v}"));
            }
            _ => {}
        }
    }

    /// What the file declares, in order.
    pub fn symbols(&self) -> Vec<Symbol> {
        self.index.symbols.clone()
    }

    /// Can the thing have another name, and is this a name?
    pub fn renamed(&self, target: Target, name: &str) -> Result<Vec<Span>, String> {
        let lexed = lex::lex(name);
        let [one, _end] = &lexed.tokens[..] else { return Err(format!("`{name}` is not a name")) };
        if !matches!(&one.tok, lex::Tok::Ident(n) if **n == *name) {
            return Err(format!("`{name}` is not a name that a program may give"));
        }
        if self.declaration(target).is_none() {
            return Err("this belongs to every program and keeps its name".to_owned());
        }
        Ok(self.mentions(target))
    }
}

/// `fun f(a: int): int`
fn signature(c: &Checked, f: FunId) -> String {
    let fun = c.function(f);
    let params: Vec<String> =
        fun.params.iter().map(|p| format!("{}: {}", c.variable(*p).name, c.variable(*p).ty)).collect();
    let ret = if fun.ret_annotated || fun.returns_value { format!(": {}", fun.ret) } else { String::new() };
    format!("fun {}({}){ret}", fun.name.as_deref().unwrap_or_default(), params.join(", "))
}

fn builtin(b: Builtin) -> String {
    let args = match b.arity() {
        (a, m) if a == m => {
            (0..a).map(|i| ["a", "b", "c"].get(usize::from(i)).copied().unwrap_or("x")).collect::<Vec<_>>().join(", ")
        }
        (_, 255) => "..".to_owned(),
        (a, m) => format!("{a} to {m} arguments"),
    };
    format!("built-in {}({args}): {}", b.name(), b.result(&[]))
}

/// Doc comments and name of a declared function.
pub(crate) fn of_function(f: &FunDecl, doc: Option<&String>) -> (Span, Option<String>) {
    (f.name.span, doc.cloned())
}
