%% Floats: arithmetic, conversion, rounding, mixed operands, the math module.
-module(float_basic).
-export([main/0, id/1]).

main() ->
    A = id(1.5), B = id(-2.25),
    io:format("~w ~w ~w ~w~n", [A + B, A - B, A * B, A / B]),
    io:format("~w ~w ~w~n", [A + id(1), id(2) * B, id(7) / id(2)]),
    io:format("~w ~w~n", [id(10) / id(5), id(1) / id(3)]),
    [io:format("~w: ~w ~w ~w ~w~n", [X, trunc(X), round(X), floor(X), ceil(X)]) ||
        X <- [0.0, 0.5, -0.5, 1.5, 2.5, -2.5, 0.49999999999999994, 1.0e10, -1.0e20, 123456789.987, 4503599627370497.5]],
    [io:format("~w ~w ~w ~w~n", [trunc(X), round(X), floor(X), ceil(X)]) || X <- [3, -4, 1 bsl 70]],
    io:format("~w ~w ~w~n", [float(3), float(1 bsl 70), float(-(1 bsl 53) - 1)]),
    io:format("~w ~w~n", [abs(-3.5), -id(0.0)]),
    io:format("~w ~w ~w~n", [is_float(A), is_integer(A), is_number(A)]),
    io:format("~w ~w ~w~n", [math:sqrt(2), math:pow(2, 10), math:pi()]),
    io:format("~w ~w ~w~n", [math:floor(2.7), math:ceil(2.2), math:fmod(7.5, 2.0)]),
    io:format("~.10f ~.10f ~.10f~n", [math:sin(1.0), math:cos(1.0), math:tan(1.0)]),
    io:format("~.10f ~.10f ~.10f~n", [math:exp(1.0), math:log(10.0), math:log10(1000.0)]),
    io:format("~.10f ~.10f ~w~n", [math:atan2(1.0, 2.0), math:atan(1.0), math:log2(8)]),
    [io:format("~w~n", [catch_it(F)]) ||
        F <- [fun() -> math:sqrt(id(-1)) end, fun() -> math:log(id(0)) end, fun() -> math:sqrt(id(a)) end,
              fun() -> float(id(a)) end, fun() -> trunc(id("1")) end, fun() -> math:pow(id(10), id(400)) end,
              fun() -> float(id(1 bsl 2000)) end, fun() -> id(1 bsl 2000) + id(1.0) end,
              fun() -> id(1 bsl 2000) / id(1 bsl 1999) end]],
    io:format("~w~n", [sum(1000, 0.0)]),
    io:format("~w~n", [newton(2.0, 1.0, 20)]),
    io:format("~w ~w~n", [min(1, 1.0), max(1.0, 1)]),
    io:format("~w ~w~n", [min(2, 1.5), max(2, 1.5)]),
    ok.

id(X) -> X.

sum(0, S) -> S;
sum(N, S) -> sum(N - 1, S + 1 / N).

newton(_, X, 0) -> X;
newton(A, X, N) -> newton(A, (X + A / X) / 2, N - 1).

catch_it(F) ->
    try F() of V -> {value, V} catch C:R -> {C, R} end.
