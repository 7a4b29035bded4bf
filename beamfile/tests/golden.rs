//! Listings of a few small modules, against files in `tests/golden/`.
//!
//! The `.beam` files there come from OTP 27's `erlc +deterministic +no_docs` and the `.erl` beside them. With
//! `BEAMBOX_UPDATE=1` in the environment the listings are written anew.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use beambox_beamfile::{AtomForm, BeamFile, chunks};
use std::path::{Path, PathBuf};

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

fn beam(module: &str) -> Vec<u8> {
    std::fs::read(golden(&format!("{module}.beam"))).unwrap()
}

fn check(module: &str) {
    let file = BeamFile::parse(&beam(module)).unwrap();
    let listing = file.listing();
    let path = golden(&format!("{module}.lst"));
    if std::env::var_os("BEAMBOX_UPDATE").is_some() {
        std::fs::write(&path, &listing).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap();
    assert!(expected == listing, "{module}: the listing is not as in {}:\n{listing}", path.display());
}

#[test]
fn plain_functions() {
    check("fact");
}

#[test]
fn bit_syntax() {
    check("bits");
}

#[test]
fn exceptions_receive_and_funs() {
    check("flow");
}

#[test]
fn literals_and_records() {
    check("data");
}

#[test]
fn a_gzipped_file_reads_the_same() {
    use std::io::Write;
    let bytes = beam("flow");
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(&bytes).unwrap();
    let zipped = encoder.finish().unwrap();
    assert_eq!(BeamFile::parse(&zipped).unwrap(), BeamFile::parse(&bytes).unwrap());
}

#[test]
fn the_forms_of_otp_28_and_of_old_releases() {
    let original = BeamFile::parse(&beam("flow")).unwrap();
    for form in [AtomForm::Utf8Long, AtomForm::Latin1] {
        let mut file = original.clone();
        file.layout.atoms = form;
        file.layout.literals_uncompressed = true;
        let bytes = file.write();
        let again = BeamFile::parse(&bytes).unwrap();
        assert_eq!((&again.atoms, &again.literals, &again.code), (&file.atoms, &file.literals, &file.code));
        assert_eq!(again.layout.atoms, form);
        assert!(again.layout.literals_uncompressed);
        assert_eq!(again.write(), bytes);
        let first = if form == AtomForm::Latin1 { b"Atom" } else { b"AtU8" };
        assert_eq!(&chunks(&bytes).unwrap()[0].0, first);
    }
    // Characters beyond Latin-1 need AtU8 whatever form was read.
    let mut file = original;
    file.layout.atoms = AtomForm::Latin1;
    file.atoms.push("λ".to_owned());
    assert_eq!(&chunks(&file.write()).unwrap()[0].0, b"AtU8");
}

#[test]
fn the_type_table_of_otp_26() {
    let mut file = BeamFile::parse(&beam("bits")).unwrap();
    let expected = file.types.clone().unwrap();
    file.types.as_mut().unwrap().version = 2;
    let bytes = file.write();
    let again = BeamFile::parse(&bytes).unwrap();
    assert_eq!(again.types.as_ref().unwrap().entries, expected.entries);
    assert_eq!(again.types.as_ref().unwrap().version, 2);
    assert_eq!(again.write(), bytes);
}

#[test]
fn unknown_chunks_stay_where_they_were() {
    let mut file = BeamFile::parse(&beam("fact")).unwrap();
    file.layout.order.insert(2, *b"Mine");
    file.other.push((*b"Mine", vec![1, 2, 3]));
    let bytes = file.write();
    let found = chunks(&bytes).unwrap();
    assert_eq!(found[2], (*b"Mine", vec![1, 2, 3]));
    assert_eq!(BeamFile::parse(&bytes).unwrap().write(), bytes);
}
