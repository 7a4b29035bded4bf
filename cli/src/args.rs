//! The command line.

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

/// Run Mochi programs and BEAM files in a sandbox.
#[derive(Debug, Parser)]
#[command(name = "beambox", version, max_term_width = 100, arg_required_else_help = true)]
#[command(after_help = "\
Examples:
  beambox run hello.mochi                  Compile and run a Mochi program
  beambox run --time 2s --memory 64MiB untrusted.mochi
  beambox build hello.mochi -o out         Write its .beam file
  beambox disasm out/mochi_main_hello.beam Show the instructions in it
  beambox erl -noshell -s hello start      Run unmodified OTP

`beambox help COMMAND` says more about a command.")]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Run(Run),
    Build(Build),
    Disasm(Disasm),
    Fmt(Fmt),
    /// Serve an editor: a language server for Mochi on standard input and output
    ///
    /// Diagnostics, hover, completion, definitions, references, renaming, outline, formatting and semantic tokens, by the Language Server
    /// Protocol.
    Lsp,
    /// Run unmodified OTP, as `erl` does
    #[cfg(unix)]
    Erl(Raw),
    /// Compile with OTP's compilers, as `erlc` does
    #[cfg(unix)]
    Erlc(Raw),
    /// Run an Erlang script, as `escript` does
    #[cfg(unix)]
    Escript(Raw),
}

/// What `erl`, `erlc` and `escript` take: what OTP's own programs take. Before that may stand `--otp DIR` (else $BEAMBOX_OTP, else the OTP of
/// the `erl` on the PATH) and `--memory SIZE`. This is no sandbox: the program has your files.
#[cfg(unix)]
#[derive(Debug, Args)]
#[command(disable_help_flag = true)]
pub struct Raw {
    /// As for OTP's program of this name
    #[arg(value_name = "ARGS", trailing_var_arg = true, allow_hyphen_values = true)]
    pub args: Vec<std::ffi::OsString>,
}

/// Run a program.
///
/// Standard input, output and error are the program's. A `.mochi` file is compiled first. Of a `.beam` file, `main/1` is called with the
/// arguments as a list of strings if it is exported, else `main/0`. The folder of the `.beam` file is on its code path.
///
/// The exit status is 0 after a normal end, what the program gave `halt/1`, or 1 after any failure.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  beambox run hello.mochi
  beambox run sum.mochi < numbers.txt
  beambox run --files report.mochi
  beambox run -p lib/ebin server.beam first second
  beambox run --engine wasm --time 500ms --memory 64MiB untrusted.beam")]
pub struct Run {
    /// A Mochi source or a .beam file
    #[arg(value_name = "FILE.mochi|FILE.beam")]
    pub file: PathBuf,

    /// Arguments for main/1; after the first one, options are the program's
    #[arg(value_name = "ARGS", trailing_var_arg = true, allow_hyphen_values = true)]
    pub args: Vec<String>,

    /// What runs it
    #[arg(long, value_name = "ENGINE", value_enum, default_value_t = Engine::Native)]
    pub engine: Engine,

    /// Most memory that the program may use, such as 64MiB or 1GiB
    #[arg(short, long, value_name = "SIZE", default_value = "1GiB", value_parser = memory)]
    pub memory: u64,

    /// Longest time that it may take, such as 500ms, 2s or 1m [default: no limit]
    #[arg(short, long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub time: Option<Duration>,

    /// Most reductions that it may take [default: no limit]
    #[arg(short, long, value_name = "COUNT")]
    pub reductions: Option<u64>,

    /// A folder of .beam files to load modules from; may be given several times
    #[arg(short, long, value_name = "DIR")]
    pub path: Vec<PathBuf>,

    /// Let the program read and write files as you may; its relative paths start at DIR, by default here. Without this it has no files
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true, default_missing_value = ".")]
    pub files: Option<PathBuf>,

    /// Where OTP's modules are: an installation's folder, or a bundle file
    ///
    /// By default $BEAMBOX_OTP, then a bundle ($BEAMBOX_BUNDLE or beside this program), then the OTP of the `erl` on the PATH.
    #[arg(long, value_name = "DIR|FILE")]
    pub otp: Option<PathBuf>,

    /// Same output every time: a clock of the program's own, which doesn't wait, and no entropy but this seed
    #[arg(long, value_name = "SEED", num_args = 0..=1, default_missing_value = "1")]
    pub deterministic: Option<u64>,
}

/// Compile a Mochi program.
///
/// Without options: to .beam files, which run on real OTP too, with the runtime modules of Mochi. The paths of what is written go to standard
/// output, errors and warnings with their source lines to standard error. The exit status is 1 when there are errors; then nothing is
/// written.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  beambox build hello.mochi -o out
  beambox build hello.mochi --emit erl       Erlang text, to read or for erlc
  beambox build hello.mochi --target beam-escript -o bin && bin/hello")]
pub struct Build {
    /// A Mochi source
    #[arg(value_name = "FILE.mochi")]
    pub file: PathBuf,

    /// Folder for what is written; is made if it isn't there
    #[arg(short, long, value_name = "DIR", default_value = ".")]
    pub output: PathBuf,

    /// What the modules are written as
    #[arg(long, value_name = "FORM", value_enum, default_value_t = Form::Beam, conflicts_with = "target")]
    pub emit: Form,

    /// Something that stock OTP runs as it is, with all that it needs of Mochi's runtime
    #[arg(long, value_name = "TARGET", value_enum)]
    pub target: Option<Target>,

    /// Where Mochi's runtime modules are, for --target: as for `beambox run`
    #[arg(long, value_name = "DIR|FILE", requires = "target")]
    pub otp: Option<PathBuf>,

    /// Errors instead of warnings for what older programs do
    #[arg(long)]
    pub strict: bool,
}

/// List what is in a .beam file.
///
/// Exports, imports, attributes and instructions, in the manner of `erlc -S`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  beambox disasm lists.beam | less")]
pub struct Disasm {
    /// A .beam file, compressed or not
    #[arg(value_name = "FILE.beam")]
    pub file: PathBuf,
}

/// Lay out Mochi sources.
///
/// Files are changed in place; without files, standard input goes to standard output. Comments stay, line breaks too. A file with syntax errors is
/// left as it is, the errors go to standard error, and the exit status is 1.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  beambox fmt *.mochi
  beambox fmt --check src/*.mochi
  beambox fmt < in.mochi > out.mochi")]
pub struct Fmt {
    /// Mochi sources
    #[arg(value_name = "FILE.mochi")]
    pub files: Vec<PathBuf>,

    /// Change nothing: name the files that would be changed, with exit status 1 if there are some
    #[arg(long)]
    pub check: bool,
}

/// What modules are written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// .beam files
    Beam,
    /// .S files: the instructions, in the manner of `erlc -S`
    Asm,
    /// .core files: Core Erlang, for `erlc +from_core`
    Core,
    /// .erl files: Erlang, for `erlc`
    Erl,
}

/// What stock OTP runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Target {
    /// A folder of .beam files
    Beam,
    /// One file that `escript` runs
    BeamEscript,
    /// A folder with an application and a program in bin that starts it
    BeamRelease,
}

/// What runs a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Engine {
    /// The VM in this process
    Native,
    /// The VM as wasm inside wasmtime: a second wall around untrusted code
    Wasm,
}

pub fn memory(text: &str) -> Result<u64, String> {
    let size: bytesize::ByteSize = text.parse().map_err(|_| "not a size; write for example 64MiB".to_string())?;
    match size.as_u64() {
        bytes if bytes < 8 << 20 => Err("a VM needs at least 8MiB".into()),
        bytes if bytes > 4 << 30 => Err("a VM can't use more than 4GiB".into()),
        bytes => Ok(bytes),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn sizes() {
        assert_eq!(memory("64MiB"), Ok(64 << 20));
        assert_eq!(memory("1GiB"), Ok(1 << 30));
        for wrong in ["", "x", "-1", "1KiB", "5GiB", "64 apples"] {
            assert!(memory(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn options_after_the_first_argument_are_the_programs() {
        let parse = |line: &str| match Cli::try_parse_from(line.split(' ')).unwrap().command {
            Command::Run(run) => (run.engine, run.args),
            other => panic!("{other:?}"),
        };
        assert_eq!(parse("beambox run f.beam --engine wasm"), (Engine::Wasm, vec![]));
        let (engine, args) = parse("beambox run f.beam a --engine wasm");
        assert_eq!((engine, args.len()), (Engine::Native, 3));
        assert_eq!(parse("beambox run f.beam -- --engine").1, vec!["--engine".to_string()]);
    }
}
