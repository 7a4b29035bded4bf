-module(mochi_cell).
-moduledoc """
Mutable cells: variables that closures share, and lists, maps and structs that have several names.

A cell is `{'$cell', Owner, Id}`. Its content is in the process dictionary of `Owner` under a number made of `Id`; another process
(an agent that its owner waits for) reaches it by a request to the owner. On stock OTP a cell lives as long as its owner.
""".

-export([get_any/1, set_any/2, new/1, get/1, set/2, plain/1, fresh/2, fresh_deep/2, pack/1, unpack/1, local_get/1, local_set/2]).
-export_type([cell/0]).

-type cell() :: {'$cell', pid(), non_neg_integer()}.

-define(NEXT, '$cell_next').
%% Far from the numbers that anybody else would take. Our VM knows it, too.
-define(KEY(Id), ((1 bsl 50) + Id)).

-doc "A new cell with this content.".
-spec new(term()) -> cell().
new(Value) ->
    Id = case erlang:get(?NEXT) of
             undefined -> 0;
             N -> N
         end,
    erlang:put(?NEXT, Id + 1),
    erlang:put(?KEY(Id), Value),
    {'$cell', self(), Id}.

-doc "The content.".
-spec get(cell()) -> term().
get(C) -> get_any(C).

-doc "The same, every case of it: our VM reads and sets cells of the process itself.".
-spec get_any(cell()) -> term().
get_any({'$cell', Owner, Id}) when Owner =:= self() ->
    erlang:get(?KEY(Id));
get_any({'$cell', Owner, Id}) ->
    mochi_agent:ask(Owner, {cell_get, Id}).

-doc "Replaces the content.".
-spec set(cell(), term()) -> ok.
set(C, Value) -> set_any(C, Value).

-doc "The same, every case of it.".
-spec set_any(cell(), term()) -> ok.
set_any({'$cell', Owner, Id}, Value) when Owner =:= self() ->
    erlang:put(?KEY(Id), Value),
    ok;
set_any({'$cell', Owner, Id}, Value) ->
    mochi_agent:ask(Owner, {cell_set, Id, Value}),
    ok.

-doc "Content of a cell of this process, by number.".
-spec local_get(non_neg_integer()) -> term().
local_get(Id) -> erlang:get(?KEY(Id)).

-doc "Replaces the content of a cell of this process, by number.".
-spec local_set(non_neg_integer(), term()) -> ok.
local_set(Id, Value) ->
    erlang:put(?KEY(Id), Value),
    ok.

-doc "The value itself: what is in it if it is a cell, else the term as it is.".
-spec plain(term()) -> term().
plain({'$cell', _, _} = C) -> plain(?MODULE:get(C));
plain(V) -> V.

-doc "A freshly made aggregate goes into a cell if its kind is in the mask (1 lists, 2 maps, 4 structs).".
-spec fresh(non_neg_integer(), term()) -> term().
fresh(Mask, V) when is_map(V), Mask band 2 =/= 0 -> new(V);
fresh(Mask, {'$v', _, _, _, _} = V) when Mask band 1 =/= 0 -> new(V);
fresh(_, {'$v', _, _, _, _} = V) -> V;
fresh(_, {'$cell', _, _} = V) -> V;
fresh(Mask, V) when is_tuple(V), Mask band 4 =/= 0, tuple_size(V) >= 2, is_tuple(element(2, V)) -> new(V);
fresh(_, V) -> V.

-doc "The same for an aggregate made all through by the runtime.".
-spec fresh_deep(non_neg_integer(), term()) -> term().
fresh_deep(Mask, {'$v', _, _, _, _} = V) ->
    fresh(Mask, mochi_list:map(fun(E) -> fresh_deep(Mask, E) end, V));
fresh_deep(Mask, V) when is_map(V) ->
    fresh(Mask, maps:map(fun(_, E) -> fresh_deep(Mask, E) end, V));
fresh_deep(_, {'$cell', _, _} = V) ->
    V;
fresh_deep(Mask, V) when is_tuple(V), tuple_size(V) >= 2, is_tuple(element(2, V)) ->
    [Tag, Desc | Fields] = tuple_to_list(V),
    fresh(Mask, list_to_tuple([Tag, Desc | [fresh_deep(Mask, F) || F <- Fields]]));
fresh_deep(_, V) ->
    V.

-doc """
A copy that another process can own: each aggregate in a cell becomes `{'$copy', N, Content}` at its first mention and
`{'$copy', N}` after that, so that sharing and cycles survive. What holds no cell stays the same term.
""".
-spec pack(term()) -> term().
pack(V) ->
    case erlang:get(?NEXT) of
        undefined -> V;
        _ -> element(1, pack(V, #{}))
    end.

pack({'$cell', _, _} = C, Seen) ->
    case Seen of
        #{C := N} ->
            {{'$copy', N}, Seen};
        #{} ->
            N = map_size(Seen),
            {Content, Seen1} = pack(?MODULE:get(C), Seen#{C => N}),
            {{'$copy', N, Content}, Seen1}
    end;
pack(T, Seen) when is_tuple(T) ->
    {L, Seen1} = pack(tuple_to_list(T), Seen),
    {list_to_tuple(L), Seen1};
pack(M, Seen) when is_map(M) ->
    {L, Seen1} = pack(maps:to_list(M), Seen),
    {maps:from_list(L), Seen1};
pack([H | T], Seen) ->
    lists:mapfoldl(fun pack/2, Seen, [H | T]);
pack(V, Seen) ->
    {V, Seen}.

-doc "Makes the copies in a packed term cells of this process.".
-spec unpack(term()) -> term().
unpack(V) ->
    case has_copy(V) of
        false -> V;
        true -> element(1, unpack(V, #{}))
    end.

has_copy({'$copy', _}) -> true;
has_copy({'$copy', _, _}) -> true;
has_copy(T) when is_tuple(T) -> lists:any(fun has_copy/1, tuple_to_list(T));
has_copy(M) when is_map(M) -> lists:any(fun has_copy/1, maps:values(M));
has_copy(L) when is_list(L) -> lists:any(fun has_copy/1, L);
has_copy(_) -> false.

unpack({'$copy', N}, Made) ->
    {maps:get(N, Made), Made};
unpack({'$copy', N, Content}, Made) ->
    C = new(nil),
    {V, Made1} = unpack(Content, Made#{N => C}),
    set(C, V),
    {C, Made1};
unpack(T, Made) when is_tuple(T) ->
    {L, Made1} = unpack(tuple_to_list(T), Made),
    {list_to_tuple(L), Made1};
unpack(M, Made) when is_map(M) ->
    {L, Made1} = unpack(maps:to_list(M), Made),
    {maps:from_list(L), Made1};
unpack([H | T], Made) ->
    lists:mapfoldl(fun unpack/2, Made, [H | T]);
unpack(V, Made) ->
    {V, Made}.
