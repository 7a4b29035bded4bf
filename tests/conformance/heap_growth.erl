%% Growing heaps and stacks from the smallest size, shrinking again, hibernation.
-module(heap_growth).
-export([main/0, woken/1]).

main() ->
    [io:format("~w~n", [in_process(fun() -> length(lists:seq(1, N)) end)]) || N <- [1, 10, 100, 1000, 10000, 100000, 500000]],
    [io:format("~w~n", [in_process(fun() -> nontail(N) end)]) || N <- [10, 1000, 100000, 500000]],
    io:format("~w~n", [in_process(fun() -> tuple_size(erlang:make_tuple(200000, {})) end)]),
    io:format("~w~n", [in_process(fun() -> grow_shrink(20) end)]),
    io:format("~w~n", [in_process(fun() -> map_size(maps:from_list([{I, [I]} || I <- lists:seq(1, 50000)])) end)]),
    io:format("~w~n", [in_process(fun() -> byte_size(term_to_binary(lists:duplicate(20000, {a, 1.5, "xyz"}))) end)]),
    Self = self(),
    P = spawn(fun() -> L = lists:seq(1, 5000), erlang:hibernate(?MODULE, woken, [{Self, L}]) end),
    P ! wake,
    io:format("~w~n", [receive {awake, N} -> N end]),
    L = lists:seq(1, 200000),
    Q = spawn(fun() -> receive {From, M} -> From ! {size, length(M), lists:sum(M)} end end),
    Q ! {self(), L},
    io:format("~w~n", [receive {size, A, B} -> {A, B} end]),
    io:format("~w~n", [erlang:garbage_collect()]),
    io:format("~w~n", [erts_debug:flat_size({1, [2, 3], "abc", 1.5, <<"bin">>, #{a => 1}})]),
    io:format("~w~n", [[erts_debug:flat_size(T) || T <- [1, a, [], [1], {}, {1}, {1, 2}, 1.0, 1 bsl 60, 1 bsl 64, -(1 bsl 128), <<>>, <<1>>, <<1, 2, 3, 4, 5, 6, 7, 8, 9>>,
                                                           "hello", #{}, #{1 => 2}, #{1 => 2, 3 => 4}, make_ref(), fun lists:map/2]]]),
    S = [1, 2, 3],
    io:format("~w ~w~n", [erts_debug:size({S, S}), erts_debug:flat_size({S, S})]),
    ok.

in_process(F) ->
    {P, M} = spawn_monitor(fun() -> exit({ok, F()}) end),
    receive {'DOWN', M, process, P, {ok, R}} -> R end.

nontail(0) -> 0;
nontail(N) -> 1 + nontail(N - 1).

grow_shrink(0) -> done;
grow_shrink(N) -> _ = length([{X, X} || X <- lists:seq(1, 20000)]), erlang:garbage_collect(), grow_shrink(N - 1).

woken({To, L}) -> receive wake -> To ! {awake, length(L)} end.
