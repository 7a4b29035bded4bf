%% div and rem truncate towards zero; errors of arithmetic.
-module(div_rem_signs).
-export([main/0, id/1]).

main() ->
    Ds = [1, -1, 2, -2, 3, -3, 10, -10, 1 bsl 62, -(1 bsl 62), 1 bsl 80],
    Ns = [0, 1, -1, 9, -9, 10, -10, 11, -11, (1 bsl 61) + 1, -((1 bsl 61) + 1), 1 bsl 81, -(1 bsl 81) - 1],
    [begin
         Q = N div D, R = N rem D,
         io:format("~w / ~w: ~w ~w ~w~n", [N, D, Q, R, Q * D + R =:= N])
     end || N <- Ns, D <- Ds],
    [io:format("~w~n", [catch_it(F)]) ||
        F <- [fun() -> id(1) div id(0) end,
              fun() -> id(1 bsl 80) div id(0) end,
              fun() -> id(1) rem id(0) end,
              fun() -> id(1) / id(0) end,
              fun() -> id(1.5) div id(2) end,
              fun() -> id(a) + id(1) end,
              fun() -> id(1) - id("x") end,
              fun() -> id([]) * id(2) end,
              fun() -> -id(foo) end,
              fun() -> id(1.0) band id(1) end,
              fun() -> bnot id(1.0) end,
              fun() -> id(1) bsl id(1.0) end,
              fun() -> id({}) / id(2) end,
              fun() -> abs(id(x)) end,
              fun() -> id(1.0e308) * id(10) end,
              fun() -> id(1.0) / id(0.0) end]],
    [io:format("~w ~w~n", [X, mod(X, 5)]) || X <- [-11, -10, -1, 0, 4, 5, 12]],
    ok.

id(X) -> X.

mod(A, B) -> ((A rem B) + B) rem B.

catch_it(F) ->
    try F() of V -> {value, V} catch C:R -> {C, R} end.
