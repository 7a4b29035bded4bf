%% Maps of up to 32 keys: syntax, matching, errors, order of printing.
-module(maps_small).
-export([main/0, id/1]).

main() ->
    M = id(#{a => 1, "b" => 2, {c} => 3, 4 => four, 5.0 => five, <<"k">> => v}),
    io:format("~w ~w~n", [map_size(M), maps:size(M)]),
    io:format("~p~n", [lists:sort(maps:to_list(M))]),
    #{a := A, {c} := C} = M,
    io:format("~w ~w~n", [A, C]),
    io:format("~w~n", [maps:get("b", M)]),
    io:format("~w ~w~n", [maps:get(none, M, default), maps:find(4, M)]),
    io:format("~w ~w~n", [maps:find(5, M), maps:find(5.0, M)]),
    io:format("~w ~w~n", [maps:is_key(a, M), is_map_key(b, M)]),
    M2 = M#{a := 10, new => yes},
    io:format("~p~n", [lists:sort(maps:to_list(M2))]),
    io:format("~w ~w~n", [map_get(a, M), map_get(a, M2)]),
    io:format("~kp~n", [maps:from_list([{x, 1}, {x, 2}, {y, 3}])]),
    io:format("~kp~n", [#{c => 3, a => 1, b => 2}]),
    io:format("~w~n", [#{3 => c, 1 => a, 2 => b}]),
    io:format("~p~n", [#{1 => a, 1.0 => b}]),
    io:format("~w~n", [lists:sort(maps:keys(#{z => 1, y => 2, x => 3}))]),
    io:format("~kp ~kp~n", [maps:remove(a, #{a => 1, b => 2}), maps:remove(q, #{a => 1})]),
    io:format("~kp ~kp~n", [maps:take(a, #{a => 1, b => 2}), maps:take(q, #{a => 1})]),
    [io:format("~w~n", [shape(X)]) || X <- [#{}, #{type => circle, r => 2}, #{type => rect, w => 2, h => 3}, #{type => rect, w => 2}, x]],
    [io:format("~w~n", [try F() catch K:R -> {K, R} end]) ||
        F <- [fun() -> maps:get(id(zz), M) end, fun() -> (id(M))#{zz := 1} end, fun() -> (id(x))#{a => 1} end,
              fun() -> (id([]))#{a := 1} end, fun() -> map_size(id([])) end, fun() -> maps:get(a, id(1)) end,
              fun() -> map_get(id(zz), M) end, fun() -> #{q := _} = id(M) end, fun() -> maps:put(a, 1, id(x)) end,
              fun() -> maps:from_list(id([a])) end, fun() -> maps:from_list(id(a)) end, fun() -> maps:keys(id(a)) end]],
    io:format("~w~n", [#{a => 1} =:= #{a => 1}]),
    io:format("~w ~w~n", [#{a => 1} == #{a => 1.0}, #{a => 1} =:= #{a => 1.0}]),
    io:format("~w ~w~n", [#{1 => 1, 2 => 2} < #{1 => 1, 3 => 0}, #{a => 5} < #{a => 1, b => 1}]),
    K = id(key),
    #{K := V} = #{key => found},
    io:format("~w~n", [V]),
    io:format("~w~n", [#{K => 1, {K, K} => 2}]),
    io:format("~w~n", [count("mississippi", #{})]),
    ok.

id(X) -> X.

shape(#{type := circle, r := R}) -> {area, 3 * R * R};
shape(#{type := rect, w := W, h := H}) -> {area, W * H};
shape(#{type := T}) -> {incomplete, T};
shape(M) when map_size(M) =:= 0 -> empty;
shape(_) -> not_a_map.

count([], M) -> M;
count([H | T], M) ->
    case M of
        #{H := N} -> count(T, M#{H := N + 1});
        _ -> count(T, M#{H => 1})
    end.
