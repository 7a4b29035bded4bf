//! Runs `MODULE:main/0` with code from the given directories (`beambox_start` and OTP's stdlib among them): `run MODULE DIR..`.

use beambox_beamfile::etf::Value;
use beambox_core::config::Config;
use beambox_core::error::StopCause;
use beambox_core::host::{Host, Stream, Supply};
use beambox_core::sched::{Budget, Paused};
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
        Some(now())
    }
    fn load_module(&mut self, name: &str) -> Supply {
        let found = self.0.iter().find_map(|d| std::fs::read(format!("{d}/{name}.beam")).ok());
        found.into()
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let module = args.next().ok_or("usage: run MODULE DIR..")?;
    let mut vm = Vm::new(Config::default(), Box::new(Files(args.collect()))).map_err(|e| format!("{e:?}"))?;
    let args = [Value::Atom(module), Value::Atom("main".into()), Value::Nil];
    vm.spawn("beambox_start", "start", &args)?;
    loop {
        match vm.run(Budget::default()) {
            Paused::Idle { next_timer_ns: Some(at) } => {
                std::thread::sleep(std::time::Duration::from_nanos(at.saturating_sub(now())));
            }
            Paused::Budget | Paused::Module => {}
            Paused::Idle { next_timer_ns: None } => return Err("every process waits for ever".into()),
            Paused::Stopped => break,
        }
    }
    match vm.stop_cause() {
        Some(StopCause::Halted(status)) => std::process::exit(*status),
        Some(other) => Err(other.to_string().into()),
        None => Ok(()),
    }
}

fn now() -> u64 {
    static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
    START.get_or_init(std::time::Instant::now).elapsed().as_nanos() as u64
}
