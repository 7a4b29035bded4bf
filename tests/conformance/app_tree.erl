-module(app_tree).
-moduledoc "The tree of the runtime's application: its parts, their restarts, and the services that need no process of a program.".
-export([main/0]).

until(F) -> case F() of true -> ok; _ -> timer:sleep(5), until(F) end.
v(N) -> {var, N}.

main() ->
    ok = mochi_app:ensure(),
    until(fun() -> {mochi_atoms, undefined, worker, [mochi_atoms]} =:= lists:keyfind(mochi_atoms, 1, supervisor:which_children(mochi_sup)) end),
    [io:format("~p ~p~n", [Id, Type]) || {Id, _, Type, _} <- lists:reverse(supervisor:which_children(mochi_sup))],
    [killed(N) || N <- [mochi_telemetry, mochi_llm_openai, mochi_llm_anthropic, mochi, mochi_subscriber_sup, mochi_agent_sup, mochi_fetch_sup]],
    io:format("~p~n", [lists:all(fun({_, P, _, _}) -> is_pid(P) orelse P =:= undefined end, supervisor:which_children(mochi_sup))]),
    %% Events
    Self = self(),
    ok = mochi_telemetry:attach_many(me, [[mochi, query, execute, start], [mochi, query, execute, stop], [mochi, stream, publish]],
                                     fun(E, M, D, _) -> Self ! {E, lists:sort(maps:keys(M)), D} end, none),
    3 = mochi_list:size(mochi_query:execute(<<"q">>, fun() -> mochi_list:from_list([1, 2, 3]) end)),
    0 = mochi_stream:publish(<<"nobody">>, 1),
    io:format("~p~n", [[receive X -> X end || _ <- [1, 2, 3]]]),
    ok = mochi_telemetry:detach(me),
    %% Caches
    Count = counters:new(1, []),
    Work = fun() -> counters:add(Count, 1, 1), counters:get(Count, 1) end,
    io:format("~p~n", [[mochi_cache:memo(c, K, Work, #{limit => 2}) || K <- [a, a, b, 1, 1.0, a]]]),
    %% No text becomes an atom
    Before = erlang:system_info(atom_count),
    [begin
         T = <<"no atom of ours ", (integer_to_binary(N))/binary>>,
         error = mochi_atoms:existing(T),
         0 = mochi_stream:publish(T, T),
         ok = mochi_cache:put(T, T, T)
     end || N <- lists:seq(1, 500)],
    io:format("~p~n", [erlang:system_info(atom_count) - Before]),
    %% Parts of strings
    Part = binary:part(binary:copy(<<"0123456789">>, 1000), 10, 100),
    ok = mochi_cache:put(c, part, Part),
    {ok, Kept} = mochi_cache:get(c, part),
    io:format("~p~n", [[binary:referenced_byte_size(B) || B <- [Part, Kept, mochi_str:copy(Part)]]]),
    %% Datalog
    Db = mochi_datalog:new(),
    [mochi_datalog:fact(Db, <<"edge">>, [A, B]) || {A, B} <- [{1, 2}, {2, 3}, {3, 1}, {3, 4}]],
    mochi_datalog:rule(Db, {<<"path">>, [v(<<"x">>), v(<<"y">>)]}, [{<<"edge">>, [v(<<"x">>), v(<<"y">>)]}]),
    mochi_datalog:rule(Db, {<<"path">>, [v(<<"x">>), v(<<"z">>)]}, [{<<"path">>, [v(<<"x">>), v(<<"y">>)]}, {<<"edge">>, [v(<<"y">>), v(<<"z">>)]}]),
    mochi_datalog:rule(Db, {<<"one_way">>, [v(<<"x">>), v(<<"y">>)]},
                       [{<<"path">>, [v(<<"x">>), v(<<"y">>)]}, {'not', {<<"path">>, [v(<<"y">>), v(<<"x">>)]}}, {'<', v(<<"x">>), v(<<"y">>)}]),
    io:format("~s~n~s~n~p~n", [mochi_core:str(mochi_datalog:query(Db, <<"path">>, [1, v(<<"y">>)])), mochi_core:str(mochi_datalog:query(Db, <<"one_way">>, [v(<<"a">>), v(<<"b">>)])), mochi_datalog:relations(Db)]),
    ok = mochi_datalog:delete(Db),
    %% Values
    io:format("~s ~s~n", [mochi_time:format(mochi_time:add(mochi_time:date(2024, 2, 28), mochi_time:days(1.5))), mochi_time:format_duration(mochi_time:parse_duration(<<"90m1.5s">>))]),
    io:format("~p~n", [mochi_omap:to_list(mochi_omap:remove(mochi_omap:from_list([{b, 1}, {a, 2}, {c, 3}]), a))]),
    io:format("~s~n", [mochi_core:str(mochi_set:to_list(mochi_set:from_list(mochi_list:from_list([3, 1, 2, 1.0]))))]),
    %% No network
    {error, Why} = mochi_fetch:request(#{url => <<"http://u:p@host/">>}),
    io:format("~s~n", [mochi_fetch:reason(Why)]).

killed(Name) ->
    Old = whereis(Name),
    exit(Old, kill),
    until(fun() -> P = whereis(Name), is_pid(P) andalso P =/= Old end),
    io:format("~p is back~n", [Name]).
