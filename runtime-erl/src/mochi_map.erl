-module(mochi_map).
-moduledoc """
Mochi maps: BEAM maps whose keys are texts.

An int and the text of its decimal digits are the same key; both are stored as the integer, everything else as a binary. Order is that of the
key texts, byte by byte.
""".

-export([key/1, text/1, at/2, get/3, put/3, from_pairs/1, keys/1, values/1, sorted/1, has/2]).

-doc "The stored form of a key.".
-spec key(term()) -> integer() | binary().
key(K) when is_integer(K) -> K;
key(<<C, _/binary>> = K) when C =< $9 -> number_key(K);
key(K) when is_binary(K) -> K;
key(K) -> key(mochi_core:str(K)).

number_key(K) when byte_size(K) > 300 -> K;
number_key(K) ->
    case digits(K) of
        false ->
            K;
        true ->
            N = binary_to_integer(K),
            case integer_to_binary(N) of
                K -> N;
                _ -> K
            end
    end.

digits(<<$-, C, Rest/binary>>) when C >= $0, C =< $9 -> all_digits(Rest);
digits(<<C, Rest/binary>>) when C >= $0, C =< $9 -> all_digits(Rest);
digits(_) -> false.

all_digits(<<C, Rest/binary>>) when C >= $0, C =< $9 -> all_digits(Rest);
all_digits(Rest) -> Rest =:= <<>>.

-doc "A stored key as the program sees it.".
-spec text(integer() | binary()) -> binary().
text(K) when is_integer(K) -> integer_to_binary(K);
text(K) -> K.

-doc "`m[k]` where `m` should be a map: null when missing.".
-spec at(term(), term()) -> term().
at(M, K) when is_map(M), is_integer(K) ->
    case M of
        #{K := V} -> V;
        #{} -> nil
    end;
at(M, K) when is_map(M) ->
    Key = key(K),
    case M of
        #{Key := V} -> V;
        #{} -> nil
    end;
at({'$cell', _, _} = C, K) ->
    at(mochi_cell:plain(C), K);
at(V, K) ->
    mochi_ref:index(V, K).

-doc "`m.get(k, default)`".
-spec get(term(), term(), term()) -> term().
get(M, K, Default) ->
    case mochi_core:contains(M, K) of
        true -> mochi_ref:index(M, K);
        false -> Default
    end.

-doc "Inserts or replaces.".
-spec put(map(), term(), term()) -> map().
put(M, K, V) -> M#{key(K) => V}.

-doc "Is the key there?".
-spec has(map(), term()) -> boolean().
has(M, K) -> is_map_key(key(K), M).

-doc "From an Erlang list of pairs; later ones win.".
-spec from_pairs([{term(), term()}]) -> map().
from_pairs(Pairs) -> maps:from_list([{key(K), V} || {K, V} <- Pairs]).

-doc "Entries by key text.".
-spec sorted(map()) -> [{binary(), term()}].
sorted(M) -> lists:keysort(1, [{text(K), V} || K := V <- M]).

-doc "Key texts in order.".
-spec keys(term()) -> mochi_list:vec().
keys(V) ->
    case mochi_cell:plain(V) of
        nil -> mochi_list:new();
        M when is_map(M) -> mochi_list:from_list(lists:sort([text(K) || K := _ <- M]));
        S -> mochi_list:from_list([K || {K, _} <- mochi_ref:entries(S, <<"keys expects map">>)])
    end.

-doc "Values in the order of key texts.".
-spec values(term()) -> mochi_list:vec().
values(V) ->
    case mochi_cell:plain(V) of
        nil -> mochi_list:new();
        S -> mochi_list:from_list([X || {_, X} <- mochi_ref:entries(S, <<"values expects map">>)])
    end.
