%% Exceptions: thrown, raised by the VM, caught near and far, with and without a stack trace.
-module(bench_exceptions).
-export([main/0]).

main() -> bench_timer:run(fun(K) -> many(20000 * K, 0) end).

many(0, Sum) -> Sum;
many(N, Sum) ->
    A = try deep(5, N) catch throw:V -> V end,
    B = case catch N + id(a) of {'EXIT', {badarith, _}} -> 1 end,
    C = try id(ok) of ok -> 2 after id(N) end,
    D = try hd(id([])) catch error:badarg:S -> length(lists:sublist(S, 1)) end,
    many(N - 1, Sum + A + B + C + D).

deep(0, N) -> throw(N);
deep(D, N) -> 1 + deep(D - 1, N).

id(X) -> X.
