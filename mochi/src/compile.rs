//! The whole way: source text to modules, or diagnostics.

use crate::checked::Checked;
use crate::diag::Diagnostic;
use crate::{Options, codegen, functional, lower};
use std::collections::HashMap;

/// What a module is written as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Emit {
    /// The bytes of a `.beam` file.
    #[default]
    Beam,
    /// Erlang source text.
    Erlang,
    /// Core Erlang source text.
    Core,
}

/// What compiling gives.
#[derive(Clone, Debug, Default)]
pub struct CompileResult {
    /// Module name and `.beam` bytes (or the text that was asked for); empty when there are errors.
    pub modules: Vec<(String, Vec<u8>)>,
    /// Errors and warnings, in the order of the passes.
    pub diagnostics: Vec<Diagnostic>,
}

/// The module's name for a source file: `mochi_main_` and the file's base name, all that is not a letter, digit or underscore made an
/// underscore. The prefix keeps it apart from OTP's modules and the runtime's own.
pub fn module_name(file: &str) -> String {
    let base = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let stem = base.strip_suffix(".mochi").unwrap_or(base);
    let clean: String = stem.chars().take(100).map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    format!("mochi_main_{}", clean.to_ascii_lowercase())
}

/// Compiles one program that imports no Mochi packages ([`crate::package::compile_with_files`] takes them). `file` is the name that messages and stack traces show. Call `mochi_core:start(Module)` to run the result.
pub fn compile(source: &str, file: &str, options: &Options) -> CompileResult {
    compile_as(source, file, &module_name(file), options)
}

/// The same with the module's name chosen by the caller (who sees to it that it clashes with no other module).
pub fn compile_as(source: &str, file: &str, module: &str, options: &Options) -> CompileResult {
    compile_one(source, file, module, options, false)
}

/// For tests: every aggregate in a cell, whatever the analysis says. Such a program must give the same output.
#[doc(hidden)]
pub fn compile_with_cells(source: &str, file: &str, module: &str, options: &Options) -> CompileResult {
    compile_one(source, file, module, options, true)
}

/// A text that becomes one module.
pub(crate) struct Unit<'a> {
    pub source: &'a str,
    pub file: &'a str,
    pub module: &'a str,
    /// Imported by another, so that its globals must be kept apart from theirs.
    pub package: bool,
}

fn compile_one(source: &str, file: &str, module: &str, options: &Options, all_cells: bool) -> CompileResult {
    let (checked, mut diagnostics) = crate::check(source, file, options);
    let mut modules = vec![];
    if let Some(checked) = checked {
        let unit = Unit { source, file, module, package: false };
        let (beam, mut more) = translate(&checked, &unit, &HashMap::new(), all_cells, Emit::Beam);
        diagnostics.append(&mut more);
        modules.extend(beam);
    }
    CompileResult { modules, diagnostics }
}

/// A checked unit to its module; `imports` are the modules of the packages that it imports, by path.
pub(crate) fn translate(
    checked: &Checked,
    unit: &Unit<'_>,
    imports: &HashMap<String, String>,
    all_cells: bool,
    emit: Emit,
) -> (Option<(String, Vec<u8>)>, Vec<Diagnostic>) {
    let (lowered, diagnostics) = lower::lower(checked, unit, imports, all_cells);
    let written = lowered.map(|m| match emit {
        Emit::Beam => codegen::generate(&m),
        Emit::Erlang => functional::erlang(&m).into_bytes(),
        Emit::Core => functional::core_erlang(&m).into_bytes(),
    });
    (written.map(|bytes| (unit.module.to_owned(), bytes)), diagnostics)
}
