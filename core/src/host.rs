//! The [`Host`] trait: the only way out of a VM. The defaults deny.

pub mod files;
pub mod terminal;

/// Where output goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stream {
    Stdout,
    Stderr,
}

/// What a read of standard input gave.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Input {
    /// At least one byte, at most as many as were asked for.
    Bytes(Vec<u8>),
    /// Nothing yet; the VM asks again when it is next run.
    Pending,
    Eof,
}

/// What a request for a module gave.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Supply {
    /// Its `.beam` file.
    Beam(Vec<u8>),
    /// The host has none of that name.
    Absent,
    /// The host has to fetch it first: the VM pauses and asks again when it is next run.
    Later,
}

impl From<Option<Vec<u8>>> for Supply {
    fn from(beam: Option<Vec<u8>>) -> Supply {
        beam.map_or(Supply::Absent, Supply::Beam)
    }
}

/// What a VM may reach of the world around it. Everything has a default that denies, so a sandbox grants one by one.
pub trait Host {
    /// Output of the guest. Must not fail from the guest's point of view.
    fn write(&mut self, _stream: Stream, _bytes: &[u8]) {}

    /// Up to `max` bytes of standard input.
    fn read(&mut self, _max: usize) -> Input {
        Input::Eof
    }

    /// Nanoseconds of a clock that never goes back; `None`: the VM keeps a virtual clock, which jumps to the next timer
    /// when every process waits.
    fn monotonic_ns(&mut self) -> Option<u64> {
        None
    }

    /// Nanoseconds since 1970; `None`: derived from the virtual clock.
    fn system_ns(&mut self) -> Option<i64> {
        None
    }

    /// Fills `buf` with entropy; `false`: the VM derives it from its seed.
    fn entropy(&mut self, _buf: &mut [u8]) -> bool {
        false
    }

    /// Files; `None`: there are none that the guest may reach.
    fn files(&mut self) -> Option<&mut dyn files::Files> {
        None
    }

    /// The terminal behind the standard streams, if the host tells of it.
    fn terminal(&mut self) -> Option<&mut dyn terminal::Terminal> {
        None
    }

    /// The `.beam` file of a module that was called and isn't loaded.
    fn load_module(&mut self, _name: &str) -> Supply {
        Supply::Absent
    }
}

/// Denies everything.
#[derive(Debug, Default)]
pub struct DenyAll;
impl Host for DenyAll {}
