-module(mochi_query).
-moduledoc """
Dataset queries: what the compiler's loops leave to the runtime (sorting, grouping, cutting), and the aggregates.

Rows are Erlang lists here; groups are `{'$group', Key, Items}`.
""".

-export([index/1, candidates/2, rows/1, sort/1, skip/2, take/2, group/1, key/1, items/1, distinct/1, collect/1]).
-export([execute/2, collected/2]).
-export([count/1, sum/1, avg/1, min/1, max/1, compare/2, group_key/1, key_set/1]).

-compile({no_auto_import, [min/2, max/2]}).

-doc "What a `from` or `join` goes through.".
-spec rows(term()) -> [term()].
rows(V) -> mochi_ref:iter(V).

-doc "Rows by key, for `m:mochi_query:candidates/2`; they come in reverse.".
-spec index([{term(), term()}]) -> #{term() => [term()]}.
index(ReversedKeyed) ->
    lists:foldl(fun({K, Row}, Acc) ->
                        G = group_key(K),
                        case Acc of
                            #{G := Rows} -> Acc#{G := [Row | Rows]};
                            #{} -> Acc#{G => [Row]}
                        end
                end, #{}, ReversedKeyed).

-doc "The rows of an index that have a key equal to this, in order.".
-spec candidates(#{term() => [term()]}, term()) -> [term()].
candidates(Index, K) ->
    G = group_key(K),
    case Index of
        #{G := Rows} -> Rows;
        #{} -> []
    end.

-doc "Rows by their keys: stable, ascending, null last.".
-spec sort([{term(), term()}]) -> [term()].
sort(ReversedKeyed) ->
    Keyed = lists:reverse(ReversedKeyed),
    [Row || {_, Row} <- lists:sort(fun({A, _}, {B, _}) -> compare(A, B) =/= gt end, Keyed)].

-doc "Without the first `N`.".
-spec skip([term()], term()) -> [term()].
skip(Rows, N) when is_integer(N), N > 0 -> lists:nthtail(erlang:min(N, length(Rows)), Rows);
skip(Rows, _) -> Rows.

-doc "The first `N`.".
-spec take([term()], term()) -> [term()].
take(Rows, N) when is_integer(N), N >= 0 -> lists:sublist(Rows, N);
take(Rows, N) when is_integer(N) -> lists:sublist(Rows, erlang:max(0, length(Rows) + N));
take(Rows, _) -> Rows.

-doc "Groups in the order of their first rows, each as a row of one.".
-spec group([{term(), term()}]) -> [{term()}].
group(ReversedKeyed) ->
    Keyed = lists:reverse(ReversedKeyed),
    {Order, Groups} =
        lists:foldl(fun({K, V}, {Order, Groups}) ->
                            G = group_key(K),
                            case Groups of
                                #{G := {K0, Vs}} -> {Order, Groups#{G := {K0, [V | Vs]}}};
                                #{} -> {[G | Order], Groups#{G => {K, [V]}}}
                            end
                    end, {[], #{}}, Keyed),
    lists:map(fun(G) ->
                      {K, Vs} = maps:get(G, Groups),
                      {{'$group', K, mochi_list:from_reversed(Vs)}}
              end, lists:reverse(Order)).

-doc "A term that is the same for equal values: cells looked through, whole floats as ints.".
-spec group_key(term()) -> term().
group_key(F) when is_float(F), F == trunc(F) -> trunc(F);
group_key({'$q', N, 1}) when is_integer(N) -> N;
group_key({'$cell', _, _} = C) -> group_key(mochi_cell:plain(C));
group_key({'$v', _, _, _, _} = L) -> ['$v' | [group_key(E) || E <- mochi_list:to_list(L)]];
group_key(M) when is_map(M) -> maps:map(fun(_, V) -> group_key(V) end, M);
group_key(T) when is_tuple(T) -> list_to_tuple([group_key(E) || E <- tuple_to_list(T)]);
group_key(V) -> V.

-doc "The group keys of some values, to look up.".
-spec key_set([term()]) -> #{term() => []}.
key_set(Vs) -> #{group_key(V) => [] || V <- Vs}.

-doc "`g.key`".
-spec key(term()) -> term().
key({'$group', K, _}) -> K;
key(V) -> mochi_ref:field(V, <<"key">>).

-doc "`g.items`".
-spec items(term()) -> term().
items({'$group', _, Items}) -> Items;
items(V) -> mochi_ref:field(V, <<"items">>).

-doc "First occurrences.".
-spec distinct(term()) -> term().
distinct(V) ->
    case mochi_cell:plain(V) of
        nil -> nil;
        {'$v', _, _, _, _} = L ->
            {Out, _} = lists:foldl(fun(E, {Acc, Seen}) ->
                                           K = group_key(E),
                                           case Seen of
                                               #{K := _} -> {Acc, Seen};
                                               #{} -> {[E | Acc], Seen#{K => []}}
                                           end
                                   end, {[], #{}}, mochi_list:to_list(L)),
            mochi_list:from_reversed(Out);
        {'$group', _, Items} -> distinct(Items);
        _ -> mochi_core:fail(<<"distinct expects list">>)
    end.

%% From so many rows on their garbage is worth a collection.
-define(LARGE, 100_000).

-doc """
Runs a query, a function that gives its result as a Mochi list or an aggregate, between the events `[mochi, query, execute, start]` and `stop`; collects
garbage after a large one.
""".
-spec execute(binary(), fun(() -> V)) -> V.
execute(Name, F) ->
    mochi_telemetry:span([mochi, query, execute], #{query => Name},
                         fun() ->
                                 Result = F(),
                                 Rows = case mochi_cell:plain(Result) of
                                            {'$v', N, _, _, _} -> N;
                                            _ -> 1
                                        end,
                                 {collected(Result, Rows), #{rows => Rows}, #{}}
                         end, fun erlang:monotonic_time/0).

-doc "The result, after a collection if it was made of so many rows that its intermediate results are worth one.".
-spec collected(V, non_neg_integer()) -> V.
collected(Result, Rows) when Rows >= ?LARGE ->
    true = erlang:garbage_collect(),
    Result;
collected(Result, _) -> Result.

-doc "A list as it is, the items of a group.".
-spec collect(term()) -> term().
collect({'$group', _, Items}) -> Items;
collect(V) -> V.

-doc "`count(xs)`".
-spec count(term()) -> non_neg_integer().
count(nil) -> 0;
count(S) when is_binary(S) -> mochi_str:len(S);
count(M) when is_map(M) -> map_size(M);
count(V) -> length(values(V, <<"count expects list">>)).

-doc "`sum(xs)`".
-spec sum(term()) -> term().
sum(V) -> lists:foldl(fun add/2, 0, values(V, <<"sum expects list">>)).

add(nil, Acc) -> Acc;
add(X, Acc) when is_number(X), is_number(Acc) -> mochi_num:add(Acc, X);
add(X, Acc) when is_binary(X) ->
    case mochi_num:add_num(0, X) of
        N when is_number(N) -> mochi_num:add(Acc, N);
        _ -> Acc
    end;
add(X, Acc) -> mochi_num:add(Acc, X).

-doc "`avg(xs)`".
-spec avg(term()) -> term().
avg(V) ->
    case [X || X <- values(V, <<"avg expects list">>), X =/= nil] of
        [] -> 0;
        Xs ->
            case lists:foldl(fun add/2, 0, Xs) of
                S when is_number(S) -> mochi_num:divide(mochi_num:to_float(S), length(Xs));
                S -> mochi_num:divide(S, length(Xs))
            end
    end.

-doc "`min(xs)`".
-spec min(term()) -> term().
min(V) -> extreme(values(V, <<"min expects list">>), lt).

-doc "`max(xs)`".
-spec max(term()) -> term().
max(V) -> extreme(values(V, <<"max expects list">>), gt).

extreme(Vs, Which) ->
    case [X || X <- Vs, X =/= nil] of
        [] -> 0;
        [X | Xs] ->
            Best = lists:foldl(fun(Y, B) ->
                                       case compare(Y, B) of
                                           Which -> Y;
                                           _ -> B
                                       end
                               end, X, Xs),
            case is_integer(Best) andalso lists:any(fun is_float/1, [X | Xs]) of
                true -> mochi_num:to_float(Best);
                false -> Best
            end
    end.

%% The compiler hands the results of a query over as they are.
values(L, _) when is_list(L) -> L;
values({'$cell', _, _} = C, M) -> values(mochi_cell:plain(C), M);
values({'$v', _, _, _, _} = L, _) -> mochi_list:to_list(L);
values({'$group', _, Items}, _) -> mochi_list:to_list(Items);
values(nil, _) -> [];
values(_, Message) -> mochi_core:fail(Message).

-doc "The order of `sort by`: null last, numbers, texts, false before true, lists, maps by sorted entries, else by text.".
-spec compare(term(), term()) -> lt | eq | gt.
compare(X, Y) when is_number(X), is_number(Y); is_binary(X), is_binary(Y); is_boolean(X), is_boolean(Y) -> ord(X, Y);
compare({'$cell', _, _} = C, Y) -> compare(mochi_cell:plain(C), Y);
compare(X, {'$cell', _, _} = C) -> compare(X, mochi_cell:plain(C));
compare(nil, nil) -> eq;
compare(nil, _) -> gt;
compare(_, nil) -> lt;
compare(X, X) -> eq;
compare(X, Y) when is_number(X), Y =:= inf; X =:= neg_inf, is_number(Y); X =:= neg_inf, Y =:= inf -> lt;
compare(X, Y) when is_number(Y), X =:= inf; Y =:= neg_inf, is_number(X); Y =:= neg_inf, X =:= inf -> gt;
compare({'$v', _, _, _, _} = X, {'$v', _, _, _, _} = Y) -> lists_order(mochi_list:to_list(X), mochi_list:to_list(Y));
compare({'$q', A, B}, Y) when is_integer(Y) -> ord(A, Y * B);
compare(X, {'$q', A, B}) when is_integer(X) -> ord(X * B, A);
compare({'$q', A, B}, {'$q', C, D}) -> ord(A * D, C * B);
compare(X, Y) ->
    case {entries(X), entries(Y)} of
        {none, _} -> ord(mochi_core:str(X), mochi_core:str(Y));
        {_, none} -> ord(mochi_core:str(X), mochi_core:str(Y));
        {A, B} -> lists_order(A, B)
    end.

entries(M) when is_map(M) -> lists:append([[K, V] || {K, V} <- mochi_map:sorted(M)]);
entries(S) when is_tuple(S), tuple_size(S) >= 2, tuple_size(element(2, S)) =:= 4 ->
    lists:append([[K, V] || {K, V} <- mochi_ref:entries(S, <<>>)]);
entries(_) -> none.

lists_order([], []) -> eq;
lists_order([], _) -> lt;
lists_order(_, []) -> gt;
lists_order([X | Xs], [Y | Ys]) ->
    case compare(X, Y) of
        eq -> lists_order(Xs, Ys);
        O -> O
    end.

ord(X, Y) when X < Y -> lt;
ord(X, Y) when X > Y -> gt;
ord(_, _) -> eq.
