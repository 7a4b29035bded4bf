//! Places in code and names of functions.

use crate::atom::Atom;

/// Slot of the VM's own code.
pub const INTERNAL_SLOT: u32 = 1;
/// Where processes end: the return address below a process's first frame.
pub const PROCESS_END: CodePtr = CodePtr { slot: INTERNAL_SLOT, offset: 1 };
/// Where a process starts: the call that its trap says.
pub const START: CodePtr = CodePtr { slot: INTERNAL_SLOT, offset: 2 };
/// Where a function whose return is traced returns to.
pub const RETURN_TRACE: CodePtr = CodePtr { slot: INTERNAL_SLOT, offset: 3 };
/// First of one instruction per BIF there, which calls it and returns.
pub const BIF_STUBS: u32 = 8;

/// A place in loaded code: slot of the module instance and index of the instruction.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct CodePtr {
    pub slot: u32,
    pub offset: u32,
}

impl CodePtr {
    /// An offset in a return address counts bytes: it is shifted by an instruction's size.
    pub const SHIFT: u32 = 4;
    const SLOT: u32 = 32 + CodePtr::SHIFT;

    /// As a return address on a stack: tag 00, never 0 because slot 0 is not used.
    #[inline(always)]
    pub const fn to_word(self) -> u64 {
        (self.slot as u64) << CodePtr::SLOT | (self.offset as u64) << CodePtr::SHIFT
    }
    #[inline(always)]
    pub const fn from_word(w: u64) -> CodePtr {
        CodePtr { slot: (w >> CodePtr::SLOT) as u32, offset: (w >> CodePtr::SHIFT) as u32 }
    }
}

/// Module, function, arity.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Mfa {
    pub module: Atom,
    pub function: Atom,
    pub arity: u8,
}
