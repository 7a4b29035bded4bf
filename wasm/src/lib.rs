//! The two WebAssembly faces of the playground: web and raw.
