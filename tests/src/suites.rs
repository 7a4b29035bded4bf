//! OTP's own test suites: compiled by real OTP, run case by case on real OTP and on ours by `tests/suites/suite_runner.erl`.
//!
//! Invariant: both sides run the same modules with the same runner, so a case counts only when it passes on real OTP. What real OTP says is kept
//! under the target folder by the hash of all that went into it. Leaves out: emulator suites, and cases that need another node.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::{oracle, places};

/// The suites of stdlib that the project is measured by.
pub const ALL: &[&str] = &[
    "lists",
    "maps",
    "dict",
    "sets",
    "array",
    "queue",
    "proplists",
    "string",
    "unicode",
    "binary_module",
    "base64",
    "ets",
    "io",
    "re",
    "rand",
    "math",
    "erl_scan",
    "erl_eval",
    "erl_lint",
    "erl_pp",
    "epp",
    "gen_server",
    "gen_statem",
    "gen_event",
    "supervisor",
    "sys",
    "proc_lib",
    "timer",
    "calendar",
    "json",
    "uri_string",
    "beam_lib",
    "sofs",
    "digraph",
    "digraph_utils",
    "filename",
    "ms_transform",
    "zip",
    "format",
    "erl_anno",
    "erl_internal",
    "erl_expand_records",
    "select",
    "fixtable",
    "unicode_util",
    "qlc",
    "filelib",
    // Properties, for PropEr. Those of gb_sets are the only suite of that module but for sets and dict, which go through gb_sets, gb_trees and ordsets.
    "gb_sets_property_test",
    "base64_property_test",
    "binary_property_test",
    "ets_property_test",
    "lists_property_test",
    "queue_property_test",
    "sets_property_test",
    "uri_string_property_test",
];

/// Cases that are left out on both sides: half a million objects in each of sixty tables, and a benchmark, take real OTP more than half an hour; those of zip ask
/// a shell for another program.
const LEFT_OUT: &[(&str, &str)] = &[
    ("ets", "exit_many_large_table_owner"),
    ("ets", "test_throughput_benchmark"),
    ("zip", "basic_timestamp"),
    ("zip", "extended_timestamp"),
];

/// How long a whole suite may take.
const PATIENCE: Duration = Duration::from_secs(1800);

/// What came of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Passed,
    Skipped(String),
    Failed(String),
}

/// The cases of a suite, by `group/case`, with what came of them. `complete` is false when the runner didn't come to its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub cases: BTreeMap<String, Verdict>,
    pub complete: bool,
    /// What the VM said on standard error, its last part.
    pub errors: String,
}

impl Report {
    /// Reads the runner's lines; anything else in between is noise.
    pub fn parse(text: &str) -> Report {
        let mut report = Report::default();
        for line in text.lines() {
            if line == "#end" {
                report.complete = true;
            }
            let Some(rest) = line.strip_prefix("#case ") else { continue };
            let mut words = rest.splitn(3, ' ');
            let (Some(path), Some(verdict)) = (words.next(), words.next()) else { continue };
            let why: String = words.next().unwrap_or_default().chars().take(400).collect();
            let verdict = match verdict {
                "ok" => Verdict::Passed,
                "skip" => Verdict::Skipped(why),
                _ => Verdict::Failed(why),
            };
            // A case that runs twice counts once, by its worse result.
            let entry = report.cases.entry(path.to_string()).or_insert_with(|| verdict.clone());
            if matches!(verdict, Verdict::Failed(_)) {
                *entry = verdict;
            }
        }
        report
    }
}

/// The compiled suites and where their sources are.
pub struct Suites {
    otp: PathBuf,
    tests: PathBuf,
    ebin: PathBuf,
    identity: Vec<u8>,
    libraries: Option<PathBuf>,
}

impl Suites {
    /// Compiles the runner and the modules that suites share. `sources` is the root of OTP's source tree.
    /// `libraries` is a folder with applications besides OTP's: PropEr, for the suites of properties.
    pub fn prepare(sources: &Path, libraries: Option<&Path>) -> Result<Suites> {
        let otp = places::otp()?;
        let tests = sources.join("lib/stdlib/test");
        if !tests.join("lists_SUITE.erl").exists() {
            bail!("{} holds no OTP source tree", sources.display());
        }
        let ebin = places::target().join("suites/ebin");
        fs::create_dir_all(&ebin)?;
        let mut hash = Sha256::new();
        hash.update(oracle::identity(&otp)?);
        let runner = places::root().join("tests/suites");
        for ours in erl_files(&runner)? {
            hash.update(fs::read(&ours)?);
            compile(&otp, &ebin, &ours)?;
        }
        fs::copy(runner.join("os_mon.app"), ebin.join("os_mon.app"))?;
        let libraries = libraries.map(Path::to_path_buf);
        let suites = Suites { otp, tests, ebin, identity: hash.finalize().to_vec(), libraries };
        let helpers = erl_files(&suites.tests)?;
        let plain = |p: &&PathBuf| !stem(p).ends_with("_SUITE");
        for helper in helpers.iter().filter(plain) {
            // Some need applications that Debian packages apart; the case that calls such a module fails on both sides.
            if !suites.ebin.join(format!("{}.beam", stem(helper))).exists() {
                let _ = compile(&suites.otp, &suites.ebin, helper);
            }
        }
        Ok(suites)
    }

    /// Compiles one suite, `lists` for `lists_SUITE`.
    pub fn compile(&self, suite: &str) -> Result<()> {
        let source = self.tests.join(format!("{suite}_SUITE.erl"));
        match source.exists() {
            true => compile(&self.otp, &self.ebin, &source),
            false => bail!("OTP has no suite {suite}"),
        }
    }

    /// What real OTP makes of a suite, asked once.
    pub fn on_otp(&self, suite: &str) -> Result<Report> {
        let mut hash = Sha256::new();
        hash.update(&self.identity);
        hash.update(fs::read(self.tests.join(format!("{suite}_SUITE.erl")))?);
        let kept =
            places::target().join("suites").join(format!("{suite}-{}.otp", &format!("{:x}", hash.finalize())[..16]));
        if let Ok(text) = fs::read_to_string(&kept) {
            return Ok(Report::parse(&text));
        }
        let mut erl = Command::new(self.otp.join("erl"));
        let (text, errors) = self.run(&mut erl, suite, 1, &[])?;
        let report = Report::parse(&text);
        if !report.complete {
            bail!("real OTP doesn't come to the end of {suite}:\n{errors}");
        }
        fs::write(kept, text)?;
        Ok(report)
    }

    /// What our VM makes of a suite; `beambox` is our program.
    pub fn on_ours(&self, beambox: &Path, suite: &str, cases: &[String]) -> Result<Report> {
        let mut erl = Command::new(beambox);
        erl.args(["erl", "--otp"]).arg(self.otp.parent().unwrap_or(&self.otp));
        let (text, errors) = self.run(&mut erl, suite, 4, cases)?;
        let mut report = Report::parse(&text);
        report.errors = tail(&errors);
        Ok(report)
    }

    fn run(&self, erl: &mut Command, suite: &str, scale: u32, cases: &[String]) -> Result<(String, String)> {
        let scratch = tempfile::tempdir()?;
        let mut data = self.tests.join(format!("{suite}_SUITE_data"));
        if suite.ends_with("_property_test") {
            // common_test compiles the properties where it finds them, in the folder beside that of the data.
            let properties = scratch.path().join("property_test");
            fs::create_dir(&properties)?;
            for file in erl_files(&self.tests.join("property_test"))? {
                fs::copy(&file, properties.join(file.file_name().unwrap_or_default()))?;
            }
            data = scratch.path().join("data");
        }
        let text = |path: &Path| format!("{:?}", path.display().to_string());
        let without = LEFT_OUT.iter().filter(|(s, _)| *s == suite).map(|(_, case)| format!("-{case}"));
        let cases: String = cases.iter().cloned().chain(without).map(|c| format!(", {c:?}")).collect();
        let main = format!(
            "suite_runner:main([\"{suite}_SUITE\", {}, {}, \"{scale}\"{cases}]), halt(0).",
            text(&data),
            text(scratch.path())
        );
        erl.args(["-noinput", "-boot", "start_clean", "-pa"]).arg(&self.ebin).args(["-eval", &main]);
        erl.current_dir(scratch.path()).env("LC_ALL", "C.UTF-8").stdin(Stdio::null());
        match &self.libraries {
            Some(dir) => erl.env("ERL_LIBS", dir),
            None => erl.env_remove("ERL_LIBS"),
        };
        let (stdout, stderr, _) = oracle::collect(erl, None, PATIENCE).context("cannot start the VM")?;
        Ok((String::from_utf8_lossy(&stdout).into_owned(), String::from_utf8_lossy(&stderr).into_owned()))
    }
}

fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(12)..].join("\n")
}

fn erl_files(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))?;
    let mut files: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
    files.retain(|p| p.extension().is_some_and(|e| e == "erl"));
    files.sort();
    Ok(files)
}

fn stem(path: &Path) -> String {
    path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default()
}

/// Compiles a module unless it was compiled since its last change.
fn compile(otp: &Path, ebin: &Path, source: &Path) -> Result<()> {
    let modified = |path: &Path| fs::metadata(path).and_then(|m| m.modified()).ok();
    let beam = ebin.join(format!("{}.beam", stem(source)));
    if beam.exists() && modified(&beam) > modified(source) {
        return Ok(());
    }
    let mut erlc = Command::new(otp.join("erlc"));
    erlc.args(["-W0", "+debug_info", "-pa"]).arg(ebin).arg("-o").arg(ebin);
    let done = erlc.arg(source).output().context("cannot start erlc")?;
    match done.status.success() {
        true => Ok(()),
        false => bail!("{} doesn't compile:\n{}", source.display(), String::from_utf8_lossy(&done.stdout)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read() {
        let report = Report::parse(
            "noise\n#case a/b ok\n#case c skip \"why not\"\n#case d fail {x,y}\n#case a/b fail z\n#end\n",
        );
        assert!(report.complete);
        assert_eq!(report.cases["a/b"], Verdict::Failed("z".into()));
        assert_eq!(report.cases["c"], Verdict::Skipped("\"why not\"".into()));
        assert_eq!(report.cases["d"], Verdict::Failed("{x,y}".into()));
    }

    #[test]
    fn a_cut_report_is_incomplete() {
        let report = Report::parse("#case a ok\n#case b\n#cas");
        assert!(!report.complete);
        assert_eq!(report.cases.len(), 1);
    }
}
