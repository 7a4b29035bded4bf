%% Words of ETS tables of the four types, empty and with objects of many shapes, as they grow, shrink and are emptied.
-module(mem_ets).
-export([main/0]).

main() ->
    [kind(Kind) || Kind <- [set, ordered_set, bag, duplicate_bag]],
    options(), shapes(), changes(), compressed().

words(T) -> ets:info(T, memory).

kind(Kind) ->
    T = ets:new(t, [Kind]),
    Empty = words(T),
    Sizes = [begin
                 [ets:insert(T, {I, I}) || I <- lists:seq(From, To)],
                 {ets:info(T, size), words(T)}
             end || {From, To} <- [{1, 1}, {2, 10}, {11, 100}, {101, 1000}, {1001, 10000}]],
    [ets:delete(T, I) || I <- lists:seq(1, 9000)],
    Deleted = {ets:info(T, size), words(T)},
    ets:delete_all_objects(T),
    io:format("~p: empty ~p~n  ~w~n  deleted ~w emptied ~p~n", [Kind, Empty, Sizes, Deleted, words(T)]).

options() ->
    [io:format("~w: ~p~n", [O, words(ets:new(t, O))])
     || O <- [[], [public], [named_table], [{keypos, 2}], [set, {heir, none}], [ordered_set]]].

shapes() ->
    Shapes = [{atom, a}, {small, 17}, {big, 1 bsl 80}, {float, 1.5}, {list, lists:seq(1, 10)}, {string, "abc"},
              {tuple, {1, {2, 3}}}, {map, #{1 => 2, 3 => 4}}, {large_map, maps:from_list([{I, I} || I <- lists:seq(1, 50)])},
              {heap_binary, <<1, 2, 3>>}, {bits, <<1:3>>}, {pid, self()}, {nil, []}, {empty, {}},
              {external, fun lists:map/2}, {binary, list_to_binary(lists:duplicate(100, 1))}, {reference, make_ref()}],
    [begin
         T = ets:new(t, [Kind]),
         Before = words(T),
         ets:insert(T, {1, Term}),
         Value = words(T) - Before,
         ets:delete(T, 1),
         ets:insert(T, {Term, 1}),
         Key = words(T) - Before,
         io:format("~p in ~p: ~p as value, ~p as key~n", [Name, Kind, Value, Key])
     end || {Name, Term} <- Shapes, Kind <- [set, ordered_set]].

changes() ->
    T = ets:new(t, [set]),
    ets:insert(T, {1, "text", 0}),
    A = words(T),
    ets:insert(T, {1, "a longer text", 0}),
    B = words(T),
    ets:update_element(T, 1, {2, "x"}),
    C = words(T),
    ets:update_counter(T, 1, {3, 5}),
    D = words(T),
    ets:update_counter(T, 1, {3, 1 bsl 70}),
    E = words(T),
    ets:take(T, 1),
    io:format("changes: ~w~n", [[A, B, C, D, E, words(T)]]),
    [ets:insert(T, {I, I}) || I <- lists:seq(1, 100)],
    ets:safe_fixtable(T, true),
    F = words(T),
    ets:match_delete(T, {'_', '_'}),
    G = {ets:info(T, size), words(T)},
    ets:safe_fixtable(T, false),
    io:format("fixed: ~w ~w ~w~n", [F, G, words(T)]).

compressed() ->
    T = ets:new(t, [compressed]),
    Before = words(T),
    ets:insert(T, {1, lists:duplicate(1000, a)}),
    io:format("compressed takes less: ~p~n", [words(T) - Before < 200]).
