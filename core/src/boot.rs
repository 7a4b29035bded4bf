//! Booting OTP as its own emulator does: the preloaded modules, the first process in `erl_init:start/2`, the system processes.
//!
//! Everything after that is OTP's: `init` reads the boot script, starts the loader, the code server and the applications. Files
//! reach it through the host's capability. Mirrors the end of `erl_start` in `erl_init.c`; see `docs/otp-boot.md`.

use crate::error::LoadError;
use crate::process::Priority;
use crate::signals::spawn::RootError;
use crate::vm::Vm;
use beambox_beamfile::BeamFile;
use beambox_beamfile::etf::Value;

/// The modules that are there before any file can be read, in the order in which OTP's emulator has them. `prim_socket`, `prim_net` and
/// `socket_registry` are left out, as in an OTP that was built without sockets.
pub const PRELOADED: [&str; 19] = [
    "atomics",
    "counters",
    "erl_init",
    "erl_prim_loader",
    "erl_tracer",
    "erlang",
    "erts_code_purger",
    "erts_dirty_process_signal_handler",
    "erts_internal",
    "erts_literal_area_collector",
    "erts_trace_cleaner",
    "init",
    "persistent_term",
    "prim_buffer",
    "prim_eval",
    "prim_file",
    "prim_inet",
    "prim_zip",
    "zlib",
];

/// System processes, with their priorities, in the order of their pids after the first process.
const SYSTEM: [(&str, Priority); 6] = [
    ("erts_code_purger", Priority::High),
    ("erts_literal_area_collector", Priority::Normal),
    ("erts_dirty_process_signal_handler", Priority::Normal),
    ("erts_dirty_process_signal_handler", Priority::High),
    ("erts_dirty_process_signal_handler", Priority::Max),
    ("erts_trace_cleaner", Priority::Normal),
];

/// Why OTP can't be booted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum BootError {
    /// A preloaded module is no module that this VM loads.
    Load(String, LoadError),
    Start(RootError),
}

impl std::fmt::Display for BootError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            BootError::Load(module, e) => write!(f, "the preloaded module {module} can't be loaded: {e}"),
            BootError::Start(e) => write!(f, "the first processes can't be started: {e}"),
        }
    }
}
impl std::error::Error for BootError {}

/// Loads the preloaded modules and starts the first processes; `init:boot/1` gets the arguments. `init` names the module that takes
/// the place of `init`. The VM must have been made with `Config::otp`.
pub fn boot(vm: &mut Vm, preloaded: &[(String, Vec<u8>)], init: &str, args: &[Vec<u8>]) -> Result<(), BootError> {
    for (name, bytes) in preloaded {
        let failed = |e| BootError::Load(name.clone(), e);
        let mut file = BeamFile::parse(bytes).map_err(|e| failed(LoadError::new("file", None, e.to_string())))?;
        // Those inside of OTP's emulator have no line numbers either.
        file.lines = None;
        let module = vm.sys.load_parsed(&file).map_err(failed)?;
        vm.sys.resources.preloaded.push(module);
    }
    let args = args.iter().map(|a| Value::Binary(a.clone())).collect();
    let args = [Value::Atom(init.into()), Value::List(args, Box::new(Value::Nil))];
    let first = vm.spawn("erl_init", "start", &args).map_err(BootError::Start)?;
    vm.sys.resources.system_processes.insert(first.raw());
    for (module, priority) in SYSTEM {
        let pid = vm.spawn(module, "start", &[]).map_err(BootError::Start)?;
        vm.sys.resources.system_processes.insert(pid.raw());
        if let Some(p) = vm.sys.procs.get_mut(pid) {
            p.priority = priority;
            p.group_leader = first;
            p.parent = first;
        }
        match module {
            "erts_code_purger" => vm.sys.resources.purger = Some(pid),
            "erts_literal_area_collector" => vm.sys.resources.collector = Some(pid),
            _ => {}
        }
    }
    Ok(())
}
