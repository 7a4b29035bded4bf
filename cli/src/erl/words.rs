//! Words of argument files and variables, and the line of an escript that has emulator flags.

use std::path::Path;

/// Splits a text into words at white space. Quotes of both kinds and backslashes keep white space, `#` at the start of a word begins
/// a comment, as in files that `-args_file` names.
///
/// # Errors
/// A quote that isn't closed.
pub fn split(text: &[u8]) -> Result<Vec<Vec<u8>>, String> {
    let mut out = Vec::new();
    let mut word: Option<Vec<u8>> = None;
    let mut bytes = text.iter().copied();
    while let Some(b) = bytes.next() {
        match b {
            b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c => out.extend(word.take()),
            b'#' if word.is_none() => while bytes.next().is_some_and(|b| b != b'\n') {},
            b'\\' => word.get_or_insert_default().extend(bytes.next()),
            b'\'' | b'"' => {
                let w = word.get_or_insert_default();
                loop {
                    match bytes.next() {
                        Some(q) if q == b => break,
                        Some(b'\\') if b == b'"' => w.extend(bytes.next()),
                        Some(other) => w.push(other),
                        None => return Err("a quote is not closed".into()),
                    }
                }
            }
            other => word.get_or_insert_default().push(other),
        }
    }
    out.extend(word);
    Ok(out)
}

/// The emulator flags of an escript: the words after `%%!` in its second or third line.
///
/// # Errors
/// The file can't be read, or the line is wrong.
pub fn emulator_line(file: &Path) -> Result<(bool, Vec<Vec<u8>>), String> {
    let bytes = std::fs::read(file).map_err(|e| crate::failure::plain(&e))?;
    for line in bytes.split(|b| *b == b'\n').take(3).skip(1) {
        if let Some(flags) = line.strip_prefix(b"%%!") {
            return Ok((true, split(flags)?));
        }
    }
    Ok((false, Vec::new()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_in_argument_files() {
        let w = |t: &str| split(t.as_bytes()).unwrap().iter().map(|w| String::from_utf8_lossy(w).into()).collect();
        let all: Vec<String> = w("a  'b c' d\\ e # gone\n\"x\\\"y\" f#g ''");
        assert_eq!(all, ["a", "b c", "d e", "x\"y", "f#g", ""]);
        assert!(split(b"'open").is_err());
    }
}
