//! Every `.beam` file of a real OTP 27: decodes, lists, re-encodes to the same chunks, and real OTP loads the result.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use beambox_beamfile::etf::{self, Value};
use beambox_beamfile::{BeamFile, chunks};
use common::{Otp, scratch};
use std::io::Read;

fn plain_literals(body: &[u8]) -> Vec<u8> {
    if body[..4] == [0; 4] {
        return body[4..].to_vec();
    }
    let mut plain = Vec::new();
    flate2::read::ZlibDecoder::new(&body[4..]).read_to_end(&mut plain).unwrap();
    plain
}

#[test]
fn all_of_otp_comes_back_the_same() {
    let otp = Otp::find();
    let folder = scratch("otp-reencoded");
    let mut failures = Vec::new();
    let mut index = String::new();
    let beams = otp.beams();
    for (number, path) in beams.iter().enumerate() {
        let bytes = std::fs::read(path).unwrap();
        let file = match BeamFile::parse(&bytes) {
            Ok(file) => file,
            Err(error) => {
                failures.push(format!("{}: {error}", path.display()));
                continue;
            }
        };
        let before = chunks(&bytes).unwrap();
        let written = file.write();
        let after = chunks(&written).unwrap();
        let ids = |list: &[([u8; 4], Vec<u8>)]| list.iter().map(|(id, _)| *id).collect::<Vec<_>>();
        if ids(&before) != ids(&after) {
            failures.push(format!("{}: the chunks are others", path.display()));
            continue;
        }
        for ((id, old), (_, new)) in before.iter().zip(&after) {
            let same = if id == b"LitT" { plain_literals(old) == plain_literals(new) } else { old == new };
            if !same {
                failures.push(format!("{}: chunk {} differs", path.display(), String::from_utf8_lossy(id)));
            }
        }
        for kept in [&file.attributes, &file.compile_info].into_iter().flatten() {
            assert_eq!(etf::decode(&kept.value.encode()).unwrap(), kept.value);
        }
        let again = BeamFile::parse(&written).unwrap();
        assert!(again.code == file.code && again.literals == file.literals, "{}", path.display());
        let md5: String = file.md5.iter().map(|b| format!("{b:02x}")).collect();
        let listing = file.listing();
        assert!(listing.matches("\n{function, ").count() == file.code.function_count as usize, "{}", path.display());
        std::fs::write(folder.join(format!("{number}.beam")), written).unwrap();
        // Real Erlang reads every tenth listing; reading all would take minutes.
        let listed = number % 10 == 0;
        if listed {
            std::fs::write(folder.join(format!("{number}.txt")), listing).unwrap();
        }
        index += &format!("{{{number},{},{path:?},\"{md5}\",{listed}}}.\n", Value::atom(file.module_name()));
    }
    assert!(failures.is_empty(), "{} of {} files:\n{}", failures.len(), beams.len(), failures.join("\n"));
    std::fs::write(folder.join("index.txt"), index).unwrap();
    let output = run_erl(&otp, &folder, LOAD_ALL);
    assert_eq!(output.trim(), format!("{} loaded", beams.len()));
}

/// Runs an Erlang expression in a folder; its output, once it has ended well.
fn run_erl(otp: &Otp, folder: &std::path::Path, code: &str) -> String {
    let output =
        otp.command("erl").current_dir(folder).args(["-noshell", "-pa", ".", "-eval", code, "-s", "erlang", "halt"]).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "erl failed: {text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

/// Prepares each re-encoded file for loading without installing it, compares checksums, and reads the listings.
const LOAD_ALL: &str = r#"
    {ok, Index} = file:consult("index.txt"),
    Bad = lists:filtermap(
        fun({N, Mod, Path, Md5, Listed}) ->
            Name = integer_to_list(N),
            {ok, Bin} = file:read_file(Name ++ ".beam"),
            Info = beam_lib:info(Bin),
            Mod = proplists:get_value(module, Info),
            {ok, {Mod, Sum}} = beam_lib:md5(Path),
            Same = string:equal(Md5, binary:encode_hex(Sum), true),
            Loads = is_reference(erlang:prepare_loading(Mod, Bin)),
            Reads = not Listed orelse element(1, file:consult(Name ++ ".txt")) =:= ok,
            case Same andalso Loads andalso Reads of
                true -> false;
                false -> {true, {Path, {md5, Same}, {loads, Loads}, {reads, Reads}}}
            end
        end, Index),
    case Bad of
        [] -> io:format("~w loaded~n", [length(Index)]);
        _ -> io:format("~p~n", [Bad])
    end.
"#;
