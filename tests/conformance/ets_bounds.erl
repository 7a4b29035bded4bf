%% What specifications say of keys: parts of ordered sets, replacements that keep the key; continuations of any of the three, and of tables whose name another
%% has got; objects that a fixed table keeps.
-module(ets_bounds).
-export([main/0]).

main() -> parts(), replacements(), continuations(), kept(), neighbours(), emptied().

parts() ->
    T = ets:new(t, [ordered_set]),
    Keys = [{A, B, C} || A <- [1, 2.0, a, "s", [x | y]], B <- [1, b, {c}, []], C <- [1, 2, 3]],
    Others = [1, a, {1}, {1, 2}, {1, 1, 1, 1}, [], [1], [1, 2], [1, 2, 3], [1 | 2], "abc", #{a => 1}, <<1>>, {}, {[]}, {1, b, {c}}, {2, b, 1}],
    [ets:insert(T, {K, n}) || K <- Keys ++ Others],
    Patterns = [{1, '_', '_'}, {1, b, '$1'}, {2, '_', '_'}, {2.0, b, '_'}, {'_', b, 1}, {a, {c}, '_'}, {a, {'_'}, 2}, {[x | '_'], '_', 3}, {"s", '$1', '$1'},
                {z, '_', '_'}, {'$1', '$2'}, {'_'}, {'_', '_', '_', '_'}, [1 | '_'], [1, 2 | '$1'], [1, '_'], ['_' | 2], [1, '_', 3], ['$1', '$1'], [z | '_'], {1, '_', 2},
                {#{}, '_', '_'}, {1, [], '_'}],
    [begin
         S = [{{P, '_'}, [], ['$_']}],
         All = ets:select(T, S),
         Same = [ets:select_count(T, [{{P, '_'}, [], [true]}]) =:= length(All), ets:match_object(T, {P, '_'}) =:= All,
                 ets:select_reverse(T, S) =:= lists:reverse(All), chunks(ets:select(T, S, 2), fun ets:select/1) =:= All,
                 chunks(ets:select_reverse(T, S, 3), fun ets:select_reverse/1) =:= lists:reverse(All)],
         io:format("~w: ~w ~w~n", [P, [K || {K, _} <- All], Same])
     end || P <- Patterns],
    io:format("two: ~w~n", [ets:select(T, [{{{1, b, '_'}, '_'}, [], [x]}, {{[1 | '_'], '_'}, [], [y]}])]),
    io:format("deleted ~w, left ~w~n", [ets:select_delete(T, [{{{a, '_', '_'}, '_'}, [], [true]}]), ets:info(T, size)]).

chunks('$end_of_table', _) -> [];
chunks({L, C}, F) -> L ++ chunks(F(C), F).

replacements() ->
    Bodies = ['$_', {{'$1', new}}, {{'$2', '$1'}}, {{k, x}}, {const, {k, x}}, {const, {'$1', x}}, {{{element, 1, '$_'}, x}}, {{{element, 2, '$_'}, x}}, {{'$1'}}, '$1', {{{{'$1'}}, x}},
              {{{const, k}, x}}, {{'_', x}}, {{'$$', x}}, {{['$1'], x}}, [], {setelement, 2, '$_', x}, {{'$1', {{'$2'}}}}],
    [io:format("~w from ~w in ~w: ~w~n", [B, H, Type, replaced(Type, H, B)])
     || B <- Bodies, H <- [{'$1', '$2'}, {k, '$1'}, '_', '$1'], Type <- [set, ordered_set, duplicate_bag, bag]],
    [io:format("~w from ~w: ~w~n", [B, H, replaced(set, H, B)])
     || {H, B} <- [{{{'$1', '$2'}, '$3'}, {{{{'$1', '$2'}}, x}}}, {{{'$1', '$2'}, '$3'}, {{{{'$2', '$1'}}, x}}}, {{['$1' | '$2'], '_'}, {{['$1' | '$2'], x}}},
                   {{#{a => '$1'}, '_'}, {{#{a => '$1'}, x}}}, {{<<1>>, '_'}, {{<<1>>, x}}}, {{{a, 1}, '_'}, {const, {{a, 1}, x}}}, {{{a, 1}, '_'}, {{{const, {a, 1}}, x}}},
                   {{1.5, '_'}, {{1.5, x}}}]],
    io:format("~w~n", [catch_(fun() -> ets:select_replace(ets:new(t, []), []) end)]).

replaced(Type, Head, Body) ->
    T = ets:new(t, [Type]),
    ets:insert(T, [{k, 1}, {l, 2}, {{a, 1}, 3}, {[p | q], 4}, {<<1>>, 5}, {1.5, 6}]),
    R = catch_(fun() -> ets:select_replace(T, [{Head, [], [Body]}]) end),
    {R, lists:sort(ets:tab2list(T))}.

catch_(F) -> try F() catch C:E -> {C, E} end.

continuations() ->
    T = ets:new(named, [named_table, bag]),
    ets:insert(T, [{N rem 2, N} || N <- lists:seq(1, 9)]),
    {_, C} = ets:match(T, {'_', '$1'}, 4),
    {A, _} = ets:match(C),
    {A, _} = ets:select(C),
    {A, _} = ets:match_object(C),
    io:format("each goes on: ~w~n", [length(A)]),
    ets:rename(T, other),
    {A, _} = ets:match(C),
    ets:delete(other),
    io:format("~w~n", [catch_(fun() -> ets:match(C) end)]),
    ets:new(named, [named_table, bag]),
    io:format("~w~n", [catch_(fun() -> ets:match(C) end)]).

kept() ->
    T = ets:new(t, []),
    ets:insert(T, [{N} || N <- lists:seq(1, 100)]),
    ets:safe_fixtable(T, true),
    [ets:delete(T, N) || N <- lists:seq(1, 10)],
    io:format("~w ", [element(7, ets:info(T, stats))]),
    ets:delete_all_objects(T),
    io:format("~w ", [element(7, ets:info(T, stats))]),
    ets:safe_fixtable(T, false),
    io:format("~w~n", [element(7, ets:info(T, stats))]).

neighbours() ->
    [begin
         T = ets:new(t, [Type]),
         ets:insert(T, [{N, a} || N <- lists:seq(1, 3)]),
         [io:format("~w of ~w in ~w: ~w~n", [F, K, Type, catch_(fun() -> ets:F(T, K) end)])
          || F <- [next, prev, next_lookup, prev_lookup], K <- ['$end_of_table', 2, foo, [], 0], Type =:= ordered_set orelse K =:= '$end_of_table']
     end || Type <- [set, ordered_set, bag]].

emptied() ->
    [begin
         T = ets:new(t, [Type]),
         ets:insert(T, [{N} || N <- lists:seq(1, 1000)]),
         Before = ets:info(T, memory),
         N = ets:select_delete(T, [{'_', [], [true]}]),
         io:format("~w: ~w, ~w words, then ~w~n", [Type, N, Before, ets:info(T, memory)])
     end || Type <- [set, ordered_set, bag, duplicate_bag]].
