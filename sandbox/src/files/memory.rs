//! A tree of files in memory, for programs that may have files but none of the machine's.
//!
//! One user, who may do what the mode bits say; hard links are refused. The sum of all contents is limited.

use beambox_core::host::files::{FileInfo, FileKind, FileResult, Files, OpenModes, Whence};
use std::collections::{BTreeMap, HashMap};

/// Most links that are followed in a path.
const MOST_LINKS: usize = 40;

#[derive(Clone, Debug)]
enum Content {
    File(Vec<u8>),
    Directory(BTreeMap<Vec<u8>, u64>),
    Link(Vec<u8>),
}

#[derive(Clone, Debug)]
struct Node {
    content: Content,
    mode: u32,
    accessed: i64,
    modified: i64,
    /// Handles and names that keep it.
    kept: u32,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    node: u64,
    at: u64,
    modes: OpenModes,
}

/// See the module's documentation.
#[derive(Debug)]
pub struct MemoryFiles {
    nodes: HashMap<u64, Node>,
    next: u64,
    open: HashMap<u64, Open>,
    cwd: Vec<u8>,
    used: u64,
    limit: u64,
}

const ROOT: u64 = 0;

impl MemoryFiles {
    /// An empty tree that may hold so many bytes.
    pub fn new(limit: u64) -> MemoryFiles {
        let root =
            Node { content: Content::Directory(BTreeMap::new()), mode: 0o755, accessed: 0, modified: 0, kept: 1 };
        MemoryFiles {
            nodes: HashMap::from([(ROOT, root)]),
            next: 1,
            open: HashMap::new(),
            cwd: b"/".to_vec(),
            used: 0,
            limit,
        }
    }

    /// Puts a file there, with the directories above it.
    ///
    /// # Errors
    /// The POSIX name of what is wrong, such as `enospc`.
    pub fn add(&mut self, path: &str, bytes: &[u8]) -> FileResult<()> {
        let mut at = Vec::new();
        let mut parts: Vec<&str> = path.split('/').filter(|p| !p.is_empty()).collect();
        parts.pop().ok_or("einval")?;
        for part in parts {
            at.push(b'/');
            at.extend_from_slice(part.as_bytes());
            match self.make_dir(&at) {
                Ok(()) | Err("eexist") => {}
                Err(e) => return Err(e),
            }
        }
        let modes = OpenModes { write: true, ..OpenModes::default() };
        let file = self.open(path.as_bytes(), modes)?;
        let result = self.write(file, bytes);
        self.close(file)?;
        result
    }

    fn parts(&self, path: &[u8]) -> Vec<Vec<u8>> {
        let whole = if path.starts_with(b"/") { path.to_vec() } else { [&self.cwd, &b"/"[..], path].concat() };
        whole.split(|b| *b == b'/').filter(|p| !p.is_empty() && *p != b".").map(<[u8]>::to_vec).collect()
    }

    fn directory(&self, node: u64) -> FileResult<&BTreeMap<Vec<u8>, u64>> {
        match &self.nodes.get(&node).ok_or("enoent")?.content {
            Content::Directory(entries) => Ok(entries),
            _ => Err("enotdir"),
        }
    }

    fn entries(&mut self, node: u64) -> FileResult<&mut BTreeMap<Vec<u8>, u64>> {
        match &mut self.nodes.get_mut(&node).ok_or("enoent")?.content {
            Content::Directory(entries) => Ok(entries),
            _ => Err("enotdir"),
        }
    }

    /// The directory and the name that a path leads to, links followed but for the last name unless `follow`.
    fn place(&self, path: &[u8], follow: bool) -> FileResult<(u64, Vec<u8>)> {
        if path.is_empty() {
            return Err("enoent");
        }
        let mut left: Vec<Vec<u8>> = self.parts(path).into_iter().rev().collect();
        let mut trail = vec![ROOT];
        let mut links = 0;
        loop {
            let here = trail.last().copied().unwrap_or(ROOT);
            let Some(part) = left.pop() else { return Ok((here, Vec::new())) };
            if part == b".." {
                if trail.len() > 1 {
                    trail.pop();
                }
                continue;
            }
            let Some(next) = self.directory(here)?.get(&part).copied() else {
                return if left.is_empty() { Ok((here, part)) } else { Err("enoent") };
            };
            match &self.nodes.get(&next).ok_or("enoent")?.content {
                Content::Link(to) if follow || !left.is_empty() => {
                    links += 1;
                    if links > MOST_LINKS {
                        return Err("eloop");
                    }
                    if to.starts_with(b"/") {
                        trail.truncate(1);
                    }
                    let more = to.split(|b| *b == b'/').filter(|p| !p.is_empty() && *p != b".");
                    left.extend(more.rev().map(<[u8]>::to_vec));
                }
                _ if left.is_empty() => return Ok((here, part)),
                _ => trail.push(next),
            }
        }
    }

    /// The node that a path names.
    fn find(&self, path: &[u8], follow: bool) -> FileResult<u64> {
        let (directory, name) = self.place(path, follow)?;
        if name.is_empty() {
            return Ok(directory);
        }
        self.directory(directory)?.get(&name).copied().ok_or("enoent")
    }

    fn create(&mut self, path: &[u8], content: Content, mode: u32) -> FileResult<u64> {
        let (directory, name) = self.place(path, false)?;
        if name.is_empty() || self.directory(directory)?.contains_key(&name) {
            return Err("eexist");
        }
        let size = name.len() as u64 + 64;
        if self.used + size > self.limit {
            return Err("enospc");
        }
        self.used += size;
        let node = self.next;
        self.next += 1;
        self.nodes.insert(node, Node { content, mode, accessed: 0, modified: 0, kept: 1 });
        self.entries(directory)?.insert(name, node);
        Ok(node)
    }

    fn let_go(&mut self, node: u64) {
        let Some(n) = self.nodes.get_mut(&node) else { return };
        n.kept = n.kept.saturating_sub(1);
        if n.kept == 0 {
            if let Content::File(bytes) = &n.content {
                self.used = self.used.saturating_sub(bytes.len() as u64);
            }
            self.nodes.remove(&node);
        }
    }

    fn remove_entry(&mut self, path: &[u8]) -> FileResult<()> {
        let (directory, name) = self.place(path, false)?;
        let node = self.entries(directory)?.remove(&name).ok_or("enoent")?;
        self.used = self.used.saturating_sub(name.len() as u64 + 64);
        self.let_go(node);
        Ok(())
    }

    fn opened(&self, file: u64) -> FileResult<Open> {
        self.open.get(&file).copied().ok_or("einval")
    }

    fn bytes(&mut self, node: u64) -> FileResult<&mut Vec<u8>> {
        match &mut self.nodes.get_mut(&node).ok_or("enoent")?.content {
            Content::File(bytes) => Ok(bytes),
            _ => Err("eisdir"),
        }
    }

    fn put(&mut self, node: u64, at: u64, new: &[u8]) -> FileResult<()> {
        let have = self.bytes(node)?.len() as u64;
        let end = at.checked_add(new.len() as u64).ok_or("efbig")?;
        if self.used + end.saturating_sub(have) > self.limit {
            return Err("enospc");
        }
        self.used += end.saturating_sub(have);
        let bytes = self.bytes(node)?;
        if end > have {
            bytes.resize(end as usize, 0);
        }
        bytes[at as usize..end as usize].copy_from_slice(new);
        Ok(())
    }

    fn about(&self, node: u64) -> FileResult<FileInfo> {
        let n = self.nodes.get(&node).ok_or("enoent")?;
        let (size, kind, bits) = match &n.content {
            Content::File(b) => (b.len(), FileKind::Regular, 0o100_000),
            Content::Directory(_) => (4096, FileKind::Directory, 0o040_000),
            Content::Link(to) => (to.len(), FileKind::Symlink, 0o120_000),
        };
        Ok(FileInfo {
            size: size as u64,
            kind,
            readable: n.mode & 0o400 != 0,
            writable: n.mode & 0o200 != 0,
            accessed: n.accessed,
            modified: n.modified,
            changed: n.modified,
            mode: n.mode | bits,
            links: 1,
            major_device: 0,
            minor_device: 0,
            inode: node,
            uid: 0,
            gid: 0,
        })
    }
}

fn cut(bytes: &[u8], at: u64, max: usize) -> Vec<u8> {
    let from = usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
    bytes[from..bytes.len().min(from.saturating_add(max))].to_vec()
}

const WRITABLE: u32 = 0o200;

impl Files for MemoryFiles {
    fn open(&mut self, path: &[u8], m: OpenModes) -> FileResult<u64> {
        let node = match self.find(path, true) {
            Ok(_) if m.exclusive => return Err("eexist"),
            Ok(node) => node,
            Err("enoent") if m.write => self.create(path, Content::File(Vec::new()), 0o644)?,
            Err(e) => return Err(e),
        };
        let n = self.nodes.get(&node).ok_or("enoent")?;
        if matches!(n.content, Content::Directory(_)) != m.directory {
            return Err(if m.directory { "enotdir" } else { "eisdir" });
        }
        if m.write && n.mode & WRITABLE == 0 {
            return Err("eacces");
        }
        if m.write && !m.read && !m.append {
            let bytes = self.bytes(node)?;
            let len = std::mem::take(bytes).len() as u64;
            self.used = self.used.saturating_sub(len);
        }
        if let Some(n) = self.nodes.get_mut(&node) {
            n.kept += 1;
        }
        let file = self.next;
        self.next += 1;
        self.open.insert(file, Open { node, at: 0, modes: m });
        Ok(file)
    }

    fn close(&mut self, file: u64) -> FileResult<()> {
        let open = self.open.remove(&file).ok_or("einval")?;
        self.let_go(open.node);
        Ok(())
    }

    fn read(&mut self, file: u64, max: usize) -> FileResult<Vec<u8>> {
        let at = self.opened(file)?.at;
        let out = self.read_at(file, at, max)?;
        if let Some(o) = self.open.get_mut(&file) {
            o.at += out.len() as u64;
        }
        Ok(out)
    }

    fn write(&mut self, file: u64, bytes: &[u8]) -> FileResult<()> {
        let o = self.opened(file)?;
        let at = if o.modes.append { self.bytes(o.node)?.len() as u64 } else { o.at };
        self.write_at(file, at, bytes)?;
        if let Some(o) = self.open.get_mut(&file) {
            o.at = at + bytes.len() as u64;
        }
        Ok(())
    }

    fn read_at(&mut self, file: u64, at: u64, max: usize) -> FileResult<Vec<u8>> {
        let o = self.opened(file)?;
        if !o.modes.read {
            return Err("ebadf");
        }
        Ok(cut(self.bytes(o.node)?, at, max))
    }

    fn write_at(&mut self, file: u64, at: u64, bytes: &[u8]) -> FileResult<()> {
        let o = self.opened(file)?;
        if !o.modes.write {
            return Err("ebadf");
        }
        self.put(o.node, at, bytes)
    }

    fn seek(&mut self, file: u64, whence: Whence, by: i64) -> FileResult<u64> {
        let o = self.opened(file)?;
        let from = match whence {
            Whence::Start => 0,
            Whence::Current => o.at,
            Whence::End => self.bytes(o.node)?.len() as u64,
        };
        let to = from.checked_add_signed(by).filter(|to| *to < 1 << 62).ok_or("einval")?;
        if let Some(o) = self.open.get_mut(&file) {
            o.at = to;
        }
        Ok(to)
    }

    fn truncate(&mut self, file: u64) -> FileResult<()> {
        let o = self.opened(file)?;
        let have = self.bytes(o.node)?.len() as u64;
        if o.at > have {
            return self.put(o.node, o.at, &[]);
        }
        self.bytes(o.node)?.truncate(o.at as usize);
        self.used = self.used.saturating_sub(have - o.at);
        Ok(())
    }

    fn sync(&mut self, file: u64, _data_only: bool) -> FileResult<()> {
        self.opened(file).map(drop)
    }

    fn handle_info(&mut self, file: u64) -> FileResult<FileInfo> {
        let o = self.opened(file)?;
        self.about(o.node)
    }

    fn info(&mut self, path: &[u8], follow: bool) -> FileResult<FileInfo> {
        let node = self.find(path, follow)?;
        self.about(node)
    }

    fn set_mode(&mut self, path: &[u8], mode: u32) -> FileResult<()> {
        let node = self.find(path, true)?;
        self.nodes.get_mut(&node).ok_or("enoent")?.mode = mode & 0o7777;
        Ok(())
    }

    fn set_owner(&mut self, path: &[u8], uid: Option<u32>, gid: Option<u32>) -> FileResult<()> {
        self.find(path, true)?;
        let same = |id: Option<u32>| id.is_none_or(|id| id == 0);
        if same(uid) && same(gid) { Ok(()) } else { Err("eperm") }
    }

    fn set_times(&mut self, path: &[u8], accessed: i64, modified: i64) -> FileResult<()> {
        let node = self.find(path, true)?;
        let n = self.nodes.get_mut(&node).ok_or("enoent")?;
        (n.accessed, n.modified) = (accessed, modified);
        Ok(())
    }

    fn read_link(&mut self, path: &[u8]) -> FileResult<Vec<u8>> {
        let node = self.find(path, false)?;
        match &self.nodes.get(&node).ok_or("enoent")?.content {
            Content::Link(to) => Ok(to.clone()),
            _ => Err("einval"),
        }
    }

    fn list(&mut self, path: &[u8]) -> FileResult<Vec<Vec<u8>>> {
        let node = self.find(path, true)?;
        Ok(self.directory(node)?.keys().cloned().collect())
    }

    fn rename(&mut self, from: &[u8], to: &[u8]) -> FileResult<()> {
        let node = self.find(from, false)?;
        let (old_directory, old_name) = self.place(from, false)?;
        let (new_directory, new_name) = self.place(to, false)?;
        if node == ROOT || old_name.is_empty() || new_name.is_empty() {
            return Err("einval");
        }
        // A directory can't go into itself.
        let (mut from_parts, to_parts) = (self.parts(from), self.parts(to));
        if self.directory(node).is_ok() && to_parts.len() > from_parts.len() {
            from_parts.push(to_parts[from_parts.len()].clone());
            if to_parts.starts_with(&from_parts) {
                return Err("einval");
            }
        }
        if let Some(target) = self.directory(new_directory)?.get(&new_name).copied() {
            if target == node {
                return Ok(());
            }
            match (self.directory(node).is_ok(), self.directory(target).map(BTreeMap::is_empty)) {
                (true, Ok(true)) | (false, Err(_)) => {}
                (true, Ok(false)) => return Err("eexist"),
                (true, Err(_)) => return Err("enotdir"),
                (false, Ok(_)) => return Err("eisdir"),
            }
            self.remove_entry(to)?;
        }
        self.entries(old_directory)?.remove(&old_name);
        self.entries(new_directory)?.insert(new_name, node);
        Ok(())
    }

    fn hard_link(&mut self, _existing: &[u8], _new: &[u8]) -> FileResult<()> {
        Err("enotsup")
    }

    fn soft_link(&mut self, existing: &[u8], new: &[u8]) -> FileResult<()> {
        self.create(new, Content::Link(existing.to_vec()), 0o777).map(drop)
    }

    fn make_dir(&mut self, path: &[u8]) -> FileResult<()> {
        self.create(path, Content::Directory(BTreeMap::new()), 0o755).map(drop)
    }

    fn remove_file(&mut self, path: &[u8]) -> FileResult<()> {
        let node = self.find(path, false)?;
        if self.directory(node).is_ok() {
            return Err("eperm");
        }
        self.remove_entry(path)
    }

    fn remove_dir(&mut self, path: &[u8]) -> FileResult<()> {
        let node = self.find(path, false)?;
        if !self.directory(node)?.is_empty() {
            return Err("eexist");
        }
        if node == ROOT { Err("ebusy") } else { self.remove_entry(path) }
    }

    fn cwd(&mut self) -> FileResult<Vec<u8>> {
        Ok(self.cwd.clone())
    }

    fn set_cwd(&mut self, path: &[u8]) -> FileResult<()> {
        let node = self.find(path, true)?;
        self.directory(node)?;
        let mut whole: Vec<Vec<u8>> = Vec::new();
        for part in self.parts(path) {
            if part == b".." { drop(whole.pop()) } else { whole.push(part) }
        }
        self.cwd = [&b"/"[..], &whole.join(&b'/')].concat();
        Ok(())
    }

    fn read_file(&mut self, path: &[u8], max: usize) -> FileResult<Vec<u8>> {
        let node = self.find(path, true)?;
        let bytes = self.bytes(node)?;
        if bytes.len() > max { Err("enomem") } else { Ok(bytes.clone()) }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const WRITE: OpenModes = OpenModes {
        write: true,
        read: false,
        append: false,
        exclusive: false,
        sync: false,
        directory: false,
        skip_type_check: false,
    };

    #[test]
    fn a_tree_is_made_read_and_taken_down() {
        let mut f = MemoryFiles::new(1 << 16);
        f.add("/a/b/c.txt", b"hello").unwrap();
        assert_eq!(f.read_file(b"/a/b/c.txt", 99).unwrap(), b"hello");
        assert_eq!(f.read_file(b"a/../a/./b/c.txt", 4), Err("enomem"));
        f.set_cwd(b"/a/b").unwrap();
        assert_eq!((f.cwd().unwrap(), f.list(b".").unwrap()), (b"/a/b".to_vec(), vec![b"c.txt".to_vec()]));
        f.soft_link(b"c.txt", b"link").unwrap();
        f.soft_link(b"loop", b"loop").unwrap();
        assert_eq!(f.read_file(b"link", 99).unwrap(), b"hello");
        assert_eq!(f.read_file(b"loop", 99), Err("eloop"));
        assert_eq!(f.info(b"link", false).unwrap().kind, FileKind::Symlink);
        f.rename(b"c.txt", b"/d.txt").unwrap();
        assert_eq!(f.read_file(b"link", 99), Err("enoent"));
        assert_eq!(f.rename(b"/a", b"/a/b/x"), Err("einval"));
        assert_eq!((f.remove_dir(b"/a/b"), f.remove_file(b"/a")), (Err("eexist"), Err("eperm")));
        f.remove_file(b"link").unwrap();
        f.remove_file(b"loop").unwrap();
        f.remove_dir(b"/a/b").unwrap();
        assert_eq!((f.list(b"/a").unwrap().len(), f.remove_dir(b"/")), (0, Err("eexist")));
    }

    #[test]
    fn positions_and_modes() {
        let mut f = MemoryFiles::new(1 << 16);
        let w = f.open(b"x", WRITE).unwrap();
        f.write(w, b"abcdef").unwrap();
        assert_eq!(f.seek(w, Whence::End, -2), Ok(4));
        f.write(w, b"XYZ").unwrap();
        f.write_at(w, 9, b"!").unwrap();
        assert_eq!((f.read(w, 1), f.seek(w, Whence::Start, -1)), (Err("ebadf"), Err("einval")));
        f.close(w).unwrap();
        assert_eq!((f.close(w), f.write(w, b"")), (Err("einval"), Err("einval")));
        assert_eq!(f.read_file(b"x", 99).unwrap(), b"abcdXYZ\0\0!");
        let r = f.open(b"x", OpenModes { read: true, ..OpenModes::default() }).unwrap();
        assert_eq!(
            (f.read(r, 4).unwrap(), f.read(r, 99).unwrap().len(), f.read(r, 9).unwrap().len()),
            (b"abcd".to_vec(), 6, 0)
        );
        assert_eq!(f.write(r, b"x"), Err("ebadf"));
        assert_eq!(f.open(b"x", OpenModes { exclusive: true, ..WRITE }), Err("eexist"));
        assert_eq!(
            (f.open(b"/", WRITE), f.open(b"x/y", WRITE), f.open(b"", WRITE)),
            (Err("eisdir"), Err("enotdir"), Err("enoent"))
        );
        f.set_mode(b"x", 0o400).unwrap();
        assert_eq!(f.open(b"x", WRITE), Err("eacces"));
    }

    #[test]
    fn the_limit_holds_and_what_is_deleted_comes_back() {
        let mut f = MemoryFiles::new(1000);
        let w = f.open(b"big", WRITE).unwrap();
        assert_eq!(f.write(w, &[0; 2000]), Err("enospc"));
        assert_eq!(f.write_at(w, 1 << 61, b"x"), Err("enospc"));
        f.write(w, &[1; 800]).unwrap();
        assert_eq!(f.write(w, &[1; 200]), Err("enospc"));
        f.close(w).unwrap();
        f.remove_file(b"big").unwrap();
        f.add("/other", &[2; 800]).unwrap();
        while f.make_dir(format!("d{}", f.next).as_bytes()).is_ok() {}
        assert!(f.nodes.len() < 20);
    }
}
