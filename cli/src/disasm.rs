//! `beambox disasm`: the listing of a `.beam` file.

use crate::args::Disasm;
use crate::failure::{Failure, plain, read};
use beambox_beamfile::BeamFile;
use std::io::{self, ErrorKind, Write};

/// Lists a file.
pub fn disasm(options: &Disasm) -> Result<(), Failure> {
    let file = BeamFile::parse(&read(&options.file)?)
        .map_err(|e| Failure::at(&options.file, format_args!("not a .beam file that can be read: {e}")))?;
    let mut out = io::stdout().lock();
    match out.write_all(file.listing().as_bytes()).and_then(|()| out.flush()) {
        // `| head` has seen enough.
        Err(e) if e.kind() == ErrorKind::BrokenPipe => Ok(()),
        result => result.map_err(|e| Failure::Because(format!("standard output: {}", plain(&e)))),
    }
}
