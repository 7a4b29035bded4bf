//! Send and receive.

use super::{Flow, Machine, SliceEnd};
use crate::atom::am;
use crate::code::operand::{Dst, Src};
use crate::process::{CodePtr, State};
use crate::term::Term;
use crate::timer::Action;

/// `x0 ! x1`; the message is the value.
pub fn send(m: &mut Machine<'_>) -> Flow {
    let (to, message) = (m.x(0), m.x(1));
    m.proc.budget -= 4;
    match crate::bif::process::send_message(&mut m.ctx(), to, message) {
        Ok(()) => {
            m.set_x(0, message);
            Flow::Next
        }
        Err(f) => {
            let flow = m.fault(f);
            if flow == Flow::Raise {
                let list = crate::heap::build::list(&mut m.ctx(), &[to, message]).unwrap_or(Term::NONE);
                m.proc.exception.current =
                    Some(crate::process::Mfa { module: am::ERLANG, function: am::SEND, arity: 2 });
                m.proc.exception.args = list;
            }
            flow
        }
    }
}

/// The message at the save pointer. Its fragment becomes part of the heap, so that matching may keep parts of it; that of a process whose
/// messages stay off the heap does so only when the message is taken, or when a collection comes in between.
pub fn loop_rec(m: &mut Machine<'_>, d: Dst, fail: i32) -> Flow {
    let mem = m.mem();
    let Some(message) = m.proc.mailbox.current_mut() else { return Flow::Jump(fail) };
    let term = message.term;
    if message.fragment.is_some() {
        m.proc.matched = true;
        if !m.proc.off_heap_messages {
            m.proc.adopt_matched(mem);
        }
    }
    m.set(d, term);
    Flow::Next
}

pub fn remove_message(m: &mut Machine<'_>) -> Flow {
    if m.proc.matched {
        let mem = m.mem();
        m.proc.adopt_matched(mem);
    }
    if m.proc.mailbox.has_marks()
        && let Err(f) = crate::bif::seq_trace::received(&mut m.ctx())
    {
        return m.fault(f);
    }
    m.proc.mailbox.take();
    clear_timer(m);
    m.proc.timed_out = false;
    if m.gc_desired() && !cfg!(feature = "gc_stress") {
        // The collection comes with the next slice, soon; until then the message has some time to become garbage, as in OTP.
        m.proc.shorten_slice(5);
    }
    Flow::Next
}

fn clear_timer(m: &mut Machine<'_>) {
    if let Some(id) = m.proc.receive_timer.take() {
        m.sys.timers.cancel(id);
    }
}

/// On to the next message. Long queues are searched over several slices.
pub fn loop_rec_end(m: &mut Machine<'_>, to: i32, at: u32) -> Flow {
    m.proc.matched = false;
    m.proc.mailbox.advance();
    m.proc.budget -= 1;
    if m.proc.budget <= 0 {
        m.proc.live.clear();
        m.proc.ip = CodePtr { slot: m.slot, offset: (at as i32 + to) as u32 };
        return Flow::End(SliceEnd::Preempted);
    }
    Flow::Jump(to)
}

fn wait_here(m: &mut Machine<'_>, to: i32, at: u32) -> Flow {
    m.proc.live.clear();
    m.proc.ip = CodePtr { slot: m.slot, offset: (at as i32 + to) as u32 };
    m.proc.state = State::Waiting;
    if let Some(f) = m.sys.code.function_at(m.proc.ip) {
        m.proc.current = f;
    }
    Flow::End(SliceEnd::Waiting)
}

/// `wait`: goes on at the loop's head when a message arrives.
pub fn wait(m: &mut Machine<'_>, to: i32, at: u32) -> Flow {
    wait_here(m, to, at)
}

/// In place of a timer's number: the process waits without one.
const FOREVER: u64 = u64::MAX;

/// `wait_timeout`: as `wait`, or falls through when the time is over.
pub fn wait_timeout(m: &mut Machine<'_>, t: Src, to: i32, at: u32) -> Flow {
    if m.proc.timed_out {
        m.proc.timed_out = false;
        return Flow::Next;
    }
    if m.proc.receive_timer.is_some() {
        return wait_here(m, to, at);
    }
    let t = m.src(t);
    if t.is(am::INFINITY) {
        // Registers don't survive the wait, so the time must not be looked at again.
        m.proc.receive_timer = Some(FOREVER);
        return wait_here(m, to, at);
    }
    match t.as_small() {
        Some(0) => Flow::Next,
        Some(ms) if (1..=0xFFFF_FFFF).contains(&ms) => {
            let at_ns = m.sys.now_ns().saturating_add(ms as u64 * 1_000_000);
            let id = m.sys.timers.start(at_ns, Action::Receive(m.proc.pid));
            m.proc.receive_timer = Some(id);
            wait_here(m, to, at)
        }
        _ => m.error(Term::atom(am::TIMEOUT_VALUE)),
    }
}

/// `timeout`: the next receive starts at the first message.
pub fn timeout(m: &mut Machine<'_>) -> Flow {
    m.proc.mailbox.reset();
    clear_timer(m);
    m.proc.timed_out = false;
    Flow::Next
}

pub fn marker_reserve(m: &mut Machine<'_>, d: Dst) -> Flow {
    let id = m.proc.mailbox.reserve_marker();
    m.set(d, Term::small(id as i64));
    Flow::Next
}

pub fn marker_bind(m: &mut Machine<'_>, marker: Src, r: Src) -> Flow {
    let (marker, r) = (m.src(marker), m.src(r));
    if let (Some(id), Some(key)) = (marker.as_small(), m.mem().ref_id(r)) {
        m.proc.mailbox.bind_marker(id as u64, key);
    }
    Flow::Next
}

pub fn marker_clear(m: &mut Machine<'_>, r: Src) -> Flow {
    if let Some(key) = m.mem().ref_id(m.src(r)) {
        m.proc.mailbox.clear_marker(key);
    }
    Flow::Next
}

pub fn marker_use(m: &mut Machine<'_>, r: Src) -> Flow {
    if let Some(key) = m.mem().ref_id(m.src(r)) {
        m.proc.mailbox.use_marker(key);
    }
    Flow::Next
}
