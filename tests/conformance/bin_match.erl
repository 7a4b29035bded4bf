%% Matching binaries: integers, floats, tails, sizes from earlier fields, failure.
-module(bin_match).
-export([main/0, id/1]).

main() ->
    B = id(<<1, 2, 3, 4, 5, 6, 7, 8, 9, 10>>),
    <<A:8, C:16, D/binary>> = B,
    io:format("~w ~w ~w~n", [A, C, D]),
    <<E:16/little, F:24/little-signed, _:8, G:4, H:4, T/bits>> = B,
    io:format("~w ~w ~w ~w ~w~n", [E, F, G, H, T]),
    <<I:7, J:9, K:3, L/bits>> = B,
    io:format("~w ~w ~w ~w ~w~n", [I, J, K, bit_size(L), L]),
    <<S1:8/signed, S2:16/signed, S3:12/signed-little, _/bits>> = id(<<255, 128, 0, 16#ff, 16#f0, 1>>),
    io:format("~w ~w ~w~n", [S1, S2, S3]),
    <<Big:80>> = B,
    io:format("~w~n", [Big]),
    <<BigS:72/signed-little, _>> = id(<<255, 255, 255, 255, 255, 255, 255, 255, 200, 0>>),
    io:format("~w~n", [BigS]),
    <<X1:64, X2:59, X3:5>> = id(<<16#fedcba9876543210:64, 16#0123456789abcdef:64>>),
    io:format("~w ~w ~w~n", [X1, X2, X3]),
    <<Fl:64/float, Fs:32/float-little, Fh:16/float>> = id(<<3.25/float, 1.5:32/float-little, 0.5:16/float>>),
    io:format("~w ~w ~w~n", [Fl, Fs, Fh]),
    <<Len:8, Str:Len/binary, Rest/binary>> = id(<<5, "helloworld">>),
    io:format("~s ~s~n", [Str, Rest]),
    <<N:4, Bits:N/bits, _/bits>> = id(<<16#5a, 16#b7>>),
    io:format("~w ~w~n", [N, Bits]),
    io:format("~w~n", [tlv(<<1, 3, "abc", 2, 0, 7, 2, 255, 0>>)]),
    io:format("~w~n", [tlv(<<1, 3, "ab">>)]),
    [io:format("~w~n", [kind(X)]) || X <- [<<>>, <<"GET /">>, <<"PUT x">>, <<0, 0>>, <<7>>, <<1:3>>, <<0:1>>, 5, "GET "]],
    io:format("~w~n", [sum(B, 0)]),
    io:format("~w~n", [bits(<<16#a5, 1:2>>)]),
    io:format("~w~n", [case B of <<1, 2, Z, _/binary>> when Z > 2 -> Z; _ -> no end]),
    io:format("~w~n", [try <<Q:99/binary, _/binary>> = B, Q catch error:{badmatch, V} -> {badmatch, V} end]),
    io:format("~w~n", [try <<1:9>> = B catch error:Err -> Err end]),
    <<_:3, Sub:40/bits, _/bits>> = B,
    io:format("~w~n", [Sub]),
    <<"abc", R2/binary>> = id(<<"abcdef">>),
    io:format("~s~n", [R2]),
    io:format("~w~n", [[{X, Y} || <<X:4, Y:4>> <= B]]),
    io:format("~w~n", [skip(<<0, 0, 0, 9, 0>>)]),
    io:format("~w~n", [size_zero(<<"xyz">>)]),
    ok.

id(X) -> X.

tlv(<<T, L, V:L/binary, R/binary>>) -> [{T, V} | tlv(R)];
tlv(<<>>) -> [];
tlv(Bad) -> [{bad, Bad}].

kind(<<"GET ", R/binary>>) -> {get, R};
kind(<<"PUT ", R/binary>>) -> {put, R};
kind(<<0:16>>) -> zeros;
kind(<<_>>) -> byte;
kind(<<>>) -> empty;
kind(B) when bit_size(B) < 8 -> {bits, bit_size(B)};
kind(B) when is_binary(B) -> binary;
kind(_) -> other.

sum(<<X, R/binary>>, S) -> sum(R, S + X);
sum(<<>>, S) -> S.

bits(<<B:1, R/bits>>) -> [B | bits(R)];
bits(<<>>) -> [].

skip(<<0, R/binary>>) -> skip(R);
skip(B) -> B.

size_zero(<<A:0/binary, B/binary>>) -> {A, B}.
