%% Sorting: stability, own orders, uniqueness, long and awkward inputs.
-module(sorting).
-export([main/0]).

main() ->
    L = pseudo(500, 12345),
    S = lists:sort(L),
    io:format("~w~n", [S]),
    io:format("~w~n", [S =:= lists:reverse(lists:sort(fun(A, B) -> A >= B end, L))]),
    io:format("~w~n", [lists:usort(L) =:= dedup(S)]),
    io:format("~w~n", [lists:usort([X rem 17 || X <- L])]),
    io:format("~w~n", [lists:sort(fun(A, B) -> A rem 10 =< B rem 10 end, lists:sublist(L, 60))]),
    io:format("~w~n", [lists:usort(fun(A, B) -> A rem 10 =< B rem 10 end, lists:sublist(L, 60))]),
    P = [{X rem 7, X} || X <- lists:sublist(L, 80)],
    io:format("~w~n", [lists:keysort(1, P)]),
    io:format("~w~n", [lists:ukeysort(1, P)]),
    io:format("~w~n", [lists:sort(P) =:= lists:keysort(1, lists:keysort(2, P))]),
    [io:format("~w~n", [lists:sort(X)]) ||
        X <- [[], [1], [2, 1], [1, 2], [2, 2], [3, 1, 2], [1, 1.0, 1], [1.0, 1, 1.0], [c, b, a, 1, "x", {}, <<>>, #{}]]],
    Up = lists:seq(1, 300), Down = lists:reverse(Up),
    io:format("~w ~w~n", [lists:sort(Up) =:= Up, lists:sort(Down) =:= Up]),
    io:format("~w~n", [lists:sort(Up ++ Down) =:= lists:merge(Up, Up)]),
    io:format("~w~n", [erlang:phash2(lists:sort(pseudo(5000, 99)))]),
    io:format("~w ~w~n", [is_sorted(lists:sort(pseudo(3000, 5))), length(lists:usort(pseudo(3000, 5)))]),
    io:format("~w~n", [quick(lists:sublist(L, 100)) =:= lists:sort(lists:sublist(L, 100))]),
    ok.

pseudo(0, _) -> [];
pseudo(N, X) ->
    Y = (X * 1103515245 + 12345) band 16#7fffffff,
    [Y bsr 16 | pseudo(N - 1, Y)].

dedup([A, A | T]) -> dedup([A | T]);
dedup([A | T]) -> [A | dedup(T)];
dedup([]) -> [].

is_sorted([A, B | T]) -> A =< B andalso is_sorted([B | T]);
is_sorted(_) -> true.

quick([]) -> [];
quick([P | T]) -> quick([X || X <- T, X < P]) ++ [P] ++ quick([X || X <- T, X >= P]).
