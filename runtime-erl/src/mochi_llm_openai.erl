-module(mochi_llm_openai).
-moduledoc """
The provider `openai`: chat completions and embeddings. `base_url` may name any server that speaks the same.
""".

-behaviour(mochi_llm).

-export([start_link/0, defaults/0, chat/2, text/1, delta/1, embedding/2, vector/1]).

-doc "Starts the provider's server.".
-spec start_link() -> gen_server:start_ret().
start_link() -> mochi_llm_server:start_link(?MODULE).

-doc false.
-spec defaults() -> map().
defaults() ->
    #{base_url => <<"https://api.openai.com/v1">>, model => <<"gpt-4o-mini">>,
      embedding_model => <<"text-embedding-3-small">>, key => "OPENAI_API_KEY"}.

-doc false.
-spec chat(mochi_llm:config(), mochi_llm:question()) -> mochi_fetch:request().
chat(#{model := Model} = Config, #{messages := Messages, system := System, schema := Schema, stream := Stream}) ->
    All = case System of
              none -> Messages;
              _ -> [#{role => <<"system">>, content => System} | Messages]
          end,
    Format = case Schema of
                 none -> #{};
                 {Name, Json} ->
                     #{response_format => #{type => json_schema,
                                            json_schema => #{name => Name, schema => Json, strict => is_strict(Json)}}}
             end,
    Streamed = case Stream of
                   true -> #{stream => true};
                   false -> #{}
               end,
    Given = mochi_llm_fields:numbers(Config, [temperature, top_p, max_tokens, seed, frequency_penalty, presence_penalty]),
    Stop = mochi_llm_fields:stop(Config, stop),
    request(Config, <<"/chat/completions">>,
            maps:merge(#{model => Model, messages => All}, maps:merge(maps:merge(Given, Stop), maps:merge(Format, Streamed)))).

%% Only a schema that leaves nothing open may be strict.
is_strict(#{<<"additionalProperties">> := false}) -> true;
is_strict(_) -> false.

request(#{base_url := Base, api_key := Key} = Config, Path, Body) ->
    Auth = case Key of
               none -> [];
               _ -> [{<<"authorization">>, <<"Bearer ", Key/binary>>}]
           end,
    mochi_llm_fields:request(Config, <<Base/binary, Path/binary>>, Auth, Body).

-doc false.
-spec text(map()) -> {ok, binary()} | {error, binary()}.
text(#{<<"choices">> := [#{<<"message">> := #{<<"content">> := Text}} | _]}) when is_binary(Text) -> {ok, Text};
text(#{<<"choices">> := [#{<<"message">> := #{<<"refusal">> := Text}} | _]}) when is_binary(Text) ->
    {error, <<"the model refused: ", Text/binary>>};
text(_) -> {error, <<"the provider's answer has no text">>}.

-doc false.
-spec delta(map()) -> {text, binary()} | none | {error, binary()}.
delta(#{<<"choices">> := [#{<<"delta">> := #{<<"content">> := Text}} | _]}) when is_binary(Text), Text =/= <<>> -> {text, Text};
delta(#{<<"error">> := #{<<"message">> := Text}}) when is_binary(Text) -> {error, Text};
delta(_) -> none.

-doc false.
-spec embedding(mochi_llm:config(), binary()) -> mochi_fetch:request().
embedding(#{model := Model} = Config, Text) -> request(Config, <<"/embeddings">>, #{model => Model, input => Text}).

-doc false.
-spec vector(map()) -> {ok, [number()]} | {error, binary()}.
vector(#{<<"data">> := [#{<<"embedding">> := [_ | _] = Numbers} | _]}) ->
    case lists:all(fun is_number/1, Numbers) of
        true -> {ok, Numbers};
        false -> {error, <<"the provider's embedding has something else than numbers">>}
    end;
vector(_) -> {error, <<"the provider's answer has no embedding">>}.
