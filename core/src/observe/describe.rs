//! What lies at an address of a process: the object, its size and generation, its words.

use super::map::{self, BlockKind, kind};
use super::text::{Space, text};
use crate::heap::binary::block_bytes;
use crate::process::{CodePtr, Process};
use crate::system::System;
use crate::term::{Addr, Kind, Term, object};

/// Words of an object that are described.
const MOST_WORDS: u32 = 64;
const PREVIEW: usize = 240;
const WORD_PREVIEW: usize = 48;

/// One described object.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Object {
    pub address: Addr,
    /// One of [`kind`].
    pub kind: u8,
    pub words: u32,
    /// 0 young, 1 young and survived a collection, 2 old, 3 literal.
    pub generation: u8,
    /// The term, shortened.
    pub text: String,
    /// Its words, at most 64 of them.
    pub content: Vec<Word>,
}

/// One word of an object.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Word {
    pub text: String,
    /// Address that it points to.
    pub target: Option<Addr>,
}

/// The object of `process`, or the literal, that covers the word at `address`; `None` where there is none.
pub fn describe(system: &System, process: &Process, address: Addr) -> Option<Object> {
    let mem = system.arena.mem();
    let blocks = map::blocks(process);
    let mut ranges: Vec<(Addr, Addr)> = Vec::new();
    let mut literals = Vec::new();
    for block in &blocks {
        ranges.push((block.start, block.start + block.used * 8));
    }
    for area in system.code.instances.iter().flatten().flat_map(|i| i.literal_areas.iter()) {
        literals.push((area.start, area.used));
        ranges.push((area.start, area.start + area.used * 8));
    }
    ranges.sort_unstable();
    let space = Space { mem, atoms: &system.atoms, code: &system.code, ranges };

    for block in &blocks {
        if address < block.start || address >= block.start + block.size * 8 {
            continue;
        }
        let offset = (address - block.start) / 8;
        let item = block.items(mem).find(|i| offset >= i.offset && offset < i.offset + i.words)?;
        let at = block.start + item.offset * 8;
        let in_stack = block.kind == BlockKind::Young && item.offset >= block.size - block.stack;
        return Some(if in_stack {
            slot(system, &space, at, item.kind)
        } else {
            object_at(&space, at, item.kind, item.words, item.generation)
        });
    }
    for (start, used) in literals {
        if address < start || address >= start + used * 8 {
            continue;
        }
        let mut at = 0;
        while at < used {
            let (kind, words) = map::at(mem, start + at * 8, used - at);
            if (address - start) / 8 < at + words {
                return Some(object_at(&space, start + at * 8, kind, words, 3));
            }
            at += words;
        }
    }
    None
}

fn term_word(space: &Space<'_>, word: u64) -> Word {
    let t = Term(word);
    let target = (t.is_list() || t.is_boxed()).then(|| t.addr());
    Word { text: text(space, t, WORD_PREVIEW), target }
}

fn object_at(space: &Space<'_>, at: Addr, what: u8, words: u32, generation: u8) -> Object {
    let mem = space.mem;
    let shown = words.min(MOST_WORDS);
    let plain = |text: String| Word { text, target: None };
    let (term, content) = match what {
        kind::CONS => (Some(Term::list_at(at)), (0..2).map(|i| term_word(space, mem.word(at, i))).collect()),
        kind::DEAD | kind::UNKNOWN => (None, vec![plain(format!("{:#018x}", mem.word(at, 0)))]),
        _ => {
            let header = mem.word(at, 0);
            let raw = object::layout(mem, at, header).raw;
            let content = (0..shown)
                .map(|i| {
                    let word = mem.word(at, i);
                    match i {
                        0 => plain(header_text(header)),
                        _ if i <= raw => plain(raw_text(space, at, header, i, word)),
                        _ => term_word(space, word),
                    }
                })
                .collect();
            (Some(Term::boxed_at(at)), content)
        }
    };
    let text = term.map_or_else(|| "not part of any object".to_string(), |t| text(space, t, PREVIEW));
    Object { address: at, kind: what, words, generation, text, content }
}

fn header_text(header: u64) -> String {
    match object::kind_of_header(header) {
        Some(Kind::Tuple) => format!("header: arity {}", object::arity(header)),
        Some(Kind::Fun) => {
            format!("header: arity {}, environment {}", object::fun_arity(header), object::fun_env_words(header))
        }
        Some(Kind::FlatMap) => "header: flat map".into(),
        Some(Kind::HashHead | Kind::HashNode) => format!("header: children {:#06x}", object::map_bitmap(header)),
        Some(Kind::PosBig) => "header: positive".into(),
        Some(Kind::NegBig) => "header: negative".into(),
        Some(_) => format!("header: {} words follow", object::arity(header)),
        None => format!("{header:#018x}"),
    }
}

fn raw_text(space: &Space<'_>, at: Addr, header: u64, index: u32, word: u64) -> String {
    match (object::kind_of_header(header), index) {
        (Some(Kind::FlatMap | Kind::HashHead), 1) => format!("{word} keys"),
        (Some(Kind::HeapBits), 1) => format!("{word} bits"),
        (Some(Kind::SubBits), 2) => format!("from bit {word}"),
        (Some(Kind::SubBits), 3) => format!("to bit {word}"),
        (Some(Kind::BinRef), 1) => {
            let block = word as Addr;
            format!(
                "block {block:#x}: {} bytes, {} references",
                block_bytes(space.mem, block),
                space.mem.word(block, 0)
            )
        }
        (Some(Kind::BinRef | Kind::FunRef), 2) => match word {
            0 => "last in the off-heap list".into(),
            next => format!("next in the off-heap list: {next:#x}"),
        },
        (Some(Kind::Float), 1) => format!("{:?}", space.mem.float_value(Term::boxed_at(at))),
        _ => format!("{word:#018x}"),
    }
}

fn slot(system: &System, space: &Space<'_>, at: Addr, what: u8) -> Object {
    let word = space.mem.word(at, 0);
    let (text, content) = match what {
        kind::RETURN_ADDRESS => (format!("returns to {}", place(system, CodePtr::from_word(word))), Vec::new()),
        kind::CATCH => {
            let (slot, offset) = Term(word).catch_target();
            (format!("an exception goes on in {}", place(system, CodePtr { slot, offset })), Vec::new())
        }
        kind::DEAD => ("a slot not in use".to_string(), Vec::new()),
        _ => {
            let value = term_word(space, word);
            (super::text::text(space, Term(word), PREVIEW), vec![value])
        }
    };
    Object { address: at, kind: what, words: 1, generation: 0, text, content }
}

/// A place in code as `module:function/arity (file:line)`.
fn place(system: &System, ptr: CodePtr) -> String {
    let Some(mfa) = system.code.function_at(ptr) else { return "the end of the process".into() };
    let mut out = super::wire::mfa_text(system, mfa);
    if let Some((file, line)) = system.code.location_at(ptr) {
        out.push_str(&format!(" ({file}:{line})"));
    }
    out
}
