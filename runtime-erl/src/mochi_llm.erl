-module(mochi_llm).
-moduledoc """
`model` and `generate`. The provider `echo` answers with the prompt, for tests and demonstrations; any other needs a host that offers it,
and none does yet: that is a runtime error.
""".

-export([model/2, generate/2]).

-doc "`model name { ... }`".
-spec model(binary(), [{binary(), term()}]) -> ok.
model(Name, Fields) ->
    Models = case erlang:get('$models') of
                 undefined -> #{};
                 M -> M
             end,
    erlang:put('$models', Models#{Name => maps:from_list(Fields)}),
    ok.

-doc "`generate target { ... }`".
-spec generate(binary(), [{binary(), term()}]) -> term().
generate(Target, Fields) ->
    Given = maps:from_list(Fields),
    case provider(Given) of
        <<"echo">> -> echo(Target, Given);
        none -> mochi_core:fail(<<"generate: no model is declared, and this host offers none">>);
        Other -> mochi_core:fail([<<"generate: this host does not offer the provider ">>, mochi_core:str(Other)])
    end.

provider(#{<<"provider">> := P}) -> P;
provider(#{<<"model">> := Name}) ->
    case erlang:get('$models') of
        #{Name := #{<<"provider">> := P}} -> P;
        _ -> mochi_core:str(Name)
    end;
provider(_) ->
    case erlang:get('$models') of
        #{<<"default">> := #{<<"provider">> := P}} -> P;
        Models when map_size(Models) =:= 1 ->
            [Only] = maps:values(Models),
            maps:get(<<"provider">>, Only, none);
        _ -> none
    end.

echo(<<"embedding">>, _) -> mochi_list:from_list([0.0, 0.0]);
echo(<<"text">>, Given) -> <<"echo ", (mochi_core:str(maps:get(<<"prompt">>, Given, <<>>)))/binary>>;
echo(Target, _) -> mochi_core:fail([<<"generate: the provider echo cannot make a ">>, Target]).
