//! [`Names`]: what ordering and printing must ask of tables in the layers above.

use crate::atom::Atom;

/// What identifies a fun's code, for ordering, hashing and printing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct FunKey {
    pub module: Atom,
    pub old_index: u32,
    pub old_uniq: u32,
    pub arity: u8,
}

/// Names of atoms and funs.
pub trait Names {
    fn atom_name(&self, atom: Atom) -> &str;
    /// The local fun whose entry has this index.
    fn fun_key(&self, entry: u64) -> Option<FunKey>;
    /// Module, function and arity of the export with this index.
    fn export_mfa(&self, export: u64) -> Option<(Atom, Atom, u8)>;
}
