%% The queue module, its three interfaces.
-module(ds_queue).
-export([main/0]).

main() ->
    Q0 = queue:new(),
    io:format("~w ~w ~w~n", [Q0, queue:is_empty(Q0), queue:len(Q0)]),
    Q = lists:foldl(fun queue:in/2, Q0, lists:seq(1, 10)),
    io:format("~w ~w~n", [Q, queue:to_list(Q)]),
    {{value, A}, Q1} = queue:out(Q),
    {{value, B}, Q2} = queue:out_r(Q1),
    io:format("~w ~w ~w~n", [A, B, queue:to_list(Q2)]),
    io:format("~w ~w~n", [queue:out(Q0), queue:out_r(Q0)]),
    io:format("~w ~w~n", [queue:peek(Q), queue:peek_r(Q)]),
    io:format("~w ~w ~w~n", [queue:get(Q), queue:get_r(Q), queue:to_list(queue:drop(Q))]),
    io:format("~w~n", [queue:to_list(queue:reverse(Q))]),
    {X, Y} = queue:split(4, Q),
    io:format("~w ~w~n", [queue:to_list(X), queue:to_list(Y)]),
    io:format("~w~n", [queue:to_list(queue:join(Y, X))]),
    io:format("~w~n", [queue:to_list(queue:filter(fun(E) -> E rem 2 =:= 0 end, Q))]),
    io:format("~w~n", [queue:to_list(queue:filter(fun(E) -> [E, E] end, queue:from_list([1, 2])))]),
    io:format("~w ~w~n", [queue:member(5, Q), queue:member(50, Q)]),
    io:format("~w~n", [queue:fold(fun(E, S) -> E + S end, 0, Q)]),
    io:format("~w ~w~n", [queue:any(fun(E) -> E > 9 end, Q), queue:all(fun(E) -> E > 9 end, Q)]),
    io:format("~w~n", [queue:to_list(queue:delete(3, Q))]),
    io:format("~w~n", [queue:to_list(queue:cons(0, queue:snoc(Q, 11)))]),
    io:format("~w ~w~n", [queue:head(Q), queue:last(Q)]),
    io:format("~w ~w~n", [queue:to_list(queue:tail(Q)), queue:to_list(queue:init(Q))]),
    io:format("~w~n", [queue:is_queue(Q)]),
    io:format("~w~n", [simulate(1000, queue:new(), 0)]),
    [io:format("~w~n", [try F() catch C:R -> {C, R} end]) ||
        F <- [fun() -> queue:get(Q0) end, fun() -> queue:in(1, x) end, fun() -> queue:split(100, Q) end, fun() -> queue:drop(Q0) end]],
    ok.

simulate(0, Q, S) -> {queue:len(Q), S};
simulate(N, Q, S) when N rem 3 =:= 0 ->
    case queue:out(Q) of
        {{value, V}, Q1} -> simulate(N - 1, Q1, S + V);
        {empty, Q1} -> simulate(N - 1, Q1, S)
    end;
simulate(N, Q, S) -> simulate(N - 1, queue:in(N, Q), S).
