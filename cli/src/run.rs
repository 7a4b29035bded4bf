//! `beambox run`: a program with this process's standard streams.

use crate::args::{Engine, Run};
use crate::build::tell;
use crate::failure::{Failure, plain, read, read_source};
use beambox::{Arg, Builder, Modules, Outcome, Sandbox, Severity, Stdin, StopCause, Stream};
use beambox_beamfile::BeamFile;
use std::io::{self, ErrorKind, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// What a file is.
enum Kind {
    Mochi(String),
    Beam(Vec<u8>),
}

/// Runs a file; the exit status.
pub fn run(options: Run) -> Result<i32, Failure> {
    let kind = kind(&options.file)?;
    let broken = Arc::new(AtomicBool::new(false));
    let builder = sandbox(&options)?.output(output(broken.clone()));
    let outcome = match kind {
        Kind::Mochi(source) => builder.build()?.run_mochi(&source, &options.file.display().to_string())?,
        Kind::Beam(beam) => run_beam(builder, &options, beam)?,
    };
    finish(&outcome, broken.load(Ordering::Relaxed))
}

fn kind(path: &Path) -> Result<Kind, Failure> {
    match path.extension().and_then(|e| e.to_str()) {
        Some("mochi") => read_source(path).map(Kind::Mochi),
        Some("beam") => read(path).map(Kind::Beam),
        _ => {
            // A wrong path is a better thing to hear about than a wrong name.
            read(path)?;
            Err(Failure::at(path, "neither a .mochi nor a .beam file"))
        }
    }
}

fn sandbox(options: &Run) -> Result<Builder, Failure> {
    let engine = match options.engine {
        Engine::Native => beambox::Engine::Native,
        Engine::Wasm => beambox::Engine::Wasm,
    };
    let mut builder = Sandbox::builder().engine(engine).memory_limit(options.memory).output_limit(u64::MAX);
    builder = builder.stdin(Stdin::Reader(Box::new(io::stdin())));
    builder = match options.deterministic {
        Some(seed) => builder.seed(seed),
        None => builder.real_time(true).entropy(true),
    };
    if let Some(time) = options.time {
        builder = builder.time_limit(time);
    }
    if let Some(reductions) = options.reductions {
        builder = builder.reductions(reductions);
    }
    if let Some(otp) = &options.otp {
        builder = builder.modules(Modules::at(otp)?);
    }
    if let Some(folder) = &options.files {
        builder = with_files(builder, folder, options.engine)?;
    }
    for folder in &options.path {
        if !folder.is_dir() {
            return Err(Failure::at(folder, "no such directory"));
        }
        builder = builder.folder(folder);
    }
    Ok(builder)
}

#[cfg(unix)]
fn with_files(builder: Builder, folder: &Path, engine: Engine) -> Result<Builder, Failure> {
    if matches!(engine, Engine::Wasm) {
        return Err(Failure::at(folder, "programs of the engine wasm can have no files"));
    }
    let start = folder.canonicalize().map_err(|e| Failure::at(folder, plain(&e)))?;
    if !start.is_dir() {
        return Err(Failure::at(folder, "not a directory"));
    }
    Ok(builder.files(beambox::files::RealFiles::new(start)))
}

#[cfg(not(unix))]
fn with_files(_: Builder, folder: &Path, _: Engine) -> Result<Builder, Failure> {
    Err(Failure::at(folder, "files can be given to programs on Unix systems only"))
}

/// Writes to this process's streams; notes when standard output was closed.
fn output(broken: Arc<AtomicBool>) -> impl FnMut(Stream, &[u8]) -> io::Result<()> + Send + 'static {
    move |stream, bytes| match stream {
        Stream::Stdout => {
            let mut out = io::stdout().lock();
            let result = out.write_all(bytes).and_then(|()| out.flush());
            let closed = result.as_ref().is_err_and(|e| e.kind() == ErrorKind::BrokenPipe);
            broken.fetch_or(closed, Ordering::Relaxed);
            result.map_err(|e| io::Error::new(e.kind(), plain(&e)))
        }
        Stream::Stderr => {
            // A program that nobody listens to may go on.
            let _ = io::stderr().lock().write_all(bytes);
            Ok(())
        }
    }
}

fn run_beam(builder: Builder, options: &Run, beam: Vec<u8>) -> Result<Outcome, Failure> {
    let path = &options.file;
    let file =
        BeamFile::parse(&beam).map_err(|e| Failure::at(path, format_args!("not a .beam file that can be run: {e}")))?;
    let name = |at: beambox_beamfile::AtomIdx| file.atoms.get(at as usize).map(String::as_str).unwrap_or_default();
    let exports =
        |function: &str, arity: u32| file.exports.iter().any(|e| e.arity == arity && name(e.function) == function);
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let builder = builder.folder(folder);
    if exports("__mochi__", 0) {
        // What `beambox build` wrote: Mochi's runtime runs it.
        let module = name(0).to_string();
        let mut sandbox = builder.module(module.clone(), beam).build()?;
        return Ok(sandbox.run_function("mochi_core", "run", vec![Arg::Atom(module)])?);
    }
    let args = options.args.iter().cloned().map(Arg::String).collect();
    if exports("main", 1) {
        Ok(builder.build()?.run_beam(beam, "main", vec![Arg::List(args)])?)
    } else if exports("main", 0) {
        Ok(builder.build()?.run_beam(beam, "main", Vec::new())?)
    } else {
        Err(Failure::at(path, format_args!("the module {} exports neither main/0 nor main/1", name(0))))
    }
}

fn finish(outcome: &Outcome, broken: bool) -> Result<i32, Failure> {
    let errors = outcome.diagnostics.iter().filter(|d| d.severity == Severity::Error).count();
    if errors > 0 {
        let told: Vec<String> = outcome.diagnostics.iter().map(|d| d.rendered.clone()).collect();
        tell(&told, errors);
        return Err(Failure::Said);
    }
    match &outcome.cause {
        StopCause::OutputFailed(_) if broken => Err(Failure::Said),
        _ if outcome.reported => Ok(outcome.status),
        StopCause::Finished => Ok(0),
        cause => Err(Failure::Because(cause.to_string())),
    }
}
