//! The wasm engine: the `raw` face of the VM inside wasmtime.
//!
//! Invariant: the guest reaches the four host functions below and its own memory, nothing else; an epoch ends it in the middle of
//! anything once its deadline has passed, and its memory can't grow beyond the limit. An instance that trapped is never entered again.
//! Leaves out the protocol, which is the playground's, and the C ABI, which is described with the `raw` face.

use crate::drive::{Deadline, Machine, Plan};
use crate::outcome::{Error, StopCause};
use crate::outside::Shared;
use beambox_playground::{Request, Response, Stream, World};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::env;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};
use wasmtime::{
    Caller, Config, Extern, InstanceAllocationStrategy, InstancePre, Linker, Memory, Module, PoolingAllocationConfig,
    ResourceLimiter, Store, TypedFunc, UpdateDeadline,
};

/// The file that `cargo xtask wasm` builds, in `target/raw`.
const FILE: &str = "beambox_raw.wasm";
/// Bytes of linear memory that the VM's own tables, the compiler and requests may take besides what the guest may allocate.
const OVERHEAD: u64 = 256 << 20;
/// Bytes that linear memory can't exceed.
const WASM_MOST: u64 = 4 << 30;
/// Between two looks at the deadline.
const TICK: Duration = Duration::from_millis(10);
/// Instances at a time in the pool.
const POOL: u32 = 64;
/// Most bytes of an answer.
const MOST_ANSWER: usize = 1 << 30;

/// What the host functions of one instance work with.
pub(crate) struct Data {
    shared: Shared,
    allowance: Allowance,
    /// The deadline has passed.
    passed: Option<StopCause>,
    /// What a panic of the VM said, right before the trap.
    last_words: Option<String>,
}

/// Most bytes of a panic's words that are kept.
const MOST_WORDS: usize = 4096;

/// How much memory an instance may have.
struct Allowance {
    /// Bytes.
    most: u64,
    /// More was asked for.
    denied: bool,
}

impl ResourceLimiter for Allowance {
    fn memory_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let fits = desired as u64 <= self.most;
        self.denied |= !fits;
        Ok(fits)
    }
    fn table_growing(&mut self, _current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= 1 << 16)
    }
}

/// The compiled VM; made once per process and file.
pub(crate) struct Ready {
    engine: wasmtime::Engine,
    instance: InstancePre<Data>,
}

impl Ready {
    /// Finds and compiles the `raw` wasm.
    ///
    /// # Errors
    /// It isn't there, or isn't what it should be.
    pub fn find(file: Option<PathBuf>) -> Result<Arc<Ready>, Error> {
        let named = || env::var_os("BEAMBOX_RAW_WASM").filter(|v| !v.is_empty()).map(PathBuf::from);
        let found = file.or_else(named).or_else(|| crate::modules::beside_program("raw", FILE));
        let missing =
            "the wasm engine's VM isn't there: build it with `cargo xtask wasm`, or name it with BEAMBOX_RAW_WASM";
        let file = found.ok_or_else(|| Error::NoEngine(missing.into()))?;
        Ready::load(&file)
    }

    fn load(file: &Path) -> Result<Arc<Ready>, Error> {
        type Known = HashMap<(PathBuf, u64, Option<SystemTime>), Arc<Ready>>;
        static KNOWN: OnceLock<Mutex<Known>> = OnceLock::new();
        let bad = |why: String| Error::NoEngine(format!("{}: {why}", file.display()));
        let about = fs::metadata(file).map_err(|e| bad(e.to_string()))?;
        let key = (file.to_path_buf(), about.len(), about.modified().ok());
        // Held during compilation, so that nobody compiles a second time.
        let mut known = KNOWN.get_or_init(Mutex::default).lock().unwrap_or_else(|e| e.into_inner());
        if let Some(ready) = known.get(&key) {
            return Ok(ready.clone());
        }
        let wasm = fs::read(file).map_err(|e| bad(e.to_string()))?;
        let ready = Ready::compile(file, &wasm).map_err(|e| bad(format!("{e:#}")))?;
        let ready = Arc::new(ready);
        known.insert(key, ready.clone());
        Ok(ready)
    }

    fn compile(file: &Path, wasm: &[u8]) -> wasmtime::Result<Ready> {
        let engine = engine()?;
        let module = cached(&engine, file, wasm)?;
        let mut linker = Linker::new(&engine);
        imports(&mut linker)?;
        let instance = linker.instantiate_pre(&module)?;
        Ok(Ready { engine, instance })
    }
}

fn engine() -> wasmtime::Result<wasmtime::Engine> {
    let settings = |strategy: InstanceAllocationStrategy| {
        let mut config = Config::new();
        config.epoch_interruption(true).memory_init_cow(true).max_wasm_stack(1 << 20).allocation_strategy(strategy);
        config
    };
    let mut pool = PoolingAllocationConfig::default();
    pool.total_core_instances(POOL).total_memories(POOL).total_tables(POOL).table_elements(1 << 16);
    pool.max_memory_size(WASM_MOST as usize).max_core_instance_size(1 << 20);
    // The pool reserves much address space, which some machines don't give.
    wasmtime::Engine::new(&settings(pool.into()))
        .or_else(|_| wasmtime::Engine::new(&settings(InstanceAllocationStrategy::OnDemand)))
}

/// The compiled module: from a file beside the wasm if it was compiled before by this wasmtime with these settings, else compiled now.
fn cached(engine: &wasmtime::Engine, file: &Path, wasm: &[u8]) -> wasmtime::Result<Module> {
    let mut compatible = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut compatible);
    let wasm_sum = Sha256::digest(wasm);
    let mark: String = wasm_sum.iter().take(8).map(|b| format!("{b:02x}")).collect();
    let cache = file.with_extension(format!("{mark}-{:016x}.cwasm", compatible.finish()));
    if let Ok(bytes) = fs::read(&cache)
        && let Some((sum, code)) = bytes.split_first_chunk::<32>()
        && Sha256::digest(code).as_slice() == sum
        && let Some(module) = revive(engine, code)
    {
        return Ok(module);
    }
    let code = engine.precompile_module(wasm)?;
    let mut bytes = Sha256::digest(&code).to_vec();
    bytes.extend_from_slice(&code);
    // Written beside and renamed, so that nobody reads half a file; a folder that can't be written to has no cache.
    let draft = cache.with_extension(format!("{}.draft", std::process::id()));
    if fs::write(&draft, &bytes).and_then(|()| fs::rename(&draft, &cache)).is_err() {
        let _ = fs::remove_file(&draft);
    }
    revive(engine, &code).ok_or_else(|| wasmtime::Error::msg("the compiled code can't be read back"))
}

#[allow(unsafe_code)]
fn revive(engine: &wasmtime::Engine, code: &[u8]) -> Option<Module> {
    // SAFETY: the bytes are whole (their sum was compared) and were written by `precompile_module` of the same wasmtime with the same
    // settings (both are in the file's name, and wasmtime compares them again). They lie beside the wasm that they were made from: who
    // may write there may as well replace that, or this program.
    unsafe { Module::deserialize(engine, code) }.ok()
}

fn memory(caller: &mut Caller<'_, Data>) -> wasmtime::Result<Memory> {
    match caller.get_export("memory") {
        Some(Extern::Memory(memory)) => Ok(memory),
        _ => Err(wasmtime::Error::msg("the wasm has no memory")),
    }
}

/// A piece of the guest's memory.
fn piece<'a>(
    caller: &'a mut Caller<'_, Data>,
    memory: Memory,
    at: u32,
    length: u32,
) -> wasmtime::Result<(&'a mut [u8], &'a mut Data)> {
    let (bytes, data) = memory.data_and_store_mut(caller);
    let piece = bytes.get_mut(at as usize..).and_then(|rest| rest.get_mut(..length as usize));
    Ok((piece.ok_or_else(|| wasmtime::Error::msg("an address outside of the guest's memory"))?, data))
}

fn imports(linker: &mut Linker<Data>) -> wasmtime::Result<()> {
    const HOST: &str = "beambox";
    linker.func_wrap(
        HOST,
        "write",
        |mut caller: Caller<'_, Data>, stream: u32, at: u32, length: u32| -> wasmtime::Result<()> {
            let memory = memory(&mut caller)?;
            let (bytes, data) = piece(&mut caller, memory, at, length)?;
            match stream {
                0 => data.shared.write(Stream::Stdout, bytes),
                1 => data.shared.write(Stream::Stderr, bytes),
                _ => {
                    let said = bytes.get(..MOST_WORDS).unwrap_or(bytes);
                    data.last_words = Some(String::from_utf8_lossy(said).into_owned());
                }
            }
            Ok(())
        },
    )?;
    linker.func_wrap(HOST, "monotonic_ns", |mut caller: Caller<'_, Data>| -> i64 {
        caller.data_mut().shared.monotonic_ns().and_then(|ns| i64::try_from(ns).ok()).unwrap_or(-1)
    })?;
    linker.func_wrap(HOST, "system_ns", |mut caller: Caller<'_, Data>| -> i64 {
        caller.data_mut().shared.system_ns().unwrap_or(i64::MIN)
    })?;
    linker.func_wrap(
        HOST,
        "entropy",
        |mut caller: Caller<'_, Data>, at: u32, length: u32| -> wasmtime::Result<u32> {
            let memory = memory(&mut caller)?;
            let (bytes, data) = piece(&mut caller, memory, at, length)?;
            Ok(u32::from(data.shared.entropy(bytes)))
        },
    )?;
    Ok(())
}

/// Moves the engine's epoch on while a run lasts.
struct Ticker {
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    fn start(engine: &wasmtime::Engine) -> std::io::Result<Ticker> {
        let over = Arc::new(AtomicBool::new(false));
        let (engine, seen) = (engine.clone(), over.clone());
        let tick = move || {
            while !seen.load(Ordering::Relaxed) {
                std::thread::park_timeout(TICK);
                engine.increment_epoch();
            }
        };
        let thread = std::thread::Builder::new().name("beambox-epoch".into()).spawn(tick)?;
        Ok(Ticker { over, thread: Some(thread) })
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // It can't have panicked, and nothing depends on it any more.
            let _ = thread.join();
        }
    }
}

/// One instance with its session.
pub(crate) struct Guest {
    store: Store<Data>,
    memory: Memory,
    alloc: TypedFunc<u32, u32>,
    free: TypedFunc<(u32, u32), ()>,
    handle: TypedFunc<(u32, u32), u64>,
    lost: Option<StopCause>,
    _ready: Arc<Ready>,
    _ticker: Ticker,
}

impl Guest {
    /// An instance for a plan.
    ///
    /// # Errors
    /// There is no room for one, or the wasm isn't a `raw` face.
    pub fn start(ready: Arc<Ready>, plan: &Plan, shared: Shared) -> Result<Guest, Error> {
        let ticker = Ticker::start(&ready.engine).map_err(|e| Error::Start(format!("no thread for the clock: {e}")))?;
        let most = plan.limits.memory.saturating_add(OVERHEAD).min(WASM_MOST);
        let allowance = Allowance { most, denied: false };
        let mut store = Store::new(&ready.engine, Data { shared, allowance, passed: None, last_words: None });
        store.limiter(|data| &mut data.allowance);
        let deadline = Deadline::of(plan);
        store.epoch_deadline_callback(move |mut context| match deadline.passed() {
            None => Ok(UpdateDeadline::Continue(1)),
            Some(cause) => {
                context.data_mut().passed = Some(cause);
                Err(wasmtime::Error::msg("the deadline has passed"))
            }
        });
        store.set_epoch_deadline(1);
        let bad = |e: wasmtime::Error| Error::NoEngine(format!("the wasm engine's VM can't be started: {e:#}"));
        let instance = ready.instance.instantiate(&mut store).map_err(bad)?;
        let memory = instance.get_memory(&mut store, "memory");
        let memory = memory.ok_or_else(|| Error::NoEngine("the wasm engine's VM has no memory".into()))?;
        let alloc = instance.get_typed_func(&mut store, "beambox_alloc").map_err(bad)?;
        let free = instance.get_typed_func(&mut store, "beambox_free").map_err(bad)?;
        let handle = instance.get_typed_func(&mut store, "beambox_handle").map_err(bad)?;
        Ok(Guest { store, memory, alloc, free, handle, lost: None, _ready: ready, _ticker: ticker })
    }

    fn exchange(&mut self, request: &Request) -> wasmtime::Result<Response> {
        let bytes = postcard::to_allocvec(request)?;
        let length = u32::try_from(bytes.len())?;
        let at = self.alloc.call(&mut self.store, length)?;
        self.memory.write(&mut self.store, at as usize, &bytes)?;
        let place = self.handle.call(&mut self.store, (at, length))?;
        let (at, length) = ((place >> 32) as u32, place as u32);
        let data = self.memory.data(&self.store);
        let answer = data.get(at as usize..).and_then(|rest| rest.get(..length as usize));
        let answer = answer.filter(|bytes| bytes.len() <= MOST_ANSWER);
        let answer = answer.ok_or_else(|| wasmtime::Error::msg("an answer outside of the guest's memory"))?;
        let response = postcard::from_bytes(answer)?;
        self.free.call(&mut self.store, (at, length))?;
        Ok(response)
    }
}

impl Machine for Guest {
    fn answer(&mut self, request: Request) -> Result<Response, StopCause> {
        if let Some(cause) = &self.lost {
            return Err(cause.clone());
        }
        self.exchange(&request).map_err(|error| {
            let data = self.store.data_mut();
            let cause = match data.passed.take() {
                Some(cause) => cause,
                None if data.allowance.denied => StopCause::OutOfMemory,
                None if data.last_words.is_some() => {
                    let words = data.last_words.take().unwrap_or_default();
                    StopCause::Internal(format!("the VM panicked: {words}"))
                }
                None => StopCause::Internal(format!("the VM trapped: {}", error.root_cause())),
            };
            self.lost = Some(cause.clone());
            cause
        })
    }
}
