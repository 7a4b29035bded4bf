//! What only the wasm engine can get wrong: its file, its cache.

#![cfg(feature = "wasm")]
#![allow(clippy::unwrap_used, clippy::expect_used)]

use beambox::{Engine, Error, Modules, Sandbox};
use std::fs;

fn with(file: &std::path::Path) -> Result<Sandbox, Error> {
    Sandbox::builder().engine(Engine::Wasm).modules(Modules::none()).raw_wasm(file).build()
}

#[test]
fn wrong_files_are_errors() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("x.wasm");
    assert!(matches!(with(&file), Err(Error::NoEngine(_))));
    assert!(matches!(with(dir.path()), Err(Error::NoEngine(_))));
    for (at, bytes) in [&b""[..], b"not wasm", b"\0asm\x01\0\0\0\xff"].into_iter().enumerate() {
        let file = dir.path().join(format!("{at}.wasm"));
        fs::write(&file, bytes).unwrap();
        assert!(matches!(with(&file), Err(Error::NoEngine(_))), "{bytes:?}");
    }
}

#[test]
fn a_wasm_without_the_face_is_an_error_at_the_run() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("empty.wasm");
    fs::write(&file, b"\0asm\x01\0\0\0").unwrap();
    let mut sandbox = with(&file).unwrap();
    assert!(matches!(sandbox.run_function("m", "f", vec![]), Err(Error::NoEngine(_))));
    // The compiled code was kept beside it; a damaged copy is made again.
    let kept: Vec<_> = fs::read_dir(dir.path())
        .unwrap()
        .flatten()
        .map(|e| e.path())
        .filter(|p| p.extension().is_some_and(|e| e == "cwasm"))
        .collect();
    assert_eq!(kept.len(), 1);
    fs::write(&kept[0], b"damaged").unwrap();
    let link = dir.path().join("sub/../empty.wasm");
    fs::create_dir(dir.path().join("sub")).unwrap();
    assert!(with(&link).is_ok());
    assert!(fs::read(&kept[0]).unwrap().len() > 100);
}
