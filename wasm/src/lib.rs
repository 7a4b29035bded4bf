//! The two WebAssembly faces of the playground: [`web`] for a page's worker, through wasm-bindgen, and [`raw`] for any WebAssembly
//! host, through a plain C ABI. Both are thin: all they do is hand a [`beambox_playground::Session`] to the other side.

#[cfg(feature = "raw")]
pub mod raw;
#[cfg(feature = "web")]
pub mod web;
