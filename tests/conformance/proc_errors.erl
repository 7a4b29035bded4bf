%% Results and errors of calls about processes, names, timers and clocks, with what the error says about its cause.
-module(proc_errors).
-export([main/0]).

t(F) ->
    try F() of
        V -> io:format("~0p~n", [hide(V)])
    catch
        C:R:S ->
            {M, G, A, I} = case S of [E | _] -> E; [] -> {none, none, 0, []} end,
            io:format("~0p:~0p ~0p:~0p/~0p ~0p~n", [C, R, M, G, if is_list(A) -> length(A); true -> A end, proplists:get_value(error_info, I)])
    end.

%% What differs from run to run.
hide(P) when is_pid(P) -> a_pid;
hide(R) when is_reference(R) -> a_reference;
hide(T) when is_tuple(T) -> list_to_tuple(hide(tuple_to_list(T)));
hide([H | T]) -> [hide(H) | hide(T)];
hide(X) -> X.

main() ->
    {P, M} = spawn_monitor(fun() -> ok end),
    receive {'DOWN', M, _, _, _} -> ok end,
    Bad = [fun() -> link(a) end, fun() -> unlink(a) end, fun() -> unlink(P) end, fun() -> exit(a, b) end, fun() -> exit(P, kill) end,
        fun() -> foo ! bar end, fun() -> {foo, bar} ! bar end, fun() -> {foo, "bar"} ! bar end, fun() -> "a" ! b end, fun() -> make_ref() ! bar end,
        fun() -> erlang:send(foo, bar, [nosuspend]) end, fun() -> erlang:send(self(), bar, [xx]) end, fun() -> erlang:send(P, bar, [nosuspend, noconnect]) end,
        fun() -> spawn(x) end, fun() -> spawn(a, b, c) end, fun() -> spawn(1, b, []) end, fun() -> spawn(a, b, [c | d]) end,
        fun() -> spawn_opt(fun() -> ok end, [foo]) end, fun() -> spawn_opt(fun() -> ok end, [link | monitor]) end, fun() -> spawn_opt(fun() -> ok end, foo) end,
        fun() -> spawn_opt(fun() -> ok end, [{priority, foo}]) end, fun() -> spawn_opt(a, b, c, []) end,
        fun() -> spawn_monitor(x) end, fun() -> spawn_monitor(fun(_) -> 1 end) end, fun() -> spawn_opt(fun() -> ok end, [{monitor, [{alias, x}]}]) end,
        fun() -> register(foo, P) end, fun() -> register(undefined, self()) end, fun() -> register(a, self()) end, fun() -> register(b, self()) end,
        fun() -> register("b", self()) end, fun() -> unregister(b) end, fun() -> unregister(a) end, fun() -> whereis("x") end, fun() -> register(a, b) end,
        fun() -> monitor(process, "foo") end, fun() -> monitor(foo, self()) end, fun() -> monitor(port, self()) end, fun() -> monitor(process, P, [foo]) end,
        fun() -> demonitor(x) end, fun() -> demonitor(make_ref()) end, fun() -> demonitor(make_ref(), [info]) end, fun() -> demonitor(make_ref(), [foo]) end,
        fun() -> demonitor(make_ref(), [flush, info]) end, fun() -> demonitor(monitor(process, self()), [info]) end,
        fun() -> process_flag(foo, bar) end, fun() -> process_flag(trap_exit, bar) end, fun() -> process_flag(priority, bar) end,
        fun() -> process_flag(priority, high) end, fun() -> process_flag(priority, normal) end, fun() -> process_flag(error_handler, foo) end,
        fun() -> process_flag(error_handler, error_handler) end, fun() -> process_flag(message_queue_data, off_heap) end,
        fun() -> process_flag(fullsweep_after, 10) end, fun() -> process_flag(min_heap_size, 1000) end, fun() -> process_flag(min_heap_size, 233) end,
        fun() -> process_info(P) end, fun() -> process_info(P, links) end, fun() -> process_info(self(), foo) end, fun() -> process_info(foo, links) end,
        fun() -> process_info(self(), registered_name) end, fun() -> process_info(self(), [registered_name]) end, fun() -> process_info(self(), {dictionary, foo}) end,
        fun() -> is_process_alive(a) end, fun() -> is_process_alive(P) end, fun() -> group_leader(a, self()) end, fun() -> group_leader(self(), a) end,
        fun() -> put(a, 1) end, fun() -> put(a, 2) end, fun() -> get_keys(2) end, fun() -> erase(a) end, fun() -> erase(a) end, fun() -> get(a) end,
        fun() -> node(a) end, fun() -> node(self()) end, fun() -> nodes(foo) end, fun() -> nodes(this) end,
        fun() -> erlang:unique_integer([foo]) end, fun() -> erlang:monotonic_time(foo) end, fun() -> erlang:monotonic_time(0) end, fun() -> erlang:convert_time_unit(1500, millisecond, second) end,
        fun() -> erlang:send_after(-1, self(), x) end, fun() -> erlang:send_after(foo, self(), x) end, fun() -> erlang:send_after(10, "foo", x) end,
        fun() -> erlang:send_after(10, foo, x) end, fun() -> erlang:send_after(10, foo, x, [{abs, foo}]) end, fun() -> erlang:cancel_timer(x) end,
        fun() -> erlang:read_timer(x) end, fun() -> erlang:cancel_timer(make_ref()) end, fun() -> erlang:cancel_timer(make_ref(), [foo]) end,
        fun() -> erlang:alias([foo]) end, fun() -> erlang:unalias(x) end, fun() -> erlang:unalias(make_ref()) end,
        fun() -> erlang:suspend_process(P) end, fun() -> erlang:suspend_process(self()) end, fun() -> erlang:resume_process(self()) end,
        fun() -> erlang:raise(a, b, c) end, fun() -> erlang:raise(error, b, [x]) end, fun() -> erlang:error(a, [x]) end, fun() -> erlang:error(a, none, [{error_info, #{cause => x}}]) end,
        fun() -> erlang:statistics(foo) end, fun() -> erlang:system_info(foo) end, fun() -> erlang:bump_reductions(-1) end, fun() -> erlang:bump_reductions(10) end,
        fun() -> erlang:garbage_collect(x) end, fun() -> erlang:garbage_collect(P) end, fun() -> erlang:halt(foo) end, fun() -> erlang:memory(foo) end,
        fun() -> erlang:posixtime_to_universaltime(-1) end, fun() -> erlang:universaltime_to_posixtime({{1960, 1, 1}, {0, 0, 0}}) end,
        fun() -> erlang:universaltime_to_posixtime({{2023, 2, 29}, {0, 0, 0}}) end, fun() -> persistent_term:get(nothing_here) end, fun() -> persistent_term:get(nothing_here, x) end,
        fun() -> atomics:new(0, []) end, fun() -> atomics:get(atomics:new(1, []), 2) end, fun() -> counters:new(0, []) end, fun() -> os:getenv(1) end],
    lists:foreach(fun t/1, Bad),
    spawn_monitor(fun() -> link(P) end),
    receive {'DOWN', _, _, _, {R, [{erlang, link, [_], _} | _]}} -> io:format("~w~n", [R]) end,
    process_flag(trap_exit, true),
    link(P),
    receive {'EXIT', P, Why} -> io:format("~w~n", [Why]) end,
    [begin _ = monitor(process, X), receive {'DOWN', _, K, O, W} -> io:format("~w ~w ~w~n", [K, hide(O), W]) end end || X <- [P, foo, {foo, node()}]].
