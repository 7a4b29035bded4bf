-module(mochi_set).
-moduledoc """
Sets of Mochi values: what is equal for `==` is one element, the first that came.

A set is `{'$set', #{Key => Element}}`, `Key` as queries group. It has no order of its own; `to_list/1` is in the order of `sort by`.
""".

-export([new/0, from_list/1, to_list/1, size/1, add/2, remove/2, has/2, union/2, intersect/2, except/2]).
-export([is_subset/2, is_disjoint/2, equal/2, map/2, filter/2, fold/3]).
-export_type([set/0]).

-compile({no_auto_import, [size/1]}).

-type set() :: {'$set', #{term() => term()}}.

-doc "The empty set.".
-spec new() -> set().
new() -> {'$set', #{}}.

-doc "The elements of a list or of anything that can be gone through.".
-spec from_list(term()) -> set().
from_list(L) -> lists:foldl(fun(E, S) -> add(S, E) end, new(), mochi_ref:iter(L)).

-doc "The elements, sorted.".
-spec to_list(set()) -> mochi_list:vec().
to_list({'$set', M}) ->
    mochi_list:from_list(lists:sort(fun(A, B) -> mochi_query:compare(A, B) =/= gt end, maps:values(M))).

-doc "How many.".
-spec size(set()) -> non_neg_integer().
size({'$set', M}) -> map_size(M).

-doc "With one more.".
-spec add(set(), term()) -> set().
add({'$set', M}, V) ->
    K = mochi_query:group_key(V),
    case M of
        #{K := _} -> {'$set', M};
        #{} -> {'$set', M#{K => V}}
    end.

-doc "Without one.".
-spec remove(set(), term()) -> set().
remove({'$set', M}, V) -> {'$set', maps:remove(mochi_query:group_key(V), M)}.

-doc "Is it in?".
-spec has(set(), term()) -> boolean().
has({'$set', M}, V) -> is_map_key(mochi_query:group_key(V), M).

-doc "In one of both.".
-spec union(set(), set()) -> set().
union({'$set', A}, {'$set', B}) -> {'$set', maps:merge(B, A)}.

-doc "In both.".
-spec intersect(set(), set()) -> set().
intersect({'$set', A}, {'$set', B}) -> {'$set', maps:filter(fun(K, _) -> is_map_key(K, B) end, A)}.

-doc "In the first but not in the second.".
-spec except(set(), set()) -> set().
except({'$set', A}, {'$set', B}) -> {'$set', maps:without(maps:keys(B), A)}.

-doc "Is all of the first in the second?".
-spec is_subset(set(), set()) -> boolean().
is_subset({'$set', A}, {'$set', B}) -> lists:all(fun(K) -> is_map_key(K, B) end, maps:keys(A)).

-doc "Have they nothing in common?".
-spec is_disjoint(set(), set()) -> boolean().
is_disjoint(A, B) -> size(intersect(A, B)) =:= 0.

-doc "The same elements?".
-spec equal(set(), set()) -> boolean().
equal(A, B) -> size(A) =:= size(B) andalso is_subset(A, B).

-doc "The set of what the function gives.".
-spec map(fun((term()) -> term()), set()) -> set().
map(F, S) -> from_list(mochi_list:map(F, to_list(S))).

-doc "The elements for which the predicate holds.".
-spec filter(fun((term()) -> term()), set()) -> set().
filter(P, {'$set', M}) -> {'$set', maps:filter(fun(_, V) -> mochi_core:truthy(P(V)) end, M)}.

-doc "`F(Element, Acc)` over the elements, sorted.".
-spec fold(fun((term(), Acc) -> Acc), Acc, set()) -> Acc.
fold(F, Acc, S) -> lists:foldl(F, Acc, mochi_list:to_list(to_list(S))).
