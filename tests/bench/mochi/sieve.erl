-module(sieve).
-export([main/0]).
-define(N, 200000).
main() -> io:format("~w~n", [count(2, sieve(2, array:new(?N + 1, {default, true})), 0)]).
sieve(I, A) when I * I > ?N -> A;
sieve(I, A) ->
    case array:get(I, A) of
        true -> sieve(I + 1, cross(I * I, I, A));
        false -> sieve(I + 1, A)
    end.
cross(J, _, A) when J > ?N -> A;
cross(J, I, A) -> cross(J + I, I, array:set(J, false, A)).
count(I, _, C) when I > ?N -> C;
count(I, A, C) ->
    case array:get(I, A) of
        true -> count(I + 1, A, C + 1);
        false -> count(I + 1, A, C)
    end.
