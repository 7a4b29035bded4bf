-module(mochi_ref).
-moduledoc """
Indexing, fields, slices, loops over values, and assignment through a path: the new version of an aggregate, or its cell with new content.
""".

-export([row_field/2, index/2, index_for_set/2, field/2, set_index/4, put_index/3, set_field/4, put_field/3, update_fields/3, rebuild/2]).
-export([field_at/4, field_any/2, set_field_any/4, put_field_any/3, iter_any/1]).
-export([index_any/2, index_for_set_any/2, set_index_any/4, put_index_any/3]).
-export([slice/3, slice/4, iter/1, entries/2]).

-type value() :: term().

-doc "`v[i]` for any `v`. As `index_for_set/2`, `set_index/4` and `put_index/3`, a function that our VM does itself where it is easy.".
-spec index(value(), value()) -> value().
index(V, I) -> index_any(V, I).

-doc "`v[i]` for any `v`.".
-spec index_any(value(), value()) -> value().
index_any({'$v', Size, _, _, _} = V, I) when is_integer(I) ->
    if
        I >= 0, I < Size -> mochi_list:nth(I, V);
        I < 0, I >= -Size -> mochi_list:nth(Size + I, V);
        true -> mochi_core:fail([<<"list index out of range: ">>, integer_to_binary(I), <<" (len ">>, integer_to_binary(Size), $)])
    end;
index_any({'$cell', _, _} = C, I) -> index(mochi_cell:plain(C), I);
index_any(M, K) when is_map(M) -> mochi_map:at(M, K);
index_any(nil, _) -> nil;
index_any(S, I) when is_binary(S), is_integer(I) -> mochi_str:at(S, I);
index_any(S, I) when is_binary(S) ->
    case mochi_num:number(I) of
        N when is_integer(N) -> index(S, N);
        _ -> mochi_core:fail(<<"string index must be int">>)
    end;
index_any({'$v', _, _, _, _} = V, I) when is_binary(I); is_float(I) ->
    case mochi_num:number(I) of
        N when is_integer(N) -> index(V, N);
        _ -> mochi_core:fail(<<"invalid index">>)
    end;
index_any({'$v', _, _, _, _}, _) -> mochi_core:fail(<<"invalid index">>);
index_any({'$group', _, Items}, I) when is_integer(I) -> index(Items, I);
index_any(S, K) when is_tuple(S), tuple_size(S) >= 2, is_tuple(element(2, S)), is_binary(K) -> field(S, K);
index_any({'$group', _, _} = G, K) -> field(G, K);
index_any(_, _) -> mochi_core:fail(<<"cannot index value of this kind">>).

-doc "`v[i]` on the way to an assignment: what is not there yet is null.".
-spec index_for_set(value(), value()) -> value().
index_for_set(V, I) -> index_for_set_any(V, I).

-doc "The same, every case of it.".
-spec index_for_set_any(value(), value()) -> value().
index_for_set_any(V, I) ->
    case mochi_cell:plain(V) of
        {'$v', Size, _, _, _} when is_integer(I), I >= Size -> nil;
        P -> index(P, I)
    end.

-doc "`v.name` for any `v`: null when there is no such field.".
-spec field(value(), binary()) -> value().
field(V, K) -> field_any(V, K).

-doc "The same; most likely it is a struct of this name (or a cell with one) that has the field at this place.".
-spec field_at(value(), binary(), atom(), pos_integer()) -> value().
field_at(V, K, _, _) -> field_any(V, K).

-doc "Every case of `field/2`.".
-spec field_any(value(), binary()) -> value().
field_any({'$cell', _, _} = C, K) -> field(mochi_cell:plain(C), K);
field_any(M, K) when is_map(M) -> mochi_map:at(M, K);
field_any(nil, _) -> nil;
field_any({'$group', Key, _}, <<"key">>) -> Key;
field_any({'$group', _, Items}, <<"items">>) -> Items;
field_any({'$group', _, Items}, <<"count">>) -> mochi_list:size(Items);
field_any({'$group', Key, _}, K) -> field(Key, K);
field_any({'$agent', _, _, _} = A, K) -> mochi_agent:field(A, K);
field_any(S, K) when is_tuple(S), tuple_size(S) >= 2, tuple_size(element(2, S)) =:= 4 ->
    {_, Name, Positions, _} = element(2, S),
    case Positions of
        #{K := P} -> element(P, S);
        #{} when K =:= <<"__name">> -> Name;
        #{} -> nil
    end;
field_any({'$v', _, _, _, _}, _) -> mochi_core:fail(<<"cannot index value of this kind">>);
field_any(_, _) -> mochi_core:fail(<<"cannot index value of this kind">>).

-doc "A field of a row that may be one of several joined sources: its own, else that of the first source (by name) that has it.".
-spec row_field(value(), binary()) -> value().
row_field({'$cell', _, _} = C, K) -> row_field(mochi_cell:plain(C), K);
row_field(M, K) when is_map(M) ->
    case mochi_map:has(M, K) of
        true -> mochi_map:at(M, K);
        false -> first_with(K, [P || {_, P} <- mochi_map:sorted(M)])
    end;
row_field(V, K) -> field(V, K).

first_with(K, [P | Ps]) ->
    case mochi_cell:plain(P) of
        M when is_map(M) ->
            case mochi_map:has(M, K) of
                true -> mochi_map:at(M, K);
                false -> first_with(K, Ps)
            end;
        S when is_tuple(S), tuple_size(S) >= 2, tuple_size(element(2, S)) =:= 4 ->
            case is_map_key(K, element(3, element(2, S))) of
                true -> field(S, K);
                false -> first_with(K, Ps)
            end;
        _ -> first_with(K, Ps)
    end;
first_with(_, []) -> nil.

-doc "The new version of `v` after `v[i] = x`; a cell changes in place.".
-spec set_index(value(), value(), value(), non_neg_integer()) -> value().
set_index(V, I, X, Mask) -> set_index_any(V, I, X, Mask).

-doc "The same, every case of it.".
-spec set_index_any(value(), value(), value(), non_neg_integer()) -> value().
set_index_any({'$cell', _, _} = C, I, X, _) ->
    mochi_cell:set(C, put_index(mochi_cell:get(C), I, X)),
    C;
set_index_any(nil, I, X, Mask) ->
    mochi_cell:fresh(Mask, put_index(nil, I, X));
set_index_any(V, I, X, Mask) ->
    shared(V, Mask),
    put_index(V, I, X).

%% A plain aggregate of a kind that the compiler keeps in cells could have other names that would miss the change.
shared(V, Mask) ->
    case mochi_cell:fresh(0, V) of
        {'$v', _, _, _, _} when Mask band 1 =/= 0 -> unshared();
        M when is_map(M), Mask band 2 =/= 0 -> unshared();
        S when is_tuple(S), tuple_size(S) >= 2, tuple_size(element(2, S)) =:= 4, Mask band 4 =/= 0 -> unshared();
        _ -> ok
    end.

-spec unshared() -> no_return().
unshared() -> mochi_core:fail(<<"not supported yet: assigning into a value that the runtime made">>).

-doc "The new version of `v` after `v[i] = x`, a part of it being a cell or a new version.".
-spec put_index(value(), value(), value()) -> value().
put_index(V, I, X) -> put_index_any(V, I, X).

-doc "The same, every case of it.".
-spec put_index_any(value(), value(), value()) -> value().
put_index_any({'$v', _, _, _, _} = L, I, X) when is_integer(I) -> mochi_list:grow_set(L, I, X);
put_index_any(M, K, X) when is_map(M) -> mochi_map:put(M, K, X);
put_index_any({'$cell', _, _} = C, I, X) ->
    mochi_cell:set(C, put_index(mochi_cell:get(C), I, X)),
    C;
put_index_any(nil, I, X) when is_integer(I) -> put_index(mochi_list:new(), I, X);
put_index_any(nil, K, X) -> put_index(#{}, K, X);
put_index_any({'$v', _, _, _, _} = L, I, X) when is_binary(I) ->
    case mochi_num:number(I) of
        N when is_integer(N) -> put_index(L, N, X);
        _ -> mochi_core:fail(<<"invalid index">>)
    end;
put_index_any({'$v', _, _, _, _}, _, _) -> mochi_core:fail(<<"invalid index">>);
put_index_any(S, K, X) when is_tuple(S), tuple_size(S) >= 2, is_tuple(element(2, S)), is_binary(K) -> put_field(S, K, X);
put_index_any(_, _, _) -> mochi_core:fail(<<"invalid index target">>).

-doc "The new version of `v` after `v.name = x`; a cell changes in place.".
-spec set_field(value(), binary(), value(), non_neg_integer()) -> value().
set_field(V, K, X, Mask) -> set_field_any(V, K, X, Mask).

-doc "The same, every case of it.".
-spec set_field_any(value(), binary(), value(), non_neg_integer()) -> value().
set_field_any({'$cell', _, _} = C, K, X, _) ->
    mochi_cell:set(C, put_field(mochi_cell:get(C), K, X)),
    C;
set_field_any(nil, K, X, Mask) ->
    mochi_cell:fresh(Mask, put_field(nil, K, X));
set_field_any(V, K, X, Mask) ->
    shared(V, Mask),
    put_field(V, K, X).

-doc "The new version of `v` after `v.name = x`, a part of it being a cell or a new version.".
-spec put_field(value(), binary(), value()) -> value().
put_field(V, K, X) -> put_field_any(V, K, X).

-doc "The same, every case of it.".
-spec put_field_any(value(), binary(), value()) -> value().
put_field_any(M, K, X) when is_map(M) -> mochi_map:put(M, K, X);
put_field_any({'$cell', _, _} = C, K, X) ->
    mochi_cell:set(C, put_field(mochi_cell:get(C), K, X)),
    C;
put_field_any(nil, K, X) -> put_field(#{}, K, X);
put_field_any(S, K, X) when is_tuple(S), tuple_size(S) >= 2, tuple_size(element(2, S)) =:= 4 ->
    case element(3, element(2, S)) of
        #{K := P} -> setelement(P, S, X);
        #{} -> mochi_map:put(mochi_map:from_pairs(entries(S, <<>>)), K, X)
    end;
put_field_any(_, _, _) -> mochi_core:fail(<<"invalid index target">>).

-doc "An element of `update` with new field values.".
-spec update_fields(value(), [{binary(), value()}], non_neg_integer()) -> value().
update_fields({'$cell', _, _} = C, Pairs, Mask) ->
    mochi_cell:set(C, update_fields(mochi_cell:get(C), Pairs, Mask)),
    C;
update_fields(V, Pairs, _) ->
    lists:foldl(fun({K, X}, Acc) -> put_field(Acc, K, X) end, V, Pairs).

-doc "A list with these elements (in reverse) for the old one: in its cell if it has one.".
-spec rebuild(value(), [value()]) -> value().
rebuild({'$cell', _, _} = C, Reversed) ->
    mochi_cell:set(C, rebuild(mochi_cell:get(C), Reversed)),
    C;
rebuild({'$v', _, _, _, _}, Reversed) -> mochi_list:from_reversed(Reversed);
rebuild(V, _) -> V.

-doc "Fields or entries by name, in order; struct names included.".
-spec entries(value(), binary()) -> [{binary(), value()}].
entries({'$cell', _, _} = C, Message) -> entries(mochi_cell:plain(C), Message);
entries(M, _) when is_map(M) -> mochi_map:sorted(M);
entries(S, _) when is_tuple(S), tuple_size(S) >= 2, tuple_size(element(2, S)) =:= 4 ->
    {_, Name, _, Order} = element(2, S),
    lists:map(fun({K, name}) -> {K, Name};
                 ({K, method}) -> {K, nil};
                 ({K, P}) -> {K, element(P, S)}
              end, Order);
entries(_, Message) -> mochi_core:fail(Message).

-doc "`v[a:b]` (and `substring`): a copy, bounds from the end when negative, clamped.".
-spec slice(value(), value(), value()) -> value().
slice(V, A, B) -> slice(V, A, B, nil).

-doc "The same with a step, which is ignored.".
-spec slice(value(), value(), value(), value()) -> value().
slice({'$cell', _, _} = C, A, B, S) -> slice(mochi_cell:plain(C), A, B, S);
slice({'$group', _, Items}, A, B, S) -> slice(Items, A, B, S);
slice(nil, _, _, _) -> nil;
slice({'$v', Size, _, _, _} = L, A, B, _) ->
    {X, Y} = bounds(A, B, Size),
    mochi_list:slice(L, X, Y);
slice(S, A, B, _) when is_binary(S) ->
    {X, Y} = bounds(A, B, mochi_str:len(S)),
    mochi_str:sub(S, X, Y);
slice(_, _, _, _) -> mochi_core:fail(<<"invalid index target">>).

bounds(A, B, Size) -> {bound(A, 0, Size), bound(B, Size, Size)}.

bound(nil, Default, _) -> Default;
bound(I, _, Size) when is_integer(I), I < 0 -> max(0, I + Size);
bound(I, _, Size) when is_integer(I) -> min(I, Size);
bound(F, D, Size) when is_float(F), trunc(F) == F -> bound(trunc(F), D, Size);
bound(_, _, _) -> mochi_core:fail(<<"invalid index">>).

-doc "What `for` goes through, as an Erlang list.".
-spec iter(value()) -> [value()].
iter(V) -> iter_any(V).

-doc "The same, every case of it.".
-spec iter_any(value()) -> [value()].
iter_any({'$v', _, _, _, _} = V) -> mochi_list:to_list(V);
iter_any({'$cell', _, _} = C) -> iter(mochi_cell:plain(C));
iter_any(M) when is_map(M) -> lists:sort([mochi_map:text(K) || K := _ <- M]);
iter_any(S) when is_binary(S) -> [<<C/utf8>> || <<C/utf8>> <= S];
iter_any({'$group', _, Items}) -> iter(Items);
iter_any(nil) -> [];
iter_any(S) when is_tuple(S), tuple_size(S) >= 2, tuple_size(element(2, S)) =:= 4 ->
    [K || {K, _} <- entries(S, <<>>)];
iter_any(_) -> mochi_core:fail(<<"invalid iterator">>).

