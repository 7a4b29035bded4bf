//! Where `beambox build` reads imported Mochi packages from: the disk, below wherever the program's own path leads.

use beambox_mochi::package::Files;
use std::fs;

/// The host's files.
pub struct Disk;

impl Files for Disk {
    fn read(&self, path: &str) -> Option<String> {
        fs::read_to_string(path).ok()
    }
    fn list(&self, path: &str) -> Option<Vec<String>> {
        let mut names: Vec<String> =
            fs::read_dir(path).ok()?.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect();
        names.retain(|n| n.ends_with(".mochi"));
        names.sort();
        Some(names)
    }
}
