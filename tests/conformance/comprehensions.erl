%% List comprehensions: several generators, filters, patterns, nesting, scope.
-module(comprehensions).
-export([main/0]).

main() ->
    io:format("~w~n", [[X * X || X <- lists:seq(1, 5)]]),
    io:format("~w~n", [[{X, Y} || X <- [1, 2, 3], Y <- [a, b]]]),
    io:format("~w~n", [[{X, Y} || X <- lists:seq(1, 4), Y <- lists:seq(X, 4), X + Y =:= 5]]),
    io:format("~w~n", [[X || {ok, X} <- [{ok, 1}, error, {ok, 2}, {error, 3}]]]),
    io:format("~w~n", [[X || X <- [1, a, 2.0, "s"], is_number(X)]]),
    io:format("~w~n", [[[X * Y || X <- [1, 2, 3]] || Y <- [1, 2, 3]]]),
    io:format("~w~n", [[{A, B, C} || C <- lists:seq(1, 20), B <- lists:seq(1, C), A <- lists:seq(1, B), A * A + B * B =:= C * C]]),
    X = 10,
    io:format("~w~n", [[-Z || Z <- [1, 2]] ++ [X]]),
    io:format("~w~n", [[X + Y || Y <- [1, 2]]]),
    io:format("~w~n", [[H || [H | _] <- [[1, 2], [], [3]]]]),
    io:format("~w~n", [[Y || Z <- [1, 2, 3, 4], Y <- if Z rem 2 =:= 0 -> [Z, Z]; true -> [] end]]),
    io:format("~w~n", [[begin W = V * 2, W + 1 end || V <- [1, 2, 3]]]),
    io:format("~w~n", [perms([a, b, c])]),
    io:format("~w~n", [length(perms([1, 2, 3, 4, 5, 6]))]),
    io:format("~w~n", [transpose([[1, 2, 3], [4, 5, 6]])]),
    io:format("~w~n", [matmul([[1, 2], [3, 4]], [[5, 6], [7, 8]])]),
    io:format("~w~n", [powerset([1, 2, 3])]),
    io:format("~w~n", [[F(5) || F <- [fun(K) -> K + I end || I <- [1, 2, 3]]]]),
    io:format("~w~n", [[{I, C} || {I, C} <- lists:zip(lists:seq(1, 5), "hello"), C =/= $l]]),
    io:format("~w~n", [lists:sum([A * B || A <- lists:seq(1, 100), B <- lists:seq(1, 100), A rem B =:= 0])]),
    io:format("~w~n", [[ok || _ <- [1, 2, 3]]]),
    io:format("~w~n", [try [Q || Q <- [1, 2 | atom()]] catch C1:R1 -> {C1, R1} end]),
    ok.

atom() -> list_to_atom("tail").

perms([]) -> [[]];
perms(L) -> [[H | T] || H <- L, T <- perms(L -- [H])].

transpose([[] | _]) -> [];
transpose(M) -> [[hd(R) || R <- M] | transpose([tl(R) || R <- M])].

matmul(A, B) -> BT = transpose(B), [[lists:sum([X * Y || {X, Y} <- lists:zip(R, C)]) || C <- BT] || R <- A].

powerset([]) -> [[]];
powerset([H | T]) -> P = powerset(T), [[H | S] || S <- P] ++ P.
