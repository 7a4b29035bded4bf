%% sets in both versions, and ordsets.
-module(ds_sets).
-export([main/0]).

main() ->
    [begin
         io:format("~w~n", [Opts]),
         A = sets:from_list(lists:seq(1, 100), Opts), B = sets:from_list(lists:seq(50, 150), Opts),
         io:format("~w ~w~n", [sets:size(A), lists:sort(sets:to_list(sets:intersection(A, B)))]),
         io:format("~w~n", [sets:size(sets:union(A, B))]),
         io:format("~w~n", [lists:sort(sets:to_list(sets:subtract(A, B)))]),
         io:format("~w ~w~n", [sets:is_element(5, A), sets:is_element(500, A)]),
         io:format("~w ~w~n", [sets:is_subset(sets:from_list([1, 2], Opts), A), sets:is_disjoint(A, sets:from_list([x], Opts))]),
         io:format("~w~n", [sets:fold(fun(X, S) -> X + S end, 0, A)]),
         io:format("~w~n", [lists:sort(sets:to_list(sets:filter(fun(X) -> X rem 10 =:= 0 end, A)))]),
         io:format("~w~n", [lists:sort(sets:to_list(sets:map(fun(X) -> X rem 10 end, A)))]),
         io:format("~w~n", [sets:size(sets:add_element(7, sets:del_element(8, A)))]),
         io:format("~w ~w~n", [sets:is_empty(sets:new(Opts)), sets:is_set(A)]),
         io:format("~w~n", [sets:is_equal(A, sets:from_list(lists:reverse(lists:seq(1, 100)), Opts))]),
         io:format("~w~n", [lists:sort(sets:to_list(sets:union([sets:from_list([X, X + 1], Opts) || X <- [1, 5, 9]])))]),
         Mixed = sets:from_list([1, 1.0, a, "a", {}, <<>>, #{}, [], 1], Opts),
         io:format("~w ~w~n", [sets:size(Mixed), lists:sort(sets:to_list(Mixed))])
     end || Opts <- [[{version, 1}], [{version, 2}]]],
    O = ordsets:from_list([c, a, b, a, 1, 1.0]),
    io:format("~w~n", [O]),
    io:format("~w ~w~n", [ordsets:add_element(bb, O), ordsets:del_element(a, O)]),
    io:format("~w ~w~n", [ordsets:union([1, 3, 5], [2, 3, 4]), ordsets:intersection([1, 3, 5], [3, 4, 5])]),
    io:format("~w ~w~n", [ordsets:subtract([1, 2, 3], [2]), ordsets:is_subset([1], [1, 2])]),
    io:format("~w ~w~n", [ordsets:is_element(1.0, [1]), ordsets:fold(fun(X, A) -> [X | A] end, [], [1, 2, 3])]),
    io:format("~w~n", [ordsets:union([[1, 4], [2, 5], [3, 6]])]),
    io:format("~w ~w~n", [ordsets:is_disjoint([1], [2]), ordsets:size([1, 2])]),
    io:format("~w~n", [sofs:to_external(sofs:union(sofs:set([a, b]), sofs:set([b, c])))]),
    io:format("~w~n", [sofs:to_external(sofs:domain(sofs:relation([{1, a}, {2, b}, {1, c}])))]),
    ok.
