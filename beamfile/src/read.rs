//! From bytes to a [`BeamFile`].
//!
//! Owns the outer form (gzip, FOR1, chunks) and each table but the code. Invariant: each count is checked against the
//! bytes that are left before anything is allocated for it. Mirrors what OTP's `beam_file.c` accepts.

use crate::code;
use crate::compact::{LineEntry, Reader};
use crate::error::{Error, ErrorKind};
use crate::etf::{self, MAX_ATOM_CHARS, MAX_INFLATED};
use crate::model::{
    AtomForm, AtomIdx, BeamFile, ChunkId, Export, Import, Lambda, LineItem, LineTable, TermChunk, TypeInfo, TypeTable,
};
use std::borrow::Cow;
use std::io::Read;

/// The chunks of a file, in order; the file may be wrapped in gzip.
pub fn chunks(bytes: &[u8]) -> Result<Vec<(ChunkId, Vec<u8>)>, Error> {
    let bytes = gunzip(bytes)?;
    Ok(split(&bytes)?.into_iter().map(|(id, body)| (id, body.to_vec())).collect())
}

impl BeamFile {
    /// Reads a file, which may be wrapped in gzip. Every index in the result is in range; whether instructions make sense is
    /// not checked.
    pub fn parse(bytes: &[u8]) -> Result<BeamFile, Error> {
        let bytes = gunzip(bytes)?;
        let chunks = split(&bytes)?;
        let has_utf8 = chunks.iter().any(|(id, _)| id == b"AtU8");
        let mut file = BeamFile { md5: md5(&chunks), ..BeamFile::default() };
        let mut code = None;
        for (id, body) in &chunks {
            let again = file.layout.order.contains(id);
            file.layout.order.push(*id);
            let known = file.table(id, body, has_utf8, &mut code).map_err(|e| e.in_chunk(*id))?;
            // Of Line and Type one may be decoded and the other of an unknown version: which of them counts, nobody could say.
            let known = known || again && matches!(id, b"Line" | b"Type");
            match known {
                false => file.other.push((*id, body.to_vec())),
                true if again => return Err(Error::new(Some(*id), 0, ErrorKind::DuplicateChunk)),
                true => {}
            }
        }
        for needed in [b"AtU8", b"Code", b"ImpT", b"ExpT"] {
            let there =
                file.layout.order.contains(needed) || (needed == b"AtU8" && file.layout.order.contains(b"Atom"));
            if !there {
                return Err(Error::new(Some(*needed), 0, ErrorKind::MissingChunk));
            }
        }
        file.code = code::parse(code.unwrap_or_default()).map_err(|e| e.in_chunk(*b"Code"))?;
        crate::check::check(&file)?;
        Ok(file)
    }

    /// Reads one chunk into its field. `false`: this chunk is not one of those that are decoded.
    fn table<'a>(
        &mut self,
        id: &ChunkId,
        body: &'a [u8],
        has_utf8: bool,
        code: &mut Option<&'a [u8]>,
    ) -> Result<bool, Error> {
        match id {
            b"AtU8" => (self.atoms, self.layout.atoms) = atoms(body)?,
            b"Atom" if !has_utf8 => {
                self.atoms = latin1_atoms(body)?;
                self.layout.atoms = AtomForm::Latin1;
            }
            b"Code" => *code = Some(body),
            b"StrT" => self.strings = body.to_vec(),
            b"ImpT" => {
                self.imports = rows(body, "the import table", |[module, function, arity]| {
                    Some(Import { module: atom(module)?, function: atom(function)?, arity })
                })?;
            }
            b"ExpT" => self.exports = functions(body, "the export table")?,
            b"LocT" => self.locals = functions(body, "the table of local functions")?,
            b"FunT" => {
                self.lambdas = rows(body, "the fun table", |[function, arity, label, index, num_free, old_uniq]| {
                    Some(Lambda { function: atom(function)?, arity, label, index, num_free, old_uniq })
                })?;
            }
            b"LitT" => (self.literals, self.layout.literals_uncompressed) = literals(body)?,
            b"Line" => match lines(body)? {
                Some(table) => self.lines = Some(table),
                None => return Ok(false),
            },
            b"Type" => match types(body)? {
                Some(table) => self.types = Some(table),
                None => return Ok(false),
            },
            b"Attr" => self.attributes = Some(TermChunk { value: etf::decode(body)?, raw: body.to_vec() }),
            b"CInf" => self.compile_info = Some(TermChunk { value: etf::decode(body)?, raw: body.to_vec() }),
            _ => return Ok(false),
        }
        Ok(true)
    }
}

fn gunzip(bytes: &[u8]) -> Result<Cow<'_, [u8]>, Error> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(Cow::Borrowed(bytes));
    }
    let mut plain = Vec::new();
    let read = flate2::bufread::GzDecoder::new(bytes).take(MAX_INFLATED as u64 + 1).read_to_end(&mut plain);
    match read {
        Err(why) => Err(Error::new(None, 0, ErrorKind::Compression(why.to_string()))),
        Ok(size) if size > MAX_INFLATED => {
            Err(Error::new(None, 0, ErrorKind::TooLarge { what: "the unpacked file", limit: MAX_INFLATED }))
        }
        Ok(_) => Ok(Cow::Owned(plain)),
    }
}

fn split(bytes: &[u8]) -> Result<Vec<(ChunkId, &[u8])>, Error> {
    if bytes.get(0..4) != Some(b"FOR1") || bytes.get(8..12) != Some(b"BEAM") {
        return Err(Error::new(None, 0, ErrorKind::NotBeam));
    }
    let mut reader = Reader::new(bytes);
    reader.at = 4;
    let size = reader.u32("the file's header")? as usize;
    let Some(form) = size.checked_add(8).and_then(|end| bytes.get(..end)) else {
        return reader.fail(bytes.len(), ErrorKind::Truncated { what: "the file" });
    };
    let mut reader = Reader::new(form);
    reader.take(12, "the file's header")?;
    let mut found = Vec::new();
    while reader.left() > 0 {
        let mut id = [0; 4];
        id.copy_from_slice(reader.take(4, "a chunk's name")?);
        let size = reader.u32("a chunk's size")? as usize;
        let body = reader.take(size, "a chunk").map_err(|e| e.in_chunk(id))?;
        // The last chunk's padding is sometimes left out.
        let padding = (size.wrapping_neg() % 4).min(reader.left());
        reader.take(padding, "padding")?;
        found.push((id, body));
    }
    Ok(found)
}

/// The checksum that OTP takes over a module: the essential chunks, with the funs' old hashes zeroed.
fn md5(chunks: &[(ChunkId, &[u8])]) -> [u8; 16] {
    use md5::{Digest, Md5};
    let mut hash = Md5::new();
    for id in crate::write::ESSENTIAL {
        for (_, body) in chunks.iter().filter(|(name, _)| name == id) {
            if id != b"FunT" {
                hash.update(body);
                continue;
            }
            let (count, rows) = body.split_at_checked(4).unwrap_or((body, &[]));
            hash.update(count);
            for row in rows.chunks(24) {
                match row.split_at_checked(20) {
                    Some((kept, old_uniq)) => {
                        hash.update(kept);
                        hash.update([0u8; 4].get(..old_uniq.len()).unwrap_or_default());
                    }
                    None => hash.update(row),
                }
            }
        }
    }
    hash.finalize().into()
}

/// Atom numbers in tables count from 1; 0 is none.
fn atom(number: u32) -> Option<AtomIdx> {
    number.checked_sub(1)
}

fn rows<T, const N: usize>(
    body: &[u8],
    what: &'static str,
    make: impl Fn([u32; N]) -> Option<T>,
) -> Result<Vec<T>, Error> {
    let mut reader = Reader::new(body);
    let count = reader.u32(what)?;
    let count = reader.count(count, N * 4, what)?;
    let mut table = Vec::with_capacity(count);
    for _ in 0..count {
        let at = reader.at;
        let mut row = [0; N];
        for field in &mut row {
            *field = reader.u32(what)?;
        }
        match make(row) {
            Some(entry) => table.push(entry),
            None => {
                return reader.fail(at, ErrorKind::IndexRange { what: "atom", index: 0, size: 0 });
            }
        }
    }
    end(&reader)?;
    Ok(table)
}

fn functions(body: &[u8], what: &'static str) -> Result<Vec<Export>, Error> {
    rows(body, what, |[function, arity, label]| Some(Export { function: atom(function)?, arity, label }))
}

fn end(reader: &Reader<'_>) -> Result<(), Error> {
    match reader.left() {
        0 => Ok(()),
        _ => reader.fail(reader.at, ErrorKind::Invalid("bytes follow the end of the table")),
    }
}

fn atoms(body: &[u8]) -> Result<(Vec<String>, AtomForm), Error> {
    const WHAT: &str = "the atom table";
    let mut reader = Reader::new(body);
    let count = reader.u32(WHAT)? as i32;
    let form = if count < 0 { AtomForm::Utf8Long } else { AtomForm::Utf8 };
    let count = reader.count(count.unsigned_abs(), 1, WHAT)?;
    let mut table = Vec::with_capacity(count);
    for _ in 0..count {
        let at = reader.at;
        let size = match form {
            AtomForm::Utf8Long => usize::try_from(reader.plain(WHAT)?).unwrap_or(usize::MAX),
            _ => usize::from(reader.u8(WHAT)?),
        };
        let bytes = reader.take(size, "an atom")?;
        match std::str::from_utf8(bytes) {
            Ok(text) if text.chars().count() <= MAX_ATOM_CHARS => table.push(text.to_owned()),
            Ok(_) => {
                return reader.fail(at, ErrorKind::TooLarge { what: "an atom, in characters,", limit: MAX_ATOM_CHARS });
            }
            Err(_) => return reader.fail(at, ErrorKind::BadText { what: "an atom" }),
        }
    }
    end(&reader)?;
    Ok((table, form))
}

fn latin1_atoms(body: &[u8]) -> Result<Vec<String>, Error> {
    const WHAT: &str = "the atom table";
    let mut reader = Reader::new(body);
    let count = reader.u32(WHAT)?;
    let count = reader.count(count, 1, WHAT)?;
    let mut table = Vec::with_capacity(count);
    for _ in 0..count {
        let size = usize::from(reader.u8(WHAT)?);
        table.push(reader.take(size, "an atom")?.iter().map(|b| char::from(*b)).collect());
    }
    end(&reader)?;
    Ok(table)
}

fn literals(body: &[u8]) -> Result<(Vec<etf::Value>, bool), Error> {
    const WHAT: &str = "the literal table";
    let mut reader = Reader::new(body);
    let size = reader.u32(WHAT)? as usize;
    let rest = body.get(4..).unwrap_or_default();
    let plain = match size {
        0 => Cow::Borrowed(rest),
        _ => Cow::Owned(etf::inflate(rest, size)?.0),
    };
    let mut reader = Reader::new(&plain);
    let count = reader.u32(WHAT)?;
    let count = reader.count(count, 6, WHAT)?;
    let mut table = Vec::with_capacity(count);
    let mut budget = etf::MAX_NODES;
    for _ in 0..count {
        let size = reader.u32(WHAT)? as usize;
        let at = reader.at;
        let bytes = reader.take(size, "a literal")?;
        table.push(etf::decode_counted(bytes, &mut budget).map_err(|mut e| {
            e.offset += at;
            e
        })?);
    }
    end(&reader)?;
    Ok((table, size == 0))
}

/// `None` for a version that OTP, too, would ignore.
fn lines(body: &[u8]) -> Result<Option<LineTable>, Error> {
    const WHAT: &str = "the line table";
    let mut reader = Reader::new(body);
    let version = reader.u32(WHAT)?;
    if version != 0 {
        return Ok(None);
    }
    let flags = reader.u32(WHAT)?;
    let instr_count = reader.u32(WHAT)?;
    let item_count = reader.u32(WHAT)?;
    let file_count = reader.u32(WHAT)?;
    let item_count = reader.count(item_count, 1, WHAT)?;
    let mut items = Vec::with_capacity(item_count + 1);
    items.push(LineItem { file: 0, line: 0 });
    let mut file = 0;
    while items.len() <= item_count {
        let at = reader.at;
        match reader.line_entry()? {
            LineEntry::File(next) if next <= file_count => file = next,
            LineEntry::File(next) => {
                let kind = ErrorKind::IndexRange { what: "file", index: next.into(), size: u64::from(file_count) + 1 };
                return reader.fail(at, kind);
            }
            LineEntry::Line(line) => items.push(LineItem { file, line }),
        }
    }
    let file_count = reader.count(file_count, 2, WHAT)?;
    let mut files = Vec::with_capacity(file_count);
    for _ in 0..file_count {
        let size = reader.take(2, WHAT)?.iter().fold(0, |n, b| n << 8 | usize::from(*b));
        let bytes = reader.take(size, "a file's name")?;
        // Old compilers wrote names in Latin-1.
        files.push(match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => bytes.iter().map(|b| char::from(*b)).collect(),
        });
    }
    end(&reader)?;
    Ok(Some(LineTable { version, flags, instr_count, items, files }))
}

/// `None` for a version that OTP, too, would ignore.
fn types(body: &[u8]) -> Result<Option<TypeTable>, Error> {
    const WHAT: &str = "the type table";
    let mut reader = Reader::new(body);
    let version = reader.u32(WHAT)?;
    if !(1..=3).contains(&version) {
        return Ok(None);
    }
    let count = reader.u32(WHAT)?;
    let count = reader.count(count, 2, WHAT)?;
    let mut entries = Vec::with_capacity(count);
    for _ in 0..count {
        let at = reader.at;
        let bits = reader.take(2, WHAT)?.iter().fold(0, |n, b| n << 8 | u16::from(*b));
        let entry = match version {
            1 => type_1(&mut reader, bits)?,
            2 => bounds(&mut reader, kinds_2(bits), bits >> 1)?,
            _ => bounds(&mut reader, bits & TypeInfo::ALL_KINDS, bits)?,
        };
        if entry.kinds == 0 || (version == 3 && bits & 0x8000 != 0) {
            return reader.fail(at, ErrorKind::Invalid("a type is empty or has an unknown kind"));
        }
        entries.push(entry);
    }
    end(&reader)?;
    // Version 1 (OTP 25) is understood but not written.
    Ok(Some(TypeTable { version: version.max(2) + u32::from(version == 1), entries }))
}

/// OTP 26 had a bit of its own, the third, for match contexts.
fn kinds_2(bits: u16) -> u16 {
    let kinds = (bits & 3) | (bits & 0x1ffc) >> 1;
    kinds
        | match bits & 6 {
            4 => TypeInfo::CONTEXT_ONLY,
            6 => TypeInfo::CONTEXT_TOO,
            _ => 0,
        }
}

fn bounds(reader: &mut Reader<'_>, kinds: u16, flags: u16) -> Result<TypeInfo, Error> {
    let mut entry = TypeInfo::of(kinds);
    if flags & 1 << 12 != 0 {
        entry.min = Some(word(reader)?);
    }
    if flags & 1 << 13 != 0 {
        entry.max = Some(word(reader)?);
    }
    if flags & 1 << 14 != 0 {
        entry.unit = Some(u16::from(reader.u8("a type")?) + 1);
    }
    Ok(entry)
}

fn type_1(reader: &mut Reader<'_>, bits: u16) -> Result<TypeInfo, Error> {
    let (min, max) = (word(reader)?, word(reader)?);
    let mut entry = TypeInfo::of(kinds_2(bits) & TypeInfo::ALL_KINDS);
    if min <= max {
        (entry.min, entry.max) = (Some(min), Some(max));
    }
    Ok(entry)
}

fn word(reader: &mut Reader<'_>) -> Result<i64, Error> {
    Ok(reader.take(8, "a type")?.iter().fold(0, |n, b| n << 8 | i64::from(*b)))
}
