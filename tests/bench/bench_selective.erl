%% Selective receive: answers that are matched by a reference while other messages wait, and messages taken out of order.
-module(bench_selective).
-export([main/0]).

main() -> bench_timer:run(fun(K) -> {calls(10000 * K), priorities(500, K)} end).

calls(N) ->
    Server = spawn_link(fun server/0),
    [self() ! {noise, I} || I <- lists:seq(1, 200)],
    Sum = ask(Server, N, 0),
    Server ! stop,
    Noise = [receive {noise, I} -> I end || _ <- lists:seq(1, 200)],
    {Sum, lists:sum(Noise)}.

server() ->
    receive
        {From, Ref, N} -> From ! {Ref, N + 1}, server();
        stop -> ok
    end.

ask(_, 0, Sum) -> Sum;
ask(Server, N, Sum) ->
    Ref = make_ref(),
    Server ! {self(), Ref, N},
    receive {Ref, V} -> ask(Server, N - 1, Sum + V) end.

priorities(_, 0) -> [];
priorities(N, K) ->
    [self() ! {I rem 3, I} || I <- lists:seq(1, N)],
    _ = take(0) ++ take(1) ++ take(2),
    priorities(N, K - 1).

take(P) -> receive {P, I} -> [I | take(P)] after 0 -> [] end.
