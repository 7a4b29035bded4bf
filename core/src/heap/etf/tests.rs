//! Bytes that OTP 27 wrote, and bytes that are wrong.

use super::*;
use crate::arena::Arena;
use crate::atom::{AtomError, AtomTable};
use crate::heap::order::exact_eq;
use crate::heap::{Alloc, Heap, HeapAlloc, build};
use crate::term::{FunKey, Term};

struct Plain(AtomTable, Vec<FunInfo>);

impl Names for Plain {
    fn atom_name(&self, atom: Atom) -> &str {
        self.0.name(atom)
    }
    fn fun_key(&self, _: u64) -> Option<FunKey> {
        None
    }
    fn export_mfa(&self, _: u64) -> Option<(Atom, Atom, u8)> {
        Some((Atom(0), Atom(1), 2))
    }
}

impl Tables for Plain {
    fn fun(&self, entry: u64) -> Option<FunInfo> {
        self.1.get(entry as usize).cloned()
    }
    fn intern(&mut self, name: &str, safe: bool) -> Result<Atom, Refused> {
        if safe {
            return self.0.lookup(name).ok_or(Refused::Unsafe);
        }
        self.0.intern(name).map_err(|e| if e == AtomError::TooLong { Refused::Unsafe } else { Refused::TooManyAtoms })
    }
    fn export(&mut self, _: Atom, _: Atom, _: u8, safe: bool) -> Result<u64, Refused> {
        if safe { Err(Refused::Unsafe) } else { Ok(0) }
    }
    fn fun_entry(&mut self, fun: FunInfo, _: bool) -> Result<u64, Refused> {
        self.1.push(fun);
        Ok(self.1.len() as u64 - 1)
    }
    fn salt(&self) -> u32 {
        7
    }
}

fn with(f: impl FnOnce(&mut dyn Alloc, &mut Plain, Term)) {
    let mut arena = Arena::new(256 << 20).unwrap();
    let at = arena.alloc_literal(1).unwrap();
    arena.mem().set_word(at, 0, crate::term::object::tuple_header(0));
    let mut heap = Heap::new(&mut arena, 1 << 20, 46422, 65535).unwrap();
    let mut tables = Plain(AtomTable::new(1 << 20), Vec::new());
    f(&mut HeapAlloc { heap: &mut heap, arena: &mut arena }, &mut tables, Term::boxed_at(at));
    heap.release(&mut arena);
}

/// Encodings of OTP 27.
const OTP: &[&[u8]] = &[
    &[131, 97, 255],
    &[131, 98, 255, 255, 255, 255],
    &[131, 110, 8, 0, 0, 0, 0, 0, 0, 0, 0, 8],
    &[131, 110, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1],
    &[131, 70, 63, 248, 0, 0, 0, 0, 0, 0],
    &[131, 119, 6, 195, 165, 195, 164, 195, 182],
    &[131, 106],
    &[131, 107, 0, 3, 97, 98, 99],
    &[131, 108, 0, 0, 0, 1, 97, 1, 97, 2],
    &[131, 104, 0],
    &[131, 104, 2, 119, 1, 97, 106],
    &[131, 116, 0, 0, 0, 1, 119, 1, 97, 97, 1],
    &[131, 109, 0, 0, 0, 2, 1, 2],
    &[131, 77, 0, 0, 0, 2, 3, 1, 64],
    &[
        131, 88, 119, 13, 110, 111, 110, 111, 100, 101, 64, 110, 111, 104, 111, 115, 116, 0, 0, 0, 10, 0, 0, 0, 0, 0,
        0, 0, 0,
    ],
    &[
        131, 90, 0, 5, 119, 13, 110, 111, 110, 111, 100, 101, 64, 110, 111, 104, 111, 115, 116, 0, 0, 0, 0, 0, 1, 161,
        146, 155, 153, 0, 1, 214, 150, 96, 134, 0, 0, 5, 3, 0, 0, 0, 0,
    ],
    &[131, 120, 119, 5, 97, 64, 98, 46, 99, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 9],
    &[131, 88, 119, 5, 97, 64, 98, 46, 99, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1],
    &[131, 90, 0, 3, 119, 5, 97, 64, 98, 46, 99, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 9, 0, 0, 0, 7],
];

#[test]
fn otps_bytes_come_back_as_they_were() {
    with(|a, tables, empty| {
        for bytes in OTP {
            let d = decode(a, tables, empty, bytes, false).unwrap();
            assert_eq!(d.used, bytes.len());
            let again = encode(a.mem(), tables, d.term, Options::default()).unwrap();
            assert_eq!(again.bytes, *bytes);
            for local in [false, true] {
                let e = encode(a.mem(), tables, d.term, Options { local, ..Options::default() }).unwrap().bytes;
                let copy = decode(a, tables, empty, &e, true).unwrap().term;
                assert!(exact_eq(a.mem(), d.term, copy));
            }
        }
    });
}

#[test]
fn cut_and_flipped_bytes_do_no_harm() {
    with(|a, tables, empty| {
        let mut seed = 3u64;
        for bytes in OTP {
            for n in 0..bytes.len() {
                assert_eq!(decode(a, tables, empty, &bytes[..n], false).err(), Some(Bad::Term));
            }
            for i in 0..bytes.len() {
                for bit in 0..8 {
                    let mut b = bytes.to_vec();
                    b[i] ^= 1 << bit;
                    let _ = decode(a, tables, empty, &b, false);
                }
            }
        }
        for _ in 0..20_000 {
            let mut b = vec![VERSION];
            for _ in 0..40 {
                seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                let r = (seed >> 33) as u8;
                b.push(if r & 3 == 0 { r } else { 97 + r % 24 });
            }
            let _ = decode(a, tables, empty, &b, false);
        }
    });
}

#[test]
fn packed_bytes_unpack_or_are_refused() {
    with(|a, tables, empty| {
        let list = build::list(a, &[Term::small(1000); 500]).unwrap();
        let plain = encode(a.mem(), tables, list, Options::default()).unwrap().bytes;
        let packed = pack(&plain, 6).unwrap();
        let d = decode(a, tables, empty, &packed, false).unwrap();
        assert!(exact_eq(a.mem(), d.term, list) && d.used == packed.len());
        for n in 0..packed.len() - 4 {
            assert!(decode(a, tables, empty, &packed[..n], false).is_err());
        }
        for size in [0u32, 1, plain.len() as u32 - 2, plain.len() as u32, u32::MAX] {
            let mut b = packed.clone();
            b[2..6].copy_from_slice(&size.to_be_bytes());
            assert_eq!(decode(a, tables, empty, &b, false).err(), Some(Bad::Term));
        }
    });
}

#[test]
fn a_local_encoding_is_for_its_vm_only() {
    with(|a, tables, empty| {
        let mut e =
            encode(a.mem(), tables, Term::small(5), Options { local: true, ..Options::default() }).unwrap().bytes;
        assert!(decode(a, tables, empty, &e, false).is_ok());
        e[4] ^= 1;
        assert_eq!(decode(a, tables, empty, &e, false).err(), Some(Bad::Term));
    });
}

#[test]
fn depth_is_no_danger_and_the_limit_holds() {
    with(|a, tables, empty| {
        let mut bytes = vec![VERSION];
        for _ in 0..1_000_000 {
            bytes.extend([104, 1]);
        }
        assert_eq!(decode(a, tables, empty, &bytes, false).err(), Some(Bad::Term));
        bytes.push(106);
        let deep = decode(a, tables, empty, &bytes, false).unwrap().term;
        assert_eq!(encode(a.mem(), tables, deep, Options::default()).unwrap().bytes, bytes);
        // A list whose every level is there twice stands for 2^60 elements.
        let mut twice = Term::NIL;
        for _ in 0..60 {
            twice = build::list(a, &[twice, twice]).unwrap();
        }
        assert!(encode(a.mem(), tables, twice, Options { limit: 1 << 20, ..Options::default() }).is_none());
    });
}
