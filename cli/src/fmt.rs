//! `beambox fmt`: Mochi sources in the usual layout.

use crate::args::Fmt;
use crate::build::tell;
use crate::failure::{Failure, plain, read_source};
use beambox_mochi::source::LineIndex;
use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

/// Formats files in place, or standard input to standard output; the exit status.
pub fn fmt(options: &Fmt) -> Result<i32, Failure> {
    if options.files.is_empty() {
        let mut source = String::new();
        io::stdin()
            .read_to_string(&mut source)
            .map_err(|e| Failure::Because(format!("standard input: {}", plain(&e))))?;
        let done = formatted(&source, Path::new("-"))?;
        if options.check {
            return Ok(i32::from(done != source));
        }
        let mut out = io::stdout().lock();
        // Who closed standard output doesn't want it.
        let _ = out.write_all(done.as_bytes()).and_then(|()| out.flush());
        return Ok(0);
    }
    let mut different = 0;
    let mut failed = false;
    for file in &options.files {
        let outcome = read_source(file).and_then(|source| Ok((formatted(&source, file)?, source)));
        match outcome {
            Ok((done, source)) if done == source => {}
            Ok(_) if options.check => {
                different += 1;
                let _ = writeln!(io::stdout(), "{}", file.display());
            }
            Ok((done, _)) => fs::write(file, done).map_err(|e| Failure::at(file, plain(&e)))?,
            Err(Failure::Said) => failed = true,
            Err(Failure::Because(why)) => {
                failed = true;
                let _ = writeln!(io::stderr(), "error: {why}");
            }
        }
    }
    Ok(i32::from(failed || different > 0))
}

fn formatted(source: &str, file: &Path) -> Result<String, Failure> {
    beambox_mochi::format::format(source).map_err(|errors| {
        let lines = LineIndex::new(source);
        let name = file.display().to_string();
        let told: Vec<String> = errors.iter().map(|d| d.render(&lines, &name)).collect();
        tell(&told, errors.len());
        Failure::Said
    })
}
