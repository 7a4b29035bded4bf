//! From a [`BeamFile`] to bytes, as OTP 27's `beam_asm.erl` lays them out.
//!
//! Invariant: what was read comes out with its chunks in the same order and the same bodies, if it had the canonical
//! encodings; the exception is a compressed literal table, whose bytes depend on who compresses.

use crate::code;
use crate::compact::{put_line, put_line_file, put_plain};
use crate::model::{AtomForm, BeamFile, ChunkId, Export, LineTable, TermChunk, TypeInfo, TypeTable};
use std::io::Write;

/// The chunks that make up a module's checksum, in that order.
pub(crate) const ESSENTIAL: [&ChunkId; 9] =
    [b"Atom", b"AtU8", b"Code", b"StrT", b"ImpT", b"ExpT", b"FunT", b"LitT", b"Meta"];

/// OTP's order. Chunks that this crate does not decode come after CInf.
const STANDARD: [&ChunkId; 9] = [b"AtU8", b"Code", b"StrT", b"ImpT", b"ExpT", b"FunT", b"LitT", b"Meta", b"LocT"];

impl BeamFile {
    /// The file's bytes, not gzipped.
    pub fn write(&self) -> Vec<u8> {
        let chunks = self.write_chunks();
        let size: usize = chunks.iter().map(|(_, body)| 8 + body.len().next_multiple_of(4)).sum();
        let mut out = Vec::with_capacity(12 + size);
        out.extend_from_slice(b"FOR1");
        out.extend_from_slice(&(size as u32 + 4).to_be_bytes());
        out.extend_from_slice(b"BEAM");
        for (id, body) in chunks {
            out.extend_from_slice(&id);
            out.extend_from_slice(&(body.len() as u32).to_be_bytes());
            out.extend_from_slice(&body);
            out.resize(out.len().next_multiple_of(4), 0);
        }
        out
    }

    /// The chunks that [`BeamFile::write`] writes, in order.
    pub fn write_chunks(&self) -> Vec<(ChunkId, Vec<u8>)> {
        let mut out: Vec<(ChunkId, Vec<u8>)> = Vec::new();
        let mut carried = vec![false; self.other.len()];
        let from_scratch = self.layout.order.is_empty();
        let mut order = self.layout.order.clone();
        order.extend(STANDARD.iter().copied().copied());
        order.extend([*b"Attr", *b"CInf"]);
        order.extend(self.other.iter().map(|(id, _)| *id).filter(|id| id != b"Meta"));
        order.extend([*b"Line", *b"Type"]);
        for (place, id) in order.iter().enumerate() {
            let asked_for = place < self.layout.order.len();
            let waiting = self.other.iter().zip(&mut carried).find(|((name, _), done)| name == id && !**done);
            if let Some(((_, body), done)) = waiting {
                *done = true;
                out.push((*id, body.clone()));
                continue;
            }
            // Atoms go by one name whatever form was read.
            let id = if id == b"Atom" || id == b"AtU8" { self.atom_chunk() } else { *id };
            let known = !out.iter().any(|(done, _)| *done == id);
            if known && let Some(body) = self.body(&id, asked_for || from_scratch) {
                out.push((id, body));
            }
        }
        out
    }

    /// Sets `md5`, and from it the funs' old hashes, as the compiler does at the very end.
    pub(crate) fn seal(&mut self) {
        use md5::{Digest, Md5};
        for lambda in &mut self.lambdas {
            lambda.old_uniq = 0;
        }
        let chunks = self.write_chunks();
        let mut hash = Md5::new();
        for id in ESSENTIAL {
            for (_, body) in chunks.iter().filter(|(name, _)| name == id) {
                hash.update(body);
            }
        }
        self.md5 = hash.finalize().into();
        let [a, b, c, d, ..] = self.md5;
        let uniq = u32::from_be_bytes([a, b, c, d]) >> 5;
        for lambda in &mut self.lambdas {
            lambda.old_uniq = uniq;
        }
    }

    fn atom_chunk(&self) -> ChunkId {
        let latin1 = |name: &String| name.chars().all(|c| c <= '\u{ff}');
        match self.layout.atoms {
            AtomForm::Latin1 if self.atoms.iter().all(latin1) => *b"Atom",
            _ => *b"AtU8",
        }
    }

    /// A decoded chunk's body. Unless it is wanted, an empty table has none.
    fn body(&self, id: &ChunkId, wanted: bool) -> Option<Vec<u8>> {
        match id {
            b"Atom" => Some(table(self.atoms.len(), |out| {
                for name in &self.atoms {
                    let bytes: Vec<u8> = name.chars().map(|c| c as u32 as u8).collect();
                    out.push(bytes.len() as u8);
                    out.extend_from_slice(&bytes);
                }
            })),
            b"AtU8" => Some(self.atoms()),
            b"Code" => Some(code::write(&self.code)),
            b"StrT" => (wanted || !self.strings.is_empty()).then(|| self.strings.clone()),
            b"ImpT" => Some(table(self.imports.len(), |out| {
                for import in &self.imports {
                    words(out, [import.module + 1, import.function + 1, import.arity]);
                }
            })),
            b"ExpT" => Some(functions(&self.exports)),
            b"LocT" => (wanted || !self.locals.is_empty()).then(|| functions(&self.locals)),
            b"FunT" => (!self.lambdas.is_empty() || (wanted && self.layout.order.contains(id))).then(|| {
                table(self.lambdas.len(), |out| {
                    for l in &self.lambdas {
                        words(out, [l.function + 1, l.arity, l.label, l.index, l.num_free, l.old_uniq]);
                    }
                })
            }),
            b"LitT" => {
                (!self.literals.is_empty() || (wanted && self.layout.order.contains(id))).then(|| self.literals())
            }
            b"Attr" => self.attributes.as_ref().map(term),
            b"CInf" => self.compile_info.as_ref().map(term),
            b"Line" => self.lines.as_ref().map(lines),
            b"Type" => self.types.as_ref().map(types),
            _ => None,
        }
    }

    fn atoms(&self) -> Vec<u8> {
        let long = self.layout.atoms == AtomForm::Utf8Long || self.atoms.iter().any(|name| name.len() > 255);
        let count = self.atoms.len() as u32;
        let mut out = if long { count.wrapping_neg() } else { count }.to_be_bytes().to_vec();
        for name in &self.atoms {
            if long {
                put_plain(&mut out, name.len() as u64)
            } else {
                out.push(name.len() as u8)
            }
            out.extend_from_slice(name.as_bytes());
        }
        out
    }

    fn literals(&self) -> Vec<u8> {
        let plain = table(self.literals.len(), |out| {
            for value in &self.literals {
                let bytes = value.encode();
                out.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
                out.extend_from_slice(&bytes);
            }
        });
        if self.layout.literals_uncompressed {
            return [&[0; 4], plain.as_slice()].concat();
        }
        let head = (plain.len() as u32).to_be_bytes().to_vec();
        let mut encoder = flate2::write::ZlibEncoder::new(head, flate2::Compression::default());
        // Writing to a vector cannot fail; if it ever did, the literals would go out uncompressed, which is valid, too.
        match encoder.write_all(&plain).and_then(|()| encoder.finish()) {
            Ok(out) => out,
            Err(_) => [&[0; 4], plain.as_slice()].concat(),
        }
    }
}

fn words<const N: usize>(out: &mut Vec<u8>, row: [u32; N]) {
    for word in row {
        out.extend_from_slice(&word.to_be_bytes());
    }
}

fn table(count: usize, fill: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = (count as u32).to_be_bytes().to_vec();
    fill(&mut out);
    out
}

fn functions(entries: &[Export]) -> Vec<u8> {
    table(entries.len(), |out| {
        for entry in entries {
            words(out, [entry.function + 1, entry.arity, entry.label]);
        }
    })
}

fn term(chunk: &TermChunk) -> Vec<u8> {
    if chunk.raw.is_empty() { chunk.value.encode() } else { chunk.raw.clone() }
}

fn lines(table: &LineTable) -> Vec<u8> {
    let mut out = Vec::new();
    let items = table.items.get(1..).unwrap_or_default();
    words(&mut out, [table.version, table.flags, table.instr_count, items.len() as u32, table.files.len() as u32]);
    let mut file = 0;
    for item in items {
        if item.file != file {
            file = item.file;
            put_line_file(&mut out, file);
        }
        put_line(&mut out, item.line);
    }
    for name in &table.files {
        out.extend_from_slice(&(name.len() as u16).to_be_bytes());
        out.extend_from_slice(name.as_bytes());
    }
    out
}

fn types(table: &TypeTable) -> Vec<u8> {
    let mut out = Vec::new();
    words(&mut out, [table.version, table.entries.len() as u32]);
    for entry in &table.entries {
        let kinds = entry.kinds & TypeInfo::ALL_KINDS;
        let flags = u16::from(entry.min.is_some()) << 12
            | u16::from(entry.max.is_some()) << 13
            | u16::from(entry.unit.is_some()) << 14;
        let bits = if table.version == 2 { flags << 1 | kinds_2(entry.kinds) } else { flags | kinds };
        out.extend_from_slice(&bits.to_be_bytes());
        for bound in [entry.min, entry.max].into_iter().flatten() {
            out.extend_from_slice(&bound.to_be_bytes());
        }
        if let Some(unit) = entry.unit {
            out.push(unit.saturating_sub(1) as u8);
        }
    }
    out
}

/// The kinds in OTP 26's layout.
fn kinds_2(kinds: u16) -> u16 {
    let context = match kinds & (TypeInfo::CONTEXT_ONLY | TypeInfo::CONTEXT_TOO) {
        0 => return (kinds & 3) | (kinds & 0xffc) << 1,
        TypeInfo::CONTEXT_TOO => 6,
        _ => 4,
    };
    (kinds & 1) | (kinds & 0xffc) << 1 | context
}
