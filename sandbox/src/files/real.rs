//! Real files, through the operating system, as the user of this process sees them.
//!
//! The guest has a current directory of its own, so that two VMs in a process don't disturb each other. Errors keep their POSIX
//! names. Mirrors `unix_prim_file.c` in what it asks of the system.

use beambox_core::host::files::{FileInfo, FileKind, FileResult, Files, OpenModes, Posix, Whence};
use rustix::fs::{Access, AtFlags, FallocateFlags, FileType, Stat, Timespec, Timestamps};
use rustix::io::Errno;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// See the module's documentation.
#[derive(Debug)]
pub struct RealFiles {
    cwd: PathBuf,
    open: HashMap<u64, File>,
    next: u64,
}

impl RealFiles {
    /// Files with a current directory.
    pub fn new(cwd: impl Into<PathBuf>) -> RealFiles {
        RealFiles { cwd: cwd.into(), open: HashMap::new(), next: 0 }
    }

    fn at(&self, path: &[u8]) -> PathBuf {
        if path.is_empty() {
            // No file has this name, not even the current directory.
            return PathBuf::new();
        }
        self.cwd.join(OsStr::from_bytes(path))
    }

    fn file(&mut self, handle: u64) -> FileResult<&mut File> {
        self.open.get_mut(&handle).ok_or("einval")
    }
}

/// The POSIX name of an error.
fn name(e: Errno) -> Posix {
    const NAMES: &[(Errno, Posix)] = &[
        (Errno::PERM, "eperm"),
        (Errno::NOENT, "enoent"),
        (Errno::INTR, "eintr"),
        (Errno::IO, "eio"),
        (Errno::NXIO, "enxio"),
        (Errno::BADF, "ebadf"),
        (Errno::AGAIN, "eagain"),
        (Errno::NOMEM, "enomem"),
        (Errno::ACCESS, "eacces"),
        (Errno::FAULT, "efault"),
        (Errno::BUSY, "ebusy"),
        (Errno::EXIST, "eexist"),
        (Errno::XDEV, "exdev"),
        (Errno::NODEV, "enodev"),
        (Errno::NOTDIR, "enotdir"),
        (Errno::ISDIR, "eisdir"),
        (Errno::INVAL, "einval"),
        (Errno::NFILE, "enfile"),
        (Errno::MFILE, "emfile"),
        (Errno::NOTTY, "enotty"),
        (Errno::TXTBSY, "etxtbsy"),
        (Errno::FBIG, "efbig"),
        (Errno::NOSPC, "enospc"),
        (Errno::SPIPE, "espipe"),
        (Errno::ROFS, "erofs"),
        (Errno::MLINK, "emlink"),
        (Errno::PIPE, "epipe"),
        (Errno::NAMETOOLONG, "enametoolong"),
        (Errno::LOOP, "eloop"),
        (Errno::NOTEMPTY, "enotempty"),
        (Errno::OVERFLOW, "eoverflow"),
        (Errno::DQUOT, "edquot"),
        (Errno::STALE, "estale"),
        (Errno::NOTSUP, "enotsup"),
    ];
    NAMES.iter().find(|(code, _)| *code == e).map_or("eio", |(_, name)| name)
}

fn posix(e: std::io::Error) -> Posix {
    e.raw_os_error().map_or("eio", |code| name(Errno::from_raw_os_error(code)))
}

fn info(s: &Stat, readable: bool, writable: bool) -> FileInfo {
    let kind = match FileType::from_raw_mode(s.st_mode) {
        FileType::RegularFile => FileKind::Regular,
        FileType::Directory => FileKind::Directory,
        FileType::Symlink => FileKind::Symlink,
        FileType::CharacterDevice | FileType::BlockDevice => FileKind::Device,
        _ => FileKind::Other,
    };
    FileInfo {
        size: s.st_size.max(0) as u64,
        kind,
        readable,
        writable,
        accessed: s.st_atime,
        modified: s.st_mtime,
        changed: s.st_ctime,
        mode: s.st_mode,
        links: s.st_nlink as u32,
        major_device: s.st_dev as u32,
        minor_device: s.st_rdev as u32,
        inode: s.st_ino,
        uid: s.st_uid,
        gid: s.st_gid,
    }
}

/// As many bytes as there are, up to `max`, in one read of the system.
fn read_some(max: usize, mut read: impl FnMut(&mut [u8]) -> std::io::Result<usize>) -> FileResult<Vec<u8>> {
    // A guest may ask for far more than there is: the buffer grows with what comes.
    let mut out = Vec::new();
    while out.len() < max {
        let at = out.len();
        let piece = (max - at).min((64 << 10).max(at));
        out.resize(at + piece, 0);
        let got = loop {
            match read(&mut out[at..]) {
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) => return Err(posix(e)),
                Ok(n) => break n,
            }
        };
        out.truncate(at + got);
        if got < piece {
            break;
        }
    }
    Ok(out)
}

impl Files for RealFiles {
    fn open(&mut self, path: &[u8], m: OpenModes) -> FileResult<u64> {
        let path = self.at(path);
        let mut o = OpenOptions::new();
        o.read(m.read).mode(0o666);
        if m.write {
            o.write(true).create(true).truncate(!m.read && !m.append && !m.exclusive);
        }
        if m.append {
            o.append(true);
        }
        if m.exclusive {
            o.create_new(true);
        }
        let mut flags = rustix::fs::OFlags::empty();
        if m.sync {
            flags |= rustix::fs::OFlags::SYNC;
        }
        if m.directory {
            flags |= rustix::fs::OFlags::DIRECTORY;
        }
        o.custom_flags(flags.bits() as i32);
        let file = o.open(&path).map_err(posix)?;
        let about = rustix::fs::fstat(&file).map_err(name)?;
        let kind = FileType::from_raw_mode(about.st_mode);
        if kind == FileType::Directory && !m.directory {
            return Err("eisdir");
        }
        if !m.skip_type_check
            && !m.directory
            && kind != FileType::RegularFile
            && !kind.is_char_device()
            && !kind.is_block_device()
        {
            return Err("eisdir");
        }
        self.next += 1;
        self.open.insert(self.next, file);
        Ok(self.next)
    }

    fn close(&mut self, file: u64) -> FileResult<()> {
        self.open.remove(&file).map(drop).ok_or("einval")
    }

    fn read(&mut self, file: u64, max: usize) -> FileResult<Vec<u8>> {
        let file = self.file(file)?;
        read_some(max, |buf| file.read(buf))
    }

    fn write(&mut self, file: u64, bytes: &[u8]) -> FileResult<()> {
        self.file(file)?.write_all(bytes).map_err(posix)
    }

    fn read_at(&mut self, file: u64, at: u64, max: usize) -> FileResult<Vec<u8>> {
        let file = self.file(file)?;
        let mut at = at;
        read_some(max, |buf| {
            let n = file.read_at(buf, at)?;
            at += n as u64;
            Ok(n)
        })
    }

    fn write_at(&mut self, file: u64, at: u64, bytes: &[u8]) -> FileResult<()> {
        self.file(file)?.write_all_at(bytes, at).map_err(posix)
    }

    fn seek(&mut self, file: u64, whence: Whence, by: i64) -> FileResult<u64> {
        let to = match whence {
            Whence::Start => SeekFrom::Start(u64::try_from(by).map_err(|_| "einval")?),
            Whence::Current => SeekFrom::Current(by),
            Whence::End => SeekFrom::End(by),
        };
        self.file(file)?.seek(to).map_err(posix)
    }

    fn truncate(&mut self, file: u64) -> FileResult<()> {
        let file = self.file(file)?;
        let at = file.stream_position().map_err(posix)?;
        file.set_len(at).map_err(posix)
    }

    fn sync(&mut self, file: u64, data_only: bool) -> FileResult<()> {
        let file = self.file(file)?;
        if data_only { file.sync_data() } else { file.sync_all() }.map_err(posix)
    }

    fn allocate(&mut self, file: u64, at: u64, len: u64) -> FileResult<()> {
        rustix::fs::fallocate(self.file(file)?, FallocateFlags::KEEP_SIZE, at, len).map_err(name)
    }

    fn handle_info(&mut self, file: u64) -> FileResult<FileInfo> {
        let stat = rustix::fs::fstat(self.file(file)?).map_err(name)?;
        let flags = rustix::fs::fcntl_getfl(self.file(file)?).map_err(name)?;
        let write_only = flags.contains(rustix::fs::OFlags::WRONLY);
        let both = flags.contains(rustix::fs::OFlags::RDWR);
        Ok(info(&stat, both || !write_only, both || write_only))
    }

    fn info(&mut self, path: &[u8], follow: bool) -> FileResult<FileInfo> {
        let path = self.at(path);
        let stat = if follow { rustix::fs::stat(&path) } else { rustix::fs::lstat(&path) }.map_err(name)?;
        let may = |access| rustix::fs::access(&path, access).is_ok();
        Ok(info(&stat, may(Access::READ_OK), may(Access::WRITE_OK)))
    }

    fn set_mode(&mut self, path: &[u8], mode: u32) -> FileResult<()> {
        rustix::fs::chmod(self.at(path), rustix::fs::Mode::from_raw_mode(mode & 0o7777)).map_err(name)
    }

    fn set_owner(&mut self, path: &[u8], uid: Option<u32>, gid: Option<u32>) -> FileResult<()> {
        let (uid, gid) = (uid.map(rustix::fs::Uid::from_raw), gid.map(rustix::fs::Gid::from_raw));
        rustix::fs::chown(self.at(path), uid, gid).map_err(name)
    }

    fn set_times(&mut self, path: &[u8], accessed: i64, modified: i64) -> FileResult<()> {
        let time = |seconds| Timespec { tv_sec: seconds, tv_nsec: 0 };
        let times = Timestamps { last_access: time(accessed), last_modification: time(modified) };
        rustix::fs::utimensat(rustix::fs::CWD, self.at(path), &times, AtFlags::empty()).map_err(name)
    }

    fn read_link(&mut self, path: &[u8]) -> FileResult<Vec<u8>> {
        Ok(fs::read_link(self.at(path)).map_err(posix)?.into_os_string().into_vec())
    }

    fn list(&mut self, path: &[u8]) -> FileResult<Vec<Vec<u8>>> {
        let mut out = Vec::new();
        for entry in fs::read_dir(self.at(path)).map_err(posix)? {
            out.push(entry.map_err(posix)?.file_name().into_vec());
        }
        Ok(out)
    }

    fn rename(&mut self, from: &[u8], to: &[u8]) -> FileResult<()> {
        fs::rename(self.at(from), self.at(to)).map_err(|e| match posix(e) {
            "enotempty" => "eexist",
            other => other,
        })
    }

    fn hard_link(&mut self, existing: &[u8], new: &[u8]) -> FileResult<()> {
        fs::hard_link(self.at(existing), self.at(new)).map_err(posix)
    }

    fn soft_link(&mut self, existing: &[u8], new: &[u8]) -> FileResult<()> {
        std::os::unix::fs::symlink(Path::new(OsStr::from_bytes(existing)), self.at(new)).map_err(posix)
    }

    fn make_dir(&mut self, path: &[u8]) -> FileResult<()> {
        fs::create_dir(self.at(path)).map_err(posix)
    }

    fn remove_file(&mut self, path: &[u8]) -> FileResult<()> {
        // Linux says `eisdir` of a directory where POSIX, and OTP, say `eperm`.
        fs::remove_file(self.at(path)).map_err(|e| match posix(e) {
            "eisdir" => "eperm",
            other => other,
        })
    }

    fn remove_dir(&mut self, path: &[u8]) -> FileResult<()> {
        fs::remove_dir(self.at(path)).map_err(|e| match posix(e) {
            "enotempty" => "eexist",
            other => other,
        })
    }

    fn cwd(&mut self) -> FileResult<Vec<u8>> {
        Ok(self.cwd.clone().into_os_string().into_vec())
    }

    fn set_cwd(&mut self, path: &[u8]) -> FileResult<()> {
        let real = fs::canonicalize(self.at(path)).map_err(posix)?;
        if !real.is_dir() {
            return Err("enotdir");
        }
        rustix::fs::access(&real, Access::EXEC_OK).map_err(name)?;
        self.cwd = real;
        Ok(())
    }

    fn read_file(&mut self, path: &[u8], max: usize) -> FileResult<Vec<u8>> {
        let mut file = File::open(self.at(path)).map_err(posix)?;
        if file.metadata().map_err(posix)?.is_dir() {
            return Err("eisdir");
        }
        let bytes = read_some(max + 1, |buf| file.read(buf))?;
        if bytes.len() > max { Err("enomem") } else { Ok(bytes) }
    }
}
