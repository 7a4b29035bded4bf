%% Records: defaults, updates, matching, nesting, record_info, in guards.
-module(records).
-export([main/0, id/1]).
-record(point, {x = 0, y = 0}).
-record(line, {from = #point{}, to :: #point{} | undefined, tags = []}).
-record(empty, {}).

main() ->
    P = #point{x = 3},
    io:format("~w ~w ~w~n", [P, P#point.x, P#point.y]),
    Q = P#point{y = 4},
    io:format("~w ~w~n", [Q, dist(Q)]),
    L = #line{to = Q},
    io:format("~w~n", [L]),
    io:format("~w~n", [L#line.to#point.y]),
    io:format("~w~n", [L#line{from = P, tags = [a | L#line.tags]}]),
    io:format("~w~n", [(L#line.to)#point{x = 100}]),
    #line{from = #point{x = FX}, to = #point{y = TY}} = L,
    io:format("~w ~w~n", [FX, TY]),
    io:format("~w ~w~n", [record_info(fields, point), record_info(size, line)]),
    io:format("~w ~w~n", [#point.x, #point.y]),
    io:format("~w~n", [#empty{}]),
    io:format("~w~n", [[kind(id(X)) || X <- [P, L, #empty{}, {point, 1}, {point, 1, 2, 3}, point, {line, 1, 2, 3}]]]),
    io:format("~w~n", [is_record(id(P), point)]),
    io:format("~w~n", [is_record(id({point, 1, 2}), point, 3)]),
    io:format("~w~n", [lists:keysort(#point.y, [#point{y = 3}, #point{y = 1}, #point{y = 2}])]),
    io:format("~w~n", [[X || #point{x = X} <- [P, L, Q]]]),
    io:format("~w~n", [#point{_ = 7}]),
    io:format("~w~n", [try (id(L))#point.x catch C:R -> {C, R} end]),
    io:format("~w~n", [try (id({point, 1}))#point{x = 2} catch C2:R2 -> {C2, R2} end]),
    io:format("~w~n", [walk(1000, #line{from = #point{}, to = #point{}})]),
    ok.

id(X) -> X.

dist(#point{x = X, y = Y}) -> math:sqrt(X * X + Y * Y).

kind(#point{}) -> point;
kind(R) when is_record(R, line) -> {line, R#line.tags};
kind(R) when R =:= #empty{} -> empty;
kind(_) -> other.

walk(0, L) -> L;
walk(N, #line{from = F, to = T} = L) ->
    walk(N - 1, L#line{from = F#point{x = F#point.x + 1}, to = T#point{y = T#point.y + F#point.x}}).
