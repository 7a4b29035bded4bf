%% Order of traversal of sets and bags, which follows from OTP's hash of the keys and from how tables grow.
%% (Not of tuples, lists and maps with atoms in them: there it follows from the numbers of the atoms.)
-module(ets_order).
-export([main/0]).

main() ->
    T = ets:new(t, []),
    [ets:insert(T, {I, I * I}) || I <- lists:seq(1, 40)],
    io:format("~w~n", [ets:tab2list(T)]),
    io:format("~w~n", [walk(T, ets:first(T))]),
    io:format("~w~n", [element(1, ets:match(T, {'$1', '_'}, 7))]),
    Keys = [a, b, hello, {$x, 1}, {$x, 2}, "text", [], {}, <<"bin">>, 1.5, -1.5, 1 bsl 70, -(1 bsl 70), #{1 => 1}, -7],
    M = ets:new(m, []),
    [ets:insert(M, {K}) || K <- Keys],
    io:format("~w~n", [ets:tab2list(M)]),
    [ets:delete(M, K) || K <- [a, {$x, 1}, [], 1.5]],
    io:format("~w~n", [[K || {K} <- ets:tab2list(M)]]),
    %% Growing splits chains, shrinking joins them.
    G = ets:new(g, []),
    [ets:insert(G, {I}) || I <- lists:seq(1, 3000)],
    io:format("~w ~w~n", [erlang:phash2(ets:tab2list(G)), ets:info(G, memory)]),
    [ets:delete(G, I) || I <- lists:seq(1, 2900)],
    io:format("~w~n", [[I || {I} <- ets:tab2list(G)]]),
    B = ets:new(b, [bag]),
    [ets:insert(B, {I rem 3, I}) || I <- lists:seq(1, 9)],
    ets:insert(B, {1, 4}),
    io:format("~w~n~w~n", [ets:tab2list(B), ets:lookup(B, 1)]),
    ets:delete_object(B, {1, 4}),
    io:format("~w ~w~n", [ets:lookup(B, 1), ets:lookup_element(B, 2, 2)]),
    D = ets:new(d, [duplicate_bag]),
    [ets:insert(D, {I rem 2, I div 4}) || I <- lists:seq(1, 9)],
    io:format("~w~n~w~n", [ets:tab2list(D), ets:select(D, [{{0, '$1'}, [], ['$1']}])]),
    ets:delete_object(D, {1, 0}),
    io:format("~w ~w~n", [ets:tab2list(D), ets:info(D, size)]),
    io:format("~w~n", [ets:slot(T, 0)]),
    io:format("~w~n", [[length(ets:slot(T, I)) || I <- lists:seq(0, 255), ets:slot(T, I) =/= []]]).

walk(_, '$end_of_table') -> [];
walk(T, K) -> [K | walk(T, ets:next(T, K))].
