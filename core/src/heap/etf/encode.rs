//! Terms to bytes.

use super::super::external::Node;
use super::{Tables, VERSION, local_hash, tag};
use crate::atom::{Atom, am};
use crate::heap::order::compare_exact;
use crate::term::{Addr, Kind, Mem, Term, object};

/// How to encode.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// 0: floats as text; 0 and 1: atoms in Latin-1 where they fit; 2: what OTP 26 and later write.
    pub minor_version: u8,
    /// Maps in the order of their keys.
    pub deterministic: bool,
    /// Only this VM can read it.
    pub local: bool,
    /// Binaries on the arena of more than 64 bytes are left out of the bytes.
    pub iovec: bool,
    /// More bytes than this are an error.
    pub limit: u64,
}

impl Default for Options {
    fn default() -> Options {
        Options { minor_version: 2, deterministic: false, local: false, iovec: false, limit: u32::MAX as u64 }
    }
}

/// An encoding, version byte included.
pub struct Encoded {
    pub bytes: Vec<u8>,
    /// With `iovec`: binaries that belong between the bytes, each with its place in `bytes`, its first bit and its bits.
    pub left_out: Vec<(usize, Term, u64, u64)>,
}

enum Todo {
    Term(Term),
    /// The rest of a list, or its tail; where its length stands, and how many elements are through.
    List(Term, usize, u32),
    /// The bits of a bitstring from so many bytes on.
    Payload(Term, u64),
    /// So many words from an address.
    Words(Addr, u32),
    /// Keys, values, and how many of them.
    Pairs(Addr, Addr, u32),
    /// A node or leaf of a trie.
    Node(Term),
    /// The size of a fun: where it stands, and where that is in the stream.
    Size(usize, u64),
}

/// An encoding in the making, which can be left and gone on with as long as no term moves in between.
pub struct Encoding {
    options: Options,
    out: Vec<u8>,
    left_out: Vec<(usize, Term, u64, u64)>,
    /// Bytes that were left out so far.
    outside: u64,
    stack: Vec<Todo>,
}

/// How far [`Encoding::run`] came.
pub enum Progress {
    Done(Encoded),
    /// The steps are used up.
    More,
    /// More bytes than the limit.
    TooMuch,
}

impl Encoding {
    pub fn new(term: Term, mut options: Options) -> Encoding {
        let mut out = vec![VERSION];
        if options.local {
            out.extend([tag::LOCAL, 0, 0, 0, 0]);
            options.iovec = false;
        }
        Encoding { options, out, left_out: Vec::new(), outside: 0, stack: vec![Todo::Term(term)] }
    }

    /// Goes on for as many steps, of which it uses up what it takes.
    pub fn run(&mut self, mem: Mem, tables: &dyn Tables, steps: &mut usize) -> Progress {
        let mut e = Encoder { mem, tables, e: self };
        match e.run(steps) {
            None => return Progress::TooMuch,
            Some(false) => return Progress::More,
            Some(true) => {}
        }
        if self.options.local {
            let hash = local_hash(tables.salt(), self.out.get(6..).unwrap_or(&[]));
            if let Some(place) = self.out.get_mut(2..6) {
                place.copy_from_slice(&hash.to_be_bytes());
            }
        }
        Progress::Done(Encoded { bytes: std::mem::take(&mut self.out), left_out: std::mem::take(&mut self.left_out) })
    }
}

/// Encodes a term at once; `None` when it takes more bytes than the limit.
pub fn encode(mem: Mem, tables: &dyn Tables, term: Term, options: Options) -> Option<Encoded> {
    match Encoding::new(term, options).run(mem, tables, &mut usize::MAX.clone()) {
        Progress::Done(encoded) => Some(encoded),
        Progress::More | Progress::TooMuch => None,
    }
}

struct Encoder<'a> {
    mem: Mem,
    tables: &'a dyn Tables,
    e: &'a mut Encoding,
}

/// Length of a list if it is a proper list of at most 65535 bytes.
fn string_length(mem: Mem, list: Term) -> Option<u16> {
    let (mut t, mut n) = (list, 0u16);
    while t.is_list() {
        mem.head(t).as_small().filter(|b| (0..256).contains(b))?;
        n = n.checked_add(1)?;
        t = mem.tail(t);
    }
    t.is_nil().then_some(n)
}

/// Bytes of a binary that are copied in one step.
const STEP_BYTES: u64 = 1024;

impl Encoder<'_> {
    /// `None`: too many bytes; `false`: the steps are used up.
    fn run(&mut self, steps: &mut usize) -> Option<bool> {
        let mem = self.mem;
        while let Some(todo) = self.e.stack.pop() {
            if *steps == 0 {
                self.e.stack.push(todo);
                return Some(false);
            }
            *steps -= 1;
            if self.e.out.len() as u64 + self.e.outside > self.e.options.limit {
                return None;
            }
            match todo {
                Todo::Term(t) => self.term(t)?,
                Todo::List(t, at, n) if t.is_list() => {
                    self.e.stack.push(Todo::List(mem.tail(t), at, n.checked_add(1)?));
                    self.term(mem.head(t))?;
                }
                Todo::List(t, at, n) => {
                    self.e.out.get_mut(at..at + 4)?.copy_from_slice(&n.to_be_bytes());
                    self.term(t)?;
                }
                Todo::Payload(t, from) => self.payload(t, from, steps)?,
                Todo::Words(at, n) => {
                    if n > 1 {
                        self.e.stack.push(Todo::Words(at + 8, n - 1));
                    }
                    self.term(mem.get(at, 0))?;
                }
                Todo::Pairs(k, v, n) => {
                    if n > 1 {
                        self.e.stack.push(Todo::Pairs(k + 8, v + 8, n - 1));
                    }
                    self.e.stack.push(Todo::Term(mem.get(v, 0)));
                    self.term(mem.get(k, 0))?;
                }
                Todo::Node(t) if t.is_list() => {
                    self.e.stack.push(Todo::Term(mem.tail(t)));
                    self.term(mem.head(t))?;
                }
                Todo::Node(t) => self.children(t),
                Todo::Size(at, from) => {
                    let size = (self.e.out.len() as u64 + self.e.outside - from) as u32;
                    self.e.out.get_mut(at..at + 4)?.copy_from_slice(&size.to_be_bytes());
                }
            }
        }
        Some(true)
    }

    /// The children of a trie's node; as in OTP, the last comes out first.
    fn children(&mut self, node: Term) {
        let l = object::layout(self.mem, node.addr(), self.mem.header(node));
        for i in 1 + l.raw..l.words {
            self.e.stack.push(Todo::Node(self.mem.field(node, i)));
        }
    }

    fn tag32(&mut self, tag: u8, n: u32) {
        self.e.out.push(tag);
        self.e.out.extend(n.to_be_bytes());
    }

    fn atom(&mut self, atom: Atom) {
        let name = self.tables.atom_name(atom);
        if self.e.options.minor_version < 2 && name.chars().all(|c| (c as u32) < 256) {
            let latin: Vec<u8> = name.chars().map(|c| c as u8).collect();
            self.e.out.push(tag::ATOM);
            self.e.out.extend((latin.len() as u16).to_be_bytes());
            self.e.out.extend(latin);
            return;
        }
        match u8::try_from(name.len()) {
            Ok(n) => self.e.out.extend([tag::SMALL_ATOM_UTF8, n]),
            Err(_) => {
                self.e.out.push(tag::ATOM_UTF8);
                self.e.out.extend((name.len() as u16).to_be_bytes());
            }
        }
        self.e.out.extend(name.as_bytes());
    }

    /// The node of an identifier; this one when `None`. Creation follows later.
    fn node(&mut self, node: Option<Node>) -> u32 {
        match node {
            Some(n) => {
                self.atom(n.name);
                n.creation
            }
            None => {
                if self.e.options.local {
                    self.e.out.push(tag::NIL);
                } else {
                    self.atom(am::NONAME);
                }
                0
            }
        }
    }

    fn pid(&mut self, node: Option<Node>, number: u32, serial: u32) {
        self.e.out.push(tag::NEW_PID);
        let creation = self.node(node);
        for n in [number, serial, creation] {
            self.e.out.extend(n.to_be_bytes());
        }
    }

    fn port(&mut self, node: Option<Node>, number: u64) {
        self.e.out.push(tag::V4_PORT);
        let creation = self.node(node);
        self.e.out.extend(number.to_be_bytes());
        self.e.out.extend(creation.to_be_bytes());
    }

    fn reference(&mut self, node: Option<Node>, numbers: &[u32]) {
        self.e.out.push(tag::NEWER_REFERENCE);
        self.e.out.extend((numbers.len() as u16).to_be_bytes());
        let creation = self.node(node);
        self.e.out.extend(creation.to_be_bytes());
        for n in numbers {
            self.e.out.extend(n.to_be_bytes());
        }
    }

    /// A magnitude, least significant byte first, without leading zeros.
    fn big(&mut self, negative: bool, magnitude: &[u8]) {
        match u8::try_from(magnitude.len()) {
            Ok(n) => self.e.out.extend([tag::SMALL_BIG, n]),
            Err(_) => self.tag32(tag::LARGE_BIG, magnitude.len() as u32),
        }
        self.e.out.push(negative as u8);
        self.e.out.extend(magnitude);
    }

    fn small(&mut self, v: i64) {
        if let Ok(b) = u8::try_from(v) {
            self.e.out.extend([tag::SMALL_INTEGER, b]);
        } else if let Ok(n) = i32::try_from(v) {
            self.tag32(tag::INTEGER, n as u32);
        } else {
            let bytes = v.unsigned_abs().to_le_bytes();
            let n = 8 - v.unsigned_abs().leading_zeros() as usize / 8;
            self.big(v < 0, bytes.get(..n).unwrap_or(&bytes));
        }
    }

    fn term(&mut self, t: Term) -> Option<()> {
        if let Some(v) = t.as_small() {
            self.small(v);
        } else if let Some(a) = t.as_atom() {
            self.atom(a);
        } else if t.is_nil() {
            self.e.out.push(tag::NIL);
        } else if t.is_list() {
            self.list(t);
        } else if t.is_local_pid() {
            self.pid(None, t.id_number() as u32 & 0xFFF_FFFF, (t.id_number() >> 28) as u32);
        } else if t.is_local_port() {
            self.port(None, t.id_number());
        } else {
            self.boxed(t)?;
        }
        Some(())
    }

    fn list(&mut self, list: Term) {
        match string_length(self.mem, list) {
            Some(n) => {
                self.e.out.push(tag::STRING);
                self.e.out.extend(n.to_be_bytes());
                let mut t = list;
                while t.is_list() {
                    self.e.out.push(self.mem.head(t).small_value() as u8);
                    t = self.mem.tail(t);
                }
            }
            None => {
                // The length follows when the end is reached.
                self.tag32(tag::LIST, 0);
                self.e.stack.push(Todo::List(list, self.e.out.len() - 4, 0));
            }
        }
    }

    fn boxed(&mut self, t: Term) -> Option<()> {
        let mem = self.mem;
        let h = mem.header(t);
        match mem.kind(t)? {
            Kind::Tuple => {
                let n = object::arity(h);
                match u8::try_from(n) {
                    Ok(n) => self.e.out.extend([tag::SMALL_TUPLE, n]),
                    Err(_) => self.tag32(tag::LARGE_TUPLE, n),
                }
                if n > 0 {
                    self.e.stack.push(Todo::Words(t.addr() + 8, n));
                }
            }
            Kind::Float if self.e.options.minor_version == 0 => {
                let mut text = float_text(mem.float_value(t));
                text.resize(31, 0);
                self.e.out.push(tag::FLOAT);
                self.e.out.extend(text);
            }
            Kind::Float => {
                self.e.out.push(tag::NEW_FLOAT);
                self.e.out.extend(mem.float_value(t).to_bits().to_be_bytes());
            }
            kind @ (Kind::PosBig | Kind::NegBig) => {
                let mut bytes: Vec<u8> = (1..=object::arity(h)).flat_map(|i| mem.field(t, i).0.to_le_bytes()).collect();
                while bytes.last() == Some(&0) {
                    bytes.pop();
                }
                self.big(kind == Kind::NegBig, &bytes);
            }
            Kind::Ref => {
                let mut numbers = mem.ref_id(t)?.numbers().to_vec();
                if let Some(pid) = mem.alias_pid(t) {
                    numbers.extend([pid.0 as u32, (pid.0 >> 32) as u32]);
                }
                self.reference(None, &numbers);
            }
            Kind::Fun => self.fun(t, h)?,
            Kind::HeapBits | Kind::SubBits => self.bits(t)?,
            Kind::FlatMap => {
                let n = mem.map_size(t) as u32;
                self.tag32(tag::MAP, n);
                if self.e.options.deterministic {
                    self.sorted(t);
                } else if n > 0 {
                    let values = t.addr() + 8 * object::FLAT_MAP_WORDS;
                    self.e.stack.push(Todo::Pairs(mem.field(t, 2).addr() + 8, values, n));
                }
            }
            Kind::HashHead => {
                self.tag32(tag::MAP, mem.map_size(t) as u32);
                if self.e.options.deterministic { self.sorted(t) } else { self.children(t) }
            }
            Kind::ExtPid => {
                let (node, number) = mem.external_id(t)?;
                self.pid(Some(node), number as u32, (number >> 32) as u32);
            }
            Kind::ExtPort => {
                let (node, number) = mem.external_id(t)?;
                self.port(Some(node), number);
            }
            Kind::ExtRef => {
                let (node, numbers) = mem.external_ref(t)?;
                self.reference(Some(node), &numbers);
            }
            Kind::Cons | Kind::HashNode | Kind::FunRef | Kind::BinRef => return None,
        }
        Some(())
    }

    fn sorted(&mut self, map: Term) {
        let mut pairs = super::super::map::pairs(self.mem, map);
        pairs.sort_by(|x, y| compare_exact(self.mem, self.tables, x.0, y.0));
        for (k, v) in pairs.into_iter().rev() {
            self.e.stack.extend([Todo::Term(v), Todo::Term(k)]);
        }
    }

    fn fun(&mut self, t: Term, h: u64) -> Option<()> {
        let entry = self.mem.field(t, 1).0;
        let env = object::fun_env_words(h);
        if env == 0 {
            let (module, function, arity) = self.tables.export_mfa(entry)?;
            self.e.out.push(tag::EXPORT);
            self.atom(module);
            self.atom(function);
            self.small(arity as i64);
            return Some(());
        }
        let f = self.tables.fun(entry)?;
        let free = env - 1;
        self.e.out.push(tag::NEW_FUN);
        let (at, stream) = (self.e.out.len(), self.e.out.len() as u64 + self.e.outside);
        self.e.out.extend([0; 4]);
        self.e.out.push(object::fun_arity(h) as u8);
        self.e.out.extend(f.uniq);
        self.e.out.extend(f.index.to_be_bytes());
        self.e.out.extend(free.to_be_bytes());
        self.atom(f.module);
        self.small(f.old_index as i64);
        self.small(f.old_uniq as i32 as i64);
        self.pid(None, 0, 0);
        self.e.stack.push(Todo::Size(at, stream));
        if free > 0 {
            self.e.stack.push(Todo::Words(t.addr() + 16, free));
        }
        Some(())
    }

    fn bits(&mut self, t: Term) -> Option<()> {
        let mem = self.mem;
        let b = mem.bits(t)?;
        let bytes = u32::try_from(b.len.div_ceil(8)).ok()?;
        if self.e.out.len() as u64 + self.e.outside + bytes as u64 > self.e.options.limit {
            return None;
        }
        if b.len % 8 == 0 {
            self.tag32(tag::BINARY, bytes);
        } else {
            self.tag32(tag::BIT_BINARY, bytes);
            self.e.out.push((b.len % 8) as u8);
        }
        let view = mem.kind(t) == Some(Kind::SubBits) && mem.kind(mem.field(t, 4)) == Some(Kind::BinRef);
        if self.e.options.iovec && view && b.start % 8 == 0 && b.len > super::super::binary::HEAP_LIMIT as u64 * 8 {
            let rest = b.len % 8;
            let whole = b.len - rest;
            self.e.left_out.push((self.e.out.len(), t, 0, whole));
            self.e.outside += whole / 8;
            if rest != 0 {
                self.e.out.extend(b.part(whole, rest).to_vec(mem));
            }
            return Some(());
        }
        self.e.stack.push(Todo::Payload(t, 0));
        Some(())
    }

    fn payload(&mut self, t: Term, from: u64, steps: &mut usize) -> Option<()> {
        let b = self.mem.bits(t)?;
        let left = b.len.div_ceil(8) - from;
        let now = left.min((*steps as u64 + 1).saturating_mul(STEP_BYTES));
        *steps = steps.saturating_sub((now / STEP_BYTES) as usize);
        let part = b.part(from * 8, (b.len - from * 8).min(now * 8));
        match part.aligned_bytes(self.mem) {
            Some(bytes) if part.len % 8 == 0 => self.e.out.extend(bytes),
            _ => self.e.out.extend(part.to_vec(self.mem)),
        }
        if now < left {
            self.e.stack.push(Todo::Payload(t, from + now));
        }
        Some(())
    }
}

/// A float as C's `%.20e` writes it.
fn float_text(f: f64) -> Vec<u8> {
    let text = format!("{f:.20e}");
    match text.split_once('e') {
        Some((digits, exponent)) => {
            let (sign, exponent) = match exponent.strip_prefix('-') {
                Some(e) => ('-', e),
                None => ('+', exponent),
            };
            format!("{digits}e{sign}{exponent:0>2}").into_bytes()
        }
        None => text.into_bytes(),
    }
}
