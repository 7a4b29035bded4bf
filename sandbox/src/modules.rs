//! Where the modules of OTP and of Mochi's runtime come from: folders, an installation of OTP, or a bundle file.
//!
//! Invariant: a module is read when it is called, by a name that can't leave the folders. Leaves out what the modules hold: the VM
//! checks them when it loads them.

use crate::Error;
use beambox_playground::Bundle;
use std::collections::HashMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::SystemTime;

/// The bundle's file name; `cargo xtask bundle` makes it in `target/bundle`.
const BUNDLE: &str = "otp.bundle";
/// The runtime module that starts a program's I/O servers.
const STARTER: &str = "beambox_start";
/// Applications that are asked first, the most used first; the others follow by name.
const FIRST: [&str; 5] = ["stdlib-", "kernel-", "erts-", "compiler-", "mochi-"];
/// Larger files are not modules.
const MOST: u64 = 64 << 20;

/// Where modules are looked up, in this order: folders, the installation of OTP, the bundle. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Modules {
    folders: Vec<PathBuf>,
    /// `ebin` folders of an installation of OTP.
    otp: Arc<Vec<PathBuf>>,
    bundle: Option<Arc<Bundle>>,
}

impl Modules {
    /// No modules but the program's own and the VM's built-in functions.
    pub fn none() -> Modules {
        Modules::default()
    }

    /// An installation of OTP: its root (with `bin` and `lib`), or one of these two.
    ///
    /// # Errors
    /// There is no OTP.
    pub fn otp(root: impl AsRef<Path>) -> Result<Modules, Error> {
        let root = root.as_ref();
        // Programs are often links into the installation.
        let real = fs::canonicalize(root).map_err(|e| Error::modules(root, e.to_string()))?;
        let up = real.parent().map(Path::to_path_buf).unwrap_or_default();
        let found = [real.join("lib"), real.join("lib/erlang/lib"), real.clone(), up.join("lib")]
            .into_iter()
            .find_map(|lib| ebins(&lib));
        let otp = found.ok_or_else(|| Error::modules(root, "no OTP here: lib/stdlib-* is missing".into()))?;
        Ok(Modules { otp: Arc::new(otp), ..Modules::default() })
    }

    /// The modules of a bundle file. The file is read once per process.
    ///
    /// # Errors
    /// The file can't be read or is not a bundle.
    pub fn bundle(file: impl AsRef<Path>) -> Result<Modules, Error> {
        type Known = HashMap<(PathBuf, u64, Option<SystemTime>), Arc<Bundle>>;
        static KNOWN: OnceLock<Mutex<Known>> = OnceLock::new();
        let file = file.as_ref();
        let bad = |why: String| Error::modules(file, why);
        let about = fs::metadata(file).map_err(|e| bad(e.to_string()))?;
        let key = (file.to_path_buf(), about.len(), about.modified().ok());
        let known = KNOWN.get_or_init(Mutex::default);
        if let Some(bundle) = known.lock().ok().and_then(|known| known.get(&key).cloned()) {
            return Ok(Modules { bundle: Some(bundle), ..Modules::default() });
        }
        let bytes = fs::read(file).map_err(|e| bad(e.to_string()))?;
        let bundle = Arc::new(Bundle::read(&bytes).map_err(|e| bad(e.to_string()))?);
        if let Ok(mut known) = known.lock() {
            known.insert(key, bundle.clone());
        }
        Ok(Modules { bundle: Some(bundle), ..Modules::default() })
    }

    /// What `path` names: a bundle file, or the folder of an installation of OTP, to which the bundle is added where it is found,
    /// because only a bundle has the runtime modules of Mochi and of the I/O servers.
    ///
    /// # Errors
    /// As for [`Modules::otp`] and [`Modules::bundle`]; or these runtime modules are missing.
    pub fn at(path: impl AsRef<Path>) -> Result<Modules, Error> {
        let path = path.as_ref();
        if path.is_file() {
            return Modules::bundle(path);
        }
        let otp = Modules::otp(path)?;
        let bundle = bundle_file().map(Modules::bundle).transpose()?;
        Modules { bundle: bundle.and_then(|m| m.bundle), ..otp }.with_runtime()
    }

    /// What this machine has: `$BEAMBOX_BUNDLE`, or a bundle beside this program; and `$BEAMBOX_OTP`, or the OTP of the `erl` on the PATH
    /// if there is no bundle.
    ///
    /// # Errors
    /// None of these is there, or what a variable names is wrong.
    pub fn find() -> Result<Modules, Error> {
        if let Some(root) = variable("BEAMBOX_OTP") {
            return Modules::at(root);
        }
        if let Some(file) = bundle_file() {
            return Modules::bundle(file);
        }
        installed().map_or(Err(Error::NoModules), Modules::otp)?.with_runtime()
    }

    /// Itself, if it has what starts a program.
    fn with_runtime(self) -> Result<Modules, Error> {
        if self.get(STARTER).is_none() { Err(Error::NoRuntime) } else { Ok(self) }
    }

    /// Folders of `.beam` files that go before everything added so far.
    pub fn and_folder(mut self, folder: impl Into<PathBuf>) -> Modules {
        self.folders.insert(0, folder.into());
        self
    }

    /// The `.beam` file of a module.
    pub fn get(&self, name: &str) -> Option<Vec<u8>> {
        // The name comes from the guest: it must stay inside the folders.
        if name.is_empty() || name.len() > 255 || name.contains(['/', '\\', '\0', ':']) {
            return None;
        }
        let file = format!("{name}.beam");
        let mut places = self.folders.iter().chain(self.otp.iter());
        let on_disk = places.find_map(|folder| {
            let path = folder.join(&file);
            let about = fs::metadata(&path).ok()?;
            if about.is_file() && about.len() <= MOST { fs::read(&path).ok() } else { None }
        });
        on_disk.or_else(|| self.bundle.as_ref().and_then(|bundle| bundle.get(name)).map(<[u8]>::to_vec))
    }
}

pub(crate) fn variable(name: &str) -> Option<PathBuf> {
    env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// The target folder of the checkout that this crate was built from, if it is still there: an installed program finds what xtask made.
const BUILT_IN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target");

/// `NAME` beside this program, or in `FOLDER` beside the program's folder or one above: `target/FOLDER/NAME` for what cargo builds.
pub(crate) fn beside_program(folder: &str, name: &str) -> Option<PathBuf> {
    let built = || Some(Path::new(BUILT_IN).join(folder).join(name)).filter(|file| file.is_file());
    beside(folder, name).or_else(built)
}

fn beside(folder: &str, name: &str) -> Option<PathBuf> {
    let program = env::current_exe().ok()?;
    let mut at = program.parent()?;
    let here = at.join(name);
    if here.is_file() {
        return Some(here);
    }
    for _ in 0..2 {
        at = at.parent()?;
        let file = at.join(folder).join(name);
        if file.is_file() {
            return Some(file);
        }
    }
    None
}

fn bundle_file() -> Option<PathBuf> {
    variable("BEAMBOX_BUNDLE").or_else(|| beside_program("bundle", BUNDLE))
}

/// The `ebin` folders of a `lib` folder of OTP, or `None` when it is none.
pub(crate) fn ebins(lib: &Path) -> Option<Vec<PathBuf>> {
    let mut names: Vec<String> =
        fs::read_dir(lib).ok()?.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    if !names.iter().any(|name| name.starts_with(FIRST[0])) {
        return None;
    }
    names.sort_by_key(|name| (FIRST.iter().position(|f| name.starts_with(f)).unwrap_or(FIRST.len()), name.clone()));
    let folders = names.into_iter().map(|name| lib.join(name).join("ebin"));
    Some(folders.filter(|folder| folder.is_dir()).collect())
}

/// The root of the OTP whose `erl` is on the PATH. A wrapper script is asked, once per process.
pub(crate) fn installed() -> Option<PathBuf> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    FOUND
        .get_or_init(|| {
            let paths = env::var_os("PATH")?;
            let erl = env::split_paths(&paths).map(|folder| folder.join("erl")).find(|file| file.is_file())?;
            let real = fs::canonicalize(&erl).ok()?;
            if let Some(root) = real.parent().and_then(Path::parent)
                && ebins(&root.join("lib")).is_some()
            {
                return Some(root.to_path_buf());
            }
            let ask = "io:put_chars(code:lib_dir()), halt().";
            let mut erl = Command::new(erl);
            let answer =
                erl.args(["-noshell", "-eval", ask]).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
            Some(PathBuf::from(String::from_utf8(answer.stdout).ok()?.trim()))
        })
        .clone()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_the_folders() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("in")).unwrap();
        fs::write(dir.path().join("secret.beam"), b"x").unwrap();
        fs::write(dir.path().join("in/plain.beam"), b"y").unwrap();
        let modules = Modules::none().and_folder(dir.path().join("in"));
        assert_eq!(modules.get("plain"), Some(b"y".to_vec()));
        for name in ["../secret", "..\\secret", "", "none", "in/../plain", &"x".repeat(300)] {
            assert_eq!(modules.get(name), None, "{name}");
        }
    }

    #[test]
    fn wrong_places_are_errors() {
        let dir = tempfile::tempdir().unwrap();
        assert!(matches!(Modules::otp(dir.path()), Err(Error::Modules { .. })));
        assert!(matches!(Modules::otp(dir.path().join("none")), Err(Error::Modules { .. })));
        let file = dir.path().join("x.bundle");
        fs::write(&file, b"no bundle").unwrap();
        assert!(matches!(Modules::at(&file), Err(Error::Modules { .. })));
        assert!(matches!(Modules::bundle(dir.path()), Err(Error::Modules { .. })));
    }

    #[test]
    fn an_installation_is_found_from_its_root_its_bin_and_its_lib() {
        let dir = tempfile::tempdir().unwrap();
        for folder in ["bin", "lib/stdlib-6.2/ebin", "lib/kernel-10.2/ebin", "lib/alpha-1.0/ebin"] {
            fs::create_dir_all(dir.path().join(folder)).unwrap();
        }
        fs::write(dir.path().join("lib/stdlib-6.2/ebin/lists.beam"), b"L").unwrap();
        for at in [dir.path().to_path_buf(), dir.path().join("bin"), dir.path().join("lib")] {
            assert_eq!(Modules::otp(at).unwrap().get("lists"), Some(b"L".to_vec()));
        }
    }
}
