-module(app_futures).
-moduledoc "The runtime's futures: results, errors, timeouts, cancellation, and that none outlives its use.".
-export([main/0]).
-import(mochi_async, [async/1, async/2, await/1, await/2, try_await/2, await_all/1, await_any/1, cancel/1, is_done/1, map/2, map/3]).

said(F) -> try F() of V -> V catch error:{mochi, M} -> {error, M}; C:R -> {C, R} end.
forever() -> receive never -> ok end.
until(F) -> case F() of true -> ok; _ -> timer:sleep(5), until(F) end.

main() ->
    io:format("~p~n", [await(async(fun() -> 1 + 2 end))]),
    F = async(fun() -> timer:sleep(30), slow end),
    io:format("~p ~p ~p~n", [try_await(F, 1), is_done(F), await(F)]),
    io:format("~p~n", [said(fun() -> await(F) end)]),
    io:format("~p ~p ~p~n", [said(fun() -> await(async(fun() -> mochi_core:fail(<<"words">>) end)) end), said(fun() -> await(async(fun() -> exit(gone) end)) end),
                             said(fun() -> await(async(fun() -> throw(up) end)) end)]),
    io:format("~p~n", [said(fun() -> await(async(fun forever/0), 5) end)]),
    io:format("~p~n", [said(fun() -> await(async(fun forever/0, #{timeout => 5})) end)]),
    Self = self(),
    G = async(fun() -> Self ! {worker, self()}, forever() end),
    Worker = receive {worker, W} -> W end,
    io:format("~p~n", [cancel(G)]),
    until(fun() -> not is_process_alive(Worker) end),
    io:format("~p~n", [said(fun() -> await(G) end)]),
    io:format("~p ~p~n", [await_all([async(fun() -> timer:sleep(20 - 5 * N), N end) || N <- [1, 2, 3]]), await_any([async(fun forever/0), async(fun() -> first end)])]),
    io:format("~p ~p~n", [map(fun(X) -> X * X end, lists:seq(1, 10)), lists:sum(map(fun(X) -> X end, lists:seq(1, 300), 7))]),
    {Owner, Ref} = spawn_monitor(fun() -> async(fun() -> Self ! {worker, self()}, forever() end), forever() end),
    Orphan = receive {worker, O} -> O end,
    exit(Owner, kill),
    receive {'DOWN', Ref, process, Owner, _} -> ok end,
    until(fun() -> not is_process_alive(Orphan) end),
    io:format("~p~n", [process_info(self(), message_queue_len)]).
