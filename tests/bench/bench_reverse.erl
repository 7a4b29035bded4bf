%% Naive list reversal: cons cells, frames, garbage.
-module(bench_reverse).
-export([main/0]).

main() ->
    L = lists:seq(1, 400),
    bench_timer:run(fun(K) -> many(30 * K, L) end).

many(0, L) -> L;
many(N, L) -> many(N - 1, nrev(L)).

nrev([]) -> [];
nrev([H | T]) -> app(nrev(T), [H]).

app([], L) -> L;
app([H | T], L) -> [H | app(T, L)].
