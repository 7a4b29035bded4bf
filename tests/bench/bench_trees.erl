%% Data structures written in Erlang: gb_trees, queue, dict, array.
-module(bench_trees).
-export([main/0]).

main() -> bench_timer:run(fun(K) -> {tree(6000 * K), queue(20000 * K), array(6000 * K), dict(4000 * K)} end).

tree(N) ->
    T = lists:foldl(fun(I, T) -> gb_trees:enter(I * 7919 rem 10007, I, T) end, gb_trees:empty(), lists:seq(1, N)),
    lists:sum([V || I <- lists:seq(1, N), {value, V} <- [gb_trees:lookup(I, T)]]).

queue(N) -> turn(N, queue:from_list(lists:seq(1, 50)), 0).

turn(0, _, Sum) -> Sum;
turn(N, Q, Sum) ->
    {{value, V}, Rest} = queue:out(Q),
    turn(N - 1, queue:in(V + 1, Rest), Sum + V).

array(N) ->
    A = lists:foldl(fun(I, A) -> array:set(I * 31 rem N, I, A) end, array:new(N, {default, 0}), lists:seq(1, N)),
    array:foldl(fun(_, V, S) -> S + V end, 0, A).

dict(N) ->
    D = lists:foldl(fun(I, D) -> dict:update_counter(I rem 100, I, D) end, dict:new(), lists:seq(1, N)),
    lists:sort(dict:to_list(D)).
