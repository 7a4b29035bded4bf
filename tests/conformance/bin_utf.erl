%% UTF-8, UTF-16 and UTF-32 segments, in matches and in comprehensions.
-module(bin_utf).
-export([main/0, id/1]).

main() ->
    S = [$a, 228, 8364, 16#1F600, 16#10FFFF, 0, 127, 128, 2047, 2048, 65535, 65536],
    U8 = << <<C/utf8>> || C <- S >>,
    U16 = << <<C/utf16>> || C <- S >>,
    U16L = << <<C/utf16-little>> || C <- S >>,
    U32 = << <<C/utf32>> || C <- S >>,
    U32L = << <<C/utf32-little>> || C <- S >>,
    [io:format("~w~n", [X]) || X <- [U8, U16, U16L, U32, U32L]],
    io:format("~w~n", [[C || <<C/utf8>> <= U8] =:= S]),
    io:format("~w~n", [[C || <<C/utf16>> <= U16] =:= S]),
    io:format("~w~n", [[C || <<C/utf16-little>> <= U16L] =:= S]),
    io:format("~w~n", [[C || <<C/utf32>> <= U32] =:= S]),
    io:format("~w~n", [[C || <<C/utf32-little>> <= U32L] =:= S]),
    Bad8 = [<<128>>, <<192, 128>>, <<224, 128, 128>>, <<237, 160, 128>>, <<244, 144, 128, 128>>, <<255>>, <<195>>, <<226, 130>>, <<248, 136, 128, 128, 128>>],
    [io:format("~w ~w~n", [B, first(B)]) || B <- Bad8],
    [io:format("~w ~w~n", [B, first16(B)]) || B <- [<<216, 0>>, <<216, 0, 0, 0>>, <<220, 0>>, <<0>>, <<216, 61, 222, 0>>, <<32, 172>>]],
    [io:format("~w ~w~n", [B, first32(B)]) || B <- [<<0, 0, 216, 0>>, <<0, 17, 0, 0>>, <<0, 0, 1>>, <<0, 1, 246, 0>>]],
    io:format("~w~n", [count(U8, 0)]),
    io:format("~w~n", [skip_first(U8)]),
    <<"ä"/utf8, R/binary>> = id(<<"äb"/utf8>>),
    io:format("~w~n", [R]),
    io:format("~w~n", [unicode:characters_to_list(U8)]),
    io:format("~w~n", [unicode:characters_to_binary(S) =:= U8]),
    io:format("~w~n", [unicode:characters_to_binary(S, unicode, utf16) =:= U16]),
    io:format("~w~n", [unicode:characters_to_list(<<97, 195>>)]),
    io:format("~w~n", [unicode:characters_to_list(<<97, 255, 98>>)]),
    io:format("~w~n", [unicode:characters_to_binary([97, 16#D800, 98])]),
    io:format("~w~n", [unicode:characters_to_binary([<<"ab">>, [228 | <<195, 164>>]])]),
    io:format("~w~n", [unicode:characters_to_list(<<228, 246>>, latin1)]),
    io:format("~w~n", [unicode:characters_to_binary("åäö", unicode, latin1)]),
    io:format("~w~n", [unicode:characters_to_binary([8364], unicode, latin1)]),
    io:format("~ts ~ts~n", ["åäö€", <<"日本語"/utf8>>]),
    ok.

id(X) -> X.

first(<<C/utf8, _/binary>>) -> {ok, C};
first(_) -> bad.
first16(<<C/utf16, _/binary>>) -> {ok, C};
first16(_) -> bad.
first32(<<C/utf32, _/binary>>) -> {ok, C};
first32(_) -> bad.

count(<<_/utf8, R/binary>>, N) -> count(R, N + 1);
count(<<>>, N) -> N.

skip_first(<<_/utf8, R/binary>>) -> byte_size(R).
