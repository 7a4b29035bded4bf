//! `mochic FILE.mochi DIR [erl|core]`: writes the modules of a program, prints diagnostics. For work on the compiler; the `beambox` program is the real face.

struct Disk;

impl beambox_mochi::package::Files for Disk {
    fn read(&self, path: &str) -> Option<String> {
        std::fs::read_to_string(path).ok()
    }
    fn list(&self, path: &str) -> Option<Vec<String>> {
        let entries = std::fs::read_dir(path).ok()?;
        let mut names: Vec<String> = entries.flatten().map(|e| e.file_name().to_string_lossy().into_owned()).collect();
        names.retain(|n| n.ends_with(".mochi"));
        names.sort();
        Some(names)
    }
}

fn main() -> std::process::ExitCode {
    let args: Vec<String> = std::env::args().collect();
    let (Some(file), Some(dir)) = (args.get(1), args.get(2)) else {
        eprintln!("usage: mochic FILE.mochi DIR [erl|core]");
        return std::process::ExitCode::from(2);
    };
    let source = match std::fs::read_to_string(file) {
        Ok(s) => s,
        Err(e) => {
            eprintln!("{file}: {e}");
            return std::process::ExitCode::FAILURE;
        }
    };
    let (emit, end) = match args.get(3).map(String::as_str) {
        Some("erl") => (beambox_mochi::Emit::Erlang, "erl"),
        Some("core") => (beambox_mochi::Emit::Core, "core"),
        _ => (beambox_mochi::Emit::Beam, "beam"),
    };
    let options = beambox_mochi::Options::default();
    let r = beambox_mochi::package::emit_with_files(&source, file, &options, &Disk, emit);
    if !r.diagnostics.is_empty() {
        eprintln!("{}", beambox_mochi::diag::render_all(&r.diagnostics, &source, file));
    }
    for (name, bytes) in &r.modules {
        if let Err(e) = std::fs::write(format!("{dir}/{name}.{end}"), bytes) {
            eprintln!("{dir}: {e}");
            return std::process::ExitCode::FAILURE;
        }
        println!("{name}");
    }
    if r.modules.is_empty() { std::process::ExitCode::FAILURE } else { std::process::ExitCode::SUCCESS }
}
