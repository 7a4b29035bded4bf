//! `beambox build --target`: what stock OTP runs, with the modules of Mochi's runtime in it.
//!
//! Invariant: the runtime's modules are those that `beambox run` would use, all that the program's modules can lead to. Leaves out OTP itself.

use crate::args::{Build, Target};
use crate::failure::Failure;
use beambox::Modules;
use beambox_beamfile::BeamFile;
use std::collections::BTreeMap;
use std::io::{Cursor, Write};
use std::path::PathBuf;

/// A file to be written, below the output folder.
#[derive(Debug)]
pub struct File {
    pub path: PathBuf,
    pub bytes: Vec<u8>,
    /// To be executable.
    pub program: bool,
}

/// The module that an escript or a release calls first.
const STARTER: &str = "mochi_start";

/// The files of a target; `modules` are the program's, its own first.
pub fn package(target: Target, options: &Build, modules: Vec<(String, Vec<u8>)>) -> Result<Vec<File>, Failure> {
    let main = modules.first().map(|m| m.0.clone()).unwrap_or_default();
    let runtime = match &options.otp {
        Some(path) => Modules::at(path)?,
        None => Modules::find()?,
    };
    let all = closure(modules, &runtime)?;
    let stem = options.file.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    let name: String =
        stem.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
    match target {
        Target::Beam => Ok(beams("", all)),
        Target::BeamEscript => {
            let bytes = escript(&main, &all)?;
            Ok(vec![File { path: name.into(), bytes, program: true }])
        }
        Target::BeamRelease => Ok(release(&format!("mochi_app_{name}"), &name, &main, all)),
    }
}

fn beams(folder: &str, modules: BTreeMap<String, Vec<u8>>) -> Vec<File> {
    let file = |(name, bytes): (String, Vec<u8>)| File {
        path: PathBuf::from(folder).join(format!("{name}.beam")),
        bytes,
        program: false,
    };
    modules.into_iter().map(file).collect()
}

/// The modules, the starter, and all of Mochi's runtime that they name, called or not.
fn closure(modules: Vec<(String, Vec<u8>)>, runtime: &Modules) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let missing = |name: &str| Failure::Because(format!("the runtime module {name} is missing; see --otp"));
    let mut all: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let mut work = modules;
    for first in [STARTER, "mochi_core"] {
        work.push((first.to_owned(), runtime.get(first).ok_or_else(|| missing(first))?));
    }
    while let Some((name, bytes)) = work.pop() {
        let beam = BeamFile::parse(&bytes).map_err(|e| Failure::Because(format!("{name}: {e}")))?;
        for atom in &beam.atoms {
            let ours = atom.starts_with("mochi_") && !all.contains_key(&**atom) && work.iter().all(|w| w.0 != **atom);
            if let (true, Some(bytes)) = (ours && **atom != *name, ours.then(|| runtime.get(atom)).flatten()) {
                work.push((atom.to_string(), bytes));
            }
        }
        all.insert(name, bytes);
    }
    Ok(all)
}

/// The head of an escript and an archive of the modules.
fn escript(main: &str, modules: &BTreeMap<String, Vec<u8>>) -> Result<Vec<u8>, Failure> {
    let failed = |e: String| Failure::Because(format!("the archive: {e}"));
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, bytes) in modules {
        zip.start_file(format!("{name}.beam"), stored).map_err(|e| failed(e.to_string()))?;
        zip.write_all(bytes).map_err(|e| failed(e.to_string()))?;
    }
    let archive = zip.finish().map_err(|e| failed(e.to_string()))?.into_inner();
    let mut out =
        format!("#!/usr/bin/env escript\n%% A Mochi program.\n%%! -escript main {STARTER} -mochi_program {main}\n")
            .into_bytes();
    out.extend(archive);
    Ok(out)
}

/// `bin/NAME` and one application.
fn release(app: &str, name: &str, main: &str, modules: BTreeMap<String, Vec<u8>>) -> Vec<File> {
    let listed: Vec<&str> = modules.keys().map(String::as_str).collect();
    let description = format!(
        "{{application, {app},\n [{{description, \"A Mochi program\"}},\n  {{vsn, \"1.0.0\"}},\n  {{modules, [{}]}},\n  \
         {{registered, []}},\n  {{applications, [kernel, stdlib]}}]}}.\n",
        listed.join(", ")
    );
    let script = format!(
        "#!/bin/sh\n# Starts the program on the `erl` of the PATH.\nroot=$(cd \"$(dirname \"$0\")/..\" && pwd)\n\
         exec erl -noshell -pa \"$root/lib/{app}-1.0.0/ebin\" -mochi_program {main} -s {STARTER} -extra \"$@\"\n"
    );
    let ebin = format!("lib/{app}-1.0.0/ebin");
    let mut files = beams(&ebin, modules);
    let file =
        |path: String, text: String, program: bool| File { path: path.into(), bytes: text.into_bytes(), program };
    files.push(file(format!("{ebin}/{app}.app"), description, false));
    files.push(file(format!("bin/{name}"), script, true));
    files
}
