//! A bundle: the Erlang modules that a host without OTP hands to a VM, in one file.
//!
//! The file is 4 bytes of magic, then a raw deflate stream of the postcard form of a list of `(name, .beam bytes)`, sorted by name.
//! `cargo xtask bundle` writes it, every host reads it. Invariant: no file, however wrong, makes reading panic or take more than
//! [`MOST`] bytes. Leaves out what the modules mean: they are checked when the VM loads them.

use std::fmt;
use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

/// The first four bytes of every bundle: "beambox bundle, version 1".
pub const MAGIC: [u8; 4] = *b"BXB1";

/// Most bytes that the modules of one bundle may take together; all of OTP's stdlib, kernel and compiler take 12 MiB.
pub const MOST: u64 = 256 << 20;

/// Modules by name.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Bundle {
    /// Sorted by name, each name once.
    modules: Vec<(String, Vec<u8>)>,
}

/// Why a bundle can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BundleError {
    /// It doesn't begin with [`MAGIC`].
    NotABundle,
    /// The deflate stream is damaged or cut.
    Damaged(String),
    /// It inflates to more than [`MOST`] bytes.
    TooLarge,
    /// What it inflates to isn't a list of modules.
    Content(String),
    /// Two modules have this name.
    Twice(String),
}

impl fmt::Display for BundleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BundleError::NotABundle => f.write_str("not a bundle of modules (wrong first bytes)"),
            BundleError::Damaged(why) => write!(f, "the bundle is damaged: {why}"),
            BundleError::TooLarge => write!(f, "the bundle holds more than {MOST} bytes"),
            BundleError::Content(why) => write!(f, "the bundle's content can't be read: {why}"),
            BundleError::Twice(name) => write!(f, "the bundle holds the module {name} twice"),
        }
    }
}

impl std::error::Error for BundleError {}

impl Bundle {
    /// A bundle of these modules, each a name and the bytes of its `.beam` file.
    pub fn new(mut modules: Vec<(String, Vec<u8>)>) -> Result<Bundle, BundleError> {
        modules.sort_by(|a, b| a.0.cmp(&b.0));
        match modules.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            Some(pair) => Err(BundleError::Twice(pair[0].0.clone())),
            None => Ok(Bundle { modules }),
        }
    }

    /// Reads a bundle's file.
    pub fn read(file: &[u8]) -> Result<Bundle, BundleError> {
        let stream = file.strip_prefix(&MAGIC).ok_or(BundleError::NotABundle)?;
        let mut bytes = Vec::new();
        // One byte more than is allowed tells "just fits" from "too large".
        let read = DeflateDecoder::new(stream).take(MOST + 1).read_to_end(&mut bytes);
        read.map_err(|error| BundleError::Damaged(error.to_string()))?;
        if bytes.len() as u64 > MOST {
            return Err(BundleError::TooLarge);
        }
        let modules: Vec<(&str, &[u8])> =
            postcard::from_bytes(&bytes).map_err(|error| BundleError::Content(error.to_string()))?;
        Bundle::new(modules.into_iter().map(|(name, beam)| (name.to_string(), beam.to_vec())).collect())
    }

    /// The bundle's file.
    pub fn write(&self) -> Result<Vec<u8>, BundleError> {
        let modules: Vec<(&str, &[u8])> = self.iter().collect();
        let bytes = postcard::to_allocvec(&modules).map_err(|error| BundleError::Content(error.to_string()))?;
        if bytes.len() as u64 > MOST {
            return Err(BundleError::TooLarge);
        }
        let mut encoder = DeflateEncoder::new(MAGIC.to_vec(), Compression::best());
        encoder.write_all(&bytes).and_then(|()| encoder.finish()).map_err(|e| BundleError::Damaged(e.to_string()))
    }

    /// The `.beam` file of a module.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        let at = self.modules.binary_search_by(|(other, _)| other.as_str().cmp(name)).ok()?;
        self.modules.get(at).map(|(_, beam)| beam.as_slice())
    }

    /// All modules, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.modules.iter().map(|(name, beam)| (name.as_str(), beam.as_slice()))
    }

    /// How many modules it holds.
    pub fn len(&self) -> usize {
        self.modules.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.modules.is_empty()
    }
}

impl fmt::Debug for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bundle({} modules)", self.modules.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Vec<u8> {
        let modules = (0..50).map(|i| (format!("m{i}"), vec![i as u8; i * 7])).collect();
        Bundle::new(modules).and_then(|b| b.write()).unwrap_or_else(|e| panic!("{e}"))
    }

    #[test]
    fn what_is_written_is_read() {
        let bundle = Bundle::read(&sample()).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(bundle.len(), 50);
        assert_eq!(bundle.get("m3"), Some(&[3u8; 21][..]));
        assert_eq!(bundle.get("m50"), None);
        assert!(bundle.iter().map(|(name, _)| name).is_sorted());
    }

    #[test]
    fn names_are_unique() {
        let twice = vec![("a".to_string(), vec![1]), ("b".to_string(), vec![]), ("a".to_string(), vec![2])];
        assert_eq!(Bundle::new(twice), Err(BundleError::Twice("a".into())));
    }

    #[test]
    fn wrong_files_are_errors() {
        assert_eq!(Bundle::read(b""), Err(BundleError::NotABundle));
        assert_eq!(Bundle::read(b"FOR1 and more"), Err(BundleError::NotABundle));
        let good = sample();
        for cut in 0..good.len() {
            assert!(Bundle::read(&good[..cut]).is_err(), "cut at {cut}");
        }
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1 << (at % 8);
            // A flip may hit a module's own bytes; anything but a panic is right.
            let _ = Bundle::read(&bad);
        }
    }

    #[test]
    fn a_bomb_is_refused() {
        let mut encoder = DeflateEncoder::new(MAGIC.to_vec(), Compression::fast());
        let zeros = vec![0u8; 1 << 20];
        for _ in 0..=(MOST >> 20) {
            encoder.write_all(&zeros).unwrap_or_else(|e| panic!("{e}"));
        }
        let file = encoder.finish().unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(Bundle::read(&file), Err(BundleError::TooLarge));
    }
}
