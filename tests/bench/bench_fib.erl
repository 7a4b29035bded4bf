%% Calls and small-integer arithmetic.
-module(bench_fib).
-export([main/0]).

main() -> bench_timer:run(fun(K) -> many(4 * K, 0) end).

many(0, Sum) -> Sum;
many(K, Sum) -> many(K - 1, Sum + fib(25)).

fib(N) when N < 2 -> N;
fib(N) -> fib(N - 1) + fib(N - 2).
