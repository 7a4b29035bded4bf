-module(mochi_run_tests).
-include_lib("eunit/include/eunit.hrl").

%% A VM that starts no programs says so, and that is all that can be tested there.
can() ->
    try open_port({spawn_executable, "/bin/sh"}, [{args, ["-c", ""]}]) of
        Port -> catch port_close(Port), true
    catch error:_ -> false
    end.

run_test_() ->
    {timeout, 30, fun() ->
        case can() of
            true -> programs();
            false ->
                {mochi, Message} = (try mochi_run:run(<<"sh">>, []) catch error:E -> E end),
                ?assertMatch({_, _}, binary:match(Message, [<<"this host starts no programs">>, <<"no such program">>]))
        end
    end}.

sh(Script) -> sh(Script, #{}).
sh(Script, Options) -> mochi_run:run(<<"sh">>, [<<"-c">>, Script], Options).
result(Status, Output) -> #{<<"status">> => Status, <<"output">> => Output}.

programs() ->
    ?assertEqual(result(0, <<"hi\n">>), mochi_run:run(<<"echo">>, [<<"hi">>])),
    %% No shell looks at arguments.
    ?assertEqual(result(0, <<"$HOME; x *\n">>), mochi_run:run(<<"echo">>, [<<"$HOME; x *">>])),
    ?assertEqual(result(3, <<"err\n">>), sh(<<"echo err >&2; exit 3">>)),
    ?assertEqual(result(0, <<"/\nv\n">>), sh(<<"pwd; echo $K">>, #{cd => <<"/">>, env => #{<<"K">> => <<"v">>}})),
    ?assertError({mochi, <<"run sh: it wrote more than 1000 bytes">>}, sh(<<"while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxx; done">>, #{max_output => 1000})),
    ?assertError({mochi, <<"run sh: it was not done in time">>}, sh(<<"sleep 60">>, #{timeout => 20})),
    ?assertError({mochi, <<"run no-such-program-of-ours: no such program">>}, mochi_run:run(<<"no-such-program-of-ours">>, [])),
    ?assertError({mochi, _}, sh(<<"true">>, #{cd => <<"/no such folder">>})),
    application:set_env(mochi, run, none),
    ?assertError({mochi, <<"run echo: this host does not allow that">>}, mochi_run:run(<<"echo">>, [])),
    application:set_env(mochi, run, [<<"echo">>]),
    ?assertEqual(result(0, <<"\n">>), mochi_run:run(<<"echo">>, [])),
    ?assertError({mochi, _}, sh(<<"true">>)),
    application:unset_env(mochi, run),
    %% Who runs it ends: so does it.
    Self = self(),
    Pid = spawn(fun() -> Self ! started, sh(<<"sleep 60">>) end),
    receive started -> ok end,
    Servers = fun() -> [P || P <- processes(), proc_lib:translate_initial_call(P) =:= {mochi_run, init, 1}] end,
    test_wait:until(fun() -> Servers() =/= [] end),
    [S ! unknown || S <- Servers()],
    [gen_server:cast(S, unknown) || S <- Servers()],
    exit(Pid, kill),
    test_wait:until(fun() -> Servers() =:= [] end).
