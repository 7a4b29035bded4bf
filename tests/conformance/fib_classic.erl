%% Small classic programs: fib, list reversal, queens, ring, map counting; the benchmarks' shapes.
-module(fib_classic).
-export([main/0]).

main() ->
    io:format("~w~n", [fib(24)]),
    io:format("~w~n", [lists:sum(rev_many(100, lists:seq(1, 500)))]),
    io:format("~w~n", [length(queens(7))]),
    io:format("~w~n", [maps:get(7, counts(20000, #{}))]),
    io:format("~w~n", [tak(14, 8, 3)]),
    io:format("~w~n", [nrev_sum(200)]),
    io:format("~w~n", [mandel()]),
    io:format("~w~n", [life(10)]),
    io:format("~s~n", [caesar("The Quick Brown Fox", 13)]),
    io:format("~w~n", [length(knights(5))]),
    io:format("~w~n", [matrix(12)]),
    io:format("~w~n", [lcs("the quick brown fox", "a thick crown of box")]),
    ok.

fib(N) when N < 2 -> N;
fib(N) -> fib(N - 1) + fib(N - 2).

rev_many(0, L) -> L;
rev_many(N, L) -> rev_many(N - 1, rev(L, [])).
rev([], A) -> A;
rev([H | T], A) -> rev(T, [H | A]).

queens(N) -> queens(N, N).
queens(_, 0) -> [[]];
queens(N, K) -> [[Q | B] || B <- queens(N, K - 1), Q <- lists:seq(1, N), safe(Q, 1, B)].
safe(_, _, []) -> true;
safe(Q, D, [H | T]) -> Q =/= H andalso abs(Q - H) =/= D andalso safe(Q, D + 1, T).

counts(0, M) -> M;
counts(N, M) ->
    K = N rem 100,
    case M of
        #{K := V} -> counts(N - 1, M#{K := V + 1});
        _ -> counts(N - 1, M#{K => 1})
    end.

tak(X, Y, Z) when Y >= X -> Z;
tak(X, Y, Z) -> tak(tak(X - 1, Y, Z), tak(Y - 1, Z, X), tak(Z - 1, X, Y)).

nrev_sum(N) -> lists:sum(nrev(lists:seq(1, N))).
nrev([]) -> [];
nrev([H | T]) -> nrev(T) ++ [H].

mandel() -> [iter(X / 10.0 - 2.0, Y / 5.0 - 1.0, 0.0, 0.0, 0) || Y <- lists:seq(0, 9), X <- lists:seq(0, 29, 5)].
iter(_, _, _, _, 50) -> 50;
iter(_, _, X, Y, N) when X * X + Y * Y > 4.0 -> N;
iter(A, B, X, Y, N) -> iter(A, B, X * X - Y * Y + A, 2 * X * Y + B, N + 1).

life(N) -> lists:sort(life(N, sets:from_list([{1, 0}, {2, 1}, {0, 2}, {1, 2}, {2, 2}]))).
life(0, S) -> sets:to_list(S);
life(N, S) ->
    Cells = lists:usort([{X + DX, Y + DY} || {X, Y} <- sets:to_list(S), DX <- [-1, 0, 1], DY <- [-1, 0, 1]]),
    life(N - 1, sets:from_list([C || C <- Cells, alive(C, S)])).
alive({X, Y} = C, S) ->
    Near = length([1 || DX <- [-1, 0, 1], DY <- [-1, 0, 1], {DX, DY} =/= {0, 0}, sets:is_element({X + DX, Y + DY}, S)]),
    Near =:= 3 orelse (Near =:= 2 andalso sets:is_element(C, S)).

caesar(S, K) -> [shift(C, K) || C <- S].
shift(C, K) when C >= $a, C =< $z -> $a + (C - $a + K) rem 26;
shift(C, K) when C >= $A, C =< $Z -> $A + (C - $A + K) rem 26;
shift(C, _) -> C.

knights(N) -> tour({0, 0}, [{0, 0}], N).
tour(_, Path, N) when length(Path) =:= N * N -> Path;
tour({X, Y}, Path, N) ->
    Moves = [{X + A, Y + B} || {A, B} <- [{1, 2}, {2, 1}, {2, -1}, {1, -2}, {-1, -2}, {-2, -1}, {-2, 1}, {-1, 2}]],
    Free = [M || {A, B} = M <- Moves, A >= 0, A < N, B >= 0, B < N, not lists:member(M, Path)],
    try_moves(lists:sort([{exits(M, Path, N), M} || M <- Free]), Path, N).
try_moves([], _, _) -> [];
try_moves([{_, M} | T], Path, N) -> case tour(M, [M | Path], N) of [] -> try_moves(T, Path, N); P -> P end.
exits({X, Y}, Path, N) ->
    length([1 || {A, B} <- [{1, 2}, {2, 1}, {2, -1}, {1, -2}, {-1, -2}, {-2, -1}, {-2, 1}, {-1, 2}], X + A >= 0, X + A < N, Y + B >= 0, Y + B < N,
                 not lists:member({X + A, Y + B}, Path)]).

matrix(N) ->
    A = [[I * J rem 7 || J <- lists:seq(1, N)] || I <- lists:seq(1, N)],
    lists:sum(lists:append(mul(A, mul(A, A)))).
mul(A, B) -> C = cols(B), [[dot(R, K) || K <- C] || R <- A].
cols([[] | _]) -> [];
cols(M) -> [[hd(R) || R <- M] | cols([tl(R) || R <- M])].
dot([], []) -> 0;
dot([A | As], [B | Bs]) -> A * B + dot(As, Bs).

lcs(A, B) ->
    {L, _} = lcs(A, B, #{}),
    lists:last([L]).
lcs([], _, M) -> {[], M};
lcs(_, [], M) -> {[], M};
lcs([H | A], [H | B], M) -> {L, M1} = lcs(A, B, M), {[H | L], M1};
lcs([_ | A1] = A, [_ | B1] = B, M) ->
    K = {length(A), length(B)},
    case M of
        #{K := L} -> {L, M};
        _ ->
            {L1, M1} = lcs(A1, B, M),
            {L2, M2} = lcs(A, B1, M1),
            L = if length(L1) >= length(L2) -> L1; true -> L2 end,
            {L, M2#{K => L}}
    end.
