//! Files as a guest reaches them: the capability behind OTP's `prim_file`.
//!
//! Every operation has a default that denies, so a host grants what it implements. Paths are the bytes that the guest gave;
//! what is relative is relative to the guest's own current directory, which the capability keeps. An error is the name of a
//! POSIX error, as OTP's atoms have it. Mirrors what `prim_file_nif.c` asks of its platform.

/// The name of a POSIX error, such as `enoent`.
pub type Posix = &'static str;
/// What an operation gives.
pub type FileResult<T> = Result<T, Posix>;

/// How to open a file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct OpenModes {
    pub read: bool,
    pub write: bool,
    pub append: bool,
    /// The file must not be there yet.
    pub exclusive: bool,
    pub sync: bool,
    /// A directory is wanted.
    pub directory: bool,
    /// What is neither a file nor a device may be opened too.
    pub skip_type_check: bool,
}

/// From where a position counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Whence {
    Start,
    Current,
    End,
}

/// What a directory entry is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FileKind {
    Device,
    Directory,
    Regular,
    Symlink,
    Other,
}

/// What OTP's `#file_info{}` tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FileInfo {
    pub size: u64,
    pub kind: FileKind,
    pub readable: bool,
    pub writable: bool,
    /// Seconds since 1970.
    pub accessed: i64,
    pub modified: i64,
    pub changed: i64,
    pub mode: u32,
    pub links: u32,
    pub major_device: u32,
    pub minor_device: u32,
    pub inode: u64,
    pub uid: u32,
    pub gid: u32,
}

const DENIED: Posix = "eacces";

/// Files. A handle is a number that [`Files::open`] gave.
pub trait Files {
    fn open(&mut self, _path: &[u8], _modes: OpenModes) -> FileResult<u64> {
        Err(DENIED)
    }
    fn close(&mut self, _file: u64) -> FileResult<()> {
        Err("einval")
    }
    /// At most `max` bytes; none at the end of the file.
    fn read(&mut self, _file: u64, _max: usize) -> FileResult<Vec<u8>> {
        Err(DENIED)
    }
    /// Writes all bytes.
    fn write(&mut self, _file: u64, _bytes: &[u8]) -> FileResult<()> {
        Err(DENIED)
    }
    fn read_at(&mut self, _file: u64, _at: u64, _max: usize) -> FileResult<Vec<u8>> {
        Err(DENIED)
    }
    fn write_at(&mut self, _file: u64, _at: u64, _bytes: &[u8]) -> FileResult<()> {
        Err(DENIED)
    }
    /// The new position.
    fn seek(&mut self, _file: u64, _whence: Whence, _by: i64) -> FileResult<u64> {
        Err(DENIED)
    }
    /// Cuts the file at the current position.
    fn truncate(&mut self, _file: u64) -> FileResult<()> {
        Err(DENIED)
    }
    fn sync(&mut self, _file: u64, _data_only: bool) -> FileResult<()> {
        Err(DENIED)
    }
    /// Reserves room.
    fn allocate(&mut self, _file: u64, _at: u64, _len: u64) -> FileResult<()> {
        Err("enotsup")
    }
    fn handle_info(&mut self, _file: u64) -> FileResult<FileInfo> {
        Err(DENIED)
    }
    /// About the entry itself unless `follow`.
    fn info(&mut self, _path: &[u8], _follow: bool) -> FileResult<FileInfo> {
        Err(DENIED)
    }
    fn set_mode(&mut self, _path: &[u8], _mode: u32) -> FileResult<()> {
        Err(DENIED)
    }
    /// `None` leaves a number as it is.
    fn set_owner(&mut self, _path: &[u8], _uid: Option<u32>, _gid: Option<u32>) -> FileResult<()> {
        Err(DENIED)
    }
    fn set_times(&mut self, _path: &[u8], _accessed: i64, _modified: i64) -> FileResult<()> {
        Err(DENIED)
    }
    fn read_link(&mut self, _path: &[u8]) -> FileResult<Vec<u8>> {
        Err(DENIED)
    }
    /// The names in a directory, in no order, without `.` and `..`.
    fn list(&mut self, _path: &[u8]) -> FileResult<Vec<Vec<u8>>> {
        Err(DENIED)
    }
    fn rename(&mut self, _from: &[u8], _to: &[u8]) -> FileResult<()> {
        Err(DENIED)
    }
    fn hard_link(&mut self, _existing: &[u8], _new: &[u8]) -> FileResult<()> {
        Err(DENIED)
    }
    fn soft_link(&mut self, _existing: &[u8], _new: &[u8]) -> FileResult<()> {
        Err(DENIED)
    }
    fn make_dir(&mut self, _path: &[u8]) -> FileResult<()> {
        Err(DENIED)
    }
    fn remove_file(&mut self, _path: &[u8]) -> FileResult<()> {
        Err(DENIED)
    }
    fn remove_dir(&mut self, _path: &[u8]) -> FileResult<()> {
        Err(DENIED)
    }
    fn cwd(&mut self) -> FileResult<Vec<u8>> {
        Err(DENIED)
    }
    fn set_cwd(&mut self, _path: &[u8]) -> FileResult<()> {
        Err(DENIED)
    }
    /// A whole file of at most `max` bytes.
    fn read_file(&mut self, _path: &[u8], _max: usize) -> FileResult<Vec<u8>> {
        Err(DENIED)
    }
}
