-module(prop_mochi).
-moduledoc "Properties, for PropEr: what must hold for all values.".
-include_lib("proper/include/proper.hrl").
-compile([export_all, nowarn_export_all]).

key() -> oneof([integer(-20, 20), utf8(8), elements([<<"a">>, <<"7">>, <<"-1">>, <<"07">>])]).
scalar() -> oneof([integer(), float(), utf8(10), boolean(), nil]).
value() -> ?SIZED(N, value(N)).
value(0) -> scalar();
value(N) -> oneof([scalar(), ?LET(L, list(value(N div 4)), mochi_list:from_list(L)),
                   ?LET(Ps, list({key(), value(N div 4)}), mochi_map:from_pairs(Ps))]).

%% Vectors are lists.
prop_list_round_trip() -> ?FORALL(L, list(value()), mochi_list:to_list(mochi_list:from_list(L)) =:= L).
prop_list_append() ->
    ?FORALL(L, list(integer()),
            lists:foldl(fun(X, V) -> mochi_list:append(V, X) end, mochi_list:new(), L) =:= mochi_list:from_list(L)).
prop_list_slice() ->
    ?FORALL({L, A, B}, {list(integer()), nat(), nat()},
            begin
                Size = length(L),
                {X, Y} = {min(A, Size), min(B, Size)},
                mochi_list:to_list(mochi_list:slice(mochi_list:from_list(L), X, Y)) =:= lists:sublist(L, X + 1, max(0, Y - X))
            end).
prop_list_set() ->
    ?FORALL({L, V}, {non_empty(list(integer())), integer()},
            ?FORALL(I, integer(0, length(L) - 1),
                    mochi_list:to_list(mochi_list:set_nth(I, V, mochi_list:from_list(L)))
                    =:= lists:sublist(L, I) ++ [V | lists:nthtail(I + 1, L)])).

%% Strings count code points.
prop_str_len() -> ?FORALL(S, utf8(), mochi_str:len(S) =:= length(unicode:characters_to_list(S))).
prop_str_at() ->
    ?FORALL(S, utf8(100), ?IMPLIES(S =/= <<>>,
            ?FORALL(I, integer(0, mochi_str:len(S) - 1),
                    mochi_str:at(S, I) =:= unicode:characters_to_binary([lists:nth(I + 1, unicode:characters_to_list(S))])))).
prop_str_reverse() -> ?FORALL(S, utf8(), mochi_str:reverse(mochi_str:reverse(S)) =:= S).
prop_str_split_join() -> ?FORALL({S, Sep}, {utf8(), non_empty(utf8(3))}, mochi_str:join(mochi_str:split(S, Sep), Sep) =:= S).
prop_str_own() ->
    ?FORALL({B, V}, {binary(200), value()},
            begin
                Part = binary:part(<<B/binary, B/binary>>, 0, byte_size(B)),
                Term = {V, [Part], #{Part => V}},
                Owned = mochi_str:own(Term),
                {_, [P], _} = Owned,
                Owned =:= Term andalso binary:referenced_byte_size(P) =:= byte_size(B)
            end).

%% Equality and order agree with each other.
prop_eq_reflexive() -> ?FORALL(V, value(), mochi_core:eq(V, V)).
prop_eq_symmetric() -> ?FORALL({A, B}, {value(), value()}, mochi_core:eq(A, B) =:= mochi_core:eq(B, A)).
prop_compare_antisymmetric() ->
    ?FORALL({A, B}, {value(), value()},
            mochi_query:compare(A, B) =:= case mochi_query:compare(B, A) of lt -> gt; gt -> lt; eq -> eq end).
prop_sort() ->
    ?FORALL(L, list(integer()), mochi_query:sort([{X, X} || X <- lists:reverse(L)]) =:= lists:sort(L)).
prop_group_key() ->
    ?FORALL({A, B}, ?LET(V, value(), {V, oneof([V, floats(V), value()])}),
            (mochi_query:group_key(A) =:= mochi_query:group_key(B)) =:= mochi_core:eq(A, B)).

prop_json_round_trip() ->
    ?FORALL(V, value(), mochi_core:eq(mochi_data:decode_json(mochi_json:to_json(V)), floats(V))).

%% JSON has one kind of number.
floats(I) when is_integer(I) -> I * 1.0;
floats({'$v', _, _, _, _} = L) -> mochi_list:map(fun floats/1, L);
floats(M) when is_map(M) -> maps:map(fun(_, V) -> floats(V) end, M);
floats(V) -> V.

%% Sets against ordsets of keys.
prop_set() ->
    ?FORALL({A, B}, {list(integer(0, 20)), list(integer(0, 20))},
            begin
                [S, T] = [mochi_set:from_list(mochi_list:from_list(L)) || L <- [A, B]],
                [X, Y] = [ordsets:from_list(L) || L <- [A, B]],
                L = fun(V) -> mochi_list:to_list(mochi_set:to_list(V)) end,
                L(mochi_set:union(S, T)) =:= ordsets:union(X, Y)
                    andalso L(mochi_set:intersect(S, T)) =:= ordsets:intersection(X, Y)
                    andalso L(mochi_set:except(S, T)) =:= ordsets:subtract(X, Y)
                    andalso mochi_set:is_subset(S, T) =:= ordsets:is_subset(X, Y)
                    andalso mochi_set:is_disjoint(S, T) =:= ordsets:is_disjoint(X, Y)
                    andalso mochi_set:equal(S, T) =:= (X =:= Y)
            end).

%% Ordered maps against a list of pairs.
prop_omap() ->
    ?FORALL(Ops, list(oneof([{put, key(), integer()}, {remove, key()}])),
            begin
                {M, L} = lists:foldl(fun omap_step/2, {mochi_omap:new(), []}, Ops),
                mochi_omap:to_list(M) =:= L andalso mochi_omap:size(M) =:= length(L)
                    andalso mochi_omap:first(M) =:= case L of [] -> nil; [F | _] -> F end
                    andalso mochi_omap:last(M) =:= case L of [] -> nil; _ -> lists:last(L) end
            end).

omap_step({put, K, V}, {M, L}) -> {mochi_omap:put(M, K, V), lists:keystore(text(K), 1, L, {text(K), V})};
omap_step({remove, K}, {M, L}) -> {mochi_omap:remove(M, K), lists:keydelete(text(K), 1, L)}.

text(K) -> mochi_map:text(mochi_map:key(K)).

prop_durations() -> ?FORALL(D, integer(-1 bsl 62, 1 bsl 62), mochi_time:parse_duration(mochi_time:format_duration(D)) =:= D).
prop_times() ->
    ?FORALL(T, integer(-62135596800_000000000, 253402300799_999999999), mochi_time:parse(mochi_time:format(T)) =:= T).
prop_no_text_is_a_crash() ->
    ?FORALL(S, utf8(), lists:all(fun(F) -> try F(S) of _ -> true catch error:{mochi, _} -> true end end,
                                 [fun mochi_time:parse/1, fun mochi_time:parse_duration/1, fun mochi_data:decode_json/1, fun mochi_llm:from_json/1,
                                  fun(X) -> mochi_fetch:fetch(<<"http://", X/binary>>, nil) end])).

%% The two ways of Datalog give the same, in the same order: that of programs, in memory, and that over ETS.
pred(Arity) -> {elements([<<"p">>, <<"q">>, <<"r">>]), vector(Arity, arg())}.
arg() -> weighted_union([{3, {var, elements([<<"x">>, <<"y">>, <<"z">>])}}, {1, integer(0, 3)}]).
%% A head and inequalities over the variables of the body.
rule() ->
    ?LET(Body, ?LET(N, integer(1, 3), vector(N, pred(2))),
         case lists:usort([V || {_, As} <- Body, {var, V} <- As]) of
             [] -> {{elements([<<"p">>, <<"q">>, <<"r">>]), vector(2, integer(0, 3))}, Body, []};
             Vars ->
                 Var = elements(Vars),
                 {{elements([<<"p">>, <<"q">>, <<"r">>]), vector(2, oneof([integer(0, 3), {var, Var}, {var, Var}]))}, Body,
                  ?LET(K, integer(0, 2), vector(K, {Var, Var}))}
         end).

prop_datalog() ->
    ?FORALL({Facts, Rules, {Name, Args}}, {list({elements([<<"p">>, <<"q">>]), vector(2, integer(0, 3))}), list(rule()), pred(2)},
            begin
                Db = mochi_datalog:new(),
                [mochi_datalog:fact(Db, N, Vs) || {N, Vs} <- Facts],
                [mochi_datalog:rule(Db, H, B ++ [{'!=', {var, X}, {var, Y}} || {X, Y} <- Ne]) || {H, B, Ne} <- Rules],
                One = mochi_datalog:query(Db, Name, Args),
                mochi_datalog:delete(Db),
                Two = test_program:run(fun() ->
                    [mochi_logic:fact(N, Vs) || {N, Vs} <- Facts],
                    [mochi_logic:rule(H, B ++ [{'!=', X, Y} || {X, Y} <- Ne]) || {H, B, Ne} <- Rules],
                    mochi_logic:query(Name, Args)
                end),
                mochi_list:to_list(One) =:= mochi_list:to_list(Two)
            end).

%% A ring remembers the last ones, whatever is done to it.
prop_recorder() ->
    ?FORALL({Size, Es, Again}, {integer(1, 8), list(integer()), integer(1, 8)},
            begin
                S = <<"a ring">>,
                ok = mochi_stream:record(S, Size),
                [mochi_stream:publish(S, E) || E <- Es],
                First = mochi_stream:history(S),
                ok = mochi_stream:record(S, Again),
                Second = mochi_stream:history(S),
                ok = mochi_stream:stop_recording(S),
                First =:= last(Size, Es) andalso Second =:= last(Again, First)
            end).

last(N, L) -> lists:nthtail(max(0, length(L) - N), L).

prop_cache() ->
    ?FORALL({Limit, Keys}, {integer(1, 5), list(integer(0, 9))},
            begin
                C = make_ref(),
                [K = mochi_cache:memo(C, K, fun() -> K end, #{limit => Limit}) || K <- Keys],
                Ok = mochi_cache:size(C) =< Limit andalso lists:all(fun(K) -> lists:member(mochi_cache:get(C, K), [error, {ok, K}]) end, Keys),
                mochi_cache:clear(C),
                Ok andalso mochi_cache:size(C) =:= 0
            end).

prop_async_map() ->
    ?FORALL({L, N}, {list(integer()), integer(1, 4)}, mochi_async:map(fun(X) -> X + 1 end, L, N) =:= [X + 1 || X <- L]).
