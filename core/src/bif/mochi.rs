//! What Mochi programs do all the time, in place of the functions of the same name in `runtime-erl`: elements of persistent vectors, of cells and
//! maps, characters of strings.
//!
//! Invariant: results are those of the Erlang functions, which stock OTP runs. Only the usual cases are done here; all others, errors among them,
//! are passed on to the function that does every case (`mochi_ref:index_any/2` and the like). Nothing is believed of a term's shape.
//! A vector is `{'$v', Size, Shift | {Shift, Dropped}, Root, Tail}`, as `mochi_list` says.

use super::registry::{key_hash, put_pair, words_left};
use super::{Bif, BifResult, Ctx, Fault, bif};
use crate::atom::{Atom, am};
use crate::heap::{Alloc, binary, map};

use crate::term::{Mem, Term, object};

pub const BIFS: &[Bif] = &[
    bif("mochi_list", "at", 2, index),
    bif("mochi_list", "append", 2, append),
    bif("mochi_ref", "index", 2, index),
    bif("mochi_ref", "index_for_set", 2, index_for_set),
    bif("mochi_ref", "set_index", 4, set_index),
    bif("mochi_ref", "put_index", 3, put_index),
    bif("mochi_list", "from_reversed", 1, from_reversed),
    bif("mochi_ref", "iter", 1, iter),
    bif("mochi_ref", "field", 2, field),
    bif("mochi_ref", "field_at", 4, field_at),
    bif("mochi_ref", "set_field", 4, set_field),
    bif("mochi_ref", "put_field", 3, put_field),
    bif("mochi_cell", "get", 1, cell_get),
    bif("mochi_cell", "set", 2, cell_set),
    bif("mochi_num", "add", 2, add),
    bif("mochi_str", "len", 1, str_len),
    bif("mochi_str", "sub", 3, str_sub),
];

/// Bits of an index that a level of the tree takes.
const BITS: u32 = 4;
const WIDTH: u32 = 1 << BITS;
/// A tree is no higher than this whatever its `Shift` says.
const LEVELS: u32 = 15;
/// `mochi_cell`'s `KEY`.
const CELLS: i64 = 1 << 50;
/// Elements up to which a list is made or taken apart in one go.
const MANY: i64 = 1 << 20;
/// Words that a path of a vector, or of a map, and a pair take at the most.
const CHANGE: u32 = 512;
/// Bytes up to which a string is a heap binary.
const SHORT: usize = 64;
/// Bytes up to which a string is walked: of longer ones the runtime remembers what they are made of.
const LONG: usize = 4096;

/// A vector's parts.
struct Vector {
    size: i64,
    shift: u32,
    dropped: i64,
    root: Term,
    tail: Term,
}

/// The parts of a term that looks like a vector.
#[inline]
fn vector(m: Mem, t: Term) -> Option<Vector> {
    if m.tuple_arity(t) != Some(5) || !m.element(t, 1).is(am::MOCHI_VECTOR) {
        return None;
    }
    let (size, how) = (m.element(t, 2).as_small()?, m.element(t, 3));
    let (shift, dropped) = match how.as_small() {
        Some(s) => (s, 0),
        None if m.tuple_arity(how) == Some(2) => (m.element(how, 1).as_small()?, m.element(how, 2).as_small()?),
        None => return None,
    };
    let fits = size >= 0 && (0..1 << 40).contains(&dropped) && (0..=i64::from(BITS * LEVELS)).contains(&shift);
    fits.then_some(Vector { size, shift: shift as u32, dropped, root: m.element(t, 4), tail: m.element(t, 5) })
}

impl Vector {
    /// Where an index is, from the end when negative: the place in the tail, or the index in the tree.
    #[inline]
    fn place(&self, m: Mem, i: i64) -> Option<Result<u32, u64>> {
        let i = if i < 0 { i.checked_add(self.size)? } else { i };
        if i < 0 || i >= self.size {
            return None;
        }
        let at = i + self.dropped;
        let off = self.size + self.dropped - i64::from(m.tuple_arity(self.tail)?);
        if at >= off { Some(Ok((at - off) as u32 + 1)) } else { Some(Err(at as u64)) }
    }

    #[inline]
    fn nth(&self, m: Mem, i: i64) -> Option<Term> {
        match self.place(m, i)? {
            Ok(n) => Some(m.element(self.tail, n)),
            Err(at) => {
                let (mut node, mut shift) = (self.root, self.shift);
                loop {
                    let n = (at >> shift) as u32 % WIDTH + 1;
                    if n > m.tuple_arity(node)? {
                        return None;
                    }
                    node = m.element(node, n);
                    if shift == 0 {
                        return Some(node);
                    }
                    shift = shift.checked_sub(BITS)?;
                }
            }
        }
    }
}

/// Passes the call on to the function that does all cases.
fn pass_on(c: &mut Ctx<'_>, module: Atom, function: Atom, args: &[Term]) -> BifResult {
    Err(c.trap(module, function, args))
}

/// The content of a cell of this process.
#[inline]
fn content(c: &Ctx<'_>, t: Term) -> Option<Term> {
    let m = c.mem();
    if m.tuple_arity(t) != Some(3) || !m.element(t, 1).is(am::MOCHI_CELL) || m.element(t, 2) != c.proc.pid {
        return None;
    }
    let key = cell_key(m, t)?;
    c.proc.dict.get(m, key_hash(m, &c.sys.names(), key), key)
}

/// What the process dictionary has the content of a cell under.
fn cell_key(m: Mem, cell: Term) -> Option<Term> {
    let id = m.element(cell, 3).as_small().filter(|id| (0..CELLS).contains(id))?;
    Some(Term::small(CELLS + id))
}

/// The value itself: what is in it if it is a cell of this process.
fn plain(c: &Ctx<'_>, t: Term) -> Term {
    content(c, t).unwrap_or(t)
}

/// `v[k]` where it takes no more than a look.
fn element(c: &mut Ctx<'_>, v: Term, k: Term) -> Result<Option<Term>, Fault> {
    let m = c.mem();
    if let Some(vec) = vector(m, v) {
        return Ok(k.as_small().and_then(|i| vec.nth(m, i)));
    }
    let v = match content(c, v) {
        None => v,
        Some(inner) => match vector(c.mem(), inner) {
            Some(vec) => return Ok(k.as_small().and_then(|i| vec.nth(m, i))),
            None => inner,
        },
    };
    let m = c.mem();
    if m.is_map(v) {
        return Ok(usual_key(m, k).then(|| map::get(m, &c.sys.names(), v, k).unwrap_or(am::NIL.into())));
    }
    if let Some(i) = k.as_small().filter(|i| *i >= 0)
        && let Some(s) = text(m, v)
    {
        let place = offset(s, 0, i as usize).and_then(|from| Some((from, offset(s, from, 1)?)));
        if let Some((from, to)) = place {
            return Ok(Some(binary::part(c, v, from as u64 * 8, (to - from) as u64 * 8)?));
        }
    }
    Ok(None)
}

/// Is the key stored as it is? A text of digits is stored as the integer.
fn usual_key(m: Mem, k: Term) -> bool {
    k.is_small() || text(m, k).is_some_and(|s| s.first().is_none_or(|b| *b > b'9'))
}

/// The bytes of a string that is not long.
fn text<'a>(m: Mem, t: Term) -> Option<&'a [u8]> {
    short_text(m, t, LONG)
}

fn short_text<'a>(m: Mem, t: Term, most: usize) -> Option<&'a [u8]> {
    if !m.is_bitstring(t) {
        return None;
    }
    let b = m.bits(t).filter(|b| b.len % 8 == 0 && b.len / 8 <= most as u64)?;
    b.aligned_bytes(m)
}

/// The offset `n` characters after `from`; `None` when there are not so many, or the bytes are no text.
fn offset(s: &[u8], from: usize, n: usize) -> Option<usize> {
    let rest = s.get(from..)?;
    if rest.get(..n).is_some_and(<[u8]>::is_ascii) {
        return Some(from + n);
    }
    let rest = std::str::from_utf8(rest).ok()?;
    rest.char_indices().map(|(i, _)| i).chain([rest.len()]).nth(n).map(|i| from + i)
}

fn index(c: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    match element(c, a[0], a[1])? {
        Some(x) => Ok(x),
        None => pass_on(c, am::MOCHI_REF, am::INDEX_ANY, a),
    }
}

fn index_for_set(c: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    match element(c, a[0], a[1])? {
        Some(x) => Ok(x),
        None => pass_on(c, am::MOCHI_REF, am::INDEX_FOR_SET_ANY, a),
    }
}

/// The vector with another element at an index that it has.
fn replaced(c: &mut Ctx<'_>, v: Term, i: Term, x: Term) -> Result<Option<Term>, Fault> {
    let m = c.mem();
    let (Some(vec), Some(i)) = (vector(m, v), i.as_small()) else { return Ok(None) };
    let Some(place) = vec.place(m, i) else { return Ok(None) };
    let copy = |c: &mut Ctx<'_>, t: Term| -> Result<Term, Fault> {
        let words = c.mem().tuple_arity(t).unwrap_or(0) + 1;
        let at = c.words(words)?;
        c.mem().copy_words(t.addr(), at, words);
        Ok(Term::boxed_at(at))
    };
    if vec.nth(m, i).is_none() {
        return Ok(None);
    }
    let new = copy(c, v)?;
    match place {
        Ok(n) => {
            let tail = copy(c, vec.tail)?;
            c.mem().set(tail.addr(), n, x);
            c.mem().set(new.addr(), 5, tail);
        }
        Err(at) => {
            // `nth` has seen that each node on the way has the place.
            let (mut parent, mut slot, mut shift) = (new, 4, vec.shift);
            loop {
                let node = copy(c, c.mem().element(parent, slot))?;
                c.mem().set(parent.addr(), slot, node);
                slot = (at >> shift) as u32 % WIDTH + 1;
                if shift == 0 {
                    c.mem().set(node.addr(), slot, x);
                    break;
                }
                (parent, shift) = (node, shift - BITS);
            }
        }
    }
    Ok(Some(new))
}

/// The aggregate with another element: a vector that has the index, or a map.
fn changed(c: &mut Ctx<'_>, v: Term, k: Term, x: Term) -> Result<Option<Term>, Fault> {
    let m = c.mem();
    if m.is_map(v) {
        if !usual_key(m, k) {
            return Ok(None);
        }
        let (mut heap, names) = c.split();
        return Ok(Some(map::put(&mut heap, &names, v, k, x)?));
    }
    replaced(c, v, k, x)
}

/// Where a struct has a field, and how many words it is.
fn position(c: &Ctx<'_>, v: Term, name: Term) -> Option<(u32, u32)> {
    let m = c.mem();
    let arity = m.tuple_arity(v).filter(|n| *n >= 2)?;
    let about = m.element(v, 2);
    if m.tuple_arity(about) != Some(4) || m.element(v, 1).is(am::MOCHI_GROUP) || !m.is_map(m.element(about, 3)) {
        return None;
    }
    let at = map::get(m, &c.sys.names(), m.element(about, 3), name)?.as_small()?;
    (3..=i64::from(arity)).contains(&at).then_some((at as u32, arity + 1))
}

fn field(c: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let v = plain(c, a[0]);
    if let Some((at, _)) = position(c, v, a[1]) {
        return Ok(c.mem().element(v, at));
    }
    let m = c.mem();
    if m.is_map(v) && usual_key(m, a[1]) {
        return Ok(map::get(m, &c.sys.names(), v, a[1]).unwrap_or(am::NIL.into()));
    }
    pass_on(c, am::MOCHI_REF, am::FIELD_ANY, a)
}

/// `field/2` with a guess what it is.
fn field_at(c: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let v = plain(c, a[0]);
    let m = c.mem();
    if let (Some(arity), Some(at)) = (m.tuple_arity(v), a[3].as_small())
        && arity >= 3
        && m.element(v, 1) == a[2]
        && (3..=i64::from(arity)).contains(&at)
        && m.tuple_arity(m.element(v, 2)) == Some(4)
    {
        return Ok(m.element(v, at as u32));
    }
    field(c, &a[..2])
}

/// `+` of two strings that are short together; `<<X/binary, Y/binary>>` would leave room to grow behind each.
fn add(c: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let m = c.mem();
    if let (Some(x), Some(y)) = (text(m, a[0]), text(m, a[1]))
        && x.len() + y.len() <= SHORT
    {
        let mut both = [0; SHORT];
        both[..x.len()].copy_from_slice(x);
        both[x.len()..x.len() + y.len()].copy_from_slice(y);
        return Ok(binary::from_bytes(c, &both[..x.len() + y.len()])?);
    }
    pass_on(c, am::MOCHI_NUM, am::ADD_ANY, a)
}

/// The struct or map with another value of a field.
fn changed_field(c: &mut Ctx<'_>, v: Term, k: Term, x: Term) -> Result<Option<Term>, Fault> {
    if c.mem().is_map(v) {
        return changed(c, v, k, x);
    }
    let Some((at, words)) = position(c, v, k).filter(|(_, words)| *words < CHANGE / 2) else { return Ok(None) };
    let new = c.words(words)?;
    c.mem().copy_words(v.addr(), new, words);
    c.mem().set(new, at, x);
    Ok(Some(Term::boxed_at(new)))
}

fn set_field(c: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    if content(c, a[0]).is_none() {
        let kind = if c.mem().is_map(a[0]) { 2 } else { 4 };
        if a[3].as_small().is_none_or(|mask| mask & kind != 0) {
            return pass_on(c, am::MOCHI_REF, am::SET_FIELD_ANY, a);
        }
    }
    match in_place(c, a, changed_field)? {
        Some(new) => Ok(new),
        None => pass_on(c, am::MOCHI_REF, am::SET_FIELD_ANY, a),
    }
}

fn put_field(c: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    match in_place(c, a, changed_field)? {
        Some(new) => Ok(new),
        None => pass_on(c, am::MOCHI_REF, am::PUT_FIELD_ANY, a),
    }
}

type Change = fn(&mut Ctx<'_>, Term, Term, Term) -> Result<Option<Term>, Fault>;

/// `a[0]` with `a[2]` at `a[1]`: new, or the same cell with new content.
fn in_place(c: &mut Ctx<'_>, a: &[Term], change: Change) -> Result<Option<Term>, Fault> {
    let Some(v) = content(c, a[0]) else { return change(c, a[0], a[1], a[2]) };
    room(c)?;
    match change(c, v, a[1], a[2])? {
        Some(new) => put_content(c, a[0], new).map(|()| Some(a[0])),
        None => Ok(None),
    }
}

fn set_index(c: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    if content(c, a[0]).is_none() {
        // A kind that the compiler keeps in cells but that isn't in one: the runtime says what is wrong.
        let kind = if c.mem().is_map(a[0]) { 2 } else { 1 };
        if a[3].as_small().is_none_or(|mask| mask & kind != 0) {
            return pass_on(c, am::MOCHI_REF, am::SET_INDEX_ANY, a);
        }
    }
    match in_place(c, a, changed)? {
        Some(new) => Ok(new),
        None => pass_on(c, am::MOCHI_REF, am::SET_INDEX_ANY, a),
    }
}

fn put_index(c: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    match in_place(c, a, changed)? {
        Some(new) => Ok(new),
        None => pass_on(c, am::MOCHI_REF, am::PUT_INDEX_ANY, a),
    }
}

/// So many words must be free that neither the new content nor the dictionary's pair needs a collection: that would begin all anew.
fn room(c: &Ctx<'_>) -> Result<(), Fault> {
    if words_left(c) < CHANGE { Err(Fault::Collect(CHANGE)) } else { Ok(()) }
}

/// Puts new content into a cell of this process.
fn put_content(c: &mut Ctx<'_>, cell: Term, value: Term) -> Result<(), Fault> {
    match cell_key(c.mem(), cell) {
        Some(key) => put_pair(c, key, value).map(|_| ()),
        None => Err(c.badarg()),
    }
}

fn cell_get(c: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    match content(c, a[0]) {
        Some(v) => Ok(v),
        None => pass_on(c, am::MOCHI_CELL_, am::GET_ANY, a),
    }
}

fn cell_set(c: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    if content(c, a[0]).is_none() {
        return pass_on(c, am::MOCHI_CELL_, am::SET_ANY, a);
    }
    room(c)?;
    put_content(c, a[0], a[1])?;
    Ok(am::OK.into())
}

fn append(c: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let v = plain(c, a[0]);
    let m = c.mem();
    let room = vector(m, v).and_then(|vec| Some((vec.size, vec.tail, m.tuple_arity(vec.tail)?)));
    let Some((size, tail, n)) =
        room.filter(|(size, _, n)| *n < WIDTH && *size < object::MAX_TUPLE as i64 * i64::from(WIDTH))
    else {
        return pass_on(c, am::MOCHI_LIST, am::APPEND_ANY, a);
    };
    let at = c.words(6 + n + 2)?;
    let (m, new) = (c.mem(), at.wrapping_add(6 * 8));
    m.copy_words(v.addr(), at, 6);
    m.set(at, 2, Term::small(size + 1));
    m.set(at, 5, Term::boxed_at(new));
    m.copy_words(tail.addr(), new, n + 1);
    m.set_word(new, 0, object::tuple_header(n + 1));
    m.set(new, n + 1, a[1]);
    Ok(Term::boxed_at(at))
}

/// What `for` goes through: the elements of a vector, the characters of a string.
fn iter(c: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let v = plain(c, a[0]);
    let m = c.mem();
    let list = match vector(m, v) {
        Some(vec) => elements(m, &vec),
        None => match short_text(m, v, MANY as usize).and_then(|s| std::str::from_utf8(s).ok()) {
            Some(s) => {
                // Nothing of the string is looked at again once there are new terms.
                let chars: Vec<char> = s.chars().collect();
                let mut list = Vec::with_capacity(chars.len());
                for char in chars {
                    list.push(binary::from_bytes(c, char.encode_utf8(&mut [0; 4]).as_bytes())?);
                }
                Some(list)
            }
            None => None,
        },
    };
    match list {
        Some(list) => {
            c.charge(list.len() / 16);
            c.list(&list)
        }
        None => pass_on(c, am::MOCHI_REF, am::ITER_ANY, a),
    }
}

/// The elements of a vector that is not too large for one go.
fn elements(m: Mem, vec: &Vector) -> Option<Vec<Term>> {
    let tail = m.tuple_arity(vec.tail)?;
    if vec.size > MANY || vec.size < i64::from(tail) {
        return None;
    }
    let mut list = Vec::with_capacity(vec.size as usize);
    let end = (vec.dropped + vec.size - i64::from(tail)) as u64;
    let mut at = vec.dropped as u64;
    while at < end {
        let (mut node, mut shift) = (vec.root, vec.shift);
        while shift > 0 {
            let n = (at >> shift) as u32 % WIDTH + 1;
            node = (n <= m.tuple_arity(node)?).then(|| m.element(node, n))?;
            shift = shift.checked_sub(BITS)?;
        }
        let (from, to) = (at as u32 % WIDTH, (end - at).min(u64::from(WIDTH - at as u32 % WIDTH)) as u32);
        if m.tuple_arity(node)? < from + to {
            return None;
        }
        list.extend((from + 1..=from + to).map(|n| m.element(node, n)));
        at += u64::from(to);
    }
    list.extend((1..=tail).map(|n| m.element(vec.tail, n)));
    Some(list)
}

/// A vector of the elements of a list, which is in reverse.
fn from_reversed(c: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let m = c.mem();
    let (mut list, mut rest) = (vec![], a[0]);
    while rest.is_list() && list.len() < MANY as usize {
        list.push(m.head(rest));
        rest = m.tail(rest);
    }
    if !rest.is_nil() {
        return pass_on(c, am::MOCHI_LIST, am::FROM_REVERSED_ANY, a);
    }
    list.reverse();
    c.charge(list.len() / 16);
    let full = list.len().saturating_sub(1) / WIDTH as usize * WIDTH as usize;
    let (leaves, tail) = list.split_at(full);
    let mut nodes = leaves.to_vec();
    let mut shift = 0;
    while shift == 0 || nodes.len() > WIDTH as usize {
        let level: Result<Vec<Term>, Fault> = nodes.chunks(WIDTH as usize).map(|n| c.tuple(n)).collect();
        nodes = level?;
        shift += BITS;
    }
    let (root, tail) = (c.tuple(&nodes)?, c.tuple(tail)?);
    c.tuple(&[am::MOCHI_VECTOR.into(), Term::small(list.len() as i64), Term::small(i64::from(shift)), root, tail])
}

fn str_len(c: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    match text(c.mem(), a[0]) {
        Some(s) if s.is_ascii() => Ok(Term::small(s.len() as i64)),
        _ => pass_on(c, am::MOCHI_STR, am::LEN_ANY, a),
    }
}

fn str_sub(c: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let m = c.mem();
    let range = (a[1].as_small().filter(|n| *n >= 0), a[2].as_small().filter(|n| *n >= 0));
    let (Some(s), (Some(from), Some(to))) = (text(m, a[0]), range) else {
        return pass_on(c, am::MOCHI_STR, am::SUB_ANY, a);
    };
    let start = offset(s, 0, from as usize);
    let end = start.and_then(|at| offset(s, at, to.checked_sub(from).filter(|n| *n > 0)? as usize));
    match (start, end) {
        (Some(start), Some(end)) => Ok(binary::part(c, a[0], start as u64 * 8, (end - start) as u64 * 8)?),
        _ => pass_on(c, am::MOCHI_STR, am::SUB_ANY, a),
    }
}
