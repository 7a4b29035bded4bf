//! Atoms: interned names, numbered in the order of their creation.
//!
//! Owns the atom table and the constants [`am`] of the atoms that the VM itself names. Atoms are never removed. The limit on
//! their number is a limit of the VM: reaching it is reported to the caller, who stops the VM with a typed cause.

mod table;

use rustc_hash::FxHashMap;
use std::sync::Arc;

/// An index into the atom table.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[repr(transparent)]
pub struct Atom(pub u32);

/// Most code points of an atom's name.
pub const MAX_ATOM_CHARS: usize = 255;

macro_rules! atoms {
    ($($id:ident = $name:literal,)*) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, dead_code)]
        #[repr(u32)]
        enum Index { $($id,)* }
        /// The atoms that the VM names.
        pub mod am {
            use super::{Atom, Index};
            $(pub const $id: Atom = Atom(Index::$id as u32);)*
        }
        const NAMES: &[&str] = &[$($name,)*];
    };
}

table::for_each_atom!(atoms);

/// Why an atom could not be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AtomError {
    /// More than [`MAX_ATOM_CHARS`] code points.
    TooLong,
    /// The table is full.
    TableFull,
}

/// All atoms of a VM.
pub struct AtomTable {
    names: Vec<Arc<str>>,
    index: FxHashMap<Arc<str>, Atom>,
    limit: usize,
    bytes: usize,
}

impl AtomTable {
    /// A table with the VM's own atoms that holds at most `limit` atoms in all.
    pub fn new(limit: usize) -> AtomTable {
        let mut t =
            AtomTable { names: Vec::new(), index: FxHashMap::default(), limit: limit.max(NAMES.len()), bytes: 0 };
        for name in NAMES {
            let made = t.intern(name);
            debug_assert!(made.is_ok());
        }
        t
    }

    /// The atom of that name, made if need be.
    pub fn intern(&mut self, name: &str) -> Result<Atom, AtomError> {
        if let Some(&a) = self.index.get(name) {
            return Ok(a);
        }
        if name.len() > MAX_ATOM_CHARS && name.chars().count() > MAX_ATOM_CHARS {
            return Err(AtomError::TooLong);
        }
        if self.names.len() >= self.limit {
            return Err(AtomError::TableFull);
        }
        let name: Arc<str> = name.into();
        let atom = Atom(self.names.len() as u32);
        self.bytes += name.len();
        self.names.push(name.clone());
        self.index.insert(name, atom);
        Ok(atom)
    }

    /// The atom of that name, if it exists.
    pub fn lookup(&self, name: &str) -> Option<Atom> {
        self.index.get(name).copied()
    }

    /// The name of an atom of this table; empty for a foreign index.
    pub fn name(&self, atom: Atom) -> &str {
        self.names.get(atom.0 as usize).map_or("", |n| n)
    }

    /// The name, shared, so that the table may change while it is held.
    pub fn name_arc(&self, atom: Atom) -> Arc<str> {
        self.names.get(atom.0 as usize).cloned().unwrap_or_else(|| "".into())
    }

    pub fn len(&self) -> usize {
        self.names.len()
    }
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }
    pub fn limit(&self) -> usize {
        self.limit
    }
    /// Bytes of all names together.
    pub fn name_bytes(&self) -> usize {
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vms_own_atoms_are_where_their_constants_say() {
        let t = AtomTable::new(1 << 20);
        assert_eq!(t.name(am::FALSE), "false");
        assert_eq!(t.name(am::EXIT_), "EXIT");
        assert_eq!(t.len(), NAMES.len());
        let unique: std::collections::HashSet<_> = NAMES.iter().collect();
        assert_eq!(unique.len(), NAMES.len());
    }

    #[test]
    fn the_limits_are_reported() {
        let mut t = AtomTable::new(0);
        assert_eq!(t.intern("quite_new_here"), Err(AtomError::TableFull));
        let mut t = AtomTable::new(1 << 20);
        assert_eq!(t.intern(&"å".repeat(256)), Err(AtomError::TooLong));
        assert!(t.intern(&"å".repeat(255)).is_ok());
    }
}
