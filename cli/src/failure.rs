//! What went wrong, for people; and reading files, where most of it does.

use std::fmt::Display;
use std::fs;
use std::io;
use std::path::Path;

/// A failure of the program.
#[derive(Debug)]
pub enum Failure {
    /// To be told.
    Because(String),
    /// Standard error has it already.
    Said,
}

impl Failure {
    /// About a file or folder.
    pub fn at(path: &Path, why: impl Display) -> Failure {
        Failure::Because(format!("{}: {why}", path.display()))
    }
}

impl From<beambox::Error> for Failure {
    fn from(error: beambox::Error) -> Failure {
        Failure::Because(error.to_string())
    }
}

/// Largest file that is read.
const MOST: u64 = 256 << 20;

/// A file's bytes.
pub fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let about = fs::metadata(path).map_err(|e| Failure::at(path, plain(&e)))?;
    if about.is_dir() {
        return Err(Failure::at(path, "is a directory, not a file"));
    }
    if about.len() > MOST {
        return Err(Failure::at(path, "is too large to be a program"));
    }
    fs::read(path).map_err(|e| Failure::at(path, plain(&e)))
}

/// A Mochi source.
pub fn read_source(path: &Path) -> Result<String, Failure> {
    String::from_utf8(read(path)?).map_err(|e| {
        let at = e.utf8_error().valid_up_to();
        Failure::at(path, format_args!("is not text: byte {at} is not UTF-8"))
    })
}

/// An error of the system without its number.
pub fn plain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "no such file or directory".into(),
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        _ => {
            let text = error.to_string();
            text.split(" (os error").next().unwrap_or(&text).to_string()
        }
    }
}
