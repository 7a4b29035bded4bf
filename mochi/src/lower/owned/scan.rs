//! First pass of the analysis: where variables are mentioned and declared, and which assignments go through a path.

use super::{Mentions, PathAssign};
use crate::ast::{self, AgentMember, Expr, ExprKind, NodeId, Span, Stmt, StmtKind};
use crate::checked::{Checked, FunId, Resolution, VarId};
use crate::lower::plan::Visit;
use std::collections::{HashMap, HashSet};

/// First pass: mentions and loops, path assignments.
pub(super) struct Scan<'a> {
    pub c: &'a Checked,
    pub mentions: HashMap<VarId, Mentions>,
    pub loops: Vec<(Span, u32)>,
    pub assigns: Vec<PathAssign>,
    pub siblings: HashSet<FunId>,
    pub updates: bool,
}

impl<'a> Scan<'a> {
    fn loop_at(&self, at: u32) -> u32 {
        // Innermost: the last one that starts before and ends after.
        self.loops.iter().rev().find(|(s, _)| s.start <= at && at < s.end).map_or(0, |l| l.1)
    }
    fn mention(&mut self, id: NodeId, span: Span) {
        if let Some(v) = self.c.var_at(id) {
            let at = self.loop_at(span.start);
            let m = self.mentions.entry(v).or_default();
            if m.last.is_none_or(|l| l.1 <= span.start) {
                m.last = Some((id, span.start, at));
            }
        }
    }
    fn body(&mut self, span: Span) {
        let n = self.loops.len() as u32 + 1;
        self.loops.push((span, n));
    }
}

impl<'a> Visit<'a> for Scan<'a> {
    fn stmt(&mut self, s: &'a Stmt) {
        match &s.kind {
            StmtKind::Let(l) => {
                let at = self.loop_at(l.name.span.start);
                if let Some(v) = self.c.var_at(l.name.id) {
                    self.mentions.entry(v).or_default().declared = Some(at);
                }
            }
            StmtKind::Assign(a) => {
                self.mention(a.target.id, a.target.span);
                self.assign(a, s.span);
            }
            StmtKind::While { .. } => self.body(s.span),
            StmtKind::For(f) => self.body(f.body.span),
            StmtKind::Update { target, .. } => {
                self.updates = true;
                self.mention(target.id, target.span);
            }
            StmtKind::FetchInto { target, .. } => self.mention(target.id, target.span),
            _ => {}
        }
    }
    fn member(&mut self, m: &'a AgentMember) {
        if let AgentMember::Assign(a) = m {
            self.assign(a, a.target.span.to(a.value.span));
        }
    }
    fn expr(&mut self, e: &'a Expr) {
        match &e.kind {
            ExprKind::Ident(_) => {
                self.mention(e.id, e.span);
                if let Some(Resolution::SiblingIntent(f)) = self.c.resolution(e.id) {
                    self.siblings.insert(*f);
                }
            }
            // A closure or a query may run its parts many times.
            ExprKind::Fun(_) | ExprKind::Query(_) => self.body(e.span),
            _ => {}
        }
    }
}

impl<'a> Scan<'a> {
    fn assign(&mut self, a: &'a ast::AssignStmt, span: Span) {
        if !a.path.is_empty()
            && let Some(root) = self.c.var_at(a.target.id)
        {
            self.assigns.push(PathAssign { root, span });
        }
    }
}
