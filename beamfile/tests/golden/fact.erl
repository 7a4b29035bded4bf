%% Plain functions, recursion, guards, case.
-module(fact).
-export([fact/1, sum/1, kind/1]).

fact(0) -> 1;
fact(N) when is_integer(N), N > 0 -> N * fact(N - 1).

sum(List) -> sum(List, 0).

sum([Head | Tail], Acc) -> sum(Tail, Acc + Head);
sum([], Acc) -> Acc.

kind(X) ->
    case X of
        one -> 1;
        two -> 2;
        {pair, A, B} -> {B, A};
        _ when is_map(X) -> map_size(X);
        _ -> other
    end.
