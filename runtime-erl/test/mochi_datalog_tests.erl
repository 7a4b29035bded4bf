-module(mochi_datalog_tests).
-include_lib("eunit/include/eunit.hrl").

v(N) -> {var, N}.
rows(Vec) -> mochi_list:to_list(Vec).

db(Facts, Rules) ->
    Db = mochi_datalog:new(),
    [ok = mochi_datalog:fact(Db, N, Vs) || {N, Vs} <- Facts],
    [ok = mochi_datalog:rule(Db, H, C) || {H, C} <- Rules],
    Db.

edges(Es) -> [{<<"edge">>, [A, B]} || {A, B} <- Es].
path() ->
    [{{<<"path">>, [v(<<"x">>), v(<<"y">>)]}, [{<<"edge">>, [v(<<"x">>), v(<<"y">>)]}]},
     {{<<"path">>, [v(<<"x">>), v(<<"z">>)]}, [{<<"path">>, [v(<<"x">>), v(<<"y">>)]}, {<<"edge">>, [v(<<"y">>), v(<<"z">>)]}]}].

recursion_test() ->
    Db = db(edges([{1, 2}, {2, 3}, {3, 4}]), path()),
    ?assertEqual([#{<<"y">> => 2}, #{<<"y">> => 3}, #{<<"y">> => 4}], rows(mochi_datalog:query(Db, <<"path">>, [1, v(<<"y">>)]))),
    ?assertEqual([#{}], rows(mochi_datalog:query(Db, <<"path">>, [1, 4]))),
    ?assertEqual([], rows(mochi_datalog:query(Db, <<"path">>, [4, 1]))),
    ?assertEqual([], rows(mochi_datalog:query(Db, <<"nothing">>, [v(<<"x">>)]))),
    ?assertEqual(6, mochi_datalog:count(Db, <<"path">>, [v(<<"x">>), v(<<"y">>)])),
    ?assertEqual([{<<"edge">>, 2, 3}, {<<"path">>, 2, 6}], mochi_datalog:relations(Db)),
    %% A later fact takes effect in later queries.
    ok = mochi_datalog:fact(Db, <<"edge">>, [4, 5]),
    ok = mochi_datalog:fact(Db, <<"edge">>, [4, 5]),
    ?assertEqual(4, mochi_datalog:count(Db, <<"path">>, [1, v(<<"y">>)])),
    ok = mochi_datalog:delete(Db).

cycles_end_test() ->
    Db = db(edges([{N, (N + 1) rem 20} || N <- lists:seq(0, 19)]), path()),
    ?assertEqual(400, mochi_datalog:count(Db, <<"path">>, [v(<<"x">>), v(<<"y">>)])),
    ?assertEqual(20, mochi_datalog:count(Db, <<"path">>, [v(<<"x">>), v(<<"x">>)])),
    mochi_datalog:delete(Db),
    %% A rule that only follows from itself.
    Self = db([], [{{<<"p">>, [v(<<"x">>)]}, [{<<"p">>, [v(<<"x">>)]}]}]),
    ?assertEqual(0, mochi_datalog:count(Self, <<"p">>, [v(<<"x">>)])),
    mochi_datalog:delete(Self).

comparisons_test() ->
    Ns = [{<<"n">>, [N]} || N <- lists:seq(1, 5)],
    Pairs = fun(Test) ->
                    Db = db(Ns, [{{<<"q">>, [v(<<"a">>), v(<<"b">>)]},
                                  [{<<"n">>, [v(<<"a">>)]}, {<<"n">>, [v(<<"b">>)]}, Test]}]),
                    N = mochi_datalog:count(Db, <<"q">>, [v(<<"a">>), v(<<"b">>)]),
                    mochi_datalog:delete(Db),
                    N
            end,
    [A, B] = [v(<<"a">>), v(<<"b">>)],
    ?assertEqual([5, 20, 10, 15, 10, 15], [Pairs({Op, A, B}) || Op <- ['==', '!=', '<', '<=', '>', '>=']]),
    %% A negated comparison is the opposite one, however often it is negated.
    ?assertEqual([20, 5, 15, 10, 15, 10], [Pairs({'not', {Op, A, B}}) || Op <- ['==', '!=', '<', '<=', '>', '>=']]),
    ?assertEqual(5, Pairs({'not', {'not', {'==', A, B}}})),
    ?assertEqual(10, Pairs({'<', A, 3})).

negation_test() ->
    Db = db([{<<"node">>, [N]} || N <- lists:seq(1, 4)] ++ edges([{1, 2}, {2, 3}]),
            path() ++ [{{<<"apart">>, [v(<<"a">>), v(<<"b">>)]},
                        [{<<"node">>, [v(<<"a">>)]}, {<<"node">>, [v(<<"b">>)]}, {'not', {<<"path">>, [v(<<"a">>), v(<<"b">>)]}}]}]),
    ?assertEqual(16 - 3, mochi_datalog:count(Db, <<"apart">>, [v(<<"a">>), v(<<"b">>)])),
    ?assertEqual([#{<<"b">> => 1}, #{<<"b">> => 4}], rows(mochi_datalog:query(Db, <<"apart">>, [1, v(<<"b">>)]))),
    mochi_datalog:delete(Db).

what_is_wrong_is_told_test_() ->
    One = fun(Head, Conditions) -> fun() -> mochi_datalog:rule(mochi_datalog:new(), Head, Conditions) end end,
    P = {<<"p">>, [v(<<"x">>)]},
    [?_assertError({mochi, _}, F())
     || F <- [One(P, []), One(P, [{'<', v(<<"x">>), 3}]), One(P, [{'not', P}]), One({<<"q">>, [v(<<"y">>)]}, [P]), One(P, [nonsense]),
              One({<<"q">>, []}, [P, {'<', v(<<"z">>), 3}]), One({<<"q">>, []}, [P, {'~', v(<<"x">>), 3}]),
              fun() -> mochi_datalog:fact(mochi_datalog:new(), <<"p">>, [1.5]) end,
              fun() -> mochi_datalog:fact(mochi_datalog:new(), <<"p">>, [v(<<"x">>)]) end,
              %% Negation through a recursion has no meaning.
              fun() ->
                      Db = db([{<<"n">>, [1]}], [{P, [{<<"n">>, [v(<<"x">>)]}, {'not', {<<"q">>, [v(<<"x">>)]}}]},
                                                 {{<<"q">>, [v(<<"x">>)]}, [{<<"n">>, [v(<<"x">>)]}, {'not', P}]}]),
                      mochi_datalog:query(Db, <<"p">>, [v(<<"x">>)])
              end]].

a_rule_without_conditions_is_a_fact_test() ->
    Db = db([], [{{<<"p">>, [1, <<"a">>]}, []}]),
    ?assertEqual([#{<<"x">> => <<"a">>}], rows(mochi_datalog:query(Db, <<"p">>, [1, v(<<"x">>)]))),
    mochi_datalog:delete(Db).

tables_are_given_back_test() ->
    Before = length(ets:all()),
    Db = db(edges([{1, 2}]), path()),
    ?assertEqual(1, mochi_datalog:count(Db, <<"path">>, [v(<<"x">>), v(<<"y">>)])),
    ?assert(length(ets:all()) > Before),
    mochi_datalog:delete(Db),
    ?assertEqual(Before, length(ets:all())),
    %% Also when its owner just ends.
    {Pid, Ref} = spawn_monitor(fun() -> D = db(edges([{1, 2}]), path()), mochi_datalog:count(D, <<"path">>, [1, 2]) end),
    receive {'DOWN', Ref, process, Pid, normal} -> ok end,
    test_wait:until(fun() -> length(ets:all()) =:= Before end).

a_long_chain_test_() ->
    {timeout, 60, fun() ->
        Db = db(edges([{N, N + 1} || N <- lists:seq(1, 120)]), path()),
        ?assertEqual(120 * 121 div 2, mochi_datalog:count(Db, <<"path">>, [v(<<"x">>), v(<<"y">>)])),
        mochi_datalog:delete(Db)
    end}.

relations_test() ->
    All = mochi_datalog_ets:new(),
    ?assertEqual(0, mochi_datalog_ets:size(All, {<<"p">>, 1})),
    ?assert(mochi_datalog_ets:add(All, {<<"p">>, 1}, {5}, 1)),
    ?assertNot(mochi_datalog_ets:add(All, {<<"p">>, 1}, {5}, 2)),
    ?assert(mochi_datalog_ets:has(All, {<<"p">>, 1}, {5})),
    ?assertNot(mochi_datalog_ets:has(All, {<<"p">>, 1}, {6})),
    ?assertNot(mochi_datalog_ets:has(All, {<<"q">>, 1}, {6})),
    ?assertEqual([{1, {5}}], mochi_datalog_ets:from(All, {<<"p">>, 1}, none, {0, infinity})),
    ?assertEqual([], mochi_datalog_ets:from(All, {<<"p">>, 1}, {1, 6}, {0, infinity})),
    ?assertEqual([], mochi_datalog_ets:from(All, {<<"p">>, 1}, none, {2, infinity})),
    ok = mochi_datalog_ets:clear(All, {<<"p">>, 1}),
    ok = mochi_datalog_ets:clear(All, {<<"q">>, 1}),
    ?assertEqual(0, mochi_datalog_ets:size(All, {<<"p">>, 1})),
    ok = mochi_datalog_ets:delete(All).
