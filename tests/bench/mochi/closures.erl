-module(closures).
-export([main/0]).
main() ->
    put(n, 0),
    Counter = fun() -> N = get(n) + 1, put(n, N), N end,
    S = loop(0, Counter, 0),
    R = lists:foldl(fun(B, A) -> (A + B) rem 1009 end, 0, lists:seq(0, 49999)),
    io:format("~w ~w~n", [S, R]).
adder(N) -> fun(X) -> X + N end.
twice(F) -> fun(X) -> F(F(X)) end.
loop(100000, _, S) -> S;
loop(I, C, S) ->
    F = twice(adder(I rem 5)),
    loop(I + 1, C, (S + F(I) + C()) rem 1000003).
