//! The face for any WebAssembly host: a C ABI that speaks postcard.
//!
//! The host writes a [`Request`] into memory from [`beambox_alloc`] and calls [`beambox_handle`], which takes that memory back and
//! answers with address and length of a [`Response`] (high and low half); the host reads it and gives it back with [`beambox_free`].
//! One instance holds one session. A request out of its turn is answered in its own way (`Progress::Idle` before a run, an empty frame),
//! what is no request with `Failed`; after a trap the instance must not be entered again. Imported are only the functions of the module `beambox` below. Memory that the host hands in is
//! trusted as far as the ABI goes: a host can corrupt its own instance, nothing else.

#![allow(unsafe_code)]

use beambox_playground::{Request, Response, Session, Settings, Stream, Supply, World, guard, protocol};
use std::cell::RefCell;

#[link(wasm_import_module = "beambox")]
unsafe extern "C" {
    /// Output of the guest; stream 0 is standard output, 1 standard error, 2 the VM's own last words: a panic, after which it traps.
    fn write(stream: u32, bytes: *const u8, length: usize);
    /// Nanoseconds of a clock that never goes back, or -1: there is none.
    fn monotonic_ns() -> i64;
    /// Nanoseconds since 1970, or `i64::MIN`: unknown.
    fn system_ns() -> i64;
    /// Fills a buffer with entropy; 0: there is none.
    fn entropy(bytes: *mut u8, length: usize) -> u32;
}

/// The host as a session sees it.
struct Imports;

impl World for Imports {
    fn write(&mut self, stream: Stream, bytes: &[u8]) {
        let number = u32::from(stream == Stream::Stderr);
        // SAFETY: address and length are those of a slice; the host only reads it, during the call.
        unsafe { write(number, bytes.as_ptr(), bytes.len()) }
    }
    fn monotonic_ns(&mut self) -> Option<u64> {
        // SAFETY: a function of the host without arguments.
        u64::try_from(unsafe { monotonic_ns() }).ok()
    }
    fn system_ns(&mut self) -> Option<i64> {
        // SAFETY: a function of the host without arguments.
        Some(unsafe { system_ns() }).filter(|ns| *ns != i64::MIN)
    }
    fn entropy(&mut self, buffer: &mut [u8]) -> bool {
        // SAFETY: address and length are those of a slice that nobody else holds; the host only writes it, during the call.
        unsafe { entropy(buffer.as_mut_ptr(), buffer.len()) != 0 }
    }
    fn load_module(&mut self, _name: &str) -> Supply {
        // The host learns of it by `Progress::Module`, so that it need not hand in all of OTP for a small program.
        Supply::Later
    }
}

thread_local! {
    static SESSION: RefCell<Option<Session>> = const { RefCell::new(None) };
}

/// Memory for `length` bytes.
#[unsafe(no_mangle)]
pub extern "C" fn beambox_alloc(length: usize) -> *mut u8 {
    Box::into_raw(vec![0u8; length].into_boxed_slice()).cast()
}

/// Gives back memory of [`beambox_alloc`] or of an answer.
///
/// # Safety
/// `bytes` and `length` are those of one such piece that was not given back before.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn beambox_free(bytes: *mut u8, length: usize) {
    // SAFETY: both calls that hand out memory box a slice of exactly that length; see above.
    drop(unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(bytes, length)) });
}

/// Answers a request; takes its memory back. Address of the answer in the high half, its length in the low half.
///
/// # Safety
/// As for [`beambox_free`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn beambox_handle(bytes: *mut u8, length: usize) -> u64 {
    speak_last();
    // SAFETY: as in `beambox_free`.
    let request = unsafe { Box::from_raw(std::ptr::slice_from_raw_parts_mut(bytes, length)) };
    let response = match protocol::read_request(&request) {
        Ok(request) => SESSION.with_borrow_mut(|session| answer(session, request)),
        Err(why) => Response::Failed(why),
    };
    drop(request);
    // Writing to memory of our own can't fail; an empty answer would be read as an error by the host.
    let answer = postcard::to_allocvec(&response).unwrap_or_default().into_boxed_slice();
    let length = answer.len();
    let address = Box::into_raw(answer).cast::<u8>() as usize;
    (address as u64) << 32 | length as u64
}

/// Has the host told of a panic, with its place; a trap alone says nothing.
fn speak_last() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        guard::listen();
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            before(info);
            let words = guard::last().unwrap_or_default();
            // SAFETY: address and length are those of a string; the host only reads it, during the call.
            unsafe { write(2, words.as_ptr(), words.len()) }
        }));
    });
}

fn answer(slot: &mut Option<Session>, request: Request) -> Response {
    if let Request::Open(settings) = request {
        *slot = Some(Session::new(settings, Box::new(Imports)));
        return Response::Done;
    }
    slot.get_or_insert_with(|| Session::new(Settings::default(), Box::new(Imports))).answer(request)
}
