%% process_info(_, memory): what OTP counts for links, monitors, messages, dictionaries and tables besides the words of the heap.
-module(mem_memory).
-export([main/0, loop/0]).

loop() ->
    receive
        {do, From, F} -> F(), From ! done, loop();
        keep -> loop()
    end.

main() -> links(), monitors(), others(), dictionary(), messages().

new() -> spawn(?MODULE, loop, []).

%% Bytes besides those of the heap's words.
bytes(P) ->
    settle(P),
    garbage_collect(P),
    [{memory, M}, {total_heap_size, T}] = process_info(P, [memory, total_heap_size]),
    M - 8 * T.

settle(P) ->
    case process_info(P, status) of
        {status, waiting} -> ok;
        _ -> erlang:yield(), settle(P)
    end.

do(P, F) ->
    P ! {do, self(), F},
    receive done -> bytes(P) end.

forever() -> spawn(fun() -> receive never -> ok end end).

links() ->
    P = new(),
    io:format("base ~p~n", [bytes(P)]),
    [io:format("~p links ~p~n", [N, do(P, fun() -> link(forever()) end)]) || N <- [1, 2, 3]].

monitors() ->
    {P, Q} = {new(), forever()},
    register(mem_named, Q),
    [io:format("~s ~p~n", [Name, do(P, F)])
     || {Name, F} <- [{"monitor", fun() -> monitor(process, Q) end},
                      {"another", fun() -> monitor(process, Q) end},
                      {"by name", fun() -> monitor(process, mem_named) end},
                      {"with alias", fun() -> monitor(process, Q, [{alias, demonitor}]) end},
                      {"with tag", fun() -> monitor(process, Q, [{tag, foo}]) end},
                      {"alias", fun() -> alias() end}]],
    io:format("monitored ~p~n", [bytes(Q)]).

others() ->
    P = new(),
    [io:format("~s ~p~n", [Name, do(P, F)])
     || {Name, F} <- [{"registered", fun() -> register(mem_memory_p, self()) end},
                      {"timer", fun() -> erlang:send_after(100000, self(), keep) end},
                      {"trap_exit", fun() -> process_flag(trap_exit, true) end},
                      {"a table", fun() -> ets:new(t, []) end},
                      {"another", fun() -> ets:new(t, []) end}]],
    Q = new(),
    io:format("error handler ~p~n", [do(Q, fun() -> process_flag(error_handler, mem_handler) end)]).

dictionary() ->
    P = new(),
    [io:format("~p keys ~p~n", [N, do(P, fun() -> put(N, N) end)]) || N <- lists:seq(1, 34)],
    io:format("1000 keys ~p~n", [do(P, fun() -> [put(N, N) || N <- lists:seq(1, 1000)] end)]),
    io:format("100 keys ~p~n", [do(P, fun() -> [erase(N) || N <- lists:seq(1, 900)] end)]),
    io:format("none ~p~n", [do(P, fun() -> erase() end)]),
    Q = new(),
    [put({I}, I * 1.5) || I <- lists:seq(1, 20)],
    io:format("~p~n~p~n", [get(), get_keys()]),
    [erase({I}) || I <- lists:seq(1, 15)],
    [put(I, {I}) || I <- lists:seq(-5, 5)],
    [put(I, {I, again}) || I <- lists:seq(0, 5)],
    io:format("~p~n~p~n", [get(), get_keys({3, again})]),
    io:format("~p~n", [erase()]),
    io:format("~p~n", [bytes(Q)]).

messages() ->
    P = forever(),
    [begin P ! M, io:format("~s ~p~n", [Name, bytes(P)]) end
     || {Name, M} <- [{"small", a}, {"another", b}, {"literal", {a, b}}, {"large", lists:seq(1, 1000)}]],
    Q = spawn_opt(fun() -> receive never -> ok end end, [{message_queue_data, off_heap}]),
    [begin Q ! M, io:format("off heap, ~s ~p~n", [Name, bytes(Q)]) end
     || {Name, M} <- [{"small", a}, {"literal", {a, b}}, {"large", lists:seq(1, 1000)}]].
