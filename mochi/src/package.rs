//! Programs of several files: `import "./path"` of Mochi packages.
//!
//! A package is a file or a directory of `.mochi` files (read as one text, in the order of their names). It becomes a module of its own, evaluated
//! once, at the first import that the program comes to; only what it exports can be called from outside. Where files come from is the
//! caller's affair ([`Files`]). Aggregates pass between modules that are compiled apart, so all of them are made in cells.
//!
//! Left out: types of imported functions (calls of them are `any`), packages from elsewhere than files.

use crate::ast::{Expr, ExprKind, Span, StmtKind};
use crate::checked::{Checked, Resolution};
use crate::compile::{CompileResult, Emit, Unit, module_name};
use crate::diag::Diagnostic;
use crate::lower::plan::{Visit, walk_stmts};
use crate::source::LineIndex;
use crate::{Options, check};
use std::collections::HashMap;

/// Where imported packages are read from. Paths have `/` and are relative to wherever the program's own path is.
pub trait Files {
    /// The text of a file; `None` when there is none.
    fn read(&self, path: &str) -> Option<String>;
    /// The names of the `.mochi` files in a directory, in order; `None` when it is no directory.
    fn list(&self, path: &str) -> Option<Vec<String>>;
}

/// A host without files.
pub struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _path: &str) -> Option<String> {
        None
    }
    fn list(&self, _path: &str) -> Option<Vec<String>> {
        None
    }
}

/// Compiles a program and the packages that it imports; the program's own module comes first.
pub fn compile_with_files(source: &str, file: &str, options: &Options, files: &dyn Files) -> CompileResult {
    emit_with_files(source, file, options, files, Emit::Beam)
}

/// The same, with modules written as asked.
pub fn emit_with_files(source: &str, file: &str, options: &Options, files: &dyn Files, emit: Emit) -> CompileResult {
    let mut linker = Linker { files, options, emit, root: directory(file).to_owned(), done: vec![] };
    let (checked, mut diagnostics) = check(source, file, options);
    let mut modules = vec![];
    if let Some(checked) = checked {
        let unit = Unit { source, file, module: &module_name(file), package: false };
        let (main, found) = linker.unit(&unit, &checked, &mut vec![]);
        diagnostics.extend(found);
        modules.extend(main);
    }
    for p in linker.done {
        modules.extend(p.beam);
    }
    if diagnostics.iter().any(Diagnostic::is_error) {
        modules.clear();
    }
    CompileResult { modules, diagnostics }
}

/// A package that has been compiled, or could not be.
struct Package {
    path: String,
    module: String,
    exports: Vec<String>,
    beam: Option<(String, Vec<u8>)>,
}

struct Linker<'f> {
    files: &'f dyn Files,
    options: &'f Options,
    emit: Emit,
    root: String,
    done: Vec<Package>,
}

impl Linker<'_> {
    /// Compiles a checked unit after the packages that it imports. `open` are the packages being compiled.
    fn unit(
        &mut self,
        unit: &Unit<'_>,
        checked: &Checked,
        open: &mut Vec<String>,
    ) -> (Option<(String, Vec<u8>)>, Vec<Diagnostic>) {
        let mut found = vec![];
        let mut imports: HashMap<String, String> = HashMap::new();
        let mut exports: HashMap<String, Vec<String>> = HashMap::new();
        for s in &checked.program.stmts {
            let StmtKind::Import(i) = &s.kind else { continue };
            if i.lang.is_some() {
                continue;
            }
            match self.package(unit.file, &i.path.value, open) {
                Ok(at) => {
                    let p = &self.done[at];
                    imports.insert(i.path.value.to_string(), p.module.clone());
                    exports.insert(i.path.value.to_string(), p.exports.clone());
                }
                Err((message, help)) => found.push(Diagnostic::error("X002", i.path.span, message).help(help)),
            }
        }
        let mut members = Members { checked, exports: &exports, found: vec![] };
        walk_stmts(&checked.program.stmts, &mut members);
        found.append(&mut members.found);
        if !found.is_empty() {
            return (None, found);
        }
        let cells = unit.package || !imports.is_empty();
        crate::compile::translate(checked, unit, &imports, cells, self.emit)
    }

    /// The package's place in `done`.
    fn package(&mut self, importer: &str, path: &str, open: &mut Vec<String>) -> Result<usize, (String, String)> {
        let base = if path.starts_with("./") || path.starts_with("../") { directory(importer) } else { &self.root };
        let place = join(base, path);
        if let Some(at) = self.done.iter().position(|p| p.path == place) {
            return Ok(at);
        }
        if open.contains(&place) {
            let circle = open.join(" -> ");
            return Err((
                format!("the package `{path}` imports itself: {circle} -> {place}"),
                "move what both need into a third package".to_owned(),
            ));
        }
        let (file, source) = self.text(&place).ok_or_else(|| {
            (
                format!("there is no package `{path}`"),
                format!("looked for `{place}.mochi` and for `.mochi` files in `{place}`"),
            )
        })?;
        open.push(place.clone());
        let (checked, mut diagnostics) = check(&source, &file, self.options);
        let module = package_module(&place);
        let mut beam = None;
        let mut exports = vec![];
        if let Some(checked) = checked {
            exports = checked
                .functions
                .iter()
                .filter(|f| f.export)
                .filter_map(|f| Some(f.name.as_ref()?.to_string()))
                .collect();
            let unit = Unit { source: &source, file: &file, module: &module, package: true };
            let (b, more) = self.unit(&unit, &checked, open);
            beam = b;
            diagnostics.extend(more);
        }
        open.pop();
        if let Some(d) = diagnostics.iter().find(|d| d.is_error()) {
            let at = LineIndex::new(&source).position(d.span.start);
            return Err((
                format!("the package `{path}` has a mistake: {file}:{}:{}: {}", at.line, at.column, d.message),
                d.help.clone().unwrap_or_else(|| "see to that first".to_owned()),
            ));
        }
        self.done.push(Package { path: place, module, exports, beam });
        Ok(self.done.len() - 1)
    }

    /// File name and text of what is at a path.
    fn text(&self, place: &str) -> Option<(String, String)> {
        let with_end = if place.ends_with(".mochi") { place.to_owned() } else { format!("{place}.mochi") };
        if let Some(t) = self.files.read(&with_end) {
            return Some((with_end, t));
        }
        let names = self.files.list(place)?;
        let mut texts = vec![];
        for n in names.iter().filter(|n| n.ends_with(".mochi")) {
            let text = self.files.read(&join(place, n))?;
            // One package, one text: only the first `package` line remains.
            let text = if texts.is_empty() { text } else { without_package(&text) };
            texts.push(text);
        }
        match names.as_slice() {
            [] => None,
            [one] => Some((join(place, one), texts.concat())),
            _ => Some((place.to_owned(), texts.join("\n"))),
        }
    }
}

/// Blanks out a leading `package name`, so that lines stay what they are.
fn without_package(text: &str) -> String {
    let tokens = crate::tokens(text);
    let word = |i: usize| tokens.get(i).and_then(|t| text.get(t.0 as usize..t.1 as usize));
    let first = (0..tokens.len())
        .find(|i| word(*i).is_some_and(|w| !w.starts_with("//") && !w.starts_with('#') && !w.starts_with("/*")));
    match first {
        Some(i) if word(i) == Some("package") => match (tokens.get(i), tokens.get(i + 1)) {
            (Some(a), Some(b)) => {
                let (from, to) = (a.0 as usize, b.1 as usize);
                let blank: String = text[from..to].chars().map(|c| if c == '\n' { '\n' } else { ' ' }).collect();
                format!("{}{blank}{}", &text[..from], &text[to..])
            }
            _ => text.to_owned(),
        },
        _ => text.to_owned(),
    }
}

/// Mentions of what a package does not export.
struct Members<'c> {
    checked: &'c Checked,
    exports: &'c HashMap<String, Vec<String>>,
    found: Vec<Diagnostic>,
}

impl<'c> Visit<'c> for Members<'c> {
    fn expr(&mut self, e: &'c Expr) {
        let ExprKind::Field { name, .. } = &e.kind else { return };
        let Some(Resolution::ForeignMember { import, member }) = self.checked.resolution(e.id) else { return };
        let info = &self.checked.imports[import.index()];
        let Some(exports) = self.exports.get(&*info.path) else { return };
        if info.lang.is_none() && !exports.iter().any(|x| **x == **member) {
            self.missing(name.span, &info.path, member, exports);
        }
    }
}

impl Members<'_> {
    fn missing(&mut self, span: Span, path: &str, member: &str, exports: &[String]) {
        let help = match exports {
            [] => "declare it there with `export fun`".to_owned(),
            some => format!("it exports {}", some.join(", ")),
        };
        let d = Diagnostic::error("T003", span, format!("the package `{path}` exports no `{member}`"));
        self.found.push(d.help(help));
    }
}

/// What is before the last `/`.
fn directory(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |p| p.0)
}

/// A path below a directory, `.` and `..` taken out where they can be.
fn join(base: &str, path: &str) -> String {
    let mut parts: Vec<&str> = vec![];
    let whole = if path.starts_with('/') || base.is_empty() { path.to_owned() } else { format!("{base}/{path}") };
    for p in whole.split('/') {
        match p {
            "" | "." => {}
            ".." if parts.last().is_some_and(|l| *l != "..") => {
                parts.pop();
            }
            p => parts.push(p),
        }
    }
    let joined = parts.join("/");
    if whole.starts_with('/') { format!("/{joined}") } else { joined }
}

/// A package's module: `mochi_pkg_` and its path, what is no letter or digit written as `_` and its number.
fn package_module(path: &str) -> String {
    let stem = path.strip_suffix(".mochi").unwrap_or(path);
    let mut name = "mochi_pkg_".to_owned();
    let tail: Vec<char> = stem.chars().rev().take(60).collect();
    for c in tail.into_iter().rev() {
        if c.is_ascii_alphanumeric() {
            name.push(c.to_ascii_lowercase());
        } else {
            name.push('_');
        }
    }
    // Paths that look alike keep apart.
    let sum = stem.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    format!("{name}_{:08x}", sum as u32)
}
