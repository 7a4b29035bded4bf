%% A fun that is called last is a tail call, and what it does to stack, traces and errors.
-module(fun_tails).
-export([main/0]).

main() ->
    io:format("~p~n", [count(fun(N) -> N - 1 end, 300000)]),
    Knot = fun(F, 0) -> {done, stack()}; (F, N) -> F(F, N - 1) end,
    {done, Small} = Knot(Knot, 1),
    {done, Large} = Knot(Knot, 100000),
    io:format("~p~n", [Large =:= Small]),
    io:format("~p~n", [k(100000, fun(X) -> {X, stack() < 100} end)]),
    [io:format("~p~n", [where(F)]) ||
        F <- [fun() -> last(x, 1) end, fun() -> last(fun(_) -> 1 end, 1) end, fun() -> last(fun() -> 1 end, 1) end,
              fun() -> last(fun(X) -> error(X) end, 1) end, fun() -> last(fun lists:nonesuch/1, 1) end]],
    io:format("~p~n", [outer(fun here/1)]),
    Traces = [[{a, b}], [{a, b, x}], [{a, b, [1 | 2]}], foo, [foo], [{a, b, 1, x}], [{a, b, 1, []}], [{fun main/0, []}],
              [{fun main/0, [], [{line, 3}]}], [{"m", f, 1}], lists:duplicate(12, {a, b, 1, []}), [{a, b, 1} | x]],
    [io:format("~p~n", [raised(T)]) || T <- Traces],
    ok.

count(_, 0) -> done;
count(F, N) -> loop(F, F(N)).

loop(F, N) -> count(F, N).

%% Continuations: the depth is in the heap, never on the stack.
k(0, K) -> K(0);
k(N, K) -> k(N - 1, fun(X) -> K(X + 1) end).

stack() -> element(2, process_info(self(), stack_size)).

last(F, X) ->
    Y = id(X),
    F(Y).

where(F) ->
    try F() catch
        Class:Reason:Stack -> {Class, shape(Reason), [{M, N, arity(A)} || {M, N, A, _} <- Stack, M =/= init, M =/= erl_eval, M =/= beambox_start]}
    end.

shape({badfun, _} = R) -> R;
shape({badarity, {_, Args}}) -> {badarity, Args};
shape(R) -> R.

arity(A) when is_list(A) -> length(A);
arity(A) -> A.

outer(F) ->
    [_ | _] = F(1).

here(_) ->
    {current_stacktrace, T} = process_info(self(), current_stacktrace),
    [{M, F, A} || {M, F, A, _} <- T, M =:= ?MODULE].

raised(T) ->
    try erlang:raise(error, why, T) of
        X -> X
    catch
        error:why:Stack -> Stack
    end.

id(X) -> X.
