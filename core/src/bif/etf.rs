//! BIFs of the external term format.

use super::{Bif, BifResult, Ctx, Fault, bif};
use crate::atom::{Atom, AtomError, AtomTable, am};
use crate::code::{CodeTable, FunEntry, Target};
use crate::error::StopCause;
use crate::heap::etf::{self, Bad, Decoding, Encoding, FunInfo, Options, Progress, Refused, Tables};
use crate::heap::{Alloc, HeapAlloc, binary};
use crate::process::Mfa;
use crate::term::{FunKey, Names, Term};

pub const BIFS: &[Bif] = &[
    bif("erlang", "term_to_binary", 1, term_to_binary),
    bif("erlang", "term_to_binary", 2, term_to_binary),
    bif("erlang", "term_to_iovec", 1, term_to_iovec),
    bif("erlang", "term_to_iovec", 2, term_to_iovec),
    bif("erlang", "external_size", 1, external_size),
    bif("erlang", "external_size", 2, external_size),
    bif("erlang", "binary_to_term", 1, binary_to_term),
    bif("erlang", "binary_to_term", 2, binary_to_term),
];

/// A VM's tables, apart from its memory.
struct VmTables<'a> {
    atoms: &'a mut AtomTable,
    code: &'a mut CodeTable,
    salt: u32,
}

impl Names for VmTables<'_> {
    fn atom_name(&self, atom: Atom) -> &str {
        self.atoms.name(atom)
    }
    fn fun_key(&self, entry: u64) -> Option<FunKey> {
        crate::system::SystemNames { atoms: self.atoms, code: self.code }.fun_key(entry)
    }
    fn export_mfa(&self, export: u64) -> Option<(Atom, Atom, u8)> {
        let m = self.code.exports.get(export as usize)?.mfa;
        Some((m.module, m.function, m.arity))
    }
}

fn fun_info(code: &CodeTable, entry: u64) -> Option<FunInfo> {
    let e = code.funs.get(entry as usize)?;
    Some(FunInfo {
        module: e.module,
        index: e.index,
        old_index: e.old_index,
        old_uniq: e.old_uniq,
        uniq: e.uniq,
        arity: e.arity.saturating_sub(e.num_free as u8),
        num_free: e.num_free,
    })
}

/// A VM's tables for who only reads: nothing can be decoded with them.
struct ReadOnly<'a>(crate::system::SystemNames<'a>);

impl Names for ReadOnly<'_> {
    fn atom_name(&self, atom: Atom) -> &str {
        self.0.atom_name(atom)
    }
    fn fun_key(&self, entry: u64) -> Option<FunKey> {
        self.0.fun_key(entry)
    }
    fn export_mfa(&self, export: u64) -> Option<(Atom, Atom, u8)> {
        self.0.export_mfa(export)
    }
}

impl Tables for ReadOnly<'_> {
    fn fun(&self, entry: u64) -> Option<FunInfo> {
        fun_info(self.0.code, entry)
    }
    fn intern(&mut self, _: &str, _: bool) -> Result<Atom, Refused> {
        Err(Refused::Unsafe)
    }
    fn export(&mut self, _: Atom, _: Atom, _: u8, _: bool) -> Result<u64, Refused> {
        Err(Refused::Unsafe)
    }
    fn fun_entry(&mut self, _: FunInfo, _: bool) -> Result<u64, Refused> {
        Err(Refused::Unsafe)
    }
    fn salt(&self) -> u32 {
        0
    }
}

/// The external form of a term for who looks at a VM from outside; `None` when it takes more bytes than `limit`.
pub fn external_form(sys: &crate::system::System, term: Term, limit: u64) -> Option<Vec<u8>> {
    etf::encode(sys.mem(), &ReadOnly(sys.names()), term, Options { limit, ..Options::default() }).map(|e| e.bytes)
}

impl Tables for VmTables<'_> {
    fn fun(&self, entry: u64) -> Option<FunInfo> {
        fun_info(self.code, entry)
    }

    fn intern(&mut self, name: &str, safe: bool) -> Result<Atom, Refused> {
        if safe {
            return self.atoms.lookup(name).ok_or(Refused::Unsafe);
        }
        self.atoms.intern(name).map_err(|e| match e {
            AtomError::TooLong => Refused::Unsafe,
            AtomError::TableFull => Refused::TooManyAtoms,
        })
    }

    fn numbered(&self, number: u32) -> Option<Atom> {
        ((number as usize) < self.atoms.len()).then_some(Atom(number))
    }

    fn export(&mut self, module: Atom, function: Atom, arity: u8, safe: bool) -> Result<u64, Refused> {
        let mfa = Mfa { module, function, arity };
        if safe && self.code.target(mfa) == Target::Undefined {
            return Err(Refused::Unsafe);
        }
        Ok(self.code.export(mfa) as u64)
    }

    fn fun_entry(&mut self, fun: FunInfo, safe: bool) -> Result<u64, Refused> {
        let is_known = |e: &FunEntry| e.module == fun.module && e.uniq == fun.uniq && e.index == fun.index;
        if safe && !self.code.funs.iter().any(is_known) {
            return Err(Refused::Unsafe);
        }
        let entry = FunEntry {
            module: fun.module,
            index: fun.index,
            old_index: fun.old_index,
            old_uniq: fun.old_uniq,
            uniq: fun.uniq,
            arity: fun.arity.saturating_add(fun.num_free as u8),
            num_free: fun.num_free,
            code: None,
            function: am::EMPTY,
        };
        Ok(self.code.fun(entry) as u64)
    }

    fn salt(&self) -> u32 {
        self.salt
    }
}

/// The heap to build on and the tables, side by side.
fn split<'a>(ctx: &'a mut Ctx<'_>) -> (HeapAlloc<'a>, VmTables<'a>) {
    let sys = &mut *ctx.sys;
    let salt = (sys.config.seed >> 32) as u32 ^ sys.config.seed as u32;
    (
        HeapAlloc { heap: &mut ctx.proc.heap, arena: &mut sys.arena },
        VmTables { atoms: &mut sys.atoms, code: &mut sys.code, salt },
    )
}

/// The options, and the level of compression (0: none), or `badarg`.
fn options(ctx: &mut Ctx<'_>, list: Option<&Term>) -> Result<(Options, u32), Fault> {
    let mut o = Options { limit: ctx.arena().limit(), ..Options::default() };
    let mut level = 0;
    let Some(list) = list else { return Ok((o, 0)) };
    let mem = ctx.mem();
    for t in ctx.list_to_vec(*list)? {
        if t.is(am::COMPRESSED) {
            level = 6;
        } else if t.is(am::DETERMINISTIC) {
            o.deterministic = true;
        } else if t.is(am::LOCAL) {
            o.local = true;
        } else {
            let pair = (mem.tuple_arity(t) == Some(2)).then(|| (mem.element(t, 1), mem.element(t, 2).as_small()));
            match pair {
                Some((key, Some(n @ 0..=2))) if key.is(am::MINOR_VERSION) => o.minor_version = n as u8,
                Some((key, Some(n @ 0..=9))) if key.is(am::COMPRESSED) => level = n as u32,
                _ => return Err(ctx.badarg()),
            }
        }
    }
    if o.deterministic && o.local { Err(ctx.badarg()) } else { Ok((o, level)) }
}

/// The encoding of the call's first argument, over slices.
fn encode(ctx: &mut Ctx<'_>, args: &[Term], o: Options) -> Result<etf::Encoded, Fault> {
    let (state, all) = ctx.resume::<Encoding>();
    let mut state = state.map_or_else(|| Encoding::new(args[0], o), |s| *s);
    let mut steps = all;
    let mem = ctx.mem();
    let (_, tables) = split(ctx);
    let progress = state.run(mem, &tables, &mut steps);
    ctx.worked(all - steps);
    match progress {
        Progress::Done(encoded) => Ok(encoded),
        Progress::More => Err(ctx.suspend(Box::new(state), args)),
        Progress::TooMuch => Err(Fault::Memory),
    }
}

fn term_to_binary(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let (o, level) = options(ctx, args.get(1))?;
    let encoded = encode(ctx, args, o)?;
    let packed = if level > 0 { etf::pack(&encoded.bytes, level) } else { None };
    ctx.charge(encoded.bytes.len() / if level > 0 { 200 } else { 10_000 });
    ctx.binary(packed.as_deref().unwrap_or(&encoded.bytes))
}

fn term_to_iovec(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let (mut o, level) = options(ctx, args.get(1))?;
    if level > 0 {
        // As OTP does: what is to be compressed comes as one binary.
        return term_to_binary(ctx, args);
    }
    o.iovec = true;
    let encoded = encode(ctx, args, o)?;
    let mut out = Vec::new();
    let mut from = 0;
    for (at, t, start, len) in encoded.left_out {
        out.push(ctx.binary(encoded.bytes.get(from..at).unwrap_or(&[]))?);
        out.push(binary::part(ctx, t, start, len)?);
        from = at;
    }
    let rest = encoded.bytes.get(from..).unwrap_or(&[]);
    if !rest.is_empty() {
        out.push(ctx.binary(rest)?);
    }
    ctx.list(&out)
}

fn external_size(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let (o, _) = options(ctx, args.get(1))?;
    let n = encode(ctx, args, o)?.bytes.len();
    ctx.uint(n as u64)
}

fn binary_to_term(ctx: &mut Ctx<'_>, args: &[Term]) -> BifResult {
    let (mut safe, mut used) = (false, false);
    if let Some(list) = args.get(1) {
        let mem = ctx.mem();
        let mut t = *list;
        while t.is_list() {
            match mem.head(t).as_atom() {
                Some(am::SAFE) => safe = true,
                Some(am::USED) => used = true,
                _ => return Err(ctx.badarg_cause(am::BADOPT)),
            }
            t = mem.tail(t);
        }
        if !t.is_nil() {
            return Err(ctx.badarg_cause(am::BADOPT));
        }
    }
    let mem = ctx.mem();
    let Some(bits) = mem.bits(args[0]).filter(|b| mem.is_bitstring(args[0]) && b.len % 8 == 0) else {
        return Err(ctx.badarg());
    };
    let (state, all) = ctx.resume::<(Decoding, Option<Vec<u8>>)>();
    let (mut state, copy) = match state {
        Some(s) => *s,
        None => (Decoding::new(safe), bits.aligned_bytes(mem).is_none().then(|| bits.to_vec(mem))),
    };
    let bytes = copy.as_deref().or_else(|| bits.aligned_bytes(mem)).unwrap_or(&[]);
    let mut steps = all;
    let empty_tuple = ctx.sys.empty_tuple;
    let decoded = {
        let (mut a, mut tables) = split(ctx);
        state.run(&mut a, &mut tables, empty_tuple, bytes, &mut steps)
    };
    ctx.worked(all - steps);
    let decoded = match decoded {
        Ok(None) => return Err(ctx.suspend(Box::new((state, copy)), args)),
        Ok(Some(d)) => Ok(d),
        Err(bad) => Err(bad),
    };
    match decoded {
        Ok(d) if used => ctx.tuple(&[d.term, Term::small(d.used as i64)]),
        Ok(d) => Ok(d.term),
        Err(Bad::Term) => Err(ctx.badarg()),
        Err(Bad::Memory) => Err(Fault::Memory),
        Err(Bad::TooManyAtoms) => {
            let limit = ctx.sys.atoms.limit();
            Err(ctx.stop(StopCause::TooManyAtoms(limit)))
        }
    }
}

/// A term as bytes, for what is kept outside of every heap.
pub(super) fn packed(ctx: &mut Ctx<'_>, term: Term) -> Result<Vec<u8>, Fault> {
    let o = Options { local: false, limit: ctx.arena().limit(), ..Options::default() };
    let mem = ctx.mem();
    let (_, tables) = split(ctx);
    Ok(etf::encode(mem, &tables, term, o).ok_or(Fault::Memory)?.bytes)
}

/// The term that [`packed`] has kept.
pub(super) fn unpacked(ctx: &mut Ctx<'_>, bytes: &[u8]) -> BifResult {
    let empty_tuple = ctx.sys.empty_tuple;
    let decoded = {
        let (mut a, mut tables) = split(ctx);
        etf::decode(&mut a, &mut tables, empty_tuple, bytes, false)
    };
    match decoded {
        Ok(d) => Ok(d.term),
        Err(Bad::Memory) => Err(Fault::Memory),
        Err(_) => Err(ctx.badarg()),
    }
}
