%% Calls and small-integer arithmetic.
-module(bench_fib).
-export([main/0]).

main() -> bench_timer:run(fun() -> fib(29) end).

fib(N) when N < 2 -> N;
fib(N) -> fib(N - 1) + fib(N - 2).
