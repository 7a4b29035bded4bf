//! The table of all BIFs, put together from the families' lists. An export's target refers to a BIF by its index here.

use super::Bif;

/// The lists of all families.
const FAMILIES: &[&[Bif]] = &[
    super::arith::BIFS,
    super::boot::BIFS,
    super::code::BIFS,
    super::code_load::BIFS,
    super::code_purge::BIFS,
    super::ports::BIFS,
    super::prim_buffer::BIFS,
    super::prim_file::BIFS,
    super::prim_tty::BIFS,
    super::control::BIFS,
    super::convert::BIFS,
    super::crypto::BIFS,
    super::crypto_agree::BIFS,
    super::crypto_cipher::BIFS,
    super::digest::BIFS,
    super::ets::basic::BIFS,
    super::ets::counter::BIFS,
    super::ets::info::BIFS,
    super::ets::owner::BIFS,
    super::ets::select::BIFS,
    super::etf::BIFS,
    super::flags::BIFS,
    super::host::BIFS,
    super::misc::BIFS,
    super::mochi::BIFS,
    super::debug::BIFS,
    super::monitor::BIFS,
    super::packet::BIFS,
    super::process::BIFS,
    super::process_info::BIFS,
    super::re::BIFS,
    super::registry::BIFS,
    super::seq_trace::BIFS,
    super::shared::BIFS,
    super::spawn_request::BIFS,
    super::system::BIFS,
    super::time::BIFS,
    super::timers::BIFS,
    super::trace::BIFS,
    super::trace::info::BIFS,
    super::trace::pattern::BIFS,
    super::unicode::BIFS,
    super::zlib::BIFS,
    super::zlib_once::BIFS,
    super::lists::BIFS,
    super::maps::BIFS,
    super::binary::BIFS,
    super::binary_search::BIFS,
    super::iolist::BIFS,
];

/// All BIFs; the index of one is stable for the life of the program.
pub fn all() -> &'static [Bif] {
    static ALL: std::sync::OnceLock<Vec<Bif>> = std::sync::OnceLock::new();
    ALL.get_or_init(|| FAMILIES.concat())
}
