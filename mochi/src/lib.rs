//! The Mochi compiler: source text to .beam bytes.
