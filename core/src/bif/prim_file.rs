//! The native half of `prim_file`: files through the host's capability.
//!
//! Owns the shape of arguments and results; the host owns what they do. Each function is found under its own name by the
//! loader, as if OTP had loaded its library. Mirrors `prim_file_nif.c`.

use super::{Bif, BifResult, Ctx, Fault, bif};
use crate::atom::am;
use crate::heap::owner::{self, Holds};
use crate::heap::refs::RefId;
use crate::host::files::{FileInfo, FileKind, Files, OpenModes, Posix, Whence};
use crate::resources::OpenFile;
use crate::term::Term;

pub const BIFS: &[Bif] = &[
    bif("prim_file", "open_nif", 2, open),
    bif("prim_file", "close_nif", 1, close),
    bif("prim_file", "delayed_close_nif", 1, close),
    bif("prim_file", "read_nif", 2, read),
    bif("prim_file", "write_nif", 2, write),
    bif("prim_file", "pread_nif", 3, pread),
    bif("prim_file", "pwrite_nif", 3, pwrite),
    bif("prim_file", "seek_nif", 3, seek),
    bif("prim_file", "sync_nif", 2, sync),
    bif("prim_file", "truncate_nif", 1, truncate),
    bif("prim_file", "allocate_nif", 3, allocate),
    bif("prim_file", "advise_nif", 4, advise),
    bif("prim_file", "read_handle_info_nif", 1, read_handle_info),
    bif("prim_file", "ipread_s32bu_p32bu_nif", 3, ipread),
    bif("prim_file", "get_handle_nif", 1, |c, a| {
        let h = match handle(c, a[0])? {
            Ok(h) => h,
            Err(e) => return error(c, e),
        };
        c.binary(&(h as u32).to_le_bytes())
    }),
    bif("prim_file", "file_desc_to_ref_nif", 1, |c, a| match a[0].as_small() {
        Some(_) => error(c, "enotsup"),
        None => Err(c.badarg()),
    }),
    bif("prim_file", "read_info_nif", 2, read_info),
    bif("prim_file", "set_permissions_nif", 2, set_permissions),
    bif("prim_file", "set_owner_nif", 3, set_owner),
    bif("prim_file", "set_time_nif", 4, set_time),
    bif("prim_file", "read_link_nif", 1, |c, a| path_to_path(c, a[0], |f, p| f.read_link(p))),
    bif("prim_file", "list_dir_nif", 1, list_dir),
    bif("prim_file", "rename_nif", 2, |c, a| two_paths(c, a, |f, p, q| f.rename(p, q))),
    bif("prim_file", "make_hard_link_nif", 2, |c, a| two_paths(c, a, |f, p, q| f.hard_link(p, q))),
    bif("prim_file", "make_soft_link_nif", 2, |c, a| two_paths(c, a, |f, p, q| f.soft_link(p, q))),
    bif("prim_file", "make_dir_nif", 1, |c, a| one_path(c, a[0], |f, p| f.make_dir(p))),
    bif("prim_file", "del_file_nif", 1, |c, a| one_path(c, a[0], |f, p| f.remove_file(p))),
    bif("prim_file", "del_dir_nif", 1, |c, a| one_path(c, a[0], |f, p| f.remove_dir(p))),
    bif("prim_file", "set_cwd_nif", 1, |c, a| one_path(c, a[0], |f, p| f.set_cwd(p))),
    bif("prim_file", "get_cwd_nif", 0, |c, _| {
        let cwd = files(c).and_then(|f| f.cwd());
        path_result(c, cwd)
    }),
    bif("prim_file", "get_device_cwd_nif", 1, |c, a| match a[0].as_small() {
        Some(_) => error(c, "enotsup"),
        None => Err(c.badarg()),
    }),
    bif("prim_file", "altname_nif", 1, |c, a| match path(c, a[0])? {
        Ok(_) => error(c, "enotsup"),
        Err(e) => error(c, e),
    }),
    bif("prim_file", "read_file_nif", 1, read_file),
];

/// Largest piece that a read may ask for at once: what is larger fails with `enomem`, as where memory is short.
const MOST: usize = 256 << 20;

fn files<'a>(ctx: &'a mut Ctx<'_>) -> Result<&'a mut dyn Files, Posix> {
    ctx.sys.host.files().ok_or("eacces")
}

pub(super) fn error(ctx: &mut Ctx<'_>, name: Posix) -> BifResult {
    let name = ctx.atom(name)?;
    ctx.tuple(&[Term::atom(am::ERROR), name])
}

fn done(ctx: &mut Ctx<'_>, result: Result<(), Posix>) -> BifResult {
    match result {
        Ok(()) => Ok(Term::atom(am::OK)),
        Err(e) => error(ctx, e),
    }
}

fn ok(ctx: &mut Ctx<'_>, value: Term) -> BifResult {
    ctx.tuple(&[Term::atom(am::OK), value])
}

fn path_result(ctx: &mut Ctx<'_>, result: Result<Vec<u8>, Posix>) -> BifResult {
    match result {
        Ok(bytes) => {
            let b = ctx.binary(&bytes)?;
            ok(ctx, b)
        }
        Err(e) => error(ctx, e),
    }
}

/// The bytes of a path, which ends in a zero byte and has no other; what isn't a binary is `badarg`, what is wrong inside
/// is `einval`.
fn path(ctx: &mut Ctx<'_>, t: Term) -> Result<Result<Vec<u8>, Posix>, Fault> {
    let mem = ctx.sys.mem();
    let Some(bits) = mem.bits(t).filter(|b| b.len % 8 == 0) else { return Err(ctx.badarg()) };
    let bytes = bits.to_vec(mem);
    Ok(match bytes.split_last() {
        Some((0, path)) if !path.contains(&0) => Ok(path.to_vec()),
        _ => Err("einval"),
    })
}

fn one_path(ctx: &mut Ctx<'_>, t: Term, f: impl FnOnce(&mut dyn Files, &[u8]) -> Result<(), Posix>) -> BifResult {
    let result = path(ctx, t)?.and_then(|p| f(files(ctx)?, &p));
    done(ctx, result)
}

fn two_paths(
    ctx: &mut Ctx<'_>,
    a: &[Term],
    f: impl FnOnce(&mut dyn Files, &[u8], &[u8]) -> Result<(), Posix>,
) -> BifResult {
    let (p, q) = (path(ctx, a[0])?, path(ctx, a[1])?);
    let result = p.and_then(|p| f(files(ctx)?, &p, &q?));
    done(ctx, result)
}

fn path_to_path(
    ctx: &mut Ctx<'_>,
    t: Term,
    f: impl FnOnce(&mut dyn Files, &[u8]) -> Result<Vec<u8>, Posix>,
) -> BifResult {
    let result = path(ctx, t)?.and_then(|p| f(files(ctx)?, &p));
    path_result(ctx, result)
}

fn file_of(ctx: &mut Ctx<'_>, t: Term) -> Result<(RefId, OpenFile), Fault> {
    let id = ctx.sys.mem().ref_id(t);
    match id.and_then(|id| Some((id, *ctx.sys.resources.files.get(&id)?))) {
        Some(found) => Ok(found),
        None => Err(ctx.badarg()),
    }
}

/// The host's handle of an open file; a closed one is `einval`.
fn handle(ctx: &mut Ctx<'_>, t: Term) -> Result<Result<u64, Posix>, Fault> {
    Ok(file_of(ctx, t)?.1.handle.ok_or("einval"))
}

/// An offset or size: `badarg` when it is no number, `einval` when it isn't one of 63 bits.
fn offset(ctx: &mut Ctx<'_>, t: Term) -> Result<Result<u64, Posix>, Fault> {
    match t.as_small() {
        Some(n) => Ok(u64::try_from(n).map_err(|_| "einval")),
        None if ctx.sys.mem().is_big(t) => Ok(Err("einval")),
        None => Err(ctx.badarg()),
    }
}

fn size(ctx: &mut Ctx<'_>, t: Term) -> Result<Result<usize, Posix>, Fault> {
    Ok(offset(ctx, t)?.and_then(|n| usize::try_from(n).map_err(|_| "enomem")))
}

fn open(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let mem = ctx.sys.mem();
    if !a[1].is_list() && !a[1].is_nil() {
        return Err(ctx.badarg());
    }
    let mut m = OpenModes::default();
    let mut t = a[1];
    while t.is_list() {
        let name = mem.head(t).as_atom().map_or("", |name| ctx.sys.atoms.name(name));
        match name {
            "read" => m.read = true,
            "write" => m.write = true,
            "append" => m.append = true,
            "exclusive" => m.exclusive = true,
            "sync" => m.sync = true,
            "directory" => m.directory = true,
            "skip_type_check" => m.skip_type_check = true,
            _ => {}
        }
        t = mem.tail(t);
    }
    if m.append || m.exclusive {
        m.write = true;
    } else if !m.write {
        m.read = true;
    }
    let opened = path(ctx, a[0])?.and_then(|p| files(ctx)?.open(&p, m));
    match opened {
        Ok(handle) => {
            let id = ctx.sys.fresh_ref();
            let file = OpenFile { owner: ctx.proc.pid, handle: Some(handle) };
            ctx.sys.resources.files.insert(id, file);
            let reference = owner::make(ctx, id, Holds::Host, 0)?;
            ok(ctx, reference)
        }
        Err(e) => error(ctx, e),
    }
}

fn close(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let (id, file) = file_of(ctx, a[0])?;
    let Some(handle) = file.handle else { return error(ctx, "einval") };
    // The entry stays until the owner ends: what comes after `close` is `einval`, not `badarg`.
    ctx.sys.resources.files.insert(id, OpenFile { handle: None, ..file });
    let result = files(ctx).and_then(|f| f.close(handle));
    done(ctx, result)
}

fn data(ctx: &mut Ctx<'_>, result: Result<Vec<u8>, Posix>, asked: usize) -> BifResult {
    match result {
        Ok(bytes) if bytes.is_empty() && asked > 0 => Ok(Term::atom(am::EOF)),
        Ok(bytes) => {
            ctx.charge(bytes.len() / 256);
            let b = ctx.binary(&bytes)?;
            ok(ctx, b)
        }
        Err(e) => error(ctx, e),
    }
}

fn read(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let (h, n) = (handle(ctx, a[0])?, size(ctx, a[1])?);
    let asked = *n.as_ref().unwrap_or(&1);
    let result = h.and_then(|h| {
        let n = n?;
        files(ctx)?.read(h, n.min(MOST))
    });
    // OTP gives `eof` for nothing read, also when nothing was asked for.
    data(ctx, result, asked.max(1))
}

/// The first 64 binaries of a list and what is left of it.
fn vector(ctx: &mut Ctx<'_>, t: Term) -> Result<(Vec<u8>, Term), Fault> {
    let mem = ctx.sys.mem();
    let mut out = Vec::new();
    let mut t = t;
    let mut n = 0;
    while t.is_list() && n < 64 {
        let Some(bits) = mem.bits(mem.head(t)).filter(|b| b.len % 8 == 0) else { return Err(ctx.badarg()) };
        match bits.aligned_bytes(mem) {
            Some(b) => out.extend_from_slice(b),
            None => out.extend_from_slice(&bits.to_vec(mem)),
        }
        t = mem.tail(t);
        n += 1;
    }
    if t.is_list() || t.is_nil() { Ok((out, t)) } else { Err(ctx.badarg()) }
}

fn write(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let h = handle(ctx, a[0])?;
    let (bytes, rest) = vector(ctx, a[1])?;
    ctx.charge(bytes.len() / 256);
    match h.and_then(|h| files(ctx)?.write(h, &bytes)) {
        Ok(()) if rest.is_nil() => Ok(Term::atom(am::OK)),
        Ok(()) => {
            let tag = ctx.atom("continue")?;
            ctx.tuple(&[tag, rest])
        }
        Err(e) => error(ctx, e),
    }
}

fn pread(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let (h, at, n) = (handle(ctx, a[0])?, offset(ctx, a[1])?, size(ctx, a[2])?);
    let result = h.and_then(|h| {
        let (at, n) = (at?, n?);
        files(ctx)?.read_at(h, at, n.min(MOST))
    });
    data(ctx, result, 1)
}

fn pwrite(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let (h, at) = (handle(ctx, a[0])?, offset(ctx, a[1])?);
    let (bytes, rest) = vector(ctx, a[2])?;
    ctx.charge(bytes.len() / 256);
    match h.and_then(|h| files(ctx)?.write_at(h, at?, &bytes)) {
        Ok(()) if rest.is_nil() => Ok(Term::atom(am::OK)),
        Ok(()) => {
            let tag = ctx.atom("continue")?;
            ctx.tuple(&[tag, Term::small(bytes.len() as i64), rest])
        }
        Err(e) => error(ctx, e),
    }
}

fn seek(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let h = handle(ctx, a[0])?;
    let whence = match a[1].as_atom().map(|m| ctx.sys.atoms.name_arc(m)) {
        Some(m) if &*m == "bof" => Whence::Start,
        Some(m) if &*m == "cur" => Whence::Current,
        Some(m) if &*m == "eof" => Whence::End,
        _ => return Err(ctx.badarg()),
    };
    let Some(by) = a[2].as_small() else { return Err(ctx.badarg()) };
    match h.and_then(|h| files(ctx)?.seek(h, whence, by)) {
        Ok(at) => {
            let at = ctx.uint(at)?;
            ok(ctx, at)
        }
        Err(e) => error(ctx, e),
    }
}

fn sync(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let h = handle(ctx, a[0])?;
    let Some(data_only) = a[1].as_small() else { return Err(ctx.badarg()) };
    let result = h.and_then(|h| files(ctx)?.sync(h, data_only != 0));
    done(ctx, result)
}

fn truncate(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let result = handle(ctx, a[0])?.and_then(|h| files(ctx)?.truncate(h));
    done(ctx, result)
}

fn allocate(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let (h, at, n) = (handle(ctx, a[0])?, offset(ctx, a[1])?, offset(ctx, a[2])?);
    let result = h.and_then(|h| {
        let (at, n) = (at?, n?);
        files(ctx)?.allocate(h, at, n)
    });
    done(ctx, result)
}

/// Advice is taken and has no effect.
fn advise(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let (h, at, n) = (handle(ctx, a[0])?, offset(ctx, a[1])?, offset(ctx, a[2])?);
    let known = a[3].as_atom().is_some_and(|m| {
        matches!(ctx.sys.atoms.name(m), "normal" | "random" | "sequential" | "will_need" | "dont_need" | "no_reuse")
    });
    let result = h.and(at).and(n).and(if known { Ok(()) } else { Err("einval") });
    done(ctx, result)
}

/// Reads a block by the size and place that stand at an offset.
fn ipread(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let (h, at, most) = (handle(ctx, a[0])?, offset(ctx, a[1])?, offset(ctx, a[2])?);
    let result = h.and_then(|h| {
        let (at, most) = (at?, most?);
        if most >= 1 << 31 {
            return Err("einval");
        }
        let pointer = files(ctx)?.read_at(h, at, 8)?;
        let word = |at: usize| {
            pointer.get(at..at + 4).and_then(|b| b.try_into().ok()).map(|b: [u8; 4]| u32::from_be_bytes(b) as u64)
        };
        let (Some(size), Some(place)) = (word(0), word(4)) else { return Ok(None) };
        if size > most {
            return Ok(None);
        }
        Ok(Some((size, place, files(ctx)?.read_at(h, place, (size as usize).min(MOST))?)))
    });
    match result {
        Ok(None) => Ok(Term::atom(am::EOF)),
        Ok(Some((size, place, bytes))) => {
            let bytes = if bytes.is_empty() { Term::atom(am::EOF) } else { ctx.binary(&bytes)? };
            let block = ctx.tuple(&[Term::small(size as i64), Term::small(place as i64), bytes])?;
            ok(ctx, block)
        }
        Err(e) => error(ctx, e),
    }
}

fn info_result(ctx: &mut Ctx<'_>, result: Result<FileInfo, Posix>) -> BifResult {
    let i = match result {
        Ok(i) => i,
        Err(e) => return error(ctx, e),
    };
    let kind = match i.kind {
        FileKind::Device => "device",
        FileKind::Directory => "directory",
        FileKind::Regular => "regular",
        FileKind::Symlink => "symlink",
        FileKind::Other => "other",
    };
    let access = match (i.readable, i.writable) {
        (true, false) => "read",
        (false, true) => "write",
        (true, true) => "read_write",
        (false, false) => "none",
    };
    let mut out = vec![ctx.atom("file_info")?, ctx.uint(i.size)?, ctx.atom(kind)?, ctx.atom(access)?];
    for seconds in [i.accessed, i.modified, i.changed] {
        out.push(ctx.int(seconds)?);
    }
    // OTP hands the inode's low 32 bits on.
    for n in [i.mode, i.links, i.major_device, i.minor_device, i.inode as u32, i.uid, i.gid] {
        out.push(Term::small(n as i64));
    }
    ctx.tuple(&out)
}

fn read_info(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let Some(follow) = a[1].as_small() else { return Err(ctx.badarg()) };
    let result = path(ctx, a[0])?.and_then(|p| files(ctx)?.info(&p, follow != 0));
    info_result(ctx, result)
}

fn read_handle_info(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let result = handle(ctx, a[0])?.and_then(|h| files(ctx)?.handle_info(h));
    info_result(ctx, result)
}

fn set_permissions(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let Some(mode) = a[1].as_small().and_then(|m| u32::try_from(m).ok()) else { return Err(ctx.badarg()) };
    one_path(ctx, a[0], |f, p| f.set_mode(p, mode))
}

fn set_owner(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let id = |t: Term| t.as_small().and_then(|n| i32::try_from(n).ok());
    let (Some(uid), Some(gid)) = (id(a[1]), id(a[2])) else { return Err(ctx.badarg()) };
    one_path(ctx, a[0], |f, p| f.set_owner(p, u32::try_from(uid).ok(), u32::try_from(gid).ok()))
}

fn set_time(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    let (Some(accessed), Some(modified), Some(_)) = (a[1].as_small(), a[2].as_small(), a[3].as_small()) else {
        return Err(ctx.badarg());
    };
    one_path(ctx, a[0], |f, p| f.set_times(p, accessed, modified))
}

fn list_dir(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    match path(ctx, a[0])?.and_then(|p| files(ctx)?.list(&p)) {
        Ok(names) => {
            ctx.charge(names.len());
            let mut out = Vec::with_capacity(names.len());
            // OTP conses as it reads, so the last comes first.
            for n in names.iter().rev() {
                out.push(ctx.binary(n)?);
            }
            let list = ctx.list(&out)?;
            ok(ctx, list)
        }
        Err(e) => error(ctx, e),
    }
}

fn read_file(ctx: &mut Ctx<'_>, a: &[Term]) -> BifResult {
    match path(ctx, a[0])?.and_then(|p| files(ctx)?.read_file(&p, MOST)) {
        Ok(bytes) => {
            ctx.charge(bytes.len() / 256);
            let b = ctx.binary(&bytes)?;
            ok(ctx, b)
        }
        Err(e) => error(ctx, e),
    }
}
