//! Runs `MODULE:main/0` with code from the given directories: `run MODULE DIR..`.

use beambox_core::config::Config;
use beambox_core::host::{Host, Stream};
use beambox_core::sched::Budget;
use beambox_core::vm::Vm;
use std::io::Write;

struct Files(Vec<String>);

impl Host for Files {
    fn write(&mut self, stream: Stream, bytes: &[u8]) {
        let _ = match stream {
            Stream::Stdout => std::io::stdout().write_all(bytes),
            Stream::Stderr => std::io::stderr().write_all(bytes),
        };
    }
    fn monotonic_ns(&mut self) -> Option<u64> {
        static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
        Some(START.get_or_init(std::time::Instant::now).elapsed().as_nanos() as u64)
    }
    fn load_module(&mut self, name: &str) -> Option<Vec<u8>> {
        self.0.iter().find_map(|d| std::fs::read(format!("{d}/{name}.beam")).ok())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let module = args.next().ok_or("usage: run MODULE DIR..")?;
    let mut vm = Vm::new(Config::default(), Box::new(Files(args.collect()))).map_err(|e| format!("{e:?}"))?;
    vm.spawn(&module, "main", &[])?;
    let paused = vm.run(Budget::default());
    eprintln!("{paused:?} {:?}", vm.stop_cause());
    Ok(())
}
