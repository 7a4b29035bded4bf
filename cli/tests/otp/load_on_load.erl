%% on_load functions: run before the module can be called, and undone when they fail.
-module(load_on_load).
-export([main/0]).

main() ->
    logger:set_primary_config(level, none),
    io:format("~p~n", [load("good", "on_load() -> persistent_term:put(seen, 1), helper().\nhelper() -> ok.\n")]),
    io:format("~p ~p~n", [persistent_term:get(seen), ol:value()]),
    io:format("~p~n", [load("next", "on_load() -> persistent_term:put(seen, 2), ok.\n")]),
    io:format("~p ~p ~p~n", [persistent_term:get(seen), ol:value(), code:purge(ol)]),
    %% the old version stays when the new one does not want to be loaded
    io:format("~p ~p~n", [load("bad", "on_load() -> {no, way}.\n"), ol:value()]),
    io:format("~p ~p~n", [load("crash", "on_load() -> error(boom).\n"), ol:value()]),
    io:format("~p ~p~n", [load("exits", "on_load() -> exit(gone).\n"), ol:value()]),
    io:format("~p~n", [[erlang:check_old_code(ol), code:purge(ol)]]),
    io:format("~p~n", [[code:delete(ol), code:purge(ol)]]),
    io:format("~p ~p~n", [load("bad", "on_load() -> false.\n"), code:is_loaded(ol)]),
    io:format("~p~n", [catch ol:value()]),
    %% callers wait for it
    Self = self(),
    Bin = module("slow", "on_load() -> timer:sleep(300), ok.\n"),
    spawn(fun() -> timer:sleep(100), Self ! {value, catch ol:value()} end),
    io:format("~p~n", [code:load_binary(ol, "ol.beam", Bin)]),
    receive {value, V} -> io:format("~p~n", [V]) end,
    io:format("~p~n", [code:atomic_load([{ol, "", Bin}])]),
    {'EXIT', {badarg, _}} = (catch erlang:call_on_load_function(lists)),
    {'EXIT', {badarg, _}} = (catch erlang:finish_after_on_load(lists, true)),
    io:format("~p~n", [[catch erlang:load_nif("/no/where", 0)] =/= [ok]]).

load(V, Text) -> code:load_binary(ol, "ol.beam", module(V, Text)).

module(V, Text) ->
    All = "-module(ol).\n-export([value/0]).\n-on_load(on_load/0).\nvalue() -> " ++ V ++ ".\n" ++ Text,
    {ok, Tokens, _} = erl_scan:string(All),
    {ok, ol, Bin} = compile:forms(forms(Tokens, []), []),
    Bin.

forms([], []) -> [];
forms([{dot, _} = D | T], Form) ->
    {ok, F} = erl_parse:parse_form(lists:reverse([D | Form])),
    [F | forms(T, [])];
forms([H | T], Form) -> forms(T, [H | Form]).
