%% Tables that are fixed, change hands, and go with their owners.
-module(ets_fixed).
-export([main/0]).

main() ->
    T = ets:new(t, [public]),
    [ets:insert(T, {I, I}) || I <- lists:seq(1, 30)],
    ets:safe_fixtable(T, true),
    io:format("~w~n", [drain(T, ets:first(T))]),
    io:format("~w ~w~n", [ets:info(T, size), ets:info(T, fixed)]),
    [ets:insert(T, {I, again}) || I <- [30, 2, 17]],
    io:format("~w~n", [ets:tab2list(T)]),
    {_, Who} = ets:info(T, safe_fixed),
    io:format("~w~n", [[{P =:= self(), N} || {P, N} <- Who]]),
    ets:safe_fixtable(T, true),
    ets:safe_fixtable(T, false),
    io:format("~w~n", [ets:info(T, fixed)]),
    ets:safe_fixtable(T, false),
    io:format("~w ~w~n", [ets:info(T, fixed), ets:tab2list(T)]),
    {P, M} = spawn_monitor(fun() -> ets:safe_fixtable(T, true), exit(done) end),
    receive {'DOWN', M, process, P, done} -> ok end,
    timer:sleep(20),
    io:format("~w~n", [ets:info(T, fixed)]),
    %% A chunked traversal of a fixed table sees every object once, whatever is deleted meanwhile.
    [ets:insert(T, {I, I}) || I <- lists:seq(1, 30)],
    ets:safe_fixtable(T, true),
    io:format("~w~n", [lists:sort(chunks(T, ets:match(T, {'$1', '_'}, 4)))]),
    ets:safe_fixtable(T, false),
    io:format("~w~n", [ets:info(T, size)]),
    heirs(),
    rights(),
    named().

drain(_, '$end_of_table') -> [];
drain(T, K) ->
    ets:delete(T, K),
    [K | drain(T, ets:next(T, K))].

chunks(_, '$end_of_table') -> [];
chunks(T, {L, C}) ->
    [ets:delete(T, K) || [K] <- L],
    L ++ chunks(T, ets:match(C)).

heirs() ->
    Self = self(),
    {P, M} = spawn_monitor(fun() ->
        A = ets:new(a, [{heir, Self, {data, [1]}}]),
        B = ets:new(b, []),
        ets:insert(A, {k, v}),
        C = ets:new(c, [private]),
        ets:insert(C, {x}),
        ets:give_away(C, Self, gift),
        io:format("~w~n", [try ets:lookup(C, x) catch error:R -> R end]),
        Self ! {tables, A, B, C},
        receive stop -> ok end
    end),
    {A, B, C} = receive {tables, X, Y, Z} -> {X, Y, Z} end,
    receive {'ETS-TRANSFER', C, P, gift} -> io:format("~w~n", [ets:lookup(C, x)]) end,
    io:format("~w~n", [ets:info(C, owner) =:= Self]),
    P ! stop,
    receive {'DOWN', M, process, P, normal} -> ok end,
    receive {'ETS-TRANSFER', A, P, D} -> io:format("~w ~w~n", [D, ets:lookup(A, k)]) end,
    io:format("~w ~w~n", [ets:info(A, owner) =:= Self, ets:info(B)]),
    io:format("~w~n", [try ets:give_away(A, Self, x) catch error:R -> R end]),
    io:format("~w~n", [try ets:give_away(A, P, x) catch error:R2 -> R2 end]).

rights() ->
    Self = self(),
    Tabs = [ets:new(t, [P]) || P <- [private, protected, public]],
    [ets:insert(T, {k, 1}) || T <- Tabs],
    spawn(fun() ->
        R = [{[try ets:lookup(T, k) catch error:E -> E end, try ets:insert(T, {k, 2}) catch error:E2 -> E2 end,
               try ets:delete(T) catch error:E3 -> E3 end, ets:info(T, size)]} || T <- Tabs],
        Self ! {rights, R}
    end),
    receive {rights, R} -> io:format("~w~n", [R]) end,
    [T | _] = Tabs,
    ets:setopts(T, {protection, public}),
    spawn(fun() -> ets:insert(T, {k, 3}), Self ! done end),
    receive done -> io:format("~w~n", [ets:lookup(T, k)]) end.

named() ->
    one = ets:new(one, [named_table, ordered_set, {keypos, 2}]),
    ets:insert(one, {x, 1}),
    io:format("~w ~w~n", [ets:lookup(one, 1), ets:whereis(one) =/= undefined]),
    two = ets:rename(one, two),
    io:format("~w ~w~n", [ets:lookup(two, 1), ets:whereis(one)]),
    io:format("~w~n", [lists:sort([T || T <- ets:all(), T =:= two orelse T =:= one])]),
    io:format("~w~n", [try ets:new(two, [named_table]) catch error:R -> R end]),
    Info = ets:info(two),
    io:format("~w~n", [[{K, V} || {K, V} <- Info, lists:member(K, [name, size, named_table, type, keypos, protection, heir])]]),
    ets:delete(two),
    io:format("~w ~w~n", [ets:info(two), ets:info(two, size)]).
