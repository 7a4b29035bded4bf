-module(mochi_agent_tests).
-include_lib("eunit/include/eunit.hrl").

quiet(F) -> test_wait:quiet(F).

%%% Modules

calls_and_casts_test() ->
    A = mochi_agent:start(test_agent, 1),
    ?assertEqual(4, mochi_agent:call(A, add, [3])),
    ?assertEqual(5, mochi_core:method(A, <<"add">>, [1])),
    ?assertEqual(nil, mochi_agent:tell(A, add, [10])),
    ?assertEqual(15, mochi_agent:call(A, value, [])),
    ?assertEqual(15, mochi_agent:call(mochi_cell:new(A), value, [])),
    ?assertEqual(nil, mochi_agent:tell(mochi_cell:new(A), value, [])),
    ?assertEqual(nil, mochi_agent:field(A, <<"n">>)),
    ?assertEqual(<<"<agent test_agent>">>, mochi_core:str(A)),
    ok = mochi_agent:stop(A),
    ?assertError({mochi, <<"agent stopped: noproc">>}, mochi_agent:call(A, value, [])).

wrong_agents_test_() ->
    [?_assertError({mochi, _}, F()) || F <- [fun() -> mochi_agent:call(nil, value, []) end, fun() -> mochi_agent:call(5, value, []) end,
                                             fun() -> mochi_agent:tell(5, value, []) end]].

a_constructor_that_fails_test() ->
    quiet(fun() ->
                  [?assertError({mochi, <<"the agent test_agent does not start: ", _/binary>>}, mochi_agent:start(test_agent, Why, #{restart => R}))
                   || Why <- [{fail, bad}, {exit, bad}], R <- [temporary, transient, permanent]]
          end),
    ?assertEqual([], [K || {K, _} <- ets:tab2list(mochi_agents)]).

without_optional_callbacks_test() ->
    A = mochi_agent:start(test_plain_agent, 5, #{streams => [<<"plain">>], name => <<"plain one">>}),
    mochi_stream:publish(<<"plain">>, 1),
    ?assertEqual(5, mochi_agent:call(A, get, [])),
    ?assertEqual(nil, mochi_agent:call(A, set, [6])),
    ?assertEqual(6, mochi_agent:call(A, get, [])),
    ok = mochi_agent:stop(A).

events_test() ->
    A = mochi_agent:start(test_agent, {1, self()}, #{streams => [<<"s">>, t]}),
    ?assertEqual(1, mochi_stream:publish(<<"s">>, 1)),
    ?assertEqual(1, mochi_stream:publish(t, 2)),
    ?assertEqual(0, mochi_stream:publish(u, 3)),
    receive {event, _, <<"s">>, 1} -> ok end,
    receive {event, _, t, 2} -> ok end,
    ?assertEqual([{<<"s">>, 1}, {t, 2}], mochi_agent:call(A, events, [])),
    ok = mochi_agent:stop(A),
    receive {closed, _, shutdown} -> ok end,
    ?assertEqual([], mochi_stream:members(t)).

reasons_may_be_in_any_script_test() ->
    quiet(fun() ->
        ?assertError({mochi, <<"the agent test_agent does not start: ", _/binary>>}, mochi_agent:start(test_agent, {exit, 'причина'}, #{restart => temporary})),
        A = mochi_agent:start(test_agent, 1, #{restart => temporary}),
        ?assertError({mochi, <<"agent stopped: 'причина'"/utf8>>}, mochi_agent:call(A, crash, ['причина']))
    end).

a_crash_is_restarted_test() ->
    quiet(fun() ->
        A = mochi_agent:start(test_agent, {1, self()}, #{streams => [<<"restart">>]}),
        ?assertEqual(3, mochi_agent:call(A, add, [2])),
        Pid = mochi_agent:pid(A),
        ?assertError({mochi, <<"agent stopped: oops">>}, mochi_agent:call(A, crash, [oops])),
        receive {closed, Pid, oops} -> ok end,
        %% The reference is as good as before, the state is new, the subscription too.
        ?assertEqual(1, mochi_agent:call(A, value, [])),
        ?assertNotEqual(Pid, mochi_agent:pid(A)),
        test_wait:until(fun() -> mochi_stream:publish(<<"restart">>, 1) =:= 1 end),
        receive {event, _, <<"restart">>, 1} -> ok end,
        %% The message of a runtime error comes through.
        ?assertError({mochi, <<"agent stopped: my words">>}, mochi_agent:call(A, fail, [<<"my words">>])),
        ?assertEqual(1, mochi_agent:call(A, value, [])),
        exit(mochi_agent:pid(A), kill),
        test_wait:until(fun() -> (catch mochi_agent:call(A, value, [])) =:= 1 end),
        mochi_agent:stop(A)
    end).

a_cast_may_crash_too_test() ->
    quiet(fun() ->
        A = mochi_agent:start(test_agent, 1),
        Pid = mochi_agent:pid(A),
        mochi_agent:tell(A, crash, [oops]),
        test_wait:until(fun() -> mochi_agent:pid(A) =/= Pid end),
        ?assertEqual(1, mochi_agent:call(A, value, [])),
        mochi_agent:stop(A)
    end).

restart_policies_test() ->
    quiet(fun() ->
        T = mochi_agent:start(test_agent, 1, #{restart => temporary}),
        ?assertError({mochi, _}, mochi_agent:call(T, crash, [oops])),
        ?assertError({mochi, <<"agent stopped: noproc">>}, mochi_agent:call(T, value, [])),
        P = mochi_agent:start(test_agent, 1, #{restart => permanent}),
        ?assertError({mochi, _}, mochi_agent:call(P, leave, [])),
        ?assertEqual(1, mochi_agent:call(P, value, [])),
        mochi_agent:stop(P),
        N = mochi_agent:start(test_agent, 1),
        {'$agent', Keeper, _, _} = N,
        ?assertError({mochi, _}, mochi_agent:call(N, leave, [])),
        test_wait:until(fun() -> not is_process_alive(Keeper) end),
        ?assertError({mochi, _}, mochi_agent:call(N, value, [])),
        ?assertEqual([], ets:lookup(mochi_agents, Keeper))
    end).

who_crashes_too_often_takes_no_other_along_test() ->
    quiet(fun() ->
        Other = mochi_agent:start(test_agent, 7),
        Sup = whereis(mochi_agent_sup),
        A = mochi_agent:start(test_agent, 1),
        {'$agent', Keeper, _, _} = A,
        [catch mochi_agent:call(A, crash, [oops]) || _ <- lists:seq(1, 10)],
        test_wait:until(fun() -> not is_process_alive(Keeper) end),
        ?assertEqual(7, mochi_agent:call(Other, value, [])),
        ?assertEqual(Sup, whereis(mochi_agent_sup)),
        mochi_agent:stop(Other)
    end).

agents_call_each_other_test() ->
    A = mochi_agent:start(test_agent, 1),
    B = mochi_agent:start(test_agent, 2),
    ?assertEqual(2, mochi_agent:call(A, ask, [B, value, []])),
    mochi_agent:stop(A),
    mochi_agent:stop(B).

they_leave_nothing_behind_test() ->
    Before = {length(supervisor:which_children(mochi_agent_sup)), ets:info(mochi_agents, size)},
    As = [mochi_agent:start(test_agent, N, #{restart => R}) || N <- lists:seq(1, 50), R <- [temporary, transient, permanent]],
    [mochi_agent:stop(A) || A <- As],
    test_wait:until(fun() -> {length(supervisor:which_children(mochi_agent_sup)), ets:info(mochi_agents, size)} =:= Before end).

the_scope_comes_back_test() ->
    quiet(fun() ->
        A = mochi_agent:start(test_agent, {1, self()}, #{streams => [<<"scope">>]}),
        Old = whereis(mochi),
        exit(Old, kill),
        test_wait:until(fun() -> is_pid(whereis(mochi)) andalso whereis(mochi) =/= Old end),
        test_wait:until(fun() -> mochi_stream:publish(<<"scope">>, back) =:= 1 end),
        receive {event, _, <<"scope">>, back} -> ok end,
        mochi_agent:stop(A)
    end).

%%% Programs

new(Given) -> mochi_agent:new(mochi_main_test:spec(), Given).

program_agents_test() ->
    test_program:run(fun() ->
        A = new([]),
        B = new([{<<"n">>, 10}]),
        ?assertEqual([1, 11], [mochi_agent:call(X, 'Counter.add', [1]) || X <- [A, B]]),
        ?assertEqual(3, mochi_core:method(A, <<"add">>, [2])),
        ?assertEqual({3, 11, nil}, {mochi_agent:field(A, <<"n">>), mochi_ref:field(B, <<"n">>), mochi_agent:field(A, <<"none">>)}),
        ?assertEqual(5, mochi_agent:field(#{<<"x">> => 5}, <<"x">>)),
        ?assertError({mochi, <<"no intent none on Counter">>}, mochi_agent:method(A, <<"none">>, [])),
        put('$g:x', 42),
        ?assertEqual(42, mochi_agent:call(A, 'Counter.global', [])),
        ?assertError({mochi, <<"words">>}, mochi_agent:call(A, 'Counter.fail', [<<"words">>])),
        ?assertEqual(3, mochi_agent:call(A, 'Counter.value', [])),
        ?assertEqual(nil, mochi_agent:tell(A, 'Counter.add', [1])),
        quiet(fun() -> mochi_agent:tell(A, 'Counter.fail', [<<"nobody hears">>]), 4 = mochi_agent:call(A, 'Counter.value', []) end)
    end).

events_go_in_order_test() ->
    Log = test_program:run(fun() ->
        nil = mochi_stream:on('Tick', fun(E) -> put('$g:log', [{top, E} | case get('$g:log') of undefined -> []; L -> L end]) end),
        A = new([{<<"n">>, a}]),
        _ = new([{<<"n">>, b}]),
        put('$g:log', []),
        nil = mochi_stream:emit('Tick', 1),
        ?assertEqual(a, mochi_agent:call(A, 'Counter.emit', [2])),
        nil = mochi_stream:emit('Tock', 3),
        ?assertEqual([1, 2, {nested, 3}, {nested, 3}], mochi_list:to_list(mochi_agent:field(A, <<"seen">>))),
        get('$g:log')
    end),
    ?assertEqual([{top, {nested, 3}}, {top, {nested, 3}}, {top, 2}, {top, 1}, {a, 1}, {b, 1}, {a, 2}, {b, 2}, {a, {nested, 3}}, {b, {nested, 3}},
                  {a, {nested, 3}}, {b, {nested, 3}}], reorder(Log)).

%% The handlers of agents append, the one of the program puts in front.
reorder(Log) ->
    {Tops, Others} = lists:partition(fun({K, _}) -> K =:= top end, Log),
    Tops ++ Others.

outside_events_reach_program_agents_test() ->
    test_program:run(fun() ->
        A = new([]),
        Self = self(),
        spawn(fun() -> Self ! {sent, mochi_stream:publish('Tick', out)} end),
        receive {sent, N} -> ?assertEqual(1, N) end,
        test_wait:until(fun() -> mochi_list:to_list(mochi_agent:field(A, <<"seen">>)) =:= [out] end)
    end).

members_of_other_programs_hear_after_that_test() ->
    test_wait:drain(),
    Self = self(),
    S = mochi_stream:subscribe('Tick', fun(E) -> Self ! {heard, E} end),
    test_program:run(fun() -> _ = new([]), mochi_stream:emit('Tick', 1) end),
    receive {heard, 1} -> ok end,
    mochi_stream:unsubscribe(S),
    ?assertEqual({messages, []}, process_info(self(), messages)).

on_close_runs_at_the_end_test() ->
    persistent_term:put(mochi_main_test, self()),
    test_program:run(fun() -> new([{<<"n">>, 77}]) end),
    receive {on_close, 77} -> ok end,
    persistent_term:erase(mochi_main_test),
    quiet(fun() -> test_program:run(fun() -> new([]) end) end).

agents_end_with_their_program_test() ->
    Self = self(),
    quiet(fun() ->
        Root = spawn(fun() -> mochi_agent:init_root(), Self ! {agent, new([])}, receive never -> ok end end),
        Pid = receive {agent, {'$agent', P, _, _}} -> P end,
        Ref = monitor(process, Pid),
        exit(Root, kill),
        receive {'DOWN', Ref, process, Pid, normal} -> ok end
    end).

an_agent_that_does_not_stop_is_killed_test_() ->
    {timeout, 30, fun() ->
        quiet(fun() -> test_program:run(fun() -> A = new([]), mochi_agent:tell(A, 'Counter.slow', [60_000]), A end) end)
    end}.

an_agent_that_waits_obeys_test() ->
    Self = self(),
    quiet(fun() ->
        %% Its program is busy and answers nothing, so the agent waits for a global.
        Root = spawn(fun() ->
                             mochi_agent:init_root(),
                             A = new([]),
                             mochi_agent:tell(A, 'Counter.global', []),
                             Self ! {agent, A},
                             receive never -> ok end
                     end),
        Pid = receive {agent, {'$agent', P, _, _}} -> P end,
        Ref = monitor(process, Pid),
        exit(Pid, shutdown),
        receive {'DOWN', Ref, process, Pid, shutdown} -> ok end,
        exit(Root, kill)
    end).

cells_go_along_test() ->
    test_program:run(fun() ->
        A = new([]),
        C = mochi_cell:new(5),
        mochi_agent:call(A, 'Counter.emit', [C]),
        [Copy] = mochi_list:to_list(mochi_agent:field(A, <<"seen">>)),
        ?assertEqual(5, mochi_cell:plain(Copy)),
        ok = mochi_cell:set(C, 6),
        ?assertEqual(5, mochi_cell:plain(Copy))
    end).

output_goes_where_the_programs_goes_test() ->
    ?assertEqual(group_leader(), test_program:run(fun() ->
        {'$agent', Pid, _, _} = new([]),
        {group_leader, L} = process_info(Pid, group_leader),
        L
    end)).
