%% digraph and digraph_utils, which keep their data in ETS tables.
-module(ds_digraph).
-export([main/0]).

main() ->
    G = digraph:new(),
    [digraph:add_vertex(G, V, {label, V}) || V <- lists:seq(1, 8)],
    [digraph:add_edge(G, A, B) || {A, B} <- [{1, 2}, {2, 3}, {3, 1}, {3, 4}, {4, 5}, {5, 6}, {6, 4}, {7, 8}]],
    io:format("~w ~w~n", [digraph:no_vertices(G), digraph:no_edges(G)]),
    io:format("~w~n", [lists:sort(digraph:vertices(G))]),
    io:format("~w ~w~n", [digraph:vertex(G, 3), digraph:vertex(G, 99)]),
    io:format("~w ~w~n", [lists:sort(digraph:out_neighbours(G, 3)), lists:sort(digraph:in_neighbours(G, 4))]),
    io:format("~w ~w~n", [digraph:out_degree(G, 3), digraph:in_degree(G, 4)]),
    io:format("~w ~w~n", [digraph:get_path(G, 1, 6), digraph:get_path(G, 6, 1)]),
    io:format("~w~n", [digraph:get_short_path(G, 1, 5)]),
    io:format("~w~n", [lists:sort([lists:sort(C) || C <- digraph_utils:strong_components(G)])]),
    io:format("~w~n", [lists:sort([lists:sort(C) || C <- digraph_utils:components(G)])]),
    io:format("~w~n", [lists:sort(digraph_utils:reachable([4], G))]),
    io:format("~w~n", [lists:sort(digraph_utils:reaching([4], G))]),
    io:format("~w ~w~n", [digraph_utils:is_acyclic(G), digraph_utils:topsort(G)]),
    true = digraph:delete(G),
    D = digraph:new([acyclic]),
    [digraph:add_vertex(D, V) || V <- [shirt, tie, jacket, belt, trousers, shoes]],
    [digraph:add_edge(D, A, B) || {A, B} <- [{shirt, tie}, {tie, jacket}, {trousers, shoes}, {trousers, belt}, {belt, jacket}]],
    io:format("~w~n", [element(1, digraph:add_edge(D, jacket, shirt))]),
    Order = digraph_utils:topsort(D),
    Pos = maps:from_list(lists:zip(Order, lists:seq(1, 6))),
    io:format("~w~n", [[maps:get(A, Pos) < maps:get(B, Pos) || {A, B} <- [{shirt, tie}, {tie, jacket}, {trousers, shoes}, {belt, jacket}]]]),
    ok.
