//! What a session needs of its host, and the host that the VM sees.
//!
//! Invariant: the VM reaches the world only through [`SessionHost`]; a deterministic session never asks the world for time or entropy.

use crate::bundle::Bundle;
pub use beambox_core::host::Supply;
use beambox_core::host::files::Files;
use beambox_core::host::{Host, Input};
use std::cell::RefCell;
use std::collections::{HashMap, HashSet, VecDeque};
use std::rc::Rc;

pub use beambox_core::host::Stream;

/// Where output goes and time comes from. The defaults deny.
pub trait World {
    /// Output of the guest.
    fn write(&mut self, stream: Stream, bytes: &[u8]);
    /// Nanoseconds of a clock that never goes back; `None`: the VM keeps a clock of its own.
    fn monotonic_ns(&mut self) -> Option<u64> {
        None
    }
    /// Nanoseconds since 1970; `None`: derived from the VM's own clock.
    fn system_ns(&mut self) -> Option<i64> {
        None
    }
    /// Fills a buffer with entropy; `false`: the VM derives it from its seed.
    fn entropy(&mut self, _buffer: &mut [u8]) -> bool {
        false
    }
    /// The files of the next run; `None`: it has none.
    fn files(&mut self) -> Option<Box<dyn Files>> {
        None
    }
    /// The `.beam` file of a module that is called and that neither the embedder nor the bundle has.
    fn load_module(&mut self, _name: &str) -> Supply {
        Supply::Absent
    }
}

/// What session and VM share.
pub(crate) struct Shared {
    pub world: Box<dyn World>,
    pub deterministic: bool,
    pub input: VecDeque<u8>,
    pub input_closed: bool,
    /// Modules of the program and of the embedder; go before those of the bundle.
    pub modules: HashMap<String, Vec<u8>>,
    pub bundle: Rc<Bundle>,
    /// Modules that the embedder was asked for and has not.
    pub absent: HashSet<String>,
}

impl Shared {
    pub fn new(world: Box<dyn World>, deterministic: bool) -> Shared {
        Shared {
            world,
            deterministic,
            input: VecDeque::new(),
            input_closed: false,
            modules: HashMap::new(),
            bundle: Rc::default(),
            absent: HashSet::new(),
        }
    }
}

impl Shared {
    /// Standard input is open and empty again.
    pub fn forget_input(&mut self) {
        self.input.clear();
        self.input_closed = false;
    }

    /// The `.beam` file of a module: the embedder's, the bundle's, or the world's.
    pub fn module(&mut self, name: &str) -> Supply {
        match self.modules.get(name).cloned().or_else(|| self.bundle.get(name).map(|beam| beam.to_vec())) {
            Some(beam) => Supply::Beam(beam),
            None if self.absent.contains(name) => Supply::Absent,
            None => self.world.load_module(name),
        }
    }
}

/// The VM's side.
pub(crate) struct SessionHost {
    shared: Rc<RefCell<Shared>>,
    /// The program's files, if it was given any.
    files: Option<Box<dyn Files>>,
}

impl SessionHost {
    /// The host of one run, with the files that the world grants it.
    pub fn new(shared: Rc<RefCell<Shared>>) -> SessionHost {
        let files = shared.borrow_mut().world.files();
        SessionHost { shared, files }
    }
}

impl Host for SessionHost {
    fn files(&mut self) -> Option<&mut dyn Files> {
        match &mut self.files {
            Some(files) => Some(&mut **files),
            None => None,
        }
    }

    fn write(&mut self, stream: Stream, bytes: &[u8]) {
        self.shared.borrow_mut().world.write(stream, bytes);
    }

    fn read(&mut self, max: usize) -> Input {
        let mut shared = self.shared.borrow_mut();
        let count = max.min(shared.input.len());
        if count > 0 {
            return Input::Bytes(shared.input.drain(..count).collect());
        }
        if shared.input_closed { Input::Eof } else { Input::Pending }
    }

    fn monotonic_ns(&mut self) -> Option<u64> {
        let mut shared = self.shared.borrow_mut();
        if shared.deterministic { None } else { shared.world.monotonic_ns() }
    }

    fn system_ns(&mut self) -> Option<i64> {
        let mut shared = self.shared.borrow_mut();
        if shared.deterministic { None } else { shared.world.system_ns() }
    }

    fn entropy(&mut self, buf: &mut [u8]) -> bool {
        let mut shared = self.shared.borrow_mut();
        !shared.deterministic && shared.world.entropy(buf)
    }

    fn load_module(&mut self, name: &str) -> Supply {
        self.shared.borrow_mut().module(name)
    }
}
