%% The story of a hot upgrade: who holds literals of a module pays for them when its old version is purged, not when the new one is
%% loaded, and by exactly their size; letting go and collecting brings the heap down again.
-module(load_literals).
-export([main/0]).

main() ->
    {module, _} = code:load_binary(load_config, "load_config", config(1)),
    Holder = spawn(fun() -> hold(load_config:get()) end),
    Empty = spawn(fun() -> hold(nothing) end),
    Size = erts_debug:flat_size(load_config:get()),
    More = fun() -> used(Holder) - used(Empty) end,
    io:format("a literal of ~p words: ~p words more on the heap~n", [Size, More()]),
    {module, _} = code:load_binary(load_config, "load_config", config(2)),
    io:format("a new version is loaded: ~p, old code ~p~n", [More(), erlang:check_old_code(load_config)]),
    true = code:soft_purge(load_config),
    %% The collector of literal areas asks one process after the other.
    timer:sleep(100),
    io:format("the old one is purged: ~p, old code ~p~n", [More(), erlang:check_old_code(load_config)]),
    Holder ! drop,
    io:format("dropped: ~p~n", [More()]),
    true = code:delete(load_config),
    false = code:purge(load_config),
    io:format("~p~n", [code:is_loaded(load_config)]).

hold(T) ->
    receive
        drop -> hold(nothing);
        {get, P} -> P ! T, hold(T)
    end.

%% Words in use after a full collection.
used(P) ->
    settle(P),
    garbage_collect(P),
    {garbage_collection_info, I} = process_info(P, garbage_collection_info),
    proplists:get_value(heap_size, I).

settle(P) ->
    case process_info(P, [status, message_queue_len]) of
        [{status, waiting}, {message_queue_len, 0}] -> ok;
        _ -> erlang:yield(), settle(P)
    end.

config(Version) ->
    Data = [{Version, I, "some text that is a literal"} || I <- lists:seq(1, 20)],
    Forms = [{attribute, 1, module, load_config}, {attribute, 1, export, [{get, 0}]},
             {function, 1, get, 0, [{clause, 1, [], [], [erl_parse:abstract(Data)]}]}],
    {ok, load_config, Beam} = compile:forms(Forms, [binary]),
    Beam.
