//! What a running program reaches of its host: output, standard input, time, entropy, modules.
//!
//! Invariant: only what the builder granted is there; a program that writes too much or whose reader is gone is stopped, not the host.

use crate::modules::Modules;
use crate::outcome::StopCause;
use beambox_core::host::files::Files;
use beambox_playground::{Stream, Supply, World};
use std::cell::RefCell;
use std::io::{self, Read};
use std::rc::Rc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Receives output as it is written. An error stops the program.
pub(crate) type Sink = Box<dyn FnMut(Stream, &[u8]) -> io::Result<()> + Send>;

/// The host of one run.
pub(crate) struct Outside {
    pub modules: Modules,
    pub sink: Option<Sink>,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
    /// Bytes of output that are left.
    pub left: u64,
    pub limit: u64,
    /// The clocks, if they are granted: since when.
    pub clock: Option<Instant>,
    pub entropy: bool,
    /// The program's files, until the VM takes them.
    pub files: Option<Box<dyn Files>>,
    /// Why the program must not go on.
    pub stop: Option<StopCause>,
}

impl Outside {
    fn deliver(&mut self, stream: Stream, bytes: &[u8]) {
        if self.stop.is_some() {
            return;
        }
        let fits = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len());
        if fits < bytes.len() {
            self.stop = Some(StopCause::OutputLimit(self.limit));
        }
        self.left -= fits as u64;
        let bytes = bytes.get(..fits).unwrap_or(bytes);
        match (&mut self.sink, stream) {
            (Some(sink), _) => {
                if let Err(error) = sink(stream, bytes) {
                    self.stop = Some(StopCause::OutputFailed(error.to_string()));
                }
            }
            (None, Stream::Stdout) => self.stdout.extend_from_slice(bytes),
            (None, Stream::Stderr) => self.stderr.extend_from_slice(bytes),
        }
    }
}

/// Shared by the engine, which hands it to the VM, and the loop that drives it.
#[derive(Clone)]
pub(crate) struct Shared(pub Rc<RefCell<Outside>>);

impl World for Shared {
    fn files(&mut self) -> Option<Box<dyn Files>> {
        self.0.borrow_mut().files.take()
    }
    fn write(&mut self, stream: Stream, bytes: &[u8]) {
        self.0.borrow_mut().deliver(stream, bytes);
    }
    fn monotonic_ns(&mut self) -> Option<u64> {
        self.0.borrow().clock.map(|start| start.elapsed().as_nanos() as u64)
    }
    fn system_ns(&mut self) -> Option<i64> {
        self.0.borrow().clock?;
        let since = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
        i64::try_from(since.as_nanos()).ok()
    }
    fn entropy(&mut self, buffer: &mut [u8]) -> bool {
        self.0.borrow().entropy && getrandom::fill(buffer).is_ok()
    }
    fn load_module(&mut self, name: &str) -> Supply {
        self.0.borrow().modules.get(name).into()
    }
}

/// Standard input of a program.
#[derive(Default)]
pub enum Stdin {
    /// At its end from the beginning.
    #[default]
    Empty,
    /// These bytes.
    Bytes(Vec<u8>),
    /// Whatever this gives. It is read on a thread of its own, from when the program first asks for input; that thread may outlive the run
    /// by the read that it is in.
    Reader(Box<dyn Read + Send>),
}

impl From<&str> for Stdin {
    fn from(text: &str) -> Stdin {
        Stdin::Bytes(text.as_bytes().to_vec())
    }
}
impl From<Vec<u8>> for Stdin {
    fn from(bytes: Vec<u8>) -> Stdin {
        Stdin::Bytes(bytes)
    }
}

/// What waiting for input gave.
pub(crate) enum Fed {
    Bytes(Vec<u8>),
    End,
    Nothing,
}

/// The reading end of a [`Stdin::Reader`].
pub(crate) enum Feed {
    Ended,
    Unasked(Box<dyn Read + Send>),
    Reading(Receiver<Vec<u8>>),
}

impl Feed {
    /// Reads what a reader gives, from when it is first asked for.
    #[cfg(unix)]
    pub fn of(stdin: Stdin) -> Feed {
        match stdin {
            Stdin::Reader(reader) => Feed::Unasked(reader),
            Stdin::Empty | Stdin::Bytes(_) => Feed::Ended,
        }
    }

    /// Waits for input, but no longer than `most`.
    pub fn wait(&mut self, most: Duration) -> Fed {
        if let Feed::Unasked(_) = self
            && let Feed::Unasked(reader) = std::mem::replace(self, Feed::Ended)
        {
            *self = start(reader);
        }
        let Feed::Reading(receiver) = self else { return Fed::End };
        match receiver.recv_timeout(most) {
            Ok(bytes) => Fed::Bytes(bytes),
            Err(RecvTimeoutError::Timeout) => Fed::Nothing,
            Err(RecvTimeoutError::Disconnected) => {
                *self = Feed::Ended;
                Fed::End
            }
        }
    }
}

fn start(mut reader: Box<dyn Read + Send>) -> Feed {
    // One piece of read-ahead.
    let (sender, receiver) = mpsc::sync_channel(1);
    let read = move || {
        let mut buffer = vec![0; 64 << 10];
        loop {
            match reader.read(&mut buffer) {
                Ok(0) => return,
                Ok(count) => {
                    let Some(bytes) = buffer.get(..count) else { return };
                    if sender.send(bytes.to_vec()).is_err() {
                        return;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // A reader that fails is at its end, as a closed terminal is.
                Err(_) => return,
            }
        }
    };
    match std::thread::Builder::new().name("beambox-stdin".into()).spawn(read) {
        Ok(_) => Feed::Reading(receiver),
        Err(_) => Feed::Ended,
    }
}
