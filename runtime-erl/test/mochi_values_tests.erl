-module(mochi_values_tests).
-include_lib("eunit/include/eunit.hrl").

v(L) -> mochi_list:from_list(L).
l(V) -> mochi_list:to_list(V).

option_test() ->
    ?assertEqual(nil, mochi_option:none()),
    ?assert(mochi_option:is_some(0)),
    ?assert(mochi_option:is_none(nil)),
    ?assertEqual(1, mochi_option:unwrap(1)),
    ?assertError({mochi, <<"unwrap of none">>}, mochi_option:unwrap(nil)),
    ?assertEqual([1, 2, 3, 4], [mochi_option:unwrap_or(1, 9), mochi_option:unwrap_or(nil, 2),
                                mochi_option:unwrap_or_else(nil, fun() -> 3 end), mochi_option:unwrap_or_else(4, fun() -> 3 end)]),
    ?assertEqual([2, nil], [mochi_option:map(fun(X) -> X + 1 end, O) || O <- [1, nil]]),
    ?assertEqual([nil, nil], [mochi_option:and_then(O, fun(_) -> nil end) || O <- [1, nil]]),
    ?assertEqual([1, 2], [mochi_option:or_else(O, 2) || O <- [1, nil]]),
    ?assertEqual([1, nil, nil], [mochi_option:filter(fun(X) -> X < 2 end, O) || O <- [1, 2, nil]]),
    ?assertEqual([[1], []], [l(mochi_option:to_list(O)) || O <- [1, nil]]),
    ?assertEqual([1, nil, nil, nil], [mochi_option:from_result(R) || R <- [{ok, 1}, {error, x}, error, undefined]]),
    ?assertEqual([1, 2], l(mochi_option:zip(1, 2))),
    ?assertEqual([nil, nil], [mochi_option:zip(1, nil), mochi_option:zip(nil, 1)]).

set_test() ->
    S = mochi_set:from_list(v([3, 1, 2, 1, 1.0, <<"a">>])),
    ?assertEqual([1, 2, 3, <<"a">>], l(mochi_set:to_list(S))),
    ?assertEqual(4, mochi_set:size(S)),
    ?assert(mochi_set:has(S, 1.0)),
    ?assertNot(mochi_set:has(mochi_set:remove(S, 1), 1)),
    T = mochi_set:from_list(v([2, 5])),
    ?assertEqual([1, 2, 3, 5, <<"a">>], l(mochi_set:to_list(mochi_set:union(S, T)))),
    ?assertEqual([2], l(mochi_set:to_list(mochi_set:intersect(S, T)))),
    ?assertEqual([5], l(mochi_set:to_list(mochi_set:except(T, S)))),
    ?assertEqual({false, true}, {mochi_set:is_subset(T, S), mochi_set:is_subset(mochi_set:new(), S)}),
    ?assert(mochi_set:is_disjoint(T, mochi_set:from_list(v([9])))),
    ?assert(mochi_set:equal(T, mochi_set:from_list(v([5, 2.0])))),
    ?assertEqual([4, 10], l(mochi_set:to_list(mochi_set:map(fun(X) -> 2 * X end, T)))),
    ?assertEqual([5], l(mochi_set:to_list(mochi_set:filter(fun(X) -> X > 2 end, T)))),
    ?assertEqual([5, 2], mochi_set:fold(fun(X, A) -> [X | A] end, [], T)),
    %% Aggregates are elements by their value.
    ?assertEqual(1, mochi_set:size(mochi_set:from_list(v([v([1]), v([1.0]), mochi_cell:new(v([1]))])))).

omap_test() ->
    M = mochi_omap:from_list([{<<"b">>, 1}, {<<"a">>, 2}, {7, 3}, {<<"b">>, 4}]),
    ?assertEqual([{<<"b">>, 4}, {<<"a">>, 2}, {<<"7">>, 3}], mochi_omap:to_list(M)),
    ?assertEqual([<<"b">>, <<"a">>, <<"7">>], l(mochi_omap:keys(M))),
    ?assertEqual([4, 2, 3], l(mochi_omap:values(M))),
    ?assertEqual({3, 3, nil, x}, {mochi_omap:size(M), mochi_omap:get(M, <<"7">>), mochi_omap:get(M, q), mochi_omap:get(M, q, x)}),
    ?assertEqual({{<<"b">>, 4}, {<<"7">>, 3}}, {mochi_omap:first(M), mochi_omap:last(M)}),
    ?assertEqual({nil, nil}, {mochi_omap:first(mochi_omap:new()), mochi_omap:last(mochi_omap:new())}),
    N = mochi_omap:put(mochi_omap:remove(M, <<"b">>), <<"b">>, 0),
    ?assertEqual([<<"a">>, <<"7">>, <<"b">>], l(mochi_omap:keys(N))),
    ?assertEqual(N, mochi_omap:remove(N, <<"none">>)),
    ?assert(mochi_omap:has(M, 7)),
    ?assertEqual([5, 3, 4], l(mochi_omap:values(mochi_omap:map(fun(_, V) -> V + 1 end, M)))),
    ?assertEqual([<<"b">>], l(mochi_omap:keys(mochi_omap:filter(fun(_, V) -> V > 3 end, M)))),
    ?assertEqual(<<"ba7">>, mochi_omap:fold(fun(K, _, A) -> <<A/binary, K/binary>> end, <<>>, M)),
    ?assertEqual([{<<"b">>, 0}, {<<"a">>, 2}, {<<"7">>, 3}], mochi_omap:to_list(mochi_omap:merge(M, N))),
    ?assert(mochi_omap:equal(M, M)),
    ?assertNot(mochi_omap:equal(M, N)).

time_test() ->
    S = 1_000_000_000,
    T = mochi_time:time(2024, 2, 29, 12, 30, 15),
    ?assertEqual(1709209815 * S, T),
    ?assertEqual(<<"2024-02-29T12:30:15Z">>, mochi_time:format(T)),
    ?assertEqual(<<"2024-02-29T12:30:15.05Z">>, mochi_time:format(T + 50_000_000)),
    ?assertEqual(T, mochi_time:parse(<<"2024-02-29T13:30:15+01:00">>)),
    ?assertEqual(T + 1, mochi_time:parse(mochi_time:format(T + 1))),
    ?assertEqual(<<"1969-12-31T23:59:59.999999999Z">>, mochi_time:format(-1)),
    ?assertEqual(-1, mochi_time:unix(-1)),
    ?assertEqual(T, mochi_time:from_unix(1709209815)),
    ?assertEqual(4, mochi_time:weekday(T)),
    ?assertMatch(#{<<"year">> := 2024, <<"month">> := 2, <<"day">> := 29, <<"hour">> := 12, <<"weekday">> := 4}, mochi_time:fields(T)),
    ?assertEqual(mochi_time:date(2024, 3, 1), mochi_time:add(mochi_time:date(2024, 2, 29), mochi_time:days(1))),
    ?assertEqual(mochi_time:hours(24), mochi_time:diff(mochi_time:date(2024, 3, 1), mochi_time:date(2024, 2, 29))),
    ?assertEqual(mochi_time:date(2024, 2, 29), mochi_time:truncate(T, mochi_time:days(1))),
    ?assertEqual([1, 1000, 1500000, 1500000000, 60 * S, 3600 * S],
                 [mochi_time:ns(1), mochi_time:us(1), mochi_time:ms(1.5), mochi_time:seconds(1.5), mochi_time:minutes(1), mochi_time:hours(1)]),
    ?assert(is_integer(mochi_time:now())).

wrong_times_test_() ->
    [?_assertError({mochi, _}, F())
     || F <- [fun() -> mochi_time:date(2023, 2, 29) end, fun() -> mochi_time:date(0, 1, 1) end, fun() -> mochi_time:time(2023, 1, 1, 24, 0, 0) end,
              fun() -> mochi_time:date(2023, x, 1) end, fun() -> mochi_time:parse(<<"yesterday">>) end, fun() -> mochi_time:parse(5) end,
              fun() -> mochi_time:parse(<<"2023-01-01T99:00:00Z">>) end,
              fun() -> mochi_time:format(1 bsl 80) end, fun() -> mochi_time:seconds(<<"1">>) end, fun() -> mochi_time:truncate(1, 0) end,
              fun() -> mochi_time:sleep(<<"1s">>) end]
         ++ [fun() -> mochi_time:parse_duration(D) end
             || D <- [<<>>, <<"1">>, <<"h">>, <<"1.s">>, <<"-">>, <<"1x">>, <<"1h ">>, <<"1..5s">>, 5, <<"--1s">>, <<"12345678901234567890123s">>]]].

durations_test() ->
    Both = [{0, <<"0s">>}, {1, <<"1ns">>}, {1500, <<"1.5us">>}, {250_000_000, <<"250ms">>}, {1_500_000_000, <<"1.5s">>},
            {61_000_000_000, <<"1m1s">>}, {5_400_000_000_000, <<"1h30m0s">>}, {-2000, <<"-2us">>}, {90_000_000_000_000, <<"25h0m0s">>}],
    [?assertEqual({D, T}, {mochi_time:parse_duration(T), mochi_time:format_duration(D)}) || {D, T} <- Both],
    ?assertEqual(mochi_time:days(1), mochi_time:parse_duration(<<"1d">>)),
    ?assertEqual(2000, mochi_time:parse_duration(<<"2µs"/utf8>>)),
    ?assertEqual(0, mochi_time:parse_duration(<<"0">>)).

sleep_serves_test() ->
    test_program:run(fun() ->
                             put('$g:x', 5),
                             A = mochi_agent:new(mochi_main_test:spec(), []),
                             Root = self(),
                             spawn(fun() -> put('$mochi_root', Root), Root ! {answer, mochi_agent:call(A, 'Counter.global', [])} end),
                             nil = mochi_time:sleep(mochi_time:ms(300)),
                             receive {answer, 5} -> ok after 0 -> error(not_served) end
                     end).

strings_test() ->
    ?assertEqual(<<"bc">>, mochi_str:slice(<<"abcd">>, 1, 2)),
    ?assertEqual(<<"ß"/utf8>>, mochi_str:to_lower(<<"ß"/utf8>>)),
    ?assertEqual(<<"SS">>, mochi_str:to_upper(<<"ß"/utf8>>)),
    ?assertEqual(2, mochi_list:length([a, b])),
    ?assertEqual(3, mochi_list:length(v([a, b, c]))),
    ?assertEqual(0, mochi_list:length(nil)).

own_test() ->
    Big = binary:copy(<<"0123456789">>, 1000),
    Part = binary:part(Big, 100, 200),
    Value = {a, [Part | Part], #{Part => {Part}}, 5},
    ?assert(binary:referenced_byte_size(Part) > 200),
    {a, [P1 | P2], M, 5} = Owned = mochi_str:own(Value),
    ?assertEqual(Value, Owned),
    [{P3, {P4}}] = maps:to_list(M),
    [?assertEqual(200, binary:referenced_byte_size(P)) || P <- [P1, P2, P3, P4, mochi_str:copy(Part), mochi_str:own(Part)]],
    %% What borrows nothing stays the same term.
    ?assert(erts_debug:same(Owned, mochi_str:own(Owned))).

cache_test() ->
    C = {cache, make_ref()},
    Count = counters:new(1, []),
    F = fun() -> counters:add(Count, 1, 1), counters:get(Count, 1) end,
    ?assertEqual([1, 1, 2], [mochi_cache:memo(C, v([1]), F), mochi_cache:memo(C, v([1.0]), F), mochi_cache:memo(C, 2, F)]),
    ?assertEqual(2, mochi_cache:size(C)),
    ok = mochi_cache:put(C, 2, x),
    ?assertEqual({ok, x}, mochi_cache:get(C, 2)),
    ok = mochi_cache:remove(C, 2),
    ok = mochi_cache:remove(C, 2),
    ?assertEqual(error, mochi_cache:get(C, 2)),
    ?assertEqual(1, mochi_cache:size(C)),
    %% The oldest go when the limit is reached.
    [mochi_cache:put(C, N, N, #{limit => 3}) || N <- lists:seq(10, 15)],
    ?assertEqual([error, error, error, {ok, 13}, {ok, 14}, {ok, 15}], [mochi_cache:get(C, N) || N <- lists:seq(10, 15)]),
    ok = mochi_cache:clear(C),
    ?assertEqual({0, error}, {mochi_cache:size(C), mochi_cache:get(C, 15)}),
    %% Over its time.
    ok = mochi_cache:put(C, t, 1, #{ttl => 1}),
    timer:sleep(5),
    ?assertEqual(error, mochi_cache:get(C, t)),
    ok = mochi_cache:put(C, t, 1, #{ttl => 100_000}),
    ?assertEqual({ok, 1}, mochi_cache:get(C, t)),
    ?assertEqual(0, mochi_cache:size(another)).

cache_of_many_processes_test() ->
    C = {cache, make_ref()},
    Results = mochi_async:map(fun(N) -> mochi_cache:memo(C, N rem 10, fun() -> N rem 10 end, #{limit => 5}) end, lists:seq(1, 200), 20),
    ?assertEqual([N rem 10 || N <- lists:seq(1, 200)], Results),
    ?assert(mochi_cache:size(C) =< 25).

query_test() ->
    ?assertEqual(v([1, 2]), mochi_query:execute(<<"q">>, fun() -> v([1, 2]) end)),
    ?assertEqual(7, mochi_query:execute(<<"q">>, fun() -> 7 end)),
    %% A large result is followed by a collection.
    {garbage_collection_info, Before} = process_info(self(), garbage_collection_info),
    R = mochi_query:execute(<<"q">>, fun() -> v(lists:seq(1, 100_000)) end),
    ?assertEqual(100_000, mochi_list:size(R)),
    ?assert(is_list(Before)),
    {garbage_collection, G} = process_info(self(), garbage_collection),
    ?assertEqual(0, proplists:get_value(minor_gcs, G)).

%%% What our VM does itself is what the functions do that do every case.

same(M, F, G, Args) ->
    ?assertEqual({F, Args, answer(fun() -> apply(M, G, Args) end)}, {F, Args, answer(fun() -> apply(M, F, Args) end)}).

answer(F) ->
    try {ok, F()} catch C:R -> {C, R} end.

shapes() ->
    Whole = [v(lists:seq(1, N)) || N <- [0, 1, 2, 15, 16, 17, 32, 33, 255, 256, 257, 272, 273, 4096, 4097, 4113]],
    Cut = [mochi_list:slice(V, A, mochi_list:size(V)) || V <- Whole, A <- [1, 7, 16, 40], A < mochi_list:size(V)],
    Whole ++ Cut.

vectors_native_test() ->
    [begin
         Size = mochi_list:size(V),
         Is = lists:usort([0, 1, 14, 15, 16, 17, 255, 256, 300, Size div 2, Size - 17, Size - 16, Size - 1, Size, -1, -Size, -Size - 1, 1 bsl 70]),
         [begin
              same(mochi_ref, index, index_any, [V, I]),
              ?assertEqual(answer(fun() -> mochi_ref:index_any(V, I) end), answer(fun() -> mochi_list:at(V, I) end)),
              same(mochi_ref, index_for_set, index_for_set_any, [V, I]),
              [begin
                   same(mochi_ref, set_index, set_index_any, [V, I, x, 0]),
                   same(mochi_ref, set_index, set_index_any, [V, I, x, 1]),
                   same(mochi_ref, put_index, put_index_any, [V, I, x])
               end || I < Size + 20]
          end || I <- Is],
         same(mochi_ref, iter, iter_any, [V]),
         same(mochi_list, from_reversed, from_reversed_any, [l(V)]),
         same(mochi_list, append, append_any, [V, y])
     end || V <- shapes()],
    ok.

kinds_native_test() ->
    Maps = [#{}, #{1 => a, <<"k">> => b, <<>> => c}, maps:from_list([{N, N} || N <- lists:seq(1, 50)])],
    Keys = [1, 7, -1, <<"1">>, <<"k">>, <<>>, <<"-1">>, <<"01">>, 1.5, nil, 1 bsl 80],
    Values = Maps ++ [nil, 5, 1.5, true, <<"abc">>, {'$group', 1, v([1])}, {'$group', {'P', {m, <<"P">>, #{<<"k">> => 3}, []}, 9, 8}, v([])}, {'P', {m, <<"P">>, #{<<"k">> => 3}, []}, 9}],
    [begin
         same(mochi_ref, index, index_any, [V, K]),
         same(mochi_ref, index_for_set, index_for_set_any, [V, K]),
         same(mochi_ref, set_index, set_index_any, [V, K, x, 0]),
         V =/= nil andalso same(mochi_ref, set_index, set_index_any, [V, K, x, 7]),
         same(mochi_ref, put_index, put_index_any, [V, K, x]),
         is_binary(K) andalso
             begin
                 same(mochi_ref, field, field_any, [V, K]),
                 [?assertEqual(answer(fun() -> mochi_ref:field_any(V, <<"k">>) end), answer(fun() -> mochi_ref:field_at(V, <<"k">>, 'P', 3) end))
                  || is_tuple(V), element(1, V) =:= 'P'],
                 same(mochi_ref, set_field, set_field_any, [V, K, x, 0]),
                 V =/= nil andalso same(mochi_ref, set_field, set_field_any, [V, K, x, 7]),
                 same(mochi_ref, put_field, put_field_any, [V, K, x])
             end
     end || V <- Values, K <- Keys],
    [same(mochi_list, append, append_any, [V, x]) || V <- Values],
    ok.

strings_native_test() ->
    Long = binary:copy(<<"abcdefgh">>, 700),
    Wide = unicode:characters_to_binary(lists:duplicate(100, [16#E9, $a, 16#1F363])),
    Part = binary:part(Long, 3, 100),
    Strings = [<<>>, <<"a">>, <<"h", 16#E9/utf8, "llo">>, Long, Wide, <<Wide/binary, Long/binary>>, Part],
    [begin
         same(mochi_str, len, len_any, [S]),
         same(mochi_ref, iter, iter_any, [S]),
         [same(mochi_num, add, add_any, [S, T]) || T <- Strings ++ [5, 1.5, nil, v([1])]],
         [same(mochi_ref, index, index_any, [S, I]) || I <- [0, 1, 2, 4, 5, 99, 299, 300, 5599, -1, -3, <<"1">>, 1 bsl 70]],
         [same(mochi_str, sub, sub_any, [S, A, B]) || A <- [0, 1, 3, 250, 6000], B <- [0, 1, 4, 90, 299, 5000, 9000]]
     end || S <- Strings],
    ok.

cells_native_test() ->
    C = mochi_cell:new(v([1, 2, 3])),
    ?assertEqual(2, mochi_ref:index(C, 1)),
    ?assertEqual(C, mochi_ref:set_index(C, 1, 9, 1)),
    ?assertEqual(C, mochi_ref:put_index(C, 5, 6)),
    ?assertEqual([1, 9, 3, nil, nil, 6], l(mochi_cell:get(C))),
    M = mochi_cell:new(#{}),
    [?assertEqual(M, mochi_ref:set_index(M, K, C, 2)) || K <- [1, <<"1">>, <<"b">>]],
    ?assertEqual(#{1 => C, <<"b">> => C}, mochi_cell:get(M)),
    ?assertEqual([1, 9, 3, nil, nil, 6, 7], l(mochi_list:append(C, 7))),
    ?assertEqual(ok, mochi_cell:set(M, 5)),
    ?assertEqual(5, mochi_cell:get(M)),
    ?assertError(_, mochi_ref:index(M, 0)),
    S = mochi_cell:new({'P', {m, <<"P">>, #{<<"k">> => 3}, [{<<"k">>, 3}]}, 9}),
    ?assertEqual(9, mochi_ref:field(S, <<"k">>)),
    ?assertEqual([9, 9, 9, nil], [mochi_ref:field_at(S, K, T, P) || {K, T, P} <- [{<<"k">>, 'P', 3}, {<<"k">>, 'Q', 3}, {<<"k">>, 'P', 9}, {<<"z">>, 'R', 3}]]),
    ?assertEqual(S, mochi_ref:set_field(S, <<"k">>, S, 7)),
    ?assertEqual(S, mochi_ref:put_field(S, <<"k">>, 10)),
    ?assertEqual([10, nil], [mochi_ref:field(S, K) || K <- [<<"k">>, <<"z">>]]),
    ?assertEqual([1, 9, 3, nil, nil, 6], mochi_ref:iter(C)),
    %% Many changes, with collections between them.
    lists:foreach(fun(N) -> mochi_ref:set_index(C, N rem 5000, {N, N}, 1) end, lists:seq(0, 60000)),
    ?assertEqual({60000, 60000}, mochi_ref:index(C, 0)),
    ?assertEqual({59999, 59999}, mochi_ref:index(C, -1)).

%% Terms that look like vectors and aren't: an error, never another program's memory.
broken_vectors_test() ->
    Broken = [{'$v', 100, 4, {}, {}}, {'$v', 100, 4, {{}}, {1}}, {'$v', 5, 4000, {1}, {}}, {'$v', 5, -4, {1}, {}}, {'$v', 5, 3, {1}, {}},
              {'$v', 40, 8, {{1}}, {1, 2}}, {'$v', -1, 4, {}, {1}}, {'$v', 3, 4, {}, not_a_tuple}, {'$v', 3, {4, -7}, {}, {1, 2, 3}},
              {'$v', 3, {x, y}, {}, {1}}, {'$v', 1 bsl 61, 4, {1}, {1}}, {'$v', a, b, c, d}, {'$cell', self(), 1 bsl 70}],
    [answer(fun() -> mochi_ref:iter(V) end) || {_, Size, _, _, _} = V <- Broken, is_integer(Size), Size < 1000],
    [answer(fun() -> mochi_ref:index(V, I) end) || V <- Broken, I <- [0, 1, 17, 39, -1, 99]],
    [answer(fun() -> mochi_list:at(V, I) end) || V <- Broken, I <- [0, 1, 17, 39, -1, 99]],
    [answer(fun() -> mochi_ref:set_index(V, I, x, 0) end) || {_, Size, _, _, _} = V <- Broken, I <- [0, 1, 17, 39], I < Size],
    [answer(fun() -> mochi_list:append(V, x) end) || {_, _, 4, _, _} = V <- Broken],
    ok.
