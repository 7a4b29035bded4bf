-module(mochi_async_tests).
-include_lib("eunit/include/eunit.hrl").

-import(mochi_async, [async/1, async/2, await/1, await/2, try_await/2, await_all/1, await_all/2, await_any/1, await_any/2, cancel/1, is_done/1, map/2, map/3]).

forever() -> receive never -> ok end.

results_test() ->
    ?assertEqual(3, await(async(fun() -> 3 end))),
    ?assertEqual(3, await(async(fun() -> 3 end), 5000)),
    Slow = async(fun() -> timer:sleep(20), slow end),
    ?assertEqual(timeout, try_await(Slow, 1)),
    ?assertEqual({ok, slow}, try_await(Slow, 5000)).

who_gave_up_takes_nothing_test() ->
    F = async(fun() -> receive go -> 5 end end),
    timeout = try_await(F, 1),
    {'$future', Pid} = F,
    Worker = element(2, sys:get_state(Pid)),
    Worker ! go,
    test_wait:until(fun() -> is_done(F) end),
    ?assertEqual(5, await(F)).

once_test() ->
    F = async(fun() -> 3 end),
    3 = await(F),
    ?assertError({mochi, <<"the future has been awaited or cancelled">>}, await(F)),
    ?assertError({mochi, <<"the future has been awaited or cancelled">>}, is_done(F)),
    ?assertError({mochi, _}, await(5)),
    ?assertError({mochi, _}, async(5)).

errors_travel_test() ->
    F = async(fun() -> mochi_core:fail(<<"words">>) end),
    test_wait:until(fun() -> is_done(F) end),
    ?assertError({mochi, <<"words">>}, await(F)),
    ?assertExit(gone, await(async(fun() -> exit(gone) end))),
    ?assertThrow(thrown, await(async(fun() -> throw(thrown) end))).

timeouts_test() ->
    F = async(fun forever/0),
    ?assertNot(is_done(F)),
    ?assertError({mochi, <<"the future was not done in time">>}, await(F, 1)),
    cancel(F),
    G = async(fun forever/0, #{timeout => 5}),
    ?assertError({mochi, <<"the future was not done in its time">>}, await(G)).

cancelling_ends_the_work_test() ->
    Self = self(),
    F = async(fun() -> Self ! {worker, self()}, forever() end),
    W = receive {worker, P} -> P end,
    Ref = monitor(process, W),
    Waiting = async(fun() -> Self ! waiting, await(F) end),
    receive waiting -> ok end,
    {'$future', Pid} = F,
    test_wait:until(fun() -> {status, waiting} =:= process_info(Pid, status) end),
    timer:sleep(5),
    ?assertEqual(nil, cancel(F)),
    receive {'DOWN', Ref, process, W, killed} -> ok end,
    ?assertError({mochi, _}, await(Waiting)),
    ?assertEqual(nil, cancel(F)).

the_owners_end_is_the_end_test() ->
    Self = self(),
    {Owner, _} = spawn_monitor(fun() ->
                                       F = async(fun() -> Self ! {worker, self()}, forever() end),
                                       Self ! F,
                                       forever()
                               end),
    receive {worker, W} -> ok end,
    receive {'$future', Pid} -> ok end,
    exit(Owner, kill),
    test_wait:until(fun() -> not is_process_alive(W) andalso not is_process_alive(Pid) end),
    receive {'DOWN', _, process, Owner, _} -> ok end.

killed_from_outside_test() ->
    Self = self(),
    F = async(fun() -> Self ! {worker, self()}, forever() end),
    receive {worker, W} -> ok end,
    exit(W, kill),
    ?assertError({mochi, <<"the future's process was stopped: killed">>}, await(F)).

many_test() ->
    ?assertEqual([1, 2, 3], await_all([async(fun() -> timer:sleep(30 - 10 * N), N end) || N <- [1, 2, 3]])),
    ?assertEqual([], await_all([])),
    ?assertEqual(b, await_any([async(fun forever/0), async(fun() -> b end)])),
    ?assertError({mochi, _}, await_any([])),
    ?assertError({mochi, <<"no future was done in time">>}, await_any([async(fun forever/0)], 2)),
    ?assertError({mochi, _}, await_all([async(fun forever/0)], 2)).

the_first_error_cancels_the_rest_test() ->
    test_wait:drain(),
    Self = self(),
    F = async(fun() -> Self ! {worker, self()}, forever() end),
    receive {worker, W} -> ok end,
    ?assertError({mochi, <<"x">>}, await_all([async(fun() -> mochi_core:fail(<<"x">>) end), F])),
    test_wait:until(fun() -> not is_process_alive(W) end),
    ?assertEqual({messages, []}, process_info(self(), messages)).

several_may_wait_at_once_test() ->
    F = async(fun() -> timer:sleep(50), 7 end),
    ?assertEqual([7, 7, 7], map(fun(_) -> await(F) end, [1, 2, 3])).

maps_test() ->
    ?assertEqual([2, 4, 6], map(fun(X) -> 2 * X end, [1, 2, 3])),
    ?assertEqual([], map(fun(X) -> X end, [])),
    Most = counters:new(2, []),
    Work = fun(X) ->
                   counters:add(Most, 1, 1),
                   counters:put(Most, 2, max(counters:get(Most, 2), counters:get(Most, 1))),
                   timer:sleep(2),
                   counters:sub(Most, 1, 1),
                   X
           end,
    ?assertEqual(lists:seq(1, 20), map(Work, lists:seq(1, 20), 3)),
    ?assert(counters:get(Most, 2) =< 3),
    ?assertError({mochi, <<"x">>}, map(fun(_) -> mochi_core:fail(<<"x">>) end, [1, 2, 3], 2)),
    ?assertError({mochi, _}, map(fun(X) -> X end, [1], 0)).

globals_and_cells_test() ->
    test_program:run(fun() ->
        put('$g:x', 5),
        C = mochi_cell:new(1),
        ?assertEqual({5, 1}, await(async(fun() -> mochi_cell:set(C, mochi_cell:plain(C)), {mochi_core:global('$g:x'), mochi_cell:plain(C)} end))),
        R = await(async(fun() -> mochi_core:set_global('$g:x', 6), mochi_cell:new(9) end)),
        ?assertEqual({6, 9}, {get('$g:x'), mochi_cell:plain(R)})
    end).

unknown_messages_test() ->
    {'$future', Pid} = F = async(fun() -> timer:sleep(20), 1 end),
    Pid ! unknown,
    gen_server:cast(Pid, unknown),
    ?assertEqual({error, badarg}, gen_server:call(Pid, unknown)),
    ?assertEqual(1, await(F)).

nothing_is_left_test() ->
    Before = length(processes()),
    [await(async(fun() -> N end)) || N <- lists:seq(1, 100)],
    _ = [cancel(async(fun forever/0)) || _ <- lists:seq(1, 100)],
    test_wait:until(fun() -> length(processes()) =< Before end).
