//! `beambox build`: Mochi to `.beam` files.

use crate::args::Build;
use crate::failure::{Failure, plain, read_source};
use beambox_mochi::source::LineIndex;
use std::fs;
use std::io::{self, Write};

/// Compiles a file.
pub fn build(options: &Build) -> Result<(), Failure> {
    let source = read_source(&options.file)?;
    let name = options.file.display().to_string();
    let settings = beambox_mochi::Options { strict: options.strict };
    let result = beambox_mochi::package::compile_with_files(&source, &name, &settings, &crate::mochi_files::Disk);
    let lines = LineIndex::new(&source);
    let told: Vec<String> = result.diagnostics.iter().map(|d| d.render(&lines, &name)).collect();
    let errors = result.diagnostics.iter().filter(|d| d.is_error()).count();
    tell(&told, errors);
    if errors > 0 || result.modules.is_empty() {
        return Err(Failure::Said);
    }
    let folder = &options.output;
    fs::create_dir_all(folder).map_err(|e| Failure::at(folder, plain(&e)))?;
    for (module, beam) in result.modules {
        let file = folder.join(format!("{module}.beam"));
        fs::write(&file, beam).map_err(|e| Failure::at(&file, plain(&e)))?;
        // Who closed standard output doesn't want the paths.
        let _ = writeln!(io::stdout(), "{}", file.display());
    }
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
