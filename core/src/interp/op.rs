//! Instructions.

/// One instruction: 16 bytes.
#[derive(Clone, Copy, Debug)]
pub enum Instr {
    Nop,
}
