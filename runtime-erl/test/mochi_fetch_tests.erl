-module(mochi_fetch_tests).
-include_lib("eunit/include/eunit.hrl").

map(L) -> mochi_map:from_pairs(L).

%%% Without a network

with(F, Body) ->
    test_wait:drain(),
    test_transport:use(F),
    try Body() after test_transport:stop() end.

ok(Text) -> {200, [], [Text]}.

programs_fetch_json_test() ->
    Self = self(),
    with(fun(R) -> Self ! {asked, R}, ok(<<" {\"a\": [1, \"x\"]} ">>) end, fun() ->
        ?assertEqual(map([{<<"a">>, mochi_list:from_list([1.0, <<"x">>])}]), mochi_fetch:fetch(<<"http://h/p">>, nil)),
        receive {asked, #{method := <<"GET">>, url := <<"http://h/p">>, path := <<"/p">>, headers := [], body := <<>>}} -> ok end,
        Options = map([{<<"method">>, <<"post">>}, {<<"headers">>, map([{<<"X-A">>, <<"1">>}])}, {<<"body">>, map([{<<"b">>, 1}])},
                       {<<"query">>, map([{<<"q">>, <<"a b">>}, {<<"n">>, 1}])}, {<<"timeout">>, 1.5}]),
        mochi_fetch:fetch(mochi_cell:new(<<"https://h:444">>), mochi_cell:new(Options)),
        receive {asked, #{method := <<"POST">>, url := <<"https://h:444?n=1&q=a+b">>, path := <<"/?n=1&q=a+b">>,
                          headers := [{<<"content-type">>, <<"application/json">>}, {<<"X-A">>, <<"1">>}],
                          body := <<"{\"b\":1}">>, timeout := 1500, origin := {https, <<"h">>, 444}}} -> ok end,
        mochi_fetch:fetch(<<"http://h/p?x=1">>, map([{<<"query">>, map([{<<"y">>, 2}])}, {<<"body">>, <<"text">>}])),
        receive {asked, #{url := <<"http://h/p?x=1&y=2">>, body := <<"text">>, headers := []}} -> ok end
    end),
    with(fun(_) -> {204, [], []} end, fun() -> ?assertEqual(nil, mochi_fetch:fetch(<<"http://h/">>, nil)) end).

files_test() ->
    File = filename:join(filename:basedir(user_cache, "beambox-test"), "fetch.json"),
    ok = filelib:ensure_dir(File),
    ok = file:write_file(File, <<"[1]">>),
    Path = unicode:characters_to_binary(File),
    ?assertEqual(mochi_list:from_list([1.0]), mochi_fetch:fetch(Path, nil)),
    ?assertEqual(mochi_list:from_list([1.0]), mochi_fetch:fetch(<<"file://", Path/binary>>, nil)),
    file:delete(File).

error_of(F) -> try F() of V -> {no_error, V} catch error:{mochi, M} -> M end.

failures_of_programs_test() ->
    Said = fun(Answer) -> with(fun(_) -> Answer end, fun() -> error_of(fun() -> mochi_fetch:fetch(<<"http://h/">>, nil) end) end) end,
    ?assertEqual(<<"fetch http://h/: status 404">>, Said({404, [], [<<"no">>]})),
    ?assertEqual(<<"json: unexpected end">>, Said(ok(<<"{">>))),
    [?assertEqual(<<"fetch http://h/: ", Text/binary>>, Said({error, Why}))
     || {Why, Text} <- [{timeout, <<"no answer in time">>}, {closed, <<"the connection was closed before the end of the answer">>},
                        {eacces, <<"this host does not allow that">>}, {notsup, <<"this host offers no network">>},
                        {overloaded, <<"too many requests wait">>}, {{connect, nxdomain}, <<"no such host">>},
                        {{connect, econnrefused}, <<"connection refused">>}, {{connect, x}, <<"cannot connect: x">>},
                        {{tls, x}, <<"no trustworthy connection: x">>}, {{odd, x}, <<"{odd,x}">>}]],
    ?assertEqual(<<"fetch http://closed/: connection refused">>,
                 with(fun(_) -> ok(<<>>) end, fun() -> error_of(fun() -> mochi_fetch:fetch(<<"http://closed/">>, nil) end) end)),
    [?assertEqual(M, with(fun(_) -> ok(<<"1">>) end, fun() -> error_of(fun() -> mochi_fetch:fetch(<<"http://h/">>, map(O)) end) end))
     || {O, M} <- [{[{<<"timeout">>, -1}], <<"fetch timeout must be a number of seconds">>}, {[{<<"headers">>, 5}], <<"fetch headers must be a map">>},
                   {[{<<"query">>, 5}], <<"fetch query must be a map">>}, {[{<<"method">>, <<"BREW">>}], <<"fetch http://h/: no such method: BREW">>},
                   {[{<<"headers">>, map([{<<"a">>, <<"1\r\nb: 2">>}])}], <<"fetch http://h/: a header that can't be sent: \"a\"">>},
                   {[{<<"headers">>, map([{<<"a b">>, <<"1">>}])}], <<"fetch http://h/: a header that can't be sent: \"a b\"">>}]],
    ?assertEqual(<<"fetch URL must be string">>, error_of(fun() -> mochi_fetch:fetch(5, nil) end)).

addresses_test_() ->
    [{Url, fun() -> with(fun(_) -> ok(<<>>) end, fun() -> ?assertEqual({error, {bad_url, Why}}, mochi_fetch:request(#{url => Url})) end) end}
     || {Url, Why} <- [{<<"ftp://h/">>, <<"no such scheme: ftp">>}, {<<"http:///p">>, <<"no host">>}, {<<"//h/p">>, <<"no host">>},
                       {<<"http://u:p@h/">>, <<"an address with credentials">>}, {<<"http://h/ x">>, <<"not an address">>},
                       {<<"">>, <<"no host">>}, {<<"http://[::1/">>, <<"not an address">>}]].

the_list_of_hosts_test() ->
    application:set_env(mochi, fetch_allow, [<<"a.com">>, <<"*.b.com">>]),
    with(fun(#{url := <<"http://a.com/away">>}) -> {302, [{<<"location">>, <<"http://evil.com/">>}], []};
            (_) -> ok(<<"1">>) end, fun() ->
        Ask = fun(Host) -> element(1, mochi_fetch:request(#{url => <<"http://", Host/binary, "/">>})) end,
        ?assertEqual([ok, ok, ok, ok, error, error, error, error],
                     [Ask(H) || H <- [<<"a.com">>, <<"A.com">>, <<"x.b.com">>, <<"x.y.b.com">>, <<"b.com">>, <<"xb.com">>, <<"a.com.evil.com">>, <<"x.a.com">>]]),
        %% Also where a redirect leads.
        ?assertEqual({error, {not_allowed, <<"evil.com">>}}, mochi_fetch:request(#{url => <<"http://a.com/away">>})),
        ?assertEqual(<<"fetch http://evil.com/: the host evil.com is not allowed">>, error_of(fun() -> mochi_fetch:fetch(<<"http://evil.com/">>, nil) end))
    end),
    application:unset_env(mochi, fetch_allow).

redirects_test() ->
    Self = self(),
    F = fun(#{path := <<"/loop">>}) -> {301, [{<<"location">>, <<"/loop">>}], []};
           (#{path := <<"/other">>}) -> {307, [{<<"location">>, <<"http://k/end">>}], [<<"moved">>]};
           (#{path := <<"/see">>}) -> {303, [{<<"location">>, <<"end">>}], []};
           (#{path := <<"/post">>}) -> {302, [{<<"location">>, <<"/end">>}], []};
           (R) -> Self ! {asked, R}, ok(<<"end">>)
        end,
    with(F, fun() ->
        Go = fun(Path) -> mochi_fetch:request(#{url => <<"http://h", Path/binary>>, method => <<"POST">>, body => <<"b">>,
                                                headers => [{<<"Authorization">>, <<"s">>}, {<<"X">>, <<"1">>}]}) end,
        ?assertEqual({error, too_many_redirects}, mochi_fetch:request(#{url => <<"http://h/loop">>})),
        {ok, #{status := 200, body := <<"end">>}} = Go(<<"/other">>),
        %% The secret is not told to another host; 307 repeats the request.
        receive {asked, #{url := <<"http://k/end">>, method := <<"POST">>, body := <<"b">>, headers := [{<<"X">>, <<"1">>}]}} -> ok end,
        {ok, _} = Go(<<"/see">>),
        receive {asked, #{url := <<"http://h/end">>, method := <<"GET">>, body := <<>>, headers := [_, _]}} -> ok end,
        {ok, _} = Go(<<"/post">>),
        receive {asked, #{method := <<"GET">>}} -> ok end
    end).

sizes_and_streams_test() ->
    with(fun(_) -> {200, [{<<"a">>, <<"b">>}], [<<"12345">>, <<"67890">>, <<"x">>]} end, fun() ->
        ?assertEqual({ok, #{status => 200, headers => [{<<"a">>, <<"b">>}], body => <<"1234567890x">>}}, mochi_fetch:request(#{url => <<"http://h/">>, max_body => 11})),
        ?assertEqual({error, {too_large, 10}}, mochi_fetch:request(#{url => <<"http://h/">>, max_body => 10})),
        ?assertEqual({ok, [<<"x">>, <<"67890">>, <<"12345">>]},
                     mochi_fetch:stream(#{url => <<"http://h/">>}, fun({status, 200, _}, A) -> {ok, A}; ({data, D}, A) -> {ok, [D | A]} end, [])),
        ?assertEqual({error, enough}, mochi_fetch:stream(#{url => <<"http://h/">>}, fun({status, _, _}, A) -> {ok, A}; (_, _) -> {stop, enough} end, [])),
        ?assertError(oops, mochi_fetch:stream(#{url => <<"http://h/">>}, fun(_, _) -> error(oops) end, []))
    end).

%%% The pool

many_at_once_test() ->
    Most = counters:new(2, []),
    Work = fun(_) ->
                   counters:add(Most, 1, 1),
                   counters:put(Most, 2, max(counters:get(Most, 2), counters:get(Most, 1))),
                   timer:sleep(3),
                   counters:sub(Most, 1, 1),
                   ok(<<"1">>)
           end,
    with(Work, fun() ->
        Answers = mochi_async:map(fun(_) -> element(1, mochi_fetch:request(#{url => <<"http://h/">>})) end, lists:seq(1, 60)),
        ?assertEqual(lists:duplicate(60, ok), Answers),
        ?assert(counters:get(Most, 2) =< 8)
    end).

time_is_over_test() ->
    with(fun(_) -> timer:sleep(60_000), ok(<<>>) end, fun() ->
        ?assertEqual({error, timeout}, mochi_fetch:request(#{url => <<"http://h/">>, timeout => 10})),
        %% Also for those in the queue.
        ?assertEqual(lists:duplicate(20, {error, timeout}),
                     mochi_async:map(fun(_) -> mochi_fetch:request(#{url => <<"http://h/">>, timeout => 50}) end, lists:seq(1, 20))),
        {ok, Pool} = mochi_fetch_sup:pool({http, <<"h">>, 80}),
        ?assert(mochi_fetch_pool:is_idle(Pool)),
        ?assertEqual({error, badarg}, gen_server:call(Pool, unknown)),
        gen_server:cast(Pool, unknown),
        Pool ! unknown,
        ?assert(mochi_fetch_pool:is_idle(Pool))
    end).

who_is_gone_needs_no_answer_test() ->
    Self = self(),
    with(fun(_) -> Self ! {working, self()}, timer:sleep(60_000) end, fun() ->
        Ask = fun() -> spawn(fun() -> mochi_fetch:request(#{url => <<"http://h/">>}) end) end,
        First = [Ask() || _ <- lists:seq(1, 8)],
        Workers = [receive {working, W} -> W end || _ <- First],
        {ok, Pool} = mochi_fetch_sup:pool({http, <<"h">>, 80}),
        Waiting = Ask(),
        ?assertNot(mochi_fetch_pool:is_idle(Pool)),
        [exit(P, kill) || P <- [Waiting | First]],
        test_wait:until(fun() -> mochi_fetch_pool:is_idle(Pool) end),
        test_wait:until(fun() -> not lists:any(fun is_process_alive/1, Workers) end)
    end).

a_worker_or_pool_that_dies_test() ->
    Self = self(),
    with(fun(_) -> Self ! {working, self()}, timer:sleep(60_000) end, fun() ->
        F = mochi_async:async(fun() -> mochi_fetch:request(#{url => <<"http://h/">>}) end),
        receive {working, W} -> exit(W, kill) end,
        ?assertEqual({error, killed}, mochi_async:await(F)),
        G = mochi_async:async(fun() -> mochi_fetch:request(#{url => <<"http://h/">>}) end),
        receive {working, _} -> ok end,
        {ok, Pool} = mochi_fetch_sup:pool({http, <<"h">>, 80}),
        test_wait:quiet(fun() ->
            exit(Pool, kill),
            ?assertEqual({error, {pool, <<"killed">>}}, mochi_async:await(G)),
            test_wait:until(fun() -> {ok, P} = mochi_fetch_sup:pool({http, <<"h">>, 80}), P =/= Pool andalso is_process_alive(P) end)
        end),
        ?assert(mochi_fetch_pool:is_idle(Pool))
    end).

pools_make_room_test() ->
    test_wait:drain(),
    application:set_env(mochi, fetch_origins, 3),
    Self = self(),
    with(fun(#{path := <<"/busy">>}) -> Self ! {working, self()}, receive go -> ok(<<>>) end; (_) -> ok(<<"1">>) end, fun() ->
        [{ok, _} = mochi_fetch:request(#{url => <<"http://h", (integer_to_binary(N))/binary, "/">>}) || N <- lists:seq(1, 10)],
        ?assertEqual(3, length(supervisor:which_children(mochi_fetch_sup))),
        {Fs, Workers} = lists:unzip([begin
                                         F = mochi_async:async(fun() -> mochi_fetch:request(#{url => <<"http://b", (integer_to_binary(N))/binary, "/busy">>}) end),
                                         {F, receive {working, W} -> W end}
                                     end || N <- [1, 2, 3]]),
        ?assertEqual({error, overloaded}, mochi_fetch:request(#{url => <<"http://more/">>})),
        [W ! go || W <- Workers],
        [{ok, _} = mochi_async:await(F) || F <- Fs]
    end),
    application:unset_env(mochi, fetch_origins).

the_queue_has_a_limit_test_() ->
    {timeout, 60, fun() ->
        with(fun(_) -> timer:sleep(60_000) end, fun() ->
            Self = self(),
            Pids = [spawn(fun() -> Self ! {answer, mochi_fetch:request(#{url => <<"http://h/">>})} end) || _ <- lists:seq(1, 1009)],
            receive {answer, {error, overloaded}} -> ok after 30_000 -> error(no_limit) end,
            [exit(P, kill) || P <- Pids]
        end)
    end}.

%%% Other transports

no_network_test() ->
    ok = mochi_app:ensure(),
    test_transport:stop_pools(),
    application:set_env(mochi, transport, none),
    ?assertEqual({error, refused}, mochi_fetch:request(#{url => <<"http://h/">>})),
    ?assertEqual(<<"fetch http://h/: this host offers no network">>, error_of(fun() -> mochi_fetch:fetch(<<"http://h/">>, nil) end)),
    test_transport:stop().

the_hosts_client_is_refused_test() ->
    ?assertNot(beambox_http:available()),
    ?assertEqual({error, notsup}, beambox_http:start(#{})),
    ?assertEqual([ok, ok], [beambox_http:next(make_ref()), beambox_http:cancel(make_ref())]),
    ?assertEqual({error, notsup}, mochi_transport_host:request(none, #{timeout => 1}, fun(_, A) -> {ok, A} end, x)),
    ?assertEqual({{ok, none}, ok}, {mochi_transport_host:open(o), mochi_transport_host:close(none)}),
    application:set_env(mochi, transport, mochi_transport_host),
    ?assertEqual(none, mochi_transport:choose()),
    application:unset_env(mochi, transport).

gun_test() ->
    ok = mochi_app:ensure(),
    test_transport:stop_pools(),
    application:set_env(mochi, transport, mochi_transport_gun),
    Ask = fun(Path) -> mochi_fetch:request(#{url => <<"http://127.0.0.1:0", Path/binary>>, method => <<"PUT">>, body => <<"b">>, timeout => 1000}) end,
    ?assertEqual({ok, #{status => 200, headers => [{<<"x-path">>, <<"/p?q">>}], body => <<"PUT b">>}}, Ask(<<"/p?q">>)),
    ?assertMatch({ok, #{body := <<"a">>}}, Ask(<<"/inform">>)),
    ?assertMatch({ok, #{status := 204, body := <<>>}}, Ask(<<"/fin">>)),
    ?assertEqual({error, closed}, Ask(<<"/closed">>)),
    ?assertEqual({error, odd}, Ask(<<"/odd">>)),
    ?assertEqual({error, {too_large, 2}}, mochi_fetch:request(#{url => <<"http://127.0.0.1:0/">>, max_body => 2})),
    %% One connection for all, and a new one when it has ended.
    {ok, Pool} = mochi_fetch_sup:pool({http, <<"127.0.0.1">>, 0}),
    Connection = element(4, sys:get_state(Pool)),
    exit(Connection, kill),
    test_wait:until(fun() -> not is_process_alive(Connection) end),
    ?assertMatch({ok, _}, Ask(<<"/">>)),
    ?assertEqual({error, {connect, nxdomain}}, mochi_fetch:request(#{url => <<"http://nowhere/">>})),
    ?assertEqual({error, {connect, econnrefused}}, mochi_fetch:request(#{url => <<"http://refused/">>})),
    ?assertEqual({error, timeout}, mochi_fetch:request(#{url => <<"http://never/">>, timeout => 20})),
    ?assertMatch({error, {tls, _}}, mochi_fetch:request(#{url => <<"https://badtls/">>})),
    test_transport:stop().

%%% OTP's client, against a server that misbehaves

network_test_() ->
    {timeout, 60, fun() ->
        case mochi_transport_httpc:available() andalso test_http:can() of
            true -> network();
            %% A VM without sockets.
            false -> ok
        end
    end}.

network() ->
    ok = mochi_app:ensure(),
    test_transport:stop_pools(),
    Server = test_http:start(fun page/1),
    application:set_env(mochi, transport, mochi_transport_httpc),
    Ask = fun(Path, More) -> mochi_fetch:request(maps:merge(#{url => test_http:url(Server, Path)}, More)) end,
    {ok, #{status := 200, body := <<"hello">>, headers := H}} = Ask(<<"/hello?x=1">>, #{headers => [{<<"X-Mine">>, <<"1">>}]}),
    ?assertEqual({<<"x-a">>, <<"b">>}, lists:keyfind(<<"x-a">>, 1, H)),
    [#{path := <<"/hello?x=1">>, headers := Sent}] = test_http:seen(Server),
    ?assertEqual(<<"1">>, proplists:get_value(<<"x-mine">>, Sent)),
    [?assertMatch({ok, #{body := <<M:(byte_size(M))/binary, " some body">>}}, Ask(<<"/echo">>, #{method => M, body => <<"some body">>, headers => [{<<"content-type">>, <<"text/plain">>}]}))
     || M <- [<<"POST">>, <<"PUT">>, <<"PATCH">>, <<"DELETE">>]],
    ?assertMatch({ok, #{body := <<"POST x">>}}, Ask(<<"/echo">>, #{method => <<"POST">>, body => <<"x">>})),
    ?assertMatch({ok, #{body := <<>>}}, Ask(<<"/head">>, #{method => <<"HEAD">>})),
    ?assertMatch({ok, #{body := <<"OPTIONS ">>}}, Ask(<<"/echo">>, #{method => <<"OPTIONS">>})),
    ?assertMatch({ok, #{status := 404, body := <<"no">>}}, Ask(<<"/404">>, #{})),
    ?assertMatch({ok, #{status := 206, body := <<"part">>}}, Ask(<<"/part">>, #{})),
    ?assertMatch({ok, #{status := 200, body := <<"hello">>}}, Ask(<<"/moved">>, #{})),
    ?assertEqual({error, timeout}, Ask(<<"/slow">>, #{timeout => 100})),
    ?assertMatch({error, _}, Ask(<<"/cut">>, #{})),
    ?assertMatch({error, _}, Ask(<<"/cuthead">>, #{})),
    ?assertMatch({error, _}, Ask(<<"/garbage">>, #{timeout => 1000})),
    ?assertEqual({error, {too_large, 100_000}}, Ask(<<"/huge">>, #{max_body => 100_000})),
    ?assertEqual({error, {too_large, 10}}, Ask(<<"/404huge">>, #{max_body => 10})),
    ?assertEqual({error, enough}, mochi_fetch:stream(#{url => test_http:url(Server, <<"/404">>)}, fun({status, 404, _}, _) -> {stop, enough} end, x)),
    ?assertEqual({error, {connect, econnrefused}}, mochi_fetch:request(#{url => <<"http://127.0.0.1:1/">>})),
    %% A server that speaks no TLS, and no trust without it.
    {_, Port, _} = Server,
    ?assertMatch({error, _}, mochi_fetch:request(#{url => iolist_to_binary([<<"https://127.0.0.1:">>, integer_to_binary(Port), <<"/hello">>]), timeout => 3000})),
    test_http:stop(Server),
    test_transport:stop().

page(#{path := <<"/hello", _/binary>>}) -> [{reply, 200, [{<<"X-A">>, <<"b">>}], <<"hello">>}];
page(#{path := <<"/echo">>, method := M, body := B}) -> [{reply, 200, [], [M, $\s, B]}];
page(#{path := <<"/head">>}) -> [{send, <<"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n">>}];
page(#{path := <<"/404">>}) -> [{reply, 404, [], <<"no">>}];
page(#{path := <<"/404huge">>}) -> [{reply, 404, [], binary:copy(<<"x">>, 1000)}];
page(#{path := <<"/part">>}) -> [{reply, 206, [{<<"Content-Range">>, <<"bytes 0-3/10">>}], <<"part">>}];
page(#{path := <<"/moved">>}) -> [{reply, 302, [{<<"Location">>, <<"/hello">>}], <<"moved">>}];
page(#{path := <<"/slow">>}) -> [{sleep, 3000}];
page(#{path := <<"/cut">>}) -> [{send, <<"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf">>}, close];
page(#{path := <<"/cuthead">>}) -> [{send, <<"HTTP/1.1 200 OK\r\ncontent-le">>}, close];
page(#{path := <<"/garbage">>}) -> [{send, <<"this is not HTTP\r\n\r\n">>}, close];
page(#{path := <<"/huge">>}) -> [{flood, 50_000_000}].
