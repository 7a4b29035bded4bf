//! References that own something outside of their heap: an array of atomics, a stream of `zlib`. What OTP calls magic references.
//!
//! The block is a binary's (see `binary`) whose data begins with the reference's two words. Each copy of the reference counts, so the
//! block goes with the last copy, and the arena knows by number which blocks there are: a number that comes back from text or bytes
//! owns the block again while it lives. Of blocks that stand for something of the host the numbers are kept until
//! [`Arena::take_dead`] is asked. Mirrors the magic references of `erl_bif_unique.h`.

use super::build::Built;
use super::refs::{self, RefId};
use super::{Alloc, binary};
use crate::arena::{Arena, OutOfMemory};
use crate::term::{Addr, Mem, Term, object};

/// What a block holds; in its state word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u64)]
pub enum Holds {
    Signed = 1,
    Unsigned = 2,
    /// Something in a table of the VM, under the reference's number.
    Host = 3,
}

/// Words of the reference's number, before the data.
const ID_WORDS: u32 = 2;
/// What something of the host counts as in the virtual binary heap, so that forgotten ones are collected in time.
const HOST_WORDS: u64 = 2048;

/// A fresh block of `words` zeros and the first reference to it.
pub fn make(a: &mut dyn Alloc, id: RefId, holds: Holds, words: u32) -> Built {
    let block = binary::new_block(a.arena(), 8 * (ID_WORDS as usize + words as usize))?;
    let mem = a.mem();
    mem.set_word(block, 2, holds as u64);
    let data = block + 8 * binary::BLOCK_HEADER;
    mem.set_word(data, 0, id.0);
    mem.set_word(data, 1, id.1 as u64);
    (0..words).for_each(|i| mem.set_word(data, ID_WORDS + i, 0));
    a.arena().owned.insert((id.0, id.1), block);
    adopt(a, block)
}

/// The reference with that number: an owner if something lives under it, else a plain one.
pub fn find(a: &mut dyn Alloc, id: RefId) -> Built {
    match a.arena().owned.get(&(id.0, id.1)).copied() {
        Some(block) => share(a, block),
        None => refs::make(a, id),
    }
}

/// One more reference to a block.
pub fn share(a: &mut dyn Alloc, block: Addr) -> Built {
    let mem = a.mem();
    mem.set_word(block, 0, mem.word(block, 0) + 1);
    adopt(a, block)
}

fn adopt(a: &mut dyn Alloc, block: Addr) -> Built {
    let at = match a.words(refs::REF_WORDS) {
        Ok(at) => at,
        Err(OutOfMemory) => {
            release(a.arena(), block);
            return Err(OutOfMemory);
        }
    };
    let mem = a.mem();
    mem.set_word(at, 0, object::OWNER_REF_HEADER);
    mem.set_word(at, 1, block as u64);
    a.off_heap().link(mem, at, weight(mem, block));
    Ok(Term::boxed_at(at))
}

/// Drops one reference to a block, and the block with the last one.
pub fn release(arena: &mut Arena, block: Addr) {
    let mem = arena.mem();
    let n = mem.word(block, 0);
    if n > 1 {
        mem.set_word(block, 0, n - 1);
        return;
    }
    let id = id(mem, block);
    arena.owned.remove(&(id.0, id.1));
    if mem.word(block, 2) == Holds::Host as u64 {
        arena.dead.push((id.0, id.1));
    }
    arena.free(block);
}

/// The number of a block's references.
pub fn id(mem: Mem, block: Addr) -> RefId {
    let data = block + 8 * binary::BLOCK_HEADER;
    RefId(mem.word(data, 0), mem.word(data, 1) as u32)
}

/// Words that a block counts as in the virtual binary heap.
pub fn weight(mem: Mem, block: Addr) -> u64 {
    let host = mem.word(block, 2) == Holds::Host as u64;
    binary::block_bytes(mem, block) as u64 / 8 + if host { HOST_WORDS } else { 0 }
}

/// An array of 64-bit integers that a reference owns.
#[derive(Clone, Copy, Debug)]
pub struct Array {
    data: Addr,
    pub len: u32,
    pub signed: bool,
}

impl Array {
    /// The number at `index`, from 1.
    pub fn get(self, mem: Mem, index: u32) -> u64 {
        mem.word(self.data, index - 1)
    }
    pub fn set(self, mem: Mem, index: u32, value: u64) {
        mem.set_word(self.data, index - 1, value)
    }
}

impl Mem {
    /// The array that a reference owns.
    pub fn owned_array(self, term: Term) -> Option<Array> {
        if !term.is_boxed() || self.header(term) != object::OWNER_REF_HEADER {
            return None;
        }
        let block = self.field(term, 1).0 as Addr;
        let signed = match self.word(block, 2) {
            n if n == Holds::Signed as u64 => true,
            n if n == Holds::Unsigned as u64 => false,
            _ => return None,
        };
        let len = binary::block_bytes(self, block) as u32 / 8 - ID_WORDS;
        Some(Array { data: block + 8 * (binary::BLOCK_HEADER + ID_WORDS), len, signed })
    }
}

impl Arena {
    /// The numbers of what the host holds for references that are all gone; each is told once.
    pub fn take_dead(&mut self) -> Vec<RefId> {
        std::mem::take(&mut self.dead).into_iter().map(|(a, b)| RefId(a, b)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::heap::{Heap, HeapAlloc, copy, order, verify};

    #[test]
    fn the_last_reference_takes_the_block_along() {
        let mut arena = Arena::new(64 << 20).unwrap();
        let mem = arena.mem();
        let mut heap = Heap::new(&mut arena, 233, 46422, 65535).unwrap();
        let blocks = arena.blocks();
        let mut a = HeapAlloc { heap: &mut heap, arena: &mut arena };
        let id = RefId(77, 0);
        let t = make(&mut a, id, Holds::Signed, 4).unwrap();
        let array = mem.owned_array(t).unwrap();
        assert_eq!((array.len, array.signed, mem.ref_id(t)), (4, true, Some(id)));
        array.set(mem, 4, 9);
        let (again, third) = (find(&mut a, id).unwrap(), copy::copy(&mut a, u32::MAX, t).unwrap());
        assert!(order::exact_eq(mem, t, again) && order::exact_eq(mem, t, third));
        assert_eq!(a.arena.blocks(), blocks + 1);
        let mut roots = vec![third];
        for _ in 0..3 {
            heap.collect(&mut arena, 0, &mut roots).unwrap();
            verify::verify(&heap, &arena, &mut roots).unwrap();
            assert_eq!(mem.owned_array(roots[0]).unwrap().get(mem, 4), 9);
        }
        heap.collect_major(&mut arena, 0, &mut vec![Term::NIL]).unwrap();
        assert_eq!(arena.blocks(), blocks);
        let mut a = HeapAlloc { heap: &mut heap, arena: &mut arena };
        let plain = find(&mut a, id).unwrap();
        assert!(mem.owned_array(plain).is_none() && mem.ref_id(plain) == Some(id));
        assert!(a.arena.take_dead().is_empty());
        make(&mut a, id, Holds::Host, 0).unwrap();
        heap.release(&mut arena);
        assert_eq!((arena.take_dead(), arena.take_dead()), (vec![id], vec![]));
        assert_eq!(arena.blocks(), 0);
    }
}
