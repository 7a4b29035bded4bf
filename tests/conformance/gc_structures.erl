%% Much garbage around structures that must survive: lists, tuples, maps, funs, bignums, binaries.
-module(gc_structures).
-export([main/0]).

main() ->
    Keep = {lists:seq(1, 1000), list_to_tuple(lists:seq(1, 100)), maps:from_list([{I, {I}} || I <- lists:seq(1, 200)]),
            fun(X) -> X * 3 end, 1 bsl 500, binary:copy(<<"keep">>, 100), <<"small">>, 3.25, make_ref()},
    H = erlang:phash2(setelement(9, setelement(4, Keep, f), r)),
    Sum = work(2000, 0),
    io:format("~w~n", [Sum]),
    io:format("~w~n", [H =:= erlang:phash2(setelement(9, setelement(4, Keep, f), r))]),
    io:format("~w ~w~n", [(element(4, Keep))(14), is_reference(element(9, Keep))]),
    io:format("~w~n", [survivors(100, [])]),
    io:format("~w~n", [maps_churn(3000, #{})]),
    io:format("~w~n", [length(tree_to_list(insert_all(lists:seq(1, 3000), nil)))]),
    io:format("~w~n", [string_building(500, "")]),
    io:format("~w~n", [big_numbers(300, 1)]),
    io:format("~w~n", [floats(5000, 0.0)]),
    io:format("~w~n", [stack_and_heap(20000)]),
    garbage_collect(),
    io:format("~w~n", [H =:= erlang:phash2(setelement(9, setelement(4, Keep, f), r))]),
    {P, R} = spawn_opt(fun() -> exit({sum, work(500, 0)}) end, [monitor, {fullsweep_after, 0}, {min_heap_size, 233}]),
    io:format("~w~n", [receive {'DOWN', R, process, P, X} -> X end]),
    Self = self(),
    Ps = [spawn(fun() -> Self ! {I, element(2, {I, work(50, I)})} end) || I <- lists:seq(1, 20)],
    io:format("~w~n", [lists:sum([receive {I, V} -> V end || {I, _} <- lists:zip(lists:seq(1, 20), Ps)])]),
    io:format("~w~n", [messages(2000)]),
    ok.

work(0, S) -> S;
work(N, S) ->
    L = lists:seq(1, 100),
    T = list_to_tuple([{X, X * X, integer_to_list(X)} || X <- L]),
    {V, _, _} = element(N rem 100 + 1, T),
    work(N - 1, S + V).

survivors(0, Acc) -> erlang:phash2(Acc);
survivors(N, Acc) ->
    _ = [lists:duplicate(50, {N, X}) || X <- lists:seq(1, 50)],
    survivors(N - 1, [{N, [N, {N, "text"}, #{n => N}], <<N:32>>} | Acc]).

maps_churn(0, M) -> {map_size(M), lists:sum(maps:values(M))};
maps_churn(N, M) -> maps_churn(N - 1, maps:remove((N * 31) rem 500, M#{N rem 400 => N})).

insert_all([], T) -> T;
insert_all([H | R], T) -> insert_all(R, insert((H * 7919) rem 5003, T)).
insert(K, nil) -> {nil, K, nil};
insert(K, {L, K, R}) -> {L, K, R};
insert(K, {L, X, R}) when K < X -> {insert(K, L), X, R};
insert(K, {L, X, R}) -> {L, X, insert(K, R)}.
tree_to_list(nil) -> [];
tree_to_list({L, X, R}) -> tree_to_list(L) ++ [X | tree_to_list(R)].

string_building(0, S) -> {length(S), erlang:phash2(S)};
string_building(N, S) -> string_building(N - 1, S ++ integer_to_list(N)).

big_numbers(0, X) -> erlang:phash2(X);
big_numbers(N, X) -> big_numbers(N - 1, X * (N + 12345678901234567890) + N).

floats(0, S) -> S;
floats(N, S) -> floats(N - 1, S + 1.0 / N + math:sqrt(N) * 0.001).

stack_and_heap(0) -> 0;
stack_and_heap(N) ->
    T = {N, [N, N + 1]},
    R = stack_and_heap(N - 1),
    {A, [B, C]} = T,
    (R + A * B + C) band 16#ffffffff.

messages(N) ->
    Self = self(),
    [Self ! {I, lists:duplicate(I rem 10, {x, I})} || I <- lists:seq(1, N)],
    lists:sum([receive {I, L} -> length(L) end || I <- lists:seq(N, 1, -1)]).
