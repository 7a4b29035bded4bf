%% A message around a ring of processes: send, receive, scheduling.
-module(bench_ring).
-export([main/0]).

main() -> bench_timer:run(fun(K) -> ring(200, 200 * K) end).

ring(Size, Rounds) ->
    Self = self(),
    First = lists:foldl(fun(_, Next) -> spawn(fun() -> loop(Next) end) end, Self, lists:seq(1, Size)),
    Sum = turn(First, Rounds, 0),
    First ! stop,
    receive stop -> Sum end.

turn(_, 0, N) -> N;
turn(First, K, N) ->
    First ! {token, N},
    receive {token, M} -> turn(First, K - 1, M) end.

loop(Next) ->
    receive
        {token, N} -> Next ! {token, N + 1}, loop(Next);
        stop -> Next ! stop
    end.
