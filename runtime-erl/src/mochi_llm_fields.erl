-module(mochi_llm_fields).
-moduledoc "What the providers' requests have in common.".

-export([numbers/2, stop/2, request/4]).

-doc "Those of the named fields that the program gave; each must be a number.".
-spec numbers(mochi_llm:config(), [atom()]) -> #{atom() => number()}.
numbers(#{given := Given}, Names) ->
    maps:from_list([{Name, number(Name, V)} || Name <- Names, V <- [maps:get(atom_to_binary(Name), Given, nil)], V =/= nil]).

number(_, V) when is_number(V) -> V;
number(Name, _) -> mochi_core:fail([<<"generate: ">>, atom_to_binary(Name), <<" must be a number">>]).

-doc "The texts before which the model stops, under the provider's name for them.".
-spec stop(mochi_llm:config(), atom()) -> #{atom() => [binary()]}.
stop(#{given := #{<<"stop">> := V}}, Name) when is_binary(V) -> #{Name => [V]};
stop(#{given := #{<<"stop">> := V}}, Name) when V =/= nil -> #{Name => [mochi_core:str(E) || E <- mochi_ref:iter(V)]};
stop(_, _) -> #{}.

-doc "A request with a JSON body.".
-spec request(mochi_llm:config(), binary(), [{binary(), binary()}], map()) -> mochi_fetch:request().
request(#{given := Given}, Url, Headers, Body) ->
    Timeout = case Given of
                  #{<<"timeout">> := S} when is_number(S), S > 0 -> max(1, round(S * 1000));
                  #{} -> mochi_app:env(llm_timeout, 120_000)
              end,
    #{url => Url, method => <<"POST">>, headers => [{<<"content-type">>, <<"application/json">>} | Headers],
      body => iolist_to_binary(json:encode(Body)), timeout => Timeout, redirects => 0}.
