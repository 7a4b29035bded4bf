%% base64, phash2, crc32, adler32, md5, zlib-free checksums, list_to_integer bases.
-module(base64_hash).
-export([main/0]).

main() ->
    Bs = [<<>>, <<"f">>, <<"fo">>, <<"foo">>, <<"foob">>, <<"fooba">>, <<"foobar">>, <<0, 255, 128, 63>>, list_to_binary(lists:seq(0, 255))],
    [io:format("~s ~s ~w~n", [base64:encode(B), base64:encode(B, #{mode => urlsafe, padding => false}), base64:decode(base64:encode(B)) =:= B]) || B <- Bs],
    io:format("~s ~w~n", [base64:encode_to_string("list"), base64:decode("aGVs\nbG8=")]),
    io:format("~w~n", [base64:mime_decode(<<"aG!Vs bG8=">>)]),
    io:format("~w~n", [try base64:decode(<<"a===">>) catch C:R -> {C, R} end]),
    [io:format("~w ~w ~w~n", [erlang:crc32(B), erlang:adler32(B), erlang:md5(B)]) || B <- Bs],
    io:format("~w ~w~n", [erlang:crc32(["ab", <<"cd">>]) =:= erlang:crc32("abcd"), erlang:crc32(123, "x")]),
    io:format("~w ~w~n", [erlang:crc32_combine(erlang:crc32("ab"), erlang:crc32("cd"), 2), erlang:crc32("abcd")]),
    io:format("~w ~w~n", [erlang:adler32_combine(erlang:adler32("ab"), erlang:adler32("cd"), 2), erlang:adler32("abcd")]),
    M = erlang:md5_update(erlang:md5_update(erlang:md5_init(), "foo"), [<<"bar">>]),
    io:format("~w~n", [erlang:md5_final(M) =:= erlang:md5("foobar")]),
    io:format("~w~n", [erlang:md5(lists:duplicate(1000, "0123456789"))]),
    Ts = [0, 1, -1, 255, 1 bsl 27, 1 bsl 31, 1 bsl 59, 1 bsl 64, -(1 bsl 64), 1 bsl 100, 1 bsl 200, 0.0, 1.5, -1.5, 1.0e300, a, b, '', erlang, 'a b', true, [], [1], [1, 2, 3],
          "string", "a longer string with some more characters", [a | b], [[[]]], {}, {1}, {a, "b", 3.0}, #{}, #{a => 1}, #{1 => 2, 3 => 4},
          <<>>, <<1>>, <<1, 2, 3>>, <<"a longer binary than before">>, <<1:1>>, <<255, 3:2>>, fun lists:map/2, [256], [255, 256], lists:seq(1, 300)],
    [io:format("~w ", [erlang:phash2(T)]) || T <- Ts],
    io:nl(),
    [io:format("~w ", [erlang:phash2(T, 1000)]) || T <- Ts],
    io:nl(),
    io:format("~w ~w~n", [erlang:phash2(x, 1 bsl 32), erlang:phash2(x, 1)]),
    io:format("~w~n", [[begin S = integer_to_list(12345678901234567890, B), list_to_integer(S, B) =:= 12345678901234567890 end || B <- lists:seq(2, 36)]]),
    io:format("~s ~s~n", [integer_to_list(-(1 bsl 100), 36), integer_to_binary(1 bsl 64, 2)]),
    io:format("~w~n", [erlang:phash2(maps:from_list([{I, I} || I <- lists:seq(1, 20)]))]),
    io:format("~w~n", [erlang:phash2(maps:from_list([{I, I} || I <- lists:seq(1, 100)]))]),
    ok.
