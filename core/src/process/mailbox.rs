//! A process's message queue, with the save pointer of selective receive and receive markers.
//!
//! A linked list over a slab: a message in the middle is removed in constant time, and the order of arrival is the order of
//! the list. A message either lies in a fragment of its own, which the process adopts when it takes the message, or already
//! on the process's heap; only the latter are roots of a collection.

use crate::arena::OutOfMemory;
use crate::heap::{Fragment, OffHeap};
use crate::term::Term;

/// One message.
#[derive(Clone, Copy, Debug)]
pub struct Message {
    pub term: Term,
    /// Where the term lies, when it isn't an immediate and not on the receiver's heap.
    pub fragment: Option<(Fragment, OffHeap)>,
}

const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug)]
struct Slot {
    message: Message,
    next: u32,
}

/// The queue.
#[derive(Debug)]
pub struct Mailbox {
    slots: Vec<Slot>,
    free: u32,
    first: u32,
    last: u32,
    /// The message before the save pointer; `NONE`: the save pointer is at the first message.
    before_save: u32,
    len: usize,
    /// Markers of `recv_marker_*`: reference word pair (numbers), and the last message that was there when it was set.
    markers: Vec<Marker>,
    /// By slot: what a message does to the receiver's sequential trace token. Messages of the VM itself have no entry.
    marks: std::collections::BTreeMap<u32, Mark>,
}

/// The token that comes with a message; `None`: the sender had none.
pub type Mark = Option<std::sync::Arc<super::seq::Token>>;

#[derive(Clone, Copy, Debug)]
struct Marker {
    id: u64,
    key: Option<crate::heap::refs::RefId>,
    /// The last message in the queue when the marker was reserved; `NONE`: the queue was empty.
    after: u32,
}

impl Default for Mailbox {
    fn default() -> Mailbox {
        Mailbox {
            slots: Vec::new(),
            free: NONE,
            first: NONE,
            last: NONE,
            before_save: NONE,
            len: 0,
            markers: Vec::new(),
            marks: Default::default(),
        }
    }
}

impl Mailbox {
    pub fn len(&self) -> usize {
        self.len
    }
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes of the host that the queue takes, besides its messages.
    pub fn host_bytes(&self) -> u64 {
        (self.slots.capacity() * size_of::<Slot>()) as u64
    }

    /// Appends a message.
    pub fn push(&mut self, message: Message) {
        let slot = Slot { message, next: NONE };
        let at = if self.free != NONE {
            let at = self.free;
            self.free = self.slots[at as usize].next;
            self.slots[at as usize] = slot;
            at
        } else {
            self.slots.push(slot);
            (self.slots.len() - 1) as u32
        };
        if self.last == NONE {
            self.first = at;
        } else {
            self.slots[self.last as usize].next = at;
        }
        self.last = at;
        self.len += 1;
    }

    fn at_save(&self) -> u32 {
        if self.before_save == NONE { self.first } else { self.slots[self.before_save as usize].next }
    }

    /// The message at the save pointer.
    #[inline]
    pub fn current(&self) -> Option<&Message> {
        self.slots.get(self.at_save() as usize).map(|s| &s.message)
    }

    /// As [`Mailbox::current`], for setting where the term lies after its fragment has been adopted.
    pub fn current_mut(&mut self) -> Option<&mut Message> {
        let at = self.at_save();
        self.slots.get_mut(at as usize).map(|s| &mut s.message)
    }

    /// Moves the save pointer past the current message.
    pub fn advance(&mut self) {
        let at = self.at_save();
        if at != NONE {
            self.before_save = at;
        }
    }

    /// Puts the save pointer back to the first message.
    pub fn reset(&mut self) {
        self.before_save = NONE;
    }

    /// Takes out the message at the save pointer and puts the pointer back to the first message.
    pub fn take(&mut self) -> Option<Message> {
        let at = self.at_save();
        let slot = *self.slots.get(at as usize)?;
        if self.before_save == NONE {
            self.first = slot.next;
        } else {
            self.slots[self.before_save as usize].next = slot.next;
        }
        if self.last == at {
            self.last = self.before_save;
        }
        for m in &mut self.markers {
            if m.after == at {
                m.after = self.before_save;
            }
        }
        if !self.marks.is_empty() {
            self.marks.remove(&at);
        }
        self.slots[at as usize] = Slot { message: Message { term: Term::NIL, fragment: None }, next: self.free };
        self.free = at;
        self.len -= 1;
        self.before_save = NONE;
        Some(slot.message)
    }

    /// Gives the message that came last a mark.
    pub fn mark_last(&mut self, mark: Mark) {
        if self.last != NONE {
            self.marks.insert(self.last, mark);
        }
    }

    /// The mark of the message at the save pointer.
    pub fn current_mark(&self) -> Option<Mark> {
        self.marks.get(&self.at_save()).cloned()
    }

    pub fn has_marks(&self) -> bool {
        !self.marks.is_empty()
    }

    pub fn clear_marks(&mut self) {
        self.marks.clear();
    }

    /// Takes out the first message for which `f` holds (for `demonitor` with `flush` and the like).
    pub fn take_first(&mut self, mut f: impl FnMut(Term) -> bool) -> Option<Message> {
        let save = self.before_save;
        self.before_save = NONE;
        while let Some(m) = self.current() {
            if f(m.term) {
                let removed = self.at_save();
                let before = self.before_save;
                let m = self.take();
                self.before_save = if save == removed { before } else { save };
                return m;
            }
            self.advance();
        }
        self.before_save = save;
        None
    }

    /// All messages, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Message> {
        let mut at = self.first;
        std::iter::from_fn(move || {
            let s = self.slots.get(at as usize)?;
            at = s.next;
            Some(&s.message)
        })
    }

    /// Words of the messages that lie in fragments of their own.
    pub fn fragment_words(&self) -> usize {
        self.iter().filter_map(|m| m.fragment).map(|(f, _)| f.used as usize).sum()
    }

    /// Gives every message that lies in a fragment of its own the term that `to_heap` makes of it.
    pub fn move_in(
        &mut self,
        to_heap: &mut dyn FnMut(Term, Fragment, OffHeap) -> Result<Term, OutOfMemory>,
    ) -> Result<(), OutOfMemory> {
        let mut at = self.first;
        while let Some(s) = self.slots.get_mut(at as usize) {
            if let Some((fragment, off_heap)) = s.message.fragment.take() {
                s.message.term = to_heap(s.message.term, fragment, off_heap)?;
            }
            at = s.next;
        }
        Ok(())
    }

    /// Puts another message in the place of the `n`th, which is returned.
    pub fn replace(&mut self, n: usize, message: Message) -> Option<Message> {
        let mut at = self.first;
        for _ in 0..n {
            at = self.slots.get(at as usize)?.next;
        }
        let slot = self.slots.get_mut(at as usize)?;
        Some(std::mem::replace(&mut slot.message, message))
    }

    /// Takes out everything (when the process exits).
    pub fn drain(&mut self) -> Vec<Message> {
        let all = self.iter().copied().collect();
        *self = Mailbox::default();
        all
    }

    /// Shows a collection the terms that lie on the process's own heap.
    pub fn visit(&mut self, f: &mut dyn FnMut(&mut [Term])) {
        let mut at = self.first;
        while let Some(s) = self.slots.get_mut(at as usize) {
            if s.message.fragment.is_none() {
                f(std::slice::from_mut(&mut s.message.term));
            }
            at = s.next;
        }
    }

    /// `recv_marker_reserve`: remembers the end of the queue; the result names the marker.
    pub fn reserve_marker(&mut self) -> u64 {
        let id = self.markers.last().map_or(1, |m| m.id + 1);
        if self.markers.len() >= 8 {
            self.markers.remove(0);
        }
        self.markers.push(Marker { id, key: None, after: self.last });
        id
    }

    /// `recv_marker_bind`: from now on the marker is known by the reference.
    pub fn bind_marker(&mut self, id: u64, key: crate::heap::refs::RefId) {
        if let Some(m) = self.markers.iter_mut().find(|m| m.id == id) {
            m.key = Some(key);
        }
    }

    /// `recv_marker_clear`.
    pub fn clear_marker(&mut self, key: crate::heap::refs::RefId) {
        self.markers.retain(|m| m.key != Some(key));
    }

    /// `recv_marker_use`: the save pointer goes to the first message that can carry the reference.
    pub fn use_marker(&mut self, key: crate::heap::refs::RefId) {
        if let Some(m) = self.markers.iter().find(|m| m.key == Some(key)) {
            self.before_save = m.after;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn msg(n: i64) -> Message {
        Message { term: Term::small(n), fragment: None }
    }
    fn all(m: &Mailbox) -> Vec<i64> {
        m.iter().map(|m| m.term.small_value()).collect()
    }

    #[test]
    fn a_message_in_the_middle_is_taken_and_the_rest_keeps_its_order() {
        let mut m = Mailbox::default();
        (1..=4).for_each(|i| m.push(msg(i)));
        m.advance();
        m.advance();
        assert_eq!(m.take().map(|m| m.term.small_value()), Some(3));
        assert_eq!(all(&m), [1, 2, 4]);
        m.push(msg(5));
        assert_eq!(m.current().map(|m| m.term.small_value()), Some(1));
        assert_eq!(all(&m), [1, 2, 4, 5]);
    }

    #[test]
    fn the_last_message_can_be_taken_and_the_queue_grows_again() {
        let mut m = Mailbox::default();
        m.push(msg(1));
        m.push(msg(2));
        m.advance();
        m.take();
        m.push(msg(3));
        assert_eq!(all(&m), [1, 3]);
        m.take();
        m.take();
        assert!(m.is_empty() && m.take().is_none());
        m.push(msg(4));
        assert_eq!(all(&m), [4]);
    }

    #[test]
    fn a_marker_skips_what_was_there_before_it() {
        use crate::heap::refs::RefId;
        let mut m = Mailbox::default();
        (1..=3).for_each(|i| m.push(msg(i)));
        let id = m.reserve_marker();
        m.bind_marker(id, RefId(7, 0));
        m.push(msg(4));
        m.use_marker(RefId(7, 0));
        assert_eq!(m.take().map(|m| m.term.small_value()), Some(4));
        m.use_marker(RefId(7, 0));
        assert!(m.current().is_none());
    }
}
