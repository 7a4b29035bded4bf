//! What programs hold of the outside by reference: open files, buffers, ports, prepared code, who waits for the terminal.
//!
//! A reference's number stands in a table here. A file and a port end with their owner, as on OTP; what a reference owns
//! (`heap::owner`) ends when the last copy of the reference is collected, see [`System::bury`](crate::system::System::bury).
//! A buffer has an entry only while it has contents or a lock.

use crate::heap::refs::RefId;
use crate::host::Stream;
use crate::term::Term;
use std::collections::BTreeMap;

/// A file that a process has open.
#[derive(Clone, Copy, Debug)]
pub struct OpenFile {
    pub owner: Term,
    /// The host's handle; `None`: closed.
    pub handle: Option<u64>,
}

/// The contents of a `prim_buffer`.
#[derive(Clone, Debug, Default)]
pub struct Buffer {
    pub bytes: std::collections::VecDeque<u8>,
    pub locked: bool,
}

/// A port to one of the standard streams: the only kind there is.
#[derive(Clone, Copy, Debug)]
pub struct Port {
    pub owner: Term,
    pub stream: Option<Stream>,
    /// Data of `port_set_data`, an immediate.
    pub data: Term,
}

/// Who waits for input of the terminal: `{select, Tty, Ref, ready_input}` goes to the process.
#[derive(Clone, Copy, Debug)]
pub struct Select {
    pub pid: Term,
    pub tty: RefId,
    pub reference: RefId,
}

/// Code that `prepare_loading` has made and `finish_loading` has not yet installed.
#[derive(Debug)]
pub struct Prepared {
    pub ready: crate::load::Prepared,
}

/// What a stream of `zlib` does.
pub enum Codec {
    None,
    Deflate(zlib_rs::Deflate),
    Inflate(zlib_rs::Inflate),
    Closed,
}

impl std::fmt::Debug for Codec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Codec::None => "None",
            Codec::Deflate(_) => "Deflate",
            Codec::Inflate(_) => "Inflate",
            Codec::Closed => "Closed",
        })
    }
}

/// What a decompressor does with input after the end of its stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Eos {
    Error,
    Reset,
    Cut,
}

/// A stream of `zlib`.
#[derive(Debug)]
pub struct ZStream {
    pub owner: Term,
    pub codec: Codec,
    /// Window bits: negative for a raw stream, more than 15 for gzip.
    pub bits: i64,
    pub eos: Eos,
    /// The end of the stream has been seen.
    pub ended: bool,
    pub input: std::collections::VecDeque<u8>,
    /// What was put out last, which is what a decompressor can refer back to.
    pub window: Vec<u8>,
    /// Kind and bytes of output that is kept for the next call.
    pub stash: Option<(crate::atom::Atom, Vec<u8>)>,
}

impl ZStream {
    pub fn new(owner: Term) -> ZStream {
        ZStream {
            owner,
            codec: Codec::None,
            bits: 15,
            eos: Eos::Cut,
            ended: false,
            input: Default::default(),
            window: Vec::new(),
            stash: None,
        }
    }

    pub fn begin(&mut self, codec: Codec, bits: i64) {
        (self.codec, self.bits, self.ended) = (codec, bits, false);
        self.window.clear();
    }

    /// Forgets input, stash and window.
    pub fn clear(&mut self) {
        self.input.clear();
        self.window.clear();
        self.stash = None;
    }

    /// Adds to the window, of which the last `most` bytes are kept.
    pub fn remember(&mut self, bytes: &[u8], most: usize) {
        self.window.extend_from_slice(bytes);
        let over = self.window.len().saturating_sub(most);
        self.window.drain(..over);
    }
}

/// What fills up the last block of a cipher.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Padding {
    Undefined,
    None,
    Pkcs,
    Zero,
    Random,
}

/// A cipher that takes its data in pieces.
pub struct CipherState {
    pub owner: Term,
    /// Its line in the table of ciphers.
    pub cipher: usize,
    pub encrypt: bool,
    pub padding: Padding,
    pub key: Vec<u8>,
    /// The last block, the counter, or the IV.
    pub chain: [u8; 16],
    /// Data that is less than a block, or what is left of the key stream.
    pub buffer: Vec<u8>,
    pub position: u64,
    pub size: u64,
    /// Bytes of padding, once it is finished.
    pub padded: Option<usize>,
}

impl std::fmt::Debug for CipherState {
    /// Without the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CipherState").field("cipher", &self.cipher).field("size", &self.size).finish_non_exhaustive()
    }
}

/// See the module's documentation.
#[derive(Default, Debug)]
pub struct Resources {
    pub ciphers: BTreeMap<RefId, CipherState>,
    pub zlib: BTreeMap<RefId, ZStream>,
    pub files: BTreeMap<RefId, OpenFile>,
    pub buffers: BTreeMap<RefId, Buffer>,
    pub ports: BTreeMap<u64, Port>,
    pub next_port: u64,
    /// How often a process (the word of its pid) has asked to hear of nodes, by the bits of its options.
    pub node_monitors: BTreeMap<(u64, u8), i64>,
    /// Monitors of ports: who is told, by the port's word and the reference.
    pub port_monitors: BTreeMap<(u64, RefId), Term>,
    pub terminals: std::collections::BTreeSet<RefId>,
    pub select: Option<Select>,
    pub prepared: BTreeMap<RefId, Prepared>,
    /// The modules that were there before the first process, in order of loading.
    pub preloaded: Vec<crate::atom::Atom>,
    /// `erts_code_purger`, if OTP was booted.
    pub purger: Option<Term>,
    /// `erts_literal_area_collector`, if OTP was booted.
    pub collector: Option<Term>,
    /// Who is told of what the VM itself logs, when it isn't whoever is registered as `logger`.
    pub system_logger: Option<Term>,
    /// The module that is being purged.
    pub purging: Option<crate::atom::Atom>,
    /// The old instance that waits while a failed `on_load` is purged in its place.
    pub set_aside: Option<u32>,
    /// Literal areas of purged code that processes may still refer to; the first is being released.
    pub areas: std::collections::VecDeque<LiteralAreas>,
    /// The first of `areas` is in the hands of the collector.
    pub releasing: bool,
    /// Processes that `init:stop` and the like leave alone.
    pub system_processes: std::collections::BTreeSet<u64>,
    pub internals: Internals,
}

/// What `erts_debug:set_internal_state/2` has set.
#[derive(Debug, Default)]
pub struct Internals {
    pub open: bool,
    /// By the name of the limit; -1: none.
    pub loop_limits: BTreeMap<String, i64>,
}

/// The literals of one purged instance.
#[derive(Debug)]
pub struct LiteralAreas {
    pub areas: Vec<crate::heap::Fragment>,
    pub off_heap: crate::heap::OffHeap,
}

impl Resources {
    /// Bytes of the host that all of it takes.
    pub fn host_bytes(&self) -> u64 {
        let buffers: usize = self.buffers.values().map(|b| b.bytes.capacity() + size_of::<Buffer>()).sum();
        let stream = |z: &ZStream| {
            let codec = match z.codec {
                Codec::None | Codec::Closed => 0,
                Codec::Deflate(_) => 400_000,
                Codec::Inflate(_) => 50_000,
            };
            let stash = z.stash.as_ref().map_or(0, |s| s.1.len());
            size_of::<ZStream>() + codec + z.input.capacity() + z.window.capacity() + stash
        };
        let streams: usize = self.zlib.values().map(stream).sum();
        let small = self.ciphers.len() * 2 * size_of::<CipherState>()
            + (self.files.len() + self.ports.len() + self.terminals.len() + self.prepared.len()) * 64
            + (self.node_monitors.len() + self.port_monitors.len()) * 64;
        (buffers + streams + small) as u64
    }

    /// The ports that a process owns.
    pub fn ports_of(&self, pid: Term) -> Vec<Term> {
        self.ports.iter().filter(|(_, p)| p.owner == pid).map(|(n, _)| Term::port(*n)).collect()
    }

    /// Handles of the files that a process leaves open, for the host to close; its ports and its wait for input end too.
    pub fn owner_gone(&mut self, pid: Term) -> Vec<u64> {
        if self.select.is_some_and(|s| s.pid == pid) {
            self.select = None;
        }
        self.ports.retain(|_, p| p.owner != pid);
        let asked: Vec<_> = self.node_monitors.range((pid.raw(), 0)..=(pid.raw(), u8::MAX)).map(|(k, _)| *k).collect();
        for key in asked {
            self.node_monitors.remove(&key);
        }
        self.zlib.retain(|_, z| z.owner != pid);
        self.ciphers.retain(|_, c| c.owner != pid);
        let handles = self.files.values().filter(|f| f.owner == pid).filter_map(|f| f.handle).collect();
        self.files.retain(|_, f| f.owner != pid);
        self.system_processes.remove(&pid.raw());
        handles
    }
}
