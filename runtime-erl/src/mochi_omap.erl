-module(mochi_omap).
-moduledoc """
Maps that remember the order in which keys came. Keys are those of `m:mochi_map`: texts, an int being the text of its digits.

An ordered map is `{'$omap', Next, #{Key => {Number, Value}}, Order}` with `Order` a tree from number to key. Replacing a value keeps its place; putting a key again after its
removal puts it last. All operations on one key take logarithmic time.
""".

-export([new/0, from_list/1, to_list/1, keys/1, values/1, size/1, get/2, get/3, put/3, remove/2, has/2]).
-export([first/1, last/1, map/2, filter/2, fold/3, merge/2, equal/2]).
-export_type([omap/0]).

-compile({no_auto_import, [size/1, get/1]}).

-type key() :: integer() | binary().
-type omap() :: {'$omap', non_neg_integer(), #{key() => {non_neg_integer(), term()}},
                 gb_trees:tree(non_neg_integer(), key())}.

-doc "The empty map.".
-spec new() -> omap().
new() -> {'$omap', 0, #{}, gb_trees:empty()}.

-doc "From pairs; a key that comes again keeps its first place and gets the later value.".
-spec from_list([{term(), term()}]) -> omap().
from_list(Pairs) -> lists:foldl(fun({K, V}, M) -> put(M, K, V) end, new(), Pairs).

-doc "Pairs in order.".
-spec to_list(omap()) -> [{binary(), term()}].
to_list({'$omap', _, M, Order}) -> [{mochi_map:text(K), element(2, maps:get(K, M))} || K <- gb_trees:values(Order)].

-doc "Keys in order, as a Mochi list.".
-spec keys(omap()) -> mochi_list:vec().
keys(M) -> mochi_list:from_list([K || {K, _} <- to_list(M)]).

-doc "Values in the order of their keys, as a Mochi list.".
-spec values(omap()) -> mochi_list:vec().
values(M) -> mochi_list:from_list([V || {_, V} <- to_list(M)]).

-doc "How many.".
-spec size(omap()) -> non_neg_integer().
size({'$omap', _, M, _}) -> map_size(M).

-doc "The value, or null.".
-spec get(omap(), term()) -> term().
get(M, K) -> get(M, K, nil).

-doc "The value, or a default.".
-spec get(omap(), term(), term()) -> term().
get({'$omap', _, M, _}, K0, Default) ->
    K = mochi_map:key(K0),
    case M of
        #{K := {_, V}} -> V;
        #{} -> Default
    end.

-doc "With this value for the key.".
-spec put(omap(), term(), term()) -> omap().
put({'$omap', Next, M, Order}, K0, V) ->
    K = mochi_map:key(K0),
    case M of
        #{K := {N, _}} -> {'$omap', Next, M#{K := {N, V}}, Order};
        #{} -> {'$omap', Next + 1, M#{K => {Next, V}}, gb_trees:insert(Next, K, Order)}
    end.

-doc "Without the key.".
-spec remove(omap(), term()) -> omap().
remove({'$omap', Next, M, Order}, K0) ->
    case maps:take(mochi_map:key(K0), M) of
        {{N, _}, Rest} -> {'$omap', Next, Rest, gb_trees:delete(N, Order)};
        error -> {'$omap', Next, M, Order}
    end.

-doc "Is the key there?".
-spec has(omap(), term()) -> boolean().
has({'$omap', _, M, _}, K) -> is_map_key(mochi_map:key(K), M).

-doc "The first pair, or null.".
-spec first(omap()) -> {binary(), term()} | nil.
first(Map) -> ending(Map, fun gb_trees:smallest/1).

-doc "The last pair, or null.".
-spec last(omap()) -> {binary(), term()} | nil.
last(Map) -> ending(Map, fun gb_trees:largest/1).

ending({'$omap', _, M, _}, _) when map_size(M) =:= 0 -> nil;
ending({'$omap', _, M, Order}, Which) ->
    {_, K} = Which(Order),
    {mochi_map:text(K), element(2, maps:get(K, M))}.

-doc "`F(Key, Value)` for each value, in order.".
-spec map(fun((binary(), term()) -> term()), omap()) -> omap().
map(F, M) -> lists:foldl(fun({K, V}, Acc) -> put(Acc, K, F(K, V)) end, M, to_list(M)).

-doc "The pairs for which `P(Key, Value)` holds.".
-spec filter(fun((binary(), term()) -> term()), omap()) -> omap().
filter(P, M) -> from_list([{K, V} || {K, V} <- to_list(M), mochi_core:truthy(P(K, V))]).

-doc "`F(Key, Value, Acc)` in order.".
-spec fold(fun((binary(), term(), Acc) -> Acc), Acc, omap()) -> Acc.
fold(F, Acc, M) -> lists:foldl(fun({K, V}, A) -> F(K, V, A) end, Acc, to_list(M)).

-doc "The first with all pairs of the second put into it.".
-spec merge(omap(), omap()) -> omap().
merge(A, B) -> fold(fun(K, V, M) -> put(M, K, V) end, A, B).

-doc "The same pairs in the same order?".
-spec equal(omap(), omap()) -> boolean().
equal(A, B) ->
    {As, Bs} = {to_list(A), to_list(B)},
    length(As) =:= length(Bs) andalso
        lists:all(fun({{K, V}, {L, W}}) -> K =:= L andalso mochi_core:eq(V, W) end, lists:zip(As, Bs)).
