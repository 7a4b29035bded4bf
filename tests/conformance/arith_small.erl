%% Arithmetic on small integers, and where it leaves them.
-module(arith_small).
-export([main/0, id/1]).

main() ->
    [io:format("~w + ~w = ~w~n", [A, B, A + B]) || {A, B} <- pairs()],
    [io:format("~w - ~w = ~w~n", [A, B, A - B]) || {A, B} <- pairs()],
    [io:format("~w * ~w = ~w~n", [A, B, A * B]) || {A, B} <- pairs()],
    [io:format("~w div/rem ~w = ~w ~w~n", [A, B, A div B, A rem B]) || {A, B} <- pairs(), B =/= 0],
    [io:format("-(~w) = ~w abs ~w~n", [A, -A, abs(A)]) || A <- values()],
    %% around the border of 60-bit small integers
    Max = id((1 bsl 59) - 1),
    Min = id(-(1 bsl 59)),
    io:format("~w ~w~n", [Max, Max + 1]),
    io:format("~w ~w~n", [Min, Min - 1]),
    io:format("~w ~w~n", [Max + 1 - 1 =:= Max, Min - 1 + 1 =:= Min]),
    io:format("~w ~w~n", [-Min, -(-Min)]),
    io:format("~w~n", [Max * Max]),
    io:format("~w~n", [Min * Min]),
    io:format("~w~n", [Min * Max]),
    io:format("~w ~w~n", [Min div -1, Min rem -1]),
    io:format("~w~n", [abs(Min)]),
    io:format("~w~n", [sum(1000, 0)]),
    io:format("~w~n", [mix(id(17), id(5))]),
    ok.

id(X) -> X.

values() -> [0, 1, -1, 7, -7, 12345, -12345, 134217727, 134217728, -134217729, 4294967295, 4294967296].

pairs() -> [{A, B} || A <- [0, 7, -7, 4294967296, 576460752303423487], B <- [0, 1, -1, 2, -3, 576460752303423487]].

sum(0, Acc) -> Acc;
sum(N, Acc) -> sum(N - 1, Acc + N * N).

mix(A, B) ->
    C = A * B - A div B + A rem B,
    D = (C band A) bor (C bxor B),
    {C, D, C + D * (A - B)}.
