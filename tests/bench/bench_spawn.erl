%% Processes that start, answer and end; monitors.
-module(bench_spawn).
-export([main/0]).

main() -> bench_timer:run(fun(K) -> {one_by_one(2000 * K, 0), many(1000 * K), watched(1000 * K, 0)} end).

one_by_one(0, Sum) -> Sum;
one_by_one(N, Sum) ->
    Self = self(),
    Pid = spawn(fun() -> Self ! {self(), N * 2} end),
    receive {Pid, V} -> one_by_one(N - 1, Sum + V) end.

many(N) ->
    Self = self(),
    Pids = [spawn(fun() -> receive go -> Self ! done end end) || _ <- lists:seq(1, N)],
    [P ! go || P <- Pids],
    [receive done -> ok end || _ <- Pids],
    length(Pids).

watched(0, Sum) -> Sum;
watched(N, Sum) ->
    {Pid, Ref} = spawn_monitor(fun() -> exit(N) end),
    receive {'DOWN', Ref, process, Pid, V} -> watched(N - 1, Sum + V) end.
