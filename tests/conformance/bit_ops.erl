%% band, bor, bxor, bnot, bsl, bsr on small and big integers, with both signs.
-module(bit_ops).
-export([main/0, id/1]).

main() ->
    Vs = [0, 1, -1, 5, -6, 255, (1 bsl 59) - 1, -(1 bsl 59), 1 bsl 60, -(1 bsl 64), (1 bsl 100) + 12345, -((1 bsl 90) + 7)],
    [io:format("~w band ~w = ~w~n", [A, B, A band B]) || A <- Vs, B <- Vs],
    [io:format("~w bor ~w = ~w~n", [A, B, A bor B]) || A <- Vs, B <- Vs],
    [io:format("~w bxor ~w = ~w~n", [A, B, A bxor B]) || A <- Vs, B <- Vs],
    [io:format("bnot ~w = ~w~n", [A, bnot A]) || A <- Vs],
    Shifts = [0, 1, 3, 31, 58, 59, 60, 63, 64, 65, 127, 130],
    [io:format("~w bsl ~w = ~w~n", [A, S, A bsl S]) || A <- Vs, S <- Shifts],
    [io:format("~w bsr ~w = ~w~n", [A, S, A bsr S]) || A <- Vs, S <- Shifts],
    [io:format("~w bsl ~w = ~w~n", [A, S, A bsl S]) || A <- [77, -77, 1 bsl 70], S <- [-1, -5, -64, -200]],
    [io:format("~w bsr ~w = ~w~n", [A, S, A bsr S]) || A <- [77, -77], S <- [-1, -5, -64]],
    io:format("~w ~w~n", [id(5) bsr id(1 bsl 70), id(-5) bsr id(1 bsl 70)]),
    io:format("~w~n", [id(0) bsl id(1 bsl 70)]),
    io:format("~w~n", [popcount(id((1 bsl 200) - 1))]),
    io:format("~w~n", [xorshift(10, 88172645463325252)]),
    ok.

id(X) -> X.

popcount(0) -> 0;
popcount(N) -> (N band 1) + popcount(N bsr 1).

xorshift(0, X) -> X;
xorshift(N, X0) ->
    M = (1 bsl 64) - 1,
    X1 = X0 bxor ((X0 bsl 13) band M),
    X2 = X1 bxor (X1 bsr 7),
    X3 = X2 bxor ((X2 bsl 17) band M),
    xorshift(N - 1, X3).
