//! Where a match can begin: anchors, a known first character, a character that must come, as PCRE works them out. They are
//! more than a matter of speed, since `(*COMMIT)` and the match limit make it visible which starts are tried.

use crate::ast::{Alt, Cond, Group, Kind, Look, Needed, Node, Pattern, UNBOUNDED};
use crate::chars::{self, Low};
use crate::options::opt;
use crate::unicode;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum First {
    Unknown,
    Byte(u8),
    Either(u8, u8),
    /// Only at the start of a line.
    Line,
    /// One of these bytes. PCRE would need `pcre_study` for that, which OTP doesn't call.
    Set(Box<Low>),
}

#[derive(Clone, Debug)]
pub struct StartInfo {
    pub anchored: bool,
    pub first: First,
    /// A byte that must come, in both cases.
    pub required: Option<(u8, u8)>,
    pub no_optimize: bool,
    pub first_line: bool,
    pub has_crlf: bool,
}

impl StartInfo {
    pub fn has_first(&self) -> bool {
        matches!(self.first, First::Byte(_) | First::Either(..))
    }
}

pub fn analyse(p: &Pattern) -> StartInfo {
    let alts = &p.root.alts;
    let walk = Walk { backref_map: p.backref_map, had_prune_or_skip: p.had_prune_or_skip };
    let utf = p.options & opt::UTF != 0;
    let anchored = p.options & opt::ANCHORED != 0 || walk.anchored(alts, 0, 0);
    let no_optimize = p.options & opt::NO_START_OPTIMIZE != 0;
    let mut first = First::Unknown;
    if !anchored {
        let known = if p.first.is_set() { Some(p.first) } else { asserted(alts, false, utf) };
        if let Some(Needed::Byte { byte, caseless, .. }) = known {
            let other = if caseless { chars::flip(byte) } else { byte };
            first = if other == byte { First::Byte(byte) } else { First::Either(byte, other) };
        } else if walk.start_line(alts, 0, 0, false) {
            first = First::Line;
        } else if !no_optimize
            && p.options & opt::FIRSTLINE == 0
            && let Some((set, false)) = first_bytes(p, alts, utf)
        {
            first = First::Set(Box::new(set));
        }
    }
    let required = match p.required {
        Needed::Byte { byte, caseless, vary } if !anchored || vary => {
            Some((byte, if caseless { chars::flip(byte) } else { byte }))
        }
        _ => None,
    };
    let first_line = p.options & opt::FIRSTLINE != 0;
    StartInfo { anchored, first, required, no_optimize, first_line, has_crlf: p.has_crlf }
}

struct Walk {
    backref_map: u32,
    had_prune_or_skip: bool,
}

/// The group of a node whose first iteration can't be left out, and whether a repeat makes it atomic.
fn sure_group(node: &Node) -> Option<(&Group, u32)> {
    match node {
        Node::Group(g) => Some((g, 0)),
        Node::Repeat { node, min, greed, .. } if *min > 0 => {
            let atomic = u32::from(*greed == crate::ast::Greed::Possessive);
            sure_group(node).map(|(g, a)| (g, a + atomic))
        }
        _ => None,
    }
}

impl Walk {
    fn any_star(&self, node: &Node, dotall: bool, map: u32, atomic: u32) -> bool {
        let Node::Repeat { node, min: 0, max: UNBOUNDED, .. } = node else { return false };
        let right = if dotall { matches!(**node, Node::AllAny) } else { matches!(**node, Node::Any) };
        right && map & self.backref_map == 0 && atomic == 0 && !self.had_prune_or_skip
    }

    fn anchored(&self, alts: &[Alt], map: u32, atomic: u32) -> bool {
        alts.iter().all(|alt| {
            let Some(node) = alt.nodes.first() else { return false };
            if matches!(node, Node::Look(Look::Sod | Look::Som | Look::Circ)) {
                return true;
            }
            let Some((g, more)) = sure_group(node) else { return self.any_star(node, true, map, atomic) };
            let atomic = atomic + more;
            match &g.kind {
                Kind::Plain | Kind::Ahead { negative: false } => self.anchored(&g.alts, map, atomic),
                Kind::Capture(n) => self.anchored(&g.alts, map | bit(*n), atomic),
                Kind::Atomic => self.anchored(&g.alts, map, atomic + 1),
                Kind::Cond(_) => g.alts.len() == 2 && self.anchored(&g.alts, map, atomic),
                _ => false,
            }
        })
    }

    fn start_line(&self, alts: &[Alt], map: u32, atomic: u32, in_assert: bool) -> bool {
        alts.iter().all(|alt| self.line_branch(&alt.nodes, map, atomic, in_assert))
    }

    fn line_branch(&self, nodes: &[Node], map: u32, atomic: u32, in_assert: bool) -> bool {
        let Some(node) = nodes.first() else { return false };
        if matches!(node, Node::Look(Look::Circ | Look::CircM)) {
            return true;
        }
        let Some((g, more)) = sure_group(node) else {
            return !in_assert && self.any_star(node, false, map, atomic);
        };
        let atomic = atomic + more;
        match &g.kind {
            Kind::Plain => self.start_line(&g.alts, map, atomic, in_assert),
            Kind::Ahead { negative: false } => self.start_line(&g.alts, map, atomic, true),
            Kind::Capture(n) => self.start_line(&g.alts, map | bit(*n), atomic, in_assert),
            Kind::Atomic => self.start_line(&g.alts, map, atomic + 1, in_assert),
            Kind::Cond(Cond::Assert) => {
                let Some(first) = g.alts.first() else { return false };
                let assertion = first.nodes.get(..1).unwrap_or(&[]);
                matches!(assertion, [Node::Group(_)])
                    && self.line_branch(assertion, map, atomic, true)
                    && self.line_branch(first.nodes.get(1..).unwrap_or(&[]), map, atomic, in_assert)
            }
            _ => false,
        }
    }
}

fn bit(n: u32) -> u32 {
    if n < 32 { 1 << n } else { 1 }
}

/// A first character that every alternative asserts.
fn asserted(alts: &[Alt], in_assert: bool, utf: bool) -> Option<Needed> {
    let mut all = None;
    for alt in alts {
        let node = alt.nodes.iter().find(|n| match n {
            Node::Look(Look::Word | Look::NotWord) => false,
            Node::Group(g) => !matches!(g.kind, Kind::Ahead { negative: true } | Kind::Behind { .. }),
            _ => true,
        })?;
        let mine = if let Some((g, _)) = sure_group(node) {
            match g.kind {
                Kind::Plain | Kind::Capture(_) | Kind::Atomic => asserted(&g.alts, false, utf)?,
                Kind::Ahead { negative: false } => asserted(&g.alts, true, utf)?,
                _ => return None,
            }
        } else {
            let node = match node {
                Node::Repeat { node, min, .. } if *min > 0 => node,
                other => other,
            };
            let Node::Char { c, caseless } = node else { return None };
            if !in_assert || (*caseless && utf && unicode::fold(&[(*c, *c)]).len() > 2) {
                return None;
            }
            let mut bytes = Vec::new();
            chars::encode(*c, utf, &mut bytes);
            Needed::Byte { byte: bytes.first().copied()?, caseless: *caseless, vary: false }
        };
        if *all.get_or_insert(mine) != mine {
            return None;
        }
    }
    all
}

/// The bytes that a match of the alternatives can begin with, and whether it can be empty; `None` if that is unknown.
fn first_bytes(p: &Pattern, alts: &[Alt], utf: bool) -> Option<(Low, bool)> {
    let mut set = [0; 4];
    let mut empty = false;
    for alt in alts {
        empty |= branch_bytes(p, &alt.nodes, utf, &mut set)?;
    }
    Some((set, empty))
}

/// Adds what a branch can begin with; whether it can be empty.
fn branch_bytes(p: &Pattern, nodes: &[Node], utf: bool, set: &mut Low) -> Option<bool> {
    for node in nodes {
        if !node_bytes(p, node, utf, set)? {
            return Some(false);
        }
    }
    Some(true)
}

fn node_bytes(p: &Pattern, node: &Node, utf: bool, set: &mut Low) -> Option<bool> {
    let mut add = |b: u8| set[(b >> 6) as usize] |= 1 << (b & 63);
    match node {
        Node::Char { c, caseless } => {
            if utf && *caseless {
                for (a, b) in unicode::fold(&[(*c, *c)]).into_iter().chain([(*c, *c)]) {
                    for c in a..=b {
                        let mut bytes = Vec::new();
                        chars::encode(c, true, &mut bytes);
                        bytes.first().into_iter().for_each(|b| add(*b));
                    }
                }
            } else {
                let mut bytes = Vec::new();
                chars::encode(*c, utf, &mut bytes);
                let b = bytes.first().copied()?;
                add(b);
                if *caseless {
                    add(chars::flip(b));
                }
            }
            Some(false)
        }
        Node::Set { id, .. } => {
            let s = p.sets.get(*id as usize)?;
            if !utf {
                s.low.iter().zip(set).for_each(|(a, b)| *b |= a);
            } else {
                set[0] |= s.low[0];
                set[1] |= s.low[1];
                if s.low[2] != 0 || s.low[3] != 0 || !s.high.is_empty() {
                    set[2] = u64::MAX;
                    set[3] = u64::MAX;
                }
            }
            Some(false)
        }
        Node::Look(_) => Some(true),
        Node::Repeat { node, min, max, .. } => {
            if *max == 0 {
                return Some(true);
            }
            let empty = node_bytes(p, node, utf, set)?;
            Some(empty || *min == 0)
        }
        Node::Group(g) => match g.kind {
            Kind::Plain | Kind::Capture(_) | Kind::Atomic => {
                let mut empty = false;
                for alt in &g.alts {
                    empty |= branch_bytes(p, &alt.nodes, utf, set)?;
                }
                Some(empty)
            }
            _ => None,
        },
        _ => None,
    }
}
