//! Operands of specialised instructions.
//!
//! Hot instructions name registers directly. The others carry a [`Src`] or [`Dst`]: 16 bits that say where a value is. What
//! doesn't fit (a register or constant beyond the range) the loader moves through one of the scratch registers above
//! [`SCRATCH`]. Instructions with lists of operands keep them, as 32-bit words, in the instance's side table ([`Wide`]).

/// X registers that programs can name.
pub const MAX_X: u16 = 1024;
/// First of the scratch registers behind them.
pub const SCRATCH: u16 = MAX_X;
/// Registers in the register file.
pub const REGISTERS: usize = MAX_X as usize + 8;
/// Largest index in a [`Src`].
pub const SRC_LIMIT: u32 = 1 << 14;

/// Where a value is: X register, Y register or constant of the instance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub struct Src(pub u16);

impl Src {
    pub const fn x(r: u16) -> Src {
        Src(r)
    }
    pub const fn y(r: u16) -> Src {
        Src(1 << 14 | r)
    }
    pub const fn constant(index: u16) -> Src {
        Src(2 << 14 | index)
    }
    pub fn kind(self) -> Place {
        let i = (self.0 & 0x3FFF) as u32;
        match self.0 >> 14 {
            0 => Place::X(i),
            1 => Place::Y(i),
            _ => Place::Const(i),
        }
    }
}

/// Where a result goes: X register or Y register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub struct Dst(pub u16);

impl Dst {
    pub const fn x(r: u16) -> Dst {
        Dst(r)
    }
    pub const fn y(r: u16) -> Dst {
        Dst(1 << 14 | r)
    }
    pub const fn src(self) -> Src {
        Src(self.0)
    }
}

/// A decoded place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    X(u32),
    Y(u32),
    Const(u32),
}

/// An operand in the side table: two bits of kind, thirty of index or number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(transparent)]
pub struct Wide(pub u32);

impl Wide {
    pub const fn x(r: u32) -> Wide {
        Wide(r)
    }
    pub const fn y(r: u32) -> Wide {
        Wide(1 << 30 | r)
    }
    pub const fn constant(index: u32) -> Wide {
        Wide(2 << 30 | index)
    }
    pub const fn kind(self) -> Place {
        let i = self.0 & 0x3FFF_FFFF;
        match self.0 >> 30 {
            0 => Place::X(i),
            1 => Place::Y(i),
            _ => Place::Const(i),
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Place::X(i) => write!(f, "x{i}"),
            Place::Y(i) => write!(f, "y{i}"),
            Place::Const(i) => write!(f, "c{i}"),
        }
    }
}
