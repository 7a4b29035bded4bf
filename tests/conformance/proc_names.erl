%% Registered names and process_info of things that don't depend on the implementation.
-module(proc_names).
-export([main/0]).

main() ->
    Self = self(),
    process_flag(trap_exit, false),
    P = spawn(fun() -> loop() end),
    io:format("~w~n", [register(server_one, P)]),
    io:format("~w ~w~n", [whereis(server_one) =:= P, whereis(nobody)]),
    io:format("~w~n", [lists:member(server_one, registered())]),
    server_one ! {Self, hello},
    io:format("~w~n", [receive {reply, X} -> X end]),
    io:format("~w~n", [try register(server_one, Self) catch C:R -> {C, R} end]),
    io:format("~w~n", [try register(other, P) catch C2:R2 -> {C2, R2} end]),
    io:format("~w~n", [unregister(server_one)]),
    io:format("~w~n", [whereis(server_one)]),
    io:format("~w~n", [try server_one ! x catch C3:R3 -> {C3, R3} end]),
    register(again, P),
    io:format("~w~n", [process_info(P, registered_name)]),
    M = monitor(process, P),
    P ! stop,
    receive {'DOWN', M, _, _, normal} -> ok end,
    io:format("~w ~w~n", [whereis(again), process_info(P)]),
    io:format("~w~n", [{server_two, node()} =:= {server_two, node()}]),
    register(me, Self),
    {me, node()} ! remote_style,
    io:format("~w~n", [receive remote_style -> ok end]),
    unregister(me),
    io:format("~w~n", [process_info(Self, trap_exit)]),
    Self ! one, Self ! two,
    io:format("~w~n", [process_info(Self, message_queue_len)]),
    io:format("~w~n", [process_info(Self, messages)]),
    receive one -> ok end, receive two -> ok end,
    Q = spawn_link(fun() -> receive go -> ok end end),
    {links, L} = process_info(Q, links),
    io:format("~w~n", [L =:= [Self]]),
    erlang:yield(),
    wait_status(Q),
    io:format("~w~n", [process_info(Q, status)]),
    io:format("~w~n", [process_info(Q, [priority, message_queue_len, trap_exit])]),
    {monitored_by, MB} = process_info(Q, monitored_by),
    MQ = monitor(process, Q),
    {monitored_by, MB2} = process_info(Q, monitored_by),
    io:format("~w ~w~n", [MB, MB2 =:= [Self]]),
    {monitors, Mon} = process_info(Self, monitors),
    io:format("~w~n", [Mon =:= [{process, Q}]]),
    Q ! go,
    receive {'DOWN', MQ, _, _, _} -> ok end,
    io:format("~w~n", [[is_integer(V) || {_, V} <- process_info(Self, [heap_size, total_heap_size, stack_size, reductions, memory])]]),
    io:format("~w~n", [lists:member(Self, processes())]),
    io:format("~w~n", [is_pid(list_to_pid(pid_to_list(Self))) andalso list_to_pid(pid_to_list(Self)) =:= Self]),
    io:format("~w~n", [try list_to_pid("nonsense") catch C4:R4 -> {C4, R4} end]),
    ok.

loop() ->
    receive
        {From, hello} -> From ! {reply, hello_back}, loop();
        stop -> ok
    end.

wait_status(P) -> case process_info(P, status) of {status, waiting} -> ok; _ -> erlang:yield(), wait_status(P) end.
