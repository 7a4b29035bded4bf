//! The face for JavaScript: one class, small plain objects, and typed arrays where there is much.

use beambox_playground::{Diagnostic, ObjectInfo, Program, Progress, Session, Settings, Severity, Stream, World};
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
    session: Session,
    output: Rc<RefCell<Output>>,
    wait: f64,
    exit_status: i32,
    exit_reason: String,
}

#[wasm_bindgen(js_class = Session)]
impl WebSession {
    /// A session with the modules of a bundle. `deterministic`: a clock and entropy of its own, the same output every time.
    #[wasm_bindgen(constructor)]
    pub fn new(bundle: &[u8], deterministic: Option<bool>) -> Result<WebSession, JsError> {
        console_error_panic_hook::set_once();
        let output = Rc::new(RefCell::new(Output::default()));
        let settings =
            Settings { max_memory: MEMORY, deterministic: deterministic.unwrap_or(false), ..Settings::default() };
        let mut session = Session::new(settings, Box::new(Browser { output: output.clone() }));
        session.add_bundle(bundle).map_err(|e| JsError::new(&e))?;
        Ok(WebSession { session, output, wait: 0.0, exit_status: 0, exit_reason: String::new() })
    }

    /// Number of modules that can be loaded.
    #[wasm_bindgen(getter)]
    pub fn modules(&self) -> u32 {
        self.session.module_count() as u32
    }

    /// Compiles without running; the findings.
    pub fn check(&self, source: &str) -> Array {
        diagnostics(&self.session.check(source, FILE))
    }

    /// Compiles and, if there is no error, starts; the findings.
    pub fn run(&mut self, source: String) -> Result<Array, JsError> {
        *self.output.borrow_mut() = Output::default();
        let program = Program::Mochi { source, file: FILE.into() };
        let found = self.session.run(program).map_err(|e| JsError::new(&e))?;
        Ok(diagnostics(&found))
    }

    /// Adds a `.beam` file; goes before a module of the same name in the bundle.
    #[wasm_bindgen(js_name = addModule)]
    pub fn add_module(&mut self, name: &str, beam: Vec<u8>) {
        self.session.add_module(name, beam);
    }

    /// Starts a function without arguments of a module.
    pub fn call(&mut self, module: String, function: String) -> Result<(), JsError> {
        *self.output.borrow_mut() = Output::default();
        let program = Program::Call { module, function, args: Vec::new() };
        self.session.run(program).map(|_| ()).map_err(|e| JsError::new(&e))
    }

    /// Runs for at most so many reductions and about so many milliseconds.
    pub fn advance(&mut self, reductions: f64, milliseconds: f64) -> Advance {
        let end = performance_now() + milliseconds;
        let before = self.session.reductions();
        let most = reductions.max(1.0) as u64;
        loop {
            let used = self.session.reductions().saturating_sub(before);
            if used >= most {
                return Advance::Busy;
            }
            match self.session.advance(CHUNK.min(most - used)) {
                Progress::Busy if performance_now() < end => {}
                Progress::Busy => return Advance::Busy,
                Progress::Timer(ns) => {
                    self.wait = (ns as f64 / 1e6).ceil();
                    return Advance::Timer;
                }
                Progress::Input(ns) => {
                    self.wait = ns.map_or(-1.0, |ns| (ns as f64 / 1e6).ceil());
                    return Advance::Input;
                }
                // A page hands in its modules before a run.
                Progress::Module(name) => self.session.lack_module(&name),
                Progress::Idle => return Advance::Ended,
                Progress::Ended(exit) => {
                    self.exit_status = exit.status;
                    self.exit_reason = exit.reason;
                    return Advance::Ended;
                }
            }
        }
    }

    /// Milliseconds until the next timer, after `Advance.Timer` and `Advance.Input`; negative: there is none.
    #[wasm_bindgen(getter)]
    pub fn wait(&self) -> f64 {
        self.wait
    }
    #[wasm_bindgen(getter, js_name = exitStatus)]
    pub fn exit_status(&self) -> i32 {
        self.exit_status
    }
    #[wasm_bindgen(getter, js_name = exitReason)]
    pub fn exit_reason(&self) -> String {
        self.exit_reason.clone()
    }
    /// Reductions of the program so far.
    #[wasm_bindgen(getter)]
    pub fn reductions(&self) -> f64 {
        self.session.reductions() as f64
    }

    /// What was written since the last call: an array of `[isStderr, bytes]`.
    #[wasm_bindgen(js_name = takeOutput)]
    pub fn take_output(&mut self) -> Array {
        let all = std::mem::take(&mut *self.output.borrow_mut());
        all.0
            .iter()
            .map(|(stream, bytes)| {
                Array::of2(&JsValue::from(*stream == Stream::Stderr), &Uint8Array::from(bytes.as_slice()).into())
            })
            .collect()
    }

    /// Ends the program; its processes stay to be looked at until the next run.
    pub fn stop(&mut self) {
        self.session.stop();
    }

    #[wasm_bindgen(js_name = pushInput)]
    pub fn push_input(&mut self, text: &str) {
        self.session.push_input(text.as_bytes());
    }
    #[wasm_bindgen(js_name = closeInput)]
    pub fn close_input(&mut self) {
        self.session.close_input();
    }

    /// Chooses the process whose memory frames show.
    pub fn select(&mut self, number: u32, serial: u32) {
        self.session.select(number, serial);
    }

    /// A frame, in an array of its own that may be transferred.
    pub fn frame(&mut self) -> Uint8Array {
        Uint8Array::from(self.session.frame().as_slice())
    }

    /// What lies at an address of the selected process, or undefined.
    pub fn describe(&mut self, address: u32) -> Option<Object> {
        self.session.describe(address).map(|info| object(&info))
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
