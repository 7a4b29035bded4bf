-module(mochi_llm_anthropic).
-moduledoc """
The provider `anthropic`: messages. It makes no embeddings. A value of a type is asked for in words, with the type's JSON schema.
""".

-behaviour(mochi_llm).

-export([start_link/0, defaults/0, chat/2, text/1, delta/1, embedding/2, vector/1]).

-define(VERSION, <<"2023-06-01">>).

-doc "Starts the provider's server.".
-spec start_link() -> gen_server:start_ret().
start_link() -> mochi_llm_server:start_link(?MODULE).

-doc false.
-spec defaults() -> map().
defaults() ->
    #{base_url => <<"https://api.anthropic.com/v1">>, model => <<"claude-3-5-haiku-latest">>, key => "ANTHROPIC_API_KEY"}.

-doc false.
-spec chat(mochi_llm:config(), mochi_llm:question()) -> mochi_fetch:request().
chat(#{model := Model, base_url := Base, api_key := Key} = Config,
     #{messages := Messages, system := System, schema := Schema, stream := Stream}) ->
    %% Instructions are a field here, not a message.
    {Systems, Others} = lists:partition(fun(#{role := R}) -> R =:= <<"system">> end, Messages),
    Instructions = [S || S <- [System], S =/= none] ++ [C || #{content := C} <- Systems] ++ wanted(Schema),
    Text = case Instructions of
               [] -> #{};
               _ -> #{system => iolist_to_binary(lists:join(<<"\n\n">>, Instructions))}
           end,
    Streamed = case Stream of
                   true -> #{stream => true};
                   false -> #{}
               end,
    Given = mochi_llm_fields:numbers(Config, [temperature, top_p, top_k, max_tokens]),
    Stop = mochi_llm_fields:stop(Config, stop_sequences),
    Body = maps:merge(#{model => Model, max_tokens => 1024, messages => Others},
                      maps:merge(maps:merge(Given, Stop), maps:merge(Text, Streamed))),
    Auth = case Key of
               none -> [];
               _ -> [{<<"x-api-key">>, Key}]
           end,
    mochi_llm_fields:request(Config, <<Base/binary, "/messages">>, [{<<"anthropic-version">>, ?VERSION} | Auth], Body).

wanted(none) -> [];
wanted({Name, Schema}) ->
    [[<<"Answer with one JSON value of the type ">>, Name, <<" and nothing else. Its JSON schema: ">>, json:encode(Schema)]].

-doc false.
-spec text(map()) -> {ok, binary()} | {error, binary()}.
text(#{<<"content">> := Blocks}) when is_list(Blocks) ->
    case [T || #{<<"type">> := <<"text">>, <<"text">> := T} <- Blocks, is_binary(T)] of
        [] -> {error, <<"the provider's answer has no text">>};
        Texts -> {ok, iolist_to_binary(Texts)}
    end;
text(_) -> {error, <<"the provider's answer has no text">>}.

-doc false.
-spec delta(map()) -> {text, binary()} | done | none | {error, binary()}.
delta(#{<<"type">> := <<"content_block_delta">>, <<"delta">> := #{<<"type">> := <<"text_delta">>, <<"text">> := Text}})
  when is_binary(Text) -> {text, Text};
delta(#{<<"type">> := <<"message_stop">>}) -> done;
delta(#{<<"type">> := <<"error">>, <<"error">> := #{<<"message">> := Text}}) when is_binary(Text) -> {error, Text};
delta(_) -> none.

-doc false.
-spec embedding(mochi_llm:config(), binary()) -> unsupported.
embedding(_, _) -> unsupported.

-doc false.
-spec vector(map()) -> {error, binary()}.
vector(_) -> {error, <<"this provider makes no embeddings">>}.
