//! Debian packages unpacked beside the system's own: nothing is installed, nothing outside `.toolchain/` is written.
//!
//! The mirror is whatever this machine's own apt sources name. apt runs with private lists and a private cache, so that
//! neither root nor a lock of the system's package database is needed. `dpkg-deb -x` unpacks; no package script runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::run::quiet;

const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// The archive's addresses as the machine's apt sources name them.
#[derive(Debug, PartialEq, Eq)]
pub struct Mirror {
    /// The main archive.
    pub main: String,
    /// The security archive, when the machine has one.
    pub security: Option<String>,
}

impl Mirror {
    /// Reads the machine's apt sources, in either of their two formats.
    pub fn of_this_machine() -> Result<Mirror> {
        let mut text = fs::read_to_string("/etc/apt/sources.list").unwrap_or_default();
        let mut parts: Vec<PathBuf> = fs::read_dir("/etc/apt/sources.list.d")
            .map(|dir| dir.flatten().map(|e| e.path()).collect())
            .unwrap_or_default();
        parts.sort();
        for part in parts {
            text.push('\n');
            text.push_str(&fs::read_to_string(&part).unwrap_or_default());
        }
        Mirror::parse(&text).context("no Debian mirror in this machine's apt sources")
    }

    fn parse(text: &str) -> Option<Mirror> {
        let mut main = None;
        let mut security = None;
        for line in text.lines().map(str::trim) {
            let words = if let Some(rest) = line.strip_prefix("URIs:") {
                rest
            } else if line.starts_with("deb ") {
                line
            } else {
                continue;
            };
            for word in words.split_whitespace().map(|w| w.trim_end_matches('/')) {
                if word.ends_with("/debian") {
                    main.get_or_insert_with(|| word.to_string());
                } else if word.ends_with("/debian-security") {
                    security.get_or_insert_with(|| word.to_string());
                }
            }
        }
        Some(Mirror { main: main?, security })
    }
}

/// The names that Debian gives this machine's architecture.
pub struct Arch {
    /// The folder of shared libraries under `usr/lib`.
    pub multiarch: &'static str,
    /// The dynamic linker's file name.
    pub loader: &'static str,
}

impl Arch {
    /// This machine's names, or an error for an architecture that nobody has tried.
    pub fn of_this_machine() -> Result<Arch> {
        match std::env::consts::ARCH {
            "x86_64" => Ok(Arch { multiarch: "x86_64-linux-gnu", loader: "ld-linux-x86-64.so.2" }),
            "aarch64" => Ok(Arch { multiarch: "aarch64-linux-gnu", loader: "ld-linux-aarch64.so.1" }),
            other => bail!("set-up knows Debian packages for x86_64 and aarch64 only, this machine is {other}"),
        }
    }
}

/// The codename of the machine's own Debian (`bookworm`), when it is a Debian at all.
pub fn codename() -> Option<String> {
    let text = fs::read_to_string("/etc/os-release").ok()?;
    let field = |key: &str| text.lines().find_map(|l| l.strip_prefix(key)).map(|v| v.trim_matches('"').to_string());
    (field("ID=")? == "debian").then(|| field("VERSION_CODENAME=")).flatten()
}

/// Whether the tools that unpacking needs are there.
pub fn available() -> bool {
    ["apt-get", "dpkg-deb"].iter().all(|tool| which::which(tool).is_ok()) && Path::new(KEYRING).exists()
}

/// A private apt with its own lists and cache.
pub struct Apt {
    dir: PathBuf,
}

impl Apt {
    /// Prepares `dir` for packages of one Debian release, and fetches the package lists.
    ///
    /// `installed` says whether the machine's own packages count as present: then [`Apt::closure`] fetches only what is
    /// missing here.
    pub fn open(dir: &Path, release: &str, installed: bool) -> Result<Apt> {
        for sub in ["lists/partial", "archives/partial", "empty.d"] {
            fs::create_dir_all(dir.join(sub))?;
        }
        let mirror = Mirror::of_this_machine()?;
        let mut sources = format!("deb [signed-by={KEYRING}] {} {release} main\n", mirror.main);
        sources += &format!("deb-src [signed-by={KEYRING}] {} {release} main\n", mirror.main);
        if let Some(security) = mirror.security {
            sources += &format!("deb [signed-by={KEYRING}] {security} {release}-security main\n");
        }
        fs::write(dir.join("sources.list"), sources)?;
        fs::write(dir.join("empty"), "")?;
        let status = dir.join("status");
        if installed {
            fs::copy("/var/lib/dpkg/status", &status).context("cannot read this machine's package status")?;
        } else {
            fs::write(&status, "")?;
        }
        let apt = Apt { dir: dir.to_path_buf() };
        quiet(apt.get().arg("update"))
            .context("cannot fetch Debian's package lists; is the mirror in /etc/apt reachable?")?;
        Ok(apt)
    }

    fn get(&self) -> Command {
        let dir = &self.dir;
        let mut cmd = Command::new("apt-get");
        cmd.args(["-qq", "-y"]).current_dir(dir.join("archives")).stdin(std::process::Stdio::null());
        let mut option = |key: &str, value: &Path| {
            cmd.arg("-o").arg(format!("{key}={}", value.display()));
        };
        option("Dir::Etc::sourcelist", &dir.join("sources.list"));
        option("Dir::Etc::sourceparts", &dir.join("empty.d"));
        option("Dir::Etc::preferencesparts", &dir.join("empty.d"));
        option("Dir::Etc::preferences", &dir.join("empty"));
        option("Dir::State", dir);
        option("Dir::State::lists", &dir.join("lists"));
        option("Dir::State::status", &dir.join("status"));
        option("Dir::Cache", dir);
        option("Dir::Cache::archives", &dir.join("archives"));
        cmd.args(["-o", "Acquire::Languages=none", "-o", "APT::Sandbox::User=root", "-o", "Debug::NoLocking=1"]);
        cmd
    }

    /// Fetches exactly these packages.
    pub fn packages(&self, names: &[&str]) -> Result<()> {
        quiet(self.get().arg("download").args(names)).map(drop)
    }

    /// Fetches a package with all that it depends on and that is not present yet.
    pub fn closure(&self, name: &str) -> Result<()> {
        quiet(self.get().args(["install", "--download-only", "--no-install-recommends", name])).map(drop)
    }

    /// Fetches the archive of a package's upstream sources, and unpacks the folders of it that `folders` name into `root`.
    pub fn sources(self, name: &str, folders: &[&str], root: &Path) -> Result<()> {
        quiet(self.get().args(["source", "--download-only", name]))?;
        let archives = fs::read_dir(self.dir.join("archives"))?.flatten().map(|e| e.path());
        let original = archives.into_iter().find(|p| p.to_string_lossy().contains(".orig.tar."));
        let original = original.with_context(|| format!("the sources of {name} hold no .orig.tar"))?;
        fs::create_dir_all(root)?;
        let mut tar = Command::new("tar");
        tar.arg("-xf").arg(original).arg("-C").arg(root).args(["--strip-components=1", "--wildcards"]);
        quiet(tar.args(folders.iter().map(|folder| format!("*/{folder}/*"))))?;
        fs::remove_dir_all(&self.dir)?;
        Ok(())
    }

    /// Unpacks everything fetched into `root`, and removes the lists and the packages.
    pub fn unpack(self, root: &Path) -> Result<()> {
        fs::create_dir_all(root)?;
        let mut debs: Vec<PathBuf> = fs::read_dir(self.dir.join("archives"))?.flatten().map(|e| e.path()).collect();
        debs.retain(|p| p.extension().is_some_and(|e| e == "deb"));
        debs.sort();
        for deb in &debs {
            quiet(Command::new("dpkg-deb").arg("-x").arg(deb).arg(root))?;
        }
        fs::remove_dir_all(&self.dir)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mirrors_are_read_in_both_formats() {
        let new = "Types: deb\nURIs: http://m.example/debian\nSuites: x\n\nURIs: http://s.example/debian-security/\n";
        let old = "# a comment\ndeb [signed-by=/k] http://m.example/debian/ x main\n\
                   deb http://s.example/debian-security x main\n";
        for text in [new, old] {
            let mirror = Mirror::parse(text).unwrap_or_else(|| panic!("no mirror in {text}"));
            assert_eq!(mirror.main, "http://m.example/debian");
            assert_eq!(mirror.security.as_deref(), Some("http://s.example/debian-security"));
        }
    }

    #[test]
    fn other_sources_are_no_mirror() {
        assert_eq!(Mirror::parse("deb http://other.example/node nodistro main\nURIs: ftp://x/ubuntu"), None);
        assert_eq!(Mirror::parse(""), None);
    }
}
