-module(mochi_SUITE).
-moduledoc "The application as a whole, for Common Test: life cycle, load, and a tree whose parts are killed while work goes on.".
-include_lib("common_test/include/ct.hrl").
-include_lib("stdlib/include/assert.hrl").

-export([all/0, init_per_suite/1, end_per_suite/1, init_per_testcase/2, end_per_testcase/2]).
-export([starts_and_stops/1, resource_file/1, many_agents/1, many_futures/1, killed_while_busy/1, streams_under_load/1, whole_program/1]).

all() -> [resource_file, starts_and_stops, many_agents, many_futures, killed_while_busy, streams_under_load, whole_program].

init_per_suite(Config) -> Config.
end_per_suite(_) -> ok.

init_per_testcase(_, Config) ->
    {ok, _} = application:ensure_all_started(mochi),
    #{level := Level} = logger:get_primary_config(),
    logger:set_primary_config(level, none),
    [{level, Level} | Config].

end_per_testcase(_, Config) ->
    logger:set_primary_config(level, proplists:get_value(level, Config)),
    application:stop(mochi).

resource_file(_) ->
    {ok, Keys} = application:get_all_key(mochi),
    ?assertEqual({mochi_app, []}, proplists:get_value(mod, Keys)),
    ?assertEqual([kernel, stdlib], proplists:get_value(applications, Keys)),
    %% Every registered name is said.
    Registered = proplists:get_value(registered, Keys),
    Mine = [N || N <- registered(), N =:= mochi orelse lists:prefix("mochi_", atom_to_list(N))],
    ?assertEqual([], Mine -- Registered).

starts_and_stops(_) ->
    [begin
         ok = application:stop(mochi),
         {ok, [mochi]} = application:ensure_all_started(mochi),
         A = mochi_agent:start(test_agent, 1),
         2 = mochi_agent:call(A, add, [1])
     end || _ <- lists:seq(1, 20)],
    ok.

many_agents(_) ->
    As = [mochi_agent:start(test_agent, N, #{restart => case N rem 2 of 0 -> temporary; 1 -> transient end}) || N <- lists:seq(1, 2000)],
    ?assertEqual(lists:sum(lists:seq(1, 2000)), lists:sum([mochi_agent:call(A, value, []) || A <- As])),
    [mochi_agent:stop(A) || A <- As],
    test_wait:until(fun() -> supervisor:count_children(mochi_agent_sup) =:= [{specs, 1}, {active, 0}, {supervisors, 0}, {workers, 0}] end).

many_futures(_) -> ?assertEqual(lists:seq(1, 3000), mochi_async:map(fun(X) -> X end, lists:seq(1, 3000), 100)).

%% Callers see runtime errors, never a hang; afterwards everything works.
killed_while_busy(_) ->
    A = mochi_agent:start(test_agent, 0),
    Victims = [mochi, mochi_telemetry, mochi_llm_openai, mochi_subscriber_sup],
    F = mochi_async:async(fun() -> [catch mochi_agent:call(A, add, [1]) || _ <- lists:seq(1, 500)], [catch mochi_stream:publish(<<"x">>, 1) || _ <- lists:seq(1, 500)] end),
    [begin
         exit(whereis(V), kill),
         test_wait:until(fun() -> is_pid(whereis(V)) end)
     end || V <- Victims],
    _ = mochi_async:await(F),
    ?assertEqual(501, mochi_agent:call(A, add, [1])).

streams_under_load(_) ->
    Self = self(),
    Subs = [mochi_stream:subscribe(<<"load">>, fun(E) -> Self ! {K, E} end) || K <- lists:seq(1, 20)],
    [mochi_stream:publish(<<"load">>, N) || N <- lists:seq(1, 500)],
    [?assertEqual(lists:seq(1, 500), [receive {K, E} -> E end || _ <- lists:seq(1, 500)]) || K <- lists:seq(1, 20)],
    [mochi_stream:unsubscribe(S) || S <- Subs].

whole_program(_) ->
    ?assertEqual(0, mochi_core:start(mochi_main_test)).
