-module(mochi_stream_tests).
-include_lib("eunit/include/eunit.hrl").

to(Self) -> fun(E) -> Self ! {got, E} end.
got() -> receive {got, E} -> E after 5000 -> error(nothing) end.
nothing() -> receive {got, E} -> error({got, E}) after 0 -> ok end.
name() -> <<"stream ", (integer_to_binary(erlang:unique_integer([positive])))/binary>>.

publish_and_subscribe_test() ->
    S = name(),
    Sub = mochi_stream:subscribe(S, to(self())),
    ?assertEqual(1, mochi_stream:publish(S, 1)),
    ?assertEqual(1, got()),
    Two = mochi_stream:subscribe(S, to(self()), #{from => now}),
    ?assertEqual(2, mochi_stream:publish(S, 2)),
    ?assertEqual([2, 2], [got(), got()]),
    ok = mochi_stream:unsubscribe(Sub),
    ok = mochi_stream:unsubscribe(Sub),
    ?assertEqual(1, mochi_stream:publish(S, 3)),
    ok = mochi_stream:unsubscribe(Two),
    ?assertEqual(0, mochi_stream:publish(S, 4)),
    ?assertEqual(3, got()),
    nothing().

a_subscription_ends_with_its_owner_test() ->
    S = name(),
    {Pid, Ref} = spawn_monitor(fun() -> mochi_stream:subscribe(S, fun(_) -> ok end) end),
    receive {'DOWN', Ref, process, Pid, _} -> ok end,
    test_wait:until(fun() -> mochi_stream:members(S) =:= [] end).

a_failing_function_gets_the_next_event_test() ->
    S = name(),
    Self = self(),
    Sub = mochi_stream:subscribe(S, fun(1) -> error(oops); (E) -> Self ! {got, E} end),
    test_wait:quiet(fun() -> mochi_stream:publish(S, 1), mochi_stream:publish(S, 2), ?assertEqual(2, got()) end),
    mochi_stream:unsubscribe(Sub).

unknown_messages_are_dropped_test() ->
    S = name(),
    {'$subscription', S, Pid} = Sub = mochi_stream:subscribe(S, to(self())),
    Pid ! unknown,
    gen_statem:cast(Pid, unknown),
    mochi_stream:publish(S, 1),
    ?assertEqual(1, got()),
    mochi_stream:unsubscribe(Sub).

from_the_beginning_test() ->
    S = name(),
    ?assertError({mochi, _}, mochi_stream:subscribe(S, to(self()), #{from => beginning})),
    ?assertError({mochi, _}, mochi_stream:subscribe(no_recorder, to(self()), #{from => beginning})),
    ok = mochi_stream:record(S, 3),
    ?assertEqual([0, 0, 0, 0, 0], [mochi_stream:publish(S, N) || N <- lists:seq(1, 5)]),
    ?assertEqual([3, 4, 5], mochi_stream:history(S)),
    Sub = mochi_stream:subscribe(S, to(self()), #{from => beginning}),
    ?assertEqual(1, mochi_stream:publish(S, 6)),
    ?assertEqual([3, 4, 5, 6], [got() || _ <- lists:seq(1, 4)]),
    Late = mochi_stream:subscribe(S, to(self()), #{from => now}),
    mochi_stream:publish(S, 7),
    ?assertEqual([7, 7], [got(), got()]),
    nothing(),
    [mochi_stream:unsubscribe(X) || X <- [Sub, Late]],
    ok = mochi_stream:record(S, 2),
    ?assertEqual([6, 7], mochi_stream:history(S)),
    ok = mochi_stream:record(S, 4),
    mochi_stream:publish(S, 8),
    ?assertEqual([6, 7, 8], mochi_stream:history(S)),
    ok = mochi_stream:stop_recording(S),
    ok = mochi_stream:stop_recording(S),
    ?assertEqual([], mochi_stream:history(S)),
    ?assertEqual(undefined, mochi_stream:recorder(S)),
    ok = mochi_stream:record(S, 4),
    ?assertEqual([], mochi_stream:history(S)),
    mochi_stream:stop_recording(S).

%% Publishers that do not pause; whoever subscribes meanwhile from the beginning gets every event once, in the one order.
nothing_is_missed_or_seen_twice_test_() ->
    {timeout, 60, fun() ->
        test_wait:drain(),
        S = name(),
        ok = mochi_stream:record(S, 100_000),
        Self = self(),
        Publishers = [spawn_monitor(fun() -> [mochi_stream:publish(S, {P, N}) || N <- lists:seq(1, 300)] end) || P <- lists:seq(1, 4)],
        Subscribers = [begin
                           Sub = mochi_stream:subscribe(S, fun(E) -> Self ! {K, E} end, #{from => beginning}),
                           erlang:yield(),
                           {K, Sub}
                       end || K <- lists:seq(1, 10)],
        [receive {'DOWN', Ref, process, Pid, _} -> ok end || {Pid, Ref} <- Publishers],
        History = mochi_stream:history(S),
        ?assertEqual(1200, length(History)),
        ?assertEqual(lists:sort([{P, N} || P <- lists:seq(1, 4), N <- lists:seq(1, 300)]), lists:sort(History)),
        [?assertEqual(History, [receive {K, E} -> E after 5000 -> error({missing, K}) end || _ <- History]) || {K, _} <- Subscribers],
        [mochi_stream:unsubscribe(Sub) || {_, Sub} <- Subscribers],
        ?assertEqual({messages, []}, process_info(self(), messages)),
        mochi_stream:stop_recording(S)
    end}.

a_recorder_that_crashes_forgets_nothing_test() ->
    S = name(),
    ok = mochi_stream:record(S, 3),
    [mochi_stream:publish(S, N) || N <- [1, 2]],
    Old = mochi_stream:recorder(S),
    test_wait:quiet(fun() ->
        exit(Old, kill),
        test_wait:until(fun() -> is_pid(mochi_stream:recorder(S)) andalso mochi_stream:recorder(S) =/= Old end)
    end),
    [mochi_stream:publish(S, N) || N <- [3, 4]],
    ?assertEqual([2, 3, 4], mochi_stream:history(S)),
    Pid = mochi_stream:recorder(S),
    ?assertEqual({error, badarg}, gen_server:call(Pid, unknown)),
    gen_server:cast(Pid, unknown),
    Pid ! unknown,
    ?assertEqual([2, 3, 4], mochi_stream:history(S)),
    mochi_stream:stop_recording(S).

%% Between the death of a recorder and its return events go straight to the members.
without_the_recorder_events_still_go_test() ->
    S = name(),
    true = ets:insert(mochi_recorders, {S, spawn(fun() -> ok end)}),
    Sub = mochi_stream:subscribe(S, to(self())),
    ?assertEqual(1, mochi_stream:publish(S, 1)),
    ?assertEqual(1, got()),
    mochi_stream:unsubscribe(Sub),
    ets:delete(mochi_recorders, S).

subscribers_join_again_test() ->
    S = name(),
    Sub = mochi_stream:subscribe(S, to(self())),
    Old = whereis(mochi),
    test_wait:quiet(fun() ->
        exit(Old, kill),
        test_wait:until(fun() -> mochi_stream:publish(S, 1) =:= 1 end)
    end),
    ?assertEqual(1, got()),
    mochi_stream:unsubscribe(Sub).

%% A subscription that is asked for while there is no scope comes to be when there is.
waiting_for_the_scope_test() ->
    S = name(),
    ok = supervisor:terminate_child(mochi_stream_sup, scope),
    ?assertEqual({error, noproc}, mochi_stream:join([S])),
    Sub = mochi_stream:subscribe(S, to(self())),
    ok = mochi_stream:record(S, 5),
    mochi_stream:publish(S, 0),
    Two = mochi_stream:subscribe(S, to(self()), #{from => beginning}),
    A = mochi_agent:start(test_agent, {0, self()}, #{streams => [S]}),
    ?assertEqual([], mochi_stream:members(S)),
    {ok, _} = supervisor:restart_child(mochi_stream_sup, scope),
    test_wait:until(fun() -> length(mochi_stream:members(S)) =:= 3 end),
    ?assertEqual(0, got()),
    ?assertEqual(3, mochi_stream:publish(S, 1)),
    ?assertEqual([1, 1], [got(), got()]),
    receive {event, _, S, 1} -> ok end,
    [mochi_stream:unsubscribe(X) || X <- [Sub, Two]],
    mochi_agent:stop(A),
    receive {closed, _, _} -> ok end,
    mochi_stream:stop_recording(S).

plain_members_test() ->
    S = name(),
    {ok, Ref} = mochi_stream:join([S]),
    ?assertEqual([self()], mochi_stream:members(S)),
    mochi_stream:publish(S, #{<<"x">> => 1}),
    receive {mochi_event, S, #{<<"x">> := 1}} -> ok end,
    ok = mochi_stream:leave(S),
    ?assertEqual(not_joined, mochi_stream:leave(S)),
    demonitor(Ref, [flush]).
