//! Writes COMPATIBILITY.md: every generic opcode, every function of OTP 27 that isn't written in Erlang, and what this VM
//! does with it. The names are in `testdata/otp27_functions.txt`; what is done is read from the loader and from the table
//! of BIFs. `compat` prints, `compat --write` writes the file; `cargo xtask compat` calls the latter.

use beambox_beamfile::Op;
use beambox_core::bif::table;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// The functions that OTP 27 has in C.
const EXPECTED: &str = include_str!("../testdata/otp27_functions.txt");

/// What is refused by design: module, name (`*`: all of the module; a final `*`: all that start so), and why.
const REFUSED: &[(&str, &str, &str)] = &[
    ("crypto", "engine_*", "engines are C libraries, loaded at run time"),
    ("crypto", "ensure_engine_*", "engines are C libraries, loaded at run time"),
    ("erl_ddll", "*", "drivers are C libraries, loaded at run time"),
    ("erl_tracer", "*", "tracer modules are NIF libraries; trace to a process"),
    ("erlang", "dist_*", "one node: no distribution"),
    ("erlang", "load_nif", "NIFs are C libraries, loaded at run time"),
    ("erlang", "port_get_data", "ports are drivers and OS processes"),
    ("erlang", "port_set_data", "ports are drivers and OS processes"),
    ("erlang", "setnode", "one node: no distribution"),
    ("erts_debug", "breakpoint", "works on the code of OTP's emulator"),
    ("erts_debug", "disassemble", "works on the code of OTP's emulator"),
    ("erts_debug", "dist_ext_to_term", "one node: no distribution"),
    ("erts_debug", "dirty*", "tests of OTP's dirty schedulers; there are no threads"),
    ("erts_debug", "lcnt_*", "counts of OTP's locks; there are none"),
    ("erts_internal", "abort_pending_connection", "one node: no distribution"),
    ("erts_internal", "check_dirty_process_code", "there are no dirty schedulers"),
    ("erts_internal", "counters_*", "inside of module counters, which is built in here"),
    ("erts_internal", "create_dist_channel", "one node: no distribution"),
    ("erts_internal", "dirty_process_handle_signals", "there are no dirty schedulers"),
    ("erts_internal", "dist_spawn_request", "one node: no distribution"),
    ("erts_internal", "ets_lookup_binary_info", "looks into OTP's tables, for its tests"),
    ("erts_internal", "ets_raw_*", "looks into OTP's tables, for its tests"),
    ("erts_internal", "ets_super_user", "looks into OTP's tables, for its tests"),
    ("erts_internal", "garbage_collect", "inside of erlang:garbage_collect, which is built in here"),
    ("erts_internal", "gather_*", "tells of OTP's allocators"),
    ("erts_internal", "get_dflags", "one node: no distribution"),
    ("erts_internal", "group_leader", "inside of erlang:group_leader/2, which is built in here"),
    ("erts_internal", "is_process_alive", "inside of erlang:is_process_alive/1, which is built in here"),
    ("erts_internal", "new_connection", "one node: no distribution"),
    ("erts_internal", "no_aux_work_threads", "there are no threads"),
    ("erts_internal", "open_port", "ports are drivers and OS processes"),
    ("erts_internal", "port_*", "ports are drivers and OS processes"),
    ("erts_internal", "spawn_request", "inside of erlang:spawn_request, which is built in here"),
    ("erts_literal_area_collector", "*", "purging copies literals itself"),
    ("erts_trace_cleaner", "*", "a breakpoint is removed at once"),
    ("os", "set_signal", "signals of the OS belong to the host"),
    ("prim_net", "*", "sockets"),
    ("prim_socket", "*", "sockets"),
];

/// Opcodes that no compiler since OTP 25 emits (`bs_create_bin` took their place), though OTP's loader still takes them.
pub const OLD: &[&str] = &[
    "bs_put_integer",
    "bs_put_binary",
    "bs_put_float",
    "bs_put_string",
    "bs_init2",
    "bs_add",
    "bs_append",
    "bs_private_append",
    "bs_init_bits",
    "bs_utf8_size",
    "bs_put_utf8",
    "bs_utf16_size",
    "bs_put_utf16",
    "bs_put_utf32",
];

fn refusal(module: &str, name: &str) -> Option<&'static str> {
    REFUSED
        .iter()
        .find(|(m, n, _)| {
            *m == module && (*n == name || n.strip_suffix('*').is_some_and(|start| name.starts_with(start)))
        })
        .map(|r| r.2)
}

/// The whole document.
pub fn document() -> String {
    let mut out = String::from(
        "# Compatibility\n\n\
         Written by `cargo xtask compat` from the tables of the code; a test holds it to them. **done**: works as on OTP 27.\n\
         *refused*: by design, with the reason; a call raises `undef` or the error that it documents. **missing**: raises `undef`.\n\n",
    );
    opcodes(&mut out);
    functions(&mut out);
    out
}

fn opcodes(out: &mut String) {
    let done = Op::ALL.iter().filter(|o| beambox_core::load::knows(**o)).count();
    let _ = writeln!(
        out,
        "## Generic opcodes\n\n{done} of {} are done. What isn't was dropped before OTP 26, or no compiler since OTP 25 emits it; the loader says so.\n\n\
         | number | opcode | since | removed | here |\n|---|---|---|---|---|",
        Op::ALL.len()
    );
    for o in Op::ALL {
        let since = if o.since() <= 5 { "R5".to_string() } else { o.since().to_string() };
        let removed = o.removed().map_or(String::new(), |r| if r <= 26 { "by 26".into() } else { r.to_string() });
        let here = match (beambox_core::load::knows(*o), o.removed()) {
            (true, _) => "done",
            (false, Some(_)) => "refused",
            (false, None) if OLD.contains(&o.name()) => "refused: not emitted since OTP 25",
            (false, None) => "**missing**",
        };
        let _ = writeln!(out, "| {} | `{}/{}` | {since} | {removed} | {here} |", *o as u8, o.name(), o.arity());
    }
}

fn functions(out: &mut String) {
    let have: BTreeSet<(&str, &str, u8)> = table::all().iter().map(|b| (b.module, b.name, b.arity)).collect();
    // Kind and module, then name and arities.
    let mut modules: BTreeMap<(&str, &str), Vec<(&str, u8)>> = BTreeMap::new();
    for line in EXPECTED.lines().filter(|l| !l.starts_with('#')) {
        let mut parts = line.split(' ');
        if let (Some(kind), Some(module), Some(name), Some(Ok(arity))) =
            (parts.next(), parts.next(), parts.next(), parts.next().map(str::parse))
        {
            modules.entry((kind, module)).or_default().push((name, arity));
        }
    }
    for (kind, title) in [("bif", "Built-in functions"), ("nif", "Functions of NIF libraries")] {
        let _ = writeln!(out, "\n## {title}\n\n| module | all | done | refused | missing |\n|---|---|---|---|---|");
        let mut details = String::new();
        for ((_, module), names) in modules.iter().filter(|((k, _), _)| *k == kind) {
            let (mut done, mut refused, mut missing) = (0, BTreeMap::<&str, Vec<String>>::new(), Vec::new());
            for (name, arity) in names {
                let shown = format!("`{name}/{arity}`");
                if have.contains(&(module, name, *arity)) {
                    done += 1;
                } else if let Some(why) = refusal(module, name) {
                    refused.entry(why).or_default().push(shown);
                } else {
                    missing.push(shown);
                }
            }
            let refused_count: usize = refused.values().map(Vec::len).sum();
            let _ = writeln!(out, "| `{module}` | {} | {done} | {refused_count} | {} |", names.len(), missing.len());
            for (why, names) in refused {
                let _ = writeln!(details, "- `{module}`, *refused* ({why}): {}", names.join(" "));
            }
            if !missing.is_empty() {
                let _ = writeln!(details, "- `{module}`, **missing**: {}", missing.join(" "));
            }
        }
        let _ = write!(out, "\n{details}");
    }
}

#[allow(dead_code)]
fn main() -> std::io::Result<()> {
    let text = document();
    if std::env::args().any(|a| a == "--write") {
        return std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/../COMPATIBILITY.md"), text);
    }
    use std::io::Write;
    std::io::stdout().write_all(text.as_bytes())
}
