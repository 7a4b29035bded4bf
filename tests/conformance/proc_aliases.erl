%% Aliases, tagged monitors, spawn_request, priorities and options of spawn_opt.
-module(proc_aliases).
-export([main/0]).

main() ->
    Self = self(),
    A = alias(),
    spawn(fun() -> A ! one, A ! two, Self ! sent end),
    receive sent -> ok end,
    io:format("~w~n", [flush()]),
    io:format("~w ~w~n", [unalias(A), unalias(A)]),
    A ! three,
    io:format("~w~n", [flush()]),
    Once = alias([reply]),
    Once ! first, Once ! second,
    io:format("~w~n", [flush()]),
    %% The alias of a monitor ends with the monitor, or with the first reply, or only when told.
    Server = spawn(fun() -> serve() end),
    [begin
         R = monitor(process, Server, [{alias, Mode}]),
         Server ! {R, ping},
         receive {R, pong} -> ok end,
         R ! {late, Mode},
         X = flush(),
         D = demonitor(R, [info]),
         R ! {later, Mode},
         io:format("~w ~w ~w ~w ~w~n", [Mode, X, D, flush(), unalias(R)])
     end || Mode <- [demonitor, reply_demonitor, explicit_unalias]],
    T = monitor(process, Server, [{tag, {'GONE', [tag]}}, {alias, demonitor}]),
    Server ! stop,
    receive {{'GONE', [tag]}, T, process, Server, Why} -> io:format("~w~n", [Why]) end,
    T ! after_down,
    io:format("~w~n", [flush()]),
    T2 = monitor(process, Server, [{tag, dead_already}]),
    receive {dead_already, T2, process, Server, Why2} -> io:format("~w~n", [Why2]) end,
    requests(Self),
    options().

serve() ->
    receive
        {R, ping} -> R ! {R, pong}, serve();
        stop -> exit(stopped)
    end.

requests(Self) ->
    R = spawn_request(fun() -> Self ! hello, exit(bye) end, [monitor, {reply_tag, started}]),
    receive {started, R, ok, Pid} -> io:format("~w~n", [is_pid(Pid)]) end,
    receive {'DOWN', R, process, _, Y} -> io:format("~w ~w~n", [Y, flush()]) end,
    R2 = spawn_request(erlang, send, [Self, quiet], [{reply, no}]),
    receive quiet -> io:format("~w ~w~n", [is_reference(R2), flush()]) end,
    R3 = spawn_request(fun() -> ok end, [nonsense]),
    receive {spawn_reply, R3, error, No} -> io:format("~w~n", [No]) end.

options() ->
    Items = [priority, min_heap_size, fullsweep_after, message_queue_data, trap_exit, heap_size, initial_call],
    {P, M} = spawn_opt(fun() -> receive stop -> ok end end,
                       [link, monitor, {priority, low}, {min_heap_size, 1000}, {fullsweep_after, 3}, {message_queue_data, off_heap}]),
    I = process_info(P, Items -- [min_heap_size, fullsweep_after]),
    io:format("~w~n", [I]),
    {garbage_collection, G} = process_info(P, garbage_collection),
    io:format("~w~n", [[{K, V} || {K, V} <- G, lists:member(K, [min_heap_size, fullsweep_after, min_bin_vheap_size])]]),
    io:format("~w~n", [lists:member(P, element(2, process_info(self(), links)))]),
    P ! stop,
    receive {'DOWN', M, process, P, N} -> io:format("~w~n", [N]) end,
    L = spawn(lists, seq, [1, 3]),
    M2 = monitor(process, L),
    receive {'DOWN', M2, process, L, N2} -> io:format("~w~n", [lists:member(N2, [normal, noproc])]) end,
    S = spawn(fun() -> receive go -> exit(went) end end),
    M3 = monitor(process, S),
    true = erlang:suspend_process(S), true = erlang:suspend_process(S),
    S ! go,
    io:format("~w~n", [receive {'DOWN', M3, _, _, _} -> early after 20 -> {still, process_info(S, status)} end]),
    true = erlang:resume_process(S),
    io:format("~w~n", [receive {'DOWN', M3, _, _, _} -> early after 20 -> still end]),
    true = erlang:resume_process(S),
    io:format("~w~n", [receive {'DOWN', M3, _, _, W} -> W after 1000 -> never end]),
    io:format("~w~n", [[{element(1, X), element(3, X)} || X <- flush()]]).

flush() -> receive X -> [X | flush()] after 0 -> [] end.
