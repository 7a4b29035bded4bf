%% The door to the emulator's insides: closed, opened, wrong keys, limits; a leader that is dead.
-module(debug_internals).
-export([main/0]).

main() ->
    io:format("~p~n", [what(fun() -> erts_debug:get_internal_state(reds_left) end)]),
    io:format("~p~n", [what(fun() -> erts_debug:set_internal_state(binary_loop_limit, 5) end)]),
    io:format("~p~n", [erts_debug:set_internal_state(available_internal_state, true)]),
    io:format("~p~n", [erts_debug:set_internal_state(available_internal_state, true)]),
    Sets = [{ets_force_trap, true}, {binary_loop_limit, 5}, {binary_loop_limit, default}, {unicode_loop_limit, -1}, {wait, deallocations},
            {wait, for_nothing}, {nothing, x}, {available_internal_state, x}, {re_loop_limit, 7}, {re_loop_limit, 8}],
    [io:format("~p ~p~n", [S, what(fun() -> erts_debug:set_internal_state(K, V) end)]) || {K, V} = S <- Sets],
    [io:format("~p ~p~n", [K, what(fun() -> erts_debug:get_internal_state(K) end)]) ||
        K <- [flxctr_memory_usage, 'DbTable_words', available_internal_state, nothing, 1, "x"]],
    io:format("~p~n", [erts_debug:set_internal_state(available_internal_state, false)]),
    io:format("~p~n", [what(fun() -> erts_debug:get_internal_state(reds_left) end)]),
    Dead = spawn(fun() -> ok end),
    Live = spawn(fun() -> receive stop -> ok end end),
    timer:sleep(20),
    io:format("~p ~p~n", [what(fun() -> group_leader(Dead, Live) end), process_info(Live, group_leader) =:= {group_leader, Dead}]),
    io:format("~p~n", [what(fun() -> group_leader(Live, Dead) end)]).

what(F) ->
    try F() catch Class:Reason -> {Class, Reason} end.
