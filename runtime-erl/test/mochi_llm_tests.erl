-module(mochi_llm_tests).
-include_lib("eunit/include/eunit.hrl").

%% The providers' documented answers, from a transport that needs no network. `Answers` are given one after the other.
with(Answers, Body) ->
    test_wait:drain(),
    Self = self(),
    Next = counters:new(1, []),
    test_transport:use(fun(R) ->
                               Self ! {asked, R},
                               counters:add(Next, 1, 1),
                               lists:nth(min(counters:get(Next, 1), length(Answers)), Answers)
                       end),
    application:set_env(mochi, llm_backoff, 1),
    application:set_env(mochi, llm_second, 1),
    try Body()
    after
        test_transport:stop(),
        application:unset_env(mochi, llm_backoff),
        application:unset_env(mochi, llm_second)
    end.

asked() -> receive {asked, #{body := B} = R} -> R#{body := json:decode(B)} after 5000 -> error(not_asked) end.
json(V) -> {200, [], [iolist_to_binary(json:encode(V))]}.
chat(Text) -> json(#{choices => [#{index => 0, message => #{role => assistant, content => Text}, finish_reason => stop}], usage => #{total_tokens => 3}}).
message(Text) -> json(#{type => message, role => assistant, content => [#{type => text, text => Text}], stop_reason => end_turn}).
refusal(Status, Text) -> {Status, [], [iolist_to_binary(json:encode(#{error => #{message => Text, type => x}}))]}.

openai(More) -> [{<<"provider">>, <<"openai">>}, {<<"api_key">>, <<"k">>}, {<<"prompt">>, <<"hi">>} | More].
anthropic(More) -> [{<<"provider">>, <<"anthropic">>}, {<<"api_key">>, <<"k">>}, {<<"prompt">>, <<"hi">>} | More].

error_of(F) -> try F() of V -> {no_error, V} catch error:{mochi, M} -> M end.
ask(Fields) -> mochi_llm:generate(<<"text">>, Fields).

openai_test() ->
    with([chat(<<"hello">>)], fun() ->
        More = [{<<"system">>, <<"be kind">>}, {<<"temperature">>, 0.5}, {<<"max_tokens">>, 10}, {<<"stop">>, <<"END">>}, {<<"name">>, <<"m1">>}, {<<"timeout">>, 7}],
        ?assertEqual(<<"hello">>, ask(openai(More))),
        #{method := <<"POST">>, url := Url, headers := H, body := B, timeout := 7000} = asked(),
        ?assertEqual(<<"https://api.openai.com/v1/chat/completions">>, Url),
        ?assertEqual(<<"Bearer k">>, proplists:get_value(<<"authorization">>, H)),
        ?assertEqual(<<"application/json">>, proplists:get_value(<<"content-type">>, H)),
        ?assertEqual(#{<<"model">> => <<"m1">>, <<"temperature">> => 0.5, <<"max_tokens">> => 10, <<"stop">> => [<<"END">>],
                       <<"messages">> => [#{<<"role">> => <<"system">>, <<"content">> => <<"be kind">>}, #{<<"role">> => <<"user">>, <<"content">> => <<"hi">>}]}, B)
    end).

anthropic_test() ->
    with([message(<<"hello">>)], fun() ->
        Said = mochi_list:from_list([mochi_map:from_pairs([{<<"role">>, R}, {<<"content">>, C}]) || {R, C} <- [{<<"system">>, <<"s2">>}, {<<"user">>, <<"a">>}, {<<"assistant">>, <<"b">>}]]),
        More = [{<<"system">>, <<"s1">>}, {<<"messages">>, Said}, {<<"top_k">>, 3}, {<<"stop">>, mochi_list:from_list([<<"X">>])}, {<<"base_url">>, <<"https://other/v1/">>}],
        ?assertEqual(<<"hello">>, ask(anthropic(More))),
        #{url := <<"https://other/v1/messages">>, headers := H, body := B} = asked(),
        ?assertEqual({<<"k">>, <<"2023-06-01">>}, {proplists:get_value(<<"x-api-key">>, H), proplists:get_value(<<"anthropic-version">>, H)}),
        ?assertMatch(#{<<"max_tokens">> := 1024, <<"top_k">> := 3, <<"stop_sequences">> := [<<"X">>], <<"system">> := <<"s1\n\ns2">>,
                       <<"messages">> := [#{<<"content">> := <<"a">>}, #{<<"role">> := <<"assistant">>}, #{<<"content">> := <<"hi">>}]}, B)
    end),
    ?assertEqual(<<"generate: this provider makes no embeddings">>, error_of(fun() -> mochi_llm:generate(<<"embedding">>, anthropic([])) end)),
    ?assertMatch({error, _}, mochi_llm_anthropic:vector(#{})).

embeddings_test() ->
    Answer = json(#{data => [#{embedding => [3, 4.0], index => 0}]}),
    with([Answer], fun() ->
        ?assertEqual(mochi_list:from_list([3.0, 4.0]), mochi_llm:generate(<<"embedding">>, openai([{<<"text">>, <<"t">>}]))),
        #{url := <<"https://api.openai.com/v1/embeddings">>, body := #{<<"input">> := <<"t">>, <<"model">> := <<"text-embedding-3-small">>}} = asked(),
        ?assertEqual(mochi_list:from_list([0.6, 0.8]), mochi_llm:generate(<<"embedding">>, openai([{<<"normalize">>, true}])))
    end),
    with([json(#{data => [#{embedding => [0, 0]}]})], fun() ->
        ?assertEqual(mochi_list:from_list([0.0, 0.0]), mochi_llm:generate(<<"embedding">>, openai([{<<"normalize">>, true}]))) end),
    [with([json(Bad)], fun() -> ?assertMatch(<<"generate: the provider's ", _/binary>>, error_of(fun() -> mochi_llm:generate(<<"embedding">>, openai([])) end)) end)
     || Bad <- [#{}, #{data => []}, #{data => [#{embedding => [a]}]}, #{data => [#{embedding => x}]}]].

%% A type as the compiler writes it for casts.
person() ->
    {struct, 'Person', {m, <<"Person">>, #{<<"name">> => 3, <<"age">> => 4, <<"tags">> => 5}, []},
     [{<<"name">>, string}, {<<"age">>, int}, {<<"tags">>, {list, string}}]}.

structured_test() ->
    Json = <<"{\"name\": \"Ann\", \"age\": 5, \"tags\": [\"a\"]}">>,
    Value = {'Person', {m, <<"Person">>, #{<<"name">> => 3, <<"age">> => 4, <<"tags">> => 5}, []}, <<"Ann">>, 5, mochi_list:from_list([<<"a">>])},
    with([chat(Json)], fun() ->
        ?assertEqual(Value, mochi_llm:generate(<<"Person">>, openai([]), person())),
        #{body := #{<<"response_format">> := #{<<"type">> := <<"json_schema">>, <<"json_schema">> := S}}} = asked(),
        ?assertEqual(#{<<"name">> => <<"Person">>, <<"strict">> => true,
                       <<"schema">> => #{<<"type">> => <<"object">>, <<"additionalProperties">> => false, <<"required">> => [<<"name">>, <<"age">>, <<"tags">>],
                                         <<"properties">> => #{<<"name">> => #{<<"type">> => <<"string">>}, <<"age">> => #{<<"type">> => <<"integer">>},
                                                               <<"tags">> => #{<<"type">> => <<"array">>, <<"items">> => #{<<"type">> => <<"string">>}}}}}, S)
    end),
    with([message(<<"Here you are:\n```json\n", Json/binary, "\n```\nBye">>)], fun() ->
        ?assertEqual(Value, mochi_llm:generate(<<"Person">>, anthropic([]), person())),
        #{body := #{<<"system">> := System}} = asked(),
        ?assertMatch({_, _}, binary:match(System, <<"\"additionalProperties\":false">>))
    end),
    with([chat(<<"Sure! ", Json/binary, " Anything else?">>)], fun() -> ?assertEqual(Value, mochi_llm:generate(<<"Person">>, openai([]), person())) end),
    with([chat(<<"[1, 2]">>)], fun() -> ?assertEqual(mochi_list:from_list([1.0, 2.0]), mochi_llm:generate(<<"any">>, openai([]))) end),
    ?assertEqual(Value, mochi_llm:generate(<<"Person">>, [{<<"provider">>, <<"echo">>}, {<<"prompt">>, Json}], person())),
    [with([chat(Bad)], fun() -> ?assertEqual(<<"generate: the model's answer is not JSON">>, error_of(fun() -> mochi_llm:generate(<<"Person">>, openai([]), person()) end)) end)
     || Bad <- [<<"no">>, <<"{\"a\": }">>, <<"} {">>]],
    with([chat(<<"{\"name\": \"Ann\"}">>)], fun() -> ?assertEqual(<<"missing field age for Person">>, error_of(fun() -> mochi_llm:generate(<<"Person">>, openai([]), person()) end)) end).

schemas_test() ->
    ?assertEqual([#{<<"type">> => T} || T <- [<<"integer">>, <<"integer">>, <<"number">>, <<"number">>, <<"string">>, <<"boolean">>]],
                 [mochi_llm:schema(T) || T <- [int, bigint, float, bigrat, string, bool]]),
    ?assertMatch(#{<<"anyOf">> := [#{<<"type">> := <<"object">>, <<"additionalProperties">> := #{}}, #{<<"type">> := <<"null">>}]}, mochi_llm:schema({option, {map, any}})).

it_is_tried_again_test() ->
    with([refusal(429, <<"slow down">>), refusal(500, <<"oh">>), chat(<<"at last">>)], fun() -> ?assertEqual(<<"at last">>, ask(openai([]))) end),
    with([{429, [{<<"retry-after">>, <<"30">>}], []}, message(<<"ok">>)], fun() ->
        Start = erlang:monotonic_time(millisecond),
        ?assertEqual(<<"ok">>, ask(anthropic([]))),
        %% A second is a millisecond in these tests.
        ?assert(erlang:monotonic_time(millisecond) - Start >= 30)
    end),
    with([{503, [{<<"retry-after">>, <<"Wed, 21 Oct 2026 07:28:00 GMT">>}], []}, {error, closed}, chat(<<"ok">>)], fun() -> ?assertEqual(<<"ok">>, ask(openai([]))) end),
    with([{error, {connect, econnrefused}}, chat(<<"ok">>)], fun() -> ?assertEqual(<<"ok">>, ask(openai([]))) end),
    with([refusal(529, <<"overloaded">>)], fun() ->
        ?assertEqual(<<"generate: status 529: overloaded">>, error_of(fun() -> ask(anthropic([])) end)),
        ?assertEqual(3, length([asked() || _ <- [1, 2, 3]])),
        receive {asked, _} -> error(too_often) after 0 -> ok end
    end),
    %% Not what would fail again.
    with([refusal(401, <<"bad key">>)], fun() ->
        ?assertEqual(<<"generate: status 401: bad key">>, error_of(fun() -> ask(openai([])) end)),
        asked(),
        receive {asked, _} -> error(again) after 0 -> ok end
    end).

one_that_waits_makes_all_wait_test() ->
    with([chat(<<"ok">>)], fun() ->
        ok = mochi_llm_server:hold(mochi_llm_openai, 60),
        Start = erlang:monotonic_time(millisecond),
        ?assertEqual([<<"ok">>, <<"ok">>], mochi_async:map(fun(_) -> ask(openai([])) end, [1, 2])),
        ?assert(erlang:monotonic_time(millisecond) - Start >= 60),
        ?assertEqual({error, badarg}, gen_server:call(mochi_llm_openai, unknown)),
        gen_server:cast(mochi_llm_openai, unknown),
        mochi_llm_openai ! unknown,
        ?assertEqual(0, gen_server:call(mochi_llm_openai, left))
    end).

bad_answers_test_() ->
    [fun() -> with([Answer], fun() -> ?assertEqual(<<"generate: ", Text/binary>>, error_of(fun() -> ask(Fields) end)) end) end
     || {Fields, Answer, Text} <-
            [{openai([]), {200, [], [<<"{not json">>]}, <<"the provider's answer is not JSON">>},
             {openai([]), json([1]), <<"the provider's answer is not JSON">>},
             {openai([]), json(#{}), <<"the provider's answer has no text">>},
             {openai([]), json(#{choices => [#{message => #{content => null, refusal => <<"no">>}}]}), <<"the model refused: no">>},
             {anthropic([]), json(#{content => [#{type => tool_use}]}), <<"the provider's answer has no text">>},
             {anthropic([]), json(#{content => 5}), <<"the provider's answer has no text">>},
             {openai([]), {error, timeout}, <<"no answer in time">>},
             {openai([]), {error, {too_large, 5}}, <<"the answer is larger than 5 bytes">>},
             {openai([]), {400, [], [<<"plain">>]}, <<"status 400">>},
             {openai([{<<"temperature">>, <<"hot">>}]), chat(<<>>), <<"temperature must be a number">>}]].

sse(Events) -> iolist_to_binary([[<<"data: ">>, if is_binary(E) -> E; true -> json:encode(E) end, <<"\n\n">>] || E <- Events]).
piece(T) -> #{choices => [#{index => 0, delta => #{content => T}}]}.
%% Cut anywhere, also within a character and an event.
chunks(Size, Bytes) when byte_size(Bytes) =< Size -> [Bytes];
chunks(Size, Bytes) -> [binary:part(Bytes, 0, Size) | chunks(Size, binary:part(Bytes, Size, byte_size(Bytes) - Size))].

streams_test() ->
    Self = self(),
    Tell = fun(T) -> Self ! {piece, T} end,
    Open = sse([#{choices => [#{delta => #{role => assistant, content => <<>>}}]}, piece(<<"hé"/utf8>>), piece(<<"llo">>), <<"[DONE]">>]),
    [with([{200, [], chunks(N, Open)}], fun() ->
        ?assertEqual(<<"héllo"/utf8>>, mochi_llm:stream(<<"text">>, openai([]), Tell)),
        #{body := #{<<"stream">> := true}} = asked(),
        ?assertEqual([<<"hé"/utf8>>, <<"llo">>], [receive {piece, P} -> P end || _ <- [1, 2]])
    end) || N <- [1, 7, 10000]],
    Anthropic = [[<<"event: x\r\ndata: ">>, json:encode(E), <<"\r\n\r\n">>]
                 || E <- [#{type => message_start}, #{type => content_block_delta, delta => #{type => text_delta, text => <<"a">>}}, #{type => ping},
                          #{type => content_block_delta, delta => #{type => text_delta, text => <<"b">>}}, #{type => message_stop}]],
    with([{200, [], [iolist_to_binary([<<": comment\n\n">>, Anthropic]), <<"data: after\n\n">>]}], fun() -> ?assertEqual(<<"ab">>, mochi_llm:stream(<<"text">>, anthropic([]), Tell)) end),
    ?assertEqual(<<"echo x">>, mochi_llm:stream(<<"text">>, [{<<"provider">>, <<"echo">>}, {<<"prompt">>, <<"x">>}], Tell)),
    ?assertEqual(<<"generate: a T can't be streamed">>, error_of(fun() -> mochi_llm:stream(<<"T">>, [], Tell) end)),
    Bad = fun(Fields, Answers) -> with(Answers, fun() -> error_of(fun() -> mochi_llm:stream(<<"text">>, Fields, Tell) end) end) end,
    ?assertEqual(<<"generate: the provider's answer ended early">>, Bad(openai([]), [{200, [], [sse([piece(<<"a">>)])]}])),
    ?assertEqual(<<"generate: the provider sent an event that is not JSON">>, Bad(openai([]), [{200, [], [sse([<<"{">>])]}])),
    ?assertEqual(<<"generate: oh">>, Bad(openai([]), [{200, [], [sse([#{error => #{message => <<"oh">>}}])]}])),
    ?assertEqual(<<"generate: oh">>, Bad(anthropic([]), [{200, [], [sse([#{type => error, error => #{type => overloaded_error, message => <<"oh">>}}])]}])),
    ?assertEqual(<<"generate: status 400: no">>, Bad(openai([]), [refusal(400, <<"no">>)])),
    ?assertEqual(<<"generate: no answer in time">>, Bad(openai([]), [{error, timeout}])),
    ?assertEqual(<<"generate: the connection was closed before the end of the answer">>, Bad(openai([]), [{error, closed}])),
    with([refusal(500, <<"x">>), {200, [], [Open]}], fun() -> ?assertEqual(<<"héllo"/utf8>>, mochi_llm:stream(<<"text">>, openai([]), Tell)) end).

models_test() ->
    test_program:run(fun() ->
        ?assertEqual(<<"generate: no model is declared, and this host offers none">>, error_of(fun() -> ask([{<<"prompt">>, <<"x">>}]) end)),
        ok = mochi_llm:model(<<"quick">>, [{<<"provider">>, <<"echo">>}, {<<"name">>, <<"x">>}]),
        ?assertEqual(<<"echo x">>, ask([{<<"prompt">>, <<"x">>}])),
        ok = mochi_llm:model(<<"other">>, [{<<"provider">>, <<"openai">>}, {<<"name">>, <<"m2">>}, {<<"api_key">>, <<"k2">>}, {<<"temperature">>, 1}]),
        with([chat(<<"ok">>)], fun() ->
            ?assertEqual(<<"ok">>, ask([{<<"model">>, <<"other">>}, {<<"prompt">>, <<"x">>}, {<<"temperature">>, 0}])),
            #{body := #{<<"model">> := <<"m2">>, <<"temperature">> := 0}, headers := H} = asked(),
            ?assertEqual(<<"Bearer k2">>, proplists:get_value(<<"authorization">>, H))
        end),
        ?assertEqual(<<"generate: this host does not offer the provider none">>, error_of(fun() -> ask([{<<"model">>, <<"none">>}, {<<"prompt">>, <<"x">>}]) end)),
        ok = mochi_llm:model(<<"default">>, [{<<"provider">>, <<"echo">>}]),
        ?assertEqual(<<"echo y">>, ask([{<<"prompt">>, <<"y">>}])),
        %% Also in another process of the program.
        ?assertEqual(<<"echo z">>, mochi_async:await(mochi_async:async(fun() -> ask([{<<"prompt">>, <<"z">>}]) end))),
        ?assertEqual(<<"generate: this host does not offer the provider llama">>, error_of(fun() -> ask([{<<"provider">>, <<"llama">>}]) end)),
        ?assertEqual(<<"generate: the provider echo cannot make a Person">>, error_of(fun() -> mochi_llm:generate(<<"Person">>, [{<<"prompt">>, <<"x">>}]) end)),
        ?assertEqual(mochi_list:from_list([0.0, 0.0]), mochi_llm:generate(<<"embedding">>, [])),
        with([chat(<<"ok">>)], fun() -> ?assertEqual(<<"generate: a prompt is missing">>, error_of(fun() -> ask([{<<"provider">>, <<"openai">>}]) end)) end)
    end).

configured_test() ->
    application:set_env(mochi, llm_provider, <<"openai">>),
    application:set_env(mochi, mochi_llm_openai, #{base_url => <<"http://local/v1">>, model => <<"llama">>, api_key => none}),
    with([chat(<<"ok">>)], fun() ->
        ?assertEqual(<<"ok">>, ask([{<<"prompt">>, <<"x">>}])),
        #{url := <<"http://local/v1/chat/completions">>, body := #{<<"model">> := <<"llama">>}, headers := H} = asked(),
        ?assertEqual(undefined, proplists:get_value(<<"authorization">>, H)),
        application:set_env(mochi, llm_provider, <<"anthropic">>)
    end),
    application:set_env(mochi, mochi_llm_anthropic, #{api_key => none}),
    with([message(<<"ok">>)], fun() ->
        ?assertEqual(<<"ok">>, ask([{<<"prompt">>, <<"x">>}])),
        #{headers := H} = asked(),
        ?assertEqual(undefined, proplists:get_value(<<"x-api-key">>, H))
    end),
    [application:unset_env(mochi, K) || K <- [llm_provider, mochi_llm_openai, mochi_llm_anthropic]].

%% The same over a real connection: an answer in pieces, a pause, a cut.
network_test_() ->
    {timeout, 60, fun() ->
        case mochi_transport_httpc:available() andalso test_http:can() of
            true -> network();
            false -> ok
        end
    end}.

network() ->
    test_transport:stop_pools(),
    application:set_env(mochi, transport, mochi_transport_httpc),
    application:set_env(mochi, llm_backoff, 1),
    Count = counters:new(1, []),
    Head = <<"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n">>,
    Server = test_http:start(fun(#{path := <<"/v1/chat/completions">>, body := B}) ->
        case json:decode(B) of
            #{<<"model">> := <<"busy">>} ->
                counters:add(Count, 1, 1),
                case counters:get(Count, 1) of
                    1 -> [{reply, 429, [{<<"retry-after">>, <<"0">>}], <<>>}];
                    2 -> [{reply, 500, [], <<"oops">>}];
                    _ -> [{reply, 200, [], json:encode(#{choices => [#{message => #{content => <<"ok">>}}]})}]
                end;
            #{<<"model">> := <<"stream">>} -> [{send, Head}, {send, sse([piece(<<"a">>)])}, {sleep, 30}, {send, sse([piece(<<"b">>), <<"[DONE]">>])}, close];
            #{<<"model">> := <<"cut">>} -> [{send, Head}, {send, sse([piece(<<"a">>)])}, close];
            #{<<"model">> := <<"slow">>} -> [{sleep, 2000}];
            #{<<"model">> := <<"bad">>} -> [{reply, 200, [], <<"{\"choices\": [">>}]
        end
    end),
    Fields = fun(Model) -> [{<<"provider">>, <<"openai">>}, {<<"base_url">>, test_http:url(Server, <<"/v1">>)}, {<<"name">>, Model}, {<<"prompt">>, <<"x">>}, {<<"timeout">>, 1}] end,
    ?assertEqual(<<"ok">>, ask(Fields(<<"busy">>))),
    Self = self(),
    ?assertEqual(<<"ab">>, mochi_llm:stream(<<"text">>, Fields(<<"stream">>), fun(T) -> Self ! {piece, T} end)),
    ?assertEqual(<<"generate: the provider's answer ended early">>, error_of(fun() -> mochi_llm:stream(<<"text">>, Fields(<<"cut">>), fun(_) -> ok end) end)),
    ?assertEqual(<<"generate: no answer in time">>, error_of(fun() -> ask(Fields(<<"slow">>)) end)),
    ?assertEqual(<<"generate: the provider's answer is not JSON">>, error_of(fun() -> ask(Fields(<<"bad">>)) end)),
    test_http:stop(Server),
    application:unset_env(mochi, llm_backoff),
    test_transport:stop().
