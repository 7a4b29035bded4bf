%% Processes that crash and restart by hand, error reasons passed along, clean-up by monitors, nested links.
-module(proc_crash_loops).
-export([main/0]).

main() ->
    process_flag(trap_exit, true),
    io:format("~w~n", [restart(fun() -> exit(planned) end, 3, [])]),
    io:format("~w~n", [supervise([{a, 2}, {b, 0}, {c, 1}])]),
    io:format("~w~n", [[reason(F) || F <- [fun() -> 1 + list_to_existing_atom("ok") end, fun() -> lists:nth(5, [1]) end, fun() -> hd(lists:nthtail(1, [1])) end,
                                            fun() -> ets_free:call() end, fun() -> #{} = list_to_tuple([]) end, fun() -> (list_to_atom("f"))() end]]]),
    %% a worker pool in which some workers die
    io:format("~w~n", [pool([1, 2, bad, 4, crash, 6], 3)]),
    %% kill a whole group through its leader
    Self = self(),
    L = spawn_link(fun() -> [spawn_link(fun() -> Self ! {up, I}, receive never -> ok end end) || I <- [1, 2, 3]], receive never -> ok end end),
    [receive {up, I} -> ok end || I <- [1, 2, 3]],
    {links, Ps} = process_info(L, links),
    Ms = [monitor(process, P) || P <- Ps, P =/= Self],
    exit(L, shutdown),
    io:format("~w~n", [[receive {'DOWN', M, _, _, R} -> R end || M <- Ms]]),
    io:format("~w~n", [receive {'EXIT', L, R} -> R end]),
    io:format("~w~n", [receive X -> X after 0 -> quiet end]),
    ok.

restart(_, 0, Acc) -> lists:reverse(Acc);
restart(F, N, Acc) ->
    P = spawn_link(F),
    receive {'EXIT', P, R} -> restart(F, N - 1, [{N, R} | Acc]) end.

supervise(Specs) ->
    Ps = maps:from_list([{start(S), S} || S <- Specs]),
    lists:sort(loop(Ps, [])).
start({Id, Fails}) -> spawn_link(fun() -> if Fails > 0 -> exit({failed, Id}); true -> ok end end).
loop(Ps, Log) when map_size(Ps) =:= 0 -> Log;
loop(Ps, Log) ->
    receive
        {'EXIT', P, normal} -> {{Id, _}, Rest} = maps:take(P, Ps), loop(Rest, [{Id, finished} | Log]);
        {'EXIT', P, R} -> {{Id, N}, Rest} = maps:take(P, Ps), S = {Id, N - 1}, loop(Rest#{start(S) => S}, [{Id, R} | Log])
    end.

reason(F) ->
    P = spawn_link(F),
    receive {'EXIT', P, {R, [_ | _]}} -> R; {'EXIT', P, R} -> {no_stack, R} end.

pool(Tasks, N) ->
    Workers = [worker() || _ <- lists:seq(1, N)],
    R = pool(Tasks, Workers, #{}, []),
    lists:sort(R).
pool([], _, Busy, Acc) when map_size(Busy) =:= 0 -> Acc;
pool([T | Ts], [W | Ws], Busy, Acc) -> W ! {self(), T}, pool(Ts, Ws, Busy#{W => T}, Acc);
pool(Ts, Ws, Busy, Acc) ->
    receive
        {W, T, V} when is_pid(W) -> pool(Ts, [W | Ws], maps:remove(W, Busy), [{T, V} | Acc]);
        {'EXIT', W, R} when is_map_key(W, Busy) ->
            {T, Rest} = maps:take(W, Busy),
            Why = case R of {E, S} when is_list(S) -> E; _ -> R end,
            pool(Ts, [worker() | Ws], Rest, [{T, {died, Why}} | Acc])
    end.
worker() -> spawn_link(fun work/0).
work() -> receive {From, crash} -> exit({crash, From =/= self()}); {From, T} -> From ! {self(), T, T * T}, work() end.
