//! Any text as a Mochi program: diagnostics with places in the text, or a module that can be read back.
#![no_main]

use beambox_beamfile::BeamFile;
use beambox_mochi::{Options, check, compile, diag, parse, tokens};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (program, found) = parse(text, "fuzz.mochi");
    assert!(program.node_count as usize <= text.len() * 4 + 64, "more nodes than tokens");
    // The end of the file has a place of its own, one byte long.
    for d in &found {
        assert!(d.span.start <= d.span.end && d.span.end as usize <= text.len() + 1 && !d.message.is_empty(), "{d:?}");
    }
    let mut last = 0;
    for (start, end, _) in tokens(text) {
        assert!(last <= start && start < end && end as usize <= text.len());
        assert!(text.is_char_boundary(start as usize) && text.is_char_boundary(end as usize));
        last = end;
    }
    let (_, found) = check(text, "fuzz.mochi", &Options { strict: true });
    drop(diag::render_all(&found, text, "fuzz.mochi"));
    let result = compile(text, "fuzz.mochi", &Options::default());
    let failed = result.diagnostics.iter().any(|d| d.is_error());
    assert!(result.modules.is_empty() == failed, "a module and an error, or neither");
    for (name, beam) in &result.modules {
        match BeamFile::parse(beam) {
            Ok(file) => assert!(file.module_name() == name),
            Err(why) => panic!("the module can't be read: {why}"),
        }
    }
});
