//! Wrong input of every kind: an error or a value, but no panic, no hang and no allocation out of proportion.
//!
//! All damage is seeded, so a failure repeats. An allocation above the cap aborts the test.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use beambox_beamfile::builder::Builder;
use beambox_beamfile::etf::{self, Value};
use beambox_beamfile::{Arg, BeamFile, Error, ErrorKind, Op, chunks};
use common::{Otp, Random};
use std::path::Path;

#[global_allocator]
static CAPPED: cap::Cap<std::alloc::System> = cap::Cap::new(std::alloc::System, 1 << 30);

const FIXTURES: [&str; 4] = ["fact", "bits", "flow", "data"];

fn fixture(module: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{module}.beam"));
    std::fs::read(path).unwrap()
}

/// Does all there is to do with a file; returns whether it was taken.
fn exercise(bytes: &[u8]) -> bool {
    match BeamFile::parse(bytes) {
        Ok(file) => {
            file.listing();
            let written = file.write();
            let again = BeamFile::parse(&written).expect("what was written can be read");
            assert_eq!(again.code.instrs.len(), file.code.instrs.len());
            true
        }
        Err(error) => {
            let text = error.to_string();
            assert!(text.contains("byte "), "{text}");
            false
        }
    }
}

fn flip(bytes: &[u8], random: &mut Random, count: usize) -> Vec<u8> {
    let mut damaged = bytes.to_vec();
    for _ in 0..count {
        let at = random.below(damaged.len());
        damaged[at] ^= 1 << random.below(8);
    }
    damaged
}

#[test]
fn small_files_cut_everywhere() {
    for module in FIXTURES {
        let bytes = fixture(module);
        assert!(exercise(&bytes));
        for end in 0..bytes.len() {
            assert!(!exercise(&bytes[..end]), "{module} cut to {end} bytes was taken for whole");
        }
    }
}

#[test]
fn small_files_with_flipped_bits() {
    let mut random = Random(1);
    let mut taken = 0;
    for module in FIXTURES {
        let bytes = fixture(module);
        for round in 0..1500 {
            taken += usize::from(exercise(&flip(&bytes, &mut random, 1 + round % 4)));
        }
    }
    // Some bits do not matter (a register's number, a line); most do.
    assert!((100..5000).contains(&taken), "{taken} of 6000 damaged files were taken");
}

#[test]
fn chunks_cut_and_flipped_one_by_one() {
    let mut random = Random(2);
    for module in FIXTURES {
        let file = BeamFile::parse(&fixture(module)).unwrap();
        let parts = file.write_chunks();
        for which in 0..parts.len() {
            for _ in 0..60 {
                let mut damaged = parts.clone();
                let body = &mut damaged[which].1;
                if random.below(2) == 0 {
                    let keep = random.below(body.len());
                    body.truncate(keep);
                } else if !body.is_empty() {
                    *body = flip(body, &mut random, 3);
                }
                exercise(&form(&damaged));
            }
        }
    }
}

#[test]
fn real_files_cut_and_flipped() {
    let otp = Otp::find();
    let mut random = Random(3);
    for module in ["lists", "gen_server", "io_lib_format", "erl_scan", "unicode_util"] {
        let bytes = std::fs::read(otp.beam(module)).unwrap();
        for _ in 0..100 {
            exercise(&bytes[..random.below(bytes.len())]);
        }
        for round in 0..100 {
            exercise(&flip(&bytes, &mut random, 1 + round % 8));
        }
    }
}

#[test]
fn garbage() {
    let mut random = Random(4);
    for round in 0..3000 {
        let mut bytes: Vec<u8> = (0..random.below(600)).map(|_| random.next() as u8).collect();
        let _ = etf::decode(&bytes);
        assert!(!exercise(&bytes));
        match round % 4 {
            0 => bytes.splice(0..0, *b"FOR1\0\0\0\x7fBEAM").for_each(drop),
            1 => bytes.splice(0..0, [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]).for_each(drop),
            2 => bytes = form(&[(*b"AtU8", bytes.clone()), (*b"Code", bytes)]),
            _ => bytes.insert(0, 131),
        }
        exercise(&bytes);
        let _ = etf::decode(&bytes);
    }
}

fn form(parts: &[([u8; 4], Vec<u8>)]) -> Vec<u8> {
    let mut body = b"BEAM".to_vec();
    for (id, chunk) in parts {
        body.extend_from_slice(id);
        body.extend_from_slice(&(chunk.len() as u32).to_be_bytes());
        body.extend_from_slice(chunk);
        body.resize(body.len().next_multiple_of(4), 0);
    }
    [b"FOR1".to_vec(), (body.len() as u32).to_be_bytes().to_vec(), body].concat()
}

/// The fixture `fact` with one chunk's body replaced or added.
fn with_chunk(id: &[u8; 4], body: Vec<u8>) -> Vec<u8> {
    let mut parts = chunks(&fixture("fact")).unwrap();
    parts.retain(|(name, _)| name != id);
    parts.push((*id, body));
    form(&parts)
}

fn error(bytes: &[u8]) -> Error {
    BeamFile::parse(bytes).expect_err("this must not be taken")
}

#[test]
fn each_table_that_claims_too_much() {
    for id in [b"AtU8", b"ImpT", b"ExpT", b"LocT", b"FunT", b"LitT"] {
        for count in [0x7fff_ffffu32, 0x8000_0000, 0x8000_0001, 0xffff_ffff, 1_000_000] {
            let found = error(&with_chunk(id, count.to_be_bytes().to_vec()));
            assert_eq!(found.chunk, Some(*id), "{found}");
        }
    }
    let mut lines = [0u8; 20];
    lines[12..16].fill(0xff);
    assert_eq!(error(&with_chunk(b"Line", lines.to_vec())).chunk, Some(*b"Line"));
    assert_eq!(error(&with_chunk(b"Type", vec![0, 0, 0, 3, 0xff, 0xff, 0xff, 0xff])).chunk, Some(*b"Type"));
    let code = [[0, 0, 0, 16], [0; 4], [0, 0, 0, 183], [0xff; 4], [0; 4]].concat();
    let found = error(&with_chunk(b"Code", code));
    assert!(matches!(found.kind, ErrorKind::TooLarge { .. }), "{found}");
}

#[test]
fn each_table_that_points_nowhere() {
    let word = |n: u32| n.to_be_bytes();
    let row = |fields: &[u32]| fields.iter().flat_map(|n| word(*n)).collect::<Vec<u8>>();
    for (id, body) in [
        (b"ImpT", row(&[1, 0, 1, 0])),
        (b"ImpT", row(&[1, 1, 999, 0])),
        (b"ExpT", row(&[1, 999, 0, 1])),
        (b"ExpT", row(&[1, 1, 0, 999])),
        (b"LocT", row(&[1, 1, 0, 999])),
        (b"FunT", row(&[1, 999, 0, 1, 0, 0, 0])),
        (b"FunT", row(&[1, 1, 0, 999, 0, 0, 0])),
    ] {
        let found = error(&with_chunk(id, body));
        assert_eq!(found.chunk, Some(*id), "{found}");
        assert!(matches!(found.kind, ErrorKind::IndexRange { .. }), "{found}");
    }
}

#[test]
fn each_operand_that_points_nowhere() {
    let code = |instr: &[u8]| {
        let head = [[0, 0, 0, 16], [0; 4], [0, 0, 0, 183], [0, 0, 0, 100], [0; 4]].concat();
        [head, instr.to_vec(), vec![3]].concat()
    };
    for (instr, what) in [
        (&[64, 0xea, 0xff, 0x03][..], "atom 2046 does not exist"),
        (&[61, 0xed, 0xff], "label 2047 does not exist"),
        (&[1, 0xe8, 0xff], "label 2047 does not exist"),
        (&[64, 0x47, 0xf0, 0x03], "literal 15 does not exist"),
        (&[78, 0x00, 0xf0], "import 15 does not exist"),
        (&[171, 0xf0, 0x03, 0x17, 0x00], "fun 15 does not exist"),
        (&[153, 0xe8, 0xff], "line item 2047 does not exist"),
        (&[64, 0x57, 0x03, 0xe8, 0xff, 0x03], "type 2047 does not exist"),
        (&[92, 0x10, 0x00], "string table byte 1 does not exist"),
        (&[64, 0x13], "int_code_end is missing"),
        (&[64, 0x13, 0x8b, 0x05], "only 1024 registers"),
        (&[200], "there is no opcode 200"),
        (&[184, 0, 0, 0, 0], "opcode 184 is above"),
        (&[64, 0x07, 0x03], "unknown extended tag"),
        (&[64, 0x0f, 0x03], "extended tag is out of range"),
        (&[172, 0x17, 0x10, 0x17, 0x00], "a list stands within a list"),
        (&[16, 0x37, 0x10, 0x30, 0x10, 0x00], "unknown kind of heap need"),
        (&[64, 0xf9, 0xf8, 0x00], "length is not a plain number"),
    ] {
        let found = error(&with_chunk(b"Code", code(instr))).to_string();
        assert!(found.starts_with("chunk \"Code\", byte "), "{found}");
        assert!(found.contains(what), "{instr:?}: {found}");
    }
}

#[test]
fn chunks_that_are_missing_or_there_twice() {
    let parts = chunks(&fixture("fact")).unwrap();
    for id in [*b"AtU8", *b"Code", *b"ImpT", *b"ExpT"] {
        let fewer: Vec<_> = parts.iter().filter(|(name, _)| *name != id).cloned().collect();
        let found = error(&form(&fewer));
        assert_eq!((found.chunk, found.kind), (Some(id), ErrorKind::MissingChunk));
        let twice: Vec<_> = parts.iter().chain(parts.iter().filter(|(name, _)| *name == id)).cloned().collect();
        let found = error(&form(&twice));
        assert_eq!((found.chunk, found.kind), (Some(id), ErrorKind::DuplicateChunk));
    }
    // Found by the fuzz target `beamfile`: a Line chunk that is decoded, and one of an unknown version.
    let mut twice = parts.clone();
    twice.push((*b"Line", vec![0, 0, 0, 9, 0, 0, 0, 0]));
    let found = error(&form(&twice));
    assert_eq!((found.chunk, found.kind), (Some(*b"Line"), ErrorKind::DuplicateChunk));
}

#[test]
fn bombs() {
    use std::io::Write;
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&vec![0; 100 << 20]).unwrap();
    let zipped = encoder.finish().unwrap();
    for size in [1u32, 64 << 20, 100 << 20, u32::MAX] {
        let found = error(&with_chunk(b"LitT", [size.to_be_bytes().to_vec(), zipped.clone()].concat()));
        assert_eq!(found.chunk, Some(*b"LitT"));
        let term = [vec![131, 80], size.to_be_bytes().to_vec(), zipped.clone()].concat();
        assert!(etf::decode(&term).is_err());
    }
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&vec![0; 100 << 20]).unwrap();
    let found = error(&encoder.finish().unwrap());
    assert!(matches!(found.kind, ErrorKind::TooLarge { .. }), "{found}");
    // Strings grow most when they are decoded.
    let string = [vec![107, 0xff, 0xff], vec![1; 0xffff]].concat();
    let strings = [vec![131, 105, 0, 0, 1, 0], string.repeat(256)].concat();
    let found = etf::decode(&strings).unwrap_err();
    assert!(matches!(found.kind, ErrorKind::TooLarge { .. }), "{found}");
}

#[test]
fn terms_a_million_deep() {
    const DEEP: usize = 1_000_000;
    let shapes: [(&[u8], &[u8]); 6] = [
        (&[104, 1], &[]),
        (&[108, 0, 0, 0, 1], &[106]),
        (&[108, 0, 0, 0, 1, 97, 1], &[]),
        (&[108, 0, 0, 0, 0], &[]),
        (&[116, 0, 0, 0, 1, 97, 1], &[]),
        (&[105, 0, 0, 0, 2, 106], &[]),
    ];
    // A small stack makes any recursion fail.
    let worker = std::thread::Builder::new().stack_size(128 << 10).spawn(move || {
        for (open, close) in shapes {
            let bytes = [vec![131], open.repeat(DEEP), vec![106], close.repeat(DEEP)].concat();
            let value = etf::decode(&bytes).unwrap();
            let copy = value.clone();
            assert!(copy == value);
            drop(copy);
            let again = value.encode();
            assert!(etf::decode(&again).unwrap() == value);
            assert!(!value.to_string().is_empty());
            // Cut short, the same term must go away quietly.
            assert!(etf::decode(&bytes[..bytes.len() / 2]).is_err());
            let mut builder = Builder::new("deep");
            let arg = builder.constant(&value);
            builder.emit(Op::Move, vec![arg, Arg::X(0)]);
            assert!(exercise(&builder.finish().unwrap().write()));
        }
    });
    worker.unwrap().join().unwrap();
}

#[test]
fn terms_that_are_wrong() {
    for (bytes, what) in [
        (&[][..], "in the middle of a term"),
        (&[130, 106], "does not start with the byte 131"),
        (&[131], "in the middle of a term"),
        (&[131, 106, 106], "bytes follow the end"),
        (&[131, 0], "tag 0"),
        (&[131, 82, 0], "tag 82"),
        (&[131, 105, 0xff, 0xff, 0xff, 0xff], "in the middle of a tuple"),
        (&[131, 108, 0xff, 0xff, 0xff, 0xff], "in the middle of a list"),
        (&[131, 116, 0xff, 0xff, 0xff, 0xff], "in the middle of a map"),
        (&[131, 109, 0xff, 0xff, 0xff, 0xff], "in the middle of a binary"),
        (&[131, 111, 0xff, 0xff, 0xff, 0xff, 0], "an integer, in bytes, is larger"),
        (&[131, 77, 0, 0, 0, 1, 9, 1], "no such number of bits"),
        (&[131, 77, 0, 0, 0, 0, 1], "no such number of bits"),
        (&[131, 70, 0x7f, 0xf0, 0, 0, 0, 0, 0, 0], "not finite"),
        (&[131, 119, 1, 0xff], "an atom is not valid text"),
        (&[131, 113, 106, 106], "an atom was expected"),
        (&[131, 90, 0, 9, 119, 0, 0, 0, 0, 0], "one to five words"),
    ] {
        let found = etf::decode(bytes).unwrap_err().to_string();
        assert!(found.contains(what), "{bytes:?}: {found}");
    }
    let long = [vec![131, 118, 1, 0], vec![b'a'; 256]].concat();
    assert!(etf::decode(&long).is_err());
    let fun = [vec![131, 112, 0, 0, 0, 0, 0], vec![0; 16], vec![0; 8], vec![106; 4]].concat();
    assert_eq!(etf::decode(&fun).unwrap_err().to_string(), "byte 34: a fun's module is not an atom");
    assert!(matches!(etf::decode(&[131, 110, 1, 1, 5]), Ok(Value::Int(-5))));
}
