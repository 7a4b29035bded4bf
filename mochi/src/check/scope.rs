//! Scopes, variables, captures: what a name means at a place.
//!
//! Invariant: a variable belongs to exactly one function; whoever mentions it from a function further in has it in its
//! `captures`, and so have all functions between. Globals, agent state and top-level functions are never captured.

use super::Checker;
use crate::ast::{Ident, Name, NodeId, Span};
use crate::checked::*;
use crate::types::Type;
use std::collections::HashMap;

/// One lexical scope.
#[derive(Debug, Default)]
pub(super) struct Scope {
    pub names: HashMap<Name, VarId>,
    /// Nested functions that are declared further down in this block.
    pub later: HashMap<Name, VarId>,
}

/// The function that is being checked.
#[derive(Debug)]
pub(super) struct FunCtx {
    pub id: FunId,
    /// Scopes below this index belong to enclosing functions.
    pub loop_depth: u32,
    pub generics: Vec<Name>,
    /// Declared result.
    pub ret: Option<Type>,
    /// Join of the types of all `return e`.
    pub returned: Option<Type>,
    pub method_of: Option<StructId>,
    pub agent: Option<AgentId>,
}

impl Checker<'_> {
    pub(super) fn push_scope(&mut self) {
        self.scopes.push(Scope::default());
    }

    pub(super) fn pop_scope(&mut self) {
        self.scopes.pop();
    }

    /// Run in a new scope.
    pub(super) fn scoped<T>(&mut self, f: impl FnOnce(&mut Self) -> T) -> T {
        self.push_scope();
        let r = f(self);
        self.pop_scope();
        r
    }

    pub(super) fn cur(&self) -> FunId {
        self.ctx.last().map_or(FunId(0), |c| c.id)
    }

    pub(super) fn in_main(&self) -> bool {
        self.ctx.len() <= 1
    }

    /// A new variable of the current function, not yet in scope.
    pub(super) fn new_var(&mut self, name: &Ident, kind: VarKind, mutable: bool, ty: Type) -> VarId {
        let id = VarId(self.variables.len() as u32);
        let owner = self.cur();
        let in_loop = self.ctx.last().is_some_and(|c| c.loop_depth > 0);
        let is_global = kind == VarKind::Global;
        self.variables.push(Variable {
            name: name.name.clone(),
            kind,
            span: name.span,
            mutable,
            ty,
            annotated: false,
            owner,
            is_global,
            captured: false,
            assigned: false,
            assigned_in_closure: false,
            element_assigned: false,
            in_loop,
            hoisted: false,
            function: None,
            unused: true,
        });
        if let Some(f) = self.functions.get_mut(owner.index()) {
            f.locals.push(id);
        }
        self.resolve(name.id, if is_global { Resolution::Global(id) } else { Resolution::Local(id) });
        id
    }

    /// A new variable in the innermost scope.
    pub(super) fn declare(&mut self, name: &Ident, kind: VarKind, mutable: bool, ty: Type) -> VarId {
        let id = self.new_var(name, kind, mutable, ty);
        self.bind(name.name.clone(), id);
        id
    }

    pub(super) fn bind(&mut self, name: Name, id: VarId) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.names.insert(name, id);
        }
    }

    pub(super) fn resolve(&mut self, id: NodeId, r: Resolution) {
        if let Some(slot) = self.resolutions.get_mut(id.index()) {
            *slot = Some(r);
        }
    }

    /// The variable of that name in scope here, innermost first; main sees a global only below its declaration.
    pub(super) fn find_var(&self, name: &str) -> Option<VarId> {
        for scope in self.scopes.iter().rev() {
            if let Some(id) = scope.names.get(name) {
                return Some(*id);
            }
        }
        let id = *self.globals.get(name)?;
        (!self.in_main() || self.declared_globals.contains(&id)).then_some(id)
    }

    /// A nested function that is declared further down, callable from the functions before it.
    pub(super) fn find_later(&self, name: &str) -> Option<VarId> {
        self.scopes.iter().rev().find_map(|s| s.later.get(name).copied())
    }

    /// Note a mention of `var` in the current function.
    pub(super) fn mention(&mut self, var: VarId) {
        let cur = self.cur();
        let Some(v) = self.variables.get_mut(var.index()) else { return };
        v.unused = false;
        let owner = v.owner;
        if v.is_global {
            v.captured |= owner != cur;
            return;
        }
        if owner == cur || matches!(v.kind, VarKind::AgentState(_)) {
            return;
        }
        v.captured = true;
        let mut at = Some(cur);
        while let Some(f) = at.filter(|f| *f != owner).and_then(|f| self.functions.get_mut(f.index())) {
            if !f.captures.contains(&var) {
                f.captures.push(var);
            }
            at = f.parent;
        }
    }

    /// Note an assignment to `var` (or into it) in the current function.
    pub(super) fn note_assigned(&mut self, var: VarId, element: bool) {
        let cur = self.cur();
        self.mention(var);
        if let Some(v) = self.variables.get_mut(var.index()) {
            v.element_assigned |= element;
            v.assigned |= !element;
            v.assigned_in_closure |= !element && v.owner != cur;
        }
    }

    pub(super) fn var(&self, id: VarId) -> &Variable {
        &self.variables[id.index()]
    }

    /// `Local` or `Global`.
    pub(super) fn var_resolution(&self, id: VarId) -> Resolution {
        if self.var(id).is_global { Resolution::Global(id) } else { Resolution::Local(id) }
    }

    /// A function whose body is checked later or now; its variables come with `enter`.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn new_fun(
        &mut self,
        name: Option<Name>,
        kind: FunKind,
        node: NodeId,
        span: Span,
        parent: Option<FunId>,
    ) -> FunId {
        let id = FunId(self.functions.len() as u32);
        self.functions.push(Function {
            name,
            kind,
            node,
            span,
            export: false,
            generics: Vec::new(),
            params: Vec::new(),
            locals: Vec::new(),
            captures: Vec::new(),
            parent,
            param_types: Vec::new(),
            ret: Type::Any,
            ret_annotated: false,
            returns_value: false,
            var: None,
        });
        self.function_of.insert(node, id);
        id
    }

    /// Names that can be seen from here, for suggestions.
    pub(super) fn visible_names(&self) -> Vec<Name> {
        let mut names: Vec<Name> = self.scopes.iter().flat_map(|s| s.names.keys().cloned()).collect();
        names.extend(
            self.globals
                .iter()
                .filter(|(_, id)| !self.in_main() || self.declared_globals.contains(id))
                .map(|(n, _)| n.clone()),
        );
        names.extend(self.top_functions.keys().cloned());
        names.extend(self.variants.keys().cloned());
        names
    }
}

/// The name closest to `wanted` by edit distance, if it is close enough to be a slip.
pub(super) fn closest<'n>(wanted: &str, names: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let limit = match wanted.chars().count() {
        0..=2 => return None,
        3..=5 => 1,
        _ => 2,
    };
    let mut best: Option<(usize, &str)> = None;
    for name in names {
        let d = if name.eq_ignore_ascii_case(wanted) { 0 } else { distance(wanted, name, limit) };
        // Ties go to the alphabetically first, so messages do not depend on hash order.
        if d <= limit && name != wanted && best.is_none_or(|b| (d, name) < b) {
            best = Some((d, name));
        }
    }
    best.map(|b| b.1)
}

/// Edit distance with swaps of neighbours, at most `limit + 1`.
fn distance(a: &str, b: &str, limit: usize) -> usize {
    let a: Vec<char> = a.chars().take(40).collect();
    let b: Vec<char> = b.chars().take(40).collect();
    if a.len().abs_diff(b.len()) > limit {
        return limit + 1;
    }
    let width = b.len() + 1;
    let mut rows: Vec<Vec<usize>> = vec![(0..width).collect()];
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let up = rows.get(i).and_then(|r| r.get(j + 1)).copied().unwrap_or(usize::MAX - 1);
            let diagonal = rows.get(i).and_then(|r| r.get(j)).copied().unwrap_or(usize::MAX - 1);
            let left = row.get(j).copied().unwrap_or(usize::MAX - 1);
            let mut d = (up + 1).min(left + 1).min(diagonal + usize::from(x != y));
            if i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x) {
                d = d.min(rows.get(i - 1).and_then(|r| r.get(j - 1)).copied().unwrap_or(usize::MAX - 1) + 1);
            }
            row.push(d);
        }
        rows.push(row);
    }
    rows.last().and_then(|r| r.last()).copied().unwrap_or(usize::MAX)
}
