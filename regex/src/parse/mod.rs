//! From a pattern's text to its tree.
//!
//! As PCRE does, the text is read twice: the first pass finds most errors, counts the groups and collects their names; the
//! second, which knows them, resolves references and builds the tree. Errors must come in PCRE's order and with its
//! offsets, so the order of checks follows `pcre_compile.c` closely.

mod branch;
mod class;
mod escape;
mod group;
mod refs;
mod start;

use crate::ast::{Alt, Group, Kind, Needed, Node, Pattern};
use crate::error::CompileError;
use crate::lengths;
use crate::options::{Newline, opt};
use crate::unicode::Ranges;
use std::collections::HashMap;

/// PCRE's error number; the offset is the parser's position.
pub(crate) type Fail = u8;
pub(crate) type Parsed<T> = Result<T, Fail>;

/// The longest code that PCRE makes of a pattern.
const MAX_SIZE: u64 = 1 << 16;

/// A branch that is being read.
struct Open {
    /// The capturing group that it belongs to, if it does.
    capture: Option<u32>,
    assertion: bool,
    /// Once the first alternative is read: whether it can be empty.
    first_empty: Option<bool>,
    nodes: Vec<Node>,
}

struct OpenCapture {
    number: u32,
    /// It contains a reference to itself, and so becomes atomic.
    referred: bool,
}

/// What a group says about the characters of a match.
#[derive(Clone, Copy)]
struct Chars {
    first: Needed,
    required: Needed,
}

pub(crate) struct Parser<'a> {
    text: &'a [u8],
    /// The position.
    i: usize,
    utf: bool,
    second: bool,
    newline: Newline,
    captures: u32,
    /// As the first pass counted them.
    final_captures: u32,
    /// In order of appearance, then (second pass) of the alphabet.
    names: Vec<(Vec<u8>, u32)>,
    dup_names: bool,
    top_backref: u32,
    backref_map: u32,
    had_accept: bool,
    had_prune_or_skip: bool,
    has_then: bool,
    has_crlf: bool,
    depth: usize,
    cond_assert: bool,
    /// How many conditional groups are open.
    cond_depth: usize,
    check_lookbehind: bool,
    vary: bool,
    open: Vec<Open>,
    open_captures: Vec<OpenCapture>,
    /// For each closed group whether it could match nothing.
    closed: HashMap<u32, bool>,
    calls: Vec<u32>,
    /// How many nodes have been pushed; each takes a byte of PCRE's code at least.
    pushed: u64,
    sets: Vec<crate::ast::CharSet>,
    set_ids: HashMap<crate::ast::CharSet, u32>,
    properties: HashMap<String, std::rc::Rc<Ranges>>,
}

/// Reads a pattern. Like a C string it ends at its first zero byte.
pub(crate) fn parse(pattern: &[u8], options: u32) -> Result<Pattern, CompileError> {
    let text = match memchr::memchr(0, pattern) {
        Some(n) => pattern.get(..n).unwrap_or(pattern),
        None => pattern,
    };
    let mut head = start::Start { options: options & opt::ALL, at: 0, match_limit: None, recursion_limit: None };
    head.read(text);
    let options = head.options;
    let utf = options & opt::UTF != 0;
    let fail = |code, offset| Err(CompileError { code, offset });
    if utf && options & opt::NEVER_UTF != 0 {
        return fail(78, 0);
    }
    if utf && let Err(e) = std::str::from_utf8(text) {
        return fail(44, e.valid_up_to());
    }
    if options & opt::BSR_ANYCRLF != 0 && options & opt::BSR_UNICODE != 0 {
        return fail(56, 0);
    }
    let Some(newline) = Newline::from_bits(options) else { return fail(56, 0) };
    let mut p = Parser {
        text,
        i: head.at,
        utf,
        second: false,
        newline,
        captures: 0,
        final_captures: 0,
        names: Vec::new(),
        dup_names: false,
        top_backref: 0,
        backref_map: 0,
        had_accept: false,
        had_prune_or_skip: false,
        has_then: false,
        has_crlf: false,
        depth: 0,
        cond_assert: false,
        cond_depth: 0,
        check_lookbehind: false,
        vary: false,
        open: Vec::new(),
        open_captures: Vec::new(),
        closed: HashMap::new(),
        calls: Vec::new(),
        pushed: 0,
        sets: Vec::new(),
        set_ids: HashMap::new(),
        properties: HashMap::new(),
    };
    match p.run(head.at, options) {
        Ok((alts, chars)) => Ok(Pattern {
            first: chars.first,
            required: if p.had_accept { Needed::No } else { chars.required },
            root: Group { kind: Kind::Plain, alts },
            sets: p.sets,
            options,
            captures: p.captures,
            names: p.names,
            calls: p.calls,
            backref_map: p.backref_map,
            has_then: p.has_then,
            had_prune_or_skip: p.had_prune_or_skip,
            has_crlf: p.has_crlf,
            match_limit: head.match_limit,
            recursion_limit: head.recursion_limit,
        }),
        Err(code) => fail(code, p.i),
    }
}

impl Parser<'_> {
    /// The byte at the position and so many further; past the end it is 0.
    fn at(&self, ahead: usize) -> u8 {
        self.text.get(self.i + ahead).copied().unwrap_or(0)
    }
    fn byte(&self, at: usize) -> u8 {
        self.text.get(at).copied().unwrap_or(0)
    }
    fn looking_at(&self, ahead: usize, what: &[u8]) -> bool {
        self.text.get(self.i + ahead..).is_some_and(|t| t.starts_with(what))
    }

    fn run(&mut self, from: usize, options: u32) -> Parsed<(Vec<Alt>, Chars)> {
        let (alts, _) = self.alternatives(options, &Kind::Plain, false)?;
        if lengths::code_size(&alts, self.utf) > MAX_SIZE {
            return Err(20);
        }
        self.final_captures = self.captures;
        self.captures = 0;
        self.pushed = 0;
        self.second = true;
        self.depth = 0;
        self.cond_assert = false;
        self.cond_depth = 0;
        self.vary = false;
        self.had_accept = false;
        self.had_prune_or_skip = false;
        self.top_backref = 0;
        self.backref_map = 0;
        self.i = from;
        self.open.clear();
        self.open_captures.clear();
        self.closed.clear();
        self.calls.clear();
        // Stable, so that groups of one name stay in order.
        self.names.sort_by(|a, b| a.0.cmp(&b.0));
        let (alts, chars) = self.alternatives(options, &Kind::Plain, false)?;
        if self.i < self.text.len() {
            return Err(22);
        }
        if self.top_backref > self.captures {
            return Err(15);
        }
        let mut alts = alts;
        if self.check_lookbehind {
            lengths::resolve_lookbehinds(&mut alts, self.utf)?;
        }
        Ok((alts, chars))
    }

    /// Reads alternatives up to `)` or the end, with the position left there.
    fn alternatives(&mut self, mut options: u32, kind: &Kind, reset: bool) -> Parsed<(Vec<Alt>, Chars)> {
        let capture = if let Kind::Capture(n) = kind { Some(*n) } else { None };
        let lookbehind = matches!(kind, Kind::Behind { .. });
        let assertion = lookbehind || matches!(kind, Kind::Ahead { .. });
        let start_count = self.captures;
        let mut max_count = self.captures;
        let mut alts: Vec<Alt> = Vec::new();
        let mut all: Option<Chars> = None;
        if let Some(number) = capture {
            self.open_captures.push(OpenCapture { number, referred: false });
        }
        self.open.push(Open { capture, assertion, first_empty: None, nodes: Vec::new() });
        loop {
            if reset {
                self.captures = start_count;
            }
            let chars = self.branch(&mut options)?;
            max_count = max_count.max(self.captures);
            let nodes = self.open.last_mut().map(|o| std::mem::take(&mut o.nodes)).unwrap_or_default();
            let mut length = 0;
            if self.second {
                all = Some(match all {
                    None => chars,
                    Some(a) => merge(a, chars),
                });
                if lookbehind {
                    match lengths::fixed(&nodes, self.utf) {
                        Ok(n) => length = n,
                        Err(lengths::NotFixed::Call) => {
                            self.check_lookbehind = true;
                            length = lengths::UNKNOWN;
                        }
                        Err(lengths::NotFixed::AnyByte) => return Err(36),
                        Err(lengths::NotFixed::Varies) => return Err(25),
                    }
                }
            }
            if assertion && self.second && alts.is_empty() {
                let empty = self.could_be_empty(&nodes);
                if let Some(o) = self.open.last_mut() {
                    o.first_empty = Some(empty);
                }
            }
            alts.push(Alt { nodes, end: self.i as u32, length });
            if self.at(0) != b'|' {
                break;
            }
            self.i += 1;
        }
        self.captures = max_count;
        self.open.pop();
        let none = Chars { first: Needed::Unset, required: Needed::Unset };
        Ok((alts, all.unwrap_or(none)))
    }

    fn push(&mut self, node: Node) {
        self.pushed += 1;
        if let Some(open) = self.open.last_mut() {
            open.nodes.push(node);
        }
    }

    fn set(&mut self, set: crate::ast::CharSet, size: u16) -> Node {
        if let Some(id) = self.set_ids.get(&set) {
            return Node::Set { id: *id, size };
        }
        let id = self.sets.len() as u32;
        self.sets.push(set.clone());
        self.set_ids.insert(set, id);
        Node::Set { id, size }
    }

    /// The groups of that name, in order.
    fn groups_named(&self, name: &[u8]) -> Vec<u32> {
        self.names.iter().filter(|(n, _)| n == name).map(|(_, g)| *g).collect()
    }

    /// Notes a reference to a group, which makes the group atomic if it is open.
    fn referred(&mut self, group: u32) {
        self.backref_map |= if group < 32 { 1 << group } else { 1 };
        self.top_backref = self.top_backref.max(group);
        if let Some(o) = self.open_captures.iter_mut().rev().find(|o| o.number == group) {
            o.referred = true;
        }
    }
}

/// What alternatives have in common.
fn merge(a: Chars, b: Chars) -> Chars {
    let (mut first, mut required) = (a.first, a.required);
    let mut branch_required = b.required;
    if first.is_set() && first != b.first {
        if !required.is_set() {
            required = first;
        }
        first = Needed::No;
    }
    if !first.is_set() && b.first.is_set() && !branch_required.is_set() {
        branch_required = b.first;
    }
    required = match (required, branch_required) {
        (Needed::Byte { byte, caseless, vary }, Needed::Byte { byte: b2, caseless: c2, vary: v2 })
            if byte == b2 && caseless == c2 =>
        {
            Needed::Byte { byte, caseless, vary: vary || v2 }
        }
        (Needed::Unset, Needed::Unset) => Needed::Unset,
        _ => Needed::No,
    };
    Chars { first, required }
}
