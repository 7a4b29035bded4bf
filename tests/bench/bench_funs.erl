%% Funs: made with and without environments, called by lists' higher-order functions and by name.
-module(bench_funs).
-export([main/0]).

main() -> bench_timer:run(fun(K) -> many(100 * K, lists:seq(1, 500), 0) end).

many(0, _, Sum) -> Sum;
many(K, L, Sum) ->
    M = lists:map(fun(X) -> X + K end, L),
    F = lists:filter(fun(X) -> X rem 3 =/= 0 end, M),
    S = lists:foldl(fun(X, A) -> (A + X) band 16#FFFFFF end, Sum, F),
    G = fun ?MODULE:module_info/1,
    true = is_function(G, 1),
    C = compose([fun(X) -> X + 1 end, fun(X) -> X * 2 end, fun erlang:abs/1]),
    many(K - 1, L, lists:foldl(fun(X, A) -> A + C(X) end, S, F)).

compose(Fs) -> fun(X) -> lists:foldl(fun(F, V) -> F(V) end, X, Fs) end.
