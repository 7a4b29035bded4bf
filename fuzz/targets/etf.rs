//! Any bytes as external term format: an error, or a term that is encoded, decoded and is equal, hashes alike, orders alike,
//! prints, copies. Runs on the core with its accesses checked.
#![no_main]

use std::cell::RefCell;
use std::cmp::Ordering;

use beambox_core::arena::Arena;
use beambox_core::atom::{Atom, AtomError, AtomTable};
use beambox_core::heap::etf::{FunInfo, Options, Refused, Tables, decode, encode, pack};
use beambox_core::heap::{Alloc, LiteralAlloc, copy, gc, order, print};
use beambox_core::term::{FunKey, Names, Term, hash, object, phash};
use libfuzzer_sys::fuzz_target;

/// Most bytes of an input.
const LONG: usize = 1 << 16;
/// Most atoms before the tables start anew.
const ATOMS: usize = 100_000;

struct Plain {
    atoms: AtomTable,
    funs: Vec<FunInfo>,
    exports: Vec<(Atom, Atom, u8)>,
}

impl Names for Plain {
    fn atom_name(&self, atom: Atom) -> &str {
        self.atoms.name(atom)
    }
    fn fun_key(&self, entry: u64) -> Option<FunKey> {
        let f = self.funs.get(entry as usize)?;
        Some(FunKey { module: f.module, old_index: f.old_index, old_uniq: f.old_uniq, arity: f.arity })
    }
    fn export_mfa(&self, export: u64) -> Option<(Atom, Atom, u8)> {
        self.exports.get(export as usize).copied()
    }
}

impl Tables for Plain {
    fn fun(&self, entry: u64) -> Option<FunInfo> {
        self.funs.get(entry as usize).cloned()
    }
    fn intern(&mut self, name: &str, safe: bool) -> Result<Atom, Refused> {
        if safe {
            return self.atoms.lookup(name).ok_or(Refused::Unsafe);
        }
        self.atoms.intern(name).map_err(|e| match e {
            AtomError::TooLong => Refused::Unsafe,
            AtomError::TableFull => Refused::TooManyAtoms,
        })
    }
    fn export(&mut self, module: Atom, function: Atom, arity: u8, _: bool) -> Result<u64, Refused> {
        let key = (module, function, arity);
        let at = self.exports.iter().position(|e| *e == key).unwrap_or_else(|| {
            self.exports.push(key);
            self.exports.len() - 1
        });
        Ok(at as u64)
    }
    fn fun_entry(&mut self, fun: FunInfo, _: bool) -> Result<u64, Refused> {
        let same = |f: &FunInfo| f.module == fun.module && f.uniq == fun.uniq && f.index == fun.index;
        let at = self.funs.iter().position(same).unwrap_or_else(|| {
            self.funs.push(fun);
            self.funs.len() - 1
        });
        Ok(at as u64)
    }
    fn salt(&self) -> u32 {
        7
    }
}

struct World {
    arena: Arena,
    tables: Plain,
    empty: Term,
}

fn world() -> World {
    let Ok(mut arena) = Arena::new(64 << 20) else { panic!("no arena") };
    let Ok(at) = arena.alloc_literal(1) else { panic!("no word") };
    arena.mem().set_word(at, 0, object::tuple_header(0));
    let tables = Plain { atoms: AtomTable::new(1 << 20), funs: Vec::new(), exports: Vec::new() };
    World { arena, tables, empty: Term::boxed_at(at) }
}

thread_local! { static WORLD: RefCell<World> = RefCell::new(world()); }

fn try_one(world: &mut World, bytes: &[u8]) {
    let used = world.arena.used();
    let World { arena, tables, empty } = world;
    let mut a = LiteralAlloc::new(arena);
    if let Ok(decoded) = decode(&mut a, tables, *empty, bytes, false) {
        let term = decoded.term;
        let mem = a.mem();
        assert!(decoded.used <= bytes.len());
        for options in [Options::default(), Options { deterministic: true, ..Options::default() }] {
            let Some(encoded) = encode(mem, tables, term, options) else { panic!("no encoding") };
            let again = match decode(&mut a, tables, *empty, &encoded.bytes, true) {
                Ok(again) => again,
                Err(why) => panic!("an encoding of ours is refused: {why:?}"),
            };
            assert!(again.used == encoded.bytes.len());
            assert!(order::exact_eq(mem, term, again.term), "not what was encoded");
            assert!(order::compare(mem, tables, term, again.term) == Ordering::Equal);
            assert!(hash::phash2(mem, tables, term) == hash::phash2(mem, tables, again.term));
            assert!(phash::phash(mem, tables, term) == phash::phash(mem, tables, again.term));
            if let Some(packed) = pack(&encoded.bytes, 1) {
                assert!(decode(&mut a, tables, *empty, &packed, true).is_ok());
            }
        }
        let base = a.arena().literal_base();
        match copy::copy(&mut a, base, term) {
            Ok(copied) => assert!(order::exact_eq(mem, term, copied)),
            Err(why) => panic!("{why:?}"),
        }
        drop(print::write(mem, tables, term, true, 4096));
        drop(print::write(mem, tables, term, false, 4096));
    }
    let (areas, mut off_heap) = (std::mem::take(&mut a.areas), std::mem::take(&mut a.off_heap));
    gc::sweep::release_all(arena, &mut off_heap);
    for area in areas {
        arena.free(area.start);
    }
    assert!(arena.used() == used, "{} bytes are left behind", arena.used() as i64 - used as i64);
}

fuzz_target!(|bytes: &[u8]| {
    if bytes.len() > LONG {
        return;
    }
    WORLD.with_borrow_mut(|w| {
        if w.tables.atoms.len() > ATOMS {
            *w = world();
        }
        try_one(w, bytes);
    });
});
