%% The maps module's functions, iterators and comprehensions.
-module(maps_api).
-export([main/0]).

main() ->
    M = #{1 => 1, 2 => 2, 3 => 3, 4 => 4},
    io:format("~w~n", [maps:map(fun(K, V) -> {K, V} end, M)]),
    io:format("~w~n", [maps:filter(fun(_, V) -> V > 2 end, M)]),
    io:format("~w~n", [maps:filtermap(fun(_, V) when V rem 2 =:= 0 -> {true, V * 10}; (1, _) -> true; (_, _) -> false end, M)]),
    io:format("~w~n", [maps:fold(fun(_, V, S) -> S + V end, 0, M)]),
    maps:foreach(fun(K, V) -> io:format("~w=~w ", [K, V]) end, M),
    io:nl(),
    io:format("~w ~w~n", [maps:merge(M, #{4 => 40, 5 => 5}), maps:merge(#{4 => 40}, M)]),
    io:format("~w~n", [maps:merge_with(fun(_, X, Y) -> X + Y end, M, #{1 => 100, 26 => 26})]),
    io:format("~w~n", [maps:intersect(M, #{1 => x, 9 => y, 4 => z})]),
    io:format("~w~n", [maps:intersect_with(fun(_, X, Y) -> {X, Y} end, M, #{1 => x, 4 => z})]),
    io:format("~w ~w~n", [maps:with([1, 3, 9], M), maps:without([1, 3, 9], M)]),
    io:format("~w~n", [maps:update_with(1, fun(X) -> X + 1 end, M)]),
    io:format("~w~n", [maps:update_with(zz, fun(X) -> X + 1 end, 0, M)]),
    io:format("~w ~w~n", [maps:update(2, two, M), maps:put(5, 5, M)]),
    io:format("~w~n", [maps:from_keys([7, 8, 9], 0)]),
    io:format("~w~n", [maps:groups_from_list(fun(X) -> X rem 3 end, lists:seq(1, 10))]),
    io:format("~w~n", [maps:groups_from_list(fun(X) -> X rem 2 end, fun(X) -> X * X end, lists:seq(1, 6))]),
    io:format("~w ~w~n", [maps:new(), maps:keys(M)]),
    io:format("~w~n", [maps:values(M)]),
    %% iterators
    I = maps:iterator(M, ordered),
    {K1, V1, I2} = maps:next(I),
    {K2, V2, I3} = maps:next(I2),
    io:format("~w ~w ~w ~w~n", [K1, V1, K2, V2]),
    io:format("~w~n", [maps:to_list(I3)]),
    io:format("~w~n", [maps:to_list(maps:iterator(M, reversed))]),
    io:format("~w~n", [walk(maps:next(maps:iterator(maps:from_list([{X, X} || X <- lists:seq(1, 100)]))), 0)]),
    io:format("~w~n", [maps:next(maps:iterator(#{}))]),
    %% comprehensions
    io:format("~w~n", [#{V => K || K := V <- M}]),
    io:format("~w~n", [[{K, V} || K := V <- M, V > 2]]),
    io:format("~w~n", [#{X => X * X || X <- [1, 2, 3]}]),
    io:format("~w~n", [#{K => V + W || K := V <- M, L := W <- M, K =:= L}]),
    io:format("~w~n", [<< <<V>> || _ := V <- M >>]),
    io:format("~w~n", [map_size(#{X rem 10 => X || X <- lists:seq(1, 100)})]),
    [io:format("~w~n", [try F() catch C:R -> {C, R} end]) ||
        F <- [fun() -> maps:update(zz, 1, M) end, fun() -> maps:update_with(zz, fun(X) -> X end, M) end,
              fun() -> maps:fold(x, 0, M) end, fun() -> maps:map(fun(_) -> 1 end, M) end, fun() -> maps:merge(M, 5) end,
              fun() -> maps:next(foo) end, fun() -> maps:with(a, M) end]],
    ok.

walk(none, S) -> S;
walk({_, V, I}, S) -> walk(maps:next(I), S + V).
