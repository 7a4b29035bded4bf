%% Persistent terms: no words of any heap until they are erased or replaced; then exactly theirs.
-module(mem_persistent).
-export([main/0]).

main() ->
    in_process(fun persistent/0),
    in_process(fun persistent_replaced/0),
    in_process(fun sizes/0).

in_process(F) ->
    {P, M} = spawn_monitor(F),
    receive {'DOWN', M, process, P, Why} -> io:format("~p~n", [Why]) end.

%% Words in use after a full collection.
used(P) ->
    settle(P),
    garbage_collect(P),
    {garbage_collection_info, I} = process_info(P, garbage_collection_info),
    proplists:get_value(heap_size, I).

settle(P) ->
    case process_info(P, status) of
        {status, waiting} -> ok;
        _ -> erlang:yield(), settle(P)
    end.

hold(T) ->
    receive
        drop -> hold(nothing);
        {check, P} -> P ! ok, hold(T);
        {get, P} -> P ! T, hold(T)
    end.

persistent() ->
    Term = {lists:seq(1, 100), "text"},
    persistent_term:put(mem_term, Term),
    Holder = spawn(fun() -> hold(persistent_term:get(mem_term)) end),
    Empty = spawn(fun() -> hold(nothing) end),
    Before = used(Holder) - used(Empty),
    persistent_term:erase(mem_term),
    timer:sleep(50),
    io:format("persistent term of ~p words: held ~p, erased ~p~n",
              [erts_debug:flat_size(Term), Before, used(Holder) - used(Empty)]).

persistent_replaced() ->
    persistent_term:put(mem_term, lists:seq(1, 50)),
    Holder = spawn(fun() -> hold(persistent_term:get(mem_term)) end),
    Empty = spawn(fun() -> hold(nothing) end),
    Before = used(Holder) - used(Empty),
    persistent_term:put(mem_term, lists:seq(1, 50)),
    timer:sleep(50),
    Same = used(Holder) - used(Empty),
    persistent_term:put(mem_term, lists:seq(1, 60)),
    timer:sleep(50),
    io:format("replaced: ~w~n", [[Before, Same, used(Holder) - used(Empty)]]),
    persistent_term:erase(mem_term).

sizes() ->
    persistent_term:put(mem_a, 1),
    A = persistent_term:info(),
    persistent_term:put(mem_b, lists:seq(1, 100)),
    B = persistent_term:info(),
    io:format("~p more words in bytes, ~p more terms~n",
              [(maps:get(memory, B) - maps:get(memory, A)) > 100 * 16, maps:get(count, B) - maps:get(count, A)]),
    persistent_term:erase(mem_a),
    persistent_term:erase(mem_b).
