//! `mochic FILE.mochi DIR`: writes the modules of a program, prints diagnostics. For work on the compiler; the `beambox` program is the real face.

fn main() -> std::process::ExitCode {
    let args: Vec<String> = std::env::args().collect();
    let (Some(file), Some(dir)) = (args.get(1), args.get(2)) else {
        eprintln!("usage: mochic FILE.mochi DIR");
        return std::process::ExitCode::from(2);
    };
    let source = match std::fs::read_to_string(file) {
        Ok(s) => s,
        Err(e) => {
            eprintln!("{file}: {e}");
            return std::process::ExitCode::FAILURE;
        }
    };
    let r = beambox_mochi::compile(&source, file, &beambox_mochi::Options::default());
    if !r.diagnostics.is_empty() {
        eprintln!("{}", beambox_mochi::diag::render_all(&r.diagnostics, &source, file));
    }
    for (name, bytes) in &r.modules {
        if let Err(e) = std::fs::write(format!("{dir}/{name}.beam"), bytes) {
            eprintln!("{dir}: {e}");
            return std::process::ExitCode::FAILURE;
        }
        println!("{name}");
    }
    if r.modules.is_empty() { std::process::ExitCode::FAILURE } else { std::process::ExitCode::SUCCESS }
}
