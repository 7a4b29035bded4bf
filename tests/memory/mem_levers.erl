%% The levers of the troubleshooting guide: what each does to the sizes that can be read, and what the guide has wrong.
-module(mem_levers).
-export([main/0]).

main() ->
    catch logger:set_primary_config(level, none),
    max_heap(), queues(), least(), sweeps(), hibernation(), collections(), monitors(), tables(), binaries().

max_heap() ->
    Limits = [1000, #{size => 1000}, #{size => 1000, kill => false}, #{size => 1000, error_logger => false},
              #{size => 100000, kill => true}, 0],
    [begin
         {P, R} = spawn_opt(fun() -> length(build(5000, [])), receive go -> ok end end,
                            [monitor, {max_heap_size, L}]),
         P ! go,
         receive {'DOWN', R, _, _, Why} -> io:format("max_heap_size ~p: ~p~n", [L, Why]) end
     end || L <- Limits],
    io:format("~p~n", [in(fun() -> [process_flag(max_heap_size, L) || L <- [#{size => 50000}, 70000, #{size => 0}]]
                                       ++ [process_info(self(), max_heap_size)] end)]),
    [io:format("~p: ~p~n", [L, in(fun() -> (catch process_flag(max_heap_size, L)) =:= ok end)])
     || L <- [0]],
    [io:format("bad ~p: ~p~n", [L, in(fun() -> try process_flag(max_heap_size, L) catch C:E -> {C, E} end end)])
     || L <- [-1, 100, #{size => a}, #{size => 5000, kill => 1}, #{kill => true}, atom]],
    {P, R} = spawn_opt(fun() -> B = [binary:copy(<<"x">>, 100000) || _ <- lists:seq(1, 40)], garbage_collect(), length(B) end,
                       [monitor, {max_heap_size, #{size => 20000, kill => true, error_logger => false, include_shared_binaries => true}}]),
    receive {'DOWN', R, _, P, Why} -> io:format("binaries included: ~p~n", [Why]) end.

queues() ->
    [begin
         P = spawn_opt(fun() -> receive stop -> ok end, receive after infinity -> ok end end, [{message_queue_data, Q}]),
         wait(P),
         [P ! {message, N, lists:seq(1, 10)} || N <- lists:seq(1, 100)],
         I = process_info(P, [message_queue_len, message_queue_data, total_heap_size, heap_size]),
         io:format("~p~n", [I]),
         exit(P, kill)
     end || Q <- [on_heap, off_heap]],
    io:format("~p~n", [in(fun() -> [process_flag(message_queue_data, Q) || Q <- [off_heap, on_heap, off_heap]] end)]),
    io:format("bad queue: ~p~n", [in(fun() -> try process_flag(message_queue_data, mixed) catch C:E -> {C, E} end end)]).

least() ->
    [io:format("~p: ~p~n", [O, sizes([O])])
     || O <- [{min_heap_size, 233}, {min_heap_size, 2000}, {min_bin_vheap_size, 100}, {min_bin_vheap_size, 100000}, {fullsweep_after, 0},
              {fullsweep_after, 10}]],
    io:format("~p~n", [in(fun() -> [process_flag(K, V) || {K, V} <- [{min_heap_size, 5000}, {min_heap_size, 1}, {min_bin_vheap_size, 70000},
                                                                    {min_bin_vheap_size, 1}, {fullsweep_after, 3}, {fullsweep_after, 7}]] end)]),
    io:format("~p~n", [in(fun() -> process_flag(min_heap_size, 5000), garbage_collect(), element(2, process_info(self(), heap_size)) end)]).

sizes(Options) ->
    Me = self(),
    spawn_opt(fun() -> Me ! {sizes, process_info(self(), [heap_size, min_heap_size, min_bin_vheap_size, fullsweep_after])} end, Options),
    receive {sizes, S} -> S end.

sweeps() ->
    [begin
         Me = self(),
         spawn_opt(fun() -> churn(200, lists:seq(1, 200)), Me ! {n, proplists:get_value(minor_gcs, element(2, process_info(self(), garbage_collection)))} end,
                   [{fullsweep_after, N}]),
         receive {n, Minor} -> io:format("fullsweep_after ~p: ~p~n", [N, Minor]) end
     end || N <- [0, 1, 3, 10, 65535]].

churn(0, Kept) -> length(Kept);
churn(N, Kept) -> _ = build(60, []), churn(N - 1, [N | Kept]).

hibernation() ->
    P = spawn(fun() -> L = build(3000, []), garbage_collect(), sleeper(length(L)) end),
    wait(P),
    io:format("before ~p~n", [process_info(P, [total_heap_size, stack_size])]),
    P ! sleep, wait(P),
    io:format("hibernating ~p~n", [process_info(P, [total_heap_size, stack_size, current_function])]),
    P ! wake, wait(P),
    io:format("awake ~p~n", [process_info(P, [total_heap_size, stack_size])]),
    exit(P, kill).

sleeper(N) ->
    receive
        sleep -> erlang:hibernate(erlang, apply, [fun() -> receive wake -> sleeper(N) end end, []]);
        never -> N
    end.

collections() ->
    io:format("~p~n", [in(fun() -> _ = build(3000, []), {garbage_collect(), total(), garbage_collect(self(), [{type, minor}]), total()} end)]),
    P = spawn(fun() -> L = build(3000, []), receive stop -> L end end),
    wait(P),
    io:format("~p~n", [[garbage_collect(P, [{type, T}]) || T <- [minor, major]]]),
    async = garbage_collect(P, [{async, here}]),
    receive {garbage_collect, here, Done} -> io:format("async: ~p~n", [Done]) end,
    exit(P, kill), wait_gone(P),
    io:format("dead: ~p~n", [garbage_collect(P)]),
    [io:format("bad ~p: ~p~n", [O, try garbage_collect(self(), O) catch C:E -> {C, E} end]) || O <- [[{type, all}], [oops], [{async}], no]],
    {A, W, 0} = erlang:statistics(garbage_collection),
    garbage_collect(),
    {B, X, 0} = erlang:statistics(garbage_collection),
    io:format("counted ~p ~p~n", [B > A, X >= W]).

total() -> element(2, process_info(self(), total_heap_size)).

monitors() ->
    Me = self(),
    W = spawn(fun() -> watch(Me) end),
    Settings = [{large_heap, 10000}, {long_message_queue, {5, 20}}, busy_port, busy_dist_port, {long_gc, 5000}, {long_schedule, 10000}],
    io:format("~p~n", [erlang:system_monitor(W, Settings)]),
    {W, Now} = erlang:system_monitor(),
    io:format("~p~n", [lists:sort(Now)]),
    Big = spawn(fun() -> L = build(40000, []), Me ! built, receive stop -> L end end),
    receive built -> ok end,
    receive {seen, Big, large_heap, Keys} -> io:format("large_heap ~p~n", [Keys]) after 1000 -> io:format("not seen~n") end,
    Slow = spawn(fun() -> receive drain -> ok end, drain(), receive stop -> ok end end),
    [Slow ! N || N <- lists:seq(1, 30)],
    receive {seen, Slow, long_message_queue, On} -> io:format("long_message_queue ~p~n", [On]) after 1000 -> io:format("not seen~n") end,
    Slow ! drain,
    receive {seen, Slow, long_message_queue, Off} -> io:format("long_message_queue ~p~n", [Off]) after 1000 -> io:format("not seen~n") end,
    {W, _} = erlang:system_monitor(undefined),
    io:format("~p~n", [erlang:system_monitor()]),
    [io:format("bad ~p: ~p~n", [S, try erlang:system_monitor(Me, S) catch C:E -> {C, E} end])
     || S <- [[{large_heap, -1}], [{long_message_queue, {20, 5}}], [nonsense], {long_gc, 1}]].

watch(To) ->
    receive
        {monitor, P, large_heap, L} -> To ! {seen, P, large_heap, lists:sort([K || {K, _} <- L])};
        {monitor, P, What, Info} -> To ! {seen, P, What, Info}
    end,
    watch(To).

drain() -> receive _ -> drain() after 0 -> ok end.

tables() ->
    [io:format("~p: ~p~n", [O, try ets:new(t, [O]), made catch C:E -> {C, E} end])
     || O <- [{max_size, 100}, {max_objects, 10}, compressed, {write_concurrency, auto}, {decentralized_counters, true}, {limit, 1}]].

binaries() ->
    Small = in(fun() -> B = binary:copy(<<"x">>, 100000), P = binary:part(B, 10, 100), garbage_collect(), held(P) end),
    Copied = in(fun() -> B = binary:copy(<<"x">>, 100000), P = binary:copy(binary:part(B, 10, 100)), garbage_collect(), held(P) end),
    io:format("a part holds ~p, a copy ~p, ~p~n", [Small, Copied, in(fun() -> B = binary:copy(<<"y">>, 5000), binary:referenced_byte_size(binary:part(B, 0, 100)) end)]).

held(P) -> {byte_size(P), [S || {_, S, _} <- element(2, process_info(self(), binary))]}.

build(0, L) -> L;
build(N, L) -> build(N - 1, [N | L]).

in(F) ->
    Me = self(),
    {P, R} = spawn_monitor(fun() -> X = F(), Me ! {self(), X} end),
    receive {P, X} -> receive {'DOWN', R, _, _, _} -> X end; {'DOWN', R, _, _, Why} -> {died, Why} end.

wait(P) ->
    case process_info(P, status) of
        {status, waiting} -> ok;
        undefined -> ok;
        _ -> erlang:yield(), wait(P)
    end.

wait_gone(P) -> case is_process_alive(P) of true -> erlang:yield(), wait_gone(P); false -> ok end.
