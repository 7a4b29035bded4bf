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
    let output = otp
        .command("erl")
        .current_dir(folder)
        .env("ERL_CRASH_DUMP_BYTES", "0")
        .args(["-noshell", "-pa", ".", "-eval", code, "-s", "erlang", "halt"])
        .output()
        .unwrap();
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

/// Terms of every kind, as real OTP encodes and prints them: ours decode, print and encode the same.
#[test]
fn terms_are_as_otp_writes_them() {
    let otp = Otp::find();
    let folder = scratch("terms");
    run_erl(&otp, &folder, WRITE_TERMS);
    let read = |name: &str| std::fs::read(folder.join(name)).unwrap();
    let count: usize = String::from_utf8(read("count")).unwrap().parse().unwrap();
    assert!(count > 100);
    for n in 1..=count {
        let (bytes, text) = (read(&format!("{n}.etf")), String::from_utf8(read(&format!("{n}.txt"))).unwrap());
        let value = etf::decode(&bytes).unwrap_or_else(|error| panic!("{text}: {error}"));
        // The order in which a map of more than 32 pairs is printed is nobody's promise.
        let ordered = text.matches(" => ").count() <= 32;
        if ordered {
            assert_eq!(value.to_string(), text);
        }
        assert_eq!(value.encode(), bytes, "{text}");
        let packed = etf::decode(&read(&format!("{n}.zip"))).unwrap_or_else(|error| panic!("{text}, packed: {error}"));
        assert!(packed == value, "{text}");
        let old = etf::decode(&read(&format!("{n}.old"))).unwrap_or_else(|error| panic!("{text}, old form: {error}"));
        assert!(!ordered || old.to_string() == text, "{text}, old form: {old}");
    }
}

const WRITE_TERMS: &str = r#"
    Y = 7, Z = fun(X) -> X + Y end,
    Ints = [0, 255, 256, -1, 2147483647, 2147483648, -2147483648, -2147483649, 1 bsl 59, 1 bsl 63, -(1 bsl 63),
        (1 bsl 63) - 1, 1 bsl 64, -(1 bsl 64), 1 bsl 128, 1 bsl 2040, 1 bsl 2048, -(1 bsl 4000)],
    Floats = [0.0, -0.0, 1.0, 0.1, -1.5, 1.0e10, 1.0e15, 1.0e16, 1.0e21, 1.0e22, 1.0e23, 123456789.125, 1.0e-1, 1.0e-4,
        1.0e-5, 1.23e-7, 5.0e-324, 1.7976931348623157e308, 9007199254740991.0, 9007199254740992.0, 9007199254740994.0,
        -9007199254740993.0, 100000.0, 1000000.0, 123456.7, 1.0e100, 0.001, 0.0001, 0.00012, 4503599627370496.5,
        3.141592653589793, 2.0e5, 12345678901234567.0, 1.2e17, 0.3333333333333333],
    Atoms = [a, 'B', 'with space', '', 'it\'s', '1a', a1, a@b, 'a-b', 'if', 'maybe', 'else', list_to_atom([228, 246]),
        list_to_atom([196]), list_to_atom([955]), list_to_atom([247]), list_to_atom("\n\t\\"), list_to_atom([1]),
        list_to_atom(lists:duplicate(255, $x)), list_to_atom(lists:duplicate(200, 228)), 'when', '_x', ok],
    Rest = [[], {}, #{}, "abc", [1, 2, 3], [300], "a\"b\\c\n\r\e\d", lists:duplicate(65535, 1), lists:duplicate(65536, 1),
        [a | b], [1, 2 | 3], [[]], [[[x]], "y" | z], <<>>, <<1, 2>>, <<"text">>, <<"quote\"">>, <<5:3>>, <<1, 2, 3:7>>,
        <<228, 255>>, {1, 2}, {{}, {a, {b}}}, list_to_tuple(lists:seq(1, 300)), #{a => 1}, #{1 => #{2 => 3}, b => [c]},
        maps:from_list([{N, N} || N <- lists:seq(1, 40)]), fun lists:map/2, fun 'Odd M':'f g'/3, self(), make_ref(),
        hd(erlang:ports()), Z, #{self() => make_ref()}, [$a, 256], [229, 228, 246], [10, 13], [0], {fun erlang:abs/1, [Z, self()]}],
    Terms = Ints ++ Floats ++ Atoms ++ Rest,
    Write = fun(N, Ext, Data) -> ok = file:write_file(integer_to_list(N) ++ Ext, Data) end,
    lists:foldl(
        fun(T, N) ->
            Write(N, ".etf", term_to_binary(T, [{minor_version, 2}])),
            Write(N, ".zip", term_to_binary(T, [compressed])),
            Write(N, ".old", term_to_binary(T, [{minor_version, 0}])),
            Write(N, ".txt", unicode:characters_to_binary(io_lib:format("~0tp", [T]))),
            N + 1
        end, 1, Terms),
    file:write_file("count", integer_to_list(length(Terms))).
"#;
