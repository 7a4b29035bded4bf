//! The last net: a panic of the VM or the compiler, which is a bug of ours, becomes an error with the place instead of the embedder's end.
//!
//! Invariant: what panicked is not entered again; whoever calls [`guarded`] marks it. The process's panic hook is extended once, so that
//! the place is known: inside of a guard it notes what it would have printed, elsewhere it is the hook that was there before. Where
//! panics abort (WebAssembly, a release profile that says so) nothing is caught: the note is left for [`last`], and the hook before
//! still speaks.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Once;

thread_local! {
    /// How many guards this thread is in.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
    static LAST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs `f`.
///
/// # Errors
/// It panicked; what it said and where. Nothing that `f` was changing may be relied on afterwards.
pub fn guarded<R>(f: impl FnOnce() -> R) -> Result<R, String> {
    listen();
    DEPTH.set(DEPTH.get() + 1);
    let result = panic::catch_unwind(AssertUnwindSafe(f));
    DEPTH.set(DEPTH.get() - 1);
    // A hook that replaced ours notes no place.
    result.map_err(|payload| LAST.take().unwrap_or_else(|| said(&*payload).to_string()))
}

/// Extends the panic hook; a second time does nothing. Guards do it themselves.
pub fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            // Nobody may be holding the note: a panic while it is written is not noted.
            let _ = LAST.try_with(|last| last.try_borrow_mut().map(|mut last| *last = Some(note(info))));
            let inside = DEPTH.try_with(Cell::get).unwrap_or(0) > 0;
            if !inside || cfg!(panic = "abort") {
                before(info);
            }
        }));
    });
}

/// What the last panic of this thread said and where, unless a guard has told it already.
pub fn last() -> Option<String> {
    LAST.with_borrow(Clone::clone)
}

fn note(info: &PanicHookInfo<'_>) -> String {
    let what = said(info.payload());
    match info.location() {
        Some(at) => format!("{what}, at {}:{}:{}", at.file(), at.line(), at.column()),
        None => what.to_string(),
    }
}

fn said(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("a panic without words")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_with_its_place() {
        assert_eq!(guarded(|| 7), Ok(7));
        let line = line!() + 1;
        let why = guarded(|| -> u32 { panic!("oh {}", 3) }).unwrap_err();
        assert!(why.starts_with("oh 3, at ") && why.contains(&format!("guard.rs:{line}:")), "{why}");
        let outer = guarded(|| guarded(|| [1, 2, 3][why.len()]).unwrap_err().len());
        assert!(outer.is_ok_and(|n| n > 20));
        assert_eq!(last(), None);
    }
}
