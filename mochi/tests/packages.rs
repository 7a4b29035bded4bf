//! Programs of several files, compiled from files in memory and run on real OTP 27.

#![allow(clippy::expect_used, clippy::unwrap_used)]

use beambox_mochi::package::{Files, compile_with_files};
use beambox_mochi::{CompileResult, Options};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

struct Memory(BTreeMap<&'static str, &'static str>);

impl Files for Memory {
    fn read(&self, path: &str) -> Option<String> {
        self.0.get(path).map(|t| (*t).to_owned())
    }
    fn list(&self, path: &str) -> Option<Vec<String>> {
        let inside = format!("{path}/");
        let names: Vec<String> = self
            .0
            .keys()
            .filter_map(|k| k.strip_prefix(&inside))
            .filter(|n| !n.contains('/'))
            .map(str::to_owned)
            .collect();
        if names.is_empty() { None } else { Some(names) }
    }
}

fn files() -> Memory {
    Memory(BTreeMap::from([
        (
            "app/lib/counter.mochi",
            "package counter\nimport \"./base\" as b\nvar total = 0\nprint(\"counter is loaded\")\n\
             export fun bump(by: int): int { total = b.plus(total, by) return total }\n\
             export fun first(xs: list<int>, i: int): int {\n  return xs[i]\n}\nfun hidden(): int { return 1 }\n",
        ),
        ("app/lib/base.mochi", "package base\nexport fun plus(a: int, b: int): int { return a + b }\n"),
        ("app/geo/a.mochi", "package geo\ntype Pt { x: int, y: int fun area(): int { return x * y } }\n"),
        (
            "app/geo/b.mochi",
            "package geo\nexport fun mk(a: int, b: int): Pt { return Pt { x: a, y: b } }\n\
             export fun move(p: Pt, by: int) { p.x = p.x + by }\n",
        ),
        ("app/ring/a.mochi", "import \"ring/b\" as b\nexport fun f(): int { return 1 }\n"),
        ("app/ring/b.mochi", "import \"ring/a\" as a\nexport fun f(): int { return 1 }\n"),
        ("app/broken.mochi", "export fun f(): int {\n  return nothere\n}\n"),
    ]))
}

fn compile(source: &str) -> CompileResult {
    compile_with_files(source, "app/main.mochi", &Options::default(), &files())
}

/// Output of a program on OTP.
fn run(name: &str, source: &str) -> String {
    let result = compile(source);
    assert!(!result.modules.is_empty(), "{:?}", result.diagnostics);
    let work = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("mochi-packages-{name}"));
    let _ = fs::remove_dir_all(&work);
    fs::create_dir_all(&work).expect("working directory");
    for (module, bytes) in &result.modules {
        fs::write(work.join(format!("{module}.beam")), bytes).expect("write");
    }
    fs::write(work.join("programs"), format!("{} {name}\n", result.modules[0].0)).expect("write");
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let erl = std::env::var_os("BEAMBOX_OTP").map_or_else(|| "erl".into(), |d| Path::new(&d).join("bin/erl"));
    let out = Command::new(erl)
        .args(["-noshell", "-eval"])
        .arg(format!(
            "{{ok, M, B}} = compile:file({:?}, [binary, report]), {{module, _}} = code:load_binary(M, \"\", B), M:main([{:?}, {:?}]).",
            here.join("tests/driver/mochi_driver.erl").to_string_lossy(),
            here.join("../runtime-erl/src").to_string_lossy(),
            work.to_string_lossy(),
        ))
        .current_dir(&work)
        .output()
        .expect("erl starts");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stdout));
    assert_eq!(fs::read_to_string(work.join(format!("{name}.valid"))).unwrap(), "ok");
    fs::read_to_string(work.join(format!("{name}.stdout"))).expect("output")
}

#[test]
fn packages_are_evaluated_once_and_share_references() {
    let out = run(
        "share",
        "import \"./lib/counter\" as c\nimport \"lib/counter\" as again\nimport \"./geo\"\nvar total = 7\n\
         print(c.bump(2), again.bump(3), total)\nlet p = geo.mk(3, 4)\nlet q = p\ngeo.move(p, 10)\n\
         print(q, p.area(), p == geo.mk(13, 4))\nlet f = c.bump\nprint(f(1), c.first([5])(0))\n",
    );
    let point = "{\"__name\": \"Pt\", \"area\": nil, \"x\": 13, \"y\": 4}";
    assert_eq!(out, format!("counter is loaded\n2 5 7\n{point} 52 true\n6 5\n"));
}

#[test]
fn a_failure_in_a_package_is_traced_to_its_file() {
    let out = run("trace", "import \"./lib/counter\" as c\nprint(c.first([1], 3))\n");
    let trace = "call graph: __main -> first\nstack trace:\n  first at app/lib/counter.mochi:7\n    return xs[i]\n  \
                 __main at app/main.mochi:2\n    print(c.first([1], 3))\n";
    assert_eq!(out, format!("counter is loaded\n{trace}"));
}

#[test]
fn what_cannot_be_imported_is_told_at_the_import() {
    for (source, code, message) in [
        ("import \"./nowhere\" as n\n", "X002", "there is no package `./nowhere`"),
        ("import \"./lib/counter\" as c\nprint(c.hidden())\n", "T003", "exports no `hidden`"),
        ("import \"ring/a\" as a\n", "X002", "has a mistake"),
        ("import \"./broken\" as b\n", "X002", "app/broken.mochi:2:10"),
    ] {
        let result = compile(source);
        assert!(result.modules.is_empty(), "{source}");
        let d = result.diagnostics.iter().find(|d| d.is_error()).expect("an error");
        assert_eq!(d.code, code, "{source}: {}", d.message);
        assert!(d.message.contains(message), "{source}: {}", d.message);
    }
}
