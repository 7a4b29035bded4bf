//! Any bytes as a `.beam` file: an error, or a file that is written, read again and is equal, and whose listing can be made.
#![no_main]

use beambox_beamfile::{BeamFile, etf};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(file) = BeamFile::parse(bytes) {
        let written = file.write();
        let again = match BeamFile::parse(&written) {
            Ok(again) => again,
            Err(why) => panic!("what was written can't be read: {why}"),
        };
        // The checksum is of the bytes as they were read, and offsets are places in them.
        let bare = |mut f: BeamFile| {
            f.md5 = [0; 16];
            f.code.instrs.iter_mut().for_each(|i| i.offset = 0);
            f
        };
        let listing = file.listing();
        assert!(listing == again.listing(), "the listings differ");
        let (file, again) = (bare(file), bare(again));
        assert!(file.atoms == again.atoms && file.code == again.code && file.strings == again.strings, "code differs");
        assert!(file.imports == again.imports && file.exports == again.exports, "imports or exports differ");
        assert!(file.lambdas == again.lambdas && file.literals == again.literals, "funs or literals differ");
        assert!(file.lines == again.lines && file.types == again.types, "lines or types differ");
        assert!(written == again.write(), "written twice, the bytes differ");
    }
    if let Ok(value) = etf::decode(bytes) {
        let written = value.encode();
        match etf::decode(&written) {
            Ok(again) => assert!(again.encode() == written),
            Err(why) => panic!("a term that was written can't be read: {why}"),
        }
        assert!(!value.to_string().is_empty());
    }
});
