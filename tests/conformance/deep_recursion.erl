%% Deep non-tail recursion and deep terms: nothing here may depend on the host's stack.
-module(deep_recursion).
-export([main/0]).

main() ->
    io:format("~w~n", [count(1000000)]),
    io:format("~w~n", [length(build(300000))]),
    io:format("~w~n", [sum_tree(tree(16))]),
    D = deep(200000, []),
    io:format("~w~n", [depth(D, 0)]),
    E = deep(200000, []),
    io:format("~w ~w~n", [D =:= E, D == E]),
    io:format("~w~n", [D < deep(200001, [])]),
    Self = self(),
    spawn(fun() -> Self ! {got, depth(D, 0)} end),
    io:format("~w~n", [receive {got, N} -> N end]),
    Self ! {deep, D},
    io:format("~w~n", [receive {deep, X} -> depth(X, 0) end]),
    T = lists:foldl(fun(I, A) -> {I, A} end, nil, lists:seq(1, 100000)),
    io:format("~w~n", [tuple_depth(T, 0)]),
    M = lists:foldl(fun(I, A) -> #{I => A} end, #{}, lists:seq(1, 20000)),
    io:format("~w~n", [map_depth(M, 0)]),
    io:format("~w~n", [erlang:phash2(D)]),
    io:format("~w~n", [erlang:phash2(T)]),
    B = term_to_binary(D),
    io:format("~w ~w~n", [byte_size(B), binary_to_term(B) =:= D]),
    io:format("~w~n", [length(lists:flatten(D))]),
    io:format("~w~n", [ack(2, 300)]),
    io:format("~w~n", [try blow(100000) catch throw:V -> V end]),
    garbage_collect(),
    io:format("~w~n", [depth(D, 0)]),
    ok.

count(0) -> 0;
count(N) -> 1 + count(N - 1).

build(0) -> [];
build(N) -> [N | build(N - 1)].

tree(0) -> leaf;
tree(N) -> {tree(N - 1), N, tree(N - 1)}.
sum_tree(leaf) -> 0;
sum_tree({L, N, R}) -> sum_tree(L) + N + sum_tree(R).

deep(0, A) -> A;
deep(N, A) -> deep(N - 1, [A]).
depth([], N) -> N;
depth([X], N) -> depth(X, N + 1).

tuple_depth(nil, N) -> N;
tuple_depth({_, T}, N) -> tuple_depth(T, N + 1).

map_depth(M, N) when map_size(M) =:= 0 -> N;
map_depth(M, N) -> [V] = maps:values(M), map_depth(V, N + 1).

ack(0, N) -> N + 1;
ack(M, 0) -> ack(M - 1, 1);
ack(M, N) -> ack(M - 1, ack(M, N - 1)).

blow(0) -> throw(bottom);
blow(N) -> [N | blow(N - 1)].
