%% Functions about processes, names, timers, nodes and shared state with good and bad arguments in every place.
-module(err_procs).
-export([main/0, f/0, g/1]).

f() -> ok.
g(_) -> ok.

main() ->
    process_flag(trap_exit, true),
    lists:foreach(fun run/1, table()).

table() ->
    Pids = [self, dead, foo, 1, fself],
    Opts = [[], [link], [monitor], [{priority, high}], [{priority, foo}], [{fullsweep_after, -1}], [{min_heap_size, a}], [{max_heap_size, 1}], [{message_queue_data, foo}], [{monitor, [{tag, x}]}], [{monitor, [foo]}], [{monitor, [{alias, explicit_unalias}]}], [foo], foo, [link | x], [{scheduler, 0}], [{async_dist, true}], [{async_dist, foo}], [{link, true}]],
    [{erlang, spawn, [[ff, foo, fun1]]},
     {erlang, spawn, [[?MODULE, 1], [f, 1], [[], foo, [a | b]]]},
     {erlang, spawn_link, [[ff, foo]]}, {erlang, spawn_monitor, [[ff, foo, fun1]]},
     {erlang, spawn_opt, [[ff, foo], Opts]},
     {erlang, spawn_opt, [[?MODULE, 1], [f], [[], foo], [[], [foo]]]},
     {erlang, spawn_request, [[ff, foo]]}, {erlang, spawn_request, [[ff], [[], [{reply, yes}], [{reply, foo}], [{reply_tag, x}], [foo], foo]]},
     {erlang, spawn_request_abandon, [[ref, foo]]},
     {erlang, link, [Pids]}, {erlang, unlink, [Pids]},
     {erlang, exit, [Pids, [normal]]},
     {erlang, exit, [[foo, 1, dead], [kill]]},
     {erlang, monitor, [[process, time_offset, foo, 1], [self, dead, foo, {foo, node}, {foo, a@b}, 1, {1, 2}, clock_service]]},
     {erlang, monitor, [[process], [self, dead], [[], [{tag, x}], [{alias, demonitor}], [{alias, reply_demonitor}], [{alias, foo}], [foo], foo]]},
     {erlang, demonitor, [[ref, foo, 1]]}, {erlang, demonitor, [[ref, foo], [[], [flush], [info], [flush, info], [foo], foo, [flush | x]]]},
     {erlang, alias, [[[], [explicit_unalias], [reply], [foo], foo]]},
     {erlang, unalias, [[ref, foo]]},
     {erlang, register, [[foo, 1, undefined, kernel_sup_x], [self, dead, 1, foo]]},
     {erlang, unregister, [[foo, 1, nobody]]}, {erlang, whereis, [[foo, 1]]},
     {erlang, send, [[self, dead, foo, 1, {foo, node}, {foo, 1}, ref], [x]]},
     {erlang, send, [[self, dead, foo, 1, {foo, node}], [x], [[], [nosuspend], [noconnect], [foo], foo]]},
     {erlang, '!', [[self, dead, foo, 1], [x]]},
     {erlang, send_nosuspend, [[self, foo, 1], [x]]},
     {erlang, send_after, [[0, -1, a, 1 bsl 70], [self, foo, 1, {a, b}], [x]]},
     {erlang, send_after, [[1], [self, 1], [x], [[], [{abs, true}], [{abs, a}], [foo], foo]]},
     {erlang, start_timer, [[0, -1, a], [self, foo, 1], [x]]},
     {erlang, start_timer, [[1], [self], [x], [[], [{abs, false}], [foo], foo]]},
     {erlang, cancel_timer, [[ref, foo]]}, {erlang, cancel_timer, [[ref, foo], [[], [{async, true}], [{info, false}], [{info, a}], [foo], foo]]},
     {erlang, read_timer, [[ref, foo]]}, {erlang, read_timer, [[ref], [[], [{async, true}], [foo], foo]]},
     {erlang, is_process_alive, [Pids]},
     {erlang, process_display, [[foo, dead], [backtrace, foo]]},
     {erlang, suspend_process, [[self, dead, foo]]}, {erlang, suspend_process, [[self, dead, foo], [[], [unless_suspending], [foo], foo]]},
     {erlang, resume_process, [[self, dead, foo]]},
     {erlang, group_leader, [[self, dead, foo], [dead, foo]]},
     {erlang, garbage_collect, [[self, dead, foo]]}, {erlang, garbage_collect, [[self, dead, foo], [[], [{type, major}], [{type, foo}], [{async, x}], [foo], foo]]},
     {erlang, hibernate, [[1, foo], [1, foo], [foo, [a | b]]]},
     {erlang, bump_reductions, [[1, 0, -1, a]]},
     {erlang, get_keys, [[x]]}, {erlang, get, [[x]]}, {erlang, put, [[x], [y]]}, {erlang, erase, [[x]]},
     {erlang, halt, [[a, -1, {a}]]}, {erlang, halt, [[0], [[foo], foo, [{flush, a}], [{flush, true} | x]]]},
     {erlang, node, [[self, foo, 1, ref]]}, {erlang, nodes, [[this, visible, hidden, connected, foo, 1, [], [this, visible], [foo], [this | x]]]},
     {erlang, monitor_node, [[node, foo@bar, 1], [true, false, foo]]}, {erlang, monitor_node, [[node], [true], [[], [allow_passive_connect], [foo], foo]]},
     {erlang, disconnect_node, [[foo@bar, node, 1]]}, {erlang, set_cookie, [[foo, 1]]}, {erlang, get_cookie, [[foo@bar, 1]]}, {erlang, is_alive, []},
     {persistent_term, get, [[no_such_key]]}, {persistent_term, get, [[no_such_key], [d]]}, {persistent_term, erase, [[no_such_key]]}, {persistent_term, put, [[k], [v]]}, {persistent_term, erase, [[k]]},
     {atomics, new, [[1, 0, -1, a], [[], [{signed, false}], [foo], foo, [{signed, a}]]]},
     {atomics, get, [[at, ref, foo], [1, 3, 0, 4, a]]}, {atomics, put, [[at, foo], [1, 9], [5, -5, 1 bsl 63, -(1 bsl 63), 1 bsl 64, a]]}, {atomics, add, [[at, foo], [1, 0], [1, a]]}, {atomics, sub, [[at], [1], [1, a]]},
     {atomics, add_get, [[at], [2, 9], [1, 1 bsl 63, a]]}, {atomics, sub_get, [[at], [2], [1]]}, {atomics, exchange, [[at], [1, 9], [7, a]]}, {atomics, compare_exchange, [[at], [1, 9], [0, 7, a], [8, b]]}, {atomics, info, [[at, foo]]},
     {counters, new, [[1, 0, a], [[], [atomics], [write_concurrency], [foo], foo]]},
     {counters, get, [[ct, cw, foo, {atomics, foo}], [1, 0, 9, a]]}, {counters, add, [[ct, cw, foo], [1, 9], [1, a]]}, {counters, sub, [[ct], [1], [1, a]]}, {counters, put, [[ct, cw], [1, 9], [5, a]]}, {counters, info, [[foo]]},
     {erlang, trace, [[self], [foo], [[]]]}, {erlang, seq_trace_info, [[foo]]}, {erlang, system_info, [[foo]]}, {erlang, statistics, [[foo]]},
     {erlang, make_ref, []}].

run({_, _, []}) -> ok;
run({M, F, Cands}) ->
    [begin
        Self = self(),
        {P, R} = spawn_monitor(fun() -> process_flag(trap_exit, true), Self ! {out, one(M, F, Args)} end),
        receive {'DOWN', R, _, P, Why} -> ok end,
        Out = receive {out, O} -> O after 0 -> io_lib:format("ended ~0p", [Why]) end,
        io:format("~p:~p ~0p~n  ~s~n", [M, F, Args, Out])
     end || Args <- cross(Cands)].

one(M, F, Args0) ->
    Args = [real(A) || A <- Args0],
    try apply(M, F, Args) of
        V -> ["value ", shape(V)]
    catch
        Class:Reason:St -> [atom_to_list(Class), " ", io_lib:format("~0p", [plain(Reason)]), " ", top(Args, Reason, St)]
    end.

real(self) -> self();
real(fself) -> fun() -> self() end;
real(ff) -> fun ?MODULE:f/0;
real(fun1) -> fun ?MODULE:g/1;
real(dead) -> {P, R} = spawn_monitor(fun() -> ok end), receive {'DOWN', R, _, _, _} -> P end;
real(node) -> node();
real({foo, node}) -> {foo, node()};
real(ref) -> make_ref();
real(at) -> atomics:new(3, []);
real(ct) -> counters:new(3, []);
real(cw) -> counters:new(3, [write_concurrency]);
real(X) -> X.

shape(V) when is_pid(V) -> "pid";
shape(V) when is_reference(V) -> "ref";
shape({P, R}) when is_pid(P), is_reference(R) -> "{pid, ref}";
shape({K, R}) when is_atom(K), is_reference(R) -> io_lib:format("{~p, ref}", [K]);
shape(M) when is_map(M) -> io_lib:format("~0p", [lists:sort(maps:keys(M))]);
shape([{N, #{}}]) -> io_lib:format("~0p", [N]);
shape(V) -> io_lib:format("~0p", [V]).

plain(P) when is_pid(P) -> pid;
plain(T) when is_tuple(T) -> list_to_tuple([plain(E) || E <- tuple_to_list(T)]);
plain(X) -> X.

cross([]) -> [[]];
cross([C | Cs]) -> [[X | Xs] || X <- C, Xs <- cross(Cs)].

top(Args, Reason, [{M, F, As, Info} | _] = St) ->
    Shape = if As =:= Args -> "args"; is_list(As) -> io_lib:format("~p:~p/~p", [M, F, length(As)]); true -> io_lib:format("~p:~p/~p", [M, F, As]) end,
    case lists:keyfind(error_info, 1, Info) of
        {error_info, #{} = I} ->
            Mod = maps:get(module, I, M),
            Text = try Mod:format_error(Reason, St) catch _:_ -> #{} end,
            [Shape, " cause=", io_lib:format("~0p", [maps:get(cause, I, none)]), " ", lists:join("; ", [io_lib:format("~p: ~ts", [K, V]) || {K, V} <- lists:sort(maps:to_list(Text))])];
        _ -> Shape
    end;
top(_, _, []) -> "no trace".
