%% Building binaries: sizes, units, signs, byte orders, floats, UTF, nesting.
-module(bin_construct).
-export([main/0, id/1]).

main() ->
    A = id(1000), B = id(-2), F = id(1.5), S = id(<<"sub">>),
    io:format("~w~n", [<<A:16, B:8, F/float>>]),
    io:format("~w ~w~n", [<<A:16/little>>, <<A:16/native-unsigned>>]),
    io:format("~w ~w~n", [<<A:24/big>>, <<A:24/little>>]),
    io:format("~w ~w ~w~n", [<<B:16>>, <<B:16/little-signed>>, <<B:70>>]),
    io:format("~w ~w ~w~n", [<<F:32/float>>, <<F:64/float-little>>, <<F:16/float>>]),
    io:format("~w~n", [<<A/float, B:32/float-little>>]),
    io:format("~w~n", [<<S/binary, "lit", S:2/binary>>]),
    io:format("~w~n", [<<A:3, B:5, 1:1, 0:7>>]),
    io:format("~w ~w~n", [<<1:1>>, <<5:3, 7:4>>]),
    io:format("~w~n", [<<(id(1 bsl 70)):80, (id(-(1 bsl 70))):80/little>>]),
    io:format("~w~n", [<<(id((1 bsl 100) - 1)):64>>]),
    io:format("~w~n", [<<"abc"/utf8, 8364/utf8, 16#1F600/utf8>>]),
    io:format("~w~n", [<<8364/utf16, 16#1F600/utf16, 8364/utf16-little>>]),
    io:format("~w~n", [<<8364/utf32, 16#1F600/utf32-little>>]),
    N = id(12),
    io:format("~w~n", [<<A:N, 0:(N - 8), A:N/little>>]),
    io:format("~w~n", [<<A:(id(2))/unit:8, 3:2/integer-unit:4>>]),
    io:format("~w~n", [<<(<<1:3>>)/bitstring, (<<2:5>>)/bits>>]),
    io:format("~w~n", [<<S/bits, (id(<<3:2>>))/bits>>]),
    io:format("~w ~w~n", [<<>>, <<(id(<<>>))/binary>>]),
    io:format("~w~n", [byte_size(<<0:8000>>)]),
    io:format("~w ~w~n", [bit_size(<<0:13>>), byte_size(<<0:13>>)]),
    io:format("~w~n", [<<<<X:16>> || X <- [1, 2, 300]>>]),
    io:format("~w~n", [lists:foldl(fun(X, Acc) -> <<Acc/binary, X>> end, <<>>, lists:seq(1, 20))]),
    io:format("~w~n", [lists:foldl(fun(X, Acc) -> <<Acc/bits, X:3>> end, <<>>, lists:seq(1, 20))]),
    io:format("~w~n", [byte_size(lists:foldl(fun(X, Acc) -> <<Acc/binary, X:32>> end, <<>>, lists:seq(1, 5000)))]),
    io:format("~w~n", [<<300, 256, -1, 255>>]),
    [io:format("~w~n", [try G() catch C:R -> {C, R} end]) ||
        G <- [fun() -> <<(id(a))>> end, fun() -> <<(id(1.5)):8>> end, fun() -> <<(id(x))/binary>> end,
              fun() -> <<(id(<<1:3>>))/binary>> end, fun() -> <<1:(id(-1))>> end, fun() -> <<S:(id(9))/binary>> end,
              fun() -> <<(id(16#D800))/utf8>> end, fun() -> <<(id(16#110000))/utf8>> end, fun() -> <<(id(-1))/utf16>> end,
              fun() -> <<(id(a))/float>> end, fun() -> <<(id(1.0)):(id(17))/float>> end, fun() -> <<1:(id(a))>> end,
              fun() -> <<(id(1.0e300)):32/float>> end]],
    ok.

id(X) -> X.
