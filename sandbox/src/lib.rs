//! Embed the BEAM: natively, or as wasm inside wasmtime.
