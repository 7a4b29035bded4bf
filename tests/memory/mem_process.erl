%% A process as process_info shows it: fresh, with options, waiting, after collections, hibernating.
-module(mem_process).
-export([main/0, idle/0, held/2, nap/0]).

-define(WORDS, [heap_size, total_heap_size, message_queue_len, message_queue_data]).

main() ->
    fresh(), options(), collected(), hibernated(), messages(), gc_info(), dictionary(), literals().

show(Name, Pid) ->
    io:format("~s: ~p~n", [Name, process_info(Pid, ?WORDS)]).

idle() -> receive stop -> ok end.

fresh() ->
    show("spawn/3", spawned(fun() -> spawn(?MODULE, idle, []) end)),
    show("spawn/1", spawned(fun() -> spawn(fun idle/0) end)),
    show("spawn/1 with a body", spawned(fun() -> spawn(fun() -> receive stop -> ok end end) end)),
    Big = lists:seq(1, 1000),
    show("spawn/1 holding a list", spawned(fun() -> spawn(fun() -> held(Big, 0) end) end)),
    show("spawn/3 with a list", spawned(fun() -> spawn(?MODULE, held, [Big, 0]) end)).

held(L, _) -> receive stop -> L end.

spawned(F) -> P = F(), settle(P), P.

settle(P) ->
    case process_info(P, status) of
        {status, waiting} -> ok;
        _ -> erlang:yield(), settle(P)
    end.

options() ->
    [show(io_lib:format("~p", [O]), spawned(fun() -> spawn_opt(?MODULE, idle, [], O) end))
     || O <- [[{min_heap_size, N}] || N <- [0, 1, 100, 233, 234, 300, 610, 1000, 5000, 100000]]
          ++ [[{min_bin_vheap_size, 100}], [{fullsweep_after, 0}], [{fullsweep_after, 10}], [link], [monitor_not],
              [{message_queue_data, off_heap}], [{message_queue_data, on_heap}], [{priority, high}],
              [{max_heap_size, 10000}], [{max_heap_size, #{size => 10000, kill => false}}]],
        O =/= [monitor_not]],
    P = spawn_opt(?MODULE, idle, [], [{min_heap_size, 1000}, {fullsweep_after, 7}, {min_bin_vheap_size, 50000}]),
    io:format("~p~n", [process_info(P, garbage_collection)]).

collected() ->
    Me = self(),
    spawn(fun() ->
                  L = lists:seq(1, 20000),
                  A = process_info(self(), [heap_size, total_heap_size]),
                  garbage_collect(),
                  B = process_info(self(), [heap_size, total_heap_size]),
                  N = length(L),
                  garbage_collect(),
                  C = process_info(self(), [heap_size, total_heap_size]),
                  garbage_collect(self(), [{type, minor}]),
                  D = process_info(self(), [heap_size, total_heap_size]),
                  Me ! {collected, N, A, B, C, D}
          end),
    receive {collected, N, A, B, C, D} -> io:format("~p~n~p~n~p~n~p~n~p~n", [N, A, B, C, D]) end,
    P = spawned(fun() -> spawn(fun() -> L = lists:seq(1, 5000), receive stop -> L end end) end),
    show("before", P),
    garbage_collect(P),
    show("after", P),
    garbage_collect(P, [{type, minor}]),
    show("after minor", P),
    garbage_collect(P, [{type, major}]),
    show("after major", P),
    Q = spawned(fun() -> spawn(fun() -> L = lists:seq(1, 5000), receive stop -> ok end, L end) end),
    show("dead list before", Q),
    garbage_collect(Q),
    show("dead list after", Q).

nap() -> receive stop -> ok end.

hibernated() ->
    P = spawned(fun() -> spawn(fun() -> put(k, lists:seq(1, 100)), erlang:hibernate(?MODULE, nap, []) end) end),
    show("hibernating with a dictionary", P),
    Q = spawned(fun() -> spawn(fun() -> erlang:hibernate(?MODULE, nap, []) end) end),
    show("hibernating", Q),
    R = spawned(fun() -> spawn(fun() -> erlang:hibernate(?MODULE, held, [lists:seq(1, 100), x]) end) end),
    show("hibernating with arguments", R),
    R ! hello,
    settle(R),
    show("awake", R).

messages() ->
    P = spawned(fun() -> spawn(?MODULE, idle, []) end),
    [P ! I || I <- lists:seq(1, 10)],
    settle(P),
    show("ten small messages", P),
    [P ! {I, "ab"} || I <- lists:seq(1, 10)],
    settle(P),
    show("ten more", P),
    Q = spawned(fun() -> spawn_opt(?MODULE, idle, [], [{message_queue_data, off_heap}]) end),
    [Q ! {I, "ab"} || I <- lists:seq(1, 10)],
    settle(Q),
    show("off heap", Q).

gc_info() ->
    P = spawned(fun() -> spawn(?MODULE, idle, []) end),
    {garbage_collection, G} = process_info(P, garbage_collection),
    io:format("~p~n", [G]),
    {garbage_collection_info, I} = process_info(P, garbage_collection_info),
    io:format("~p~n", [proplists:delete(stack_size, I)]),
    io:format("~p~n", [process_info(P, [binary]) =/= []] ).

dictionary() ->
    P = spawned(fun() -> spawn(fun() -> [put(I, I) || I <- lists:seq(1, 100)], receive stop -> ok end end) end),
    show("dictionary of a hundred", P),
    garbage_collect(P),
    show("collected", P).

literals() ->
    P = spawned(fun() -> spawn(fun() -> L = literal(), receive stop -> L end end) end),
    show("literal", P),
    garbage_collect(P),
    show("literal collected", P).

literal() -> [a, b, c, {d, e, f}, "a long text that takes many words and none of the heap of its holder"].
