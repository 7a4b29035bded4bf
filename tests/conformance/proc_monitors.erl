%% Monitors: every outcome, demonitor and its options, names, aliases, spawn_opt.
-module(proc_monitors).
-export([main/0]).

main() ->
    [begin
         {P, M} = spawn_monitor(F),
         io:format("~w: ~w~n", [N, receive {'DOWN', M, process, P, {R, S}} when is_list(S) -> {R, stack}; {'DOWN', M, process, P, R} -> R end])
     end || {N, F} <- [{ok, fun() -> ok end}, {exit, fun() -> exit(bye) end}, {throw, fun() -> throw(x) end}, {error, fun() -> error(e) end},
                       {badmatch, fun() -> {a, _} = erlang:get(nothing) end}]],
    {P0, M0} = spawn_monitor(fun() -> ok end),
    receive {'DOWN', M0, _, _, _} -> ok end,
    M1 = erlang:monitor(process, P0),
    io:format("~w~n", [receive {'DOWN', M1, process, P0, R1} -> R1 end]),
    M2 = erlang:monitor(process, no_such_name),
    io:format("~w~n", [receive {'DOWN', M2, process, {Name, Node}, R2} -> {Name, Node =:= node(), R2} end]),
    %% demonitor
    P3 = spawn(fun() -> receive go -> ok end end),
    M3 = erlang:monitor(process, P3),
    io:format("~w~n", [erlang:demonitor(M3)]),
    P3 ! go,
    io:format("~w~n", [receive {'DOWN', M3, _, _, _} -> seen after 20 -> not_seen end]),
    {P4, M4} = spawn_monitor(fun() -> ok end),
    wait_dead(P4), receive after 10 -> ok end,
    io:format("~w~n", [erlang:demonitor(M4, [flush])]),
    io:format("~w~n", [receive {'DOWN', M4, _, _, _} -> seen after 0 -> flushed end]),
    {P5, M5} = spawn_monitor(fun() -> receive go -> ok end end),
    io:format("~w ~w~n", [erlang:demonitor(M5, [info]), erlang:demonitor(M5, [info])]),
    P5 ! go,
    %% several monitors on the same process
    P6 = spawn(fun() -> receive go -> exit(six) end end),
    Ms = [erlang:monitor(process, P6) || _ <- [1, 2, 3]],
    P6 ! go,
    io:format("~w~n", [[receive {'DOWN', M, process, P6, R} -> R end || M <- Ms]]),
    %% a name
    P7 = spawn(fun() -> receive go -> ok end end),
    register(seventh, P7),
    M7 = erlang:monitor(process, seventh),
    seventh ! go,
    io:format("~w~n", [receive {'DOWN', M7, process, {N7, _}, R7} -> {N7, R7} end]),
    %% tags
    P8 = spawn(fun() -> receive go -> ok end end),
    M8 = erlang:monitor(process, P8, [{tag, {my, tag}}]),
    P8 ! go,
    io:format("~w~n", [receive {{my, tag}, M8, process, P8, R8} -> R8 end]),
    %% aliases
    Al = alias(),
    Self = self(),
    spawn(fun() -> Al ! via_alias, Self ! sent end),
    receive sent -> ok end,
    io:format("~w~n", [receive via_alias -> got end]),
    io:format("~w ~w~n", [unalias(Al), unalias(Al)]),
    Al ! lost,
    io:format("~w~n", [receive lost -> got after 10 -> lost_indeed end]),
    P9 = spawn(fun() -> receive {Alias, X} -> Alias ! {Alias, X + 1} end end),
    M9 = erlang:monitor(process, P9, [{alias, reply_demonitor}]),
    P9 ! {M9, 41},
    io:format("~w~n", [receive {M9, V} -> V end]),
    io:format("~w~n", [receive {'DOWN', M9, _, _, _} -> seen after 20 -> not_seen end]),
    {P10, M10} = spawn_opt(fun() -> exit(opt) end, [monitor, {priority, high}, {min_heap_size, 1000}]),
    io:format("~w~n", [receive {'DOWN', M10, process, P10, R10} -> R10 end]),
    io:format("~w~n", [try erlang:demonitor(x) catch C:E -> {C, E} end]),
    io:format("~w~n", [is_reference(M9)]),
    ok.

wait_dead(P) -> case is_process_alive(P) of true -> erlang:yield(), wait_dead(P); false -> ok end.
