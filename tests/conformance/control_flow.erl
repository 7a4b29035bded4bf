%% Case, if, maybe, nested matching, variables over branches, big selects.
-module(control_flow).
-feature(maybe_expr, enable).
-export([main/0]).

main() ->
    [io:format("~w ", [sel(X)]) || X <- [0, 1, 2, 5, 9, 10, 11, 100, 1000, -1, a, "x", 1.0]],
    io:nl(),
    [io:format("~w ", [atoms(X)]) || X <- [monday, tuesday, sunday, holiday, 5]],
    io:nl(),
    [io:format("~w ", [floats(X)]) || X <- [0.0, -0.0, 1.0, 2.5, 1, 1.0e300]],
    io:nl(),
    [io:format("~w ", [bigs(X)]) || X <- [1 bsl 64, 1 bsl 65, -(1 bsl 64), 0]],
    io:nl(),
    [io:format("~w ", [shape(X)]) || X <- [{a, 1}, {b, 1}, {a, 1, 2}, {}, {c}, [], [a], [a, b], [a, b, c], [b | c], <<"bin">>]],
    io:nl(),
    [io:format("~w ", [may(X)]) || X <- [{ok, 1}, {ok, 50}, error, {ok, x}, {ok, 7}]],
    io:nl(),
    io:format("~w~n", [collatz(27)]),
    io:format("~w~n", [ack(2, 9)]),
    io:format("~w~n", [[fizz(N) || N <- lists:seq(1, 15)]]),
    io:format("~w~n", [hanoi(5, a, b, c)]),
    io:format("~w~n", [length(queens(6))]),
    io:format("~w~n", [hd(queens(8))]),
    io:format("~w~n", [primes(60)]),
    io:format("~w~n", [even(1001)]),
    io:format("~w~n", [nested({1, {2, [3, #{k => {4, <<5, 6>>}}]}})]),
    ok.

sel(0) -> zero; sel(1) -> one; sel(2) -> two; sel(3) -> three; sel(4) -> four; sel(5) -> five; sel(6) -> six; sel(7) -> seven;
sel(8) -> eight; sel(9) -> nine; sel(10) -> ten; sel(100) -> hundred; sel(1000) -> thousand; sel(N) when is_integer(N) -> many; sel(_) -> other.

atoms(monday) -> 1; atoms(tuesday) -> 2; atoms(wednesday) -> 3; atoms(thursday) -> 4; atoms(friday) -> 5; atoms(saturday) -> 6;
atoms(sunday) -> 7; atoms(X) when is_atom(X) -> unknown; atoms(_) -> none.

floats(+0.0) -> zero; floats(1.0) -> one; floats(2.5) -> two_and_half; floats(X) when is_float(X) -> float; floats(_) -> other.

bigs(18446744073709551616) -> a; bigs(36893488147419103232) -> b; bigs(-18446744073709551616) -> c; bigs(_) -> d.

shape({a, _}) -> a2; shape({b, _}) -> b2; shape({a, _, _}) -> a3; shape({}) -> t0; shape({_}) -> t1;
shape([]) -> nil; shape([_]) -> l1; shape([a, b]) -> ab; shape([a, b | _]) -> abx; shape([H | T]) -> {H, T}; shape(_) -> other.

may(X) ->
    maybe
        {ok, V} ?= X,
        true ?= is_integer(V),
        W = V * 2,
        true ?= W < 20,
        {fine, W}
    else
        error -> failed;
        false -> bad_value
    end.

collatz(N) -> collatz(N, 0).
collatz(1, S) -> S;
collatz(N, S) when N band 1 =:= 0 -> collatz(N bsr 1, S + 1);
collatz(N, S) -> collatz(3 * N + 1, S + 1).

ack(0, N) -> N + 1;
ack(M, 0) -> ack(M - 1, 1);
ack(M, N) -> ack(M - 1, ack(M, N - 1)).

fizz(N) ->
    case {N rem 3, N rem 5} of
        {0, 0} -> fizzbuzz;
        {0, _} -> fizz;
        {_, 0} -> buzz;
        _ -> N
    end.

hanoi(0, _, _, _) -> [];
hanoi(N, A, B, C) -> hanoi(N - 1, A, C, B) ++ [{A, C}] ++ hanoi(N - 1, B, A, C).

queens(N) -> queens(N, N).
queens(_, 0) -> [[]];
queens(N, K) -> [[Q | B] || B <- queens(N, K - 1), Q <- lists:seq(1, N), safe(Q, 1, B)].
safe(_, _, []) -> true;
safe(Q, D, [H | T]) -> Q =/= H andalso abs(Q - H) =/= D andalso safe(Q, D + 1, T).

primes(N) -> sieve(lists:seq(2, N)).
sieve([]) -> [];
sieve([P | T]) -> [P | sieve([X || X <- T, X rem P =/= 0])].

even(0) -> true;
even(N) -> odd(N - 1).
odd(0) -> false;
odd(N) -> even(N - 1).

nested({A, {B, [C, #{k := {D, <<E, F>>}}]}}) -> [A, B, C, D, E, F].
