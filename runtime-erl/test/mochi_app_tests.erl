-module(mochi_app_tests).
-include_lib("eunit/include/eunit.hrl").

start() -> {ok, _} = application:ensure_all_started(mochi), ok.

-define(CHILDREN, [mochi_atoms, mochi_fetch_sup, mochi_llm_sup, mochi_stream_sup, mochi_agent_sup, mochi_telemetry]).

the_tree_test() ->
    start(),
    ?assertEqual(?CHILDREN, lists:reverse([Id || {Id, _, _, _} <- supervisor:which_children(mochi_sup)])),
    Children = maps:from_list([{Id, {Pid, Type}} || {Id, Pid, Type, _} <- supervisor:which_children(mochi_sup)]),
    %% It has done its work and is gone.
    ?assertMatch(#{mochi_atoms := {undefined, worker}}, Children),
    [?assertMatch({_, supervisor}, maps:get(S, Children)) || S <- [mochi_fetch_sup, mochi_llm_sup, mochi_stream_sup, mochi_agent_sup]],
    ?assertEqual([mochi_llm_anthropic, mochi_llm_openai], lists:sort([Id || {Id, _, _, _} <- supervisor:which_children(mochi_llm_sup)])),
    ?assertEqual([scope, subscribers], lists:sort([Id || {Id, _, _, _} <- supervisor:which_children(mochi_stream_sup)])).

every_child_is_restarted_test_() ->
    Names = [mochi_fetch_sup, mochi_llm_sup, mochi_stream_sup, mochi_agent_sup, mochi_telemetry, mochi_llm_openai,
             mochi_llm_anthropic, mochi, mochi_subscriber_sup],
    [{atom_to_list(N), fun() -> restarted(N) end} || N <- Names].

restarted(Name) ->
    start(),
    test_wait:quiet(fun() ->
                            Old = whereis(Name),
                            ?assert(is_pid(Old)),
                            Top = whereis(mochi_sup),
                            exit(Old, kill),
                            test_wait:until(fun() -> P = whereis(Name), is_pid(P) andalso P =/= Old end),
                            ?assertEqual(Top, whereis(mochi_sup)),
                            %% Ten crashes in ten seconds would end the tree, so each test starts anew.
                            ok = application:stop(mochi)
                    end).

start_and_stop_leak_nothing_test_() ->
    {timeout, 300, fun() -> test_wait:quiet(fun() -> _ = application:stop(mochi), cycles(3), Before = counts(), cycles(1000), ?assertEqual(Before, counts()) end) end}.

cycles(0) -> ok;
cycles(N) ->
    ok = application:start(mochi),
    ok = application:stop(mochi),
    cycles(N - 1).

counts() ->
    _ = application:stop(mochi),
    %% What ends, ends a little later.
    test_wait:until(fun() -> whereis(mochi) =:= undefined end),
    #{processes => [P || P <- processes(), {label, L} <- [{label, proc_lib:get_label(P)}], is_mochi(P, L)],
      tables => length([T || T <- ets:all(), is_atom(ets:info(T, name)), lists:prefix("mochi", atom_to_list(ets:info(T, name)))]),
      atoms => erlang:system_info(atom_count)}.

is_mochi(P, L) ->
    case proc_lib:translate_initial_call(P) of
        {M, _, _} -> lists:prefix("mochi", atom_to_list(M));
        _ -> is_tuple(L) andalso lists:prefix("mochi", atom_to_list(element(1, L)))
    end.

started_by_itself_test() ->
    _ = application:stop(mochi),
    ok = mochi_app:ensure(),
    ?assert(lists:keymember(mochi, 1, application:which_applications())),
    Sup = whereis(mochi_sup),
    ok = mochi_app:ensure(),
    ?assertEqual(Sup, whereis(mochi_sup)).

started_without_an_application_test() ->
    _ = application:stop(mochi),
    %% As where there is no resource file: the application can't start, but the tree can.
    ok = application:unload(mochi),
    Bad = {application, mochi, [{vsn, "0"}, {mod, {no_such_module_of_ours, []}}, {applications, [kernel, stdlib]}]},
    ok = application:load(Bad),
    test_wait:quiet(fun() ->
                            ok = mochi_app:ensure(),
                            ok = mochi_app:ensure()
                    end),
    ?assert(is_pid(whereis(mochi_sup))),
    ?assertEqual(false, lists:keymember(mochi, 1, application:which_applications())),
    {'$agent', _, _, _} = A = mochi_agent:start(test_agent, 1),
    ?assertEqual(3, mochi_agent:call(A, add, [2])),
    Ref = monitor(process, whereis(mochi_sup)),
    exit(whereis(mochi_sup), kill),
    receive {'DOWN', Ref, process, _, _} -> ok end,
    ok = application:unload(mochi),
    start().

configuration_test() ->
    start(),
    ?assertEqual(5, mochi_app:env(no_such_key, 5)),
    application:set_env(mochi, some_key, 6),
    ?assertEqual(6, mochi_app:env(some_key, 5)),
    application:unset_env(mochi, some_key),
    ?assert(mochi_app:has(lists)),
    ?assertNot(mochi_app:has(no_such_module_of_ours)).

tables_survive_an_upgrade_test() ->
    start(),
    true = ets:insert(mochi_cache, {{entry, a, b}, 1, 0, infinity}),
    {ok, _} = mochi_sup:init([]),
    ?assertMatch([_], ets:lookup(mochi_cache, {entry, a, b})),
    ets:delete(mochi_cache, {entry, a, b}).
