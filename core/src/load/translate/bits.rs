//! Bit syntax: matching and construction. Their operand lists are checked and laid out in the side table here.

use super::{Done, Translator};
use crate::atom::am;
use crate::code::op::Instr;
use crate::code::operand::{Dst, Place, Wide};
use crate::error::LoadError;
use crate::term::{Mem, Term};
use beambox_beamfile::{Arg, Op};

/// Commands of `bs_match` in the side table. Each is followed by its operands.
pub mod command {
    /// size, unit
    pub const AT_LEAST: u32 = 0;
    /// size
    pub const EXACTLY: u32 = 1;
    /// flags, bits, destination
    pub const INTEGER: u32 = 2;
    /// bits, destination
    pub const BINARY: u32 = 3;
    /// bits, high half and low half of the value
    pub const EQUAL: u32 = 4;
    /// bits
    pub const SKIP: u32 = 5;
    /// destination
    pub const TAIL: u32 = 6;
}

/// Most bits of a field in a [`BsMatchQuick`](Instr::BsMatchQuick): the value is small, and one word holds them at any bit offset.
pub const QUICK_BITS: u32 = 56;

/// Kinds of segments of `bs_create_bin` in the side table: kind, unit, flags, value, size.
pub mod segment {
    pub const INTEGER: u32 = 0;
    pub const FLOAT: u32 = 1;
    pub const BINARY: u32 = 2;
    pub const UTF8: u32 = 3;
    pub const UTF16: u32 = 4;
    pub const UTF32: u32 = 5;
    /// The value is an offset into the instance's strings, the size a number of bytes.
    pub const STRING: u32 = 6;
    pub const APPEND: u32 = 7;
    pub const PRIVATE_APPEND: u32 = 8;
    /// Words of a segment in the side table.
    pub const WORDS: usize = 5;
}

/// Segments of `BsCreateQuick` behind their general form: bits and flags, value.
pub mod quick {
    /// The first segment is a binary to append to.
    pub const APPEND: u32 = 1 << 30;
    /// The first word is this and a number of bytes, the second an offset into the instance's strings.
    pub const STRING: u32 = 1 << 31;
    /// Flags are this many bits up.
    pub const FLAGS: u32 = 8;
    /// Words of a segment.
    pub const WORDS: usize = 2;
}

/// Little-endian, as `field_flags` encodes it.
pub const LITTLE: u32 = 2;
pub const SIGNED: u32 = 4;
const NATIVE: u32 = 16;

/// Native fields are little-endian on every host of ours.
fn resolve_native(flags: u64) -> u32 {
    let f = flags as u32;
    if f & NATIVE != 0 { (f & SIGNED) | LITTLE } else { f & (LITTLE | SIGNED) }
}

impl<'a> Translator<'a> {
    pub(super) fn bits(&mut self, op: Op, a: &'a [Arg]) -> Result<bool, LoadError> {
        match op {
            Op::BsStartMatch3 => {
                let (fail, s, live, d) = (self.fail(a, 0)?, self.src(a, 1)?, self.live(a, 2)?, self.dst(a, 3)?);
                self.e.push(Instr::BsStartMatch { live, s, d, fail });
            }
            Op::BsStartMatch4 => {
                let (fail, live, s, d) = (self.fail(a, 0)?, self.live(a, 1)?, self.src(a, 2)?, self.dst(a, 3)?);
                self.e.push(Instr::BsStartMatch { live, s, d, fail });
            }
            Op::BsGetInteger2 | Op::BsGetFloat2 | Op::BsGetBinary2 => self.get_field(op, a)?,
            Op::BsSkipBits2 => {
                let (fail, s, size) = (self.target(a, 0)?, self.src(a, 1)?, self.src(a, 2)?);
                let unit = self.num_below(a, 3, 257)? as u32;
                self.e.push(Instr::BsSkip { s, size, fail, unit });
            }
            Op::BsTestTail2 => {
                let (fail, s, bits) = (self.target(a, 0)?, self.src(a, 1)?, self.num_below(a, 2, 1 << 32)? as u32);
                self.e.push(Instr::BsTestTail { s, fail, bits });
            }
            Op::BsTestUnit => {
                let (fail, s, unit) = (self.target(a, 0)?, self.src(a, 1)?, self.num_below(a, 2, 257)? as u32);
                if unit == 0 {
                    return Err(self.e.error("a unit of 0"));
                }
                self.e.push(Instr::BsTestUnit { s, fail, unit });
            }
            Op::BsMatchString => {
                let (fail, s) = (self.target(a, 0)?, self.src(a, 1)?);
                let (bits, at) = (self.num_below(a, 2, 1 << 16)?, self.num(a, 3)?);
                self.string(at, bits.div_ceil(8))?;
                self.e.push(Instr::BsMatchString { s, n: bits as u16, at: at as u32, fail });
            }
            Op::BsGetUtf8 | Op::BsGetUtf16 | Op::BsGetUtf32 => {
                let (fail, s, flags, d) = (self.target(a, 0)?, self.src(a, 1)?, self.flags(a, 3)?, self.dst(a, 4)?);
                let kind = utf(op);
                self.e.push(Instr::BsGetUtf { kind, s, d, fail, flags });
            }
            Op::BsSkipUtf8 | Op::BsSkipUtf16 | Op::BsSkipUtf32 => {
                let (fail, s, flags) = (self.target(a, 0)?, self.src(a, 1)?, self.flags(a, 3)?);
                let kind = utf(op);
                self.e.push(Instr::BsSkipUtf { kind, s, fail, flags });
            }
            Op::BsGetTail => {
                let (s, d, live) = (self.src(a, 0)?, self.dst(a, 1)?, self.live(a, 2)?);
                self.e.push(Instr::BsGetTail { live, s, d });
            }
            Op::BsGetPosition => {
                let (s, d, live) = (self.src(a, 0)?, self.dst(a, 1)?, self.live(a, 2)?);
                self.e.push(Instr::BsGetPosition { live, s, d });
            }
            Op::BsSetPosition => {
                let (s, p) = (self.src(a, 0)?, self.src(a, 1)?);
                self.e.push(Instr::BsSetPosition { s, p });
            }
            Op::BsMatch => self.bs_match(a)?,
            Op::BsCreateBin => self.bs_create_bin(a)?,
            Op::BsInitWritable => self.e.push(Instr::BsInitWritable {}),
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn string(&self, at: u64, len: u64) -> Done {
        if at.checked_add(len).is_some_and(|end| end <= self.file.strings.len() as u64) {
            Ok(())
        } else {
            Err(self.e.error(format!("{len} bytes at {at} lie outside of the strings")))
        }
    }

    /// Field flags: a number, or a literal list of atoms.
    fn flags(&mut self, a: &'a [Arg], n: usize) -> Result<u32, LoadError> {
        match self.arg(a, n)? {
            Arg::U(v) => Ok(resolve_native(*v)),
            Arg::Nil => Ok(0),
            other => {
                let Some(mut t) = self.term(other)? else { return Err(self.e.error("field flags are no constant")) };
                let mem: Mem = self.area.mem();
                let mut flags = 0;
                while t.is_list() {
                    flags |= match mem.head(t).as_atom().map(|a| self.atoms.name(a)) {
                        Some("little") => LITTLE as u64,
                        Some("signed") => SIGNED as u64,
                        Some("native") => NATIVE as u64,
                        _ => 0,
                    };
                    t = mem.tail(t);
                }
                Ok(resolve_native(flags))
            }
        }
    }

    /// Side table: context, size, destination; then unit and flags.
    fn get_field(&mut self, op: Op, a: &'a [Arg]) -> Done {
        let (fail, live) = (self.target(a, 0)?, self.live(a, 2)?);
        let (ctx, size) = (self.arg(a, 1)?, self.arg(a, 3)?);
        let (ctx, size) = (self.wide(ctx)?, self.wide(size)?);
        let unit = self.num_below(a, 4, 257)? as u32;
        let flags = self.flags(a, 5)?;
        let d = self.dst(a, 6)?;
        let at = self.e.side(&[ctx, size, Wide(d.0 as u32), Wide(unit), Wide(flags)]);
        self.e.push(match op {
            Op::BsGetInteger2 => Instr::BsGetInteger { live, at, fail },
            Op::BsGetFloat2 => Instr::BsGetFloat { live, at, fail },
            _ => Instr::BsGetBinary { live, at, fail },
        });
        Ok(())
    }

    fn command_name(&self, a: &Arg) -> Result<&str, LoadError> {
        match a {
            Arg::Atom(i) => Ok(self.atoms.name(self.atom(*i)?)),
            other => Err(self.e.error(format!("{other:?} is no command"))),
        }
    }

    fn bs_match(&mut self, a: &'a [Arg]) -> Done {
        let (fail, s) = (self.target(a, 0)?, self.src(a, 1)?);
        let l = self.list(a, 2)?;
        // First word: live X registers at the first command that allocates; 256 when none does.
        let mut side = vec![Wide(256)];
        let (mut n, mut count, mut quick) = (0, 0u16, true);
        let bits = |t: &Self, n: usize| -> Result<u32, LoadError> { Ok(t.num_below(l, n, 1 << 26)? as u32) };
        while n < l.len() {
            let name = self.command_name(&l[n])?.to_string();
            count += 1;
            match name.as_str() {
                "ensure_at_least" => {
                    let unit = bits(self, n + 2)?.max(1);
                    side.extend([Wide(command::AT_LEAST), Wide(bits(self, n + 1)?), Wide(unit)]);
                    n += 3;
                }
                "ensure_exactly" => {
                    side.extend([Wide(command::EXACTLY), Wide(bits(self, n + 1)?)]);
                    n += 2;
                }
                "integer" | "binary" => {
                    let live = self.live(l, n + 1)? as u32;
                    side[0] = Wide(side[0].0.min(live));
                    let flags = self.flags(l, n + 2)?;
                    let size = bits(self, n + 3)? as u64 * bits(self, n + 4)? as u64;
                    if size >= 1 << 26 {
                        return Err(self.e.error(format!("a segment of {size} bits")));
                    }
                    let d = Wide(self.dst(l, n + 5)?.0 as u32);
                    quick &= name == "integer" && size <= QUICK_BITS as u64;
                    if name == "integer" {
                        side.extend([Wide(command::INTEGER), Wide(flags), Wide(size as u32), d]);
                    } else {
                        side.extend([Wide(command::BINARY), Wide(size as u32), d]);
                    }
                    n += 6;
                }
                "=:=" => {
                    let size = self.num_below(l, n + 2, 65)? as u32;
                    quick &= size <= QUICK_BITS;
                    let value = self.arg(l, n + 3)?;
                    let value = match value {
                        Arg::U(v) => *v,
                        Arg::I(v) => *v as u64,
                        other => match self.term(other)? {
                            Some(t) => self.word_of(t)?,
                            None => return Err(self.e.error("=:= with no constant")),
                        },
                    };
                    let value = if size < 64 { value & ((1 << size) - 1) } else { value };
                    side.extend([Wide(command::EQUAL), Wide(size), Wide((value >> 32) as u32), Wide(value as u32)]);
                    n += 4;
                }
                "skip" => {
                    side.extend([Wide(command::SKIP), Wide(bits(self, n + 1)?)]);
                    n += 2;
                }
                "get_tail" => {
                    quick = false;
                    let live = self.live(l, n + 1)? as u32;
                    side[0] = Wide(side[0].0.min(live));
                    side.extend([Wide(command::TAIL), Wide(self.dst(l, n + 3)?.0 as u32)]);
                    n += 4;
                }
                other => return Err(self.e.error(format!("bs_match has no command {other}"))),
            }
        }
        // `<<C, Rest/..>>` by itself: make sure of eight bits, take them as an unsigned integer.
        if let [_, Wide(command::AT_LEAST), Wide(8), Wide(unit), Wide(command::INTEGER), Wide(flags), Wide(8), Wide(d)] =
            side[..]
            && (unit == 1 || unit == 8)
            && flags & SIGNED == 0
        {
            self.e.push(Instr::BsGetByte { unit: unit as u8, s, d: Dst(d as u16), fail });
            return Ok(());
        }
        let at = self.e.side(&side);
        self.e.push(if quick {
            Instr::BsMatchQuick { s, n: count, at: at + 1, fail }
        } else {
            Instr::BsMatch { s, n: count, at, fail }
        });
        Ok(())
    }

    /// An integer constant as 64 bits, two's complement.
    fn word_of(&self, t: Term) -> Result<u64, LoadError> {
        let mem: Mem = self.area.mem();
        match t.as_small() {
            Some(v) => Ok(v as u64),
            None if mem.is_big(t) => Ok(mem.field(t, 1).raw()),
            None => Err(self.e.error("=:= with no integer")),
        }
    }

    fn bs_create_bin(&mut self, a: &'a [Arg]) -> Done {
        let (fail, need, live, d) = (self.fail(a, 0)?, self.words(a, 1)?, self.live(a, 2)?, self.dst(a, 4)?);
        let l = self.list(a, 5)?;
        if l.len() % 6 != 0 || l.len() > 6 * 0xFFFF {
            return Err(self.e.error("bs_create_bin with incomplete segments"));
        }
        // First the heap words that the instructions after this one count on.
        let mut side = vec![Wide(need)];
        // Bits of the segments behind a binary to append to, while all of them are known.
        let mut known = Some(0u32);
        let mut quick_form = Vec::new();
        for n in (0..l.len()).step_by(6) {
            let name = self.command_name(&l[n])?.to_string();
            let kind = match name.as_str() {
                "integer" => segment::INTEGER,
                "float" => segment::FLOAT,
                "binary" => segment::BINARY,
                "utf8" => segment::UTF8,
                "utf16" => segment::UTF16,
                "utf32" => segment::UTF32,
                "string" => segment::STRING,
                "append" => segment::APPEND,
                "private_append" => segment::PRIVATE_APPEND,
                other => return Err(self.e.error(format!("bs_create_bin has no segment {other}"))),
            };
            let unit = self.num_below(l, n + 2, 257)? as u32;
            let flags = self.flags(l, n + 3)?;
            let (value, size) = if kind == segment::STRING {
                let (at, len) = (self.num(l, n + 4)?, self.num(l, n + 5)?);
                self.string(at, len)?;
                (Wide(at as u32), Wide(len as u32))
            } else {
                (self.wide(&l[n + 4])?, self.wide(&l[n + 5])?)
            };
            known = known.and_then(|bits| match (kind, size.kind()) {
                (segment::INTEGER, Place::Const(i)) => {
                    let size = self.e.consts.get(i as usize).and_then(|t| t.as_small())?;
                    let size = u32::try_from(size).ok()?.checked_mul(unit)?;
                    quick_form.extend([Wide(flags << quick::FLAGS | size), value]);
                    (size <= 64).then_some(bits + size)
                }
                (segment::STRING, _) => {
                    quick_form.extend([Wide(quick::STRING | size.0), value]);
                    bits.checked_add(size.0.checked_mul(8)?)
                }
                (segment::APPEND | segment::PRIVATE_APPEND, Place::Const(i)) if n == 0 => {
                    quick_form.extend([Wide(quick::APPEND), value]);
                    self.e.consts.get(i as usize)?.is(am::ALL).then_some(bits)
                }
                _ => None,
            });
            // The number of the segment in the source is for errors only.
            let number = self.num(l, n + 1)?.min(0xFFFF) as u32;
            side.extend([Wide(kind), Wide(unit), Wide(flags | number << 16), value, size]);
        }
        let n = (l.len() / 6) as u16;
        if let Some(bits) = known {
            side.insert(0, Wide(bits));
            side.extend(quick_form);
            let at = self.e.side(&side);
            self.e.push(Instr::BsCreateQuick { live, d, n, at, fail });
            return Ok(());
        }
        let at = self.e.side(&side);
        self.e.push(Instr::BsCreateBin { live, d, n, at, fail });
        Ok(())
    }
}

fn utf(op: Op) -> u8 {
    match op {
        Op::BsGetUtf8 | Op::BsSkipUtf8 => 8,
        Op::BsGetUtf16 | Op::BsSkipUtf16 => 16,
        _ => 32,
    }
}
