-module(mochi_runtime_tests).
-moduledoc "The modules of values, case by case: what compiled programs reach only with values of kinds that the compiler could not know.".
-include_lib("eunit/include/eunit.hrl").
-export(['Point.sum'/1]).

v(L) -> mochi_list:from_list(L).
m(L) -> mochi_map:from_pairs(L).
c(V) -> mochi_cell:new(V).
q(N, D) -> {'$q', N, D}.
point(X, Y) -> {'Point', {?MODULE, <<"Point">>, #{<<"x">> => 3, <<"y">> => 4}, [{<<"__name">>, name}, {<<"sum">>, method}, {<<"x">>, 3}, {<<"y">>, 4}]}, X, Y}.
group(K, L) -> {'$group', K, v(L)}.
text(T) -> unicode:characters_to_binary(T).

%% Cases are `{Expected, Fun}`; an expected error is `{error, Message}`.
cases(Cases) ->
    [{integer_to_list(N), fun() -> check(Expected, F) end} || {N, {Expected, F}} <- lists:enumerate(Cases)].

check({error, Message}, F) ->
    ?assertEqual(Message, try F() of V -> {no_error, V} catch error:{mochi, M} -> M end);
check(Expected, F) -> ?assertEqual(Expected, F()).

'Point.sum'(P) ->
    {'Point', _, X, Y} = mochi_cell:plain(P),
    X + Y.

arithmetic_test_() ->
    Big = 1.0e308,
    Huge = 1 bsl 2000,
    cases([{3, fun() -> mochi_num:add(1, 2) end}, {nil, fun() -> mochi_num:add(nil, 2) end}, {nil, fun() -> mochi_num:add(2, nil) end},
           {<<"ab">>, fun() -> mochi_num:add(<<"a">>, <<"b">>) end}, {<<"a1">>, fun() -> mochi_num:add(<<"a">>, 1) end}, {<<"1a">>, fun() -> mochi_num:add(1, <<"a">>) end},
           {v([1, 2]), fun() -> mochi_num:add(v([1]), v([2])) end}, {3, fun() -> mochi_num:add(c(1), c(2)) end},
           {inf, fun() -> mochi_num:add(Big, Big) end}, {neg_inf, fun() -> mochi_num:sub(-Big, Big) end}, {neg_inf, fun() -> mochi_num:mul(-Big, Big) end},
           {inf, fun() -> mochi_num:divide(Big, 0.1) end}, {nan, fun() -> mochi_num:add(inf, neg_inf) end}, {nan, fun() -> mochi_num:sub(inf, inf) end},
           {inf, fun() -> mochi_num:add(inf, inf) end}, {inf, fun() -> mochi_num:add(1, inf) end}, {inf, fun() -> mochi_num:add(inf, 1) end},
           {nan, fun() -> mochi_num:mul(inf, 0) end}, {neg_inf, fun() -> mochi_num:mul(neg_inf, 2) end}, {0.0, fun() -> mochi_num:divide(1, inf) end},
           {neg_inf, fun() -> mochi_num:divide(inf, -2) end}, {nan, fun() -> mochi_num:divide(inf, inf) end}, {nan, fun() -> mochi_num:'rem'(inf, 2) end},
           {5.0, fun() -> mochi_num:'rem'(5, inf) end}, {nan, fun() -> mochi_num:add(nan, 1) end}, {nan, fun() -> mochi_num:mul(1, nan) end},
           {{error, <<"division by zero">>}, fun() -> mochi_num:divide(inf, 0) end}, {{error, <<"division by zero">>}, fun() -> mochi_num:'rem'(inf, 0) end},
           {{error, <<"division by zero">>}, fun() -> mochi_num:divide(1, 0) end}, {{error, <<"division by zero">>}, fun() -> mochi_num:'rem'(1.5, 0.0) end},
           {-3, fun() -> mochi_num:divide(-7, 2) end}, {-1, fun() -> mochi_num:'rem'(-7, 2) end}, {1.5, fun() -> mochi_num:'rem'(7.5, 2) end}, {3.5, fun() -> mochi_num:divide(7.0, 2) end},
           {q(5, 6), fun() -> mochi_num:add(q(1, 2), q(1, 3)) end}, {q(1, 6), fun() -> mochi_num:sub(q(1, 2), q(1, 3)) end}, {q(1, 2), fun() -> mochi_num:mul(q(1, 2), 1) end},
           {q(2, 1), fun() -> mochi_num:divide(1, q(1, 2)) end}, {q(-1, 2), fun() -> mochi_num:divide(q(1, 2), -1) end},
           {{error, <<"division by zero">>}, fun() -> mochi_num:divide(q(1, 2), 0) end}, {{error, <<"cannot use bigrat with %">>}, fun() -> mochi_num:'rem'(q(1, 2), 2) end},
           {5, fun() -> mochi_num:sub(<<"7">>, 2) end}, {-2, fun() -> mochi_num:sub(<<"x">>, 2) end}, {{error, <<"cannot use list with -">>}, fun() -> mochi_num:sub(v([]), 2) end},
           {7, fun() -> mochi_num:add_num(<<" 5 ">>, 2) end}, {7.5, fun() -> mochi_num:add_num(2, <<"5.5">>) end}, {<<"x2">>, fun() -> mochi_num:add_num(<<"x">>, 2) end},
           {<<"2x">>, fun() -> mochi_num:add_num(2, <<"x">>) end}, {<<"ab">>, fun() -> mochi_num:add_num(<<"a">>, <<"b">>) end}, {3, fun() -> mochi_num:add_num(1, 2) end},
           {3.0, fun() -> mochi_num:float_add(1, 2) end}, {3.5, fun() -> mochi_num:float_add(1.5, 2) end}, {-1.0, fun() -> mochi_num:float_sub(1, 2) end}, {0.5, fun() -> mochi_num:float_sub(1.5, 1) end},
           {2.0, fun() -> mochi_num:float_mul(1, 2) end}, {3.0, fun() -> mochi_num:float_mul(1.5, 2) end}, {0.5, fun() -> mochi_num:float_divide(1, 2) end}, {0.75, fun() -> mochi_num:float_divide(1.5, 2) end},
           {1.0, fun() -> mochi_num:float_rem(7, 2) end}, {1.5, fun() -> mochi_num:float_rem(7.5, 2) end},
           {nil, fun() -> mochi_num:neg(nil) end}, {-5, fun() -> mochi_num:neg(5) end}, {neg_inf, fun() -> mochi_num:neg(inf) end}, {inf, fun() -> mochi_num:neg(neg_inf) end},
           {nan, fun() -> mochi_num:neg(nan) end}, {q(-1, 2), fun() -> mochi_num:neg(q(1, 2)) end}, {-5, fun() -> mochi_num:neg(<<"5">>) end},
           {inf, fun() -> mochi_num:mul(Huge, 1.0) end}, {neg_inf, fun() -> mochi_num:divide(-Huge, 1.0) end}]).

conversions_test_() ->
    cases([{5, fun() -> mochi_num:to_int(5.9) end}, {0, fun() -> mochi_num:to_int(nil) end}, {12, fun() -> mochi_num:to_int(<<"12">>) end}, {0, fun() -> mochi_num:to_int(q(1, 2)) end},
           {{error, <<"cannot cast \"x\" to int">>}, fun() -> mochi_num:to_int(<<"x">>) end}, {{error, <<"cannot cast list to int">>}, fun() -> mochi_num:to_int(v([])) end},
           {5.0, fun() -> mochi_num:to_float(5) end}, {inf, fun() -> mochi_num:to_float(1 bsl 2000) end}, {neg_inf, fun() -> mochi_num:to_float(-(1 bsl 2000)) end}, {0.0, fun() -> mochi_num:to_float(nil) end},
           {nan, fun() -> mochi_num:to_float(nan) end}, {0.5, fun() -> mochi_num:to_float(q(1, 2)) end}, {1.5, fun() -> mochi_num:to_float(<<"1.5">>) end},
           {{error, <<"cannot cast string to float">>}, fun() -> mochi_num:to_float(<<"x">>) end}, {{error, <<"cannot cast map to float">>}, fun() -> mochi_num:to_float(m([])) end},
           {q(1, 2), fun() -> mochi_num:to_bigrat(0.5) end}, {q(-3, 4), fun() -> mochi_num:to_bigrat(-0.75) end}, {q(0, 1), fun() -> mochi_num:to_bigrat(0.0) end}, {nil, fun() -> mochi_num:to_bigrat(nil) end},
           {q(3, 4), fun() -> mochi_num:to_bigrat(<<"6/8">>) end}, {q(7, 1), fun() -> mochi_num:to_bigrat(<<"7">>) end}, {{error, <<"cannot cast string to bigrat">>}, fun() -> mochi_num:to_bigrat(<<"x">>) end},
           {{error, <<"cannot cast bool to bigrat">>}, fun() -> mochi_num:to_bigrat(true) end}, {{error, <<"cannot cast function to int">>}, fun() -> mochi_num:to_int(fun() -> 1 end) end},
           {{error, <<"cannot cast Point to int">>}, fun() -> mochi_num:to_int(c(point(1, 2))) end}, {{error, <<"cannot cast value to int">>}, fun() -> mochi_num:to_int(self()) end},
           {{error, <<"cannot cast float to int">>}, fun() -> mochi_num:to_int(inf) end}, {{error, <<"cannot cast bool to int">>}, fun() -> mochi_num:to_int(true) end},
           {{error, <<"cannot cast bigrat to string">>}, fun() -> mochi_core:cast(q(1, 2), string) end}, {{error, <<"cannot cast null to bool">>}, fun() -> mochi_core:cast(nil, bool) end},
           {{error, <<"cannot cast int to string">>}, fun() -> mochi_core:cast(5, string) end}, {{error, <<"cannot cast float to bool">>}, fun() -> mochi_core:cast(5.0, bool) end},
           {3.0, fun() -> mochi_num:round(2.5) end}, {3, fun() -> mochi_num:round(3) end}, {-0.0, fun() -> mochi_num:round(-0.3) end}, {2.35, fun() -> mochi_num:round(2.345678, 2) end}, {x, fun() -> mochi_num:round(x, 2) end},
           {5, fun() -> mochi_num:abs(-5) end}, {inf, fun() -> mochi_num:abs(neg_inf) end}, {q(1, 2), fun() -> mochi_num:abs(q(-1, 2)) end}, {nil, fun() -> mochi_num:abs(nil) end},
           {2.0, fun() -> mochi_num:ceil(1.2) end}, {1.0, fun() -> mochi_num:floor(1.2) end}, {1, fun() -> mochi_num:ceil(1) end}, {1, fun() -> mochi_num:floor(1) end},
           {1024, fun() -> mochi_num:pow(2, 10) end}, {0.5, fun() -> mochi_num:pow(2, -1) end}, {nil, fun() -> mochi_num:pow(nil, 2) end}, {nil, fun() -> mochi_num:pow(2, nil) end},
           {inf, fun() -> mochi_num:pow(10.0, 400) end}, {nan, fun() -> mochi_num:pow(-1.0, 0.5) end}, {8, fun() -> mochi_num:pow(<<"2">>, 3) end},
           {1, fun() -> mochi_num:num(q(1, 2)) end}, {2, fun() -> mochi_num:denom(q(1, 2)) end}, {nil, fun() -> mochi_num:num(nil) end}, {nil, fun() -> mochi_num:denom(nil) end},
           {none, fun() -> mochi_num:number(nil) end}, {5, fun() -> mochi_num:number(5) end}]).

casts_test_() ->
    P = {struct, 'Point', element(2, point(1, 2)), [{<<"x">>, int}, {<<"y">>, {option, int}}]},
    cases([{x, fun() -> mochi_core:cast(x, any) end}, {5, fun() -> mochi_core:cast(5.5, bigint) end}, {q(1, 2), fun() -> mochi_core:cast(0.5, bigrat) end},
           {{error, <<"cannot cast string to float">>}, fun() -> mochi_core:cast(<<"1.5">>, float) end}, {1.0, fun() -> mochi_core:cast(1, float) end}, {<<"a">>, fun() -> mochi_core:cast(<<"a">>, string) end},
           {true, fun() -> mochi_core:cast(true, bool) end}, {nil, fun() -> mochi_core:cast(nil, {option, int}) end}, {v([1]), fun() -> mochi_core:cast(c(v([1.5])), {list, int}) end},
           {v([1]), fun() -> mochi_core:cast(group(k, [1]), {list, int}) end}, {nil, fun() -> mochi_core:cast(nil, {list, int}) end}, {{error, <<"cannot cast int to list">>}, fun() -> mochi_core:cast(1, {list, int}) end},
           {m([{a, 1}]), fun() -> mochi_core:cast(m([{a, 1.0}]), {map, int}) end}, {nil, fun() -> mochi_core:cast(nil, {map, int}) end},
           {m([{<<"__name">>, <<"Point">>}, {<<"sum">>, nil}, {<<"x">>, 1}, {<<"y">>, 2}]), fun() -> mochi_core:cast(point(1, 2), {map, any}) end},
           {{error, <<"cannot cast int to map">>}, fun() -> mochi_core:cast(1, {map, int}) end}, {point(1, nil), fun() -> mochi_core:cast(m([{<<"x">>, 1.0}, {<<"y">>, nil}]), P) end},
           {point(1, 2), fun() -> mochi_core:cast(point(1, 2), P) end}, {point(1, 2), fun() -> mochi_core:cast(setelement(1, point(1, 2), 'Other'), P) end},
           {nil, fun() -> mochi_core:cast(nil, P) end}, {{error, <<"missing field y for Point">>}, fun() -> mochi_core:cast(m([{<<"x">>, 1}]), P) end},
           {{error, <<"cannot cast int to Point">>}, fun() -> mochi_core:cast(1, P) end}]).

comparing_test_() ->
    T = true, F = false,
    Cyclic = fun() -> C = c(nil), mochi_cell:set(C, v([C])), C end,
    cases([{T, fun() -> mochi_core:lt(1, 2) end}, {F, fun() -> mochi_core:lt(nil, 2) end}, {F, fun() -> mochi_core:ge(2, nil) end}, {T, fun() -> mochi_core:le(1, 1.0) end}, {T, fun() -> mochi_core:ge(<<"b">>, <<"a">>) end},
           {F, fun() -> mochi_core:lt(nan, 1) end}, {F, fun() -> mochi_core:gt(1, nan) end}, {T, fun() -> mochi_core:lt(<<"1">>, 2) end}, {T, fun() -> mochi_core:gt(2, <<"1">>) end}, {F, fun() -> mochi_core:lt(<<"x">>, 2) end},
           {F, fun() -> mochi_core:lt(2, <<"x">>) end}, {T, fun() -> mochi_core:lt(q(1, 3), q(1, 2)) end}, {T, fun() -> mochi_core:gt(1, q(1, 2)) end}, {T, fun() -> mochi_core:gt(inf, 1) end}, {T, fun() -> mochi_core:lt(neg_inf, 1) end},
           {T, fun() -> mochi_core:lt(1, inf) end}, {T, fun() -> mochi_core:gt(1, neg_inf) end}, {T, fun() -> mochi_core:le(v([1]), v([1])) end}, {T, fun() -> mochi_core:lt(v([1]), v([1, 2])) end}, {F, fun() -> mochi_core:gt(v([1]), v([2])) end},
           {T, fun() -> mochi_core:eq(1, 1.0) end}, {T, fun() -> mochi_core:eq(1, q(1, 1)) end}, {T, fun() -> mochi_core:eq(q(1, 1), 1) end}, {F, fun() -> mochi_core:eq(nan, nan) end}, {F, fun() -> F0 = fun() -> 1 end, mochi_core:eq(F0, F0) end},
           {T, fun() -> mochi_core:eq(inf, inf) end}, {T, fun() -> mochi_core:eq(v([1, c(2)]), v([1.0, 2])) end}, {F, fun() -> mochi_core:eq(v([nan]), v([nan])) end}, {T, fun() -> mochi_core:eq(m([{a, v([1])}]), m([{a, v([1])}])) end},
           {F, fun() -> mochi_core:eq(m([{a, 1}]), m([{b, 1}])) end}, {F, fun() -> mochi_core:eq(m([{a, 1}]), m([])) end}, {T, fun() -> mochi_core:eq(group(k, [1]), group(k, [1])) end}, {T, fun() -> mochi_core:eq(point(1, 2), point(1.0, 2)) end},
           {F, fun() -> mochi_core:eq(v([fun() -> 1 end]), v([fun() -> 1 end])) end}, {T, fun() -> mochi_core:eq(Cyclic(), Cyclic()) end}, {T, fun() -> mochi_core:ne(1, 2) end}, {F, fun() -> mochi_core:eq(v([1]), 5) end},
           {T, fun() -> C = c(1), mochi_core:eq(v([C]), v([C])) end}, {T, fun() -> mochi_core:eq(v([1]), c(v([1]))) end},
           {[F, F, F, F, F, F, F, F, T, T, T], fun() -> [mochi_core:truthy(X) || X <- [false, nil, <<>>, 0, 0.0, fun() -> 1 end, v([]), #{}, c(v([1])), <<"0">>, point(1, 2)]] end},
           {[T, F, T, T, F, T, T, F, T, F, T], fun() -> [mochi_core:contains(A, B) || {A, B} <- [{c(v([1, 2])), 2}, {v([1]), 1.0}, {group(k, [1]), 1}, {m([{1, x}]), <<"1">>}, {m([]), x}, {<<"abc">>, <<"b">>}, {<<"a1">>, 1}, {nil, 1}, {point(1, 2), <<"x">>}, {point(1, 2), <<"z">>}, {<<"a">>, <<>>}]] end},
           {{error, <<"invalid 'in' operand">>}, fun() -> mochi_core:contains(5, 1) end},
           {[T, F, T, F, F], fun() -> [mochi_core:is_variant(X, <<"Point">>) || X <- [c(point(1, 2)), v([1]), m([{<<"__name">>, <<"Point">>}]), m([]), 5]] end}]).

orders_test_() ->
    cases([{lt, fun() -> mochi_query:compare(1, nil) end}, {gt, fun() -> mochi_query:compare(nil, 1) end}, {eq, fun() -> mochi_query:compare(nil, nil) end}, {lt, fun() -> mochi_query:compare(c(1), c(2)) end},
           {lt, fun() -> mochi_query:compare(1, inf) end}, {gt, fun() -> mochi_query:compare(inf, 1) end}, {gt, fun() -> mochi_query:compare(v([2]), v([1, 5])) end}, {gt, fun() -> mochi_query:compare(v([1, 5]), v([1])) end},
           {lt, fun() -> mochi_query:compare(q(1, 2), 1) end}, {gt, fun() -> mochi_query:compare(1, q(1, 2)) end}, {lt, fun() -> mochi_query:compare(q(1, 3), q(1, 2)) end}, {lt, fun() -> mochi_query:compare(m([{a, 1}]), m([{a, 2}])) end},
           {gt, fun() -> mochi_query:compare(point(2, 1), point(1, 9)) end}, {lt, fun() -> mochi_query:compare(<<"a">>, true) end}, {gt, fun() -> mochi_query:compare(true, <<"a">>) end},
           {eq, fun() -> mochi_query:compare(x, x) end}, {lt, fun() -> mochi_query:compare(5, m([])) end}]).

aggregates_test_() ->
    cases([{6, fun() -> mochi_query:sum(v([1, nil, 2, <<"3">>, <<"x">>])) end}, {0, fun() -> mochi_query:sum(nil) end}, {q(1, 2), fun() -> mochi_query:sum(v([q(1, 4), q(1, 4)])) end}, {{error, <<"sum expects list">>}, fun() -> mochi_query:sum(5) end},
           {1.5, fun() -> mochi_query:avg(v([1, 2, nil])) end}, {0, fun() -> mochi_query:avg(v([])) end}, {q(1, 4), fun() -> mochi_query:avg(v([q(1, 4), q(1, 4)])) end}, {{error, <<"avg expects list">>}, fun() -> mochi_query:avg(5) end},
           {1, fun() -> mochi_query:min(c(v([2, 1, nil]))) end}, {2.0, fun() -> mochi_query:max(group(k, [1.5, 2])) end}, {0, fun() -> mochi_query:max(v([])) end}, {<<"b">>, fun() -> mochi_query:max(v([<<"a">>, <<"b">>])) end},
           {{error, <<"min expects list">>}, fun() -> mochi_query:min(5) end}, {{error, <<"max expects list">>}, fun() -> mochi_query:max(5) end},
           {[0, 2, 1, 3], fun() -> [mochi_query:count(X) || X <- [nil, <<"ab">>, m([{a, 1}]), v([1, 2, 3])]] end}, {{error, <<"count expects list">>}, fun() -> mochi_query:count(5) end},
           {v([1, 2]), fun() -> mochi_query:distinct(v([1, 1.0, 2])) end}, {nil, fun() -> mochi_query:distinct(nil) end}, {v([1]), fun() -> mochi_query:distinct(c(group(k, [1, 1]))) end}, {{error, <<"distinct expects list">>}, fun() -> mochi_query:distinct(5) end},
           {v([1]), fun() -> mochi_query:collect(group(k, [1])) end}, {5, fun() -> mochi_query:collect(5) end}, {k, fun() -> mochi_query:key(group(k, [])) end}, {7, fun() -> mochi_query:key(m([{<<"key">>, 7}])) end},
           {v([1]), fun() -> mochi_query:items(group(k, [1])) end}, {7, fun() -> mochi_query:items(m([{<<"items">>, 7}])) end},
           {[2, 3], fun() -> mochi_query:skip([1, 2, 3], 1) end}, {[], fun() -> mochi_query:skip([1], 5) end}, {[1], fun() -> mochi_query:skip([1], nil) end}, {[1], fun() -> mochi_query:take([1, 2], 1) end}, {[1], fun() -> mochi_query:take([1, 2], -1) end}, {[1], fun() -> mochi_query:take([1], nil) end},
           {[{group(<<"a">>, [1, 3])}, {group(<<"b">>, [2])}], fun() -> mochi_query:group([{<<"a">>, 3}, {<<"b">>, 2}, {<<"a">>, 1}]) end},
           {[x], fun() -> mochi_query:candidates(mochi_query:index([{1, x}]), 1.0) end}, {[], fun() -> mochi_query:candidates(#{}, 1) end}, {[1, 2], fun() -> mochi_query:rows(v([1, 2])) end},
           {v([1, 2, 3]), fun() -> mochi_core:union(v([1, 2]), v([2, 3])) end}, {v([1, 1]), fun() -> mochi_core:union_all(v([1]), group(k, [1])) end}, {v([1]), fun() -> mochi_core:except(v([1, 2]), v([2])) end},
           {v([2]), fun() -> mochi_core:intersect(v([1, 2]), v([2, 2])) end}, {v([]), fun() -> mochi_core:union(nil, nil) end}, {{error, <<"union expects lists">>}, fun() -> mochi_core:union(5, nil) end}]).

indexing_test_() ->
    L = v([1, 2, 3]),
    G = group(m([{<<"a">>, 7}]), [1, 2]),
    cases([{1, fun() -> mochi_ref:index(L, 0) end}, {3, fun() -> mochi_ref:index(c(L), -1) end}, {{error, <<"list index out of range: 3 (len 3)">>}, fun() -> mochi_ref:index(L, 3) end}, {x, fun() -> mochi_ref:index(m([{a, x}]), a) end},
           {nil, fun() -> mochi_ref:index(nil, 1) end}, {<<"b">>, fun() -> mochi_ref:index(<<"abc">>, 1) end}, {<<"b">>, fun() -> mochi_ref:index(<<"abc">>, <<"1">>) end}, {{error, <<"string index must be int">>}, fun() -> mochi_ref:index(<<"abc">>, <<"x">>) end},
           {2, fun() -> mochi_ref:index(L, <<"1">>) end}, {{error, <<"invalid index">>}, fun() -> mochi_ref:index(L, 1.5) end}, {{error, <<"invalid index">>}, fun() -> mochi_ref:index(L, nil) end}, {1, fun() -> mochi_ref:index(G, 0) end}, {7, fun() -> mochi_ref:index(G, <<"a">>) end},
           {1, fun() -> mochi_ref:index(point(1, 2), <<"x">>) end}, {{error, <<"cannot index value of this kind">>}, fun() -> mochi_ref:index(5, 1) end}, {nil, fun() -> mochi_ref:index_for_set(c(L), 5) end}, {1, fun() -> mochi_ref:index_for_set(L, 0) end},
           {nil, fun() -> mochi_ref:field(nil, <<"a">>) end}, {m([{<<"a">>, 7}]), fun() -> mochi_ref:field(G, <<"key">>) end}, {v([1, 2]), fun() -> mochi_ref:field(G, <<"items">>) end}, {2, fun() -> mochi_ref:field(G, <<"count">>) end},
           {<<"Point">>, fun() -> mochi_ref:field(c(point(1, 2)), <<"__name">>) end}, {nil, fun() -> mochi_ref:field(point(1, 2), <<"z">>) end}, {{error, <<"cannot index value of this kind">>}, fun() -> mochi_ref:field(L, <<"a">>) end}, {{error, <<"cannot index value of this kind">>}, fun() -> mochi_ref:field(5, <<"a">>) end},
           {1, fun() -> mochi_ref:row_field(c(m([{<<"a">>, 1}])), <<"a">>) end}, {5, fun() -> mochi_ref:row_field(m([{<<"r">>, 3}, {<<"s">>, m([{<<"a">>, 5}])}]), <<"a">>) end}, {2, fun() -> mochi_ref:row_field(m([{<<"r">>, m([])}, {<<"s">>, point(1, 2)}]), <<"y">>) end},
           {nil, fun() -> mochi_ref:row_field(m([{<<"s">>, point(1, 2)}]), <<"q">>) end}, {1, fun() -> mochi_ref:row_field(point(1, 2), <<"x">>) end},
           {v([1, 9, 3]), fun() -> mochi_ref:put_index(L, 1, 9) end}, {v([nil, 9]), fun() -> mochi_ref:put_index(nil, 1, 9) end}, {m([{a, 1}]), fun() -> mochi_ref:put_index(nil, a, 1) end}, {v([9, 2, 3]), fun() -> mochi_ref:put_index(L, <<"0">>, 9) end},
           {{error, <<"invalid index">>}, fun() -> mochi_ref:put_index(L, <<"x">>, 9) end}, {{error, <<"invalid index">>}, fun() -> mochi_ref:put_index(L, nil, 9) end}, {point(9, 2), fun() -> mochi_ref:put_index(point(1, 2), <<"x">>, 9) end}, {{error, <<"invalid index target">>}, fun() -> mochi_ref:put_index(5, 1, 1) end},
           {v([9]), fun() -> C = c(v([1])), C = mochi_ref:put_index(C, 0, 9), mochi_cell:get(C) end}, {v([9]), fun() -> C = c(v([1])), C = mochi_ref:set_index(C, 0, 9, 1), mochi_cell:get(C) end}, {m([{a, 1}]), fun() -> mochi_cell:get(mochi_ref:set_index(nil, a, 1, 2)) end},
           {v([9]), fun() -> mochi_ref:set_index(v([1]), 0, 9, 0) end}, {{error, <<"not supported yet: assigning into a value that the runtime made">>}, fun() -> mochi_ref:set_index(v([1]), 0, 9, 1) end},
           {{error, <<"not supported yet: assigning into a value that the runtime made">>}, fun() -> mochi_ref:set_field(m([]), <<"a">>, 9, 2) end}, {{error, <<"not supported yet: assigning into a value that the runtime made">>}, fun() -> mochi_ref:set_field(point(1, 2), <<"x">>, 9, 4) end},
           {m([{a, 1}]), fun() -> mochi_ref:set_field(m([]), <<"a">>, 1, 0) end}, {m([{a, 1}]), fun() -> C = c(m([])), mochi_cell:get(mochi_ref:set_field(C, <<"a">>, 1, 0)) end}, {m([{a, 1}]), fun() -> mochi_cell:plain(mochi_ref:set_field(nil, <<"a">>, 1, 2)) end},
           {m([{a, 1}]), fun() -> C = c(m([])), mochi_cell:get(mochi_ref:put_field(C, <<"a">>, 1)) end}, {m([{<<"__name">>, <<"Point">>}, {<<"sum">>, nil}, {<<"x">>, 1}, {<<"y">>, 2}, {<<"z">>, 3}]), fun() -> mochi_ref:put_field(point(1, 2), <<"z">>, 3) end},
           {{error, <<"invalid index target">>}, fun() -> mochi_ref:put_field(5, <<"a">>, 1) end}, {point(5, 6), fun() -> mochi_ref:update_fields(point(1, 2), [{<<"x">>, 5}, {<<"y">>, 6}], 0) end}, {point(5, 2), fun() -> mochi_cell:get(mochi_ref:update_fields(c(point(1, 2)), [{<<"x">>, 5}], 0)) end},
           {v([2, 1]), fun() -> mochi_ref:rebuild(v([]), [1, 2]) end}, {v([2, 1]), fun() -> mochi_cell:get(mochi_ref:rebuild(c(v([])), [1, 2])) end}, {x, fun() -> mochi_ref:rebuild(x, [1]) end},
           {v([2]), fun() -> mochi_ref:slice(c(L), 1, 2) end}, {v([2, 3]), fun() -> mochi_ref:slice(L, -2, nil) end}, {<<"ab">>, fun() -> mochi_ref:slice(<<"abc">>, nil, 2.0) end}, {nil, fun() -> mochi_ref:slice(nil, 1, 2) end}, {v([1]), fun() -> mochi_ref:slice(group(k, [1, 2]), 0, 1) end},
           {{error, <<"invalid index">>}, fun() -> mochi_ref:slice(L, <<"a">>, 2) end}, {{error, <<"invalid index target">>}, fun() -> mochi_ref:slice(5, 1, 2) end},
           {[1, 2, 3], fun() -> mochi_ref:iter(c(L)) end}, {[<<"1">>, <<"a">>], fun() -> mochi_ref:iter(m([{a, x}, {1, y}])) end}, {[<<"a">>, <<"é"/utf8>>], fun() -> mochi_ref:iter(<<"aé"/utf8>>) end}, {[1, 2], fun() -> mochi_ref:iter(G) end}, {[], fun() -> mochi_ref:iter(nil) end},
           {[<<"__name">>, <<"sum">>, <<"x">>, <<"y">>], fun() -> mochi_ref:iter(point(1, 2)) end}, {{error, <<"invalid iterator">>}, fun() -> mochi_ref:iter(5) end}, {{error, <<"m">>}, fun() -> mochi_ref:entries(5, <<"m">>) end}, {[{<<"a">>, 1}], fun() -> mochi_ref:entries(c(m([{a, 1}])), <<>>) end}]).

core_test_() ->
    F3 = fun(A, B, C) -> {A, B, C} end,
    cases([{{1, 2, 3}, fun() -> mochi_core:call(F3, [1, 2, 3]) end}, {{1, 2, 3}, fun() -> mochi_core:call(F3, [1, 2, 3, 4]) end}, {{1, 2, 3}, fun() -> (mochi_core:call(F3, [1, 2]))(3) end}, {{1, 2, 3}, fun() -> (mochi_core:call(F3, [1]))(2, 3) end}, {{1, 2, 3}, fun() -> (mochi_core:call(F3, []))(1, 2, 3) end},
           {4, fun() -> (mochi_core:call(fun(_, _, _, _) -> 4 end, []))(1, 2, 3, 4) end}, {5, fun() -> (mochi_core:call(fun(_, _, _, _, _) -> 5 end, []))(1, 2, 3, 4, 5) end}, {6, fun() -> (mochi_core:call(fun(_, _, _, _, _, _) -> 6 end, []))(1, 2, 3, 4, 5, 6) end},
           {7, fun() -> (mochi_core:call(fun(_, _, _, _, _, _, _) -> 7 end, []))(1, 2, 3, 4, 5, 6, 7) end}, {8, fun() -> (mochi_core:call(fun(_, _, _, _, _, _, _, _) -> 8 end, []))(1, 2, 3, 4, 5, 6, 7, 8) end},
           {{error, <<"too many arguments left for a partial application">>}, fun() -> mochi_core:call(fun(_, _, _, _, _, _, _, _, _) -> 9 end, []) end}, {{error, <<"cannot call a value that is not a function">>}, fun() -> mochi_core:call(5, []) end}, {{a, 1, 2}, fun() -> (mochi_core:bind(F3, a))(1, 2) end}, {5, fun() -> (mochi_core:bind(fun(X) -> X end, 5))() end},
           {3, fun() -> mochi_core:method(point(1, 2), <<"sum">>, []) end}, {3, fun() -> mochi_core:method(c(point(1, 2)), <<"sum">>, []) end}, {{error, <<"no method none on Point">>}, fun() -> mochi_core:method(point(1, 2), <<"none">>, []) end},
           {9, fun() -> mochi_core:method(m([{f, fun(X) -> X end}]), <<"f">>, [9]) end}, {9, fun() -> mochi_core:method(c(m([{f, fun(X) -> X end}])), <<"f">>, [9]) end}, {true, fun() -> mochi_core:method(v([1]), <<"contains">>, [1]) end}, {true, fun() -> mochi_core:method(<<"ab">>, <<"starts_with">>, [<<"a">>]) end},
           {<<"007">>, fun() -> mochi_core:method(<<"7">>, <<"padStart">>, [3, <<"0">>]) end}, {v([<<"a">>]), fun() -> mochi_core:method(m([{a, 1}]), <<"keys">>, []) end}, {1, fun() -> mochi_core:method(m([{a, 1}]), <<"get">>, [<<"a">>]) end}, {7, fun() -> mochi_core:method(m([{a, 1}]), <<"get">>, [<<"b">>, 7]) end}, {{error, <<"no method f on this value">>}, fun() -> mochi_core:method(5, <<"f">>, []) end},
           {[0, 2, 3, 1, 0, 2, 3, 4], fun() -> [mochi_core:len(X) || X <- [v([]), <<"aé"/utf8>>, c(v([1, 2, 3])), m([{a, 1}]), nil, group(k, [1, 2]), 123, point(1, 2)]] end}, {{error, <<"invalid len operand">>}, fun() -> mochi_core:len(true) end},
           {v([2, 1]), fun() -> mochi_core:reverse(c(v([1, 2]))) end}, {<<"ba">>, fun() -> mochi_core:reverse(<<"ab">>) end}, {v([2, 1]), fun() -> mochi_core:reverse(group(k, [1, 2])) end}, {nil, fun() -> mochi_core:reverse(nil) end}, {{error, <<"reverse expects list or string">>}, fun() -> mochi_core:reverse(5) end},
           {[true, false, true], fun() -> [mochi_core:exists(X) || X <- [true, v([]), <<"a">>]] end}, {186, fun() -> mochi_list:nth(0, mochi_core:sha256(<<"abc">>)) end}, {186, fun() -> mochi_list:nth(0, mochi_core:sha256(c(v("abc")))) end}, {{error, <<"sha256 expects string or list">>}, fun() -> mochi_core:sha256(5) end},
           {12, fun() -> mochi_core:eval(<<"12">>) end}, {{error, <<"eval expects string">>}, fun() -> mochi_core:eval(5) end}, {{error, <<"eval: `x` is not known here">>}, fun() -> mochi_core:eval(<<"1+x">>) end}, {[1, 2], fun() -> mochi_core:cons(1, [2]) end}, {true, fun() -> is_integer(mochi_core:mem()) end}, {true, fun() -> is_integer(element(1, mochi_core:bench_start())) end},
           {nil, fun() -> mochi_core:global(no_such_global) end}, {ok, fun() -> mochi_core:set_global(a_global, 1) end}, {nil, fun() -> mochi_core:import(mochi_main_test) end}, {nil, fun() -> mochi_core:import(mochi_main_test) end}, {{error, <<"the package has no function none">>}, fun() -> mochi_core:member(mochi_main_test, none) end}, {nil, fun() -> (mochi_core:member(mochi_main_test, main))() end},
           {[1, 1], fun() -> [mochi_list:nth(0, mochi_cell:plain(X)) || X <- [mochi_cell:fresh(1, v([1])), mochi_cell:fresh(0, v([1]))]] end}, {point(v([1]), m([])), fun() -> P = mochi_cell:fresh_deep(0, point(v([1]), m([]))), P end}, {5, fun() -> mochi_cell:fresh_deep(7, 5) end},
           {true, fun() -> mochi_core:eq(mochi_cell:fresh_deep(7, v([m([{a, point(1, 2)}])])), v([m([{a, point(1, 2)}])])) end}, {c, fun() -> C = c(1), case mochi_cell:fresh_deep(7, C) of C -> c end end}, {c, fun() -> C = c(1), case mochi_cell:fresh(7, C) of C -> c end end}]).

now_test() ->
    erlang:erase('$now_seed'),
    os:putenv("MOCHI_NOW_SEED", "0"),
    ?assertEqual([1013904223, (1013904223 * 1664525 + 1013904223) rem 2147483647], [mochi_core:now(), mochi_core:now()]),
    erlang:erase('$now_seed'),
    os:unsetenv("MOCHI_NOW_SEED"),
    ?assert(mochi_core:now() > 1_700_000_000_000_000_000),
    erlang:erase('$now_seed').

printing_test_() ->
    Fun = fun() -> 1 end,
    Loop = fun() -> C = c(nil), mochi_cell:set(C, v([C])), C end,
    Round = fun() -> C = c(nil), mochi_cell:set(C, m([{a, C}])), C end,
    Top = fun(V) -> text(mochi_fmt:top(V)) end,
    Str = fun(V) -> text(mochi_fmt:str(V)) end,
    cases([{<<"1.5">>, fun() -> Top(1.5) end}, {<<"1e+06">>, fun() -> Top(1.0e6) end}, {<<"1e-05">>, fun() -> Top(0.00001) end}, {<<"1.25e+100">>, fun() -> Top(1.25e100) end}, {<<"-0">>, fun() -> Top(-0.0) end}, {<<"0.001">>, fun() -> Top(0.001) end}, {<<"1/2">>, fun() -> Top(q(1, 2)) end},
           {<<"+Inf -Inf NaN">>, fun() -> text(lists:join(" ", [mochi_fmt:top(X) || X <- [inf, neg_inf, nan]])) end}, {<<"[+Inf.0, -Inf.0, NaN.0, 1.0, 1000000.0, nil, 1/2]">>, fun() -> Top(v([inf, neg_inf, nan, 1.0, 1.0e6, q(5, 1), q(1, 2)])) end},
           {<<"[true, false, nil, \"a\", <function>]">>, fun() -> Top(v([true, false, nil, <<"a">>, Fun])) end}, {<<"[[...]]">>, fun() -> Top(Loop()) end}, {<<"{\"a\": {...}}">>, fun() -> Top(Round()) end},
           {<<"{\"__group__\": true, \"count\": 1, \"items\": [1], \"key\": 2}">>, fun() -> Top(group(2, [1])) end}, {<<"{\"__name\": \"Point\", \"sum\": nil, \"x\": 1, \"y\": 2}">>, fun() -> Top(point(1, 2)) end}, {{error, <<"cannot print this value">>}, fun() -> Top({a, b}) end}, {<<"x">>, fun() -> Top(x) end},
           {<<"<nil> +Inf -Inf NaN true">>, fun() -> text(lists:join(" ", [mochi_fmt:str(X) || X <- [nil, inf, neg_inf, nan, true]])) end}, {<<"[1 map[a:1.5] 1/2 <function>]">>, fun() -> Str(v([1, m([{a, 1.5}]), q(1, 2), Fun])) end}, {<<"[...]">>, fun() -> Str(Loop()) end},
           {<<"map[__group__:true count:1 items:[1] key:2]">>, fun() -> Str(group(2, [1])) end}, {<<"map[__name:Point sum:<nil> x:1 y:2]">>, fun() -> Str(c(point(1, 2))) end}, {{error, <<"cannot print this value">>}, fun() -> Str({a, b}) end}, {text(io_lib:format("~p", [self()])), fun() -> Str(self()) end},
           {<<"\"\\a\\b\\f\\n\\r\\t\\v\\\\\\\"\\x01\\x7f\"">>, fun() -> text(mochi_fmt:quote(<<7, 8, 12, 10, 13, 9, 11, $\\, $", 1, 127>>)) end}, {<<"\"é\\u00ad\\u2028\\u200b\\u3000\\ue000\\ufffb\\U000e0001\\x{ff}\""/utf8>>, fun() -> text(re:replace(mochi_fmt:quote(<<"é"/utf8, 16#AD/utf8, 16#2028/utf8, 16#200B/utf8, 16#3000/utf8, 16#E000/utf8, 16#FFFB/utf8, 16#E0001/utf8, 255>>), "xff", "x{ff}", [unicode])) end},
           {<<"1e-7 1e+21 0.000001 100000000000000000000">>, fun() -> text(lists:join(" ", [mochi_fmt:json_float(F) || F <- [1.0e-7, 1.0e21, 1.0e-6, 1.0e20]])) end},
           {<<"{\"a\":[1,null,true,\"<function>\"]}">>, fun() -> binary:replace(mochi_json:to_json(m([{a, v([1, nil, true, Fun])}])), <<"null]">>, <<"\"<function>\"]">>) end}, {<<"null">>, fun() -> mochi_json:to_json(Fun) end}, {<<"[null]">>, fun() -> mochi_json:to_json(Loop()) end}, {<<"\"1/2\"">>, fun() -> mochi_json:to_json(q(1, 2)) end},
           {<<"{\"__name\":\"Point\",\"sum\":null,\"x\":1,\"y\":2}">>, fun() -> mochi_json:to_json(point(1, 2)) end}, {<<"{\"__group__\":true,\"count\":1,\"items\":[1],\"key\":2}">>, fun() -> mochi_json:to_json(group(2, [1])) end}, {<<"\"\\b\\f\\u0001\\u003c\\r\\t\\n\\\\\\\"\"">>, fun() -> mochi_json:to_json(<<8, 12, 1, $<, $\r, $\t, $\n, $\\, $">>) end},
           {{error, <<"to_json: not a number">>}, fun() -> mochi_json:to_json(v([nan])) end}]).

strings_test_() ->
    Long = binary:copy(<<"aé"/utf8>>, 50),
    cases([{100, fun() -> mochi_str:len(Long) end}, {<<"é"/utf8>>, fun() -> mochi_str:at(Long, 1) end}, {<<"é"/utf8>>, fun() -> mochi_str:at(Long, -1) end}, {{error, <<"string index out of range: 100 (len 100)">>}, fun() -> mochi_str:at(Long, 100) end}, {<<"éa"/utf8>>, fun() -> mochi_str:sub(Long, 1, 3) end},
           {<<"b">>, fun() -> mochi_str:at(binary:copy(<<"ab">>, 50), 1) end}, {<<"ba">>, fun() -> mochi_str:sub(binary:copy(<<"ab">>, 50), 1, 3) end}, {<<>>, fun() -> mochi_str:sub(Long, 5, 2) end}, {<<"日"/utf8>>, fun() -> mochi_str:at(<<"a日😀"/utf8>>, 1) end}, {<<"😀"/utf8>>, fun() -> mochi_str:at(<<"a日😀"/utf8>>, -1) end},
           {{error, <<"string index out of range: -4 (len 3)">>}, fun() -> mochi_str:at(<<"a日😀"/utf8>>, -4) end}, {{error, <<"string index out of range: 3 (len 3)">>}, fun() -> mochi_str:at(<<"abc">>, 3) end}, {<<"日😀"/utf8>>, fun() -> mochi_str:sub(<<"a日😀"/utf8>>, 1, 9) end},
           {nil, fun() -> mochi_str:upper(nil) end}, {<<"ÀB"/utf8>>, fun() -> mochi_str:upper(<<"àb"/utf8>>) end}, {{error, <<"upper expects string">>}, fun() -> mochi_str:upper(5) end}, {<<"5">>, fun() -> mochi_str:lower(5) end}, {<<"à"/utf8>>, fun() -> mochi_str:lower(<<"À"/utf8>>) end}, {<<"5">>, fun() -> mochi_str:trim(5) end},
           {v([<<"a">>, <<"é"/utf8>>]), fun() -> mochi_str:split(<<"aé"/utf8>>, <<>>) end}, {v([]), fun() -> mochi_str:split(nil, <<>>) end}, {{error, <<"split expects (string, string)">>}, fun() -> mochi_str:split(5, 5) end}, {<<"1, a">>, fun() -> mochi_str:join(v([1, <<"a">>]), <<", ">>) end}, {{error, <<"join expects (list, string)">>}, fun() -> mochi_str:join(v([]), 5) end},
           {1, fun() -> mochi_str:index_of(<<"éb"/utf8>>, <<"b">>) end}, {-1, fun() -> mochi_str:index_of(<<"a">>, <<"b">>) end}, {0, fun() -> mochi_str:index_of(<<"a">>, <<>>) end}, {1, fun() -> mochi_str:index_of(v([1, 2]), 2.0) end}, {-1, fun() -> mochi_str:index_of(v([1]), 2) end},
           {<<"aa">>, fun() -> mochi_str:repeat(<<"a">>, 2) end}, {<<>>, fun() -> mochi_str:repeat(<<"a">>, -2) end}, {{error, <<"repeat expects (string, int)">>}, fun() -> mochi_str:repeat(5, 5) end}, {false, fun() -> mochi_str:starts_with(5, 5) end}, {false, fun() -> mochi_str:starts_with(<<"a">>, <<"b">>) end},
           {<<"xyx7">>, fun() -> mochi_str:pad_start(7, 4, <<"xy">>) end}, {<<" 7">>, fun() -> mochi_str:pad_start(<<"7">>, 2, <<>>) end}, {<<"777">>, fun() -> mochi_str:pad_start(<<"777">>, 2, <<"0">>) end}, {{error, <<"padStart expects (string, int, string)">>}, fun() -> mochi_str:pad_start(1, x, 1) end},
           {255, fun() -> mochi_str:parse_int(<<" ff ">>, 16) end}, {12, fun() -> mochi_str:parse_int(<<"12">>) end}, {{error, <<"cannot cast \"x\" to int">>}, fun() -> mochi_str:parse_int(<<"x">>) end}, {{error, <<"parseIntStr expects (string, int)">>}, fun() -> mochi_str:parse_int(<<"x">>, 99) end},
           {<<227, 176, 196, 66>>, fun() -> binary:part(mochi_str:sha256(<<>>), 0, 4) end}, {[v([<<"a">>]), v([])], fun() -> [mochi_map:keys(X) || X <- [m([{a, 1}]), nil]] end}, {[v([1]), v([]), v([<<"Point">>, nil, 1, 2])], fun() -> [mochi_map:values(X) || X <- [m([{a, 1}]), nil, point(1, 2)]] end},
           {{error, <<"keys expects map">>}, fun() -> mochi_map:keys(5) end}, {{error, <<"values expects map">>}, fun() -> mochi_map:values(5) end}, {[1, <<"01">>, -5, <<"-">>, <<"1x">>, <<"true">>], fun() -> [mochi_map:key(K) || K <- [<<"1">>, <<"01">>, <<"-5">>, <<"-">>, <<"1x">>, true]] end},
           {1, fun() -> mochi_map:at(c(m([{a, 1}])), a) end}, {nil, fun() -> mochi_map:at(m([]), 5) end}, {5, fun() -> mochi_map:at(v([5]), 0) end}, {true, fun() -> K = binary:copy(<<"1">>, 400), mochi_map:key(K) =:= K end}]).

lists_test_() ->
    Hundred = v(lists:seq(0, 99)),
    cases([{{error, <<"append expects list">>}, fun() -> mochi_list:append(5, 1) end}, {v([1]), fun() -> mochi_list:append(nil, 1) end}, {1, fun() -> mochi_list:first(v([1])) end}, {nil, fun() -> mochi_list:first(v([])) end}, {nil, fun() -> mochi_list:first(nil) end}, {{error, <<"first expects list">>}, fun() -> mochi_list:first(5) end},
           {v([0, 1, 2]), fun() -> mochi_list:range(3) end}, {v([1, 2]), fun() -> mochi_list:range(1, 3) end}, {v([0, 2]), fun() -> mochi_list:range(0, 4, 2) end}, {v([3, 1]), fun() -> mochi_list:range(3, 0, -2) end},
           {6, fun() -> mochi_list:reduce(c(v([1, 2, 3])), fun(A, B) -> A + B end, 0) end}, {v([nil, nil, 5]), fun() -> mochi_list:grow_set(v([]), 2, 5) end}, {99, fun() -> mochi_list:at(Hundred, -1) end}, {v(lists:seq(50, 99)), fun() -> mochi_list:slice(Hundred, 50, 100) end},
           {[{98, 98}, 1], fun() -> D = mochi_list:slice(Hundred, 10, 100), E = mochi_list:set_nth(0, x, D), [{mochi_list:nth(88, D), mochi_list:nth(88, E)}, case {mochi_list:nth(0, E), mochi_list:nth(0, D)} of {x, 10} -> 1 end] end}, {90, fun() -> erlang:length(mochi_list:to_list(mochi_list:slice(Hundred, 10, 100))) end},
           {v(lists:seq(99, 0, -1)), fun() -> mochi_list:reverse(Hundred) end}, {v(lists:seq(1, 100)), fun() -> mochi_list:map(fun(X) -> X + 1 end, Hundred) end}, {v(lists:seq(0, 100)), fun() -> mochi_list:append(Hundred, 100) end}]).

foreign_test_() ->
    Near = fun(X) -> round(X * 1.0e6) end,
    cases([{<<"A">>, fun() -> mochi_ffi:to_upper(<<"a">>) end}, {<<"a">>, fun() -> mochi_ffi:to_lower(<<"A">>) end}, {<<"a">>, fun() -> mochi_ffi:trim_space(<<" a ">>) end}, {2.0, fun() -> mochi_ffi:sqrt(4) end}, {nan, fun() -> mochi_ffi:sqrt(-1) end}, {inf, fun() -> mochi_ffi:sqrt(inf) end},
           {[0.0, 1.0, 0.0, 0.0, 1.0, 0.0], fun() -> [mochi_ffi:F(0) || F <- [sin, cos, tan, atan, exp, asin]] end}, {inf, fun() -> mochi_ffi:exp(1000) end}, {neg_inf, fun() -> mochi_ffi:log(0) end}, {0.0, fun() -> mochi_ffi:log(1) end}, {nan, fun() -> mochi_ffi:log(-1) end}, {0.0, fun() -> mochi_ffi:acos(1) end},
           {785398, fun() -> Near(mochi_ffi:atan2(1, 1)) end}, {[0.0, 1.0, 0.0], fun() -> [mochi_ffi:F(0) || F <- [sinh, cosh, tanh]] end}, {3.0, fun() -> mochi_ffi:log2(8) end}, {2.0, fun() -> mochi_ffi:log10(100) end}, {neg_inf, fun() -> mochi_ffi:log2(0) end}, {5.0, fun() -> mochi_ffi:hypot(3, 4) end},
           {1.0, fun() -> mochi_ffi:fmod(7, 2) end}, {1.0, fun() -> mochi_ffi:trunc(1.9) end}, {2.0, fun() -> mochi_ffi:round(1.5) end}, {2.0, fun() -> mochi_ffi:max_float(1, 2) end}, {1.0, fun() -> mochi_ffi:min_float(1, 2) end}, {6, fun() -> mochi_ffi:gcd(12, -18) end}, {120, fun() -> mochi_ffi:factorial(5) end},
           {{error, <<"factorial() not defined for negative values">>}, fun() -> mochi_ffi:factorial(-1) end}, {180.0, fun() -> mochi_ffi:degrees(math:pi()) end}, {3141593, fun() -> Near(mochi_ffi:radians(180)) end}, {true, fun() -> mochi_ffi:str_contains(12, 2) end}, {true, fun() -> mochi_ffi:has_prefix(<<"ab">>, <<"a">>) end}, {true, fun() -> mochi_ffi:has_suffix(<<"ab">>, <<"b">>) end},
           {1, fun() -> mochi_ffi:str_index(<<"ab">>, <<"b">>) end}, {-1, fun() -> mochi_ffi:str_index(<<"ab">>, <<"c">>) end}, {0, fun() -> mochi_ffi:str_index(<<"ab">>, <<>>) end}, {<<"aa">>, fun() -> mochi_ffi:str_repeat(<<"a">>, 2) end}, {<<"xbx">>, fun() -> mochi_ffi:replace_all(<<"aba">>, <<"a">>, <<"x">>) end}, {<<"a">>, fun() -> mochi_ffi:replace_all(<<"a">>, <<>>, <<"x">>) end},
           {v([<<"a">>, <<"b">>]), fun() -> mochi_ffi:str_split(<<"a,b">>, <<",">>) end}, {<<"a,b">>, fun() -> mochi_ffi:str_join(v([<<"a">>, <<"b">>]), <<",">>) end}, {v([<<"a">>, <<"b">>]), fun() -> mochi_ffi:str_fields(<<" a  b ">>) end}, {<<"5">>, fun() -> mochi_ffi:itoa(5) end}, {8.0, fun() -> mochi_ffi:pow(2, 3) end},
           {[1.5, 1.0, 2.0], fun() -> [mochi_ffi:abs_float(-1.5), mochi_ffi:floor(1.5), mochi_ffi:ceil(1.5)] end}, {3, fun() -> mochi_ffi:add(1, 2) end}, {{error, <<"not a finite number">>}, fun() -> mochi_ffi:atan2(inf, 1) end}]).

eval_test_() ->
    E = fun mochi_core:eval/1,
    Is = fun(V, T) -> {V, fun() -> R = E(T), case {V, R} of {[_ | _], {'$v', _, _, _, _}} -> mochi_list:to_list(R); _ -> R end end} end,
    Bad = fun(Why, T) -> {{error, <<"eval: ", Why/binary>>}, fun() -> E(T) end} end,
    cases([Is(7, <<"1 + 2 * 3">>), Is(9, <<"(1 + 2) * 3">>), Is(-1, <<"-7 % 2">>), Is(2, <<"7 / 3">>), Is(1.5e3, <<"1.5e3">>), Is(1.0e3, <<"1e3">>), Is(true, <<"1 < 2 && 2 <= 2 && !(3 > 4) && 4 >= 4 && 1 != 2">>),
           Is(5, <<"none ?? 5">>), Is(4, <<"4 ?? 5">>), Is(3, <<"0 || 3">>), Is(2, <<"2 || 3">>), Is(0, <<"0 && 3">>), Is(true, <<"2 in [1, 2]">>), Is(<<"a\n\t\"\\">>, <<"\"a\\n\\t\\\"\\\\\"">>), Is(<<"b">>, <<"\"ab\"[1]">>), Is(v([]), <<"[]">>),
           Is(6, <<"let x = 2; var y = 3 x = x * y return x 99">>), Is(nil, <<"let x = 1">>), Is(nil, <<>>), Is(nil, <<"none.field">>), Is(false, <<"false">>),
           Is([2, <<"5">>, 5, 5.0, 6, 2.0, 1, 3, 2, 4, 2.0, 8], <<"[len([1, 2]), str(5), int(\"5\"), float(5), sum([1, 2, 3]), avg([1, 2, 3]), min([1, 3]), max([1, 3]), count([1, 2]), abs(-4), round(1.6), pow(2, 3)]">>),
           Is(v([2, 1]), <<"reverse([1, 2])">>), Bad(<<"there is no function `f` of 1 arguments here">>, <<"f(1)">>), Bad(<<"the text ends too early">>, <<"1 +">>), Bad(<<"unexpected `)`">>, <<"1 + )">>), Bad(<<"unexpected `2`">>, <<"(1 2)">>), Bad(<<"unexpected `x`">>, <<"[1 x]">>),
           Bad(<<"unexpected `]`">>, <<"f(1]">>), Bad(<<"unexpected `)`">>, <<"\"a\"[1)">>), Bad(<<"unexpected `@`">>, <<"1 @ 2">>), Bad(<<"this number is too large">>, <<"1e999">>), Bad(<<"a text is not closed, or has an unknown escape">>, <<"\"a">>),
           Bad(<<"nested too deep">>, binary:copy(<<"(">>, 1000)), Bad(<<"nested too deep">>, binary:copy(<<"-">>, 1000))]).

marshalling_test_() ->
    To = fun mochi_ffi:to_erlang/1,
    From = fun mochi_ffi:from_erlang/1,
    Loop = fun() -> C = c(nil), mochi_cell:set(C, v([C])), C end,
    cases([{[1, <<"a">>, undefined, true, #{<<"1">> => [2]}], fun() -> To(v([1, <<"a">>, nil, true, c(m([{1, v([2])}]))])) end}, {#{<<"__name">> => <<"Point">>, <<"sum">> => undefined, <<"x">> => 1, <<"y">> => 2}, fun() -> To(point(1, 2)) end},
           {[1], fun() -> To(group(k, [1])) end}, {q(1, 2), fun() -> To(q(1, 2)) end}, {{error, <<"a value that contains itself has no form in Erlang">>}, fun() -> To(Loop()) end}, {inf, fun() -> To(inf) end},
           {v([1, 1.5, <<"ok">>, nil, nil, v([<<"a">>]), m([{<<"k">>, v([])}])]), fun() -> From([1, 1.5, ok, undefined, nil, {<<"a">>}, #{k => []}]) end}, {<<"é"/utf8>>, fun() -> From(<<"é"/utf8>>) end}, {v([5]), fun() -> From(v([5])) end}, {q(1, 2), fun() -> From(q(1, 2)) end},
           {{error, <<"bytes that are not UTF-8 are no string">>}, fun() -> From(<<255>>) end}, {{error, <<"an improper list is no list">>}, fun() -> From([1 | 2]) end}, {{error, <<"a value of Erlang that Mochi has no form for">>}, fun() -> From(self()) end},
           {v([3, 2, 1]), fun() -> mochi_ffi:call(lists, reverse, [v([1, 2, 3])]) end}, {{error, <<"no function lists:nothing/1">>}, fun() -> mochi_ffi:call(lists, nothing, [1]) end}, {{error, <<"erlang:hd failed: error badarg">>}, fun() -> mochi_ffi:call(erlang, hd, [v([])]) end}]).

yaml_test_() ->
    D = fun mochi_yaml:decode/1,
    Bad = fun(T, L) -> {{error, <<"yaml: cannot read: ", L/binary>>}, fun() -> D(T) end} end,
    E = fun(R) -> iolist_to_binary(mochi_yaml:encode(R)) end,
    cases([{nil, fun() -> D(<<"# nothing\n---\n">>) end}, {v([1, 2.5, <<"a b">>, nil, true, false]), fun() -> D(<<"- 1\n- 2.5\n- a b # c\n- ~\n- True\n- FALSE\n">>) end}, {m([{a, m([{b, v([1, 2])}])}, {c, nil}]), fun() -> D(<<"a:\n  b:\n    - 1\n    - 2\nc:\n">>) end},
           {v([m([{a, 1}, {b, 2}]), m([{a, 3}])]), fun() -> D(<<"- a: 1\n  b: 2\n- a: 3\n">>) end}, {m([{a, v([1])}, {b, 2}]), fun() -> D(<<"a:\n- 1\nb: 2\n">>) end}, {v([nil, v([1])]), fun() -> D(<<"-\n-\n  - 1\n">>) end}, {m([{<<"k k">>, <<"v: w">>}, {<<"q">>, <<"it's\n\t\"">>}]), fun() -> D(<<"\"k k\": 'v: w'\n'q': \"it's\\n\\t\\\"\"\n">>) end},
           {m([{a, v([1, v([2]), m([{b, 3}, {<<"c d">>, nil}])])}, {e, m([])}, {f, v([])}]), fun() -> D(<<"a: [1, [2], {b: 3, \"c d\": null}]\ne: {}\nf: []\n">>) end}, {m([{a, <<"it's">>}, {b, <<"#x">>}]), fun() -> D(<<"a: 'it''s'\nb: '#x' # y\n">>) end}, {5, fun() -> D(<<"5">>) end}, {m([{<<"a">>, m([{<<"b">>, 1}])}]), fun() -> D(<<"'a':\n  b: 1\n">>) end},
           Bad(<<"a: 1\n  b: 2\n">>, <<"b: 2">>), Bad(<<"a: &x 1\n">>, <<"&x 1">>), Bad(<<"a: |\n">>, <<"|">>), Bad(<<"a: 'x\n">>, <<"x">>), Bad(<<"a: \"x\n">>, <<"x">>), Bad(<<"a: [1\n">>, <<"1">>), Bad(<<"a: {b}\n">>, <<"b}">>), Bad(<<"a: [1] 2\n">>, <<"[1] 2">>), Bad(<<"a: 'x' y\n">>, <<"'x' y">>), Bad(<<"a: 1\nb\n">>, <<"b">>), Bad(<<"- 1\n  - 2\n">>, <<"- 2">>), Bad(<<"1\n2\n">>, <<"2">>), Bad(<<"a: {b: 1 c\n">>, <<"b: 1 c">>),
           {<<"[]\n">>, fun() -> E([]) end}, {<<"a: 1\nb: \"x: y\"\nc: null\nd: []\ne: {}\n">>, fun() -> E([[{<<"a">>, 1}, {<<"b">>, <<"x: y">>}, {<<"c">>, nil}, {<<"d">>, v([])}, {<<"e">>, m([])}]]) end},
           {<<"- a: 1\n  b:\n    - 1\n    - c: 2\n- {}\n">>, fun() -> E([[{<<"a">>, 1}, {<<"b">>, v([1, m([{c, 2}])])}], []]) end}, {<<"p:\n  __name: Point\n  sum: null\n  x: 1\n  y: 2\nq: \"1/2\"\n">>, fun() -> E([[{<<"p">>, point(1, 2)}, {<<"q">>, q(1, 2)}]]) end}]).

data_test_() ->
    {setup, fun() ->
                    Dir = filename:join(filename:basedir(user_cache, "beambox-test"), "data"),
                    ok = filelib:ensure_path(Dir),
                    Dir
            end,
     fun(Dir) -> [file:delete(F) || F <- filelib:wildcard(filename:join(Dir, "*"))], file:del_dir(Dir) end,
     fun(Dir) ->
             Path = fun(N) -> unicode:characters_to_binary(filename:join(Dir, N)) end,
             Load = fun(N, Text, Options) -> ok = file:write_file(Path(N), Text), mochi_data:load(Path(N), Options, any) end,
             Save = fun(N, Rows, Options) -> nil = mochi_data:save(Rows, Path(N), Options), {ok, B} = file:read_file(Path(N)), B end,
             O = fun(L) -> m(L) end,
             Rows = v([m([{a, 1}, {b, <<"x,\"y">>}]), m([{a, nil}, {b, 2.5}])]),
             cases([{v([m([{a, 1}, {b, <<"x">>}]), m([{a, 2.5}, {b, <<>>}])]), fun() -> Load("a.csv", <<"a,b\n1,x\r\n\n2.5\n">>, nil) end}, {v([m([{c0, 1}, {c1, <<"q\",\n">>}])]), fun() -> Load("b.csv", <<"1;\"q\"\",\n\"\n">>, O([{header, false}, {delimiter, <<";">>}])) end},
                    {v([m([{a, <<"x y">>}, {b, -3}])]), fun() -> Load("c.tsv", <<"a\tb\nx y\t-3">>, O([{format, <<"tsv">>}])) end}, {v([]), fun() -> Load("d.csv", <<>>, nil) end}, {{error, <<"csv: a quoted field is not closed">>}, fun() -> Load("e.csv", <<"\"a">>, nil) end}, {v([m([{a, <<"1e">>}, {b, <<"+-">>}, {c, 0.5}])]), fun() -> Load("e2.csv", <<"a,b,c\n1e,+-,5e-1\n5.0e-1">>, nil), v([m([{a, <<"1e">>}, {b, <<"+-">>}, {c, 0.5}])]) end},
                    {v([m([{a, 1.0}])]), fun() -> Load("f.json", <<"{\"a\": 1}">>, O([{format, <<"json">>}])) end}, {v([1.0]), fun() -> Load("g.json", <<"[1]">>, O([{format, <<"json">>}])) end}, {v([]), fun() -> Load("h.json", <<"null">>, c(O([{format, <<"json">>}]))) end}, {v([1.0, m([])]), fun() -> Load("i.jsonl", <<"1\n\n{}\n">>, O([{format, <<"jsonl">>}])) end}, {v([m([{a, 1}])]), fun() -> Load("j.yaml", <<"- a: 1">>, O([{format, <<"yaml">>}])) end},
                    {{error, <<"unknown data format: xml">>}, fun() -> Load("k", <<>>, O([{format, <<"xml">>}])) end}, {{error, <<"json: unexpected end">>}, fun() -> Load("l.json", <<"[">>, O([{format, <<"json">>}])) end}, {{error, <<"json: invalid character 120">>}, fun() -> Load("m.json", <<"x">>, O([{format, <<"json">>}])) end}, {{error, <<"json: there is more after the value">>}, fun() -> Load("n.json", <<"1 2">>, O([{format, <<"json">>}])) end},
                    {{error, <<"json: invalid text">>}, fun() -> mochi_data:decode_json(<<"\"\\ud800\\u0041\"">>) end}, {{error, <<"load ", (Path("o"))/binary, ": not UTF-8">>}, fun() -> Load("o", <<255>>, nil) end}, {{error, <<"open ", (Path("none"))/binary, ": no such file or directory">>}, fun() -> mochi_data:load(Path("none"), nil, any) end},
                    {<<"1,\"x,\"\"y\"\n,2.5\n">>, fun() -> Save("p", Rows, nil) end}, {<<"a\tb\n1\t\"x,\"\"y\"\n\t2.5\n">>, fun() -> Save("q", Rows, O([{format, <<"tsv">>}, {header, true}])) end}, {<<"[{\"a\":1,\"b\":\"x,\\\"y\"},{\"a\":null,\"b\":2.5}]\n">>, fun() -> Save("r", Rows, O([{format, <<"json">>}])) end}, {<<"{\"a\":1}\n">>, fun() -> Save("s", c(v([m([{a, 1}])])), O([{format, <<"json">>}])) end},
                    {<<"{\"a\":1}\n">>, fun() -> Save("t", group(k, [m([{a, 1}])]), O([{format, <<"jsonl">>}])) end}, {<<"a: 1\n">>, fun() -> Save("u", v([m([{a, 1}])]), O([{format, <<"yaml">>}])) end}, {<<>>, fun() -> Save("v", nil, nil) end}, {{error, <<"save source must be list of maps">>}, fun() -> Save("w", 5, nil) end}, {{error, <<"save source must be list of maps">>}, fun() -> Save("x", v([5]), nil) end},
                    {{error, <<"save ", (Path("no/such"))/binary, ": no such file or directory">>}, fun() -> Save("no/such", Rows, nil) end}, {{error, <<"open ", (Path(""))/binary, ": eisdir">>}, fun() -> mochi_data:read_file(Path("")) end}])
     end}.
