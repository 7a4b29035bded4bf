//! The face for JavaScript: one class, small plain objects, and typed arrays where there is much.
//!
//! Invariant: what is wrong with a call is an `Error` with a sentence. A call that a trap or a foreign exception has left in the middle
//! leaves its session taken, and a panic the whole instance: each later call says so instead of running on what may be broken.

use beambox_playground::{
    Diagnostic, KeepsInfo, ObjectInfo, Program, Progress, Session, Settings, Severity, Stream, World, guard,
};
use js_sys::{Array, Object, Reflect, Uint8Array};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;

/// Reductions between two looks at the clock.
const CHUNK: u64 = 20_000;
/// Name that diagnostics and stack traces give the page's program.
const FILE: &str = "playground.mochi";
/// Most bytes that the page's programs may allocate.
const MEMORY: u64 = 512 << 20;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn performance_now() -> f64;
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues, catch)]
    fn random_values(buffer: &Uint8Array) -> Result<JsValue, JsValue>;
}

/// What [`WebSession::advance`] found.
#[wasm_bindgen]
#[derive(Clone, Copy, Debug)]
pub enum Advance {
    /// There is more to do at once.
    Busy = 0,
    /// Every process waits; `wait` says how many milliseconds until the next timer.
    Timer = 1,
    /// A process waits for standard input.
    Input = 2,
    /// The program has ended, see `exitStatus` and `exitReason`.
    Ended = 3,
}

/// Output that the page has not fetched yet: stream and bytes, neighbours of one stream joined.
#[derive(Default)]
struct Output(Vec<(Stream, Vec<u8>)>);

/// The browser as a session sees it.
struct Browser {
    output: Rc<RefCell<Output>>,
}

impl World for Browser {
    fn write(&mut self, stream: Stream, bytes: &[u8]) {
        let mut output = self.output.borrow_mut();
        match output.0.last_mut() {
            Some((last, text)) if *last == stream => text.extend_from_slice(bytes),
            _ => output.0.push((stream, bytes.to_vec())),
        }
    }
    fn monotonic_ns(&mut self) -> Option<u64> {
        Some((performance_now() * 1e6) as u64)
    }
    fn system_ns(&mut self) -> Option<i64> {
        Some((js_sys::Date::now() * 1e6) as i64)
    }
    fn entropy(&mut self, buffer: &mut [u8]) -> bool {
        let array = Uint8Array::new_with_length(buffer.len() as u32);
        if random_values(&array).is_err() {
            return false;
        }
        array.copy_to(buffer);
        true
    }
}

/// A session of the page.
#[wasm_bindgen(js_name = Session)]
pub struct WebSession {
    inner: RefCell<Inner>,
    output: Rc<RefCell<Output>>,
}

struct Inner {
    session: Session,
    wait: f64,
    exit_status: i32,
    exit_reason: String,
}

/// Has the instance panicked? Then it must be loaded anew.
fn whole() -> Result<(), JsError> {
    match guard::last() {
        None => Ok(()),
        Some(why) => Err(JsError::new(&format!("the VM panicked and is not used again: {why}"))),
    }
}

impl WebSession {
    /// The session for one call.
    fn with<R>(&self, f: impl FnOnce(&mut Inner) -> R) -> Result<R, JsError> {
        whole()?;
        match self.inner.try_borrow_mut() {
            Ok(mut inner) => Ok(f(&mut inner)),
            Err(_) => Err(JsError::new("the session is taken: a call of it has failed, or has not come back yet")),
        }
    }

    fn start(&self, program: Program) -> Result<Vec<Diagnostic>, JsError> {
        let found = self.with(|inner| {
            (inner.exit_status, inner.exit_reason) = (0, String::new());
            inner.session.run(program)
        })?;
        self.output.take();
        found.map_err(|why| JsError::new(&why))
    }
}

#[wasm_bindgen(js_class = Session)]
impl WebSession {
    /// A session with the modules of a bundle. `deterministic`: a clock and entropy of its own, the same output every time.
    #[wasm_bindgen(constructor)]
    pub fn new(bundle: &[u8], deterministic: Option<bool>) -> Result<WebSession, JsError> {
        console_error_panic_hook::set_once();
        guard::listen();
        whole()?;
        let output = Rc::new(RefCell::new(Output::default()));
        let settings =
            Settings { max_memory: MEMORY, deterministic: deterministic.unwrap_or(false), ..Settings::default() };
        let mut session = Session::new(settings, Box::new(Browser { output: output.clone() }));
        session.add_bundle(bundle).map_err(|e| JsError::new(&e))?;
        let inner = RefCell::new(Inner { session, wait: 0.0, exit_status: 0, exit_reason: String::new() });
        Ok(WebSession { inner, output })
    }

    /// Number of modules that can be loaded.
    #[wasm_bindgen(getter)]
    pub fn modules(&self) -> Result<u32, JsError> {
        self.with(|inner| inner.session.module_count() as u32)
    }

    /// Compiles without running; the findings.
    pub fn check(&self, source: &str) -> Result<Array, JsError> {
        self.with(|inner| diagnostics(&inner.session.check(source, FILE)))
    }

    /// Compiles and, if there is no error, starts; the findings.
    pub fn run(&self, source: String) -> Result<Array, JsError> {
        let found = self.start(Program::Mochi { source, file: FILE.into() })?;
        Ok(diagnostics(&found))
    }

    /// Adds a `.beam` file; goes before a module of the same name in the bundle.
    #[wasm_bindgen(js_name = addModule)]
    pub fn add_module(&self, name: &str, beam: Vec<u8>) -> Result<(), JsError> {
        self.with(|inner| inner.session.add_module(name, beam))
    }

    /// Starts a function without arguments of a module.
    pub fn call(&self, module: String, function: String) -> Result<(), JsError> {
        self.start(Program::Call { module, function, args: Vec::new() }).map(|_| ())
    }

    /// Runs for at most so many reductions and about so many milliseconds; an error when nothing was started.
    pub fn advance(&self, reductions: f64, milliseconds: f64) -> Result<Advance, JsError> {
        self.with(|inner| inner.advance(reductions, milliseconds))?
            .ok_or_else(|| JsError::new("nothing was started: `run` or `call` goes before `advance`"))
    }

    /// Milliseconds until the next timer, after `Advance.Timer` and `Advance.Input`; negative: there is none.
    #[wasm_bindgen(getter)]
    pub fn wait(&self) -> Result<f64, JsError> {
        self.with(|inner| inner.wait)
    }
    #[wasm_bindgen(getter, js_name = exitStatus)]
    pub fn exit_status(&self) -> Result<i32, JsError> {
        self.with(|inner| inner.exit_status)
    }
    #[wasm_bindgen(getter, js_name = exitReason)]
    pub fn exit_reason(&self) -> Result<String, JsError> {
        self.with(|inner| inner.exit_reason.clone())
    }
    /// Reductions of the program so far.
    #[wasm_bindgen(getter)]
    pub fn reductions(&self) -> Result<f64, JsError> {
        self.with(|inner| inner.session.reductions() as f64)
    }

    /// What was written since the last call: an array of `[isStderr, bytes]`. What a program had written before its session failed can
    /// still be had.
    #[wasm_bindgen(js_name = takeOutput)]
    pub fn take_output(&self) -> Array {
        let all = self.output.try_borrow_mut().map(|mut output| std::mem::take(&mut *output)).unwrap_or_default();
        all.0
            .iter()
            .map(|(stream, bytes)| {
                Array::of2(&JsValue::from(*stream == Stream::Stderr), &Uint8Array::from(bytes.as_slice()).into())
            })
            .collect()
    }

    /// Ends the program; its processes stay to be looked at until the next run.
    pub fn stop(&self) -> Result<(), JsError> {
        self.with(|inner| inner.session.stop())
    }

    #[wasm_bindgen(js_name = pushInput)]
    pub fn push_input(&self, text: &str) -> Result<(), JsError> {
        self.with(|inner| inner.session.push_input(text.as_bytes()))
    }
    #[wasm_bindgen(js_name = closeInput)]
    pub fn close_input(&self) -> Result<(), JsError> {
        self.with(|inner| inner.session.close_input())
    }

    /// Chooses the process whose memory frames show.
    pub fn select(&self, number: u32, serial: u32) -> Result<(), JsError> {
        self.with(|inner| inner.session.select(number, serial))
    }

    /// A frame, in an array of its own that may be transferred.
    pub fn frame(&self) -> Result<Uint8Array, JsError> {
        self.with(|inner| Uint8Array::from(inner.session.frame().as_slice()))
    }

    /// What lies at an address of the selected process, or undefined.
    pub fn describe(&self, address: u32) -> Result<Option<Object>, JsError> {
        self.with(|inner| inner.session.describe(address).map(|info| object(&info)))
    }

    /// Who keeps the object at an address of the selected process alive and how much that keeps alive itself, or undefined. Takes time by the size of the process.
    pub fn keeps(&self, address: u32) -> Result<Option<Object>, JsError> {
        self.with(|inner| inner.session.keeps(address).map(|info| kept(&info)))
    }

    /// The VM's state in Prometheus' text format; empty before the first run.
    pub fn metrics(&self) -> Result<String, JsError> {
        self.with(|inner| inner.session.metrics())
    }
}

/// What the panic said that has ended this instance, or undefined.
#[wasm_bindgen(js_name = failure)]
pub fn failure() -> Option<String> {
    guard::last()
}

impl Inner {
    /// `None`: nothing was started.
    fn advance(&mut self, reductions: f64, milliseconds: f64) -> Option<Advance> {
        let end = performance_now() + milliseconds;
        let before = self.session.reductions();
        let most = reductions.max(1.0) as u64;
        loop {
            let used = self.session.reductions().saturating_sub(before);
            if used >= most {
                return Some(Advance::Busy);
            }
            match self.session.advance(CHUNK.min(most - used)) {
                Progress::Busy if performance_now() < end => {}
                Progress::Busy => return Some(Advance::Busy),
                Progress::Timer(ns) => {
                    self.wait = (ns as f64 / 1e6).ceil();
                    return Some(Advance::Timer);
                }
                Progress::Input(ns) => {
                    self.wait = ns.map_or(-1.0, |ns| (ns as f64 / 1e6).ceil());
                    return Some(Advance::Input);
                }
                // A page hands in its modules before a run.
                Progress::Module(name) => self.session.lack_module(&name),
                Progress::Idle => return None,
                Progress::Ended(exit) => {
                    self.exit_status = exit.status;
                    self.exit_reason = exit.reason;
                    return Some(Advance::Ended);
                }
            }
        }
    }
}

fn set(target: &Object, key: &str, value: impl Into<JsValue>) {
    // Setting a property of a fresh plain object can't fail.
    let _ = Reflect::set(target, &JsValue::from_str(key), &value.into());
}

fn diagnostics(all: &[Diagnostic]) -> Array {
    all.iter()
        .map(|d| {
            let item = Object::new();
            set(&item, "from", d.from_utf16);
            set(&item, "to", d.to_utf16);
            set(&item, "severity", if d.severity == Severity::Error { "error" } else { "warning" });
            set(&item, "code", d.code.as_str());
            set(&item, "message", d.message.as_str());
            set(&item, "help", d.help.as_str());
            set(&item, "line", d.line);
            set(&item, "column", d.column);
            item
        })
        .collect()
}

fn kept(info: &KeepsInfo) -> Object {
    let way: Array = info
        .way
        .iter()
        .map(|step| {
            let item = Object::new();
            set(&item, "address", step.address);
            set(&item, "kind", step.kind);
            set(&item, "text", step.text.as_str());
            item
        })
        .collect();
    let item = Object::new();
    set(&item, "retained", info.retained as f64);
    set(&item, "holder", info.holder.as_str());
    set(&item, "way", way);
    set(&item, "leftOut", info.left_out);
    item
}

fn object(info: &ObjectInfo) -> Object {
    let content: Array = info
        .content
        .iter()
        .map(|word| {
            let item = Object::new();
            set(&item, "text", word.text.as_str());
            set(&item, "target", word.target.map_or(JsValue::NULL, JsValue::from));
            item
        })
        .collect();
    let item = Object::new();
    set(&item, "address", info.address);
    set(&item, "kind", info.kind);
    set(&item, "words", info.words);
    set(&item, "generation", info.generation);
    set(&item, "text", info.text.as_str());
    set(&item, "content", content);
    item
}
