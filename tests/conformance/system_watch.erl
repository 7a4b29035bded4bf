%% system_monitor, system_profile, max_heap_size, process_flag and process_info with good and bad arguments.
-module(system_watch).
-export([main/0, grow/1]).

main() ->
    monitor_(),
    profile(),
    max_heap(),
    flags(),
    infos(),
    settings().

monitor_() ->
    p(fun() -> erlang:system_monitor() end),
    p(fun() -> erlang:system_monitor(self(), [{long_gc, 10}, {large_heap, 20000}, busy_port]) end),
    p(fun() -> {P, L} = erlang:system_monitor(), {P =:= self(), L} end),
    p(fun() -> {_, L} = erlang:system_monitor(self(), [{long_schedule, 0}, {long_message_queue, {10, 20}}, busy_dist_port, busy_port, {large_heap, 1}, {long_gc, 7}]), L end),
    p(fun() -> {_, L} = erlang:system_monitor(), L end),
    p(fun() -> {_, L} = erlang:system_monitor({self(), [{large_heap, 100000}]}), L end),
    P = spawn(?MODULE, grow, [200000]),
    receive {monitor, P, large_heap, I} -> io:format("large heap ~p~n", [lists:sort([K || {K, _} <- I])]) end,
    p(fun() -> {_, L} = erlang:system_monitor(undefined), L end),
    p(fun() -> erlang:system_monitor() end),
    [p(fun() -> erlang:system_monitor(self(), O) end) || O <- [foo, [foo], [{foo, 1}], [{large_heap, a}], [{large_heap, -1}], [busy_port | x], [{long_message_queue, {5, 5}}], [{long_message_queue, 5}], [{large_heap, 1, 2}]]],
    [p(fun() -> erlang:system_monitor(O) end) || O <- [foo, {a}, {self(), foo}, {undefined, []}]],
    p(fun() -> erlang:system_monitor(foo, [busy_port]) end),
    p(fun() -> erlang:system_monitor() end).

grow(N) -> L = lists:seq(1, N), receive stop -> L after 1000 -> length(L) end.

profile() ->
    p(fun() -> erlang:system_profile() end),
    p(fun() -> erlang:system_profile(self(), [runnable_procs, exclusive]) end),
    p(fun() -> {_, L} = erlang:system_profile(), L end),
    p(fun() -> {_, L} = erlang:system_profile(undefined, []), L end),
    [p(fun() -> erlang:system_profile(self(), O) end) || O <- [foo, [foo], [runnable_procs | x]]],
    p(fun() -> erlang:system_profile(foo, [scheduler]) end).

max_heap() ->
    Me = self(),
    Run = fun(Opts) ->
        {P, R} = spawn_opt(fun() -> grow_list([], 300000), Me ! survived end, [monitor | Opts]),
        receive {'DOWN', R, process, P, Why} -> receive survived -> {survived, Why} after 0 -> Why end end
    end,
    io:format("~p~n", [Run([{max_heap_size, #{size => 10000, kill => true, error_logger => false}}])]),
    io:format("~p~n", [Run([{max_heap_size, #{size => 10000, kill => false, error_logger => false}}])]),
    io:format("~p~n", [Run([{max_heap_size, #{size => 0, kill => true, error_logger => false}}])]),
    io:format("~p~n", [Run([{max_heap_size, #{size => 50000000, kill => true, error_logger => false}}])]),
    {P, R} = spawn_monitor(fun() ->
        process_flag(max_heap_size, #{size => 5000, kill => true, error_logger => false}),
        catch grow_list([], 300000), exit(not_killed) end),
    receive {'DOWN', R, process, P, Why} -> io:format("~p~n", [Why]) end,
    %% A message queue counts too.
    {Q, S} = spawn_opt(fun() -> receive go -> garbage_collect(), exit(alive) end end, [monitor, {max_heap_size, #{size => 20000, kill => true, error_logger => false}}]),
    [Q ! lists:seq(1, 1000) || _ <- lists:seq(1, 50)],
    Q ! go,
    receive {'DOWN', S, process, Q, Why2} -> io:format("~p~n", [Why2]) end.

grow_list(L, 0) -> length(L);
grow_list(L, N) -> grow_list([N | L], N - 1).

flags() ->
    Values = [true, false, 0, 1, 100000, -1, 1.5, a, normal, high, low, max, [], 1 bsl 70, #{}, #{size => 100000}, #{size => 1}, #{size => 1000, kill => 1}, on_heap, off_heap, #{size => 100000, foo => 1}, #{kill => false, size => 200000}],
    Flags = [trap_exit, error_handler, min_heap_size, min_bin_vheap_size, max_heap_size, message_queue_data, priority, sensitive, fullsweep_after, async_dist, foo, 1],
    [spawn_wait(fun() ->
        [p(fun() -> {F, V, process_flag(F, V), info(F)} end) || F <- [Flag], V <- Values]
     end) || Flag <- Flags],
    p(fun() -> process_flag(self(), save_calls, 0) end),
    p(fun() -> process_flag(self(), foo, 0) end),
    p(fun() -> process_flag(foo, save_calls, 0) end).

info(F) when F =:= sensitive; F =:= save_calls -> none;
info(F) -> catch process_info(self(), F).

spawn_wait(F) ->
    {P, R} = spawn_monitor(F),
    receive {'DOWN', R, process, P, Why} -> io:format("~p~n", [Why]) end.

infos() ->
    P = spawn(fun() -> put(k, v), receive stop -> ok end end),
    timer:sleep(10),
    [p(fun() -> {I, shape(process_info(P, I))} end)
     || I <- [registered_name, status, trap_exit, error_handler, priority, async_dist, message_queue_data, message_queue_len, messages, links, monitors, monitored_by, dictionary, suspending,
              last_calls, sequential_trace_token, label, current_function, initial_call, current_location, {dictionary, k}, {dictionary, nope}, max_heap_size,
              min_heap_size, min_bin_vheap_size, fullsweep_after, garbage_collection, total_heap_size, heap_size, stack_size, catchlevel, binary, backtrace, memory, reductions, group_leader, parent, trace, garbage_collection_info]],
    [p(fun() -> process_info(P, I) end) || I <- [foo, 1, {foo, 1}, [], [foo], [status | x], [status, priority], [status, status], [registered_name, links], [{dictionary, k}, status]]],
    [p(fun() -> process_info(X, status) end) || X <- [foo, 1, self(), make_ref()]],
    [p(fun() -> process_info(X) end) || X <- [foo, 1]],
    p(fun() -> [K || {K, _} <- process_info(P)] end),
    p(fun() -> proc_lib:set_label(my_label), {process_info(self(), label), proc_lib:get_label(self())} end),
    P ! stop,
    timer:sleep(10),
    p(fun() -> process_info(P, status) end),
    p(fun() -> process_info(P, [status, links]) end),
    p(fun() -> process_info(P) end),
    p(fun() -> process_info(P, foo) end).

shape({K, V}) when is_integer(V) -> {K, integer};
shape({K, V}) when is_binary(V) -> {K, binary};
shape({K, V}) when is_pid(V) -> {K, pid};
shape({current_location, {M, F, A, L}}) -> {current_location, {M, F, A, [X || {X, _} <- L]}};
shape({current_stacktrace, L}) -> {current_stacktrace, [{M, F, A} || {M, F, A, _} <- L]};
shape({garbage_collection, L}) -> {garbage_collection, [K || {K, _} <- L]};
shape({garbage_collection_info, L}) -> {garbage_collection_info, [K || {K, _} <- L]};
shape(X) -> X.

settings() ->
    [p(fun() -> erlang:system_flag(F, V) end) || {F, V} <- [{foo, 1}, {min_heap_size, a}, {min_heap_size, -1}, {fullsweep_after, -1}, {backtrace_depth, a}, {schedulers_online, 0}, {max_heap_size, a}, {min_bin_vheap_size, a}, {multi_scheduling, foo}, {time_offset, foo}, {trace_control_word, a}]],
    Old = erlang:system_flag(backtrace_depth, 3),
    p(fun() -> {Old, erlang:system_flag(backtrace_depth, Old)} end),
    p(fun() -> erlang:system_flag(trace_control_word, 5) end),
    p(fun() -> erlang:system_flag(trace_control_word, 0) end),
    p(fun() -> O = erlang:system_flag(max_heap_size, 5000), {O, erlang:system_flag(max_heap_size, O)} end),
    p(fun() -> O = erlang:system_flag(min_bin_vheap_size, 100000), {O, erlang:system_flag(min_bin_vheap_size, O)} end),
    p(fun() -> O = erlang:system_flag(min_heap_size, 1000), {O, erlang:system_flag(min_heap_size, O)} end),
    p(fun() -> O = erlang:system_flag(fullsweep_after, 10), {O, erlang:system_flag(fullsweep_after, O)} end),
    [p(fun() -> {I, kind(erlang:system_info(I))} end)
     || I <- [alloc_util_allocators, atom_count, atom_limit, atom_used, build_type, check_io, compat_rel, creation, debug_compiled, delayed_node_table_gc,
              dirty_cpu_schedulers, dirty_cpu_schedulers_online, dirty_io_schedulers, dist, dist_buf_busy_limit, dist_ctrl, driver_version, dynamic_trace, dynamic_trace_probes, emu_flavor, emu_type, end_time,
              ets_count, ets_limit, fullsweep_after, garbage_collection, heap_sizes, heap_type, info, kernel_poll, loaded, logical_processors_online, machine, max_heap_size, message_queue_data, min_bin_vheap_size, min_heap_size,
              modified_timing_level, multi_scheduling, multi_scheduling_blockers, nif_version, normal_multi_scheduling_blockers, otp_release, outstanding_system_requests_limit,
              port_count, port_limit, port_parallelism, process_count, process_limit, procs, scheduler_bind_type, scheduler_id, schedulers, schedulers_online, smp_support,
              start_time, system_architecture, system_version, threads, thread_pool_size, time_correction, time_offset, time_warp_mode, tolerant_timeofday, trace_control_word, update_cpu_info, version, wordsize, async_dist, halt_flush_timeout]],
    [p(fun() -> erlang:system_info(I) end) || I <- [foo, 1, {wordsize, internal}, {wordsize, external}, {wordsize, x}, {foo, 1}]],
    [p(fun() -> {I, kind(erlang:statistics(I))} end)
     || I <- [active_tasks, active_tasks_all, context_switches, exact_reductions, garbage_collection, io, reductions, run_queue, run_queue_lengths, run_queue_lengths_all, runtime, scheduler_wall_time, scheduler_wall_time_all,
              total_active_tasks, total_active_tasks_all, total_run_queue_lengths, total_run_queue_lengths_all, wall_clock, foo, 1]],
    [p(fun() -> kind(erlang:memory(I)) end) || I <- [total, processes, foo, [total, atom], [foo], 1, []]].

kind(X) when is_integer(X) -> integer;
kind(X) when is_binary(X) -> binary;
kind(X) when is_atom(X) -> atom;
kind([{_, _} | _] = L) -> case length(L) > 30 of true -> long; false -> [kind(E) || E <- L] end;
kind([C | _] = L) when is_integer(C), C >= 0 -> case io_lib:printable_list(L) of true -> string; false -> integers end;
kind(L) when is_list(L) -> list;
kind(T) when is_tuple(T) -> list_to_tuple([if is_atom(E) -> E; true -> kind(E) end || E <- tuple_to_list(T)]);
kind(M) when is_map(M) -> maps:keys(M);
kind(_) -> other.

p(F) ->
    try io:format("~0p~n", [F()])
    catch C:R:St ->
        {M, Fn, A, I} = hd(St),
        io:format("~p ~0p ~0p ~0p~n", [C, R, {M, Fn, if is_list(A) -> length(A); true -> A end}, case lists:keyfind(error_info, 1, I) of {_, X} -> X; false -> none end])
    end.
