//! Effects: what functions do besides computing, inferred over the call graph; declared bounds, and predicates that must be pure.
//!
//! Left out: calls through function values, whose effects are unknown and taken for none.

use super::Checker;
use crate::ast::*;
use crate::builtins::Builtin;
use crate::checked::*;
use crate::diag::Diagnostic;

pub(super) const IO: u8 = 1;
pub(super) const FS: u8 = 2;
pub(super) const NET: u8 = 4;
pub(super) const TIME: u8 = 8;
pub(super) const META: u8 = 16;

const NAMES: &[(&str, u8)] = &[("io", IO), ("fs", FS), ("net", NET), ("time", TIME), ("meta", META)];

/// Why a function has effects.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cause {
    Calls(FunId),
    Own(u8),
}

/// A declared upper bound.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bound {
    pub fun: FunId,
    pub allowed: u8,
    pub span: Span,
    pub lambda: bool,
}

fn list(bits: u8) -> String {
    let names: Vec<&str> = NAMES.iter().filter(|n| bits & n.1 != 0).map(|n| n.0).collect();
    names.join(", ")
}

impl Checker<'_> {
    pub(super) fn note_effect(&mut self, bits: u8, span: Span) {
        self.calls.push((self.cur(), Cause::Own(bits), span));
    }

    pub(super) fn note_call(&mut self, r: &Resolution, span: Span) {
        let fun = match r {
            Resolution::Function(f)
            | Resolution::SiblingMethod(f)
            | Resolution::SiblingIntent(f)
            | Resolution::Method(_, f)
            | Resolution::Intent(_, f) => *f,
            Resolution::Local(v) => match self.var(*v).function {
                Some(f) => f,
                None => return,
            },
            _ => return,
        };
        self.calls.push((self.cur(), Cause::Calls(fun), span));
    }

    pub(super) fn note_builtin(&mut self, b: Builtin, span: Span) {
        let bits = match b {
            Builtin::Print | Builtin::Json | Builtin::Input => IO,
            Builtin::Now => TIME,
            Builtin::Eval | Builtin::Mem => META,
            _ => return,
        };
        self.note_effect(bits, span);
    }

    /// Note the bound of a signature.
    pub(super) fn note_bound(&mut self, fun: FunId, sig: &FunSig, lambda: bool) {
        let Some(effects) = &sig.effects else { return };
        let mut allowed = 0;
        for e in effects {
            match NAMES.iter().find(|n| n.0 == &*e.name) {
                Some(n) => allowed |= n.1,
                None => {
                    let d = Diagnostic::error("T066", e.span, format!("there is no effect `{}`", e.name));
                    self.error(d.help("effects are io, fs, net, time and meta"));
                }
            }
        }
        let span = effects.first().map_or(sig.span, |e| e.span);
        self.bounds.push(Bound { fun, allowed, span, lambda });
    }

    /// After everything: infer, and hold against bounds and pure zones.
    pub(super) fn check_effects(&mut self) {
        if self.bounds.is_empty() && self.pure_zones.is_empty() {
            return;
        }
        let mut effects = vec![0u8; self.functions.len()];
        loop {
            let mut changed = false;
            for (caller, cause, _) in &self.calls {
                let bits = match cause {
                    Cause::Own(b) => *b,
                    Cause::Calls(f) => effects.get(f.index()).copied().unwrap_or(0),
                };
                if let Some(e) = effects.get_mut(caller.index())
                    && *e | bits != *e
                {
                    *e |= bits;
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
        let of = |cause: &Cause| match cause {
            Cause::Own(b) => *b,
            Cause::Calls(f) => effects.get(f.index()).copied().unwrap_or(0),
        };
        let mut found = Vec::new();
        for bound in &self.bounds {
            let extra = effects.get(bound.fun.index()).copied().unwrap_or(0) & !bound.allowed;
            let place = self.calls.iter().find(|c| c.0 == bound.fun && of(&c.1) & extra != 0);
            if let Some((_, _, span)) = place {
                let code = if bound.lambda { "T065" } else { "T064" };
                let d = Diagnostic::error(
                    code,
                    *span,
                    format!("this has the effect {}, which the function's declaration does not allow", list(extra)),
                );
                found.push(
                    d.label(bound.span, "the allowed effects")
                        .help(format!("add it there: `! {}`", list(bound.allowed | extra))),
                );
            }
        }
        for (from, to, what) in &self.pure_zones {
            for (_, cause, span) in self.calls.iter().take(*to).skip(*from) {
                let bits = of(cause);
                if bits != 0 {
                    let d = Diagnostic::error(
                        "T044",
                        *span,
                        format!("`{what}` may only compute, but this has the effect {}", list(bits)),
                    );
                    found.push(d.help("a query may test its rows in any order and number; move the effect out of it"));
                    break;
                }
            }
        }
        for d in found {
            self.soft(d);
        }
    }
}
