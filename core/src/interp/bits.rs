//! Bit syntax instructions over the kernels of [`crate::heap::bits`].

use super::{Flow, Machine};
use crate::atom::{Atom, am};
use crate::bif::Fault;
use crate::code::op::Instr;
use crate::code::operand::{Dst, Place, Src, Wide};
use crate::heap::binary;
use crate::heap::bits::build::{self, BuildError, Builder};
use crate::heap::bits::{matching, utf};
use crate::load::translate::{command, segment};
use crate::term::{Addr, Mem, Term};

pub fn execute(m: &mut Machine<'_>, i: &Instr) -> Flow {
    match *i {
        Instr::BsStartMatch { live, s, d, fail } => {
            let (mut t, mut none) = (m.src(s), Term::NIL);
            if let Err(f) = m.collect_if_desired(live as usize, &mut t, &mut none) {
                return m.fault(f);
            }
            match matching::start(&mut m.ctx(), t) {
                // Without a label the code says that it can't fail.
                Ok(None) if fail == 0 => m.error(Term::atom(am::BADARG)),
                r => store(m, r, d, fail),
            }
        }
        Instr::BsSetPosition { s, p } => {
            let (ctx, p) = (m.src(s), m.src(p));
            matching::set_position(m.mem(), ctx, p.as_small().unwrap_or(0) as u64);
            Flow::Next
        }
        Instr::BsGetTail { s, d, .. } => {
            let ctx = m.src(s);
            match matching::tail(&mut m.ctx(), ctx) {
                Ok(t) => {
                    m.set(d, t);
                    Flow::Next
                }
                Err(e) => m.fault(e.into()),
            }
        }
        Instr::BsMatch { s, n, at, fail } => bs_match(m, s, n, at, fail),
        Instr::BsGetInteger { live, at, fail }
        | Instr::BsGetFloat { live, at, fail }
        | Instr::BsGetBinary { live, at, fail } => get_field(m, i, live, at, fail),
        Instr::BsSkip { s, size, fail, unit } => {
            let (ctx, size) = (m.src(s), m.src(size));
            let mem = m.mem();
            match build::size_in_bits(mem, size, unit) {
                Ok(n) if matching::skip(mem, ctx, n) => Flow::Next,
                _ => Flow::Jump(fail),
            }
        }
        Instr::BsTestUnit { s, fail, unit } => {
            let ctx = m.src(s);
            if matching::left(m.mem(), ctx) % unit.max(1) as u64 == 0 { Flow::Next } else { Flow::Jump(fail) }
        }
        Instr::BsMatchString { s, n, at, fail } => {
            let ctx = m.src(s);
            let mem = m.mem();
            let bytes = (n as usize).div_ceil(8);
            let ok = match m.sys.code.instance(m.slot).and_then(|c| c.strings.get(at as usize..at as usize + bytes)) {
                Some(b) => matching::literal(mem, ctx, b, n as u64),
                None => false,
            };
            if ok { Flow::Next } else { Flow::Jump(fail) }
        }
        Instr::BsGetUtf { kind, s, d, fail, flags } => {
            let ctx = m.src(s);
            match utf::take(m.mem(), ctx, kind, flags) {
                Some(c) => {
                    m.set(d, Term::small(c as i64));
                    Flow::Next
                }
                None => Flow::Jump(fail),
            }
        }
        Instr::BsSkipUtf { kind, s, fail, flags } => {
            let ctx = m.src(s);
            if utf::take(m.mem(), ctx, kind, flags).is_some() { Flow::Next } else { Flow::Jump(fail) }
        }
        Instr::BsCreateQuick { live, d, n, at, fail } => super::build::create_quick(m, live, d, n as u32, at, fail),
        Instr::BsCreateBin { live, d, n, at, fail } => create_bin(m, live, d, n as u32, at, fail),
        // The size in x0 is a hint; room is made when something is appended.
        Instr::BsInitWritable {} => match binary::from_bytes(&mut m.ctx(), b"") {
            Ok(t) => {
                m.set_x(0, t);
                Flow::Next
            }
            Err(e) => m.fault(e.into()),
        },
        _ => Flow::Next,
    }
}

fn store(m: &mut Machine<'_>, r: matching::Matched, d: Dst, fail: i32) -> Flow {
    match r {
        Ok(Some(t)) => {
            m.set(d, t);
            Flow::Next
        }
        Ok(None) => Flow::Jump(fail),
        Err(e) => m.fault(e.into()),
    }
}

/// Side table: context, size, destination, unit, flags.
fn get_field(m: &mut Machine<'_>, i: &Instr, live: u8, at: u32, fail: i32) -> Flow {
    let (mut ctx, mut size) = (m.wide(m.side(at)), m.wide(m.side(at + 1)));
    let (d, unit, flags) = (Dst(m.side(at + 2) as u16), m.side(at + 3), m.side(at + 4));
    if let Err(f) = m.collect_if_desired(live as usize, &mut ctx, &mut size) {
        return m.fault(f);
    }
    let mem = m.mem();
    if size.is(am::ALL) {
        let r = matching::rest(&mut m.ctx(), ctx, unit as u64);
        return store(m, r, d, fail);
    }
    let Ok(n) = build::size_in_bits(mem, size, unit) else { return Flow::Jump(fail) };
    let mut c = m.ctx();
    let r = match i {
        Instr::BsGetInteger { .. } => matching::integer(&mut c, ctx, n, flags),
        Instr::BsGetFloat { .. } => matching::float(&mut c, ctx, n, flags),
        _ => matching::bitstring(&mut c, ctx, n),
    };
    store(m, r, d, fail)
}

/// A list of match commands that build nothing. `false`: no match; the context then stands where the failed command found it.
///
/// # Safety
/// `side` points to `n` commands that the loader has checked for `BsMatchQuick`; `x` is the register file.
#[inline(never)]
#[allow(unsafe_code)]
pub unsafe fn match_quick(mem: Mem, x: *mut Term, sp: Addr, side: *const u32, n: u16, ctx: Term) -> bool {
    let (start, end) = (mem.field(ctx, 2).raw(), mem.field(ctx, 3).raw());
    let base = mem.bits_base(mem.field(ctx, 4));
    let (mut pos, mut at) = (start, side);
    // The next bits, so many of them; the rest of the word is 0 or bits behind them.
    let (mut window, mut there) = (0u64, 0u32);
    // SAFETY: see above; the loader wrote as many operands as each command has.
    let word = |at: *const u32, k: usize| unsafe { *at.add(k) };
    let mut yes = true;
    for _ in 0..n {
        let left = end.saturating_sub(pos);
        let words = match word(at, 0) {
            command::AT_LEAST => {
                let (size, unit) = (word(at, 1) as u64, word(at, 2) as u64);
                yes = left >= size
                    && (unit == 1 || if unit == 8 { (left - size) % 8 == 0 } else { (left - size) % unit == 0 });
                3
            }
            command::EXACTLY => {
                yes = left == word(at, 1) as u64;
                2
            }
            what @ (command::INTEGER | command::EQUAL) => {
                let size = word(at, if what == command::INTEGER { 2 } else { 1 });
                yes = size as u64 <= left;
                if !yes {
                    break;
                }
                if there < size {
                    let skew = (pos % 8) as u32;
                    window = mem.word(base.wrapping_add((pos / 8) as u32), 0).swap_bytes() << skew;
                    there = 64 - skew;
                }
                let v = if size == 0 { 0 } else { window >> (64 - size) };
                if what == command::EQUAL {
                    yes = v == (word(at, 2) as u64) << 32 | word(at, 3) as u64;
                } else {
                    let v = Term::small(matching::as_field(v, size, word(at, 1)));
                    match Dst(word(at, 3) as u16).src().kind() {
                        // SAFETY: the loader checked the register's number.
                        Place::X(i) => unsafe { *x.add(i as usize) = v },
                        Place::Y(i) => mem.set(sp, i, v),
                        Place::Const(_) => {}
                    }
                }
                if yes {
                    pos += size as u64;
                    window <<= size;
                    there -= size;
                }
                4
            }
            _ => {
                let size = word(at, 1) as u64;
                yes = size <= left;
                if yes {
                    pos += size;
                    there = 0;
                }
                2
            }
        };
        if !yes {
            break;
        }
        // SAFETY: the next command, or the end of the list.
        at = unsafe { at.add(words) };
    }
    mem.set_word(ctx.addr(), 2, pos);
    yes
}

fn bs_match(m: &mut Machine<'_>, s: Src, n: u16, at: u32, fail: i32) -> Flow {
    let live = m.side(at);
    let mut ctx = m.src(s);
    let mem = m.mem();
    let mut at = at + 1;
    let mut collected = false;
    for _ in 0..n {
        let op = m.side(at);
        // Not before the first command that may build: what fails until then leaves every register as it is.
        if matches!(op, command::INTEGER | command::BINARY | command::TAIL) && !collected && live < 256 {
            collected = true;
            let mut none = Term::NIL;
            if let Err(f) = m.collect_if_desired(live as usize, &mut ctx, &mut none) {
                return m.fault(f);
            }
        }
        let (a, b, c) = (m.side(at + 1), m.side(at + 2), m.side(at + 3));
        match op {
            command::AT_LEAST => {
                let left = matching::left(mem, ctx);
                if left < a as u64 || (left - a as u64) % b as u64 != 0 {
                    return Flow::Jump(fail);
                }
                at += 3;
            }
            command::EXACTLY => {
                if matching::left(mem, ctx) != a as u64 {
                    return Flow::Jump(fail);
                }
                at += 2;
            }
            command::INTEGER => {
                match matching::integer(&mut m.ctx(), ctx, b as u64, a) {
                    Ok(Some(t)) => m.set(Dst(c as u16), t),
                    Ok(None) => return Flow::Jump(fail),
                    Err(e) => return m.fault(e.into()),
                }
                at += 4;
            }
            command::BINARY => {
                match matching::bitstring(&mut m.ctx(), ctx, a as u64) {
                    Ok(Some(t)) => m.set(Dst(b as u16), t),
                    Ok(None) => return Flow::Jump(fail),
                    Err(e) => return m.fault(e.into()),
                }
                at += 3;
            }
            command::EQUAL => {
                if matching::peek(mem, ctx, a) != Some((b as u64) << 32 | c as u64) {
                    return Flow::Jump(fail);
                }
                matching::advance(mem, ctx, a as u64);
                at += 4;
            }
            command::SKIP => {
                if !matching::skip(mem, ctx, a as u64) {
                    return Flow::Jump(fail);
                }
                at += 2;
            }
            command::TAIL => {
                match matching::tail(&mut m.ctx(), ctx) {
                    Ok(t) => m.set(Dst(a as u16), t),
                    Err(e) => return m.fault(e.into()),
                }
                at += 2;
            }
            _ => return Flow::Jump(fail),
        }
    }
    Flow::Next
}

/// Segments that fit on the host's stack.
const FEW_SEGMENTS: usize = 8;

/// A segment with its operands fetched.
#[derive(Clone, Copy)]
struct Segment {
    kind: u32,
    unit: u32,
    flags: u32,
    /// Its place in the source, from 1, for errors.
    number: u32,
    value: Term,
    size: Term,
    /// Offset and length of a string.
    string: (u32, u32),
}

impl Segment {
    const NONE: Segment =
        Segment { kind: 0, unit: 0, flags: 0, number: 0, value: Term::NIL, size: Term::NIL, string: (0, 0) };
}

fn segment_at(m: &Machine<'_>, at: u32) -> Segment {
    let at = at as usize;
    let side = m.sys.code.instance(m.slot).and_then(|c| c.side.get(at..at + segment::WORDS));
    let Some(&[kind, unit, flags, v, s]) = side else { return Segment::NONE };
    let (flags, number) = (flags & 0xFFFF, flags >> 16);
    if kind == segment::STRING {
        return Segment { kind, unit, flags, number, value: Term::NIL, size: Term::NIL, string: (v, s) };
    }
    Segment { kind, unit, flags, number, value: m.wide(Wide(v).0), size: m.wide(Wide(s).0), string: (0, 0) }
}

/// Bits that a segment will take.
fn segment_bits(m: &Machine<'_>, s: &Segment) -> Result<u64, BuildError> {
    let mem = m.mem();
    Ok(match s.kind {
        segment::STRING => s.string.1 as u64 * 8,
        segment::UTF8 => build::utf_bytes(s.value, 8, s.flags)?.len() as u64 * 8,
        segment::UTF16 => build::utf_bytes(s.value, 16, s.flags)?.len() as u64 * 8,
        segment::UTF32 => 32,
        segment::INTEGER if !mem.is_integer(s.value) => return Err(BuildError::BadArg),
        segment::FLOAT if !mem.is_number(s.value) => return Err(BuildError::BadArg),
        segment::BINARY | segment::APPEND | segment::PRIVATE_APPEND => {
            let len = mem.bits(s.value).filter(|_| mem.is_bitstring(s.value)).ok_or(BuildError::BadArg)?.len;
            if s.size.is(am::ALL) {
                if len % s.unit.max(1) as u64 != 0 {
                    return Err(BuildError::BadArg);
                }
                len
            } else {
                let n = build::size_in_bits(mem, s.size, s.unit)?;
                if n > len {
                    return Err(BuildError::BadArg);
                }
                n
            }
        }
        _ => build::size_in_bits(mem, s.size, s.unit)?,
    })
}

/// Most words that a new bitstring takes on the heap.
pub(super) const RESULT_WORDS: u32 = 10;

pub(super) fn create_bin(m: &mut Machine<'_>, live: u8, d: Dst, n: u32, at: u32, fail: i32) -> Flow {
    // Room for the result's words on the heap, and behind it for what the following instructions build without asking.
    let need = m.side(at) + RESULT_WORDS + crate::heap::RESERVED;
    if (m.gc_desired() || m.proc.heap.free() < need)
        && let Err(f) = m.collect(need as usize, live as usize)
    {
        return m.fault(f);
    }
    match build_all(m, n, at + 1) {
        Ok(t) => {
            m.set(d, t);
            m.proc.budget -= 1;
            Flow::Next
        }
        Err(BuildError::Memory) => m.fault(Fault::Memory),
        Err(_) if fail != 0 => Flow::Jump(fail),
        Err(BuildError::BadArg) => bad_segment(m, n, at + 1, am::BADARG),
        Err(BuildError::SystemLimit) => bad_segment(m, n, at + 1, am::SYSTEM_LIMIT),
    }
}

/// The error of a construction that failed, with the segment at fault in its error info, of which `erl_erts_errors` makes a sentence.
#[cold]
fn bad_segment(m: &mut Machine<'_>, n: u32, at: u32, reason: Atom) -> Flow {
    let all: Vec<Segment> = (0..n).map(|k| segment_at(m, at + k * segment::WORDS as u32)).collect();
    let mem = m.mem();
    // Sizes are looked at first, then what is put in.
    let fault = (all.iter())
        .find_map(|s| size_fault(mem, s).map(|f| (s, f)))
        .or_else(|| all.iter().find_map(|s| value_fault(mem, s).map(|f| (s, f))));
    let flow = m.error(Term::atom(reason));
    let Some((s, (what, value))) = fault else { return flow };
    let kind = match s.kind {
        segment::INTEGER => am::INTEGER,
        segment::FLOAT => am::FLOAT,
        segment::UTF8 => am::UTF8,
        segment::UTF16 => am::UTF16,
        segment::UTF32 => am::UTF32,
        _ => am::BINARY,
    };
    let mut ctx = m.ctx();
    let cause = [Term::small(i64::from(s.number)), Term::atom(kind), Term::atom(what), value];
    let info = crate::heap::build::tuple(&mut ctx, &cause).and_then(|cause| {
        let function = Term::atom(am::FORMAT_BS_FAIL);
        let module = Term::atom(am::ERL_ERTS_ERRORS);
        let pairs = [(am::CAUSE, cause), (am::FUNCTION, function), (am::MODULE, module)];
        crate::bif::support::atom_map(&mut ctx, &pairs)
    });
    match info {
        Ok(info) => {
            m.proc.exception.info = info;
            flow
        }
        Err(e) => m.fault(e.into()),
    }
}

/// What is wrong with the size of a segment, or with a value that its size follows from.
fn size_fault(mem: Mem, s: &Segment) -> Option<(Atom, Term)> {
    match s.kind {
        segment::STRING => None,
        segment::UTF8 => build::utf_bytes(s.value, 8, s.flags).is_err().then_some((am::TYPE, s.value)),
        segment::UTF16 => build::utf_bytes(s.value, 16, s.flags).is_err().then_some((am::TYPE, s.value)),
        segment::UTF32 => None,
        segment::INTEGER | segment::FLOAT => {
            build::size_in_bits(mem, s.size, s.unit).is_err().then_some((am::SIZE, s.size))
        }
        _ if s.size.is(am::ALL) => match mem.bits(s.value).filter(|_| mem.is_bitstring(s.value)) {
            None => Some((am::TYPE, s.value)),
            Some(b) => (b.len % u64::from(s.unit.max(1)) != 0).then_some((am::UNIT, s.value)),
        },
        _ => build::size_in_bits(mem, s.size, s.unit).is_err().then_some((am::SIZE, s.size)),
    }
}

/// What is wrong with the value of a segment.
fn value_fault(mem: Mem, s: &Segment) -> Option<(Atom, Term)> {
    match s.kind {
        segment::STRING | segment::UTF8 | segment::UTF16 => None,
        segment::UTF32 => build::utf_bytes(s.value, 32, s.flags).is_err().then_some((am::TYPE, s.value)),
        segment::INTEGER => (!mem.is_integer(s.value)).then_some((am::TYPE, s.value)),
        segment::FLOAT if !mem.is_number(s.value) => Some((am::TYPE, s.value)),
        segment::FLOAT => match build::size_in_bits(mem, s.size, s.unit) {
            Ok(16 | 32 | 64) if s.value.is_small() => None,
            Ok(16 | 32 | 64) => {
                let fits = crate::heap::number::to_f64(mem, s.value).is_some_and(f64::is_finite);
                (!fits).then_some((am::NO_FLOAT, s.value))
            }
            _ => Some((am::INVALID, s.size)),
        },
        _ => match mem.bits(s.value).filter(|_| mem.is_bitstring(s.value)) {
            None => Some((am::TYPE, s.value)),
            Some(b) => {
                let size = if s.size.is(am::ALL) { Ok(b.len) } else { build::size_in_bits(mem, s.size, s.unit) };
                size.is_ok_and(|n| n > b.len).then_some((am::SHORT, s.value))
            }
        },
    }
}

fn build_all(m: &mut Machine<'_>, n: u32, at: u32) -> Result<Term, BuildError> {
    let appends = |s: &Segment| matches!(s.kind, segment::APPEND | segment::PRIVATE_APPEND);
    let mut total = 0u64;
    // Few segments need no allocation of the host's.
    let (mut few, mut many) = ([(Segment::NONE, 0u64); FEW_SEGMENTS], Vec::new());
    let segments: &mut [(Segment, u64)] = if n as usize <= FEW_SEGMENTS {
        &mut few[..n as usize]
    } else {
        many.resize(n as usize, (Segment::NONE, 0));
        &mut many
    };
    for (k, s) in segments.iter_mut().enumerate() {
        s.0 = segment_at(m, at + (k * segment::WORDS) as u32);
        s.1 = segment_bits(m, &s.0)?;
        total = total.checked_add(s.1).ok_or(BuildError::SystemLimit)?;
    }
    if total > m.sys.arena.limit().saturating_mul(8) {
        return Err(BuildError::SystemLimit);
    }
    let (mut b, first) = match segments.first() {
        Some((s, bits)) if appends(s) => {
            let more = total - bits;
            (Builder::append(&mut m.ctx(), s.value, more, s.unit)?, 1)
        }
        _ => (Builder::new(&mut m.ctx(), total)?, 0),
    };
    let mem = m.mem();
    for (s, bits) in segments.iter().skip(first) {
        match s.kind {
            segment::INTEGER => b.integer(mem, s.value, *bits, s.flags)?,
            segment::FLOAT => b.float(mem, s.value, *bits, s.flags)?,
            segment::UTF8 => b.utf(mem, s.value, 8, s.flags)?,
            segment::UTF16 => b.utf(mem, s.value, 16, s.flags)?,
            segment::UTF32 => b.utf(mem, s.value, 32, s.flags)?,
            segment::STRING => {
                let (from, len) = (s.string.0 as usize, s.string.1 as usize);
                let bytes = m.sys.code.instance(m.slot).and_then(|c| c.strings.get(from..from + len)).unwrap_or(&[]);
                b.bytes(mem, bytes);
            }
            _ => {
                let value = mem.bits(s.value).ok_or(BuildError::BadArg)?;
                b.bits(mem, value.part(0, *bits));
            }
        }
    }
    Ok(b.finish())
}
