//! The `wasm-bindgen` program over its own library, so that its version can't drift from the one in `Cargo.lock`.
//!
//! It takes the options that wasm-pack passes and that xtask itself needs; an option of the original that isn't here is an error.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Parser;
use wasm_bindgen_cli_support::Bindgen;

/// Makes the JavaScript side of a wasm file.
#[derive(Parser)]
#[command(name = "wasm-bindgen", version)]
struct Cli {
    /// The wasm file that cargo built.
    input: PathBuf,
    /// Where to write.
    #[arg(long)]
    out_dir: PathBuf,
    /// The files' common name.
    #[arg(long)]
    out_name: Option<String>,
    /// Kind of JavaScript: web, bundler, nodejs or no-modules.
    #[arg(long, default_value = "web")]
    target: String,
    /// Write a `.d.ts` file too (the default).
    #[arg(long, overrides_with = "no_typescript")]
    typescript: bool,
    /// Write no `.d.ts` file.
    #[arg(long)]
    no_typescript: bool,
    /// Add checks to the JavaScript.
    #[arg(long)]
    debug: bool,
    /// Keep DWARF sections.
    #[arg(long)]
    keep_debug: bool,
    /// Drop the section of function names.
    #[arg(long)]
    remove_name_section: bool,
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(&cli.input)
        .typescript(!cli.no_typescript)
        .debug(cli.debug)
        .keep_debug(cli.keep_debug)
        .remove_name_section(cli.remove_name_section);
    if let Some(name) = &cli.out_name {
        bindgen.out_name(name);
    }
    match cli.target.as_str() {
        "web" => bindgen.web(true)?,
        "bundler" => bindgen.bundler(true)?,
        "nodejs" => bindgen.nodejs(true)?,
        "no-modules" => bindgen.no_modules(true)?,
        other => bail!("unknown target {other}: web, bundler, nodejs or no-modules"),
    };
    bindgen.generate(&cli.out_dir)
}
