-module(mochi_limits_tests).
-moduledoc "The limits of the BEAM that the design note names: each shown, and what the runtime does instead.".
-include_lib("eunit/include/eunit.hrl").

%% 1. The atom table is bounded, and never shrinks.
atoms_are_never_made_of_texts_test_() ->
    {timeout, 120, fun() ->
        ok = mochi_app:ensure(),
        Agent = mochi_agent:start(test_agent, 0, #{name => <<"bounded">>, restart => temporary}),
        Try = fun(T) ->
                      error = mochi_atoms:existing(T),
                      error = mochi_atoms:known(T),
                      S = mochi_stream:subscribe(T, fun(_) -> ok end),
                      mochi_stream:publish(T, T),
                      mochi_stream:unsubscribe(S),
                      ok = mochi_cache:put(T, T, T),
                      M = mochi_data:decode_json(iolist_to_binary([${, $", T, $", $:, $", T, $", $}])),
                      T = mochi_ref:field(M, T),
                      {error, _} = mochi_fetch:request(#{url => <<T/binary, "://", T/binary>>, method => <<"GET">>}),
                      {error, _} = mochi_fetch:request(#{url => <<"http://x">>, method => T}),
                      _ = (catch mochi_llm:generate(T, [{T, T}, {<<"provider">>, T}])),
                      _ = (catch mochi_core:method(M, T, [])),
                      _ = (catch mochi_time:parse(T)),
                      mochi_log:debug(T, #{T => T})
              end,
        Text = fun(N) -> <<"no atom of ours ", (integer_to_binary(N))/binary>> end,
        Try(Text(0)),
        Before = erlang:system_info(atom_count),
        [Try(Text(N)) || N <- lists:seq(1, 10_000)],
        ?assertEqual(Before, erlang:system_info(atom_count)),
        mochi_agent:stop(Agent),
        %% What the limit is about: this is what must not be done.
        _ = binary_to_atom(<<"an atom that stays ", (integer_to_binary(erlang:unique_integer([positive])))/binary>>),
        ?assertEqual(Before + 1, erlang:system_info(atom_count))
    end}.

intents_by_name_make_no_atom_test() ->
    Before = test_program:run(fun() ->
        A = mochi_agent:new(mochi_main_test:spec(), []),
        _ = (catch mochi_agent:method(A, <<"no such intent 0">>, [])),
        B = erlang:system_info(atom_count),
        [?assertError({mochi, _}, mochi_agent:method(A, <<"no such intent ", (integer_to_binary(N))/binary>>, [])) || N <- lists:seq(1, 100)],
        B
    end),
    ?assertEqual(Before, erlang:system_info(atom_count)).

%% 2. Other nodes may bring atoms: the runtime's own exist from the boot on.
the_runtimes_atoms_are_registered_test() ->
    ok = mochi_app:ensure(),
    [?assertEqual({ok, A}, mochi_atoms:known(atom_to_binary(A))) || A <- mochi_atoms:all()],
    ?assertEqual(error, mochi_atoms:known(<<"lists">>)),
    ok = mochi_atoms:register([lists]),
    ?assertEqual({ok, lists}, mochi_atoms:known(<<"lists">>)),
    ?assertEqual({ok, lists}, mochi_atoms:existing(<<"lists">>)),
    ?assertEqual(error, mochi_atoms:existing(binary:copy(<<"x">>, 1000))),
    ?assertEqual(error, mochi_atoms:existing(<<255>>)).

%% 3. A selective receive walks over what it doesn't want; a wait leaves all of that where it is, in order.
waits_take_nothing_else_test() ->
    test_wait:drain(),
    A = mochi_agent:start(test_agent, 1),
    [self() ! {other, N} || N <- lists:seq(1, 100)],
    ?assertEqual(2, mochi_agent:call(A, add, [1])),
    ?assertEqual([{other, N} || N <- lists:seq(1, 100)], [receive M -> M end || _ <- lists:seq(1, 100)]),
    mochi_agent:stop(A).

%% An agent that is flooded with what it doesn't know goes on.
agents_take_everything_test() ->
    A = mochi_agent:start(test_agent, 1),
    Pid = mochi_agent:pid(A),
    [Pid ! {unknown, N} || N <- lists:seq(1, 1000)],
    gen_server:cast(Pid, unknown),
    ?assertEqual({error, badarg}, gen_server:call(Pid, unknown)),
    ?assertEqual(2, mochi_agent:call(A, add, [1])),
    ?assertEqual({message_queue_len, 0}, process_info(Pid, message_queue_len)),
    mochi_agent:stop(A).

%% 4. Messages are copied in full; what is shared is in ETS, and a part of a binary is no reason to keep it all.
a_part_keeps_the_whole_alive_test() ->
    Keep = fun(Own) ->
                   Self = self(),
                   Pid = spawn(fun() ->
                                       Big = binary:copy(<<"0123456789">>, 100_000),
                                       Part = binary:part(Big, 500, 100),
                                       Self ! {kept, case Own of true -> mochi_str:copy(Part); false -> Part end}
                               end),
                   Ref = monitor(process, Pid),
                   receive {'DOWN', Ref, process, _, _} -> ok end,
                   receive {kept, P} -> P end
           end,
    ?assertEqual(1_000_000, binary:referenced_byte_size(Keep(false))),
    ?assertEqual(100, binary:referenced_byte_size(Keep(true))).

agents_keep_parts_only_test() ->
    Big = binary:copy(<<"0123456789">>, 100_000),
    A = mochi_agent:start(test_agent, 1, #{streams => [<<"parts">>]}),
    ok = mochi_agent:call(A, keep, [{binary:part(Big, 0, 100), 1}]),
    mochi_agent:tell(A, keep, [binary:part(Big, 0, 100)]),
    mochi_stream:publish(<<"parts">>, binary:part(Big, 200, 100)),
    test_wait:until(fun() -> mochi_agent:call(A, events, []) =/= [] end),
    Pid = mochi_agent:pid(A),
    erlang:garbage_collect(Pid),
    {binary, Binaries} = process_info(Pid, binary),
    ?assert(lists:all(fun({_, Size, _}) -> Size < 1000 end, Binaries)),
    mochi_agent:stop(A).

history_and_caches_keep_parts_only_test() ->
    Big = binary:copy(<<"0123456789">>, 100_000),
    ok = mochi_stream:record(<<"history of parts">>, 10),
    mochi_stream:publish(<<"history of parts">>, {e, binary:part(Big, 0, 100)}),
    [{e, P}] = mochi_stream:history(<<"history of parts">>),
    ?assertEqual(100, binary:referenced_byte_size(P)),
    mochi_stream:stop_recording(<<"history of parts">>),
    ok = mochi_cache:put(parts, binary:part(Big, 0, 100), binary:part(Big, 0, 100)),
    {ok, V} = mochi_cache:get(parts, binary:part(Big, 0, 100)),
    ?assertEqual(100, binary:referenced_byte_size(V)).

%% 5. persistent_term is for what never changes: the runtime puts nothing there.
persistent_terms_are_left_alone_test() ->
    _ = application:stop(mochi),
    #{count := Before} = persistent_term:info(),
    {ok, _} = application:ensure_all_started(mochi),
    A = mochi_agent:start(test_agent, 1),
    mochi_agent:call(A, add, [1]),
    mochi_agent:stop(A),
    ok = mochi_cache:put(terms, 1, 1),
    ?assertEqual(Before, maps:get(count, persistent_term:info())).

%% 6. Who dies before it is monitored: a plain wait for a message would be forever.
the_dead_are_told_of_test() ->
    Pid = spawn(fun() -> ok end),
    test_wait:until(fun() -> not is_process_alive(Pid) end),
    ?assertError({mochi, <<"agent stopped: noproc">>}, mochi_agent:ask(Pid, {state, x})).

%% An answer that comes too late is not left in the mailbox.
late_answers_are_dropped_test() ->
    test_wait:drain(),
    A = mochi_agent:start(test_agent, 1),
    ?assertError({mochi, <<"the agent did not answer in time">>}, mochi_agent:call(A, slow, [50], 5)),
    ?assertEqual(1, mochi_agent:call(A, value, [])),
    ?assertEqual({message_queue_len, 0}, process_info(self(), message_queue_len)),
    mochi_agent:stop(A).

%% 7. code:purge kills: agents call their module by name, so one load of new code leaves them alive.
agents_survive_new_code_test() ->
    A = mochi_agent:start(test_agent, 1),
    {module, _} = code:load_file(test_agent),
    ?assertEqual(2, mochi_agent:call(A, add, [1])),
    ?assert(code:soft_purge(test_agent)),
    {module, _} = code:load_file(test_agent),
    ?assertEqual(3, mochi_agent:call(A, add, [1])),
    code:soft_purge(test_agent),
    mochi_agent:stop(A).

%% 8. A module that isn't there is an error, and no optional one is called unasked.
missing_modules_are_errors_test() ->
    ?assertError({mochi, _}, test_wait:quiet(fun() -> mochi_agent:start(no_such_module_of_ours, 1) end)),
    ?assertNot(mochi_app:has(no_such_module_of_ours)).
