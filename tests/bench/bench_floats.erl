%% Floats: the Mandelbrot set, and sums with functions of module math.
-module(bench_floats).
-export([main/0]).

main() -> bench_timer:run(fun(K) -> {rows(60, K, 0), trunc(waves(20000 * K, 0.0) * 1000)} end).

rows(0, _, Sum) -> Sum;
rows(Y, K, Sum) -> rows(Y - 1, K, Sum + columns(60 * K, Y / 30 - 1.0, 30.0 * K, 0)).

columns(0, _, _, Sum) -> Sum;
columns(X, Cy, Half, Sum) -> columns(X - 1, Cy, Half, Sum + escape(X / Half - 1.5, Cy, 0.0, 0.0, 0)).

escape(_, _, _, _, 50) -> 50;
escape(Cx, Cy, X, Y, N) when X * X + Y * Y < 4.0 -> escape(Cx, Cy, X * X - Y * Y + Cx, 2.0 * X * Y + Cy, N + 1);
escape(_, _, _, _, N) -> N.

waves(0, Sum) -> Sum;
waves(N, Sum) -> waves(N - 1, Sum + math:sqrt(N) / (1 + N rem 10) - float(N) / 3).
