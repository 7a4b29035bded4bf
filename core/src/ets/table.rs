//! A table, and all tables of a VM.

use super::hash::Duplicates;
use super::{HashStore, Object, TreeStore};
use crate::arena::Arena;
use crate::atom::{Atom, am};
use crate::heap::refs::RefId;
use crate::process::mailbox::Message;
use crate::term::{Mem, Names, Term};
use rustc_hash::FxHashMap;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Set,
    OrderedSet,
    Bag,
    DuplicateBag,
}

impl Kind {
    pub fn atom(self) -> Atom {
        match self {
            Kind::Set => am::SET,
            Kind::OrderedSet => am::ORDERED_SET,
            Kind::Bag => am::BAG,
            Kind::DuplicateBag => am::DUPLICATE_BAG,
        }
    }
}

/// Words that OTP takes for each process that has fixed a table.
const FIXATION_WORDS: u64 = 9;

/// Who but the owner may read and write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Protection {
    Private,
    Protected,
    Public,
}

impl Protection {
    pub fn atom(self) -> Atom {
        match self {
            Protection::Private => am::PRIVATE,
            Protection::Protected => am::PROTECTED,
            Protection::Public => am::PUBLIC,
        }
    }
}

/// Who gets the table when its owner ends, and the data that the message carries.
#[derive(Debug)]
pub struct Heir {
    pub pid: Term,
    pub data: Message,
}

/// The objects.
#[derive(Debug)]
pub enum Store {
    Hash(HashStore),
    Tree(TreeStore),
}

impl Store {
    fn new(kind: Kind, keypos: u32) -> Store {
        match kind {
            Kind::OrderedSet => Store::Tree(TreeStore::new(keypos)),
            _ => Store::Hash(HashStore::new(keypos)),
        }
    }
}

/// Objects that are deleted and whose memory is not given back yet.
#[derive(Debug)]
pub enum Grave {
    Store(Store),
    Loose(Vec<Object>),
}

impl Grave {
    fn pop(&mut self) -> Option<Object> {
        match self {
            Grave::Store(Store::Hash(h)) => h.pop(),
            Grave::Store(Store::Tree(t)) => t.pop(),
            Grave::Loose(all) => all.pop(),
        }
    }

    fn objects(&self, f: &mut dyn FnMut(&Object)) {
        match self {
            Grave::Store(Store::Hash(h)) => h.objects().for_each(f),
            Grave::Store(Store::Tree(t)) => t.objects().for_each(f),
            Grave::Loose(all) => all.iter().for_each(f),
        }
    }
}

#[derive(Debug)]
pub struct Table {
    pub id: RefId,
    pub name: Atom,
    pub named: bool,
    pub kind: Kind,
    pub protection: Protection,
    pub owner: Term,
    pub heir: Option<Heir>,
    /// From 1.
    pub keypos: u32,
    pub read_concurrency: bool,
    /// `true`, `false` or `auto`.
    pub write_concurrency: Term,
    pub decentralized_counters: bool,
    pub compressed: bool,
    pub store: Store,
    /// Who has fixed it, and how often.
    pub fixed: BTreeMap<u64, u32>,
    /// Nanoseconds of the monotonic clock when it was first fixed, and its system time.
    pub fixed_at: (u64, i64),
    /// Objects of a long list that are on their way in, the first at the end, and the word of the pid of the process that puts them in.
    pub pending: Vec<Object>,
    pub pending_by: u64,
}

impl Table {
    pub fn new(id: RefId, name: Atom, kind: Kind, keypos: u32, owner: Term) -> Table {
        Table {
            id,
            name,
            named: false,
            kind,
            protection: Protection::Protected,
            owner,
            heir: None,
            keypos,
            read_concurrency: false,
            write_concurrency: Term::bool(false),
            decentralized_counters: false,
            compressed: false,
            store: Store::new(kind, keypos),
            fixed: BTreeMap::new(),
            fixed_at: (0, 0),
            pending: Vec::new(),
            pending_by: 0,
        }
    }

    pub fn is_fixed(&self) -> bool {
        !self.fixed.is_empty()
    }
    pub fn len(&self) -> usize {
        match &self.store {
            Store::Hash(h) => h.len(),
            Store::Tree(t) => t.len(),
        }
    }
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Words as `ets:info(_, memory)` counts them, from what OTP 27 shows for empty tables.
    pub fn words(&self) -> u64 {
        match &self.store {
            Store::Hash(h) => 305 + h.words() + h.deletion_words() + FIXATION_WORDS * self.fixed.len() as u64,
            Store::Tree(t) => 139 + t.words() + FIXATION_WORDS * self.fixed.len() as u64,
        }
    }

    /// The objects with the key, oldest first.
    pub fn lookup(&self, mem: Mem, names: &dyn Names, key: Term) -> Vec<Term> {
        match &self.store {
            Store::Hash(h) => h.lookup(mem, names, key),
            Store::Tree(t) => t.get(mem, names, key).into_iter().collect(),
        }
    }

    /// An object with the key.
    pub fn get(&self, mem: Mem, names: &dyn Names, key: Term) -> Option<Term> {
        match &self.store {
            Store::Hash(h) => h.get(mem, names, key),
            Store::Tree(t) => t.get(mem, names, key),
        }
    }

    pub fn insert(&mut self, arena: &mut Arena, names: &dyn Names, object: Object) {
        let fixed = self.is_fixed();
        let dup = match self.kind {
            Kind::Bag => Duplicates::Different,
            Kind::DuplicateBag => Duplicates::Any,
            _ => Duplicates::No,
        };
        match &mut self.store {
            Store::Hash(h) => h.insert(arena, names, object, dup, fixed),
            Store::Tree(t) => t.insert(arena, names, object),
        }
    }

    /// Deletes what has the key and fulfils `f`; returns how many objects went.
    pub fn delete_where(
        &mut self,
        arena: &mut Arena,
        names: &dyn Names,
        key: Term,
        f: impl FnMut(Term) -> bool,
    ) -> usize {
        let fixed = self.is_fixed();
        match &mut self.store {
            Store::Hash(h) => h.delete_where(arena, names, key, fixed, f),
            Store::Tree(t) => t.delete_where(arena, names, key, f),
        }
    }

    /// Deletes all objects; what comes out is for the graves.
    pub fn clear(&mut self) -> Option<Store> {
        let fixed = self.is_fixed();
        match &mut self.store {
            Store::Hash(h) if fixed => {
                h.mark_all();
                None
            }
            _ => Some(std::mem::replace(&mut self.store, Store::new(self.kind, self.keypos))),
        }
    }

    /// Puts in up to `most` of the objects that are on their way; how many.
    pub fn settle(&mut self, arena: &mut Arena, names: &dyn Names, most: usize) -> usize {
        let mut n = 0;
        while n < most
            && let Some(o) = self.pending.pop()
        {
            self.insert(arena, names, o);
            n += 1;
        }
        n
    }

    /// Shows the off-heap objects of all objects.
    pub fn visit_off_heap(&self, f: &mut dyn FnMut(crate::heap::OffHeap)) {
        match &self.store {
            Store::Hash(h) => h.objects().for_each(|o| f(o.off_heap())),
            Store::Tree(t) => t.objects().for_each(|o| f(o.off_heap())),
        }
        self.pending.iter().for_each(|o| f(o.off_heap()));
    }

    /// Takes back one fixation of `pid` (`all`: every one).
    pub fn unfix(&mut self, arena: &mut Arena, pid: u64, all: bool) {
        let Some(n) = self.fixed.get_mut(&pid) else { return };
        *n -= 1;
        if *n == 0 || all {
            self.fixed.remove(&pid);
        }
        if self.fixed.is_empty()
            && let Store::Hash(h) = &mut self.store
        {
            h.unfix(arena);
        }
    }
}

/// All tables of a VM.
#[derive(Default, Debug)]
pub struct Tables {
    tables: BTreeMap<RefId, Table>,
    names: FxHashMap<Atom, RefId>,
    /// Tables by the word of their owner's pid.
    owned: FxHashMap<u64, BTreeSet<RefId>>,
    /// Tables that a process has fixed, by the word of its pid.
    pub fixed_by: FxHashMap<u64, BTreeSet<RefId>>,
    /// Objects of long lists that a process, by the word of its pid, is about to put in.
    pub staged: FxHashMap<u64, Vec<Object>>,
    /// Processes, by the word of their pid, whose list was on its way in when the table was deleted.
    pub cut: BTreeSet<u64>,
    /// What is deleted: freeing it takes a while, and is done bit by bit.
    pub graves: Vec<Grave>,
}

impl Tables {
    pub fn len(&self) -> usize {
        self.tables.len()
    }
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty()
    }

    pub fn add(&mut self, table: Table) {
        if table.named {
            self.names.insert(table.name, table.id);
        }
        self.owned.entry(table.owner.raw()).or_default().insert(table.id);
        self.tables.insert(table.id, table);
    }

    pub fn get(&self, id: RefId) -> Option<&Table> {
        self.tables.get(&id)
    }
    pub fn get_mut(&mut self, id: RefId) -> Option<&mut Table> {
        self.tables.get_mut(&id)
    }
    pub fn by_name(&self, name: Atom) -> Option<RefId> {
        self.names.get(&name).copied()
    }
    pub fn all(&self) -> impl Iterator<Item = &Table> {
        self.tables.values()
    }

    /// The tables of one owner.
    pub fn owned_by(&self, pid: Term) -> Vec<RefId> {
        self.owned.get(&pid.raw()).map(|s| s.iter().copied().collect()).unwrap_or_default()
    }

    pub fn rename(&mut self, id: RefId, name: Atom) {
        if let Some(t) = self.tables.get_mut(&id) {
            if t.named {
                self.names.remove(&t.name);
                self.names.insert(name, id);
            }
            t.name = name;
        }
    }

    pub fn set_owner(&mut self, id: RefId, pid: Term) {
        let Some(t) = self.tables.get_mut(&id) else { return };
        let old = std::mem::replace(&mut t.owner, pid);
        if let Some(s) = self.owned.get_mut(&old.raw()) {
            s.remove(&id);
            if s.is_empty() {
                self.owned.remove(&old.raw());
            }
        }
        self.owned.entry(pid.raw()).or_default().insert(id);
    }

    /// Gives the memory of up to `most` deleted objects back; how many.
    pub fn bury(&mut self, arena: &mut Arena, most: usize) -> usize {
        let mut n = 0;
        while n < most
            && let Some(grave) = self.graves.last_mut()
        {
            match grave.pop() {
                Some(o) => {
                    o.free(arena);
                    n += 1;
                }
                None => drop(self.graves.pop()),
            }
        }
        n
    }

    /// Shows the off-heap objects of what is in no table: staged, or deleted.
    pub fn visit_loose(&self, f: &mut dyn FnMut(crate::heap::OffHeap)) {
        self.staged.values().flatten().for_each(|o| f(o.off_heap()));
        self.graves.iter().for_each(|g| g.objects(&mut |o| f(o.off_heap())));
    }

    /// Takes a table out, its objects go to the graves; the heir's data is the caller's to drop.
    pub fn delete(&mut self, id: RefId) -> Option<Heir> {
        let t = self.tables.remove(&id)?;
        if t.named {
            self.names.remove(&t.name);
        }
        if let Some(s) = self.owned.get_mut(&t.owner.raw()) {
            s.remove(&id);
            if s.is_empty() {
                self.owned.remove(&t.owner.raw());
            }
        }
        for pid in t.fixed.keys() {
            if let Some(s) = self.fixed_by.get_mut(pid) {
                s.remove(&id);
            }
        }
        if !t.pending.is_empty() {
            self.cut.insert(t.pending_by);
            self.graves.push(Grave::Loose(t.pending));
        }
        self.graves.push(Grave::Store(t.store));
        t.heir
    }

    /// Bytes of the host that the tables take, besides their objects.
    pub fn host_bytes(&self) -> u64 {
        let one = |t: &Table| match &t.store {
            Store::Hash(h) => h.host_bytes(),
            Store::Tree(s) => s.host_bytes(),
        };
        self.tables.values().map(|t| size_of::<Table>() as u64 + one(t)).sum()
    }

    /// Words of all tables, for `erlang:memory(ets)`.
    pub fn words(&self) -> u64 {
        self.tables.values().map(Table::words).sum()
    }
}
