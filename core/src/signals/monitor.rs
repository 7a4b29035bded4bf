//! Monitors, aliases and suspension.

use super::Signals;
use crate::arena::OutOfMemory;
use crate::atom::am;
use crate::heap::refs::{self, RefId};
use crate::heap::{build, copy};
use crate::process::State;
use crate::process::relations::{AliasMode, Monitor};
use crate::term::Term;

/// What a monitor is set on.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The process, or `[]` when a name has none.
    pub pid: Term,
    /// The name that it was given by, an atom, or [`Term::NONE`].
    pub name: Term,
    /// It is a port, or the name of one.
    pub port: bool,
}

/// Options of `monitor/3`.
#[derive(Clone, Copy, Debug)]
pub struct MonitorOpts {
    pub alias: Option<AliasMode>,
    /// First element of the message; lies on the monitoring process's heap.
    pub tag: Term,
}

impl Default for MonitorOpts {
    fn default() -> MonitorOpts {
        MonitorOpts { alias: None, tag: Term::atom(am::DOWN) }
    }
}

impl Signals<'_> {
    /// Sets a monitor of `origin` under the reference `id`. When there is no such process the `'DOWN'` message comes at
    /// once, with reason `noproc`.
    pub fn monitor(&mut self, origin: Term, id: RefId, target: Target, opts: MonitorOpts) -> Result<(), OutOfMemory> {
        let with_alias = opts.alias.is_some();
        if let Some((p, _)) = self.find(origin) {
            if let Some(mode) = opts.alias {
                p.relations.aliases.insert(id, mode);
            }
            if target.pid == origin {
                // A process that monitors itself gets a reference and nothing else ever.
                return Ok(());
            }
            let m = Monitor { pid: target.pid, name: target.name, tag: opts.tag, alias: with_alias, port: target.port };
            p.relations.add_monitor(id, m);
        }
        if target.port && self.sys.resources.ports.contains_key(&target.pid.id_number()) && target.pid.is_local_port() {
            self.sys.resources.port_monitors.insert((target.pid.raw(), id), origin);
            return Ok(());
        }
        match self.find_alive(target.pid) {
            Some((p, _)) => {
                let m = Monitor { pid: origin, name: target.name, tag: Term::NIL, alias: with_alias, port: false };
                p.relations.monitored_by.insert(id, m);
                Ok(())
            }
            None => self.down(origin, id, target.pid, Term::atom(am::NOPROC)),
        }
    }

    /// The monitor `id` of `origin` has fired: removes it and sends its message.
    pub fn down(&mut self, origin: Term, id: RefId, pid: Term, reason: Term) -> Result<(), OutOfMemory> {
        let Some((p, arena)) = self.find_alive(origin) else { return Ok(()) };
        let Some(m) = p.relations.remove_monitor(id) else { return Ok(()) };
        if p.relations.aliases.get(&id).is_some_and(|a| *a != AliasMode::ExplicitUnalias) {
            p.relations.aliases.remove(&id);
        }
        let words = 6 + 4 + 3 + arena.flat_size(m.tag) + arena.flat_size(reason);
        self.send_built(origin, words, |a, lit| {
            let tag = copy::copy(a, lit, m.tag)?;
            let reason = copy::copy(a, lit, reason)?;
            let reference = if m.alias { refs::make_alias(a, id, origin)? } else { refs::make(a, id)? };
            let object = if m.name.is_none() { pid } else { build::tuple(a, &[m.name, Term::atom(am::NONAME)])? };
            let kind = if m.port { am::PORT } else { am::PROCESS };
            build::tuple(a, &[tag, reference, Term::atom(kind), object, reason])
        })
    }

    /// Removes the monitor `id` of `origin`; `false` when there was none.
    pub fn demonitor(&mut self, origin: Term, id: RefId) -> bool {
        let Some((p, _)) = self.find(origin) else { return false };
        if p.relations.aliases.get(&id).is_some_and(|a| *a != AliasMode::ExplicitUnalias) {
            p.relations.aliases.remove(&id);
        }
        let Some(m) = p.relations.remove_monitor(id) else { return false };
        if m.port {
            self.sys.resources.port_monitors.remove(&(m.pid.raw(), id));
        } else if let Some((p, _)) = self.find(m.pid) {
            p.relations.monitored_by.remove(&id);
        }
        true
    }

    /// The process that a message to this alias reaches. An alias that ends with its first message ends here.
    pub(super) fn use_alias(&mut self, id: RefId, pid: Term) -> bool {
        let Some((p, _)) = self.find_alive(pid) else { return false };
        match p.relations.aliases.get(&id) {
            None => false,
            Some(AliasMode::ReplyDemonitor) => {
                self.demonitor(pid, id);
                true
            }
            Some(_) => true,
        }
    }

    /// A port has ended: tells those who monitor it.
    pub fn port_down(&mut self, port: Term, reason: Term) -> Result<(), OutOfMemory> {
        let all = &mut self.sys.resources.port_monitors;
        let of_port = (port.raw(), RefId(0, 0))..=(port.raw(), RefId(u64::MAX, u32::MAX));
        let gone: Vec<_> = all.range(of_port).map(|((_, id), origin)| (*id, *origin)).collect();
        for (id, origin) in gone {
            self.sys.resources.port_monitors.remove(&(port.raw(), id));
            self.down(origin, id, port, reason)?;
        }
        Ok(())
    }

    /// Suspends `target` once more on behalf of `by`. `false`: there is no such process.
    pub fn suspend(&mut self, by: Term, target: Term) -> bool {
        let Some((p, _)) = self.find_alive(target) else { return false };
        p.suspend_count += 1;
        match p.state {
            State::Runnable => p.state = State::Suspended { runnable: true },
            State::Waiting => p.state = State::Suspended { runnable: false },
            State::Suspended { .. } | State::Exiting => {}
        }
        if let Some((p, _)) = self.find(by) {
            *p.suspending.entry(target.raw()).or_insert(0) += 1;
        }
        true
    }

    /// Takes back one suspension of `target`; with the last one it goes on.
    pub fn resume(&mut self, by: Term, target: Term) {
        if let Some((p, _)) = self.find(by)
            && let Some(n) = p.suspending.get_mut(&target.raw())
        {
            *n -= 1;
            if *n == 0 {
                p.suspending.remove(&target.raw());
            }
        }
        let Some((p, _)) = self.find_alive(target) else { return };
        p.suspend_count = p.suspend_count.saturating_sub(1);
        if p.suspend_count > 0 {
            return;
        }
        if let State::Suspended { runnable } = p.state {
            p.state = if runnable { State::Runnable } else { State::Waiting };
            if let (true, Some(p)) = (runnable, self.sys.procs.get_mut(target)) {
                self.sys.run.push(p);
            }
        }
    }
}
