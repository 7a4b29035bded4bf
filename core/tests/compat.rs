//! COMPATIBILITY.md says what the tables say.

#[path = "../examples/compat.rs"]
mod compat;

#[test]
fn compatibility_page_is_fresh() {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../COMPATIBILITY.md")).unwrap_or_default();
    let now = compat::document();
    let stale = page.lines().zip(now.lines()).find(|(a, b)| a != b);
    assert!(page == now, "COMPATIBILITY.md is stale ({stale:?}): run `cargo xtask compat`");
}

#[test]
fn every_opcode_that_otp_emits_is_known() {
    use beambox_beamfile::Op;
    for o in Op::ALL {
        let old = o.removed().is_some() || compat::OLD.contains(&o.name());
        assert!(old || beambox_core::load::knows(*o), "{}", o.name());
    }
}
