//! `beambox build`: Mochi to `.beam` files, to texts, or to something that stock OTP runs.

use crate::args::{Build, Form};
use crate::failure::{Failure, plain, read_source};
use crate::target::{File, package};
use beambox_beamfile::BeamFile;
use beambox_mochi::Emit;
use beambox_mochi::package::emit_with_files;
use beambox_mochi::source::LineIndex;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// Compiles a file.
pub fn build(options: &Build) -> Result<(), Failure> {
    let source = read_source(&options.file)?;
    let name = options.file.display().to_string();
    let settings = beambox_mochi::Options { strict: options.strict };
    let emit = match options.emit {
        Form::Beam | Form::Asm => Emit::Beam,
        Form::Core => Emit::Core,
        Form::Erl => Emit::Erlang,
    };
    let result = emit_with_files(&source, &name, &settings, &crate::mochi_files::Disk, emit);
    let lines = LineIndex::new(&source);
    let told: Vec<String> = result.diagnostics.iter().map(|d| d.render(&lines, &name)).collect();
    let errors = result.diagnostics.iter().filter(|d| d.is_error()).count();
    tell(&told, errors);
    if errors > 0 || result.modules.is_empty() {
        return Err(Failure::Said);
    }
    let files = match options.target {
        Some(target) => package(target, options, result.modules)?,
        None => result.modules.into_iter().map(|m| written(options.emit, m)).collect::<Result<_, _>>()?,
    };
    for File { path, bytes, program } in files {
        let path = options.output.join(path);
        let failed = |e: io::Error| Failure::at(&path, plain(&e));
        fs::create_dir_all(path.parent().unwrap_or(&path)).map_err(failed)?;
        fs::write(&path, bytes).map_err(failed)?;
        if program {
            executable(&path).map_err(failed)?;
        }
        // Who closed standard output doesn't want the paths.
        let _ = writeln!(io::stdout(), "{}", path.display());
    }
    Ok(())
}

/// A module in the form that was asked for.
fn written(form: Form, (module, bytes): (String, Vec<u8>)) -> Result<File, Failure> {
    let (end, bytes) = match form {
        Form::Beam => ("beam", bytes),
        Form::Core => ("core", bytes),
        Form::Erl => ("erl", bytes),
        Form::Asm => {
            let beam = BeamFile::parse(&bytes).map_err(|e| Failure::Because(format!("{module}: {e}")))?;
            ("S", beam.listing().into_bytes())
        }
    };
    Ok(File { path: format!("{module}.{end}").into(), bytes, program: false })
}

#[cfg(unix)]
fn executable(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn executable(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Findings on standard error, with a last line that counts the errors.
pub fn tell(rendered: &[String], errors: usize) {
    let mut err = io::stderr().lock();
    for text in rendered {
        // Nobody is left to be told when this fails.
        let _ = writeln!(err, "{text}\n");
    }
    let _ = match errors {
        0 => Ok(()),
        1 => writeln!(err, "1 error"),
        n => writeln!(err, "{n} errors"),
    };
}
