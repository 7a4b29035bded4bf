%% Tuples and their BIFs, with the errors that they give.
-module(tuples).
-export([main/0, id/1]).

main() ->
    T = id({a, 2, "three", {4}, 5.0}),
    io:format("~w ~w ~w~n", [tuple_size(T), size(T), element(4, T)]),
    io:format("~w~n", [setelement(2, T, two)]),
    io:format("~w~n", [T]),
    io:format("~w ~w~n", [tuple_to_list(T), list_to_tuple([1, 2 | [3]])]),
    io:format("~w ~w ~w~n", [erlang:make_tuple(3, x), erlang:make_tuple(4, [], [{2, b}, {4, d}, {2, c}]), erlang:make_tuple(0, q)]),
    io:format("~w ~w ~w~n", [erlang:append_element({1}, 2), erlang:insert_element(1, {b, c}, a), erlang:delete_element(2, {a, b, c})]),
    io:format("~w~n", [erlang:insert_element(4, {a, b, c}, d)]),
    Big = list_to_tuple(lists:seq(1, 1000)),
    io:format("~w ~w ~w~n", [tuple_size(Big), element(1, Big), element(1000, Big)]),
    io:format("~w~n", [element(500, setelement(500, Big, middle))]),
    {A, B, _, {C}, D} = T,
    io:format("~w ~w ~w ~w~n", [A, B, C, D]),
    [io:format("~w~n", [kind(X)]) || X <- [{}, {1}, {a, b}, {a, b, c}, {ok, 5}, {error, why}, [], x]],
    [io:format("~w~n", [catch_it(F)]) ||
        F <- [fun() -> element(id(0), T) end, fun() -> element(id(6), T) end, fun() -> element(id(a), T) end,
              fun() -> element(id(1), id([])) end, fun() -> setelement(id(9), T, x) end, fun() -> tuple_size(id([])) end,
              fun() -> list_to_tuple(id([a | b])) end, fun() -> list_to_tuple(id(x)) end, fun() -> tuple_to_list(id("s")) end,
              fun() -> erlang:make_tuple(id(-1), x) end, fun() -> erlang:delete_element(id(3), {a}) end]],
    io:format("~w~n", [swap_all([{1, a}, {2, b}, {3, c}])]),
    io:format("~w~n", [update(100, {0, 0, 0})]),
    io:format("~w ~w~n", [is_tuple({}), is_tuple([])]),
    ok.

id(X) -> X.

kind({}) -> empty;
kind({_}) -> one;
kind({ok, V}) when V > 3 -> {ok_big, V};
kind({error, _}) -> failed;
kind({_, _}) -> pair;
kind(T) when is_tuple(T) -> {tuple, tuple_size(T)};
kind(_) -> other.

swap_all(L) -> [{B, A} || {A, B} <- L].

update(0, T) -> T;
update(N, {A, B, C} = T) ->
    T1 = setelement(1, T, A + N),
    T2 = setelement(2, T1, B + A),
    update(N - 1, setelement(3, T2, C bxor B)).

catch_it(F) ->
    try F() of V -> {value, V} catch K:R -> {K, R} end.
