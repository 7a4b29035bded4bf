%% SPDX-License-Identifier: Apache-2.0
-module(apply_slices).
-export([main/0, step/2, keep/3]).
%% Calls through apply/2 and apply/3 in tail position of functions with frames, so often that slices end inside of them.

main() ->
    io:format("~p~n", [lists:sum([walk(N) || N <- lists:seq(1, 60)])]),
    io:format("~p~n", [keep(fun keep/3, 20000, [])]),
    io:format("~p~n", [deep(fun(F, N) -> id(N), apply(F, id([F, N])) end, 9000)]),
    io:format("~p~n", [catch broken(fun() -> erlang:error(end_of_it) end, 5000)]).

walk(N) -> step(fun step/2, N * 100).

step(_, 0) -> 1;
step(F, N) ->
    X = id(N),
    [_ | _] = id([X]),
    Y = id(X),
    apply(F, id([F, Y - 1])).

keep(_, 0, Acc) -> length(Acc);
keep(F, N, Acc) ->
    Next = id([N rem 7]),
    apply(F, id([F, N - 1, Next])).

deep(_, 0) -> bottom;
deep(F, N) ->
    G = fun(_, M) -> deep(F, M - 1) end,
    R = apply(F, id([G, N])),
    id(R).

broken(F, 0) -> F();
broken(F, N) ->
    id(N),
    try apply(fun broken/2, id([F, N - 1]))
    catch error:end_of_it -> N
    end.

id(X) -> X.
