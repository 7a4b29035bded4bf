-module(sorting).
-export([main/0]).
main() ->
    A = gaps(2500, make(0, 42, array:new(5000))),
    io:format("~w~n", [array:foldl(fun(_, X, S) -> (S * 31 + X) rem 1000000007 end, 0, A)]).
make(5000, _, A) -> A;
make(I, Seed0, A) ->
    Seed = (Seed0 * 48271) rem 2147483647,
    make(I + 1, Seed, array:set(I, Seed rem 100000, A)).
gaps(0, A) -> A;
gaps(Gap, A) -> gaps(Gap div 2, pass(Gap, Gap, A)).
pass(5000, _, A) -> A;
pass(I, Gap, A) -> pass(I + 1, Gap, insert(I, Gap, array:get(I, A), A)).
insert(J, Gap, X, A) when J >= Gap ->
    case array:get(J - Gap, A) of
        Y when Y > X -> insert(J - Gap, Gap, X, array:set(J, Y, A));
        _ -> array:set(J, X, A)
    end;
insert(J, _, X, A) -> array:set(J, X, A).
