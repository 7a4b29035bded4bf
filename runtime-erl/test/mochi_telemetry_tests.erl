-module(mochi_telemetry_tests).
-include_lib("eunit/include/eunit.hrl").

listen(Id, Events) ->
    test_wait:drain(),
    Self = self(),
    ok = mochi_telemetry:attach_many(Id, Events, fun(E, M, D, C) -> Self ! {told, E, M, D, C} end, config).

told(Event) -> receive {told, Event, M, D, config} -> {M, D} after 5000 -> error({not_told, Event}) end.

events_of_agents_test() ->
    listen(a, [[mochi, agent, start], [mochi, agent, stop], [mochi, agent, crash]]),
    A = mochi_agent:start(test_agent, 1, #{name => <<"told">>, restart => temporary}),
    ?assertMatch({#{system_time := _}, #{agent := <<"told">>, module := test_agent}}, told([mochi, agent, start])),
    mochi_agent:stop(A),
    ?assertMatch({#{duration := D}, #{agent := <<"told">>, reason := shutdown}} when D >= 0, told([mochi, agent, stop])),
    test_wait:quiet(fun() ->
        B = mochi_agent:start(test_agent, 1, #{name => <<"told">>, restart => temporary}),
        catch mochi_agent:call(B, crash, [oops]),
        ?assertMatch({#{duration := _}, #{reason := oops}}, told([mochi, agent, crash]))
    end),
    ok = mochi_telemetry:detach(a).

events_of_streams_test() ->
    listen(s, [[mochi, stream, publish], [mochi, stream, subscribe]]),
    Sub = mochi_stream:subscribe(<<"told">>, fun(_) -> ok end),
    ?assertMatch({#{system_time := _}, #{stream := <<"told">>, from := now}}, told([mochi, stream, subscribe])),
    mochi_stream:publish(<<"told">>, 1),
    ?assertMatch({#{subscribers := 1}, #{stream := <<"told">>}}, told([mochi, stream, publish])),
    test_program:run(fun() -> mochi_stream:on('Told', fun(_) -> ok end), mochi_stream:emit('Told', 1) end),
    ?assertMatch({#{subscribers := 1}, #{stream := 'Told'}}, told([mochi, stream, publish])),
    mochi_stream:unsubscribe(Sub),
    ok = mochi_telemetry:detach(s).

events_of_queries_test() ->
    listen(q, [[mochi, query, execute, start], [mochi, query, execute, stop]]),
    mochi_query:execute(<<"q">>, fun() -> mochi_list:from_list([1, 2]) end),
    ?assertMatch({#{system_time := _}, #{query := <<"q">>}}, told([mochi, query, execute, start])),
    ?assertMatch({#{duration := _, rows := 2}, #{query := <<"q">>}}, told([mochi, query, execute, stop])),
    ?assertError(oops, mochi_query:execute(<<"q">>, fun() -> error(oops) end)),
    _ = told([mochi, query, execute, start]),
    ?assertMatch({#{duration := _}, #{error := {error, oops}}}, told([mochi, query, execute, stop])),
    ok = mochi_telemetry:detach(q).

events_of_requests_test() ->
    listen(f, [[mochi, fetch, request, start], [mochi, fetch, request, stop]]),
    {error, _} = mochi_fetch:request(#{url => <<"ftp://h/p?secret=1">>}),
    ?assertMatch({#{system_time := _}, #{method := <<"GET">>, url := <<"ftp://h/p">>}}, told([mochi, fetch, request, start])),
    ?assertMatch({#{duration := _, bytes := 0}, #{error := {bad_url, _}}}, told([mochi, fetch, request, stop])),
    ok = mochi_telemetry:detach(f).

handlers_test() ->
    E = [mochi, my, own],
    Self = self(),
    Handler = fun(_, M, D, C) -> Self ! {M, D, C} end,
    ok = mochi_telemetry:attach({h, 1}, E, Handler, 1),
    ?assertEqual({error, already_exists}, mochi_telemetry:attach({h, 1}, E, Handler, 1)),
    ok = mochi_telemetry:attach({h, 2}, E, Handler, 2),
    ok = mochi_telemetry:execute(E, #{a => 1}, #{b => 2}),
    ?assertEqual([1, 2], [receive {#{a := 1}, #{b := 2}, C} -> C end || _ <- [1, 2]]),
    ?assertEqual([#{id => {h, N}, event => E, config => N} || N <- [1, 2]], mochi_telemetry:handlers(E)),
    ?assert(length(mochi_telemetry:handlers([mochi])) >= 3),
    ?assertMatch([_ | _], mochi_telemetry:handlers()),
    ok = mochi_telemetry:detach({h, 1}),
    ?assertEqual({error, not_found}, mochi_telemetry:detach({h, 1})),
    %% A handler that fails is detached, the others are told.
    test_wait:quiet(fun() ->
        ok = mochi_telemetry:attach(bad, E, fun(_, _, _, _) -> error(oops) end, none),
        ok = mochi_telemetry:execute(E, #{a => 1}, #{b => 2})
    end),
    receive {_, _, 2} -> ok end,
    ?assertEqual([{h, 2}], [Id || #{id := Id} <- mochi_telemetry:handlers(E)]),
    ok = mochi_telemetry:detach({h, 2}),
    ?assertEqual([], mochi_telemetry:handlers(E)).

handlers_survive_the_server_test() ->
    E = [mochi, my, own],
    Self = self(),
    ok = mochi_telemetry:attach(survivor, E, fun(_, _, _, _) -> Self ! still_here end, none),
    Old = whereis(mochi_telemetry),
    test_wait:quiet(fun() ->
        exit(Old, kill),
        test_wait:until(fun() -> is_pid(whereis(mochi_telemetry)) andalso whereis(mochi_telemetry) =/= Old end)
    end),
    ok = mochi_telemetry:execute(E, #{}, #{}),
    receive still_here -> ok end,
    ok = mochi_telemetry:detach(survivor).

the_servers_manners_test() ->
    ok = mochi_app:ensure(),
    ?assertEqual({error, badarg}, gen_server:call(mochi_telemetry, unknown)),
    gen_server:cast(mochi_telemetry, unknown),
    mochi_telemetry ! unknown,
    ?assertEqual(own, mochi_telemetry:backend()),
    case mochi_telemetry:utilization() of
        {ok, Share} -> ?assert(Share >= 0.0 andalso Share =< 1.0);
        {error, notsup} -> ok
    end.

without_the_application_test() ->
    _ = application:stop(mochi),
    ?assertEqual(none, mochi_telemetry:backend()),
    ok = mochi_telemetry:execute([mochi, x], #{}, #{}),
    ?assertEqual([], mochi_telemetry:handlers([])),
    ?assertEqual({error, not_found}, mochi_telemetry:detach(x)),
    ?assertEqual({error, notsup}, mochi_telemetry:utilization()),
    {ok, _} = application:ensure_all_started(mochi).

through_telemetry_test() ->
    test_wait:drain(),
    _ = application:stop(mochi),
    register(fake_telemetry_listener, self()),
    _ = application:load({application, fake_telemetry, [{vsn, "1"}, {modules, []}, {applications, [kernel, stdlib]}]}),
    application:set_env(mochi, telemetry, fake_telemetry),
    {ok, _} = application:ensure_all_started(mochi),
    ?assertEqual({telemetry, fake_telemetry}, mochi_telemetry:backend()),
    receive {attach, <<"mochi.log">>, [[mochi, agent, crash]]} -> ok end,
    ok = mochi_telemetry:attach(mine, [a, b], fun(_, _, _, _) -> ok end, none),
    receive {attach, mine, [[a, b]]} -> ok end,
    ok = mochi_telemetry:execute([a, b], #{m => 1}, #{d => 2}),
    receive {execute, [a, b], #{m := 1}, #{d := 2}} -> ok end,
    ?assertEqual([#{id => x, event => [a], config => c}], mochi_telemetry:handlers([a])),
    ok = mochi_telemetry:detach(mine),
    receive {detach, mine} -> ok end,
    mochi_query:execute(<<"q">>, fun() -> 1 end),
    receive {execute, [mochi, query, execute, start], _, _} -> ok end,
    _ = application:stop(mochi),
    %% Installed, but it does not start: we do it ourselves.
    application:set_env(mochi, telemetry, lists),
    {ok, _} = application:ensure_all_started(mochi),
    ?assertEqual(own, mochi_telemetry:backend()),
    _ = application:stop(mochi),
    application:set_env(mochi, telemetry, none),
    {ok, _} = application:ensure_all_started(mochi),
    ?assertEqual(own, mochi_telemetry:backend()),
    application:unset_env(mochi, telemetry),
    unregister(fake_telemetry_listener).

%%% The log

line(Level, Msg) -> unicode:characters_to_binary(mochi_log:line(#{level => Level, msg => Msg, meta => #{time => 0}})).

lines_test() ->
    ?assertEqual(<<"1970-01-01T00:00:00.000000Z info argc count=3 name=\"x y\"\n">>,
                 line(info, {report, #{mochi => <<"argc">>, values => #{count => 3, <<"name">> => <<"x y">>}}})),
    ?assertEqual(<<"1970-01-01T00:00:00.000000Z error two\\nlines 5={a,b}\n">>,
                 line(error, {report, #{mochi => "two\nlines", values => #{5 => {a, b}}}})),
    ?assertEqual(<<"1970-01-01T00:00:00.000000Z debug é\n"/utf8>>, line(debug, {string, "é"})),
    ?assertEqual(<<"1970-01-01T00:00:00.000000Z debug 1 a\n">>, line(debug, {"~p ~s", [1, "a"]})),
    ?assertEqual(<<"1970-01-01T00:00:00.000000Z debug #{a => 1}\n">>, line(debug, {report, #{a => 1}})).

the_handler_test() ->
    ok = mochi_log:install(),
    ?assertMatch({error, _}, mochi_log:install()),
    #{level := Level} = logger:get_primary_config(),
    logger:set_primary_config(level, all),
    Self = self(),
    Err = spawn(fun() -> keep(Self) end),
    Old = whereis(standard_error),
    unregister(standard_error),
    register(standard_error, Err),
    Others = [H || H <- logger:get_handler_ids(), H =/= mochi_log],
    Configs = [begin {ok, C} = logger:get_handler_config(H), logger:set_handler_config(H, level, none), {H, C} end || H <- Others],
    [ok = F(<<"words">>, #{x => 1}) || F <- [fun mochi_log:debug/2, fun mochi_log:info/2, fun mochi_log:notice/2, fun mochi_log:warning/2, fun mochi_log:error/2]],
    logger:log(error, "not ours"),
    Lines = [receive {line, L} -> L after 5000 -> error(silent) end || _ <- lists:seq(1, 5)],
    receive {line, More} -> error({more, More}) after 50 -> ok end,
    [logger:set_handler_config(H, level, maps:get(level, C)) || {H, C} <- Configs],
    unregister(standard_error),
    register(standard_error, Old),
    logger:set_primary_config(level, Level),
    ok = mochi_log:uninstall(),
    [?assertMatch({match, _}, re:run(L, [" ", W, " words x=1\n$"]))
     || {L, W} <- lists:zip(Lines, ["debug", "info", "notice", "warning", "error"])].

keep(To) ->
    receive
        {io_request, From, Ref, {put_chars, unicode, Text}} -> To ! {line, unicode:characters_to_binary(Text)}, From ! {io_reply, Ref, ok};
        {io_request, From, Ref, {put_chars, unicode, M, F, A}} -> To ! {line, unicode:characters_to_binary(apply(M, F, A))}, From ! {io_reply, Ref, ok};
        {io_request, From, Ref, _} -> From ! {io_reply, Ref, {error, request}}
    end,
    keep(To).

%%% Test blocks

blocks() ->
    [{<<"holds">>, fun() -> mochi_test:expect(true, []) end},
     {<<"fails">>, fun() -> mochi_test:expect(0, [{expression, "x == 1"}]) end},
     {<<"differs">>, fun() -> mochi_test:equal(1, 2, []) end},
     {<<"is equal">>, fun() -> mochi_test:equal(mochi_list:from_list([1]), mochi_list:from_list([1.0]), []) end},
     {<<"words">>, fun() -> mochi_core:fail(<<"my words">>) end},
     {<<"panics">>, fun() -> mochi_core:panic(<<"oh">>) end},
     {<<"throws">>, fun() -> throw(up) end},
     {<<"has its own globals">>, fun() -> put('$g:x', 1), mochi_agent:new(mochi_main_test:spec(), []) end},
     {<<"sees no other's">>, fun() -> undefined = get('$g:x') end}].

eunit_runs_them_test() ->
    Tests = mochi_test:tests(blocks()),
    ?assertEqual(["holds", "fails"], [N || {N, _} <- lists:sublist(Tests, 2)]),
    %% Passing ones pass, failing ones fail as EUnit's macros do.
    ?assertEqual(ok, eunit:test([T || {N, _} = T <- Tests, lists:member(N, ["holds", "is equal", "sees no other's"])], [no_tty])),
    ?assertEqual(error, eunit:test([T || {N, _} = T <- Tests, N =:= "fails"], [no_tty])),
    ?assertError({assert, [{expression, "x == 1"}, {expected, true}, {value, 0}]}, (element(2, lists:nth(2, Tests)))()),
    ?assertError({assertEqual, [{expected, 1}, {value, 2}]}, (element(2, lists:nth(3, Tests)))()),
    ?assertExit(killed, (element(2, hd(mochi_test:tests([{<<"k">>, fun() -> exit(self(), kill) end}]))))()).

they_run_by_themselves_test() ->
    {Status, Out} = captured(fun() -> mochi_test:run(<<"a_test.mochi">>, blocks()) end),
    ?assertEqual(1, Status),
    Lines = binary:split(Out, <<"\n">>, [global, trim]),
    ?assertMatch([<<"a_test.mochi">>, <<"   test holds                          ... ok (", _/binary>>,
                  <<"   test fails                          fail expect condition failed: x == 1 (", _/binary>> | _], Lines),
    ?assertEqual(10, length(Lines)),
    {Zero, _} = captured(fun() -> mochi_test:run(<<"a_test.mochi">>, [hd(blocks())]) end),
    ?assertEqual(0, Zero).

captured(F) ->
    Self = self(),
    Old = group_leader(),
    Leader = spawn(fun() -> keep(Self) end),
    Err = whereis(standard_error),
    unregister(standard_error),
    register(standard_error, spawn(fun() -> keep(spawn(fun() -> ok end)) end)),
    group_leader(Leader, self()),
    R = try F()
        after
            group_leader(Old, self()),
            unregister(standard_error),
            register(standard_error, Err)
        end,
    {R, iolist_to_binary(lines())}.

lines() -> receive {line, L} -> [L | lines()] after 0 -> [] end.
