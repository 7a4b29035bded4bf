-module(mochi_llm).
-moduledoc """
`model` and `generate`: texts, values of a type, and embeddings from a language model.

The behaviour of a provider is here: it turns a question into a request and an answer into text; transport, retries, limits and streams are common. `openai` and
`anthropic` speak over the network (`m:mochi_fetch`), `echo` answers with the prompt and needs nothing. A field of `generate` goes before the same field of the model's
declaration, that before the application's configuration, that before the environment (`OPENAI_API_KEY`, `ANTHROPIC_API_KEY`).

An answer of status 408, 409, 429 or 5xx, or none for want of a connection, is asked for again, after as long as the server says or else twice as long each time: `llm_attempts` times
(3) in all. What a server asks all to wait is waited by every caller of that provider.
""".

-export([model/2, generate/2, generate/3, stream/3, schema/1, from_json/1]).
-export_type([question/0, config/0]).

-doc "Of a question: `base_url`, `api_key`, `model` of the provider, the rest as the program gave it.".
-type config() :: #{base_url := binary(), api_key := binary() | none, model := binary(), given := map()}.
-type question() :: #{messages := [#{role := binary(), content := binary()}], system := binary() | none,
                      schema := none | {Name :: binary(), map()}, stream := boolean()}.

-doc "What is used where the program says nothing: address, model, and the variable of the environment with the key.".
-callback defaults() -> #{base_url := binary(), model := binary(), embedding_model => binary(), key := string()}.
-doc "The request of a question.".
-callback chat(config(), question()) -> mochi_fetch:request().
-doc "The text in the answer's JSON.".
-callback text(map()) -> {ok, binary()} | {error, binary()}.
-doc "The text in one event of a streamed answer.".
-callback delta(map()) -> {text, binary()} | done | none | {error, binary()}.
-doc "The request of an embedding.".
-callback embedding(config(), binary()) -> mochi_fetch:request() | unsupported.
-doc "The numbers in its answer.".
-callback vector(map()) -> {ok, [number()]} | {error, binary()}.

-define(PROVIDERS, #{<<"openai">> => mochi_llm_openai, <<"anthropic">> => mochi_llm_anthropic}).

-doc "`model name { ... }`".
-spec model(binary(), [{binary(), term()}]) -> ok.
model(Name, Fields) ->
    erlang:put('$models', (models())#{Name => maps:from_list(Fields)}),
    ok.

models() ->
    case erlang:get('$models') of
        undefined ->
            case mochi_core:global('$models') of
                nil -> #{};
                M -> M
            end;
        M -> M
    end.

-doc "`generate target { ... }`".
-spec generate(binary(), [{binary(), term()}]) -> term().
generate(Target, Fields) -> generate(Target, Fields, none).

-doc "The same for a type of the program: the answer is JSON, and is cast to it.".
-spec generate(binary(), [{binary(), term()}], term()) -> term().
generate(Target, Fields, Type) ->
    Given = given(Fields),
    case provider(Given) of
        echo -> echo(Target, Given, Type);
        Module -> ask(Module, Target, Given, Type)
    end.

-doc "A text, each part handed to a function as it comes; the whole at the end.".
-spec stream(binary(), [{binary(), term()}], fun((binary()) -> term())) -> binary().
stream(<<"text">>, Fields, F) ->
    Given = given(Fields),
    case provider(Given) of
        echo ->
            Text = echo(<<"text">>, Given, none),
            F(Text),
            Text;
        Module ->
            Config = mochi_llm_server:config(Module, Given, model),
            answer(Module, fun() -> streamed(Module, Module:chat(Config, question(Given, none, true)), F) end)
    end;
stream(Target, _, _) -> mochi_core:fail([<<"generate: a ">>, Target, <<" can't be streamed">>]).

%%% What is asked

%% The model's declaration, and over it what is given here.
given(Fields) ->
    Own = maps:map(fun(_, V) -> mochi_cell:plain(V) end, maps:from_list(Fields)),
    Declared = case Own of
                   #{<<"model">> := Name} -> maps:get(Name, models(), #{});
                   #{} ->
                       case models() of
                           #{<<"default">> := Default} -> Default;
                           Models when map_size(Models) =:= 1 -> hd(maps:values(Models));
                           _ -> #{}
                       end
               end,
    Named = case Own of
                #{<<"model">> := M} when map_size(Declared) =:= 0 -> #{<<"name">> => M};
                #{} -> #{}
            end,
    maps:merge(maps:merge(Declared, Named), maps:remove(<<"model">>, Own)).

provider(#{<<"provider">> := <<"echo">>}) -> echo;
provider(#{<<"provider">> := P}) when is_map_key(P, ?PROVIDERS) -> maps:get(P, ?PROVIDERS);
provider(#{<<"provider">> := P}) -> not_offered(P);
provider(Given) ->
    case mochi_app:env(llm_provider, none) of
        none ->
            case Given of
                #{<<"name">> := Name} -> not_offered(Name);
                #{} -> mochi_core:fail(<<"generate: no model is declared, and this host offers none">>)
            end;
        P -> provider(Given#{<<"provider">> => P})
    end.

-spec not_offered(term()) -> no_return().
not_offered(P) -> mochi_core:fail([<<"generate: this host does not offer the provider ">>, mochi_core:str(P)]).

question(Given, Schema, Stream) ->
    System = case Given of
                 #{<<"system">> := S} -> mochi_core:str(S);
                 #{} -> none
             end,
    Messages = case Given of
                   #{<<"messages">> := L} -> [message(M) || M <- mochi_ref:iter(L)];
                   #{} -> []
               end,
    Prompt = case Given of
                 #{<<"prompt">> := P} -> [#{role => <<"user">>, content => mochi_core:str(P)}];
                 #{} -> []
             end,
    case Messages ++ Prompt of
        [] -> mochi_core:fail(<<"generate: a prompt is missing">>);
        All -> #{messages => All, system => System, schema => Schema, stream => Stream}
    end.

message(M) ->
    Field = fun(Name) -> mochi_core:str(mochi_cell:plain(mochi_ref:field(mochi_cell:plain(M), Name))) end,
    #{role => Field(<<"role">>), content => Field(<<"content">>)}.

%%% Answers

echo(<<"embedding">>, _, _) -> mochi_list:from_list([0.0, 0.0]);
echo(<<"text">>, Given, _) -> <<"echo ", (mochi_core:str(maps:get(<<"prompt">>, Given, <<>>)))/binary>>;
echo(_, #{<<"prompt">> := Prompt}, Type) when is_binary(Prompt), Type =/= none -> structured(Prompt, Type);
echo(Target, _, _) -> mochi_core:fail([<<"generate: the provider echo cannot make a ">>, Target]).

ask(Module, <<"embedding">>, Given, _) ->
    Config = mochi_llm_server:config(Module, Given, embedding_model),
    Text = mochi_core:str(maps:get(<<"text">>, Given, maps:get(<<"prompt">>, Given, <<>>))),
    case Module:embedding(Config, Text) of
        unsupported -> mochi_core:fail(<<"generate: this provider makes no embeddings">>);
        Request ->
            Vector = answer(Module, fun() -> whole(Module, Request, fun Module:vector/1) end),
            mochi_list:from_list(normalised(mochi_core:truthy(maps:get(<<"normalize">>, Given, false)), Vector))
    end;
ask(Module, Target, Given, Type) ->
    Schema = case Type of
                 none when Target =:= <<"text">> -> none;
                 none -> {Target, #{<<"type">> => <<"object">>}};
                 _ -> {Target, schema(Type)}
             end,
    Config = mochi_llm_server:config(Module, Given, model),
    Text = answer(Module, fun() -> whole(Module, Module:chat(Config, question(Given, Schema, false)), fun Module:text/1) end),
    case Target of
        <<"text">> -> Text;
        _ -> structured(Text, Type)
    end.

normalised(false, Vector) -> [N * 1.0 || N <- Vector];
normalised(true, Vector) ->
    case math:sqrt(lists:sum([N * N || N <- Vector])) of
        Length when Length > 0 -> [N / Length || N <- Vector];
        _ -> [N * 1.0 || N <- Vector]
    end.

%% The JSON value in a text that may have words or a code fence around it.
structured(Text, Type) ->
    V = try from_json(Text)
        catch error:{mochi, _} -> mochi_core:fail(<<"generate: the model's answer is not JSON">>)
        end,
    case Type of
        none -> V;
        _ -> mochi_core:cast(V, Type)
    end.

-doc "The JSON value in a text, which may have a code fence or words around it.".
-spec from_json(binary()) -> term().
from_json(Text) ->
    Inner = case binary:split(Text, <<"```">>, [global]) of
                [_, Fenced, _ | _] -> unlabelled(Fenced);
                _ -> Text
            end,
    try mochi_data:decode_json(Inner)
    catch error:{mochi, _} = Why ->
            %% From the first brace or bracket to the last.
            case {binary:match(Inner, [<<"{">>, <<"[">>]), lists:reverse(binary:matches(Inner, [<<"}">>, <<"]">>]))} of
                {{From, _}, [{To, _} | _]} when To > From -> mochi_data:decode_json(binary:part(Inner, From, To - From + 1));
                _ -> error(Why)
            end
    end.

unlabelled(<<C, Rest/binary>>) when C >= $a, C =< $z; C >= $A, C =< $Z -> unlabelled(Rest);
unlabelled(Rest) -> Rest.

-doc "The JSON schema of a type, as the compiler writes types for casts.".
-spec schema(term()) -> map().
schema(int) -> #{<<"type">> => <<"integer">>};
schema(bigint) -> #{<<"type">> => <<"integer">>};
schema(float) -> #{<<"type">> => <<"number">>};
schema(bigrat) -> #{<<"type">> => <<"number">>};
schema(string) -> #{<<"type">> => <<"string">>};
schema(bool) -> #{<<"type">> => <<"boolean">>};
schema({option, T}) -> #{<<"anyOf">> => [schema(T), #{<<"type">> => <<"null">>}]};
schema({list, T}) -> #{<<"type">> => <<"array">>, <<"items">> => schema(T)};
schema({map, T}) -> #{<<"type">> => <<"object">>, <<"additionalProperties">> => schema(T)};
schema({struct, _, _, Fields}) ->
    #{<<"type">> => <<"object">>, <<"properties">> => #{F => schema(T) || {F, T} <- Fields},
      <<"required">> => [F || {F, _} <- Fields], <<"additionalProperties">> => false};
schema(_) -> #{}.

%%% Requests

%% Until there is an answer, or trying is over.
answer(Module, Try) -> answer(Module, Try, 1, mochi_app:env(llm_attempts, 3)).

answer(Module, Try, Attempt, Most) ->
    mochi_llm_server:wait(Module),
    case Try() of
        {ok, V} -> V;
        {again, Wait, Why} when Attempt < Most ->
            Ms = case Wait of
                     none -> mochi_app:env(llm_backoff, 500) bsl (Attempt - 1);
                     _ -> Wait
                 end,
            mochi_log:debug(<<"generate is tried again">>, #{provider => Module, reason => Why, after_ms => Ms}),
            mochi_llm_server:hold(Module, Ms),
            answer(Module, Try, Attempt + 1, Most);
        {again, _, Why} -> failed(Why);
        {error, Why} -> failed(Why)
    end.

-spec failed(unicode:chardata()) -> no_return().
failed(Why) -> mochi_core:fail(unicode:characters_to_binary([<<"generate: ">>, Why])).

whole(_, Request, Read) ->
    case mochi_fetch:request(Request) of
        {ok, #{status := Status, body := Body}} when Status >= 200, Status < 300 ->
            case json(Body) of
                {ok, Map} -> Read(Map);
                error -> {error, <<"the provider's answer is not JSON">>}
            end;
        {ok, #{status := Status, headers := Headers, body := Body}} -> refused(Status, Headers, Body);
        {error, Why} -> unreached(Why)
    end.

json(Body) ->
    try json:decode(Body) of
        Map when is_map(Map) -> {ok, Map};
        _ -> error
    catch error:_ -> error
    end.

refused(Status, Headers, Body) ->
    Why = [<<"status ">>, integer_to_binary(Status), said(Body)],
    case Status =:= 408 orelse Status =:= 409 orelse Status =:= 429 orelse Status >= 500 of
        true -> {again, retry_after(Headers), Why};
        false -> {error, Why}
    end.

%% Both providers put it in the same place.
said(Body) ->
    case json(Body) of
        {ok, #{<<"error">> := #{<<"message">> := M}}} when is_binary(M) -> [<<": ">>, M];
        _ -> []
    end.

retry_after(Headers) ->
    case lists:keyfind(<<"retry-after">>, 1, Headers) of
        {_, Text} ->
            case string:to_integer(Text) of
                {Seconds, _} when is_integer(Seconds), Seconds >= 0 ->
                    min(Seconds * mochi_app:env(llm_second, 1000), mochi_app:env(llm_longest_wait, 60_000));
                _ -> none
            end;
        false -> none
    end.

unreached(timeout) -> {error, mochi_fetch:reason(timeout)};
unreached(closed) -> {again, none, mochi_fetch:reason(closed)};
unreached({connect, _} = Why) -> {again, none, mochi_fetch:reason(Why)};
unreached(Why) -> {error, mochi_fetch:reason(Why)}.

%%% Streams: server-sent events

streamed(Module, Request, F) ->
    Sink = fun({status, Status, Headers}, none) when Status >= 200, Status < 300 -> {ok, {events, Headers, <<>>, []}};
              ({status, Status, Headers}, none) -> {ok, {refused, Status, Headers, <<>>}};
              ({data, Bytes}, {refused, Status, Headers, Body}) -> {ok, {refused, Status, Headers, <<Body/binary, Bytes/binary>>}};
              ({data, Bytes}, {events, H, Rest, Texts}) -> events(Module, <<Rest/binary, Bytes/binary>>, H, Texts, F);
              ({data, _}, {done, _} = Acc) -> {ok, Acc}
           end,
    case mochi_fetch:stream(Request, Sink, none) of
        {ok, {done, Texts}} -> {ok, iolist_to_binary(lists:reverse(Texts))};
        {ok, {events, _, _, _}} -> {error, <<"the provider's answer ended early">>};
        {ok, {refused, Status, Headers, Body}} -> refused(Status, Headers, Body);
        {error, {said, Why}} -> {error, Why};
        {error, closed} -> {error, mochi_fetch:reason(closed)};
        {error, Why} -> unreached(Why)
    end.

events(Module, Bytes, H, Texts, F) ->
    case binary:split(Bytes, [<<"\n\n">>, <<"\r\n\r\n">>]) of
        [Event, Rest] ->
            case event(Module, Event) of
                {text, Text} ->
                    F(Text),
                    events(Module, Rest, H, [Text | Texts], F);
                none -> events(Module, Rest, H, Texts, F);
                done -> {ok, {done, Texts}};
                {error, Why} -> {stop, {said, Why}}
            end;
        [Rest] -> {ok, {events, H, Rest, Texts}}
    end.

event(Module, Event) ->
    Data = iolist_to_binary(lists:join($\n, [string:trim(D, leading, " ") || <<"data:", D/binary>> <- lines(Event)])),
    case Data of
        <<>> -> none;
        <<"[DONE]">> -> done;
        _ ->
            case json(Data) of
                {ok, Map} -> Module:delta(Map);
                error -> {error, <<"the provider sent an event that is not JSON">>}
            end
    end.

lines(Event) -> binary:split(Event, [<<"\n">>, <<"\r\n">>], [global]).
