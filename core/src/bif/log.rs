//! What the VM itself has to say to OTP's logger: the message that it expects of its emulator.

use crate::arena::OutOfMemory;
use crate::atom::am;
use crate::bif::support::atom_map;
use crate::heap::{build, copy};
use crate::host::Stream;
use crate::process::mailbox::Message;
use crate::system::System;
use crate::term::Term;

/// Who is to be told: the process that `system_flag(system_logger, ..)` has set, else whoever is registered as `logger`.
pub fn logger(sys: &System) -> Option<Term> {
    let logger = sys.resources.system_logger.or_else(|| sys.names.get(&am::LOGGER).copied());
    logger.filter(|l| sys.procs.exists(*l))
}

/// `{log, error, Format, Args, Meta}`; about a process, if one is given, with its group leader.
pub fn message(
    sys: &mut System,
    format: &str,
    args: &[Term],
    about: Option<(Term, Term)>,
) -> Result<Message, OutOfMemory> {
    let mut atom = |name: &str| sys.atoms.intern(name).unwrap_or(am::UNDEFINED);
    let names = [atom("log"), atom("error_logger"), atom("gl"), atom("time"), atom("emulator"), atom("tag")];
    let [log, error_logger, gl, time, emulator, tag] = names;
    let micros = sys.system_ns() / 1000;
    let words = args.iter().map(|t| 2 + sys.arena.flat_size(*t)).sum::<u64>() + 2 * format.len() as u64 + 64;
    let words = u32::try_from(words).map_err(|_| OutOfMemory)?;
    let literal_base = sys.arena.literal_base();
    sys.message_with(words, |a| {
        let args = args.iter().map(|t| copy::copy(a, literal_base, *t)).collect::<Result<Vec<_>, _>>()?;
        let args = build::list(a, &args)?;
        let format = build::char_list(a, format)?;
        let tags = atom_map(a, &[(emulator, Term::bool(true)), (tag, Term::atom(am::ERROR))])?;
        let time_value = build::int(a, micros)?;
        let mut meta = vec![(error_logger, tags), (time, time_value)];
        if let Some((pid, leader)) = about {
            meta.extend([(gl, leader), (am::PID, pid)]);
        }
        let meta = atom_map(a, &meta)?;
        build::tuple(a, &[Term::atom(log), Term::atom(am::ERROR), format, args, meta])
    })
}

/// `system_flag(system_logger, Pid | logger | undefined)`; the value before.
pub fn set_logger(ctx: &mut super::Ctx<'_>, to: Term) -> super::BifResult {
    let new = match to.as_atom() {
        Some(am::LOGGER) => None,
        Some(am::UNDEFINED) => Some(to),
        _ if to.is_local_pid() => Some(to),
        _ => return Err(ctx.badarg()),
    };
    let old = std::mem::replace(&mut ctx.sys.resources.system_logger, new);
    Ok(old.unwrap_or(Term::atom(am::LOGGER)))
}

impl super::Ctx<'_> {
    /// Logs a text (without `~`) as an error; on standard error where there is no logger.
    pub fn log_error(&mut self, text: &str) -> Result<(), super::Fault> {
        let Some(to) = logger(self.sys) else {
            self.sys.host.write(Stream::Stderr, text.as_bytes());
            return Ok(());
        };
        let message = message(self.sys, &text.replace('~', "~~"), &[], None)?;
        self.signals().deliver(to, message);
        Ok(())
    }
}
