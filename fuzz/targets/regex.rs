//! Any pattern, options and subject: an error with a place in the pattern, or a match whose groups lie in the subject, the
//! same in slices as at once.
#![no_main]

use beambox_regex::{MatchOptions, Matcher, Outcome, Regex, opt};
use libfuzzer_sys::fuzz_target;

/// Steps of one match.
const STEPS: u64 = 200_000;

type Answer = (Outcome, Vec<Option<(usize, usize)>>);

/// Matches in slices; `None`: not done after [`STEPS`].
fn run(regex: &Regex, subject: &[u8], options: MatchOptions, slice: u64) -> Option<Answer> {
    let mut matcher = Matcher::new(regex, 0, options, 1 << 20);
    for _ in 0..STEPS.div_ceil(slice) {
        let outcome = matcher.run(regex, subject, slice);
        if outcome == Outcome::Suspended {
            continue;
        }
        let count = if outcome == Outcome::Match { matcher.group_count(regex) } else { 0 };
        return Some((outcome, (0..count).map(|g| matcher.group(regex, g)).collect()));
    }
    None
}

fuzz_target!(|bytes: &[u8]| {
    let [a, b, c, d, flags, rest @ ..] = bytes else { return };
    let options = u32::from_le_bytes([*a, *b, *c, *d]) & opt::ALL;
    let cut = rest.iter().position(|byte| *byte == 0).unwrap_or(rest.len());
    let (pattern, subject) = (&rest[..cut], rest.get(cut + 1..).unwrap_or_default());
    if pattern.len() > 300 || subject.len() > 2000 {
        return;
    }
    if options & opt::UTF != 0 && (std::str::from_utf8(pattern).is_err() || std::str::from_utf8(subject).is_err()) {
        return;
    }
    let regex = match Regex::new(pattern, options) {
        Ok(regex) => regex,
        Err(why) => {
            assert!(why.offset <= pattern.len());
            return;
        }
    };
    assert!(regex.size() > 0 && regex.names().len() <= regex.captures() as usize);
    let how = MatchOptions {
        anchored: flags & 1 != 0,
        not_bol: flags & 2 != 0,
        not_eol: flags & 4 != 0,
        not_empty: flags & 8 != 0,
        not_empty_at_start: flags & 16 != 0,
        match_limit: Some(100_000),
        ..MatchOptions::default()
    };
    let Some(whole) = run(&regex, subject, how, STEPS) else { return };
    for (from, to) in whole.1.iter().flatten() {
        assert!(from.max(to) <= &subject.len());
    }
    if let Some(parts) = run(&regex, subject, how, 50) {
        assert!(parts == whole, "in slices: {parts:?}, at once: {whole:?}");
    }
});
