%% gb_trees and gb_sets.
-module(ds_gb).
-export([main/0]).

main() ->
    Ks = [(I * 7919) rem 101 || I <- lists:seq(1, 60)],
    T = lists:foldl(fun(K, A) -> gb_trees:enter(K, {v, K}, A) end, gb_trees:empty(), Ks),
    io:format("~w ~w~n", [gb_trees:size(T), gb_trees:keys(T) =:= lists:usort(Ks)]),
    io:format("~w ~w~n", [gb_trees:lookup(7919 rem 101, T), gb_trees:lookup(1000, T)]),
    io:format("~w ~w~n", [gb_trees:smallest(T), gb_trees:largest(T)]),
    {K1, V1, T1} = gb_trees:take_smallest(T),
    {K2, V2, T2} = gb_trees:take_largest(T1),
    io:format("~w ~w ~w ~w ~w~n", [K1, V1, K2, V2, gb_trees:size(T2)]),
    T3 = lists:foldl(fun gb_trees:delete_any/2, T, lists:seq(0, 50)),
    io:format("~w~n", [gb_trees:to_list(T3)]),
    io:format("~w~n", [gb_trees:balance(gb_trees:from_orddict([{I, I} || I <- lists:seq(1, 20)]))]),
    io:format("~w~n", [gb_trees:values(gb_trees:map(fun(K, _) -> K * 2 end, T3))]),
    io:format("~w~n", [walk(gb_trees:next(gb_trees:iterator_from(80, T)))]),
    io:format("~w~n", [walk(gb_trees:next(gb_trees:iterator(T3, reversed)))]),
    io:format("~w ~w~n", [gb_trees:smaller(50, T), gb_trees:larger(50, T)]),
    io:format("~w~n", [try gb_trees:insert(hd(Ks), x, T) catch C:R -> {C, R} end]),
    io:format("~w~n", [try gb_trees:get(none, T) catch C2:R2 -> {C2, R2} end]),
    A = gb_sets:from_list(lists:seq(1, 20)), B = gb_sets:from_list([X * 2 || X <- lists:seq(1, 20)]),
    io:format("~w~n", [gb_sets:to_list(gb_sets:union(A, B))]),
    io:format("~w~n", [gb_sets:to_list(gb_sets:intersection(A, B))]),
    io:format("~w~n", [gb_sets:to_list(gb_sets:subtract(A, B))]),
    io:format("~w ~w~n", [gb_sets:is_member(3, A), gb_sets:is_member(30, A)]),
    io:format("~w ~w~n", [gb_sets:is_subset(gb_sets:from_list([1, 2]), A), gb_sets:is_disjoint(A, gb_sets:from_list([50]))]),
    io:format("~w~n", [gb_sets:fold(fun(X, S) -> X + S end, 0, A)]),
    io:format("~w~n", [gb_sets:to_list(gb_sets:filter(fun(X) -> X rem 3 =:= 0 end, A))]),
    io:format("~w~n", [gb_sets:take_smallest(gb_sets:from_list([3, 1, 2]))]),
    io:format("~w~n", [gb_sets:to_list(gb_sets:map(fun(X) -> X rem 5 end, A))]),
    io:format("~w~n", [gb_sets:size(gb_sets:add(5, gb_sets:add(99, A)))]),
    io:format("~w~n", [gb_sets:to_list(gb_sets:del_element(7, A))]),
    io:format("~w~n", [heap_sort([5, 3, 8, 1, 9, 2, 7])]),
    ok.

walk(none) -> [];
walk({K, _, I}) -> [K | walk(gb_trees:next(I))].

heap_sort(L) -> drain(gb_sets:from_list(L)).
drain(S) -> case gb_sets:is_empty(S) of true -> []; false -> {X, S1} = gb_sets:take_smallest(S), [X | drain(S1)] end.
