//! Questions about parts of a pattern: are they of fixed length, can they be empty, how much code would PCRE make of them.

use crate::ast::{Alt, Cond, Group, Kind, Node, UNBOUNDED};
use std::collections::HashMap;

/// The length of a lookbehind that waits for the end of the pattern.
pub const UNKNOWN: u32 = u32::MAX;

/// How deep calls may lead into each other in a lookbehind.
const MAX_CALLS: usize = 500;

/// Why a branch has no fixed length.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotFixed {
    Varies,
    /// `\C` in a UTF pattern.
    AnyByte,
    /// It calls a group, which can only be looked at when the whole pattern is read.
    Call,
}

/// The length in characters of what a branch matches.
pub fn fixed(nodes: &[Node], utf: bool) -> Result<u32, NotFixed> {
    Measure { utf, groups: None, known: HashMap::new(), chain: Vec::new() }.branch(nodes, &[])
}

struct Measure<'a> {
    utf: bool,
    /// Each group with the groups around it (itself included).
    groups: Option<HashMap<u32, (&'a Group, Vec<u32>)>>,
    known: HashMap<u32, u32>,
    chain: Vec<u32>,
}

impl<'a> Measure<'a> {
    fn branch(&mut self, nodes: &[Node], inside: &[u32]) -> Result<u32, NotFixed> {
        let mut sum: u32 = 0;
        for node in nodes {
            if matches!(node, Node::Accept(_)) {
                return Ok(sum);
            }
            sum = sum.saturating_add(self.node(node, inside)?);
        }
        Ok(sum)
    }

    fn group(&mut self, group: &Group, inside: &[u32]) -> Result<u32, NotFixed> {
        let mut length = None;
        let conditional = matches!(group.kind, Kind::Cond(Cond::Assert));
        for (n, alt) in group.alts.iter().enumerate() {
            let nodes = if conditional && n == 0 { alt.nodes.get(1..).unwrap_or(&[]) } else { &alt.nodes };
            let mine = self.branch(nodes, inside)?;
            if *length.get_or_insert(mine) != mine {
                return Err(NotFixed::Varies);
            }
        }
        Ok(length.unwrap_or(0))
    }

    fn node(&mut self, node: &Node, inside: &[u32]) -> Result<u32, NotFixed> {
        Ok(match node {
            Node::Char { .. } | Node::Set { .. } | Node::Any | Node::AllAny => 1,
            Node::AnyByte => return Err(NotFixed::AnyByte),
            Node::AnyNewline | Node::Grapheme | Node::BackRef { .. } => return Err(NotFixed::Varies),
            Node::Look(_) | Node::SetStart | Node::Verb { .. } | Node::Mark(_) | Node::Fail | Node::Accept(_) => 0,
            Node::Group(g) => match g.kind {
                Kind::Ahead { .. } | Kind::Behind { .. } => 0,
                Kind::Capture(n) => {
                    let mut deeper = inside.to_vec();
                    deeper.push(n);
                    self.group(g, &deeper)?
                }
                _ => self.group(g, inside)?,
            },
            Node::Repeat { node, min, max, .. } => {
                let single = matches!(**node, Node::Char { .. } | Node::Set { .. } | Node::Any | Node::AllAny);
                match (min, max) {
                    (0, 0) if single => 0,
                    (_, _) if min != max || *max == 0 => return Err(NotFixed::Varies),
                    _ => self.node(node, inside)?.saturating_mul(*min),
                }
            }
            Node::Recurse { group } => self.call(*group, inside)?,
        })
    }

    fn call(&mut self, group: u32, inside: &[u32]) -> Result<u32, NotFixed> {
        let Some(groups) = &self.groups else { return Err(NotFixed::Call) };
        if group == 0 || inside.contains(&group) || self.chain.contains(&group) || self.chain.len() > MAX_CALLS {
            return Err(NotFixed::Varies);
        }
        if let Some(n) = self.known.get(&group) {
            return Ok(*n);
        }
        let Some((g, around)) = groups.get(&group) else { return Err(NotFixed::Varies) };
        let (g, around): (&'a Group, Vec<u32>) = (g, around.clone());
        self.chain.push(group);
        let n = self.group(g, &around)?;
        self.chain.pop();
        self.known.insert(group, n);
        Ok(n)
    }
}

/// Visits every group, outer ones first, with the captures around it (itself included).
fn visit<'a>(alts: &'a [Alt], around: &mut Vec<u32>, f: &mut dyn FnMut(&'a Group, &[u32])) {
    for node in alts.iter().flat_map(|a| &a.nodes) {
        let mut node = node;
        while let Node::Repeat { node: inner, .. } = node {
            node = inner;
        }
        if let Node::Group(g) = node {
            let capture = if let Kind::Capture(n) = g.kind { Some(n) } else { None };
            around.extend(capture);
            f(g, around);
            visit(&g.alts, around, f);
            if capture.is_some() {
                around.pop();
            }
        }
    }
}

/// The first group of each number.
pub fn groups(alts: &[Alt]) -> HashMap<u32, &Group> {
    let mut out = HashMap::new();
    visit(alts, &mut Vec::new(), &mut |g, _| {
        if let Kind::Capture(n) = g.kind {
            out.entry(n).or_insert(g);
        }
    });
    out
}

/// Finds the lengths of the lookbehinds that had to wait; fails with PCRE's error number.
pub fn resolve_lookbehinds(alts: &mut [Alt], utf: bool) -> Result<(), u8> {
    let mut lengths = Vec::new();
    {
        let mut groups = HashMap::new();
        visit(alts, &mut Vec::new(), &mut |g, around| {
            if let Kind::Capture(n) = g.kind {
                groups.entry(n).or_insert((g, around.to_vec()));
            }
        });
        let mut waiting = Vec::new();
        visit(alts, &mut Vec::new(), &mut |g, around| {
            if matches!(g.kind, Kind::Behind { .. }) {
                waiting.extend(g.alts.iter().filter(|a| a.length == UNKNOWN).map(|a| (a, around.to_vec())));
            }
        });
        let mut m = Measure { utf, groups: Some(groups), known: HashMap::new(), chain: Vec::new() };
        for (alt, around) in waiting {
            match m.branch(&alt.nodes, &around) {
                Ok(n) => lengths.push(n),
                Err(NotFixed::AnyByte) if m.utf => return Err(36),
                Err(_) => return Err(25),
            }
        }
    }
    let mut next = lengths.into_iter();
    assign(alts, &mut next);
    Ok(())
}

fn assign(alts: &mut [Alt], next: &mut dyn Iterator<Item = u32>) {
    for node in alts.iter_mut().flat_map(|a| &mut a.nodes) {
        let mut node = node;
        while let Node::Repeat { node: inner, .. } = node {
            node = inner;
        }
        if let Node::Group(g) = node {
            if matches!(g.kind, Kind::Behind { .. }) {
                for alt in g.alts.iter_mut().filter(|a| a.length == UNKNOWN) {
                    alt.length = next.next().unwrap_or(0);
                }
            }
            assign(&mut g.alts, next);
        }
    }
}

/// Whether nodes can match nothing, as PCRE sees it while it reads the pattern; `call` says it of a called group that has
/// been read. A call of any other group ends the scan: the answer is yes.
pub fn could_be_empty(nodes: &[Node], call: &dyn Fn(u32) -> Option<bool>) -> bool {
    for node in nodes {
        let empty = match node {
            Node::Accept(_) => return true,
            Node::Repeat { min: 0, .. } => true,
            Node::Repeat { node, .. } => could_be_empty(std::slice::from_ref(node), call),
            Node::Group(g) => match &g.kind {
                Kind::Ahead { .. } | Kind::Behind { .. } => true,
                Kind::Cond(_) if g.alts.len() < 2 => true,
                _ => g.alts.iter().any(|a| could_be_empty(&a.nodes, call)),
            },
            Node::Recurse { group } => match call(*group) {
                Some(empty) => empty,
                None => return true,
            },
            Node::Char { .. } | Node::Set { .. } | Node::Any | Node::AllAny | Node::AnyByte => false,
            Node::AnyNewline | Node::Grapheme => false,
            _ => true,
        };
        if !empty {
            return false;
        }
    }
    true
}

/// About how many bytes PCRE's code for these alternatives takes, in a group of their own.
pub fn code_size(alts: &[Alt], utf: bool) -> u64 {
    let inner: u64 = alts.iter().map(|a| a.nodes.iter().map(|n| node_size(n, utf)).sum::<u64>()).sum();
    6 + alts.len().saturating_sub(1) as u64 * 3 + inner
}

fn node_size(node: &Node, utf: bool) -> u64 {
    let one = |node: &Node| match node {
        Node::Char { c, .. } if utf => 1 + char::from_u32(*c).map_or(1, char::len_utf8) as u64,
        Node::Char { .. } => 2,
        Node::Set { size, .. } => u64::from(*size),
        Node::Recurse { .. } | Node::BackRef { .. } => 3,
        _ => 1,
    };
    match node {
        Node::Group(g) => {
            let extra = match &g.kind {
                Kind::Capture(_) => 2,
                Kind::Cond(Cond::Define | Cond::Assert) => 1,
                Kind::Cond(_) => 3,
                Kind::Behind { .. } => 3 * g.alts.len() as u64,
                _ => 0,
            };
            code_size(&g.alts, utf) + extra
        }
        Node::Mark(n) => n.len() as u64 + 3,
        Node::Verb { name, .. } => 1 + name.as_ref().map_or(0, |n| n.len() as u64 + 2),
        Node::Repeat { node, min, max, .. } => {
            let (min, max, bounded) = (u64::from(*min), u64::from(*max), *max != UNBOUNDED);
            match &**node {
                Node::Group(_) | Node::Recurse { .. } => {
                    let g = node_size(node, utf) + if matches!(**node, Node::Recurse { .. }) { 6 } else { 0 };
                    let first = min.max(1).saturating_mul(g) + u64::from(min == 0);
                    let more = if bounded { max.saturating_sub(min.max(1)).saturating_mul(g + 7) } else { 0 };
                    first.saturating_add(more)
                }
                Node::Set { size, .. } if *size > 3 => u64::from(*size) + if bounded && max > 1 { 5 } else { 1 },
                other => one(other) + 2 + if min > 1 { one(other) + 1 } else { 0 },
            }
        }
        other => one(other),
    }
}
